//! What a run must keep: `--fail-if 'p99(key)>200ms'`, `--fail-if 'lost>0'`, `--fail-if 'refused>1%'`.

use std::str::FromStr;

use serde::Serialize;

use super::{latency::Measure, summary::Summary};
use crate::script::diagnostic::nearest;

/// A rule that fails a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As written.
    text: String,
    subject: Subject,
    relation: Relation,
    /// Milliseconds for a latency, calls a second for `rate`, a share for a per cent, else a count.
    limit: f64,
    /// The count is compared as a share of the calls that were due.
    share: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    Latency(Statistic, Measure),
    Count(Count),
    Rate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Statistic {
    P50,
    P90,
    P99,
    P999,
    Max,
    Mean,
}

impl Statistic {
    const ALL: [(&'static str, Statistic); 6] = [
        ("p50", Statistic::P50),
        ("p90", Statistic::P90),
        ("p99", Statistic::P99),
        ("p99.9", Statistic::P999),
        ("max", Statistic::Max),
        ("mean", Statistic::Mean),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Lost,
    Missing,
    Untold,
    Doubled,
    Different,
    Unrecorded,
    Failed,
    Refused,
    Finished,
    CutOff,
    HungUp,
    NotMade,
}

impl Count {
    const ALL: [(&'static str, Count); 12] = [
        ("lost", Count::Lost),
        ("missing", Count::Missing),
        ("untold", Count::Untold),
        ("doubled", Count::Doubled),
        ("different", Count::Different),
        ("unrecorded", Count::Unrecorded),
        ("failed", Count::Failed),
        ("refused", Count::Refused),
        ("finished", Count::Finished),
        ("cut_off", Count::CutOff),
        ("hung_up", Count::HungUp),
        ("not_made", Count::NotMade),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Relation {
    const ALL: [(&'static str, Relation); 4] =
        [(">=", Relation::AtLeast), ("<=", Relation::AtMost), (">", Relation::Above), ("<", Relation::Below)];

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Relation::Above => value > limit,
            Relation::AtLeast => value >= limit,
            Relation::Below => value < limit,
            Relation::AtMost => value <= limit,
        }
    }
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--fail-if `{text}`: {why}; write a rule such as 'p99(key)>200ms', 'lost>0', 'refused>1%' or 'rate<4500/s'")]
pub struct ThresholdError {
    text: String,
    why: String,
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Threshold, ThresholdError> {
        let wrong = |why: String| ThresholdError { text: text.to_owned(), why };
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let found = Relation::ALL
            .into_iter()
            .find_map(|(sign, relation)| compact.split_once(sign).map(|(subject, limit)| (subject, relation, limit)));
        let Some((name, relation, limit)) = found else {
            return Err(wrong("it has no <, <=, > or >=".to_owned()));
        };
        let subject = subject(name).map_err(wrong)?;
        let (limit, share) = limit_of(subject, limit).map_err(wrong)?;
        Ok(Threshold { text: text.to_owned(), subject, relation, limit, share })
    }
}

fn subject(name: &str) -> Result<Subject, String> {
    if let Some((statistic, rest)) = name.split_once('(') {
        let measure = rest.strip_suffix(')').unwrap_or(rest);
        let statistic = known("statistic", statistic, &Statistic::ALL)?;
        let measures = Measure::ALL.map(|measure| (measure.word(), measure));
        return Ok(Subject::Latency(statistic, known("latency", measure, &measures)?));
    }
    if name == "rate" {
        return Ok(Subject::Rate);
    }
    known("count", name, &Count::ALL).map(Subject::Count).map_err(|why| format!("{why}, or `rate`"))
}

fn known<T: Copy>(what: &str, name: &str, all: &[(&str, T)]) -> Result<T, String> {
    let found = all.iter().find(|(word, _)| *word == name).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let near = nearest(name, all.iter().map(|(word, _)| *word));
        let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
        format!("there is no {what} `{name}`{near} (known: {})", words.join(", "))
    })
}

/// The limit, and whether it is a share.
fn limit_of(subject: Subject, text: &str) -> Result<(f64, bool), String> {
    let number = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        value.ok_or_else(|| format!("`{text}` is not a number from 0 up"))
    };
    match subject {
        Subject::Latency(..) => {
            let units = [("us", 0.001), ("µs", 0.001), ("ms", 1.0), ("s", 1_000.0)];
            let unit = units.iter().find_map(|(unit, factor)| text.strip_suffix(unit).map(|n| (n, *factor)));
            let (text, factor) = unit.ok_or_else(|| format!("the time `{text}` has no unit (us, ms or s)"))?;
            Ok((number(text)? * factor, false))
        }
        Subject::Rate => {
            let text = text.strip_suffix("/s").ok_or_else(|| format!("the rate `{text}` does not end in /s"))?;
            Ok((number(text)?, false))
        }
        Subject::Count(_) => match text.strip_suffix('%') {
            Some(text) => Ok((number(text)? / 100.0, true)),
            None => Ok((number(text)?, false)),
        },
    }
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The rule as written.
    pub rule: String,
    /// What was measured, in the rule's unit (milliseconds, calls, a share, calls a second); `None`: it could not be told.
    pub value: Option<f64>,
    /// The run fails by it. What could not be told fails too.
    pub broken: bool,
    /// The value for people.
    pub shown: String,
}

impl Threshold {
    /// Whether a run keeps the rule. A rule about the records of a run whose records could not be read fails: silence is no
    /// proof. So does a rule about a latency of which nothing was measured.
    pub fn judge(&self, summary: &Summary) -> Verdict {
        let value = self.value(summary);
        let broken = value.is_none_or(|value| self.relation.holds(value, self.limit));
        let shown = match (value, self.subject) {
            (None, _) => "could not be measured".to_owned(),
            (Some(value), Subject::Latency(..)) => format!("{value:.3} ms"),
            (Some(value), Subject::Rate) => format!("{value:.1}/s"),
            (Some(value), Subject::Count(_)) if self.share => format!("{:.3} %", value * 100.0),
            (Some(value), Subject::Count(_)) => format!("{value:.0}"),
        };
        Verdict { rule: self.text.clone(), value, broken, shown }
    }

    fn value(&self, summary: &Summary) -> Option<f64> {
        let count = match self.subject {
            Subject::Rate => return Some(summary.rate.finished_per_s),
            Subject::Latency(statistic, measure) => {
                let figures = summary.latency_ms.get(measure.word())?.as_ref()?;
                return Some(match statistic {
                    Statistic::P50 => figures.p50,
                    Statistic::P90 => figures.p90,
                    Statistic::P99 => figures.p99,
                    Statistic::P999 => figures.p99_9,
                    Statistic::Max => figures.max,
                    Statistic::Mean => figures.mean,
                });
            }
            Subject::Count(Count::Lost) => summary.records.lost?,
            Subject::Count(Count::Missing) => summary.records.missing?,
            Subject::Count(Count::Untold) => summary.records.untold?,
            Subject::Count(Count::Doubled) => summary.records.doubled?,
            Subject::Count(Count::Different) => summary.records.different?,
            Subject::Count(Count::Unrecorded) => summary.records.unrecorded?,
            Subject::Count(Count::Failed) => summary.calls.failed,
            Subject::Count(Count::Refused) => summary.calls.refused,
            Subject::Count(Count::Finished) => summary.calls.finished,
            Subject::Count(Count::CutOff) => summary.calls.cut_off,
            Subject::Count(Count::HungUp) => summary.calls.hung_up,
            Subject::Count(Count::NotMade) => summary.calls.not_made,
        };
        match self.share {
            // Of no calls every share is nought.
            true => Some(count as f64 / summary.calls.tried().max(1) as f64),
            false => Some(count as f64),
        }
    }

    /// Whether the rule is about the records of the run.
    pub fn needs_records(&self) -> bool {
        use Count::{Different, Doubled, Lost, Missing, Unrecorded, Untold};
        matches!(self.subject, Subject::Count(Lost | Missing | Untold | Doubled | Different | Unrecorded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Threshold {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rules_are_read_with_their_units() {
        assert_eq!(rule("p99(key)>200ms").limit, 200.0);
        assert_eq!(rule("p99.9(end) >= 1.5s").limit, 1_500.0);
        assert_eq!(rule("max(connect)>500us").limit, 0.5);
        assert_eq!((rule("refused>1%").limit, rule("refused>1%").share), (0.01, true));
        assert_eq!((rule("rate<4500/s").subject, rule("rate<4500/s").relation), (Subject::Rate, Relation::Below));
        assert!(rule("lost>0").needs_records() && !rule("failed>0").needs_records());
    }

    #[test]
    fn a_rule_that_cannot_be_read_says_why_and_how() {
        for (text, why) in [
            ("lost", "no <, <=, > or >="),
            ("p98(key)>1ms", "no statistic `p98`"),
            ("p99(kye)>1ms", "did you mean `key`"),
            ("p99(key)>200", "has no unit"),
            ("losst>0", "did you mean `lost`"),
            ("lost>-1", "not a number from 0 up"),
            ("rate<5000", "/s"),
        ] {
            let error = text.parse::<Threshold>().expect_err(text).to_string();
            assert!(error.contains(why) && error.contains("'lost>0'"), "{text}: {error}");
        }
    }
}
