//! Sign-ins of people and what they consent to, as far as Workspace shares them with Cloud Logging.

use super::admin::parameter;
use super::tell::Telling;
use crate::catalog::{Record, Service, on, technique};
use crate::model::Fact;
use crate::model::report::FindingKind::{CredentialAccess, DefenseEvasion, Leak, Persistence};
use std::sync::Arc;

const USER: &str = "gcp.workspace.user";
const WHO: &str = "protoPayload.authenticationInfo.principalEmail|protoPayload.resourceName";
const SECOND_FACTOR: &str = "gcp second factor";

pub static LOGIN: Service = Service {
    source: "login.googleapis.com",
    rows: &[
        on("LoginService.loginSuccess")
            .about(USER, WHO)
            .contain("directory.users.signOut; directory.tokens.delete; directory.users.patch")
            .note("A person signed in.")
            .tells(signed_in),
        on("LoginService.suspiciousLogin|LoginService.suspiciousLoginLessSecureApp|LoginService.suspiciousProgrammaticLogin")
            .about(USER, WHO)
            .contain("directory.users.signOut; directory.tokens.delete; directory.users.patch")
            .finding(
                CredentialAccess,
                &technique::CLOUD_ACCOUNTS,
                "Google finds a sign-in of {id} suspicious.",
            ),
        on("LoginService.2svDisable|LoginService.titaniumUnenroll")
            .about(USER, WHO)
            .contain("directory.users.patch")
            .finding(
                DefenseEvasion,
                &technique::MFA_MODIFICATION,
                "{id} no longer needs a second factor (or Advanced Protection) to sign in.",
            )
            .pair(SECOND_FACTOR),
        on("LoginService.2svEnroll|LoginService.titaniumEnroll").about(USER, WHO).undoes(SECOND_FACTOR),
        on("LoginService.recoveryEmailEdit|LoginService.recoveryPhoneEdit|LoginService.recoverySecretQaEdit|LoginService.emailForwardingOutOfDomain")
            .about(USER, WHO)
            .finding(
                Persistence,
                &technique::MODIFY_AUTH_PROCESS,
                "How {id} gets the account back, or where its mail goes, was changed.",
            ),
        on("LoginService.accountDisabledPasswordLeak|LoginService.accountDisabledHijacked")
            .about(USER, WHO)
            .note("Google switched a user off because the password leaked or the account was taken over.")
            .tells(leaked),
    ],
};

/// The consent log of OAuth clients.
pub static OAUTH2: Service = Service {
    source: "oauth2.googleapis.com",
    rows: &[on("oauth2.GetToken|oauth2.Authorize")
        .about(USER, WHO)
        .contain("directory.tokens.delete")
        .note("A person let an application act for them; its calls carry the client id in oauthInfo.")
        .tells(consented)],
};

fn signed_in(record: &Record, facts: &mut Vec<Fact>) {
    let Some(who) = record.actor.principal.clone() else { return };
    if parameter(record, "is_suspicious").as_deref() == Some("true") {
        facts.push(
            Telling::new(CredentialAccess, &technique::CLOUD_ACCOUNTS, &who)
                .says(record, format!("Google finds a sign-in of {who} suspicious.")),
        );
    }
    facts.push(Fact::SignedIn { principal: who, via: "loginSuccess" });
}

fn leaked(record: &Record, facts: &mut Vec<Fact>) {
    let who = parameter(record, "affected_email_address").or_else(|| record.actor.principal.clone());
    let name = who.as_deref().unwrap_or("a user");
    facts.push(Telling::new(Leak, &technique::CLOUD_ACCOUNTS, name).says(
        record,
        format!("Google switched {name} off: the password leaked or somebody else took the account over."),
    ));
    facts.push(Fact::Leak { key: None, principal: who, found_at: None });
}

fn consented(record: &Record, facts: &mut Vec<Fact>) {
    let Some(who) = record.actor.principal.clone() else { return };
    let Some(client) = parameter(record, "client_id") else { return };
    let named = parameter(record, "app_name").unwrap_or_else(|| client.clone());
    let scopes: Arc<str> =
        parameter(record, "scope").unwrap_or_else(|| "scopes that the log does not name".into());
    facts.push(
        Telling::new(Persistence, &technique::STEAL_APPLICATION_TOKEN, &client)
            .pair_of("gcp oauth client", &format!("{who} {client}"))
            .says(record, format!("{who} let the application {named} act for them with {scopes}.")),
    );
    facts.push(Fact::Granted { member: client, role: scopes, on: who });
}
