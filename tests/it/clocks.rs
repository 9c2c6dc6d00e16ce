//! The wall clock may be set to anything while calls go on: it stamps, and decides nothing. And the centre's local time is
//! that of the zone, by the minute, over years with two changes of offset each.

use std::{io::Write as _, sync::Mutex};

use hatif::{
    id::CalendarId,
    live::{
        StartAt,
        clock::{real_time, set_real_time},
        protocol::ServerMessage,
    },
    registry::{Person, Registry, access::birth_digits},
    script::{Script, Source, load},
    time::{Instant, LocalClock},
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use crate::support::wire::{config, wired};

/// The real time of the process is one for all: one test at a time sets it.
static SETTING: Mutex<()> = Mutex::new(());

/// How far the clock is set, to either side.
const STEPS: [i64; 4] = [3_600, -3_600, 315_576_000, -315_576_000];

fn record(data: &std::path::Path, sql: &str) -> String {
    let db = rusqlite::Connection::open(data.join("calls.db")).expect("the records");
    db.query_row(sql, [], |row| row.get(0)).expect("one row")
}

/// A call that proves who somebody is, waits in silence and hangs up: all that its caller is told. Before each step of hers
/// the clock is set by what `step` says.
async fn told(step: impl Fn(usize)) -> (Vec<String>, String) {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let registry = Registry::generated(2_000, 1);
    let person = (0..2_000).filter_map(|i| registry.person(hatif::id::PersonId(i))).find(Person::is_registered);
    let person = person.expect("somebody is registered");
    let number = registry.number_of(&person).expect("she is registered");
    let entries = ["3".to_owned(), String::new(), "1".to_owned(), format!("{number}#")];
    let entries = entries.into_iter().chain([birth_digits(&person).reveal().to_string(), String::new(), String::new()]);
    let mut caller = plug.telephone().await;
    let mut told = Vec::new();
    caller.say(r#"{"type":"dial","from":"0600000042","language":"en"}"#).await;
    for (i, keys) in entries.enumerate() {
        loop {
            let message = caller.message().await;
            told.push(format!("{message:?}"));
            if matches!(message, ServerMessage::Collecting { .. }) {
                break;
            }
        }
        step(i);
        if !keys.is_empty() {
            caller.say(&format!(r#"{{"type":"digits","keys":"{keys}"}}"#)).await;
        }
    }
    caller.hang_up().await;
    server.stop().await.expect("all is written");
    let what = "select started || ' ' || ended || ' ' || duration_ms || ' ' || path || ' ' || level from calls";
    (told, record(data.path(), what))
}

#[tokio::test(start_paused = true)]
#[expect(clippy::await_holding_lock, reason = "each test has a thread of its own, and nobody else needs this lock")]
async fn a_wall_clock_that_is_set_during_a_call_changes_nothing_of_it() {
    let _one = SETTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (plain, recorded) = told(|_| {}).await;
    assert!(plain.iter().any(|line| line.contains("auth.ok")) && recorded.contains("L1"), "{plain:#?} {recorded}");
    let stepped = told(|i| set_real_time(SignedDuration::from_secs(STEPS[i % STEPS.len()]))).await;
    set_real_time(SignedDuration::ZERO);
    assert_eq!(stepped, (plain, recorded));
}

#[tokio::test(start_paused = true)]
#[expect(clippy::await_holding_lock, reason = "each test has a thread of its own, and nobody else needs this lock")]
async fn a_locked_number_stays_locked_whatever_the_clock_says_at_the_next_start() {
    let _one = SETTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let data = tempfile::tempdir().expect("a folder");
    let registry = Registry::generated(2_000, 1);
    let person = (0..2_000).filter_map(|i| registry.person(hatif::id::PersonId(i))).find(Person::is_registered);
    let person = person.expect("somebody is registered");
    let number = registry.number_of(&person).expect("she is registered");
    let right = birth_digits(&person).reveal().to_string();
    let mut answers = Vec::new();
    // Five wrong birth dates over starts an hour and ten years apart to either side; then the right one.
    for (run, off_by) in [0].into_iter().chain(STEPS).chain([0]).enumerate() {
        set_real_time(SignedDuration::from_secs(off_by));
        let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
        let mut caller = plug.telephone().await;
        caller.say(&format!(r#"{{"type":"dial","from":"06000000{run:02}","language":"en"}}"#)).await;
        let birth = if run < 5 { "31121899" } else { &right };
        for keys in ["3", "", "1", &format!("{number}#"), birth] {
            caller.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
            if !keys.is_empty() {
                caller.say(&format!(r#"{{"type":"digits","keys":"{keys}"}}"#)).await;
            }
        }
        let answer = |message: &ServerMessage| matches!(message, ServerMessage::Prompt { id, .. } if ["auth.ok", "auth.bad", "auth.lock"].contains(&id.as_str()));
        match caller.until(answer).await {
            ServerMessage::Prompt { id, .. } => answers.push(id),
            _ => unreachable!("only that passes"),
        }
        caller.hang_up().await;
        server.stop().await.expect("all is written");
    }
    set_real_time(SignedDuration::ZERO);
    // Had it been looked at, the right one would have been answered otherwise.
    assert_eq!(answers, ["auth.bad"; 6]);
    let looked_at = "select cast(count(*) as text) from audit where what = 'identity' and access = 'refused'";
    assert_eq!(record(data.path(), looked_at), "5");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the clock that is tested")]
fn the_real_time_is_that_of_the_machine_unless_it_is_set() {
    let _one = SETTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = Timestamp::now();
    let read = real_time();
    assert!(before <= read && read <= Timestamp::now());
    set_real_time(SignedDuration::from_hours(87_660));
    assert!(real_time().duration_since(before) >= SignedDuration::from_hours(87_660));
    set_real_time(SignedDuration::ZERO);
}

/// When Morocco's clocks stood at UTC instead of UTC+1 in these years, in UTC: facts of the public time zone database, written
/// down by hand so that no library is compared with itself.
const AT_UTC: [(&str, &str); 2] =
    [("2022-03-27T02:00:00Z", "2022-05-08T02:00:00Z"), ("2023-03-19T02:00:00Z", "2023-04-23T02:00:00Z")];

/// The offset from UTC in seconds at a Unix time.
fn offsets() -> impl Fn(i64) -> i64 {
    let second = |text: &str| text.parse::<Timestamp>().expect("a timestamp").as_second();
    let at_utc = AT_UTC.map(|(from, to)| second(from)..second(to));
    move |at| if at_utc.iter().any(|times| times.contains(&at)) { 0 } else { 3_600 }
}

#[tokio::test(start_paused = true)]
async fn a_call_over_a_change_of_the_offset_is_as_long_as_it_is() {
    let offset = offsets();
    // An hour is told twice on the one night and left out on the other.
    for (opens, began, ended) in [
        (civil::date(2022, 3, 27).at(2, 59, 30, 0), "2022-03-27T02:59:30.000+01:00", "2022-03-27T02:"),
        (civil::date(2022, 5, 8).at(1, 59, 30, 0), "2022-05-08T01:59:30.000+00:00", "2022-05-08T03:"),
    ] {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = config(data.path());
        config.at = StartAt::Local(opens);
        let (server, plug) = wired(config, 64 * 1024, vec![]).await;
        let mut caller = plug.telephone().await;
        caller.dial().await;
        // Silence, until the centre has asked again and again and gives up: more than half a minute.
        caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
        server.stop().await.expect("all is written");
        let told = record(data.path(), "select started || ' ' || ended || ' ' || duration_ms from calls");
        let words: Vec<&str> = told.split(' ').collect();
        assert_eq!(words[0], began);
        assert!(words[1].starts_with(ended), "{told}");
        let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        let length = at(words[1]).duration_since(at(words[0])).as_millis();
        assert_eq!(length.to_string(), words[2]);
        assert!((30_000..3_600_000).contains(&length), "{told}");
        for word in &words[..2] {
            let whole = at(word).as_second();
            let local = if offset(whole) == 0 { "+00:00" } else { "+01:00" };
            assert!(word.ends_with(local), "{told}");
        }
    }
}

/// A centre of the hours of the default one, and of hours round the clock, at night and over midnight.
fn hours() -> std::sync::Arc<Script> {
    let mut files: Vec<(String, String)> = Source::embedded()
        .files()
        .map(|(path, text)| (path.to_string(), text.to_owned()))
        .filter(|(path, _)| !path.starts_with("tests/"))
        .collect();
    let more = "[calendar.night]\nhours = { sat = [\"20:00-23:59\"], sun = [\"00:00-01:00\", \"04:30-06:00\"] }\n\
                [calendar.always]\nhours = { mon = [\"00:00-23:59\"], tue = [\"00:00-23:59\"], wed = [\"00:00-23:59\"], \
                thu = [\"00:00-23:59\"], fri = [\"00:00-23:59\"], sat = [\"00:00-23:59\"], sun = [\"00:00-23:59\"] }\n";
    let centre = files.iter_mut().find(|(path, _)| path == "centre.toml").expect("a centre has one");
    centre.1.push_str(more);
    let loaded = load(&Source::from_files(files));
    loaded.script.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// A rule of opening, written out by hand from config/centre/centre.toml and the calendars above.
fn open(calendar: &str, day: civil::Date, minute: i64) -> bool {
    let weekday = day.weekday().to_monday_zero_offset();
    match calendar {
        "always" => true,
        "night" => match weekday {
            5 => minute >= 20 * 60,
            6 => minute < 60 || (4 * 60 + 30..6 * 60).contains(&minute),
            _ => false,
        },
        _ => {
            let d = |month, day| civil::date(2022, month, day);
            let closed = [
                (d(1, 1), d(1, 1)),
                (d(1, 11), d(1, 11)),
                (d(5, 1), d(5, 3)),
                (d(7, 10), d(7, 11)),
                (d(7, 30), d(7, 31)),
                (d(8, 14), d(8, 14)),
                (d(8, 20), d(8, 21)),
                (d(10, 9), d(10, 10)),
                (d(11, 6), d(11, 6)),
                (d(11, 18), d(11, 18)),
            ];
            let ramadan = (d(4, 3)..=d(5, 1)).contains(&day);
            let (from, to) = if ramadan { (9 * 60, 15 * 60) } else { (8 * 60 + 30, 16 * 60 + 30) };
            weekday < 5 && !closed.iter().any(|(from, to)| (*from..=*to).contains(&day)) && (from..to).contains(&minute)
        }
    }
}

/// The first minute of 2022 in Casablanca, in Unix time: the run begins an hour before.
const BEGINS: &str = "2021-12-31T22:00:00Z";
/// Two years of minutes.
const MINUTES: i64 = 2 * 365 * 1_440;

/// Whether each calendar is open at each minute of the two years, as the program says.
fn by_minute(each: &mut dyn FnMut(&str, i64, bool)) {
    let script = hours();
    let zone = TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    let begins: Timestamp = BEGINS.parse().expect("a timestamp");
    let clock = LocalClock::new(begins, &zone);
    for (i, rules) in script.calendars.iter().enumerate() {
        assert_eq!(CalendarId(i as u16).index(), i);
        let calendar = rules.compile(&clock, &zone);
        for minute in 60..60 + MINUTES {
            let open = calendar.at(Instant::from_secs(minute as u64 * 60)).open;
            each(&rules.name, begins.as_second() + minute * 60, open);
        }
    }
}

#[test]
fn opening_hours_are_those_of_the_zone_at_every_minute_of_two_years() {
    let (offset, mut compared) = (offsets(), 0);
    let mut today = (i64::MIN, civil::Date::ZERO);
    by_minute(&mut |name, at, is_open| {
        let local = at + offset(at);
        let days = local.div_euclid(86_400);
        if today.0 != days {
            let date = civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days));
            today = (days, date.expect("a date"));
        }
        let expected = open(name, today.1, local.rem_euclid(86_400) / 60);
        assert_eq!(is_open, expected, "{name} at {}", Timestamp::from_second(at).expect("a timestamp"));
        compared += 1;
    });
    assert_eq!(compared, 3 * MINUTES);
}

#[test]
#[ignore = "writes a file for scripts/torture.d/clock, named by HATIF_HOURS"]
fn opening_hours_as_a_file() {
    let path = std::env::var_os("HATIF_HOURS").expect("HATIF_HOURS names the file to be written");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    let mut last = None;
    by_minute(&mut |name, at, open| {
        if last.as_ref() != Some(&(name.to_owned(), open)) {
            writeln!(file, "{name},{at},{open}").expect("a file");
            last = Some((name.to_owned(), open));
        }
    });
}
