//! What a run is asked to do: read from what the user wrote, and every mistake in it told at once.

use std::net::IpAddr;

use super::threshold::Threshold;
use crate::{live::protocol, time::Duration};

/// The words of the command line, as they came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `50/s`.
    pub rate: Option<String>,
    /// `0..200/s over 2m`.
    pub ramp: Option<String>,
    /// A scenario's name or file.
    pub scenario: Option<String>,
    /// How many times as fast as written the scenario's calls come.
    pub speed: Option<String>,
    /// Local time of the scenario's first day at which its calls begin.
    pub at: Option<String>,
    /// How many calls are held.
    pub concurrent: Option<String>,
    /// How many calls are made.
    pub calls: Option<String>,
    /// How long calls are begun.
    pub length: Option<String>,
    /// The keys of callers who do nothing else.
    pub keys: Option<String>,
    /// Between being asked and the key.
    pub pause: Option<String>,
    /// Between the last answer and the hang-up.
    pub hold: Option<String>,
    /// Call after call on one connection.
    pub reuse: bool,
    /// Addresses to call from.
    pub local: Vec<String>,
    /// How long an answer is waited for.
    pub patience: Option<String>,
    /// How long calls may go on after the last was begun.
    pub drain: Option<String>,
    /// What fails the run.
    pub fail_if: Vec<String>,
    /// The records are not asked for.
    pub no_records: bool,
    /// The options given that say who people are: their centre, their registry.
    pub of_people: Vec<&'static str>,
    /// Root of chance of arrivals and callers.
    pub seed: u64,
}

/// A checked plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When calls are begun.
    pub arrivals: Arrivals,
    /// At most so many calls.
    pub calls: Option<u64>,
    /// Calls are begun for so long.
    pub length: Option<std::time::Duration>,
    /// Who calls.
    pub callers: Callers,
    /// Addresses to call from, in turn; empty: the system chooses.
    pub local: Vec<IpAddr>,
    /// How long an answer is waited for.
    pub patience: std::time::Duration,
    /// How long calls may go on after the last was begun; `None`: as long as they like.
    pub drain: Option<std::time::Duration>,
    /// What fails the run.
    pub fail_if: Vec<Threshold>,
    /// The server is asked for its records afterwards.
    pub reconcile: bool,
    /// Root of chance.
    pub seed: u64,
}

/// When calls are begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// A Poisson process of so many a second.
    Rate(f64),
    /// A Poisson process whose rate goes evenly from one to another; it stays there.
    Ramp {
        /// Calls a second at the beginning.
        from: f64,
        /// Calls a second at the end.
        to: f64,
        /// How long it takes.
        over: std::time::Duration,
    },
    /// As the scenario says, so many times as fast; `None`: as fast as the server's clock goes.
    Scenario(Option<f64>),
    /// So many calls are held: one is begun for each that ends, at most so many a second.
    Concurrent {
        /// How many.
        calls: usize,
        /// Calls a second.
        pace: f64,
    },
}

/// Who calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Callers {
    /// The people of a scenario.
    People {
        /// Its name or file.
        scenario: String,
        /// Local time of its first day at which they begin.
        at: jiff::civil::Time,
    },
    /// Callers who press keys when asked, and hang up.
    Keys(Signalling),
}

/// A caller who does nothing but signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Signalling {
    /// The entries, each pressed when the centre awaits keys.
    pub entries: Vec<String>,
    /// Between being asked and the key.
    pub pause: std::time::Duration,
    /// Between the last answer and the hang-up; `None`: until the run ends.
    pub hold: Option<std::time::Duration>,
    /// Call after call on one connection.
    pub reuse: bool,
}

/// Whose callers call unless a scenario is named.
pub const ORDINARY: &str = "ordinary_day";
/// How many calls a second are begun where a number of calls is held and no rate given.
const PACE: f64 = 50.0;
/// The fastest and the slowest rate that can be asked for, calls a second.
const FASTEST: f64 = 1_000_000.0;
const SLOWEST: f64 = 0.01 / 3_600.0;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
const DRAIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Every mistake in what was asked, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Mistakes(pub Vec<String>);

/// Notes mistakes and goes on.
#[derive(Default)]
struct Reader(Vec<String>);

impl Reader {
    fn read<T>(&mut self, option: &str, text: Option<&String>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = text?;
        match read(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.0.push(format!("{option} `{text}`: {why}"));
                None
            }
        }
    }

    fn wrong(&mut self, is_wrong: bool, why: &str) {
        if is_wrong {
            self.0.push(why.to_owned());
        }
    }
}

impl Plan {
    /// Reads what was asked.
    ///
    /// # Errors
    /// Every mistake: values that cannot be read, options that contradict or need one another.
    pub fn read(asked: &Asked) -> Result<Plan, Mistakes> {
        let mut reader = Reader::default();
        let callers = callers(asked, &mut reader);
        let arrivals = arrivals(asked, &mut reader);
        let calls = reader.read("--calls", asked.calls.as_ref(), count);
        let length = reader.read("--for", asked.length.as_ref(), span);
        let patience = reader.read("--patience", asked.patience.as_ref(), span).unwrap_or(PATIENCE);
        let drain = reader.read("--drain", asked.drain.as_ref(), span_or_nought);
        let read_local = |text: &String| reader.read("--local", Some(text), address);
        let local = asked.local.iter().filter_map(read_local).collect();
        let mut fail_if = Vec::new();
        for rule in &asked.fail_if {
            match rule.parse::<Threshold>() {
                Ok(rule) => fail_if.push(rule),
                Err(error) => reader.0.push(error.to_string()),
            }
        }
        let records = fail_if.iter().any(Threshold::needs_records) && asked.no_records;
        reader.wrong(records, "--no-records: a --fail-if is about records; leave one of them out");
        let endless = asked.calls.is_none() && asked.length.is_none();
        let unbounded = endless && (asked.rate.is_some() || asked.concurrent.is_some());
        reader.wrong(unbounded, "the run would never end; add --calls N or --for TIME");
        match (arrivals, callers) {
            (Some(arrivals), Some(callers)) if reader.0.is_empty() => Ok(Plan {
                arrivals,
                calls,
                length: length.or(match arrivals {
                    Arrivals::Ramp { over, .. } if calls.is_none() => Some(over),
                    _ => None,
                }),
                callers,
                local,
                patience,
                // Who asked for so many calls wants them whole.
                drain: drain.or((length.is_some() || calls.is_none()).then_some(DRAIN)),
                fail_if,
                reconcile: !asked.no_records,
                seed: asked.seed,
            }),
            _ => Err(Mistakes(reader.0)),
        }
    }
}

fn callers(asked: &Asked, reader: &mut Reader) -> Option<Callers> {
    let pause = reader.read("--pause", asked.pause.as_ref(), span_or_nought);
    let hold = reader.read("--hold", asked.hold.as_ref(), hold);
    let at = reader.read("--at", asked.at.as_ref(), time_of_day);
    let entries = reader.read("--keys", asked.keys.as_ref(), entries);
    let keys = asked.keys.is_some();
    let needs_keys = [("--pause", asked.pause.is_some()), ("--hold", asked.hold.is_some()), ("--reuse", asked.reuse)];
    for (option, _) in needs_keys.iter().filter(|(_, given)| *given && !keys) {
        reader.0.push(format!("{option} is for callers with --keys; people know themselves what to do"));
    }
    reader.wrong(keys && asked.scenario.is_some(), "--keys and --scenario: callers with fixed keys follow no scenario");
    reader.wrong(keys && asked.at.is_some(), "--keys and --at: callers with fixed keys know no time");
    for option in asked.of_people.iter().filter(|_| keys) {
        reader.0.push(format!("--keys and {option}: callers with fixed keys are nobody on file and read no script"));
    }
    if !keys {
        let scenario = asked.scenario.clone().unwrap_or_else(|| ORDINARY.to_owned());
        return Some(Callers::People { scenario, at: at.unwrap_or(jiff::civil::time(10, 0, 0, 0)) });
    }
    // Who holds a number of calls wants them to stay.
    let hold = hold.unwrap_or((asked.concurrent.is_none()).then_some(std::time::Duration::ZERO));
    entries.map(|entries| {
        Callers::Keys(Signalling { entries, pause: pause.unwrap_or_default(), hold, reuse: asked.reuse })
    })
}

fn arrivals(asked: &Asked, reader: &mut Reader) -> Option<Arrivals> {
    let rate = reader.read("--rate", asked.rate.as_ref(), rate);
    let ramp = reader.read("--ramp", asked.ramp.as_ref(), ramp);
    let speed = reader.read("--speed", asked.speed.as_ref(), speed);
    let concurrent = reader.read("--concurrent", asked.concurrent.as_ref(), count);
    let both = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some();
    reader.wrong(both(&asked.rate, &asked.ramp), "--rate and --ramp: give one of them");
    reader.wrong(both(&asked.ramp, &asked.concurrent), "--ramp and --concurrent: give one of them");
    let timed = asked.rate.is_some() || asked.ramp.is_some() || asked.concurrent.is_some();
    let by_scenario = asked.scenario.is_some() && !timed;
    reader.wrong(
        asked.speed.is_some() && !by_scenario,
        "--speed is how fast a scenario's own calls come; give --scenario, and no --rate, --ramp or --concurrent",
    );
    let none = !timed && asked.scenario.is_none();
    reader.wrong(
        none,
        "when are calls to come? give --rate 50/s, --ramp '0..200/s over 2m', --concurrent N or --scenario S",
    );
    match () {
        () if asked.concurrent.is_some() => {
            concurrent.map(|calls| Arrivals::Concurrent { calls: calls as usize, pace: rate.unwrap_or(PACE) })
        }
        () if asked.ramp.is_some() => ramp,
        () if asked.rate.is_some() => rate.map(Arrivals::Rate),
        () if by_scenario => Some(Arrivals::Scenario(speed)),
        () => None,
    }
}

/// `50/s`, `3000/m`, `1/h`.
fn rate(text: &str) -> Result<f64, String> {
    let wrong = || "write calls and a unit of time, such as 50/s, 600/m or 10/h".to_owned();
    let (number, unit) = text.trim().split_once('/').ok_or_else(wrong)?;
    let unit = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let rate: f64 = number.trim().parse().map_err(|_| wrong())?;
    match rate / unit {
        rate if (SLOWEST..=FASTEST).contains(&rate) => Ok(rate),
        0.0 => Err("nobody would ever call; choose a rate above 0".to_owned()),
        _ => Err(format!("choose a rate from 0.01/h to {FASTEST}/s")),
    }
}

/// `0..200/s over 2m`.
fn ramp(text: &str) -> Result<Arrivals, String> {
    let wrong = || "write it as '0..200/s over 2m'".to_owned();
    let (rates, over) = text.split_once(" over ").ok_or_else(wrong)?;
    let (from, to) = rates.split_once("..").ok_or_else(wrong)?;
    let unit = to.trim().split_once('/').ok_or_else(wrong)?.1;
    let end = |text: &str| match text.trim() {
        "0" | "0.0" => Ok(0.0),
        text => rate(&format!("{text}/{unit}")),
    };
    let (from, to) = (end(from)?, end(to.split('/').next().unwrap_or_default())?);
    if from == 0.0 && to == 0.0 {
        return Err("nobody would ever call; choose a rate above 0 at one end".to_owned());
    }
    Ok(Arrivals::Ramp { from, to, over: span(over.trim())? })
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: Option<f64> = text.parse().ok().filter(|speed| (0.001..=1_000.0).contains(speed));
    speed.ok_or_else(|| "choose 0.001 to 1000".to_owned())
}

fn count(text: &str) -> Result<u64, String> {
    let count: Option<u64> = text.parse().ok().filter(|count| (1..=1_000_000_000).contains(count));
    count.ok_or_else(|| "choose a whole number from 1 to 1000000000".to_owned())
}

fn span_or_nought(text: &str) -> Result<std::time::Duration, String> {
    let span: Duration = text.parse().map_err(|error| format!("{error}"))?;
    Ok(std::time::Duration::from_micros(span.as_micros()))
}

fn span(text: &str) -> Result<std::time::Duration, String> {
    let span = span_or_nought(text)?;
    if span.is_zero() { Err("choose a time above 0".to_owned()) } else { Ok(span) }
}

/// How long a call is held: a time, or to the `end` of the run.
fn hold(text: &str) -> Result<Option<std::time::Duration>, String> {
    if text == "end" { Ok(None) } else { span_or_nought(text).map(Some) }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "write an IP address of this machine, such as 127.0.0.2".to_owned())
}

fn time_of_day(text: &str) -> Result<jiff::civil::Time, String> {
    text.parse().map_err(|_| "write a time of day, such as 10:00".to_owned())
}

/// Entries between commas, of which each is pressed when keys are awaited.
fn entries(text: &str) -> Result<Vec<String>, String> {
    let entries: Vec<String> = text.split(',').map(|entry| entry.trim().to_owned()).collect();
    if let Some(wrong) = entries.iter().find_map(|entry| protocol::read_keys(entry).err()) {
        return Err(format!("{}; write entries between commas, such as '1,2'", wrong.message));
    }
    match entries.len() > MOST_ENTRIES {
        true => Err(format!("at most {MOST_ENTRIES} entries")),
        false => Ok(entries),
    }
}

/// The most entries of a caller with fixed keys.
const MOST_ENTRIES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn rates_and_ramps_are_read() {
        assert_eq!((rate("50/s"), rate("600/m"), rate("36 / h")), (Ok(50.0), Ok(10.0), Ok(0.01)));
        let over = std::time::Duration::from_secs(120);
        assert_eq!(ramp("0..200/s over 2m"), Ok(Arrivals::Ramp { from: 0.0, to: 200.0, over }));
        assert_eq!(ramp("60..6/m over 2m"), Ok(Arrivals::Ramp { from: 1.0, to: 0.1, over }));
        assert_eq!(rate("0.01/h"), Ok(SLOWEST));
        for wrong in ["50", "0/s", "-1/s", "x/s", "1/d", "1e9/s", "NaN/s", "1e-30/s", "0.009/h", "inf/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for wrong in ["0..200/s", "0..0/s over 2m", "200/s over 2m", "0..200/s over 0s", "0..200 over 2m"] {
            assert!(ramp(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let asked = Asked {
            rate: some("fast"),
            ramp: some("0..200/s over 2m"),
            speed: some("2"),
            calls: some("-3"),
            hold: some("1m"),
            fail_if: vec!["losst>0".into(), "p99(key)>5".into()],
            local: vec!["here".into()],
            ..Asked::default()
        };
        let Mistakes(found) = Plan::read(&asked).expect_err("mistakes");
        for wanted in [
            "--rate `fast`",
            "--rate and --ramp",
            "--speed is",
            "--calls `-3`",
            "--hold is for",
            "losst",
            "p99(key)>5",
            "--local",
        ] {
            assert!(found.iter().any(|mistake| mistake.contains(wanted)), "{wanted}: {found:#?}");
        }
        assert_eq!(found.len(), 8, "{found:#?}");
    }

    #[test]
    fn what_says_who_people_are_is_refused_where_nobody_is_one() {
        let of_people = vec!["--centre", "--registry-file"];
        let asked = Asked { rate: some("1/s"), calls: some("1"), of_people, ..Asked::default() };
        assert!(Plan::read(&asked).is_ok());
        let Mistakes(found) = Plan::read(&Asked { keys: some("1"), ..asked }).expect_err("mistakes");
        assert!(found.len() == 2 && found[0].contains("--centre") && found[1].contains("--registry-file"), "{found:?}");
    }

    #[test]
    fn a_run_has_an_end_and_a_beginning() {
        let endless = Plan::read(&Asked { rate: some("1/s"), ..Asked::default() }).expect_err("endless");
        assert!(endless.to_string().contains("--for"), "{endless}");
        let idle = Plan::read(&Asked::default()).expect_err("no calls");
        assert!(idle.to_string().contains("--rate 50/s"), "{idle}");
        let ramp = Plan::read(&Asked { ramp: some("0..9/s over 1m"), ..Asked::default() }).expect("a plan");
        assert_eq!(ramp.length, Some(std::time::Duration::from_secs(60)));
        let people = Plan::read(&Asked { scenario: some("ordinary_day"), ..Asked::default() }).expect("a plan");
        assert_eq!(people.arrivals, Arrivals::Scenario(None));
    }

    #[test]
    fn calls_that_are_held_stay_and_others_end_at_once() {
        let held = Asked { concurrent: some("9"), keys: some("1,2#"), length: some("1m"), ..Asked::default() };
        let Callers::Keys(held) = Plan::read(&held).expect("a plan").callers else { panic!("keys") };
        assert_eq!((held.hold, held.entries.len()), (None, 2));
        let short = Asked { rate: some("9/s"), keys: some("1"), calls: some("5"), ..Asked::default() };
        let plan = Plan::read(&short).expect("a plan");
        let Callers::Keys(short) = plan.callers else { panic!("keys") };
        assert_eq!((short.hold, plan.drain), (Some(std::time::Duration::ZERO), None));
    }
}
