//! BigQuery besides Cloud Logging, as the operator asks for it: which datasets, what may be billed and to whom.

use super::args::AuditArgs;
use super::ui::Ui;
use crate::case::Case;
use crate::cloud::gcp::Gcp;
use crate::cloud::gcp::bigquery::{BigQuery, Budget, Keep};
use crate::cloud::sql::bigquery::{Dataset, check_project};
use crate::cloud::sql::{Bounds, size};
use crate::model::gap::GapKind;
use crate::model::report::Window;
use crate::model::{Gap, Principal, Time};
use crate::render::{Line, Untrusted, json};
use clap::Args;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What is billed in all unless the operator says otherwise: a terabyte costs about six dollars.
const MOST: &str = "1TB";

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where records are, besides Cloud Logging")]
pub struct BigQueryArgs {
    /// Ask this BigQuery dataset, too: log analytics' linked dataset (_AllLogs) or what a log sink writes into. It bills what it
    /// scans, which is said first. Needs --since.
    #[arg(long, value_name = "PROJECT.DATASET[.TABLE]")]
    pub bigquery: Vec<Dataset>,
    /// Never have BigQuery bill more than this, for all questions of a run together: a number, or 50GB, 2TB, 1TiB.
    #[arg(long, value_name = "BYTES", default_value = MOST, value_parser = bytes)]
    pub bigquery_max_bytes: u64,
    /// The project that runs BigQuery's queries and pays for them; default: the quota project, else the dataset's.
    #[arg(long, value_name = "PROJECT", value_parser = project)]
    pub bigquery_project: Option<String>,
}

fn project(text: &str) -> Result<String, String> {
    check_project(text).map(|()| text.to_owned())
}

/// Reads `1000000`, `50GB`, `1.5 TB`, `1TiB`.
fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let wrong = || "expected a number of bytes, such as 50GB or 1TiB".to_owned();
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024_f64.powi(2),
        "gib" => 1024_f64.powi(3),
        "tib" => 1024_f64.powi(4),
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * factor;
    match bytes.is_finite() && (1.0..1e18).contains(&bytes) {
        true => Ok(bytes as u64),
        false => Err(wrong()),
    }
}

/// Makes ready what the operator asked for, and says what it would scan; what can't be asked is a gap.
pub fn ready<'a>(
    (gcp, runtime): (&Arc<Gcp>, &Runtime),
    args: &AuditArgs,
    (principal, window, now): (&Principal, &Window, Time),
    (budget, keep): (&'a Budget, Keep<'a>),
    ui: &Ui,
) -> (Vec<BigQuery<'a>>, Vec<Gap>) {
    let (mut sources, mut gaps) = (Vec::new(), Vec::new());
    for dataset in &args.bigquery.bigquery {
        // Where a window begins by itself nobody has said what may be scanned.
        let bounds = window.since.and_then(|since| Bounds::new(since, window.until.unwrap_or(now)));
        let Some(bounds) = bounds else {
            let why = "it bills what it scans, and a question without a beginning would scan everything: it was not asked; say --since";
            gaps.push(Gap::new(GapKind::NotFollowed, dataset.to_string(), why));
            continue;
        };
        let billed = args.bigquery.bigquery_project.as_deref();
        let billed = billed.or(gcp.quota_project.as_deref()).unwrap_or(&dataset.project);
        let handle = runtime.handle().clone();
        let made = runtime.block_on(gcp.bigquery(handle, dataset, billed, bounds, (budget, keep)));
        let source = match made {
            Ok((source, more)) => {
                gaps.extend(more);
                source
            }
            Err(gap) => {
                gaps.push(gap);
                continue;
            }
        };
        let ids = [Some(principal.id.clone()), principal.email.clone(), principal.unique_id.clone()];
        match source.estimate(&ids.into_iter().flatten().collect::<Vec<_>>()) {
            Ok(estimated) => {
                let name = dataset.to_string();
                let (estimated, most) = (size(estimated), size(args.bigquery.bigquery_max_bytes));
                let line = Line::new().put("BigQuery would bill ").put(Untrusted(&estimated)).put(" for ");
                let line = line.put(Untrusted(&name)).put(", for each level of the chain; at most ");
                ui.note(line.put(Untrusted(&most)).put(" in all (--bigquery-max-bytes)."));
                sources.push(source);
            }
            Err(gap) => gaps.push(gap),
        }
    }
    (sources, gaps)
}

/// What keeps answers in a case.
pub fn keeper(case: &Case) -> impl Fn(&str, &[u8]) -> Result<String, String> + Sync {
    |stem, bytes| case.keep_answer(stem, bytes).map_err(|error| format!("{error:#}"))
}

/// Writes what was asked into the case.
pub fn write(sources: &[BigQuery<'_>], case: &Case) -> anyhow::Result<()> {
    let asked: Vec<_> = sources.iter().flat_map(BigQuery::asked).collect();
    match asked.is_empty() {
        true => Ok(()),
        false => case.write_document("queries", &json::document(&asked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes_are_read_as_people_type_them() {
        for (text, expect) in [
            ("1000000", 1_000_000),
            ("50GB", 50_000_000_000),
            ("1.5 TB", 1_500_000_000_000),
            ("1tib", 1 << 40),
            (MOST, 1_000_000_000_000),
        ] {
            assert_eq!(bytes(text), Ok(expect), "{text}");
        }
        for text in ["", "GB", "-1GB", "0", "1XB", "1e9", "nan", "inf", "99999999999TB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
