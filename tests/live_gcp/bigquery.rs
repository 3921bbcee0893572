//! BigQuery besides Cloud Logging: log analytics' view and a log sink's tables give the report that Cloud Logging and a local scan of
//! the same records give, under a cap on what is billed, and what can't be asked is said.

use crate::audit::{gaps, rows};
use crate::stand::{Done, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DATASET: &str = "house_logs";

/// The attacked organization, and when its window begins.
struct Kept {
    stand: Stand,
    since: String,
}

impl Kept {
    fn new() -> Option<Kept> {
        let stand = Stand::attacked()?;
        let leaked: triage::model::Time = stand.text("/leaked_at").parse().expect("a time");
        let since = triage::model::Time::from_second(leaked.as_second() - 25 * 86_400).expect("a time");
        Some(Kept { since: since.to_string(), stand })
    }

    /// Puts what was recorded until now into a dataset; with `forget`, Cloud Logging has it no more.
    fn dataset(&self, form: &str, forget: bool) {
        let asked = json!({"project": self.project(), "dataset": DATASET, "form": form, "forget": forget});
        self.stand.door("dataset", asked);
    }

    fn project(&self) -> &str {
        self.stand.text("/projects/ops")
    }

    fn name(&self) -> String {
        format!("{}.{DATASET}", self.project())
    }

    #[track_caller]
    fn audit(&self, case: &str, more: &[&str]) -> Done {
        let mut args = vec!["-o", "json", "--case-dir", case, "--since", &self.since];
        args.extend(more);
        self.stand.triage("audit", &args)
    }

    #[track_caller]
    fn asked(&self, case: &str, more: &[&str]) -> Done {
        let name = self.name();
        let mut args = vec!["--bigquery", &name];
        args.extend(more);
        self.audit(case, &args)
    }

    /// The report of a local scan of everything that was recorded.
    #[track_caller]
    fn scanned(&self) -> Value {
        let Value::Array(entries) = self.stand.door("entries", json!({})) else { panic!("a list") };
        let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
        fs::create_dir(self.stand.path("logs")).expect("a folder");
        fs::write(self.stand.path("logs/entries.jsonl"), lines.join("\n")).expect("a file");
        let (key, logs) = (self.stand.path("leaked.json"), self.stand.path("logs"));
        let mut args = vec![
            "audit",
            "--key-file",
            key.to_str().expect("UTF-8"),
            "--logs",
            logs.to_str().expect("UTF-8"),
        ];
        args.extend(["-o", "json", "--case-dir", "scanned", "--since", &self.since, "--allow-gaps"]);
        args.extend(["--leaked-at", self.stand.text("/leaked_at")]);
        self.stand.run(&mut self.stand.command(&args)).exits(0).json()
    }

    fn read(&self, path: &str) -> Value {
        serde_json::from_slice(&fs::read(self.stand.path(path)).expect("a file")).expect("JSON")
    }

    /// The queries since the last time: those that ran, and those that were only tried.
    fn queries(&self) -> (Vec<Value>, Vec<Value>) {
        let Value::Array(all) = self.stand.door("warehouse", json!({})) else { panic!("a list") };
        all.into_iter().partition(|query| query["dryRun"] != true)
    }
}

/// What a report says of what was done, whatever was asked live besides.
fn told(report: &Value) -> Value {
    let of = |list: &str, members: &[&str]| -> Vec<Value> {
        let row = |row: &Value| members.iter().map(|name| row[*name].clone()).collect::<Vec<_>>();
        let mut told: Vec<Value> = rows(report, list).iter().map(|one| row(one).into()).collect();
        told.sort_by_key(Value::to_string);
        told
    };
    json!({
        "counts": [report["counts"]["events_of_principal"], report["counts"]["events_of_derived"], report["counts"]["failed"]],
        "credentials": of("credentials", &["id", "kind", "principal", "via", "issued_by", "issued_at", "event", "strength", "depth", "used", "events", "first_use", "last_use"]),
        "touched": of("touched", &["kind", "id", "how", "events"]),
        "attempts": of("attempts", &["action", "error", "count", "events"]),
        "uses": of("uses", &["address", "user_agent", "credential", "events"]),
        // What an inventory adds (members of groups) is told in the notes alone.
        "findings": of("findings", &["kind", "technique", "events", "subject"]),
        "root": report["root"],
    })
}

#[track_caller]
fn same(one: &Value, other: &Value) {
    let (one, other) = (told(one), told(other));
    for (part, value) in one.as_object().expect("a map") {
        assert_eq!(*value, other[part], "{part}");
    }
}

/// The gaps of a dataset, as one text.
fn why(report: &Value) -> String {
    let told: Vec<String> = gaps(report)
        .iter()
        .filter(|gap| gap["where"].as_str().is_some_and(|place| place.contains(DATASET)))
        .map(|gap| gap["why"].as_str().unwrap_or_default().to_owned())
        .collect();
    told.join("\n")
}

#[test]
fn log_analytics_gives_the_report_of_cloud_logging_and_of_a_local_scan() {
    let Some(kept) = Kept::new() else { return };
    let by_logging = kept.audit("logging", &[]).json();
    let by_files = kept.scanned();
    kept.dataset("analytics", true);
    kept.stand.door("warehouse", json!({"page": 7, "slow": 2}));
    let done = kept.asked("live", &[]);
    let report = done.json();
    assert_eq!(why(&report), "", "{}", done.err);
    same(&report, &by_files);
    let things = |report: &Value| -> Vec<String> {
        let name =
            |row: &Value| format!("{} {} {} {}", row["kind"], row["id"], row["created_by"], row["state"]);
        let mut all: Vec<String> = rows(report, "resources").iter().map(name).collect();
        all.sort();
        all
    };
    assert_eq!(things(&report), things(&by_logging));
    assert_eq!(told(&report)["credentials"], told(&by_logging)["credentials"]);
    let finding =
        |row: &Value| format!("{} {} {} {}", row["kind"], row["subject"], row["note"], row["confidence"]);
    let findings =
        |report: &Value| -> BTreeSet<String> { rows(report, "findings").iter().map(finding).collect() };
    let differ: Vec<String> =
        findings(&report).symmetric_difference(&findings(&by_logging)).cloned().collect();
    assert_eq!(differ, Vec::<String>::new());
    assert!(done.err.contains("BigQuery would bill 10 MB for"), "{}", done.err);

    let (ran, tried) = kept.queries();
    assert!(
        ran.len() > 2 && tried.len() > ran.len(),
        "each is tried before it runs, level by level: {}",
        ran.len()
    );
    for query in &ran {
        let text = query["query"].as_str().expect("a statement");
        assert!(text.contains("`timestamp` >= @since AND `timestamp` < @until"), "{text}");
        assert!(!text.contains("gserviceaccount") && !text.contains(kept.stand.text("/key")), "{text}");
        assert_eq!(query["useLegacySql"], false);
        assert!(
            query["maximumBytesBilled"].as_str().is_some_and(|most| most.parse::<u64>().is_ok()),
            "{query}"
        );
    }
    let ids = |query: &Value| query["queryParameters"][2]["parameterValue"]["arrayValues"].to_string();
    assert!(ids(&ran[0]).contains(kept.stand.text("/key")), "{}", ids(&ran[0]));
    let again = |one: &Value| ids(one).contains(&format!("\"{}\"", kept.stand.text("/key")));
    assert_eq!(ran.iter().filter(|query| again(query)).count(), 1, "what was answered is not asked again");

    // What was asked, what it scanned, and every answer as it came.
    let asked = kept.read("live/queries.json");
    let asked = asked.as_array().expect("a list");
    assert_eq!(asked.len(), ran.len());
    for (query, sent) in asked.iter().zip(&ran) {
        assert_eq!(query["statement"], sent["query"]);
        assert_eq!(query["since"], *kept.since);
        assert_eq!((&query["engine"], &query["region"]), (&json!("bigquery"), &json!("EU")));
        assert!(query["bytes_scanned"].as_u64().is_some_and(|bytes| bytes > 0), "{query}");
        assert!(query["bytes_billed"].as_u64() > query["bytes_scanned"].as_u64(), "at least 10 MB: {query}");
        assert!(query["query_id"].as_str().is_some_and(|id| id.starts_with("job_")), "{query}");
        let rows: usize = rows(query, "answers").iter().map(|name| answer_rows(&kept, name)).sum();
        assert_eq!(json!(rows), query["records"], "{query}");
    }
    assert!(rows(&asked[0], "answers").len() > 3, "it was slow, and in pages");
    // A case opened again needs no cloud, and its answers are no logs.
    let case = kept.stand.path("live");
    let again = [
        "audit",
        "--case",
        case.to_str().expect("UTF-8"),
        "--case-dir",
        "again",
        "-o",
        "json",
        "--allow-gaps",
    ];
    let again = kept.stand.run(&mut kept.stand.command(&again)).exits(0).json();
    same(&again, &report);
    assert_eq!(again["counts"], report["counts"]);
    let check = kept.stand.run(&mut kept.stand.command(&["verify", "live"]));
    check.exits(0);
}

/// The rows that a kept answer holds.
fn answer_rows(kept: &Kept, name: &Value) -> usize {
    let path = kept.stand.path("live/evidence/answers").join(name.as_str().expect("a name"));
    let answer: Value = serde_json::from_slice(&unpacked(&path)).expect("what came is JSON");
    answer["rows"].as_array().map_or(0, Vec::len)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    let file = fs::File::open(path).expect("an answer");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut text).expect("gzip");
    text
}

#[test]
fn every_form_of_a_sink_s_tables_gives_the_report_of_a_local_scan() {
    let Some(kept) = Kept::new() else { return };
    let by_files = kept.scanned();
    let forms = [
        ("days", "cloudaudit_googleapis_com_activity_2"),
        ("timestamp", "cloudaudit_googleapis_com_activity`"),
        ("arrival", "_PARTITIONTIME BETWEEN"),
    ];
    for (form, _) in forms {
        let dataset = format!("{DATASET}_{form}");
        // In the end Cloud Logging has nothing any more.
        let asked =
            json!({"project": kept.project(), "dataset": dataset, "form": form, "forget": form == "arrival"});
        kept.stand.door("dataset", asked);
    }
    for (form, word) in forms {
        let report = kept.audit(form, &["--bigquery", &format!("{}_{form}", kept.name())]).json();
        assert_eq!(why(&report), "", "{form}");
        same(&report, &by_files);
        let (ran, _) = kept.queries();
        assert!(
            ran.iter().all(|query| query["query"].as_str().is_some_and(|text| text.contains(word))),
            "{form}"
        );
    }
}

#[test]
fn what_both_hold_counts_once() {
    let Some(kept) = Kept::new() else { return };
    let alone = kept.audit("alone", &[]).json();
    kept.dataset("days", false);
    let report = kept.asked("both", &["--bigquery-project", kept.stand.text("/projects/shop")]).json();
    assert_eq!(why(&report), "");
    // Cloud Logging is searched by field, BigQuery for whatever names an id: it may tell more, never less, and nothing twice.
    let ids = |report: &Value| -> Vec<String> {
        rows(report, "credentials").iter().map(|row| format!("{} {}", row["id"], row["events"])).collect()
    };
    assert_eq!(ids(&report), ids(&alone));
    assert_eq!(report["counts"]["events_of_principal"], alone["counts"]["events_of_principal"]);
    assert_eq!(report["counts"]["events_of_derived"], alone["counts"]["events_of_derived"]);
    let (ran, _) = kept.queries();
    assert!(ran.iter().all(|query| {
        query["query"].as_str().is_some_and(|text| text.contains("cloudaudit_googleapis_com_activity_2"))
    }));
    let asked = kept.read("both/queries.json");
    assert!(
        rows(&json!({"all": asked}), "all")
            .iter()
            .all(|one| one["account"] == *kept.stand.text("/projects/shop"))
    );
}

#[test]
fn more_than_may_be_billed_is_not_asked() {
    let Some(kept) = Kept::new() else { return };
    kept.dataset("analytics", false);
    let done = kept.asked("much", &["--bigquery-max-bytes", "10KB"]);
    let report = done.json();
    assert!(
        why(&report).contains("it was not asked") && why(&report).contains("--bigquery-max-bytes"),
        "{}",
        why(&report)
    );
    assert!(done.err.contains("at most 10 KB"), "{}", done.err);
    done.exits(3);
    let (ran, tried) = kept.queries();
    assert_eq!(ran, Vec::<Value>::new(), "nothing ran");
    assert!(!tried.is_empty());
    // A dry run that promised less than it was: BigQuery itself holds the cap.
    kept.stand.door("warehouse", json!({"lie": 0.0001, "weight": 10_000}));
    let done = kept.asked("lied", &["--bigquery-max-bytes", "100MB"]);
    let told = why(&done.json());
    assert!(
        told.contains("bytesBilledLimitExceeded") && told.contains("raise --bigquery-max-bytes"),
        "{told}"
    );
    done.exits(3);
}

#[test]
fn what_refuses_is_told_with_the_step_to_take() {
    let Some(kept) = Kept::new() else { return };
    // Nothing of that name.
    let done = kept.asked("none", &[]);
    let told = why(&done.json());
    assert!(told.contains("not found") && told.contains("bq ls"), "{told}");
    done.exits(3);
    kept.dataset("analytics", false);
    let error = |status: u16, reason: &str, name: &str| json!([{"kind": "error", "service": "bigquery", "method": "jobs.query", "status": status, "reason": reason, "name": name}]);
    for (case, faults, words) in [
        (
            "list",
            json!([{"kind": "denied_data", "operation": "bigquery.tables.list"}]),
            ["access denied", "roles/bigquery.dataViewer"],
        ),
        (
            "data",
            json!([{"kind": "denied_data", "operation": "bigquery.tables.getData"}]),
            ["access denied", "roles/logging.viewAccessor"],
        ),
        (
            "jobs",
            json!([{"kind": "denied_data", "operation": "bigquery.jobs.create"}]),
            ["accessDenied", "roles/bigquery.jobUser"],
        ),
        ("quota", error(403, "quotaExceeded", "PERMISSION_DENIED"), ["quotaExceeded", "--bigquery-project"]),
        (
            "odd",
            error(400, "invalidQuery", "INVALID_ARGUMENT"),
            ["does not take the request", "was not seen"],
        ),
    ] {
        kept.stand.faults(faults);
        let done = kept.asked(case, &[]);
        let told = why(&done.json());
        assert!(
            words.iter().all(|word| told.contains(word)) || case == "jobs" && told.contains(words[1]),
            "{case}: {told}"
        );
        done.exits(3);
    }
    // Another project, whose API is off, would run it.
    kept.stand.faults(json!([]));
    let pay = kept.stand.text("/projects/pay");
    kept.stand.door("services", json!({"project": pay, "off": ["bigquery"]}));
    let done = kept.asked("off", &["--bigquery-project", pay]);
    let told = why(&done.json());
    assert!(told.contains("gcloud services enable bigquery.googleapis.com"), "{told}");
    done.exits(3);
}

#[test]
fn an_answer_that_is_cut_short_is_a_gap_and_one_that_fails_for_a_while_is_none() {
    let Some(kept) = Kept::new() else { return };
    kept.dataset("analytics", true);
    kept.stand.door("warehouse", json!({"page": 50}));
    kept.stand.faults(json!([{"kind": "cut", "after": 1, "times": 1}]));
    let done = kept.asked("cut", &[]);
    let told = why(&done.json());
    assert!(told.contains("rows, and gave"), "{told}");
    done.exits(3);
    // Once no answer, once an error, once a limit: asked again until it answers.
    kept.stand.faults(json!([
        {"kind": "reset", "service": "bigquery", "method": "jobs.query", "after": 3, "times": 1},
        {"kind": "error", "service": "bigquery", "method": "jobs.getQueryResults", "times": 2},
        {"kind": "error", "service": "bigquery", "method": "jobs.query", "status": 403, "reason": "rateLimitExceeded", "after": 5, "times": 1},
    ]));
    let report = kept.asked("rough", &[]).json();
    assert_eq!(why(&report), "");
    assert!(rows(&report, "credentials").len() > 5);
}

#[test]
fn what_is_not_bounded_or_no_name_is_not_asked() {
    let Some(kept) = Kept::new() else { return };
    let hostile = [
        "ops`; DROP TABLE x.y",
        "ops.house_logs.t` WHERE 1=1 --",
        "ops../x.y",
        "Ops-7001.logs",
        "sec-ops-7001",
        "sec-ops-7001.a-b",
        "a.b.c.d",
        "",
    ];
    let mark = kept.stand.mark();
    for name in hostile {
        let done = kept.audit("never", &["--bigquery", name]);
        assert!(!kept.stand.path("never").exists(), "{name}");
        done.exits(2);
    }
    assert_eq!(kept.stand.mark(), mark, "no network");
    for (form, words) in [("plain", "no partitions"), ("other", "another column"), ("view", "it is a view")] {
        kept.dataset(form, false);
        let done = kept.asked(form, &[]);
        assert!(why(&done.json()).contains(words), "{form}: {}", why(&done.json()));
        done.exits(3);
        assert_eq!(kept.queries(), (Vec::new(), Vec::new()), "{form}");
    }
    // Without a beginning.
    kept.dataset("analytics", false);
    let done = kept.stand.triage("audit", &["-o", "json", "--case-dir", "open", "--bigquery", &kept.name()]);
    assert!(why(&done.json()).contains("say --since"), "{}", why(&done.json()));
    done.exits(3);
    assert_eq!(kept.queries(), (Vec::new(), Vec::new()));
}
