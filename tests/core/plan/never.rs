//! What no plan to revoke ever does, whatever the report and whatever the cloud shows: detach instead of deny, delete instead of
//! switch off. And what its text tells of every credential.

use super::reports::*;
use super::{known, sound};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use std::collections::BTreeSet;
use triage::model::change::{Change, Reversal, Undo};
use triage::model::identity::{CenterUserSeen, IdentitySeen, Part};
use triage::model::plan::Plan;
use triage::model::report::*;
use triage::model::{Provider, Report};
use triage::plan::revoke::{Known, revoke_known};
use triage::plan::{Guard, Options};
use triage::render::{View, plan as plan_text};

/// Ways in that have no switch: whoever signs in by them is cut off only when they are gone, and each has an undo that makes it
/// again. No key, user, role, password, policy or certificate is among them.
const REMOVED: &[&str] = &[
    "delete_oidc_provider",
    "delete_saml_provider",
    "remove_account_assignment",
    "remove_group_membership",
    "remove_instance_profile",
];
/// Calls that take something away for good, or off somebody.
const TAKES: &[&str] = &["Delete", "Detach", "Disassociate", "Remove", "Deregister", "Purge"];

/// A plan of every sort of credential, identity and way in, some of it left out, some of it uncertain or over.
fn reports() -> impl Strategy<Value = Report> {
    let of = |report: &Report| report.principal.provider == Provider::Aws;
    let all: Vec<Report> = all().into_iter().filter(of).collect();
    let credentials: Vec<Credential> =
        all.iter().flat_map(|one| &one.credentials).filter(|one| one.depth > 0).cloned().collect();
    let mut resources: Vec<Resource> = all.iter().flat_map(|one| &one.resources).cloned().collect();
    resources.push(resource("aws.iam.oidc_provider", "arn:aws:iam::111122223333:oidc-provider/x", ""));
    resources.push(resource("aws.identitystore.membership", "m-1", ""));
    resources.push(Resource {
        details: [(arc("profile"), arc("arn:aws:iam::111122223333:instance-profile/worker"))].into(),
        ..resource("aws.ec2.instance", "i-7", "")
    });
    let mut touched: Vec<Touched> = all.iter().flat_map(|one| &one.touched).cloned().collect();
    for how in ["given inline policy p", "AdministratorAccess attached"] {
        let kind = if how.contains("inline") { "aws.iam.inline_policy" } else { "aws.iam.policy_attachment" };
        touched.push(Touched { how: how.into(), ..self::touched(kind, "ci", "e-policy") });
    }
    let mut findings: Vec<Finding> = all.iter().flat_map(|one| &one.findings).cloned().collect();
    findings.push(finding(FindingKind::Persistence, "arn:aws:iam::111122223333:mfa/ci", "e-mfa"));
    let grants: Vec<Grant> = all
        .iter()
        .flat_map(|one| &one.grants)
        .cloned()
        .chain([
            grant("ci", "arn:aws:iam::aws:policy/AdministratorAccess", "ci", "e-policy"),
            grant("999988887777", "sts:AssumeRole", "arn:aws:iam::111122223333:role/Ops", "e-trust"),
        ])
        .collect();
    let seeds = vec![
        ("AKIAIOSFODNN7EXAMPLE", "aws.access_key", Some("arn:aws:iam::111122223333:user/ci")),
        ("AIDAIOSFODNN7EXAMPLE", "aws.user", Some("arn:aws:iam::111122223333:user/ci")),
        ("AROAIOSFODNN7EXAMPLE", "aws.role", Some("arn:aws:iam::111122223333:role/Ops")),
        ("root", "aws.root", Some("arn:aws:iam::111122223333:root")),
        ("AKIAIOSFODNN7EXAMPLQ", "aws.access_key", None),
    ];
    let some = |len: usize| 0..=len;
    (
        prop::sample::select(seeds),
        (
            subsequence(credentials.clone(), some(credentials.len())),
            subsequence(resources.clone(), some(resources.len())),
            subsequence(touched.clone(), some(touched.len())),
            subsequence(findings.clone(), some(findings.len())),
            subsequence(grants.clone(), some(grants.len())),
        ),
        prop::collection::vec((any::<Index>(), 0..4_u8), 0..6),
    )
        .prop_map(|((id, kind, arn), (mut credentials, resources, touched, findings, grants), marks)| {
            for (index, mark) in marks {
                if credentials.is_empty() {
                    break;
                }
                let at = index.index(credentials.len());
                let one = &mut credentials[at];
                match mark {
                    0 => one.confidence = Confidence::Suspect,
                    1 => one.state = "deleted",
                    2 => one.deactivated_at = Some(self::at(9)),
                    _ => one.used = !one.used,
                }
            }
            credentials.insert(0, Credential { principal: arn.map(arc), ..seed(id, kind) });
            let seed_user = arn.filter(|arn| arn.contains(":user/")).map(arc);
            Report { credentials, resources, touched, findings, grants, seed_user, ..aws_key() }
        })
}

/// What the cloud shows of them: all, nothing, or quotas that leave no room, with AWS's own quarantine and a user of Identity
/// Center.
fn knowns() -> impl Strategy<Value = Known> {
    let users = ["ci", "backdoor", "alice"].map(|name| {
        let mut user: IdentitySeen = known::ci();
        user.arn = arc(&format!("arn:aws:iam::111122223333:user/{name}"));
        user
    });
    (any::<[bool; 4]>(), subsequence(users.to_vec(), 0..=3)).prop_map(
        |([has_organization, is_full, is_quarantined, has_center], mut identities)| {
            for user in &mut identities {
                let mut attached = BTreeSet::new();
                if is_quarantined {
                    attached.insert(arc("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"));
                }
                if is_full {
                    attached.extend((0..10).map(|n| arc(&format!("arn:aws:iam::aws:policy/P{n}"))));
                    user.inline = Part::Seen([(arc("p"), arc(&"x".repeat(2000)))].into());
                    let quotas = [("UserPolicySizeQuota", 2048), ("AttachedPoliciesPerUserQuota", 10)];
                    user.summary = Part::Seen(quotas.iter().map(|(key, value)| (arc(key), *value)).collect());
                }
                user.attached = Part::Seen(attached);
            }
            identities.push(known::ops());
            let bob = CenterUserSeen {
                id: arc("u-1"),
                name: arc("one"),
                account: arc("999988887777"),
                region: arc("eu-west-1"),
                assignments: Part::Seen(Vec::new()),
                memberships: Part::Seen(Vec::new()),
            };
            Known {
                identities,
                organization: has_organization.then(known::organization),
                center_users: has_center.then_some(bob).into_iter().collect(),
                now: Some(at(10)),
                ..Known::default()
            }
        },
    )
}

/// Every change that a plan makes or may make instead.
fn changes(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.steps.iter().flat_map(|step| [&step.change].into_iter().chain(&step.otherwise))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_plan_to_revoke_denies_and_switches_off_and_never_detaches_or_deletes(
        report in reports(), known in knowns(), full_deny in any::<bool>(), scp in any::<bool>(), destroy in any::<bool>()
    ) {
        let options = Options { full_deny, scp, destroy, ..Options::default() };
        let plan = revoke_known(&report, &known, &Guard::default(), options);
        sound(&plan);
        for change in changes(&plan) {
            let (name, spec) = (change.name(), change.spec());
            let calls = spec.api.split([' ', ',', ';']).filter_map(|word| word.split('(').next()?.split(':').nth(1));
            let taking: Vec<&str> = calls.filter(|call| TAKES.iter().any(|verb| call.starts_with(verb))).collect();
            if REMOVED.contains(&&*name) {
                prop_assert!(!spec.destroys && matches!(spec.undo, Undo::Call(_)), "{name} has a way back: {spec:?}");
            } else {
                prop_assert!(taking.is_empty() && !change.removes() && !spec.destroys, "{name} takes away: {spec:?}");
                prop_assert!(!name.contains("detach") && !name.contains("delete") && !name.starts_with("leave_"), "{name}");
            }
        }
        // How long each works, and what no deny reaches.
        for step in &plan.steps {
            let says = |words: &[&str]| words.iter().any(|one| step.why.contains(one));
            let name = step.change.name();
            match step.target.kind {
                "aws.access_key" | "aws.service_specific_credential" | "aws.ssh_public_key" | "aws.signing_certificate"
                | "aws.login_profile" => prop_assert!(says(&["for ever", "until", "ends by itself on"]), "{name}: {}", step.why),
                "aws.iam.user" | "aws.iam.role" if !matches!(&*name, "reset_login_profile" | "restore_trust") => {
                    prop_assert!(says(&["lives on regardless", "Denied whole as asked"]), "{name}: {}", step.why);
                }
                _ => {}
            }
        }
    }
}

/// The property above can fail: what undoes a deny is told from a deny.
#[test]
fn what_takes_a_deny_off_again_would_not_pass() {
    use triage::model::change::IamChange;
    let deny = Change::from(IamChange::AttachDenyToUser { user: arc("ci") });
    let Reversal::Changes(back) = deny.undo(&serde_json::json!({"id": "A", "attached": false})) else {
        panic!("it has a way back")
    };
    assert!(back.iter().all(|change| change.name().contains("detach")), "{back:?}");
    assert!(back[0].spec().api.contains("Detach"), "{:?}", back[0].spec());
}

/// What is printed of each step, by its change and what it is about.
fn printed(plan: &Plan) -> Vec<(String, String)> {
    let view = View { width: None, color: false, now: None, detail: true, ascii: false };
    let text = plan_text::plan(plan, &view);
    let mut told: Vec<(String, String)> = Vec::new();
    for line in text.lines().take_while(|line| !line.starts_with("LEFT ALONE")).skip(1) {
        match line.strip_prefix("      ") {
            Some(more) => {
                let told = &mut told.last_mut().unwrap().1;
                *told = format!("{told} {}", more.trim());
            }
            None => {
                let step = &plan.steps[told.len()];
                told.push((format!("{} {}", step.change.name(), step.target.id), line.trim().to_owned()));
            }
        }
    }
    assert_eq!(told.len(), plan.steps.len(), "{text}");
    told
}

#[test]
fn the_text_tells_of_each_credential_how_long_it_works_what_is_done_what_lives_on_and_who_is_cut_off() {
    let user = IdentitySeen {
        ssh_keys: Part::Seen(vec![known::credential("APKA9", true, None)]),
        certificates: Part::Seen(vec![known::credential("CERT9", true, None)]),
        ..known::ci()
    };
    let mut report = shared_sessions();
    report.credentials.extend(made_and_held().credentials.into_iter().filter(|one| one.depth > 0));
    report.resources = made_and_held().resources;
    report.uses = vec![use_of("AKIAIOSFODNN7EXAMPLE", "192.0.2.9", false, Confidence::LikelyLegitimate)];
    let known = Known { identities: vec![user], now: Some(at(10)), ..Known::default() };
    let plan = revoke_known(&report, &known, &Guard::default(), Options::default());
    let printed = printed(&plan);
    let regardless = "lives on regardless: tokens for EKS and RDS up to 15 min, for outside AWS up to 60 min, for ECR and CodeArtifact up \
                      to 12 h";
    let expect: &[(&str, &[&str])] = &[
        (
            "deny_user arn:aws:iam::111122223333:user/ci",
            &[
                "iam:PutUserPolicy(deny everything)  aws.iam.user",
                "What it does: ",
                "Sessions of it that outlive its keys: ",
                "the last until 2026-07-14 20:00:00Z",
                regardless,
                "STOPS HONEST WORK: 7 events of it from 1 address (192.0.2.9)",
            ],
        ),
        (
            "deactivate_access_key AKIAIOSFODNN7EXAMPLE",
            &[
                "aws.access_key AKIA",
                "It works for ever until it is inactive",
                "live on up to 36 h",
                "What it does: ",
            ],
        ),
        (
            "deactivate_access_key AKIAI44QH8DHBEXAMPLE",
            &[
                "last used on 2026-07-14 09:00:00Z",
                "It works for ever; sessions that it minted, up to 36 h, are denied",
            ],
        ),
        (
            "reset_login_profile ci",
            &[
                "The user's console password",
                "signs in until it is replaced",
                "lasts up to 12 h",
                "Its owner needs a new password",
            ],
        ),
        (
            "deactivate_service_specific_credential ACCAIOSFODNN7EXAMPLE",
            &["for bedrock.amazonaws.com", "It works until 2026-07-14 23:00:00Z, whatever happens"],
        ),
        ("deactivate_ssh_public_key APKA9", &["An SSH key of the user", "It works for ever"]),
        ("deactivate_signing_certificate CERT9", &["A signing certificate of the user", "It works for ever"]),
        (
            "deny_sessions arn:aws:iam::444455556666:role/Ops",
            &[
                "2 sessions of it: ASIAIOSFODNN7EXAMPLA, ASIAIOSFODNN7EXAMPLB, taken by AKIAIOSFODNN7EXAMPLE",
                "the last ends by itself on 2026-07-14 20:00:00Z",
                "Others use the role (ASIAIOSFODNN7EXAMPLX, ASIAIOSFODNN7EXAMPLY), so these names alone are denied",
                "has the name two too and is not linked: signed out with them",
                regardless,
            ],
        ),
        (
            "revoke_user_sessions arn:aws:iam::111122223333:user/alice",
            &["It is somebody's own user, so its keys work on", "ASIAIOSFODNN7EXAMPLE", regardless],
        ),
        (
            "reset_login_profile arn:aws:iam::111122223333:user/alice",
            &[
                "signs in until it is replaced",
                "a console session that is open lasts up to 12 h",
                "needs a new password",
            ],
        ),
        (
            "deny_role arn:aws:iam::111122223333:role/path/helper",
            &["i-1 goes on without its role until", regardless],
        ),
    ];
    for (step, words) in expect {
        let Some((_, text)) = printed.iter().find(|(name, _)| name == step) else {
            panic!("no {step}: {:#?}", printed.iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        for word in *words {
            assert!(text.contains(word), "{step} does not tell {word:?}: {text}");
        }
    }
    // A role that is asked about, and that services use: for a moment, or everybody.
    let role = IdentitySeen {
        instance_profiles: Part::Seen([arc("arn:aws:iam::111122223333:instance-profile/Ops")].into()),
        ..known::ops()
    };
    let plan = known::wave_1(
        "arn:aws:iam::111122223333:role/app/Ops",
        Some(&role),
        None,
        Options { full_deny: true, ..Options::default() },
    );
    let printed = self::printed(&plan);
    let told = |name: &str| &printed.iter().find(|(step, _)| step.starts_with(name)).unwrap().1;
    for words in [
        "last up to 120 min, chained ones up to 60 min",
        "CUTS OFF for a moment who uses it by itself",
        regardless,
    ] {
        assert!(told("revoke_role_sessions").contains(words), "{words}: {}", told("revoke_role_sessions"));
    }
    assert!(told("deny_role").contains("CUTS OFF everybody"), "{}", told("deny_role"));
}
