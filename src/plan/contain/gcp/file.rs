//! What is done about Filestore instances: nothing stops one, so nothing is done unless it may be destroyed.

use super::super::{Ask, Link, RUNS, Way, origin};
use super::{by_gcloud, named};
use crate::model::change::gcp::FileChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "gcp.file.instance" {
        return None;
    }
    if !ask.options.destroy {
        let why = format!(
            "{} A file share can't be stopped: it is billed until it is deleted, which needs --destroy.",
            origin(ask.resource)
        );
        return Some(Way::by_hand(why, by_gcloud(ask, "filestore instances delete", "--location")));
    }
    let it = named(ask);
    let mut links = Vec::new();
    if !ask.options.no_snapshot {
        links.push(Link::must(RUNS, BackUpFilestore { it: it.clone() }));
    }
    if ask.detail("protected") == Some("true") {
        links.push(Link::must(RUNS + 1, UnprotectFilestore { it: it.clone() }));
    }
    links.push(Link::must(RUNS + 2, DeleteFilestore { it }));
    Some(Way::Chain(links))
}
