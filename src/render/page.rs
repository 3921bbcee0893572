//! The page that text formats write on: headings, lines and tables within a [`View`].
//!
//! For the text formats in `render` alone.

use super::View;
use super::line::{Line, Style};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding};

pub(super) struct Page<'a> {
    pub view: &'a View,
    /// Whether something was left out for the sake of one screen.
    pub shortened: bool,
    out: String,
}

/// A row and, below it, its small print.
pub(super) struct Row {
    pub cells: Vec<Line>,
    pub style: Style,
    pub below: Line,
}

impl<'a> Page<'a> {
    pub fn new(view: &'a View) -> Page<'a> {
        Page { view, shortened: false, out: String::new() }
    }

    /// A section's first line: its title in bold and what sums it up.
    pub fn head(&mut self, title: &'static str, rest: Line) {
        self.at(0, 6, Line::new().styled(Style::Bold, title).put("  ").join(rest));
    }

    /// A line of a section.
    pub fn line(&mut self, line: Line) {
        self.at(2, 6, line);
    }

    pub fn at(&mut self, indent: usize, hang: usize, line: Line) {
        line.write(&mut self.out, indent, hang, self.view.width, self.view.color);
    }

    pub fn blank(&mut self) {
        self.out.push('\n');
    }

    /// How many of `total` to list: all in detail, else `most`; says so when some are left out.
    pub fn take(&mut self, total: usize, most: usize) -> usize {
        // "1 more" would cost the line that it saves.
        if self.view.detail || total <= most + 1 {
            return total;
        }
        self.shortened = true;
        most
    }

    /// The line for those that [`Page::take`] left out.
    pub fn more(&mut self, left: usize, what: &'static str) {
        if left > 0 {
            let line = Line::new().put("… and ").put(left).put(" more ").put(what);
            self.line(line.all(Style::Dim));
        }
    }

    /// A table, columns aligned; rows become wrapped lines where the terminal is too narrow for it.
    pub fn table(&mut self, heads: &[&'static str], right: &[usize], rows: Vec<Row>) {
        let mut builder = Builder::with_capacity(rows.len() + 1, heads.len());
        builder.push_record(heads.iter().copied());
        for row in &rows {
            builder.push_record(row.cells.iter().map(Line::plain));
        }
        let mut table = builder.build();
        table.with(tabled::settings::Style::empty()).with(Padding::new(0, 2, 0, 0));
        for column in right {
            table.modify(Columns::one(*column), Alignment::right());
        }
        let text = table.to_string();
        let wide = text.lines().map(|line| unicode_width::UnicodeWidthStr::width(line.trim_end())).max();
        let fits = self.view.width.is_none_or(|width| wide.unwrap_or(0) + 2 <= usize::from(width));
        let mut laid = text.lines();
        let head = laid.next().unwrap_or_default();
        if fits {
            self.laid(head, Style::Dim);
        }
        for row in rows {
            match laid.next() {
                Some(line) if fits => self.laid(line, row.style),
                Some(_) | None => {
                    let cells = row.cells.into_iter().filter(|cell| !cell.is_empty());
                    self.line(Line::new().list("  ", cells).all(row.style));
                }
            }
            if !row.below.is_empty() {
                self.at(6, 8, row.below);
            }
        }
    }

    /// A line that the table has laid out; its cells are lines already, so safe.
    fn laid(&mut self, text: &str, style: Style) {
        let line = Line::laid(text.trim_end(), style);
        line.write(&mut self.out, 2, 6, None, self.view.color);
    }

    pub fn done(self) -> String {
        self.out
    }
}
