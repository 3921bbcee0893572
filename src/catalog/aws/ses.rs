//! Amazon SES, both API versions. Everything is per region; SMTP passwords derive from IAM access keys.

use super::policy_document::grant;
use super::tell::ACCOUNT;
use crate::catalog::technique::CLOUD_SERVICE_HIJACKING;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::ServiceAbuse;

pub static SES: Service = Service {
    source: "ses.amazonaws.com",
    rows: &[
        on("VerifyEmailIdentity|VerifyEmailAddress")
            .creates("aws.ses.identity", "requestParameters.emailAddress")
            .contain("sesv2:DeleteEmailIdentity")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, ADDED)
            .pair(PAIR),
        on("VerifyDomainIdentity")
            .creates("aws.ses.identity", "requestParameters.domain")
            .contain("sesv2:DeleteEmailIdentity")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, ADDED)
            .pair(PAIR),
        on("CreateEmailIdentity")
            .creates("aws.ses.identity", "requestParameters.emailIdentity")
            .contain("sesv2:DeleteEmailIdentity")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, ADDED)
            .pair(PAIR),
        on("DeleteIdentity|DeleteEmailIdentity|DeleteVerifiedEmailAddress").deletes("aws.ses.identity", IDENTITY),
        on("DeleteIdentity|DeleteEmailIdentity|DeleteVerifiedEmailAddress").about("aws.ses.identity", IDENTITY).undoes(PAIR),
        on("VerifyDomainDkim").touches("aws.ses.identity", "requestParameters.domain", "its DKIM keys were made"),
        on("PutIdentityPolicy|CreateEmailIdentityPolicy|UpdateEmailIdentityPolicy")
            .touches("aws.ses.identity", IDENTITY, "given sending policy {requestParameters.policyName}")
            .tells(|record, facts| grant(record, "requestParameters.policy", IDENTITY, facts)),
        on("UpdateAccountSendingEnabled|PutAccountSendingAttributes")
            .about("aws.ses.account_sending", ACCOUNT)
            .contain("ses:UpdateAccountSendingEnabled")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Mail sending of account {id} was switched on in {awsRegion}.")
            .pair(SENDING)
            .only_if(|record| !record.is(ENABLED, "false")),
        on("UpdateAccountSendingEnabled|PutAccountSendingAttributes").about("aws.ses.account_sending", ACCOUNT).undoes(SENDING).only_if(|record| record.is(ENABLED, "false")),
        on("PutAccountDetails")
            .about("aws.ses.production_access", ACCOUNT)
            .contain("sesv2:PutAccountSendingAttributes")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Account {id} asked to leave the mail sandbox in {awsRegion}, so that it may write to anybody."),
        // Data events: seen only where a trail records them.
        on("SendEmail|SendRawEmail|SendTemplatedEmail|SendBulkEmail|SendBulkTemplatedEmail|SendCustomVerificationEmail")
            .about("aws.ses.send", "requestParameters.source|requestParameters.fromEmailAddress|requestParameters.fromEmailAddressIdentityArn|requestParameters.sourceArn")
            .contain("sesv2:PutAccountSendingAttributes")
            .finding(ServiceAbuse, &CLOUD_SERVICE_HIJACKING, "Mail was sent as {id}."),
        on("CreateConfigurationSet").creates("aws.ses.configuration_set", "requestParameters.configurationSetName|requestParameters.configurationSet.name"),
        on("DeleteConfigurationSet").deletes("aws.ses.configuration_set", "requestParameters.configurationSetName"),
        on("CreateTemplate|CreateEmailTemplate").creates("aws.ses.template", "requestParameters.templateName|requestParameters.template.templateName"),
        on("DeleteTemplate|DeleteEmailTemplate").deletes("aws.ses.template", "requestParameters.templateName"),
    ],
};

const IDENTITY: &str =
    "requestParameters.identity|requestParameters.emailIdentity|requestParameters.emailAddress";
const ENABLED: &str = "requestParameters.enabled|requestParameters.sendingEnabled";
const ADDED: &str = "{id} was registered in {awsRegion} to send mail as.";
const PAIR: &str = "ses:identity {awsRegion}";
const SENDING: &str = "ses:sending {awsRegion}";
