//! IAM, live: users, roles and what signs in as them.
//!
//! Global: one endpoint for a partition, whatever region a step names. What IAM has written it may show late, so that a look
//! right after a call is no proof of failure; the executor looks again.

mod fallback;
mod federation;
mod holder;
mod identity;
mod keys;
mod sessions;

use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::IamChange;
use crate::model::{Observed, Place, ResourceRef, Sight, Time, deny};
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;
use holder::Holder;
pub use identity::{Whose, identity, whose_key};
use serde_json::json;
use std::sync::Arc;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.iam.user", "aws.iam.role"];

/// The endpoint of an account.
struct Iam {
    client: Client,
    at: Place,
}

impl Iam {
    async fn of(aws: &Aws, at: &Place) -> Result<Iam, CloudError> {
        let at = Place::new(at.account.clone(), "");
        Ok(Iam { client: Client::new(&aws.config(&at).await?), at })
    }

    fn refused(&self, refusal: Refusal, call: &'static str, why: &str) -> CloudError {
        CloudError::new(refusal, call, &self.at, None, why)
    }
}

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&IamChange]) -> Vec<Result<Sight, CloudError>> {
    let iam = match Iam::of(aws, at).await {
        Ok(iam) => iam,
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut seen = Vec::with_capacity(changes.len());
    // One after the other: IAM takes few requests a second for a whole account.
    for change in changes {
        seen.push(gone(look_at(&iam, change).await));
    }
    seen
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&IamChange],
) -> Vec<Result<Receipt, CloudError>> {
    let iam = match Iam::of(aws, at).await {
        Ok(iam) => iam,
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(make(&iam, change).await);
    }
    done
}

async fn look_at(iam: &Iam, change: &IamChange) -> Result<Sight, CloudError> {
    use IamChange as C;
    match change {
        C::DenyUser { user } => inline(iam, Holder::user(user), deny::DENY_ALL, deny::is_everything).await,
        C::DenyRole { role } => inline(iam, Holder::role(role), deny::DENY_ALL, deny::is_everything).await,
        C::RevokeUserSessions { user, issued_before } => {
            inline(iam, Holder::user(user), deny::USER_SESSIONS, covers(*issued_before)).await
        }
        C::RevokeRoleSessions { role, issued_before } => {
            inline(iam, Holder::role(role), deny::ROLE_SESSIONS, covers(*issued_before)).await
        }
        C::DenySessions { role, names, issued_before } => {
            sessions::look(iam, role, names, *issued_before).await
        }
        C::SetUserPolicy { user, id, policy, document } => {
            restored(iam, Holder::user(user), id, policy, document).await
        }
        C::SetRolePolicy { role, id, policy, document } => {
            restored(iam, Holder::role(role), id, policy, document).await
        }
        C::RestoreTrust { role, document } => {
            let held = Holder::role(role).see(iam).await?;
            let is_done = held.trust.as_deref().is_some_and(|trust| deny::same(trust, document));
            Ok(Sight::there(json!({ "id": held.id, "trust": held.trust }), is_done))
        }
        C::DeactivateAccessKey { user, key } => keys::access_key(iam, user.as_deref(), key, "Inactive").await,
        C::ActivateAccessKey { user, key } => keys::access_key(iam, Some(user), key, "Active").await,
        C::DeactivateServiceSpecificCredential { user, id } => keys::service(iam, user, id, "Inactive").await,
        C::ActivateServiceSpecificCredential { user, id } => keys::service(iam, user, id, "Active").await,
        C::DeactivateSshPublicKey { user, id } => keys::ssh(iam, user, id, "Inactive").await,
        C::ActivateSshPublicKey { user, id } => keys::ssh(iam, user, id, "Active").await,
        C::DeactivateSigningCertificate { user, id } => keys::certificate(iam, user, id, "Inactive").await,
        C::ActivateSigningCertificate { user, id } => keys::certificate(iam, user, id, "Active").await,
        C::ResetLoginProfile { user } => keys::login_profile(iam, user).await,
        C::DeactivateMfaDevice { user, serial } => keys::mfa_device(iam, user, serial).await,
        C::AttachDenyToUser { user } => fallback::attached(iam, Holder::user(user), None, true).await,
        C::AttachDenyToRole { role } => fallback::attached(iam, Holder::role(role), None, true).await,
        C::DetachDenyFromUser { user, id } => {
            fallback::attached(iam, Holder::user(user), Some(id), false).await
        }
        C::DetachDenyFromRole { role, id } => {
            fallback::attached(iam, Holder::role(role), Some(id), false).await
        }
        C::OverwriteUserPolicy { user, policy } => {
            inline(iam, Holder::user(user), policy, deny::is_everything).await
        }
        C::OverwriteRolePolicy { role, policy } => {
            inline(iam, Holder::role(role), policy, deny::is_everything).await
        }
        C::BoundUser { user } => fallback::bound(iam, Holder::user(user)).await,
        C::BoundRole { role } => fallback::bound(iam, Holder::role(role)).await,
        C::SetUserBoundary { user, id, boundary } => {
            fallback::boundary(iam, Holder::user(user), id, boundary).await
        }
        C::SetRoleBoundary { role, id, boundary } => {
            fallback::boundary(iam, Holder::role(role), id, boundary).await
        }
        C::JoinDenyGroup { user } => fallback::group(iam, user, None).await,
        C::LeaveDenyGroup { user, id } => fallback::group(iam, user, Some(id)).await,
        C::AttachRevocation { role, names, issued_before } => {
            sessions::look_attached(iam, role, names, *issued_before).await
        }
        C::DropRevocation { role, id, named, document } => {
            sessions::look_dropped(iam, role, id, *named, document.as_deref()).await
        }
        C::DeleteOidcProvider { arn } => federation::oidc(iam, arn).await,
        C::DeleteSamlProvider { arn } => federation::saml(iam, arn).await,
        C::CreateOidcProvider { arn, clients, .. } => federation::oidc_again(iam, arn, clients).await,
        C::CreateSamlProvider { arn, metadata, .. } => federation::saml_again(iam, arn, metadata).await,
        C::DisableOutboundFederation {} => federation::outbound(iam, false).await,
        C::EnableOutboundFederation {} => federation::outbound(iam, true).await,
    }
}

async fn make(iam: &Iam, change: &IamChange) -> Result<Receipt, CloudError> {
    use IamChange as C;
    match change {
        C::DenyUser { user } => Holder::user(user).put(iam, deny::DENY_ALL, &deny::everything()).await,
        C::DenyRole { role } => Holder::role(role).put(iam, deny::DENY_ALL, &deny::everything()).await,
        C::RevokeUserSessions { user, .. } => {
            Holder::user(user).put(iam, deny::USER_SESSIONS, &deny::older_than(until())).await
        }
        C::RevokeRoleSessions { role, .. } => {
            Holder::role(role).put(iam, deny::ROLE_SESSIONS, &deny::older_than(until())).await
        }
        C::DenySessions { role, names, .. } => sessions::deny(iam, role, names).await,
        C::SetUserPolicy { user, id, policy, document } => {
            restore(iam, Holder::user(user), id, policy, document).await
        }
        C::SetRolePolicy { role, id, policy, document } => {
            restore(iam, Holder::role(role), id, policy, document).await
        }
        C::RestoreTrust { role, document } => Holder::role(role).trust(iam, document).await,
        C::DeactivateAccessKey { user, key } => {
            keys::set_access_key(iam, user.as_deref(), key, "Inactive").await
        }
        C::ActivateAccessKey { user, key } => keys::set_access_key(iam, Some(user), key, "Active").await,
        C::DeactivateServiceSpecificCredential { user, id } => {
            keys::set_service(iam, user, id, "Inactive").await
        }
        C::ActivateServiceSpecificCredential { user, id } => keys::set_service(iam, user, id, "Active").await,
        C::DeactivateSshPublicKey { user, id } => keys::set_ssh(iam, user, id, "Inactive").await,
        C::ActivateSshPublicKey { user, id } => keys::set_ssh(iam, user, id, "Active").await,
        C::DeactivateSigningCertificate { user, id } => {
            keys::set_certificate(iam, user, id, "Inactive").await
        }
        C::ActivateSigningCertificate { user, id } => keys::set_certificate(iam, user, id, "Active").await,
        C::ResetLoginProfile { user } => keys::reset_login_profile(iam, user).await,
        C::DeactivateMfaDevice { user, serial } => keys::drop_mfa_device(iam, user, serial).await,
        C::AttachDenyToUser { user } => fallback::attach(iam, Holder::user(user)).await,
        C::AttachDenyToRole { role } => fallback::attach(iam, Holder::role(role)).await,
        C::DetachDenyFromUser { user, id } => fallback::detach(iam, Holder::user(user), id).await,
        C::DetachDenyFromRole { role, id } => fallback::detach(iam, Holder::role(role), id).await,
        C::OverwriteUserPolicy { user, policy } => {
            Holder::user(user).put(iam, policy, &deny::everything()).await
        }
        C::OverwriteRolePolicy { role, policy } => {
            Holder::role(role).put(iam, policy, &deny::everything()).await
        }
        C::BoundUser { user } => fallback::bind(iam, Holder::user(user)).await,
        C::BoundRole { role } => fallback::bind(iam, Holder::role(role)).await,
        C::SetUserBoundary { user, id, boundary } => {
            fallback::set_boundary(iam, Holder::user(user), id, boundary).await
        }
        C::SetRoleBoundary { role, id, boundary } => {
            fallback::set_boundary(iam, Holder::role(role), id, boundary).await
        }
        C::JoinDenyGroup { user } => fallback::join(iam, user).await,
        C::LeaveDenyGroup { user, id } => fallback::leave(iam, user, id).await,
        C::AttachRevocation { role, names, .. } => sessions::attach(iam, role, names).await,
        C::DropRevocation { role, id, named, document } => {
            sessions::take_back(iam, role, id, *named, document.as_deref()).await
        }
        C::DeleteOidcProvider { arn } => federation::delete_oidc(iam, arn).await,
        C::DeleteSamlProvider { arn } => federation::delete_saml(iam, arn).await,
        C::CreateOidcProvider { url, clients, thumbprints, tags, .. } => {
            federation::create_oidc(iam, url, clients, thumbprints, tags).await
        }
        C::CreateSamlProvider { arn, metadata, tags } => {
            federation::create_saml(iam, arn, metadata, tags).await
        }
        C::DisableOutboundFederation {} => federation::set_outbound(iam, false).await,
        C::EnableOutboundFederation {} => federation::set_outbound(iam, true).await,
    }
}

/// An inline policy of ours: `state` holds what stands under its name now.
async fn inline(
    iam: &Iam,
    holder: Holder<'_>,
    policy: &str,
    is_done: impl Fn(&str) -> bool,
) -> Result<Sight, CloudError> {
    let held = holder.see(iam).await?;
    let document = holder.policy(iam, policy).await?;
    let is_done = document.as_deref().is_some_and(is_done);
    Ok(Sight::there(json!({ "id": held.id, "policy": document }), is_done))
}

/// Whether a document denies what was issued until then; where nothing is known of any session, any time will do.
fn covers(issued_before: Option<Time>) -> impl Fn(&str) -> bool {
    move |document| {
        deny::denied_until(document).is_some_and(|until| issued_before.is_none_or(|at| at <= until))
    }
}

async fn restored(
    iam: &Iam,
    holder: Holder<'_>,
    id: &str,
    policy: &str,
    document: &Option<Arc<str>>,
) -> Result<Sight, CloudError> {
    let held = holder.see(iam).await?;
    if held.id != id {
        return Ok(Sight::Gone);
    }
    let now = holder.policy(iam, policy).await?;
    let is_done = match (now.as_deref(), document) {
        (Some(now), Some(before)) => deny::same(now, before),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    Ok(Sight::there(json!({ "id": held.id, "policy": now }), is_done))
}

async fn restore(
    iam: &Iam,
    holder: Holder<'_>,
    id: &str,
    policy: &str,
    document: &Option<Arc<str>>,
) -> Result<Receipt, CloudError> {
    holder.is(iam, id).await?;
    match document {
        Some(document) => holder.put(iam, policy, document).await,
        None => holder.take_off(iam, policy).await,
    }
}

/// Until when sessions are denied: now, and what clocks may differ.
fn until() -> Time {
    let now = Time::now();
    now.checked_add(jiff::SignedDuration::from_secs(deny::SKEW_SECONDS)).unwrap_or(now)
}

fn gone(seen: Result<Sight, CloudError>) -> Result<Sight, CloudError> {
    match seen {
        Err(error) if error.refusal == Refusal::NotFound => Ok(Sight::Gone),
        seen => seen,
    }
}

/// A thing that is to be deleted, or not to be on another: that it is not there is what was wanted.
fn away(seen: Result<Sight, CloudError>) -> Result<Sight, CloudError> {
    Ok(absent(seen)?.unwrap_or_else(|| Sight::there(serde_json::Value::Null, true)))
}

/// Nothing, where the cloud says that it does not exist.
fn absent<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.refusal == Refusal::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn receipt(answer: &impl RequestId) -> Receipt {
    Receipt { request_id: answer.request_id().map(str::to_owned), made: Vec::new() }
}

fn time(at: &aws_sdk_iam::primitives::DateTime) -> Option<Time> {
    Time::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

/// The last part of an ARN, or the name that it is.
fn last(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

/// Documents are percent-encoded in answers.
fn decoded(document: &str) -> String {
    percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned()
}

/// Whether a page chain goes on; a marker that repeats would go on for ever.
fn next(
    call: &'static str,
    at: &Place,
    is_truncated: bool,
    marker: Option<&str>,
    last: &mut Option<String>,
) -> Result<bool, CloudError> {
    if !is_truncated {
        return Ok(false);
    }
    let marker = marker.map(str::to_owned);
    if marker.is_none() || marker == *last {
        return Err(not_answered(call, at, "new marker, though it says that there is more"));
    }
    *last = marker;
    Ok(true)
}

/// Looks at users and roles: whether they are still there.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    identity::observe(&Iam::of(aws, at).await?, kind, wanted).await
}
