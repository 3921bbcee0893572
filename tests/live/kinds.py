"""A small house, and in it one of every kind that moto keeps: made by the thief in one region, and in another by the owners under
the same names.

    kinds.py FRONT_URL kinds         builds it and prints the world
    kinds.py FRONT_URL signs         builds an account with what signs in there, and prints it
    kinds.py FRONT_URL seen < world  prints what stands of each kind in moto, by whose it is
    kinds.py FRONT_URL signed < world  prints what signs in as each user
"""

import json
import sys
from datetime import datetime, timedelta

from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from world import OWNERS, RESPONDER, THIEF, Actor, door, plain, service_trust, trust

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
HOUSE = "111122223333"
HERE, THERE = "us-east-1", "eu-west-1"
IMAGE = "ami-0abcdef1234567890"
ROLE = f"arn:aws:iam::{HOUSE}:role/worker"
NAME = "miner"


def house(url):
    """One account: its owner alice, a user whose key leaked, the responder, a role for services."""
    world = {"accounts": {"house": HOUSE}, "regions": [THERE, HERE], "keys": {}}
    root = Actor(url, door(url, "root", {"account": HOUSE}))
    door(url, "source", {"key": root.id, "address": OWNERS})
    iam = root("iam")
    actors = {}
    for name, user, address in (("alice", "alice", OWNERS), ("leaked", "ci-runner", THIEF), ("responder", "responder", RESPONDER)):
        iam.create_user(UserName=user)
        iam.attach_user_policy(UserName=user, PolicyArn=ADMIN)
        actors[name] = Actor(url, plain(iam.create_access_key(UserName=user)["AccessKey"]))
        door(url, "source", {"key": actors[name].id, "address": address})
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=service_trust("ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="worker")
    world["credentials"] = {"leaked": actors["leaked"].id}
    world["keys"] = {name: actor.keys for name, actor in actors.items()}
    return world, actors


def spot(actor, region):
    ec2 = actor("ec2", region)
    of = {"ImageId": IMAGE, "InstanceType": "p3.2xlarge"}
    one = lambda kind: ec2.request_spot_instances(SpotPrice="9", InstanceCount=1, Type=kind, LaunchSpecification=of)["SpotInstanceRequests"][0]
    # The machine of one of them was ended: the request would start another.
    left, runs = one("persistent"), one("persistent")
    ec2.terminate_instances(InstanceIds=[left["InstanceId"]])
    fleet = lambda kind: ec2.request_spot_fleet(SpotFleetRequestConfig={
        "TargetCapacity": 2, "SpotPrice": "9", "IamFleetRole": ROLE, "Type": kind,
        "AllocationStrategy": "lowestPrice", "LaunchSpecifications": [{**of, "WeightedCapacity": 1.0}]})
    template = ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=of)["LaunchTemplate"]["LaunchTemplateId"]
    made = ec2.create_fleet(Type="request", LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}],
                            TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"})
    return {"spot_left": left["SpotInstanceRequestId"], "spot_runs": runs["SpotInstanceRequestId"], "spot_machine": runs["InstanceId"],
            "spot_fleet": fleet("maintain")["SpotFleetRequestId"], "template": template, "fleet": made["FleetId"]}


def scaling(actor, region):
    """A group of somebody, of two."""
    actor("autoscaling", region).create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="t3.large")
    actor("autoscaling", region).create_auto_scaling_group(AutoScalingGroupName="web", MinSize=1, MaxSize=9, DesiredCapacity=2,
                                                           AvailabilityZones=[f"{region}a"], LaunchConfigurationName="web")


def joined(actor, region):
    """A machine of one's own, put into somebody's group."""
    machine = actor("ec2", region).run_instances(ImageId=IMAGE, InstanceType="p3.2xlarge", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    actor("autoscaling", region).attach_instances(AutoScalingGroupName="web", InstanceIds=[machine])
    return {"joined": machine}


def doors(actor, region):
    group = actor("ec2", region).create_security_group(GroupName=NAME, Description="x")["GroupId"]
    actor("ec2", region).authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    volume = actor("ec2", region).create_volume(AvailabilityZone=f"{region}a", Size=8)["VolumeId"]
    subnet = actor("ec2", region).describe_subnets()["Subnets"][0]["SubnetId"]
    face = actor("ec2", region).create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    address = actor("ec2", region).allocate_address(Domain="vpc")["AllocationId"]
    return {"door": group, "volume": volume, "face": face, "address": address}


def containers(actor, region):
    ecs = actor("ecs", region)
    ecs.create_cluster(clusterName=NAME)
    ecs.register_task_definition(family=NAME, containerDefinitions=[{"name": "m", "image": "example.com/m:1", "memory": 512}],
                                 networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="4096", memory="8192")
    subnet = actor("ec2", region).describe_subnets()["Subnets"][0]["SubnetId"]
    group_id = actor("ec2", region).describe_security_groups()["SecurityGroups"][0]["GroupId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group_id], "assignPublicIp": "DISABLED"}}
    task = ecs.run_task(cluster=NAME, taskDefinition=NAME, launchType="FARGATE", networkConfiguration=network)["tasks"][0]["taskArn"]
    eks = actor("eks", region)
    eks.create_cluster(name=NAME, roleArn=ROLE, resourcesVpcConfig={"subnetIds": [subnet]})
    group = eks.create_nodegroup(clusterName=NAME, nodegroupName="workers", subnets=[subnet], nodeRole=ROLE,
                                 scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2})["nodegroup"]["nodegroupArn"]
    profile = eks.create_fargate_profile(clusterName=NAME, fargateProfileName="pods", podExecutionRoleArn=ROLE, subnets=[subnet],
                                         selectors=[{"namespace": "default"}])["fargateProfile"]["fargateProfileArn"]
    batch = actor("batch", region)
    environment = batch.create_compute_environment(
        computeEnvironmentName=NAME, type="MANAGED", state="ENABLED", serviceRole=ROLE, computeResources={
            "type": "EC2", "minvCpus": 0, "maxvCpus": 64, "desiredvCpus": 0, "instanceTypes": ["m5.large"], "subnets": [subnet],
            "securityGroupIds": [group_id], "instanceRole": f"arn:aws:iam::{HOUSE}:instance-profile/worker"})["computeEnvironmentArn"]
    queue = batch.create_job_queue(jobQueueName=NAME, state="ENABLED", priority=1,
                                   computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}])["jobQueueArn"]
    return {"task": task, "nodegroup": group, "profile": profile, "environment": environment, "queue": queue}


def learning(actor, region):
    sagemaker = actor("sagemaker", region)
    notebook = sagemaker.create_notebook_instance(NotebookInstanceName=NAME, InstanceType="ml.p3.2xlarge", RoleArn=ROLE)["NotebookInstanceArn"]
    sagemaker.create_model(ModelName=NAME, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "example.com/m:1"})
    sagemaker.create_endpoint_config(EndpointConfigName=NAME, ProductionVariants=[
        {"VariantName": "a", "ModelName": NAME, "InitialInstanceCount": 1, "InstanceType": "ml.p3.2xlarge"}])
    endpoint = sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)["EndpointArn"]
    glue = actor("glue", region)
    glue.create_job(Name=NAME, Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://shop/x.py"})
    glue.create_trigger(Name=NAME, Type="SCHEDULED", Schedule="cron(0 * * * ? *)", Actions=[{"JobName": NAME}])
    glue.start_trigger(Name=NAME)
    emr = actor("emr", region)
    group = lambda role, count: {"Name": role, "InstanceRole": role, "InstanceType": "p3.2xlarge", "InstanceCount": count, "Market": "ON_DEMAND"}
    cluster = emr.run_job_flow(Name=NAME, ReleaseLabel="emr-7.0.0", JobFlowRole="worker", ServiceRole="worker", Instances={
        "KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": [group("MASTER", 1), group("CORE", 1), group("TASK", 4)]})["JobFlowId"]
    return {"notebook": notebook, "endpoint": endpoint, "trigger": NAME, "emr": cluster}


def schedules(actor, region):
    events = actor("events", region)
    rule = events.put_rule(Name=NAME, ScheduleExpression="rate(5 minutes)", State="ENABLED")["RuleArn"]
    events.put_targets(Rule=NAME, Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{region}:{HOUSE}:function:x"}])
    schedule = actor("scheduler", region).create_schedule(
        Name=NAME, ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, State="ENABLED",
        Target={"Arn": f"arn:aws:lambda:{region}:{HOUSE}:function:x", "RoleArn": ROLE, "Input": '{"again": 1}'})["ScheduleArn"]
    states = actor("stepfunctions", region)
    machine = states.create_state_machine(name=NAME, roleArn=ROLE, definition=json.dumps(
        {"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 99999, "End": True}}}))["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, name="one")["executionArn"]
    stack = actor("cloudformation", region).create_stack(StackName=NAME, TemplateBody=json.dumps(
        {"Resources": {"q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{NAME}-{region}"}}}}))["StackId"]
    actor("sesv2", region).create_email_identity(EmailIdentity="bills.example.com")
    return {"rule": rule, "schedule": schedule, "machine": machine, "execution": execution, "stack": stack,
            "identity": "bills.example.com"}


MAKE = (spot, doors, containers, learning, schedules)


def main(url):
    # A task goes on until it is stopped: moto's ends by itself, by being looked at.
    door(url, "transition", {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000000}})
    world, actors = house(url)
    scaling(actors["alice"], HERE)
    for name, who, region in (("owners", "alice", THERE), ("thiefs", "leaked", HERE)):
        world[name] = {"region": region}
        for make in MAKE:
            world[name] |= make(actors[who], region)
    world["thiefs"] |= joined(actors["leaked"], HERE)
    # The thief is seen where the owners' namesakes are, too.
    actors["leaked"]("ec2", THERE).create_key_pair(KeyName="x")
    return world


def seen(client, made):
    """What moto shows of each: a word for its state, or a number where that is what it is held by; none where it is gone."""
    ec2, ecs, eks, batch = client("ec2"), client("ecs"), client("eks"), client("batch")
    sagemaker, glue, emr, states = client("sagemaker"), client("glue"), client("emr"), client("stepfunctions")
    requests = {one["SpotInstanceRequestId"]: one["State"] for one in ec2.describe_spot_instance_requests()["SpotInstanceRequests"]}
    machines = [one for held in ec2.describe_instances()["Reservations"] for one in held["Instances"]]
    fleets = {one["SpotFleetRequestId"]: one for one in ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"]}
    fleet = fleets.get(made["spot_fleet"])
    environment = batch.describe_compute_environments(computeEnvironments=[made["environment"]])["computeEnvironments"][0]
    groups = emr.list_instance_groups(ClusterId=made["emr"])["InstanceGroups"]
    first = lambda rows, member: next((row[member] for row in rows), None)
    return {
        "spot_left": requests.get(made["spot_left"]), "spot_runs": requests.get(made["spot_runs"]),
        "spot_machine": first((one["State"] for one in machines if one["InstanceId"] == made["spot_machine"]), "Name"),
        "spot_fleet": [fleet["SpotFleetRequestState"], fleet["SpotFleetRequestConfig"]["TargetCapacity"]] if fleet else None,
        "fleet": first(ec2.describe_fleets(FleetIds=[made["fleet"]])["Fleets"], "FleetState"),
        "door": [[rule["FromPort"], [one["CidrIp"] for one in rule["IpRanges"]]]
                 for rule in ec2.describe_security_groups(GroupIds=[made["door"]])["SecurityGroups"][0]["IpPermissions"]],
        "volume": first((one for one in ec2.describe_volumes()["Volumes"] if one["VolumeId"] == made["volume"]), "State"),
        "face": first((one for one in ec2.describe_network_interfaces()["NetworkInterfaces"] if one["NetworkInterfaceId"] == made["face"]), "Status"),
        "address": first((one for one in ec2.describe_addresses()["Addresses"] if one["AllocationId"] == made["address"]), "Domain"),
        "template": first(ec2.describe_launch_templates()["LaunchTemplates"], "LaunchTemplateId"),
        "task": first(ecs.describe_tasks(cluster=NAME, tasks=[made["task"]])["tasks"], "lastStatus"),
        "nodegroup": eks.describe_nodegroup(clusterName=NAME, nodegroupName="workers")["nodegroup"]["scalingConfig"],
        "profile": eks.list_fargate_profiles(clusterName=NAME)["fargateProfileNames"],
        "environment": [environment["state"], environment["computeResources"]["minvCpus"]],
        "queue": first(batch.describe_job_queues(jobQueues=[made["queue"]])["jobQueues"], "state"),
        "notebook": first(sagemaker.list_notebook_instances()["NotebookInstances"], "NotebookInstanceStatus"),
        "endpoint": first(sagemaker.list_endpoints()["Endpoints"], "EndpointStatus"),
        "trigger": glue.get_trigger(Name=NAME)["Trigger"]["State"],
        "emr": [emr.describe_cluster(ClusterId=made["emr"])["Cluster"]["Status"]["State"],
                {one["InstanceGroupType"]: one["RequestedInstanceCount"] for one in groups}],
        "rule": first(client("events").list_rules()["Rules"], "State"), "schedule": first(client("scheduler").list_schedules()["Schedules"], "State"),
        "target": client("scheduler").get_schedule(Name=NAME)["Target"],
        "machine": first(states.list_state_machines()["stateMachines"], "name"),
        "execution": there(lambda: states.describe_execution(executionArn=made["execution"])["status"]),
        "stack": first(client("cloudformation").list_stacks()["StackSummaries"], "StackStatus"),
        "identity": there(lambda: client("sesv2").get_email_identity(EmailIdentity=made["identity"])["IdentityType"]),
    }


def there(ask):
    """What is asked for by its name: none where that is gone."""
    try:
        return ask()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404):
            return None
        raise


def group(client, made):
    """The owners' group: its sizes, and what its members are in; the thief's own by its name."""
    found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]
    states = {one["InstanceId"]: one["State"]["Name"] for held in client("ec2").describe_instances()["Reservations"] for one in held["Instances"]}
    word = lambda one: [one["LifecycleState"], states[one["InstanceId"]]]
    return {"sizes": [found["MinSize"], found["DesiredCapacity"], found["MaxSize"]],
            "joined": next((word(one) for one in found["Instances"] if one["InstanceId"] == made["joined"]), None),
            "others": sorted(word(one) for one in found["Instances"] if one["InstanceId"] != made["joined"])}


def look(url, world):
    alice = Actor(url, world["keys"]["alice"])
    found = {name: seen(lambda service: alice(service, world[name]["region"]), world[name]) for name in ("owners", "thiefs")}
    machines = {one["InstanceId"]: one["State"]["Name"] for held in alice("ec2", HERE).describe_instances()["Reservations"] for one in held["Instances"]}
    return found | {"group": group(lambda service: alice(service, HERE), world["thiefs"]), "machines": machines}


def signs(url):
    """What signs in besides access keys, AWS's own quarantine, a role that its owners and the thief are in, and one of the thief's."""
    world, actors = house(url)
    alice, leaked = actors["alice"], actors["leaked"]
    iam = alice("iam")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ci-runner")])
    since = datetime(2026, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
                   .not_valid_before(since).not_valid_after(since + timedelta(days=3650)).sign(key, hashes.SHA256()))
    text = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    iam.upload_ssh_public_key(UserName="ci-runner", SSHPublicKeyBody=text)
    iam.upload_signing_certificate(UserName="ci-runner", CertificateBody=certificate.public_bytes(serialization.Encoding.PEM).decode())
    iam.upload_ssh_public_key(UserName="alice", SSHPublicKeyBody=text)
    iam.attach_user_policy(UserName="ci-runner", PolicyArn="arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3")
    iam.create_role(RoleName="ops", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{HOUSE}:root"))
    iam.attach_role_policy(RoleName="ops", PolicyArn=ADMIN)
    theirs = leaked("iam")
    theirs.create_role(RoleName="helper", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{HOUSE}:root"))
    theirs.attach_role_policy(RoleName="helper", PolicyArn=ADMIN)
    padding = {"Version": "2012-10-17", "Statement": [{"Sid": f"Pad{n:03}", "Effect": "Allow", "Action": "s3:GetObject",
                                                       "Resource": f"arn:aws:s3:::bucket-{n:03}/*"} for n in range(90)]}
    theirs.put_role_policy(RoleName="helper", PolicyName="padding", PolicyDocument=json.dumps(padding, separators=(",", ":")))
    for called, actor, role in (("ops", leaked, "ops"), ("owner_ops", alice, "ops"), ("helper", leaked, "helper")):
        session = actor.become(HOUSE, role, called.replace("_", "-"))
        door(url, "source", {"key": session.id, "address": OWNERS if actor is alice else THIEF})
        world["keys"][called] = session.keys
    return world | {"padding": padding}


def signed(url, world):
    """SSH keys, certificates and attached policies of each user, as moto shows them."""
    iam = Actor(url, world["keys"]["responder"])("iam")
    return {name: {"ssh": [one["Status"] for one in iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"]],
                   "certificates": [one["Status"] for one in iam.list_signing_certificates(UserName=name)["Certificates"]],
                   "attached": sorted(one["PolicyName"] for one in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"])}
            for name in ("alice", "ci-runner")}


if __name__ == "__main__":
    front, what = sys.argv[1:]
    done = {"kinds": main, "signs": signs}[what](front) if what in ("kinds", "signs") else {"seen": look, "signed": signed}[what](front, json.load(sys.stdin))
    json.dump(done, sys.stdout, indent=1)
