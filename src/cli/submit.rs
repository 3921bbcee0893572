//! `triage report CASE --support-case --submit`: files the ticket where the account's plan has the API, after consent, through
//! the executor: it is in the journal, and filing it twice is once. The text is printed before anything is asked, so that it can
//! be pasted whatever comes of it.

use super::act::{Acted, Actor};
use super::args::ActArgs;
use super::report::ReportArgs;
use super::ui::Ui;
use super::{Failure, deeds, door, finish, open, ticket};
use crate::exec::journal;
use crate::model::dossier::After;
use crate::model::plan::PlanKind;
use crate::model::{Dossier, Gap, Provider};
use crate::plan;
use crate::render::{Line, Untrusted};
use anyhow::{Context, anyhow};
use clap::Parser;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What acting takes besides what was typed: as if nothing else had been.
#[derive(Parser)]
struct Rest {
    #[command(flatten)]
    act: ActArgs,
}

/// Characters of a subject, with the incident's id, by which a ticket is found again.
const SUBJECT: usize = 200;

pub fn run(args: &ReportArgs, dossier: &Dossier, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let provider = dossier.report.principal.provider;
    if args.test_case && provider == Provider::Aws {
        return Err(Failure::Usage(anyhow!(
            "file a test case: AWS Support has none\nhint: --dry-run stops after the text and the plan"
        )));
    }
    let text = ticket::text(&args.folder, dossier)?;
    let opened = open::existing(&args.folder)?;
    ui.result(text.paste().as_bytes()).context("write the result")?;
    let session = door::connect(provider, &args.live, &opened.id, !args.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let room = SUBJECT.saturating_sub(opened.id.len() + " [triage ]".len());
    let head: String = text.subject.chars().take(room).collect();
    let subject: Arc<str> = format!("{head} [triage {}]", opened.id).into();
    let (account, change) =
        session.ticket(&dossier.report, &subject, &text.body, args.test_case).map_err(|error| {
            let plan = match provider {
                Provider::Aws => "Business Support or better",
                Provider::Gcp => "Standard Support or better, and its API enabled",
            };
            anyhow!("file the ticket: {error}\nhint: the support API needs {plan}; with any plan, paste what is printed above; nothing was changed")
        })?;
    let act = Rest::try_parse_from(["triage"]).context("read the flags")?.act;
    let act = ActArgs { yes: args.yes, dry_run: args.dry_run, ..act };
    let case = opened.case(&*session)?;
    let actor = Actor { session: &*session, case: &case, args: &act, ui, stop };
    let mut acted = Acted::default();
    acted.join(actor.act(plan::ticket::ticket(&dossier.report, &account, &subject, change))?);
    if acted.did > 0 {
        match number(case.dir()) {
            Ok(number) => ui.note(Line::new().put("Filed: ").put(Untrusted(&number))),
            Err(why) => {
                ui.warn(
                    Line::new()
                        .put("the ticket is filed, but its number could not be read back (look in the provider's console): ")
                        .put(Untrusted(&format!("{why:#}"))),
                );
                acted.gaps.push(Gap::unread(
                    "journal.ndjson",
                    format!("the number of the ticket that was filed: {why:#}"),
                ));
            }
        }
    }
    finish::acted(&act, &case, &acted, ui)
}

/// What the provider calls the ticket that was filed last, as the journal has it.
fn number(case: &Path) -> anyhow::Result<String> {
    let (lines, ledger) = journal::read(&case.join("journal.ndjson"))?;
    let mut deeds = deeds::deeds(&lines, &ledger);
    deeds.retain(|one| one.kind == PlanKind::Ticket);
    let number = match deeds.pop().and_then(|deed| deed.after) {
        Some(After::There(state)) => state["case"].as_str().map(str::to_owned),
        Some(After::Gone) | None => None,
    };
    number.context("the journal does not hold it")
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_journal_that_can_not_be_read_is_no_ticket_without_a_number() {
        let case = tempfile::tempdir().expect("a temporary folder");
        let why = format!("{:#}", number(case.path()).expect_err("there is none"));
        assert!(why.contains("journal.ndjson"), "{why}");
        std::fs::write(case.path().join("journal.ndjson"), "").expect("a file");
        let why = format!("{:#}", number(case.path()).expect_err("it names no ticket"));
        assert!(why.contains("does not hold it"), "{why}");
    }
}
