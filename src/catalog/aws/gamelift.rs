//! Amazon GameLift: fleets whose instances run in an account of Amazon's.

use super::tell;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;

pub static GAMELIFT: Service = Service {
    source: "gamelift.amazonaws.com",
    rows: &[
        on("CreateFleet")
            .creates("aws.gamelift.fleet", "responseElements.fleetAttributes.fleetId")
            .names("responseElements.fleetAttributes.fleetArn")
            .contain("gamelift:StopFleetActions, gamelift:UpdateFleetCapacity, gamelift:DeleteFleet")
            .tells(role),
        on("UpdateFleetCapacity|StartFleetActions|StopFleetActions|PutScalingPolicy").touches(
            "aws.gamelift.fleet",
            "requestParameters.fleetId",
            "capacity changed",
        ),
        on("DeleteFleet").deletes("aws.gamelift.fleet", "requestParameters.fleetId"),
        on("CreateBuild")
            .creates("aws.gamelift.build", "responseElements.build.buildId")
            .contain("gamelift:DeleteBuild"),
        on("DeleteBuild").deletes("aws.gamelift.build", "requestParameters.buildId"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.instanceRoleArn");
}
