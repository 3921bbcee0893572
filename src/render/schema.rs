//! The JSON Schemas (2020-12) of our documents, made from their types, so that they can't differ.

use crate::model::Report;
use crate::model::plan::{self, Plan};
use crate::model::report;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// Returns the schema of a report: what is written, so a field that may be left out is not required. Fields are added within a
/// version, so further ones are allowed.
pub fn report() -> Schema {
    of::<Report>("report", report::SCHEMA)
}

/// The same of a plan.
pub fn plan() -> Schema {
    of::<Plan>("plan", plan::SCHEMA)
}

/// The same of one line of a journal, whose type the caller knows; every line ends in the sum of what stands before it.
pub fn journal<Line: JsonSchema>(version: &str) -> Schema {
    let mut schema = of::<Line>("journal", version);
    let hash = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        fields.insert("prev".to_owned(), hash.clone());
        fields.insert("sum".to_owned(), hash);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.push("sum".into());
    }
    schema
}

fn of<Document: JsonSchema>(name: &str, version: &str) -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".into(), json!(format!("urn:triage:{name}:1")));
    if let Some(field) = schema.pointer_mut("/properties/schema") {
        *field = json!({ "const": version });
    }
    schema
}
