//! Resource Manager: policies of projects, folders and organisations; projects themselves; tags, liens, invitations.

use super::policy;
use super::principals::plain;
use super::tell::{Telling, segment};
use crate::catalog::{Record, Service, on, technique};
use crate::model::report::FindingKind::{DefenseEvasion, Destruction, Persistence, PrivilegeEscalation};
use crate::model::{Fact, ResourceRef};

const PROJECT: &str = "gcp.cloudresourcemanager.project";
const FOLDER: &str = "gcp.cloudresourcemanager.folder";
const ORGANIZATION: &str = "gcp.cloudresourcemanager.organization";
const TAG_BINDING: &str = "gcp.cloudresourcemanager.tag_binding";
const LIEN: &str = "gcp.cloudresourcemanager.lien";
const PROJECT_ID: &str = "resource.labels.projectId|protoPayload.request.projectId|protoPayload.resourceName";
const MADE_ID: &str = "protoPayload.response.projectNumber|protoPayload.response.project.projectNumber|resource.labels.projectId|protoPayload.resourceName";
const MADE_NAMES: &str = "protoPayload.request.project.projectId|protoPayload.response.projectId|resource.labels.projectId|protoPayload.resourceName";
const PROJECT_GONE: &str = "gcp project deleted";

pub static RESOURCE_MANAGER: Service = Service {
    source: "cloudresourcemanager.googleapis.com",
    rows: &[
        on("SetIamPolicy|Projects.SetIamPolicy")
            .touches(PROJECT, PROJECT_ID, "policy changed")
            .names("protoPayload.resourceName")
            .contain("cloudresourcemanager.projects.setIamPolicy")
            .note("Take back exactly what was added, with the policy's etag; the rest of the policy is somebody else's.")
            .only_if(of_project)
            .tells(container_policy),
        on("SetIamPolicy|Folders.SetIamPolicy")
            .touches(FOLDER, "protoPayload.resourceName|protoPayload.request.resource", "policy changed")
            .contain("cloudresourcemanager.folders.setIamPolicy")
            .note("A role on a folder counts in every project below it.")
            .only_if(of_folder)
            .tells(container_policy),
        on("SetIamPolicy|Organizations.SetIamPolicy")
            .touches(ORGANIZATION, "protoPayload.resourceName|protoPayload.request.resource", "policy changed")
            .contain("cloudresourcemanager.organizations.setIamPolicy")
            .note("A role on the organisation counts everywhere in it.")
            .only_if(of_organization)
            .tells(container_policy),
        on("InsertProjectOwnershipInvite")
            .touches(PROJECT, PROJECT_ID, "an owner was invited")
            .names("protoPayload.resourceName")
            .contain("cloudresourcemanager.projects.setIamPolicy")
            .note("The owner's binding appears only once the invitation is accepted.")
            .tells(invited),
        on("CreateProject|Projects.CreateProject")
            .about(PROJECT, MADE_ID)
            .names(MADE_NAMES)
            .contain("cloudbilling.projects.updateBillingInfo")
            .note("A new project has fresh quotas and logs of its own: look into it, too.")
            .tells(project_made),
        on("DeleteProject|Projects.DeleteProject")
            .about(PROJECT, PROJECT_ID)
            .names("protoPayload.resourceName")
            .contain("cloudresourcemanager.projects.undelete")
            .finding(
                Destruction,
                &technique::DATA_DESTRUCTION,
                "Project {id} was deleted; it can be undeleted for 30 days, some of its data only sooner.",
            )
            .pair(PROJECT_GONE)
            .tells(project_deleted),
        on("UndeleteProject|Projects.UndeleteProject")
            .about(PROJECT, PROJECT_ID)
            .names("protoPayload.resourceName")
            .undoes(PROJECT_GONE)
            .tells(project_undeleted),
        on("Projects.MoveProject")
            .touches(PROJECT, PROJECT_ID, "moved")
            .names("protoPayload.resourceName")
            .contain("cloudresourcemanager.projects.move")
            .finding(
                DefenseEvasion,
                &technique::MODIFY_CLOUD_CONFIGURATION,
                "Project {id} was moved: other organisation policies and log sinks count for it now.",
            ),
        on("UpdateProject|Projects.UpdateProject")
            .touches(PROJECT, PROJECT_ID, "changed")
            .names("protoPayload.resourceName")
            .contain("cloudresourcemanager.projects.move")
            .note("The older API logs a move of a project as an update."),
        on("UpdateProject|Projects.UpdateProject")
            .about(PROJECT, PROJECT_ID)
            .finding(
                DefenseEvasion,
                &technique::MODIFY_CLOUD_CONFIGURATION,
                "Project {id} was updated with a parent: see whether it was moved out of its policies.",
            )
            .only_if(names_parent),
        on("TagBindings.CreateTagBinding")
            .about(TAG_BINDING, "protoPayload.request.tagBinding.name|protoPayload.resourceName")
            .contain("cloudresourcemanager.tagBindings.delete")
            .note("Roles that are bound on condition of a tag may count now.")
            .tells(tagged),
        on("TagBindings.DeleteTagBinding")
            .deletes(TAG_BINDING, "protoPayload.request.name|protoPayload.resourceName")
            .contain("cloudresourcemanager.tagBindings.create")
            .finding(
                PrivilegeEscalation,
                &technique::ADDITIONAL_CLOUD_ROLES,
                "Tag binding {id} was removed: denials or conditions that hang on the tag no longer count.",
            ),
        on("Liens.CreateLien")
            .creates(LIEN, "protoPayload.response.name|protoPayload.resourceName")
            .contain("cloudresourcemanager.liens.delete")
            .finding(
                DefenseEvasion,
                &technique::MODIFY_CLOUD_CONFIGURATION,
                "Lien {id} keeps its project from being deleted.",
            )
            .pair("gcp lien"),
        on("Liens.DeleteLien")
            .deletes(LIEN, "protoPayload.request.name|protoPayload.resourceName")
            .contain("cloudresourcemanager.liens.create")
            .finding(
                DefenseEvasion,
                &technique::MODIFY_CLOUD_CONFIGURATION,
                "Lien {id} was removed: its project can be deleted now.",
            ),
        on("Liens.DeleteLien").about(LIEN, "protoPayload.request.name|protoPayload.resourceName").undoes("gcp lien"),
        on("SetOrgPolicy|ClearOrgPolicy")
            .touches("gcp.orgpolicy.policy", "protoPayload.resourceName", "changed or cleared")
            .contain("orgpolicy.projects.policies.patch")
            .finding(
                DefenseEvasion,
                &technique::MODIFY_CLOUD_CONFIGURATION,
                "An organisation policy on {id} was changed or cleared; see which guard rail fell.",
            ),
    ],
};

/// Returns the container whose policy changed: `projects/p`, `folders/1`, `organizations/1`.
fn container(record: &Record) -> Option<String> {
    let name = record.first("protoPayload.resourceName|protoPayload.request.resource")?;
    let name = name.strip_prefix("//cloudresourcemanager.googleapis.com/").unwrap_or(&name);
    Some(if name.contains('/') { name.to_owned() } else { format!("projects/{name}") })
}

fn of_folder(record: &Record) -> bool {
    container(record).is_some_and(|name| name.starts_with("folders/"))
}

fn of_organization(record: &Record) -> bool {
    container(record).is_some_and(|name| name.starts_with("organizations/"))
}

fn of_project(record: &Record) -> bool {
    !of_folder(record) && !of_organization(record)
}

fn names_parent(record: &Record) -> bool {
    record.value("protoPayload.request.project.parent|protoPayload.request.parent").is_some()
}

fn container_policy(record: &Record, facts: &mut Vec<Fact>) {
    let on = container(record).unwrap_or_else(|| format!("projects/{}", record.scope.account));
    policy::changes(record, &on, facts);
}

fn invited(record: &Record, facts: &mut Vec<Fact>) {
    let Some(member) = record.first("protoPayload.request.member") else { return };
    let (member, on) =
        (plain(&member), container(record).unwrap_or_else(|| record.scope.account.to_string()));
    facts.push(Telling::new(Persistence, &technique::ADDITIONAL_CLOUD_ROLES, member).says(
        record,
        format!("{member} was invited to own {on}; nothing shows in the policy until they accept."),
    ));
    facts.push(Fact::Granted { member: member.into(), role: "roles/owner (invited)".into(), on: on.into() });
}

/// A project's entries lie in the project itself or in its parent, so its account is the project and not the log's.
fn project(record: &Record, id: &str, names: &str) -> Option<ResourceRef> {
    let mut project = record.resources(PROJECT, id, names).into_iter().next()?;
    let own = record
        .first("protoPayload.request.project.projectId|protoPayload.response.projectId|protoPayload.request.projectId|resource.labels.projectId")
        .or_else(|| record.first("protoPayload.resourceName").and_then(|name| segment(&name, "projects").map(Into::into)));
    if let Some(own) = own {
        if project.id != own && !project.names.contains(&own) {
            project.names.push(own.clone());
            project.names.sort();
        }
        project.account = own;
    }
    Some(project)
}

fn project_made(record: &Record, facts: &mut Vec<Fact>) {
    facts.extend(project(record, MADE_ID, MADE_NAMES).map(Fact::Created));
}

fn project_deleted(record: &Record, facts: &mut Vec<Fact>) {
    facts.extend(project(record, PROJECT_ID, "protoPayload.resourceName").map(Fact::Deleted));
}

fn project_undeleted(record: &Record, facts: &mut Vec<Fact>) {
    let found = project(record, PROJECT_ID, "protoPayload.resourceName");
    facts.extend(found.map(|project| Fact::Restored { kind: PROJECT, id: project.id, how: "undeleted" }));
}

/// A binding has no id but its name: `tagBindings/RESOURCE/tagValues/ID` with the resource's slashes written `%2F`.
fn tagged(record: &Record, facts: &mut Vec<Fact>) {
    let tag = record.first(
        "protoPayload.request.tagBinding.tagValue|protoPayload.request.tagBinding.tagValueNamespacedName",
    );
    let on = record.first("protoPayload.request.tagBinding.parent|protoPayload.resourceName");
    let name = record.first("protoPayload.request.tagBinding.name").or_else(|| {
        let (tag, on) = (tag.as_deref()?, on.as_deref()?);
        Some(format!("tagBindings/{}/{tag}", on.replace('/', "%2F")).into())
    });
    if let Some(name) = name.or_else(|| record.first("protoPayload.resourceName")) {
        facts.push(Fact::Created(record.resource(TAG_BINDING, name)));
    }
    let (tag, on) = (tag.as_deref().unwrap_or("a tag"), on.as_deref().unwrap_or("a resource"));
    facts.push(
        Telling::new(PrivilegeEscalation, &technique::ADDITIONAL_CLOUD_ROLES, on).says(
            record,
            format!("{tag} was bound to {on}: roles granted on condition of that tag count now."),
        ),
    );
}
