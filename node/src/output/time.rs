//! Times as RFC 3339 has them, in UTC, to the nanosecond.

use ply_types::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// A time as text, such as `2026-11-21T02:28:00.000000001Z`.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let (days, second) =
        (time.seconds.div_euclid(DAY_SECONDS), time.seconds.rem_euclid(DAY_SECONDS));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let nanos = time.nanos;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// A second since 1970 as text.
pub(crate) fn when(second: u64) -> String {
    rfc3339(Timestamp { seconds: i64::try_from(second).unwrap_or(i64::MAX), nanos: 0 })
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day comes last; 400 of them have 146,097 days.
/// The way of Howard Hinnant, "chrono-compatible low-level date algorithms".
fn date(days: i64) -> (i64, i64, i64) {
    let from_march = days.saturating_add(719_468);
    let (era, day_of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let check = |seconds, nanos, expected: &str| {
            assert_eq!(rfc3339(Timestamp { seconds, nanos }), expected);
        };
        check(0, 0, "1970-01-01T00:00:00.000000000Z");
        check(-1, 999_999_999, "1969-12-31T23:59:59.999999999Z");
        check(951_782_400, 1, "2000-02-29T00:00:00.000000001Z");
        check(4_107_542_400, 0, "2100-03-01T00:00:00.000000000Z");
        check(1_795_228_080, 0, "2026-11-21T02:28:00.000000000Z");
        check(-2_208_988_800, 0, "1900-01-01T00:00:00.000000000Z");
    }
}
