//! Every Google credential edge: a recorded-shape entry of each, and exactly what it tells.

use crate::support::fixtures;
use serde_json::{Value, json};
use triage::catalog::{self, Row, gcp};
use triage::model::report::FindingKind;
use triage::model::{Event, Fact, Minter, Outcome, Provenance, ResourceRef};
use triage::read::cloudaudit;

/// Reads the fixture `service/Method` and returns its event.
#[track_caller]
pub fn event(name: &str) -> Event {
    let path = fixtures().join("events/gcp").join(name).with_extension("json");
    let raw = std::fs::read(fixtures().join(format!("events/gcp/{name}.json")))
        .unwrap_or_else(|_| panic!("no fixture {path:?}"));
    cloudaudit::read(&raw, Provenance::default()).expect(name).expect(name)
}

fn resource(resource: &ResourceRef) -> String {
    format!(
        "{} {} [{}] in {} {}",
        resource.kind,
        resource.id,
        resource.names.join(" "),
        resource.account,
        resource.region
    )
}

/// One line per fact, with everything in it that a reader of the report could see or `analyze` could join by.
pub fn told(fact: &Fact) -> String {
    match fact {
        Fact::Created(made) => format!("created {}", resource(made)),
        Fact::Deleted(gone) => format!("deleted {}", resource(gone)),
        Fact::Touched { resource: touched, how } => format!("touched {}: {how}", resource(touched)),
        Fact::Issued(issued) => {
            let minter = match &issued.minter {
                Minter::Actor => "actor".to_owned(),
                Minter::Compute { service, name } => format!("{service} {name}"),
                Minter::External { issuer, subject } => format!("{subject} of {issuer}"),
            };
            let or = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
            let until = issued.expires.map_or("-".to_owned(), |time| time.to_string());
            format!(
                "issued {} {} as {} ({}) of {} via {} by {minter} until {until} {:?}",
                issued.kind,
                issued.id,
                or(&issued.principal),
                or(&issued.principal_id),
                or(&issued.account),
                issued.via,
                issued.strength
            )
        }
        Fact::Revoked { kind, id, how } => format!("revoked {kind} {id}: {how}"),
        Fact::Restored { kind, id, how } => format!("restored {kind} {id}: {how}"),
        Fact::SignedIn { principal, via } => format!("signed in {principal} via {via}"),
        Fact::Carries { compute, identity } => format!("{} carries {identity}", resource(compute)),
        Fact::Granted { member, role, on } => format!("granted {role} on {on} to {member}"),
        Fact::Withdrawn { member, role, on } => format!("withdrew {role} on {on} from {member}"),
        Fact::Forwarded { service } => format!("forwarded by {service}"),
        Fact::Leak { key, principal, found_at } => format!(
            "leak of {} of {} at {}",
            key.as_deref().unwrap_or("-"),
            principal.as_deref().unwrap_or("-"),
            found_at.as_deref().unwrap_or("-")
        ),
        Fact::Signal(signal) if signal.undoes => format!("undoes {}", signal.pair),
        Fact::Signal(signal) => format!(
            "finding {} {} about {} <{}>: {}",
            kind(signal.kind),
            signal.technique.map_or("-", |technique| technique.id),
            signal.subject,
            signal.pair,
            signal.note
        ),
    }
}

fn kind(kind: FindingKind) -> String {
    serde_json::to_value(kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What each entry tells: a line `service/Method  action`, then its facts, each begun by two spaces.
const TOLD: &str = include_str!("gcp_told.txt");

/// Returns (fixture, action and facts) of every entry in [`TOLD`].
fn expected() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in TOLD.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("  "), entries.last_mut()) {
            (Some(fact), Some((_, facts))) => facts.push(fact),
            (_, _) => entries.push(match line.split_once("  ") {
                Some((name, action)) => (name, vec![action]),
                None => (line, Vec::new()),
            }),
        }
    }
    entries
}

#[test]
fn every_entry_tells_exactly_this() {
    let mut wrong = String::new();
    for (name, expect) in expected() {
        let event = event(name);
        let mut found = vec![event.action.to_string()];
        found.extend(event.facts.iter().map(told));
        if found != expect {
            wrong += &format!("{name}  {}\n\n", found.join("\n  "));
        }
    }
    assert!(wrong.is_empty(), "these entries tell something else:\n{wrong}");
}

#[test]
fn no_entry_of_ours_is_forgotten() {
    let known: Vec<&str> = expected().into_iter().map(|(name, _)| name).collect();
    const OURS: &[&str] = &[
        "abuse",
        "admin",
        "apikeys",
        "cloudresourcemanager",
        "iam",
        "iamcredentials",
        "login",
        "oslogin",
        "sts",
    ];
    for service in OURS {
        for file in std::fs::read_dir(fixtures().join("events/gcp").join(service)).expect(service).flatten() {
            let name = file.file_name().to_string_lossy().trim_end_matches(".json").to_owned();
            assert!(
                known.contains(&&*format!("{service}/{name}")),
                "{service}/{name} has no line in gcp_told.txt"
            );
        }
    }
}

/// The edges of the credential graph on Google: the entry that shows each, and a word of what it must tell. An empty
/// word means that the edge is in the event itself, which a test of its own looks at.
const EDGES: &[(&str, &str, &str)] = &[
    ("token mint: access token", "iamcredentials/GenerateAccessToken", "issued gcp.impersonation"),
    ("token mint: id token", "iamcredentials/GenerateIdToken", "issued gcp.impersonation"),
    ("token mint: signed blob", "iamcredentials/SignBlob", "issued gcp.impersonation"),
    ("token mint: signed JWT", "iamcredentials/SignJwt", "issued gcp.impersonation"),
    ("use of an impersonated token", "iam/ListServiceAccounts-impersonated", ""),
    ("key creation", "iam/CreateServiceAccountKey", "issued gcp.service_account_key"),
    ("key upload", "iam/UploadServiceAccountKey", "issued gcp.service_account_key"),
    ("new service account", "iam/CreateServiceAccount", "created gcp.iam.service_account"),
    ("grant on a service account", "iam/SetIAMPolicy", "granted roles/iam.serviceAccountTokenCreator"),
    ("grant on a project", "cloudresourcemanager/SetIamPolicy-project", "granted roles/owner"),
    (
        "grant on a folder",
        "cloudresourcemanager/Folders.SetIamPolicy",
        "granted roles/iam.serviceAccountTokenCreator",
    ),
    (
        "grant on an organisation",
        "cloudresourcemanager/SetIamPolicy-organization",
        "granted roles/resourcemanager.organizationAdmin",
    ),
    (
        "actAs attachment",
        "compute/instances.insert-with-service-account",
        "gcp.compute.instance 1454427709413609468",
    ),
    ("identity pool", "iam/CreateWorkloadIdentityPool", "created gcp.iam.workload_identity_pool"),
    (
        "identity provider",
        "iam/CreateWorkloadIdentityPoolProvider",
        "created gcp.iam.workload_identity_pool_provider",
    ),
    ("identity provider changed", "iam/UpdateWorkloadIdentityPoolProvider", "finding persistence T1484.002"),
    ("token exchange", "sts/ExchangeToken", "issued gcp.federated_token"),
    ("HMAC key", "storage/hmacKeys.create", "issued gcp.hmac_key"),
    ("API key", "apikeys/CreateKey-last", "issued gcp.api_key"),
    (
        "domain-wide delegation",
        "admin/authorizeApiClientAccess",
        "granted https://www.googleapis.com/auth/gmail.readonly",
    ),
    ("consent to an application", "login/oauth2.GetToken", "granted https://mail.google.com/"),
    ("group member", "admin/addGroupMember", "granted member"),
    ("invited owner", "cloudresourcemanager/InsertProjectOwnershipInvite", "granted roles/owner (invited)"),
    (
        "tag binding",
        "cloudresourcemanager/TagBindings.CreateTagBinding",
        "created gcp.cloudresourcemanager.tag_binding",
    ),
    ("new project", "cloudresourcemanager/CreateProject", "created gcp.cloudresourcemanager.project"),
];

#[test]
fn every_edge_has_an_entry_that_tells_it() {
    for (edge, name, word) in EDGES {
        let event = event(name);
        assert!(
            word.is_empty() || event.facts.iter().any(|fact| told(fact).starts_with(word)),
            "{edge}: {name} does not tell {word}"
        );
    }
}

#[test]
fn a_delegated_call_names_every_hop_most_recent_first() {
    let event = event("iam/ListServiceAccounts-impersonated");
    assert_eq!(event.actor.principal.as_deref(), Some("billing-admin@acme-prod.iam.gserviceaccount.com"));
    let hops: Vec<&str> = event.actor.delegation.iter().map(|hop| &**hop).collect();
    assert_eq!(
        hops,
        ["hop@acme-stage.iam.gserviceaccount.com", "", "ci-deployer@acme-ci.iam.gserviceaccount.com"]
    );
    assert!(!event.facts.iter().any(|fact| matches!(fact, Fact::Issued(_))), "analyze builds these edges");
}

#[test]
fn a_machine_carries_the_account_that_it_was_given() {
    let event = event("compute/instances.insert-with-service-account");
    assert_eq!(&*event.action, "compute.instances.insert");
    assert!(event.operation.as_ref().is_some_and(|operation| operation.first && !operation.last));
    let carried: Vec<_> = event
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Carries { compute, identity } => Some((&*compute.id, &*compute.region, &**identity)),
            _ => None,
        })
        .collect();
    assert_eq!(
        carried,
        [("1454427709413609468", "us-central1-a", "billing-admin@acme-prod.iam.gserviceaccount.com")]
    );
}

#[test]
fn failed_and_refused_calls_tell_nothing() {
    for (name, code) in [
        ("iamcredentials/GenerateAccessToken-denied", "7 PERMISSION_DENIED"),
        ("login/loginFailure", "login_failure"),
    ] {
        let event = event(name);
        assert_eq!(event.outcome, Outcome::Failed(code.into()), "{name}");
        assert_eq!(event.facts, [], "{name}");
    }
    let denied = event("iamcredentials/GenerateAccessToken-denied");
    assert!(!denied.read_only, "a refused impersonation is an attempt");
}

/// Rows of the attribution table that are ours: service, normalised method, kind.
const ROWS: &str = "
oslogin OsLoginService.ImportSshPublicKey gcp.oslogin.ssh_public_key
oslogin OsLoginService.CreateSshPublicKey gcp.oslogin.ssh_public_key
iam CreateServiceAccount gcp.iam.service_account
iam CreateServiceAccountKey gcp.iam.service_account_key
iam UploadServiceAccountKey gcp.iam.service_account_key
iam SetIAMPolicy gcp.iam.service_account
iam EnableServiceAccount gcp.iam.service_account
iam EnableServiceAccountKey gcp.iam.service_account_key
iam UndeleteServiceAccount gcp.iam.service_account
iam PatchServiceAccount gcp.iam.service_account
iam UpdateServiceAccount gcp.iam.service_account
iam DeleteServiceAccount gcp.iam.service_account
iam DeleteServiceAccountKey gcp.iam.service_account_key
iam DisableServiceAccount gcp.iam.service_account
iam DisableServiceAccountKey gcp.iam.service_account_key
iam CreateRole gcp.iam.role
iam UpdateRole gcp.iam.role
iam UndeleteRole gcp.iam.role
iam WorkloadIdentityPools.CreateWorkloadIdentityPool gcp.iam.workload_identity_pool
iam WorkloadIdentityPools.UpdateWorkloadIdentityPool gcp.iam.workload_identity_pool
iam WorkloadIdentityPools.UndeleteWorkloadIdentityPool gcp.iam.workload_identity_pool
iam WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider gcp.iam.workload_identity_pool_provider
iam WorkloadIdentityPools.UpdateWorkloadIdentityPoolProvider gcp.iam.workload_identity_pool_provider
iam WorkloadIdentityPools.CreateWorkloadIdentityPoolProviderKey gcp.iam.workload_identity_pool_provider
iam WorkforcePools.CreateWorkforcePool gcp.iam.workforce_pool
iam WorkforcePools.UpdateWorkforcePool gcp.iam.workforce_pool
iam WorkforcePools.CreateWorkforcePoolProvider gcp.iam.workforce_pool_provider
iam WorkforcePools.UpdateWorkforcePoolProvider gcp.iam.workforce_pool_provider
iam Policies.CreatePolicy gcp.iam.deny_policy
iam Policies.UpdatePolicy gcp.iam.deny_policy
iam Policies.DeletePolicy gcp.iam.deny_policy
iamcredentials GenerateAccessToken gcp.iam.service_account
iamcredentials GenerateIdToken gcp.iam.service_account
iamcredentials SignBlob gcp.iam.service_account
iamcredentials SignJwt gcp.iam.service_account
sts SecurityTokenService.ExchangeToken gcp.iam.workload_identity_pool_provider
cloudresourcemanager SetIamPolicy gcp.cloudresourcemanager.project
cloudresourcemanager Projects.SetIamPolicy gcp.cloudresourcemanager.project
cloudresourcemanager SetIamPolicy gcp.cloudresourcemanager.organization
cloudresourcemanager Folders.SetIamPolicy gcp.cloudresourcemanager.folder
cloudresourcemanager Organizations.SetIamPolicy gcp.cloudresourcemanager.organization
cloudresourcemanager InsertProjectOwnershipInvite gcp.cloudresourcemanager.project
cloudresourcemanager CreateProject gcp.cloudresourcemanager.project
cloudresourcemanager Projects.CreateProject gcp.cloudresourcemanager.project
cloudresourcemanager DeleteProject gcp.cloudresourcemanager.project
cloudresourcemanager Projects.DeleteProject gcp.cloudresourcemanager.project
cloudresourcemanager Projects.MoveProject gcp.cloudresourcemanager.project
cloudresourcemanager UpdateProject gcp.cloudresourcemanager.project
cloudresourcemanager Projects.UpdateProject gcp.cloudresourcemanager.project
cloudresourcemanager TagBindings.CreateTagBinding gcp.cloudresourcemanager.tag_binding
cloudresourcemanager TagBindings.DeleteTagBinding gcp.cloudresourcemanager.tag_binding
cloudresourcemanager Liens.CreateLien gcp.cloudresourcemanager.lien
cloudresourcemanager Liens.DeleteLien gcp.cloudresourcemanager.lien
cloudresourcemanager SetOrgPolicy gcp.orgpolicy.policy
cloudresourcemanager ClearOrgPolicy gcp.orgpolicy.policy
apikeys ApiKeys.CreateKey gcp.apikeys.key
apikeys ApiKeys.UpdateKey gcp.apikeys.key
apikeys ApiKeys.UndeleteKey gcp.apikeys.key
apikeys ApiKeys.CloneKey gcp.apikeys.key
apikeys ApiKeys.GetKeyString gcp.apikeys.key
apikeys ApiKeys.CreateApiKey gcp.apikeys.key
apikeys ApiKeys.RegenerateApiKey gcp.apikeys.key
storage storage.hmacKeys.create gcp.storage.hmac_key
storage storage.hmacKeys.update gcp.storage.hmac_key
admin AdminService.authorizeApiClientAccess gcp.workspace.domain_wide_delegation
admin AdminService.addGroupMember gcp.cloudidentity.membership
admin AdminService.assignRole gcp.cloudidentity.membership
login LoginService.loginSuccess gcp.workspace.user
login LoginService.suspiciousLogin gcp.workspace.user
login LoginService.2svDisable gcp.workspace.user
";

#[test]
fn every_row_of_the_table_stands() {
    for line in ROWS.trim().lines() {
        let [service, method, kind] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let source = format!("{service}.googleapis.com");
        assert!(
            catalog::rows(gcp::SERVICES, &source, method).any(|row| row.kind == kind),
            "no row for {service} {method} with {kind}"
        );
    }
}

/// The services whose rows are tested here.
fn ours() -> impl Iterator<Item = (&'static str, &'static Row)> {
    let services = [
        &gcp::admin::ADMIN,
        &gcp::apikeys::APIKEYS,
        &gcp::cloudresourcemanager::RESOURCE_MANAGER,
        &gcp::iam::IAM,
        &gcp::iamcredentials::IAM_CREDENTIALS,
        &gcp::login::LOGIN,
        &gcp::login::OAUTH2,
        &gcp::oslogin::OS_LOGIN,
        &gcp::storage_hmac::HMAC,
        &gcp::sts::STS,
    ];
    services.into_iter().flat_map(|service| service.rows.iter().map(move |row| (service.source, row)))
}

/// Builds a record that holds `value` at `path`.
fn holding(path: &str, value: &str) -> Value {
    path.rsplit('.').fold(json!(value), |inner, segment| match segment.strip_suffix("[]") {
        Some(segment) => json!({ segment: [inner] }),
        None => json!({ segment: inner }),
    })
}

#[test]
fn every_path_of_every_row_leads_to_its_value() {
    let mut paths = 0;
    for (source, row) in ours() {
        for path in row.id.split('|').chain(row.names.split('|')).filter(|path| !path.is_empty()) {
            assert!(
                path.starts_with("protoPayload.") || path.starts_with("resource.labels."),
                "{source} {path}"
            );
            let found = catalog::path::resolve(&holding(path, "here"), path, row.events);
            assert_eq!(
                found.iter().map(|text| &**text).collect::<Vec<_>>(),
                ["here"],
                "{source} {}: {path}",
                row.events
            );
            paths += 1;
        }
    }
    assert!(paths > 100, "only {paths} paths were looked at");
}

#[test]
fn every_row_says_something_to_the_person_on_call() {
    for (source, row) in ours() {
        let says = !row.note.is_empty() || row.undoes || row.tells.is_some();
        assert!(says, "{source} {} is mute", row.events);
        assert!(row.note.is_empty() || row.note.ends_with('.'), "{source} {}: {}", row.events, row.note);
        for event in row.events.split('|') {
            assert_eq!(gcp::normalize(source, event), event, "{source} {event} can never match");
        }
        assert!(!row.contain.contains('!'), "{source} {}", row.events);
    }
}

#[test]
fn doing_and_undoing_share_a_pair() {
    for (doing, undoing) in [
        ("iam/CreateServiceAccountKey", "iam/DeleteServiceAccountKey"),
        ("iam/EnableServiceAccountKey", "iam/DisableServiceAccountKey"),
        ("iam/DisableServiceAccountKey", "iam/EnableServiceAccountKey"),
        ("iam/CreateServiceAccount", "iam/DeleteServiceAccount"),
        ("iam/DisableServiceAccount", "iam/EnableServiceAccount"),
        ("iam/DeleteServiceAccount", "iam/UndeleteServiceAccount"),
        ("iam/CreateRole", "iam/DeleteRole"),
        ("iam/CreateWorkloadIdentityPool", "iam/DeleteWorkloadIdentityPool"),
        ("iam/CreatePolicy", "iam/DeletePolicy"),
        ("storage/hmacKeys.create", "storage/hmacKeys.update-inactive"),
        ("storage/hmacKeys.update-active", "storage/hmacKeys.delete"),
        ("apikeys/CreateKey-last", "apikeys/DeleteKey"),
        ("admin/addGroupMember", "admin/removeGroupMember"),
        ("admin/authorizeApiClientAccess", "admin/removeApiClientAccess"),
        ("login/2svDisable", "login/2svEnroll"),
        ("oslogin/ImportSshPublicKey", "oslogin/DeleteSshPublicKey"),
    ] {
        let pairs = |name: &str, undoes: bool| -> Vec<String> {
            let facts = event(name).facts;
            let signals = facts.iter().filter_map(|fact| match fact {
                Fact::Signal(signal) if signal.undoes == undoes && !signal.pair.is_empty() => {
                    Some(signal.pair.to_string())
                }
                _ => None,
            });
            signals.collect()
        };
        let (done, undone) = (pairs(doing, false), pairs(undoing, true));
        assert!(done.iter().any(|pair| undone.contains(pair)), "{doing} {done:?}, {undoing} {undone:?}");
    }
}

#[test]
fn what_was_made_and_deleted_is_one_thing() {
    for (making, deleting) in [
        ("iam/CreateServiceAccount", "iam/DeleteServiceAccount"),
        ("iam/CreateRole", "iam/DeleteRole"),
        ("iam/CreatePolicy", "iam/DeletePolicy"),
        ("iam/CreateWorkloadIdentityPool", "iam/DeleteWorkloadIdentityPool"),
        ("cloudresourcemanager/CreateProject", "cloudresourcemanager/DeleteProject"),
        (
            "cloudresourcemanager/TagBindings.CreateTagBinding",
            "cloudresourcemanager/TagBindings.DeleteTagBinding",
        ),
        ("oslogin/ImportSshPublicKey", "oslogin/DeleteSshPublicKey"),
    ] {
        let (making_, deleting_) = (event(making), event(deleting));
        let made = making_.facts.iter().find_map(|fact| match fact {
            Fact::Created(made) => Some(made),
            _ => None,
        });
        let gone = deleting_.facts.iter().find_map(|fact| match fact {
            Fact::Deleted(gone) => Some(gone),
            _ => None,
        });
        let (made, gone) = (made.expect(making), gone.expect(deleting));
        assert!(made.is_same(gone), "{} is not {}", resource(made), resource(gone));
    }
}

#[test]
fn credentials_are_revoked_under_the_id_that_they_were_issued_with() {
    for (making, ending) in [
        ("iam/CreateServiceAccountKey", "iam/DeleteServiceAccountKey"),
        ("iam/CreateServiceAccountKey", "iam/DisableServiceAccountKey"),
        ("storage/hmacKeys.create", "storage/hmacKeys.update-inactive"),
        ("storage/hmacKeys.create", "storage/hmacKeys.delete"),
        ("apikeys/CreateKey-last", "apikeys/DeleteKey"),
    ] {
        let issued = event(making).facts.into_iter().find_map(|fact| match fact {
            Fact::Issued(issued) => Some((issued.kind, issued.id)),
            _ => None,
        });
        let revoked = event(ending).facts.into_iter().find_map(|fact| match fact {
            Fact::Revoked { kind, id, .. } => Some((kind, id)),
            _ => None,
        });
        assert!(issued.is_some() && issued == revoked, "{making} {issued:?}, {ending} {revoked:?}");
    }
}

#[test]
fn no_api_key_string_is_repeated() {
    let event = event("abuse/LEAKED_CREDENTIALS-api-key");
    assert!(!format!("{event:?}").contains("AIzaSy"));
}
