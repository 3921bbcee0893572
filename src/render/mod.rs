//! Nouns to bytes, one file per format.
//!
//! Pure: knows no file, environment, clock or terminal; width, colour and time come in as a [`View`]. Every text that
//! did not come from this source code goes through [`Untrusted`], which [`line::Line`] enforces by its types.

pub mod changed;
pub mod csv;
pub mod html;
pub mod iocs;
pub mod json;
pub mod jsonl;
pub mod line;
pub mod markdown;
pub mod ocsf;
mod page;
pub mod plan;
pub mod schema;
mod summary;
pub mod table;
mod text;
pub mod ticket;
pub mod times;
pub mod timesketch;
pub mod untrusted;
mod words;

pub use line::Line;
pub use untrusted::Untrusted;
pub use words::count;

use crate::model::Time;

/// How a text is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Columns of the terminal; `None` never wraps.
    pub width: Option<u16>,
    pub color: bool,
    /// When given, times get "(3 h ago)" beside them and expiry is judged.
    pub now: Option<Time>,
    /// Lists everything instead of one screen's worth.
    pub detail: bool,
    /// Writes ASCII alone, for a locale that has nothing else.
    pub ascii: bool,
}
