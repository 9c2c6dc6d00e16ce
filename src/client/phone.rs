//! What a caller knows: a fold over what the centre said.

use crate::{
    live::protocol::{AgentState, ServerMessage},
    time::{Duration, Instant},
};

/// A caller's telephone and her memory of the call. It has no time of its own: instants are what the owner's clock says.
#[derive(Clone, Debug, Default)]
pub struct Phone {
    /// The id of the call, from `ringing` or `answered` on.
    pub call: Option<String>,
    /// The centre answered, and the call is not over.
    pub answered: bool,
    /// The centre's local time when it answered.
    pub centre_time: Option<String>,
    /// The node that spoke or listened last.
    pub node: Option<String>,
    /// The prompt said last.
    pub last_prompt: Option<String>,
    /// Set while the centre awaits keys and none was pressed since it said so.
    pub listening: Option<Listening>,
    /// Keys pressed now are secret.
    pub secret: bool,
    /// Until when something is said.
    pub speaking_until: Instant,
    /// Until when something is said that a key does not stop.
    pub deaf_until: Instant,
    /// Where she waits, while she waits for an agent.
    pub place: Option<Place>,
    /// What the agent did last, while there is one.
    pub agent: Option<(String, AgentState)>,
    /// The text of every message received, oldest first.
    pub sms: Vec<String>,
    /// Her telephone rings: the call in which the call back was promised.
    pub rings_for: Option<String>,
    /// How the last call ended.
    pub ending: Option<Ending>,
}

/// The centre awaits keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The node.
    pub node: String,
    /// The fewest keys of an entry.
    pub min: u8,
    /// The most.
    pub max: u8,
    /// The key that ends an entry.
    pub terminator: Option<String>,
    /// What is keyed must not be shown.
    pub secret: bool,
    /// When silence counts as no input.
    pub silence_at: Instant,
}

impl std::fmt::Display for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Listening { node, min, max, .. } = self;
        match (min, max) {
            (1, 1) | (0, 1) => write!(f, "a key at {node}")?,
            (min, max) if min == max => write!(f, "{max} keys at {node}")?,
            _ => write!(f, "{min} to {max} keys at {node}")?,
        }
        self.terminator.as_ref().map_or(Ok(()), |key| write!(f, ", ended by {key}"))
    }
}

/// A place in a queue, as last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The queue.
    pub queue: String,
    /// 1 is next.
    pub position: u32,
    /// Expected wait when it was told.
    pub expected: Duration,
    /// When it was told.
    pub told_at: Instant,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The call's id.
    pub call: String,
    /// As what: `contained`, `transferred`, …
    pub outcome: String,
    /// By what: `caller_hung_up`, `script_ended`, …
    pub cause: String,
}

impl Phone {
    /// Takes in what the centre said at `now`.
    pub fn hear(&mut self, now: Instant, message: &ServerMessage) {
        match message {
            ServerMessage::Ringing { call, promised_in } => {
                *self = Phone { call: Some(call.clone()), sms: std::mem::take(&mut self.sms), ..Phone::default() };
                self.rings_for.clone_from(promised_in);
            }
            ServerMessage::Answered { call, time, .. } => {
                self.call = Some(call.clone());
                self.answered = true;
                self.centre_time = Some(time.clone());
                self.rings_for = None;
                self.ending = None;
            }
            ServerMessage::Prompt { id, node, begins_ms, duration_ms, barge_in, .. } => {
                let end = now + Duration::from_millis(begins_ms.saturating_add(*duration_ms));
                self.speaking_until = self.speaking_until.max(end);
                if !barge_in {
                    self.deaf_until = self.deaf_until.max(end);
                }
                self.node = Some(node.clone());
                self.last_prompt = Some(id.clone());
                // Who speaks anew has stopped awaiting keys, or will say so again.
                self.listening = None;
            }
            ServerMessage::Stopped {} => self.speaking_until = now,
            ServerMessage::Collecting { .. } => self.listen(now, message),
            ServerMessage::Queued { queue, position, expected_ms } => {
                let expected = Duration::from_millis(*expected_ms);
                self.place = Some(Place { queue: queue.clone(), position: *position, expected, told_at: now });
                self.listening = None;
            }
            ServerMessage::Agent { state, agent } => {
                if *state == AgentState::Connected {
                    self.place = None;
                }
                self.agent = Some((agent.clone(), *state));
            }
            ServerMessage::Sms { text, .. } => self.sms.push(text.clone()),
            ServerMessage::Ended { call, cause, outcome } => self.end(call, outcome, cause),
            ServerMessage::Attending { .. }
            | ServerMessage::Pong {}
            | ServerMessage::Error { .. }
            | ServerMessage::Refused { .. } => {}
        }
    }

    fn listen(&mut self, now: Instant, message: &ServerMessage) {
        let ServerMessage::Collecting { node, min, max, terminator, secret, silence_ms } = message else { return };
        self.node = Some(node.clone());
        self.secret = *secret;
        // A menu that listens is no queue any more.
        self.place = None;
        self.listening = Some(Listening {
            node: node.clone(),
            min: *min,
            max: *max,
            terminator: terminator.clone(),
            secret: *secret,
            silence_at: now + Duration::from_millis(*silence_ms),
        });
    }

    fn end(&mut self, call: &str, outcome: &str, cause: &str) {
        self.answered = false;
        self.listening = None;
        self.place = None;
        self.agent = None;
        self.rings_for = None;
        self.ending = Some(Ending { call: call.to_owned(), outcome: outcome.to_owned(), cause: cause.to_owned() });
    }

    /// Takes note that keys were pressed.
    pub fn pressed(&mut self) {
        self.listening = None;
    }

    /// Whether an agent and the caller talk (or the caller is on hold).
    pub fn with_agent(&self) -> bool {
        let talking = |state| matches!(state, AgentState::Connected | AgentState::Held | AgentState::Resumed);
        self.agent.as_ref().is_some_and(|(_, state)| talking(*state))
    }

    /// The digits of the code in the last text message: its first run of four to eight digits.
    pub fn code(&self) -> Option<String> {
        let text = self.sms.last()?;
        let mut runs = text.split(|c: char| !c.is_ascii_digit());
        runs.find(|run| (4..=8).contains(&run.len())).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::protocol::Direction;

    fn prompt(id: &str, begins_ms: u64, duration_ms: u64, barge_in: bool) -> ServerMessage {
        ServerMessage::Prompt {
            id: id.into(),
            text: String::new(),
            language: "fr".into(),
            direction: Direction::Ltr,
            node: "main.start".into(),
            begins_ms,
            duration_ms,
            barge_in,
        }
    }

    #[test]
    fn a_notice_that_cannot_be_interrupted_keeps_the_phone_deaf_to_its_end() {
        let mut phone = Phone::default();
        phone.hear(Instant::from_secs(1), &prompt("notice", 0, 4_000, false));
        phone.hear(Instant::from_secs(1), &prompt("main", 4_000, 3_000, true));
        assert_eq!((phone.deaf_until, phone.speaking_until), (Instant::from_secs(5), Instant::from_secs(8)));
    }

    #[test]
    fn the_code_is_found_in_the_last_message() {
        let mut phone = Phone::default();
        let sms = |text: &str| ServerMessage::Sms { to_tail: "42".into(), text: text.into() };
        phone.hear(Instant::ZERO, &sms("old code 111111"));
        phone.hear(Instant::ZERO, &sms("Code \u{2068}004217\u{2069}, valid 10 minutes."));
        assert_eq!(phone.code().as_deref(), Some("004217"));
    }

    #[test]
    fn waiting_ends_when_an_agent_is_there_or_a_menu_listens() {
        let mut phone = Phone::default();
        let queued = ServerMessage::Queued { queue: "pay".into(), position: 1, expected_ms: 0 };
        phone.hear(Instant::ZERO, &queued);
        let agent = |state| ServerMessage::Agent { state, agent: "agent 1".into() };
        phone.hear(Instant::ZERO, &agent(AgentState::Ringing));
        assert!(phone.place.is_some() && !phone.with_agent());
        phone.hear(Instant::ZERO, &agent(AgentState::Connected));
        assert!(phone.place.is_none() && phone.with_agent());
        phone.hear(Instant::ZERO, &agent(AgentState::Released));
        assert!(!phone.with_agent());
    }
}
