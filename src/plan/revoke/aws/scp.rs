//! Service control policies: what holds from outside an account, first of all.

use super::arn::account_of;
use crate::model::change::{AwsChange, Change, IamChange, OrganizationsChange};
use crate::plan::ground::{Ground, target};
use crate::plan::revoke::{FIRST, Known};
use crate::plan::{After, Draft, Proposal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Proposes one policy for each account with all that this plan denies whole there.
pub(super) fn first(ground: &Ground, known: &Known, proposal: &mut Proposal) {
    let mut accounts: BTreeMap<Arc<str>, (BTreeSet<Arc<str>>, BTreeSet<_>)> = BTreeMap::new();
    for draft in proposal.drafts.iter().filter(|draft| is_whole(&draft.change)) {
        let arn = &draft.target.id;
        let seen = known.user(arn).or_else(|| known.role(arn)).map(|seen| seen.arn.clone());
        let (arns, because) = accounts.entry(account_of(arn).into()).or_default();
        arns.insert(seen.unwrap_or_else(|| arn.clone()));
        because.extend(draft.because.iter().cloned());
    }
    // Federated sessions are principals of their own.
    for one in ground.credentials.iter().filter(|one| one.kind == "aws.federated_user") {
        let Some(arn) = &one.principal else { continue };
        if let Some((arns, _)) = accounts.get_mut(account_of(arn)) {
            arns.insert(arn.clone());
        }
    }
    for (account, (arns, because)) in accounts {
        let id: Arc<str> = format!("TriageDeny-{account}").into();
        let Some(management) = known.scp_from(&account) else {
            let why = match &known.organization {
                Some(one) if one.management == account => {
                    "Service control policies don't hold in the management account."
                }
                Some(_) => "Service control policies are switched off in the organization.",
                None => "No organization was seen that the account is in.",
            };
            let by_hand = "organizations:DescribeOrganization, organizations:ListRoots";
            proposal.withhold(target("aws.organizations.policy", &id, None, &account), why, by_hand);
            continue;
        };
        let change = OrganizationsChange::DenyByScp {
            management: management.clone(),
            account: account.clone(),
            principals: arns.into_iter().collect(),
            sessions: Vec::new(),
            users: Vec::new(),
        };
        let draft = Draft {
            target: target("aws.organizations.policy", &id, None, &management),
            because,
            why: vec![format!(
                "It holds for all that this plan denies whole in account {account}, and nobody there can take it off."
            )],
            before: "left",
            change: change.into(),
            rank: FIRST,
            after: After::Nothing,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    }
}

/// Whether a change denies a user or role everything.
pub(super) fn is_whole(change: &Change) -> bool {
    matches!(
        change,
        Change::Aws(AwsChange::Iam(
            IamChange::DenyUser { .. }
                | IamChange::DenyRole { .. }
                | IamChange::AttachDenyToUser { .. }
                | IamChange::AttachDenyToRole { .. }
                | IamChange::BoundUser { .. }
                | IamChange::BoundRole { .. }
        ))
    )
}

/// What an organization can do first, and better, where this program is not asked to.
pub(super) fn by_hand(proposal: &mut Proposal) {
    let denied: BTreeSet<Arc<str>> = proposal
        .drafts
        .iter()
        .filter(|draft| is_whole(&draft.change))
        .map(|draft| draft.target.id.clone())
        .collect();
    if denied.is_empty() {
        return;
    }
    let partition = denied.iter().find_map(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
    let accounts: BTreeSet<&str> = denied.iter().map(|arn| account_of(arn)).collect();
    proposal.withhold(
        target("aws.organizations.policy", &"TriageDeny".into(), None, ""),
        "A service control policy holds at once for all that this plan denies whole, and nobody in the account can take it off. \
         Where the organization can be reached it goes first; it does not hold in the management account nor for service-linked roles.",
        format!(
            "organizations:CreatePolicy (deny everything where aws:PrincipalArn is {}, and arn:{}:sts::ACCOUNT:federated-user/NAME \
             for federated sessions), then organizations:AttachPolicy to {}",
            denied.iter().map(|arn| &**arn).collect::<Vec<_>>().join(", "),
            partition,
            accounts.into_iter().collect::<Vec<_>>().join(", "),
        ),
    );
}
