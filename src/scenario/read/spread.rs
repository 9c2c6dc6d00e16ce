//! Distributions of times.

use super::{Reading, rounded};
use crate::{
    people::distribution::Distribution,
    scenario::book::DISTRIBUTIONS,
    script::tree::{Span, Table, Value},
    time::Duration,
};

impl Reading {
    /// A distribution as written; `None` where it is wrong, which has been reported.
    pub(super) fn spread(&mut self, value: &Value, name: &str) -> Option<Distribution> {
        if let Some(text) = value.text() {
            if text == "never" {
                return Some(Distribution::Never);
            }
            return match text.parse() {
                Ok(time) => Some(Distribution::Deterministic(time)),
                Err(error) => {
                    let error: crate::time::ParseDurationError = error;
                    let help = "or \"never\", or a distribution such as { exponential = \"5m\" }";
                    self.error("bad-duration", &value.span, error.to_string(), help);
                    None
                }
            };
        }
        let table = value.table()?;
        let mut kinds = table.entries.iter().filter(|entry| DISTRIBUTIONS.contains(&entry.key.as_str()));
        let Some(kind) = kinds.next() else {
            let help = format!("one of: {}", DISTRIBUTIONS.join(", "));
            self.error("missing-field", &value.span, format!("`{name}` does not say which distribution it is"), help);
            return None;
        };
        if let Some(second) = kinds.next() {
            let message = format!("`{name}` is {} and {} at once", kind.key, second.key);
            self.error("two-at-once", &second.key_span, message, "remove one of them");
            return None;
        }
        self.kind(&kind.key, &kind.value)
    }

    fn kind(&mut self, kind: &str, value: &Value) -> Option<Distribution> {
        match kind {
            "exponential" => Some(Distribution::Exponential { mean: self.mean(value)? }),
            "lognormal" => self.lognormal(value),
            "gamma" => {
                let table = value.table()?;
                Some(Distribution::Gamma { mean: self.mean(table.get("mean")?)?, cv: table.float("cv")? })
            }
            "weibull" => {
                let table = value.table()?;
                Some(Distribution::Weibull { mean: self.mean(table.get("mean")?)?, shape: table.float("shape")? })
            }
            "uniform" => self.uniform(value),
            "mixture" => self.mixture(value),
            "survival" => self.survival(value),
            _ => self.empirical(value),
        }
    }

    fn mean(&mut self, value: &Value) -> Option<Duration> {
        let mean = value.text()?.parse().ok()?;
        if mean == Duration::ZERO {
            self.error(
                "out-of-range",
                &value.span,
                "the mean must be longer than 0s",
                "write \"0s\" alone for no time at all",
            );
            return None;
        }
        Some(mean)
    }

    fn lognormal(&mut self, value: &Value) -> Option<Distribution> {
        let table = value.table()?;
        let mean = self.mean(table.get("mean")?);
        let sigma = match (table.float("sigma"), table.float("cv")) {
            (Some(sigma), None) => sigma,
            (None, Some(cv)) => libm::sqrt(libm::log1p(cv * cv)),
            (None, None) if table.get("sigma").or(table.get("cv")).is_some() => return None,
            (None, None) => {
                let help = "sigma is the standard deviation of the logarithm, cv that of the time over its mean";
                self.error("missing-field", &value.span, "a lognormal distribution needs `sigma` or `cv`", help);
                return None;
            }
            (Some(_), Some(_)) => {
                let message = "`sigma` and `cv` say the same thing; only one can hold";
                self.error("two-at-once", &value.span, message, "remove one of them");
                return None;
            }
        };
        Some(Distribution::Lognormal { mean: mean?, sigma })
    }

    fn uniform(&mut self, value: &Value) -> Option<Distribution> {
        let times = times(value)?;
        let [from, to] = times[..] else {
            let message = format!("`uniform` has {} times; it needs two", times.len());
            self.error("wrong-count", &value.span, message, "write uniform = [\"3s\", \"8s\"]");
            return None;
        };
        if to < from {
            let message = format!("{to} comes before {from}");
            self.error("out-of-order", &value.span, message, "write the shorter time first");
            return None;
        }
        Some(Distribution::Uniform { from, to })
    }

    fn mixture(&mut self, value: &Value) -> Option<Distribution> {
        let items = value.list()?;
        let mut parts = Vec::new();
        for table in items.iter().filter_map(Value::table) {
            let share = table.float("share").filter(|share| (0.0..=1.0).contains(share));
            let of = table.get("of").and_then(|of| self.spread(of, "of"));
            parts.push((share?, of?));
        }
        if parts.is_empty() {
            self.error(
                "empty",
                &value.span,
                "a mixture of nothing",
                "give at least one part: { share = 1, of = \"5m\" }",
            );
            return None;
        }
        self.sums_to_one(&value.span, "the shares of the mixture", parts.iter().map(|(share, _)| *share));
        Some(Distribution::Mixture(parts.into()))
    }

    fn survival(&mut self, value: &Value) -> Option<Distribution> {
        let mut points: Vec<(Duration, f64)> = Vec::new();
        let help = "points are written [\"30s\", 0.9]: the time, and the share who are still there";
        for item in value.list()? {
            let pair = item.list().unwrap_or_default();
            let point = match pair {
                [time, share] => time.text().and_then(|text| text.parse::<Duration>().ok()).zip(share.float()),
                _ => None,
            };
            let Some((time, share)) = point.filter(|(_, share)| (0.0..=1.0).contains(share)) else {
                self.error("bad-point", &item.span, "this is not a point of a survival curve", help);
                return None;
            };
            let (before, still) = points.last().copied().unwrap_or((Duration::ZERO, 1.0));
            if time < before || (time == before && !points.is_empty()) || share > still {
                let message = format!(
                    "after {} at {before} comes {} at {time}; times must rise and shares must fall",
                    rounded(still),
                    rounded(share)
                );
                self.error("out-of-order", &item.span, message, help);
                return None;
            }
            points.push((time, share));
        }
        self.not_empty(&points, &value.span, "survival")?;
        Some(Distribution::Survival(points.into()))
    }

    fn empirical(&mut self, value: &Value) -> Option<Distribution> {
        let times = times(value)?;
        self.not_empty(&times, &value.span, "empirical")?;
        Some(Distribution::Empirical(times.into()))
    }

    fn not_empty<T>(&mut self, list: &[T], span: &Span, name: &str) -> Option<()> {
        if list.is_empty() {
            self.error("empty", span, format!("`{name}` is empty"), "give at least one time");
            return None;
        }
        Some(())
    }

    /// A distribution under a key, when it is there.
    pub(super) fn time_if(&mut self, table: &Table, key: &str) -> Option<Distribution> {
        let value = table.get(key)?;
        self.spread(value, key)
    }
}

/// A list of lengths of time; `None` where one of them is none, which has been reported.
fn times(value: &Value) -> Option<Vec<Duration>> {
    value.list()?.iter().map(|item| item.text()?.parse().ok()).collect()
}
