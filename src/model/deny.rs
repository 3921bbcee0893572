//! The policy documents that this program writes, and what such documents say when they are read back.
//!
//! Compact: a user's inline policies share 2,048 characters and a role's 10,240 (aws.md 4.2). Pure text; calls nothing.

use super::Time;
use super::time::parse;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The inline policy that denies a user or role everything.
pub const DENY_ALL: &str = "TriageDenyAll";
/// The inline policy that ends a user's sessions.
pub const USER_SESSIONS: &str = "TriageDenyOlderSessions";
/// The inline policy that ends a role's sessions, under the name that AWS's own console uses.
pub const ROLE_SESSIONS: &str = "AWSRevokeOlderSessions";
/// The inline policy that ends some sessions of a role, by their names.
pub const NAMED_SESSIONS: &str = "TriageDenySessions";
/// Managed policies that end a role's sessions, before the role's name: all of them, and some by name.
pub const REVOCATION: [&str; 2] = ["TriageRevoke-", "TriageRevokeNamed-"];
/// The path of what this program makes in IAM: what lies elsewhere under the same name is somebody else's.
pub const PATH: &str = "/triage/";
/// The group whose members are denied everything.
pub const DENY_GROUP: &str = "TriageDeny";
/// AWS's own policy that denies everything, without its partition.
pub const AWS_DENY_ALL: &str = "policy/AWSDenyAll";
/// How AWS's own policies for leaked keys begin. They are reported and never taken off.
pub const QUARANTINE: &str = "AWSCompromisedKeyQuarantine";

/// A session issued in the minute after the call is denied too: AWS's clocks and ours differ.
pub const SKEW_SECONDS: i64 = 60;

/// Sessions of a role that are denied: by `aws:userid` (`AROA…:name`), as far as they were issued before `until`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub until: Time,
    pub ids: BTreeSet<String>,
}

/// Denies everything.
pub fn everything() -> String {
    document(vec![deny(None)])
}

/// Denies every session that was issued before a time. Long-term keys have no issue time, so that it never holds for them.
pub fn older_than(until: Time) -> String {
    document(vec![deny(Some(older(until)))])
}

pub fn named(all: &[Named]) -> String {
    let statement = |one: &Named| {
        let mut condition = older(one.until);
        condition["StringEquals"] = json!({ "aws:userid": one.ids });
        deny(Some(condition))
    };
    document(all.iter().map(statement).collect())
}

/// Whether a document denies everything, without a condition.
pub fn is_everything(document: &str) -> bool {
    denies(document).iter().any(Option::is_none)
}

/// Returns the latest time up to which a document denies every session.
pub fn denied_until(document: &str) -> Option<Time> {
    let until = |condition: &Option<Value>| {
        let condition = condition.as_ref()?.as_object()?;
        if condition.len() != 1 {
            return None;
        }
        issue_time(condition.get("DateLessThan")?)
    };
    denies(document).iter().filter_map(until).max()
}

/// Returns the sessions that a document of [`named`] denies; `None` where it holds anything else.
pub fn read_named(document: &str) -> Option<Vec<Named>> {
    let one = |condition: &Option<Value>| {
        let condition = condition.as_ref()?.as_object()?;
        let until = issue_time(condition.get("DateLessThan")?)?;
        let ids = texts(value_of(condition.get("StringEquals")?, "aws:userid")?)?;
        (condition.len() == 2).then_some(Named { until, ids })
    };
    let all = denies(document);
    (all.len() == statements(document).len()).then(|| all.iter().map(one).collect())?
}

/// Adds sessions to those that are denied already. A name is denied once, up to the latest time.
pub fn with_named(before: Vec<Named>, more: Named) -> Vec<Named> {
    let mut all: Vec<Named> = before
        .into_iter()
        .map(|mut one| {
            one.ids.retain(|id| !more.ids.contains(id));
            one
        })
        .filter(|one| !one.ids.is_empty())
        .collect();
    all.push(more);
    all.sort();
    all
}

/// What our service control policy of an account denies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scp {
    /// ARNs of users, roles, federated users and root.
    pub principals: BTreeSet<Arc<str>>,
    /// Sessions by `aws:userid` (`AROA…:name`).
    pub sessions: BTreeSet<Arc<str>>,
    /// User ids of Identity Center.
    pub users: BTreeSet<Arc<str>>,
}

const USER_ID: &str = "aws:userid";
const CENTER_USER: &str = "identitystore:UserId";

impl Scp {
    pub fn is_empty(&self) -> bool {
        self.principals.is_empty() && self.sessions.is_empty() && self.users.is_empty()
    }

    pub fn to_document(&self) -> String {
        let mut all = Vec::new();
        // A role's principal ARN holds its path, which a session's ARN does not tell.
        let patterns: BTreeSet<String> = self.principals.iter().flat_map(|arn| patterns(arn)).collect();
        if !patterns.is_empty() {
            all.push(deny(Some(json!({ "ArnLike": { "aws:PrincipalArn": patterns } }))));
        }
        for (key, values) in [(USER_ID, &self.sessions), (CENTER_USER, &self.users)] {
            if !values.is_empty() {
                all.push(deny(Some(json!({ "StringEquals": { key: values } }))));
            }
        }
        document(all)
    }

    /// Whether a document denies all of these.
    pub fn is_in(&self, document: &str) -> bool {
        let all = denies(document);
        let listed = |operator: &str, key: &str| -> BTreeSet<String> {
            let of = |condition: &Option<Value>| {
                let condition = condition.as_ref()?.as_object()?;
                (condition.len() == 1).then(|| texts(value_of(condition.get(operator)?, key)?))?
            };
            all.iter().filter_map(of).flatten().collect()
        };
        let arns = listed("ArnLike", "aws:PrincipalArn");
        let has = |key: &str, wanted: &BTreeSet<Arc<str>>| {
            let listed = listed("StringEquals", key);
            wanted.iter().all(|one| listed.contains(&**one))
        };
        self.principals.iter().flat_map(|arn| patterns(arn)).all(|arn| arns.contains(&arn))
            && has(USER_ID, &self.sessions)
            && has(CENTER_USER, &self.users)
    }

    /// Returns what a document of [`Scp::to_document`] denies, patterns as they stand there.
    pub fn read(document: &str) -> Option<Scp> {
        let mut scp = Scp::default();
        let all = denies(document);
        if all.len() != statements(document).len() {
            return None;
        }
        for condition in all {
            let condition = condition?;
            let condition = condition.as_object().filter(|one| one.len() == 1)?;
            if let Some(arns) = condition.get("ArnLike") {
                let arns = texts(value_of(arns, "aws:PrincipalArn")?)?;
                scp.principals.extend(arns.into_iter().map(Arc::from));
            } else {
                let equals = condition.get("StringEquals")?;
                let (all, values) = match value_of(equals, USER_ID) {
                    Some(values) => (&mut scp.sessions, values),
                    None => (&mut scp.users, value_of(equals, CENTER_USER)?),
                };
                all.extend(texts(values)?.into_iter().map(Arc::from));
            }
        }
        Some(scp)
    }

    pub fn with(mut self, more: &Scp) -> Scp {
        self.principals.extend(more.principals.iter().flat_map(|arn| patterns(arn)).map(Arc::from));
        self.sessions.extend(more.sessions.iter().cloned());
        self.users.extend(more.users.iter().cloned());
        self
    }

    pub fn without(mut self, less: &Scp) -> Scp {
        let arns: BTreeSet<String> = less.principals.iter().flat_map(|arn| patterns(arn)).collect();
        self.principals.retain(|arn| !arns.contains(&**arn));
        self.sessions.retain(|session| !less.sessions.contains(session));
        self.users.retain(|user| !less.users.contains(user));
        self
    }
}

/// A role under whatever path; anything else as it is. Idempotent.
fn patterns(arn: &str) -> Vec<String> {
    match arn.split_once(":role/") {
        Some((_, name)) if name.contains('/') => vec![arn.to_owned()],
        Some((head, name)) => vec![format!("{head}:role/*/{name}"), arn.to_owned()],
        None => vec![arn.to_owned()],
    }
}

/// Whether a text can be a session's name. Anything else could be read as a variable where it stands in a policy.
pub fn is_session_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

/// Characters of a document as IAM counts them against its limits: all but white space.
pub fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// Whether two documents say the same, whatever their spaces and the order of their keys.
pub fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn document(statements: Vec<Value>) -> String {
    let statement = match <[Value; 1]>::try_from(statements) {
        Ok([one]) => one,
        Err(all) => all.into(),
    };
    json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
}

fn deny(condition: Option<Value>) -> Value {
    let mut statement = json!({ "Effect": "Deny", "Action": "*", "Resource": "*" });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn older(until: Time) -> Value {
    json!({ "DateLessThan": { "aws:TokenIssueTime": until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() } })
}

fn statements(document: &str) -> Vec<Value> {
    match serde_json::from_str::<Value>(document)
        .ok()
        .as_mut()
        .and_then(|all| all.get_mut("Statement"))
        .map(Value::take)
    {
        Some(Value::Array(all)) => all,
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

/// The conditions of the statements that deny every action on everything; a statement with anything else in it is none.
fn denies(document: &str) -> Vec<Option<Value>> {
    let is_all = |value: Option<&Value>| match value {
        Some(Value::String(all)) => all == "*",
        Some(Value::Array(all)) => all.iter().any(|one| one == "*"),
        _ => false,
    };
    let one = |statement: Value| {
        let is_deny = statement.get("Effect").and_then(Value::as_str) == Some("Deny")
            && is_all(statement.get("Action"))
            && is_all(statement.get("Resource"));
        let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
        let is_plain = statement.as_object()?.keys().all(|key| known.contains(&&**key));
        (is_deny && is_plain).then(|| statement.get("Condition").cloned())
    };
    statements(document).into_iter().filter_map(one).collect()
}

/// Condition keys know no case.
fn value_of<'a>(block: &'a Value, key: &str) -> Option<&'a Value> {
    let block = block.as_object().filter(|block| block.len() == 1)?;
    block.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn texts(value: &Value) -> Option<BTreeSet<String>> {
    match value {
        Value::String(one) => Some([one.clone()].into()),
        Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn issue_time(block: &Value) -> Option<Time> {
    let times = texts(value_of(block, "aws:TokenIssueTime")?)?;
    // Of several values any one holds.
    times.iter().filter_map(|time| parse(time)).max()
}
