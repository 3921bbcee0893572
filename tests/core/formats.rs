//! The formats that machines and other programs read: against their published schemas, exact where they must be, and safe
//! against every hostile text.

mod hostile;
mod journal;

use crate::render::{filled, filled_dossier};
use crate::support::{fixtures, root, scenario};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{LazyLock, atomic::AtomicBool};
use triage::cli::report;
use triage::cli::ui::{Color, Ui};
use triage::exec;
use triage::model::dossier::Dossier;
use triage::model::plan::Plan;
use triage::model::{Report, Time};
use triage::render::{csv, html, iocs, json, markdown, ocsf, schema, timesketch};

pub const SCENARIOS: [&str; 4] =
    ["aws-role-chain", "aws-busy-deployer", "gcp-cryptojacking", "gcp-busy-pipeline"];

/// What `triage report` reads of a case.
pub fn open(folder: &std::path::Path) -> Dossier {
    report::dossier(folder, true, &Ui::new(Color::Never, true, false), &AtomicBool::new(false)).unwrap().0
}

fn dossier(name: &str) -> Dossier {
    open(&fixtures().join("scenarios").join(name))
}

fn read(path: &str) -> Value {
    let path = fixtures().join("schema").join(path);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_default())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

type Judge = LazyLock<jsonschema::Validator>;

static REPORT: Judge = LazyLock::new(|| validator(schema::report()));
static PLAN: Judge = LazyLock::new(|| validator(schema::plan()));
static JOURNAL: Judge = LazyLock::new(|| validator(schema::journal::<exec::Line>(exec::SCHEMA)));

fn validator(schema: schemars::Schema) -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::to_value(schema).unwrap()).unwrap()
}

#[track_caller]
fn judge(schema: &Judge, document: &Value) {
    let wrong: Vec<String> = schema
        .iter_errors(document)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// Every report that a test looks at goes through here.
#[track_caller]
pub fn check_report(report: &Value) {
    judge(&REPORT, report);
}

/// The same of every plan.
#[track_caller]
pub fn check_plan(plan: &Plan) {
    judge(&PLAN, &serde_json::to_value(plan).unwrap());
}

/// The same of every journal, line by line; returns the entries.
#[track_caller]
pub fn check_journal(path: &std::path::Path) -> Vec<Value> {
    let lines = std::fs::read_to_string(path).unwrap();
    // A line that a kill cut off is none.
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.inspect(|line| judge(&JOURNAL, line)).map(|mut line| line["entry"].take()).collect()
}

static OCSF: LazyLock<[(u64, jsonschema::Validator); 3]> = LazyLock::new(|| {
    [(6003, "api_activity"), (2004, "detection_finding"), (7001, "remediation_activity")].map(
        |(class, name)| {
            (class, jsonschema::validator_for(&read(&format!("ocsf-1.5.0/{name}.json"))).unwrap())
        },
    )
});

/// Checks every line against OCSF's own schema, and returns the classes.
#[track_caller]
pub fn check_ocsf(dossier: &Dossier) -> Vec<u64> {
    let lines = String::from_utf8(ocsf::dossier(dossier)).unwrap();
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let classes = events.map(|event| {
        let class = event["class_uid"].as_u64().unwrap();
        let (_, schema) = OCSF.iter().find(|(known, _)| *known == class).unwrap();
        let wrong: Vec<String> = schema
            .iter_errors(&event)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(wrong, Vec::<String>::new(), "{event:#}");
        assert_eq!(event["type_uid"].as_u64(), Some(class * 100 + event["activity_id"].as_u64().unwrap()));
        class
    });
    classes.collect()
}

/// A column of a table, by its head.
fn column(table: &[u8], head: &str) -> Vec<String> {
    let mut reader = ::csv::Reader::from_reader(table);
    let place = reader.headers().unwrap().iter().position(|one| one == head).unwrap();
    reader.records().map(|row| row.unwrap()[place].to_owned()).collect()
}

#[test]
fn the_published_schemas_are_the_ones_that_are_printed() {
    let journal = schema::journal::<exec::Line>(exec::SCHEMA);
    for (name, schema) in [("report", schema::report()), ("plan", schema::plan()), ("journal", journal)] {
        let printed = String::from_utf8(json::document(&schema)).unwrap();
        let path = fixtures().join(format!("schema/triage.{name}.1.json"));
        if std::env::var_os("TRIAGE_BLESS").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), printed, "{name}");
    }
    // A schema that takes everything would prove nothing.
    let mut wrong = serde_json::to_value(scenario("aws-role-chain").0).unwrap();
    check_report(&wrong);
    wrong["counts"]["failed"] = "many".into();
    assert!(!REPORT.is_valid(&wrong));
    wrong["counts"]["failed"] = 1.into();
    wrong["schema"] = "triage.report/2".into();
    assert!(!REPORT.is_valid(&wrong));
}

/// Two fields are left out of the JSON, and a report that is read back has none.
fn bare(mut report: Report) -> Report {
    report.used.clear();
    report.resources.iter_mut().for_each(|one| one.turns.clear());
    report
}

#[test]
fn a_report_is_read_back_as_it_was_written() {
    for name in SCENARIOS {
        let report = bare(scenario(name).0);
        check_report(&serde_json::from_slice(&json::report(&report)).unwrap());
        assert_eq!(serde_json::from_slice::<Report>(&json::report(&report)).unwrap(), report, "{name}");
    }
}

#[test]
fn a_case_is_told_as_it_was_concluded_with_every_event() {
    for name in SCENARIOS {
        let anew = dossier(name);
        let mut report = bare(scenario(name).0);
        // The bare investigation prices nothing.
        report.cost.clone_from(&anew.report.cost);
        for (one, priced) in report.resources.iter_mut().zip(&anew.report.resources) {
            one.cost.clone_from(&priced.cost);
        }
        let values =
            [bare(anew.report.clone()), report.clone()].map(|one| serde_json::to_value(one).unwrap());
        for (key, value) in values[1].as_object().unwrap() {
            assert_eq!(&values[0][key], value, "{key} of {name}");
        }
        let counts = &report.counts;
        let events = counts.events_of_principal + counts.events_of_derived;
        assert_eq!(anew.timeline.len() as u64, events, "{name}");
        assert_eq!(report.activity.iter().map(|one| one.events).sum::<u64>(), events, "{name}");
        let failed = report.activity.iter().map(|one| one.failed).sum::<u64>();
        assert_eq!(failed, counts.failed, "{name}");
    }
}

#[test]
fn every_ocsf_event_is_as_the_published_schema_says() {
    for name in SCENARIOS {
        let dossier = dossier(name);
        let classes = check_ocsf(&dossier);
        let of = |class| classes.iter().filter(|one| **one == class).count();
        assert_eq!((of(6003), of(2004)), (dossier.timeline.len(), dossier.report.findings.len()), "{name}");
    }
    assert_eq!(
        check_ocsf(&filled_dossier("plain")),
        [6003, 6003, 6003, 2004, 7001, 7001, 7001, 7001, 7001, 7001]
    );
    let mut wrong: Value = serde_json::from_slice(
        ocsf::dossier(&dossier("aws-role-chain")).split(|byte| *byte == b'\n').next().unwrap(),
    )
    .unwrap();
    wrong.as_object_mut().unwrap().remove("actor");
    assert!(!OCSF[0].1.is_valid(&wrong));
}

#[test]
fn a_timeline_is_what_timesketch_reads() {
    for name in SCENARIOS {
        let dossier = dossier(name);
        let lines = String::from_utf8(timesketch::dossier(&dossier)).unwrap();
        let mut ids = BTreeSet::new();
        let mut last = None;
        for line in lines.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap_or_else(|| panic!("{key} of {line}")).to_owned();
            assert!(!text("message").is_empty() && !text("timestamp_desc").is_empty(), "{line}");
            let at: Time = text("datetime").parse().unwrap();
            assert!(last <= Some(at), "{line}");
            last = Some(at);
            assert!(row["tag"].as_array().is_some_and(|tags| !tags.is_empty()), "{line}");
            assert!(ids.insert(text("event_id")), "{line}");
        }
        assert_eq!(ids.len(), dossier.timeline.len() + dossier.report.findings.len());
    }
}

#[test]
fn a_table_has_a_row_for_each_thing() {
    for name in SCENARIOS {
        let dossier = dossier(name);
        let report = &dossier.report;
        let table = csv::dossier(&dossier);
        let types = column(&table, "type");
        let of = |kind: &str| types.iter().filter(|one| *one == kind).count();
        assert_eq!(of("credential"), report.credentials.len());
        assert_eq!(of("resource"), report.resources.len());
        assert_eq!(of("finding"), report.findings.len());
        assert_eq!(of("use"), report.uses.len());
        assert_eq!(of("gap"), report.gaps.len());
        let ids: BTreeSet<String> = column(&table, "id").into_iter().collect();
        assert!(report.resources.iter().all(|one| ids.contains(&*one.id)), "{name}");
    }
}

#[test]
fn indicators_are_the_thiefs_and_not_the_owners() {
    let dossier = dossier("aws-role-chain");
    let table = iocs::dossier(&dossier);
    let values: BTreeSet<String> = column(&table, "value").into_iter().collect();
    for mine in ["198.51.100.23", "AKIARTX3GSDSTEXAMPLE", "ASIA3KF6UTOHQHOPTREE", "210987654321"] {
        assert!(values.contains(mine), "{mine} in {values:?}");
    }
    // The owners' address, and a session of theirs.
    for theirs in ["192.0.2.10", "ASIARTX3GSDSQCIRUNAA"] {
        assert!(!values.contains(theirs), "{theirs}");
    }
    let busy = column(&iocs::dossier(&self::dossier("aws-busy-deployer")), "type");
    assert!(!busy.iter().any(|kind| kind == "address"), "{busy:?}");
}

/// What people read, reviewed as a whole.
#[test]
fn markdown_reads_well() {
    for name in ["aws-role-chain", "gcp-cryptojacking"] {
        let text = String::from_utf8(markdown::dossier(&dossier(name))).unwrap();
        crate::render::golden(&format!("scenario-{name}.md"), &text);
        assert!(text.len() < 65_536, "GitHub takes no more");
        let cells = |line: &str| line.matches(" | ").count();
        let tables = text.split("\n\n").filter(|block| block.starts_with('|'));
        for table in tables {
            let heads = cells(table.lines().next().unwrap());
            assert!(table.lines().all(|line| cells(line) == heads), "{table}");
        }
    }
}

#[test]
fn a_page_holds_everything_and_no_script() {
    for name in SCENARIOS {
        let dossier = dossier(name);
        let page = String::from_utf8(html::dossier(&dossier)).unwrap().replace("&#x2f;", "/");
        let lower = page.to_lowercase();
        for banned in
            ["<script", "javascript:", " onload", " onerror", " href", " src=", "url(", "@import", "<iframe"]
        {
            assert!(!lower.contains(banned), "{name} has {banned}");
        }
        assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
        for one in &dossier.report.resources {
            assert!(page.contains(&*one.id), "{name} lacks {}", one.id);
        }
        for one in &dossier.report.credentials {
            assert!(page.contains(&*one.id), "{name} lacks {}", one.id);
        }
    }
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    let (one, two) = (dossier("gcp-cryptojacking"), dossier("gcp-cryptojacking"));
    for render in
        [csv::dossier, html::dossier, iocs::dossier, markdown::dossier, ocsf::dossier, timesketch::dossier]
    {
        assert!(render(&one) == render(&two));
    }
}

/// Text that is not ours reaches a format for people as a `Line` alone: no file of them makes text of its own.
#[test]
fn no_format_takes_a_raw_string() {
    let render = root().join("src/render");
    let mut files: Vec<_> =
        ["markdown.rs", "csv.rs", "iocs.rs", "html.rs", "html/lanes.rs", "html/picture.rs", "summary.rs"]
            .map(|name| render.join(name))
            .to_vec();
    files.extend(std::fs::read_dir(render.join("table")).unwrap().map(|entry| entry.unwrap().path()));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for banned in [
            "format!(",
            "push_str(",
            ": String",
            "<String>",
            "leak(",
            "| safe",
            "from_safe_string",
            "write!(",
        ] {
            assert!(!text.contains(banned), "{} has {banned}", file.display());
        }
    }
    let page = std::fs::read_to_string(render.join("html/page.html")).unwrap();
    assert_eq!(page.matches("| safe").count(), 1, "only the style, which is ours, is not escaped");
    // What stands in an attribute stands in quotes, or its escaping would be worth nothing.
    let unquoted = page.match_indices("={{").count();
    assert_eq!(unquoted, 0);
}

/// A report whose every text is one of these validates too.
#[test]
fn a_hostile_report_is_still_by_the_schema() {
    for text in crate::render::hostile() {
        let mut report = serde_json::to_value(filled(&text)).unwrap();
        // Our own word, which the test fills too.
        report["schema"] = "triage.report/1".into();
        check_report(&report);
    }
}
