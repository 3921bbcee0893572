//! What ARNs tell of users, roles and sessions. Pure text.

use crate::catalog::aws::arn::partition_of;
use crate::model::report::Resource;
use std::sync::Arc;

pub(super) fn last(arn: &str) -> Arc<str> {
    arn.rsplit(['/', ':']).next().unwrap_or(arn).into()
}

pub(super) fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

pub(in crate::plan::revoke) fn arn_of(resource: &Resource, what: &str) -> Arc<str> {
    match resource.id.starts_with("arn:") {
        true => resource.id.clone(),
        false => {
            let partition = partition_of(&resource.region);
            format!("arn:{partition}:iam::{}:{what}/{}", resource.account, resource.id).into()
        }
    }
}

pub(in crate::plan::revoke) fn user_of(arn: &str) -> Option<Arc<str>> {
    let (_, name) = arn.split_once(":user/")?;
    (!name.is_empty() && !name.ends_with('/')).then(|| arn.into())
}

/// Without its path, which a session's ARN does not show.
pub(in crate::plan::revoke) fn plain_role(arn: &str) -> Arc<str> {
    match arn.split_once(":role/") {
        Some((head, name)) => format!("{head}:role/{}", last(name)).into(),
        None => arn.into(),
    }
}

/// Returns role ARN and session name of an assumed role's ARN.
pub(in crate::plan::revoke) fn session_of(arn: &str) -> Option<(Arc<str>, Arc<str>)> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let (role, name) = rest.split_once('/')?;
    let is_whole = !role.is_empty() && !name.is_empty();
    is_whole.then(|| (format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1)).into(), name.into()))
}
