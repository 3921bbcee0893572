//! IAM Roles Anywhere, live: trust anchors and profiles, on or off.

use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::RolesAnywhereChange;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_rolesanywhere::Client;
use aws_sdk_rolesanywhere::operation::RequestId;
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&RolesAnywhereChange],
) -> Vec<Result<Sight, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(match look_at(&client, at, change).await {
            Err(error) if error.refusal == Refusal::NotFound => Ok(Sight::Gone),
            sight => sight,
        });
    }
    seen
}

async fn look_at(client: &Client, at: &Place, change: &RolesAnywhereChange) -> Result<Sight, CloudError> {
    use RolesAnywhereChange as C;
    let wanted = matches!(change, C::EnableTrustAnchor { .. } | C::EnableRolesAnywhereProfile { .. });
    let enabled = match change {
        C::DisableTrustAnchor { id } | C::EnableTrustAnchor { id } => {
            let call = "rolesanywhere:GetTrustAnchor";
            let answer = client.get_trust_anchor().trust_anchor_id(&**id).send().await;
            let answer = answer.map_err(|error| failed(call, at, error))?;
            let enabled = answer.trust_anchor().and_then(|one| one.enabled());
            enabled.ok_or_else(|| not_answered(call, at, "state"))?
        }
        C::DisableRolesAnywhereProfile { id } | C::EnableRolesAnywhereProfile { id } => {
            let call = "rolesanywhere:GetProfile";
            let answer = client.get_profile().profile_id(&**id).send().await;
            let answer = answer.map_err(|error| failed(call, at, error))?;
            let enabled = answer.profile().and_then(|one| one.enabled());
            enabled.ok_or_else(|| not_answered(call, at, "state"))?
        }
    };
    Ok(Sight::there(json!({ "enabled": enabled }), enabled == wanted))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&RolesAnywhereChange],
) -> Vec<Result<Receipt, CloudError>> {
    let client = match aws.config(at).await {
        Ok(config) => Client::new(&config),
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(make(&client, at, change).await);
    }
    done
}

fn receipt(answer: &impl RequestId) -> Receipt {
    Receipt { request_id: answer.request_id().map(str::to_owned), made: Vec::new() }
}

async fn make(client: &Client, at: &Place, change: &RolesAnywhereChange) -> Result<Receipt, CloudError> {
    match change {
        RolesAnywhereChange::DisableTrustAnchor { id } => {
            let answer = client.disable_trust_anchor().trust_anchor_id(&**id).send().await;
            answer
                .map(|it| receipt(&it))
                .map_err(|error| failed("rolesanywhere:DisableTrustAnchor", at, error))
        }
        RolesAnywhereChange::EnableTrustAnchor { id } => {
            let answer = client.enable_trust_anchor().trust_anchor_id(&**id).send().await;
            answer
                .map(|it| receipt(&it))
                .map_err(|error| failed("rolesanywhere:EnableTrustAnchor", at, error))
        }
        RolesAnywhereChange::DisableRolesAnywhereProfile { id } => {
            let answer = client.disable_profile().profile_id(&**id).send().await;
            answer.map(|it| receipt(&it)).map_err(|error| failed("rolesanywhere:DisableProfile", at, error))
        }
        RolesAnywhereChange::EnableRolesAnywhereProfile { id } => {
            let answer = client.enable_profile().profile_id(&**id).send().await;
            answer.map(|it| receipt(&it)).map_err(|error| failed("rolesanywhere:EnableProfile", at, error))
        }
    }
}

/// Looks at things of one kind in one place: none of them computes.
pub(super) async fn observe(
    _aws: &Aws,
    at: &Place,
    kind: &'static str,
    _wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    Err(CloudError::new(Refusal::Invalid, "rolesanywhere:GetTrustAnchor", at, None, kind))
}
