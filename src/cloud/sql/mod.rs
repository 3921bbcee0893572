//! The investigation's question as SQL, for engines that already hold the logs: which records, in this window, contain one of
//! these ids.
//!
//! Pure, and known to no SDK. Trino's dialect, which CloudTrail Lake and Athena share; BigQuery's is in [`bigquery`]. A question without bounds in time
//! is no question, and an id that is more than letters, digits and the few signs that ids are made of is refused: where the engine takes parameters it
//! is one, where it takes none (Lake) it is quoted, and nothing that could end a quote gets that far.

pub mod bigquery;
mod entry;
mod row;

pub use entry::entry;
pub use row::record;

use crate::cloud::Query;
use crate::model::Time;
use std::sync::Arc;

/// Lake takes 10,000 characters of a statement (aws.md 2.3).
pub const LONGEST: usize = 10_000;
/// Athena takes 25 parameters more easily than 1,000, and so do we: further ids are further statements.
const IDS_PER_STATEMENT: usize = 100;

/// A statement, and what its question marks stand for, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    pub parameters: Vec<String>,
}

/// A number of bytes, as providers bill them: 1 TB is a million million.
pub fn size(bytes: u64) -> String {
    let units = ["bytes", "KB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} bytes"),
        _ => format!("{value:.1} {}", units[unit]).replace(".0 ", " "),
    }
}

/// What could not be asked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAsked {
    pub id: Arc<str>,
    pub why: &'static str,
}

/// A window with both ends; none without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    since: Time,
    until: Time,
}

impl Bounds {
    /// `None` when the window is empty.
    pub fn new(since: Time, until: Time) -> Option<Bounds> {
        (since < until).then_some(Bounds { since, until })
    }

    /// Both ends.
    pub fn ends(&self) -> (Time, Time) {
        (self.since, self.until)
    }

    /// Days that the window touches, in UTC, as partitions name them.
    fn days(&self, form: &str) -> (String, String) {
        // A file's day is that of delivery, which may be the day after an event's.
        let last = self.until.checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(self.until);
        (self.since.strftime(form).to_string(), last.strftime(form).to_string())
    }

    fn times(&self) -> (String, String) {
        let form = "%Y-%m-%d %H:%M:%S";
        // Both ends belong to it: the first second whole, the last second whole.
        let until = self.until.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(self.until);
        (self.since.strftime(form).to_string(), until.strftime(form).to_string())
    }
}

/// Returns the statements that ask an event data store; it takes no parameters, so the ids are quoted.
pub fn lake(
    store: &str,
    query: &Query,
    bounds: Bounds,
) -> Result<(Vec<Statement>, Vec<NotAsked>), &'static str> {
    if store.is_empty() || !store.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err("the id of an event data store is hexadecimal digits and dashes");
    }
    let (asked, not) = askable(query);
    let (since, until) = bounds.times();
    let begin =
        format!("SELECT eventJson FROM {store} WHERE eventTime >= '{since}' AND eventTime < '{until}' AND (");
    let mut statements = Vec::new();
    let mut text = begin.clone();
    let mut ids = 0;
    for id in &asked {
        let part = format!("strpos(eventJson, '{id}') > 0");
        if ids > 0 && (ids == IDS_PER_STATEMENT || text.len() + part.len() + 6 > LONGEST) {
            statements.push(Statement {
                text: std::mem::replace(&mut text, begin.clone()) + ")",
                parameters: Vec::new(),
            });
            ids = 0;
        }
        if ids > 0 {
            text += " OR ";
        }
        text += &part;
        ids += 1;
    }
    if ids > 0 {
        statements.push(Statement { text: text + ")", parameters: Vec::new() });
    }
    Ok((statements, not))
}

/// An Athena table over a trail's bucket, as the operator or the catalog names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub database: String,
    pub name: String,
    /// The partition column that holds the day, and how it is written (`%Y/%m/%d`).
    pub day: (String, String),
}

/// The columns that a record is put together from, as AWS's own table for trails has them.
pub const COLUMNS: &[&str] = &[
    "eventversion",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "errormessage",
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "requestid",
    "eventid",
    "readonly",
    "eventtype",
    "recipientaccountid",
    "serviceeventdetails",
    "sharedeventid",
];

/// Returns the statements that ask an Athena table, bounded by its day partition and by time; ids are parameters.
pub fn athena(
    table: &Table,
    query: &Query,
    bounds: Bounds,
) -> Result<(Vec<Statement>, Vec<NotAsked>), &'static str> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if ![&table.database, &table.name, &table.day.0].into_iter().all(|name| is_name(name)) {
        return Err("names of databases, tables and columns are letters, digits and underscores");
    }
    let (asked, not) = askable(query);
    let (first, last) = bounds.days(&table.day.1);
    let times = |at: Time| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let columns = COLUMNS.join(", ");
    // Everything of a record that an id may stand in.
    let whole = "concat_ws(' ', json_format(CAST(useridentity AS JSON)), requestparameters, responseelements, \
                 additionaleventdata, serviceeventdetails, errormessage, json_format(CAST(resources AS JSON)))";
    let statements = asked
        .chunks(IDS_PER_STATEMENT)
        .map(|ids| {
            let any = vec![format!("strpos({whole}, ?) > 0"); ids.len()].join(" OR ");
            let text = format!(
                "SELECT {columns}, json_format(CAST(useridentity AS JSON)) AS useridentity, \
                 json_format(CAST(resources AS JSON)) AS resources FROM {}.{} WHERE {day} BETWEEN ? AND ? \
                 AND eventtime BETWEEN ? AND ? AND ({any})",
                table.database,
                table.name,
                day = table.day.0,
            );
            // Execution parameters are literals, quotes and all.
            let quoted = |text: &str| format!("'{text}'");
            let mut parameters = vec![
                quoted(&first),
                quoted(&last),
                quoted(&times(bounds.since)),
                quoted(&times(bounds.until)),
            ];
            parameters.extend(ids.iter().map(|id| quoted(id)));
            Statement { text, parameters }
        })
        .collect();
    Ok((statements, not))
}

/// Sorts out what can be asked at all.
fn askable(query: &Query) -> (Vec<Arc<str>>, Vec<NotAsked>) {
    let mut asked = Vec::new();
    let mut not = Vec::new();
    for id in &query.ids {
        match refuse(id) {
            None => asked.push(id.clone()),
            Some(why) => not.push(NotAsked { id: id.clone(), why }),
        }
    }
    (asked, not)
}

fn refuse(id: &str) -> Option<&'static str> {
    // What AWS allows in names of users, roles and sessions, and what ARNs and ids are made of.
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    match id {
        _ if id.len() < 4 => Some("too short to be looked for: it would be found everywhere"),
        _ if id.len() > 256 => Some("longer than any id"),
        _ if !id.bytes().all(is_allowed) => Some("it holds signs that ids of AWS do not have"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(ids: &[&str]) -> Query {
        Query { ids: ids.iter().map(|id| Arc::from(*id)).collect(), ..Query::default() }
    }

    fn bounds() -> Bounds {
        Bounds::new("2026-03-01T00:00:00Z".parse().unwrap(), "2026-03-02T12:00:00Z".parse().unwrap()).unwrap()
    }

    const STORE: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn the_question_is_bounded_and_names_the_ids() {
        let (statements, not) = lake(STORE, &query(&["AKIAIOSFODNN7EXAMPLE", "user/ci"]), bounds()).unwrap();
        assert!(not.is_empty());
        let [one] = statements.as_slice() else { panic!("{statements:?}") };
        assert_eq!(
            one.text,
            "SELECT eventJson FROM 01234567-89ab-cdef-0123-456789abcdef WHERE eventTime >= '2026-03-01 00:00:00' AND \
             eventTime < '2026-03-02 12:00:01' AND (strpos(eventJson, 'AKIAIOSFODNN7EXAMPLE') > 0 OR \
             strpos(eventJson, 'user/ci') > 0)"
        );
        assert!(Bounds::new(bounds().until, bounds().since).is_none());
    }

    #[test]
    fn an_id_cannot_become_a_statement() {
        for id in [
            "x') OR 1=1 --",
            "a'b'c",
            "name with space",
            "caf\u{e9}s",
            "%%%%",
            "abc\n",
            "x",
            &"k".repeat(300),
        ] {
            let (statements, not) = lake(STORE, &query(&[id]), bounds()).unwrap();
            assert_eq!((statements.len(), not.len()), (0, 1), "{id}");
            let table =
                Table { database: "d".into(), name: "t".into(), day: ("day".into(), "%Y/%m/%d".into()) };
            let (statements, not) = athena(&table, &query(&[id]), bounds()).unwrap();
            assert_eq!((statements.len(), not.len()), (0, 1), "{id}");
        }
        assert!(lake("store; DROP", &query(&["AKIAIOSFODNN7EXAMPLE"]), bounds()).is_err());
        assert!(lake("", &query(&[]), bounds()).is_err());
        let table = Table { database: "d;".into(), name: "t".into(), day: ("day".into(), "%Y".into()) };
        assert!(athena(&table, &query(&["AKIAIOSFODNN7EXAMPLE"]), bounds()).is_err());
    }

    #[test]
    fn athena_gets_ids_as_parameters_and_a_partition() {
        let table = Table {
            database: "logs".into(),
            name: "trail".into(),
            day: ("timestamp".into(), "%Y/%m/%d".into()),
        };
        let ids: Vec<String> = (0..101).map(|n| format!("AKIAIOSFODNN7EXAM{n:03}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (statements, not) = athena(&table, &query(&ids), bounds()).unwrap();
        assert_eq!((statements.len(), not.len()), (2, 0));
        for statement in &statements {
            assert_eq!(statement.text.matches('?').count(), statement.parameters.len());
            assert!(statement.text.contains("timestamp BETWEEN ? AND ?") && !statement.text.contains("AKIA"));
        }
        assert_eq!(statements[0].parameters[..2], ["'2026/03/01'", "'2026/03/03'"]);
        assert_eq!(statements[1].parameters.len(), 5);
    }

    #[test]
    fn a_statement_stays_under_the_limit() {
        let ids: Vec<String> = (0..900)
            .map(|n| format!("arn:aws:sts::111122223333:assumed-role/Role{n:04}/{}", "s".repeat(60)))
            .collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (statements, _) = lake(STORE, &query(&ids), bounds()).unwrap();
        assert!(statements.len() > 9 && statements.iter().all(|one| one.text.len() <= LONGEST));
        let asked: usize = statements.iter().map(|one| one.text.matches("strpos").count()).sum();
        assert_eq!(asked, 900);
    }
}
