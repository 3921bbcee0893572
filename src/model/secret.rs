//! What looks like key material, so that nothing we write repeats it.
//!
//! Errs on the side of hiding. Key ids, e-mails and ARNs are no secrets.

/// What stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// Beginnings that only secrets have: API keys, tokens, private keys.
const BEGINNINGS: &[&str] = &[
    "-----BEGIN",
    "AIza",
    "ya29.",
    "eyJ",
    "ABSK",
    "bedrock-api-key-",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "FwoGZXIvYXdz",
    "IQoJb3JpZ2lu",
    "1//0",
];

/// Names whose value is secret whatever it looks like.
const NAMES: &[&str] = &[
    "secret",
    "password",
    "passwd",
    "token",
    "private_key",
    "private-key",
    "authorization",
    "api_key",
    "apikey",
];

/// Says whether key material stands anywhere in a text.
pub fn holds_secret(text: &str) -> bool {
    redact(text) != text
}

/// Replaces key material in a text and leaves the rest as it is.
pub fn redact(text: &str) -> String {
    let named = text.split_once('=').filter(|(name, value)| {
        let name = name.to_ascii_lowercase();
        !value.is_empty()
            && !name.contains(char::is_whitespace)
            && NAMES.iter().any(|secret| name.contains(secret))
    });
    if let Some((name, _)) = named {
        return format!("{name}={REDACTED}");
    }
    if text.contains("-----BEGIN") {
        return REDACTED.into();
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            safe.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        safe.push_str(if is_secret_word(word) { REDACTED } else { word });
        rest = after;
    }
    safe
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-' | '.')
}

fn is_secret_word(word: &str) -> bool {
    BEGINNINGS.iter().any(|begin| word.len() >= begin.len() + 12 && word.starts_with(begin))
        || word.split(['.', '-', '_']).any(is_aws_secret)
        || (word.len() >= 200 && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')))
}

/// 40 characters of base64 in both cases with a digit: an AWS secret access key. A hex digest or a key id has one case.
fn is_aws_secret(word: &str) -> bool {
    word.len() == 40
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        && word.bytes().any(|b| b.is_ascii_uppercase())
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().any(|b| b.is_ascii_digit())
}
