"""Goes on with the attack: services that run by themselves, left by the impersonated operator, and the owners' own of the same names.

    tail_a.py URL < world.json

Prints what was made, by service and full name in the stand-in's store.
"""

import json
import sys
import time

from attack import ALICE, LAB, OPS, STAGE, TOOL
from cloud import OWNERS, THIEF, Actor, door

REGION, ZONE = "us-central1", "us-central1-b"
SERVICES = ["run", "container", "cloudfunctions", "cloudbuild", "composer", "file", "sqladmin", "appengine"]


def one_of_each(who, project, size):
    """Returns `(kind, store, name)` of everything made."""
    here, zonal, made = f"projects/{project}/locations/{REGION}", f"projects/{project}/locations/{ZONE}", []
    run = who("run", "v2").projects().locations()
    run.services().create(parent=here, serviceId="dig", body={
        "ingress": "INGRESS_TRAFFIC_ALL", "scaling": {"minInstanceCount": size, "maxInstanceCount": 90}, "template": {"containers": [{"image": "example.com/m:1"}]},
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": "front"}]}).execute()
    made.append(("gcp.run.service", "run", f"{here}/services/dig"))
    run.workerPools().create(parent=here, workerPoolId="dig", body={"scaling": {"manualInstanceCount": size}, "template": {"containers": [{"image": "example.com/m:1"}]}}).execute()
    made.append(("gcp.run.worker_pool", "run", f"{here}/workerPools/dig"))
    run.jobs().create(parent=here, jobId="dig", body={"template": {"template": {"containers": [{"image": "example.com/m:1"}]}}}).execute()
    made.append(("gcp.run.job", "run", f"{here}/jobs/dig"))
    operation = run.jobs().run(name=f"{here}/jobs/dig", body={}).execute()
    made.append(("gcp.run.execution", "run", finished(run, operation)["response"]["name"]))
    clusters = who("container").projects().locations().clusters()
    clusters.create(parent=zonal, body={"cluster": {
        "name": "dig", "autoscaling": {"enableNodeAutoprovisioning": True, "autoscalingProfile": "BALANCED", "resourceLimits": [{"resourceType": "cpu", "maximum": "900"}]},
        "nodePools": [{"name": "pool", "initialNodeCount": 2, "autoscaling": {"enabled": True, "minNodeCount": 2, "maxNodeCount": 9}}]}}).execute()
    made.append(("gcp.container.cluster", "container", f"{zonal}/clusters/dig"))
    clusters.nodePools().create(parent=f"{zonal}/clusters/dig", body={"nodePool": {"name": "gpu", "initialNodeCount": 1}}).execute()
    made.append(("gcp.container.node_pool", "container", f"{zonal}/clusters/dig/nodePools/gpu"))
    who("cloudfunctions", "v2").projects().locations().functions().create(parent=here, functionId="hook", body={
        "buildConfig": {"runtime": "python312", "entryPoint": "main"}, "serviceConfig": {"maxInstanceCount": 50}}).execute()
    made.append(("gcp.cloudfunctions.cloud_function", "cloudfunctions", f"{here}/functions/hook"))
    first = who("cloudfunctions", "v1").projects().locations().functions()
    for name, trigger in (("old", {"httpsTrigger": {"securityLevel": "SECURE_ALWAYS"}}), ("ear", {"eventTrigger": {"eventType": "google.pubsub.topic.publish", "resource": "t"}})):
        first.create(location=here, body={"name": f"{here}/functions/{name}", "runtime": "python312", "entryPoint": "main", **trigger}).execute()
        made.append(("gcp.cloudfunctions.cloud_function", "cloudfunctions", f"{here}/functions/{name}"))
    who("sqladmin").instances().insert(project=project, body={"name": "dig", "region": REGION, "databaseVersion": "POSTGRES_16", "settings": {
        "tier": "db-custom-8-32768", "deletionProtectionEnabled": True}}).execute()
    made.append(("gcp.sqladmin.instance", "sqladmin", f"projects/{project}/instances/dig"))
    builds = who("cloudbuild").projects().locations()
    trigger = builds.triggers().create(parent=here, body={"name": "dig", "build": {"steps": [{"name": "example.com/m:1"}]}}).execute()
    made.append(("gcp.cloudbuild.build_trigger", "cloudbuild", f"{here}/triggers/{trigger['id']}"))
    build = builds.builds().create(parent=here, body={"steps": [{"name": "example.com/m:1"}]}).execute()
    made.append(("gcp.cloudbuild.build", "cloudbuild", build["metadata"]["build"]["name"]))
    versions = who("appengine").apps().services().versions()
    for id, scaling in (("dig", {"env": "standard", "basicScaling": {"maxInstances": 20}}), ("auto", {"env": "standard", "automaticScaling": {"maxConcurrentRequests": 9}})):
        versions.create(appsId=project, servicesId="default", body={"id": id, "runtime": "python312", **scaling}).execute()
        made.append(("gcp.appengine.version", "appengine", f"apps/{project}/services/default/versions/{id}"))
    who("composer").projects().locations().environments().create(parent=here, body={"name": f"{here}/environments/dig"}).execute()
    made.append(("gcp.composer.environment", "composer", f"{here}/environments/dig"))
    who("file").projects().locations().instances().create(parent=zonal, instanceId="dig", body={
        "tier": "BASIC_HDD", "fileShares": [{"name": "loot", "capacityGb": "1024"}], "deletionProtectionEnabled": True}).execute()
    made.append(("gcp.file.instance", "file", f"{zonal}/instances/dig"))
    return made


def finished(run, operation):
    for _ in range(200):
        if operation.get("done"):
            return operation
        time.sleep(0.05)
        operation = run.operations().get(name=operation["name"]).execute()
    raise RuntimeError(operation)


def replaced(url, alice, operator):
    """The owners delete two of the thief's things and make their own under the same names; the log does not tell that yet."""
    redo = Actor(url, alice.credentials, OWNERS, agent="owner-redo/1.0", quota=OPS)
    here, names = f"projects/{LAB}/locations/{REGION}", []
    for who, verb in ((operator, "create"), (redo, "delete"), (redo, "create")):
        services, environments = who("run", "v2").projects().locations().services(), who("composer").projects().locations().environments()
        if verb == "delete":
            services.delete(name=f"{here}/services/late").execute()
            environments.delete(name=f"{here}/environments/late").execute()
        else:
            services.create(parent=here, serviceId="late", body={"template": {"containers": [{"image": "example.com/m:1"}]}}).execute()
            environments.create(parent=here, body={"name": f"{here}/environments/late"}).execute()
        door(url, "settle")
    assert door(url, "hold", {"contains": "owner-redo/1.0", "seconds": 3600}) > 4
    return [["gcp.run.service", "run", f"{here}/services/late"], ["gcp.composer.environment", "composer", f"{here}/environments/late"]]


def main(url, world):
    door(url, "knobs", {"seconds": 0.05})
    alice = Actor.of_user(url, ALICE, OWNERS, agent="google-cloud-sdk gcloud/528.0.0", quota=OPS)
    alice("serviceusage").services().batchEnable(parent=f"projects/{STAGE}", body={"serviceIds": [f"{each}.googleapis.com" for each in SERVICES]}).execute()
    operator = Actor.of_token(url, world["tokens"]["operator"], THIEF, agent=TOOL)
    operator("serviceusage").services().batchEnable(parent=f"projects/{LAB}", body={"serviceIds": [f"{each}.googleapis.com" for each in SERVICES]}).execute()
    time.sleep(0.5)
    spared = one_of_each(alice, STAGE, 3)
    made = one_of_each(operator, LAB, 40)
    policy = {"bindings": [{"role": "roles/cloudfunctions.invoker", "members": ["allUsers", "user:mallory@example.net"]},
                           {"role": "roles/cloudfunctions.viewer", "members": ["user:mallory@example.net"]}]}
    name = f"projects/{LAB}/locations/{REGION}/functions/old"
    # The editor that the thief has become may not; the owner of the project can have been talked into it.
    alice("cloudfunctions", "v1").projects().locations().functions().setIamPolicy(resource=name, body={"policy": policy}).execute()
    door(url, "settle")
    late = replaced(url, alice, operator)
    door(url, "knobs", {"seconds": 0.1})
    return {"made": made, "spared": spared, "late": late, "lab": LAB, "stage": STAGE}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], json.load(sys.stdin)), sys.stdout, indent=1)
