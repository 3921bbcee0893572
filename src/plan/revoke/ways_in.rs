//! Ways in that stand open when every credential is revoked: who was let in, and what else lets somebody back.

use super::{BECAME, Known, WAYS_IN};
use crate::catalog::gcp::principals::is_agent;
use crate::model::EventId;
use crate::model::Provider;
use crate::model::change::gcp::PolicyChange;
use crate::model::change::{AwsChange, Change, IamChange, PolicyOf, SsoChange};
use crate::model::plan::Target;
use crate::model::report::{Finding, FindingKind, Grant};
use crate::plan::ground::{Ground, target};
use crate::plan::{After, Draft, Proposal, advice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The word that the catalog adds to a role that was only offered.
const INVITED: &str = " (invited)";

/// Takes out whom the closure let in, where a change can.
pub(super) fn close(ground: &Ground, known: &Known, proposal: &mut Proposal) {
    let mut grants: Vec<&Grant> = ground.report.grants.iter().collect();
    grants.sort();
    match ground.report.principal.provider {
        Provider::Gcp => grants.into_iter().for_each(|grant| binding(ground, grant, proposal)),
        Provider::Aws => {
            let denied = denied(proposal);
            trust(ground, known, &grants, &denied, proposal);
            super::profiles::close(ground, proposal);
            for grant in grants {
                attached(ground, grant, &denied, proposal);
                assigned(ground, grant, proposal);
            }
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
        change: PolicyChange::RemoveBinding { on, role, member: grant.member.clone() }.into(),
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

/// A trust policy is one document: what stood in it before is not in the record that changed it. Where an earlier record
/// tells, it is put back; else it is mended by hand.
fn trust(ground: &Ground, known: &Known, grants: &[&Grant], denied: &Denied, proposal: &mut Proposal) {
    let mut roles: BTreeMap<&Arc<str>, (BTreeSet<&str>, BTreeSet<EventId>)> = BTreeMap::new();
    for grant in grants.iter().filter(|one| one.role.starts_with("sts:") && one.on.contains(":role/")) {
        let (members, events) = roles.entry(&grant.on).or_default();
        members.insert(&grant.member);
        events.insert(grant.event.clone());
    }
    for (role, (members, events)) in roles {
        let account = role.split(':').nth(4).unwrap_or_default();
        let members: Vec<&str> = members.into_iter().collect();
        let mut why = format!("Its trust policy was rewritten and lets in {}.", members.join(", "));
        let place = target("aws.iam.role", role, None, account);
        // A role that the closure made has no trust from before.
        let is_made = ground.resources_named(role).any(|one| one.kind == "aws.iam.role");
        if let Some(document) = known.trusts.get(role).filter(|_| !is_made) {
            why += " What it said before is in an earlier record and is put back; sessions that were let in live on until they are denied.";
            let draft = Draft {
                target: place,
                because: events,
                why: vec![why],
                before: "rewritten",
                change: IamChange::RestoreTrust { role: role.clone(), document: document.clone() }.into(),
                rank: WAYS_IN,
                after: After::Below(BECAME),
                otherwise: Vec::new(),
                needs_earlier: false,
                lives_until: None,
            };
            proposal.take(draft, []);
            continue;
        }
        why += match denies(denied, account, role) {
            _ if known.mended.contains(role) => {
                " It does not say any more what the principal wrote: look that whoever rewrote it since has mended it."
            }
            true => {
                " This plan denies the role everything, so that nobody gains by it: mend the trust before that is undone."
            }
            false => {
                " What it said before is not in the record that changed it, and its own users need it: a human restores it."
            }
        };
        proposal.withhold(place, why, advice::of("aws.iam.role"));
    }
}

/// A permission set that somebody was given in an account.
fn assigned(ground: &Ground, grant: &Grant, proposal: &mut Proposal) {
    if !grant.role.contains(":sso:::") {
        return;
    }
    let events = std::slice::from_ref(&grant.event);
    let touched =
        ground.touched_by(events, &grant.member).filter(|one| one.kind == "aws.sso.account_assignment");
    let Some(touched) = touched else { return };
    let mut place = target("aws.sso.account_assignment", &grant.member, None, &touched.account);
    place.region = touched.region.clone();
    let change = SsoChange::RemoveAccountAssignment {
        permission_set: grant.role.clone(),
        account: grant.on.clone(),
        principal: grant.member.clone(),
    };
    let why = format!(
        "The principal, or what it became, gave {} the permission set {} in account {}. Sessions that it has there live on up to 12 h: \
         only the organization can deny them.",
        grant.member, grant.role, grant.on
    );
    let draft = Draft {
        target: place,
        because: [grant.event.clone()].into(),
        why: vec![why],
        before: "granted",
        change: change.into(),
        rank: WAYS_IN,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, [&*grant.member]);
}

/// What a change can take back though it is no credential, resource or grant: a second factor, tokens for outside.
fn undone(ground: &Ground, finding: &Finding, place: &Target) -> Option<Change> {
    if ground.report.principal.provider != Provider::Aws {
        return None;
    }
    match place.kind {
        "aws.iam.mfa_device" => {
            let touched = ground.touched_by(&finding.events, &finding.subject)?;
            let user = touched.how.strip_prefix("put on user ").filter(|user| !user.is_empty())?;
            let (user, serial) = (user.into(), finding.subject.clone());
            Some(IamChange::DeactivateMfaDevice { user, serial }.into())
        }
        "aws.iam.outbound_federation" => Some(IamChange::DisableOutboundFederation {}.into()),
        _ => None,
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
        if let Some(change) = undone(ground, finding, &place) {
            let draft = Draft {
                target: Target { region: "".into(), ..place },
                because: finding.events.iter().cloned().collect(),
                why: vec![finding.note.clone()],
                before: "standing",
                change,
                rank: WAYS_IN,
                after: After::Below(BECAME),
                otherwise: Vec::new(),
                needs_earlier: false,
                lives_until: None,
            };
            proposal.take(draft, []);
            continue;
        }
        let by_hand = match finding.kind {
            FindingKind::CredentialAccess => "change the secret, at what it opens too".to_owned(),
            _ => advice,
        };
        proposal.withhold(place, finding.note.clone(), by_hand);
    }
}
