//! AWS Config. A recorder is called `default` in every region, so its pairs are per region.

use crate::catalog::technique::DISABLE_CLOUD_LOGS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static CONFIG: Service = Service {
    source: "config.amazonaws.com",
    rows: &[
        on("StopConfigurationRecorder")
            .touches("aws.config.recorder", RECORDER, "stopped")
            .contain("config:StartConfigurationRecorder")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Config recorder {id} in {awsRegion} was stopped: changes were no longer recorded there.")
            .pair("config:recorder {awsRegion}"),
        on("StartConfigurationRecorder").touches("aws.config.recorder", RECORDER, "started").undoes("config:recorder {awsRegion}"),
        on("PutConfigurationRecorder").touches("aws.config.recorder", "requestParameters.configurationRecorder.name", "what it records was set"),
        on("DeleteConfigurationRecorder")
            .deletes("aws.config.recorder", RECORDER)
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Config recorder {id} in {awsRegion} was deleted: changes were no longer recorded there.")
            .pair("config:recorder {awsRegion}"),
        on("PutDeliveryChannel").touches("aws.config.delivery_channel", "requestParameters.deliveryChannel.name", "set to bucket {requestParameters.deliveryChannel.s3BucketName}").undoes("config:channel {awsRegion}"),
        on("DeleteDeliveryChannel")
            .deletes("aws.config.delivery_channel", "requestParameters.deliveryChannelName")
            .contain("config:PutDeliveryChannel")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Config's delivery channel {id} in {awsRegion} was deleted: its history no longer reaches the bucket.")
            .pair("config:channel {awsRegion}"),
        on("PutConfigRule").touches("aws.config.rule", "requestParameters.configRule.configRuleName", "set").undoes("config:rule {awsRegion}"),
        on("DeleteConfigRule")
            .deletes("aws.config.rule", "requestParameters.configRuleName")
            .contain("config:PutConfigRule")
            .finding(DefenseEvasion, &DISABLE_CLOUD_LOGS, "Config rule {id} in {awsRegion} was deleted: what it watched for goes unnoticed.")
            .pair("config:rule {awsRegion}"),
    ],
};

const RECORDER: &str = "requestParameters.configurationRecorderName";
