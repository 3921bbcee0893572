//! Security Token Service: an outside identity's token becomes a Google one. Logged only where data-access logs are on.

use super::tell::{FEDERATED_TOKEN, minted};
use crate::catalog::{Record, Service, on};
use crate::model::{Fact, Issued, Minter};

pub static STS: Service = Service {
    source: "sts.googleapis.com",
    rows: &[on("SecurityTokenService.ExchangeToken")
        .about(
            "gcp.iam.workload_identity_pool_provider",
            "protoPayload.resourceName|protoPayload.request.audience",
        )
        .contain("iam.projects.locations.workloadIdentityPools.providers.patch")
        .note("An identity from outside Google signed in through {id}.")
        .tells(exchanged)],
};

fn exchanged(record: &Record, facts: &mut Vec<Fact>) {
    let Some(subject) = record.actor.principal.clone() else { return };
    // What later entries show as principalSubject; the caller itself is only known to its own provider.
    let id = record.first("protoPayload.metadata.mappedPrincipal").unwrap_or_else(|| subject.clone());
    let issuer = record
        .first("protoPayload.request.audience|protoPayload.resourceName")
        .unwrap_or_else(|| "an outside provider".into());
    facts.push(Fact::Issued(Issued {
        principal: Some(id.clone()),
        minter: Minter::External { issuer, subject },
        ..minted(record, FEDERATED_TOKEN, id, "ExchangeToken")
    }));
}
