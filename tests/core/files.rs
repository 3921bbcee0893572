//! Files, folders and patterns as a source: what is found, what is read, what is named.

use crate::support::fixtures;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::TempDir;
use triage::cloud::files::{FileSource, Input};
use triage::cloud::{LogSource, Query};
use triage::model::Gap;

const RECORDS: &str = r#"{"Records":[{"eventID":"a"},{"eventID":"b"}]}"#;

struct Read {
    shards: Vec<String>,
    records: usize,
    gaps: Vec<Gap>,
    inputs: Vec<Input>,
}

impl Read {
    /// `place: why`, with the temporary folder as `D`.
    fn gaps(&self, folder: &TempDir) -> Vec<String> {
        let folder = folder.path().to_str().expect("UTF-8");
        self.gaps.iter().map(|g| format!("{}: {}", g.place, g.why).replace(folder, "D")).collect()
    }

    fn files(&self, folder: &TempDir) -> Vec<String> {
        let folder = folder.path().to_str().expect("UTF-8");
        self.shards.iter().map(|s| s.replace(folder, "D")).collect()
    }
}

fn fetch_all(source: &FileSource, mut gaps: Vec<Gap>) -> Read {
    let query = Query::default();
    let mut records = 0;
    let shards = source.shards(&query);
    for shard in &shards {
        gaps.extend(source.fetch(shard, &mut |_| {
            records += 1;
            ControlFlow::Continue(())
        }));
    }
    Read {
        shards: shards.into_iter().map(|s| s.name.to_string()).collect(),
        records,
        gaps,
        inputs: source.inputs().collect(),
    }
}

fn read(paths: &[&str]) -> Read {
    let paths: Vec<String> = paths.iter().map(|p| (*p).to_owned()).collect();
    let (source, gaps) = FileSource::new(&paths);
    fetch_all(&source, gaps)
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(&folder, name, text);
    }
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("inside")).expect("made");
    fs::write(path, text).expect("written");
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("UTF-8").to_owned()
}

fn all(folder: &TempDir) -> Read {
    read(&[&path(folder, "")])
}

#[test]
fn a_folder_is_read_with_all_that_is_in_it_sorted() {
    let d = folder(&[
        ("z.json", RECORDS),
        ("a/b/c.json", RECORDS),
        ("a/.hidden", RECORDS),
        ("README.md", "# Hi\n"),
    ]);
    let was = all(&d);
    assert_eq!(was.files(&d), ["D/README.md", "D/a/.hidden", "D/a/b/c.json", "D/z.json"]);
    assert_eq!((was.records, was.gaps(&d).len()), (6, 0));
    let shapes: Vec<&str> = was.inputs.iter().map(|i| &*i.shape).collect();
    assert_eq!(shapes, ["text", "records", "records", "records"]);
}

#[test]
fn the_manifest_holds_what_lay_on_disk() {
    let name = "formats/aws-records.json.gz";
    let file = fixtures().join(name);
    let was = read(&[file.to_str().expect("UTF-8")]);
    let input = &was.inputs[0];
    assert_eq!((input.records, &*input.shape), (3, "gzip+records"));
    assert_eq!(input.size, fs::metadata(&file).expect("it is there").len());
    let expect = sha256_by_hand(&fs::read(&file).expect("it is there"));
    assert_eq!(input.sha256.as_deref(), Some(expect.as_str()));
    // Also of a file that is given up early.
    let d = folder(&[("x", &"not a log\n".repeat(100_000))]);
    let was = all(&d);
    assert_eq!(was.inputs[0].size, 1_000_000);
    assert_eq!(
        was.inputs[0].sha256.as_deref(),
        Some(sha256_by_hand(&fs::read(path(&d, "x")).expect("it is there")).as_str())
    );
}

fn sha256_by_hand(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn gaps_name_the_path_as_given_and_the_line() {
    let d =
        folder(&[("a.jsonl", "{\"a\":1}\n{\"b\":\n{\"c\":3}\n"), ("cut.json", r#"{"Records":[{"a":1},{"b"#)]);
    assert_eq!(
        all(&d).gaps(&d),
        ["D/a.jsonl:2: not whole JSON", "D/cut.json:1: cut off at the end of the file"]
    );
    // A relative path stays one: the tests run in the folder of the package.
    let was = read(&["fixtures/formats/aws-records-cut-off.json", "./fixtures/formats/aws-array.json"]);
    assert_eq!(
        was.shards,
        ["./fixtures/formats/aws-array.json", "fixtures/formats/aws-records-cut-off.json"]
    );
    assert_eq!(was.gaps[0].place, "fixtures/formats/aws-records-cut-off.json:57");
    // Inside an archive the entry is named.
    let zip = fs::read(fixtures().join("formats/aws-records.zip")).expect("it is there");
    let mut damaged = zip;
    damaged[14] ^= 1;
    fs::write(path(&d, "l.zip"), damaged).expect("written");
    let was = read(&[&path(&d, "l.zip")]);
    assert_eq!(was.gaps(&d).len(), 1);
    assert!(was.gaps(&d)[0].starts_with("D/l.zip!logs/a.json: its checksum"), "{:?}", was.gaps);
}

#[test]
fn what_is_no_log_is_named_unless_it_is_prose() {
    let d = folder(&[
        ("LICENSE", "Permission is hereby granted.\n"),
        ("PROVENANCE.md", "# Where this is from\n\n```sh\nls\n```\n"),
        ("notes.txt", "Jul 10 it began.\n"),
        ("SHA256SUMS", "00  a.json\n"),
        (".DS_Store", "\0\0\0\u{1}Bud1"),
        ("empty.json", ""),
        ("blank.json", " \n"),
        ("none.json", "{\"Records\":[]}\n"),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\n"),
        ("auth.log", "Jul 10 11:42 sshd: Accepted\n"),
        ("page.txt", "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>"),
        ("hidden.md", "\0\u{1}\u{2}"),
    ]);
    assert_eq!(
        all(&d).gaps(&d),
        [
            "D/auth.log: no records in it",
            "D/blank.json: it is empty",
            "D/empty.json: it is empty",
            "D/hidden.md: no records in it",
            "D/page.txt:1: an error page (NoSuchKey) where a log should be",
            "D/pod.yaml: no records in it",
        ]
    );
}

#[test]
fn a_path_that_names_nothing_is_a_gap() {
    let d = folder(&[("a.json", RECORDS)]);
    let was = read(&[&path(&d, "b.json"), &path(&d, "*.gz"), &path(&d, "[z-a"), ""]);
    assert_eq!(was.shards.len(), 0);
    assert_eq!(
        was.gaps(&d),
        [
            ": no such file or folder",
            "D/*.gz: nothing matches",
            "D/[z-a: not a pattern: invalid range pattern",
            "D/b.json: no such file or folder"
        ]
    );
}

#[test]
fn patterns_match_and_a_file_named_twice_is_read_once() {
    let d = folder(&[
        ("a.json", RECORDS),
        ("b.json", RECORDS),
        ("sub/c.json", RECORDS),
        ("odd[1].json", RECORDS),
    ]);
    assert_eq!(read(&[&path(&d, "?.json")]).files(&d), ["D/a.json", "D/b.json"]);
    assert_eq!(read(&[&path(&d, "**/c.json")]).files(&d), ["D/sub/c.json"]);
    assert_eq!(read(&[&path(&d, "s*")]).files(&d), ["D/sub/c.json"]);
    assert_eq!(read(&[&path(&d, "odd[1].json")]).files(&d), ["D/odd[1].json"]);
    let was = read(&[&path(&d, "a.json"), &path(&d, "./sub/../a.json"), &path(&d, "")]);
    assert_eq!((was.shards.len(), was.records), (4, 8));
}

#[test]
fn what_a_case_keeps_beside_its_evidence_is_no_log() {
    let files = [
        ("case.json", r#"{"schema":"triage.case/1","principal":{}}"#),
        ("report.json", "{}"),
        ("report-1.json", "{}"),
        ("plan-revoke.json", "{}"),
        ("plan-contain-2.json", "{}"),
        ("inputs.json", "{}"),
        ("inputs-12.json", "{}"),
        ("identities.json", "{}"),
        ("trusts.json", "{}"),
        ("queries.json", "{}"),
        ("proof.json", "{}"),
        ("swept.json", "{}"),
        ("changes.json", "{}"),
        ("journal.ndjson", "{}\n"),
        ("SHA256SUMS", "x"),
        ("index/0001.bin", "x"),
        ("inventory/x.json", "{}"),
        ("expect/report.json", "{}"),
        ("evidence/aws/report.json", RECORDS),
    ];
    let d = folder(&files);
    assert_eq!(all(&d).files(&d), ["D/evidence/aws/report.json"]);
    assert_eq!(read(&[&path(&d, "*")]).files(&d), ["D/evidence/aws/report.json"]);
    // Also further down, as in a folder of cases.
    let parent = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(&parent, &format!("one/{name}"), text);
    }
    assert_eq!(all(&parent).files(&parent), ["D/one/evidence/aws/report.json"]);
    // What somebody laid beside it is looked at.
    write(&parent, "one/report-of-march.json", RECORDS);
    assert_eq!(all(&parent).files(&parent), ["D/one/evidence/aws/report.json", "D/one/report-of-march.json"]);
    // The same names without a case are logs like any other.
    let d = folder(&[
        ("case.json", r#"{"schema":"other/1"}"#),
        ("report.json", RECORDS),
        ("inventory/a.json", RECORDS),
    ]);
    assert_eq!(all(&d).files(&d).len(), 3);
}

/// Every document that a command writes is known here.
#[test]
fn no_document_of_a_case_is_taken_for_a_log() {
    let d = folder(&[("case.json", r#"{"schema":"triage.case/1"}"#)]);
    let mut commands = Vec::new();
    for entry in fs::read_dir(crate::support::root().join("src/cli")).expect("the commands") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            commands.push(fs::read_to_string(&path).expect("text"));
        }
    }
    let mut stems: Vec<String> = Vec::new();
    for text in &commands {
        for (_, rest) in
            text.match_indices("write_document(").map(|(at, what)| text.split_at(at + what.len()))
        {
            let stem = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            stems.push(stem.expect("documents are named by a literal").to_owned());
        }
    }
    assert!(stems.len() >= 5, "{stems:?}");
    for stem in stems {
        write(&d, &format!("{stem}.json"), RECORDS);
        assert_eq!(all(&d).records, 0, "{stem}.json is taken for a log");
    }
}

#[test]
fn a_file_that_disappears_or_changes_is_named() {
    let d = folder(&[("a.json", RECORDS), ("b.json", RECORDS)]);
    let (source, gaps) = FileSource::new(&[path(&d, "")]);
    assert_eq!((source.about(), gaps.len()), ("2 files".to_owned(), 0));
    fs::remove_file(path(&d, "a.json")).expect("removed");
    let was = fetch_all(&source, gaps);
    assert_eq!((was.records, was.gaps(&d)), (2, vec!["D/a.json: no such file or folder".to_owned()]));
    write(&d, "b.json", r#"{"Records":[{"eventID":"c"}]}"#);
    let was = fetch_all(&source, Vec::new());
    assert!(
        was.gaps(&d).contains(&"D/b.json: it changed while it was being read".to_owned()),
        "{:?}",
        was.gaps
    );
}

#[test]
fn the_sink_may_stop_a_file_and_then_its_hash_is_not_known() {
    let d = folder(&[("a.json", RECORDS)]);
    let (source, _) = FileSource::new(&[path(&d, "")]);
    let shard = &source.shards(&Query::default())[0];
    let gaps = source.fetch(shard, &mut |_| ControlFlow::Break(()));
    let input = source.inputs().next().expect("it was read");
    assert_eq!((gaps.len(), input.records, input.sha256), (0, 1, None));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_not_followed_out_of_the_folder_nor_in_circles() {
        let outside = folder(&[("secret.json", RECORDS)]);
        let d = folder(&[("logs/a.json", RECORDS)]);
        let link = |to: &Path, name: &str| symlink(to, d.path().join(name)).expect("linked");
        link(&d.path().join("logs"), "logs/circle");
        link(Path::new("self"), "logs/self");
        link(Path::new("a.json"), "logs/same.json");
        link(&outside.path().join("secret.json"), "logs/out.json");
        link(outside.path(), "logs/out");
        link(Path::new("nowhere"), "logs/dangling");
        let was = read(&[&path(&d, "logs")]);
        assert_eq!((was.files(&d), was.records), (vec!["D/logs/a.json".to_owned()], 2));
        let gaps = was.gaps(&d);
        assert_eq!(gaps.len(), 4, "{gaps:?}");
        assert_eq!(gaps[0], "D/logs/dangling: a link that leads nowhere: no such file or folder");
        assert!(gaps[1].starts_with("D/logs/out: a link that leads out of the folder"), "{gaps:?}");
        assert!(gaps[2].starts_with("D/logs/out.json: a link that leads out of the folder"), "{gaps:?}");
        assert!(gaps[3].starts_with("D/logs/self: a link that leads nowhere"), "{gaps:?}");
        // One that the operator names is followed.
        assert_eq!(read(&[&path(&d, "logs/out.json"), &path(&d, "logs/out")]).records, 2);
    }

    #[test]
    fn a_pipe_is_named_and_never_waited_for() {
        let d = folder(&[("a.json", RECORDS)]);
        let pipe = path(&d, "pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(path(&d, "socket")).expect("bound");
        let was = all(&d);
        assert_eq!(was.files(&d), ["D/a.json"]);
        assert_eq!(
            was.gaps(&d),
            ["D/pipe: a named pipe, which is not opened", "D/socket: a socket, which is not opened"]
        );
        assert_eq!(read(&[&pipe, "/dev/null"]).gaps.len(), 2);
        // It may take the place of a file after that was found.
        let (source, _) = FileSource::new(&[path(&d, "a.json")]);
        fs::rename(&pipe, path(&d, "a.json")).expect("renamed");
        assert_eq!(fetch_all(&source, Vec::new()).gaps(&d), ["D/a.json: a named pipe, which is not opened"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_the_reason() {
        let d = folder(&[("a.json", RECORDS), ("locked/b.json", RECORDS)]);
        fs::set_permissions(path(&d, "a.json"), fs::Permissions::from_mode(0o000)).expect("set");
        fs::set_permissions(path(&d, "locked"), fs::Permissions::from_mode(0o000)).expect("set");
        let was = all(&d);
        // Root may read all the same.
        match fs::File::open(path(&d, "a.json")) {
            Ok(_) => assert_eq!((was.records, was.gaps.len()), (4, 0)),
            Err(_) => {
                assert_eq!(was.gaps(&d), ["D/locked: permission denied", "D/a.json: permission denied"])
            }
        }
        fs::set_permissions(path(&d, "locked"), fs::Permissions::from_mode(0o700)).expect("set");
        // A regular file whose first byte nobody may read, on Linux.
        #[cfg(target_os = "linux")]
        {
            let was = read(&["/proc/self/mem"]);
            assert_eq!((was.records, was.gaps.len()), (0, 1), "{:?}", was.gaps);
            assert!(was.gaps[0].why.starts_with("the rest could not be read: "), "{:?}", was.gaps);
            assert_eq!(was.inputs[0].sha256, None);
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_is_read_too() {
        use std::os::unix::ffi::OsStrExt;
        let d = folder(&[]);
        for name in [&b"a\xff.json"[..], b"a\xfe.json"] {
            fs::write(d.path().join(std::ffi::OsStr::from_bytes(name)), RECORDS).expect("written");
        }
        let was = all(&d);
        assert_eq!((was.shards.len(), was.records, was.gaps.len()), (2, 4, 0));
    }
}
