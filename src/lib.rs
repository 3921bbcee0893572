//! `triage`: what a leaked cloud credential did and became, and how to shut exactly that down.
//!
//! The map is `ARCHITECTURE.md` beside this file.

pub mod case;
pub mod catalog;
pub mod cloud;
pub mod model;
pub mod read;
