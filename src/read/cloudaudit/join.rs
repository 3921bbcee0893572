//! Parts of a split entry → the entry.
//!
//! Audit entries that are too large come in parts. All of a part but `metadata`, `request` and `response` of its payload is the
//! same in each; of these a text is cut anywhere, a list keeps the places of its elements, and anything else stands in one part
//! alone (<https://cloud.google.com/logging/docs/audit/split-logs>).

use crate::read::Unreadable;
use serde_json::Value;

/// What is spread over parts; everything else is whole in each.
const SPREAD: &[&str] = &["metadata", "request", "response"];

/// Joins parts, which come in their order; where some are missing, what there is.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Unreadable> {
    let mut whole: Option<Value> = None;
    for part in parts {
        let mut part: Value = serde_json::from_slice(part).map_err(|error| super::unreadable(&error))?;
        super::unexport(&mut part);
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => add(whole, part),
        }
    }
    let mut whole = whole.ok_or_else(|| Unreadable("a split log entry without a part".into()))?;
    if let Some(fields) = whole.as_object_mut() {
        fields.remove("split");
    }
    serde_json::to_vec(&whole).map_err(|_| Unreadable("a split log entry that can't be joined".into()))
}

/// Adds a part's fields, and of its payload what is spread.
fn add(whole: &mut Value, part: Value) {
    let (Some(fields), Value::Object(more)) = (whole.as_object_mut(), part) else { return };
    for (key, value) in more {
        let Some(payload) = fields.get_mut(&key) else {
            fields.insert(key, value);
            continue;
        };
        let (Some(payload), Value::Object(value)) = (payload.as_object_mut(), value) else { continue };
        for (key, value) in value {
            match payload.get_mut(&key) {
                None => drop(payload.insert(key, value)),
                Some(known) if SPREAD.contains(&key.as_str()) => meld(known, value),
                Some(_) => {}
            }
        }
    }
}

/// Melds what follows into what came before: texts are appended, lists and objects place by place.
fn meld(known: &mut Value, more: Value) {
    match (known, more) {
        (Value::Object(known), Value::Object(more)) => {
            for (key, value) in more {
                match known.get_mut(&key) {
                    None => drop(known.insert(key, value)),
                    // A type's name is said in each part.
                    Some(Value::String(name)) if key == "@type" && value == *name => {}
                    Some(known) => meld(known, value),
                }
            }
        }
        (Value::Array(known), Value::Array(more)) => {
            for (at, value) in more.into_iter().enumerate() {
                match known.get_mut(at) {
                    None => known.push(value),
                    Some(known) => meld(known, value),
                }
            }
        }
        (Value::String(known), Value::String(more)) => known.push_str(&more),
        (known @ Value::Null, more) => *known = more,
        _ => {}
    }
}
