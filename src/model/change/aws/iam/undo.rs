//! What takes a change of IAM back, from what was seen before it.

use super::IamChange;
use crate::model::change::{Change, Reversal};
use crate::model::deny;
use serde_json::Value;
use std::sync::Arc;

const UNKNOWN: Reversal =
    Reversal::None("What stood before it was not written down, so that nothing can be put back.");
const BACK: Reversal =
    Reversal::None("It takes back a change of this program; a new plan makes that change again.");

impl IamChange {
    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        match self {
            IamChange::DenyUser { user } => user_policy(user, deny::DENY_ALL, before),
            IamChange::RevokeUserSessions { user, .. } => user_policy(user, deny::USER_SESSIONS, before),
            IamChange::DenyRole { role } => role_policy(role, deny::DENY_ALL, before),
            IamChange::RevokeRoleSessions { role, .. } => role_policy(role, deny::ROLE_SESSIONS, before),
            IamChange::DenySessions { role, .. } => role_policy(role, deny::NAMED_SESSIONS, before),
            IamChange::DeactivateAccessKey { user, key } => {
                let user = user.clone().or_else(|| text(before, "user"));
                again(before, user.map(|user| IamChange::ActivateAccessKey { user, key: key.clone() }))
            }
            IamChange::DeactivateServiceSpecificCredential { user, id } => {
                let (user, id) = (user.clone(), id.clone());
                again(before, Some(IamChange::ActivateServiceSpecificCredential { user, id }))
            }
            IamChange::DeactivateSshPublicKey { user, id } => {
                let (user, id) = (user.clone(), id.clone());
                again(before, Some(IamChange::ActivateSshPublicKey { user, id }))
            }
            IamChange::DeactivateSigningCertificate { user, id } => {
                let (user, id) = (user.clone(), id.clone());
                again(before, Some(IamChange::ActivateSigningCertificate { user, id }))
            }
            IamChange::ResetLoginProfile { .. } => Reversal::None(
                "The password that was replaced can't be brought back; give the user a new one with iam:UpdateLoginProfile.",
            ),
            IamChange::DeactivateMfaDevice { .. } => Reversal::None(
                "A device is put on a user only with two codes that it shows; its owner enrols it again.",
            ),
            IamChange::RestoreTrust { role, .. } => one(text(before, "trust")
                .map(|document| IamChange::RestoreTrust { role: role.clone(), document })),
            IamChange::DeleteOidcProvider { arn } => one(oidc(arn, before)),
            IamChange::DeleteSamlProvider { arn } => match before["private_keys"].as_u64() {
                Some(0) => one(saml(arn, before)),
                Some(_) => Reversal::None(
                    "The provider had private keys for encrypted assertions, which AWS does not give out: its owner makes it again.",
                ),
                None => UNKNOWN,
            },
            IamChange::DisableOutboundFederation {} => match before["enabled"].as_bool() {
                Some(true) => one(Some(IamChange::EnableOutboundFederation {})),
                Some(false) => Reversal::Changes(Vec::new()),
                None => UNKNOWN,
            },
            IamChange::OverwriteUserPolicy { user, policy } => user_policy(user, policy, before),
            IamChange::OverwriteRolePolicy { role, policy } => role_policy(role, policy, before),
            IamChange::AttachDenyToUser { user } => {
                unless(before, "attached", |id| IamChange::DetachDenyFromUser { user: user.clone(), id })
            }
            IamChange::AttachDenyToRole { role } => {
                unless(before, "attached", |id| IamChange::DetachDenyFromRole { role: role.clone(), id })
            }
            IamChange::BoundUser { user } => {
                let set = |(id, boundary)| IamChange::SetUserBoundary { user: user.clone(), id, boundary };
                one(id_and(before, "boundary").map(set))
            }
            IamChange::BoundRole { role } => {
                let set = |(id, boundary)| IamChange::SetRoleBoundary { role: role.clone(), id, boundary };
                one(id_and(before, "boundary").map(set))
            }
            IamChange::JoinDenyGroup { user } => {
                unless(before, "member", |id| IamChange::LeaveDenyGroup { user: user.clone(), id })
            }
            IamChange::AttachRevocation { role, names, .. } => {
                let named = !names.is_empty();
                let drop =
                    |(id, document)| IamChange::DropRevocation { role: role.clone(), id, named, document };
                one(id_and(before, "document").map(drop))
            }
            IamChange::SetUserPolicy { .. }
            | IamChange::SetRolePolicy { .. }
            | IamChange::ActivateAccessKey { .. }
            | IamChange::ActivateServiceSpecificCredential { .. }
            | IamChange::ActivateSshPublicKey { .. }
            | IamChange::ActivateSigningCertificate { .. }
            | IamChange::DetachDenyFromUser { .. }
            | IamChange::DetachDenyFromRole { .. }
            | IamChange::SetUserBoundary { .. }
            | IamChange::SetRoleBoundary { .. }
            | IamChange::LeaveDenyGroup { .. }
            | IamChange::DropRevocation { .. }
            | IamChange::CreateOidcProvider { .. }
            | IamChange::CreateSamlProvider { .. }
            | IamChange::EnableOutboundFederation {} => BACK,
        }
    }
}

fn one(change: Option<IamChange>) -> Reversal {
    change.map_or(UNKNOWN, |change| Reversal::Changes(vec![Change::from(change)]))
}

fn text(before: &Value, field: &str) -> Option<Arc<str>> {
    before[field].as_str().map(Arc::from)
}

/// The unique id and what a field held, which may have been nothing; a field that is missing was not looked at.
fn id_and(before: &Value, field: &str) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let id = text(before, "id")?;
    match before.get(field)? {
        Value::Null => Some((id, None)),
        Value::String(held) => Some((id, Some(held.as_str().into()))),
        _ => None,
    }
}

fn user_policy(user: &Arc<str>, policy: &str, before: &Value) -> Reversal {
    one(id_and(before, "policy").map(|(id, document)| {
        let (user, policy) = (user.clone(), policy.into());
        IamChange::SetUserPolicy { user, id, policy, document }
    }))
}

fn role_policy(role: &Arc<str>, policy: &str, before: &Value) -> Reversal {
    one(id_and(before, "policy").map(|(id, document)| {
        let (role, policy) = (role.clone(), policy.into());
        IamChange::SetRolePolicy { role, id, policy, document }
    }))
}

/// What was inactive before stays so.
fn again(before: &Value, change: Option<IamChange>) -> Reversal {
    match before["status"].as_str() {
        Some("Active") => one(change),
        Some(_) => Reversal::Changes(Vec::new()),
        None => UNKNOWN,
    }
}

/// What was there before stays.
fn unless(before: &Value, field: &str, back: impl Fn(Arc<str>) -> IamChange) -> Reversal {
    match (before[field].as_bool(), text(before, "id")) {
        (Some(true), _) => Reversal::Changes(Vec::new()),
        (Some(false), Some(id)) => one(Some(back(id))),
        _ => UNKNOWN,
    }
}

fn texts(before: &Value, field: &str) -> Option<Vec<Arc<str>>> {
    before[field].as_array()?.iter().map(|one| one.as_str().map(Arc::from)).collect()
}

fn tags(before: &Value) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    let tags = before["tags"].as_object()?;
    tags.iter().map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into()))).collect()
}

fn oidc(arn: &Arc<str>, before: &Value) -> Option<IamChange> {
    Some(IamChange::CreateOidcProvider {
        arn: arn.clone(),
        url: text(before, "url")?,
        clients: texts(before, "clients")?,
        thumbprints: texts(before, "thumbprints")?,
        tags: tags(before)?,
    })
}

fn saml(arn: &Arc<str>, before: &Value) -> Option<IamChange> {
    Some(IamChange::CreateSamlProvider {
        arn: arn.clone(),
        metadata: text(before, "metadata")?,
        tags: tags(before)?,
    })
}
