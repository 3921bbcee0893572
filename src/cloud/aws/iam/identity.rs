//! A user, role or root as it is now, and whose an access key is. Looks, and changes nothing.
//!
//! Each part is asked by itself: one that is refused is named, and the others are there all the same.

use super::holder::Holder;
use super::{Iam, absent, decoded, failed, fallback, keys, last, next, not_answered, time};
use crate::cloud::CloudError;
use crate::cloud::aws::Aws;
use crate::model::identity::{CredentialSeen, IdentityKind, LoginProfileSeen, Part};
use crate::model::observed::State;
use crate::model::{IdentitySeen, Observed, Place, ResourceRef, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whose an access key is, as AWS says.
#[derive(Clone, Debug, PartialEq)]
pub struct Whose {
    pub account: Arc<str>,
    /// The user's name; none for root's keys and for temporary ones.
    pub user: Part<Option<Arc<str>>>,
    pub last_used: Option<Time>,
}

/// Asks whose a key is: its account anybody may ask, its user only that account.
pub async fn whose_key(aws: &Aws, key: &str) -> Result<Whose, CloudError> {
    let at = Place::new(aws.identity.account.clone(), "");
    let call = "sts:GetAccessKeyInfo";
    let sts = aws_sdk_sts::Client::new(&aws.config(&at).await?);
    let answer = sts.get_access_key_info().access_key_id(key).send().await;
    let answer = answer.map_err(|error| failed(call, &at, error))?;
    let account: Arc<str> = answer.account().ok_or_else(|| not_answered(call, &at, "account"))?.into();
    let mut whose = Whose { account: account.clone(), user: Part::Seen(None), last_used: None };
    // The ids of temporary keys are not IAM's to tell.
    if !key.starts_with("AKIA") {
        return Ok(whose);
    }
    let call = "iam:GetAccessKeyLastUsed";
    let at = Place::new(account, "");
    let answer = match Iam::of(aws, &at).await {
        Ok(iam) => {
            let answer = iam.client.get_access_key_last_used().access_key_id(key).send().await;
            answer.map_err(|error| failed(call, &at, error))
        }
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => {
            whose.user = Part::Seen(answer.user_name().filter(|name| !name.is_empty()).map(Arc::from));
            whose.last_used = answer.access_key_last_used().and_then(|one| time(one.last_used_date()?));
        }
        Err(error) => whose.user = Part::Unread(error.to_string()),
    }
    Ok(whose)
}

/// Looks at a user, a role (also by a session of it) or root, by ARN; nothing where it does not exist.
pub async fn identity(aws: &Aws, at: &Place, arn: &str) -> Result<Option<IdentitySeen>, CloudError> {
    let iam = Iam::of(aws, at).await?;
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let seen = match resource.split_once('/') {
        Some(("user", _)) => user(&iam, last(resource)).await,
        Some(("role", _)) => role(&iam, last(resource)).await,
        Some(("assumed-role", rest)) => role(&iam, rest.split('/').next().unwrap_or(rest)).await,
        None if resource == "root" => Ok(root(&iam, arn).await),
        Some(_) | None => {
            return Err(iam.refused(
                crate::cloud::Refusal::Invalid,
                "iam:GetUser",
                "not a user, role or root",
            ));
        }
    };
    absent(seen)
}

fn part<T>(answer: Result<T, CloudError>) -> Part<T> {
    match answer {
        Ok(seen) => Part::Seen(seen),
        Err(error) => Part::Unread(error.to_string()),
    }
}

async fn user(iam: &Iam, name: &str) -> Result<IdentitySeen, CloudError> {
    let call = "iam:GetUser";
    let answer = iam.client.get_user().user_name(name).send().await;
    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
    let user = answer.user().ok_or_else(|| not_answered(call, &iam.at, "user"))?;
    let holder = Holder::User(name);
    let (attached, inline, summary, access_keys, login_profile) = tokio::join!(
        holder.attached(iam),
        inline(iam, holder),
        summary(iam),
        access_keys(iam, name),
        login_profile(iam, name),
    );
    let (mfa_devices, service_specific, ssh_keys, certificates, groups) = tokio::join!(
        keys::mfa_devices(iam, name),
        keys::services(iam, name),
        keys::ssh_keys(iam, name),
        keys::certificates(iam, name),
        fallback::groups(iam, name),
    );
    let mut seen =
        IdentitySeen::new(user.arn().into(), user.user_id().into(), IdentityKind::User, Time::now());
    seen.created_at = time(user.create_date());
    seen.tags = user.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
    seen.boundary = user.permissions_boundary().and_then(|one| one.permissions_boundary_arn()).map(Arc::from);
    seen.password_last_used = user.password_last_used().and_then(time);
    seen.attached = part(attached.map(|all| all.into_iter().map(Arc::from).collect()));
    seen.inline = part(inline);
    seen.summary = part(summary);
    seen.access_keys = part(access_keys);
    seen.login_profile = part(login_profile);
    let device = |one: aws_sdk_iam::types::MfaDevice| CredentialSeen {
        created_at: time(one.enable_date()),
        ..plain(one.serial_number(), true)
    };
    seen.mfa_devices = part(mfa_devices.map(|all| all.into_iter().map(device).collect()));
    let service = |one: aws_sdk_iam::types::ServiceSpecificCredentialMetadata| CredentialSeen {
        created_at: time(one.create_date()),
        expires_at: one.expiration_date().and_then(time),
        service: Some(one.service_name().into()),
        ..plain(one.service_specific_credential_id(), is_active(one.status()))
    };
    seen.service_specific = part(service_specific.map(|all| all.into_iter().map(service).collect()));
    let key = |one: aws_sdk_iam::types::SshPublicKeyMetadata| CredentialSeen {
        created_at: time(one.upload_date()),
        ..plain(one.ssh_public_key_id(), is_active(one.status()))
    };
    seen.ssh_keys = part(ssh_keys.map(|all| all.into_iter().map(key).collect()));
    let certificate = |one: aws_sdk_iam::types::SigningCertificate| CredentialSeen {
        created_at: one.upload_date().and_then(time),
        ..plain(one.certificate_id(), is_active(one.status()))
    };
    seen.certificates = part(certificates.map(|all| all.into_iter().map(certificate).collect()));
    seen.groups = part(groups.map(|all| all.into_iter().map(|(name, _)| Arc::from(name)).collect()));
    Ok(seen)
}

async fn role(iam: &Iam, name: &str) -> Result<IdentitySeen, CloudError> {
    let call = "iam:GetRole";
    let answer = iam.client.get_role().role_name(name).send().await;
    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
    let role = answer.role().ok_or_else(|| not_answered(call, &iam.at, "role"))?;
    let holder = Holder::Role(name);
    let (attached, inline, summary, profiles) =
        tokio::join!(holder.attached(iam), inline(iam, holder), summary(iam), profiles(iam, name));
    let mut seen =
        IdentitySeen::new(role.arn().into(), role.role_id().into(), IdentityKind::Role, Time::now());
    seen.created_at = time(role.create_date());
    seen.tags = role.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
    seen.boundary = role.permissions_boundary().and_then(|one| one.permissions_boundary_arn()).map(Arc::from);
    seen.attached = part(attached.map(|all| all.into_iter().map(Arc::from).collect()));
    seen.inline = part(inline);
    seen.summary = part(summary);
    seen.trust = role.assume_role_policy_document().map(|document| decoded(document).into());
    seen.max_session = role.max_session_duration().and_then(|seconds| u32::try_from(seconds).ok());
    seen.last_used = role.role_last_used().and_then(|one| time(one.last_used_date()?));
    seen.instance_profiles = part(profiles);
    Ok(seen)
}

/// Of root IAM tells only whether it has keys, a password and MFA.
async fn root(iam: &Iam, arn: &str) -> IdentitySeen {
    let mut seen = IdentitySeen::new(arn.into(), iam.at.account.clone(), IdentityKind::Root, Time::now());
    seen.summary = part(summary(iam).await);
    seen
}

fn plain(id: &str, is_active: bool) -> CredentialSeen {
    CredentialSeen {
        id: id.into(),
        is_active,
        created_at: None,
        last_used: None,
        expires_at: None,
        service: None,
    }
}

fn is_active(status: &aws_sdk_iam::types::StatusType) -> bool {
    // Whatever is not said to be off is taken to be on.
    !matches!(status.as_str(), "Inactive" | "Expired")
}

async fn access_keys(iam: &Iam, user: &str) -> Result<Vec<CredentialSeen>, CloudError> {
    let mut all = Vec::new();
    for one in keys::list(iam, user).await? {
        let Some(id) = one.access_key_id() else { continue };
        let answer = iam.client.get_access_key_last_used().access_key_id(id).send().await;
        // When it was last used is good to know and no reason to lose the key.
        let last_used = answer.ok().and_then(|answer| time(answer.access_key_last_used()?.last_used_date()?));
        all.push(CredentialSeen {
            created_at: one.create_date().and_then(time),
            last_used,
            ..plain(id, one.status().is_none_or(is_active))
        });
    }
    Ok(all)
}

async fn login_profile(iam: &Iam, user: &str) -> Result<Option<LoginProfileSeen>, CloudError> {
    let answer = iam.client.get_login_profile().user_name(user).send().await;
    let answer = absent(answer.map_err(|error| failed("iam:GetLoginProfile", &iam.at, error)))?;
    Ok(answer.and_then(|answer| answer.login_profile).map(|profile| LoginProfileSeen {
        created_at: time(profile.create_date()),
        is_reset_required: profile.password_reset_required(),
    }))
}

async fn inline(iam: &Iam, holder: Holder<'_>) -> Result<BTreeMap<Arc<str>, Arc<str>>, CloudError> {
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let (call, page, more, token) = match holder {
            Holder::User(name) => {
                let call = "iam:ListUserPolicies";
                let answer = iam.client.list_user_policies().user_name(name).set_marker(marker.clone());
                let answer = answer.send().await.map_err(|error| failed(call, &iam.at, error))?;
                (call, answer.policy_names, answer.is_truncated, answer.marker)
            }
            Holder::Role(name) => {
                let call = "iam:ListRolePolicies";
                let answer = iam.client.list_role_policies().role_name(name).set_marker(marker.clone());
                let answer = answer.send().await.map_err(|error| failed(call, &iam.at, error))?;
                (call, answer.policy_names, answer.is_truncated, answer.marker)
            }
        };
        names.extend(page);
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            break;
        }
    }
    let mut all = BTreeMap::new();
    for name in names {
        // Taken off in the meantime is not there.
        if let Some(document) = holder.policy(iam, &name).await? {
            all.insert(name.into(), document.into());
        }
    }
    Ok(all)
}

async fn summary(iam: &Iam) -> Result<BTreeMap<Arc<str>, i64>, CloudError> {
    let answer = iam.client.get_account_summary().send().await;
    let answer = answer.map_err(|error| failed("iam:GetAccountSummary", &iam.at, error))?;
    let map = answer.summary_map.unwrap_or_default();
    Ok(map.into_iter().map(|(key, value)| (Arc::from(key.as_str()), i64::from(value))).collect())
}

async fn profiles(iam: &Iam, role: &str) -> Result<BTreeSet<Arc<str>>, CloudError> {
    let call = "iam:ListInstanceProfilesForRole";
    let (mut all, mut marker) = (BTreeSet::new(), None);
    loop {
        let request = iam.client.list_instance_profiles_for_role().role_name(role);
        let answer = request.set_marker(marker.clone()).send().await;
        let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
        all.extend(answer.instance_profiles().iter().map(|one| Arc::from(one.arn())));
        if !next(call, &iam.at, answer.is_truncated, answer.marker(), &mut marker)? {
            return Ok(all);
        }
    }
}

/// Whether users and roles are still there: neither runs nor stops.
pub(super) async fn observe(
    iam: &Iam,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut all = Vec::with_capacity(wanted.len());
    for resource in wanted {
        let created = if kind == "aws.iam.user" {
            let answer = iam.client.get_user().user_name(last(&resource.id)).send().await;
            let answer = absent(answer.map_err(|error| failed("iam:GetUser", &iam.at, error)))?;
            answer.map(|answer| answer.user().and_then(|user| time(user.create_date())))
        } else {
            let answer = iam.client.get_role().role_name(last(&resource.id)).send().await;
            let answer = absent(answer.map_err(|error| failed("iam:GetRole", &iam.at, error)))?;
            answer.map(|answer| answer.role().and_then(|role| time(role.create_date())))
        };
        all.push(Observed {
            resource: resource.clone(),
            at: Time::now(),
            state: if created.is_some() { State::Unknown } else { State::Gone },
            created_at: created.flatten(),
            held_by: Vec::new(),
            made_by: None,
            identity: None,
            details: BTreeMap::new(),
        });
    }
    Ok(all)
}
