//! What is done about databases of Cloud SQL.

use super::super::{Ask, Link, RUNS, Way, origin};
use super::{by_gcloud, named};
use crate::model::change::gcp::SqladminChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "gcp.sqladmin.instance" {
        return None;
    }
    let it = named(ask);
    if !ask.options.destroy {
        if let Some(primary) = ask.detail("replica_of") {
            let why = format!(
                "{} It is a replica of {primary}, and replicas can't be stopped by themselves: it can only be deleted, which needs --destroy.",
                origin(ask.resource)
            );
            return Some(Way::by_hand(why, by_gcloud(ask, "sql instances delete", "")));
        }
        return Some(Way::step(RUNS, StopSqlInstance { it }));
    }
    // A final backup is made of what runs: it is not stopped before.
    let mut links = Vec::new();
    if ask.detail("protected") == Some("true") {
        links.push(Link::must(RUNS, UnprotectSqlInstance { it: it.clone() }));
    }
    let backup = !ask.options.no_snapshot && ask.detail("replica_of").is_none();
    links.push(Link::must(RUNS + 1, DeleteSqlInstance { it, backup }));
    Some(Way::Chain(links))
}
