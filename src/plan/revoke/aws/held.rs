//! What a user holds as the cloud shows it now, besides what the records tell.

use super::after;
use super::user::User;
use crate::model::EventId;
use crate::model::change::IamChange;
use crate::model::identity::{CredentialSeen, IdentitySeen, Part};
use crate::model::plan::Target;
use crate::plan::ground::{Ground, target};
use crate::plan::revoke::known::quarantine;
use crate::plan::revoke::{BECAME_KEYS, OWN_KEYS};
use crate::plan::words::when;
use crate::plan::{Draft, Proposal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Closes everything that signs in as a user that is denied whole, known to the records or not.
pub(super) fn close(
    ground: &Ground,
    seen: &IdentitySeen,
    user: &User,
    whose: Target,
    proposal: &mut Proposal,
) {
    let because: BTreeSet<EventId> = match user.made {
        _ if user.is_own => ground.about_seed(),
        Some(made) => [made.event.clone()].into(),
        None => BTreeSet::new(),
    };
    let name: Arc<str> = seen.name().into();
    let mut step = |kind: &'static str, id: &Arc<str>, why: String, change: IamChange| {
        let draft = Draft {
            target: target(kind, id, Some(name.clone()), seen.account()),
            because: because.clone(),
            why: vec![why],
            before: "active",
            change: change.into(),
            rank: if user.is_own { OWN_KEYS } else { BECAME_KEYS },
            after: after(user.is_own),
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, [&*seen.arn]);
    };
    // What the records show has its step, with its reasons.
    let is_told = |id: &str| user.keys.iter().any(|one| *one.id == *id);
    for key in live(&seen.access_keys).filter(|key| !is_told(&key.id)) {
        let why = told(
            "An access key of the user",
            key,
            "It works for ever; sessions that it minted, up to 36 h, are denied with the user.",
        );
        let (user, key) = (Some(name.clone()), key.id.clone());
        step("aws.access_key", &key.clone(), why, IamChange::DeactivateAccessKey { user, key });
    }
    for one in live(&seen.service_specific).filter(|one| !is_told(&one.id)) {
        let service = one.service.as_deref().unwrap_or("a single service");
        let until = match one.expires_at {
            Some(at) => format!("It works until {}, whatever happens to the user's access keys.", when(at)),
            None => "It works for ever, whatever happens to the user's access keys.".to_owned(),
        };
        let why = told(&format!("A credential of the user for {service}"), one, &until);
        let change =
            IamChange::DeactivateServiceSpecificCredential { user: name.clone(), id: one.id.clone() };
        step("aws.service_specific_credential", &one.id, why, change);
    }
    for one in live(&seen.ssh_keys).filter(|one| !is_told(&one.id)) {
        let why = told("An SSH key of the user for CodeCommit", one, "It works for ever.");
        let change = IamChange::DeactivateSshPublicKey { user: name.clone(), id: one.id.clone() };
        step("aws.ssh_public_key", &one.id, why, change);
    }
    for one in live(&seen.certificates).filter(|one| !is_told(&one.id)) {
        let why = told("A signing certificate of the user", one, "It works for ever.");
        let change = IamChange::DeactivateSigningCertificate { user: name.clone(), id: one.id.clone() };
        step("aws.signing_certificate", &one.id, why, change);
    }
    if let Some(Some(profile)) = seen.login_profile.seen() {
        let made = profile.created_at.map(|at| format!(", made on {}", when(at))).unwrap_or_default();
        let mut why = format!(
            "The user's console password{made}. It signs in until it is replaced; the console session that is open lasts up to 12 h and \
             is denied with the user. Its owner needs a new password afterwards."
        );
        if profile.is_reset_required {
            why += " It reads reset required already, so that nothing will be changed: whoever set it so knows it, and can do nothing \
                    while the user is denied; iam:DeleteLoginProfile ends it.";
        }
        step("aws.login_profile", &name, why, IamChange::ResetLoginProfile { user: name.clone() });
    }
    for one in seen.mfa_devices.seen().into_iter().flatten() {
        let on = one.created_at.map(|at| format!(" since {}", when(at))).unwrap_or_default();
        proposal.withhold(
            target("aws.iam.mfa_device", &one.id, Some(name.clone()), seen.account()),
            format!("It is a second factor of the user{on}. Ask its owner whether it is theirs: a stranger's locks the owner out."),
            "iam:DeactivateMFADevice",
        );
    }
    tell(seen, user, whose, proposal);
}

/// What is kept, and what could not be read.
pub(super) fn tell(seen: &IdentitySeen, _user: &User, whose: Target, proposal: &mut Proposal) {
    for policy in quarantine(seen) {
        proposal.withhold(
            target("aws.iam.policy_attachment", &policy.into(), Some(seen.name().into()), seen.account()),
            "AWS put its own quarantine on the user because it found a key of it in the open. It stays; it is no containment: it leaves \
             launching by fleets, groups and roles open.",
            "when every key is new: iam:DetachUserPolicy",
        );
    }
    unread(seen, whose, proposal);
}

pub(super) fn unread(seen: &IdentitySeen, whose: Target, proposal: &mut Proposal) {
    for (part, why) in seen.unread() {
        proposal.withhold(
            whose.clone(),
            format!("Could not read {part}: {why}. What is there is not in this plan."),
            match part {
                "access keys" => "iam:ListAccessKeys, then iam:UpdateAccessKey (Inactive)",
                "the console password" => "iam:GetLoginProfile, then iam:UpdateLoginProfile",
                "credentials of single services" => {
                    "iam:ListServiceSpecificCredentials, then iam:UpdateServiceSpecificCredential (Inactive)"
                }
                "SSH keys" => "iam:ListSSHPublicKeys, then iam:UpdateSSHPublicKey (Inactive)",
                "signing certificates" => {
                    "iam:ListSigningCertificates, then iam:UpdateSigningCertificate (Inactive)"
                }
                "MFA devices" => "iam:ListMFADevices",
                _ => "",
            },
        );
    }
}

fn live(part: &Part<Vec<CredentialSeen>>) -> impl Iterator<Item = &CredentialSeen> {
    part.seen().into_iter().flatten().filter(|one| one.is_active)
}

/// What a credential is, until when it works, when it last did.
fn told(what: &str, one: &CredentialSeen, until: &str) -> String {
    let made = one.created_at.map(|at| format!(", made on {}", when(at))).unwrap_or_default();
    let used = one.last_used.map(|at| format!(", last used on {}", when(at))).unwrap_or_default();
    format!("{what}{made}{used}. {until}")
}
