//! What is done about things of Lightsail. Stopped things cost on: with `--destroy` they are deleted, instances after a
//! snapshot.

use super::super::{Ask, RUNS, Way};
use crate::model::change::LightsailChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let name = ask.name();
    let changes = match ask.resource.kind {
        "aws.lightsail.instance" => {
            let snapshot = format!("triage-{name}").into();
            let keep = SnapshotLightsailInstance { name: name.clone(), snapshot };
            let delete = DeleteLightsailInstance { name: name.clone() };
            let mut changes = vec![StopLightsailInstance { name }];
            let copies = ask.options.snapshot || (ask.options.destroy && !ask.options.no_snapshot);
            changes.extend(copies.then_some(keep));
            changes.extend(ask.options.destroy.then_some(delete));
            changes
        }
        "aws.lightsail.container_service" => {
            let delete = DeleteLightsailContainers { name: name.clone() };
            let mut changes = vec![DisableLightsailContainers { name }];
            changes.extend(ask.options.destroy.then_some(delete));
            changes
        }
        _ => return None,
    };
    Some(Way::Steps((RUNS..).zip(changes.into_iter().map(Into::into)).collect()))
}
