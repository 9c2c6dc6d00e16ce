//! A centre small enough that all that can happen in it can be tried, and what may happen next.

use std::sync::Arc;

use hatif::{
    engine::{Engine, Fact, Input, Output},
    id::{AgentId, CallId, GroupId, QueueId},
    pii::CallerNumber,
    random::Seed,
    script::{Script, catalogue::CASE, model::Key, value::Symbol},
    time::{Duration, Instant, LocalClock},
};

use super::{rig::published, watch::Watch};
use crate::routing::acd;

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The next caller calls.
    Arrive,
    Agent(u32, Act),
    Caller(CallId, Deed),
    /// Time passes to the next deadline.
    Next,
    /// So many seconds pass: to between the deadlines, or past some.
    Wait(u64),
    /// The other edition is published, once.
    Publish,
}

/// All that an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    On,
    Off,
    Ready,
    Break,
    Answer,
    Reject,
    Hold,
    Resume,
    Release,
    PassOn(u16),
    OpenCase,
}

/// All that a caller may do, or the person who is called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Press(char),
    HangUp,
    PickUp,
    Unreachable,
}

/// All an agent may do.
pub const ACTS: &[Act] = &[
    Act::Answer,
    Act::Reject,
    Act::Release,
    Act::Hold,
    Act::Resume,
    Act::PassOn(0),
    Act::PassOn(1),
    Act::OpenCase,
    Act::Ready,
    Act::Break,
    Act::On,
    Act::Off,
];

/// All a caller may do: the menu's keys, of which the first two also mean something while she waits and in the survey.
pub const DEEDS: &[Deed] =
    &[Deed::Press('1'), Deed::Press('2'), Deed::Press('3'), Deed::HangUp, Deed::PickUp, Deed::Unreachable];

/// Who there is, and what may happen.
#[derive(Debug)]
pub struct Cast {
    /// The group of each agent.
    pub agents: &'static [u16],
    pub acts: &'static [Act],
    /// So many callers at most.
    pub callers: u32,
    pub deeds: &'static [Deed],
    /// So many seconds may pass.
    pub waits: &'static [u64],
    /// Time may pass to the next deadline.
    pub next: bool,
    pub publish: bool,
}

/// What differs between centres.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub strategy: &'static str,
    /// Of an agent who did not answer.
    pub pause: &'static str,
    /// So many may wait to pay.
    pub most: u32,
}

/// A centre with hardly any patience, in which everything is over within a minute. `after` so long a wait the agents of one
/// queue help the other.
pub fn small(rules: Rules, after: &str) -> Arc<Script> {
    let Rules { strategy, pause, most } = rules;
    published(&acd(&format!(
        r#"
[queue.pay]
skills = {{ pay = 1 }}
ring = "10s"
strategy = "{strategy}"
no_answer_pause = "{pause}"
max_wait = "15s"
max_length = {most}
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

/// A centre under audit, and who listens to it.
#[derive(Clone)]
pub struct Centre {
    pub engine: Engine,
    cast: &'static Cast,
    edition: Arc<Script>,
    watch: Watch,
    now: Instant,
    /// So many callers have called.
    came: u32,
    /// Calls in progress, in order.
    calls: Vec<CallId>,
}

impl Centre {
    /// All agents are ready, and nobody has called.
    pub fn begin(cast: &'static Cast, rules: Rules) -> Centre {
        let engine = Engine::new(small(rules, "8s"), LocalClock::utc(), Seed::new(1)).audited();
        let (edition, watch) = (small(rules, "4s"), Watch::default());
        let mut centre = Centre { engine, cast, edition, watch, now: Instant::ZERO, came: 0, calls: Vec::new() };
        for agent in 0..cast.agents.len() as u32 {
            assert!(centre.does(Move::Agent(agent, Act::On)) && centre.does(Move::Agent(agent, Act::Ready)));
        }
        centre
    }

    /// All agents are ready, and all callers at the menu.
    pub fn all_there(cast: &'static Cast, rules: Rules) -> Centre {
        let mut centre = Centre::begin(cast, rules);
        while centre.does(Move::Arrive) {}
        centre
    }

    /// All that may happen next; some of it does not fit.
    pub fn moves(&self) -> Vec<Move> {
        let cast = self.cast;
        let agents = 0..cast.agents.len() as u32;
        let of_agents = agents.flat_map(|agent| cast.acts.iter().map(move |act| Move::Agent(agent, *act)));
        let of_callers =
            self.calls.iter().flat_map(|call| cast.deeds.iter().map(move |deed| Move::Caller(*call, *deed)));
        let mut moves: Vec<Move> = of_agents.chain(of_callers).collect();
        moves.extend((self.came < cast.callers).then_some(Move::Arrive));
        moves.extend(cast.next.then_some(Move::Next));
        moves.extend(cast.waits.iter().map(|secs| Move::Wait(*secs)));
        moves.extend(cast.publish.then_some(Move::Publish));
        moves
    }

    /// Whether it fitted.
    pub fn does(&mut self, what: Move) -> bool {
        let ignored = self.engine.ignored_inputs();
        let input = match what {
            Move::Agent(agent, act) => self.act(AgentId(agent), act),
            Move::Caller(call, deed) => deed_of(call, deed),
            Move::Arrive => {
                if self.came == self.cast.callers {
                    return false;
                }
                self.came += 1;
                let number = format!("060000000{}", self.came).parse().expect("digits");
                Input::CallArrived { caller: Some(CallerNumber::new(number)), language: None, origin: None }
            }
            Move::Publish => {
                if Arc::ptr_eq(self.engine.current_script(), &self.edition) {
                    return false;
                }
                Input::ScriptPublished { script: self.edition.clone() }
            }
            Move::Next => {
                let Some(next) = self.engine.next_deadline() else { return false };
                self.advance(next);
                return true;
            }
            Move::Wait(secs) => {
                self.advance(self.now + Duration::from_secs(secs));
                return true;
            }
        };
        self.tell(input);
        self.engine.ignored_inputs() == ignored
    }

    fn act(&self, agent: AgentId, act: Act) -> Input {
        match act {
            Act::On => Input::AgentLoggedIn { agent, group: GroupId(self.cast.agents[agent.index()]) },
            Act::Off => Input::AgentLoggedOut { agent },
            Act::Ready => Input::AgentReady { agent },
            Act::Break => Input::AgentNotReady { agent },
            Act::Answer => Input::AgentAnswered { agent },
            Act::Reject => Input::AgentRejected { agent },
            Act::Hold => Input::AgentHeld { agent },
            Act::Resume => Input::AgentResumed { agent },
            Act::Release => Input::AgentReleased { agent },
            Act::PassOn(queue) => Input::AgentTransferred { agent, queue: QueueId(queue) },
            Act::OpenCase => Input::CaseOpened { agent, kind: Symbol { set: CASE, word: 0 } },
        }
    }

    fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Output::Command(command) => self.watch.hear(self.engine.now(), &command),
                Output::Event(event) => {
                    match event.fact {
                        Fact::CallArrived { call, .. } => self.calls.push(call),
                        Fact::CallEnded { call, .. } => self.calls.retain(|have| *have != call),
                        _ => {}
                    }
                    self.watch.notice(&event.fact);
                }
                Output::Timeout(next) => {
                    assert!(next.is_none_or(|next| next >= self.engine.now()), "a deadline has passed");
                    return;
                }
            }
        }
    }

    /// From deadline to deadline, as a driver does.
    pub fn advance(&mut self, to: Instant) {
        self.now = to;
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= to) {
            self.engine.advance(next);
            self.drain();
        }
        self.engine.advance(to);
        self.drain();
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: Duration) {
        self.advance(self.now + span);
    }

    /// Whether what does not fit now changes nothing: nothing is due that would happen first.
    pub fn is_settled(&self) -> bool {
        self.engine.next_deadline().is_none_or(|next| next > self.now)
    }

    /// What like states share: of the engine, of the lines, and how many are still to call.
    pub fn print(&self) -> u128 {
        let mut print = self.engine.fingerprint();
        self.watch.add_to(&mut print);
        print.add(self.came);
        print.number()
    }

    /// The centre closes down, and everybody goes home.
    pub fn closes(mut self) {
        self.tell(Input::DrainEnded);
        self.watch.end();
        let census = self.engine.census();
        assert_eq!(census.offered, census.ended, "a call has not ended");
    }
}

fn deed_of(call: CallId, deed: Deed) -> Input {
    match deed {
        Deed::Press(key) => Input::Dtmf { call, key: Key::from_char(key).expect("a key") },
        Deed::HangUp => Input::CallerHungUp { call },
        Deed::PickUp => Input::CallerAnswered { call },
        Deed::Unreachable => Input::CallerUnreachable { call },
    }
}
