//! Exported logs as people have them: mixed, relative, by pattern, in any container; and the window.

use crate::support::{Bench, evidence};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Copies a folder's files.
fn copy(from: &str, to: &Path) {
    for path in crate::support::walk(Path::new(from)) {
        let target = to.join(path.strip_prefix(from).expect("it lies below"));
        match path.is_dir() {
            true => fs::create_dir_all(&target).expect("a folder can be made"),
            false => drop(fs::copy(&path, &target).expect("a file can be copied")),
        }
    }
}

/// What a report says but for what the corpus was.
fn conclusions(mut report: Value) -> Value {
    for key in ["records_read", "duplicates", "other_records"] {
        report["counts"][key] = Value::Null;
    }
    report["coverage"] = Value::Null;
    report["gaps"] = Value::Null;
    report
}

#[test]
fn both_clouds_logs_lie_in_one_folder() {
    let bench = Bench::new();
    copy(&evidence("aws-role-chain"), &bench.path("logs/a"));
    copy(&evidence("gcp-cryptojacking"), &bench.path("logs/g"));
    bench.write("logs/README.md", "# What these are\n\nLogs of two clouds.\n");
    for (principal, scenario) in
        [("AKIARTX3GSDSTEXAMPLE", "aws-role-chain"), ("builder@shop-prod-4821", "gcp-cryptojacking")]
    {
        let alone =
            bench.run(&["audit", "--principal", principal, "--logs", &evidence(scenario), "-o", "json"]);
        let mixed = bench.run(&["audit", "--principal", principal, "--logs", "logs", "-o", "json"]);
        let (alone, mixed) = (alone.exits(3).json(), mixed.exits(3).json());
        assert_eq!(mixed["counts"]["records_read"], 310 + 328);
        assert_eq!(conclusions(mixed), conclusions(alone), "{principal}");
    }
}

#[test]
fn paths_are_relative_absolute_patterns_or_many() {
    let bench = Bench::new();
    copy(&evidence("aws-role-chain"), &bench.path("logs"));
    let absolute = bench.path("logs");
    let absolute = absolute.to_str().expect("UTF-8");
    let whole = |paths: &[&str]| {
        let mut args = vec!["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "-o", "json", "--logs"];
        args.extend(paths);
        bench.run(&args).exits(3).out
    };
    let one = whole(&["logs"]);
    let accounts = ["logs/aws/111122223333", "logs/aws/444455556666", "logs/aws/777788889999"];
    assert!(one == whole(&["./logs/"]));
    assert!(one == whole(&[absolute]));
    assert!(one == whole(&["logs/**/*.ndjson"]));
    assert!(one == whole(&accounts));
    // A file that is named twice is read once.
    assert!(one == whole(&["logs", "logs/aws/111122223333/us-east-1/cloudtrail.ndjson", absolute]));
    assert!(one != whole(&accounts[..2]));
    let missing =
        bench.run(&["audit", "--principal", "AKIARTX3GSDSTEXAMPLE", "-o", "json", "--logs", "logs/*.gz"]);
    let missing = missing.exits(3).json();
    assert_eq!(missing["gaps"][0]["where"], "logs/*.gz");
    assert_eq!(missing["gaps"][0]["why"], "nothing matches");
}

#[test]
fn containers_are_told_by_what_is_in_them() {
    let bench = Bench::new();
    copy(&evidence("aws-busy-deployer"), &bench.path("plain"));
    let mut records = Vec::new();
    for (name, bytes) in bench.files("plain") {
        let text = String::from_utf8(bytes).expect("UTF-8");
        let delivered = format!("{{\"Records\":[{}]}}", text.lines().collect::<Vec<_>>().join(","));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(delivered.as_bytes()).expect("memory takes every write");
        // A name says nothing: this one is gzip.
        bench.write(&format!("delivered/{name}.json"), gzip.finish().expect("memory takes every write"));
        records.extend(text.lines().map(str::to_owned));
    }
    bench.write("one/all.txt", format!("\u{feff}[{}]", records.join(",\r\n")));
    let run = |logs: &str| {
        bench
            .run(&["audit", "--principal", "AKIARTX3GSDSREXAMPLE", "-o", "json", "--logs", logs])
            .exits(0)
            .out
    };
    let plain = run("plain");
    assert!(plain == run("delivered"));
    assert!(plain == run("one"));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_used() {
    let bench = Bench::new();
    copy(&evidence("aws-busy-deployer"), &bench.path("logs"));
    let whole = ["audit", "--principal", "AKIARTX3GSDSREXAMPLE", "-o", "json", "--logs", "logs"];
    let before = bench.run(&whole).exits(0).json();
    let name = "logs/aws/111122223333/us-east-1/cloudtrail.ndjson";
    let mut text = fs::read_to_string(bench.path(name)).expect("UTF-8");
    let line = text.lines().count() + 1;
    text.push_str("{\"eventVersion\": \"1.08\", \"userIden\n");
    bench.write(name, text);
    bench.write("logs/photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let after = bench.run(&whole).exits(3).json();
    let gaps: Vec<&str> = after["gaps"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|gap| gap["kind"] == "unread")
        .filter_map(|gap| gap["where"].as_str())
        .collect();
    assert_eq!(gaps, [format!("{name}:{line}"), "logs/photo.png".to_owned()]);
    assert_eq!(conclusions(after), conclusions(before));
}

#[test]
fn the_window_counts_from_since_until_before_until() {
    let bench = Bench::new();
    let logs = evidence("aws-role-chain");
    let within = |flags: &[&str]| {
        let mut args = vec![
            "audit",
            "--principal",
            "AKIARTX3GSDSTEXAMPLE",
            "-o",
            "json",
            "--allow-gaps",
            "--logs",
            &logs,
        ];
        args.extend(flags);
        bench.run(&args).exits(0).json()
    };
    let all = within(&[]);
    assert_eq!(all["counts"]["events_of_principal"], 29);
    assert_eq!(all["window"], serde_json::json!({}));
    let first = within(&["--until", "2026-07-14"]);
    let second = within(&["--since", "2026-07-14T00:00Z"]);
    let count = |report: &Value| report["counts"]["events_of_principal"].as_u64().expect("a count");
    assert_eq!(count(&first) + count(&second), 29);
    assert!(count(&first) > 0 && count(&second) > 0);
    assert_eq!(first["resources"].as_array().map(Vec::len), Some(1), "the first honest task definition");
    // The exact moment of the attacker's first call: `since` is in, `until` is out.
    let from = within(&["--since", "2026-07-14T09:02:11Z", "--until", "2026-07-14T09:02:12Z"]);
    assert_eq!(count(&from), 1);
    let to = within(&["--since", "2026-07-14T09:02:10Z", "--until", "2026-07-14T09:02:11Z"]);
    assert_eq!(count(&to), 0);
    // Links reach beyond the window: what was minted before it is still known to be the principal's.
    let late = within(&["--since", "2026-07-14T11:10:00Z"]);
    assert_eq!(count(&late), 0);
    assert!(late["counts"]["events_of_derived"].as_u64().is_some_and(|events| events > 5));
    assert_eq!(within(&["--since", "100000d"])["counts"]["events_of_principal"], 29);
}
