"""Service accounts and their keys, roles, deny policies, tokens made for others."""

import base64
import copy
import datetime as dt
import json
import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import audit
from access import MAX_LIFE, ROLES, Who, matches
from call import on
from errors import Refusal, denied

EVER = "9999-12-31T23:59:59Z"


def public(account):
    return {name: copy.deepcopy(value) for name, value in account.items() if not name.startswith("_")}


def named(email, call):
    account = call.world.accounts[email]
    return {"resource": "service_account", "labels": {"email_id": email, "unique_id": account["uniqueId"], "project_id": account["projectId"]},
            "name": f"projects/-/serviceAccounts/{account['uniqueId']}"}


def admin(call, method, **more):
    call.tell(method=f"google.iam.admin.v1.{method}", service="iam.googleapis.com",
              request={"@type": f"type.googleapis.com/google.iam.admin.v1.{method}Request",
                       **audit.snake({name: value for name, value in {**call.params, **(call.body or {})}.items() if name not in ("privateKeyData", "publicKeyData")})}, **more)


def found(call, permission, method, name=None):
    """The account that a path names; who may not see it can't tell whether it is there."""
    given = name or call.get("name") or call["resource"]
    try:
        email = call.world.find_account(given)
    except Refusal:
        project = given.split("/")[1]
        if project == "-":
            raise
        id = call.world.find_project(project)
        call.need(permission, f"projects/{id}")
        raise
    account = call.world.accounts[email]
    admin(call, method, **named(email, call))
    key = f"projects/{account['projectId']}/serviceAccounts/{email}"
    call.need(permission, key, on=f"projects/-/serviceAccounts/{account['uniqueId']}")
    return email, account, key


@on("iam.projects.serviceAccounts.create")
def create(call):
    project = call.world.find_project(call["name"])
    call.enabled(project)
    admin(call, "CreateServiceAccount", name=f"projects/{project}")
    call.need("iam.serviceAccounts.create", f"projects/{project}")
    id = call.body.get("accountId", "")
    if not re.fullmatch(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", id):
        raise Refusal(400, f"Invalid service account ID: {id}")
    email = f"{id}@{project}.iam.gserviceaccount.com"
    if email in call.world.accounts:
        raise Refusal(409, f"Service account {id} already exists within project projects/{project}.", status="ALREADY_EXISTS")
    account = call.world.account(project, email)
    account |= {name: value for name, value in (call.body.get("serviceAccount") or {}).items() if name in ("displayName", "description")}
    told = named(email, call)
    admin(call, "CreateServiceAccount", name=f"projects/{project}", resource="service_account", labels=told["labels"],
          response={"@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccount", **audit.snake(public(account))})
    return public(account)


@on("iam.projects.serviceAccounts.get")
def get(call):
    return public(found(call, "iam.serviceAccounts.get", "GetServiceAccount")[1])


@on("iam.projects.serviceAccounts.list")
def listed(call):
    project = call.world.find_project(call["name"])
    call.enabled(project)
    admin(call, "ListServiceAccounts", name=f"projects/{project}")
    call.need("iam.serviceAccounts.list", f"projects/{project}")
    rows = [public(account) for account in call.world.accounts.values() if account["projectId"] == project]
    return call.stand.paged(call, "accounts", rows, 100)


@on("iam.projects.serviceAccounts.patch")
def patch(call):
    _, account, _ = found(call, "iam.serviceAccounts.update", "UpdateServiceAccount")
    account |= {name: value for name, value in (call.body.get("serviceAccount") or {}).items() if name in ("displayName", "description")}
    return public(account)


def switched(call, verb, method, off):
    _, account, _ = found(call, f"iam.serviceAccounts.{verb}", method)
    if not off and account.get("_google"):
        raise Refusal(400, "The service account was disabled by Google and can't be enabled.", status="FAILED_PRECONDITION")
    account.pop("disabled", None)
    if off:
        account["disabled"] = True
    return {}


@on("iam.projects.serviceAccounts.disable")
def disable(call):
    return switched(call, "disable", "DisableServiceAccount", True)


@on("iam.projects.serviceAccounts.enable")
def enable(call):
    return switched(call, "enable", "EnableServiceAccount", False)


@on("iam.projects.serviceAccounts.delete")
def delete(call):
    email, account, _ = found(call, "iam.serviceAccounts.delete", "DeleteServiceAccount")
    world = call.world
    world.gone[account["uniqueId"]] = world.accounts.pop(email)
    rename(world, f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={account['uniqueId']}")
    return {}


def rename(world, old, new):
    for policy in world.policies.values():
        for binding in policy["bindings"]:
            if old in binding["members"]:
                binding["members"] = sorted({new if member == old else member for member in binding["members"]})
                policy["etag"] = world.etag()


@on("iam.projects.serviceAccounts.undelete")
def undelete(call):
    id = call["name"].rsplit("/", 1)[-1]
    world, account = call.world, call.world.gone.get(call["name"].rsplit("/", 1)[-1])
    if account is None:
        raise Refusal(404, f"Unknown service account: {id}", status="NOT_FOUND")
    call.need("iam.serviceAccounts.undelete", f"projects/{account['projectId']}")
    world.accounts[account["email"]] = world.gone.pop(id)
    rename(world, f"deleted:serviceAccount:{account['email']}?uid={id}", f"serviceAccount:{account['email']}")
    admin(call, "UndeleteServiceAccount", **named(account["email"], call))
    return {"restoredAccount": public(account)}


@on("iam.projects.serviceAccounts.getIamPolicy")
def get_policy(call):
    _, _, key = found(call, "iam.serviceAccounts.getIamPolicy", "GetIAMPolicy")
    return call.world.shown_policy(key, int(call.get("options.requestedPolicyVersion", 1)))


@on("iam.projects.serviceAccounts.setIamPolicy")
def set_policy(call):
    _, _, key = found(call, "iam.serviceAccounts.setIamPolicy", "SetIAMPolicy")
    before, after = call.world.set_policy(key, call.body.get("policy") or {}, call.body.get("updateMask"))
    call.tell(service_data=audit.delta(before, after))
    return call.world.shown_policy(key, 3)


@on("iam.projects.serviceAccounts.testIamPermissions")
def test(call):
    email = call.world.find_account(call["resource"])
    key = f"projects/{call.world.accounts[email]['projectId']}/serviceAccounts/{email}"
    chain = [key] + call.world.ancestors("/".join(key.split("/")[:2]))
    return {"permissions": [each for each in call.body.get("permissions", []) if call.access.holds(call.who, each, chain)]}


# -- keys ---------------------------------------------------------------------------------------------------------------------


def key_public(key, *extra):
    return {name: copy.deepcopy(value) for name, value in key.items() if not name.startswith("_") or name in extra}


def make_key(world, email, url, origin="GOOGLE_PROVIDED", pem=None):
    """A key of an account, and its file where Google made it."""
    account, id = world.accounts[email], world.random.randbytes(20).hex()
    private = None
    if pem is None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    moment = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    key = {"name": f"{account['name']}/keys/{id}", "keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": origin, "keyType": "USER_MANAGED",
           "validAfterTime": moment, "validBeforeTime": EVER, "_public": pem}
    world.keys[(email, id)] = key
    file = None
    if private:
        text = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        file = {"type": "service_account", "project_id": account["projectId"], "private_key_id": id, "private_key": text, "client_email": email,
                "client_id": account["uniqueId"], "auth_uri": f"{url}/auth", "token_uri": f"{url}/token",
                "auth_provider_x509_cert_url": f"{url}/certs", "client_x509_cert_url": f"{url}/robot/{email}", "universe_domain": "googleapis.com"}
    return key, file


def told_key(key):
    seconds = lambda text: {"seconds": int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())}
    return {"@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccountKey", "name": key["name"], "key_algorithm": 2, "key_origin": 2, "key_type": 1,
            "private_key_type": 2, "valid_after_time": seconds(key["validAfterTime"]), "valid_before_time": {"seconds": 253402300799}}


@on("iam.projects.serviceAccounts.keys.create")
def key_create(call):
    email, _, _ = found(call, "iam.serviceAccountKeys.create", "CreateServiceAccountKey")
    if sum(1 for holder, _ in call.world.keys if holder == email) >= 10:
        raise Refusal(429, "Maximum number of keys on account reached.")
    key, file = make_key(call.world, email, call.stand.url)
    call.tell(response=told_key(key))
    return {**key_public(key), "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "privateKeyData": base64.b64encode(json.dumps(file).encode()).decode()}


@on("iam.projects.serviceAccounts.keys.upload")
def key_upload(call):
    email, _, _ = found(call, "iam.serviceAccountKeys.create", "UploadServiceAccountKey")
    key, _ = make_key(call.world, email, call.stand.url, "USER_PROVIDED", base64.b64decode(call.body.get("publicKeyData", "")).decode())
    call.tell(response=told_key(key))
    return key_public(key)


def key_found(call, permission, method):
    name = call["name"]
    account, _, id = name.partition("/keys/")
    email, _, _ = found(call, permission, method, account)
    key = call.world.keys.get((email, id))
    if key is None:
        raise Refusal(404, f"Service account key {id} does not exist.", status="NOT_FOUND")
    return email, id, key


@on("iam.projects.serviceAccounts.keys.get")
def key_get(call):
    key = key_found(call, "iam.serviceAccountKeys.get", "GetServiceAccountKey")[2]
    answer = key_public(key)
    if call.get("publicKeyType", "TYPE_NONE") != "TYPE_NONE":
        answer["publicKeyData"] = base64.b64encode(key["_public"].encode()).decode()
    return answer


@on("iam.projects.serviceAccounts.keys.list")
def key_list(call):
    email, account, _ = found(call, "iam.serviceAccountKeys.list", "ListServiceAccountKeys")
    kinds = call.get("keyTypes", [])
    rows = [key_public(key) for (holder, _), key in call.world.keys.items() if holder == email] if not kinds or "USER_MANAGED" in kinds else []
    if not kinds or "SYSTEM_MANAGED" in kinds:
        rows.append({"name": f"{account['name']}/keys/{int(account['uniqueId']):040x}", "keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": "GOOGLE_PROVIDED",
                     "keyType": "SYSTEM_MANAGED", "validAfterTime": account["_created"], "validBeforeTime": EVER})
    return {"keys": rows} if rows else {}


@on("iam.projects.serviceAccounts.keys.delete")
def key_delete(call):
    email, id, _ = key_found(call, "iam.serviceAccountKeys.delete", "DeleteServiceAccountKey")
    del call.world.keys[(email, id)]
    return {}


@on("iam.projects.serviceAccounts.keys.disable")
def key_disable(call):
    key = key_found(call, "iam.serviceAccountKeys.disable", "DisableServiceAccountKey")[2]
    if not key.get("disabled"):
        key |= {"disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"}
    return {}


@on("iam.projects.serviceAccounts.keys.enable")
def key_enable(call):
    key = key_found(call, "iam.serviceAccountKeys.enable", "EnableServiceAccountKey")[2]
    key.pop("disabled", None)
    key.pop("disableReason", None)
    return {}


# -- roles --------------------------------------------------------------------------------------------------------------------


@on("iam.projects.roles.create", "iam.organizations.roles.create")
def role_create(call):
    parent = call["parent"] if call["parent"].startswith("organizations/") else f"projects/{call.world.find_project(call['parent'])}"
    admin(call, "CreateRole", name=parent, resource="iam_role")
    call.need("iam.roles.create", parent)
    name = f"{parent}/roles/{call.body.get('roleId')}"
    if name in call.world.roles:
        raise Refusal(409, f"A role named {name} already exists.", status="ALREADY_EXISTS")
    unknown = [p for p in (call.body.get("role") or {}).get("includedPermissions", []) if not re.fullmatch(r"[a-z0-9]+\.\w+\.\w+", p)]
    if unknown:
        raise Refusal(400, f"Permission {unknown[0]} is not valid.")
    call.world.roles[name] = {**(call.body.get("role") or {}), "name": name, "etag": call.world.etag()}
    return copy.deepcopy(call.world.roles[name])


@on("iam.projects.roles.get", "iam.organizations.roles.get", "iam.roles.get")
def role_get(call):
    name = call["name"]
    if name in ROLES:
        return {"name": name, "title": name, "includedPermissions": [p for p in ROLES[name] if "*" not in p and "!" not in p], "stage": "GA", "etag": "AA=="}
    if name not in call.world.roles:
        raise Refusal(404, f"You can't get a role_id ({name}) that doesn't exist.", status="NOT_FOUND")
    call.need("iam.roles.get", name.rsplit("/roles/", 1)[0])
    return copy.deepcopy(call.world.roles[name])


@on("iam.projects.roles.list", "iam.organizations.roles.list")
def role_list(call):
    parent = call["parent"] if call["parent"].startswith("organizations/") else f"projects/{call.world.find_project(call['parent'])}"
    call.need("iam.roles.list", parent)
    rows = [copy.deepcopy(role) for name, role in call.world.roles.items() if name.startswith(parent + "/") and (call.get("showDeleted") or not role.get("deleted"))]
    if call.get("view") != "FULL":
        for row in rows:
            row.pop("includedPermissions", None)
    return call.stand.paged(call, "roles", rows, 300)


@on("iam.projects.roles.patch", "iam.organizations.roles.patch", "iam.projects.roles.delete", "iam.organizations.roles.delete", "iam.projects.roles.undelete",
    "iam.organizations.roles.undelete")
def role_change(call):
    role = call.world.roles.get(call["name"])
    if role is None:
        raise Refusal(404, f"The role named {call['name']} was not found.", status="NOT_FOUND")
    verb = call.method.verb
    admin(call, {"patch": "UpdateRole", "delete": "DeleteRole", "undelete": "UndeleteRole"}[verb], name=call["name"], resource="iam_role")
    call.need(f"iam.roles.{'update' if verb == 'patch' else verb}", call["name"].rsplit("/roles/", 1)[0])
    given = (call.body or {}).get("etag") or call.get("etag")
    if given and given != role["etag"]:
        raise Refusal(409, "There were concurrent policy changes.", status="ABORTED")
    if verb == "patch":
        role |= {name: value for name, value in call.body.items() if name not in ("name", "etag")}
    elif verb == "delete":
        role["deleted"] = True
    else:
        role.pop("deleted", None)
    role["etag"] = call.world.etag()
    return copy.deepcopy(role)


@on("iam.permissions.queryTestablePermissions")
def testable(call):
    names = sorted({p for held in ROLES.values() for p in held if re.fullmatch(r"[a-zA-Z0-9]+\.\w+\.\w+", p)})
    return {"permissions": [{"name": name, "stage": "GA", "customRolesSupportLevel": "SUPPORTED"} for name in names]}


# -- deny policies ------------------------------------------------------------------------------------------------------------


def attached(call, text):
    """`policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fid/denypolicies…` as the key of what it is attached to."""
    match = re.fullmatch(r"policies/cloudresourcemanager\.googleapis\.com%2F(projects|folders|organizations)%2F([^/%]+)/denypolicies(?:/([^/]+))?", text)
    if not match:
        raise Refusal(400, f"Invalid resource name: {text}")
    kind, id, name = match.groups()
    return (f"projects/{call.world.find_project(id)}" if kind == "projects" else f"{kind}/{id}"), name


def check_rules(rules):
    for rule in rules:
        deny = rule.get("denyRule") or {}
        for permission in deny.get("deniedPermissions", []) + deny.get("exceptionPermissions", []):
            if not re.fullmatch(r"[a-z0-9.]+\.googleapis\.com/[\w*]+\.[\w*]+", permission):
                raise Refusal(400, f"Permission {permission} is not a valid permission for deny policies.")
        for principal in deny.get("deniedPrincipals", []) + deny.get("exceptionPrincipals", []):
            if not re.match(r"principal(Set)?://(goog/(subject|group|public|cloudIdentityCustomerId)[/:]|iam\.googleapis\.com/|cloudresourcemanager\.googleapis\.com/)", principal):
                raise Refusal(400, f"Principal {principal} is not valid for deny policies.")


@on("iam.policies.createPolicy")
def deny_create(call):
    key, _ = attached(call, call["parent"])
    call.tell(method="google.iam.v2.Policies.CreatePolicy", service="iam.googleapis.com", name=call["parent"], resource="iam_policy" if False else "audited_resource")
    call.need("iam.denypolicies.create", key)
    id = call.get("policyId") or f"deny-{call.world.number(6)}"
    if not re.fullmatch(r"[a-z][-a-z0-9.]{2,62}", id):
        raise Refusal(400, f"Invalid policy id {id}.")
    held = call.world.deny.setdefault(key, {})
    if id in held:
        raise Refusal(409, f"Policy {id} already exists.", status="ALREADY_EXISTS")
    check_rules(call.body.get("rules", []))
    policy = {**call.body, "name": f"{call['parent']}/{id}", "uid": call.world.uuid(), "kind": "DenyPolicy", "etag": call.world.etag(),
              "createTime": call.world.stamp(), "updateTime": call.world.stamp()}

    def apply():
        held[id] = policy
        return {"@type": "type.googleapis.com/google.iam.v2.Policy", **policy}
    return call.stand.longrunning(call, f"{call['parent']}/{id}", apply)


@on("iam.policies.get")
def deny_get(call):
    key, id = attached(call, call["name"])
    call.tell(method="google.iam.v2.Policies.GetPolicy", name=call["name"])
    call.need("iam.denypolicies.get", key)
    if id not in call.world.deny.get(key, {}):
        raise Refusal(404, f"Policy {call['name']} was not found.", status="NOT_FOUND")
    return copy.deepcopy(call.world.deny[key][id])


@on("iam.policies.listPolicies")
def deny_list(call):
    key, _ = attached(call, call["parent"])
    call.tell(method="google.iam.v2.Policies.ListPolicies", name=call["parent"])
    call.need("iam.denypolicies.list", key)
    # A list has no rules in it.
    rows = [{name: value for name, value in policy.items() if name != "rules"} for policy in call.world.deny.get(key, {}).values()]
    return call.stand.paged(call, "policies", rows, 50)


@on("iam.policies.delete", "iam.policies.update")
def deny_change(call):
    key, id = attached(call, call["name"])
    verb = call.method.verb
    call.tell(method=f"google.iam.v2.Policies.{'DeletePolicy' if verb == 'delete' else 'UpdatePolicy'}", service="iam.googleapis.com", name=call["name"])
    call.need(f"iam.denypolicies.{verb}", key)
    policy = call.world.deny.get(key, {}).get(id)
    if policy is None:
        raise Refusal(404, f"Policy {call['name']} was not found.", status="NOT_FOUND")
    given = call.get("etag") or (call.body or {}).get("etag")
    if given and given != policy["etag"]:
        raise Refusal(409, "The etag does not match.", status="ABORTED")
    if verb == "update":
        check_rules(call.body.get("rules", []))

    def apply():
        if verb == "delete":
            call.world.deny[key].pop(id, None)
            if not call.world.deny[key]:
                del call.world.deny[key]
        else:
            policy.update({name: value for name, value in call.body.items() if name in ("rules", "displayName", "annotations")}, etag=call.world.etag())
        return {"@type": "type.googleapis.com/google.iam.v2.Policy", **policy}
    return call.stand.longrunning(call, call["name"], apply)


@on("iam.policies.operations.get")
def deny_operation(call):
    return call.stand.operation(call["name"])


# -- tokens for others ----------------------------------------------------------------------------------------------------------


@on("iamcredentials.projects.serviceAccounts.generateAccessToken", "iamcredentials.projects.serviceAccounts.generateIdToken",
    "iamcredentials.projects.serviceAccounts.signJwt", "iamcredentials.projects.serviceAccounts.signBlob")
def impersonate(call):
    verb, world = call.method.verb, call.world
    permission = "iam.serviceAccounts." + {"generateAccessToken": "getAccessToken", "generateIdToken": "getOpenIdToken"}.get(verb, verb)
    if call["name"].split("/")[1] != "-":
        raise Refusal(400, "Invalid form of account ID. Should be projects/-/serviceAccounts/{ACCOUNT_EMAIL_OR_UNIQUEID}.")
    chain = call.body.get("delegates", []) + [call["name"]]
    target = call["name"].split("/")[-1]
    method = verb[0].upper() + verb[1:]
    emails = []
    for name in chain:
        if not re.fullmatch(r"projects/-/serviceAccounts/[^/]+", name):
            raise Refusal(400, "Invalid form of account ID.")
        emails.append(next((e for e, a in world.accounts.items() if name.split("/")[-1] in (e, a["uniqueId"])), None))
    email = emails[-1]
    account = world.accounts.get(email)
    call.tell(service="iamcredentials.googleapis.com", method=method, switch="iam.googleapis.com", level="ADMIN_READ",
              request={"@type": f"type.googleapis.com/google.iam.credentials.v1.{method}Request", "name": call["name"], **({"delegates": call.body["delegates"]} if len(chain) > 1 else {})},
              metadata={"identityDelegationChain": chain})
    if account:
        call.keys = [f"projects/{account['projectId']}/serviceAccounts/{email}"] + world.ancestors(f"projects/{account['projectId']}")
        call.tell(**named(email, call))
    who, key = call.who, None
    for at, each in enumerate(emails):
        held = world.accounts.get(each)
        wanted = permission if at == len(emails) - 1 else "iam.serviceAccounts.implicitDelegation"
        if held is None:
            # Who asks can't tell a missing account from a closed one.
            call.granted.append((wanted, target, False))
            raise denied(wanted, f"{chain[at].removeprefix('projects/-/')}")
        key = f"projects/{held['projectId']}/serviceAccounts/{each}"
        chain_keys = [key] + world.ancestors(f"projects/{held['projectId']}")
        ok = call.access.holds(who, wanted, chain_keys) or (at < len(emails) - 1 and call.access.holds(who, "iam.serviceAccounts.getAccessToken", chain_keys))
        call.granted.append((wanted, chain[at], ok))
        if not ok:
            raise denied(wanted, chain[at])
        if held.get("disabled"):
            raise Refusal(400, f"Service account {each} is disabled.", status="FAILED_PRECONDITION")
        who = Who(each)
    if verb != "generateAccessToken":
        return {"generateIdToken": {"token": "eyJ.stand.in"}, "signJwt": {"keyId": "1", "signedJwt": "eyJ.stand.in"},
                "signBlob": {"keyId": "1", "signedBlob": "c3RhbmQ="}}[verb]
    life = float((call.body.get("lifetime") or "3600s").rstrip("s"))
    longest = 43200 if email in world.org_policies.get("_lifetimes", ()) else MAX_LIFE
    if not 0 < life <= longest:
        raise Refusal(400, f"Invalid value at 'lifetime': {int(life)}s is more than the {longest}s that are allowed.")
    if not call.body.get("scope"):
        raise Refusal(400, "Scope is required.")
    # The latest hop comes first, the origin last.
    via = [("serviceAccount", each) for each in reversed(emails[:-1])] + [(call.who.kind, call.email or call.who.subject)] + list(call.who.via)
    made = Who(email, via=via)
    token, life = call.access.mint(made, life)
    world.activity[("account", email)] = world.now()
    return {"accessToken": token, "expireTime": dt.datetime.fromtimestamp(made.expires, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


__all__ = ["make_key", "matches"]
