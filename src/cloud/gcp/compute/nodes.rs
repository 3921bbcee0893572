//! The machines that a managed group holds, all at once: what a service's pools are made of. For the files of such services.

use super::super::Gcp;
use super::super::each::{name, not_answered, text};
use super::super::endpoints::COMPUTE;
use super::super::named::part;
use super::super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One call names at most so many machines.
const AT_ONCE: usize = 500;

/// A machine of a group.
pub(in super::super) struct Node {
    /// `projects/P/zones/Z/instances/NAME`.
    pub path: String,
    pub is_running: bool,
    pub is_stopped: bool,
    /// Zone (or region) and name of its group.
    group: (bool, String, String),
}

/// Every machine of a group that a URL names.
pub(in super::super) async fn of_group(gcp: &Gcp, at: &Place, url: &str) -> Result<Vec<Node>, CloudError> {
    let zonal = "compute.instanceGroupManagers.listManagedInstances";
    let lacks = || not_answered(zonal, at, "group that can be asked for");
    let zone = part(url, &["zones"]);
    let place = zone.or_else(|| part(url, &["regions"])).ok_or_else(lacks)?;
    let group = name(url);
    let ids = [&*at.account, place, group];
    let ask = match zone {
        Some(_) => {
            let template = "projects/{}/zones/{}/instanceGroupManagers/{}/listManagedInstances";
            Ask::post(zonal, at, COMPUTE, template, &ids)?
        }
        None => {
            let template = "projects/{}/regions/{}/instanceGroupManagers/{}/listManagedInstances";
            Ask::post(
                "compute.regionInstanceGroupManagers.listManagedInstances",
                at,
                COMPUTE,
                template,
                &ids,
            )?
        }
    };
    let rows = gcp.rest.list(ask.repeatable(), "managedInstances").await?;
    let of = (zone.is_some(), place.to_owned(), group.to_owned());
    Ok(rows.iter().filter_map(|row| node(row, &of)).collect())
}

fn node(row: &Value, group: &(bool, String, String)) -> Option<Node> {
    let link = text(row, "instance")?;
    let path = link[link.find("projects/")?..].to_owned();
    let status = text(row, "instanceStatus");
    let is_stopped = matches!(status, Some("TERMINATED" | "STOPPED" | "SUSPENDED"));
    Some(Node { path, is_running: status == Some("RUNNING"), is_stopped, group: group.clone() })
}

/// Stops or starts machines through their groups, which make none in their place.
pub(in super::super) async fn switch(
    gcp: &Gcp,
    at: &Place,
    nodes: &[Node],
    stops: bool,
) -> Result<Receipt, CloudError> {
    let mut by: BTreeMap<&(bool, String, String), Vec<&str>> = BTreeMap::new();
    for node in nodes {
        by.entry(&node.group).or_default().push(&node.path);
    }
    let mut done = Receipt::default();
    for (group, paths) in by {
        for some in paths.chunks(AT_ONCE) {
            let mut body = json!({"instances": some});
            if stops {
                body["forceStop"] = true.into();
            }
            done = gcp.compute(super::groups::switching(at, group, stops)?.body(body)).await?;
        }
    }
    Ok(done)
}
