//! CloudTrail Lake: a query is started, looked at until it is over, and paged through.

use super::super::error::failed;
use super::super::{Aws, client, not_answered};
use super::{Page, Told, bytes};
use crate::cloud::CloudError;
use crate::cloud::sql::Statement;
use crate::model::Place;
use aws_sdk_cloudtrail::Client;

pub(super) const START: &str = "cloudtrail:StartQuery";

pub(super) struct Lake<'a> {
    client: Client,
    at: &'a Place,
}

impl<'a> Lake<'a> {
    pub(super) async fn open(aws: &Aws, at: &'a Place) -> Result<Lake<'a>, CloudError> {
        Ok(Lake { client: client!(aws, at, aws_sdk_cloudtrail)?, at })
    }

    pub(super) async fn start(&self, statement: &Statement) -> Result<String, CloudError> {
        let sent = self.client.start_query().query_statement(&statement.text).send().await;
        let answer = sent.map_err(|error| failed(START, self.at, error))?;
        answer.query_id.ok_or_else(|| not_answered(START, self.at, "query id"))
    }

    pub(super) async fn told(&self, id: &str) -> Result<Told, CloudError> {
        let sent = self.client.describe_query().query_id(id).send().await;
        let told = sent.map_err(|error| failed("cloudtrail:DescribeQuery", self.at, error))?;
        let state = told.query_status().map(|status| status.as_str()).unwrap_or_default();
        let why = told.error_message().unwrap_or_default();
        Ok(Told {
            is_over: state == "FINISHED",
            scanned: bytes(told.query_statistics().and_then(|all| all.bytes_scanned())),
            failure: (!matches!(state, "FINISHED" | "QUEUED" | "RUNNING"))
                .then(|| (state.to_owned(), why.to_owned())),
        })
    }

    pub(super) async fn page(&self, id: &str, token: Option<String>) -> Result<Page, CloudError> {
        const CALL: &str = "cloudtrail:GetQueryResults";
        let asked = self.client.get_query_results().query_id(id).max_query_results(1000);
        let sent = asked.set_next_token(token).send().await;
        let page = sent.map_err(|error| failed(CALL, self.at, error))?;
        let row = |row: &Vec<std::collections::HashMap<String, String>>| {
            // A row is a list of maps of one column each.
            let mut columns = row.iter().flat_map(|column| column.iter());
            let json = columns.find(|(name, _)| name.eq_ignore_ascii_case("eventJson"));
            json.map(|(_, json)| json.clone().into_bytes())
                .ok_or_else(|| not_answered(CALL, self.at, "eventJson"))
        };
        let rows = page.query_result_rows().iter().map(row).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: page.next_token })
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<(), CloudError> {
        let sent = self.client.cancel_query().query_id(id).send().await;
        sent.map(drop).map_err(|error| failed("cloudtrail:CancelQuery", self.at, error))
    }
}
