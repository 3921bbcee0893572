//! Everything that the catalog knows to be made: each kind has a power of ours, a step that a human can take, or a reason to be
//! left; and none of it is passed over in silence.

use super::reports::*;
use std::collections::BTreeSet;
use triage::catalog::{self, Act};
use triage::model::Report;
use triage::model::plan::Plan;
use triage::model::report::Resource;
use triage::plan::{Guard, Options, contain::contain, revoke::revoke};

/// Kinds of AWS that a principal makes.
fn made() -> BTreeSet<&'static str> {
    let rows = catalog::aws::SERVICES.iter().flat_map(|service| service.rows);
    rows.filter(|row| row.act == Act::Creates).map(|row| row.kind).filter(|kind| !kind.is_empty()).collect()
}

/// The plan to contain, and the one to revoke, which has what lets somebody in.
fn plans_for(kind: &'static str, destroy: bool) -> ([Plan; 2], Resource) {
    // An ARN is what most records tell; names stand beside it.
    let made = resource(kind, "arn:aws:service:eu-west-3:111122223333:thing/one", "cluster/one");
    let options = Options { destroy, ..Options::default() };
    let (report, guard) = (Report { resources: vec![made.clone()], ..aws_key() }, Guard::default());
    ([contain(&report, &guard, options), revoke(&report, &guard)], made)
}

#[test]
fn every_kind_that_is_made_has_a_power_or_a_step_for_a_human() {
    let kinds = made();
    assert!(kinds.len() > 100, "only {}", kinds.len());
    let mut silent = Vec::new();
    for kind in kinds {
        for destroy in [false, true] {
            let (plans, made) = plans_for(kind, destroy);
            let is_its = |id: &str, name: Option<&str>| id == &*made.id || name == Some("cluster/one");
            let mut steps = plans.iter().flat_map(|plan| &plan.steps);
            if steps.any(|step| is_its(&step.target.id, step.target.name.as_deref())) {
                continue;
            }
            let mut held = plans.iter().flat_map(|plan| &plan.withheld);
            let held = held.find(|held| held.target.kind == kind);
            match held {
                None => silent.push(format!("{kind}: neither a step nor a word")),
                // A call, the console, the provider, or that it is left as evidence.
                Some(held)
                    if ![":", "console", "provider", "evidence", "support"]
                        .iter()
                        .any(|word| held.by_hand.contains(word) || held.why.contains(word)) =>
                {
                    silent.push(format!("{kind}: {:?} {:?}", held.why, held.by_hand));
                }
                Some(_) => {}
            }
        }
    }
    silent.dedup();
    assert!(silent.is_empty(), "{silent:#?}");
}
