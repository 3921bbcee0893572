//! Plans: small reports made by hand, each with all that is proposed and withheld.

mod always;
mod compute;
mod every_kind;
mod gcp_kinds;
mod gcp_rungs;
mod gcp_tail;
mod known;
mod machines;
mod never;
mod others;
mod reports;

use reports::*;
use std::collections::BTreeSet;
use triage::model::Report;
use triage::model::plan::Plan;
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain, revoke::revoke};

/// A plan in a few lines: `1 deny_user user=mallory <aws.iam.user arn…>`, `after` where it waits, then what is withheld.
fn told(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let change = serde_json::to_value(&step.change).unwrap();
        let (_, change) = change.as_object().unwrap().iter().next().unwrap();
        let (name, fields) = change.as_object().unwrap().iter().next().unwrap();
        let fields: Vec<String> = fields
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("{key}={}", value.to_string().replace('"', "")))
            .collect();
        let after = match step.after.is_empty() {
            true => String::new(),
            false => format!(" after {:?}", step.after),
        };
        text += &format!("{} {name} {}{after}\n", step.no, fields.join(" "));
    }
    for one in &plan.withheld {
        text += &format!("- {} {}: {} | {}\n", one.target.kind, one.target.id, one.why, one.by_hand);
    }
    text
}

/// `expect` holds the steps whole, and of each thing withheld its kind, id and words that its reason and advice must hold,
/// split by ` … `.
fn check(plan: &Plan, expect: &str) {
    let told = told(plan);
    let lines: Vec<&str> = expect.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let seen: Vec<&str> = told.lines().collect();
    let holds = |seen: &str, line: &str| match line.starts_with('-') {
        true => {
            line.split(" … ").all(|part| seen.contains(part))
                && seen.starts_with(line.split(" … ").next().unwrap())
        }
        false => seen == line,
    };
    let all = seen.len() == lines.len() && seen.iter().zip(&lines).all(|(seen, line)| holds(seen, line));
    assert!(all, "expected\n{}\nbut it is\n{told}", lines.join("\n"));
    sound(plan);
}

/// What holds for every plan, whatever the report.
fn sound(plan: &Plan) {
    crate::formats::check_plan(plan);
    let mut places = BTreeSet::new();
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.no as usize, index + 1);
        assert!(step.after.iter().all(|no| *no < step.no), "{step:?}");
        assert!(step.after.is_sorted() && step.because.is_sorted());
        assert!(!step.why.is_empty() && !step.why.contains("  "), "{:?}", step.why);
        assert!(!step.before.is_empty() && !step.target.id.is_empty());
        let place = (&step.target.account, &step.target.region, &step.change);
        assert!(places.insert(place), "twice: {:?}", step.change);
        let spec = step.change.spec();
        assert_eq!((step.api, step.expect, step.destroys), (spec.api, spec.expect, spec.destroys));
    }
    let withheld: Vec<_> = plan.withheld.iter().collect();
    assert!(withheld.is_sorted() && withheld.iter().all(|one| !one.why.is_empty()));
    for one in withheld {
        assert!(!one.by_hand.contains('!'), "a symbol: {}", one.by_hand);
    }
}

fn both(report: &Report) -> [Plan; 2] {
    [revoke(report, &Guard::default()), contain(report, &Guard::default(), Options::default())]
}

// ---- AWS, revoke

#[test]
fn a_leaked_key_is_denied_with_its_user_before_it_is_made_inactive() {
    check(
        &revoke(&aws_key(), &Guard::default()),
        "1 deny_user user=ci
         2 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
         - aws.iam.user arn:aws:iam::111122223333:user/ci: … Look for the others too … iam:ListAccessKeys
         - aws.organizations.policy TriageDeny: … user/ci, and arn:aws:sts",
    );
}

#[test]
fn a_key_that_no_record_names_the_user_of_is_still_made_inactive() {
    let report = Report { seed_user: None, ..aws_key() };
    check(
        &revoke(&report, &Guard::default()),
        "1 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=null
         - aws.access_key AKIAIOSFODNN7EXAMPLE: No record names the key's user … iam:GetAccessKeyLastUsed",
    );
}

#[test]
fn a_deactivated_key_still_has_sessions_to_deny() {
    let mut report = aws_key();
    report.credentials[0].deactivated_at = Some(at(9));
    report.credentials[0].deactivated_by = Some(arc("alice"));
    let plan = revoke(&report, &Guard::default());
    check(
        &plan,
        "1 deny_user user=ci
         - aws.access_key AKIAIOSFODNN7EXAMPLE: It was deactivated on 2026-07-14 09:00:00Z by alice and can be activated again
         - aws.iam.user arn:aws:iam::111122223333:user/ci: A user can hold
         - aws.organizations.policy TriageDeny:",
    );
}

#[test]
fn sessions_of_a_role_are_one_step_and_wait_for_the_principal() {
    let expect = |change: &str| {
        format!(
            "1 deny_user user=ci
             2 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
             3 {change} after [1, 2]
             - aws.iam.user arn:aws:iam::111122223333:user/ci:
             - aws.organizations.policy TriageDeny:"
        )
    };
    let plan = revoke(&sessions(), &Guard::default());
    check(
        &plan,
        &expect(
            "revoke_role_sessions issued_before=2026-07-14T09:00:00Z role=arn:aws:iam::444455556666:role/Ops",
        ),
    );
    assert!(
        plan.steps[0]
            .why
            .contains("ASIAIOSFODNN7EXAMPLC, ASIAIOSFODNN7EXAMPLD, the last until 2026-07-14 20:00:00Z")
    );
    assert!(plan.steps[2].why.contains("No log of account 444455556666 was seen"), "{}", plan.steps[2].why);
    assert_eq!(plan.steps[2].because.len(), 2);

    // Somebody else in the role: only these names, and who bears one of them is told.
    let plan = revoke(&shared_sessions(), &Guard::default());
    check(
        &plan,
        &expect(
            "deny_sessions issued_before=2026-07-14T09:00:00Z names=[one,two] role=arn:aws:iam::444455556666:role/Ops",
        ),
    );
    assert!(
        plan.steps[2].why.contains("ASIAIOSFODNN7EXAMPLX, ASIAIOSFODNN7EXAMPLY has the name two too"),
        "{}",
        plan.steps[2].why
    );
}

#[test]
fn what_the_principal_made_is_denied_whole_and_what_is_others_only_in_part() {
    let plan = revoke(&made_and_held(), &Guard::default());
    check(
        &plan,
        "1 deny_user user=ci
         2 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
         3 deny_role role=arn:aws:iam::111122223333:role/path/helper after [1, 2]
         4 deny_user user=backdoor after [1, 2]
         5 revoke_user_sessions issued_before=2026-07-14T09:00:00Z user=alice after [1, 2]
         6 reset_login_profile user=alice after [1, 2]
         7 delete_saml_provider arn=arn:aws:iam::111122223333:saml-provider/own after [1, 2]
         8 deactivate_access_key key=AKIAIOSFODNN7EXAMPLA user=backdoor after [1, 2]
         9 deactivate_access_key key=AKIAIOSFODNN7EXAMPLB user=alice after [1, 2]
         10 deactivate_ssh_public_key id=APKA1 user=alice after [1, 2]
         11 deactivate_service_specific_credential id=ACCA1 user=alice after [1, 2]
         12 deactivate_signing_certificate id=CERT1 user=alice after [1, 2]
         13 disable_roles_anywhere_profile id=pr-1 after [1, 2]
         14 disable_trust_anchor id=ta-1 after [1, 2]
         - aws.iam.user arn:aws:iam::111122223333:user/alice:
         - aws.iam.user arn:aws:iam::111122223333:user/backdoor:
         - aws.iam.user arn:aws:iam::111122223333:user/ci:
         - aws.organizations.policy TriageDeny: … user/backdoor, arn:aws:iam::111122223333:user/ci",
    );
    assert!(plan.steps[2].why.contains("i-1 goes on without its role"), "{}", plan.steps[2].why);
}

#[test]
fn principals_of_every_kind_get_what_can_be_done_or_are_told_why_not() {
    let of = |kind, id: &str, arn: Option<&str>| {
        let mut report = aws_key();
        report.seed_user = arn.map(arc);
        report.credentials[0] = Credential { principal: arn.map(arc), ..seed(id, kind) };
        told(&revoke(&report, &Guard::default()))
    };
    for (kind, id, arn, expect) in [
        ("aws.user", "ci", Some("arn:aws:iam::111122223333:user/ci"), "1 deny_user user=ci\n"),
        (
            "aws.user",
            "AIDAIOSFODNN7EXAMPLE",
            None,
            "- aws.user AIDAIOSFODNN7EXAMPLE: No record names the user",
        ),
        (
            "aws.role",
            "Ops",
            Some("arn:aws:iam::111122223333:role/x/Ops"),
            "1 revoke_role_sessions role=arn:aws:iam::111122223333:role/Ops\n",
        ),
        (
            "aws.role",
            "AROAIOSFODNN7EXAMPLE",
            None,
            "- aws.role AROAIOSFODNN7EXAMPLE: No record names the role",
        ),
        (
            "aws.session",
            "ASIAIOSFODNN7EXAMPLE",
            Some("arn:aws:sts::111122223333:assumed-role/Ops/x"),
            "1 revoke_role_sessions role=arn:aws:iam::111122223333:role/Ops\n",
        ),
        (
            "aws.session",
            "ASIAIOSFODNN7EXAMPLE",
            None,
            "- aws.session ASIAIOSFODNN7EXAMPLE: No record says which",
        ),
        (
            "aws.session",
            "ASIAIOSFODNN7EXAMPLE",
            Some("arn:aws:x"),
            "- aws.session ASIAIOSFODNN7EXAMPLE: This is no session",
        ),
        (
            "aws.session",
            "ASIAIOSFODNN7EXAMPLE",
            Some("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"),
            "- aws.iam.role arn:aws:iam::111122223333:role/AWSServiceRoleForAutoScaling: By its name it is a service-linked role",
        ),
        (
            "aws.session",
            "ASIAIOSFODNN7EXAMPLE",
            Some("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/bob"),
            "- aws.iam.role arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_1: Roles of Identity Center",
        ),
        (
            "aws.federated_user",
            "arn:aws:sts::111122223333:federated-user/x",
            Some("arn:aws:sts::111122223333:federated-user/x"),
            "- aws.federated_user arn:aws:sts::111122223333:federated-user/x: A federated session ends with a deny on the user",
        ),
        ("aws.root", "111122223333", None, "- aws.root 111122223333: Nobody but root"),
        (
            "aws.access_key",
            "AKIAIOSFODNN7EXAMPLE",
            Some("arn:aws:iam::111122223333:root"),
            "- aws.access_key AKIAIOSFODNN7EXAMPLE: Nobody but root",
        ),
        (
            "aws.identity_center_token",
            "t",
            None,
            "- aws.identity_center_token t: Sessions of Identity Center end in",
        ),
        ("aws.web_identity_token", "t", None, "- aws.web_identity_token t: The token has left AWS"),
        ("aws.new_thing", "t", None, "- aws.new_thing t: This program knows no reversible change"),
    ] {
        let told = of(kind, id, arn);
        assert!(told.starts_with(expect), "{kind} {id}: {told}");
    }
}

#[test]
fn a_disguise_as_a_service_role_is_denied() {
    let mut report = aws_key();
    let arn = "arn:aws:iam::111122223333:role/AWSServiceRoleForSupport2";
    report.resources = vec![resource("aws.iam.role", arn, "AWSServiceRoleForSupport2")];
    report.credentials = vec![session(
        "ASIAIOSFODNN7EXAMPLE",
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForSupport2/x",
        1,
    )];
    let told = told(&revoke(&report, &Guard::default()));
    assert!(told.starts_with(&format!("1 deny_role role={arn}\n")), "{told}");
}

#[test]
fn what_was_made_and_deleted_needs_no_step_unless_it_was_made_again() {
    let role = |hour, state| Resource {
        created_at: at(hour),
        state,
        ..resource("aws.iam.role", "arn:aws:iam::111122223333:role/helper", "helper")
    };
    let mut report = aws_key();
    report.credentials =
        vec![session("ASIAIOSFODNN7EXAMPLF", "arn:aws:sts::111122223333:assumed-role/helper/x", 1)];
    report.resources = vec![Resource {
        state: "deleted",
        deleted_at: Some(at(11)),
        deleted_by: Some(arc("alice")),
        ..resource("aws.iam.user", "arn:aws:iam::111122223333:user/backdoor", "backdoor")
    }];
    report.credentials.push(made_of("backdoor", "aws.login_profile", "backdoor"));
    report.resources.push(role(10, "deleted"));
    check(
        &revoke(&report, &Guard::default()),
        "- aws.iam.role arn:aws:iam::111122223333:role/helper: It was made and deleted: its sessions
         - aws.iam.user arn:aws:iam::111122223333:user/backdoor: It was made and deleted on 2026-07-14 11:00:00Z by alice:",
    );
    report.resources.push(role(12, "left"));
    let told = told(&revoke(&report, &Guard::default()));
    assert!(told.starts_with("1 deny_role role=arn:aws:iam::111122223333:role/helper\n"), "{told}");
}

#[test]
fn the_issuer_of_the_principal_is_told() {
    let mut report = aws_key();
    report.root = Some(Root {
        chain: vec![arc("AKIAIOSFODNN7EXAMPLZ"), arc("AKIAIOSFODNN7EXAMPLE")],
        event: None,
        hops: vec![],
        ends: "no record says more".into(),
    });
    let told = told(&revoke(&report, &Guard::default()));
    assert!(
        told.contains("- aws.principal AKIAIOSFODNN7EXAMPLZ: It stands at the root of the chain"),
        "{told}"
    );
}

#[test]
fn trust_policies_and_attached_policies_are_left_to_a_human() {
    let mut report = aws_key();
    report.resources = vec![resource("aws.iam.user", "arn:aws:iam::111122223333:user/backdoor", "backdoor")];
    report.grants = vec![
        grant(
            "arn:aws:iam::210987654321:root",
            "sts:AssumeRole",
            "arn:aws:iam::111122223333:role/Export",
            "e-trust",
        ),
        grant("backdoor", "arn:aws:iam::aws:policy/AdministratorAccess", "111122223333", "e-admin"),
        grant("alice", "arn:aws:iam::aws:policy/AdministratorAccess", "111122223333", "e-alice"),
    ];
    report.touched = vec![
        touched("aws.iam.policy_attachment", "backdoor", "e-admin"),
        touched("aws.iam.policy_attachment", "alice", "e-alice"),
        touched("aws.iam.role", "Export", "e-trust"),
        touched("aws.ssm.parameter", "/ci/token", "e-read"),
    ];
    report.findings = vec![
        finding(FindingKind::Persistence, "Export", "e-trust"),
        finding(FindingKind::CredentialAccess, "/ci/token", "e-read"),
        finding(FindingKind::Persistence, "nothing that was touched", "e-other"),
    ];
    check(
        &revoke(&report, &Guard::default()),
        "1 deny_user user=ci
         2 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
         3 deny_user user=backdoor after [1, 2]
         - aws.iam.policy_attachment alice: It was given … is no containment … iam:DetachUserPolicy
         - aws.iam.policy_attachment backdoor: It was given … which is stronger
         - aws.iam.role arn:aws:iam::111122223333:role/Export: Its trust policy was rewritten and lets in arn:aws:iam::210987654321:root. … iam:UpdateAssumeRolePolicy
         - aws.iam.user arn:aws:iam::111122223333:user/backdoor:
         - aws.iam.user arn:aws:iam::111122223333:user/ci:
         - aws.organizations.policy TriageDeny:
         - aws.ssm.parameter /ci/token: e-read happened. | change the secret
         - finding nothing that was touched: e-other happened. |",
    );
}

#[test]
fn a_quiet_principal_is_closed_with_the_sessions_that_came_of_it() {
    let mut report = Report { findings: vec![], ..aws_key() };
    report.uses = vec![use_of("AKIAIOSFODNN7EXAMPLE", "192.0.2.10", false, Confidence::Confirmed)];
    let ops = "arn:aws:sts::111122223333:assumed-role/Ops/one";
    report.credentials.push(session("ASIAIOSFODNN7EXAMPLA", ops, 1));
    report.uses.push(use_of("ASIAIOSFODNN7EXAMPLA", "192.0.2.10", false, Confidence::Confirmed));
    // Whoever has the credential that leaked may have taken the role with it.
    let plan = revoke(&report, &Guard::default());
    check(
        &plan,
        "1 deny_user user=ci
         2 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
         3 revoke_role_sessions issued_before=2026-07-14T09:00:00Z role=arn:aws:iam::111122223333:role/Ops after [1, 2]
         - aws.iam.user arn:aws:iam::111122223333:user/ci:",
    );
    let why = &plan.steps[0].why;
    assert!(why.contains("Nothing in what was looked at speaks against it"), "{why}");
    assert!(why.contains("STOPS HONEST WORK: 7 events of it from 1 address (192.0.2.10)"), "{why}");
    let why = &plan.steps[2].why;
    assert!(why.contains("whoever has the credential that leaked may have taken it"), "{why}");
    assert!(why.contains("STOPS HONEST WORK: 7 events of it from 1 address (192.0.2.10)"), "{why}");

    // Others of the same role work on.
    report.unlinked = vec![other(
        "ASIAIOSFODNN7EXAMPLB",
        "same role, not linked",
        Some("arn:aws:sts::111122223333:assumed-role/Ops/two"),
    )];
    let told = told(&revoke(&report, &Guard::default()));
    assert!(told.contains("3 deny_sessions issued_before=2026-07-14T09:00:00Z names=[one] role=arn:aws:iam::111122223333:role/Ops"), "{told}");
}

// ---- Google, revoke

#[test]
fn a_leaked_account_is_disabled_with_its_keys_and_told_what_that_stops() {
    let mut report = gcp_account();
    report.leaked_keys = vec![arc("k1")];
    report.uses = vec![
        use_of(SA, "192.0.2.10", false, Confidence::LikelyLegitimate),
        use_of(SA, "203.0.113.66", true, Confidence::Confirmed),
    ];
    let plan = revoke(&report, &Guard::default());
    check(
        &plan,
        "1 disable_service_account email=builder@shop-prod.iam.gserviceaccount.com
         2 disable_service_account_key email=builder@shop-prod.iam.gserviceaccount.com key=k1
         - gcp.service_account builder@shop-prod.iam.gserviceaccount.com: STOPS HONEST WORK … leave the account enabled (--soft); … keys.disable for k1, ",
    );
    assert!(plan.steps[0].why.contains("STOPS HONEST WORK: 7 events of it from 1 address (192.0.2.10)"));
    assert!(plan.steps[0].why.contains("It was used from 203.0.113.66, new after the leak."));
    assert_eq!(&*plan.steps[1].target.id, "k1");
}

#[test]
fn what_a_leaked_account_made_is_closed_and_whom_it_let_in_is_put_out() {
    let report = Report { leaked_keys: vec![], ..gcp_made_and_granted() };
    let plan = revoke(&report, &Guard::default());
    check(
        &plan,
        "1 disable_service_account email=builder@shop-prod.iam.gserviceaccount.com
         2 disable_service_account email=1029 after [1]
         3 delete_api_key name=projects/shop-prod/locations/global/keys/uid-1 after [1]
         4 disable_service_account_key email=made@shop-prod.iam.gserviceaccount.com key=k2 after [1]
         5 deactivate_hmac_key access_id=GOOG1E project=shop-prod after [1]
         6 remove_binding member=mule@example.net on={service_account:builder@shop-prod.iam.gserviceaccount.com} role=roles/iam.serviceAccountTokenCreator after [1]
         7 remove_binding member=mule@example.net on={folder:77} role=roles/owner after [1]
         8 remove_binding member=mule@example.net on={organization:88} role=roles/owner after [1]
         9 remove_binding member=mule2@example.net on={project:shop-prod} role=roles/owner after [1]
         10 remove_binding member=mule@example.net on={project:shop-prod} role=roles/owner after [1]
         11 remove_binding member=allUsers on={bucket:shop-metrics} role=roles/storage.objectViewer after [1]
         - gcp.iam.binding projects/shop-prod/topics/t: … does not change that policy
         - gcp.service_account_key k3: The record does not say whose key it is.
         - gcp.service_account_key k4: It was deleted by alice, as far as the logs show.",
    );
    assert_eq!((plan.steps[8].before, plan.steps[9].before), ("invited", "granted"));
    for (step, permission) in [
        (5, "iam.serviceAccounts.setIamPolicy"),
        (6, "resourcemanager.folders.setIamPolicy"),
        (7, "resourcemanager.organizations.setIamPolicy"),
        (8, "resourcemanager.projects.setIamPolicy"),
        (10, "storage.buckets.setIamPolicy"),
    ] {
        assert!(plan.steps[step].change.spec().permissions.contains(&permission), "{permission}");
    }
}

#[test]
fn an_impersonated_account_is_disabled_only_where_nobody_else_uses_it() {
    let mut report = gcp_account();
    let loader = "loader@shop-data.iam.gserviceaccount.com";
    report.credentials.push(gcp_made(loader, "gcp.impersonation", Some(loader)));
    let own = "1 disable_service_account email=builder@shop-prod.iam.gserviceaccount.com\n";
    let alone = revoke(&report, &Guard::default());
    check(&alone, &format!("{own}2 disable_service_account email={loader} after [1]"));
    assert!(alone.steps[1].why.contains("nobody else was seen to use it"));

    report.unlinked = vec![other(loader, "same service account, not linked", None)];
    check(
        &revoke(&report, &Guard::default()),
        &format!(
            "{own}- gcp.impersonation {loader}: … others use it … ends by itself 1 h after … roles/iam.serviceAccountTokenCreator"
        ),
    );

    report.unlinked.clear();
    let default = "123456-compute@developer.gserviceaccount.com";
    report.credentials[1] = gcp_made(default, "gcp.impersonation", Some(default));
    check(
        &revoke(&report, &Guard::default()),
        &format!("{own}- gcp.impersonation {default}: … it is a default service account"),
    );
}

#[test]
fn google_principals_of_every_kind_get_what_can_be_done_or_are_told_why_not() {
    for (kind, id, expect) in [
        ("gcp.user", "dora@example.com", "- gcp.user dora@example.com: A person's sign-in"),
        (
            "gcp.workload_identity",
            "principal://x",
            "- gcp.workload_identity principal://x: An identity from outside",
        ),
        ("gcp.federated_token", "t", "- gcp.federated_token t: An identity from outside"),
        (
            "gcp.service_account",
            "service-1@compute-system.iam.gserviceaccount.com",
            "- gcp.service_account service-1@compute-system.iam.gserviceaccount.com: It is an agent of Google's",
        ),
        ("gcp.new_thing", "t", "- gcp.new_thing t: This program knows no reversible change"),
    ] {
        let mut report = gcp_account();
        report.credentials[0] = seed(id, kind);
        let told = told(&revoke(&report, &Guard::default()));
        assert!(told.starts_with(expect), "{kind}: {told}");
    }
}

// ---- Contain

#[test]
fn each_kind_is_stopped_by_its_own_change() {
    for (kind, id, name, expect) in KINDS {
        let mut report = aws_key();
        report.resources = vec![resource(kind, id, name)];
        check(&contain(&report, &Guard::default(), Options::default()), &format!("1 {expect}"));
        for over in ["deleted", "gone", "stopped"] {
            report.resources[0].state = over;
            check(&contain(&report, &Guard::default(), Options::default()), "");
        }
        report.resources[0].state = "unknown";
        let plan = contain(&report, &Guard::default(), Options::default());
        assert!(plan.steps[0].why.contains("could not be asked"), "{kind}");
        assert_eq!(plan.steps[0].before, "unknown");
    }
}

#[test]
fn launchers_go_before_the_launched_and_hold_them() {
    let plan = contain(&launchers(), &Guard::default(), Options::default());
    check(
        &plan,
        "1 suspend_scaling_group name=workers
         2 cancel_fleet id=fleet-1
         3 empty_ecs_service service=arn:s
         4 stop_instance id=i-1
         5 stop_instance id=i-2 after [1]
         6 stop_instance id=i-3
         7 stop_instance id=i-4 after [2]
         8 stop_instance id=i-5
         9 stop_instance id=i-6
         - aws.cloudformation.stack stack-1: … A stack has no stop … cloudformation:DeleteStack (destroys)
         - aws.ec2.spot_request sir-1: This plan stops its instance, which disables the request
         - aws.ecs.task arn:t: It ends with its service arn:s",
    );
    assert!(plan.steps[5].why.contains("disables its persistent spot request"));
    assert!(plan.steps[2].destroys && !plan.steps[0].destroys);
}

#[test]
fn machines_of_a_managed_group_are_stopped_through_it() {
    check(
        &contain(&groups(), &Guard::default(), Options::default()),
        "1 turn_off_autoscaler name=30
         2 turn_off_autoscaler name=31
         3 stop_group_member group=20 id=21 after [1]
         4 stop_group_member group=20 id=22 after [1]
         - gcp.compute.instance_group_manager 20: … This plan stops the 2 that are known … stopInstances with all of them
         - gcp.compute.instance_group_manager 40: … Which machines it has now is not known … resize to 0 is quicker but deletes
         - gcp.compute.instance_template 50: … stays as evidence. | compute.instanceTemplates.delete (destroys)",
    );
}

#[test]
fn shares_are_taken_back_and_trails_started_before_all_else() {
    let plan = contain(&opened(), &Guard::default(), Options::default());
    check(
        &plan,
        "1 start_trail name=main
         2 stop_instance id=i-1
         3 unshare_image id=ami-1 with=*
         4 unshare_snapshot id=snap-1 with=210987654321
         - aws.ec2.security_group sg-1: e5 happened.
         - aws.logs.log_group /app: e4 happened. |
         - finding ri-1: e6 happened. | only the provider can take it back",
    );
    assert_eq!(plan.steps[1].because, [arc("e-i-1"), arc("e8")]);
    assert!(plan.steps[1].why.ends_with("e8 happened."));
}

// ---- Never

#[test]
fn what_is_uncertain_or_protected_is_withheld() {
    let mut report = aws_key();
    report.credentials.push(session(
        "ASIAIOSFODNN7EXAMPLA",
        "arn:aws:sts::111122223333:assumed-role/Ops/one",
        1,
    ));
    report.resources = vec![
        resource("aws.ec2.instance", "i-1", ""),
        Resource { confidence: Confidence::Suspect, ..resource("aws.ec2.instance", "i-2", "") },
        Resource { confidence: Confidence::LikelyLegitimate, ..resource("aws.ec2.instance", "i-3", "") },
        Resource {
            confidence: Confidence::Suspect,
            ..resource("aws.iam.user", "arn:aws:iam::111122223333:user/maybe", "maybe")
        },
    ];
    let guard = Guard {
        operator: [arc("arn:aws:iam::111122223333:role/Ops"), arc("arn:aws:iam::111122223333:user/ci")]
            .into(),
        never_touch: [arc("i-1")].into(),
        ..Guard::default()
    };
    check(
        &contain(&report, &guard, Options::default()),
        "- aws.ec2.instance i-1: It is on the list of things never to touch. | if it must be: ec2:StopInstances
         - aws.ec2.instance i-2: It is only suspected
         - aws.ec2.instance i-3: It looks legitimate",
    );
    // The key is the operator's user's, the session of a role on its way: nothing is left to do.
    check(
        &revoke(&report, &guard),
        "- aws.access_key AKIAIOSFODNN7EXAMPLE: It is the operator's own identity
         - aws.iam.role arn:aws:iam::111122223333:role/Ops: It is the operator's own identity
         - aws.iam.user arn:aws:iam::111122223333:user/ci: A user can hold
         - aws.iam.user arn:aws:iam::111122223333:user/ci: It is the operator's own identity
         - aws.iam.user arn:aws:iam::111122223333:user/maybe: It is only suspected",
    );
    report.credentials[1].confidence = Confidence::Suspect;
    let told = told(&revoke(&report, &Guard::default()));
    assert!(told.contains("- aws.session ASIAIOSFODNN7EXAMPLA: It is only suspected"), "{told}");
    assert!(!told.contains("role_sessions"), "{told}");
    let mut report = gcp_account();
    report.grants = vec![grant("responder@example.com", "roles/owner", "projects/shop-prod", "e1")];
    let guard = Guard { operator: [arc("responder@example.com")].into(), ..Guard::default() };
    check(
        &revoke(&report, &guard),
        "1 disable_service_account email=builder@shop-prod.iam.gserviceaccount.com
         - gcp.iam.binding projects/shop-prod: It is the operator's own identity",
    );
}
