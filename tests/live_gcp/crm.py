"""Resource Manager: organizations, folders, projects, their policies, liens."""

import copy
import re

import audit
from call import on
from errors import Refusal, denied


def key_of(call, given):
    kind, _, id = given.partition("/")
    if kind == "organizations":
        if id not in call.world.organizations:
            raise denied("resourcemanager.organizations.get", given, "cloudresourcemanager")
        return given
    if kind == "folders":
        if id not in call.world.folders:
            raise denied("resourcemanager.folders.get", given, "cloudresourcemanager")
        return given
    return f"projects/{call.world.find_project(given)}"


def shown(call, key):
    world = call.world
    kind, _, id = key.partition("/")
    node = {"projects": world.projects, "folders": world.folders, "organizations": world.organizations}[kind][id]
    return {name: copy.deepcopy(value) for name, value in node.items() if not name.startswith("_")}


def old(call, id):
    """A project as version 1 shows it."""
    project = call.world.projects[id]
    kind, _, parent = project["parent"].partition("/")
    return {"projectNumber": project["_number"], "projectId": id, "name": project["displayName"], "createTime": project["createTime"],
            "lifecycleState": project["state"], "parent": {"type": kind[:-1], "id": parent}, "labels": project.get("labels", {})}


def logged(call, key):
    kind, _, id = key.partition("/")
    resource = {"projects": "project", "folders": "folder", "organizations": "organization"}[kind]
    call.tell(name=key, resource=resource, labels={f"{resource}_id": id})
    if call.method.version == "v1" and call.method.verb in ("setIamPolicy", "getIamPolicy"):
        call.tell(method=call.method.verb[0].upper() + call.method.verb[1:])


@on("cloudresourcemanager.projects.get", "cloudresourcemanager.folders.get", "cloudresourcemanager.organizations.get")
def get(call):
    key = key_of(call, call.get("name") or call["projectId"])
    logged(call, key)
    call.need(f"resourcemanager.{key.split('/')[0]}.get", key)
    return old(call, key.split("/")[1]) if call.method.version == "v1" and key.startswith("projects/") else shown(call, key)


def wanted(text, row):
    """The few words of a search: `state:ACTIVE`, `parent:folders/1`, `id:x*`."""
    for part in re.split(r"\s+(?:AND\s+)?", text.strip()) if text.strip() else []:
        match = re.fullmatch(r"([\w.]+)(?::|=)\"?([^\"]*)\"?", part)
        if not match:
            raise Refusal(400, f"Invalid query: {text}")
        name, value = match.groups()
        name = {"id": "projectId", "lifecycleState": "state"}.get(name, name)
        is_ = row
        for step in name.split("."):
            is_ = is_.get(step, "") if isinstance(is_, dict) else ""
        if not re.fullmatch(re.escape(value).replace(r"\*", ".*"), str(is_), re.IGNORECASE):
            return False
    return True


@on("cloudresourcemanager.projects.search", "cloudresourcemanager.folders.search", "cloudresourcemanager.organizations.search")
def search(call):
    """What the caller may see, wherever it lies."""
    collection = call.method.collection
    call.silent = True
    rows = []
    for id in sorted({"projects": call.world.projects, "folders": call.world.folders, "organizations": call.world.organizations}[collection]):
        key = f"{collection}/{id}"
        if call.access.holds(call.who, f"resourcemanager.{collection}.get", call.world.ancestors(key)):
            row = shown(call, key)
            if wanted(call.get("query", ""), row):
                rows.append(row)
    return call.stand.paged(call, collection, rows, 500 if collection == "projects" else 50, fill=50)


@on("cloudresourcemanager.projects.list", "cloudresourcemanager.folders.list")
def children(call):
    """The immediate children of a parent (version 1: everything that the caller may see)."""
    collection = call.method.collection
    if call.method.version == "v1":
        call.silent = True
        rows = [old(call, id) for id in sorted(call.world.projects)
                if call.access.holds(call.who, "resourcemanager.projects.get", call.world.ancestors(f"projects/{id}"))]
        return call.stand.paged(call, "projects", rows, 500)
    parent = key_of(call, call.get("parent") or "")
    call.tell(name=parent)
    call.need(f"resourcemanager.{collection}.list", parent)
    nodes = call.world.projects if collection == "projects" else call.world.folders
    rows = [shown(call, f"{collection}/{id}") for id in sorted(nodes) if nodes[id]["parent"] == parent and (call.get("showDeleted") or nodes[id]["state"] == "ACTIVE")]
    return call.stand.paged(call, collection, rows, 300)


def policied(verb):
    return on(*(f"cloudresourcemanager.{each}.{verb}" for each in ("projects", "folders", "organizations")))


@policied("getIamPolicy")
def get_policy(call):
    key = key_of(call, call["resource"])
    logged(call, key)
    call.need(f"resourcemanager.{key.split('/')[0]}.getIamPolicy", key)
    return call.world.shown_policy(key, ((call.body or {}).get("options") or {}).get("requestedPolicyVersion", 1))


@policied("setIamPolicy")
def set_policy(call):
    key = key_of(call, call["resource"])
    logged(call, key)
    call.need(f"resourcemanager.{key.split('/')[0]}.setIamPolicy", key)
    if call.stand.faults.take("etag", call=call):
        # Somebody else was faster.
        call.world.policy(key)["etag"] = call.world.etag()
    before, after = call.world.set_policy(key, call.body.get("policy") or {}, call.body.get("updateMask"))
    call.tell(service_data=audit.delta(before, after))
    return call.world.shown_policy(key, 3)


@policied("testIamPermissions")
def test(call):
    key = key_of(call, call["resource"])
    call.silent = True
    asked = call.body.get("permissions", [])
    if len(asked) > 100:
        raise Refusal(400, "At most 100 permissions can be tested in one request.")
    for each in asked:
        if "*" in each or not re.fullmatch(r"[a-zA-Z0-9]+\.\w+\.\w+", each):
            raise Refusal(400, f"Permission {each} is not valid for this resource.")
    held = [each for each in asked if call.access.holds(call.who, each, call.world.ancestors(key))]
    return {"permissions": held} if held else {}


@on("cloudresourcemanager.projects.create")
def create(call):
    parent = key_of(call, call.body.get("parent") or "")
    call.need("resourcemanager.projects.create", parent)
    id = call.body.get("projectId", "")
    if not re.fullmatch(r"[a-z][-a-z0-9]{4,28}[a-z0-9]", id) or id in call.world.projects:
        raise Refusal(409 if id in call.world.projects else 400, f"Requested entity '{id}' already exists or is invalid.", status="ALREADY_EXISTS" if id in call.world.projects else None)
    project = call.world.project(id, parent, title=call.body.get("displayName"))
    call.world.set_policy(f"projects/{id}", {"bindings": [{"role": "roles/owner", "members": [call.who.member]}]})
    told = {"@type": "type.googleapis.com/google.cloud.resourcemanager.v3.Project", **shown(call, f"projects/{id}")}
    call.tell(name=f"projects/{id}", container=f"projects/{id}", resource="project", labels={"project_id": id}, method="CreateProject",
              response={"@type": "type.googleapis.com/google.cloudresourcemanager.v1.Project", "projectId": id, "projectNumber": project["_number"],
                        "lifecycleState": "ACTIVE"})
    return call.stand.longrunning(call, f"projects/{id}", lambda: told)


@on("cloudresourcemanager.projects.delete", "cloudresourcemanager.projects.undelete")
def delete(call):
    key = key_of(call, call.get("name") or call["projectId"])
    id, verb = key.split("/")[1], call.method.verb
    logged(call, key)
    call.tell(method="DeleteProject" if verb == "delete" else "UndeleteProject")
    call.need(f"resourcemanager.projects.{verb}", key)
    liens = [lien for lien in call.world.liens.values() if lien["parent"] == f"projects/{call.world.number_of(id)}"]
    if verb == "delete" and liens:
        raise Refusal(400, f"A lien to prevent deletion was placed on the project by [{liens[0]['origin']}].", status="FAILED_PRECONDITION")
    call.world.projects[id]["state"] = "DELETE_REQUESTED" if verb == "delete" else "ACTIVE"
    if call.method.version == "v1":
        return {}
    return call.stand.longrunning(call, key, lambda: {"@type": "type.googleapis.com/google.cloud.resourcemanager.v3.Project", **shown(call, key)})


@on("cloudresourcemanager.operations.get")
def operation(call):
    call.silent = True
    return call.stand.operation(call["name"])


@on("cloudresourcemanager.liens.list", "cloudresourcemanager.liens.get", "cloudresourcemanager.liens.create", "cloudresourcemanager.liens.delete")
def liens(call):
    world, verb = call.world, call.method.verb
    if verb in ("list", "create"):
        key = key_of(call, call.get("parent") or (call.body or {}).get("parent") or "")
        call.tell(name=key)
        call.need("resourcemanager.projects.get" if verb == "list" else "resourcemanager.projects.updateLiens", key)
        number = f"projects/{world.number_of(key.split('/')[1])}"
        if verb == "list":
            return call.stand.paged(call, "liens", [dict(lien) for lien in world.liens.values() if lien["parent"] == number], 300)
        name = f"liens/p{world.number(12)}-l{world.random.randbytes(8).hex()}"
        world.liens[name] = {**call.body, "name": name, "parent": number, "createTime": world.stamp()}
        return dict(world.liens[name])
    lien = world.liens.get(call["name"])
    if lien is None:
        raise Refusal(404, f"Lien {call['name']} was not found.", status="NOT_FOUND")
    call.need("resourcemanager.projects.get" if verb == "get" else "resourcemanager.projects.updateLiens", key_of(call, lien["parent"]))
    if verb == "get":
        return dict(lien)
    del world.liens[call["name"]]
    return {}


@on("cloudresourcemanager.projects.getAncestry")
def ancestry(call):
    key = key_of(call, call["projectId"])
    call.need("resourcemanager.projects.get", key)
    return {"ancestor": [{"resourceId": {"type": each.split("/")[0][:-1], "id": each.split("/")[1]}} for each in call.world.ancestors(key)]}
