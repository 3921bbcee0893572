//! AWS Transfer Family.

use crate::catalog::technique::{CREATE_CLOUD_ACCOUNT, EXFILTRATION_OVER_WEB};
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::{Exfiltration, Persistence};

pub static TRANSFER: Service = Service {
    source: "transfer.amazonaws.com",
    rows: &[
        on("CreateServer")
            .creates("aws.transfer.server", "responseElements.serverId")
            .contain("transfer:StopServer, transfer:DeleteServer")
            .finding(Exfiltration, &EXFILTRATION_OVER_WEB, "File server {id} was opened, through which data can leave by SFTP or FTP.")
            .pair("transfer:server"),
        on("DeleteServer").deletes("aws.transfer.server", "requestParameters.serverId"),
        on("DeleteServer|StopServer").about("aws.transfer.server", "requestParameters.serverId").undoes("transfer:server"),
        on("StartServer|StopServer|UpdateServer").touches("aws.transfer.server", "requestParameters.serverId", "its settings or state were changed"),
        on("CreateUser")
            .creates("aws.transfer.user", "requestParameters.userName")
            .contain("transfer:DeleteUser")
            .finding(Persistence, &CREATE_CLOUD_ACCOUNT, "File transfer user {id} was made on server {requestParameters.serverId} with role {requestParameters.role}.")
            .pair("transfer:user {requestParameters.serverId}"),
        on("DeleteUser").deletes("aws.transfer.user", "requestParameters.userName"),
        on("DeleteUser").about("aws.transfer.user", "requestParameters.userName").undoes("transfer:user {requestParameters.serverId}"),
        on("ImportSshPublicKey").touches("aws.transfer.user", "requestParameters.userName", "given another SSH key"),
    ],
};
