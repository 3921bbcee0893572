//! SageMaker.

use super::super::{Reversal, Spec, Undo, destroying, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SageMakerChange {
    StopNotebook {
        name: Arc<str>,
    },
    /// Takes a stop back.
    StartNotebook {
        name: Arc<str>,
    },
    DeleteNotebook {
        name: Arc<str>,
    },
    StopSageMakerJob {
        job: SageMakerJob,
        name: Arc<str>,
    },
    DeleteEndpoint {
        name: Arc<str>,
    },
    /// Takes that back from the configuration that was kept.
    MakeEndpointAgain {
        name: Arc<str>,
        config: Arc<str>,
    },
    DeleteHyperPodCluster {
        name: Arc<str>,
    },
}

/// What runs until it is done, and is named alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SageMakerJob {
    Training,
    Processing,
    Transform,
    Tuning,
    AutoMl,
}

/// A machine is shut down and its volume unmounted; a container gets two minutes to end by itself.
const MINUTES: u64 = 15 * 60;
const LOST: &str = "A stopped job can't go on; its owners start it anew.";

impl SageMakerChange {
    pub fn spec(&self) -> Spec {
        match self {
            SageMakerChange::StopNotebook { .. } => settling(
                spec(
                    "sagemaker:StopNotebookInstance",
                    &[
                        "sagemaker:StopNotebookInstance",
                        "sagemaker:DescribeNotebookInstance",
                        "sagemaker:ListNotebookInstances",
                    ],
                    "stops it and keeps its volume; what lies outside of its SageMaker folder, or in memory, is lost",
                    "the notebook reads Stopped",
                    Undo::Call("sagemaker:StartNotebookInstance, which runs its start script again"),
                ),
                MINUTES,
            ),
            SageMakerChange::StartNotebook { .. } => settling(
                spec(
                    "sagemaker:StartNotebookInstance",
                    &[
                        "sagemaker:StartNotebookInstance",
                        "sagemaker:DescribeNotebookInstance",
                        "sagemaker:ListNotebookInstances",
                    ],
                    "starts it with the volume that it had, and runs its start script",
                    "the notebook reads InService",
                    Undo::Call("sagemaker:StopNotebookInstance"),
                ),
                MINUTES,
            ),
            SageMakerChange::DeleteNotebook { .. } => settling(
                gated(spec(
                    "sagemaker:DeleteNotebookInstance",
                    &[
                        "sagemaker:DeleteNotebookInstance",
                        "sagemaker:DescribeNotebookInstance",
                        "sagemaker:ListNotebookInstances",
                    ],
                    "deletes the notebook and its volume",
                    "the notebook does not exist",
                    Undo::None("A deleted notebook and its volume can't be brought back."),
                )),
                MINUTES,
            ),
            SageMakerChange::StopSageMakerJob { job, .. } => {
                let (api, permissions): (_, &[&str]) = match job {
                    SageMakerJob::Training => (
                        "sagemaker:StopTrainingJob",
                        &[
                            "sagemaker:StopTrainingJob",
                            "sagemaker:DescribeTrainingJob",
                            "sagemaker:ListTrainingJobs",
                        ],
                    ),
                    SageMakerJob::Processing => (
                        "sagemaker:StopProcessingJob",
                        &[
                            "sagemaker:StopProcessingJob",
                            "sagemaker:DescribeProcessingJob",
                            "sagemaker:ListProcessingJobs",
                        ],
                    ),
                    SageMakerJob::Transform => (
                        "sagemaker:StopTransformJob",
                        &[
                            "sagemaker:StopTransformJob",
                            "sagemaker:DescribeTransformJob",
                            "sagemaker:ListTransformJobs",
                        ],
                    ),
                    SageMakerJob::Tuning => (
                        "sagemaker:StopHyperParameterTuningJob",
                        &[
                            "sagemaker:StopHyperParameterTuningJob",
                            "sagemaker:DescribeHyperParameterTuningJob",
                            "sagemaker:ListHyperParameterTuningJobs",
                        ],
                    ),
                    SageMakerJob::AutoMl => (
                        "sagemaker:StopAutoMLJob",
                        &[
                            "sagemaker:StopAutoMLJob",
                            "sagemaker:DescribeAutoMLJobV2",
                            "sagemaker:ListAutoMLJobs",
                        ],
                    ),
                };
                settling(
                    destroying(spec(
                        api,
                        permissions,
                        "ends it; what it has not written to S3 yet is lost, its record and logs stay",
                        "the job reads Stopped, or ended by itself",
                        Undo::None(LOST),
                    )),
                    MINUTES,
                )
            }
            SageMakerChange::DeleteEndpoint { .. } => settling(
                spec(
                    "sagemaker:DeleteEndpoint",
                    &["sagemaker:DeleteEndpoint", "sagemaker:DescribeEndpoint", "sagemaker:ListEndpoints"],
                    "ends its machines; there is no stop, but its configuration and model stay, and it is made again from them; its tags \
                     and scaling targets are not",
                    "the endpoint does not exist",
                    Undo::Call("sagemaker:CreateEndpoint(the same name and configuration)"),
                ),
                MINUTES,
            ),
            SageMakerChange::MakeEndpointAgain { .. } => settling(
                spec(
                    "sagemaker:CreateEndpoint(the same name and configuration)",
                    &["sagemaker:CreateEndpoint", "sagemaker:DescribeEndpoint", "sagemaker:ListEndpoints"],
                    "makes the endpoint again from the configuration that it had",
                    "the endpoint reads InService",
                    Undo::Call("sagemaker:DeleteEndpoint"),
                ),
                2 * MINUTES,
            ),
            SageMakerChange::DeleteHyperPodCluster { .. } => settling(
                gated(spec(
                    "sagemaker:DeleteCluster",
                    &["sagemaker:DeleteCluster", "sagemaker:DescribeCluster", "sagemaker:ListClusters"],
                    "deletes the cluster and its machines, with what is on their disks",
                    "the cluster does not exist",
                    Undo::None("A deleted cluster can't be brought back."),
                )),
                2 * MINUTES,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let text = |word: &str| before.get(word).and_then(Value::as_str);
        let ran = before.get("runs").and_then(Value::as_bool).unwrap_or(false);
        Reversal::Changes(match self {
            // One that did not run is not started.
            SageMakerChange::StopNotebook { .. } if !ran => Vec::new(),
            SageMakerChange::StopNotebook { name } => {
                vec![SageMakerChange::StartNotebook { name: name.clone() }.into()]
            }
            SageMakerChange::StartNotebook { name } => {
                vec![SageMakerChange::StopNotebook { name: name.clone() }.into()]
            }
            SageMakerChange::DeleteNotebook { .. } => {
                return Reversal::None("A deleted notebook and its volume can't be brought back.");
            }
            SageMakerChange::StopSageMakerJob { .. } => return Reversal::None(LOST),
            SageMakerChange::DeleteEndpoint { name } => match text("config") {
                Some(config) => {
                    vec![
                        SageMakerChange::MakeEndpointAgain { name: name.clone(), config: config.into() }
                            .into(),
                    ]
                }
                None => {
                    return Reversal::None(
                        "The endpoint's configuration was not seen; make it again by hand.",
                    );
                }
            },
            SageMakerChange::MakeEndpointAgain { name, .. } => {
                vec![SageMakerChange::DeleteEndpoint { name: name.clone() }.into()]
            }
            SageMakerChange::DeleteHyperPodCluster { .. } => {
                return Reversal::None("A deleted cluster can't be brought back.");
            }
        })
    }
}
