//! Measures: by hand, by parts, and against every random story.

use std::{collections::BTreeMap, sync::Arc};

use hatif::{
    engine::{
        Event, Fact,
        event::{Cause, LeftQueue, NotReady},
        input::Origin,
    },
    id::{AgentId, CallId, GroupId, LanguageId, NodeId, QueueId, ScriptVersion},
    record::{
        CallRow, Cdr, Figures, Rows, Sums, Tally, TallyRules, TraceHash, Warning,
        figures::Field,
        measure::{self, CATALOGUE},
        tally::CountBy,
        warn::warnings,
    },
    script::{
        Script,
        model::{IntentId, Outcome},
    },
    time::{Duration, Instant, LocalClock},
};

use crate::support::{
    busy::{busy, clock},
    centre::mini,
    rig::{Rig, published},
};

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A log written by hand: facts at seconds, in any order of writing.
#[derive(Default)]
struct Log(Vec<(u64, Fact)>);

const QUEUE: QueueId = QueueId(0);
const AGENT: AgentId = AgentId(0);

impl Log {
    fn at(&mut self, secs: u64, fact: Fact) -> &mut Log {
        self.0.push((secs, fact));
        self
    }

    /// A call of a synthetic caller arrives and enters a node.
    fn arrives(&mut self, secs: u64, call: u64, origin: Origin) -> &mut Log {
        let call = CallId(call);
        self.at(
            secs,
            Fact::CallArrived {
                call,
                version: ScriptVersion(1),
                language: LanguageId(0),
                has_number: true,
                promised_in: None,
                origin: Some(origin),
            },
        );
        self.at(secs, Fact::NodeEntered { call, node: NodeId(0) })
    }

    fn queues(&mut self, secs: u64, call: u64) -> &mut Log {
        let (call, since) = (CallId(call), Instant::from_secs(secs));
        self.at(secs, Fact::CallQueued { call, queue: QUEUE, language: LanguageId(0), since })
    }

    /// Answered after `waited`, talked with for `talk`, worked after for `work`; the call ends with the conversation.
    fn answered(&mut self, secs: u64, call: u64, agent: u32, waited: u64, talk: u64, work: u64) -> &mut Log {
        let (call, agent) = (CallId(call), AgentId(agent));
        self.at(secs, Fact::CallAnswered { call, agent, queue: QUEUE, waited: s(waited) });
        self.at(secs + talk, Fact::CallReleased { call, agent, talked: s(talk), by_caller: false });
        self.at(secs + talk, Fact::AfterCallWorkBegan { agent });
        self.ends(secs + talk, call.0, Outcome::Transferred, Cause::AgentReleased);
        self.at(secs + talk + work, Fact::AgentReady { agent })
    }

    fn abandons(&mut self, secs: u64, call: u64, waited: u64) -> &mut Log {
        let reason = LeftQueue::Abandoned;
        self.at(secs, Fact::CallLeftQueue { call: CallId(call), queue: QUEUE, waited: s(waited), reason });
        self.ends(secs, call, Outcome::Abandoned, Cause::CallerHungUp)
    }

    fn ends(&mut self, secs: u64, call: u64, outcome: Outcome, cause: Cause) -> &mut Log {
        self.at(secs, Fact::CallEnded { call: CallId(call), outcome, cause, node: NodeId(0) })
    }

    fn events(&self) -> Vec<Event> {
        let mut facts = self.0.clone();
        facts.sort_by_key(|(secs, _)| *secs);
        let event = |(i, (secs, fact))| Event { seq: i as u64 + 1, at: Instant::from_secs(secs), fact };
        facts.into_iter().enumerate().map(event).collect()
    }

    fn sums(&self, rules: TallyRules, until: u64) -> Sums {
        tallied(rules, &busy("longest_idle"), &LocalClock::utc(), &self.events(), Instant::from_secs(until))
    }
}

fn caller(attempt: u8, intent: u16, region: u8) -> Origin {
    Origin { lot: 1, attempt, intent: Some(IntentId(intent)), region }
}

fn tallied(rules: TallyRules, script: &Script, clock: &LocalClock, events: &[Event], until: Instant) -> Sums {
    let mut tally = Tally::new(rules, script, clock);
    events.iter().for_each(|event| tally.event(event));
    tally.finish(until)
}

#[track_caller]
fn measured(figures: &Figures, name: &str) -> Option<f64> {
    measure::named(name).unwrap_or_else(|| panic!("no measure {name}")).value(figures)
}

#[track_caller]
fn assert_measures(figures: &Figures, expected: &[(&str, f64)]) {
    for &(name, expected) in expected {
        let value = measured(figures, name);
        assert!(value.is_some_and(|value| (value - expected).abs() < 1e-12), "{name}: {value:?} for {expected}");
    }
}

/// Three answered after 10, 20 and 30 s; three abandoned after 3, 12 and 40 s; one finds the queue full.
fn seven_calls() -> Log {
    let mut log = Log::default();
    for call in 1..=7 {
        log.arrives(100, call, caller(1, (call % 2) as u16, 3));
    }
    for call in 1..=6 {
        log.queues(104, call);
    }
    log.at(104, Fact::QueueFull { call: CallId(7), queue: QUEUE });
    log.ends(104, 7, Outcome::Failed, Cause::ScriptEnded);
    log.answered(114, 1, 0, 10, 60, 30).answered(124, 2, 1, 20, 60, 30).answered(134, 3, 2, 30, 90, 0);
    log.abandons(107, 4, 3).abandons(116, 5, 12).abandons(144, 6, 40);
    log
}

#[test]
fn the_five_service_levels_answer_five_questions() {
    let sums = seven_calls().sums(TallyRules::default(), 1_000);
    let total = sums.total();
    assert_measures(
        &total,
        &[
            ("offered", 7.0),
            ("queued", 6.0),
            ("answered", 3.0),
            ("service_level", 2.0 / 7.0),
            ("service_level_answered", 2.0 / 3.0),
            ("service_level_less_short", 2.0 / 6.0),
            ("service_level_short_good", 3.0 / 7.0),
            ("service_level_late", 2.0 / 4.0),
            ("abandonment", 3.0 / 6.0),
            ("short_abandons", 1.0 / 6.0),
            ("blocked", 1.0 / 7.0),
            ("asa", 20.0),
            ("wait", 115.0 / 6.0),
            ("wait_abandoned", 55.0 / 3.0),
            ("talk", 70.0),
            ("after_call", 20.0),
            ("aht", 90.0),
            ("menu_time", 4.0),
            ("failed", 1.0 / 7.0),
            ("first_contact_resolution", 3.0 / 7.0),
        ],
    );
    // The queue saw the same, as stands.
    let queue = &sums.queues[0];
    let same = [Field::Queued, Field::Answered, Field::AnsweredInTime, Field::Abandoned, Field::Blocked, Field::Waited];
    for field in same.into_iter().chain([Field::Talk, Field::AfterCall, Field::Handled]) {
        assert_eq!(queue.figures.get(field), total.get(field), "{}", field.name());
    }
    assert_eq!(queue.answered.quantile(0.5).map(|wait| wait.as_millis() / 100), Some(200));
    assert_eq!((queue.answered.len(), queue.abandoned.len()), (3, 3));
    // By what they wanted and where they live.
    assert_eq!([0, 1].map(|intent| sums.intent(Some(IntentId(intent))).offered()), [3, 4]);
    assert_eq!((sums.regions[3].offered(), sums.regions[0].offered()), (7, 0));
    assert_eq!(sums.language(LanguageId(0)), sums.regions[3]);
    // Who hung up waiting, at the node that put her into the queue.
    assert_eq!((sums.nodes[0].visits, sums.nodes[0].lost, sums.nodes[0].lost_waiting), (7, 0, 3));
    assert_eq!(sums.nodes[0].time, 7 * 4_000_000);
}

#[test]
fn who_hangs_up_after_a_full_queue_is_blocked_and_not_lost_in_the_menus() {
    let mut log = Log::default();
    log.arrives(0, 1, caller(1, 0, 1)).at(5, Fact::QueueFull { call: CallId(1), queue: QUEUE });
    log.ends(9, 1, Outcome::Abandoned, Cause::CallerHungUp);
    log.arrives(0, 2, caller(1, 0, 1)).ends(9, 2, Outcome::Abandoned, Cause::CallerHungUp);
    let total = log.sums(TallyRules::default(), 100).total();
    assert_measures(&total, &[("blocked", 1.0), ("abandoned_in_menus", 0.5)]);
}

#[test]
fn call_backs_still_open_are_neither_reached_nor_given_up() {
    // Three promises: one reached after 60 s, one given up, one not yet dialled when the run ends.
    let mut log = Log::default();
    for call in 1..=3 {
        let (promised_in, has_number) = (Some(CallId(90 + call)), true);
        let (version, language, origin) = (ScriptVersion(1), LanguageId(0), Some(caller(1, 0, 1)));
        log.at(0, Fact::CallArrived { call: CallId(call), version, language, has_number, promised_in, origin });
        log.queues(0, call);
    }
    log.answered(60, 1, 0, 60, 30, 0);
    let (call, queue, reason) = (CallId(2), QUEUE, LeftQueue::Aborted);
    log.at(70, Fact::CallLeftQueue { call, queue, waited: s(70), reason });
    log.ends(70, 2, Outcome::Callback, Cause::Aborted);
    let sums = log.sums(TallyRules::default(), 1_000);
    let expected = [
        ("callback_reach", 0.5),
        ("callbacks_open", 1.0),
        ("callback_wait", 60.0),
        ("callbacks_reached", 1.0),
        ("callbacks_lost", 1.0),
    ];
    assert_measures(&sums.total(), &expected);
    assert_measures(&sums.queues[0].figures, &expected);
}

#[test]
fn what_became_of_queued_calls_adds_up() {
    let mut log = Log::default();
    let reasons = [
        LeftQueue::Callback,
        LeftQueue::Callback,
        LeftQueue::Abandoned,
        LeftQueue::Key,
        LeftQueue::TimedOut,
        LeftQueue::Closed,
        LeftQueue::Aborted,
    ];
    for (call, reason) in (1..).zip(reasons) {
        log.arrives(0, call, caller(1, 0, 1)).queues(0, call);
        log.at(70, Fact::CallLeftQueue { call: CallId(call), queue: QUEUE, waited: s(70), reason });
        let outcome = if reason == LeftQueue::Callback { Outcome::Callback } else { Outcome::Abandoned };
        log.ends(70, call, outcome, Cause::CallerHungUp);
    }
    log.arrives(0, 8, caller(1, 0, 1)).queues(0, 8).answered(20, 8, 0, 20, 5, 0);
    // One is still waiting at the end.
    log.arrives(0, 9, caller(1, 0, 1)).queues(0, 9);
    let sums = log.sums(TallyRules::default(), 100);
    let expected = [
        ("queued", 9.0),
        ("answered", 1.0),
        ("abandoned_calls", 1.0),
        ("left_for_callback", 2.0),
        ("left_otherwise", 5.0),
    ];
    assert_measures(&sums.total(), &expected);
    assert_measures(&sums.queues[0].figures, &expected);
}

#[test]
fn an_answer_at_the_threshold_is_in_time_and_a_hang_up_at_the_bound_is_not_short() {
    let mut log = Log::default();
    log.arrives(0, 1, caller(1, 0, 1)).queues(0, 1).answered(20, 1, 0, 20, 5, 0);
    log.arrives(0, 2, caller(1, 0, 1)).queues(0, 2).abandons(5, 2, 5);
    log.arrives(0, 3, caller(1, 0, 1)).queues(0, 3).abandons(20, 3, 20);
    let total = log.sums(TallyRules::default(), 100).total();
    assert_eq!((total.answered_in_time(), total.abandoned_short(), total.abandoned_late()), (1, 0, 0));
}

#[test]
fn calls_count_in_the_interval_the_rules_say() {
    // Arrives at 00:29:50, is answered at 00:30:10, ends at 01:00:10.
    let mut log = Log::default();
    log.arrives(1_790, 1, caller(1, 0, 1)).queues(1_790, 1).answered(1_810, 1, 0, 20, 1_800, 10);
    for (count_by, interval) in [(CountBy::Arrival, 0), (CountBy::Answer, 1), (CountBy::Exit, 2)] {
        let sums = log.sums(TallyRules { count_by, ..TallyRules::default() }, 4_000);
        let offered: Vec<u64> = sums.intervals.iter().map(|interval| interval.figures.offered()).collect();
        let worked: Vec<u64> = sums.intervals.iter().map(|interval| interval.figures.after_call()).collect();
        let mut expected = [0; 3];
        expected[interval] = 1;
        assert_eq!(offered, expected, "{count_by:?}");
        assert_eq!(worked[interval], 10_000_000, "{count_by:?}");
    }
}

#[test]
fn intervals_begin_at_local_half_hours_and_days_at_local_midnight() {
    // The run begins at 08:10 in Casablanca, which is an hour ahead.
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    let clock = LocalClock::new("2022-05-17T07:10:00Z".parse().expect("a timestamp"), &zone);
    let mut log = Log::default();
    // 08:29:59, 08:30:00, and 00:00:00 of the next day.
    let midnight = 15 * 3_600 + 50 * 60;
    for (call, secs) in [(1, 1_199), (2, 1_200), (3, midnight)] {
        log.arrives(secs, call, caller(1, 0, 1)).ends(secs, call, Outcome::Contained, Cause::ScriptEnded);
    }
    let until = Instant::from_secs(midnight + 60);
    let sums = tallied(TallyRules::default(), &busy("longest_idle"), &clock, &log.events(), until);
    let starts: Vec<u64> = sums.intervals.iter().map(|interval| interval.start.as_micros() / 1_000_000).collect();
    assert_eq!((&starts[..3], sums.intervals.len()), (&[0, 1_200, 3_000][..], 33));
    assert_eq!(sums.intervals[0].observed, 1_200_000_000);
    assert_eq!((sums.intervals[0].figures.offered(), sums.intervals[1].figures.offered()), (1, 1));
    let days: Vec<(String, u64)> =
        sums.days().iter().map(|(date, figures)| (date.to_string(), figures.offered())).collect();
    assert_eq!(days, [("2022-05-17".to_owned(), 2), ("2022-05-18".to_owned(), 1)]);
}

#[test]
fn agents_are_occupied_on_shift_and_beyond_it() {
    let agent = AGENT;
    let mut log = Log::default();
    log.at(0, Fact::AgentLoggedIn { agent, group: GroupId(0) }).at(10, Fact::AgentReady { agent });
    log.arrives(100, 1, caller(1, 0, 1)).queues(100, 1);
    log.at(100, Fact::CallPresented { call: CallId(1), agent }).answered(110, 1, 0, 10, 200, 40);
    log.at(400, Fact::AgentNotReady { agent, reason: NotReady::Break }).at(500, Fact::AgentReady { agent });
    // Is to go in the middle of a call that goes on for another minute and a half, after-call work included.
    log.arrives(600, 2, caller(1, 0, 1)).queues(600, 2);
    log.at(600, Fact::CallAnswered { call: CallId(2), agent, queue: QUEUE, waited: s(0) });
    log.at(700, Fact::AgentGoing { agent, going: true });
    log.at(750, Fact::CallReleased { call: CallId(2), agent, talked: s(150), by_caller: true });
    log.at(750, Fact::AfterCallWorkBegan { agent }).ends(750, 2, Outcome::Transferred, Cause::CallerHungUp);
    log.at(790, Fact::AgentLoggedOut { agent });
    let total = log.sums(TallyRules::default(), 1_000).total();
    let secs = |field| total.get(field) / 1_000_000;
    let fields = [
        (Field::AgentLoggedIn, 10),
        (Field::AgentReady, 90 + 50 + 100),
        (Field::AgentRinging, 10),
        (Field::AgentTalking, 200 + 100),
        (Field::AgentAfterCall, 40),
        (Field::AgentBreak, 100),
        (Field::AgentBeyondShift, 90),
        (Field::AfterCall, 80),
    ];
    for (field, expected) in fields {
        assert_eq!(secs(field), expected, "{}", field.name());
    }
    assert_measures(
        &total,
        &[
            ("occupancy", 350.0 / 590.0),
            ("occupancy_with_beyond", 440.0 / 680.0),
            ("shrinkage", 110.0 / 700.0),
            ("beyond_shift_hours", 90.0 / 3_600.0),
            ("aht", (350.0 + 80.0) / 2.0),
        ],
    );
}

#[test]
fn the_engine_says_when_an_agent_works_beyond_the_shift() {
    let centre = mini("[node.start]\nkind = \"say\"\nprompt = \"hello\"\nto = \"adviser\"\n");
    let mut rig = Rig::new(&centre);
    rig.tell_story("a0 on; call; wait 9s; a0 answer; a0 off; wait 30s; a0 release; wait 5s; a0 ready");
    let script = published(&centre);
    let until = rig.events.last().expect("events").at;
    let total = tallied(TallyRules::default(), &script, &LocalClock::utc(), &rig.events, until).total();
    assert_eq!(total.agent_beyond_shift(), 35_000_000, "{:#?}", rig.log);
    // Asked to stay in time, the agent has not worked beyond anything.
    let mut rig = Rig::new(&centre);
    rig.tell_story("a0 on; call; wait 9s; a0 answer; a0 off; wait 4s; a0 on; wait 30s; a0 release");
    let total = tallied(TallyRules::default(), &script, &LocalClock::utc(), &rig.events, until).total();
    assert_eq!(total.agent_beyond_shift(), 4_000_000, "{:#?}", rig.log);
}

#[test]
fn an_announced_wait_is_held_against_the_wait_that_followed() {
    let mut log = Log::default();
    let told = |call, secs| Fact::WaitAnnounced { call: CallId(call), position: 1, expected: s(secs) };
    log.arrives(0, 1, caller(1, 0, 1)).queues(0, 1).at(10, told(1, 60)).at(40, told(1, 5)).answered(50, 1, 0, 50, 9, 0);
    log.arrives(0, 2, caller(1, 0, 1)).queues(0, 2).at(10, told(2, 60)).answered(90, 2, 1, 90, 9, 0);
    // One who hangs up does not know whether it was true.
    log.arrives(0, 3, caller(1, 0, 1)).queues(0, 3).at(10, told(3, 60)).abandons(20, 3, 20);
    let sums = log.sums(TallyRules::default(), 200);
    for figures in [sums.total(), sums.queues[0].figures] {
        assert_eq!(figures.announced(), 2);
        assert_measures(&figures, &[("announced_error", (20.0 + 20.0) / 2.0), ("announced_bias", 0.0)]);
    }
}

#[test]
fn what_happens_before_the_warm_up_is_not_measured() {
    let mut log = Log::default();
    let agent = AGENT;
    log.at(0, Fact::AgentLoggedIn { agent, group: GroupId(0) }).at(0, Fact::AgentReady { agent });
    log.arrives(5, 1, caller(1, 0, 1)).queues(5, 1).answered(1_005, 1, 0, 1_000, 100, 0);
    log.arrives(995, 2, caller(1, 0, 1)).queues(995, 2).abandons(1_035, 2, 40);
    log.arrives(1_010, 3, caller(1, 0, 1)).queues(1_010, 3).abandons(1_020, 3, 10);
    let sums = log.sums(TallyRules { warm_up: Instant::from_secs(1_000), ..TallyRules::default() }, 1_500);
    let total = sums.total();
    assert_eq!((total.offered(), total.abandoned(), total.answered(), total.handled()), (1, 1, 0, 0));
    assert_eq!(sums.observed(), 500_000_000);
    assert_eq!(total.agent_ready() + total.agent_talking(), 500_000_000);
    // Waiting while measured: 5 s of the first, 35 s of the second, 10 s of the third.
    let law = &sums.queues[0].law;
    assert_eq!((law.area, law.entered, law.holds()), (50_000_000, 1, true));
    assert_eq!(sums.intervals[0].queues[0].most, 2);
}

#[test]
fn warnings_say_what_the_figures_hide() {
    let none = Log::default().sums(TallyRules::default(), 100);
    assert_eq!(warnings(&none), [Warning::NoCalls]);

    let mut log = Log::default();
    log.arrives(0, 1, caller(1, 0, 1)).queues(0, 1).abandons(50, 1, 50);
    let found = warnings(&log.sums(TallyRules::default(), 100));
    assert_eq!(found, [Warning::NobodyAnswered { queued: 1, staffed: false }]);
    assert!(found[0].to_string().contains("no agent was on shift"), "{}", found[0]);

    // One agent, a call of 60 s every 50 s, and nobody hangs up.
    let mut log = Log::default();
    log.at(0, Fact::AgentLoggedIn { agent: AGENT, group: GroupId(0) }).at(0, Fact::AgentReady { agent: AGENT });
    for call in 0..20 {
        let (arrival, answer) = (50 * call, 60 * call);
        log.arrives(arrival, call + 1, caller(1, 0, 1)).queues(arrival, call + 1);
        log.answered(answer, call + 1, 0, answer - arrival, 60, 0);
    }
    let events = log.events();
    let until = Instant::from_secs(1_000);
    let before: Vec<Event> = events.into_iter().filter(|event| event.at <= until).collect();
    let sums = tallied(TallyRules::default(), &busy("longest_idle"), &LocalClock::utc(), &before, until);
    let found = warnings(&sums);
    assert!(matches!(found[0], Warning::Unstable { load, agents } if load > 1.15 && agents == 1.0), "{found:?}");
    assert!(found[0].to_string().contains("unstable: 1.2 erlangs"), "{}", found[0]);
    assert!(matches!(found[1], Warning::Unfinished { offered: 20, .. }), "{found:?}");
}

#[test]
fn the_catalogue_names_each_measure_once_and_states_its_terms() {
    let mut names: Vec<&str> = CATALOGUE.iter().map(|measure| measure.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CATALOGUE.len());
    for measure in CATALOGUE {
        assert_eq!(measure.denominator.is_none(), measure.per == "run", "{}", measure.name);
        assert!(
            measure.formula.contains('/') == measure.denominator.is_some(),
            "{}: {}",
            measure.name,
            measure.formula
        );
    }
    let written = serde_json::to_value(Figures::ZERO).expect("figures can be written");
    assert_eq!(written.as_object().map(serde_json::Map::len), Some(Field::ALL.len()));
}

/// Holds the sums of a story against its events and its records. `scripts`: those published, the first one first.
pub fn sums_agree(events: &[Event], records: &[Cdr], scripts: &[Arc<Script>], clock: &LocalClock, end: Instant) {
    let rules = TallyRules { interval: s(70), ..TallyRules::default() };
    let fold = |cut: Option<usize>| {
        let mut tally = Tally::new(rules, &scripts[0], clock);
        scripts[1..].iter().for_each(|script| tally.publish(script));
        let mut parts = Vec::new();
        for (i, event) in events.iter().enumerate() {
            if Some(i) == cut {
                parts.push(tally.cut(event.at));
            }
            tally.event(event);
        }
        parts.push(tally.finish(end));
        parts
    };
    let whole = fold(None).remove(0);
    assert!(whole.laws().iter().all(|law| law.holds), "{:?}", whole.laws());
    against_records(&whole, events, records);

    let mut halves = fold(Some(events.len() / 2));
    let mut backwards = halves.remove(1);
    backwards.merge(&halves[0]);
    backwards.parts = 1;
    assert_eq!(backwards, whole, "two halves are not the whole");

    let mut rows = Rows::new(true);
    let rows: Vec<CallRow> = events.iter().filter_map(|event| rows.event(event)).collect();
    rows_against_records(&rows, records);

    let number = |events: &[Event]| {
        let mut hash = TraceHash::new();
        events.iter().for_each(|event| hash.event(event));
        hash.value()
    };
    assert_ne!(number(events), number(&events[..events.len() - 1]));
}

fn against_records(whole: &Sums, events: &[Event], records: &[Cdr]) {
    let total = whole.total();
    let count = |of: &dyn Fn(&Cdr) -> bool| records.iter().filter(|record| of(record)).count() as u64;
    let own = |record: &Cdr| record.promised_in.is_none();
    assert_eq!(total.offered(), count(&own));
    assert_eq!(total.queued(), count(&|record| own(record) && record.queue.is_some()));
    assert_eq!(total.answered(), count(&|record| own(record) && record.answered.is_some()));
    assert_eq!(total.contained(), count(&|record| own(record) && record.outcome == "contained"));
    assert_eq!(total.callbacks_reached(), count(&|record| !own(record) && record.answered.is_some()));
    assert_eq!(total.callbacks_promised(), count(&|record| !own(record)));
    assert_eq!(total.unfinished(), 0);
    let talked: Duration = records.iter().map(|record| record.talked).sum();
    let held: Duration = records.iter().map(|record| record.held).sum();
    assert_eq!((total.talk() + total.hold(), total.hold()), (talked.as_micros(), held.as_micros()));
    let exits =
        total.answered() + total.abandoned() + total.timed_out() + total.left_by_key() + total.left_for_callback();
    assert!(exits <= total.queued());
    // Every dimension holds every call; queues, every conversation.
    let sides = [&whole.languages, &whole.intents, &whole.regions];
    for side in sides {
        let sum: Figures = side.iter().copied().sum();
        assert_eq!((sum.offered(), sum.talk(), sum.after_call()), (total.offered(), total.talk(), total.after_call()));
    }
    let queues: Figures = whole.queues.iter().map(|queue| queue.figures).sum();
    let released = events.iter().filter(|event| matches!(event.fact, Fact::CallReleased { .. })).count() as u64;
    assert_eq!(queues.handled(), released);
    assert_eq!((queues.talk(), queues.hold(), queues.after_call()), (total.talk(), total.hold(), total.after_call()));
    let menus: u64 = whole.nodes.iter().map(|node| node.time).sum();
    assert!(menus >= total.menu_time());

    // Agents are on duty from login to logout, whatever they do.
    let mut since: BTreeMap<AgentId, Instant> = BTreeMap::new();
    let mut duty = 0;
    let end = Instant(whole.observed());
    for event in events {
        match event.fact {
            Fact::AgentLoggedIn { agent, .. } => drop(since.insert(agent, event.at)),
            Fact::AgentLoggedOut { agent } => {
                duty += event.at.since(since.remove(&agent).expect("on duty")).as_micros();
            }
            _ => {}
        }
    }
    duty += since.values().map(|&at| end.since(at).as_micros()).sum::<u64>();
    assert_eq!(total.agent_on_shift() + total.agent_beyond_shift(), duty);
}

fn rows_against_records(rows: &[CallRow], records: &[Cdr]) {
    assert_eq!(rows.len(), records.len());
    for (row, record) in rows.iter().zip(records) {
        assert_eq!((row.call, row.promised_in, row.cause), (record.call, record.promised_in, record.cause));
        assert_eq!((row.waited, row.talked, row.held), (record.waited, record.talked, record.held));
        assert_eq!((row.agent, row.steps), (record.agent, record.steps));
        assert_eq!(row.path.len(), record.path.len());
        assert_eq!(row.ended.since(row.arrived), record.duration);
        assert_eq!((row.answered.is_some(), row.queue.is_some()), (record.answered.is_some(), record.queue.is_some()));
    }
}

#[test]
fn a_whole_afternoon_adds_up() {
    use crate::support::{
        busy::world,
        story::{END, callers},
    };
    let script = busy("longest_idle");
    let mut world = world(script.clone(), 7, true);
    let events = hatif::sim::events(&mut world, callers(), END);
    let mut fold = hatif::record::cdr::Fold::new(clock());
    let records: Vec<Cdr> = events.iter().filter_map(|event| fold.apply(event, world.versions())).collect();
    sums_agree(&events, &records, &[script], &clock(), END);
}
