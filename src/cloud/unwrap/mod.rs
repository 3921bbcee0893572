//! Containers → records: lifts each record, exactly as received, out of whatever it was exported in.
//!
//! Works on a stream and holds one record at a time, so that a file may be of any size. It knows containers, not records: what
//! a value means is for `read`. What it cannot read it names with its line, and goes on. Only sources call it.

mod csv;
mod inflate;
mod item;
mod json;
mod markdown;
mod member;
mod notes;
mod packed;
mod scan;
mod sniff;
mod utf16;
mod window;
mod yaml;
mod zip;

pub use member::Unpacker;

use super::Raw;
use std::cell::Cell;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use window::Window;

/// How much of a hostile input is put up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one record: a longer one is skipped without being held.
    pub record: u64,
    /// Levels of nesting in a record.
    pub depth: u32,
    /// Bytes of one input once decompressed: 64 GiB is some 50 million records, far beyond any file that a cloud writes.
    pub total: u64,
    /// Decompressed to compressed. Deflate ends at 1032:1, so only packing in packing gets beyond 1100.
    pub ratio: u64,
    /// Bytes below which the ratio does not matter.
    pub ratio_from: u64,
    /// Decompressed bytes without a single record after which a stream that is this well compressed is a bomb.
    pub barren: u64,
    pub barren_ratio: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            record: 64 << 20,
            depth: scan::MAX_DEPTH,
            total: 64 << 30,
            ratio: 1100,
            ratio_from: 256 << 20,
            barren: 1 << 30,
            barren_ratio: 250,
        }
    }
}

/// What an input turned out to be: the innermost container that was recognised first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    Empty,
    /// `{"Records":[…]}`, as CloudTrail delivers to S3.
    Records,
    Array,
    Jsonl,
    /// One value.
    Object,
    /// Values one after another that do not each begin a line.
    Concatenated,
    /// Output of LookupEvents, whole or its items.
    LookupEvents,
    EventBridge,
    /// Events of CloudWatch Logs: a subscription, FilterLogEvents, GetLogEvents.
    CloudWatch,
    /// Lines of a time and a message, as CloudWatch Logs exports to S3.
    CloudWatchLines,
    /// CloudTrail records as the payload of Cloud Logging entries.
    Stackdriver,
    /// Pages of `entries.list`.
    Entries,
    Yaml,
    Csv,
    Markdown,
    Digest,
    /// A web or error page.
    Page,
    /// Text in which no record was found.
    Text,
    /// Neither text nor anything that is read.
    Binary,
}

impl Shape {
    pub fn as_str(self) -> &'static str {
        match self {
            Shape::Empty => "empty",
            Shape::Records => "records",
            Shape::Array => "array",
            Shape::Jsonl => "jsonl",
            Shape::Object => "object",
            Shape::Concatenated => "concatenated",
            Shape::LookupEvents => "lookup_events",
            Shape::EventBridge => "eventbridge",
            Shape::CloudWatch => "cloudwatch",
            Shape::CloudWatchLines => "cloudwatch_lines",
            Shape::Stackdriver => "stackdriver",
            Shape::Entries => "entries",
            Shape::Yaml => "yaml",
            Shape::Csv => "csv",
            Shape::Markdown => "markdown",
            Shape::Digest => "digest",
            Shape::Page => "page",
            Shape::Text => "text",
            Shape::Binary => "binary",
        }
    }
}

impl Shape {
    /// Whether this is no container at all.
    fn is_nothing(self) -> bool {
        matches!(self, Shape::Empty | Shape::Text | Shape::Binary)
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The file inside an archive, as the archive names it.
    pub entry: Option<String>,
    /// 1-based line in the decompressed input; 0 for the whole of it.
    pub line: u64,
    /// A lower-case fragment without a period.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// How many values were handed on.
    pub records: u64,
    pub shape: Shape,
    /// `gzip`, `zip` or `utf16` around it, outermost first.
    pub packing: Vec<&'static str>,
    pub troubles: Vec<Trouble>,
    /// A container was recognised, be it an empty one: that it holds no record is then an answer.
    pub is_container: bool,
    /// The sink asked to stop, so the input was not read to its end.
    pub stopped: bool,
}

/// Whether a file in which nothing was found is what its name says: prose, or what a desktop leaves in every folder.
pub fn is_no_log(path: &Path, shape: Shape) -> bool {
    const PROSE: &[&str] = &["md", "markdown", "txt", "rst", "adoc"];
    const NAMES: &[&str] = &[
        "AUTHORS",
        "CHANGELOG",
        "CODEOWNERS",
        "CONTRIBUTING",
        "COPYING",
        "LICENCE",
        "LICENSE",
        "MD5SUMS",
        "NOTICE",
        "PROVENANCE",
        "README",
        "SHA1SUMS",
        "SHA256SUMS",
        ".gitattributes",
        ".gitignore",
        ".gitkeep",
    ];
    const DESKTOP: &[&str] = &[".DS_Store", "Thumbs.db", "desktop.ini"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_prose = PROSE.contains(&extension.as_str()) || NAMES.contains(&&*name);
    let is_left_over = DESKTOP.contains(&&*name);
    (is_prose && matches!(shape, Shape::Text | Shape::Empty)) || (is_left_over && shape.is_nothing())
}

/// How many troubles of one input are named one by one: a file of garbage must not fill the report.
const NAMED: usize = 100;

/// Hands every record of `input` to `sink`, which may stop it, and tells what could not be read.
pub fn unwrap(
    input: &mut dyn Read,
    limits: &Limits,
    sink: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
) -> Unwrapped {
    let meter = Rc::new(Meter::default());
    let input = packed::Counted { inner: input, meter: meter.clone() };
    let mut out = Out {
        limits: *limits,
        sink,
        meter,
        records: 0,
        containers: 0,
        shape: None,
        packing: Vec::new(),
        entry: None,
        troubles: Vec::new(),
        unnamed: 0,
        only_records: false,
        stopped: false,
    };
    packed::unpack(Window::new(input), &mut out, 0);
    if out.unnamed > 0 {
        let why = format!("{} more places could not be read", out.unnamed);
        out.troubles.push(Trouble { entry: None, line: 0, why });
    }
    Unwrapped {
        records: out.records,
        shape: out.shape.unwrap_or(Shape::Text),
        packing: out.packing,
        is_container: out.containers > 0,
        stopped: out.stopped,
        troubles: out.troubles,
    }
}

/// What has gone through so far: shared with the readers that guard against bombs.
#[derive(Default)]
struct Meter {
    /// Bytes taken from the input.
    packed: Cell<u64>,
    /// Bytes decompressed.
    plain: Cell<u64>,
    /// Of these, since the last record.
    barren: Cell<u64>,
}

/// Where records, troubles and what else was noticed go.
struct Out<'s> {
    limits: Limits,
    sink: &'s mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    meter: Rc<Meter>,
    records: u64,
    containers: u64,
    shape: Option<Shape>,
    packing: Vec<&'static str>,
    entry: Option<String>,
    troubles: Vec<Trouble>,
    unnamed: u64,
    /// What does not look like a record is of no interest: it was quoted in prose.
    only_records: bool,
    stopped: bool,
}

impl Out<'_> {
    fn record(&mut self, bytes: &[u8], line: u64) {
        if self.stopped {
            return;
        }
        self.records += 1;
        self.meter.barren.set(0);
        self.stopped = (self.sink)(Raw { bytes, line }).is_break();
    }

    fn trouble(&mut self, line: u64, why: impl Into<String>) {
        if self.troubles.len() < NAMED {
            self.troubles.push(Trouble { entry: self.entry.clone(), line, why: why.into() });
        } else {
            self.unnamed += 1;
        }
    }

    /// The first to tell decides.
    fn shape(&mut self, shape: Shape) {
        self.shape.get_or_insert(shape);
    }
}

/// Reads a text of any kind from where the window stands.
fn text(win: &mut Window<'_>, out: &mut Out<'_>) {
    let at = win.keep();
    let prefix = win.peek(at, sniff::PREFIX);
    let prefix = &prefix[..prefix.len().min(sniff::PREFIX)];
    match sniff::text(prefix) {
        sniff::Text::Json => json::read(win, out, 0),
        sniff::Text::Yaml => yaml::read(win, out),
        sniff::Text::Csv => csv::read(win, out),
        sniff::Text::Markdown => markdown::read(win, out),
        sniff::Text::Page => {
            let why = sniff::page(prefix);
            out.shape(Shape::Page);
            out.trouble(1, why);
        }
        // More than 64 KiB of nothing but blanks is for the JSON reader to step over.
        sniff::Text::Blank if prefix.len() >= sniff::PREFIX => json::read(win, out, 0),
        sniff::Text::Blank => out.shape(Shape::Empty),
        sniff::Text::Unknown { is_text } => {
            let what = sniff::binary(prefix);
            out.shape(if is_text && what.is_none() { Shape::Text } else { Shape::Binary });
            if let Some(what) = what {
                out.trouble(0, what);
            }
        }
    }
    if let Some(e) = win.error.take() {
        out.trouble(0, format!("the rest could not be read: {e}"));
    }
}
