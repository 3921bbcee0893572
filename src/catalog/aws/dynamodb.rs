//! Amazon DynamoDB.

use super::policy_document::{grant, lets_outsiders_in};
use crate::catalog::technique::{DATA_FROM_CLOUD_STORAGE, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Exfiltration, Exposure};

pub static DYNAMODB: Service = Service {
    source: "dynamodb.amazonaws.com",
    rows: &[
        on("CreateTable|RestoreTableFromBackup|RestoreTableToPointInTime|ImportTable")
            .creates("aws.dynamodb.table", "responseElements.tableDescription.tableArn|responseElements.importTableDescription.tableArn|requestParameters.tableName|requestParameters.targetTableName")
            .names("responseElements.tableDescription.tableName|requestParameters.tableName|requestParameters.targetTableName")
            .contain("dynamodb:UpdateTable, dynamodb:DeleteTable"),
        on("DeleteTable")
            .deletes("aws.dynamodb.table", "responseElements.tableDescription.tableArn|requestParameters.tableName")
            .names("requestParameters.tableName|responseElements.tableDescription.tableName"),
        on("UpdateTable|UpdateContinuousBackups|UpdateTimeToLive").touches("aws.dynamodb.table", "requestParameters.tableName", "its settings were changed"),
        on("ExportTableToPointInTime")
            .touches("aws.dynamodb.export", "responseElements.exportDescription.exportArn", "exports {requestParameters.tableArn} to bucket {requestParameters.s3Bucket}")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Table {requestParameters.tableArn} is being exported to bucket {requestParameters.s3Bucket}; an export can't be cancelled."),
        on("CreateBackup").creates("aws.dynamodb.backup", "responseElements.backupDetails.backupArn").names("requestParameters.backupName"),
        on("DeleteBackup").deletes("aws.dynamodb.backup", "requestParameters.backupArn"),
        on("PutResourcePolicy")
            .touches("aws.dynamodb.resource_policy", "requestParameters.resourceArn", "its policy was replaced")
            .tells(|record, facts| grant(record, "requestParameters.policy", "requestParameters.resourceArn", facts)),
        on("PutResourcePolicy")
            .about("aws.dynamodb.resource_policy", "requestParameters.resourceArn")
            .contain("dynamodb:DeleteResourcePolicy")
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "The policy of {id} now lets another account, or anybody, in.")
            .pair("dynamodb:policy")
            .only_if(|record| lets_outsiders_in(record, "requestParameters.policy")),
        on("DeleteResourcePolicy").touches("aws.dynamodb.resource_policy", "requestParameters.resourceArn", "its policy was deleted").undoes("dynamodb:policy"),
    ],
};
