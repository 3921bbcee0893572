"""CloudTrail from the calls that were really made: writes the record of each call, and answers LookupEvents.

Late delivery, the two requests a second, pages of fifty and the one attribute are CloudTrail's, not ours.
"""

import base64
import hashlib
import json
import re
import threading
import time
import uuid
from datetime import datetime, timezone

import translate
from access import stamp

GLOBAL = {"iam", "organizations", "account", "cloudfront", "route53", "support", "sso-directory"}
DATA = {("s3", "GetObject"), ("s3", "PutObject"), ("s3", "DeleteObject"), ("s3", "DeleteObjects"), ("s3", "HeadObject"), ("s3", "ListObjects"),
        ("s3", "ListObjectsV2"), ("s3", "HeadBucket"), ("lambda", "Invoke"), ("sns", "Publish"), ("sqs", "SendMessage"), ("sqs", "ReceiveMessage")}
READS = re.compile("(Get|List|Describe|Lookup|BatchGet|Head|Search|Simulate|Generate(Credential|Service)|AssumeRole|GetSession)")
TELLS = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetSessionToken", "GetFederationToken"}
# Members that CloudTrail indexes as resources.
TYPES = {"instanceId": "AWS::EC2::Instance", "groupId": "AWS::EC2::SecurityGroup", "groupName": "AWS::EC2::SecurityGroup", "imageId": "AWS::EC2::Ami",
         "snapshotId": "AWS::EC2::Snapshot", "volumeId": "AWS::EC2::Volume", "vpcId": "AWS::EC2::VPC", "subnetId": "AWS::EC2::Subnet",
         "networkInterfaceId": "AWS::EC2::NetworkInterface", "keyName": "AWS::EC2::KeyPair", "userName": "AWS::IAM::User", "roleName": "AWS::IAM::Role",
         "roleArn": "AWS::IAM::Role", "policyArn": "AWS::IAM::Policy", "policyName": "AWS::IAM::Policy", "accessKeyId": "AWS::IAM::AccessKey",
         "assumedRoleId": "AWS::STS::AssumedRole", "functionName": "AWS::Lambda::Function", "bucketName": "AWS::S3::Bucket",
         "autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup", "launchTemplateId": "AWS::EC2::LaunchTemplate",
         "instanceProfileName": "AWS::IAM::InstanceProfile"}
VERSIONED = {"AddPermission": "20150331v2", "RemovePermission": "20150331v2", "UpdateFunctionCode": "20150331v2", "UpdateFunctionConfiguration": "20150331v2",
             "GetFunction": "20150331v2", "GetPolicy": "20150331v2", "GetFunctionConfiguration": "20150331v2"}


# What S3 calls otherwise in a record than in its API.
S3_NAMES = {"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
            "PutBucketLifecycleConfiguration": "PutBucketLifecycle"}


def event_name(call):
    if call.service == "s3":
        return S3_NAMES.get(call.operation, call.operation)
    if call.service == "lambda":
        version = re.match(r"/(2015-03-31|2017-10-31)/", call.path)
        if version:
            return call.operation + VERSIONED.get(call.operation, version.group(1).replace("-", ""))
    return call.operation


class Trail:
    def __init__(self, clock):
        self.clock, self.lock = clock, threading.Lock()
        self.records, self.buckets, self.delay = [], {}, 0

    # -- writing ------------------------------------------------------------------------------------------------------------

    def write(self, call, who, status, answer, body, source, agent, asked):
        """Keeps the record of a call; `who` made it with `call.key`, `answer` is the answer or its error."""
        if (call.service, call.operation) in DATA or not call.operation:
            return
        error = (answer or {}).get("Error") if status >= 400 else None
        reads = bool(READS.match(call.operation))
        region = "us-east-1" if call.signed_for in GLOBAL else call.region
        record = {
            "eventVersion": "1.11", "userIdentity": who.told(call.key) if who else {"type": "Unknown"}, "eventTime": stamp(self.clock()),
            "eventSource": f"{call.signed_for}.amazonaws.com", "eventName": event_name(call), "awsRegion": region,
            "sourceIPAddress": source, "userAgent": agent, "requestParameters": self._asked(call, asked),
            "responseElements": None if error else self._answered(call, answer, body, reads),
            "requestID": str(uuid.uuid4()), "eventID": str(uuid.uuid4()), "readOnly": reads, "eventType": "AwsApiCall",
            "managementEvent": True, "recipientAccountId": who.account if who else None, "eventCategory": "Management",
            "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                           "clientProvidedHostHeader": f"{call.signed_for}.{call.region}.amazonaws.com"},
        }
        if call.service == "sts":
            record["additionalEventData"] = {"RequestDetails": {"awsServingRegion": region, "endpointType": "regional"}}
        if error:
            code = error.get("Code", "InternalFailure")
            record["errorCode"] = f"Client.{code}" if call.service == "ec2" else code.removesuffix("Exception") if "Denied" in code else code
            record["errorMessage"] = error.get("Message", "")
            if call.operation == "AssumeRole":
                record["requestParameters"] = None
        elif call.operation == "AssumeRole":
            target = asked["RoleArn"].split(":")[4]
            record["resources"] = [{"accountId": target, "type": "AWS::IAM::Role", "ARN": asked["RoleArn"]}]
            if target != who.account:
                record["sharedEventID"] = str(uuid.uuid4())
                self._keep(target, region, {
                    **record, "eventID": str(uuid.uuid4()), "recipientAccountId": target,
                    "userIdentity": {"type": "AWSAccount", "principalId": who.principal_id, "accountId": who.account},
                })
        self._keep(who.account if who else "", region, record)

    def write_service(self, account, region, service, record):
        """A call that a service made for itself, say a launch of a scaling group."""
        base = {"eventVersion": "1.11", "eventTime": stamp(self.clock()), "awsRegion": region, "sourceIPAddress": service, "userAgent": service,
                "requestID": str(uuid.uuid4()), "eventID": str(uuid.uuid4()), "readOnly": False, "eventType": "AwsApiCall",
                "managementEvent": True, "recipientAccountId": account, "eventCategory": "Management"}
        self._keep(account, region, {**base, **record})

    def _keep(self, account, region, record):
        with self.lock:
            self.records.append((time.monotonic() + self.delay, account, region, record, resources(record)))

    def _asked(self, call, asked):
        if call.service == "ec2":
            return translate.asked_of_ec2(call.operation, call.form) or None
        told = translate.told(asked or {}, call.service)
        if call.service == "s3" and "bucket" in told:
            told["bucketName"] = told.pop("bucket")
            if call.operation == "PutBucketPolicy":
                told |= {"policy": "", "bucketPolicy": json.loads(asked["Policy"])}
            if call.operation == "PutBucketAcl" and asked.get("ACL"):
                told |= {"acl": [""], "x-amz-acl": [asked["ACL"]]}
            if call.operation == "PutPublicAccessBlock":
                told |= {"publicAccessBlock": [""], "PublicAccessBlockConfiguration": asked["PublicAccessBlockConfiguration"]}
        return told or None

    def _answered(self, call, answer, body, reads):
        if (reads and call.operation not in TELLS) or call.service == "s3":
            return None
        if call.service == "ec2":
            return translate.answered_by_ec2(call.operation, body)
        return translate.told(answer or {}, call.service) or None

    # -- LookupEvents -------------------------------------------------------------------------------------------------------

    def take(self, account, region):
        """Two requests a second for each account and region, and no more than two at once."""
        with self.lock:
            now = time.monotonic()
            left, at = self.buckets.get((account, region), (2.0, now))
            left = min(2.0, left + (now - at) * 2.0)
            self.buckets[(account, region)] = (left - 1 if left >= 1 else left, now)
            return left >= 1

    def lookup(self, account, region, asked):
        """An answer of LookupEvents, or (code, message)."""
        attributes = asked.get("LookupAttributes") or []
        if len(attributes) > 1:
            return None, ("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
        most = asked.get("MaxResults", 50)
        if not 1 <= most <= 50:
            return None, ("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
        since, until = moment(asked.get("StartTime")), moment(asked.get("EndTime"))
        if since and until and since > until:
            return None, ("InvalidTimeRangeException", "The start time is after the end time.")
        same = hashlib.sha256(json.dumps([account, region, attributes, str(since), str(until)]).encode()).hexdigest()[:16]
        start, known = 0, None
        if asked.get("NextToken"):
            try:
                start, known, bound = json.loads(base64.b64decode(asked["NextToken"]))
            except Exception:
                bound = None
            if bound != same:
                return None, ("InvalidNextTokenException", "The token does not belong to these parameters.")
        with self.lock:
            known = known or len(self.records)
            hits = [
                (record, found) for due, owner, place, record, found in self.records[:known]
                if owner == account and place == region and due <= time.monotonic() and wanted(record, found, attributes)
                and (not since or instant(record) >= since) and (not until or instant(record) <= until)
            ]
        hits.reverse()
        hits.sort(key=lambda hit: hit[0]["eventTime"], reverse=True)
        page = {"Events": [told(*hit) for hit in hits[start:start + most]]}
        if start + most < len(hits):
            page["NextToken"] = base64.b64encode(json.dumps([start + most, known, same]).encode()).decode()
        return page, None


def moment(value):
    if value is None:
        return None
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def instant(record):
    return datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00"))


def username(record):
    who = record["userIdentity"]
    if who["type"] == "Root":
        return "root"
    return who["arn"].rsplit("/", 1)[-1] if "arn" in who else who.get("userName")


def wanted(record, found, attributes):
    if not attributes:
        return True
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key == "ResourceName":
        return any(name == value for _, name in found)
    if key == "ResourceType":
        return any(kind == value for kind, _ in found)
    have = {"EventId": record["eventID"], "EventName": record["eventName"], "EventSource": record["eventSource"], "Username": username(record),
            "ReadOnly": str(record["readOnly"]).lower(), "AccessKeyId": record["userIdentity"].get("accessKeyId")}
    return have[key] == value


def told(record, found):
    event = {"EventId": record["eventID"], "EventName": record["eventName"], "ReadOnly": str(record["readOnly"]).lower(),
             "EventTime": instant(record).replace(tzinfo=None), "EventSource": record["eventSource"],
             "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in found], "CloudTrailEvent": json.dumps(record)}
    for name, value in (("AccessKeyId", record["userIdentity"].get("accessKeyId")), ("Username", username(record))):
        if value:
            event[name] = value
    return event


def resources(record):
    found = set()

    def walk(node):
        if isinstance(node, dict):
            for name, inner in node.items():
                lower = translate.lower_first(name)
                if isinstance(inner, str) and lower in TYPES:
                    found.add((TYPES[lower], inner))
                elif lower == "arn" and isinstance(inner, str) and ":assumed-role/" in inner:
                    found.add(("AWS::STS::AssumedRole", inner))
                elif lower == "name" and isinstance(inner, str) and record["eventSource"].startswith("cloudtrail"):
                    found.add(("AWS::CloudTrail::Trail", inner))
                elif lower == "roleSessionName":
                    found.add(("AWS::STS::AssumedRole", inner))
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(record.get("requestParameters"))
    walk(record.get("responseElements"))
    return sorted(found)
