"""Services whose answers are about other services' things: storage, asset search, billing, service usage, last use, organization policy."""

import copy
import re

import audit
import generic
from call import on
from errors import Refusal, denied

# What parts of machines cost an hour today: no price of the program's own table.
SKUS = [(f"{family} {part} running in Americas", usage, unit, nanos if usage == "OnDemand" else nanos // 4)
        for family, part, unit, nanos in (
            ("N1 Predefined Instance", "Core", "h", 41_000_000), ("N1 Predefined Instance", "Ram", "GiBy.h", 5_100_000),
            ("N2 Instance", "Core", "h", 42_000_000), ("N2 Instance", "Ram", "GiBy.h", 5_200_000),
            ("E2 Instance", "Core", "h", 32_000_000), ("E2 Instance", "Ram", "GiBy.h", 4_300_000),
            ("C2D AMD Instance", "Core", "h", 43_000_000), ("C2D AMD Instance", "Ram", "GiBy.h", 5_300_000),
            ("Compute optimized", "Core", "h", 44_000_000), ("Compute optimized", "Ram", "GiBy.h", 5_400_000))
        for usage in ("OnDemand", "Preemptible")]

# -- storage ------------------------------------------------------------------------------------------------------------------


def bucket(call, permission, name=None):
    name = name or call["bucket"]
    thing = call.world.resources.setdefault("storage", {}).get(name)
    if thing is None:
        raise Refusal(404, "The specified bucket does not exist.", status="NOT_FOUND", reason="notFound")
    id = thing["_project"]
    call.tell(name=f"projects/_/buckets/{name}", resource="gcs_bucket", labels={"bucket_name": name, "location": thing["location"].lower(), "project_id": id})
    call.keys = [f"buckets/{name}"] + call.world.ancestors(f"projects/{id}")
    if not call.access.holds(call.who, permission, call.keys):
        call.granted.append((permission, f"projects/_/buckets/{name}", False))
        raise Refusal(403, f"{call.email} does not have {permission} access to the Google Cloud Storage bucket. Permission '{permission}' denied on resource (or it may not exist).",
                      reason="forbidden")
    call.granted.append((permission, f"projects/_/buckets/{name}", True))
    return thing


def shown(thing):
    return {name: copy.deepcopy(value) for name, value in thing.items() if not name.startswith("_")}


@on("storage.buckets.insert")
def bucket_create(call):
    project = call.world.find_project(call["project"])
    name = call.body.get("name", "")
    call.tell(name=f"projects/_/buckets/{name}", resource="gcs_bucket", labels={"bucket_name": name, "location": "us", "project_id": project})
    call.need("storage.buckets.create", f"projects/{project}")
    held = call.world.resources.setdefault("storage", {})
    if not re.fullmatch(r"[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]", name):
        raise Refusal(400, f"Invalid bucket name: '{name}'", reason="invalid")
    if name in held:
        raise Refusal(409, "The requested bucket name is not available.", reason="conflict")
    now = call.world.stamp()
    held[name] = {"kind": "storage#bucket", "storageClass": "STANDARD", "iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": True}},
                  **call.body, "id": name, "projectNumber": call.world.number_of(project), "location": call.body.get("location", "US").upper(), "timeCreated": now,
                  "updated": now, "metageneration": "1", "etag": "CAE=", "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}", "_project": project}
    call.world.set_policy(f"buckets/{name}", {"bindings": [{"role": "roles/storage.admin", "members": [f"projectOwner:{project}", f"projectEditor:{project}"]}]})
    return shown(held[name])


@on("storage.buckets.get")
def bucket_get(call):
    return shown(bucket(call, "storage.buckets.get"))


@on("storage.buckets.list")
def bucket_list(call):
    project = call.world.find_project(call["project"])
    call.need("storage.buckets.list", f"projects/{project}")
    rows = [shown(each) for _, each in sorted(call.world.resources.get("storage", {}).items()) if each.get("_project") == project]
    return {"kind": "storage#buckets", **call.stand.paged(call, "items", rows, 1000, size="maxResults")}


@on("storage.buckets.patch", "storage.buckets.update")
def bucket_patch(call):
    thing = bucket(call, "storage.buckets.update")
    if call.get("ifMetagenerationMatch") not in (None, thing["metageneration"]):
        raise Refusal(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet")
    for name, value in call.body.items():
        if isinstance(value, dict) and isinstance(thing.get(name), dict):
            thing[name] = {**thing[name], **value}
        elif name not in ("name", "id", "kind", "etag"):
            thing[name] = value
    thing["metageneration"] = str(int(thing["metageneration"]) + 1)
    return shown(thing)


@on("storage.buckets.getIamPolicy")
def bucket_policy(call):
    bucket(call, "storage.buckets.getIamPolicy")
    return {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{call['bucket']}",
            **call.world.shown_policy(f"buckets/{call['bucket']}", call.get("optionsRequestedPolicyVersion", 1))}


@on("storage.buckets.setIamPolicy")
def bucket_set_policy(call):
    thing = bucket(call, "storage.buckets.setIamPolicy")
    public = {member for binding in call.body.get("bindings", []) for member in binding.get("members", [])} & {"allUsers", "allAuthenticatedUsers"}
    if public and thing.get("iamConfiguration", {}).get("publicAccessPrevention") == "enforced":
        raise Refusal(412, "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.", reason="conditionNotMet")
    try:
        before, after = call.world.set_policy(f"buckets/{call['bucket']}", call.body)
    except Refusal as refusal:
        if refusal.code == 409:
            raise Refusal(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet") from None
        raise
    call.tell(service_data=audit.delta(before, after))
    return {"kind": "storage#policy", "resourceId": f"projects/_/buckets/{call['bucket']}", **call.world.shown_policy(f"buckets/{call['bucket']}", 3)}


@on("storage.buckets.testIamPermissions")
def bucket_test(call):
    thing = call.world.resources.setdefault("storage", {}).get(call["bucket"])
    if thing is None:
        raise Refusal(404, "The specified bucket does not exist.", reason="notFound")
    call.silent = True
    chain = [f"buckets/{call['bucket']}"] + call.world.ancestors(f"projects/{thing['_project']}")
    return {"kind": "storage#testIamPermissionsResponse", "permissions": [each for each in call["permissions"] if call.access.holds(call.who, each, chain)]}


def hmac_shown(key):
    return {name: value for name, value in key.items() if not name.startswith("_")}


@on("storage.projects.hmacKeys.create")
def hmac_create(call):
    project = call.world.find_project(call["projectId"])
    email = call["serviceAccountEmail"]
    call.need("storage.hmacKeys.create", f"projects/{project}")
    if email not in call.world.accounts:
        raise Refusal(404, f"Service account {email} does not exist.", reason="notFound")
    id = "GOOG1E" + "".join(call.world.random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=55))
    call.world.hmac[id] = {"kind": "storage#hmacKeyMetadata", "id": f"{project}/{id}", "accessId": id, "projectId": project, "serviceAccountEmail": email,
                           "state": "ACTIVE", "timeCreated": call.world.stamp(), "updated": call.world.stamp(), "etag": call.world.etag()}
    call.tell(name=f"projects/{project}/hmacKeys/{id}", response={"@type": "type.googleapis.com/storage.HmacKeyMetadata", **hmac_shown(call.world.hmac[id])},
              request={"@type": "type.googleapis.com/storage.hmacKeys.create", "serviceAccountEmail": email})
    return {"kind": "storage#hmacKey", "metadata": hmac_shown(call.world.hmac[id]), "secret": "c3RhbmQtaW4tc2VjcmV0LW9mLWEtc3RvcmFnZS1rZXk="}


@on("storage.projects.hmacKeys.list")
def hmac_list(call):
    project = call.world.find_project(call["projectId"])
    call.need("storage.hmacKeys.list", f"projects/{project}")
    rows = [hmac_shown(key) for key in call.world.hmac.values() if key["projectId"] == project and call.get("serviceAccountEmail") in (None, key["serviceAccountEmail"])
            and (key["state"] != "DELETED" or call.get("showDeletedKeys"))]
    return {"kind": "storage#hmacKeysMetadata", **call.stand.paged(call, "items", rows, 250, size="maxResults")}


@on("storage.projects.hmacKeys.get", "storage.projects.hmacKeys.update", "storage.projects.hmacKeys.delete")
def hmac_change(call):
    project = call.world.find_project(call["projectId"])
    verb = call.method.verb
    call.tell(name=f"projects/{project}/hmacKeys/{call['accessId']}")
    call.need(f"storage.hmacKeys.{verb}", f"projects/{project}")
    key = call.world.hmac.get(call["accessId"])
    if key is None or key["projectId"] != project:
        raise Refusal(404, "Access ID not found in project.", reason="notFound")
    if verb == "update":
        if call.body.get("etag") and call.body["etag"] != key["etag"]:
            raise Refusal(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet")
        if call.body.get("state") not in ("ACTIVE", "INACTIVE") or key["state"] == "DELETED":
            raise Refusal(400, "Invalid argument.", reason="invalid")
        key |= {"state": call.body["state"], "etag": call.world.etag(), "updated": call.world.stamp()}
    elif verb == "delete":
        if key["state"] != "INACTIVE":
            raise Refusal(400, "Cannot delete keys in 'ACTIVE' state.", reason="invalid")
        key["state"] = "DELETED"
        return {}
    return hmac_shown(key)


# -- asset search ---------------------------------------------------------------------------------------------------------------


def inside(call, key):
    """The nodes below a scope, itself too."""
    nodes = [f"{kind}/{id}" for kind, held in (("organizations", call.world.organizations), ("folders", call.world.folders), ("projects", call.world.projects)) for id in held]
    return [node for node in nodes if key in call.world.ancestors(node)]


def scope_of(call):
    given = call["scope"]
    return f"projects/{call.world.find_project(given)}" if given.startswith("projects/") else given


def placed(call, node):
    chain = call.world.ancestors(node)
    told = {"folders": [each for each in chain if each.startswith("folders/")]}
    for each in chain:
        if each.startswith("projects/"):
            told["project"] = f"projects/{call.world.number_of(each.split('/')[1])}"
        if each.startswith("organizations/"):
            told["organization"] = each
    return {name: value for name, value in told.items() if value}


def assets(call, scope):
    """(name, type, node, extra) of everything that Asset Inventory would list."""
    world = call.world
    for node in inside(call, scope):
        kind, id = node.split("/")
        if kind == "projects":
            project = world.projects[id]
            yield (f"//cloudresourcemanager.googleapis.com/projects/{id}", "cloudresourcemanager.googleapis.com/Project", node,
                   {"displayName": project["displayName"], "state": project["state"], "createTime": project["createTime"], "location": "global",
                    "additionalAttributes": {"projectId": id}})
            for where, held in world.compute.get(id, {}).items():
                for collection, type in (("instances", "Instance"), ("instanceGroupManagers", "InstanceGroupManager"), ("disks", "Disk"), ("firewalls", "Firewall")):
                    for thing in held.get(collection, {}).values():
                        yield (f"//compute.googleapis.com/projects/{id}/{where}/{collection}/{thing['name']}", f"compute.googleapis.com/{type}", node,
                               {"displayName": thing["name"], "state": thing.get("status", ""), "createTime": thing["creationTimestamp"], "location": where.split("/")[-1],
                                "additionalAttributes": {"id": thing["id"]}, "labels": thing.get("labels", {})})
            for service, collection, type in (("run", "services", "Service"), ("run", "jobs", "Job"), ("cloudfunctions", "functions", "Function")):
                for name, thing in world.resources.get(service, {}).items():
                    parts = name.split("/")
                    if parts[1] == id and len(parts) == 6 and parts[4] == collection:
                        yield (f"//{service}.googleapis.com/{name}", f"{service}.googleapis.com/{type}", node,
                               {"displayName": parts[5], "location": parts[3], "versionedResources": [
                                   {"version": "v2", "resource": {each: value for each, value in thing.items() if not each.startswith("_")}}]})
            for email, account in world.accounts.items():
                if account["projectId"] == id:
                    yield (f"//iam.googleapis.com/projects/{id}/serviceAccounts/{account['uniqueId']}", "iam.googleapis.com/ServiceAccount", node,
                           {"displayName": account["displayName"], "location": "global", "additionalAttributes": {"email": email, "uniqueId": account["uniqueId"]}})
        else:
            held = (world.folders if kind == "folders" else world.organizations)[id]
            yield (f"//cloudresourcemanager.googleapis.com/{node}", f"cloudresourcemanager.googleapis.com/{kind[:-1].capitalize()}", node,
                   {"displayName": held["displayName"], "state": held["state"], "location": "global"})


def asset_enter(call, permission, scope):
    call.keys = call.world.ancestors(scope)
    call.enabled(call.quota)
    call.tell(name=scope)
    call.need(permission, scope)


@on("cloudasset.searchAllResources")
def search_resources(call):
    scope = scope_of(call)
    asset_enter(call, "cloudasset.assets.searchAllResources", scope)
    types, text = call.get("assetTypes", []), call.get("query", "")
    since = re.fullmatch(r'\s*createTime\s*>=?\s*"?([-\d:TZ.]+)"?\s*', text)
    if text and not since and not re.fullmatch(r"[\w.@*-]+", text):
        raise Refusal(400, f"The query is not understood: {text}")
    rows = []
    for name, type, node, extra in assets(call, scope):
        if types and not any(re.fullmatch(each, type) for each in types):
            continue
        row = {"name": name, "assetType": type, **placed(call, node), **extra}
        if since and row.get("createTime", "") < since.group(1):
            continue
        if text and not since and text.strip("*").lower() not in str(row).lower():
            continue
        # Large fields come only to who asks for them.
        wanted = [field.strip() for field in call.get("readMask", "").split(",") if field.strip()]
        rows.append({field: value for field, value in row.items() if (field in wanted if wanted else field != "versionedResources")})
    return call.stand.paged(call, "results", rows, 500, fill=100)


@on("cloudasset.searchAllIamPolicies")
def search_policies(call):
    scope = scope_of(call)
    asset_enter(call, "cloudasset.assets.searchAllIamPolicies", scope)
    text = call.get("query", "")
    found = re.fullmatch(r"""policy\s*[:=]\s*\(?\s*("[^"]+"|'[^']+'|[^\s()"]+)((?:\s+OR\s+(?:"[^"]+"|[^\s()"]+))*)\s*\)?""", text) if text else None
    if text and not found:
        raise Refusal(400, f"The query is not understood: {text}")
    words = [word.strip("\"'") for word in [found.group(1), *re.findall(r'"[^"]+"|[^\s()"]+', found.group(2).replace(" OR ", " "))]] if found else None
    nodes, rows = set(inside(call, scope)), []
    for key, policy in sorted(call.world.policies.items()):
        head = "/".join(key.split("/")[:2])
        if key.startswith("buckets/"):
            held = call.world.resources.get("storage", {}).get(key.split("/")[1])
            head = f"projects/{held['_project']}" if held else None
        if head not in nodes:
            continue
        bindings = [copy.deepcopy(b) for b in policy["bindings"] if words is None or any(
            word.lower() in f"{b['role']} {' '.join(b['members'])}".lower() for word in words)]
        if words is not None:
            for binding in bindings:
                binding["members"] = [m for m in binding["members"] if any(word.lower() in m.lower() for word in words)] or binding["members"]
        if not bindings:
            continue
        name, type = full_name(call, key)
        rows.append({"resource": name, "assetType": type, **placed(call, head), "policy": {"bindings": bindings, "etag": policy["etag"]}})
    return call.stand.paged(call, "results", rows, 500, fill=100)


def full_name(call, key):
    parts = key.split("/")
    if len(parts) == 2 and parts[0] in ("projects", "folders", "organizations"):
        return f"//cloudresourcemanager.googleapis.com/{key}", f"cloudresourcemanager.googleapis.com/{parts[0][:-1].capitalize()}"
    if parts[0] == "buckets":
        return f"//storage.googleapis.com/{parts[1]}", "storage.googleapis.com/Bucket"
    if "serviceAccounts" in parts:
        return f"//iam.googleapis.com/{parts[0]}/{parts[1]}/serviceAccounts/{call.world.accounts.get(parts[3], {}).get('uniqueId', parts[3])}", "iam.googleapis.com/ServiceAccount"
    kind = re.sub("s$", "", parts[-2])
    service = "run" if "locations" in parts else "compute"
    return f"//{service}.googleapis.com/{key}", f"{service}.googleapis.com/{kind[0].upper()}{kind[1:]}"


# -- billing, service usage, last use, organization policy ---------------------------------------------------------------------------


@on("cloudbilling.projects.getBillingInfo")
def billing_info(call):
    id = call.world.find_project(call["name"])
    call.need("resourcemanager.projects.get", f"projects/{id}")
    account = call.world.projects[id]["_billing"]
    return {"name": f"projects/{id}/billingInfo", "projectId": id, "billingEnabled": bool(account), **({"billingAccountName": account} if account else {})}


@on("cloudbilling.billingAccounts.projects.list")
def billed(call):
    account = call["name"]
    call.need("billing.resourceAssociations.list", account)
    rows = [{"name": f"projects/{id}/billingInfo", "projectId": id, "billingEnabled": True, "billingAccountName": account}
            for id, project in sorted(call.world.projects.items()) if project["_billing"] == account]
    return call.stand.paged(call, "projectBillingInfo", rows, 100)


@on("cloudbilling.services.skus.list")
def skus(call):
    """The public catalog, as far as the attack's machines need it."""
    if call["parent"] != "services/6F81-5844-456A":
        raise Refusal(404, f"Service {call['parent']} was not found", status="NOT_FOUND")
    rows = []
    for number, (name, usage, unit, nanos) in enumerate(SKUS):
        rate = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": nanos}}
        rows.append({"name": f"services/6F81-5844-456A/skus/{number:04}-0000-0000", "skuId": f"{number:04}-0000-0000", "description": name,
                     "category": {"serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "usageType": usage},
                     "serviceRegions": ["us-central1", "us-east1", "us-west1", "europe-west1", "europe-west4", "asia-east1"],
                     "pricingInfo": [{"pricingExpression": {"usageUnit": unit, "tieredRates": [rate]}}]})
    return call.stand.paged(call, "skus", rows, 3)


@on("cloudbilling.billingAccounts.list")
def billing_accounts(call):
    call.silent = True
    accounts = sorted({p["_billing"] for p in call.world.projects.values() if p["_billing"]})
    rows = [{"name": each, "open": True, "displayName": "Main", "currencyCode": "USD"} for each in accounts if call.access.holds(call.who, "billing.accounts.get", [each])]
    return call.stand.paged(call, "billingAccounts", rows, 100)


@on("cloudbilling.billingAccounts.getIamPolicy")
def billing_policy(call):
    call.need("billing.accounts.getIamPolicy", call["resource"])
    return call.world.shown_policy(call["resource"], int(call.get("options.requestedPolicyVersion", 1)))


def service_shown(call, id, service):
    on_ = service in call.world.projects[id]["_services"]
    number = call.world.number_of(id)
    return {"name": f"projects/{number}/services/{service}.googleapis.com", "parent": f"projects/{number}", "state": "ENABLED" if on_ else "DISABLED",
            "config": {"name": f"{service}.googleapis.com", "title": service}}


@on("serviceusage.services.list")
def services(call):
    id = call.world.find_project(call["parent"])
    call.need("serviceusage.services.list", f"projects/{id}")
    text = call.get("filter", "")
    if text not in ("", "state:ENABLED", "state:DISABLED"):
        raise Refusal(400, f"Invalid filter: {text}")
    rows = [service_shown(call, id, each) for each in sorted(call.world.projects[id]["_services"])] if text != "state:DISABLED" else []
    return call.stand.paged(call, "services", rows, 200)


def one_service(call):
    match = re.fullmatch(r"projects/([^/]+)/services/(\w+)\.googleapis\.com", call["name"])
    if not match:
        raise Refusal(400, f"Invalid service name: {call['name']}")
    id = call.world.find_project(match.group(1))
    call.tell(name=f"projects/{call.world.number_of(id)}/services/{match.group(2)}.googleapis.com")
    return id, match.group(2)


@on("serviceusage.services.get")
def service(call):
    id, name = one_service(call)
    call.need("serviceusage.services.get", f"projects/{id}")
    return service_shown(call, id, name)


@on("serviceusage.services.enable", "serviceusage.services.disable")
def service_switch(call):
    id, name = one_service(call)
    verb = call.method.verb
    call.need(f"serviceusage.services.{verb}", f"projects/{id}")

    def apply():
        held = call.world.projects[id]["_services"]
        held.add(name) if verb == "enable" else held.discard(name)
        return {"@type": f"type.googleapis.com/google.api.serviceusage.v1.{verb.capitalize()}ServiceResponse", "service": service_shown(call, id, name)}
    return call.stand.longrunning(call, f"projects/{id}/services/{name}.googleapis.com", apply)


@on("serviceusage.services.batchEnable")
def service_batch(call):
    id = call.world.find_project(call["parent"])
    call.tell(method="google.api.serviceusage.v1.ServiceUsage.BatchEnableServices", name=f"projects/{call.world.number_of(id)}")
    call.need("serviceusage.services.enable", f"projects/{id}")

    def apply():
        call.world.projects[id]["_services"] |= {each.removesuffix(".googleapis.com") for each in call.body.get("serviceIds", [])}
        return {"@type": "type.googleapis.com/google.api.serviceusage.v1.BatchEnableServicesResponse"}
    return call.stand.longrunning(call, f"projects/{id}/services", apply)


@on("serviceusage.operations.get")
def service_operation(call):
    call.silent = True
    return call.stand.operation(call["name"])


@on("policyanalyzer.projects.locations.activityTypes.activities.query")
def activities(call):
    match = re.fullmatch(r"projects/([^/]+)/locations/[^/]+/activityTypes/(\w+)", call["parent"])
    id = call.world.find_project(match.group(1))
    kind = match.group(2)
    call.keys = call.world.ancestors(f"projects/{id}")
    call.enabled(call.quota)
    call.need(f"policyanalyzer.{kind}Activities.query", f"projects/{id}")
    wanted = re.fullmatch(r"""\s*activities\.(?:fullResourceName|full_resource_name)\s*=\s*['"]([^'"]+)['"]\s*""", call.get("filter", ""))
    if call.get("filter") and not wanted:
        raise Refusal(400, f"Invalid filter: {call['filter']}")
    rows = []
    for at, when in call.world.activity.items():
        email = at[1]
        account = call.world.accounts.get(email)
        if not account or account["projectId"] != id or (at[0] == "key") != (kind == "serviceAccountKeyLastAuthentication"):
            continue
        name = f"//iam.googleapis.com/projects/{id}/serviceAccounts/{email}" + (f"/keys/{at[2]}" if at[0] == "key" else "")
        if wanted and wanted.group(1) != name:
            continue
        # Known by the day, and late.
        day = when.strftime("%Y-%m-%dT07:00:00Z")
        rows.append({"fullResourceName": name, "activityType": kind, "observationPeriod": {"startTime": "2026-01-01T07:00:00Z", "endTime": day},
                     "activity": {"lastAuthenticatedTime": day, "serviceAccount" if at[0] == "account" else "serviceAccountKey": {
                         "fullResourceName": name, "projectNumber": call.world.number_of(id)}}})
    return call.stand.paged(call, "activities", rows, 1000)


@on("orgpolicy.projects.policies.getEffectivePolicy", "orgpolicy.organizations.policies.getEffectivePolicy", "orgpolicy.folders.policies.getEffectivePolicy")
def effective(call):
    head, _, constraint = call["name"].partition("/policies/")
    key = f"projects/{call.world.find_project(head)}" if head.startswith("projects/") else head
    call.need("orgpolicy.policy.get", key)
    spec = {"rules": [{"denyAll": True}]}
    if constraint == "iam.allowServiceAccountCredentialLifetimeExtension" and call.world.org_policies.get("_lifetimes"):
        spec = {"rules": [{"values": {"allowedValues": sorted(call.world.org_policies["_lifetimes"])}}]}
    elif constraint == "iam.serviceAccountKeyExposureResponse":
        spec = {"rules": [{"values": {"allowedValues": ["DISABLE_KEY"]}}]}
    return {"name": call["name"], "spec": spec}


__all__ = ["denied", "generic"]
