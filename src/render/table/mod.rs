//! The report as the on-call reads it at 3 AM: the verdict, then one section for each question, in one screen.
//!
//! `-v` (detail) lists everything; nothing here claims more than was seen.

mod acts;
pub(super) mod chain;
mod found;
mod made;
mod near;
mod seen;
mod touched;
mod uses;
pub(super) mod verdict;
mod when;

use super::View;
use super::line::{Line, Style};
use super::page::Page;
use super::summary::{self, Facts};
use super::words::as_of;
use crate::model::dossier::Done;
use crate::model::plan::Plan;
use crate::model::{Dossier, Report};

/// Returns the screen of a report alone.
pub fn report(report: &Report, view: &View) -> String {
    screen(report, &[], &[], view)
}

/// Returns the screen of a case: what was found, done and proposed.
pub fn dossier(dossier: &Dossier, view: &View) -> String {
    screen(&dossier.report, &dossier.plans, &dossier.deeds, view)
}

fn screen(report: &Report, plans: &[Plan], deeds: &[Done], view: &View) -> String {
    let mut page = Page::new(view);
    page.as_of = as_of(report, view.now);
    let facts = Facts { report, plans, deeds, now: view.now, as_of: page.as_of };
    verdict::verdict(&mut page, report);
    verdict::subject(&mut page, &facts);
    when::when(&mut page, report);
    uses::uses(&mut page, report);
    chain::chain(&mut page, report);
    made::made(&mut page, report);
    if report.cost.is_some() {
        page.title("COST", summary::cost(&facts).line());
    }
    acts::acts(&mut page, deeds);
    found::grants(&mut page, report);
    found::findings(&mut page, report);
    found::attempts(&mut page, report);
    touched::touched(&mut page, report);
    found::unclassified(&mut page, report);
    near::unlinked(&mut page, report);
    near::root(&mut page, report);
    seen::coverage(&mut page, report);
    seen::gaps(&mut page, report);
    if !plans.is_empty() {
        page.title("NEXT", summary::next(&facts).line());
    }
    if page.shortened {
        let line = Line::new().put("Shortened to one screen: -v shows all of it, -o json holds all of it.");
        page.at(0, 2, line.all(Style::Dim));
    }
    page.done()
}
