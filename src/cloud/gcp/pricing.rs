//! Cloud Billing Catalog: what vCPUs, memory and accelerators cost an hour on demand, today. Asked for only when wanted; what can't
//! be had has the table's price.

use super::Gcp;
use super::endpoints::BILLING;
use super::rest::Ask as Call;
use crate::cloud::CloudError;
use crate::model::cost::{Ask, Live};
use crate::model::{Place, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CALL: &str = "cloudbilling.services.skus.list";

/// Compute Engine's id in the catalog.
const COMPUTE: &str = "6F81-5844-456A";

/// Items as the price table names them, and how the description of their SKU begins.
const SKUS: &[(&str, &str)] = &[
    ("a2.gb", "A2 Instance Ram running in"),
    ("a2.vcpu", "A2 Instance Core running in"),
    ("c2.gb", "Compute optimized Ram running in"),
    ("c2.vcpu", "Compute optimized Core running in"),
    ("c2d.gb", "C2D AMD Instance Ram running in"),
    ("c2d.vcpu", "C2D AMD Instance Core running in"),
    ("c3.gb", "C3 Instance Ram running in"),
    ("c3.vcpu", "C3 Instance Core running in"),
    ("c3d.gb", "C3D Instance Ram running in"),
    ("c3d.vcpu", "C3D Instance Core running in"),
    ("c4.gb", "C4 Instance Ram running in"),
    ("c4.vcpu", "C4 Instance Core running in"),
    ("e2.gb", "E2 Instance Ram running in"),
    ("e2.vcpu", "E2 Instance Core running in"),
    ("n1.gb", "N1 Predefined Instance Ram running in"),
    ("n1.vcpu", "N1 Predefined Instance Core running in"),
    ("n2.gb", "N2 Instance Ram running in"),
    ("n2.vcpu", "N2 Instance Core running in"),
    ("n2d.gb", "N2D AMD Instance Ram running in"),
    ("n2d.vcpu", "N2D AMD Instance Core running in"),
    ("nvidia-a100-80gb", "Nvidia Tesla A100 80GB GPU running in"),
    ("nvidia-tesla-a100", "Nvidia Tesla A100 GPU running in"),
    ("nvidia-tesla-p100", "Nvidia Tesla P100 GPU running in"),
    ("nvidia-tesla-p4", "Nvidia Tesla P4 GPU running in"),
    ("nvidia-tesla-t4", "Nvidia Tesla T4 GPU running in"),
    ("nvidia-tesla-v100", "Nvidia Tesla V100 GPU running in"),
    ("t2d.gb", "T2D AMD Instance Ram running in"),
    ("t2d.vcpu", "T2D AMD Instance Core running in"),
];

impl Gcp {
    /// Returns today's prices of these parts, as far as they could be had, and why the asking ended where it did.
    pub async fn prices(&self, asks: &BTreeSet<Ask>) -> (Live, Option<CloudError>) {
        let mut live = Live { month: Time::now().strftime("%Y-%m").to_string(), ..Live::default() };
        if asks.iter().all(|ask| ask.group != "gce") {
            return (live, None);
        }
        let call = match Call::get(CALL, &Place::new("", ""), BILLING, "v1/services/{}/skus", &[COMPUTE]) {
            Ok(call) => call.with("currencyCode", "USD").with("pageSize", 5000),
            Err(error) => return (live, Some(error)),
        };
        let mut found = BTreeMap::new();
        let read = self.rest.pages(call, |page| {
            let skus = page["skus"].as_array().map(Vec::as_slice).unwrap_or_default();
            skus.iter().for_each(|sku| take(sku, asks, &mut found));
            skus.len()
        });
        let failed = read.await.err();
        // Of a list that broke off, a second price of the same part may be missing.
        if failed.is_none() {
            let one = |(ask, mut prices): (Ask, BTreeSet<u64>)| {
                prices.pop_first().filter(|_| prices.is_empty()).map(|price| (ask, price))
            };
            live.prices = found.into_iter().filter_map(one).collect();
        }
        (live, failed)
    }
}

/// Takes the price of a SKU that was asked for, for each of the regions that were.
fn take(sku: &Value, asks: &BTreeSet<Ask>, found: &mut BTreeMap<Ask, BTreeSet<u64>>) {
    let description = sku["description"].as_str().unwrap_or_default();
    let Some((item, _)) = SKUS.iter().find(|(_, begins)| description.starts_with(begins)) else { return };
    if sku["category"]["usageType"] != "OnDemand" {
        return;
    }
    let Some(price) = price_of(sku) else { return };
    let regions = sku["serviceRegions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for region in regions.iter().filter_map(Value::as_str) {
        let ask = Ask { group: "gce", item: (*item).to_owned(), region: region.to_owned() };
        if asks.contains(&ask) {
            found.entry(ask).or_default().insert(price);
        }
    }
}

/// Billionths of a dollar of an hour, where the price has one tier.
fn price_of(sku: &Value) -> Option<u64> {
    let expression = &sku["pricingInfo"].as_array()?.last()?["pricingExpression"];
    if !matches!(expression["usageUnit"].as_str()?, "h" | "GiBy.h") {
        return None;
    }
    let [rate] = &expression["tieredRates"].as_array()?[..] else { return None };
    // int64 comes as text.
    let units: u64 = rate["unitPrice"]["units"].as_str().unwrap_or("0").parse().ok()?;
    let nanos = rate["unitPrice"]["nanos"].as_u64().unwrap_or(0);
    units.checked_mul(1_000_000_000)?.checked_add(nanos).filter(|price| *price > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sku(description: &str, usage: &str, unit: &str, units: &str, nanos: u64) -> Value {
        json!({"description": description, "category": {"usageType": usage, "resourceFamily": "Compute"},
            "serviceRegions": ["us-central1", "us-east1"],
            "pricingInfo": [{"pricingExpression": {"usageUnit": unit,
                "tieredRates": [{"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": units, "nanos": nanos}}]}}]})
    }

    #[test]
    fn on_demand_parts_of_the_regions_asked_for_are_taken() {
        let ask = |item: &str, region: &str| Ask { group: "gce", item: item.into(), region: region.into() };
        let asks = BTreeSet::from([
            ask("n2.vcpu", "us-east1"),
            ask("nvidia-tesla-a100", "us-central1"),
            ask("n2.gb", "us-east1"),
        ]);
        let mut found = BTreeMap::new();
        for sku in [
            sku("N2 Instance Core running in Americas", "OnDemand", "h", "0", 31_611_000),
            sku("N2 Instance Core running in Americas", "Preemptible", "h", "0", 7_650_000),
            sku("Spot Preemptible N2 Instance Core running in Americas", "OnDemand", "h", "0", 1),
            sku("Nvidia Tesla A100 GPU running in Americas", "OnDemand", "h", "2", 933_908_000),
            sku("Nvidia Tesla A100 80GB GPU running in Americas", "OnDemand", "h", "3", 928_080_000),
            sku("N2 Instance Ram running in Americas", "OnDemand", "GiBy.mo", "0", 4_237_000),
            sku("N2 Instance Ram running in Americas", "OnDemand", "GiBy.h", "0", 0),
            json!({"description": "N2 Instance Ram running in Americas", "category": {"usageType": "OnDemand"}}),
        ] {
            take(&sku, &asks, &mut found);
        }
        let expect = BTreeMap::from([
            (ask("n2.vcpu", "us-east1"), BTreeSet::from([31_611_000])),
            (ask("nvidia-tesla-a100", "us-central1"), BTreeSet::from([2_933_908_000])),
        ]);
        assert_eq!(found, expect);
    }
}
