//! Amazon WorkSpaces.

use crate::catalog::{Service, on};

pub static WORKSPACES: Service = Service {
    source: "workspaces.amazonaws.com",
    rows: &[
        on("CreateWorkspaces")
            .creates("aws.workspaces.workspace", "responseElements.pendingRequests[].workspaceId")
            .contain(
                "workspaces:ModifyWorkspaceProperties, workspaces:StopWorkspaces, \
                 workspaces:TerminateWorkspaces",
            ),
        on("StartWorkspaces").touches(
            "aws.workspaces.workspace",
            "requestParameters.startWorkspaceRequests[].workspaceId",
            "started",
        ),
        on("StopWorkspaces").touches(
            "aws.workspaces.workspace",
            "requestParameters.stopWorkspaceRequests[].workspaceId",
            "stopped",
        ),
        on("ModifyWorkspaceProperties").touches(
            "aws.workspaces.workspace",
            "requestParameters.workspaceId",
            "running mode or size changed",
        ),
        on("TerminateWorkspaces").deletes(
            "aws.workspaces.workspace",
            "requestParameters.terminateWorkspaceRequests[].workspaceId",
        ),
    ],
};
