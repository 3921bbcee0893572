//! What is done about things of SageMaker.

use super::super::{Ask, RELAUNCHES, RUNS, Way};
use crate::model::change::{SageMakerChange, SageMakerJob};

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let job = |job| Way::step(RUNS, SageMakerChange::StopSageMakerJob { job, name: ask.id() });
    Some(match ask.resource.kind {
        "aws.sagemaker.notebook_instance" => {
            let mut steps = vec![(RUNS, SageMakerChange::StopNotebook { name: ask.id() }.into())];
            if ask.options.destroy {
                steps.push((RUNS + 1, SageMakerChange::DeleteNotebook { name: ask.id() }.into()));
            }
            Way::Steps(steps)
        }
        "aws.sagemaker.training_job" => job(SageMakerJob::Training),
        "aws.sagemaker.processing_job" => job(SageMakerJob::Processing),
        "aws.sagemaker.transform_job" => job(SageMakerJob::Transform),
        // They start training jobs until they are stopped themselves.
        "aws.sagemaker.tuning_job" => launching(ask, SageMakerJob::Tuning),
        "aws.sagemaker.auto_ml_job" => launching(ask, SageMakerJob::AutoMl),
        // There is no stop. What it is made of stays, so that this is the reversible rung all the same: fewer machines
        // (UpdateEndpointWeightsAndCapacities) still leaves one for each variant, and a GPU costs as much idle.
        "aws.sagemaker.endpoint" => Way::step(RUNS, SageMakerChange::DeleteEndpoint { name: ask.id() }),
        "aws.sagemaker.hyperpod_cluster" if ask.options.destroy => {
            Way::step(RUNS, SageMakerChange::DeleteHyperPodCluster { name: ask.id() })
        }
        "aws.sagemaker.hyperpod_cluster" => Way::by_hand(
            "Its machines run until they are taken out of it, which deletes their disks: that needs --destroy.",
            "sagemaker:UpdateCluster (every instance group to 0), then sagemaker:DeleteCluster (destroys)",
        ),
        _ => return None,
    })
}

fn launching(ask: &Ask, job: SageMakerJob) -> Way {
    Way::step(RELAUNCHES, SageMakerChange::StopSageMakerJob { job, name: ask.id() })
}
