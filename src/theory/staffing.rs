//! How many agents a target needs.

use super::{ErlangC, Error, Impatient, Line, erlang_b, positive, share_below_one, within};

/// More agents than this are not looked for.
const MOST: u32 = 10_000_000;

/// Which formula answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Formula {
    /// Nobody waits: who finds no free agent is lost.
    B,
    /// Nobody gives up.
    C,
    /// Callers give up, with exponential patience.
    A,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// This share of all callers is answered within a time.
    ServiceLevel {
        /// Above 0 and below 1.
        share: f64,
        /// At least 0.
        within: f64,
    },
    /// At most this share of all callers leaves unanswered; above 0 and below 1.
    Abandonment(f64),
    /// Those who are answered wait at most so long on average; above 0.
    Asa(f64),
}

/// Callers and their calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Calls a unit of time, at least 0.
    pub arrivals: f64,
    /// Mean handle time, above 0: talking and after-call work.
    pub handle_mean: f64,
    /// Mean patience, above 0; Erlang A needs it.
    pub patience_mean: Option<f64>,
}

/// What a formula says of a number of agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Agents at work.
    pub agents: u32,
    /// Share of all callers answered within the target's time (without such a target: at once).
    pub service_level: f64,
    /// Mean wait of those who are answered.
    pub asa: f64,
    /// Share of all callers who leave unanswered.
    pub abandonment: f64,
    /// Share of time that agents are busy.
    pub occupancy: f64,
}

impl Target {
    fn check(&self, formula: Formula) -> Result<(), Error> {
        let share_ok = |share: f64| share > 0.0 && share < 1.0;
        let refused = |text: &str| Err(Error::Target(text.to_owned()));
        match *self {
            Target::ServiceLevel { share, within: time } => {
                if share == 1.0 {
                    return refused(
                        "no number of agents answers 100 % in time, for calls come by chance; ask for 99.9 %",
                    );
                }
                within("target share", share, share_ok(share), "above 0 and below 1")?;
                within("target time", time, time.is_finite() && time >= 0.0, "a finite time of at least 0").map(drop)
            }
            Target::Abandonment(share) => {
                if formula == Formula::C {
                    return refused("in Erlang C nobody gives up, so it knows no abandonment; use Erlang A");
                }
                within("target abandonment", share, share_ok(share), "above 0 and below 1").map(drop)
            }
            Target::Asa(time) => {
                if formula == Formula::B {
                    return refused(
                        "in Erlang B nobody waits, so it knows no average speed of answer; use Erlang C or A",
                    );
                }
                positive("target average speed of answer", time).map(drop)
            }
        }
    }

    fn time(&self) -> f64 {
        match *self {
            Target::ServiceLevel { within, .. } => within,
            _ => 0.0,
        }
    }

    fn met(&self, need: &Need) -> bool {
        match *self {
            Target::ServiceLevel { share, .. } => need.service_level >= share,
            Target::Abandonment(share) => need.abandonment <= share,
            Target::Asa(time) => need.asa <= time,
        }
    }
}

impl Traffic {
    /// Work that arrives, in agents kept busy (erlangs).
    pub fn load(&self) -> f64 {
        self.arrivals * self.handle_mean
    }

    /// What a formula says of so many agents; service level is counted within `time`. `None` when the queue would grow
    /// without end.
    pub fn with(&self, formula: Formula, agents: u32, time: f64) -> Result<Option<Need>, Error> {
        if agents == 0 {
            return Ok(None);
        }
        let occupied = |answered: f64| self.load() * answered / f64::from(agents);
        Ok(Some(match formula {
            Formula::B => {
                let lost = erlang_b(self.load(), agents);
                let occupancy = occupied(1.0 - lost);
                Need { agents, service_level: 1.0 - lost, asa: 0.0, abandonment: lost, occupancy }
            }
            Formula::C => match ErlangC::new(self.arrivals, self.handle_mean, agents) {
                Err(Error::Unstable { .. }) => return Ok(None),
                Err(other) => return Err(other),
                Ok(c) => {
                    let (service_level, asa) = (c.service_level(time), c.asa());
                    Need { agents, service_level, asa, abandonment: 0.0, occupancy: c.occupancy() }
                }
            },
            Formula::A => {
                let (arrivals, handle_mean, patience_mean) = (self.arrivals, self.handle_mean, self.patience_mean);
                let line = Line { arrivals, handle_mean, agents, patience_mean, capacity: None, balk: 0.0 };
                let a = Impatient::new(line)?;
                let (service_level, asa) = (a.p_answered_within(time), a.asa());
                Need { agents, service_level, asa, abandonment: a.p_abandon(), occupancy: a.occupancy() }
            }
        }))
    }
}

/// The smallest number of agents at work with which a formula promises the target, and what else it then promises. Without
/// calls that is none.
pub fn agents_needed(formula: Formula, traffic: &Traffic, target: &Target) -> Result<Need, Error> {
    positive("mean handle time", traffic.handle_mean)?;
    within("arrival rate", traffic.arrivals, traffic.arrivals.is_finite() && traffic.arrivals >= 0.0, "at least 0")?;
    target.check(formula)?;
    match (formula, traffic.patience_mean) {
        (Formula::A, None) => return Err(Error::Target("Erlang A needs the callers' mean patience".to_owned())),
        (_, Some(mean)) => positive("mean patience", mean).map(drop)?,
        (_, None) => {}
    }
    if traffic.load() > f64::from(MOST) / 2.0 {
        let (what, must) = ("load in erlangs", "at most 5 million");
        return Err(Error::OutOfRange { what, value: traffic.load(), must });
    }
    if traffic.arrivals == 0.0 {
        return Ok(Need { agents: 0, service_level: 1.0, asa: 0.0, abandonment: 0.0, occupancy: 0.0 });
    }
    // All three measures get better with every agent, so that halving finds the first number that is enough.
    let reaches = |agents: u32| traffic.with(formula, agents, target.time()).map(|need| need.filter(|n| target.met(n)));
    let (mut low, mut high) = (0, 1);
    let mut best = loop {
        match reaches(high)? {
            Some(need) => break need,
            None if high >= MOST => {
                return Err(Error::Target(format!("not even {MOST} agents reach the target")));
            }
            None => (low, high) = (high, (high * 2).min(MOST)),
        }
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match reaches(middle)? {
            Some(need) => (high, best) = (middle, need),
            None => low = middle,
        }
    }
    Ok(best)
}

/// How many must be on the roster for so many at work: needed / (1 - shrinkage), rounded up. Shrinkage (leave, training,
/// breaks) is a share of the time that is paid for, at least 0 and below 1.
pub fn scheduled(agents: u32, shrinkage: f64) -> Result<u32, Error> {
    share_below_one("shrinkage", shrinkage)?;
    // Less a little, so that 7 / (1 - 0.3) is 10 and not 11.
    let exact = f64::from(agents) / (1.0 - shrinkage);
    Ok(libm::ceil(exact * (1.0 - 1e-12)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAFFIC: Traffic = Traffic { arrivals: 852.0 / 1800.0, handle_mean: 330.0, patience_mean: Some(3000.0) };
    const TARGET: Target = Target::ServiceLevel { share: 0.8, within: 20.0 };

    #[test]
    fn the_number_is_the_smallest_that_is_enough() {
        for (formula, target) in [
            (Formula::C, TARGET),
            (Formula::A, TARGET),
            (Formula::B, TARGET),
            (Formula::A, Target::Abandonment(0.02)),
            (Formula::B, Target::Abandonment(0.02)),
            (Formula::A, Target::Asa(15.0)),
            (Formula::C, Target::Asa(15.0)),
        ] {
            let need = agents_needed(formula, &TRAFFIC, &target).expect("reachable");
            assert!(target.met(&need), "{formula:?} {target:?}");
            let fewer = TRAFFIC.with(formula, need.agents - 1, target.time()).expect("in range");
            assert!(fewer.is_none_or(|fewer| !target.met(&fewer)), "{formula:?} {target:?}: {}", need.agents);
        }
    }

    #[test]
    fn impossible_targets_say_why() {
        let ask = |formula, target| agents_needed(formula, &TRAFFIC, &target).expect_err("impossible").to_string();
        assert!(ask(Formula::C, Target::Abandonment(0.05)).contains("nobody gives up"));
        assert!(ask(Formula::B, Target::Asa(5.0)).contains("nobody waits"));
        assert!(ask(Formula::C, Target::ServiceLevel { share: 1.0, within: 20.0 }).contains("99.9 %"));
        assert!(ask(Formula::C, Target::ServiceLevel { share: 1.2, within: 20.0 }).contains("1.2"));
        assert!(ask(Formula::A, Target::Asa(f64::NAN)).contains("NaN"));
        let nobody_known = Traffic { patience_mean: None, ..TRAFFIC };
        assert!(agents_needed(Formula::A, &nobody_known, &TARGET).is_err());
    }

    #[test]
    fn nobody_calls_and_nobody_is_needed() {
        let quiet = Traffic { arrivals: 0.0, ..TRAFFIC };
        assert_eq!(agents_needed(Formula::C, &quiet, &TARGET).map(|need| need.agents), Ok(0));
    }

    #[test]
    fn shrinkage_rounds_up_but_not_by_rounding_errors() {
        assert_eq!(scheduled(7, 0.3), Ok(10));
        assert_eq!(scheduled(8, 0.3), Ok(12));
        assert_eq!(scheduled(0, 0.3), Ok(0));
        assert!(scheduled(8, 1.0).is_err() && scheduled(8, f64::NAN).is_err());
    }
}
