//! A dossier as one table, a row for each thing, for spreadsheets: no field is taken for a formula.
//!
//! Fields are shown as on a terminal; JSON holds the exact ones.

use super::line::{Line, Part};
use super::untrusted::{Prose, Untrusted};
use super::words::{self, Dollars};
use crate::model::dossier::{Done, UndoState};
use crate::model::report::{Credential, Finding, Resource, Use};
use crate::model::{Dossier, EventId, Time};

const HEADS: [&str; 19] = [
    "type",
    "kind",
    "id",
    "name",
    "account",
    "region",
    "at",
    "until",
    "state",
    "by",
    "confidence",
    "count",
    "usd_per_hour",
    "usd_burned",
    "technique",
    "address",
    "user_agent",
    "note",
    "events",
];

/// One row; every field is a line, so nothing gets in unescaped.
#[derive(Default)]
struct Row {
    r#type: &'static str,
    kind: Line,
    id: Line,
    name: Line,
    account: Line,
    region: Line,
    at: Option<Time>,
    until: Option<Time>,
    state: Line,
    by: Line,
    confidence: Line,
    count: Line,
    per_hour: Line,
    burned: Line,
    technique: Line,
    address: Line,
    user_agent: Line,
    note: Line,
    events: Line,
}

/// Returns the table, its heads first.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let report = &dossier.report;
    let rows = report.credentials.iter().map(credential);
    let rows = rows.chain(report.resources.iter().map(resource)).chain(report.findings.iter().map(finding));
    let rows = rows.chain(report.uses.iter().map(used));
    let rows = rows.chain(report.touched.iter().map(|one| Row {
        r#type: "touched",
        kind: name(one.kind),
        id: name(&one.id),
        account: name(&one.account),
        region: name(&one.region),
        confidence: word(words::confidence_word(one.confidence)),
        note: said(&one.how),
        events: ids(&one.events),
        ..Row::default()
    }));
    let rows = rows.chain(report.attempts.iter().map(|one| Row {
        r#type: "attempt",
        kind: name(&one.action),
        state: name(&one.error),
        count: number(one.count),
        events: ids(&one.events),
        ..Row::default()
    }));
    let rows = rows.chain(report.grants.iter().map(|one| Row {
        r#type: "grant",
        id: name(&one.member),
        name: name(&one.role),
        note: Line::new().put("on ").put(Untrusted(&one.on)),
        events: name(&one.event),
        ..Row::default()
    }));
    let rows = rows.chain(dossier.deeds.iter().map(deed));
    let rows = rows.chain(report.gaps.iter().map(|gap| Row {
        r#type: "gap",
        kind: word(words::gap(gap.kind)),
        id: name(&gap.place),
        note: said(&gap.why),
        ..Row::default()
    }));
    table(&HEADS, rows.map(Row::fields))
}

/// Writes a table whose fields are lines.
pub(super) fn table<const N: usize>(
    heads: &[&'static str; N],
    rows: impl Iterator<Item = [Line; N]>,
) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    // A Vec takes every write, and all records have the same length.
    let written = "a table in memory can be written";
    writer.write_record(heads).expect(written);
    for row in rows {
        writer.write_record(row.iter().map(Line::field)).expect(written);
    }
    writer.into_inner().expect(written)
}

fn name(text: &str) -> Line {
    Line::new().put(Untrusted(text))
}

fn some(text: Option<&str>) -> Line {
    text.map(name).unwrap_or_default()
}

fn said(text: &str) -> Line {
    Line::new().put(Prose(text))
}

fn word(text: &'static str) -> Line {
    Line::new().put(text)
}

fn number(n: impl Part) -> Line {
    Line::new().put(n)
}

pub(super) fn time(at: Option<Time>) -> Line {
    at.map(|at| Line::new().put(words::Exact(at))).unwrap_or_default()
}

fn ids(events: &[EventId]) -> Line {
    Line::new().list(" ", events.iter().map(|id| name(id)))
}

fn credential(one: &Credential) -> Row {
    Row {
        r#type: "credential",
        kind: name(one.kind),
        id: name(&one.id),
        name: some(one.principal.as_deref()),
        account: some(one.account.as_deref()),
        at: one.issued_at,
        until: one.valid_until.or(one.deleted_at).or(one.deactivated_at),
        state: match (one.active, one.deactivated_at) {
            (Some(true), _) => word("active"),
            (_, Some(_)) if one.state == "left" => word("deactivated"),
            _ => name(one.state),
        },
        by: some(one.issued_by.as_deref()),
        confidence: word(words::confidence_word(one.confidence)),
        count: number(one.events),
        note: some(one.via),
        events: some(one.event.as_deref()),
        ..Row::default()
    }
}

fn resource(one: &Resource) -> Row {
    let details = one.details.iter().map(|(word, text)| name(word).put("=").put(Untrusted(text)));
    Row {
        r#type: "resource",
        kind: name(one.kind),
        id: name(&one.id),
        name: some(one.name.as_deref()),
        account: name(&one.account),
        region: name(one.zone.as_deref().unwrap_or(&one.region)),
        at: Some(one.created_at),
        until: one.deleted_at,
        state: name(one.state),
        by: some(one.launched_by.as_deref().or(Some(&one.created_by))),
        confidence: word(words::confidence_word(one.confidence)),
        per_hour: one.cost.as_ref().map_or(Line::new(), |cost| number(Dollars(cost.per_hour))),
        burned: one.cost.as_ref().map_or(Line::new(), |cost| number(Dollars(cost.burned))),
        note: Line::new().list("; ", details),
        events: name(&one.event),
        ..Row::default()
    }
}

fn finding(one: &Finding) -> Row {
    Row {
        r#type: "finding",
        kind: word(words::finding(one.kind)),
        id: name(&one.subject),
        account: some(one.account.as_deref()),
        region: some(one.region.as_deref()),
        at: Some(one.at),
        until: one.until,
        state: word(if one.standing { "standing" } else { "over" }),
        by: some(one.credential.as_deref()),
        confidence: word(words::confidence_word(one.confidence)),
        technique: some(one.technique.map(|technique| technique.id)),
        note: said(&one.note),
        events: ids(&one.events),
        ..Row::default()
    }
}

fn used(one: &Use) -> Row {
    Row {
        r#type: "use",
        kind: name(one.how),
        id: name(&one.credential),
        region: Line::new().list(" ", one.regions.iter().map(|region| name(region))),
        at: Some(one.first),
        until: Some(one.last),
        state: word(if one.new { "new" } else { "" }),
        confidence: word(words::confidence_word(one.confidence)),
        count: number(one.events),
        address: some(one.address.as_deref()),
        user_agent: some(one.user_agent.as_deref()),
        ..Row::default()
    }
}

fn deed(one: &Done) -> Row {
    Row {
        r#type: "action",
        kind: word(one.api),
        id: name(&one.target.id),
        name: some(one.target.name.as_deref()),
        account: name(&one.place.account),
        region: name(&one.place.region),
        at: Some(one.at),
        state: word(words::became(one.became)),
        by: some(one.operator.as_deref()),
        note: match &one.undo {
            UndoState::Undone => word("undone"),
            UndoState::Possible { calls, .. } => {
                word("undo: ").list(", ", calls.iter().map(|call| Line::new().put(*call)))
            }
            UndoState::Partly { parts, of } => word("partly undone: ").put(*parts).put(" of ").put(*of),
            UndoState::None(why) => word("no undo: ").put(Prose(why)),
            UndoState::Needless => Line::new(),
        },
        ..Row::default()
    }
}

impl Row {
    fn fields(self) -> [Line; HEADS.len()] {
        [
            word(self.r#type),
            self.kind,
            self.id,
            self.name,
            self.account,
            self.region,
            time(self.at),
            time(self.until),
            self.state,
            self.by,
            self.confidence,
            self.count,
            self.per_hour,
            self.burned,
            self.technique,
            self.address,
            self.user_agent,
            self.note,
            self.events,
        ]
    }
}
