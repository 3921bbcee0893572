//! The command line: arguments, one file per command, the terminal. The only room that knows the environment.

pub mod args;
pub mod exit;
pub mod ui;
