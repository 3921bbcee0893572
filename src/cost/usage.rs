//! What calls to models came to: by token, where records count them.

use super::table::Prices;
use super::usd;
use crate::model::cost::{CostKind, Unpriced, UsageCost, Usd};
use crate::model::meter::Used;

/// Returns one row per model and place; what has no number is also named in `unpriced`.
pub fn usage(used: &[Used], prices: &Prices, unpriced: &mut Vec<Unpriced>) -> Vec<UsageCost> {
    used.iter()
        .map(|one| {
            let service = if one.kind.starts_with("aws.") { "bedrock" } else { "gemini" };
            let mut row = UsageCost {
                service,
                what: one.id.clone(),
                account: one.account.clone(),
                region: one.region.clone(),
                calls: one.calls,
                counted: one.counted,
                input: one.input,
                output: one.output,
                burned: None,
                basis: None,
                as_of: None,
                kind: None,
                notes: Vec::new(),
            };
            match priced(one, service, prices) {
                Ok((burned, as_of)) => {
                    row.burned = Some(burned);
                    row.basis = Some(format!("{} by token", model(&one.id)));
                    row.as_of = Some(as_of);
                    row.kind = Some(CostKind::ListPrice);
                    if one.counted < one.calls {
                        row.kind = Some(CostKind::LowerBound);
                        row.notes.push("calls whose records bear no counts are not in it".into());
                    }
                }
                Err(why) => unpriced.push(Unpriced {
                    kind: one.kind,
                    id: one.id.clone(),
                    account: one.account.clone(),
                    region: one.region.clone(),
                    why,
                }),
            }
            row
        })
        .collect()
}

fn priced(used: &Used, service: &'static str, prices: &Prices) -> Result<(Usd, String), String> {
    if used.counted == 0 {
        return Err("no record counts its tokens".into());
    }
    let name = model(&used.id);
    // A profile across regions (`us.anthropic.…`) may have a price of its own, else the model's.
    let plain = name.split_once('.').filter(|(area, _)| AREAS.contains(area)).map(|(_, rest)| rest);
    let of = |way: &str| {
        [Some(name), plain]
            .into_iter()
            .flatten()
            .find_map(|name| prices.of(service, &format!("{name}.{way}"), &used.region))
    };
    let (Some(input), Some(output)) = (of("in"), of("out")) else {
        return Err(format!("no price of {name} is known here"));
    };
    let nanos =
        u128::from(input.nanos) * u128::from(used.input) + u128::from(output.nanos) * u128::from(used.output);
    Ok((usd(nanos / 1_000_000), input.month.min(output.month)))
}

/// Regions that Bedrock's inference profiles span.
const AREAS: [&str; 7] = ["us", "eu", "apac", "global", "us-gov", "jp", "au"];

/// The model of an ARN, a resource name or an id.
fn model(id: &str) -> &str {
    super::machine::last(id)
}
