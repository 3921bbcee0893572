"""What all scripts of the live tests share: Google's Python client pointed at the stand-in, and the stand-in's own door."""

import json
import time
import urllib.error
import urllib.request

import google_auth_httplib2
import httplib2
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials as users
from google.oauth2 import service_account
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

THIEF, OWNERS, RESPONDER = "203.0.113.66", "198.51.100.7", "192.0.2.20"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
# Where the documents' own base path ends in something.
BASE = {"compute": "compute/v1/", "storage": "storage/v1/", "bigquery": "bigquery/v2/"}


def door(url, verb, asked=None):
    request = urllib.request.Request(f"{url}/_stand/{verb}", data=json.dumps(asked if asked is not None else {}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Actor:
    """Somebody with credentials, at an address."""

    def __init__(self, url, credentials, source, agent="google-api-python-client", quota=None):
        self.url, self.credentials, self.source, self.agent, self.quota, self.clients = url, credentials, source, agent, quota, {}

    @classmethod
    def of_key(cls, url, file, source, **more):
        return cls(url, service_account.Credentials.from_service_account_info(file, scopes=SCOPES), source, **more)

    @classmethod
    def of_user(cls, url, email, source, **more):
        adc = door(url, "user", {"email": email})
        held = users.Credentials(None, refresh_token=adc["refresh_token"], token_uri=adc["token_uri"], client_id=adc["client_id"],
                                 client_secret=adc["client_secret"], scopes=SCOPES)
        return cls(url, held, source, **more)

    @classmethod
    def of_token(cls, url, token, source, **more):
        return cls(url, users.Credentials(token), source, **more)

    def __call__(self, service, version="v1"):
        if (service, version) not in self.clients:
            actor = self

            class Request(HttpRequest):
                def __init__(self, *args, **kwargs):
                    super().__init__(*args, **kwargs)
                    self.headers |= {"X-Stand-Source": actor.source, "user-agent": actor.agent}
                    if actor.quota:
                        self.headers["X-Goog-User-Project"] = actor.quota

            http = google_auth_httplib2.AuthorizedHttp(self.credentials, http=httplib2.Http(timeout=60))
            self.clients[(service, version)] = discovery.build(
                service, version, http=http, static_discovery=True, cache_discovery=False, requestBuilder=Request,
                client_options={"api_endpoint": f"{self.url}/{service}/{BASE.get(service, '')}"})
        return self.clients[(service, version)]

    def become(self, email, delegates=(), **more):
        """Impersonates a service account."""
        got = self("iamcredentials").projects().serviceAccounts().generateAccessToken(
            name=f"projects/-/serviceAccounts/{email}", body={"scope": SCOPES, "delegates": [f"projects/-/serviceAccounts/{each}" for each in delegates]}).execute()
        return Actor.of_token(self.url, got["accessToken"], more.pop("source", self.source), **more)

    # -- small words ------------------------------------------------------------------------------------------------------------

    def done(self, project, operation):
        """Waits for a compute operation and returns it; one that failed is an error."""
        compute = self("compute")
        for _ in range(600):
            if operation["status"] == "DONE":
                break
            time.sleep(0.05)
            name = operation["name"]
            if "zone" in operation:
                operation = compute.zoneOperations().get(project=project, zone=operation["zone"].rsplit("/", 1)[-1], operation=name).execute()
            elif "region" in operation:
                operation = compute.regionOperations().get(project=project, region=operation["region"].rsplit("/", 1)[-1], operation=name).execute()
            else:
                operation = compute.globalOperations().get(project=project, operation=name).execute()
        if "error" in operation:
            raise RuntimeError(operation["error"])
        return operation

    def launch(self, project, zone, name, machine="e2-small", account=None, **more):
        """One machine; returns its number."""
        body = machine_of(project, zone, machine, account) | {"name": name} | more
        return self.done(project, self("compute").instances().insert(project=project, zone=zone, body=body).execute())["targetId"]

    def bind(self, api, resource, role, member, condition=None):
        """Adds one member to a policy, read-modify-write."""
        policy = api.getIamPolicy(resource=resource, body={"options": {"requestedPolicyVersion": 3}}).execute()
        binding = {"role": role, "members": [member]}
        if condition:
            binding["condition"] = condition
        policy.setdefault("bindings", []).append(binding)
        policy["version"] = 3
        return api.setIamPolicy(resource=resource, body={"policy": policy}).execute()


def machine_of(project, zone, machine, account=None):
    body = {
        "machineType": f"zones/{zone}/machineTypes/{machine}" if zone else machine, "labels": {"team": "shop"},
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12", "diskSizeGb": "10"}}],
        "networkInterfaces": [{"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}]}],
    }
    if account:
        body["serviceAccounts"] = [{"email": account, "scopes": SCOPES}]
    return body


def code(call):
    """The status that a request is refused with, and its message; 200 where it isn't, 401 where no token can be had."""
    try:
        call.execute()
        return 200, ""
    except HttpError as error:
        return error.resp.status, error.content.decode()
    except RefreshError as error:
        return 401, str(error)


__all__ = ["Actor", "HttpError", "OWNERS", "RESPONDER", "SCOPES", "THIEF", "code", "door", "machine_of", "urllib"]
