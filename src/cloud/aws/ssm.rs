//! Systems Manager, live: what we look at and what we do to it.

use super::each::{detail, meaning, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::SsmChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_maintenance_window::GetMaintenanceWindowOutput;
use aws_sdk_ssm::types::{
    Activation, AssociationDescription, AutomationExecutionStatus, CommandStatus, DescribeActivationsFilter,
    DescribeActivationsFilterKeys, ResourceTypeForTagging, SessionFilter, SessionFilterKey, SessionState,
    StopType,
};
use serde_json::json;

const ASSOCIATION: &str = "aws.ssm.association";
const ACTIVATION: &str = "aws.ssm.activation";
const WINDOW: &str = "aws.ssm.maintenance_window";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[ASSOCIATION, ACTIVATION, WINDOW];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&SsmChange]) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &SsmChange) -> Result<Sight, CloudError> {
    let ssm = Ssm { client: client!(aws, at, aws_sdk_ssm)?, at };
    match change {
        SsmChange::CancelCommand { id } => Ok(ssm
            .command_runs(id)
            .await?
            .map_or(Sight::Gone, |runs| Sight::there(json!({ "id": id }), !runs))),
        SsmChange::StopAutomation { id } => {
            let runs = ssm.automation_runs(id).await?;
            Ok(Sight::there(json!({ "id": id }), !runs))
        }
        SsmChange::TerminateSession { id } => {
            let is_open = ssm.session_is_open(id).await?;
            Ok(Sight::there(json!({ "id": id }), !is_open))
        }
        SsmChange::DisableMaintenanceWindow { id } | SsmChange::EnableMaintenanceWindow { id } => {
            let window = ssm.window(id).await?;
            let wanted = matches!(change, SsmChange::EnableMaintenanceWindow { .. });
            let created = stamp(window.created_date.as_ref());
            let state = json!({ "id": id, "created_at": created, "enabled": window.enabled });
            Ok(Sight::there(state, window.enabled == wanted))
        }
        SsmChange::DeleteAssociation { id } => {
            let found = ssm.association(id).await?;
            Ok(Sight::there(json!({ "id": id, "created_at": stamp(found.date.as_ref()) }), false))
        }
        SsmChange::DeleteActivation { id } => Ok(match ssm.activation(id).await? {
            Some(found) => {
                let created = stamp(found.created_date.as_ref());
                Sight::there(json!({ "id": id, "created_at": created }), false)
            }
            None => Sight::Gone,
        }),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SsmChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &SsmChange) -> Result<Receipt, CloudError> {
    let client = client!(aws, at, aws_sdk_ssm)?;
    macro_rules! call {
        ($api:literal, $call:expr) => {{
            let sent = $call.send().await;
            Ok(receipt(&sent.map_err(|error| failed($api, at, error))?))
        }};
    }
    match change {
        SsmChange::CancelCommand { id } => {
            call!("ssm:CancelCommand", client.cancel_command().command_id(&**id))
        }
        SsmChange::StopAutomation { id } => call!(
            "ssm:StopAutomationExecution",
            client.stop_automation_execution().automation_execution_id(&**id).r#type(StopType::Cancel)
        ),
        SsmChange::TerminateSession { id } => {
            call!("ssm:TerminateSession", client.terminate_session().session_id(&**id))
        }
        SsmChange::DisableMaintenanceWindow { id } => call!(
            "ssm:UpdateMaintenanceWindow",
            client.update_maintenance_window().window_id(&**id).enabled(false)
        ),
        SsmChange::EnableMaintenanceWindow { id } => call!(
            "ssm:UpdateMaintenanceWindow",
            client.update_maintenance_window().window_id(&**id).enabled(true)
        ),
        SsmChange::DeleteAssociation { id } => {
            call!("ssm:DeleteAssociation", client.delete_association().association_id(&**id))
        }
        SsmChange::DeleteActivation { id } => {
            call!("ssm:DeleteActivation", client.delete_activation().activation_id(&**id))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let ssm = Ssm { client: client!(aws, at, aws_sdk_ssm)?, at };
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let mut found = match kind {
            ASSOCIATION => or_none(ssm.association(&one.id).await)?.map(|found| {
                let mut seen = observed(one, State::Running, found.date.as_ref());
                detail(&mut seen, "document", found.name.as_deref());
                detail(&mut seen, "schedule", found.schedule_expression.as_deref());
                seen
            }),
            ACTIVATION => ssm.activation(&one.id).await?.map(|found| {
                let state = if found.expired { State::Stopped } else { State::Running };
                let mut seen = observed(one, state, found.created_date.as_ref());
                seen.identity = found.iam_role.as_deref().map(Into::into);
                seen
            }),
            _ => or_none(ssm.window(&one.id).await)?.map(|found| {
                let state = if found.enabled { State::Running } else { State::Stopped };
                observed(one, state, found.created_date.as_ref())
            }),
        };
        // What an activation's tags are is given to the machines that come in by it, and shown of these alone.
        let taggable = match kind {
            ASSOCIATION => Some(ResourceTypeForTagging::Association),
            WINDOW => Some(ResourceTypeForTagging::MaintenanceWindow),
            _ => None,
        };
        if let (Some(found), Some(taggable)) = (&mut found, taggable) {
            tags_or_why(found, ssm.tags(taggable, &one.id).await);
        }
        seen.push(found.unwrap_or_else(|| observed(one, State::Gone, None)));
    }
    Ok(seen)
}

struct Ssm<'a> {
    client: Client,
    at: &'a Place,
}

impl Ssm<'_> {
    async fn tags(
        &self,
        kind: ResourceTypeForTagging,
        id: &str,
    ) -> Result<Vec<(String, String)>, CloudError> {
        let asked = self.client.list_tags_for_resource().resource_type(kind).resource_id(id).send().await;
        let answer = asked.map_err(|error| failed("ssm:ListTagsForResource", self.at, error))?;
        Ok(answer.tag_list.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Whether a command is under way anywhere; `None` when it is not known any more (30 days).
    async fn command_runs(&self, id: &str) -> Result<Option<bool>, CloudError> {
        let asked = self.client.list_commands().command_id(id).send().await;
        let answer = asked.map_err(|error| failed("ssm:ListCommands", self.at, error));
        let answer = answer.map_err(|error| meaning(error, "InvalidCommandId", Refusal::NotFound));
        let found = or_none(answer)?.and_then(|answer| answer.commands).unwrap_or_default();
        use CommandStatus::*;
        Ok(found
            .into_iter()
            .find(|one| one.command_id.as_deref() == Some(id))
            .map(|one| matches!(one.status, None | Some(Pending | InProgress | Cancelling))))
    }

    async fn automation_runs(&self, id: &str) -> Result<bool, CloudError> {
        const CALL: &str = "ssm:GetAutomationExecution";
        let asked = self.client.get_automation_execution().automation_execution_id(id).send().await;
        let answer = asked.map_err(|error| failed(CALL, self.at, error))?;
        let found = answer.automation_execution.and_then(|found| found.automation_execution_status);
        use AutomationExecutionStatus::*;
        match found {
            None => Err(not_answered(CALL, self.at, "status")),
            Some(
                Cancelled
                | CompletedWithFailure
                | CompletedWithSuccess
                | Exited
                | Failed
                | Rejected
                | Success
                | Timedout
                | ChangeCalendarOverrideRejected,
            ) => Ok(false),
            Some(_) => Ok(true),
        }
    }

    async fn session_is_open(&self, id: &str) -> Result<bool, CloudError> {
        let by_id = SessionFilter::builder().key(SessionFilterKey::SessionId).value(id).build();
        let by_id = by_id.map_err(|_| not_answered("ssm:DescribeSessions", self.at, "session id"))?;
        let call = self.client.describe_sessions().state(SessionState::Active).filters(by_id);
        let mut pages = call.into_paginator().items().send();
        while let Some(session) = pages.next().await {
            let session = session.map_err(|error| failed("ssm:DescribeSessions", self.at, error))?;
            if session.session_id.as_deref() == Some(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn window(&self, id: &str) -> Result<GetMaintenanceWindowOutput, CloudError> {
        let asked = self.client.get_maintenance_window().window_id(id).send().await;
        let error = |error| failed("ssm:GetMaintenanceWindow", self.at, error);
        asked.map_err(|found| meaning(error(found), "DoesNotExist", Refusal::NotFound))
    }

    async fn association(&self, id: &str) -> Result<AssociationDescription, CloudError> {
        const CALL: &str = "ssm:DescribeAssociation";
        let asked = self.client.describe_association().association_id(id).send().await;
        let answer = asked.map_err(|error| failed(CALL, self.at, error));
        let answer = answer.map_err(|error| meaning(error, "AssociationDoesNotExist", Refusal::NotFound))?;
        answer.association_description.ok_or_else(|| not_answered(CALL, self.at, "association"))
    }

    async fn activation(&self, id: &str) -> Result<Option<Activation>, CloudError> {
        let by_id = DescribeActivationsFilter::builder()
            .filter_key(DescribeActivationsFilterKeys::ActivationIds)
            .filter_values(id)
            .build();
        let call = self.client.describe_activations().filters(by_id);
        let mut pages = call.into_paginator().items().send();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| failed("ssm:DescribeActivations", self.at, error))?;
            if found.activation_id.as_deref() == Some(id) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
