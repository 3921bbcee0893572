//! Google Cloud, one file per service.

mod appengine;
mod cloudbuild;
mod cloudfunctions;
mod composer;
mod compute;
mod container;
mod file;
mod projects;
mod restore;
mod run;
mod scheduler;
mod sqladmin;
mod standing;
mod workload;

use super::standing::Told;
use super::{Ask, Way};
use crate::model::change::gcp::Named;
use crate::plan::ground::Ground;
use crate::plan::{Options, Proposal};

/// Returns what to do about a kind that a service's file knows.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    const SERVICES: &[fn(&Ask) -> Option<Way>] = &[
        compute::way,
        scheduler::way,
        run::way,
        container::way,
        cloudfunctions::way,
        sqladmin::way,
        cloudbuild::way,
        appengine::way,
        composer::way,
        file::way,
        projects::way,
        restore::way,
        workload::way,
    ];
    SERVICES.iter().find_map(|way| way(ask))
}

/// Plans what takes back what stands changed; returns the findings that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, options: Options, proposal: &mut Proposal) -> Told<'a> {
    projects::projects(ground, options, proposal);
    let mut told = standing::standing(ground, proposal);
    told.extend(projects::services(ground, proposal));
    told
}

/// What a record told of, as APIs that take names know it.
fn named(ask: &Ask) -> Named {
    Named::of(&ask.resource.id, ask.resource.name.iter(), Some(ask.resource.created_at))
}

/// Kinds that are deleted with `--destroy` also where they are stopped already.
pub(super) fn is_deleted_stopped(kind: &str) -> bool {
    const KINDS: &[&str] = &[
        "gcp.appengine.version",
        "gcp.cloudbuild.build_trigger",
        "gcp.compute.autoscaler",
        "gcp.compute.instance",
        "gcp.compute.instance_group_manager",
        "gcp.run.job",
        "gcp.run.service",
        "gcp.run.worker_pool",
        "gcp.sqladmin.instance",
    ];
    KINDS.contains(&kind)
}

/// Its name for a shell: records hold what an attacker wrote.
fn quoted(ask: &Ask) -> String {
    let name = named(ask).name;
    let last = name.rsplit(['/', ':']).next().unwrap_or(&name);
    match last.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        true => last.to_owned(),
        false => format!("'{}'", last.replace('\'', "")),
    }
}

/// The command that a person gives instead, which deletes. `flag` says how it is told where.
fn by_gcloud(ask: &Ask, command: &str, flag: &str) -> String {
    let place = ask.resource.zone.as_ref().unwrap_or(&ask.resource.region);
    let place = if flag.is_empty() { String::new() } else { format!(" {flag} {place}") };
    format!("gcloud {command} {}{place} --project {} (destroys)", quoted(ask), ask.resource.account)
}
