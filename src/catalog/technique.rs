//! ATT&CK techniques that findings carry: ids of matrix version 19, with the id they had before where it moved.
//!
//! Version 19 (spring 2026) abolished Defense Evasion; T1562.008 became T1685.002 and T1562.007 became T1686.001.

use crate::model::report::Technique;

pub const VERSION: &str = "19";

const fn technique(id: &'static str, name: &'static str) -> Technique {
    Technique { id, version: VERSION, name, former: None }
}

const fn moved(id: &'static str, former: &'static str, name: &'static str) -> Technique {
    Technique { id, version: VERSION, name, former: Some(former) }
}

pub static CLOUD_ACCOUNTS: Technique = technique("T1078.004", "Valid Accounts: Cloud Accounts");
pub static ADDITIONAL_CLOUD_CREDENTIALS: Technique =
    technique("T1098.001", "Account Manipulation: Additional Cloud Credentials");
pub static ADDITIONAL_CLOUD_ROLES: Technique =
    technique("T1098.003", "Account Manipulation: Additional Cloud Roles");
pub static SSH_AUTHORIZED_KEYS: Technique =
    technique("T1098.004", "Account Manipulation: SSH Authorized Keys");
pub static CREATE_CLOUD_ACCOUNT: Technique = technique("T1136.003", "Create Account: Cloud Account");
pub static MODIFY_AUTH_PROCESS: Technique = technique("T1556", "Modify Authentication Process");
pub static MFA_MODIFICATION: Technique =
    technique("T1556.006", "Modify Authentication Process: Multi-Factor Authentication");
pub static HYBRID_IDENTITY: Technique =
    technique("T1556.007", "Modify Authentication Process: Hybrid Identity");
pub static TRUST_MODIFICATION: Technique =
    technique("T1484.002", "Domain or Tenant Policy Modification: Trust Modification");
pub static STEAL_APPLICATION_TOKEN: Technique = technique("T1528", "Steal Application Access Token");
pub static APPLICATION_ACCESS_TOKEN: Technique =
    technique("T1550.001", "Use Alternate Authentication Material: Application Access Token");
pub static UNSECURED_CREDENTIALS: Technique = technique("T1552", "Unsecured Credentials");
pub static CREDENTIALS_IN_FILES: Technique =
    technique("T1552.001", "Unsecured Credentials: Credentials In Files");
pub static CLOUD_SECRETS: Technique =
    technique("T1555.006", "Credentials from Password Stores: Cloud Secrets Management Stores");
pub static TEMPORARY_ELEVATED_ACCESS: Technique =
    technique("T1548.005", "Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access");
pub static UNUSED_REGIONS: Technique = technique("T1535", "Unused/Unsupported Cloud Regions");
pub static DELETE_CLOUD_INSTANCE: Technique =
    technique("T1578.003", "Modify Cloud Compute Infrastructure: Delete Cloud Instance");
pub static MODIFY_CLOUD_CONFIGURATION: Technique =
    technique("T1578.005", "Modify Cloud Compute Infrastructure: Modify Cloud Compute Configurations");
pub static DISABLE_CLOUD_LOGS: Technique = moved("T1685.002", "T1562.008", "Disable or Modify Cloud Log");
pub static DISABLE_CLOUD_FIREWALL: Technique =
    moved("T1686.001", "T1562.007", "Disable or Modify Cloud Firewall");
pub static DISABLE_TOOLS: Technique = moved("T1685", "T1562.001", "Disable or Modify Tools");
pub static INDICATOR_REMOVAL: Technique = technique("T1070", "Indicator Removal");
pub static CLOUD_API: Technique = technique("T1059.009", "Command and Scripting Interpreter: Cloud API");
pub static SERVERLESS_EXECUTION: Technique = technique("T1648", "Serverless Execution");
pub static CLOUD_ADMIN_COMMAND: Technique = technique("T1651", "Cloud Administration Command");
pub static IMPLANT_IMAGE: Technique = technique("T1525", "Implant Internal Image");
pub static EVENT_TRIGGERED: Technique = technique("T1546", "Event Triggered Execution");
pub static SCHEDULED_TASK: Technique = technique("T1053", "Scheduled Task/Job");
pub static REMOTE_CLOUD_SERVICES: Technique = technique("T1021.007", "Remote Services: Cloud Services");
pub static DIRECT_VM_CONNECTIONS: Technique =
    technique("T1021.008", "Remote Services: Direct Cloud VM Connections");
pub static DATA_FROM_CLOUD_STORAGE: Technique = technique("T1530", "Data from Cloud Storage");
pub static TRANSFER_TO_CLOUD_ACCOUNT: Technique = technique("T1537", "Transfer Data to Cloud Account");
pub static EXFILTRATION_OVER_WEB: Technique = technique("T1567", "Exfiltration Over Web Service");
pub static DATA_DESTRUCTION: Technique = technique("T1485", "Data Destruction");
pub static LIFECYCLE_DELETION: Technique =
    technique("T1485.001", "Data Destruction: Lifecycle-Triggered Deletion");
pub static DATA_ENCRYPTED: Technique = technique("T1486", "Data Encrypted for Impact");
pub static INHIBIT_RECOVERY: Technique = technique("T1490", "Inhibit System Recovery");
pub static ACCOUNT_ACCESS_REMOVAL: Technique = technique("T1531", "Account Access Removal");
pub static SERVICE_STOP: Technique = technique("T1489", "Service Stop");
pub static COMPUTE_HIJACKING: Technique = technique("T1496.001", "Resource Hijacking: Compute Hijacking");
pub static CLOUD_SERVICE_HIJACKING: Technique =
    technique("T1496.004", "Resource Hijacking: Cloud Service Hijacking");
pub static SMS_PUMPING: Technique = technique("T1496.003", "Resource Hijacking: SMS Pumping");
pub static CLOUD_DISCOVERY: Technique = technique("T1580", "Cloud Infrastructure Discovery");
pub static PROXY: Technique = technique("T1090", "Proxy");
pub static NETWORK_SNIFFING: Technique = technique("T1040", "Network Sniffing");
pub static EXTERNAL_REMOTE_SERVICES: Technique = technique("T1133", "External Remote Services");
