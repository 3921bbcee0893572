//! What names tell of themselves: roles in session ARNs, projects in e-mails, pools in members.

use super::*;

/// The credentials that an event minted, if it succeeded.
pub fn issued(event: &Event) -> impl Iterator<Item = &Issued> {
    event.facts.iter().filter(|_| event.outcome.is_success()).filter_map(|fact| {
        let Fact::Issued(issued) = fact else { return None };
        Some(issued)
    })
}

/// The newest of these that existed at a time.
pub(super) fn before<'m>(made: impl Iterator<Item = &'m Made>, at: Time) -> Option<&'m Made> {
    made.filter(|made| made.at <= at).max_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)))
}

/// Whether a service mints sessions for things of this kind: `ecs-tasks.amazonaws.com` for tasks, never for a bucket of the
/// same name.
pub(super) fn is_minted_by(service: &str, kind: &str) -> bool {
    let service: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
    let label = kind.split('.').nth(1).unwrap_or_default().replace('_', "");
    service.is_empty() || service.contains(&label)
}

/// Whether people from outside enter through things of this kind.
pub(super) fn lets_in(kind: &str) -> bool {
    matches!(kind, "aws.iam.saml_provider" | "aws.iam.oidc_provider" | "aws.rolesanywhere.trust_anchor")
}

pub(super) fn is_one_region(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// Users and service accounts: what belongs whole to who made it.
pub(super) fn is_identity(kind: &str) -> bool {
    matches!(kind, "aws.iam.user" | "gcp.iam.service_account")
}

/// `AIDA…`, or Google's numeric unique id: never given twice.
pub(super) fn is_identity_id(text: &str) -> bool {
    (text.len() >= 16 && text.starts_with("AIDA"))
        || (text.len() >= 15 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a trust statement's member lets in this account: its root, one of its principals, or everyone.
pub(super) fn is_from(member: &str, account: &str) -> bool {
    member == "*" || member == account || member.split(':').nth(4) == Some(account)
}

/// `arn:aws:sts::1:assumed-role/R/s` → `assumed-role/R/`: what every record of the role's sessions contains.
pub fn role_of_session(arn: &str) -> Option<Arc<str>> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let role = rest.split('/').next().filter(|role| !role.is_empty())?;
    Some(format!("{head}:assumed-role/{role}/").into())
}

/// `…/workloadIdentityPools/POOL/…` → `POOL`, also of workforce pools.
pub(super) fn pool_of(name: &str) -> Option<&str> {
    let rest =
        ["/workloadIdentityPools/", "/workforcePools/"].iter().find_map(|part| name.split_once(part))?.1;
    rest.split('/').next().filter(|pool| !pool.is_empty())
}

/// The role's name in the ARN of a session.
pub fn role_in(arn: &str) -> Option<&str> {
    arn.split(":assumed-role/").nth(1)?.split('/').next()
}

/// The project in a service account's e-mail.
pub fn project_of(email: &str) -> Option<Arc<str>> {
    let (local, domain) = email.split_once('@')?;
    if let Some(project) = domain.strip_suffix(".iam.gserviceaccount.com") {
        return Some(project.into());
    }
    (domain == "appspot.gserviceaccount.com").then(|| local.into())
}
