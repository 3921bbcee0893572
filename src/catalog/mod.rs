//! What we know: which event makes, deletes or touches which resource, which technique it is, and how it is stopped.
//!
//! Rows, one file per cloud service; knowledge only, no power: nothing here can call a cloud. Names `model` alone.
//! Anyone may add a row; `read` applies them, `plan` reads `contain` as advice.

pub mod aws;
pub mod gcp;
pub mod meter;
pub mod path;
pub mod record;
pub mod technique;

use crate::model::Fact;
use crate::model::report::{FindingKind, Technique};
pub use record::Record;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// All rows of one event source (`ec2.amazonaws.com`, `compute.googleapis.com`).
pub struct Service {
    pub source: &'static str,
    pub rows: &'static [Row],
}

/// What an event does to the resource that its row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Makes it: the actor owns what comes of it.
    Creates,
    /// Deletes it, whoever does.
    Deletes,
    /// Changes or uses something that may be anybody's.
    Touches,
    /// Concerns no resource of its own: only a finding or what `tells` says.
    Tells,
}

/// One event rule. Built with [`on`] and the methods below, so that a row reads as a sentence.
#[derive(Clone, Copy)]
pub struct Row {
    /// Event names, `|`-separated; CloudTrail's without the version suffix (`CreateFunction`), Compute's without
    /// `v1.`/`beta.`/`alpha.`, gRPC ones as `Service.Method` (last two segments).
    pub events: &'static str,
    pub act: Act,
    /// `aws.ec2.instance`.
    pub kind: &'static str,
    /// Paths to its immutable id, `|`-separated alternatives, `[]` iterates. See [`path`].
    pub id: &'static str,
    /// Paths to its other names (all that resolve are taken), to match deletions by.
    pub names: &'static str,
    /// For touches: what was done, as a phrase after the resource ("restarted", "shared with {requestParameters.userId}").
    /// See [`Record::fill`] for the braces.
    pub how: &'static str,
    pub finding: Option<(FindingKind, Option<&'static Technique>)>,
    /// The cloud's own calls that stop or isolate it, reversible rung first; advice for the plan, never executed from here.
    pub contain: &'static str,
    /// One plain sentence for the on-call at 3 AM. `{id}` stands for the resource, other braces as in `how`.
    pub note: &'static str,
    /// Joins the doing and the undoing half of a pair (StopLogging/StartLogging) per account and resource, and per what
    /// its braces say where those two aren't enough (a policy of many, a name that repeats in every region).
    pub pair: &'static str,
    /// This row is the undoing half.
    pub undoes: bool,
    /// One finding for each resource instead of one for the record: for lists of unrelated things (secrets, alarms).
    pub each: bool,
    /// The row holds only for records that satisfy this.
    pub only_if: Option<fn(&Record) -> bool>,
    /// Tells what paths alone can't: credentials minted, grants, launcher tags.
    pub tells: Option<fn(&Record, &mut Vec<Fact>)>,
}

/// Begins a row: `on("RunInstances").creates("aws.ec2.instance", "responseElements.instancesSet.items[].instanceId")`.
pub const fn on(events: &'static str) -> Row {
    Row {
        events,
        act: Act::Tells,
        kind: "",
        id: "",
        names: "",
        how: "",
        finding: None,
        contain: "",
        note: "",
        pair: "",
        undoes: false,
        each: false,
        only_if: None,
        tells: None,
    }
}

impl Row {
    pub const fn creates(mut self, kind: &'static str, id: &'static str) -> Row {
        self.act = Act::Creates;
        self.kind = kind;
        self.id = id;
        self
    }

    pub const fn deletes(mut self, kind: &'static str, id: &'static str) -> Row {
        self.act = Act::Deletes;
        self.kind = kind;
        self.id = id;
        self
    }

    pub const fn touches(mut self, kind: &'static str, id: &'static str, how: &'static str) -> Row {
        self.act = Act::Touches;
        self.kind = kind;
        self.id = id;
        self.how = how;
        self
    }

    /// The subject of a finding that is no resource of its own (an account setting, a quota).
    pub const fn about(mut self, kind: &'static str, id: &'static str) -> Row {
        self.act = Act::Tells;
        self.kind = kind;
        self.id = id;
        self
    }

    pub const fn names(mut self, names: &'static str) -> Row {
        self.names = names;
        self
    }

    pub const fn finding(
        mut self,
        kind: FindingKind,
        technique: &'static Technique,
        note: &'static str,
    ) -> Row {
        self.finding = Some((kind, Some(technique)));
        self.note = note;
        self
    }

    /// A finding that ATT&CK has no technique for (a purchase, a quota raise).
    pub const fn finding_without_technique(mut self, kind: FindingKind, note: &'static str) -> Row {
        self.finding = Some((kind, None));
        self.note = note;
        self
    }

    pub const fn contain(mut self, calls: &'static str) -> Row {
        self.contain = calls;
        self
    }

    pub const fn note(mut self, note: &'static str) -> Row {
        self.note = note;
        self
    }

    pub const fn pair(mut self, pair: &'static str) -> Row {
        self.pair = pair;
        self
    }

    pub const fn undoes(mut self, pair: &'static str) -> Row {
        self.pair = pair;
        self.undoes = true;
        self
    }

    pub const fn each(mut self) -> Row {
        self.each = true;
        self
    }

    pub const fn only_if(mut self, holds: fn(&Record) -> bool) -> Row {
        self.only_if = Some(holds);
        self
    }

    pub const fn tells(mut self, tell: fn(&Record, &mut Vec<Fact>)) -> Row {
        self.tells = Some(tell);
        self
    }

    /// Whether this row is about the (normalised) event name.
    pub fn is_about(&self, event: &str) -> bool {
        self.events.split('|').any(|name| name == event)
    }
}

/// Returns the rows for an event of a source, in the order in which they stand. `event` is normalised, see [`Row::events`].
pub fn rows<'a>(
    services: &'static [&'static Service],
    source: &'a str,
    event: &'a str,
) -> impl Iterator<Item = &'static Row> + 'a {
    services
        .iter()
        .filter(move |service| service.source == source)
        .flat_map(|service| service.rows)
        .filter(move |row| row.is_about(event))
}

/// Returns a kind as our rows spell it, for one that was written down and read back; `None` for what no row knows.
pub fn kind(name: &str) -> Option<&'static str> {
    static KINDS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    let rows = || aws::SERVICES.iter().chain(gcp::SERVICES).flat_map(|service| service.rows);
    KINDS.get_or_init(|| rows().map(|row| row.kind).chain(FURTHER).collect()).get(name).copied()
}

/// Kinds that only a look at the cloud shows: no event of ours makes them.
const FURTHER: [&str; 0] = [];

/// Applies the rows of one event and returns its facts.
pub fn facts(services: &'static [&'static Service], record: &Record) -> Vec<Fact> {
    let mut facts = Vec::new();
    for row in rows(services, record.source, record.event) {
        if row.only_if.is_none_or(|holds| holds(record)) {
            apply(row, record, &mut facts);
        }
    }
    facts
}

fn apply(row: &Row, record: &Record, facts: &mut Vec<Fact>) {
    let found = if row.kind.is_empty() { Vec::new() } else { record.resources(row.kind, row.id, row.names) };
    let mut subjects: Vec<_> = found.iter().map(|resource| Some(resource.id.clone())).collect();
    if subjects.is_empty() {
        subjects.push(None);
    }
    if !row.each {
        subjects.truncate(1);
    }
    for subject in subjects {
        if let Some((kind, technique)) = row.finding {
            facts.push(Fact::Signal(record.signal(row, kind, technique, subject)));
        } else if row.undoes {
            facts.push(Fact::Signal(record.undoing(row, subject)));
        }
    }
    for resource in found {
        match row.act {
            Act::Creates => facts.push(Fact::Created(resource)),
            Act::Deletes => facts.push(Fact::Deleted(resource)),
            Act::Touches => {
                let how = record.fill(row.how, &resource.id);
                facts.push(Fact::Touched { resource, how });
            }
            Act::Tells => {}
        }
    }
    if let Some(tell) = row.tells {
        tell(record, facts);
    }
}
