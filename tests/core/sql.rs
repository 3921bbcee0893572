//! The question as SQL gives what the files give: the same closure, asked level by level of an engine that runs here.
//!
//! The engine is DuckDB or SQLite, whichever Python has (`TRIAGE_SQL_PYTHON` names one); what they spell differently than
//! Athena and BigQuery is respelled in the script below, and nothing else is.

use crate::support::fixtures;
use serde_json::{Value, json};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::cloud::files::FileSource;
use triage::cloud::sql::{self, Bounds, COLUMNS, Statement, Table};
use triage::cloud::{LogSource, Query, Raw, Shard, Take};
use triage::collect::{self, Keep};
use triage::model::Principal;
use triage::model::report::Window;
use triage::progress::Progress;
use triage::read::Head;

struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

const SCRIPT: &str = r#"
import json, re, sys
ask = json.load(sys.stdin)
try:
    import duckdb
    db, name = duckdb.connect(), "duckdb"
except ImportError:
    import sqlite3
    db, name = sqlite3.connect(":memory:"), "sqlite"
quoted = ", ".join('"%s" %s' % (c, ask["types"].get(c, "VARCHAR")) for c in ask["columns"])
if name == "duckdb":
    db.execute("CREATE MACRO json_format(x) AS CAST(x AS VARCHAR)")
    db.execute("CREATE SCHEMA logs")
    table = "logs.trail"
else:
    db.create_function("strpos", 2, lambda s, x: (s or "").find(x) + 1, deterministic=True)
    db.create_function("concat_ws", -1, lambda sep, *all: sep.join(a for a in all if a is not None))
    db.create_function("json_format", 1, lambda x: x)
    table = "trail"
db.execute("CREATE TABLE %s (%s)" % (table, quoted))
db.executemany("INSERT INTO %s VALUES (%s)" % (table, ",".join("?" * len(ask["columns"]))), ask["rows"])
found = []
for statement in ask["statements"]:
    text, values = statement["text"], statement["parameters"]
    values = [v[1:-1] for v in values]
    if name == "sqlite":
        text = re.sub(r"CAST\((\w+) AS JSON\)", r"\1", text).replace("FROM logs.trail", "FROM trail")
    cursor = db.execute(text, values)
    found += [list(row) for row in cursor.fetchall()]
print(json.dumps(found, default=str))
"#;

/// Rows of a table, asked through a source as the live ones are.
struct Engine {
    columns: Vec<String>,
    types: Value,
    rows: Vec<Value>,
}

impl Engine {
    /// `None` when there is no engine here.
    fn ask(&self, statements: &[Statement]) -> Option<Vec<Vec<Value>>> {
        let mut child = Command::new(python())
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let statements: Vec<Value> =
            statements.iter().map(|one| json!({"text": one.text, "parameters": one.parameters})).collect();
        let ask = json!({"columns": self.columns, "types": self.types, "rows": self.rows, "statements": statements});
        child.stdin.take().expect("piped").write_all(ask.to_string().as_bytes()).expect("it reads");
        let out = child.wait_with_output().expect("it ends");
        assert!(out.status.success(), "the engine refused the statement");
        Some(serde_json::from_slice(&out.stdout).expect("JSON"))
    }

    fn statements(&self, query: &Query) -> Vec<Statement> {
        let at = |text: &str| text.parse().expect("a time");
        let bounds = Bounds::new(at("2015-01-01T00:00:00Z"), at("2035-01-01T00:00:00Z")).expect("a window");
        let day = ("day".into(), "%Y/%m/%d".into());
        let table = Table { database: "logs".into(), name: "trail".into(), day };
        sql::athena(&table, query, bounds).expect("a statement").0
    }
}

impl LogSource for Engine {
    fn about(&self) -> String {
        "a table".into()
    }

    fn shards(&self, _: &Query) -> Vec<Shard> {
        vec![Shard { name: "table".into() }]
    }

    fn drive(&self, query: &Query, _: &[Shard], to: &dyn Take) {
        let names: Vec<String> =
            COLUMNS.iter().chain(&["useridentity", "resources"]).map(|n| n.to_string()).collect();
        let found = self.ask(&self.statements(query)).expect("there is an engine");
        let records: Vec<Vec<u8>> = found
            .iter()
            .map(|row| {
                let cells: Vec<Option<&str>> = row.iter().map(Value::as_str).collect();
                sql::record(&names, &cells).expect("a record")
            })
            .collect();
        to.part("table", &mut |sink| {
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

/// The Python that has an engine.
pub fn python() -> String {
    std::env::var("TRIAGE_SQL_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// The report without what only who reads everything can know.
pub fn report(source: &dyn LogSource, principal: &str) -> Value {
    let mut investigation =
        Investigation::new(Principal::parse(principal).expect("a principal"), Window::default());
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect_by_passes(source, &mut investigation, &Nowhere, &Progress::default(), &stop)
            .expect("collects");
    assert!(corpus.complete && corpus.gaps.is_empty(), "{:?}", corpus.gaps);
    let mut report = serde_json::to_value(investigation.report()).expect("JSON");
    for whole in ["coverage", "gaps"] {
        report.as_object_mut().expect("an object").remove(whole);
    }
    report
}

pub fn records(evidence: &Path) -> Vec<Value> {
    let (source, gaps) = FileSource::new(&[evidence.to_string_lossy().into_owned()]);
    assert_eq!(gaps, []);
    let mut records = Vec::new();
    for shard in source.shards(&Query::default()) {
        source.fetch(&shard, &mut |raw| {
            records.push(serde_json::from_slice(raw.bytes).expect("JSON"));
            ControlFlow::Continue(())
        });
    }
    records
}

/// Members' names as Athena's structs have them.
fn lower(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.to_lowercase(), lower(value))).collect(),
        Value::Array(all) => all.iter().map(lower).collect(),
        other => other.clone(),
    }
}

fn row(record: &Value, columns: &[String]) -> Value {
    let cell = |column: &String| {
        let found =
            record.as_object().expect("a record").iter().find(|(key, _)| key.to_lowercase() == *column);
        match (column.as_str(), found.map(|(_, value)| value)) {
            ("day", _) => json!(record["eventTime"].as_str().expect("a time")[..10].replace('-', "/")),
            (_, None) => Value::Null,
            ("useridentity" | "resources", Some(value)) => json!(lower(value).to_string()),
            (_, Some(Value::String(text))) => json!(text),
            (_, Some(value)) => json!(value.to_string()),
        }
    };
    columns.iter().map(cell).collect()
}

pub fn has_python() -> bool {
    let mut command = Command::new(python());
    let has = command.args(["-c", "import sqlite3"]).output().is_ok_and(|out| out.status.success());
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(has || !in_ci, "CI has a Python");
    if !has {
        eprintln!("skipped: no Python 3 here; TRIAGE_SQL_PYTHON names one");
    }
    has
}

#[test]
fn an_athena_table_tells_what_the_files_tell() {
    let evidence = fixtures().join("scenarios/aws-role-chain/evidence");
    let columns: Vec<String> =
        COLUMNS.iter().chain(&["useridentity", "resources", "day"]).map(|name| name.to_string()).collect();
    let all = records(&evidence);
    let rows = all.iter().map(|record| row(record, &columns)).collect();
    let engine = Engine { columns, types: json!({}), rows };
    if !has_python() {
        return;
    }
    let principal = "AKIARTX3GSDSTEXAMPLE";
    let (source, _) = FileSource::new(&[evidence.to_string_lossy().into_owned()]);
    let (files, table) = (report(&source, principal), report(&engine, principal));
    assert!(files["credentials"].as_array().expect("a list").len() > 10);
    for part in ["principal", "credentials", "resources", "findings", "touched", "attempts"] {
        assert_eq!(table[part], files[part], "{part}");
    }
}
