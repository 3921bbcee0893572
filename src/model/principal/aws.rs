//! AWS principals: key ids, unique ids and ARNs.

use super::ParsePrincipalError::{Malformed, Not};
use super::{ParsePrincipalError, Principal, PrincipalKind};
use crate::model::Provider;
use crate::model::ids::account_of_id;

type Parsed = Result<Principal, ParsePrincipalError>;

/// What ARNs begin with besides `arn:`.
pub const PARTITIONS: [&str; 8] =
    ["aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"];

/// Unique ids of things that sign nothing (IAM user guide, "Unique identifiers").
const OTHER_IDS: &[(&str, &str)] = &[
    ("ABIA", "a bearer token's id"),
    ("ACCA", "a context-specific credential's id"),
    ("AGPA", "a group's id"),
    ("AIPA", "an instance profile's id"),
    ("ANPA", "a managed policy's id"),
    ("ANVA", "a policy version's id"),
    ("APKA", "a public key's id"),
    ("ASCA", "a certificate's id"),
];

/// Reads a text that has the form of an AWS id; `None` when it has not.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:")) {
        return Some(from_arn(text));
    }
    if is_account(text) {
        let hint = "for an account's root user give arn:aws:iam::ACCOUNT:root; for a project number, a service account's e-mail";
        return Some(Err(Not("an AWS account id (or a Google project number)", hint)));
    }
    let prefix = text.get(..4).filter(|_| !text.contains('@'))?;
    let known =
        ["AKIA", "ASIA", "AIDA", "AROA"].iter().copied().chain(OTHER_IDS.iter().map(|(prefix, _)| *prefix));
    let prefix = known.into_iter().find(|known| known.eq_ignore_ascii_case(prefix))?;
    let (id, session) = text.split_once(':').map_or((text, None), |(id, session)| (id, Some(session)));
    if !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        // A user's or a role's name may begin like an id.
        return None;
    }
    Some(from_id(prefix, id, session, text))
}

fn from_id(prefix: &str, id: &str, session: Option<&str>, text: &str) -> Parsed {
    let what = if matches!(prefix, "AKIA" | "ASIA") { "access key id" } else { "unique id" };
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html: 16 to 128 characters.
    if !(16..=128).contains(&id.len()) {
        return Err(Malformed(what, "it has 16 to 128 characters, most often 20 or 21"));
    }
    if !id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Err(Malformed(what, "it is written in upper-case letters and digits"));
    }
    if let Some((_, other)) = OTHER_IDS.iter().find(|(other, _)| *other == prefix) {
        return Err(Not(other, "give the user, role or key that acts through it"));
    }
    let kind = match (prefix, session) {
        ("AKIA" | "ASIA", None) => PrincipalKind::AccessKey,
        ("AIDA", None) => PrincipalKind::User,
        ("AROA", None) => PrincipalKind::Role,
        ("AROA", Some(session)) if is_name(session, 2, 64) => PrincipalKind::Session,
        ("AROA", Some(_)) => {
            return Err(Malformed("unique id", "a session's name has 2 to 64 letters, digits or _+=,.@-"));
        }
        _ => return Err(Malformed(what, "only a role's id is followed by a session's name")),
    };
    Ok(Principal { account: account_of_id(id).map(Into::into), ..Principal::new(Provider::Aws, kind, text) })
}

fn from_arn(text: &str) -> Parsed {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [scheme, partition, service, region, account, resource] = parts[..] else {
        return Err(Malformed("ARN", "it has six parts: arn:aws:iam::ACCOUNT:user/NAME"));
    };
    if scheme != "arn" || !PARTITIONS.contains(&partition) {
        return Err(Malformed("ARN", "it begins with arn:aws:, arn:aws-us-gov: or arn:aws-cn:"));
    }
    if !matches!(service, "iam" | "sts") {
        return Err(Not("the ARN of a resource", "give the principal that it acts as, or that made it"));
    }
    if !region.is_empty() || !is_account(account) {
        return Err(Malformed("ARN", "it names no region and an account of 12 digits"));
    }
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let kind = match (service, kind) {
        ("iam", "root") if resource == "root" => PrincipalKind::Root,
        ("iam", "user") if is_path(name) => PrincipalKind::User,
        ("iam", "role") if name.starts_with("aws-service-role/") => return Err(SERVICE_LINKED),
        ("iam", "role") if is_path(name) => PrincipalKind::Role,
        ("sts", "assumed-role") if name.starts_with("AWSServiceRoleFor") => return Err(SERVICE_LINKED),
        ("sts", "assumed-role") => match name.split_once('/') {
            Some((role, session)) if is_name(role, 1, 64) && is_name(session, 2, 64) => {
                PrincipalKind::Session
            }
            Some(_) => return Err(Malformed("ARN", "a role's session is assumed-role/NAME/SESSION")),
            None => {
                return Err(Malformed(
                    "ARN",
                    "the session is missing: assumed-role/NAME/SESSION; a role is arn:aws:iam::ACCOUNT:role/NAME",
                ));
            }
        },
        ("sts", "federated-user") if is_name(name, 2, 64) => PrincipalKind::FederatedUser,
        ("iam", "user" | "role" | "root") | ("sts", "federated-user") => {
            return Err(Malformed("ARN", "it names one principal, without wildcards"));
        }
        ("iam", "group") => return Err(Not("a group", "give one of its users")),
        ("iam", "policy") => return Err(Not("a policy", "give the user or role that it is attached to")),
        ("iam", "instance-profile") => return Err(Not("an instance profile", "give the ARN of its role")),
        _ => return Err(Not("an ARN of another kind", "give a user, role, session, federated user or root")),
    };
    Ok(Principal {
        account: Some(account.into()),
        arn: Some(text.into()),
        ..Principal::new(Provider::Aws, kind, text)
    })
}

const SERVICE_LINKED: ParsePrincipalError = Not(
    "a service-linked role",
    "AWS alone assumes it; give the principal that made it or made the service act",
);

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Names in IAM: letters, digits and `_+=,.@-`.
fn is_name(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// A name behind a path of up to 510 printable characters.
fn is_path(text: &str) -> bool {
    let (path, name) = text.rsplit_once('/').unwrap_or(("", text));
    is_name(name, 1, 64)
        && path.len() <= 510
        && path.bytes().all(|b| b.is_ascii_graphic() && !b"*?".contains(&b))
}
