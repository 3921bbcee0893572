//! AWS, one file per service.

mod apprunner;
mod autoscaling;
mod batch;
mod cloudcontrol;
mod cloudformation;
mod cloudtrail;
mod codebuild;
mod ec2;
mod ecs;
mod eks;
mod emr;
mod eventbridge;
mod glue;
mod lambda;
mod lightsail;
mod s3;
mod sagemaker;
mod scheduler;
mod ses;
mod sfn;
mod ssm;

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
        glue::way,
        cloudformation::way,
        scheduler::way,
        sfn::way,
        ssm::way,
        s3::way,
        ses::way,
        cloudtrail::way,
        cloudcontrol::way,
    ];
    SERVICES.iter().find_map(|way| way(ask))
}
