//! A dossier as one self-contained page: no script, nothing fetched, a policy that forbids both; readable on a phone, printable.
//!
//! The template gets [`Text`], numbers and our own words alone, and escapes every text once more.

mod lanes;
mod picture;

use super::line::{At, Count, Line};
use super::markdown::{before_after, done_to, state, undo};
use super::summary::{Facts, Tone, answers, is_bad, open_steps};
use super::table::verdict::headline;
use super::text::Text;
use super::untrusted::{Prose, Untrusted};
use super::words::{self, as_of, confidence, count, danger, is_left, is_news, region, severity, span};
use crate::model::dossier::{Became, Done};
use crate::model::plan::Plan;
use crate::model::report::{Credential, Finding, Report, Resource, Use};
use crate::model::{Dossier, Gap, Time};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");

#[derive(Serialize)]
struct Page {
    style: &'static str,
    id: Text,
    kind: Text,
    headline: Text,
    tone: &'static str,
    about: Vec<Pair>,
    answers: Vec<Asked>,
    lanes: lanes::Lanes,
    pictures: Vec<picture::Picture>,
    credentials: Vec<CredentialRow>,
    uses: Vec<UseRow>,
    kinds: Vec<KindRow>,
    resources: Vec<ResourceRow>,
    is_priced: bool,
    cost_notes: Vec<Text>,
    findings: Vec<FindingRow>,
    actions: Vec<ActionRow>,
    plans: Vec<PlanPart>,
    coverage: Text,
    scopes: Vec<ScopeRow>,
    gaps: Vec<GapRow>,
    grants: Vec<Text>,
    unlinked: Vec<Pair>,
}

#[derive(Serialize)]
struct Pair {
    name: Text,
    text: Text,
}

#[derive(Serialize)]
struct Asked {
    question: &'static str,
    short: Text,
    rest: Text,
    tone: &'static str,
}

#[derive(Serialize)]
struct CredentialRow {
    depth: u32,
    id: Text,
    kind: Text,
    who: Text,
    via: Text,
    issued: Text,
    used: Text,
    state: &'static str,
    until: Text,
    doubt: Text,
    tone: &'static str,
}

#[derive(Serialize)]
struct UseRow {
    address: Text,
    is_new: bool,
    doubt: Text,
    how: Text,
    when: Text,
    events: Text,
    failed: Text,
    regions: Text,
    agent: Text,
}

#[derive(Serialize)]
struct KindRow {
    kind: Text,
    left: usize,
    all: usize,
    running: usize,
    per_hour: Text,
}

#[derive(Serialize)]
struct ResourceRow {
    state: Text,
    tone: &'static str,
    kind: Text,
    id: Text,
    name: Text,
    place: Text,
    created: Text,
    by: Text,
    details: Text,
    per_hour: Text,
    burned: Text,
    basis: Text,
    done: Vec<Text>,
    doubt: Text,
}

#[derive(Serialize)]
struct FindingRow {
    kind: &'static str,
    standing: bool,
    technique: Text,
    technique_name: Text,
    at: Text,
    note: Text,
    place: Text,
    doubt: Text,
    events: Text,
}

#[derive(Serialize)]
struct ActionRow {
    no: u64,
    at: Text,
    kind: &'static str,
    api: Text,
    does: &'static str,
    target: Text,
    place: Text,
    became: &'static str,
    tone: &'static str,
    why: Text,
    before_after: Text,
    undo: Text,
    operator: Text,
}

#[derive(Serialize)]
struct PlanPart {
    kind: &'static str,
    summary: Text,
    steps: Vec<StepRow>,
    withheld: Vec<Pair>,
    more: usize,
}

#[derive(Serialize)]
struct StepRow {
    no: u32,
    api: Text,
    target: Text,
    why: Text,
    undo: Text,
    destroys: bool,
}

#[derive(Serialize)]
struct ScopeRow {
    place: Text,
    seen: bool,
    when: Text,
    records: Text,
}

#[derive(Serialize)]
struct GapRow {
    kind: &'static str,
    place: Text,
    why: Text,
    incomplete: bool,
}

/// Steps and scopes shown; all are in the case's own files.
const MOST: usize = 200;

/// Returns the page.
pub fn dossier(dossier: &Dossier) -> Vec<u8> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the delimiters are the default ones"));
    environment.add_template("page", TEMPLATE).expect("the template is ours, and tests render it");
    let template = environment.get_template("page").expect("it was just added");
    let mut html =
        template.render(Serde(page(dossier))).expect("the template names only what Page has, as tests show");
    html.push('\n');
    html.into_bytes()
}

fn page(dossier: &Dossier) -> Page {
    let report = &dossier.report;
    let as_of = as_of(report, None);
    let facts = Facts { report, plans: &dossier.plans, deeds: &dossier.deeds, now: None, as_of };
    let answers = answers(&facts).into_iter().map(|answer| Asked {
        question: answer.question,
        tone: answer.tone.word(),
        short: answer.short.into(),
        rest: Line::new().list("; ", answer.rest).into(),
    });
    Page {
        style: STYLE,
        id: name(&report.principal.id),
        kind: name(report.principal.kind),
        headline: headline(report, as_of).into(),
        tone: if is_bad(report) { Tone::Bad } else { Tone::Plain }.word(),
        about: about(dossier),
        answers: answers.collect(),
        lanes: lanes::lanes(dossier),
        pictures: picture::pictures(report, as_of),
        credentials: report.credentials.iter().map(|one| credential(one, as_of)).collect(),
        uses: uses(report),
        kinds: kinds(report),
        resources: resources(dossier),
        is_priced: report.resources.iter().any(|one| one.cost.is_some()),
        cost_notes: cost_notes(report),
        findings: findings(report),
        actions: dossier.deeds.iter().map(action).collect(),
        plans: dossier.plans.iter().map(|plan| proposal(plan, &dossier.deeds)).collect(),
        coverage: coverage(report),
        scopes: scopes(report),
        gaps: report.gaps.iter().map(gap).collect(),
        grants: report
            .grants
            .iter()
            .map(|one| {
                let line = Line::new().put(Untrusted(&one.member)).put(" got ").put(Untrusted(&one.role));
                line.put(" on ").put(Untrusted(&one.on)).into()
            })
            .collect(),
        unlinked: report
            .unlinked
            .iter()
            .map(|one| Pair { name: name(&one.id), text: said(&one.why) })
            .collect(),
    }
}

fn name(text: &str) -> Text {
    Text::of(Untrusted(text))
}

fn some(text: Option<&str>) -> Text {
    Text::some(text.map(Untrusted))
}

fn said(text: &str) -> Text {
    Text::of(Prose(text))
}

fn at(time: Option<Time>) -> Text {
    Text::some(time.map(At))
}

fn about(dossier: &Dossier) -> Vec<Pair> {
    let Dossier { about, report, .. } = dossier;
    let subject = &report.principal;
    let pair = |word: &'static str, text: Option<Text>| text.map(|text| Pair { name: Text::of(word), text });
    let window = &report.window;
    let pairs = [
        pair("Cloud", Some(Text::of(subject.provider.name()))),
        pair("Account", subject.account.as_deref().map(name)),
        pair("Name", subject.arn.as_deref().filter(|arn| *arn != subject.id).map(name)),
        pair("Leaked", window.leaked_at.map(|time| Text::of(At(time)))),
        pair("Since", window.since.map(|time| Text::of(At(time)))),
        pair("Until", window.until.map(|time| Text::of(At(time)))),
        pair("Case", about.id.as_deref().map(name)),
        pair("Title", about.title.as_deref().map(name)),
        pair("Run by", about.operator.as_deref().map(name)),
        pair("Opened", about.started_at.map(|time| Text::of(At(time)))),
        pair(
            "Made with",
            about.version.as_deref().map(|version| Line::new().put("triage ").put(Untrusted(version)).into()),
        ),
    ];
    pairs.into_iter().flatten().collect()
}

fn credential(one: &Credential, as_of: Option<Time>) -> CredentialRow {
    let state = state(one, as_of);
    CredentialRow {
        depth: one.depth,
        id: name(&one.id),
        kind: Text::of(Untrusted(words::credential(one.kind))),
        who: some(one.principal.as_deref().filter(|who| *who != &*one.id).or(one.account.as_deref())),
        via: some(one.via),
        issued: at(one.issued_at),
        used: match (one.first_use, one.last_use) {
            (Some(first), Some(last)) => {
                count(one.events, "event", "events").put(", ").join(span(first, last)).into()
            }
            (_, _) => Text::of("never used"),
        },
        state,
        until: at(one.valid_until.or(one.deleted_at).or(one.deactivated_at)),
        doubt: Text::some(confidence(one.confidence).or(words::strength(one.strength))),
        tone: match state {
            "active" | "may work" => "bad",
            "deleted" | "inactive" | "expired" => "good",
            _ => "doubtful",
        },
    }
}

fn uses(report: &Report) -> Vec<UseRow> {
    let mut all: Vec<&Use> = report.uses.iter().collect();
    all.sort_by_key(|one| (!is_news(one), Reverse(one.events)));
    let row = |one: &Use| UseRow {
        address: one.address.as_deref().map_or(Text::of("no address"), name),
        is_new: is_news(one),
        doubt: Text::some(confidence(one.confidence)),
        how: name(one.how),
        when: span(one.first, one.last).into(),
        events: Text::of(Count(one.events)),
        failed: Text::of(Count(one.failed)),
        regions: Line::new()
            .list(" ", one.regions.iter().map(|region| Line::new().put(Untrusted(region))))
            .into(),
        agent: one
            .user_agent
            .as_deref()
            .map_or(Text::default(), |agent| Text::of(Untrusted(agent).short(300))),
    };
    all.into_iter().map(row).collect()
}

fn kinds(report: &Report) -> Vec<KindRow> {
    let mut groups: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for one in &report.resources {
        groups.entry(one.kind).or_default().push(one);
    }
    let mut rows: Vec<(_, KindRow)> = groups
        .into_iter()
        .map(|(kind, all)| {
            let left = all.iter().filter(|one| is_left(one.state)).count();
            let running = all.iter().filter(|one| one.state == "running").count();
            let costs: Vec<_> = all.iter().filter_map(|one| Some(one.cost.as_ref()?.per_hour)).collect();
            let rate = (!costs.is_empty()).then(|| costs.into_iter().sum::<crate::model::cost::Usd>());
            let row = KindRow { kind: name(kind), left, all: all.len(), running, per_hour: Text::some(rate) };
            ((left == 0, danger(kind), Reverse(left)), row)
        })
        .collect();
    rows.sort_by_key(|(order, _)| *order);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn resources(dossier: &Dossier) -> Vec<ResourceRow> {
    let mut all: Vec<&Resource> = dossier.report.resources.iter().collect();
    all.sort_by_key(|one| {
        let rate = one.cost.as_ref().map(|cost| cost.per_hour);
        (!is_left(one.state), danger(one.kind), Reverse(rate), one.kind)
    });
    let row = |one: &Resource| {
        let place = Line::new().put(Untrusted(&one.account)).put(" ");
        let by = Line::new().put(Untrusted(one.launched_by.as_deref().unwrap_or(&one.created_by)));
        let details = one
            .details
            .iter()
            .map(|(word, text)| Line::new().put(Untrusted(word)).put(" ").put(Untrusted(text).short(80)));
        let cost = one.cost.as_ref();
        ResourceRow {
            state: name(one.state),
            tone: match one.state {
                "running" => "bad",
                "deleted" | "gone" | "stopped" => "good",
                _ => "doubtful",
            },
            kind: name(one.kind),
            id: name(&one.id),
            name: some(one.name.as_deref().filter(|name| *name != &*one.id)),
            place: place.put(Untrusted(one.zone.as_deref().unwrap_or(&one.region))).into(),
            created: Text::of(At(one.created_at)),
            by: by.into(),
            details: Line::new().list(" · ", details).into(),
            per_hour: Text::some(cost.map(|cost| cost.per_hour)),
            burned: Text::some(cost.map(|cost| cost.burned)),
            basis: cost.map_or(Text::default(), |cost| {
                let line = Line::new().put(Prose(&cost.basis)).put(", ").put(cost.hours).put(", prices of ");
                let line = line.put(Untrusted(&cost.as_of));
                cost.notes.iter().fold(line, |line, note| line.put("; ").put(Prose(note))).into()
            }),
            done: done_to(one, &dossier.deeds)
                .map(|deed| Line::new().put(Untrusted(deed.api)).put(" ").put(At(deed.at)).into())
                .collect(),
            doubt: Text::some(confidence(one.confidence)),
        }
    };
    all.into_iter().map(row).collect()
}

fn cost_notes(report: &Report) -> Vec<Text> {
    let Some(cost) = &report.cost else { return Vec::new() };
    let mut notes: Vec<Text> = cost.notes.iter().map(|note| said(note)).collect();
    for one in &cost.usage {
        let line = Line::new().put(Untrusted(one.service)).put(" ").put(Untrusted(&one.what)).put(": ");
        let line =
            line.join(count(one.calls, "call", "calls")).put(", ").put(Count(one.input)).put(" tokens in, ");
        let line = line.put(Count(one.output)).put(" out, ");
        notes.push(match one.burned {
            Some(burned) => line.put(burned).into(),
            None => line.put("cost unknown").into(),
        });
    }
    for one in &cost.unpriced {
        let line =
            Line::new().put("Cost unknown: ").put(Untrusted(one.kind)).put(" ").put(Untrusted(&one.id));
        notes.push(line.put(": ").put(Prose(&one.why)).into());
    }
    notes
}

fn findings(report: &Report) -> Vec<FindingRow> {
    let mut all: Vec<&Finding> = report.findings.iter().collect();
    all.sort_by_key(|one| severity(one));
    let row = |one: &Finding| {
        let place = [&one.account, &one.region].into_iter().flatten();
        FindingRow {
            kind: words::finding(one.kind),
            standing: one.standing,
            technique: some(one.technique.map(|technique| technique.id)),
            technique_name: some(one.technique.map(|technique| technique.name)),
            at: match one.until {
                Some(until) => span(one.at, until).into(),
                None => Text::of(At(one.at)),
            },
            note: said(&one.note),
            place: Line::new().list(" ", place.map(|part| Line::new().put(Untrusted(part)))).into(),
            doubt: Text::some(confidence(one.confidence)),
            events: Line::new()
                .list(" ", one.events.iter().take(20).map(|id| Line::new().put(Untrusted(id))))
                .into(),
        }
    };
    all.into_iter().map(row).collect()
}

fn action(one: &Done) -> ActionRow {
    ActionRow {
        no: one.no,
        at: Text::of(At(one.at)),
        kind: one.kind.name(),
        api: name(one.api),
        does: one.does,
        target: name(&one.target.id),
        place: name(&one.place.to_string()),
        became: words::became(one.became),
        tone: match one.became {
            Became::Verified => "good",
            Became::Refused | Became::NotDone => "bad",
            Became::Taken | Became::Gone | Became::Unknown => "doubtful",
        },
        why: Text::some(one.why.as_deref().map(Prose)),
        before_after: before_after(one, 400).into(),
        undo: undo(one).into(),
        operator: some(one.operator.as_deref()),
    }
}

fn proposal(plan: &Plan, deeds: &[Done]) -> PlanPart {
    let open = open_steps(plan, deeds);
    let summary = count(plan.steps.len() as u64, "step", "steps").put(", ").put(plan.steps.len() - open);
    PlanPart {
        kind: plan.kind.name(),
        summary: summary.put(" done, ").put(plan.withheld.len()).put(" things left alone").into(),
        steps: plan
            .steps
            .iter()
            .take(MOST)
            .map(|step| StepRow {
                no: step.no,
                api: name(step.api),
                target: name(&step.target.id),
                why: said(&step.why),
                undo: said(step.undo),
                destroys: step.destroys,
            })
            .collect(),
        withheld: plan
            .withheld
            .iter()
            .take(MOST)
            .map(|one| Pair {
                name: Line::new()
                    .put(Untrusted(one.target.kind))
                    .put(" ")
                    .put(Untrusted(&one.target.id))
                    .into(),
                text: said(&one.why),
            })
            .collect(),
        more: plan.steps.len().saturating_sub(MOST) + plan.withheld.len().saturating_sub(MOST),
    }
}

fn coverage(report: &Report) -> Text {
    let coverage = &report.coverage;
    let line = Line::new().put(Count(coverage.seen)).put(" of ").put(Count(coverage.of));
    let line = line.put(" scopes (account × region × log) seen; ");
    let line = line.join(count(report.counts.records_read, "record", "records")).put(" read, ");
    line.join(count(report.counts.duplicates, "duplicate", "duplicates")).into()
}

/// What was not seen first, then by account; regions of one account and log together.
fn scopes(report: &Report) -> Vec<ScopeRow> {
    let mut groups: BTreeMap<(bool, &str, &str), Vec<&crate::model::report::CoveredScope>> = BTreeMap::new();
    for one in &report.coverage.scopes {
        groups.entry((one.seen, &one.account, &one.source)).or_default().push(one);
    }
    let rows = groups.into_iter().take(MOST).map(|((seen, account, source), all)| {
        let regions = all.iter().map(|one| region(&one.region)).filter(|region| !region.is_empty());
        let line = Line::new().put(Untrusted(account)).put(" ").put(Untrusted(source)).put(": ");
        let from = all.iter().filter_map(|one| one.from).min();
        let to = all.iter().filter_map(|one| one.to).max();
        ScopeRow {
            place: line.list(" ", regions.map(|region| Line::new().put(Untrusted(region)))).into(),
            seen,
            when: from.zip(to).map_or(Text::default(), |(from, to)| span(from, to).into()),
            records: Text::of(Count(all.iter().map(|one| one.records).sum())),
        }
    });
    rows.collect()
}

fn gap(one: &Gap) -> GapRow {
    GapRow {
        kind: words::gap(one.kind),
        place: name(&one.place),
        why: said(&one.why),
        incomplete: one.is_incomplete(),
    }
}
