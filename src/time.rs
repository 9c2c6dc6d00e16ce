//! Time as the centre knows it: whole microseconds since the run began.
//!
//! Nothing here reads a clock. [`Instant`] counts from an arbitrary zero, so a test starts at zero, a simulated year is a
//! number, and a live run is paced by whoever holds a clock. Wall time is attached late, by [`LocalClock`], and only where
//! a calendar or a record needs it: the zone of the default centre, `Africa/Casablanca`, changes its offset twice a year
//! around Ramadan, so no offset is ever assumed.

use std::{fmt, iter::Sum, ops, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Microseconds in a second.
const SECOND: u64 = 1_000_000;

/// A point in time: whole microseconds since the run began. Range: about 584,000 years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub u64);

impl Instant {
    /// The beginning of the run.
    pub const ZERO: Instant = Instant(0);
    /// Later than every instant that occurs: what an unset deadline compares as.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The instant `secs` whole seconds after the beginning of the run.
    pub const fn from_secs(secs: u64) -> Instant {
        Instant(secs * SECOND)
    }

    /// The time that passed from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// Whole microseconds since the beginning of the run.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning of the run.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }
}

impl ops::Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_add(rhs.0))
    }
}

impl ops::Sub<Duration> for Instant {
    type Output = Instant;
    /// Saturates at the beginning of the run.
    fn sub(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_sub(rhs.0))
    }
}

impl fmt::Display for Instant {
    /// Seconds with six decimals, as event logs print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / SECOND, self.0 % SECOND)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}s")
    }
}

/// A span of time in whole microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(pub u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// Longer than any run.
    pub const MAX: Duration = Duration(u64::MAX);

    /// `n` microseconds.
    pub const fn from_micros(n: u64) -> Duration {
        Duration(n)
    }
    /// `n` milliseconds.
    pub const fn from_millis(n: u64) -> Duration {
        Duration(n * 1_000)
    }
    /// `n` seconds.
    pub const fn from_secs(n: u64) -> Duration {
        Duration(n * SECOND)
    }
    /// `n` minutes.
    pub const fn from_mins(n: u64) -> Duration {
        Duration(n * 60 * SECOND)
    }
    /// `n` hours.
    pub const fn from_hours(n: u64) -> Duration {
        Duration(n * 3_600 * SECOND)
    }
    /// The nearest whole number of microseconds to `secs`; negative and not-a-number become zero.
    pub fn from_secs_f64(secs: f64) -> Duration {
        Duration((secs.max(0.0) * SECOND as f64 + 0.5) as u64)
    }
    /// Whole microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }
    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }
    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / SECOND
    }
    /// Whole minutes, rounded up: what a caller is told ("about 3 minutes").
    pub const fn as_mins_ceil(self) -> u64 {
        self.0.div_ceil(60 * SECOND)
    }
    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }
    /// The same span on the standard library's type, for drivers that wait on a real clock.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0)
    }
}

impl ops::Add for Duration {
    type Output = Duration;
    fn add(self, rhs: Duration) -> Duration {
        Duration(self.0.saturating_add(rhs.0))
    }
}

impl ops::AddAssign for Duration {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl ops::Sub for Duration {
    type Output = Duration;
    fn sub(self, rhs: Duration) -> Duration {
        Duration(self.0.saturating_sub(rhs.0))
    }
}

impl ops::Mul<u64> for Duration {
    type Output = Duration;
    fn mul(self, rhs: u64) -> Duration {
        Duration(self.0.saturating_mul(rhs))
    }
}

impl ops::Div<u64> for Duration {
    type Output = Duration;
    fn div(self, rhs: u64) -> Duration {
        Duration(self.0 / rhs)
    }
}

impl Sum for Duration {
    fn sum<I: Iterator<Item = Duration>>(iter: I) -> Duration {
        iter.fold(Duration::ZERO, ops::Add::add)
    }
}

impl fmt::Display for Duration {
    /// As scripts write it: `90s` prints as `1m30s`, half a second as `500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let (secs, micros) = (self.0 / SECOND, self.0 % SECOND);
        let parts = [
            (secs / 3_600, "h"),
            (secs / 60 % 60, "m"),
            (secs % 60, "s"),
            (micros / 1_000, "ms"),
            (micros % 1_000, "us"),
        ];
        for (n, unit) in parts {
            if n > 0 {
                write!(f, "{n}{unit}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A span that cannot be read. Says what a span looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write a number and a unit, such as \"6s\", \"500ms\", \"2m\" or \"1h30m\"")]
pub struct ParseDurationError(pub String);

impl FromStr for Duration {
    type Err = ParseDurationError;

    /// Reads one or more of `<number><unit>` with units `d h m s ms us` (a day is 24 hours), largest first; one fraction is allowed (`2.5s`).
    fn from_str(text: &str) -> Result<Duration, ParseDurationError> {
        let fail = || ParseDurationError(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(fail());
        }
        let (mut total, mut last) = (0u64, u64::MAX);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(fail)?;
            let (number, tail) = rest.split_at(digits);
            let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let scale = match unit.trim() {
                "d" => 86_400 * SECOND,
                "h" => 3_600 * SECOND,
                "m" | "min" => 60 * SECOND,
                "s" => SECOND,
                "ms" => 1_000,
                "us" => 1,
                _ => return Err(fail()),
            };
            if scale >= last {
                return Err(fail());
            }
            last = scale;
            let number: f64 = number.parse().map_err(|_| fail())?;
            let micros = number * scale as f64;
            if !micros.is_finite() || micros > 1e18 {
                return Err(fail());
            }
            total += (micros + 0.5) as u64;
            rest = tail;
        }
        Ok(Duration(total))
    }
}

impl Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration)
    }
}

/// A civil date: days since 1970-01-01, which may be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub i32);

impl Date {
    /// The date of year, month (1–12) and day (1–31), when there is such a day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Date> {
        jiff::civil::Date::new(year, month, day).ok().map(Date::from)
    }
    /// The same day as a calendar library's value.
    pub fn civil(self) -> jiff::civil::Date {
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.saturating_add(jiff::Span::new().days(i64::from(self.0).clamp(-4_000_000, 2_900_000)))
    }
    /// The day `n` days later (earlier when negative).
    pub const fn plus_days(self, n: i32) -> Date {
        Date(self.0.saturating_add(n))
    }
}

impl From<jiff::civil::Date> for Date {
    fn from(date: jiff::civil::Date) -> Date {
        let epoch = jiff::civil::date(1970, 1, 1);
        Date(date.since((jiff::Unit::Day, epoch)).map_or(0, |span| span.get_days()))
    }
}

impl fmt::Display for Date {
    /// ISO 8601: `2022-05-17`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A time of day in whole minutes since local midnight, 0 to 1,439.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeOfDay(pub u16);

impl TimeOfDay {
    /// The time `hour:minute`, when there is such a time.
    pub const fn new(hour: u16, minute: u16) -> Option<TimeOfDay> {
        if hour < 24 && minute < 60 { Some(TimeOfDay(hour * 60 + minute)) } else { None }
    }
    /// Hour, 0 to 23.
    pub const fn hour(self) -> u16 {
        self.0 / 60
    }
    /// Minute, 0 to 59.
    pub const fn minute(self) -> u16 {
        self.0 % 60
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Which local date and time each [`Instant`] is: the origin of the run and the zone's offset changes, as plain numbers.
///
/// The engine carries one, so that it can say "between 14:30 and 15:00" without knowing what a time zone is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalClock {
    /// Unix time of [`Instant::ZERO`], in microseconds.
    origin: i64,
    /// Offset from UTC in seconds, in force from each instant on; the first entry is at zero.
    offsets: Arc<[(Instant, i32)]>,
}

impl LocalClock {
    /// How many years of offset changes are tabulated; later instants keep the last offset.
    const HORIZON_YEARS: i64 = 20;

    /// A clock whose [`Instant::ZERO`] is `origin` and whose local time is that of `zone`.
    pub fn new(origin: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> LocalClock {
        let start = origin.as_microsecond();
        let end = start + Self::HORIZON_YEARS * 366 * 86_400 * SECOND as i64;
        let mut offsets = vec![(Instant::ZERO, zone.to_offset(origin).seconds())];
        for change in zone.following(origin) {
            let at = change.timestamp().as_microsecond();
            if at > end {
                break;
            }
            offsets.push((Instant((at - start) as u64), change.offset().seconds()));
        }
        LocalClock { origin: start, offsets: offsets.into() }
    }

    /// A clock in UTC that starts at the Unix epoch: for tests that need no calendar.
    pub fn utc() -> LocalClock {
        LocalClock::new(jiff::Timestamp::UNIX_EPOCH, &jiff::tz::TimeZone::UTC)
    }

    /// The offset from UTC in force at `at`, in seconds.
    pub fn offset_at(&self, at: Instant) -> i32 {
        let i = self.offsets.partition_point(|&(from, _)| from <= at);
        self.offsets[i.saturating_sub(1)].1
    }

    /// The first instant after `at` from which another offset is in force.
    pub fn next_change(&self, at: Instant) -> Option<Instant> {
        let i = self.offsets.partition_point(|&(from, _)| from <= at);
        self.offsets.get(i).map(|&(from, _)| from)
    }

    /// Unix time of `at`, in microseconds.
    pub fn unix_micros(&self, at: Instant) -> i64 {
        self.origin.saturating_add_unsigned(at.0)
    }

    /// The instant of a Unix time in microseconds; times before the run become its beginning.
    pub fn instant_of(&self, unix_micros: i64) -> Instant {
        Instant(unix_micros.saturating_sub(self.origin).max(0) as u64)
    }

    /// The moment `at` in UTC.
    pub fn timestamp(&self, at: Instant) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.unix_micros(at)).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The local date and time of day at `at`.
    pub fn local(&self, at: Instant) -> (Date, TimeOfDay) {
        let secs = self.unix_micros(at).div_euclid(SECOND as i64) + i64::from(self.offset_at(at));
        let (day, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        (Date(day as i32), TimeOfDay((of_day / 60) as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_prints_as_it_is_written() {
        for text in ["6s", "500ms", "2m", "1h30m", "1m30s", "0s"] {
            assert_eq!(text.parse::<Duration>().map(|d| d.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("2.5s".parse(), Ok(Duration::from_millis(2_500)));
    }

    #[test]
    fn a_span_without_a_unit_is_refused_by_name() {
        for text in ["", "6", "s", "6 apples", "1s2m", "-3s", "1e400s"] {
            let error = text.parse::<Duration>().expect_err(text);
            assert!(error.to_string().contains("number and a unit"), "{error}");
        }
    }

    #[test]
    fn casablanca_changes_its_offset_twice_in_2022() {
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        let origin = "2022-03-27T00:00:00Z".parse().expect("a timestamp");
        let clock = LocalClock::new(origin, &zone);
        // 27 March, 03:00 becomes 02:00; 8 May, 02:00 becomes 03:00.
        assert_eq!(clock.local(Instant::from_secs(2 * 3600 - 60)).1.to_string(), "02:59");
        assert_eq!(clock.local(Instant::from_secs(2 * 3600)).1.to_string(), "02:00");
        let may8 =
            clock.instant_of("2022-05-08T02:00:00Z".parse::<jiff::Timestamp>().expect("a timestamp").as_microsecond());
        assert_eq!(clock.local(may8 - Duration::from_mins(1)).1.to_string(), "01:59");
        assert_eq!(clock.local(may8).1.to_string(), "03:00");
    }

    #[test]
    fn dates_count_days_from_1970() {
        assert_eq!(Date::from_ymd(1970, 1, 1), Some(Date(0)));
        assert_eq!(Date::from_ymd(2022, 5, 17).map(|d| d.to_string()).as_deref(), Some("2022-05-17"));
        assert_eq!(Date::from_ymd(2022, 2, 30), None);
        assert_eq!(Date(-1).to_string(), "1969-12-31");
    }
}
