//! Audit entries that were too large and came in parts: joined in any order, over files and passes; what is missing is named.

use crate::support::fixtures;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use triage::analyze::Investigation;
use triage::case::Case;
use triage::cloud::files::FileSource;
use triage::collect::{self, Corpus, Keep};
use triage::model::{Gap, Provenance};
use triage::progress::Progress;
use triage::read::{self, Head, cloudaudit};
use triage::render::json as report_json;

struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

/// The part before and the part from `at` on, of a text in characters, of a list in elements, of an object in fields: as Google
/// cuts. What is not cut stands on one side alone.
fn cut(value: &Value, at: &mut dyn FnMut(usize) -> usize) -> (Option<Value>, Option<Value>) {
    match value {
        Value::String(text) => {
            let place = at(text.chars().count());
            let (one, other): (String, String) =
                (text.chars().take(place).collect(), text.chars().skip(place).collect());
            (Some(one.into()), Some(other.into()))
        }
        Value::Array(list) => {
            let place = at(list.len());
            let (mut one, mut other) = (Vec::new(), Vec::new());
            for (n, value) in list.iter().enumerate() {
                if n < place {
                    one.push(value.clone());
                    other.push(match value {
                        Value::String(_) => "".into(),
                        Value::Array(_) => json!([]),
                        Value::Object(_) => json!({}),
                        _ => Value::Null,
                    });
                } else {
                    other.push(value.clone());
                }
            }
            (Some(one.into()), Some(other.into()))
        }
        Value::Object(fields) => {
            let (mut one, mut other) = (Map::new(), Map::new());
            for (key, value) in fields {
                if key == "@type" {
                    one.insert(key.clone(), value.clone());
                    other.insert(key.clone(), value.clone());
                    continue;
                }
                let (before, after) = cut(value, at);
                one.extend(before.map(|value| (key.clone(), value)));
                other.extend(after.map(|value| (key.clone(), value)));
            }
            (Some(one.into()), Some(other.into()))
        }
        scalar => match at(1) {
            0 => (None, Some(scalar.clone())),
            _ => (Some(scalar.clone()), None),
        },
    }
}

/// An entry in two parts, cut where `at` says.
fn parts(entry: &Value, at: &mut dyn FnMut(usize) -> usize) -> [Value; 2] {
    let mut both = [entry.clone(), entry.clone()];
    for field in ["request", "response", "metadata"] {
        let Some(value) = entry["protoPayload"].get(field) else { continue };
        let (one, other) = cut(value, at);
        for (part, value) in both.iter_mut().zip([one, other]) {
            let payload = part["protoPayload"].as_object_mut().expect("a payload");
            match value {
                Some(value) => payload.insert(field.into(), value),
                None => payload.remove(field),
            };
        }
    }
    let id = entry["insertId"].as_str().expect("an id").to_owned();
    for (index, part) in both.iter_mut().enumerate() {
        part["insertId"] = format!("{id}-{index}").into();
        part["split"] = json!({"uid": format!("{id}+1"), "index": index, "totalSplits": 2});
    }
    // Proto3 leaves a zero out.
    both[0]["split"].as_object_mut().expect("an object").remove("index");
    both
}

fn joined(parts: &[Value]) -> Value {
    let texts: Vec<String> = parts.iter().map(Value::to_string).collect();
    let whole = cloudaudit::join(texts.iter().map(String::as_bytes)).expect("joins");
    serde_json::from_slice(&whole).expect("JSON")
}

#[test]
fn parts_are_joined_as_google_cuts_them() {
    let of = |index: u64, request: Value| {
        json!({"logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "insertId": format!("567-{index}"),
               "split": {"uid": "567+1", "index": index, "totalSplits": 3},
               "protoPayload": {"methodName": "m", "request": request}})
    };
    let whole = joined(&[
        of(0, json!({"@type": "t", "on": true, "text": "He", "list": ["foo", "ba"], "deep": {"a": 1}})),
        of(1, json!({"@type": "t", "text": "ll", "list": ["", "r", "baz"], "deep": {"b": "x"}})),
        of(2, json!({"text": "o", "number": 10, "deep": {"b": "y"}})),
    ]);
    assert_eq!(
        whole["protoPayload"]["request"],
        json!({"@type": "t", "on": true, "text": "Hello", "list": ["foo", "bar", "baz"], "number": 10,
               "deep": {"a": 1, "b": "xy"}})
    );
    assert_eq!((whole.get("split"), &whole["insertId"]), (None, &json!("567-0")));
    assert_eq!(whole["protoPayload"]["methodName"], "m", "what is in each part is not doubled");
}

#[test]
fn what_makes_no_sense_is_no_part() {
    let of = |split: Value| {
        let entry = json!({"logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "insertId": "1",
            "timestamp": "2026-03-14T02:10:01Z", "split": split,
            "protoPayload": {"serviceName": "s", "methodName": "m", "authenticationInfo": {}}});
        read::head(entry.to_string().as_bytes()).expect("readable").part.map(|part| (part.index, part.total))
    };
    assert_eq!(of(json!({"uid": "u", "index": 1, "totalSplits": 2})), Some((1, 2)));
    assert_eq!(of(json!({"uid": "u", "totalSplits": 2})), Some((0, 2)));
    for split in [
        json!({"uid": "u", "index": 2, "totalSplits": 2}),
        json!({"uid": "u", "index": 0, "totalSplits": 1}),
        json!({"uid": "u", "index": 0, "totalSplits": 4_000_000_000_u64}),
        json!({"uid": "u", "index": "x", "totalSplits": 2}),
        json!({"index": 0, "totalSplits": 2}),
        json!("u"),
    ] {
        assert_eq!(of(split.clone()), None, "{split}");
    }
    // One that is none and has not all that an entry needs is not read as if it were whole.
    let half = json!({"logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "insertId": "1", "timestamp": "2026-03-14T02:10:01Z",
        "split": {"uid": "u", "index": 7, "totalSplits": 2}, "protoPayload": {"response": {}}});
    let why = cloudaudit::read(half.to_string().as_bytes(), Provenance::default()).expect_err("unreadable").0;
    assert_eq!(why, "entry 8 of 2 of a split log entry, which is not whole by itself");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn however_it_is_cut_it_is_the_same_again(places in prop::collection::vec(any::<prop::sample::Index>(), 24)) {
        let request = json!({"@type": "t", "name": "ünïcödé vm", "disks": [{"size": 10, "labels": ["a", "bc"]}, {"boot": true}],
                             "metadata": {"items": [{"key": "startup-script", "value": "#!/bin/sh\ncurl"}]}, "none": null});
        let entry = json!({"logName": "l", "insertId": "1", "timestamp": "2026-03-14T02:10:01Z",
                           "protoPayload": {"request": request, "response": {"id": 7, "zone": "z"}}});
        let mut next = places.iter().cycle();
        let [one, other] = parts(&entry, &mut |len| next.next().expect("a cycle").index(len + 1));
        prop_assert_eq!(&joined(&[one, other])["protoPayload"], &entry["protoPayload"]);
    }
}

type Way = fn(
    &dyn triage::cloud::LogSource,
    &mut Investigation,
    &dyn Keep,
    &Progress,
    &AtomicBool,
) -> anyhow::Result<Corpus>;

fn report(way: Way, logs: &Path) -> (Value, Vec<Gap>) {
    let case = Case::open(&fixtures().join("scenarios/gcp-cryptojacking")).expect("the scenario");
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    let (source, gaps) = FileSource::new(&[logs.to_string_lossy().into_owned()]);
    assert_eq!(gaps, []);
    let stop = AtomicBool::new(false);
    let corpus = way(&source, &mut investigation, &Nowhere, &Progress::default(), &stop).expect("collects");
    collect::tell(&mut investigation, &corpus);
    // Parts have ids and a count of their own; all else is the entry's.
    let text =
        String::from_utf8(report_json::report(&investigation.report())).expect("UTF-8").replace("-0\"", "\"");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    for part in ["coverage", "inputs", "gaps"] {
        report.as_object_mut().expect("an object").remove(part);
    }
    for count in ["records_read", "duplicates"] {
        report["counts"].as_object_mut().expect("an object").remove(count);
    }
    (report, corpus.gaps)
}

/// The recorded story's entries.
fn entries() -> Vec<Value> {
    let mut all = Vec::new();
    let mut folders = vec![fixtures().join("scenarios/gcp-cryptojacking/evidence")];
    while let Some(folder) = folders.pop() {
        let mut inside: Vec<_> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        inside.sort();
        for path in inside {
            match path.is_dir() {
                true => folders.push(path),
                false => all.extend(
                    fs::read_to_string(path)
                        .expect("text")
                        .lines()
                        .map(|line| serde_json::from_str(line).expect("JSON")),
                ),
            }
        }
    }
    all
}

fn write(folder: &Path, name: &str, lines: &[String]) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join(name), lines.join("\n")).expect("a file");
}

#[test]
fn a_story_in_parts_is_the_same_story() {
    let all = entries();
    let folder = tempfile::tempdir().expect("a folder");
    let texts: Vec<String> = all.iter().map(Value::to_string).collect();
    write(&folder.path().join("whole"), "all.jsonl", &texts);
    let (mut first, mut later, mut number) = (Vec::new(), Vec::new(), 0);
    for entry in &all {
        let payload = &entry["protoPayload"];
        let is_large = payload["request"].is_object() || payload["response"].is_object();
        if !is_large || entry["insertId"].is_null() {
            first.push(entry.to_string());
            continue;
        }
        number += 1;
        // Everything whole on one side or the other, and cut in the middle; a copy in another file is cut alike.
        let id = entry["insertId"].to_string().bytes().map(u64::from).sum::<u64>();
        let [one, other] = parts(entry, &mut |len| match id % 3 {
            0 => 0,
            1 => len,
            _ => len / 2,
        });
        let (one, other) = (one.to_string(), other.to_string());
        let (here, there) = if number % 2 == 0 { (one, other) } else { (other, one) };
        first.push(here);
        later.insert(0, there);
    }
    assert!(number > 20, "only {number} entries have anything to cut");
    write(&folder.path().join("split"), "b.jsonl", &first);
    write(&folder.path().join("split"), "a.jsonl", &later);
    write(&folder.path().join("turned"), "a.jsonl", &first);
    write(&folder.path().join("turned"), "b.jsonl", &later);
    let (whole, gaps) = report(collect::collect, &folder.path().join("whole"));
    for way in [collect::collect as Way, collect::collect_by_passes] {
        for name in ["split", "turned"] {
            let (again, its) = report(way, &folder.path().join(name));
            for (part, whole) in whole.as_object().expect("an object") {
                let first = |one: &Value, other: &Value| match (one.as_array(), other.as_array()) {
                    (Some(one), Some(other)) => {
                        one.iter().find(|row| !other.contains(row)).map(Value::to_string).unwrap_or_default()
                    }
                    _ => one.to_string(),
                };
                let (new, old) = (&again[part], whole);
                assert!(new == old, "{name}: {part}: {} != {}", first(new, old), first(old, new));
            }
            assert_eq!(its.len(), gaps.len(), "{name}: {its:?}");
        }
    }
}

#[test]
fn what_is_missing_is_named_and_the_rest_is_read() {
    let case = Case::open(&fixtures().join("scenarios/gcp-cryptojacking")).expect("the scenario");
    let leaked = case.file.principal.id.to_string();
    let key = entries()
        .into_iter()
        .find(|entry| {
            let payload = &entry["protoPayload"];
            payload["response"].is_object()
                && entry["insertId"].is_string()
                && payload["authenticationInfo"].to_string().contains(&leaked)
        })
        .expect("the leaked key does something in the story");
    let [one, other] = parts(&key, &mut |_| 0);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, part, missing) in [("head", one, "part 2 of 2"), ("tail", other, "part 1 of 2")] {
        write(&folder.path().join(name), "part.jsonl", &[part.to_string()]);
        let mut told = Vec::new();
        for way in [collect::collect as Way, collect::collect_by_passes] {
            let (report, gaps) = report(way, &folder.path().join(name));
            assert_eq!(gaps.len(), 1, "{gaps:?}");
            assert_eq!(gaps[0].why, format!("{missing} of a split log entry can't be found"));
            assert!(gaps[0].place.ends_with("part.jsonl:1"), "{}", gaps[0].place);
            told.push(report);
        }
        assert_eq!(told[0], told[1]);
        // Who did it stands in each part; what came of it in the last.
        assert_eq!(told[0]["counts"]["events_of_principal"], 1, "{name}");
    }
}
