//! Elastic Load Balancing, both generations: they share event source and event names.

use crate::catalog::technique as t;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static ELASTICLOADBALANCING: Service = Service {
    source: "elasticloadbalancing.amazonaws.com",
    rows: &[
        on("CreateLoadBalancer")
            .creates(
                "aws.elbv2.load_balancer",
                "responseElements.loadBalancers[].loadBalancerArn|requestParameters.loadBalancerName",
            )
            .names("requestParameters.loadBalancerName|requestParameters.name")
            .contain("elasticloadbalancing:DeleteLoadBalancer"),
        on("DeleteLoadBalancer").deletes(
            "aws.elbv2.load_balancer",
            "requestParameters.loadBalancerArn|requestParameters.loadBalancerName",
        ),
        on("CreateTargetGroup")
            .creates("aws.elbv2.target_group", "responseElements.targetGroups[].targetGroupArn")
            .names("requestParameters.name")
            .contain("elasticloadbalancing:DeleteTargetGroup"),
        on("DeleteTargetGroup").deletes("aws.elbv2.target_group", "requestParameters.targetGroupArn"),
        on("RegisterTargets|DeregisterTargets").touches(
            "aws.elbv2.target_group",
            "requestParameters.targetGroupArn",
            "targets changed",
        ),
        on("CreateListener")
            .creates("aws.elbv2.listener", "responseElements.listeners[].listenerArn")
            .contain("elasticloadbalancing:DeleteListener"),
        on("ModifyListener")
            .touches("aws.elbv2.listener", "requestParameters.listenerArn", "redirected")
            .contain("elasticloadbalancing:ModifyListener"),
        on("DeleteListener").deletes("aws.elbv2.listener", "requestParameters.listenerArn"),
        on("CreateRule")
            .creates("aws.elbv2.listener_rule", "responseElements.rules[].ruleArn")
            .finding(
                DefenseEvasion,
                &t::PROXY,
                "Listener rule {id} sends some of a load balancer's traffic somewhere else.",
            )
            .contain("elasticloadbalancing:DeleteRule")
            .pair("elbv2:listener-rule"),
        on("ModifyRule").touches("aws.elbv2.listener_rule", "requestParameters.ruleArn", "redirected"),
        on("DeleteRule")
            .deletes("aws.elbv2.listener_rule", "requestParameters.ruleArn")
            .undoes("elbv2:listener-rule"),
        on("ModifyLoadBalancerAttributes|SetSecurityGroups|SetSubnets|CreateLoadBalancerListeners\
             |CreateLoadBalancerPolicy|RegisterInstancesWithLoadBalancer\
             |DeregisterInstancesFromLoadBalancer")
        .touches(
            "aws.elbv2.load_balancer",
            "requestParameters.loadBalancerArn|requestParameters.loadBalancerName",
            "settings changed",
        ),
        on("AddTags|RemoveTags"),
    ],
};
