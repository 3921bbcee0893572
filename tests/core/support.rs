//! What every core test may use: where fixtures lie, and a recorded scenario as `--case` reads it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use triage::analyze::Investigation;
use triage::case::Case;
use triage::cloud::files::FileSource;
use triage::collect::{self, Keep};
use triage::model::Report;
use triage::model::plan::Plan;
use triage::plan::{Guard, Options, contain::contain, revoke::revoke};
use triage::progress::Progress;
use triage::read::{Head, inventory};

/// The folder `fixtures/` of the checkout.
pub fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Keeps nothing: the conclusions are what is looked at.
struct Nowhere;

impl Keep for Nowhere {
    fn save(&self, _: &[u8], _: &Head) -> anyhow::Result<bool> {
        Ok(true)
    }
}

/// The report and the plans (revoke, contain) of `fixtures/scenarios/<name>`.
pub fn scenario(name: &str) -> (Report, [Plan; 2]) {
    let case = Case::open(&fixtures().join("scenarios").join(name)).unwrap();
    assert!(case.gaps.is_empty(), "{:?}", case.gaps);
    let mut investigation = Investigation::new(case.file.principal.clone(), case.file.window.clone());
    for path in &case.inventory {
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let look =
                inventory::read(line.as_bytes()).unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
            look.observed.into_iter().for_each(|observed| investigation.observe(observed));
            look.keys.into_iter().for_each(|key| investigation.key_seen(key));
            look.listings.into_iter().for_each(|listing| investigation.listed(listing));
            look.gaps.into_iter().for_each(|gap| investigation.missed(gap));
        }
    }
    let evidence = case.dir.join("evidence").to_string_lossy().into_owned();
    let (source, gaps) = FileSource::new(&[evidence]);
    assert!(gaps.is_empty(), "{gaps:?}");
    let stop = AtomicBool::new(false);
    let corpus =
        collect::collect(&source, &mut investigation, &Nowhere, &Progress::default(), &stop).unwrap();
    assert!(corpus.complete);
    collect::tell(&mut investigation, &corpus);
    let report = investigation.report();
    let plans = [revoke(&report, &Guard::default()), contain(&report, &Guard::default(), Options::default())];
    (report, plans)
}

/// Real logs recorded by others, which are not ours to commit. A laptop may do without and says so; CI may not.
pub fn shared() -> Option<PathBuf> {
    match std::env::var_os("TRIAGE_SHARED_DATA") {
        Some(folder) => Some(folder.into()),
        None => {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!in_ci, "TRIAGE_SHARED_DATA is not set: CI must run over the recorded logs");
            eprintln!("skipped: set TRIAGE_SHARED_DATA to the folder of recorded logs to run this");
            None
        }
    }
}

/// How long this thread itself has worked, whatever else the machine does; where the system does not tell, the clock on the wall.
fn worked() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()) {
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
        None => BEGAN.get_or_init(Instant::now).elapsed(),
    }
}

/// Asserts that four times as much takes about four times as long, and not sixteen times: the best of some tries each, so that
/// a loaded machine changes nothing.
#[track_caller]
pub fn takes_its_time_and_not_its_square(what: &str, size: usize, work: impl Fn(usize)) {
    let best = |size: usize, tries: u32| {
        let one = |_| {
            let began = worked();
            work(size);
            worked().saturating_sub(began)
        };
        (0..tries).map(one).min().expect("some tries")
    };
    let (small, large) = (best(size / 4, 4), best(size, 2));
    // Below a hundredth of a second nothing is measured, and nothing is slow.
    let floor = small.max(Duration::from_millis(10));
    assert!(large < floor * 10, "{what}: {small:?} for a quarter of it, {large:?} for all");
}
