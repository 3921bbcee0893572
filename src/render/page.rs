//! The page that text formats write on: headings, lines and tables within a [`View`].
//!
//! For the text formats in `render` alone.

use super::View;
use super::line::{Line, Style};
use crate::model::Time;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding};

pub(super) struct Page<'a> {
    pub view: &'a View,
    /// Whether something was left out for the sake of one screen.
    pub shortened: bool,
    /// The latest time that is known to have come: what expired before it has ended.
    pub as_of: Option<Time>,
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
        Page { view, shortened: false, as_of: view.now, out: String::new() }
    }

    /// A section's first line: its title in bold and what sums it up.
    pub fn head(&mut self, title: &'static str, rest: Line) {
        self.at(0, 6, Line::new().styled(Style::Bold, title).put("  ").join(rest));
    }

    /// A line of a section.
    pub fn line(&mut self, line: Line) {
        self.at(2, 6, line);
    }

    /// [`Page::head`] whose rest is a sentence, which one screen shortens instead of wrapping.
    pub fn title(&mut self, title: &'static str, rest: Line) {
        self.sentence(0, Line::new().styled(Style::Bold, title).put("  ").join(rest));
    }

    /// A line of one screen: shortened between words where it is too long, wrapped where that would leave too little.
    pub fn sentence(&mut self, indent: usize, line: Line) {
        let room = self.room().saturating_sub(indent);
        let short = if line.width() > room { line.shorten(room) } else { None };
        self.shortened |= short.is_some();
        self.at(indent, indent + 4, short.unwrap_or(line));
    }

    pub fn at(&mut self, indent: usize, hang: usize, line: Line) {
        line.write(&mut self.out, indent, hang, self.view.width, self.view.color);
    }

    pub fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Columns that a line of one screen may take; what is optional is left out beyond.
    ///
    /// Without a terminal, and in detail, there is room for all.
    pub fn room(&self) -> usize {
        match (self.view.detail, self.view.width) {
            (false, Some(width)) => usize::from(width).max(60),
            (true, _) | (false, None) => usize::MAX,
        }
    }

    /// Joins parts in order, leaving out those that do not fit in `room`, the highest numbers first; 0 always stays.
    pub fn fit(&mut self, room: usize, parts: Vec<(u8, Line)>) -> Line {
        let mut used: usize = parts.iter().filter(|(rank, _)| *rank == 0).map(|(_, line)| line.width()).sum();
        let mut order: Vec<usize> = (0..parts.len()).filter(|n| parts[*n].0 > 0).collect();
        order.sort_by_key(|n| parts[*n].0);
        let mut out = Vec::new();
        for n in order {
            let wide = parts[n].1.width();
            if used.saturating_add(wide) > room {
                out.push(n);
            } else {
                used += wide;
            }
        }
        self.shortened |= !out.is_empty();
        let kept = parts.into_iter().enumerate().filter(|(n, _)| !out.contains(n));
        kept.fold(Line::new(), |line, (_, (_, part))| line.join(part))
    }

    /// Adds `items` to a line that takes `room`: the first, those of the first `most` that fit, and how many more there are.
    pub fn some(&mut self, room: usize, mut line: Line, items: &[Line], most: usize) -> Line {
        let most = if self.view.detail { items.len() } else { most };
        // ", 9999 more".
        let room = room.saturating_sub(11);
        let mut shown = 0;
        for item in items.iter().take(most) {
            if shown > 0 && line.width() + 2 + item.width() > room {
                break;
            }
            line = line.put(if shown > 0 { ", " } else { "" }).join(item.clone());
            shown += 1;
        }
        self.shortened |= shown < items.len();
        match items.len() - shown {
            0 => line,
            n => line.put(", ").put(n).put(" more"),
        }
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

    /// Columns left on a line beside those of these rows, for a last cell that takes what there is.
    pub fn room_beside(&self, heads: &[&'static str], rows: &[Row]) -> usize {
        let wide = |n: usize| rows.iter().filter_map(|row| row.cells.get(n)).map(Line::width).max();
        let used = heads.iter().enumerate().map(|(n, head)| wide(n).unwrap_or(0).max(head.len()) + 2);
        self.room().saturating_sub(2 + used.sum::<usize>())
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
        if fits && heads.iter().any(|head| !head.is_empty()) {
            self.laid(head, Style::Dim);
        }
        for row in rows {
            match laid.next() {
                Some(line) if fits => self.laid(line, row.style),
                Some(_) | None => {
                    let cells = heads.iter().zip(row.cells).filter(|(_, cell)| !cell.is_empty());
                    let named = cells.map(|(head, cell)| match *head {
                        "" => cell,
                        head => Line::new().put(head).put(" ").join(cell),
                    });
                    self.line(Line::new().list("  ", named).all(row.style));
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
        if self.view.ascii { ascii(&self.out) } else { self.out }
    }
}

/// The text without anything but ASCII: our own signs as ones of the same width, all else escaped.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\x7f' => out.push(c),
            '└' => out.push('`'),
            '…' => out.push('~'),
            '×' => out.push('x'),
            '–' | '—' => out.push('-'),
            '→' => out.push('>'),
            '▁' | '▂' => out.push('.'),
            '▃' | '▄' => out.push(':'),
            '▅' | '▆' => out.push('|'),
            '▇' | '█' => out.push('#'),
            '’' => out.push('\''),
            _ => out.extend(c.escape_unicode()),
        }
    }
    out
}
