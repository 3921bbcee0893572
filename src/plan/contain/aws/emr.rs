//! What is done about things of EMR.

use super::super::{Ask, RELAUNCHES, Way};
use crate::model::change::{Change, EmrChange};

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "aws.emr.cluster" {
        return None;
    }
    let cluster = ask.id();
    if ask.options.destroy {
        let mut changes: Vec<Change> = Vec::new();
        if ask.detail("protected") != Some("false") {
            changes.push(EmrChange::UnprotectEmrCluster { cluster: cluster.clone() }.into());
        }
        changes.push(EmrChange::TerminateEmrCluster { cluster }.into());
        return Some(Way::Steps((RELAUNCHES..).zip(changes).collect()));
    }
    // A cluster has up to 48 groups, more than there are ranks between two of ours: they share one.
    let groups = ask.detail("task_groups").unwrap_or_default().split(' ').filter(|group| !group.is_empty());
    let empty = |group: &str| {
        let change = EmrChange::ResizeEmrGroup { cluster: cluster.clone(), group: group.into(), nodes: 0 };
        (RELAUNCHES, Change::from(change))
    };
    let steps: Vec<(u32, Change)> = groups.map(empty).collect();
    Some(match steps.is_empty() {
        false => Way::Steps(steps),
        true => Way::by_hand(
            "It can't be stopped: its master and core nodes only end with it.",
            "elasticmapreduce:CancelSteps ends what was given to it to run; task groups go to 0 with elasticmapreduce:ModifyInstanceGroups, \
             task fleets with elasticmapreduce:ModifyInstanceFleet; or --destroy: elasticmapreduce:SetTerminationProtection(false), \
             then elasticmapreduce:TerminateJobFlows (destroys)",
        ),
    })
}
