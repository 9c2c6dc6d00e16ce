//! Random stories, standing laws.
//!
//! Random keys, hang-ups, agents, reloads, calls back and faulty services against one world. After every drain the engine
//! states its laws ([`hatif::engine::Engine::audit`], switched on by `check_laws`); at the end every call has ended once
//! and has one record, the same seed has told the same events, and the journal replays.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufReader,
    sync::{Arc, OnceLock},
};

use hatif::{
    engine::{Command, Event, Fact, Input},
    id::{AgentId, CallId, GroupId, LanguageId, QueueId},
    journal::{Pseudonyms, Tail, Writer, replay},
    pii::CallerNumber,
    random::Seed,
    record::cdr::{self, Cdr},
    script::{Script, Source, catalogue::CASE, model::Key, value::Symbol},
    time::{Duration, Instant, LocalClock},
    world::{Fault, Notice, World},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

use crate::measures::sums_agree;
use crate::support::{
    busy::{busy, clock, credentials, script, second_edition, world_at},
    story::{assert_same, lines},
    watch::Watch,
};

/// One step of a random story. Small numbers pick one of the calls or agents there are.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Call {
        number: bool,
        language: u8,
    },
    Keys {
        whose: u8,
        keys: String,
    },
    /// Chooses a language, hears the notice out and chooses from the menu.
    Enter {
        whose: u8,
        choice: String,
    },
    Prove {
        whom: u8,
    },
    Code {
        whose: u8,
    },
    HangUp {
        whose: u8,
    },
    Answer {
        whose: u8,
    },
    Unreachable {
        whose: u8,
    },
    Abort {
        whose: u8,
    },
    Agent {
        who: u8,
        what: u8,
    },
    Publish {
        second: bool,
    },
    Services {
        delay: u64,
        down: f64,
        lost: f64,
    },
    Sms {
        up: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let whose = 0..4u8;
    let wait = prop_oneof![6 => 0..3_000u64, 6 => 0..20_000u64, 1 => Just(600_000u64)];
    prop_oneof![
        8 => wait.prop_map(Step::Wait),
        4 => (any::<bool>(), 0..4u8).prop_map(|(number, language)| Step::Call { number, language }),
        6 => (whose.clone(), "[1-3][1-8]").prop_map(|(whose, choice)| Step::Enter { whose, choice }),
        3 => (whose.clone(), "[1-3][02]").prop_map(|(whose, choice)| Step::Enter { whose, choice }),
        6 => (whose.clone(), "[0-9*#]{1,4}").prop_map(|(whose, keys)| Step::Keys { whose, keys }),
        2 => (0..5u8).prop_map(|whom| Step::Prove { whom }),
        2 => whose.clone().prop_map(|whose| Step::Code { whose }),
        2 => whose.clone().prop_map(|whose| Step::HangUp { whose }),
        3 => whose.clone().prop_map(|whose| Step::Answer { whose }),
        1 => whose.clone().prop_map(|whose| Step::Unreachable { whose }),
        1 => whose.prop_map(|whose| Step::Abort { whose }),
        12 => (0..7u8, 0..24u8).prop_map(|(who, what)| Step::Agent { who, what }),
        1 => any::<bool>().prop_map(|second| Step::Publish { second }),
        1 => (prop_oneof![Just(0), 0..6_000u64], 0.0..0.5f64, 0.0..0.5f64)
            .prop_map(|(delay, down, lost)| Step::Services { delay, down, lost }),
        1 => any::<bool>().prop_map(|up| Step::Sms { up }),
    ]
}

#[derive(Clone, Debug)]
struct Story {
    seed: u64,
    strategy: &'static str,
    /// At the default centre, from this time on; at the busy one otherwise.
    at_default: Option<&'static str>,
    agents: bool,
    steps: Vec<Step>,
}

impl Story {
    /// The script the story begins on, and the editions that are published in its course.
    fn scripts(&self) -> (Arc<Script>, [Arc<Script>; 2]) {
        match self.at_default {
            None => (busy(self.strategy), editions().clone()),
            Some(_) => (default_centre(self.strategy), [default_centre("longest_idle"), changed_default().clone()]),
        }
    }

    fn clock(&self) -> LocalClock {
        let Some(begins) = self.at_default else { return clock() };
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        LocalClock::new(begins.parse().expect("a timestamp"), &zone)
    }
}

/// Evenings and mornings of ordinary days and of days that are not: before closing, on the days when the offset changes,
/// before a feast, before midnight of a year's last day.
const BEGINNINGS: [&str; 6] = [
    "2022-05-17T15:20:00Z",
    "2022-05-17T07:25:00Z",
    "2022-03-28T08:20:00Z",
    "2022-05-09T07:20:00Z",
    "2022-04-29T14:50:00Z",
    "2022-12-30T15:10:00Z",
];

const STRATEGIES: [&str; 8] =
    ["longest_idle", "fewest_calls", "least_occupied", "round_robin", "top_down", "random", "skill_level", "ring_all"];

/// The default centre with every change of text, loaded.
fn edited(changes: &[(&str, &str)]) -> Arc<Script> {
    let source = Source::embedded();
    let files = source.files().map(|(path, text)| {
        let edit = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        let text = if &**path == "centre.toml" { changes.iter().fold(text.to_owned(), edit) } else { text.to_owned() };
        (path.to_string(), text)
    });
    script(&Source::from_files(files.collect()))
}

/// The default centre, small enough to be full, hunting by a strategy.
fn default_centre(strategy: &str) -> Arc<Script> {
    static SCRIPTS: [OnceLock<Arc<Script>>; STRATEGIES.len()] = [const { OnceLock::new() }; STRATEGIES.len()];
    let i = STRATEGIES.iter().position(|name| *name == strategy).expect("a strategy");
    let made = || {
        let hunts = format!("strategy        = \"{strategy}\"");
        edited(&[
            ("strategy        = \"longest_idle\"", &hunts),
            ("size      = 26", "size = 2"),
            ("size      = 16", "size = 1"),
            ("size      = 12", "size = 2"),
            ("size      = 10", "size = 1"),
            ("max_length      = 150", "max_length = 3"),
            ("no_answer_share = 0.01", "no_answer_share = 0.3"),
        ])
    };
    SCRIPTS[i].get_or_init(made).clone()
}

/// Another edition: shorter hours, other skills, a wider overflow, no pause after a call that was not answered.
fn changed_default() -> &'static Arc<Script> {
    static SCRIPT: OnceLock<Arc<Script>> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        edited(&[
            ("08:30-16:30", "08:00-17:00"),
            ("no_answer_pause = \"1m\"", "no_answer_pause = \"0s\""),
            ("amo = { min = 4, relax_after = \"2m\" }", "amo = { min = 7, relax_after = \"10s\" }"),
            ("[{ after = \"3m\", to = \"status\" }]", "[{ after = \"20s\", to = \"status\" }]"),
            ("skills    = { pay = 7, status = 4 }", "skills    = { status = 4 }"),
            ("max_wait        = \"40m\"", "max_wait = \"1m\""),
        ])
    })
}

fn story() -> impl Strategy<Value = Story> {
    let begins = prop::sample::select(&BEGINNINGS[..]);
    let place = prop_oneof![
        1 => prop::sample::select(&STRATEGIES[..7]).prop_map(|strategy| (strategy, None)),
        1 => (prop::sample::select(&STRATEGIES[..]), begins).prop_map(|(strategy, begins)| (strategy, Some(begins))),
    ];
    (any::<u64>(), place, any::<bool>(), prop::collection::vec(step(), 1..150))
        .prop_map(|(seed, (strategy, at_default), agents, steps)| Story { seed, strategy, at_default, agents, steps })
}

fn editions() -> &'static [Arc<Script>; 2] {
    static EDITIONS: OnceLock<[Arc<Script>; 2]> = OnceLock::new();
    EDITIONS.get_or_init(|| [busy("longest_idle"), script(&second_edition())])
}

/// A story being told.
struct Telling {
    world: World,
    /// Calls in progress, in order.
    calls: Vec<CallId>,
    /// Calls back whose callers' telephones ring.
    dialled: Vec<CallId>,
    /// Agents whose telephones ring, and agents who talk.
    ringing: Vec<AgentId>,
    talking: Vec<AgentId>,
    journal: Writer<Vec<u8>>,
    events: Vec<Event>,
    fold: cdr::Fold,
    records: Vec<Cdr>,
    hung_up: BTreeSet<CallId>,
    watch: Watch,
    editions: [Arc<Script>; 2],
}

/// What a story came to.
struct Told {
    world: World,
    events: Vec<Event>,
    records: Vec<Cdr>,
    in_progress: usize,
    hung_up: BTreeSet<CallId>,
    journal: Vec<u8>,
}

/// Tells a story to its end.
fn tell(story: &Story) -> Told {
    let (first, editions) = story.scripts();
    let world = world_at(story.clock(), first.clone(), story.seed, story.agents);
    let journal = Writer::begin(Vec::new(), &first, Seed::new(story.seed), world.clock(), Pseudonyms::new([1; 32]));
    let mut telling = Telling {
        world,
        calls: Vec::new(),
        dialled: Vec::new(),
        ringing: Vec::new(),
        talking: Vec::new(),
        journal: journal.expect("memory takes everything"),
        events: Vec::new(),
        fold: cdr::Fold::new(story.clock()),
        records: Vec::new(),
        hung_up: BTreeSet::new(),
        watch: Watch::default(),
        editions,
    };
    if !story.agents {
        telling.open_desks();
    }
    for step in &story.steps {
        telling.step(step);
        telling.listen();
    }
    telling.end()
}

impl Telling {
    /// One agent of each group, and two of one, come on duty.
    fn open_desks(&mut self) {
        for (agent, group) in [(0, 0), (1, 1), (2, 2), (3, 1)] {
            let agent = AgentId(agent);
            self.inject(Input::AgentLoggedIn { agent, group: GroupId(group) });
            self.inject(Input::AgentReady { agent });
        }
        self.listen();
    }

    fn step(&mut self, step: &Step) {
        let now = self.world.now();
        match *step {
            Step::Wait(millis) => self.world.advance_to(now + Duration::from_millis(millis)),
            Step::Call { number, language } => {
                let caller = number.then(|| CallerNumber::new("0600000042".parse().expect("ten digits")));
                let language = language.checked_sub(1).map(LanguageId);
                self.inject(Input::CallArrived { caller, language, origin: None });
            }
            Step::Keys { whose, ref keys } => self.press(whose, keys),
            Step::Enter { whose, ref choice } => {
                let (language, choice) = choice.split_at(1);
                self.press(whose, language);
                self.world.advance_to(now + Duration::from_millis(3_500));
                self.press(whose, choice);
            }
            Step::Prove { whom } => {
                let (claim, birth) = &credentials()[usize::from(whom)];
                let caller = Some(CallerNumber::new("0600000043".parse().expect("ten digits")));
                self.inject(Input::CallArrived { caller, language: None, origin: None });
                self.listen();
                // From the first question on, each answer after its question (the choice is also the beginning of a longer one).
                let answers =
                    [("1", 3_500), ("1", 2_500), (claim.trim_end_matches('#'), 2_000), (birth.as_str(), 4_000)];
                for (keys, pause) in answers {
                    self.press(0, keys);
                    self.world.advance_to(self.world.now() + Duration::from_millis(pause));
                }
            }
            Step::Code { whose } => {
                let code = self.call(whose).and_then(|call| self.world.services().outbox().code_for(call));
                if let Some(code) = code {
                    self.press(whose, &code.reveal().to_string());
                }
            }
            Step::HangUp { whose } => self.about(whose, |call| Input::CallerHungUp { call }),
            Step::Answer { whose } => match pick(&self.dialled, whose) {
                Some(call) => self.inject(Input::CallerAnswered { call }),
                None => self.about(whose, |call| Input::CallerAnswered { call }),
            },
            Step::Unreachable { whose } => match pick(&self.dialled, whose) {
                Some(call) => self.inject(Input::CallerUnreachable { call }),
                None => self.about(whose, |call| Input::CallerUnreachable { call }),
            },
            Step::Abort { whose } => self.about(whose, |call| Input::CallAborted { call }),
            Step::Agent { who, what } => {
                let fits = match what {
                    8..=12 => pick(&self.ringing, who),
                    13..=23 => pick(&self.talking, who),
                    _ => None,
                };
                self.inject(agent_does(fits.unwrap_or(AgentId(who.into())), what));
            }
            Step::Publish { second } => {
                self.world.publish(now, self.editions[usize::from(second)].clone()).expect("the same languages");
            }
            Step::Services { delay, down, lost } => {
                self.world.set_fault(Fault { delay: Duration::from_millis(delay), down, lost });
            }
            Step::Sms { up } => self.world.services_mut().set_sms_up(up),
        }
    }

    fn inject(&mut self, input: Input) {
        self.world.inject(self.world.now(), input);
    }

    /// One of the calls there are, counted from the latest, or one that is over.
    fn call(&self, whose: u8) -> Option<CallId> {
        self.calls.iter().rev().nth(usize::from(whose)).copied()
    }

    fn about(&mut self, whose: u8, input: impl FnOnce(CallId) -> Input) {
        // A call that is over, or never was: what no longer fits must be ignored.
        let call = self.call(whose).unwrap_or(CallId(whose.into()));
        self.inject(input(call));
    }

    fn press(&mut self, whose: u8, keys: &str) {
        for key in keys.chars().filter_map(Key::from_char) {
            self.about(whose, |call| Input::Dtmf { call, key });
        }
    }

    /// Takes in what the world tells.
    fn listen(&mut self) {
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Event(event) => {
                    self.watch.notice(&event.fact);
                    self.journal.event(&event).expect("memory");
                    match event.fact {
                        Fact::CallArrived { call, .. } => self.calls.push(call),
                        Fact::CallEnded { call, .. } => self.calls.retain(|have| *have != call),
                        _ => {}
                    }
                    self.records.extend(self.fold.apply(&event, self.world.versions()));
                    self.events.push(event);
                }
                Notice::Input { at, input, secret } => self.journal.input(at, &input, secret).expect("memory"),
                Notice::KeyUsed { call, key } => self.journal.used(call, key).expect("memory"),
                Notice::ToCaller(at, command) => {
                    self.watch.hear(at, &command);
                    self.hear(&command);
                }
                _ => {}
            }
        }
    }

    /// Follows who rings and who talks.
    fn hear(&mut self, command: &Command) {
        match *command {
            Command::HangUp { call, .. } => assert!(self.hung_up.insert(call), "{call} was hung up twice"),
            Command::Ask { .. } => panic!("the world answers questions itself"),
            Command::Ring { agent, .. } => self.ringing.push(agent),
            Command::StopRinging { agent, .. } => self.ringing.retain(|have| *have != agent),
            Command::Connect { call, agent } => {
                self.ringing.retain(|have| *have != agent);
                self.dialled.retain(|have| *have != call);
                assert!(!self.talking.contains(&agent), "{agent} was connected to a second call");
                self.talking.push(agent);
            }
            Command::Disconnect { agent, .. } => self.talking.retain(|have| *have != agent),
            Command::DialBack { call, .. } => self.dialled.push(call),
            Command::StopDialling { call } => self.dialled.retain(|have| *have != call),
            _ => {}
        }
    }

    /// Nobody calls any more, and whoever is still there is sent home.
    fn end(mut self) -> Told {
        self.inject(Input::DrainBegan);
        self.inject(Input::CallArrived { caller: None, language: None, origin: None });
        self.world.advance_to(self.world.now() + Duration::from_secs(30));
        self.inject(Input::DrainEnded);
        self.listen();
        self.watch.end();
        let end = self.world.now();
        let journal = self.journal.finish(end).expect("memory");
        let in_progress = self.fold.in_progress();
        Told {
            world: self.world,
            events: self.events,
            records: self.records,
            in_progress,
            hung_up: self.hung_up,
            journal,
        }
    }
}

fn pick<T: Copy>(from: &[T], which: u8) -> Option<T> {
    from.get(usize::from(which) % from.len().max(1)).copied()
}

/// Something an agent does; often something that does not fit.
fn agent_does(agent: AgentId, what: u8) -> Input {
    match what {
        0 | 1 => Input::AgentLoggedIn { agent, group: GroupId((agent.0 % 4) as u16) },
        2 => Input::AgentLoggedOut { agent },
        3..=6 => Input::AgentReady { agent },
        7 => Input::AgentNotReady { agent },
        8..=11 => Input::AgentAnswered { agent },
        12 => Input::AgentRejected { agent },
        13 | 14 => Input::AgentHeld { agent },
        15 => Input::AgentResumed { agent },
        16..=19 => Input::AgentReleased { agent },
        20 | 21 => Input::AgentTransferred { agent, queue: QueueId((agent.0 % 5) as u16) },
        _ => Input::CaseOpened { agent, kind: Symbol { set: CASE, word: (agent.0 % 5) as u16 } },
    }
}

/// Every call that arrived has ended, once, has one record and was hung up once.
fn calls_add_up(told: &Told) {
    let mut count: BTreeMap<CallId, (u32, u32)> = BTreeMap::new();
    for event in &told.events {
        match event.fact {
            Fact::CallArrived { call, .. } => count.entry(call).or_default().0 += 1,
            Fact::CallEnded { call, .. } => count.entry(call).or_default().1 += 1,
            _ => {}
        }
    }
    assert!(count.values().all(|ends| *ends == (1, 1)), "arrived and ended: {count:?}");
    let recorded: BTreeSet<CallId> = told.records.iter().map(|record| record.call).collect();
    assert_eq!((recorded.len(), told.records.len()), (count.len(), count.len()));
    assert_eq!(told.in_progress, 0, "records are still being written");
    assert!(recorded.is_superset(&told.hung_up), "a call was hung up that never was");
    let census = told.world.engine().census();
    assert_eq!((census.offered, census.ended), (count.len() as u64, count.len() as u64));
}

/// Events are numbered without a gap, and time does not run back.
fn events_are_in_order(events: &[Event]) {
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.seq, i as u64 + 1);
        assert!(i == 0 || events[i - 1].at <= event.at, "{event:?} happened before {:?}", events[i - 1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // More with PROPTEST_CASES=2000, after a change of the engine.
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/laws.proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn laws_hold_in_every_story(story in story()) {
        let told = tell(&story);
        calls_add_up(&told);
        events_are_in_order(&told.events);
        let (first, editions) = story.scripts();
        let published = story.steps.iter().filter_map(|step| match *step {
            Step::Publish { second } => Some(editions[usize::from(second)].clone()),
            _ => None,
        });
        let published: Vec<_> = std::iter::once(first).chain(published).collect();
        sums_agree(&told.events, &told.records, &published, &story.clock(), told.world.now());

        let again = tell(&story);
        let log = lines(&told.events, told.world.versions());
        assert_same(&log, &lines(&again.events, again.world.versions()));

        let (first, editions) = story.scripts();
        let mut scripts = editions.to_vec();
        scripts.push(first);
        let report = replay(BufReader::new(&told.journal[..]), &scripts).expect("a journal");
        prop_assert_eq!(report.difference, None);
        let closed = matches!(report.tail, Tail::Closed { end, .. } if end > Instant::ZERO);
        prop_assert!(closed);
        prop_assert_eq!(report.events, told.events.len() as u64);
    }
}
