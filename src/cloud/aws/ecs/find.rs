//! Where ECS things are found: one answer for each that was asked for.
//!
//! Services and tasks are asked about by cluster, which stands in their ARNs, save in those of before 2021: these are looked
//! for in every cluster. For `ecs` alone.

use super::super::many::pages;
use super::super::{failed, not_answered};
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    CapacityProvider, CapacityProviderField, Cluster, ClusterField, Failure, Service, ServiceField, Task,
    TaskField,
};
use std::collections::BTreeMap;

/// DescribeServices takes 10, DescribeTasks, DescribeClusters and DescribeCapacityProviders 100.
const SERVICES_AT_ONCE: usize = 10;
const OTHERS_AT_ONCE: usize = 100;

/// `mine` of `arn:aws:ecs:eu-west-3:111122223333:service/mine/web`; `None` in ARNs of before 2021, which end `service/web`.
pub(super) fn cluster_in(arn: &str) -> Option<&str> {
    let (_, rest) = arn.split_once(":service/").or_else(|| arn.split_once(":task/"))?;
    rest.split_once('/').map(|(cluster, _)| cluster)
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Services by ARN, one answer for each, in their order: `None` for what does not exist. What was deleted reads INACTIVE for
/// a while before it is missing.
pub(super) async fn services(
    client: &Client,
    at: &Place,
    arns: &[&str],
) -> Vec<Result<Option<Service>, CloudError>> {
    const CALL: &str = "ecs:DescribeServices";
    let ask = |cluster: String, some: Vec<String>| async move {
        let call = client
            .describe_services()
            .include(ServiceField::Tags)
            .cluster(cluster)
            .set_services(Some(some.clone()));
        let answer = call.send().await.map_err(|error| failed(CALL, at, error))?;
        let found = answer.services.unwrap_or_default();
        let found = found.into_iter().filter_map(|one| Some((one.service_arn.clone()?, one))).collect();
        Ok(told(CALL, at, &some, found, answer.failures.unwrap_or_default()))
    };
    let found = by_cluster(client, at, arns, SERVICES_AT_ONCE, ask).await;
    let is_there = |one: &Service| one.status.as_deref() != Some("INACTIVE");
    found.into_iter().map(|found| found.map(|found| found.filter(is_there))).collect()
}

/// Tasks by ARN, in the same way. Stopped ones are shown for about an hour.
pub(super) async fn tasks(
    client: &Client,
    at: &Place,
    arns: &[&str],
) -> Vec<Result<Option<Task>, CloudError>> {
    const CALL: &str = "ecs:DescribeTasks";
    let ask = |cluster: String, some: Vec<String>| async move {
        let call =
            client.describe_tasks().include(TaskField::Tags).cluster(cluster).set_tasks(Some(some.clone()));
        let answer = call.send().await.map_err(|error| failed(CALL, at, error))?;
        let found = answer.tasks.unwrap_or_default();
        let found = found.into_iter().filter_map(|one| Some((one.task_arn.clone()?, one))).collect();
        Ok(told(CALL, at, &some, found, answer.failures.unwrap_or_default()))
    };
    by_cluster(client, at, arns, OTHERS_AT_ONCE, ask).await
}

pub(super) type Answers<T> = Vec<Result<Option<T>, CloudError>>;

/// What a batch says of each thing that was asked for: there, missing, or an error. Failures name things by other forms of
/// their ARN, whose last part is unique in what one call asks for.
fn told<T>(
    call: &'static str,
    at: &Place,
    asked: &[String],
    found: Vec<(String, T)>,
    failures: Vec<Failure>,
) -> Answers<T> {
    let mut found: BTreeMap<String, T> =
        found.into_iter().map(|(arn, one)| (last(&arn).to_owned(), one)).collect();
    let one = |arn: &String| {
        if let Some(one) = found.remove(last(arn)) {
            return Ok(Some(one));
        }
        let is_it = |failure: &&Failure| failure.arn.as_deref().is_some_and(|of| last(of) == last(arn));
        match failures.iter().find(is_it).map(|failure| failure.reason.as_deref()) {
            Some(Some("MISSING")) => Ok(None),
            Some(reason) => {
                Err(CloudError::new(Refusal::Failed, call, at, reason, "it could not be described"))
            }
            None => Err(not_answered(call, at, last(arn))),
        }
    };
    asked.iter().map(one).collect()
}

/// Asks in batches of one cluster. Things whose ARN names none are looked for in all.
async fn by_cluster<T, F>(
    client: &Client,
    at: &Place,
    arns: &[&str],
    at_once: usize,
    ask: impl Fn(String, Vec<String>) -> F,
) -> Answers<T>
where
    F: Future<Output = Result<Answers<T>, CloudError>>,
{
    let mut places: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (place, arn) in arns.iter().enumerate() {
        places.entry(cluster_in(arn)).or_default().push(place);
    }
    let mut answers: Vec<Option<Result<Option<T>, CloudError>>> = arns.iter().map(|_| None).collect();
    for (cluster, places) in places {
        let clusters = match cluster {
            Some(cluster) => Ok(vec![cluster.to_owned()]),
            None => clusters(client, at).await,
        };
        for some in places.chunks(at_once) {
            let wanted: Vec<String> = some.iter().map(|place| arns[*place].to_owned()).collect();
            let found = match &clusters {
                Ok(clusters) => in_any(clusters, &wanted, &ask).await,
                Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
            };
            for (place, answer) in some.iter().zip(found) {
                answers[*place] = Some(answer);
            }
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or(Ok(None))).collect()
}

/// The first answer that is one; what no cluster has is missing only where all could be asked.
async fn in_any<T, F>(
    clusters: &[String],
    wanted: &[String],
    ask: &impl Fn(String, Vec<String>) -> F,
) -> Answers<T>
where
    F: Future<Output = Result<Answers<T>, CloudError>>,
{
    let mut answers: Answers<T> = wanted.iter().map(|_| Ok(None)).collect();
    for cluster in clusters {
        let found = match ask(cluster.clone(), wanted.to_vec()).await {
            Ok(found) => found,
            Err(error) if error.refusal == Refusal::NotFound => continue,
            Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
        };
        for (answer, found) in answers.iter_mut().zip(found) {
            if !matches!(answer, Ok(Some(_))) && !matches!(found, Ok(None)) {
                *answer = found;
            }
        }
    }
    answers
}

pub(super) async fn clusters(client: &Client, at: &Place) -> Result<Vec<String>, CloudError> {
    const CALL: &str = "ecs:ListClusters";
    pages(CALL, at, |token| async move {
        let page = client.list_clusters().set_next_token(token).send().await;
        let page = page.map_err(|error| failed(CALL, at, error))?;
        Ok((page.cluster_arns.unwrap_or_default(), page.next_token))
    })
    .await
}

/// Clusters that exist; what was deleted reads INACTIVE.
pub(super) async fn described(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Answers<Cluster>, CloudError> {
    const CALL: &str = "ecs:DescribeClusters";
    let mut answers = Vec::new();
    for some in ids.chunks(OTHERS_AT_ONCE) {
        let some: Vec<String> = some.iter().map(|id| (*id).to_owned()).collect();
        let sent = client.describe_clusters().include(ClusterField::Tags);
        let sent = sent.set_clusters(Some(some.clone())).send().await;
        let answer = sent.map_err(|error| failed(CALL, at, error))?;
        let found = answer.clusters.unwrap_or_default();
        let found = found.into_iter().filter_map(|one| Some((one.cluster_arn.clone()?, one))).collect();
        let is_there = |one: &Cluster| one.status.as_deref() != Some("INACTIVE");
        let told = told(CALL, at, &some, found, answer.failures.unwrap_or_default());
        answers.extend(told.into_iter().map(|found| found.map(|found| found.filter(is_there))));
    }
    Ok(answers)
}

pub(super) async fn providers(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Answers<CapacityProvider>, CloudError> {
    const CALL: &str = "ecs:DescribeCapacityProviders";
    let mut answers = Vec::new();
    for some in ids.chunks(OTHERS_AT_ONCE) {
        let some: Vec<String> = some.iter().map(|id| (*id).to_owned()).collect();
        let sent = client
            .describe_capacity_providers()
            .include(CapacityProviderField::Tags)
            .set_capacity_providers(Some(some.clone()))
            .send()
            .await;
        let answer = sent.map_err(|error| failed(CALL, at, error))?;
        let found = answer.capacity_providers.unwrap_or_default();
        let found =
            found.into_iter().filter_map(|one| Some((one.capacity_provider_arn.clone()?, one))).collect();
        answers.extend(told(CALL, at, &some, found, answer.failures.unwrap_or_default()));
    }
    Ok(answers)
}
