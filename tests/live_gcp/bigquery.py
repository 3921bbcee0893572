"""BigQuery: datasets that hold what Cloud Logging recorded, as log analytics' view and as a log sink's tables, and queries over them.

A query is read by sqlglot as BigQuery's SQL and run by SQLite: what is none, names what is not there, or would be billed for more than
it may, fails as it would there. Knows nothing of triage.
"""

import base64
import json
import re
import sqlite3

import sqlglot
from sqlglot import exp

from call import on
from errors import Refusal, missing

# What is billed at the least for each table of a query.
LEAST = 10_000_000
TEXT, LONG, BOOL, JSON = "STRING", "INTEGER", "BOOLEAN", "JSON"
# google.cloud.audit.AuditLog as log analytics has it: a list is REPEATED, a dict a RECORD, and what is a Struct in the proto is JSON.
AUDIT = {
    "service_name": TEXT, "method_name": TEXT, "resource_name": TEXT, "resource_location": {"current_locations": [TEXT], "original_locations": [TEXT]},
    "resource_original_state": JSON, "num_response_items": LONG, "status": {"code": LONG, "message": TEXT, "details": JSON},
    "authentication_info": {
        "principal_email": TEXT, "authority_selector": TEXT, "third_party_principal": JSON, "service_account_key_name": TEXT, "principal_subject": TEXT,
        "service_account_delegation_info": [{"principal_subject": TEXT, "first_party_principal": {"principal_email": TEXT, "service_metadata": JSON},
                                             "third_party_principal": {"third_party_claims": JSON}}]},
    "authorization_info": [{"resource": TEXT, "permission": TEXT, "granted": BOOL, "permission_type": TEXT,
                            "resource_attributes": {"service": TEXT, "name": TEXT, "type": TEXT, "labels": JSON}}],
    "policy_violation_info": {"org_policy_violation_info": {"payload": JSON, "resource_type": TEXT}},
    "request_metadata": {"caller_ip": TEXT, "caller_supplied_user_agent": TEXT, "caller_network": TEXT,
                         "request_attributes": {"id": TEXT, "time": "TIMESTAMP", "reason": TEXT, "auth": {"principal": TEXT, "audiences": [TEXT], "claims": JSON}},
                         "destination_attributes": {"ip": TEXT, "port": LONG, "principal": TEXT}},
    "request": JSON, "response": JSON, "metadata": JSON, "service_data": JSON,
}
VIEW = {
    "insert_id": TEXT, "log_id": TEXT, "log_name": TEXT, "timestamp": "TIMESTAMP", "receive_timestamp": "TIMESTAMP", "severity": TEXT, "severity_number": LONG,
    "resource": {"type": TEXT, "labels": JSON}, "labels": JSON, "text_payload": TEXT, "json_payload": JSON, "trace": TEXT, "span_id": TEXT, "trace_sampled": BOOL,
    "operation": {"id": TEXT, "producer": TEXT, "first": BOOL, "last": BOOL}, "split": {"uid": TEXT, "index": LONG, "total_splits": LONG},
    "source_location": {"file": TEXT, "line": LONG, "function": TEXT}, "proto_payload": {"type": TEXT, "request_log": {"app_id": TEXT}, "audit_log": AUDIT},
}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def shaped(value, shape):
    """A value with every column there: what it has not is null, what is no column is lost."""
    if isinstance(shape, list):
        return [shaped(item, shape[0]) for item in value or []]
    if isinstance(shape, dict):
        return None if value is None else {name: shaped(value.get(camel(name)), inner) for name, inner in shape.items()}
    return int(value) if shape == LONG and value is not None else value


def view_row(entry):
    row = shaped(entry, VIEW)
    payload = entry.get("protoPayload")
    row["log_id"] = entry["logName"].split("/logs/")[1].replace("%2F", "/")
    row["proto_payload"] = payload and {"type": payload["@type"], "request_log": None, "audit_log": shaped(payload, AUDIT)}
    return row


def fields(shape):
    def field(name, inner):
        mode, inner = ("REPEATED", inner[0]) if isinstance(inner, list) else ("NULLABLE", inner)
        told = {"name": name, "mode": mode, "type": "RECORD" if isinstance(inner, dict) else inner}
        return told | ({"fields": fields(inner)} if isinstance(inner, dict) else {})
    return [field(name, inner) for name, inner in shape.items()]


def sink_row(entry):
    """As a sink writes it: names that columns can have, what is free as JSON text, what a service adds by its type."""
    row = {name: value for name, value in entry.items() if name != "protoPayload"}
    if "labels" in row:
        row["labels"] = {re.sub(r"\W", "_", name): value for name, value in row["labels"].items()}
    payload = {name: value for name, value in entry["protoPayload"].items() if name != "@type"}
    for name in ("request", "response", "metadata"):
        if name in payload:
            payload[f"{name}Json"] = json.dumps(payload.pop(name))
    if "serviceData" in payload:
        payload["servicedata_v1_iam"] = {name: value for name, value in payload.pop("serviceData").items() if name != "@type"}
    if "numResponseItems" in payload:
        payload["numResponseItems"] = int(payload["numResponseItems"])
    return row | {"protopayload_auditlog": payload}


def columns(rows):
    """The columns that all of these rows together need, as a sink adds them to its table."""
    if any(isinstance(row, dict) for row in rows):
        rows = [row for row in rows if row is not None]
        return {name: columns([row[name] for row in rows if name in row]) for name in sorted({name for row in rows for name in row})}
    if any(isinstance(row, list) for row in rows):
        return [columns([item for row in rows for item in row])]
    return None


def filled(value, shape):
    if isinstance(shape, list):
        return [filled(item, shape[0]) for item in value or []]
    if isinstance(shape, dict):
        return None if value is None else {name: filled(value.get(name), inner) for name, inner in shape.items()}
    return value


class Table:
    def __init__(self, name, rows, shape, kind="TABLE", partitions=None, buffered=0):
        self.name, self.rows, self.shape, self.kind, self.partitions, self.buffered = name, rows, shape, kind, partitions, buffered

    def told(self, project, dataset):
        told = {"kind": "bigquery#table", "id": f"{project}:{dataset}.{self.name}", "type": self.kind,
                "tableReference": {"projectId": project, "datasetId": dataset, "tableId": self.name}}
        return told | ({"timePartitioning": self.partitions} if self.partitions else {})

    def within(self, since, until):
        return [row for row in self.rows if since <= row["timestamp"] < until]

    def put(self, base, name):
        """Into SQLite: times and texts that are compared as they are, all else as JSON, and the whole row."""
        sample = list(self.shape)
        base.execute(f'CREATE TABLE "{name}" ({", ".join(json.dumps(each) for each in sample + ["_PARTITIONTIME", "_row"])})')
        for at, row in enumerate(self.rows):
            day = row["timestamp"][:10] + "T00:00:00.000000Z" if at < len(self.rows) - self.buffered else None
            cells = [row[each] if isinstance(row[each], str) and self.plain(each) else None if row[each] is None else json.dumps(row[each]) for each in sample]
            base.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * (len(sample) + 2))})', [*cells, day, json.dumps(row, separators=(",", ":"))])

    def plain(self, column):
        return self.shape[column] in (TEXT, "TIMESTAMP", None)


class Warehouse:
    def __init__(self, stand):
        self.stand, self.sets, self.jobs, self.queries = stand, {}, {}, []
        # Rows of a page at most, how often a job is not done yet, what a byte weighs, what of it a dry run tells, where it all lies.
        self.page, self.slow, self.weight, self.lie, self.location = 100_000, 0, 1, 1.0, "EU"

    def make(self, asked):
        """A dataset of what was recorded until now; `forget` leaves Cloud Logging without it, as when it keeps nothing that old."""
        audit = self.stand.audit
        entries = [row["entry"] for row in audit.entries]
        is_audit = lambda entry: "cloudaudit.googleapis.com" in entry["logName"]
        form, tables = asked["form"], []
        if form == "analytics":
            tables.append(Table("_AllLogs", [view_row(entry) for entry in entries], VIEW, "VIEW"))
        by_log = {}
        for entry in sorted(filter(is_audit, entries), key=lambda entry: entry["timestamp"]):
            base = "cloudaudit_googleapis_com_" + entry["logName"].rsplit("%2F", 1)[1]
            if form == "days":
                base += "_" + entry["timestamp"][:10].replace("-", "")
            by_log.setdefault(base, []).append(sink_row(entry))
        for name, rows in by_log.items() if form != "analytics" else ():
            shape = columns(rows)
            partitions = {"timestamp": {"type": "DAY", "field": "timestamp"}, "arrival": {"type": "DAY"}, "other": {"type": "DAY", "field": "receiveTimestamp"}}.get(form)
            tables.append(Table(name, [filled(row, shape) for row in rows], shape, "VIEW" if form == "view" else "TABLE", partitions, 3 if form == "arrival" else 0))
        self.sets[(asked["project"], asked["dataset"])] = {table.name: table for table in tables}
        if asked.get("forget"):
            audit.entries = [row for row in audit.entries if not is_audit(row["entry"])]
        return sorted(table.name for table in tables)

    def find(self, project, dataset):
        held = self.sets.get((project, dataset))
        if held is None:
            raise Refusal(404, f"Not found: Dataset {project}:{dataset}", reason="notFound")
        return held

    # -- a query ----------------------------------------------------------------------------------------------------------------

    def run(self, call, body):
        try:
            tree = sqlglot.parse_one(body["query"], dialect="bigquery")
        except sqlglot.errors.ParseError as error:
            raise Refusal(400, f"Syntax error: {str(error)[:200]}", reason="invalidQuery") from None
        if not isinstance(tree, exp.Select):
            raise Refusal(400, "Only SELECT is answered here.", reason="invalidQuery")
        given = {each["name"]: value(each) for each in body.get("queryParameters", [])}
        for parameter in tree.find_all(exp.Parameter):
            if parameter.name not in given:
                raise Refusal(400, f"Query parameter '{parameter.name}' not found", reason="invalidQuery")
        base, weight, billed = sqlite3.connect(":memory:"), 0, 0
        for number, node in enumerate(list(tree.find_all(exp.Table))):
            may(call, "bigquery.tables.getData", node.catalog, "accessDenied")
            held = self.find(node.catalog, node.db).get(node.name)
            if held is None:
                raise Refusal(404, f"Not found: Table {node.catalog}:{node.db}.{node.name}", reason="notFound")
            name = f"t{number}"
            held.put(base, name)
            select = node.find_ancestor(exp.Select)
            for column in select.find_all(exp.Column):
                if column.name in ("_PARTITIONTIME", "entry", "id") and (column.name != "_PARTITIONTIME" or held.partitions and "field" not in held.partitions):
                    continue
                if column.name not in held.shape and column.name != node.alias:
                    raise Refusal(400, f"Unrecognized name: {column.name}", reason="invalidQuery")
            # What a partition holds is scanned whole.
            cut = held.partitions or held.kind == "VIEW"
            rows = held.within(given["since"], given["until"]) if cut and any(c.name in ("timestamp", "_PARTITIONTIME") for c in select.find_all(exp.Column)) else held.rows
            weight += sum(len(json.dumps(row)) for row in rows) * self.weight
            node.replace(exp.to_table(name, alias=node.alias or None))
            billed += LEAST
        billed = max(billed, weight)
        told = int(weight * self.lie)
        if body.get("dryRun"):
            return None, told, told
        if billed > int(body.get("maximumBytesBilled", 1 << 62)):
            raise Refusal(400, f"Query exceeded limit for bytes billed: {body['maximumBytesBilled']}. {billed} or higher required.", reason="bytesBilledLimitExceeded")
        text = tree.transform(as_sqlite).sql(dialect="sqlite")
        try:
            rows = base.execute(text, {name: json.dumps(each) if isinstance(each, list) else each for name, each in given.items()}).fetchall()
        except sqlite3.Error as error:
            raise Refusal(400, f"{error}: {text[:300]}", reason="invalidQuery") from None
        return [row[0] for row in rows], weight, billed


def value(parameter):
    kind, given = parameter["parameterType"], parameter["parameterValue"]
    if kind["type"] == "ARRAY":
        if kind["arrayType"]["type"] != "STRING":
            raise Refusal(400, "An array of what?", reason="invalidQuery")
        return [each["value"] for each in given.get("arrayValues", [])]
    if kind["type"] == "TIMESTAMP":
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", given["value"]):
            raise Refusal(400, f"Invalid timestamp: '{given['value']}'", reason="invalidQuery")
    elif kind["type"] != "STRING":
        raise Refusal(400, f"A {kind['type']} is not taken here.", reason="invalidQuery")
    return given["value"]


def as_sqlite(node):
    if isinstance(node, exp.JSONFormat):
        of = node.this
        if isinstance(of, exp.Struct):
            plain = ("log_name", "insert_id", "timestamp", "receive_timestamp", "severity", "trace", "span_id")
            pairs = ", ".join(f"'{each.name}', \"{each.name}\"" if each.name in plain else f"'{each.name}', json(\"{each.name}\")" for each in of.expressions)
            return sqlglot.parse_one(f"json_object({pairs})", dialect="sqlite")
        return exp.column("_row")
    if isinstance(node, exp.Parameter):
        return exp.Placeholder(this=node.name)
    if isinstance(node, exp.Unnest):
        name = node.args["alias"].columns[0].name
        return sqlglot.parse_one(f"SELECT value AS {name} FROM json_each(:{node.expressions[0].name})", dialect="sqlite").subquery("given")
    if isinstance(node, exp.Timestamp):
        return exp.Literal.string(f"{node.this.name}T00:00:00.000000Z")
    return node


def may(call, permission, project, reason):
    key = f"projects/{call.world.find_project(project)}"
    call.keys = call.keys or [key]
    if call.stand.faults.take("denied_data", call=call, operation=permission) or not call.access.holds(call.who, permission, call.world.ancestors(key)):
        raise Refusal(403, f"Access Denied: {permission} in {project}: User does not have permission", reason=reason)


@on("bigquery.tables.list")
def tables(call):
    call.silent = True
    may(call, "bigquery.tables.list", call["projectId"], "accessDenied")
    held = call.stand.warehouse.find(call["projectId"], call["datasetId"])
    rows = [table.told(call["projectId"], call["datasetId"]) for _, table in sorted(held.items())]
    return {"kind": "bigquery#tableList", "totalItems": len(rows), **call.stand.paged(call, "tables", rows, 2, size="maxResults")}


@on("bigquery.tables.get")
def table(call):
    call.silent = True
    may(call, "bigquery.tables.get", call["projectId"], "accessDenied")
    held = call.stand.warehouse.find(call["projectId"], call["datasetId"]).get(call["tableId"])
    if held is None:
        raise missing(call["tableId"])
    return held.told(call["projectId"], call["datasetId"]) | {"schema": {"fields": fields(held.shape)}, "location": call.stand.warehouse.location}


@on("bigquery.jobs.query")
def query(call):
    call.silent = True
    house, body, project = call.stand.warehouse, call.body, call["projectId"]
    may(call, "bigquery.jobs.create", project, "accessDenied")
    call.enabled(call.world.find_project(project))
    if body.get("useLegacySql", True):
        raise Refusal(400, "Legacy SQL is not answered here.", reason="invalidQuery")
    if body.get("queryParameters") and body.get("parameterMode") != "NAMED":
        raise Refusal(400, "parameterMode must be NAMED", reason="invalid")
    house.queries.append(body)
    rows, weight, billed = house.run(call, body)
    head = {"kind": "bigquery#queryResponse", "schema": {"fields": [{"name": "entry", "type": "STRING", "mode": "NULLABLE"}]}, "totalBytesProcessed": str(weight)}
    if body.get("dryRun"):
        return head | {"jobComplete": True, "cacheHit": False, "jobReference": {"projectId": project, "location": house.location}}
    id = f"job_{call.world.uuid().replace('-', '')[:24]}"
    house.jobs[id] = {"project": project, "rows": rows, "slow": house.slow, "weight": weight}
    return page(call, id, body.get("maxResults"), None, head | {"totalBytesBilled": str(billed)})


@on("bigquery.jobs.getQueryResults")
def results(call):
    call.silent = True
    house, id = call.stand.warehouse, call["jobId"]
    may(call, "bigquery.jobs.create", call["projectId"], "accessDenied")
    if id not in house.jobs or call.get("location") != house.location:
        raise Refusal(404, f"Not found: Job {call['projectId']}:{id}", reason="notFound")
    return page(call, id, call.get("maxResults"), call.get("pageToken"), {"kind": "bigquery#getQueryResultsResponse", "etag": "x"})


def page(call, id, most, token, head):
    house, job = call.stand.warehouse, call.stand.warehouse.jobs[id]
    head |= {"jobReference": {"projectId": job["project"], "jobId": id, "location": house.location}}
    if job["slow"]:
        job["slow"] -= 1
        return head | {"jobComplete": False}
    start = int(base64.b64decode(token)) if token else 0
    end = start + min(int(most or house.page), house.page)
    rows = job["rows"][start:end]
    told = head | {"jobComplete": True, "cacheHit": False, "totalRows": str(len(job["rows"])), "totalBytesProcessed": str(job["weight"])}
    if call.stand.faults.take("cut", call=call):
        rows, end = rows[:-1], len(job["rows"])
    if rows:
        told["rows"] = [{"f": [{"v": row}]} for row in rows]
    if end < len(job["rows"]):
        told["pageToken"] = base64.b64encode(str(end).encode()).decode()
    return told


@on("bigquery.jobs.cancel")
def cancel(call):
    may(call, "bigquery.jobs.create", call["projectId"], "accessDenied")
    return {"kind": "bigquery#jobCancelResponse"}
