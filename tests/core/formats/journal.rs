//! What was done, as every format tells it: from a real journal that the executor wrote.

use super::*;
use crate::exec::{Lab, at, instance, key, plan, step, user};
use serde_json::json;
use triage::model::dossier::{After, Became, UndoState};
use triage::model::plan::{PlanKind, Step};
use triage::render::{View, table};

use crate::exec::fake::{deactivate, deny, stop};

fn kind(entry: &Value) -> Option<String> {
    entry.as_object().and_then(|entry| entry.keys().next()).cloned()
}

/// A case in which two machines were stopped and a key was deactivated; `undone` says whether all was taken back.
fn lab(undone: bool) -> (Lab, Dossier) {
    let lab = Lab::new();
    let mut things = Default::default();
    instance(&mut things, "eu-west-3", "i-0");
    instance(&mut things, "us-east-1", "i-1");
    user(&mut things, "builder");
    key(&mut things, "AKIAIOSFODNN7EXAMPLE");
    let cloud = lab.cloud(things);
    let steps = vec![
        step(1, "", &deny("builder")),
        step(2, "", &deactivate("AKIAIOSFODNN7EXAMPLE")),
        Step { after: vec![1], ..step(3, "eu-west-3", &stop("i-0")) },
    ];
    lab.run(&cloud, plan(steps));
    if undone {
        lab.undo(&cloud);
    }
    drop(cloud);
    let entries = check_journal(&lab.path());
    let kinds: BTreeSet<String> = entries.iter().flat_map(kind).collect();
    for kind in ["started", "intent", "outcome", "verified", "ended"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    lab.case.seal().unwrap();
    let dossier = open(lab.case.dir());
    (lab, dossier)
}

#[test]
fn before_after_and_undo_come_from_the_journal() {
    let (_lab, dossier) = lab(false);
    assert_eq!(dossier.deeds.len(), 3);
    let stopped = dossier.deeds.iter().find(|one| &*one.target.id == "i-0").unwrap();
    assert_eq!(
        (stopped.kind, stopped.became, stopped.place.clone()),
        (PlanKind::Contain, Became::Verified, at("eu-west-3"))
    );
    assert_eq!(stopped.before, json!({"state": "running", "protected": "yes"}));
    let Some(After::There(state)) = &stopped.after else { panic!("{stopped:?}") };
    assert_eq!(state["state"], "stopped");
    assert!(matches!(&stopped.undo, UndoState::Possible { calls, .. } if !calls.is_empty()), "{stopped:?}");
    assert_eq!(check_ocsf(&dossier).iter().filter(|class| **class == 7001).count(), 3);
    let shown = table::dossier(&dossier, &View::default());
    assert!(shown.contains("\nDONE  3 calls, 3 in force\n"), "{shown}");
    for page in [html::dossier(&dossier), markdown::dossier(&dossier), csv::dossier(&dossier)] {
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("i-0") && page.contains("possible") | page.contains("undo: "), "{page}");
    }
}

#[test]
fn what_was_undone_says_so() {
    let (_lab, dossier) = lab(true);
    let done = dossier.deeds.iter().filter(|one| one.kind == PlanKind::Contain);
    assert!(done.clone().all(|one| one.undo == UndoState::Undone), "{:?}", dossier.deeds);
    let back = dossier.deeds.iter().filter(|one| one.kind == PlanKind::Undo);
    assert!(back.clone().count() >= 3 && back.clone().all(|one| one.became == Became::Verified));
    check_ocsf(&dossier);
    let shown = table::dossier(&dossier, &View::default());
    assert!(shown.contains("3 undone"), "{shown}");
}

#[test]
fn an_altered_journal_is_a_gap_and_never_silence() {
    let (lab, _) = lab(false);
    let path = lab.path();
    let text = std::fs::read_to_string(&path).unwrap().replace("i-0", "i-9");
    std::fs::write(&path, text).unwrap();
    let dossier = open(lab.case.dir());
    assert_eq!(dossier.deeds, []);
    let gap = dossier.report.gaps.iter().find(|gap| gap.place == "journal.ndjson").unwrap();
    assert!(gap.is_incomplete() && gap.why.contains("was altered"), "{gap:?}");
}

#[test]
fn a_report_that_cannot_be_read_is_a_gap_and_is_made_anew() {
    let (lab, _) = lab(false);
    lab.case.write_report(b"{\"schema\": \"triage.report/9\"}").unwrap();
    let dossier = open(lab.case.dir());
    let mut gaps = dossier.report.gaps.iter().filter(|gap| gap.place == "report.json");
    assert!(gaps.any(|gap| gap.is_incomplete() && gap.why.contains("anew")), "{:?}", dossier.report.gaps);
    assert_eq!(&*dossier.report.principal.id, &*crate::case::meta().principal.id);
}
