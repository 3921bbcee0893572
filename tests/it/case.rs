//! The case folder: written on every run, private, sealed, and the same JSON again.

use crate::run::{Place, code, files, json, scenario, text};
use sha2::{Digest, Sha256};

const SCENARIOS: [&str; 4] =
    ["aws-role-chain", "aws-busy-deployer", "gcp-cryptojacking", "gcp-busy-pipeline"];

#[test]
fn a_case_opened_again_gives_the_same_bytes() {
    for name in SCENARIOS {
        let place = Place::new();
        let first = place.run(&["audit", "--case", &scenario(name), "-o", "json", "--case-dir", "one"]);
        let second = place.run(&["audit", "--case", "one", "-o", "json", "--case-dir", "two"]);
        let third = place.run(&["audit", "--case", "two", "-o", "json", "--case-dir", "three"]);
        assert!(!first.stdout.is_empty());
        assert!(first.stdout == second.stdout && second.stdout == third.stdout, "{name}");
        assert_eq!(first.stdout, std::fs::read(place.path("one/report.json")).expect("a report"), "{name}");
        assert_eq!((code(&first), code(&second)), (code(&third), code(&first)), "{name}");
    }
}

#[test]
fn logs_and_the_case_made_of_them_give_the_same_bytes() {
    let place = Place::new();
    // A corpus that mostly does not matter, rubbish among it: the case keeps what matters and what the rest was.
    let evidence = format!("{}/evidence", scenario("aws-role-chain"));
    place.write("rubbish.jsonl", "{\"eventVersion\": cut\n");
    let principal = "AKIARTX3GSDSREXAMPLE";
    let first = place.run(&[
        "audit",
        "--principal",
        principal,
        "--logs",
        &evidence,
        "rubbish.jsonl",
        "-o",
        "json",
        "--case-dir",
        "one",
    ]);
    let second = place.run(&["audit", "--case", "one", "-o", "json"]);
    assert_eq!(text(&first.stdout), text(&second.stdout));
    assert_eq!(code(&first), 3);
    let report = json(&second);
    assert_eq!(report["counts"]["records_read"], 310);
    assert!(report["gaps"].as_array().expect("a list").iter().any(|gap| gap["where"] == "rubbish.jsonl:1"));
    let other = place.run(&["audit", "--case", "one", "--principal", "AKIARTX3GSDSTEXAMPLE"]);
    assert_eq!(code(&other), 2, "a case that kept one principal's records can't answer for another");
}

#[test]
fn the_folder_is_private_and_its_checksums_hold() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.run(&["--case", &scenario("gcp-cryptojacking"), "--case-dir", "case"]);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("case")), 0o700);
    for file in files(&place.path("case")) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    for name in
        ["case.json", "inputs.json", "report.json", "plan-revoke.json", "plan-contain.json", "SHA256SUMS"]
    {
        assert!(place.path("case").join(name).is_file(), "{name}");
    }
    let sums = std::fs::read_to_string(place.path("case/SHA256SUMS")).expect("a manifest");
    assert!(sums.lines().any(|line| line.contains("evidence/")));
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("sha256sum's own form");
        let bytes = std::fs::read(place.path("case").join(name)).expect("what is listed is there");
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, sum, "{name}");
    }
}

#[test]
fn evidence_that_was_altered_is_told() {
    let place = Place::new();
    place.run(&["--case", &scenario("aws-busy-deployer"), "--case-dir", "case"]);
    let file = files(&place.path("case/evidence")).remove(0);
    let mut bytes = std::fs::read(&file).expect("evidence");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("it can be written");
    let output = place.run(&["audit", "--case", "case", "-o", "json"]);
    assert_eq!(code(&output), 3);
    let gaps = json(&output)["gaps"].to_string();
    assert!(gaps.contains("evidence/"), "{gaps}");
}
