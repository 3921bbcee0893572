//! Trails and event data stores.

use super::super::{Reversal, Spec, Undo, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudTrailChange {
    StartTrail {
        name: Arc<str>,
    },
    /// Takes a start back; also for trails that the principal made, which carry records away.
    StopTrail {
        name: Arc<str>,
    },
    WidenTrail {
        name: Arc<str>,
        what: TrailPart,
    },
    /// Takes a widening back.
    NarrowTrail {
        name: Arc<str>,
        what: TrailPart,
    },
    RecordManagementEvents {
        name: Arc<str>,
    },
    /// Takes that back: `selectors` as the look wrote them, as JSON.
    PutBackSelectors {
        name: Arc<str>,
        selectors: Arc<str>,
    },
    RestoreEventDataStore {
        store: Arc<str>,
    },
    StartStoreIngestion {
        store: Arc<str>,
    },
    /// Takes that back.
    StopStoreIngestion {
        store: Arc<str>,
    },
}

/// A setting of a trail that is on where a trail sees all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailPart {
    Regions,
    GlobalServices,
    FileValidation,
}

const UPDATE: &[&str] = &["cloudtrail:UpdateTrail", "cloudtrail:GetTrail"];

impl CloudTrailChange {
    pub fn spec(&self) -> Spec {
        match self {
            CloudTrailChange::StartTrail { .. } => spec(
                "cloudtrail:StartLogging",
                &["cloudtrail:StartLogging", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"],
                "the trail records again; what happened while it was off is in event history alone",
                "the trail reads IsLogging",
                Undo::Call("cloudtrail:StopLogging"),
            ),
            CloudTrailChange::StopTrail { .. } => spec(
                "cloudtrail:StopLogging",
                &["cloudtrail:StopLogging", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"],
                "the trail records nothing more; event history goes on",
                "the trail reads not IsLogging",
                Undo::Call("cloudtrail:StartLogging"),
            ),
            CloudTrailChange::WidenTrail { what: TrailPart::Regions, .. } => spec(
                "cloudtrail:UpdateTrail(IsMultiRegionTrail=true)",
                UPDATE,
                "the trail records every region, and delivers from each to its bucket",
                "the trail reads IsMultiRegionTrail",
                Undo::Call("cloudtrail:UpdateTrail(IsMultiRegionTrail=false)"),
            ),
            CloudTrailChange::WidenTrail { what: TrailPart::GlobalServices, .. } => spec(
                "cloudtrail:UpdateTrail(IncludeGlobalServiceEvents=true)",
                UPDATE,
                "the trail records IAM, sign-in and STS again",
                "the trail reads IncludeGlobalServiceEvents",
                Undo::Call("cloudtrail:UpdateTrail(IncludeGlobalServiceEvents=false)"),
            ),
            CloudTrailChange::WidenTrail { what: TrailPart::FileValidation, .. } => spec(
                "cloudtrail:UpdateTrail(EnableLogFileValidation=true)",
                UPDATE,
                "the trail signs its files again, from now on",
                "the trail reads LogFileValidationEnabled",
                Undo::Call("cloudtrail:UpdateTrail(EnableLogFileValidation=false)"),
            ),
            CloudTrailChange::NarrowTrail { .. } => spec(
                "cloudtrail:UpdateTrail(as before)",
                UPDATE,
                "the setting is off again, as it was",
                "the setting reads off",
                Undo::Call("cloudtrail:UpdateTrail(on)"),
            ),
            CloudTrailChange::RecordManagementEvents { .. } => spec(
                "cloudtrail:PutEventSelectors(those that it has, and all management events)",
                &["cloudtrail:PutEventSelectors", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrail"],
                "the trail records every management event again, reads and writes; what it records besides stays",
                "a selector takes in all management events",
                Undo::Call("cloudtrail:PutEventSelectors(those that it had)"),
            ),
            CloudTrailChange::PutBackSelectors { .. } => spec(
                "cloudtrail:PutEventSelectors(those that it had)",
                &["cloudtrail:PutEventSelectors", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrail"],
                "the trail records what it did before, and no more",
                "the selectors read as they were",
                Undo::Call("cloudtrail:PutEventSelectors(those of now)"),
            ),
            CloudTrailChange::RestoreEventDataStore { .. } => spec(
                "cloudtrail:RestoreEventDataStore",
                &["cloudtrail:RestoreEventDataStore", "cloudtrail:GetEventDataStore"],
                "the event data store lives again with what it holds; possible for seven days after its deletion",
                "the store is not pending deletion",
                Undo::None("A restored event data store is yours again; delete it yourself if it must go."),
            ),
            CloudTrailChange::StartStoreIngestion { .. } => spec(
                "cloudtrail:StartEventDataStoreIngestion",
                &["cloudtrail:StartEventDataStoreIngestion", "cloudtrail:GetEventDataStore"],
                "the event data store takes events in again",
                "the store reads ENABLED",
                Undo::Call("cloudtrail:StopEventDataStoreIngestion"),
            ),
            CloudTrailChange::StopStoreIngestion { .. } => spec(
                "cloudtrail:StopEventDataStoreIngestion",
                &["cloudtrail:StopEventDataStoreIngestion", "cloudtrail:GetEventDataStore"],
                "the event data store takes no more events in, as before",
                "the store reads STOPPED_INGESTION",
                Undo::Call("cloudtrail:StartEventDataStoreIngestion"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        use CloudTrailChange::*;
        let was = |word: &str| before.get(word).and_then(Value::as_bool).unwrap_or(false);
        let back: CloudTrailChange = match self {
            StartTrail { .. } if was("is_logging") => return Reversal::Changes(Vec::new()),
            StartTrail { name } => StopTrail { name: name.clone() },
            StopTrail { .. } if !was("is_logging") => return Reversal::Changes(Vec::new()),
            StopTrail { name } => StartTrail { name: name.clone() },
            WidenTrail { .. } if was("is_on") => return Reversal::Changes(Vec::new()),
            WidenTrail { name, what } => NarrowTrail { name: name.clone(), what: *what },
            NarrowTrail { .. } if !was("is_on") => return Reversal::Changes(Vec::new()),
            NarrowTrail { name, what } => WidenTrail { name: name.clone(), what: *what },
            RecordManagementEvents { name } | PutBackSelectors { name, .. } => {
                match before.get("selectors") {
                    Some(selectors) => {
                        PutBackSelectors { name: name.clone(), selectors: selectors.to_string().into() }
                    }
                    None => {
                        return Reversal::None(
                            "What the trail recorded before was not seen; set it by hand.",
                        );
                    }
                }
            }
            RestoreEventDataStore { .. } => {
                return Reversal::None(
                    "A restored event data store is yours again; delete it yourself if it must go.",
                );
            }
            StartStoreIngestion { store } => StopStoreIngestion { store: store.clone() },
            StopStoreIngestion { store } => StartStoreIngestion { store: store.clone() },
        };
        Reversal::Changes(vec![back.into()])
    }
}
