"""Google's own Python client against the stand-in: what works, what is refused, and that it isn't made to our measure.

    test_stand.py URL

Each `check_…` is one claim about how Google behaves; a stand-in that answers what no document knows of fails too.
"""

import base64
import json
import sys
import time

from cloud import OWNERS, THIEF, Actor, code, door, machine_of

ADMIN = "admin@example.com"


def world(url):
    door(url, "tree", {
        "organizations": {"100000000001": "example.com"}, "folders": {"200000000002": ["organizations/100000000001", "apps"]},
        "projects": {"shop-prod-4821": {"parent": "folders/200000000002", "services": ["run", "container", "tpu"]}, "data-lake-1177": {"parent": "organizations/100000000001"}},
        "policies": {"organizations/100000000001": {"bindings": [
            {"role": role, "members": [f"user:{ADMIN}"]} for role in ("roles/owner", "roles/resourcemanager.organizationAdmin", "roles/iam.denyAdmin",
                                                                       "roles/resourcemanager.folderAdmin", "roles/resourcemanager.projectCreator")]}}})
    return Actor.of_user(url, ADMIN, OWNERS, quota="shop-prod-4821")


def check_accounts_and_keys(admin, url):
    iam = admin("iam").projects().serviceAccounts()
    account = iam.create(name="projects/shop-prod-4821", body={"accountId": "builder", "serviceAccount": {"displayName": "CI"}}).execute()
    assert account["uniqueId"].isdigit() and account["email"] == "builder@shop-prod-4821.iam.gserviceaccount.com"
    assert code(iam.create(name="projects/shop-prod-4821", body={"accountId": "builder"}))[0] == 409
    for bad, where in (({"accountID": "builder2"}, "accountID"), ({"accountId": "builder2", "serviceAccount": {"displayname": "x"}}, "displayname")):
        status, text = code(iam.create(name="projects/shop-prod-4821", body=bad))
        assert status == 400 and "Unknown name" in text and where in text, text
    made = iam.keys().create(name=account["name"], body={}).execute()
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    key = made["name"].rsplit("/", 1)[-1]
    assert file["private_key_id"] == key and "privateKeyData" not in iam.keys().get(name=made["name"]).execute()
    builder = Actor.of_key(url, file, THIEF)
    assert code(builder("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))[0] == 403
    admin.bind(admin("cloudresourcemanager", "v3").projects(), "projects/shop-prod-4821", "roles/editor", f"serviceAccount:{account['email']}")
    assert code(builder("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))[0] == 200
    # A disabled key's tokens live on; it gets no new ones.
    iam.keys().disable(name=made["name"], body={}).execute()
    assert iam.keys().get(name=made["name"]).execute()["disabled"] is True
    assert code(builder("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))[0] == 200
    fresh = Actor.of_key(url, file, THIEF)
    status, text = code(fresh("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))
    assert status == 401 and "invalid_grant" in text, text
    # A disabled account's tokens are refused at once, and live again when it is enabled.
    iam.disable(name=account["name"], body={}).execute()
    assert code(builder("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))[0] == 401
    iam.enable(name=f"projects/-/serviceAccounts/{account['uniqueId']}", body={}).execute()
    iam.keys().enable(name=made["name"], body={}).execute()
    assert code(builder("compute").instances().list(project="shop-prod-4821", zone="us-central1-a"))[0] == 200
    return file


def check_policies(admin, url):
    crm = admin("cloudresourcemanager", "v3").projects()
    first = crm.getIamPolicy(resource="projects/data-lake-1177", body={}).execute()
    admin.bind(crm, "projects/data-lake-1177", "roles/viewer", "user:eve@example.org")
    stale = {**first, "bindings": [{"role": "roles/owner", "members": ["user:mallory@example.org"]}]}
    status, text = code(crm.setIamPolicy(resource="projects/data-lake-1177", body={"policy": stale}))
    assert status == 409 and "concurrent policy changes" in text, text
    condition = {"title": "for a day", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
    admin.bind(crm, "projects/data-lake-1177", "roles/compute.admin", "user:eve@example.org", condition)
    old = crm.getIamPolicy(resource="projects/data-lake-1177", body={}).execute()
    assert any("_withcond_" in binding["role"] for binding in old["bindings"]) and not any("condition" in binding for binding in old["bindings"])
    new = crm.getIamPolicy(resource="projects/data-lake-1177", body={"options": {"requestedPolicyVersion": 3}}).execute()
    assert new["version"] == 3 and any(binding.get("condition") == condition for binding in new["bindings"])
    assert code(crm.setIamPolicy(resource="projects/data-lake-1177", body={"policy": {**new, "version": 1}}))[0] == 400
    assert code(crm.setIamPolicy(resource="projects/data-lake-1177", body={"policy": {**new, "bindings": [{"role": "roles/owner", "members": ["mallory"]}]}}))[0] == 400
    assert code(crm.setIamPolicy(resource="projects/data-lake-1177", body={"policy": {**new, "bindingz": []}}))[0] == 400
    held = crm.testIamPermissions(resource="projects/data-lake-1177", body={"permissions": ["compute.instances.stop", "storage.buckets.get"]}).execute()
    assert held["permissions"] == ["compute.instances.stop", "storage.buckets.get"]
    # Deny outlives allow.
    member = "principal://goog/subject/admin@example.com"
    deny = admin("iam", "v2").policies()
    parent = "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fdata-lake-1177/denypolicies"
    body = {"displayName": "no machines", "rules": [{"denyRule": {"deniedPrincipals": [member], "deniedPermissions": ["compute.googleapis.com/instances.create"]}}]}
    assert code(deny.createPolicy(parent=parent, policyId="no-machines", body={"rules": [{"denyRule": {"deniedPermissions": ["compute.instances.create"]}}]}))[0] == 400
    operation = deny.createPolicy(parent=parent, policyId="no-machines", body=body).execute()
    while not operation.get("done"):
        time.sleep(0.05)
        operation = deny.operations().get(name=operation["name"]).execute()
    zone = "us-central1-a"
    machine = machine_of("data-lake-1177", zone, "e2-small") | {"name": "never"}
    assert code(admin("compute").instances().insert(project="data-lake-1177", zone=zone, body=machine))[0] == 403
    deny.delete(name=f"{parent}/no-machines").execute()


def check_machines(admin, url):
    compute, project, zone = admin("compute"), "shop-prod-4821", "us-central1-a"
    body = machine_of(project, zone, "n1-standard-1") | {"name": "web-1", "deletionProtection": True}
    status, text = code(compute.instances().insert(project=project, zone=zone, body={**body, "machinetype": "x"}))
    assert status == 400 and "machinetype" in text, text
    asked = "5a4b6d3e-0000-4000-8000-000000000001"
    operation = compute.instances().insert(project=project, zone=zone, body=body, requestId=asked).execute()
    assert operation["status"] in ("PENDING", "RUNNING")
    assert compute.instances().insert(project=project, zone=zone, body=body, requestId=asked).execute()["name"] == operation["name"]
    id = admin.done(project, operation)["targetId"]
    thing = compute.instances().get(project=project, zone=zone, instance=id).execute()
    assert thing["name"] == "web-1" and thing["id"] == id and thing["status"] == "RUNNING"
    assert code(compute.instances().get(project=project, zone=zone, instance="9999999999999999999"))[0] == 404
    assert code(compute.instances().get(project=project, zone="mars-north1-a", instance=id))[0] == 400
    admin.done(project, compute.instances().stop(project=project, zone=zone, instance=id).execute())
    assert compute.instances().get(project=project, zone=zone, instance="web-1").execute()["status"] == "TERMINATED"
    status, text = code(compute.instances().delete(project=project, zone=zone, instance=id))
    assert status == 400 and "protected against deletion" in text
    assert code(compute.instances().setTags(project=project, zone=zone, instance=id, body={"items": ["quarantine"], "fingerprint": "AAAA"}))[0] == 412
    admin.done(project, compute.instances().setTags(project=project, zone=zone, instance=id,
                                                    body={"items": ["quarantine"], "fingerprint": thing["tags"]["fingerprint"]}).execute())
    admin.done(project, compute.instances().deleteAccessConfig(project=project, zone=zone, instance=id, accessConfig="External NAT", networkInterface="nic0").execute())
    now = compute.instances().get(project=project, zone=zone, instance=id).execute()
    assert now["tags"]["items"] == ["quarantine"] and not now["networkInterfaces"][0].get("accessConfigs")
    # A scratch disk is thrown away knowingly.
    local = machine_of(project, zone, "n1-standard-1") | {"name": "scratch"}
    local["disks"].append({"type": "SCRATCH", "autoDelete": True, "initializeParams": {"diskType": f"zones/{zone}/diskTypes/local-ssd"}})
    admin.done(project, compute.instances().insert(project=project, zone=zone, body=local).execute())
    assert code(compute.instances().stop(project=project, zone=zone, instance="scratch"))[0] == 400
    admin.done(project, compute.instances().stop(project=project, zone=zone, instance="scratch", discardLocalSsd=True).execute())
    # An operation that ends in an error is an answer of 200.
    door(url, "faults", [{"kind": "operation", "operation": "start", "target": "web-1", "times": 1}])
    operation = compute.instances().start(project=project, zone=zone, instance=id).execute()
    operation = compute.zoneOperations().wait(project=project, zone=zone, operation=operation["name"]).execute()
    assert operation["status"] == "DONE" and operation["httpErrorStatusCode"] == 503 and operation["error"]["errors"][0]["code"]
    door(url, "faults", [])
    assert compute.instances().get(project=project, zone=zone, instance=id).execute()["status"] == "TERMINATED"


def check_many_machines(admin, url):
    compute, project = admin("compute"), "shop-prod-4821"
    properties = machine_of(project, None, "c2-standard-60")
    admin.done(project, compute.instances().bulkInsert(project=project, zone="europe-west4-b", body={
        "count": "3", "namePattern": "mine-####", "instanceProperties": properties}).execute())
    names = [row["name"] for row in compute.instances().list(project=project, zone="europe-west4-b").execute()["items"]]
    assert names == ["mine-0001", "mine-0002", "mine-0003"], names
    held = compute.globalOperations().aggregatedList(project=project).execute()["items"]["zones/europe-west4-b"]["operations"]
    groups = {row.get("operationGroupId") for row in held}
    assert len(groups) == 1 and {row["operationType"] for row in held} == {"insert", "bulkInsert"}
    page, seen = compute.instances().aggregatedList(project=project, maxResults=2), 0
    while page is not None:
        answer = page.execute()
        seen += sum(len(scope.get("instances", [])) for scope in answer["items"].values())
        assert all("instances" in scope or scope["warning"]["code"] == "NO_RESULTS_ON_PAGE" for scope in answer["items"].values())
        page = compute.instances().aggregatedList_next(page, answer)
    assert seen == 5, seen
    door(url, "knobs", {"unreachable": ["europe-west4-b"]})
    assert code(compute.instances().aggregatedList(project=project))[0] == 503
    door(url, "knobs", {"unreachable": []})


def check_group(admin, url):
    compute, project, zone = admin("compute"), "shop-prod-4821", "us-east1-b"
    admin.done(project, compute.instanceTemplates().insert(project=project, body={"name": "worker", "properties": machine_of(project, None, "e2-small")}).execute())
    admin.done(project, compute.instanceGroupManagers().insert(project=project, zone=zone, body={
        "name": "workers", "instanceTemplate": "global/instanceTemplates/worker", "targetSize": 2, "baseInstanceName": "worker"}).execute())
    members = settled(compute, url, project, zone, 2)
    thing = compute.instances().get(project=project, zone=zone, instance=members[0]["id"]).execute()
    made_by = {item["key"]: item["value"] for item in thing["metadata"]["items"]}
    assert made_by["created-by"].endswith(f"/zones/{zone}/instanceGroupManagers/workers"), made_by
    # What is stopped behind the group's back comes back as another machine.
    admin.done(project, compute.instances().stop(project=project, zone=zone, instance=members[0]["id"]).execute())
    after = settled(compute, url, project, zone, 2)
    assert members[0]["id"] not in [row["id"] for row in after] and members[0]["name"] in [row["name"] for row in after]
    # The autoscaler brings the size back.
    admin.done(project, compute.autoscalers().insert(project=project, zone=zone, body={
        "name": "grow", "target": f"zones/{zone}/instanceGroupManagers/workers", "autoscalingPolicy": {"minNumReplicas": 3, "maxNumReplicas": 4}}).execute())
    settled(compute, url, project, zone, 3)
    admin.done(project, compute.instanceGroupManagers().resize(project=project, zone=zone, instanceGroupManager="workers", size=0).execute())
    members = settled(compute, url, project, zone, 3)
    admin.done(project, compute.autoscalers().patch(project=project, zone=zone, autoscaler="grow", body={"autoscalingPolicy": {"mode": "OFF"}}).execute())
    named = [f"zones/{zone}/instances/{row['name']}" for row in members]
    admin.done(project, compute.instanceGroupManagers().stopInstances(project=project, zone=zone, instanceGroupManager="workers", body={"instances": named}).execute())
    group = compute.instanceGroupManagers().get(project=project, zone=zone, instanceGroupManager="workers").execute()
    assert (group["targetSize"], group["targetStoppedSize"]) == (0, 3)
    assert {row["instanceStatus"] for row in settled(compute, url, project, zone, 3, "TERMINATED")} == {"TERMINATED"}
    admin.done(project, compute.instanceGroupManagers().startInstances(project=project, zone=zone, instanceGroupManager="workers", body={"instances": named}).execute())
    admin.done(project, compute.instanceGroupManagers().abandonInstances(project=project, zone=zone, instanceGroupManager="workers", body={"instances": named[:1]}).execute())
    assert compute.instances().get(project=project, zone=zone, instance=members[0]["name"]).execute()["status"] == "RUNNING"
    assert code(compute.instanceGroupManagers().delete(project=project, zone=zone, instanceGroupManager="workers"))[0] == 400, "an autoscaler holds it"
    admin.done(project, compute.autoscalers().delete(project=project, zone=zone, autoscaler="grow").execute())
    admin.done(project, compute.instanceGroupManagers().delete(project=project, zone=zone, instanceGroupManager="workers").execute())
    assert [row["name"] for row in compute.instances().list(project=project, zone=zone).execute()["items"]] == [members[0]["name"]]


def settled(compute, url, project, zone, many, status="RUNNING"):
    for _ in range(200):
        rows = compute.instanceGroupManagers().listManagedInstances(project=project, zone=zone, instanceGroupManager="workers").execute().get("managedInstances", [])
        if len(rows) == many and all(row["instanceStatus"] == status for row in rows):
            return rows
        time.sleep(0.05)
    raise AssertionError(f"the group does not settle at {many}: {rows}")


def check_logs(admin, url):
    logging, project = admin("logging", "v2").entries(), "shop-prod-4821"
    ask = {"resourceNames": [f"projects/{project}"], "filter": 'log_id("cloudaudit.googleapis.com/activity")', "orderBy": "timestamp asc", "pageSize": 20}
    entries, request = [], logging.list(body=ask)
    while request is not None:
        answer = request.execute()
        entries += answer.get("entries", [])
        request = logging.list_next(request, answer)
    assert len(entries) > 40 and entries == sorted(entries, key=lambda entry: entry["timestamp"])
    inserts = [entry for entry in entries if entry["protoPayload"]["methodName"] == "v1.compute.instances.insert" and entry["protoPayload"]["resourceName"].endswith("/web-1")]
    first, last = inserts
    assert first["operation"]["first"] and last["operation"]["last"] and first["operation"]["id"] == last["operation"]["id"]
    assert first["protoPayload"]["response"]["targetId"] == first["resource"]["labels"]["instance_id"] and "response" not in last["protoPayload"]
    made = next(entry for entry in entries if entry["protoPayload"]["methodName"] == "google.iam.admin.v1.CreateServiceAccountKey")
    assert "privateKeyData" not in json.dumps(made) and made["protoPayload"]["response"]["name"].startswith(f"projects/{project}/serviceAccounts/builder@")
    failed = [entry for entry in entries if entry["severity"] == "ERROR"]
    assert any(entry["protoPayload"]["status"]["code"] for entry in failed)
    agent = [entry for entry in entries if entry["protoPayload"]["requestMetadata"].get("callerSuppliedUserAgent", "").startswith("GCE Managed Instance Group")]
    assert agent and all(entry["protoPayload"]["authenticationInfo"]["principalEmail"].endswith("@cloudservices.gserviceaccount.com") for entry in agent)
    one = logging.list(body={"resourceNames": [f"projects/{project}"], "filter":
                             'protoPayload.serviceData.policyDelta.bindingDeltas.member="serviceAccount:builder@shop-prod-4821.iam.gserviceaccount.com" AND timestamp>="2020-01-01T00:00:00Z"'}).execute()
    assert len(one["entries"]) == 1
    view = logging.list(body={"resourceNames": [f"projects/{project}/locations/global/buckets/_Required/views/_AllLogs"], "pageSize": 5}).execute()
    assert len(view["entries"]) == 5
    for bad in ({"filter": "protoPayload.methodName~x"}, {"filter": "protoPayload.methodName="}, {"filter": 'methodName="x"'}, {"pageSize": 1001}, {"orderBy": "insertId"},
                {"resourceNames": []}, {"resourceNames": [f"projects/{project}"] * 101}, {"resourcenames": [f"projects/{project}"]}, {"pageToken": "next"}):
        assert code(logging.list(body={**ask, **bad}))[0] == 400, bad
    assert code(logging.list(body={**ask, "resourceNames": [f"projects/{project}", "projects/none-such"]}))[0] == 403
    door(url, "knobs", {"quota": 0})
    status, text = code(logging.list(body=ask))
    assert status == 429 and "RESOURCE_EXHAUSTED" in text
    door(url, "knobs", {"quota": 60})
    # Data Access is off until somebody switches it on.
    reads = {"resourceNames": [f"projects/{project}"], "filter": 'log_id("cloudaudit.googleapis.com/data_access")'}
    assert "entries" not in logging.list(body=reads).execute()


def check_impersonation(admin, url):
    iam = admin("iam").projects().serviceAccounts()
    for name in ("deployer", "billing-export"):
        iam.create(name="projects/shop-prod-4821", body={"accountId": name}).execute()
    email = lambda name: f"{name}@shop-prod-4821.iam.gserviceaccount.com"
    policies = iam
    for target, by in (("deployer", "builder"), ("billing-export", "deployer")):
        policy = policies.getIamPolicy(resource=f"projects/-/serviceAccounts/{email(target)}").execute()
        policy["bindings"] = [{"role": "roles/iam.serviceAccountTokenCreator", "members": [f"serviceAccount:{email(by)}"]}]
        policies.setIamPolicy(resource=f"projects/-/serviceAccounts/{email(target)}", body={"policy": policy}).execute()
    admin.bind(admin("cloudresourcemanager", "v3").projects(), "projects/shop-prod-4821", "roles/editor", f"serviceAccount:{email('billing-export')}")
    builder = Actor.of_key(url, door(url, "key", {"email": email("builder")}), THIEF)
    asked = builder("iamcredentials").projects().serviceAccounts()
    assert code(asked.generateAccessToken(name=f"projects/-/serviceAccounts/{email('billing-export')}", body={"scope": ["x"]}))[0] == 403
    assert code(asked.generateAccessToken(name=f"projects/shop-prod-4821/serviceAccounts/{email('deployer')}", body={"scope": ["x"]}))[0] == 400
    assert code(asked.generateAccessToken(name=f"projects/-/serviceAccounts/{email('deployer')}", body={"scope": ["x"], "lifetime": "7200s"}))[0] == 400
    far = builder.become(email("billing-export"), [email("deployer")])
    far.launch("shop-prod-4821", "asia-east1-a", "far-away")
    found = admin("logging", "v2").entries().list(body={"resourceNames": ["projects/shop-prod-4821"], "filter":
        f'protoPayload.authenticationInfo.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail="{email("builder")}"'}).execute()["entries"]
    chain = [each["firstPartyPrincipal"]["principalEmail"] for each in found[0]["protoPayload"]["authenticationInfo"]["serviceAccountDelegationInfo"]]
    assert chain == [email("deployer"), email("builder")], chain
    iam.disable(name=f"projects/-/serviceAccounts/{email('builder')}", body={}).execute()
    assert code(far("compute").zones().list(project="shop-prod-4821"))[0] == 200, "what was impersonated lives on"


def check_other_services(admin, url):
    project = "shop-prod-4821"
    run = admin("run", "v2").projects().locations().services()
    body = {"template": {"containers": [{"image": "example.com/miner:1"}]}}
    assert code(run.create(parent=f"projects/{project}/locations/us-central1", serviceId="miner", body={**body, "templates": {}}))[0] == 400
    operation = run.create(parent=f"projects/{project}/locations/us-central1", serviceId="miner", body=body).execute()
    assert operation["done"] is False
    assert run.list(parent=f"projects/{project}/locations/-").execute()["services"][0]["name"].endswith("/services/miner")
    run.patch(name=f"projects/{project}/locations/us-central1/services/miner", updateMask="ingress", body={"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}).execute()
    assert run.get(name=f"projects/{project}/locations/us-central1/services/miner").execute()["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    clusters = admin("container").projects().locations().clusters()
    clusters.create(parent=f"projects/{project}/locations/us-central1-a", body={"cluster": {"name": "mine", "nodePools": [{"name": "p", "initialNodeCount": 3}]}}).execute()
    clusters.nodePools().setSize(name=f"projects/{project}/locations/us-central1-a/clusters/mine/nodePools/p", body={"nodeCount": 0}).execute()
    assert clusters.nodePools().get(name=f"projects/{project}/locations/us-central1-a/clusters/mine/nodePools/p").execute().get("initialNodeCount") == 0
    storage = admin("storage")
    storage.buckets().insert(project=project, body={"name": "shop-assets-4821"}).execute()
    policy = storage.buckets().getIamPolicy(bucket="shop-assets-4821").execute()
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    storage.buckets().setIamPolicy(bucket="shop-assets-4821", body=policy).execute()
    assert code(storage.buckets().setIamPolicy(bucket="shop-assets-4821", body=policy))[0] == 412, "the etag is old"
    made = storage.projects().hmacKeys().create(projectId=project, serviceAccountEmail=f"builder@{project}.iam.gserviceaccount.com").execute()["metadata"]
    keys = storage.projects().hmacKeys()
    assert code(keys.delete(projectId=project, accessId=made["accessId"]))[0] == 400
    assert keys.update(projectId=project, accessId=made["accessId"], body={"state": "INACTIVE"}).execute()["state"] == "INACTIVE"
    sinks = admin("logging", "v2").projects().sinks()
    sinks.create(parent=f"projects/{project}", body={"name": "to-archive", "destination": "storage.googleapis.com/shop-assets-4821", "filter": 'severity>=NOTICE'}).execute()
    assert [row["name"] for row in sinks.list(parent=f"projects/{project}").execute()["sinks"]] == ["_Required", "_Default", "to-archive"]
    sinks.delete(sinkName=f"projects/{project}/sinks/to-archive").execute()
    assert code(sinks.get(sinkName=f"projects/{project}/sinks/to-archive"))[0] == 404
    usage = admin("serviceusage").services()
    assert code(admin("tpu", "v2").projects().locations().nodes().list(parent="projects/data-lake-1177/locations/us-central1-a"))[0] == 403
    usage.enable(name="projects/data-lake-1177/services/tpu.googleapis.com", body={}).execute()
    time.sleep(0.3)
    assert code(admin("tpu", "v2").projects().locations().nodes().list(parent="projects/data-lake-1177/locations/us-central1-a"))[0] == 200
    assets = admin("cloudasset").v1()
    found = assets.searchAllIamPolicies(scope="organizations/100000000001", query=f'policy:"builder@{project}.iam.gserviceaccount.com"').execute()["results"]
    assert {row["assetType"] for row in found} == {"cloudresourcemanager.googleapis.com/Project", "iam.googleapis.com/ServiceAccount"}, found
    projects = assets.searchAllResources(scope="organizations/100000000001", assetTypes=["cloudresourcemanager.googleapis.com/Project"]).execute()["results"]
    assert {row["additionalAttributes"]["projectId"] for row in projects} == {"shop-prod-4821", "data-lake-1177"}
    shown = admin("cloudresourcemanager", "v3")
    assert len(shown.projects().search().execute()["projects"]) == 2 and len(shown.folders().list(parent="organizations/100000000001").execute()["folders"]) == 1
    without = Actor.of_user(url, ADMIN, OWNERS)
    status, text = code(without("cloudasset").v1().searchAllResources(scope="organizations/100000000001"))
    assert status == 403 and "quota project" in text
    last = admin("policyanalyzer").projects().locations().activityTypes().activities().query(
        parent=f"projects/{project}/locations/global/activityTypes/serviceAccountKeyLastAuthentication").execute()["activities"]
    assert last and all(row["activity"]["lastAuthenticatedTime"].endswith("T07:00:00Z") for row in last)


def main(url):
    admin = world(url)
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            check(admin, url)
            print(f"ok {name}", flush=True)
    bad = door(url, "bad")
    assert not bad, json.dumps(bad, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
