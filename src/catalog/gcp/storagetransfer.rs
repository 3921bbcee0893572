//! Storage Transfer Service: bulk copies between clouds and buckets.

use super::common::{self, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const JOB: &str = "gcp.storagetransfer.transfer_job";
const ID: &str = "protoPayload.response.name~transferJobs/|protoPayload.request.jobName~transferJobs/|protoPayload.resourceName~transferJobs/|protoPayload.request.transferJob.name~transferJobs/";

pub static STORAGETRANSFER: Service = Service {
    source: "storagetransfer.googleapis.com",
    rows: &[
        on("StorageTransferService.CreateTransferJob")
            .creates(JOB, ID)
            .names(ID)
            .contain("storagetransfer.transferOperations.pause;storagetransfer.transferJobs.patch;!storagetransfer.transferJobs.delete")
            .tells(copies),
        on("StorageTransferService.UpdateTransferJob|StorageTransferService.RunTransferJob")
            .touches(JOB, ID, "changed or run")
            .names(ID)
            .contain("storagetransfer.transferOperations.pause;storagetransfer.transferJobs.patch")
            .tells(copies),
        on("StorageTransferService.DeleteTransferJob").deletes(JOB, ID).names(ID).undoes("gcp.storagetransfer.job"),
    ],
};

/// Tells what is copied where, as far as the record says.
fn copies(record: &Record, facts: &mut Vec<Fact>) {
    let Some(job) = common::last(facts, JOB).map(|resource| resource.id.clone()) else { return };
    let spec = "protoPayload.request.transferJob.transferSpec";
    let place = |ends: &[&str]| {
        ends.iter().find_map(|end| record.first(&format!("{spec}.{end}"))).map(|name| common::brief(&name))
    };
    let from = place(&[
        "gcsDataSource.bucketName",
        "awsS3DataSource.bucketName",
        "azureBlobStorageDataSource.container",
        "httpDataSource.listUrl",
    ]);
    let to = place(&["gcsDataSink.bucketName"]);
    let say = Say {
        kind: Exfiltration,
        technique: &TRANSFER_TO_CLOUD_ACCOUNT,
        subject: &job,
        pair: "gcp.storagetransfer.job",
        note: match (from, to) {
            (Some(from), Some(to)) => format!("Transfer job {job} copies {from} to {to}."),
            (_, _) => format!("Transfer job {job} copies data in bulk; see from where and where to."),
        },
    };
    let ends = record.is("protoPayload.request.transferJob.status", "DISABLED")
        || record.is("protoPayload.request.transferJob.status", "DELETED");
    facts.push(if ends { say.undoing(record) } else { say.fact(record) });
}
