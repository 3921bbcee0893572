//! AWS Batch: environments launch machines for queued jobs.

use super::super::{Change, Reversal, Spec, Undo, destroying, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Environments and queues are named by ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchChange {
    DisableBatchEnvironment {
        name: Arc<str>,
    },
    /// Undo alone.
    EnableBatchEnvironment {
        name: Arc<str>,
    },
    /// How many vCPUs it keeps without work.
    SetBatchMinimum {
        name: Arc<str>,
        vcpus: i32,
    },
    DisableBatchQueue {
        queue: Arc<str>,
    },
    /// Undo alone.
    EnableBatchQueue {
        queue: Arc<str>,
    },
    StopBatchJob {
        job: Arc<str>,
    },
}

const ENVIRONMENT: &[&str] = &["batch:UpdateComputeEnvironment", "batch:DescribeComputeEnvironments"];
const QUEUE: &[&str] = &["batch:UpdateJobQueue", "batch:DescribeJobQueues"];

impl BatchChange {
    pub fn spec(&self) -> Spec {
        match self {
            BatchChange::DisableBatchEnvironment { .. } => settling(
                watched(spec(
                    "batch:UpdateComputeEnvironment(state=DISABLED)",
                    ENVIRONMENT,
                    "takes no new job; jobs under way go on until they are terminated, then its machines end, down to its minimum",
                    "the environment reads DISABLED",
                    Undo::Call("batch:UpdateComputeEnvironment(state=ENABLED)"),
                )),
                300,
            ),
            BatchChange::EnableBatchEnvironment { .. } => settling(
                spec(
                    "batch:UpdateComputeEnvironment(state=ENABLED)",
                    ENVIRONMENT,
                    "takes jobs and launches machines for them again",
                    "the environment reads ENABLED",
                    Undo::Call("batch:UpdateComputeEnvironment(state=DISABLED)"),
                ),
                300,
            ),
            BatchChange::SetBatchMinimum { .. } => settling(
                watched(spec(
                    "batch:UpdateComputeEnvironment(minvCpus)",
                    ENVIRONMENT,
                    "it keeps this many vCPUs without work; machines above that end when they are idle",
                    "the environment's minvCpus reads that",
                    Undo::Call("batch:UpdateComputeEnvironment(saved minvCpus)"),
                )),
                300,
            ),
            BatchChange::DisableBatchQueue { .. } => settling(
                watched(spec(
                    "batch:UpdateJobQueue(state=DISABLED)",
                    QUEUE,
                    "takes no new job; jobs that wait in it or run go on until they are terminated",
                    "the queue reads DISABLED",
                    Undo::Call("batch:UpdateJobQueue(state=ENABLED)"),
                )),
                300,
            ),
            BatchChange::EnableBatchQueue { .. } => settling(
                spec(
                    "batch:UpdateJobQueue(state=ENABLED)",
                    QUEUE,
                    "takes jobs again",
                    "the queue reads ENABLED",
                    Undo::Call("batch:UpdateJobQueue(state=DISABLED)"),
                ),
                300,
            ),
            BatchChange::StopBatchJob { .. } => settling(
                destroying(spec(
                    "batch:TerminateJob",
                    &["batch:TerminateJob", "batch:DescribeJobs"],
                    "ends the job, waiting or running, with the children of an array; what it had worked out is lost",
                    "the job reads FAILED",
                    Undo::None("A terminated job can't be resumed; submit it again."),
                )),
                300,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let state = before.get("state").and_then(Value::as_str);
        let back = |change: BatchChange| Reversal::Changes(vec![Change::from(change)]);
        let nothing = Reversal::Changes(Vec::new());
        match (self, state) {
            (BatchChange::DisableBatchEnvironment { name }, Some("ENABLED")) => {
                back(BatchChange::EnableBatchEnvironment { name: name.clone() })
            }
            (BatchChange::EnableBatchEnvironment { name }, Some("DISABLED")) => {
                back(BatchChange::DisableBatchEnvironment { name: name.clone() })
            }
            (BatchChange::DisableBatchQueue { queue }, Some("ENABLED")) => {
                back(BatchChange::EnableBatchQueue { queue: queue.clone() })
            }
            (BatchChange::EnableBatchQueue { queue }, Some("DISABLED")) => {
                back(BatchChange::DisableBatchQueue { queue: queue.clone() })
            }
            (
                BatchChange::DisableBatchEnvironment { .. }
                | BatchChange::EnableBatchEnvironment { .. }
                | BatchChange::DisableBatchQueue { .. }
                | BatchChange::EnableBatchQueue { .. },
                Some(_),
            ) => nothing,
            (
                BatchChange::DisableBatchEnvironment { .. }
                | BatchChange::EnableBatchEnvironment { .. }
                | BatchChange::DisableBatchQueue { .. }
                | BatchChange::EnableBatchQueue { .. },
                None,
            ) => Reversal::None("Whether it was on before was not seen."),
            (BatchChange::SetBatchMinimum { name, vcpus }, _) => {
                let was = before.get("min_vcpus").and_then(Value::as_i64).map(i32::try_from);
                match was {
                    Some(Ok(was)) if was == *vcpus => nothing,
                    Some(Ok(was)) => back(BatchChange::SetBatchMinimum { name: name.clone(), vcpus: was }),
                    Some(Err(_)) | None => Reversal::None("What it kept before was not seen."),
                }
            }
            (BatchChange::StopBatchJob { .. }, _) => {
                Reversal::None("A terminated job can't be resumed; submit it again.")
            }
        }
    }
}
