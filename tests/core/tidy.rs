//! Invariants of the house: layers, purity, forgotten files, the lock, and what must never be committed.

use crate::support::root;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which rooms each room may name. The direction is the architecture.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("progress", &[]),
    ("catalog", &["model"]),
    ("read", &["model", "catalog"]),
    // `cloud` for its `Query`: what an investigation wants is said in the words of a source.
    ("analyze", &["model", "catalog", "read", "cloud"]),
    ("plan", &["model", "catalog", "analyze"]),
    ("render", &["model"]),
    ("cost", &["model"]),
    ("cloud", &["model", "catalog"]),
    ("collect", &["model", "cloud", "read", "analyze", "progress"]),
    ("case", &["model"]),
    ("observe", &["model", "cloud", "read"]),
    ("exec", &["model", "cloud", "case"]),
    (
        "cli",
        &[
            "model", "catalog", "read", "analyze", "plan", "render", "cloud", "collect", "case", "cost",
            "exec", "observe", "progress",
        ],
    ),
];

/// Rooms that know no I/O, no clock, no environment and no terminal.
const PURE: &[&str] = &["model", "catalog", "read", "analyze", "plan", "render", "cost"];
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "std::process",
    "std::io::std",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "tokio::",
    "reqwest::",
    "aws_sdk",
    "google_cloud",
    "println!",
    "eprintln!",
    "print!(",
    "eprint!(",
    "dbg!(",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a folder that was just listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The code of a file without comments and without its unit tests.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("a source file lies in src");
    let first =
        inside.components().next().expect("a file has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_name_only_whom_they_may() {
    for path in sources(&root().join("src")) {
        let room = room(&path);
        if matches!(room.as_str(), "main" | "lib") {
            continue;
        }
        let may = MAY_NAME
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("{room} is no known room"))
            .1;
        let code = code(&path);
        for (_, rest) in code.match_indices("crate::").map(|(at, found)| code[at..].split_at(found.len())) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let named: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => {
                    list.split(['}', ';']).next().unwrap_or_default().split(',').map(str::trim).collect()
                }
                None => vec![&name],
            };
            for name in named {
                let name = name.split("::").next().unwrap_or_default().trim();
                assert!(
                    name.is_empty() || name == room || may.contains(&name),
                    "{} names {name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn pure_rooms_know_no_world() {
    for room in PURE {
        for path in sources(&root().join("src").join(room)) {
            let code = code(&path);
            for word in IMPURE {
                assert!(!code.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn only_the_terminal_prints() {
    for path in sources(&root().join("src")) {
        if path.ends_with("cli/ui.rs") || path.ends_with("main.rs") {
            continue;
        }
        let code = code(&path);
        for word in ["println!", "eprintln!", "print!(", "eprint!(", "dbg!(", "io::stdout", "io::stderr"] {
            assert!(!code.contains(word), "{} prints: {word}", path.display());
        }
    }
}

#[test]
fn every_test_file_and_catalog_file_is_listed() {
    let main = read(&root().join("tests/core/main.rs"));
    for path in sources(&root().join("tests/core")) {
        let stem = path.file_stem().expect("a file has a name").to_string_lossy();
        let is_top = path.parent() == Some(&*root().join("tests/core"));
        assert!(
            !is_top || stem == "main" || main.contains(&format!("mod {stem};")),
            "{} is not compiled",
            path.display()
        );
    }
    for cloud in ["aws", "gcp"] {
        let folder = root().join("src/catalog").join(cloud);
        let list = read(&folder.join("mod.rs"));
        for path in sources(&folder) {
            let stem = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            for name in code(&path).lines().filter_map(|line| line.strip_prefix("pub static ")) {
                if let Some((name, _)) = name.split_once(": Service") {
                    let registered = list.contains(&format!("&{stem}::{name}"));
                    assert!(registered, "{}: {name} is not in SERVICES", path.display());
                }
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        assert!(read(&path).starts_with("//!"), "{} has no module docs", path.display());
    }
}

#[test]
fn the_lock_holds_no_known_bad_crate() {
    let lock = read(&root().join("Cargo.lock"));
    // RUSTSEC-2026-0098, -0099, -0104, -0258, RUSTSEC-2023-0071, RUSTSEC-2025-0012, unmaintained or unsound ones.
    let bad = [
        ("hyper", "0.14"),
        ("h2", "0.3"),
        ("rustls", "0.21"),
        ("rustls-webpki", "0.101"),
        ("openssl", ""),
        ("native-tls", ""),
        ("rsa", ""),
        ("backoff", ""),
        ("serde_yaml", ""),
        ("serde_yml", ""),
        ("fs2", ""),
        ("atty", ""),
        ("proc-macro-error", ""),
        ("proc-macro-error2", ""),
        ("flowmaid", ""),
    ];
    for package in lock.split("[[package]]") {
        let field = |key: &str| {
            package
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
                .unwrap_or_default()
        };
        for (name, version) in bad {
            assert!(
                field("name") != name || !field("version").starts_with(version),
                "{name} {}",
                field("version")
            );
        }
    }
    let reqwests = lock.matches("name = \"reqwest\"\n").count();
    assert!(
        reqwests <= 1,
        "{reqwests} copies of reqwest: the version must be the one that google-cloud-auth uses"
    );
}

#[test]
fn nothing_committed_names_this_machine() {
    let listed = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let files: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(|name| root().join(name))
            .collect(),
        // A source archive has no git: then every source file is looked at instead.
        _ => sources(&root().join("src")),
    };
    assert!(files.len() > 20, "only {} files to look at", files.len());
    // Written in halves, so that this file does not find itself.
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let own: BTreeSet<PathBuf> = BTreeSet::from([root().join("tests/core/tidy.rs")]);
    for path in files.iter().filter(|path| !own.contains(*path)) {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        for line in text.lines() {
            for word in paths {
                let named = line.match_indices(word).any(|(at, _)| {
                    line[..at]
                        .chars()
                        .next_back()
                        .is_none_or(|before| matches!(before, ' ' | '"' | '\'' | '=' | ':' | '('))
                });
                assert!(!named, "{} names a path of a machine: {line}", path.display());
            }
        }
    }
}
