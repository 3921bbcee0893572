//! AWS Systems Manager.

use crate::catalog::technique::{
    CLOUD_ADMIN_COMMAND, CLOUD_SECRETS, DIRECT_VM_CONNECTIONS, SCHEDULED_TASK, TRANSFER_TO_CLOUD_ACCOUNT,
};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{CredentialAccess, Execution, Exposure, Persistence};

pub static SSM: Service = Service {
    source: "ssm.amazonaws.com",
    rows: &[
        // Parameters. The name is the id: the response of PutParameter has none.
        on("PutParameter").creates("aws.ssm.parameter", NAME).only_if(is_first_version),
        on("PutParameter").touches("aws.ssm.parameter", NAME, "its value was replaced").only_if(|record| !is_first_version(record)),
        on("DeleteParameter").deletes("aws.ssm.parameter", NAME),
        on("DeleteParameters").deletes("aws.ssm.parameter", "responseElements.deletedParameters[]|requestParameters.names[]"),
        on("LabelParameterVersion|UnlabelParameterVersion").touches("aws.ssm.parameter", NAME, "its labels were changed"),
        on("GetParameter|GetParameters|GetParameterHistory")
            .touches("aws.ssm.parameter", "requestParameters.names[]|requestParameters.name", "its secret value was read")
            .finding(CredentialAccess, &CLOUD_SECRETS, "Parameter {id} was read in clear: change what it holds.")
            .each()
            .only_if(decrypts),
        on("GetParametersByPath")
            .touches("aws.ssm.parameter", "requestParameters.path", "secret values below it were read")
            .finding(CredentialAccess, &CLOUD_SECRETS, "Every parameter under {id} was read in clear: change what they hold.")
            .only_if(decrypts),
        // Running things on instances.
        on("SendCommand")
            .about("aws.ssm.command", "responseElements.command.commandId")
            .contain("ssm:CancelCommand")
            .finding(Execution, &CLOUD_ADMIN_COMMAND, "Document {requestParameters.documentName} was run as root on {requestParameters.instanceIds[]|requestParameters.targets[].values[]} (command {id}).")
            .pair("ssm:command"),
        on("SendCommand").touches("aws.ec2.instance", "requestParameters.instanceIds[]", "a command was run on it by Systems Manager"),
        on("CancelCommand").about("aws.ssm.command", "requestParameters.commandId").undoes("ssm:command"),
        on("StartSession|ResumeSession")
            .about("aws.ssm.session", "responseElements.sessionId|requestParameters.sessionId")
            .contain("ssm:TerminateSession")
            .finding(Execution, &DIRECT_VM_CONNECTIONS, "A shell was opened on {requestParameters.target|responseElements.sessionId} (session {id}).")
            .pair("ssm:session"),
        on("StartSession").touches("aws.ec2.instance", "requestParameters.target", "a shell was opened on it by Systems Manager"),
        on("TerminateSession").about("aws.ssm.session", "requestParameters.sessionId").undoes("ssm:session"),
        on("StartAutomationExecution|StartChangeRequestExecution")
            .about("aws.ssm.automation", "responseElements.automationExecutionId")
            .contain("ssm:StopAutomationExecution")
            .finding(Execution, &CLOUD_ADMIN_COMMAND, "Automation {requestParameters.documentName} was started (execution {id}) and acts with the role that it was given.")
            .pair("ssm:automation"),
        on("StopAutomationExecution").about("aws.ssm.automation", "requestParameters.automationExecutionId").undoes("ssm:automation"),
        on("CreateAssociation")
            .creates("aws.ssm.association", "responseElements.associationDescription.associationId")
            .names("requestParameters.associationName")
            .contain("ssm:DeleteAssociation")
            .finding(Persistence, &SCHEDULED_TASK, "Association {id} runs document {requestParameters.name} on its instances again and again.")
            .pair("ssm:association"),
        on("UpdateAssociation").touches("aws.ssm.association", "requestParameters.associationId", "changed"),
        on("DeleteAssociation").deletes("aws.ssm.association", "requestParameters.associationId|requestParameters.name"),
        on("DeleteAssociation").about("aws.ssm.association", "requestParameters.associationId").undoes("ssm:association"),
        on("CreateActivation")
            .creates("aws.ssm.activation", "responseElements.activationId")
            .contain("ssm:DeleteActivation")
            .finding(Persistence, &CLOUD_ADMIN_COMMAND, "Activation {id} lets a machine from outside join as a managed node with role {requestParameters.iamRole}.")
            .pair("ssm:activation"),
        on("DeleteActivation").deletes("aws.ssm.activation", "requestParameters.activationId"),
        on("DeleteActivation").about("aws.ssm.activation", "requestParameters.activationId").undoes("ssm:activation"),
        on("DeregisterManagedInstance").touches("aws.ssm.managed_instance", "requestParameters.instanceId", "deregistered"),
        on("CreateMaintenanceWindow").creates("aws.ssm.maintenance_window", "responseElements.windowId").names(NAME).contain("ssm:UpdateMaintenanceWindow"),
        on("RegisterTaskWithMaintenanceWindow")
            .touches("aws.ssm.maintenance_window", "requestParameters.windowId", "given task {requestParameters.taskArn}")
            .contain("ssm:DeregisterTaskFromMaintenanceWindow")
            .finding(Persistence, &SCHEDULED_TASK, "Maintenance window {id} now runs {requestParameters.taskArn} on a schedule.")
            .pair("ssm:window-task"),
        on("DeregisterTaskFromMaintenanceWindow").touches("aws.ssm.maintenance_window", "requestParameters.windowId", "a task was taken out").undoes("ssm:window-task"),
        on("UpdateMaintenanceWindow").touches("aws.ssm.maintenance_window", "requestParameters.windowId", "changed"),
        on("DeleteMaintenanceWindow").deletes("aws.ssm.maintenance_window", "requestParameters.windowId"),
        // Documents.
        on("CreateDocument").creates("aws.ssm.document", "responseElements.documentDescription.name|requestParameters.name").contain("ssm:UpdateDocumentDefaultVersion"),
        on("UpdateDocument|UpdateDocumentDefaultVersion").touches("aws.ssm.document", NAME, "its content or version was changed"),
        on("DeleteDocument").deletes("aws.ssm.document", NAME),
        on("ModifyDocumentPermission")
            .touches("aws.ssm.document", NAME, "shared with {requestParameters.accountIdsToAdd[]}")
            .contain("ssm:ModifyDocumentPermission")
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "Document {id} was shared with {requestParameters.accountIdsToAdd[]}.")
            .pair("ssm:share {requestParameters.accountIdsToAdd[]}")
            .only_if(|record| !record.all(ADDED).is_empty())
            .tells(|record, facts| shares(record, ADDED, facts, |member, on| Fact::Granted { member, role: "use".into(), on })),
        on("ModifyDocumentPermission")
            .touches("aws.ssm.document", NAME, "no longer shared with {requestParameters.accountIdsToRemove[]}")
            .undoes("ssm:share {requestParameters.accountIdsToRemove[]}")
            .only_if(|record| !record.all(REMOVED).is_empty())
            .tells(|record, facts| shares(record, REMOVED, facts, |member, on| Fact::Withdrawn { member, role: "use".into(), on })),
        on("UpdateServiceSetting|ResetServiceSetting").touches("aws.ssm.service_setting", "requestParameters.settingId", "set to {requestParameters.settingValue}"),
    ],
};

const NAME: &str = "requestParameters.name";
const ADDED: &str = "requestParameters.accountIdsToAdd[]";
const REMOVED: &str = "requestParameters.accountIdsToRemove[]";

/// The response counts versions; where it is missing, a call that may not overwrite made a new one.
fn is_first_version(record: &Record) -> bool {
    match record.first("responseElements.version") {
        Some(version) => &*version == "1",
        None => !record.is("requestParameters.overwrite", "true"),
    }
}

fn decrypts(record: &Record) -> bool {
    record.is("requestParameters.withDecryption", "true")
}

fn shares(
    record: &Record,
    with: &str,
    facts: &mut Vec<Fact>,
    fact: fn(std::sync::Arc<str>, std::sync::Arc<str>) -> Fact,
) {
    let Some(on) = record.first(NAME) else { return };
    facts.extend(record.all(with).into_iter().map(|member| fact(member, on.clone())));
}
