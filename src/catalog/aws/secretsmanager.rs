//! AWS Secrets Manager.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::{ADDITIONAL_CLOUD_ROLES, CLOUD_SECRETS};
use crate::catalog::{Record, Service, on};
use crate::model::report::FindingKind::{CredentialAccess, Persistence};

pub static SECRETSMANAGER: Service = Service {
    source: "secretsmanager.amazonaws.com",
    rows: &[
        on("CreateSecret")
            .creates("aws.secretsmanager.secret", "responseElements.arn|requestParameters.name")
            .names("requestParameters.name|responseElements.name"),
        // A deletion is only scheduled, seven to thirty days ahead, unless it is forced.
        on("DeleteSecret").deletes("aws.secretsmanager.secret", SECRET).names(NAMES).only_if(is_forced),
        on("DeleteSecret")
            .touches(
                "aws.secretsmanager.secret",
                SECRET,
                "will be deleted on {responseElements.deletionDate}",
            )
            .names(NAMES)
            .contain("secretsmanager:RestoreSecret")
            .only_if(|record| !is_forced(record)),
        // The service's own event when the deletion, forced or due, has been done: the secret is gone even where the call
        // that asked for it is not in the logs.
        on("EndSecretVersionDelete")
            .deletes(
                "aws.secretsmanager.secret",
                "additionalEventData.ARN|serviceEventDetails.secretId|serviceEventDetails.ARN",
            )
            .names("additionalEventData.Name|serviceEventDetails.secretId|serviceEventDetails.name"),
        on("StartSecretVersionDelete").touches(
            "aws.secretsmanager.secret",
            "additionalEventData.ARN|serviceEventDetails.secretId",
            "its deletion began",
        ),
        on("RestoreSecret").touches("aws.secretsmanager.secret", SECRET, "its deletion was called off"),
        on("PutSecretValue|UpdateSecret|RotateSecret|UpdateSecretVersionStage|CancelRotateSecret").touches(
            "aws.secretsmanager.secret",
            SECRET,
            "its value, version or rotation was changed",
        ),
        on("TagResource|UntagResource|ReplicateSecretToRegions|RemoveRegionsFromReplication").touches(
            "aws.secretsmanager.secret",
            SECRET,
            "its tags or copies were changed",
        ),
        on("GetSecretValue")
            .touches("aws.secretsmanager.secret", "requestParameters.secretId", "its value was read")
            .contain("secretsmanager:RotateSecret")
            .finding(CredentialAccess, &CLOUD_SECRETS, "Secret {id} was read: change what it holds."),
        // Each secret that it gives out also logs a GetSecretValue.
        on("BatchGetSecretValue")
            .touches("aws.secretsmanager.secret", "requestParameters.secretIdList[]", "its value was read")
            .contain("secretsmanager:RotateSecret")
            .finding(
                CredentialAccess,
                &CLOUD_SECRETS,
                "Secrets were read in bulk ({id}): change what they hold.",
            )
            .each(),
        on("PutResourcePolicy")
            .touches("aws.secretsmanager.resource_policy", SECRET, "its policy was replaced")
            .names(NAMES)
            .contain("secretsmanager:DeleteResourcePolicy")
            .tells(|record, facts| grant(record, POLICY, SECRET, facts)),
        on("PutResourcePolicy")
            .about("aws.secretsmanager.resource_policy", SECRET)
            .finding(
                Persistence,
                &ADDITIONAL_CLOUD_ROLES,
                "The policy of secret {id} now lets another account, or anybody, read it.",
            )
            .pair("secretsmanager:policy")
            .only_if(|record| lets_outsiders_in(record, POLICY)),
        on("PutResourcePolicy")
            .about("aws.secretsmanager.resource_policy", SECRET)
            .undoes("secretsmanager:policy")
            .only_if(|record| keeps_outsiders_out(record, POLICY)),
        on("DeleteResourcePolicy")
            .touches("aws.secretsmanager.resource_policy", SECRET, "its policy was deleted")
            .undoes("secretsmanager:policy"),
    ],
};

/// Responses spell it `arn` or `aRN`; the request may hold the name alone.
const SECRET: &str = "responseElements.aRN|responseElements.arn|requestParameters.secretId";
const NAMES: &str = "requestParameters.secretId|responseElements.name";
const POLICY: &str = "requestParameters.resourcePolicy";

fn is_forced(record: &Record) -> bool {
    record.is("requestParameters.forceDeleteWithoutRecovery", "true")
}
