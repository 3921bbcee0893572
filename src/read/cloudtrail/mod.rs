//! One CloudTrail record → one event.
//!
//! Takes every spelling seen in real exports (`record-shapes.md`): canonical and lower-case keys, nested JSON texts,
//! times as SIEMs re-write them, missing identities. Texts stay exactly as recorded; escaping is the renderers' work.

mod actor;
pub mod delivery;
mod head;
mod normalize;

pub use head::head;

use super::{RecordKind, Unreadable};
use crate::catalog::{self, Record, aws};
use crate::model::{Actor, Event, Fact, Outcome, Provenance, Provider, ResourceRef, Scope};
use normalize::{field, text, text_at};
use serde_json::Value;
use std::sync::Arc;

/// Reads in full. Fails when the record is no CloudTrail record, has no time, or nests deeper than serde_json allows.
pub fn read(raw: &[u8], seen_in: Provenance) -> Result<Event, Unreadable> {
    let head = head(raw)?
        .filter(|head| head.kind == RecordKind::CloudTrail)
        .ok_or_else(|| Unreadable("not a CloudTrail record".into()))?;
    let at = head.at.ok_or_else(|| Unreadable("it has no eventTime".into()))?;
    let mut json: Value = serde_json::from_slice(raw).map_err(|error| {
        Unreadable(format!("its JSON is malformed or nested too deep at column {}", error.column()))
    })?;
    normalize::unfold(&mut json);

    let name = text_at(&json, &["eventName"]).unwrap_or_default();
    let source = text_at(&json, &["eventSource"]).unwrap_or_default();
    let scope = Scope { account: head.account.into(), region: head.region.into() };
    let actor = actor::read(&json);
    let outcome = outcome(&json, &source, &name);
    let record = Record {
        json: &json,
        provider: Provider::Aws,
        source: &source,
        event: normalize::event_name(&name),
        at,
        scope: &scope,
        actor: &actor,
        outcome: &outcome,
    };
    let address = text_at(&json, &["sourceIPAddress"]);
    let mut facts = Vec::new();
    let mut metered = Vec::new();
    if outcome.is_success() {
        facts = catalog::facts(aws::SERVICES, &record);
        metered = catalog::meter::metered(&record, &facts);
        facts.extend(forwarded(&actor, address.as_deref()));
        facts.extend(carries(&record));
    }
    Ok(Event {
        id: text_at(&json, &["eventID"]).unwrap_or_else(|| format!("{:032x}", head.identity).into()),
        identity: head.identity,
        provider: Provider::Aws,
        at,
        action: normalize::action(&source, &name),
        read_only: normalize::is_read_only(field(&json, "readOnly"), &name),
        address,
        user_agent: text_at(&json, &["userAgent"]),
        shared: text_at(&json, &["sharedEventID"]),
        operation: None,
        replaces: text_at(&json, &["addendum", "originalEventID"])
            .map(|original| head::identity(&original, Some(at), &name)),
        scope,
        actor,
        outcome,
        facts,
        metered,
        seen_in,
    })
}

/// Sign-in events fail without an errorCode, and some services put an error where the response belongs.
fn outcome(json: &Value, source: &str, name: &str) -> Outcome {
    if let Some(code) = text_at(json, &["errorCode"]) {
        let is_dry_run = code.strip_prefix("Client.").unwrap_or(&code) == "DryRunOperation";
        return if is_dry_run { Outcome::DryRun } else { Outcome::Failed(code) };
    }
    let response = field(json, "responseElements");
    if source == "signin.amazonaws.com"
        && let Some(verdict) = response.and_then(|response| field(response, name)).and_then(text)
        && verdict.eq_ignore_ascii_case("failure")
    {
        return Outcome::Failed(verdict);
    }
    match response {
        Some(Value::Object(map)) if is_error_body(map) => {
            let body = response.expect("matched above");
            let code = ["__type", "code", "errorCode"].iter().find_map(|key| text_at(body, &[key]));
            Outcome::Failed(code.unwrap_or_else(|| "Error".into()))
        }
        _ => Outcome::Succeeded,
    }
}

/// Whether a response is nothing but an error: a message and no trace of anything made (EKS and others, aws.md 1.2).
fn is_error_body(map: &serde_json::Map<String, Value>) -> bool {
    let has = |wanted: &str| {
        map.iter().any(|(key, value)| key.eq_ignore_ascii_case(wanted) && text(value).is_some())
    };
    let is_about_errors = |key: &String| {
        ["message", "__type", "code", "errorcode", "requestid", "type"]
            .iter()
            .any(|known| key.eq_ignore_ascii_case(known))
    };
    has("message") && map.keys().all(is_about_errors)
}

/// A service that signs with the principal's own identity: same ARN, a key of its own for each call, no STS event.
fn forwarded(actor: &Actor, address: Option<&str>) -> Option<Fact> {
    if actor.principal.is_none() || actor.kind.as_ref() == "AWSService" || is_service_linked(actor) {
        return None;
    }
    // Older console sessions carry invokedBy=signin with the person's own address: that is the person, not a service.
    let invoked_by = actor.invoked_by.as_deref().filter(|by| is_service(by) && *by != "signin.amazonaws.com");
    let service = invoked_by.or(address.filter(|address| is_service(address)))?;
    Some(Fact::Forwarded { service: service.into() })
}

fn is_service(caller: &str) -> bool {
    caller == "AWS Internal" || caller.ends_with(".amazonaws.com")
}

/// Goes by the role's path, since anyone can name a role `AWSServiceRoleFor…` under `/`; by name where no path is known.
fn is_service_linked(actor: &Actor) -> bool {
    let issuer = actor.session.as_ref().and_then(|session| session.issuer.as_deref());
    match (issuer, &actor.principal) {
        (Some(issuer), _) => issuer.contains(":role/aws-service-role/"),
        (None, Some(arn)) => {
            arn.contains(":assumed-role/AWSServiceRoleFor") || arn.contains(":role/aws-service-role/")
        }
        (None, None) => false,
    }
}

/// `inScopeOf` names the function or instance that the session's credentials were issued to.
fn carries(record: &Record) -> Option<Fact> {
    let issued_to = record.actor.issued_to.as_deref()?;
    let session = record.actor.session.as_ref();
    let identity = session.and_then(|s| s.issuer.clone()).or_else(|| record.actor.principal.clone())?;
    let (kind, id, name) = match text_at(record.json, &["userIdentity", "inScopeOf", "issuerType"])?.as_ref()
    {
        "AWS::Lambda::Function" => {
            // arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
            let arn: Vec<&str> = issued_to.splitn(8, ':').take(7).collect();
            ("aws.lambda.function", arn.join(":"), arn.last().copied().unwrap_or(issued_to))
        }
        "AWS::EC2::Instance" => {
            let instance = issued_to.rsplit('/').next().unwrap_or(issued_to);
            ("aws.ec2.instance", instance.to_owned(), issued_to)
        }
        _ => return None,
    };
    let parts = aws::arn::Arn::parse(issued_to);
    let compute = ResourceRef {
        kind,
        names: [name].into_iter().filter(|name| *name != id).map(Arc::from).collect(),
        account: parts.as_ref().map_or_else(|| record.scope.account.clone(), |arn| arn.account.into()),
        region: parts.as_ref().map_or_else(|| record.scope.region.clone(), |arn| arn.region.into()),
        id: id.into(),
        launcher: None,
    };
    Some(Fact::Carries { compute, identity })
}
