//! A record under a row's eyes: paths resolved, ids made, facts begun.
//!
//! Made by `read`, used by the rows' small functions. Holds borrowed JSON; knows no file and no clock.

use super::{Row, path};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Technique};
use crate::model::{Actor, Outcome, Provider, ResourceRef, Scope, Time, time};
use serde_json::Value;
use std::sync::Arc;

pub struct Record<'a> {
    pub json: &'a Value,
    pub provider: Provider,
    /// `ec2.amazonaws.com`, `compute.googleapis.com`.
    pub source: &'a str,
    /// Normalised as in [`Row::events`].
    pub event: &'a str,
    pub at: Time,
    pub scope: &'a Scope,
    pub actor: &'a Actor,
    pub outcome: &'a Outcome,
}

impl<'a> Record<'a> {
    /// Returns every string that the first resolving alternative of `paths` leads to (numbers as decimal text).
    /// Empty strings are absent.
    pub fn all(&self, paths: &str) -> Vec<Arc<str>> {
        path::resolve(self.json, paths, self.event)
    }

    /// Returns the first of [`Record::all`].
    pub fn first(&self, paths: &str) -> Option<Arc<str>> {
        self.all(paths).into_iter().next()
    }

    /// Returns the JSON value at the first resolving alternative.
    pub fn value(&self, paths: &str) -> Option<&'a Value> {
        path::values(self.json, paths, self.event).into_iter().next()
    }

    /// Returns every JSON value at the first resolving alternative; `[]` iterates.
    pub fn values(&self, paths: &str) -> Vec<&'a Value> {
        path::values(self.json, paths, self.event)
    }

    /// Whether the text at the path equals `text`, letter case ignored.
    pub fn is(&self, paths: &str, text: &str) -> bool {
        self.all(paths).iter().any(|found| found.eq_ignore_ascii_case(text))
    }

    pub fn time(&self, paths: &str) -> Option<Time> {
        self.value(paths).and_then(time::parse_loose)
    }

    /// Makes one resource of this record's account and region.
    pub fn resource(&self, kind: &'static str, id: impl Into<Arc<str>>) -> ResourceRef {
        ResourceRef {
            kind,
            id: id.into(),
            names: Vec::new(),
            account: self.scope.account.clone(),
            region: self.scope.region.clone(),
            launcher: None,
        }
    }

    /// Makes the resources that a row's paths name. Other names are attached only when exactly one id resolved,
    /// since parallel lists can't be paired safely.
    pub fn resources(&self, kind: &'static str, id: &str, names: &str) -> Vec<ResourceRef> {
        let mut found: Vec<ResourceRef> =
            self.all(id).into_iter().map(|id| self.resource(kind, id)).collect();
        let mut others: Vec<Arc<str>> =
            names.split('|').filter(|p| !p.is_empty()).flat_map(|p| self.all(p)).collect();
        others.sort();
        others.dedup();
        match &mut found[..] {
            [only] => {
                others.retain(|name| *name != only.id);
                only.names = others;
            }
            [] if !others.is_empty() => {
                let mut only = self.resource(kind, others.remove(0));
                only.names = others;
                found.push(only);
            }
            _ => {}
        }
        if self.provider == Provider::Gcp {
            found.iter_mut().for_each(super::gcp::name::complete);
        }
        found
    }

    pub(super) fn signal(
        &self,
        row: &Row,
        kind: FindingKind,
        technique: Option<&'static Technique>,
        subject: Option<Arc<str>>,
    ) -> Signal {
        let subject = subject.unwrap_or_else(|| self.event.into());
        Signal {
            kind,
            technique,
            note: self.fill(row.note, &subject),
            pair: self.pair_key(row, &subject),
            subject,
            undoes: row.undoes,
        }
    }

    pub(super) fn undoing(&self, row: &Row, subject: Option<Arc<str>>) -> Signal {
        // The kind of an undoing half is never read: it makes no finding of its own.
        self.signal(row, FindingKind::Discovery, None, subject)
    }

    /// Returns the key that joins both halves of a pair, per account and subject.
    pub fn pair_key(&self, row: &Row, subject: &str) -> Arc<str> {
        if row.pair.is_empty() {
            "".into()
        } else {
            pair_key(&self.fill(row.pair, subject), &self.scope.account, subject)
        }
    }

    /// Fills the braces of a row's words: `{id}` is the subject, any other text a path into the record. What a record
    /// fills in is never read for braces again, so that nobody can plant any.
    pub fn fill(&self, words: &str, id: &str) -> String {
        let mut filled = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, (path, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            if path == "id" {
                filled.push_str(id);
            } else {
                filled.push_str(&listed(&self.all(path)));
            }
            rest = after;
        }
        filled + rest
    }
}

/// A sentence stays a sentence when a request names a thousand accounts.
const MAX_LISTED: usize = 5;

fn listed(values: &[Arc<str>]) -> String {
    match values.len() {
        0 => "(not recorded)".to_owned(),
        n if n > MAX_LISTED => {
            format!("{} and {} more", values[..MAX_LISTED].join(", "), n - MAX_LISTED)
        }
        _ => values.join(", "),
    }
}

/// Joins a pair's label with account and subject. An ARN and its last segment are the same subject, because StopLogging
/// takes either.
pub fn pair_key(label: &str, account: &str, subject: &str) -> Arc<str> {
    let short = if subject.starts_with("arn:") {
        subject.rsplit(['/', ':']).next().unwrap_or(subject)
    } else {
        subject
    };
    format!("{label}/{account}/{short}").into()
}
