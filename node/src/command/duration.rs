//! Spans of time as users write them.

use std::time::Duration;

/// Reads `500ms`, `60s`, `5m`, `1h`, `7d`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let malformed = || format!("'{text}' is no time: write 500ms, 60s, 5m, 1h or 7d");
    let number: u64 = number.parse().map_err(|_| malformed())?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        "h" => number.checked_mul(60 * 60 * 1000),
        "d" => number.checked_mul(24 * 60 * 60 * 1000),
        _ => None,
    };
    millis.map(Duration::from_millis).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target as Fuzz};

    use super::*;

    #[test]
    fn fuzz_times() {
        let mut fuzz = Fuzz::new("argument-time", Form::Text, RoundTrip::Settled);
        for text in ["500ms", "60s", "7", "5m", "1h", "7d"] {
            fuzz = fuzz.seed(text, text);
        }
        fuzz.run(|bytes| {
            let time = duration(std::str::from_utf8(bytes).ok()?).ok()?;
            Some(format!("{}ms", time.as_millis()).into_bytes())
        });
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("60s"), Ok(Duration::from_mins(1)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("1h"), Ok(Duration::from_hours(1)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
        for text in ["", "s", "soon", "1y", "-1s", "99999999999999999999s", "9999999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
