//! What stands changed though it is nothing that the principal made: SSH keys in the metadata of others' machines and projects,
//! buckets, images, snapshots and disks that others were let into.
//!
//! The log has the word and hides the value: where the word was not there before, all of it is the thief's; where it was
//! changed, a human tells the keys apart.

use super::super::standing::{Told, told_by};
use super::super::{After, Draft, LETS_IN};
use crate::model::change::Change;
use crate::model::change::PolicyOf;
use crate::model::change::gcp::{ComputeChange, PolicyChange, ShareOf};
use crate::model::report::{Finding, Grant};
use crate::plan::Proposal;
use crate::plan::ground::{Ground, target};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Plans what takes standing findings back; returns those that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    let mut told = Told::new();
    for finding in ground.standing().iter().copied() {
        let changes = undone(ground, finding);
        if changes.is_empty() {
            continue;
        }
        let touched = ground.touched_by(&finding.events, &finding.subject);
        let account = finding.account.as_deref().or(touched.map(|one| &*one.account)).unwrap_or_default();
        let kind = touched.map_or("gcp.compute.project", |one| one.kind);
        let mut place = target(kind, &finding.subject, None, account);
        place.region = match kind {
            "gcp.compute.instance" | "gcp.compute.disk" => {
                touched.map(|one| one.region.clone()).unwrap_or_default()
            }
            _ => Arc::from(""),
        };
        told.insert(told_by(finding));
        for (change, before) in changes {
            let draft = Draft {
                target: place.clone(),
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
    }
    told
}

/// As the catalog's metadata rows say that a word was not there before.
const NEW_KEYS: [&str; 2] = ["Metadata key ssh-keys was set on ", "Metadata key sshKeys was set on "];

fn undone(ground: &Ground, finding: &Finding) -> Vec<(Change, &'static str)> {
    let Some(touched) = ground.touched_by(&finding.events, &finding.subject) else { return Vec::new() };
    if NEW_KEYS.iter().any(|words| finding.note.starts_with(words)) {
        let change = match touched.kind {
            // What the principal made is stopped, and is evidence with its keys.
            "gcp.compute.instance" if ground.resource_named(&finding.subject, &touched.account).is_some() => {
                return Vec::new();
            }
            "gcp.compute.instance" => ComputeChange::RemoveInstanceSshKeys { id: finding.subject.clone() },
            "gcp.compute.project" => ComputeChange::RemoveProjectSshKeys { project: touched.account.clone() },
            _ => return Vec::new(),
        };
        return vec![(change.into(), "set")];
    }
    let mut grants: Vec<&Grant> = (ground.report.grants.iter())
        .filter(|grant| grant.on == finding.subject && finding.events.contains(&grant.event))
        .collect();
    grants.sort();
    if touched.kind == "gcp.storage.bucket" {
        let changes = grants.into_iter().filter_map(|grant| {
            let on = PolicyOf::named(&grant.on, Some(touched.kind))?;
            let (role, member) = (grant.role.clone(), grant.member.clone());
            Some((PolicyChange::RemoveBinding { on, role, member }.into(), "open"))
        });
        return changes.collect();
    }
    let of = match touched.kind {
        "gcp.compute.image" => ShareOf::Image,
        "gcp.compute.snapshot" => ShareOf::Snapshot,
        "gcp.compute.disk" => ShareOf::Disk,
        _ => return Vec::new(),
    };
    let members: BTreeSet<Arc<str>> = grants.into_iter().map(|grant| grant.member.clone()).collect();
    if members.is_empty() {
        return Vec::new();
    }
    let members = members.into_iter().collect();
    vec![(ComputeChange::UnshareCompute { of, id: finding.subject.clone(), members }.into(), "shared")]
}
