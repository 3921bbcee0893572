//! Things by their names: finds what a reference means among tens of thousands, also when they all bear one name.
//!
//! Holds places in somebody else's list; `attribute` alone asks it.

use crate::model::ResourceRef;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Places by kind and name.
#[derive(Default)]
pub struct Names {
    kinds: HashMap<&'static str, ByName>,
}

#[derive(Default)]
struct ByName {
    all: HashMap<Arc<str>, BTreeSet<usize>>,
    /// Of those whose own id may be used again: all that a reference with an immutable id has to be compared with,
    /// besides those of the same id.
    reusable: HashMap<Arc<str>, BTreeSet<usize>>,
}

impl Names {
    pub fn of<'r>(resources: impl IntoIterator<Item = &'r ResourceRef>) -> Names {
        let mut names = Names::default();
        for (place, resource) in resources.into_iter().enumerate() {
            names.add(place, resource);
        }
        names
    }

    /// Adds a resource with all its names; again, when it got more of them.
    pub fn add(&mut self, place: usize, resource: &ResourceRef) {
        let kind = self.kinds.entry(resource.kind).or_default();
        let is_reusable = !is_immutable(&resource.id);
        for name in resource.all_names() {
            kind.all.entry(name.clone()).or_default().insert(place);
            if is_reusable {
                kind.reusable.entry(name.clone()).or_default().insert(place);
            }
        }
    }

    /// Takes away what a resource was added as, before its id becomes another.
    pub fn remove(&mut self, place: usize, resource: &ResourceRef) {
        let Some(kind) = self.kinds.get_mut(resource.kind) else { return };
        for name in resource.all_names() {
            for places in [kind.all.get_mut(name), kind.reusable.get_mut(name)].into_iter().flatten() {
                places.remove(&place);
            }
        }
    }

    /// Sets of places that hold everything which may be one with this.
    fn candidates<'a>(&'a self, resource: &'a ResourceRef) -> impl Iterator<Item = &'a BTreeSet<usize>> {
        let kind = self.kinds.get(resource.kind);
        let is_reusable = !is_immutable(&resource.id);
        let by_id = kind.and_then(|kind| kind.all.get(&resource.id));
        let by_name = kind.into_iter().flat_map(move |kind| {
            let names = if is_reusable { &kind.all } else { &kind.reusable };
            resource.all_names().filter_map(|name| names.get(name))
        });
        by_id.into_iter().chain(by_name)
    }

    /// The first at or after `from` that is one with this, as `is` knows it.
    pub fn first(&self, resource: &ResourceRef, from: usize, is: impl Fn(usize) -> bool) -> Option<usize> {
        self.candidates(resource).filter_map(|places| places.range(from..).copied().find(|n| is(*n))).min()
    }

    /// The last one that is one with this.
    pub fn last(&self, resource: &ResourceRef, is: impl Fn(usize) -> bool) -> Option<usize> {
        self.candidates(resource).filter_map(|places| places.iter().rev().copied().find(|n| is(*n))).max()
    }
}

/// Whether two references mean one incarnation, as far as ids tell: different immutable ids are different things even
/// under one name.
pub fn is_one(a: &ResourceRef, b: &ResourceRef) -> bool {
    a.is_same(b) && (a.id == b.id || !(is_immutable(&a.id) && is_immutable(&b.id)))
}

/// Numeric ids (Google) and prefixed hexadecimal ones (EC2) are never used twice.
pub fn is_immutable(id: &str) -> bool {
    let is_hex = |text: &str| text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
        || id.rsplit_once('-').is_some_and(|(prefix, rest)| {
            is_hex(rest) && prefix.len() <= 12 && prefix.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        })
}
