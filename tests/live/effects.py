"""What of AWS's behaviour its descriptions don't say: which call ends what, what a thing shows after it, what is asked for in vain.

Tables by service and call, as AWS's documentation has them; knows nothing of triage.
"""

import json

import regex

from extras import Refused

ACCOUNT, REGION = "111122223333", "eu-west-3"
# On whatever bears tags.
TAG = ("team", "shop")
# Calls that change nothing and whose names don't say so.
READS = {"BatchGetBuilds", "BatchGetProjects", "BatchGetBuildBatches", "DescribeKeyPairs"}
# What a thing of many words is in, where nothing was said: alive and well.
WORDS = ("running", "RUNNING", "Running", "ACTIVE", "active", "Active", "ENABLED", "Enabled", "InService", "InProgress", "IN_PROGRESS", "available", "AVAILABLE",
         "SUCCEEDED", "SUCCESS", "Success", "Completed", "READY", "WAITING", "VALID", "user", "NONE", "None")
KNOWN = {"accountid": ACCOUNT, "ownerid": ACCOUNT, "account": ACCOUNT, "region": REGION, "istruncated": False}
# What a service's things show before anybody does anything.
STATES = {
    "glue": {"PublicKeys": ["ssh-rsa AAAAB3NzaC1yc2E thief"]},
    "organizations": {"status": "ENABLED", "type": "SERVICE_CONTROL_POLICY"},
    # Somebody is assigned: what nobody has is not taken away.
    "sso-admin": {"PrincipalId": "906738d1-6b6f-4c50-8a8f-9d5f0a1b2c3d", "PrincipalType": "USER"},
}
# What is shown after a call.
SHOWS = {
    ("iam", "EnableOutboundWebIdentityFederation"): {"JwtVendingEnabled": True},
    ("iam", "DisableOutboundWebIdentityFederation"): {"JwtVendingEnabled": False},
    ("batch", "TerminateJob"): {"status": "FAILED"},
    ("cloudtrail", "StartLogging"): {"IsLogging": True},
    ("cloudtrail", "StopEventDataStoreIngestion"): {"Status": "STOPPED_INGESTION"},
    ("ec2", "CancelSpotFleetRequests"): {"SpotFleetRequestState": "cancelled_terminating"},
    ("ec2", "CancelSpotInstanceRequests"): {"State": "cancelled"},
    ("ecs", "DeleteService"): {"status": "INACTIVE"},
    ("ecs", "StopTask"): {"lastStatus": "STOPPED"},
    ("events", "DisableRule"): {"State": "DISABLED"},
    ("apprunner", "PauseService"): {"Status": "PAUSED"},
    ("apprunner", "ResumeService"): {"Status": "RUNNING"},
    ("codebuild", "StopBuild"): {"buildStatus": "STOPPED", "buildComplete": True},
    ("codebuild", "StopBuildBatch"): {"buildBatchStatus": "STOPPED", "complete": True},
    ("glue", "StopTrigger"): {"State": "DEACTIVATED"},
    ("glue", "StartTrigger"): {"State": "ACTIVATED"},
    ("glue", "BatchStopJobRun"): {"JobRunState": "STOPPED"},
    ("glue", "StopSession"): {"Status": "STOPPED"},
    ("lightsail", "StopInstance"): {"StateName": "stopped"},
    ("lightsail", "StartInstance"): {"StateName": "running"},
    ("ec2", "DeleteFleets"): {"FleetState": "deleted_terminating"},
    ("ssm", "CancelCommand"): {"Status": "Cancelled"},
    ("ssm", "StopAutomationExecution"): {"AutomationExecutionStatus": "Cancelled"},
    ("sagemaker", "StopNotebookInstance"): {"NotebookInstanceStatus": "Stopped"},
    ("sagemaker", "StopTrainingJob"): {"TrainingJobStatus": "Stopped"},
    ("sagemaker", "StopProcessingJob"): {"ProcessingJobStatus": "Stopped"},
    ("sagemaker", "StopTransformJob"): {"TransformJobStatus": "Stopped"},
    ("sagemaker", "StopHyperParameterTuningJob"): {"HyperParameterTuningJobStatus": "Stopped"},
    ("sagemaker", "StopAutoMLJob"): {"AutoMLJobStatus": "Stopped"},
    ("cloudcontrol", "DeleteResource"): {"OperationStatus": "SUCCESS"},
    ("stepfunctions", "StopExecution"): {"status": "ABORTED"},
    ("stepfunctions", "RedriveExecution"): {"status": "RUNNING"},
    ("emr", "TerminateJobFlows"): {"State": "TERMINATED"},
    ("cloudformation", "DeleteStack"): {"StackStatus": "DELETE_COMPLETE"},
    ("cloudformation", "StopStackSetOperation"): {"Status": "STOPPED"},
    ("rolesanywhere", "DisableTrustAnchor"): {"enabled": False},
    ("rolesanywhere", "EnableTrustAnchor"): {"enabled": True},
    ("rolesanywhere", "DisableProfile"): {"enabled": False},
    ("rolesanywhere", "EnableProfile"): {"enabled": True},
}
# Changes whose effect a memory of members can't show, and the live test that asserts it on moto's state.
ELSEWHERE = {
    "add_function_permission": "contain: undo", "authorize_rules": "contain: undo", "close_security_group": "kinds",
    "delete_quarantine": "contain: undo of --isolate", "delete_scaling_group": "contain: --destroy", "empty_ecs_service": "contain",
    "empty_scaling_group": "contain: --destroy", "enter_standby": "kinds", "import_key_pair": "more: undo", "isolate_instance": "contain: --isolate",
    "put_back_bucket_policy": "more: undo", "put_back_public_access_block": "more: undo", "release_function": "contain: undo",
    "remove_function_permission": "contain", "restore_trust": "revoke", "stop_instance": "contain",
    "suspend_scaling_group": "contain", "terminate_instance": "contain: --destroy", "unshare_image": "more", "unshare_snapshot": "more",
}
# Changes that are made here and taken, and whose effect nobody has seen yet.
NOWHERE = {
    "delete_scheduled_action": "", "disable_replication": "", "drop_revocation": "", "enable_expiry_rules": "",
    "enable_replication": "", "put_back_selectors": "", "put_scheduled_action": "", "put_warm_pool": "",
    "record_management_events": "",
}
# S3's own names of its answers.
ROOTS = {"GetBucketLifecycleConfiguration": "LifecycleConfiguration", "GetBucketVersioning": "VersioningConfiguration"}
# What AWS's SDKs send and these descriptions are too old to know.
NEWER = {"autoscaling": {"IncludeManagedResources"}}
# Calls that end a thing.
ENDS = {
    "autoscaling": {"DeleteLaunchConfiguration": "configuration", "DeleteScheduledAction": "action", "DeleteWarmPool": "warmpoolconfiguration"},
    "ec2": {"DeleteKeyPair": "keypair", "DeleteNetworkInterface": "interface", "DeleteVolume": "volume", "ReleaseAddress": "address",
            "DeleteLaunchTemplate": "template", "DisassociateIamInstanceProfile": "association"},
    "iam": {"DeactivateMFADevice": "mfa", "DeleteOpenIDConnectProvider": "oidc", "DeleteSAMLProvider": "saml", "DetachUserPolicy": "attached",
            "DetachRolePolicy": "attached", "DeleteUserPolicy": "inline", "DeleteRolePolicy": "inline",
            "DeleteUserPermissionsBoundary": "permissionsboundary", "DeleteRolePermissionsBoundary": "permissionsboundary"},
    "ssm": {"DeleteAssociation": "association", "DeleteActivation": "activation", "TerminateSession": "session"},
    "sagemaker": {"DeleteEndpoint": "endpoint", "DeleteNotebookInstance": "notebook", "DeleteCluster": "cluster"},
    "cloudcontrol": {"DeleteResource": "resource"},
    "codebuild": {"DeleteWebhook": "webhook"},
    "glue": {"DeleteDevEndpoint": "endpoint", "DeleteJob": "job"},
    "lightsail": {"DeleteInstance": "instance", "DeleteContainerService": "service"},
    "identitystore": {"DeleteGroupMembership": "membership"},
    "sso-admin": {"DeleteAccountAssignment": "assignment"},
    "stepfunctions": {"DeleteStateMachine": "machine"},
    "eks": {"DeleteAccessEntry": "entry", "DeleteFargateProfile": "profile"},
    "sesv2": {"DeleteEmailIdentity": "identity"},
}
# Calls that make one.
BEGINS = {
    "iam": {"CreateGroup": ["group"], "CreatePolicy": ["policy"], "AttachUserPolicy": ["attached"], "AttachRolePolicy": ["attached"],
            "PutUserPolicy": ["inline"], "PutRolePolicy": ["inline"]},
    "sagemaker": {"CreateEndpoint": ["endpoint"]},
    "sso-admin": {"CreateAccountAssignment": ["assignment"]},
    "identitystore": {"CreateGroupMembership": ["membership"]},
    "eks": {"CreateAccessEntry": ["entry"]},
}
# What is not there at first.
ABSENT = {("iam", "group"), ("iam", "policy"), ("glue", "publickey")}
# What is asked for in vain when it is gone: (thing, code, status).
MISSING = {
    ("iam", "GetOpenIDConnectProvider"): [("oidc", "NoSuchEntity", 404)],
    ("iam", "GetSAMLProvider"): [("saml", "NoSuchEntity", 404)],
    ("iam", "GetUserPolicy"): [("inline", "NoSuchEntity", 404)],
    ("iam", "GetRolePolicy"): [("inline", "NoSuchEntity", 404)],
    ("ssm", "DescribeAssociation"): [("association", "AssociationDoesNotExist", 400)],
    ("sagemaker", "DescribeEndpoint"): [("endpoint", "ValidationException", 400)],
    ("sagemaker", "DescribeNotebookInstance"): [("notebook", "ValidationException", 400)],
    ("sagemaker", "DescribeCluster"): [("cluster", "ResourceNotFound", 400)],
    ("cloudcontrol", "GetResource"): [("resource", "ResourceNotFoundException", 400)],
    ("glue", "GetDevEndpoint"): [("endpoint", "EntityNotFoundException", 400)],
    ("glue", "GetJob"): [("job", "EntityNotFoundException", 400)],
    ("lightsail", "GetInstance"): [("instance", "NotFoundException", 400)],
    ("lightsail", "GetContainerServices"): [("service", "NotFoundException", 400)],
    ("identitystore", "DescribeGroupMembership"): [("membership", "ResourceNotFoundException", 400)],
    ("stepfunctions", "DescribeStateMachine"): [("machine", "StateMachineDoesNotExist", 400)],
    ("eks", "DescribeAccessEntry"): [("entry", "ResourceNotFoundException", 404)],
    ("eks", "DescribeFargateProfile"): [("profile", "ResourceNotFoundException", 404)],
    ("sesv2", "GetEmailIdentity"): [("identity", "NotFoundException", 404)],
    ("iam", "GetGroup"): [("group", "NoSuchEntity", 404)],
    ("iam", "GetPolicy"): [("policy", "NoSuchEntity", 404)],
}
# Lists that are empty when it is gone: (thing, member).
EMPTY = {
    ("autoscaling", "DescribeLaunchConfigurations"): [("configuration", "LaunchConfigurations")],
    ("autoscaling", "DescribeScheduledActions"): [("action", "ScheduledUpdateGroupActions")],
    ("ec2", "DescribeNetworkInterfaces"): [("interface", "NetworkInterfaces")],
    ("ec2", "DescribeVolumes"): [("volume", "Volumes")],
    ("ec2", "DescribeAddresses"): [("address", "Addresses")],
    ("ec2", "DescribeLaunchTemplates"): [("template", "LaunchTemplates")],
    ("ec2", "DescribeIamInstanceProfileAssociations"): [("association", "IamInstanceProfileAssociations")],
    ("iam", "ListMFADevices"): [("mfa", "MFADevices")],
    ("iam", "ListAttachedUserPolicies"): [("attached", "AttachedPolicies")],
    ("iam", "ListAttachedRolePolicies"): [("attached", "AttachedPolicies")],
    ("iam", "ListUserPolicies"): [("inline", "PolicyNames")],
    ("iam", "ListRolePolicies"): [("inline", "PolicyNames")],
    ("ec2", "DescribeKeyPairs"): [("keypair", "KeyPairs")],
    ("ssm", "DescribeActivations"): [("activation", "ActivationList")],
    ("ssm", "DescribeSessions"): [("session", "Sessions")],
    ("sagemaker", "ListEndpoints"): [("endpoint", "Endpoints")],
    ("sagemaker", "ListNotebookInstances"): [("notebook", "NotebookInstances")],
    ("sso-admin", "ListAccountAssignments"): [("assignment", "AccountAssignments")],
}
MARK = "6ab1c2d3-e4f5-a6b7-c8d9-e0f1a2b3c4d5"
# Members that answers call otherwise than requests.
ALIASES = {"iam": {"document": "policydocument"}, "cloudtrail": {"logfilevalidationenabled": "enablelogfilevalidation"}, "lightsail": {"containerservicename": "servicename"}}
# How services write the ARN of what has a name.
ARNS = {
    "autoscalinggrouparn": ("autoscaling", "autoScalingGroup:8f2c7d1e-3b6a-4c55-9e0e-7d3f1a2b4c5d:autoScalingGroupName/mine"),
    "endpointarn": ("sagemaker", "endpoint/{endpointname}"), "notebookinstancearn": ("sagemaker", "notebook-instance/{notebookinstancename}"),
    "clusterarn": ("sagemaker", "cluster/abcdefghijkl"), "trainingjobarn": ("sagemaker", "training-job/{trainingjobname}"),
    "processingjobarn": ("sagemaker", "processing-job/{processingjobname}"), "transformjobarn": ("sagemaker", "transform-job/{transformjobname}"),
    "hyperparametertuningjobarn": ("sagemaker", "hyper-parameter-tuning-job/{hyperparametertuningjobname}"),
    "nodegrouparn": ("eks", f"nodegroup/{{clustername}}/{{nodegroupname}}/{MARK}"),
    "fargateprofilearn": ("eks", f"fargateprofile/{{clustername}}/{{fargateprofilename}}/{MARK}"),
    "automljobarn": ("sagemaker", "automl-job/{automljobname}"),
}
# Parts of the names of lists that say what failed.
FAILURES = ("unsuccessful", "failure", "failed", "errors", "notfound", "unprocessed")

UUID = "6b6f1c50-7a8f-11ee-9d5f-0a1b2c3d4e5f"
# By how a member's name ends.
TEXTS = [
    ("identitystoreid", "d-9067012345"),
    ("kmskeyarn", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{UUID}"),
    ("rolearn", f"arn:aws:iam::{ACCOUNT}:role/mine"),
    ("arn", f"arn:aws:service:{REGION}:{ACCOUNT}:thing/x"),
    ("accountid", ACCOUNT), ("account", ACCOUNT),
    ("userid", "AIDACKCEVSQ6C2EXAMPLE"), ("roleid", "AROADBQP57FF2AEXAMPLE"), ("versionid", "v1"),
    ("policyid", "p-0a1b2c3d"), ("policydocument", json.dumps({"Version": "2012-10-17", "Statement": []})),
    ("policy", json.dumps({"Version": "2012-10-17", "Statement": []})), ("document", json.dumps({"Version": "2012-10-17", "Statement": []})),
    ("content", json.dumps({"Version": "2012-10-17", "Statement": []})),
    ("date", "2026-07-14T09:00:00Z"), ("time", "2026-07-14T09:00:00Z"),
    ("accesskeyid", "ASIAIOSFODNN7EXAMPLE"), ("homeregion", REGION), ("region", REGION),
]
# Whatever else is of a pattern.
OTHERS = ["x", "mine", UUID, "1", "v1", "x" * 40, f"arn:aws:service:{REGION}:{ACCOUNT}:thing/x", f"arn:aws:iam::{ACCOUNT}:role/mine", "mine@example.com", "p-0a1b2c3d",
          "r-ab12", "arn:aws:sso:::instance/ssoins-7223b02c5f6a1e9d",
          f"arn:aws:sqs:{REGION}:{ACCOUNT}:mine", "i-0a1b2c3d4e5f60718", "2026-07-14T09:00:00Z"]


def glue_UpdateDevEndpoint(models, asked):
    """Adds and deletes keys one by one."""
    had = models.put.setdefault("glue", {}).get("publickeys", STATES["glue"]["PublicKeys"])
    models.put["glue"]["publickeys"] = [key for key in had if key not in asked.get("DeletePublicKeys", [])] + asked.get("AddPublicKeys", [])
    return {}


def lightsail_UpdateContainerService(models, asked):
    """Switches a service off and on."""
    is_off = asked.get("isDisabled", False)
    models.put.setdefault("lightsail", {}).update({"isdisabled": is_off, "state": "DISABLED" if is_off else "RUNNING"})
    return {}


def lambda_UpdateEventSourceMapping(models, asked):
    """Its state is a word of its own."""
    models.put.setdefault("lambda", {})["state"] = "Enabled" if asked.get("Enabled") else "Disabled"
    return {}


def matches(pattern, value):
    """Whether a value is of a pattern, which is Java's."""
    pattern = pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF").replace("\\Q", "").replace("\\E", "")
    return regex.search(pattern, value) is not None


def text(name, pattern, least):
    """A text that looks like what its member is called, and is of its pattern."""
    lower = name.lower()
    guess = [value for ending, value in TEXTS if lower.endswith(ending)]
    for value in guess + OTHERS:
        if len(value) >= least and (pattern is None or matches(f"^(?:{pattern})$", value)):
            return value
    return "x"
