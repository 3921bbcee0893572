"""Every other service: a store of things driven by the documents, with what its own verbs do to a thing's state."""

import copy
import re

from call import reads
from errors import Refusal

# What a verb leaves in a thing: `Kind.verb` → fields by path.
EFFECTS = {
    "cloudscheduler.jobs.pause": {"state": "PAUSED"}, "cloudscheduler.jobs.resume": {"state": "ENABLED"},
    "notebooks.instances.stop": {"state": "STOPPED"}, "notebooks.instances.start": {"state": "ACTIVE"},
    "dataproc.clusters.stop": {"status.state": "STOPPED"}, "dataproc.clusters.start": {"status.state": "RUNNING"},
    "dataproc.jobs.cancel": {"status.state": "CANCELLED"}, "batch.jobs.cancel": {"status.state": "CANCELLED"},
    "aiplatform.customJobs.cancel": {"state": "JOB_STATE_CANCELLED"}, "aiplatform.endpoints.undeployModel": {"deployedModels": []},
    "aiplatform.trainingPipelines.cancel": {"state": "PIPELINE_STATE_CANCELLED"}, "aiplatform.pipelineJobs.cancel": {"state": "PIPELINE_STATE_CANCELLED"},
    "aiplatform.notebookRuntimes.stop": {"runtimeState": "STOPPED"}, "aiplatform.notebookRuntimes.start": {"runtimeState": "RUNNING"},
    "tpu.nodes.stop": {"state": "STOPPED"}, "tpu.nodes.start": {"state": "READY"}, "cloudbuild.builds.cancel": {"status": "CANCELLED"},
    "apikeys.keys.undelete": {"deleteTime": None}, "run.executions.cancel": {"cancelledCount": 1},
}
# What a new thing is, by `service.collection`.
BORN = {
    "cloudscheduler.jobs": {"state": "ENABLED"}, "notebooks.instances": {"state": "ACTIVE"}, "dataproc.clusters": {"status": {"state": "RUNNING"}},
    "batch.jobs": {"status": {"state": "RUNNING"}}, "container.clusters": {"status": "RUNNING"}, "container.nodePools": {"status": "RUNNING"},
    "tpu.nodes": {"state": "READY"}, "sqladmin.instances": {"state": "RUNNABLE"}, "composer.environments": {"state": "RUNNING"},
    "file.instances": {"state": "READY"}, "aiplatform.customJobs": {"state": "JOB_STATE_RUNNING"}, "dataflow.jobs": {"currentState": "JOB_STATE_RUNNING"},
    "iam.workloadIdentityPools": {"state": "ACTIVE"}, "iam.providers": {"state": "ACTIVE"}, "cloudfunctions.functions": {"state": "ACTIVE"}, "appengine.versions": {"servingStatus": "SERVING"},
}
# The words of permissions that aren't the collection's own.
WORDS = {"sqladmin": "cloudsql", "composer": "composer", "cloudfunctions": "cloudfunctions", "file": "file", "billingbudgets": "billing"}


def held(call, service, name):
    thing = call.world.resources.get(service, {}).get(name)
    if thing is None:
        raise Refusal(404, f"Resource '{name}' was not found", status="NOT_FOUND")
    return thing


def at(thing, path, value):
    *head, last = path.split(".")
    for name in head:
        thing = thing.setdefault(name, {})
    if value is None:
        thing.pop(last, None)
    else:
        thing[last] = value


def name_of(call):
    """The full name that the path means: `projects/p/locations/l/clusters/c`, whatever the document's style."""
    path = call.method.path
    for name, _ in call.method.names:
        path = re.sub(r"\{\+?" + re.escape(name) + r"\}", lambda m: call.params[name], path)
    path = re.sub(r"^(sql/)?v\d\w*/", "", path)
    return re.sub(r":\w+$", "", path)


def canonical(call, name):
    """With the project's id where its number was given, and the id for App Engine's `apps/`."""
    match = re.match(r"(projects|apps)/([^/]+)(.*)", name)
    if match:
        id = call.world.find_project(match.group(2))
        return f"{match.group(1)}/{id}{match.group(3)}", f"projects/{id}"
    head = "/".join(name.split("/")[:2])
    return name, head


def permission(call, verb):
    words = {"insert": "create", "patch": "update", "aggregatedList": "list", "aggregated": "list"}
    if (call.service, call.method.collection) == ("iam", "providers"):
        return f"iam.workloadIdentityPoolProviders.{words.get(verb, verb)}"
    return f"{WORDS.get(call.service, call.service)}.{call.method.collection}.{words.get(verb, verb)}"


def new_name(call, parent):
    """The id comes as a parameter, in the body, or is made up."""
    body = call.body or {}
    collection = call.method.collection
    single = re.sub(r"ies$", "y", collection).removesuffix("s")
    for name, value in call.params.items():
        if (name.lower().endswith(f"{single.lower()}id") or name.lower() in (f"{single.lower()}_id", "id")) and value:
            return value
    inner = body.get(single) if isinstance(body.get(single), dict) else body
    for field in ("clusterName", "name", "id", "jobId"):
        if isinstance(inner.get(field), str) and inner[field]:
            return inner[field].rsplit("/", 1)[-1]
    if isinstance(inner.get("reference"), dict) and inner["reference"].get("jobId"):
        return inner["reference"]["jobId"]
    return call.world.uuid() if call.service not in ("dataflow", "aiplatform", "billingbudgets", "essentialcontacts") else call.world.number(18)


def answered(call, name, thing, extra=None):
    """The thing itself, or the operation that makes it so, as the document promises."""
    kind = call.method.response or ""
    document = call.method.book
    if kind.endswith("Empty"):
        return {}
    schema = document.schemas.get(kind, {}).get("properties", {})
    if "done" in schema and "response" in schema:
        return call.stand.longrunning(call, name, lambda: {"@type": f"type.googleapis.com/{kind}", **thing})
    if kind.endswith("Operation") and "operationType" in schema:
        id = f"operation-{int(call.world.now().timestamp() * 1000)}-{call.world.random.randbytes(4).hex()}"
        told = {"name": id, "operationType": call.method.verb.upper(), "status": "RUNNING", "selfLink": f"https://{call.service}.googleapis.com/v1/operations/{id}"}
        for field, value in (("targetLink", name), ("kind", "sql#operation"), ("targetId", name.rsplit("/", 1)[-1]), ("zone", call.location), ("startTime", call.world.stamp())):
            if field in schema:
                told[field] = value
        if call.service == "container":
            told["operationType"] = {"create": "CREATE_CLUSTER", "delete": "DELETE_CLUSTER", "setSize": "SET_NODE_POOL_SIZE"}.get(call.method.verb, "UPDATE_CLUSTER")
        elif call.service == "sqladmin":
            told["operationType"] = {"insert": "CREATE", "delete": "DELETE"}.get(call.method.verb, "UPDATE")
        call.stand.simple(call, id, told)
        return told
    if not schema or (extra is None and kind not in (call.method.request, None) and set(schema) & {"operation"} == {"operation"}):
        return {}
    return {field: copy.deepcopy(value) for field, value in thing.items() if field in schema and not field.startswith("_")}


def do(call):
    """Any method of any service that has no code of its own."""
    service, verb, collection = call.service, call.method.verb, call.method.collection
    store = call.world.resources.setdefault(service, {})
    if collection == "operations":
        call.silent = True
        return call.stand.operation(name_of(call))
    name, head = canonical(call, name_of(call))
    call.keys = call.world.ancestors(head)
    if head.startswith("projects/"):
        call.enabled(head.split("/")[1])
    call.tell(name=name)
    if verb in ("getIamPolicy", "setIamPolicy", "testIamPermissions"):
        return policies(call, name, head)
    call.need(permission(call, verb), head, on=name)
    if verb in ("list", "aggregatedList", "aggregated"):
        return listed(call, name, store)
    if verb in ("create", "insert"):
        return made(call, name, store)
    if verb == "get":
        thing = held(call, service, name)
        return {field: copy.deepcopy(value) for field, value in thing.items() if not field.startswith("_")}
    thing = held(call, service, name)
    before = copy.deepcopy(thing)
    if verb == "delete":
        given = call.get("etag")
        if given and given != thing.get("etag"):
            raise Refusal(409, "The etag does not match.", status="ABORTED")
        if call.get("clusterUuid") and call.get("clusterUuid") != thing.get("clusterUuid"):
            raise Refusal(404, f"Resource '{name}' with this uuid was not found", status="NOT_FOUND")
        if service == "apikeys":
            thing["deleteTime"] = call.world.stamp()
        else:
            for inner in [each for each in store if each == name or each.startswith(name + "/")]:
                del store[inner]
        return answered(call, name, before)
    if verb in ("patch", "update", "replaceService"):
        body = copy.deepcopy(call.body or {})
        given = body.pop("etag", None)
        if given and thing.get("etag") and given != thing["etag"]:
            raise Refusal(409, "The etag does not match.", status="ABORTED")
        if service == "dataflow":
            wanted = body.get("requestedState")
            if wanted:
                thing.update(requestedState=wanted, currentState=wanted)
        elif service == "container":
            change_cluster(thing, body.get("update", body))
        else:
            mask = [field.strip() for field in (call.get("updateMask") or "").split(",") if field.strip()]
            for field in mask or list(body):
                if field == "*":
                    thing.update({k: v for k, v in body.items() if k not in ("name", "uid")})
                    continue
                value = body
                for step in field.split("."):
                    value = value.get(step) if isinstance(value, dict) else None
                if field not in ("name", "uid"):
                    at(thing, field, value)
        if "etag" in thing:
            thing["etag"] = call.world.etag()
        return answered(call, name, thing)
    effects = EFFECTS.get(f"{service}.{collection}.{verb}")
    if service == "container":
        change_cluster(thing, {"setSize": {"initialNodeCount": (call.body or {}).get("nodeCount")},
                               "setAutoscaling": {"autoscaling": (call.body or {}).get("autoscaling")}}.get(verb, call.body or {}))
    elif effects is None:
        raise Refusal(501, f"The stand-in does not do {call.id}.", status="UNIMPLEMENTED")
    for path, value in (effects or {}).items():
        at(thing, path, value)
    return answered(call, name, thing)


def change_cluster(thing, update):
    for field, value in update.items():
        if field in ("name", "projectId", "zone", "clusterId", "nodePoolId") or value is None:
            continue
        thing[re.sub(r"^desired(.)", lambda m: m.group(1).lower(), field)] = value


def listed(call, name, store):
    parent, _, collection = name.rpartition("/")
    pattern = re.escape(parent).replace("/\\-", "/[^/]+").replace("/-", "/[^/]+")
    rows = [thing for each, thing in sorted(store.items()) if re.fullmatch(f"{pattern}/{re.escape(collection)}/[^/]+", each)]
    if call.method.verb.startswith("aggregated"):
        rows = [thing for each, thing in sorted(store.items()) if each.startswith(name.split("/jobs")[0] + "/")]
    if not call.get("showDeleted"):
        rows = [row for row in rows if not row.get("deleteTime")]
    schema = call.method.book.schemas[call.method.response]["properties"]
    field = next((each for each, spec in schema.items() if spec.get("type") == "array" and "$ref" in spec.get("items", {}) and
                  (each == collection or each in ("items", "instances") or spec["items"]["$ref"].lower() in collection.lower())), None) or next(
        each for each, spec in schema.items() if spec.get("type") == "array")
    rows = [{name: copy.deepcopy(value) for name, value in row.items() if not name.startswith("_")} for row in rows]
    if "nextPageToken" in schema:
        return call.stand.paged(call, field, rows, 1000)
    return {field: rows} if rows else {}


def made(call, parent, store):
    service, collection = call.service, call.method.collection
    id = new_name(call, parent)
    full = f"{parent}/{id}"
    if full in store:
        raise Refusal(409, f"Resource '{full}' already exists", status="ALREADY_EXISTS")
    body = copy.deepcopy(call.body or {})
    single = re.sub(r"ies$", "y", collection).removesuffix("s")
    if isinstance(body.get(single), dict) and service in ("container", "dataproc") or service == "container" and "nodePool" in body:
        body = body.get(single) or body["nodePool"]
    kind = next((spec["$ref"] for m in call.method.book.methods if m.id == f"{call.id.rsplit('.', 1)[0]}.get" for spec in [{"$ref": m.response}] if m.response), None)
    fields = call.method.book.schemas.get(kind, {}).get("properties", {}) if kind else {}
    thing = {**body, **copy.deepcopy(BORN.get(f"{service}.{collection}", {}))}
    for field, value in (("uid", call.world.uuid()), ("etag", call.world.etag()), ("createTime", call.world.stamp()), ("clusterUuid", call.world.uuid()),
                         ("createDate", call.world.stamp()), ("selfLink", f"https://{service}.googleapis.com/v1/{full}")):
        if field in fields and not (field == "createDate" and fields[field].get("type") == "object"):
            thing[field] = value
    if "name" in fields:
        thing["name"] = id if service in ("container", "sqladmin", "dataproc", "dataflow") else full
    if service == "dataflow":
        thing |= {"id": id, "name": body.get("name", id), "projectId": call["projectId"]}
    if service == "dataproc":
        thing |= {"clusterName": id} if collection == "clusters" else {}
    if service == "cloudbuild" and collection == "triggers":
        thing["id"] = id
    thing = {field: value for field, value in thing.items() if not fields or field in fields}
    store[full] = thing
    for inner in thing.get("nodePools", []) if service == "container" else []:
        store[f"{full}/nodePools/{inner['name']}"] = {"status": "RUNNING", **inner}
    response = {"@type": f"type.googleapis.com/{kind}", **thing, "name": thing.get("name", full)}
    call.tell(name=full if service not in ("apikeys",) else parent, response=response)
    return answered(call, full, thing)


def policies(call, name, head):
    name = name.removesuffix("/iam")
    keys = (name, head)
    if call.method.verb == "testIamPermissions":
        call.silent = True
        chain = [name] + call.world.ancestors(head)
        return {"permissions": [each for each in call.body.get("permissions", []) if call.access.holds(call.who, each, chain)]}
    call.need(permission(call, call.method.verb), *keys, on=name)
    if call.method.verb == "getIamPolicy":
        asked = call.get("options.requestedPolicyVersion") or ((call.body or {}).get("options") or {}).get("requestedPolicyVersion") or 1
        return call.world.shown_policy(name, int(asked))
    import audit
    before, after = call.world.set_policy(name, call.body.get("policy") or {}, call.body.get("updateMask"))
    call.tell(service_data=audit.delta(before, after))
    return call.world.shown_policy(name, 3)


__all__ = ["do", "held", "reads"]
