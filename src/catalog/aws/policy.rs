//! Policy documents: whom a role's trust policy lets in. Knows the grammar alone and judges nothing.

use super::arn;
use serde_json::Value;

/// Returns a policy document: CloudTrail records it as JSON text, sometimes URL-encoded, exports as an object.
pub fn document(recorded: &Value) -> Option<Value> {
    match recorded {
        Value::Object(_) => Some(recorded.clone()),
        Value::String(text) => {
            serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&percent_decoded(text)?).ok())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
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

/// Returns whom the document lets assume the role, sorted, without AWS services. A bare account id is that account's
/// root; everyone but somebody (`NotPrincipal`) is everyone.
pub fn trusted(document: &Value, partition: &str) -> Vec<Trusted> {
    let mut found = Vec::new();
    for statement in list(document.get("Statement")) {
        let is_allow = statement.get("Effect").and_then(Value::as_str).is_some_and(|e| e == "Allow");
        let Some(action) = assuming(statement).filter(|_| is_allow) else { continue };
        let is_conditional =
            statement.get("Condition").and_then(Value::as_object).is_some_and(|c| !c.is_empty());
        found.extend(members(statement, partition).into_iter().map(|member| Trusted {
            member,
            action: action.to_owned(),
            is_conditional,
        }));
    }
    found.sort();
    found.dedup();
    found
}

/// The first action that assumes a role; `sts:TagSession` alone does not.
fn assuming(statement: &Value) -> Option<&str> {
    if statement.get("NotAction").is_some() {
        return Some("*");
    }
    list(statement.get("Action")).into_iter().filter_map(Value::as_str).find(|action| {
        let action = action.to_ascii_lowercase();
        action == "*" || action == "sts:*" || action.starts_with("sts:assume")
    })
}

fn members(statement: &Value, partition: &str) -> Vec<String> {
    if statement.get("NotPrincipal").is_some() {
        return vec!["*".to_owned()];
    }
    match statement.get("Principal") {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Object(kinds)) => kinds
            .iter()
            .filter(|(kind, _)| *kind != "Service")
            .flat_map(|(_, members)| list(Some(members)))
            .filter_map(Value::as_str)
            .map(|member| match member.len() == 12 && member.bytes().all(|b| b.is_ascii_digit()) {
                true => format!("arn:{partition}:iam::{member}:root"),
                false => member.to_owned(),
            })
            .collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => Vec::new(),
    }
}

/// One thing stands for a list of one.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                rest = after;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns the account that a member belongs to; `None` for `*` and identity providers without one.
pub fn account_of(member: &str) -> Option<&str> {
    arn::Arn::parse(member).map(|arn| arn.account).filter(|account| !account.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(recorded: Value, expect: &[&str]) {
        let found = document(&recorded).map(|document| trusted(&document, "aws")).unwrap_or_default();
        assert_eq!(found.iter().map(|t| t.member.as_str()).collect::<Vec<_>>(), expect, "{recorded}");
    }

    #[test]
    fn trust_policies_tell_whom_they_let_in() {
        let allow = |principal: Value| json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
        check(allow(json!({"Service": "ec2.amazonaws.com"})), &[]);
        check(allow(json!("*")), &["*"]);
        check(
            allow(json!({"AWS": ["444455556666", "*"], "Service": "x"})),
            &["*", "arn:aws:iam::444455556666:root"],
        );
        check(json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}), &[]);
        check(json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"}]}), &[]);
        check(
            json!({"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": ["sts:*"]}]}),
            &["*"],
        );
        let text = allow(json!({"Federated": "accounts.google.com"})).to_string();
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        check(json!(text), &["accounts.google.com"]);
        check(json!(encoded), &["accounts.google.com"]);
        for garbage in [
            json!("%zz"),
            json!("%"),
            json!("%ff"),
            json!([]),
            json!(7),
            json!("HIDDEN"),
            json!({"Statement": [[], 3]}),
        ] {
            check(garbage, &[]);
        }
    }
}
