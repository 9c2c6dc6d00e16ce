//! The settings a sweep goes through, as a person writes them: `key=50..90`, `key=0.8..1.2:0.1`, `key=90..50:-10`,
//! `key=20s..40s:10s`, `key=20s,30s,40s`.

use std::fmt;

use serde::Serialize;

/// The most points of a sweep, all axes multiplied.
pub const MOST_POINTS: usize = 1_000;

/// A setting and the values it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// The key, as `--set` takes it.
    pub key: String,
    /// The values, in order; at least one.
    pub values: Vec<String>,
}

/// An axis that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AxisError {
    /// No key, or no values.
    #[error("`{0}` is no setting to vary; write key=from..to, key=from..to:step or key=value,value")]
    Form(String),
    /// An end or a step is no number.
    #[error(
        "`{number}` in `{axis}` is not a number; write for example 50, 0.8 or -10, or times alike such as 20s..40s:10s"
    )]
    Number {
        /// What was meant to be a number.
        number: String,
        /// The whole.
        axis: String,
    },
    /// The range holds no value.
    #[error("`{0}` leads nowhere: its step goes away from its end; {1}")]
    Away(String, String),
    /// Times without a step.
    #[error("`{axis}` says no step; write for example :10{unit} behind it")]
    NoUnit {
        /// The whole.
        axis: String,
        /// The unit of its ends.
        unit: String,
    },
    /// The step is zero.
    #[error("`{0}` never ends: its step is 0")]
    NoStep(String),
    /// Too many values.
    #[error("`{axis}` has {values} values; a sweep has at most {MOST_POINTS} points, so choose a larger step")]
    TooMany {
        /// The whole.
        axis: String,
        /// How many.
        values: i128,
    },
}

/// A decimal number, exactly: `units` times ten to the power of minus `places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    units: i128,
    places: u32,
}

/// More places than any setting needs, and few enough that no sum overflows.
const MOST_DIGITS: usize = 15;

impl Decimal {
    fn read(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{part}");
        let plain = !whole.is_empty() && all.len() <= MOST_DIGITS && all.bytes().all(|b| b.is_ascii_digit());
        if !plain || digits.ends_with('.') {
            return None;
        }
        let units: i128 = all.parse().ok()?;
        Some(Decimal { units: if negative { -units } else { units }, places: u32::try_from(part.len()).ok()? })
    }

    fn at(self, places: u32) -> i128 {
        self.units * 10_i128.pow(places.saturating_sub(self.places))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u128.pow(self.places);
        let (size, sign) = (self.units.unsigned_abs(), if self.units < 0 { "-" } else { "" });
        match self.places {
            0 => write!(f, "{sign}{size}"),
            places => write!(f, "{sign}{}.{:0>width$}", size / scale, size % scale, width = places as usize),
        }
    }
}

impl std::str::FromStr for Axis {
    type Err = AxisError;

    fn from_str(text: &str) -> Result<Axis, AxisError> {
        let form = || AxisError::Form(text.to_owned());
        let (key, values) = text.split_once('=').ok_or_else(form)?;
        let (key, values) = (key.trim(), values.trim());
        if key.is_empty() || values.is_empty() {
            return Err(form());
        }
        let values = match values.split_once("..") {
            Some((from, rest)) => range(text, from, rest)?,
            None => list(values).ok_or_else(form)?,
        };
        Ok(Axis { key: key.to_owned(), values })
    }
}

/// Values one by one.
fn list(values: &str) -> Option<Vec<String>> {
    let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
    values.iter().all(|value| !value.is_empty()).then_some(values)
}

/// From one end to the other; the last value is the last that does not go beyond the end.
fn range(axis: &str, from: &str, rest: &str) -> Result<Vec<String>, AxisError> {
    let (to, step) = match rest.split_once(':') {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    // Times in one unit are numbers of it; without a step the unit has none either.
    let unit: &str = unit_of(from);
    let is_time = !unit.is_empty() && from.trim().strip_suffix(unit).and_then(Decimal::read).is_some();
    if is_time && step.is_none() {
        return Err(AxisError::NoUnit { axis: axis.to_owned(), unit: unit.to_owned() });
    }
    let number = |text: &str| {
        let text = text.trim();
        let bare = text.strip_suffix(unit).filter(|bare| unit_of(bare).is_empty());
        bare.and_then(Decimal::read).ok_or_else(|| AxisError::Number { number: text.to_owned(), axis: axis.to_owned() })
    };
    let (from, to) = (number(from)?, number(to)?);
    let step = step.map(number).transpose()?.unwrap_or(Decimal { units: 1, places: 0 });
    let places = from.places.max(to.places).max(step.places);
    let (first, last, by) = (from.at(places), to.at(places), step.at(places));
    if by == 0 {
        return Err(AxisError::NoStep(axis.to_owned()));
    }
    if (last - first) * by.signum() < 0 {
        let fix =
            format!("write {from}{unit}..{to}{unit}:{}{unit}", Decimal { units: -step.units, places: step.places });
        return Err(AxisError::Away(axis.to_owned(), fix));
    }
    let values = (last - first) / by + 1;
    if values > MOST_POINTS as i128 {
        return Err(AxisError::TooMany { axis: axis.to_owned(), values });
    }
    Ok((0..values).map(|i| Decimal { units: first + i * by, places }.to_string() + unit).collect())
}

/// The letters a time ends with.
fn unit_of(text: &str) -> &str {
    let text = text.trim();
    &text[text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<String>, AxisError> {
        text.parse::<Axis>().map(|axis| axis.values)
    }

    #[test]
    fn ranges_are_exact() {
        assert_eq!(values("a=50..53"), Ok(["50", "51", "52", "53"].map(String::from).to_vec()));
        assert_eq!(values("a=0.8..1.15:0.1"), Ok(["0.80", "0.90", "1.00", "1.10"].map(String::from).to_vec()));
        assert_eq!(values("a=-1..-2:-0.5"), Ok(["-1.0", "-1.5", "-2.0"].map(String::from).to_vec()));
        assert_eq!(values("a=20s..40s:10s"), Ok(["20s", "30s", "40s"].map(String::from).to_vec()));
        assert_eq!(values("a=1.5m .. 0.5m : -0.5m"), Ok(["1.5m", "1.0m", "0.5m"].map(String::from).to_vec()));
        assert_eq!(values("a=7..7"), Ok(vec!["7".to_owned()]));
        assert_eq!(values("a = 20s, 30s"), Ok(["20s", "30s"].map(String::from).to_vec()));
    }

    #[test]
    fn what_leads_nowhere_is_refused_with_a_way_out() {
        let told = |text: &str| values(text).expect_err("a mistake").to_string();
        assert!(told("a=90..50").contains("write 90..50:-1"), "{}", told("a=90..50"));
        assert!(told("a=50..90:-1").contains("write 50..90:1"));
        assert!(told("a=1..9:0").contains("never ends"));
        assert!(told("a=1..1000000").contains("1000000 values"));
        assert!(told("a=1..x").contains("`x`"));
        assert!(told("a=20s..40s").contains("write for example :10s"));
        assert!(told("a=20s..1m:10s").contains("`1m`") && told("a=20s..40s:10").contains("`10`"));
        assert!(told("a=40s..20s:5s").contains("write 40s..20s:-5s"));
        assert!(told("a=1.e3..2").contains("not a number"));
        for form in ["a", "=1..2", "a=", "a=1,,2"] {
            assert!(matches!(values(form), Err(AxisError::Form(_))), "{form}");
        }
    }
}
