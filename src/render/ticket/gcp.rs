//! What Google asks for: an abuse appeal must state the cause, the steps taken, the intent, the billing account and whether
//! something was compromised; Cloud Customer Care wants projects, times, principals and resources.

use super::{
    Section, Text, Ticket, actors, body, commitments, cost, done, evidence, is_theirs, listed, places,
    resources, subject,
};
use super::{timeline, times, unseen};
use crate::model::report::FindingKind;
use crate::render::line::{At, Line};
use crate::render::untrusted::Untrusted;

/// No limit is published; what people paste into a form stays readable below this.
const MOST: usize = 20_000;

pub(super) fn text(ticket: &Ticket<'_>) -> Text {
    let report = ticket.report;
    let places = places(report);
    let project =
        || places.first().map_or(Line::new().put("[project id]"), |one| Line::new().put(Untrusted(one)));
    let route = [
        Line::new().put("Suspended, or warned of abuse: answer through the appeal link in Google's notice or in the console's banner."),
        Line::new().put("Charges: https://cloud.google.com/support/billing (any plan). With a support plan: console, Support, Create case,"),
        Line::new().put("project ").join(project()).put(", category Security or Billing, priority P1 while it goes on."),
    ];
    let title = Line::new().put("Compromised ").join(subject(report)).put(" in project ").join(project());
    let when = times(ticket);
    let time = |at: Option<_>| at.map_or(Line::new().put("unknown"), |at| Line::new().put(At(at)));
    let leaks: Vec<Line> = report
        .findings
        .iter()
        .filter(|one| one.kind == FindingKind::Leak)
        .map(|one| Line::new().put("- ").put(At(one.at)).put("  ").put(Untrusted(&one.note)))
        .collect();
    let mut keys = report.leaked_keys.clone();
    keys.dedup();
    let summary = vec![
        Line::new().put("Compromised: yes, ").join(subject(report)),
        Line::new().put("Leaked keys: ").join(listed(&keys)),
        Line::new().put("Projects affected: ").join(listed(&places)),
        Line::new().put("Billing account: [gcloud billing projects describe ").join(project()).put("]"),
        Line::new()
            .put("Unauthorized activity first seen: ")
            .join(time(when.first))
            .put(", last seen: ")
            .join(time(when.last)),
        Line::new()
            .put("Intent: this activity was not ours and not intended; we use the project for [purpose]."),
        Line::new().put("Cause: [how the credential got out, and what keeps it from happening again]"),
        Line::new().put("Business impact: [what stood still, for whom]"),
    ];
    let location =
        match leaks.is_empty() {
            true => Section::new(
                "WHERE IT LEAKED",
                vec![Line::new().put(
                    "No notice of Google is in the logs that we have. [address of the leak, or unknown]",
                )],
            ),
            false => Section::list("WHERE IT LEAKED (Google's own notices)", Vec::new(), leaks),
        };
    let bought =
        report.findings.iter().any(|one| one.kind == FindingKind::Commitment && is_theirs(one.confidence));
    let asked = [
        Some("Please lift any suspension once you see the steps below."),
        Some("Please review the charges of the resources below for an adjustment."),
        bought.then_some("Please take back the commitments below."),
    ];
    let asked = asked.into_iter().flatten().map(|line| Line::new().put(line)).collect();
    let sections = [
        Section::new("SUMMARY", summary),
        Section::new("WE ASK FOR", asked),
        location,
        timeline(ticket),
        done(ticket),
        resources(ticket),
        cost(report),
        actors(report),
        commitments(report, "COMMITMENTS THAT ONLY GOOGLE CAN TAKE BACK"),
        unseen(report),
        evidence(ticket),
    ];
    Text {
        route: route.iter().map(|line| format!("{}\n", line.plain())).collect(),
        subject: title.plain().chars().take(200).collect(),
        body: body(&sections, MOST),
    }
}
