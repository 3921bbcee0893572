//! Policy documents inside records: whom a policy lets in, and whether it allows everything.
//!
//! For the rows of this folder. A document that can't be parsed (masked, cut off) tells nothing here, neither that it opens
//! nor that it closes; the row's own words must then do.

use super::tell::percent_decoded;
use crate::catalog::Record;
use crate::model::Fact;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One way in that an Allow statement opens to somebody outside the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// `*`, an account id, an ARN or a canonical user id.
    pub member: Arc<str>,
    /// The statement's actions, comma-separated.
    pub actions: Arc<str>,
}

/// Returns what the document at `paths` opens, each opening once, to everybody or to another account than the record's.
pub fn openings(record: &Record, paths: &str) -> Vec<Opening> {
    let own = &*record.scope.account;
    let mut found = Vec::new();
    for statement in read(record, paths).iter().flat_map(|document| allowing(document)) {
        let actions: Arc<str> = match get(statement, "Action") {
            Some(actions) => texts(actions).join(", ").into(),
            None => "*".into(),
        };
        let members =
            members(statement).into_iter().filter(|(kind, _)| matches!(*kind, "AWS" | "CanonicalUser"));
        for member in members.flat_map(|(_, member)| outside(member, statement, own)) {
            found.push(Opening { member: member.into(), actions: actions.clone() });
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|opening: &Opening| seen.insert(opening.clone()));
    found
}

/// Whether [`openings`] finds any.
pub fn lets_outsiders_in(record: &Record, paths: &str) -> bool {
    !openings(record, paths).is_empty()
}

/// Whether the document was read, or is empty, and opens nothing: it closes what an earlier one opened.
pub fn keeps_outsiders_out(record: &Record, paths: &str) -> bool {
    let is_empty = record.value(paths).and_then(Value::as_str).is_some_and(str::is_empty);
    is_empty || read(record, paths).is_some() && openings(record, paths).is_empty()
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
    read(record, paths).iter().flat_map(|document| allowing(document)).any(|statement| {
        let on_all = get(statement, "Resource").is_some_and(|r| texts(r).contains(&"*"));
        let every = match get(statement, "Action") {
            Some(actions) => texts(actions).iter().any(|action| matches!(*action, "*" | "*:*")),
            None => get(statement, "NotAction").is_some(),
        };
        on_all && every
    })
}

/// Whether the document was read and allows nothing: a deny policy takes rights away.
pub fn only_denies(record: &Record, paths: &str) -> bool {
    read(record, paths).is_some_and(|document| allowing(&document).next().is_none())
}

/// Somebody whom a trust policy lets in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trusted {
    /// ARN, `*`, or an identity provider's name.
    pub member: String,
    /// `sts:AssumeRole`, `sts:AssumeRoleWithSAML`, …
    pub action: String,
    /// Whether a condition narrows it.
    pub is_conditional: bool,
}

/// Returns whom the trust policy at `paths` lets assume the role, from inside or outside, sorted, without AWS services.
/// A bare account id is that account's root; everyone but somebody (`NotPrincipal`) is everyone. `None` when the
/// document can't be read.
pub fn trusted(record: &Record, paths: &str, partition: &str) -> Option<Vec<Trusted>> {
    let document = read(record, paths)?;
    let mut found = Vec::new();
    for statement in allowing(&document) {
        let Some(action) = assuming(statement) else { continue };
        let is_conditional =
            get(statement, "Condition").and_then(Value::as_object).is_some_and(|c| !c.is_empty());
        let members = members(statement).into_iter().filter(|(kind, _)| *kind != "Service");
        found.extend(members.map(|(_, member)| Trusted {
            member: match is_account(member) {
                true => format!("arn:{partition}:iam::{member}:root"),
                false => member.to_owned(),
            },
            action: action.to_owned(),
            is_conditional,
        }));
    }
    found.sort();
    found.dedup();
    Some(found)
}

/// The first action that assumes a role; `sts:TagSession` alone does not.
fn assuming(statement: &Value) -> Option<&str> {
    let Some(actions) = get(statement, "Action") else { return get(statement, "NotAction").map(|_| "*") };
    texts(actions).into_iter().find(|action| {
        let action = action.to_ascii_lowercase();
        action == "*" || action == "sts:*" || action.starts_with("sts:assume")
    })
}

/// Returns the document, which records hold as an object, as text, or as percent-encoded text.
fn read<'a>(record: &Record<'a>, paths: &str) -> Option<Cow<'a, Value>> {
    let document = match record.value(paths)? {
        Value::String(text) => Cow::Owned(
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&percent_decoded(text))).ok()?,
        ),
        document => Cow::Borrowed(document),
    };
    get(&document, "Statement").is_some().then_some(document)
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

/// Whom a statement names: kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and member.
fn members(statement: &Value) -> Vec<(&str, &str)> {
    const KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];
    match get(statement, "Principal") {
        Some(Value::String(all)) => vec![("AWS", all)],
        Some(named @ Value::Object(_)) => KINDS
            .iter()
            .filter_map(|kind| Some((*kind, get(named, kind)?)))
            .flat_map(|(kind, members)| texts(members).into_iter().map(move |member| (kind, member)))
            .collect(),
        // Everybody except those named.
        _ if get(statement, "NotPrincipal").is_some() => vec![("AWS", "*")],
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

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_foreign(member: &str, own: &str) -> bool {
    let account = if member.starts_with("arn:") { member.split(':').nth(4).unwrap_or("") } else { member };
    match account {
        "*" => true,
        digits if is_account(digits) => !own.is_empty() && digits != own,
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
