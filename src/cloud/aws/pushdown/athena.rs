//! Athena: a table over a trail's bucket, asked only where its day is a partition.

use super::super::error::failed;
use super::super::{Aws, client, not_answered};
use super::{Page, Told, bytes};
use crate::cloud::CloudError;
use crate::cloud::sql::{Statement, Table, record};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place};
use aws_sdk_athena::Client;
use aws_sdk_athena::types::ResultConfiguration;

pub(super) const START: &str = "athena:StartQueryExecution";

pub(super) struct Athena<'a> {
    client: Client,
    at: &'a Place,
    table: &'a Table,
    work_group: Option<&'a str>,
    results: Option<&'a str>,
    /// The columns, which the first row of the first page names.
    names: Vec<String>,
}

impl<'a> Athena<'a> {
    pub(super) async fn open(
        aws: &Aws,
        at: &'a Place,
        table: &'a Table,
        (work_group, results): (Option<&'a str>, Option<&'a str>),
    ) -> Result<Athena<'a>, CloudError> {
        let client = client!(aws, at, aws_sdk_athena)?;
        Ok(Athena { client, at, table, work_group, results, names: Vec::new() })
    }

    /// Whether the day is a partition: where it is a column like any other, the whole table would be scanned, and billed.
    pub(super) async fn bounded(&self, aws: &Aws) -> Result<(), Gap> {
        const CALL: &str = "glue:GetTable";
        let (database, name) = (&self.table.database, &self.table.name);
        let client = client!(aws, self.at, aws_sdk_glue).map_err(|error: CloudError| error.gap())?;
        let sent = client.get_table().database_name(database).name(name).send().await;
        let answer = sent.map_err(|error| failed(CALL, self.at, error).gap())?;
        let table = answer.table.ok_or_else(|| not_answered(CALL, self.at, "table").gap())?;
        let keys: Vec<&str> = table.partition_keys().iter().map(|key| key.name()).collect();
        let day = &self.table.day.0;
        if keys.iter().any(|key| key.eq_ignore_ascii_case(day)) {
            return Ok(());
        }
        let keys = if keys.is_empty() { "it has none".to_owned() } else { keys.join(", ") };
        let why = format!(
            "{day} is no partition of it ({keys}): a query would scan the whole table, so none was made"
        );
        Err(Gap::new(GapKind::NotFollowed, format!("{database}.{name} in {}", self.at), why))
    }

    pub(super) async fn start(&self, statement: &Statement) -> Result<String, CloudError> {
        let to = self.results.map(|to| ResultConfiguration::builder().output_location(to).build());
        let asked = self.client.start_query_execution().query_string(&statement.text);
        let asked = asked.set_execution_parameters(Some(statement.parameters.clone()));
        let asked = asked.set_work_group(self.work_group.map(str::to_owned)).set_result_configuration(to);
        let answer = asked.send().await.map_err(|error| failed(START, self.at, error))?;
        answer.query_execution_id.ok_or_else(|| not_answered(START, self.at, "query id"))
    }

    pub(super) async fn told(&self, id: &str) -> Result<Told, CloudError> {
        const CALL: &str = "athena:GetQueryExecution";
        let sent = self.client.get_query_execution().query_execution_id(id).send().await;
        let told = sent.map_err(|error| failed(CALL, self.at, error))?;
        let execution = told.query_execution().ok_or_else(|| not_answered(CALL, self.at, "execution"))?;
        let status = execution.status();
        let state = status.and_then(|status| status.state()).map(|state| state.as_str()).unwrap_or_default();
        let why = status.and_then(|status| status.state_change_reason()).unwrap_or_default();
        Ok(Told {
            is_over: state == "SUCCEEDED",
            scanned: bytes(execution.statistics().and_then(|all| all.data_scanned_in_bytes())),
            failure: (!matches!(state, "SUCCEEDED" | "QUEUED" | "RUNNING"))
                .then(|| (state.to_owned(), why.to_owned())),
        })
    }

    pub(super) async fn page(&mut self, id: &str, token: Option<String>) -> Result<Page, CloudError> {
        const CALL: &str = "athena:GetQueryResults";
        let asked = self.client.get_query_results().query_execution_id(id).max_results(1000);
        let sent = asked.set_next_token(token).send().await;
        let page = sent.map_err(|error| failed(CALL, self.at, error))?;
        let mut rows = Vec::new();
        for row in page.result_set().map(|set| set.rows()).unwrap_or_default() {
            let cells: Vec<Option<&str>> = row.data().iter().map(|cell| cell.var_char_value()).collect();
            if self.names.is_empty() {
                self.names = cells.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect();
                continue;
            }
            let found = record(&self.names, &cells);
            rows.push(found.ok_or_else(|| not_answered(CALL, self.at, "column that a record needs"))?);
        }
        Ok(Page { rows, next: page.next_token })
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<(), CloudError> {
        let sent = self.client.stop_query_execution().query_execution_id(id).send().await;
        sent.map(drop).map_err(|error| failed("athena:StopQueryExecution", self.at, error))
    }
}
