//! `triage report CASE --support-case`: the provider's ticket from what a case holds, its journal included.

use super::verify;
use crate::case::Case;
use crate::model::Dossier;
use crate::render::ticket::{self, Deed, Text, Ticket};
use std::path::Path;

/// Makes the text of a case's ticket.
pub fn text(dir: &Path, dossier: &Dossier) -> anyhow::Result<Text> {
    let case = Case::open(dir)?;
    let deeds: Vec<Deed> = dossier.deeds.iter().map(Deed::from).collect();
    let head = verify::look(&case, None).head;
    let folder = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
    let about = &dossier.about;
    Ok(ticket::ticket(&Ticket {
        report: &dossier.report,
        case: about.id.as_deref().unwrap_or(&folder),
        operator: about.operator.as_deref(),
        head: head.as_deref(),
        // Reading exported logs is no response: only who asked a cloud was there.
        began: about.started_at.filter(|_| about.operator.is_some()),
        deeds: &deeds,
    }))
}
