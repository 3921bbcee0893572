//! BigQuery's SQL gives what the files give: log analytics' view and a sink's tables, asked level by level of an engine that runs
//! here, SQLite or DuckDB; what those spell differently is respelled in the script below, and nothing else is.

use crate::sql::{has_python, python, records, report};
use crate::support::fixtures;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::Arc;
use triage::cloud::files::FileSource;
use triage::cloud::sql::bigquery::{Dataset, Found, Statement, find, statements};
use triage::cloud::sql::{Bounds, entry};
use triage::cloud::{LogSource, Query, Raw, Shard, Take};

const SCRIPT: &str = r#"
import json, re, sys
ask = json.load(sys.stdin)
try:
    import duckdb
    db, name, mark = duckdb.connect(), "duckdb", "$"
except ImportError:
    import sqlite3
    db, name, mark = sqlite3.connect(":memory:"), "sqlite", ":"
    db.create_function("strpos", 2, lambda s, x: (s or "").find(x) + 1, deterministic=True)
for table, rows in ask["tables"].items():
    columns = sorted({column for row in rows for column in row}) + ["_row"]
    db.execute('CREATE TABLE "%s" (%s)' % (table, ", ".join('"%s" VARCHAR' % c for c in columns)))
    for row in rows:
        # What is compared is held as it is, everything else as JSON.
        plain = lambda c: c in ("timestamp", "log_name", "_PARTITIONTIME")
        cells = [row.get(c) if plain(c) else json.dumps(row.get(c)) for c in columns[:-1]]
        whole = json.dumps({c: v for c, v in row.items() if c != "_PARTITIONTIME"}, separators=(",", ":"))
        db.execute('INSERT INTO "%s" VALUES (%s)' % (table, ",".join("?" * len(columns))), cells + [whole])
def respelled(text):
    def object(match):
        told = []
        for column in re.findall("`(\w+)`", match[1]):
            plain = column in ("timestamp", "log_name")
            as_json = '"%s"::JSON' if name == "duckdb" else 'json("%s")'
            told.append("'%s', %s" % (column, ('"%s"' if plain else as_json) % column))
        made = "json_object(%s)" % ", ".join(told)
        return "CAST(%s AS VARCHAR)" % made if name == "duckdb" else made
    text = re.sub(r"TO_JSON_STRING\(STRUCT\(([^)]*)\)\)", object, text)
    text = text.replace("TO_JSON_STRING(t)", "_row")
    text = re.sub(r"`[\w-]+\.\w+\.(\w+)`", r'"\1"', text).replace("`", '"')
    text = re.sub(r"TIMESTAMP\('([\d-]+)'\)", r"'\1T00:00:00.000000Z'", text)
    given = "UNNEST($ids) AS given(id)" if name == "duckdb" else "(SELECT value AS id FROM json_each(:ids))"
    return re.sub("@(since|until)", mark + r"\1", text.replace("UNNEST(@ids) AS id", given))
found = []
for one in ask["statements"]:
    ids = one["ids"] if name == "duckdb" else json.dumps(one["ids"])
    used = {key: value for key, value in (("since", one["since"]), ("until", one["until"]), ("ids", ids))}
    found += [row[0] for row in db.execute(respelled(one["text"]), used).fetchall()]
print(json.dumps(found))
"#;

fn bounds() -> Bounds {
    let at = |text: &str| text.parse().expect("a time");
    Bounds::new(at("2026-03-13T00:00:00Z"), at("2026-03-15T00:00:00Z")).expect("a window")
}

fn house() -> Dataset {
    "sec-ops-7001.house_logs".parse().expect("a name")
}

/// Tables with rows, and what BigQuery tells of them.
struct Engine {
    tables: BTreeMap<String, Vec<Value>>,
    found: Found,
}

impl Engine {
    fn ask(&self, statements: &[Statement]) -> Vec<String> {
        let mut child = Command::new(python())
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let row = |one: &Statement| json!({"text": one.text, "since": one.since, "until": one.until, "ids": one.ids});
        let statements: Vec<Value> = statements.iter().map(row).collect();
        let ask = json!({"tables": self.tables, "statements": statements});
        child.stdin.take().expect("piped").write_all(ask.to_string().as_bytes()).expect("it reads");
        let out = child.wait_with_output().expect("it ends");
        assert!(out.status.success(), "the engine refused the statement");
        serde_json::from_slice(&out.stdout).expect("JSON")
    }
}

impl LogSource for Engine {
    fn about(&self) -> String {
        "a dataset".into()
    }

    fn shards(&self, _: &Query) -> Vec<Shard> {
        vec![Shard { name: "dataset".into() }]
    }

    fn drive(&self, query: &Query, _: &[Shard], to: &dyn Take) {
        let (statements, not) = statements(&house(), &self.found.tables, query, bounds());
        // What is too short is not asked about; here nothing hangs on it.
        assert!(not.iter().all(|one| one.id.len() < 4), "{not:?}");
        let records: Vec<Vec<u8>> = self
            .ask(&statements)
            .iter()
            .map(|row| entry(row).unwrap_or_else(|| panic!("no entry: {row}")))
            .collect();
        to.part("dataset", &mut |sink| {
            for bytes in &records {
                if sink(Raw { bytes, line: 0 }) == ControlFlow::Break(()) {
                    break;
                }
            }
            Vec::new()
        });
        to.ended();
    }
}

/// The audit entries of a scenario, with times as exact as BigQuery keeps them.
fn entries() -> Vec<Value> {
    let all = records(&fixtures().join("scenarios/gcp-cryptojacking/evidence"));
    let is_audit = |one: &Value| {
        let name = one["logName"].as_str().unwrap_or_default();
        name.contains("cloudaudit.googleapis.com")
            && one["protoPayload"].is_object()
            && one["timestamp"].is_string()
    };
    let mut all: Vec<Value> = all.into_iter().filter(is_audit).collect();
    for one in &mut all {
        for field in ["timestamp", "receiveTimestamp"] {
            if let Some(text) = one[field].as_str() {
                let at: triage::model::Time = text.parse().expect("a time");
                one[field] = at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string().into();
            }
        }
    }
    all
}

/// As log analytics has it.
fn view(entry: &Value) -> Value {
    fn snake(name: &str) -> String {
        let mut text = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                text.push('_');
            }
            text.push(c.to_ascii_lowercase());
        }
        text
    }
    fn proto(name: &str, value: &Value) -> Value {
        match value {
            free if ["request", "response", "metadata", "serviceData", "labels"].contains(&name) => {
                free.clone()
            }
            Value::Object(map) => map.iter().map(|(name, value)| (snake(name), proto(name, value))).collect(),
            Value::Array(all) => all.iter().map(|one| proto("", one)).collect(),
            plain => plain.clone(),
        }
    }
    let mut row = proto("", entry);
    let mut audit = row["proto_payload"].take();
    let kind = audit.as_object_mut().and_then(|audit| audit.remove("@type")).unwrap_or_default();
    audit["response"] = audit["response"].take();
    row["proto_payload"] = json!({"type": kind, "request_log": null, "audit_log": audit});
    // A column that is nobody's here.
    row["split"] = Value::Null;
    row
}

/// As a sink's table has it.
fn sink(entry: &Value) -> Value {
    let mut row = entry.clone();
    let Some(Value::Object(payload)) = row.as_object_mut().and_then(|row| row.remove("protoPayload")) else {
        panic!("an audit entry")
    };
    let mut audit = Map::new();
    for (name, value) in payload {
        match name.as_str() {
            "@type" => {}
            "request" | "response" | "metadata" => {
                drop(audit.insert(format!("{name}Json"), value.to_string().into()))
            }
            "serviceData" => {
                let mut data = value;
                data.as_object_mut().map(|data| data.remove("@type"));
                audit.insert("servicedata_v1_iam".into(), data);
            }
            _ => drop(audit.insert(name, value)),
        }
    }
    audit.insert("servicedata_v1_bigquery".into(), Value::Null);
    row["protopayload_auditlog"] = Value::Object(audit);
    row
}

/// What `tables.list` tells.
fn listed(name: &str, more: Value) -> Value {
    let mut one = json!({"tableReference": {"projectId": "sec-ops-7001", "datasetId": "house_logs", "tableId": name}, "type": "TABLE"});
    one.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
    one
}

#[track_caller]
fn check(engine: &Engine, expect: &Value) {
    let table = report(engine, "builder@shop-prod-4821.iam.gserviceaccount.com");
    for part in ["principal", "credentials", "resources", "findings", "touched", "attempts", "uses"] {
        assert_eq!(table[part], expect[part], "{part}");
    }
}

#[test]
fn bigquery_tells_what_the_files_tell() {
    if !has_python() {
        return;
    }
    let all = entries();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("entries.jsonl");
    let lines: Vec<String> = all.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).expect("a file");
    let (files, _) = FileSource::new(&[path.to_string_lossy().into_owned()]);
    let expect = report(&files, "builder@shop-prod-4821.iam.gserviceaccount.com");
    assert!(expect["credentials"].as_array().expect("a list").len() > 3);
    assert!(expect["resources"].as_array().expect("a list").len() > 10);

    let mut found = find(&house(), &[listed("_AllLogs", json!({"type": "VIEW"}))], bounds());
    assert!(found.has_view);
    let columns = [
        "insert_id",
        "log_name",
        "operation",
        "labels",
        "proto_payload",
        "receive_timestamp",
        "resource",
        "severity",
        "split",
        "timestamp",
        "json_payload",
    ];
    let fields: Vec<Value> = columns.iter().map(|name| json!({"name": name})).collect();
    found.shown(&json!({"schema": {"fields": fields}}));
    let rows: Vec<Value> = all.iter().map(view).collect();
    check(&Engine { tables: [("_AllLogs".into(), rows)].into(), found }, &expect);

    // One table for each day, and one whose partitions are of when a row came.
    let mut days: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for one in &all {
        let day = one["timestamp"].as_str().expect("text")[..10].replace('-', "");
        days.entry(format!("cloudaudit_googleapis_com_activity_{day}")).or_default().push(sink(one));
    }
    let told: Vec<Value> = days.keys().map(|name| listed(name, json!({}))).collect();
    let found = find(&house(), &told, bounds());
    assert!(found.tables.len() >= 2 && found.not.is_empty(), "{found:?}");
    check(&Engine { tables: days, found }, &expect);
    let arrival = json!({"timePartitioning": {"type": "DAY"}});
    let found = find(&house(), &[listed("cloudaudit_googleapis_com_activity", arrival)], bounds());
    let mut rows: Vec<Value> = all.iter().map(sink).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        let day = format!("{}T00:00:00.000000Z", &row["timestamp"].as_str().expect("text")[..10]);
        // The last ones are in no partition yet.
        row["_PARTITIONTIME"] = if at % 7 == 0 { Value::Null } else { day.into() };
    }
    check(&Engine { tables: [("cloudaudit_googleapis_com_activity".into(), rows)].into(), found }, &expect);
}

#[test]
fn what_bounds_no_scan_is_not_asked() {
    let of = |name: &str, more: Value| find(&house(), &[listed(name, more)], bounds());
    let activity = "cloudaudit_googleapis_com_activity";
    for (name, more, words) in [
        (activity, json!({}), "no partitions"),
        (
            activity,
            json!({"timePartitioning": {"type": "DAY", "field": "receiveTimestamp"}}),
            "another column",
        ),
        (activity, json!({"timePartitioning": {"type": "WEEK"}}), "not known"),
        (activity, json!({"type": "VIEW"}), "a view"),
        ("cloudaudit_googleapis_com_policy", json!({"type": "EXTERNAL"}), "a view"),
    ] {
        let found = of(name, more);
        assert!(found.tables.is_empty() && found.any && found.not[0].1.contains(words), "{name}: {found:?}");
    }
    // Of days that the window does not touch, nothing is asked; nor of what holds no audit logs.
    for (name, any, asked) in [
        ("cloudaudit_googleapis_com_activity_20260311", true, 0),
        ("cloudaudit_googleapis_com_activity_20260312", true, 1),
        ("cloudaudit_googleapis_com_activity_20260316", true, 1),
        ("cloudaudit_googleapis_com_activity_20260317", true, 0),
        ("cloudaudit_googleapis_com_activity_2026031x", false, 0),
        ("cloudaudit_googleapis_com_activity; DROP_20260314", false, 0),
        ("orders", false, 0),
    ] {
        let found = of(name, json!({}));
        assert_eq!((found.any, found.tables.len(), found.not.len()), (any, asked, 0), "{name}");
    }
    let named: Dataset = "sec-ops-7001.house_logs.orders".parse().expect("a name");
    assert!(find(&named, &[listed("orders", json!({}))], bounds()).not[0].1.contains("no partitions"));
    let mut view = of("_AllLogs", json!({"type": "VIEW"}));
    view.shown(&json!({"schema": {"fields": [{"name": "timestamp"}, {"name": "log_name"}]}}));
    assert!(view.tables.is_empty() && view.not.len() == 1);
}

#[test]
fn names_are_taken_strictly_and_ids_never_get_into_a_statement() {
    for good in [
        "shop-prod-4821.audit",
        "shop-prod-4821.audit.x-y_Z",
        "example.com:shop-prod.audit",
        "example.com:shop-prod.audit._AllLogs",
    ] {
        let name: Dataset = good.parse().unwrap_or_else(|why| panic!("{good}: {why}"));
        assert_eq!(name.to_string(), good);
    }
    for wrong in [
        "",
        "shop-prod-4821",
        "Shop.audit",
        "shop-prod-4821.",
        ".audit",
        "shop-prod-4821.au dit",
        "shop-prod-4821.a-b",
        "shop`.x.y",
        "p`x.a.b",
        "shop-prod-4821.audit.x`",
        "shop-prod-4821.audit.x.y",
        "shop-prod-4821.audit.x;y",
        "a/b.c.d",
        "shop-prod-4821.audit.é",
        ":shop-prod.audit",
        "exa mple.com:shop-prod.audit",
        "4shop.audit",
        "shop-.audit",
    ] {
        assert!(wrong.parse::<Dataset>().is_err(), "{wrong:?}");
    }
    let found = find(
        &house(),
        &[listed(
            "cloudaudit_googleapis_com_activity",
            json!({"timePartitioning": {"type": "DAY", "field": "timestamp"}}),
        )],
        bounds(),
    );
    let hostile = ["x') OR 1=1 --", "a`b`c", "@since", r#"qu"ote\d"#, "name with space", "%%%%"];
    let ids: Vec<Arc<str>> = hostile.into_iter().map(Arc::from).collect();
    let (asked, not) = statements(&house(), &found.tables, &Query { ids, ..Query::default() }, bounds());
    assert!(not.is_empty());
    let [one] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(!hostile.iter().filter(|id| **id != "@since").any(|id| one.text.contains(id)), "{}", one.text);
    assert_eq!(one.ids[3], r#"qu\"ote\\d"#, "as it stands in JSON");
    assert_eq!(one.text.matches('`').count() % 2, 0);
    for refused in ["abc", "a\nbcd", "line\u{2028}s", &"k".repeat(600)] {
        let query = Query { ids: vec![refused.into()], ..Query::default() };
        let (asked, not) = statements(&house(), &found.tables, &query, bounds());
        assert_eq!((asked.len(), not.len()), (0, 1), "{refused:?}");
    }
    // Many ids are few questions: each scans all that its window holds.
    let ids: Vec<Arc<str>> =
        (0..1_001).map(|n| format!("account-{n}@shop-prod-4821.iam.gserviceaccount.com").into()).collect();
    let (asked, _) = statements(&house(), &found.tables, &Query { ids, ..Query::default() }, bounds());
    assert_eq!(asked.iter().map(|one| one.ids.len()).collect::<Vec<_>>(), [1_000, 1]);
    assert!(
        asked
            .iter()
            .all(|one| one.since == "2026-03-13T00:00:00.000000Z"
                && one.until == "2026-03-15T00:00:01.000000Z")
    );
}
