//! What is asked of `hatif staff`, and how its numbers are written on the command line.

use super::intervals::Interval;
use crate::theory::{Formula, Target};

/// A checked question.
pub struct Asked {
    /// The intervals, at least one.
    pub intervals: Vec<Interval>,
    /// Their length, seconds.
    pub per: f64,
    /// Mean patience, seconds.
    pub patience: Option<f64>,
    /// What is to be reached.
    pub target: Target,
    /// Share of paid time away from calls.
    pub shrinkage: f64,
    /// By which formulas, at least one.
    pub formulas: Vec<Formula>,
}

/// Whether a formula knows anything of a target.
pub fn answers_to(formula: Formula, target: &Target, patience: Option<f64>) -> bool {
    match formula {
        Formula::B => !matches!(target, Target::Asa(_)),
        Formula::C => !matches!(target, Target::Abandonment(_)),
        Formula::A => patience.is_some(),
    }
}

fn number(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim().parse().map_err(|_| format!("`{text}` is not a number"))?;
    if number.is_finite() { Ok(number) } else { Err(format!("`{text}` is not a finite number")) }
}

/// A number of calls above 0.
pub fn calls(text: &str) -> Result<f64, String> {
    let calls = number(text)?;
    if calls > 0.0 { Ok(calls) } else { Err("give a number of calls above 0".to_owned()) }
}

/// A time above 0, in seconds: such as 20s, 5m30s, 1h or a plain number of seconds.
pub fn time(text: &str) -> Result<f64, String> {
    let seconds = seconds(text)?;
    if seconds > 0.0 { Ok(seconds) } else { Err("give a time above 0, such as 330s".to_owned()) }
}

fn seconds(text: &str) -> Result<f64, String> {
    if let Ok(plain) = text.trim().parse::<f64>() {
        return if plain.is_finite() { Ok(plain) } else { Err(format!("`{text}` is not a finite time")) };
    }
    let time: jiff::SignedDuration =
        text.trim().parse().map_err(|_| format!("`{text}` is not a time; write one such as 20s, 5m30s or 1h"))?;
    Ok(time.as_secs_f64())
}

/// A share in per cent, above 0: `80` or `80%`.
fn per_cent(text: &str) -> Result<f64, String> {
    let share = number(text.trim().trim_end_matches('%'))?;
    match share > 0.0 && share <= 100.0 {
        true => Ok(share / 100.0),
        false => Err(format!("{share} % is no share of calls; choose above 0 and below 100")),
    }
}

/// A service level such as 80/20s: 80 % within 20 s.
pub fn service_level(text: &str) -> Result<Target, String> {
    let (share, within) = text.split_once('/').ok_or("write it as share in per cent and time, such as 80/20s")?;
    let within = seconds(within)?;
    if within < 0.0 {
        return Err("the time cannot be below 0".to_owned());
    }
    Ok(Target::ServiceLevel { share: per_cent(share)?, within })
}

/// A share such as 0.03 or 3%.
fn share(text: &str) -> Result<f64, String> {
    match text.trim().strip_suffix('%') {
        Some(per_cent) => Ok(number(per_cent)? / 100.0),
        None => number(text),
    }
}

/// The largest share of callers who may leave, above 0 and below 1.
pub fn abandonment(text: &str) -> Result<Target, String> {
    let share = share(text)?;
    match share > 0.0 && share < 1.0 {
        true => Ok(Target::Abandonment(share)),
        false => Err("choose a share above 0 and below 1, such as 0.03 or 3%".to_owned()),
    }
}

/// The longest average speed of answer, above 0.
pub fn asa(text: &str) -> Result<Target, String> {
    time(text).map(Target::Asa)
}

/// Shrinkage, at least 0 and below 1.
pub fn shrinkage(text: &str) -> Result<f64, String> {
    let share = share(text)?;
    match (0.0..1.0).contains(&share) {
        true => Ok(share),
        false => Err("choose a share of at least 0 and below 1, such as 0.3 or 30%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares_are_read_as_people_write_them() {
        assert_eq!(time("330"), Ok(330.0));
        assert_eq!(time("5m30s"), Ok(330.0));
        assert_eq!(time("1.5h"), Ok(5400.0));
        assert!(time("-5s").is_err() && time("0").is_err() && time("NaN").is_err() && time("soon").is_err());
        assert_eq!(shrinkage("30%"), shrinkage("0.3"));
        assert_eq!(service_level("80/20"), Ok(Target::ServiceLevel { share: 0.8, within: 20.0 }));
        assert_eq!(service_level("90%/0s"), Ok(Target::ServiceLevel { share: 0.9, within: 0.0 }));
        assert!(service_level("120/20s").is_err() && service_level("80").is_err() && service_level("80/-1s").is_err());
    }
}
