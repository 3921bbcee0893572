//! The same question for a table that a log sink fills in BigQuery.
//!
//! Rows come back whole, as JSON, in the sink's own spelling of an entry, which `read` knows. The table is partitioned by the
//! entry's time, so that the window alone decides what is scanned and billed: a dry run tells how much before anything is
//! asked. Ids are one array parameter, and nothing of them is in the text.

use super::{Bounds, NotAsked, Statement};
use crate::cloud::Query;
use std::sync::Arc;

/// Ids of one statement: an array of more is allowed, but every row is searched for each.
const IDS_PER_STATEMENT: usize = 500;

/// A table of audit entries, as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTable {
    pub project: String,
    pub dataset: String,
    /// `cloudaudit_googleapis_com_activity`, or with `_*` at its end where the sink makes a table a day.
    pub table: String,
}

impl LogTable {
    /// Reads `PROJECT.DATASET.TABLE`; nothing that could end a quoted name gets through.
    pub fn parse(text: &str) -> Option<LogTable> {
        let mut parts = text.split('.');
        let (project, dataset, table) = (parts.next()?, parts.next()?, parts.next()?);
        let is_name = |name: &str, more: &[u8]| {
            !name.is_empty()
                && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || more.contains(&c))
        };
        let is_whole = parts.next().is_none()
            && is_name(project, b"-:")
            && is_name(dataset, b"")
            && is_name(table.strip_suffix("_*").unwrap_or(table), b"");
        is_whole.then(|| LogTable { project: project.into(), dataset: dataset.into(), table: table.into() })
    }

    /// Whether the sink makes a table a day, instead of one with partitions.
    fn is_sharded(&self) -> bool {
        self.table.ends_with("_*")
    }
}

/// Returns the statements that ask a table. Each takes one array parameter named `ids`, whose members are the statement's
/// parameters.
pub fn bigquery(table: &LogTable, query: &Query, bounds: Bounds) -> (Vec<Statement>, Vec<NotAsked>) {
    let (asked, not): (Vec<&Arc<str>>, Vec<&Arc<str>>) =
        query.ids.iter().partition(|id| refuse(id).is_none());
    let not = not.into_iter().filter_map(|id| Some(NotAsked { id: id.clone(), why: refuse(id)? })).collect();
    let (since, until) = bounds.times();
    let days = match table.is_sharded() {
        true => {
            let (first, last) = bounds.days("%Y%m%d");
            format!("_TABLE_SUFFIX BETWEEN '{first}' AND '{last}' AND ")
        }
        false => String::new(),
    };
    // Google takes people's e-mails in any letter case and logs them as they were typed.
    let text = format!(
        "SELECT entry FROM (SELECT TO_JSON_STRING(t) AS entry FROM `{}.{}.{}` AS t WHERE {days}\
         timestamp >= TIMESTAMP('{since}+00') AND timestamp < TIMESTAMP('{until}+00')) \
         WHERE EXISTS (SELECT 1 FROM UNNEST(@ids) AS id WHERE STRPOS(LOWER(entry), LOWER(id)) > 0)",
        table.project, table.dataset, table.table
    );
    let statements = asked
        .chunks(IDS_PER_STATEMENT)
        .map(|ids| Statement {
            text: text.clone(),
            parameters: ids.iter().map(|id| id.to_string()).collect(),
        })
        .collect();
    (statements, not)
}

fn refuse(id: &str) -> Option<&'static str> {
    match id {
        _ if id.len() < 4 => Some("too short to be looked for: it would be found everywhere"),
        _ if id.len() > 1024 => Some("longer than any id"),
        // It would stand in JSON as something else.
        _ if id.contains(['"', '\\']) || id.chars().any(char::is_control) => {
            Some("it holds signs that ids of Google do not have")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds::new("2026-03-01T00:00:00Z".parse().unwrap(), "2026-03-02T12:00:00Z".parse().unwrap()).unwrap()
    }

    fn query(ids: &[&str]) -> Query {
        Query { ids: ids.iter().map(|id| Arc::from(*id)).collect(), ..Query::default() }
    }

    #[test]
    fn the_question_is_bounded_and_its_ids_are_parameters() {
        let table = LogTable::parse("shop-prod-4821.audit.cloudaudit_googleapis_com_activity").unwrap();
        let (statements, not) = bigquery(
            &table,
            &query(&["builder@shop-prod-4821.iam.gserviceaccount.com", "a'b`c", "x\"y", "ab"]),
            bounds(),
        );
        assert_eq!((statements.len(), not.len()), (1, 2));
        let one = &statements[0];
        assert!(one.text.contains("FROM `shop-prod-4821.audit.cloudaudit_googleapis_com_activity` AS t WHERE timestamp >= TIMESTAMP('2026-03-01 00:00:00+00') AND timestamp < TIMESTAMP('2026-03-02 12:00:01+00')"), "{}", one.text);
        assert!(!one.text.contains("builder") && !one.text.contains("a'b"));
        assert_eq!(one.parameters.len(), 2);
    }

    #[test]
    fn tables_of_a_day_are_pruned_by_their_names() {
        let table = LogTable::parse("p.d.cloudaudit_googleapis_com_activity_*").unwrap();
        let (statements, _) = bigquery(&table, &query(&["4f1d0c62a7be9953d1e0a6a1c2b39485"]), bounds());
        assert!(
            statements[0]
                .text
                .contains("WHERE _TABLE_SUFFIX BETWEEN '20260301' AND '20260303' AND timestamp")
        );
    }

    #[test]
    fn a_name_cannot_become_a_statement() {
        for text in ["p.d", "p.d.t.x", "p.d.t`; DROP", "p.d.t*", "p..t", "p.d d.t", "p'.d.t", ""] {
            assert_eq!(LogTable::parse(text), None, "{text}");
        }
    }
}
