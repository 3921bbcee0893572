//! Security groups: what they let in and out, taken and given again.

use super::super::error::failed;
use super::instances::filter;
use super::shared::{or_gone, pages, receipt};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{Direction, Ec2Change, Rule};
use crate::model::{Place, Sight};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroup, SecurityGroupRule, UserIdGroupPair,
};
use serde_json::json;
use std::sync::Arc;

pub(super) async fn groups(
    client: &Client,
    at: &Place,
    ids: &[&str],
) -> Result<Vec<SecurityGroup>, CloudError> {
    let mut found = Vec::new();
    for ids in ids.chunks(200) {
        let request = client.describe_security_groups().filters(filter("group-id", ids.iter().copied()));
        found.extend(pages!("ec2:DescribeSecurityGroups", at, request.clone(), security_groups));
    }
    Ok(found)
}

pub(super) async fn of_group(
    client: &Client,
    at: &Place,
    group: &str,
) -> Result<Vec<SecurityGroupRule>, CloudError> {
    let request = client.describe_security_group_rules().filters(filter("group-id", [group]));
    Ok(pages!("ec2:DescribeSecurityGroupRules", at, request.clone(), security_group_rules))
}

/// Without its id: sorted, it says what a group lets in and out.
fn rule(found: &SecurityGroupRule) -> Rule {
    let text = |text: &Option<String>| text.as_deref().map(Arc::<str>::from);
    let peer = found.referenced_group_info.as_ref().and_then(|peer| {
        Some((peer.group_id.as_deref()?.into(), peer.user_id.as_deref().unwrap_or_default().into()))
    });
    Rule {
        direction: if found.is_egress == Some(true) { Direction::Out } else { Direction::In },
        protocol: found.ip_protocol.as_deref().unwrap_or("-1").into(),
        from: found.from_port,
        to: found.to_port,
        ipv4: text(&found.cidr_ipv4),
        ipv6: text(&found.cidr_ipv6),
        prefix_list: text(&found.prefix_list_id),
        peer,
        description: text(&found.description),
    }
}

/// Those that a change takes.
fn taken(change: &Ec2Change, found: Vec<SecurityGroupRule>) -> Vec<SecurityGroupRule> {
    match change {
        Ec2Change::RevokeRules { rules, .. } => {
            let is_named = |one: &SecurityGroupRule| {
                one.security_group_rule_id.as_deref().is_some_and(|id| rules.iter().any(|rule| &**rule == id))
            };
            found.into_iter().filter(is_named).collect()
        }
        _ => found,
    }
}

pub(super) async fn look(client: &Client, at: &Place, change: &Ec2Change) -> Result<Sight, CloudError> {
    let group = &**change.subject();
    if groups(client, at, &[group]).await?.is_empty() {
        return Ok(Sight::Gone);
    }
    let found = match of_group(client, at, group).await {
        Ok(found) => found,
        Err(error) => return or_gone(Err(error)),
    };
    let sorted = |found: &[SecurityGroupRule]| {
        let mut rules: Vec<Rule> = found.iter().map(rule).collect();
        rules.sort();
        rules
    };
    Ok(match change {
        Ec2Change::AuthorizeRules { rules: wanted, .. } => {
            let now = sorted(&found);
            let is_done = wanted.iter().all(|one| now.contains(one));
            Sight::there(json!({ "rules": now }), is_done)
        }
        _ => {
            let taken = sorted(&taken(change, found));
            let is_done = taken.is_empty();
            Sight::there(json!({ "rules": taken }), is_done)
        }
    })
}

pub(super) async fn perform(client: &Client, at: &Place, change: &Ec2Change) -> Result<Receipt, CloudError> {
    let group = &**change.subject();
    match change {
        Ec2Change::AuthorizeRules { rules, .. } => {
            let mut last = Receipt::default();
            for rule in rules {
                last = authorize(client, at, group, rule.direction, permission(rule)).await?;
            }
            Ok(last)
        }
        _ => {
            let found = of_group(client, at, group).await?;
            revoke(client, at, group, &taken(change, found)).await
        }
    }
}

/// By their ids: exactly these.
pub(super) async fn revoke(
    client: &Client,
    at: &Place,
    group: &str,
    rules: &[SecurityGroupRule],
) -> Result<Receipt, CloudError> {
    let ids = |is_egress: bool| -> Vec<String> {
        let of = rules.iter().filter(|rule| rule.is_egress.unwrap_or(false) == is_egress);
        of.filter_map(|rule| rule.security_group_rule_id.clone()).collect()
    };
    let mut last = Receipt::default();
    let (ingress, egress) = (ids(false), ids(true));
    if !ingress.is_empty() {
        let call = client.revoke_security_group_ingress().group_id(group);
        let answer = call.set_security_group_rule_ids(Some(ingress)).send().await;
        last = receipt("ec2:RevokeSecurityGroupIngress", at, answer)?;
    }
    if !egress.is_empty() {
        let call = client.revoke_security_group_egress().group_id(group);
        let answer = call.set_security_group_rule_ids(Some(egress)).send().await;
        last = receipt("ec2:RevokeSecurityGroupEgress", at, answer)?;
    }
    Ok(last)
}

fn permission(rule: &Rule) -> IpPermission {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    let about = || text(&rule.description);
    let mut permission = IpPermission::builder()
        .ip_protocol(&*rule.protocol)
        // EC2 shows -1 for "all ports" and takes none.
        .set_from_port(rule.from.filter(|_| &*rule.protocol != "-1"))
        .set_to_port(rule.to.filter(|_| &*rule.protocol != "-1"));
    if let Some(range) = text(&rule.ipv4) {
        permission = permission.ip_ranges(IpRange::builder().cidr_ip(range).set_description(about()).build());
    }
    if let Some(range) = text(&rule.ipv6) {
        permission =
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(about()).build());
    }
    if let Some(list) = text(&rule.prefix_list) {
        let list = PrefixListId::builder().prefix_list_id(list).set_description(about());
        permission = permission.prefix_list_ids(list.build());
    }
    if let Some((group, account)) = &rule.peer {
        let account = Some(account.to_string()).filter(|account| !account.is_empty());
        let pair = UserIdGroupPair::builder().group_id(&**group).set_user_id(account);
        permission = permission.user_id_group_pairs(pair.set_description(about()).build());
    }
    permission.build()
}

/// A rule that is there already is no error.
pub(super) async fn authorize(
    client: &Client,
    at: &Place,
    group: &str,
    direction: Direction,
    permission: IpPermission,
) -> Result<Receipt, CloudError> {
    let answer = match direction {
        Direction::In => {
            let call = client.authorize_security_group_ingress().group_id(group).ip_permissions(permission);
            let answer = call.send().await;
            answer.map(drop).map_err(|error| failed("ec2:AuthorizeSecurityGroupIngress", at, error))
        }
        Direction::Out => {
            let call = client.authorize_security_group_egress().group_id(group).ip_permissions(permission);
            let answer = call.send().await;
            answer.map(drop).map_err(|error| failed("ec2:AuthorizeSecurityGroupEgress", at, error))
        }
    };
    match answer {
        Err(error)
            if error.code.as_deref() == Some("InvalidPermission.Duplicate")
                && error.refusal != Refusal::Denied =>
        {
            Ok(Receipt::default())
        }
        answer => answer.map(|()| Receipt::default()),
    }
}
