//! What is known beside the logs: identities as the cloud shows them, the organization, trust policies from before.

use super::super::words::{list, when};
use crate::model::change::{Change, IamChange, OrganizationsChange};
use crate::model::deny;
use crate::model::identity::{CenterUserSeen, IdentityKind, Part};
use crate::model::{AccountSeen, IdentitySeen, OrganizationSeen, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Empty where nobody could be asked.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub identities: Vec<IdentitySeen>,
    pub organization: Option<OrganizationSeen>,
    /// Users of Identity Center whose sessions were met.
    pub center_users: Vec<CenterUserSeen>,
    /// By ARN of the role: who was let in before somebody rewrote it, from an earlier record.
    pub trusts: BTreeMap<Arc<str>, Arc<str>>,
    /// Google Cloud: service accounts, the principal's own first.
    pub accounts: Vec<AccountSeen>,
    /// Google Cloud: `organizations/N`, or `projects/P` where there is none, that a deny policy is put on.
    pub deny_on: Option<Arc<str>>,
    /// Roles whose trust policy does not say any more what the principal wrote.
    pub mended: BTreeSet<Arc<str>>,
    /// When the plan is made.
    pub now: Option<Time>,
}

/// Two calls of the same revocation lie closer together than this.
const SAME_REVOCATION_SECONDS: i64 = 300;
/// What is consented to late is called late.
const CONSENT_SECONDS: i64 = 3600;

impl Known {
    /// By account, kind and name: records often leave the path out.
    fn find(&self, arn: &str, kind: IdentityKind) -> Option<&IdentitySeen> {
        let name = arn.rsplit(['/', ':']).next().unwrap_or(arn);
        let account = arn.split(':').nth(4).unwrap_or_default();
        self.identities.iter().find(|one| one.kind == kind && one.account() == account && one.name() == name)
    }

    /// A service account, by e-mail or unique id.
    pub(super) fn service_account(&self, id: &str) -> Option<&AccountSeen> {
        self.accounts.iter().find(|one| &*one.email == id || &*one.unique_id == id)
    }

    pub(super) fn user(&self, arn: &str) -> Option<&IdentitySeen> {
        self.find(arn, IdentityKind::User)
    }

    pub(super) fn role(&self, arn: &str) -> Option<&IdentitySeen> {
        self.find(arn, IdentityKind::Role)
    }

    /// Who may take a role now, as the cloud shows it.
    pub fn trust_of(&self, role: &str) -> Option<Arc<str>> {
        self.role(role)?.trust.clone()
    }

    pub(super) fn root(&self, account: &str) -> Option<&IdentitySeen> {
        self.identities.iter().find(|one| one.kind == IdentityKind::Root && one.account() == account)
    }

    /// Users of Identity Center that a session's name is of.
    pub(super) fn center_user(&self, session: &str) -> Option<&CenterUserSeen> {
        self.center_users.iter().find(|user| user.name.eq_ignore_ascii_case(session))
    }

    /// The management account, where an SCP made there would hold for this account.
    pub(super) fn scp_from(&self, account: &str) -> Option<Arc<str>> {
        let organization = self.organization.as_ref()?;
        let is_on = !matches!(organization.has_scps, Part::Seen(false));
        (is_on && !account.is_empty() && *organization.management != *account)
            .then(|| organization.management.clone())
    }

    /// An SCP for one principal, where there can be one.
    pub(super) fn scp(&self, account: &str, principal: &Arc<str>) -> Option<Change> {
        Some(Change::from(OrganizationsChange::DenyByScp {
            management: self.scp_from(account)?,
            account: account.into(),
            principals: vec![principal.clone()],
            sessions: Vec::new(),
            users: Vec::new(),
        }))
    }

    /// Until when sessions must be denied that nobody saw being issued: those of now. A repeat within minutes is the same
    /// revocation, so that it changes nothing.
    pub(super) fn issued_before(&self) -> Option<Time> {
        let margin = jiff::SignedDuration::from_secs(-SAME_REVOCATION_SECONDS);
        self.now.map(|now| now.checked_add(margin).unwrap_or(now))
    }

    /// Until when the last session of a role can live that is issued before it is denied.
    pub(super) fn role_lives_until(&self, role: Option<&IdentitySeen>) -> Option<Time> {
        let longest = i64::from(role?.max_session?);
        self.now?.checked_add(jiff::SignedDuration::from_secs(longest + CONSENT_SECONDS)).ok()
    }
}

/// The change that denies a user everything, what is tried when the account's limits forbid it, and a sentence about limits.
pub(super) fn deny_user(
    known: &Known,
    arn: &Arc<str>,
    account: &str,
    name: &Arc<str>,
) -> (Change, Vec<Change>, Option<String>) {
    let user = name.clone();
    let seen = known.user(arn);
    let mut all = vec![Change::from(IamChange::DenyUser { user: user.clone() })];
    let mut why = None;
    if let Some(full) = seen.and_then(|seen| is_full(seen, "UserPolicySizeQuota")) {
        why = Some(full);
        all.clear();
    }
    if !seen.is_some_and(|seen| is_at(seen, "AttachedPoliciesPerUserQuota", seen.attached.seen())) {
        all.push(IamChange::AttachDenyToUser { user: user.clone() }.into());
    }
    all.push(IamChange::BoundUser { user: user.clone() }.into());
    if !seen.is_some_and(|seen| is_at(seen, "GroupsPerUserQuota", seen.groups.seen())) {
        all.push(IamChange::JoinDenyGroup { user }.into());
    }
    let arn = seen.map_or(arn, |seen| &seen.arn);
    all.extend(known.scp(account, arn));
    let first = all.remove(0);
    (first, all, why)
}

pub(super) fn deny_role(
    known: &Known,
    arn: &Arc<str>,
    account: &str,
    id: &Arc<str>,
) -> (Change, Vec<Change>, Option<String>) {
    let role = id.clone();
    let seen = known.role(arn);
    let mut all = vec![Change::from(IamChange::DenyRole { role: role.clone() })];
    let mut why = None;
    if let Some(full) = seen.and_then(|seen| is_full(seen, "RolePolicySizeQuota")) {
        why = Some(full);
        all.clear();
    }
    if !seen.is_some_and(|seen| is_at(seen, "AttachedPoliciesPerRoleQuota", seen.attached.seen())) {
        all.push(IamChange::AttachDenyToRole { role: role.clone() }.into());
    }
    all.push(IamChange::BoundRole { role }.into());
    let arn = seen.map_or(arn, |seen| &seen.arn);
    all.extend(known.scp(account, arn));
    let first = all.remove(0);
    (first, all, why)
}

/// Whether the inline policies leave no room for ours, and by how much. Our own policy of an earlier run is written over.
fn is_full(seen: &IdentitySeen, quota: &str) -> Option<String> {
    let most = usize::try_from(*seen.summary.seen()?.get(quota)?).ok()?;
    let others = seen.inline.seen()?.iter().filter(|(name, _)| &***name != deny::DENY_ALL);
    let used: usize = others.map(|(_, document)| deny::size(document)).sum();
    (used + deny::size(&deny::everything()) > most).then(|| {
        format!("Its inline policies hold {used} of {most} characters and leave no room for a deny, so another way is taken.")
    })
}

fn is_at(seen: &IdentitySeen, quota: &str, held: Option<&BTreeSet<Arc<str>>>) -> bool {
    let most =
        seen.summary.seen().and_then(|all| all.get(quota)).and_then(|most| usize::try_from(*most).ok());
    matches!((most, held), (Some(most), Some(held)) if held.len() >= most)
}

/// AWS's own policies for leaked keys, which are on it.
pub(super) fn quarantine(seen: &IdentitySeen) -> Vec<&str> {
    let attached = seen.attached.seen().into_iter().flatten();
    let names = attached.filter_map(|arn| arn.rsplit('/').next());
    names.filter(|name| name.starts_with(deny::QUARANTINE)).collect()
}

/// Services and instance profiles that take a role by themselves: somebody's work.
pub(super) fn workloads(seen: &IdentitySeen) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = services(seen.trust.as_deref().unwrap_or_default());
    let profiles = seen.instance_profiles.seen().into_iter().flatten();
    all.extend(profiles.map(|arn| arn.to_string()));
    all
}

/// The services that a trust policy lets in.
fn services(trust: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(trust).unwrap_or_default();
    let statements = match &document["Statement"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    let allowing = statements.into_iter().filter(|one| one["Effect"] == "Allow");
    let mut all = BTreeSet::new();
    for statement in allowing {
        match &statement["Principal"]["Service"] {
            Value::String(one) => {
                all.insert(one.clone());
            }
            Value::Array(many) => all.extend(many.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
    all
}

/// What a user holds besides what the records show, in sentences.
pub(super) fn holdings(seen: &IdentitySeen) -> String {
    let mut words = String::new();
    if let Some(boundary) = &seen.boundary {
        words += &format!(" It is bounded by {boundary}, which stays.");
    }
    let others: Vec<String> = (seen.access_keys.seen().into_iter().flatten())
        .filter(|key| key.is_active)
        .map(|key| match key.last_used {
            Some(at) => format!("{} (last used on {})", key.id, when(at)),
            None => key.id.to_string(),
        })
        .collect();
    if !others.is_empty() {
        words += &format!(" Its active keys: {}.", list(others));
    }
    if let Some(Some(_)) = seen.login_profile.seen() {
        words += " It has a console password";
        words += &match seen.password_last_used {
            Some(at) => format!(", which last signed in on {}.", when(at)),
            None => ".".to_owned(),
        };
    }
    words
}
