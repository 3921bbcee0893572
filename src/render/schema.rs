//! The JSON Schemas (2020-12) of our documents, made from their types, so that they can't differ.

use crate::model::report::{Report, SCHEMA};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::json;

/// Returns the schema of a report: what is written, so a field that may be left out is not required. Fields are added within a
/// version, so further ones are allowed.
pub fn report() -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    schema.insert("$id".into(), json!("urn:triage:report:1"));
    if let Some(version) = schema.pointer_mut("/properties/schema") {
        *version = json!({"const": SCHEMA});
    }
    schema
}
