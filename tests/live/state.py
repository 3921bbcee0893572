"""The state of the stand-in that a test may assert on: what stands in each account and region, straight from moto.

Left out is only what a restart or a replacement changes everywhere: times, addresses, ids of a scaling group's members.
"""

import json
from urllib.parse import unquote


def everything(moto, accounts, regions, extras):
    found = {}
    for account in accounts:
        found[account] = {"iam": iam(moto("iam", account), account, extras), "policies": policies(moto("organizations", account)),
                          "buckets": buckets(moto("s3", account))}
        for region in regions:
            place = {name: look(moto, account, region) for name, look in LOOKS}
            found[account][region] = {name: seen for name, seen in place.items() if seen}
    return found


def document(value):
    return json.loads(unquote(value)) if isinstance(value, str) else value


def iam(client, account, extras):
    users, roles = {}, {}
    for user in client.list_users()["Users"]:
        name = user["UserName"]
        row = {"keys": {key["AccessKeyId"]: key["Status"] for key in client.list_access_keys(UserName=name)["AccessKeyMetadata"]}}
        row["inline"] = {each: document(client.get_user_policy(UserName=name, PolicyName=each)["PolicyDocument"])
                         for each in client.list_user_policies(UserName=name)["PolicyNames"]}
        row["attached"] = sorted(each["PolicyArn"] for each in client.list_attached_user_policies(UserName=name)["AttachedPolicies"])
        try:
            row["login"] = client.get_login_profile(UserName=name)["LoginProfile"].get("PasswordResetRequired", False)
        except client.exceptions.NoSuchEntityException:
            pass
        specific = extras.credentials.get((account, name), {})
        row["specific"] = {id: each["Status"] for id, each in specific.items()}
        row["boundary"] = extras.boundaries.get((account, name))
        users[name] = {key: value for key, value in row.items() if value not in (None, {}, [])}
    for role in client.list_roles()["Roles"]:
        name = role["RoleName"]
        roles[name] = {
            "trust": document(role["AssumeRolePolicyDocument"]),
            "inline": {each: document(client.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"])
                       for each in client.list_role_policies(RoleName=name)["PolicyNames"]},
            "attached": sorted(each["PolicyArn"] for each in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]),
        }
    return {"users": users, "roles": roles}


def policies(client):
    try:
        found = client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    except Exception:  # only the management account has an organization to ask
        return {}
    return {each["Name"]: sorted(t["TargetId"] for t in client.list_targets_for_policy(PolicyId=each["Id"])["Targets"]) for each in found}


def buckets(client):
    found = {}
    for each in client.list_buckets()["Buckets"]:
        name, row = each["Name"], {}
        for word, call, member in (("block", client.get_public_access_block, "PublicAccessBlockConfiguration"),
                                   ("policy", client.get_bucket_policy, "Policy")):
            try:
                row[word] = document(call(Bucket=name)[member])
            except client.exceptions.ClientError:  # has none
                row[word] = None
        row["acl"] = sorted(json.dumps([grant["Grantee"].get("URI"), grant["Permission"]]) for grant in client.get_bucket_acl(Bucket=name)["Grants"])
        found[name] = row
    return found


def instances(moto, account, region):
    client, found = moto("ec2", account, region), {}
    for page in client.get_paginator("describe_instances").paginate():
        for each in (each for held in page["Reservations"] for each in held["Instances"]):
            tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
            if each["State"]["Name"] in ("terminated", "shutting-down") or "aws:autoscaling:groupName" in tags:
                continue
            attribute = lambda name, member: client.describe_instance_attribute(
                InstanceId=each["InstanceId"], Attribute=name).get(member, {}).get("Value", False)
            found[each["InstanceId"]] = {
                "state": each["State"]["Name"], "type": each["InstanceType"], "tags": tags,
                # Of its interfaces: moto shows none of the machine's own where none was asked for at its launch.
                "groups": {face["NetworkInterfaceId"]: sorted(group["GroupId"] for group in face["Groups"])
                           for face in each["NetworkInterfaces"]},
                "held": [attribute("disableApiTermination", "DisableApiTermination"), attribute("disableApiStop", "DisableApiStop")],
                "profile": each.get("IamInstanceProfile", {}).get("Arn"),
            }
    return found


def groups(moto, account, region):
    client, ec2, found = moto("autoscaling", account, region), moto("ec2", account, region), {}
    for each in client.describe_auto_scaling_groups()["AutoScalingGroups"]:
        ids, alive = [member["InstanceId"] for member in each["Instances"]], 0
        if ids:
            held = ec2.describe_instances(InstanceIds=ids)["Reservations"]
            alive = sum(one["State"]["Name"] in ("running", "pending") for row in held for one in row["Instances"])
        found[each["AutoScalingGroupName"]] = {
            "sizes": [each["MinSize"], each["DesiredCapacity"], each["MaxSize"]], "alive": alive,
            "suspended": sorted(process["ProcessName"] for process in each["SuspendedProcesses"]),
            "template": each.get("LaunchTemplate", {}).get("LaunchTemplateId"),
        }
    return found


def rules(moto, account, region):
    found = {}
    for each in moto("ec2", account, region).describe_security_groups()["SecurityGroups"]:
        rule = lambda row: json.dumps([row.get("IpProtocol"), row.get("FromPort"), row.get("ToPort"),
                                       sorted(x["CidrIp"] for x in row.get("IpRanges", [])),
                                       sorted(x.get("GroupId", "") for x in row.get("UserIdGroupPairs", []))])
        found[each["GroupId"]] = {"name": each["GroupName"], "in": sorted(map(rule, each["IpPermissions"])),
                                  "out": sorted(map(rule, each["IpPermissionsEgress"]))}
    return {id: row for id, row in found.items() if row["name"] != "default"}


def snapshots(moto, account, region):
    client, found = moto("ec2", account, region), {}
    for each in client.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        shared = client.describe_snapshot_attribute(SnapshotId=each["SnapshotId"], Attribute="createVolumePermission")
        found[each["SnapshotId"]] = sorted(json.dumps(row, sort_keys=True) for row in shared["CreateVolumePermissions"])
    return found


def images(moto, account, region):
    client, found = moto("ec2", account, region), {}
    for each in client.describe_images(Owners=["self"])["Images"]:
        shared = client.describe_image_attribute(ImageId=each["ImageId"], Attribute="launchPermission")
        found[each["ImageId"]] = sorted(json.dumps(row, sort_keys=True) for row in shared["LaunchPermissions"])
    return found


def copies(moto, account, region):
    """Whose disk each snapshot holds, and what it says of itself."""
    found = moto("ec2", account, region).describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return {each["SnapshotId"]: {"of": each["VolumeId"], "tags": {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}} for each in found}


def pairs(moto, account, region):
    ec2 = moto("ec2", account, region)
    return {"keys": sorted(each["KeyName"] for each in ec2.describe_key_pairs()["KeyPairs"]),
            "templates": sorted(each["LaunchTemplateName"] for each in ec2.describe_launch_templates()["LaunchTemplates"])}


def functions(moto, account, region):
    client, found = moto("lambda", account, region), {}
    for each in client.list_functions()["Functions"]:
        name = each["FunctionName"]
        row = {"concurrency": client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")}
        try:
            row["url"] = client.get_function_url_config(FunctionName=name)["AuthType"]
        except Exception:
            row["url"] = None
        try:
            row["policy"] = sorted(statement["Sid"] for statement in json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"])
        except Exception:
            row["policy"] = []
        found[name] = row
    return found


def services(moto, account, region):
    client, found = moto("ecs", account, region), {}
    for cluster in client.list_clusters()["clusterArns"]:
        names = client.list_services(cluster=cluster)["serviceArns"]
        for each in client.describe_services(cluster=cluster, services=names)["services"] if names else []:
            found[each["serviceArn"]] = {"desired": each["desiredCount"], "status": each["status"]}
    return found


def trails(moto, account, region):
    client = moto("cloudtrail", account, region)
    return {each["Name"]: client.get_trail_status(Name=each["Name"])["IsLogging"]
            for each in client.describe_trails(includeShadowTrails=False)["trailList"] if each["HomeRegion"] == region}


LOOKS = (("instances", instances), ("scaling", groups), ("rules", rules), ("snapshots", snapshots), ("copies", copies), ("images", images), ("pairs", pairs),
         ("functions", functions), ("ecs", services), ("trails", trails))
