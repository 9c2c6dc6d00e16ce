//! Which days of a scenario are sized.

use anyhow::{bail, ensure};

use crate::time::Date;

/// A choice of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// This one.
    Date(Date),
    /// All of this weekday; Monday is 0.
    Weekday(i8),
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads a date or a weekday.
pub fn day(text: &str) -> Result<Day, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(weekday) = WEEKDAYS.iter().position(|name| *name == lower) {
        return Ok(Day::Weekday(weekday as i8));
    }
    let date: jiff::civil::Date = text.parse().map_err(|_| {
        format!("`{text}` is no day; write a date such as 2022-05-17, or one of {}", WEEKDAYS.join(", "))
    })?;
    Ok(Day::Date(date.into()))
}

impl Day {
    fn holds(self, date: Date) -> bool {
        match self {
            Day::Date(this) => this == date,
            Day::Weekday(weekday) => date.civil().weekday().to_monday_zero_offset() == weekday,
        }
    }
}

/// The days meant among those of a scenario, with the calls expected on each: the busiest unless asked otherwise.
pub fn chosen(asked: &[Day], days: &[(Date, f64)]) -> anyhow::Result<Vec<Date>> {
    let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else {
        bail!("the scenario lasts no time at all")
    };
    if asked.is_empty() {
        let busiest = days.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(*first, |(date, _)| *date);
        return Ok(vec![busiest]);
    }
    for day in asked {
        let any = days.iter().any(|(date, _)| day.holds(*date));
        let what = match day {
            Day::Date(date) => date.to_string(),
            Day::Weekday(weekday) => WEEKDAYS[*weekday as usize].to_owned(),
        };
        ensure!(any, "--day {what}: the scenario has no such day; it runs from {first} to {last}");
    }
    let dates = days.iter().map(|(date, _)| *date);
    Ok(dates.filter(|date| asked.iter().any(|day| day.holds(*date))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_day_is_meant_unless_others_are_named() {
        let date = |day| Date::from_ymd(2022, 5, day).expect("a date");
        // The 16th is a Monday.
        let days: Vec<(Date, f64)> = (16..30).map(|day| (date(day), if day % 7 == 4 { 9.0 } else { 5.0 })).collect();
        let of = |asked: &[&str]| {
            let asked: Vec<Day> = asked.iter().map(|text| day(text).expect("a day")).collect();
            chosen(&asked, &days)
        };
        assert_eq!(of(&[]).expect("days"), [date(18)]);
        assert_eq!(of(&["mon"]).expect("days"), [date(16), date(23)]);
        assert_eq!(of(&["2022-05-20", "Tue"]).expect("days"), [date(17), date(20), date(24)]);
        assert!(of(&["2022-06-20"]).is_err_and(|error| error.to_string().contains("from 2022-05-16 to 2022-05-29")));
        assert!(day("someday").is_err());
    }
}
