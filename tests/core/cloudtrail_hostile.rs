//! The CloudTrail reader against mutations, garbage, depth and size, and against real recordings where they lie at hand.

use crate::cloudtrail::{changed, read_raw, record};
use crate::support::{fixtures, shared};
use proptest::prelude::*;
use serde_json::{Value, json};
use triage::read::cloudtrail::head;
use triage::read::{Head, RecordKind, Unreadable};

#[test]
fn depth_and_size_are_no_way_in() {
    let deep = |levels: usize| {
        let nested = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let plain = String::from_utf8(record(|json| json["requestParameters"] = json!("HERE"))).unwrap();
        plain.replace("\"HERE\"", &nested).into_bytes()
    };
    assert!(read_raw(&deep(100)).is_ok());
    // The light look does not descend, so coverage still counts the record that the full parse must refuse.
    for levels in [1_000, 1_000_000] {
        assert!(head(&deep(levels)).unwrap().is_some());
        let why = read_raw(&deep(levels)).unwrap_err().0;
        assert!(why.starts_with("its JSON is malformed or nested too deep"), "{why}");
    }
    // JSON within JSON text adds one more nesting, never more.
    let text = deep(120);
    let folded = record(|json| json["requestParameters"] = json!(String::from_utf8(text).unwrap()));
    assert!(read_raw(&folded).is_ok());
    let huge = changed(|json| json["userAgent"] = json!("\u{1b}[2J\u{202e}\n".repeat(200_000)));
    assert_eq!(
        huge.user_agent.unwrap().len(),
        "\u{1b}[2J\u{202e}\n".len() * 200_000,
        "texts are kept exactly"
    );
}

/// What a hostile or broken exporter may put in a field's place.
fn oddity(which: u8) -> Value {
    match which % 10 {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(""),
        4 => json!(-1.5e300),
        5 => (0..90).fold(json!(1), |inner, _| json!([inner])),
        6 => json!("HIDDEN_DUE_TO_SECURITY_REASONS"),
        7 => json!("{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": 3}]}"),
        8 => json!("ä\u{0}%E2%"),
        _ => json!({"items": {"item": [{"member": [null, "x"]}]}}),
    }
}

/// Every place in a JSON value, as pointers.
fn places(json: &Value, here: &str, out: &mut Vec<String>) {
    out.push(here.to_owned());
    match json {
        Value::Object(map) => {
            for (key, value) in map {
                places(value, &format!("{here}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| places(value, &format!("{here}/{n}"), out))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn all_fixtures() -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(fixtures().join("events/aws"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect()
}

proptest! {
    #[test]
    fn mutated_records_are_read_or_refused(pick in any::<prop::sample::Index>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let fixtures = all_fixtures();
        let mut json = pick.get(&fixtures).clone();
        for (place, which) in changes {
            let mut pointers = Vec::new();
            places(&json, "", &mut pointers);
            *json.pointer_mut(place.get(&pointers).as_str()).unwrap() = oddity(which);
        }
        let raw = json.to_string();
        let looked = head(raw.as_bytes());
        if let Ok(event) = read_raw(raw.as_bytes()) {
            let head = looked.unwrap().unwrap();
            prop_assert_eq!(head.identity, event.identity);
            prop_assert_eq!(head.at, Some(event.at));
            prop_assert!(event.outcome.is_success() || event.facts.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read_raw(&raw).is_err());
    }

    #[test]
    fn a_torn_record_is_refused(cut in any::<prop::sample::Index>()) {
        let raw = record(|_| ());
        let end = cut.index(raw.len());
        prop_assert_eq!(head(&raw[..end]), Err(Unreadable("it is cut off".into())));
    }
}

/// With TRIAGE_SHARED_DATA naming a folder of real recordings: every record in its `aws/` is read, or named.
#[test]
fn real_recordings_are_read_or_named() {
    let Some(folder) = shared() else { return };
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut files = vec![folder.join("aws")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain)
                .unwrap();
            bytes = plain;
        }
        for json in serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>().map_while(Result::ok) {
            count(&json, &mut counts);
        }
    }
    let found: Vec<(&str, usize)> = counts.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    // Counted over the same files by another program; the 27 are samples trimmed or masked by their publishers.
    assert_eq!(
        found,
        [("insight", 1), ("it has no eventTime", 11), ("its eventTime is no time", 16), ("read", 4574)]
    );
}

/// Reads every object that names an event, wherever an export wraps it.
fn count(json: &Value, counts: &mut std::collections::BTreeMap<String, usize>) {
    let mut add = |what: String| *counts.entry(what).or_default() += 1;
    match json {
        Value::Object(map) if map.keys().any(|key| key == "eventName" || key == "insightDetails") => {
            let raw = json.to_string();
            match head(raw.as_bytes()) {
                Ok(Some(Head { kind: RecordKind::CloudTrail, .. })) => match read_raw(raw.as_bytes()) {
                    Ok(_) => add("read".to_owned()),
                    Err(why) => add(why.0),
                },
                Ok(Some(head)) => add(head.source.to_owned()),
                Ok(None) => add("foreign".to_owned()),
                Err(why) => add(why.0),
            }
        }
        Value::Object(map) => map.values().for_each(|value| count(value, counts)),
        Value::Array(list) => list.iter().for_each(|value| count(value, counts)),
        Value::String(text) if text.starts_with('{') => {
            if let Ok(inner) = serde_json::from_str(text) {
                count(&inner, counts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
