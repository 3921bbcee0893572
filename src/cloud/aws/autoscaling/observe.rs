//! What Auto Scaling shows of groups, what they are made by and what resizes them.

use super::super::each::tags;
use super::super::ec2::{answered, one, pages, tell, time};
use super::{group, schedule};
use crate::cloud::CloudError;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};

pub(super) const KINDS: &[&str] =
    &["aws.autoscaling.group", "aws.autoscaling.launch_configuration", "aws.autoscaling.scheduled_action"];

pub(super) async fn observe(
    client: &Client,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let ids = || wanted.iter().map(|one| &*one.id);
    let found = match kind {
        "aws.autoscaling.group" => {
            let found = group::find(client, at, &ids().collect()).await?;
            found.values().filter_map(|one| scaling_group(at, one)).collect()
        }
        "aws.autoscaling.launch_configuration" => {
            let found = schedule::configurations(client, at, &ids().collect::<Vec<_>>()).await?;
            let found = found.iter().filter_map(|found| {
                let mut seen = one(at, kind, found.launch_configuration_name.as_deref()?, State::Running);
                seen.created_at = found.created_time.as_ref().and_then(time);
                tell(&mut seen, "image", found.image_id.as_deref());
                tell(&mut seen, "type", found.instance_type.as_deref());
                tell(&mut seen, "key_name", found.key_name.as_deref());
                Some(seen)
            });
            found.collect()
        }
        _ => {
            let found = schedule::scheduled(client, at, None).await?;
            let found = found.iter().filter_map(|found| {
                let group = found.auto_scaling_group_name.as_deref()?;
                let id = format!("{group}/{}", found.scheduled_action_name.as_deref()?);
                let mut seen = one(at, kind, &id, State::Running);
                seen.held_by.push(group.into());
                tell(&mut seen, "group", Some(group));
                tell(&mut seen, "recurrence", found.recurrence.as_deref());
                Some(seen)
            });
            found.collect()
        }
    };
    Ok(answered(at, kind, wanted, found))
}

fn scaling_group(at: &Place, found: &AutoScalingGroup) -> Option<Observed> {
    // A group without instances is still armed: only its limits say whether it can launch.
    let state = if found.max_size.is_none_or(|max| max > 0) { State::Running } else { State::Stopped };
    let mut seen = one(at, "aws.autoscaling.group", found.auto_scaling_group_name.as_deref()?, state);
    seen.resource.names.extend(found.auto_scaling_group_arn.as_deref().map(Into::into));
    seen.created_at = found.created_time.as_ref().and_then(time);
    let mixed = found.mixed_instances_policy.as_ref().and_then(|mixed| mixed.launch_template.as_ref());
    let mixed = mixed.and_then(|template| template.launch_template_specification.as_ref());
    let template = found.launch_template.as_ref().or(mixed);
    let template = template.and_then(|one: &LaunchTemplateSpecification| one.launch_template_id.as_deref());
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    let members = found.instances.as_ref().map_or(0, Vec::len).to_string();
    let protected = group::protected(found).len();
    let suspended = group::suspended(found).into_iter().collect::<Vec<_>>().join(" ");
    let has_pool = found.warm_pool_configuration.is_some();
    for (word, text) in [
        ("launch_template", template),
        ("launch_configuration", found.launch_configuration_name.as_deref()),
        ("min", number(found.min_size).as_deref()),
        ("max", number(found.max_size).as_deref()),
        ("desired", number(found.desired_capacity).as_deref()),
        ("members", Some(&*members)),
        ("scale_in_protected", (protected > 0).then(|| protected.to_string()).as_deref()),
        ("deletion_protection", Some(group::deletion_protection(found)).filter(|level| *level != "none")),
        ("suspended", Some(&*suspended)),
        ("warm_pool", has_pool.then_some("true")),
    ] {
        tell(&mut seen, word, text);
    }
    let told = found.tags.iter().flatten();
    tags(
        &mut seen,
        told.filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default()))),
    );
    tell(&mut seen, "operator", found.operator.as_ref().and_then(|operator| operator.principal.as_deref()));
    Some(seen)
}

pub(super) async fn sweep(client: &Client, at: &Place) -> Result<Vec<Observed>, CloudError> {
    let request = client.describe_auto_scaling_groups().include_managed_resources(true).max_records(100);
    let found = pages!("autoscaling:DescribeAutoScalingGroups", at, request.clone(), auto_scaling_groups);
    Ok(found.iter().filter_map(|one| scaling_group(at, one)).collect())
}
