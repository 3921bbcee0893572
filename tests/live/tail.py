"""What runs by itself, whatever service runs it: everything once by the thief (`miner`) and once by the owners (`house`), in one region.

    tail.py FRONT_URL make < world.json    makes it and prints the ids
    tail.py FRONT_URL look < world.json    prints what moto holds of it, by service and name

What moto does not know, or ends by itself, is models.py's: fleets that keep their number, job runs, builds, sessions, App Runner, Lightsail, SSM.
"""

import json
import sys

from botocore.exceptions import ClientError

from world import Actor, door, service_trust

REGION = "eu-west-1"
AMI = "ami-0abcdef1234567890"
FLOW = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}}
STACK = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
NAMES = ("miner", "house")


def role(alice, name, service):
    alice("iam").create_role(RoleName=name, AssumeRolePolicyDocument=service_trust(service))
    return alice("iam").get_role(RoleName=name)["Role"]["Arn"]


def make(leaked, alice, world):
    """`ground` is the owners' before anybody comes."""
    door(leaked.url, "linger", {"model": "ecs::task"})
    ec2 = alice("ec2", REGION)
    ground = {"role": role(alice, "worker", "ec2.amazonaws.com"), "account": world["accounts"]["shop"],
              "subnet": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
              "queue": alice("sqs", REGION).create_queue(QueueName="orders")["QueueUrl"],
              "members": [member["InstanceId"] for member in alice("autoscaling").describe_auto_scaling_groups(
                  AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]["Instances"]]}
    ground["group"] = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    alice("ecs", REGION).create_cluster(clusterName="shop")
    made = {name: {service: do(actor, name, ground) for service, do in MADE} for actor, name in ((alice, "house"), (leaked, "miner"))}
    # The thief's machine is a member of the owners' group.
    own = leaked("ec2").run_instances(ImageId=AMI, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    leaked("autoscaling").attach_instances(InstanceIds=[own], AutoScalingGroupName="web")
    leaked("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="miner", Recurrence="0 9 * * *", MinSize=3, MaxSize=9, DesiredCapacity=9)
    alice("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="house", Recurrence="0 7 * * *", MinSize=2, MaxSize=3, DesiredCapacity=2)
    return {**made, "member": own, "members": ground["members"]}


def rule(by, name, ground):
    by("events", REGION).put_rule(Name=f"{name}-rule", ScheduleExpression="rate(5 minutes)", State="ENABLED")


def schedule(by, name, ground):
    by("scheduler", REGION).create_schedule(
        Name=f"{name}-schedule", ScheduleExpression="rate(5 minutes)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:scheduler:::aws-sdk:ec2:runInstances", "RoleArn": ground["role"]})


def flow(by, name, ground):
    machine = by("stepfunctions", REGION).create_state_machine(
        name=f"{name}-flow", definition=json.dumps(FLOW), roleArn=ground["role"])["stateMachineArn"]
    by("stepfunctions", REGION).start_execution(stateMachineArn=machine, name=f"{name}-run")


def batch(by, name, ground):
    client = by("batch", REGION)
    environment = client.create_compute_environment(
        computeEnvironmentName=f"{name}-batch", type="MANAGED", state="ENABLED", serviceRole=ground["role"], computeResources={
            "type": "FARGATE", "maxvCpus": 16, "subnets": [ground["subnet"]], "securityGroupIds": [ground["group"]]})["computeEnvironmentArn"]
    client.create_job_queue(jobQueueName=f"{name}-jobs", state="ENABLED", priority=1,
                            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}])


def emr(by, name, ground):
    group = lambda role, count: {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": count, "Name": role}
    by("emr", REGION).run_job_flow(
        Name=f"{name}-cluster", ReleaseLabel="emr-7.0.0", JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
        Instances={"InstanceGroups": [group("MASTER", 1), group("CORE", 1), group("TASK", 4)], "KeepJobFlowAliveWhenNoSteps": True,
                   "TerminationProtected": True})


def glue(by, name, ground):
    client = by("glue", REGION)
    client.create_job(Name=f"{name}-job", Role=ground["role"], Command={"Name": "glueetl", "ScriptLocation": "s3://x/y.py"})
    client.create_trigger(Name=f"{name}-trigger", Type="SCHEDULED", Schedule="cron(0/15 * * * ? *)", StartOnCreation=True,
                          Actions=[{"JobName": f"{name}-job"}])


def codebuild(by, name, ground):
    client = by("codebuild", REGION)
    client.create_project(
        name=f"{name}-project", source={"type": "S3", "location": "bucket/path"}, artifacts={"type": "NO_ARTIFACTS"}, serviceRole=ground["role"],
        environment={"type": "LINUX_CONTAINER", "image": "contents_not_validated", "computeType": "BUILD_GENERAL1_LARGE"})


def sagemaker(by, name, ground):
    client = by("sagemaker", REGION)
    client.create_notebook_instance(NotebookInstanceName=f"{name}-notebook", InstanceType="ml.p3.2xlarge", RoleArn=ground["role"])
    client.create_model(ModelName=f"{name}-model", ExecutionRoleArn=ground["role"], PrimaryContainer={"Image": "x", "ModelDataUrl": "s3://x/y"})
    client.create_endpoint_config(EndpointConfigName=f"{name}-config", ProductionVariants=[
        {"VariantName": "all", "ModelName": f"{name}-model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    client.create_endpoint(EndpointName=f"{name}-model-endpoint", EndpointConfigName=f"{name}-config")


def eks(by, name, ground):
    client = by("eks", REGION)
    client.create_cluster(name=f"{name}-k8s", roleArn=ground["role"], resourcesVpcConfig={"subnetIds": [ground["subnet"]]})
    client.create_nodegroup(clusterName=f"{name}-k8s", nodegroupName=f"{name}-nodes", subnets=[ground["subnet"]], nodeRole=ground["role"],
                            scalingConfig={"minSize": 1, "maxSize": 8, "desiredSize": 4})
    client.create_fargate_profile(clusterName=f"{name}-k8s", fargateProfileName=f"{name}-pods", podExecutionRoleArn=ground["role"],
                                  selectors=[{"namespace": "default"}])


def stack(by, name, ground):
    client = by("cloudformation", REGION)
    client.create_stack(StackName=f"{name}-stack", TemplateBody=json.dumps(STACK), EnableTerminationProtection=True)


def spot(by, name, ground):
    ec2 = by("ec2", REGION)
    request = ec2.request_spot_instances(
        SpotPrice="9", InstanceCount=1, Type="persistent", LaunchSpecification={"ImageId": AMI, "InstanceType": "m5.large"})
    fleet = ec2.request_spot_fleet(SpotFleetRequestConfig={
        "IamFleetRole": ground["role"], "TargetCapacity": 2, "SpotPrice": "9", "Type": "maintain", "AllocationStrategy": "lowestPrice",
        "LaunchSpecifications": [{"ImageId": AMI, "InstanceType": "m5.large"}]})
    return {"request": request["SpotInstanceRequests"][0]["SpotInstanceRequestId"], "spot_fleet": fleet["SpotFleetRequestId"]}


def fleet(by, name, ground):
    ec2 = by("ec2", REGION)
    template = ec2.create_launch_template(
        LaunchTemplateName=f"{name}-template", LaunchTemplateData={"ImageId": AMI, "InstanceType": "m5.large"})["LaunchTemplate"]["LaunchTemplateId"]
    made = ec2.create_fleet(
        Type="request", LaunchTemplateConfigs=[{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}],
        TargetCapacitySpecification={"TotalTargetCapacity": 2, "OnDemandTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"})
    return {"template": template, "fleet": made["FleetId"]}


def task(by, name, ground):
    client = by("ecs", REGION)
    client.register_task_definition(
        family=name, containerDefinitions=[{"name": "m", "image": "example.com/m:1", "memory": 512}], networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], cpu="4096", memory="8192")
    return client.run_task(cluster="shop", taskDefinition=name, launchType="FARGATE", networkConfiguration={
        "awsvpcConfiguration": {"subnets": [ground["subnet"]], "securityGroups": [ground["group"]]}})["tasks"][0]["taskArn"]


def source(by, name, ground):
    arn = f"arn:aws:sqs:{REGION}:{ground['account']}:orders"
    return by("lambda", REGION).create_event_source_mapping(
        EventSourceArn=arn, FunctionName="checkout" if name == "house" else "helper", BatchSize=1 if name == "house" else 2)["UUID"]


def mail(by, name, ground):
    by("sesv2", REGION).create_email_identity(EmailIdentity=f"{name}.example.com")


MADE = (("rule", rule), ("schedule", schedule), ("flow", flow), ("batch", batch), ("emr", emr), ("glue", glue), ("codebuild", codebuild),
        ("sagemaker", sagemaker), ("eks", eks), ("stack", stack), ("spot", spot), ("fleet", fleet), ("task", task), ("source", source), ("mail", mail))


def look(leaked, alice, world):
    """`None` is what is not there."""
    def asked(service, region, operation, path, **params):
        try:
            value = getattr(alice(service, region), operation)(**params)
        except ClientError as error:
            return {"refused": error.response["Error"]["Code"]}
        for part in path:
            value = value.get(part) if isinstance(part, str) else (value[part] if len(value) > part else None)
            if value is None:
                return None
        return value

    def here(service, operation, *path, **params):
        return asked(service, REGION, operation, path, **params)

    made = world["tail"]
    found = {}
    for name in NAMES:
        account = world["accounts"]["shop"]
        cluster = next((each["Id"] for each in alice("emr", REGION).list_clusters()["Clusters"] if each["Name"] == f"{name}-cluster"), None)
        groups = alice("emr", REGION).list_instance_groups(ClusterId=cluster)["InstanceGroups"]
        flow = f"arn:aws:states:{REGION}:{account}:stateMachine:{name}-flow"
        found[name] = {
            "rule": here("events", "describe_rule", "State", Name=f"{name}-rule"),
            "schedule": here("scheduler", "get_schedule", "State", Name=f"{name}-schedule"),
            "flow": here("stepfunctions", "describe_state_machine", "status", stateMachineArn=flow),
            "execution": here("stepfunctions", "describe_execution", "status",
                              executionArn=f"arn:aws:states:{REGION}:{account}:execution:{name}-flow:{name}-run"),
            "batch": here("batch", "describe_compute_environments", "computeEnvironments", 0, "state", computeEnvironments=[f"{name}-batch"]),
            "queue": here("batch", "describe_job_queues", "jobQueues", 0, "state", jobQueues=[f"{name}-jobs"]),
            "emr": here("emr", "describe_cluster", "Cluster", "Status", "State", ClusterId=cluster),
            "emr held": here("emr", "describe_cluster", "Cluster", "TerminationProtected", ClusterId=cluster),
            "emr groups": {each["InstanceGroupType"]: each["RequestedInstanceCount"] for each in groups},
            "job": here("glue", "get_job", "Job", "Name", JobName=f"{name}-job"),
            "trigger": here("glue", "get_trigger", "Trigger", "State", Name=f"{name}-trigger"),
            "project": here("codebuild", "batch_get_projects", "projects", 0, "name", names=[f"{name}-project"]),
            "notebook": here("sagemaker", "describe_notebook_instance", "NotebookInstanceStatus", NotebookInstanceName=f"{name}-notebook"),
            "model": here("sagemaker", "describe_endpoint", "EndpointStatus", EndpointName=f"{name}-model-endpoint"),
            "nodes": here("eks", "describe_nodegroup", "nodegroup", "scalingConfig", clusterName=f"{name}-k8s", nodegroupName=f"{name}-nodes"),
            "pods": here("eks", "describe_fargate_profile", "fargateProfile", "status", clusterName=f"{name}-k8s", fargateProfileName=f"{name}-pods"),
            "stack": here("cloudformation", "describe_stacks", "Stacks", 0, "StackStatus", StackName=f"{name}-stack"),
            "spot": here("ec2", "describe_spot_instance_requests", "SpotInstanceRequests", 0, "State",
                         Filters=[{"Name": "spot-instance-request-id", "Values": [made[name]["spot"]["request"]]}]),
            "spot fleet": here("ec2", "describe_spot_fleet_requests", "SpotFleetRequestConfigs", 0, "SpotFleetRequestState",
                               SpotFleetRequestIds=[made[name]["spot"]["spot_fleet"]]),
            "fleet": here("ec2", "describe_fleets", "Fleets", 0, "FleetState", FleetIds=[made[name]["fleet"]["fleet"]]),
            "template": here("ec2", "describe_launch_templates", "LaunchTemplates", 0, "LaunchTemplateName",
                             Filters=[{"Name": "launch-template-name", "Values": [f"{name}-template"]}]),
            "task": here("ecs", "describe_tasks", "tasks", 0, "lastStatus", cluster="shop", tasks=[made[name]["task"]]),
            "source": here("lambda", "get_event_source_mapping", "State", UUID=made[name]["source"]),
            "mail": here("sesv2", "get_email_identity", "IdentityType", EmailIdentity=f"{name}.example.com"),
            "action": asked("autoscaling", "us-east-1", "describe_scheduled_actions", ("ScheduledUpdateGroupActions", 0, "DesiredCapacity"),
                            AutoScalingGroupName="web", ScheduledActionNames=[name]),
        }
    group = asked("autoscaling", "us-east-1", "describe_auto_scaling_groups", ("AutoScalingGroups", 0), AutoScalingGroupNames=["web"])
    found["web"] = {"sizes": [group["MinSize"], group["DesiredCapacity"], group["MaxSize"]],
                    "members": {each["InstanceId"]: each["LifecycleState"] for each in group["Instances"]}}
    machine = asked("ec2", "us-east-1", "describe_instances", ("Reservations", 0, "Instances", 0), InstanceIds=[made["member"]])
    found["member"] = machine["State"]["Name"]
    return found


if __name__ == "__main__":
    url, what = sys.argv[1:]
    given = json.load(sys.stdin)
    actors = (Actor(url, given["keys"][name]) for name in ("leaked", "alice"))
    json.dump({"make": make, "look": look}[what](*actors, given), sys.stdout)
