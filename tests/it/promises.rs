//! A promise to call back outlives the run in which it was made: with its number, queue, language and place.

use std::{collections::BTreeMap, io::BufReader, sync::Arc};

use hatif::{
    engine::{Command, Engine, Fact, Input, Origin, Output, Promised},
    id::{AgentId, CallId, GroupId, QueueId},
    journal::{Pseudonyms, Tail, Writer, replay},
    pii::CallerNumber,
    random::Seed,
    registry::Registry,
    script::{Script, Source, model::Key},
    time::{Duration, Instant, LocalClock},
    world::{LostPromise, Notice, Promise, World, WorldConfig, services, services::Services},
};
use proptest::prelude::*;

use crate::{
    routing::{FLOW, acd, acd_with},
    support::{lines::number, rig::published},
};

const DESK: &str = "[queue.pay]\nskills = { pay = 1 }\ncallback = { ring = \"25s\", tries = 2, retry_after = \"10m\" }\n\
                    [queue.vip]\nskills = { vip = 1 }\n\
                    [group.desk]\nsize = 4\nskills = { pay = 5, vip = 5 }\nlanguages = [\"fr\", \"ar\"]\n";

/// A centre that can be killed and started again, and what it wrote down.
struct Centre {
    script: Arc<Script>,
    world: World,
    /// Promises still to be kept, oldest first, with the call that keeps each in this run.
    open: Vec<(Option<CallId>, Promise)>,
    /// How often each number was rung, and reached.
    rung: BTreeMap<CallerNumber, (u32, u32)>,
    ringing: Vec<(CallId, CallerNumber)>,
    kept: Vec<CallId>,
    journal: Option<Writer<Vec<u8>>>,
    facts: Vec<Fact>,
}

fn world(script: &Arc<Script>, lived: Duration) -> World {
    let mut services =
        Services::new(Arc::new(Registry::generated(1_000, 1)), services::Config::default(), Seed::new(1));
    services.restore_access(&[], lived, Instant::ZERO);
    let config = WorldConfig::new(script.clone(), LocalClock::utc(), Seed::new(1), services);
    World::new(WorldConfig { agents: false, tell_inputs: true, check_laws: true, ..config })
}

fn journal(script: &Script) -> Writer<Vec<u8>> {
    Writer::begin(Vec::new(), script, Seed::new(1), &LocalClock::utc(), Pseudonyms::new([3; 32])).expect("memory")
}

impl Centre {
    fn new(rules: &str) -> Centre {
        Centre::of(&acd(rules))
    }

    fn of(source: &Source) -> Centre {
        let script = published(source);
        let (world, journal) = (world(&script, Duration::ZERO), Some(journal(&script)));
        let (open, rung, ringing) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut centre = Centre { script, world, open, rung, ringing, kept: Vec::new(), journal, facts: Vec::new() };
        centre.hear();
        centre
    }

    fn hear(&mut self) {
        while let Some(notice) = self.world.poll() {
            let journal = self.journal.as_mut().expect("it is written until the end of the run");
            match notice {
                Notice::Input { at, input, secret } => journal.input(at, &input, secret).expect("memory"),
                Notice::Event(event) => {
                    journal.event(&event).expect("memory");
                    if let Fact::CallbackMissed { call, .. } | Fact::CallEnded { call, .. } = event.fact {
                        self.ringing.retain(|(ringing, _)| *ringing != call);
                    }
                    self.facts.push(event.fact);
                }
                Notice::Promised { call, promise, .. } => {
                    match self.open.iter_mut().find(|(keeps, _)| *keeps == Some(call)) {
                        Some(open) => open.1 = promise,
                        None => self.open.push((Some(call), promise)),
                    }
                }
                Notice::PromiseKept { call } => {
                    let before = self.open.len();
                    self.open.retain(|(keeps, _)| *keeps != Some(call));
                    assert_eq!(self.open.len() + 1, before, "kept once, and promised before");
                    self.kept.push(call);
                }
                Notice::ToCaller(_, Command::DialBack { call, caller, .. }) => {
                    self.rung.entry(caller).or_default().0 += 1;
                    self.ringing.push((call, caller));
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, input: Input) -> Option<CallId> {
        let call = self.world.inject(self.world.now(), input);
        self.hear();
        call
    }

    fn wait(&mut self, span: Duration) {
        self.world.advance_to(self.world.now() + span);
        self.hear();
    }

    /// Somebody calls, asks to be called back and hangs up.
    fn promise(&mut self, from: CallerNumber, language: Option<u8>) {
        let language = language.map(hatif::id::LanguageId);
        let call = self.tell(Input::CallArrived { caller: Some(from), language, origin: None }).expect("it is taken");
        self.tell(Input::Dtmf { call, key: Key::from_char('3').expect("a key") });
        self.wait(Duration::from_secs(2));
    }

    fn agent(&mut self, agent: u32) {
        self.tell(Input::AgentLoggedIn { agent: AgentId(agent), group: GroupId(0) });
        self.tell(Input::AgentReady { agent: AgentId(agent) });
    }

    /// Whoever is rung picks up, or is not there.
    fn answer(&mut self, there: bool) {
        let Some(&(call, number)) = self.ringing.first() else { return };
        self.ringing.retain(|(ringing, _)| *ringing != call);
        if there {
            self.rung.entry(number).or_default().1 += 1;
            self.tell(Input::CallerAnswered { call });
        } else {
            self.tell(Input::CallerUnreachable { call });
        }
    }

    /// The centre is killed and begins again, on what it wrote down: as text.
    fn restart(&mut self) {
        let lived = self.world.services().lived(self.world.now());
        self.replays();
        self.world = world(&self.script, lived);
        self.journal = Some(journal(&self.script));
        self.ringing.clear();
        self.hear();
        let written = |(_, promise): &(Option<CallId>, Promise)| serde_json::to_string(promise).expect("JSON");
        let texts: Vec<String> = self.open.iter().map(written).collect();
        let read = |text: &String| serde_json::from_str(text).expect("as it was written");
        let promises: Vec<Promise> = texts.iter().map(read).collect();
        let calls = self.world.restore_promises(Instant::ZERO, &promises);
        self.open = calls.into_iter().map(|call| Some(call.expect("the queue is there"))).zip(promises).collect();
        self.hear();
    }

    /// What was written of this run runs again to the same events.
    fn replays(&mut self) {
        let written = self.journal.take().expect("a journal").finish(self.world.now()).expect("memory");
        let report = replay(BufReader::new(&*written), std::slice::from_ref(&self.script)).expect("a journal");
        assert_eq!(report.difference, None);
        assert!(matches!(report.tail, Tail::Closed { .. }));
    }
}

#[test]
fn promises_of_a_killed_centre_are_kept_in_their_order_by_the_next() {
    let mut centre = Centre::new(DESK);
    centre.promise(number(1), None);
    centre.wait(Duration::from_mins(5));
    centre.promise(number(2), Some(1));
    centre.wait(Duration::from_mins(1));
    assert_eq!(centre.open.iter().map(|(_, p)| p.language.as_str()).collect::<Vec<_>>(), ["fr", "ar"]);
    centre.restart();
    // Somebody new asks too, and stands behind.
    centre.promise(number(3), None);
    centre.wait(Duration::from_secs(10));
    centre.agent(0);
    assert_eq!(centre.ringing.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [number(1)]);
    assert_eq!(centre.world.engine().promise(centre.ringing[0].0).map(|p| p.caller), Some(number(1)));
    centre.answer(true);
    assert_eq!(centre.kept.len(), 1);
    centre.tell(Input::AgentReleased { agent: AgentId(0) });
    centre.tell(Input::AgentReady { agent: AgentId(0) });
    assert_eq!(centre.ringing.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [number(2)]);
    centre.replays();
}

#[test]
fn a_number_has_one_promise_at_a_time_and_the_first_keeps_its_place() {
    let mut centre = Centre::new(DESK);
    centre.promise(number(1), None);
    let first = centre.open[0].clone();
    centre.wait(Duration::from_mins(5));
    centre.promise(number(2), None);
    for _ in 0..5 {
        centre.promise(number(1), None);
    }
    assert_eq!(centre.open.len(), 2, "{:?}", centre.open);
    assert_eq!(centre.open[0], first);
    let promised = |fact: &&Fact| matches!(fact, Fact::CallbackPromised { .. });
    assert_eq!(centre.facts.iter().filter(promised).count(), 2);
    centre.restart();
    centre.promise(number(1), None);
    assert_eq!(centre.open.len(), 2, "also after a restart");
    centre.wait(Duration::from_secs(10));
    centre.agent(0);
    centre.answer(true);
    centre.tell(Input::AgentReleased { agent: AgentId(0) });
    assert_eq!(centre.kept.len(), 1);
    // Kept once, she may be promised another.
    centre.promise(number(1), None);
    assert_eq!(centre.open.len(), 2);
}

#[test]
fn a_synthetic_caller_of_the_same_number_takes_nobodys_promise() {
    let mut centre = Centre::new(DESK);
    let origin = Some(Origin { lot: 1, attempt: 1, intent: None, region: 0 });
    let synthetic = Input::CallArrived { caller: Some(number(1)), language: None, origin };
    let call = centre.tell(synthetic).expect("it is taken");
    centre.tell(Input::Dtmf { call, key: Key::from_char('3').expect("a key") });
    centre.wait(Duration::from_secs(2));
    centre.promise(number(1), None);
    let promised = |fact: &&Fact| matches!(fact, Fact::CallbackPromised { .. });
    assert_eq!(centre.facts.iter().filter(promised).count(), 2, "each has her own: {:?}", centre.facts);
    centre.promise(number(1), None);
    assert_eq!(centre.facts.iter().filter(promised).count(), 2, "and one at a time");
}

#[test]
fn a_survey_still_follows_a_conversation_that_was_promised_before() {
    let mut centre = Centre::new(DESK);
    // Promised from the queue, whose node asks a question afterwards.
    let from = Some(number(1));
    let call = centre.tell(Input::CallArrived { caller: from, language: None, origin: None }).expect("it is taken");
    for key in ['1', '1'] {
        centre.tell(Input::Dtmf { call, key: Key::from_char(key).expect("a key") });
        centre.wait(Duration::from_secs(1));
    }
    centre.wait(Duration::from_secs(2));
    assert_eq!(centre.open.len(), 1, "{:?}", centre.facts);
    centre.restart();
    centre.agent(0);
    centre.wait(Duration::from_secs(10));
    centre.answer(true);
    centre.tell(Input::AgentReleased { agent: AgentId(0) });
    let call = centre.kept[0];
    let asked = |fact: &Fact| matches!(fact, Fact::NodeEntered { call: of, .. } if *of == call);
    assert!(centre.facts.iter().any(asked), "{:?}", centre.facts);
}

/// Which queue is a variable's word, and what follows the agent looks at what the first call learned.
const BY_TOPIC: &str = r#"
[flow]
vars = { topic = "queue", known = { type = "bool", initial = false } }

[node.start]
kind = "set"
set = { topic = "'pay'", known = "true" }
to = "pay"

[node.pay]
kind = "queue"
queue = { var = "topic" }
answered = "again"
full = "back"
closed = "back"
timeout = "back"
treatment = [{ after = "0s", prompt = "hold", keys = { 1 = { to = "back" } } }]

[node.back]
kind = "callback"
queue = { var = "topic" }
prompt = "promised"
to = "bye"
failed = "bye"

[node.again]
kind = "branch"
when = [{ if = "known", to = "bye" }]
else = "second"

[node.second]
kind = "queue"
queue = { var = "topic" }
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
outcome = "contained"
"#;

/// Somebody is promised a call back in the queue of [`BY_TOPIC`], is called, perhaps by a later run, and talks to an agent. What
/// the call back did then.
fn after_the_agent(restarted: bool) -> Vec<Fact> {
    let mut centre = Centre::of(&acd_with(DESK, BY_TOPIC));
    let from = Some(number(1));
    let call = centre.tell(Input::CallArrived { caller: from, language: None, origin: None }).expect("it is taken");
    centre.wait(Duration::from_secs(1));
    centre.tell(Input::Dtmf { call, key: Key::from_char('1').expect("a key") });
    centre.wait(Duration::from_secs(20));
    assert_eq!(centre.open.len(), 1, "{:?}", centre.facts);
    if restarted {
        centre.restart();
    }
    centre.agent(0);
    centre.wait(Duration::from_secs(10));
    centre.answer(true);
    let before = centre.facts.len();
    centre.tell(Input::AgentReleased { agent: AgentId(0) });
    centre.replays();
    centre.facts.split_off(before)
}

#[test]
fn a_call_back_begins_anew_with_its_queue_in_the_same_run_and_in_a_later_one() {
    for restarted in [false, true] {
        let facts = after_the_agent(restarted);
        // Nothing of the first call is known, so it is not `bye`, and the queue is the promise's.
        let queued = |fact: &&Fact| matches!(fact, Fact::CallQueued { queue: QueueId(0), .. });
        assert_eq!(facts.iter().filter(queued).count(), 1, "restarted: {restarted}: {facts:?}");
        let ended = |fact: &Fact| matches!(fact, Fact::CallEnded { .. });
        assert!(!facts.iter().any(ended), "restarted: {restarted}: {facts:?}");
    }
}

#[test]
fn a_promise_made_at_the_end_of_its_call_is_told_before_that_end() {
    let silent = FLOW.replace("queue = \"pay\"\nprompt = \"promised\"\n", "queue = \"pay\"\n");
    assert_ne!(silent, FLOW);
    let script = published(&acd_with(DESK, &silent));
    let mut world = world(&script, Duration::ZERO);
    let from = Some(number(1));
    let arrives = Input::CallArrived { caller: from, language: None, origin: None };
    let call = world.inject(Instant::ZERO, arrives).expect("it is taken");
    while world.poll().is_some() {}
    // Promised and over in one turn: what is written in the order of telling never has the end alone.
    world.inject(Instant::ZERO, Input::Dtmf { call, key: Key::from_char('3').expect("a key") });
    let told: Vec<Notice> = std::iter::from_fn(|| world.poll()).collect();
    let promised = told.iter().position(|notice| matches!(notice, Notice::Promised { .. })).expect("a promise");
    let ends = |notice: &Notice| matches!(notice, Notice::Event(event) if matches!(event.fact, Fact::CallEnded { call: of, .. } if of == call));
    let ended = told.iter().position(ends).expect("the call is over");
    assert!(promised < ended, "{told:?}");
}

#[test]
fn tries_made_before_a_restart_count_and_the_last_in_vain_gives_the_promise_up() {
    let mut centre = Centre::new(DESK);
    centre.promise(number(1), None);
    centre.agent(0);
    centre.wait(Duration::from_secs(10));
    centre.answer(false);
    assert_eq!((centre.open.len(), centre.open[0].1.attempts), (1, 1));
    centre.restart();
    centre.agent(0);
    assert!(centre.ringing.is_empty(), "telephones need a moment to find the centre again");
    centre.wait(Duration::from_secs(10));
    centre.answer(false);
    assert!(centre.open.is_empty() && centre.kept.len() == 1);
    assert!(centre.facts.iter().any(|fact| matches!(fact, Fact::CallEnded { call, .. } if *call == centre.kept[0])));
}

#[test]
fn a_promise_survives_an_orderly_end_too() {
    let mut centre = Centre::new(DESK);
    centre.promise(number(1), None);
    centre.tell(Input::DrainBegan);
    centre.tell(Input::DrainEnded);
    assert_eq!((centre.open.len(), centre.kept.len()), (1, 0), "closing keeps no promise");
    centre.restart();
    centre.agent(0);
    centre.wait(Duration::from_secs(10));
    assert_eq!(centre.ringing.len(), 1);
}

#[test]
fn a_promise_for_what_is_no_more_is_named_and_stays() {
    let mut centre = Centre::new(DESK);
    centre.promise(number(1), None);
    let (_, promise) = centre.open[0].clone();
    let gone = Promise { queue: "gone".into(), ..promise.clone() };
    let mute = Promise { language: "es".into(), ..promise.clone() };
    let found = centre.world.restore_promises(Instant::ZERO, &[gone, mute]);
    assert_eq!(found, [Err(LostPromise::Queue("gone".into())), Err(LostPromise::Language("es".into()))]);
    let text = format!("{promise:?}");
    assert!(text.contains("********01") && !text.contains("0600000001"), "{text}");
    assert_eq!(centre.world.engine().queue_named("pay"), Some(QueueId(0)));
}

#[derive(Clone, Debug)]
enum Step {
    Promise(u64, bool),
    Agent(u32),
    Wait(u64),
    Answer(bool),
    Done,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..6u64, any::<bool>()).prop_map(|(n, arabic)| Step::Promise(n, arabic)),
        1 => (0..3u32).prop_map(Step::Agent),
        3 => (1..900u64).prop_map(Step::Wait),
        4 => any::<bool>().prop_map(Step::Answer),
        2 => Just(Step::Done),
        2 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    /// The engine states its laws after every drain; every run's journal replays; and at the end every promise was kept,
    /// given up after its tries, or is still open: none is lost, none kept twice.
    #[test]
    fn no_promise_is_lost_or_kept_twice_over_any_restarts(story in prop::collection::vec(step(), 1..60)) {
        let mut centre = Centre::new(DESK);
        let mut made = 0;
        for step in story {
            match step {
                Step::Promise(n, arabic) => {
                    // One promise a number, so that each can be followed.
                    made += 1;
                    centre.promise(number(100 * made + n), arabic.then_some(1));
                }
                Step::Agent(agent) => centre.agent(agent),
                Step::Wait(seconds) => centre.wait(Duration::from_secs(seconds)),
                Step::Answer(there) => centre.answer(there),
                Step::Done => (0..3).for_each(|agent| {
                    centre.tell(Input::AgentReleased { agent: AgentId(agent) });
                    centre.tell(Input::AgentReady { agent: AgentId(agent) });
                }),
                Step::Restart => centre.restart(),
            }
        }
        prop_assert_eq!(centre.open.len() + centre.kept.len(), made as usize);
        for (rung, reached) in centre.rung.values() {
            // A kill while the telephone rings leaves that try uncounted.
            prop_assert!(*reached <= 1, "called back {} times, rung {}", reached, rung);
        }
        centre.replays();
    }
}

/// The queue holds ten thousand promises and not one more.
#[test]
fn a_queue_that_is_full_of_promises_takes_no_other_until_one_is_kept() {
    let script = published(&acd(DESK));
    let mut engine = Engine::new(script, LocalClock::utc(), Seed::new(1));
    let facts = |engine: &mut Engine| {
        let mut facts = Vec::new();
        loop {
            match engine.poll() {
                Output::Event(event) => facts.push(event.fact),
                Output::Command(_) => {}
                Output::Timeout(_) => return facts,
            }
        }
    };
    facts(&mut engine);
    let queue = engine.queue_named("pay").expect("the queue is there");
    let promised = |n: u64| Promised {
        caller: number(n),
        queue,
        language: hatif::id::LanguageId(0),
        accepted: Vec::new(),
        since: Instant::ZERO,
        priority: 0,
        attempts: 0,
        node: None,
        recording: true,
    };
    let now = Instant::from_secs(1);
    let calls: Vec<_> = (0..9_999)
        .map(|n| engine.handle(now, Input::CallbackRestored(Box::new(promised(n)))).expect("it stands again"))
        .collect();
    facts(&mut engine);
    // Somebody on the line asks for one: her promise is the last there is room for, and the next one is told that there is none.
    let ask = |engine: &mut Engine, from: u64| {
        let caller = Some(number(from));
        let call = engine.handle(now, Input::CallArrived { caller, language: None, origin: None }).expect("a call");
        engine.handle(now, Input::Dtmf { call, key: Key::from_char('3').expect("a key") });
        let made =
            facts(engine).iter().any(|fact| matches!(fact, Fact::CallbackPromised { call: of, .. } if *of == call));
        engine.handle(now, Input::CallerHungUp { call });
        made
    };
    assert!(ask(&mut engine, 20_000), "there is room for one");
    assert!(!ask(&mut engine, 20_001), "one too many");
    engine.handle(now, Input::CallAborted { call: calls[0] });
    assert!(ask(&mut engine, 20_001), "there is room again");
    assert!(!ask(&mut engine, 20_002));
    engine.audit().expect("the laws hold");
}
