//! What is done about things of Kubernetes Engine: what makes nodes again first, then the nodes.

use super::super::{Ask, Link, RELAUNCHES, Way, alive, origin};
use super::{by_gcloud, named};
use crate::model::change::gcp::ContainerChange::*;
use crate::model::report::Resource;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let (is_cluster, destroy) = (ask.resource.kind == "gcp.container.cluster", ask.options.destroy);
    if !is_cluster && ask.resource.kind != "gcp.container.node_pool" {
        return None;
    }
    if let Some(cluster) = cluster_of(ask) {
        // One plan for both: a cluster takes one change at a time.
        let why = format!("It is a pool of cluster {}, whose own steps hold for it.", cluster.id);
        return Some(Way::by_hand(why, String::new()));
    }
    let it = named(ask);
    if destroy {
        return Some(match is_cluster {
            true => Way::step(RELAUNCHES, DeleteGkeCluster { it }),
            false => Way::step(RELAUNCHES, DeleteGkeNodePool { it }),
        });
    }
    if ask.detail("autopilot") == Some("true") {
        let why = format!(
            "{} Google sizes the nodes of an Autopilot cluster: they can't be stopped, only deleted with it, which needs --destroy.",
            origin(ask.resource)
        );
        return Some(Way::by_hand(why, by_gcloud(ask, "container clusters delete", "--location")));
    }
    let mut links = Vec::new();
    if is_cluster {
        links.push(Link::must(RELAUNCHES, TurnOffNodeProvisioning { it: it.clone() }));
    }
    links.push(Link::must(RELAUNCHES + 1, TurnOffNodeAutoscaling { it: it.clone() }));
    // Where a release channel wants auto-repair, the nodes are stopped all the same, and looked at again.
    links.push(Link::may(RELAUNCHES + 2, TurnOffNodeRepair { it: it.clone() }));
    links.push(Link::must(RELAUNCHES + 3, StopNodes { it }));
    Some(Way::Chain(links))
}

/// The cluster of a pool, where it is dealt with itself.
fn cluster_of<'a>(ask: &Ask<'_, 'a>) -> Option<&'a Resource> {
    let (cluster, _) = ask.resource.id.split_once("/nodePools/")?;
    ask.ground.resource_named(cluster, &ask.resource.account).filter(|one| {
        one.kind == "gcp.container.cluster"
            && alive(one).is_some()
            && ask.ground.spares_resource(one).is_none()
    })
}
