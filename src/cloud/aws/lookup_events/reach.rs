//! Which accounts and regions can be asked, and which of them has answered which question.

use crate::cloud::sweep::Spot;
use crate::cloud::{Ask, By, Query};
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where global services log, per partition (aws.md 2.1): asked first, because most chains begin there.
const GLOBAL_REGIONS: [&str; 4] = ["us-east-1", "us-gov-west-1", "cn-northwest-1", "cn-north-1"];
/// A place that did not answer so many passes in a row is left alone for a while.
const SILENCES: u32 = 2;
const REST: Duration = Duration::from_secs(300);

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It did not answer before.
    Short,
    /// Nobody knows yet whether it answers.
    First,
    Long,
}

/// So many questions that found no account are named in a gap.
const NAMED: usize = 3;

/// What is sent: an ask without what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    pub by: By,
    pub value: Arc<str>,
    pub within: Option<(Time, Time)>,
}

impl Question {
    fn of(ask: &Ask) -> Question {
        Question { by: ask.by, value: ask.value.clone(), within: ask.within }
    }

    /// Whether it asks where something comes from.
    pub fn is_origin(&self) -> bool {
        match self.by {
            By::ResourceName | By::EventName => true,
            By::AccessKeyId | By::Username => false,
        }
    }
}

/// `AccessKeyId AKIA…`
impl std::fmt::Display for Question {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} {}", self.by.name(), self.value)
    }
}

/// One question to one place.
#[derive(Clone, Debug)]
pub struct Part {
    /// By number.
    pub place: usize,
    /// The asks that it answers, by number.
    asks: Vec<u32>,
}

#[derive(Default)]
pub struct Reach {
    /// In the order in which they came: their numbers stay.
    places: Vec<Place>,
    known: HashSet<Place>,
    accounts: BTreeSet<Arc<str>>,
    /// Places that did not answer, how often in a row, and when last.
    doubtful: HashMap<usize, (u32, Instant)>,
    /// Places that answered at least once.
    proven: HashSet<usize>,
    asks: Vec<Ask>,
    /// By what is asked for whom; where is told apart by place.
    by_ask: HashMap<(Question, Option<Arc<str>>), u32>,
    /// Place and ask.
    answered: HashSet<(u32, u32)>,
    /// Asks for accounts that can't be asked.
    unreached: BTreeMap<Arc<str>, BTreeSet<Question>>,
}

impl Reach {
    /// Adds places; returns whether any was news.
    pub fn add(&mut self, places: Vec<(Arc<str>, Vec<Arc<str>>)>) -> bool {
        let before = self.places.len();
        for (account, regions) in places {
            self.accounts.insert(account.clone());
            for region in regions {
                let place = Place { account: account.clone(), region };
                if self.known.insert(place.clone()) {
                    self.places.push(place);
                }
            }
        }
        self.places.len() > before
    }

    pub fn places(&self) -> Vec<Place> {
        self.places.clone()
    }

    /// How many accounts, and how many regions in all.
    pub fn size(&self) -> (usize, usize) {
        (self.accounts.len(), self.places.len())
    }

    /// Returns what a query asks that was not answered yet, in the order of places and questions. One question to one
    /// place is one part, whatever for it is asked.
    pub fn parts(&mut self, query: &Query) -> Vec<Part> {
        let mut everywhere = Vec::new();
        let mut by_account: HashMap<&str, Vec<u32>> = HashMap::new();
        self.unreached.clear();
        let key = |ask: &Ask| (Question::of(ask), ask.of.clone());
        // Where something belongs may be learned after it was asked for everywhere: from then on it is asked for there.
        let placed: HashSet<_> = query.asks.iter().filter(|ask| ask.account.is_some()).map(key).collect();
        for ask in query.asks.iter().filter(|ask| ask.account.is_some() || !placed.contains(&key(ask))) {
            let next = self.asks.len() as u32;
            let number = *self.by_ask.entry(key(ask)).or_insert(next);
            if number == next {
                self.asks.push(ask.clone());
            }
            match &ask.account {
                None => everywhere.push(number),
                Some(account) if self.accounts.contains(account) => {
                    by_account.entry(account).or_default().push(number);
                }
                Some(account) => {
                    self.unreached.entry(account.clone()).or_default().insert(Question::of(ask));
                }
            }
        }
        let mut parts = Vec::new();
        for (place, at) in self.places.iter().enumerate() {
            let here = by_account.get(&*at.account).map_or(&[][..], Vec::as_slice);
            let mut questions: BTreeMap<Question, Vec<u32>> = BTreeMap::new();
            for ask in everywhere.iter().chain(here) {
                if query.again || !self.answered.contains(&(place as u32, *ask)) {
                    questions.entry(Question::of(&self.asks[*ask as usize])).or_default().push(*ask);
                }
            }
            parts.extend(questions.into_values().map(|asks| Part { place, asks }));
        }
        parts
    }

    pub fn question(&self, part: &Part) -> Question {
        Question::of(&self.asks[part.asks[0] as usize])
    }

    /// As the operator would name it.
    pub fn name(&self, part: &Part) -> String {
        format!("{}, {}", self.places[part.place], self.question(part))
    }

    /// Notes how a part ended: what answered is not asked again, also where some of it is a gap by now; what answered
    /// nothing is given another try with the next question.
    pub fn ended(&mut self, part: &Part, has_answered: bool) {
        if has_answered {
            self.answered.extend(part.asks.iter().map(|ask| (part.place as u32, *ask)));
            self.proven.insert(part.place);
        }
    }

    /// Notes how a pass went in a place, as a whole.
    pub fn passed(&mut self, place: usize, has_answered: bool, now: Instant) {
        if has_answered {
            self.doubtful.remove(&place);
        } else {
            let (times, last) = self.doubtful.entry(place).or_insert((0, now));
            (*times, *last) = (*times + 1, now);
        }
    }

    /// Whether a place is to be left alone for now: it did not answer one time after the other. Whoever waits for a place that
    /// says nothing waits in every pass.
    pub fn rests(&self, place: usize, now: Instant) -> bool {
        let rests = |(times, last): &(u32, Instant)| *times >= SILENCES && now.duration_since(*last) < REST;
        self.doubtful.get(&place).is_some_and(rests)
    }

    /// How long an answer of a place is waited for.
    pub fn patience(&self, place: usize) -> Patience {
        match (self.doubtful.contains_key(&place), self.proven.contains(&place)) {
            (true, _) => Patience::Short,
            (false, false) => Patience::First,
            (false, true) => Patience::Long,
        }
    }

    /// What is asked first: global regions, then the accounts that some ask names, the chain's own.
    pub fn spots(&self, asks: &[Ask]) -> Vec<Spot> {
        let named: BTreeSet<&str> = asks.iter().filter_map(|ask| ask.account.as_deref()).collect();
        let mut regions: HashMap<&str, usize> = HashMap::new();
        let mut spots = Vec::with_capacity(self.places.len());
        for (place, at) in self.places.iter().enumerate() {
            let next = regions.len();
            let region = *regions.entry(&at.region).or_insert(next);
            let is_global = GLOBAL_REGIONS.contains(&&*at.region);
            let rank = u32::from(!named.contains(&*at.account)) * 2 + u32::from(!is_global);
            spots.push(Spot { region, rank, is_doubtful: self.doubtful.contains_key(&place) });
        }
        spots
    }

    /// Accounts that questions led to and that could not be asked.
    pub fn left(&self) -> Vec<Gap> {
        let why = |questions: &BTreeSet<Question>| {
            let named: Vec<String> = questions.iter().take(NAMED).map(Question::to_string).collect();
            let more = match questions.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("its event history could not be asked: {}{more}", named.join(", "))
        };
        let unreached = self.unreached.iter();
        unreached.map(|(account, asks)| Gap::new(GapKind::NotFollowed, &**account, why(asks))).collect()
    }
}
