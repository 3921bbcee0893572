"""What of AWS's behaviour its descriptions don't say: which call ends what, what a thing shows after it, what is asked for in vain.

Tables by service and call, as AWS's documentation has them; knows nothing of triage.
"""

import json

from extras import Refused

ACCOUNT, REGION = "111122223333", "eu-west-3"
# On whatever bears tags.
TAG = ("team", "shop")
# Calls that change nothing and whose names don't say so.
READS = {"BatchGetBuilds", "BatchGetProjects", "BatchGetBuildBatches", "DescribeKeyPairs"}
# What a thing of many words is in, where nothing was said: alive and well.
WORDS = ("running", "RUNNING", "Running", "ACTIVE", "active", "Active", "ENABLED", "Enabled", "InService", "InProgress", "IN_PROGRESS", "available", "AVAILABLE",
         "SUCCEEDED", "SUCCESS", "Success", "Completed", "READY", "WAITING", "user", "NONE", "None")
KNOWN = {"accountid": ACCOUNT, "ownerid": ACCOUNT, "account": ACCOUNT, "region": REGION, "istruncated": False}
# What a service's things show before anybody does anything.
STATES = {
    "organizations": {"status": "ENABLED", "type": "SERVICE_CONTROL_POLICY"},
}
# What is shown after a call.
SHOWS = {
    ("apprunner", "PauseService"): {"Status": "PAUSED"},
    ("apprunner", "ResumeService"): {"Status": "RUNNING"},
    ("codebuild", "StopBuild"): {"buildStatus": "STOPPED", "buildComplete": True},
    ("codebuild", "StopBuildBatch"): {"buildBatchStatus": "STOPPED", "complete": True},
    ("glue", "StopTrigger"): {"State": "DEACTIVATED"},
    ("glue", "StartTrigger"): {"State": "ACTIVATED"},
    ("glue", "BatchStopJobRun"): {"JobRunState": "STOPPED"},
    ("glue", "StopSession"): {"Status": "STOPPED"},
    ("lightsail", "StopInstance"): {"name": "stopped"},
    ("lightsail", "StartInstance"): {"name": "running"},
    ("rolesanywhere", "DisableTrustAnchor"): {"enabled": False},
    ("rolesanywhere", "EnableTrustAnchor"): {"enabled": True},
    ("rolesanywhere", "DisableProfile"): {"enabled": False},
    ("rolesanywhere", "EnableProfile"): {"enabled": True},
}
# Calls that end a thing.
ENDS = {}
# Calls that make one.
BEGINS = {}
# What is asked for in vain when it is gone: (thing, code, status).
MISSING = {}
# Lists that are empty when it is gone: (thing, member).
EMPTY = {}


def text(name, above):
    """A text that looks like what its member is called."""
    lower = name.lower()
    if lower.endswith("arn"):
        return f"arn:aws:service:{REGION}:{ACCOUNT}:thing/x"
    if lower.endswith("account") or lower.endswith("accountid"):
        return ACCOUNT
    if lower.endswith("policydocument") or lower == "policy":
        return json.dumps({"Version": "2012-10-17", "Statement": []})
    if "date" in lower or lower.endswith("time"):
        return "2026-07-14T09:00:00Z"
    return "x"
