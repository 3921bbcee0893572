//! Whether a secret got out: for `tests/it` and `tests/live`, which include this file by its path. Judges files and printed
//! text; knows nothing of the program's inside, and its own idea of what a secret looks like.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Fields of the providers' records whose value is a secret, in lower case.
const FIELDS: &[&str] = &[
    "sessiontoken",
    "secretaccesskey",
    "secretkey",
    "privatekeydata",
    "privatekey",
    "private_key",
    "keymaterial",
    "password",
    "servicepassword",
    "accesstoken",
    "access_token",
    "idtoken",
    "refreshtoken",
    "authtoken",
    "signinToken",
    "keystring",
    "secretstring",
    "secret",
    "token",
    "signedjwt",
    "authorization",
    "x-amz-security-token",
];
/// What providers write where a secret stood, and what is too short to be one.
const SHORTEST: usize = 16;

/// Beginnings that only secrets and the headers that bear them have, and how long what follows must be.
const BEGINNINGS: &[(&str, usize)] = &[
    ("-----BEGIN", 0),
    ("AIza", 31),
    ("ya29.", 10),
    ("eyJhbGciOi", 10),
    ("FwoGZXIvYXdz", 10),
    ("IQoJb3JpZ2lu", 10),
    ("ABSK", 40),
    ("AWS4-HMAC-SHA256", 0),
    ("Authorization: ", 0),
    ("authorization: ", 0),
    ("Bearer ", 20),
    ("aws_secret_access_key", 0),
];

/// Fails where anything made from evidence holds key material, a token or an authorization header, or where any file at all
/// holds one of the operator's own secrets.
///
/// `folder` is a case, or anything with cases in it; `printed` what was printed, by name. Evidence and inventory are what the
/// provider said, byte for byte: they may hold what providers log, private to the owner, and never what is the operator's.
#[track_caller]
pub fn stay_inside(folder: &Path, printed: &[(&str, &[u8])], own: &[&str]) {
    let (mut raw, mut made) = (Vec::new(), Vec::new());
    for path in below(folder) {
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        // `copied`: what a test gives as exported logs.
        let is_raw = path.iter().any(|part| part == "evidence" || part == "inventory" || part == "copied");
        private(&path);
        match is_raw {
            true => raw.push((path.display().to_string(), unpacked(bytes))),
            false => made.push((path.display().to_string(), unpacked(bytes))),
        }
    }
    let mut known = BTreeSet::new();
    raw.iter().for_each(|(_, bytes)| learn(bytes, &mut known));
    made.extend(printed.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())));
    for (name, bytes) in &made {
        let text = String::from_utf8_lossy(bytes);
        for secret in &known {
            assert!(!text.contains(secret), "{name} holds a secret of the evidence: {}…", &secret[..6]);
        }
        if let Some(found) = looks_secret(&text) {
            panic!("{name} holds what looks like a secret: {found}");
        }
    }
    for (name, bytes) in raw.iter().chain(&made) {
        let text = String::from_utf8_lossy(bytes);
        for secret in own.iter().filter(|secret| secret.len() >= 8) {
            assert!(!text.contains(secret), "{name} holds a secret of the operator");
        }
    }
}

/// Whether no one but the owner may read it.
#[track_caller]
fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let is_case = path.ancestors().any(|above| above.join("case.json").is_file());
        let rights = fs::metadata(path).expect("it was just read").permissions().mode();
        assert!(!is_case || rights & 0o077 == 0, "{} may be read by others: {rights:o}", path.display());
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = left.pop() {
        let meta = fs::symlink_metadata(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if meta.is_dir() {
            left.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if meta.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect("what we packed unpacks");
    plain
}

/// Collects the secrets that records hold, so that they are looked for by value.
fn learn(bytes: &[u8], known: &mut BTreeSet<String>) {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = serde_json::from_slice::<Value>(line) {
            look(&value, known);
        }
    }
}

fn look(value: &Value, known: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if FIELDS.contains(&&*name.to_lowercase()) => {
                        let is_masked = text.contains("***")
                            || text.to_uppercase().contains("HIDDEN")
                            || text.contains(' ');
                        if text.len() >= SHORTEST && !is_masked {
                            known.insert(text.clone());
                        }
                    }
                    value => look(value, known),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| look(value, known)),
        // A response inside a string, as CloudTrail has it.
        Value::String(text) if text.starts_with('{') => {
            if let Ok(value) = serde_json::from_str(text) {
                look(&value, known);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the beginning of what looks like a secret.
fn looks_secret(text: &str) -> Option<String> {
    for (begin, rest) in BEGINNINGS {
        for (at, _) in text.match_indices(begin) {
            let tail = &text[at + begin.len()..];
            let long = tail
                .find(|c: char| !(c.is_ascii_alphanumeric() || "-_./+=".contains(c)))
                .unwrap_or(tail.len());
            let is_word = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            if is_word && long >= *rest {
                return Some(format!("{begin}…"));
            }
        }
    }
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '+' || c == '/'));
    let is_key = |word: &&str| {
        word.len() == 40
            && word.bytes().any(|b| b.is_ascii_uppercase())
            && word.bytes().any(|b| b.is_ascii_lowercase())
            && word.bytes().any(|b| b.is_ascii_digit())
            // Paths and ARNs have words; a secret access key has no long run of letters of one case between slashes.
            && word.matches('/').count() < 4
    };
    words.into_iter().find(is_key).map(|word| format!("{}…", &word[..6]))
}
