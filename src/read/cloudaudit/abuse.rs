//! Google's abuse notices: the provider itself says which key leaked and which machine mines.

use crate::catalog::{path, technique};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Technique};
use crate::model::{Event, Fact};
use serde_json::Value;
use std::sync::Arc;

/// Completes the event of an abuse notice. The actor stays nobody: nothing in it was done by a principal.
pub fn read(json: &Value, event: &mut Event) {
    let text = |paths: &str| path::resolve(json, paths, "").into_iter().next();
    let kind = text("jsonPayload.detectionType").unwrap_or_else(|| "NOTICE".into());
    event.action = format!("abuseevent.{kind}").into();
    event.actor.kind = "service".into();
    event.facts = leaks(json);
    let since = text("jsonPayload.cryptoMiningEvent.detectedMiningStartTime");
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let ends = match text("jsonPayload.action").as_deref() {
        Some("PROJECT_SUSPENSION") => "; the project is suspended",
        Some("RESOURCE_SUSPENSION") => "; the resource is suspended",
        Some("REINSTATE") => "; it was reinstated since",
        _ => "",
    };
    for machine in machines(json, "cryptoMiningEvent") {
        let note = format!("Google sees crypto mining on {machine}{since}{ends}.");
        event.facts.push(signal(
            FindingKind::ResourceHijacking,
            Some(&technique::COMPUTE_HIJACKING),
            machine,
            note,
        ));
    }
    for machine in machines(json, "intrusionAttemptEvent") {
        let note = format!("Google sees {machine} trying to break into other systems{ends}.");
        event.facts.push(signal(FindingKind::ResourceHijacking, None, machine, note));
    }
    for uri in path::resolve(json, "jsonPayload.harmfulContentEvent.uri[]", "") {
        let note = format!("Google found harmful content ({kind}) at {uri}{ends}.");
        event.facts.push(signal(FindingKind::ServiceAbuse, None, uri, note));
    }
}

/// Machines by resource path, or by address where Google gives no path.
fn machines(json: &Value, event: &str) -> Vec<Arc<str>> {
    path::resolve(json, &format!("jsonPayload.{event}.vmResource[]|jsonPayload.{event}.vmIp[]"), "")
}

fn leaks(json: &Value) -> Vec<Fact> {
    const EVENT: &str = "jsonPayload.leakedCredentialEvent";
    let text = |field: &str| path::resolve(json, &format!("{EVENT}.{field}"), "").into_iter().next();
    let found_at = text("detectedUri");
    let at = found_at.as_deref().map(|uri| format!(" at {uri}")).unwrap_or_default();
    let leak = |key: Option<Arc<str>>, principal: Option<Arc<str>>, note: String| {
        let subject = key.clone().or_else(|| principal.clone()).unwrap_or_else(|| "credential".into());
        let found_at = found_at.as_deref().map(str::to_owned);
        let said = signal(FindingKind::Leak, Some(&technique::CREDENTIALS_IN_FILES), subject, note);
        vec![Fact::Leak { key, principal, found_at }, said]
    };
    let last = |name: Arc<str>| -> Arc<str> { name.rsplit('/').next().unwrap_or(&name).into() };
    let account = text("serviceAccountCredential.serviceAccount").map(last);
    let key = text("serviceAccountCredential.keyId").map(last);
    if account.is_some() || key.is_some() {
        let named = key.as_deref().unwrap_or("(not named)");
        let of = account.as_deref().map(|account| format!(" of {account}")).unwrap_or_default();
        let note = format!("Google found key {named}{of} in public{at}.");
        return leak(key, account, note);
    }
    match text("apiKeyCredential.apiKey") {
        Some(key) => {
            let hint = masked(&key);
            let note = format!("Google found API key {hint} in public{at}.");
            leak(Some(hint), None, note)
        }
        None if found_at.is_some() => {
            leak(None, None, format!("Google found a credential of this project in public{at}."))
        }
        None => Vec::new(),
    }
}

/// An API key is its own secret: its last four characters tell it apart and open nothing.
fn masked(key: &str) -> Arc<str> {
    let tail: String = key.chars().skip(key.chars().count().saturating_sub(4).max(4)).collect();
    format!("AIza…{tail}").into()
}

fn signal(kind: FindingKind, technique: Option<&'static Technique>, subject: Arc<str>, note: String) -> Fact {
    Fact::Signal(Signal { kind, technique, note, subject, pair: "".into(), undoes: false })
}
