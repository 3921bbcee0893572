//! What a text holds, told from its first 64 KiB: never from its name.

use memchr::memmem;

/// What to read a text as.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Text {
    Blank,
    Json,
    Yaml,
    Csv,
    Markdown,
    /// A web or error page in place of a log.
    Page,
    /// Nothing that we know; whether it is text at all.
    Unknown {
        is_text: bool,
    },
}

pub(super) const PREFIX: usize = 64 << 10;

/// The fields of a log entry that no other YAML document has at its top.
const ENTRY_KEYS: &[&str] =
    &["insertId", "logName", "protoPayload", "jsonPayload", "textPayload", "receiveTimestamp"];
/// Those that a log entry may start with, but other documents as well.
const MAYBE_KEYS: &[&str] = &[
    "apphub",
    "errorGroups",
    "httpRequest",
    "labels",
    "metadata",
    "operation",
    "otel",
    "resource",
    "severity",
    "sourceLocation",
    "spanId",
    "split",
    "timestamp",
    "trace",
    "traceSampled",
];
/// Lists of records that a command prints as YAML when asked to.
const LIST_KEYS: &[&str] = &["Events", "Records", "entries", "events", "logEvents"];

/// The columns of which a CSV of CloudTrail records has at least two.
const COLUMNS: &[&str] =
    &["eventversion", "useridentity", "eventtime", "eventsource", "eventname", "awsregion", "eventid"];

pub(super) fn text(prefix: &[u8]) -> Text {
    let Some(first) = prefix.iter().position(|c| !c.is_ascii_whitespace()) else { return Text::Blank };
    let body = &prefix[first..];
    if body[0] == b'{' || (body[0] == b'[' && starts_list(body)) {
        return Text::Json;
    }
    if body[0] == b'<' {
        return Text::Page;
    }
    if columns(first_line(body)) >= 2 {
        return Text::Csv;
    }
    if is_yaml(prefix) {
        return Text::Yaml;
    }
    if lines(prefix).any(|l| fence(l).is_some()) {
        return Text::Markdown;
    }
    if lines(prefix).any(|l| line_start(l, LEAD, true).is_some())
        || memmem::find(prefix, b"{\"eventVersion\"").is_some()
    {
        return Text::Json;
    }
    Text::Unknown { is_text: is_text(prefix) }
}

/// How far in a first record may start its line when what comes before it is not JSON.
const LEAD: usize = 8;

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|c| *c == b'\n')
}

fn first_line(text: &[u8]) -> &[u8] {
    lines(text).next().unwrap_or_default()
}

/// Whether this `[` opens an array rather than a word in brackets.
pub(super) fn starts_list(bytes: &[u8]) -> bool {
    let rest = bytes[1..].trim_ascii_start();
    match rest.first() {
        None | Some(b'{' | b'[' | b']' | b'"') => true,
        Some(b'-' | b'0'..=b'9') => {
            let number = rest
                .iter()
                .take_while(|c| c.is_ascii_digit() || matches!(c, b'-' | b'+' | b'.' | b'e' | b'E'));
            matches!(rest[number.count()..].trim_ascii_start().first(), None | Some(b',' | b']'))
        }
        Some(_) => [&b"true"[..], b"false", b"null"].iter().any(|w| rest.starts_with(w)),
    }
}

/// Where in this line a value seems to start, if it does: an object or, at top level, an array or the time before a message.
/// The line may be indented no further than `indent`; in a list, closing brackets may stand before it.
pub(super) fn line_start(line: &[u8], indent: usize, is_top: bool) -> Option<usize> {
    let blank = line.iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
    if blank > indent {
        return None;
    }
    let closed = match is_top {
        true => 0,
        false => line[blank..].iter().take_while(|c| matches!(c, b' ' | b',' | b']' | b'}')).count(),
    };
    let at = blank + closed;
    match line.get(at)? {
        b'{' if matches!(line[at + 1..].trim_ascii_start().first(), None | Some(b'"' | b'}')) => Some(at),
        b'[' if is_top && starts_list(&line[at..]) => Some(at),
        b'0'..=b'9' if is_top => stamp(&line[at..]).map(|_| at),
        _ => None,
    }
}

/// The length of the time (and the word or two after it) in front of a JSON message:
/// `2026-02-03T04:05:06.789Z {…}`, as CloudWatch Logs exports to S3 and `aws logs tail` write it.
pub(super) fn stamp(line: &[u8]) -> Option<usize> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let head = line.get(..SHAPE.len())?;
    let fits = head.iter().zip(SHAPE).all(|(c, s)| if *s == b'0' { c.is_ascii_digit() } else { c == s });
    if !fits {
        return None;
    }
    let brace = memchr::memchr2(b'{', b'\n', line).filter(|n| line[*n] == b'{')?;
    let between = &line[SHAPE.len()..brace];
    let words = between.split(|c| *c == b' ').filter(|w| !w.is_empty()).count();
    (between.last() == Some(&b' ') && words <= 2).then_some(brace)
}

/// The fence that this line opens or closes: its sign, length and indentation.
pub(super) fn fence(line: &[u8]) -> Option<(u8, usize, usize)> {
    let blank = line.iter().take_while(|c| **c == b' ').count();
    let sign = *line.get(blank)?;
    let count = line[blank..].iter().take_while(|c| **c == sign).count();
    (matches!(sign, b'`' | b'~') && count >= 3).then_some((sign, count, blank))
}

pub(super) fn columns(line: &[u8]) -> usize {
    let is_column = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        let cell = cell.strip_prefix(b"\"").and_then(|c| c.strip_suffix(b"\"")).unwrap_or(cell);
        COLUMNS.iter().any(|c| cell.eq_ignore_ascii_case(c.as_bytes()))
    };
    line.split(|c| *c == b',').filter(|c| is_column(c)).count()
}

/// Whether a YAML document of log entries starts here: comments and marks, then a field that an entry has at its top.
pub(super) fn is_yaml(prefix: &[u8]) -> bool {
    let skip = |l: &&[u8]| {
        let l = l.trim_ascii_end();
        !(l.is_empty() || l.starts_with(b"#") || l.starts_with(b"%") || l == b"---")
    };
    let Some(first) = lines(prefix).find(skip) else { return false };
    let (first, item) = match first.strip_prefix(b"- ") {
        Some(rest) => (rest.trim_ascii_start(), true),
        None => (first.strip_prefix(b"--- ").unwrap_or(first), false),
    };
    let has = |line: &[u8], keys: &[&str], alone: bool| {
        let line = line.trim_ascii_end();
        keys.iter().any(|k| {
            let rest = line.strip_prefix(k.as_bytes()).and_then(|r| r.strip_prefix(b":"));
            rest.is_some_and(|r| r.is_empty() || (!alone && r[0] == b' '))
        })
    };
    if has(first, ENTRY_KEYS, false) || (!item && has(first, LIST_KEYS, true)) {
        return true;
    }
    let own_level = |l: &[u8]| {
        if item {
            l.strip_prefix(b"  ").is_some_and(|l| has(l, ENTRY_KEYS, false))
        } else {
            has(l, ENTRY_KEYS, false)
        }
    };
    has(first, MAYBE_KEYS, false) && lines(prefix).any(own_level)
}

fn is_text(prefix: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(prefix) {
        Ok(_) => true,
        // The prefix may end inside a character.
        Err(e) => e.error_len().is_none(),
    };
    is_utf8 && !prefix.iter().any(|c| c.is_ascii_control() && !c.is_ascii_whitespace() && *c != 0x0b)
}

/// What a file that is no text is, where its first bytes say so: for the message.
pub(super) fn binary(prefix: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"\x28\xb5\x2f\xfd", "compressed with zstd, which is not read: decompress it first"),
        (b"BZh", "compressed with bzip2, which is not read: decompress it first"),
        (b"\xfd7zXZ\0", "compressed with xz, which is not read: decompress it first"),
        (b"\x04\x22\x4d\x18", "compressed with lz4, which is not read: decompress it first"),
        (b"\xff\x06\0\0sNaPpY", "compressed with snappy, which is not read: decompress it first"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not read: unpack it first"),
        (b"Rar!", "a rar archive, which is not read: unpack it first"),
        (b"PAR1", "Parquet, which is not read: export it as JSON"),
        (b"Obj\x01", "Avro, which is not read: export it as JSON"),
        (b"ORC", "ORC, which is not read: export it as JSON"),
        (b"SQLite format 3\0", "an SQLite database, which is not read"),
    ];
    if prefix.get(257..262) == Some(b"ustar") {
        return Some("a tar archive, which is not read: unpack it first");
    }
    MAGIC.iter().find(|(magic, _)| prefix.starts_with(magic)).map(|(_, what)| *what)
}

/// The error code of an S3 error page, or what other page it is.
pub(super) fn page(prefix: &[u8]) -> String {
    let between = |from: &[u8], to: &[u8]| {
        let at = memmem::find(prefix, from)? + from.len();
        let end = at + memmem::find(&prefix[at..], to)?;
        let word = std::str::from_utf8(&prefix[at..end]).ok()?;
        (word.len() <= 64 && word.bytes().all(|c| c.is_ascii_alphanumeric())).then(|| word.to_owned())
    };
    match between(b"<Code>", b"</Code>") {
        Some(code) => format!("an error page ({code}) where a log should be"),
        None => "an XML or HTML page where a log should be".into(),
    }
}
