//! Who roles let in before the principal rewrote their trust policies: asked of the event history, whoever wrote them. What is
//! told is kept in the case before a plan rests on it.

use super::live::Session;
use crate::case::Case;
use crate::cloud::aws::lookup_events::EventHistory;
use crate::cloud::{Ask, By, Feed, LogSource, Query, Take};
use crate::model::report::CoveredScope;
use crate::model::{Gap, Time, deny};
use crate::plan::revoke::{Known, Rewritten};
use crate::read::trust::{self, WRITERS};
use crate::render::json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// Event history goes back so far (aws.md 2.1).
const HISTORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

impl Session {
    /// Adds to what is known who these roles let in before, where a record tells and what the principal wrote still stands.
    pub fn trusts(
        &self,
        rewritten: &BTreeMap<Arc<str>, Rewritten>,
        known: &mut Known,
        case: &Case,
    ) -> anyhow::Result<Vec<Gap>> {
        if rewritten.is_empty() {
            return Ok(Vec::new());
        }
        let (lines, gaps) = self.writers_of_trust(rewritten);
        let records: Vec<(&String, Value)> = lines
            .iter()
            .filter_map(|line| Some((line, serde_json::from_str::<Value>(line).ok()?)))
            .filter(|(_, record)| rewritten.keys().any(|role| !trust::written([record], role).is_empty()))
            .collect();
        case.write_document(
            "trusts",
            &json::document(&records.iter().map(|(line, _)| line).collect::<Vec<_>>()),
        )?;
        for (role, how) in rewritten {
            let written = trust::written(records.iter().map(|(_, record)| record), role);
            let now = known.trust_of(role);
            let Some(last) = written.last() else { continue };
            let stands = now.as_ref().is_none_or(|now| deny::same(now, &last.document));
            if !stands || !how.by.contains(&last.event) {
                known.mended.insert(role.clone());
                continue;
            }
            if let Some(before) = written.iter().rfind(|one| one.at < how.since) {
                known.trusts.insert(role.clone(), before.document.clone());
            }
        }
        Ok(gaps)
    }

    /// Every record that wrote a trust policy in the accounts of these roles, as received.
    fn writers_of_trust(&self, roles: &BTreeMap<Arc<str>, Rewritten>) -> (Vec<String>, Vec<Gap>) {
        let accounts: BTreeSet<Arc<str>> =
            roles.keys().filter_map(|role| role.split(':').nth(4)).map(Arc::from).collect();
        let home: Arc<str> = self.aws.region(&crate::model::Place::new("", "")).into();
        let places = accounts.iter().map(|account| (account.clone(), vec![home.clone()])).collect();
        let history = EventHistory::new(self.aws.clone(), self.runtime.handle().clone(), places);
        let asks = |account: &Arc<str>| {
            let account = account.clone();
            WRITERS.map(|(event, _)| Ask {
                by: By::EventName,
                value: event.into(),
                account: Some(account.clone()),
                of: None,
                within: None,
            })
        };
        let query = Query {
            asks: accounts.iter().flat_map(asks).collect(),
            since: Time::now().checked_sub(HISTORY).ok(),
            ..Query::default()
        };
        let heard = Heard::default();
        history.drive(&query, &history.shards(&query), &heard);
        let take = |gaps: Mutex<Vec<Gap>>| gaps.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut lines = heard.lines.into_inner().unwrap_or_else(PoisonError::into_inner);
        lines.sort();
        lines.dedup();
        (lines, take(heard.gaps))
    }
}

/// Takes everything.
#[derive(Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    gaps: Mutex<Vec<Gap>>,
}

impl Take for Heard {
    fn part(&self, _input: &str, feed: &mut Feed<'_>) {
        let mut lines = Vec::new();
        let gaps = feed(&mut |raw| {
            lines.push(String::from_utf8_lossy(raw.bytes).into_owned());
            ControlFlow::Continue(())
        });
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner).extend(gaps);
    }

    /// A place that did not answer has its gap.
    fn covered(&self, _scope: CoveredScope) {}

    fn ended(&self) {}

    fn is_stopped(&self) -> bool {
        false
    }
}
