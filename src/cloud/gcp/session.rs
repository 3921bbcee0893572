//! Who we are in Google Cloud, and the one client for all calls.
//!
//! Application Default Credentials in the forms that people have them: a user's, a service account's key, an impersonated account,
//! workload identity; `--impersonate-service-account` over any of them. The metadata server is asked on request alone: anywhere
//! else its answer is waited for in vain. Nobody is ever signed in with the key file that leaked.

use super::endpoints::{self, Endpoints};
use super::rest::{Ask, Rest, causes};
use crate::cloud::{CloudError, Refusal};
use crate::model::principal::PrincipalKind;
use crate::model::{Place, Principal, Provider};
use google_cloud_auth::credentials::{
    CacheableResource, Credentials, CredentialsProvider, EntityTag, external_account, impersonated, mds,
    service_account, user_account,
};
use google_cloud_auth::errors::CredentialsError;
use http::{Extensions, HeaderMap, HeaderValue};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/cloud-platform"];
/// An executable source may ask a vault; a sign-in that needs longer is done beforehand.
const SIGN_IN: Duration = Duration::from_secs(30);
/// No credentials file is larger.
const LARGEST_FILE: u64 = 1 << 20;
/// Nobody waits longer to hear who they are.
const WHO: Duration = Duration::from_secs(10);
const CALL: &str = "sign in";

/// How to sign in, as the operator asked for it.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// Act as this service account.
    pub impersonate: Option<String>,
    /// Whose quota is used, and where the APIs must be enabled.
    pub quota_project: Option<String>,
    /// Whether credentials may come from the metadata server.
    pub metadata: bool,
    /// The incident; the user agent and the reason of each request bear it.
    pub case: Arc<str>,
    pub env: BTreeMap<String, String>,
}

/// Who the operator is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// An e-mail, or what stands for one.
    pub name: Arc<str>,
    /// Whether that is who we are, or what we could find out.
    pub is_known: bool,
    /// Every name of ours and of who stands behind it: e-mails, unique ids, key ids, pools.
    pub names: BTreeSet<Arc<str>>,
}

/// A signed-in operator.
pub struct Gcp {
    pub identity: Identity,
    pub case: Arc<str>,
    /// Whose quota our requests use, where that is known.
    pub quota_project: Option<Arc<str>>,
    /// Whole seconds that this host's clock is ahead of Google's, below zero behind; `None` when no answer said.
    pub clock: Option<i64>,
    pub(super) rest: Rest,
    pub(super) lists: super::compute::Lists,
    overrides: Vec<String>,
    is_elsewhere: bool,
}

impl Gcp {
    /// Signs in and finds out who we are.
    pub async fn connect(connect: Connect) -> Result<Gcp, CloudError> {
        let at = Place::new("the operator's credentials", "");
        let fail = |why: String| CloudError::new(Refusal::SignedOut, CALL, &at, None, &why);
        let silent = |why: String| CloudError::new(Refusal::Unreachable, CALL, &at, None, &why);
        let endpoints = Endpoints::new(&connect.env)
            .map_err(|why| CloudError::new(Refusal::Invalid, CALL, &at, None, &why))?;
        let mut overrides = endpoints.lines.clone();
        let mut is_elsewhere = endpoints.is_elsewhere();
        let (source, mut identity, quota) =
            source(&connect, &endpoints, &mut overrides, &mut is_elsewhere).map_err(fail)?;
        if let Some(email) = &connect.impersonate {
            identity.names.insert(email.as_str().into());
            identity = Identity { name: email.as_str().into(), is_known: true, ..identity };
        }
        let credentials = source;
        let quota = connect.quota_project.clone().or(quota);
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| fail(format!("{text:?} can't be sent")));
        let ours = Ours {
            inner: credentials,
            quota: quota.as_deref().map(header).transpose()?,
            reason: header(&format!("triage case {}", connect.case))?,
        };
        let credentials = Credentials::from(ours);
        match tokio::time::timeout(SIGN_IN, credentials.headers(Extensions::new())).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.is_transient() => return Err(silent(causes(&error))),
            Ok(Err(error)) => return Err(fail(causes(&error))),
            Err(_) => return Err(silent(format!("no credentials after {} s", SIGN_IN.as_secs()))),
        }
        let user_agent = format!("triage/{} run/{}", env!("CARGO_PKG_VERSION"), connect.case);
        let rest = Rest::new(credentials, endpoints, &user_agent).map_err(fail)?;
        // Asked also by who is known: its answer, even a refusal, says what time it is there.
        let _ = tokio::time::timeout(WHO, who(&rest, &mut identity)).await;
        let clock = rest.ahead();
        let quota_project = quota.map(Arc::from);
        let lists = super::compute::Lists::default();
        Ok(Gcp { identity, case: connect.case, quota_project, clock, rest, lists, overrides, is_elsewhere })
    }

    /// Endpoint overrides and proxies in force, as plain lines; empty when Google itself is asked, directly.
    pub fn overrides(&self) -> &[String] {
        &self.overrides
    }

    /// Whether calls go to something that may not be Google: nothing is changed there without the operator's word.
    pub fn is_overridden(&self) -> bool {
        self.is_elsewhere
    }

    /// Whether a principal is what we work with, or may be: who can't tell who they are revoke no person.
    pub fn is_self(&self, principal: &Principal) -> bool {
        if principal.provider != Provider::Gcp {
            return false;
        }
        let names = [
            Some(&principal.id),
            principal.email.as_ref(),
            principal.unique_id.as_ref(),
            principal.key.as_ref(),
        ];
        let is_ours = |name: &str| {
            self.identity.names.iter().any(|own| {
                own.eq_ignore_ascii_case(name)
                    || own.starts_with("//iam.")
                        && name.contains(own.trim_start_matches("//iam.googleapis.com/"))
            })
        };
        let may_be = !self.identity.is_known && principal.kind != PrincipalKind::ServiceAccount;
        may_be || names.into_iter().flatten().any(|name| is_ours(name))
    }
}

/// Credentials with what every request of ours bears besides.
#[derive(Debug)]
struct Ours {
    inner: Credentials,
    quota: Option<HeaderValue>,
    reason: HeaderValue,
}

impl CredentialsProvider for Ours {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        Ok(match self.inner.headers(extensions).await? {
            CacheableResource::NotModified => CacheableResource::NotModified,
            CacheableResource::New { entity_tag, mut data } => {
                if let Some(quota) = &self.quota {
                    data.insert("x-goog-user-project", quota.clone());
                }
                data.insert("x-goog-request-reason", self.reason.clone());
                let _: &EntityTag = &entity_tag;
                CacheableResource::New { entity_tag, data }
            }
        })
    }

    async fn universe_domain(&self) -> Option<String> {
        self.inner.universe_domain().await
    }
}

/// Where gcloud and Google's libraries keep the credentials of a machine.
fn file(env: &BTreeMap<String, String>) -> Option<(PathBuf, bool)> {
    let set = |name: &str| env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    if let Some(path) = set("GOOGLE_APPLICATION_CREDENTIALS") {
        return Some((path.into(), true));
    }
    let folder = set("CLOUDSDK_CONFIG")
        .map(PathBuf::from)
        .or_else(|| set("APPDATA").map(|root| PathBuf::from(root).join("gcloud")))
        .or_else(|| set("HOME").map(|root| PathBuf::from(root).join(".config").join("gcloud")))?;
    Some((folder.join("application_default_credentials.json"), false))
}

type Source = (Credentials, Identity, Option<String>);

fn source(
    connect: &Connect,
    endpoints: &Endpoints,
    lines: &mut Vec<String>,
    is_elsewhere: &mut bool,
) -> Result<Source, String> {
    let from_env = connect.env.get("GOOGLE_CLOUD_QUOTA_PROJECT").filter(|text| !text.is_empty()).cloned();
    let found = file(&connect.env);
    let text = match &found {
        Some((path, is_named)) => match read(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => None,
            Err(error) => return Err(format!("read {}: {error}", path.display())),
        },
        None => None,
    };
    let Some(text) = text else {
        if !connect.metadata {
            return Err(
                "no credentials were found; sign in with: gcloud auth application-default login, or name a file in \
                 GOOGLE_APPLICATION_CREDENTIALS; the metadata server is only asked with --imds"
                    .into(),
            );
        }
        let credentials =
            mds::Builder::default().with_scopes(SCOPES).build().map_err(|error| causes(&error))?;
        let identity = Identity { name: "the metadata server's account".into(), ..Identity::default() };
        let credentials = match &connect.impersonate {
            Some(email) => as_account(impersonated::Builder::from_source_credentials(credentials), email)?,
            None => credentials,
        };
        return Ok((credentials, identity, from_env));
    };
    // The file's own words are never told: they hold secrets.
    let json: Value =
        serde_json::from_str(&text).map_err(|_| "the credentials file is no JSON".to_owned())?;
    for word in ["token_uri", "token_url", "service_account_impersonation_url"] {
        let Some(url) = json[word].as_str() else { continue };
        let host = reqwest::Url::parse(url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        if host != "googleapis.com" && !host.ends_with(".googleapis.com") && host != "accounts.google.com" {
            lines.push(format!("Tokens come from {host} ({word} of the credentials file), not from Google."));
            *is_elsewhere = true;
        }
    }
    let identity = identity(&json);
    let quota = from_env.or_else(|| json["quota_project_id"].as_str().map(str::to_owned));
    let credentials = match &connect.impersonate {
        None => credentials(json)?,
        // An override is followed by way of the URL, which only a file can have.
        Some(email) if endpoints.base(endpoints::IAMCREDENTIALS) != endpoints::IAMCREDENTIALS.base => {
            if !email.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_:".contains(&byte)) {
                return Err(format!("{email:?} is no service account"));
            }
            let base = endpoints.base(endpoints::IAMCREDENTIALS);
            let url = format!("{base}v1/projects/-/serviceAccounts/{email}:generateAccessToken");
            let file = serde_json::json!({
                "type": "impersonated_service_account", "service_account_impersonation_url": url, "source_credentials": json,
            });
            impersonated::Builder::new(file).with_scopes(SCOPES).build().map_err(|error| causes(&error))?
        }
        Some(email) => as_account(impersonated::Builder::from_source_credentials(credentials(json)?), email)?,
    };
    Ok((credentials, identity, quota))
}

fn as_account(builder: impersonated::Builder, email: &str) -> Result<Credentials, String> {
    builder.with_target_principal(email).with_scopes(SCOPES).build().map_err(|error| causes(&error))
}

fn credentials(json: Value) -> Result<Credentials, String> {
    let built = match json["type"].as_str() {
        Some("authorized_user") => user_account::Builder::new(json).build(),
        Some("service_account") => service_account::Builder::new(json)
            .with_access_specifier(service_account::AccessSpecifier::from_scopes(SCOPES))
            .build(),
        Some("impersonated_service_account") => impersonated::Builder::new(json).with_scopes(SCOPES).build(),
        Some("external_account") => external_account::Builder::new(json).with_scopes(SCOPES).build(),
        _ => {
            return Err("the credentials file is of a type that is not known here: authorized_user, service_account, \
                        impersonated_service_account and external_account are"
                .into());
        }
    };
    built.map_err(|error| causes(&error))
}

fn read(path: &PathBuf) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(LARGEST_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// What a credentials file says of whose it is.
fn identity(json: &Value) -> Identity {
    let mut identity = Identity::default();
    let mut add =
        |text: Option<&str>| identity.names.extend(text.filter(|text| !text.is_empty()).map(Arc::from));
    let source = &json["source_credentials"];
    for one in [json, source] {
        if one["type"] == "service_account" {
            for word in ["client_email", "client_id", "private_key_id"] {
                add(one[word].as_str());
            }
        }
    }
    let target = json["service_account_impersonation_url"].as_str().and_then(impersonates);
    add(target);
    add(json["audience"].as_str());
    let name = match json["type"].as_str() {
        Some("service_account") => json["client_email"].as_str(),
        _ => target,
    };
    match name.or_else(|| json["audience"].as_str()) {
        Some(name) => Identity { name: name.into(), is_known: true, ..identity },
        None => Identity { name: "a user".into(), ..identity },
    }
}

/// `…/serviceAccounts/EMAIL:generateAccessToken`.
fn impersonates(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("/serviceAccounts/")?;
    rest.split(':').next().filter(|email| email.contains('@'))
}

/// Asks who a token is of. That it can't be asked is told where it matters.
async fn who(rest: &Rest, identity: &mut Identity) {
    let at = Place::new("the operator's credentials", "");
    let Ok(ask) = Ask::get("oauth2.userinfo.get", &at, endpoints::OAUTH2, "oauth2/v2/userinfo", &[]) else {
        return;
    };
    let Ok(answer) = rest.json(&ask.within(WHO)).await else { return };
    if identity.is_known {
        return;
    }
    for word in ["email", "id"] {
        identity.names.extend(answer[word].as_str().map(Arc::from));
    }
    if let Some(email) = answer["email"].as_str() {
        identity.name = email.into();
        identity.is_known = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_says_whose_it_is() {
        let key = json!({"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "client_id": "1", "private_key_id": "k"});
        let found = identity(&key);
        assert!(found.is_known && &*found.name == "a@p.iam.gserviceaccount.com");
        assert_eq!(found.names.len(), 3);
        let through = json!({
            "type": "impersonated_service_account", "source_credentials": key,
            "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/b@p.iam.gserviceaccount.com:generateAccessToken"
        });
        let found = identity(&through);
        assert!(found.is_known && &*found.name == "b@p.iam.gserviceaccount.com" && found.names.len() == 4);
        assert!(!identity(&json!({"type": "authorized_user", "refresh_token": "x"})).is_known);
    }
}
