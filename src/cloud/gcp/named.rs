//! What bears a name now, and whether it is what a record told of: a namesake is another thing and is never touched.
//!
//! For the files of services whose APIs take names alone; knows none of them.

use super::each::{at_time, name, text};
use crate::cloud::{CloudError, Refusal};
use crate::model::change::gcp::Named;
use crate::model::{Place, ResourceRef};
use serde_json::{Map, Value};

/// A record may be written this long after what it tells of was made (an operation's last entry), in seconds.
const BEFORE: i64 = 3600;
/// And this long before: what was asked for takes its time.
const AFTER: i64 = 120;

/// Returns what was found if it is what is meant: by its id where the record told one, else by when it was made. `uid` and
/// `time` are its fields; empty where the API has none.
pub(super) fn same(
    found: Value,
    it: &Named,
    uid: &str,
    time: &str,
    call: &'static str,
    at: &Place,
) -> Result<Value, CloudError> {
    match is_it(&found, it, uid, time) {
        true => Ok(found),
        false => Err(CloudError::new(
            Refusal::NotFound,
            call,
            at,
            None,
            "what has its name now is another: it is not touched",
        )),
    }
}

pub(super) fn is_it(found: &Value, it: &Named, uid: &str, time: &str) -> bool {
    if let (Some(meant), Some(is)) = (it.uid.as_deref(), text(found, uid)) {
        return meant == is;
    }
    match (it.made, at_time(&found[time])) {
        (Some(told), Some(made)) => {
            let after = made.as_second() - told.as_second();
            (-BEFORE..=AFTER).contains(&after)
        }
        // What neither tells can't differ.
        (None, _) | (_, None) => true,
    }
}

/// The thing that was asked about, as changes name it.
pub(super) fn named(one: &ResourceRef) -> Named {
    Named::of(&one.id, one.names.iter(), None)
}

/// Region, zone or `global`: as its full name has it, else as the target has it.
pub(super) fn location<'a>(it: &'a Named, at: &'a Place) -> &'a str {
    part(&it.name, &["locations", "regions", "zones"]).unwrap_or(match at.region.is_empty() {
        true => "global",
        false => &at.region,
    })
}

/// What stands behind one of these words in a full name.
pub(super) fn part<'a>(path: &'a str, words: &[&str]) -> Option<&'a str> {
    let mut parts = path.split('/');
    while let Some(one) = parts.next() {
        if words.contains(&one) {
            return parts.next().filter(|part| !part.is_empty());
        }
    }
    None
}

/// The last part of its name.
pub(super) fn short(it: &Named) -> &str {
    name(&it.name)
}

/// These fields of something, as far as it has them.
pub(super) fn only(found: &Value, fields: &[&str]) -> Value {
    let mut kept = Map::new();
    for field in fields {
        if let Some(value) = found.get(*field).filter(|value| !is_nothing(value)) {
            kept.insert((*field).to_owned(), value.clone());
        }
    }
    Value::Object(kept)
}

/// An empty message and none are the same to Google.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What an undo puts back; a journal that was tampered with is no reason to write nonsense.
pub(super) fn read(saved: &str, call: &'static str, at: &Place) -> Result<Value, CloudError> {
    serde_json::from_str::<Value>(saved)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| CloudError::new(Refusal::Invalid, call, at, None, "what was saved can't be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use serde_json::json;

    #[test]
    fn a_namesake_is_another() {
        let made: Time = "2026-07-14T10:00:00Z".parse().unwrap();
        let by_id = Named { name: "n".into(), uid: Some("u-1".into()), made: Some(made) };
        let by_time = Named { uid: None, ..by_id.clone() };
        let at = |time: &str| json!({"uid": "u-2", "createTime": time});
        for (it, found, expect) in [
            (&by_id, json!({"uid": "u-1", "createTime": "2020-01-01T00:00:00Z"}), true),
            (&by_id, at("2026-07-14T10:00:00Z"), false),
            (&by_time, at("2026-07-14T10:00:00Z"), true),
            (&by_time, at("2026-07-14T09:30:00Z"), true),
            (&by_time, at("2026-07-14T10:01:30Z"), true),
            (&by_time, at("2026-07-14T10:03:00Z"), false),
            (&by_time, at("2026-07-13T10:00:00Z"), false),
            // Without an id in the answer, the time still tells.
            (&by_id, json!({"createTime": "2026-07-15T10:00:00Z"}), false),
            (&by_time, json!({}), true),
        ] {
            assert_eq!(is_it(&found, it, "uid", "createTime"), expect, "{found}");
        }
    }

    #[test]
    fn names_tell_where() {
        let it = |name: &str| Named { name: name.into(), uid: None, made: None };
        let at = Place::new("p", "us-east1");
        assert_eq!(location(&it("projects/p/zones/us-west1-a/clusters/c"), &at), "us-west1-a");
        assert_eq!(location(&it("c"), &at), "us-east1");
        assert_eq!(location(&it("c"), &Place::new("p", "")), "global");
        assert_eq!(part("projects/p/locations/", &["locations"]), None);
        assert_eq!(short(&it("instances/p:db")), "p:db");
    }
}
