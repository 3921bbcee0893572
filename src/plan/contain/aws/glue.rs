//! What is done about things of Glue.

use super::super::{Ask, RELAUNCHES, RUNS, Way, origin};
use crate::model::change::GlueChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.glue.trigger" => Way::step(RELAUNCHES, GlueChange::StopGlueTrigger { name: ask.id() }),
        "aws.glue.job" => {
            let mut steps = vec![(RUNS, GlueChange::StopGlueJobRuns { job: ask.id() }.into())];
            if ask.options.destroy {
                steps.push((RUNS + 1, GlueChange::DeleteGlueJob { job: ask.id() }.into()));
            }
            Way::Steps(steps)
        }
        "aws.glue.job_run" => match run(ask) {
            Some(stop) => Way::step(RUNS, stop),
            None => Way::by_hand(
                format!(
                    "{} No record names its job, without which it can't be stopped.",
                    origin(ask.resource)
                ),
                format!(
                    "find it among the runs of each job (aws glue get-job-runs --job-name JOB), then \
                     aws glue batch-stop-job-run --job-name JOB --job-run-ids {}",
                    ask.id()
                ),
            ),
        },
        "aws.glue.session" => Way::step(RUNS, GlueChange::StopGlueSession { id: ask.id() }),
        "aws.glue.dev_endpoint" if ask.options.destroy => Way::Steps(vec![
            (RUNS, GlueChange::CloseDevEndpoint { name: ask.id() }.into()),
            (RUNS + 1, GlueChange::DeleteDevEndpoint { name: ask.id() }.into()),
        ]),
        "aws.glue.dev_endpoint" => Way::step(RUNS, GlueChange::CloseDevEndpoint { name: ask.id() }),
        _ => return None,
    })
}

/// A run's name is `JOB/RUN`.
fn run(ask: &Ask) -> Option<GlueChange> {
    let id = ask.id();
    let job = ask.resource.name.as_deref()?.strip_suffix(&*id)?.strip_suffix('/')?;
    Some(GlueChange::StopGlueJobRun { job: job.into(), run: id })
}
