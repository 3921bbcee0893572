//! What is done about Composer environments: nothing stops one, so nothing is done unless it may be destroyed.

use super::super::{Ask, Link, RELAUNCHES, Way, origin};
use super::{by_gcloud, named};
use crate::model::change::gcp::ComposerChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "gcp.composer.environment" {
        return None;
    }
    if !ask.options.destroy {
        let why = format!(
            "{} An environment can't be stopped: it runs and is billed until it is deleted, which needs --destroy.",
            origin(ask.resource)
        );
        return Some(Way::by_hand(why, by_gcloud(ask, "composer environments delete", "--location")));
    }
    let it = named(ask);
    let mut links = Vec::new();
    if !ask.options.no_snapshot {
        links.push(Link::must(RELAUNCHES, SnapshotEnvironment { it: it.clone() }));
    }
    links.push(Link::must(RELAUNCHES + 1, DeleteEnvironment { it }));
    Some(Way::Chain(links))
}
