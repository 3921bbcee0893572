//! Who a role let in before somebody rewrote it: the record that rewrites a trust policy holds the new one alone, so that the
//! old one is in the record before it. Pure; called with the records that name a role.

use crate::model::Time;
use crate::model::time::parse;
use serde_json::Value;
use std::sync::Arc;

/// A record that wrote a role's trust policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    pub at: Time,
    pub event: Arc<str>,
    pub document: Arc<str>,
}

/// Calls that write a trust policy, and where they say it.
pub const WRITERS: [(&str, &str); 2] =
    [("CreateRole", "assumeRolePolicyDocument"), ("UpdateAssumeRolePolicy", "policyDocument")];

/// Returns what wrote a role's trust policy, oldest first.
pub fn written<'a>(records: impl IntoIterator<Item = &'a Value>, role: &str) -> Vec<Written> {
    let (Some(name), Some(account)) = (role.rsplit('/').next(), role.split(':').nth(4)) else {
        return Vec::new();
    };
    let one = |record: &Value| {
        let called = record["eventName"].as_str()?;
        let (_, field) = WRITERS.iter().find(|(name, _)| *name == called)?;
        let recipient =
            record["recipientAccountId"].as_str().or(record["userIdentity"]["accountId"].as_str());
        let is_it = record["eventSource"] == "iam.amazonaws.com"
            && record["errorCode"].is_null()
            && recipient == Some(account)
            && record["requestParameters"]["roleName"] == name;
        let at = parse(record["eventTime"].as_str()?).filter(|_| is_it)?;
        let document = record["requestParameters"][field].as_str()?;
        // What is cut short (`HIDDEN_…`, a limit) is no policy.
        serde_json::from_str::<Value>(document).ok()?.get("Statement")?;
        let event = record["eventID"].as_str().unwrap_or_default();
        Some(Written { at, event: event.into(), document: document.into() })
    };
    let mut all: Vec<Written> = records.into_iter().filter_map(one).collect();
    all.sort();
    all.dedup();
    all
}

/// Returns the trust policy that stood before a time, by the last record of the role's account that wrote one until then.
pub fn previous<'a>(
    records: impl IntoIterator<Item = &'a Value>,
    role: &str,
    before: Time,
) -> Option<Arc<str>> {
    written(records, role).into_iter().rfind(|one| one.at < before).map(|one| one.document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(name: &str, at: &str, account: &str, document: &str) -> Value {
        let field = if name == "CreateRole" { "assumeRolePolicyDocument" } else { "policyDocument" };
        json!({
            "eventSource": "iam.amazonaws.com", "eventName": name, "eventTime": at, "recipientAccountId": account,
            "eventID": at, "requestParameters": {"roleName": "Export", field: document},
        })
    }

    #[test]
    fn the_last_trust_before_it_was_rewritten_is_found() {
        let role = "arn:aws:iam::111122223333:role/app/Export";
        let one = r#"{"Statement":[1]}"#;
        let two = r#"{"Statement":[2]}"#;
        let mut failed = record("UpdateAssumeRolePolicy", "2026-07-14T05:00:00Z", "111122223333", one);
        failed["errorCode"] = "AccessDenied".into();
        let records = [
            record("UpdateAssumeRolePolicy", "2026-07-14T04:00:00Z", "111122223333", two),
            record("CreateRole", "2026-07-14T03:00:00Z", "111122223333", one),
            record(
                "UpdateAssumeRolePolicy",
                "2026-07-14T05:00:00Z",
                "111122223333",
                "HIDDEN_DUE_TO_SECURITY_REASONS",
            ),
            record("UpdateAssumeRolePolicy", "2026-07-14T05:00:00Z", "444455556666", one),
            failed,
            record("UpdateAssumeRolePolicy", "2026-07-14T09:00:00Z", "111122223333", r#"{"Statement":[3]}"#),
        ];
        let at = |text: &str| text.parse::<Time>().unwrap();
        assert_eq!(previous(&records, role, at("2026-07-14T09:00:00Z")).as_deref(), Some(two));
        assert_eq!(previous(&records, role, at("2026-07-14T04:00:00Z")).as_deref(), Some(one));
        assert_eq!(previous(&records, role, at("2026-07-14T03:00:00Z")), None);
    }
}
