//! What an API takes by name alone, and which of a name's bearers is meant: the one that a record told of, by its immutable id
//! where there is one, else by when it was made. Named by the service files beside it.

use crate::model::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// A name alone, or a full one (`projects/P/locations/L/services/NAME`); project and place are the step's target's.
    pub name: Arc<str>,
    /// The id that no other will ever have, where records tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Arc<str>>,
    /// When the record told that it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Time>,
}

impl Named {
    /// Makes it of an id and the other names beside it: one may be the full name, one the immutable id.
    pub fn of<'n>(id: &Arc<str>, names: impl Iterator<Item = &'n Arc<str>>, made: Option<Time>) -> Named {
        let mut names: Vec<&Arc<str>> = names.filter(|name| *name != id).collect();
        names.sort_by_key(|name| (!name.contains('/'), name.len(), (*name).clone()));
        if id.contains('/') {
            let uid = names.into_iter().find(|name| is_uuid(name)).cloned();
            return Named { name: id.clone(), uid, made };
        }
        match names.into_iter().find(|name| !is_uuid(name)) {
            Some(name) => Named { name: name.clone(), uid: Some(id.clone()), made },
            None => Named { name: id.clone(), uid: None, made },
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

pub(super) const UNSEEN: &str = "What it was set to was not seen before.";

/// What stood before a change, as one JSON text: exactly what its undo puts back.
pub(super) fn saved(before: &Value) -> Option<Arc<str>> {
    before.get("saved").filter(|saved| !saved.is_null()).map(|saved| saved.to_string().into())
}
