//! Glue.

use super::super::{Rearms, Reversal, Spec, Undo, destroying, gated, rearming, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GlueChange {
    StopGlueTrigger {
        name: Arc<str>,
    },
    /// Takes that back.
    StartGlueTrigger {
        name: Arc<str>,
    },
    StopGlueJobRun {
        job: Arc<str>,
        run: Arc<str>,
    },
    /// All that run now.
    StopGlueJobRuns {
        job: Arc<str>,
    },
    DeleteGlueJob {
        job: Arc<str>,
    },
    StopGlueSession {
        id: Arc<str>,
    },
    CloseDevEndpoint {
        name: Arc<str>,
    },
    /// Takes that back.
    OpenDevEndpoint {
        name: Arc<str>,
        keys: Vec<Arc<str>>,
    },
    DeleteDevEndpoint {
        name: Arc<str>,
    },
}

const RUN: &str = "A stopped run can't go on; its owners start it anew.";

impl GlueChange {
    pub fn spec(&self) -> Spec {
        match self {
            GlueChange::StopGlueTrigger { .. } => spec(
                "glue:StopTrigger",
                &["glue:StopTrigger", "glue:GetTrigger"],
                "the trigger starts no more jobs; runs under way go on",
                "the trigger reads DEACTIVATED, or waits to be activated",
                Undo::Call("glue:StartTrigger"),
            ),
            GlueChange::StartGlueTrigger { .. } => spec(
                "glue:StartTrigger",
                &["glue:StartTrigger", "glue:GetTrigger"],
                "the trigger starts its jobs again; one on demand starts them at once",
                "the trigger reads ACTIVATED",
                Undo::Call("glue:StopTrigger"),
            ),
            GlueChange::StopGlueJobRun { .. } => settling(
                destroying(spec(
                    "glue:BatchStopJobRun(this run)",
                    &["glue:BatchStopJobRun", "glue:GetJobRun"],
                    "ends the run; what it has not written yet is lost",
                    "the run reads STOPPED, or ended by itself",
                    Undo::None(RUN),
                )),
                600,
            ),
            GlueChange::StopGlueJobRuns { .. } => settling(
                destroying(spec(
                    "glue:BatchStopJobRun(all that run)",
                    &["glue:BatchStopJobRun", "glue:GetJob", "glue:GetJobRuns"],
                    "ends every run of the job that is under way; what they have not written yet is lost; the job stays and can be started",
                    "no run of the job is under way",
                    Undo::None(RUN),
                )),
                600,
            ),
            GlueChange::DeleteGlueJob { .. } => gated(spec(
                "glue:DeleteJob",
                &["glue:DeleteJob", "glue:GetJob"],
                "deletes the job and the list of its runs; its script stays in its bucket",
                "the job does not exist",
                Undo::None(
                    "A deleted job can't be brought back; the record of its making holds its definition.",
                ),
            )),
            GlueChange::StopGlueSession { .. } => settling(
                destroying(spec(
                    "glue:StopSession",
                    &["glue:StopSession", "glue:GetSession"],
                    "ends the session; what is in its memory is lost",
                    "the session reads STOPPED, or ended by itself",
                    Undo::None("A stopped session can't go on; its owners open a new one."),
                )),
                600,
            ),
            GlueChange::CloseDevEndpoint { .. } => rearming(
                spec(
                    "glue:UpdateDevEndpoint(DeletePublicKeys)",
                    &["glue:UpdateDevEndpoint", "glue:GetDevEndpoint"],
                    "takes every SSH key out, so that nobody signs in anew; shells that are open and its costs go on",
                    "the endpoint has no public key",
                    Undo::Call(
                        "glue:UpdateDevEndpoint(AddPublicKeys), not before it is known whose each key is",
                    ),
                ),
                Rearms::Secret,
            ),
            GlueChange::OpenDevEndpoint { .. } => spec(
                "glue:UpdateDevEndpoint(AddPublicKeys)",
                &["glue:UpdateDevEndpoint", "glue:GetDevEndpoint"],
                "puts the SSH keys back that it had",
                "the endpoint has these public keys",
                Undo::Call("glue:UpdateDevEndpoint(DeletePublicKeys)"),
            ),
            GlueChange::DeleteDevEndpoint { .. } => settling(
                gated(spec(
                    "glue:DeleteDevEndpoint",
                    &["glue:DeleteDevEndpoint", "glue:GetDevEndpoint"],
                    "deletes the endpoint, its machines and what is on them",
                    "the endpoint does not exist",
                    Undo::None("A deleted development endpoint can't be brought back."),
                )),
                900,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let ran = before.get("runs").and_then(Value::as_bool).unwrap_or(false);
        let back: GlueChange = match self {
            GlueChange::StopGlueTrigger { .. } if !ran => return Reversal::Changes(Vec::new()),
            GlueChange::StopGlueTrigger { name } => GlueChange::StartGlueTrigger { name: name.clone() },
            GlueChange::StartGlueTrigger { name } => GlueChange::StopGlueTrigger { name: name.clone() },
            GlueChange::StopGlueJobRun { .. } | GlueChange::StopGlueJobRuns { .. } => {
                return Reversal::None(RUN);
            }
            GlueChange::DeleteGlueJob { .. } => {
                return Reversal::None(
                    "A deleted job can't be brought back; the record of its making holds its definition.",
                );
            }
            GlueChange::StopGlueSession { .. } => {
                return Reversal::None("A stopped session can't go on; its owners open a new one.");
            }
            GlueChange::CloseDevEndpoint { name } => {
                let keys: Vec<Arc<str>> = before
                    .get("keys")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(Arc::from)
                    .collect();
                if keys.is_empty() {
                    return Reversal::Changes(Vec::new());
                }
                GlueChange::OpenDevEndpoint { name: name.clone(), keys }
            }
            GlueChange::OpenDevEndpoint { name, .. } => GlueChange::CloseDevEndpoint { name: name.clone() },
            GlueChange::DeleteDevEndpoint { .. } => {
                return Reversal::None("A deleted development endpoint can't be brought back.");
            }
        };
        Reversal::Changes(vec![back.into()])
    }
}
