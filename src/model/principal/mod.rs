//! The principal: what people have in hand at 3 AM, parsed once.
//!
//! Takes ids only. What looks like key material is refused, and no error repeats what was given.

mod aws;
mod error;
mod gcp;
mod key_file;

pub use aws::PARTITIONS;
pub use error::{KeyFileError, ParsePrincipalError};

use super::{Provider, report, secret};
use std::sync::Arc;

/// Longest principal taken, in bytes: the longest ARN or `principal://…` is well below.
const LONGEST: usize = 2048;

/// Who or what leaked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// As the operator typed it (or the key file said), for the report.
    pub given: String,
    pub provider: Provider,
    pub kind: PrincipalKind,
    /// Canonical: access key id, ARN, AIDA/AROA id, e-mail, numeric unique id, `principal://…`.
    pub id: Arc<str>,
    /// Account id or project id, where the principal tells; a project number is not a project id.
    pub account: Option<Arc<str>>,
    pub arn: Option<Arc<str>>,
    /// Google: the e-mail, when known beside a unique id.
    pub email: Option<Arc<str>>,
    /// Google: the numeric unique id (`client_id` of a key file), when known beside an e-mail.
    pub unique_id: Option<Arc<str>>,
    /// Google: the leaked key (`private_key_id`), when known.
    pub key: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// `AKIA…` or `ASIA…`.
    AccessKey,
    /// IAM user by ARN or `AIDA…`.
    User,
    /// Role by ARN or `AROA…`: all its sessions.
    Role,
    /// One assumed-role session by ARN.
    Session,
    FederatedUser,
    Root,
    ServiceAccount,
    GoogleUser,
    /// `principal://…`, or a Kubernetes account `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
    WorkloadIdentity,
}

impl PrincipalKind {
    pub const ALL: [PrincipalKind; 9] = [
        PrincipalKind::AccessKey,
        PrincipalKind::User,
        PrincipalKind::Role,
        PrincipalKind::Session,
        PrincipalKind::FederatedUser,
        PrincipalKind::Root,
        PrincipalKind::ServiceAccount,
        PrincipalKind::GoogleUser,
        PrincipalKind::WorkloadIdentity,
    ];

    /// The report's word.
    pub fn name(self) -> &'static str {
        match self {
            PrincipalKind::AccessKey => "access_key",
            PrincipalKind::User => "user",
            PrincipalKind::Role => "role",
            PrincipalKind::Session => "session",
            PrincipalKind::FederatedUser => "federated_user",
            PrincipalKind::Root => "root",
            PrincipalKind::ServiceAccount => "service_account",
            PrincipalKind::GoogleUser => "google_user",
            PrincipalKind::WorkloadIdentity => "workload_identity",
        }
    }
}

impl Principal {
    /// Reads a principal as a person types or pastes it.
    pub fn parse(text: &str) -> Result<Principal, ParsePrincipalError> {
        let text = clean(text)?;
        let parsed = match aws::parse(text) {
            Some(parsed) => parsed,
            None => gcp::parse(text).unwrap_or_else(|| Err(refuse(text))),
        };
        parsed.map(|principal| Principal { given: text.into(), ..principal })
    }

    /// Takes the one leaked credential's ids out of a key file, a credentials file, a paste or a provider's notice.
    ///
    /// Nothing secret is kept: the result and every error hold ids alone.
    pub fn from_key_file(text: &str) -> Result<Principal, KeyFileError> {
        key_file::read(text)
    }

    fn new(provider: Provider, kind: PrincipalKind, id: &str) -> Principal {
        Principal {
            given: id.into(),
            provider,
            kind,
            id: id.into(),
            account: None,
            arn: None,
            email: None,
            unique_id: None,
            key: None,
        }
    }

    /// The report's form.
    pub fn subject(&self) -> report::Subject {
        report::Subject {
            given: self.given.clone(),
            provider: self.provider,
            kind: self.kind.name(),
            id: self.id.to_string(),
            account: self.account.clone(),
            arn: self.arn.clone(),
        }
    }
}

/// Strips what surrounds a pasted id, and refuses what no id holds and a terminal would act on.
fn clean(text: &str) -> Result<&str, ParsePrincipalError> {
    if text.len() > LONGEST {
        return Err(ParsePrincipalError::TooLong);
    }
    let wraps = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '“' | '”' | '‘' | '’' | '\u{feff}')
    };
    let text = text.trim_matches(wraps);
    match text.chars().any(is_unprintable) {
        true => Err(ParsePrincipalError::Unprintable),
        false if text.is_empty() => Err(ParsePrincipalError::Empty),
        false => Ok(text),
    }
}

/// Control characters, and those that reorder or hide what is shown.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Names what was given instead of a principal, as far as its form tells.
fn refuse(text: &str) -> ParsePrincipalError {
    use ParsePrincipalError::{Not, Secret, Unknown};
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Not("a web address", "give the id or ARN that the page shows");
    }
    if text.len() == 40 && is_hex(text) {
        return Not(
            "a key id without its service account",
            "give the service account's e-mail, or --key-file with the leaked file",
        );
    }
    if lower.starts_with("goog1") {
        return Not("an HMAC key id", "give the e-mail of the service account that it belongs to");
    }
    if text
        .split_once('-')
        .is_some_and(|(kind, id)| matches!(kind, "i" | "mi") && id.len() >= 8 && is_hex(id))
    {
        return Not(
            "an instance",
            "give the ARN of its role, or of its session: arn:aws:sts::ACCOUNT:assumed-role/ROLE/i-…",
        );
    }
    if secret::holds_secret(text) {
        return Secret;
    }
    Unknown
}
