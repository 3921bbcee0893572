//! The provider's ticket: goldens that a reviewer can read, its size, and hostile names that must forge nothing.

use crate::render::{golden, hostile, is_dangerous};
use crate::support::scenario;
use std::sync::Arc;
use triage::model::plan::{Plan, PlanKind};
use triage::model::report::{Confidence, Finding, FindingKind};
use triage::model::{Report, Time};
use triage::render::ticket::{Deed, DeedEnd, MOST, Text, Ticket, ticket};

fn at(text: &str) -> Time {
    text.parse().expect(text)
}

/// As a journal would tell it: every step of the plans, a minute apart, one failed and one given back.
fn deeds(plans: &[Plan]) -> Vec<Deed> {
    let steps = plans.iter().flat_map(|plan| plan.steps.iter().map(|step| (plan.kind, step)));
    steps
        .enumerate()
        .map(|(n, (kind, step))| Deed {
            at: at("2026-07-14T10:00:00Z") + jiff::SignedDuration::from_mins(n as i64),
            kind,
            target: step.target.clone(),
            region: step.target.region.clone(),
            api: step.api,
            end: match n {
                1 => DeedEnd::Failed,
                2 => DeedEnd::Undone,
                3 => DeedEnd::Open,
                _ => DeedEnd::Done,
            },
        })
        .collect()
}

fn text(report: &Report, deeds: &[Deed]) -> Text {
    ticket(&Ticket {
        report,
        case: "20260714T093000-1f2e3d4c",
        operator: Some("arn:aws:sts::111122223333:assumed-role/responder/on-call"),
        head: Some("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        began: Some(at("2026-07-14T09:58:00Z")),
        deeds,
    })
}

#[test]
fn a_ticket_says_what_each_provider_asks_for() {
    let (report, plans) = scenario("aws-role-chain");
    golden("ticket-aws.txt", &text(&report, &deeds(&plans)).paste());
    let (report, _) = scenario("gcp-cryptojacking");
    let bare = Ticket {
        report: &report,
        case: "gcp-cryptojacking",
        operator: None,
        head: None,
        began: None,
        deeds: &[],
    };
    golden("ticket-gcp.txt", &ticket(&bare).paste());
}

#[test]
fn nothing_is_claimed_that_was_not_done() {
    let (report, _) = scenario("aws-role-chain");
    let said = text(&report, &[]).body;
    assert!(said.contains("Nothing yet with this tool."), "{said}");
    assert!(
        said.contains("Time to contain (first such event to the last containing step): unknown"),
        "{said}"
    );
    assert!(
        said.contains("Time to recover (last containing step to the last given back): unknown"),
        "{said}"
    );
}

#[test]
fn what_only_the_provider_can_take_back_is_asked_for() {
    let (mut report, _) = scenario("aws-role-chain");
    assert!(text(&report, &[]).body.contains("None seen in the logs that we have."));
    let bought = Finding {
        kind: FindingKind::Commitment,
        note: "Savings plan sp-0 was bought for one or three years.".into(),
        ..report.findings[0].clone()
    };
    report.findings.push(bought);
    let said = text(&report, &[]).body;
    assert!(
        said.contains("Please take these back:") && said.contains("Savings plan sp-0 was bought"),
        "{said}"
    );
}

#[test]
fn a_ticket_is_never_longer_than_the_provider_takes() {
    let (mut report, plans) = scenario("aws-role-chain");
    let all = deeds(&plans);
    let one = report.resources[0].clone();
    for more in [0_usize, 10, 100, 1_000, 5_000] {
        let known = report.resources.len();
        report.resources.extend((0..more).map(|n| {
            let mut more = one.clone();
            more.id = format!("i-{:017x}", known + n).into();
            more
        }));
        let many = text(&report, &all);
        let length = many.body.chars().count();
        assert!(length <= MOST && length > MOST / 2, "{length}");
        // What a list leaves out is told by its counts, and the last section is there whatever the lists before it are.
        let theirs = report.resources.iter().filter(|one| one.confidence != Confidence::LikelyLegitimate);
        let counted = format!("{} resources in ", thousands(theirs.count()));
        assert!(many.body.contains(&counted) && many.body.contains(" more, in the case\n"), "{}", many.body);
        assert!(many.body.contains("[ ] CloudTrail and GuardDuty on in all regions"), "{}", many.body);
    }
}

fn thousands(n: usize) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", n / 1_000, n % 1_000) }
}

/// The lines after an empty one: a section begins so.
fn headings(body: &str) -> Vec<String> {
    body.split("\n\n").filter_map(|part| part.lines().next()).map(str::to_owned).collect()
}

#[test]
fn hostile_names_forge_no_line_and_never_lengthen_it() {
    for name in ["aws-role-chain", "gcp-cryptojacking"] {
        let (plain, plans) = scenario(name);
        let all = deeds(&plans);
        let titles = headings(&text(&plain, &all).body);
        assert!(titles.len() > 8, "{titles:?}");
        for evil in hostile() {
            let (mut report, mut deeds) = (plain.clone(), all.clone());
            let evil: Arc<str> = evil.chars().take(5_000).collect::<String>().into();
            report.principal.id = evil.to_string();
            for one in &mut report.resources {
                (one.id, one.zone) = (evil.clone(), Some(evil.clone()));
            }
            for one in &mut report.credentials {
                (one.id, one.principal) = (evil.clone(), Some(evil.clone()));
            }
            report.uses.iter_mut().for_each(|one| one.address = Some(evil.clone()));
            report.findings.iter_mut().for_each(|one| one.note = evil.to_string());
            report.gaps.iter_mut().for_each(|one| one.place = evil.to_string());
            for deed in &mut deeds {
                (deed.target.id, deed.kind) = (evil.clone(), PlanKind::Contain);
            }
            let said = text(&report, &deeds);
            let whole = said.paste();
            assert!(!whole.chars().any(|c| c != '\n' && is_dangerous(c)), "{whole}");
            assert!(said.subject.chars().count() <= 200 && !said.subject.contains('\n'), "{}", said.subject);
            let forged =
                |line: &str| ["MADE", "forged", "red", "gnp"].iter().any(|word| line.starts_with(word));
            assert!(!said.body.lines().any(forged), "{evil:?}: {}", said.body);
            // Every section is still there, in its place.
            assert_eq!(headings(&said.body), titles, "{evil:?}");
            if plain.principal.provider == triage::model::Provider::Aws {
                assert!(said.body.chars().count() <= MOST);
            }
        }
    }
}
