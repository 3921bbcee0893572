"""Virtual machines: how they are made, stopped, started, changed and deleted."""

import copy
import re

from call import on
from compute import HOST, enter, set_labels
from errors import Refusal
from world import ZONES


def prepared(call, project, zone, body):
    """What an instance becomes from what was asked for."""
    world = call.world
    thing = {"status": "PROVISIONING", "deletionProtection": False, "canIpForward": False, "cpuPlatform": "Intel Broadwell", "startRestricted": False,
             **copy.deepcopy(body)}
    if not body.get("machineType"):
        raise Refusal(400, "Invalid value for field 'resource.machineType': ''. The URL is malformed.", reason="invalid")
    machine = body["machineType"].rsplit("/", 1)[-1]
    thing["machineType"] = f"{HOST}projects/{project}/zones/{zone}/machineTypes/{machine}"
    thing["tags"] = {"items": thing.get("tags", {}).get("items", []), "fingerprint": world.fingerprint()}
    thing["metadata"] = {"kind": "compute#metadata", "fingerprint": world.fingerprint(), "items": thing.get("metadata", {}).get("items", [])}
    thing["scheduling"] = {"onHostMaintenance": "MIGRATE", "automaticRestart": True, "preemptible": False, "provisioningModel": "STANDARD",
                           **thing.get("scheduling", {})}
    interfaces = thing.get("networkInterfaces")
    if not interfaces:
        raise Refusal(400, "Invalid value for field 'resource.networkInterfaces': ''. At least one network interface is required.", reason="required")
    for at, interface in enumerate(interfaces):
        interface |= {"kind": "compute#networkInterface", "name": f"nic{at}", "fingerprint": world.fingerprint(),
                      "networkIP": f"10.{128 + ZONES.index(zone)}.0.{world.random.randint(2, 250)}"}
        interface.setdefault("network", f"{HOST}projects/{project}/global/networks/default")
        for config in interface.get("accessConfigs", []):
            config |= {"kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "natIP": f"203.0.113.{world.random.randint(100, 250)}"}
            config.setdefault("name", "External NAT")
            config.setdefault("networkTier", "PREMIUM")
    for account in thing.get("serviceAccounts", []):
        if account.get("email") in (None, "default"):
            account["email"] = f"{world.number_of(project)}-compute@developer.gserviceaccount.com"
    if not thing.get("disks"):
        raise Refusal(400, "Invalid value for field 'resource.disks': ''. No disks are specified.", reason="required")
    return thing


def act_as(call, body, project):
    for account in body.get("serviceAccounts", []):
        email = account.get("email")
        if email in (None, "default"):
            email = f"{call.world.number_of(project)}-compute@developer.gserviceaccount.com"
        held = call.world.accounts.get(email)
        if held is None:
            raise Refusal(400, f"The user does not have access to service account '{email}'. Ask a project owner to grant you the iam.serviceAccountUser role.",
                          reason="badRequest")
        call.need("iam.serviceAccounts.actAs", f"projects/{held['projectId']}/serviceAccounts/{email}", on=f"projects/-/serviceAccounts/{email}")


def born(stand, project, zone, body, call, name=None):
    """A machine with its disks, being provisioned."""
    compute = stand.compute
    thing = compute.new(project, f"zones/{zone}", "instances", name or body.get("name"), prepared(call, project, zone, body))
    for at, disk in enumerate(thing["disks"]):
        disk |= {"kind": "compute#attachedDisk", "index": at}
        disk.setdefault("deviceName", f"persistent-disk-{at}")
        disk.setdefault("mode", "READ_WRITE")
        disk.setdefault("autoDelete", True)
        params = disk.pop("initializeParams", None)
        if disk.get("type") == "SCRATCH":
            continue
        disk["type"] = "PERSISTENT"
        if not disk.get("source"):
            params = params or {}
            called = params.get("diskName") or (thing["name"] if at == 0 else f"{thing['name']}-{at}")
            made = compute.new(project, f"zones/{zone}", "disks", called, {
                "sizeGb": params.get("diskSizeGb", "10"), "status": "READY", "sourceImage": params.get("sourceImage", ""), "users": [thing["selfLink"]]})
            disk["source"] = made["selfLink"]
    return thing


def gone(compute, project, zone, thing):
    """Takes a machine away, and the disks that go with it."""
    compute.things(project, f"zones/{zone}", "instances").pop(thing["name"], None)
    disks = compute.things(project, f"zones/{zone}", "disks")
    for disk in thing["disks"]:
        name = disk.get("source", "").rsplit("/", 1)[-1]
        if name in disks:
            disks[name]["users"] = [user for user in disks[name].get("users", []) if user != thing["selfLink"]]
            if disk.get("autoDelete"):
                del disks[name]
            elif not disks[name]["users"]:
                del disks[name]["users"]


def found(call, verb=None):
    project, place, _ = enter(call, verb, "instances")
    thing = call.stand.compute.find(project, place, "instances", call.get("instance") or call["resource"])
    call.tell(name=f"projects/{project}/{place}/instances/{thing['name']}", resource="gce_instance",
              labels={"instance_id": thing["id"], "zone": call["zone"]})
    return project, call["zone"], thing


@on("compute.instances.insert")
def insert(call):
    project, place, _ = enter(call)
    again = call.stand.compute.once(call)
    if again:
        return again
    body = dict(call.body)
    act_as(call, body, project)
    thing = born(call.stand, project, call["zone"], body, call)
    call.tell(name=f"projects/{project}/{place}/instances/{thing['name']}")

    def apply(done):
        if done:
            thing.update(status="RUNNING", lastStartTimestamp=call.world.stamp())
        else:
            gone(call.stand.compute, project, call["zone"], thing)
    return call.stand.compute.operate(call, "insert", thing, apply)


@on("compute.instances.bulkInsert", "compute.regionInstances.bulkInsert")
def bulk(call):
    """One call, many machines: one operation over them all, and one for each."""
    project, place, _ = enter(call, "create", "instances")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    body = call.body
    properties = dict(body.get("instanceProperties") or {})
    template = body.get("sourceInstanceTemplate")
    if template:
        properties = {**copy.deepcopy(compute.find(project, "global", "instanceTemplates", template.rsplit("/", 1)[-1])["properties"]), **properties}
    act_as(call, properties, project)
    count = int(body.get("count", 0))
    named = list((body.get("perInstanceProperties") or {}).keys())
    pattern = body.get("namePattern") or ""
    if not 1 <= count <= 5000 or not (named or re.search("#+", pattern)):
        raise Refusal(400, "Invalid value for field 'resource.count' or 'resource.namePattern'.", reason="invalid")
    if place.startswith("zones/"):
        zones = [call["zone"]]
    else:
        allowed = [key.removeprefix("zones/") for key, policy in ((body.get("locationPolicy") or {}).get("locations") or {}).items()
                   if policy.get("preference") != "DENY"]
        zones = [zone for zone in ZONES if zone.startswith(call["region"] + "-") and (not allowed or zone in allowed)]
    group = call.world.uuid()
    link = compute.link(project, place, "instances", "").rstrip("/")
    machines = []
    for at in range(count):
        zone = zones[at % len(zones)]
        name = named[at] if at < len(named) else re.sub("#+", lambda m: str(at + 1).zfill(len(m.group())), pattern)
        thing = born(call.stand, project, zone, properties, call, name)
        machines.append((zone, thing))

        def apply(done, thing=thing, zone=zone):
            if done:
                thing.update(status="RUNNING", lastStartTimestamp=call.world.stamp())
            else:
                gone(compute, project, zone, thing)
        compute.operate(call, "insert", thing, apply, scope=f"zones/{zone}", group=group, quiet=True)
    call.tell(name=f"projects/{project}/{place}/instances")
    return compute.operate(call, "bulkInsert", None, None, group=group, link=link)


@on("compute.instances.get")
def get(call):
    return copy.deepcopy(found(call)[2])


@on("compute.instances.listReferrers")
def referrers(call):
    project, zone, thing = found(call)
    items = []
    for scope, held in call.world.compute.get(project, {}).items():
        for group in held.get("instanceGroupManagers", {}).values():
            if thing["selfLink"] in group.get("_members", []):
                items.append({"kind": "compute#reference", "referenceType": "MEMBER_OF", "referrer": group["instanceGroup"], "target": thing["selfLink"]})
    return {"kind": "compute#instanceListReferrers", "id": "referrers", "items": items, "selfLink": HOST}


def transition(call, verb, from_, during, to, stampfield):
    project, zone, thing = found(call, verb)
    again = call.stand.compute.once(call)
    if again:
        return again
    if call.method.verb in ("stop", "suspend") and any(disk["type"] == "SCRATCH" for disk in thing["disks"]) and "discardLocalSsd" not in call.params:
        raise Refusal(400, "VM has a Local SSD attached but an undefined value for `discard-local-ssd`. If using gcloud, please add "
                      "`--discard-local-ssd=false` or `--discard-local-ssd=true` to your command.", reason="badRequest")
    if thing["status"] not in from_ and thing["status"] != to:
        raise Refusal(400, f"Instance is in status {thing['status']}, which does not allow {call.method.verb}.", reason="resourceNotReady")
    was = thing["status"]
    if was != to:
        thing["status"] = during

    def apply(done):
        thing["status"] = to if done else was
        if done and was != to:
            thing[stampfield] = call.world.stamp()
    operation = call.stand.compute.operate(call, call.method.verb, thing, apply)
    # Accepted, and not begun: nothing shows yet.
    if call.stand.compute.is_slow(operation):
        thing["status"] = was
    return operation


@on("compute.instances.stop")
def stop(call):
    return transition(call, "stop", ("RUNNING", "PROVISIONING", "STAGING", "SUSPENDED"), "STOPPING", "TERMINATED", "lastStopTimestamp")


@on("compute.instances.suspend")
def suspend(call):
    return transition(call, "suspend", ("RUNNING",), "SUSPENDING", "SUSPENDED", "lastSuspendedTimestamp")


@on("compute.instances.start")
def start(call):
    return transition(call, "start", ("TERMINATED",), "STAGING", "RUNNING", "lastStartTimestamp")


@on("compute.instances.resume")
def resume(call):
    return transition(call, "resume", ("SUSPENDED",), "STAGING", "RUNNING", "lastStartTimestamp")


@on("compute.instances.delete")
def delete(call):
    project, zone, thing = found(call)
    again = call.stand.compute.once(call)
    if again:
        return again
    if thing.get("deletionProtection"):
        raise Refusal(400, "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.'.", reason="invalidResourceUsage")
    was = thing["status"]
    thing["status"] = "STOPPING"

    def apply(done):
        if done:
            gone(call.stand.compute, project, zone, thing)
        else:
            thing["status"] = was
    return call.stand.compute.operate(call, "delete", thing, apply)


def changed(call, change, verb=None, metadata=None):
    """A change of a machine that holds once its operation is done."""
    project, zone, thing = found(call, verb)
    again = call.stand.compute.once(call)
    if again:
        return again
    apply = change(project, zone, thing)
    extra = metadata(thing) if metadata else None
    return call.stand.compute.operate(call, call.method.verb, thing, lambda done: apply() if done else None, request={} if metadata else None, metadata=extra)


@on("compute.instances.setDeletionProtection")
def protect(call):
    return changed(call, lambda p, z, thing: lambda: thing.update(deletionProtection=call.get("deletionProtection", True)))


@on("compute.instances.setTags")
def tags(call):
    def change(project, zone, thing):
        if call.body.get("fingerprint") != thing["tags"]["fingerprint"]:
            raise Refusal(412, "Supplied fingerprint does not match current tags fingerprint.", reason="conditionNotMet")
        return lambda: thing.update(tags={"items": call.body.get("items", []), "fingerprint": call.world.fingerprint()})
    return changed(call, change)


def key_delta(before, after):
    was, is_ = ({item["key"]: item.get("value") for item in items} for items in (before, after))
    told = {"addedMetadataKeys": sorted(set(is_) - set(was)), "deletedMetadataKeys": sorted(set(was) - set(is_)),
            "modifiedMetadataKeys": sorted(key for key in set(was) & set(is_) if was[key] != is_[key])}
    return {name: keys for name, keys in told.items() if keys}


@on("compute.instances.setMetadata")
def metadata(call):
    def change(project, zone, thing):
        if call.body.get("fingerprint") != thing["metadata"]["fingerprint"]:
            raise Refusal(412, "Supplied fingerprint does not match current metadata fingerprint.", reason="conditionNotMet")
        return lambda: thing.update(metadata={"kind": "compute#metadata", "fingerprint": call.world.fingerprint(), "items": call.body.get("items", [])})
    return changed(call, change, metadata=lambda thing: {"@type": "type.googleapis.com/google.cloud.audit.GceInstanceAuditMetadata",
                                                          "instanceMetadataDelta": key_delta(thing["metadata"]["items"], call.body.get("items", []))})


@on("compute.instances.setLabels")
def labels(call):
    return set_labels(call, found(call)[2])


@on("compute.instances.deleteAccessConfig", "compute.instances.addAccessConfig")
def access(call):
    def change(project, zone, thing):
        interface = next((each for each in thing["networkInterfaces"] if each["name"] == call.get("networkInterface")), None)
        if interface is None:
            raise Refusal(400, f"Invalid value for field 'networkInterface': '{call.get('networkInterface')}'.", reason="invalid")
        configs = interface.setdefault("accessConfigs", [])
        if call.method.verb == "deleteAccessConfig":
            if not any(config["name"] == call["accessConfig"] for config in configs):
                raise Refusal(400, f"Invalid value for field 'accessConfig': '{call['accessConfig']}'. The access config does not exist.", reason="invalid")
            return lambda: interface.update(accessConfigs=[config for config in configs if config["name"] != call["accessConfig"]])
        if configs:
            raise Refusal(400, "At most one access config currently supported.", reason="invalid")
        new = {"kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "External NAT", "networkTier": "PREMIUM", **call.body}
        new.setdefault("natIP", f"203.0.113.{call.world.random.randint(100, 250)}")
        return lambda: interface.update(accessConfigs=[new])
    return changed(call, change)


@on("compute.instances.setServiceAccount")
def set_account(call):
    def change(project, zone, thing):
        if thing["status"] != "TERMINATED":
            raise Refusal(400, "The instance must be stopped before the service account can be changed.", reason="badRequest")
        email = call.body.get("email")
        return lambda: thing.update(serviceAccounts=[{"email": email, "scopes": call.body.get("scopes", [])}] if email else [])
    return changed(call, change)


@on("compute.disks.createSnapshot")
def snapshot(call):
    project, place, _ = enter(call, "createSnapshot", "disks")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    disk = compute.find(project, place, "disks", call["disk"])
    call.need("compute.snapshots.create", f"projects/{project}")
    made = compute.new(project, "global", "snapshots", call.body.get("name"), {
        **call.body, "status": "CREATING", "sourceDisk": disk["selfLink"], "sourceDiskId": disk["id"], "diskSizeGb": disk.get("sizeGb", "10")})
    return compute.operate(call, "createSnapshot", disk, lambda done: made.update(status="READY") if done else
                           compute.things(project, "global", "snapshots").pop(made["name"], None), collection="disks")


@on("compute.projects.get")
def project_get(call):
    project = call.world.find_project(call["project"])
    call.keys = call.world.ancestors(f"projects/{project}")
    call.enabled(project)
    call.need("compute.projects.get", f"projects/{project}")
    return copy.deepcopy(common(call, project))


def common(call, project):
    held = call.stand.compute.things(project, "global", "projects")
    if project not in held:
        held[project] = {"kind": "compute#project", "id": call.world.number(), "name": project, "creationTimestamp": call.world.projects[project]["createTime"],
                         "defaultServiceAccount": f"{call.world.number_of(project)}-compute@developer.gserviceaccount.com",
                         "commonInstanceMetadata": {"kind": "compute#metadata", "fingerprint": call.world.fingerprint(), "items": []},
                         "selfLink": f"{HOST}projects/{project}"}
    return held[project]


@on("compute.projects.setCommonInstanceMetadata")
def project_metadata(call):
    project, _, _ = enter(call, "setCommonInstanceMetadata", "projects")
    again = call.stand.compute.once(call)
    if again:
        return again
    held = common(call, project)
    if call.body.get("fingerprint") != held["commonInstanceMetadata"]["fingerprint"]:
        raise Refusal(412, "Supplied fingerprint does not match current metadata fingerprint.", reason="conditionNotMet")
    told = {"@type": "type.googleapis.com/google.cloud.audit.GceProjectAuditMetadata",
            "projectMetadataDelta": key_delta(held["commonInstanceMetadata"]["items"], call.body.get("items", []))}

    def apply(done):
        if done:
            held["commonInstanceMetadata"] = {"kind": "compute#metadata", "fingerprint": call.world.fingerprint(), "items": call.body.get("items", [])}
    return call.stand.compute.operate(call, "setMetadata", held, apply, request={}, metadata=told, collection="projects", scope="global")
