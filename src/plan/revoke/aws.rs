//! AWS: users, roles and what signs in as them.
//!
//! A user or role is treated once, whatever of it is in the report: denied whole where it is the principal or was made by it;
//! of others only the sessions and passwords that the principal can hold are ended, so that their own work goes on.

use super::{BECAME, BECAME_KEYS, OWN, OWN_KEYS, credential_target, origin, over};
use crate::model::EventId;
use crate::model::change::{AwsChange, Change};
use crate::model::report::{Credential, Resource};
use crate::plan::ground::{Ground, alive, target, target_of};
use crate::plan::words::{count, list, when};
use crate::plan::{After, Draft, Proposal, advice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const USER: &str = "aws.iam.user";
const ROLE: &str = "aws.iam.role";

#[derive(Default)]
struct User<'a> {
    is_own: bool,
    made: Option<&'a Resource>,
    /// Keys and passwords of it, live ones.
    keys: Vec<&'a Credential>,
    password: Option<&'a Credential>,
    /// What may hold its sessions: the sessions themselves, and used-up keys that could have minted some.
    sessions: Vec<&'a Credential>,
}

#[derive(Default)]
struct Role<'a> {
    is_own: bool,
    made: Option<&'a Resource>,
    sessions: Vec<&'a Credential>,
    /// Sessions that are not planned: others use the role too.
    others: BTreeSet<Arc<str>>,
    /// Their session names.
    names: BTreeMap<Arc<str>, Arc<str>>,
}

/// By ARN.
#[derive(Default)]
struct Cases<'a> {
    users: BTreeMap<Arc<str>, User<'a>>,
    roles: BTreeMap<Arc<str>, Role<'a>>,
}

pub(super) fn revoke(ground: &Ground, proposal: &mut Proposal) {
    let mut cases = Cases::default();
    for credential in ground.credentials.iter().copied() {
        if let Some(why) = ground.spares_credential(credential) {
            if let Some((role, name)) = credential.principal.as_deref().and_then(session_of) {
                let role = cases.roles.entry(role).or_default();
                role.others.insert(credential.id.clone());
                role.names.insert(name, credential.id.clone());
            }
            proposal.withhold(credential_target(credential), why, "");
            continue;
        }
        one(ground, credential, &mut cases, proposal);
    }
    made(ground, &mut cases, proposal);
    let mut denied = BTreeSet::new();
    for (arn, user) in &cases.users {
        users(ground, arn, user, &mut denied, proposal);
    }
    for (arn, role) in &mut cases.roles {
        others(ground, arn, role);
        roles(ground, arn, role, &mut denied, proposal);
    }
    first_by_hand(&denied, proposal);
    before_it(ground, proposal);
}

/// Files one credential under its user or role, and proposes what ends the credential itself.
fn one<'a>(ground: &Ground<'a>, credential: &'a Credential, cases: &mut Cases<'a>, proposal: &mut Proposal) {
    let own = credential.depth == 0;
    let arn = credential.principal.clone().or_else(|| ground.report.seed_user.clone().filter(|_| own));
    let user = arn.as_deref().and_then(user_of);
    if arn.as_deref().is_some_and(|arn| arn.ends_with(":root")) || credential.kind == "aws.root" {
        return proposal.withhold(
            credential_target(credential),
            "Nobody but root can end root's credentials, and no IAM policy holds for it.",
            "sign in as root: change the password, deactivate its keys, look at its MFA devices; for a member account from the \
             organization: sts:AssumeRoot with IAMDeleteRootUserCredentials, and an SCP that denies root",
        );
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
                format!("arn:aws:iam::{account}:user/{}", credential.id).into()
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
                    "aws.ssh_public_key" => AwsChange::DeactivateSshPublicKey { user, id },
                    "aws.signing_certificate" => AwsChange::DeactivateSigningCertificate { user, id },
                    _ => AwsChange::DeactivateServiceSpecificCredential { user, id },
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
        AwsChange::DeactivateAccessKey { user: user.as_deref().map(last), key: credential.id.clone() };
    credential_step(ground, credential, change, user.as_deref().unwrap_or_default(), proposal);
}

fn credential_step(
    ground: &Ground,
    credential: &Credential,
    change: AwsChange,
    whose: &str,
    proposal: &mut Proposal,
) {
    let own = credential.depth == 0;
    let draft = Draft {
        target: credential_target(credential),
        because: if own { ground.about_seed() } else { credential.event.iter().cloned().collect() },
        why: vec![if own { ground.why_seed() } else { origin(credential) }],
        before: credential.state,
        change: Change::Aws(change),
        rank: if own { OWN_KEYS } else { BECAME_KEYS },
        after: after(own),
    };
    proposal.take(draft, [whose]);
}

fn after(own: bool) -> After {
    if own { After::Nothing } else { After::Below(BECAME) }
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
        let anywhere = match resource.kind {
            USER | ROLE => None,
            "aws.rolesanywhere.trust_anchor" => {
                Some(AwsChange::DisableTrustAnchor { id: resource.id.clone() })
            }
            "aws.rolesanywhere.profile" => {
                Some(AwsChange::DisableRolesAnywhereProfile { id: resource.id.clone() })
            }
            _ => continue,
        };
        if alive(resource).is_none() {
            continue;
        }
        if let Some(why) = ground.spares_resource(resource) {
            proposal.withhold(target_of(resource), why, "");
            continue;
        }
        match (anywhere, resource.kind) {
            (Some(change), _) => {
                let draft = Draft {
                    target: target_of(resource),
                    because: [resource.event.clone()].into(),
                    why: vec![made_by(resource)],
                    before: resource.state,
                    change: Change::Aws(change),
                    rank: BECAME_KEYS,
                    after: After::Below(BECAME),
                };
                proposal.take(draft, []);
            }
            (None, USER) => {
                cases.users.entry(arn_of(resource, "user")).or_default().made = Some(resource);
            }
            (None, _) => {
                cases.roles.entry(plain_role(&arn_of(resource, "role"))).or_default().made = Some(resource);
            }
        }
    }
}

fn made_by(resource: &Resource) -> String {
    format!("{} made it on {}.", resource.created_by, when(resource.created_at))
}

fn users(
    ground: &Ground,
    arn: &Arc<str>,
    user: &User,
    denied: &mut BTreeSet<Arc<str>>,
    proposal: &mut Proposal,
) {
    let target = target(USER, arn, Some(last(arn)), account_of(arn));
    let name = last(arn);
    let mut because: BTreeSet<EventId> = user
        .keys
        .iter()
        .chain(&user.sessions)
        .chain(&user.password)
        .filter_map(|one| one.event.clone())
        .collect();
    let mut draft = |why: String, change: AwsChange, because: &BTreeSet<EventId>| {
        let draft = Draft {
            target: target.clone(),
            because: because.clone(),
            why: vec![why],
            before: "left",
            change: Change::Aws(change),
            rank: if user.is_own { OWN } else { BECAME },
            after: after(user.is_own),
        };
        proposal.take(draft, []);
    };
    if user.is_own || user.made.is_some() {
        let mut why = match user.made {
            _ if user.is_own => ground.why_seed(),
            Some(made) => made_by(made),
            None => String::new(),
        };
        if user.is_own {
            because.extend(ground.about_seed());
        }
        because.extend(user.made.map(|made| made.event.clone()));
        why += &holds(user);
        draft(why, AwsChange::DenyUser { user: name.clone() }, &because);
        denied.insert(arn.clone());
    } else {
        if !user.sessions.is_empty() {
            let events = user.sessions.iter().filter_map(|one| one.event.clone()).collect();
            let why = format!("It is somebody's own user, so its keys work on.{}", holds(user));
            draft(why, AwsChange::RevokeUserSessions { user: name.clone() }, &events);
        }
        if let Some(password) = user.password {
            let events = password.event.iter().cloned().collect();
            draft(origin(password), AwsChange::ResetLoginProfile { user: name.clone() }, &events);
        }
    }
    proposal.withhold(
        target,
        "A user can hold two access keys, a password and credentials of single services; this plan ends those that the records \
         show. Look for the others too.",
        "iam:ListAccessKeys, iam:GetLoginProfile, iam:ListServiceSpecificCredentials, iam:ListSSHPublicKeys, \
         iam:ListSigningCertificates, iam:ListMFADevices",
    );
}

/// What of a user the principal holds.
fn holds(user: &User) -> String {
    let mut words = String::new();
    let ids =
        |all: &[&Credential]| list(all.iter().map(|one| one.id.to_string()).collect::<BTreeSet<String>>());
    if !user.keys.is_empty() {
        words += &format!(" The principal holds {} of it.", ids(&user.keys));
    }
    if user.password.is_some() {
        words += " It was given a console password.";
    }
    let sessions: Vec<&Credential> = user
        .sessions
        .iter()
        .copied()
        .filter(|one| matches!(one.kind, "aws.session" | "aws.federated_user"))
        .collect();
    if !sessions.is_empty() {
        words += &format!(
            " {} of it live on without the key: {}",
            count(sessions.len(), "session", "sessions"),
            ids(&sessions)
        );
        words += &match sessions.iter().filter_map(|one| one.valid_until).max() {
            Some(until) => format!(", the last until {}.", when(until)),
            None => ", for up to 36 h.".to_owned(),
        };
    }
    words
}

/// Adds who else was seen with a role.
fn others(ground: &Ground, arn: &str, role: &mut Role) {
    for other in ground.report.unlinked.iter().filter(|one| one.why.starts_with("same role")) {
        if let Some((_, name)) =
            other.principal.as_deref().and_then(session_of).filter(|(of, _)| **of == *arn)
        {
            role.others.insert(other.id.clone());
            role.names.insert(name, other.id.clone());
        }
    }
}

fn roles(
    ground: &Ground,
    arn: &Arc<str>,
    role: &Role,
    denied: &mut BTreeSet<Arc<str>>,
    proposal: &mut Proposal,
) {
    if role.sessions.is_empty() && role.made.is_none() && !role.is_own {
        return;
    }
    let name = last(arn);
    let account = account_of(arn);
    let mut because: BTreeSet<EventId> = role.sessions.iter().filter_map(|one| one.event.clone()).collect();
    let is_own = role.is_own || role.sessions.iter().any(|one| one.depth == 0);
    if is_own {
        because.extend(ground.about_seed());
    }
    let mut why = if is_own { vec![ground.why_seed()] } else { Vec::new() };
    why.extend(taken(role));
    let spare = target(ROLE, arn, Some(name.clone()), account);
    let (target, change) = match role.made {
        Some(made) => {
            because.insert(made.event.clone());
            why.insert(0, made_by(made));
            denied.insert(made.id.clone());
            (target_of(made), AwsChange::DenyRole { role: made.id.clone() })
        }
        // Names are all that a session's ARN tells; a role of the principal's own making in disguise has a `made`.
        None if name.starts_with("AWSServiceRoleFor") => {
            return proposal.withhold(
                spare,
                "By its name it is a service-linked role, which no policy can deny.",
                "contain what its service launched; where its path is not /aws-service-role/ the name is a disguise: \
                 iam:PutRolePolicy (deny everything)",
            );
        }
        None if name.starts_with("AWSReservedSSO_") => {
            return proposal.withhold(
                spare,
                "Roles of Identity Center can't be edited in IAM.",
                "sso:DeleteAccountAssignment, a deny in the permission set's inline policy for identitystore:UserId, or an SCP \
                 that denies it",
            );
        }
        None if !role.is_own && !role.others.is_empty() => {
            let names: BTreeSet<Arc<str>> = role
                .sessions
                .iter()
                .filter_map(|one| session_arn(ground, one).and_then(|arn| session_of(&arn)))
                .map(|(_, name)| name)
                .collect();
            why.push(format!(
                "Others use the role ({}), so these names alone are denied; if one of those turns out to be the attacker's, \
                 iam:PutRolePolicy (AWSRevokeOlderSessions) ends them all.",
                list(&role.others)
            ));
            for (name, id) in role.names.iter().filter(|(name, _)| names.contains(*name)) {
                why.push(format!(
                    "{id} has the name {name} too and is not linked: it is signed out with them and may take the role again."
                ));
            }
            (spare, AwsChange::DenySessions { role: arn.clone(), names: names.into_iter().collect() })
        }
        None => (spare, AwsChange::RevokeRoleSessions { role: arn.clone() }),
    };
    if !ground.has_seen(account) {
        why.push(format!("No log of account {account} was seen: what was done there, and who else uses the role, is not known."));
    }
    let draft = Draft {
        target,
        because,
        why,
        before: "left",
        change: Change::Aws(change),
        rank: if is_own { OWN } else { BECAME },
        after: after(is_own),
    };
    proposal.take(draft, [&**arn]);
}

/// Which sessions of a role are the principal's.
fn taken(role: &Role) -> Vec<String> {
    let derived: Vec<&Credential> = role.sessions.iter().copied().filter(|one| one.depth > 0).collect();
    let mut why = Vec::new();
    if !derived.is_empty() {
        let ids: BTreeSet<&str> = derived.iter().map(|one| &*one.id).collect();
        let by: BTreeSet<&str> = derived.iter().filter_map(|one| one.issued_by.as_deref()).collect();
        let mut words = format!(
            "{} of it: {}, taken by {}",
            count(derived.len(), "session", "sessions"),
            list(ids),
            list(by)
        );
        if let Some(until) = derived.iter().filter_map(|one| one.valid_until).max() {
            words += &format!("; the last ends by itself on {}", when(until));
        }
        why.push(words + ".");
    }
    let machines: BTreeSet<Arc<str>> = role
        .sessions
        .iter()
        .filter_map(|one| session_of(one.principal.as_deref()?))
        .map(|(_, name)| name)
        .filter(|name| name.starts_with("i-"))
        .collect();
    if !machines.is_empty() {
        why.push(format!(
            "{} goes on without its role until it is stopped and started or its profile is replaced.",
            list(machines)
        ));
    }
    why
}

fn session_arn(ground: &Ground, session: &Credential) -> Option<Arc<str>> {
    session.principal.clone().or_else(|| ground.report.seed_user.clone().filter(|_| session.depth == 0))
}

/// What an organization can do first, and better.
fn first_by_hand(denied: &BTreeSet<Arc<str>>, proposal: &mut Proposal) {
    if denied.is_empty() {
        return;
    }
    let accounts: BTreeSet<&str> = denied.iter().map(|arn| account_of(arn)).collect();
    proposal.withhold(
        target("aws.organizations.policy", &"TriageDeny".into(), None, ""),
        "A service control policy holds at once for all that this plan denies whole, and nobody in the account can take it off. \
         Where the organization can be reached it goes first; it does not hold in the management account nor for service-linked roles.",
        format!(
            "organizations:CreatePolicy (deny everything where aws:PrincipalArn is {}, and arn:aws:sts::ACCOUNT:federated-user/NAME \
             for federated sessions), then organizations:AttachPolicy to {}",
            denied.iter().map(|arn| &**arn).collect::<Vec<_>>().join(", "),
            accounts.into_iter().collect::<Vec<_>>().join(", "),
        ),
    );
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

fn last(arn: &str) -> Arc<str> {
    arn.rsplit(['/', ':']).next().unwrap_or(arn).into()
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

fn arn_of(resource: &Resource, what: &str) -> Arc<str> {
    match resource.id.starts_with("arn:") {
        true => resource.id.clone(),
        false => format!("arn:aws:iam::{}:{what}/{}", resource.account, resource.id).into(),
    }
}

fn user_of(arn: &str) -> Option<Arc<str>> {
    let (_, name) = arn.split_once(":user/")?;
    (!name.is_empty() && !name.ends_with('/')).then(|| arn.into())
}

/// Without its path, which a session's ARN does not show.
fn plain_role(arn: &str) -> Arc<str> {
    match arn.split_once(":role/") {
        Some((head, name)) => format!("{head}:role/{}", last(name)).into(),
        None => arn.into(),
    }
}

/// Returns role ARN and session name of an assumed role's ARN.
fn session_of(arn: &str) -> Option<(Arc<str>, Arc<str>)> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let (role, name) = rest.split_once('/')?;
    let is_whole = !role.is_empty() && !name.is_empty();
    is_whole.then(|| (format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1)).into(), name.into()))
}
