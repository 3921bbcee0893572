//! Google Cloud: machine types, accelerators, disks and addresses of VMs and templates, jobs of Vertex, calls to models.

use super::{Row, pairs};
use crate::catalog::Record;
use crate::model::meter::Reading::{self, *};
use crate::model::meter::Words;

const COMPUTE: &str = "compute.googleapis.com";
const VERTEX: &str = "aiplatform.googleapis.com";
const INSTANCE: &str = "gcp.compute.instance";
const INSTANCE_ID: &str = "resource.labels.instance_id|protoPayload.resourceName";
const GROUP: &str = "gcp.compute.instance_group_manager";

const fn row(
    source: &'static str,
    events: &'static str,
    kind: &'static str,
    reading: Reading,
    words: &'static [(&'static str, &'static str)],
) -> Row {
    Row { source, events, kind, id: "", reading, words, lists: None }
}

macro_rules! machine {
    ($within:literal) => {
        &[
            ("type", concat!("protoPayload.request", $within, ".machineType")),
            (
                "lifecycle",
                concat!(
                    "protoPayload.request",
                    $within,
                    ".scheduling.provisioningModel|protoPayload.request",
                    $within,
                    ".schedulings.provisioningModel"
                ),
            ),
            (
                "preemptible",
                concat!(
                    "protoPayload.request",
                    $within,
                    ".scheduling.preemptible|protoPayload.request",
                    $within,
                    ".schedulings.preemptible"
                ),
            ),
            ("template", "protoPayload.request.sourceInstanceTemplate"),
            ("count", "protoPayload.request.count"),
        ]
    };
}

pub(super) const ROWS: &[Row] = &[
    Row {
        lists: Some(|record, words| parts(record, words, "protoPayload.request")),
        ..row(COMPUTE, "compute.instances.insert", INSTANCE, Sized, machine!(""))
    },
    Row {
        lists: Some(|record, words| parts(record, words, "protoPayload.request.instanceProperties")),
        ..row(
            COMPUTE,
            "compute.instances.bulkInsert|compute.regionInstances.bulkInsert",
            "gcp.compute.bulk_insert",
            Sized,
            machine!(".instanceProperties"),
        )
    },
    Row {
        lists: Some(|record, words| parts(record, words, "protoPayload.request.properties")),
        ..row(
            COMPUTE,
            "compute.instanceTemplates.insert|compute.regionInstanceTemplates.insert",
            "gcp.compute.instance_template",
            Sized,
            machine!(".properties"),
        )
    },
    row(
        COMPUTE,
        "compute.instances.start|compute.instances.resume|compute.instances.startWithEncryptionKey",
        INSTANCE,
        On,
        &[],
    ),
    Row {
        id: INSTANCE_ID,
        ..row(
            COMPUTE,
            "compute.instances.stop|compute.instances.suspend|compute.instances.preempted\
             |compute.instances.guestTerminate|compute.instances.terminateOnHostMaintenance",
            INSTANCE,
            Off,
            &[],
        )
    },
    row(
        COMPUTE,
        "compute.instances.setMachineType|compute.instances.setMachineResources|compute.instances.update",
        INSTANCE,
        Sized,
        &[("type", "protoPayload.request.machineType")],
    ),
    row(
        COMPUTE,
        "compute.instanceGroupManagers.insert|compute.regionInstanceGroupManagers.insert\
         |compute.instanceGroupManagers.patch|compute.regionInstanceGroupManagers.patch\
         |compute.instanceGroupManagers.setInstanceTemplate|compute.regionInstanceGroupManagers.setInstanceTemplate",
        GROUP,
        Sized,
        &[(
            "template",
            "protoPayload.request.instanceTemplate|protoPayload.request.versions[].instanceTemplate",
        )],
    ),
    row(
        COMPUTE,
        "compute.disks.insert|compute.regionDisks.insert|compute.disks.resize|compute.regionDisks.resize",
        "gcp.compute.disk",
        Sized,
        &[("gb", "protoPayload.request.sizeGb"), ("type", "protoPayload.request.type")],
    ),
    row(
        "tpu.googleapis.com",
        "Tpu.CreateNode",
        "gcp.tpu.node",
        Sized,
        &[
            ("type", "protoPayload.request.node.acceleratorType"),
            ("preemptible", "protoPayload.request.node.schedulingConfig.preemptible"),
        ],
    ),
    Row {
        lists: Some(|record, words| {
            let list = "protoPayload.request.instance.gceSetup.acceleratorConfigs[]|protoPayload.request.instance.acceleratorConfig";
            pairs(record, words, "accelerators", list, "coreCount", "type");
        }),
        ..row(
            "notebooks.googleapis.com",
            "NotebookService.CreateInstance",
            "gcp.notebooks.instance",
            Sized,
            &[(
                "type",
                "protoPayload.request.instance.gceSetup.machineType|protoPayload.request.instance.machineType",
            )],
        )
    },
    row("notebooks.googleapis.com", "NotebookService.StartInstance", "gcp.notebooks.instance", On, &[]),
    row("notebooks.googleapis.com", "NotebookService.StopInstance", "gcp.notebooks.instance", Off, &[]),
    Row {
        lists: Some(|record, words| {
            let list = "protoPayload.request.customJob.jobSpec.workerPoolSpecs[].machineSpec";
            pairs(record, words, "accelerators", list, "acceleratorCount", "acceleratorType");
        }),
        ..row(
            VERTEX,
            "JobService.CreateCustomJob",
            "gcp.aiplatform.custom_job",
            Sized,
            &[
                ("type", "protoPayload.request.customJob.jobSpec.workerPoolSpecs[].machineSpec.machineType"),
                ("count", "protoPayload.request.customJob.jobSpec.workerPoolSpecs[].replicaCount"),
            ],
        )
    },
    Row {
        id: MODEL_ID,
        ..row(
            VERTEX,
            "PredictionService.GenerateContent|PredictionService.StreamGenerateContent|PredictionService.Predict\
             |PredictionService.RawPredict|PredictionService.StreamRawPredict|PredictionService.ServerStreamingPredict",
            "gcp.aiplatform.publisher_model",
            Used,
            TOKENS,
        )
    },
    Row {
        id: MODEL_ID,
        ..row(
            "generativelanguage.googleapis.com",
            "GenerativeService.GenerateContent|GenerativeService.StreamGenerateContent",
            "gcp.generativelanguage.model",
            Used,
            TOKENS,
        )
    },
];

const MODEL_ID: &str = "protoPayload.request.endpoint|protoPayload.request.model|protoPayload.resourceName~/models/|protoPayload.resourceName";

const TOKENS: &[(&str, &str)] = &[
    (
        "input",
        "protoPayload.response.usageMetadata.promptTokenCount|protoPayload.metadata.usageMetadata.promptTokenCount",
    ),
    (
        "output",
        "protoPayload.response.usageMetadata.candidatesTokenCount\
         |protoPayload.metadata.usageMetadata.candidatesTokenCount",
    ),
];

/// Accelerators, disks and public addresses that the request asks for.
fn parts(record: &Record, words: &mut Words, within: &str) {
    let list = format!("{within}.guestAccelerators[]");
    pairs(record, words, "accelerators", &list, "acceleratorCount", "acceleratorType");
    let list = format!("{within}.disks[]");
    pairs(
        record,
        words,
        "disks",
        &list,
        "initializeParams.diskSizeGb|diskSizeGb",
        "initializeParams.diskType",
    );
    let addresses = record.values(&format!("{within}.networkInterfaces[].accessConfigs[]")).len();
    if addresses > 0 {
        words.insert("addresses", addresses.to_string().into());
    }
}
