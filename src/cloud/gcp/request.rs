//! Request ids: the same call of the same step of a case has the same one, whoever makes it again and whenever.
//!
//! Google takes a request once for each id. A run that was killed before it heard the answer makes its calls again, and what was
//! taken the first time is not done twice. A later, meant repetition is another request: after an undo the same stop must happen
//! again, and an operation that failed must not be answered with its failure for ever. So the number of answers that the journal
//! knows is in it. For `power`, which makes changes, and for what sends them.

use super::rest::Ask;
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use crate::model::change::Change;
use sha2::{Digest, Sha256};
use std::future::Future;

tokio::task_local! {
    static MARK: [u8; 32];
}

/// One change of a case, the so-manieth time.
pub(super) struct Deed([u8; 32]);

impl Deed {
    pub fn new(case: &str, at: &Place, change: &Change, answered: u32) -> Deed {
        let change = serde_json::to_string(change).unwrap_or_default();
        Deed(hash(&[case, &at.account, &at.region, &change, &answered.to_string()]))
    }

    /// Makes it: every call inside is its own.
    pub async fn of<T>(&self, made: impl Future<Output = T>) -> T {
        MARK.scope(self.0, made).await
    }
}

/// The call with its id.
pub(super) fn marked(ask: Ask) -> Result<Ask, CloudError> {
    let mark = match MARK.try_with(|mark| *mark) {
        Ok(mark) => mark,
        // Nobody's deed: any id that is not another's. Where chance can't be had, another's could be taken for it.
        Err(_) => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| {
                let why = format!("no id for the request can be made: {error}");
                CloudError::new(Refusal::Failed, ask.call, &ask.at, None, &why)
            })?;
            bytes
        }
    };
    let id = id(&mark, &ask.told());
    Ok(ask.with("requestId", id))
}

fn hash(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A UUID by name, with its version and variant where RFC 9562 wants them; never zero.
fn id(mark: &[u8], call: &str) -> String {
    let digest: [u8; 32] = Sha256::new().chain_update(mark).chain_update(call).finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::gcp::endpoints::COMPUTE;
    use crate::model::change::GcpChange;
    use crate::model::change::gcp::ComputeChange::StopInstance;

    async fn ids(case: &str, zone: &str, id: &str, answered: u32) -> [String; 2] {
        let at = Place::new("shop-prod-4821", zone);
        let change = Change::Gcp(GcpChange::Compute(StopInstance { id: id.into() }));
        let of = |call| {
            let ask = Ask::post(call, &at, COMPUTE, "projects/{}/x", &["p"]).expect("a call");
            marked(ask).expect("an id").told()
        };
        Deed::new(case, &at, &change, answered)
            .of(async { [of("compute.instances.stop"), of("compute.instances.start")] })
            .await
    }

    #[tokio::test]
    async fn the_same_call_has_the_same_id_and_any_other_another() {
        let first = ids("case", "us-central1-a", "1", 0).await;
        assert_eq!(first, ids("case", "us-central1-a", "1", 0).await);
        assert!(first[0].contains("requestId=") && first[0] != first[1]);
        for other in [
            ids("other", "us-central1-a", "1", 0).await,
            ids("case", "us-central1-b", "1", 0).await,
            ids("case", "us-central1-a", "2", 0).await,
            ids("case", "us-central1-a", "1", 1).await,
        ] {
            assert_ne!(first[0], other[0]);
        }
        let id = id(b"mark", "call");
        assert!(
            id.len() == 36
                && id.as_bytes()[14] == b'8'
                && matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b')
        );
    }
}
