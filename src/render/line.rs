//! A line of output, built from parts that are safe by type: our own literals, numbers, times and [`Untrusted`] text.
//!
//! A `String` cannot get in: that is the point of this file. For `render` and `cli::ui`.

use super::untrusted::{Short, Untrusted};
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
pub trait Part: Display + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! part {
    ($($type:ty),*) => { $(impl sealed::Sealed for $type {} impl Part for $type {})* };
}

part!(&'static str, Untrusted<'_>, Short<'_>, u64, usize, u32, u16, Count, At, super::words::Clock);

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
    spans: Vec<(Style, String)>,
}

impl Line {
    pub fn new() -> Line {
        Line::default()
    }

    /// Adds a part in the plain style.
    pub fn put(self, part: impl Part) -> Line {
        self.styled(Style::Plain, part)
    }

    pub fn styled(mut self, style: Style, part: impl Part) -> Line {
        self.spans.push((style, part.to_string()));
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
        Line { spans: vec![(style, text.to_owned())] }
    }

    /// Puts every part in one style.
    pub fn all(mut self, style: Style) -> Line {
        self.spans.iter_mut().for_each(|span| span.0 = style);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|(_, text)| text.is_empty())
    }

    /// Columns on a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| text.width()).sum()
    }

    /// The text without style.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|(_, text)| text.as_str()).collect()
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
        for (style, c) in self.spans.iter().flat_map(|(style, text)| text.chars().map(|c| (*style, c))) {
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
