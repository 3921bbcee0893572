//! What is done about things of CodeBuild.

use super::super::{Ask, LETS_IN, RELAUNCHES, RUNS, Way};
use crate::model::change::CodeBuildChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.codebuild.build" => Way::step(RUNS, CodeBuildChange::StopBuild { build: ask.id() }),
        "aws.codebuild.build_batch" => {
            Way::step(RELAUNCHES, CodeBuildChange::StopBuildBatch { batch: ask.id() })
        }
        "aws.codebuild.webhook" => match ask.options.destroy {
            true => Way::step(RELAUNCHES, CodeBuildChange::DeleteBuildWebhook { project: ask.id() }),
            false => Way::by_hand(
                format!(
                    "It starts builds of project {} whenever its repository says so, and has no switch.",
                    ask.resource.id
                ),
                "codebuild:UpdateWebhook with filter groups that nothing meets; or --destroy: codebuild:DeleteWebhook (destroys)",
            ),
        },
        "aws.codebuild.project" => match ask.detail("visibility") {
            Some("PUBLIC_READ") => {
                Way::step(LETS_IN, CodeBuildChange::HideBuildProject { project: ask.id() })
            }
            Some(_) | None => Way::by_hand(
                "It runs nothing by itself and has no switch; builds and webhooks have their own rows.",
                "codebuild:ListBuildsForProject and codebuild:StopBuild; codebuild:UpdateProject(concurrentBuildLimit=1) holds it to one \
                 build; codebuild:DeleteProject deletes what is known of its builds, too (destroys)",
            ),
        },
        _ => return None,
    })
}
