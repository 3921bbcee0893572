//! AWS Price List: what a machine costs an hour on demand, today. Asked for only when wanted; what can't be had has the table's
//! price.

use super::error::failed;
use super::{Aws, client};
use crate::cloud::CloudError;
use crate::model::cost::{Ask, Live, nanos};
use crate::model::{Place, Time};
use aws_sdk_pricing::types::{Filter, FilterType};
use serde_json::Value;
use std::collections::BTreeSet;

const CALL: &str = "pricing:GetProducts";

/// The price list of the whole partition is served here, in Frankfurt and in Mumbai.
const REGION: &str = "us-east-1";

/// Types and regions asked for in one run: an attacker may launch some of everything.
const MOST: usize = 60;

/// One machine on shared hardware, Linux, nothing on it, in use.
const FILTERS: [(&str, &str); 5] = [
    ("capacitystatus", "Used"),
    ("marketoption", "OnDemand"),
    ("operatingSystem", "Linux"),
    ("preInstalledSw", "NA"),
    ("tenancy", "Shared"),
];

impl Aws {
    /// Returns today's prices of these machines, as far as they could be had, and why the asking ended where it did.
    ///
    /// The other partitions have no price list of this kind, so there nothing is asked.
    pub async fn prices(&self, asks: &BTreeSet<Ask>) -> (Live, Option<CloudError>) {
        let mut live = Live { month: Time::now().strftime("%Y-%m").to_string(), ..Live::default() };
        let ours = asks.iter().filter(|ask| ask.group == "ec2").take(MOST);
        if self.identity.partition() != "aws" {
            return (live, None);
        }
        let at = Place::new(self.identity.account.clone(), REGION);
        let client = match client!(self, &at, aws_sdk_pricing) {
            Ok(client) => client,
            Err(error) => return (live, Some(error)),
        };
        for ask in ours {
            let mut call = client.get_products().service_code("AmazonEC2").max_results(10);
            let own = [("instanceType", &*ask.item), ("regionCode", &*ask.region)];
            for (field, value) in FILTERS.into_iter().chain(own) {
                let filter = Filter::builder().field(field).value(value).r#type(FilterType::TermMatch);
                // With all three there it is always built; without one, several prices come, which are none.
                if let Ok(filter) = filter.build() {
                    call = call.filters(filter);
                }
            }
            match call.send().await {
                Ok(answer) => {
                    if let Some(price) = price_of(answer.price_list()) {
                        live.prices.insert(ask.clone(), price);
                    }
                }
                // Who may not ask for one may not ask for any.
                Err(error) => return (live, Some(failed(CALL, &at, error))),
            }
        }
        (live, None)
    }
}

/// The one price an hour that all products of an answer agree on; two prices are none.
fn price_of(products: &[String]) -> Option<u64> {
    let mut found = BTreeSet::new();
    for product in products {
        let product: Value = serde_json::from_str(product).ok()?;
        let terms = product.pointer("/terms/OnDemand").and_then(Value::as_object)?;
        let dimensions = terms.values().filter_map(|term| term.get("priceDimensions")?.as_object());
        for dimension in dimensions.flat_map(|dimensions| dimensions.values()) {
            let is_hour = dimension.get("unit").and_then(Value::as_str) == Some("Hrs");
            let price = dimension.pointer("/pricePerUnit/USD").and_then(Value::as_str).and_then(nanos);
            found.extend(price.filter(|price| is_hour && *price > 0));
        }
    }
    found.pop_first().filter(|_| found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn product(unit: &str, price: &str) -> String {
        json!({"product": {"productFamily": "Compute Instance", "sku": "7X4K64YA59VZZAC3"},
            "serviceCode": "AmazonEC2",
            "terms": {"OnDemand": {"7X4K64YA59VZZAC3.JRTCKXETXF": {"priceDimensions": {
                "7X4K64YA59VZZAC3.JRTCKXETXF.6YS6EN2CT7": {"unit": unit, "pricePerUnit": {"USD": price}}}}}}})
        .to_string()
    }

    #[test]
    fn one_price_an_hour_is_a_price() {
        let hour = product("Hrs", "4.0800000000");
        assert_eq!(price_of(std::slice::from_ref(&hour)), Some(4_080_000_000));
        assert_eq!(
            price_of(&[hour.clone(), hour.clone(), product("Hrs", "0.0000000000")]),
            Some(4_080_000_000)
        );
        for unclear in [
            vec![],
            vec![hour.clone(), product("Hrs", "4.4880000000")],
            vec![product("Quantity", "4.08")],
            vec![product("Hrs", "free")],
            vec![hour.clone(), "no JSON".to_owned()],
            vec!["{}".to_owned()],
        ] {
            assert_eq!(price_of(&unclear), None, "{unclear:?}");
        }
    }
}
