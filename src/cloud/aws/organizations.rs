//! Organizations, live: the organization of an account, and our service control policy for it.
//!
//! Policies are made in the management account, whatever place a step names; the endpoint is the partition's global one.

use super::{Aws, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::OrganizationsChange;
use crate::model::deny::{Scp, same};
use crate::model::identity::{OrganizationSeen, Part};
use crate::model::{Place, Sight};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::operation::RequestId;
use aws_sdk_organizations::types::{PolicySummary, PolicyType, PolicyTypeStatus};
use serde_json::json;

/// Says whose they are to who reads the organization's policies.
const DESCRIPTION: &str = "Denies principals that leaked; made by triage, taken back by its undo.";

fn policy_name(account: &str) -> String {
    format!("TriageDeny-{account}")
}

/// Returns the organization that an account is in; nothing where it is in none.
pub async fn organization(aws: &Aws, account: &str) -> Result<Option<OrganizationSeen>, CloudError> {
    let at = Place::new(account, "");
    let call = "organizations:DescribeOrganization";
    let client = Client::new(&aws.config(&at).await?);
    let answer = match client.describe_organization().send().await {
        Ok(answer) => answer,
        Err(error) => {
            let error = failed(call, &at, error);
            return match error.code.as_deref() {
                Some("AWSOrganizationsNotInUseException") => Ok(None),
                _ => Err(error),
            };
        }
    };
    let found = answer.organization().ok_or_else(|| not_answered(call, &at, "organization"))?;
    let id = found.id().ok_or_else(|| not_answered(call, &at, "id"))?;
    let management =
        found.master_account_id().ok_or_else(|| not_answered(call, &at, "management account"))?;
    let has_scps = match has_scps(aws, management).await {
        Ok(has) => Part::Seen(has),
        Err(error) => Part::Unread(error.to_string()),
    };
    Ok(Some(OrganizationSeen { id: id.into(), management: management.into(), has_scps }))
}

async fn has_scps(aws: &Aws, management: &str) -> Result<bool, CloudError> {
    let call = "organizations:ListRoots";
    let at = Place::new(management, "");
    let client = Client::new(&aws.config(&at).await?);
    let mut token = None;
    loop {
        let answer = client.list_roots().set_next_token(token.clone()).send().await;
        let answer = answer.map_err(|error| failed(call, &at, error))?;
        let is_on = |one: &aws_sdk_organizations::types::PolicyTypeSummary| {
            one.r#type() == Some(&PolicyType::ServiceControlPolicy)
                && one.status() == Some(&PolicyTypeStatus::Enabled)
        };
        if answer.roots().iter().flat_map(|root| root.policy_types()).any(is_on) {
            return Ok(true);
        }
        if !next(call, &at, answer.next_token, &mut token)? {
            return Ok(false);
        }
    }
}

/// Whether a page chain goes on; a token that repeats would go on for ever.
fn next(
    call: &'static str,
    at: &Place,
    token: Option<String>,
    last: &mut Option<String>,
) -> Result<bool, CloudError> {
    if token.is_none() {
        return Ok(false);
    }
    if token == *last {
        return Err(not_answered(call, at, "new token, but the one before again"));
    }
    *last = token;
    Ok(true)
}

/// The management account's endpoint, and the account that is meant.
struct Scps {
    client: Client,
    at: Place,
    account: String,
}

impl Scps {
    async fn of(aws: &Aws, change: &OrganizationsChange) -> Result<Scps, CloudError> {
        let (OrganizationsChange::DenyByScp { management, account, .. }
        | OrganizationsChange::LiftScp { management, account, .. }) = change;
        let at = Place::new(management.clone(), "");
        if management == account {
            let why = "service control policies don't hold in the management account";
            return Err(CloudError::new(Refusal::Unmodifiable, "organizations:AttachPolicy", &at, None, why));
        }
        Ok(Scps { client: Client::new(&aws.config(&at).await?), at, account: account.to_string() })
    }

    fn ours<'a>(&self, page: &'a [PolicySummary]) -> Option<&'a str> {
        let name = policy_name(&self.account);
        page.iter().find(|one| one.name() == Some(&*name) && !one.aws_managed()).and_then(|one| one.id())
    }

    /// Id of our policy for the account, wherever it is attached.
    async fn id(&self) -> Result<Option<String>, CloudError> {
        let call = "organizations:ListPolicies";
        let mut token = None;
        loop {
            let request = self.client.list_policies().filter(PolicyType::ServiceControlPolicy);
            let answer = request.set_next_token(token.clone()).send().await;
            let answer = answer.map_err(|error| failed(call, &self.at, error))?;
            if let Some(id) = self.ours(answer.policies()) {
                return Ok(Some(id.to_owned()));
            }
            if !next(call, &self.at, answer.next_token, &mut token)? {
                return Ok(None);
            }
        }
    }

    async fn is_attached(&self, id: &str) -> Result<bool, CloudError> {
        let call = "organizations:ListPoliciesForTarget";
        let mut token = None;
        loop {
            let request = self.client.list_policies_for_target().target_id(&self.account);
            let request = request.filter(PolicyType::ServiceControlPolicy).set_next_token(token.clone());
            let answer = request.send().await.map_err(|error| failed(call, &self.at, error))?;
            if answer.policies().iter().any(|one| one.id() == Some(id)) {
                return Ok(true);
            }
            if !next(call, &self.at, answer.next_token, &mut token)? {
                return Ok(false);
            }
        }
    }

    async fn said(&self, id: &str) -> Result<String, CloudError> {
        let call = "organizations:DescribePolicy";
        let answer = self.client.describe_policy().policy_id(id).send().await;
        let answer = answer.map_err(|error| failed(call, &self.at, error))?;
        let content = answer.policy().and_then(|policy| policy.content());
        content.map(str::to_owned).ok_or_else(|| not_answered(call, &self.at, "content"))
    }

    async fn look(&self, change: &OrganizationsChange) -> Result<Sight, CloudError> {
        let id = self.id().await?;
        let (mut denied, mut attached) = (None, false);
        if let Some(id) = &id {
            attached = self.is_attached(id).await?;
            denied = Some(self.said(id).await?);
        }
        let is_done = match (change, denied.as_deref()) {
            (OrganizationsChange::DenyByScp { .. }, Some(denied)) => attached && change.scp().is_in(denied),
            (OrganizationsChange::DenyByScp { .. }, None) => false,
            (OrganizationsChange::LiftScp { .. }, None) => true,
            (OrganizationsChange::LiftScp { .. }, Some(denied)) => {
                let now = Scp::read(denied).unwrap_or_default();
                now.clone().without(&change.scp()) == now
            }
        };
        Ok(Sight::there(json!({ "policy": id, "denied": denied, "attached": attached }), is_done))
    }

    async fn deny(&self, more: &Scp) -> Result<Receipt, CloudError> {
        let mut receipt = Receipt::default();
        let id = match self.id().await? {
            Some(id) => {
                let said = self.said(&id).await?;
                // What is not ours under our name is replaced: it could be made to hold for nobody.
                let all = Scp::read(&said).unwrap_or_default().with(more).to_document();
                if !same(&all, &said) {
                    self.write(&id, &all).await?;
                }
                id
            }
            None => {
                let call = "organizations:CreatePolicy";
                let request = self.client.create_policy().name(policy_name(&self.account));
                let request = request.description(DESCRIPTION).r#type(PolicyType::ServiceControlPolicy);
                let answer = request.content(more.to_document()).send().await;
                let answer = answer.map_err(|error| limit(failed(call, &self.at, error)))?;
                let id = answer.policy().and_then(|policy| policy.policy_summary()?.id());
                let id = id.ok_or_else(|| not_answered(call, &self.at, "policy"))?.to_owned();
                receipt.made.push(id.clone());
                id
            }
        };
        let answer = self.client.attach_policy().policy_id(&id).target_id(&self.account).send().await;
        match answer {
            Ok(answer) => receipt.request_id = answer.request_id().map(str::to_owned),
            Err(error) => {
                let error = failed("organizations:AttachPolicy", &self.at, error);
                if error.code.as_deref() != Some("DuplicatePolicyAttachmentException") {
                    return Err(limit(error));
                }
            }
        }
        Ok(receipt)
    }

    async fn write(&self, id: &str, document: &str) -> Result<(), CloudError> {
        let answer = self.client.update_policy().policy_id(id).content(document).send().await;
        answer.map(|_| ()).map_err(|error| limit(failed("organizations:UpdatePolicy", &self.at, error)))
    }

    async fn lift(&self, less: &Scp) -> Result<Receipt, CloudError> {
        let Some(id) = self.id().await? else { return Ok(Receipt::default()) };
        let left = Scp::read(&self.said(&id).await?).unwrap_or_default().without(less);
        if !left.is_empty() {
            self.write(&id, &left.to_document()).await?;
            return Ok(Receipt::default());
        }
        let answer = self.client.detach_policy().policy_id(&id).target_id(&self.account).send().await;
        let mut receipt = Receipt::default();
        match answer {
            Ok(answer) => receipt.request_id = answer.request_id().map(str::to_owned),
            Err(error) => {
                let error = failed("organizations:DetachPolicy", &self.at, error);
                if error.code.as_deref() != Some("PolicyNotAttachedException") {
                    return Err(error);
                }
            }
        }
        let answer = self.client.delete_policy().policy_id(&id).send().await;
        answer.map_err(|error| failed("organizations:DeletePolicy", &self.at, error))?;
        Ok(receipt)
    }
}

/// Organizations has one code for all its limits.
fn limit(mut error: CloudError) -> CloudError {
    match error.code.as_deref() {
        Some("ConstraintViolationException") => error.refusal = Refusal::Quota,
        Some("PolicyTypeNotEnabledException") => error.refusal = Refusal::Unmodifiable,
        _ => {}
    }
    error
}

pub(super) async fn look(
    aws: &Aws,
    _at: &Place,
    changes: &[&OrganizationsChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(match Scps::of(aws, change).await {
            Ok(scps) => scps.look(change).await,
            Err(error) => Err(error),
        });
    }
    seen
}

pub(super) async fn perform(
    aws: &Aws,
    _at: &Place,
    changes: &[&OrganizationsChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(match (Scps::of(aws, change).await, change) {
            (Ok(scps), OrganizationsChange::DenyByScp { .. }) => scps.deny(&change.scp()).await,
            (Ok(scps), OrganizationsChange::LiftScp { .. }) => scps.lift(&change.scp()).await,
            (Err(error), _) => Err(error),
        });
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
