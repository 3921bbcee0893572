//! A line of output, built from parts that are safe by type: our own literals, numbers, times and [`Untrusted`] text.
//!
//! A `String` cannot get in: that is the point of this file. For `render` and `cli::ui`.

use super::untrusted::{Clip, Prose, Short, Untrusted};
use super::words::{Clock, Minutes};
use crate::model::Time;
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
            Style::Dim => "\x1b[2m",
        }
    }
}

const END: &str = "\x1b[0m";

/// What may be put on a line. Sealed: only the types below.
pub trait Part: Display + sealed::Sealed {
    /// Whether it stays whole on a shortened line: an id or a name, which someone must paste.
    const WHOLE: bool = false;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! part {
    ($($type:ty),*) => { $(impl sealed::Sealed for $type {} impl Part for $type {})* };
}

part!(&'static str, Prose<'_>, Short<'_>, Clip<'_>, u64, usize, u32, u16, Count, At, Clock, Minutes);

impl sealed::Sealed for Untrusted<'_> {}
impl Part for Untrusted<'_> {
    const WHOLE: bool = true;
}

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
    whole: bool,
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
        self.spans.push(Span { style, text: part.to_string(), whole: P::WHOLE });
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
        Line { spans: vec![Span { style, text: text.to_owned(), whole: false }] }
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
                if c == ' ' && !span.whole && (!is_full || stop.is_none()) {
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
            if last.whole || kept > 0 {
                last.text.truncate(if last.whole { last.text.len() } else { kept });
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
