//! AWS CloudTrail itself. Event history (LookupEvents) keeps ninety days of management events whatever is done here.

use crate::catalog::technique::{DATA_DESTRUCTION, DISABLE_CLOUD_LOGS, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::{DefenseEvasion, Exfiltration};
use serde_json::Value;

pub static CLOUDTRAIL: Service = Service {
    source: "cloudtrail.amazonaws.com",
    rows: &[
        on("CreateTrail")
            .creates("aws.cloudtrail.trail", "responseElements.trailARN|requestParameters.name")
            .names("requestParameters.name|responseElements.name")
            .contain("cloudtrail:StopLogging"),
        on("StopLogging")
            .touches("aws.cloudtrail.trail", NAME, "its logging was stopped")
            .contain("cloudtrail:StartLogging")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} was stopped: it recorded nothing from then on.")
            .pair("cloudtrail:logging"),
        on("StartLogging")
            .touches("aws.cloudtrail.trail", NAME, "its logging was started")
            .undoes("cloudtrail:logging"),
        on("DeleteTrail")
            .deletes("aws.cloudtrail.trail", NAME)
            .contain("cloudtrail:CreateTrail, cloudtrail:StartLogging")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} was deleted: it recorded nothing from then on.")
            .pair("cloudtrail:logging"),
        on("UpdateTrail")
            .touches("aws.cloudtrail.trail", TRAIL, "its settings were changed")
            .names("requestParameters.name")
            .contain("cloudtrail:UpdateTrail"),
        on("UpdateTrail")
            .about("aws.cloudtrail.trail", TRAIL)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} was cut down to one region: it no longer sees what happens in the others.")
            .pair("cloudtrail:regions")
            .only_if(|record| record.is("requestParameters.isMultiRegionTrail", "false")),
        on("UpdateTrail").about("aws.cloudtrail.trail", TRAIL).undoes("cloudtrail:regions").only_if(|record| record.is("requestParameters.isMultiRegionTrail", "true")),
        on("UpdateTrail")
            .about("aws.cloudtrail.trail", TRAIL)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} no longer records global services: IAM, sign-in and STS go unseen.")
            .pair("cloudtrail:global")
            .only_if(|record| record.is("requestParameters.includeGlobalServiceEvents", "false")),
        on("UpdateTrail").about("aws.cloudtrail.trail", TRAIL).undoes("cloudtrail:global").only_if(|record| record.is("requestParameters.includeGlobalServiceEvents", "true")),
        on("UpdateTrail")
            .about("aws.cloudtrail.trail", TRAIL)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} no longer signs its files: a forged log can't be told from a true one.")
            .pair("cloudtrail:validation")
            .only_if(|record| record.is("requestParameters.enableLogFileValidation", "false")),
        on("UpdateTrail").about("aws.cloudtrail.trail", TRAIL).undoes("cloudtrail:validation").only_if(|record| record.is("requestParameters.enableLogFileValidation", "true")),
        on("UpdateTrail")
            .about("aws.cloudtrail.trail", TRAIL)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} was pointed at bucket {requestParameters.s3BucketName}; check that the bucket is yours and the one it was.")
            .only_if(|record| record.first("requestParameters.s3BucketName").is_some()),
        on("PutEventSelectors")
            .touches("aws.cloudtrail.event_selectors", SELECTED, "what it records was changed")
            .names("requestParameters.trailName")
            .contain("cloudtrail:PutEventSelectors"),
        on("PutEventSelectors")
            .about("aws.cloudtrail.event_selectors", SELECTED)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} no longer records management events: what is done to the account goes unseen.")
            .pair("cloudtrail:selectors")
            .only_if(|record| selected(record) == Some(Selected::None)),
        on("PutEventSelectors")
            .about("aws.cloudtrail.event_selectors", SELECTED)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} records only part of the management events now: only reads, only writes, or without some services.")
            .pair("cloudtrail:selectors")
            .only_if(|record| selected(record) == Some(Selected::Part)),
        on("PutEventSelectors").about("aws.cloudtrail.event_selectors", SELECTED).undoes("cloudtrail:selectors").only_if(|record| selected(record) == Some(Selected::All)),
        on("PutInsightSelectors").touches("aws.cloudtrail.insight_selectors", SELECTED, "its insights were changed"),
        on("PutInsightSelectors")
            .about("aws.cloudtrail.insight_selectors", SELECTED)
            .contain("cloudtrail:PutInsightSelectors")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Trail {id} no longer looks for unusual activity.")
            .pair("cloudtrail:insights")
            .only_if(|record| !has_insights(record)),
        on("PutInsightSelectors").about("aws.cloudtrail.insight_selectors", SELECTED).undoes("cloudtrail:insights").only_if(has_insights),
        // CloudTrail Lake.
        on("CreateEventDataStore")
            .creates("aws.cloudtrail.event_data_store", "responseElements.eventDataStoreArn|requestParameters.name")
            .names("requestParameters.name"),
        on("DeleteEventDataStore")
            .deletes("aws.cloudtrail.event_data_store", STORE)
            .contain("cloudtrail:RestoreEventDataStore")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Event data store {id} was deleted; it can be restored for seven days.")
            .pair("cloudtrail:store"),
        on("RestoreEventDataStore").touches("aws.cloudtrail.event_data_store", STORE, "restored").undoes("cloudtrail:store"),
        on("StopEventDataStoreIngestion")
            .touches("aws.cloudtrail.event_data_store", STORE, "stopped taking events in")
            .contain("cloudtrail:StartEventDataStoreIngestion")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Event data store {id} was stopped: it took no events in from then on.")
            .pair("cloudtrail:ingestion"),
        on("StartEventDataStoreIngestion").touches("aws.cloudtrail.event_data_store", STORE, "takes events in again").undoes("cloudtrail:ingestion"),
        on("UpdateEventDataStore").touches("aws.cloudtrail.event_data_store", STORE, "its settings were changed"),
        on("UpdateEventDataStore")
            .about("aws.cloudtrail.event_data_store", STORE)
            .finding(DefenseEvasion, &DATA_DESTRUCTION, "Event data store {id} lost its protection against deletion.")
            .pair("cloudtrail:store-protection")
            .only_if(|record| record.is("requestParameters.terminationProtectionEnabled", "false")),
        on("UpdateEventDataStore").about("aws.cloudtrail.event_data_store", STORE).undoes("cloudtrail:store-protection").only_if(|record| record.is("requestParameters.terminationProtectionEnabled", "true")),
        on("CreateChannel").creates("aws.cloudtrail.channel", "responseElements.channelArn|requestParameters.name").names("requestParameters.name"),
        on("DeleteChannel").deletes("aws.cloudtrail.channel", "requestParameters.channel"),
        on("RegisterOrganizationDelegatedAdmin")
            .about("aws.cloudtrail.delegated_admin", "requestParameters.memberAccountId")
            .contain("cloudtrail:DeregisterOrganizationDelegatedAdmin")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "Account {id} now manages the trails of the whole organization.")
            .pair("cloudtrail:delegated-admin"),
        on("DeregisterOrganizationDelegatedAdmin").about("aws.cloudtrail.delegated_admin", "requestParameters.delegatedAdminAccountId").undoes("cloudtrail:delegated-admin"),
        on("AddTags|RemoveTags").touches("aws.cloudtrail.trail", "requestParameters.resourceId", "its tags were changed"),
    ],
};

const NAME: &str = "requestParameters.name";
const TRAIL: &str = "responseElements.trailARN|requestParameters.name";
const SELECTED: &str = "responseElements.trailARN|requestParameters.trailName";
const STORE: &str = "requestParameters.eventDataStore|responseElements.eventDataStoreArn";

/// How much of the management events a trail records.
#[derive(Debug, PartialEq)]
enum Selected {
    All,
    Part,
    None,
}

/// Reads the selectors that were asked for; a trail records what any of them matches. `None` when the record shows none.
fn selected(record: &Record) -> Option<Selected> {
    let basic = record.values("requestParameters.eventSelectors[]|responseElements.eventSelectors[]");
    let advanced =
        record.values("requestParameters.advancedEventSelectors[]|responseElements.advancedEventSelectors[]");
    let each = basic.into_iter().map(basic_selected).chain(advanced.into_iter().map(advanced_selected));
    each.max_by_key(|selected| match selected {
        Selected::None => 0,
        Selected::Part => 1,
        Selected::All => 2,
    })
}

fn basic_selected(selector: &Value) -> Selected {
    if selector.get("includeManagementEvents").is_some_and(is_false) {
        return Selected::None;
    }
    let kinds = selector.get("readWriteType").and_then(Value::as_str).unwrap_or("All");
    let excluded = selector.get("excludeManagementEventSources").and_then(Value::as_array);
    if kinds == "All" && excluded.is_none_or(Vec::is_empty) { Selected::All } else { Selected::Part }
}

fn advanced_selected(selector: &Value) -> Selected {
    let fields = selector.get("fieldSelectors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names = |field: &Value, name: &str| field.get("field").and_then(Value::as_str) == Some(name);
    let management = fields.iter().any(|field| {
        names(field, "eventCategory")
            && field
                .get("equals")
                .and_then(Value::as_array)
                .is_some_and(|is| is.iter().any(|c| c == "Management"))
    });
    match (management, fields.iter().all(|field| names(field, "eventCategory"))) {
        (false, _) => Selected::None,
        (true, true) => Selected::All,
        (true, false) => Selected::Part,
    }
}

fn is_false(value: &Value) -> bool {
    value == &Value::Bool(false) || value.as_str() == Some("false")
}

fn has_insights(record: &Record) -> bool {
    !record.values("requestParameters.insightSelectors[]").is_empty()
}
