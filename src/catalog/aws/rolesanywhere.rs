//! IAM Roles Anywhere, without the sessions it mints.

use crate::catalog::technique::{ADDITIONAL_CLOUD_ROLES, TRUST_MODIFICATION};
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::Persistence;

pub static ROLESANYWHERE: Service = Service {
    source: "rolesanywhere.amazonaws.com",
    rows: &[
        on("CreateTrustAnchor")
            .creates("aws.rolesanywhere.trust_anchor", ANCHOR_MADE)
            .names("responseElements.trustAnchor.trustAnchorId|responseElements.trustAnchor.name|requestParameters.name")
            .contain("rolesanywhere:DisableTrustAnchor")
            .finding(Persistence, &TRUST_MODIFICATION, "Trust anchor {id} was added: whoever holds a certificate of that authority can become a role of this account.")
            .pair("rolesanywhere:anchor"),
        on("DeleteTrustAnchor")
            .deletes("aws.rolesanywhere.trust_anchor", ANCHOR_MADE)
            .names(ANCHOR),
        on("DeleteTrustAnchor|DisableTrustAnchor").about("aws.rolesanywhere.trust_anchor", ANCHOR_MADE).names(ANCHOR).undoes("rolesanywhere:anchor"),
        on("UpdateTrustAnchor|EnableTrustAnchor")
            .touches("aws.rolesanywhere.trust_anchor", ANCHOR_MADE, "changed or switched on")
            .names(ANCHOR)
            .contain("rolesanywhere:DisableTrustAnchor")
            .finding(Persistence, &TRUST_MODIFICATION, "Trust anchor {id} was changed or switched on: look at which authority it trusts.")
            .pair("rolesanywhere:anchor"),
        on("DisableTrustAnchor").touches("aws.rolesanywhere.trust_anchor", ANCHOR_MADE, "switched off").names(ANCHOR),
        on("CreateProfile")
            .creates("aws.rolesanywhere.profile", PROFILE_MADE)
            .names("responseElements.profile.profileId|responseElements.profile.name|requestParameters.name")
            .contain("rolesanywhere:DisableProfile")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Profile {id} hands roles {requestParameters.roleArns[]} to holders of a trusted certificate.")
            .pair("rolesanywhere:profile")
            .tells(|record, facts| roles(record, facts, |member, role, on| Fact::Granted { member, role, on })),
        on("DeleteProfile")
            .deletes("aws.rolesanywhere.profile", PROFILE_MADE)
            .names(PROFILE)
            .tells(|record, facts| roles(record, facts, |member, role, on| Fact::Withdrawn { member, role, on })),
        on("DeleteProfile|DisableProfile").about("aws.rolesanywhere.profile", PROFILE_MADE).names(PROFILE).undoes("rolesanywhere:profile"),
        on("UpdateProfile|EnableProfile")
            .touches("aws.rolesanywhere.profile", PROFILE_MADE, "changed or switched on")
            .names(PROFILE)
            .contain("rolesanywhere:DisableProfile")
            .finding(Persistence, &ADDITIONAL_CLOUD_ROLES, "Profile {id} was changed or switched on: look at which roles it hands out.")
            .pair("rolesanywhere:profile"),
        on("DisableProfile").touches("aws.rolesanywhere.profile", PROFILE_MADE, "switched off").names(PROFILE),
        on("DeleteCrl|DisableCrl")
            .touches("aws.rolesanywhere.crl", "requestParameters.crlId", "switched off")
            .contain("rolesanywhere:EnableCrl")
            .finding(Persistence, &TRUST_MODIFICATION, "Revocation list {id} was switched off: revoked certificates sign in again.")
            .pair("rolesanywhere:crl"),
        on("EnableCrl").touches("aws.rolesanywhere.crl", "requestParameters.crlId", "switched on").undoes("rolesanywhere:crl"),
    ],
};

const ANCHOR: &str = "requestParameters.trustAnchorId";
const ANCHOR_MADE: &str = "responseElements.trustAnchor.trustAnchorArn|responseElements.trustAnchor.trustAnchorId|requestParameters.trustAnchorId";
const PROFILE: &str = "requestParameters.profileId";
const PROFILE_MADE: &str =
    "responseElements.profile.profileArn|responseElements.profile.profileId|requestParameters.profileId";

fn roles(
    record: &Record,
    facts: &mut Vec<Fact>,
    fact: fn(std::sync::Arc<str>, std::sync::Arc<str>, std::sync::Arc<str>) -> Fact,
) {
    let Some(profile) = record.first(PROFILE_MADE) else { return };
    let roles = record.all("responseElements.profile.roleArns[]|requestParameters.roleArns[]");
    facts.extend(roles.into_iter().map(|role| fact(profile.clone(), role, record.scope.account.clone())));
}
