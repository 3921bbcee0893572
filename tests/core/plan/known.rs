//! Revoke plans from what the cloud shows now: an identity in, steps out.

use super::reports::*;
use super::{check, sound, told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use triage::model::change::{AwsChange, Change, IamChange, OrganizationsChange, Rearms, Reversal};
use triage::model::deny;
use triage::model::identity::{
    AssignmentSeen, CenterUserSeen, CredentialSeen, IdentityKind, IdentitySeen, LoginProfileSeen,
    MembershipSeen, OrganizationSeen, Part,
};
use triage::model::plan::Plan;
use triage::model::{Principal, Time};
use triage::plan::revoke::{Known, own, revoke_known, wanted};
use triage::plan::{Guard, Options};

const USER: &str = "arn:aws:iam::111122223333:user/team/ci";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/Ops";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Ops/job-7";

fn seen(arn: &str, kind: IdentityKind) -> IdentitySeen {
    let id = match kind {
        IdentityKind::User => "AIDAIOSFODNN7EXAMPLE",
        IdentityKind::Role => "AROAIOSFODNN7EXAMPLE",
        IdentityKind::Root => "111122223333",
    };
    IdentitySeen::new(arc(arn), arc(id), kind, at(10))
}

pub fn credential(id: &str, is_active: bool, service: Option<&str>) -> CredentialSeen {
    CredentialSeen {
        id: arc(id),
        is_active,
        created_at: Some(at(1)),
        last_used: None,
        expires_at: None,
        service: service.map(arc),
    }
}

/// Two live keys, one that is off, a password, a second factor, a Bedrock key.
pub fn ci() -> IdentitySeen {
    IdentitySeen {
        access_keys: Part::Seen(vec![
            credential("AKIAIOSFODNN7EXAMPLE", true, None),
            CredentialSeen { last_used: Some(at(9)), ..credential("AKIAI44QH8DHBEXAMPLE", true, None) },
        ]),
        login_profile: Part::Seen(Some(LoginProfileSeen {
            created_at: Some(at(2)),
            is_reset_required: false,
        })),
        mfa_devices: Part::Seen(vec![credential("arn:aws:iam::111122223333:mfa/ci", true, None)]),
        service_specific: Part::Seen(vec![
            CredentialSeen {
                expires_at: Some(at(23)),
                ..credential("ACCAIOSFODNN7EXAMPLE", true, Some("bedrock.amazonaws.com"))
            },
            credential("ACCAI44QH8DHBEXAMPLE", false, Some("codecommit.amazonaws.com")),
        ]),
        ..seen(USER, IdentityKind::User)
    }
}

pub fn ops() -> IdentitySeen {
    IdentitySeen {
        max_session: Some(7200),
        last_used: Some(at(9)),
        trust: Some(arc(
            r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}}"#,
        )),
        ..seen(ROLE, IdentityKind::Role)
    }
}

fn session_of(arn: &str) -> triage::model::report::Credential {
    session("ASIAIOSFODNN7EXAMPLC", arn, 1)
}

pub fn organization() -> OrganizationSeen {
    OrganizationSeen {
        id: arc("o-exampleorgid"),
        management: arc("999988887777"),
        has_scps: Part::Seen(true),
    }
}

pub fn wave_1(
    given: &str,
    seen: Option<&IdentitySeen>,
    organization: Option<&OrganizationSeen>,
    options: Options,
) -> Plan {
    let principal = Principal::parse(given).unwrap();
    let known = Known {
        identities: seen.into_iter().cloned().collect(),
        organization: organization.cloned(),
        now: Some(at(10)),
        ..Known::default()
    };
    let plan = own(&principal, &known, &Guard::default(), options);
    sound(&plan);
    plan
}

fn plain(given: &str, seen: &IdentitySeen) -> Plan {
    wave_1(given, Some(seen), None, Options::default())
}

fn names(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::name).collect()
}

#[test]
fn a_leaked_key_takes_everything_of_its_user_with_it() {
    let plan = plain("AKIAIOSFODNN7EXAMPLE", &ci());
    check(
        &plan,
        "1 deny_user user=ci
         2 deactivate_access_key key=AKIAI44QH8DHBEXAMPLE user=ci
         3 deactivate_access_key key=AKIAIOSFODNN7EXAMPLE user=ci
         4 reset_login_profile user=ci
         5 deactivate_service_specific_credential id=ACCAIOSFODNN7EXAMPLE user=ci
         - aws.iam.mfa_device arn:aws:iam::111122223333:mfa/ci: … since 2026-07-14 01:00:00Z … iam:DeactivateMFADevice",
    );
    let why = |step: usize| &plan.steps[step - 1].why;
    assert!(why(1).contains("No log is read yet"), "{}", why(1));
    assert!(why(1).contains("AKIAI44QH8DHBEXAMPLE (last used on 2026-07-14 09:00:00Z)"), "{}", why(1));
    assert!(why(2).contains("up to 36 h, are denied with the user"), "{}", why(2));
    assert!(why(4).contains("Its owner needs a new password"), "{}", why(4));
    assert!(
        why(5).contains("bedrock.amazonaws.com") && why(5).contains("until 2026-07-14 23:00:00Z"),
        "{}",
        why(5)
    );
    assert_eq!(names(&plan.steps[0].otherwise), ["attach_deny_to_user", "bound_user", "join_deny_group"]);
    // By name and by ARN it is the same user.
    for given in [USER, "AIDAIOSFODNN7EXAMPLE"] {
        let told = told(&plain(given, &ci()));
        assert!(
            told.starts_with("1 deny_user user=ci\n2 deactivate_access_key key=AKIAI44QH8DHBEXAMPLE"),
            "{told}"
        );
    }
}

#[test]
fn what_could_not_be_read_is_named_and_never_taken_for_nothing() {
    let denied = || "iam:ListSSHPublicKeys in 111122223333: access denied (AccessDenied)".to_owned();
    let user = IdentitySeen { ssh_keys: Part::Unread(denied()), ..ci() };
    let told = told(&plain("AKIAIOSFODNN7EXAMPLE", &user));
    assert!(
        told.contains(
            "user/team/ci: Could not read SSH keys: iam:ListSSHPublicKeys in 111122223333: access denied"
        ),
        "{told}"
    );
}

#[test]
fn a_password_that_already_must_be_changed_is_told() {
    let profile = LoginProfileSeen { created_at: None, is_reset_required: true };
    let user = IdentitySeen { login_profile: Part::Seen(Some(profile)), ..ci() };
    let plan = plain(USER, &user);
    let step = plan.steps.iter().find(|step| step.change.name() == "reset_login_profile").unwrap();
    assert!(step.why.contains("whoever set it so knows it"), "{}", step.why);
}

#[test]
fn aws_own_quarantine_is_reported_and_stays() {
    let arn = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";
    let user = IdentitySeen { attached: Part::Seen([arc(arn)].into()), ..ci() };
    let plan = plain("AKIAIOSFODNN7EXAMPLE", &user);
    let told = told(&plan);
    assert!(
        told.contains(
            "- aws.iam.policy_attachment AWSCompromisedKeyQuarantineV3: AWS put its own quarantine"
        ),
        "{told}"
    );
    assert!(!plan.steps.iter().any(|step| step.change.name().contains("detach")));
}

#[test]
fn where_limits_are_reached_the_next_way_is_taken() {
    let full = |summary: &[(&str, i64)], groups: &[&str]| IdentitySeen {
        summary: Part::Seen(summary.iter().map(|(key, value)| (arc(key), *value)).collect()),
        inline: Part::Seen([(arc("theirs"), arc(&"x".repeat(2000)))].into()),
        attached: Part::Seen((0..10).map(|n| arc(&format!("arn:aws:iam::aws:policy/P{n}"))).collect()),
        groups: Part::Seen(groups.iter().map(|one| arc(one)).collect()),
        ..ci()
    };
    let inline = ("UserPolicySizeQuota", 2048);
    let plan = plain(USER, &full(&[inline], &[]));
    assert_eq!(plan.steps[0].change.name(), "attach_deny_to_user");
    assert!(plan.steps[0].why.contains("2000 of 2048 characters"), "{}", plan.steps[0].why);
    let plan = plain(USER, &full(&[inline, ("AttachedPoliciesPerUserQuota", 10)], &[]));
    assert_eq!(plan.steps[0].change.name(), "bound_user");
    assert_eq!(names(&plan.steps[0].otherwise), ["join_deny_group"]);
    let limits = [inline, ("AttachedPoliciesPerUserQuota", 10), ("GroupsPerUserQuota", 1)];
    let plan = wave_1(USER, Some(&full(&limits, &["a"])), Some(&organization()), Options::default());
    assert_eq!(plan.steps[0].change.name(), "bound_user");
    assert_eq!(names(&plan.steps[0].otherwise), ["deny_by_scp"]);
    // Our own deny of an earlier run takes no room of its own.
    let again = IdentitySeen {
        inline: Part::Seen([(arc(deny::DENY_ALL), arc(&deny::everything()))].into()),
        summary: Part::Seen([(arc("UserPolicySizeQuota"), 90)].into()),
        ..ci()
    };
    assert_eq!(plain(USER, &again).steps[0].change.name(), "deny_user");
}

#[test]
fn where_nothing_else_has_room_the_deny_takes_the_place_of_what_the_thief_wrote() {
    let mut report = aws_key();
    let policy = |name: &str| {
        let mut touched = touched("aws.iam.inline_policy", "ci", "e-inline");
        touched.how = format!("given inline policy {name}");
        touched
    };
    // `gone` does not stand any more, and `theirs` is the owners' own.
    report.touched = vec![policy("padding"), policy("small"), policy("gone")];
    let long = |n: usize| format!(r#"{{"Statement":"{}"}}"#, "x".repeat(n));
    let inline = [("padding", long(1800)), ("small", "{}".to_owned()), ("theirs", long(1900))];
    let user = IdentitySeen {
        inline: Part::Seen(inline.into_iter().map(|(name, text)| (arc(name), arc(&text))).collect()),
        ..ci()
    };
    let known = Known { identities: vec![user], now: Some(at(10)), ..Known::default() };
    let plan = revoke_known(&report, &known, &Guard::default(), Options::default());
    sound(&plan);
    let last = plan.steps[0].otherwise.last().unwrap();
    let over = IamChange::OverwriteUserPolicy { user: arc("ci"), policy: arc("padding") };
    assert_eq!(*last, over.into(), "{:?}", plan.steps[0].otherwise);
    let back = back(last, json!({"id": "A", "policy": "{\"Statement\":7}"}));
    assert!(
        back.contains("set_user_policy") && back.contains("padding") && back.contains("Statement"),
        "{back}"
    );
    // What nobody of ours wrote is never written over.
    report.touched.clear();
    let plan = revoke_known(&report, &known, &Guard::default(), Options::default());
    assert!(!names(&plan.steps[0].otherwise).contains(&"overwrite_user_policy".to_owned()));
}

#[test]
fn a_role_loses_its_sessions_of_now_and_all_on_request() {
    let plan = plain(ROLE, &ops());
    check(
        &plan,
        "1 revoke_role_sessions issued_before=2026-07-14T09:55:00Z role=arn:aws:iam::111122223333:role/Ops",
    );
    let step = &plan.steps[0];
    assert!(step.why.contains("up to 120 min, chained ones up to 60 min"), "{}", step.why);
    assert!(step.why.contains("last use on 2026-07-14 09:00:00Z"), "{}", step.why);
    assert_eq!(step.lives_until, Some(at(13)));
    assert_eq!(names(&step.otherwise), ["attach_revocation"]);
    let plan = wave_1(ROLE, Some(&ops()), None, Options { full_deny: true, ..Options::default() });
    assert_eq!(
        plan.steps.iter().map(|step| step.change.name()).collect::<Vec<_>>(),
        ["revoke_role_sessions", "deny_role"]
    );
    assert!(plan.steps[1].why.contains("Denied whole as asked"));
}

#[test]
fn a_session_of_a_role_that_services_use_is_denied_alone() {
    let shared = |trust: &str, profiles: &[&str]| IdentitySeen {
        trust: Some(arc(trust)),
        instance_profiles: Part::Seen(profiles.iter().map(|one| arc(one)).collect()),
        ..ops()
    };
    let lambda = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"]}}]}"#;
    let profile = "arn:aws:iam::111122223333:instance-profile/Ops";
    for role in [shared(lambda, &[]), shared("{}", &[profile])] {
        let plan = plain(SESSION, &role);
        check(
            &plan,
            "1 deny_sessions issued_before=2026-07-14T09:55:00Z names=[job-7] role=arn:aws:iam::111122223333:role/Ops",
        );
        assert!(plan.steps[0].why.contains("Others use the role by themselves"), "{}", plan.steps[0].why);
    }
    // Nobody else: all its sessions. A trust policy that is none is no reason to fail.
    for trust in ["", "[", "{\"Statement\":7}", "null"] {
        let told = told(&plain(SESSION, &shared(trust, &[])));
        assert!(told.starts_with("1 revoke_role_sessions"), "{told}");
    }
}

#[test]
fn roles_that_nobody_can_edit_are_told_by_their_path_not_their_name() {
    let at_path = |path: &str| IdentitySeen {
        arn: arc(&format!("arn:aws:iam::111122223333:role{path}AWSServiceRoleForX")),
        ..ops()
    };
    // A principal of that name is not taken, so that it can only come from the records.
    let of = |role: IdentitySeen| {
        let mut report = aws_key();
        let session = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/x";
        report.credentials.push(session_of(session));
        let known = Known { identities: vec![role], ..Known::default() };
        revoke_known(&report, &known, &Guard::default(), Options::default())
    };
    let linked = of(at_path("/aws-service-role/x.amazonaws.com/"));
    let linked = told(&linked);
    assert!(linked.contains("- aws.iam.role") && linked.contains("service-linked role"), "{linked}");
    assert!(!linked.contains("_sessions "), "{linked}");
    let disguised = of(at_path("/"));
    sound(&disguised);
    // It is treated like any role: who else uses it was not asked, so the thief's own name alone is denied.
    let step = disguised.steps.last().unwrap();
    let role = arc("arn:aws:iam::111122223333:role/AWSServiceRoleForX");
    let issued_before = step_time(&step.change);
    let change = IamChange::DenySessions { role, names: vec![arc("x")], issued_before };
    assert_eq!(step.change, change.into(), "{}", told(&disguised));
    assert!(step.why.contains("these names alone are denied"), "{}", step.why);
    assert!(!told(&disguised).contains("- aws.iam.role"), "{}", told(&disguised));
}

/// Until when a change's sessions were issued.
fn step_time(change: &Change) -> Option<Time> {
    match change {
        Change::Aws(AwsChange::Iam(IamChange::DenySessions { issued_before, .. })) => *issued_before,
        other => panic!("{other:?} denies no sessions by name"),
    }
}

#[test]
fn a_session_of_identity_center_ends_by_the_organization_or_by_hand() {
    let name = "AWSReservedSSO_Admin_0123456789abcdef";
    let role = IdentitySeen {
        arn: arc(&format!("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/{name}")),
        ..ops()
    };
    let session = format!("arn:aws:sts::111122223333:assumed-role/{name}/bob@example.com");
    check(&plain(&session, &role), "- aws.iam.role … can't be edited in IAM … sso:DeleteAccountAssignment");
    let plan = wave_1(&session, Some(&role), Some(&organization()), Options::default());
    check(
        &plan,
        "1 deny_by_scp account=111122223333 management=999988887777 sessions=[AROAIOSFODNN7EXAMPLE:bob@example.com]
         - aws.iam.role … its portal hands out the next one",
    );
}

#[test]
fn a_user_of_identity_center_loses_what_it_is_assigned() {
    let session =
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/bob@example.com";
    let set = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-1111222233334444";
    let assigned = |account: &str, principal: &str| AssignmentSeen {
        permission_set: arc(set),
        account: arc(account),
        principal: arc(principal),
    };
    let bob = CenterUserSeen {
        id: arc("u-1"),
        name: arc("Bob@example.com"),
        account: arc("999988887777"),
        region: arc("eu-west-1"),
        assignments: Part::Seen(vec![assigned("111122223333", "u-1"), assigned("444455556666", "g-1")]),
        memberships: Part::Seen(vec![MembershipSeen { id: arc("m-1"), group: arc("g-1") }]),
    };
    let of = |bob: CenterUserSeen| {
        let known = Known {
            center_users: vec![bob],
            organization: Some(organization()),
            now: Some(at(10)),
            ..Known::default()
        };
        let plan = own(&Principal::parse(session).unwrap(), &known, &Guard::default(), Options::default());
        sound(&plan);
        plan
    };
    let plan = of(bob.clone());
    check(
        &plan,
        &format!(
            "1 deny_by_scp account=111122223333 management=999988887777 users=[u-1]
             2 remove_group_membership membership=m-1
             3 remove_account_assignment account=111122223333 permission_set={set} principal=u-1
             - aws.iam.role … can't be edited in IAM
             - aws.identitystore.user u-1: … no call ends it … has no API"
        ),
    );
    assert_eq!(
        (&*plan.steps[1].target.account, &*plan.steps[1].target.region),
        ("999988887777", "eu-west-1")
    );
    // What could not be read is told.
    let plan = of(CenterUserSeen { memberships: Part::Unread("access denied".to_owned()), ..bob });
    assert!(told(&plan).contains("- aws.identitystore.user u-1: Could not read its groups: access denied"));
}

#[test]
fn root_is_told_what_can_be_done_and_what_not() {
    let root = "arn:aws:iam::111122223333:root";
    let summary: BTreeMap<_, _> =
        [(arc("AccountAccessKeysPresent"), 1), (arc("AccountMFAEnabled"), 0)].into();
    let seen = IdentitySeen { summary: Part::Seen(summary), ..seen(root, IdentityKind::Root) };
    check(&plain(root, &seen), "- aws.root … Nobody but root … It has access keys; MFA is OFF.");
    let member = wave_1(root, Some(&seen), Some(&organization()), Options::default());
    check(
        &member,
        "1 deny_by_scp account=111122223333 management=999988887777 principals=[arn:aws:iam::111122223333:root]
         - aws.root … organization's policy ends what it can do … IAMDeleteRootUserCredentials",
    );
    let management = OrganizationSeen { management: arc("111122223333"), ..organization() };
    let plan = wave_1(root, Some(&seen), Some(&management), Options::default());
    check(
        &plan,
        "- aws.root … root of the management account: no policy of any kind holds … sign in as root",
    );
}

#[test]
fn the_organization_goes_first_where_it_can() {
    let options = Options { scp: true, ..Options::default() };
    let plan = wave_1("AKIAIOSFODNN7EXAMPLE", Some(&ci()), Some(&organization()), options);
    let first = &plan.steps[0];
    assert_eq!(first.change.name(), "deny_by_scp");
    assert_eq!((&*first.target.account, &*first.target.id), ("999988887777", "TriageDeny-111122223333"));
    assert_eq!(plan.steps[1].change.name(), "deny_user");
    // It lies in another account: all else waits for it, and goes on where it fails.
    assert!(plan.steps[1..].iter().all(|step| step.after.contains(&1) && step.needs.is_empty()));
    // With its path, which the condition must match.
    assert!(told(&plan).contains("principals=[arn:aws:iam::111122223333:user/team/ci]"));
    let off = OrganizationSeen { has_scps: Part::Seen(false), ..organization() };
    let plan = wave_1("AKIAIOSFODNN7EXAMPLE", Some(&ci()), Some(&off), options);
    assert_eq!(plan.steps[0].change.name(), "deny_user");
    assert!(told(&plan).contains(
        "- aws.organizations.policy TriageDeny-111122223333: Service control policies are switched off"
    ));
    let plan = wave_1("AKIAIOSFODNN7EXAMPLE", Some(&ci()), None, options);
    assert!(told(&plan).contains("No organization was seen"));
}

#[test]
fn the_operator_and_what_it_protects_are_never_planned() {
    let guard =
        Guard { operator: [arc("arn:aws:iam::111122223333:user/team/ci")].into(), ..Guard::default() };
    let principal = Principal::parse("AKIAIOSFODNN7EXAMPLE").unwrap();
    let known = Known { identities: vec![ci()], ..Known::default() };
    let plan = own(&principal, &known, &guard, Options::default());
    assert_eq!(told(&plan).lines().filter(|line| !line.starts_with('-')).count(), 0, "{}", told(&plan));
}

#[test]
fn wave_2_closes_what_the_cloud_shows_of_the_users_that_it_made() {
    let mut backdoor = seen("arn:aws:iam::111122223333:user/backdoor", IdentityKind::User);
    backdoor.access_keys = Part::Seen(vec![
        credential("AKIAIOSFODNN7EXAMPLA", true, None),
        credential("AKIAIOSFODNN7EXAMPLZ", true, None),
    ]);
    backdoor.service_specific = Part::Seen(vec![credential("ACCA9", true, Some("bedrock.amazonaws.com"))]);
    let mut alice = seen("arn:aws:iam::111122223333:user/alice", IdentityKind::User);
    alice.access_keys = Part::Seen(vec![credential("AKIAIOSFODNN7EXAMPLW", true, None)]);
    let known = Known { identities: vec![backdoor, alice], now: Some(at(10)), ..Known::default() };
    let plan = revoke_known(&made_and_held(), &known, &Guard::default(), Options::default());
    sound(&plan);
    let told = told(&plan);
    assert!(told.contains("deactivate_access_key key=AKIAIOSFODNN7EXAMPLZ user=backdoor"), "{told}");
    assert!(told.contains("deactivate_service_specific_credential id=ACCA9 user=backdoor"), "{told}");
    assert_eq!(told.matches("key=AKIAIOSFODNN7EXAMPLA").count(), 1, "{told}");
    // Somebody's own user keeps what the principal did not make.
    assert!(!told.contains("AKIAIOSFODNN7EXAMPLW"), "{told}");
}

#[test]
fn what_wave_2_would_like_to_know_is_asked_once_and_of_nobody_spared() {
    let mut report = made_and_held();
    let center = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/bob";
    report.credentials.push(session_of(center));
    let spared = "arn:aws:sts::111122223333:assumed-role/Work/w";
    report.credentials.push(triage::model::report::Credential {
        confidence: triage::model::report::Confidence::LikelyLegitimate,
        ..session_of(spared)
    });
    let role = "arn:aws:iam::111122223333:role/Export";
    report.grants.push(grant("arn:aws:iam::210987654321:root", "sts:AssumeRole", role, "e-trust"));
    report.findings.push(finding(
        triage::model::report::FindingKind::Persistence,
        "arn:aws:iam::210987654321:root",
        "e-trust",
    ));
    let wanted = wanted(&report);
    let has = |end: &str| wanted.identities.iter().any(|arn| arn.ends_with(end));
    assert!(has(":user/ci") && has(":user/alice") && has(":user/backdoor") && has("/helper"), "{wanted:?}");
    assert!(has(":role/AWSReservedSSO_Admin_1") && !has("/Work"), "{wanted:?}");
    assert_eq!(wanted.center_users, [(arc("111122223333"), arc("bob"))].into());
    assert_eq!(wanted.trusts.keys().cloned().collect::<Vec<_>>(), [arc(role)]);
    assert_eq!(wanted.trusts[role].by, [arc("e-trust")].into());
    assert!(has(":role/Export"), "what stands there now is looked at: {wanted:?}");
}

#[test]
fn a_trust_that_an_earlier_record_tells_is_put_back() {
    let mut report = aws_key();
    let role = "arn:aws:iam::111122223333:role/Export";
    report.grants = vec![grant("arn:aws:iam::210987654321:root", "sts:AssumeRole", role, "e-trust")];
    let before = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let known = Known { trusts: [(arc(role), arc(before))].into(), ..Known::default() };
    let plan = revoke_known(&report, &known, &Guard::default(), Options::default());
    sound(&plan);
    let step = plan.steps.last().unwrap();
    assert_eq!(
        step.change,
        IamChange::RestoreTrust { role: arc(role), document: arc(before) }.into(),
        "{}",
        told(&plan)
    );
    // Somebody was there before us: what they wrote is not overwritten.
    let known = Known { mended: [arc(role)].into(), ..Known::default() };
    let mended = told(&revoke_known(&report, &known, &Guard::default(), Options::default()));
    assert!(mended.contains("does not say any more what the principal wrote"), "{mended}");
    assert!(!mended.contains("restore_trust"), "{mended}");
    // Nobody knows: by hand.
    let told = told(&revoke_known(&report, &Known::default(), &Guard::default(), Options::default()));
    assert!(
        told.contains("- aws.iam.role arn:aws:iam::111122223333:role/Export: Its trust policy was rewritten"),
        "{told}"
    );
}

#[test]
fn assignments_and_second_factors_of_the_thief_are_taken_away() {
    let mut report = aws_key();
    let set = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-1111222233334444";
    report.grants = vec![grant("u-1", set, "444455556666", "e-assign")];
    let mut assigned = touched("aws.sso.account_assignment", "u-1", "e-assign");
    assigned.region = arc("eu-west-1");
    let mut device = touched("aws.iam.mfa_device", "arn:aws:iam::111122223333:mfa/new", "e-mfa");
    device.how = "put on user alice".to_owned();
    let mut tokens = touched("aws.iam.outbound_federation", "111122223333", "e-out");
    tokens.how = "tokens for outside were switched on".to_owned();
    report.touched = vec![assigned, device, tokens];
    report.findings.push(finding(triage::model::report::FindingKind::Persistence, "111122223333", "e-out"));
    report.findings.push(finding(
        triage::model::report::FindingKind::Persistence,
        "arn:aws:iam::111122223333:mfa/new",
        "e-mfa",
    ));
    let plan = revoke_known(&report, &Known::default(), &Guard::default(), Options::default());
    sound(&plan);
    let told = told(&plan);
    assert!(
        told.contains("deactivate_mfa_device serial=arn:aws:iam::111122223333:mfa/new user=alice"),
        "{told}"
    );
    assert!(
        told.contains(&format!(
            "remove_account_assignment account=444455556666 permission_set={set} principal=u-1"
        )),
        "{told}"
    );
    assert!(told.contains("disable_outbound_federation"), "{told}");
    let step = plan.steps.iter().find(|step| step.change.name() == "remove_account_assignment").unwrap();
    assert_eq!(&*step.target.region, "eu-west-1");
}

#[test]
fn machines_lose_the_role_that_the_thief_gave_them_and_get_no_new_credentials() {
    let arn = "arn:aws:iam::111122223333:instance-profile/admin-node";
    let mut report = aws_key();
    let mut miner = resource("aws.ec2.instance", "i-0aaaaaaaaaaaaaaa1", "");
    miner.details.insert(arc("profile"), arc(arn));
    let mut stopped = resource("aws.ec2.instance", "i-0aaaaaaaaaaaaaaa2", "");
    stopped.details.insert(arc("profile"), arc(arn));
    stopped.state = "gone";
    report.resources = vec![miner, stopped, resource("aws.ec2.instance", "i-0aaaaaaaaaaaaaaa3", "")];
    let told_of = |id: &str, how: String| {
        let mut touched = touched("aws.ec2.instance", id, "e-profile");
        touched.how = how;
        touched
    };
    report.touched = vec![
        told_of("i-0bbbbbbbbbbbbbbb1", format!("given instance profile {arn}")),
        told_of("i-0bbbbbbbbbbbbbbb2", format!("its instance profile replaced by {arn}")),
    ];
    let plan = revoke_known(&report, &Known::default(), &Guard::default(), Options::default());
    sound(&plan);
    let told = told(&plan);
    for id in ["i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb1"] {
        assert!(told.contains(&format!("remove_instance_profile instance={id} profile={arn}")), "{told}");
    }
    assert_eq!(told.matches("remove_instance_profile").count(), 2, "{told}");
    assert!(told.contains("- aws.ec2.instance i-0bbbbbbbbbbbbbbb2: The principal gave it"), "{told}");
    let step = plan.steps.iter().find(|step| &*step.target.id == "i-0bbbbbbbbbbbbbbb1").unwrap();
    assert_eq!(&*step.target.region, "eu-west-3");
    // What takes it back gives a stranger on the machine its role: only on the operator's own word.
    assert_eq!(step.change.spec().rearms, Rearms::Secret);
    let back = back(&step.change, json!({"profile": arn}));
    assert!(back.contains("give_instance_profile") && back.contains(arn), "{back}");
}

// ---- What takes it back

fn back(change: &Change, before: Value) -> String {
    match change.undo(&before) {
        Reversal::None(why) => format!("none: {why}"),
        Reversal::Changes(all) => serde_json::to_string(&all).unwrap(),
    }
}

#[test]
fn every_undo_puts_back_what_stood_there_and_nothing_else() {
    let user = || arc("ci");
    let role = || arc(ROLE);
    let id = || arc("X1");
    let old = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let cases: Vec<(IamChange, Value, &str)> = vec![
        (
            IamChange::DenyUser { user: user() },
            json!({"id": "A", "policy": null}),
            r#"[{"aws":{"set_user_policy":{"user":"ci","id":"A","policy":"TriageDenyAll","document":null}}}]"#,
        ),
        (
            IamChange::RevokeRoleSessions { role: role(), issued_before: None },
            json!({"id": "A", "policy": "{}"}),
            r#"[{"aws":{"set_role_policy":{"role":"arn:aws:iam::111122223333:role/app/Ops","id":"A","policy":"AWSRevokeOlderSessions","document":"{}"}}}]"#,
        ),
        (IamChange::DenyRole { role: role() }, json!({"id": "A"}), "none: What stood before it"),
        (IamChange::DenyRole { role: role() }, Value::Null, "none: What stood before it"),
        (
            IamChange::DeactivateAccessKey { user: None, key: id() },
            json!({"user": "ci", "status": "Active"}),
            r#"[{"aws":{"activate_access_key":{"user":"ci","key":"X1"}}}]"#,
        ),
        (
            IamChange::DeactivateAccessKey { user: Some(user()), key: id() },
            json!({"user": "ci", "status": "Inactive"}),
            "[]",
        ),
        (
            IamChange::DeactivateSshPublicKey { user: user(), id: id() },
            json!({"status": "Active"}),
            r#"[{"aws":{"activate_ssh_public_key":{"user":"ci","id":"X1"}}}]"#,
        ),
        (IamChange::DeactivateServiceSpecificCredential { user: user(), id: id() }, json!({}), "none: "),
        (
            IamChange::ResetLoginProfile { user: user() },
            json!({"reset_required": false}),
            "none: The password",
        ),
        (
            IamChange::BoundUser { user: user() },
            json!({"id": "A", "boundary": "arn:b"}),
            r#"[{"aws":{"set_user_boundary":{"user":"ci","id":"A","boundary":"arn:b"}}}]"#,
        ),
        (
            IamChange::BoundRole { role: role() },
            json!({"id": "A", "boundary": null}),
            r#"[{"aws":{"set_role_boundary":{"role":"arn:aws:iam::111122223333:role/app/Ops","id":"A","boundary":null}}}]"#,
        ),
        (IamChange::AttachDenyToUser { user: user() }, json!({"id": "A", "attached": true}), "[]"),
        (
            IamChange::AttachDenyToUser { user: user() },
            json!({"id": "A", "attached": false}),
            r#"[{"aws":{"detach_deny_from_user":{"user":"ci","id":"A"}}}]"#,
        ),
        (
            IamChange::JoinDenyGroup { user: user() },
            json!({"id": "A", "member": false}),
            r#"[{"aws":{"leave_deny_group":{"user":"ci","id":"A"}}}]"#,
        ),
        (
            IamChange::RestoreTrust { role: role(), document: arc("{}") },
            json!({"id": "A", "trust": old}),
            r#"[{"aws":{"restore_trust":{"role":"arn:aws:iam::111122223333:role/app/Ops","document":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}}}]"#,
        ),
        (
            IamChange::DeleteSamlProvider { arn: id() },
            json!({"metadata": "<m/>", "tags": {}, "private_keys": 0}),
            r#"[{"aws":{"create_saml_provider":{"arn":"X1","metadata":"<m/>","tags":[]}}}]"#,
        ),
        (
            IamChange::DeleteSamlProvider { arn: id() },
            json!({"metadata": "<m/>", "tags": {}, "private_keys": 1}),
            "none: The provider had private keys",
        ),
        (
            IamChange::DeleteOidcProvider { arn: id() },
            json!({"url": "u", "clients": ["c"], "thumbprints": [], "tags": {"k": "v"}}),
            r#"[{"aws":{"create_oidc_provider":{"arn":"X1","url":"u","clients":["c"],"thumbprints":[],"tags":[["k","v"]]}}}]"#,
        ),
        (
            IamChange::DisableOutboundFederation {},
            json!({"enabled": true}),
            r#"[{"aws":{"enable_outbound_federation":{}}}]"#,
        ),
        (
            IamChange::AttachRevocation { role: role(), names: vec![], issued_before: None },
            json!({"id": "A", "document": null}),
            r#"[{"aws":{"drop_revocation":{"role":"arn:aws:iam::111122223333:role/app/Ops","id":"A","named":false,"document":null}}}]"#,
        ),
    ];
    for (change, before, expect) in cases {
        let change = Change::from(change);
        let told = back(&change, before);
        assert!(told.starts_with(expect), "{}: {told}", change.name());
        // What the journal holds reads back as the same change.
        let written = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&written).unwrap(), change, "{written}");
    }
}

#[test]
fn an_scp_is_lifted_for_those_alone_who_were_not_denied_before() {
    let deny = |principals: &[&str]| {
        Change::from(OrganizationsChange::DenyByScp {
            management: arc("999988887777"),
            account: arc("111122223333"),
            principals: principals.iter().map(|one| arc(one)).collect(),
            sessions: vec![],
            users: vec![],
        })
    };
    let before = deny::Scp { principals: [arc(USER)].into(), ..deny::Scp::default() }.to_document();
    let told = back(&deny(&[USER, ROLE]), json!({"policy": "p-1", "denied": before, "attached": true}));
    assert!(told.contains(ROLE) && !told.contains(USER), "{told}");
    assert_eq!(back(&deny(&[USER]), json!({"policy": "p-1", "denied": before, "attached": true})), "[]");
    // One that hung on nothing denied nobody.
    assert!(
        back(&deny(&[USER]), json!({"policy": "p-1", "denied": before, "attached": false})).contains(USER)
    );
    assert!(back(&deny(&[USER]), json!({})).starts_with("none: "));
}

#[test]
fn what_gives_a_thief_something_back_says_so() {
    let rearms = |change: IamChange| Change::from(change).spec().rearms;
    let hours = |n: u64| Rearms::SessionsFor(std::time::Duration::from_secs(n * 3600));
    assert_eq!(rearms(IamChange::DenyUser { user: arc("ci") }), hours(36));
    assert_eq!(rearms(IamChange::RevokeRoleSessions { role: arc("r"), issued_before: None }), hours(12));
    assert_eq!(rearms(IamChange::DeactivateAccessKey { user: None, key: arc("k") }), Rearms::Secret);
    assert_eq!(rearms(IamChange::RestoreTrust { role: arc("r"), document: arc("{}") }), Rearms::Secret);
    assert_eq!(rearms(IamChange::ResetLoginProfile { user: arc("ci") }), Rearms::Nothing);
    assert!(matches!(Change::from(IamChange::DenyUser { user: arc("ci") }), Change::Aws(AwsChange::Iam(_))));
}

// ---- The documents

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn documents_are_small_and_read_back_as_what_they_deny() {
    assert_eq!(deny::size(&deny::everything()), deny::everything().len());
    assert!(deny::everything().len() < 100, "{}", deny::everything());
    assert!(deny::is_everything(&deny::everything()) && deny::denied_until(&deny::everything()).is_none());
    let until = time("2026-07-14T10:01:00Z");
    let older = deny::older_than(until);
    assert_eq!((deny::denied_until(&older), deny::is_everything(&older)), (Some(until), false));
    // As the console writes it.
    let console = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-07-14T10:01:00.000Z"}}}]}"#;
    assert_eq!(deny::denied_until(console), Some(until));
    let one = |id: &str, at: &str| deny::Named { until: time(at), ids: [id.to_owned()].into() };
    let all = deny::with_named(
        vec![one("A:x", "2026-07-14T09:00:00Z"), one("A:y", "2026-07-14T09:00:00Z")],
        one("A:x", "2026-07-14T10:00:00Z"),
    );
    assert_eq!(all, [one("A:y", "2026-07-14T09:00:00Z"), one("A:x", "2026-07-14T10:00:00Z")]);
    assert_eq!(deny::read_named(&deny::named(&all)), Some(all));
}

#[test]
fn a_document_that_was_made_to_hold_never_is_no_deny() {
    for condition in [
        r#"{"StringEquals":{"aws:PrincipalTag/x":"never"}}"#,
        r#"{"DateLessThan":{"aws:TokenIssueTime":"2026-07-14T10:01:00Z"},"Bool":{"aws:SecureTransport":"false"}}"#,
        r#"{"DateLessThan":{"aws:TokenIssueTime":"2026-07-14T10:01:00Z","aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#,
    ] {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        );
        assert!(!deny::is_everything(&document) && deny::denied_until(&document).is_none(), "{document}");
    }
    for document in [
        "",
        "[]",
        "{",
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Deny","NotAction":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b"}}"#,
    ] {
        assert!(!deny::is_everything(document) && deny::denied_until(document).is_none(), "{document}");
        assert!(deny::read_named(document).is_none_or(|all| all.is_empty()), "{document}");
    }
}

#[test]
fn an_scp_holds_for_a_role_under_any_path_and_can_be_taken_apart() {
    let bare = "arn:aws:iam::111122223333:role/Ops";
    let scp = |principals: &[&str]| deny::Scp {
        principals: principals.iter().map(|one| arc(one)).collect(),
        ..deny::Scp::default()
    };
    let both = deny::Scp { users: [arc("u-1")].into(), sessions: [arc("A:x")].into(), ..scp(&[bare, USER]) };
    let document = both.to_document();
    assert!(
        document.contains("role/*/Ops") && document.contains("\"arn:aws:iam::111122223333:role/Ops\""),
        "{document}"
    );
    assert!(both.is_in(&document) && scp(&[bare]).is_in(&document) && !scp(&[ROLE]).is_in(&document));
    let read = deny::Scp::read(&document).unwrap();
    assert!(read.clone().without(&both).is_empty());
    // Written again it is the same.
    assert!(deny::same(&read.to_document(), &document));
    assert_eq!(deny::Scp::read(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#), None);
}
