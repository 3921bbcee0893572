//! Paths into a record, with the tolerance that real records ask for (`record-shapes.md`).
//!
//! `a.b[].c|d.e`: alternatives left to right, first that yields anything wins. Keys match without regard to case and to
//! `_` (CloudTrail lower-cases the first letter, Cloud Logging's IAM payloads are snake_case); `items`, `item`,
//! `member` and `entry` are transparent; one object stands for a list of one; EC2's newer `<Event>Request`/`<Event>Response`
//! wrappers are skipped; `{"tag":1,"content":X}` is X; a quoted segment (`"identitycenter:CredentialId"`) is literal.
//! `a.b+c.d[]` joins a name that is unique only within its parent to that parent: "parent/name".
//! Rules from aws.md 1.2.
//!
//! For texts, two more forms, because Google's records name the parent, the operation or the thing in one field:
//! `a.b~/jobs/` keeps only texts that contain `/jobs/`, and `{a.b}/jobs/{c}` writes a name out of several fields.

use serde_json::Value;
use std::sync::Arc;

/// Returns the texts that the first resolving alternative leads to: strings, and numbers and booleans as text.
pub fn resolve(json: &Value, paths: &str, event: &str) -> Vec<Arc<str>> {
    alternatives(paths)
        .map(|path| {
            if path.contains('{') {
                return fill(json, path, event).into_iter().collect();
            }
            let (path, needle) = path.split_once('~').unwrap_or((path, ""));
            let mut texts = joined(json, path, event);
            texts.retain(|text| text.contains(needle));
            let mut seen = std::collections::BTreeSet::new();
            texts.retain(|text| seen.insert(text.clone()));
            texts
        })
        .find(|texts| !texts.is_empty())
        .unwrap_or_default()
}

/// Returns the JSON values that the first resolving alternative leads to; nulls are absent.
pub fn values<'a>(json: &'a Value, paths: &str, event: &str) -> Vec<&'a Value> {
    alternatives(paths)
        .map(|path| walk_all(json, path, event))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// Writes a name out of fields, the first text of each; none when a field is absent.
fn fill(json: &Value, template: &str, event: &str) -> Option<Arc<str>> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (path, tail) = after.split_once('}')?;
        name.push_str(before);
        name.push_str(walk_all(json, path, event).into_iter().flat_map(texts_of).next()?.as_ref());
        rest = tail;
    }
    name.push_str(rest);
    Some(name.into())
}

fn alternatives(paths: &str) -> impl Iterator<Item = &str> {
    paths.split('|').map(str::trim).filter(|p| !p.is_empty())
}

/// Texts of `path`; where it joins parents to names with `+`, one `parent/name` each. Several parents can't be told
/// apart, so they join to nothing.
fn joined(json: &Value, path: &str, event: &str) -> Vec<Arc<str>> {
    let mut parts = path.split('+').map(|part| -> Vec<Arc<str>> {
        walk_all(json, part.trim(), event).into_iter().flat_map(texts_of).collect()
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |parents, names| match &parents[..] {
        [parent] => names.iter().map(|name| format!("{}/{name}", last_of(parent)).into()).collect(),
        _ => Vec::new(),
    })
}

/// A parent is given by name or ARN, as the caller likes; its last segment is the same in both.
fn last_of(parent: &str) -> &str {
    if parent.starts_with("arn:") { parent.rsplit(['/', ':']).next().unwrap_or(parent) } else { parent }
}

fn walk_all<'a>(json: &'a Value, path: &str, event: &str) -> Vec<&'a Value> {
    let mut here = vec![json];
    for segment in segments(path) {
        let (key, iterates) = match segment.strip_suffix("[]") {
            Some(key) => (key, true),
            None => (segment, false),
        };
        let mut next = Vec::new();
        for value in here {
            step(value, key.trim_matches('"'), event, 0, &mut next);
        }
        if iterates {
            next = next.into_iter().flat_map(elements).collect();
        }
        here = next;
    }
    here.retain(|value| !value.is_null());
    here
}

/// Splits on dots outside quotes.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    path.split(move |c: char| {
        if c == '"' {
            quoted = !quoted;
        }
        c == '.' && !quoted
    })
}

/// Wrappers nest once or twice in real records; a bound keeps hostile nesting from costing anything.
const MAX_TRANSPARENT: usize = 4;

fn step<'a>(value: &'a Value, key: &str, event: &str, depth: usize, out: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            if let Some((_, found)) = map.iter().find(|(name, _)| is_same_key(name, key)) {
                return out.push(found);
            }
            if is_transparent(key) {
                return out.push(value);
            }
            if depth < MAX_TRANSPARENT {
                for (name, inner) in map {
                    if is_transparent(name) || is_wrapper(name, event) {
                        step(inner, key, event, depth + 1, out);
                    }
                }
            }
        }
        // A list where the path expects one object: every element counts.
        Value::Array(list) => {
            if is_transparent(key) {
                return out.push(value);
            }
            if depth < MAX_TRANSPARENT {
                for inner in list {
                    step(inner, key, event, depth + 1, out);
                }
            }
        }
        Value::String(_) if is_transparent(key) => out.push(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => match map.iter().find(|(name, _)| is_transparent(name)) {
            Some((_, inner)) if map.len() == 1 => elements(inner),
            _ => vec![value],
        },
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![value],
    }
}

fn texts_of(value: &Value) -> Vec<Arc<str>> {
    match value {
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![text.as_str().into()],
        Value::Number(number) => vec![number.to_string().into()],
        Value::Bool(flag) => vec![if *flag { "true" } else { "false" }.into()],
        Value::Array(list) => list.iter().flat_map(texts_of).collect(),
        Value::Object(map) => match (map.get("content"), map.get("tag")) {
            (Some(content), Some(_)) => texts_of(content),
            _ => map.iter().filter(|(name, _)| is_transparent(name)).flat_map(|(_, v)| texts_of(v)).collect(),
        },
        Value::Null => Vec::new(),
    }
}

fn is_transparent(name: &str) -> bool {
    matches!(name, "items" | "item" | "member" | "members" | "entry")
}

fn is_wrapper(name: &str, event: &str) -> bool {
    let Some(rest) = name
        .get(..event.len())
        .filter(|start| start.eq_ignore_ascii_case(event))
        .map(|_| &name[event.len()..])
    else {
        return false;
    };
    ["request", "response", "result"].iter().any(|suffix| rest.eq_ignore_ascii_case(suffix))
}

fn is_same_key(name: &str, key: &str) -> bool {
    if name.len() == key.len() && name.eq_ignore_ascii_case(key) {
        return true;
    }
    let squeezed = |text: &str| -> Vec<u8> {
        text.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase()).collect()
    };
    (name.contains('_') || key.contains('_')) && squeezed(name) == squeezed(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(json: Value, event: &str, path: &str, expect: &[&str]) {
        let found = resolve(&json, path, event);
        assert_eq!(found.iter().map(|s| &**s).collect::<Vec<_>>(), expect, "{path}");
    }

    #[test]
    fn real_shapes_resolve() {
        let classic = json!({"responseElements": {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}});
        check(classic, "RunInstances", "responseElements.instancesSet.items[].instanceId", &["i-1", "i-2"]);
        let wrapped = json!({"responseElements": {"CreateLaunchTemplateResponse": {"launchTemplate": {"launchTemplateId": "lt-1"}}}});
        check(
            wrapped.clone(),
            "CreateLaunchTemplate",
            "responseElements.CreateLaunchTemplateResponse.launchTemplate.launchTemplateId",
            &["lt-1"],
        );
        check(wrapped, "CreateLaunchTemplate", "responseElements.launchTemplate.launchTemplateId", &["lt-1"]);
        let bare =
            json!({"responseElements": {"CreateFlowLogsResponse": {"flowLogIdSet": {"item": "fl-1"}}}});
        check(
            bare.clone(),
            "CreateFlowLogs",
            "responseElements.CreateFlowLogsResponse.flowLogIdSet.item",
            &["fl-1"],
        );
        check(bare, "CreateFlowLogs", "responseElements.flowLogIdSet.item[]", &["fl-1"]);
        let tagged = json!({"requestParameters": {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-2"}}}});
        check(tagged, "DeleteFlowLogs", "requestParameters.flowLogId", &["fl-2"]);
        let snake = json!({"protoPayload": {"response": {"unique_id": "123", "key_type": 1}}});
        check(snake.clone(), "x", "protoPayload.response.uniqueId", &["123"]);
        check(snake, "x", "protoPayload.response.keyType", &["1"]);
        let one = json!({"r": {"set": {"items": {"id": "a"}}}});
        check(one, "x", "r.set.items[].id", &["a"]);
        let quoted = json!({"additionalEventData": {"identitycenter:CredentialId": "c"}});
        check(quoted, "x", "additionalEventData.\"identitycenter:CredentialId\"", &["c"]);
        check(json!({"a": "", "b": "x"}), "x", "a|b", &["x"]);
        let child = json!({"cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/c", "all": ["c", "d"], "names": ["n", "m"]});
        check(child.clone(), "x", "cluster+names[]", &["c/n", "c/m"]);
        check(child.clone(), "x", "all[]+names[]|cluster", &["arn:aws:eks:eu-west-1:111122223333:cluster/c"]);
        check(child, "x", "cluster+missing", &[]);
        check(json!({"a": null}), "x", "a", &[]);
        check(json!("HIDDEN_DUE_TO_SECURITY_REASONS"), "x", "a.b[].c", &[]);
    }

    #[test]
    fn names_are_chosen_by_their_collection_and_written_out_of_fields() {
        let made = json!({"response": {"name": "projects/p/locations/l/operations/o"}, "request": {"parent": "projects/p/locations/l", "job_id": "j"}});
        check(
            made.clone(),
            "x",
            "response.name~/jobs/|{request.parent}/jobs/{request.jobId}",
            &["projects/p/locations/l/jobs/j"],
        );
        check(made.clone(), "x", "response.name~/operations/", &["projects/p/locations/l/operations/o"]);
        check(made.clone(), "x", "{request.parent}/jobs/{request.name}|request.jobId", &["j"]);
        check(made, "x", "{request.parent", &[]);
    }

    #[test]
    fn a_wrapper_name_that_splits_a_character_is_no_wrapper() {
        check(json!({"äöü": {"x": "1"}}), "abc", "x", &[]);
    }
}
