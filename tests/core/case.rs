//! The case folder: never over what is there, never outside itself, never half a file, never a silent change.

use crate::key_file::SECRET;
use flate2::read::MultiGzDecoder;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use triage::case::{AskedBy, Case, CaseFile, Input, InputCounts, Inputs, Saved, Versions, told};
use triage::model::report::{CoveredScope, Window};
use triage::model::{Gap, Principal, Provider, time};

pub fn meta() -> CaseFile {
    let window = Window { leaked_at: time::parse("2026-07-14T08:55:00Z"), ..Window::default() };
    CaseFile {
        started_at: time::parse("2026-07-14T09:00:00Z"),
        versions: Some(Versions { triage: "0.1.0".into(), schema: "triage.report/1".into() }),
        ..CaseFile::new(Principal::parse("AKIARTX3GSDSTEXAMPLE").unwrap(), window)
    }
}

fn inputs() -> Inputs {
    let counts = InputCounts { records_read: 3, duplicates: 1, other_records: 0 };
    let scope = |region: &str| CoveredScope {
        account: "111122223333".into(),
        region: region.into(),
        source: "management".into(),
        seen: true,
        from: time::parse("2026-07-14T00:00:00Z"),
        to: None,
        records: 3,
    };
    let input = |path: &str| Input { path: path.into(), size: 7, sha256: Some("0".repeat(64)), records: 3 };
    let gaps = vec![Gap::unread("b.json:3", "it is cut off"), Gap::unread("a.json", "it is empty")];
    Inputs::new(
        vec![input("b.json"), input("a.json")],
        counts,
        vec![scope("us-east-1"), scope("eu-west-1")],
        gaps,
        false,
    )
}

/// A sealed case with one record, and the folder that holds it.
fn sealed() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("case");
    let case = Case::create(Some(&dir), &meta()).unwrap();
    let evidence = case.evidence();
    save(&evidence, "111122223333", "us-east-1", "management", r#"{"eventID":"a"}"#);
    evidence.finish().unwrap();
    case.write_inputs(&inputs()).unwrap();
    case.write_report(b"{}\n").unwrap();
    case.seal().unwrap();
    (home, dir)
}

pub fn save(evidence: &triage::case::Evidence, account: &str, region: &str, source: &str, record: &str) {
    assert_eq!(
        evidence.save(Provider::Aws, account, region, source, record.as_bytes()).unwrap(),
        Saved::Kept
    );
}

pub fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// Every file below a folder, relative to it.
pub fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_path_buf()];
    while let Some(path) = left.pop() {
        match path.is_dir() {
            true => left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path())),
            false => found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_string()),
        }
    }
    found.sort();
    found
}

fn gaps(dir: &Path) -> Vec<String> {
    let case = Case::open(dir).unwrap();
    case.gaps.iter().map(|gap| format!("{}: {}", gap.place, gap.why)).collect()
}

#[test]
fn a_case_is_opened_as_it_was_written() {
    let (_home, dir) = sealed();
    assert_eq!(
        files(&dir),
        [
            "SHA256SUMS",
            "case.json",
            "evidence/aws/111122223333/us-east-1/management.ndjson.gz",
            "inputs.json",
            "report.json"
        ]
    );
    let case = Case::open(&dir).unwrap();
    assert_eq!(case.file, meta());
    assert_eq!(case.inputs, Some(inputs()));
    assert_eq!(case.evidence, [dir.join("evidence/aws/111122223333/us-east-1/management.ndjson.gz")]);
    assert_eq!((case.inventory.len(), case.gaps), (0, Vec::new()));
    assert_eq!(gunzip(&case.evidence[0]), "{\"eventID\":\"a\"}\n");
    let written = case.inputs.unwrap();
    assert_eq!(&*written.inputs[0].path, "a.json", "inputs are sorted");
    assert_eq!(written.scopes[0].region, "eu-west-1", "scopes are sorted");
    assert_eq!(written.gaps[0].place, "a.json", "gaps are sorted");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_a_case() {
    use std::os::unix::fs::PermissionsExt;
    let (_home, dir) = sealed();
    let mut left = vec![dir];
    while let Some(path) = left.pop() {
        let rights = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let is_evidence = path.iter().any(|part| part == "evidence");
        let wanted = if path.is_dir() {
            0o700
        } else if is_evidence {
            0o400
        } else {
            0o600
        };
        assert_eq!(rights, wanted, "{}", path.display());
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), PermissionsExt::from_mode(0o755)).unwrap();
    Case::create(Some(open.path()), &meta()).unwrap();
    assert_eq!(
        fs::metadata(open.path()).unwrap().permissions().mode() & 0o777,
        0o700,
        "an empty folder is made private"
    );
}

#[test]
fn a_case_is_never_written_over_anything() {
    let (_home, dir) = sealed();
    let before = fs::read(dir.join("case.json")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    let mut refused = vec![
        (dir.clone(), "it exists and is not empty; a case is never overwritten"),
        (file.clone(), "it exists and is no folder"),
        (file.join("below"), "File exists"),
        (PathBuf::new(), "the name is empty"),
    ];
    #[cfg(unix)]
    {
        let target = home.path().join("target");
        fs::create_dir(&target).unwrap();
        for (link, to) in [("link", &target), ("dangling", &home.path().join("nowhere"))] {
            let link = home.path().join(link);
            std::os::unix::fs::symlink(to, &link).unwrap();
            refused.push((PathBuf::from(format!("{}/", link.display())), "it is a symbolic link"));
            refused.push((link, "it is a symbolic link"));
        }
    }
    for (dir, expect) in refused {
        let error = format!("{:#}", Case::create(Some(&dir), &meta()).unwrap_err());
        assert!(error.contains(expect), "{}: {error}", dir.display());
        assert!(
            error.contains(dir.to_str().unwrap().trim_end_matches('/').trim_end_matches("/below")),
            "{error}"
        );
    }
    assert_eq!(fs::read(dir.join("case.json")).unwrap(), before);
    assert_eq!(fs::read_to_string(&file).unwrap(), "x");
    assert!(!home.path().join("nowhere").exists(), "nothing was made behind a link");
    let deep = home.path().join("new/folders/case/");
    assert_eq!(Case::create(Some(&deep), &meta()).unwrap().dir(), home.path().join("new/folders/case"));
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_access_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o500)).unwrap();
    let dir = home.path().join("case");
    // Root may write everywhere: then the case must simply work.
    let is_writable = fs::create_dir(home.path().join("probe")).is_ok();
    match Case::create(Some(&dir), &meta()) {
        Ok(case) => assert!(is_writable && case.dir() == dir),
        Err(error) => {
            let error = format!("{error:#}");
            assert!(!is_writable && error.contains(dir.to_str().unwrap()), "{error}");
            assert!(error.contains("hint: give --case-dir a folder that you may write to"), "{error}");
        }
    }
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn errors_of_the_disk_name_the_file_and_the_way_out() {
    for (kind, hint) in [
        (io::ErrorKind::StorageFull, "hint: free some space"),
        (io::ErrorKind::QuotaExceeded, "hint: free some space"),
        (io::ErrorKind::PermissionDenied, "hint: give --case-dir"),
        (io::ErrorKind::ReadOnlyFilesystem, "hint: give --case-dir"),
    ] {
        let message = told("write", Path::new("case/report.json"), kind.into()).to_string();
        assert!(message.starts_with("write case/report.json: ") && message.contains(hint), "{message}");
    }
    let message = told("read", Path::new("x"), io::ErrorKind::NotFound.into()).to_string();
    assert!(!message.contains("hint"), "{message}");
}

#[test]
fn a_report_that_could_not_be_written_leaves_none() {
    let home = tempfile::tempdir().unwrap();
    let case = Case::create(Some(&home.path().join("case")), &meta()).unwrap();
    // A folder in its place: the last move fails.
    fs::create_dir_all(case.dir().join("report.json/x")).unwrap();
    let error = format!("{:#}", case.write_report(b"{}").unwrap_err());
    assert!(error.contains("report.json"), "{error}");
    assert_eq!(files(case.dir()), ["case.json"], "no part of it is left");
    case.write_plan("revoke", b"[1]").unwrap();
    case.write_plan("revoke", b"[2]").unwrap();
    case.write_plan("../../x", b"[3]").unwrap();
    assert_eq!(fs::read(case.dir().join("plan-revoke.json")).unwrap(), b"[2]");
    assert_eq!(
        files(case.dir()),
        ["case.json", "plan-%2E%2E%2F.%2E%2Fx.json", "plan-revoke-1.json", "plan-revoke.json"]
    );
}

#[test]
fn what_changed_since_is_told() {
    let record = "evidence/aws/111122223333/us-east-1/management.ndjson.gz";
    type Change = fn(&Path);
    let changes: [(Change, &str); 9] = [
        (
            |dir| {
                loosen(&dir.join(RECORD));
                fs::write(dir.join(RECORD), "other").unwrap();
            },
            "{record}: it was altered since SHA256SUMS was written",
        ),
        (
            |dir| fs::remove_file(dir.join(RECORD)).unwrap(),
            "{record}: it is missing, though SHA256SUMS lists it",
        ),
        (
            |dir| fs::write(dir.join("evidence/aws/more.ndjson"), "{}").unwrap(),
            "evidence/aws/more.ndjson: it was added since SHA256SUMS was written",
        ),
        (
            |dir| fs::remove_file(dir.join("inputs.json")).unwrap(),
            "inputs.json: it is missing, though SHA256SUMS lists it",
        ),
        (
            |dir| {
                fs::write(
                    dir.join("inputs.json"),
                    fs::read_to_string(dir.join("inputs.json")).unwrap().replace("false", "true"),
                )
                .unwrap()
            },
            "inputs.json: it was altered since SHA256SUMS was written",
        ),
        (
            |dir| {
                fs::write(
                    dir.join("case.json"),
                    fs::read_to_string(dir.join("case.json")).unwrap().replace("08:55", "08:56"),
                )
                .unwrap()
            },
            "case.json: it was altered since SHA256SUMS was written",
        ),
        (
            |dir| fs::remove_file(dir.join("SHA256SUMS")).unwrap(),
            "SHA256SUMS: it is missing: the run that wrote this case did not end, or its evidence was altered since",
        ),
        (
            |dir| append(&dir.join("SHA256SUMS"), "rubbish\n"),
            "SHA256SUMS:5: the line is no checksum of a file in this case",
        ),
        (
            |dir| append(&dir.join("SHA256SUMS"), &format!("{}  ../../etc/passwd\n", "0".repeat(64))),
            "SHA256SUMS:5: the line is no checksum of a file in this case",
        ),
    ];
    const RECORD: &str = "evidence/aws/111122223333/us-east-1/management.ndjson.gz";
    for (change, expect) in changes {
        let (_home, dir) = sealed();
        assert_eq!(gaps(&dir), [""; 0]);
        change(&dir);
        assert_eq!(gaps(&dir), [expect.replace("{record}", record)]);
    }
    let (_home, dir) = sealed();
    fs::write(dir.join("report.json"), "made anew").unwrap();
    assert_eq!(gaps(&dir), [""; 0], "what is made from evidence may be made anew");
    assert_eq!(faults(&dir), ["report.json: altered"], "but whoever is handed it is told");
}

fn faults(dir: &Path) -> Vec<String> {
    let check = Case::check(dir);
    check.faults.iter().map(|fault| format!("{}: {}", fault.file, fault.what.name())).collect()
}

#[test]
fn a_document_that_was_altered_is_told_also_when_another_has_taken_its_place() {
    let (_home, dir) = sealed();
    assert_eq!(faults(&dir), [""; 0]);
    fs::write(dir.join("report.json"), "[\"nothing happened\"]").unwrap();
    let case = Case::reopen(&dir).unwrap();
    case.write_report(b"[1]").unwrap();
    case.write_plan("undo", b"[1]").unwrap();
    case.write_plan("undo", b"[2]").unwrap();
    case.seal().unwrap();
    assert_eq!(faults(&dir), ["report-1.json: altered"]);
    // What this run wrote twice, it wrote.
    assert_eq!(fs::read(dir.join("plan-undo-1.json")).unwrap(), b"[1]");
}

#[test]
fn a_folder_that_cannot_be_listed_is_no_missing_file() {
    let (_home, dir) = sealed();
    let place = dir.join("evidence/aws/111122223333");
    fs::rename(&place, dir.join("away")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.join("away"), &place).unwrap();
        assert_eq!(faults(&dir), ["evidence/aws/111122223333: unreadable"]);
        fs::remove_file(&place).unwrap();
    }
    assert_eq!(faults(&dir), ["evidence/aws/111122223333/us-east-1/management.ndjson.gz: missing"]);
    assert_eq!(Case::check(&dir).beside, ["away/us-east-1/management.ndjson.gz"]);
}

/// Gives back the right to write, which sealing took.
fn loosen(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    #[cfg(not(unix))]
    let _ = path;
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn inputs_of_another_version_are_a_gap() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("case.json"), r#"{"principal": "AKIARTX3GSDSTEXAMPLE"}"#).unwrap();
    for (text, expect) in [
        ("{}", "missing field"),
        (
            "{\"schema\":\"triage.inputs/9\",\"inputs\":[],\"counts\":{\"records_read\":0,\"duplicates\":0,\"other_records\":0},\"scopes\":[],\"gaps\":[],\"complete\":true}",
            "its schema is not triage.inputs/1",
        ),
        ("", "EOF"),
    ] {
        fs::write(home.path().join("inputs.json"), text).unwrap();
        let case = Case::open(home.path()).unwrap();
        assert_eq!(case.inputs, None);
        assert!(case.gaps.len() == 1 && case.gaps[0].why.contains(expect), "{:?}", case.gaps);
    }
}

#[test]
fn a_case_written_by_hand_is_a_case() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), text).unwrap();
    };
    write(
        "case.json",
        r#"{"schema": "triage.case/1", "principal": "ci@acme-build", "leaked_at": "2026-07-14T08:55:00Z", "title": "T", "story": "S", "other": 1}"#,
    );
    write("README.md", "prose");
    write("expect/answer.json", "{}");
    write("evidence/gcp/acme-build/global/activity.ndjson", "{}\n");
    write("evidence/aws/111122223333/us-east-1/cloudtrail.json", "{}\n");
    write("inventory/gcp/acme-build/global/compute.ndjson", "{}\r\n");
    let case = Case::open(dir).unwrap();
    assert_eq!(&*case.file.principal.id, "ci@acme-build.iam.gserviceaccount.com");
    assert_eq!(case.file.principal.given, "ci@acme-build");
    assert_eq!(case.file.window.leaked_at, time::parse("2026-07-14T08:55:00Z"));
    assert_eq!((case.file.title.as_deref(), case.file.story.as_deref()), (Some("T"), Some("S")));
    assert_eq!(
        case.evidence,
        [
            "evidence/aws/111122223333/us-east-1/cloudtrail.json",
            "evidence/gcp/acme-build/global/activity.ndjson"
        ]
        .map(|path| dir.join(path))
    );
    assert_eq!(case.inventory, [dir.join("inventory/gcp/acme-build/global/compute.ndjson")]);
    assert_eq!((case.inputs.is_none(), case.gaps.len()), (true, 0));

    let other = home.path().join("copy");
    let copy = Case::create(Some(&other), &meta()).unwrap();
    copy.copy_inventory(&case).unwrap();
    copy.seal().unwrap();
    let copied = Case::open(copy.dir()).unwrap();
    assert_eq!(copied.inventory, [other.join("inventory/gcp/acme-build/global/compute.ndjson")]);
    assert_eq!(fs::read(&copied.inventory[0]).unwrap(), b"{}\r\n");
    assert_eq!(copied.gaps, []);
}

#[test]
fn what_is_no_case_is_refused_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    let refused = |expect: &str| {
        let error = format!("{:#}", Case::open(dir).unwrap_err());
        assert!(error.contains(expect) && error.contains(dir.to_str().unwrap()), "{error}");
    };
    refused("it holds no case.json\nhint: give the folder that a run wrote, or --logs");
    for (text, expect) in [
        ("{", "EOF"),
        (r#"{"schema": "triage.case/1"}"#, "missing field `principal`"),
        (
            r#"{"schema": "triage.case/2", "principal": "AKIARTX3GSDSTEXAMPLE"}"#,
            "its schema is not triage.case/1",
        ),
        (r#"{"principal": "ann"}"#, "this has the form of no principal"),
        (
            r#"{"principal": {"given": "x", "provider": "aws", "kind": "role", "id": "AKIARTX3GSDSTEXAMPLE"}}"#,
            "not of the kind that is named",
        ),
        (
            r#"{"principal": {"given": "x", "provider": "gcp", "kind": "access_key", "id": "AKIARTX3GSDSTEXAMPLE"}}"#,
            "not of the kind that is named",
        ),
    ] {
        fs::write(dir.join("case.json"), text).unwrap();
        refused(expect);
    }
    let error = format!("{:#}", Case::open(&dir.join("nowhere")).unwrap_err());
    assert!(error.contains("nowhere"), "{error}");
    let error = format!("{:#}", Case::open(&dir.join("case.json")).unwrap_err());
    assert!(error.contains("it is no folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_case_are_named_and_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x.ndjson"), "{}").unwrap();
    let dir = home.path().join("case");
    fs::create_dir_all(dir.join("evidence/aws")).unwrap();
    fs::write(dir.join("case.json"), r#"{"principal": "AKIARTX3GSDSTEXAMPLE"}"#).unwrap();
    std::os::unix::fs::symlink(&outside, dir.join("evidence/folder")).unwrap();
    std::os::unix::fs::symlink(outside.join("x.ndjson"), dir.join("evidence/file")).unwrap();
    std::os::unix::fs::symlink(&dir, dir.join("inventory")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.join("evidence/socket")).unwrap();
    assert_eq!(
        gaps(&dir),
        [
            "evidence/file: it is a symbolic link, which a case does not follow",
            "evidence/folder: it is a symbolic link, which a case does not follow",
            "evidence/socket: it is no plain file",
            "inventory: it is a symbolic link, which a case does not follow",
        ]
    );
    let case = Case::open(&dir).unwrap();
    assert_eq!((case.evidence.len(), case.inventory.len()), (0, 0));
    fs::remove_file(dir.join("case.json")).unwrap();
    std::os::unix::fs::symlink(outside.join("x.ndjson"), dir.join("case.json")).unwrap();
    let error = format!("{:#}", Case::open(&dir).unwrap_err());
    assert!(error.contains("it is no plain file"), "{error}");
}

#[test]
fn a_key_files_ids_come_back_and_secrets_never_go_in() {
    let text = format!(
        r#"{{"client_email": "ci@acme-build.iam.gserviceaccount.com", "private_key_id": "0123456789abcdef0123456789abcdef01234567",
            "private_key": "{SECRET}", "project_id": "acme-build", "client_id": "104857600000000000001"}}"#
    );
    let who = Principal::from_key_file(&text).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut file = CaseFile::new(who.clone(), Window::default());
    file.command_line =
        ["triage", "--principal", SECRET, "--note=x", &format!("--token={SECRET}")].map(String::from).into();
    let case = Case::create(Some(&home.path().join("case")), &file).unwrap();
    let written = fs::read_to_string(case.dir().join("case.json")).unwrap();
    for at in 0..SECRET.len() - 8 {
        assert!(!written.contains(&SECRET[at..at + 8]), "{written}");
    }
    let opened = Case::open(case.dir()).unwrap().file;
    assert_eq!(opened.principal, who);
    assert_eq!(
        opened.command_line,
        ["triage", "--principal", "[redacted]", "--note=x", "--token=[redacted]"]
    );
}

#[test]
fn every_run_gets_a_folder_of_its_own() {
    // The only test that names no folder: it looks at what was made, and takes it away.
    let made: Vec<PathBuf> =
        (0..3).map(|_| Case::create(None, &meta()).unwrap().dir().to_path_buf()).collect();
    for dir in &made {
        fs::remove_dir_all(dir).unwrap();
        let name = dir.to_str().unwrap();
        let hex = name.strip_prefix("triage-20260714T090000Z-").unwrap_or_else(|| panic!("{name}"));
        assert!(hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
    assert!(made[0] != made[1] && made[1] != made[2] && made[0] != made[2]);
}

fn continued(dir: &Path, record: &str) -> Case {
    let case = Case::reopen(dir).unwrap();
    let evidence = case.evidence();
    save(&evidence, "111122223333", "us-east-1", "management", record);
    evidence.finish().unwrap();
    case
}

#[test]
fn a_case_that_is_continued_keeps_what_it_had() {
    let (_home, dir) = sealed();
    let first = "evidence/aws/111122223333/us-east-1/management.ndjson.gz";
    for (run, report) in [(1, "[1]"), (2, "[2]"), (3, "[2]")] {
        let record = format!("{{\"eventID\":\"{run}\"}}");
        let case = continued(&dir, &record);
        case.write_report(report.as_bytes()).unwrap();
        case.write_plan("revoke", report.as_bytes()).unwrap();
        case.seal().unwrap();
        assert_eq!(gaps(&dir), [""; 0], "run {run}");
        assert_eq!(Case::open(&dir).unwrap().evidence.len(), 1 + run, "each has its own file");
    }
    assert_eq!(gunzip(&dir.join(first)), "{\"eventID\":\"a\"}\n", "the first run's is as it was");
    let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(
        (&*text("report.json"), &*text("report-1.json"), &*text("report-2.json")),
        ("[2]", "{}\n", "[1]")
    );
    assert_eq!((&*text("plan-revoke.json"), &*text("plan-revoke-1.json")), ("[2]", "[1]"));
    assert!(!dir.join("report-3.json").exists(), "the same is not kept twice");
}

#[test]
fn continuing_seals_nothing_that_was_altered() {
    let (_home, dir) = sealed();
    let first = dir.join("evidence/aws/111122223333/us-east-1/management.ndjson.gz");
    loosen(&first);
    append(&first, "more");
    fs::write(dir.join("evidence/slipped-in.ndjson"), "{}").unwrap();
    continued(&dir, "{\"eventID\":\"b\"}").seal().unwrap();
    let found = gaps(&dir);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("management.ndjson.gz: it was altered since"), "{found:?}");
    assert!(found[1].contains("slipped-in.ndjson: it was added since"), "{found:?}");
    fs::remove_file(&first).unwrap();
    continued(&dir, "{\"eventID\":\"c\"}").seal().unwrap();
    assert!(gaps(&dir).iter().any(|gap| gap.contains("it is missing, though")), "{:?}", gaps(&dir));
}

#[test]
fn the_corpus_of_a_continued_case_may_be_told_anew() {
    let (_home, dir) = sealed();
    let case = Case::reopen(&dir).unwrap();
    let more = Inputs::new(vec![], InputCounts::default(), vec![], vec![], true);
    case.write_inputs(&more).unwrap();
    case.seal().unwrap();
    let open = Case::open(&dir).unwrap();
    assert_eq!((open.inputs, open.gaps), (Some(more), vec![]));
    assert!(dir.join("inputs-1.json").is_file());
}

#[test]
fn a_case_whose_inputs_cannot_be_read_is_not_continued_as_if_it_had_none() {
    let (_home, dir) = sealed();
    assert!(Case::reopen(&dir).is_ok());
    fs::remove_file(dir.join("inputs.json")).unwrap();
    fs::create_dir(dir.join("inputs.json")).unwrap();
    let case = Case::reopen(&dir).unwrap();
    assert!(case.gaps().iter().any(|gap| gap.place.contains("inputs.json")), "{:?}", case.gaps());
}

#[test]
fn who_asked_before_is_known_when_a_case_is_continued_and_what_is_unreadable_is_told() {
    let (_home, dir) = sealed();
    let ours = |key: &str| AskedBy { keys: [key.into()].into(), ..AskedBy::default() };
    let case = Case::reopen(&dir).unwrap();
    assert_eq!((case.asked_by(), case.gaps()), (None, &[][..]));
    case.write_inputs(&inputs().asked_by(Some(ours("AKIAIOSFODNN7EXAMPLE")))).unwrap();
    let case = Case::reopen(&dir).unwrap();
    let known = case.asked_by().expect("it was written").clone();
    assert_eq!(known, ours("AKIAIOSFODNN7EXAMPLE"));
    assert_eq!(ours("AKIAI44QH8DHBEXAMPLE").with(&known).keys.len(), 2);
    // Cut off: nobody is left out for want of knowing, and it is said.
    fs::write(dir.join("inputs.json"), "{").unwrap();
    let case = Case::reopen(&dir).unwrap();
    assert!(case.asked_by().is_none());
    assert!(case.gaps().iter().any(|gap| gap.place.contains("inputs.json")), "{:?}", case.gaps());
}

#[test]
fn a_case_of_a_person_is_continued_and_sealed_as_a_whole() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    fs::write(dir.join("case.json"), r#"{"principal": "AKIARTX3GSDSTEXAMPLE"}"#).unwrap();
    let case = Case::reopen(dir).unwrap();
    let (_, path, is_new) = case.append_journal().unwrap();
    assert!(is_new && !case.append_journal().unwrap().2);
    assert_eq!(Case::open(dir).unwrap().journal, Some(path));
    case.seal().unwrap();
    assert_eq!(gaps(dir), [""; 0]);
    assert!(Case::reopen(&dir.join("nowhere")).is_err());
}

#[test]
fn what_was_altered_in_a_case_that_asks_a_cloud_again_is_no_blind_spot() {
    let (_home, dir) = sealed();
    let evidence = dir.join("evidence/aws/111122223333/us-east-1/management.ndjson.gz");
    let before = fs::read(&evidence).unwrap();
    loosen(&evidence);
    append(&evidence, "more");
    let grave = |dir: &Path| {
        let case = Case::reopen(dir).unwrap();
        let gaps: Vec<Gap> = case.gaps().iter().filter(|gap| gap.is_incomplete()).cloned().collect();
        gaps.into_iter().map(|gap| format!("{}: {}", gap.place, gap.why)).collect::<Vec<_>>()
    };
    let found = grave(&dir);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("management.ndjson.gz: it was altered since"), "{found:?}");
    // A run that was cut off leaves more than was sealed: that is told, and takes nothing away.
    fs::write(&evidence, before).unwrap();
    fs::write(dir.join("evidence/later.ndjson"), "{}").unwrap();
    assert_eq!(grave(&dir), [""; 0]);
    assert!(Case::reopen(&dir).unwrap().gaps().iter().any(|gap| gap.place == "evidence/later.ndjson"));
    fs::remove_file(&evidence).unwrap();
    assert!(grave(&dir).iter().any(|gap| gap.contains("it is missing, though")), "{:?}", grave(&dir));
}

#[test]
fn a_run_that_was_cut_off_leaves_a_case_that_is_not_whole_and_goes_on() {
    let (_home, dir) = sealed();
    let cut = |record: &str| {
        let resumed = Case::resume(&dir, "me").unwrap();
        resumed.begin("me", false).unwrap();
        let evidence = resumed.case.evidence();
        save(&evidence, "111122223333", "us-east-1", "management", record);
        resumed.case.note(&evidence.flush().unwrap(), &[b"one".to_vec()]).unwrap();
        save(&evidence, "111122223333", "us-east-1", "management", r#"{"eventID":"behind"}"#);
        // Nothing is finished and nothing is sealed.
        drop(evidence);
        drop(resumed);
    };
    cut(r#"{"eventID":"b"}"#);
    let cut_off = faults(&dir);
    assert_eq!(cut_off.len(), 2, "{cut_off:?}");
    assert!(cut_off.iter().all(|fault| fault.ends_with(": unfinished")), "{cut_off:?}");
    // Torn in the middle of its packing, as by a crash; the end of the notes, too.
    let evidence: Vec<PathBuf> = Case::open(&dir).unwrap().evidence;
    let torn = evidence.iter().find(|path| path.to_string_lossy().contains('~')).unwrap();
    let bytes = fs::read(torn).unwrap();
    fs::write(torn, &bytes[..bytes.len() - 4]).unwrap();
    let index = dir.join("index/0001.bin");
    append(&index, "torn off");
    let resumed = Case::resume(&dir, "me").unwrap();
    assert!(resumed.is_cut && resumed.refused.is_none(), "{:?}", resumed.refused);
    assert_eq!(resumed.open.gaps, [], "what a crash leaves is mended");
    let mut notes = Vec::new();
    resumed
        .notes()
        .each(&mut |note| {
            notes.push(note.to_vec());
            Ok(())
        })
        .unwrap();
    assert_eq!(notes, [b"one".to_vec()]);
    assert!(gunzip(torn).starts_with("{\"eventID\":\"b\"}\n"), "what was noted is there");
    // Another build's numbers stand for other names: its notes are not believed.
    drop(resumed);
    let other = Case::resume(&dir, "another").unwrap();
    assert!(
        other.refused.as_deref().is_some_and(|why| why.contains("another version")),
        "{:?}",
        other.refused
    );
    drop(other);
    let resumed = Case::resume(&dir, "me").unwrap();
    resumed.begin("me", false).unwrap();
    resumed.case.seal().unwrap();
    drop(resumed);
    assert_eq!(faults(&dir), [""; 0]);
    // What was noted and is not there any more is told.
    cut(r#"{"eventID":"c"}"#);
    let newest = |path: &&PathBuf| !evidence.contains(path);
    let lost = Case::open(&dir).unwrap().evidence.iter().find(newest).cloned().unwrap();
    fs::remove_file(lost).unwrap();
    let resumed = Case::resume(&dir, "me").unwrap();
    assert!(resumed.refused.is_some());
    assert_eq!(resumed.open.gaps.len(), 1, "{:?}", resumed.open.gaps);
    assert!(resumed.open.gaps[0].why.contains("it is missing, though the run"), "{:?}", resumed.open.gaps);
}
