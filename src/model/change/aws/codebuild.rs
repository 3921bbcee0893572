//! CodeBuild: builds run anything with the project's role; webhooks let an outside repository start them.

use super::super::{Change, Reversal, Spec, Undo, destroying, gated, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Builds are named by `project:uuid`, webhooks by their project's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeBuildChange {
    StopBuild {
        build: Arc<str>,
    },
    StopBuildBatch {
        batch: Arc<str>,
    },
    DeleteBuildWebhook {
        project: Arc<str>,
    },
    HideBuildProject {
        project: Arc<str>,
    },
    /// Undo alone.
    ShowBuildProject {
        project: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reader: Option<Arc<str>>,
    },
}

const ENDED: &str = "A stopped build can't be resumed; start it again.";
const UNHOOKED: &str = "It is made again by hand, with codebuild:CreateWebhook, and gets another secret.";

impl CodeBuildChange {
    pub fn spec(&self) -> Spec {
        match self {
            CodeBuildChange::StopBuild { .. } => settling(
                destroying(spec(
                    "codebuild:StopBuild",
                    &["codebuild:StopBuild", "codebuild:BatchGetBuilds"],
                    "ends the build; what it had built is lost, its log stays",
                    "the build is not IN_PROGRESS",
                    Undo::None(ENDED),
                )),
                180,
            ),
            CodeBuildChange::StopBuildBatch { .. } => settling(
                destroying(spec(
                    "codebuild:StopBuildBatch",
                    &["codebuild:StopBuildBatch", "codebuild:BatchGetBuildBatches"],
                    "ends the builds of the batch; what they had built is lost, their logs stay",
                    "the batch is not IN_PROGRESS",
                    Undo::None(ENDED),
                )),
                180,
            ),
            CodeBuildChange::DeleteBuildWebhook { .. } => watched(gated(spec(
                "codebuild:DeleteWebhook",
                &["codebuild:DeleteWebhook", "codebuild:BatchGetProjects"],
                "the repository starts no builds of the project any more",
                "the project has no webhook",
                Undo::None(UNHOOKED),
            ))),
            CodeBuildChange::HideBuildProject { .. } => watched(spec(
                "codebuild:UpdateProjectVisibility(PRIVATE)",
                &["codebuild:UpdateProjectVisibility", "codebuild:BatchGetProjects"],
                "logs and artifacts of its builds are not public any more; who may start builds still can",
                "the project reads PRIVATE",
                Undo::Call("codebuild:UpdateProjectVisibility(PUBLIC_READ)"),
            )),
            CodeBuildChange::ShowBuildProject { .. } => spec(
                "codebuild:UpdateProjectVisibility(PUBLIC_READ)",
                &["codebuild:UpdateProjectVisibility", "codebuild:BatchGetProjects", "iam:PassRole"],
                "anyone on the internet may read logs and artifacts of its builds again",
                "the project reads PUBLIC_READ",
                Undo::Call("codebuild:UpdateProjectVisibility(PRIVATE)"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let back = |change: CodeBuildChange| Reversal::Changes(vec![Change::from(change)]);
        let text = |key: &str| before.get(key).and_then(Value::as_str);
        match (self, text("visibility")) {
            (CodeBuildChange::StopBuild { .. } | CodeBuildChange::StopBuildBatch { .. }, _) => {
                Reversal::None(ENDED)
            }
            (CodeBuildChange::DeleteBuildWebhook { .. }, _) => Reversal::None(UNHOOKED),
            (CodeBuildChange::HideBuildProject { project }, Some("PUBLIC_READ")) => {
                back(CodeBuildChange::ShowBuildProject {
                    project: project.clone(),
                    reader: text("reader").map(Arc::from),
                })
            }
            (CodeBuildChange::ShowBuildProject { project, .. }, Some("PRIVATE")) => {
                back(CodeBuildChange::HideBuildProject { project: project.clone() })
            }
            (
                CodeBuildChange::HideBuildProject { .. } | CodeBuildChange::ShowBuildProject { .. },
                Some(_),
            ) => Reversal::Changes(Vec::new()),
            (CodeBuildChange::HideBuildProject { .. } | CodeBuildChange::ShowBuildProject { .. }, None) => {
                Reversal::None("Who could read it before was not seen.")
            }
        }
    }
}
