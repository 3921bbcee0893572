//! One Cloud Logging entry → one event.

use super::{Head, Unreadable};
use crate::model::{Event, Provenance};

/// Looks lightly.
pub fn head(_raw: &[u8]) -> Result<Head, Unreadable> {
    Err(Unreadable("not read yet".into()))
}

/// Reads in full; `None` for an entry that is no audit record.
pub fn read(_raw: &[u8], _seen_in: Provenance) -> Result<Option<Event>, Unreadable> {
    Err(Unreadable("not read yet".into()))
}
