//! BigQuery. Newer entries tell in `metadata` (BigQueryAuditMetadata), older ones in `serviceData` (`jobservice.…`).

use super::common::{self, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const JOB: &str = "gcp.bigquery.job";
const JOB_ID: &str = "protoPayload.metadata.jobChange.job.jobName|protoPayload.metadata.jobInsertion.job.jobName|protoPayload.metadata.tableCreation.jobName|protoPayload.resourceName~/jobs/|protoPayload.serviceData.jobInsertResponse.resource.jobName.jobId|protoPayload.resourceName";
const DATASET: &str = "gcp.bigquery.dataset";
const DATASET_ID: &str = "projects/{protoPayload.serviceData.datasetInsertResponse.resource.datasetName.projectId}/datasets/{protoPayload.serviceData.datasetInsertResponse.resource.datasetName.datasetId}|projects/{protoPayload.serviceData.datasetInsertRequest.resource.datasetName.projectId}/datasets/{protoPayload.serviceData.datasetInsertRequest.resource.datasetName.datasetId}|protoPayload.metadata.datasetCreation.dataset.datasetName|protoPayload.resourceName~/datasets/";
const TABLE: &str = "gcp.bigquery.table";
const TABLE_ID: &str = "projects/{protoPayload.serviceData.tableInsertResponse.resource.tableName.projectId}/datasets/{protoPayload.serviceData.tableInsertResponse.resource.tableName.datasetId}/tables/{protoPayload.serviceData.tableInsertResponse.resource.tableName.tableId}|protoPayload.metadata.tableCreation.table.tableName|protoPayload.resourceName~/tables/";

pub static BIGQUERY: Service = Service {
    source: "bigquery.googleapis.com",
    rows: &[
        // A job that is done is nothing that is left; what it took out is what counts.
        on("JobService.InsertJob|JobService.Query|jobservice.insert|jobservice.query|jobservice.jobcompleted|InternalTableExpired")
            .about(JOB, JOB_ID)
            .contain("bigquery.jobs.cancel")
            .tells(taken),
        on("JobService.InsertJob|JobService.Query")
            .creates(TABLE, "protoPayload.metadata.tableCreation.table.tableName")
            .only_if(|record| record.value("protoPayload.metadata.tableCreation").is_some()),
        on("JobService.InsertJob|JobService.Query")
            .deletes(TABLE, "protoPayload.resourceName~/tables/")
            .only_if(|record| record.value("protoPayload.metadata.tableDeletion").is_some())
            .finding(Destruction, &DATA_DESTRUCTION, "Table {id} was dropped; time travel brings it back for 7 days."),
        on("DatasetService.InsertDataset|datasetservice.insert").creates(DATASET, DATASET_ID).contain("!bigquery.datasets.delete"),
        on("DatasetService.UpdateDataset|DatasetService.PatchDataset|datasetservice.update|datasetservice.patch|IAMPolicy.SetIamPolicy")
            .touches(DATASET, "protoPayload.resourceName~/datasets/", "access or settings changed")
            .contain("bigquery.datasets.patch;bigquery.tables.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, DATASET, Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT)),
        on("DatasetService.DeleteDataset|datasetservice.delete")
            .deletes(DATASET, "protoPayload.resourceName~/datasets/")
            .contain("bigquery.datasets.undelete")
            .finding(Destruction, &DATA_DESTRUCTION, "Dataset {id} was deleted with its tables; it can be undeleted for 7 days."),
        on("TableService.InsertTable|tableservice.insert").creates(TABLE, TABLE_ID).contain("!bigquery.tables.delete"),
        on("TableService.UpdateTable|TableService.PatchTable|tableservice.update|tableservice.patch").touches(TABLE, "protoPayload.resourceName~/tables/", "changed"),
        on("TableService.DeleteTable|tableservice.delete")
            .deletes(TABLE, "protoPayload.resourceName~/tables/")
            .finding(Destruction, &DATA_DESTRUCTION, "Table {id} was deleted; time travel brings it back for 7 days."),
        on("TableDataService.List|tabledataservice.list").touches(TABLE, "protoPayload.resourceName~/tables/", "read"),
    ],
};

/// Tells data that a job took out: an export to a bucket, or a copy to a dataset of another project.
fn taken(record: &Record, facts: &mut Vec<Fact>) {
    let Some(job) = record.first(JOB_ID) else { return };
    let config = |field: &str| {
        record.all(&format!(
            "protoPayload.metadata.jobChange.job.jobConfig.{field}|protoPayload.metadata.jobInsertion.job.jobConfig.{field}"
        ))
    };
    let mut to = config("extractConfig.destinationUris[]");
    to.extend(record.all("protoPayload.serviceData.jobInsertRequest.resource.jobConfiguration.extract.destinationUris[]|protoPayload.serviceData.jobCompletedEvent.job.jobConfiguration.extract.destinationUris[]"));
    for field in ["queryConfig.destinationTable", "tableCopyConfig.destinationTable"] {
        // `projects/P/…` of another project than the one that runs the job.
        to.extend(config(field).into_iter().filter(|table| {
            table
                .split('/')
                .nth(1)
                .is_some_and(|project| !project.is_empty() && project != &*record.scope.account)
                && !record.scope.account.is_empty()
        }));
    }
    let exports = config("queryConfig.statementType").iter().any(|kind| &**kind == "EXPORT_DATA");
    if exports && to.is_empty() {
        to.push("a bucket that its query names".into());
    }
    if to.is_empty() {
        return;
    }
    let note = format!("BigQuery job {job} wrote data to {}.", common::brief(&to.join(", ")));
    facts.push(
        Say { kind: Exfiltration, technique: &TRANSFER_TO_CLOUD_ACCOUNT, subject: &job, pair: "", note }
            .fact(record),
    );
}
