//! Serverless VPC Access connectors, small VMs that are billed by the hour.

use super::common::within;
use crate::catalog::{Service, on};

const CONNECTOR: &str = "gcp.vpcaccess.connector";

pub static VPCACCESS: Service = Service {
    source: "vpcaccess.googleapis.com",
    rows: &[
        on("VpcAccessService.CreateConnector")
            .creates(CONNECTOR, within!("connectors", "connectorId"))
            .names(within!("connectors", "connectorId"))
            .contain("!vpcaccess.connectors.delete"),
        on("VpcAccessService.DeleteConnector").deletes(CONNECTOR, within!("connectors")),
    ],
};
