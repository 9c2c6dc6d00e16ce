//! What a telephone line may be told, in which order: listens to commands and panics at the first that makes no sense.

use std::collections::BTreeMap;

use hatif::{
    engine::{Command, Fact, Fingerprint},
    id::{AgentId, CallId},
    time::Instant,
};

/// What is known of a call's line.
#[derive(Clone, Debug, Default)]
struct Line {
    saying_until: Instant,
    agent: Option<AgentId>,
    held: bool,
    /// Its caller's telephone rings.
    dialled: bool,
    hung_up: bool,
}

/// Follows every line and every agent's telephone.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    lines: BTreeMap<CallId, Line>,
    /// For which call an agent's telephone rings.
    ringing: BTreeMap<AgentId, CallId>,
}

impl Watch {
    /// A command went out at `at`.
    pub fn hear(&mut self, at: Instant, command: &Command) {
        if let Some(call) = call_of(command) {
            let line = self.lines.entry(call).or_default();
            assert!(!line.hung_up, "{command:?} to a line that was hung up");
        }
        match *command {
            Command::Ring { call, agent } => {
                assert_eq!(self.ringing.insert(agent, call), None, "{agent} rings for two calls");
                assert!(self.lines.values().all(|line| line.agent != Some(agent)), "{agent} rings and talks");
            }
            Command::StopRinging { call, agent } => {
                assert_eq!(self.ringing.remove(&agent), Some(call), "{agent} did not ring for {call}");
            }
            Command::Disconnect { call, agent } => {
                let line = self.lines.entry(call).or_default();
                assert_eq!(line.agent.take(), Some(agent), "{call} was not with {agent}");
                line.held = false;
            }
            Command::Connect { call, agent } => self.connect(call, agent),
            Command::DialBack { promised_in, .. } => {
                let free = self.lines.get(&promised_in).is_some_and(|line| line.hung_up);
                assert!(free, "a caller is called back who has not hung up");
                self.told(at, command);
            }
            _ => self.told(at, command),
        }
    }

    fn connect(&mut self, call: CallId, agent: AgentId) {
        let rang = self.ringing.remove(&agent);
        assert!(self.ringing.values().all(|other| *other != call), "others still ring for {call}");
        assert!(self.lines.values().all(|line| line.agent != Some(agent)), "{agent} has two calls");
        let line = self.lines.entry(call).or_default();
        assert!(rang == Some(call) || (rang.is_none() && line.dialled), "{agent} did not ring for {call}");
        assert_eq!(line.agent.replace(agent), None, "{call} has two agents");
        line.dialled = false;
    }

    /// A command that is about one line.
    fn told(&mut self, at: Instant, command: &Command) {
        let Some(line) = call_of(command).map(|call| self.lines.entry(call).or_default()) else { return };
        match command {
            Command::Play(play) => {
                assert!(line.agent.is_none() && !line.dialled, "a prompt breaks in: {play:?}");
                assert_eq!(play.begins, line.saying_until.max(at), "prompts overlap or leave a gap: {play:?}");
                line.saying_until = play.begins + play.duration;
            }
            Command::StopPlaying { .. } => {
                assert!(line.saying_until > at, "nothing is being said");
                line.saying_until = at;
            }
            Command::Listen(listen) => {
                assert!(line.agent.is_none() && !line.dialled, "keys are awaited in a conversation");
                assert!(listen.silence_at >= line.saying_until.max(at), "silence begins while something is said");
                assert!(listen.min <= listen.max, "{listen:?}");
            }
            Command::Hold { held, .. } => {
                assert!(line.agent.is_some() && line.held != *held, "{command:?} changes nothing");
                line.held = *held;
            }
            Command::DialBack { .. } => assert!(!std::mem::replace(&mut line.dialled, true), "dialled twice"),
            Command::StopDialling { .. } => assert!(std::mem::replace(&mut line.dialled, false), "was not dialled"),
            Command::HangUp { call, .. } => {
                assert!(line.agent.is_none() && !line.dialled, "{call} is hung up in mid-conversation");
                line.hung_up = true;
                assert!(self.ringing.values().all(|other| other != call), "telephones ring for {call}, which is over");
            }
            _ => {}
        }
    }

    /// A fact became known.
    pub fn notice(&mut self, fact: &Fact) {
        if let Fact::CallbackMissed { call, .. } = fact
            && let Some(line) = self.lines.get_mut(call)
        {
            line.dialled = false;
        }
    }

    /// Adds what is known of lines that were not hung up, and of telephones that ring.
    pub fn add_to(&self, print: &mut Fingerprint) {
        for (call, line) in self.lines.iter().filter(|(_, line)| !line.hung_up) {
            let Line { saying_until, agent, held, dialled, .. } = line;
            let agent = agent.map(|agent| print.agent(agent));
            print.add((print.call(*call), print.until(*saying_until), agent, held, dialled));
        }
        let mut ringing: Vec<_> =
            self.ringing.iter().map(|(agent, call)| (print.agent(*agent), print.call(*call))).collect();
        ringing.sort_unstable();
        print.add(ringing);
    }

    /// Everything is over: no telephone rings, nobody talks.
    pub fn end(&self) {
        assert!(self.ringing.is_empty(), "still ringing: {:?}", self.ringing);
        assert!(self.lines.values().all(|line| line.hung_up), "a line was never hung up");
    }
}

fn call_of(command: &Command) -> Option<CallId> {
    Some(match command {
        Command::Play(play) => play.call,
        Command::Listen(listen) => listen.call,
        Command::StopPlaying { call }
        | Command::Ask { call, .. }
        | Command::Waiting { call, .. }
        | Command::Ring { call, .. }
        | Command::StopRinging { call, .. }
        | Command::Connect { call, .. }
        | Command::Hold { call, .. }
        | Command::Disconnect { call, .. }
        | Command::DialBack { call, .. }
        | Command::StopDialling { call }
        | Command::Promise { call, .. }
        | Command::HangUp { call, .. } => *call,
    })
}
