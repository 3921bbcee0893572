//! What is ours in AWS: our identity, the roles on our way and every key that we got, so that our own calls are left out of the
//! graph and we never cut the branch that we sit on. Ids alone, never a secret.

use super::overrides::Profile;
use super::session::Identity;
use crate::model::{Principal, PrincipalKind};
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Who we are and were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Our identity, the role behind it, and every role that we took or came by, with and without their paths.
    pub arns: BTreeSet<Arc<str>>,
    /// Ids of every access key that we got or started from.
    pub access_keys: BTreeSet<Arc<str>>,
    /// `AIDA…`, `AROA…:session`.
    pub user_ids: BTreeSet<Arc<str>>,
    /// What our sessions in other accounts are called.
    pub session_name: Arc<str>,
}

impl Own {
    /// Whether a principal is one of ours.
    pub fn is(&self, principal: &Principal) -> bool {
        let id = &*principal.id;
        let arn = principal.arn.as_deref().unwrap_or(id);
        match principal.kind {
            PrincipalKind::AccessKey => self.access_keys.contains(id),
            PrincipalKind::User | PrincipalKind::Role => {
                self.user_ids.iter().any(|own| own.split(':').next() == Some(id))
                    || self.arns.iter().any(|own| bare(own) == bare(arn))
            }
            PrincipalKind::Session | PrincipalKind::FederatedUser | PrincipalKind::Root => {
                self.user_ids.contains(id) || self.arns.contains(arn)
            }
            PrincipalKind::ServiceAccount | PrincipalKind::GoogleUser | PrincipalKind::WorkloadIdentity => {
                false
            }
        }
    }
}

/// The same ARN without the path before the name: a session's ARN never tells its role's path.
fn bare(arn: &str) -> String {
    match arn.rsplit_once('/') {
        Some((head, name)) => {
            let head = head.split_once('/').map_or(head, |(head, _)| head);
            format!("{head}/{name}")
        }
        None => arn.to_owned(),
    }
}

/// Returns the role behind the ARN of one of its sessions, without its path, which is not told there.
pub(super) fn role_of(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, "sts", _, account, resource] = parts[..] else { return None };
    let (name, _session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
    Some(format!("arn:{partition}:iam::{account}:role/{name}"))
}

/// [`Own`], while it grows.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<Mutex<Own>>);

impl Known {
    pub fn new(case: &str, profile: &Profile) -> Known {
        let own = Own {
            arns: profile.roles.iter().map(|role| role.as_str().into()).collect(),
            access_keys: profile.keys.iter().map(|key| key.as_str().into()).collect(),
            user_ids: BTreeSet::new(),
            session_name: session_name(case).into(),
        };
        Known(Arc::new(Mutex::new(own)))
    }

    pub fn is(&self, identity: &Identity) {
        self.with(|own| {
            own.user_ids.insert(identity.user_id.clone());
        });
        self.came_by(&identity.arn);
    }

    /// Notes an ARN of ours, and the role behind it.
    pub fn came_by(&self, arn: &str) {
        self.with(|own| {
            own.arns.insert(arn.into());
            own.arns.extend(role_of(arn).map(Into::into));
        });
    }

    pub fn got_key(&self, id: &str) {
        self.with(|own| {
            if !own.access_keys.contains(id) {
                own.access_keys.insert(id.into());
            }
        });
    }

    pub fn told(&self) -> Own {
        self.with(|own| own.clone())
    }

    /// Returns the same provider, whose keys' ids are noted.
    pub fn watch(&self, inner: SharedCredentialsProvider) -> Watched {
        Watched { inner, known: self.clone() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Own) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A provider of credentials whose ids are noted.
#[derive(Debug)]
pub(super) struct Watched {
    inner: SharedCredentialsProvider,
    known: Known,
}

impl ProvideCredentials for Watched {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async move {
            let credentials = self.inner.provide_credentials().await?;
            self.known.got_key(credentials.access_key_id());
            Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<aws_credential_types::Credentials> {
        self.inner.fallback_on_interrupt()
    }
}

/// What our sessions are called: `triage-` and the case, in the characters that STS takes, 64 at most.
pub(super) fn session_name(case: &str) -> String {
    let name = format!("triage-{case}");
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' })
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_tells_its_role() {
        for (arn, expect) in [
            ("arn:aws:sts::111122223333:assumed-role/Admin/me", Some("arn:aws:iam::111122223333:role/Admin")),
            ("arn:aws-cn:sts::111122223333:assumed-role/A/b", Some("arn:aws-cn:iam::111122223333:role/A")),
            ("arn:aws:iam::111122223333:user/me", None),
            ("arn:aws:sts::111122223333:federated-user/me", None),
            ("", None),
        ] {
            assert_eq!(role_of(arn).as_deref(), expect, "{arn}");
        }
    }

    #[test]
    fn what_we_work_with_is_known_by_every_name() {
        let own = Own {
            arns: [
                "arn:aws:sts::111122223333:assumed-role/Admin/me",
                "arn:aws:iam::111122223333:role/Admin",
                "arn:aws:iam::444455556666:user/ops",
            ]
            .map(Into::into)
            .into(),
            access_keys: [Arc::from("AKIAIOSFODNN7EXAMPLE")].into(),
            user_ids: ["AROAIOSFODNN7EXAMPLE:me", "AIDAIOSFODNN7EXAMPLE"].map(Into::into).into(),
            session_name: "triage-x".into(),
        };
        for (given, expect) in [
            ("AKIAIOSFODNN7EXAMPLE", true),
            ("AKIAI44QH8DHBEXAMPLE", false),
            ("arn:aws:iam::111122223333:role/Admin", true),
            // An ARN of a session holds no path, its role's may.
            ("arn:aws:iam::111122223333:role/aws-reserved/sso/Admin", true),
            ("arn:aws:iam::444455556666:role/Admin", false),
            ("arn:aws:iam::111122223333:role/Admin2", false),
            ("AROAIOSFODNN7EXAMPLE", true),
            ("AROAIOSFODNN7EXAMPLE:me", true),
            ("AROAIOSFODNN7EXAMPLE:other", false),
            ("arn:aws:sts::111122223333:assumed-role/Admin/me", true),
            ("arn:aws:sts::111122223333:assumed-role/Admin/thief", false),
            ("arn:aws:iam::444455556666:user/team/ops", true),
            ("AIDAIOSFODNN7EXAMPLE", true),
            ("arn:aws:iam::111122223333:root", false),
        ] {
            assert_eq!(own.is(&Principal::parse(given).unwrap()), expect, "{given}");
        }
    }

    #[test]
    fn sessions_are_called_as_sts_takes_it() {
        assert_eq!(session_name("2026-11 Käse/x"), "triage-2026-11-K-se-x");
        assert_eq!(session_name(&"x".repeat(99)).len(), 64);
    }
}
