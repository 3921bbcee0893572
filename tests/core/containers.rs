//! Every container of `fixtures/formats/`, whole and broken, and inputs that want to hurt: what `cloud::unwrap` makes of them.

use crate::support::fixtures;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use triage::cloud::unwrap::{Limits, Shape, Unwrapped, unwrap};

/// Gives at most so many bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(self.1).min(buf.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn read_with(input: &mut dyn Read, limits: &Limits) -> (Vec<(u64, Vec<u8>)>, Unwrapped) {
    let mut records = Vec::new();
    let was = unwrap(input, limits, &mut |raw| {
        records.push((raw.line, raw.bytes.to_vec()));
        ControlFlow::Continue(())
    });
    assert_eq!(was.records, records.len() as u64);
    (records, was)
}

fn read(bytes: &[u8]) -> (Vec<(u64, Vec<u8>)>, Unwrapped) {
    read_with(&mut Pieces(bytes, usize::MAX), &Limits::default())
}

/// What the records of an input are called: the last sign of their id, or the JSON itself where they have none.
fn names(records: &[(u64, Vec<u8>)]) -> Vec<String> {
    let name = |v: &Value| {
        let id = ["eventID", "eventid", "insertId"].iter().find_map(|k| v[*k].as_str().map(str::to_owned))?;
        Some(if id.len() == 36 { id[7..8].to_owned() } else { id[6..].to_owned() })
    };
    records
        .iter()
        .map(|(_, bytes)| {
            let value: Value = serde_json::from_slice(bytes).expect("what is handed on is JSON");
            name(&value).unwrap_or_else(|| value.to_string())
        })
        .collect()
}

fn troubles(was: &Unwrapped) -> Vec<String> {
    was.troubles
        .iter()
        .map(|t| match &t.entry {
            Some(entry) => format!("{entry}:{}: {}", t.line, t.why),
            None => format!("{}: {}", t.line, t.why),
        })
        .collect()
}

/// Checks what an input yields, by name, and what is said of the rest of it; in one piece and in small ones.
#[track_caller]
fn check(bytes: &[u8], expect_records: &[&str], expect_troubles: &[&str]) -> Unwrapped {
    let (records, was) = read(bytes);
    assert_eq!(names(&records), expect_records, "records, of {:?}", was.shape);
    assert_eq!(troubles(&was), expect_troubles, "troubles");
    for size in [1, 7, 1000] {
        let (again, was_again) = read_with(&mut Pieces(bytes, size), &Limits::default());
        assert_eq!(again, records, "records, {size} bytes at a time");
        assert_eq!(was_again, was, "{size} bytes at a time");
    }
    was
}

#[track_caller]
fn check_file(name: &str, shape: &str, expect_records: &[&str], expect_troubles: &[&str]) {
    let bytes = std::fs::read(fixtures().join("formats").join(name)).expect("the fixture is there");
    let was = check(&bytes, expect_records, expect_troubles);
    let packed: Vec<&str> = was.packing.iter().copied().chain([was.shape.as_str()]).collect();
    assert_eq!(packed.join("+"), shape, "{name}");
}

const ALL: &[&str] = &["1", "2", "3"];

#[test]
fn cloudtrail_in_every_container() {
    check_file("aws-records.json", "records", ALL, &[]);
    check_file("aws-records-pretty.json", "records", ALL, &[]);
    check_file("aws-records-pages.json", "records", ALL, &[]);
    check_file("aws-records-bom.json", "records", ALL, &[]);
    check_file("aws-records-utf16.json", "utf16+records", ALL, &[]);
    check_file("aws-records.json.gz", "gzip+records", ALL, &[]);
    check_file("aws-records-members.json.gz", "gzip+records", ALL, &[]);
    check_file("aws-records.zip", "zip+gzip+records", ALL, &[]);
    check_file("aws-array.json", "array", ALL, &[]);
    check_file("aws-object.json", "object", &["1"], &[]);
    check_file("aws-lines.jsonl", "jsonl", ALL, &[]);
    check_file("aws-concatenated.json", "concatenated", ALL, &[]);
    check_file("aws-lookup-events.json", "lookup_events", ALL, &[]);
    check_file("aws-lookup-events.jsonl", "lookup_events", ALL, &[]);
    check_file("aws-cloudwatch-subscription.json", "cloudwatch", ALL, &[]);
    check_file("aws-cloudwatch-filter.json", "cloudwatch", ALL, &[]);
    check_file("aws-cloudwatch-export.log", "cloudwatch_lines", ALL, &[]);
    check_file("aws-stackdriver.jsonl", "stackdriver", ALL, &[]);
    check_file("aws-athena-unload.jsonl", "jsonl", ALL, &[]);
    check_file("aws-athena-console.csv", "csv", ALL, &[]);
    check_file("aws-insight.json", "records", &["1"], &[]);
}

#[test]
fn cloud_logging_in_every_container() {
    check_file("gcp-sink.jsonl", "jsonl", &["1", "2", "3", "9"], &[]);
    check_file("gcp-array.json", "array", ALL, &[]);
    check_file("gcp-entries.json", "entries", ALL, &[]);
    check_file("gcp-gcloud.yaml", "yaml", ALL, &[]);
    check_file("gcp-gcloud-list.yaml", "yaml", ALL, &[]);
    check_file("gcp-notes.md", "markdown", &["1", "2"], &[]);
}

#[test]
fn an_event_that_is_not_cloudtrails_is_handed_on_whole() {
    let bytes =
        std::fs::read(fixtures().join("formats/aws-eventbridge.jsonl")).expect("the fixture is there");
    let (records, was) = read(&bytes);
    assert_eq!(was.shape, Shape::EventBridge);
    let names = names(&records);
    assert_eq!((&names[..2], &names[3]), (&["1".to_owned(), "2".to_owned()][..], &"3".to_owned()));
    assert!(names[2].contains("EC2 Instance State-change Notification"), "{}", names[2]);
}

#[test]
fn what_is_broken_is_named_and_the_rest_is_used() {
    check_file("aws-records-empty.json", "records", &[], &[]);
    check_file("aws-records-cut-off.json", "records", &["1", "2"], &["57: cut off at the end of the file"]);
    check_file("aws-lines-crlf-garbage.jsonl", "jsonl", ALL, &["2: not JSON", "3: not whole JSON"]);
    check_file(
        "aws-records-corrupt.json.gz",
        "gzip+records",
        ALL,
        &["1: the rest could not be read: its checksum does not match: what was read of it may be damaged"],
    );
    check_file("aws-digest.json", "digest", &[], &["1: a CloudTrail digest, which holds no records"]);
    check_file(
        "aws-access-denied.xml",
        "page",
        &[],
        &["1: an error page (AccessDenied) where a log should be"],
    );
    check_file("prose.md", "text", &[], &[]);
}

#[test]
fn odd_ends_and_middles() {
    let e = |n| format!(r#"{{"eventVersion":"1.08","eventID":"0000000{n}-1111-4222-8333-444444444444"}}"#);
    let (a, b, c) = (e(1), e(2), e(3));
    // Nothing, in several ways.
    assert_eq!(check(b"", &[], &[]).shape, Shape::Empty);
    assert_eq!(check(b" \r\n\t", &[], &[]).shape, Shape::Empty);
    assert!(check(b"[]", &[], &[]).is_container);
    assert!(check(br#"{"Events":[]}"#, &[], &[]).is_container);
    // Commas between lines, none between elements, several pages on one line.
    check(format!("{a},\n{b},\n{c}\n").as_bytes(), ALL, &[]);
    check(format!("[{a}\n{b}\n{c}]").as_bytes(), ALL, &[]);
    check(format!(r#"{{"Records":[{a}]}}{{"Records":[]}}{{"Records":[{b},{c}]}}"#).as_bytes(), ALL, &[]);
    check(format!("[[{a},{b}],[{c}]]").as_bytes(), ALL, &[]);
    // Keys before and after the list, and a second list.
    check(format!(r#"{{"a":[1,{{}}],"Records":[{a},{b}],"z":"]}}","entries":[{c}]}}"#).as_bytes(), ALL, &[]);
    // A torn line takes nothing with it, not even when it leaves a value open.
    check(format!("{a}\n{{\"x\":\n{b}\n{c}\n").as_bytes(), ALL, &["2: not whole JSON"]);
    check(format!("{a}\n{{\"x\":[\n{b}\n{c}\n").as_bytes(), ALL, &["2: not whole JSON"]);
    check(format!("{a}\n{{\"x\":\"y\n{b}\n{c}").as_bytes(), ALL, &["2: not whole JSON"]);
    check(format!("{a}\n{b}\n{}", &c[..40]).as_bytes(), &["1", "2"], &["3: cut off at the end of the file"]);
    // Lines of something else, at the start and between.
    check(
        format!("Loading…\n[INFO] 3 events\n{a}\n---\nfoo: bar\n{b}\n{c}\n").as_bytes(),
        ALL,
        &["1: not JSON (up to line 2)", "4: not JSON (up to line 5)"],
    );
    // The head of a file is missing.
    check(
        format!("me\":\"x\"}},{a},{b},{c}]}}").as_bytes(),
        ALL,
        &["1: not JSON", "1: not JSON; nothing after it could be told apart"],
    );
    // A broken element in a list on one line.
    check(
        format!(r#"{{"Records":[{a},{{"b" 2}},{b},{c}]}}"#).as_bytes(),
        ALL,
        &["1: not whole JSON: skipped"],
    );
    check(
        format!("[{a},{b},{c}").as_bytes(),
        ALL,
        &["1: the list of records does not end: the file may be cut off"],
    );
    // NUL, control characters and what is not UTF-8 are passed on in a string.
    let (records, was) = read(b"{\"eventName\":\"a\0\x01\xff\"}\n");
    assert_eq!((records.len(), was.troubles.len()), (1, 0));
    assert_eq!(records[0].1, b"{\"eventName\":\"a\0\x01\xff\"}");
    // Scalars are handed on: that they are no records is for the reader to say.
    check(b"[1,\"a\",null,true,-2.5e3]", &["1", "\"a\"", "null", "true", "-2500.0"], &[]);
}

#[test]
fn lines_are_counted_where_a_record_starts() {
    let bytes =
        b"\n\n{\"Records\": [\n {\"a\":\n1},\n\n {\"b\":2}]}\n{\"data\":\n{\"Records\":[\n{\"c\":3}]}}\n";
    for size in [1, 3, 100] {
        let (records, _) = read_with(&mut Pieces(bytes, size), &Limits::default());
        let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 7, 10]);
    }
}

#[test]
fn a_string_of_json_must_be_whole() {
    check(
        br#"{"Events":[{"CloudTrailEvent":"{\"eventID\":"},{"CloudTrailEvent":7},{"CloudTrailEvent":"{\"k\":\"\\u00e9\\ud83d\\ude00\\n\"}"}]}"#,
        &["{\"k\":\"é😀\\n\"}"],
        &["1: what CloudTrailEvent holds is not whole JSON", "1: CloudTrailEvent is not a string of JSON"],
    );
    // A message that is no JSON is some other log's: the event is handed on for the reader to count.
    check(br#"{"logEvents":[{"message":"START"}]}"#, &[r#"{"message":"START"}"#], &[]);
}

#[test]
fn yaml_keeps_what_text_is_and_names_what_is_not_yaml() {
    let text = b"# from gcloud\ninsertId: 0123\nlogName: a\nn: 7\nbig: 8123456789012345678\nid: '42'\nat: 2026-02-03T04:05:06Z\n\
        no: no\nnone:\nf: 1.5\nv: 1.2.3\nb: &x {k: [1, true]}\nagain: *x\ntext: |\n  a\n   b\n---\ninsertId: 'unclosed\n---\ninsertId: abcdef2\n";
    let (records, was) = read(text);
    let first: Value = serde_json::from_slice(&records[0].1).expect("JSON");
    assert_eq!(
        first,
        json!({"insertId": "0123", "logName": "a", "n": 7, "big": "8123456789012345678", "id": "42",
            "at": "2026-02-03T04:05:06Z", "no": "no", "none": null, "f": 1.5, "v": "1.2.3",
            "b": {"k": [1, true]}, "again": {"k": [1, true]}, "text": "a\n b\n"})
    );
    assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 20]);
    assert_eq!(was.troubles.len(), 1);
    assert!(was.troubles[0].why.starts_with("not YAML: "), "{:?}", was.troubles);
    assert!((18..=19).contains(&was.troubles[0].line), "{:?}", was.troubles);
}

#[test]
fn aliases_do_not_make_a_bomb_of_yaml() {
    let mut text = "insertId: a\na0: &a0 [\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]\n".to_owned();
    for n in 1..20 {
        let last = format!("*a{}, ", n - 1).repeat(10);
        text += &format!("a{n}: &a{n} [{}]\n", last.trim_end_matches(", "));
    }
    let limits = Limits { record: 1 << 20, ..Limits::default() };
    let (records, was) = read_with(&mut text.as_bytes(), &limits);
    assert_eq!(records.len(), 0);
    assert_eq!(was.troubles[0].why, "an entry that is too long once its aliases are written out: skipped");
}

#[test]
fn csv_rows_become_objects() {
    let text = b"eventname,eventtime,useridentity,requestparameters,resources,readonly,eventid\r\n\
        CreateUser,2026-02-03T04:05:06Z,\"{type=IAMUser, arn=null, username=a, b}\",\"{\"\"userName\"\":\"\"x\"\"}\",\"[{arn=a, type=t}, {arn=b, type=u}]\",false,abcdefg\r\n\
        \r\n\"two\nlines\",,{broken,,,true,\r\nshort,row\r\n";
    let (records, was) = read(text);
    let values: Vec<Value> = records.iter().map(|(_, b)| serde_json::from_slice(b).expect("JSON")).collect();
    assert_eq!(
        values[0],
        json!({"eventname": "CreateUser", "eventtime": "2026-02-03T04:05:06Z",
            "useridentity": {"type": "IAMUser", "arn": null, "username": "a, b"}, "requestparameters": {"userName": "x"},
            "resources": [{"arn": "a", "type": "t"}, {"arn": "b", "type": "u"}], "readonly": false, "eventid": "abcdefg"})
    );
    assert_eq!(values[1], json!({"eventname": "two\nlines", "useridentity": "{broken", "readonly": true}));
    assert_eq!(records.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(troubles(&was), ["6: a row of 2 fields under 7 columns: skipped"]);
}

#[test]
fn an_archive_says_which_entry() {
    let bytes = std::fs::read(fixtures().join("formats/aws-records.zip")).expect("the fixture is there");
    // The checksum of the first entry, in its local header.
    let mut damaged = bytes.clone();
    damaged[14] ^= 1;
    check(&damaged, ALL, &["logs/a.json:0: its checksum does not match: what was read of it may be damaged"]);
    let mut cut = bytes.clone();
    cut.truncate(300);
    let (_, was) = read(&cut);
    assert!(was.troubles.iter().any(|t| t.why.contains("cannot be found")), "{:?}", was.troubles);
    // Encrypted: skipped, and the next one is read.
    let mut locked = bytes;
    locked[6] |= 1;
    check(&locked, &["2", "3"], &["logs/a.json:0: it is encrypted"]);
}

#[test]
fn formats_that_are_not_read_are_named() {
    for (bytes, why) in [
        (&b"\x28\xb5\x2f\xfd\0\0\0"[..], "zstd"),
        (b"PAR1\0\0\0\0", "Parquet"),
        (b"Obj\x01\0\0", "Avro"),
        (b"BZh91AY", "bzip2"),
    ] {
        let (records, was) = read(bytes);
        assert_eq!((records.len(), was.shape), (0, Shape::Binary));
        assert!(was.troubles[0].why.contains(why), "{:?}", was.troubles);
    }
}

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
fn bounded(test: &str, most: u64, work: fn()) {
    if std::env::var_os("TRIAGE_TEST_ALONE").is_none() {
        let peak = peak_of(test);
        assert!(peak < most, "{peak} bytes");
        return;
    }
    work();
    let status = std::fs::read_to_string("/proc/self/status").expect("it is there on Linux");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("it has a peak");
    println!("PEAK {}", peak.trim().trim_end_matches(" kB"));
}

#[cfg(not(target_os = "linux"))]
fn bounded(_test: &str, _most: u64, work: fn()) {
    work();
}

#[test]
fn a_record_of_200_mb_is_skipped_without_being_held() {
    bounded("containers::a_record_of_200_mb_is_skipped_without_being_held", 160 << 20, || {
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
    bounded("containers::a_gzip_bomb_is_given_up_with_what_came_before", 120 << 20, || {
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
    let start = std::time::Instant::now();
    for line in [
        "{\"a\":[\n",
        "{\"a\":[{},\n",
        "[[\n",
        "{\"a\":\"\\\n",
        "{\"Records\":[\n",
        "{\"eventVersion\":{\n",
        "\n- - -\n",
    ] {
        let text = line.repeat((4 << 20) / line.len());
        let (_, was) = read(text.as_bytes());
        assert!(was.troubles.len() <= 101);
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
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
