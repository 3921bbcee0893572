"""Who is asking, and may they: tokens and self-signed assertions, allow and deny policies, a table of roles.

A disabled account's tokens are refused at once; a disabled key's tokens live on until they expire.
"""

import base64
import fnmatch
import json
import time
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from errors import Refusal, denied, info

# Permissions of each role, `*` within a word group; what starts with `!` is taken out again.
OWNER = ["*", "!resourcemanager.organizations.*", "!resourcemanager.folders.*", "!iam.denypolicies.*", "!iam.serviceAccounts.getAccessToken",
         "!iam.serviceAccounts.signJwt", "!iam.serviceAccounts.signBlob", "!iam.serviceAccounts.implicitDelegation", "!billing.*"]
EDITOR = OWNER + ["!*.setIamPolicy", "!iam.roles.*", "!logging.sinks.*", "!logging.privateLogEntries.*", "!resourcemanager.projects.delete",
                  "logging.sinks.get", "logging.sinks.list", "!resourcemanager.projects.create"]
VIEWER = ["*.get", "*.list", "*.getIamPolicy", "*.search*", "logging.views.access", "cloudasset.assets.*", "*.query", "compute.*.list*",
          "!logging.privateLogEntries.*", "!resourcemanager.organizations.*", "!resourcemanager.folders.*", "!apikeys.keys.getKeyString"]
TREE = ["resourcemanager.projects.*", "resourcemanager.folders.*", "resourcemanager.organizations.*"]
ROLES = {
    "roles/owner": OWNER, "roles/editor": EDITOR, "roles/viewer": VIEWER,
    "roles/browser": ["resourcemanager.*.get", "resourcemanager.*.list", "resourcemanager.*.getIamPolicy"],
    "roles/logging.viewer": ["logging.*.list", "logging.*.get", "logging.views.access", "!logging.privateLogEntries.*"],
    "roles/logging.privateLogViewer": ["logging.*.list", "logging.*.get", "logging.views.access", "logging.privateLogEntries.list"],
    "roles/logging.admin": ["logging.*"], "roles/logging.configWriter": ["logging.sinks.*", "logging.exclusions.*", "logging.buckets.*"],
    "roles/iam.serviceAccountTokenCreator": ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.signJwt",
                                             "iam.serviceAccounts.signBlob", "iam.serviceAccounts.implicitDelegation", "iam.serviceAccounts.get",
                                             "iam.serviceAccounts.list"],
    "roles/iam.serviceAccountUser": ["iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"],
    "roles/iam.serviceAccountAdmin": ["iam.serviceAccounts.*", "!iam.serviceAccounts.getAccessToken", "!iam.serviceAccounts.actAs",
                                      "!iam.serviceAccounts.implicitDelegation", "!iam.serviceAccounts.sign*"],
    "roles/iam.serviceAccountKeyAdmin": ["iam.serviceAccountKeys.*", "iam.serviceAccounts.get", "iam.serviceAccounts.list"],
    "roles/iam.securityReviewer": ["*.list", "*.getIamPolicy", "iam.roles.get"], "roles/iam.securityAdmin": ["*.getIamPolicy", "*.setIamPolicy", "iam.roles.*"],
    "roles/iam.denyAdmin": ["iam.denypolicies.*"], "roles/iam.organizationRoleAdmin": ["iam.roles.*"],
    "roles/iam.workloadIdentityPoolAdmin": ["iam.workloadIdentityPools.*", "iam.workloadIdentityPoolProviders.*"],
    "roles/compute.admin": ["compute.*"], "roles/compute.viewer": ["compute.*.get", "compute.*.list", "compute.*.getIamPolicy"],
    "roles/compute.instanceAdmin.v1": ["compute.instances.*", "compute.disks.*", "compute.instanceGroupManagers.*", "compute.instanceGroups.*",
                                       "compute.instanceTemplates.*", "compute.autoscalers.*", "compute.*Operations.*", "compute.*.list", "compute.*.get",
                                       "compute.subnetworks.use*"],
    "roles/resourcemanager.organizationAdmin": TREE[2:] + ["resourcemanager.folders.*IamPolicy", "resourcemanager.projects.*IamPolicy",
                                                           "resourcemanager.*.get", "resourcemanager.*.list"],
    "roles/resourcemanager.organizationViewer": ["resourcemanager.organizations.get"],
    "roles/resourcemanager.folderAdmin": TREE[:2], "roles/resourcemanager.projectIamAdmin": ["resourcemanager.projects.*IamPolicy", "resourcemanager.projects.get"],
    "roles/resourcemanager.projectCreator": ["resourcemanager.projects.create", "resourcemanager.organizations.get"],
    "roles/resourcemanager.projectDeleter": ["resourcemanager.projects.delete"], "roles/resourcemanager.lienModifier": ["resourcemanager.projects.updateLiens"],
    "roles/cloudasset.viewer": ["cloudasset.assets.*"], "roles/policyanalyzer.activityAnalysisViewer": ["policyanalyzer.*"],
    "roles/serviceusage.serviceUsageConsumer": ["serviceusage.services.use", "serviceusage.services.get", "serviceusage.services.list"],
    "roles/serviceusage.serviceUsageAdmin": ["serviceusage.*"], "roles/billing.viewer": ["billing.*.get", "billing.*.list", "billing.*.getIamPolicy"],
    "roles/billing.admin": ["billing.*"], "roles/storage.admin": ["storage.*"], "roles/storage.objectViewer": ["storage.objects.get", "storage.objects.list"],
    "roles/run.admin": ["run.*"], "roles/run.invoker": ["run.routes.invoke"], "roles/container.admin": ["container.*"],
    "roles/cloudfunctions.admin": ["cloudfunctions.*"], "roles/cloudsql.admin": ["cloudsql.*"], "roles/bigquery.admin": ["bigquery.*"],
    "roles/orgpolicy.policyViewer": ["orgpolicy.*.get", "orgpolicy.*.list"], "roles/apikeys.admin": ["apikeys.*"],
}
# The first word of a permission is not always the service's name.
HOST_OF = {"resourcemanager": "cloudresourcemanager", "billing": "cloudbilling", "cloudsql": "cloudsql"}
MAX_LIFE = 3600


@dataclass
class Who:
    """Somebody who is signed in, and how they came to be."""

    email: str
    kind: str = "serviceAccount"
    key: str | None = None
    via: list = field(default_factory=list)
    subject: str | None = None
    expires: float = 0.0
    born: float = 0.0

    @property
    def member(self):
        return f"{self.kind}:{self.email}"

    @property
    def name(self):
        """As deny policies name them."""
        return f"principal://iam.googleapis.com/projects/-/serviceAccounts/{self.email}" if self.kind == "serviceAccount" else f"principal://goog/subject/{self.email}"


def unauthenticated(reason="ACCESS_TOKEN_EXPIRED", service="iam"):
    return Refusal(401, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication "
                   "credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", reason="authError",
                   details=[info(reason, "googleapis.com", service=f"{service}.googleapis.com")])


def matches(permission, patterns):
    held = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if fnmatch.fnmatchcase(permission, pattern.lstrip("!")):
            held = wanted
    return held


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Access:
    def __init__(self, world):
        self.world = world
        # How long a token of the token endpoint lives, and whether every token minted before was cut off.
        self.life, self.users = MAX_LIFE, {}

    # -- signing in ---------------------------------------------------------------------------------------------------------

    def mint(self, who, life=None):
        life = life or self.life
        token = "ya29.c." + base64.urlsafe_b64encode(self.world.random.randbytes(60)).decode().rstrip("=")
        who.born, who.expires = time.time(), time.time() + life
        self.world.tokens[token] = who
        return token, life

    def assertion(self, text, exchange):
        """The account that signed a JWT with one of its keys; `exchange` says that it is traded for a token, not used itself."""
        try:
            head, claims, signature = text.split(".")
            header, said = json.loads(unpack(head)), json.loads(unpack(claims))
            email, id = said["iss"], header["kid"]
            if header["alg"] != "RS256":
                raise ValueError(header["alg"])
        except (ValueError, KeyError, TypeError):
            raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED") from None
        account, key = self.world.accounts.get(email), self.world.keys.get((email, id))
        if not account or not key or key.get("disabled") or account.get("disabled"):
            raise unauthenticated("ACCOUNT_STATE_INVALID" if account and account.get("disabled") else "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        pem = key["_public"].encode()
        public = x509.load_pem_x509_certificate(pem).public_key() if b"BEGIN CERTIFICATE" in pem else serialization.load_pem_public_key(pem)
        try:
            public.verify(unpack(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise unauthenticated("CREDENTIALS_INVALID") from None
        now = time.time()
        # An hour at most; Google's own clients date the beginning back for clocks that are off.
        if not said.get("iat", 0) - 300 <= now < said.get("exp", 0) or said.get("exp", 0) - said.get("iat", 0) > 3600 + 300:
            raise unauthenticated("ACCESS_TOKEN_EXPIRED")
        if not exchange and not said.get("scope") and not said.get("aud"):
            raise unauthenticated("ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        self.world.activity[("key", email, id)] = self.world.activity[("account", email)] = self.world.now()
        return Who(email, key=f"//iam.googleapis.com/projects/{account['projectId']}/serviceAccounts/{email}/keys/{id}", expires=said["exp"], born=said["iat"])

    def sign_in(self, header, service):
        """Who an authorization header is."""
        kind, _, token = (header or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refusal(401, "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
                          "authentication credential.", reason="required", details=[info("CREDENTIALS_MISSING", "googleapis.com", service=f"{service}.googleapis.com")])
        if token.count(".") == 2 and not token.startswith("ya29."):
            return self.assertion(token, False)
        who = self.world.tokens.get(token)
        if who is None or time.time() >= who.expires:
            raise unauthenticated("ACCESS_TOKEN_EXPIRED", service)
        if who.kind == "serviceAccount":
            account = self.world.accounts.get(who.email)
            if account is None or account.get("disabled"):
                raise unauthenticated("ACCOUNT_STATE_INVALID", service)
            self.world.activity[("account", who.email)] = self.world.now()
        return who

    # -- being allowed ------------------------------------------------------------------------------------------------------

    def permissions(self, role):
        if role in self.world.roles:
            held = self.world.roles[role]
            return [] if held.get("deleted") else held.get("includedPermissions", [])
        return ROLES.get(role, [])

    def holds(self, who, permission, keys):
        """Whether an allow policy of the chain grants it and no deny policy takes it away."""
        service, _, rest = permission.partition(".")
        name = f"{HOST_OF.get(service, service)}.googleapis.com/{rest}"
        for key in keys:
            for policy in self.world.deny.get(key, {}).values():
                for rule in policy.get("rules", []):
                    deny = rule.get("denyRule", {})
                    if not any(fnmatch.fnmatchcase(name, pattern) for pattern in deny.get("deniedPermissions", [])):
                        continue
                    if any(fnmatch.fnmatchcase(name, pattern) for pattern in deny.get("exceptionPermissions", [])):
                        continue
                    everybody = {who.name, "principalSet://goog/public:all"}
                    if everybody & set(deny.get("deniedPrincipals", [])) and who.name not in deny.get("exceptionPrincipals", []):
                        return False
        return any(self.grants(who, permission, key) for key in keys)

    def grants(self, who, permission, key):
        members = {who.member, "allAuthenticatedUsers", "allUsers"}
        if who.subject:
            members.add(who.subject)
        for binding in self.world.policies.get(key, {}).get("bindings", []):
            if not members & set(binding["members"]) or not met(binding.get("condition"), self.world):
                continue
            if matches(permission, self.permissions(binding["role"])):
                return True
        return False

    def need(self, who, permission, keys, service="iam"):
        if permission and not self.holds(who, permission, keys):
            raise denied(permission, keys[0], service)


def met(condition, world):
    """The one kind of condition that is evaluated: until a time. Any other is taken as met."""
    if not condition:
        return True
    text = condition.get("expression", "")
    if text.startswith("request.time < timestamp("):
        return world.stamp() < text.split('"')[1]
    return True
