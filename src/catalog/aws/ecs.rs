//! Amazon ECS: clusters, services that keep tasks running, tasks and what they are made from.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static ECS: Service = Service {
    source: "ecs.amazonaws.com",
    rows: &[
        on("CreateCluster")
            .creates("aws.ecs.cluster", "responseElements.cluster.clusterArn")
            .names("responseElements.cluster.clusterName|requestParameters.clusterName")
            .contain("ecs:PutClusterCapacityProviders, ecs:DeregisterContainerInstance, ecs:DeleteCluster"),
        on("UpdateCluster|UpdateClusterSettings|PutClusterCapacityProviders").touches(
            "aws.ecs.cluster",
            "responseElements.cluster.clusterArn|requestParameters.cluster",
            "settings changed",
        ),
        on("DeleteCluster")
            .deletes("aws.ecs.cluster", "responseElements.cluster.clusterArn|requestParameters.cluster")
            .names("responseElements.cluster.clusterName"),
        on("CreateService")
            .creates("aws.ecs.service", "responseElements.service.serviceArn")
            .contain("ecs:UpdateService, ecs:DeleteService")
            .tells(cluster_and_name),
        on("UpdateService")
            .touches(
                "aws.ecs.service",
                "responseElements.service.serviceArn",
                "count or task definition changed",
            )
            .contain("ecs:UpdateService")
            .tells(cluster_and_name),
        on("DeleteService")
            .deletes(
                "aws.ecs.service",
                "responseElements.service.serviceArn|requestParameters.cluster+requestParameters.service",
            )
            .tells(cluster_and_name),
        on("CreateTaskSet")
            .creates("aws.ecs.task_set", "responseElements.taskSet.taskSetArn")
            .contain("ecs:UpdateTaskSet, ecs:DeleteTaskSet"),
        on("DeleteTaskSet")
            .deletes("aws.ecs.task_set", "responseElements.taskSet.taskSetArn|requestParameters.taskSet"),
        on("RunTask|StartTask")
            .creates("aws.ecs.task", "responseElements.tasks[].taskArn")
            .contain("ecs:StopTask")
            .tells(tasks),
        on("StopTask")
            .deletes("aws.ecs.task", "responseElements.task.taskArn|requestParameters.task")
            .tells(task_names),
        on("ExecuteCommand")
            .touches(
                "aws.ecs.task",
                "responseElements.taskArn|requestParameters.task",
                "entered with a shell",
            )
            .finding(
                Execution,
                &t::CLOUD_ADMIN_COMMAND,
                "Somebody opened a shell in a container of task {id}.",
            )
            .contain("ecs:StopTask")
            .tells(task_names),
        on("RegisterTaskDefinition")
            .creates("aws.ecs.task_definition", "responseElements.taskDefinition.taskDefinitionArn")
            .contain("ecs:DeregisterTaskDefinition")
            .tells(task_definition),
        on("DeregisterTaskDefinition")
            .deletes(
                "aws.ecs.task_definition",
                "responseElements.taskDefinition.taskDefinitionArn|requestParameters.taskDefinition",
            )
            .tells(task_definition_names),
        on("DeleteTaskDefinitions").deletes(
            "aws.ecs.task_definition",
            "responseElements.taskDefinitions[].taskDefinitionArn|requestParameters.taskDefinitions[]",
        ),
        on("CreateCapacityProvider")
            .creates("aws.ecs.capacity_provider", "responseElements.capacityProvider.capacityProviderArn")
            .names("requestParameters.name")
            .contain("ecs:PutClusterCapacityProviders, ecs:DeleteCapacityProvider"),
        on("DeleteCapacityProvider")
            .deletes(
                "aws.ecs.capacity_provider",
                "responseElements.capacityProvider.capacityProviderArn|requestParameters.capacityProvider",
            )
            .names("responseElements.capacityProvider.name"),
        on("RegisterContainerInstance|DeregisterContainerInstance").touches(
            "aws.ecs.cluster",
            "requestParameters.cluster",
            "container instances changed",
        ),
        on("TagResource|UntagResource|PutAccountSetting|PutAccountSettingDefault\
                 |SubmitContainerStateChange|SubmitTaskStateChange|DiscoverPollEndpoint"),
    ],
};

/// A service's name is unique within its cluster only, so its other name is `cluster/name`.
fn cluster_and_name(_: &Record, facts: &mut Vec<Fact>) {
    tell::name_after(facts, "aws.ecs.service", ":service/");
}

/// A task's credentials are minted with its id, the last part of its ARN, as session name.
fn task_names(_: &Record, facts: &mut Vec<Fact>) {
    for task in tell::named(facts, "aws.ecs.task") {
        let id = task.id.clone();
        if let Some((_, last)) = id.rsplit_once('/') {
            tell::add_name(task, last);
        }
    }
}

fn tasks(record: &Record, facts: &mut Vec<Fact>) {
    task_names(record, facts);
    tell::carries(record, facts, "requestParameters.overrides.taskRoleArn");
}

fn task_definition_names(_: &Record, facts: &mut Vec<Fact>) {
    tell::name_after(facts, "aws.ecs.task_definition", ":task-definition/");
}

fn task_definition(record: &Record, facts: &mut Vec<Fact>) {
    task_definition_names(record, facts);
    tell::carries(record, facts, "responseElements.taskDefinition.taskRoleArn|requestParameters.taskRoleArn");
    tell::carries(
        record,
        facts,
        "responseElements.taskDefinition.executionRoleArn|requestParameters.executionRoleArn",
    );
}
