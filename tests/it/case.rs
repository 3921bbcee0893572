//! The case folder: private, sealed, and enough to say the same again.

use crate::support::{Bench, SCENARIOS, evidence, scenario, walk};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Audits, then opens what was written, twice; every time the same bytes.
#[track_caller]
fn says_the_same_again(args: &[&str], code: i32) {
    let bench = Bench::new();
    let mut first = args.to_vec();
    first.extend(["--case-dir", "one", "-o", "json"]);
    let first = bench.run(&first).exits(code);
    let second = bench.run(&["audit", "--case", "one", "--case-dir", "two", "-o", "json"]).exits(code);
    // By another way to the same folder, too.
    let two = bench.path("two");
    let third =
        bench.run(&["audit", "--case", two.to_str().expect("UTF-8"), "--case-dir", "three", "-o", "json"]);
    let third = third.exits(code);
    assert!(first.out == second.out, "{args:?}: the written case says something else");
    assert!(second.out == third.out, "{args:?}: the case of the case says something else");
    for case in ["one", "two", "three"] {
        assert!(bench.files(case)["report.json"] == first.out, "{case}: report.json is not what was printed");
    }
}

#[test]
fn a_recorded_case_says_the_same_again() {
    for name in SCENARIOS {
        let code = if name.contains("busy") { 0 } else { 3 };
        says_the_same_again(&["audit", "--case", &scenario(name)], code);
    }
}

#[test]
fn a_case_made_from_logs_says_the_same_again() {
    for (name, principal, leak, code) in [
        ("aws-role-chain", "AKIARTX3GSDSTEXAMPLE", "2026-07-14T08:55:00Z", 3),
        ("aws-role-chain", "arn:aws:iam::111122223333:user/ci-deployer", "2026-07-14T08:55:00Z", 3),
        ("aws-busy-deployer", "AKIARTX3GSDSREXAMPLE", "2026-07-20T00:00:00Z", 0),
        ("gcp-cryptojacking", "builder@shop-prod-4821", "2026-03-14T02:00:00Z", 3),
        // No record names it: an empty case, whose corpus was not empty.
        ("gcp-cryptojacking", "nobody@shop-prod-4821", "2026-03-14T02:00:00Z", 0),
        ("gcp-busy-pipeline", "release@shop-ci-2048", "2026-03-17T00:00:00Z", 0),
    ] {
        let logs = evidence(name);
        says_the_same_again(&["audit", "--principal", principal, "--logs", &logs, "--leaked-at", leak], code);
    }
}

#[test]
fn gaps_of_the_corpus_are_told_again() {
    let bench = Bench::new();
    let line = crate::support::aws_record(serde_json::json!({"type": "Root"}), "2026-03-02T03:14:15Z", 1);
    let logs = bench.write("logs/broken.jsonl", format!("{line}\n{{\"eventVersion\": \"1.1\n{line}\n"));
    let logs = logs.to_str().expect("UTF-8");
    says_the_same_again(&["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "--logs", logs], 3);
    says_the_same_again(
        &["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "--logs", "no-such-folder", logs],
        3,
    );
}

#[test]
fn the_recorded_attack_says_the_same_again() {
    let Some(folder) = std::env::var_os("TRIAGE_SHARED_DATA") else {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "CI must set TRIAGE_SHARED_DATA");
        eprintln!("skipped: set TRIAGE_SHARED_DATA to the folder of recorded logs to run this");
        return;
    };
    let logs = PathBuf::from(folder).join("aws/invictus-ir");
    let logs = logs.to_str().expect("UTF-8");
    for principal in ["AKIATFQR7NSC8Q4X20BJ", "arn:aws:iam::123837392027:user/bert-jan"] {
        says_the_same_again(&["audit", "--principal", principal, "--logs", logs], 0);
    }
}

#[test]
fn a_case_is_asked_again_about_its_own_principal_alone() {
    let bench = Bench::new();
    let logs = evidence("aws-role-chain");
    bench
        .run(&["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "--logs", &logs, "--case-dir", "case"])
        .exits(3);
    // However it is typed.
    bench.run(&["audit", "--case", "case", "--principal", " 'AKIARTX3GSDSTEXAMPLE' "]).exits(3);
    // Others' records were not kept: an answer about them would be wrong, so there is none.
    let refused = bench.run(&["audit", "--case", "case", "--principal", "AKIARTX3GSDS5EXAMPLE"]).exits(2);
    assert!(refused.out.is_empty() && refused.err.contains("do this next: "), "{}", refused.err);
    let narrower = bench.run(&["audit", "--case", "case", "--until", "2026-07-14T09:05Z", "-o", "json"]);
    // What it became later is still listed, and leads where no record is.
    let report = narrower.exits(3).json();
    assert_eq!(report["window"]["until"], "2026-07-14T09:05:00Z");
    assert!(
        report["counts"]["events_of_principal"].as_u64().is_some_and(|n| n > 0 && n < 29),
        "{}",
        report["counts"]
    );
}

#[cfg(unix)]
#[test]
fn a_case_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.run(&["--case", &scenario("gcp-cryptojacking"), "--case-dir", "case"]).exits(3);
    let found = walk(&bench.path("case"));
    assert!(found.iter().any(|path| path.ends_with("report.json")) && found.len() > 10);
    for path in found {
        let meta = std::fs::symlink_metadata(&path).expect("it is there");
        // What was sealed can't be written to by accident, either.
        let is_evidence = path.iter().any(|part| part == "evidence" || part == "inventory");
        let wanted = if meta.is_dir() {
            0o700
        } else if is_evidence {
            0o400
        } else {
            0o600
        };
        assert_eq!(meta.permissions().mode() & 0o7777, wanted, "{}", path.display());
    }
}

#[test]
fn a_case_is_sealed_and_what_was_altered_is_told() {
    let bench = Bench::new();
    bench.run(&["audit", "--case", &scenario("aws-role-chain"), "--case-dir", "case"]).exits(3);
    let files = bench.files("case");
    let sums = String::from_utf8(files["SHA256SUMS"].clone()).expect("sums are text");
    let mut summed = Vec::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("sha256sum's own format");
        let now: String = Sha256::digest(&files[name]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(now, sum, "{name}");
        summed.push(name.to_owned());
    }
    // Everything but the sums themselves: evidence, what says what the corpus was, and what was made from it.
    let sealed = |name: &&String| *name != "SHA256SUMS";
    assert_eq!(summed, files.keys().filter(sealed).cloned().collect::<Vec<_>>());
    assert!(summed.len() > 20);

    let altered = summed.iter().find(|name| name.starts_with("inventory/")).expect("there is an inventory");
    let mut bytes = files[altered].clone();
    bytes.push(b'\n');
    std::fs::remove_file(bench.path(&format!("case/{altered}"))).expect("it is there");
    bench.write(&format!("case/{altered}"), bytes);
    let report = bench.run(&["audit", "--case", "case", "-o", "json"]).exits(3).json();
    let told = report["gaps"].as_array().expect("a list").iter().any(|gap| {
        gap["where"].as_str().is_some_and(|place| place.ends_with(altered))
            && gap["why"].as_str().is_some_and(|why| why.contains("altered"))
    });
    assert!(told, "{}", report["gaps"]);
}

#[test]
fn cases_without_a_name_get_one_of_their_own() {
    let bench = Bench::new();
    let case = scenario("gcp-busy-pipeline");
    for _ in 0..3 {
        bench.run(&["audit", "--case", &case]).exits(0);
    }
    let folders = std::fs::read_dir(bench.path("")).expect("the folder is there").count();
    assert_eq!(folders, 3);
}
