"""What some services do beyond keeping things: numbers of their own, jobs that are submitted, models on endpoints, who pays, what may be switched off."""

import copy

import audit
import generic
import others
from call import on
from errors import Refusal, denied

# What a new thing is besides what generic.py knows.
generic.BORN.update({
    "dataproc.jobs": {"status": {"state": "RUNNING"}}, "dataproc.batches": {"state": "RUNNING"}, "dataproc.sessions": {"state": "ACTIVE"},
    "aiplatform.hyperparameterTuningJobs": {"state": "JOB_STATE_RUNNING"}, "aiplatform.batchPredictionJobs": {"state": "JOB_STATE_RUNNING"},
    "aiplatform.nasJobs": {"state": "JOB_STATE_RUNNING"}, "aiplatform.pipelineJobs": {"state": "PIPELINE_STATE_RUNNING"},
    "aiplatform.trainingPipelines": {"state": "PIPELINE_STATE_RUNNING"}, "aiplatform.persistentResources": {"state": "RUNNING"},
    "aiplatform.schedules": {"state": "ACTIVE"}, "aiplatform.notebookRuntimes": {"runtimeState": "RUNNING"},
    "tpu.queuedResources": {"state": {"state": "ACCEPTED"}},
})
generic.EFFECTS.update({
    "aiplatform.hyperparameterTuningJobs.cancel": {"state": "JOB_STATE_CANCELLED"}, "aiplatform.batchPredictionJobs.cancel": {"state": "JOB_STATE_CANCELLED"},
    "aiplatform.nasJobs.cancel": {"state": "JOB_STATE_CANCELLED"}, "aiplatform.schedules.pause": {"state": "PAUSED"},
    "aiplatform.schedules.resume": {"state": "ACTIVE"}, "dataproc.sessions.terminate": {"state": "TERMINATED"},
})
audit.NAMES.update({("dataproc", "batches", "create"): "google.cloud.dataproc.v1.BatchController.CreateBatch",
                    ("dataproc", "batches", "delete"): "google.cloud.dataproc.v1.BatchController.DeleteBatch"})
# Whose uid is not called so.
UIDS = {("notebooks", "instances"): "id", ("tpu", "nodes"): "id", ("dataproc", "jobs"): "jobUuid", ("dataproc", "batches"): "uuid", ("dataproc", "sessions"): "uuid"}
# An API and those that do not work without it.
DEPENDENTS = {"compute": ["container", "dataproc", "notebooks", "batch", "composer"], "storage": ["dataproc", "composer"]}


@on("notebooks.projects.locations.instances.create", "tpu.projects.locations.nodes.create", "dataproc.projects.locations.batches.create",
    "dataproc.projects.locations.sessions.create")
def numbered(call):
    """A thing that gets a number of its own besides what every thing gets."""
    if call.get("batchId"):
        call.params["id"] = call["batchId"]
    answer = generic.do(call)
    name = call.told["name"]
    thing = call.world.resources[call.service][name]
    thing[UIDS[(call.service, call.method.collection)]] = call.world.uuid() if call.service != "tpu" else call.world.number(19)
    if call.service == "dataproc":
        thing["name"] = name
    if call.method.collection == "batches":
        parent = name.split("/batches/")[0].replace("/locations/", "/regions/")
        thing["operation"] = f"{parent}/operations/{call.world.uuid()}"
    return answer


@on("dataproc.projects.regions.clusters.create")
def cluster(call):
    answer = generic.do(call)
    thing = call.world.resources["dataproc"][call.told["name"]]
    thing["status"]["stateStartTime"] = call.world.stamp()
    call.tell(resource="cloud_dataproc_cluster", labels={"cluster_name": thing["clusterName"], "cluster_uuid": thing["clusterUuid"], "region": call["region"]})
    return answer


@on("dataproc.projects.regions.clusters.stop", "dataproc.projects.regions.clusters.start", "dataproc.projects.regions.clusters.delete")
def cluster_switch(call):
    name = generic.canonical(call, generic.name_of(call))[0]
    thing = generic.held(call, "dataproc", name)
    given = (call.body or {}).get("clusterUuid") or call.get("clusterUuid")
    if given and given != thing["clusterUuid"]:
        raise Refusal(404, f"Cluster {name} has another uuid.", status="NOT_FOUND")
    config = thing.get("config", {})
    if call.method.verb == "stop" and (config.get("secondaryWorkerConfig", {}).get("numInstances") or config.get("autoscalingConfig", {}).get("policyUri")):
        raise Refusal(400, "Clusters with secondary workers or an autoscaling policy can't be stopped.", status="FAILED_PRECONDITION")
    if call.method.verb == "start" and thing["status"]["state"] != "STOPPED":
        raise Refusal(400, "The cluster is not stopped.", status="FAILED_PRECONDITION")
    return generic.do(call)


@on("dataproc.projects.regions.jobs.submit")
def submit(call):
    project = call.world.find_project(call["projectId"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    id = call.body["job"].get("reference", {}).get("jobId") or call.world.uuid()
    name = f"projects/{project}/regions/{call['region']}/jobs/{id}"
    call.tell(name=name)
    call.need("dataproc.jobs.create", f"projects/{project}", on=name)
    store = call.world.resources.setdefault("dataproc", {})
    if name in store:
        raise Refusal(409, f"Job {id} already exists", status="ALREADY_EXISTS")
    store[name] = {**copy.deepcopy(call.body["job"]), "reference": {"projectId": project, "jobId": id}, "jobUuid": call.world.uuid(),
                   "status": {"state": "RUNNING", "stateStartTime": call.world.stamp()}}
    return copy.deepcopy(store[name])


@on("dataproc.projects.regions.operations.cancel")
def cancel_operation(call):
    """A serverless batch ends with the operation that made it."""
    name = call["name"]
    project = call.world.find_project(name.split("/")[1])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.tell(name=name)
    call.need("dataproc.operations.cancel", f"projects/{project}", on=name)
    for thing in call.world.resources.get("dataproc", {}).values():
        if thing.get("operation") == name:
            thing["state"] = "CANCELLED"
            return {}
    raise Refusal(404, f"Operation {name} was not found", status="NOT_FOUND")


@on("dataflow.projects.locations.jobs.create")
def dataflow(call):
    """Many may bear one name: each has an id of its own, by which alone it is asked for."""
    project = call.world.find_project(call["projectId"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    id = f"{call.world.now():%Y-%m-%d_%H_%M_%S}-{call.world.number(18)}"
    name = f"projects/{project}/locations/{call['location']}/jobs/{id}"
    call.tell(name="", resource="dataflow_step", labels={"job_id": id, "job_name": call.body["name"], "region": call["location"]})
    call.need("dataflow.jobs.create", f"projects/{project}", on=name)
    thing = {**copy.deepcopy(call.body), "id": id, "projectId": project, "location": call["location"], "createTime": call.world.stamp(), "currentState": "JOB_STATE_RUNNING"}
    call.world.resources.setdefault("dataflow", {})[name] = thing
    return copy.deepcopy(thing)


@on(*(f"logging.{kind}.exclusions.{verb}" for kind in ("projects", "folders", "organizations") for verb in ("create", "patch")))
def exclusion(call):
    answer = generic.do(call)
    call.tell(request={"@type": f"type.googleapis.com/google.logging.v2.{'Create' if call.method.verb == 'create' else 'Update'}ExclusionRequest",
                       "exclusion": copy.deepcopy(call.body), **({"parent": call["parent"]} if call.method.verb == "create" else {"name": call["name"]})})
    return answer


# -- models on endpoints ----------------------------------------------------------------------------------------------------------


def endpoint(call, permission):
    name, head = generic.canonical(call, call["endpoint"])
    call.keys = call.world.ancestors(head)
    call.enabled(head.split("/")[1])
    call.tell(name=name)
    call.need(permission, head, on=name)
    return name, generic.held(call, "aiplatform", name)


def shared(thing, split):
    ids = {model["id"] for model in thing["deployedModels"]}
    if set(split) - ids or (split and sum(split.values()) != 100):
        raise Refusal(400, f"The traffic split {split} is not of the deployed models, or does not add up to 100.")
    thing["trafficSplit"] = dict(split)
    if not split:
        thing.pop("trafficSplit")


@on("aiplatform.projects.locations.endpoints.deployModel")
def deploy(call):
    name, thing = endpoint(call, "aiplatform.endpoints.deploy")
    model = copy.deepcopy(call.body["deployedModel"])
    model.setdefault("id", call.world.number(18))
    if any(model["id"] == each["id"] for each in thing.get("deployedModels", [])):
        raise Refusal(400, f"A deployed model {model['id']} exists already.")
    split = call.body.get("trafficSplit")

    def apply():
        thing.setdefault("deployedModels", []).append(model)
        if split is not None:
            shared(thing, {model["id"] if id == "0" else id: share for id, share in split.items()})
        return {"@type": "type.googleapis.com/google.cloud.aiplatform.v1.DeployModelResponse", "deployedModel": copy.deepcopy(model)}
    return call.stand.longrunning(call, name, apply)


@on("aiplatform.projects.locations.endpoints.undeployModel")
def undeploy(call):
    name, thing = endpoint(call, "aiplatform.endpoints.undeploy")
    id, split = call.body.get("deployedModelId"), call.body.get("trafficSplit")
    if not any(each["id"] == id for each in thing.get("deployedModels", [])):
        raise Refusal(404, f"There is no deployed model {id}.", status="NOT_FOUND")
    if thing.get("trafficSplit", {}).get(id) and not split and len(thing["deployedModels"]) > 1:
        raise Refusal(400, f"The deployed model {id} has traffic.", status="FAILED_PRECONDITION")

    def apply():
        thing["deployedModels"] = [each for each in thing["deployedModels"] if each["id"] != id]
        shared(thing, split or {each: share for each, share in thing.get("trafficSplit", {}).items() if each != id})
        if not thing["deployedModels"]:
            thing.pop("deployedModels")
        return {"@type": "type.googleapis.com/google.cloud.aiplatform.v1.UndeployModelResponse"}
    return call.stand.longrunning(call, name, apply)


# -- who pays, and what is on -----------------------------------------------------------------------------------------------------


@on("cloudbilling.projects.updateBillingInfo")
def pay(call):
    id = call.world.find_project(call["name"])
    project = call.world.projects[id]
    wanted, was = call.body.get("billingAccountName", ""), project["_billing"]
    call.tell(service="cloudbilling.googleapis.com", method="AssignResourceToBillingAccount", name=f"projects/{id}")
    call.need("resourcemanager.projects.createBillingAssignment" if wanted else "resourcemanager.projects.deleteBillingAssignment", f"projects/{id}")
    if wanted and not call.access.holds(call.who, "billing.resourceAssociations.create", [wanted]):
        raise denied("billing.resourceAssociations.create", wanted, "cloudbilling")
    if was != wanted:
        project["_billing"] = wanted or None
    return {"name": f"projects/{id}/billingInfo", "projectId": id, "billingEnabled": bool(wanted), **({"billingAccountName": wanted} if wanted else {})}


@on("serviceusage.services.disable")
def disable(call):
    id, name = others.one_service(call)
    call.need("serviceusage.services.disable", f"projects/{id}")
    held = call.world.projects[id]["_services"]
    dependents = [each for each in DEPENDENTS.get(name, []) if each in held]
    if dependents and not call.body.get("disableDependentServices"):
        raise Refusal(400, f"The service {name}.googleapis.com is depended on by the following active services: {', '.join(dependents)}.", status="FAILED_PRECONDITION")
    used = any(f"/{id}/" in f"/{each}/" for each in call.world.resources.get(name, {}))
    if used and call.body.get("checkIfServiceHasUsage") == "CHECK":
        raise Refusal(400, f"The service {name}.googleapis.com has been used in the last 30 days.", status="FAILED_PRECONDITION")

    def apply():
        held.discard(name)
        return {"@type": "type.googleapis.com/google.api.serviceusage.v1.DisableServiceResponse", "service": others.service_shown(call, id, name)}
    return call.stand.longrunning(call, f"projects/{id}/services/{name}.googleapis.com", apply)
