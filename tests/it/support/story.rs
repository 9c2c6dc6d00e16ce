//! One afternoon at the busy centre, as several drivers must tell it.

use hatif::{
    engine::Event,
    id::LanguageId,
    people::{CallbackHabit, Caller},
    record::Narrator,
    script::Versions,
    time::{Duration, Instant},
};

use super::busy::credentials;

/// When the story is over: the desk has closed, and everybody has gone.
pub const END: Instant = Instant::from_secs(40 * 60);

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The callers. Their times are odd numbers of microseconds apart where it does not matter, and equal where it does:
/// the third and the fourth call at the same instant.
pub fn callers() -> Vec<Caller> {
    let pace = Duration::from_micros(350_007);
    let number = |n: u64| format!("06000000{n:02}").parse().expect("ten digits");
    let at = |secs: u64| Caller::at(Instant::from_secs(secs));
    let (claim, birth) = credentials().remove(0);
    let french = LanguageId(1);
    vec![
        // Proves who she is, hears her status, is sent a code, keys a wrong one, and gives up.
        at(1)
            .from(number(1))
            .press(s(2), "1", pace)
            .press(s(3), "1", pace)
            .press(s(2), &claim, pace)
            .press(s(4), &birth, pace)
            .press(s(15), "000000", pace)
            .hang_up(s(30)),
        // Nothing but silence.
        at(3),
        // Two at the same instant for the adviser, in two languages.
        at(5).from(number(3)).press(s(1), "1", pace).press(s(2), "0", pace).press(s(200), "5", pace).press(
            s(9),
            "4",
            pace,
        ),
        at(5).from(number(4)).speaking(french).press(s(1), "2", pace).press(s(2), "2", pace),
        // Refuses the recording, wrong keys, back, repeat, an ambiguous choice, somebody outside.
        at(9).press(s(1), "28", pace).press(s(2), "99*", pace).press(s(3), "11", pace),
        // Asks to be called back and answers.
        at(20)
            .from(number(6))
            .press(s(1), "1", pace)
            .press(s(2), "70", pace)
            .called_back(CallbackHabit::Answers(s(4), vec![(s(90), hatif::people::Act::HangUp)])),
        // Asks to be called back out of the queue and is not there.
        at(22).from(number(7)).press(s(1), "1", pace).press(s(2), "0", pace).press(s(14), "2", pace),
        // Asks to be called back, and cannot be reached.
        at(24)
            .from(number(8))
            .press(s(1), "2", pace)
            .press(s(2), "7", pace)
            .called_back(CallbackHabit::Unreachable(s(2))),
        // Lodges a complaint and asks after another.
        at(30).press(s(1), "1", pace).press(s(2), "3", pace).press(s(12), "4", pace).press(s(2), "00000000", pace),
        // The office, before and after it closes; a message.
        at(60).press(s(1), "1", pace).press(s(2), "5", pace),
        at(1_900).press(s(1), "2", pace).press(s(2), "5", pace),
        at(100).press(s(1), "1", pace).press(s(2), "6", pace).press(s(9), "#", pace).hang_up(s(4)),
        // A rush in one language, more than the agents can take.
        at(120).press(s(1), "2", pace).press(s(2), "2", pace),
        at(121).press(s(1), "2", pace).press(s(2), "2", pace).hang_up(s(25)),
        at(122).press(s(1), "2", pace).press(s(2), "2", pace),
        at(123).press(s(1), "2", pace).press(s(2), "2", pace).press(s(15), "3", pace),
        at(124).press(s(1), "2", pace).press(s(2), "2", pace),
        at(125).press(s(1), "2", pace).press(s(2), "2", pace),
        at(126).press(s(1), "2", pace).press(s(2), "2", pace),
        // Rings off just as the desk closes.
        at(1_795).press(s(1), "1", pace).press(s(2), "0", pace),
    ]
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
