//! Inputs that want to hurt, and any input at all: what `cloud::unwrap` takes without harm.

use crate::containers::{Pieces, read, read_with, troubles};
use crate::support::{fixtures, takes_its_time_and_not_its_square};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use triage::cloud::unwrap::{Limits, unwrap};

#[test]
fn nesting_has_a_limit_and_what_follows_is_read() {
    let nest = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let record = |n: usize| format!(r#"{{"a":{}}}"#, nest(n - 1));
    let deep = format!("{}\n{}\n{{\"b\":2}}\n", record(128), record(129));
    let (records, was) = read(deep.as_bytes());
    assert_eq!(
        (records.len(), troubles(&was)),
        (2, vec!["2: a record nested more than 128 levels deep: skipped".into()])
    );
    let packed = format!(r#"{{"Records":[{},{{"b":2}}]}}"#, record(100_000));
    let (records, was) = read(packed.as_bytes());
    assert_eq!((records.len(), was.troubles.len()), (1, 1));
    // Never closed: it ends where the next line starts a record.
    let open = format!("{}\n{{\"b\":2}}\n{{\"c\":3}}\n", "{\"a\":".repeat(100_000));
    let (records, was) = read(open.as_bytes());
    assert_eq!((records.len(), was.troubles.len()), (2, 1), "{:?}", was.troubles);
    let yaml = format!("insertId: a\nx: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(read(yaml.as_bytes()).1.troubles.len(), 1);
}

/// `head`, then a filling without end, then `tail`: an input too long to lie anywhere.
struct Long {
    head: &'static [u8],
    filling: u8,
    left: u64,
    tail: &'static [u8],
}

impl Read for Long {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(buf);
        }
        if self.left == 0 {
            return self.tail.read(buf);
        }
        let n = self.left.min(buf.len() as u64) as usize;
        buf[..n].fill(self.filling);
        self.left -= n as u64;
        Ok(n)
    }
}

/// Runs a test of this file by itself in a process of its own, and returns how much memory that took at most, in bytes.
#[cfg(target_os = "linux")]
fn peak_of(test: &str) -> u64 {
    let me = std::env::current_exe().expect("the test binary has a path");
    let out = std::process::Command::new(me)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env("TRIAGE_TEST_ALONE", "1")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    let peak =
        text.lines().find_map(|l| l.split("PEAK ").nth(1)).unwrap_or_else(|| panic!("no peak in {text}"));
    peak.trim().parse::<u64>().expect("a number") * 1024
}

#[cfg(target_os = "linux")]
pub fn bounded(test: &str, most: u64, work: fn()) {
    if std::env::var_os("TRIAGE_TEST_ALONE").is_none() {
        let peak = peak_of(test);
        // The SDKs' own tables are in memory as soon as the program is.
        let most = if cfg!(feature = "aws") { most + (48 << 20) } else { most };
        assert!(peak < most, "{peak} bytes");
        return;
    }
    work();
    let status = std::fs::read_to_string("/proc/self/status").expect("it is there on Linux");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("it has a peak");
    println!("PEAK {}", peak.trim().trim_end_matches(" kB"));
}

#[cfg(not(target_os = "linux"))]
pub fn bounded(_test: &str, _most: u64, work: fn()) {
    work();
}

#[test]
fn a_record_of_200_mb_is_skipped_without_being_held() {
    bounded("hostile::a_record_of_200_mb_is_skipped_without_being_held", 192 << 20, || {
        for (head, tail) in [
            (&b"{\"Records\":[{\"a\":1},\n{\"x\":\""[..], &b"\"},{\"b\":\"]\"}]}"[..]),
            (b"{\"a\":1}\n{\"x\":\"", b"\"}\n{\"b\":2}\n"),
        ] {
            let mut input = Long { head, filling: b'x', left: 200_000_000, tail };
            let (records, was) = read_with(&mut input, &Limits::default());
            assert_eq!(records.len(), 2);
            assert_eq!(
                troubles(&was),
                ["2: a record of 200000008 bytes, more than the 67108864 that are read of one: skipped"]
            );
        }
        // The same without an end, and as YAML and CSV.
        for (head, line) in [
            (&b"{\"a\":1}\n{\"x\":\""[..], 2),
            (b"insertId: 'x", 1),
            (b"eventname,eventtime\na,b\n\"", 3),
            (b"# Notes\n```json\n{\"eventName\":\"", 3),
        ] {
            let mut input = Long { head, filling: b'x', left: 100_000_000, tail: b"" };
            let (records, was) = read_with(&mut input, &Limits::default());
            assert!(records.len() <= 1);
            assert_eq!(was.troubles.iter().map(|t| t.line).collect::<Vec<_>>(), [line], "{:?}", was.troubles);
        }
    });
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).expect("into memory");
    out.finish().expect("into memory")
}

/// A head and then the same gzip member again and again.
struct Members {
    head: Vec<u8>,
    member: Vec<u8>,
    left: u64,
    at: usize,
}

impl Read for Members {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.head.len() && self.left > 0 {
            self.left -= 1;
            self.head.clone_from(&self.member);
            self.at = 0;
        }
        let n = (&self.head[self.at..]).read(buf)?;
        self.at += n;
        Ok(n)
    }
}

#[test]
fn a_gzip_bomb_is_given_up_with_what_came_before() {
    bounded("hostile::a_gzip_bomb_is_given_up_with_what_came_before", 120 << 20, || {
        let bomb = || Members {
            head: gzip(b"{\"Records\":[{\"a\":1},"),
            member: gzip(&vec![b' '; 4 << 20]),
            left: 1_000_000,
            at: 0,
        };
        // Four thousand gibibytes, were it not given up.
        let limits = Limits { barren: 64 << 20, ..Limits::default() };
        let (records, was) = read_with(&mut bomb(), &limits);
        assert_eq!(records.len(), 1);
        assert_eq!(was.troubles.len(), 1);
        assert!(was.troubles[0].why.contains("taken for a bomb"), "{:?}", was.troubles);
        let limits = Limits { total: 64 << 20, ..Limits::default() };
        let (records, was) = read_with(&mut bomb(), &limits);
        assert_eq!((records.len(), was.troubles.len()), (1, 1));
        assert!(was.troubles[0].why.contains("more than 67108864 bytes"), "{:?}", was.troubles);
        // Packed twice it goes beyond what deflate alone can do.
        let twice = gzip(&gzip(&vec![b' '; 64 << 20]));
        let limits = Limits { ratio_from: 16 << 20, ..Limits::default() };
        let (_, was) = read_with(&mut twice.as_slice(), &limits);
        assert!(was.troubles[0].why.contains("more than 1100 to 1"), "{:?}", was.troubles);
        let four = (0..4).fold(b"{}".to_vec(), |b, _| gzip(&b));
        assert_eq!(troubles(&read(&four).1), ["0: packed more than 3 times over"]);
    });
}

#[test]
fn garbage_does_not_fill_the_report() {
    let text = format!("{{\"a\":1}}\n{}", "x\n{\"b\":2}\n".repeat(5000));
    let (records, was) = read(text.as_bytes());
    assert_eq!((records.len(), was.troubles.len()), (5001, 101));
    assert_eq!(was.troubles[100].why, "4900 more places could not be read");
}

#[test]
fn hostile_lines_do_not_make_it_slow() {
    // Each line opens what only the end could close, so each would be gone through to the end.
    for line in [
        "{\"a\":[\n",
        "{\"a\":[{},\n",
        "[[\n",
        "{\"a\":\"\\\n",
        "{\"Records\":[\n",
        "{\"eventVersion\":{\n",
        "{\"eventVersion\" [",
        "[{\"b\" [,",
        "\n- - -\n",
    ] {
        takes_its_time_and_not_its_square(line, 1 << 20, |size| {
            let text = line.repeat(size / line.len());
            let (_, was) = read(text.as_bytes());
            assert!(was.troubles.len() <= 101);
        });
    }
}

#[test]
fn the_sink_may_stop_it() {
    let mut seen = 0;
    let was = unwrap(&mut &b"{\"Records\":[{},{},{}]}"[..], &Limits::default(), &mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((seen, was.records, was.stopped, was.troubles.len()), (2, 2, true, 0));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // serde_json does not read every float back to the last bit, so only such that it does.
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        ".{0,12}".prop_map(Value::from),
        "[\"\\\\{}\\[\\],:\n é]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\{]{0,9}", inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// A record as far as containers go: what is inside is anything.
fn record() -> impl Strategy<Value = Value> {
    any_json().prop_map(|v| json!({"eventVersion": "1.08", "eventName": "X", "requestParameters": v}))
}

const CONTAINERS: usize = 12;

/// Writes records as a container does, compact or pretty.
fn wrap(kind: usize, records: &[Value], pretty: bool) -> Vec<u8> {
    let text = |v: &Value| {
        if pretty { serde_json::to_string_pretty(v).expect("JSON") } else { v.to_string() }
    };
    let lines =
        |f: &dyn Fn(&Value) -> Value| -> String { records.iter().map(|r| f(r).to_string() + "\n").collect() };
    let lookup = |r: &Value| json!({"EventId": "x", "CloudTrailEvent": r.to_string(), "Resources": []});
    let event =
        |r: &Value| json!({"source": "aws.iam", "detail": r, "detail-type": "AWS API Call via CloudTrail"});
    let message = |r: &Value| json!({"timestamp": 1, "message": r.to_string()});
    let all = |f: &dyn Fn(&Value) -> Value| records.iter().map(f).collect::<Vec<_>>();
    let half = records.len() / 2;
    match kind {
        0 => text(&json!({"Records": records})).into(),
        1 => text(&Value::from(records)).into(),
        2 => lines(&Value::clone).into(),
        3 => lines(&Value::clone).replace('\n', "\r\n").into(),
        4 => records.iter().map(text).collect::<String>().into(),
        5 => text(&json!({"NextToken": "x", "Events": all(&lookup), "z": {}})).into(),
        6 => lines(&lookup).into(),
        7 => lines(&event).into(),
        8 => text(&json!({"logGroup": "g", "logEvents": all(&message)})).into(),
        9 => lines(&|r| json!({"insertId": "x", "jsonPayload": r})).into(),
        10 => gzip(&wrap(0, records, pretty)),
        _ => {
            let mut pages = wrap(0, &records[..half], pretty);
            pages.extend(wrap(0, &records[half..], pretty));
            pages
        }
    }
}

fn values(records: &[(u64, Vec<u8>)]) -> Vec<Value> {
    records.iter().map(|(_, b)| serde_json::from_slice(b).expect("JSON")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_records_in_any_container_come_out_as_they_went_in(
        records in prop::collection::vec(record(), 0..6),
        kind in 0..CONTAINERS,
        pretty: bool,
        piece in prop_oneof![1..40usize, Just(usize::MAX)],
    ) {
        let bytes = wrap(kind, &records, pretty);
        let (found, was) = read_with(&mut Pieces(&bytes, piece), &Limits::default());
        prop_assert_eq!(&was.troubles, &vec![]);
        prop_assert_eq!(values(&found), records);
    }

    #[test]
    fn objects_are_cut_where_serde_cuts_them(
        objects in prop::collection::vec(prop::collection::btree_map("[b-z]{1,6}", any_json(), 0..5), 1..6),
        blanks in prop::collection::vec("[ \n\r\t]{0,3}", 6),
        piece in 1..40usize,
    ) {
        let text: String = objects.iter().zip(&blanks).map(|(o, b)| serde_json::to_string(o).expect("JSON") + b).collect();
        let mut expect = Vec::new();
        let stream = serde_json::Deserializer::from_str(&text).into_iter::<&serde_json::value::RawValue>();
        for raw in stream {
            expect.push(raw.expect("JSON").get().to_owned());
        }
        let (found, _) = read_with(&mut Pieces(text.as_bytes(), piece), &Limits::default());
        let found: Vec<String> = found.into_iter().map(|(_, b)| String::from_utf8(b).expect("UTF-8")).collect();
        prop_assert_eq!(found, expect);
    }

    #[test]
    fn a_line_of_garbage_costs_nothing_but_itself(
        records in prop::collection::vec(record(), 1..6),
        at in any::<prop::sample::Index>(),
        garbage in "[^\n]{1,30}",
        cut in any::<prop::sample::Index>(),
        tear: bool,
    ) {
        let mut lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let torn = &lines[at.index(lines.len())];
        let garbage = if tear {
            torn.chars().take(1 + cut.index(torn.chars().count() - 1)).collect()
        } else {
            format!("x{garbage}")
        };
        lines.insert(at.index(lines.len()), garbage);
        let (found, was) = read((lines.join("\n") + "\n").as_bytes());
        prop_assert_eq!(values(&found), records);
        prop_assert_eq!(was.troubles.len(), 1);
        prop_assert_eq!(was.troubles[0].line, at.index(lines.len() - 1) as u64 + 1);
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1..50usize) {
        read_with(&mut Pieces(&bytes, piece), &Limits::default());
    }

    #[test]
    fn text_of_signs_does_no_harm(
        text in "([\\[\\]{}:,\" \n\t'|>&*?!%@`#~-]|- |: |---\n|```\n|insertId: |eventname,eventtime\n|\\{\"Records\":\\[|\\{\"eventVersion\"|1|a){0,60}",
        piece in 1..50usize,
    ) {
        let (found, was) = read_with(&mut Pieces(text.as_bytes(), piece), &Limits::default());
        let whole = read(text.as_bytes());
        prop_assert_eq!((found, was), whole);
    }

    #[test]
    fn a_container_that_was_tampered_with_does_no_harm(
        records in prop::collection::vec(record(), 1..4),
        kind in 0..CONTAINERS,
        pretty: bool,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = wrap(kind, &records, pretty);
        for (at, how, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let whole = read(&bytes);
        let (found, was) = read_with(&mut Pieces(&bytes, 11), &Limits::default());
        prop_assert_eq!((found, was), whole);
    }

    #[test]
    fn a_fixture_that_was_tampered_with_does_no_harm(
        which in prop::sample::select(vec![
            "aws-records.zip", "aws-records.json.gz", "aws-records-utf16.json", "aws-athena-console.csv", "gcp-gcloud.yaml",
            "gcp-gcloud-list.yaml", "gcp-notes.md", "aws-cloudwatch-export.log",
        ]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(fixtures().join("formats").join(which)).expect("the fixture is there");
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let whole = read(&bytes);
        let (found, was) = read_with(&mut Pieces(&bytes, 11), &Limits::default());
        prop_assert_eq!((found, was), whole);
    }
}
