"""Goes on with the attack: one of every other kind that can be left running, made by the impersonated operator.

    kinds.py URL < world.json

Prints a list of what was made: kind, full name, and where its state stands.
"""

import json
import sys
import time

from attack import LAB, NUMBERS, TOOL
from cloud import THIEF, Actor, machine_of

REGION, ZONE = "us-central1", "us-central1-b"
SERVICES = ["run", "container", "cloudfunctions", "batch", "dataproc", "dataflow", "aiplatform", "notebooks", "tpu", "cloudbuild", "cloudscheduler", "composer",
            "file", "sqladmin", "appengine"]


def main(url, world):
    operator = Actor.of_token(url, world["tokens"]["operator"], THIEF, agent=TOOL)
    operator("serviceusage").services().batchEnable(parent=f"projects/{LAB}", body={"serviceIds": [f"{each}.googleapis.com" for each in SERVICES]}).execute()
    time.sleep(0.5)
    here, made = f"projects/{LAB}/locations/{REGION}", []
    zonal = f"projects/{LAB}/locations/{ZONE}"

    def note(kind, service, name):
        made.append({"kind": kind, "service": service, "name": name})

    operator("run", "v2").projects().locations().jobs().create(parent=here, jobId="dig", body={
        "template": {"template": {"containers": [{"image": "example.com/m:1"}]}}}).execute()
    note("gcp.run.job", "run", f"{here}/jobs/dig")
    operator("container").projects().locations().clusters().create(parent=zonal, body={"cluster": {
        "name": "dig", "nodePools": [{"name": "pool", "initialNodeCount": 3, "autoscaling": {"enabled": True, "minNodeCount": 3, "maxNodeCount": 9}}]}}).execute()
    note("gcp.container.cluster", "container", f"{zonal}/clusters/dig")
    note("gcp.container.node_pool", "container", f"{zonal}/clusters/dig/nodePools/pool")
    operator("cloudfunctions", "v2").projects().locations().functions().create(parent=here, functionId="dig", body={
        "buildConfig": {"runtime": "python312", "entryPoint": "main"}, "serviceConfig": {"maxInstanceCount": 100}}).execute()
    note("gcp.cloudfunctions.function", "cloudfunctions", f"{here}/functions/dig")
    operator("batch").projects().locations().jobs().create(parent=here, jobId="dig", body={"taskGroups": [{"taskCount": "100", "taskSpec": {"runnables": [
        {"script": {"text": "exit 0"}}]}}]}).execute()
    note("gcp.batch.job", "batch", f"{here}/jobs/dig")
    operator("dataproc").projects().regions().clusters().create(projectId=LAB, region=REGION, body={
        "projectId": LAB, "clusterName": "dig", "config": {"workerConfig": {"numInstances": 5}}}).execute()
    note("gcp.dataproc.cluster", "dataproc", f"projects/{LAB}/regions/{REGION}/clusters/dig")
    job = operator("dataflow", "v1b3").projects().locations().jobs().create(projectId=LAB, location=REGION, body={"name": "dig", "type": "JOB_TYPE_BATCH"}).execute()
    note("gcp.dataflow.job", "dataflow", f"projects/{LAB}/locations/{REGION}/jobs/{job['id']}")
    vertex = operator("aiplatform").projects().locations()
    custom = vertex.customJobs().create(parent=here, body={"displayName": "dig", "jobSpec": {"workerPoolSpecs": [{"replicaCount": "4", "machineSpec": {"machineType": "a2-highgpu-1g"}}]}}).execute()
    note("gcp.aiplatform.custom_job", "aiplatform", custom["name"])
    operator("notebooks", "v2").projects().locations().instances().create(parent=zonal, instanceId="dig", body={"gceSetup": {"machineType": "n1-standard-4"}}).execute()
    note("gcp.notebooks.instance", "notebooks", f"{zonal}/instances/dig")
    operator("tpu", "v2").projects().locations().nodes().create(parent=zonal, nodeId="dig", body={"acceleratorType": "v2-8", "runtimeVersion": "tpu-vm-base"}).execute()
    note("gcp.tpu.node", "tpu", f"{zonal}/nodes/dig")
    trigger = operator("cloudbuild").projects().locations().triggers().create(parent=here, body={"name": "dig", "build": {"steps": [{"name": "example.com/m:1"}]}}).execute()
    note("gcp.cloudbuild.trigger", "cloudbuild", f"{here}/triggers/{trigger['id']}")
    operator("composer").projects().locations().environments().create(parent=here, body={"name": f"{here}/environments/dig"}).execute()
    note("gcp.composer.environment", "composer", f"{here}/environments/dig")
    operator("file").projects().locations().instances().create(parent=zonal, instanceId="dig", body={"tier": "BASIC_HDD"}).execute()
    note("gcp.file.instance", "file", f"{zonal}/instances/dig")
    operator("sqladmin").instances().insert(project=LAB, body={"name": "dig", "databaseVersion": "POSTGRES_16", "settings": {"tier": "db-custom-8-32768"}}).execute()
    note("gcp.sqladmin.instance", "sqladmin", f"projects/{LAB}/instances/dig")
    compute = operator("compute")
    operator.done(LAB, compute.disks().insert(project=LAB, zone=ZONE, body={"name": "loot", "sizeGb": "10"}).execute())
    operator.done(LAB, compute.disks().createSnapshot(project=LAB, zone=ZONE, disk="loot", body={"name": "loot"}).execute())
    note("gcp.compute.disk", "compute", f"projects/{LAB}/zones/{ZONE}/disks/loot")
    note("gcp.compute.snapshot", "compute", f"projects/{LAB}/global/snapshots/loot")
    assert NUMBERS and machine_of
    time.sleep(0.5)
    for kind, call in (
        ("run", operator("run", "v2").projects().locations().jobs().list(parent=f"projects/{LAB}/locations/-")),
        ("container", operator("container").projects().locations().clusters().list(parent=f"projects/{LAB}/locations/-")),
        ("cloudfunctions", operator("cloudfunctions", "v2").projects().locations().functions().list(parent=f"projects/{LAB}/locations/-")),
        ("batch", operator("batch").projects().locations().jobs().list(parent=f"projects/{LAB}/locations/-")),
        ("dataproc", operator("dataproc").projects().regions().clusters().list(projectId=LAB, region=REGION)),
        ("dataflow", operator("dataflow", "v1b3").projects().jobs().aggregated(projectId=LAB)),
        ("aiplatform", vertex.customJobs().list(parent=here)),
        ("notebooks", operator("notebooks", "v2").projects().locations().instances().list(parent=f"projects/{LAB}/locations/-")),
        ("tpu", operator("tpu", "v2").projects().locations().nodes().list(parent=zonal)),
        ("cloudbuild", operator("cloudbuild").projects().locations().triggers().list(parent=here)),
        ("composer", operator("composer").projects().locations().environments().list(parent=here)),
        ("file", operator("file").projects().locations().instances().list(parent=f"projects/{LAB}/locations/-")),
        ("sqladmin", operator("sqladmin").instances().list(project=LAB)),
    ):
        rows = [value for value in call.execute().values() if isinstance(value, list)]
        assert rows and len(rows[0]) == 1, (kind, rows)
    return made


if __name__ == "__main__":
    json.dump(main(sys.argv[1], json.load(sys.stdin)), sys.stdout, indent=1)
