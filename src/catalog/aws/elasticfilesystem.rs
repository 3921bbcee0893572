//! Amazon EFS.

use crate::catalog::{Service, on};

pub static ELASTICFILESYSTEM: Service = Service {
    source: "elasticfilesystem.amazonaws.com",
    rows: &[
        on("CreateFileSystem")
            .creates("aws.elasticfilesystem.file_system", "responseElements.fileSystemId")
            .names("responseElements.fileSystemArn"),
        on("DeleteFileSystem").deletes("aws.elasticfilesystem.file_system", "requestParameters.fileSystemId"),
        on("CreateMountTarget")
            .creates("aws.elasticfilesystem.mount_target", "responseElements.mountTargetId"),
        on("DeleteMountTarget")
            .deletes("aws.elasticfilesystem.mount_target", "requestParameters.mountTargetId"),
        on("ModifyMountTargetSecurityGroups").touches(
            "aws.elasticfilesystem.mount_target",
            "requestParameters.mountTargetId",
            "its security groups were changed",
        ),
        on("PutFileSystemPolicy|DeleteFileSystemPolicy|UpdateFileSystem|PutLifecycleConfiguration").touches(
            "aws.elasticfilesystem.file_system",
            "requestParameters.fileSystemId",
            "its settings were changed",
        ),
    ],
};
