//! Google Cloud: service accounts and their keys.
//!
//! Disabling an account is what ends minted tokens, and it stops all that runs as it. So the principal's account is disabled
//! (with a warning where it has honest work), an account that it made too; one that was merely impersonated only where nobody
//! else was seen to use it. Keys that were made are disabled, each by itself.

use super::{BECAME, BECAME_KEYS, OWN, OWN_KEYS, credential_target, origin, over};
use crate::catalog::gcp::principals::is_agent;
use crate::model::change::{Change, GcpChange};
use crate::model::plan::Target;
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, alive, honest_work, target as plain_target, target_of};
use crate::plan::words::{list, when};
use crate::plan::{After, Draft, Proposal, advice};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn revoke(ground: &Ground, proposal: &mut Proposal) {
    for credential in ground.credentials.iter().copied() {
        if let Some(why) = ground.spares_credential(credential).or_else(|| over(credential)) {
            proposal.withhold(credential_target(credential), why, "");
            continue;
        }
        one(ground, credential, proposal);
    }
    for resource in ground.resources.iter().copied().filter(|one| one.kind == "gcp.iam.service_account") {
        if alive(resource).is_some() {
            made(ground, resource, proposal);
        }
    }
}

fn one(ground: &Ground, credential: &Credential, proposal: &mut Proposal) {
    let mut hold = |why: &str, by_hand: &str| proposal.withhold(credential_target(credential), why, by_hand);
    match credential.kind {
        "gcp.service_account" => seed(ground, credential, proposal),
        "gcp.service_account_key" => match &credential.principal {
            Some(email) => {
                let change =
                    GcpChange::DisableServiceAccountKey { email: email.clone(), key: credential.id.clone() };
                key(credential, change, proposal);
            }
            None => {
                hold("The record does not say whose key it is.", "iam.projects.serviceAccounts.keys.disable")
            }
        },
        "gcp.hmac_key" => match &credential.account {
            Some(project) => {
                let (project, access_id) = (project.clone(), credential.id.clone());
                key(credential, GcpChange::DeactivateHmacKey { project, access_id }, proposal);
            }
            None => hold(
                "The record does not say which project it is in.",
                "storage.projects.hmacKeys.update (state INACTIVE)",
            ),
        },
        "gcp.api_key" => match &credential.account {
            Some(project) => {
                let name = format!("projects/{project}/locations/global/keys/{}", credential.id).into();
                key(credential, GcpChange::DeleteApiKey { name }, proposal);
            }
            None => hold(
                "The record does not say which project it is in.",
                "apikeys.projects.locations.keys.delete",
            ),
        },
        "gcp.impersonation" => impersonated(ground, credential, proposal),
        "gcp.user" => hold(
            "A person's sign-in is ended by an administrator of Workspace or Cloud Identity, which this program does not act on.",
            "admin.directory.users.signOut, admin.directory.tokens.delete for each client, admin.directory.users.patch (suspended); \
             for an account from elsewhere take its bindings away and deny it with iam.policies.createPolicy",
        ),
        "gcp.workload_identity" | "gcp.federated_token" => hold(
            "An identity from outside is shut at its provider, which may have other users.",
            "iam.projects.locations.workloadIdentityPools.providers.patch (disabled=true); tokens live on until they expire (1 h)",
        ),
        _ => hold("This program knows no reversible change for this kind.", &advice::of(credential.kind)),
    }
}

fn key(credential: &Credential, change: GcpChange, proposal: &mut Proposal) {
    let draft = Draft {
        target: credential_target(credential),
        because: credential.event.iter().cloned().collect(),
        why: vec![origin(credential)],
        before: credential.state,
        change: Change::Gcp(change),
        rank: BECAME_KEYS,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, credential.principal.as_deref());
}

fn seed(ground: &Ground, seed: &Credential, proposal: &mut Proposal) {
    let target = credential_target(seed);
    if is_agent(&seed.id) {
        return proposal.withhold(
            target,
            "It is an agent of Google's, which nobody can disable.",
            "find out who makes it act (the service's own log entries), and contain that",
        );
    }
    let draft = |target: Target, change, rank, why| Draft {
        target,
        because: ground.about_seed(),
        why,
        before: seed.state,
        change: Change::Gcp(change),
        rank,
        after: After::Nothing,
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    let cost = cost(ground, seed);
    let why = [Some(ground.why_seed()), cost.clone()].into_iter().flatten().collect();
    let change = GcpChange::DisableServiceAccount { email: seed.id.clone() };
    proposal.take(draft(target.clone(), change, OWN, why), []);
    let keys: BTreeSet<&Arc<str>> = ground.report.leaked_keys.iter().collect();
    for key in &keys {
        let mut why = vec![ground.why_seed()];
        if keys.len() > 1 {
            why.push("It is one of its keys that may be the leaked one.".to_owned());
        }
        let target = plain_target("gcp.service_account_key", key, Some(seed.id.clone()), &target.account);
        let change = GcpChange::DisableServiceAccountKey { email: seed.id.clone(), key: (*key).clone() };
        proposal.take(draft(target, change, OWN_KEYS, why), []);
    }
    if let Some(cost) = cost {
        let which = match keys.is_empty() {
            true => "every key that iam.projects.serviceAccounts.keys.list shows".to_owned(),
            false => list(keys),
        };
        proposal.withhold(
            target,
            format!("{cost} The softer way, if that work must go on: tokens that are out live on for 1 h (12 h where the organization allows)."),
            format!(
                "leave the account enabled; iam.projects.serviceAccounts.keys.disable for {which}, and iam.policies.createPolicy that \
                 denies principal://iam.googleapis.com/projects/-/serviceAccounts/{} to create, launch and change IAM",
                seed.id
            ),
        );
    }
}

/// What stops with an account.
fn cost(ground: &Ground, seed: &Credential) -> Option<String> {
    let default = is_default(&seed.id).then(|| {
        "STOPS HONEST WORK: it is a default service account, which most machines and functions of its project run as."
            .to_owned()
    });
    let words: Vec<String> = honest_work(ground, [&*seed.id]).into_iter().chain(default).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn is_default(email: &str) -> bool {
    email.ends_with("-compute@developer.gserviceaccount.com")
        || email.ends_with("@appspot.gserviceaccount.com")
}

/// An account that the closure acted as: minted tokens can't be ended but by disabling it, which hurts whoever else uses it.
fn impersonated(ground: &Ground, credential: &Credential, proposal: &mut Proposal) {
    let target = credential_target(credential);
    let by = credential.issued_by.as_deref().unwrap_or("the principal");
    let until = match (credential.valid_until, credential.last_use.max(credential.issued_at)) {
        (Some(until), _) => format!("the token that is known ends by itself on {}", when(until)),
        (None, Some(last)) => {
            format!(
                "a token ends by itself 1 h after it was minted (12 h where the organization allows), and it was last used on {}",
                when(last)
            )
        }
        (None, None) => {
            "a token ends by itself 1 h after it was minted (12 h where the organization allows)".to_owned()
        }
    };
    let is_shared = ground.report.unlinked.iter().any(|other| {
        other.why.starts_with("same service account")
            && [Some(&*other.id), other.principal.as_deref()].contains(&Some(&*credential.id))
    });
    let path = format!(
        "take the way from it: the binding that lets {by} impersonate {id} (roles/iam.serviceAccountTokenCreator and the like, in \
         iam.projects.serviceAccounts.getIamPolicy of it and in the policies of its project and above), or iam.policies.createPolicy that \
         denies {by} iam.googleapis.com/serviceAccounts.getAccessToken; at once for all: iam.projects.serviceAccounts.disable",
        id = credential.id
    );
    if is_shared || is_default(&credential.id) {
        let why = match is_shared {
            true => "others use it for their own work",
            false => {
                "it is a default service account, which most machines and functions of its project run as"
            }
        };
        return proposal.withhold(
            target,
            format!("{by} only impersonated it, and {why}: disabling it stops them too. When the principal is disabled no credential of this report mints new tokens of it; {until}."),
            path,
        );
    }
    let draft = Draft {
        target,
        because: credential.event.iter().cloned().collect(),
        why: vec![format!(
            "{by} impersonated it, and nobody else was seen to use it in what was looked at; {until}. Make sure that nothing runs as it."
        )],
        before: credential.state,
        change: Change::Gcp(GcpChange::DisableServiceAccount { email: credential.id.clone() }),
        rank: BECAME,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, []);
}

/// An account that the closure made has no honest work.
fn made(ground: &Ground, resource: &Resource, proposal: &mut Proposal) {
    let target = target_of(resource);
    if let Some(why) = ground.spares_resource(resource) {
        return proposal.withhold(target, why, "");
    }
    let email =
        resource.name.clone().filter(|name| name.contains('@')).unwrap_or_else(|| resource.id.clone());
    let draft = Draft {
        target,
        because: [resource.event.clone()].into(),
        why: vec![format!("{} made it on {}.", resource.created_by, when(resource.created_at))],
        before: resource.state,
        change: Change::Gcp(GcpChange::DisableServiceAccount { email }),
        rank: BECAME,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, []);
}
