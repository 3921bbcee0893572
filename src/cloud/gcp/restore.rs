//! Settings that the log remembers, live: what they are, what they were, and back. See [`RestoreChange`].
//!
//! What a setting was is read from Admin Activity, which nobody can change or delete for 400 days. Only what its newest
//! record before the principal's first change shows whole is put back; where there is none, that is an error, never a guess.

use super::Gcp;
use super::each::{at_time, name, observed, or_none, receipt, text};
use super::endpoints::{Api, BUDGETS, CONTACTS, LOGGING};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::gcp::{RestoreChange, SettingOf};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight, Time};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What [`observe`] knows: what a principal may have made.
pub(super) const KINDS: &[&str] = &["gcp.logging.log_exclusion", "gcp.logging.log_sink"];

/// So long Admin Activity is kept (gcp.md 1.3).
const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(400 * 24);
/// A record's time and the setting's own differ by less.
const APART: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// How one kind of setting is asked for.
struct Way {
    api: Api,
    get: (&'static str, &'static str),
    /// Where what is made anew gets another name.
    list: Option<(&'static str, &'static str, &'static str)>,
    create: (&'static str, &'static str),
    patch: (&'static str, &'static str),
    delete: (&'static str, &'static str),
    /// `/sinks/`, as names have it.
    collection: &'static str,
    /// Every field that can be set.
    fields: &'static [&'static str],
    /// Who logs it, and how its calls and requests call it.
    service: &'static str,
    thing: &'static str,
    body: &'static str,
}

impl Way {
    /// Whether what is made anew has the name that it had.
    fn keeps_name(&self) -> bool {
        self.list.is_none()
    }
}

static SINK: Way = Way {
    api: LOGGING,
    get: ("logging.sinks.get", "v2/{+}"),
    list: None,
    create: ("logging.sinks.create", "v2/{+}/sinks"),
    patch: ("logging.sinks.patch", "v2/{+}"),
    delete: ("logging.sinks.delete", "v2/{+}"),
    collection: "sinks",
    fields: &[
        "bigqueryOptions",
        "description",
        "destination",
        "disabled",
        "exclusions",
        "filter",
        "includeChildren",
        "interceptChildren",
    ],
    service: "logging.googleapis.com",
    thing: "Sink",
    body: "sink",
};

static EXCLUSION: Way = Way {
    api: LOGGING,
    get: ("logging.exclusions.get", "v2/{+}"),
    list: None,
    create: ("logging.exclusions.create", "v2/{+}/exclusions"),
    patch: ("logging.exclusions.patch", "v2/{+}"),
    delete: ("logging.exclusions.delete", "v2/{+}"),
    collection: "exclusions",
    fields: &["description", "disabled", "filter"],
    service: "logging.googleapis.com",
    thing: "Exclusion",
    body: "exclusion",
};

static CONTACT: Way = Way {
    api: CONTACTS,
    get: ("essentialcontacts.contacts.get", "v1/{+}"),
    list: Some(("essentialcontacts.contacts.list", "v1/{+}/contacts", "contacts")),
    create: ("essentialcontacts.contacts.create", "v1/{+}/contacts"),
    patch: ("essentialcontacts.contacts.patch", "v1/{+}"),
    delete: ("essentialcontacts.contacts.delete", "v1/{+}"),
    collection: "contacts",
    fields: &["email", "languageTag", "notificationCategorySubscriptions"],
    service: "essentialcontacts.googleapis.com",
    thing: "Contact",
    body: "contact",
};

static BUDGET: Way = Way {
    api: BUDGETS,
    get: ("billingbudgets.budgets.get", "v1/{+}"),
    list: Some(("billingbudgets.budgets.list", "v1/{+}/budgets", "budgets")),
    create: ("billingbudgets.budgets.create", "v1/{+}/budgets"),
    patch: ("billingbudgets.budgets.patch", "v1/{+}"),
    delete: ("billingbudgets.budgets.delete", "v1/{+}"),
    collection: "budgets",
    fields: &[
        "amount",
        "budgetFilter",
        "displayName",
        "notificationsRule",
        "ownershipScope",
        "thresholdRules",
    ],
    service: "billingbudgets.googleapis.com",
    thing: "Budget",
    body: "budget",
};

fn way(of: SettingOf) -> &'static Way {
    match of {
        SettingOf::LogSink => &SINK,
        SettingOf::LogExclusion => &EXCLUSION,
        SettingOf::Contact => &CONTACT,
        SettingOf::Budget => &BUDGET,
    }
}

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &RestoreChange) -> Result<Sight, CloudError> {
    match change {
        RestoreChange::RestoreSetting { of, name, before, until } => {
            let way = way(*of);
            let wanted = logged(gcp, at, way, name, *before).await?;
            let now = find(gcp, at, way, name, &wanted).await?;
            let is_done = now.as_ref().is_some_and(|now| plain(way, now) == wanted);
            let moved = now.as_ref().and_then(|now| at_time(&now["updateTime"]));
            if !is_done && moved.is_some_and(|moved| moved > later(*until)) {
                let why =
                    "somebody changed it again after the principal did: compare it with its records by hand";
                return Err(CloudError::new(Refusal::Protected, way.get.0, at, None, why));
            }
            let now = now.map(|now| plain(way, &now));
            Ok(Sight::there(json!({"now": now, "wanted": wanted}), is_done))
        }
        RestoreChange::SetSetting { of, name, value } => {
            let way = way(*of);
            let wanted = parsed(value, way, at)?;
            let now = find(gcp, at, way, name, &wanted).await?.map(|now| plain(way, &now));
            let is_done = now.as_ref() == Some(&wanted);
            Ok(Sight::there(json!({"now": now, "wanted": wanted}), is_done))
        }
        RestoreChange::RemoveSetting { of, name, value } => {
            let way = way(*of);
            let wanted = parsed(value, way, at)?;
            match find(gcp, at, way, name, &wanted).await? {
                None => Ok(Sight::Gone),
                Some(now) if plain(way, &now) == wanted => Ok(Sight::there(json!({"now": wanted}), false)),
                Some(_) => {
                    let why = "it is not what was put back: somebody changed it since";
                    Err(CloudError::new(Refusal::Protected, way.delete.0, at, None, why))
                }
            }
        }
        RestoreChange::DisableSetting { of, name, born } => disabled(gcp, at, *of, name, *born, true).await,
        RestoreChange::EnableSetting { of, name, born } => disabled(gcp, at, *of, name, *born, false).await,
        RestoreChange::DeleteSetting { of, name, born } => {
            let way = way(*of);
            let now = own(gcp, at, way, name, *born).await?;
            Ok(Sight::there(json!({"now": plain(way, &now)}), false))
        }
    }
}

async fn disabled(
    gcp: &Gcp,
    at: &Place,
    of: SettingOf,
    name: &str,
    born: Time,
    wanted: bool,
) -> Result<Sight, CloudError> {
    let is_off = own(gcp, at, way(of), name, born).await?["disabled"].as_bool().unwrap_or_default();
    Ok(Sight::there(json!({"disabled": is_off}), is_off == wanted))
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &RestoreChange) -> Result<Receipt, CloudError> {
    match change {
        RestoreChange::RestoreSetting { of, name, before, .. } => {
            let wanted = logged(gcp, at, way(*of), name, *before).await?;
            put(gcp, at, way(*of), name, wanted).await
        }
        RestoreChange::SetSetting { of, name, value } => {
            let wanted = parsed(value, way(*of), at)?;
            put(gcp, at, way(*of), name, wanted).await
        }
        RestoreChange::RemoveSetting { of, name, value } => {
            let way = way(*of);
            let wanted = parsed(value, way, at)?;
            match find(gcp, at, way, name, &wanted).await? {
                Some(now) if plain(way, &now) == wanted => {
                    remove(gcp, at, way, &named(way, name, &now)).await
                }
                _ => Ok(Receipt::default()),
            }
        }
        RestoreChange::DisableSetting { of, name, born } => switch(gcp, at, *of, name, *born, true).await,
        RestoreChange::EnableSetting { of, name, born } => switch(gcp, at, *of, name, *born, false).await,
        RestoreChange::DeleteSetting { of, name, born } => {
            own(gcp, at, way(*of), name, *born).await?;
            remove(gcp, at, way(*of), name).await
        }
    }
}

async fn switch(
    gcp: &Gcp,
    at: &Place,
    of: SettingOf,
    name: &str,
    born: Time,
    is_off: bool,
) -> Result<Receipt, CloudError> {
    let way = way(of);
    let now = own(gcp, at, way, name, born).await?;
    let mut body = Value::Object(plain(way, &now));
    body["disabled"] = is_off.into();
    patch(gcp, at, way, name, &body, &["disabled"]).await
}

/// Makes it what it should be: made where it is not, else only the fields that differ.
async fn put(
    gcp: &Gcp,
    at: &Place,
    way: &Way,
    name: &str,
    wanted: Map<String, Value>,
) -> Result<Receipt, CloudError> {
    let Some(now) = find(gcp, at, way, name, &wanted).await? else {
        let (parent, id) = split(name, way, at)?;
        let mut body = Value::Object(wanted);
        if way.keeps_name() {
            body["name"] = id.into();
        }
        let mut ask = Ask::post(way.create.0, at, way.api, way.create.1, &[parent])?.body(body);
        if way.thing == "Sink" {
            ask = ask.with("uniqueWriterIdentity", true);
        }
        return Ok(receipt(&gcp.rest.json(&ask).await?));
    };
    let name = named(way, name, &now);
    let is = plain(way, &now);
    let differ: Vec<&str> =
        way.fields.iter().copied().filter(|field| is.get(*field) != wanted.get(*field)).collect();
    if differ.is_empty() {
        return Ok(Receipt::default());
    }
    let mut body = Value::Object(wanted);
    if way.keeps_name() {
        // Asked for, though it is no change.
        body["name"] = self::name(&name).into();
    }
    patch(gcp, at, way, &name, &body, &differ).await
}

async fn patch(
    gcp: &Gcp,
    at: &Place,
    way: &Way,
    name: &str,
    body: &Value,
    fields: &[&str],
) -> Result<Receipt, CloudError> {
    split(name, way, at)?;
    let mut ask = Ask::new(way.patch.0, at, Method::PATCH, way.api, way.patch.1, &[name])?
        .with("updateMask", fields.join(","))
        .body(body.clone());
    if way.thing == "Sink" {
        ask = ask.with("uniqueWriterIdentity", true);
    }
    Ok(receipt(&gcp.rest.json(&ask.repeatable()).await?))
}

async fn remove(gcp: &Gcp, at: &Place, way: &Way, name: &str) -> Result<Receipt, CloudError> {
    split(name, way, at)?;
    let ask = Ask::new(way.delete.0, at, Method::DELETE, way.api, way.delete.1, &[name])?;
    Ok(receipt(&gcp.rest.json(&ask).await?))
}

/// What it is called now: some are numbered anew.
fn named(way: &Way, name: &str, now: &Value) -> String {
    match text(now, "name") {
        Some(its) if !way.keeps_name() => its.to_owned(),
        _ => name.to_owned(),
    }
}

/// Only the fields that can be set, without those that say nothing: Google leaves those out, too.
fn plain(way: &Way, setting: &Value) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    };
    let held = way.fields.iter().filter_map(|field| Some((*field, setting.get(*field)?)));
    held.filter(|(_, value)| says(value)).map(|(field, value)| (field.to_owned(), value.clone())).collect()
}

fn parsed(value: &str, way: &Way, at: &Place) -> Result<Map<String, Value>, CloudError> {
    let read: Result<Value, _> = serde_json::from_str(value);
    let wrong =
        |_| CloudError::new(Refusal::Invalid, way.patch.0, at, None, "the saved setting can't be read");
    read.map(|value| plain(way, &value)).map_err(wrong)
}

/// `projects/P` and `S` of `projects/P/sinks/S`; whatever else a record calls it is not asked for.
fn split<'n>(full: &'n str, way: &Way, at: &Place) -> Result<(&'n str, &'n str), CloudError> {
    let parts: Vec<&str> = full.split('/').collect();
    match *parts {
        ["projects" | "folders" | "organizations" | "billingAccounts", _, collection, id]
            if collection == way.collection =>
        {
            let end = full.len() - id.len() - collection.len() - 2;
            Ok((&full[..end], id))
        }
        _ => {
            let why = format!("{full:?} is no name of a {}", way.body);
            Err(CloudError::new(Refusal::Invalid, way.get.0, at, None, &why))
        }
    }
}

/// What there is under its name, and where names do not stay, what else is the same.
async fn find(
    gcp: &Gcp,
    at: &Place,
    way: &Way,
    name: &str,
    wanted: &Map<String, Value>,
) -> Result<Option<Value>, CloudError> {
    let (parent, _) = split(name, way, at)?;
    let found = or_none(gcp.rest.json(&Ask::get(way.get.0, at, way.api, way.get.1, &[name])?).await)?;
    let Some((call, template, items)) = way.list.filter(|_| found.is_none()) else { return Ok(found) };
    let all = gcp.rest.list(Ask::get(call, at, way.api, template, &[parent])?, items).await?;
    Ok(all.into_iter().find(|one| plain(way, one) == *wanted))
}

fn later(time: Time) -> Time {
    time.checked_add(APART).unwrap_or(time)
}

/// What the principal made, by name and by when: a namesake that was made at another time is another.
async fn own(gcp: &Gcp, at: &Place, way: &Way, name: &str, born: Time) -> Result<Value, CloudError> {
    split(name, way, at)?;
    let found = gcp.rest.json(&Ask::get(way.get.0, at, way.api, way.get.1, &[name])?).await?;
    match at_time(&found["createTime"]) {
        Some(made) if made <= later(born) && born <= later(made) => Ok(found),
        Some(_) => {
            let why = "what has its name now was made at another time";
            Err(CloudError::new(Refusal::NotFound, way.get.0, at, None, why))
        }
        None => {
            let why = "when it was made is not told, so that it may be another";
            Err(CloudError::new(Refusal::Protected, way.get.0, at, None, why))
        }
    }
}

/// What its newest record before a time shows.
async fn logged(
    gcp: &Gcp,
    at: &Place,
    way: &Way,
    full: &str,
    before: Time,
) -> Result<Map<String, Value>, CloudError> {
    const CALL: &str = "logging.entries.list";
    let (parent, id) = split(full, way, at)?;
    let none = |why: &str| {
        let by_hand = match way.thing {
            "Sink" => "gcloud logging sinks create (or update) with what the owners' own configuration says",
            "Exclusion" => "set it by hand to what the owners' own configuration says",
            "Contact" => "gcloud essential-contacts create with the address that the owners know",
            _ => "gcloud billing budgets create with what the owners know",
        };
        CloudError::new(Refusal::Invalid, CALL, at, None, &format!("{why}: {by_hand}"))
    };
    // The filter is ours: an id that could end its quotes is not asked for.
    if !id.chars().all(|one| one.is_ascii_alphanumeric() || "-_.".contains(one)) {
        return Err(none("its name can't be looked for in the log"));
    }
    let since = before.checked_sub(KEPT).unwrap_or(before);
    let (collection, body) = (way.collection, way.body);
    let filter = format!(
        "log_id(\"cloudaudit.googleapis.com/activity\") AND timestamp>=\"{since}\" AND timestamp<\"{before}\" AND \
         protoPayload.serviceName=\"{}\" AND (protoPayload.resourceName:\"{collection}/{id}\" OR protoPayload.request.{body}.name:\"{id}\" OR \
         protoPayload.response.name:\"{id}\")",
        way.service
    );
    let ask = Ask::post(CALL, at, LOGGING, "v2/entries:list", &[])?.repeatable().body(json!({
        "resourceNames": [parent], "filter": filter, "orderBy": "timestamp desc", "pageSize": 1000,
    }));
    let mut entries = gcp.rest.list(ask, "entries").await?;
    entries.retain(|entry| is_about(entry, way, full));
    entries.sort_by_key(|entry| std::cmp::Reverse(at_time(&entry["timestamp"])));
    let newest = entries.first().ok_or_else(|| none("no record of the last 400 days shows what it was"))?;
    shown(newest, way).ok_or_else(|| none("its last record before that does not show what it was"))
}

/// Whether a record is of a successful change of exactly this setting.
fn is_about(entry: &Value, way: &Way, full: &str) -> bool {
    let payload = &entry["protoPayload"];
    let method = payload["methodName"].as_str().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
    let is_write =
        ["Create", "Update", "Delete"].iter().any(|verb| method.strip_prefix(verb) == Some(way.thing));
    let has_failed = payload["status"]["code"].as_i64().unwrap_or_default() != 0;
    let id = name(full);
    // Projects go by id or by number: the log that was asked is the project's own.
    let names = |value: &Value| {
        value.as_str().is_some_and(|its| {
            its.rsplit_once('/').map_or(its == id && way.keeps_name(), |(head, last)| {
                last == id && name(head) == way.collection
            })
        })
    };
    is_write
        && !has_failed
        && (names(&payload["resourceName"])
            || names(&payload["response"]["name"])
            || names(&payload["request"][way.body]["name"]))
}

/// The whole setting, as a record shows it: an answer is whole, the request of a creation, too.
fn shown(entry: &Value, way: &Way) -> Option<Map<String, Value>> {
    let payload = &entry["protoPayload"];
    let method = payload["methodName"].as_str().unwrap_or_default();
    let answer = plain(way, &payload["response"]);
    if !answer.is_empty() {
        return Some(answer);
    }
    let is_new = method.ends_with(&format!("Create{}", way.thing));
    let asked = plain(way, &payload["request"][way.body]);
    (is_new && !asked.is_empty()).then_some(asked)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let Some(of) = SettingOf::of_kind(kind) else { return Ok(Vec::new()) };
    let way = way(of);
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let path = one.all_names().find(|name| split(name, way, at).is_ok());
        let Some(path) = path else {
            seen.push(observed(one, State::Unknown, None));
            continue;
        };
        let ask = Ask::get(way.get.0, at, way.api, way.get.1, &[path])?;
        let Some(found) = or_none(gcp.rest.json(&ask).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match found["disabled"].as_bool() {
            Some(true) => State::Stopped,
            Some(false) | None => State::Running,
        };
        seen.push(observed(one, state, at_time(&found["createTime"])));
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(method: &str, name: &str, status: Value, response: Value) -> Value {
        json!({"timestamp": "2026-07-14T08:00:00Z", "protoPayload": {
            "methodName": format!("google.logging.v2.ConfigServiceV2.{method}"), "resourceName": name, "status": status,
            "request": {"sink": {"filter": "severity>=ERROR"}}, "response": response}})
    }

    #[test]
    fn only_a_whole_record_of_exactly_this_sink_counts() {
        let full = "projects/shop-prod-4821/sinks/to-archive";
        let is = |method, name, status| is_about(&entry(method, name, status, Value::Null), &SINK, full);
        assert!(is("CreateSink", full, json!({})));
        assert!(is("UpdateSink", "projects/481516234201/sinks/to-archive", Value::Null));
        assert!(!is("CreateSink", "projects/shop-prod-4821/sinks/not-to-archive", json!({})));
        assert!(!is("CreateSink", "projects/shop-prod-4821/exclusions/to-archive", json!({})));
        assert!(!is("CreateSink", full, json!({"code": 7})));
        assert!(!is("CreateExclusion", full, json!({})));
        let shown = |method, response| shown(&entry(method, full, json!({}), response), &SINK);
        assert_eq!(shown("UpdateSink", Value::Null), None, "an update's request is a part");
        assert!(shown("CreateSink", Value::Null).is_some());
        let whole = json!({"name": "to-archive", "filter": "x", "disabled": false, "updateTime": "t", "destination": "d"});
        assert_eq!(json!(shown("UpdateSink", whole)), json!({"filter": "x", "destination": "d"}));
        assert_eq!(shown("DeleteSink", json!({})), None);
    }

    #[test]
    fn a_name_is_a_settings_or_is_not_asked_for() {
        let at = Place::new("shop-prod-4821", "");
        let good = "folders/200000000002/sinks/all";
        assert_eq!(split(good, &SINK, &at).unwrap(), ("folders/200000000002", "all"));
        for bad in ["sinks/all", "projects/p/sinks/a/b", "projects/p/exclusions/a", "x/p/sinks/a", ""] {
            assert!(split(bad, &SINK, &at).is_err(), "{bad}");
        }
    }
}
