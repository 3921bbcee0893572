//! Filestore, live: instances, by name and when they were made.

use super::Gcp;
use super::each::{at_time, detail, not_answered, observed, or_none, text};
use super::endpoints::FILE;
use super::named::{location, named, same, short};
use super::rest::Ask;
use crate::cloud::{CloudError, Receipt};
use crate::model::change::gcp::{FileChange, Named};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use reqwest::Method;
use serde_json::{Value, json};

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["gcp.file.instance"];

const TEMPLATE: &str = "v1/projects/{}/locations/{}/instances/{}";
const BACKUP: &str = "v1/projects/{}/locations/{}/backups/{}";
const PATCH: &str = "file.projects.locations.instances.patch";

pub(super) async fn look(gcp: &Gcp, at: &Place, change: &FileChange) -> Result<Sight, CloudError> {
    Ok(match change {
        FileChange::BackUpFilestore { it } => {
            get(gcp, at, it).await?;
            let call = "file.projects.locations.backups.get";
            let backup = backup_name(gcp, at, it);
            let ids = [&*at.account, region(location(it, at)), &backup];
            let found = or_none(gcp.rest.json(&Ask::get(call, at, FILE, BACKUP, &ids)?).await)?;
            let is_done = found.as_ref().is_some_and(|found| text(found, "state") == Some("READY"));
            Sight::there(json!({}), is_done)
        }
        FileChange::UnprotectFilestore { it } => protection(&get(gcp, at, it).await?, false),
        FileChange::ProtectFilestore { it } => protection(&get(gcp, at, it).await?, true),
        FileChange::DeleteFilestore { it } => {
            let found = get(gcp, at, it).await?;
            Sight::there(json!({"created": text(&found, "createTime")}), false)
        }
    })
}

fn is_protected(found: &Value) -> bool {
    found["deletionProtectionEnabled"].as_bool().unwrap_or_default()
}

fn protection(found: &Value, wanted: bool) -> Sight {
    let now = is_protected(found);
    Sight::there(json!({"protected": now}), now == wanted)
}

/// Backups lie in regions, instances mostly in zones.
fn region(place: &str) -> &str {
    match place.rsplit_once('-') {
        Some((region, letter)) if letter.len() == 1 && region.contains('-') => region,
        _ => place,
    }
}

/// One name for one instance of one case, so that a second run finds the first one's.
fn backup_name(gcp: &Gcp, at: &Place, it: &Named) -> String {
    use sha2::Digest;
    let of = format!("{}/{}/{}/{}", gcp.case, at.account, location(it, at), short(it));
    let hex: String =
        sha2::Sha256::digest(of.as_bytes()).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("triage-{hex}")
}

pub(super) async fn perform(gcp: &Gcp, at: &Place, change: &FileChange) -> Result<Receipt, CloudError> {
    match change {
        FileChange::BackUpFilestore { it } => back_up(gcp, at, it).await,
        FileChange::UnprotectFilestore { it } => protect(gcp, at, it, false).await,
        FileChange::ProtectFilestore { it } => protect(gcp, at, it, true).await,
        FileChange::DeleteFilestore { it } => {
            get(gcp, at, it).await?;
            let call = "file.projects.locations.instances.delete";
            let ids = [&*at.account, location(it, at), short(it)];
            // Its snapshots would stand in the way; its backups do not go with it.
            let ask = Ask::new(call, at, Method::DELETE, FILE, TEMPLATE, &ids)?.with("force", true);
            let begun = gcp.rest.json(&ask).await?;
            gcp.followed(begun, FILE, "v1/{+}", call, at).await
        }
    }
}

async fn back_up(gcp: &Gcp, at: &Place, it: &Named) -> Result<Receipt, CloudError> {
    let call = "file.projects.locations.backups.create";
    let found = get(gcp, at, it).await?;
    let share = text(&found["fileShares"][0], "name").ok_or_else(|| not_answered(call, at, "share"))?;
    let place = location(it, at);
    let template = "v1/projects/{}/locations/{}/backups";
    let ask = Ask::post(call, at, FILE, template, &[&at.account, region(place)])?;
    let body = json!({
        "sourceInstance": format!("projects/{}/locations/{place}/instances/{}", at.account, short(it)),
        "sourceFileShare": share,
        "description": format!("triage {}", gcp.case),
    });
    let begun = gcp.rest.json(&ask.with("backupId", backup_name(gcp, at, it)).body(body)).await?;
    gcp.followed(begun, FILE, "v1/{+}", call, at).await
}

async fn protect(gcp: &Gcp, at: &Place, it: &Named, wanted: bool) -> Result<Receipt, CloudError> {
    get(gcp, at, it).await?;
    let ids = [&*at.account, location(it, at), short(it)];
    let ask = Ask::new(PATCH, at, Method::PATCH, FILE, TEMPLATE, &ids)?
        .with("updateMask", "deletionProtectionEnabled")
        .body(json!({"deletionProtectionEnabled": wanted}));
    let begun = gcp.rest.json(&ask.repeatable()).await?;
    gcp.followed(begun, FILE, "v1/{+}", PATCH, at).await
}

async fn get(gcp: &Gcp, at: &Place, it: &Named) -> Result<Value, CloudError> {
    let call = "file.projects.locations.instances.get";
    let ids = [&*at.account, location(it, at), short(it)];
    let found = gcp.rest.json(&Ask::get(call, at, FILE, TEMPLATE, &ids)?).await?;
    same(found, it, "", "createTime", call, at)
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
        let state = match text(&found, "state") {
            Some("DELETING" | "ERROR" | "SUSPENDED") => State::Unknown,
            _ => State::Running,
        };
        let mut looked = observed(one, state, at_time(&found["createTime"]));
        detail(&mut looked, "type", text(&found, "tier"));
        detail(&mut looked, "size", text(&found["fileShares"][0], "capacityGb"));
        detail(&mut looked, "protected", Some("true").filter(|_| is_protected(&found)));
        seen.push(looked);
    }
    Ok(seen)
}
