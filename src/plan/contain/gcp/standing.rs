//! What stands changed though it is nothing that the principal made: SSH keys in the metadata of others' machines and projects.
//!
//! The log has the word and hides the value: where the word was not there before, all of it is the thief's; where it was
//! changed, a human tells the keys apart.

use super::super::standing::{Told, told_by};
use super::super::{After, Draft, LETS_IN};
use crate::model::change::Change;
use crate::model::change::gcp::ComputeChange;
use crate::model::report::Finding;
use crate::plan::Proposal;
use crate::plan::ground::{Ground, target};
use std::sync::Arc;

/// Plans what takes standing findings back; returns those that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    let mut told = Told::new();
    for finding in ground.standing().iter().copied() {
        let Some((change, before)) = undone(ground, finding) else { continue };
        let touched = ground.touched_by(&finding.events, &finding.subject);
        let account = finding.account.as_deref().or(touched.map(|one| &*one.account)).unwrap_or_default();
        let kind = touched.map_or("gcp.compute.project", |one| one.kind);
        let mut place = target(kind, &finding.subject, None, account);
        place.region = match kind {
            "gcp.compute.instance" => touched.map(|one| one.region.clone()).unwrap_or_default(),
            _ => Arc::from(""),
        };
        told.insert(told_by(finding));
        let draft = Draft {
            target: place,
            because: finding.events.iter().cloned().collect(),
            why: vec![finding.note.clone()],
            before,
            change,
            rank: LETS_IN,
            after: After::Nothing,
            otherwise: Vec::new(),
            needs_earlier: false,
            lives_until: None,
        };
        proposal.take(draft, []);
    }
    told
}

/// As the catalog's metadata rows say that a word was not there before.
const NEW_KEYS: [&str; 2] = ["Metadata key ssh-keys was set on ", "Metadata key sshKeys was set on "];

fn undone(ground: &Ground, finding: &Finding) -> Option<(Change, &'static str)> {
    if NEW_KEYS.iter().any(|words| finding.note.starts_with(words)) {
        let touched = ground.touched_by(&finding.events, &finding.subject)?;
        let change = match touched.kind {
            // What the principal made is stopped, and is evidence with its keys.
            "gcp.compute.instance" if ground.resource_named(&finding.subject, &touched.account).is_some() => {
                return None;
            }
            "gcp.compute.instance" => ComputeChange::RemoveInstanceSshKeys { id: finding.subject.clone() },
            "gcp.compute.project" => ComputeChange::RemoveProjectSshKeys { project: touched.account.clone() },
            _ => return None,
        };
        return Some((change.into(), "set"));
    }
    None
}
