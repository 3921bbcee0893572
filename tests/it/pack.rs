//! `triage pack`: one archive that anybody can check, the same bytes for the same case, and nothing over what is there.

use crate::support::{Bench, Done};
use crate::verify::case;
use std::fs;
use std::process::Command;

fn pack(bench: &Bench, more: &[&str]) -> Done {
    bench.run(&[&["pack", "case"], more].concat())
}

/// A word on the line of the result that begins so.
fn told(done: &Done, label: &str) -> String {
    let line = done.text().lines().find(|line| line.starts_with(label));
    line.unwrap_or_else(|| panic!("no {label}: {}", done.text()))[label.len()..].trim().to_owned()
}

#[track_caller]
fn shell(bench: &Bench, folder: &str, script: &str) -> String {
    let done = Command::new("sh").args(["-c", script]).current_dir(bench.path(folder)).output();
    let done = done.expect("a shell runs");
    assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

#[test]
fn the_archive_is_checked_with_plain_tools_and_is_a_case_again() {
    let bench = Bench::new();
    case(&bench);
    let before = bench.files("case");
    let done = pack(&bench, &[]).exits(0);
    assert!(bench.files("case") == before, "packing changes nothing");
    assert!(done.text().starts_with("archive  case.tar.gz  "), "{}", done.text());
    let sum = shell(&bench, ".", "sha256sum < case.tar.gz");
    assert_eq!(sum.trim_end_matches("  -\n"), told(&done, "sha256"));

    shell(&bench, ".", "mkdir out && tar -xzf case.tar.gz -C out");
    shell(&bench, "out/case", "sha256sum --quiet --strict -c manifest-sha256.txt tagmanifest-sha256.txt");
    shell(&bench, "out/case/data", "sha256sum --quiet --strict -c SHA256SUMS");
    assert!(bench.files("out/case/data") == before, "every file, byte for byte");
    let again = bench.run(&["verify", "out/case/data", "--head", &told(&done, "head")]).exits(0);
    assert!(again.text().starts_with("UNCHANGED"), "{}", again.text());
    bench.run(&["audit", "--case", "out/case/data"]).exits(3);

    let info = fs::read_to_string(bench.path("out/case/bag-info.txt")).expect("text");
    let bytes: usize = before.values().map(Vec::len).sum();
    assert!(info.contains(&format!("Payload-Oxum: {bytes}.{}\n", before.len())), "{info}");
    assert!(info.contains(&format!("Triage-Head: {}\n", told(&done, "head"))), "{info}");
    assert!(info.contains("Triage-Host-Clock: unknown: no cloud was asked\n"), "{info}");
    let bagit = fs::read_to_string(bench.path("out/case/bagit.txt")).expect("text");
    assert_eq!(bagit, "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n");
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    let bench = Bench::new();
    case(&bench);
    pack(&bench, &["--out", "one.tar.gz"]).exits(0);
    // Times of files, and the order in which they lie on the disk, go nowhere.
    shell(&bench, ".", "mkdir moved && cp -r case moved/ && find moved -exec touch -d 2020-01-01 {} +");
    bench.run(&["pack", "moved/case", "--out", "two.tar.gz"]).exits(0);
    let read = |name: &str| fs::read(bench.path(name)).expect("it is there");
    assert!(read("one.tar.gz") == read("two.tar.gz"));
    let listed = shell(&bench, ".", "tar -tvzf one.tar.gz");
    for line in listed.lines() {
        let rights = if line.contains("/data/evidence/") || line.contains("/data/inventory/") {
            "-r--------"
        } else {
            "-rw-------"
        };
        assert!(line.starts_with(rights) && line.contains(" 0/0 "), "{line}");
    }
}

#[test]
fn nothing_is_written_over_and_nothing_is_left_of_a_failure() {
    let bench = Bench::new();
    case(&bench);
    bench.write("case.tar.gz", "mine");
    let done = pack(&bench, &[]).exits(1);
    assert!(done.err.contains("error: write case.tar.gz\nbecause: "), "{}", done.err);
    assert_eq!(fs::read(bench.path("case.tar.gz")).expect("it is there"), b"mine");
    let done = pack(&bench, &["--out", "case/inside.tar.gz"]).exits(1);
    assert!(done.err.contains("it would lie in the case"), "{}", done.err);
    assert!(!bench.path("case/inside.tar.gz").exists());
    bench.run(&["pack", "nowhere"]).exits(1);
}

#[test]
fn what_was_altered_is_packed_as_it_is_and_said() {
    let bench = Bench::new();
    case(&bench);
    bench.write("case/report.json", "{}");
    let done = pack(&bench, &[]).exits(3);
    assert!(done.err.contains("report.json: it was altered"), "{}", done.err);
    assert!(bench.path("case.tar.gz").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = fs::metadata(bench.path("case.tar.gz")).expect("it is there").permissions().mode();
        assert_eq!(rights & 0o777, 0o600);
        std::os::unix::fs::symlink("/etc/hostname", bench.path("case/evidence/link")).expect("a link");
        let done = pack(&bench, &["--out", "two.tar.gz"]).exits(3);
        assert!(done.err.contains("not packed: evidence/link: it is a symbolic link"), "{}", done.err);
        assert!(!shell(&bench, ".", "tar -tzf two.tar.gz").contains("link"));
    }
}

/// As the README signs an archive. Where no ssh-keygen is, nobody can sign so.
#[test]
fn an_archive_is_signed_and_the_signature_checked() {
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "CI must have ssh-keygen");
        eprintln!("skipped: no ssh-keygen here");
        return;
    }
    let bench = Bench::new();
    case(&bench);
    pack(&bench, &[]).exits(0);
    shell(&bench, ".", "ssh-keygen -q -t ed25519 -N '' -f key -C on-call@example.com");
    shell(&bench, ".", "ssh-keygen -q -Y sign -n triage-evidence -f key case.tar.gz");
    shell(
        &bench,
        ".",
        "printf 'on-call@example.com namespaces=\"triage-evidence\" %s\\n' \"$(cat key.pub)\" > signers",
    );
    let check =
        "ssh-keygen -q -Y verify -n triage-evidence -f signers -I on-call@example.com -s case.tar.gz.sig < ";
    shell(&bench, ".", &format!("{check} case.tar.gz"));
    shell(&bench, ".", &format!("printf x >> case.tar.gz; ! {check} case.tar.gz"));
}
