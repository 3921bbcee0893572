//! What the files of services do alike: missing is gone, one answer for each, names and times as the model has them.
//!
//! For the service files alone; knows no service.

use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::observed::{State, TAGS_SEEN};
use crate::model::{Observed, Place, ResourceRef, Sight, Time};
use aws_smithy_types::DateTime;
use aws_types::request_id::RequestId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What does not exist is gone; every other error stays one.
pub(super) fn or_gone(seen: Result<Sight, CloudError>) -> Result<Sight, CloudError> {
    match seen {
        Err(error) if error.refusal == Refusal::NotFound => Ok(Sight::Gone),
        seen => seen,
    }
}

/// `None` for what does not exist; every other error stays one.
pub(super) fn or_none<T>(found: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.refusal == Refusal::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives errors of one code another meaning, where a service has a code of its own.
pub(super) fn meaning(mut error: CloudError, code: &str, refusal: Refusal) -> CloudError {
    let is_it = error.code.as_deref().is_some_and(|found| {
        let found = found.rsplit('#').next().unwrap_or(found);
        found.strip_suffix("Exception").unwrap_or(found) == code
    });
    if is_it {
        error.refusal = refusal;
    }
    error
}

pub(super) fn receipt(answer: &impl RequestId) -> Receipt {
    Receipt { request_id: answer.request_id().map(str::to_owned), made: Vec::new() }
}

/// The last part of an ARN; a name stays as it is.
pub(super) fn name(id: &str) -> &str {
    let Some(resource) = id.splitn(6, ':').nth(5).filter(|_| id.starts_with("arn:")) else { return id };
    resource.rsplit(['/', ':']).next().unwrap_or(resource)
}

pub(super) fn time(at: Option<&DateTime>) -> Option<Time> {
    Time::from_nanosecond(at?.as_nanos()).ok()
}

/// A time as the state of a sight holds it: to the second, as services round it differently from call to call.
pub(super) fn stamp(at: Option<&DateTime>) -> Option<i64> {
    at.map(DateTime::secs)
}

/// Something that was looked at just now.
pub(super) fn observed(resource: &ResourceRef, state: State, created_at: Option<&DateTime>) -> Observed {
    Observed {
        resource: resource.clone(),
        at: Time::now(),
        state,
        created_at: time(created_at),
        held_by: Vec::new(),
        made_by: None,
        identity: None,
        details: BTreeMap::new(),
    }
}

/// Adds what a plan or a reader wants to know besides, where the cloud told it.
pub(super) fn detail(observed: &mut Observed, word: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        observed.details.insert(word.into(), text.into());
    }
}

/// Says which tags a thing bears, so that what the operator protects by its tags is known; and that they were seen, also when
/// there are none.
pub(super) fn tags<'a>(observed: &mut Observed, tags: impl IntoIterator<Item = (&'a str, &'a str)>) {
    observed.details.insert(TAGS_SEEN.into(), "yes".into());
    for (key, value) in tags {
        observed.details.insert(format!("tag:{key}").into(), value.into());
    }
}

/// Tags that a service tells in a call of its own. Where that fails it is said, and whoever protects things by their tags keeps
/// this one out of every plan.
pub(super) fn tags_or_why(observed: &mut Observed, asked: Result<Vec<(String, String)>, CloudError>) {
    match asked {
        Ok(found) => tags(observed, found.iter().map(|(key, value)| (&**key, &**value))),
        Err(error) => detail(observed, "tags", Some(&format!("not read: {error}"))),
    }
}

/// Tags that an answer holds as a map.
pub(super) fn tag_map(observed: &mut Observed, map: Option<&HashMap<String, String>>) {
    tags(observed, map.into_iter().flatten().map(|(key, value)| (&**key, &**value)));
}

/// Something that a list showed, whoever made it.
pub(super) fn listed(kind: &'static str, at: &Place, id: &str, name: Option<&str>) -> ResourceRef {
    ResourceRef {
        kind,
        id: id.into(),
        names: name.into_iter().filter(|name| *name != id).map(Arc::from).collect(),
        account: at.account.clone(),
        region: at.region.clone(),
        launcher: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_last_part_of_arns() {
        for (id, expect) in [
            ("arn:aws:sagemaker:eu-west-3:111122223333:notebook-instance/box", "box"),
            ("arn:aws:states:eu-west-3:111122223333:execution:machine:run-1", "run-1"),
            ("plain/name", "plain/name"),
            ("arn:", "arn:"),
            ("", ""),
        ] {
            assert_eq!(name(id), expect, "{id}");
        }
    }
}
