//! Amazon EMR: clusters on instances of this account, tagged with the cluster's id.

use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static ELASTICMAPREDUCE: Service = Service {
    source: "elasticmapreduce.amazonaws.com",
    rows: &[
        on("RunJobFlow")
            .creates("aws.emr.cluster", "responseElements.jobFlowId")
            .names("responseElements.clusterArn")
            .contain("elasticmapreduce:SetTerminationProtection, elasticmapreduce:TerminateJobFlows")
            .tells(run),
        on("TerminateJobFlows").deletes("aws.emr.cluster", "requestParameters.jobFlowIds[]"),
        on("SetTerminationProtection")
            .touches("aws.emr.cluster", "requestParameters.jobFlowIds[]", "termination protection changed")
            .contain("elasticmapreduce:SetTerminationProtection")
            .tells(protected),
        on("AddJobFlowSteps")
            .touches("aws.emr.cluster", "requestParameters.jobFlowId", "given another step to run")
            .finding(
                Execution,
                &t::CLOUD_ADMIN_COMMAND,
                "Cluster {id} was given another step, which runs with the cluster's role.",
            )
            .contain("elasticmapreduce:CancelSteps, elasticmapreduce:TerminateJobFlows"),
        on("AddInstanceGroups|AddInstanceFleet|ModifyInstanceFleet|PutAutoScalingPolicy\
             |PutManagedScalingPolicy")
        .touches(
            "aws.emr.cluster",
            "requestParameters.jobFlowId|requestParameters.clusterId",
            "size changed",
        ),
        on("ModifyInstanceGroups").touches("aws.emr.cluster", "requestParameters.clusterId", "size changed"),
    ],
};

fn run(record: &Record, facts: &mut Vec<Fact>) {
    tell::launched(record, facts);
    tell::carries(record, facts, "requestParameters.jobFlowRole");
    tell::carries(record, facts, "requestParameters.serviceRole");
}

fn protected(record: &Record, facts: &mut Vec<Fact>) {
    let undoes = !record.is("requestParameters.terminationProtected", "true");
    for cluster in tell::resources(facts, &[crate::catalog::Act::Touches]) {
        let note = format!(
            "Cluster {} is protected from termination: clear that before you terminate it.",
            cluster.id
        );
        let pair = Half { label: "emr:termination-protection", concerns: &cluster.id, undoes };
        let (kind, technique) = (DefenseEvasion, &t::MODIFY_CLOUD_CONFIGURATION);
        facts.push(tell::half(record, kind, technique, note, cluster.id.clone(), pair));
    }
}
