//! Google Kubernetes Engine, live: clusters and node pools; nodes through the managed groups that hold them.
//!
//! A pool has neither an id nor a time of its own: a cluster that is younger than the record of its pool is another.

use super::Gcp;
use super::compute::nodes::{self, Node};
use super::each::{at_time, detail, observed, or_none, text};
use super::endpoints::CONTAINER;
use super::named::{location, named, only, part, read, same};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::ContainerChange::{self, *};
use crate::model::change::gcp::Named;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.container.cluster", "gcp.container.node_pool"];

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &ContainerChange) -> Result<Sight, CloudError> {
    Ok(match change {
        TurnOffNodeProvisioning { it } => {
            let found = cluster(gcp, at, it).await?;
            Sight::there(
                json!({"saved": only(&found["autoscaling"], PROVISIONING)}),
                !is_provisioning(&found),
            )
        }
        RestoreNodeProvisioning { it, saved } => {
            let found = cluster(gcp, at, it).await?;
            let now = only(&found["autoscaling"], PROVISIONING);
            let is_done = holds(&now, &read(saved, GET, at)?);
            Sight::there(json!({"saved": now}), is_done)
        }
        TurnOffNodeAutoscaling { it } => {
            let saved = by_pool(&pools(gcp, at, it).await?, AUTOSCALING);
            let is_done = saved.is_empty();
            Sight::there(json!({"saved": saved}), is_done)
        }
        RestoreNodeAutoscaling { it, saved } => restored(gcp, at, it, saved, AUTOSCALING).await?,
        TurnOffNodeRepair { it } => {
            let saved = by_pool(&pools(gcp, at, it).await?, REPAIR);
            let is_done = saved.is_empty();
            Sight::there(json!({"saved": saved}), is_done)
        }
        RestoreNodeRepair { it, saved } => restored(gcp, at, it, saved, REPAIR).await?,
        StopNodes { it } => {
            let all = nodes_of(gcp, at, it).await?;
            let mut stopped: Vec<&str> =
                all.iter().filter(|node| node.is_stopped).map(|node| &*node.path).collect();
            stopped.sort_unstable();
            let is_done = stopped.len() == all.len();
            Sight::there(json!({"stopped": stopped}), is_done)
        }
        StartNodes { it, stopped } => {
            let all = nodes_of(gcp, at, it).await?;
            let is_done =
                all.iter().all(|node| node.is_running || stopped.iter().any(|path| **path == *node.path));
            Sight::there(json!({}), is_done)
        }
        DeleteGkeCluster { it } => {
            let found = cluster(gcp, at, it).await?;
            Sight::there(json!({"id": text(&found, "id")}), false)
        }
        DeleteGkeNodePool { it } => {
            pools(gcp, at, it).await?;
            Sight::there(json!({}), false)
        }
    })
}

/// A setting of pools: its field, and the word in it that says that it is on.
type Setting = (&'static str, &'static str);
const AUTOSCALING: Setting = ("autoscaling", "enabled");
const REPAIR: Setting = ("management", "autoRepair");
/// What of a cluster's autoscaling is set with auto-provisioning.
const PROVISIONING: &[&str] = &[
    "autoprovisioningLocations",
    "autoprovisioningNodePoolDefaults",
    "autoscalingProfile",
    "enableNodeAutoprovisioning",
    "resourceLimits",
];

fn is_provisioning(cluster: &Value) -> bool {
    cluster["autoscaling"]["enableNodeAutoprovisioning"].as_bool().unwrap_or_default()
}

fn is_on(pool: &Value, (field, word): Setting) -> bool {
    pool[field][word].as_bool().unwrap_or_default()
}

/// What the pools have a setting at that have it on.
fn by_pool(pools: &[Value], setting: Setting) -> Map<String, Value> {
    let on = pools.iter().filter(|pool| is_on(pool, setting));
    on.filter_map(|pool| Some((text(pool, "name")?.to_owned(), pool[setting.0].clone()))).collect()
}

/// Whether something has everything that was saved; Google may write more than was set.
fn holds(now: &Value, saved: &Value) -> bool {
    saved.as_object().is_some_and(|saved| saved.iter().all(|(word, value)| now.get(word) == Some(value)))
}

async fn restored(
    gcp: &Gcp,
    at: &Place,
    it: &Named,
    saved: &str,
    setting: Setting,
) -> Result<Sight, CloudError> {
    let pools = pools(gcp, at, it).await?;
    let saved = read(saved, GET, at)?;
    let is_done = saved.as_object().into_iter().flatten().all(|(name, was)| {
        // A pool that is gone can't be set back, and is told by its cluster.
        let pool = pools.iter().find(|pool| text(pool, "name") == Some(name));
        pool.is_none_or(|pool| holds(&pool[setting.0], was))
    });
    Ok(Sight::there(json!({}), is_done))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &ContainerChange) -> Result<Receipt, CloudError> {
    match change {
        TurnOffNodeProvisioning { it } => {
            let found = cluster(gcp, at, it).await?;
            let mut wanted = only(&found["autoscaling"], &["autoscalingProfile"]);
            wanted["enableNodeAutoprovisioning"] = false.into();
            provision(gcp, at, it, wanted).await
        }
        RestoreNodeProvisioning { it, saved } => {
            cluster(gcp, at, it).await?;
            provision(gcp, at, it, read(saved, GET, at)?).await
        }
        TurnOffNodeAutoscaling { it } => {
            let on = by_pool(&pools(gcp, at, it).await?, AUTOSCALING);
            let off = |_: &Value| json!({"enabled": false});
            set(gcp, at, it, &on, AUTOSCALING, off).await
        }
        RestoreNodeAutoscaling { it, saved } => {
            set_back(gcp, at, it, &read(saved, GET, at)?, AUTOSCALING).await
        }
        TurnOffNodeRepair { it } => {
            let on = by_pool(&pools(gcp, at, it).await?, REPAIR);
            let off = |was: &Value| {
                let mut wanted = only(was, &["autoUpgrade"]);
                wanted["autoRepair"] = false.into();
                wanted
            };
            set(gcp, at, it, &on, REPAIR, off).await
        }
        RestoreNodeRepair { it, saved } => set_back(gcp, at, it, &read(saved, GET, at)?, REPAIR).await,
        StopNodes { it } => {
            let mut all = nodes_of(gcp, at, it).await?;
            all.retain(|node| !node.is_stopped);
            nodes::switch(gcp, at, &all, true).await
        }
        StartNodes { it, stopped } => {
            let mut all = nodes_of(gcp, at, it).await?;
            all.retain(|node| node.is_stopped && !stopped.iter().any(|path| **path == *node.path));
            nodes::switch(gcp, at, &all, false).await
        }
        DeleteGkeCluster { it } => {
            let call = "container.projects.locations.clusters.delete";
            cluster(gcp, at, it).await?;
            let ids = [&*at.account, location(it, at), cluster_name(it)];
            let ask = Ask::new(
                call,
                at,
                Method::DELETE,
                CONTAINER,
                "v1/projects/{}/locations/{}/clusters/{}",
                &ids,
            )?;
            ended(gcp, at, it, ask, call).await
        }
        DeleteGkeNodePool { it } => {
            let call = "container.projects.locations.clusters.nodePools.delete";
            pools(gcp, at, it).await?;
            let pool = pool_name(it).unwrap_or_default();
            let ids = [&*at.account, location(it, at), cluster_name(it), pool];
            let template = "v1/projects/{}/locations/{}/clusters/{}/nodePools/{}";
            ended(gcp, at, it, Ask::new(call, at, Method::DELETE, CONTAINER, template, &ids)?, call).await
        }
    }
}

async fn provision(gcp: &Gcp, at: &Place, it: &Named, wanted: Value) -> Result<Receipt, CloudError> {
    let call = "container.projects.locations.clusters.update";
    let ids = [&*at.account, location(it, at), cluster_name(it)];
    let ask = Ask::new(call, at, Method::PUT, CONTAINER, "v1/projects/{}/locations/{}/clusters/{}", &ids)?;
    let body = json!({"update": {"desiredClusterAutoscaling": wanted}});
    ended(gcp, at, it, ask.body(body).repeatable(), call).await
}

/// What was saved, for the pools that are still there.
async fn set_back(
    gcp: &Gcp,
    at: &Place,
    it: &Named,
    saved: &Value,
    setting: Setting,
) -> Result<Receipt, CloudError> {
    let there = pools(gcp, at, it).await?;
    let is_there = |name: &str| there.iter().any(|pool| text(pool, "name") == Some(name));
    let saved: Map<String, Value> = (saved.as_object().into_iter().flatten())
        .filter(|(name, _)| is_there(name))
        .map(|(name, was)| (name.clone(), was.clone()))
        .collect();
    set(gcp, at, it, &saved, setting, Value::clone).await
}

/// Sets a setting of these pools, one after the other: a cluster takes one change at a time.
async fn set(
    gcp: &Gcp,
    at: &Place,
    it: &Named,
    pools: &Map<String, Value>,
    (field, _): Setting,
    wanted: impl Fn(&Value) -> Value,
) -> Result<Receipt, CloudError> {
    let (call, template) = match field {
        "autoscaling" => (
            "container.projects.locations.clusters.nodePools.setAutoscaling",
            "v1/projects/{}/locations/{}/clusters/{}/nodePools/{}:setAutoscaling",
        ),
        _ => (
            "container.projects.locations.clusters.nodePools.setManagement",
            "v1/projects/{}/locations/{}/clusters/{}/nodePools/{}:setManagement",
        ),
    };
    let mut done = Receipt::default();
    for (name, was) in pools {
        let ids = [&*at.account, location(it, at), cluster_name(it), name];
        let mut body = Map::new();
        body.insert(field.to_owned(), wanted(was));
        let ask = Ask::post(call, at, CONTAINER, template, &ids)?.body(body.into()).repeatable();
        done = ended(gcp, at, it, ask, call).await?;
    }
    Ok(done)
}

/// Makes a change and follows its operation to its result.
async fn ended(
    gcp: &Gcp,
    at: &Place,
    it: &Named,
    ask: Ask,
    call: &'static str,
) -> Result<Receipt, CloudError> {
    let begun = gcp.rest.json(&ask).await?;
    let place = location(it, at).to_owned();
    let again = |id: &str| {
        let template = "v1/projects/{}/locations/{}/operations/{}";
        Ask::get(call, at, CONTAINER, template, &[&at.account, &place, id])
    };
    gcp.until_done(begun, again, call, at).await
}

const GET: &str = "container.projects.locations.clusters.get";

fn cluster_name(it: &Named) -> &str {
    part(&it.name, &["clusters"]).unwrap_or(&it.name)
}

fn pool_name(it: &Named) -> Option<&str> {
    part(&it.name, &["nodePools"])
}

/// The cluster that is meant or holds the pool that is meant.
async fn cluster(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let ids = [&*at.account, location(it, at), cluster_name(it)];
    let ask = Ask::get(GET, at, CONTAINER, "v1/projects/{}/locations/{}/clusters/{}", &ids)?;
    let found = gcp.rest.json(&ask).await?;
    let Some(_) = pool_name(it) else { return same(found, it, "", "createTime", GET, at) };
    match (it.made, at_time(&found["createTime"])) {
        (Some(told), Some(made)) if made.as_second() > told.as_second() + 120 => {
            let why = "its cluster is younger than the pool that is meant: it is not touched";
            Err(CloudError::new(Refusal::NotFound, GET, at, None, why))
        }
        _ => Ok(found),
    }
}

/// The pool that is meant, or all of the cluster that is.
async fn pools(gcp: &Gcp, at: &Place, it: &Named) -> Result<Vec<Value>, CloudError> {
    let mut found = cluster(gcp, at, it).await?;
    let mut all = match found["nodePools"].take() {
        Value::Array(all) => all,
        _ => Vec::new(),
    };
    if let Some(wanted) = pool_name(it) {
        all.retain(|pool| text(pool, "name") == Some(wanted));
        if all.is_empty() {
            return Err(CloudError::new(Refusal::NotFound, GET, at, None, "the cluster has no such pool"));
        }
    }
    Ok(all)
}

/// Every node of the pools, as the groups show them that hold them.
async fn nodes_of(gcp: &Gcp, at: &Place, it: &Named) -> Result<Vec<Node>, CloudError> {
    let mut all = Vec::new();
    for pool in pools(gcp, at, it).await? {
        for url in pool["instanceGroupUrls"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            all.extend(nodes::of_group(gcp, at, url).await?);
        }
    }
    Ok(all)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let it = named(one);
        let Some(found) = or_none(cluster(gcp, at, &it).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let made = at_time(&found["createTime"]);
        if kind == "gcp.container.node_pool" && or_none(pools(gcp, at, &it).await)?.is_none() {
            seen.push(observed(one, State::Gone, None));
            continue;
        }
        // A cluster is billed for its control plane also without nodes.
        let made = made.filter(|_| kind == "gcp.container.cluster");
        let mut looked = observed(one, State::Running, made);
        let is_autopilot = found["autopilot"]["enabled"].as_bool().unwrap_or_default();
        detail(&mut looked, "autopilot", Some("true").filter(|_| is_autopilot));
        detail(&mut looked, "release_channel", text(&found["releaseChannel"], "channel"));
        seen.push(looked);
    }
    Ok(seen)
}
