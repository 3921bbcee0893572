//! What is done about App Engine versions.

use super::super::{Ask, Link, RUNS, Way, origin};
use super::{named, quoted};
use crate::model::change::gcp::AppengineChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "gcp.appengine.version" {
        return None;
    }
    let it = named(ask);
    let can_stop = match (ask.detail("environment"), ask.detail("scaling")) {
        (Some("flexible"), _) | (_, Some("manual" | "basic")) => Some(true),
        (Some(_), Some(_)) => Some(false),
        (None, _) | (_, None) => None,
    };
    let mut links = Vec::new();
    if can_stop == Some(true) {
        links.push(Link::must(RUNS, StopAppVersion { it: it.clone() }));
    }
    if ask.options.destroy {
        links.push(Link::must(RUNS + 1, DeleteAppVersion { it }));
    }
    if !links.is_empty() {
        return Some(Way::Chain(links));
    }
    let why = match can_stop {
        Some(_) => {
            "The standard environment's automatic scaling has no stop: instances start whenever it is called."
        }
        None => {
            "Whether it can be stopped is not known, as the cloud was not asked: automatic scaling has no stop."
        }
    };
    let project = &ask.resource.account;
    let by_hand = format!(
        "gcloud app services set-traffic SERVICE --splits GOOD_VERSION=1 --project {project}, then gcloud app versions delete {} \
         --project {project} (destroys); where the whole application is theirs: gcloud app update --serving-status user-disabled, \
         or appengine.apps.patch(servingStatus=USER_DISABLED), stops all of it and can be taken back",
        quoted(ask)
    );
    Some(Way::by_hand(format!("{} {why}", origin(ask.resource)), by_hand))
}
