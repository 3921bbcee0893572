//! AWS: instance types and when they ran, disks, tasks, SageMaker machines, calls to models.

use super::{Row, pairs};
use crate::catalog::Record;
use crate::model::meter::Reading::{self, *};
use crate::model::meter::Words;

const EC2: &str = "ec2.amazonaws.com";
const ECS: &str = "ecs.amazonaws.com";
const SAGEMAKER: &str = "sagemaker.amazonaws.com";
const INSTANCE: &str = "aws.ec2.instance";
const NOTEBOOK: &str = "aws.sagemaker.notebook_instance";

const fn row(
    source: &'static str,
    events: &'static str,
    kind: &'static str,
    reading: Reading,
    words: &'static [(&'static str, &'static str)],
) -> Row {
    Row { source, events, kind, id: "", reading, words, lists: None }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        lists: Some(disks),
        ..row(
            EC2,
            "RunInstances",
            INSTANCE,
            Sized,
            &[
                ("type", "responseElements.instancesSet.items[].instanceType|requestParameters.instanceType"),
                (
                    "lifecycle",
                    "responseElements.instancesSet.items[].instanceLifecycle\
                     |requestParameters.instanceMarketOptions.marketType",
                ),
                ("max_price", "requestParameters.instanceMarketOptions.spotOptions.maxPrice"),
                ("platform", "responseElements.instancesSet.items[].platform"),
                ("tenancy", "responseElements.instancesSet.items[].placement.tenancy"),
                ("public", "requestParameters.networkInterfaceSet.items[].associatePublicIpAddress"),
            ],
        )
    },
    row(
        EC2,
        "CreateFleet",
        INSTANCE,
        Sized,
        &[
            ("type", "responseElements.fleetInstanceSet.item[].instanceType"),
            ("lifecycle", "responseElements.fleetInstanceSet.item[].lifecycle"),
        ],
    ),
    row(EC2, "StartInstances", INSTANCE, On, &[]),
    row(EC2, "StopInstances", INSTANCE, Off, &[]),
    Row {
        id: "requestParameters.instanceId",
        ..row(
            EC2,
            "ModifyInstanceAttribute",
            INSTANCE,
            Sized,
            &[("type", "requestParameters.instanceType.value|requestParameters.instanceType")],
        )
    },
    row(
        EC2,
        "RequestSpotInstances",
        "aws.ec2.spot_request",
        Sized,
        &[("max_price", "requestParameters.spotPrice")],
    ),
    row(
        EC2,
        "CreateVolume",
        "aws.ec2.volume",
        Sized,
        &[
            ("gb", "responseElements.size|requestParameters.size"),
            ("type", "responseElements.volumeType|requestParameters.volumeType"),
        ],
    ),
    Row {
        id: "responseElements.volumeModification.volumeId|requestParameters.volumeId",
        ..row(
            EC2,
            "ModifyVolume",
            "aws.ec2.volume",
            Sized,
            &[
                ("gb", "responseElements.volumeModification.targetSize|requestParameters.size"),
                ("type", "responseElements.volumeModification.targetVolumeType|requestParameters.volumeType"),
            ],
        )
    },
    row(EC2, "CreateSnapshot", "aws.ec2.snapshot", Sized, &[("gb", "responseElements.volumeSize")]),
    row(
        EC2,
        "CreateCapacityReservation",
        "aws.ec2.capacity_reservation",
        Sized,
        &[
            ("type", "responseElements.capacityReservation.instanceType|requestParameters.instanceType"),
            (
                "count",
                "responseElements.capacityReservation.totalInstanceCount|requestParameters.instanceCount",
            ),
        ],
    ),
    row(
        ECS,
        "RunTask|StartTask",
        "aws.ecs.task",
        Sized,
        &[
            ("cpu", "responseElements.tasks[].cpu"),
            ("memory", "responseElements.tasks[].memory"),
            ("launch", "responseElements.tasks[].launchType|requestParameters.launchType"),
            ("provider", "responseElements.tasks[].capacityProviderName"),
            (
                "task_definition",
                "responseElements.tasks[].taskDefinitionArn|requestParameters.taskDefinition",
            ),
        ],
    ),
    row(
        ECS,
        "RegisterTaskDefinition",
        "aws.ecs.task_definition",
        Sized,
        &[
            ("cpu", "responseElements.taskDefinition.cpu|requestParameters.cpu"),
            ("memory", "responseElements.taskDefinition.memory|requestParameters.memory"),
            (
                "architecture",
                "responseElements.taskDefinition.runtimePlatform.cpuArchitecture\
                 |requestParameters.runtimePlatform.cpuArchitecture",
            ),
        ],
    ),
    row(
        ECS,
        "CreateService|UpdateService",
        "aws.ecs.service",
        Sized,
        &[
            ("count", "responseElements.service.desiredCount|requestParameters.desiredCount"),
            ("task_definition", "responseElements.service.taskDefinition|requestParameters.taskDefinition"),
            ("launch", "responseElements.service.launchType|requestParameters.launchType"),
            ("provider", "responseElements.service.capacityProviderStrategy[].capacityProvider"),
        ],
    ),
    row(
        SAGEMAKER,
        "CreateNotebookInstance|UpdateNotebookInstance",
        NOTEBOOK,
        Sized,
        &[("type", "requestParameters.instanceType")],
    ),
    row(SAGEMAKER, "StartNotebookInstance", NOTEBOOK, On, &[]),
    row(SAGEMAKER, "StopNotebookInstance", NOTEBOOK, Off, &[]),
    row(
        SAGEMAKER,
        "CreateTrainingJob",
        "aws.sagemaker.training_job",
        Sized,
        &[
            ("type", "requestParameters.resourceConfig.instanceType"),
            ("count", "requestParameters.resourceConfig.instanceCount"),
            ("seconds", "requestParameters.stoppingCondition.maxRuntimeInSeconds"),
        ],
    ),
    row(
        SAGEMAKER,
        "CreateProcessingJob",
        "aws.sagemaker.processing_job",
        Sized,
        &[
            ("type", "requestParameters.processingResources.clusterConfig.instanceType"),
            ("count", "requestParameters.processingResources.clusterConfig.instanceCount"),
            ("seconds", "requestParameters.stoppingCondition.maxRuntimeInSeconds"),
        ],
    ),
    row(
        SAGEMAKER,
        "CreateTransformJob",
        "aws.sagemaker.transform_job",
        Sized,
        &[
            ("type", "requestParameters.transformResources.instanceType"),
            ("count", "requestParameters.transformResources.instanceCount"),
        ],
    ),
    row(
        SAGEMAKER,
        "CreateEndpointConfig",
        "aws.sagemaker.endpoint_config",
        Sized,
        &[
            ("type", "requestParameters.productionVariants[].instanceType"),
            ("count", "requestParameters.productionVariants[].initialInstanceCount"),
        ],
    ),
    row(
        SAGEMAKER,
        "CreateEndpoint|UpdateEndpoint",
        "aws.sagemaker.endpoint",
        Sized,
        &[("config", "requestParameters.endpointConfigName")],
    ),
    row(
        SAGEMAKER,
        "CreateApp",
        "aws.sagemaker.app",
        Sized,
        &[("type", "requestParameters.resourceSpec.instanceType")],
    ),
    Row {
        id: "requestParameters.modelId",
        ..row(
            "bedrock.amazonaws.com",
            "InvokeModel|InvokeModelWithResponseStream|InvokeModelWithBidirectionalStream|Converse|ConverseStream\
             |StartAsyncInvoke",
            "aws.bedrock.invocation",
            Used,
            &[
                (
                    "input",
                    "additionalEventData.inputTokenCount|additionalEventData.inputTokens\
                     |responseElements.usage.inputTokens",
                ),
                (
                    "output",
                    "additionalEventData.outputTokenCount|additionalEventData.outputTokens\
                     |responseElements.usage.outputTokens",
                ),
            ],
        )
    },
];

/// Disks that the request itself sizes; what the image brings along is in no record.
fn disks(record: &Record, words: &mut Words) {
    let list = "requestParameters.blockDeviceMapping.items[]";
    pairs(record, words, "disks", list, "ebs.volumeSize", "ebs.volumeType");
}
