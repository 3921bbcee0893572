//! Workflows and their executions.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const WORKFLOW: &str = "gcp.workflows.workflow";
const ID: &str =
    concat!(within!("workflows", "workflowId"), "|protoPayload.request.workflow.name~/workflows/");
const RUNS_AS: &str = "protoPayload.request.workflow.serviceAccount";
const EXECUTION: &str = "gcp.workflowexecutions.execution";

pub static WORKFLOWS: Service = Service {
    source: "workflows.googleapis.com",
    rows: &[
        on("Workflows.CreateWorkflow")
            .creates(WORKFLOW, ID)
            .names(ID)
            .contain("!workflows.workflows.delete")
            .finding(Persistence, &SERVERLESS_EXECUTION, "Workflow {id} makes API calls as its service account whenever somebody or a trigger runs it.")
            .pair("gcp.workflows.workflow")
            .tells(|record, facts| common::carries(record, facts, WORKFLOW, RUNS_AS)),
        on("Workflows.UpdateWorkflow")
            .touches(WORKFLOW, ID, "changed")
            .names(ID)
            .finding(Persistence, &SERVERLESS_EXECUTION, "Workflow {id} was changed; see what it does now and as whom.")
            .tells(|record, facts| common::carries(record, facts, WORKFLOW, RUNS_AS)),
        on("Workflows.DeleteWorkflow").deletes(WORKFLOW, ID).names(ID).undoes("gcp.workflows.workflow"),
    ],
};

pub static WORKFLOWEXECUTIONS: Service = Service {
    source: "workflowexecutions.googleapis.com",
    rows: &[
        on("Executions.CreateExecution")
            .creates(EXECUTION, within!("executions"))
            .contain("workflowexecutions.executions.cancel")
            .note("Workflow execution {id} was started."),
        on("Executions.CancelExecution").deletes(EXECUTION, within!("executions")),
    ],
};
