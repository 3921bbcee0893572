"""What the stand-in's store of things (`generic.py`) does not do by itself: instances of Cloud Run, nodes of Kubernetes Engine that come
back when somebody stops them behind its back, both generations of functions, databases, builds, App Engine, Composer, Filestore."""

import copy

import generic
import groups
from access import Who
from call import on
from compute import HOST
from errors import Refusal
from instances import gone

RUN = "run.projects.locations"
GKE = "container.projects.locations.clusters"


def store(call, service=None):
    return call.world.resources.setdefault(service or call.service, {})


def full(call):
    """The full name that the path means, with the project's id."""
    return generic.canonical(call, generic.name_of(call))[0]


def renamed(call, told, id):
    """Operations are named as each API names them."""
    row = call.stand.longs.pop(told["name"])
    row["name"] = row["told"]["name"] = id
    call.stand.longs[id] = row
    call.told["operation"]["id"] = id
    return {**told, "name": id}


# -- Cloud Run --------------------------------------------------------------------------------------------------------------------


@on(f"{RUN}.services.create")
def service(call):
    answer = generic.do(call)
    thing = store(call)[f"{full(call)}/{call['serviceId']}"]
    thing.setdefault("ingress", "INGRESS_TRAFFIC_ALL")
    thing.setdefault("traffic", [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}])
    thing["creator"] = call.email
    return answer


@on(f"{RUN}.services.patch")
def scaled(call):
    """Between automatic and manual scaling the other's numbers are lost, and an odd one is refused."""
    wanted = (call.body or {}).get("scaling") or {}
    if "scaling" in (call.get("updateMask") or "") and wanted.get("scalingMode", "AUTOMATIC") == "MANUAL" and ({"minInstanceCount", "maxInstanceCount"} & set(wanted)):
        raise Refusal(400, "scaling.min_instance_count and scaling.max_instance_count can't be set with manual scaling.", status="INVALID_ARGUMENT")
    return generic.do(call)


@on(f"{RUN}.jobs.run")
def run(call):
    name = full(call)
    call.keys = call.world.ancestors("/".join(name.split("/")[:2]))
    call.tell(name=name)
    call.need("run.jobs.run", "/".join(name.split("/")[:2]), on=name)
    job = generic.held(call, "run", name)
    id = f"{name}/executions/{name.rsplit('/', 1)[-1]}-{call.world.number(5)}"
    execution = {"name": id, "uid": call.world.uuid(), "job": name, "createTime": call.world.stamp(), "startTime": call.world.stamp(), "runningCount": 1,
                 "taskCount": 1, "etag": call.world.etag(), "template": copy.deepcopy(job["template"].get("template", {}))}
    store(call)[id] = execution
    return call.stand.longrunning(call, id, lambda: {"@type": "type.googleapis.com/google.cloud.run.v2.Execution", **execution})


@on(f"{RUN}.jobs.executions.cancel")
def cancel(call):
    name = full(call)
    call.keys = call.world.ancestors("/".join(name.split("/")[:2]))
    call.tell(name=name)
    call.need("run.executions.cancel", "/".join(name.split("/")[:2]), on=name)
    execution = generic.held(call, "run", name)
    if execution.get("completionTime"):
        raise Refusal(400, "The execution has completed.", status="FAILED_PRECONDITION")
    execution.pop("runningCount", None)
    execution |= {"completionTime": call.world.stamp(), "cancelledCount": 1}
    return generic.answered(call, name, execution)


# -- Kubernetes Engine ------------------------------------------------------------------------------------------------------------


class Robot(groups.Ghost):
    """Kubernetes Engine's own hand."""

    def __init__(self, stand, project):
        super().__init__(stand, project, {"name": "GKE"})
        self.email = f"service-{stand.world.number_of(project)}@container-engine-robot.iam.gserviceaccount.com"
        self.who = Who(self.email)


def grow(stand, project, cluster, location, pool):
    """The managed group that holds a pool's nodes."""
    compute, name = stand.compute, f"gke-{cluster}-{pool['name']}"
    zone = location if location.count("-") == 2 else f"{location}-b"
    template = compute.new(project, "global", "instanceTemplates", f"{name}-tpl", {"properties": {
        "machineType": "e2-standard-4", "labels": {"goog-gke-node": "", "goog-k8s-cluster-name": cluster},
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"diskSizeGb": "100"}}],
        "networkInterfaces": [{"network": "global/networks/default"}]}})
    size = pool.get("initialNodeCount", 1)
    group = compute.new(project, f"zones/{zone}", "instanceGroupManagers", f"{name}-grp", {
        "baseInstanceName": name, "instanceTemplate": template["selfLink"], "targetSize": size, "targetStoppedSize": 0, "targetSuspendedSize": 0})
    group |= {"_members": [], "_stopped": set(), "_leaving": False, "instanceGroup": compute.link(project, f"zones/{zone}", "instanceGroups", group["name"])}
    pool["instanceGroupUrls"] = [group["selfLink"]]


def group_of(stand, url):
    parts = url.removeprefix(HOST).split("/")
    return parts[1], stand.compute.things(parts[1], f"zones/{parts[3]}", "instanceGroupManagers").get(parts[5])


def shrink(stand, pool):
    """Takes the group and its machines away."""
    for url in pool.get("instanceGroupUrls", []):
        project, group = group_of(stand, url)
        if group is None:
            continue
        for link in list(group["_members"]):
            zone, thing = groups.machine(stand.compute, project, link)
            if thing:
                gone(stand.compute, project, zone, thing)
        stand.compute.things(project, f"zones/{url.removeprefix(HOST).split('/')[3]}", "instanceGroupManagers").pop(group["name"], None)
        stand.compute.things(project, "global", "instanceTemplates").pop(group["instanceTemplate"].rsplit("/", 1)[-1], None)


@on(f"{GKE}.create")
def cluster(call):
    answer = generic.do(call)
    name = f"{full(call)}/{call.body['cluster']['name']}"
    thing = store(call)[name]
    project, location, id = name.split("/")[1], name.split("/")[3], name.split("/")[-1]
    thing.setdefault("location", location)
    thing["id"] = call.world.uuid().replace("-", "")
    for pool in thing.pop("nodePools", []):
        held = store(call)[f"{name}/nodePools/{pool['name']}"]
        held.setdefault("management", {"autoUpgrade": True, "autoRepair": True})
        grow(call.stand, project, id, location, held)
    return answer


@on(f"{GKE}.nodePools.create")
def pool(call):
    answer = generic.do(call)
    name = f"{full(call)}/{call.body['nodePool']['name']}"
    held = store(call)[name]
    held.setdefault("management", {"autoUpgrade": True, "autoRepair": True})
    grow(call.stand, name.split("/")[1], name.split("/")[5], name.split("/")[3], held)
    return answer


@on(f"{GKE}.get")
def cluster_get(call):
    answer, name = generic.do(call), full(call)
    pools = [pool for each, pool in sorted(store(call).items()) if each.startswith(f"{name}/nodePools/")]
    return {**answer, "nodePools": [generic.copy.deepcopy(pool) for pool in pools]}


@on(f"{GKE}.update")
def cluster_update(call):
    """An autoscaling that is set replaces all of it."""
    answer = generic.do(call)
    wanted = call.body["update"].get("desiredClusterAutoscaling")
    if wanted is not None:
        thing = store(call)[full(call)]
        thing.pop("clusterAutoscaling", None)
        thing["autoscaling"] = {name: value for name, value in wanted.items() if value not in (False, [])}
    return answer


@on(f"{GKE}.delete", f"{GKE}.nodePools.delete")
def cluster_delete(call):
    name = full(call)
    pools = [pool for each, pool in store(call).items() if each == name or each.startswith(f"{name}/nodePools/")]
    answer = generic.do(call)
    for pool in pools:
        shrink(call.stand, pool)
    return answer


def tick(stand):
    """Cluster autoscaler and auto-repair: what they do to nodes that somebody stopped."""
    for name, pool in list(stand.world.resources.get("container", {}).items()):
        if "/nodePools/" not in name:
            continue
        scaling, management = pool.get("autoscaling", {}), pool.get("management", {})
        for url in pool.get("instanceGroupUrls", []):
            project, group = group_of(stand, url)
            if group is None:
                continue
            if scaling.get("enabled") and group["targetSize"] < scaling.get("minNodeCount", 0):
                group["targetSize"] = scaling["minNodeCount"]
            if management.get("autoRepair"):
                for link in list(group["_stopped"]):
                    zone, thing = groups.machine(stand.compute, project, link)
                    group["_stopped"].discard(link)
                    group["targetStoppedSize"] -= 1
                    group["targetSize"] += 1
                    if thing:
                        thing["status"] = "RUNNING"


# -- functions --------------------------------------------------------------------------------------------------------------------


FUNCTIONS = "cloudfunctions.projects.locations.functions"


@on(f"{FUNCTIONS}.create")
def function(call):
    if call.method.book.version == "v1":
        call.tell(method="google.cloud.functions.v1.CloudFunctionsService.CreateFunction")
        parent = call["location"]
        body = {**call.body, "status": "ACTIVE", "updateTime": call.world.stamp(), "versionId": "1", "_first": True}
        name = body["name"]
        body.setdefault("ingressSettings", "ALLOW_ALL")
        call.keys = call.world.ancestors("/".join(parent.split("/")[:2]))
        call.tell(name=name)
        call.need("cloudfunctions.functions.create", "/".join(parent.split("/")[:2]), on=name)
        store(call)[name] = body
        told = call.stand.longrunning(call, name, lambda: {"@type": "type.googleapis.com/google.cloud.functions.v1.CloudFunction",
                                                           **{field: value for field, value in body.items() if not field.startswith("_")}})
        return renamed(call, told, f"operations/{call.world.uuid()}")
    answer = generic.do(call)
    name = f"{full(call)}/{call['functionId']}"
    service = name.replace("/functions/", "/services/")
    thing = store(call)[name]
    thing["environment"] = "GEN_2"
    thing.setdefault("serviceConfig", {})["service"] = service
    store(call, "run")[service] = {"name": service, "uid": call.world.uuid(), "etag": call.world.etag(), "createTime": call.world.stamp(),
                                   "ingress": "INGRESS_TRAFFIC_ALL", "scaling": {"minInstanceCount": 2, "maxInstanceCount": 50},
                                   "labels": {"goog-managed-by": "cloudfunctions"},
                                   "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
                                               {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "side"}]}
    return answer


@on(f"{FUNCTIONS}.get")
def function_get(call):
    """The second API shows the first generation too, without a time of creation; the first shows its own alone."""
    thing = generic.do(call)
    first = generic.held(call, "cloudfunctions", full(call)).get("_first")
    if call.method.book.version == "v1":
        if not first:
            raise Refusal(404, f"Function {full(call)} does not exist", status="NOT_FOUND")
        return thing
    if not first:
        return thing
    event = {"eventTrigger": {"eventType": thing["eventTrigger"]["eventType"]}} if "eventTrigger" in thing else {}
    return {"name": thing["name"], "environment": "GEN_1", "state": "ACTIVE", "updateTime": thing["updateTime"], **event,
            "serviceConfig": {"ingressSettings": thing["ingressSettings"]}}


@on(f"{FUNCTIONS}.patch")
def function_patch(call):
    if call.method.book.version != "v1":
        return generic.do(call)
    call.tell(method="google.cloud.functions.v1.CloudFunctionsService.UpdateFunction")
    return renamed(call, generic.do(call), f"operations/{call.world.uuid()}")


@on(f"{FUNCTIONS}.delete")
def function_delete(call):
    name = full(call)
    if generic.held(call, "cloudfunctions", name).get("_first") != (True if call.method.book.version == "v1" else None):
        raise Refusal(400, "The function is of the other generation.", status="FAILED_PRECONDITION")
    store(call, "run").pop(name.replace("/functions/", "/services/"), None)
    answer = generic.do(call)
    return renamed(call, answer, f"operations/{call.world.uuid()}") if call.method.book.version == "v1" else answer


# -- databases --------------------------------------------------------------------------------------------------------------------


@on("sql.instances.insert")
def database(call):
    answer = generic.do(call)
    thing = store(call)[f"{full(call)}/{call.body['name']}"]
    thing["settings"] = {"activationPolicy": "ALWAYS", **thing.get("settings", {})}
    thing |= {"project": call["project"], "createTime": call.world.stamp()}
    return answer


@on("sql.instances.patch")
def database_patch(call):
    """A patch keeps what it does not name, also inside the settings."""
    thing = generic.held(call, "sqladmin", full(call))
    call.body["settings"] = {**thing.get("settings", {}), **(call.body or {}).get("settings", {})}
    return generic.do(call)


@on("sql.instances.delete")
def database_delete(call):
    name = full(call)
    if generic.held(call, "sqladmin", name).get("settings", {}).get("deletionProtectionEnabled"):
        raise Refusal(400, "The instance is protected. Please disable the deletion protection and try again.", reason="invalidRequest")
    answer = generic.do(call)
    if call.get("enableFinalBackup"):
        store(call)[f"{name.replace('/instances/', '/backups/')}-final"] = {"description": call.get("finalBackupDescription"), "ttl": call.get("finalBackupTtlDays")}
    return answer


# -- builds -----------------------------------------------------------------------------------------------------------------------


BUILD = "cloudbuild.projects.locations"


@on(f"{BUILD}.triggers.create")
def trigger(call):
    """Its id is Google's, its name the caller's."""
    parent = full(call)
    call.keys = call.world.ancestors("/".join(parent.split("/")[:2]))
    call.need("cloudbuild.builds.create", "/".join(parent.split("/")[:2]), on=parent)
    id = call.world.uuid()
    thing = {**call.body, "id": id, "createTime": call.world.stamp(), "resourceName": f"{parent}/{id}"}
    store(call)[f"{parent}/{id}"] = thing
    call.tell(name=f"{parent}/{id}", resource="build_trigger", labels={"build_trigger_id": id, "location": parent.split("/")[3]})
    return thing


@on(f"{BUILD}.triggers.patch")
def trigger_patch(call):
    """What is false is not written."""
    answer = generic.do(call)
    thing = store(call)[full(call)]
    if thing.get("disabled") is False:
        del thing["disabled"]
    return answer


@on(f"{BUILD}.builds.create")
def build(call):
    parent = full(call)
    project = parent.split("/")[1]
    call.keys = call.world.ancestors(f"projects/{project}")
    call.need("cloudbuild.builds.create", f"projects/{project}", on=parent)
    id = call.world.uuid()
    thing = {**call.body, "id": id, "name": f"{parent}/{id}", "projectId": project, "status": "WORKING", "createTime": call.world.stamp()}
    store(call)[f"{parent}/{id}"] = thing
    call.tell(name=f"projects/{project}/builds", resource="build", labels={"build_id": id, "build_trigger_id": ""}, location=parent.split("/")[3])
    return {"name": f"operations/build/{project}/{id}", "metadata": {"@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata", "build": thing}}


# -- App Engine -------------------------------------------------------------------------------------------------------------------


APP = "appengine.apps.services.versions"


def app(call):
    """Versions are an application's, whose operations they are."""
    answer = generic.do(call)
    return renamed(call, answer, f"apps/{full(call).split('/')[1]}/operations/{call.world.uuid()}")


@on(f"{APP}.create")
def version(call):
    answer = app(call)
    thing = store(call)[f"{full(call)}/{call.body['id']}"]
    thing |= {"createTime": call.world.stamp(), "createdBy": call.email}
    return answer


@on(f"{APP}.patch")
def version_patch(call):
    thing = generic.held(call, "appengine", full(call))
    if "servingStatus" in (call.get("updateMask") or "") and not ({"manualScaling", "basicScaling"} & set(thing) or thing.get("env") == "flexible"):
        raise Refusal(400, "Serving status can't be set for automatic scaling in the standard environment.", status="INVALID_ARGUMENT")
    return app(call)


@on(f"{APP}.delete")
def version_delete(call):
    return app(call)


# -- Composer and Filestore -------------------------------------------------------------------------------------------------------


@on("composer.projects.locations.environments.create")
def environment(call):
    answer = generic.do(call)
    thing = store(call)[call.body["name"]]
    thing |= {"uuid": call.world.uuid(), "storageConfig": {"bucket": f"{call['parent'].split('/')[3]}-{thing['name'].rsplit('/', 1)[-1]}-bucket"}}
    row = call.stand.longs[answer["name"]]
    row["apply"] = lambda: {"@type": "type.googleapis.com/google.cloud.orchestration.airflow.service.v1.Environment", **thing}
    return answer


@on("composer.projects.locations.environments.saveSnapshot")
def snapshot(call):
    name = full(call)
    head = "/".join(name.split("/")[:2])
    call.keys = call.world.ancestors(head)
    call.tell(name=name)
    call.need("composer.environments.update", head, on=name)
    thing = generic.held(call, "composer", name)
    path = f"{call.body['snapshotLocation']}/{name.rsplit('/', 1)[-1]}_{call.world.number(8)}"
    bucket = path.removeprefix("gs://").split("/")[0]
    assert bucket == thing["storageConfig"]["bucket"]

    def saved():
        store(call, "storage_objects")[path.removeprefix("gs://") + "/snapshot.json"] = {"name": path.removeprefix(f"gs://{bucket}/") + "/snapshot.json", "bucket": bucket}
        return {"@type": "type.googleapis.com/google.cloud.orchestration.airflow.service.v1.SaveSnapshotResponse", "snapshotPath": path}
    return call.stand.longrunning(call, name, saved)


@on("storage.objects.list")
def objects(call):
    call.silent = True
    rows = [copy.deepcopy(thing) for _, thing in sorted(store(call, "storage_objects").items())
            if thing["bucket"] == call["bucket"] and thing["name"].startswith(call.get("prefix", ""))]
    return {"kind": "storage#objects", **({"items": rows} if rows else {})}


@on("file.projects.locations.backups.create")
def backup(call):
    answer = generic.do(call)
    source = call.body["sourceInstance"]
    shares = [share["name"] for share in generic.held(call, "file", source).get("fileShares", [])]
    if call.body.get("sourceFileShare") not in shares:
        raise Refusal(400, "The file share does not exist.", status="INVALID_ARGUMENT")
    store(call)[f"{full(call)}/{call['backupId']}"]["state"] = "READY"
    return answer


@on("file.projects.locations.instances.delete")
def share_delete(call):
    if generic.held(call, "file", full(call)).get("deletionProtectionEnabled"):
        raise Refusal(400, "The instance has deletion protection.", status="FAILED_PRECONDITION")
    return generic.do(call)
