//! What it costs: per resource, per service used by the call, and in all. Filled by `cost`, shown by `render`.
//!
//! Unknown is absent, counted in `unknown` and named in `unpriced`; it is never zero. Every number bears what it is
//! computed from and of which month that price is.

use super::Time;
use super::ids::{Word, word};
use super::time::Written;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::sync::Arc;

/// US dollars, held as whole millionths, so that sums are exact; in JSON a decimal number of dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u64);

/// Every decimal of up to 15 digits survives the way through a JSON number unchanged: a billion dollars in millionths.
const MOST: u64 = 1_000_000_000_000_000;
const MILLION: u64 = 1_000_000;

impl Usd {
    pub const ZERO: Usd = Usd(0);

    /// Takes millionths of a dollar; a billion dollars is the most that it says.
    pub const fn micros(micros: u64) -> Usd {
        Usd(if micros > MOST { MOST } else { micros })
    }

    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Rounded to whole cents, half up.
    pub const fn cents(self) -> u64 {
        (self.0 + 5_000) / 10_000
    }

    /// What this rate an hour comes to in a day.
    pub fn per_day(self) -> Usd {
        Usd::micros(self.0.saturating_mul(24))
    }
}

impl Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd::micros(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(all: I) -> Usd {
        all.fold(Usd::ZERO, Add::add)
    }
}

/// `$1,234.50`; what is less than a cent but something as `<$0.01`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        if cents == 0 && self.0 > 0 {
            return f.pad("<$0.01");
        }
        let dollars = (cents / 100).to_string();
        let mut text = String::from("$");
        for (place, digit) in dollars.chars().enumerate() {
            if place > 0 && (dollars.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&format!("{text}.{:02}", cents % 100))
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        decimal(self.0, MILLION, to)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Usd, D::Error> {
        parts(MILLION, from).map(Usd::micros)
    }
}

/// How long something ran, in whole seconds; in JSON a decimal number of hours with up to three digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours(u64);

impl Hours {
    pub const fn from_seconds(seconds: u64) -> Hours {
        Hours(seconds)
    }

    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Thousandths of an hour, rounded to the nearest.
    pub const fn millis(self) -> u64 {
        self.0.saturating_mul(10).saturating_add(18) / 36
    }
}

/// `3 h 20 min`, `4 d 3 h`, `40 s`.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours, minutes) = (self.0 / 86_400, self.0 / 3600 % 24, self.0 / 60 % 60);
        f.pad(&match (days, hours, minutes) {
            (0, 0, 0) => format!("{} s", self.0),
            (0, 0, _) => format!("{minutes} min"),
            (0, _, _) => format!("{hours} h {minutes} min"),
            _ => format!("{days} d {hours} h"),
        })
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        decimal(self.millis(), 1000, to)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Hours, D::Error> {
        parts(1000, from).map(|millis| Hours(millis.saturating_mul(36).saturating_add(5) / 10))
    }
}

macro_rules! a_number {
    ($type:ty, $name:literal, $what:literal) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "number", "minimum": 0, "description": $what})
            }
        }
    };
}

a_number!(Usd, "Usd", "US dollars, with up to six decimals.");
a_number!(Hours, "Hours", "Hours, with up to three decimals.");

/// Both are whole numbers below 2^53, so the quotient is the number nearest to the decimal, and is printed as that decimal.
fn decimal<S: Serializer>(parts: u64, of: u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(parts.min(MOST) as f64 / of as f64)
}

fn parts<'de, D: Deserializer<'de>>(of: u64, from: D) -> Result<u64, D::Error> {
    let number = f64::deserialize(from)?;
    let parts = (number * of as f64).round();
    if !(0.0..=MOST as f64).contains(&parts) {
        return Err(serde::de::Error::custom(format!("{number} is out of bounds")));
    }
    Ok(parts as u64)
}

/// Where a number comes from, and in which direction it can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    /// On-demand list prices of the embedded table; credits, discounts and taxes are not in it.
    ListPrice,
    /// Asked of the provider's price API in this run.
    LivePrice,
    /// It can be less: a spot price, or an end that no record shows.
    UpperBound,
    /// It can be more: a part of it has no known price.
    LowerBound,
    /// Both: a part has no price, and another can be less.
    Estimate,
}

/// What one resource cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceCost {
    /// What it costs an hour as it is now; zero when it was seen to be stopped or gone.
    pub per_hour: Usd,
    /// What it came to until `Cost::at`.
    pub burned: Usd,
    /// How long it ran.
    pub hours: Hours,
    /// What it no longer costs a day since it was contained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_per_day: Option<Usd>,
    /// `p4d.24xlarge on demand, us-east-1`.
    pub basis: String,
    /// Month of the oldest price in it: `2026-08`.
    pub as_of: String,
    pub kind: CostKind,
    /// Why it is a bound: `spot: at most the on-demand price`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What calls to a service that bills by use came to: tokens of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageCost {
    /// `bedrock`, `vertex`.
    #[serde(deserialize_with = "word")]
    pub service: Word,
    /// The model, as the calls name it.
    pub what: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub calls: u64,
    /// Calls whose records bear counts.
    pub counted: u64,
    pub input: u64,
    pub output: u64,
    /// Absent where no count or no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burned: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CostKind>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What may cost something and has no number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unpriced {
    #[serde(deserialize_with = "word")]
    pub kind: Word,
    pub id: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// `no record tells its type`, `no price of u-99.metal in eu-west-3`.
    pub why: String,
}

/// What it cost in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// `USD`.
    #[serde(deserialize_with = "word")]
    pub currency: Word,
    /// The time until which it is counted: of a recorded case the end of what was read, of a live one when it was asked.
    #[schemars(with = "Written")]
    pub at: Time,
    /// Sum of what has a number; absent when nothing has one and something should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burned: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_per_day: Option<Usd>,
    /// Resources and usages with a number, and without. What is never billed by itself (a role, a key pair) is in neither.
    pub priced: u64,
    pub unknown: u64,
    /// Of those with a number, how many could be less, and how many more.
    pub upper_bounds: u64,
    pub lower_bounds: u64,
    /// Distinct one-phrase bases, sorted.
    pub basis: Vec<String>,
    /// Month of the oldest price used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageCost>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<Unpriced>,
    /// What is to be known of the prices as a whole: `list prices, no credits, discounts, taxes or traffic`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What to ask a price API of: the price table's own group, item and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    pub group: &'static str,
    pub item: String,
    pub region: String,
}

/// Answers of a price API, in billionths of a dollar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// When they were asked for: `2026-07`.
    pub month: String,
    pub prices: BTreeMap<Ask, u64>,
}

/// Reads a decimal of dollars as billionths; what is finer is cut off, what is none is none.
pub fn nanos(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(9).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(part.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_and_writes_as_the_decimal_that_it_is() {
        for (micros, json, shown) in [
            (0, "0.0", "$0.00"),
            (1, "1e-6", "<$0.01"),
            (116_000, "0.116", "$0.12"),
            (32_772_600, "32.7726", "$32.77"),
            (1_234_567_891_234, "1234567.891234", "$1,234,567.89"),
            (MOST, "1000000000.0", "$1,000,000,000.00"),
        ] {
            let money = Usd::micros(micros);
            assert_eq!(serde_json::to_string(&money).unwrap(), json);
            assert_eq!(serde_json::from_str::<Usd>(json).unwrap(), money);
            assert_eq!(money.to_string(), shown);
        }
        assert_eq!(Usd::micros(u64::MAX), Usd::micros(MOST));
        assert!(serde_json::from_str::<Usd>("-1").is_err());
        assert!(serde_json::from_str::<Usd>("1e300").is_err());
    }

    #[test]
    fn hours_read_and_write() {
        for (seconds, json, shown) in [
            (0, "0.0", "0 s"),
            (40, "0.011", "40 s"),
            (1800, "0.5", "30 min"),
            (12_000, "3.333", "3 h 20 min"),
            (356_400, "99.0", "4 d 3 h"),
        ] {
            let hours = Hours::from_seconds(seconds);
            assert_eq!(serde_json::to_string(&hours).unwrap(), json);
            assert_eq!(serde_json::from_str::<Hours>(json).unwrap().millis(), hours.millis());
            assert_eq!(hours.to_string(), shown);
        }
    }
}
