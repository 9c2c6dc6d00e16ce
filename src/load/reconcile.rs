//! The comparison of what callers were told with what stands on record: every call has exactly one record, with the same
//! outcome.

use serde::{Deserialize, Serialize};

use super::tally::{Entry, Ledger, Tally};

/// A page of `GET /records`.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// In rising order of their numbers.
    pub records: Vec<Recorded>,
    /// After which number the next page begins; `None`: this is the last.
    pub next: Option<u64>,
}

/// A record, as far as it is compared.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// The number of the call in its run.
    pub number: u64,
    /// As what it ended.
    pub outcome: String,
}

/// A page of `GET /refusals`.
#[derive(Clone, Debug, Deserialize)]
pub struct RefusalPage {
    /// In rising order of their numbers.
    pub refusals: Vec<RefusalOnRecord>,
    /// As in [`Page`].
    pub next: Option<u64>,
}

/// A refusal on record.
#[derive(Clone, Debug, Deserialize)]
pub struct RefusalOnRecord {
    /// Its number in its run, that of the last where it stands for several.
    pub number: u64,
    /// How many refusals it stands for.
    #[serde(default = "one")]
    pub count: u64,
}

fn one() -> u64 {
    1
}

/// What the comparison came to. Numbers are `None` when the records could not be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Records {
    /// Calls with an id, each of which must have one record.
    pub calls: u64,
    /// Calls with exactly one record and, where the caller was told, the outcome she was told.
    pub reconciled: Option<u64>,
    /// Calls without a record whose callers were told that they had ended: what the centre promises never happens.
    pub missing: Option<u64>,
    /// Calls without a record whose callers were told nothing of an end, since the line broke: of a server that was not
    /// killed in the midst, a loss too.
    pub untold: Option<u64>,
    /// Calls with more than one record, and records that the server was handed twice since it started and left out.
    pub doubled: Option<u64>,
    /// Calls with one record and another outcome than the caller was told.
    pub different: Option<u64>,
    /// Missing, untold, doubled and different together.
    pub lost: Option<u64>,
    /// The first few that are lost, in words.
    pub examples: Vec<String>,
    /// Refusals with an id, and how many of them stand on record. (A server under a flood of refusals records only how many
    /// there were in a second.)
    pub refusals: u64,
    /// See above.
    pub refusals_recorded: Option<u64>,
    /// Refusals with an id that do not stand on record.
    pub unrecorded: Option<u64>,
    /// Why something could not be compared.
    pub why: Option<String>,
}

impl Records {
    /// Of calls whose records are not read yet.
    pub fn of(tally: &Tally) -> Records {
        Records {
            calls: tally.ledger.entries.len() as u64,
            refusals: tally.refused.entries.len() as u64,
            ..Records::default()
        }
    }

    /// The server says so many records came to it twice and were left out: each has only one, and was doubled.
    pub fn left_out(&mut self, doubled: u64) {
        if doubled == 0 {
            return;
        }
        for sum in [&mut self.doubled, &mut self.lost] {
            *sum = sum.map(|sum| sum + doubled);
        }
        self.examples.push(format!("the server was handed {doubled} records twice and left the second ones out"));
    }
}

/// Compares the calls of one run with its records, page by page.
#[derive(Debug)]
pub struct Comparison<'a> {
    ledger: &'a Ledger,
    run: u64,
    calls: Vec<Entry>,
    /// How many records each has.
    found: Vec<u8>,
    different: Vec<bool>,
}

impl<'a> Comparison<'a> {
    /// Of the calls of this run on the ledger.
    pub fn new(ledger: &'a Ledger, run: u64) -> Comparison<'a> {
        let mut calls: Vec<Entry> = ledger.entries.iter().filter(|entry| entry.run == run).copied().collect();
        calls.sort_unstable_by_key(|entry| entry.number);
        Comparison { ledger, run, found: vec![0; calls.len()], different: vec![false; calls.len()], calls }
    }

    /// After which number the records to compare begin, and the last number; `None`: there is nothing to compare.
    pub fn span(&self) -> Option<(u64, u64)> {
        Some((self.calls.first()?.number.saturating_sub(1), self.calls.last()?.number))
    }

    /// Takes in a record.
    pub fn record(&mut self, number: u64, outcome: &str) {
        let Ok(place) = self.calls.binary_search_by_key(&number, |entry| entry.number) else { return };
        self.found[place] = self.found[place].saturating_add(1);
        self.different[place] |= self.ledger.told(&self.calls[place]).is_some_and(|told| told != outcome);
    }

    /// The first number without a record; `None`: all have one.
    pub fn first_missing(&self) -> Option<u64> {
        let place = self.found.iter().position(|found| *found == 0)?;
        Some(self.calls[place].number)
    }

    /// Begins anew from the first that is missing, for another look.
    pub fn again_from(&mut self, number: u64) {
        let from = self.calls.partition_point(|entry| entry.number < number);
        self.found[from..].fill(0);
        self.different[from..].fill(false);
    }

    /// Adds what was found.
    pub fn finish(&self, records: &mut Records) {
        let (mut reconciled, mut missing, mut untold, mut doubled, mut different) = (0, 0, 0, 0, 0);
        for (i, entry) in self.calls.iter().enumerate() {
            let what = match (self.found[i], self.different[i]) {
                (1, false) => {
                    reconciled += 1;
                    continue;
                }
                (0, _) if entry.is_told() => {
                    missing += 1;
                    "was told that it ended and has no record".to_owned()
                }
                (0, _) => {
                    untold += 1;
                    "has no record; its line broke before it was told how it ended".to_owned()
                }
                (1, true) => {
                    different += 1;
                    format!("was told `{}` and has another outcome on record", self.ledger.told(entry).unwrap_or("?"))
                }
                (n, _) => {
                    doubled += 1;
                    format!("has {n} records")
                }
            };
            if records.examples.len() < MOST_EXAMPLES {
                records.examples.push(format!("call {}-{} {what}", self.run, entry.number));
            }
        }
        let add = |sum: &mut Option<u64>, n: u64| *sum = Some(sum.unwrap_or(0) + n);
        add(&mut records.reconciled, reconciled);
        add(&mut records.missing, missing);
        add(&mut records.untold, untold);
        add(&mut records.doubled, doubled);
        add(&mut records.different, different);
        add(&mut records.lost, missing + untold + doubled + different);
    }
}

/// So many lost calls are named.
const MOST_EXAMPLES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_with_the_same_outcome_and_nothing_else_is_right() {
        let mut tally = Tally::default();
        for number in [5, 1, 3, 2, 4] {
            tally.finished(Some((7, number)), "contained", false);
        }
        tally.failed(Some((7, 6)), "closed with code 1006");
        tally.finished(Some((8, 1)), "contained", false);
        let mut comparison = Comparison::new(&tally.ledger, 7);
        assert_eq!(comparison.span(), Some((0, 6)));
        for (number, outcome) in
            [(1, "contained"), (2, "abandoned"), (3, "contained"), (3, "contained"), (6, "abandoned"), (9, "failed")]
        {
            comparison.record(number, outcome);
        }
        assert_eq!(comparison.first_missing(), Some(4));
        let mut records = Records::default();
        comparison.finish(&mut records);
        let Records { reconciled, missing, untold, doubled, different, lost, .. } = records;
        assert_eq!((reconciled, missing, doubled, different, lost), (Some(2), Some(2), Some(1), Some(1), Some(4)));
        assert_eq!(untold, Some(0));
        assert_eq!(records.examples.len(), 4);

        comparison.again_from(4);
        comparison.record(4, "contained");
        comparison.record(5, "contained");
        comparison.record(6, "abandoned");
        let mut records = Records::default();
        comparison.finish(&mut records);
        assert_eq!((records.missing, records.reconciled), (Some(0), Some(4)));
        let lost = records.lost;
        records.left_out(0);
        assert_eq!((records.lost, records.doubled), (lost, Some(1)));
        records.left_out(2);
        assert_eq!((records.lost, records.doubled), (lost.map(|lost| lost + 2), Some(3)), "what was left out counts");
    }
}
