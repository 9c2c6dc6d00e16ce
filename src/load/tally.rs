//! What happened to the calls: counts by kind, latencies, and a ledger of every call for the comparison with the records.

use std::collections::BTreeMap;

use super::{
    heard::call_id,
    latency::{Latencies, Measure, Second},
};

/// A call on the ledger: its run and number, and as what it ended by what the caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The run of the server.
    pub run: u64,
    /// The number of the call, or of the refusal, in it.
    pub number: u64,
    /// An index into the words of the ledger; [`UNTOLD`]: the caller was not told.
    word: u8,
}

/// The line broke before the caller was told how the call ended.
const UNTOLD: u8 = u8::MAX;
/// The caller was told a word for which the ledger has no more room.
const ANY: u8 = u8::MAX - 1;

impl Entry {
    /// Whether the caller was told how the call ended.
    pub fn is_told(&self) -> bool {
        self.word != UNTOLD
    }
}

/// Every call that the server gave an id, in twenty-four bytes each.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// In the order in which calls ended.
    pub entries: Vec<Entry>,
    words: Vec<Box<str>>,
}

impl Ledger {
    /// Enters a call by its id; `None` as a word: it was not told.
    fn enter(&mut self, run: u64, number: u64, word: Option<&str>) {
        let word = word.map_or(UNTOLD, |word| self.word(word));
        self.entries.push(Entry { run, number, word });
    }

    fn word(&mut self, word: &str) -> u8 {
        let place = self.words.iter().position(|known| **known == *word).unwrap_or_else(|| {
            self.words.push(word.into());
            self.words.len() - 1
        });
        // A script has some dozens of outcomes; beyond this many they are no longer compared.
        u8::try_from(place).unwrap_or(ANY).min(ANY)
    }

    /// As what the caller was told that the call ended; `None`: it is not known.
    pub fn told(&self, entry: &Entry) -> Option<&str> {
        self.words.get(usize::from(entry.word)).filter(|_| entry.word < ANY).map(|word| &**word)
    }
}

/// How many calls there were, by what became of them. Of all that were due, made again and called back, each is not made,
/// refused, failed or finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Calls {
    /// Were due by plan.
    pub due: u64,
    /// Callers who called again after a call that did not serve them.
    pub again: u64,
    /// Times the centre rang a caller back.
    pub called_back: u64,
    /// Not made: no socket was left for them, or the run was cut short.
    pub not_made: u64,
    /// The centre answered.
    pub answered: u64,
    /// Refused by the centre with a reason.
    pub refused: u64,
    /// Came to an end of which the centre said `ended`.
    pub finished: u64,
    /// Those among the finished that the centre ended early: by its own end, its operator or a fault.
    pub cut_off: u64,
    /// Broke in any other way: the errors say how.
    pub failed: u64,
    /// Were in progress when the run's time was over, and hung up for that: as what they ended tells nothing of the centre.
    pub hung_up: u64,
}

impl Calls {
    /// How many were tried, or would have been with sockets enough.
    pub fn tried(&self) -> u64 {
        self.due + self.again + self.called_back
    }

    /// How many came to an end that neither a fault nor the end of the centre brought about.
    pub fn succeeded(&self) -> u64 {
        self.finished.saturating_sub(self.cut_off)
    }

    /// How many of those are not known to have become anything, or to have become two things: always nought, unless the
    /// generator has a fault.
    pub fn unaccounted(&self) -> u64 {
        self.tried().abs_diff(self.not_made + self.refused + self.failed + self.finished)
    }
}

/// One second of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Row {
    /// Calls due in it.
    pub due: u64,
    /// Calls finished in it.
    pub finished: u64,
    /// Calls refused in it.
    pub refused: u64,
    /// Calls that failed in it.
    pub failed: u64,
    /// Calls in progress at its end.
    pub in_progress: u64,
    /// Median of key to next prompt, milliseconds.
    pub key_p50_ms: Option<f64>,
    /// 99th percentile of key to next prompt, milliseconds.
    pub key_p99_ms: Option<f64>,
}

/// Everything that is counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By what became of them.
    pub calls: Calls,
    /// In progress now: from being begun to being over.
    pub in_progress: u64,
    /// The most at once.
    pub most: u64,
    /// How long the centre took.
    pub latencies: Latencies,
    /// Finished calls by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Failed calls by what went wrong.
    pub errors: BTreeMap<String, u64>,
    /// Refused calls by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Calls with an id.
    pub ledger: Ledger,
    /// Refusals with an id.
    pub refused: Ledger,
    /// The seconds of the run that are over.
    pub rows: Vec<Row>,
    row: Row,
    second: Second,
}

impl Tally {
    /// Takes note of a time.
    pub fn note(&mut self, measure: Measure, took: std::time::Duration) {
        self.latencies.note(measure, took);
        if measure == Measure::Key {
            self.second.note(took);
        }
    }

    /// A call is due by plan.
    pub fn due(&mut self) {
        self.calls.due += 1;
        self.row.due += 1;
    }

    /// A call is begun.
    pub fn begun(&mut self) {
        self.in_progress += 1;
        self.most = self.most.max(self.in_progress);
    }

    /// A caller picks up a call back.
    pub fn called_back(&mut self) {
        self.calls.called_back += 1;
        self.begun();
    }

    /// A call that was begun is over.
    pub fn over(&mut self) {
        self.in_progress = self.in_progress.saturating_sub(1);
    }

    /// The centre said that a call is over; `cut_off`: it ended it early.
    pub fn finished(&mut self, id: Option<(u64, u64)>, outcome: &str, cut_off: bool) {
        self.calls.finished += 1;
        self.calls.cut_off += u64::from(cut_off);
        self.row.finished += 1;
        count(&mut self.outcomes, outcome);
        if let Some((run, number)) = id {
            self.ledger.enter(run, number, Some(outcome));
        }
    }

    /// A call back ended that was never picked up: nobody's call, but it must stand on record.
    pub fn unheard(&mut self, id: Option<(u64, u64)>, outcome: &str) {
        if let Some((run, number)) = id {
            self.ledger.enter(run, number, Some(outcome));
        }
    }

    /// A call broke; `id`: it had got that far.
    pub fn failed(&mut self, id: Option<(u64, u64)>, error: &str) {
        self.calls.failed += 1;
        self.row.failed += 1;
        count(&mut self.errors, error);
        if let Some((run, number)) = id {
            self.ledger.enter(run, number, None);
        }
    }

    /// A call was refused; `id` as the centre names refusals, `1-r3`.
    pub fn refused(&mut self, id: &str, reason: &str) {
        self.calls.refused += 1;
        self.row.refused += 1;
        count(&mut self.refusals, reason);
        if let Some((run, number)) = refusal_id(id) {
            self.refused.enter(run, number, Some(reason));
        }
    }

    /// So many seconds are over since the last one was. More than one where the generator stood still: what came meanwhile
    /// was noticed in the last of them, and nothing in the others.
    pub fn seconds(&mut self, many: u64) {
        for _ in 1..many {
            self.rows.push(Row { in_progress: self.in_progress, ..Row::default() });
        }
        if many > 0 {
            self.second();
        }
    }

    /// A second is over.
    pub fn second(&mut self) {
        let key = self.second.take();
        let row = Row {
            in_progress: self.in_progress,
            key_p50_ms: key.map(|key| key.0),
            key_p99_ms: key.map(|key| key.1),
            ..std::mem::take(&mut self.row)
        };
        self.rows.push(row);
    }
}

/// Adds one, with no new text where the word is known.
fn count(words: &mut BTreeMap<String, u64>, word: &str) {
    match words.get_mut(word) {
        Some(count) => *count += 1,
        None => {
            words.insert(word.to_owned(), 1);
        }
    }
}

/// A refusal's id as two numbers: of the run and of the refusal in it.
fn refusal_id(text: &str) -> Option<(u64, u64)> {
    call_id(&text.replacen("-r", "-", 1)).filter(|_| text.contains("-r"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_counted_once_and_remembered() {
        let mut tally = Tally::default();
        (0..4).for_each(|_| tally.due());
        tally.finished(Some((1, 7)), "contained", false);
        tally.failed(Some((1, 8)), "closed with code 1006");
        tally.refused("1-r1", "calls");
        tally.calls.not_made += 1;
        let Calls { due, not_made, refused, finished, failed, .. } = tally.calls;
        assert_eq!(due, not_made + refused + finished + failed);
        assert_eq!(tally.calls.unaccounted(), 0);
        let told: Vec<_> = tally.ledger.entries.iter().map(|entry| tally.ledger.told(entry)).collect();
        assert_eq!(told, [Some("contained"), None]);
        assert_eq!(tally.refused.entries.len(), 1);
        tally.second();
        assert_eq!((tally.rows[0].due, tally.rows[0].failed, tally.rows.len()), (4, 1, 1));
    }

    #[test]
    fn ids_of_refusals_are_not_those_of_calls() {
        assert_eq!((refusal_id("2-r31"), refusal_id("2-31"), refusal_id("")), (Some((2, 31)), None, None));
    }
}
