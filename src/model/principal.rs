//! The principal: what people have in hand at 3 AM, parsed once.

use super::{Provider, report};
use std::sync::Arc;

/// Who or what leaked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// As the operator typed it (or the key file said), for the report.
    pub given: String,
    pub provider: Provider,
    pub kind: PrincipalKind,
    /// Canonical: access key id, ARN, AIDA/AROA id, e-mail, numeric unique id, `principal://…`.
    pub id: Arc<str>,
    /// Account id or project, where the principal tells.
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
    /// `principal://…` or `principalSet://…`.
    WorkloadIdentity,
}

impl PrincipalKind {
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
