//! Cloud Logging: what is kept and copied, and what became blind.
//!
//! Admin Activity and system events stay in `_Required` for 400 days whatever anybody does; a note says what is lost
//! beside them.

use super::common::{self, NAME, Say};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

const SINK: &str = "gcp.logging.log_sink";
const SINK_ID: &str = "protoPayload.resourceName~/sinks/|protoPayload.request.sinkName~/sinks/|{protoPayload.request.parent}/sinks/{protoPayload.request.sink.name}";
const SINK_NAMES: &str = "protoPayload.resourceName~/sinks/|protoPayload.request.sinkName|{protoPayload.request.parent}/sinks/{protoPayload.request.sink.name}|resource.labels.name";
const EXCLUSION: &str = "gcp.logging.log_exclusion";
const EXCLUSION_ID: &str = "protoPayload.resourceName~/exclusions/|protoPayload.request.name~/exclusions/|{protoPayload.request.parent}/exclusions/{protoPayload.request.exclusion.name}";
const BUCKET: &str = "gcp.logging.log_bucket";
const BUCKET_ID: &str = "protoPayload.resourceName~/buckets/|protoPayload.request.name~/buckets/|{protoPayload.request.parent}/buckets/{protoPayload.request.bucketId}";
const VIEW: &str = "gcp.logging.log_view";
const VIEW_ID: &str = "protoPayload.resourceName~/views/|protoPayload.request.name~/views/|{protoPayload.request.parent}/views/{protoPayload.request.viewId}";
const METRIC: &str = "gcp.logging.log_metric";
const METRIC_ID: &str = "protoPayload.resourceName~/metrics/|protoPayload.request.metricName~/metrics/|{protoPayload.request.parent}/metrics/{protoPayload.request.metric.name}";
const COPY: &str = "gcp.logging.copy";

pub static LOGGING: Service = Service {
    source: "logging.googleapis.com",
    rows: &[
        // ---- sinks
        on("ConfigServiceV2.CreateSink")
            .creates(SINK, SINK_ID)
            .names(SINK_NAMES)
            .contain("logging.sinks.patch;!logging.sinks.delete")
            .tells(copies),
        on("ConfigServiceV2.CreateSink").about(SINK, SINK_ID).undoes("gcp.logging.sink"),
        on("ConfigServiceV2.UpdateSink")
            .touches(SINK, SINK_ID, "changed")
            .names(SINK_NAMES)
            .contain("logging.sinks.patch")
            .tells(changed),
        on("ConfigServiceV2.DeleteSink")
            .deletes(SINK, SINK_ID)
            .names(SINK_NAMES)
            .contain("logging.sinks.create")
            .finding(
                DefenseEvasion,
                &DISABLE_CLOUD_LOGS,
                "Log sink {id} was deleted: what it copied (data access and whatever else its filter took) reaches its destination no more; Admin Activity stays in _Required.",
            )
            .pair("gcp.logging.sink"),
        on("ConfigServiceV2.DeleteSink").about(SINK, SINK_ID).undoes(COPY),
        // ---- exclusions
        on("ConfigServiceV2.CreateExclusion")
            .creates(EXCLUSION, EXCLUSION_ID)
            .contain("logging.exclusions.patch;!logging.exclusions.delete")
            .tells(excludes),
        on("ConfigServiceV2.UpdateExclusion")
            .touches(EXCLUSION, EXCLUSION_ID, "changed")
            .contain("logging.exclusions.patch;!logging.exclusions.delete")
            .tells(excludes),
        on("ConfigServiceV2.DeleteExclusion").deletes(EXCLUSION, EXCLUSION_ID).undoes("gcp.logging.exclusion"),
        // ---- buckets
        on("ConfigServiceV2.CreateBucket|ConfigServiceV2.CreateBucketAsync").creates(BUCKET, BUCKET_ID),
        on("ConfigServiceV2.DeleteBucket")
            .deletes(BUCKET, BUCKET_ID)
            .contain("logging.buckets.undelete")
            .finding(
                DefenseEvasion,
                &DISABLE_CLOUD_LOGS,
                "Log bucket {id} was deleted: its logs are gone in 7 days unless it is undeleted, and new ones are not kept.",
            )
            .pair("gcp.logging.bucket"),
        on("ConfigServiceV2.UndeleteBucket").touches(BUCKET, BUCKET_ID, "undeleted").undoes("gcp.logging.bucket"),
        on("ConfigServiceV2.UpdateBucket|ConfigServiceV2.UpdateBucketAsync")
            .touches(BUCKET, BUCKET_ID, "changed")
            .contain("logging.buckets.patch")
            .tells(retention),
        // ---- views, logs, settings, metrics
        on("ConfigServiceV2.CreateView").creates(VIEW, VIEW_ID),
        on("ConfigServiceV2.UpdateView").touches(VIEW, VIEW_ID, "changed").contain("logging.views.patch").finding(
            DefenseEvasion,
            &DISABLE_CLOUD_LOGS,
            "Log view {id} was changed: whoever reads through it sees other logs than before; the logs themselves are kept.",
        ),
        on("ConfigServiceV2.DeleteView").deletes(VIEW, VIEW_ID).contain("logging.views.create").finding(
            DefenseEvasion,
            &DISABLE_CLOUD_LOGS,
            "Log view {id} was deleted: whoever reads through it sees nothing now; the logs themselves are kept.",
        ),
        on("LoggingServiceV2.DeleteLog").about("gcp.logging.log", "protoPayload.request.logName|protoPayload.resourceName").finding(
            DefenseEvasion,
            &INDICATOR_REMOVAL,
            "All entries of log {id} were deleted for good; audit logs can't be deleted so.",
        ),
        on("ConfigServiceV2.UpdateSettings|ConfigServiceV2.UpdateCmekSettings")
            .touches("gcp.logging.settings", NAME, "changed")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "The logging settings of {id} were changed: see where new logs are stored and under which key."),
        on("MetricsServiceV2.CreateLogMetric").creates(METRIC, METRIC_ID).names("resource.labels.name"),
        on("MetricsServiceV2.UpdateLogMetric").touches(METRIC, METRIC_ID, "changed"),
        on("MetricsServiceV2.DeleteLogMetric").deletes(METRIC, METRIC_ID).names("resource.labels.name").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Log metric {id} was deleted: alerts that stand on it no longer fire.",
        ),
        on("ConfigServiceV2.CreateLink").creates("gcp.logging.link", "protoPayload.resourceName~/links/|{protoPayload.request.parent}/links/{protoPayload.request.linkId}"),
        on("ConfigServiceV2.DeleteLink").deletes("gcp.logging.link", "protoPayload.resourceName~/links/|protoPayload.request.name~/links/"),
    ],
};

/// Tells where a sink copies to.
fn copies(record: &Record, facts: &mut Vec<Fact>) {
    let Some(sink) = common::last(facts, SINK).map(|resource| resource.id.clone()) else { return };
    let Some(to) = record.first("protoPayload.request.sink.destination") else { return };
    let note = format!("Log sink {sink} copies logs to {}.", common::brief(&to));
    facts.push(
        Say { kind: Exfiltration, technique: &TRANSFER_TO_CLOUD_ACCOUNT, subject: &sink, pair: COPY, note }
            .fact(record),
    );
}

/// Tells what an update of a sink blinded: its disabling, its exclusions, its filter, its destination. The mask says
/// what is changed; a field outside of it is only repeated.
fn changed(record: &Record, facts: &mut Vec<Fact>) {
    let Some(sink) = common::last(facts, SINK).map(|resource| resource.id.clone()) else { return };
    let mask = record.all("protoPayload.request.updateMask.paths[]|protoPayload.request.updateMask");
    let is_changed = |field: &str| {
        mask.is_empty()
            || mask.iter().flat_map(|part| part.split(',')).any(|part| {
                let part = part.trim();
                part == "*" || part == field || part.rsplit('.').next() == Some(field)
            })
    };
    let say =
        |pair, note| Say { kind: DefenseEvasion, technique: &DISABLE_CLOUD_LOGS, subject: &sink, pair, note };
    if is_changed("disabled") {
        if record.is("protoPayload.request.sink.disabled", "true") {
            facts.push(say("gcp.logging.sink", format!("Log sink {sink} was disabled: it copies nothing now; Admin Activity stays in _Required.")).fact(record));
        } else if record.is("protoPayload.request.sink.disabled", "false") || !mask.is_empty() {
            facts.push(say("gcp.logging.sink", format!("Log sink {sink} was enabled.")).undoing(record));
        }
    }
    if is_changed("exclusions") {
        let filters = record.all("protoPayload.request.sink.exclusions[].filter");
        if !filters.is_empty() {
            let note = format!(
                "Log sink {sink} no longer copies what matches {}.",
                common::brief(&filters.join(" OR "))
            );
            facts.push(say("gcp.logging.sink_exclusions", note).fact(record));
        } else if !mask.is_empty() {
            facts.push(
                say("gcp.logging.sink_exclusions", format!("Log sink {sink} excludes nothing."))
                    .undoing(record),
            );
        }
    }
    // Without a mask a repeated filter or destination looks like a new one: only a mask makes it a finding.
    if !mask.is_empty() && is_changed("filter") {
        let filter = record.first("protoPayload.request.sink.filter").unwrap_or_else(|| "everything".into());
        facts.push(
            say("", format!("Log sink {sink} now copies only {}.", common::brief(&filter))).fact(record),
        );
    }
    if !mask.is_empty()
        && is_changed("destination")
        && let Some(to) = record.first("protoPayload.request.sink.destination")
    {
        let note =
            format!("Log sink {sink} now copies to {}, and no longer to where it did.", common::brief(&to));
        facts.push(say("", note).fact(record));
    }
}

/// Tells what an exclusion drops, and one that is disabled again.
fn excludes(record: &Record, facts: &mut Vec<Fact>) {
    let Some(exclusion) = common::last(facts, EXCLUSION).map(|resource| resource.id.clone()) else { return };
    let filter = record.first("protoPayload.request.exclusion.filter");
    let what = filter.map_or_else(
        || "a filter that this record does not show".to_owned(),
        |filter| common::brief(&filter),
    );
    let say = Say {
        kind: DefenseEvasion,
        technique: &DISABLE_CLOUD_LOGS,
        subject: &exclusion,
        pair: "gcp.logging.exclusion",
        note: format!(
            "Exclusion {exclusion} drops log entries that match {what}; Admin Activity stays in _Required."
        ),
    };
    facts.push(if record.is("protoPayload.request.exclusion.disabled", "true") {
        say.undoing(record)
    } else {
        say.fact(record)
    });
}

/// Tells a retention that was set: the record does not have the one before.
fn retention(record: &Record, facts: &mut Vec<Fact>) {
    let Some(bucket) = common::last(facts, BUCKET).map(|resource| resource.id.clone()) else { return };
    let Some(days) = record.first("protoPayload.request.bucket.retentionDays") else { return };
    let note = format!(
        "Log bucket {bucket} now keeps its logs for {} days; older ones are deleted for good.",
        common::brief(&days)
    );
    facts.push(
        Say { kind: DefenseEvasion, technique: &DISABLE_CLOUD_LOGS, subject: &bucket, pair: "", note }
            .fact(record),
    );
}
