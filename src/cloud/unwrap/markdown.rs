//! Log entries quoted in Markdown: the fenced blocks that hold JSON or YAML. Prose around them is no log.

use super::window::Window;
use super::{Out, Shape, sniff};
use memchr::memmem;

pub(super) fn read(win: &mut Window<'_>, out: &mut Out<'_>) {
    let limit = out.limits.record;
    // The fence that is open, with the line after it.
    let mut open: Option<((u8, usize, usize), u64)> = None;
    let mut block: Vec<u8> = Vec::new();
    let mut at_start = true;
    while let Some((from, to)) = win.line(limit) {
        let number = win.line_at(from);
        let line = win.slice(from, to);
        let fence = if at_start { sniff::fence(line.trim_ascii_end()) } else { None };
        match (open, fence) {
            (None, Some(fence)) => open = Some((fence, number + 1)),
            (None, None) => {}
            (Some(((sign, count, _), first)), Some((s, c, _)))
                if s == sign && c >= count && is_closing(line, sign) =>
            {
                quoted(out, &std::mem::take(&mut block), first);
                open = None;
            }
            (Some(((_, _, blank), first)), _) => {
                // A fence inside a list is indented, and what it holds with it.
                let indent =
                    if at_start { line.iter().take(blank).take_while(|c| **c == b' ').count() } else { 0 };
                block.extend_from_slice(&line[indent..]);
                if block.len() as u64 > limit {
                    out.trouble(first, "a block that is too long: skipped");
                    block = Vec::new();
                    open = None;
                }
            }
        }
        at_start = line.ends_with(b"\n");
        win.release(to);
        if out.stopped {
            return;
        }
    }
    if let Some((_, first)) = open {
        quoted(out, &block, first);
    }
    if out.records == 0 && out.troubles.is_empty() {
        out.shape(Shape::Text);
    }
}

fn is_closing(line: &[u8], sign: u8) -> bool {
    line.trim_ascii().iter().all(|c| *c == sign)
}

/// Reads a quoted block, if it holds log entries and not some other JSON: an example of a policy is not a record.
fn quoted(out: &mut Out<'_>, block: &[u8], line: u64) {
    let names = [&b"eventName"[..], b"protoPayload", b"CloudTrailEvent"];
    if !names.iter().any(|n| memmem::find(block, n).is_some()) {
        return;
    }
    match sniff::text(&block[..block.len().min(sniff::PREFIX)]) {
        sniff::Text::Json | sniff::Text::Yaml => {}
        sniff::Text::Blank
        | sniff::Text::Csv
        | sniff::Text::Markdown
        | sniff::Text::Page
        | sniff::Text::Unknown { .. } => return,
    }
    out.shape(Shape::Markdown);
    out.only_records = true;
    super::text(&mut Window::within(block, line), out);
    out.only_records = false;
}
