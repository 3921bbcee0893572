//! Google principals: e-mails in all their spellings, unique ids, federated identities.

use super::ParsePrincipalError::{Malformed, Not};
use super::{ParsePrincipalError, Principal, PrincipalKind};
use crate::model::Provider;

type Parsed = Result<Principal, ParsePrincipalError>;

const GOOGLE: &str = "gserviceaccount.com";

/// Members of a policy that are many or nobody.
const MANY: &[&str] = &[
    "group:",
    "domain:",
    "projectOwner:",
    "projectEditor:",
    "projectViewer:",
    "allUsers",
    "allAuthenticatedUsers",
];

/// Reads a text that has the form of a Google principal; `None` when it has not.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    if MANY.iter().any(|many| text.starts_with(many)) || text.starts_with("principalSet:") {
        return Some(Err(Not(
            "a set of principals",
            "give one of them: an e-mail, or principal://…/subject/… of one identity",
        )));
    }
    if let Some(rest) = text.strip_prefix("deleted:") {
        return Some(from_deleted(rest));
    }
    if let Some(rest) = text.strip_prefix("principal:") {
        return Some(from_principal(text, rest));
    }
    if let Some(rest) = text.strip_prefix("serviceAccount:") {
        return Some(from_service_account(rest));
    }
    if let Some(rest) = text.strip_prefix("user:") {
        return Some(from_user(rest));
    }
    let path = text.strip_prefix("//iam.googleapis.com/").unwrap_or(text);
    if let Some(rest) = path.strip_prefix("projects/") {
        return Some(from_path(rest));
    }
    if text.len() >= 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(from_unique_id(text));
    }
    if let Some(identity) = from_kubernetes(text) {
        return Some(Ok(identity));
    }
    text.contains('@').then(|| from_email(text))
}

fn from_service_account(text: &str) -> Parsed {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return from_unique_id(text);
    }
    if let Some(identity) = from_kubernetes(text) {
        return Ok(identity);
    }
    match from_email(text)? {
        account if account.kind == PrincipalKind::ServiceAccount => Ok(account),
        _ => Err(Malformed("service account", "its e-mail ends in gserviceaccount.com")),
    }
}

fn from_user(text: &str) -> Parsed {
    match text.rsplit_once('@') {
        Some((_, domain)) if domain.contains('.') => from_email(text),
        _ => Err(Malformed("user", "its e-mail has a domain with a dot: user:NAME@DOMAIN.TLD")),
    }
}

/// `deleted:serviceAccount:EMAIL?uid=NUMBER`, as policies keep it.
fn from_deleted(text: &str) -> Parsed {
    let (member, uid) = text.split_once("?uid=").map_or((text, None), |(member, uid)| (member, Some(uid)));
    let principal = match (member.strip_prefix("serviceAccount:"), member.strip_prefix("user:")) {
        (Some(account), _) => from_service_account(account)?,
        (None, Some(user)) => from_user(user)?,
        (None, None) => {
            return Err(Malformed("deleted member", "it is deleted:serviceAccount:EMAIL?uid=NUMBER"));
        }
    };
    match uid {
        None => Ok(principal),
        Some(uid) if is_unique_id(uid) => Ok(Principal { unique_id: Some(uid.into()), ..principal }),
        Some(_) => Err(Malformed("deleted member", "its uid is a number of 15 to 22 digits")),
    }
}

/// `PROJECT/serviceAccounts/ACCOUNT[/keys/KEY]`, as `serviceAccountKeyName` has it.
fn from_path(text: &str) -> Parsed {
    let parts: Vec<&str> = text.split('/').collect();
    let (account, key) = match parts[..] {
        [_, "serviceAccounts", account] => (account, None),
        [_, "serviceAccounts", account, "keys", key] => (account, Some(key)),
        _ => return Err(Malformed("service account", "its name is projects/PROJECT/serviceAccounts/EMAIL")),
    };
    if key.is_some_and(|key| !is_key_id(key)) {
        return Err(Malformed("service-account key", "its id is hexadecimal"));
    }
    let project = Some(parts[0]).filter(|project| is_project(project)).map(Into::into);
    let principal = from_service_account(account)?;
    Ok(Principal { key: key.map(Into::into), account: principal.account.clone().or(project), ..principal })
}

fn from_unique_id(text: &str) -> Parsed {
    if !is_unique_id(text) {
        return Err(Malformed("unique id", "a service account's has 15 to 22 digits, most often 21"));
    }
    Ok(Principal {
        unique_id: Some(text.into()),
        ..Principal::new(Provider::Gcp, PrincipalKind::ServiceAccount, text)
    })
}

/// `principal://…`: a federated identity, or the way that deny policies spell users and service accounts.
fn from_principal(text: &str, rest: &str) -> Parsed {
    const FORM: ParsePrincipalError =
        Malformed("federated identity", "it is principal://iam.googleapis.com/…/subject/SUBJECT");
    if let Some(user) = rest.strip_prefix("//goog/subject/") {
        return from_user(user);
    }
    let path = rest.strip_prefix("//iam.googleapis.com/").ok_or(FORM)?;
    if path.contains(['*', ' ']) {
        return Err(FORM);
    }
    if path.contains("/serviceAccounts/") {
        return from_path(path.strip_prefix("projects/").ok_or(FORM)?);
    }
    let (pool, subject) = path.split_once("/subject/").ok_or(FORM)?;
    let parts: Vec<&str> = pool.split('/').collect();
    let is_pool = match parts[..] {
        ["projects", project, "locations", place, "workloadIdentityPools", pool] => {
            !project.is_empty() && !place.is_empty() && !pool.is_empty()
        }
        ["locations", place, "workforcePools", pool] => !place.is_empty() && !pool.is_empty(),
        _ => false,
    };
    if !is_pool || subject.is_empty() {
        return Err(FORM);
    }
    let account =
        parts[1..].iter().find_map(|part| part.strip_suffix(".svc.id.goog")).filter(|id| is_project(id));
    Ok(Principal {
        account: account.map(Into::into),
        ..Principal::new(Provider::Gcp, PrincipalKind::WorkloadIdentity, text)
    })
}

/// `PROJECT.svc.id.goog[NAMESPACE/NAME]`: a Kubernetes service account, as bindings and subjects name it.
fn from_kubernetes(text: &str) -> Option<Principal> {
    let (project, rest) = text.split_once(".svc.id.goog[")?;
    let (namespace, name) = rest.strip_suffix(']')?.split_once('/')?;
    let is_label = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    (is_project(project) && is_label(namespace) && is_label(name)).then(|| Principal {
        account: Some(project.into()),
        ..Principal::new(Provider::Gcp, PrincipalKind::WorkloadIdentity, text)
    })
}

/// Tells the two by the part behind the `@`: without a dot it is a project, and the text a service account.
fn from_email(text: &str) -> Parsed {
    let text = text.to_ascii_lowercase();
    let (name, domain) = text.split_once('@').ok_or(Malformed("e-mail", "it has one @"))?;
    if name.len() > 64 || !is_local(name) {
        return Err(Malformed("e-mail", "the part before the @ holds letters, digits and ._%+'-"));
    }
    if domain.contains(':') {
        return Err(Not(
            "a service account of a domain-scoped project",
            "give its e-mail: NAME@PROJECT.DOMAIN.TLD.iam.gserviceaccount.com",
        ));
    }
    let short = domain.strip_suffix(".iam").or(Some(domain).filter(|domain| !domain.contains('.')));
    if let Some(project) = short {
        if !is_project(project) {
            return Err(Malformed(
                "NAME@PROJECT",
                "a project id has 6 to 30 lower-case letters, digits or hyphens and begins with a letter; a user's e-mail has a domain with a dot",
            ));
        }
        return service_account(name, &format!("{project}.iam.{GOOGLE}"));
    }
    if domain == GOOGLE || domain.strip_suffix(GOOGLE).is_some_and(|rest| rest.ends_with('.')) {
        return service_account(name, domain);
    }
    if domain.contains("gserviceaccount") {
        return Err(Malformed("service account", "its e-mail ends in .gserviceaccount.com"));
    }
    if !is_domain(domain) {
        return Err(Malformed("e-mail", "the part behind the @ is a project or a domain"));
    }
    Ok(Principal {
        email: Some(text.as_str().into()),
        ..Principal::new(Provider::Gcp, PrincipalKind::GoogleUser, &text)
    })
}

fn service_account(name: &str, domain: &str) -> Parsed {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
    };
    let parent = domain.strip_suffix(&format!(".{GOOGLE}")).unwrap_or("");
    if !is_name(name) || parent.is_empty() || parent == "iam" || !is_domain(domain) {
        return Err(Malformed("service account", "its e-mail is NAME@PROJECT.iam.gserviceaccount.com"));
    }
    let email = format!("{name}@{domain}");
    let is_agent = name
        .strip_prefix("service-")
        .is_some_and(|number| number.len() > 5 && number.bytes().all(|b| b.is_ascii_digit()));
    let project = match (parent, parent.strip_suffix(".iam")) {
        // Google's own project, not the one that the agent works for.
        _ if is_agent => None,
        ("appspot", _) => project_of(name),
        (_, Some(project)) => project_of(project),
        _ => None,
    };
    Ok(Principal {
        account: project.map(Into::into),
        email: Some(email.as_str().into()),
        ..Principal::new(Provider::Gcp, PrincipalKind::ServiceAccount, &email)
    })
}

/// `proj` or, of a domain-scoped project `example.com:proj`, `proj.example.com`.
fn project_of(text: &str) -> Option<String> {
    let (project, domain) =
        text.split_once('.').map_or((text, None), |(project, domain)| (project, Some(domain)));
    is_project(project).then(|| domain.map_or(project.into(), |domain| format!("{domain}:{project}")))
}

/// <https://cloud.google.com/resource-manager/docs/creating-managing-projects>: 6 to 30 characters, a letter first.
pub(super) fn is_project(text: &str) -> bool {
    (6..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(super) fn is_unique_id(text: &str) -> bool {
    (15..=22).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// 40 hexadecimal digits; other lengths were seen in older keys.
pub(super) fn is_key_id(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_local(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+'-".contains(&b))
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}
