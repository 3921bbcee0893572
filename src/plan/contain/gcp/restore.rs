//! What is done about settings that the principal made: log sinks that copy elsewhere, exclusions that blind.

use super::super::{Ask, LETS_IN, Way};
use crate::model::change::gcp::{RestoreChange, SettingOf};
use std::sync::Arc;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    let of = match ask.resource.kind {
        kind @ ("gcp.logging.log_sink" | "gcp.logging.log_exclusion") => SettingOf::of_kind(kind)?,
        _ => return None,
    };
    let path = [Some(&ask.resource.id), ask.resource.name.as_ref()].into_iter().flatten();
    let name: Arc<str> = path.into_iter().find(|name| name.contains('/'))?.clone();
    let born = ask.resource.created_at;
    Some(match ask.options.destroy {
        true => Way::step(LETS_IN, RestoreChange::DeleteSetting { of, name, born }),
        false => Way::step(LETS_IN, RestoreChange::DisableSetting { of, name, born }),
    })
}
