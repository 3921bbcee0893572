//! Every container of `fixtures/formats/`, whole and broken: what `cloud::unwrap` makes of it. Inputs that want to hurt are next door.

use crate::support::fixtures;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use triage::cloud::unwrap::{Limits, Shape, Unwrapped, unwrap};

pub type Records = Vec<(u64, Vec<u8>)>;

/// Gives at most so many bytes at a time.
pub struct Pieces<'a>(pub &'a [u8], pub usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(self.1).min(buf.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

pub fn read_with(input: &mut dyn Read, limits: &Limits) -> (Records, Unwrapped) {
    let mut records = Vec::new();
    let was = unwrap(input, limits, &mut |raw| {
        records.push((raw.line, raw.bytes.to_vec()));
        ControlFlow::Continue(())
    });
    assert_eq!(was.records, records.len() as u64);
    (records, was)
}

pub fn read(bytes: &[u8]) -> (Records, Unwrapped) {
    read_with(&mut Pieces(bytes, usize::MAX), &Limits::default())
}

/// What the records of an input are called: the last sign of their id, or the JSON itself where they have none.
pub fn names(records: &[(u64, Vec<u8>)]) -> Vec<String> {
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

pub fn troubles(was: &Unwrapped) -> Vec<String> {
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
fn an_archive_written_as_a_stream_is_read_without_its_directory() {
    // Its sizes follow the data, with or without a mark, of 4 or 8 bytes.
    let mut zip = Vec::new();
    let files = [
        ("notes", "Jul 10 it began.\n"),
        ("1", r#"{"eventID":"abcdef1"}"#),
        ("README", "Hi.\n"),
        ("2", r#"{"insertId":"abcdef2"}"#),
    ];
    for (n, (name, text)) in files.iter().enumerate() {
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(text.as_bytes()).expect("into memory");
        let data = deflate.finish().expect("into memory");
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        zip.extend(b"PK\x03\x04\x14\0\x08\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        zip.extend([name.len() as u8, 0, 0, 0]);
        zip.extend(name.as_bytes());
        zip.extend(&data);
        if n % 2 == 0 {
            zip.extend(b"PK\x07\x08");
        }
        zip.extend(crc.sum().to_le_bytes());
        for size in [data.len(), text.len()] {
            match n {
                0 | 1 => zip.extend((size as u32).to_le_bytes()),
                _ => zip.extend((size as u64).to_le_bytes()),
            }
        }
    }
    zip.extend(b"PK\x01\x02");
    let was = check(&zip, &["1", "2"], &["notes:0: no records in it"]);
    assert_eq!(was.shape, Shape::Object);
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
