//! The same question for BigQuery: log analytics' linked datasets (`_AllLogs`) and the tables that a log sink writes.
//!
//! Pure. Every statement is bounded in time by what the table is cut by: partitions, days in tables' names, or log analytics' own
//! view; a table that is cut by nothing is not asked. Ids and times are named parameters; names of projects, datasets and tables,
//! which can't be, are letters, digits and the few signs that such names are made of.

use super::{Bounds, NotAsked};
use crate::cloud::Query;
use crate::model::Time;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Each statement scans all that its window holds, however many ids it asks about: few and large ones. BigQuery takes 10,000
/// parameters and a megabyte of text.
const IDS_PER_STATEMENT: usize = 1_000;
/// BigQuery takes 1,000 tables in one query.
const TABLES_PER_STATEMENT: usize = 200;
/// No id of Google's is longer.
const LONGEST_ID: usize = 512;
/// The view of a linked dataset that shows all that its log bucket holds.
pub const ALL_LOGS: &str = "_AllLogs";
/// What a sink calls the tables of audit logs; without partitions, `_20260314` follows.
const EXPORTS: &[&str] = &[
    "cloudaudit_googleapis_com_activity",
    "cloudaudit_googleapis_com_data_access",
    "cloudaudit_googleapis_com_policy",
    "cloudaudit_googleapis_com_system_event",
];
/// What an audit entry has, as log analytics' view spells it; payloads of other logs are not scanned.
const COLUMNS: &[&str] = &[
    "insert_id",
    "labels",
    "log_name",
    "operation",
    "proto_payload",
    "receive_timestamp",
    "resource",
    "severity",
    "source_location",
    "span_id",
    "split",
    "timestamp",
    "trace",
    "trace_sampled",
];
/// Without these no entry can be put together.
const NEEDED: &[&str] = &["insert_id", "log_name", "proto_payload", "resource", "timestamp"];

/// A dataset, or one table of it, as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub project: String,
    pub dataset: String,
    /// A view, a table, or how the names of a sink's daily tables begin.
    pub table: Option<String>,
}

impl FromStr for Dataset {
    type Err = String;

    /// Reads `PROJECT.DATASET` or `PROJECT.DATASET.TABLE`.
    fn from_str(text: &str) -> Result<Dataset, String> {
        let wrong =
            || "expected PROJECT.DATASET or PROJECT.DATASET.TABLE, such as shop-logs.audit".to_owned();
        // A project of old may begin with its domain, which has dots of its own.
        let (domain, rest) = text.rsplit_once(':').map_or(("", text), |(domain, rest)| (domain, rest));
        let mut parts = rest.split('.');
        let (Some(project), Some(dataset), table, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let project = if text.contains(':') { format!("{domain}:{project}") } else { project.to_owned() };
        check_project(&project)?;
        if !is_dataset(dataset) {
            return Err("the name of a dataset is letters, digits and underscores".into());
        }
        if table.is_some_and(|table| !is_table(table)) {
            return Err("the name of a table is letters, digits, underscores and dashes".into());
        }
        Ok(Dataset { project, dataset: dataset.into(), table: table.map(str::to_owned) })
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{}", self.project, self.dataset)?;
        self.table.as_ref().map_or(Ok(()), |table| write!(to, ".{table}"))
    }
}

/// Whether this can be a project's id.
pub fn check_project(id: &str) -> Result<(), String> {
    let (domain, id) = id.rsplit_once(':').map_or((None, id), |(domain, id)| (Some(domain), id));
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_id = (4..=63).contains(&id.len())
        && id.bytes().all(is_plain)
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-');
    let is_domain = domain.is_none_or(|domain| {
        domain.len() <= 253
            && domain.split('.').count() > 1
            && domain.split('.').all(|part| !part.is_empty() && part.bytes().all(is_plain))
    });
    match is_id && is_domain {
        true => Ok(()),
        false => Err("the id of a project is small letters, digits and dashes".into()),
    }
}

fn is_dataset(name: &str) -> bool {
    (1..=1024).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_table(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=1024).contains(&name.len()) && name.bytes().all(is_sign)
}

/// Something that can be asked, and what its scan is bounded by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    by: By,
}

/// What a table is cut by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    /// Log analytics' own view, by `timestamp`; the columns of it that are asked for.
    Analytics(Vec<&'static str>),
    /// Partitions by `timestamp`.
    Timestamp,
    /// Partitions by when a row came; the longest that one may hold.
    Arrival(Unit),
    /// Its name: it holds one day.
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Month,
    Year,
}

/// What of a dataset is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub tables: Vec<Table>,
    /// Whether log analytics' view is among them, whose columns must be looked at first ([`Found::shown`]).
    pub has_view: bool,
    /// By name, and why.
    pub not: Vec<(String, &'static str)>,
    /// Whether anything is there that holds audit logs, in this window or not.
    pub any: bool,
}

/// Sorts out what to ask of the tables of a dataset, as `tables.list` tells of them.
pub fn find(of: &Dataset, listed: &[Value], bounds: Bounds) -> Found {
    let mut found = Found::default();
    let mut not = BTreeMap::new();
    for one in listed {
        let Some(name) = one["tableReference"]["tableId"].as_str() else { continue };
        let base = EXPORTS.iter().copied().find(|base| {
            name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || day_of(rest).is_some())
        });
        let is_named = of.table.as_deref().is_some_and(|table| {
            table == name || name.strip_prefix(table).is_some_and(|rest| day_of(rest).is_some())
        });
        if !is_table(name) || !(is_named || of.table.is_none() && (base.is_some() || name == ALL_LOGS)) {
            continue;
        }
        found.any = true;
        match cut(name, one, bounds) {
            Ok(Some(By::Analytics(_))) => found.has_view = true,
            Ok(Some(by)) => found.tables.push(Table { name: name.into(), by }),
            Ok(None) => {}
            Err(why) => drop(not.insert(name.to_owned(), why)),
        }
    }
    found.tables.sort_by(|a, b| a.name.cmp(&b.name));
    found.not = not.into_iter().collect();
    found
}

/// What a table is cut by; nothing for a day beside the window.
fn cut(name: &str, one: &Value, bounds: Bounds) -> Result<Option<By>, &'static str> {
    if name == ALL_LOGS {
        return Ok(Some(By::Analytics(Vec::new())));
    }
    if one["type"].as_str() != Some("TABLE") {
        return Err("it is a view: what it scans can't be bounded, so nothing was asked");
    }
    let partitions = &one["timePartitioning"];
    if partitions.is_object() {
        return match (partitions["field"].as_str(), partitions["type"].as_str()) {
            (Some("timestamp"), _) => Ok(Some(By::Timestamp)),
            (Some(_), _) => Err(
                "it is partitioned by another column than timestamp: a query would scan all of it, so nothing was asked",
            ),
            (None, Some("DAY" | "HOUR")) => Ok(Some(By::Arrival(Unit::Day))),
            (None, Some("MONTH")) => Ok(Some(By::Arrival(Unit::Month))),
            (None, Some("YEAR")) => Ok(Some(By::Arrival(Unit::Year))),
            (None, _) => Err("what it is partitioned by is not known, so nothing was asked"),
        };
    }
    let day = name.len().checked_sub(9).and_then(|at| name.get(at..)).and_then(day_of);
    match day {
        Some(day) => Ok(bounds.holds(day).then_some(By::Name)),
        None => Err("it has no partitions by time: a query would scan all of it, so nothing was asked"),
    }
}

/// The `20260314` of `_20260314`.
fn day_of(end: &str) -> Option<&str> {
    let day = end.strip_prefix('_')?;
    (day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit())).then_some(day)
}

impl Found {
    /// Takes log analytics' view, by what `tables.get` tells of it.
    pub fn shown(&mut self, view: &Value) {
        let fields = view["schema"]["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |column: &str| fields.iter().any(|field| field["name"].as_str() == Some(column));
        self.has_view = false;
        if !NEEDED.iter().all(|column| has(column)) {
            let why = "it has not the columns of log analytics' view, so nothing was asked";
            return self.not.push((ALL_LOGS.into(), why));
        }
        let columns = COLUMNS.iter().copied().filter(|column| has(column)).collect();
        self.tables.push(Table { name: ALL_LOGS.into(), by: By::Analytics(columns) });
    }
}

impl Bounds {
    /// Whether a table of this day may hold what is in the window; the day before and the one after may, too.
    fn holds(&self, day: &str) -> bool {
        let (since, until) = self.ends();
        let margin = jiff::SignedDuration::from_hours(24);
        let name = |at: Time| at.strftime("%Y%m%d").to_string();
        let first = name(since.checked_sub(margin).unwrap_or(since));
        let last = name(until.checked_add(margin).unwrap_or(until));
        // Eight digits each.
        (first.as_str()..=last.as_str()).contains(&day)
    }
}

/// A question, with its parameters by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    /// `@since`: from here on.
    pub since: String,
    /// `@until`: before this.
    pub until: String,
    /// `@ids`.
    pub ids: Vec<String>,
    /// How many tables it names.
    pub tables: u64,
}

/// Returns the statements that ask these tables which audit entries of the window contain one of these ids.
pub fn statements(
    of: &Dataset,
    tables: &[Table],
    query: &Query,
    bounds: Bounds,
) -> (Vec<Statement>, Vec<NotAsked>) {
    let mut asked = Vec::new();
    let mut not = Vec::new();
    for id in &query.ids {
        match refuse(id) {
            None => asked.extend(escaped(id)),
            Some(why) => not.push(NotAsked { id: id.clone(), why }),
        }
    }
    let (since, until) = bounds.ends();
    let time = |at: Time| at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    // The last second belongs to it whole.
    let until = time(until.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(until));
    let mut statements = Vec::new();
    for ids in asked.chunks(IDS_PER_STATEMENT) {
        for some in tables.chunks(TABLES_PER_STATEMENT) {
            let parts: Vec<String> = some.iter().map(|table| part(of, table, bounds)).collect();
            let text = format!(
                "SELECT entry FROM ({}) WHERE EXISTS (SELECT 1 FROM UNNEST(@ids) AS id WHERE STRPOS(LOWER(entry), LOWER(id)) > 0)",
                parts.join(" UNION ALL ")
            );
            let (since, until, tables) = (time(since), until.clone(), some.len() as u64);
            statements.push(Statement { text, since, until, ids: ids.to_vec(), tables });
        }
    }
    (statements, not)
}

/// The audit entries of one table in the window, each as one text.
fn part(of: &Dataset, table: &Table, bounds: Bounds) -> String {
    let from = format!("`{}.{}.{}`", of.project, of.dataset, table.name);
    const WITHIN: &str = "`timestamp` >= @since AND `timestamp` < @until";
    match &table.by {
        By::Analytics(columns) => {
            let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            format!(
                "SELECT TO_JSON_STRING(STRUCT({})) AS entry FROM {from} WHERE {WITHIN} AND STRPOS(`log_name`, 'cloudaudit.googleapis.com') > 0",
                columns.join(", ")
            )
        }
        By::Timestamp | By::Name => {
            format!("SELECT TO_JSON_STRING(t) AS entry FROM {from} AS t WHERE {WITHIN}")
        }
        By::Arrival(unit) => {
            let (first, last) = bounds.days(match unit {
                Unit::Day => "%Y-%m-%d",
                Unit::Month => "%Y-%m-01",
                Unit::Year => "%Y-01-01",
            });
            // What came just now is in no partition yet.
            format!(
                "SELECT TO_JSON_STRING(t) AS entry FROM {from} AS t WHERE {WITHIN} AND (_PARTITIONTIME BETWEEN TIMESTAMP('{first}') AND \
                 TIMESTAMP('{last}') OR _PARTITIONTIME IS NULL)"
            )
        }
    }
}

fn refuse(id: &str) -> Option<&'static str> {
    let is_odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match id {
        _ if id.len() < 4 => Some("too short to be looked for: it would be found everywhere"),
        _ if id.len() > LONGEST_ID => Some("longer than any id"),
        _ if id.chars().any(is_odd) => Some("it holds signs that ids of Google's do not have"),
        _ => None,
    }
}

/// As it stands within JSON.
fn escaped(id: &str) -> Option<String> {
    let quoted = serde_json::to_string(id).ok()?;
    quoted.get(1..quoted.len().checked_sub(1)?).map(str::to_owned)
}
