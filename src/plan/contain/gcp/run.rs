//! What is done about things of Cloud Run.

use super::super::{Ask, Link, RUNS, Way};
use super::named;
use crate::model::change::gcp::RunChange::*;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let it = named(ask);
    let (stop, delete) = match ask.resource.kind {
        "gcp.run.service" => (StopRunService { it: it.clone() }, DeleteRunService { it }),
        "gcp.run.worker_pool" => (StopRunWorkerPool { it: it.clone() }, DeleteRunWorkerPool { it }),
        "gcp.run.job" => (CancelRunExecutions { it: it.clone() }, DeleteRunJob { it }),
        "gcp.run.execution" => return Some(Way::step(RUNS, CancelRunExecution { it })),
        _ => return None,
    };
    Some(match ask.options.destroy {
        true => Way::Chain(vec![Link::must(RUNS, stop), Link::must(RUNS + 1, delete)]),
        false => Way::step(RUNS, stop),
    })
}
