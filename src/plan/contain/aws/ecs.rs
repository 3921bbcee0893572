//! What is done about things of ECS.

use super::super::{Ask, RELAUNCHES, RUNS, Way};
use crate::model::change::EcsChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.ecs.service" => match (ask.detail("scheduling"), ask.options.destroy) {
            (Some("DAEMON"), false) => Way::by_hand(
                "It is a daemon: it runs a task on every machine of its cluster and has no count that could be set to 0.",
                "stop the machines of its cluster; or ecs:UpdateService with a placement constraint that no machine meets; \
                 or --destroy: ecs:DeleteService(force=true) (destroys)",
            ),
            (Some("DAEMON"), true) => {
                Way::step(RELAUNCHES, EcsChange::DeleteEcsService { service: ask.id() })
            }
            (_, _) => Way::step(RELAUNCHES, EcsChange::EmptyEcsService { service: ask.id() }),
        },
        "aws.ecs.task" => Way::step(RUNS, EcsChange::StopEcsTask { task: ask.id() }),
        "aws.ecs.capacity_provider" => match (ask.detail("asg"), ask.detail("type")) {
            (Some(group), _) => Way::by_hand(
                format!(
                    "Its machines are those of Auto Scaling group {group}, which has its own row where the principal made it."
                ),
                "ecs:UpdateCapacityProvider(autoScalingGroupProvider.managedScaling.status=DISABLED), so that it scales that group no \
                 more; then the group to 0",
            ),
            (None, Some(_)) => Way::by_hand(
                "It launches machines that ECS manages, as long as tasks ask for them.",
                "tasks and services first: ECS ends the machines then; ecs:PutClusterCapacityProviders without it, \
                 then ecs:DeleteCapacityProvider (destroys)",
            ),
            (None, None) => Way::by_hand(
                "Its machines are those of an Auto Scaling group, or managed by ECS; nobody looked.",
                "ecs:DescribeCapacityProviders shows which; its group to 0, or its services to 0",
            ),
        },
        _ => return None,
    })
}
