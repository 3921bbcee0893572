//! What is done about things of SES.

use super::super::{Ask, RUNS, Way, origin};
use crate::model::change::SesChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.ses.identity" if ask.options.destroy => {
            Way::step(RUNS, SesChange::DeleteEmailIdentity { identity: ask.id() })
        }
        "aws.ses.identity" => Way::by_hand(
            format!(
                "{} One identity can't be paused, only deleted: that needs --destroy.",
                origin(ask.resource)
            ),
            format!(
                "aws sesv2 delete-email-identity --email-identity '{}' --region {} (destroys); everybody's mail of the region \
                 stops with aws sesv2 put-account-sending-attributes --no-sending-enabled",
                ask.id().replace('\'', ""),
                ask.resource.region
            ),
        ),
        _ => return None,
    })
}
