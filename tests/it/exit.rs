//! Exit codes, and who hears what: stdout is the result, stderr the conversation.

use crate::support::{Bench, SCENARIOS, evidence, scenario};
use serde_json::Value;

#[test]
fn zero_is_all_that_was_asked_for() {
    let bench = Bench::new();
    for name in ["aws-busy-deployer", "gcp-busy-pipeline"] {
        let done = bench.run(&["audit", "--case", &scenario(name), "-o", "json"]).exits(0);
        assert_eq!(done.json()["findings"], Value::Array(vec![]), "{name}");
        // Nothing was wrong, so nothing is said but where the case is.
        assert!(done.err.starts_with("The case is in ") && done.err.lines().count() == 1, "{}", done.err);
    }
}

#[test]
fn gaps_are_three_unless_accepted_and_findings_six_only_when_asked_for() {
    let bench = Bench::new();
    for name in ["aws-role-chain", "gcp-cryptojacking"] {
        let case = scenario(name);
        for (flags, code) in [
            (&[][..], 3),
            (&["--allow-gaps"], 0),
            (&["--fail-on-findings"], 3),
            (&["--fail-on-findings", "--allow-gaps"], 6),
        ] {
            let mut args = vec!["audit", "--case", &case, "-o", "json"];
            args.extend(flags);
            let done = bench.run(&args).exits(code);
            // The document is whole and says the same, whatever the code.
            let report = done.json();
            assert!(report["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty()), "{name} {flags:?}");
            assert!(report["findings"].as_array().is_some_and(|findings| !findings.is_empty()));
            assert_eq!(done.err.contains(&format!("(exit code {code})")), code != 0, "{}", done.err);
        }
    }
    let case = scenario("aws-busy-deployer");
    bench.run(&["audit", "--case", &case, "--fail-on-findings"]).exits(0);
}

#[test]
fn what_cannot_be_meant_is_two_and_says_what_would_be() {
    let bench = Bench::new();
    let logs = evidence("aws-busy-deployer");
    // What is accepted is told for every text that is none of it; a secret is not repeated.
    for principal in [
        "",
        "builder",
        "AKIA123",
        "arn:aws:s3:::bucket",
        "i-0420089b25fd69a5c",
        "group:all@shop.example",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "akia\u{1b}[31mred",
        "111122223333 444455556666",
    ] {
        let done = bench.run(&["audit", &format!("--principal={principal}"), "--logs", &logs]).exits(2);
        assert!(done.out.is_empty(), "{principal:?}");
        for form in
            ["accepted: AKIA… or ASIA…", "arn:aws:iam::ACCOUNT:user/NAME", "NAME@PROJECT", "principal://"]
        {
            assert!(done.err.contains(form), "{principal:?}: {}", done.err);
        }
        assert!(!done.err.contains("K7MDENG") && !done.err.contains('\u{1b}'), "{}", done.err);
    }
    let key = "AKIARTX3GSDSREXAMPLE";
    for args in [
        &["audit", "--logs", &logs][..],
        &[],
        &["audit", "--principal", key, "--logs", &logs, "--case", &logs],
        &["audit", "--principal", key, "--key-file", "k.json", "--logs", &logs],
        &["audit", "--principal", key, "--logs", &logs, "--since", "yesterday"],
        &["audit", "--principal", key, "--logs", &logs, "--since", "2026-07-21", "--until", "2026-07-20"],
        &["audit", "--principal", key, "--logs", &logs, "-o", "yaml"],
        &["contain-everything"],
    ] {
        let done = bench.run(args).exits(2);
        assert!(done.out.is_empty() && !done.err.is_empty(), "{args:?}");
    }
    for args in [&["audit", "--principal", key][..], &["--principal", key]] {
        // With a cloud built in it is asked, and nobody is signed in here.
        let (code, why) = match (cfg!(feature = "aws"), cfg!(feature = "gcp")) {
            (true, _) => (1, "sign in to AWS"),
            (false, true) => (2, "ask AWS\nbecause: this program was built without it"),
            (false, false) => (2, "no logs to read"),
        };
        let hinted = bench.run(args).exits(code).err;
        assert!(hinted.contains(why) && hinted.contains("do this next: "), "{hinted}");
    }
    // Nothing that failed so early leaves a case behind.
    assert_eq!(bench.files("").len(), 0);
}

#[test]
fn an_existing_case_is_never_overwritten() {
    let bench = Bench::new();
    let kept = bench.write("case/report.json", "somebody's");
    let case = scenario("aws-busy-deployer");
    let done = bench.run(&["audit", "--case", &case, "--case-dir", "case", "-o", "json"]).exits(1);
    assert!(done.out.is_empty() && done.err.starts_with("error: "), "{}", done.err);
    assert_eq!(std::fs::read(&kept).expect("it is there"), b"somebody's");
    assert_eq!(bench.files("case").len(), 1);
    // An empty folder is welcome, and only once.
    std::fs::create_dir(bench.path("empty")).expect("a folder can be made");
    bench.run(&["audit", "--case", &case, "--case-dir", "empty"]).exits(0);
    let sealed = bench.files("empty");
    bench.run(&["audit", "--case", &case, "--case-dir", "empty"]).exits(1);
    assert!(sealed == bench.files("empty"));
    bench.run(&["audit", "--case", "no-such-case"]).exits(1);
}

#[test]
fn stdout_holds_the_result_alone_in_every_format() {
    let bench = Bench::new();
    for name in SCENARIOS {
        let case = scenario(name);
        for quiet in [false, true] {
            let mut args = vec!["audit", "--case", &case, "--allow-gaps"];
            args.extend(quiet.then_some("--quiet"));
            let table = bench.run(&args).exits(0);
            assert!(!table.text().contains("The case is in") && !table.text().contains('\u{1b}'));
            assert_eq!(table.err.contains("The case is in "), !quiet, "{}", table.err);
            args.extend(["-o", "json"]);
            let json = bench.run(&args).exits(0);
            assert_eq!(json.json()["schema"], "triage.report/1");
            args.pop();
            args.push("jsonl");
            let lines = bench.run(&args).exits(0);
            let mut kinds = std::collections::BTreeSet::new();
            for line in lines.text().lines() {
                let row: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}"));
                assert!(row.is_object());
                kinds.insert(
                    row.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" "),
                );
            }
            assert!(lines.text().lines().count() >= 3 && kinds.len() >= 2, "{name}: {kinds:?}");
        }
    }
}

#[test]
fn bare_triage_proposes_and_changes_nothing() {
    let bench = Bench::new();
    let case = scenario("aws-role-chain");
    let done = bench.run(&["--case", &case, "--case-dir", "case"]).exits(3);
    let audit = bench.run(&["audit", "--case", &case]).exits(3);
    assert!(done.text().starts_with(audit.text()), "the audit comes first");
    let plans = &done.text()[audit.text().len()..];
    for word in
        ["REVOKE PLAN", "CONTAIN PLAN", "nothing has been done", "AKIARTX3GSDS5EXAMPLE", "batch-workers"]
    {
        assert!(plans.contains(word), "{word} is not in the plans:\n{plans}");
    }
    assert!(done.err.contains("Nothing was changed.") && done.err.contains("--case"), "{}", done.err);
    let files = bench.files("case");
    for name in ["plan-revoke.json", "plan-contain.json"] {
        let plan: Value = serde_json::from_slice(&files[name]).expect("a plan is JSON");
        assert!(plan["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{name}: {plan}");
        assert!(plan["schema"].as_str().is_some_and(|schema| schema.starts_with("triage.plan/")), "{name}");
    }
    assert!(!files.contains_key("journal.ndjson"), "nothing was done, so nothing is journalled");
}
