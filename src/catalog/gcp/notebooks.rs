//! Vertex AI Workbench and its predecessor.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const INSTANCE: &str = "gcp.notebooks.instance";
const ID: &str = concat!("protoPayload.response.id|", within!("instances", "instanceId"));
const NAMES: &str = within!("instances", "instanceId");
const RUNS_AS: &str = "protoPayload.request.instance.gceSetup.serviceAccounts[].email|protoPayload.request.instance.serviceAccount";

pub static NOTEBOOKS: Service = Service {
    source: "notebooks.googleapis.com",
    rows: &[
        on("NotebookService.CreateInstance")
            .creates(INSTANCE, ID)
            .names(NAMES)
            .contain("notebooks.instances.stop;!notebooks.instances.delete")
            .note("Workbench {id} is a VM with a notebook that runs as its service account.")
            .tells(|record, facts| common::carries(record, facts, INSTANCE, RUNS_AS)),
        on("NotebookService.StartInstance").touches(INSTANCE, ID, "started").names(NAMES).contain("notebooks.instances.stop"),
        on("NotebookService.StopInstance").touches(INSTANCE, ID, "stopped").names(NAMES),
        on("NotebookService.UpdateInstance|NotebookService.UpdateInstanceMetadataItems|NotebookService.SetInstanceMachineType|NotebookService.SetInstanceAccelerator")
            .touches(INSTANCE, ID, "changed")
            .names(NAMES)
            .contain("notebooks.instances.stop")
            .finding(Execution, &EVENT_TRIGGERED, "Workbench {id} was changed; a new post-startup script in it runs as root at the next start."),
        on("NotebookService.DeleteInstance").deletes(INSTANCE, ID).names(NAMES).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Workbench {id} was deleted with the notebooks on its disk.",
        ),
        on("NotebookService.SetIamPolicy|IAMPolicy.SetIamPolicy|NotebookService.SetInstanceIamPolicy")
            .touches(INSTANCE, within!("instances"), "IAM policy changed")
            .names("protoPayload.request.resource")
            .tells(|record, facts| common::policy(record, facts, INSTANCE, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("NotebookService.CreateExecution")
            .creates("gcp.notebooks.execution", within!("executions", "executionId"))
            .names(within!("executions", "executionId"))
            .contain("!notebooks.executions.delete")
            .note("Notebook execution {id} runs its maker's code on a machine of Google's."),
        on("NotebookService.DeleteExecution").deletes("gcp.notebooks.execution", within!("executions")),
        on("NotebookService.CreateSchedule")
            .creates("gcp.notebooks.schedule", within!("schedules", "scheduleId"))
            .names(within!("schedules", "scheduleId"))
            .contain("!notebooks.schedules.delete")
            .finding(Persistence, &SCHEDULED_TASK, "Notebook schedule {id} runs its maker's code again and again.")
            .pair("gcp.notebooks.schedule"),
        on("NotebookService.DeleteSchedule").deletes("gcp.notebooks.schedule", within!("schedules")).undoes("gcp.notebooks.schedule"),
        on("NotebookService.CreateRuntime|ManagedNotebookService.CreateRuntime")
            .creates("gcp.notebooks.runtime", within!("runtimes", "runtimeId"))
            .names(within!("runtimes", "runtimeId"))
            .contain("notebooks.runtimes.stop;!notebooks.runtimes.delete"),
        on("NotebookService.DeleteRuntime|ManagedNotebookService.DeleteRuntime").deletes("gcp.notebooks.runtime", within!("runtimes")),
    ],
};
