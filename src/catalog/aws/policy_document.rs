//! Policy documents inside records: whom a policy lets in from outside, and whether it allows everything.
//!
//! For the rows of this folder. A document that can't be parsed (masked, cut off) tells nothing here; the row's own words
//! must then do.

use crate::catalog::Record;
use crate::model::Fact;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// One way in that an Allow statement opens to somebody outside the account.
#[derive(Debug, PartialEq)]
pub struct Opening {
    /// `*`, an account id, an ARN or a canonical user id.
    pub member: Arc<str>,
    /// The statement's actions, comma-separated.
    pub actions: Arc<str>,
}

/// Returns what the document at `paths` opens to everybody or to another account than the record's.
pub fn openings(record: &Record, paths: &str) -> Vec<Opening> {
    let own = &*record.scope.account;
    let mut found = Vec::new();
    with_document(record, paths, |document| {
        for statement in allowing(document) {
            let actions: Arc<str> = match get(statement, "Action") {
                Some(actions) => texts(actions).join(", ").into(),
                None => "*".into(),
            };
            for member in members(statement).into_iter().flat_map(|member| outside(member, statement, own)) {
                found.push(Opening { member: member.into(), actions: actions.clone() });
            }
        }
    });
    found
}

/// Whether [`openings`] finds any.
pub fn lets_outsiders_in(record: &Record, paths: &str) -> bool {
    !openings(record, paths).is_empty()
}

/// Adds one [`Fact::Granted`] for each opening. `on` is the path of the thing that is opened.
pub fn grant(record: &Record, paths: &str, on: &str, facts: &mut Vec<Fact>) {
    let Some(on) = record.first(on) else { return };
    for Opening { member, actions } in openings(record, paths) {
        facts.push(Fact::Granted { member, role: actions, on: on.clone() });
    }
}

/// Whether the document allows every action, or all but a few, on every resource.
pub fn allows_everything(record: &Record, paths: &str) -> bool {
    let mut all = false;
    with_document(record, paths, |document| {
        all = allowing(document).any(|statement| {
            let on_all = get(statement, "Resource").is_some_and(|r| texts(r).contains(&"*"));
            let every = match get(statement, "Action") {
                Some(actions) => texts(actions).iter().any(|action| matches!(*action, "*" | "*:*")),
                None => get(statement, "NotAction").is_some(),
            };
            on_all && every
        });
    });
    all
}

/// Whether the document was read and allows nothing: a deny policy takes rights away.
pub fn only_denies(record: &Record, paths: &str) -> bool {
    let mut denies = false;
    with_document(record, paths, |document| denies = allowing(document).next().is_none());
    denies
}

/// Hands over the document, which records hold as an object, as text, or as percent-encoded text.
fn with_document(record: &Record, paths: &str, mut read: impl FnMut(&Value)) {
    match record.value(paths) {
        Some(Value::String(text)) => {
            let text = if text.starts_with('%') { Cow::Owned(decode(text)) } else { Cow::Borrowed(&**text) };
            if let Ok(document) = serde_json::from_str::<Value>(&text)
                && get(&document, "Statement").is_some()
            {
                read(&document);
            }
        }
        Some(document) if get(document, "Statement").is_some() => read(document),
        _ => {}
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn allowing(document: &Value) -> impl Iterator<Item = &Value> {
    let statements = match get(document, "Statement") {
        Some(Value::Array(list)) => &list[..],
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    statements.iter().filter(|statement| {
        get(statement, "Effect").and_then(Value::as_str).is_some_and(|e| e.eq_ignore_ascii_case("Allow"))
    })
}

fn members(statement: &Value) -> Vec<&str> {
    match get(statement, "Principal") {
        Some(Value::String(all)) => vec![all],
        Some(kinds @ Value::Object(_)) => {
            ["AWS", "CanonicalUser"].iter().filter_map(|kind| get(kinds, kind)).flat_map(texts).collect()
        }
        // Everybody except those named.
        _ if get(statement, "NotPrincipal").is_some() => vec!["*"],
        _ => Vec::new(),
    }
}

/// Returns whom `member` stands for, as far as they are outside `own`.
fn outside<'a>(member: &'a str, statement: &'a Value, own: &str) -> Vec<&'a str> {
    if member != "*" {
        return if is_foreign(member, own) { vec![member] } else { Vec::new() };
    }
    match narrowed_to(statement) {
        None => vec!["*"],
        Some(to) => to.into_iter().filter(|who| is_foreign(who, own)).collect(),
    }
}

fn is_foreign(member: &str, own: &str) -> bool {
    let account = if member.starts_with("arn:") { member.split(':').nth(4).unwrap_or("") } else { member };
    match account {
        "*" => true,
        digits if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            !own.is_empty() && digits != own
        }
        // A canonical user id can't be compared with an account id.
        canonical => canonical.len() == 64 && canonical.bytes().all(|b| b.is_ascii_hexdigit()),
    }
}

/// Returns the values that a condition narrows `*` down to; `None` when nothing narrows it. An address does not: whoever
/// writes the policy picks it.
fn narrowed_to(statement: &Value) -> Option<Vec<&str>> {
    const NARROW: [&str; 12] = [
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
    ];
    let Some(Value::Object(operators)) = get(statement, "Condition") else { return None };
    let values: Vec<&str> = operators
        .iter()
        .filter(|(operator, _)| {
            let operator = operator.to_ascii_lowercase();
            !operator.contains("not") && !operator.ends_with("ifexists") && operator != "null"
        })
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .filter(|(key, _)| NARROW.contains(&&*key.to_ascii_lowercase()))
        .flat_map(|(_, values)| texts(values))
        .filter(|value| *value != "*")
        .collect();
    (!values.is_empty()).then_some(values)
}

fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, found)| found)
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}
