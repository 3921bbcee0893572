//! `triage report CASE --support-case --submit`: files the ticket where the account's plan has the API, after consent, through
//! the executor: it is in the journal, and filing it twice is once.

use super::act::{Acted, Actor};
use super::args::ActArgs;
use super::live::Session;
use super::report::ReportArgs;
use super::ui::Ui;
use super::{Failure, finish, open, ticket};
use crate::cloud::aws::support;
use crate::model::change::SupportChange;
use crate::model::{Dossier, Place, Provider};
use crate::plan;
use anyhow::{Context, anyhow};
use clap::Parser;
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
    if dossier.report.principal.provider != Provider::Aws {
        return Err(Failure::Usage(anyhow!(
            "file the ticket: Google's is filed by hand as yet\nhint: leave --submit out, and paste what is printed"
        )));
    }
    let text = ticket::text(&args.folder, dossier)?;
    let opened = open::existing(&args.folder)?;
    let session = Session::connect(&args.live, &opened.id, !args.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let account = match &dossier.report.principal.account {
        Some(account) => account.clone(),
        None => session.aws.identity.account.clone(),
    };
    let route = session
        .runtime
        .block_on(support::route(&session.aws, &Place::new(account.clone(), "")))
        .map_err(|error| {
            anyhow!("file the ticket: {error}\nhint: the Support API needs a Business plan or better; any plan can paste what triage report --support-case prints")
        })?;
    let room = SUBJECT.saturating_sub(opened.id.len() + " [triage ]".len());
    let head: String = text.subject.chars().take(room).collect();
    let subject: Arc<str> = format!("{head} [triage {}]", opened.id).into();
    let change = SupportChange::CreateCase {
        subject: subject.clone(),
        body: text.body.as_str().into(),
        service: route.service,
        category: route.category,
        severity: route.severity,
    };
    let act = Rest::try_parse_from(["triage"]).context("read the flags")?.act;
    let act = ActArgs { yes: args.yes, dry_run: args.dry_run, ..act };
    let case = opened.case(&session)?;
    // Whoever consents has read what is sent.
    ui.result(text.paste().as_bytes()).context("write the result")?;
    let actor = Actor { session: &session, case: &case, args: &act, ui, stop };
    let mut acted = Acted::default();
    acted.join(actor.act(plan::ticket::ticket(&dossier.report, &account, &subject, change))?);
    finish::acted(&act, &case, &acted, ui)
}
