//! A report as one JSON document: the contract, exact values.
//!
//! Characters that a terminal would obey or hide are written as `\uXXXX`: the same value to any parser, and
//! `cat report.json` is safe.

use super::untrusted::is_hidden;
use crate::model::Report;
use serde::Serialize;

/// Returns the report, pretty, with a newline at its end.
pub fn report(report: &Report) -> Vec<u8> {
    document(report)
}

/// Returns any document of ours in the same dress.
pub fn document(value: &impl Serialize) -> Vec<u8> {
    let text =
        serde_json::to_string_pretty(value).expect("our documents have string keys and no failing Serialize");
    let mut safe = escape(&text);
    safe.push('\n');
    safe.into_bytes()
}

/// Escapes what is outside ASCII and hidden, and DEL: inside valid JSON those stand in strings only, and serde has
/// escaped what is below the space.
pub(super) fn escape(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if c > '~' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}
