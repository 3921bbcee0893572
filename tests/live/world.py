"""What all scripts of the live tests share: clients through the front, and the front's own door."""

import json
import urllib.request

import boto3
from botocore.config import Config

THIEF, OWNERS, RESPONDER = "203.0.113.66", "198.51.100.7", "192.0.2.20"
# The account that a snapshot is shared with: nobody's here.
STRANGER = "999988887777"


def door(url, verb, asked=None):
    request = urllib.request.Request(f"{url}/_front/{verb}", data=json.dumps(asked if asked is not None else {}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Actor:
    """Somebody with credentials."""

    def __init__(self, url, keys, attempts=1):
        self.url, self.keys, self.attempts, self.clients = url, keys, attempts, {}

    @property
    def id(self):
        return self.keys["AccessKeyId"]

    def __call__(self, service, region="us-east-1"):
        if (service, region) not in self.clients:
            self.clients[(service, region)] = boto3.client(
                service, region_name=region, endpoint_url=self.url, aws_access_key_id=self.keys["AccessKeyId"],
                aws_secret_access_key=self.keys["SecretAccessKey"], aws_session_token=self.keys.get("SessionToken"),
                config=Config(retries={"total_max_attempts": self.attempts}, parameter_validation=True, read_timeout=60))
        return self.clients[(service, region)]

    def become(self, account, role, session, region="us-east-1"):
        got = self("sts", region).assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName=session)
        return Actor(self.url, plain(got["Credentials"]), self.attempts)


def plain(credentials):
    return {name: str(value) for name, value in credentials.items() if name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")}


def trust(*principals):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}]})


def service_trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})
