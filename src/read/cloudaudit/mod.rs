//! One Cloud Logging entry → one event.
//!
//! Reads audit entries as the API, sinks, SIEMs and a BigQuery export spell them, and Google's own abuse notices. Rows of
//! `catalog::gcp` say what a method means; this says who called it, where, and whether it worked.

mod abuse;
mod actor;
mod head;
mod join;
pub mod lines;
mod outcome;

use super::{RecordKind, Unreadable};
use crate::catalog::{self, Record, gcp, path};
use crate::model::{Actor, Event, Operation, Outcome, Provenance, Provider, Scope, Time, time};
pub use head::head;
pub use join::join;
use serde_json::Value;
use std::sync::Arc;

/// What an entry without a method is called; trimmed samples and reports have such.
const NO_METHOD: &str = "(method not logged)";

/// Reads in full; `None` for an entry that is no audit record.
pub fn read(raw: &[u8], seen_in: Provenance) -> Result<Option<Event>, Unreadable> {
    let head = head(raw)?;
    if head.kind == RecordKind::Other {
        return Ok(None);
    }
    let mut json: Value = serde_json::from_slice(raw).map_err(|error| unreadable(&error))?;
    unexport(&mut json);
    refuse_part(&json)?;
    let text = |paths: &str| path::resolve(&json, paths, "").into_iter().next();
    // An abuse notice without a time of its own can't be placed either.
    let at = head.at.ok_or_else(|| Unreadable("a log entry without a time".into()))?;
    let mut event = Event {
        id: text("insertId").unwrap_or_else(|| format!("{:032x}", head.identity).into()),
        identity: head.identity,
        provider: Provider::Gcp,
        at,
        scope: Scope { account: head.account.into(), region: head.region.into() },
        actor: Actor::default(),
        action: NO_METHOD.into(),
        outcome: Outcome::Succeeded,
        read_only: false,
        address: None,
        user_agent: None,
        shared: None,
        operation: None,
        replaces: None,
        facts: Vec::new(),
        metered: Vec::new(),
        seen_in,
    };
    if head.kind == RecordKind::Abuse {
        abuse::read(&json, &mut event);
        return Ok(Some(event));
    }
    if !path::values(&json, "protoPayload", "").iter().any(|payload| payload.is_object()) {
        return Err(Unreadable("an entry of an audit log without an audit payload".into()));
    }
    let service = text("protoPayload.serviceName|serviceName|resource.labels.service").unwrap_or_default();
    let method = text("protoPayload.methodName").unwrap_or_default();
    let service = gcp::service_of(&service);
    let name = gcp::normalize(service, &method);
    event.actor = actor::read(&json);
    event.address = text("protoPayload.requestMetadata.callerIp");
    event.user_agent = text("protoPayload.requestMetadata.callerSuppliedUserAgent");
    event.actor.from_console = is_console(&event);
    event.operation = operation(&json);
    event.action = action(service, &name);
    event.outcome = outcome::read(&json, service, &name);
    event.read_only = outcome::is_read_only(&json, head.source, service, &method);
    if event.outcome.is_success() {
        let record = Record {
            json: &json,
            provider: Provider::Gcp,
            source: service,
            event: &name,
            at: event.at,
            scope: &event.scope,
            actor: &event.actor,
            outcome: &event.outcome,
        };
        event.facts = catalog::facts(gcp::SERVICES, &record);
        event.metered = catalog::meter::metered(&record, &event.facts);
        // A service account that signs for itself changes nothing and becomes nobody.
        event.read_only |= service == gcp::iamcredentials::IAM_CREDENTIALS.source
            && gcp::iamcredentials::is_for_oneself(&record)
            && event.facts.is_empty();
    }
    Ok(Some(event))
}

/// Says why bytes are no record, without repeating any of them.
fn unreadable(error: &serde_json::Error) -> Unreadable {
    use serde_json::error::Category;
    Unreadable(match error.classify() {
        Category::Eof => "a record that breaks off".into(),
        Category::Io | Category::Syntax | Category::Data if error.to_string().starts_with("recursion") => {
            "a record that nests too deep".into()
        }
        Category::Io | Category::Syntax | Category::Data => {
            format!("a record that is no JSON (at byte {} of its line {})", error.column(), error.line())
        }
    })
}

/// Brings a BigQuery export's row into an entry's shape: the payload has its name, and JSON columns are JSON.
fn unexport(json: &mut Value) {
    let Some(map) = json.as_object_mut() else { return };
    let key = map.keys().find(|key| key.eq_ignore_ascii_case("protopayload_auditlog")).cloned();
    let Some(mut payload) = key.and_then(|key| map.remove(&key)) else { return };
    if let Some(fields) = payload.as_object_mut() {
        for (column, field) in
            [("requestJson", "request"), ("responseJson", "response"), ("metadataJson", "metadata")]
        {
            if let Some(Value::String(text)) = fields.remove(column)
                && let Ok(inner) = serde_json::from_str::<Value>(&text)
            {
                fields.insert(field.to_owned(), inner);
            }
        }
        let data =
            fields.keys().find(|key| key.starts_with("servicedata_") && !fields[*key].is_null()).cloned();
        if let Some(data) = data.and_then(|key| fields.remove(&key)) {
            fields.insert("serviceData".to_owned(), data);
        }
    }
    map.insert("protoPayload".to_owned(), payload);
}

/// A large entry may come in parts. One that has all that an entry needs is read; any other would be half a story.
fn refuse_part(json: &Value) -> Result<(), Unreadable> {
    let number = |path: &str| -> Option<u64> { path::resolve(json, path, "").first()?.parse().ok() };
    if path::resolve(json, "split.uid", "").is_empty() {
        return Ok(());
    }
    let is_whole = ["methodName", "serviceName", "authenticationInfo"]
        .iter()
        .all(|field| !path::values(json, &format!("protoPayload.{field}"), "").is_empty());
    let total = number("split.totalSplits").unwrap_or(0);
    if is_whole || total == 1 {
        return Ok(());
    }
    let entry = number("split.index").unwrap_or(0).saturating_add(1);
    Err(Unreadable(format!("entry {entry} of {total} of a split log entry, which is not whole by itself")))
}

/// Returns the first of the texts that is a time.
fn time_of<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Option<Time> {
    texts.flatten().find_map(|text| {
        // BigQuery's own way of writing a timestamp.
        time::parse(text.strip_suffix(" UTC").unwrap_or(text))
    })
}

/// Returns the project, `folders/N`, `organizations/N` or `billingAccounts/X` that holds the entry.
fn account_of(log: Option<&str>, label: Option<&str>, resource: Option<&str>) -> Option<String> {
    let container = |name: &str| {
        let name = name.trim_start_matches('/');
        let (kind, rest) = name.split_once('/')?;
        let id = rest.split('/').next().filter(|id| !id.is_empty() && !matches!(*id, "_" | "-"))?;
        match kind {
            "projects" => Some(id.to_owned()),
            "folders" | "organizations" | "billingAccounts" => Some(format!("{kind}/{id}")),
            _ => None,
        }
    };
    log.and_then(container).or_else(|| label.map(str::to_owned)).or_else(|| resource.and_then(container))
}

/// Returns the location: a label or current location as it stands, else what the resource's name says.
fn region_of<const N: usize>(known: [Option<&str>; N], resource: Option<&str>) -> Option<String> {
    let named = || {
        let segments: Vec<&str> = resource?.split('/').collect();
        segments.windows(2).find_map(|pair| {
            matches!(pair[0], "zones" | "regions" | "locations")
                .then_some(pair[1])
                .filter(|name| !name.is_empty() && *name != "-")
        })
    };
    known.into_iter().flatten().next().or_else(named).map(str::to_owned)
}

/// Returns which audit log it is. Old captures write `%0F` for the slash; trimmed ones have no log name.
fn source_of(log: Option<&str>, method: Option<&str>) -> &'static str {
    let kind = log.and_then(|log| log.split_once("cloudaudit.googleapis.com")).map(|(_, kind)| kind);
    match kind.map(|kind| kind.trim_start_matches("%2F").trim_start_matches("%2f").trim_start_matches("%0F"))
    {
        Some(kind) if kind.ends_with("data_access") => "data_access",
        Some(kind) if kind.ends_with("system_event") => "system_event",
        Some(kind) if kind.ends_with("policy") => "policy",
        Some(_) => "activity",
        None if method.is_some_and(outcome::only_reads) => "data_access",
        None => "activity",
    }
}

/// Names the call as an engineer would: `compute.instances.insert`, `iam.CreateServiceAccountKey`,
/// `container.ClusterManager.CreateCluster`: the service's first label, unless the method begins with it anyway.
fn action(service: &str, name: &str) -> Arc<str> {
    let label = service.split('.').next().unwrap_or_default();
    if name.is_empty() {
        return if label.is_empty() { NO_METHOD.into() } else { format!("{label}.{NO_METHOD}").into() };
    }
    let begins_so = name.strip_prefix(label).is_some_and(|rest| rest.starts_with('.'));
    if label.is_empty() || begins_so || service == "k8s.io" {
        return name.into();
    }
    format!("{label}.{name}").into()
}

fn operation(json: &Value) -> Option<Operation> {
    let id = path::resolve(json, "operation.id", "").into_iter().next()?;
    let is = |flag: &str| path::resolve(json, flag, "").iter().any(|text| text.eq_ignore_ascii_case("true"));
    Some(Operation { id, first: is("operation.first"), last: is("operation.last") })
}

/// A person whose agent is a browser: the console calls APIs with the browser's own name.
fn is_console(event: &Event) -> bool {
    &*event.actor.kind == "user"
        && event.user_agent.as_deref().is_some_and(|agent| agent.starts_with("Mozilla/"))
}
