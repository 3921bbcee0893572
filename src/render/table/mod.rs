//! The report as the on-call reads it at 3 AM: the verdict, then one section for each question, in one screen.
//!
//! `-v` (detail) lists everything; nothing here claims more than was seen.

mod chain;
mod found;
mod made;
mod near;
mod seen;
mod touched;
mod uses;
mod verdict;

use super::View;
use super::line::{Line, Style};
use super::page::Page;
use super::words::as_of;
use crate::model::Report;

/// Returns the screen.
pub fn report(report: &Report, view: &View) -> String {
    let mut page = Page::new(view);
    page.as_of = as_of(report, view.now);
    verdict::verdict(&mut page, report);
    verdict::subject(&mut page, report);
    uses::uses(&mut page, report);
    chain::chain(&mut page, report);
    made::made(&mut page, report);
    found::grants(&mut page, report);
    found::findings(&mut page, report);
    found::attempts(&mut page, report);
    touched::touched(&mut page, report);
    found::unclassified(&mut page, report);
    near::unlinked(&mut page, report);
    near::root(&mut page, report);
    seen::coverage(&mut page, report);
    seen::gaps(&mut page, report);
    if page.shortened {
        let line = Line::new().put("Shortened to one screen: -v shows all of it, -o json holds all of it.");
        page.at(0, 2, line.all(Style::Dim));
    }
    page.done()
}
