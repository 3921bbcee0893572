//! What is done about functions: one of the second generation is its Cloud Run service; one of the first can only be closed,
//! and where events call it, not even that.

use super::super::{Ask, Link, RUNS, Way, origin};
use super::{by_gcloud, named};
use crate::model::change::gcp::CloudfunctionsChange::*;
use crate::model::change::gcp::{Named, RunChange};

pub(super) fn way(ask: &Ask) -> Option<Way> {
    if ask.resource.kind != "gcp.cloudfunctions.cloud_function" {
        return None;
    }
    let it = named(ask);
    let mut links = Vec::new();
    let service = ask.detail("service").zip(ask.detail("service_uid"));
    match (ask.detail("environment"), service, ask.detail("trigger")) {
        (Some("GEN_2"), Some((service, uid)), _) => {
            let service = Named { name: service.into(), uid: Some(uid.into()), made: None };
            links.push(Link::must(RUNS, RunChange::StopRunService { it: service }));
        }
        (Some("GEN_1"), _, Some("https")) => {
            links.push(Link::must(RUNS, ShutOutFunctionInvokers { it: it.clone() }));
            links.push(Link::must(RUNS + 1, CloseFunctionIngress { it: it.clone() }));
        }
        _ => {}
    }
    if ask.options.destroy {
        links.push(Link::must(RUNS + 2, DeleteCloudFunction { it }));
    }
    if links.is_empty() {
        let why = match ask.detail("environment") {
            Some("GEN_1") => {
                "Events call it, and the first generation has no switch that stops that: it can only be deleted, which needs --destroy."
            }
            Some("GEN_2") => "Its Cloud Run service, which is what would be stopped, is not there.",
            _ => {
                "Which generation it is is not known, as the cloud was not asked: one of the second is stopped through its Cloud Run \
                 service, one of the first can only be closed or deleted."
            }
        };
        let why = format!("{} {why}", origin(ask.resource));
        return Some(Way::by_hand(why, by_gcloud(ask, "functions delete", "--region")));
    }
    Some(Way::Chain(links))
}
