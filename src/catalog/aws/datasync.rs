//! AWS DataSync.

use crate::catalog::technique::DATA_FROM_CLOUD_STORAGE;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Exfiltration;

pub static DATASYNC: Service = Service {
    source: "datasync.amazonaws.com",
    rows: &[
        on("CreateTask")
            .creates("aws.datasync.task", "responseElements.taskArn")
            .names("requestParameters.name")
            .contain("datasync:CancelTaskExecution, datasync:DeleteTask")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Task {id} was made to copy data from {requestParameters.sourceLocationArn} to {requestParameters.destinationLocationArn}.")
            .pair("datasync:task"),
        on("DeleteTask").deletes("aws.datasync.task", "requestParameters.taskArn"),
        on("DeleteTask").about("aws.datasync.task", "requestParameters.taskArn").undoes("datasync:task"),
        on("UpdateTask").touches("aws.datasync.task", "requestParameters.taskArn", "changed"),
        on("StartTaskExecution")
            .touches("aws.datasync.execution", "responseElements.taskExecutionArn", "started for {requestParameters.taskArn}")
            .contain("datasync:CancelTaskExecution")
            .finding(Exfiltration, &DATA_FROM_CLOUD_STORAGE, "Task {requestParameters.taskArn} started to copy data (execution {id}).")
            .pair("datasync:execution"),
        on("CancelTaskExecution").touches("aws.datasync.execution", "requestParameters.taskExecutionArn", "cancelled").undoes("datasync:execution"),
        on("CreateLocationS3|CreateLocationObjectStorage|CreateLocationNfs|CreateLocationSmb|CreateLocationEfs|CreateLocationAzureBlob|CreateLocationHdfs|CreateLocationFsxLustre|CreateLocationFsxWindows|CreateLocationFsxOntap|CreateLocationFsxOpenZfs")
            .creates("aws.datasync.location", "responseElements.locationArn"),
        on("DeleteLocation").deletes("aws.datasync.location", "requestParameters.locationArn"),
        on("CreateAgent").creates("aws.datasync.agent", "responseElements.agentArn").names("requestParameters.agentName"),
        on("DeleteAgent").deletes("aws.datasync.agent", "requestParameters.agentArn"),
    ],
};
