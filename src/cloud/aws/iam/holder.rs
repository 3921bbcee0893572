//! A user or a role, as that which holds policies.

use super::{Iam, absent, decoded, failed, last, next, not_answered, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};

#[derive(Clone, Copy)]
pub(super) enum Holder<'a> {
    User(&'a str),
    Role(&'a str),
}

/// What a holder is now.
pub(super) struct Held {
    /// `AIDA…` or `AROA…`: what tells it from another one of its name.
    pub id: String,
    pub arn: String,
    pub boundary: Option<String>,
    /// A role's.
    pub trust: Option<String>,
}

impl<'a> Holder<'a> {
    /// By name or ARN.
    pub fn user(user: &'a str) -> Holder<'a> {
        Holder::User(last(user))
    }

    pub fn role(role: &'a str) -> Holder<'a> {
        Holder::Role(last(role))
    }

    pub async fn see(self, iam: &Iam) -> Result<Held, CloudError> {
        match self {
            Holder::User(name) => {
                let call = "iam:GetUser";
                let answer = iam.client.get_user().user_name(name).send().await;
                let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
                let user = answer.user().ok_or_else(|| not_answered(call, &iam.at, "user"))?;
                let boundary = user.permissions_boundary().and_then(|one| one.permissions_boundary_arn());
                Ok(Held {
                    id: user.user_id().to_owned(),
                    arn: user.arn().to_owned(),
                    boundary: boundary.map(str::to_owned),
                    trust: None,
                })
            }
            Holder::Role(name) => {
                let call = "iam:GetRole";
                let answer = iam.client.get_role().role_name(name).send().await;
                let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
                let role = answer.role().ok_or_else(|| not_answered(call, &iam.at, "role"))?;
                let boundary = role.permissions_boundary().and_then(|one| one.permissions_boundary_arn());
                Ok(Held {
                    id: role.role_id().to_owned(),
                    arn: role.arn().to_owned(),
                    boundary: boundary.map(str::to_owned),
                    trust: role.assume_role_policy_document().map(decoded),
                })
            }
        }
    }

    /// Refuses where the name is another one's by now.
    pub async fn is(self, iam: &Iam, id: &str) -> Result<Held, CloudError> {
        let held = self.see(iam).await?;
        if held.id == id {
            return Ok(held);
        }
        let (Holder::User(name) | Holder::Role(name)) = self;
        let why = format!("{name} was {id} and is another one now");
        Err(iam.refused(Refusal::Conflict, "iam:GetUser", &why))
    }

    /// An inline policy.
    pub async fn policy(self, iam: &Iam, policy: &str) -> Result<Option<String>, CloudError> {
        let document = match self {
            Holder::User(name) => {
                let answer = iam.client.get_user_policy().user_name(name).policy_name(policy).send().await;
                let answer = answer.map_err(|error| failed("iam:GetUserPolicy", &iam.at, error));
                absent(answer)?.map(|answer| answer.policy_document().to_owned())
            }
            Holder::Role(name) => {
                let answer = iam.client.get_role_policy().role_name(name).policy_name(policy).send().await;
                let answer = answer.map_err(|error| failed("iam:GetRolePolicy", &iam.at, error));
                absent(answer)?.map(|answer| answer.policy_document().to_owned())
            }
        };
        Ok(document.as_deref().map(decoded))
    }

    pub async fn put(self, iam: &Iam, policy: &str, document: &str) -> Result<Receipt, CloudError> {
        match self {
            Holder::User(name) => {
                let call = iam.client.put_user_policy().user_name(name).policy_name(policy);
                let answer = call.policy_document(document).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:PutUserPolicy", &iam.at, error))
            }
            Holder::Role(name) => {
                let call = iam.client.put_role_policy().role_name(name).policy_name(policy);
                let answer = call.policy_document(document).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:PutRolePolicy", &iam.at, error))
            }
        }
    }

    /// Takes an inline policy off; one that is off already is no failure.
    pub async fn take_off(self, iam: &Iam, policy: &str) -> Result<Receipt, CloudError> {
        let done = match self {
            Holder::User(name) => {
                let answer = iam.client.delete_user_policy().user_name(name).policy_name(policy).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DeleteUserPolicy", &iam.at, error))
            }
            Holder::Role(name) => {
                let answer = iam.client.delete_role_policy().role_name(name).policy_name(policy).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DeleteRolePolicy", &iam.at, error))
            }
        };
        Ok(absent(done)?.unwrap_or_default())
    }

    /// Writes who may take the role.
    pub async fn trust(self, iam: &Iam, document: &str) -> Result<Receipt, CloudError> {
        let (Holder::User(name) | Holder::Role(name)) = self;
        let answer = iam.client.update_assume_role_policy().role_name(name).policy_document(document).send();
        let answer = answer.await.map(|it| receipt(&it));
        answer.map_err(|error| failed("iam:UpdateAssumeRolePolicy", &iam.at, error))
    }

    /// ARNs of the managed policies that are attached.
    pub async fn attached(self, iam: &Iam) -> Result<Vec<String>, CloudError> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let (call, page, more, token) = match self {
                Holder::User(name) => {
                    let call = "iam:ListAttachedUserPolicies";
                    let request = iam.client.list_attached_user_policies().user_name(name);
                    let answer = request.set_marker(marker.clone()).send().await;
                    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
                    (call, answer.attached_policies, answer.is_truncated, answer.marker)
                }
                Holder::Role(name) => {
                    let call = "iam:ListAttachedRolePolicies";
                    let request = iam.client.list_attached_role_policies().role_name(name);
                    let answer = request.set_marker(marker.clone()).send().await;
                    let answer = answer.map_err(|error| failed(call, &iam.at, error))?;
                    (call, answer.attached_policies, answer.is_truncated, answer.marker)
                }
            };
            all.extend(page.unwrap_or_default().into_iter().filter_map(|one| one.policy_arn));
            if !next(call, &iam.at, more, token.as_deref(), &mut marker)? {
                return Ok(all);
            }
        }
    }

    pub async fn attach(self, iam: &Iam, arn: &str) -> Result<Receipt, CloudError> {
        match self {
            Holder::User(name) => {
                let answer = iam.client.attach_user_policy().user_name(name).policy_arn(arn).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:AttachUserPolicy", &iam.at, error))
            }
            Holder::Role(name) => {
                let answer = iam.client.attach_role_policy().role_name(name).policy_arn(arn).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:AttachRolePolicy", &iam.at, error))
            }
        }
    }

    pub async fn detach(self, iam: &Iam, arn: &str) -> Result<Receipt, CloudError> {
        let done = match self {
            Holder::User(name) => {
                let answer = iam.client.detach_user_policy().user_name(name).policy_arn(arn).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DetachUserPolicy", &iam.at, error))
            }
            Holder::Role(name) => {
                let answer = iam.client.detach_role_policy().role_name(name).policy_arn(arn).send().await;
                answer.map(|it| receipt(&it)).map_err(|error| failed("iam:DetachRolePolicy", &iam.at, error))
            }
        };
        Ok(absent(done)?.unwrap_or_default())
    }

    pub async fn set_boundary(self, iam: &Iam, arn: Option<&str>) -> Result<Receipt, CloudError> {
        let at = &iam.at;
        match (self, arn) {
            (Holder::User(name), Some(arn)) => {
                let call = iam.client.put_user_permissions_boundary().user_name(name);
                let answer = call.permissions_boundary(arn).send().await.map(|it| receipt(&it));
                answer.map_err(|error| failed("iam:PutUserPermissionsBoundary", at, error))
            }
            (Holder::Role(name), Some(arn)) => {
                let call = iam.client.put_role_permissions_boundary().role_name(name);
                let answer = call.permissions_boundary(arn).send().await.map(|it| receipt(&it));
                answer.map_err(|error| failed("iam:PutRolePermissionsBoundary", at, error))
            }
            (Holder::User(name), None) => {
                let answer = iam.client.delete_user_permissions_boundary().user_name(name).send().await;
                let answer = answer.map(|it| receipt(&it));
                let answer = answer.map_err(|error| failed("iam:DeleteUserPermissionsBoundary", at, error));
                Ok(absent(answer)?.unwrap_or_default())
            }
            (Holder::Role(name), None) => {
                let answer = iam.client.delete_role_permissions_boundary().role_name(name).send().await;
                let answer = answer.map(|it| receipt(&it));
                let answer = answer.map_err(|error| failed("iam:DeleteRolePermissionsBoundary", at, error));
                Ok(absent(answer)?.unwrap_or_default())
            }
        }
    }
}
