//! An event: a record that was read. A fact: what an event tells.

use super::{EventId, Provider, ResourceRef, Time, report};
use std::sync::Arc;

/// A record read: who did what, where, with what outcome, and what that tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    /// What two copies of the same record share: `eventID`, time and name, or (logName, timestamp, insertId); else a hash
    /// of its bytes.
    pub identity: u128,
    pub provider: Provider,
    pub at: Time,
    pub scope: Scope,
    pub actor: Actor,
    /// `ec2:RunInstances`, `compute.instances.insert`: service and call as an engineer would type them.
    pub action: Arc<str>,
    pub outcome: Outcome,
    pub read_only: bool,
    pub address: Option<Arc<str>>,
    pub user_agent: Option<Arc<str>>,
    /// Joins the copies that several accounts get of one call (CloudTrail `sharedEventID`).
    pub shared: Option<Arc<str>>,
    /// Google's long-running operation: its first and last entries are one act.
    pub operation: Option<Operation>,
    /// Identity of the record of the same call that this one replaces (`addendum.originalEventID`).
    pub replaces: Option<u128>,
    pub facts: Vec<Fact>,
    /// What it tells of sizes, starts and stops, for what things cost.
    pub metered: Vec<super::meter::Metered>,
    pub seen_in: Provenance,
}

/// Where it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// AWS account id (the one that got this copy), or Google project id / `folders/N` / `organizations/N`.
    pub account: Arc<str>,
    /// AWS region; Google location (zone, region or `global`).
    pub region: Arc<str>,
}

/// Who did it, as the record says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// CloudTrail `userIdentity.type`; on Google `user`, `serviceAccount`, `principal`, `service`, or empty.
    pub kind: Arc<str>,
    /// ARN, e-mail, or `principal://…` subject.
    pub principal: Option<Arc<str>>,
    /// `AIDA…`, `AROA…:session`, or the numeric unique id.
    pub principal_id: Option<Arc<str>>,
    /// Access key id; on Google the key id (last segment of `serviceAccountKeyName`).
    pub key: Option<Arc<str>>,
    /// Account that the caller belongs to.
    pub account: Option<Arc<str>>,
    /// The session, when temporary credentials were used.
    pub session: Option<Session>,
    /// The service that made the call (`invokedBy`), for services and forward-access sessions.
    pub invoked_by: Option<Arc<str>>,
    /// ARN of the function or instance that the credentials were issued to (`inScopeOf.credentialsIssuedTo`).
    pub issued_to: Option<Arc<str>>,
    /// Identity Center user id (`onBehalfOf.userId`).
    pub on_behalf_of: Option<Arc<str>>,
    /// Bearer credential id (`userIdentity.credentialId`).
    pub bearer: Option<Arc<str>>,
    /// Google delegation chain, most recent hop first, origin last; an empty element stays as "".
    pub delegation: Vec<Arc<str>>,
    /// Whether the session came from a console sign-in (`sessionCredentialFromConsole`).
    pub from_console: bool,
}

/// Temporary credentials' session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    /// Role, user or root behind the session (`sessionIssuer.arn`).
    pub issuer: Option<Arc<str>>,
    /// `sessionContext.attributes.creationDate`: with the ARN it identifies the session exactly.
    pub started: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Succeeded,
    /// A permission probe: would have worked, changed nothing.
    DryRun,
    /// The provider's own code: `AccessDenied`, `Client.VcpuLimitExceeded`, `7 PERMISSION_DENIED`.
    Failed(Arc<str>),
}

impl Outcome {
    pub fn is_success(&self) -> bool {
        matches!(self, Outcome::Succeeded)
    }
}

/// `operation` of a Google entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    pub id: Arc<str>,
    pub first: bool,
    pub last: bool,
}

/// Where a record was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Provenance {
    /// Name of the input (file path as given, or source name).
    pub input: Arc<str>,
    /// 1-based line where the record starts; 0 when not known.
    pub line: u64,
}

/// What an event tells. Readers set facts on successes only: of a call that failed, or only tried out whether it would
/// work, its action and outcome say what was attempted.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The actor made it.
    Created(ResourceRef),
    /// The actor deleted it (terminated, deregistered…).
    Deleted(ResourceRef),
    /// The actor changed or used something that need not be theirs: `how` is a short phrase ("shared with 012345678901").
    Touched { resource: ResourceRef, how: String },
    /// A credential was minted.
    Issued(Issued),
    /// A credential was deleted or deactivated; matched by id within its kind.
    Revoked { kind: &'static str, id: Arc<str>, how: &'static str },
    /// A revoked credential or a deleted resource is back (key re-enabled, account undeleted); matched by id within its kind.
    Restored { kind: &'static str, id: Arc<str>, how: &'static str },
    /// A console or CLI session began: later events with this ARN and `started` = this event's time (±2 s) belong to it.
    SignedIn { principal: Arc<str>, via: &'static str },
    /// A compute resource was given an identity (instance profile, execution role, attached service account).
    Carries { compute: ResourceRef, identity: Arc<str> },
    /// Somebody was let in: `member` got `role` on `on` (policy binding, trust statement, share).
    Granted { member: Arc<str>, role: Arc<str>, on: Arc<str> },
    /// The reverse of `Granted`.
    Withdrawn { member: Arc<str>, role: Arc<str>, on: Arc<str> },
    /// A service used the principal's own identity (forward-access session); never a credential of its own.
    Forwarded { service: Arc<str> },
    /// Something a human should hear.
    Signal(Signal),
    /// The provider says this key is leaked (abuse event, quarantine): key id, principal, where it was found.
    Leak { key: Option<Arc<str>>, principal: Option<Arc<str>>, found_at: Option<String> },
}

impl Fact {
    /// The resource that it makes, deletes or touches.
    pub fn resource_mut(&mut self) -> Option<&mut ResourceRef> {
        match self {
            Fact::Created(resource) | Fact::Deleted(resource) | Fact::Touched { resource, .. } => {
                Some(resource)
            }
            Fact::Issued(_)
            | Fact::Revoked { .. }
            | Fact::Restored { .. }
            | Fact::SignedIn { .. }
            | Fact::Carries { .. }
            | Fact::Granted { .. }
            | Fact::Withdrawn { .. }
            | Fact::Forwarded { .. }
            | Fact::Signal(_)
            | Fact::Leak { .. } => None,
        }
    }
}

/// A minted credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// `aws.session`, `aws.access_key`, `aws.login_profile`, `gcp.service_account_key`, `gcp.impersonation`, …
    pub kind: &'static str,
    /// Key id where there is one; user name for a login profile; target e-mail for an impersonation.
    pub id: Arc<str>,
    /// Whom it signs in as: ARN or e-mail.
    pub principal: Option<Arc<str>>,
    pub principal_id: Option<Arc<str>>,
    /// Account or project of that principal.
    pub account: Option<Arc<str>>,
    /// The call that minted it: `AssumeRole`, `CreateAccessKey`, `GenerateAccessToken`.
    pub via: &'static str,
    pub expires: Option<Time>,
    pub strength: report::Strength,
    pub minter: Minter,
}

/// On whose behalf a credential was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minter {
    /// The event's actor.
    Actor,
    /// A cloud service, for compute named by this id or name (instance id, function name, task id); the link to
    /// whoever launched that compute.
    Compute { service: Arc<str>, name: Arc<str> },
    /// Someone outside (SAML, OIDC, X.509): issuer and subject.
    External { issuer: Arc<str>, subject: Arc<str> },
}

/// A conclusion that one event alone supports.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    pub kind: report::FindingKind,
    pub technique: Option<&'static report::Technique>,
    /// One plain sentence for the on-call at 3 AM; may name attacker-chosen things, so renderers escape it.
    pub note: String,
    /// What it is about: a resource id, user name, trail.
    pub subject: Arc<str>,
    /// Whether a later event undid it is decided by `undone_by` facts in `analyze`; a pair key joins the two
    /// (for example `cloudtrail:trail/arn…` for StopLogging and StartLogging). Empty when nothing undoes it.
    pub pair: Arc<str>,
    /// True when this event is the undoing half of the pair (StartLogging, unshare, detach).
    pub undoes: bool,
}
