//! What is done about the long tail of kinds: deleted through Cloud Control where that is wanted and served, else by hand.

use super::super::{Ask, RUNS, Way, origin};
use crate::model::change::{CloudControlChange, TYPES};
use crate::plan::advice;

/// Asked last: a service's own file knows better.
pub(super) fn way(ask: &Ask) -> Option<Way> {
    let row = TYPES.iter().find(|row| row.kind == ask.resource.kind)?;
    let identifier = row.identifier_of(&ask.resource.id, ask.resource.name.as_ref());
    Some(match identifier {
        Some(id) if ask.options.destroy => {
            Way::step(RUNS, CloudControlChange::DeleteByType { type_name: row.type_name.into(), id })
        }
        _ => Way::by_hand(
            format!("{} This program can only delete this kind: that needs --destroy.", origin(ask.resource)),
            advice::of(row.kind),
        ),
    })
}
