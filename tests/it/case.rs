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

const SEED: &str = "AKIARTX3GSDSTEXAMPLE";
const SESSION: &str = "ASIARTX3GSDSTEXAMPLE";

/// A file as CloudTrail delivers it.
fn delivered(bench: &Bench, name: &str, records: &[String]) {
    bench.write(name, format!("{{\"Records\":[{}]}}", records.join(",")));
}

fn call(account: &str, identity: &str, at: &str, name: &str, response: &str, id: u32) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{identity},"eventTime":"{at}","eventSource":"sts.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.23","userAgent":"aws-cli/2.31.4","requestParameters":null,"responseElements":{response},"requestID":"3d2d1b34-91b8-589e-9a25-52feb51416e6","eventID":"00000000-0000-4000-8000-{id:012}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}","eventCategory":"Management"}}"#
    )
}

/// The leaked key assumes a role in another account at six; the session is used there at seven; others work at five and eight.
fn chain(bench: &Bench) {
    let user = format!(
        r#"{{"type":"IAMUser","principalId":"AIDAQPWZDCTLBFBWGMFBE","arn":"arn:aws:iam::111122223333:user/ci-deployer","accountId":"111122223333","accessKeyId":"{SEED}","userName":"ci-deployer"}}"#
    );
    let session = format!(
        r#"{{"type":"AssumedRole","principalId":"AROAQPWZDCTLBFBWGMFBE:ops","arn":"arn:aws:sts::444455556666:assumed-role/Deploy/ops","accountId":"444455556666","accessKeyId":"{SESSION}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAQPWZDCTLBFBWGMFBE","arn":"arn:aws:iam::444455556666:role/Deploy","accountId":"444455556666","userName":"Deploy"}},"attributes":{{"creationDate":"2026-03-02T06:00:00Z","mfaAuthenticated":"false"}}}}}}"#
    );
    let other = |account: &str| {
        format!(
            r#"{{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}"}}"#
        )
    };
    let issued = format!(
        r#"{{"credentials":{{"accessKeyId":"{SESSION}","expiration":"Mar 2, 2026, 7:30:00 AM"}},"assumedRoleUser":{{"assumedRoleId":"AROAQPWZDCTLBFBWGMFBE:ops","arn":"arn:aws:sts::444455556666:assumed-role/Deploy/ops"}}}}"#
    );
    let parent = call("111122223333", &user, "2026-03-02T06:00:00Z", "AssumeRole", &issued, 1);
    let child = call("444455556666", &session, "2026-03-02T07:00:00Z", "GetCallerIdentity", "null", 2);
    delivered(bench, "logs/parent.json", &[parent]);
    delivered(bench, "logs/child.json", &[child]);
    for (name, account, at) in
        [("other", "777788889999", "2026-03-02T08:00:00Z"), ("early", "777788889999", "2026-03-02T01:00:00Z")]
    {
        delivered(
            bench,
            &format!("logs/{name}.json"),
            &[call(
                account,
                &other(account),
                at,
                "GetCallerIdentity",
                "null",
                at.len() as u32 + name.len() as u32,
            )],
        );
    }
}

#[track_caller]
fn add(bench: &Bench, more: &[&str]) -> crate::support::Done {
    let mut args =
        vec!["audit", "--principal", SEED, "-o", "json", "--allow-gaps", "--case", "case", "--logs"];
    args.extend(more);
    bench.run(&args).exits(0)
}

#[track_caller]
fn fresh(bench: &Bench, logs: &[&str]) -> Vec<u8> {
    let name = format!("fresh-{}", logs.len() + bench.files("").len());
    let mut args =
        vec!["audit", "--principal", SEED, "-o", "json", "--allow-gaps", "--case-dir", &name, "--logs"];
    args.extend(logs);
    bench.run(&args).exits(0).out
}

fn changes(bench: &Bench) -> serde_json::Value {
    serde_json::from_slice(&bench.files("case")["changes.json"]).expect("a document")
}

#[test]
fn logs_are_added_and_what_changed_is_said() {
    let bench = Bench::new();
    chain(&bench);
    let first = add(&bench, &["logs/child.json", "logs/other.json", "logs/early.json"]);
    assert_eq!(first.json()["counts"]["events_of_principal"], 0);
    assert!(!bench.files("case").contains_key("changes.json"), "there is nothing to compare with");
    // The parent comes after the child: one old file is looked at again, the one that the session can stand in.
    let second = add(&bench, &["logs/parent.json"]);
    let every = ["logs/child.json", "logs/other.json", "logs/early.json", "logs/parent.json"];
    assert!(second.out == fresh(&bench, &every), "another report than over everything at once");
    let changed = changes(&bench);
    assert_eq!(changed["files"]["read"], 1, "{changed}");
    assert_eq!(changed["files"]["known"], 3, "{changed}");
    assert!(
        changed["credentials"]["new"].as_array().is_some_and(|new| new.iter().any(|id| id == SESSION)),
        "{changed}"
    );
    assert_eq!(changed["events"]["before"], 0, "{changed}");
    assert_eq!(changed["events"]["now"], 2, "{changed}");
    for said in ["1 file read, 3 known from before", "2 new events", "New credentials", SESSION] {
        assert!(second.err.contains(said), "{said}: {}", second.err);
    }
    // Nothing new: nothing is read.
    let third = add(&bench, &["logs/parent.json"]);
    assert!(third.out == second.out);
    let changed = changes(&bench);
    assert_eq!((&changed["files"]["read"], &changed["files"]["again"]), (&0.into(), &0.into()), "{changed}");
    assert_eq!(
        (&changed["credentials"]["new"], &changed["gaps"]["new"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    bench.run(&["verify", "case"]).exits(0);
    // What was said before stays under a number.
    let files = bench.files("case");
    assert!(files["report.json"] == third.out && files["report-1.json"] == first.out);
}

/// A report of the last run that can't be read is no empty one: what is new is not known then, and that is said.
#[test]
fn an_earlier_report_that_is_damaged_is_not_taken_for_none() {
    let bench = Bench::new();
    chain(&bench);
    add(&bench, &["logs/child.json", "logs/parent.json"]);
    let report = bench.path("case/report.json");
    let whole = std::fs::read(&report).expect("a report");
    std::fs::remove_file(&report).expect("it is there");
    std::fs::write(&report, &whole[..whole.len() / 2]).expect("half of it");
    let args = ["audit", "--principal", SEED, "-o", "json", "--case", "case", "--logs", "logs/early.json"];
    let done = bench.run(&args).exits(3);
    let gaps = done.json()["gaps"].clone();
    let is_told = |gap: &serde_json::Value| {
        gap["where"] == "report.json" && gap["why"].to_string().contains("can't be compared with")
    };
    assert!(gaps.as_array().expect("a list").iter().any(is_told), "{gaps}");
    assert!(done.err.contains("What is new since the last time is not known"), "{}", done.err);
    let changed = changes(&bench);
    assert!(changed["not_compared"].is_string() && changed["events"].get("before").is_none(), "{changed}");
    for list in [&changed["credentials"]["new"], &changed["findings"]["new"], &changed["events"]["new"]] {
        assert_eq!(list, &serde_json::json!([]), "nothing is called new: {changed}");
    }
    // The next run has one to compare with again.
    let done = bench.run(&args);
    assert!(done.err.contains("Since the last time: "), "{}", done.err);
    assert!(changes(&bench).get("not_compared").is_none());
}

#[test]
fn only_files_that_can_hold_what_was_learnt_are_read_again() {
    let bench = Bench::new();
    chain(&bench);
    add(&bench, &["logs/child.json", "logs/other.json", "logs/early.json"]);
    // Neither was there when the session was, nor is it of its account.
    for gone in ["other", "early"] {
        std::fs::remove_file(bench.path(&format!("logs/{gone}.json"))).expect("it is there");
    }
    let report = add(&bench, &["logs/parent.json"]).json();
    let changed = changes(&bench);
    assert_eq!(changed["files"]["gone"].as_array().map(Vec::len), Some(2), "{changed}");
    let is_lost = |gap: &serde_json::Value| gap["kind"] == "unread" && gap["where"] != "logs/other.json";
    assert!(!report["gaps"].as_array().expect("a list").iter().any(is_lost), "{}", report["gaps"]);
    // One that can is missed, and named: nothing that it may hold is taken for absent.
    let bench = Bench::new();
    chain(&bench);
    add(&bench, &["logs/child.json"]);
    std::fs::remove_file(bench.path("logs/child.json")).expect("it is there");
    let args = ["audit", "--principal", SEED, "-o", "json", "--case", "case", "--logs", "logs/parent.json"];
    let report = bench.run(&args).exits(3).json();
    let is_lost = |gap: &serde_json::Value| gap["kind"] == "unread" && gap["where"] == "logs/child.json";
    assert!(report["gaps"].as_array().expect("a list").iter().any(is_lost), "{}", report["gaps"]);
    // It is back: the gap is closed, and what it holds is there.
    chain(&bench);
    let back = add(&bench, &["logs/parent.json"]);
    assert!(back.out == fresh(&bench, &["logs/child.json", "logs/parent.json"]));
    let changed = changes(&bench);
    let closed = changed["gaps"]["closed"].as_array().expect("a list");
    assert!(closed.iter().any(is_lost), "{changed}");
    assert!(back.err.contains("Gaps closed: "), "{}", back.err);
}

#[test]
fn a_file_with_other_bytes_under_its_name_is_read_anew_and_named() {
    let bench = Bench::new();
    chain(&bench);
    bench.write("logs/early.json", "{\"Records\":[");
    let cut = add(&bench, &["logs"]);
    assert!(cut.text().contains("logs/early.json"), "{}", cut.text());
    chain(&bench);
    let whole = add(&bench, &["logs"]);
    assert!(whole.out == fresh(&bench, &["logs"]), "another report than over everything at once");
    let changed = changes(&bench);
    assert_eq!(changed["files"]["changed"], serde_json::json!(["logs/early.json"]), "{changed}");
    assert!(whole.err.contains("Changed since, and read anew: logs/early.json"), "{}", whole.err);
    // As many bytes at the same time, and others all the same.
    let path = bench.path("logs/other.json");
    let modified = std::fs::metadata(&path).and_then(|meta| meta.modified()).expect("a file");
    let text = std::fs::read_to_string(&path).expect("text").replace("777788889999", "777788880000");
    std::fs::write(&path, text).expect("written");
    std::fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_modified(modified))
        .expect("set");
    let other = add(&bench, &["logs"]);
    assert!(other.out == fresh(&bench, &["logs"]), "what was in the place of the file was not read");
    assert_eq!(changes(&bench)["files"]["changed"], serde_json::json!(["logs/other.json"]));
}

#[test]
fn what_is_remembered_saves_time_and_decides_nothing() {
    let bench = Bench::new();
    chain(&bench);
    let first = add(&bench, &["logs"]);
    // Taken away: everything is read again.
    std::fs::remove_dir_all(bench.path("case/index")).expect("it is there");
    bench.run(&["verify", "case"]).exits(1);
    assert!(add(&bench, &["logs"]).out == first.out);
    assert_eq!(changes(&bench)["files"]["read"], 4);
    // Altered, be it in one bit: the same, and it is said.
    let index = bench.path("case/index/0002.bin");
    let mut bytes = std::fs::read(&index).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&index).and_then(|()| std::fs::write(&index, &bytes)).expect("written");
    let checked = bench.run(&["verify", "case"]).exits(1);
    assert!(checked.text().contains("index/0002.bin: it was altered"), "{}", checked.text());
    let again = add(&bench, &["logs"]);
    assert!(again.out == first.out && again.err.contains("Everything was read again: "), "{}", again.err);
    assert_eq!(changes(&bench)["files"]["read"], 4);
    // And then it is remembered again.
    add(&bench, &["logs"]);
    assert_eq!(changes(&bench)["files"]["read"], 0);
}

#[test]
fn evidence_that_was_altered_since_is_a_gap_of_the_continued_case() {
    let bench = Bench::new();
    chain(&bench);
    add(&bench, &["logs"]);
    let evidence =
        walk(&bench.path("case/evidence")).into_iter().find(|path| path.is_file()).expect("evidence");
    std::fs::remove_file(&evidence).expect("it is there");
    let args = ["audit", "--principal", SEED, "-o", "json", "--case", "case", "--logs", "logs"];
    let report = bench.run(&args).exits(3).json();
    let is_named = |gap: &serde_json::Value| {
        gap["kind"] == "unread" && gap["where"].as_str().is_some_and(|place| place.starts_with("evidence/"))
    };
    assert!(report["gaps"].as_array().expect("a list").iter().any(is_named), "{}", report["gaps"]);
    // Nothing is missing all the same: what was remembered is not believed without it.
    assert_eq!(report["counts"]["events_of_derived"], 1);
    assert_eq!(changes(&bench)["files"]["read"], 4);
}

#[test]
fn a_later_window_counts_more_and_reads_nothing_again() {
    let bench = Bench::new();
    chain(&bench);
    add(&bench, &["logs", "--until", "2026-03-02T06:30:00Z"]);
    let later = add(&bench, &["logs", "--until", "2026-03-02T09:00:00Z"]);
    let args = [
        "audit",
        "--principal",
        SEED,
        "-o",
        "json",
        "--logs",
        "logs",
        "--until",
        "2026-03-02T09:00:00Z",
        "--case-dir",
        "fresh",
        "--allow-gaps",
    ];
    assert!(later.out == bench.run(&args).exits(0).out, "another report than a fresh one");
    let changed = changes(&bench);
    assert_eq!((&changed["files"]["read"], &changed["files"]["again"]), (&0.into(), &0.into()), "{changed}");
    assert_eq!(
        (&changed["events"]["before"], &changed["events"]["now"]),
        (&1.into(), &2.into()),
        "{changed}"
    );
    assert!(later.err.contains("1 new event"), "{}", later.err);
    // The case is about the later window from now on; what it was about stays.
    let opened = bench.run(&["audit", "--case", "case", "-o", "json", "--allow-gaps"]).exits(0);
    assert!(opened.out == later.out, "the case says something else");
    assert!(bench.files("case").contains_key("case-1.json"));
    bench.run(&["verify", "case"]).exits(0);
}

#[test]
fn logs_are_added_to_a_case_of_logs_alone() {
    let bench = Bench::new();
    chain(&bench);
    let written = scenario("aws-role-chain");
    let refused = bench.run(&["audit", "--case", &written, "--logs", "logs"]).exits(2);
    assert!(refused.err.contains("a person wrote it"), "{}", refused.err);
    add(&bench, &["logs"]);
    let refused = bench
        .run(&["audit", "--case", "case", "--logs", "logs", "--principal", "AKIARTX3GSDS5EXAMPLE"])
        .exits(2);
    assert!(refused.err.contains("is about AKIARTX3GSDSTEXAMPLE"), "{}", refused.err);
    bench.run(&["audit", "--case", "case", "--logs", "logs", "--case-dir", "other"]).exits(2);
    // The principal is known.
    bench.run(&["audit", "--case", "case", "--logs", "logs", "--allow-gaps"]).exits(0);
    // Neither the case nor another beside the logs is a log.
    let inside =
        ["audit", "--principal", SEED, "-o", "json", "--allow-gaps", "--logs", ".", "--case", "logs/case"];
    let first = bench.run(&inside).exits(0);
    assert!(bench.run(&inside).exits(0).out == first.out, "the case itself was read as a log");
}

/// Google cuts an entry that is too large in parts, and they may lie in different files: one alone says little.
#[test]
fn parts_of_an_entry_are_joined_over_runs() {
    let bench = Bench::new();
    let lines: Vec<serde_json::Value> = walk(evidence("gcp-cryptojacking").as_ref())
        .iter()
        .filter(|path| path.is_file())
        .flat_map(|path| {
            std::fs::read_to_string(path).expect("text").lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect();
    let is_launch = |entry: &&serde_json::Value| {
        entry["protoPayload"]["methodName"]
            .as_str()
            .is_some_and(|name| name.ends_with("compute.instances.insert"))
            && entry["protoPayload"]["request"].as_object().is_some_and(|fields| fields.len() > 2)
    };
    let launch = lines.iter().find(is_launch).expect("the thief launches machines").clone();
    let who = launch["protoPayload"]["authenticationInfo"]["principalEmail"].as_str().expect("a caller");
    for index in 0..2 {
        let mut part = launch.clone();
        let fields = part["protoPayload"]["request"].as_object_mut().expect("an object");
        let keys: Vec<String> = fields.keys().filter(|key| *key != "@type").cloned().collect();
        keys.iter().enumerate().filter(|(n, _)| n % 2 != index).for_each(|(_, key)| drop(fields.remove(key)));
        if index == 1 {
            part["protoPayload"].as_object_mut().expect("an object").remove("response");
        }
        part["insertId"] = format!("567-{index}").into();
        part["split"] = serde_json::json!({"uid": "567+1", "index": index, "totalSplits": 2});
        bench.write(&format!("logs/{index}.json"), format!("{part}\n"));
    }
    let run = |args: &[&str], code: i32| {
        let mut all = vec!["audit", "--principal", who, "-o", "json"];
        all.extend(args);
        bench.run(&all).exits(code)
    };
    let fresh = run(&["--logs", "logs", "--case-dir", "fresh", "--allow-gaps"], 0);
    assert!(!fresh.text().contains("split log entry"), "{}", fresh.text());
    let half = run(&["--logs", "logs/1.json", "--case", "case"], 3);
    assert!(half.text().contains("of a split log entry can't be found"), "{}", half.text());
    let whole = run(&["--logs", "logs/0.json", "--case", "case", "--allow-gaps"], 0);
    assert!(whole.out == fresh.out, "{}\ninstead of\n{}", whole.text(), fresh.text());
    let closed = &changes(&bench)["gaps"]["closed"];
    assert!(
        closed.as_array().is_some_and(|closed| closed
            .iter()
            .any(|gap| gap["where"].as_str().is_some_and(|place| place.starts_with("logs/1.json")))),
        "{closed}"
    );
    // Nothing is remembered of such a file: that it is gone is told.
    std::fs::remove_file(bench.path("logs/1.json")).expect("it is there");
    let lost = run(&["--logs", "logs/0.json", "--case", "case"], 3);
    assert!(lost.text().contains("logs/1.json"), "{}", lost.text());
}
