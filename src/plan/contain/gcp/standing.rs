//! What stands changed though it is nothing that the principal made: SSH keys in the metadata of others' machines and projects,
//! buckets, images, snapshots and disks that others were let into; log sinks, exclusions, contacts and budgets that were tampered with.
//!
//! The log has the word and hides the value: where the word was not there before and nobody else has changed it since, all of it is
//! the thief's; else a human tells the keys apart.

use super::super::standing::{Told, told_by};
use super::super::{After, Draft, LETS_IN};
use crate::model::change::Change;
use crate::model::change::PolicyOf;
use crate::model::change::gcp::{
    AddedKeys, ComputeChange, PolicyChange, RestoreChange, SettingOf, ShareOf, StorageChange,
};
use crate::model::report::{Confidence, Finding, FindingKind, Grant, Touched};
use crate::plan::Proposal;
use crate::plan::ground::{Ground, target};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Plans what takes standing findings back; returns those that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    let mut told = Told::new();
    for finding in ground.standing().iter().copied() {
        // A grant's finding is about whom it lets in, and holds where it was given.
        let mut grants: Vec<&Grant> = (ground.report.grants.iter())
            .filter(|grant| {
                finding.events.contains(&grant.event)
                    && [&grant.on, &grant.member].contains(&&finding.subject)
            })
            .collect();
        grants.sort();
        let on = grants.first().map_or(&finding.subject, |grant| &grant.on).clone();
        let Some(touched) = ground.touched_by(&finding.events, &on) else { continue };
        let changes = undone(ground, finding, touched, &on, &grants);
        if changes.is_empty() {
            continue;
        }
        let account = finding.account.as_deref().unwrap_or(&touched.account);
        let mut place = target(touched.kind, &on, None, account);
        place.region = match touched.kind {
            "gcp.compute.instance" | "gcp.compute.disk" => touched.region.clone(),
            _ => Arc::from(""),
        };
        told.insert(told_by(finding));
        for (no, (change, before)) in (0..).zip(changes) {
            let draft = Draft {
                target: place.clone(),
                because: finding.events.iter().cloned().collect(),
                why: vec![finding.note.clone()],
                before,
                change,
                rank: LETS_IN + no,
                after: if no == 0 { After::Nothing } else { After::Target(place.id.clone()) },
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

fn undone(
    ground: &Ground,
    finding: &Finding,
    touched: &Touched,
    on: &Arc<str>,
    grants: &[&Grant],
) -> Vec<(Change, &'static str)> {
    if NEW_KEYS.iter().any(|words| finding.note.starts_with(words)) {
        let change = match touched.kind {
            // What the principal made is stopped, and is evidence with its keys.
            "gcp.compute.instance" if ground.resource_named(&finding.subject, &touched.account).is_some() => {
                return Vec::new();
            }
            "gcp.compute.instance" => {
                let added = Some(added(ground, finding));
                ComputeChange::RemoveInstanceSshKeys { id: finding.subject.clone(), added }
            }
            "gcp.compute.project" => {
                let added = Some(added(ground, finding));
                ComputeChange::RemoveProjectSshKeys { project: touched.account.clone(), added }
            }
            _ => return Vec::new(),
        };
        return vec![(change.into(), "set")];
    }
    if touched.kind == "gcp.storage.bucket" {
        let mut changes: Vec<(Change, &'static str)> = Vec::new();
        for grant in grants {
            let Some(on) = PolicyOf::named(&grant.on, Some(touched.kind)) else { continue };
            let (role, member) = (grant.role.clone(), grant.member.clone());
            changes.push((PolicyChange::RemoveBinding { on, role, member }.into(), "open"));
        }
        let is_public = |grant: &&Grant| matches!(&*grant.member, "allUsers" | "allAuthenticatedUsers");
        if finding.kind == FindingKind::Exposure
            && grants.iter().all(is_public)
            && (!grants.is_empty() || finding.note.ends_with("is no longer prevented."))
            && let Some(PolicyOf::Bucket(bucket)) = PolicyOf::named(on, Some(touched.kind))
        {
            changes.push((StorageChange::PreventPublicAccess { bucket }.into(), "open"));
        }
        return changes;
    }
    if let Some(of) = SettingOf::of_kind(touched.kind) {
        return restored(ground, finding, of).into_iter().collect();
    }
    let of = match touched.kind {
        "gcp.compute.image" => ShareOf::Image,
        "gcp.compute.snapshot" => ShareOf::Snapshot,
        "gcp.compute.disk" => ShareOf::Disk,
        _ => return Vec::new(),
    };
    let members: BTreeSet<Arc<str>> = grants.iter().map(|grant| grant.member.clone()).collect();
    if members.is_empty() {
        return Vec::new();
    }
    let members = members.into_iter().collect();
    vec![(ComputeChange::UnshareCompute { of, id: on.clone(), members }.into(), "shared")]
}

/// Since when, and by which records, the principal put keys in.
fn added(ground: &Ground, finding: &Finding) -> AddedKeys {
    let its = |one: &&Finding| one.subject == finding.subject && one.account == finding.account;
    let all: Vec<&Finding> = ground.report.findings.iter().filter(its).collect();
    let events: BTreeSet<Arc<str>> = all
        .iter()
        .filter(|one| one.confidence == Confidence::Confirmed)
        .flat_map(|one| one.events.iter().cloned())
        .collect();
    AddedKeys { since: finding.at, events: events.into_iter().collect() }
}

/// Back to what it was before the principal's first change; what it made itself is a resource, and switched off.
fn restored(ground: &Ground, finding: &Finding, of: SettingOf) -> Option<(Change, &'static str)> {
    let name = &finding.subject;
    let account = finding.account.as_deref().unwrap_or_default();
    if !name.contains('/') || ground.resource_named(name, account).is_some() {
        return None;
    }
    let times = || {
        let told = ground.report.findings.iter().filter(|one| one.subject == *name);
        told.filter(|one| one.confidence == Confidence::Confirmed).map(|one| one.at)
    };
    let (before, until) = (times().min()?, times().max()?);
    let name = name.clone();
    Some((RestoreChange::RestoreSetting { of, name, before, until }.into(), "tampered with"))
}
