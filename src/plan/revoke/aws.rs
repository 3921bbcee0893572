//! AWS: users, roles and what signs in as them.
//!
//! A user or role is treated once, whatever of it is in the report: denied whole where it is the principal or was made by it;
//! of others only the sessions and passwords that the principal can hold are ended, so that their own work goes on.

mod arn;
mod center;
mod held;
mod role;
mod root;
mod scp;
mod user;

use super::{BECAME, BECAME_KEYS, Known, OWN, OWN_KEYS, credential_target, origin, over};
use crate::model::Time;
use crate::model::change::{Change, IamChange, RolesAnywhereChange, SsoChange};
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, alive, target, target_of};
use crate::plan::words::when;
use crate::plan::{After, Draft, Options, Proposal, advice};
use arn::last;
pub(super) use arn::{arn_of, plain_role, session_of, user_of};
pub(super) use role::is_of_identity_center;
use role::{Role, others, roles};
use std::collections::BTreeMap;
use std::sync::Arc;
use user::{User, users};

const USER: &str = "aws.iam.user";
const ROLE: &str = "aws.iam.role";

/// What a deny does not reach: tokens that are no signature, which whoever they were fetched for takes by themselves.
const REGARDLESS: &str = "What was fetched with it lives on regardless: tokens for EKS and RDS up to 15 min, for outside AWS up to 60 min, \
     for ECR and CodeArtifact up to 12 h.";

/// By ARN.
#[derive(Default)]
struct Cases<'a> {
    users: BTreeMap<Arc<str>, User<'a>>,
    roles: BTreeMap<Arc<str>, Role<'a>>,
}

pub(super) fn revoke(ground: &Ground, known: &Known, options: Options, proposal: &mut Proposal) {
    let mut cases = Cases::default();
    for credential in ground.credentials.iter().copied() {
        if let Some(why) = ground.spares_credential(credential) {
            if let Some((role, name)) = credential.principal.as_deref().and_then(session_of) {
                let role = cases.roles.entry(role).or_default();
                role.others.insert(credential.id.clone());
                role.names.entry(name).or_default().insert(credential.id.clone());
            }
            proposal.withhold(credential_target(credential), why, "");
            continue;
        }
        one(ground, known, credential, &mut cases, proposal);
    }
    made(ground, &mut cases, proposal);
    for (arn, user) in &cases.users {
        users(ground, known, arn, user, proposal);
    }
    for (arn, role) in &mut cases.roles {
        others(ground, arn, role);
        roles(ground, known, options, arn, role, proposal);
    }
    // An organization's policy is a heavy hand for a principal that nothing speaks against.
    if options.scp {
        scp::first(ground, known, proposal);
    } else if !ground.is_quiet {
        scp::by_hand(proposal);
    }
    before_it(ground, proposal);
}

/// Files one credential under its user or role, and proposes what ends the credential itself.
fn one<'a>(
    ground: &Ground<'a>,
    known: &Known,
    credential: &'a Credential,
    cases: &mut Cases<'a>,
    proposal: &mut Proposal,
) {
    let own = credential.depth == 0;
    let arn = credential.principal.clone().or_else(|| ground.report.seed_user.clone().filter(|_| own));
    let user = arn.as_deref().and_then(user_of);
    if arn.as_deref().is_some_and(|arn| arn.ends_with(":root")) || credential.kind == "aws.root" {
        return root::root(ground, known, credential, arn, proposal);
    }
    let live = over(credential);
    match credential.kind {
        "aws.access_key" => {
            let Some(arn) = user.clone() else {
                if live.is_none() {
                    key_of(credential, None, proposal, ground);
                }
                return proposal.withhold(
                    credential_target(credential),
                    "No record names the key's user, whose sessions live on when the key is inactive.",
                    "iam:GetAccessKeyLastUsed names the user; then iam:PutUserPolicy (deny everything)",
                );
            };
            let user = cases.users.entry(arn.clone()).or_default();
            user.is_own |= own;
            match live {
                None => {
                    user.keys.push(credential);
                    key_of(credential, Some(arn), proposal, ground);
                }
                Some(why) => {
                    if credential.used {
                        user.sessions.push(credential);
                    }
                    proposal.withhold(credential_target(credential), why, "iam:ListAccessKeys shows whether it is");
                }
            }
        }
        "aws.login_profile" => {
            let arn = user.unwrap_or_else(|| {
                let account = credential.account.as_deref().unwrap_or_default();
                format!("arn:{}:iam::{account}:user/{}", ground.partition(account), credential.id).into()
            });
            let user = cases.users.entry(arn).or_default();
            user.is_own |= own;
            if credential.used {
                user.sessions.push(credential);
            }
            match live {
                None => user.password = Some(credential),
                Some(why) => proposal.withhold(credential_target(credential), why, ""),
            }
        }
        "aws.user" => match user {
            Some(arn) => cases.users.entry(arn).or_default().is_own = true,
            None => proposal.withhold(
                credential_target(credential),
                "No record names the user behind this id.",
                "iam:GetAccountAuthorizationDetails shows whose UserId it is; then iam:PutUserPolicy (deny everything)",
            ),
        },
        "aws.role" => match arn.filter(|arn| arn.contains(":role/")) {
            Some(arn) => cases.roles.entry(plain_role(&arn)).or_default().is_own = true,
            None => proposal.withhold(
                credential_target(credential),
                "No record names the role behind this id.",
                "iam:GetAccountAuthorizationDetails shows whose RoleId it is; then iam:PutRolePolicy (AWSRevokeOlderSessions)",
            ),
        },
        "aws.session" | "aws.federated_user" => session(ground, credential, arn, cases, proposal),
        "aws.service_specific_credential" | "aws.ssh_public_key" | "aws.signing_certificate" => match (live, user) {
            (Some(why), _) => proposal.withhold(credential_target(credential), why, ""),
            (None, Some(arn)) => {
                let (user, id) = (last(&arn), credential.id.clone());
                let change = match credential.kind {
                    "aws.ssh_public_key" => IamChange::DeactivateSshPublicKey { user, id },
                    "aws.signing_certificate" => IamChange::DeactivateSigningCertificate { user, id },
                    _ => IamChange::DeactivateServiceSpecificCredential { user, id },
                };
                cases.users.entry(arn.clone()).or_default().keys.push(credential);
                credential_step(ground, credential, change, &arn, proposal);
            }
            (None, None) => proposal.withhold(
                credential_target(credential),
                "No record names its user, whom the call must name.",
                advice::of(credential.kind),
            ),
        },
        "aws.identity_center_token" => proposal.withhold(
            credential_target(credential),
            "Sessions of Identity Center end in Identity Center, and its roles can't be edited in IAM.",
            "disable the user in Identity Center, sso:DeleteAccountAssignment, and an SCP that denies identitystore:UserId",
        ),
        "aws.web_identity_token" => proposal.withhold(
            credential_target(credential),
            "The token has left AWS: who takes it outside decides, and it ends by itself within an hour.",
            "iam:DisableOutboundWebIdentityFederation",
        ),
        _ => proposal.withhold(
            credential_target(credential),
            "This program knows no reversible change for this kind.",
            advice::of(credential.kind),
        ),
    }
}

fn key_of(credential: &Credential, user: Option<Arc<str>>, proposal: &mut Proposal, ground: &Ground) {
    let change =
        IamChange::DeactivateAccessKey { user: user.as_deref().map(last), key: credential.id.clone() };
    credential_step(ground, credential, change, user.as_deref().unwrap_or_default(), proposal);
}

fn credential_step(
    ground: &Ground,
    credential: &Credential,
    change: IamChange,
    whose: &str,
    proposal: &mut Proposal,
) {
    let own = credential.depth == 0;
    let draft = Draft {
        target: credential_target(credential),
        because: if own { ground.about_seed() } else { credential.event.iter().cloned().collect() },
        why: [if own { ground.why_seed() } else { origin(credential) }]
            .into_iter()
            .chain(lasts(credential).map(str::to_owned))
            .collect(),
        before: credential.state,
        change: change.into(),
        rank: if own { OWN_KEYS } else { BECAME_KEYS },
        after: after(own),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, [whose]);
}

/// How long a credential that has no end of its own works, and what of it outlives it.
fn lasts(credential: &Credential) -> Option<&'static str> {
    match credential.kind {
        _ if credential.valid_until.is_some() => None,
        "aws.access_key" => Some(
            "It works for ever until it is inactive; sessions that it minted live on up to 36 h, unless its user is denied.",
        ),
        "aws.service_specific_credential" | "aws.ssh_public_key" | "aws.signing_certificate" => {
            Some("It works for ever, whatever happens to the user's access keys.")
        }
        _ => None,
    }
}

/// The organization's policy first, where one is planned: it lies in another account, which nothing else would wait for.
fn after(own: bool) -> After {
    After::Below(if own { OWN } else { BECAME })
}

fn session<'a>(
    ground: &Ground<'a>,
    credential: &'a Credential,
    arn: Option<Arc<str>>,
    cases: &mut Cases<'a>,
    proposal: &mut Proposal,
) {
    let own = credential.depth == 0;
    let Some(arn) = arn else {
        return proposal.withhold(
            credential_target(credential),
            "No record says which user or role this session is of.",
            "sts:GetAccessKeyInfo tells the account; LookupEvents with this id tells who minted it",
        );
    };
    if let Some(user) = user_of(&arn) {
        let case = cases.users.entry(user).or_default();
        case.is_own |= own;
        return case.sessions.push(credential);
    }
    if arn.contains(":federated-user/") {
        let minter = ground.credentials.iter().find(|one| Some(&one.id) == credential.issued_by.as_ref());
        let user = minter.and_then(|minter| {
            let seed = ground.report.seed_user.as_deref().filter(|_| minter.depth == 0);
            minter.principal.as_deref().or(seed).and_then(user_of)
        });
        return match user {
            Some(user) => cases.users.entry(user).or_default().sessions.push(credential),
            None => proposal.withhold(
                credential_target(credential),
                "A federated session ends with a deny on the user that minted it, and no record here names that user.",
                "LookupEvents for GetFederationToken names the user; then iam:PutUserPolicy (deny sessions issued until now)",
            ),
        };
    }
    match session_of(&arn) {
        Some((role, _)) => {
            let case = cases.roles.entry(role).or_default();
            case.sessions.push(credential);
        }
        None => proposal.withhold(
            credential_target(credential),
            "This is no session of a user or role.",
            advice::of(credential.kind),
        ),
    }
}

/// Users, roles and Roles Anywhere's doors that the closure made.
fn made<'a>(ground: &Ground<'a>, cases: &mut Cases<'a>, proposal: &mut Proposal) {
    for resource in ground.resources.iter().copied() {
        let id = resource.id.clone();
        let door: Option<Change> = match resource.kind {
            USER | ROLE => None,
            "aws.rolesanywhere.trust_anchor" => Some(RolesAnywhereChange::DisableTrustAnchor { id }.into()),
            "aws.rolesanywhere.profile" => {
                Some(RolesAnywhereChange::DisableRolesAnywhereProfile { id }.into())
            }
            "aws.iam.saml_provider" => Some(IamChange::DeleteSamlProvider { arn: id }.into()),
            "aws.iam.oidc_provider" => Some(IamChange::DeleteOidcProvider { arn: id }.into()),
            "aws.identitystore.membership" => {
                Some(SsoChange::RemoveGroupMembership { membership: id }.into())
            }
            _ => continue,
        };
        // Of users and roles the last incarnation counts: what is deleted has sessions that can do nothing.
        let is_over = alive(resource).is_none();
        if is_over && door.is_some() {
            continue;
        }
        if let Some(why) = ground.spares_resource(resource) {
            proposal.withhold(target_of(resource), why, "");
            continue;
        }
        if resource.kind == "aws.iam.saml_provider" {
            let why = match (&*last(&resource.id), resource.id.starts_with("arn:")) {
                (name, _) if name.starts_with("AWSSSO_") => {
                    "By its name it is Identity Center's own, which everybody signs in by."
                }
                (_, false) => "The record that made it does not tell its ARN, which the call must name.",
                (_, true) => "",
            };
            if !why.is_empty() {
                proposal.withhold(target_of(resource), why, advice::of(resource.kind));
                continue;
            }
        }
        match (door, resource.kind) {
            (Some(change), _) => {
                let draft = Draft {
                    target: target_of(resource),
                    because: [resource.event.clone()].into(),
                    why: vec![made_by(resource)],
                    before: resource.state,
                    change,
                    rank: BECAME_KEYS,
                    after: After::Below(BECAME),
                    otherwise: Vec::new(),
                    needs_earlier: false,
                    lives_until: None,
                };
                proposal.take(draft, []);
            }
            (None, USER) => {
                replace(&mut cases.users.entry(arn_of(resource, "user")).or_default().made, resource);
            }
            (None, _) => {
                let role = plain_role(&arn_of(resource, "role"));
                replace(&mut cases.roles.entry(role).or_default().made, resource);
            }
        }
    }
}

fn replace<'a>(made: &mut Option<&'a Resource>, by: &'a Resource) {
    let key = |one: &Resource| (alive(one).is_some(), one.created_at);
    if made.is_none_or(|made| key(made) < key(by)) {
        *made = Some(by);
    }
}

/// Why a user or role that the closure made needs no step.
fn gone(made: Option<&Resource>) -> Option<String> {
    let made = made.filter(|made| alive(made).is_none())?;
    let at = made.deleted_at.map(|at| format!(" on {}", when(at))).unwrap_or_default();
    let by = made.deleted_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    Some(format!(
        "It was made and deleted{at}{by}: its sessions and keys can do nothing any more. Look that it is gone."
    ))
}

fn made_by(resource: &Resource) -> String {
    format!("{} made it on {}.", resource.created_by, when(resource.created_at))
}

/// Until when the last of some sessions was issued at the latest; absent where one of them has no time at all.
fn latest(sessions: &[&Credential]) -> Option<Time> {
    let issued = |one: &&Credential| one.issued_at.or(one.first_use).or(one.last_use);
    sessions.iter().map(issued).collect::<Option<Vec<Time>>>()?.into_iter().max()
}

/// A session or role that was asked about has an issuer, which makes the like again.
fn before_it(ground: &Ground, proposal: &mut Proposal) {
    let is_derived =
        matches!(ground.report.principal.kind, "access_key" | "session" | "role" | "federated_user");
    let Some(root) = ground.report.root.as_ref().filter(|root| is_derived && root.chain.len() > 1) else {
        return;
    };
    let Some(first) = root.chain.first() else { return };
    proposal.withhold(
        target("aws.principal", first, None, ""),
        format!(
            "It stands at the root of the chain to the principal and can make the like again ({}); this plan ends the principal and \
             what came of it alone.",
            root.ends
        ),
        format!("ask about it too: triage --principal {first}"),
    );
}
