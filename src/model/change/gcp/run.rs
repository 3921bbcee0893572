//! Cloud Run: services, worker pools, jobs and their executions. A service is stopped by manual scaling to no instance, which
//! makes no new revision (gcp.md 4); a tag's own address would start instances all the same.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use super::named::{Named, UNSEEN, saved};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunChange {
    StopRunService {
        it: Named,
    },
    /// Takes that back: scaling, ingress and traffic as one JSON text.
    RestoreRunService {
        it: Named,
        saved: Arc<str>,
    },
    StopRunWorkerPool {
        it: Named,
    },
    /// Takes that back.
    RestoreRunWorkerPool {
        it: Named,
        saved: Arc<str>,
    },
    /// Every execution of a job that runs.
    CancelRunExecutions {
        it: Named,
    },
    /// One execution, of whosever job.
    CancelRunExecution {
        it: Named,
    },
    DeleteRunService {
        it: Named,
    },
    DeleteRunWorkerPool {
        it: Named,
    },
    DeleteRunJob {
        it: Named,
    },
}

const SERVICE: &[&str] =
    &["iam.serviceAccounts.actAs", "run.operations.get", "run.services.get", "run.services.update"];
const POOL: &[&str] =
    &["iam.serviceAccounts.actAs", "run.operations.get", "run.workerpools.get", "run.workerpools.update"];
const CANCEL: &[&str] = &[
    "run.executions.cancel",
    "run.executions.get",
    "run.executions.list",
    "run.jobs.get",
    "run.operations.get",
];
/// Instances are given time to end what they do: up to ten seconds after SIGTERM, and Google's own time besides.
const STOPS_WITHIN: u64 = 180;
const GOES_ON: Undo = Undo::None(
    "A cancelled execution does not go on: gcloud run jobs execute starts a new one from the job, which is kept.",
);

impl RunChange {
    pub fn spec(&self) -> Spec {
        match self {
            RunChange::StopRunService { .. } => settling(
                spec(
                    "run.projects.locations.services.patch(scaling=MANUAL 0, ingress=INTERNAL_ONLY, no tags)",
                    SERVICE,
                    "no instance runs and none is started, whoever calls it; code, revisions and configuration stay",
                    "the service reads manual scaling with 0 instances and internal ingress",
                    Undo::Call("run.projects.locations.services.patch(saved scaling, ingress, traffic)"),
                ),
                STOPS_WITHIN,
            ),
            RunChange::RestoreRunService { .. } => settling(
                spec(
                    "run.projects.locations.services.patch(saved scaling, ingress, traffic)",
                    SERVICE,
                    "the service scales and is reached as before",
                    "the service reads what was saved",
                    Undo::Call("run.projects.locations.services.patch(scaling=MANUAL 0)"),
                ),
                STOPS_WITHIN,
            ),
            RunChange::StopRunWorkerPool { .. } => settling(
                spec(
                    "run.projects.locations.workerPools.patch(manualInstanceCount=0)",
                    POOL,
                    "no instance of the pool runs; code, revisions and configuration stay",
                    "the pool reads 0 instances",
                    Undo::Call("run.projects.locations.workerPools.patch(saved scaling)"),
                ),
                STOPS_WITHIN,
            ),
            RunChange::RestoreRunWorkerPool { .. } => settling(
                spec(
                    "run.projects.locations.workerPools.patch(saved scaling)",
                    POOL,
                    "as many instances run as before",
                    "the pool reads what was saved",
                    Undo::Call("run.projects.locations.workerPools.patch(manualInstanceCount=0)"),
                ),
                STOPS_WITHIN,
            ),
            RunChange::CancelRunExecutions { .. } => settling(
                spec(
                    "run.projects.locations.jobs.executions.cancel(each that runs)",
                    CANCEL,
                    "ends every task of the job that runs; the job and what its executions logged stay",
                    "no execution of the job is without a completion time",
                    GOES_ON,
                ),
                STOPS_WITHIN,
            ),
            RunChange::CancelRunExecution { .. } => settling(
                spec(
                    "run.projects.locations.jobs.executions.cancel",
                    CANCEL,
                    "ends this execution's tasks; its job is left as it is",
                    "the execution has a completion time",
                    GOES_ON,
                ),
                STOPS_WITHIN,
            ),
            RunChange::DeleteRunService { .. } => gated(spec(
                "run.projects.locations.services.delete",
                &["run.operations.get", "run.services.delete", "run.services.get"],
                "deletes the service with all its revisions; its container images stay in their registry",
                "the service is gone",
                Undo::None("A deleted service does not come back: it is deployed anew from its image."),
            )),
            RunChange::DeleteRunWorkerPool { .. } => gated(spec(
                "run.projects.locations.workerPools.delete",
                &["run.operations.get", "run.workerpools.delete", "run.workerpools.get"],
                "deletes the pool with all its revisions; its container images stay in their registry",
                "the pool is gone",
                Undo::None("A deleted worker pool does not come back: it is deployed anew from its image."),
            )),
            RunChange::DeleteRunJob { .. } => gated(spec(
                "run.projects.locations.jobs.delete",
                &["run.jobs.delete", "run.jobs.get", "run.operations.get"],
                "deletes the job with its executions; its container image stays in its registry",
                "the job is gone",
                Undo::None("A deleted job does not come back: it is deployed anew from its image."),
            )),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let one = |change: RunChange| Reversal::Changes(vec![change.into()]);
        match self {
            RunChange::StopRunService { it } => match saved(before) {
                Some(saved) => one(RunChange::RestoreRunService { it: it.clone(), saved }),
                None => Reversal::None(UNSEEN),
            },
            RunChange::StopRunWorkerPool { it } => match saved(before) {
                Some(saved) => one(RunChange::RestoreRunWorkerPool { it: it.clone(), saved }),
                None => Reversal::None(UNSEEN),
            },
            RunChange::RestoreRunService { it, .. } => one(RunChange::StopRunService { it: it.clone() }),
            RunChange::RestoreRunWorkerPool { it, .. } => {
                one(RunChange::StopRunWorkerPool { it: it.clone() })
            }
            RunChange::CancelRunExecutions { .. } | RunChange::CancelRunExecution { .. } => {
                Reversal::None("A cancelled execution does not go on.")
            }
            RunChange::DeleteRunService { .. }
            | RunChange::DeleteRunWorkerPool { .. }
            | RunChange::DeleteRunJob { .. } => Reversal::None("What was deleted does not come back."),
        }
    }
}
