//! From events to a report: the credential graph, what it made, what it touched, what that means, what was not seen.
//!
//! Pure. Names `model`, `catalog` and `read`; knows no source, file, clock or terminal. The same events in any order,
//! split or duplicated, give the same report.

pub mod asks;
pub mod attribute;
mod bounds;
pub mod coverage;
pub mod finding;
pub mod graph;
mod index;
pub mod investigation;
mod meter;
mod names;
pub mod outlived;
pub mod root;
pub mod siblings;
pub mod taint;
mod timeline;
pub mod usage;

pub use investigation::Investigation;
