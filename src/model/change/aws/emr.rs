//! EMR. A cluster can't be stopped: its task groups go to 0, its master and core nodes only end with it.

use super::super::{Change, Reversal, Spec, Undo, batched, destroying, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmrChange {
    /// A task group: a core group can't shrink below what holds its files.
    ResizeEmrGroup {
        cluster: Arc<str>,
        group: Arc<str>,
        nodes: i32,
    },
    /// Only before it is terminated.
    UnprotectEmrCluster {
        cluster: Arc<str>,
    },
    /// Undo alone.
    ProtectEmrCluster {
        cluster: Arc<str>,
    },
    TerminateEmrCluster {
        cluster: Arc<str>,
    },
}

const PROTECTION: &[&str] =
    &["elasticmapreduce:SetTerminationProtection", "elasticmapreduce:DescribeCluster"];
const TERMINATED: &str =
    "A terminated cluster does not come back; a new one can be cloned from it for two months.";

impl EmrChange {
    pub fn spec(&self) -> Spec {
        match self {
            EmrChange::ResizeEmrGroup { .. } => settling(
                destroying(spec(
                    "elasticmapreduce:ModifyInstanceGroups",
                    &[
                        "elasticmapreduce:ModifyInstanceGroups",
                        "elasticmapreduce:ListInstanceGroups",
                        "elasticmapreduce:DescribeCluster",
                    ],
                    "the group's machines end, down to this many; the cluster goes on with its master and core nodes, which only end with it \
                     (--destroy); managed scaling may raise the group again",
                    "the group wants this many machines",
                    Undo::Call(
                        "elasticmapreduce:ModifyInstanceGroups(saved count); the machines are new ones",
                    ),
                )),
                900,
            ),
            EmrChange::UnprotectEmrCluster { .. } => batched(
                spec(
                    "elasticmapreduce:SetTerminationProtection(false)",
                    PROTECTION,
                    "the cluster may be terminated",
                    "termination protection reads false",
                    Undo::Call("elasticmapreduce:SetTerminationProtection(true)"),
                ),
                10,
            ),
            EmrChange::ProtectEmrCluster { .. } => batched(
                spec(
                    "elasticmapreduce:SetTerminationProtection(true)",
                    PROTECTION,
                    "the cluster can't be terminated until this is cleared",
                    "termination protection reads true",
                    Undo::Call("elasticmapreduce:SetTerminationProtection(false)"),
                ),
                10,
            ),
            EmrChange::TerminateEmrCluster { .. } => settling(
                batched(
                    gated(spec(
                        "elasticmapreduce:TerminateJobFlows",
                        &["elasticmapreduce:TerminateJobFlows", "elasticmapreduce:DescribeCluster"],
                        "ends the cluster with all its machines; their disks and what lies in HDFS are lost",
                        "the cluster reads TERMINATED",
                        Undo::None(TERMINATED),
                    )),
                    10,
                ),
                1200,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let back = |change: EmrChange| Reversal::Changes(vec![Change::from(change)]);
        let nothing = Reversal::Changes(Vec::new());
        let was_protected = before.get("protected").and_then(Value::as_bool);
        match self {
            EmrChange::ResizeEmrGroup { cluster, group, nodes } => {
                match before.get("nodes").and_then(Value::as_i64).map(i32::try_from) {
                    Some(Ok(was)) if was == *nodes => nothing,
                    Some(Ok(was)) => back(EmrChange::ResizeEmrGroup {
                        cluster: cluster.clone(),
                        group: group.clone(),
                        nodes: was,
                    }),
                    Some(Err(_)) | None => Reversal::None("How many machines it wanted before was not seen."),
                }
            }
            EmrChange::UnprotectEmrCluster { cluster } => match was_protected {
                Some(true) => back(EmrChange::ProtectEmrCluster { cluster: cluster.clone() }),
                Some(false) => nothing,
                None => Reversal::None("Whether it was protected before was not seen."),
            },
            EmrChange::ProtectEmrCluster { cluster } => match was_protected {
                Some(false) => back(EmrChange::UnprotectEmrCluster { cluster: cluster.clone() }),
                Some(true) => nothing,
                None => Reversal::None("Whether it was protected before was not seen."),
            },
            EmrChange::TerminateEmrCluster { .. } => Reversal::None(TERMINATED),
        }
    }
}
