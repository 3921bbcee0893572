//! Members of somebody's own group: out of service and back.

use super::super::ec2::{all_or_each, receipt};
use super::group::{group_of, name_of};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::AutoScalingChange;
use crate::model::{Place, Sight};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::Instance;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn sight(change: &AutoScalingChange, arn: Option<&str>, member: &Instance) -> Sight {
    let lifecycle = member.lifecycle_state.as_ref().map(|state| state.as_str()).unwrap_or_default();
    if lifecycle.starts_with("Terminat") || lifecycle.starts_with("Detach") {
        return Sight::Gone;
    }
    let is_out = lifecycle == "Standby";
    let is_done = match change {
        AutoScalingChange::EnterStandby { .. } => is_out,
        _ => lifecycle == "InService" || lifecycle.starts_with("Pending"),
    };
    Sight::there(json!({ "arn": arn }), is_done)
}

/// By group: one call names one.
pub(super) async fn perform(
    client: &Client,
    at: &Place,
    changes: &[&AutoScalingChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut groups: BTreeMap<(&str, bool), Vec<(usize, String)>> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        let (id, enters) = match change {
            AutoScalingChange::EnterStandby { id, .. } => (id, true),
            AutoScalingChange::ExitStandby { id, .. } => (id, false),
            _ => continue,
        };
        let group = name_of(group_of(change).0);
        groups.entry((group, enters)).or_default().push((place, id.to_string()));
    }
    let mut answers: BTreeMap<usize, Result<Receipt, CloudError>> = BTreeMap::new();
    for ((group, enters), members) in groups {
        let ids: Vec<String> = members.iter().map(|(_, id)| id.clone()).collect();
        let told = all_or_each(&ids, |ids| {
            Box::pin(async move {
                if enters {
                    let call = client.enter_standby().auto_scaling_group_name(group);
                    let call = call.should_decrement_desired_capacity(true).set_instance_ids(Some(ids));
                    receipt("autoscaling:EnterStandby", at, call.send().await)
                } else {
                    let call = client.exit_standby().auto_scaling_group_name(group);
                    receipt("autoscaling:ExitStandby", at, call.set_instance_ids(Some(ids)).send().await)
                }
            })
        });
        answers.extend(members.iter().map(|(place, _)| *place).zip(told.await));
    }
    answers.into_values().collect()
}
