//! What is done about things of ECS.

use super::super::{Ask, RELAUNCHES, RUNS, Way};
use crate::model::change::EcsChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.ecs.service" => Way::step(RELAUNCHES, EcsChange::EmptyEcsService { service: ask.id() }),
        "aws.ecs.task" => match ask.launcher.filter(|launcher| launcher.kind == "aws.ecs.service") {
            Some(service) => Way::by_hand(
                format!("It ends with its service {}, which this plan empties.", service.id),
                String::new(),
            ),
            None => Way::step(RUNS, EcsChange::StopEcsTask { task: ask.id() }),
        },
        _ => return None,
    })
}
