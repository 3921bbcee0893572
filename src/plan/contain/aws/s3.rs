//! What is done about buckets that the principal made.

use super::super::{Ask, LETS_IN, Way};
use crate::model::change::S3Change;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.s3.bucket" => Way::step(LETS_IN, S3Change::BlockPublicBucket { bucket: ask.id() }),
        _ => return None,
    })
}
