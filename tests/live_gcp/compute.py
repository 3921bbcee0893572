"""Compute Engine: what is in every collection, and operations that take time and may fail."""

import copy
import re

from call import on
from errors import Refusal, exists, missing
from world import REGIONS, ZONES

HOST = "https://www.googleapis.com/compute/v1/"
KINDS = {"instanceGroupManagers": "InstanceGroupManager", "instances": "Instance", "disks": "Disk", "firewalls": "Firewall", "images": "Image",
         "snapshots": "Snapshot", "networks": "Network", "subnetworks": "Subnetwork", "instanceTemplates": "InstanceTemplate",
         "autoscalers": "Autoscaler", "addresses": "Address"}
# The monitored resource of the audit log, and the label that holds the number.
LOGGED = {"instances": ("gce_instance", "instance_id"), "disks": ("gce_disk", "disk_id"), "snapshots": ("gce_snapshot", "snapshot_id"),
          "images": ("gce_image", "image_id"), "firewalls": ("gce_firewall_rule", "firewall_rule_id"), "networks": ("gce_network", "network_id"),
          "instanceTemplates": ("gce_instance_template", "instance_template_id"), "autoscalers": ("gce_autoscaler", "autoscaler_id"),
          "instanceGroupManagers": ("gce_instance_group_manager", "instance_group_manager_id"), "projects": ("gce_project", "project_id")}
MACHINES = {"e2-small": (2, 2048), "e2-medium": (2, 4096), "n1-standard-1": (1, 3840), "n1-standard-4": (4, 15360), "n2-standard-8": (8, 32768),
            "c2-standard-60": (60, 245760), "n2d-highcpu-224": (224, 229376), "a2-highgpu-1g": (12, 87040), "g2-standard-96": (96, 393216)}


def bare(collection):
    """`regionAutoscalers` and `autoscalers` are one collection in two scopes."""
    for head in ("region", "global"):
        if collection.startswith(head) and collection not in ("regions",) and len(collection) > len(head):
            return collection[len(head)].lower() + collection[len(head) + 1:]
    return collection


class Compute:
    """The things of every project: `store[project][scope][collection][name]`, scopes being `zones/z`, `regions/r`, `global`."""

    def __init__(self, stand):
        self.stand, self.world = stand, stand.world
        self.reset()

    def reset(self):
        self.operations, self.asked, self.seconds, self.fails, self.unreachable = {}, {}, 0.2, [], set()
        self.plain_partial = True

    # -- places -------------------------------------------------------------------------------------------------------------

    def scope(self, call):
        if "zone" in call.params:
            if call["zone"] not in ZONES:
                raise Refusal(400, f"Invalid value for field 'zone': '{call['zone']}'. Unknown zone.", reason="invalid")
            return f"zones/{call['zone']}"
        if "region" in call.params:
            if call["region"] not in REGIONS:
                raise Refusal(400, f"Invalid value for field 'region': '{call['region']}'. Unknown region.", reason="invalid")
            return f"regions/{call['region']}"
        return "global"

    def things(self, project, scope, collection):
        return self.world.compute.setdefault(project, {}).setdefault(scope, {}).setdefault(collection, {})

    def find(self, project, scope, collection, given):
        """A thing by name, or by its number where one is given."""
        things = self.things(project, scope, collection)
        if given in things:
            return things[given]
        for thing in things.values():
            if thing["id"] == given:
                return thing
        raise missing(f"projects/{project}/{scope}/{collection}/{given}")

    def link(self, project, scope, collection, name):
        return f"{HOST}projects/{project}/{scope}/{collection}/{name}"

    def new(self, project, scope, collection, name, body, force_id=None):
        if not re.fullmatch(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", name or ""):
            raise Refusal(400, f"Invalid value for field 'resource.name': '{name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{{0,61}}[a-z0-9])?)'", reason="invalid")
        things = self.things(project, scope, collection)
        if name in things:
            raise exists(f"projects/{project}/{scope}/{collection}/{name}")
        kind = "compute#" + (KINDS.get(collection) or re.sub("s$", "", collection))
        kind = kind[:8] + kind[8].lower() + kind[9:]
        thing = {**copy.deepcopy(body), "kind": kind, "id": force_id or self.world.number(), "name": name, "creationTimestamp": self.world.stamp(),
                 "selfLink": self.link(project, scope, collection, name)}
        place, _, where = scope.partition("/")
        properties = self.stand.schema("compute", KINDS.get(collection))
        if place == "zones":
            thing["zone"] = f"{HOST}projects/{project}/{scope}"
        elif place == "regions":
            thing["region"] = f"{HOST}projects/{project}/{scope}"
        for field in ("fingerprint", "labelFingerprint"):
            if field in properties:
                thing[field] = self.world.fingerprint()
        things[name] = thing
        return thing

    # -- operations ---------------------------------------------------------------------------------------------------------

    def operate(self, call, kind, thing, apply=None, refuse=None, scope=None, group=None, link=None, who=None, collection=None, method=None, quiet=False,
                request=None, metadata=None):
        """Begins an operation that ends later; writes its first entry now and its last entry then."""
        world, project = self.world, call.project
        scope = scope or self.scope(call)
        user = who.email if who else call.email
        name = f"operation-{int(world.now().timestamp() * 1000)}-{world.random.randbytes(6).hex()}-{world.random.randbytes(4).hex()}"
        link = link or (thing or {}).get("selfLink")
        operation = {"kind": "compute#operation", "id": world.number(), "name": name, "operationType": kind, "targetLink": link, "user": user,
                     "status": "PENDING", "progress": 0, "insertTime": world.stamp(), "selfLink": f"{HOST}projects/{project}/{scope}/operations/{name}"}
        if thing:
            operation["targetId"] = thing["id"]
        if group:
            operation["operationGroupId"] = group
        if scope != "global":
            operation[scope.split("/")[0].rstrip("s")] = f"{HOST}projects/{project}/{scope}"
        fault = self.stand.faults.take("operation", call=call, operation=kind, target=(thing or {}).get("name"))
        if fault:
            refuse = (fault.get("status", 503), fault.get("code", "ZONE_RESOURCE_POOL_EXHAUSTED"),
                      fault.get("message", "The zone does not have enough resources available to fulfill the request."))
        slow = self.stand.faults.take("slow", call=call)
        seconds = slow["seconds"] if slow else self.seconds
        resource, label = LOGGED.get(collection or bare(call.method.collection), ("audited_resource", None))
        labels = {}
        if label and thing and label != "project_id":
            labels[label] = thing["id"]
        if scope != "global":
            labels["zone" if scope.startswith("zones/") and resource == "gce_instance" else "location"] = scope.split("/")[1]
        told = {"resource": resource, "labels": labels, "location": scope.split("/")[-1], "log": {"compute.googleapis.com/root_trigger_id": world.uuid()}}
        target = link.removeprefix(HOST) if link else f"projects/{project}"
        method = method or f"v1.{call.id}"
        row = {"slow": bool(slow), "operation": operation, "project": project, "scope": scope, "apply": apply, "refuse": refuse, "end": self.stand.monotonic() + seconds,
               "entry": (call.who if who is None else who, method, target, told, call.source if who is None else "private", call.agent if who is None else who.agent)}
        self.operations[name] = row
        if not quiet:
            response = {"@type": "type.googleapis.com/operation", **operation, "status": "RUNNING"}
            asked = request if request is not None else (call.body or {})
            self.stand.audit.write(told["log"], f"projects/{project}", row["entry"][0], "compute.googleapis.com", method, target, resource=resource,
                                   labels=labels, location=told["location"], ip=row["entry"][4], agent=row["entry"][5], granted=call.granted, response=response,
                                   request={"@type": f"type.googleapis.com/{method.split('.', 1)[1]}", **asked}, metadata=metadata,
                                   operation={"id": name, "producer": "compute.googleapis.com", "first": True})
        row["quiet"] = quiet
        call.silent = True
        return copy.deepcopy(operation)

    def is_slow(self, operation):
        return self.operations[operation["name"]]["slow"]

    def tick(self):
        """Ends the operations whose time has come, in order."""
        due = sorted((row for row in self.operations.values() if row["operation"]["status"] != "DONE"), key=lambda row: row["end"])
        for row in due:
            operation = row["operation"]
            if row["end"] > self.stand.monotonic():
                operation["status"] = "RUNNING"
                operation.setdefault("startTime", self.world.stamp())
                continue
            operation |= {"status": "DONE", "progress": 100, "endTime": self.world.stamp()}
            operation.setdefault("startTime", operation["insertTime"])
            status = None
            if row["refuse"]:
                http, code, message = row["refuse"]
                operation |= {"error": {"errors": [{"code": code, "message": message}]}, "httpErrorStatusCode": http,
                              "httpErrorMessage": {403: "FORBIDDEN", 400: "BAD REQUEST", 409: "CONFLICT"}.get(http, "SERVICE UNAVAILABLE")}
                status = {"code": {403: 8, 400: 3, 409: 6}.get(http, 14), "message": code}
            undone = row["apply"] and row["apply"](not row["refuse"])
            if isinstance(undone, tuple):
                operation |= {"error": {"errors": [{"code": undone[0], "message": undone[1]}]}, "httpErrorStatusCode": 400}
                status = {"code": 3, "message": undone[0]}
            if not row["quiet"]:
                who, method, target, told, ip, agent = row["entry"]
                self.stand.audit.write(told["log"], f"projects/{row['project']}", who, "compute.googleapis.com", method, target, resource=told["resource"],
                                       labels=told["labels"], ip=ip, agent=agent, status=status, request={"@type": f"type.googleapis.com/{method.split('.', 1)[1]}"},
                                       operation={"id": operation["name"], "producer": "compute.googleapis.com", "last": True})

    def once(self, call):
        """The operation that the same request id began before, if it did."""
        id = call.get("requestId")
        if id is None:
            return None
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", id) or not id.replace("0", "").replace("-", ""):
            raise Refusal(400, f"Invalid value for field 'requestId': '{id}'.", reason="invalid")
        at = (call.email, id)
        if at in self.asked:
            method, path, name = self.asked[at]
            if (method, path) != (call.id, repr(sorted(call.params.items()))):
                raise Refusal(400, f"The request id {id} was used by another request.", reason="invalid")
            call.silent = True
            return copy.deepcopy(self.operations[name]["operation"])
        return None

    def remember(self, call, answer):
        if call.get("requestId") and isinstance(answer, dict) and answer.get("name") in self.operations:
            self.asked[(call.email, call["requestId"])] = (call.id, repr(sorted(call.params.items())), answer["name"])

    # -- lists --------------------------------------------------------------------------------------------------------------

    def page(self, call, items, most=500):
        size = call.get("maxResults", 500)
        if not 0 <= size <= 500:
            raise Refusal(400, f"Invalid value for field 'maxResults': '{size}'. Values must be within the range: [0, 500]", reason="invalid")
        start = int(call.get("pageToken") or 0)
        size = size or most
        return items[start:start + size], (str(start + size) if start + size < len(items) else None)

    def chosen(self, call, items):
        text = call.get("filter")
        if not text:
            return items
        tests = []
        for part in re.split(r"\s+AND\s+", text.strip().strip("()")):
            match = re.fullmatch(r"""\(?\s*([\w.]+)\s*(=|!=|eq|ne|:)\s*["']?([^"')]*)["']?\s*\)?""", part)
            if not match:
                raise Refusal(400, f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.", reason="invalid")
            tests.append(match.groups())

        def value(item, path):
            for name in path.split("."):
                item = item.get(name, "") if isinstance(item, dict) else ""
            return "true" if item is True else "false" if item is False else str(item)

        def holds(item):
            for path, op, wanted in tests:
                is_ = value(item, path)
                same = re.fullmatch(wanted, is_) is not None if op in ("eq", "ne") else wanted in is_ if op == ":" else is_ == wanted
                if same == (op in ("!=", "ne")):
                    return False
            return True

        return [item for item in items if holds(item)]

    def listed(self, call, items, kind):
        items, token = self.page(call, self.chosen(call, sorted(items, key=lambda item: (item["name"], item["id"]))))
        answer = {"kind": f"compute#{kind}", "id": f"projects/{call['project']}", "items": copy.deepcopy(items), "selfLink": HOST}
        if token:
            answer["nextPageToken"] = token
        if not items:
            del answer["items"]
        return answer

    def aggregated(self, call, name, by_scope):
        """All scopes of a project in one answer; a zone that can't be reached is told, or ends the whole call."""
        dead = [scope for scope in by_scope if scope.split("/")[-1] in self.unreachable]
        if dead and not call.get("returnPartialSuccess"):
            raise Refusal(503, "Internal error. Please try again or contact Google Support.", reason="backendError")
        items = [(scope, item) for scope in sorted(by_scope) if scope not in dead
                 for item in self.chosen(call, sorted(by_scope[scope], key=lambda item: (item["name"], item["id"])))]
        items, token = self.page(call, items)
        told = {}
        for scope in sorted(by_scope):
            if scope in dead:
                told[scope] = {"warning": {"code": "UNREACHABLE", "message": f"{scope} is unreachable.", "data": [{"key": "scope", "value": scope}]}}
                continue
            of = [copy.deepcopy(item) for at, item in items if at == scope]
            told[scope] = {name: of} if of else {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": f"There are no results for scope '{scope}' on this page.",
                                                             "data": [{"key": "scope", "value": scope}]}}
        kind = {"operations": "operationAggregatedList"}.get(name, re.sub("s$", "", name) + "AggregatedList")
        answer = {"kind": f"compute#{kind}", "id": f"projects/{call['project']}/aggregated/{name}", "items": told,
                  "selfLink": f"{HOST}projects/{call['project']}/aggregated/{name}"}
        if token:
            answer["nextPageToken"] = token
        if dead:
            answer["unreachables"] = [f"{HOST}projects/{call['project']}/{scope}" for scope in dead]
        return answer

    def scopes(self, zonal=True, regional=True, everywhere=False):
        return (["global"] if everywhere else []) + [f"regions/{r}" for r in REGIONS if regional] + [f"zones/{z}" for z in ZONES if zonal]


# -- the plain collections ----------------------------------------------------------------------------------------------------


def enter(call, verb=None, collection=None):
    """The project of a call, its API on, its permission held."""
    project = call.world.find_project(call["project"])
    collection = collection or bare(call.method.collection)
    verb = verb or {"insert": "create", "aggregatedList": "list", "wait": "get", "bulkInsert": "create", "patch": "update"}.get(call.method.verb, call.method.verb)
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    place = call.stand.compute.scope(call)
    call.need(f"compute.{collection}.{verb}", f"projects/{project}", on=f"projects/{project}/{place}/{collection}".replace("/global/projects", ""))
    call.told.setdefault("name", f"projects/{project}/{place}/{collection}")
    if place.split("/")[-1] in call.stand.compute.unreachable:
        raise Refusal(503, "Internal error. Please try again or contact Google Support.", reason="backendError")
    return project, place, collection


def generic(call):
    """Any collection without a life of its own: insert, get, list, change, delete."""
    verb, compute = call.method.verb, call.stand.compute
    project, place, collection = enter(call)
    key = next((name for name, many in call.method.names if name not in ("project", "zone", "region")), None)
    if verb == "list":
        return compute.listed(call, compute.things(project, place, collection).values(), re.sub("s$", "", collection) + "List")
    if verb == "aggregatedList":
        held = {scope: list(compute.things(project, scope, collection).values()) for scope in compute.scopes(everywhere=collection not in ("instances",))}
        return compute.aggregated(call, collection, held)
    if verb == "insert":
        again = compute.once(call)
        if again:
            return again
        thing = compute.new(project, place, collection, call.body.get("name"), call.body)
        if collection in ("disks", "images", "snapshots"):
            thing["status"] = "READY"
        if collection == "firewalls":
            # What was left out is shown as what it is.
            thing |= {"disabled": False, "direction": "INGRESS", "priority": 1000, "logConfig": {"enable": False}} | call.body
        return compute.operate(call, "insert", thing, lambda done: None if done else compute.things(project, place, collection).pop(thing["name"], None))
    thing = compute.find(project, place, collection, call[key])
    if verb == "get":
        return copy.deepcopy(thing)
    again = compute.once(call)
    if again:
        return again
    policy = f"projects/{project}/{place}/{collection}/{thing['name']}"
    call.tell(name=policy)
    if verb == "delete":
        users = thing.get("users")
        if users:
            raise Refusal(400, f"The {collection} resource '{policy}' is already being used by '{users[0]}'", reason="resourceInUseByAnotherResource")
        return compute.operate(call, "delete", thing, lambda done: done and compute.things(project, place, collection).pop(thing["name"], None))
    if verb in ("patch", "update"):
        given = call.body.get("fingerprint")
        if given and given != thing.get("fingerprint"):
            raise Refusal(412, "Supplied fingerprint does not match current metadata fingerprint.", reason="conditionNotMet")

        def change(done):
            if done:
                thing.update({name: value for name, value in call.body.items() if name not in ("id", "name", "kind", "fingerprint")})
                if "fingerprint" in thing:
                    thing["fingerprint"] = call.world.fingerprint()
        return compute.operate(call, verb, thing, change)
    if verb == "setLabels":
        return set_labels(call, thing)
    raise Refusal(501, f"The stand-in does not do {call.id}.", status="UNIMPLEMENTED", reason="notImplemented")


def set_labels(call, thing):
    if call.body.get("labelFingerprint") != thing.get("labelFingerprint"):
        raise Refusal(412, "Labels fingerprint either invalid or resource labels have changed", reason="conditionNotMet")

    def change(done):
        if done:
            thing["labels"], thing["labelFingerprint"] = call.body.get("labels", {}), call.world.fingerprint()
    return call.stand.compute.operate(call, "setLabels", thing, change)


def policies(call):
    """getIamPolicy, setIamPolicy and testIamPermissions of any compute thing."""
    verb, compute = call.method.verb, call.stand.compute
    collection = bare(call.method.collection)
    project = call.world.find_project(call["project"])
    thing = compute.find(project, compute.scope(call), collection, call["resource"])
    key = f"projects/{project}/{compute.scope(call)}/{collection}/{thing['name']}"
    call.keys = [key] + call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    resource, label = LOGGED.get(collection, ("audited_resource", None))
    call.tell(name=key, resource=resource, labels={label: thing["id"]} if label else {}, method=f"v1.{call.id}")
    if verb == "testIamPermissions":
        return {"permissions": [p for p in call.body.get("permissions", []) if call.access.holds(call.who, p, call.keys)]}
    call.need(f"compute.{collection}.{verb}", key, f"projects/{project}", on=key)
    if verb == "getIamPolicy":
        return call.world.shown_policy(key, int(call.get("optionsRequestedPolicyVersion", 1)))
    before, after = call.world.set_policy(key, call.body.get("policy") or {})
    import audit
    call.tell(service_data=audit.delta(before, after))
    return call.world.shown_policy(key, 3)


@on("compute.zoneOperations.get", "compute.regionOperations.get", "compute.globalOperations.get", "compute.zoneOperations.wait", "compute.regionOperations.wait",
    "compute.globalOperations.wait")
def operation_get(call):
    compute = call.stand.compute
    project = call.world.find_project(call["project"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.need(f"compute.{call.method.collection}.get", f"projects/{project}")
    for row in compute.operations.values():
        if row["project"] == project and row["scope"] == compute.scope(call) and call["operation"] in (row["operation"]["name"], row["operation"]["id"]):
            if call.method.verb == "wait":
                call.stand.later(lambda: row["operation"]["status"] == "DONE", 120)
            return copy.deepcopy(row["operation"])
    raise missing(f"projects/{project}/{compute.scope(call)}/operations/{call['operation']}")


@on("compute.zoneOperations.list", "compute.regionOperations.list", "compute.globalOperations.list")
def operation_list(call):
    compute = call.stand.compute
    project = call.world.find_project(call["project"])
    call.need(f"compute.{call.method.collection}.list", f"projects/{project}")
    rows = [row["operation"] for row in compute.operations.values() if row["project"] == project and row["scope"] == compute.scope(call)]
    return compute.listed(call, rows, "operationList")


@on("compute.globalOperations.aggregatedList")
def operation_aggregated(call):
    compute = call.stand.compute
    project = call.world.find_project(call["project"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    call.need("compute.globalOperations.list", f"projects/{project}")
    held = {scope: [row["operation"] for row in compute.operations.values() if row["project"] == project and row["scope"] == scope]
            for scope in compute.scopes(everywhere=True)}
    return compute.aggregated(call, "operations", held)


@on("compute.zones.list", "compute.regions.list", "compute.zones.get", "compute.regions.get")
def places(call):
    project = call.world.find_project(call["project"])
    collection = call.method.collection
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    call.need(f"compute.{collection}.{call.method.verb}", f"projects/{project}")

    def told(name):
        row = {"kind": f"compute#{collection[:-1]}", "id": str(2000 + (ZONES + list(REGIONS)).index(name)), "name": name, "status": "UP",
               "selfLink": f"{HOST}projects/{project}/{collection}/{name}"}
        if collection == "zones":
            row["region"] = f"{HOST}projects/{project}/regions/{name.rsplit('-', 1)[0]}"
        else:
            row["zones"] = [f"{HOST}projects/{project}/zones/{z}" for z in ZONES if z.startswith(name + "-")]
        return row
    names = ZONES if collection == "zones" else list(REGIONS)
    if call.method.verb == "get":
        if call[collection[:-1]] not in names:
            raise missing(f"projects/{project}/{collection}/{call[collection[:-1]]}")
        return told(call[collection[:-1]])
    return call.stand.compute.listed(call, [told(name) for name in names], f"{collection[:-1]}List")


@on("compute.machineTypes.aggregatedList", "compute.machineTypes.list", "compute.machineTypes.get")
def machines(call):
    project = call.world.find_project(call["project"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    call.need("compute.machineTypes.list", f"projects/{project}")

    def told(name, zone):
        cpus, memory = MACHINES[name]
        return {"kind": "compute#machineType", "id": str(cpus), "name": name, "guestCpus": cpus, "memoryMb": memory, "zone": zone,
                "selfLink": f"{HOST}projects/{project}/zones/{zone}/machineTypes/{name}"}
    if call.method.verb == "get":
        if call["machineType"] not in MACHINES:
            raise missing(f"projects/{project}/zones/{call['zone']}/machineTypes/{call['machineType']}")
        return told(call["machineType"], call["zone"])
    if call.method.verb == "list":
        return call.stand.compute.listed(call, [told(name, call["zone"]) for name in MACHINES], "machineTypeList")
    return call.stand.compute.aggregated(call, "machineTypes", {f"zones/{zone}": [told(name, zone) for name in MACHINES] for zone in ZONES})
