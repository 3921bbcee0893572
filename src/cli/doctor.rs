//! `triage doctor`: before the night, or at its beginning: who we are, whether our clock is right, where we get to, what we may
//! do there, which logs there are, and where we would be blind. Changes nothing; no plan, no case, no journal.

use super::Failure;
use super::exit;
#[cfg(feature = "aws")]
use super::live_args::LiveArgs;
use super::ui::{Color, Ui};
use crate::render::line::{Line, Style};
use anyhow::Context;
use clap::Args;

pub const EXAMPLES: &str = "\
Exit codes: 0 all could be asked and all is there; 1 not signed in; 3 something is missing or could not be asked.

Examples:
  triage doctor
  triage doctor -q || echo 'the on-call can not act'";

#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Colour: NO_COLOR and CLICOLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors.
    #[arg(short, long)]
    pub quiet: bool,
    /// List everything instead of counts and examples.
    #[arg(short, long)]
    pub verbose: bool,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub live: LiveArgs,
}

/// What was found out, line by line.
#[derive(Default)]
struct Findings {
    lines: Vec<Line>,
    is_ill: bool,
}

impl Findings {
    /// Says something under a head; heads repeat where there is more than one line of a kind.
    fn say(&mut self, head: &'static str, line: Line) {
        self.lines.push(Line::new().styled(Style::Bold, head).join(line));
    }

    /// The same of something that is missing or could not be asked.
    fn ill(&mut self, head: &'static str, line: Line) {
        self.is_ill = true;
        self.lines.push(Line::new().styled(Style::Bold, head).join(line.all(Style::Yellow)));
    }

    fn tell(self, ui: &Ui) -> Result<u8, Failure> {
        let mut text = String::new();
        let view = ui.view(None);
        self.lines.iter().for_each(|line| line.write(&mut text, 0, INDENT, view.width, view.color));
        ui.result(text.as_bytes()).context("write the result")?;
        Ok(if self.is_ill { exit::INCOMPLETE } else { exit::SUCCESS })
    }
}

const INDENT: usize = 7;

/// What this program is, the same in every build.
fn this(found: &mut Findings) {
    let clouds = match (cfg!(feature = "aws"), cfg!(feature = "gcp")) {
        (true, true) => "AWS and Google Cloud are built in",
        (true, false) => "AWS is built in",
        (false, true) => "Google Cloud is built in",
        (false, false) => "no cloud is built in: exported logs (--logs) and recorded cases (--case) are read",
    };
    found.say("SELF   ", Line::new().put("triage ").put(env!("CARGO_PKG_VERSION")).put(", ").put(clouds));
}

#[cfg(not(feature = "aws"))]
pub fn run(_: &DoctorArgs, ui: &Ui) -> Result<u8, Failure> {
    let mut found = Findings::default();
    this(&mut found);
    let not = "can't be asked by this build";
    found.ill("WHO    ", Line::new().put("who you are in AWS ").put(not));
    found.ill("CLOCK  ", Line::new().put("how far this host's clock is off ").put(not));
    found.ill("WHERE  ", Line::new().put("accounts and regions that you reach ").put(not));
    found.ill("MAY    ", Line::new().put("what you may do there ").put(not));
    found.ill("LOGS   ", Line::new().put("which logs there are ").put(not));
    found.say("BLIND  ", Line::new().put("whatever the logs that you export do not hold: a report says which accounts, regions and kinds it saw"));
    found.tell(ui)
}

#[cfg(feature = "aws")]
pub use live::run;

#[cfg(feature = "aws")]
mod live {
    use super::{DoctorArgs, Findings, this};
    use crate::cli::live::Session;
    use crate::cli::permissions::{Purpose, actions};
    use crate::cli::ui::Ui;
    use crate::cli::{Failure, open};
    use crate::cloud::aws::trails::{self, Trail};
    use crate::model::change::AwsChange;
    use crate::model::{Gap, Time};
    use crate::render::line::Count;
    use crate::render::{Line, Untrusted, count};
    use anyhow::anyhow;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use tokio::task::JoinSet;

    /// Actions that are named where not all of them are lacking; the rest is counted.
    const NAMED: usize = 6;
    /// AWS refuses a signature that is more than five minutes off.
    const REFUSED: u64 = 300;
    /// What makes times in a case misleading.
    const MISLEADING: u64 = 5;

    pub fn run(args: &DoctorArgs, ui: &Ui) -> Result<u8, Failure> {
        let mut found = Findings::default();
        this(&mut found);
        if cfg!(feature = "gcp") {
            found.say(
                "SELF   ",
                Line::new()
                    .put("Google Cloud is not asked here; an audit of a principal there says what it saw"),
            );
        }
        let session = Session::connect(&args.live, &open::new_id(Time::now()), false, ui)?;
        let most = if args.verbose { usize::MAX } else { NAMED };
        who(&session, &mut found);
        clock(session.aws.clock, &mut found);
        reach(&session, &mut found);
        may(&session, most, &mut found)?;
        let trails = logs(&session, &mut found);
        blind(&session, &trails, &mut found);
        found.tell(ui)
    }

    fn who(session: &Session, found: &mut Findings) {
        let who = &session.aws.identity;
        let line = Line::new().put(Untrusted(&who.arn)).put(" in ").put(Untrusted(&who.account));
        found.say("WHO    ", line.put(", signed in in ").put(Untrusted(&session.aws.home)));
        for line in session.aws.overrides() {
            found.ill("WHO    ", Line::new().put(Untrusted(line)));
        }
    }

    fn clock(ahead: Option<i64>, found: &mut Findings) {
        let Some(ahead) = ahead else {
            return found.ill("CLOCK  ", Line::new().put("unknown: AWS's answer had no date"));
        };
        let off = ahead.unsigned_abs();
        let line = match ahead {
            0 => Line::new().put("as AWS's, to the second"),
            1.. => Line::new().put(off).put(" s ahead of AWS's"),
            ..0 => Line::new().put(off).put(" s behind AWS's"),
        };
        match off {
            0..=MISLEADING => found.say("CLOCK  ", line),
            _ if off < REFUSED => found.ill("CLOCK  ", line.put(": times in a case will mislead")),
            _ => found.ill("CLOCK  ", line.put(": AWS refuses calls that are 5 minutes off; set the clock")),
        }
    }

    fn reach(session: &Session, found: &mut Findings) {
        let taken = session.aws.roles_taken();
        for (account, regions) in &session.scopes {
            let line = Line::new().put(Untrusted(account)).put(": ");
            let line = line.join(count(regions.len() as u64, "region", "regions"));
            found.say(
                "WHERE  ",
                match taken.get(account) {
                    Some(role) => line.put(", as ").put(Untrusted(role)),
                    None => line,
                },
            );
        }
        session.gaps.iter().for_each(|gap| found.ill("WHERE  ", told(gap)));
    }

    fn told(gap: &Gap) -> Line {
        Line::new().put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why))
    }

    /// What we may do in each account, as IAM itself judges it.
    fn may(session: &Session, most: usize, found: &mut Findings) -> anyhow::Result<()> {
        let samples = AwsChange::samples().map_err(|error| anyhow!("list every change: {error}"))?;
        let purposes: Vec<(&'static str, Vec<&'static str>)> =
            [("audit", Purpose::Audit), ("revoke", Purpose::Revoke), ("contain", Purpose::Contain)]
                .into_iter()
                .map(|(name, purpose)| (name, actions(purpose, &samples).into_iter().collect()))
                .collect();
        let all: BTreeSet<&'static str> =
            purposes.iter().flat_map(|(_, needs)| needs.iter().copied()).collect();
        let all: Vec<&'static str> = all.into_iter().collect();
        let mut jobs = JoinSet::new();
        let _inside = session.runtime.enter();
        for (account, _) in &session.scopes {
            let (aws, account, all) = (session.aws.clone(), account.clone(), all.clone());
            jobs.spawn(async move {
                let lacks = aws.lacks(&account, &all).await.map_err(|error| error.to_string());
                (account, lacks)
            });
        }
        let mut told = session.runtime.block_on(jobs.join_all());
        told.sort();
        for (account, lacks) in told {
            let lacks: BTreeSet<String> = match lacks {
                Ok(lacks) => lacks.into_iter().map(|action| action.to_lowercase()).collect(),
                Err(why) => {
                    let line = Line::new().put(Untrusted(&account)).put(": could not be asked: ");
                    found.ill("MAY    ", line.put(Untrusted(&why)));
                    continue;
                }
            };
            for (name, needs) in &purposes {
                let missing: Vec<&str> =
                    needs.iter().copied().filter(|action| lacks.contains(&action.to_lowercase())).collect();
                let line = Line::new().put(Untrusted(&account)).put(", ").put(*name).put(": ");
                if missing.is_empty() {
                    let line = line.put("all ").put(Count(needs.len() as u64)).put(" actions");
                    found.say("MAY    ", line);
                    continue;
                }
                let line = line.put("lacks ").put(Count(missing.len() as u64)).put(" of ");
                let line = line.put(Count(needs.len() as u64)).put(" actions: ");
                let line =
                    line.list(", ", missing.iter().take(most).map(|one| Line::new().put(Untrusted(one))));
                let line = match missing.len().saturating_sub(most) {
                    0 => line,
                    _ => line.put(", … (-v names all)"),
                };
                found.ill("MAY    ", line);
            }
        }
        Ok(())
    }

    /// The trails of each account, and what keeps them from being whole.
    fn logs(session: &Session, found: &mut Findings) -> Vec<(Arc<str>, Vec<Trail>)> {
        let history = "event history: management events of 90 days in every account and region above";
        found.say("LOGS   ", Line::new().put(history));
        let mut all = Vec::new();
        let mut known = BTreeSet::new();
        let found_in = session.runtime.block_on(trails::find(&session.aws, &session.scopes));
        for ((account, _), (trails, gaps)) in session.scopes.iter().zip(found_in) {
            for trail in trails.iter().filter(|trail| known.insert(trail.arn.clone())) {
                let line = Line::new()
                    .put("trail ")
                    .put(Untrusted(&trail.arn))
                    .put(" to ")
                    .put(Untrusted(&trail.bucket));
                let line = line.put(match (trail.is_organization, trail.is_multi_region) {
                    (true, true) => ", the whole organization, all regions",
                    (true, false) => ", the whole organization, ONE region",
                    (false, true) => ", all regions",
                    (false, false) => ", ONE region",
                });
                let line = line.put(if trail.writes_digests {
                    ""
                } else {
                    ", without digests: nothing proves its files"
                });
                found.say("LOGS   ", line.put(" (--trails reads it)"));
            }
            gaps.iter().for_each(|gap| found.ill("LOGS   ", told(gap)));
            all.push((account.clone(), trails));
        }
        all
    }

    /// What no question will ever show, as things are.
    fn blind(session: &Session, trails: &[(Arc<str>, Vec<Trail>)], found: &mut Findings) {
        for (account, trails) in trails {
            if trails.is_empty() {
                let line = Line::new()
                    .put(Untrusted(account))
                    .put(": no trail was seen: nothing older than 90 days, ");
                found.ill(
                    "BLIND  ",
                    line.put("and no data event (objects read, functions invoked, models asked)"),
                );
            }
        }
        let missing = session.gaps.len() as u64;
        if missing > 0 {
            found.ill(
                "BLIND  ",
                count(missing, "place", "places").put(" above that could not be entered or asked"),
            );
        }
        let line = "what ran inside machines, and data events that no trail was told to record, no log shows";
        found.say("BLIND  ", Line::new().put(line));
    }
}
