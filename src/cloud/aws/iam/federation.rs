//! Doors for identities from outside, and tokens for the outside.

use super::{Iam, absent, away, failed, last, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::Sight;
use aws_sdk_iam::types::Tag;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn tags(all: &[Tag]) -> Map<String, Value> {
    all.iter().map(|tag| (tag.key().to_owned(), tag.value().into())).collect()
}

fn written(iam: &Iam, call: &'static str, all: &[(Arc<str>, Arc<str>)]) -> Result<Vec<Tag>, CloudError> {
    let tag = |(key, value): &(Arc<str>, Arc<str>)| {
        Tag::builder()
            .key(&**key)
            .value(&**value)
            .build()
            .map_err(|_| iam.refused(Refusal::Invalid, call, "a tag"))
    };
    all.iter().map(tag).collect()
}

/// A provider that is to be deleted: `state` is all that making it again needs.
pub(super) async fn oidc(iam: &Iam, arn: &str) -> Result<Sight, CloudError> {
    let answer = iam.client.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
    away(answer.map_err(|error| failed("iam:GetOpenIDConnectProvider", &iam.at, error)).map(|it| {
        let state = json!({
            "url": it.url(),
            "clients": it.client_id_list(),
            "thumbprints": it.thumbprint_list(),
            "tags": tags(it.tags()),
            "created": it.create_date().and_then(super::time).map(|at| at.to_string()),
        });
        Sight::there(state, false)
    }))
}

pub(super) async fn delete_oidc(iam: &Iam, arn: &str) -> Result<Receipt, CloudError> {
    let answer = iam.client.delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
    answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DeleteOpenIDConnectProvider", &iam.at, error))
}

/// A provider that is to be there again.
pub(super) async fn oidc_again(iam: &Iam, arn: &str, clients: &[Arc<str>]) -> Result<Sight, CloudError> {
    let answer = iam.client.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
    let answer = absent(answer.map_err(|error| failed("iam:GetOpenIDConnectProvider", &iam.at, error)))?;
    let Some(answer) = answer else { return Ok(Sight::there(Value::Null, false)) };
    let now: BTreeSet<&str> = answer.client_id_list().iter().map(String::as_str).collect();
    let is_done = now == clients.iter().map(|one| &**one).collect();
    Ok(Sight::there(json!({ "clients": now }), is_done))
}

pub(super) async fn create_oidc(
    iam: &Iam,
    url: &str,
    clients: &[Arc<str>],
    thumbprints: &[Arc<str>],
    tags: &[(Arc<str>, Arc<str>)],
) -> Result<Receipt, CloudError> {
    let call = "iam:CreateOpenIDConnectProvider";
    let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let strings = |all: &[Arc<str>]| Some(all.iter().map(|one| one.to_string()).collect());
    let request = iam.client.create_open_id_connect_provider().url(url).set_client_id_list(strings(clients));
    let request = request.set_thumbprint_list(strings(thumbprints));
    let request = request.set_tags((!tags.is_empty()).then_some(written(iam, call, tags)?));
    let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
    let made = answer.open_id_connect_provider_arn().map(str::to_owned);
    Ok(Receipt { made: made.into_iter().collect(), ..receipt(&answer) })
}

pub(super) async fn saml(iam: &Iam, arn: &str) -> Result<Sight, CloudError> {
    let answer = iam.client.get_saml_provider().saml_provider_arn(arn).send().await;
    away(answer.map_err(|error| failed("iam:GetSAMLProvider", &iam.at, error)).map(|it| {
        let state = json!({
            "metadata": it.saml_metadata_document(),
            "tags": tags(it.tags()),
            "private_keys": it.private_key_list().len(),
            "created": it.create_date().and_then(super::time).map(|at| at.to_string()),
        });
        Sight::there(state, false)
    }))
}

pub(super) async fn delete_saml(iam: &Iam, arn: &str) -> Result<Receipt, CloudError> {
    let answer = iam.client.delete_saml_provider().saml_provider_arn(arn).send().await;
    answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DeleteSAMLProvider", &iam.at, error))
}

pub(super) async fn saml_again(iam: &Iam, arn: &str, metadata: &str) -> Result<Sight, CloudError> {
    let answer = iam.client.get_saml_provider().saml_provider_arn(arn).send().await;
    let answer = absent(answer.map_err(|error| failed("iam:GetSAMLProvider", &iam.at, error)))?;
    let Some(answer) = answer else { return Ok(Sight::there(Value::Null, false)) };
    let now = answer.saml_metadata_document();
    Ok(Sight::there(json!({ "metadata": now }), now == Some(metadata)))
}

pub(super) async fn create_saml(
    iam: &Iam,
    arn: &str,
    metadata: &str,
    tags: &[(Arc<str>, Arc<str>)],
) -> Result<Receipt, CloudError> {
    let call = "iam:CreateSAMLProvider";
    let request = iam.client.create_saml_provider().name(last(arn)).saml_metadata_document(metadata);
    let request = request.set_tags((!tags.is_empty()).then_some(written(iam, call, tags)?));
    let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
    let made = answer.saml_provider_arn().map(str::to_owned);
    Ok(Receipt { made: made.into_iter().collect(), ..receipt(&answer) })
}

/// Whether the account hands out tokens for services outside of AWS.
pub(super) async fn outbound(iam: &Iam, wanted: bool) -> Result<Sight, CloudError> {
    let answer = iam.client.get_outbound_web_identity_federation_info().send().await;
    let enabled = match answer {
        Ok(answer) => answer.jwt_vending_enabled(),
        Err(error) => {
            let error = failed("iam:GetOutboundWebIdentityFederationInfo", &iam.at, error);
            // What was never enabled has a code of its own.
            match error.code.as_deref() {
                Some("FeatureDisabled" | "FeatureDisabledException") => false,
                _ => return Err(error),
            }
        }
    };
    Ok(Sight::there(json!({ "enabled": enabled }), enabled == wanted))
}

pub(super) async fn set_outbound(iam: &Iam, wanted: bool) -> Result<Receipt, CloudError> {
    if wanted {
        let answer = iam.client.enable_outbound_web_identity_federation().send().await;
        let answer = answer.map(|it| receipt(&it));
        return answer.map_err(|error| failed("iam:EnableOutboundWebIdentityFederation", &iam.at, error));
    }
    let answer = iam.client.disable_outbound_web_identity_federation().send().await;
    let answer = answer.map(|it| receipt(&it));
    answer.map_err(|error| failed("iam:DisableOutboundWebIdentityFederation", &iam.at, error))
}
