//! What runs and looks like what the principal launched, but that no record ties to it: told, never acted on.
//!
//! Pure: compares what the report holds with what a sweep of the clouds showed. Called by the command that swept.

use crate::model::observed::State;
use crate::model::report::{Confidence, Lookalike, Report, Resource};
use crate::model::{Observed, ResourceRef};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What two machines share when one hand made both, by the word of the inventory, the surest first.
const TRAITS: &[(&str, &str)] = &[
    ("user_data_sha256", "user data"),
    ("launch_template", "launch template"),
    ("launch_configuration", "launch configuration"),
    ("key_name", "key pair"),
    ("image", "image"),
];

/// A trait that more strangers had before the principal made anything tells the owners' habits, not a thief's.
const COMMON: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    pub observed: Observed,
    /// What it shares, and with which of what was found: `image ami-… with i-…`.
    pub shares: Vec<String>,
}

/// The same as a report lists it.
pub fn lookalikes(report: &Report, swept: &[Observed], own: &BTreeSet<Arc<str>>) -> Vec<Lookalike> {
    let row = |one: Similar| Lookalike {
        kind: one.observed.resource.kind,
        id: one.observed.resource.id,
        account: one.observed.resource.account,
        region: one.observed.resource.region,
        shares: one.shares,
    };
    similar(report, swept, own).into_iter().map(row).collect()
}

/// Returns what was swept and shares a trait with what the principal launched, sorted. Never what is in the report already,
/// whatever it says of it, nor what `own` names.
/// An image that the owners' machines run anyway says nothing: a trait of more than a few that are older than the first thing
/// that the principal made is left out.
pub fn similar(report: &Report, swept: &[Observed], own: &BTreeSet<Arc<str>>) -> Vec<Similar> {
    let known: BTreeSet<&str> = report
        .resources
        .iter()
        .flat_map(|one| [Some(&one.id), one.name.as_ref()])
        .flatten()
        .map(|name| &**name)
        .collect();
    let is_known =
        |one: &ResourceRef| one.all_names().any(|name| known.contains(&**name) || own.contains(name));
    let made: Vec<&Resource> =
        report.resources.iter().filter(|one| one.confidence == Confidence::Confirmed).collect();
    let first = made.iter().map(|one| one.created_at).min();
    let traits = traits_of(&made);
    let strangers: Vec<&Observed> =
        swept.iter().filter(|one| one.state != State::Gone && !is_known(&one.resource)).collect();
    // By trait: how many strangers were there before the principal made anything.
    let mut older: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in &strangers {
        if one.created_at.zip(first).is_some_and(|(at, first)| at < first) {
            for (word, text) in words_of(&one.details) {
                *older.entry((word, text)).or_default() += 1;
            }
        }
    }
    let mut found: Vec<Similar> = strangers
        .into_iter()
        .filter_map(|one| {
            let shares: Vec<String> = words_of(&one.details)
                .filter(|key| older.get(key).is_none_or(|n| *n <= COMMON))
                .filter_map(|key @ (word, text)| {
                    let with = traits.get(&key)?;
                    let name = TRAITS.iter().find(|(known, _)| *known == word)?.1;
                    Some(format!("{name} {text} with {with}"))
                })
                .collect();
            (!shares.is_empty()).then(|| Similar { observed: one.clone(), shares })
        })
        .collect();
    found.sort_by(|a, b| key(a).cmp(&key(b)));
    found
}

fn key(one: &Similar) -> (&Arc<str>, &Arc<str>, &str, &Arc<str>) {
    let resource = &one.observed.resource;
    (&resource.account, &resource.region, resource.kind, &resource.id)
}

/// Whatever the inventory could not read is no trait.
fn words_of(details: &BTreeMap<Arc<str>, Arc<str>>) -> impl Iterator<Item = (&str, &str)> {
    TRAITS.iter().filter_map(|(word, _)| {
        let text = details.get(*word).map(|text| &**text)?;
        (!text.is_empty() && text != "unknown").then_some((*word, text))
    })
}

/// By trait: the first that has it. A launch template or key pair that the principal made is a trait of its own.
fn traits_of<'a>(made: &[&'a Resource]) -> BTreeMap<(&'a str, &'a str), &'a str> {
    let mut sorted = made.to_vec();
    sorted.sort_by_key(|one| (one.created_at, &one.id));
    let mut traits = BTreeMap::new();
    for one in sorted {
        let itself = match one.kind {
            "aws.ec2.launch_template" => Some(("launch_template", &*one.id)),
            "aws.autoscaling.launch_configuration" => Some(("launch_configuration", &*one.id)),
            "aws.ec2.key_pair" => one.name.as_deref().map(|name| ("key_name", name)),
            "aws.ec2.image" => Some(("image", &*one.id)),
            _ => None,
        };
        for key in words_of(&one.details).chain(itself) {
            traits.entry(key).or_insert(&*one.id);
        }
    }
    traits
}
