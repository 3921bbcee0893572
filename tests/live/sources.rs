//! Where records are besides event history: trails in S3 with their digests, CloudTrail Lake, Athena. Each gives the report that
//! a local scan of the same records gives, asks for no more than it needs, and says what it could not read.

use crate::audit::gaps;
use crate::stand::{Done, Stand};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const BUCKET: &str = "house-trail-bucket";
const STORE: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// The attacked world, whose event history is forgotten: only what a trail delivered is left.
struct Kept {
    stand: Stand,
    /// Every object of the bucket, `log` or `digest`.
    objects: BTreeMap<String, String>,
    /// The start of the window.
    since: String,
}

impl Kept {
    /// `trail` besides what every trail here is.
    fn by(trail: Value) -> Option<Kept> {
        let stand = Stand::attacked()?;
        let now = stand.door("clock", json!({"ahead": 0}))["now"].as_str().expect("a time").to_owned();
        let since = before(&now, 90);
        let mut asked = json!({
            "owner": stand.text("/accounts/management"), "bucket": BUCKET, "trail": "house-org", "home": "us-east-1", "hours": 4,
            "accounts": stand.list("accounts"), "regions": stand.list("regions"),
        });
        asked.as_object_mut().expect("a map").extend(trail.as_object().expect("a map").clone());
        let objects = stand.door("deliver", asked);
        stand.door("forget", json!({}));
        let objects = serde_json::from_value(objects).expect("objects by key");
        Some(Kept { stand, objects, since })
    }

    fn of_organization() -> Option<Kept> {
        Kept::by(json!({"organization": true, "prefix": "audit"}))
    }

    fn keys(&self, kind: &str) -> BTreeSet<&str> {
        self.objects.iter().filter(|(_, is)| *is == kind).map(|(key, _)| key.as_str()).collect()
    }

    /// An audit of the whole world since an hour and a half ago.
    #[track_caller]
    fn audit(&self, case: &str, more: &[&str]) -> Done {
        let mut args = vec!["--since", &self.since, "--case-dir", case, "-o", "json"];
        args.extend(more);
        self.stand.triage("audit", &args)
    }

    /// The same in one region: what is wrong shows there, too.
    #[track_caller]
    fn audit_near(&self, case: &str, more: &[&str]) -> Done {
        let accounts = self.stand.list("accounts").join(",");
        let mut args = vec![
            "audit",
            "--principal",
            self.stand.leaked(),
            "--accounts",
            &accounts,
            "--regions",
            "us-east-1",
            "--since",
            &self.since,
            "--case-dir",
            case,
            "-o",
            "json",
        ];
        args.extend(more);
        self.stand.run(&mut self.stand.command(&args))
    }

    /// The report of a local scan of the same files.
    #[track_caller]
    fn scanned(&self) -> Value {
        let folder = self.stand.path("copied");
        let folder = folder.to_str().expect("UTF-8");
        let copied =
            self.stand.door("download", json!({"owner": self.owner(), "bucket": BUCKET, "folder": folder}));
        assert_eq!(copied["files"], self.keys("log").len());
        let args = [
            "audit",
            "--principal",
            self.stand.leaked(),
            "--logs",
            folder,
            "--since",
            &self.since,
            "--case-dir",
            "scanned",
            "-o",
            "json",
            "--allow-gaps",
        ];
        self.stand.run(&mut self.stand.command(&args)).exits(0).json()
    }

    fn owner(&self) -> &str {
        self.stand.text("/accounts/management")
    }

    fn tamper(&self, act: &str, key: &str, member: &str) {
        self.stand.door(
            "tamper",
            json!({"owner": self.owner(), "bucket": BUCKET, "act": act, "key": key, "member": member}),
        );
    }
}

/// So many minutes before a time.
fn before(time: &str, minutes: i64) -> String {
    let at: triage::model::Time = time.parse().expect("a time");
    let then = at.as_second() - minutes * 60;
    triage::model::Time::from_second(then).expect("a time").to_string()
}

/// What a report says of what was done, whatever was asked live besides.
fn told(report: &Value) -> Value {
    let of = |list: &str, members: &[&str]| -> Vec<Value> {
        let row = |row: &Value| members.iter().map(|name| row[*name].clone()).collect::<Vec<_>>();
        let mut rows: Vec<Value> =
            report[list].as_array().into_iter().flatten().map(|one| row(one).into()).collect();
        rows.sort_by_key(Value::to_string);
        rows
    };
    json!({
        "counts": [report["counts"]["events_of_principal"], report["counts"]["events_of_derived"], report["counts"]["failed"]],
        "credentials": of("credentials", &["id", "kind", "principal", "via", "issued_by", "issued_at", "event", "strength", "depth", "used", "events", "first_use", "last_use"]),
        "resources": of("resources", &["kind", "id", "account", "region", "created_by", "event", "created_at", "attribution", "launched_by"]),
        "touched": of("touched", &["kind", "id", "how", "events"]),
        "attempts": of("attempts", &["action", "error", "count", "events"]),
        "uses": of("uses", &["address", "user_agent", "credential", "events"]),
        "findings": of("findings", &["kind", "technique", "note", "events", "subject"]),
        "root": report["root"],
    })
}

/// Compares part by part, so that a failure is readable.
#[track_caller]
fn same(one: &Value, other: &Value) {
    let (one, other) = (told(one), told(other));
    for (part, value) in one.as_object().expect("a map") {
        assert_eq!(*value, other[part], "{part}");
    }
}

/// Gaps of the sources themselves: what was asked of them and what they delivered. What else is asked live has tests of its own.
#[track_caller]
fn unread(report: &Value) -> Vec<&Value> {
    let of_sources = ["s3:", "athena:", "glue:", "cloudtrail:", "trail", "digest", "query"];
    let is_theirs = |gap: &&Value| {
        of_sources.iter().any(|word| gap["why"].as_str().is_some_and(|why| why.contains(word)))
    };
    gaps(report).into_iter().filter(is_theirs).collect()
}

fn asked<'a>(calls: &'a [Value], action: &str) -> Vec<&'a Value> {
    calls.iter().filter(|call| call["action"] == action).map(|call| &call["asked"]).collect()
}

#[test]
fn an_organizations_trail_gives_the_report_of_its_files_and_only_what_is_needed_is_asked_for() {
    let Some(kept) = Kept::of_organization() else { return };
    let mark = kept.stand.mark();
    let done = kept.audit("live", &["--trails"]);
    let calls = kept.stand.calls(mark);
    let report = done.json();
    assert_eq!(unread(&report), Vec::<&Value>::new(), "{}", done.err);
    let scanned = kept.scanned();
    assert!(!scanned["credentials"].as_array().expect("a list").is_empty());
    same(&report, &scanned);
    done.goes_through();

    // One list for each account, region and day: the day of the window, those that it runs into, and the one after.
    let listed: Vec<&str> = asked(&calls, "ListObjectsV2")
        .iter()
        .map(|asked| asked["Prefix"].as_str().expect("a prefix"))
        .collect();
    let distinct: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(distinct.len(), listed.len(), "nothing is listed twice");
    let places = kept.stand.list("accounts").len() * kept.stand.list("regions").len();
    assert_eq!(listed.len() % places, 0);
    assert!(listed.len() / places <= 3, "{} lists of {places} places", listed.len());
    assert!(
        listed.iter().all(|prefix| prefix.starts_with("audit/AWSLogs/o-") && prefix.contains("/CloudTrail/"))
    );
    let got: BTreeSet<&str> =
        asked(&calls, "GetObject").iter().map(|asked| asked["Key"].as_str().expect("a key")).collect();
    assert_eq!(got, kept.keys("log"), "files of records, all of them and nothing else");
}

#[test]
fn a_trail_is_read_for_the_regions_and_days_that_are_asked_for() {
    let Some(kept) = Kept::of_organization() else { return };
    let mark = kept.stand.mark();
    let accounts = kept.stand.list("accounts").join(",");
    let args = [
        "audit",
        "--principal",
        kept.stand.leaked(),
        "--accounts",
        &accounts,
        "--regions",
        "us-east-1,eu-west-1",
        "--trails",
        "--since",
        &kept.since,
        "--case-dir",
        "two",
        "-o",
        "json",
    ];
    kept.stand.run(&mut kept.stand.command(&args)).goes_through();
    let calls = kept.stand.calls(mark);
    for asked in asked(&calls, "ListObjectsV2").iter().chain(&asked(&calls, "GetObject")) {
        let key = asked["Prefix"].as_str().or(asked["Key"].as_str()).expect("a key");
        assert!(key.contains("/us-east-1/") || key.contains("/eu-west-1/"), "{key}");
    }
    // A window that ended before anything was delivered: nothing is fetched.
    let (mark, since, until) =
        (kept.stand.mark(), before(&kept.since, 3 * 24 * 60), before(&kept.since, 2 * 24 * 60));
    let args = [
        "audit",
        "--principal",
        kept.stand.leaked(),
        "--accounts",
        &accounts,
        "--regions",
        "us-east-1",
        "--trails",
        "--since",
        &since,
        "--until",
        &until,
        "--case-dir",
        "earlier",
        "-o",
        "json",
    ];
    kept.stand.run(&mut kept.stand.command(&args)).goes_through();
    assert_eq!(asked(&kept.stand.calls(mark), "GetObject"), Vec::<&Value>::new());
}

#[test]
fn a_trail_of_one_account_is_found_and_what_has_none_is_said() {
    let Some(kept) = Kept::by(json!({})) else { return };
    let done = kept.audit_near("live", &["--trails"]);
    let report = done.json();
    let told: Vec<&Value> = gaps(&report);
    // The shop's own trail was stopped by the thief, and the third account has none.
    assert!(
        told.iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("does not log"))),
        "{told:?}"
    );
    assert!(
        told.iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("no trail"))
            && gap["where"].as_str().is_some_and(|place| place.contains(kept.stand.text("/accounts/data")))),
        "{told:?}"
    );
    done.exits(3);
}

/// The most memory that a run of the binary ever held, in KiB, as often as one can look.
fn peak(command: &mut Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let (status, mut most) = (format!("/proc/{}/status", child.id()), 0);
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        most = held.unwrap_or(0).max(most);
        if let Some(status) = child.try_wait().expect("the binary is ours") {
            assert_eq!(status.code(), Some(0));
            return most;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ten_times_the_records_of_others_take_no_more_memory() {
    let Some(kept) = Kept::of_organization() else { return };
    let shop = kept.stand.text("/accounts/shop");
    let is_ours = |key: &&&str| key.contains(&format!("/{shop}/CloudTrail/us-east-1/"));
    let key = (*kept.keys("log").iter().find(is_ours).expect("a file of the region")).to_owned();
    let stuff = |files: u32| {
        let asked =
            json!({"owner": kept.owner(), "bucket": BUCKET, "key": key, "files": files, "records": 3000});
        kept.stand.door("stuff", asked);
    };
    let read = |case: &str| -> (u64, u64) {
        let args = [
            "audit",
            "--principal",
            kept.stand.leaked(),
            "--accounts",
            shop,
            "--regions",
            "us-east-1",
            "--since",
            &kept.since,
            "--trails",
            "--allow-gaps",
            "--case-dir",
            case,
        ];
        let held = peak(&mut kept.stand.command(&args));
        let counts = kept.stand.read_json(&format!("{case}/report.json"));
        (counts["counts"]["records_read"].as_u64().expect("a number"), held)
    };
    stuff(1);
    let (few, little) = read("few");
    stuff(10);
    let (many, much) = read("many");
    assert!(many >= few + 9 * 3000, "{few} and {many} records were read");
    // Nine times 3,000 records of 1.4 kB: held, they would be 38 MB and more.
    assert!(
        little > 0 && much < little + 12 * 1024,
        "{few} records took {little} KiB, {many} took {much} KiB"
    );
}

#[test]
fn files_that_can_not_be_listed_or_read_are_gaps() {
    let Some(kept) = Kept::of_organization() else { return };
    let one =
        *kept.keys("log").iter().find(|key| key.contains("/us-west-2/")).expect("a file of that region");
    kept.tamper("delete", one, "");
    kept.stand.faults(json!([
        {"kind": "denied", "service": "s3", "action": "ListObjectsV2", "contains": "sa-east-1"},
        {"kind": "denied", "service": "s3", "action": "GetObject", "contains": "eu-west-2"},
    ]));
    let done = kept.audit("live", &["--trails"]);
    let report = done.json();
    let told = gaps(&report).iter().map(|gap| gap.to_string()).collect::<Vec<_>>();
    for needed in ["s3:ListObjectsV2", "s3:GetObject"] {
        assert!(told.iter().any(|gap| gap.contains(needed)), "{needed}: {told:?}");
    }
    done.exits(3);
}

#[test]
fn untampered_files_are_proved() {
    let Some(kept) = Kept::of_organization() else { return };
    let done = kept.audit("live", &["--verify-trail"]);
    let report = done.json();
    assert_eq!(unread(&report), Vec::<&Value>::new(), "{}", done.err);
    let proof = kept.stand.read_json("live/proof.json");
    let files: u64 = proof.as_array().expect("a list").iter().filter_map(|one| one["files"].as_u64()).sum();
    assert_eq!(files, kept.keys("log").len() as u64, "{proof}");
    assert!(done.err.contains("proved"), "{}", done.err);
    done.goes_through();
}

#[test]
fn what_was_done_to_a_trails_files_is_named() {
    let Some(kept) = Kept::of_organization() else { return };
    let shop = kept.stand.text("/accounts/shop").to_owned();
    let of = |kind: &str, region: &str| -> Vec<String> {
        let is_of = |key: &&&str| key.contains(&shop) && key.contains(&format!("/{region}/"));
        kept.keys(kind).iter().filter(is_of).map(|key| (*key).to_owned()).collect()
    };
    // An altered file, a file that is gone, a missing hour, an altered digest, and a file that nobody signed for.
    let altered = of("log", "us-east-1").swap_remove(0);
    kept.tamper("alter", &altered, "Records");
    let gone = of("log", "eu-west-1").swap_remove(0);
    kept.tamper("delete", &gone, "");
    let hours = of("digest", "sa-east-1");
    let missing = &hours[hours.len() - 2];
    kept.tamper("delete", missing, "");
    let forged = of("digest", "eu-central-1").pop().expect("a digest");
    kept.tamper("alter", &forged, "awsAccountId");
    let planted = of("log", "ca-central-1").swap_remove(0).replace("Z_", "Z_0");
    kept.tamper("plant", &planted, "");
    let done = kept.audit("live", &["--verify-trail"]);
    let report = done.json();
    let told: Vec<(String, String)> = gaps(&report)
        .iter()
        .map(|gap| {
            (
                gap["where"].as_str().expect("a place").to_owned(),
                gap["why"].as_str().expect("a reason").to_owned(),
            )
        })
        .collect();
    let said = |place: &str, why: &str| {
        assert!(
            told.iter().any(|(at, said)| at.contains(place) && said.contains(why)),
            "{place}: {why}: {told:#?}"
        );
    };
    said(&altered, "altered");
    said(&gone, "NoSuchKey");
    said("sa-east-1", missing);
    said(&forged, "not CloudTrail's");
    said(&planted, "no digest names it");
    done.exits(3);
}

#[test]
fn a_digest_with_a_key_that_is_not_cloudtrails_proves_nothing() {
    let Some(kept) = Kept::of_organization() else { return };
    kept.stand.faults(json!([{"kind": "answer", "service": "cloudtrail", "action": "ListPublicKeys", "answer": {"PublicKeyList": []}}]));
    let done = kept.audit_near("live", &["--verify-trail"]);
    let report = done.json();
    assert!(
        gaps(&report).iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("fingerprint"))),
        "{report}"
    );
    let proof = kept.stand.read_json("live/proof.json");
    assert!(proof.as_array().expect("a list").iter().all(|one| one["files"] == 0), "{proof}");
    done.exits(3);
}

#[test]
fn public_keys_that_lead_in_a_circle_prove_nothing() {
    let Some(kept) = Kept::of_organization() else { return };
    let circle = json!({"PublicKeyList": [], "NextToken": "again"});
    kept.stand.faults(
        json!([{"kind": "answer", "service": "cloudtrail", "action": "ListPublicKeys", "answer": circle}]),
    );
    let report = kept.audit_near("live", &["--verify-trail"]).exits(3).json();
    let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains("the same page again and again")), "{told:#?}");
    let asked = kept.stand.faults(json!([]))[0]["hit"].as_u64().expect("it was met");
    assert!(asked <= 4 * kept.stand.list("accounts").len() as u64, "{asked} times");
    let proof = kept.stand.read_json("live/proof.json");
    assert!(proof.as_array().expect("a list").iter().all(|one| one["files"] == 0), "{proof}");
}

#[test]
fn lake_gives_the_report_of_the_same_records_page_by_page() {
    let Some(kept) = Kept::of_organization() else { return };
    let engines = json!({"stores": {STORE: [kept.owner(), "us-east-1"]}, "page": 7});
    kept.stand.door("engines", engines);
    let arn = format!("arn:aws:cloudtrail:us-east-1:{}:eventdatastore/{STORE}", kept.owner());
    let done = kept.audit("live", &["--lake", &arn]);
    let report = done.json();
    assert_eq!(unread(&report), Vec::<&Value>::new(), "{}", done.err);
    same(&report, &kept.scanned());
    done.goes_through();
    let queries = kept.stand.read_json("live/queries.json");
    let queries = queries.as_array().expect("a list");
    assert!(!queries.is_empty());
    for query in queries {
        let text = query["statement"].as_str().expect("a statement");
        assert!(text.contains("eventTime >= '") && text.contains("eventTime < '"), "{text}");
        assert!(query["bytes_scanned"].as_u64().is_some_and(|bytes| bytes > 0), "{query}");
        assert_eq!(query["since"], *kept.since, "{query}");
        assert!(query["until"].is_string() && query["query_id"].is_string(), "{query}");
    }
}

#[test]
fn a_store_that_fails_or_is_not_there_is_a_gap() {
    let Some(kept) = Kept::of_organization() else { return };
    let done = kept.audit_near("none", &["--lake", STORE]);
    let report = done.json();
    assert!(
        gaps(&report).iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("StartQuery"))),
        "{report}"
    );
    done.exits(3);
    let done = kept.audit_near("odd", &["--lake", "x; DROP"]);
    assert!(
        gaps(&done.json())
            .iter()
            .any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("hexadecimal")))
    );
    done.exits(3);
    kept.stand.door("engines", json!({"stores": {STORE: [kept.owner(), "us-east-1"]}}));
    kept.stand.faults(json!([{"kind": "answer", "service": "cloudtrail", "action": "DescribeQuery",
        "answer": {"QueryId": STORE, "QueryStatus": "TIMED_OUT", "ErrorMessage": "as asked for"}}]));
    let done = kept.audit_near("late", &["--lake", STORE]);
    assert!(
        gaps(&done.json()).iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("TIMED_OUT")))
    );
    done.exits(3);
}

/// A table over the trail's bucket, partitioned by day.
fn table(kept: &Kept, partitions: &[&str]) {
    kept.stand.door(
        "table",
        json!({"owner": kept.owner(), "database": "logs", "table": "trail", "partitions": partitions}),
    );
}

const ATHENA: [&str; 4] = ["--athena", "logs.trail:day", "--athena-work-group", "audits"];

#[test]
fn athena_gives_the_report_of_the_same_records_with_ids_as_parameters() {
    let Some(kept) = Kept::of_organization() else { return };
    table(&kept, &["day"]);
    kept.stand.door("engines", json!({"page": 7}));
    let done = kept.audit("live", &ATHENA);
    let report = done.json();
    assert_eq!(unread(&report), Vec::<&Value>::new(), "{}", done.err);
    same(&report, &kept.scanned());
    done.goes_through();
    let leaked = kept.stand.leaked();
    let statements = kept.stand.door("engines", json!({}));
    let statements = statements.as_array().expect("a list");
    assert!(statements.iter().any(|one| one["parameters"].to_string().contains(leaked)), "{statements:?}");
    for statement in statements {
        assert!(!statement["text"].as_str().expect("text").contains("AKIA"), "{statement}");
        assert!(statement["text"].as_str().expect("text").contains("day BETWEEN ? AND ?"), "{statement}");
    }
    let queries = kept.stand.read_json("live/queries.json");
    for query in queries.as_array().expect("a list") {
        assert!(query["bytes_scanned"].as_u64().is_some_and(|bytes| bytes > 0), "{query}");
        assert!(
            query["parameters"].is_array() && query["since"].is_string() && query["until"].is_string(),
            "{query}"
        );
    }
}

#[test]
fn athena_is_not_asked_without_a_partition_and_what_it_refuses_is_a_gap() {
    let Some(kept) = Kept::of_organization() else { return };
    // The day is a column like any other: the whole table would be scanned.
    table(&kept, &[]);
    let done = kept.audit_near("whole", &ATHENA);
    let report = done.json();
    assert!(
        gaps(&report).iter().any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("partition"))),
        "{report}"
    );
    assert_eq!(kept.stand.door("engines", json!({})), json!([]), "nothing was asked");
    done.exits(3);
    // More than the work group allows.
    table(&kept, &["day"]);
    kept.stand.door("engines", json!({"cutoff": {"audits": 10}}));
    let done = kept.audit_near("much", &ATHENA);
    let report = done.json();
    assert!(
        gaps(&report)
            .iter()
            .any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("Bytes scanned limit"))),
        "{report}"
    );
    done.exits(3);
    kept.stand.faults(json!([{"kind": "denied", "service": "athena", "action": "StartQueryExecution"}]));
    let done = kept.audit_near("denied", &ATHENA);
    let report = done.json();
    assert!(
        gaps(&report)
            .iter()
            .any(|gap| gap["why"].as_str().is_some_and(|why| why.contains("athena:StartQueryExecution")))
    );
    done.exits(3);
}
