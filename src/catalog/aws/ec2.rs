//! Amazon EC2: instances and what launches them, disks and images and whom they are shared with, networks.

mod tells;

use crate::catalog::technique as t;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

pub static EC2: Service = Service {
    source: "ec2.amazonaws.com",
    rows: &[
        // Instances.
        on("RunInstances")
            .creates("aws.ec2.instance", "responseElements.instancesSet.items[].instanceId")
            .contain("ec2:StopInstances, ec2:ModifyInstanceAttribute, ec2:TerminateInstances")
            .tells(tells::run),
        on("TerminateInstances")
            .deletes(
                "aws.ec2.instance",
                "responseElements.instancesSet.items[].instanceId\
                 |requestParameters.instancesSet.items[].instanceId",
            )
            .tells(tells::terminated),
        on("StartInstances")
            .touches(
                "aws.ec2.instance",
                "responseElements.instancesSet.items[].instanceId\
                 |requestParameters.instancesSet.items[].instanceId",
                "started",
            )
            .contain("ec2:StopInstances")
            .tells(tells::started),
        on("StopInstances")
            .touches(
                "aws.ec2.instance",
                "responseElements.instancesSet.items[].instanceId\
                 |requestParameters.instancesSet.items[].instanceId",
                "stopped",
            )
            .contain("ec2:StartInstances")
            .tells(tells::stopped),
        on("RebootInstances").touches(
            "aws.ec2.instance",
            "requestParameters.instancesSet.items[].instanceId",
            "rebooted",
        ),
        on("ModifyInstanceAttribute")
            .about("aws.ec2.instance_attribute", "requestParameters.instanceId")
            .contain("ec2:ModifyInstanceAttribute")
            .tells(tells::attribute),
        on("ResetInstanceAttribute").touches(
            "aws.ec2.instance",
            "requestParameters.instanceId",
            "attribute reset",
        ),
        on("ModifyInstanceMetadataOptions")
            .touches(
                "aws.ec2.instance",
                "responseElements.instanceId|requestParameters.instanceId",
                "metadata options changed",
            )
            .contain("ec2:ModifyInstanceMetadataOptions")
            .tells(tells::metadata),
        on("GetPasswordData")
            .touches(
                "aws.ec2.instance",
                "responseElements.instanceId|requestParameters.instanceId",
                "administrator password read",
            )
            .finding(
                CredentialAccess,
                &t::UNSECURED_CREDENTIALS,
                "The encrypted Windows administrator password of {id} was read.",
            ),
        on("AssociateIamInstanceProfile|ReplaceIamInstanceProfileAssociation")
            .about(
                "aws.ec2.profile_association",
                "responseElements.iamInstanceProfileAssociation.associationId",
            )
            .finding(
                PrivilegeEscalation,
                &t::ADDITIONAL_CLOUD_ROLES,
                "An instance was given another IAM role by association {id}: whoever is on the instance \
                 has that role's credentials.",
            )
            .contain("ec2:ReplaceIamInstanceProfileAssociation, ec2:DisassociateIamInstanceProfile")
            .pair("ec2:instance-profile")
            .tells(tells::profile),
        on("DisassociateIamInstanceProfile")
            .about(
                "aws.ec2.profile_association",
                "responseElements.iamInstanceProfileAssociation.associationId\
                 |requestParameters.associationId",
            )
            .undoes("ec2:instance-profile")
            .tells(tells::profile_removed),
        // What launches instances.
        on("RequestSpotInstances")
            .creates(
                "aws.ec2.spot_request",
                "responseElements.spotInstanceRequestSet.items[].spotInstanceRequestId",
            )
            .contain("ec2:CancelSpotInstanceRequests, ec2:TerminateInstances")
            .tells(tells::spot),
        on("CancelSpotInstanceRequests").deletes(
            "aws.ec2.spot_request",
            "responseElements.spotInstanceRequestSet.items[].spotInstanceRequestId\
                 |requestParameters.spotInstanceRequestIdSet.items[].spotInstanceRequestId\
                 |requestParameters.spotInstanceRequestId",
        ),
        on("RequestSpotFleet")
            .creates("aws.ec2.spot_fleet", "responseElements.spotFleetRequestId")
            .contain("ec2:ModifySpotFleetRequest, ec2:CancelSpotFleetRequests")
            .tells(tells::launched),
        on("ModifySpotFleetRequest").touches(
            "aws.ec2.spot_fleet",
            "requestParameters.spotFleetRequestId",
            "capacity changed",
        ),
        on("CancelSpotFleetRequests").deletes(
            "aws.ec2.spot_fleet",
            "responseElements.successfulFleetRequestSet.item[].spotFleetRequestId\
                 |requestParameters.spotFleetRequestId",
        ),
        on("CreateFleet")
            .creates("aws.ec2.fleet", "responseElements.fleetId")
            .contain("ec2:ModifyFleet, ec2:DeleteFleets")
            .tells(tells::fleet),
        on("ModifyFleet").touches("aws.ec2.fleet", "requestParameters.fleetId", "capacity changed"),
        on("DeleteFleets").deletes(
            "aws.ec2.fleet",
            "responseElements.successfulFleetDeletionSet.item[].fleetId|requestParameters.fleetId",
        ),
        on("CreateLaunchTemplate")
            .creates("aws.ec2.launch_template", "responseElements.launchTemplate.launchTemplateId")
            .names("responseElements.launchTemplate.launchTemplateName|requestParameters.launchTemplateName")
            .contain("ec2:DeleteLaunchTemplate")
            .tells(tells::launched),
        on("CreateLaunchTemplateVersion")
            .touches(
                "aws.ec2.launch_template",
                "responseElements.launchTemplateVersion.launchTemplateId\
                 |requestParameters.launchTemplateId",
                "given another version",
            )
            .names(
                "responseElements.launchTemplateVersion.launchTemplateName\
                 |requestParameters.launchTemplateName",
            )
            .finding(
                Persistence,
                &t::IMPLANT_IMAGE,
                "Launch template {id} got another version: whatever launches from it may start the \
                 attacker's code.",
            )
            .contain("ec2:ModifyLaunchTemplate, ec2:DeleteLaunchTemplateVersions"),
        on("ModifyLaunchTemplate")
            .touches(
                "aws.ec2.launch_template",
                "responseElements.launchTemplate.launchTemplateId|requestParameters.launchTemplateId",
                "default version changed",
            )
            .names("responseElements.launchTemplate.launchTemplateName|requestParameters.launchTemplateName")
            .contain("ec2:ModifyLaunchTemplate"),
        on("DeleteLaunchTemplateVersions")
            .touches(
                "aws.ec2.launch_template",
                "requestParameters.launchTemplateId\
                 |responseElements.successfullyDeletedLaunchTemplateVersionSet.item[].launchTemplateId",
                "version deleted",
            )
            .names("requestParameters.launchTemplateName"),
        on("DeleteLaunchTemplate")
            .deletes(
                "aws.ec2.launch_template",
                "responseElements.launchTemplate.launchTemplateId|requestParameters.launchTemplateId",
            )
            .names("responseElements.launchTemplate.launchTemplateName|requestParameters.launchTemplateName"),
        // Capacity that is paid for whether used or not.
        on("CreateCapacityReservation")
            .creates(
                "aws.ec2.capacity_reservation",
                "responseElements.capacityReservation.capacityReservationId",
            )
            .finding_without_technique(
                Commitment,
                "Capacity reservation {id} is billed at the on-demand rate even while it stands empty.",
            )
            .contain("ec2:CancelCapacityReservation")
            .pair("ec2:capacity-reservation"),
        on("CancelCapacityReservation")
            .deletes("aws.ec2.capacity_reservation", "requestParameters.capacityReservationId")
            .undoes("ec2:capacity-reservation"),
        on("PurchaseCapacityBlock")
            .creates("aws.ec2.capacity_block", "responseElements.capacityReservation.capacityReservationId")
            .finding_without_technique(
                Commitment,
                "GPU capacity block {id} was bought and charged upfront: only AWS Support can reverse it.",
            ),
        on("PurchaseReservedInstancesOffering")
            .creates("aws.ec2.reserved_instances", "responseElements.reservedInstancesId")
            .finding_without_technique(
                Commitment,
                "Reserved instances {id} were bought: only AWS Support can reverse the purchase.",
            ),
        on("PurchaseHostReservation")
            .creates("aws.ec2.host_reservation", "responseElements.purchase.item[].hostReservationId")
            .finding_without_technique(
                Commitment,
                "Dedicated host reservation {id} was bought: only AWS Support can reverse the purchase.",
            ),
        on("AllocateHosts")
            .creates("aws.ec2.dedicated_host", "responseElements.hostIdSet.item[]")
            .contain("ec2:ReleaseHosts"),
        on("ReleaseHosts")
            .deletes("aws.ec2.dedicated_host", "responseElements.successful.item[]|requestParameters.hostId"),
        on("CreatePlacementGroup")
            .creates(
                "aws.ec2.placement_group",
                "responseElements.placementGroup.groupId|requestParameters.groupName",
            )
            .names("requestParameters.groupName")
            .contain("ec2:DeletePlacementGroup"),
        on("DeletePlacementGroup").deletes("aws.ec2.placement_group", "requestParameters.groupName"),
        // Disks, snapshots and images, and whom they are shown to.
        on("CreateVolume")
            .creates("aws.ec2.volume", "responseElements.volumeId")
            .contain("ec2:DetachVolume, ec2:DeleteVolume"),
        on("AttachVolume").touches(
            "aws.ec2.volume",
            "responseElements.volumeId|requestParameters.volumeId",
            "attached to an instance",
        ),
        on("DetachVolume").touches(
            "aws.ec2.volume",
            "responseElements.volumeId|requestParameters.volumeId",
            "detached from its instance",
        ),
        on("ModifyVolume").touches("aws.ec2.volume", "requestParameters.volumeId", "size or type changed"),
        on("DeleteVolume").deletes("aws.ec2.volume", "requestParameters.volumeId").finding(
            Destruction,
            &t::DATA_DESTRUCTION,
            "Volume {id} was deleted with everything on it.",
        ),
        on("CreateSnapshot|CopySnapshot")
            .creates("aws.ec2.snapshot", "responseElements.snapshotId")
            .contain("ec2:ModifySnapshotAttribute, ec2:DeleteSnapshot")
            .tells(tells::copied),
        on("CreateSnapshots")
            .creates("aws.ec2.snapshot", "responseElements.snapshotSet.item[].snapshotId")
            .contain("ec2:ModifySnapshotAttribute, ec2:DeleteSnapshot"),
        on("DeleteSnapshot").deletes("aws.ec2.snapshot", "requestParameters.snapshotId").finding(
            Destruction,
            &t::INHIBIT_RECOVERY,
            "Snapshot {id} was deleted: look in the recycle bin, if the account has one.",
        ),
        on("ModifySnapshotAttribute")
            .about("aws.ec2.snapshot_share", "requestParameters.snapshotId")
            .contain("ec2:ModifySnapshotAttribute")
            .tells(tells::snapshot_share),
        on("ResetSnapshotAttribute").touches(
            "aws.ec2.snapshot",
            "requestParameters.snapshotId",
            "every share taken back",
        ),
        on("SharedSnapshotVolumeCreated|SharedSnapshotCopyInitiated")
            .about("aws.ec2.snapshot_share", "serviceEventDetails.snapshotId")
            .finding(
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "Another account has copied snapshot {id}, which was shared with it: its data is out.",
            ),
        on("CreateImage|RegisterImage|CopyImage")
            .creates("aws.ec2.image", "responseElements.imageId")
            .contain("ec2:ModifyImageAttribute, ec2:DeregisterImage"),
        on("DeregisterImage").deletes("aws.ec2.image", "requestParameters.imageId").finding(
            Destruction,
            &t::INHIBIT_RECOVERY,
            "Image {id} was deregistered: look in the recycle bin, if the account has one.",
        ),
        on("ModifyImageAttribute")
            .about("aws.ec2.image_share", "requestParameters.imageId")
            .contain("ec2:ModifyImageAttribute, ec2:ResetImageAttribute")
            .tells(tells::image_share),
        on("ResetImageAttribute").touches(
            "aws.ec2.image",
            "requestParameters.imageId",
            "every share taken back",
        ),
        on("DisableImageBlockPublicAccess|DisableSnapshotBlockPublicAccess")
            .about("aws.ec2.account_setting", "awsRegion")
            .finding(
                DefenseEvasion,
                &t::MODIFY_CLOUD_CONFIGURATION,
                "The block on sharing images or snapshots with everyone was lifted in {id}.",
            )
            .contain("ec2:EnableImageBlockPublicAccess, ec2:EnableSnapshotBlockPublicAccess")
            .pair("ec2:block-public-access"),
        on("EnableImageBlockPublicAccess|EnableSnapshotBlockPublicAccess")
            .about("aws.ec2.account_setting", "awsRegion")
            .undoes("ec2:block-public-access"),
        on("ImportSnapshot|ImportImage")
            .creates("aws.ec2.import_task", "responseElements.importTaskId")
            .contain("ec2:CancelImportTask"),
        on("CancelImportTask")
            .deletes("aws.ec2.import_task", "responseElements.importTaskId|requestParameters.importTaskId"),
        on("CreateInstanceExportTask")
            .creates("aws.ec2.export_task", "responseElements.exportTask.exportTaskId")
            .finding(
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "Export task {id} writes an instance's disks to a bucket.",
            )
            .contain("ec2:CancelExportTask")
            .pair("ec2:export"),
        on("ExportImage")
            .creates("aws.ec2.export_image_task", "responseElements.exportImageTaskId")
            .finding(
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "Export task {id} writes an image to a bucket.",
            )
            .contain("ec2:CancelExportTask")
            .pair("ec2:export"),
        on("CancelExportTask")
            .deletes("aws.ec2.export_task", "requestParameters.exportTaskId")
            .undoes("ec2:export")
            .only_if(tells::is_instance_export),
        on("CancelExportTask")
            .deletes("aws.ec2.export_image_task", "requestParameters.exportTaskId")
            .undoes("ec2:export")
            .only_if(tells::is_image_export),
        on("CreateStoreImageTask")
            .touches("aws.ec2.image", "requestParameters.imageId", "stored in a bucket")
            .finding(
                Exfiltration,
                &t::TRANSFER_TO_CLOUD_ACCOUNT,
                "Image {id} was written to a bucket, from where it can be taken anywhere.",
            ),
        // Ways in.
        on("CreateKeyPair|ImportKeyPair")
            .creates("aws.ec2.key_pair", "responseElements.keyPairId")
            .names("responseElements.keyName|requestParameters.keyName")
            .finding(
                Persistence,
                &t::SSH_AUTHORIZED_KEYS,
                "SSH key pair {id} opens every instance that was launched with it; deleting the pair \
                 does not close those.",
            )
            .contain("ec2:DeleteKeyPair")
            .pair("ec2:key-pair"),
        on("DeleteKeyPair")
            .deletes("aws.ec2.key_pair", "responseElements.keyPairId|requestParameters.keyPairId")
            .names("requestParameters.keyName")
            .undoes("ec2:key-pair"),
        on("CreateSecurityGroup")
            .creates("aws.ec2.security_group", "responseElements.groupId")
            .names("requestParameters.groupName")
            .contain("ec2:DeleteSecurityGroup"),
        on("DeleteSecurityGroup")
            .deletes("aws.ec2.security_group", "requestParameters.groupId|responseElements.groupId")
            .names("requestParameters.groupName"),
        on("AuthorizeSecurityGroupIngress")
            .about(
                "aws.ec2.security_group_rule",
                "responseElements.securityGroupRuleSet.items[].securityGroupRuleId\
                 |requestParameters.groupId|requestParameters.groupName",
            )
            .contain("ec2:RevokeSecurityGroupIngress")
            .tells(tells::opened),
        on("AuthorizeSecurityGroupEgress")
            .about(
                "aws.ec2.security_group_rule",
                "responseElements.securityGroupRuleSet.items[].securityGroupRuleId\
                 |requestParameters.groupId",
            )
            .contain("ec2:RevokeSecurityGroupEgress"),
        on("RevokeSecurityGroupIngress")
            .about(
                "aws.ec2.security_group_rule",
                "responseElements.revokedSecurityGroupRuleSet.items[].securityGroupRuleId\
                 |requestParameters.groupId|requestParameters.groupName",
            )
            .contain("ec2:AuthorizeSecurityGroupIngress")
            .tells(tells::closed),
        on("RevokeSecurityGroupEgress").about(
            "aws.ec2.security_group_rule",
            "responseElements.revokedSecurityGroupRuleSet.items[].securityGroupRuleId\
                 |requestParameters.groupId",
        ),
        on("AuthorizeSecurityGroupEgress|RevokeSecurityGroupEgress").touches(
            "aws.ec2.security_group",
            "requestParameters.groupId",
            "outbound rules changed",
        ),
        on("ModifySecurityGroupRules").touches(
            "aws.ec2.security_group",
            "requestParameters.groupId",
            "rules changed",
        ),
        on("EnableSerialConsoleAccess")
            .about("aws.ec2.account_setting", "awsRegion")
            .finding(
                Persistence,
                &t::DIRECT_VM_CONNECTIONS,
                "Serial console access was turned on in {id}: it reaches instances past every network \
                 rule.",
            )
            .contain("ec2:DisableSerialConsoleAccess")
            .pair("ec2:serial-console"),
        on("DisableSerialConsoleAccess")
            .about("aws.ec2.account_setting", "awsRegion")
            .undoes("ec2:serial-console"),
        on("CreateInstanceConnectEndpoint")
            .creates(
                "aws.ec2.instance_connect_endpoint",
                "responseElements.instanceConnectEndpoint.instanceConnectEndpointId",
            )
            .finding(
                Persistence,
                &t::DIRECT_VM_CONNECTIONS,
                "Instance connect endpoint {id} reaches private instances of its network from the \
                 internet, with IAM permissions alone.",
            )
            .contain("ec2:DeleteInstanceConnectEndpoint")
            .pair("ec2:instance-connect-endpoint"),
        on("DeleteInstanceConnectEndpoint")
            .deletes(
                "aws.ec2.instance_connect_endpoint",
                "responseElements.instanceConnectEndpoint.instanceConnectEndpointId\
                 |requestParameters.instanceConnectEndpointId",
            )
            .undoes("ec2:instance-connect-endpoint"),
        on("CreateVpnConnection")
            .creates("aws.ec2.vpn_connection", "responseElements.vpnConnection.vpnConnectionId")
            .finding(
                Persistence,
                &t::EXTERNAL_REMOTE_SERVICES,
                "VPN connection {id} joins somebody's network to this one.",
            )
            .contain("ec2:DeleteVpnConnection")
            .pair("ec2:vpn-connection"),
        on("DeleteVpnConnection")
            .deletes("aws.ec2.vpn_connection", "requestParameters.vpnConnectionId")
            .undoes("ec2:vpn-connection"),
        on("CreateClientVpnEndpoint")
            .creates("aws.ec2.client_vpn", "responseElements.clientVpnEndpointId")
            .finding(
                Persistence,
                &t::EXTERNAL_REMOTE_SERVICES,
                "Client VPN endpoint {id} lets single machines dial in to this network.",
            )
            .contain("ec2:DisassociateClientVpnTargetNetwork, ec2:DeleteClientVpnEndpoint")
            .pair("ec2:client-vpn"),
        on("DeleteClientVpnEndpoint")
            .deletes("aws.ec2.client_vpn", "requestParameters.clientVpnEndpointId")
            .undoes("ec2:client-vpn"),
        on("CreateVpnGateway")
            .creates("aws.ec2.vpn_gateway", "responseElements.vpnGateway.vpnGatewayId")
            .contain("ec2:DeleteVpnGateway"),
        on("DeleteVpnGateway").deletes("aws.ec2.vpn_gateway", "requestParameters.vpnGatewayId"),
        on("CreateCustomerGateway")
            .creates("aws.ec2.customer_gateway", "responseElements.customerGateway.customerGatewayId")
            .contain("ec2:DeleteCustomerGateway"),
        on("DeleteCustomerGateway")
            .deletes("aws.ec2.customer_gateway", "requestParameters.customerGatewayId"),
        // Networks.
        on("AllocateAddress")
            .creates("aws.ec2.elastic_ip", "responseElements.allocationId")
            .names("responseElements.publicIp")
            .contain("ec2:DisassociateAddress, ec2:ReleaseAddress"),
        on("ReleaseAddress")
            .deletes("aws.ec2.elastic_ip", "requestParameters.allocationId")
            .names("requestParameters.publicIp"),
        on("AssociateAddress")
            .touches("aws.ec2.elastic_ip", "requestParameters.allocationId", "given to an instance")
            .names("requestParameters.publicIp"),
        on("CreateNatGateway")
            .creates("aws.ec2.nat_gateway", "responseElements.natGateway.natGatewayId")
            .contain("ec2:DeleteNatGateway"),
        on("DeleteNatGateway")
            .deletes("aws.ec2.nat_gateway", "responseElements.natGatewayId|requestParameters.natGatewayId"),
        on("CreateVpc|CreateDefaultVpc")
            .creates("aws.ec2.vpc", "responseElements.vpc.vpcId")
            .contain("ec2:DeleteVpc"),
        on("DeleteVpc").deletes("aws.ec2.vpc", "requestParameters.vpcId"),
        on("ModifyVpcAttribute|AssociateDhcpOptions|AssociateVpcCidrBlock").touches(
            "aws.ec2.vpc",
            "requestParameters.vpcId",
            "settings changed",
        ),
        on("CreateSubnet|CreateDefaultSubnet")
            .creates("aws.ec2.subnet", "responseElements.subnet.subnetId")
            .contain("ec2:DeleteSubnet"),
        on("DeleteSubnet").deletes("aws.ec2.subnet", "requestParameters.subnetId"),
        on("ModifySubnetAttribute").touches(
            "aws.ec2.subnet",
            "requestParameters.subnetId",
            "settings changed",
        ),
        on("CreateRouteTable")
            .creates("aws.ec2.route_table", "responseElements.routeTable.routeTableId")
            .contain("ec2:DeleteRouteTable"),
        on("DeleteRouteTable").deletes("aws.ec2.route_table", "requestParameters.routeTableId"),
        on("CreateRoute|ReplaceRoute|DeleteRoute").touches(
            "aws.ec2.route_table",
            "requestParameters.routeTableId",
            "routes changed",
        ),
        on("AssociateRouteTable|ReplaceRouteTableAssociation").touches(
            "aws.ec2.route_table",
            "requestParameters.routeTableId",
            "given to a subnet or gateway",
        ),
        on("CreateInternetGateway")
            .creates("aws.ec2.internet_gateway", "responseElements.internetGateway.internetGatewayId")
            .contain("ec2:DetachInternetGateway, ec2:DeleteInternetGateway"),
        on("AttachInternetGateway").touches(
            "aws.ec2.internet_gateway",
            "requestParameters.internetGatewayId",
            "attached to a network",
        ),
        on("DetachInternetGateway").touches(
            "aws.ec2.internet_gateway",
            "requestParameters.internetGatewayId",
            "detached from its network",
        ),
        on("DeleteInternetGateway")
            .deletes("aws.ec2.internet_gateway", "requestParameters.internetGatewayId"),
        on("CreateEgressOnlyInternetGateway")
            .creates(
                "aws.ec2.egress_only_internet_gateway",
                "responseElements.egressOnlyInternetGateway.egressOnlyInternetGatewayId",
            )
            .contain("ec2:DeleteEgressOnlyInternetGateway"),
        on("DeleteEgressOnlyInternetGateway")
            .deletes("aws.ec2.egress_only_internet_gateway", "requestParameters.egressOnlyInternetGatewayId"),
        on("CreateNetworkInterface")
            .creates("aws.ec2.network_interface", "responseElements.networkInterface.networkInterfaceId")
            .contain("ec2:DetachNetworkInterface, ec2:DeleteNetworkInterface"),
        on("AttachNetworkInterface|ModifyNetworkInterfaceAttribute").touches(
            "aws.ec2.network_interface",
            "requestParameters.networkInterfaceId",
            "attached or changed",
        ),
        on("DeleteNetworkInterface")
            .deletes("aws.ec2.network_interface", "requestParameters.networkInterfaceId"),
        on("CreateVpcEndpoint")
            .creates("aws.ec2.vpc_endpoint", "responseElements.vpcEndpoint.vpcEndpointId")
            .contain("ec2:DeleteVpcEndpoints"),
        on("ModifyVpcEndpoint").touches(
            "aws.ec2.vpc_endpoint",
            "requestParameters.vpcEndpointId",
            "policy or routes changed",
        ),
        on("DeleteVpcEndpoints").deletes("aws.ec2.vpc_endpoint", "requestParameters.vpcEndpointId"),
        on("CreateVpcEndpointServiceConfiguration")
            .creates("aws.ec2.vpc_endpoint_service", "responseElements.serviceConfiguration.serviceId")
            .contain("ec2:DeleteVpcEndpointServiceConfigurations"),
        on("DeleteVpcEndpointServiceConfigurations")
            .deletes("aws.ec2.vpc_endpoint_service", "requestParameters.serviceId"),
        on("CreateNetworkAcl")
            .creates("aws.ec2.network_acl", "responseElements.networkAcl.networkAclId")
            .contain("ec2:DeleteNetworkAcl"),
        on("CreateNetworkAclEntry|ReplaceNetworkAclEntry|DeleteNetworkAclEntry").touches(
            "aws.ec2.network_acl",
            "requestParameters.networkAclId",
            "entries changed",
        ),
        on("DeleteNetworkAcl").deletes("aws.ec2.network_acl", "requestParameters.networkAclId"),
        on("CreateDhcpOptions")
            .creates("aws.ec2.dhcp_options", "responseElements.dhcpOptions.dhcpOptionsId")
            .contain("ec2:DeleteDhcpOptions"),
        on("DeleteDhcpOptions").deletes("aws.ec2.dhcp_options", "requestParameters.dhcpOptionsId"),
        on("CreateManagedPrefixList")
            .creates("aws.ec2.prefix_list", "responseElements.prefixList.prefixListId")
            .contain("ec2:DeleteManagedPrefixList"),
        on("ModifyManagedPrefixList").touches(
            "aws.ec2.prefix_list",
            "responseElements.prefixList.prefixListId|requestParameters.prefixListId",
            "entries changed",
        ),
        on("DeleteManagedPrefixList").deletes(
            "aws.ec2.prefix_list",
            "responseElements.prefixList.prefixListId|requestParameters.prefixListId",
        ),
        on("CreateVpcPeeringConnection")
            .creates("aws.ec2.vpc_peering", "responseElements.vpcPeeringConnection.vpcPeeringConnectionId")
            .contain("ec2:DeleteVpcPeeringConnection")
            .tells(tells::peered),
        on("AcceptVpcPeeringConnection")
            .touches(
                "aws.ec2.vpc_peering",
                "responseElements.vpcPeeringConnection.vpcPeeringConnectionId\
                 |requestParameters.vpcPeeringConnectionId",
                "accepted",
            )
            .contain("ec2:DeleteVpcPeeringConnection")
            .tells(tells::peered),
        on("DeleteVpcPeeringConnection")
            .deletes("aws.ec2.vpc_peering", "requestParameters.vpcPeeringConnectionId")
            .undoes("ec2:vpc-peering"),
        on("CreateTransitGateway")
            .creates("aws.ec2.transit_gateway", "responseElements.transitGateway.transitGatewayId")
            .contain("ec2:DeleteTransitGateway"),
        on("DeleteTransitGateway").deletes(
            "aws.ec2.transit_gateway",
            "responseElements.transitGateway.transitGatewayId|requestParameters.transitGatewayId",
        ),
        on("CreateTransitGatewayVpcAttachment")
            .creates(
                "aws.ec2.transit_gateway_attachment",
                "responseElements.transitGatewayVpcAttachment.transitGatewayAttachmentId",
            )
            .contain("ec2:DeleteTransitGatewayVpcAttachment"),
        on("DeleteTransitGatewayVpcAttachment").deletes(
            "aws.ec2.transit_gateway_attachment",
            "responseElements.transitGatewayVpcAttachment.transitGatewayAttachmentId\
                 |requestParameters.DelTGwVpcAttachReq.transitGatewayAttachmentId\
                 |requestParameters.transitGatewayAttachmentId",
        ),
        on("CreateTransitGatewayPeeringAttachment")
            .creates(
                "aws.ec2.transit_gateway_attachment",
                "responseElements.transitGatewayPeeringAttachment.transitGatewayAttachmentId",
            )
            .contain("ec2:DeleteTransitGatewayPeeringAttachment"),
        on("DeleteTransitGatewayPeeringAttachment").deletes(
            "aws.ec2.transit_gateway_attachment",
            "responseElements.transitGatewayPeeringAttachment.transitGatewayAttachmentId\
                 |requestParameters.transitGatewayAttachmentId",
        ),
        on("CreateTransitGatewayRouteTable")
            .creates(
                "aws.ec2.transit_gateway_route_table",
                "responseElements.transitGatewayRouteTable.transitGatewayRouteTableId",
            )
            .contain("ec2:DeleteTransitGatewayRouteTable"),
        on("DeleteTransitGatewayRouteTable").deletes(
            "aws.ec2.transit_gateway_route_table",
            "responseElements.transitGatewayRouteTable.transitGatewayRouteTableId\
                 |requestParameters.transitGatewayRouteTableId",
        ),
        on("CreateTrafficMirrorSession")
            .creates(
                "aws.ec2.traffic_mirror_session",
                "responseElements.trafficMirrorSession.trafficMirrorSessionId",
            )
            .finding(
                Exfiltration,
                &t::NETWORK_SNIFFING,
                "Traffic mirror session {id} copies every packet of a network interface to somewhere \
                 else.",
            )
            .contain("ec2:DeleteTrafficMirrorSession")
            .pair("ec2:traffic-mirror"),
        on("ModifyTrafficMirrorSession").touches(
            "aws.ec2.traffic_mirror_session",
            "responseElements.trafficMirrorSession.trafficMirrorSessionId\
                 |requestParameters.trafficMirrorSessionId",
            "redirected",
        ),
        on("DeleteTrafficMirrorSession")
            .deletes(
                "aws.ec2.traffic_mirror_session",
                "responseElements.trafficMirrorSessionId|requestParameters.trafficMirrorSessionId",
            )
            .undoes("ec2:traffic-mirror"),
        on("CreateTrafficMirrorTarget")
            .creates(
                "aws.ec2.traffic_mirror_target",
                "responseElements.trafficMirrorTarget.trafficMirrorTargetId",
            )
            .contain("ec2:DeleteTrafficMirrorTarget"),
        on("DeleteTrafficMirrorTarget").deletes(
            "aws.ec2.traffic_mirror_target",
            "responseElements.trafficMirrorTargetId|requestParameters.trafficMirrorTargetId",
        ),
        on("CreateTrafficMirrorFilter")
            .creates(
                "aws.ec2.traffic_mirror_filter",
                "responseElements.trafficMirrorFilter.trafficMirrorFilterId",
            )
            .contain("ec2:DeleteTrafficMirrorFilter"),
        on("CreateTrafficMirrorFilterRule").touches(
            "aws.ec2.traffic_mirror_filter",
            "requestParameters.trafficMirrorFilterId",
            "given another rule",
        ),
        on("DeleteTrafficMirrorFilter").deletes(
            "aws.ec2.traffic_mirror_filter",
            "responseElements.trafficMirrorFilterId|requestParameters.trafficMirrorFilterId",
        ),
        on("CreateFlowLogs")
            .creates("aws.ec2.flow_log", "responseElements.flowLogIdSet.item[]")
            .contain("ec2:DeleteFlowLogs"),
        on("DeleteFlowLogs")
            .deletes("aws.ec2.flow_log", "requestParameters.flowLogId")
            .tells(tells::flow_logs_deleted),
        // Settings of the whole account in one region.
        on("DisableEbsEncryptionByDefault")
            .about("aws.ec2.account_setting", "awsRegion")
            .finding(
                DefenseEvasion,
                &t::MODIFY_CLOUD_CONFIGURATION,
                "New volumes are no longer encrypted by default in {id}.",
            )
            .contain("ec2:EnableEbsEncryptionByDefault")
            .pair("ec2:ebs-encryption"),
        on("EnableEbsEncryptionByDefault")
            .about("aws.ec2.account_setting", "awsRegion")
            .undoes("ec2:ebs-encryption"),
        on("ModifyManagedResourceVisibility")
            .about("aws.ec2.account_setting", "awsRegion")
            .contain("ec2:ModifyManagedResourceVisibility")
            .tells(tells::visibility),
        // Everyday calls that leave nothing to list.
        on("CreateTags|DeleteTags|DisassociateRouteTable|DisassociateAddress|DetachNetworkInterface\
             |AttachVpnGateway|DetachVpnGateway|MonitorInstances|UnmonitorInstances"),
    ],
};
