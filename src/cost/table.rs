//! Prices: the embedded, dated table, and what was asked of a provider's price API in this run, which outweighs it.

use crate::model::cost::{Ask, Live, nanos};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Made by `make_prices.py`.
const TABLE: &str = include_str!("prices.tsv");

/// A price of one unit, in billionths of a dollar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub nanos: u64,
    /// `2026-07`.
    pub month: String,
    /// It can be less.
    pub at_most: bool,
    pub is_live: bool,
}

/// Where prices are looked up: what was asked live, else the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    live: Live,
}

impl Prices {
    pub fn with(live: Live) -> Prices {
        Prices { live }
    }

    /// Returns the price of an item in a region, or none when neither source has it.
    pub fn of(&self, group: &'static str, item: &str, region: &str) -> Option<Price> {
        let ask = Ask { group, item: item.to_owned(), region: region.to_owned() };
        if let Some(nanos) = self.live.prices.get(&ask) {
            return Some(Price {
                nanos: *nanos,
                month: self.live.month.clone(),
                at_most: false,
                is_live: true,
            });
        }
        let line = table().get(&(group, item))?;
        line.prices.split(';').find_map(|part| {
            let (price, regions) = part.split_once(' ')?;
            let is_meant = regions.split(',').any(|one| one == region || one == "*");
            let (at_most, price) = match price.strip_prefix('<') {
                Some(price) => (true, price),
                None => (false, price),
            };
            Some(Price { nanos: nanos(price)?, month: line.month.to_owned(), at_most, is_live: false })
                .filter(|_| is_meant)
        })
    }
}

struct Line {
    month: &'static str,
    prices: &'static str,
}

fn table() -> &'static HashMap<(&'static str, &'static str), Line> {
    static READ: OnceLock<HashMap<(&'static str, &'static str), Line>> = OnceLock::new();
    READ.get_or_init(|| {
        rows().map(|row| ((row.group, row.item), Line { month: row.month, prices: row.prices })).collect()
    })
}

/// A row of the table as it stands there.
pub struct Row {
    pub group: &'static str,
    pub month: &'static str,
    pub source: &'static str,
    pub item: &'static str,
    /// `<price> <region>,<region>;…`
    pub prices: &'static str,
}

/// Returns the table's rows in their order.
pub fn rows() -> impl Iterator<Item = Row> {
    let (mut group, mut month, mut source) = ("", "", "");
    TABLE.lines().filter_map(move |line| {
        if let Some(head) = line.strip_prefix('@') {
            let mut parts = head.split('\t');
            (group, month) = (parts.next()?, parts.next()?);
            source = parts.next()?;
            return None;
        }
        let (item, prices) = line.split_once('\t').filter(|_| !line.starts_with('#'))?;
        Some(Row { group, month, source, item, prices })
    })
}
