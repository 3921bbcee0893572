//! No token, key material or authorization header is in anything that is made from evidence: on every recorded scenario, on all
//! recorded data of others, in every format, and in errors.

use crate::secrets_shared::stay_inside;
use crate::support::{Bench, SCENARIOS, scenario};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Everything that can be made of a case, by the arguments that make it.
const MADE: &[&[&str]] = &[
    &["-v"],
    &["-o", "json"],
    &["-o", "jsonl"],
    &["-o", "csv"],
    &["-o", "md"],
    &["-o", "html"],
    &["-o", "ocsf"],
    &["-o", "timesketch"],
    &["-o", "iocs"],
    &["--support-case"],
];

/// Audits, makes everything of the case, and looks into all of it.
#[track_caller]
fn check(bench: &Bench, case: &str, args: &[&str]) {
    let mut printed: Vec<(String, Vec<u8>)> = Vec::new();
    let mut run = |args: &[&str]| {
        let done = bench.run(args);
        assert!(matches!(done.code, Some(0 | 3)), "{args:?}: {:?} {}", done.code, done.err);
        printed.push((format!("stdout of {args:?}"), done.out));
        printed.push((format!("stderr of {args:?}"), done.err.into_bytes()));
    };
    run(&[args, &["--case-dir", case, "-v"]].concat());
    for more in MADE {
        run(&[&["report", case], *more].concat());
    }
    run(&["verify", case, "-o", "json"]);
    run(&["pack", case, "--out", "packed.tar.gz"]);
    // What is made of no case, too: it may name flags and fields, and nothing that was read.
    for document in ["report", "plan", "journal"] {
        run(&["schema", document]);
    }
    let packed = bench.files("")["packed.tar.gz"].clone();
    printed.push(("the archive without its evidence".to_owned(), made_of(&packed)));
    let printed: Vec<(&str, &[u8])> = printed.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    stay_inside(&bench.path(case), &printed, &[]);
}

/// What an archive holds besides what providers said.
fn made_of(archive: &[u8]) -> Vec<u8> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut made = Vec::new();
    for entry in tar.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").into_owned();
        if !path.iter().any(|part| part == "evidence" || part == "inventory") {
            entry.read_to_end(&mut made).expect("it can be read");
        }
    }
    assert!(made.len() > 1000, "an archive holds more");
    made
}

#[test]
fn the_recorded_scenarios_keep_their_secrets() {
    for name in SCENARIOS {
        check(&Bench::new(), "case", &["--case", &scenario(name)]);
    }
}

#[test]
fn what_would_be_a_leak_is_found() {
    let bench = Bench::new();
    bench.run(&["audit", "--case", &scenario("aws-role-chain"), "--case-dir", "case"]).exits(3);
    let case = bench.path("case");
    let is_found = |case: &Path, printed: &[u8], own: &[&str]| {
        std::panic::catch_unwind(|| stay_inside(case, &[("printed", printed)], own)).is_err()
    };
    assert!(!is_found(&case, b"", &[]));
    let key = format!("key {}", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12");
    for leak in [
        key.as_str(),
        "Authorization: Basic x",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer abcdefghijklmnopqrstuvwxyz",
    ] {
        assert!(is_found(&case, leak.as_bytes(), &[]), "{leak}");
    }
    // One that only the evidence knows, and the operator's own in a file.
    assert!(is_found(&case, b"", &["AKIARTX3GSDSTEXAMPLE"]));
    bench.write(
        "case/evidence/aws/more.ndjson",
        r#"{"responseElements":{"password":"correct horse-battery"}}"#,
    );
    assert!(is_found(&bench.path("case"), b"", &[]), "a file that others may read");
}

/// The principals that a corpus names most, as they are typed.
fn principals(folder: &Path) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()),
            );
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (mark, close) in [("\"accessKeyId\":", '"'), ("\"principalEmail\":", '"')] {
            for (at, _) in text.match_indices(mark) {
                let value = text[at + mark.len()..].trim_start().trim_start_matches('"');
                let value = value.split(close).next().unwrap_or_default();
                let is_typed = value.starts_with("AKIA")
                    && value.len() == 20
                    && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                    || value.ends_with(".iam.gserviceaccount.com") && !value.contains(['\\', ' ', '{']);
                if is_typed {
                    found.insert(value.to_owned());
                }
            }
        }
    }
    found.into_iter().collect()
}

#[test]
fn the_recorded_data_of_others_keep_their_secrets() {
    let Some(folder) = std::env::var_os("TRIAGE_SHARED_DATA").map(PathBuf::from) else {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "CI must set TRIAGE_SHARED_DATA");
        eprintln!("skipped: set TRIAGE_SHARED_DATA to the folder of recorded logs to run this");
        return;
    };
    let mut tried = 0;
    for cloud in ["aws", "gcp"] {
        let folder = folder.join(cloud);
        let logs = folder.to_str().expect("UTF-8");
        // As many as a minute allows; the first by name are as good as any.
        for principal in principals(&folder).into_iter().take(6) {
            let bench = Bench::new();
            check(&bench, "case", &["audit", "--principal", &principal, "--logs", logs]);
            tried += 1;
        }
    }
    assert!(tried >= 6, "only {tried} principals in {}", folder.display());
}

#[test]
fn errors_hold_no_secret() {
    let bench = Bench::new();
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12";
    bench.write("key.txt", format!("aws_secret_access_key = {secret}\n"));
    let shown = format!("aws_secret_access_key={secret}");
    for args in [
        &["audit", "--key-file", "key.txt", "--logs", "."][..],
        &["audit", "--principal", secret, "--logs", "."],
        &["audit", "--principal", &shown, "--logs", "."],
        &["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "--logs", ".", "--since", secret],
        &["verify", secret],
    ] {
        let done = bench.run(args);
        assert_ne!(done.code, Some(0), "{args:?}");
        assert!(!String::from_utf8_lossy(&done.out).contains(secret), "{args:?}");
        // Of what was typed into a flag that is for something else, nobody can know that it is a secret but by its looks.
        assert!(!done.err.contains(secret), "{args:?}: {}", done.err);
    }
}
