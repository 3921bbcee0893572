//! AWS CloudFormation: stacks make anything; their calls appear under the same principal with `invokedBy`.

use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static CLOUDFORMATION: Service = Service {
    source: "cloudformation.amazonaws.com",
    rows: &[
        on("CreateStack")
            .creates("aws.cloudformation.stack", "responseElements.stackId")
            .names("requestParameters.stackName")
            .contain(
                "cloudformation:CancelUpdateStack, cloudformation:UpdateTerminationProtection, \
                 cloudformation:DeleteStack",
            )
            .tells(stack),
        on("UpdateStack")
            .touches(
                "aws.cloudformation.stack",
                "responseElements.stackId|requestParameters.stackName",
                "template or parameters changed",
            )
            .names("requestParameters.stackName")
            .contain("cloudformation:CancelUpdateStack, cloudformation:UpdateStack")
            .tells(role),
        // Given by ARN or by name; the ARN means that very stack, the name whichever bears it then.
        on("DeleteStack").deletes("aws.cloudformation.stack", "requestParameters.stackName"),
        on("UpdateTerminationProtection")
            .touches(
                "aws.cloudformation.stack",
                "responseElements.stackId|requestParameters.stackName",
                "termination protection changed",
            )
            .names("requestParameters.stackName")
            .contain("cloudformation:UpdateTerminationProtection")
            .tells(protected),
        on("SetStackPolicy").touches(
            "aws.cloudformation.stack",
            "requestParameters.stackName",
            "stack policy changed",
        ),
        // A change set of type CREATE makes its stack, which then waits for the change set to be executed.
        on("CreateChangeSet")
            .creates("aws.cloudformation.change_set", "responseElements.id")
            .names("requestParameters.stackName+requestParameters.changeSetName")
            .contain("cloudformation:DeleteChangeSet"),
        on("CreateChangeSet")
            .creates("aws.cloudformation.stack", "responseElements.stackId")
            .names("requestParameters.stackName")
            .contain("cloudformation:DeleteStack")
            .only_if(makes_stack)
            .tells(stack_alone),
        on("ExecuteChangeSet")
            .touches("aws.cloudformation.stack", "requestParameters.stackName", "change set executed")
            .contain("cloudformation:CancelUpdateStack"),
        on("DeleteChangeSet")
            .deletes(
                "aws.cloudformation.change_set",
                "requestParameters.stackName+requestParameters.changeSetName\
                 |requestParameters.changeSetName",
            )
            .names("requestParameters.changeSetName"),
        on("CreateStackSet")
            .creates("aws.cloudformation.stack_set", "responseElements.stackSetId")
            .names("requestParameters.stackSetName")
            .contain(
                "cloudformation:StopStackSetOperation, cloudformation:DeleteStackInstances, \
                 cloudformation:DeleteStackSet",
            )
            .tells(set_role),
        on("UpdateStackSet")
            .touches(
                "aws.cloudformation.stack_set",
                "requestParameters.stackSetName",
                "template or targets changed",
            )
            .contain("cloudformation:StopStackSetOperation"),
        on("DeleteStackSet").deletes("aws.cloudformation.stack_set", "requestParameters.stackSetName"),
        on("CreateStackInstances|UpdateStackInstances")
            .about("aws.cloudformation.stack_instances", "responseElements.operationId")
            .contain("cloudformation:StopStackSetOperation, cloudformation:DeleteStackInstances")
            .tells(instances),
        on("DeleteStackInstances").touches(
            "aws.cloudformation.stack_set",
            "requestParameters.stackSetName",
            "taken out of accounts or regions",
        ),
        on("RegisterType|ActivateType")
            .creates("aws.cloudformation.type", "responseElements.arn|requestParameters.typeName")
            .names("requestParameters.typeName")
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "Extension {id} runs its code whenever a template uses it.",
            )
            .contain("cloudformation:DeactivateType, cloudformation:DeregisterType")
            .pair("cloudformation:type"),
        on("DeregisterType|DeactivateType")
            .deletes("aws.cloudformation.type", "requestParameters.arn|requestParameters.typeName")
            .undoes("cloudformation:type"),
        on("CancelUpdateStack|ContinueUpdateRollback|StopStackSetOperation|ValidateTemplate"),
    ],
};

fn makes_stack(record: &Record) -> bool {
    record.is("requestParameters.changeSetType", "CREATE")
        || record.is("requestParameters.changeSetType", "IMPORT")
}

fn stack(record: &Record, facts: &mut Vec<Fact>) {
    tell::launched(record, facts);
    role(record, facts);
}

fn stack_alone(record: &Record, facts: &mut Vec<Fact>) {
    let Some(role) = record.first("requestParameters.roleARN") else { return };
    let stacks: Vec<_> = tell::named(facts, "aws.cloudformation.stack").map(|stack| stack.clone()).collect();
    for compute in stacks {
        facts.push(Fact::Carries { compute, identity: role.clone() });
    }
}

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.roleARN");
}

fn set_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.administrationRoleARN");
}

fn instances(record: &Record, facts: &mut Vec<Fact>) {
    let Some(set) = record.first("requestParameters.stackSetName") else { return };
    let mut where_to = record.all(
        "requestParameters.accounts[]|requestParameters.deploymentTargets.accounts[]\
         |requestParameters.deploymentTargets.organizationalUnitIds[]",
    );
    where_to.extend(record.all("requestParameters.regions[]"));
    let how = if where_to.is_empty() {
        "deployed to other accounts or regions".to_owned()
    } else {
        format!("deployed to {}", where_to.join(", "))
    };
    let note = format!("Stack set {set} was {how}: look there too.");
    facts.push(tell::finding(LateralMovement, &t::CLOUD_ADMIN_COMMAND, note, set.clone()));
    facts.push(Fact::Touched { resource: record.resource("aws.cloudformation.stack_set", set), how });
}

fn protected(record: &Record, facts: &mut Vec<Fact>) {
    let undoes = !record.is("requestParameters.enableTerminationProtection", "true");
    for stack in tell::resources(facts, &[crate::catalog::Act::Touches]) {
        let note = format!("Stack {} is protected from deletion: clear that before you delete it.", stack.id);
        let pair = Half { label: "cloudformation:termination-protection", concerns: &stack.id, undoes };
        let (kind, technique) = (DefenseEvasion, &t::MODIFY_CLOUD_CONFIGURATION);
        facts.push(tell::half(record, kind, technique, note, stack.id.clone(), pair));
    }
}
