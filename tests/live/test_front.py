"""The front proved with boto3 alone: what AWS would do, it does; what CloudTrail would write, it writes.

    test_front.py FRONT_URL MOTO_URL

Run by tests/live/main.rs. Checked against what real records look like, never against triage.
"""

import json
import sys
import time
import traceback

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

import attack
from world import OWNERS, STRANGER, THIEF, Actor, door

DENY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'


def older(until):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
                                                              "Condition": {"DateLessThan": {"aws:TokenIssueTime": until}}}})


def code(call, **asked):
    try:
        call(**asked)
        return "ok"
    except ClientError as error:
        return error.response["Error"]["Code"]


def same(have, want, what=""):
    assert have == want, f"{what}: have {have!r}, want {want!r}"


class Lookups:
    def __init__(self, actor):
        self.actor = actor

    def __call__(self, region, key, value, **more):
        return self.raw(region, LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)

    def raw(self, region, **asked):
        """Every event, at the pace that CloudTrail allows."""
        client, found = self.actor("cloudtrail", region), []
        while True:
            time.sleep(0.5)
            page = client.lookup_events(**asked)
            found += page["Events"]
            if "NextToken" not in page:
                return [(event, json.loads(event["CloudTrailEvent"])) for event in found]
            asked["NextToken"] = page["NextToken"]


def records(url, world):
    """LookupEvents answers with what was really called, in CloudTrail's shapes."""
    shop, data, management = (world["accounts"][name] for name in ("shop", "data", "management"))
    alice, leaked = Actor(url, world["keys"]["alice"]), world["credentials"]["leaked"]
    ask = Lookups(alice)
    events = ask("us-east-1", "AccessKeyId", leaked)
    assert len(events) > 10, len(events)
    times = [event["EventTime"] for event, _ in events]
    same(times, sorted(times, reverse=True), "newest first")
    by_name = {record["eventName"]: (event, record) for event, record in events}
    event, record = by_name["CreateAccessKey"]
    same(event["ReadOnly"], "false")
    same(event["Username"], "ci-runner")
    same(record["userIdentity"]["type"], "IAMUser")
    assert record["userIdentity"]["arn"].endswith(":user/build/ci-runner"), record["userIdentity"]
    assert "sessionContext" not in record["userIdentity"]
    same(sorted(record["responseElements"]["accessKey"]), ["accessKeyId", "createDate", "status", "userName"], "no secret in the record")
    same({"ResourceType": "AWS::IAM::AccessKey", "ResourceName": world["credentials"]["backdoor"]} in event["Resources"], True)
    same(record["sourceIPAddress"], THIEF)
    same(by_name["UpdateAssumeRolePolicy"][1]["responseElements"], None)
    same(by_name["ListUsers"][1]["responseElements"], None)
    same(by_name["GetUser"][1]["errorCode"][:12], "NoSuchEntity")
    run = by_name["RunInstances"][1]
    made = next(each["id"] for each in world["resources"] if (each["kind"], each["by"], each["region"]) == ("aws.ec2.instance", "leaked", "us-east-1"))
    same(run["responseElements"]["instancesSet"]["items"][0]["instanceId"], made)
    same(run["requestParameters"]["instancesSet"]["items"][0]["minCount"], 1)
    same(run["requestParameters"]["tagSpecificationSet"]["items"][0]["tags"][0], {"key": "Name", "value": "web"})
    guarded = [record["requestParameters"].get("disableApiStop") for _, record in events if record["eventName"] == "ModifyInstanceAttribute"]
    assert {"value": True} in guarded, guarded
    shared = by_name["ModifySnapshotAttribute"][1]["requestParameters"]["createVolumePermission"]
    same(shared, {"add": {"items": [{"userId": STRANGER}]}})
    opened = by_name["AuthorizeSecurityGroupIngress"][1]
    same(opened["requestParameters"]["ipPermissions"]["items"][0]["ipRanges"]["items"], [{"cidrIp": "0.0.0.0/0"}])
    same(opened["responseElements"]["_return"], True)
    text = json.dumps([record for _, record in events])
    for secret in ("Correct-Horse-7", world["keys"]["backdoor"]["SecretAccessKey"]):
        assert secret not in text, "a secret in a record"

    # The minting event of a session is found by its key; both accounts hold a copy of the same act.
    build, deploy = world["credentials"]["build"], world["credentials"]["deploy"]
    event, record = ask("eu-west-1", "ResourceName", build)[0]
    same((record["eventName"], record["userIdentity"]["accessKeyId"], record["readOnly"]), ("AssumeRole", leaked, True))
    same(sorted(record["responseElements"]["credentials"]), ["accessKeyId", "expiration", "sessionToken"])
    same(record["resources"][0]["ARN"], f"arn:aws:iam::{shop}:role/build")
    mine = ask("us-west-2", "ResourceName", deploy)[0][1]
    theirs = Lookups(Actor(url, world["keys"]["owner_data"]))("us-west-2", "ResourceName", deploy)[0][1]
    same(mine["sharedEventID"], theirs["sharedEventID"])
    assert mine["eventID"] != theirs["eventID"]
    same((mine["recipientAccountId"], theirs["recipientAccountId"]), (shop, data))
    same((theirs["userIdentity"]["type"], "accessKeyId" in theirs["userIdentity"]), ("AWSAccount", False))
    context = mine["userIdentity"]["sessionContext"]
    same(context["sessionIssuer"]["arn"], f"arn:aws:iam::{shop}:role/build")
    same(context["attributes"]["creationDate"], record["eventTime"], "a session began when it was minted")
    lookups = ask("eu-west-1", "Username", "i-0build")
    assert {record["eventName"] for _, record in lookups} >= {"CreateFunction20150331", "AddPermission20150331v2", "CreateFunctionUrlConfig"}
    template = Lookups(Actor(url, world["keys"]["owner_data"]))("us-west-2", "EventName", "CreateLaunchTemplate")[0][1]
    assert template["responseElements"]["CreateLaunchTemplateResponse"]["launchTemplate"]["launchTemplateId"].startswith("lt-")
    same(template["requestParameters"]["CreateLaunchTemplateRequest"]["LaunchTemplateData"]["InstanceType"], "p3.2xlarge")
    launches = Lookups(Actor(url, world["keys"]["owner_data"]))("us-west-2", "Username", "AutoScaling")
    same(len(launches), 3, "a launch for each instance of the group")
    same([("accessKeyId" in r["userIdentity"], r["userIdentity"]["invokedBy"]) for _, r in launches], [(False, "autoscaling.amazonaws.com")] * 3)
    token = Lookups(alice)("us-east-1", "ResourceName", world["credentials"]["token"])[0][1]
    same((token["eventName"], token["userIdentity"]["accessKeyId"]), ("GetSessionToken", leaked))
    used = Lookups(alice)("eu-central-1", "AccessKeyId", world["credentials"]["token"])[0][1]
    same((used["userIdentity"]["type"], used["userIdentity"]["sessionContext"]["sessionIssuer"]), ("IAMUser", {}))
    same(ask("eu-north-1", "AccessKeyId", leaked), [], "regions are apart")
    owner_run = ask("ap-southeast-1", "Username", "alice")[0][1]
    same(owner_run["sourceIPAddress"], OWNERS)


def pages(url, world):
    """Pages of fifty, tokens bound to their question, one attribute, two requests a second."""
    owner = Actor(url, world["keys"]["owner_management"])
    for _ in range(120):
        owner("sts", "sa-east-1").get_caller_identity()
    client = owner("cloudtrail", "sa-east-1")
    time.sleep(1)
    first = client.lookup_events(LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": owner.id}])
    same(len(first["Events"]), 50)
    same(code(client.lookup_events, LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": "AKIAIOSFODNN7EXAMPLE"}],
              NextToken=first["NextToken"]), "InvalidNextTokenException")
    same(code(client.lookup_events), "ThrottlingException", "the third request within a second")
    time.sleep(1)
    everything = Lookups(owner)("sa-east-1", "AccessKeyId", owner.id, EndTime=first["Events"][0]["EventTime"])
    same(len({event["EventId"] for event, _ in everything}), len(everything))
    assert len(everything) >= 120, len(everything)


def refusals(url, world):
    """Dead keys and denied sessions are refused, each service in its own words; new sessions work again."""
    shop = world["accounts"]["shop"]
    alice = Actor(url, world["keys"]["alice"])
    alice("iam").create_user(UserName="tester")
    made = alice("iam").create_access_key(UserName="tester")["AccessKey"]
    actor = Actor(url, {name: made[name] for name in ("AccessKeyId", "SecretAccessKey")})
    session = Actor(url, actor("sts").get_session_token()["Credentials"])
    federated = Actor(url, actor("sts").get_federation_token(Name="partner")["Credentials"])
    calls = lambda who: {"sts": code(who("sts").get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE"), "ec2": code(who("ec2").describe_regions),
                         "ecs": code(who("ecs").list_clusters), "lambda": code(who("lambda").list_functions), "s3": code(who("s3").list_buckets)}
    fine = dict.fromkeys(("sts", "ec2", "ecs", "lambda", "s3"), "ok")
    dead = {"sts": "InvalidClientTokenId", "ec2": "AuthFailure", "ecs": "UnrecognizedClientException",
            "lambda": "UnrecognizedClientException", "s3": "InvalidAccessKeyId"}
    denied = {"sts": "AccessDenied", "ec2": "UnauthorizedOperation", "ecs": "AccessDeniedException", "lambda": "AccessDeniedException", "s3": "AccessDenied"}
    same(calls(actor), fine)
    same(calls(Actor(url, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"})), dead, "an unknown key")
    alice("iam").update_access_key(UserName="tester", AccessKeyId=actor.id, Status="Inactive")
    same(calls(actor), dead, "an inactive key")
    same(calls(session), fine, "its sessions live on")
    alice("iam").update_access_key(UserName="tester", AccessKeyId=actor.id, Status="Active")
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    alice("iam").put_user_policy(UserName="tester", PolicyName="AWSRevokeOlderSessions", PolicyDocument=older(later))
    same((calls(actor), calls(session), calls(federated)), (fine, denied, denied), "older sessions, not the key")
    door(url, "clock", {"ahead": 120})
    same(calls(Actor(url, actor("sts").get_session_token()["Credentials"])), fine, "a session opened afterwards")
    alice("iam").put_user_policy(UserName="tester", PolicyName="deny", PolicyDocument=DENY)
    same((calls(actor), calls(session), calls(federated)), (denied, denied, denied), "the whole user")
    same(code(session("sts").get_caller_identity), "ok", "nobody can be denied to ask who he is")
    alice("iam").delete_user_policy(UserName="tester", PolicyName="deny")
    same(calls(actor), fine)

    sts = alice("sts")
    same([code(sts.assume_role, RoleArn=f"arn:aws:iam::{shop}:role/{name}", RoleSessionName="x1") for name in ("build", "function", "no-such-role")],
         ["ok", "AccessDenied", "AccessDenied"], "a role lets in whom it trusts, if it exists")
    mine, theirs = (alice.become(shop, "build", name) for name in ("owners", "thief"))
    role = alice("iam").get_role(RoleName="build")["Role"]["RoleId"]
    narrow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"],
                                                                 "Condition": {"StringEquals": {"aws:userid": [f"{role}:thief"]}}}]})
    alice("iam").put_role_policy(RoleName="build", PolicyName="narrow", PolicyDocument=narrow)
    same((calls(mine), calls(theirs)), (fine, denied), "one session of a role")
    alice("iam").delete_role_policy(RoleName="build", PolicyName="narrow")
    alice("iam").delete_access_key(UserName="tester", AccessKeyId=actor.id)
    same(calls(actor), dead, "a deleted key")


def faults(url, world):
    """Each way to fail reaches the client as AWS would say it, where it was set and nowhere else."""
    alice = Actor(url, world["keys"]["alice"])
    door(url, "faults", [{"kind": "throttle", "service": "ec2", "region": "us-east-1", "times": 1}])
    same(code(alice("ec2").describe_regions), "RequestLimitExceeded")
    same(code(alice("ec2").describe_regions), "ok")
    door(url, "faults", [{"kind": "denied", "service": "cloudtrail", "region": "eu-west-1"}, {"kind": "500", "service": "iam"},
                         {"kind": "code", "service": "ec2", "action": "StopInstances", "code": "OperationNotPermitted"}])
    same(code(alice("cloudtrail", "eu-west-1").lookup_events), "AccessDeniedException")
    same(code(alice("cloudtrail", "us-west-1").lookup_events), "ok")
    same(code(alice("iam").list_users), "ServiceFailure")
    same(code(alice("ec2").stop_instances, InstanceIds=["i-00000000000000000"]), "OperationNotPermitted")
    for kind, wants in (("reset", (ConnectionClosedError, EndpointConnectionError)), ("hang", (ReadTimeoutError,))):
        door(url, "faults", [{"kind": kind, "service": "ec2", "seconds": 3}])
        hasty = boto3.client("ec2", region_name="us-east-1", endpoint_url=url, aws_access_key_id=alice.id,
                             aws_secret_access_key=alice.keys["SecretAccessKey"], config=Config(read_timeout=1, retries={"total_max_attempts": 1}))
        try:
            hasty.describe_regions()
            raise AssertionError(kind)
        except wants:
            pass
    door(url, "faults", [])
    same(code(alice("ec2", "me-south-1").describe_regions), "AuthFailure", "a region that is not enabled")
    named = {row["RegionName"]: row["RegionOptStatus"] for page in alice("account").get_paginator("list_regions").paginate() for row in page["Regions"]}
    same((named["us-east-1"], named["me-south-1"]), ("ENABLED_BY_DEFAULT", "DISABLED"))

    door(url, "late", {"seconds": 2})
    alice("iam").create_user(UserName="late")
    door(url, "late", {"seconds": 0})
    seen = lambda: len(Lookups(alice)("us-east-1", "ResourceName", "late"))
    same(seen(), 0, "an event on its way")
    time.sleep(2)
    same(seen(), 1)
    alice("iam").put_user_policy(UserName="late", PolicyName="allow", PolicyDocument=DENY.replace("Deny", "Allow"))
    door(url, "lag", {"seconds": 1})
    alice("iam").put_user_policy(UserName="late", PolicyName="deny", PolicyDocument=DENY)
    same(alice("iam").list_user_policies(UserName="late")["PolicyNames"], ["allow"], "a read that lags")
    same(code(alice("iam").get_user_policy, UserName="late", PolicyName="deny"), "NoSuchEntity")
    time.sleep(1.1)
    same(sorted(alice("iam").list_user_policies(UserName="late")["PolicyNames"]), ["allow", "deny"])
    door(url, "lag", {"seconds": 0})
    door(url, "hooks", [{"after": "PutUserPolicy", "user": "late", "seconds": 0.2}])
    alice("iam").put_user_policy(UserName="late", PolicyName="deny2", PolicyDocument=DENY)
    time.sleep(1)
    same(code(alice("iam").get_user_policy, UserName="late", PolicyName="deny2"), "NoSuchEntity", "an attacker took it away")


def main(url):
    world = attack.main(url)
    failed = 0
    for check in (records, pages, refusals, faults):
        began = time.time()
        try:
            check(url, world)
            print(f"ok      {check.__name__} ({time.time() - began:.1f} s)")
        except Exception:
            failed += 1
            print(f"FAILED  {check.__name__}\n{traceback.format_exc()}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
