//! Essential contacts: to whom Google writes about abuse.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const CONTACT: &str = "gcp.essentialcontacts.contact";
const ID: &str = concat!(within!("contacts"), "|protoPayload.request.contact.name~/contacts/");

pub static ESSENTIALCONTACTS: Service = Service {
    source: "essentialcontacts.googleapis.com",
    rows: &[
        on("EssentialContactsService.CreateContact").creates(CONTACT, ID),
        on("EssentialContactsService.UpdateContact").touches(CONTACT, ID, "changed").finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Contact {id} was changed: Google's warnings may go to somebody else now.",
        ),
        on("EssentialContactsService.DeleteContact")
            .deletes(CONTACT, ID)
            .contain("essentialcontacts.contacts.create")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Contact {id} was deleted: Google's warnings no longer reach it.",
            ),
    ],
};
