//! What is done about things of Auto Scaling.

use super::super::{Ask, LETS_IN, Link, RELAUNCHES, Way};
use super::ec2;
use crate::model::change::AutoScalingChange::*;

/// After its members have been dealt with one by one.
const ENDS: u32 = 26;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.autoscaling.group" => group(ask),
        "aws.autoscaling.scheduled_action" => {
            // The group by name, which has no slash here, then the action.
            let (group, action) = ask.resource.id.split_once('/')?;
            Way::step(RELAUNCHES, DeleteScheduledAction { group: group.into(), action: action.into() })
        }
        "aws.autoscaling.launch_configuration" if ask.options.destroy => {
            Way::step(LETS_IN, DeleteLaunchConfiguration { name: ask.id() })
        }
        _ => return None,
    })
}

/// Suspended, so that its members can be stopped and kept. Sizes of 0 are no reversible rung: the group would terminate its
/// members, whose disks are evidence. So the sizes stay as they are, and there is none to give back: an undo starts the members
/// first and lets the group work again then, or it would end them as unhealthy. To be destroyed it is emptied, which ends every member that it has:
/// only where all of them are known and have been copied.
fn group(ask: &Ask) -> Way {
    let name = || ask.id();
    if let Some(operator) = ask.detail("operator") {
        return Way::by_hand(
            format!("{operator} made it and keeps it: it is stopped through that service."),
            String::new(),
        );
    }
    let mut links = vec![Link::must(RELAUNCHES, SuspendScalingGroup { name: name() })];
    if !ask.options.destroy || !ec2::may_end(ask) {
        return Way::Chain(links);
    }
    if ask.detail("scale_in_protected").is_some() {
        links.push(Link::must(ENDS, ClearScaleInProtection { name: name() }));
    }
    if ask.detail("warm_pool").is_some() {
        links.push(Link::must(ENDS, DeleteWarmPool { name: name() }));
    }
    let needs = ec2::copies(ask);
    links.push(Link { needs: needs.clone(), ..Link::must(ENDS + 1, EmptyScalingGroup { name: name() }) });
    if ask.detail("deletion_protection").is_some() {
        links.push(Link::must(ENDS + 2, ClearDeletionProtection { name: name() }));
    }
    links.push(Link { needs, ..Link::must(ENDS + 3, DeleteScalingGroup { name: name() }) });
    Way::Chain(links)
}
