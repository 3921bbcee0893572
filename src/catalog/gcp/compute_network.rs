//! Compute Engine: networks, firewalls, addresses, load balancers, tunnels.

use super::common::{self, COMPUTE, Say, TARGET};
use crate::catalog::record::Record;
use crate::catalog::technique::*;
use crate::catalog::{Row, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;
use serde_json::Value;

const FIREWALL: &str = "gcp.compute.firewall";
const FIREWALL_ID: &str =
    "resource.labels.firewall_rule_id|protoPayload.response.targetId|protoPayload.resourceName";
const POLICY: &str = "gcp.compute.firewall_policy";
const NETWORK: &str = "gcp.compute.network";
const NETWORK_ID: &str =
    "resource.labels.network_id|protoPayload.response.targetId|protoPayload.resourceName";
const SUBNET: &str = "gcp.compute.subnetwork";
const SUBNET_ID: &str =
    "resource.labels.subnetwork_id|protoPayload.response.targetId|protoPayload.resourceName";
const ROUTE_ID: &str = "resource.labels.route_id|protoPayload.response.targetId|protoPayload.resourceName";
const ROUTER: &str = "gcp.compute.router";
const ROUTER_ID: &str = "resource.labels.router_id|protoPayload.response.targetId|protoPayload.resourceName";
const ADDRESS_ID: &str =
    "resource.labels.reserved_address_id|protoPayload.response.targetId|protoPayload.resourceName";
const RULE_ID: &str =
    "resource.labels.forwarding_rule_id|protoPayload.response.targetId|protoPayload.resourceName";
const HEALTH_ID: &str =
    "resource.labels.health_check_id|protoPayload.response.targetId|protoPayload.resourceName";
const BACKEND_ID: &str =
    "resource.labels.backend_service_id|protoPayload.response.targetId|protoPayload.resourceName";
const MIRROR: &str = "gcp.compute.packet_mirroring";

const fn makes(events: &'static str, kind: &'static str, id: &'static str) -> Row {
    on(events).creates(kind, id).names(COMPUTE)
}

const fn drops(events: &'static str, kind: &'static str, id: &'static str) -> Row {
    on(events).deletes(kind, id).names(COMPUTE)
}

pub static COMPUTE_NETWORK: Service = Service {
    source: "compute.googleapis.com",
    rows: &[
        // ---- firewalls
        makes("compute.firewalls.insert", FIREWALL, FIREWALL_ID)
            .contain("compute.firewalls.patch;!compute.firewalls.delete")
            .note("Firewall rule {id} can be disabled without deleting it.")
            .tells(opened),
        on("compute.firewalls.patch|compute.firewalls.update")
            .touches(FIREWALL, FIREWALL_ID, "changed")
            .names(COMPUTE)
            .contain("compute.firewalls.patch")
            .tells(opened),
        drops("compute.firewalls.delete", FIREWALL, FIREWALL_ID).finding(
            DefenseEvasion,
            &DISABLE_CLOUD_FIREWALL,
            "Firewall rule {id} was deleted; if it denied, what it kept out can come in.",
        ),
        on("compute.firewalls.delete").about(FIREWALL, FIREWALL_ID).undoes(OPEN),
        makes("compute.networkFirewallPolicies.insert|compute.regionNetworkFirewallPolicies.insert|compute.firewallPolicies.insert", POLICY, TARGET)
            .contain("compute.networkFirewallPolicies.patchRule;!compute.networkFirewallPolicies.delete"),
        on("compute.networkFirewallPolicies.addRule|compute.networkFirewallPolicies.patchRule|compute.regionNetworkFirewallPolicies.addRule|compute.regionNetworkFirewallPolicies.patchRule|compute.firewallPolicies.addRule|compute.firewallPolicies.patchRule")
            .touches(POLICY, TARGET, "rule added or changed")
            .names(COMPUTE)
            .contain("compute.networkFirewallPolicies.patchRule")
            .finding(LateralMovement, &DISABLE_CLOUD_FIREWALL, "A rule of firewall policy {id} was added or changed; it stands above the networks' own rules."),
        on("compute.networkFirewallPolicies.removeRule|compute.regionNetworkFirewallPolicies.removeRule|compute.firewallPolicies.removeRule")
            .touches(POLICY, TARGET, "rule removed")
            .names(COMPUTE)
            .finding(DefenseEvasion, &DISABLE_CLOUD_FIREWALL, "A rule of firewall policy {id} was removed; check whether it was one that denies."),
        drops("compute.networkFirewallPolicies.delete|compute.regionNetworkFirewallPolicies.delete|compute.firewallPolicies.delete", POLICY, TARGET)
            .finding(DefenseEvasion, &DISABLE_CLOUD_FIREWALL, "Firewall policy {id} was deleted with every rule in it."),
        makes("compute.securityPolicies.insert", "gcp.compute.security_policy", TARGET),
        drops("compute.securityPolicies.delete", "gcp.compute.security_policy", TARGET)
            .finding(DefenseEvasion, &DISABLE_CLOUD_FIREWALL, "Cloud Armor policy {id} was deleted; what it shielded stands open."),
        // ---- networks
        makes("compute.networks.insert", NETWORK, NETWORK_ID)
            .contain("!compute.networks.delete")
            .note("Network {id} was made; miners make one where the default network is missing."),
        drops("compute.networks.delete", NETWORK, NETWORK_ID),
        makes("compute.subnetworks.insert", SUBNET, SUBNET_ID).contain("!compute.subnetworks.delete"),
        drops("compute.subnetworks.delete", SUBNET, SUBNET_ID),
        on("compute.subnetworks.patch|compute.subnetworks.setPrivateIpGoogleAccess|compute.subnetworks.expandIpCidrRange")
            .touches(SUBNET, SUBNET_ID, "changed")
            .names(COMPUTE)
            .tells(flow_logs),
        on("compute.networks.addPeering|compute.networks.updatePeering")
            .touches(NETWORK, NETWORK_ID, "peered")
            .names(COMPUTE)
            .contain("compute.networks.removePeering")
            .finding(LateralMovement, &MODIFY_CLOUD_CONFIGURATION, "Network {id} was peered with another, so machines there can reach machines here.")
            .pair("gcp.compute.peering"),
        on("compute.networks.removePeering").touches(NETWORK, NETWORK_ID, "peering removed").names(COMPUTE).undoes("gcp.compute.peering"),
        makes("compute.routes.insert", "gcp.compute.route", ROUTE_ID).contain("!compute.routes.delete"),
        drops("compute.routes.delete", "gcp.compute.route", ROUTE_ID),
        makes("compute.routers.insert", ROUTER, ROUTER_ID)
            .contain("!compute.routers.delete")
            .note("Router {id} may carry a NAT gateway, which is billed by the hour and the byte."),
        on("compute.routers.patch|compute.routers.update").touches(ROUTER, ROUTER_ID, "changed").names(COMPUTE),
        drops("compute.routers.delete", ROUTER, ROUTER_ID),
        makes("compute.addresses.insert|compute.globalAddresses.insert", "gcp.compute.address", ADDRESS_ID)
            .contain("!compute.addresses.delete")
            .note("Reserved address {id} is billed while nothing uses it."),
        drops("compute.addresses.delete|compute.globalAddresses.delete", "gcp.compute.address", ADDRESS_ID),
        makes("compute.networkAttachments.insert", "gcp.compute.network_attachment", TARGET),
        drops("compute.networkAttachments.delete", "gcp.compute.network_attachment", TARGET),
        makes("compute.serviceAttachments.insert", "gcp.compute.service_attachment", TARGET),
        drops("compute.serviceAttachments.delete", "gcp.compute.service_attachment", TARGET),
        // ---- tunnels and taps
        makes("compute.vpnTunnels.insert", "gcp.compute.vpn_tunnel", TARGET)
            .contain("!compute.vpnTunnels.delete")
            .finding(LateralMovement, &PROXY, "VPN tunnel {id} joins this network to one outside.")
            .pair("gcp.compute.tunnel"),
        drops("compute.vpnTunnels.delete", "gcp.compute.vpn_tunnel", TARGET).undoes("gcp.compute.tunnel"),
        makes("compute.vpnGateways.insert|compute.targetVpnGateways.insert", "gcp.compute.vpn_gateway", TARGET).contain("!compute.vpnGateways.delete"),
        drops("compute.vpnGateways.delete|compute.targetVpnGateways.delete", "gcp.compute.vpn_gateway", TARGET),
        makes("compute.externalVpnGateways.insert", "gcp.compute.external_vpn_gateway", TARGET),
        drops("compute.externalVpnGateways.delete", "gcp.compute.external_vpn_gateway", TARGET),
        makes("compute.interconnectAttachments.insert", "gcp.compute.interconnect_attachment", TARGET),
        drops("compute.interconnectAttachments.delete", "gcp.compute.interconnect_attachment", TARGET),
        makes("compute.packetMirrorings.insert", MIRROR, TARGET)
            .contain("compute.packetMirrorings.patch;!compute.packetMirrorings.delete")
            .finding(Exfiltration, &NETWORK_SNIFFING, "Packet mirroring {id} copies network traffic to a collector.")
            .pair("gcp.compute.mirroring"),
        on("compute.packetMirrorings.patch")
            .touches(MIRROR, TARGET, "changed")
            .names(COMPUTE)
            .contain("compute.packetMirrorings.patch")
            .finding(Exfiltration, &NETWORK_SNIFFING, "Packet mirroring {id} was changed; see what it copies now and to whom.")
            .pair("gcp.compute.mirroring"),
        drops("compute.packetMirrorings.delete", MIRROR, TARGET).undoes("gcp.compute.mirroring"),
        // ---- load balancing
        makes("compute.forwardingRules.insert|compute.globalForwardingRules.insert", "gcp.compute.forwarding_rule", RULE_ID)
            .contain("!compute.forwardingRules.delete")
            .note("Forwarding rule {id} sends traffic to a target of its maker's choice and is billed by the hour."),
        drops("compute.forwardingRules.delete|compute.globalForwardingRules.delete", "gcp.compute.forwarding_rule", RULE_ID),
        makes("compute.backendServices.insert|compute.regionBackendServices.insert", "gcp.compute.backend_service", BACKEND_ID),
        drops("compute.backendServices.delete|compute.regionBackendServices.delete", "gcp.compute.backend_service", BACKEND_ID),
        makes("compute.backendBuckets.insert", "gcp.compute.backend_bucket", TARGET),
        drops("compute.backendBuckets.delete", "gcp.compute.backend_bucket", TARGET),
        makes("compute.healthChecks.insert|compute.regionHealthChecks.insert|compute.httpHealthChecks.insert|compute.httpsHealthChecks.insert", "gcp.compute.health_check", HEALTH_ID),
        drops("compute.healthChecks.delete|compute.regionHealthChecks.delete|compute.httpHealthChecks.delete|compute.httpsHealthChecks.delete", "gcp.compute.health_check", HEALTH_ID),
        makes("compute.urlMaps.insert|compute.regionUrlMaps.insert", "gcp.compute.url_map", TARGET),
        drops("compute.urlMaps.delete|compute.regionUrlMaps.delete", "gcp.compute.url_map", TARGET),
        makes("compute.targetHttpProxies.insert|compute.targetHttpsProxies.insert|compute.regionTargetHttpProxies.insert|compute.regionTargetHttpsProxies.insert|compute.targetTcpProxies.insert|compute.targetSslProxies.insert", "gcp.compute.target_proxy", TARGET),
        drops("compute.targetHttpProxies.delete|compute.targetHttpsProxies.delete|compute.regionTargetHttpProxies.delete|compute.regionTargetHttpsProxies.delete|compute.targetTcpProxies.delete|compute.targetSslProxies.delete", "gcp.compute.target_proxy", TARGET),
        makes("compute.targetPools.insert", "gcp.compute.target_pool", TARGET),
        drops("compute.targetPools.delete", "gcp.compute.target_pool", TARGET),
        makes("compute.targetInstances.insert", "gcp.compute.target_instance", TARGET),
        drops("compute.targetInstances.delete", "gcp.compute.target_instance", TARGET),
        makes("compute.networkEndpointGroups.insert|compute.regionNetworkEndpointGroups.insert|compute.globalNetworkEndpointGroups.insert", "gcp.compute.network_endpoint_group", TARGET),
        drops("compute.networkEndpointGroups.delete|compute.regionNetworkEndpointGroups.delete|compute.globalNetworkEndpointGroups.delete", "gcp.compute.network_endpoint_group", TARGET),
        makes("compute.sslCertificates.insert|compute.regionSslCertificates.insert", "gcp.compute.ssl_certificate", TARGET),
        drops("compute.sslCertificates.delete|compute.regionSslCertificates.delete", "gcp.compute.ssl_certificate", TARGET),
    ],
};

const OPEN: &str = "gcp.compute.firewall_open";

/// Tells a rule that lets the whole internet in, naming its ports, and one that is narrowed or disabled again. A patch
/// has only what it changes, and an operation's last entry nothing.
fn opened(record: &Record, facts: &mut Vec<Fact>) {
    let Some(rule) = common::last(facts, FIREWALL).map(|resource| resource.id.clone()) else { return };
    let ranges = record.all("protoPayload.request.sourceRanges[]");
    let allows = record.values("protoPayload.request.alloweds[]|protoPayload.request.allowed[]");
    let is_open = |range: &str| range == "0.0.0.0/0" || range == "::/0";
    // Without any source a rule means every source.
    let has_source = !record
        .all("protoPayload.request.sourceTags[]|protoPayload.request.sourceServiceAccounts[]")
        .is_empty();
    let is_insert = record.event.ends_with(".insert");
    let any = ranges.iter().any(|range| is_open(range))
        || (is_insert && ranges.is_empty() && !has_source && !allows.is_empty());
    let disabled = record.is("protoPayload.request.disabled", "true");
    let ports: Vec<String> = allows.iter().map(|allow| ports_of(allow)).collect();
    let say = Say {
        kind: Exposure,
        technique: &DISABLE_CLOUD_FIREWALL,
        subject: &rule,
        pair: OPEN,
        note: match &ports[..] {
            [] => format!(
                "Firewall rule {rule} lets the whole internet in; this record does not show on which ports."
            ),
            ports => format!(
                "Firewall rule {rule} lets the whole internet in on {}.",
                common::brief(&ports.join(", "))
            ),
        },
    };
    if record.is("protoPayload.request.direction", "EGRESS") {
        return;
    }
    if disabled || (!ranges.is_empty() && !any) {
        facts.push(say.undoing(record));
    } else if any && (!is_insert || !allows.is_empty()) {
        facts.push(say.fact(record));
    }
}

/// Writes `tcp:22,3389`, `every port of tcp`, `every protocol and port`.
fn ports_of(allow: &Value) -> String {
    let field = |name: &str| {
        allow
            .as_object()
            .and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
            .map(|(_, v)| v)
    };
    let protocol = field("IPProtocol").and_then(Value::as_str).unwrap_or("?");
    let ports: Vec<&str> = field("ports")
        .and_then(Value::as_array)
        .map(|ports| ports.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    match (protocol, &ports[..]) {
        ("all", _) => "every protocol and port".into(),
        (protocol, []) => format!("every port of {protocol}"),
        (protocol, ports) => format!("{protocol}:{}", ports.join(",")),
    }
}

/// Tells flow logs switched off and on again.
fn flow_logs(record: &Record, facts: &mut Vec<Fact>) {
    let Some(subnet) = common::last(facts, SUBNET).map(|resource| resource.id.clone()) else { return };
    let path = "protoPayload.request.enableFlowLogs|protoPayload.request.logConfig.enable";
    let say = Say {
        kind: DefenseEvasion,
        technique: &DISABLE_CLOUD_LOGS,
        subject: &subnet,
        pair: "gcp.compute.flow_logs",
        note: format!("Flow logs of subnetwork {subnet} are off: from here on its traffic leaves no record."),
    };
    if record.is(path, "false") {
        facts.push(say.fact(record));
    } else if record.is(path, "true") {
        facts.push(say.undoing(record));
    }
}
