//! What EC2's rows tell beyond their paths.

use crate::catalog::aws::arn;
use crate::catalog::aws::tell::{self, Half, REQUESTED_TAGS};
use crate::catalog::{Act, Record, path, technique as t};
use crate::model::Fact;
use crate::model::report::FindingKind;
use serde_json::Value;
use std::sync::Arc;

pub use tell::launched;

/// RunInstances: what launched each instance, what identity it carries, whether it was protected from the start.
pub fn run(record: &Record, facts: &mut Vec<Fact>) {
    let requested = tell::launchers(record.json, record.event, REQUESTED_TAGS).into_iter().next();
    let profile =
        record.first("requestParameters.iamInstanceProfile.arn|requestParameters.iamInstanceProfile.name");
    let mut more = Vec::new();
    for item in record.values("responseElements.instancesSet.items[]") {
        let text = |paths| path::resolve(item, paths, record.event).into_iter().next();
        let Some(id) = text("instanceId") else { continue };
        let Some(instance) = tell::named(facts, "aws.ec2.instance").find(|instance| instance.id == id) else {
            continue;
        };
        let spot = text("spotInstanceRequestId");
        instance.launcher = tell::launchers(item, record.event, "tagSet.items[]")
            .into_iter()
            .next()
            .or_else(|| requested.clone())
            .or_else(|| spot.clone())
            .or_else(|| fleet_of(record));
        let instance = instance.clone();
        if let Some(spot) = spot.filter(|_| is_persistent(record)) {
            more.push(Fact::Created(record.resource("aws.ec2.spot_request", spot)));
        }
        if let Some(identity) = text("iamInstanceProfile.arn").or_else(|| profile.clone()) {
            more.push(Fact::Carries { compute: instance, identity });
        }
        for (attribute, _, cannot) in PROTECTIONS {
            if record.is(&format!("requestParameters.{attribute}"), "true") {
                more.push(protection(record, &id, attribute, cannot, true));
            }
        }
    }
    facts.append(&mut more);
}

/// A one-time request ends with its instance; a persistent one launches the next.
fn is_persistent(record: &Record) -> bool {
    record.is("requestParameters.instanceMarketOptions.spotOptions.spotInstanceType", "persistent")
}

/// A fleet signs its launches with the client token `fleet-<uuid>-<n>`, and the first two parts are its id.
fn fleet_of(record: &Record) -> Option<Arc<str>> {
    const UUID: usize = 36;
    let token = record.first("requestParameters.clientToken")?;
    let id = token.get(.."fleet-".len() + UUID).filter(|id| id.starts_with("fleet-"))?;
    token[id.len()..].starts_with('-').then(|| id.into())
}

/// RequestSpotInstances: launcher, and the identity that its instances will carry.
pub fn spot(record: &Record, facts: &mut Vec<Fact>) {
    tell::launched(record, facts);
    tell::carries(
        record,
        facts,
        "requestParameters.launchSpecification.iamInstanceProfile.arn\
             |requestParameters.launchSpecification.iamInstanceProfile.name",
    );
}

/// CreateFleet: an instant fleet names its instances here and nowhere else.
pub fn fleet(record: &Record, facts: &mut Vec<Fact>) {
    tell::launched(record, facts);
    let fleet = record.first("responseElements.fleetId");
    for id in record.all("responseElements.fleetInstanceSet.item[].instanceIds.item[]") {
        let mut instance = record.resource("aws.ec2.instance", id);
        instance.launcher = fleet.clone();
        facts.push(Fact::Created(instance));
    }
}

pub fn terminated(_: &Record, facts: &mut Vec<Fact>) {
    tell::destroyed(
        facts,
        FindingKind::Destruction,
        &t::DELETE_CLOUD_INSTANCE,
        "Instance {id} was terminated and cannot be brought back.",
    );
}

pub fn flow_logs_deleted(_: &Record, facts: &mut Vec<Fact>) {
    tell::destroyed(
        facts,
        FindingKind::DefenseEvasion,
        &t::DISABLE_CLOUD_LOGS,
        "Flow log {id} was deleted: its network's traffic is no longer recorded.",
    );
}

pub fn stopped(record: &Record, facts: &mut Vec<Fact>) {
    stop_or_start(record, facts, false);
}

pub fn started(record: &Record, facts: &mut Vec<Fact>) {
    stop_or_start(record, facts, true);
}

fn stop_or_start(record: &Record, facts: &mut Vec<Fact>, undoes: bool) {
    for instance in tell::resources(facts, &[Act::Touches]) {
        facts.push(tell::half(
            record,
            FindingKind::Destruction,
            &t::SERVICE_STOP,
            format!("Instance {} was stopped, and what ran on it with it.", instance.id),
            instance.id.clone(),
            Half { label: "ec2:stopped", concerns: &instance.id, undoes },
        ));
    }
}

/// Attribute, what it guards against, what can't be done while it is set.
const PROTECTIONS: &[(&str, &str, &str)] = &[
    ("disableApiTermination", "termination", "cannot be terminated"),
    ("disableApiStop", "stop", "can be neither stopped nor terminated"),
];

fn protection(record: &Record, id: &Arc<str>, attribute: &str, cannot: &str, on: bool) -> Fact {
    tell::half(
        record,
        FindingKind::DefenseEvasion,
        &t::MODIFY_CLOUD_CONFIGURATION,
        format!("Instance {id} {cannot} until its attribute {attribute} is cleared."),
        id.clone(),
        Half { label: &format!("ec2:{attribute}"), concerns: id, undoes: !on },
    )
}

/// ModifyInstanceAttribute: one attribute per call, `{name: {value}}` or `attribute` and `value`.
pub fn attribute(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = record.first("requestParameters.instanceId") else { return };
    let old_style = record.first("requestParameters.attribute").unwrap_or_default();
    let given = |name: &str| -> Option<Vec<Arc<str>>> {
        let new_style = format!("requestParameters.{name}.value|requestParameters.{name}");
        if record.value(&new_style).is_some() {
            return Some(record.all(&new_style));
        }
        old_style.eq_ignore_ascii_case(name).then(|| record.all("requestParameters.value"))
    };
    let mut how = Vec::new();
    for (attribute, what, cannot) in PROTECTIONS {
        let Some(value) = given(attribute) else { continue };
        let on = value.iter().any(|v| v.eq_ignore_ascii_case("true"));
        how.push(format!("{what} protection turned {}", if on { "on" } else { "off" }));
        facts.push(protection(record, &id, attribute, cannot, on));
    }
    if given("userData").is_some() {
        how.push("user data rewritten".to_owned());
        facts.push(tell::finding(
            FindingKind::Execution,
            &t::CLOUD_ADMIN_COMMAND,
            format!("The user data of {id} was rewritten: it runs as root when the instance next starts."),
            id.clone(),
        ));
    }
    if let Some(value) = given("instanceType") {
        how.push(format!("instance type changed to {}", value.first().map_or("another", |v| v)));
    }
    if record.value("requestParameters.groupSet").is_some() {
        let groups = record.all("requestParameters.groupSet.items[].groupId");
        how.push(format!("security groups changed to {}", groups.join(", ")));
    }
    if how.is_empty() {
        how.push("attribute changed".to_owned());
    }
    for how in how {
        facts.push(Fact::Touched { resource: record.resource("aws.ec2.instance", id.clone()), how });
    }
}

/// ModifyInstanceMetadataOptions: without required tokens any server-side request forgery reads the role's credentials.
pub fn metadata(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = record.first("responseElements.instanceId|requestParameters.instanceId") else { return };
    let Some(tokens) =
        record.first("requestParameters.httpTokens|responseElements.instanceMetadataOptions.httpTokens")
    else {
        return;
    };
    facts.push(tell::half(
        record,
        FindingKind::DefenseEvasion,
        &t::MODIFY_CLOUD_CONFIGURATION,
        format!(
            "The metadata service of {id} answers without a token again: its role's credentials are \
             easier to steal."
        ),
        id.clone(),
        Half {
            label: "ec2:metadata-tokens",
            concerns: &id,
            undoes: !tokens.eq_ignore_ascii_case("optional"),
        },
    ));
}

/// An instance profile given to an instance that runs already.
pub fn profile(record: &Record, facts: &mut Vec<Fact>) {
    let id = record
        .first("responseElements.iamInstanceProfileAssociation.instanceId|requestParameters.instanceId");
    let profile = record.first(
        "responseElements.iamInstanceProfileAssociation.iamInstanceProfile.arn\
             |requestParameters.iamInstanceProfile.arn|requestParameters.iamInstanceProfile.name",
    );
    let (Some(id), Some(identity)) = (id, profile) else { return };
    let compute = record.resource("aws.ec2.instance", id);
    let how = match record.event {
        "AssociateIamInstanceProfile" => format!("given instance profile {identity}"),
        _ => format!("its instance profile replaced by {identity}"),
    };
    facts.push(Fact::Touched { resource: compute.clone(), how });
    facts.push(Fact::Carries { compute, identity });
}

pub fn profile_removed(record: &Record, facts: &mut Vec<Fact>) {
    if let Some(id) = record.first("responseElements.iamInstanceProfileAssociation.instanceId") {
        let resource = record.resource("aws.ec2.instance", id);
        facts.push(Fact::Touched { resource, how: "instance profile taken away".to_owned() });
    }
}

/// CopySnapshot under another key: the pattern of encrypting what the owner then can't read.
pub fn copied(record: &Record, facts: &mut Vec<Fact>) {
    let (Some(id), Some(key)) = (
        record.first("responseElements.snapshotId"),
        record.first("requestParameters.kmsKeyId").filter(|_| record.event == "CopySnapshot"),
    ) else {
        return;
    };
    if arn::account_of(&key)
        .is_some_and(|account| key.starts_with("arn:") && account != &*record.scope.account)
    {
        facts.push(tell::finding(
            FindingKind::Destruction,
            &t::DATA_ENCRYPTED,
            format!("Snapshot {id} was encrypted with {key}, a key of another account."),
            id,
        ));
    }
}

pub fn is_image_export(record: &Record) -> bool {
    record.all("requestParameters.exportTaskId").iter().any(|id| id.starts_with("export-ami-"))
}

pub fn is_instance_export(record: &Record) -> bool {
    !is_image_export(record)
}

pub fn snapshot_share(record: &Record, facts: &mut Vec<Fact>) {
    share(record, facts, "aws.ec2.snapshot", "requestParameters.snapshotId", "createVolumePermission");
}

pub fn image_share(record: &Record, facts: &mut Vec<Fact>) {
    share(record, facts, "aws.ec2.image", "requestParameters.imageId", "launchPermission");
}

/// A share given or taken back: one pair per member, since taking one account off leaves the others.
fn share(record: &Record, facts: &mut Vec<Fact>, kind: &'static str, id: &str, permission: &'static str) {
    let Some(id) = record.first(id) else { return };
    let what = if kind == "aws.ec2.image" { "Image" } else { "Snapshot" };
    let before = facts.len();
    for (list, undoes) in [("add", false), ("remove", true)] {
        for item in record.values(&format!("requestParameters.{permission}.{list}.items[]")) {
            let who = path::resolve(item, "userId|organizationArn|organizationalUnitArn|group", record.event);
            let Some(member) = who.into_iter().next() else { continue };
            let public = &*member == "all";
            let member: Arc<str> = if public { "*".into() } else { member };
            let how = match (public, undoes) {
                (true, false) => "made public".to_owned(),
                (true, true) => "no longer public".to_owned(),
                (false, false) => format!("shared with {member}"),
                (false, true) => format!("no longer shared with {member}"),
            };
            facts.push(Fact::Touched { resource: record.resource(kind, id.clone()), how });
            facts.push(tell::granted(&member, permission, id.clone(), undoes));
            let (finding, technique, note) = if public {
                (
                    FindingKind::Exposure,
                    &t::TRANSFER_TO_CLOUD_ACCOUNT,
                    format!("{what} {id} was made public: anyone with an AWS account can copy it."),
                )
            } else {
                (
                    FindingKind::Exfiltration,
                    &t::TRANSFER_TO_CLOUD_ACCOUNT,
                    format!("{what} {id} was shared with {member}, which can copy it and keep the copy."),
                )
            };
            let concerns = format!("{id} {member}");
            let pair = Half { label: &format!("ec2:{permission}"), concerns: &concerns, undoes };
            facts.push(tell::half(record, finding, technique, note, id.clone(), pair));
        }
    }
    if facts.len() == before {
        let how = "attribute changed".to_owned();
        facts.push(Fact::Touched { resource: record.resource(kind, id), how });
    }
}

pub fn opened(record: &Record, facts: &mut Vec<Fact>) {
    ingress(record, facts, false);
}

pub fn closed(record: &Record, facts: &mut Vec<Fact>) {
    ingress(record, facts, true);
}

/// Inbound rules given or taken: each that lets in the whole internet is an exposure of its own, found again by group,
/// ports and range.
fn ingress(record: &Record, facts: &mut Vec<Fact>, undoes: bool) {
    let mut group = record.resources(
        "aws.ec2.security_group",
        "requestParameters.groupId|responseElements.securityGroupRuleSet.items[].groupId\
             |responseElements.revokedSecurityGroupRuleSet.items[].groupId",
        "requestParameters.groupName",
    );
    if group.is_empty() {
        return;
    }
    let group = group.remove(0);
    let how = if undoes { "inbound rules removed" } else { "inbound rules added" };
    let open: std::collections::BTreeSet<(String, Arc<str>)> =
        rules(record).into_iter().filter(|(_, range)| range.ends_with("/0")).collect();
    for (ports, range) in open {
        let concerns = format!("{} {ports} {range}", group.id);
        let note = format!("Security group {} lets the whole internet ({range}) in on {ports}.", group.id);
        let pair = Half { label: "ec2:open-to-internet", concerns: &concerns, undoes };
        let (kind, technique) = (FindingKind::Exposure, &t::DISABLE_CLOUD_FIREWALL);
        facts.push(tell::half(record, kind, technique, note, group.id.clone(), pair));
    }
    // Each by its own id: in somebody else's group these alone are taken out again.
    let ids = record.all("responseElements.securityGroupRuleSet.items[].securityGroupRuleId");
    for id in ids.into_iter().filter(|id| !undoes && id.starts_with("sgr-")) {
        let resource = record.resource("aws.ec2.security_group_rule", id);
        facts.push(Fact::Touched { resource, how: format!("opened in {}", group.id) });
    }
    facts.push(Fact::Touched { resource: group, how: how.to_owned() });
}

/// Ports and range of every rule in the call: from the response where it lists rules, else from either request form.
fn rules(record: &Record) -> Vec<(String, Arc<str>)> {
    let listed = record.values(
        "responseElements.securityGroupRuleSet.items[]|responseElements.revokedSecurityGroupRuleSet.items[]",
    );
    let permissions = record.values("requestParameters.ipPermissions.items[]");
    let flat = record.values("requestParameters");
    let ranges = "cidrIpv4|ipRanges.items[].cidrIp|cidrIp";
    let six = "cidrIpv6|ipv6Ranges.items[].cidrIpv6";
    for source in [listed, permissions, flat] {
        let found: Vec<(String, Arc<str>)> = source
            .into_iter()
            .flat_map(|rule| {
                let mut all = path::resolve(rule, ranges, record.event);
                all.extend(path::resolve(rule, six, record.event));
                all.into_iter().map(|range| (ports(rule, record.event), range))
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// `tcp 22`, `udp 1000-2000`, `every port`.
fn ports(rule: &Value, event: &str) -> String {
    let text = |key| path::resolve(rule, key, event).into_iter().next();
    let protocol = text("ipProtocol").unwrap_or_else(|| "-1".into());
    if &*protocol == "-1" {
        return "every port".to_owned();
    }
    match (text("fromPort").filter(|port| &**port != "-1"), text("toPort")) {
        (Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
        _ => protocol.to_string(),
    }
}

/// A peering with another account is a way for data out and for people in.
pub fn peered(record: &Record, facts: &mut Vec<Fact>) {
    let Some(id) = record.first(
        "responseElements.vpcPeeringConnection.vpcPeeringConnectionId\
         |requestParameters.vpcPeeringConnectionId",
    ) else {
        return;
    };
    let owners = ["requesterVpcInfo", "accepterVpcInfo"]
        .into_iter()
        .filter_map(|side| record.first(&format!("responseElements.vpcPeeringConnection.{side}.ownerId")))
        .chain(record.first("requestParameters.peerOwnerId"));
    let Some(other) = owners.into_iter().find(|owner| *owner != record.scope.account) else { return };
    facts.push(tell::half(
        record,
        FindingKind::Exfiltration,
        &t::TRANSFER_TO_CLOUD_ACCOUNT,
        format!("Peering {id} joins a network of this account to one of account {other}."),
        id.clone(),
        Half { label: "ec2:vpc-peering", concerns: &id, undoes: false },
    ));
}

/// Hidden resources of services keep running and costing, and no Describe call shows them unless it asks.
pub fn visibility(record: &Record, facts: &mut Vec<Fact>) {
    let region = record.scope.region.clone();
    let visibility = record.first(
        "requestParameters.defaultVisibility|responseElements.visibility.defaultVisibility\
             |responseElements.defaultVisibility",
    );
    let Some(visibility) = visibility else { return };
    facts.push(tell::half(
        record,
        FindingKind::DefenseEvasion,
        &t::MODIFY_CLOUD_CONFIGURATION,
        format!(
            "Instances and volumes that services manage no longer show in {region}, though they run and \
             cost on."
        ),
        region.clone(),
        Half {
            label: "ec2:visibility",
            concerns: &region,
            undoes: !visibility.eq_ignore_ascii_case("hidden"),
        },
    ));
}
