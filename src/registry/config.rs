//! What can be chosen about the registry, with the limits of each choice.

use std::path::PathBuf;

use super::margins::{FULL_SIZE, MAX_SIZE, MIN_SIZE};
use crate::time::Duration;

/// Settings of the registry. Documented defaults; [`Config::validate`] names every setting out of its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the people come from.
    pub source: Source,
    /// Which population is generated, and what is derived from a person's index (numbers, dates of files, bands of
    /// contribution). Default 1. Keep it when a registry is exported and imported again.
    pub seed: u64,
    /// Limits on failed identity checks.
    pub limits: Limits,
}

/// Where the people come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The generator, with so many people: 1,000 to 20,000,000. Default 3,200,000.
    Generated {
        /// How many people.
        size: u32,
    },
    /// A CSV file as `hatif registry export --reveal` writes it.
    File {
        /// Where it is.
        path: PathBuf,
    },
}

/// Limits on failed identity checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Failures for one claimed number within [`Limits::claim_window`] that lock it. 1 to 100 (NIST SP 800-63B allows no
    /// more); default 5.
    pub claim_failures: u32,
    /// How long a failure counts against the claimed number. Default 24 hours.
    pub claim_window: Duration,
    /// How long the first, second, third … lock lasts; the last one repeats. Not empty. Default 30 minutes, 2 hours, 24 hours.
    pub claim_locks: Vec<Duration>,
    /// Failures from one calling number within [`Limits::caller_window`] that lock it. 1 to 1,000; default 10.
    pub caller_failures: u32,
    /// How long a failure counts against the calling number. Default 1 hour.
    pub caller_window: Duration,
    /// Failed checks that any 24 hours of service time allow in the whole centre before all checks stop until the first of
    /// them are a day old: the brake on a scan from many lines. 1 to 10,000,000; default 20,000, about four times what the
    /// mistakes of an ordinary peak day come to.
    pub daily_failures: u32,
    /// How long a one-time code is valid. At most 10 minutes (NIST SP 800-63B); default 10 minutes.
    pub code_valid: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config { source: Source::Generated { size: FULL_SIZE }, seed: 1, limits: Limits::default() }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            claim_failures: 5,
            claim_window: Duration::from_hours(24),
            claim_locks: vec![Duration::from_mins(30), Duration::from_hours(2), Duration::from_hours(24)],
            caller_failures: 10,
            caller_window: Duration::from_hours(1),
            daily_failures: 20_000,
            code_valid: Duration::from_mins(10),
        }
    }
}

/// A setting out of its limits: which, what it was, what it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("registry setting `{setting}` is {found}; {allowed}")]
pub struct SettingError {
    /// The setting's name.
    pub setting: &'static str,
    /// What it was set to.
    pub found: String,
    /// What it may be set to.
    pub allowed: &'static str,
}

impl Limits {
    /// How long what a check left can matter, in service time: older [`super::access::change::AccessChange`]s may be thrown
    /// away.
    pub fn memory(&self) -> Duration {
        let longest = self.claim_locks.iter().copied().max().unwrap_or(Duration::ZERO);
        let claim = Duration(self.claim_window.0.saturating_add(longest.0));
        claim.max(self.caller_window).max(super::access::DAY)
    }
}

/// The most that [`Limits::daily_failures`] may be.
pub const MOST_DAILY_FAILURES: u32 = 10_000_000;

impl Config {
    /// A generated registry of `size` people with this seed and the default limits.
    pub fn generated(size: u32, seed: u64) -> Config {
        Config { source: Source::Generated { size }, seed, ..Config::default() }
    }

    /// Every setting out of its limits.
    pub fn validate(&self) -> Result<(), Vec<SettingError>> {
        let mut errors = Vec::new();
        let mut check = |ok: bool, setting, found: String, allowed| {
            if !ok {
                errors.push(SettingError { setting, found, allowed });
            }
        };
        if let Source::Generated { size } = self.source {
            let ok = (MIN_SIZE..=MAX_SIZE).contains(&size);
            check(ok, "size", size.to_string(), "choose 1000 to 20000000 people");
        }
        let limits = &self.limits;
        let some = |n: u32, max: u32| (1..=max).contains(&n);
        let positive = |d: Duration| d > Duration::ZERO;
        check(
            some(limits.claim_failures, 100),
            "claim_failures",
            limits.claim_failures.to_string(),
            "choose 1 to 100 failures",
        );
        check(positive(limits.claim_window), "claim_window", limits.claim_window.to_string(), "choose more than 0s");
        check(
            !limits.claim_locks.is_empty() && limits.claim_locks.iter().all(|&d| positive(d)),
            "claim_locks",
            format!("{:?}", limits.claim_locks),
            "give at least one length of time, each more than 0s",
        );
        check(
            some(limits.caller_failures, 1_000),
            "caller_failures",
            limits.caller_failures.to_string(),
            "choose 1 to 1000 failures",
        );
        check(positive(limits.caller_window), "caller_window", limits.caller_window.to_string(), "choose more than 0s");
        check(
            some(limits.daily_failures, MOST_DAILY_FAILURES),
            "daily_failures",
            limits.daily_failures.to_string(),
            "choose 1 to 10000000 failures",
        );
        check(
            positive(limits.code_valid) && limits.code_valid <= Duration::from_mins(10),
            "code_valid",
            limits.code_valid.to_string(),
            "choose more than 0s and at most 10m",
        );
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_out_of_limits_is_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let mut config = Config::generated(10, 1);
        config.limits.claim_locks.clear();
        config.limits.code_valid = Duration::from_hours(1);
        let errors = config.validate().expect_err("three settings are wrong");
        let named: Vec<&str> = errors.iter().map(|error| error.setting).collect();
        assert_eq!(named, ["size", "claim_locks", "code_valid"]);
        assert!(errors[0].to_string().contains("1000 to 20000000"), "{}", errors[0]);
    }
}
