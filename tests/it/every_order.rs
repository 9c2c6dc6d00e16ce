//! Two callers, two agents, two queues: whatever happens in whatever order, to a certain depth, the laws hold.
//!
//! Random stories find what takes long to come about; this finds what takes little, and leaves none of it out. Inputs that
//! no longer fit change nothing and are not gone on from. Deeper with `HATIF_DEPTH=7`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use hatif::{
    engine::{Engine, Input, Output},
    id::{AgentId, CallId, GroupId, QueueId},
    pii::CallerNumber,
    random::Seed,
    script::{Script, model::Key},
    time::{Duration, Instant, LocalClock},
};

use crate::{
    routing::acd,
    support::{rig::published, watch::Watch},
};

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Move {
    On(u32),
    Off(u32),
    Ready(u32),
    Break(u32),
    Answer(u32),
    Release(u32),
    PassOn(u32),
    Press(u64, char),
    HangUp(u64),
    PickUp(u64),
    Unreachable(u64),
    Wait(u64),
    Publish,
}

/// Moves of one agent and one caller, doubled, and those of nobody in particular.
fn moves() -> Vec<Move> {
    use Move as M;
    let agents =
        [0, 1].map(|a| [M::On(a), M::Off(a), M::Ready(a), M::Break(a), M::Answer(a), M::Release(a), M::PassOn(a)]);
    let callers = [1, 2].map(|c| [M::Press(c, '1'), M::Press(c, '2'), M::HangUp(c)]);
    let others = [M::PickUp(3), M::Unreachable(3), M::Wait(6), M::Wait(20), M::Publish];
    agents.as_flattened().iter().chain(callers.as_flattened()).chain(&others).copied().collect()
}

/// A centre with hardly any patience: everything is over within a minute.
fn small(strategy: &str, pause: &str, after: &str) -> Arc<Script> {
    published(&acd(&format!(
        r#"
[queue.pay]
skills = {{ pay = 1 }}
ring = "10s"
strategy = "{strategy}"
no_answer_pause = "{pause}"
max_wait = "15s"
max_length = 1
closed_when_unstaffed = true
overflow = [{{ after = "{after}", to = "vip" }}]
callback = {{ ring = "5s", tries = 2, retry_after = "5s" }}
[queue.vip]
skills = {{ vip = 1 }}
priority = 1
ring = "5s"
strategy = "{strategy}"
no_answer_pause = "{pause}"
wrap_up_limit = "5s"
ageing = "10s"
[group.payers]
size = 1
skills = {{ pay = 1 }}
languages = ["fr"]
[group.vips]
size = 1
skills = {{ vip = 1 }}
languages = ["fr", "ar"]
"#
    )))
}

#[derive(Clone)]
struct Centre {
    engine: Engine,
    watch: Watch,
    now: Instant,
}

impl Centre {
    fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Output::Command(command) => self.watch.hear(self.engine.now(), &command),
                Output::Event(event) => self.watch.notice(&event.fact),
                Output::Timeout(next) => {
                    assert!(next.is_none_or(|next| next >= self.engine.now()), "a deadline has passed");
                    return;
                }
            }
        }
    }

    /// From deadline to deadline, as a driver does.
    fn wait(&mut self, secs: u64) {
        self.now = self.now + Duration::from_secs(secs);
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= self.now) {
            self.engine.advance(next);
            self.drain();
        }
        self.engine.advance(self.now);
        self.drain();
    }

    /// Whether it fitted.
    fn does(&mut self, what: Move, edition: &Arc<Script>) -> bool {
        let ignored = self.engine.ignored_inputs();
        self.tell(match what {
            Move::On(agent) => Input::AgentLoggedIn { agent: AgentId(agent), group: GroupId(agent as u16) },
            Move::Off(agent) => Input::AgentLoggedOut { agent: AgentId(agent) },
            Move::Ready(agent) => Input::AgentReady { agent: AgentId(agent) },
            Move::Break(agent) => Input::AgentNotReady { agent: AgentId(agent) },
            Move::Answer(agent) => Input::AgentAnswered { agent: AgentId(agent) },
            Move::Release(agent) => Input::AgentReleased { agent: AgentId(agent) },
            Move::PassOn(agent) => Input::AgentTransferred { agent: AgentId(agent), queue: QueueId(agent as u16) },
            Move::Press(call, key) => Input::Dtmf { call: CallId(call), key: Key::from_char(key).expect("a key") },
            Move::HangUp(call) => Input::CallerHungUp { call: CallId(call) },
            Move::PickUp(call) => Input::CallerAnswered { call: CallId(call) },
            Move::Unreachable(call) => Input::CallerUnreachable { call: CallId(call) },
            Move::Publish => Input::ScriptPublished { script: edition.clone() },
            Move::Wait(secs) => {
                self.wait(secs);
                return true;
            }
        });
        self.engine.ignored_inputs() == ignored
    }

    /// Everything that can follow, `depth` moves deep, and after each last move the end.
    fn explore(&self, moves: &[Move], edition: &Arc<Script>, depth: u32, path: &mut Vec<Move>, told: &mut u64) {
        if depth == 0 {
            *told += 1;
            let mut end = self.clone();
            end.wait(300);
            end.tell(Input::DrainEnded);
            end.watch.end();
            let census = end.engine.census();
            assert_eq!(census.offered, census.ended, "{path:?}");
            return;
        }
        for &next in moves {
            path.push(next);
            let mut centre = self.clone();
            if centre.does(next, edition) {
                centre.explore(moves, edition, depth - 1, path, told);
            }
            path.pop();
        }
    }
}

/// Tells all stories of a centre in which two callers stand at the menu and two agents are ready.
#[track_caller]
fn all_stories(strategy: &str, pause: &str) {
    let depth = std::env::var("HATIF_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(4);
    let (first, second) = (small(strategy, pause, "8s"), small(strategy, pause, "4s"));
    let engine = Engine::new(first, LocalClock::utc(), Seed::new(1)).audited();
    let mut centre = Centre { engine, watch: Watch::default(), now: Instant::ZERO };
    for agent in [0, 1] {
        assert!(centre.does(Move::On(agent), &second) && centre.does(Move::Ready(agent), &second));
    }
    for number in ["0600000001", "0600000002"] {
        let caller = Some(CallerNumber::new(number.parse().expect("digits")));
        centre.tell(Input::CallArrived { caller, language: None, origin: None });
    }
    let mut path = Vec::new();
    let mut told = 0;
    let told_all = catch_unwind(AssertUnwindSafe(|| centre.explore(&moves(), &second, depth, &mut path, &mut told)));
    assert!(told_all.is_ok(), "a law is broken after {path:?}");
    assert!(told > 1_000, "only {told} stories");
}

#[test]
fn the_laws_hold_in_every_order_when_the_longest_idle_is_rung() {
    all_stories("longest_idle", "3s");
}

#[test]
fn the_laws_hold_in_every_order_when_all_are_rung_without_a_pause() {
    all_stories("ring_all", "0s");
}
