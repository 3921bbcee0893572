//! `triage`: what a leaked cloud credential did and became, and how to shut exactly that down.
//!
//! The map is `ARCHITECTURE.md` beside this file.

pub mod analyze;
pub mod case;
pub mod catalog;
pub mod cli;
pub mod cloud;
pub mod collect;
pub mod cost;
pub mod exec;
pub mod model;
pub mod observe;
pub mod plan;
pub mod progress;
pub mod read;
pub mod render;
