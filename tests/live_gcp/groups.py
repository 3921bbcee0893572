"""Managed instance groups: what keeps machines alive that somebody stopped, and autoscalers that bring the size back."""

import copy
import re

from access import Who
from call import on
from compute import HOST, bare, enter
from errors import Refusal, missing
from instances import born, gone
from world import ZONES

AGENT = "GCE Managed Instance Group"


class Ghost:
    """The group's own hand: a call that Google makes for it."""

    def __init__(self, stand, project, group):
        number = stand.world.number_of(project)
        self.stand, self.world, self.project, self.params, self.body, self.granted = stand, stand.world, project, {}, {}, []
        self.email, self.agent, self.source, self.silent = f"{number}@cloudservices.gserviceaccount.com", f"{AGENT} for {group['name']}", "private", False
        self.who = Who(self.email)
        self.who.agent = self.agent
        self.id, self.method = "compute.instances.insert", type("M", (), {"collection": "instances", "verb": "insert"})

    def get(self, name, otherwise=None):
        return otherwise


def places(group):
    """The zones that a group may put machines into."""
    if "zone" in group:
        return [group["zone"].rsplit("/", 1)[-1]]
    region = group["region"].rsplit("/", 1)[-1]
    asked = [each["zone"].rsplit("/", 1)[-1] for each in group.get("distributionPolicy", {}).get("zones", [])]
    return asked or [zone for zone in ZONES if zone.startswith(region + "-")]


def machine(compute, project, link):
    zone, name = link.split("/zones/")[1].split("/instances/")
    return zone, compute.things(project, f"zones/{zone}", "instances").get(name)


def launch(stand, project, group, name=None, zone=None):
    """One machine more, from the template, by the group's service agent."""
    compute = stand.compute
    template = compute.find(project, "global", "instanceTemplates", group["instanceTemplate"].rsplit("/", 1)[-1])
    zones = places(group)
    zone = zone or zones[len(group["_members"]) % len(zones)]
    body = copy.deepcopy(template["properties"])
    number, place = stand.world.number_of(project), "zones/" + zone if "zone" in group else "regions/" + group["region"].rsplit("/", 1)[-1]
    body.setdefault("metadata", {}).setdefault("items", [])
    body["metadata"]["items"] = body["metadata"]["items"] + [
        {"key": "instance-template", "value": f"projects/{number}/global/instanceTemplates/{template['name']}"},
        {"key": "created-by", "value": f"projects/{number}/{place}/instanceGroupManagers/{group['name']}"}]
    name = name or f"{group['baseInstanceName']}-{''.join(stand.world.random.choices('bcdfghjklmnpqrstvwxz0123456789', k=4))}"
    ghost = Ghost(stand, project, group)
    thing = born(stand, project, zone, body, ghost, name)
    group["_members"].append(thing["selfLink"])

    def apply(done):
        if done:
            thing.update(status="RUNNING", lastStartTimestamp=stand.world.stamp())
        else:
            gone(compute, project, zone, thing)
    compute.operate(ghost, "insert", thing, apply, scope=f"zones/{zone}", who=ghost.who, collection="instances", method="v1.compute.instances.insert")
    return thing


def remove(stand, project, group, link):
    compute = stand.compute
    zone, thing = machine(compute, project, link)
    group["_members"].remove(link)
    group["_stopped"].discard(link)
    if thing:
        ghost = Ghost(stand, project, group)
        ghost.id = "compute.instances.delete"
        thing["status"] = "STOPPING"
        compute.operate(ghost, "delete", thing, lambda done: gone(compute, project, zone, thing), scope=f"zones/{zone}", who=ghost.who, collection="instances",
                        method="v1.compute.instances.delete")


def tick(stand):
    """What the groups do by themselves since they were looked at."""
    compute = stand.compute
    for project, scopes in list(stand.world.compute.items()):
        for scope, held in list(scopes.items()):
            for scaler in held.get("autoscalers", {}).values():
                group = held.get("instanceGroupManagers", {}).get(scaler.get("target", "").rsplit("/", 1)[-1])
                policy = scaler.get("autoscalingPolicy", {})
                if group is None or policy.get("mode", "ON") == "OFF":
                    continue
                least, most = policy.get("minNumReplicas", 0), policy.get("maxNumReplicas", 0)
                if not least <= group["targetSize"] <= most:
                    to = min(max(group["targetSize"], least), most)
                    stand.audit.write(None, f"projects/{project}", None, "compute.googleapis.com", "v1.compute.autoscalers.resize", group["selfLink"].removeprefix(HOST),
                                      kind="system_event", resource="gce_autoscaler", labels={"autoscaler_id": scaler["id"]},
                                      metadata={"oldSize": group["targetSize"], "newSize": to})
                    group["targetSize"] = to
            for group in list(held.get("instanceGroupManagers", {}).values()):
                if group.get("_leaving"):
                    continue
                heal(stand, compute, project, group)


def heal(stand, compute, project, group):
    active = [link for link in group["_members"] if link not in group["_stopped"]]
    for link in active:
        zone, thing = machine(compute, project, link)
        if thing is not None and thing["status"] in ("TERMINATED", "SUSPENDED"):
            # Stopped behind the group's back: it is made again, under the same name and another number.
            gone(compute, project, zone, thing)
            thing = None
        if thing is None:
            group["_members"].remove(link)
            if len([each for each in group["_members"] if each not in group["_stopped"]]) < group["targetSize"]:
                launch(stand, project, group, link.rsplit("/", 1)[-1], zone)
    active = [link for link in group["_members"] if link not in group["_stopped"]]
    while len(active) < group["targetSize"]:
        active.append(launch(stand, project, group)["selfLink"])
    while len(active) > group["targetSize"]:
        remove(stand, project, group, active.pop())


def shown(compute, project, group):
    told = {name: copy.deepcopy(value) for name, value in group.items() if not name.startswith("_")}
    members = [machine(compute, project, link)[1] for link in group["_members"]]
    stable = all(thing and thing["status"] in ("RUNNING", "TERMINATED", "SUSPENDED") for thing in members)
    told["status"] = {"isStable": stable, "versionTarget": {"isReached": stable}, "stateful": {"hasStatefulConfig": False, "perInstanceConfigs": {"allEffective": True}}}
    told["currentActions"] = {action: 0 for action in ("abandoning", "creating", "creatingWithoutRetries", "deleting", "none", "recreating", "refreshing",
                                                        "restarting", "resuming", "starting", "stopping", "suspending", "verifying")} | {"none": len(members)}
    return told


def found(call, verb):
    project, place, _ = enter(call, verb, "instanceGroupManagers")
    # The documents have no pattern of numbers for these paths, unlike for all others: names alone.
    group = call.stand.compute.things(project, place, "instanceGroupManagers").get(call["instanceGroupManager"])
    if group is None:
        raise missing(f"projects/{project}/{place}/instanceGroupManagers/{call['instanceGroupManager']}")
    call.tell(name=f"projects/{project}/{place}/instanceGroupManagers/{group['name']}")
    return project, place, group


def both(verb):
    return on(f"compute.instanceGroupManagers.{verb}", f"compute.regionInstanceGroupManagers.{verb}")


@both("insert")
def insert(call):
    project, place, _ = enter(call, "create", "instanceGroupManagers")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    body = call.body
    template = (body.get("instanceTemplate") or (body.get("versions") or [{}])[0].get("instanceTemplate") or "").rsplit("/", 1)[-1]
    held = compute.find(project, "global", "instanceTemplates", template)
    if "targetSize" not in body:
        raise Refusal(400, "Invalid value for field 'resource.targetSize': ''. Required field 'resource.targetSize' not specified.", reason="required")
    group = compute.new(project, place, "instanceGroupManagers", body.get("name"), {
        **body, "instanceTemplate": held["selfLink"], "baseInstanceName": body.get("baseInstanceName") or body.get("name"), "targetStoppedSize": 0,
        "targetSuspendedSize": 0, "versions": [{"instanceTemplate": held["selfLink"], "targetSize": {"calculated": body["targetSize"]}}],
        "updatePolicy": {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE", "replacementMethod": "SUBSTITUTE", **body.get("updatePolicy", {})}})
    group["instanceGroup"] = compute.link(project, place, "instanceGroups", group["name"])
    group |= {"_members": [], "_stopped": set(), "_leaving": False}

    def apply(done):
        if not done:
            compute.things(project, place, "instanceGroupManagers").pop(group["name"], None)
    return compute.operate(call, "compute.instanceGroupManagers.insert", group, apply)


@both("get")
def get(call):
    project, _, group = found(call, "get")
    return shown(call.stand.compute, project, group)


@both("list")
def listed(call):
    project, place, _ = enter(call, "list", "instanceGroupManagers")
    compute = call.stand.compute
    return compute.listed(call, [shown(compute, project, group) for group in compute.things(project, place, "instanceGroupManagers").values()],
                          "instanceGroupManagerList")


@on("compute.instanceGroupManagers.aggregatedList")
def aggregated(call):
    project, _, _ = enter(call, "list", "instanceGroupManagers")
    compute = call.stand.compute
    return compute.aggregated(call, "instanceGroupManagers", {
        scope: [shown(compute, project, group) for group in compute.things(project, scope, "instanceGroupManagers").values()] for scope in compute.scopes()})


@both("listManagedInstances")
def managed(call):
    project, _, group = found(call, "get")
    rows = []
    for link in group["_members"]:
        _, thing = machine(call.stand.compute, project, link)
        rows.append({"instance": link, "name": link.rsplit("/", 1)[-1], "id": thing["id"] if thing else "0", "currentAction": "NONE" if thing else "CREATING",
                     "instanceStatus": thing["status"] if thing else "STOPPED",
                     "version": {"instanceTemplate": group["instanceTemplate"]}})
    items, token = call.stand.compute.page(call, rows)
    return {"managedInstances": items, **({"nextPageToken": token} if token else {})}


def updated(call, change, kind, verb="update"):
    project, place, group = found(call, verb)
    again = call.stand.compute.once(call)
    if again:
        return again
    apply = change(project, group)
    return call.stand.compute.operate(call, f"compute.instanceGroupManagers.{kind}", group, lambda done: apply() if done else None)


@both("resize")
def resize(call):
    return updated(call, lambda project, group: lambda: group.update(targetSize=call["size"]), "resize")


@both("patch")
def patch(call):
    def change(project, group):
        body = {name: value for name, value in call.body.items() if name not in ("id", "name", "kind", "fingerprint")}
        if call.body.get("fingerprint") and call.body["fingerprint"] != group.get("fingerprint"):
            raise Refusal(412, "Supplied fingerprint does not match current metadata fingerprint.", reason="conditionNotMet")
        return lambda: group.update(body)
    return updated(call, change, "patch")


@both("setInstanceTemplate")
def template(call):
    return updated(call, lambda project, group: lambda: group.update(instanceTemplate=call.body["instanceTemplate"]), "setInstanceTemplate")


def links(call, group):
    """The members that are named, which must be members."""
    named = []
    for given in call.body.get("instances", []):
        tail = given.split("zones/")[-1]
        link = next((each for each in group["_members"] if each.split("zones/")[-1] == tail), None)
        if link is None:
            raise Refusal(400, f"Invalid value for field 'instances': '{given}'. The instance is not a member of the managed instance group.", reason="invalid")
        named.append(link)
    return named


@both("abandonInstances")
def abandon(call):
    """They leave the group, run on, and the group gets smaller."""
    def change(project, group):
        named = links(call, group)

        def apply():
            for link in named:
                group["_members"].remove(link)
                if link in group["_stopped"]:
                    group["_stopped"].discard(link)
                    group["targetStoppedSize"] -= 1
                else:
                    group["targetSize"] -= 1
        return apply
    return updated(call, change, "abandonInstances")


@both("deleteInstances")
def delete_instances(call):
    def change(project, group):
        named = links(call, group)

        def apply():
            for link in named:
                if link not in group["_stopped"]:
                    group["targetSize"] -= 1
                remove(call.stand, project, group, link)
        return apply
    return updated(call, change, "deleteInstances")


@both("stopInstances")
def stop_instances(call):
    """They stay members, stopped: the target moves from running to stopped."""
    def change(project, group):
        named = links(call, group)

        def apply():
            for link in named:
                zone, thing = machine(call.stand.compute, project, link)
                if thing and link not in group["_stopped"]:
                    group["_stopped"].add(link)
                    group["targetSize"] -= 1
                    group["targetStoppedSize"] += 1
                    thing.update(status="TERMINATED", lastStopTimestamp=call.world.stamp())
        return apply
    return updated(call, change, "stopInstances")


@both("startInstances")
def start_instances(call):
    def change(project, group):
        named = links(call, group)

        def apply():
            for link in named:
                zone, thing = machine(call.stand.compute, project, link)
                if thing and link in group["_stopped"]:
                    group["_stopped"].discard(link)
                    group["targetSize"] += 1
                    group["targetStoppedSize"] -= 1
                    thing.update(status="RUNNING", lastStartTimestamp=call.world.stamp())
        return apply
    return updated(call, change, "startInstances")


@both("delete")
def delete(call):
    """The group and every machine of it."""
    project, place, group = found(call, "delete")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    for scaler in compute.things(project, place, "autoscalers").values():
        if scaler.get("target", "").rsplit("/", 1)[-1] == group["name"]:
            raise Refusal(400, f"The instance_group_manager resource '{group['selfLink']}' is already being used by '{scaler['selfLink']}'",
                          reason="resourceInUseByAnotherResource")
    group["_leaving"] = True

    def apply(done):
        if done:
            for link in list(group["_members"]):
                zone, thing = machine(compute, project, link)
                if thing:
                    gone(compute, project, zone, thing)
            compute.things(project, place, "instanceGroupManagers").pop(group["name"], None)
        else:
            group["_leaving"] = False
    return compute.operate(call, "compute.instanceGroupManagers.delete", group, apply)


@on("compute.instanceGroups.listInstances", "compute.regionInstanceGroups.listInstances")
def members(call):
    project, place, _ = enter(call, "list", "instanceGroups")
    group = call.stand.compute.find(project, place, "instanceGroupManagers", call["instanceGroup"])
    items = [{"instance": link, "status": (machine(call.stand.compute, project, link)[1] or {}).get("status", "STOPPED")} for link in group["_members"]]
    return {"kind": "compute#instanceGroupsListInstances", "id": "instances", "items": items, "selfLink": HOST}


@on("compute.autoscalers.patch", "compute.autoscalers.update", "compute.regionAutoscalers.patch", "compute.regionAutoscalers.update")
def scaler(call):
    """The autoscaler is named in the query, not in the path."""
    project, place, _ = enter(call, "update", "autoscalers")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    thing = compute.find(project, place, "autoscalers", call.get("autoscaler") or call.body.get("name", ""))
    call.tell(name=f"projects/{project}/{place}/autoscalers/{thing['name']}")
    given = {name: value for name, value in call.body.items() if name not in ("id", "name", "kind")}

    def apply(done):
        if not done:
            return
        for name, value in given.items():
            if call.method.verb == "patch" and isinstance(value, dict) and isinstance(thing.get(name), dict):
                thing[name] = {**thing[name], **value}
            else:
                thing[name] = value
    return compute.operate(call, call.method.verb, thing, apply, collection=bare(call.method.collection))


@on("compute.autoscalers.insert", "compute.regionAutoscalers.insert")
def scaler_insert(call):
    project, place, _ = enter(call, "create", "autoscalers")
    compute = call.stand.compute
    again = compute.once(call)
    if again:
        return again
    target = call.body.get("target", "").rsplit("/", 1)[-1]
    compute.find(project, place, "instanceGroupManagers", target)
    policy = call.body.get("autoscalingPolicy", {})
    if not re.fullmatch(r"\d+", str(policy.get("maxNumReplicas", ""))):
        raise Refusal(400, "Invalid value for field 'resource.autoscalingPolicy.maxNumReplicas'.", reason="required")
    thing = compute.new(project, place, "autoscalers", call.body.get("name"), {
        **call.body, "target": compute.link(project, place, "instanceGroupManagers", target), "status": "ACTIVE", "autoscalingPolicy": {"mode": "ON", "minNumReplicas": 0, "coolDownPeriodSec": 60, **policy}})
    return compute.operate(call, "insert", thing, lambda done: None if done else compute.things(project, place, "autoscalers").pop(thing["name"], None))
