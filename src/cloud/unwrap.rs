//! Containers → records.
