//! What is done about Cloud Build: triggers, and builds that run.

use super::super::{Ask, Link, RELAUNCHES, RUNS, Way};
use crate::model::change::gcp::CloudbuildChange::*;
use crate::model::change::gcp::Named;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let id = ask.id();
    // Their calls take the id itself.
    let uid = Some(id.clone()).filter(|id| !id.contains('/'));
    let it = Named { name: id, uid, made: Some(ask.resource.created_at) };
    Some(match ask.resource.kind {
        "gcp.cloudbuild.build_trigger" if ask.options.destroy => Way::Chain(vec![
            Link::must(RELAUNCHES, DisableBuildTrigger { it: it.clone() }),
            Link::must(RELAUNCHES + 1, DeleteBuildTrigger { it }),
        ]),
        "gcp.cloudbuild.build_trigger" => Way::step(RELAUNCHES, DisableBuildTrigger { it }),
        "gcp.cloudbuild.build" => Way::step(RUNS, CancelBuild { it }),
        _ => return None,
    })
}
