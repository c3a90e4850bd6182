//! Moments as the reader's clock and calendar have them.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

pub(crate) fn moment(ms: u64, zone: &TimeZone) -> Zoned {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// Hours and minutes.
pub(crate) fn clock(ms: u64, zone: &TimeZone) -> String {
    moment(ms, zone).strftime("%H:%M").to_string()
}

/// A day as people call it from `today`.
pub(crate) fn day(date: Date, today: Date) -> String {
    if date == today {
        return "Today".to_owned();
    }
    if today.yesterday().is_ok_and(|yesterday| yesterday == date) {
        return "Yesterday".to_owned();
    }
    let format = if date.year() == today.year() { "%A, %-d %B" } else { "%A, %-d %B %Y" };
    date.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_have_names() {
        let today = date(2026, 7, 28);
        assert_eq!(day(today, today), "Today");
        assert_eq!(day(date(2026, 7, 27), today), "Yesterday");
        assert_eq!(day(date(2026, 7, 1), today), "Wednesday, 1 July");
        assert_eq!(day(date(2025, 12, 31), today), "Wednesday, 31 December 2025");
    }

    #[test]
    fn impossible_times_do_no_harm() {
        assert_eq!(clock(0, &TimeZone::UTC), "00:00");
        assert_eq!(clock(u64::MAX, &TimeZone::UTC), "00:00");
    }
}
