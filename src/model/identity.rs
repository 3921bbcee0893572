//! A user, role or root as the cloud shows it now: what signs in as it, what holds for it, what could not be read.
//!
//! Saved as evidence before anything is changed. Holds no secret: AWS gives none of them out again.

use super::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentitySeen {
    /// With its path.
    pub arn: Arc<str>,
    /// `AIDA…`, `AROA…`; root has the account's number.
    pub id: Arc<str>,
    pub kind: IdentityKind,
    /// When the cloud was asked.
    pub at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
    /// ARN of the policy that bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Arc<str>>,
    /// ARNs of the managed policies on it.
    pub attached: Part<BTreeSet<Arc<str>>>,
    /// Documents of its own policies, by name.
    pub inline: Part<BTreeMap<Arc<str>, Arc<str>>>,
    /// What the account allows and has, as GetAccountSummary calls it.
    pub summary: Part<BTreeMap<Arc<str>, i64>>,

    // A user's.
    pub access_keys: Part<Vec<CredentialSeen>>,
    pub login_profile: Part<Option<LoginProfileSeen>>,
    /// When the password last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_last_used: Option<Time>,
    pub mfa_devices: Part<Vec<CredentialSeen>>,
    /// Of Bedrock, CodeCommit, Keyspaces, CloudWatch.
    pub service_specific: Part<Vec<CredentialSeen>>,
    pub ssh_keys: Part<Vec<CredentialSeen>>,
    pub certificates: Part<Vec<CredentialSeen>>,
    pub groups: Part<BTreeSet<Arc<str>>>,

    // A role's.
    /// Who may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Arc<str>>,
    /// In seconds: the longest that one of its sessions lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session: Option<u32>,
    /// As IAM notes it, up to four hours late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Time>,
    pub instance_profiles: Part<BTreeSet<Arc<str>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    User,
    Role,
    Root,
}

/// One question about an identity: answered, or the reason why not. Never empty for want of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    Seen(T),
    Unread(String),
}

impl<T: Default> Default for Part<T> {
    /// What an identity of this kind can't have.
    fn default() -> Part<T> {
        Part::Seen(T::default())
    }
}

impl<T> Part<T> {
    pub fn seen(&self) -> Option<&T> {
        match self {
            Part::Seen(seen) => Some(seen),
            Part::Unread(_) => None,
        }
    }

    pub fn unread(&self) -> Option<&str> {
        match self {
            Part::Seen(_) => None,
            Part::Unread(why) => Some(why),
        }
    }
}

/// Something that signs in, or helps to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CredentialSeen {
    pub id: Arc<str>,
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Time>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// `bedrock.amazonaws.com`, where it is one service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoginProfileSeen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    pub is_reset_required: bool,
}

/// The organization that an account is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrganizationSeen {
    pub id: Arc<str>,
    /// The account that its policies are made in and don't hold for.
    pub management: Arc<str>,
    /// Whether service control policies are switched on.
    pub has_scps: Part<bool>,
}

/// A user of Identity Center, as its home region shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CenterUserSeen {
    pub id: Arc<str>,
    /// Sessions of its roles bear it.
    pub name: Arc<str>,
    /// Where Identity Center is at home.
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// Its own, and those of its groups.
    pub assignments: Part<Vec<AssignmentSeen>>,
    pub memberships: Part<Vec<MembershipSeen>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignmentSeen {
    /// ARN.
    pub permission_set: Arc<str>,
    pub account: Arc<str>,
    /// The user, or the group that it comes by.
    pub principal: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MembershipSeen {
    pub id: Arc<str>,
    pub group: Arc<str>,
}

impl IdentitySeen {
    pub fn new(arn: Arc<str>, id: Arc<str>, kind: IdentityKind, at: Time) -> IdentitySeen {
        IdentitySeen {
            arn,
            id,
            kind,
            at,
            created_at: None,
            tags: BTreeMap::new(),
            boundary: None,
            attached: Part::default(),
            inline: Part::default(),
            summary: Part::default(),
            access_keys: Part::default(),
            login_profile: Part::default(),
            password_last_used: None,
            mfa_devices: Part::default(),
            service_specific: Part::default(),
            ssh_keys: Part::default(),
            certificates: Part::default(),
            groups: Part::default(),
            trust: None,
            max_session: None,
            last_used: None,
            instance_profiles: Part::default(),
        }
    }

    /// The name alone.
    pub fn name(&self) -> &str {
        self.arn.rsplit(['/', ':']).next().unwrap_or(&self.arn)
    }

    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// `/aws-service-role/…/`, `/`: what lies between `role` or `user` and the name.
    pub fn path(&self) -> &str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or_default();
        match (resource.find('/'), resource.rfind('/')) {
            (Some(first), Some(last)) => &resource[first..=last],
            _ => "/",
        }
    }

    /// What could not be read, by name, with its reason.
    pub fn unread(&self) -> Vec<(&'static str, &str)> {
        [
            ("managed policies", self.attached.unread()),
            ("inline policies", self.inline.unread()),
            ("account limits", self.summary.unread()),
            ("access keys", self.access_keys.unread()),
            ("the console password", self.login_profile.unread()),
            ("MFA devices", self.mfa_devices.unread()),
            ("credentials of single services", self.service_specific.unread()),
            ("SSH keys", self.ssh_keys.unread()),
            ("signing certificates", self.certificates.unread()),
            ("groups", self.groups.unread()),
            ("instance profiles", self.instance_profiles.unread()),
        ]
        .into_iter()
        .filter_map(|(name, why)| Some((name, why?)))
        .collect()
    }
}
