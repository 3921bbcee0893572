//! What is done about APIs that the principal switched on and projects that it made: last, when what runs in them is dealt with.

use super::super::standing::{Told, told_by};
use super::super::{Ask, Draft, LETS_IN, Way, alive, origin, target_of};
use crate::model::change::Change;
use crate::model::change::gcp::ProjectChange;
use crate::model::report::{Confidence, Resource};
use crate::plan::ground::{Ground, target};
use crate::plan::{After, Options, Proposal};
use std::collections::BTreeSet;

const PROJECT: &str = "gcp.cloudresourcemanager.project";
/// It forbids to delete its project, and nothing else.
const LIEN: &str = "gcp.cloudresourcemanager.lien";
/// After all else.
const LAST: u32 = LETS_IN + 8;

/// APIs that owners and responders need, whoever switched them on: they stay on, and nobody is told to switch them off.
const NEEDED: &[&str] = &[
    "cloudasset",
    "cloudbilling",
    "cloudresourcemanager",
    "compute",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "orgpolicy",
    "policyanalyzer",
    "serviceusage",
    "storage",
];

/// Kinds whose API is called otherwise than they are.
const CALLED: &[(&str, &str)] = &[("cloudsql", "sqladmin"), ("k8s", "container"), ("ml", "aiplatform")];

/// A project that the principal made is dealt with last, by [`projects`]; what keeps it from being deleted goes before.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    match ask.resource.kind {
        PROJECT => Some(Way::Steps(Vec::new())),
        LIEN if ask.options.destroy => Some(Way::step(LETS_IN, ProjectChange::RemoveLien { name: ask.id() })),
        _ => None,
    }
}

/// Plans billing and end of projects that the principal made.
pub(super) fn projects(ground: &Ground, options: Options, proposal: &mut Proposal) {
    for one in ground.resources.iter().copied().filter(|one| one.kind == PROJECT) {
        let Some(before) = alive(one).filter(|_| ground.spares_resource(one).is_none()) else { continue };
        let number = one.id.rsplit('/').next().unwrap_or(&one.id).into();
        let change = match options.destroy {
            true => ProjectChange::DeleteProject { number },
            false => ProjectChange::DetachBilling { project: one.account.clone() },
        };
        let draft = Draft {
            target: target_of(one),
            because: [one.event.clone()].into(),
            why: vec![origin(one), "Nothing of its owners can be in it.".to_owned()],
            before,
            change: change.into(),
            rank: LAST + 1,
            after: After::Below(LAST + 1),
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, [&*one.account]);
    }
}

/// Plans APIs off that the principal switched on; returns the findings that are dealt with.
pub(super) fn services<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    let mut told = Told::new();
    for one in ground.touched().iter().copied() {
        let is_it = one.kind == "gcp.serviceusage.service" && one.how == "enabled";
        if !is_it || one.confidence != Confidence::Confirmed || made_by_it(ground, &one.account) {
            continue;
        }
        let host = one.id.rsplit('/').next().unwrap_or(&one.id);
        let Some(short) =
            host.strip_suffix(".googleapis.com").filter(|short| is_plain(short) && !NEEDED.contains(short))
        else {
            continue;
        };
        let findings = one.events.iter().flat_map(|event| ground.findings_from(event));
        let about: Vec<_> = findings.filter(|finding| *finding.subject == *host).collect();
        let place = target(one.kind, &host.into(), None, &one.account);
        let by_hand = format!(
            "when its things are dealt with and its owners say that they do not use it: gcloud services disable {host} --project={}",
            plain(&one.account)
        );
        told.extend(about.iter().map(|finding| told_by(finding)));
        if ground.resources.iter().any(|made| made.account == one.account && api_of(made) == short) {
            let why = "The principal switched this API on and made things with it. With the API off nobody could look at them, stop \
                       them or bring them back.";
            proposal.withhold(place, why, by_hand);
            continue;
        }
        let (project, service) = (one.account.clone(), host.into());
        let notes: BTreeSet<String> = about.iter().map(|finding| finding.note.clone()).collect();
        let mut why = vec![format!("The principal switched {host} on.")];
        why.extend(notes);
        why.push(
            "Whether it was on before, the record does not say; Google refuses where anybody used it."
                .to_owned(),
        );
        let change: Change = ProjectChange::DisableService { project, service }.into();
        let draft = Draft {
            target: place,
            because: one.events.iter().cloned().collect(),
            why,
            before: "enabled",
            change,
            rank: LAST,
            after: After::Nothing,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    }
    told
}

fn made_by_it(ground: &Ground, project: &str) -> bool {
    ground.resources.iter().any(|one| one.kind == PROJECT && *one.account == *project)
}

/// The API of a kind: `run` of `gcp.run.service`.
fn api_of(resource: &Resource) -> &'static str {
    let service = resource.kind.split('.').nth(1).unwrap_or_default();
    CALLED.iter().find(|(kind, _)| *kind == service).map_or(service, |(_, api)| api)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '.')
}

fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_ascii_alphanumeric() || "-_.:".contains(*one)).collect()
}
