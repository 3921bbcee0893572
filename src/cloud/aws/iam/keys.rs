//! What signs in as a user: keys, passwords, credentials of single services, second factors.

use super::{Iam, failed, last, next, not_answered, receipt, time};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::Sight;
use aws_sdk_iam::types::{AccessKeyMetadata, MfaDevice, StatusType};
use serde_json::json;

/// The user whose a key is; root's keys have none.
async fn owner(iam: &Iam, user: Option<&str>, key: &str) -> Result<String, CloudError> {
    if let Some(user) = user {
        return Ok(last(user).to_owned());
    }
    let call = "iam:GetAccessKeyLastUsed";
    let answer = iam.client.get_access_key_last_used().access_key_id(key).send().await;
    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
    answer.user_name().map(str::to_owned).ok_or_else(|| not_answered(call, &iam.at, "user of the key"))
}

pub(super) async fn list(iam: &Iam, user: &str) -> Result<Vec<AccessKeyMetadata>, CloudError> {
    let call = "iam:ListAccessKeys";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_access_keys().user_name(user).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        let (more, token) = (answer.is_truncated, answer.marker.clone());
        all.extend(answer.access_key_metadata);
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            return Ok(all);
        }
    }
}

pub(super) async fn access_key(
    iam: &Iam,
    user: Option<&str>,
    key: &str,
    wanted: &str,
) -> Result<Sight, CloudError> {
    let user = owner(iam, user, key).await?;
    let keys = list(iam, &user).await?;
    let Some(seen) = keys.iter().find(|one| one.access_key_id() == Some(key)) else {
        return Ok(Sight::Gone);
    };
    let status = seen.status().map(StatusType::as_str).unwrap_or_default();
    Ok(Sight::there(json!({ "user": user, "status": status }), status == wanted))
}

pub(super) async fn set_access_key(
    iam: &Iam,
    user: Option<&str>,
    key: &str,
    wanted: &str,
) -> Result<Receipt, CloudError> {
    let user = owner(iam, user, key).await?;
    let call = iam.client.update_access_key().user_name(user).access_key_id(key);
    let answer = call.status(wanted.into()).send().await;
    answer.map(|it| receipt(&it)).map_err(|error| failed("iam:UpdateAccessKey", &iam.at, error))
}

pub(super) async fn service(iam: &Iam, user: &str, id: &str, wanted: &str) -> Result<Sight, CloudError> {
    let all = services(iam, last(user)).await?;
    let Some(seen) = all.iter().find(|one| one.service_specific_credential_id() == id) else {
        return Ok(Sight::Gone);
    };
    let status = seen.status().as_str();
    Ok(Sight::there(json!({ "status": status, "service": seen.service_name() }), status == wanted))
}

pub(super) async fn services(
    iam: &Iam,
    user: &str,
) -> Result<Vec<aws_sdk_iam::types::ServiceSpecificCredentialMetadata>, CloudError> {
    let call = "iam:ListServiceSpecificCredentials";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_service_specific_credentials().user_name(user);
        let answer = request.set_marker(marker.clone()).send().await;
        let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
        let (more, token) = (answer.is_truncated, answer.marker.clone());
        all.extend(answer.service_specific_credentials.unwrap_or_default());
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            return Ok(all);
        }
    }
}

pub(super) async fn set_service(
    iam: &Iam,
    user: &str,
    id: &str,
    wanted: &str,
) -> Result<Receipt, CloudError> {
    let call = iam.client.update_service_specific_credential().user_name(last(user));
    let answer = call.service_specific_credential_id(id).status(wanted.into()).send().await;
    let answer = answer.map(|it| receipt(&it));
    answer.map_err(|error| failed("iam:UpdateServiceSpecificCredential", &iam.at, error))
}

pub(super) async fn ssh_keys(
    iam: &Iam,
    user: &str,
) -> Result<Vec<aws_sdk_iam::types::SshPublicKeyMetadata>, CloudError> {
    let call = "iam:ListSSHPublicKeys";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_ssh_public_keys().user_name(user).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        let (more, token) = (answer.is_truncated, answer.marker.clone());
        all.extend(answer.ssh_public_keys.unwrap_or_default());
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            return Ok(all);
        }
    }
}

pub(super) async fn ssh(iam: &Iam, user: &str, id: &str, wanted: &str) -> Result<Sight, CloudError> {
    let all = ssh_keys(iam, last(user)).await?;
    let Some(seen) = all.iter().find(|one| one.ssh_public_key_id() == id) else { return Ok(Sight::Gone) };
    let status = seen.status().as_str();
    Ok(Sight::there(json!({ "status": status }), status == wanted))
}

pub(super) async fn set_ssh(iam: &Iam, user: &str, id: &str, wanted: &str) -> Result<Receipt, CloudError> {
    let call = iam.client.update_ssh_public_key().user_name(last(user)).ssh_public_key_id(id);
    let answer = call.status(wanted.into()).send().await;
    answer.map(|it| receipt(&it)).map_err(|error| failed("iam:UpdateSSHPublicKey", &iam.at, error))
}

pub(super) async fn certificates(
    iam: &Iam,
    user: &str,
) -> Result<Vec<aws_sdk_iam::types::SigningCertificate>, CloudError> {
    let call = "iam:ListSigningCertificates";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_signing_certificates().user_name(user).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        let (more, token) = (answer.is_truncated, answer.marker.clone());
        all.extend(answer.certificates);
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            return Ok(all);
        }
    }
}

pub(super) async fn certificate(iam: &Iam, user: &str, id: &str, wanted: &str) -> Result<Sight, CloudError> {
    let all = certificates(iam, last(user)).await?;
    let Some(seen) = all.iter().find(|one| one.certificate_id() == id) else { return Ok(Sight::Gone) };
    let status = seen.status().as_str();
    Ok(Sight::there(json!({ "status": status }), status == wanted))
}

pub(super) async fn set_certificate(
    iam: &Iam,
    user: &str,
    id: &str,
    wanted: &str,
) -> Result<Receipt, CloudError> {
    let call = iam.client.update_signing_certificate().user_name(last(user)).certificate_id(id);
    let answer = call.status(wanted.into()).send().await;
    answer.map(|it| receipt(&it)).map_err(|error| failed("iam:UpdateSigningCertificate", &iam.at, error))
}

pub(super) async fn mfa_devices(iam: &Iam, user: &str) -> Result<Vec<MfaDevice>, CloudError> {
    let call = "iam:ListMFADevices";
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let request = iam.client.list_mfa_devices().user_name(user).set_marker(marker.clone());
        let answer = request.send().await.map_err(|error| failed(call, &iam.at, error))?;
        let (more, token) = (answer.is_truncated, answer.marker.clone());
        all.extend(answer.mfa_devices);
        if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
            return Ok(all);
        }
    }
}

pub(super) async fn mfa_device(iam: &Iam, user: &str, serial: &str) -> Result<Sight, CloudError> {
    let all = mfa_devices(iam, last(user)).await?;
    match all.iter().find(|one| one.serial_number() == serial) {
        Some(seen) => {
            let on = time(seen.enable_date()).map(|at| at.to_string());
            Ok(Sight::there(json!({ "on_since": on }), false))
        }
        None => Ok(Sight::there(serde_json::Value::Null, true)),
    }
}

pub(super) async fn drop_mfa_device(iam: &Iam, user: &str, serial: &str) -> Result<Receipt, CloudError> {
    let call = iam.client.deactivate_mfa_device().user_name(last(user)).serial_number(serial);
    let answer = call.send().await.map(|it| receipt(&it));
    answer.map_err(|error| failed("iam:DeactivateMFADevice", &iam.at, error))
}

/// IAM tells no more of a password than whether it must be changed: one that was set with that already reads as done.
pub(super) async fn login_profile(iam: &Iam, user: &str) -> Result<Sight, CloudError> {
    let call = "iam:GetLoginProfile";
    let answer = iam.client.get_login_profile().user_name(last(user)).send().await;
    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
    let profile = answer.login_profile().ok_or_else(|| not_answered(call, &iam.at, "login profile"))?;
    let created = time(profile.create_date()).map(|at| at.to_string());
    let is_reset = profile.password_reset_required();
    Ok(Sight::there(json!({ "created": created, "reset_required": is_reset }), is_reset))
}

pub(super) async fn reset_login_profile(iam: &Iam, user: &str) -> Result<Receipt, CloudError> {
    let call = "iam:UpdateLoginProfile";
    let password = password().ok_or_else(|| {
        iam.refused(Refusal::Failed, call, "this machine gives no random numbers for a password")
    })?;
    let request = iam.client.update_login_profile().user_name(last(user)).password(password);
    let answer = request.password_reset_required(true).send().await;
    // What AWS says of a password that it does not take could quote it.
    let answer = answer.map(|it| receipt(&it)).map_err(|error| failed(call, &iam.at, error));
    answer.map_err(|error| match error.code.as_deref() {
        Some("PasswordPolicyViolation") => CloudError::new(
            error.refusal,
            call,
            &iam.at,
            error.code.as_deref(),
            "the account's password policy does not take a random password of 128 characters",
        ),
        _ => error,
    })
}

/// The longest that IAM takes: it fulfils every password policy.
const PASSWORD: usize = 128;

/// A random password with every class of characters, which is never told, written or shown.
fn password() -> Option<String> {
    const CLASSES: [&[u8]; 4] =
        [b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789", b"!@#$%^&*()_+-=[]{}|"];
    let mut bytes = [0_u8; PASSWORD];
    getrandom::fill(&mut bytes).ok()?;
    // By turns, so that no class is ever missing; what the modulo takes from evenness leaves more than 500 bits.
    let pick = |(place, byte): (usize, &u8)| {
        let class = CLASSES[place % CLASSES.len()];
        char::from(class[usize::from(*byte) % class.len()])
    };
    Some(bytes.iter().enumerate().map(pick).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_passwords_are_the_same_and_each_has_every_class() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert_ne!(one, other);
        for password in [one, other] {
            assert_eq!(password.len(), PASSWORD);
            let has = |class: fn(&char) -> bool| password.chars().any(|c| class(&c));
            assert!(has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase));
            assert!(has(char::is_ascii_digit) && has(char::is_ascii_punctuation));
        }
    }
}
