//! Artifact Registry.

use super::common::{self, within};
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const REPOSITORY: &str = "gcp.artifactregistry.repository";

pub static ARTIFACTREGISTRY: Service = Service {
    source: "artifactregistry.googleapis.com",
    rows: &[
        on("ArtifactRegistry.CreateRepository")
            .creates(REPOSITORY, within!("repositories", "repositoryId"))
            .names(within!("repositories", "repositoryId"))
            .contain("!artifactregistry.repositories.delete"),
        on("ArtifactRegistry.DeleteRepository").deletes(REPOSITORY, within!("repositories")).finding(
            Destruction,
            &DATA_DESTRUCTION,
            "Repository {id} was deleted with every image in it.",
        ),
        // No finding: every pipeline pushes; what came out of it must be looked at all the same.
        on("Docker-FinishUpload|Docker-PutManifest|Docker-StartUpload")
            .touches(REPOSITORY, within!("repositories"), "image pushed")
            .contain("!artifactregistry.repositories.packages.versions.delete")
            .note("An image was pushed to {id}; whatever is deployed from there may run it."),
        on("ArtifactRegistry.DeleteVersion|ArtifactRegistry.DeletePackage|ArtifactRegistry.DeleteTag")
            .touches(REPOSITORY, within!("repositories"), "image or package deleted"),
        on("ArtifactRegistry.SetIamPolicy")
            .touches(REPOSITORY, within!("repositories"), "IAM policy changed")
            .names("protoPayload.request.resource~/repositories/")
            .contain("artifactregistry.repositories.setIamPolicy")
            .tells(|record, facts| common::policy(record, facts, REPOSITORY, Persistence, &IMPLANT_IMAGE)),
    ],
};
