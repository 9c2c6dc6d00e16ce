//! What a run came to, for people and for programs. The shape of the JSON is documented in `docs/load.md` and only grows.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;

use super::{
    centre::Health,
    latency::{Figures, Measure},
    reconcile::Records,
    sockets::Room,
    tally::{Calls, Row, Tally},
    threshold::{Threshold, Verdict},
};

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of the program.
    pub hatif: &'static str,
    /// Where was called.
    pub url: String,
    /// What was asked for, in words.
    pub plan: String,
    /// When it began, UTC.
    pub began_utc: String,
    /// How long calls were begun, seconds.
    pub begun_for_s: f64,
    /// How long the run took until the last call was over, seconds.
    pub took_s: f64,
    /// It was ended early.
    pub cut_short: bool,
    /// The server, if it said who it is.
    pub server: Option<Health>,
    /// Sockets this process may have.
    pub sockets: usize,
    /// Calls by what became of them.
    pub calls: Calls,
    /// Calls of which it is not known what became of them, by a fault of this program. The run fails by them.
    pub unaccounted: u64,
    /// The most calls at once.
    pub most_at_once: u64,
    /// Calls a second.
    pub rate: Rates,
    /// Latencies by name, milliseconds; `null`: nothing was measured.
    pub latency_ms: BTreeMap<&'static str, Option<Figures>>,
    /// Finished calls by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Failed calls by what went wrong.
    pub errors: BTreeMap<String, u64>,
    /// Refused calls by reason.
    pub refusals: BTreeMap<String, u64>,
    /// The comparison with the server's records.
    pub records: Records,
    /// The rules of the run and what became of them.
    pub thresholds: Vec<Verdict>,
    /// Every second of the run.
    pub seconds: Vec<Row>,
}

/// Calls a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Due, while calls were begun.
    pub offered_per_s: f64,
    /// Finished, in the whole seconds while calls were begun.
    pub finished_per_s: f64,
    /// Finished in the best ten seconds of the run (in all of it, when it was shorter).
    pub best_finished_per_s: f64,
}

/// What a summary is made of besides the tally.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Where was called.
    pub url: String,
    /// What was asked for, in words.
    pub plan: String,
    /// When it began.
    pub began: jiff::Timestamp,
    /// How long calls were begun.
    pub begun_for: std::time::Duration,
    /// How long all of it took.
    pub took: std::time::Duration,
    /// It was ended early.
    pub cut_short: bool,
    /// The server.
    pub server: Option<Health>,
    /// What the system allows.
    pub room: Room,
}

impl Summary {
    /// Sums up, and judges the rules.
    pub fn new(frame: Frame, tally: Tally, records: Records, rules: &[Threshold]) -> Summary {
        let latency = |measure: Measure| (measure.word(), tally.latencies.figures(measure));
        let mut summary = Summary {
            hatif: env!("CARGO_PKG_VERSION"),
            url: frame.url,
            plan: frame.plan,
            began_utc: frame.began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            begun_for_s: frame.begun_for.as_secs_f64(),
            took_s: frame.took.as_secs_f64(),
            cut_short: frame.cut_short,
            server: frame.server,
            sockets: frame.room.sockets,
            calls: tally.calls,
            unaccounted: tally.calls.unaccounted(),
            most_at_once: tally.most,
            rate: rates(tally.calls.due, &tally.rows, frame.begun_for.as_secs_f64()),
            latency_ms: Measure::ALL.map(latency).into_iter().collect(),
            outcomes: tally.outcomes,
            errors: tally.errors,
            refusals: tally.refusals,
            records,
            thresholds: Vec::new(),
            seconds: tally.rows,
        };
        summary.thresholds = rules.iter().map(|rule| rule.judge(&summary)).collect();
        summary
    }

    /// Whether a rule is broken, the calls do not add up, or none succeeded.
    pub fn is_broken(&self) -> bool {
        self.unaccounted > 0 || self.failure().is_some() || self.thresholds.iter().any(|verdict| verdict.broken)
    }

    /// What is to be said of a run of whose calls not one succeeded. Of one that was ended early that says nothing.
    pub fn failure(&self) -> Option<String> {
        let Calls { not_made, refused, finished, failed, .. } = self.calls;
        if self.cut_short || self.calls.succeeded() > 0 {
            return None;
        }
        if self.calls.tried() == 0 {
            return Some(
                "nobody called: no call was due; begin them for longer (--for), at another time (--at) or at a higher \
                         rate"
                    .to_owned(),
            );
        }
        let counts =
            [(failed, "failed"), (refused, "were refused"), (finished, "were cut off"), (not_made, "were not made")];
        let became: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let words = self.errors.iter().chain(&self.refusals).max_by_key(|(_, count)| **count);
        let words = words.map_or_else(String::new, |(words, _)| format!(" (mostly: {words})"));
        Some(format!(
            "no call succeeded: {}{words}; see the log of the server, and try one call with `hatif call`",
            became.join(", ")
        ))
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{}", self.url)?;
        writeln!(out, "  {}", self.plan)?;
        if let Some(Health { centre, run, speed, people, .. }) = &self.server {
            let pace = if *speed == 1.0 { String::new() } else { format!(", its time goes {speed} times as fast") };
            writeln!(out, "  {centre}, run {run}, {people} people on file{pace}")?;
        }
        let short = if self.cut_short { ", cut short" } else { "" };
        writeln!(out, "  calls begun for {:.1} s, over after {:.1} s{short}\n", self.begun_for_s, self.took_s)?;
        self.write_calls(out)?;
        self.write_latencies(out)?;
        write_words(out, "outcomes", &self.outcomes)?;
        write_words(out, "refused", &self.refusals)?;
        write_words(out, "errors", &self.errors)?;
        self.write_records(out)?;
        for Verdict { rule, broken, shown, .. } in &self.thresholds {
            writeln!(out, "{}  {rule}: {shown}", if *broken { "BROKEN" } else { "kept  " })?;
        }
        Ok(())
    }

    fn write_calls(&self, out: &mut String) -> std::fmt::Result {
        let Calls { due, again, called_back, not_made, answered, refused, finished, cut_off, failed, hung_up } =
            self.calls;
        writeln!(
            out,
            "calls     due {due}, again {again}, called back {called_back}: finished {finished}, refused {refused}, \
             failed {failed}, not made {not_made}; answered {answered}, most at once {}",
            self.most_at_once
        )?;
        if cut_off > 0 {
            writeln!(out, "          {cut_off} of the finished were cut off: the centre ended them early")?;
        }
        if hung_up > 0 {
            writeln!(
                out,
                "          {hung_up} were in progress when the time was over and were hung up; --drain gives them more"
            )?;
        }
        if let Some(failure) = self.failure() {
            writeln!(out, "BROKEN    {failure}")?;
        }
        let Rates { offered_per_s, finished_per_s, best_finished_per_s } = self.rate;
        writeln!(
            out,
            "a second  offered {offered_per_s:.1}, finished {finished_per_s:.1}, in the best ten seconds {best_finished_per_s:.1}"
        )?;
        if self.unaccounted > 0 {
            writeln!(out, "BROKEN    the calls do not add up: what became of {} is not known", self.unaccounted)?;
        }
        if not_made > 0 {
            writeln!(
                out,
                "note      this process may have {} sockets; {not_made} calls found none left and were not made",
                self.sockets
            )?;
        }
        Ok(())
    }

    fn write_latencies(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n{:<48} {:>9} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "milliseconds", "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
        for measure in Measure::ALL {
            let name = format!("{:<8} {}", measure.word(), measure.meaning());
            // Padding counts characters; so does the eye.
            let pad = " ".repeat(48_usize.saturating_sub(name.chars().count()));
            match self.latency_ms.get(measure.word()).and_then(Option::as_ref) {
                Some(Figures { count, p50, p90, p99, p99_9, max, .. }) => writeln!(
                    out,
                    "{name}{pad} {count:>9} {p50:>10.3} {p90:>10.3} {p99:>10.3} {p99_9:>10.3} {max:>10.3}"
                )?,
                None => writeln!(out, "{name}{pad} {:>9}", 0)?,
            }
        }
        writeln!(out)
    }

    fn write_records(&self, out: &mut String) -> std::fmt::Result {
        let records = &self.records;
        let found = (records.missing, records.untold, records.doubled, records.different);
        if let (Some(reconciled), (Some(missing), Some(untold), Some(doubled), Some(different)), Some(lost)) =
            (records.reconciled, found, records.lost)
        {
            let untold = if untold > 0 { format!("untold {untold}, ") } else { String::new() };
            writeln!(
                out,
                "records   {reconciled} of {} calls reconciled; missing {missing}, {untold}doubled {doubled}, different \
                 {different}: lost {lost}",
                records.calls
            )?;
        }
        if let Some(recorded) = records.refusals_recorded.filter(|_| records.refusals > 0) {
            writeln!(out, "          {recorded} of {} refusals on record", records.refusals)?;
        }
        records.examples.iter().try_for_each(|example| writeln!(out, "          {example}"))?;
        records.why.iter().try_for_each(|why| writeln!(out, "records   not compared: {why}"))
    }
}

fn write_words(out: &mut String, title: &str, words: &BTreeMap<String, u64>) -> std::fmt::Result {
    if words.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = words.iter().map(|(word, count)| format!("{word} {count}")).collect();
    writeln!(out, "{title:<9} {}", list.join(", "))
}

/// The seconds over which the best rate is taken: one would be chance.
const BEST: usize = 10;

fn rates(due: u64, rows: &[Row], begun_for_s: f64) -> Rates {
    let over = |rows: &[Row], of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>() as f64 / rows.len().max(1) as f64;
    // Whole seconds only: of a part of one it is not known how long it was.
    let begun = &rows[..(begun_for_s as usize).max(1).min(rows.len())];
    let best = rows.windows(BEST.min(rows.len()).max(1)).map(|rows| over(rows, |row| row.finished));
    Rates {
        offered_per_s: if begun_for_s > 0.0 { due as f64 / begun_for_s } else { 0.0 },
        finished_per_s: over(begun, |row| row.finished),
        best_finished_per_s: best.fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            url: "ws://127.0.0.1:1/call".into(),
            plan: "2/s".into(),
            began: jiff::Timestamp::UNIX_EPOCH,
            begun_for: std::time::Duration::from_secs(2),
            took: std::time::Duration::from_secs(3),
            cut_short: false,
            server: None,
            room: Room { files: 100, sockets: 52 },
        }
    }

    fn tally() -> Tally {
        let mut tally = Tally::default();
        for second in 0..3 {
            (0..2).for_each(|_| tally.due());
            tally.finished(Some((1, second)), "contained", false);
            tally.note(Measure::Key, std::time::Duration::from_millis(100 * (second + 1)));
            tally.second();
        }
        tally.refused("1-r1", "calls");
        tally.calls.not_made += 2;
        tally
    }

    #[test]
    fn rules_are_judged_on_what_was_measured() {
        let rules = ["p99(key)>250ms", "refused>1%", "rate<0.5/s", "lost>0", "failed>0", "unrecorded>0"];
        let rules: Vec<Threshold> = rules.iter().map(|rule| rule.parse().expect(rule)).collect();
        let summary = Summary::new(frame(), tally(), Records::default(), &rules);
        let broken: Vec<bool> = summary.thresholds.iter().map(|verdict| verdict.broken).collect();
        assert_eq!(broken, [true, true, false, true, false, true], "records that were not read prove nothing");
        assert!(summary.is_broken() && summary.text().contains("BROKEN  lost>0: could not be measured"));
    }

    #[test]
    fn a_run_whose_calls_do_not_add_up_fails() {
        let summary = Summary::new(frame(), tally(), Records::default(), &[]);
        assert!(!summary.is_broken(), "{}", summary.text());
        let mut tally = tally();
        tally.due();
        let summary = Summary::new(frame(), tally, Records::default(), &[]);
        assert!(summary.is_broken() && summary.text().contains("what became of 1 is not known"));
    }

    #[test]
    fn a_run_of_whose_calls_not_one_succeeded_fails() {
        let judged = |tally: &Tally, cut_short: bool| {
            let summary = Summary::new(Frame { cut_short, ..frame() }, tally.clone(), Records::default(), &[]);
            (summary.is_broken(), summary.text().contains("no call succeeded"))
        };
        let mut tally = Tally::default();
        let summary = Summary::new(frame(), tally.clone(), Records::default(), &[]);
        assert!(summary.is_broken() && summary.text().contains("nobody called"), "no call was due");
        (0..4).for_each(|_| tally.due());
        tally.finished(Some((1, 1)), "abandoned", true);
        tally.failed(None, "connection refused");
        tally.refused("1-r1", "calls");
        tally.calls.not_made += 1;
        assert_eq!((judged(&tally, false), judged(&tally, true)), ((true, true), (false, false)));
        tally.due();
        tally.finished(Some((1, 2)), "contained", false);
        assert_eq!(judged(&tally, false), (false, false));
    }

    #[test]
    fn a_generator_that_stood_still_does_not_raise_the_rates() {
        let mut tally = Tally::default();
        for (_, number) in (0..40).zip(1..) {
            tally.due();
            tally.finished(Some((1, number)), "contained", false);
        }
        tally.seconds(4);
        assert_eq!(tally.rows.len(), 4, "a row a second");
        let begun_for = std::time::Duration::from_secs(4);
        let summary = Summary::new(Frame { begun_for, ..frame() }, tally, Records::default(), &[]);
        let Rates { offered_per_s, finished_per_s, best_finished_per_s } = summary.rate;
        assert_eq!((offered_per_s, finished_per_s, best_finished_per_s), (10.0, 10.0, 10.0));
    }

    #[test]
    fn the_drain_does_not_thin_the_rates() {
        let summary = Summary::new(frame(), tally(), Records::default(), &[]);
        assert_eq!((summary.rate.offered_per_s, summary.rate.finished_per_s), (3.0, 1.0));
        assert_eq!(summary.seconds.len(), 3);
    }
}
