//! The way into other accounts: one role of each, tried in order, taken once, renewed before it ends.

use super::Aws;
use super::error::{failed, not_answered};
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// `OrganizationAccountAccessRole` is in accounts that were made in the organization, the last one where Control Tower is; the
/// first two are what this program's own policies are made for.
pub(super) const READING: &[&str] =
    &["TriageAudit", "TriageContain", "OrganizationAccountAccessRole", "AWSControlTowerExecution"];
pub(super) const CHANGING: &[&str] =
    &["TriageContain", "OrganizationAccountAccessRole", "AWSControlTowerExecution"];

/// IAM actions that the way into other accounts asks for, on the roles there.
pub(super) const READS: &[&str] = &["sts:AssumeRole", "sts:SetSourceIdentity"];

/// Taking a role with the session of another is capped at one hour, whatever the role allows.
const LENGTH: i32 = 3600;
/// How long a refusal is believed: somebody may mend the trust policy while we watch.
const REFUSED: Duration = Duration::from_secs(300);
/// How long a failure is believed that may pass: so that 17 regions do not each wait for the same black hole.
const FAILED: Duration = Duration::from_secs(15);

const CALL: &str = "sts:AssumeRole";

/// A role as the operator names it: `NAME`, `path/NAME`, or an ARN whose account may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role(Arc<str>);

impl Role {
    /// The roles to try, in order.
    pub fn list(given: &[String], changes: bool) -> Vec<Role> {
        let defaults = if changes { CHANGING } else { READING };
        match given {
            [] => defaults.iter().map(|name| Role((*name).into())).collect(),
            given => given.iter().map(|name| Role(name.as_str().into())).collect(),
        }
    }

    /// Its ARN in an account; `None` when it is that of another account.
    fn arn(&self, partition: &str, account: &str) -> Option<String> {
        if !self.0.starts_with("arn:") {
            let name = self.0.trim_start_matches("role/").trim_start_matches('/');
            return Some(format!("arn:{partition}:iam::{account}:role/{name}"));
        }
        let parts: Vec<&str> = self.0.splitn(6, ':').collect();
        let [arn, partition, service, region, of, resource] = parts[..] else { return None };
        (of == "*" || of == account || of == "{account}")
            .then(|| [arn, partition, service, region, account, resource].join(":"))
    }
}

/// The accounts that we went to.
pub(super) struct Roles {
    list: Vec<Role>,
    external_id: Option<String>,
    /// One lock for each account, so that 17 regions that ask at once cause one call.
    doors: Mutex<BTreeMap<Arc<str>, Arc<tokio::sync::Mutex<Door>>>>,
    taken: Mutex<BTreeMap<Arc<str>, Arc<str>>>,
}

#[derive(Default)]
enum Door {
    #[default]
    Untried,
    Open(Box<SdkConfig>),
    Shut(CloudError, Instant),
}

impl Roles {
    pub fn new(list: Vec<Role>, external_id: Option<String>) -> Roles {
        Roles { list, external_id, doors: Mutex::default(), taken: Mutex::default() }
    }

    pub fn taken(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns a configuration with credentials for an account that is not our own.
    pub async fn enter(&self, aws: &Aws, account: &Arc<str>) -> Result<SdkConfig, CloudError> {
        let door = {
            let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            doors.entry(account.clone()).or_default().clone()
        };
        let mut door = door.lock().await;
        match &*door {
            Door::Open(config) => return Ok(config.as_ref().clone()),
            Door::Shut(error, since) => {
                let believed = if error.refusal == Refusal::Denied { REFUSED } else { FAILED };
                if since.elapsed() < believed {
                    return Err(error.clone());
                }
            }
            Door::Untried => {}
        }
        match self.find(aws, account).await {
            Ok(config) => {
                *door = Door::Open(Box::new(config.clone()));
                Ok(config)
            }
            Err(error) => {
                *door = Door::Shut(error.clone(), Instant::now());
                Err(error)
            }
        }
    }

    async fn find(&self, aws: &Aws, account: &Arc<str>) -> Result<SdkConfig, CloudError> {
        let at = Place::new(account.clone(), "");
        let session = aws.own.told().session_name;
        let mut tried = Vec::new();
        let mut code = None;
        for arn in self.list.iter().filter_map(|role| role.arn(aws.identity.partition(), account)) {
            let way = Way {
                client: aws_sdk_sts::Client::new(&aws.base),
                at: at.clone(),
                arn: arn.as_str().into(),
                external_id: self.external_id.clone(),
                session: session.clone(),
                known: aws.own.clone(),
            };
            // Who takes the role is told by the source identity, through every further role; a trust policy must allow it.
            let mut named = true;
            let mut asked = way.ask(named).await;
            if matches!(&asked, Err(error) if error.refusal == Refusal::Denied) {
                named = false;
                asked = way.ask(named).await;
            }
            match asked {
                Ok(credentials) => {
                    let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
                    taken.insert(account.clone(), way.arn.clone());
                    let provider = Renewed { way, named, first: Mutex::new(Some(credentials)) };
                    let config = aws
                        .base
                        .to_builder()
                        .credentials_provider(SharedCredentialsProvider::new(provider))
                        .identity_cache(IdentityCache::lazy().load_timeout(Duration::from_secs(30)).build())
                        .build();
                    return Ok(config);
                }
                Err(error) if matches!(error.refusal, Refusal::Denied | Refusal::NotFound) => {
                    tried.push(format!("{arn} ({})", error.code.as_deref().unwrap_or("refused")));
                    code = error.code;
                }
                // What is no word about the role would be the same for the next one.
                Err(error) => return Err(error),
            }
        }
        let why = match tried.is_empty() {
            true => "none of the roles given is in this account".to_owned(),
            false => format!("tried {}", tried.join(", ")),
        };
        let why = format!("{why}; name another with --role-name, or sign in there with --profile");
        Err(CloudError::new(Refusal::Denied, CALL, &at, code.as_deref(), &why))
    }
}

/// A role and how it is taken.
#[derive(Debug)]
struct Way {
    client: aws_sdk_sts::Client,
    at: Place,
    arn: Arc<str>,
    external_id: Option<String>,
    session: Arc<str>,
    known: super::own::Known,
}

impl Way {
    async fn ask(&self, is_named: bool) -> Result<Credentials, CloudError> {
        let answer = self
            .client
            .assume_role()
            .role_arn(&*self.arn)
            .role_session_name(&*self.session)
            .duration_seconds(LENGTH)
            .set_external_id(self.external_id.clone())
            .set_source_identity(is_named.then(|| self.session.to_string()))
            .send()
            .await
            .map_err(|error| failed(CALL, &self.at, error))?;
        let Some(given) = answer.credentials else { return Err(not_answered(CALL, &self.at, "credentials")) };
        self.known.got_key(&given.access_key_id);
        self.known.came_by(&self.arn);
        if let Some(user) = &answer.assumed_role_user {
            self.known.came_by(&user.arn);
        }
        let mut credentials = Credentials::builder()
            .access_key_id(given.access_key_id)
            .secret_access_key(given.secret_access_key)
            .session_token(given.session_token)
            .account_id(&*self.at.account)
            .provider_name("triage");
        credentials.set_expiry(SystemTime::try_from(given.expiration).ok());
        Ok(credentials.build())
    }
}

/// The role's credentials: the first that we got, then new ones.
#[derive(Debug)]
struct Renewed {
    way: Way,
    named: bool,
    first: Mutex<Option<Credentials>>,
}

impl ProvideCredentials for Renewed {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async move {
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            match first {
                Some(credentials) => Ok(credentials),
                None => self.way.ask(self.named).await.map_err(CredentialsError::provider_error),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_in_an_account_by_name_path_or_pattern() {
        for (given, expect) in [
            ("Audit", Some("arn:aws:iam::444455556666:role/Audit")),
            ("ir/Audit", Some("arn:aws:iam::444455556666:role/ir/Audit")),
            ("role/ir/Audit", Some("arn:aws:iam::444455556666:role/ir/Audit")),
            ("arn:aws:iam::*:role/Audit", Some("arn:aws:iam::444455556666:role/Audit")),
            ("arn:aws:iam::444455556666:role/Audit", Some("arn:aws:iam::444455556666:role/Audit")),
            ("arn:aws:iam::111122223333:role/Audit", None),
            ("arn:aws", None),
        ] {
            assert_eq!(Role(given.into()).arn("aws", "444455556666").as_deref(), expect, "{given}");
        }
    }

    #[test]
    fn a_role_that_only_reads_is_not_taken_to_change() {
        assert!(Role::list(&[], false).contains(&Role("TriageAudit".into())));
        assert!(!Role::list(&[], true).contains(&Role("TriageAudit".into())));
        assert_eq!(Role::list(&["X".into()], true), [Role("X".into())]);
    }
}
