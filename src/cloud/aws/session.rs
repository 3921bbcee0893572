//! Who we are in AWS, and a configuration for every place that we can go to.
//!
//! Credentials come as AWS users have them, through aws-config; the environment is handed in. Instance metadata is asked on
//! request alone: anywhere else its answer is waited for in vain.

use super::clock::Clock;
use super::error::failed;
use super::own::Own;
use super::regions;
use super::role::{Role, Roles};
use super::{overrides, own};
use crate::cloud::{CloudError, Refusal};
use crate::model::{Gap, Place};
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::identity::IdentityCache;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::{Builder, Connector, proxy, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A TCP and TLS handshake around the world takes less.
const CONNECT: Duration = Duration::from_millis(3100);
/// One try; the SDK's own default is for ever.
const ATTEMPT: Duration = Duration::from_secs(15);
/// All tries of one call: a region that says nothing must not hold up the others for minutes.
const OPERATION: Duration = Duration::from_secs(40);
/// Tries of one call; the default of 3 loses pages under throttling.
const ATTEMPTS: u32 = 5;
/// Pauses between tries: a region that fails must not hold up the others for minutes.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A `credential_process` may ask a vault; a sign-in that needs longer is done beforehand.
const SIGN_IN: Duration = Duration::from_secs(30);

/// How to sign in, as the operator asked for it.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    pub profile: Option<String>,
    /// The home region: where we sign in. Absent: the profile's or the environment's, else `us-east-1`.
    pub region: Option<String>,
    /// Roles to take in other accounts, in this order; see [`Role`]. Empty: the names that organizations have by default.
    pub role_names: Vec<String>,
    pub external_id: Option<String>,
    /// Whether credentials may come from instance metadata.
    pub imds: bool,
    /// Whether changes are meant: then roles that only read are not taken.
    pub changes: bool,
    /// The incident; session names and the user agent bear it.
    pub case: Arc<str>,
    /// The environment's variables, to tell what stands between us and AWS. The SDK reads the real ones.
    pub env: BTreeMap<String, String>,
}

/// Who the operator is, as `sts:GetCallerIdentity` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: Arc<str>,
    pub arn: Arc<str>,
    pub user_id: Arc<str>,
}

impl Identity {
    /// `aws`, `aws-us-gov`, `aws-cn`.
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

/// A signed-in operator.
pub struct Aws {
    pub identity: Identity,
    /// The incident, as tags and session names bear it.
    pub case: Arc<str>,
    /// Where we signed in.
    pub home: Arc<str>,
    /// Whole seconds that this host's clock is ahead of AWS's, below zero behind; `None` when no answer said.
    pub clock: Option<i64>,
    pub(super) base: SdkConfig,
    pub(super) roles: Roles,
    pub(super) own: own::Known,
    overrides: overrides::Overrides,
}

impl Aws {
    /// Signs in and asks AWS who we are.
    pub async fn connect(connect: Connect) -> Result<Aws, CloudError> {
        let client = http_client();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_PAUSE)
            .with_max_backoff(LONGEST_PAUSE);
        let region = match &connect.region {
            Some(region) => Region::new(region.clone()),
            None => region(connect.profile.as_deref()).await,
        };
        let home: Arc<str> = region.as_ref().into();
        let unknown = Place::new("the operator's account", home.clone());
        let providers = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_http_client(client.clone())
            .with_behavior_version(Some(BehaviorVersion::v2026_01_12()))
            .with_retry_config(retries.clone())
            .with_timeout_config(timeouts());
        let profile = overrides::profile(connect.profile.as_deref()).await;
        let own = own::Known::new(&connect.case, &profile);
        let provider = own.watch(credentials(&providers, connect.profile.as_deref(), connect.imds));
        let provider = SharedCredentialsProvider::new(provider);
        sign_in(&provider, &unknown, &profile).await?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(client)
            .timeout_config(timeouts())
            .retry_config(retries)
            .app_name(app_name(&connect.case))
            .region(region)
            .credentials_provider(provider)
            .identity_cache(IdentityCache::lazy().load_timeout(SIGN_IN).build());
        if let Some(profile) = &connect.profile {
            loader = loader.profile_name(profile);
        }
        let base = loader.load().await;
        let (identity, clock) = who(&base, &unknown).await?;
        own.is(&identity);
        let roles = Roles::new(Role::list(&connect.role_names, connect.changes), connect.external_id.clone());
        let overrides = overrides::Overrides::new(&connect.env, &profile, &base, identity.partition());
        Ok(Aws { identity, case: connect.case, home, clock, base, roles, own, overrides })
    }

    /// Returns the configuration for an account and region: credentials of a role there, one shared HTTP client, timeouts and
    /// retries. An empty region is the partition's global one.
    ///
    /// Build clients with [`client!`](super::client), which gives each account, region and service its own retry quota.
    pub async fn config(&self, at: &Place) -> Result<SdkConfig, CloudError> {
        let shared = if at.account.is_empty() || at.account == self.identity.account {
            self.base.clone()
        } else {
            self.roles.enter(self, &at.account).await?
        };
        Ok(shared.to_builder().region(Region::new(self.region(at).to_owned())).build())
    }

    /// The region that calls for a place go to.
    pub fn region<'a>(&self, at: &'a Place) -> &'a str {
        match &*at.region {
            "" | "global" | "aws-global" => regions::global(self.identity.partition()),
            region => region,
        }
    }

    /// What is ours: left out of the graph, and never touched.
    pub fn own(&self) -> Own {
        self.own.told()
    }

    /// Whether a principal is what we work with: our own key, session, role or user, or one on our way.
    pub fn is_self(&self, principal: &crate::model::Principal) -> bool {
        self.own.told().is(principal)
    }

    /// Endpoint overrides, proxies and partitions in force, as plain lines; empty when AWS itself is asked, directly.
    pub fn overrides(&self) -> &[String] {
        &self.overrides.lines
    }

    /// Whether calls go to something that may not be AWS: nothing is changed there without the operator's word.
    pub fn is_overridden(&self) -> bool {
        self.overrides.is_elsewhere
    }

    /// Which role was taken in which account.
    pub fn roles_taken(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        self.roles.taken()
    }

    /// The way into an account, tried now: `Ok` when we are in.
    pub async fn enter(&self, account: &str) -> Result<(), Gap> {
        let at = Place::new(account, "");
        self.config(&at).await.map(drop).map_err(|error| error.gap())
    }
}

/// Where we sign in, when it is not said: as the environment or the profile says.
async fn region(profile: Option<&str>) -> Region {
    let mut file = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        file = file.profile_name(profile);
    }
    let chain =
        RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(file.build());
    chain.region().await.unwrap_or(Region::from_static("us-east-1"))
}

/// The SDK's own chain, save that instance metadata is only asked on request, and that a profile that was asked for is meant,
/// whatever keys lie in the environment.
fn credentials(providers: &ProviderConfig, profile: Option<&str>, imds: bool) -> SharedCredentialsProvider {
    let file = ProfileFileCredentialsProvider::builder().configure(providers);
    if let Some(profile) = profile {
        return SharedCredentialsProvider::new(file.profile_name(profile).build());
    }
    let mut chain =
        CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("Profile", file.build())
            .or_else(
                "WebIdentityToken",
                WebIdentityTokenCredentialsProvider::builder().configure(providers).build(),
            )
            .or_else("EcsContainer", EcsCredentialsProvider::builder().configure(providers).build());
    if imds {
        let metadata = ImdsCredentialsProvider::builder().configure(providers).build();
        chain = chain.or_else("Ec2InstanceMetadata", metadata);
    }
    SharedCredentialsProvider::new(chain)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// One client for all: its connections are shared by all accounts, and the environment's proxy is used.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .proxy_config(proxy::ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    })
}

/// The user agent's word for us: letters, digits and a few marks, at most 50.
fn app_name(case: &str) -> AppName {
    let name = format!("triage-{case}");
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' })
        .take(50)
        .collect();
    AppName::new(name).expect("letters, digits and marks that are allowed, never empty")
}

/// Gets credentials once, so that what is missing is told in words and not as a failed call.
async fn sign_in(
    provider: &SharedCredentialsProvider,
    at: &Place,
    profile: &overrides::Profile,
) -> Result<(), CloudError> {
    let asked = tokio::time::timeout(SIGN_IN, provider.provide_credentials()).await;
    let error = match asked {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error,
        Err(_) => {
            let why = format!("no credentials after {} s", SIGN_IN.as_secs());
            return Err(CloudError::new(Refusal::Unreachable, "sts:GetCallerIdentity", at, None, &why));
        }
    };
    let why = causes(&error);
    Err(match error {
        CredentialsError::CredentialsNotLoaded(_) => signed_out(at, "no credentials were found", profile),
        CredentialsError::ProviderTimedOut(_) => {
            CloudError::new(Refusal::Unreachable, "sts:GetCallerIdentity", at, None, &why)
        }
        _ => signed_out(at, &why, profile),
    })
}

fn signed_out(at: &Place, why: &str, profile: &overrides::Profile) -> CloudError {
    let why = format!("{why}; {}", profile.hint());
    CloudError::new(Refusal::SignedOut, "sts:GetCallerIdentity", at, None, &why)
}

/// An error and what it came from, each once.
fn causes(error: &dyn std::error::Error) -> String {
    let mut told: Vec<String> = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.iter().any(|earlier| earlier.contains(&text)) {
            told.push(text);
        }
        next = cause.source();
    }
    told.join(": ")
}

async fn who(base: &SdkConfig, at: &Place) -> Result<(Identity, Option<i64>), CloudError> {
    const CALL: &str = "sts:GetCallerIdentity";
    // The first call of all: where there is no way out, the operator hears of it soon.
    let hasty = aws_sdk_sts::config::Builder::from(base)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts().to_builder().operation_timeout(SIGN_IN).build());
    let clock = Clock::default();
    let client = aws_sdk_sts::Client::from_conf(hasty.interceptor(clock.clone()).build());
    let answer = client.get_caller_identity().send().await.map_err(|error| failed(CALL, at, error))?;
    match (answer.account, answer.arn, answer.user_id) {
        (Some(account), Some(arn), Some(user_id)) => {
            let identity = Identity { account: account.into(), arn: arn.into(), user_id: user_id.into() };
            Ok((identity, clock.ahead()))
        }
        _ => Err(super::error::not_answered(CALL, at, "account, ARN and user id")),
    }
}

/// Makes a client of a service for a place: `client!(aws, at, aws_sdk_ec2)`, an expression of `Result<Client, CloudError>`.
///
/// Its retry quota is that of its account, region and service: where one is throttled, the others are not held up.
macro_rules! client {
    ($aws:expr, $at:expr, $sdk:ident) => {
        match $aws.config($at).await {
            Ok(shared) => {
                let quota = format!("{}-{}-{}", stringify!($sdk), $at.account, $at.region);
                let config = $sdk::config::Builder::from(&shared)
                    .retry_partition($sdk::config::retry::RetryPartition::new(quota))
                    .build();
                Ok($sdk::Client::from_conf(config))
            }
            Err(error) => Err(error),
        }
    };
}
pub(super) use client;
