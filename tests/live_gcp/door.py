"""The tests' own door: a world to begin with, time, faults, what was asked, what stands. Nothing here exists at Google."""

import json
from datetime import timedelta

import iam
from access import Who
from errors import Refusal


def open_(stand, verb, asked):
    world = stand.world
    if verb == "clock":
        # Seconds that history lies behind now.
        world.offset = timedelta(seconds=asked["offset"])
        return world.stamp()
    if verb == "tree":
        for number, domain in asked.get("organizations", {}).items():
            world.organization(number, domain)
        for number, (parent, title) in asked.get("folders", {}).items():
            world.folder(number, parent, title)
        for id, row in asked.get("projects", {}).items():
            project = world.project(id, row["parent"], row.get("number"), row.get("title"))
            project["_services"] |= set(row.get("services", []))
            project["_billing"] = row.get("billing")
            stand.compute.new(id, "global", "networks", "default", {"autoCreateSubnetworks": True})
        for key, policy in asked.get("policies", {}).items():
            world.set_policy(key, {"version": 3, **policy}, "bindings,auditConfigs")
        return {id: project["_number"] for id, project in world.projects.items()}
    if verb == "user":
        # Somebody with a browser: the refresh token that application default credentials hold.
        world.activity.pop(("account", asked["email"]), None)
        token = "1//" + world.uuid()
        stand.access.users[token] = asked["email"]
        return {"type": "authorized_user", "client_id": "32555940559.apps.googleusercontent.com", "client_secret": "stand-in", "refresh_token": token,
                "token_uri": f"{stand.url}/token", "universe_domain": "googleapis.com", **({"quota_project_id": asked["quota"]} if "quota" in asked else {})}
    if verb == "key":
        return iam.make_key(world, asked["email"], stand.url)[1]
    if verb == "token":
        # A token as if it had been fetched: `via` as it would be logged.
        who = Who(asked["email"], kind=asked.get("kind", "serviceAccount"), key=asked.get("key"), via=[tuple(each) for each in asked.get("via", [])])
        return stand.access.mint(who, asked.get("life"))[0]
    if verb == "vm_token":
        # What the metadata server hands out inside a machine.
        zone, name = asked["zone"], asked["name"]
        thing = stand.compute.find(asked["project"], f"zones/{zone}", "instances", name)
        agent = f"service-{world.number_of(asked['project'])}@compute-system.iam.gserviceaccount.com"
        return stand.access.mint(Who(thing["serviceAccounts"][0]["email"], via=[("serviceAccount", agent)]))[0]
    if verb == "google_disables":
        return google_disables(stand, asked)
    if verb == "abuse":
        entry = {"logName": f"projects/{asked['project']}/logs/abuseevent.googleapis.com%2Fabuse_events", "insertId": world.uuid(), "timestamp": world.stamp(),
                 "receiveTimestamp": world.stamp(), "severity": "NOTICE", "resource": {"type": "abuseevent.googleapis.com/Location", "labels": {"location": "global"}},
                 "jsonPayload": {"@type": "type.googleapis.com/google.cloud.abuseevent.logging.v1.AbuseEvent", **asked["event"]}}
        stand.audit.keep(f"projects/{asked['project']}", entry, "_Default")
        return entry
    if verb == "knobs":
        for name, value in asked.items():
            if name in ("quota", "most"):
                setattr(stand.logs, name, value)
            elif name == "seconds":
                stand.compute.seconds = stand.long_seconds = value
            elif name == "unreachable":
                stand.compute.unreachable = set(value)
            elif name == "skew":
                stand.skew = value
            elif name == "life":
                stand.access.life = value
            elif name == "late":
                stand.audit.late = value
            elif name in ("_lifetimes", "_log_location"):
                world.org_policies[name] = value
            else:
                raise AssertionError(name)
        return {}
    if verb == "expire":
        # Every token that lives now is refused from now on.
        for who in world.tokens.values():
            if asked.get("email") in (None, who.email):
                who.expires = 0
        return {}
    if verb == "services":
        held = world.projects[asked["project"]]["_services"]
        held.difference_update(asked.get("off", []))
        held.update(asked.get("on", []))
        return sorted(held)
    if verb == "faults":
        return stand.faults.set(asked)
    if verb == "calls":
        return stand.calls[asked.get("since", 0):]
    if verb == "counts":
        counts = {}
        for row in stand.calls[asked.get("since", 0):]:
            name = f"{row['method'] or row['service'] or row['path']} {row['project'] or '-'}"
            counts[name] = counts.get(name, 0) + 1
        return counts
    if verb == "bad":
        return stand.bad
    if verb == "entries":
        return [row["entry"] for row in stand.audit.entries[asked.get("since", 0):]]
    if verb == "hold":
        # Entries that hold a text come that much later (or, with 0, at once).
        held = [row for row in stand.audit.entries if asked["contains"] in json.dumps(row["entry"])]
        for row in held:
            row["due"] = stand.monotonic() + asked["seconds"]
        return len(held)
    if verb == "keep":
        # Entries as they are, into a container: for volume.
        for row in asked["entries"]:
            stand.audit.keep(asked["container"], row, asked.get("bucket", "_Required"))
        return len(stand.audit.entries)
    if verb == "central":
        # A log bucket, the sink that fills it, and what that lost on the way.
        held = world.resources.setdefault("logging", {})
        bucket, sink = asked["bucket"], asked["sink"]
        held[bucket["name"]] = {"lifecycleState": "ACTIVE", "retentionDays": 400, **bucket}
        held[sink["resourceName"]] = {"name": sink["resourceName"].rsplit("/", 1)[-1], "includeChildren": True, "createTime": sink["updateTime"],
                                      "destination": f"logging.googleapis.com/{bucket['name']}", **sink}
        stand.logs.lost = set(asked.get("lost", []))
        return {}
    if verb == "dataset":
        return stand.warehouse.make(asked)
    if verb == "warehouse":
        for name, value in asked.items():
            assert name in ("page", "slow", "weight", "lie", "location"), name
            setattr(stand.warehouse, name, value)
        asked, stand.warehouse.queries = stand.warehouse.queries, []
        return asked
    if verb == "pack":
        return world.pack()
    if verb == "save":
        stand.save(asked["path"])
        return {}
    if verb == "settle":
        # Until no operation runs any more.
        stand.later(lambda: all(row["operation"]["status"] == "DONE" for row in stand.compute.operations.values()) and all(
            row["told"].get("done") or row["told"].get("status") == "DONE" for row in stand.longs.values()), 30)
        return {}
    raise AssertionError(f"no such door: {verb}")


def google_disables(stand, asked):
    """Google found the key in public and disabled it, as the organization's default policy has it."""
    email, id = asked["email"], asked["key"]
    key = stand.world.keys[(email, id)]
    key |= {"disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED",
            "extendedStatus": [{"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": asked["uri"]}]}
    account = stand.world.accounts[email]
    stand.audit.write(None, f"projects/{account['projectId']}", Who("gcp-compromised-key-response@system.gserviceaccount.com"), "iam.googleapis.com",
                      "google.iam.admin.v1.DisableServiceAccountKey", f"projects/-/serviceAccounts/{account['uniqueId']}/keys/{id}", resource="service_account",
                      labels={"email_id": email, "unique_id": account["uniqueId"]}, request={"@type": "type.googleapis.com/google.iam.admin.v1.DisableServiceAccountKeyRequest",
                                                                                        "name": key["name"]})
    return key["name"]


def metadata(stand, url, headers):
    """The metadata server, for whoever is told that it is here (`GCE_METADATA_HOST`)."""
    if headers.get("Metadata-Flavor") != "Google":
        raise Refusal(403, "Missing Metadata-Flavor:Google header.")
    raise Refusal(404, "This is no machine of the stand-in.")
