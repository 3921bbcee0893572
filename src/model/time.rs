//! Time as the clouds write it: one parser for every spelling seen in real records.

pub type Time = jiff::Timestamp;

/// How [`Time`] stands in what we write, for its schema: RFC 3339 in UTC.
pub struct Written;

impl schemars::JsonSchema for Written {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "date-time", "pattern": "Z$", "description": "RFC 3339, UTC."
        })
    }
}

/// Parses a record's time: RFC 3339 with 0 to 9 digits, and `YYYY-MM-DD HH:MM:SS[.n]` (UTC) as SIEMs re-write it.
///
/// Other spellings inside responses ("Jul 10, 2023 11:54:39 AM", epoch milliseconds) are for [`parse_loose`].
pub fn parse(text: &str) -> Option<Time> {
    if let Ok(time) = text.parse::<Time>() {
        return Some(time);
    }
    let civil: jiff::civil::DateTime = text.trim().parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

/// Parses a time found inside a request or response: everything [`parse`] takes, US dates with a 12-hour clock
/// (also with U+202F before AM/PM, as Java prints them), epoch seconds and epoch milliseconds.
pub fn parse_loose(value: &serde_json::Value) -> Option<Time> {
    match value {
        serde_json::Value::String(text) => parse(text).or_else(|| parse_us(text)),
        serde_json::Value::Number(number) => {
            let number = number.as_f64()?;
            // Seconds would reach this value in the year 5138; milliseconds passed it in 1973.
            let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
            Time::from_millisecond(millis as i64).ok()
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
    }
}

fn parse_us(text: &str) -> Option<Time> {
    let plain: String = text.chars().map(|c| if c == '\u{202f}' { ' ' } else { c }).collect();
    ["%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p"].iter().find_map(|format| {
        let civil = jiff::civil::DateTime::strptime(format, plain.trim()).ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_seen_in_real_records_is_read() {
        let same = parse("2023-07-10T11:54:39Z").unwrap();
        for text in ["2023-07-10T11:54:39.000Z", "2023-07-10 11:54:39.000000000", "2023-07-10T13:54:39+02:00"]
        {
            assert_eq!(parse(text), Some(same), "{text}");
        }
        for value in [
            serde_json::json!("Jul 10, 2023 11:54:39 AM"),
            serde_json::json!("Jul 10, 2023, 11:54:39\u{202f}AM"),
            serde_json::json!(1688990079),
            serde_json::json!(1688990079000_i64),
            serde_json::json!(1.688990079e12),
        ] {
            assert_eq!(parse_loose(&value), Some(same), "{value}");
        }
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse_loose(&serde_json::json!("99999999-99-99")), None);
    }
}
