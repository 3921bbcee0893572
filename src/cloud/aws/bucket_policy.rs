//! A policy without some of those whom it lets in. Pure; for `s3` alone.

use serde_json::Value;
use std::sync::Arc;

/// Whether an Allow statement names any of these, in its principal or in what narrows it.
pub(super) fn lets_in(policy: &str, members: &[Arc<str>]) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else { return true };
    let mut statements = statements(&document).iter().filter(|statement| is_allow(statement));
    statements.any(|statement| {
        named(statement).iter().any(|name| is_among(name, members)) || narrows_to(statement, members)
    })
}

/// Returns the policy without these; `None` when nothing is left of it. Statements that let them in by a condition are
/// too much for scissors.
pub(super) fn without(policy: &str, members: &[Arc<str>]) -> Result<Option<String>, &'static str> {
    let mut document: Value = serde_json::from_str(policy).map_err(|_| "the policy can't be read")?;
    let mut left = Vec::new();
    for statement in statements(&document) {
        if !is_allow(statement) {
            left.push(statement.clone());
        } else if narrows_to(statement, members) {
            return Err("a condition of the policy lets them in: change it by hand");
        } else if let Some(statement) = trimmed(statement, members) {
            left.push(statement);
        }
    }
    if left.is_empty() {
        return Ok(None);
    }
    if let Some(all) = document.get_mut("Statement") {
        *all = Value::Array(left);
    }
    Ok(Some(document.to_string()))
}

/// Whether both say the same, whatever their spaces.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    read(one).is_some_and(|one| Some(one) == read(other))
}

fn statements(document: &Value) -> &[Value] {
    match document.get("Statement") {
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

fn is_allow(statement: &Value) -> bool {
    statement.get("Effect").and_then(Value::as_str).is_some_and(|effect| effect.eq_ignore_ascii_case("Allow"))
}

/// Accounts and identities, not services or identity providers.
const WHO: [&str; 2] = ["AWS", "CanonicalUser"];

fn named(statement: &Value) -> Vec<&str> {
    let principal = statement.get("Principal");
    let lists = WHO.iter().filter_map(|kind| principal?.get(kind));
    lists.flat_map(texts).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// Whether a condition's value is one of these, where the principal is everybody.
fn narrows_to(statement: &Value, members: &[Arc<str>]) -> bool {
    let principal = statement.get("Principal");
    let is_all = principal.and_then(Value::as_str) == Some("*") || named(statement).contains(&"*");
    let operators = statement.get("Condition").and_then(Value::as_object);
    let keys = operators.into_iter().flat_map(|all| all.values()).filter_map(Value::as_object);
    let mut values = keys.flat_map(|keys| keys.values()).flat_map(texts);
    is_all && values.any(|value| is_among(value, members))
}

/// Returns the statement without these, `None` when nobody is left in it.
fn trimmed(statement: &Value, members: &[Arc<str>]) -> Option<Value> {
    if !named(statement).iter().any(|name| is_among(name, members)) {
        return Some(statement.clone());
    }
    let mut statement = statement.clone();
    let principal = statement.get_mut("Principal").and_then(Value::as_object_mut)?;
    for kind in WHO {
        let Some(list) = principal.get(kind) else { continue };
        let left: Vec<Value> =
            texts(list).into_iter().filter(|name| !is_among(name, members)).map(Value::from).collect();
        match left.is_empty() {
            true => principal.remove(kind),
            false => principal.insert(kind.to_owned(), Value::Array(left)),
        };
    }
    (!principal.is_empty()).then_some(statement)
}

/// S3 writes an account down as its root's ARN, whichever was given.
fn is_among(name: &str, members: &[Arc<str>]) -> bool {
    members
        .iter()
        .any(|member| **member == *name || account(member).is_some_and(|it| account(name) == Some(it)))
}

/// The account that stands for all of itself.
fn account(name: &str) -> Option<&str> {
    let id = match name.strip_prefix("arn:") {
        Some(rest) => {
            let id = rest.split(':').nth(3)?;
            return name.ends_with(&format!(":{id}:root")).then_some(id);
        }
        None => name,
    };
    (id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn check(statement: Value, out: &[&str], expect: Result<Option<Value>, ()>) {
        let policy = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let expect =
            expect.map(|left| left.map(|left| json!({ "Version": "2012-10-17", "Statement": left })));
        let left = without(&policy, &members(out));
        let read = left
            .clone()
            .map_err(|_| ())
            .map(|left| left.map(|left| serde_json::from_str::<Value>(&left).expect("what we wrote")));
        assert_eq!(read, expect, "{policy} without {out:?}");
        if let Ok(left) = left {
            assert!(left.is_none_or(|left| !lets_in(&left, &members(out))));
        }
    }

    #[test]
    fn those_who_are_shut_out_are_gone_and_nobody_else() {
        let allow =
            |who: Value| json!({ "Effect": "Allow", "Principal": who, "Action": "s3:*", "Resource": "*" });
        let (thief, own) = ("arn:aws:iam::999988887777:root", "arn:aws:iam::111122223333:role/app");
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*" });
        check(allow(json!({ "AWS": thief })), &["999988887777"], Ok(None));
        check(
            json!([allow(json!({ "AWS": [thief, own] })), deny]),
            &[thief],
            Ok(Some(json!([allow(json!({ "AWS": [own] })), deny]))),
        );
        check(json!([deny, allow(json!({ "AWS": thief }))]), &[thief], Ok(Some(json!([deny]))));
        let service = json!({ "Service": "cloudtrail.amazonaws.com", "AWS": thief });
        check(
            allow(service),
            &[thief],
            Ok(Some(json!([allow(json!({ "Service": "cloudtrail.amazonaws.com" }))]))),
        );
        check(allow(json!({ "AWS": own })), &[thief], Ok(Some(json!([allow(json!({ "AWS": own }))]))));
        // A role of an account is not the account.
        let role = "arn:aws:iam::999988887777:role/x";
        check(allow(json!({ "AWS": role })), &[thief], Ok(Some(json!([allow(json!({ "AWS": role }))]))));
        check(allow(json!({ "AWS": role })), &[role], Ok(None));
        let mut narrowed = allow(json!("*"));
        narrowed["Condition"] =
            json!({ "StringEquals": { "aws:PrincipalAccount": ["999988887777", "111122223333"] } });
        check(narrowed, &["999988887777"], Err(()));
        assert!(lets_in("no json", &members(&["999988887777"])), "what can't be read is not said to be shut");
    }
}
