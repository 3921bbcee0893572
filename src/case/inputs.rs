//! `inputs.json`: what the corpus was, so that a case which keeps only the records that matter reports the same again.

use super::disk;
use crate::model::report::{Counts, CoveredScope};
use crate::model::{Gap, Report, Time};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

const SCHEMA: &str = "triage.inputs/1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    schema: String,
    pub inputs: Vec<Input>,
    pub counts: InputCounts,
    pub scopes: Vec<CoveredScope>,
    pub gaps: Vec<Gap>,
    /// Whether every input was read to its end.
    pub complete: bool,
    /// Where a cloud itself was asked, its event history was read, and its answers name us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<AskedBy>,
}

/// Who asked a cloud: calls of ours are left out of the report, also when the case is opened again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBy {
    /// Ids of access keys.
    pub keys: BTreeSet<Arc<str>>,
    /// Names of role sessions.
    pub sessions: BTreeSet<Arc<str>>,
    /// ARNs of the operator.
    pub principals: BTreeSet<Arc<str>>,
    /// Every name of what is the operator's own, and never a lookalike.
    pub names: BTreeSet<Arc<str>>,
    /// When it was last asked: until then costs are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

impl AskedBy {
    /// The same, asked until a report's costs are counted.
    pub fn until(self, report: &Report) -> AskedBy {
        AskedBy { at: report.cost.as_ref().map(|cost| cost.at).max(self.at), ..self }
    }

    /// Adds who asked in an earlier run.
    pub fn with(mut self, earlier: &AskedBy) -> AskedBy {
        self.keys.extend(earlier.keys.iter().cloned());
        self.sessions.extend(earlier.sessions.iter().cloned());
        self.principals.extend(earlier.principals.iter().cloned());
        self.names.extend(earlier.names.iter().cloned());
        self.at = self.at.max(earlier.at);
        self
    }
}

/// One file as it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    pub path: Arc<str>,
    /// Bytes on disk.
    pub size: u64,
    /// Absent when it could not be read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    pub records: u64,
}

/// The counts that a source alone can know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputCounts {
    pub records_read: u64,
    pub duplicates: u64,
    pub other_records: u64,
}

impl From<&Counts> for InputCounts {
    fn from(counts: &Counts) -> InputCounts {
        InputCounts {
            records_read: counts.records_read,
            duplicates: counts.duplicates,
            other_records: counts.other_records,
        }
    }
}

impl From<InputCounts> for Counts {
    fn from(counts: InputCounts) -> Counts {
        Counts {
            records_read: counts.records_read,
            duplicates: counts.duplicates,
            other_records: counts.other_records,
            ..Counts::default()
        }
    }
}

impl Inputs {
    /// Sorts everything, so that the same corpus is written in the same bytes.
    pub fn new(
        mut inputs: Vec<Input>,
        counts: InputCounts,
        mut scopes: Vec<CoveredScope>,
        mut gaps: Vec<Gap>,
        complete: bool,
    ) -> Inputs {
        inputs.sort();
        scopes.sort();
        gaps.sort();
        Inputs { schema: SCHEMA.into(), inputs, counts, scopes, gaps, complete, asked_by: None }
    }

    /// The same, of a cloud that was asked itself.
    pub fn asked_by(self, asked_by: Option<AskedBy>) -> Inputs {
        Inputs { asked_by, ..self }
    }

    /// As `inputs.json` holds it.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self).context("write inputs.json")?;
        json.push(b'\n');
        Ok(json)
    }

    pub(super) fn open(path: &Path) -> Result<Option<Inputs>> {
        if let Err(error) = std::fs::symlink_metadata(path)
            && error.kind() == ErrorKind::NotFound
        {
            return Ok(None);
        }
        let inputs: Inputs = serde_json::from_slice(&disk::read_small(path)?)?;
        if inputs.schema != SCHEMA {
            bail!("its schema is not {SCHEMA}, which this version reads");
        }
        Ok(Some(inputs))
    }
}
