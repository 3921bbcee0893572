//! The built program, from outside: streams, exit codes, the case folder, secrets. One binary, hermetic: own home, own
//! folder, no environment.

mod case;
mod contract;
mod hurt;
mod run;
mod secrets;
