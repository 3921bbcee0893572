//! The one line at the top, and who this is about.

use crate::model::Time;
use crate::model::cost::Usd;
use crate::model::report::{Confidence, Credential, Finding, FindingKind, Report, Resource};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::summary::{Facts, dead, is_bad};
use crate::render::untrusted::Untrusted;
use crate::render::words::{count, is_alarm, is_left, is_news, is_service, is_usable, region, span, time};
use std::collections::BTreeSet;

/// The verdict alone, for other formats.
pub(in crate::render) fn headline(report: &Report, as_of: Option<Time>) -> Line {
    let line = incomplete(report);
    let new = new_addresses(report);
    let alarms = report.findings.iter().filter(|finding| is_alarm(finding)).count();
    match is_bad(report) {
        true => line.join(bad(as_of, report, new.len(), alarms)),
        false => line.join(quiet(report)),
    }
}

fn incomplete(report: &Report) -> Line {
    let mut line = Line::new();
    if report.partial {
        line = line.styled(Style::Yellow, "INTERRUPTED: ");
    }
    let gaps = report.gaps.iter().filter(|gap| gap.is_incomplete()).count();
    if gaps > 0 {
        let text = Line::new().put("INCOMPLETE (").join(count(gaps as u64, "gap", "gaps")).put("): ");
        line = line.join(text.all(Style::Yellow));
    }
    line
}

pub(super) fn verdict(page: &mut Page<'_>, report: &Report) {
    let line = incomplete(report);
    let new = new_addresses(report);
    let alarms = report.findings.iter().filter(|finding| is_alarm(finding)).count();
    // Without a known leak another address is a question, and alone no verdict.
    if is_bad(report) {
        page.at(0, 2, line.join(bad(page.as_of, report, new.len(), alarms).all(Style::Red)));
    } else {
        page.at(0, 2, line.join(quiet(report).all(Style::Bold)));
        doubts(page, report, &new);
    }
    page.blank();
}

fn is_leaked(report: &Report) -> bool {
    report.window.leaked_at.is_some() || report.findings.iter().any(|one| one.kind == FindingKind::Leak)
}

fn new_addresses(report: &Report) -> BTreeSet<&str> {
    report.uses.iter().filter(|one| is_news(one)).filter_map(|one| one.address.as_deref()).collect()
}

/// What may still be there, not counting what is likely the owner's.
fn left(report: &Report) -> Vec<&Resource> {
    let all = report.resources.iter();
    all.filter(|one| is_left(one.state) && one.confidence != Confidence::LikelyLegitimate).collect()
}

fn bad(as_of: Option<Time>, report: &Report, new: usize, alarms: usize) -> Line {
    let what = match report.principal.kind {
        "access_key" => "KEY",
        "user" => "USER",
        "role" => "ROLE",
        "session" => "SESSION",
        "federated_user" => "FEDERATED USER",
        "root" => "ROOT",
        "service_account" => "SERVICE ACCOUNT",
        "google_user" => "GOOGLE USER",
        "workload_identity" => "WORKLOAD IDENTITY",
        _ => "PRINCIPAL",
    };
    let mut line = Line::new().put(if is_leaked(report) { "LEAKED " } else { "" }).put(what);
    let uses = report.uses.iter().filter(|one| !is_service(one));
    let addresses = uses.filter_map(|one| one.address.as_deref()).collect::<BTreeSet<_>>().len();
    line = match (new, addresses) {
        (0, 0) => line.put(": no use seen"),
        (0, n) => line.put(" USED FROM ").join(count(n as u64, "ADDRESS", "ADDRESSES")).put(", none new"),
        (n, _) => line.put(" USED BY ").join(count(n as u64, "NEW ADDRESS", "NEW ADDRESSES")),
    };
    for part in standing(as_of, report) {
        line = line.put("; ").join(part);
    }
    line.put("; ").join(count(alarms as u64, "finding", "findings"))
}

/// What is left of it, in the order in which to act.
fn standing(as_of: Option<Time>, report: &Report) -> Vec<Line> {
    let mut parts = Vec::new();
    let sure = |one: &&Credential| one.confidence != Confidence::LikelyLegitimate;
    let usable = |one: &&Credential| is_usable(one, as_of);
    match report.credentials.iter().filter(sure).filter(usable).count() as u64 {
        0 if report.credentials.is_empty() => {}
        0 => parts.push(Line::new().put("no credential seen that may still work")),
        n => parts.push(count(n, "credential", "credentials").put(" may still work")),
    }
    parts.extend(left_of(report));
    let rate = report.cost.as_ref().and_then(|cost| cost.per_hour).filter(|rate| *rate > Usd::ZERO);
    parts.extend(rate.map(|rate| Line::new().put(rate).put("/hour now")));
    let back = report.findings.iter().filter(|one| one.standing && is_alarm(one) && is_way_back(one)).count();
    if back > 0 {
        parts.push(count(back as u64, "way back in", "ways back in"));
    }
    parts
}

/// Resources that may still be there: no deletion was seen, or a cloud showed them.
fn left_of(report: &Report) -> Option<Line> {
    let left = left(report);
    if left.is_empty() {
        return (!report.resources.is_empty()).then(|| Line::new().put("no resource left"));
    }
    let regions = left.iter().map(|one| region(&one.region)).collect::<BTreeSet<_>>().len();
    let mut line = count(left.len() as u64, "resource", "resources").put(" left in ");
    line = line.join(count(regions as u64, "region", "regions"));
    Some(match left.iter().filter(|one| one.state == "running").count() {
        0 => line,
        n => line.put(", ").put(n).put(" seen running"),
    })
}

fn is_way_back(finding: &Finding) -> bool {
    finding.kind == FindingKind::Persistence
}

fn quiet(report: &Report) -> Line {
    let counts = &report.counts;
    let events = counts.events_of_principal + counts.events_of_derived;
    let scopes = Line::new().put(Count(report.coverage.seen)).put(" of ").put(Count(report.coverage.of));
    let looked = scopes.put(" scopes, ").join(count(counts.records_read, "record", "records"));
    if events == 0 && report.findings.is_empty() {
        return Line::new().put("No event of this principal in what was looked at: ").join(looked);
    }
    let line = Line::new().put("Nothing suspicious found in what was looked at: ").join(looked).put(", ");
    let mut line = line.put(Count(events)).put(" of them its own");
    if counts.failed > 0 {
        line = line.put(", ").put(Count(counts.failed)).put(" failed");
    }
    // Its own credential works, as it should; what it made is told here though nobody minds.
    left_of(report).into_iter().fold(line, |line, part| line.put("; ").join(part))
}

/// Beside a quiet verdict: what could not be seen, and what only the owner can tell.
fn doubts(page: &mut Page<'_>, report: &Report, new: &BTreeSet<&str>) {
    let mut parts = Vec::new();
    let unseen = report.coverage.of.saturating_sub(report.coverage.seen);
    if unseen > 0 {
        let line = Line::new().put(Count(unseen)).put(" of ").put(Count(report.coverage.of));
        parts.push(line.put(" scopes (see SEEN)"));
    }
    let blind = report.gaps.iter().filter(|gap| !gap.is_incomplete()).count() as u64;
    if blind > 0 {
        parts.push(count(blind, "thing", "things").put(" that no log shows (see GAPS)"));
    }
    if !parts.is_empty() {
        page.at(0, 2, Line::new().put("Not seen: ").list(", and ", parts).put("."));
    }
    if !new.is_empty() {
        let all: Vec<Line> = new.iter().map(|address| Line::new().put(Untrusted(address))).collect();
        let start = Line::new().put("Only you know whether this is yours, first seen later than the rest: ");
        let line = page.some(page.room(), start, &all, 3);
        page.at(0, 2, line.all(Style::Yellow));
    }
}

pub(super) fn subject(page: &mut Page<'_>, facts: &Facts<'_>) {
    let report = facts.report;
    let subject = &report.principal;
    let mut rest =
        Line::new().styled(Style::Bold, Untrusted(&subject.id)).put("  ").put(Untrusted(subject.kind));
    if let Some(account) = &subject.account {
        rest = rest.put(" of ").put(Untrusted(account));
    }
    rest = rest.put(" (").put(subject.provider.name()).put(")");
    if let Some(arn) = subject.arn.as_deref().filter(|arn| *arn != subject.id) {
        rest = rest.put(", ").put(Untrusted(arn));
    }
    if page.view.detail
        && subject.given != subject.id
        && Some(subject.given.as_str()) != subject.arn.as_deref()
    {
        rest = rest.put(", given as ").put(Untrusted(&subject.given));
    }
    if let Some(user) = &report.seed_user {
        rest = rest.put(", user ").put(Untrusted(user));
    }
    page.head("WHO", rest);
    let room = page.room().saturating_sub(2);
    // How long ago is left out before anything else is.
    let whole = dead(facts);
    let wide = whole.short.width() + whole.rest.iter().map(|part| part.width() + 2).sum::<usize>();
    let is_wide = wide + "Dead? .".len() > room;
    let dead = if is_wide { dead(&Facts { now: None, ..*facts }) } else { whole };
    let mut parts = vec![(0, Line::new().put("Dead? ").join(dead.short.all(dead.tone.style())))];
    let must = dead.must;
    parts.extend(dead.rest.into_iter().enumerate().map(|(n, part)| {
        // The rest may be left out, last first.
        let rank = if n < must { 0 } else { u8::try_from(n).unwrap_or(u8::MAX) };
        (rank, Line::new().put("; ").join(part))
    }));
    parts.push((0, Line::new().put(".")));
    let line = page.fit(room, parts);
    page.line(line);
    let keys: Vec<&str> = report.leaked_keys.iter().map(|key| &**key).collect();
    // The tree below begins with them.
    let is_told = |key: &&str| report.credentials.iter().any(|one| one.depth == 0 && &*one.id == *key);
    let keys: Vec<&str> = keys.into_iter().filter(|key| *key != subject.id && !is_told(key)).collect();
    let now = page.view.now;
    let window = &report.window;
    let mut start = Line::new();
    if !keys.is_empty() {
        let keys: Vec<Line> = keys.iter().map(|key| Line::new().put(Untrusted(key))).collect();
        start = start.put(if keys.len() == 1 { "Leaked key " } else { "Leaked keys " });
        start = page.some(page.room(), start, &keys, 2);
    }
    if let Some(leaked) = window.leaked_at {
        let word = if start.is_empty() { "Leaked at " } else { " at " };
        start = start.put(word).join(time(leaked, now));
    }
    let start = if start.is_empty() { start } else { start.put(". ") };
    let mut parts = vec![(0, start)];
    parts.extend(match (window.since, window.until) {
        (None, None) => None,
        (Some(since), None) => Some((3, Line::new().put("Since ").put(At(since)).put(". "))),
        (None, Some(until)) => Some((3, Line::new().put("Until ").put(At(until)).put(". "))),
        (Some(since), Some(until)) => {
            Some((3, Line::new().put("Window ").join(span(since, until)).put(". ")))
        }
    });
    let counts = &report.counts;
    let own = Line::new().put(Count(counts.events_of_principal)).put(" own, ");
    let own = own.put(Count(counts.events_of_derived)).put(" derived events, ");
    parts.push((2, own.put(Count(counts.failed)).put(" failed.")));
    let room = page.room().saturating_sub(2);
    let line = page.fit(room, parts);
    page.line(line);
}
