//! Consent, the journal, the run and the undo: how a plan is carried out, and nothing else ever is.
//!
//! Names `model`, `cloud` and `case`; decides nothing that a plan has not decided. `cli` asks the operator, makes an
//! [`gate::Approved`] and hands it to [`run::run`], the only caller of a `Mutator`.

mod act;
pub mod clock;
mod crowd;
mod entry;
pub mod gate;
mod hold;
pub mod journal;
mod ledger;
mod look;
pub mod run;
mod schedule;
pub mod undo;
mod unit;

pub use clock::{Clock, Wall};
pub use entry::{Entry, Intent, Line, Outcome, Resolution, Reversed, SCHEMA, Started};
pub use gate::{Approved, Ask, Consent, Refused, Terms};
pub use hold::Reverted;
pub use journal::Journal;
pub use ledger::{Deed, Ledger, Status};
pub use run::{About, Done, End, Ended, Halt, Means, Options, Told, Verdict};
