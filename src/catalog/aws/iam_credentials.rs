//! AWS IAM, the part that mints and revokes credentials, and opens roles. Users, roles and policies are beside it.

use super::sts;
use super::{arn, policy_document};
use crate::catalog::record::pair_key;
use crate::catalog::{Record, Service, on, technique};
use crate::model::event::Signal;
use crate::model::report::{FindingKind, Strength, Technique};
use crate::model::{Fact, Issued, Minter};
use std::sync::Arc;

pub static IAM_CREDENTIALS: Service = Service {
    source: "iam.amazonaws.com",
    rows: &[
        on("ChangePassword").tells(changed_password),
        on("CreateAccessKey")
            .tells(|record, facts| ACCESS_KEY.minted(record, "CreateAccessKey", facts))
            .contain("iam:UpdateAccessKey"),
        on("CreateLoginProfile")
            .tells(|record, facts| LOGIN_PROFILE.minted(record, "CreateLoginProfile", facts))
            .contain("iam:DeleteLoginProfile"),
        on("CreateServiceSpecificCredential")
            .tells(|record, facts| {
                SERVICE_CREDENTIAL.minted(record, "CreateServiceSpecificCredential", facts)
            })
            .contain("iam:UpdateServiceSpecificCredential"),
        on("DeleteAccessKey").tells(|record, facts| ACCESS_KEY.revoked(record, "deleted", facts)),
        on("DeleteLoginProfile").tells(|record, facts| LOGIN_PROFILE.revoked(record, "deleted", facts)),
        on("DeleteServiceSpecificCredential")
            .tells(|record, facts| SERVICE_CREDENTIAL.revoked(record, "deleted", facts)),
        on("DeleteSigningCertificate").tells(|record, facts| CERTIFICATE.revoked(record, "deleted", facts)),
        on("DeleteSSHPublicKey").tells(|record, facts| SSH_KEY.revoked(record, "deleted", facts)),
        on("ResetServiceSpecificCredential")
            .tells(|record, facts| SERVICE_CREDENTIAL.minted(record, "ResetServiceSpecificCredential", facts))
            .contain("iam:UpdateServiceSpecificCredential"),
        on("UpdateAccessKey")
            .tells(|record, facts| ACCESS_KEY.switched(record, facts))
            .contain("iam:UpdateAccessKey"),
        on("UpdateAssumeRolePolicy")
            .touches("aws.iam.role", "requestParameters.roleName", "trust policy replaced")
            .tells(trust_replaced)
            .contain("iam:UpdateAssumeRolePolicy"),
        on("UpdateLoginProfile")
            .tells(|record, facts| LOGIN_PROFILE.minted(record, "UpdateLoginProfile", facts))
            .contain("iam:UpdateLoginProfile"),
        on("UpdateServiceSpecificCredential")
            .tells(|record, facts| SERVICE_CREDENTIAL.switched(record, facts))
            .contain("iam:UpdateServiceSpecificCredential"),
        on("UpdateSigningCertificate")
            .tells(|record, facts| CERTIFICATE.switched(record, facts))
            .contain("iam:UpdateSigningCertificate"),
        on("UpdateSSHPublicKey")
            .tells(|record, facts| SSH_KEY.switched(record, facts))
            .contain("iam:UpdateSSHPublicKey"),
        on("UploadSigningCertificate")
            .tells(|record, facts| CERTIFICATE.minted(record, "UploadSigningCertificate", facts))
            .contain("iam:UpdateSigningCertificate"),
        on("UploadSSHPublicKey")
            .tells(|record, facts| SSH_KEY.minted(record, "UploadSSHPublicKey", facts))
            .contain("iam:UpdateSSHPublicKey"),
    ],
};

/// A long-term credential of a user: where its id stands, and what people call it.
struct Kind {
    kind: &'static str,
    /// Paths to its id; empty for what is known by its user's name.
    id: &'static str,
    pair: &'static str,
    what: &'static str,
    technique: &'static Technique,
}

static ACCESS_KEY: Kind = Kind {
    kind: "aws.access_key",
    id: "responseElements.accessKey.accessKeyId|requestParameters.accessKeyId",
    pair: "iam:access-key",
    what: "Access key",
    technique: &technique::ADDITIONAL_CLOUD_CREDENTIALS,
};
static LOGIN_PROFILE: Kind = Kind {
    kind: "aws.login_profile",
    id: "",
    pair: "iam:login-profile",
    what: "A console password",
    technique: &technique::ADDITIONAL_CLOUD_CREDENTIALS,
};
static SERVICE_CREDENTIAL: Kind = Kind {
    kind: "aws.service_specific_credential",
    id: "responseElements.serviceSpecificCredential.serviceSpecificCredentialId|requestParameters.serviceSpecificCredentialId",
    pair: "iam:service-specific-credential",
    what: "Service credential",
    technique: &technique::ADDITIONAL_CLOUD_CREDENTIALS,
};
static SSH_KEY: Kind = Kind {
    kind: "aws.ssh_public_key",
    id: "responseElements.sSHPublicKey.sSHPublicKeyId|requestParameters.sSHPublicKeyId",
    pair: "iam:ssh-public-key",
    what: "SSH public key",
    technique: &technique::SSH_AUTHORIZED_KEYS,
};
static CERTIFICATE: Kind = Kind {
    kind: "aws.signing_certificate",
    id: "responseElements.certificate.certificateId|requestParameters.certificateId",
    pair: "iam:signing-certificate",
    what: "Signing certificate",
    technique: &technique::ADDITIONAL_CLOUD_CREDENTIALS,
};

impl Kind {
    /// A new one, or a new secret for an old one.
    fn minted(&self, record: &Record, via: &'static str, facts: &mut Vec<Fact>) {
        let owner = Owner::of(record);
        let id = self.id_in(record, &owner);
        if let Some(id) = &id {
            facts.push(Fact::Issued(Issued {
                kind: self.kind,
                id: id.clone(),
                principal: owner.arn.clone(),
                principal_id: owner.id.clone(),
                account: Some(sts::account(record)),
                via,
                expires: record.time("responseElements.serviceSpecificCredential.expirationDate"),
                // The record does not say whether UpdateLoginProfile set a password or only asked for a new one, and
                // the user's own sign-ins look the same as a thief's.
                strength: match via {
                    "UpdateLoginProfile" => Strength::Heuristic,
                    _ => Strength::Exact,
                },
                minter: Minter::Actor,
            }));
        }
        let whose = owner.described();
        let what = self.named(id.as_deref());
        let service = record
            .first("responseElements.serviceSpecificCredential.serviceName|requestParameters.serviceName")
            .map(|name| format!(" for {name}"))
            .unwrap_or_default();
        const LASTS: &str = "goes on working when the caller's own credential is disabled";
        let note = match via {
            "UpdateLoginProfile" => {
                format!("The console password of {whose} was changed: whoever set it can sign in with it.")
            }
            "ResetServiceSpecificCredential" => {
                format!("{what}{service} of {whose} got a new secret: it {LASTS}.")
            }
            _ => format!("{what}{service} was made for {whose}: it {LASTS}."),
        };
        facts.push(self.signal(record, id.unwrap_or(owner.name), note));
    }

    fn revoked(&self, record: &Record, how: &'static str, facts: &mut Vec<Fact>) {
        let Some(id) = self.id_in(record, &Owner::of(record)) else { return };
        facts.push(Fact::Revoked { kind: self.kind, id: id.clone(), how });
        facts.push(self.undoing(record, id));
    }

    /// `Update…` with a status: switched off, or on again.
    fn switched(&self, record: &Record, facts: &mut Vec<Fact>) {
        if record.is("requestParameters.status", "Inactive") {
            return self.revoked(record, "deactivated", facts);
        }
        let owner = Owner::of(record);
        if record.is("requestParameters.status", "Active")
            && let Some(id) = self.id_in(record, &owner)
        {
            let resource = record.resource(self.kind, id.clone());
            facts.push(Fact::Restored { kind: self.kind, id: id.clone(), how: "re-activated" });
            facts.push(Fact::Touched { resource, how: "re-activated".to_owned() });
            let note = format!("{} of {} was re-activated.", self.named(Some(&id)), owner.described());
            facts.push(self.signal(record, id, note));
        }
    }

    fn id_in(&self, record: &Record, owner: &Owner) -> Option<Arc<str>> {
        match self.id {
            "" => Some(owner.name.clone()).filter(|name| !name.is_empty()),
            paths => sts::key_id(record, paths),
        }
    }

    fn named(&self, id: Option<&str>) -> String {
        match id {
            Some(id) if !self.id.is_empty() => format!("{} {id}", self.what),
            Some(_) | None => self.what.to_owned(),
        }
    }

    fn signal(&self, record: &Record, subject: Arc<str>, note: String) -> Fact {
        Fact::Signal(Signal {
            kind: FindingKind::Persistence,
            technique: Some(self.technique),
            note,
            pair: pair_key(self.pair, &record.scope.account, &subject),
            subject,
            undoes: false,
        })
    }

    fn undoing(&self, record: &Record, subject: Arc<str>) -> Fact {
        undoing(pair_key(self.pair, &record.scope.account, &subject), subject)
    }
}

/// The undoing half of a pair; its kind and note are never read.
fn undoing(pair: Arc<str>, subject: Arc<str>) -> Fact {
    let (kind, note) = (FindingKind::Discovery, String::new());
    Fact::Signal(Signal { kind, technique: None, note, subject, pair, undoes: true })
}

/// A user changed its own console password, which needs the old one: no new credential, but the owner may be locked out.
fn changed_password(record: &Record, facts: &mut Vec<Fact>) {
    let owner = Owner::of(record);
    if owner.name.is_empty() {
        return;
    }
    let resource = record.resource("aws.login_profile", owner.name.clone());
    facts.push(Fact::Touched { resource, how: "password changed".to_owned() });
    let note =
        format!("The console password of {} was changed: its owner may be locked out.", owner.described());
    facts.push(LOGIN_PROFILE.signal(record, owner.name, note));
}

/// A new trust policy replaces the old one whole. One that lets in AWS services alone ends what earlier ones opened.
fn trust_replaced(record: &Record, facts: &mut Vec<Fact>) {
    let Some(role) = record.first("requestParameters.roleName") else { return };
    let pair = pair_key("iam:trust", &record.scope.account, &role);
    let partition = sts::partition(record);
    let Some(trusted) = policy_document::trusted(record, "requestParameters.policyDocument", partition)
    else {
        // Omitted (over 100 KB) or masked: whom it lets in can't be known, and that is worth saying.
        let note =
            format!("The trust policy of role {role} was replaced and the record does not show by what.");
        facts.push(trust_signal(role, pair, note));
        return;
    };
    if trusted.is_empty() {
        return facts.push(undoing(pair, role));
    }
    let own = sts::account(record);
    let role_arn: Arc<str> = format!("arn:{partition}:iam::{own}:role/{role}").into();
    let mut described = Vec::new();
    for entry in trusted {
        let whose = match arn::account_of(&entry.member) {
            _ if entry.member == "*" => "anyone".to_owned(),
            Some(account) if account == own.as_ref() => entry.member.clone(),
            Some(_) => format!("{} (another account)", entry.member),
            None => format!("{} (outside)", entry.member),
        };
        let narrowed = if entry.is_conditional { ", under a condition" } else { "" };
        described.push(format!("{whose}{narrowed}"));
        facts.push(Fact::Granted {
            member: entry.member.into(),
            role: entry.action.into(),
            on: role_arn.clone(),
        });
    }
    let note = format!("Role {role} can now be assumed by {}.", described.join("; "));
    facts.push(trust_signal(role, pair, note));
}

fn trust_signal(subject: Arc<str>, pair: Arc<str>, note: String) -> Fact {
    let technique = Some(&technique::ADDITIONAL_CLOUD_ROLES);
    Fact::Signal(Signal { kind: FindingKind::Persistence, technique, note, subject, pair, undoes: false })
}

/// Whose credential it is.
struct Owner {
    /// User name, or `root`; empty when the record does not say.
    name: Arc<str>,
    arn: Option<Arc<str>>,
    id: Option<Arc<str>>,
    is_caller: bool,
}

impl Owner {
    /// A call without `userName` is about the caller; for root that means the account's root user itself.
    fn of(record: &Record) -> Owner {
        let actor = record.actor;
        let caller = actor.principal.as_deref().and_then(arn::Arn::parse);
        let named = record.first("requestParameters.userName|responseElements.accessKey.userName|responseElements.loginProfile.userName|responseElements.serviceSpecificCredential.userName|responseElements.sSHPublicKey.userName|responseElements.certificate.userName");
        let is_root = actor.kind.as_ref() == "Root";
        let named = if is_root { record.first("requestParameters.userName") } else { named };
        let caller_name = match (actor.kind.as_ref(), &caller) {
            ("Root", _) => Some("root"),
            ("IAMUser", Some(arn)) => Some(arn.name()),
            _ => None,
        };
        let is_caller = match &named {
            Some(name) => !is_root && caller_name == Some(name),
            None => true,
        };
        if is_caller {
            return Owner {
                name: named.or_else(|| caller_name.map(Arc::from)).unwrap_or_default(),
                arn: actor.principal.clone(),
                id: actor.principal_id.clone(),
                is_caller,
            };
        }
        let name = named.unwrap_or_default();
        // The user's path is not in the record; without one the ARN is this.
        let arn = format!("arn:{}:iam::{}:user/{name}", sts::partition(record), sts::account(record));
        Owner { name, arn: Some(arn.into()), id: None, is_caller }
    }

    fn described(&self) -> String {
        match (self.is_caller, self.name.as_ref()) {
            (true, "root") => "the root user".to_owned(),
            (true, "") => "the caller itself".to_owned(),
            (true, name) => format!("the caller's own user {name}"),
            (false, name) => format!("another user ({name})"),
        }
    }
}
