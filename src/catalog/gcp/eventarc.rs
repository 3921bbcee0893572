//! Eventarc.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const TRIGGER: &str = "gcp.eventarc.trigger";
/// By name, not uid: a deletion's record has no uid, and the pair is joined by id.
const ID: &str = within!("triggers", "triggerId");
const NAMES: &str = concat!(within!("triggers", "triggerId"), "|protoPayload.response.uid");

pub static EVENTARC: Service = Service {
    source: "eventarc.googleapis.com",
    rows: &[
        on("Eventarc.CreateTrigger")
            .creates(TRIGGER, ID)
            .names(NAMES)
            .contain("!eventarc.triggers.delete")
            .finding(
                Persistence,
                &EVENT_TRIGGERED,
                "Trigger {id} runs its target as its service account at every event it waits for.",
            )
            .pair("gcp.eventarc.trigger")
            .tells(|record, facts| {
                common::carries(record, facts, TRIGGER, "protoPayload.request.trigger.serviceAccount")
            }),
        on("Eventarc.UpdateTrigger").touches(TRIGGER, ID, "changed").names(NAMES).finding(
            Persistence,
            &EVENT_TRIGGERED,
            "Trigger {id} was changed; see what it runs now and as whom.",
        ),
        on("Eventarc.DeleteTrigger").deletes(TRIGGER, ID).names(NAMES).undoes("gcp.eventarc.trigger"),
    ],
};
