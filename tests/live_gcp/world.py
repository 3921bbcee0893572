"""What stands: organization, folders, projects, policies, accounts and keys, and a clock that can be set back to tell a history."""

import base64
import copy
import hashlib
import random
import re
import threading
import uuid
from datetime import datetime, timedelta, timezone

from errors import Refusal, missing, stale

REGIONS = {
    "us-central1": "abcf", "us-east1": "bcd", "us-west1": "abc", "europe-west1": "bcd", "europe-west4": "abc", "asia-east1": "abc",
    "asia-southeast1": "abc", "southamerica-east1": "abc",
}
ZONES = [f"{region}-{letter}" for region, letters in REGIONS.items() for letter in letters]
MEMBER = re.compile(r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain|projectOwner|projectEditor|projectViewer|principal|"
                    r"principalSet|deleted):.+")
DEFAULT_SERVICES = ["compute", "iam", "iamcredentials", "logging", "storage", "cloudresourcemanager", "serviceusage", "bigquery", "cloudasset",
                    "policyanalyzer", "cloudbilling", "apikeys", "orgpolicy", "essentialcontacts", "oslogin"]
# What changes by itself and isn't what anybody set: an exact undo is measured without it.
VOLATILE = {"etag", "fingerprint", "labelFingerprint", "natIP", "lastStartTimestamp", "lastStopTimestamp", "lastSuspendedTimestamp", "updateTime",
            "updated", "metageneration", "satisfiesPzs", "operations", "currentActions", "statusDetails", "latestCreatedRevision", "writerIdentity"}


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class World:
    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.offset, self.random = timedelta(), random.Random(4821)
        self.organizations, self.folders, self.projects, self.liens = {}, {}, {}, {}
        self.policies, self.roles, self.deny = {}, {}, {}
        self.accounts, self.keys, self.gone, self.hmac, self.tokens = {}, {}, {}, {}, {}
        self.compute, self.resources, self.activity = {}, {}, {}
        self.org_policies = {}

    # -- time and numbers ---------------------------------------------------------------------------------------------------

    def now(self):
        return datetime.now(timezone.utc) + self.offset

    def stamp(self):
        return stamp(self.now())

    def number(self, digits=19):
        return str(self.random.randint(10 ** (digits - 1), 9 * 10 ** (digits - 1)))

    def etag(self):
        return base64.b64encode(self.random.randbytes(6)).decode()

    def fingerprint(self):
        """Compute's: in the alphabet that URLs can hold."""
        return base64.urlsafe_b64encode(self.random.randbytes(6)).decode()

    def uuid(self):
        return str(uuid.UUID(bytes=self.random.randbytes(16), version=4))

    # -- the tree -----------------------------------------------------------------------------------------------------------

    def organization(self, number, domain):
        self.organizations[number] = {"name": f"organizations/{number}", "displayName": domain, "state": "ACTIVE", "createTime": self.stamp(),
                                      "directoryCustomerId": "C0example"}
        return self.organizations[number]

    def folder(self, number, parent, title):
        now = self.stamp()
        self.folders[number] = {"name": f"folders/{number}", "parent": parent, "displayName": title, "state": "ACTIVE", "createTime": now, "updateTime": now}
        return self.folders[number]

    def project(self, id, parent, number=None, title=None):
        number = number or self.number(12)
        now = self.stamp()
        self.projects[id] = {"name": f"projects/{number}", "projectId": id, "parent": parent, "displayName": title or id, "state": "ACTIVE",
                             "createTime": now, "updateTime": now, "_number": number, "_services": set(DEFAULT_SERVICES), "_billing": None}
        for email in (f"{number}-compute@developer.gserviceaccount.com", f"{id}@appspot.gserviceaccount.com"):
            self.account(id, email, "Default service account")
        return self.projects[id]

    def find_project(self, given):
        """A project by id, number or `projects/…`; without it the caller must not learn whether it exists."""
        given = given.removeprefix("projects/")
        for id, project in self.projects.items():
            if given in (id, project["_number"]):
                return id
        raise Refusal(403, f"Permission denied on resource project {given}.", status="PERMISSION_DENIED", reason="forbidden")

    def ancestors(self, key):
        """The key and everything above it, as `projects/id`, `folders/n`, `organizations/n`."""
        found = [key]
        while True:
            kind, _, id = key.partition("/")
            if kind == "projects" and id in self.projects:
                key = self.projects[id]["parent"]
            elif kind == "folders" and id in self.folders:
                key = self.folders[id]["parent"]
            else:
                return found
            if not key:
                return found
            found.append(key)

    # -- policies -----------------------------------------------------------------------------------------------------------

    def policy(self, key):
        return self.policies.setdefault(key, {"bindings": [], "etag": "ACAB"})

    def shown_policy(self, key, version):
        policy = copy.deepcopy(self.policy(key))
        conditional = any("condition" in binding for binding in policy["bindings"])
        if conditional and version < 3:
            # Who does not ask for version 3 sees a role that isn't one, and no condition.
            for binding in policy["bindings"]:
                if "condition" in binding:
                    told = hashlib.sha256(binding.pop("condition")["title"].encode()).hexdigest()[:20]
                    binding["role"] += f"_withcond_{told}"
        policy["version"] = 3 if conditional and version >= 3 else 1
        if not policy["bindings"]:
            del policy["bindings"]
        return policy

    def set_policy(self, key, wanted, mask=None):
        """Replaces a policy as Google does; returns (what stood, what stands)."""
        before = self.policy(key)
        if wanted.get("etag") and wanted["etag"] != before["etag"]:
            raise stale()
        bindings = []
        for binding in wanted.get("bindings", []):
            role, members = binding.get("role", ""), binding.get("members", [])
            if not re.fullmatch(r"roles/[\w.]+|(projects|organizations)/[^/]+/roles/[\w.]+", role) or "_withcond_" in role:
                raise Refusal(400, f"Role {role} is not supported for this resource.")
            for member in members:
                self.check_member(member)
            if binding.get("condition"):
                if wanted.get("version") != 3:
                    raise Refusal(400, "Version 3 is required to set a policy with conditions.")
                if not binding["condition"].get("expression"):
                    raise Refusal(400, "The condition has no expression.")
            elif "condition" in binding:
                binding = {name: value for name, value in binding.items() if name != "condition"}
            if members:
                bindings.append({**binding, "members": sorted(set(members))})
        merged = {}
        for binding in bindings:
            at = (binding["role"], repr(binding.get("condition")))
            merged.setdefault(at, {**binding, "members": []})["members"] += binding["members"]
        after = {"bindings": sorted(({**each, "members": sorted(set(each["members"]))} for each in merged.values()),
                                    key=lambda each: (each["role"], repr(each.get("condition")))), "etag": self.etag()}
        fields = [] if mask is None else [field.strip() for field in mask.split(",")]
        audit = wanted.get("auditConfigs") if "auditConfigs" in fields else before.get("auditConfigs")
        if audit:
            after["auditConfigs"] = audit
        self.policies[key] = after
        return before, after

    def check_member(self, member):
        if not MEMBER.fullmatch(member):
            raise Refusal(400, f"The member {member} is of an unknown type. Please set a valid type prefix for the member.")
        kind, _, email = member.partition(":")
        if kind == "serviceAccount" and email.endswith(".iam.gserviceaccount.com") and not email.startswith("service-"):
            if email.split("@")[1].split(".")[0] in self.projects and email not in self.accounts:
                raise Refusal(400, f"Service account {email} does not exist.")

    # -- service accounts ---------------------------------------------------------------------------------------------------

    def account(self, project, email, title=""):
        number = self.number(21)
        self.accounts[email] = {"name": f"projects/{project}/serviceAccounts/{email}", "projectId": project, "uniqueId": number, "email": email,
                                "displayName": title, "oauth2ClientId": number, "etag": self.etag(), "_created": self.stamp()}
        return self.accounts[email]

    def find_account(self, name):
        """By `projects/{id|-}/serviceAccounts/{email|uniqueId}`."""
        parts = name.split("/")
        given = parts[3] if len(parts) > 3 else name
        for email, account in self.accounts.items():
            if given in (email, account["uniqueId"]) and (len(parts) < 4 or parts[1] in ("-", account["projectId"], self.number_of(account["projectId"]))):
                return email
        raise Refusal(404, f"Unknown service account: {given}", status="NOT_FOUND")

    def number_of(self, project):
        return self.projects[project]["_number"]

    # -- all of it ----------------------------------------------------------------------------------------------------------

    def pack(self):
        """Everything that somebody set, without what changes by itself: for comparing before and after."""
        return full({
            "projects": self.projects, "folders": self.folders, "liens": self.liens, "policies": {
                key: policy for key, policy in self.policies.items() if policy["bindings"] or policy.get("auditConfigs")},
            "roles": self.roles, "deny": self.deny, "accounts": self.accounts,
            "keys": {f"{email}/{id}": key for (email, id), key in self.keys.items()}, "hmac": self.hmac, "compute": self.compute,
            "resources": self.resources, "org_policies": self.org_policies,
        })


def full(state):
    """The parts of a state, without places where nothing is."""
    state = plain(state)
    for project, scopes in list(state["compute"].items()):
        for scope in list(scopes):
            scopes[scope] = {collection: things for collection, things in scopes[scope].items() if things}
        state["compute"][project] = {scope: held for scope, held in scopes.items() if held}
    state["resources"] = {service: things for service, things in state["resources"].items() if things}
    return state


def plain(node):
    if isinstance(node, dict):
        return {str(name): plain(value) for name, value in node.items()
                if name not in VOLATILE and not (str(name).startswith("_") and name not in ("_services", "_billing", "_members", "_stopped"))}
    if isinstance(node, (set, frozenset)):
        return sorted(node)
    if isinstance(node, (list, tuple)):
        return [plain(item) for item in node]
    return node


__all__ = ["MEMBER", "REGIONS", "World", "ZONES", "missing", "plain", "stamp"]
