//! What we know of AWS: one file per service, one row per event.

pub mod access_analyzer;
pub mod account;
pub mod agreement_marketplace;
pub mod aoss;
pub mod backup;
pub mod budgets;
pub mod ce;
pub mod cloudfront;
pub mod cloudtrail;
pub mod cognito_idp;
pub mod config;
pub mod datasync;
pub mod dynamodb;
pub mod ec2;
pub mod elasticache;
pub mod elasticfilesystem;
pub mod es;
pub mod globalaccelerator;
pub mod guardduty;
pub mod iam;
pub mod identitystore;
pub mod kafka;
pub mod kinesis;
pub mod kms;
pub mod logs;
pub mod macie2;
pub mod medialive;
pub mod mediapackagev2;
pub mod monitoring;
pub mod organizations;
pub mod policy_document;
pub mod rds;
pub mod redshift;
pub mod redshift_serverless;
pub mod rolesanywhere;
pub mod route53;
pub mod route53domains;
pub mod route53resolver;
pub mod s3;
pub mod savingsplans;
pub mod secretsmanager;
pub mod securityhub;
pub mod servicequotas;
pub mod ses;
pub mod shield;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod sso;
pub mod sso_directory;
pub mod support;
pub mod transfer;
pub mod wafv2;

use super::Service;

/// Every AWS service that we have rows for, alphabetical.
#[rustfmt::skip] // One line each, so that two people can add one.
pub static SERVICES: &[&Service] = &[
    &access_analyzer::ACCESS_ANALYZER,
    &account::ACCOUNT,
    &agreement_marketplace::AGREEMENT_MARKETPLACE,
    &aoss::AOSS,
    &backup::BACKUP,
    &budgets::BUDGETS,
    &ce::CE,
    &cloudfront::CLOUDFRONT,
    &cloudtrail::CLOUDTRAIL,
    &cognito_idp::COGNITO_IDP,
    &config::CONFIG,
    &datasync::DATASYNC,
    &dynamodb::DYNAMODB,
    &ec2::EC2,
    &elasticache::ELASTICACHE,
    &elasticfilesystem::ELASTICFILESYSTEM,
    &es::ES,
    &globalaccelerator::GLOBALACCELERATOR,
    &guardduty::GUARDDUTY,
    &iam::IAM,
    &identitystore::IDENTITYSTORE,
    &kafka::KAFKA,
    &kinesis::KINESIS,
    &kms::KMS,
    &logs::LOGS,
    &macie2::MACIE2,
    &medialive::MEDIALIVE,
    &mediapackagev2::MEDIAPACKAGEV2,
    &monitoring::MONITORING,
    &organizations::ORGANIZATIONS,
    &rds::RDS,
    &redshift::REDSHIFT,
    &redshift_serverless::REDSHIFT_SERVERLESS,
    &rolesanywhere::ROLESANYWHERE,
    &route53::ROUTE53,
    &route53domains::ROUTE53DOMAINS,
    &route53resolver::ROUTE53RESOLVER,
    &s3::S3,
    &savingsplans::SAVINGSPLANS,
    &secretsmanager::SECRETSMANAGER,
    &securityhub::SECURITYHUB,
    &servicequotas::SERVICEQUOTAS,
    &ses::SES,
    &shield::SHIELD,
    &sns::SNS,
    &sqs::SQS,
    &ssm::SSM,
    &sso::SSO,
    &sso_directory::SSO_DIRECTORY,
    &support::SUPPORT,
    &transfer::TRANSFER,
    &wafv2::WAFV2,
];
