//! AWS KMS.

use super::policy_document::{grant, keeps_outsiders_out, lets_outsiders_in};
use crate::catalog::technique::{
    ADDITIONAL_CLOUD_ROLES, DATA_DESTRUCTION, INHIBIT_RECOVERY, TRANSFER_TO_CLOUD_ACCOUNT,
};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::{Destruction, Exposure, Persistence};

pub static KMS: Service = Service {
    source: "kms.amazonaws.com",
    rows: &[
        on("CreateKey|ReplicateKey")
            .creates("aws.kms.key", "responseElements.keyMetadata.keyId|responseElements.replicaKeyMetadata.keyId")
            .names("responseElements.keyMetadata.arn|responseElements.replicaKeyMetadata.arn")
            .contain("kms:DisableKey")
            .tells(|record, facts| grant(record, POLICY, "responseElements.keyMetadata.keyId", facts)),
        // A key stays, unusable, for seven to thirty days.
        on("ScheduleKeyDeletion")
            .touches("aws.kms.key", KEY, "will be deleted on {responseElements.deletionDate}")
            .contain("kms:CancelKeyDeletion, kms:EnableKey")
            .finding(Destruction, &DATA_DESTRUCTION, "Key {id} will be deleted on {responseElements.deletionDate}, and everything it encrypts is lost then: cancel it before.")
            .pair("kms:deletion"),
        // The service's own event when that time has come.
        on("DeleteKey").deletes("aws.kms.key", "serviceEventDetails.keyId|resources[].ARN").names("resources[].ARN"),
        on("CancelKeyDeletion").touches("aws.kms.key", KEY, "its deletion was cancelled").undoes("kms:deletion"),
        on("DisableKey")
            .touches("aws.kms.key", KEY, "disabled")
            .contain("kms:EnableKey")
            .finding(Destruction, &INHIBIT_RECOVERY, "Key {id} was disabled: nothing that it encrypts can be read.")
            .pair("kms:enabled"),
        on("EnableKey").touches("aws.kms.key", KEY, "enabled").undoes("kms:enabled"),
        on("DeleteImportedKeyMaterial")
            .touches("aws.kms.key", KEY, "its imported material was deleted")
            .contain("kms:ImportKeyMaterial")
            .finding(Destruction, &DATA_DESTRUCTION, "The imported material of key {id} was deleted: nothing that it encrypts can be read until the same material is imported again.")
            .pair("kms:material"),
        on("ImportKeyMaterial").touches("aws.kms.key", KEY, "key material was imported").undoes("kms:material"),
        on("PutKeyPolicy")
            .touches("aws.kms.key_policy", KEY, "its policy was replaced")
            .contain("kms:PutKeyPolicy")
            .tells(|record, facts| grant(record, POLICY, KEY, facts)),
        on("PutKeyPolicy")
            .about("aws.kms.key_policy", KEY)
            .finding(Exposure, &TRANSFER_TO_CLOUD_ACCOUNT, "The policy of key {id} now lets another account, or anybody, use it.")
            .pair("kms:policy")
            .only_if(|record| lets_outsiders_in(record, POLICY)),
        on("PutKeyPolicy").about("aws.kms.key_policy", KEY).undoes("kms:policy").only_if(|record| keeps_outsiders_out(record, POLICY)),
        on("PutKeyPolicy")
            .about("aws.kms.key_policy", KEY)
            .finding(Destruction, &INHIBIT_RECOVERY, "The policy of key {id} was replaced without the check against locking oneself out; only AWS Support can undo a lock-out.")
            .only_if(|record| record.is("requestParameters.bypassPolicyLockoutSafetyCheck", "true")),
        // Services make grants for their own work all day; those come and go with the resource.
        on("CreateGrant")
            .creates("aws.kms.grant", "responseElements.grantId")
            .names("requestParameters.name")
            .contain("kms:RevokeGrant")
            .only_if(|record| record.actor.invoked_by.is_none())
            .tells(|record, facts| {
                if let (Some(member), Some(on)) = (record.first(GRANTEE), record.first(KEY)) {
                    let role = record.all("requestParameters.operations[]").join(", ").into();
                    facts.push(Fact::Granted { member, role, on });
                }
            }),
        on("CreateGrant")
            .about("aws.kms.grant", "responseElements.grantId")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "{requestParameters.granteePrincipal} of another account was granted use of key {requestParameters.keyId}, which outlives a new key policy.")
            .pair("kms:grant")
            .only_if(|record| record.actor.invoked_by.is_none() && is_foreign_grantee(record)),
        on("RevokeGrant|RetireGrant").deletes("aws.kms.grant", "requestParameters.grantId"),
        on("RevokeGrant|RetireGrant").about("aws.kms.grant", "requestParameters.grantId").undoes("kms:grant"),
        on("CreateAlias").creates("aws.kms.alias", "requestParameters.aliasName"),
        on("UpdateAlias").touches("aws.kms.alias", "requestParameters.aliasName", "pointed at key {requestParameters.targetKeyId}"),
        on("DeleteAlias").deletes("aws.kms.alias", "requestParameters.aliasName"),
        on("EnableKeyRotation|DisableKeyRotation|UpdateKeyDescription|TagResource|UntagResource").touches("aws.kms.key", KEY, "its settings were changed"),
    ],
};

/// A bare id or an ARN. Not every call answers with it, so the request's comes first: both halves of a pair have that.
const KEY: &str = "requestParameters.keyId|responseElements.keyId";
const POLICY: &str = "requestParameters.policy";
const GRANTEE: &str = "requestParameters.granteePrincipal";

fn is_foreign_grantee(record: &Record) -> bool {
    record.first(GRANTEE).is_some_and(|arn| {
        let account = arn.split(':').nth(4).unwrap_or("");
        account.len() == 12 && !record.scope.account.is_empty() && *account != *record.scope.account
    })
}
