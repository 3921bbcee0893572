//! Ways in that stand open when every credential is revoked: who was let in, and what else lets somebody back.

use super::{BECAME, WAYS_IN};
use crate::catalog::gcp::principals::is_agent;
use crate::model::EventId;
use crate::model::Provider;
use crate::model::change::{AwsChange, Change, GcpChange, IamChange, PolicyOf};
use crate::model::plan::Target;
use crate::model::report::{FindingKind, Grant};
use crate::plan::ground::{Ground, target};
use crate::plan::{After, Draft, Proposal, advice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The word that the catalog adds to a role that was only offered.
const INVITED: &str = " (invited)";

/// Takes out whom the closure let in, where a change can.
pub(super) fn close(ground: &Ground, proposal: &mut Proposal) {
    let mut grants: Vec<&Grant> = ground.report.grants.iter().collect();
    grants.sort();
    match ground.report.principal.provider {
        Provider::Gcp => grants.into_iter().for_each(|grant| binding(ground, grant, proposal)),
        Provider::Aws => {
            let denied = denied(proposal);
            trust(&grants, &denied, proposal);
            grants.into_iter().for_each(|grant| attached(ground, grant, &denied, proposal));
        }
    }
}

/// Where a grant holds, as the record that made it says.
fn place(ground: &Ground, grant: &Grant, kind: &'static str) -> Target {
    let touched = ground.touched_by(std::slice::from_ref(&grant.event), &grant.on);
    let account = touched.map(|one| &*one.account).unwrap_or_default();
    target(kind, &grant.on, Some(grant.member.clone()), account)
}

fn binding(ground: &Ground, grant: &Grant, proposal: &mut Proposal) {
    // Enabling an API lets its agent in; that is Google's housekeeping.
    if is_agent(&grant.member) {
        return;
    }
    let place = place(ground, grant, "gcp.iam.binding");
    let touched = ground.touched_by(std::slice::from_ref(&grant.event), &grant.on);
    let Some(on) = PolicyOf::named(&grant.on, touched.map(|one| one.kind)) else {
        return proposal.withhold(
            place,
            format!(
                "{} was given {} on {}; this program does not change that policy.",
                grant.member, grant.role, grant.on
            ),
            "the resource's setIamPolicy without this member, read-modify-write with etag",
        );
    };
    let (role, invited) = match grant.role.strip_suffix(INVITED) {
        Some(role) => (role.into(), true),
        None => (grant.role.clone(), false),
    };
    let why = match invited {
        true => format!(
            "{} was invited to have {role} on {}. The binding stands only when they accept: until then there is nothing to remove, and \
             afterwards it must be looked at again.",
            grant.member, grant.on
        ),
        false => note(ground, grant).unwrap_or_else(|| {
            format!("The principal, or what it became, gave {} {role} on {}.", grant.member, grant.on)
        }),
    };
    let draft = Draft {
        target: place,
        because: [grant.event.clone()].into(),
        why: vec![why],
        before: if invited { "invited" } else { "granted" },
        change: Change::Gcp(GcpChange::RemoveBinding { on, role, member: grant.member.clone() }),
        rank: WAYS_IN,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, [&*grant.member]);
}

fn note(ground: &Ground, grant: &Grant) -> Option<String> {
    let mut found = ground.findings_from(&grant.event).filter(|one| one.subject == grant.member);
    found.find(|one| one.note.contains(&*grant.role)).map(|one| one.note.clone())
}

/// A trust policy is one document: what stood in it before is not in this record, so it is mended by hand.
fn trust(grants: &[&Grant], denied: &Denied, proposal: &mut Proposal) {
    let mut roles: BTreeMap<&Arc<str>, BTreeSet<&str>> = BTreeMap::new();
    for grant in grants.iter().filter(|one| one.role.starts_with("sts:") && one.on.contains(":role/")) {
        roles.entry(&grant.on).or_default().insert(&grant.member);
    }
    for (role, members) in roles {
        let account = role.split(':').nth(4).unwrap_or_default();
        let members: Vec<&str> = members.into_iter().collect();
        let mut why = format!("Its trust policy was rewritten and lets in {}.", members.join(", "));
        why += match denies(denied, account, role) {
            true => {
                " This plan denies the role everything, so that nobody gains by it: mend the trust before that is undone."
            }
            false => {
                " What it said before is not in the record that changed it, and its own users need it: a human restores it."
            }
        };
        proposal.withhold(target("aws.iam.role", role, None, account), why, advice::of("aws.iam.role"));
    }
}

/// A policy that was attached: denying is stronger than detaching, and detaching is no containment.
fn attached(ground: &Ground, grant: &Grant, denied: &Denied, proposal: &mut Proposal) {
    let Some(touched) = ground.touched_by(std::slice::from_ref(&grant.event), &grant.member).filter(|one| {
        matches!(one.kind, "aws.iam.policy_attachment" | "aws.iam.inline_policy" | "aws.iam.group_membership")
    }) else {
        return;
    };
    let why = match denies(denied, &touched.account, &grant.member) {
        true => {
            "This plan denies it everything, which is stronger: take the policy off when evidence is taken."
        }
        false => {
            "Taking a policy off is no containment and may stop its owner's own work: look who uses it first."
        }
    };
    proposal.withhold(
        target(touched.kind, &grant.member, None, &touched.account),
        format!("It was given {}. {why}", grant.role),
        advice::of("aws.iam.policy_attachment"),
    );
}

/// Account and last part of the name of every user and role that a plan denies whole.
type Denied = BTreeSet<(Arc<str>, Arc<str>)>;

fn denied(proposal: &Proposal) -> Denied {
    let whole = |draft: &Draft| match &draft.change {
        Change::Aws(AwsChange::Iam(
            IamChange::DenyUser { user: denied } | IamChange::DenyRole { role: denied },
        )) => Some((draft.target.account.clone(), last(denied))),
        Change::Aws(_) | Change::Gcp(_) => None,
    };
    proposal.drafts.iter().filter_map(whole).collect()
}

fn denies(denied: &Denied, account: &str, name: &str) -> bool {
    denied.contains(&(account.into(), last(name)))
}

fn last(name: &str) -> Arc<str> {
    name.rsplit('/').next().unwrap_or_default().into()
}

/// What else lets somebody back in, or let out what opens other doors, and is no credential, resource or grant of its own.
pub(super) fn tell(ground: &Ground, proposal: &mut Proposal) {
    let told: BTreeSet<&EventId> = ground.report.grants.iter().map(|grant| &grant.event).collect();
    for finding in ground.standing().iter().copied() {
        let is_ours = match finding.kind {
            FindingKind::Persistence | FindingKind::PrivilegeEscalation | FindingKind::CredentialAccess => {
                true
            }
            FindingKind::DefenseEvasion
            | FindingKind::Exfiltration
            | FindingKind::Exposure
            | FindingKind::LateralMovement
            | FindingKind::Execution
            | FindingKind::Destruction
            | FindingKind::ResourceHijacking
            | FindingKind::ServiceAbuse
            | FindingKind::Commitment
            | FindingKind::Discovery
            | FindingKind::Leak => false,
        };
        if !is_ours || ground.is_told(finding) || finding.events.iter().all(|event| told.contains(event)) {
            continue;
        }
        let (place, advice) = ground.place_of(finding);
        let by_hand = match finding.kind {
            FindingKind::CredentialAccess => "change the secret, at what it opens too".to_owned(),
            _ => advice,
        };
        proposal.withhold(place, finding.note.clone(), by_hand);
    }
}
