"""Cloud Support: what kinds of cases there are, which are open, and filing one."""

from call import on
from errors import Refusal

KINDS = ["Technical Issue > Compute > Compute Engine", "Technical Issue > Security > Key Management", "Technical Issue > Security",
         "Billing > Invoice", "Technical Issue > Networking > Cloud NAT"]


def need(call, verb):
    parent = call["parent"]
    kind, _, id = parent.partition("/")
    if kind not in ("projects", "organizations"):
        raise Refusal(400, f"Invalid parent: {parent}", status="INVALID_ARGUMENT")
    key = f"projects/{call.world.find_project(id)}" if kind == "projects" else parent
    call.need(f"cloudsupport.techCases.{verb}", key)
    return key


def cases(call, key):
    return call.world.resources.setdefault("cloudsupport", {}).setdefault(key, [])


@on("cloudsupport.caseClassifications.search")
def classifications(call):
    rows = [{"id": f"100IK{number:04}", "displayName": name} for number, name in enumerate(KINDS)]
    return call.stand.paged(call, "caseClassifications", rows, 2)


@on("cloudsupport.cases.list")
def listed(call):
    key = need(call, "list")
    wanted = call.get("filter", "")
    if wanted not in ("", "state=OPEN", "state=CLOSED"):
        raise Refusal(400, f"Invalid filter: {wanted}", status="INVALID_ARGUMENT")
    rows = [row for row in cases(call, key) if not wanted or (row["state"] == "CLOSED") == (wanted == "state=CLOSED")]
    return call.stand.paged(call, "cases", rows, 100, fill=10)


@on("cloudsupport.cases.create")
def created(call):
    key = need(call, "create")
    body = call.body
    for field in ("displayName", "description", "priority"):
        if not body.get(field):
            raise Refusal(400, f"{field} is required", status="INVALID_ARGUMENT")
    if body.get("classification", {}).get("id") not in [f"100IK{number:04}" for number in range(len(KINDS))]:
        raise Refusal(400, "classification.id is not valid", status="INVALID_ARGUMENT")
    if "contactEmail" in body:
        raise Refusal(400, "contactEmail must not be set", status="INVALID_ARGUMENT")
    now = call.world.stamp()
    row = {**body, "name": f"{key}/cases/{44556600 + len(cases(call, key))}", "state": "NEW", "createTime": now, "updateTime": now,
           "creator": {"email": call.email}}
    cases(call, key).append(row)
    return row
