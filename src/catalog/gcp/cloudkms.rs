//! Cloud KMS, whose methods are bare names.

use super::common;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const RING: &str = "gcp.cloudkms.key_ring";
const RING_ID: &str = "protoPayload.resourceName~/keyRings/|{protoPayload.request.parent}/keyRings/{protoPayload.request.keyRingId}";
const KEY: &str = "gcp.cloudkms.crypto_key";
const KEY_ID: &str = "protoPayload.resourceName~/cryptoKeys/|{protoPayload.request.parent}/cryptoKeys/{protoPayload.request.cryptoKeyId}|protoPayload.resourceName~/keyRings/";
const VERSION: &str = "gcp.cloudkms.crypto_key_version";
const VERSION_ID: &str = "protoPayload.resourceName~/cryptoKeyVersions/|protoPayload.response.name~/cryptoKeyVersions/|protoPayload.request.name~/cryptoKeyVersions/|protoPayload.request.cryptoKeyVersion.name~/cryptoKeyVersions/|{protoPayload.resourceName}/cryptoKeyVersions/{resource.labels.crypto_key_version_id}";

pub static CLOUDKMS: Service = Service {
    source: "cloudkms.googleapis.com",
    rows: &[
        on("CreateKeyRing|KeyManagementService.CreateKeyRing").creates(RING, RING_ID).note("Key ring {id} can't be deleted, but costs nothing."),
        on("CreateCryptoKey|KeyManagementService.CreateCryptoKey")
            .creates(KEY, KEY_ID)
            .note("Key {id} can't be deleted, only its versions; see what is encrypted with it."),
        on("CreateCryptoKeyVersion|KeyManagementService.CreateCryptoKeyVersion").creates(VERSION, VERSION_ID).contain("cloudkms.cryptoKeyVersions.patch"),
        on("ImportCryptoKeyVersion|KeyManagementService.ImportCryptoKeyVersion")
            .creates(VERSION, VERSION_ID)
            .contain("cloudkms.cryptoKeyVersions.patch")
            .finding(Persistence, &DATA_ENCRYPTED, "Key version {id} was imported: whoever brought it has the key, so what it encrypts is theirs to unlock."),
        on("SetIamPolicy|KeyManagementService.SetIamPolicy|IAMPolicy.SetIamPolicy")
            .touches(KEY, KEY_ID, "IAM policy changed")
            .names("protoPayload.request.resource")
            .contain("cloudkms.cryptoKeys.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, KEY, Persistence, &ADDITIONAL_CLOUD_ROLES)),
        on("UpdateCryptoKey|UpdateCryptoKeyPrimaryVersion|KeyManagementService.UpdateCryptoKey|KeyManagementService.UpdateCryptoKeyPrimaryVersion")
            .touches(KEY, KEY_ID, "changed"),
        on("UpdateCryptoKeyVersion|KeyManagementService.UpdateCryptoKeyVersion")
            .touches(VERSION, VERSION_ID, "disabled")
            .contain("cloudkms.cryptoKeyVersions.patch")
            .only_if(|record| record.is(STATE, "DISABLED"))
            .finding(Destruction, &DATA_ENCRYPTED, "Key version {id} was disabled: what it encrypts can't be read until it is enabled again.")
            .pair("gcp.kms.version"),
        on("UpdateCryptoKeyVersion|KeyManagementService.UpdateCryptoKeyVersion")
            .touches(VERSION, VERSION_ID, "changed")
            .only_if(|record| !record.is(STATE, "DISABLED") && !record.is(STATE, "ENABLED")),
        on("UpdateCryptoKeyVersion|KeyManagementService.UpdateCryptoKeyVersion")
            .touches(VERSION, VERSION_ID, "enabled")
            .only_if(|record| record.is(STATE, "ENABLED"))
            .undoes("gcp.kms.version"),
        on("DestroyCryptoKeyVersion|KeyManagementService.DestroyCryptoKeyVersion")
            .deletes(VERSION, VERSION_ID)
            .contain("cloudkms.cryptoKeyVersions.restore")
            .finding(Destruction, &DATA_ENCRYPTED, "Key version {id} is due to be destroyed (30 days unless set otherwise): restore it before, or what it encrypts is lost.")
            .pair("gcp.kms.version"),
        on("RestoreCryptoKeyVersion|KeyManagementService.RestoreCryptoKeyVersion").touches(VERSION, VERSION_ID, "restored").undoes("gcp.kms.version"),
    ],
};

const STATE: &str = "protoPayload.request.cryptoKeyVersion.state|protoPayload.response.state";
