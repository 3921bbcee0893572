//! Fills in what a report's resources cost. The one place that knows to which time it is counted.

use crate::cost::{self, Prices};
use crate::model::Report;
#[cfg(any(feature = "aws", feature = "gcp"))]
use crate::model::Time;

/// Of recorded input: to the end of what was recorded, never to now.
pub fn recorded(report: &mut Report) {
    if let Some(at) = cost::end_of_record(report) {
        cost::fill(report, at, &Prices::default());
    }
}

/// Of a cloud that was asked itself: to now.
#[cfg(any(feature = "aws", feature = "gcp"))]
pub fn live(report: &mut Report, now: Time, prices: &Prices) {
    cost::fill(report, now, prices);
}
