//! One spelling for what exports spell in several ways. Pure helpers of the CloudTrail reader alone.

use serde_json::Value;
use std::sync::Arc;

/// Finds a key, its canonical spelling first, then any letter case (Athena and Lake lower-case every key).
pub fn field<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    let map = json.as_object()?;
    map.get(key)
        .or_else(|| map.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
}

/// Returns a scalar as text; the first of a list (SIEMs make lists of user agents); empty is absent.
pub fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::Array(list) => {
            list.iter().find(|value| !value.is_array() && !value.is_object()).and_then(text)
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// Returns the text at a chain of keys.
pub fn text_at(json: &Value, keys: &[&str]) -> Option<Arc<str>> {
    keys.iter().try_fold(json, |value, key| field(value, key)).and_then(text)
}

/// Whether a flag is set, be it `true` or `"true"`.
pub fn is_true(value: Option<&Value>) -> bool {
    value.and_then(text).is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// Fields that tables hold as JSON texts.
const FOLDED: [&str; 9] = [
    "userIdentity",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "resources",
    "tlsDetails",
    "addendum",
    "eventContext",
];

/// Parses JSON texts where the record format has objects: whole fields (Athena), and the values of a map of texts
/// (CloudTrail Lake's `map<string,string>`). What does not parse stays text.
pub fn unfold(json: &mut Value) {
    let Some(map) = json.as_object_mut() else { return };
    for (name, value) in map {
        if !FOLDED.iter().any(|folded| name.eq_ignore_ascii_case(folded)) {
            continue;
        }
        unfold_text(value);
        if let Value::Object(inner) = value
            && inner.values().all(Value::is_string)
        {
            // Policy documents are texts in canonical records too: rows expect them so.
            let unless_policy = |(name, _): &(&String, &mut Value)| {
                let name = name.to_ascii_lowercase();
                !["policy", "document", "body", "definition"].iter().any(|word| name.ends_with(word))
            };
            inner.iter_mut().filter(unless_policy).for_each(|(_, value)| unfold_text(value));
        }
    }
}

fn unfold_text(value: &mut Value) {
    let Value::String(text) = value else { return };
    if text.starts_with(['{', '['])
        && let Ok(parsed) = serde_json::from_str::<Value>(text)
    {
        *value = parsed;
    }
}

/// Strips the API version that Lambda and CloudFront put behind the name: `UpdateFunctionCode20150331v2`,
/// `CreateFunction2020_05_31`.
pub fn event_name(name: &str) -> &str {
    let is_digit = |c: char| c.is_ascii_digit();
    let unversioned = match name.trim_end_matches(is_digit).strip_suffix('v') {
        Some(rest) if rest.len() + 1 < name.len() => rest,
        _ => name,
    };
    for (shape, base) in [("dddddddd", unversioned), ("dddd_dd_dd", name)] {
        if let Some(start) = base.len().checked_sub(shape.len())
            && start > 0
            && let Some(tail) = base.get(start..)
            && tail.chars().zip(shape.chars()).all(|(c, s)| if s == 'd' { is_digit(c) } else { c == s })
        {
            return &base[..start];
        }
    }
    name
}

/// `lambda:CreateFunction20150331`: the source without its domain, and the call exactly as recorded.
pub fn action(source: &str, name: &str) -> Arc<str> {
    match source.strip_suffix(".amazonaws.com").unwrap_or(source) {
        "" => name.into(),
        label => format!("{label}:{name}").into(),
    }
}

/// Verbs of calls that change nothing, for records without `readOnly` (80 % of those before eventVersion 1.06).
const READING: [&str; 25] = [
    "AssumeRole",
    "BatchDescribe",
    "BatchGet",
    "Check",
    "Decode",
    "Describe",
    "Detect",
    "Download",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "InvokeModel",
    "List",
    "Lookup",
    "Poll",
    "Preview",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
    "View",
];

/// Calls that begin like a read and mint a credential; recorded as `readOnly: false` where the flag is present.
const MINTING: [&str; 2] = ["GetFederationToken", "GetSigninToken"];

/// Whether the call was read-only: as recorded (bool or text), else by its verb.
pub fn is_read_only(recorded: Option<&Value>, name: &str) -> bool {
    match recorded.and_then(text) {
        Some(flag) if flag.eq_ignore_ascii_case("true") => true,
        Some(flag) if flag.eq_ignore_ascii_case("false") => false,
        _ => !MINTING.contains(&name) && READING.iter().any(|verb| begins_with_word(name, verb)),
    }
}

/// `GetUser` begins with the word `Get`, `Getaway` does not.
fn begins_with_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_stripped_and_only_versions() {
        for (name, expect) in [
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateFunction2020_05_31", "CreateFunction"),
            ("RunInstances", "RunInstances"),
            ("20150331", "20150331"),
            ("CreateOAuth2Token", "CreateOAuth2Token"),
            ("PutThingV2", "PutThingV2"),
            ("Putv2", "Putv2"),
            ("ä0150331", "ä0150331"),
            ("Ünïcödé20150331v12", "Ünïcödé"),
            ("", ""),
            ("v2", "v2"),
        ] {
            assert_eq!(event_name(name), expect, "{name}");
        }
    }

    #[test]
    fn read_only_is_taken_as_recorded_and_else_from_the_verb() {
        for (recorded, name, expect) in [
            (json!(true), "PutThing", true),
            (json!("true"), "PutThing", true),
            (json!("False"), "GetThing", false),
            (json!(null), "GetUser", true),
            (json!(""), "DescribeInstances", true),
            (json!(null), "Getaway", false),
            (json!(null), "RunInstances", false),
            (json!(null), "GetFederationToken", false),
            (json!(null), "AssumeRoleWithSAML", true),
            (json!(null), "BatchGetItem", true),
        ] {
            assert_eq!(is_read_only(Some(&recorded), name), expect, "{recorded} {name}");
        }
    }
}
