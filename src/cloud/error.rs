//! Why a cloud did not answer or refused: what callers branch on, and what the operator reads.
//!
//! One place per provider makes these from error codes, never from error texts.

use crate::model::gap::{Gap, GapKind};
use crate::model::{Place, secret};
use std::fmt;

/// Says "could not" about one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudError {
    pub refusal: Refusal,
    /// `ec2:StopInstances`.
    pub call: &'static str,
    pub at: Place,
    /// The cloud's own code, where it gave one.
    pub code: Option<String>,
    /// What it said, without secrets.
    message: String,
}

/// What kind of "could not".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The operator lacks the permission, or a policy forbids it.
    Denied,
    /// The thing does not exist.
    NotFound,
    /// A limit is reached: of policies, of their size, of attachments.
    Quota,
    /// The thing can't be changed that way: a service-linked role, a role of Identity Center.
    Unmodifiable,
    /// A protection stands in the way, or its state does not allow the call now.
    Protected,
    /// Somebody else changed it at the same time.
    Conflict,
    /// Too many requests, also after every retry.
    Throttled,
    /// The region is not enabled, the service not offered or not subscribed to.
    Disabled,
    /// Our own credentials are not valid (any more).
    SignedOut,
    /// No answer: connection, timeout, an answer that is none.
    Unreachable,
    /// The cloud failed.
    Failed,
    /// The cloud says that we asked wrongly.
    Invalid,
}

impl CloudError {
    pub fn new(
        refusal: Refusal,
        call: &'static str,
        at: &Place,
        code: Option<&str>,
        message: &str,
    ) -> CloudError {
        let message = secret::redact(message);
        CloudError { refusal, call, at: at.clone(), code: code.map(str::to_owned), message }
    }

    /// Whether the call may have happened all the same.
    pub fn is_unclear(&self) -> bool {
        matches!(self.refusal, Refusal::Unreachable | Refusal::Failed)
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn gap(&self) -> Gap {
        let kind = match self.refusal {
            Refusal::Denied | Refusal::SignedOut | Refusal::Disabled => GapKind::Denied,
            Refusal::NotFound
            | Refusal::Quota
            | Refusal::Unmodifiable
            | Refusal::Protected
            | Refusal::Conflict
            | Refusal::Throttled
            | Refusal::Unreachable
            | Refusal::Failed
            | Refusal::Invalid => GapKind::Unread,
        };
        Gap::new(kind, self.at.to_string(), self.to_string())
    }
}

/// `ec2:StopInstances in eu-west-3 of 111122223333: access denied (UnauthorizedOperation: …)`.
impl fmt::Display for CloudError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.refusal {
            Refusal::Denied => "access denied",
            Refusal::NotFound => "not found",
            Refusal::Quota => "a limit is reached",
            Refusal::Unmodifiable => "it can't be changed this way",
            Refusal::Protected => "it is protected or not in a state for it",
            Refusal::Conflict => "somebody else changed it at the same time",
            Refusal::Throttled => "too many requests, also after every retry",
            Refusal::Disabled => "the region or service is not enabled",
            Refusal::SignedOut => "the operator's credentials are not accepted",
            Refusal::Unreachable => "no answer",
            Refusal::Failed => "the cloud failed",
            Refusal::Invalid => "the cloud does not take the request",
        };
        write!(to, "{} in {}: {what}", self.call, self.at)?;
        match (self.code.as_deref(), &*self.message) {
            (None, "") => Ok(()),
            (None, message) => write!(to, " ({message})"),
            (Some(code), "") => write!(to, " ({code})"),
            (Some(code), message) => write!(to, " ({code}: {message})"),
        }
    }
}

impl std::error::Error for CloudError {}
