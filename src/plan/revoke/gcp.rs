//! Google Cloud: service accounts and their keys.
//!
//! Disabling an account is what ends minted tokens, and it stops all that runs as it. So the principal's account is disabled
//! (with a warning where it has honest work), an account that it made too; one that was merely impersonated only where nobody
//! else was seen to use it. Keys that were made are disabled, each by itself.

use super::{BECAME, BECAME_KEYS, Known, OWN, OWN_KEYS, credential_target, origin, over};
use crate::catalog::gcp::principals::is_agent;
use crate::model::Time;
use crate::model::account::{AccountKey, AccountSeen};
use crate::model::change::Change;
use crate::model::change::gcp::{ApikeysChange, IamChange, PolicyChange, StorageChange};
use crate::model::identity::Part;
use crate::model::plan::Target;
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, alive, honest_work, target as plain_target, target_of};
use crate::plan::words::{count, list, when};
use crate::plan::{After, Draft, Options, Proposal, advice};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is consented to late is called late.
const CONSENT_SECONDS: i64 = 3600;

pub(super) fn revoke(ground: &Ground, known: &Known, options: Options, proposal: &mut Proposal) {
    for credential in ground.credentials.iter().copied() {
        if let Some(why) = ground.spares_credential(credential).or_else(|| over(credential)) {
            proposal.withhold(credential_target(credential), why, "");
            continue;
        }
        one(ground, credential, known, options, proposal);
    }
    for resource in ground.resources.iter().copied().filter(|one| alive(one).is_some()) {
        match resource.kind {
            "gcp.iam.service_account" => made(ground, resource, known, proposal),
            PROVIDER => provider(ground, resource, proposal),
            _ => {}
        }
    }
}

fn one(ground: &Ground, credential: &Credential, known: &Known, options: Options, proposal: &mut Proposal) {
    let mut hold = |why: &str, by_hand: &str| proposal.withhold(credential_target(credential), why, by_hand);
    match credential.kind {
        "gcp.service_account" => seed(ground, credential, known, options, proposal),
        "gcp.service_account_key" => match &credential.principal {
            Some(email) => {
                let change =
                    IamChange::DisableServiceAccountKey { email: email.clone(), key: credential.id.clone() };
                key(credential, change, proposal);
                signed_in(ground, credential, email, known, proposal);
            }
            None => {
                hold("The record does not say whose key it is.", "iam.projects.serviceAccounts.keys.disable")
            }
        },
        "gcp.hmac_key" => match &credential.account {
            Some(project) => {
                let (project, access_id) = (project.clone(), credential.id.clone());
                key(credential, StorageChange::DeactivateHmacKey { project, access_id }, proposal);
            }
            None => hold(
                "The record does not say which project it is in.",
                "storage.projects.hmacKeys.update (state INACTIVE)",
            ),
        },
        "gcp.api_key" => match &credential.account {
            Some(project) => {
                let name = format!("projects/{project}/locations/global/keys/{}", credential.id).into();
                key(credential, ApikeysChange::DeleteApiKey { name }, proposal);
            }
            None => hold(
                "The record does not say which project it is in.",
                "apikeys.projects.locations.keys.delete",
            ),
        },
        "gcp.impersonation" => impersonated(ground, credential, known, proposal),
        "gcp.user" => hold(
            "A person's sign-in is ended by an administrator of Workspace or Cloud Identity, which this program does not act on.",
            "https://admin.google.com/ac/users: suspend, reset the password, sign out everywhere, remove connected apps; by API \
             admin.directory.users.signOut, admin.directory.tokens.delete for each client, admin.directory.users.patch (suspended), \
             https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/signOut; for an account from elsewhere take its \
             bindings away and deny it with iam.policies.createPolicy, https://cloud.google.com/iam/docs/deny-access",
        ),
        "gcp.workload_identity" | "gcp.federated_token" => hold(
            "An identity from outside is shut at its provider, which may have other users.",
            "iam.projects.locations.workloadIdentityPools.providers.patch (disabled=true); tokens live on until they expire (1 h)",
        ),
        _ => hold("This program knows no reversible change for this kind.", &advice::of(credential.kind)),
    }
}

fn key(credential: &Credential, change: impl Into<Change>, proposal: &mut Proposal) {
    let draft = Draft {
        target: credential_target(credential),
        because: credential.event.iter().cloned().collect(),
        why: vec![origin(credential)],
        before: credential.state,
        change: change.into(),
        rank: BECAME_KEYS,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, credential.principal.as_deref());
}

fn seed(ground: &Ground, seed: &Credential, known: &Known, options: Options, proposal: &mut Proposal) {
    let target = credential_target(seed);
    if is_agent(&seed.id) {
        return proposal.withhold(
            target,
            "It is an agent of Google's, which nobody can disable.",
            "find out who makes it act (the service's own log entries), and contain that",
        );
    }
    let seen = known.service_account(&seed.id);
    let email = seen.map_or(&seed.id, |seen| &seen.email).clone();
    let draft = |target: Target, change: Change, rank, why| Draft {
        target,
        because: ground.about_seed(),
        why,
        before: seed.state,
        change,
        rank,
        after: After::Nothing,
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: lives_until(seen),
    };
    let cost = cost(ground, seed, seen);
    let tokens = seen.map(tokens);
    let why: Vec<String> = [Some(ground.why_seed()), cost.clone(), tokens].into_iter().flatten().collect();
    let account = &target.account;
    if options.soft {
        soft(&email, known, why, &draft, &target, proposal);
    } else {
        let change = IamChange::DisableServiceAccount { email: email.clone() };
        proposal.take(draft(target.clone(), change.into(), OWN, why), []);
    }
    let leaked: BTreeSet<&Arc<str>> = ground.report.leaked_keys.iter().collect();
    let held: &[AccountKey] = seen.and_then(|seen| seen.keys.seen()).map(Vec::as_slice).unwrap_or_default();
    // Logs can't show that a key is not known to others: every key that people hold.
    let open = held.iter().filter(|key| !key.is_disabled).map(|key| &key.id);
    let keys: BTreeSet<&Arc<str>> = leaked.iter().copied().chain(open).collect();
    for key in &keys {
        let mut why = vec![ground.why_seed()];
        if leaked.len() > 1 && leaked.contains(*key) {
            why.push("It is one of its keys that may be the leaked one.".to_owned());
        }
        if let Some(held) = held.iter().find(|one| one.id == **key) {
            why.extend(story(held));
        }
        let target = plain_target("gcp.service_account_key", key, Some(email.clone()), account);
        let change = IamChange::DisableServiceAccountKey { email: email.clone(), key: (*key).clone() };
        proposal.take(draft(target, change.into(), OWN_KEYS, why), []);
    }
    for key in held.iter().filter(|key| key.disabled_by_google.is_some()) {
        let target = plain_target("gcp.service_account_key", &key.id, Some(email.clone()), account);
        let found = key.exposed_at.as_deref().map(|at| format!(" It was found at {at}.")).unwrap_or_default();
        let why = format!(
            "Google has disabled this key itself ({}).{found} Tokens that were minted before live on until the account is disabled.",
            key.disabled_by_google.as_deref().unwrap_or_default()
        );
        proposal.withhold(target, why, "never enable it again: make a new one");
    }
    for id in seen.and_then(|seen| seen.hmac_keys.seen()).into_iter().flatten() {
        let target = plain_target("gcp.hmac_key", id, Some(email.clone()), account);
        let (project, access_id) = (account.clone(), id.clone());
        let change = StorageChange::DeactivateHmacKey { project, access_id };
        let why = vec![ground.why_seed(), "It signs storage requests as the account.".to_owned()];
        proposal.take(draft(target, change.into(), OWN_KEYS, why), []);
    }
    if let Some(cost) = cost.filter(|_| !options.soft) {
        let which = match keys.is_empty() {
            true => "every key that iam.projects.serviceAccounts.keys.list shows".to_owned(),
            false => list(&keys),
        };
        proposal.withhold(
            target,
            format!("{cost} The softer way, if that work must go on: tokens that are out live on for 1 h (12 h where the organization allows)."),
            format!(
                "leave the account enabled (--soft); iam.projects.serviceAccounts.keys.disable for {which}, and iam.policies.createPolicy that \
                 denies principal://iam.googleapis.com/projects/-/serviceAccounts/{email} to create, launch and change IAM"
            ),
        );
    }
}

/// The account stays enabled: what it may not do is denied, as far up as there is.
fn soft(
    email: &Arc<str>,
    known: &Known,
    mut why: Vec<String>,
    draft: &impl Fn(Target, Change, u32, Vec<String>) -> Draft,
    target: &Target,
    proposal: &mut Proposal,
) {
    why.push(
        "The account stays enabled (--soft): tokens that are out can still read, and do all that is not denied, until they expire."
            .to_owned(),
    );
    let on = known
        .deny_on
        .clone()
        .or_else(|| (!target.account.is_empty()).then(|| format!("projects/{}", target.account).into()));
    match on {
        Some(on) => {
            let change = PolicyChange::DenyPrincipal { on, principal: email.clone() };
            proposal.take(draft(target.clone(), change.into(), OWN, why), []);
        }
        None => proposal.withhold(
            target.clone(),
            "Where it is at home is not known.",
            "iam.policies.createPolicy",
        ),
    }
}

/// From when on giving it back is safe: a token that was minted at the last moment has ended.
fn lives_until(seen: Option<&AccountSeen>) -> Option<Time> {
    let longest = i64::try_from(seen?.longest_token.seen()?.as_secs()).ok()?;
    seen?.at.checked_add(SignedDuration::from_secs(longest + CONSENT_SECONDS)).ok()
}

/// Until when what was stolen works, if it is not ended.
fn tokens(seen: &AccountSeen) -> String {
    let (longest, sure) = match seen.longest_token.seen() {
        Some(longest) => (longest.as_secs() / 3600, ""),
        None => (12, " (whether the organization allows that could not be asked)"),
    };
    let until = seen.at.checked_add(SignedDuration::from_hours(longest as i64)).unwrap_or(seen.at);
    let keys = seen.keys.seen().map_or(0, |keys| keys.iter().filter(|key| !key.is_disabled).count());
    format!(
        "A token that was minted just now lives for up to {longest} h{sure}, until {}, unless the account is disabled; {} that people hold.",
        when(until),
        count(keys, "key works", "keys work")
    )
}

/// What is known of a key besides.
fn story(key: &AccountKey) -> Option<String> {
    let mut words = Vec::new();
    words.extend(key.created_at.map(|at| format!("It was made on {}.", when(at))));
    words.extend(key.is_uploaded.then(|| "Its public half was uploaded.".to_owned()));
    match key.last_used.seen() {
        Some(Some(at)) => {
            words.push(format!("It last got a token on {}, as far as Google tells by the day.", when(*at)))
        }
        Some(None) => words.push("Google tells of no use of it.".to_owned()),
        None => {}
    }
    words.extend(key.exposed_at.as_deref().map(|at| format!("Google found it at {at}.")));
    (!words.is_empty()).then(|| words.join(" "))
}

/// What stops with an account.
fn cost(ground: &Ground, seed: &Credential, seen: Option<&AccountSeen>) -> Option<String> {
    let default = is_default(&seed.id).then(|| {
        "STOPS HONEST WORK: it is a default service account, which most machines and functions of its project run as."
            .to_owned()
    });
    let runs = seen.and_then(runs_as).map(|runs| format!("STOPS WHAT RUNS AS IT: {runs}."));
    let words: Vec<String> =
        honest_work(ground, [&*seed.id]).into_iter().chain(default).chain(runs).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// What is known to run as an account.
fn runs_as(seen: &AccountSeen) -> Option<String> {
    let of = |part: &Part<Vec<Arc<str>>>, one, many| {
        let all = part.seen().filter(|all| !all.is_empty())?;
        Some(format!("{} ({})", count(all.len(), one, many), list(all)))
    };
    let machines = of(&seen.runs, "machine", "machines");
    let services = of(&seen.serves, "service or function", "services and functions");
    let all: Vec<String> = machines.into_iter().chain(services).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn is_default(email: &str) -> bool {
    email.ends_with("-compute@developer.gserviceaccount.com")
        || email.ends_with("@appspot.gserviceaccount.com")
}

/// The account of a key that was made and used: tokens that it minted live on until the account is disabled.
fn signed_in(
    ground: &Ground,
    credential: &Credential,
    email: &Arc<str>,
    known: &Known,
    proposal: &mut Proposal,
) {
    let is_made = |one: &&&Resource| {
        one.kind == "gcp.iam.service_account" && (one.id == *email || one.name.as_ref() == Some(email))
    };
    // What was made has its own step, and the principal its own.
    let has_step = ground.resources.iter().any(|one| is_made(&one) && alive(one).is_some())
        || ground.credentials.iter().any(|one| one.depth == 0 && one.id == *email);
    if credential.depth == 0 || !credential.used || has_step {
        return;
    }
    let account = credential.account.as_deref().unwrap_or_default();
    let place = plain_target("gcp.service_account", email, None, account);
    let runs = known.service_account(email).and_then(runs_as);
    if is_shared(ground, email) || is_default(email) || runs.is_some() {
        let why = match runs {
            Some(runs) => format!("of its project run as it: {runs}"),
            None => "others use it for their own work".to_owned(),
        };
        return proposal.withhold(
            place,
            format!(
                "The key {} of it was made and used. It is disabled, but a token that it minted lives for 1 h (12 h where the organization \
                 allows), and {why}: disabling the account stops that too.",
                credential.id
            ),
            "iam.projects.serviceAccounts.disable",
        );
    }
    let draft = Draft {
        target: place,
        because: credential.event.iter().cloned().collect(),
        why: vec![format!(
            "The key {} of it was made and used, and tokens that it minted live on until the account is disabled; nobody else was seen to \
             use it in what was looked at. Make sure that nothing runs as it.",
            credential.id
        )],
        before: credential.state,
        change: IamChange::DisableServiceAccount { email: email.clone() }.into(),
        rank: BECAME,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: lives_until(known.service_account(email)),
    };
    proposal.take(draft, []);
}

fn is_shared(ground: &Ground, email: &str) -> bool {
    ground.report.unlinked.iter().any(|other| {
        other.why.starts_with("same service account")
            && [Some(&*other.id), other.principal.as_deref()].contains(&Some(email))
    })
}

/// An account that the closure acted as: minted tokens can't be ended but by disabling it, which hurts whoever else uses it.
fn impersonated(ground: &Ground, credential: &Credential, known: &Known, proposal: &mut Proposal) {
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
    let is_shared = is_shared(ground, &credential.id);
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
        change: IamChange::DisableServiceAccount { email: credential.id.clone() }.into(),
        rank: BECAME,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: lives_until(known.service_account(&credential.id)),
    };
    proposal.take(draft, []);
}

const PROVIDER: &str = "gcp.iam.workload_identity_pool_provider";

/// A provider that the closure made lets in from outside whom the thief likes.
fn provider(ground: &Ground, resource: &Resource, proposal: &mut Proposal) {
    let target = target_of(resource);
    if let Some(why) = ground.spares_resource(resource) {
        return proposal.withhold(target, why, "");
    }
    let names = [Some(&resource.id), resource.name.as_ref()];
    let Some(name) = names.into_iter().flatten().find(|name| name.starts_with("projects/")) else {
        return proposal.withhold(target, "The record does not tell its whole name.", advice::of(PROVIDER));
    };
    let draft = Draft {
        target,
        because: [resource.event.clone()].into(),
        why: vec![format!(
            "{} made it on {}; federated tokens that are out live on until they expire (1 h).",
            resource.created_by,
            when(resource.created_at)
        )],
        before: resource.state,
        change: IamChange::DisableIdentityProvider { name: name.clone() }.into(),
        rank: BECAME_KEYS,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, []);
}

/// An account that the closure made has no honest work.
fn made(ground: &Ground, resource: &Resource, known: &Known, proposal: &mut Proposal) {
    let target = target_of(resource);
    if let Some(why) = ground.spares_resource(resource) {
        return proposal.withhold(target, why, "");
    }
    // By its number: who deletes it and makes another of its name has made another.
    let is_number = resource.id.bytes().all(|byte| byte.is_ascii_digit());
    let named = resource.name.clone().filter(|name| name.contains('@') && !is_number);
    let email = named.unwrap_or_else(|| resource.id.clone());
    let lives_until = lives_until(known.service_account(&email));
    let draft = Draft {
        target,
        because: [resource.event.clone()].into(),
        why: vec![format!("{} made it on {}.", resource.created_by, when(resource.created_at))],
        before: resource.state,
        change: IamChange::DisableServiceAccount { email }.into(),
        rank: BECAME,
        after: After::Below(BECAME),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until,
    };
    proposal.take(draft, []);
}
