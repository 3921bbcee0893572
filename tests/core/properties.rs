//! What must hold for any input: the same report for any order, split and duplication; more evidence takes no credential
//! away; nothing is said without an event; what is asked for is enough.

mod monotone;

use crate::scenarios::{begin, folder, open, run};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use triage::case::OpenCase;
use triage::cloud::files::FileSource;
use triage::cloud::{LogSource, Query};
use triage::model::{Event, Provenance, Report};
use triage::read::{self, RecordKind};
use triage::render::json;

/// A scenario's records, as text and as events.
pub struct Recorded {
    pub case: OpenCase,
    pub lines: Vec<String>,
    /// Beside each line; `None` for log entries of another kind.
    pub events: Vec<Option<Event>>,
}

pub static AWS: LazyLock<Recorded> = LazyLock::new(|| recorded("aws-role-chain"));
pub static GCP: LazyLock<Recorded> = LazyLock::new(|| recorded("gcp-cryptojacking"));

/// In a fixed order, each line once.
fn recorded(name: &str) -> Recorded {
    let (source, gaps) = FileSource::new(&[folder(name).join("evidence").to_string_lossy().into_owned()]);
    assert_eq!(gaps, []);
    let mut lines = Vec::new();
    let mut known = BTreeSet::new();
    for shard in source.shards(&Query::default()) {
        source.fetch(&shard, &mut |raw| {
            let line = String::from_utf8(raw.bytes.to_vec()).expect("evidence is UTF-8");
            if known.insert(read::head(raw.bytes).expect("a record").identity) {
                lines.push(line);
            }
            ControlFlow::Continue(())
        });
    }
    let events = lines
        .iter()
        .map(|line| read::read(line.as_bytes(), Provenance::default()).expect("a record"))
        .collect();
    Recorded { case: open(name), lines, events }
}

impl Recorded {
    pub fn report<'e>(&self, events: impl Iterator<Item = &'e Event>) -> Report {
        let mut investigation = begin(&self.case);
        events.for_each(|event| investigation.absorb(event.clone()));
        investigation.report()
    }

    /// The events at these places, in their order.
    pub fn at<'e>(&'e self, places: &'e [usize]) -> impl Iterator<Item = &'e Event> {
        places.iter().filter_map(|place| self.events[*place].as_ref())
    }

    pub fn all(&self) -> Vec<usize> {
        (0..self.lines.len()).collect()
    }
}

fn some(recorded: &'static Recorded) -> impl Strategy<Value = Vec<usize>> {
    // From nearly nothing to nearly all.
    (1..20_u32).prop_flat_map(|twentieths| {
        prop::collection::vec(prop::bool::weighted(f64::from(twentieths) / 20.0), recorded.lines.len())
            .prop_map(|picked| {
                picked.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(place, _)| place).collect()
            })
    })
}

fn shuffled(recorded: &'static Recorded) -> impl Strategy<Value = Vec<usize>> {
    Just(recorded.all()).prop_shuffle()
}

fn in_any_order(recorded: &'static Recorded, order: &[usize], again: &[Index]) {
    let all = recorded.all();
    let whole = json::report(&recorded.report(recorded.at(&all)));
    let twice: Vec<usize> = again.iter().map(|index| index.index(all.len())).collect();
    let events = recorded.at(order).chain(recorded.at(&twice));
    assert!(whole == json::report(&recorded.report(events)), "another report for another order");
}

/// How lines may lie in a file.
#[derive(Clone, Copy, Debug)]
enum Container {
    Lines,
    CrLf,
    Array,
    Concatenated,
    Gzip,
    /// One gzip member per line.
    Members,
    /// `{"Records": […]}` or `{"entries": […]}`, with its siblings.
    Delivered,
    DeliveredGzip,
}

const CONTAINERS: [Container; 8] = [
    Container::Lines,
    Container::CrLf,
    Container::Array,
    Container::Concatenated,
    Container::Gzip,
    Container::Members,
    Container::Delivered,
    Container::DeliveredGzip,
];

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory takes every write");
    gzip.finish().expect("memory takes every write")
}

fn packed(container: Container, key: &str, lines: &[&str]) -> (&'static str, Vec<u8>) {
    let delivered = || format!("{{\"{key}\":[{}]}}", lines.join(","));
    match container {
        Container::Lines => ("jsonl", format!("{}\n", lines.join("\n")).into_bytes()),
        Container::CrLf => ("ndjson", format!("{}\r\n", lines.join("\r\n")).into_bytes()),
        Container::Array => ("json", format!("[\n{}\n]\n", lines.join(",\n")).into_bytes()),
        Container::Concatenated => ("json", lines.concat().into_bytes()),
        Container::Gzip => ("jsonl.gz", gzip(&lines.join("\n"))),
        Container::Members => {
            ("jsonl.gz", lines.iter().flat_map(|line| gzip(&format!("{line}\n"))).collect())
        }
        Container::Delivered => ("json", delivered().into_bytes()),
        Container::DeliveredGzip => ("json.gz", gzip(&delivered())),
    }
}

/// Writes each line to a file of its own choosing.
fn split(to: &Path, key: &str, lines: &[&str], files: &[Container], choices: &[Index]) -> PathBuf {
    let mut parts: Vec<Vec<&str>> = vec![Vec::new(); files.len()];
    for (at, line) in lines.iter().enumerate() {
        parts[choices[at % choices.len()].index(files.len())].push(line);
    }
    for (at, (part, container)) in
        parts.iter().zip(files).enumerate().filter(|(_, (part, _))| !part.is_empty())
    {
        let (end, bytes) = packed(*container, key, part);
        fs::write(to.join(format!("{at}.{end}")), bytes).expect("the folder takes files");
    }
    to.to_owned()
}

/// Duplicates are counted and their scopes hold more records; nothing else may differ.
fn without_copies(report: &Report) -> Value {
    let mut report: Value = serde_json::from_slice(&json::report(report)).expect("JSON");
    report["counts"]["records_read"] = Value::Null;
    report["counts"]["duplicates"] = Value::Null;
    for scope in report["coverage"]["scopes"].as_array_mut().expect("a list") {
        scope["records"] = Value::Null;
    }
    report
}

fn in_any_files(
    recorded: &'static Recorded,
    key: &str,
    order: &[usize],
    files: &[Container],
    choices: &[Index],
    again: &[Index],
) {
    let plain = tempfile::tempdir().expect("a temporary folder");
    let lines: Vec<&str> = recorded.lines.iter().map(String::as_str).collect();
    let one = split(plain.path(), key, &lines, &[Container::Lines], choices);
    let whole = run(begin(&recorded.case), &[one]);

    let other = tempfile::tempdir().expect("a temporary folder");
    let shuffled: Vec<&str> = order.iter().map(|place| lines[*place]).collect();
    let parts = split(other.path(), key, &shuffled, files, choices);
    assert!(json::report(&whole) == json::report(&run(begin(&recorded.case), &[parts])), "{files:?}");

    let third = tempfile::tempdir().expect("a temporary folder");
    let copies = again.iter().map(|index| lines[index.index(lines.len())]);
    let doubled: Vec<&str> = shuffled.iter().copied().chain(copies).collect();
    let parts = split(third.path(), key, &doubled, files, choices);
    let report = run(begin(&recorded.case), &[parts]);
    assert_eq!(report.counts.duplicates, again.len() as u64);
    assert_eq!(report.counts.records_read, whole.counts.records_read + again.len() as u64);
    assert_eq!(without_copies(&report), without_copies(&whole), "{files:?}");
}

/// Every event that a report cites, wherever it does.
fn cited(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| cited(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("event" | "deleted_event", Value::String(id)) => {
                        found.insert(id.clone());
                    }
                    // A count in `uses` and `credentials`.
                    ("events", Value::Array(ids)) => {
                        found.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    (_, value) => cited(value, found),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rests_on_evidence(recorded: &'static Recorded, places: &[usize]) {
    let report = recorded.report(recorded.at(places));
    let report: Value = serde_json::from_slice(&json::report(&report)).expect("JSON");
    let there: BTreeSet<String> = recorded.at(places).map(|event| event.id.to_string()).collect();
    let mut named = BTreeSet::new();
    cited(&report, &mut named);
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?} are cited and are not in the evidence");
    for section in ["credentials", "resources", "touched", "findings", "attempts", "grants"] {
        for row in report[section].as_array().expect("a list") {
            let has_event =
                row["event"].is_string() || row["events"].as_array().is_some_and(|ids| !ids.is_empty());
            // A session known by its use alone cites none; it was used. The seed was asked about.
            let is_used = section == "credentials" && (row["depth"] == 0 || row["used"] == true);
            assert!(has_event || is_used, "{section}: nothing shows {row}");
        }
    }
}

fn what_is_asked_for_is_enough(recorded: &'static Recorded, places: &[usize]) {
    let mut investigation = begin(&recorded.case);
    for place in places {
        let line = recorded.lines[*place].as_bytes();
        if read::head(line).expect("a record").kind == RecordKind::Abuse {
            recorded.events[*place].iter().for_each(|event| investigation.absorb(event.clone()));
        }
    }
    let mut passes = 0;
    while let Some(query) = investigation.wants() {
        passes += 1;
        assert!(passes <= 40, "it asks for ever");
        for place in places {
            if query.ids.iter().any(|id| recorded.lines[*place].contains(&**id)) {
                recorded.events[*place].iter().for_each(|event| investigation.absorb(event.clone()));
            }
        }
    }
    let asked = json::report(&investigation.report());
    let whole = json::report(&recorded.report(recorded.at(places)));
    if asked != whole {
        let (asked, whole) = (String::from_utf8_lossy(&asked), String::from_utf8_lossy(&whole));
        let at = asked.lines().zip(whole.lines()).take_while(|(asked, whole)| asked == whole).count();
        let around =
            |text: &str| text.lines().skip(at.saturating_sub(10)).take(20).collect::<Vec<_>>().join("\n");
        panic!("asked:\n{}\nwhole:\n{}", around(&asked), around(&whole));
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

proptest! {
    // As many as PROPTEST_CASES says, few by default: each case is a whole incident.
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn aws_events_tell_the_same_in_any_order(order in shuffled(&AWS), again in prop::collection::vec(any::<Index>(), 0..40)) {
        in_any_order(&AWS, &order, &again);
    }

    #[test]
    fn gcp_events_tell_the_same_in_any_order(order in shuffled(&GCP), again in prop::collection::vec(any::<Index>(), 0..40)) {
        in_any_order(&GCP, &order, &again);
    }

    #[test]
    fn aws_files_tell_the_same_however_split(
        order in shuffled(&AWS),
        files in prop::collection::vec(prop::sample::select(&CONTAINERS[..]), 1..6),
        choices in prop::collection::vec(any::<Index>(), 1..50),
        again in prop::collection::vec(any::<Index>(), 1..20),
    ) {
        in_any_files(&AWS, "Records", &order, &files, &choices, &again);
    }

    #[test]
    fn gcp_files_tell_the_same_however_split(
        order in shuffled(&GCP),
        files in prop::collection::vec(prop::sample::select(&CONTAINERS[..]), 1..6),
        choices in prop::collection::vec(any::<Index>(), 1..50),
        again in prop::collection::vec(any::<Index>(), 1..20),
    ) {
        in_any_files(&GCP, "entries", &order, &files, &choices, &again);
    }

    #[test]
    fn nothing_on_aws_is_said_without_an_event(places in some(&AWS)) {
        rests_on_evidence(&AWS, &places);
    }

    #[test]
    fn nothing_on_gcp_is_said_without_an_event(places in some(&GCP)) {
        rests_on_evidence(&GCP, &places);
    }

    #[test]
    fn what_is_asked_for_on_aws_is_enough(places in some(&AWS)) {
        what_is_asked_for_is_enough(&AWS, &places);
    }

    #[test]
    fn what_is_asked_for_on_gcp_is_enough(places in some(&GCP)) {
        what_is_asked_for_is_enough(&GCP, &places);
    }
}

#[test]
fn what_is_asked_for_is_enough_for_the_whole_story() {
    what_is_asked_for_is_enough(&AWS, &AWS.all());
    what_is_asked_for_is_enough(&GCP, &GCP.all());
}

/// Found by the property above: who else a role's sessions were minted for.
#[test]
fn what_is_asked_for_is_enough_where_a_service_minted_sessions_of_the_same_role() {
    what_is_asked_for_is_enough(&AWS, &[51, 83, 84, 241, 246, 259]);
}
