//! One CloudTrail record → one event.

use super::{Head, Unreadable};
use crate::model::{Event, Provenance};

/// Looks lightly; `None` when this is no CloudTrail record.
pub fn head(_raw: &[u8]) -> Result<Option<Head>, Unreadable> {
    Ok(None)
}

/// Reads in full.
pub fn read(_raw: &[u8], _seen_in: Provenance) -> Result<Event, Unreadable> {
    Err(Unreadable("not read yet".into()))
}
