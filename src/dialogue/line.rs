//! The line between a caller of a dialogue and a world: what the world tells becomes messages of the call protocol.

use super::talk::Talk;
use crate::{
    engine::{Command, Event, Fact, event::Cause},
    id::{AgentId, CallId, LanguageId, ScriptVersion},
    live::{
        protocol::{AgentState, ServerMessage},
        say,
    },
    script::{Script, Versions},
    time::Instant,
    world::Notice,
};

/// One caller and her call.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub talk: Talk,
    call: Option<CallId>,
    version: ScriptVersion,
    language: LanguageId,
    agent: Option<AgentId>,
    /// Calls back that were promised to her, with the script and language they begin in.
    promised: Vec<(CallId, ScriptVersion, LanguageId)>,
    /// Her telephone is in use.
    in_call: bool,
}

impl Line {
    pub fn new(talk: Talk) -> Line {
        let (version, language) = (ScriptVersion(1), LanguageId(0));
        Line { talk, call: None, version, language, agent: None, promised: Vec::new(), in_call: false }
    }

    /// Her call, or the one her telephone rings for.
    pub fn call(&self) -> Option<CallId> {
        self.call
    }

    /// The language of her call.
    pub fn language(&self) -> LanguageId {
        self.language
    }

    /// The agent she talks to.
    pub fn agent(&self) -> Option<AgentId> {
        self.agent
    }

    /// Whether this call back is hers and her telephone is free.
    pub fn can_be_called_back(&self, call: CallId) -> bool {
        !self.in_call && self.promised.iter().any(|(promised, ..)| *promised == call)
    }

    /// The centre answered her call, or refused it.
    pub fn dialled(
        &mut self,
        now: Instant,
        call: Option<CallId>,
        version: ScriptVersion,
        language: LanguageId,
        script: &Script,
        time: String,
    ) {
        self.call = call;
        self.in_call = call.is_some();
        (self.version, self.language) = (version, language);
        let Some(call) = call else { return };
        self.talk.hear(now, &ServerMessage::Ringing { call: call.to_string(), promised_in: None });
        self.talk.hear(now, &answered(call, version, script, language, time));
    }

    /// She picks up a call back: which.
    pub fn picked_up(&mut self, now: Instant, versions: &Versions, time: String) -> Option<CallId> {
        let call = self.call.filter(|_| !self.in_call)?;
        self.in_call = true;
        let script = versions.script(self.version)?;
        self.talk.hear(now, &answered(call, self.version, script, self.language, time));
        Some(call)
    }

    /// Takes in what the world tells, as far as it is about her.
    pub fn notice(&mut self, notice: &Notice, versions: &Versions) {
        match notice {
            Notice::Event(event) => self.event(event, versions),
            Notice::ToCaller(at, command) => {
                if let Some(message) = self.command(*at, command, versions) {
                    self.talk.hear(*at, &message);
                }
            }
            Notice::Sms(sms) if Some(sms.call) == self.call => {
                if let Some(script) = versions.script(self.version) {
                    self.talk.hear(sms.at, &say::sms(script, self.language, sms));
                }
            }
            _ => {}
        }
    }

    fn event(&mut self, event: &Event, versions: &Versions) {
        if let Fact::CallArrived { call, version, language, promised_in: Some(earlier), .. } = event.fact
            && Some(earlier) == self.call
        {
            self.promised.push((call, version, language));
        }
        if event.fact.call() != self.call {
            return;
        }
        match event.fact {
            Fact::CallArrived { version, language, .. } => (self.version, self.language) = (version, language),
            Fact::LanguageSet { language, .. } => self.language = language,
            Fact::AgentDidNotAnswer { agent, .. } => {
                self.talk.hear(event.at, &say::agent(AgentState::NoAnswer, agent));
            }
            Fact::CallEnded { call, outcome, cause, .. } => {
                (self.in_call, self.agent) = (false, None);
                let outcome =
                    versions.script(self.version).map_or("", |script| script.outcome_name(outcome)).to_owned();
                let ended = ServerMessage::Ended { call: call.to_string(), cause: word(cause), outcome };
                self.talk.hear(event.at, &ended);
            }
            _ => {}
        }
    }

    fn command(&mut self, now: Instant, command: &Command, versions: &Versions) -> Option<ServerMessage> {
        if let Command::DialBack { call, promised_in, .. } = *command {
            return self.rings(call, promised_in);
        }
        let mine = |call: &CallId| Some(*call) == self.call;
        match command {
            Command::Play(play) if mine(&play.call) => Some(say::prompt(versions.script(play.version)?, play, now)),
            Command::StopPlaying { call } if mine(call) => Some(ServerMessage::Stopped {}),
            Command::Listen(listen) if mine(&listen.call) => {
                Some(say::collecting(versions.script(self.version)?, listen, now))
            }
            Command::Waiting { call, queue, position, expected } if mine(call) => {
                let queue = versions.queue(*queue)?.name.to_string();
                Some(ServerMessage::Queued { queue, position: *position, expected_ms: expected.as_millis() })
            }
            Command::Ring { call, agent } if mine(call) => Some(say::agent(AgentState::Ringing, *agent)),
            Command::Connect { call, agent } if mine(call) => {
                self.agent = Some(*agent);
                Some(say::agent(AgentState::Connected, *agent))
            }
            Command::Disconnect { call, agent } if mine(call) => {
                self.agent = None;
                Some(say::agent(AgentState::Released, *agent))
            }
            Command::Hold { call, held } if mine(call) => {
                let state = if *held { AgentState::Held } else { AgentState::Resumed };
                Some(say::agent(state, self.agent?))
            }
            _ => None,
        }
    }

    fn rings(&mut self, call: CallId, promised_in: CallId) -> Option<ServerMessage> {
        let (_, version, language) = *self.promised.iter().find(|(promised, ..)| *promised == call && !self.in_call)?;
        self.call = Some(call);
        (self.version, self.language) = (version, language);
        Some(ServerMessage::Ringing { call: call.to_string(), promised_in: Some(promised_in.to_string()) })
    }
}

fn answered(
    call: CallId,
    version: ScriptVersion,
    script: &Script,
    language: LanguageId,
    time: String,
) -> ServerMessage {
    ServerMessage::Answered {
        call: call.to_string(),
        version: version.0,
        language: say::language(script, language),
        time,
    }
}

/// A cause as records and the protocol say it.
fn word(cause: Cause) -> String {
    match serde_json::to_value(cause) {
        Ok(serde_json::Value::String(word)) => word,
        _ => format!("{cause:?}"),
    }
}
