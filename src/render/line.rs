//! A line of output, built from parts that are safe by type: our own literals, numbers, times and [`Untrusted`] text.
//!
//! A `String` cannot get in: that is the point of this file. For `render` and `cli::ui`.

use super::untrusted::{Clip, Prose, Shell, Short, Untrusted, code_span, mermaid, prose, spreadsheet};
use super::words::{Clock, Dollars, Exact, Minutes};
use crate::model::Time;
use crate::model::cost::{Hours, Usd};
use std::fmt::{Display, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The few styles there are, so that a colour always means the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Plain,
    /// Headings and what to read first.
    Bold,
    /// Danger that stands.
    Red,
    /// Not certain, or not complete.
    Yellow,
    /// Danger that is over.
    Green,
    /// Small print.
    Dim,
}

impl Style {
    /// The SGR sequence that starts it; empty for plain.
    fn start(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Bold => "\x1b[1m",
            Style::Red => "\x1b[1;31m",
            Style::Yellow => "\x1b[33m",
            Style::Green => "\x1b[32m",
            Style::Dim => "\x1b[2m",
        }
    }
}

const END: &str = "\x1b[0m";

/// Who wrote a part, and so what a format must do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This source code, numbers and times.
    Ours,
    /// An id or a name of somebody's: it stays whole on a shortened line, because someone must paste it.
    Name,
    /// A sentence with names in it.
    Prose,
    /// A name that may be cut.
    Cut,
}

/// What may be put on a line. Sealed: only the types below.
pub trait Part: Display + sealed::Sealed {
    const ORIGIN: Origin = Origin::Ours;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! part {
    ($origin:ident: $($type:ty),*) => {
        $(impl sealed::Sealed for $type {} impl Part for $type { const ORIGIN: Origin = Origin::$origin; })*
    };
}

part!(Ours: &'static str, u64, usize, u32, u16, Count, At, Clock, Minutes, Exact, Usd, Hours, Dollars);
part!(Name: Untrusted<'_>, Shell<'_>);
part!(Prose: Prose<'_>);
part!(Cut: Short<'_>, Clip<'_>);

/// A number with thousands separators: `1,204,000`.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub u64);

impl Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.0.to_string();
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A time in UTC to the second: `2026-11-22 03:14:07Z`.
#[derive(Clone, Copy, Debug)]
pub struct At(pub Time);

impl Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M:%SZ"))
    }
}

/// A line of styled parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    style: Style,
    text: String,
    origin: Origin,
}

impl Span {
    fn is_whole(&self) -> bool {
        self.origin == Origin::Name
    }
}

impl Line {
    pub fn new() -> Line {
        Line::default()
    }

    /// Adds a part in the plain style.
    pub fn put(self, part: impl Part) -> Line {
        self.styled(Style::Plain, part)
    }

    pub fn styled<P: Part>(mut self, style: Style, part: P) -> Line {
        self.spans.push(Span { style, text: part.to_string(), origin: P::ORIGIN });
        self
    }

    /// Adds another line's parts.
    pub fn join(mut self, other: Line) -> Line {
        self.spans.extend(other.spans);
        self
    }

    /// Adds parts with `between` between them.
    pub fn list(mut self, between: &'static str, lines: impl IntoIterator<Item = Line>) -> Line {
        for (n, line) in lines.into_iter().enumerate() {
            if n > 0 {
                self = self.put(between);
            }
            self = self.join(line);
        }
        self
    }

    /// A row of a table whose cells were lines.
    pub(super) fn laid(text: &str, style: Style) -> Line {
        Line { spans: vec![Span { style, text: text.to_owned(), origin: Origin::Cut }] }
    }

    /// Puts every part in one style.
    pub fn all(mut self, style: Style) -> Line {
        self.spans.iter_mut().for_each(|span| span.style = style);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|span| span.text.is_empty())
    }

    /// Columns on a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.width()).sum()
    }

    /// The text without style.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// The line in pieces of so many columns at most, broken wherever that is, as a picture needs it.
    pub(super) fn pieces(&self, columns: usize) -> Vec<Line> {
        let mut pieces = Vec::new();
        let (mut text, mut used) = (String::new(), 0);
        for (_, c) in self.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > columns {
                // Between two words where there are two.
                let rest = match text.rfind(' ') {
                    Some(at) if at > 0 && c != ' ' => text.split_off(at),
                    Some(_) | None => String::new(),
                };
                pieces.push(Line::laid(text.trim(), Style::Plain));
                text = rest.trim_start().to_owned();
                used = text.width();
            }
            text.push(c);
            used += wide;
        }
        pieces.push(Line::laid(text.trim(), Style::Plain));
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// The text as Markdown: names in code spans, so that nothing in them is read as markup, a link or a mention.
    pub(super) fn markdown(&self) -> String {
        let spans = self.spans.iter().map(|span| match span.origin {
            Origin::Ours => span.text.clone(),
            Origin::Name | Origin::Cut => code_span(&span.text),
            Origin::Prose => prose(&span.text),
        });
        spans.collect()
    }

    /// The text inside a quoted label of a Mermaid diagram.
    pub(super) fn mermaid(&self) -> String {
        mermaid(&self.plain())
    }

    /// The text as a field that no spreadsheet takes for a formula.
    pub(super) fn field(&self) -> String {
        spreadsheet(&self.plain())
    }

    fn chars(&self) -> impl Iterator<Item = (Style, char)> + '_ {
        self.spans.iter().flat_map(|span| span.text.chars().map(|c| (span.style, c)))
    }

    /// Shortens the line to `columns` with `…` between two words, never inside an id. Where less than half would be left,
    /// one more id stays and the line is too long; `None` where there is nothing to leave out.
    pub(super) fn shorten(&self, columns: usize) -> Option<Line> {
        let mut used = 0;
        // Span and byte of the last place to stop.
        let mut stop = None;
        'all: for (n, span) in self.spans.iter().enumerate() {
            for (at, c) in span.text.char_indices() {
                // One for the blank and one for the sign.
                let is_full = used + 2 > columns;
                if c == ' ' && !span.is_whole() && (!is_full || stop.is_none()) {
                    stop = (used * 2 > columns).then_some((n, at)).or(stop);
                }
                if is_full && stop.is_some() {
                    break 'all;
                }
                used += c.width().unwrap_or(0);
            }
        }
        let (n, at) = stop?;
        let mut spans = self.spans[..=n].to_vec();
        spans[n].text.truncate(at);
        while let Some(last) = spans.last_mut() {
            let kept = last.text.trim_end_matches([' ', ',', ';', ':', '(']).len();
            if last.is_whole() || kept > 0 {
                last.text.truncate(if last.is_whole() { last.text.len() } else { kept });
                break;
            }
            spans.pop();
        }
        Some(Line { spans }.put(" …"))
    }

    /// Writes the line and a newline, indented; wrapped between words at `width`, continuing at `hang`.
    ///
    /// A word that is wider than the terminal stays whole: it may be an id that someone must paste.
    pub(crate) fn write(
        &self,
        out: &mut String,
        indent: usize,
        hang: usize,
        width: Option<u16>,
        color: bool,
    ) {
        let mut words: Vec<Vec<(Style, char)>> = vec![Vec::new()];
        for (style, c) in self.chars() {
            match words.last_mut() {
                Some(word) if c != ' ' => word.push((style, c)),
                _ => words.push(Vec::new()),
            }
        }
        let limit = width.map_or(usize::MAX, usize::from).max(hang + 20);
        let mut row = vec![(Style::Plain, ' '); indent];
        let (mut used, mut fresh) = (indent, true);
        let mut blanks = 0;
        for (n, word) in words.iter().enumerate() {
            blanks += usize::from(n > 0);
            if word.is_empty() {
                continue;
            }
            let wide: usize = word.iter().map(|(_, c)| c.width().unwrap_or(0)).sum();
            if !fresh && used + blanks + wide > limit {
                flush(out, &row, color);
                row = vec![(Style::Plain, ' '); hang];
                used = hang;
            } else {
                row.extend(std::iter::repeat_n((Style::Plain, ' '), blanks));
                used += blanks;
            }
            row.extend(word);
            (used, fresh, blanks) = (used + wide, false, 0);
        }
        flush(out, &row, color);
    }
}

fn flush(out: &mut String, row: &[(Style, char)], color: bool) {
    let end = row.iter().rposition(|(_, c)| *c != ' ').map_or(0, |n| n + 1);
    let mut now = Style::Plain;
    for (style, c) in &row[..end] {
        if color && *style != now && *c != ' ' {
            if now != Style::Plain {
                out.push_str(END);
            }
            out.push_str(style.start());
            now = *style;
        }
        out.push(*c);
    }
    if now != Style::Plain {
        out.push_str(END);
    }
    out.push('\n');
}
