//! OAuth clients and brands (the console's "APIs & Services" page).

use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const CLIENT: &str = "gcp.iap.oauth_client";
const CLIENT_ID: &str =
    "protoPayload.response.clientId|protoPayload.request.clientId|protoPayload.resourceName";
const BRAND: &str = "gcp.iap.brand";

pub static CLIENTAUTHCONFIG: Service = Service {
    source: "clientauthconfig.googleapis.com",
    rows: &[
        on("CreateClient")
            .creates(CLIENT, CLIENT_ID)
            .names("protoPayload.resourceName~clients/")
            .finding(
                Persistence,
                &ADDITIONAL_CLOUD_CREDENTIALS,
                "OAuth client {id} was made; with it somebody can ask your people for access under your name.",
            )
            .pair("gcp.oauth.client"),
        on("DeleteClient").deletes(CLIENT, CLIENT_ID).names("protoPayload.resourceName~clients/").undoes("gcp.oauth.client"),
        on("UpdateClient").touches(CLIENT, CLIENT_ID, "changed").finding(
            Persistence,
            &ADDITIONAL_CLOUD_CREDENTIALS,
            "OAuth client {id} was changed; see its redirect addresses and secrets.",
        ),
        on("CreateBrand")
            .creates(BRAND, "protoPayload.resourceName|brands/{protoPayload.response.brandId}")
            .names("brands/{protoPayload.response.brandId}|brands/{resource.labels.brand_id}")
            .finding(
                Persistence,
                &ADDITIONAL_CLOUD_CREDENTIALS,
                "Consent screen {id} was made, the first step to an OAuth client of its own; a brand can't be deleted.",
            ),
    ],
};
