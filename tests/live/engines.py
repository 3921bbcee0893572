"""CloudTrail Lake and Athena: engines that answer SQL over what CloudTrail recorded.

The statements are read by sqlglot as the Trino that both speak, and run by SQLite: what is no Trino, names a column that AWS's
schema does not have, or has no bound in time where one is asked for, fails as it would there. Knows nothing of triage.
"""

import json
import sqlite3
import uuid

import sqlglot
from sqlglot import exp

from extras import Refused

# What of a record is text in AWS's own table for trails, by its column; structs and objects are told below.
TEXTS = ["eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestID",
         "eventID", "eventType", "apiVersion", "readOnly", "recipientAccountId", "sharedEventID", "vpcEndpointId"]
OBJECTS = ["requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"]
STRUCT = {
    "type": str, "principalid": str, "arn": str, "accountid": str, "invokedby": str, "accesskeyid": str, "username": str,
    "onbehalfof": {"userid": str, "identitystorearn": str},
    "sessioncontext": {
        "attributes": {"mfaauthenticated": str, "creationdate": str},
        "sessionissuer": {"type": str, "principalid": str, "arn": str, "accountid": str, "username": str},
        "ec2roledelivery": str, "webidfederationdata": {"federatedprovider": str, "attributes": dict},
    },
}
RESOURCE = {"arn": str, "accountid": str, "type": str}
LAKE = [name.lower() for name in TEXTS + OBJECTS] + ["useridentity", "resources", "eventcategory", "eventjson"]
TABLE = [name.lower() for name in TEXTS + OBJECTS] + ["useridentity", "resources"]


def struct(value, shape):
    """A struct as Athena's reader makes it: small letters, every member there, what it does not know left out."""
    if not isinstance(value, dict):
        return None
    small = {name.lower(): inner for name, inner in value.items()}
    return {name: struct(small.get(name), inner) if isinstance(inner, dict) else small.get(name) for name, inner in shape.items()}


def columns(record):
    row = {name.lower(): record.get(name) for name in TEXTS}
    row["readonly"] = None if record.get("readOnly") is None else str(record["readOnly"]).lower()
    row |= {name.lower(): None if record.get(name) is None else json.dumps(record[name]) for name in OBJECTS}
    row["useridentity"] = json.dumps(struct(record.get("userIdentity") or {}, STRUCT))
    row["resources"] = None if record.get("resources") is None else json.dumps([struct(one, RESOURCE) for one in record["resources"]])
    return row


class Engine:
    """Runs a statement over rows."""

    def __init__(self, table, names, rows):
        self.base = sqlite3.connect(":memory:", check_same_thread=False)
        self.base.create_function("strpos", 2, lambda text, part: None if text is None else text.find(part) + 1)
        self.base.create_function("concat_ws", -1, lambda mark, *parts: mark.join(part for part in parts if part is not None))
        self.base.create_function("json_format", 1, lambda text: text)
        self.base.execute(f'CREATE TABLE "{table}" ({", ".join(names)})')
        self.base.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(names))})', [[row.get(name) for name in names] for row in rows])

    def run(self, tree):
        tree = tree.transform(lambda node: node.this if isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.JSON else node)
        found = self.base.execute(tree.sql(dialect="sqlite"))
        return [column[0] for column in found.description], found.fetchall()


def parse(text):
    try:
        tree = sqlglot.parse_one(text, dialect="trino")
    except sqlglot.errors.ParseError as error:
        raise Refused("InvalidQueryStatementException", 400, str(error)[:300]) from None
    if not isinstance(tree, exp.Select):
        raise Refused("InvalidQueryStatementException", 400, "only SELECT")
    return tree


class Engines:
    """`world` is a list of (account, region, record); `faults` say what goes wrong: {lake|athena: {state, reason, denied}}."""

    def __init__(self, records, moto):
        self.records, self.moto, self.queries, self.statements = records, moto, {}, []
        # Most bytes that a query may scan, by work group, and what a row weighs.
        self.cutoff, self.page, self.stores = {}, 1000, {}

    # -- CloudTrail Lake ----------------------------------------------------------------------------------------------------

    def cloudtrail_StartQuery(self, call, who, asked):
        text = asked["QueryStatement"]
        if len(text) > 10_000:
            raise Refused("InvalidQueryStatementException", 400, "too long")
        # Stores are named by bare ids, which no other SQL takes for a name.
        store = next((each for each in self.stores if each in text), None)
        if store is None or self.stores[store] != (who.account, call.region):
            raise Refused("EventDataStoreNotFoundException", 400, "no such event data store here")
        tree = parse(text.replace(store, "store"))
        if not any("eventtime" in str(node).lower() for node in tree.find_all(exp.GTE, exp.GT, exp.LT, exp.LTE, exp.Between)):
            raise Refused("InvalidQueryStatementException", 400, "the test's own bound: no eventTime")
        rows = [{**columns(record), "eventtime": record["eventTime"].replace("T", " ").rstrip("Z"), "eventcategory": "Management", "eventjson": json.dumps(record)}
                for _, _, record in self.records()]
        return {"QueryId": self._ask("lake", asked, tree, Engine("store", LAKE, rows), len(rows))}

    def cloudtrail_DescribeQuery(self, call, who, asked):
        query = self._query(asked["QueryId"])
        query["asked"] += 1
        if query["asked"] == 1:
            return {"QueryId": asked["QueryId"], "QueryStatus": "RUNNING"}
        return {"QueryId": asked["QueryId"], "QueryStatus": query["lake"], "QueryString": query["text"], "ErrorMessage": query["reason"] or "",
                "QueryStatistics": {"EventsMatched": len(query["rows"]), "EventsScanned": query["of"], "BytesScanned": query["of"] * 1000,
                                    "ExecutionTimeInMillis": 10, "CreationTime": "2026-01-01T00:00:00Z"}}

    def cloudtrail_GetQueryResults(self, call, who, asked):
        query = self._query(asked["QueryId"])
        rows, following = self._page(query, asked.get("MaxQueryResults") or 1000, asked.get("NextToken"))
        page = {"QueryStatus": query["lake"], "QueryResultRows": [[{name: text} for name, text in zip(query["names"], row)] for row in rows]}
        return {**page, **({"NextToken": following} if following else {})}

    # -- Athena -------------------------------------------------------------------------------------------------------------

    def athena_StartQueryExecution(self, call, who, asked):
        if not asked.get("ResultConfiguration", {}).get("OutputLocation") and not asked.get("WorkGroup"):
            raise Refused("InvalidRequestException", 400, "No output location provided. An output location is required.")
        tree = parse(asked["QueryString"])
        given = asked.get("ExecutionParameters") or []
        marks = list(tree.find_all(exp.Placeholder))
        if len(marks) != len(given):
            raise Refused("InvalidRequestException", 400, f"Incorrect number of parameters: expected {len(marks)} but found {len(given)}")
        for mark, text in zip(marks, given):
            literal = sqlglot.parse_one(text, dialect="trino")
            if not isinstance(literal, exp.Literal):
                raise Refused("InvalidRequestException", 400, f"{text} is no literal")
            mark.replace(literal)
        table = tree.find(exp.Table)
        found = self.moto("glue", who.account, call.region).get_table(DatabaseName=table.db, Name=table.name)["Table"]
        partitions = [column["Name"] for column in found["PartitionKeys"]]
        table.set("db", None)
        rows = []
        for account, region, record in self.records():
            day = record["eventTime"][:10].replace("-", "/")
            rows.append({**columns(record), **dict.fromkeys(partitions, day)})
        # What lies in the days that are asked for is scanned.
        days = next((node for node in tree.find_all(exp.Between) if node.this.name in partitions), None)
        scanned = [row for row in rows if days is None or days.args["low"].name <= row[partitions[0]] <= days.args["high"].name]
        return {"QueryExecutionId": self._ask("athena", asked, tree, Engine(table.name, TABLE + partitions, rows), len(scanned))}

    def athena_GetQueryExecution(self, call, who, asked):
        query = self._query(asked["QueryExecutionId"])
        query["asked"] += 1
        state = "RUNNING" if query["asked"] == 1 else query["athena"]
        return {"QueryExecution": {"QueryExecutionId": asked["QueryExecutionId"], "Query": query["text"], "StatementType": "DML",
                                   "Status": {"State": state, "StateChangeReason": query["reason"] or ""},
                                   "Statistics": {"DataScannedInBytes": query["of"] * 1000}}}

    def athena_GetQueryResults(self, call, who, asked):
        query = self._query(asked["QueryExecutionId"])
        first = asked.get("NextToken") is None
        rows, following = self._page(query, (asked.get("MaxResults") or 1000) - first, asked.get("NextToken"))
        cells = lambda row: {"Data": [{} if text is None else {"VarCharValue": text} for text in row]}
        # The first row of the first page names the columns.
        shown = ([cells(query["names"])] if first else []) + [cells(row) for row in rows]
        page = {"UpdateCount": 0, "ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": [{"Name": name, "Type": "varchar"} for name in query["names"]]}}}
        return {**page, **({"NextToken": following} if following else {})}

    # -- both ---------------------------------------------------------------------------------------------------------------

    def _ask(self, engine, asked, tree, over, of):
        id = str(uuid.uuid4())
        self.statements.append({"engine": engine, "text": asked.get("QueryStatement") or asked["QueryString"], "parameters": asked.get("ExecutionParameters") or []})
        query = {"text": self.statements[-1]["text"], "of": of, "asked": 0, "reason": None, "names": [], "rows": [], "lake": "FINISHED", "athena": "SUCCEEDED"}
        self.queries[id] = query
        most = self.cutoff.get(asked.get("WorkGroup"))
        if most is not None and of * 1000 > most:
            query |= {"athena": "CANCELLED", "reason": f"Query cancelled! : Bytes scanned limit was exceeded ({most})"}
            return id
        try:
            query["names"], query["rows"] = over.run(tree)
        except sqlite3.Error as error:
            query |= {"lake": "FAILED", "athena": "FAILED", "reason": str(error)}
        return id

    def _query(self, id):
        if id not in self.queries:
            raise Refused("QueryIdNotFoundException", 400, "no such query")
        return self.queries[id]

    def _page(self, query, most, token):
        start, most = int(token or 0), min(most, self.page)
        rows = query["rows"][start:start + most]
        return rows, str(start + most) if start + most < len(query["rows"]) else None
