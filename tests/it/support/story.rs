//! One afternoon at the busy centre, as several drivers must tell it.

use hatif::{
    engine::Event,
    id::LanguageId,
    people::{Act, CallbackHabit, Caller},
    pii::Digits,
    record::Narrator,
    script::Versions,
    time::{Duration, Instant},
};

use super::busy::credentials;

/// When the story is over: the desk has closed, and everybody has gone.
pub const END: Instant = Instant::from_secs(45 * 60);

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The callers. Their times are odd numbers of microseconds apart where it does not matter, and equal where it does:
/// the third and the fourth call at the same instant. Whoever has not hung up herself does so after ten minutes.
pub fn callers() -> Vec<Caller> {
    let patient = |caller: Caller| match caller.acts.last() {
        Some((_, Act::HangUp)) => caller,
        _ => caller.hang_up(s(600)),
    };
    alone().into_iter().chain(calls_back()).chain(rush()).map(patient).collect()
}

const PACE: Duration = Duration::from_micros(350_007);

fn number(n: u64) -> Digits {
    format!("06000000{n:02}").parse().expect("ten digits")
}

/// Somebody who calls after `secs`, chooses the language `key` and hears the notice out.
fn at(secs: u64, key: &str) -> Caller {
    Caller::at(Instant::from_secs(secs)).press(s(1), key, PACE)
}

fn alone() -> Vec<Caller> {
    let (claim, birth) = credentials().remove(0);
    vec![
        // Proves who she is, hears her status, is sent a code, keys a wrong one, and gives up.
        at(1, "1")
            .from(number(1))
            .press(s(4), "1", PACE)
            .press(s(2), claim.trim_end_matches('#'), PACE)
            .press(s(4), &birth, PACE)
            .press(s(15), "000000", PACE)
            .hang_up(s(30)),
        // Nothing but silence.
        Caller::at(Instant::from_secs(3)),
        // Two at the same instant for the adviser, in two languages; one answers the survey.
        at(5, "1").from(number(3)).press(s(4), "0", PACE).press(s(12), "5", PACE).press(s(4), "4", PACE),
        at(5, "2").from(number(4)).speaking(LanguageId(1)).press(s(4), "2", PACE),
        // Refuses the recording, has the menu said again, goes back, an ambiguous choice that is somebody outside.
        at(9, "2").press(s(1), "8", PACE).press(s(3), "99*", PACE).press(s(2), "2", PACE).press(s(4), "11", PACE),
        // Lodges a complaint and asks after another.
        at(30, "1").press(s(4), "3", PACE).press(s(12), "4", PACE).press(s(2), "00000000", PACE),
        // A message.
        at(100, "1").press(s(4), "6", PACE).press(s(9), "#", PACE).hang_up(s(4)),
        // The office, before and after it closes; another who waits just when the desk closes.
        at(60, "1").press(s(4), "5", PACE),
        at(1_900, "2").press(s(4), "8", PACE),
        at(1_795, "1").press(s(4), "0", PACE),
    ]
}

fn calls_back() -> Vec<Caller> {
    vec![
        // Answers when called back, and talks until the agent has had enough of it.
        at(20, "1").from(number(6)).press(s(4), "7", PACE).called_back(CallbackHabit::Answers(s(4), Vec::new())),
        // Leaves the queue for a promise, and is not there when it is kept.
        at(150, "2").from(number(7)).press(s(4), "2", PACE).press(s(14), "2", PACE),
        // Cannot be reached.
        at(24, "2").from(number(8)).press(s(4), "7", PACE).called_back(CallbackHabit::Unreachable(s(2))),
    ]
}

/// More in one language than its agents can take.
fn rush() -> Vec<Caller> {
    let mut rush: Vec<_> = (120..128).map(|secs| at(secs, "2").press(s(4), "2", PACE)).collect();
    rush.push(at(121, "2").press(s(4), "2", PACE).hang_up(s(25)));
    rush.push(at(123, "2").press(s(4), "0", PACE).press(s(15), "3", PACE));
    rush
}

/// Events as lines of text.
pub fn lines(events: &[Event], versions: &Versions) -> Vec<String> {
    let mut narrator = Narrator::new();
    events.iter().map(|event| narrator.tell(event, versions)).collect()
}

/// Fails at the first line in which two logs differ, showing what led up to it.
pub fn assert_same(left: &[String], right: &[String]) {
    let first = left.iter().zip(right).position(|(l, r)| l != r).unwrap_or(left.len().min(right.len()));
    if first < left.len().max(right.len()) {
        let before = left[first.saturating_sub(8)..first].join("\n");
        let none = "(the end)".to_owned();
        let (l, r) = (left.get(first).unwrap_or(&none), right.get(first).unwrap_or(&none));
        panic!("line {} differs, after\n{before}\n left: {l}\nright: {r}", first + 1);
    }
}
