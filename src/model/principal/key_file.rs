//! Takes ids out of what leaked or what the provider wrote about it: key files, credentials files, pastes, notices.
//!
//! Looks for ids by name and by form and lifts nothing else out, so that a text which is cut off, wrapped or pasted into
//! another still tells, and no secret can come along.

use super::error::KeyFileError;
use super::{Principal, PrincipalKind, aws, gcp};
use serde_json::Value;
use std::collections::BTreeSet;

/// Key files have kilobytes; a mailbox or a dump may be larger.
pub(super) const LONGEST: usize = 16 << 20;

/// Encodings within encodings that are undone: base64 in a Kubernetes secret in a paste.
const DEEPEST: u32 = 3;

pub(super) fn read(text: &str) -> Result<Principal, KeyFileError> {
    if text.len() > LONGEST {
        return Err(KeyFileError::TooLong);
    }
    let mut plain = String::with_capacity(text.len());
    flatten(text, 0, &mut plain);
    let mut found = access_keys(&plain);
    let account = ServiceAccounts::in_text(&plain);
    found.extend(account.keys());
    if !found.is_empty() {
        return only(found);
    }
    if let Some(kind) = other_kind(&plain) {
        return Err(kind);
    }
    // A notice may name who it is about without a key.
    let named = account.mentioned();
    if !named.is_empty() {
        return only(named);
    }
    only(arns(&plain))
}

fn only(mut found: Vec<Principal>) -> Result<Principal, KeyFileError> {
    found.dedup();
    match found.len() {
        0 => Err(KeyFileError::NoKey),
        1 => Ok(found.remove(0)),
        _ => {
            let id = |who: &Principal| match &who.key {
                Some(key) => format!("{} key {key}", who.id),
                None => who.id.to_string(),
            };
            let ids: BTreeSet<String> = found.iter().map(id).collect();
            Err(KeyFileError::Ambiguous(ids.into_iter().collect()))
        }
    }
}

/// Writes a text as plain lines: JSON as `name: value`, base64 decoded behind itself.
fn flatten(text: &str, depth: u32, plain: &mut String) {
    let text = text.trim_start_matches('\u{feff}').trim();
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => flatten_value("", &value, depth, plain),
        Ok(Value::String(inner)) if depth < DEEPEST => flatten(&inner, depth + 1, plain),
        _ => {
            plain.push_str(text);
            plain.push('\n');
            if depth < DEEPEST {
                for inner in encoded(text) {
                    flatten(&inner, depth + 1, plain);
                }
            }
        }
    }
}

fn flatten_value(name: &str, value: &Value, depth: u32, plain: &mut String) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten_value(name, value, depth, plain))
        }
        Value::Array(items) => items.iter().for_each(|value| flatten_value(name, value, depth, plain)),
        Value::String(text) => {
            plain.extend([name, ": "]);
            match depth < DEEPEST && text.len() > 64 {
                true => flatten(text, depth + 1, plain),
                false => plain.extend([text, "\n"]),
            }
        }
        Value::Number(number) => plain.extend([name, ": ", &number.to_string(), "\n"]),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Returns what long runs of base64 decode to, where that is text; a run may be wrapped over lines.
fn encoded(text: &str) -> Vec<String> {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    let joined: String = text.split_ascii_whitespace().collect();
    let runs = match joined.chars().all(is_code) {
        true => vec![joined.as_str()],
        false => text.split(|c| !is_code(c)).collect(),
    };
    let long = runs.into_iter().filter(|run| run.len() >= 64);
    long.filter_map(|run| String::from_utf8(decode_base64(run)?).ok()).collect()
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // `NAME=base64` is one run: what counts stands behind the first `=` that is no padding.
    let body = text.trim_end_matches('=');
    let body = body.rsplit_once('=').map_or(body, |(_, value)| value);
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(body.len() * 3 / 4), 0u32, 0u32);
    for byte in body.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Returns the values that stand behind a name (`name: value`, `"name":"value"`, `name = value`), as far as `is_value`.
fn values<'a>(text: &'a str, name: &str, is_value: fn(char) -> bool) -> Vec<&'a str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut values = Vec::new();
    for (at, _) in text.match_indices(name) {
        let rest = &text[at + name.len()..];
        if text[..at].ends_with(is_part) || rest.starts_with(is_part) {
            continue;
        }
        let value = rest
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '\'' | ':' | '='));
        let gap = &rest[..rest.len() - value.len()];
        let end = value.find(|c| !is_value(c)).unwrap_or(value.len());
        if gap.contains([':', '=']) && end > 0 && !value[end..].starts_with(is_part) {
            values.push(&value[..end]);
        }
    }
    values
}

fn is_email(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-')
}

/// Service accounts and keys of theirs that a text names.
struct ServiceAccounts {
    /// By the name `client_email`: the text is or holds a key file.
    owners: Vec<Principal>,
    others: Vec<Principal>,
    keys: BTreeSet<String>,
    unique_ids: BTreeSet<String>,
    projects: BTreeSet<String>,
}

impl ServiceAccounts {
    fn in_text(text: &str) -> ServiceAccounts {
        let account = |email: &str| {
            let who = gcp::parse(email.trim_end_matches('.'))?.ok()?;
            let is_google = who.id.ends_with("@system.gserviceaccount.com");
            (who.kind == PrincipalKind::ServiceAccount && who.email.is_some() && !is_google).then_some(who)
        };
        let known =
            |names: &[&str], is_value: fn(char) -> bool, is_valid: fn(&str) -> bool| -> BTreeSet<String> {
                let found = names.iter().flat_map(|name| values(text, name, is_value));
                found.filter(|value| is_valid(value)).map(Into::into).collect()
            };
        let is_full = |email: &str| email.contains("gserviceaccount.com");
        let mut owners: Vec<_> = values(text, "client_email", is_email)
            .into_iter()
            .filter(|email| is_full(email))
            .filter_map(account)
            .collect();
        let mut others: Vec<_> =
            text.split(|c| !is_email(c)).filter(|word| is_full(word)).filter_map(account).collect();
        for list in [&mut owners, &mut others] {
            list.sort_by(|a, b| a.id.cmp(&b.id));
            list.dedup();
        }
        let mut keys =
            known(&["private_key_id", "keyId", "key_id"], |c| c.is_ascii_hexdigit(), gcp::is_key_id);
        if keys.is_empty() {
            keys = noticed_keys(text);
        }
        ServiceAccounts {
            owners,
            others,
            keys,
            unique_ids: known(&["client_id"], |c| c.is_ascii_digit(), gcp::is_unique_id),
            projects: known(
                &["project_id"],
                |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | ':'),
                |project| gcp::is_project(project.rsplit(':').next().unwrap_or_default()),
            ),
        }
    }

    /// The accounts whose key this is: named as in a key file, or beside a key id.
    fn keys(&self) -> Vec<Principal> {
        match (self.owners.is_empty(), self.keys.is_empty()) {
            (false, _) => self.with_keys(&self.owners),
            (true, false) => self.with_keys(&self.others),
            (true, true) => Vec::new(),
        }
    }

    fn mentioned(&self) -> Vec<Principal> {
        self.others.clone()
    }

    fn with_keys(&self, accounts: &[Principal]) -> Vec<Principal> {
        let one = |values: &BTreeSet<String>| match accounts.len() {
            1 if values.len() == 1 => values.first().map(|value| value.as_str().into()),
            _ => None,
        };
        let whole = |who: &Principal, key: Option<&String>| Principal {
            key: key.map(|key| key.as_str().into()),
            unique_id: one(&self.unique_ids),
            account: one(&self.projects).or_else(|| who.account.clone()),
            ..who.clone()
        };
        match accounts {
            [who] if !self.keys.is_empty() => self.keys.iter().map(|key| whole(who, Some(key))).collect(),
            _ => accounts.iter().map(|who| whole(who, None)).collect(),
        }
    }
}

/// Key ids in prose: 40 hexadecimal digits behind the word "key", but not a commit in an address.
fn noticed_keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut at = 0;
    for word in text.split(|c: char| !c.is_ascii_hexdigit()) {
        let before = &text[..at];
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        if word.len() != 40 || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let near: String = before.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
        let is_address = before.ends_with('/') && !before.ends_with("/keys/");
        if near.to_ascii_lowercase().contains("key") && !is_address {
            keys.insert(word.to_ascii_lowercase());
        }
    }
    keys
}

/// Returns every access key that a text names; its account is the one that the id or else the text tells.
fn access_keys(text: &str) -> Vec<Principal> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for prefix in ["AKIA", "ASIA"] {
        for (at, _) in text.match_indices(prefix) {
            if !starts_word(&text[..at]) {
                continue;
            }
            let word = &text[at..];
            let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
            // In free text only the usual length is an id; longer runs are base64.
            if (16..=32).contains(&end) && !word[end..].starts_with('+') {
                found.insert(&word[..end]);
            }
        }
    }
    let told = told_account(text);
    let keys = found.into_iter().filter_map(|id| aws::parse(id)?.ok());
    keys.map(|key| Principal {
        account: key.account.clone().or_else(|| told.as_deref().map(Into::into)),
        ..key
    })
    .collect()
}

/// Whether a word may begin behind this text: behind no letter, unless that is an escape (`\n`, `%3D`).
fn starts_word(before: &str) -> bool {
    let tail: Vec<char> = before.chars().rev().take(3).collect();
    match tail[..] {
        [last, ..] if !last.is_ascii_alphanumeric() && !matches!(last, '_' | '+') => true,
        ['n' | 't' | 'r', '\\', ..] => true,
        [a, b, '%'] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        [] => true,
        _ => false,
    }
}

/// Returns the one account that stands behind the word "account".
fn told_account(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut told = BTreeSet::new();
    for (at, word) in lower.match_indices("account") {
        let near: String = lower[at + word.len()..].chars().take(48).collect();
        told.extend(
            near.split(|c: char| !c.is_ascii_alphanumeric())
                .find(|word| aws::is_account(word))
                .map(String::from),
        );
    }
    if told.len() == 1 { told.pop_first() } else { None }
}

fn arns(text: &str) -> Vec<Principal> {
    let is_arn = |c: char| c.is_ascii_alphanumeric() || ":/_+=,.@-".contains(c);
    let words = text.split(|c| !is_arn(c)).filter_map(|word| word.find("arn:aws").map(|at| &word[at..]));
    let mut found: Vec<_> =
        words.filter_map(|word| aws::parse(word.trim_end_matches(['.', ',', ':']))?.ok()).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// Names a Google credentials file that holds no service-account key.
fn other_kind(text: &str) -> Option<KeyFileError> {
    let types = values(text, "type", |c| c.is_ascii_lowercase() || c == '_');
    let (kind, hint) = types.into_iter().find_map(|kind| match kind {
        "external_account" => Some((
            "a workload identity federation configuration",
            "it holds no key: give principal://… of the identity, or the e-mail of the service account that it acts as",
        )),
        "external_account_authorized_user" => {
            Some(("a workforce sign-in of gcloud", "give principal://… of the person"))
        }
        "authorized_user" => Some(("a person's sign-in of gcloud", "give the person's e-mail with --principal")),
        "impersonated_service_account" => Some((
            "an impersonation configuration",
            "give the e-mail of whoever impersonates, or of the service account, with --principal",
        )),
        "gdch_service_account" => Some(("a key of Google Distributed Cloud", "that cloud keeps its own logs")),
        _ => None,
    })?;
    Some(KeyFileError::NotAKey { kind, hint })
}
