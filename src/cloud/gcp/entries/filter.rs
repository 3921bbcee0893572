//! Filters of Cloud Logging: who did it, by key, or to whom; one OR for all that is new, as few filters as hold it (gcp.md 2.2).
//!
//! Values come from records that an attacker may have written: each is one quoted text, and can't end it.

use crate::model::Time;
use std::sync::Arc;

/// A filter's characters.
const LONGEST: usize = 20_000;
/// No id of Google's is longer.
const LONGEST_ID: usize = 512;

/// The audit logs; one that is routed elsewhere or off shows nothing.
pub(super) const AUDIT: &str = r#"(log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/data_access") OR log_id("cloudaudit.googleapis.com/system_event") OR log_id("cloudaudit.googleapis.com/policy"))"#;
/// Google's own notices: which key leaked where, which machines mine.
pub(super) const ABUSE: &str =
    r#"jsonPayload."@type"="type.googleapis.com/google.cloud.abuseevent.logging.v1.AbuseEvent""#;

/// What is asked about an id, where its shape says that logs can be searched for it; nothing for resources: what became of those,
/// the inventory says.
pub(super) fn term(id: &str) -> Option<String> {
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return None;
    }
    let q = quoted(id);
    const WHO: &str = "protoPayload.authenticationInfo";
    if id.starts_with("principal://")
        || id.starts_with("principalSet://")
        || id.contains("/workloadIdentityPools/")
    {
        return Some(format!(
            "{WHO}.principalSubject:{q} OR {WHO}.serviceAccountDelegationInfo.principalSubject:{q}"
        ));
    }
    if id.contains('@') && !id.contains(['/', ' ', ':']) {
        let kind = if id.ends_with("gserviceaccount.com") { "serviceAccount" } else { "user" };
        let subject = quoted(&format!("{kind}:{id}"));
        let mut term = format!(
            "{WHO}.principalEmail={q} OR {WHO}.principalSubject={subject} OR {WHO}.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail={q} \
             OR {WHO}.serviceAccountDelegationInfo.principalSubject:{q} OR protoPayload.serviceData.policyDelta.bindingDeltas.member={subject}"
        );
        if kind == "serviceAccount" {
            term += &format!(" OR resource.labels.email_id={q}");
        }
        return Some(term);
    }
    if id.contains(".svc.id.goog[") {
        return Some(format!("{WHO}.principalSubject:{q} OR {WHO}.principalEmail={q}"));
    }
    if id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(format!(
            "{WHO}.serviceAccountKeyName:{q} OR protoPayload.resourceName:{q} OR protoPayload.response.name:{q}"
        ));
    }
    // A service account's; a machine's number is shorter.
    if id.len() == 21 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("resource.labels.unique_id={q} OR protoPayload.resourceName:{q}"));
    }
    None
}

/// One text, as the query language quotes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// As few filters as hold all of these ids' terms, and the ids of each. The longest that a base adds is counted in.
pub(super) fn filters<'i>(ids: impl IntoIterator<Item = &'i Arc<str>>) -> Vec<String> {
    packed(ids.into_iter().filter_map(|id| term(id)))
}

fn packed(terms: impl Iterator<Item = String>) -> Vec<String> {
    let mut filters: Vec<String> = Vec::new();
    for term in terms {
        match filters.last_mut().filter(|last| last.len() + term.len() + AUDIT.len() + 200 <= LONGEST) {
            Some(last) => {
                last.push_str(" OR ");
                last.push_str(&term);
            }
            None => filters.push(term),
        }
    }
    filters
}

/// The other parts of split entries: as few filters as hold them.
pub(super) fn parts<'u>(uids: impl IntoIterator<Item = &'u str>) -> Vec<String> {
    let all = uids.into_iter().filter(|uid| uid.len() <= LONGEST_ID && !uid.chars().any(char::is_control));
    packed(all.map(|uid| format!("split.uid={}", quoted(uid))))
}

/// The whole filter: cheap parts first.
pub(super) fn whole(base: &str, since: Option<Time>, until: Option<Time>, terms: Option<&str>) -> String {
    let mut filter = base.to_owned();
    if let Some(since) = since {
        filter += &format!(" AND timestamp>=\"{since}\"");
    }
    if let Some(until) = until {
        filter += &format!(" AND timestamp<=\"{until}\"");
    }
    if let Some(terms) = terms {
        filter += &format!(" AND ({terms})");
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_asked_for_by_their_shape_and_can_not_end_their_quotes() {
        let email = term("a@p.iam.gserviceaccount.com").unwrap();
        assert!(email.contains(r#"principalEmail="a@p.iam.gserviceaccount.com""#));
        assert!(email.contains(r#"email_id="a@p.iam.gserviceaccount.com""#));
        assert!(term("dora@example.com").unwrap().contains(r#"member="user:dora@example.com""#));
        let hostile = term(r#"x"@y\.example"#).unwrap();
        assert!(hostile.contains(r#"principalEmail="x\"@y\\.example""#), "{hostile}");
        assert!(term("8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0").unwrap().contains("serviceAccountKeyName:"));
        assert!(term("118005532197004821937").unwrap().contains("unique_id="));
        assert!(term("principal://iam.googleapis.com/x").unwrap().contains("principalSubject:"));
        for id in ["", "1454427709413609468", "projects/p/zones/z/instances/i", "a@b\nc", "vm-1"] {
            assert_eq!(term(id), None, "{id:?}");
        }
    }

    #[test]
    fn filters_are_few_and_never_too_long() {
        let ids: Vec<Arc<str>> =
            (0..300).map(|n| format!("a{n:03}@p.iam.gserviceaccount.com").into()).collect();
        let all = filters(&ids);
        let longest = Some("2026-03-14T02:00:00.123456789Z".parse().unwrap());
        assert!(all.iter().all(|one| whole(AUDIT, longest, longest, Some(one)).len() <= LONGEST));
        assert!(ids.iter().all(|id| all.iter().any(|one| one.contains(&**id))));
        assert!(all.len() <= 12, "{}", all.len());
        assert!(filters(&[Arc::from("vm-1")]).is_empty());
    }
}
