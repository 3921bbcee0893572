//! Exit codes: a contract with scripts. Renaming or renumbering one is a decision, not a cleanup.

/// Done, and all that was asked for was looked at.
pub const SUCCESS: u8 = 0;
/// Failed. What was changed until then, if anything, is in the journal: nothing is called before its intent is written there.
pub const FAILURE: u8 = 1;
/// The command line was not understood.
pub const USAGE: u8 = 2;
/// There is a result, but something could not be read.
pub const INCOMPLETE: u8 = 3;
/// Consent was missing, or it would not be safe yet; nothing was changed.
pub const REFUSED: u8 = 4;
/// Some changes were made and some were not.
pub const PARTLY: u8 = 5;
/// There are findings (only where that was asked for).
pub const FINDINGS: u8 = 6;
/// Ctrl-C: what is shown is what was seen until then.
pub const INTERRUPTED: u8 = 130;

/// Every code, in order, for the documentation.
pub const ALL: [u8; 8] = [SUCCESS, FAILURE, USAGE, INCOMPLETE, REFUSED, PARTLY, FINDINGS, INTERRUPTED];

/// Returns what a code means, one sentence; `None` for a code that we never give.
pub fn explain(code: u8) -> Option<&'static str> {
    match code {
        SUCCESS => Some("Done, and all that was asked for was looked at."),
        FAILURE => Some("Failed; what was changed until then, if anything, is in the case's journal."),
        USAGE => Some("The command line was not understood; nothing was done."),
        INCOMPLETE => {
            Some("Incomplete: there is a result, but something could not be read; the gaps name it.")
        }
        REFUSED => Some("Refused: consent was missing, or it would not be safe yet, so nothing was changed."),
        PARTLY => Some("Partly done: some changes were made and some were not; the journal says which."),
        FINDINGS => Some("Findings are present, and this code was asked for."),
        INTERRUPTED => Some("Interrupted: what is shown is what was seen until then."),
        _ => None,
    }
}
