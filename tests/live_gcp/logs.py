"""Cloud Logging: entries.list with its limits, and the configuration that an attacker tampers with."""

import base64
import copy
import hashlib
import json
import re
import time

import generic
from call import on
from errors import Refusal
from query import Filter, instant

MOST, BUCKETS, LONGEST = 100, 200, 1000
VIEW = re.compile(r"(projects|folders|organizations|billingAccounts)/([^/]+)/locations/([^/]+)/buckets/([^/]+)/views/([^/]+)")


class Logs:
    def __init__(self, stand):
        self.stand, self.world, self.audit = stand, stand.world, stand.audit
        self.reset()

    def reset(self):
        # Requests a minute for each quota project; how many entries a page may hold at most.
        self.quota, self.taken, self.most = 60, {}, LONGEST
        # Entries (by their ids) that a sink lost on the way.
        self.lost = set()

    def take(self, project):
        """60 reads a minute and quota project; whoever is over is told 429, and nothing of when to come back."""
        now = time.monotonic()
        taken = self.taken[project] = [at for at in self.taken.get(project, []) if now - at < 60]
        if len(taken) >= self.quota:
            raise Refusal(429, f"Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com' for "
                          f"consumer 'project_number:{self.world.number_of(project) if project in self.world.projects else project}'.")
        taken.append(now)

    def container(self, given):
        kind, _, id = given.partition("/")
        if kind == "projects":
            return f"projects/{self.world.find_project(id)}"
        known = {"folders": self.world.folders, "organizations": self.world.organizations,
                 "billingAccounts": {key.split("/")[1] for key in self.world.policies if key.startswith("billingAccounts/")}}.get(kind, {})
        if id not in known:
            raise Refusal(403, "The caller does not have permission", status="PERMISSION_DENIED")
        return given

    def sources(self, names, call):
        """What is read: (container, bucket or None for all) for each name, and how many buckets that opens."""
        found, opened = [], 0
        for given in names:
            view = VIEW.fullmatch(given)
            if view:
                kind, id, location, bucket, name = view.groups()
                container = self.container(f"{kind}/{id}")
                held = self.bucket(container, location, bucket)
                if held is None or name not in ("_AllLogs", "_Default"):
                    raise Refusal(404, f"Bucket {bucket} of {container} in {location}, or its view {name}, does not exist", status="NOT_FOUND")
                self.may(call, "logging.views.access", container)
                private = call.access.holds(call.who, "logging.privateLogEntries.list", self.world.ancestors(container)) or name == "_AllLogs"
                found.append((container, bucket, private, held))
                opened += 1
            else:
                if not re.fullmatch(r"(projects|folders|organizations|billingAccounts)/[^/]+", given):
                    raise Refusal(400, f"Invalid resource name: {given}")
                container = self.container(given)
                self.may(call, "logging.logEntries.list", container)
                private = call.access.holds(call.who, "logging.privateLogEntries.list", self.world.ancestors(container))
                found.append((container, None, private, None))
                opened += 2 + len([1 for name in self.world.resources.get("logging", {}) if name.startswith(f"{container}/locations/") and "/buckets/" in name])
        if opened > BUCKETS:
            raise Refusal(400, f"The query would read {opened} buckets; at most {BUCKETS} may be read by one query.")
        return found

    def may(self, call, permission, container):
        fault = self.stand.faults.take("denied_logs", call=call, project=container.split("/")[1])
        if fault or not call.access.holds(call.who, permission, self.world.ancestors(container)):
            raise Refusal(403, f"Permission '{permission}' denied on resource (or it may not exist)." if fault and fault.get("named") else
                          "The caller does not have permission", status="PERMISSION_DENIED")

    def bucket(self, container, location, name):
        if name in ("_Required", "_Default"):
            return {"name": name} if location == self.world.org_policies.get("_log_location", "global") else None
        return self.world.resources.get("logging", {}).get(f"{container}/locations/{location}/buckets/{name}")

    def entries(self, source):
        container, bucket, private, held = source
        routed = []
        if held is not None and bucket not in ("_Required", "_Default"):
            for name, sink in self.world.resources.get("logging", {}).items():
                if "/sinks/" in name and sink.get("destination", "").endswith(held["name"]) and not sink.get("disabled"):
                    left_out = [Filter(one["filter"]) for one in sink.get("exclusions", []) if not one.get("disabled")]
                    routed.append((name.split("/sinks/")[0], sink.get("includeChildren"), Filter(sink.get("filter", "")), left_out))
        for row in self.audit.entries:
            if row["due"] > time.monotonic():
                continue
            entry = row["entry"]
            if not private and entry["logName"].endswith("data_access"):
                continue
            if routed:
                above = self.world.ancestors(row["container"])
                if entry["insertId"] not in self.lost and any((at in above if children else at == row["container"]) and test(entry) and not any(
                        out(entry) for out in left_out) for at, children, test, left_out in routed):
                    yield entry
            elif row["container"] == container and bucket in (None, row["bucket"]) and (held is None or bucket in ("_Required", "_Default")):
                yield entry


@on("logging.entries.list")
def entries_list(call):
    logs, body = call.stand.logs, call.body
    call.silent = True
    logs.take(call.quota)
    if call.stand.faults.take("log_throttle", call=call):
        raise Refusal(429, "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com'.")
    names = body.get("resourceNames", [])
    if not names:
        raise Refusal(400, "At least one resource name is required")
    if len(names) > MOST:
        raise Refusal(400, f"Too many resource names: {len(names)}; at most {MOST} are allowed")
    size = body.get("pageSize", 50)
    if size < 0 or size > LONGEST:
        raise Refusal(400, f"page_size must be between 0 and {LONGEST}")
    order = body.get("orderBy", "timestamp asc")
    if order not in ("timestamp asc", "timestamp desc"):
        raise Refusal(400, f"Invalid order_by: {order}")
    test = Filter(body.get("filter", ""))
    sources = logs.sources(names, call)
    same = hashlib.sha256(json.dumps([names, body.get("filter", ""), order]).encode()).hexdigest()[:16]
    start, born = 0, time.monotonic()
    token = body.get("pageToken")
    if token:
        try:
            start, born, of = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            of = None
        if of != same:
            raise Refusal(400, "The page token is not valid for this request.")
    again = lambda at: base64.urlsafe_b64encode(json.dumps([at, born, same]).encode()).decode()
    if call.stand.faults.take("empty_page", call=call):
        return {"nextPageToken": again(start)}
    seen, rows = set(), []
    for source in sources:
        for entry in (piece for whole in logs.entries(source) for piece in pieces(call, whole)):
            at = (entry["logName"], entry["timestamp"], entry["insertId"], entry.get("split", {}).get("index", 0))
            if at not in seen and test(entry):
                seen.add(at)
                rows.append(entry)
    rows.sort(key=lambda entry: (instant(entry["timestamp"]), entry["insertId"]), reverse=order.endswith("desc"))
    page = rows[start:start + min(size or 50, logs.most)]
    if call.stand.faults.on("duplicates"):
        # Within one answer there are none; over the edge of two pages and of two requests there can be.
        page = page if not start else [rows[start - 1]] + page
    answer = {"entries": page} if page else {}
    end = start + min(size or 50, logs.most)
    if end < len(rows):
        answer["nextPageToken"] = again(end)
    return copy.deepcopy(answer)


def pieces(call, entry):
    """A large entry comes in parts that share a uid: what is spread over them is request, response and metadata, texts cut anywhere."""
    if not call.stand.faults.on("split") or "response" not in entry.get("protoPayload", {}):
        return [entry]
    head, tail = copy.deepcopy(entry), copy.deepcopy(entry)
    for whole in ("request", "metadata"):
        tail["protoPayload"].pop(whole, None)
    head["protoPayload"]["response"], tail["protoPayload"]["response"] = halves(entry["protoPayload"]["response"])
    uid = entry["insertId"].strip("-") + "+" + entry["timestamp"]
    for index, part in enumerate((head, tail)):
        part["split"] = {"uid": uid, "index": index, "totalSplits": 2}
        if not index:
            del part["split"]["index"]
        part["insertId"] = f"{entry['insertId']}-{index}"
    return [head, tail]


def halves(thing):
    if isinstance(thing, dict):
        both = [(key, (value, value) if key == "@type" else halves(value)) for key, value in thing.items()]
        return {key: one for key, (one, _) in both if one is not None}, {key: two for key, (_, two) in both if two is not None}
    if isinstance(thing, list):
        both = [halves(value) for value in thing]
        return [one if one is not None else type(thing[at])() for at, (one, _) in enumerate(both)], [two if two is not None else type(thing[at])() for at, (_, two) in enumerate(both)]
    if isinstance(thing, str) and len(thing) > 1:
        return thing[:len(thing) // 2], thing[len(thing) // 2:]
    return None, thing


@on("logging.entries.write")
def entries_write(call):
    body = call.body
    for entry in body.get("entries", []):
        name = entry.get("logName") or body.get("logName") or ""
        container = call.stand.logs.container("/".join(name.split("/")[:2]))
        call.need("logging.logEntries.create", container)
        now = call.world.stamp()
        call.audit.keep(container, {"timestamp": now, "receiveTimestamp": now, "insertId": call.world.uuid(), "resource": body.get("resource", {"type": "global"}),
                                    **entry, "logName": name}, "_Default")
    call.silent = True
    return {}


def default_sinks(container):
    return [{"name": "_Required", "destination": f"logging.googleapis.com/{container}/locations/global/buckets/_Required",
             "filter": 'LOG_ID("cloudaudit.googleapis.com/activity") OR LOG_ID("externalaudit.googleapis.com/activity") OR LOG_ID("cloudaudit.googleapis.com/system_event")'},
            {"name": "_Default", "destination": f"logging.googleapis.com/{container}/locations/global/buckets/_Default",
             "filter": 'NOT LOG_ID("cloudaudit.googleapis.com/activity") AND NOT LOG_ID("cloudaudit.googleapis.com/system_event")'}]


def everywhere(path):
    # The documents have the same paths without a kind, too.
    return on(f"logging.{path}", *(f"logging.{kind}.{path}" for kind in ("projects", "folders", "organizations")))


def place(call, permission, given):
    head = call.stand.logs.container("/".join(given.split("/")[:2]))
    name = head + given[len("/".join(given.split("/")[:2])):]
    call.tell(name=name)
    call.need(permission, head, on=name)
    return head, name


@everywhere("sinks.list")
def sinks(call):
    head, _ = place(call, "logging.sinks.list", call["parent"])
    own = [dict(sink) for name, sink in sorted(call.world.resources.get("logging", {}).items()) if name.startswith(f"{head}/sinks/")]
    return call.stand.paged(call, "sinks", default_sinks(head) + own, 50)


@everywhere("sinks.get")
def sink(call):
    head, name = place(call, "logging.sinks.get", call["sinkName"])
    for each in default_sinks(head):
        if each["name"] == name.rsplit("/", 1)[-1]:
            return each
    return copy.deepcopy(generic.held(call, "logging", name))


@everywhere("sinks.create")
def sink_create(call):
    head, _ = place(call, "logging.sinks.create", call["parent"])
    name = f"{head}/sinks/{call.body.get('name')}"
    told_sink(call, name)
    store = call.world.resources.setdefault("logging", {})
    if name in store:
        raise Refusal(409, f"Sink {call.body['name']} already exists", status="ALREADY_EXISTS")
    if not re.match(r"(logging|storage|bigquery|pubsub)\.googleapis\.com/.+", call.body.get("destination", "")):
        raise Refusal(400, "The destination is not valid.")
    Filter(re.sub(r"(?i)\blog_id\(", "log_id(", call.body.get("filter", "")))
    store[name] = {**call.body, "resourceName": name, "writerIdentity": f"serviceAccount:service-{call.world.number(12)}@gcp-sa-logging.iam.gserviceaccount.com",
                   "createTime": call.world.stamp(), "updateTime": call.world.stamp()}
    return copy.deepcopy(store[name])


def told_sink(call, name):
    call.tell(name=name, resource="logging_sink", labels={"name": name.rsplit("/", 1)[-1], "destination": ""},
              request={"@type": "type.googleapis.com/google.logging.v2.SinkRequest", "sinkName": name, **({"sink": call.body} if call.body else {})})


@everywhere("sinks.update")
@everywhere("sinks.patch")
def sink_update(call):
    _, name = place(call, "logging.sinks.update", call["sinkName"])
    told_sink(call, name)
    call.tell(method="google.logging.v2.ConfigServiceV2.UpdateSink")
    thing = generic.held(call, "logging", name)
    mask = (call.get("updateMask") or "destination,filter,includeChildren").split(",")
    for field in mask:
        field = field.strip()
        if field in call.body:
            thing[field] = call.body[field]
        else:
            thing.pop(field, None)
    return copy.deepcopy(thing)


@everywhere("sinks.delete")
def sink_delete(call):
    _, name = place(call, "logging.sinks.delete", call["sinkName"])
    told_sink(call, name)
    generic.held(call, "logging", name)
    del call.world.resources["logging"][name]
    return {}


@everywhere("locations.buckets.list")
def buckets(call):
    head, name = place(call, "logging.buckets.list", call["parent"])
    location = call["parent"].rsplit("/", 1)[-1]
    home = call.world.org_policies.get("_log_location", "global")
    rows = []
    if location in ("-", home):
        rows = [{"name": f"{head}/locations/{home}/buckets/_Required", "retentionDays": 400, "lifecycleState": "ACTIVE", "locked": True},
                {"name": f"{head}/locations/{home}/buckets/_Default", "retentionDays": 30, "lifecycleState": "ACTIVE"}]
    rows += [dict(row) for at, row in call.world.resources.get("logging", {}).items()
             if at.startswith(f"{head}/locations/") and re.search(r"/buckets/[^/]+$", at) and location in ("-", at.split("/")[3])]
    return call.stand.paged(call, "buckets", rows, 50)


@everywhere("locations.buckets.get")
def bucket(call):
    head, name = place(call, "logging.buckets.get", call["name"])
    short = name.rsplit("/", 1)[-1]
    if short in ("_Required", "_Default"):
        return {"name": name, "retentionDays": 400 if short == "_Required" else 30, "lifecycleState": "ACTIVE"}
    return copy.deepcopy(generic.held(call, "logging", name))


@everywhere("locations.buckets.views.list")
def views(call):
    head, _ = place(call, "logging.views.list", call["parent"])
    return {"views": [{"name": f"{call['parent']}/views/_AllLogs"}]}


@on("logging.getSettings", "logging.projects.getSettings", "logging.folders.getSettings", "logging.organizations.getSettings")
def settings(call):
    head, _ = place(call, "logging.settings.get", call["name"])
    home = call.world.org_policies.get("_log_location")
    return {"name": f"{head}/settings", **({"storageLocation": home} if home else {})}
