"""A loopback front before moto: every call passes untouched and is written down as CloudTrail would.

    front.py [--second] [--port 0]

Starts moto (or, for a second opinion, ministack, which enforces IAM itself) on a free port, prints `{"port": …}` once both listen, and ends with it when its standard input is closed.
`/_front/…` is the tests' own door (see Control): clock, sources, faults, late events.
Keys that IAM would refuse are refused here, since moto lets them pass; what moto lacks is in extras.py.
"""

import argparse
import gzip
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import uuid
from datetime import timedelta
from urllib.parse import urlencode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import urllib3
from botocore.config import Config

import deliver
import engines
import extras
import state
import wire
import world
from access import Access, listed, stamp
from trail import READS, Trail

# The token after a page of nothing.
EMPTY = "nothing-on-this-page"
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade", "proxy-connection", "expect"}
# What a read would still show for a while after a change: IAM answers from replicas.
SHOWN_BY = {
    "PutUserPolicy": ("GetUserPolicy", "ListUserPolicies"), "DeleteUserPolicy": ("GetUserPolicy", "ListUserPolicies"),
    "PutRolePolicy": ("GetRolePolicy", "ListRolePolicies"), "DeleteRolePolicy": ("GetRolePolicy", "ListRolePolicies"),
    "UpdateAccessKey": ("ListAccessKeys",), "UpdateAssumeRolePolicy": ("GetRole",), "AttachUserPolicy": ("ListAttachedUserPolicies",),
}


class Front:
    def __init__(self, url, enforces):
        # Whether the cloud behind enforces keys and policies itself, so that nothing is refused here.
        self.url, self.enforces = url.rstrip("/"), enforces
        self.pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=urllib3.Timeout(connect=30, read=60))
        self.clients, self.lock = {}, threading.RLock()
        self.reset()

    def reset(self):
        self.offset = 0.0
        self.access = Access(self.moto)
        self.trail = Trail(self.clock)
        self.deliverer = deliver.Deliverer(self.moto, self.clock)
        self.engines = engines.Engines(self.recorded, self.moto)
        self.extras = extras.Extras(self.access, self.trail, self.moto, self.clock, self.deliverer, self.engines)
        self.delivered = None
        self.faults, self.hooks, self.calls, self.lagging, self.lag = [], [], [], {}, 0
        # Of whose request each spot machine is.
        self.sources, self.launched, self.spot = {}, set(), {}

    def clock(self):
        return extras.now() + timedelta(seconds=self.offset)

    def recorded(self):
        """What CloudTrail wrote down, or what of it was delivered: (account, region, record)."""
        return self.delivered or [(account, region, record) for _, account, region, record, _ in self.trail.records]

    def moto(self, service, account, region="us-east-1"):
        """A client of moto itself, in any account: for looking, never recorded."""
        with self.lock:
            if (service, account, region) not in self.clients:
                client = boto3.client(service, region_name=region, endpoint_url=self.url,
                                      aws_access_key_id=account if self.enforces else "AKIAIOSFODNN7EXAMPLE",
                                      aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 2}))
                client.meta.events.register("before-sign.*.*", lambda request, **_: request.headers.add_header("x-moto-account-id", account))
                self.clients[(service, account, region)] = client
            return self.clients[(service, account, region)]

    # -- one request --------------------------------------------------------------------------------------------------------

    def handle(self, method, target, headers, body):
        """Answers one request: (status, headers, body), or the name of a way to hurt the connection."""
        call = wire.Call(method, target, headers, body)
        who = self.access.keys.get(call.key)
        row = {"at": time.time(), "account": who.account if who else None, "region": call.region, "service": call.service or call.signed_for,
               "action": call.operation, "key": call.key, "agent": headers.get("User-Agent", ""), "status": None,
               "mutating": not (call.operation and READS.match(call.operation))}
        with self.lock:
            row["n"] = len(self.calls)
            self.calls.append(row)
        asked = call.params()
        row["asked"] = asked
        # Newer than some descriptions, so that it is read off the wire.
        row["managed"] = call.form.get("IncludeManagedResources")
        answer = self._answer(call, who, asked, row)
        if isinstance(answer, tuple):
            row["status"] = answer[0]
        else:
            row["status"] = answer["hurt"]
        return answer

    def _answer(self, call, who, asked, row):
        fault = self._fault(call, who)
        if fault and fault["kind"] in ("reset", "hang"):
            return {"hurt": fault["kind"], "seconds": fault.get("seconds", 120)}
        if call.signed_for is None:
            return self._forward(call, None)
        if who is None and self.enforces:
            return self._forward(call, None)
        if not self.enforces and self.access.is_dead(call.key):
            code, status = call.refusal("dead")
            row["error"] = code
            return call.error(code, status, "The security token included in the request is invalid.")
        if fault and fault["kind"] == "disabled" or self.extras.is_disabled(who.account, call.region):
            code, status = call.refusal("dead")
            row["error"] = code
            return call.error(code, status, "The security token included in the request is invalid")
        if fault and fault["kind"] in wire.KINDS:
            code, status = call.refusal(fault["kind"])
            row["error"] = code
            answer = call.error(fault.get("code", code), fault.get("status", status), fault.get("message", f"{code}: a fault of the test"))
            if fault["kind"] == "denied":
                self._record(call, who, answer, asked)
            return answer
        if fault and fault["kind"] == "code":
            row["error"] = fault["code"]
            answer = call.error(fault["code"], fault.get("status", 400), fault.get("message", "a fault of the test"))
            self._record(call, who, answer, asked)
            return answer
        if fault and fault["kind"] == "answer":
            return call.answer(fault["answer"])
        if fault and fault["kind"] == "empty_page":
            return call.answer({fault["list"]: [], "NextToken": EMPTY})
        if asked and asked.get("NextToken") == EMPTY:
            asked = {name: value for name, value in asked.items() if name != "NextToken"}
            call.body = json.dumps({name: value for name, value in json.loads(call.body).items() if name != "NextToken"}).encode()
        denied = self.access.denial(call, call.key, self.clock()) if call.operation and not self.enforces else None
        if denied:
            code, status = call.refusal("denied")
            row["error"] = code
            answer = call.error(code, status, f"User: {who.arn} is not authorized to perform: {call.signed_for}:{call.operation} with an explicit deny")
            self._record(call, who, answer, asked)
            return answer
        shut = None if self.enforces or (call.service, call.operation) != ("sts", "AssumeRole") else self._shut(who, asked["RoleArn"])
        if shut:
            row["error"] = "AccessDenied"
            answer = call.error("AccessDenied", 403, shut)
            self._record(call, who, answer, asked)
            return answer
        stale = self._stale(call, who, asked)
        if stale:
            return stale
        self._mend(call, who, asked or {})
        own = self.extras.find(call, self.enforces)
        if own:
            try:
                answer = call.answer(own(call, who, asked or {}))
            except extras.Refused as refused:
                answer = call.error(refused.code, refused.status, refused.message)
        else:
            answer = self._correct(call, self._forward(call, who.account))
        told = self._record(call, who, answer, asked)
        if answer[0] >= 400:
            row["error"] = told.get("Error", {}).get("Code")
        elif told is not None:
            self.access.learn(call, who, asked, told, self.clock())
            self._after(call, who, asked)
        return answer

    def _shut(self, who, arn):
        """Why a role does not let somebody in: moto opens every role to everybody, also one that does not exist."""
        why = f"User: {who.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        account = arn.split(":")[4]
        try:
            trust = self.moto("iam", account).get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
        except Exception:
            return why
        trust = json.loads(trust) if isinstance(trust, str) else trust
        names = {"*", who.account, f"arn:aws:iam::{who.account}:root", who.arn, who.role["Arn"] if who.role else who.arn}
        for statement in listed(trust["Statement"]):
            principals = statement.get("Principal", {})
            principals = principals if isinstance(principals, dict) else {"AWS": principals}
            if statement["Effect"] == "Allow" and names & set(listed(principals.get("AWS", []))):
                return None
        return why

    def _mend(self, call, who, asked):
        """Says a few things in the one way that moto understands, where AWS understands two."""
        if call.operation in ("StartLogging", "StopLogging") and asked["Name"].startswith("arn:"):
            call.body = json.dumps({"Name": asked["Name"].rsplit("/", 1)[-1]}).encode()
        if call.operation == "DeleteKeyPair" and "KeyPairId" in asked and not self.enforces:
            for pair in self.moto("ec2", who.account, call.region).describe_key_pairs()["KeyPairs"]:
                if pair["KeyPairId"] == asked["KeyPairId"]:
                    call.body = urlencode({"Action": "DeleteKeyPair", "Version": call.form["Version"], "KeyName": pair["KeyName"]}).encode()

    def _forward(self, call, account):
        headers = {name: value for name, value in call.headers.items() if name.lower() not in HOP}
        if account:
            headers["x-moto-account-id"] = account
        got = self.pool.request(call.method, self.url + call.target, body=call.body or None, headers=headers, redirect=False,
                                preload_content=True, decode_content=False)
        return got.status, {name: value for name, value in got.headers.items() if name.lower() not in HOP}, got.data

    def _correct(self, call, answer):
        """Says in a few answers what AWS says and moto leaves out, or writes otherwise."""
        status, headers, body = answer
        if self.enforces or status >= 300:
            return answer
        if call.operation == "RequestSpotInstances":
            for made in call.parsed(status, headers, body)["SpotInstanceRequests"]:
                self.spot[made["InstanceId"]] = made["SpotInstanceRequestId"]
        if call.operation == "DescribeInstances":
            for machine, request in self.spot.items():
                named = f"<instanceId>{machine}</instanceId>".encode()
                body = body.replace(named, named + f"<spotInstanceRequestId>{request}</spotInstanceRequestId>".encode())
        if call.service == "ecs":
            # Of a container, these are texts.
            body = re.sub(rb'("healthStatus": "HEALTHY"), "cpu": (\d+), "memory": (\d+)', rb'\1, "cpu": "\2", "memory": "\3"', body)
        return status, headers, body

    def _record(self, call, who, answer, asked):
        if not call.operation:
            return None
        status, headers, body = answer
        told = call.parsed(status, headers, body)
        source = self.source(call.key, who)
        self.trail.write(call, who, status, told, body, source, call.headers.get("User-Agent", ""), asked)
        return told

    def source(self, key, who):
        return self.sources.get(key) or (who.source if who else None) or "192.0.2.10"

    # -- faults, lag, what follows ------------------------------------------------------------------------------------------

    def _fault(self, call, who):
        about = {"service": call.service or call.signed_for, "action": call.operation, "region": call.region,
                 "account": who.account if who else None, "key": call.key}
        with self.lock:
            for fault in self.faults:
                meets = all(fault.get(name) in (None, value) for name, value in about.items())
                said = call.body + call.target.encode()
                meets = meets and fault.get("contains", "").encode() in said and (fault.get("unless", "\0").encode() not in said)
                if fault.get("times", 1) and meets:
                    if fault.get("after", 0) > 0:
                        fault["after"] -= 1
                        continue
                    fault["hit"] = fault.get("hit", 0) + 1
                    if "times" in fault:
                        fault["times"] -= 1
                    return dict(fault)
        return None

    def _stale(self, call, who, asked):
        if not self.lag or call.service != "iam":
            return None
        about = {name: asked[name] for name in ("UserName", "RoleName", "PolicyName") if asked and name in asked}
        if call.operation in SHOWN_BY:
            for reading in SHOWN_BY[call.operation]:
                form = {"Action": reading, "Version": "2010-05-08", **{k: v for k, v in about.items() if k != "PolicyName" or reading.startswith("Get")}}
                got = self.pool.request_encode_body("POST", self.url + "/", fields=form, encode_multipart=False, headers={
                    "Authorization": call.headers.get("Authorization", ""), "x-moto-account-id": who.account})
                seen = (who.account, reading, about.get("UserName") or about.get("RoleName"), form.get("PolicyName"))
                self.lagging.setdefault(seen, (time.monotonic() + self.lag, (got.status, {"Content-Type": "text/xml"}, got.data)))
            return None
        seen = (who.account, call.operation, about.get("UserName") or about.get("RoleName"), about.get("PolicyName"))
        until, answer = self.lagging.get(seen, (0, None))
        if time.monotonic() < until:
            return answer
        self.lagging.pop(seen, None)
        return None

    def _after(self, call, who, asked):
        if call.service in ("autoscaling", "ec2") and not READS.match(call.operation) and call.operation != "RunInstances":
            self._tell_launches(who.account, call.region)
        for hook in list(self.hooks):
            if hook["after"] == call.operation and hook.get("user", (asked or {}).get("UserName")) == (asked or {}).get("UserName"):
                if hook.get("times", 1) > 0:
                    hook["times"] = hook.get("times", 1) - 1
                    threading.Timer(hook.get("seconds", 2), self._undo_policy, (hook, who.account, dict(asked))).start()

    def _undo_policy(self, hook, account, asked):
        """An attacker that watches its own policies takes a deny away within the seconds before it is enforced."""
        try:
            if "RoleName" in asked:
                self.moto("iam", account).delete_role_policy(RoleName=asked["RoleName"], PolicyName=asked["PolicyName"])
                self.access.policies.get((account, "role", asked["RoleName"]), {}).pop(asked["PolicyName"], None)
            else:
                self.moto("iam", account).delete_user_policy(UserName=asked["UserName"], PolicyName=asked["PolicyName"])
                self.access.policies.get((account, "user", asked["UserName"]), {}).pop(asked["PolicyName"], None)
            hook["done"] = hook.get("done", 0) + 1
        except Exception as error:
            hook["failed"] = str(error)

    def _tell_launches(self, account, region):
        """Scaling groups launch inside moto, where no call passes: the record is that of the service."""
        try:
            groups = self.moto("autoscaling", account, region).describe_auto_scaling_groups()["AutoScalingGroups"]
        except Exception:
            return
        for group in groups:
            for instance in group["Instances"]:
                if (account, instance["InstanceId"]) in self.launched:
                    continue
                self.launched.add((account, instance["InstanceId"]))
                name = "AWSServiceRoleForAutoScaling"
                role = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/{name}"
                tags = {"items": [{"key": "aws:autoscaling:groupName", "value": group["AutoScalingGroupName"]}]}
                item = {"instanceId": instance["InstanceId"], "instanceState": {"code": 0, "name": "pending"}, "tagSet": tags}
                if instance.get("InstanceType"):
                    item["instanceType"] = instance["InstanceType"]
                self.trail.write_service(account, region, "autoscaling.amazonaws.com", {
                    "userIdentity": {"type": "AssumedRole", "principalId": "AROAEXAMPLEAUTOSCALIN:AutoScaling", "accountId": account,
                                     "arn": f"arn:aws:sts::{account}:assumed-role/{name}/AutoScaling", "invokedBy": "autoscaling.amazonaws.com",
                                     "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEAUTOSCALIN", "arn": role,
                                                                          "accountId": account, "userName": name},
                                                        "attributes": {"creationDate": stamp(self.clock()), "mfaAuthenticated": "false"}}},
                    "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
                    "requestParameters": {"instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]},
                                          "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": tags["items"]}]}},
                    "responseElements": {"requestId": wire.ID, "ownerId": account, "instancesSet": {"items": [item]}},
                })


class Control:
    """The tests' door: `POST /_front/<verb>` with a JSON body."""

    def __init__(self, front):
        self.front = front

    def run(self, verb, asked):
        return getattr(self, f"do_{verb}")(asked)

    def do_health(self, asked):
        return {"ok": True}

    def do_reset(self, asked):
        self.front.pool.request("POST", self.front.url + "/moto-api/reset")
        self.front.reset()
        return {}

    def do_root(self, asked):
        key = self.front.access.root(asked["account"])
        if self.front.enforces:
            # ministack takes an account's id for the key of its root.
            self.front.access.keys[asked["account"]] = self.front.access.keys.pop(key)
            key = asked["account"]
        return {"AccessKeyId": key, "SecretAccessKey": "test"}

    def do_source(self, asked):
        self.front.sources[asked["key"]] = asked["address"]
        who = self.front.access.keys.get(asked["key"])
        if who:
            who.source = asked["address"]
        return {}

    def do_clock(self, asked):
        self.front.offset += asked["ahead"]
        return {"now": stamp(self.front.clock())}

    def do_late(self, asked):
        self.front.trail.delay = asked["seconds"]
        return {}

    def do_lag(self, asked):
        self.front.lag = asked["seconds"]
        self.front.lagging.clear()
        return {}

    def do_faults(self, asked):
        """Sets all faults: [{kind, and where: service, action, region, account, key, contains, unless (in the body); times, after}].

        Kinds: dead, denied, throttle, 500, disabled, reset, hang (seconds), code (code, status, message), answer (answer),
        empty_page (list: a page of nothing that goes on).
        """
        before, self.front.faults = self.front.faults, asked
        return before

    def do_hooks(self, asked):
        before, self.front.hooks = self.front.hooks, asked
        return before

    def do_calls(self, asked):
        return [row for row in self.front.calls[asked.get("since", 0):]]

    def do_transition(self, asked):
        """How something of moto goes from state to state."""
        self.front.pool.request("POST", self.front.url + "/moto-api/state-manager/set-transition", body=json.dumps(asked),
                                headers={"Content-Type": "application/json"})
        return {}

    def do_act(self, asked):
        """Somebody makes one call, now: {url, keys, service, region, call, with}."""
        client = world.Actor(asked["url"], asked["keys"])(asked["service"], asked["region"])
        return getattr(client, asked["call"])(**asked["with"])

    def do_records(self, asked):
        return [{"account": account, "region": region, "record": record} for _, account, region, record, _ in self.front.trail.records]

    def do_state(self, asked):
        """What stands in moto: {accounts, regions}."""
        return state.everything(self.front.moto, asked["accounts"], asked["regions"], self.front.extras)

    def do_forget(self, asked):
        """CloudTrail forgets what it was told, as after ninety days."""
        self.front.trail.records.clear()
        return {}

    def do_deliver(self, asked):
        """Delivers what was recorded until now by a trail, made for it, that the engines hold from now on, too; returns the objects."""
        s3, trails = (self.front.moto(name, asked["owner"], asked["home"]) for name in ("s3", "cloudtrail"))
        s3.create_bucket(Bucket=asked["bucket"])
        prefix = {"S3KeyPrefix": asked["prefix"]} if asked.get("prefix") else {}
        trails.create_trail(Name=asked["trail"], S3BucketName=asked["bucket"], IsMultiRegionTrail=True, EnableLogFileValidation=True,
                            IsOrganizationTrail=bool(asked.get("organization")), **prefix)
        trails.start_logging(Name=asked["trail"])
        if asked.get("organization"):
            asked["organization"] = self.front.moto("organizations", asked["owner"]).describe_organization()["Organization"]["Id"]
            # The only trail of the house: what others would add to it is theirs to test.
            for account in asked["accounts"]:
                own = self.front.moto("cloudtrail", account, asked["home"])
                for trail in own.describe_trails()["trailList"]:
                    if trail["Name"] != asked["trail"]:
                        own.delete_trail(Name=trail["Name"])
            self.front.extras.everywhere += [trail for trail in trails.describe_trails()["trailList"] if trail["Name"] == asked["trail"]]
        self.front.delivered = self.front.recorded()
        return self.front.deliverer.deliver(self.front.delivered, asked)

    def do_stuff(self, asked):
        """More files beside one that was delivered, of records of somebody else: {owner, bucket, key, files, records}."""
        s3 = self.front.moto("s3", asked["owner"])
        body = s3.get_object(Bucket=asked["bucket"], Key=asked["key"])["Body"].read()
        record = json.loads(gzip.decompress(body))["Records"][0]
        ids = ("eventID", "requestID")
        for number in range(asked["files"]):
            who = {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "accountId": record["recipientAccountId"], "userName": "crowd",
                   "accessKeyId": f"AKIA{number:08}CROWD0000"[:20], "arn": f"arn:aws:iam::{record['recipientAccountId']}:user/crowd"}
            some = [{**record, "userIdentity": who, "eventName": "DescribeInstances", "eventSource": "ec2.amazonaws.com", "readOnly": True,
                     "requestParameters": {"filterSet": {}, "nextToken": str(uuid.uuid4()) * 8}, "responseElements": None,
                     "sourceIPAddress": f"198.51.100.{each % 250}", "errorCode": None, **{id: str(uuid.uuid4()) for id in ids}}
                    for each in range(asked["records"])]
            packed = gzip.compress(json.dumps({"Records": some}).encode(), 1)
            s3.put_object(Bucket=asked["bucket"], Key=f"{asked['key'][:-len('.json.gz')]}{number:04}.json.gz", Body=packed)
        return {}

    def do_table(self, asked):
        """A table in moto's Glue, made anew."""
        glue = self.front.moto("glue", asked["owner"])
        columns = lambda names: [{"Name": name, "Type": "string"} for name in names]
        for made in (lambda: glue.delete_database(Name=asked["database"]), lambda: glue.create_database(DatabaseInput={"Name": asked["database"]})):
            try:
                made()
            except glue.exceptions.EntityNotFoundException:
                pass
        glue.create_table(DatabaseName=asked["database"], TableInput={
            "Name": asked["table"], "PartitionKeys": columns(asked["partitions"]), "StorageDescriptor": {"Columns": columns(engines.TABLE)}})
        return {}

    def do_engines(self, asked):
        """Sets stores ({id: [account, region]}), cut-offs ({work group: bytes}) and the page; returns the statements that were run."""
        own = self.front.engines
        own.stores |= {store: tuple(at) for store, at in asked.get("stores", {}).items()}
        own.cutoff |= asked.get("cutoff", {})
        own.page = asked.get("page", own.page)
        return own.statements

    def do_download(self, asked):
        """Copies the log files of a bucket into a folder, by their keys."""
        s3, copied = self.front.moto("s3", asked["owner"]), 0
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=asked["bucket"]):
            for object in page.get("Contents", []):
                if "/CloudTrail/" in object["Key"]:
                    path = os.path.join(asked["folder"], object["Key"])
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "wb") as file:
                        file.write(s3.get_object(Bucket=asked["bucket"], Key=object["Key"])["Body"].read())
                    copied += 1
        return {"files": copied}

    def do_tamper(self, asked):
        """What a thief does to a bucket: deletes an object, or takes a record out of it, or writes one of its own."""
        s3 = self.front.moto("s3", asked["owner"])
        where = {"Bucket": asked["bucket"], "Key": asked["key"]}
        if asked["act"] == "delete":
            s3.delete_object(**where)
        elif asked["act"] == "plant":
            s3.put_object(**where, Body=gzip.compress(json.dumps({"Records": []}).encode()))
        else:
            was = s3.get_object(**where)
            plain = json.loads(gzip.decompress(was["Body"].read()))
            plain[asked["member"]] = plain[asked["member"]][1:]
            s3.put_object(**where, Body=gzip.compress(json.dumps(plain).encode()), Metadata=was["Metadata"])
        return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    front = control = None

    def log_message(self, *_):
        pass

    def _body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _serve(self):
        try:
            body = self._body()
            if self.path.startswith("/_front/"):
                answer = json.dumps(self.control.run(self.path[len("/_front/"):], json.loads(body or b"{}")), default=str).encode()
                return self._send(200, {"Content-Type": "application/json"}, answer)
            answer = self.front.handle(self.command, self.path, self.headers, body)
            if isinstance(answer, dict):
                if answer["hurt"] == "hang":
                    time.sleep(answer["seconds"])
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return None
            return self._send(*answer)
        except (ConnectionError, BrokenPipeError, ValueError) as error:
            if not isinstance(error, (ConnectionError, BrokenPipeError)):
                self._broken()
            self.close_connection = True
        except Exception:
            self._broken()

    def _broken(self):
        """The stand-in itself is at fault: said loudly, so that no test takes it for AWS."""
        text = traceback.format_exc()
        sys.stderr.write(f"front: {self.command} {self.path}\n{text}\n")
        sys.stderr.flush()
        self._send(599, {"Content-Type": "text/plain"}, text.encode())

    def _send(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if self.command != "HEAD" else int(headers.get("Content-Length", 0))))
        if "Date" not in headers:
            self.send_header("Date", self.date_time_string())
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def start(second):
    """moto or ministack as they come, in a process of their own, on a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here, env = os.path.dirname(sys.executable), dict(os.environ)
    if second:
        command = ["ministack"]
        env |= {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "AUTH": "true", "LOG_LEVEL": "ERROR",
                "SERVICES": "iam,sts,ec2,ecs,lambda,s3,cloudtrail,organizations,account"}
    else:
        command = ["moto_server", "-H", "127.0.0.1", "-p", str(port)]
        env |= {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    cloud = subprocess.Popen([os.path.join(here, command[0]), *command[1:]], env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(240):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return cloud, f"http://127.0.0.1:{port}"
        except OSError:
            if cloud.poll() is not None:
                sys.exit(f"{command[0]} ended with {cloud.returncode}")
            time.sleep(0.25)
    cloud.kill()
    sys.exit(f"{command[0]} does not listen")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--second", action="store_true")
    given = options.parse_args()
    cloud, url = start(given.second)
    try:
        Handler.front = Front(url, given.second)
        Handler.control = Control(Handler.front)
        server = Server(("127.0.0.1", given.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({"port": server.server_address[1]}), flush=True)
        sys.stdin.read()
    finally:
        cloud.kill()
        cloud.wait()


if __name__ == "__main__":
    main()
