//! SageMaker, live: what we look at and what we do to it.

use super::each::{detail, listed, name, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{SageMakerChange, SageMakerJob};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{
    EndpointStatus, NotebookInstanceStatus, ProcessingJobStatus, TrainingJobStatus, TransformJobStatus,
};
use aws_smithy_types::DateTime;
use serde_json::json;

const NOTEBOOK: &str = "aws.sagemaker.notebook_instance";
const TRAINING: &str = "aws.sagemaker.training_job";
const PROCESSING: &str = "aws.sagemaker.processing_job";
const TRANSFORM: &str = "aws.sagemaker.transform_job";
const TUNING: &str = "aws.sagemaker.tuning_job";
const AUTO_ML: &str = "aws.sagemaker.auto_ml_job";
const ENDPOINT: &str = "aws.sagemaker.endpoint";
const CLUSTER: &str = "aws.sagemaker.hyperpod_cluster";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] =
    &[NOTEBOOK, TRAINING, PROCESSING, TRANSFORM, TUNING, AUTO_ML, ENDPOINT, CLUSTER];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&SageMakerChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &SageMakerChange) -> Result<Sight, CloudError> {
    use SageMakerChange::*;
    let client = client!(aws, at, aws_sdk_sagemaker)?;
    let (kind, id) = match change {
        StopNotebook { name } | StartNotebook { name } | DeleteNotebook { name } => (NOTEBOOK, name),
        StopSageMakerJob { job, name } => (kind_of(*job), name),
        DeleteEndpoint { name } | MakeEndpointAgain { name, .. } => (ENDPOINT, name),
        DeleteHyperPodCluster { name } => (CLUSTER, name),
    };
    let thing = find(&client, at, kind, id).await;
    // Something of that name that came up since is not this one; that it is not there is what the change is for.
    if let MakeEndpointAgain { config, .. } = change {
        let thing = or_none(thing)?;
        let is_done = thing
            .as_ref()
            .is_some_and(|thing| thing.status == "InService" && thing.config.as_deref() == Some(&**config));
        let arn = thing.map(|thing| thing.arn);
        return Ok(Sight::there(json!({ "arn": arn }), is_done));
    }
    let thing = thing?;
    let is_over = thing.state() != State::Running;
    let (state, is_done) = match change {
        StopNotebook { .. } => (thing.seen(), matches!(&*thing.status, "Stopped" | "Failed")),
        StartNotebook { .. } => (thing.seen(), thing.status == "InService"),
        // Stopped or not is what the step before it changes.
        DeleteNotebook { .. } | DeleteHyperPodCluster { .. } => (thing.identity(), false),
        StopSageMakerJob { .. } => (thing.identity(), is_over),
        DeleteEndpoint { .. } | MakeEndpointAgain { .. } => {
            let created = stamp(thing.created.as_ref());
            (json!({ "arn": thing.arn, "created_at": created, "config": thing.config }), false)
        }
    };
    Ok(Sight::there(state, is_done))
}

fn kind_of(job: SageMakerJob) -> &'static str {
    match job {
        SageMakerJob::Training => TRAINING,
        SageMakerJob::Processing => PROCESSING,
        SageMakerJob::Transform => TRANSFORM,
        SageMakerJob::Tuning => TUNING,
        SageMakerJob::AutoMl => AUTO_ML,
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&SageMakerChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &SageMakerChange) -> Result<Receipt, CloudError> {
    use SageMakerChange::*;
    let client = client!(aws, at, aws_sdk_sagemaker)?;
    macro_rules! call {
        ($api:literal, $call:expr) => {{
            let sent = $call.send().await;
            Ok(receipt(&sent.map_err(|error| failed($api, at, error))?))
        }};
    }
    match change {
        StopNotebook { name: id } => call!(
            "sagemaker:StopNotebookInstance",
            client.stop_notebook_instance().notebook_instance_name(name(id))
        ),
        StartNotebook { name: id } => call!(
            "sagemaker:StartNotebookInstance",
            client.start_notebook_instance().notebook_instance_name(name(id))
        ),
        DeleteNotebook { name: id } => call!(
            "sagemaker:DeleteNotebookInstance",
            client.delete_notebook_instance().notebook_instance_name(name(id))
        ),
        StopSageMakerJob { job: SageMakerJob::Training, name: id } => {
            call!("sagemaker:StopTrainingJob", client.stop_training_job().training_job_name(name(id)))
        }
        StopSageMakerJob { job: SageMakerJob::Processing, name: id } => {
            call!("sagemaker:StopProcessingJob", client.stop_processing_job().processing_job_name(name(id)))
        }
        StopSageMakerJob { job: SageMakerJob::Transform, name: id } => {
            call!("sagemaker:StopTransformJob", client.stop_transform_job().transform_job_name(name(id)))
        }
        StopSageMakerJob { job: SageMakerJob::Tuning, name: id } => call!(
            "sagemaker:StopHyperParameterTuningJob",
            client.stop_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name(id))
        ),
        StopSageMakerJob { job: SageMakerJob::AutoMl, name: id } => {
            call!("sagemaker:StopAutoMLJob", client.stop_auto_ml_job().auto_ml_job_name(name(id)))
        }
        DeleteEndpoint { name: id } => {
            call!("sagemaker:DeleteEndpoint", client.delete_endpoint().endpoint_name(name(id)))
        }
        MakeEndpointAgain { name: id, config } => call!(
            "sagemaker:CreateEndpoint",
            client.create_endpoint().endpoint_name(name(id)).endpoint_config_name(&**config)
        ),
        DeleteHyperPodCluster { name: id } => {
            call!("sagemaker:DeleteCluster", client.delete_cluster().cluster_name(&**id))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_sagemaker)?;
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        seen.push(match or_none(find(&client, at, kind, &one.id).await)? {
            None => observed(one, State::Gone, None),
            Some(thing) => {
                let mut found = thing.observed(one);
                tags_or_why(&mut found, tags(&client, at, &thing.arn).await);
                found
            }
        });
    }
    Ok(seen)
}

async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let mut pages = client.list_tags().resource_arn(arn).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(tag) = pages.next().await {
        let tag = tag.map_err(|error| failed("sagemaker:ListTags", at, error))?;
        found.extend(tag.key.map(|key| (key, tag.value.unwrap_or_default())));
    }
    Ok(found)
}

/// Lists everything that computes here, whoever made it.
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    let client = client!(aws, at, aws_sdk_sagemaker)?;
    let mut found = Vec::new();
    macro_rules! list {
        ($kind:ident, $api:literal, $call:expr, $name:ident, $arn:ident $(, $type:ident)?) => {
            let mut pages = $call.into_paginator().items().send();
            while let Some(one) = pages.next().await {
                let one = one.map_err(|error| failed($api, at, error))?;
                let Some(arn) = &one.$arn else { continue };
                let resource = listed($kind, at, arn, one.$name.as_deref());
                #[allow(unused_mut, reason = "not every list tells the type")]
                let mut seen = observed(&resource, State::Running, one.creation_time.as_ref());
                $(detail(&mut seen, "type", one.$type.as_ref().map(|one| one.as_str()));)?
                found.push(seen);
            }
        };
    }
    list!(
        NOTEBOOK,
        "sagemaker:ListNotebookInstances",
        client.list_notebook_instances().status_equals(NotebookInstanceStatus::InService),
        notebook_instance_name,
        notebook_instance_arn,
        instance_type
    );
    list!(
        TRAINING,
        "sagemaker:ListTrainingJobs",
        client.list_training_jobs().status_equals(TrainingJobStatus::InProgress),
        training_job_name,
        training_job_arn
    );
    list!(
        PROCESSING,
        "sagemaker:ListProcessingJobs",
        client.list_processing_jobs().status_equals(ProcessingJobStatus::InProgress),
        processing_job_name,
        processing_job_arn
    );
    list!(
        TRANSFORM,
        "sagemaker:ListTransformJobs",
        client.list_transform_jobs().status_equals(TransformJobStatus::InProgress),
        transform_job_name,
        transform_job_arn
    );
    list!(
        ENDPOINT,
        "sagemaker:ListEndpoints",
        client.list_endpoints().status_equals(EndpointStatus::InService),
        endpoint_name,
        endpoint_arn
    );
    list!(CLUSTER, "sagemaker:ListClusters", client.list_clusters(), cluster_name, cluster_arn);
    Ok(found)
}

/// What the describe calls of all kinds tell.
struct Thing {
    arn: String,
    status: String,
    created: Option<DateTime>,
    machine: Option<String>,
    role: Option<String>,
    /// An endpoint's configuration.
    config: Option<String>,
}

impl Thing {
    fn state(&self) -> State {
        match &*self.status {
            "Stopped" | "Completed" | "Failed" | "OutOfService" | "DeleteFailed" => State::Stopped,
            "InService"
            | "InProgress"
            | "Pending"
            | "Updating"
            | "Creating"
            | "Stopping"
            | "Deleting"
            | "SystemUpdating"
            | "RollingBack"
            | "UpdateRollbackFailed"
            | "InMaintenance"
            | "PendingMaintenance" => State::Running,
            _ => State::Unknown,
        }
    }

    fn identity(&self) -> serde_json::Value {
        json!({ "arn": self.arn, "created_at": stamp(self.created.as_ref()) })
    }

    /// It goes from Pending to InService by itself: only whether it runs may not change.
    fn seen(&self) -> serde_json::Value {
        let runs = !matches!(&*self.status, "Stopped" | "Failed" | "Stopping" | "Deleting");
        json!({ "arn": self.arn, "created_at": stamp(self.created.as_ref()), "runs": runs })
    }

    fn observed(&self, one: &ResourceRef) -> Observed {
        let mut seen = observed(one, self.state(), self.created.as_ref());
        detail(&mut seen, "type", self.machine.as_deref());
        detail(&mut seen, "status", Some(&self.status));
        seen.identity = self.role.as_deref().map(Into::into);
        seen
    }
}

/// Returns what bears a name. SageMaker answers for what does not exist with the code of a malformed request, so a list
/// tells the two apart.
async fn find(client: &Client, at: &Place, kind: &'static str, id: &str) -> Result<Thing, CloudError> {
    let asked = describe(client, at, kind, id).await;
    let is_unclear = |error: &CloudError| {
        error.refusal == Refusal::Invalid && error.code.as_deref() == Some("ValidationException")
    };
    match asked {
        Err(mut error) if is_unclear(&error) && !is_listed(client, at, kind, id).await? => {
            error.refusal = Refusal::NotFound;
            Err(error)
        }
        asked => asked,
    }
}

async fn describe(client: &Client, at: &Place, kind: &'static str, id: &str) -> Result<Thing, CloudError> {
    macro_rules! ask {
        ($api:literal, $call:expr, $arn:ident, $status:ident, $machine:expr, $role:expr, $config:expr) => {{
            let answer = $call.send().await.map_err(|error| failed($api, at, error))?;
            let status = answer.$status.as_ref().map(|status| status.as_str().to_owned());
            Thing {
                machine: ($machine)(&answer),
                role: ($role)(&answer),
                config: ($config)(&answer),
                created: answer.creation_time,
                arn: answer.$arn.ok_or_else(|| not_answered($api, at, "ARN"))?,
                status: status.ok_or_else(|| not_answered($api, at, "status"))?,
            }
        }};
    }
    fn none<T>(_: &T) -> Option<String> {
        None
    }
    use aws_sdk_sagemaker::operation as of;
    let name = name(id);
    let thing = match kind {
        NOTEBOOK => ask!(
            "sagemaker:DescribeNotebookInstance",
            client.describe_notebook_instance().notebook_instance_name(name),
            notebook_instance_arn,
            notebook_instance_status,
            |is: &of::describe_notebook_instance::DescribeNotebookInstanceOutput| {
                is.instance_type.as_ref().map(|one| one.as_str().to_owned())
            },
            |is: &of::describe_notebook_instance::DescribeNotebookInstanceOutput| is.role_arn.clone(),
            none
        ),
        TRAINING => ask!(
            "sagemaker:DescribeTrainingJob",
            client.describe_training_job().training_job_name(name),
            training_job_arn,
            training_job_status,
            |is: &of::describe_training_job::DescribeTrainingJobOutput| {
                is.resource_config.as_ref()?.instance_type.as_ref().map(|one| one.as_str().to_owned())
            },
            |is: &of::describe_training_job::DescribeTrainingJobOutput| is.role_arn.clone(),
            none
        ),
        PROCESSING => ask!(
            "sagemaker:DescribeProcessingJob",
            client.describe_processing_job().processing_job_name(name),
            processing_job_arn,
            processing_job_status,
            |is: &of::describe_processing_job::DescribeProcessingJobOutput| {
                let cluster = is.processing_resources.as_ref()?.cluster_config.as_ref()?;
                cluster.instance_type.as_ref().map(|one| one.as_str().to_owned())
            },
            |is: &of::describe_processing_job::DescribeProcessingJobOutput| is.role_arn.clone(),
            none
        ),
        TRANSFORM => ask!(
            "sagemaker:DescribeTransformJob",
            client.describe_transform_job().transform_job_name(name),
            transform_job_arn,
            transform_job_status,
            |is: &of::describe_transform_job::DescribeTransformJobOutput| {
                is.transform_resources.as_ref()?.instance_type.as_ref().map(|one| one.as_str().to_owned())
            },
            none,
            none
        ),
        TUNING => ask!(
            "sagemaker:DescribeHyperParameterTuningJob",
            client.describe_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name),
            hyper_parameter_tuning_job_arn,
            hyper_parameter_tuning_job_status,
            none,
            none,
            none
        ),
        AUTO_ML => ask!(
            "sagemaker:DescribeAutoMLJobV2",
            client.describe_auto_ml_job_v2().auto_ml_job_name(name),
            auto_ml_job_arn,
            auto_ml_job_status,
            none,
            |is: &of::describe_auto_ml_job_v2::DescribeAutoMlJobV2Output| is.role_arn.clone(),
            none
        ),
        ENDPOINT => ask!(
            "sagemaker:DescribeEndpoint",
            client.describe_endpoint().endpoint_name(name),
            endpoint_arn,
            endpoint_status,
            none,
            none,
            |is: &of::describe_endpoint::DescribeEndpointOutput| is.endpoint_config_name.clone()
        ),
        // Its ARN ends in an id, and the call takes either.
        _ => ask!(
            "sagemaker:DescribeCluster",
            client.describe_cluster().cluster_name(id),
            cluster_arn,
            cluster_status,
            none,
            none,
            none
        ),
    };
    // Another of that name in this place has another ARN only where the id holds more than the name.
    let is_same = !id.starts_with("arn:") || thing.arn.eq_ignore_ascii_case(id);
    is_same.then_some(thing).ok_or_else(|| {
        CloudError::new(Refusal::NotFound, "sagemaker:Describe", at, None, "the name belongs to another now")
    })
}

async fn is_listed(client: &Client, at: &Place, kind: &'static str, id: &str) -> Result<bool, CloudError> {
    macro_rules! any {
        ($api:literal, $call:expr, $name:ident) => {{
            let mut pages = $call.into_paginator().items().send();
            while let Some(one) = pages.next().await {
                let one = one.map_err(|error| failed($api, at, error))?;
                if one.$name.as_deref() == Some(name(id)) {
                    return Ok(true);
                }
            }
            Ok(false)
        }};
    }
    let name = || name(id);
    match kind {
        NOTEBOOK => any!(
            "sagemaker:ListNotebookInstances",
            client.list_notebook_instances().name_contains(name()),
            notebook_instance_name
        ),
        TRAINING => any!(
            "sagemaker:ListTrainingJobs",
            client.list_training_jobs().name_contains(name()),
            training_job_name
        ),
        PROCESSING => any!(
            "sagemaker:ListProcessingJobs",
            client.list_processing_jobs().name_contains(name()),
            processing_job_name
        ),
        TRANSFORM => any!(
            "sagemaker:ListTransformJobs",
            client.list_transform_jobs().name_contains(name()),
            transform_job_name
        ),
        TUNING => any!(
            "sagemaker:ListHyperParameterTuningJobs",
            client.list_hyper_parameter_tuning_jobs().name_contains(name()),
            hyper_parameter_tuning_job_name
        ),
        AUTO_ML => any!(
            "sagemaker:ListAutoMLJobs",
            client.list_auto_ml_jobs().name_contains(name()),
            auto_ml_job_name
        ),
        ENDPOINT => {
            any!("sagemaker:ListEndpoints", client.list_endpoints().name_contains(name()), endpoint_name)
        }
        _ => any!("sagemaker:ListClusters", client.list_clusters().name_contains(name()), cluster_name),
    }
}
