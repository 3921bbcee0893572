//! Cloud SQL, live. A name is free again a week after its instance was deleted: what was made at another time is another.

use super::Gcp;
use super::each::{at_time, detail, observed, or_none, text};
use super::endpoints::SQLADMIN;
use super::named::{named, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{Named, SqladminChange};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.sqladmin.instance"];

const TEMPLATE: &str = "v1/projects/{}/instances/{}";
/// For so many days a final backup is kept.
const KEPT: u32 = 365;

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &SqladminChange) -> Result<Sight, CloudError> {
    Ok(match change {
        SqladminChange::StopSqlInstance { it } => activation(&get(gcp, at, it).await?, "NEVER"),
        SqladminChange::RestoreSqlActivation { it, policy } => activation(&get(gcp, at, it).await?, policy),
        SqladminChange::UnprotectSqlInstance { it } => protection(&get(gcp, at, it).await?, false),
        SqladminChange::ProtectSqlInstance { it } => protection(&get(gcp, at, it).await?, true),
        SqladminChange::DeleteSqlInstance { it, .. } => {
            let found = get(gcp, at, it).await?;
            Sight::there(json!({"created": text(&found, "createTime")}), false)
        }
    })
}

fn policy_of(found: &Value) -> &str {
    text(&found["settings"], "activationPolicy").unwrap_or("ALWAYS")
}

fn activation(found: &Value, wanted: &str) -> Sight {
    let now = policy_of(found);
    Sight::there(json!({"policy": now}), now == wanted)
}

fn is_protected(found: &Value) -> bool {
    found["settings"]["deletionProtectionEnabled"].as_bool().unwrap_or_default()
}

fn protection(found: &Value, wanted: bool) -> Sight {
    let now = is_protected(found);
    Sight::there(json!({"protected": now}), now == wanted)
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &SqladminChange) -> Result<Receipt, CloudError> {
    let (it, settings) = match change {
        SqladminChange::StopSqlInstance { it } => (it, json!({"activationPolicy": "NEVER"})),
        SqladminChange::RestoreSqlActivation { it, policy } => (it, json!({"activationPolicy": policy})),
        SqladminChange::UnprotectSqlInstance { it } => (it, json!({"deletionProtectionEnabled": false})),
        SqladminChange::ProtectSqlInstance { it } => (it, json!({"deletionProtectionEnabled": true})),
        SqladminChange::DeleteSqlInstance { it, backup } => return delete(gcp, at, it, *backup).await,
    };
    get(gcp, at, it).await?;
    let call = "sql.instances.patch";
    let ask = Ask::new(call, at, Method::PATCH, SQLADMIN, TEMPLATE, &[&at.account, instance(it)])?;
    let begun = gcp.rest.json(&ask.body(json!({"settings": settings})).repeatable()).await?;
    ended(gcp, at, begun, call).await
}

async fn delete(gcp: &Gcp, at: &Place, it: &Named, backup: bool) -> Result<Receipt, CloudError> {
    let call = "sql.instances.delete";
    get(gcp, at, it).await?;
    let mut ask = Ask::new(call, at, Method::DELETE, SQLADMIN, TEMPLATE, &[&at.account, instance(it)])?;
    if backup {
        ask = ask
            .with("enableFinalBackup", true)
            .with("finalBackupTtlDays", KEPT)
            .with("finalBackupDescription", format!("triage {}", gcp.case));
    }
    let begun = gcp.rest.json(&ask).await?;
    ended(gcp, at, begun, call).await
}

async fn ended(gcp: &Gcp, at: &Place, begun: Value, call: &'static str) -> Result<Receipt, CloudError> {
    let again = |id: &str| Ask::get(call, at, SQLADMIN, "v1/projects/{}/operations/{}", &[&at.account, id]);
    gcp.until_done(begun, again, call, at).await
}

/// Records write `instances/PROJECT:NAME` too.
fn instance(it: &Named) -> &str {
    let last = short(it);
    last.rsplit(':').next().unwrap_or(last)
}

async fn get(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "sql.instances.get";
    let ask = Ask::get(call, at, SQLADMIN, TEMPLATE, &[&at.account, instance(it)])?;
    same(gcp.rest.json(&ask).await?, it, "", "createTime", call, at)
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    gcp: &Gcp,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(found) = or_none(get(gcp, at, &named(one)).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let state = match (policy_of(&found), text(&found, "state")) {
            ("NEVER", _) | (_, Some("STOPPED" | "SUSPENDED")) => State::Stopped,
            (_, Some("PENDING_DELETE" | "FAILED" | "UNKNOWN_STATE")) => State::Unknown,
            _ => State::Running,
        };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "type", text(&found["settings"], "tier"));
        detail(&mut looked, "engine", text(&found, "databaseVersion"));
        detail(&mut looked, "protected", Some("true").filter(|_| is_protected(&found)));
        detail(&mut looked, "replica_of", text(&found, "masterInstanceName"));
        seen.push(looked);
    }
    Ok(seen)
}
