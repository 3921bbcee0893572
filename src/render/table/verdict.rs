//! The one line at the top, and who this is about.

use crate::model::report::{Confidence, Credential, Report, Resource};
use crate::render::line::{At, Count, Line, Style};
use crate::render::page::Page;
use crate::render::untrusted::Untrusted;
use crate::render::words::{count, is_alarm, is_left, is_usable, region, time};
use std::collections::BTreeSet;

pub(super) fn verdict(page: &mut Page<'_>, report: &Report) {
    let mut line = Line::new();
    if report.partial {
        line = line.styled(Style::Yellow, "INTERRUPTED: ");
    }
    let gaps = report.gaps.iter().filter(|gap| gap.is_incomplete()).count();
    if gaps > 0 {
        let text = Line::new().put("INCOMPLETE (").join(count(gaps as u64, "gap", "gaps")).put("): ");
        line = line.join(text.all(Style::Yellow));
    }
    let new = new_addresses(report);
    let alarms = report.findings.iter().filter(|finding| is_alarm(finding)).count();
    let line = if alarms > 0 || new > 0 {
        line.join(bad(page, report, new, alarms).all(Style::Red))
    } else {
        line.join(quiet(page, report).all(Style::Bold))
    };
    page.at(0, 2, line);
    page.blank();
}

fn new_addresses(report: &Report) -> usize {
    let new = report.uses.iter().filter(|one| one.new && one.confidence != Confidence::LikelyLegitimate);
    new.filter_map(|one| one.address.as_deref()).collect::<BTreeSet<_>>().len()
}

/// What may still be there, not counting what is likely the owner's.
fn left(report: &Report) -> Vec<&Resource> {
    let all = report.resources.iter();
    all.filter(|one| is_left(one.state) && one.confidence != Confidence::LikelyLegitimate).collect()
}

fn bad(page: &Page<'_>, report: &Report, new: usize, alarms: usize) -> Line {
    let leaked = report.window.leaked_at.is_some()
        || report.findings.iter().any(|one| one.kind == crate::model::report::FindingKind::Leak);
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
    let mut line = Line::new().put(if leaked { "LEAKED " } else { "" }).put(what);
    let addresses =
        report.uses.iter().filter_map(|one| one.address.as_deref()).collect::<BTreeSet<_>>().len();
    line = match (new, addresses) {
        (0, 0) => line.put(": no use seen"),
        (0, n) => line.put(" USED FROM ").join(count(n as u64, "ADDRESS", "ADDRESSES")).put(", none new"),
        (n, _) => line.put(" USED BY ").join(count(n as u64, "NEW ADDRESS", "NEW ADDRESSES")),
    };
    for part in standing(page, report, 0) {
        line = line.put("; ").join(part);
    }
    line.put("; ").join(count(alarms as u64, "finding", "findings"))
}

/// What is left of it, in the order in which to act; of credentials those from this depth on.
fn standing(page: &Page<'_>, report: &Report, depth: u32) -> Vec<Line> {
    let mut parts = Vec::new();
    let now = page.view.now;
    let counted = |one: &&Credential| one.depth >= depth && one.confidence != Confidence::LikelyLegitimate;
    let credentials: Vec<&Credential> = report.credentials.iter().filter(counted).collect();
    let usable = credentials.iter().filter(|one| is_usable(one, now)).count() as u64;
    // Without a clock an expiry cannot be judged, so only what the logs show is said.
    let word = if now.is_some() { " still usable" } else { " not seen revoked" };
    if usable > 0 {
        parts.push(count(usable, "credential", "credentials").put(word));
    } else if !credentials.is_empty() {
        parts.push(Line::new().put("no credential").put(word));
    }
    let left = left(report);
    let regions = left.iter().map(|one| region(&one.region)).collect::<BTreeSet<_>>().len();
    if !left.is_empty() {
        let what = count(left.len() as u64, "resource", "resources");
        parts.push(what.put(" left in ").join(count(regions as u64, "region", "regions")));
    } else if !report.resources.is_empty() {
        parts.push(Line::new().put("no resource left"));
    }
    let back = report.findings.iter().filter(|one| one.standing && is_alarm(one) && is_way_back(one)).count();
    if back > 0 {
        parts.push(count(back as u64, "way back in", "ways back in"));
    }
    parts
}

fn is_way_back(finding: &crate::model::report::Finding) -> bool {
    finding.kind == crate::model::report::FindingKind::Persistence
}

fn quiet(page: &Page<'_>, report: &Report) -> Line {
    let counts = &report.counts;
    let scopes = Line::new().put(Count(report.coverage.seen)).put(" of ").put(Count(report.coverage.of));
    let events = counts.events_of_principal + counts.events_of_derived;
    let looked = scopes.put(" scopes, ").join(count(counts.records_read, "record", "records"));
    if events == 0 && report.findings.is_empty() {
        return Line::new().put("No event of this principal in what was looked at (").join(looked).put(")");
    }
    let line = Line::new().put("Nothing suspicious found in what was looked at (").join(looked).put(", ");
    let mut line = line.put(Count(events)).put(" of them its own)");
    // That its own credential works is as it should be.
    for part in standing(page, report, 1) {
        line = line.put("; ").join(part);
    }
    if counts.failed > 0 {
        line = line.put("; ").join(count(counts.failed, "failed call", "failed calls"));
    }
    line
}

pub(super) fn subject(page: &mut Page<'_>, report: &Report) {
    let subject = &report.principal;
    let now = page.view.now;
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
    let keys: Vec<&str> = report.leaked_keys.iter().map(|key| &**key).collect();
    // The tree below begins with them.
    let is_told = |key: &&str| report.credentials.iter().any(|one| one.depth == 0 && &*one.id == *key);
    let keys: Vec<&str> = keys.into_iter().filter(|key| *key != subject.id && !is_told(key)).collect();
    if !keys.is_empty() {
        let shown = page.take(keys.len(), 2);
        let line = Line::new().put(if keys.len() == 1 { "Leaked key: " } else { "Leaked keys: " });
        let line = line.list(", ", keys.iter().take(shown).map(|key| Line::new().put(Untrusted(key))));
        page.line(match keys.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        });
    }
    page.line(alive(report, now));
    let window = &report.window;
    let mut line = Line::new();
    if let Some(leaked) = window.leaked_at {
        line = line.put("Leaked at ").join(time(leaked, now)).put(". ");
    }
    if let Some(since) = window.since {
        line = line.put("Since ").put(At(since)).put(". ");
    }
    if let Some(until) = window.until {
        line = line.put("Until ").put(At(until)).put(". ");
    }
    let counts = &report.counts;
    line = line.put(Count(counts.events_of_principal)).put(" own events, ");
    line = line.put(Count(counts.events_of_derived)).put(" of what it became, ");
    page.line(line.put(Count(counts.failed)).put(" failed."));
}

/// Whether it still works, never claiming more than the logs show.
fn alive(report: &Report, now: Option<crate::model::Time>) -> Line {
    let line = Line::new().put("Alive? (cloud not asked) Logs show ");
    let seeds: Vec<&Credential> = report.credentials.iter().filter(|one| one.depth == 0).collect();
    if seeds.is_empty() {
        return line.put("no credential of it.");
    }
    let usable = seeds.iter().filter(|seed| is_usable(seed, now)).count();
    let mut line = match (usable, seeds.len(), seeds.first().and_then(|seed| seed.deleted_at)) {
        (0, 1, Some(at)) => {
            let by = seeds.first().and_then(|seed| seed.deleted_by.as_deref());
            let line = line.put("it revoked ").join(time(at, now));
            by.into_iter().fold(line, |line, by| line.put(" by ").put(Untrusted(by)))
        }
        (0, 1, None) => match seeds.first().and_then(|seed| seed.deactivated_at) {
            Some(at) => line.put("it deactivated ").join(time(at, now)),
            None => line.put("it revoked or expired"),
        },
        (_, 1, _) => line.styled(Style::Red, "no revocation"),
        (n, of, _) => {
            let line = line.styled(if n > 0 { Style::Red } else { Style::Plain }, n).put(" of ").put(of);
            line.put(" credentials of it not revoked")
        }
    };
    if let Some(last) = seeds.iter().filter_map(|seed| seed.last_use).max() {
        line = line.put("; last used ").join(time(last, now));
    }
    line.put(".")
}
