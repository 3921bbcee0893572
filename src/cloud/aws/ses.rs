//! SES, live: what we look at and what we do to it.

use super::each::{detail, observed, or_gone, or_none, receipt, tags};
use super::{Aws, client, failed};
use crate::cloud::{CloudError, Receipt};
use crate::model::change::SesChange;
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityOutput;
use serde_json::json;

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &["aws.ses.identity"];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&SesChange]) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &SesChange) -> Result<Sight, CloudError> {
    let SesChange::DeleteEmailIdentity { identity } = change;
    let found = get(&client!(aws, at, aws_sdk_sesv2)?, at, identity).await?;
    let kind = found.identity_type.as_ref().map(|kind| kind.as_str());
    Ok(Sight::there(json!({ "identity": identity, "type": kind }), false))
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SesChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &SesChange) -> Result<Receipt, CloudError> {
    let SesChange::DeleteEmailIdentity { identity } = change;
    let client = client!(aws, at, aws_sdk_sesv2)?;
    let sent = client.delete_email_identity().email_identity(&**identity).send().await;
    Ok(receipt(&sent.map_err(|error| failed("ses:DeleteEmailIdentity", at, error))?))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    _kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_sesv2)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        let Some(found) = or_none(get(&client, at, &one.id).await)? else {
            seen.push(observed(one, State::Gone, None));
            continue;
        };
        let mut shown = observed(one, State::Running, None);
        detail(&mut shown, "type", found.identity_type.as_ref().map(|kind| kind.as_str()));
        let sends = found.verified_for_sending_status;
        detail(&mut shown, "verified", Some(if sends { "yes" } else { "no" }));
        tags(&mut shown, found.tags().iter().map(|tag| (tag.key(), tag.value())));
        seen.push(shown);
    }
    Ok(seen)
}

async fn get(client: &Client, at: &Place, identity: &str) -> Result<GetEmailIdentityOutput, CloudError> {
    let asked = client.get_email_identity().email_identity(identity).send().await;
    asked.map_err(|error| failed("ses:GetEmailIdentity", at, error))
}
