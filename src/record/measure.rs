//! Totals over call records, and what each means.
//!
//! One entry a measure: name, unit, formula. *Offered* counts calls that arrived, call backs apart (they are the centre's
//! own calls); *queued* counts those that waited for an agent at least once.

use serde::Serialize;

use super::cdr::Cdr;
use crate::{engine::event::Cause, time::Duration};

/// One measure of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Its name, as reports head the column.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// How it is computed.
    pub formula: &'static str,
}

/// The measures, in the order of [`Totals::values`].
pub const CATALOGUE: [Measure; 10] = [
    Measure { name: "offered", unit: "calls", formula: "calls that arrived, call backs apart" },
    Measure { name: "contained", unit: "share", formula: "calls ended with outcome contained / offered" },
    Measure { name: "queued", unit: "calls", formula: "calls that waited for an agent" },
    Measure { name: "answered", unit: "calls", formula: "calls an agent took" },
    Measure {
        name: "abandoned",
        unit: "share",
        formula: "queued calls whose caller hung up before an answer / queued",
    },
    Measure { name: "service_level", unit: "share", formula: "calls answered within the threshold / queued" },
    Measure { name: "asa", unit: "seconds", formula: "waiting of answered calls / answered" },
    Measure { name: "talk", unit: "seconds", formula: "talking, holds included / answered" },
    Measure { name: "transfers", unit: "calls", formula: "times an agent passed a call on" },
    Measure { name: "failed_checks", unit: "calls", formula: "calls with a failed check of identity or code" },
];

/// Totals over calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    threshold: Duration,
    offered: u64,
    contained: u64,
    queued: u64,
    answered: u64,
    abandoned: u64,
    in_time: u64,
    waited: Duration,
    talked: Duration,
    transfers: u64,
    failed_checks: u64,
}

impl Totals {
    /// No calls yet; `threshold` is the wait within which an answer counts for the service level.
    pub fn new(threshold: Duration) -> Totals {
        Totals {
            threshold,
            offered: 0,
            contained: 0,
            queued: 0,
            answered: 0,
            abandoned: 0,
            in_time: 0,
            waited: Duration::ZERO,
            talked: Duration::ZERO,
            transfers: 0,
            failed_checks: 0,
        }
    }

    /// Counts one call.
    pub fn add(&mut self, cdr: &Cdr) {
        let one = |yes: bool| u64::from(yes);
        let (queued, answered) = (cdr.queue.is_some(), cdr.answered.is_some());
        self.offered += one(cdr.promised_in.is_none());
        self.contained += one(cdr.promised_in.is_none() && cdr.outcome == "contained");
        self.queued += one(queued);
        self.answered += one(answered);
        self.abandoned += one(queued && !answered && cdr.cause == Cause::CallerHungUp);
        self.in_time += one(answered && cdr.waited <= self.threshold);
        if answered {
            self.waited += cdr.waited;
            self.talked += cdr.talked;
        }
        self.transfers += u64::from(cdr.transfers);
        self.failed_checks += one(cdr.failed_checks > 0);
    }

    /// The measures with their values; `None` where the denominator is zero.
    pub fn values(&self) -> [(Measure, Option<f64>); CATALOGUE.len()] {
        let count = |n: u64| Some(n as f64);
        let share = |n: u64, of: u64| (of > 0).then(|| n as f64 / of as f64);
        let mean = |time: Duration| (self.answered > 0).then(|| time.as_secs_f64() / self.answered as f64);
        let values = [
            count(self.offered),
            share(self.contained, self.offered),
            count(self.queued),
            count(self.answered),
            share(self.abandoned, self.queued),
            share(self.in_time, self.queued),
            mean(self.waited),
            mean(self.talked),
            count(self.transfers),
            count(self.failed_checks),
        ];
        std::array::from_fn(|i| (CATALOGUE[i], values[i]))
    }
}
