//! Amazon CloudWatch Logs. Group names repeat in every region, so pairs are per region.

use super::policy_document::grant;
use crate::catalog::technique::{DISABLE_CLOUD_LOGS, TRANSFER_TO_CLOUD_ACCOUNT};
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::{DefenseEvasion, Exfiltration};

pub static LOGS: Service = Service {
    source: "logs.amazonaws.com",
    rows: &[
        on("CreateLogGroup").creates("aws.logs.log_group", GROUP).names("requestParameters.logGroupArn"),
        on("DeleteLogGroup")
            .deletes("aws.logs.log_group", GROUP)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Log group {id} was deleted with all that was in it."),
        on("CreateLogStream").touches("aws.logs.log_group", GROUP, "got log stream {requestParameters.logStreamName}"),
        on("DeleteLogStream")
            .touches("aws.logs.log_group", GROUP, "lost log stream {requestParameters.logStreamName}")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Log stream {requestParameters.logStreamName} of group {id} was deleted with all that was in it."),
        on("PutRetentionPolicy").touches("aws.logs.log_group", GROUP, "its logs are deleted after {requestParameters.retentionInDays} day(s)"),
        on("PutRetentionPolicy")
            .about("aws.logs.log_group", GROUP)
            .contain("logs:PutRetentionPolicy, logs:DeleteRetentionPolicy")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Log group {id} deletes what is older than {requestParameters.retentionInDays} day(s).")
            .pair("logs:retention {awsRegion}")
            .only_if(is_short),
        on("PutRetentionPolicy").about("aws.logs.log_group", GROUP).undoes("logs:retention {awsRegion}").only_if(|record| !is_short(record)),
        on("DeleteRetentionPolicy").touches("aws.logs.log_group", GROUP, "keeps its logs for ever").undoes("logs:retention {awsRegion}"),
        on("PutSubscriptionFilter")
            .touches("aws.logs.log_group", GROUP, "streams its logs to {requestParameters.destinationArn}")
            .contain("logs:DeleteSubscriptionFilter")
            .finding(Exfiltration, &TRANSFER_TO_CLOUD_ACCOUNT, "The logs of group {id} are streamed to another account, {requestParameters.destinationArn}.")
            .pair("logs:subscription {awsRegion} {requestParameters.filterName}")
            .only_if(leaves_account),
        on("PutSubscriptionFilter").touches("aws.logs.log_group", GROUP, "streams its logs to {requestParameters.destinationArn}").only_if(|record| !leaves_account(record)),
        on("DeleteSubscriptionFilter").touches("aws.logs.log_group", GROUP, "no longer streams to filter {requestParameters.filterName}").undoes("logs:subscription {awsRegion} {requestParameters.filterName}"),
        on("PutResourcePolicy")
            .touches("aws.logs.resource_policy", "requestParameters.policyName", "set")
            .tells(|record, facts| grant(record, "requestParameters.policyDocument", "requestParameters.policyName", facts)),
        on("CreateExportTask")
            .touches("aws.logs.log_group", GROUP, "exported to bucket {requestParameters.destination}")
            .contain("logs:CancelExportTask"),
        on("DeleteMetricFilter")
            .touches("aws.logs.log_group", GROUP, "lost metric filter {requestParameters.filterName}")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Metric filter {requestParameters.filterName} of log group {id} was deleted, and with it the alarms that count on it.")
            .pair("logs:metric {awsRegion} {requestParameters.filterName}"),
        on("PutMetricFilter").touches("aws.logs.log_group", GROUP, "got metric filter {requestParameters.filterName}").undoes("logs:metric {awsRegion} {requestParameters.filterName}"),
        on("TagLogGroup|UntagLogGroup").touches("aws.logs.log_group", GROUP, "its tags were changed"),
    ],
};

const GROUP: &str = "requestParameters.logGroupName|requestParameters.logGroupIdentifier";

/// Logs that live a week or less are gone before anybody looks.
const MAX_SUSPICIOUS_DAYS: u32 = 7;

fn is_short(record: &Record) -> bool {
    record
        .first("requestParameters.retentionInDays")
        .and_then(|days| days.parse::<u32>().ok())
        .is_some_and(|days| days <= MAX_SUSPICIOUS_DAYS)
}

fn leaves_account(record: &Record) -> bool {
    record.first("requestParameters.destinationArn").is_some_and(|arn| {
        let account = arn.split(':').nth(4).unwrap_or("");
        !account.is_empty() && !record.scope.account.is_empty() && *account != *record.scope.account
    })
}
