//! Identity Center, live: assignments and group memberships, in its home region.

use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::SsoChange;
use crate::model::identity::{AssignmentSeen, CenterUserSeen, MembershipSeen, Part};
use crate::model::{Place, Sight};
use aws_sdk_identitystore::types::{AlternateIdentifier, MemberId, UniqueAttribute};
use aws_sdk_ssoadmin::Client;
use aws_sdk_ssoadmin::types::{PrincipalType, StatusValues, TargetType};
use aws_types::SdkConfig;
use serde_json::{Value, json};
use std::time::Duration;

/// An assignment takes some seconds; what takes longer is seen by the look after it.
const POLLS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

struct Center {
    client: Client,
    config: SdkConfig,
    at: Place,
}

impl Center {
    async fn of(aws: &Aws, at: &Place) -> Result<Center, CloudError> {
        let config = aws.config(at).await?;
        Ok(Center { client: Client::new(&config), config, at: at.clone() })
    }

    fn invalid(&self, call: &'static str, what: &str) -> CloudError {
        CloudError::new(Refusal::Invalid, call, &self.at, None, what)
    }

    /// `arn:aws:sso:::permissionSet/ssoins-…/ps-…` names the instance that it is of.
    fn instance(&self, permission_set: &str) -> Result<String, CloudError> {
        let instance = permission_set.split(['/', ':']).find(|part| part.starts_with("ssoins-"));
        let partition = permission_set.split(':').nth(1).filter(|partition| partition.starts_with("aws"));
        let name =
            instance.zip(partition).map(|(instance, of)| format!("arn:{of}:sso:::instance/{instance}"));
        name.ok_or_else(|| self.invalid("sso:ListAccountAssignments", "no ARN of a permission set"))
    }

    /// Whether an assignment stands, and of which type its principal is.
    async fn assigned(
        &self,
        permission_set: &str,
        account: &str,
        principal: &str,
    ) -> Result<Option<PrincipalType>, CloudError> {
        let call = "sso:ListAccountAssignments";
        let instance = self.instance(permission_set)?;
        let mut token = None;
        loop {
            let request = self.client.list_account_assignments().instance_arn(&instance);
            let request = request.permission_set_arn(permission_set).account_id(account);
            let answer = request.set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| failed(call, &self.at, error))?;
            let found = answer.account_assignments().iter().find(|one| one.principal_id() == Some(principal));
            if let Some(found) = found {
                let kind = found.principal_type().cloned();
                return kind.map(Some).ok_or_else(|| not_answered(call, &self.at, "principal type"));
            }
            if answer.next_token.is_none() {
                return Ok(None);
            }
            if answer.next_token == token {
                return Err(not_answered(call, &self.at, "new token, but the one before again"));
            }
            token = answer.next_token;
        }
    }

    /// The directory of the one instance here.
    async fn store(&self) -> Result<String, CloudError> {
        Ok(self.home().await?.1)
    }

    /// ARN and directory of the one instance here.
    async fn home(&self) -> Result<(String, String), CloudError> {
        let call = "sso:ListInstances";
        let mut token = None;
        loop {
            let answer = self.client.list_instances().set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| failed(call, &self.at, error))?;
            let found = answer
                .instances()
                .iter()
                .find_map(|one| Some((one.instance_arn()?.to_owned(), one.identity_store_id()?.to_owned())));
            if let Some(found) = found {
                return Ok(found);
            }
            if answer.next_token.is_none() || answer.next_token == token {
                let why = "no instance of Identity Center in this region";
                return Err(CloudError::new(Refusal::Disabled, call, &self.at, None, why));
            }
            token = answer.next_token;
        }
    }

    fn directory(&self) -> aws_sdk_identitystore::Client {
        aws_sdk_identitystore::Client::new(&self.config)
    }

    /// What a user is assigned, by itself and by its groups.
    async fn assignments(&self, instance: &str, user: &str) -> Result<Vec<AssignmentSeen>, CloudError> {
        let call = "sso:ListAccountAssignmentsForPrincipal";
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let request = self.client.list_account_assignments_for_principal().instance_arn(instance);
            let request = request.principal_id(user).principal_type(PrincipalType::User);
            let answer = request.set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| failed(call, &self.at, error))?;
            all.extend(answer.account_assignments().iter().filter_map(|one| {
                Some(AssignmentSeen {
                    permission_set: one.permission_set_arn()?.into(),
                    account: one.account_id()?.into(),
                    principal: one.principal_id().unwrap_or(user).into(),
                })
            }));
            if answer.next_token.is_none() {
                return Ok(all);
            }
            if answer.next_token == token {
                return Err(not_answered(call, &self.at, "new token, but the one before again"));
            }
            token = answer.next_token;
        }
    }

    async fn memberships(&self, store: &str, user: &str) -> Result<Vec<MembershipSeen>, CloudError> {
        let call = "identitystore:ListGroupMembershipsForMember";
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let request = self.directory().list_group_memberships_for_member().identity_store_id(store);
            let request = request.member_id(MemberId::UserId(user.to_owned()));
            let answer = request.set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| failed(call, &self.at, error))?;
            all.extend(answer.group_memberships().iter().filter_map(|one| {
                Some(MembershipSeen { id: one.membership_id().into(), group: one.group_id()?.into() })
            }));
            if answer.next_token.is_none() {
                return Ok(all);
            }
            if answer.next_token == token {
                return Err(not_answered(call, &self.at, "new token, but the one before again"));
            }
            token = answer.next_token;
        }
    }

    async fn look(&self, change: &SsoChange) -> Result<Sight, CloudError> {
        match change {
            SsoChange::RemoveAccountAssignment { permission_set, account, principal } => {
                let kind = self.assigned(permission_set, account, principal).await?;
                let is_done = kind.is_none();
                let kind = kind.as_ref().map(PrincipalType::as_str);
                Ok(Sight::there(json!({ "principal_type": kind }), is_done))
            }
            SsoChange::AddAccountAssignment { permission_set, account, principal, .. } => {
                let kind = self.assigned(permission_set, account, principal).await?;
                let is_done = kind.is_some();
                let kind = kind.as_ref().map(PrincipalType::as_str);
                Ok(Sight::there(json!({ "principal_type": kind }), is_done))
            }
            SsoChange::RemoveGroupMembership { membership } => {
                let store = self.store().await?;
                let call = "identitystore:DescribeGroupMembership";
                let request = self.directory().describe_group_membership().identity_store_id(store);
                match request.membership_id(&**membership).send().await {
                    Ok(answer) => {
                        let user = match answer.member_id() {
                            Some(MemberId::UserId(user)) => Some(user.as_str()),
                            Some(_) | None => None,
                        };
                        Ok(Sight::there(json!({ "group": answer.group_id(), "user": user }), false))
                    }
                    Err(error) => match failed(call, &self.at, error) {
                        error if error.refusal == Refusal::NotFound => Ok(Sight::there(Value::Null, true)),
                        error => Err(error),
                    },
                }
            }
            SsoChange::AddGroupMembership { group, user } => {
                let call = "identitystore:GetGroupMembershipId";
                let request = self.directory().get_group_membership_id().group_id(&**group);
                let request = request.identity_store_id(self.store().await?);
                match request.member_id(MemberId::UserId(user.to_string())).send().await {
                    Ok(answer) => Ok(Sight::there(json!({ "membership": answer.membership_id() }), true)),
                    Err(error) => match failed(call, &self.at, error) {
                        error if error.refusal == Refusal::NotFound => Ok(Sight::there(Value::Null, false)),
                        error => Err(error),
                    },
                }
            }
        }
    }

    async fn make(&self, change: &SsoChange) -> Result<Receipt, CloudError> {
        match change {
            SsoChange::RemoveAccountAssignment { permission_set, account, principal } => {
                let call = "sso:DeleteAccountAssignment";
                let Some(kind) = self.assigned(permission_set, account, principal).await? else {
                    return Ok(Receipt::default());
                };
                let request = self.client.delete_account_assignment().principal_type(kind);
                let request = request.instance_arn(self.instance(permission_set)?);
                let request = request.permission_set_arn(&**permission_set).principal_id(&**principal);
                let request = request.target_id(&**account).target_type(TargetType::AwsAccount);
                let answer = request.send().await.map_err(|error| failed(call, &self.at, error))?;
                let status = answer.account_assignment_deletion_status();
                let id = status.and_then(|one| one.request_id()).map(str::to_owned);
                self.settled(call, id, permission_set, true).await
            }
            SsoChange::AddAccountAssignment { permission_set, account, principal, principal_type } => {
                let call = "sso:CreateAccountAssignment";
                let kind = PrincipalType::from(&**principal_type);
                let request = self.client.create_account_assignment().principal_type(kind);
                let request = request.instance_arn(self.instance(permission_set)?);
                let request = request.permission_set_arn(&**permission_set).principal_id(&**principal);
                let request = request.target_id(&**account).target_type(TargetType::AwsAccount);
                let answer = request.send().await.map_err(|error| failed(call, &self.at, error))?;
                let status = answer.account_assignment_creation_status();
                let id = status.and_then(|one| one.request_id()).map(str::to_owned);
                self.settled(call, id, permission_set, false).await
            }
            SsoChange::RemoveGroupMembership { membership } => {
                let call = "identitystore:DeleteGroupMembership";
                let request = self.directory().delete_group_membership().membership_id(&**membership);
                let answer = request.identity_store_id(self.store().await?).send().await;
                answer.map(|_| Receipt::default()).map_err(|error| failed(call, &self.at, error))
            }
            SsoChange::AddGroupMembership { group, user } => {
                let call = "identitystore:CreateGroupMembership";
                let request = self.directory().create_group_membership().group_id(&**group);
                let request = request.identity_store_id(self.store().await?);
                let answer = request.member_id(MemberId::UserId(user.to_string())).send().await;
                let answer = answer.map_err(|error| failed(call, &self.at, error))?;
                Ok(Receipt { request_id: None, made: vec![answer.membership_id().to_owned()] })
            }
        }
    }

    /// Identity Center takes an assignment and says later whether it came to anything.
    async fn settled(
        &self,
        call: &'static str,
        request: Option<String>,
        permission_set: &str,
        is_deletion: bool,
    ) -> Result<Receipt, CloudError> {
        let receipt = Receipt { request_id: request.clone(), made: Vec::new() };
        let Some(request) = request else { return Ok(receipt) };
        let instance = self.instance(permission_set)?;
        for _ in 0..POLLS {
            tokio::time::sleep(PAUSE).await;
            let status = if is_deletion {
                let ask = self.client.describe_account_assignment_deletion_status().instance_arn(&instance);
                let answer = ask.account_assignment_deletion_request_id(&request).send().await;
                answer.ok().and_then(|answer| answer.account_assignment_deletion_status)
            } else {
                let ask = self.client.describe_account_assignment_creation_status().instance_arn(&instance);
                let answer = ask.account_assignment_creation_request_id(&request).send().await;
                answer.ok().and_then(|answer| answer.account_assignment_creation_status)
            };
            // Who may not ask for the status learns the outcome by the look.
            let Some(status) = status else { return Ok(receipt) };
            match status.status() {
                Some(StatusValues::Failed) => {
                    let why = status.failure_reason().unwrap_or("it failed");
                    return Err(CloudError::new(Refusal::Failed, call, &self.at, Some("FAILED"), why));
                }
                Some(StatusValues::InProgress) => {}
                Some(_) | None => return Ok(receipt),
            }
        }
        Ok(receipt)
    }
}

/// Looks at a user of Identity Center by its name, at its home; nothing where there is none of that name.
pub async fn user(aws: &Aws, at: &Place, name: &str) -> Result<Option<CenterUserSeen>, CloudError> {
    let center = Center::of(aws, at).await?;
    let (instance, store) = center.home().await?;
    let call = "identitystore:GetUserId";
    let by_name = UniqueAttribute::builder().attribute_path("userName").attribute_value(name.into()).build();
    let by_name = by_name.map_err(|_| center.invalid(call, "a name"))?;
    let request = center.directory().get_user_id().identity_store_id(&store);
    let answer = request.alternate_identifier(AlternateIdentifier::UniqueAttribute(by_name)).send().await;
    let id = match answer {
        Ok(answer) => answer.user_id().to_owned(),
        Err(error) => match failed(call, at, error) {
            error if error.refusal == Refusal::NotFound => return Ok(None),
            error => return Err(error),
        },
    };
    let (assignments, memberships) =
        tokio::join!(center.assignments(&instance, &id), center.memberships(&store, &id));
    Ok(Some(CenterUserSeen {
        id: id.into(),
        name: name.into(),
        account: at.account.clone(),
        region: at.region.clone(),
        assignments: assignments.map_or_else(|error| Part::Unread(error.to_string()), Part::Seen),
        memberships: memberships.map_or_else(|error| Part::Unread(error.to_string()), Part::Seen),
    }))
}

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&SsoChange]) -> Vec<Result<Sight, CloudError>> {
    let center = match Center::of(aws, at).await {
        Ok(center) => center,
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(center.look(change).await);
    }
    seen
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SsoChange],
) -> Vec<Result<Receipt, CloudError>> {
    let center = match Center::of(aws, at).await {
        Ok(center) => center,
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(center.make(change).await);
    }
    done
}

/// What [`observe`] knows: nothing here is made and left running.
pub(super) const KINDS: &[&str] = &[];

pub(super) async fn observe(
    _aws: &Aws,
    _at: &Place,
    _kind: &'static str,
    _wanted: &[crate::model::ResourceRef],
) -> Result<Vec<crate::model::Observed>, CloudError> {
    Ok(Vec::new())
}
