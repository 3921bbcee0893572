//! Evidence on disk: exact, bounded, inside the case, and never half of it in silence.

use crate::case::{files, gunzip, meta, save};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use triage::case::{Case, GzLines, Saved, one_line, safe_component, told};
use triage::model::Provider;

/// A disk with room for so many bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes.len().min(self.0) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            room => {
                self.0 -= room;
                Ok(room)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_and_never_an_end() {
    for room in [1, 10, 30, 1000, 100_000] {
        let mut lines = GzLines::new(Disk(room));
        // Noise, so that it can't be packed into the room.
        let mut noise = 1u64;
        let mut line = || {
            noise = noise.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            format!("{{\"id\":\"{noise:x}\"}}")
        };
        let written = (0..20_000).try_for_each(|_| lines.write_line(line().as_bytes()));
        let ended = written.and_then(|()| lines.finish().map(drop));
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull, "{room} bytes");
    }
    let mut lines = GzLines::new(Disk(1000));
    lines.write_line(b"{}").unwrap();
    assert!(lines.finish().is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn the_systems_own_full_disk_is_told_as_such() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut lines = GzLines::new(full);
    let error = lines.write_line(b"{}").and_then(|()| lines.finish().map(drop)).unwrap_err();
    assert!(told("write", Path::new("x.gz"), error).to_string().contains("hint: free some space"));
}

#[test]
fn any_name_is_one_file_name() {
    for (name, expect) in [
        ("111122223333", "111122223333"),
        ("us-east-1", "us-east-1"),
        ("acme-build", "acme-build"),
        ("example.com:acme", "example.com%3Aacme"),
        ("folders/123", "folders%2F123"),
        ("", "_"),
        ("_", "%5F"),
        ("_x", "_x"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "%2E%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("a..b", "a.%2Eb"),
        ("a.", "a%2E"),
        ("../../etc/passwd", "%2E%2E%2F.%2E%2Fetc%2Fpasswd"),
        ("..\\x", "%2E%2E%5Cx"),
        ("a\0b\nc\u{1b}", "a%00b%0Ac%1B"),
        ("\u{202e}x", "%E2%80%AEx"),
        ("a b~%", "a%20b%7E%25"),
    ] {
        assert_eq!(safe_component(name), expect, "{name:?}");
    }
    let long = safe_component(&"x".repeat(5000));
    assert!(long.len() <= 160 && long.starts_with("xxx") && long.contains('~'), "{long}");
    assert_ne!(long, safe_component(&"x".repeat(5001)));
}

#[test]
fn no_two_names_meet_and_none_leaves_its_folder() {
    use proptest::prelude::*;
    let name = prop_oneof![any::<String>(), "[./\\\\~%_a]{0,8}", "[a./]{150,200}"];
    proptest!(ProptestConfig::with_cases(1024), |(a in name.clone(), b in name)| {
        let safe = safe_component(&a);
        prop_assert!(!safe.is_empty() && safe.len() <= 160 && !safe.starts_with('.') && !safe.contains(".."));
        prop_assert!(safe.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b'\\' && b != b':'));
        prop_assert_eq!(a == b, safe == safe_component(&b));
    });
}

#[test]
fn hostile_accounts_and_regions_stay_in_the_case() {
    let home = tempfile::tempdir().unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    let evidence = case.evidence();
    let long = "y".repeat(3000);
    for (account, region, source) in [
        ("../../../up", "..", "../x"),
        ("/etc", "", "\0"),
        (&long, &long, &long),
        ("folders/1", "global", "activity"),
    ] {
        save(&evidence, account, region, source, "{}");
    }
    evidence.finish().unwrap();
    case.seal().unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing was written beside the case");
    let open = Case::open(case.dir()).unwrap();
    assert_eq!((open.evidence.len(), open.gaps), (4, Vec::new()));
    for path in &open.evidence {
        assert_eq!(path.strip_prefix(case.dir()).unwrap().components().count(), 5, "{}", path.display());
        assert_eq!(gunzip(path), "{}\n");
    }
}

#[test]
fn a_record_is_kept_as_received_on_one_line() {
    for (record, expect) in [
        (r#"{"a": 1,  "b":"\n" }"#, Some(r#"{"a": 1,  "b":"\n" }"#)),
        ("  {\"a\":\r\n\t1}\n", Some("{\"a\":  \t1}")),
        (r#"{"a":"é\u00e9\"}"}"#, Some(r#"{"a":"é\u00e9\"}"}"#)),
        ("{\"a\\\\\":\n1}", Some("{\"a\\\\\": 1}")),
        ("{\"a\":\"x\ny\"}", None),
        ("{\"a\":\"\\\ny\"}", None),
        ("[1]", None),
        ("{", None),
        ("", None),
        ("text", None),
    ] {
        let line = one_line(record.as_bytes());
        assert_eq!(line.as_deref().map(|line| std::str::from_utf8(line).unwrap()), expect, "{record:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    let evidence = case.evidence();
    assert_eq!(evidence.save(Provider::Gcp, "a", "b", "c", b"\"text").unwrap(), Saved::NotARecord);
    evidence.finish().unwrap();
    assert_eq!(files(case.dir()), ["case.json"], "no file without a record");
}

#[test]
fn many_threads_and_more_files_than_may_be_open_lose_no_record() {
    let home = tempfile::tempdir().unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    let evidence = case.evidence();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let evidence = &evidence;
            scope.spawn(move || {
                for n in 0..300 {
                    save(
                        evidence,
                        "111122223333",
                        &format!("r-{}", n % 100),
                        "management",
                        &format!("{{\"id\":\"{thread}-{n}\"}}"),
                    );
                }
            });
        }
    });
    evidence.finish().unwrap();
    case.seal().unwrap();
    let open = Case::open(case.dir()).unwrap();
    assert_eq!((open.evidence.len(), open.gaps.len()), (100, 0));
    let mut lines: Vec<String> = open
        .evidence
        .iter()
        .flat_map(|path| gunzip(path).lines().map(String::from).collect::<Vec<_>>())
        .collect();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 1200);
}

#[test]
fn whoever_waits_for_the_disk_waits_for_no_reader() {
    let home = tempfile::tempdir().unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    let evidence = case.evidence();
    let (over, ended) = std::sync::mpsc::channel();
    // Not joined: were they to wait for each other, joining would wait, too.
    std::thread::spawn(move || {
        let is_read = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_read.load(Ordering::Relaxed) {
                    evidence.flush().unwrap();
                }
            });
            rayon::broadcast(|thread| {
                for n in 0..200 {
                    let record = format!("{{\"id\":\"{}-{n}\"}}", thread.index());
                    save(&evidence, "111122223333", &format!("r-{}", n % 5), "management", &record);
                }
            });
            is_read.store(true, Ordering::Relaxed);
        });
        over.send(evidence.finish().map(drop)).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(300)).expect("they wait for each other").unwrap();
    case.seal().unwrap();
    assert_eq!(Case::open(case.dir()).unwrap().evidence.len(), 5);
}

#[cfg(unix)]
#[test]
fn a_file_put_in_the_place_of_evidence_is_not_written_to() {
    let home = tempfile::tempdir().unwrap();
    let victim = home.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    let evidence = case.evidence();
    save(&evidence, "a", "first", "s", "{}");
    let path = case.dir().join("evidence/aws/a/first/s.ndjson.gz");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    for n in 0..64 {
        save(&evidence, "a", &n.to_string(), "s", "{}");
    }
    let error = evidence.save(Provider::Aws, "a", "first", "s", b"{}").unwrap_err().to_string();
    assert!(error.contains("somebody put another file in its place"), "{error}");
    let again = evidence.save(Provider::Aws, "a", "other", "s", b"{}").unwrap_err().to_string();
    assert_eq!(again, error, "after a failure nothing goes on as if it were whole");
    assert_eq!(evidence.finish().unwrap_err().to_string(), error);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
}
