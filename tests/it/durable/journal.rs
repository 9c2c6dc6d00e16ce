//! The journal: in parts, within its bounds, without secrets, and replayed to the same events whatever became of its end.

use std::{fs, io::BufReader, path::Path, sync::Arc};

use hatif::{
    engine::Input,
    journal::{Pseudonyms, ReplayReport, Tail, Writer, replay},
    live::{
        self,
        pump::Tap,
        recorder::{Going, Recorder, State, part_of},
    },
    random::{Purpose, Seed},
    script::{Script, model::Key},
    time::{Duration, Instant},
    world::{Notice, World},
};
use rand::RngExt;

use super::{
    disk::{health, until},
    life::{Fault, Life, Told, crowd, folder},
};
use crate::support::{
    busy::{busy, clock, script, world},
    centre::mini,
    story,
};

/// Menus, entries of a fixed and of an open length, two secret ones, a notice that has to be heard out: everything a key
/// pressed ahead can meet.
const FLOW: &str = r##"
[flow]
vars = { open = "digits", pin = "digits", word = "digits" }

[node.start]
kind = "menu"
prompt = "hello-there"
choices = { 1 = "open", 2 = "notice", 3 = "pin", 4 = "warn", 12 = "word" }

[node.notice]
kind = "say"
prompt = "a-notice-of-some-length"
barge_in = false
to = "pin"

[node.warn]
kind = "say"
prompt = "a-warning-of-some-length"
barge_in = false
to = "start"

[node.open]
kind = "collect"
prompt = "how-many"
into = "open"
min = 1
max = 4
timers = { terminator_wait = "2s" }
to = "pin"

[node.pin]
kind = "collect"
prompt = "the-secret-one"
into = "pin"
min = 4
max = 4
secret = true
to = "word"

[node.word]
kind = "collect"
prompt = "another-secret"
into = "word"
min = 2
max = 6
secret = true
barge_in = false
to = "start"
"##;

/// What a world tells, as a journal in memory.
struct Recorded {
    world: World,
    journal: Writer<Vec<u8>>,
}

impl Recorded {
    fn begin(script: &Arc<Script>) -> Recorded {
        let world = world(script.clone(), 1, false);
        let journal = Writer::begin(Vec::new(), script, Seed::new(1), world.clock(), Pseudonyms::new([1; 32]));
        let mut recorded = Recorded { world, journal: journal.expect("memory") };
        recorded.listen();
        recorded
    }

    fn input(&mut self, at: Instant, input: Input) -> Option<hatif::id::CallId> {
        let call = self.world.inject(at, input);
        self.listen();
        call
    }

    fn listen(&mut self) {
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Event(event) => self.journal.event(&event),
                Notice::Input { at, input, secret } => self.journal.input(at, &input, secret),
                Notice::KeyUsed { call, key } => self.journal.used(call, key),
                _ => Ok(()),
            }
            .expect("memory");
        }
    }

    fn end(mut self, at: Instant) -> String {
        self.world.advance_to(at);
        self.listen();
        String::from_utf8(self.journal.finish(at).expect("memory")).expect("JSON")
    }
}

fn again(journal: &[u8], script: &Arc<Script>) -> ReplayReport {
    replay(BufReader::new(journal), std::slice::from_ref(script)).expect("a journal")
}

#[test]
fn a_number_pressed_ahead_over_a_notice_and_dropped_by_a_secret_entry_is_in_no_journal() {
    let script = script(&mini(FLOW));
    let mut recorded = Recorded::begin(&script);
    let arrives = Input::CallArrived { caller: None, language: None, origin: None };
    let call = recorded.input(Instant::from_secs(1), arrives).expect("a call");
    let mut press = |at: f64, keys: &str| {
        for key in keys.chars().filter_map(Key::from_char) {
            recorded.input(Instant((at * 1e6) as u64), Input::Dtmf { call, key });
        }
    };
    // To the notice, over which an impatient caller keys her number; the secret entry after it does not read it.
    press(2.0, "2");
    press(2.1, "92813090");
    let journal = recorded.end(Instant::from_secs(60));
    let keys: String = journal
        .lines()
        .filter(|line| line.contains(r#""dtmf""#) || line.contains(r#""used""#))
        .filter_map(|line| line.split_once(r#""key":""#)?.1.chars().next())
        .collect();
    assert!(keys.starts_with('2') && keys[1..].chars().all(|key| key == '•'), "{keys}");
    assert_eq!(again(journal.as_bytes(), &script).difference, None);
}

#[test]
fn whatever_is_pressed_ahead_a_replay_tells_the_same() {
    let script = script(&mini(FLOW));
    let (mut used, mut kept) = (0, 0);
    for seed in 0..300 {
        let mut chance = Seed::new(seed).stream(Purpose::Keying, 0);
        let mut recorded = Recorded::begin(&script);
        let mut now = Instant::from_secs(1);
        let arrives = || Input::CallArrived { caller: None, language: None, origin: None };
        let calls: Vec<_> = (0..2).filter_map(|_| recorded.input(now, arrives())).collect();
        for _ in 0..60 {
            // Bursts and pauses.
            now = now
                + Duration::from_millis(*[0, 0, 0, 40, 300, 2_500, 7_000].get(chance.random_range(0..7)).expect("one"));
            let call = calls[chance.random_range(0..calls.len())];
            let key = Key::from_number(*[1, 1, 2, 3, 4, 4, 7, 11, 10].get(chance.random_range(0..9)).expect("one"));
            recorded.input(now, Input::Dtmf { call, key: key.expect("a key") });
        }
        let journal = recorded.end(now + Duration::from_mins(2));
        used += journal.matches(r#""used""#).count();
        kept += journal.matches('•').count();
        let report = again(journal.as_bytes(), &script);
        assert_eq!(report.difference, None, "seed {seed}");
        assert!(matches!(report.tail, Tail::Closed { .. }), "seed {seed}: {:?}", report.tail);
    }
    assert!(used > 200 && kept > 1_000, "too little was pressed ahead: {used} used, {kept} hidden");
}

/// What a journal says was pressed, in order; `used` keys after them.
fn keys(journal: &str) -> String {
    let of = |mark: &'static str| journal.lines().filter(move |line| line.contains(mark));
    let key = |line: &str| line.split_once(r#""key":""#)?.1.chars().next();
    of(r#""dtmf""#).chain(of(r#""used""#)).filter_map(key).collect()
}

/// A secret entry after which a menu comes; two choices.
const LATE: &str = r#"
[flow]
vars = { pin = "digits" }

[node.start]
kind = "collect"
prompt = "the-secret-one"
into = "pin"
min = 8
max = 8
secret = true
timers = { first_digit = "5s", inter_digit = "3s" }
no_input = { tries = 0, then = "menu" }
no_match = { tries = 0, then = "menu" }
to = "menu"

[node.menu]
kind = "menu"
prompt = "hello-there"
choices = { 1 = "start", 2 = "adviser" }
"#;

#[test]
fn digits_that_come_too_late_for_a_secret_entry_answer_no_menu_and_stand_in_no_journal() {
    let script = script(&mini(LATE));
    let said = |presses: &[(f64, &str)]| {
        let mut recorded = Recorded::begin(&script);
        let arrives = Input::CallArrived { caller: None, language: None, origin: None };
        let call = recorded.input(Instant::from_secs(1), arrives).expect("a call");
        for (at, keys) in presses {
            for key in keys.chars().filter_map(Key::from_char) {
                recorded.input(Instant((at * 1e6) as u64), Input::Dtmf { call, key });
            }
        }
        let journal = recorded.end(Instant::from_secs(300));
        assert_eq!(again(journal.as_bytes(), &script).difference, None, "{presses:?}");
        let chosen: String = journal
            .lines()
            .filter(|line| line.contains("choice_made"))
            .filter_map(|line| line.split_once(r#""key":"#)?.1.trim_start_matches('"').chars().next())
            .collect();
        (keys(&journal), chosen)
    };
    // The first digit came in time, the line stood still for three seconds, and the rest came at once.
    assert_eq!(said(&[(2.0, "3"), (5.2, "0061977")]), ("•".repeat(8), String::new()));
    // So do they one by one, each within the time between two digits.
    let slowly = [(2.0, "30"), (5.4, "0"), (7.9, "6"), (10.4, "1"), (12.9, "9"), (15.4, "7"), (17.9, "7")];
    assert_eq!(said(&slowly), ("•".repeat(8), String::new()));
    // What is pressed when the entry has been forgotten is for the menu: what it binds is told, what it does not is not.
    assert_eq!(said(&[(2.0, "3"), (12.0, "7"), (16.0, "2")]), ("•?2".to_owned(), "2".to_owned()));
    // More than were missing is not thrown away, and the menu is answered once the entry's last digit is long past.
    assert_eq!(said(&[(2.0, "3006197"), (5.2, "72")]), (format!("{}2", "•".repeat(8)), "2".to_owned()));
    assert_eq!(said(&[(2.0, "3"), (8.5, "2")]), ("•2".to_owned(), "2".to_owned()));
}

#[test]
fn of_a_digit_that_is_bound_to_nothing_a_journal_says_only_that() {
    let script = script(&mini(FLOW));
    let mut recorded = Recorded::begin(&script);
    let arrives = Input::CallArrived { caller: None, language: None, origin: None };
    let call = recorded.input(Instant::from_secs(1), arrives).expect("a call");
    for (at, key) in [(2_000, '7'), (4_000, '1'), (4_200, '5')] {
        // `15` begins as a longer choice does, and is none.
        let key = Key::from_char(key).expect("a key");
        recorded.input(Instant(at * 1_000), Input::Dtmf { call, key });
    }
    let journal = recorded.end(Instant::from_secs(60));
    assert_eq!(keys(&journal), "?1?");
    assert_eq!(again(journal.as_bytes(), &script).difference, None);
}

/// The busy story, written by the recorder of live runs.
fn recorded(config: &live::Journal, run: i64) -> (Arc<State>, Arc<Script>) {
    let script = busy("longest_idle");
    let state = Arc::new(State::default());
    let mut world = world(script.clone(), 7, true);
    let of_run = (&*script, Seed::new(7), &clock());
    let mut recorder = Recorder::begin(config, run, of_run, state.clone()).expect("a file").expect("a journal");
    for caller in story::callers() {
        world.add_caller(caller);
    }
    while world.now() < story::END {
        world.advance_to((world.now() + Duration::from_secs(1)).min(story::END));
        while let Some(notice) = world.poll() {
            recorder.note(&notice, world.versions());
        }
        recorder.settled();
    }
    recorder.finish(story::END);
    (state, script)
}

/// The parts of a journal, in order.
fn parts(first: &Path) -> Vec<Vec<u8>> {
    (0..).map_while(|part| fs::read(part_of(first, part)).ok()).collect()
}

#[test]
fn a_journal_in_parts_replays_as_one_and_a_missing_part_is_noticed() {
    let dir = folder();
    let file = dir.path().join("a.journal");
    let (state, script) = recorded(&live::Journal { file: Some(file.clone()), part: 8_192, ..Default::default() }, 1);
    let parts = parts(&file);
    assert!(parts.len() >= 4, "{}", parts.len());
    assert!(parts.iter().all(|part| part.len() < 3 * 8_192), "a part is a little longer than its bound at most");
    let whole = again(&parts.concat(), &script);
    assert_eq!((whole.difference, whole.parts as usize), (None, parts.len()));
    assert!(matches!(whole.tail, Tail::Closed { .. }), "{:?}", whole.tail);
    assert_eq!((state.going(), state.bytes() <= parts.concat().len() as u64), (Going::Written, true));
    let missing = again(&[&parts[0][..], &parts[2][..]].concat(), &script);
    assert!(matches!(&missing.tail, Tail::Damaged { reason, .. } if reason.contains("part 1")), "{:?}", missing.tail);
    let short = again(&parts[..2].concat(), &script);
    assert_eq!(short.tail, Tail::Without { part: 2 });
    assert_eq!(short.difference, None, "what precedes it was compared");
}

#[test]
fn a_journal_that_fills_its_room_ends_in_good_order() {
    let dir = folder();
    let file = dir.path().join("a.journal");
    let config = live::Journal { file: Some(file.clone()), part: 4_096, total: 20_000, ..Default::default() };
    let (state, script) = recorded(&config, 1);
    assert_eq!(state.going(), Going::Full);
    let parts = parts(&file).concat();
    assert!(parts.len() < 20_000 + 2 * 4_096, "{}", parts.len());
    let report = again(&parts, &script);
    assert_eq!(report.difference, None);
    assert!(matches!(report.tail, Tail::Closed { end, full: true } if end < story::END), "{:?}", report.tail);
}

#[test]
fn journals_of_earlier_runs_make_room_the_oldest_first() {
    let dir = folder();
    let config = |total| live::Journal { dir: Some(dir.path().into()), part: 16_384, total, ..Default::default() };
    for run in 9..=11 {
        recorded(&config(u64::MAX), run);
    }
    let of = |run: i64| parts(&dir.path().join(format!("run-{run}.journal"))).concat().len() as u64;
    let one = of(11);
    assert!(one > 0 && of(9) > 0 && of(10) > 0);
    let other = dir.path().join("run-1.journal.txt");
    fs::write(&other, "mine").expect("a file");
    // Room for two and a half.
    let (state, _) = recorded(&config(one * 5 / 2 + 16_384), 12);
    assert_eq!((of(9), of(10), of(11) > 0, of(12) > 0), (0, 0, true, true));
    assert_eq!(state.going(), Going::Written);
    assert!(other.exists(), "a file that is no journal was removed");
}

#[test]
fn a_journal_torn_anywhere_replays_up_to_its_last_whole_line_and_says_what_is_cut() {
    let dir = folder();
    let file = dir.path().join("a.journal");
    let (_, script) = recorded(&live::Journal { file: Some(file.clone()), ..Default::default() }, 1);
    let whole = fs::read(&file).expect("a journal");
    let step = if super::life::full() { 7 } else { 1_021 };
    for cut in (whole.len().saturating_sub(64 * 1024).max(400)..whole.len()).step_by(step) {
        let report = again(&whole[..cut], &script);
        assert_eq!(report.difference, None, "cut at {cut}");
        let last = whole[..cut].iter().rposition(|byte| *byte == b'\n').expect("a line") as u64 + 1;
        assert_eq!(report.bytes, last, "cut at {cut}");
        let expected = if last == cut as u64 { Tail::Open } else { report.tail.clone() };
        assert_eq!(report.tail, expected);
        assert_eq!(matches!(report.tail, Tail::Damaged { .. }), last != cut as u64, "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_in_the_journal_stops_no_call_and_is_said() {
    let (data, told) = (folder(), Told::default());
    let journal = data.path().join("run.journal");
    let name = journal.to_str().expect("a plain path");
    let fault = Fault { on: "write", at: 12, times: 1_000_000, what: "enospc", file: "run.journal" };
    let mut life = Life::begin(data.path(), &["--journal", name], Some(fault));
    let addr = life.addr.expect("it starts");
    assert_eq!(health(addr)["journal"], "written");
    crowd(addr, 3, 10, &told).await;
    assert_eq!(told.ended(), 30);
    assert_eq!(until(addr, |said| said["journal"] == "failed")["status"], "ok");
    assert_eq!(life.stop(), Some(0));
    told.holds(data.path());
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_hatif")).arg("replay").arg(&journal).output();
    let replayed = replayed.expect("it runs");
    let said = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success() && said.contains("identical") && said.contains("was not closed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_starts_again_and_keeps_the_journal_of_its_end() {
    let (data, told) = (folder(), Told::default());
    let journal = data.path().join("centre.journal");
    let name = journal.to_str().expect("a plain path");
    let mut life = Life::begin(data.path(), &["--journal", name], None);
    crowd(life.addr.expect("it starts"), 1, 2, &told).await;
    life.kill();
    let of_the_killed = fs::read(&journal).expect("a journal");
    let mut life = Life::begin(data.path(), &["--journal", name], None);
    crowd(life.addr.expect("it starts again"), 1, 2, &told).await;
    assert_eq!(life.stop(), Some(0));
    assert!(fs::read(&journal).expect("a journal") == of_the_killed, "it was written to");
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_hatif"))
        .arg("replay")
        .arg(data.path().join("centre.run-2.journal"))
        .output()
        .expect("it runs");
    assert!(replayed.status.success() && String::from_utf8_lossy(&replayed.stdout).contains("identical"));
}
