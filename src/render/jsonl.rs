//! A report as one JSON object per line, for `grep`, `jq -c` and log pipelines: a header, then every item with its
//! `type`, in the report's order.

use super::json;
use crate::model::cost::Cost;
use crate::model::report::{Counts, Subject, Window};
use crate::model::{Report, report::Root};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Header<'a> {
    schema: &'static str,
    principal: &'a Subject,
    window: &'a Window,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    counts: &'a Counts,
    coverage: Seen,
    leaked_keys: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed_user: Option<&'a Arc<str>>,
}

#[derive(Serialize)]
struct Seen {
    seen: u64,
    of: u64,
}

#[derive(Serialize)]
struct Row<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    row: &'a T,
}

/// Returns the lines, each ended by a newline.
pub fn report(report: &Report) -> Vec<u8> {
    let Report {
        schema,
        principal,
        window,
        partial,
        counts,
        credentials,
        resources,
        touched,
        findings,
        attempts,
        uses,
        unlinked,
        root,
        unclassified,
        coverage,
        gaps,
        grants,
        similar,
        leaked_keys,
        seed_user,
        activity,
        cost,
        used: _,
    } = report;
    let mut out = String::new();
    let seen = Seen { seen: coverage.seen, of: coverage.of };
    add(
        &mut out,
        "report",
        &[Header {
            schema,
            principal,
            window,
            partial: *partial,
            counts,
            coverage: seen,
            leaked_keys,
            seed_user: seed_user.as_ref(),
        }],
    );
    add(&mut out, "credential", credentials);
    add(&mut out, "resource", resources);
    add(&mut out, "touched", touched);
    add(&mut out, "finding", findings);
    add(&mut out, "attempt", attempts);
    add(&mut out, "use", uses);
    add(&mut out, "unlinked", unlinked);
    add::<Root>(&mut out, "root", root.as_slice());
    add(&mut out, "unclassified", unclassified);
    add(&mut out, "scope", &coverage.scopes);
    add(&mut out, "gap", gaps);
    add(&mut out, "grant", grants);
    add(&mut out, "similar", similar);
    add(&mut out, "activity", activity);
    add::<Cost>(&mut out, "cost", cost.as_slice());
    out.into_bytes()
}

fn add<T: Serialize>(out: &mut String, kind: &'static str, rows: &[T]) {
    for row in rows {
        let line = serde_json::to_string(&Row { r#type: kind, row })
            .expect("our documents have string keys and no failing Serialize");
        out.push_str(&json::escape(&line));
        out.push('\n');
    }
}
