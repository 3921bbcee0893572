//! What AWS asks for: <https://docs.aws.amazon.com/awssupport/latest/user/case-management.html>, and what its incident response
//! team and its billing adjustments want to hear (first account, timeline, ARNs, resources in every region, what was rotated).

use super::{
    MOST, Section, Text, Ticket, actors, body, commitments, cost, done, evidence, listed, places, resources,
    subject,
};
use super::{timeline, times, unseen};
use crate::render::line::{At, Line};
use crate::render::untrusted::Untrusted;

/// Characters of a subject that the console shows whole.
const SUBJECT: usize = 200;

pub(super) fn text(ticket: &Ticket<'_>) -> Text {
    let report = ticket.report;
    let places = places(report);
    let first = places.first();
    let account = || first.map_or(Line::new().put("[account id]"), |one| Line::new().put(Untrusted(one)));
    let route = [
        Line::new().put("File it in the AWS Support Center, signed in to account ").join(account()).put(" (the first one affected):"),
        Line::new().put("https://console.aws.amazon.com/support/home#/case/create"),
        Line::new().put("Account and billing, service Account, category Security; severity Critical (Enterprise), Urgent (Business) or General."),
        Line::new().put("Any plan may ask for the AWS Customer Incident Response Team in it."),
    ];
    let title = Line::new().put("Compromised ").join(subject(report)).put(" in account ").join(account());
    let when = times(ticket);
    let time = |at: Option<_>| at.map_or(Line::new().put("unknown"), |at| Line::new().put(At(at)));
    let asked = vec![
        Line::new().put("A credential of ours was compromised and used without our authorization. Please"),
        Line::new().put("1. confirm that nothing of it is left active that we can't see,"),
        Line::new().put("2. take back the commitments below that only AWS can take back,"),
        Line::new().put("3. review the charges of the resources below for a billing adjustment."),
    ];
    let summary = vec![
        Line::new().put("Compromised: ").join(subject(report)),
        Line::new().put("First account affected: ").join(account()),
        Line::new().put("All accounts affected: ").join(listed(&places)),
        Line::new()
            .put("Unauthorized activity first seen: ")
            .join(time(when.first))
            .put(", last seen: ")
            .join(time(when.last)),
        Line::new().put("Where it leaked: [repository, paste, mail; or unknown]"),
        Line::new().put("Business impact: [what stood still, for whom]"),
        Line::new().put("Answer by: [time], to: [telephone or mail]"),
    ];
    let confirm = [
        "[ ] root: password changed, MFA on, no access keys",
        "[ ] all keys of the principal rotated or deleted",
        "[ ] unauthorized resources removed in ALL regions",
        "[ ] CloudTrail and GuardDuty on in all regions",
        "[ ] alternate security contact up to date; AWS's notice answered",
    ];
    let confirm = confirm.into_iter().map(|line| Line::new().put(line)).collect();
    let sections = [
        Section::new("WE ASK FOR", asked),
        Section::new("SUMMARY", summary),
        timeline(ticket),
        commitments(report, "COMMITMENTS THAT ONLY AWS CAN TAKE BACK"),
        done(ticket),
        resources(ticket),
        cost(report),
        actors(report),
        unseen(report),
        evidence(ticket),
        Section::new("FOR THE BILLING ADJUSTMENT (tick before sending)", confirm),
    ];
    Text {
        route: route.iter().map(|line| format!("{}\n", line.plain())).collect(),
        subject: title.plain().chars().take(SUBJECT).collect(),
        body: body(&sections, MOST),
    }
}
