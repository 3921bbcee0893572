//! What is new since the last time that a case of logs was looked at: report against report, as a document and in lines.

use super::line::{Count, Line};
use super::untrusted::Untrusted;
use super::words::count;
use crate::model::report::Finding;
use crate::model::{EventId, Gap, Report};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub const SCHEMA: &str = "triage.changes/1";
/// So many ids are named on a line.
const NAMED: usize = 5;

/// What was read this time, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Files {
    /// Read from beginning to end.
    pub read: u64,
    /// Known from earlier runs.
    pub known: u64,
    /// Of these, looked at again for what was learnt since.
    pub again: u64,
    /// Names of what held other bytes than before, or could not be read any more: read anew.
    pub changed: Vec<String>,
    /// Names of what is not there any more; what was found in it stands.
    pub gone: Vec<String>,
}

/// What there was before and is not now, and the other way round; by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ids {
    pub new: Vec<String>,
    /// There before and now, but not the same: used again, deleted, in another state.
    pub changed: Vec<String>,
    /// Told of before and no more, because more is known or the window is another.
    pub gone: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Events {
    /// Of the principal and of all that it became; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    pub now: u64,
    /// Those that anything in the report is told of.
    pub new: Vec<EventId>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alleged {
    pub kind: crate::model::report::FindingKind,
    pub subject: String,
    pub note: String,
    pub events: Vec<EventId>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Findings {
    pub new: Vec<Alleged>,
    pub gone: Vec<Alleged>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gaps {
    pub new: Vec<Gap>,
    pub closed: Vec<Gap>,
}

/// All of it. Without an earlier report everything is new.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    pub schema: &'static str,
    /// Whether the last run did not end.
    pub resumed: bool,
    /// Why nothing was known from earlier runs, if they left anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<String>,
    /// Why the earlier report can't be compared with: what is new is not known then, and nothing is called so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
    pub files: Files,
    pub credentials: Ids,
    pub resources: Ids,
    pub events: Events,
    pub findings: Findings,
    pub gaps: Gaps,
}

/// Compares two reports of one case.
pub fn changes(before: Option<&Report>, now: &Report, files: Files) -> Changes {
    let nothing = Vec::new();
    let credentials = |report: &Report| -> BTreeMap<String, String> {
        let each = report.credentials.iter();
        each.map(|one| {
            (one.id.to_string(), format!("{} {:?} {:?} {}", one.state, one.last_use, one.active, one.events))
        })
        .collect()
    };
    let resources = |report: &Report| -> BTreeMap<String, String> {
        let each = report.resources.iter();
        // One name may have been made more than once.
        each.map(|one| {
            (format!("{} {}\0{}", one.kind, one.id, one.event), format!("{} {:?}", one.state, one.deleted_at))
        })
        .collect()
    };
    let told = |report: Option<&Report>| report.map(events).unwrap_or_default();
    let alleged = |report: Option<&Report>| report.map_or(&nothing, |report| &report.findings).clone();
    let (was, is) = (alleged(before), now.findings.clone());
    let gaps = |report: &Report| report.gaps.iter().cloned().collect::<BTreeSet<Gap>>();
    let (old, new) = (before.map(gaps).unwrap_or_default(), gaps(now));
    Changes {
        schema: SCHEMA,
        resumed: false,
        forgotten: None,
        not_compared: None,
        files,
        credentials: ids(before.map(credentials).unwrap_or_default(), credentials(now)),
        resources: ids(before.map(resources).unwrap_or_default(), resources(now)),
        events: Events {
            before: Some(before.map_or(0, counted)),
            now: counted(now),
            new: events(now).difference(&told(before)).cloned().collect(),
        },
        findings: Findings { new: beyond(&is, &was), gone: beyond(&was, &is) },
        gaps: Gaps {
            new: new.difference(&old).cloned().collect(),
            closed: old.difference(&new).cloned().collect(),
        },
    }
}

/// What can be said where there is an earlier report, and it can't be read.
pub fn not_compared(now: &Report, files: Files, why: &str) -> Changes {
    Changes {
        schema: SCHEMA,
        resumed: false,
        forgotten: None,
        not_compared: Some(why.to_owned()),
        files,
        credentials: Ids::default(),
        resources: Ids::default(),
        events: Events { before: None, now: counted(now), new: Vec::new() },
        findings: Findings::default(),
        gaps: Gaps::default(),
    }
}

/// Events of the principal and of all that it became.
fn counted(report: &Report) -> u64 {
    report.counts.events_of_principal + report.counts.events_of_derived
}

fn ids(before: BTreeMap<String, String>, now: BTreeMap<String, String>) -> Ids {
    let shown = |key: &String| key.split('\0').next().unwrap_or_default().to_owned();
    Ids {
        new: now.keys().filter(|id| !before.contains_key(*id)).map(shown).collect(),
        changed: now
            .iter()
            .filter(|(id, how)| before.get(*id).is_some_and(|was| was != *how))
            .map(|(id, _)| shown(id))
            .collect(),
        gone: before.keys().filter(|id| !now.contains_key(*id)).map(shown).collect(),
    }
}

/// Findings of one list that the other has not.
fn beyond(these: &[Finding], those: &[Finding]) -> Vec<Alleged> {
    let key = |one: &Finding| (one.kind, one.subject.clone(), one.note.clone(), one.at);
    let known: Vec<_> = those.iter().map(key).collect();
    let new = these.iter().filter(|one| !known.contains(&key(one)));
    new.map(|one| Alleged {
        kind: one.kind,
        subject: one.subject.to_string(),
        note: one.note.clone(),
        events: one.events.clone(),
    })
    .collect()
}

/// Every event that a report names.
fn events(report: &Report) -> BTreeSet<EventId> {
    let credentials = report.credentials.iter().filter_map(|one| one.event.clone());
    let resources = report
        .resources
        .iter()
        .flat_map(|one| std::iter::once(one.event.clone()).chain(one.deleted_event.clone()));
    let lists = report.touched.iter().map(|one| &one.events);
    let lists = lists.chain(report.findings.iter().map(|one| &one.events));
    let lists = lists.chain(report.attempts.iter().map(|one| &one.events));
    let lists = lists.chain(report.unclassified.iter().map(|one| &one.events));
    credentials.chain(resources).chain(lists.flatten().cloned()).collect()
}

/// In a few sentences.
pub fn lines(changes: &Changes) -> Vec<Line> {
    let mut lines = Vec::new();
    let files = &changes.files;
    let mut line =
        count(files.read, "file", "files").put(" read, ").put(Count(files.known)).put(" known from before");
    if files.again > 0 {
        line =
            line.put(", ").put(Count(files.again)).put(" of them looked at again for what was learnt since");
    }
    lines.push(line);
    if changes.resumed {
        lines.push(Line::new().put("The last run did not end: what it had finished was not read again"));
    }
    if let Some(why) = &changes.forgotten {
        lines.push(Line::new().put("Everything was read again: ").put(Untrusted(why)));
    }
    for (names, what) in
        [(&files.changed, "Changed since, and read anew: "), (&files.gone, "Not there any more: ")]
    {
        if !names.is_empty() {
            lines.push(Line::new().put(what).join(some(names.iter())));
        }
    }
    let Changes { credentials, resources, events, findings, gaps, .. } = changes;
    if let Some(why) = &changes.not_compared {
        let line = Line::new()
            .put("What is new since the last time is not known, because its report can't be read: ");
        lines.push(line.put(Untrusted(why)));
        return lines;
    }
    let before = events.before.unwrap_or_default();
    let new = events.now.saturating_sub(before);
    let mut line = Line::new().put("Since the last time: ").join(many(new, "new event", "new events"));
    if events.now < before {
        line = line.put(", ").join(many(before - events.now, "event less", "events less"));
    }
    line = line.put(", ").join(many(findings.new.len() as u64, "new finding", "new findings"));
    line = line.put("; ").put(gaps.closed.len()).put(" gaps closed, ").put(gaps.new.len()).put(" new");
    lines.push(line);
    for (ids, what) in [
        (&credentials.new, "New credentials: "),
        (&credentials.changed, "Credentials used again or changed: "),
        (&credentials.gone, "Credentials no longer told of: "),
        (&resources.new, "New resources: "),
        (&resources.changed, "Resources in another state: "),
        (&resources.gone, "Resources no longer told of: "),
    ] {
        if !ids.is_empty() {
            lines.push(Line::new().put(what).put(ids.len()).put(": ").join(some(ids.iter())));
        }
    }
    let notes: Vec<String> =
        findings.new.iter().map(|one| format!("{}: {}", one.subject, one.note)).collect();
    if !notes.is_empty() {
        lines.push(Line::new().put("New findings: ").join(some(notes.iter())));
    }
    for (gaps, what) in [(&gaps.new, "New gaps: "), (&gaps.closed, "Gaps closed: ")] {
        let told: Vec<String> = gaps.iter().map(|gap| format!("{}: {}", gap.place, gap.why)).collect();
        if !told.is_empty() {
            lines.push(Line::new().put(what).join(some(told.iter())));
        }
    }
    lines
}

fn many(n: u64, one: &'static str, more: &'static str) -> Line {
    count(n, one, more)
}

fn some<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> Line {
    let more = names.len().saturating_sub(NAMED);
    let line = Line::new().list(", ", names.take(NAMED).map(|name| Line::new().put(Untrusted(name))));
    if more > 0 { line.put(" and ").put(more).put(" more (changes.json in the case)") } else { line }
}
