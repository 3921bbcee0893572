//! The AWS compute rows: complete against the table of facts, every path alive, and the rows that a plan acts on exact.

use crate::aws_edges::event;
use serde_json::{Value, json};
use std::sync::Arc;
use triage::catalog::aws::{LAUNCHER_KINDS, SERVICES};
use triage::catalog::{self, Act, Record, Row, Service};
use triage::model::{Actor, Fact, Outcome, Provider, ResourceRef, Scope};

/// `source event kind` of every compute row of the table of facts (aws_attribution.tsv), version suffixes stripped.
const TABLE: &str = "
    amplify CreateApp aws.amplify.app
    amplify CreateBackendEnvironment aws.amplify.backend_environment
    apigateway CreateApi aws.apigatewayv2.api
    apigateway CreateRestApi aws.apigateway.rest_api
    apprunner CreateService aws.apprunner.service
    appstream CreateFleet aws.appstream.fleet
    appstream CreateImageBuilder aws.appstream.image_builder
    autoscaling CreateAutoScalingGroup aws.autoscaling.group
    autoscaling CreateLaunchConfiguration aws.autoscaling.launch_configuration
    autoscaling PutScheduledUpdateGroupAction aws.autoscaling.scheduled_action
    autoscaling SetDesiredCapacity aws.autoscaling.group
    autoscaling UpdateAutoScalingGroup aws.autoscaling.group
    batch CreateComputeEnvironment aws.batch.compute_environment
    batch CreateJobQueue aws.batch.job_queue
    batch RegisterJobDefinition aws.batch.job_definition
    batch SubmitJob aws.batch.job
    bedrock Converse aws.bedrock.invocation
    bedrock CreateAgent aws.bedrock_agent.agent
    bedrock CreateFoundationModelAgreement aws.bedrock.model_agreement
    bedrock CreateModelCustomizationJob aws.bedrock.customization_job
    bedrock CreateModelInvocationJob aws.bedrock.batch_job
    bedrock CreateProvisionedModelThroughput aws.bedrock.provisioned_throughput
    bedrock DeleteGuardrail aws.bedrock.guardrail
    bedrock DeleteModelInvocationLoggingConfiguration aws.bedrock.invocation_logging
    bedrock InvokeModel aws.bedrock.invocation
    bedrock InvokeModelWithResponseStream aws.bedrock.invocation
    bedrock PutFoundationModelEntitlement aws.bedrock.model_access
    bedrock PutUseCaseForModelAccess aws.bedrock.use_case
    cloudformation CreateStack aws.cloudformation.stack
    cloudformation CreateStackInstances aws.cloudformation.stack_instances
    cloudformation CreateStackSet aws.cloudformation.stack_set
    cloudshell CreateEnvironment aws.cloudshell.environment
    codebuild CreateProject aws.codebuild.project
    codebuild StartBuild aws.codebuild.build
    ec2 AllocateAddress aws.ec2.elastic_ip
    ec2 AllocateHosts aws.ec2.dedicated_host
    ec2 AssociateIamInstanceProfile aws.ec2.profile_association
    ec2 AuthorizeSecurityGroupEgress aws.ec2.security_group_rule
    ec2 AuthorizeSecurityGroupIngress aws.ec2.security_group_rule
    ec2 CopySnapshot aws.ec2.snapshot
    ec2 CreateCapacityReservation aws.ec2.capacity_reservation
    ec2 CreateClientVpnEndpoint aws.ec2.client_vpn
    ec2 CreateDefaultVpc aws.ec2.vpc
    ec2 CreateFleet aws.ec2.fleet
    ec2 CreateImage aws.ec2.image
    ec2 CreateInstanceExportTask aws.ec2.export_task
    ec2 CreateKeyPair aws.ec2.key_pair
    ec2 CreateLaunchTemplate aws.ec2.launch_template
    ec2 CreateLaunchTemplateVersion aws.ec2.launch_template
    ec2 CreateNatGateway aws.ec2.nat_gateway
    ec2 CreateSecurityGroup aws.ec2.security_group
    ec2 CreateSnapshot aws.ec2.snapshot
    ec2 CreateTrafficMirrorSession aws.ec2.traffic_mirror_session
    ec2 CreateTransitGateway aws.ec2.transit_gateway
    ec2 CreateVolume aws.ec2.volume
    ec2 CreateVpc aws.ec2.vpc
    ec2 CreateVpcPeeringConnection aws.ec2.vpc_peering
    ec2 CreateVpnConnection aws.ec2.vpn_connection
    ec2 DeleteFlowLogs aws.ec2.flow_log
    ec2 DeleteSnapshot aws.ec2.snapshot
    ec2 DeleteVolume aws.ec2.volume
    ec2 DeregisterImage aws.ec2.image
    ec2 DisableEbsEncryptionByDefault aws.ec2.account_setting
    ec2 EnableSerialConsoleAccess aws.ec2.account_setting
    ec2 ExportImage aws.ec2.export_image_task
    ec2 ImportKeyPair aws.ec2.key_pair
    ec2 ModifyImageAttribute aws.ec2.image_share
    ec2 ModifyInstanceAttribute aws.ec2.instance_attribute
    ec2 ModifyManagedResourceVisibility aws.ec2.account_setting
    ec2 ModifySnapshotAttribute aws.ec2.snapshot_share
    ec2 PurchaseCapacityBlock aws.ec2.capacity_block
    ec2 PurchaseReservedInstancesOffering aws.ec2.reserved_instances
    ec2 ReplaceIamInstanceProfileAssociation aws.ec2.profile_association
    ec2 RequestSpotFleet aws.ec2.spot_fleet
    ec2 RequestSpotInstances aws.ec2.spot_request
    ec2 RunInstances aws.ec2.instance
    ec2 StartInstances aws.ec2.instance
    ec2 StopInstances aws.ec2.instance
    ec2 TerminateInstances aws.ec2.instance
    ecr CreateRepository aws.ecr.repository
    ecr PutImage aws.ecr.image
    ecr SetRepositoryPolicy aws.ecr.repository_policy
    ecs CreateCapacityProvider aws.ecs.capacity_provider
    ecs CreateCluster aws.ecs.cluster
    ecs CreateService aws.ecs.service
    ecs RegisterTaskDefinition aws.ecs.task_definition
    ecs RunTask aws.ecs.task
    ecs StartTask aws.ecs.task
    ecs UpdateService aws.ecs.service
    eks AssociateAccessPolicy aws.eks.access_policy
    eks CreateAccessEntry aws.eks.access_entry
    eks CreateCluster aws.eks.cluster
    eks CreateFargateProfile aws.eks.fargate_profile
    eks CreateNodegroup aws.eks.nodegroup
    elasticbeanstalk CreateEnvironment aws.elasticbeanstalk.environment
    elasticloadbalancing CreateLoadBalancer aws.elbv2.load_balancer
    elasticloadbalancing CreateRule aws.elbv2.listener_rule
    elasticmapreduce RunJobFlow aws.emr.cluster
    emr-serverless CreateApplication aws.emr_serverless.application
    events PutRule aws.eventbridge.rule
    events PutTargets aws.eventbridge.target
    gamelift CreateFleet aws.gamelift.fleet
    glue CreateDevEndpoint aws.glue.dev_endpoint
    glue CreateJob aws.glue.job
    glue CreateSession aws.glue.session
    glue StartJobRun aws.glue.job_run
    lambda AddPermission aws.lambda.permission
    lambda CreateEventSourceMapping aws.lambda.event_source_mapping
    lambda CreateFunction aws.lambda.function
    lambda CreateFunctionUrlConfig aws.lambda.function_url
    lambda PublishLayerVersion aws.lambda.layer_version
    lambda PutProvisionedConcurrencyConfig aws.lambda.provisioned_concurrency
    lambda UpdateFunctionCode aws.lambda.function
    lambda UpdateFunctionConfiguration aws.lambda.function
    lightsail CreateContainerService aws.lightsail.container_service
    lightsail CreateInstances aws.lightsail.instance
    sagemaker CreateCluster aws.sagemaker.hyperpod_cluster
    sagemaker CreateDomain aws.sagemaker.domain
    sagemaker CreateEndpoint aws.sagemaker.endpoint
    sagemaker CreateHyperParameterTuningJob aws.sagemaker.tuning_job
    sagemaker CreateNotebookInstance aws.sagemaker.notebook_instance
    sagemaker CreateNotebookInstanceLifecycleConfig aws.sagemaker.lifecycle_config
    sagemaker CreatePresignedNotebookInstanceUrl aws.sagemaker.notebook_access
    sagemaker CreateProcessingJob aws.sagemaker.processing_job
    sagemaker CreateTrainingJob aws.sagemaker.training_job
    sagemaker CreateTransformJob aws.sagemaker.transform_job
    scheduler CreateSchedule aws.scheduler.schedule
    servicecatalog ProvisionProduct aws.servicecatalog.provisioned_product
    states CreateStateMachine aws.stepfunctions.state_machine
    workspaces CreateWorkspaces aws.workspaces.workspace
";

/// Event sources whose rows are tested here.
const SOURCES: &[&str] = &[
    "amplify",
    "apigateway",
    "application-autoscaling",
    "apprunner",
    "appstream",
    "autoscaling",
    "batch",
    "bedrock",
    "cloudformation",
    "cloudshell",
    "codebuild",
    "ec2",
    "ec2-instance-connect",
    "ecr",
    "ecs",
    "eks",
    "elasticbeanstalk",
    "elasticloadbalancing",
    "elasticmapreduce",
    "emr-serverless",
    "events",
    "gamelift",
    "glue",
    "lambda",
    "lightsail",
    "sagemaker",
    "scheduler",
    "servicecatalog",
    "states",
    "workspaces",
];

/// What a row creates and no call deletes.
const NEVER_DELETED: &[(&str, &str)] = &[
    ("aws.ec2.capacity_block", "a purchase"),
    ("aws.ec2.host_reservation", "a purchase"),
    ("aws.ec2.reserved_instances", "a purchase"),
];

fn services() -> impl Iterator<Item = &'static Service> {
    SERVICES.iter().copied().filter(|service| {
        service.source.strip_suffix(".amazonaws.com").is_some_and(|source| SOURCES.contains(&source))
    })
}

fn rows() -> impl Iterator<Item = &'static Row> {
    services().flat_map(|service| service.rows)
}

#[test]
fn every_row_of_the_table_is_in_the_catalog() {
    let table: Vec<&str> = TABLE.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(table.len(), 130);
    for line in table {
        let [source, event, kind] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let source = format!("{source}.amazonaws.com");
        let kinds: Vec<&str> = catalog::rows(SERVICES, &source, event).map(|row| row.kind).collect();
        assert!(kinds.contains(&kind), "{line}: {kinds:?}");
    }
}

#[test]
fn every_source_is_registered_once_and_kinds_are_well_formed() {
    for source in SOURCES {
        let source = format!("{source}.amazonaws.com");
        assert!(SERVICES.iter().any(|service| service.source == source), "{source}");
    }
    for row in rows().filter(|row| !row.kind.is_empty()) {
        let parts: Vec<&str> = row.kind.split('.').collect();
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        assert!(matches!(parts[..], ["aws", service, kind] if plain(service) && plain(kind)), "{}", row.kind);
        assert!(!row.id.is_empty(), "{} of {} names no id", row.kind, row.events);
        for event in row.events.split('|') {
            let stem = event.trim_end_matches(|c: char| c.is_ascii_digit());
            assert!(event.len() - stem.len() < 8, "{event} keeps its version suffix");
        }
    }
}

#[test]
fn every_finding_is_a_sentence_and_every_pair_has_both_halves() {
    for row in rows() {
        if row.finding.is_some() {
            assert!(row.note.ends_with('.') && row.note.len() < 200, "{}: {}", row.events, row.note);
        }
        if !row.pair.is_empty() {
            // The other half may be what a row `tells`.
            let other = rows().any(|other| other.pair == row.pair && other.undoes != row.undoes);
            assert!(other || PAIRED_BY_TELLING.contains(&row.pair), "{} has one half", row.pair);
        }
    }
}

/// Pairs whose other half comes from a function, per resource or per member.
const PAIRED_BY_TELLING: &[&str] = &["ec2:vpc-peering", "ecr:image", "ecr:repository-policy"];

#[test]
fn every_kind_created_has_a_row_that_deletes_it() {
    let deleted: Vec<&str> = rows().filter(|row| row.act == Act::Deletes).map(|row| row.kind).collect();
    for row in rows().filter(|row| row.act == Act::Creates) {
        let never = NEVER_DELETED.iter().any(|(kind, _)| *kind == row.kind);
        assert_ne!(deleted.contains(&row.kind), never, "{} of {}", row.kind, row.events);
    }
}

#[test]
fn every_row_that_creates_says_how_to_contain_it() {
    for row in rows().filter(|row| row.act == Act::Creates) {
        let exempt = NEVER_DELETED.iter().any(|(kind, _)| *kind == row.kind)
            || row.kind == "aws.cloudshell.environment";
        assert_ne!(row.contain.is_empty(), !exempt, "{} of {}", row.kind, row.events);
        for call in row.contain.split(", ").filter(|call| !call.is_empty()) {
            assert!(
                call.split_once(':').is_some_and(|(_, operation)| operation.starts_with(char::is_uppercase)),
                "{call}"
            );
        }
    }
}

// Every path of every row.

/// Ways in which records write a list.
#[derive(Clone, Copy, Debug)]
enum Lists {
    Items,
    Plain,
    One,
}

/// Builds the JSON that `path` leads through, with `leaf` at its end.
fn planted(path: &str, leaf: &str, lists: Lists) -> Value {
    path.rsplit('.').fold(json!(leaf), |inner, segment| {
        let (key, inner) = match segment.strip_suffix("[]") {
            Some(key) => (
                key,
                match lists {
                    Lists::Items if matches!(key, "item" | "items" | "member") => json!([inner]),
                    Lists::Items => json!({"items": [inner]}),
                    Lists::Plain => json!([inner]),
                    Lists::One => inner,
                },
            ),
            None => (segment, inner),
        };
        json!({ key: inner })
    })
}

/// Merges `b` into `a`: the two paths of a joined one share their beginning.
fn merged(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Object(mut a), Value::Object(b)) => {
            for (key, value) in b {
                let old = a.remove(&key);
                a.insert(key, old.map_or(value.clone(), |old| merged(old, value)));
            }
            Value::Object(a)
        }
        (_, b) => b,
    }
}

/// Wraps request and response as EC2's newer calls do.
fn wrapped(mut json: Value, event: &str) -> Value {
    for (part, suffix) in [("requestParameters", "Request"), ("responseElements", "Response")] {
        if let Some(inner) = json.get(part).cloned() {
            json[part] = json!({ format!("{event}{suffix}"): inner });
        }
    }
    json
}

#[test]
fn every_path_resolves_on_the_shapes_that_records_have() {
    let mut paths = 0;
    for service in services() {
        for row in service.rows {
            let event = row.events.split('|').next().unwrap();
            for path in row.id.split('|').chain(row.names.split('|')).filter(|path| !path.is_empty()) {
                paths += 1;
                let leaves = ["parent-1", "child-1"];
                let parts: Vec<&str> = path.split('+').collect();
                let expect = if parts.len() == 1 { leaves[0].to_owned() } else { leaves.join("/") };
                for lists in [Lists::Items, Lists::Plain, Lists::One] {
                    let json = parts
                        .iter()
                        .zip(leaves)
                        .map(|(part, leaf)| planted(part, leaf, lists))
                        .reduce(merged)
                        .unwrap();
                    for json in [json.clone(), wrapped(json, event)] {
                        let found = with_record(&json, service.source, event, |record| {
                            record.resources(row.kind, path, "")
                        });
                        let ids: Vec<&str> = found.iter().map(|resource| &*resource.id).collect();
                        assert_eq!(ids, [expect.as_str()], "{path} of {event} in {json}");
                    }
                }
            }
        }
    }
    assert!(paths > 300, "{paths}");
}

#[test]
fn no_row_panics_or_invents_on_records_without_parameters() {
    for json in [
        json!({}),
        json!({"requestParameters": null, "responseElements": null}),
        json!({"requestParameters": "HIDDEN_DUE_TO_SECURITY_REASONS", "responseElements": ""}),
        json!({"requestParameters": [[[{}]]], "responseElements": {"items": [null, 7, "x"]}}),
    ] {
        for service in services() {
            for event in service.rows.iter().flat_map(|row| row.events.split('|')) {
                let facts =
                    with_record(&json, service.source, event, |record| catalog::facts(SERVICES, record));
                for fact in facts {
                    assert!(matches!(fact, Fact::Signal(_)), "{event} tells {fact:?} of {json}");
                }
            }
        }
    }
}

// Recorded events.

fn with_record<T>(json: &Value, source: &str, event: &str, use_it: impl FnOnce(&Record) -> T) -> T {
    let scope = Scope { account: "111122223333".into(), region: "eu-west-1".into() };
    let record = Record {
        json,
        provider: Provider::Aws,
        source,
        event,
        at: "2026-03-02T03:14:15Z".parse().unwrap(),
        scope: &scope,
        actor: &Actor::default(),
        outcome: &Outcome::Succeeded,
    };
    use_it(&record)
}

/// Facts of `fixtures/events/aws/<name>.json`, read as delivered.
#[track_caller]
fn recorded(name: &str) -> Vec<Fact> {
    event(name).facts
}

/// A fact as a line that can be read.
fn line(fact: &Fact) -> String {
    let thing = |r: &ResourceRef| {
        let mut text = format!("{} {}", r.kind, r.id);
        if !r.names.is_empty() {
            let names: Vec<&str> = r.names.iter().map(|name: &Arc<str>| &**name).collect();
            text += &format!(" ({})", names.join(", "));
        }
        if let Some(launcher) = &r.launcher {
            text += &format!(" by {launcher}");
        }
        assert_eq!((&*r.account, &*r.region), ("111122223333", "eu-west-1"));
        text
    };
    match fact {
        Fact::Created(r) => format!("created {}", thing(r)),
        Fact::Deleted(r) => format!("deleted {}", thing(r)),
        Fact::Touched { resource, how } => format!("touched {}: {how}", thing(resource)),
        Fact::Carries { compute, identity } => format!("{} carries {identity}", compute.id),
        Fact::Granted { member, role, on } => format!("granted {member} {role} on {on}"),
        Fact::Withdrawn { member, role, on } => format!("withdrawn {member} {role} on {on}"),
        Fact::Signal(s) if s.undoes => format!("undoes {}", s.pair),
        Fact::Signal(s) => {
            let technique = s.technique.map_or("-", |technique| technique.id);
            let pair = if s.pair.is_empty() { "-" } else { &s.pair };
            format!("{:?} {technique} {} [{pair}]: {}", s.kind, s.subject, s.note)
        }
        other => panic!("unexpected {other:?}"),
    }
}

#[track_caller]
fn check(name: &str, expect: &[&str]) {
    let facts: Vec<String> = recorded(name).iter().map(line).collect();
    assert_eq!(facts, expect, "{name}");
}
#[test]
fn instances_and_their_launchers() {
    check(
        "ec2/RunInstances",
        &[
            "created aws.ec2.instance i-0aaaaaaaaaaaaaaa1",
            "created aws.ec2.instance i-0aaaaaaaaaaaaaaa2",
            "i-0aaaaaaaaaaaaaaa1 carries arn:aws:iam::111122223333:instance-profile/render-node",
            "DefenseEvasion T1578.005 i-0aaaaaaaaaaaaaaa1 \
               [ec2:disableApiTermination/111122223333/i-0aaaaaaaaaaaaaaa1]: Instance i-0aaaaaaaaaaaaaaa1 \
               cannot be terminated until its attribute disableApiTermination is cleared.",
            "i-0aaaaaaaaaaaaaaa2 carries arn:aws:iam::111122223333:instance-profile/render-node",
            "DefenseEvasion T1578.005 i-0aaaaaaaaaaaaaaa2 \
               [ec2:disableApiTermination/111122223333/i-0aaaaaaaaaaaaaaa2]: Instance i-0aaaaaaaaaaaaaaa2 \
               cannot be terminated until its attribute disableApiTermination is cleared.",
        ],
    );
    check("ec2/RunInstances-autoscaling", &["created aws.ec2.instance i-0aaaaaaaaaaaaaaa3 by asg-render"]);
    check(
        "ec2/RunInstances-fleet",
        &["created aws.ec2.instance i-0aaaaaaaaaaaaaaa5 by fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05"],
    );
    check(
        "ec2/RunInstances-spot",
        &[
            "created aws.ec2.instance i-0aaaaaaaaaaaaaaa4 by sir-abcd1234",
            "created aws.ec2.spot_request sir-abcd1234",
        ],
    );
    check(
        "ec2/StartInstances",
        &[
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: started",
            "undoes ec2:stopped/111122223333/i-0bbbbbbbbbbbbbbb1",
        ],
    );
    check(
        "ec2/StopInstances",
        &[
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: stopped",
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb2: stopped",
            "Destruction T1489 i-0bbbbbbbbbbbbbbb1 [ec2:stopped/111122223333/i-0bbbbbbbbbbbbbbb1]: \
               Instance i-0bbbbbbbbbbbbbbb1 was stopped, and what ran on it with it.",
            "Destruction T1489 i-0bbbbbbbbbbbbbbb2 [ec2:stopped/111122223333/i-0bbbbbbbbbbbbbbb2]: \
               Instance i-0bbbbbbbbbbbbbbb2 was stopped, and what ran on it with it.",
        ],
    );
    check(
        "ec2/TerminateInstances",
        &[
            "deleted aws.ec2.instance i-0aaaaaaaaaaaaaaa1",
            "deleted aws.ec2.instance i-0aaaaaaaaaaaaaaa2",
            "Destruction T1578.003 i-0aaaaaaaaaaaaaaa1 [-]: Instance i-0aaaaaaaaaaaaaaa1 was terminated \
               and cannot be brought back.",
            "Destruction T1578.003 i-0aaaaaaaaaaaaaaa2 [-]: Instance i-0aaaaaaaaaaaaaaa2 was terminated \
               and cannot be brought back.",
        ],
    );
    check(
        "ec2/ModifyInstanceAttribute",
        &[
            "DefenseEvasion T1578.005 i-0aaaaaaaaaaaaaaa1 \
               [ec2:disableApiTermination/111122223333/i-0aaaaaaaaaaaaaaa1]: Instance i-0aaaaaaaaaaaaaaa1 \
               cannot be terminated until its attribute disableApiTermination is cleared.",
            "touched aws.ec2.instance i-0aaaaaaaaaaaaaaa1: termination protection turned on",
        ],
    );
    check(
        "ec2/ModifyInstanceAttribute-off",
        &[
            "undoes ec2:disableApiTermination/111122223333/i-0aaaaaaaaaaaaaaa1",
            "touched aws.ec2.instance i-0aaaaaaaaaaaaaaa1: termination protection turned off",
        ],
    );
    check(
        "ec2/ModifyInstanceAttribute-userData",
        &[
            "Execution T1651 i-0bbbbbbbbbbbbbbb1 [-]: The user data of i-0bbbbbbbbbbbbbbb1 was \
               rewritten: it runs as root when the instance next starts.",
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: user data rewritten",
        ],
    );
    check(
        "ec2/ModifyInstanceAttribute-groups",
        &["touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: security groups changed to \
               sg-0cccccccccccccccc"],
    );
    check(
        "ec2/AssociateIamInstanceProfile",
        &[
            "PrivilegeEscalation T1098.003 iip-assoc-0123456789abcdef0 \
               [ec2:instance-profile/111122223333/iip-assoc-0123456789abcdef0]: An instance was given \
               another IAM role by association iip-assoc-0123456789abcdef0: whoever is on the instance \
               has that role's credentials.",
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: given instance profile \
               arn:aws:iam::111122223333:instance-profile/admin-node",
            "i-0bbbbbbbbbbbbbbb1 carries arn:aws:iam::111122223333:instance-profile/admin-node",
        ],
    );
}

#[test]
fn spot_fleets_and_templates() {
    check(
        "ec2/RequestSpotInstances",
        &[
            "created aws.ec2.spot_request sir-wxyz0001",
            "created aws.ec2.spot_request sir-wxyz0002",
            "sir-wxyz0001 carries render-node",
            "sir-wxyz0002 carries render-node",
        ],
    );
    check("ec2/CancelSpotInstanceRequests", &["deleted aws.ec2.spot_request sir-wxyz0001"]);
    check("ec2/RequestSpotFleet", &["created aws.ec2.spot_fleet sfr-0a1b2c3d-4e5f-4061-8273-94a5b6c7d8e9"]);
    check(
        "ec2/CancelSpotFleetRequests",
        &["deleted aws.ec2.spot_fleet sfr-0a1b2c3d-4e5f-4061-8273-94a5b6c7d8e9"],
    );
    check(
        "ec2/CreateFleet",
        &[
            "created aws.ec2.fleet fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
            "created aws.ec2.instance i-0ddddddddddddddd1 by fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
            "created aws.ec2.instance i-0ddddddddddddddd2 by fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
            "created aws.ec2.instance i-0ddddddddddddddd3 by fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
        ],
    );
    check("ec2/DeleteFleets", &["deleted aws.ec2.fleet fleet-0b1c2d3e-4f50-4a61-8b72-9c83ad94be05"]);
    check("ec2/CreateLaunchTemplate", &["created aws.ec2.launch_template lt-0a1b2c3d4e5f60718 (render)"]);
    check("ec2/DeleteLaunchTemplate", &["deleted aws.ec2.launch_template lt-0a1b2c3d4e5f60718 (render)"]);
}

#[test]
fn scaling_groups() {
    check(
        "autoscaling/CreateAutoScalingGroup-eks",
        &["created aws.autoscaling.group eks-render-4ec1a2b3 by render/gpu"],
    );
    check("autoscaling/CreateAutoScalingGroup", &["created aws.autoscaling.group asg-render"]);
    check("autoscaling/DeleteAutoScalingGroup", &["deleted aws.autoscaling.group asg-render"]);
    check(
        "autoscaling/DeleteScheduledAction",
        &[
            "undoes autoscaling:scheduled-action/111122223333/web/nightly",
            "deleted aws.autoscaling.scheduled_action web/nightly",
        ],
    );
    check(
        "autoscaling/PutScheduledUpdateGroupAction",
        &[
            "Persistence T1053 web/nightly [autoscaling:scheduled-action/111122223333/web/nightly]: \
               Scheduled action web/nightly sets the group's size again later, and so brings instances \
               back.",
            "created aws.autoscaling.scheduled_action web/nightly",
        ],
    );
    check(
        "autoscaling/UpdateAutoScalingGroup",
        &["touched aws.autoscaling.group web: size or template changed"],
    );
}

#[test]
fn shares_and_open_ports() {
    check(
        "ec2/ModifyImageAttribute",
        &[
            "touched aws.ec2.image ami-0eeeeeeeeeeeeeee1: shared with 777788889999",
            "granted 777788889999 launchPermission on ami-0eeeeeeeeeeeeeee1",
            "Exfiltration T1537 ami-0eeeeeeeeeeeeeee1 \
               [ec2:launchPermission/111122223333/ami-0eeeeeeeeeeeeeee1 777788889999]: Image \
               ami-0eeeeeeeeeeeeeee1 was shared with 777788889999, which can copy it and keep the copy.",
            "touched aws.ec2.image ami-0eeeeeeeeeeeeeee1: made public",
            "granted * launchPermission on ami-0eeeeeeeeeeeeeee1",
            "Exposure T1537 ami-0eeeeeeeeeeeeeee1 \
               [ec2:launchPermission/111122223333/ami-0eeeeeeeeeeeeeee1 *]: Image ami-0eeeeeeeeeeeeeee1 \
               was made public: anyone with an AWS account can copy it.",
        ],
    );
    check(
        "ec2/ModifyImageAttribute-remove",
        &[
            "touched aws.ec2.image ami-0eeeeeeeeeeeeeee1: no longer shared with 777788889999",
            "withdrawn 777788889999 launchPermission on ami-0eeeeeeeeeeeeeee1",
            "undoes ec2:launchPermission/111122223333/ami-0eeeeeeeeeeeeeee1 777788889999",
        ],
    );
    check(
        "ec2/ModifySnapshotAttribute",
        &[
            "touched aws.ec2.snapshot snap-0fffffffffffffff1: shared with 777788889999",
            "granted 777788889999 createVolumePermission on snap-0fffffffffffffff1",
            "Exfiltration T1537 snap-0fffffffffffffff1 \
               [ec2:createVolumePermission/111122223333/snap-0fffffffffffffff1 777788889999]: Snapshot \
               snap-0fffffffffffffff1 was shared with 777788889999, which can copy it and keep the copy.",
        ],
    );
    check(
        "ec2/AuthorizeSecurityGroupIngress",
        &[
            "Exposure T1686.001 sg-0cccccccccccccccc \
               [ec2:open-to-internet/111122223333/sg-0cccccccccccccccc tcp 22 0.0.0.0/0]: Security group \
               sg-0cccccccccccccccc lets the whole internet (0.0.0.0/0) in on tcp 22.",
            "Exposure T1686.001 sg-0cccccccccccccccc \
               [ec2:open-to-internet/111122223333/sg-0cccccccccccccccc tcp 22 ::/0]: Security group \
               sg-0cccccccccccccccc lets the whole internet (::/0) in on tcp 22.",
            "touched aws.ec2.security_group_rule sgr-0ccccccccccccccc1: opened in sg-0cccccccccccccccc",
            "touched aws.ec2.security_group_rule sgr-0ccccccccccccccc2: opened in sg-0cccccccccccccccc",
            "touched aws.ec2.security_group sg-0cccccccccccccccc: inbound rules added",
        ],
    );
    check(
        "ec2/AuthorizeSecurityGroupIngress-office",
        &[
            "touched aws.ec2.security_group_rule sgr-0ccccccccccccccc3: opened in sg-0cccccccccccccccc",
            "touched aws.ec2.security_group sg-0cccccccccccccccc: inbound rules added",
        ],
    );
    check(
        "ec2/RevokeSecurityGroupIngress",
        &[
            "undoes ec2:open-to-internet/111122223333/sg-0cccccccccccccccc tcp 22 0.0.0.0/0",
            "touched aws.ec2.security_group sg-0cccccccccccccccc: inbound rules removed",
        ],
    );
    check(
        "ec2/RevokeSecurityGroupIngress-byRule",
        &[
            "undoes ec2:open-to-internet/111122223333/sg-0cccccccccccccccc tcp 22 ::/0",
            "touched aws.ec2.security_group sg-0cccccccccccccccc: inbound rules removed",
        ],
    );
    check(
        "ecr/SetRepositoryPolicy",
        &[
            "touched aws.ecr.repository orders: shared with arn:aws:iam::777788889999:root",
            "granted arn:aws:iam::777788889999:root repository policy on orders",
            "Exposure T1537 orders [ecr:repository-policy/111122223333/orders]: Repository orders was \
               shared with arn:aws:iam::777788889999:root: its images can be taken from outside, or \
               replaced there.",
        ],
    );
}

#[test]
fn disks_networks_and_keys() {
    check("ec2/CreateVolume", &["created aws.ec2.volume vol-0123456789abcdef0"]);
    check(
        "ec2/DeleteVolume",
        &[
            "Destruction T1485 vol-0123456789abcdef0 [-]: Volume vol-0123456789abcdef0 was deleted with \
               everything on it.",
            "deleted aws.ec2.volume vol-0123456789abcdef0",
        ],
    );
    check("ec2/CreateRouteTable", &["created aws.ec2.route_table rtb-0123456789abcdef0"]);
    check("ec2/DeleteRouteTable", &["deleted aws.ec2.route_table rtb-0123456789abcdef0"]);
    check("ec2/CreateFlowLogs", &["created aws.ec2.flow_log fl-0123456789abcdef0"]);
    check(
        "ec2/DeleteFlowLogs",
        &[
            "deleted aws.ec2.flow_log fl-0123456789abcdef0",
            "deleted aws.ec2.flow_log fl-0123456789abcdef1",
            "DefenseEvasion T1685.002 fl-0123456789abcdef0 [-]: Flow log fl-0123456789abcdef0 was \
               deleted: its network's traffic is no longer recorded.",
            "DefenseEvasion T1685.002 fl-0123456789abcdef1 [-]: Flow log fl-0123456789abcdef1 was \
               deleted: its network's traffic is no longer recorded.",
        ],
    );
    check(
        "ec2/CreateKeyPair",
        &[
            "Persistence T1098.004 key-0123456789abcdef0 \
               [ec2:key-pair/111122223333/key-0123456789abcdef0]: SSH key pair key-0123456789abcdef0 \
               opens every instance that was launched with it; deleting the pair does not close those.",
            "created aws.ec2.key_pair key-0123456789abcdef0 (render)",
        ],
    );
    check(
        "ec2/DeleteKeyPair",
        &[
            "undoes ec2:key-pair/111122223333/key-0123456789abcdef0",
            "deleted aws.ec2.key_pair key-0123456789abcdef0 (render)",
        ],
    );
    check(
        "ec2-instance-connect/SendSSHPublicKey",
        &[
            "LateralMovement T1021.008 i-0bbbbbbbbbbbbbbb1 [-]: An SSH key was pushed to \
               i-0bbbbbbbbbbbbbbb1: somebody could log in to it during the next minute.",
            "touched aws.ec2.instance i-0bbbbbbbbbbbbbbb1: logged in to over SSH",
        ],
    );
}

#[test]
fn containers() {
    check(
        "batch/CreateComputeEnvironment",
        &[
            "created aws.batch.compute_environment \
               arn:aws:batch:eu-west-1:111122223333:compute-environment/render (render)",
            "arn:aws:batch:eu-west-1:111122223333:compute-environment/render carries \
               arn:aws:iam::111122223333:instance-profile/batch-node",
            "arn:aws:batch:eu-west-1:111122223333:compute-environment/render carries \
               arn:aws:iam::111122223333:role/batch-service",
        ],
    );
    check("batch/DeleteComputeEnvironment", &["deleted aws.batch.compute_environment render"]);
    check("batch/SubmitJob", &["created aws.batch.job 0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"]);
    check("batch/TerminateJob", &["deleted aws.batch.job 0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"]);
    check(
        "ecs/CreateCluster",
        &["created aws.ecs.cluster arn:aws:ecs:eu-west-1:111122223333:cluster/render (render)"],
    );
    check(
        "ecs/CreateService",
        &["created aws.ecs.service arn:aws:ecs:eu-west-1:111122223333:service/render/gpu (render/gpu)"],
    );
    check(
        "ecs/DeleteCluster",
        &["deleted aws.ecs.cluster arn:aws:ecs:eu-west-1:111122223333:cluster/render (render)"],
    );
    check(
        "ecs/DeleteService",
        &["deleted aws.ecs.service arn:aws:ecs:eu-west-1:111122223333:service/render/gpu (render/gpu)"],
    );
    check(
        "ecs/DeregisterTaskDefinition",
        &["deleted aws.ecs.task_definition \
               arn:aws:ecs:eu-west-1:111122223333:task-definition/render:3 (render:3)"],
    );
    check(
        "ecs/RegisterTaskDefinition",
        &[
            "created aws.ecs.task_definition \
               arn:aws:ecs:eu-west-1:111122223333:task-definition/render:3 (render:3)",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/render:3 carries \
               arn:aws:iam::111122223333:role/render-task",
        ],
    );
    check(
        "ecs/RunTask",
        &[
            "created aws.ecs.task \
               arn:aws:ecs:eu-west-1:111122223333:task/render/0f1e2d3c4b5a49788695a4b3c2d1e0f9 \
               (0f1e2d3c4b5a49788695a4b3c2d1e0f9)",
            "arn:aws:ecs:eu-west-1:111122223333:task/render/0f1e2d3c4b5a49788695a4b3c2d1e0f9 carries \
               arn:aws:iam::111122223333:role/render-task",
        ],
    );
    check(
        "ecs/StopTask",
        &["deleted aws.ecs.task \
               arn:aws:ecs:eu-west-1:111122223333:task/render/0f1e2d3c4b5a49788695a4b3c2d1e0f9 \
               (0f1e2d3c4b5a49788695a4b3c2d1e0f9)"],
    );
    check(
        "eks/AssociateAccessPolicy",
        &[
            "touched aws.eks.cluster production: AmazonEKSClusterAdminPolicy given to \
               arn:aws:iam::777788889999:role/visitor",
            "granted arn:aws:iam::777788889999:role/visitor \
               arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy on production",
            "PrivilegeEscalation T1098.003 production \
               [eks:access-policy/111122223333/production/arn:aws:iam::777788889999:role/visitor \
               arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy]: \
               arn:aws:iam::777788889999:role/visitor was given AmazonEKSClusterAdminPolicy on Kubernetes \
               cluster production.",
        ],
    );
    check(
        "eks/CreateAccessEntry",
        &[
            "created aws.eks.access_entry \
               arn:aws:eks:eu-west-1:111122223333:access-entry/production/role/777788889999/visitor/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               (production/arn:aws:iam::777788889999:role/visitor)",
            "granted arn:aws:iam::777788889999:role/visitor access entry on production",
            "Persistence T1098.003 production \
               [eks:access-entry/111122223333/production/arn:aws:iam::777788889999:role/visitor]: \
               arn:aws:iam::777788889999:role/visitor may now enter Kubernetes cluster production.",
        ],
    );
    check(
        "eks/CreateCluster",
        &[
            "created aws.eks.cluster arn:aws:eks:eu-west-1:111122223333:cluster/render (render)",
            "arn:aws:eks:eu-west-1:111122223333:cluster/render carries \
               arn:aws:iam::111122223333:role/eks-cluster",
        ],
    );
    check(
        "eks/CreateNodegroup",
        &[
            "created aws.eks.nodegroup \
               arn:aws:eks:eu-west-1:111122223333:nodegroup/render/gpu/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               (render/gpu) by render",
            "arn:aws:eks:eu-west-1:111122223333:nodegroup/render/gpu/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               carries arn:aws:iam::111122223333:role/eks-node",
        ],
    );
    check(
        "eks/DeleteAccessEntry",
        &[
            "deleted aws.eks.access_entry production/arn:aws:iam::777788889999:role/visitor \
               (production/arn:aws:iam::777788889999:role/visitor)",
            "withdrawn arn:aws:iam::777788889999:role/visitor access entry on production",
            "undoes eks:access-entry/111122223333/production/arn:aws:iam::777788889999:role/visitor",
        ],
    );
    check(
        "eks/DeleteCluster",
        &["deleted aws.eks.cluster arn:aws:eks:eu-west-1:111122223333:cluster/render (render)"],
    );
    check(
        "eks/DeleteNodegroup",
        &["deleted aws.eks.nodegroup \
               arn:aws:eks:eu-west-1:111122223333:nodegroup/render/gpu/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               (render/gpu)"],
    );
}

#[test]
fn functions() {
    check(
        "lambda/AddPermission20150331v2-foreign",
        &[
            "touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): lambda:InvokeFunction given to 777788889999",
            "granted 777788889999 lambda:InvokeFunction on \
               arn:aws:lambda:eu-west-1:111122223333:function:orders",
            "created aws.lambda.permission arn:aws:lambda:eu-west-1:111122223333:function:orders/partner",
            "Persistence T1546 arn:aws:lambda:eu-west-1:111122223333:function:orders \
               [lambda:permission/111122223333/orders partner]: Function orders may be started by \
               777788889999 (statement partner): a way back in that needs no credential of yours.",
        ],
    );
    check(
        "lambda/AddPermission20150331v2-service",
        &["touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): lambda:InvokeFunction given to events.amazonaws.com"],
    );
    check(
        "lambda/AddPermission20150331v2",
        &[
            "touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): lambda:InvokeFunction given to everyone",
            "granted * lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:orders",
            "created aws.lambda.permission arn:aws:lambda:eu-west-1:111122223333:function:orders/open",
            "Persistence T1546 arn:aws:lambda:eu-west-1:111122223333:function:orders \
               [lambda:permission/111122223333/orders open]: Function orders may be started by everyone \
               (statement open): a way back in that needs no credential of yours.",
            "Exposure T1546 arn:aws:lambda:eu-west-1:111122223333:function:orders \
               [lambda:permission/111122223333/orders open]: Function orders was opened to everyone with \
               an AWS account.",
        ],
    );
    check(
        "lambda/CreateFunction20150331",
        &[
            "created aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:render (render) \
               by \
               arn:aws:cloudformation:eu-west-1:111122223333:stack/render/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6",
            "arn:aws:lambda:eu-west-1:111122223333:function:render carries \
               arn:aws:iam::111122223333:role/render-lambda",
        ],
    );
    check(
        "lambda/CreateFunctionUrlConfig",
        &[
            "created aws.lambda.function_url \
               https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws/ (render)",
            "Persistence T1648 arn:aws:lambda:eu-west-1:111122223333:function:render \
               [lambda:open-url/111122223333/render]: Function render has a URL that anyone on the \
               internet may call without signing in.",
        ],
    );
    check("lambda/DeleteFunction20150331-version", &["deleted aws.lambda.version render/1"]);
    check(
        "lambda/DeleteFunction20150331",
        &["deleted aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:render (render)"],
    );
    check(
        "lambda/DeleteFunctionUrlConfig",
        &["deleted aws.lambda.function_url render", "undoes lambda:open-url/111122223333/render"],
    );
    check(
        "lambda/RemovePermission20150331v2",
        &[
            "undoes lambda:permission/111122223333/orders open",
            "deleted aws.lambda.permission arn:aws:lambda:eu-west-1:111122223333:function:orders/open",
            "touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): permission open taken away",
        ],
    );
    check(
        "lambda/UpdateFunctionCode20150331v2",
        &[
            "touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): code replaced",
            "Persistence T1648 arn:aws:lambda:eu-west-1:111122223333:function:orders [-]: The code of \
               function orders was replaced: it now runs what the caller wrote, with the function's role.",
        ],
    );
    check(
        "lambda/UpdateFunctionConfiguration20150331v2",
        &[
            "touched aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:orders \
               (orders): configuration changed",
            "Persistence T1648 arn:aws:lambda:eu-west-1:111122223333:function:orders [-]: Function \
               orders was given layers (arn:aws:lambda:eu-west-1:777788889999:layer:helper:1): their code \
               runs inside it.",
            "PrivilegeEscalation T1098.003 arn:aws:lambda:eu-west-1:111122223333:function:orders [-]: \
               Function orders was given the role arn:aws:iam::111122223333:role/admin: its code now has \
               that role's permissions.",
            "arn:aws:lambda:eu-west-1:111122223333:function:orders carries \
               arn:aws:iam::111122223333:role/admin",
        ],
    );
}

#[test]
fn what_runs_by_itself() {
    check(
        "cloudformation/CreateStack",
        &[
            "created aws.cloudformation.stack \
               arn:aws:cloudformation:eu-west-1:111122223333:stack/render/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               (render)",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/render/4ec1a2b3-c4d5-46e7-98f0-a1b2c3d4e5f6 \
               carries arn:aws:iam::111122223333:role/cfn",
        ],
    );
    check("cloudformation/DeleteStack", &["deleted aws.cloudformation.stack render"]);
    check(
        "events/DeleteRule",
        &["undoes eventbridge:rule/111122223333/nightly", "deleted aws.eventbridge.rule nightly"],
    );
    check(
        "events/PutRule",
        &[
            "Persistence T1546 arn:aws:events:eu-west-1:111122223333:rule/nightly \
               [eventbridge:rule/111122223333/nightly]: Rule \
               arn:aws:events:eu-west-1:111122223333:rule/nightly starts its targets on a schedule, or \
               whenever something happens in the account.",
            "created aws.eventbridge.rule arn:aws:events:eu-west-1:111122223333:rule/nightly (nightly)",
        ],
    );
    check(
        "events/PutTargets",
        &[
            "Persistence T1546 nightly [eventbridge:target/111122223333/nightly a]: Rule nightly starts \
               arn:aws:lambda:eu-west-1:111122223333:function:render by itself.",
            "touched aws.eventbridge.rule nightly: given target \
               arn:aws:lambda:eu-west-1:111122223333:function:render",
            "Exfiltration T1537 nightly [eventbridge:target/111122223333/nightly b]: Rule nightly sends \
               events of this account to account 777788889999 \
               (arn:aws:events:eu-west-1:777788889999:event-bus/default).",
            "touched aws.eventbridge.rule nightly: given target \
               arn:aws:events:eu-west-1:777788889999:event-bus/default",
            "nightly carries arn:aws:iam::111122223333:role/forward",
        ],
    );
    check(
        "events/RemoveTargets",
        &[
            "undoes eventbridge:target/111122223333/nightly b",
            "touched aws.eventbridge.rule nightly: targets removed",
        ],
    );
    check(
        "scheduler/CreateSchedule",
        &[
            "Persistence T1053 arn:aws:scheduler:eu-west-1:111122223333:schedule/default/again \
               [scheduler:schedule/111122223333/again]: Schedule \
               arn:aws:scheduler:eu-west-1:111122223333:schedule/default/again calls an API by itself, \
               with a role of its own, until somebody disables it.",
            "created aws.scheduler.schedule \
               arn:aws:scheduler:eu-west-1:111122223333:schedule/default/again (default/again)",
            "arn:aws:scheduler:eu-west-1:111122223333:schedule/default/again carries \
               arn:aws:iam::111122223333:role/scheduler",
        ],
    );
    check(
        "scheduler/DeleteSchedule",
        &["undoes scheduler:schedule/111122223333/again", "deleted aws.scheduler.schedule default/again"],
    );
}

#[test]
fn compute_in_accounts_of_amazons() {
    check(
        "bedrock/InvokeModel",
        &["ServiceAbuse T1496.004 anthropic.claude-3-5-sonnet-20240620-v1:0 [-]: Model \
               anthropic.claude-3-5-sonnet-20240620-v1:0 was invoked: if nobody here meant to, somebody \
               is using it at your cost."],
    );
    check(
        "codebuild/StartBuild",
        &[
            "created aws.codebuild.build render:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9 \
               (arn:aws:codebuild:eu-west-1:111122223333:build/render:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9, \
               AWSCodeBuild-0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9)",
            "render:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9 carries arn:aws:iam::111122223333:role/codebuild",
        ],
    );
    check(
        "codebuild/StopBuild",
        &["deleted aws.codebuild.build render:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9 \
               (arn:aws:codebuild:eu-west-1:111122223333:build/render:0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9)"],
    );
    check(
        "elasticmapreduce/RunJobFlow",
        &[
            "created aws.emr.cluster j-2AXXXXXXGAPLF \
               (arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-2AXXXXXXGAPLF)",
            "j-2AXXXXXXGAPLF carries EMR_EC2_DefaultRole",
            "j-2AXXXXXXGAPLF carries EMR_DefaultRole",
        ],
    );
    check("elasticmapreduce/TerminateJobFlows", &["deleted aws.emr.cluster j-2AXXXXXXGAPLF"]);
    check(
        "lightsail/CreateInstances",
        &["created aws.lightsail.instance render-1", "created aws.lightsail.instance render-2"],
    );
    check("lightsail/DeleteInstance", &["deleted aws.lightsail.instance render-1"]);
    check(
        "sagemaker/CreateNotebookInstance",
        &[
            "created aws.sagemaker.notebook_instance \
               arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/render (render)",
            "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/render carries \
               arn:aws:iam::111122223333:role/sagemaker",
        ],
    );
    check(
        "sagemaker/CreateTrainingJob",
        &[
            "created aws.sagemaker.training_job \
               arn:aws:sagemaker:eu-west-1:111122223333:training-job/render (render)",
            "arn:aws:sagemaker:eu-west-1:111122223333:training-job/render carries \
               arn:aws:iam::111122223333:role/sagemaker",
        ],
    );
    check("sagemaker/DeleteNotebookInstance", &["deleted aws.sagemaker.notebook_instance render"]);
    check("sagemaker/StopTrainingJob", &["deleted aws.sagemaker.training_job render"]);
}

/// The deletion (second) is of what the creation (first) made.
const DELETIONS: &[(&str, &str)] = &[
    ("autoscaling/CreateAutoScalingGroup", "autoscaling/DeleteAutoScalingGroup"),
    ("autoscaling/PutScheduledUpdateGroupAction", "autoscaling/DeleteScheduledAction"),
    ("batch/CreateComputeEnvironment", "batch/DeleteComputeEnvironment"),
    ("batch/SubmitJob", "batch/TerminateJob"),
    ("cloudformation/CreateStack", "cloudformation/DeleteStack"),
    ("codebuild/StartBuild", "codebuild/StopBuild"),
    ("ec2/CreateFleet", "ec2/DeleteFleets"),
    ("ec2/CreateFlowLogs", "ec2/DeleteFlowLogs"),
    ("ec2/CreateKeyPair", "ec2/DeleteKeyPair"),
    ("ec2/CreateLaunchTemplate", "ec2/DeleteLaunchTemplate"),
    ("ec2/CreateRouteTable", "ec2/DeleteRouteTable"),
    ("ec2/CreateVolume", "ec2/DeleteVolume"),
    ("ec2/RequestSpotFleet", "ec2/CancelSpotFleetRequests"),
    ("ec2/RequestSpotInstances", "ec2/CancelSpotInstanceRequests"),
    ("ec2/RunInstances", "ec2/TerminateInstances"),
    ("ecs/CreateCluster", "ecs/DeleteCluster"),
    ("ecs/CreateService", "ecs/DeleteService"),
    ("ecs/RegisterTaskDefinition", "ecs/DeregisterTaskDefinition"),
    ("ecs/RunTask", "ecs/StopTask"),
    ("eks/CreateAccessEntry", "eks/DeleteAccessEntry"),
    ("eks/CreateCluster", "eks/DeleteCluster"),
    ("eks/CreateNodegroup", "eks/DeleteNodegroup"),
    ("elasticmapreduce/RunJobFlow", "elasticmapreduce/TerminateJobFlows"),
    ("events/PutRule", "events/DeleteRule"),
    ("lambda/CreateFunction20150331", "lambda/DeleteFunction20150331"),
    ("lambda/CreateFunctionUrlConfig", "lambda/DeleteFunctionUrlConfig"),
    ("lightsail/CreateInstances", "lightsail/DeleteInstance"),
    ("sagemaker/CreateNotebookInstance", "sagemaker/DeleteNotebookInstance"),
    ("sagemaker/CreateTrainingJob", "sagemaker/StopTrainingJob"),
    ("scheduler/CreateSchedule", "scheduler/DeleteSchedule"),
];

#[test]
fn deletions_name_what_was_created_and_nothing_else() {
    let made: Vec<(&str, Vec<ResourceRef>)> =
        DELETIONS.iter().map(|(create, _)| (*create, created(&recorded(create)))).collect();
    for (create, delete) in DELETIONS {
        let gone: Vec<ResourceRef> = recorded(delete)
            .into_iter()
            .filter_map(|fact| if let Fact::Deleted(resource) = fact { Some(resource) } else { None })
            .collect();
        assert!(!gone.is_empty(), "{delete}");
        for (other, resources) in &made {
            let hit = resources.iter().any(|resource| gone.iter().any(|gone| resource.is_same(gone)));
            assert_eq!(hit, other == create, "{delete} of {other}");
        }
    }
    // Deleting one version of a function leaves the function.
    let function = &created(&recorded("lambda/CreateFunction20150331"))[0];
    let version = recorded("lambda/DeleteFunction20150331-version");
    assert!(matches!(&version[..], [Fact::Deleted(gone)] if !gone.is_same(function)));
}

fn created(facts: &[Fact]) -> Vec<ResourceRef> {
    facts.iter().filter_map(|fact| if let Fact::Created(r) = fact { Some(r.clone()) } else { None }).collect()
}

#[test]
fn every_launcher_is_a_kind_that_something_creates() {
    for kind in LAUNCHER_KINDS {
        assert!(rows().any(|row| row.act == Act::Creates && row.kind == *kind), "{kind}");
    }
    for (event, launcher) in [
        ("autoscaling/CreateAutoScalingGroup", "ec2/RunInstances-autoscaling"),
        ("ec2/CreateFleet", "ec2/RunInstances-fleet"),
        ("eks/CreateCluster", "eks/CreateNodegroup"),
        ("eks/CreateNodegroup", "autoscaling/CreateAutoScalingGroup-eks"),
        ("cloudformation/CreateStack", "lambda/CreateFunction20150331"),
    ] {
        let made = created(&recorded(event)).remove(0);
        let launched = created(&recorded(launcher)).remove(0);
        let launcher = launched.launcher.expect("every one of these has a launcher");
        assert!(
            LAUNCHER_KINDS.contains(&made.kind) && made.all_names().any(|name| *name == launcher),
            "{event}"
        );
    }
}
