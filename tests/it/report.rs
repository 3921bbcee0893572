//! `triage report` and `triage schema`: any case, any format, the same bytes; and the page in a real browser.

mod browser;

use crate::schemas_shared::hold;
use crate::support::{Bench, SCENARIOS, scenario};
use serde_json::{Value, json};

const FORMATS: [&str; 9] = ["table", "json", "jsonl", "csv", "md", "html", "ocsf", "timesketch", "iocs"];

#[test]
fn every_case_in_every_format_twice_the_same() {
    let bench = Bench::new();
    for name in SCENARIOS {
        for format in FORMATS {
            let report = || bench.run(&["report", &scenario(name), "-o", format, "--allow-gaps"]).exits(0);
            let (one, two) = (report(), report());
            assert!(!one.out.is_empty() && one.out == two.out, "{name} as {format}");
            assert!(one.err.is_empty(), "{name} as {format}: {}", one.err);
        }
    }
    // It reads the case and writes nothing.
    assert_eq!(bench.files("."), Default::default());
}

#[test]
fn a_case_that_a_run_wrote_is_told_as_that_run_told_it() {
    let bench = Bench::new();
    for name in SCENARIOS {
        let audit = bench.run(&[
            "audit",
            "--case",
            &scenario(name),
            "--case-dir",
            name,
            "-o",
            "json",
            "--allow-gaps",
        ]);
        let audit = audit.exits(0).json();
        let told = bench.run(&["report", name, "-o", "json", "--allow-gaps"]).exits(0).json();
        assert_eq!(told, audit, "{name}");
        let page = bench.run(&["report", name, "-o", "html", "--allow-gaps"]).exits(0);
        assert!(page.text().starts_with("<!doctype html>"));
    }
}

#[test]
fn an_audit_gives_the_same_formats() {
    let bench = Bench::new();
    for format in ["csv", "md", "html", "ocsf", "timesketch", "iocs"] {
        let logs = crate::support::evidence("aws-role-chain");
        let args = [
            "audit",
            "--principal",
            "AKIARTX3GSDSTEXAMPLE",
            "--logs",
            &logs,
            "--case-dir",
            format,
            "-o",
            format,
        ];
        let audit = bench.run(&args).exits(3);
        let again = bench.run(&["report", format, "-o", format]).exits(3);
        assert!(audit.out == again.out && !audit.out.is_empty(), "{format}");
    }
}

#[test]
fn a_gap_is_said_by_the_exit_code() {
    let bench = Bench::new();
    bench.run(&["report", &scenario("aws-role-chain")]).exits(3);
    bench.run(&["report", &scenario("aws-role-chain"), "--allow-gaps"]).exits(0);
    bench.run(&["report", "nowhere"]).exits(1);
    bench.run(&["report", &scenario("aws-role-chain"), "-o", "pdf"]).exits(2);
}

#[test]
fn an_altered_report_is_said_and_never_taken_for_whole() {
    let bench = Bench::new();
    bench
        .run(&["audit", "--case", &scenario("gcp-busy-pipeline"), "--case-dir", "case", "--allow-gaps"])
        .exits(0);
    let path = bench.path("case/report.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, text.replace("shop", "shoq")).unwrap();
    let told = bench.run(&["report", "case", "-o", "json"]).exits(3).json();
    let gaps = told["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["where"] == "report.json"), "{gaps:?}");
    // Not even JSON: concluded anew, and said.
    std::fs::write(&path, "{").unwrap();
    let told = bench.run(&["report", "case", "-o", "json"]).exits(3).json();
    let gaps = told["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["why"].as_str().unwrap().contains("anew")), "{gaps:?}");
}

#[test]
fn the_schemas_are_printed_and_hold_for_what_is_written() {
    let bench = Bench::new();
    let validator = jsonschema::validator_for(&bench.run(&["schema", "report"]).exits(0).json()).unwrap();
    for name in SCENARIOS {
        let report = bench.run(&["report", &scenario(name), "-o", "json", "--allow-gaps"]).exits(0).json();
        assert!(validator.is_valid(&report), "{name}");
        bench.run(&["--case", &scenario(name), "--case-dir", name, "--allow-gaps"]).exits(0);
        let looked = hold(&bench.path(name));
        assert_eq!((looked.reports, looked.plans, looked.journal), (1, 2, 0), "{name}");
    }
    // A schema that takes everything would prove nothing.
    let path = bench.path("aws-role-chain/plan-revoke.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    let schema = bench.run(&["schema", "plan"]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&plan));
    for (field, wrong) in [
        ("/schema", json!("triage.plan/2")),
        ("/kind", json!("destroy")),
        ("/steps/0/no", json!("first")),
        ("/steps/0/change", json!({"aws": {}})),
        ("/steps/0/change", json!({"azure": {"stop_machine": {}}})),
        ("/steps/0/target", json!({"kind": "aws.iam.user"})),
        ("/withheld", json!(null)),
    ] {
        let mut plan = plan.clone();
        *plan.pointer_mut(field).unwrap_or_else(|| panic!("{field}")) = wrong;
        assert!(!validator.is_valid(&plan), "{field}");
    }
}

#[test]
fn ascii_where_the_locale_has_nothing_else() {
    let bench = Bench::new();
    let mut command = bench.command(&["report", &scenario("aws-role-chain"), "--allow-gaps"]);
    let shown = command.env("LC_ALL", "C").output().unwrap().stdout;
    assert!(shown.is_ascii() && shown.len() > 1000);
    let colored =
        bench.run(&["report", &scenario("aws-role-chain"), "--allow-gaps", "--color", "always"]).exits(0);
    assert!(colored.text().contains("\x1b[1;31m") && colored.text().contains('█'));
}
