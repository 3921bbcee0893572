//! What is done about what managed services run: stopped where it can be started again, cancelled where it can't, and deleted only
//! on demand. Never their machines: the service makes them again.

use super::super::{Ask, RELAUNCHES, RUNS, Way};
use crate::model::change::gcp::WorkloadChange::{self, *};
use crate::model::change::gcp::{Born, Ending, WorkloadOf};
use crate::plan::advice;
use std::sync::Arc;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let resource = ask.resource;
    let of = WorkloadOf::of_kind(resource.kind)?;
    let names = || [Some(&resource.id), resource.name.as_ref()].into_iter().flatten();
    let name: Arc<str> = match names().find(|name| name.contains('/')) {
        Some(path) => path.clone(),
        // Its name is anybody's, and its id is asked for.
        None if of == WorkloadOf::DataflowJob => resource.id.clone(),
        None => resource.name.clone().unwrap_or_else(|| resource.id.clone()),
    };
    let uid = Some(&resource.id).filter(|id| !id.contains('/')).cloned();
    let born = Born { uid, at: resource.created_at };
    // They start the machines of others, which are looked at after them.
    let rank = match of {
        WorkloadOf::VertexSchedule | WorkloadOf::DataprocCluster | WorkloadOf::TpuQueuedResource => {
            RELAUNCHES
        }
        WorkloadOf::VertexPipelineJob | WorkloadOf::BatchJob | WorkloadOf::DataflowJob => RELAUNCHES,
        _ => RUNS,
    };
    let destroy = ask.options.destroy;
    let delete = || DeleteWorkload { of, name: name.clone(), born: born.clone() };
    let end: WorkloadChange = match of.ending() {
        Ending::Stop => StopWorkload { of, name: name.clone(), born: born.clone() },
        Ending::Cancel => CancelWorkload { of, name: name.clone(), born: born.clone() },
        Ending::Undeploy => UndeployModels { name: name.clone(), born: born.clone() },
        Ending::Deletion if destroy => return Some(Way::step(rank, delete())),
        Ending::Deletion => {
            let why = "Its service can only delete it, and what it holds with it: that needs --destroy.";
            return Some(Way::by_hand(why, command(of, &name, ask)));
        }
    };
    if let Some(what) = ask.detail("unstoppable").filter(|_| of.ending() == Ending::Stop) {
        if destroy {
            return Some(Way::step(rank, delete()));
        }
        let why = format!("Google does not stop what has {what}, it only deletes it: that needs --destroy.");
        return Some(Way::by_hand(why, command(of, &name, ask)));
    }
    let mut steps = vec![(rank, end.into())];
    // A Dataflow job can't be deleted: cancelled is all.
    if destroy && of != WorkloadOf::DataflowJob {
        steps.push((rank + 1, delete().into()));
    }
    Some(Way::Steps(steps))
}

/// The step by hand, exactly.
fn command(of: WorkloadOf, name: &str, ask: &Ask) -> String {
    let id = plain(name.rsplit('/').next().unwrap_or(name));
    let project = plain(&ask.resource.account);
    let place = ask.resource.zone.as_ref().unwrap_or(&ask.resource.region);
    let place = plain(place);
    match of {
        WorkloadOf::DataprocCluster => format!(
            "gcloud dataproc clusters update {id} --num-secondary-workers=0 --disable-autoscaling --region={place} --project={project} \
             (deletes the secondary workers), then gcloud dataproc clusters stop {id} --region={place} --project={project}"
        ),
        WorkloadOf::TpuNode => {
            format!("gcloud compute tpus tpu-vm delete {id} --zone={place} --project={project} (destroys)")
        }
        WorkloadOf::TpuQueuedResource => format!(
            "gcloud compute tpus queued-resources delete {id} --force --zone={place} --project={project} (destroys)"
        ),
        WorkloadOf::PersistentResource => {
            format!(
                "gcloud ai persistent-resources delete {id} --region={place} --project={project} (destroys)"
            )
        }
        _ => advice::of(of.kind()),
    }
}

/// A name as it may stand in a command line.
fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_ascii_alphanumeric() || "-_.".contains(*one)).collect()
}
