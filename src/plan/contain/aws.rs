//! AWS, one file per service.

mod apprunner;
mod autoscaling;
mod batch;
mod codebuild;
mod ec2;
mod ecs;
mod eks;
mod emr;
mod eventbridge;
mod lambda;
mod lightsail;
mod sagemaker;

use super::{Ask, Way};

/// Returns what to do about a kind that a service's file knows.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    const SERVICES: &[fn(&Ask) -> Option<Way>] = &[
        apprunner::way,
        autoscaling::way,
        batch::way,
        codebuild::way,
        ec2::way,
        ecs::way,
        eks::way,
        emr::way,
        eventbridge::way,
        lambda::way,
        lightsail::way,
        sagemaker::way,
    ];
    SERVICES.iter().find_map(|way| way(ask))
}
