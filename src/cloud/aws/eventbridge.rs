//! EventBridge, live: what we look at and what we do to it.
//!
//! A rule has neither an id of its own nor a time of birth: what it matches, when and as whom is what tells it from another
//! of its name.

use super::each::{detail, meaning, observed, or_gone, or_none, receipt, tags_or_why};
use super::{Aws, client, failed};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::EventBridgeChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::RuleState;
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.eventbridge.rule"];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&EventBridgeChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &EventBridgeChange) -> Result<Sight, CloudError> {
    let (id, wanted) = match change {
        EventBridgeChange::DisableEventRule { rule } => (rule, "DISABLED"),
        EventBridgeChange::EnableEventRule { rule, state } => (rule, &**state),
    };
    let rule = describe(&client!(aws, at, aws_sdk_eventbridge)?, at, id).await?;
    let state = rule.state.as_ref().map_or("", RuleState::as_str);
    let seen = json!({
        "arn": rule.arn, "state": state, "pattern": rule.event_pattern, "schedule": rule.schedule_expression,
        "role": rule.role_arn, "made_by": rule.created_by, "managed_by": rule.managed_by,
    });
    Ok(Sight::there(seen, state == wanted))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&EventBridgeChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        let done_one = change_one(aws, at, change).await;
        done.push(done_one.map_err(|error| meaning(error, "ManagedRule", Refusal::Unmodifiable)));
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &EventBridgeChange) -> Result<Receipt, CloudError> {
    let client = client!(aws, at, aws_sdk_eventbridge)?;
    match change {
        EventBridgeChange::DisableEventRule { rule } => {
            let (bus, name) = parts(rule);
            let sent =
                client.disable_rule().name(name).set_event_bus_name(bus.map(str::to_owned)).send().await;
            Ok(receipt(&sent.map_err(|error| failed("events:DisableRule", at, error))?))
        }
        // EnableRule knows one state only, and forgets that a rule took in all management events.
        EventBridgeChange::EnableEventRule { rule, state } => {
            let (bus, name) = parts(rule);
            let is = describe(&client, at, rule).await?;
            let sent = client
                .put_rule()
                .name(name)
                .set_event_bus_name(bus.map(str::to_owned))
                .set_event_pattern(is.event_pattern)
                .set_schedule_expression(is.schedule_expression)
                .set_description(is.description)
                .set_role_arn(is.role_arn)
                .state(RuleState::from(&**state))
                .send()
                .await;
            Ok(receipt(&sent.map_err(|error| failed("events:PutRule", at, error))?))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_eventbridge)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(rule) = or_none(describe(&client, at, &one.id).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match rule.state {
            Some(RuleState::Enabled | RuleState::EnabledWithAllCloudtrailManagementEvents) => State::Running,
            Some(RuleState::Disabled) => State::Stopped,
            _ => State::Unknown,
        };
        let mut found = observed(one, state, None);
        detail(&mut found, "managed_by", rule.managed_by.as_deref());
        detail(&mut found, "schedule", rule.schedule_expression.as_deref());
        found.identity = rule.role_arn.as_deref().map(Into::into);
        if let Some(arn) = &rule.arn {
            tags_or_why(&mut found, tags(&client, at, arn).await);
        }
        seen.push(found);
    }
    Ok(seen)
}

async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let asked = client.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = asked.map_err(|error| failed("events:ListTagsForResource", at, error))?;
    Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

async fn describe(client: &Client, at: &Place, rule: &str) -> Result<DescribeRuleOutput, CloudError> {
    let (bus, name) = parts(rule);
    let asked = client.describe_rule().name(name).set_event_bus_name(bus.map(str::to_owned)).send().await;
    asked.map_err(|error| failed("events:DescribeRule", at, error))
}

/// `arn:…:rule/NAME`, `arn:…:rule/BUS/NAME`, `BUS/NAME` or `NAME`: the bus, `None` for the default one, and the name.
/// A partner's bus has slashes in its own name.
fn parts(rule: &str) -> (Option<&str>, &str) {
    let path = match rule.starts_with("arn:") {
        true => rule.split_once(":rule/").map_or(rule, |(_, path)| path),
        false => rule,
    };
    match path.rsplit_once('/') {
        Some((bus, name)) => (Some(bus), name),
        None => (None, path),
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn rules_are_found_on_their_bus() {
        for (rule, expect) in [
            ("arn:aws:events:eu-west-3:111122223333:rule/nightly", (None, "nightly")),
            ("arn:aws:events:eu-west-3:111122223333:rule/orders/nightly", (Some("orders"), "nightly")),
            (
                "arn:aws:events:eu-west-3:111122223333:rule/aws.partner/example.com/x/nightly",
                (Some("aws.partner/example.com/x"), "nightly"),
            ),
            ("orders/nightly", (Some("orders"), "nightly")),
            ("nightly", (None, "nightly")),
        ] {
            assert_eq!(parts(rule), expect, "{rule}");
        }
    }
}
