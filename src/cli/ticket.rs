//! `triage report CASE --support-case`: the provider's ticket from what a case holds, its journal included.

use super::verify;
use crate::case::OpenCase;
use crate::exec::{Deed, journal};
use crate::model::Report;
use crate::render::ticket::{self, DeedEnd, Text, Ticket};
use anyhow::Context;

/// Makes the text of a case's ticket.
pub fn text(case: &OpenCase, report: &Report) -> anyhow::Result<Text> {
    let ledger = match &case.journal {
        // What was done must not be told from a journal that was altered.
        Some(path) => Some(journal::read(path).context("tell what was done")?.1),
        None => None,
    };
    let deeds: Vec<ticket::Deed> = ledger.iter().flat_map(|ledger| ledger.deeds().map(told)).collect();
    let head = verify::look(case, None).head;
    let folder = case.dir.file_name().unwrap_or(case.dir.as_os_str()).to_string_lossy();
    Ok(ticket::ticket(&Ticket {
        report,
        case: case.file.id.as_deref().unwrap_or(&folder),
        operator: case.file.operator.as_deref(),
        head: head.as_deref(),
        // Reading exported logs is no response: only who asked a cloud was there.
        began: case.file.started_at.filter(|_| case.file.operator.is_some()),
        deeds: &deeds,
    }))
}

fn told(deed: &Deed) -> ticket::Deed {
    ticket::Deed {
        at: deed.at,
        kind: deed.intent.kind,
        target: deed.intent.target.clone(),
        region: deed.intent.at.region.clone(),
        api: deed.intent.change.spec().api,
        end: match (deed.is_undone(), deed.is_done(), deed.is_open()) {
            (true, _, _) => DeedEnd::Undone,
            (false, true, _) => DeedEnd::Done,
            (false, false, true) => DeedEnd::Open,
            (false, false, false) => DeedEnd::Failed,
        },
    }
}
