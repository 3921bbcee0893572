//! A text in a template: made of lines alone, so that nothing untrusted gets there past [`super::Untrusted`].
//!
//! The template engine escapes it once more for HTML. For `html` alone.

use super::line::{Line, Part};
use serde::Serialize;

/// Serializes as its plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct Text(String);

impl Text {
    pub fn of(part: impl Part) -> Text {
        Line::new().put(part).into()
    }

    pub fn some<P: Part>(part: Option<P>) -> Text {
        part.map(Text::of).unwrap_or_default()
    }
}

impl From<Line> for Text {
    fn from(line: Line) -> Text {
        Text(line.plain())
    }
}
