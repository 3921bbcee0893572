//! Text that somebody else wrote, made safe to show.
//!
//! Everything in a log may be the attacker's: user agents, names, tags, error texts. What a terminal would obey, what
//! the eye would not see and what would forge a row is shown as `\u{…}`; what is printable stays. Nothing is lost:
//! [`Untrusted`] can be read back. Any room may use it.

use std::fmt::{self, Display, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text from outside, whose `Display` is safe on a terminal and keeps to one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Untrusted<'a>(pub &'a str);

/// An [`Untrusted`] text bounded to some columns, for free text on a terminal; never for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short<'a> {
    text: &'a str,
    columns: usize,
}

/// An [`Untrusted`] sentence, which a shortened line may break between words; never an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prose<'a>(pub &'a str);

/// An [`Untrusted`] text cut to some columns with `…`, for a cell of one screen; never for an id or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clip<'a> {
    text: &'a str,
    columns: usize,
}

impl<'a> Untrusted<'a> {
    /// Cuts the text to `columns`, at least one.
    pub fn clip(self, columns: usize) -> Clip<'a> {
        Clip { text: self.0, columns: columns.max(1) }
    }

    /// Bounds the text to about `columns`, saying how much was left out.
    pub fn short(self, columns: usize) -> Short<'a> {
        Short { text: self.0, columns }
    }
}

/// An [`Untrusted`] text as one argument of a command that somebody pastes into `sh`, `bash` or `zsh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell<'a>(pub &'a str);

/// More combining marks than this on one letter climb into the lines above: no script needs them.
const MARKS: usize = 4;

/// Whether a character does something other than show itself: control, format, bidi, zero-width, tag, variation
/// selector, private use, unassigned, odd space, line or paragraph separator.
pub fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        // Printable by category, yet blank or invisible (Default_Ignorable_Code_Point, and the blank Braille cell).
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        // Only the first character of a text is escaped by `escape_debug` for being a mark.
        _ => {
            let mut bytes = [b'a'; 5];
            let end = 1 + c.encode_utf8(&mut bytes[1..]).len();
            std::str::from_utf8(&bytes[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some('\\'))
        }
    }
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.escape_debug().len() > 1
}

/// The characters of a text with whether each must be escaped.
fn judged(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    // A mark at the start would sit on a character of ours.
    let mut marks = MARKS;
    // So would a space at the start, or two together, imitate our columns.
    let mut after_space = true;
    let mut rest = text.chars();
    std::iter::from_fn(move || {
        let c = rest.next()?;
        let tail = rest.as_str();
        let escaped = match c {
            ' ' => after_space || tail.is_empty(),
            // Literal text that reads like our escape: escape its backslash, so that every escape is ours.
            '\\' => tail.starts_with("u{"),
            _ if is_hidden(c) => true,
            _ if is_mark(c) => marks >= MARKS,
            _ => false,
        };
        marks = if escaped {
            MARKS
        } else if is_mark(c) {
            marks + 1
        } else {
            0
        };
        after_space = c == ' ';
        Some((c, escaped))
    })
}

fn put(to: &mut impl Write, c: char, escaped: bool) -> fmt::Result {
    if escaped { write!(to, "{}", c.escape_unicode()) } else { to.write_char(c) }
}

/// Columns that "… (+N characters)" takes.
const NOTICE: usize = 20;

/// Whether a text takes no more than `columns`.
fn fits(text: &str, columns: usize) -> bool {
    let mut used = 0;
    judged(text).all(|(c, escaped)| {
        used += if escaped { c.escape_unicode().len() } else { c.width().unwrap_or(0) };
        used <= columns
    })
}

/// Writes what fits of a text and returns how many characters that was.
fn put_some(to: &mut impl Write, text: &str, columns: usize) -> Result<usize, fmt::Error> {
    let mut used = 0;
    for (shown, (c, escaped)) in judged(text).enumerate() {
        let mut piece = String::new();
        put(&mut piece, c, escaped)?;
        used += piece.width();
        if used > columns {
            return Ok(shown);
        }
        to.write_str(&piece)?;
    }
    Ok(text.chars().count())
}

impl Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        judged(self.0).try_for_each(|(c, escaped)| put(f, c, escaped))
    }
}

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted(self.0).fmt(f)
    }
}

impl Display for Clip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if fits(self.text, self.columns) {
            return Untrusted(self.text).fmt(f);
        }
        put_some(f, self.text, self.columns - 1)?;
        f.write_char('…')
    }
}

impl Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if fits(self.text, self.columns) {
            return Untrusted(self.text).fmt(f);
        }
        let shown = put_some(f, self.text, self.columns.saturating_sub(NOTICE))?;
        write!(f, "… (+{} characters)", self.text.chars().count() - shown)
    }
}

impl Display for Shell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
        // `=x` is a path in zsh, `~` and `-` mean something at the start.
        if self.0.chars().all(is_plain) && !self.0.is_empty() && !self.0.starts_with(['=', '-', '%', '+']) {
            return f.write_str(self.0);
        }
        // Written so that no character is hidden on the way into the shell: `$'…'` reads it back.
        if judged(self.0).any(|(c, escaped)| escaped && c != ' ' && c != '\\') {
            f.write_str("$'")?;
            for c in self.0.chars() {
                match c {
                    '\'' | '\\' => write!(f, "\\{c}")?,
                    _ if is_hidden(c) || is_mark(c) => write!(f, "\\U{:08x}", u32::from(c))?,
                    _ => f.write_char(c)?,
                }
            }
            return f.write_char('\'');
        }
        write!(f, "'{}'", self.0.replace('\'', "'\\''"))
    }
}

/// A character that a format would obey, as [`Untrusted`] writes hidden ones: it can be read back alike.
fn put_escaped(out: &mut String, c: char) {
    // A String takes every write.
    let _ = write!(out, "{}", c.escape_unicode());
}

/// A shown text as a Markdown code span. What even there would end it, a table's cell or (in Slack) begin a command, is
/// escaped: GitHub, Jira and Slack then show the same.
pub(super) fn code_span(shown: &str) -> String {
    if shown.is_empty() {
        return String::new();
    }
    let mut out = String::from("`");
    for c in shown.chars() {
        match c {
            '`' | '|' | '<' | '>' => put_escaped(&mut out, c),
            _ => out.push(c),
        }
    }
    out.push('`');
    out
}

/// A shown sentence as Markdown: plain words stay, every other word is a code span.
pub(super) fn prose(shown: &str) -> String {
    let words = shown.split(' ').map(|word| {
        let bare = word.trim_end_matches(['.', ',', ';', ':', '?', ')']);
        let start = bare.len() - bare.trim_start_matches('(').len();
        let core = &bare[start..];
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '’' | '\'' | '/' | '…');
        let is_word = core.chars().all(is_plain) && core.chars().any(char::is_alphanumeric);
        if core.is_empty() {
            // Punctuation alone could still begin a list or a rule.
            return if word.is_empty() { String::new() } else { code_span(word) };
        }
        let core = if is_word { core.to_owned() } else { code_span(core) };
        format!("{}{core}{}", &bare[..start], &word[bare.len()..])
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A shown text for a quoted label of a Mermaid diagram: what is not plain is a character code, which is never read as
/// markup or as a directive.
pub(super) fn mermaid(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            ' ' | '.' | ',' | ':' | '/' | '@' | '-' | '_' | '…' | '×' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                // A String takes every write.
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}

/// What a spreadsheet takes for the start of a formula (CWE-1236), wide forms too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A shown text as a field of a spreadsheet: what would begin a formula gets a `'` before it, as what begins with one does,
/// so that it can be read back. After `;`, which some locales take for the end of a field, the sign is escaped.
pub(super) fn spreadsheet(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len() + 1);
    if shown.starts_with(FORMULA) || shown.starts_with(['\'', '\t', '\r', '\0', '%', '|']) {
        out.push('\'');
    }
    let mut begins = false;
    for c in shown.chars() {
        if begins && FORMULA.contains(&c) {
            put_escaped(&mut out, c);
        } else {
            out.push(c);
        }
        begins = c == ';' || (begins && (c == ' ' || c == '"'));
    }
    out
}
