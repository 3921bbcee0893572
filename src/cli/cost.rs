//! Fills in what a report's resources cost. The one place that knows to which time it is counted, and by which prices.

use crate::cost::{self, Prices};
use crate::model::{Report, Time};

/// Of recorded input: to the end of what was recorded, never to now; where a cloud was asked, to when that was.
pub fn recorded(report: &mut Report, asked_at: Option<Time>) {
    if let Some(at) = asked_at.or_else(|| cost::end_of_record(report)) {
        cost::fill(report, at, &Prices::default());
    }
}

#[cfg(any(feature = "aws", feature = "gcp"))]
pub use live::{live, prices};

#[cfg(any(feature = "aws", feature = "gcp"))]
mod live {
    use crate::cli::live_args::LiveArgs;
    use crate::cli::ui::Ui;
    use crate::cloud::CloudError;
    use crate::cost::{self, Ask, Live, Prices};
    use crate::model::{Report, Time};
    use crate::render::{Line, Untrusted};
    use std::collections::BTreeSet;
    use std::time::Duration;
    use tokio::runtime::Runtime;

    /// A report waits so long for prices, no longer.
    const LONGEST_ASKING: Duration = Duration::from_secs(30);

    /// Of a cloud that was asked itself: to now.
    pub fn live(report: &mut Report, prices: &Prices) {
        cost::fill(report, Time::now(), prices);
    }

    /// Today's prices where they are wanted and can be had; else the table's. That they can't be had is said, and is no gap: no
    /// fact of the incident is missing.
    pub fn prices(
        report: &Report,
        args: &LiveArgs,
        runtime: &Runtime,
        ui: &Ui,
        ask: impl AsyncFnOnce(&BTreeSet<Ask>) -> (Live, Option<CloudError>),
    ) -> Prices {
        let asks = cost::asks(report);
        if !args.live_prices || asks.is_empty() {
            return Prices::default();
        }
        let asked = async { tokio::time::timeout(LONGEST_ASKING, ask(&asks)).await };
        let (live, why) = match runtime.block_on(asked) {
            Ok((live, failed)) => (live, failed.map(|error| error.to_string())),
            Err(_) => (Live::default(), Some("no answer in time".to_owned())),
        };
        if let Some(why) = why {
            ui.note(
                Line::new()
                    .put("Today's prices could not all be asked for: ")
                    .put(Untrusted(&why))
                    .put(". The program's own table fills in."),
            );
        }
        Prices::with(live)
    }
}
