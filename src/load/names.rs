//! The names of a script as the protocol says them, and the small numbers that minds think in.

use std::sync::Arc;

use ahash::HashMap;

use super::heard::{Heard, Kind};
use crate::{
    engine::{
        Command,
        output::{Listen, Play},
    },
    id::{AgentId, CallId, LanguageId, NodeId, PromptId, QueueId, ScriptVersion},
    live::protocol::AgentState,
    script::{
        Script,
        model::{Key, Outcome},
    },
    time::{Duration, Instant},
};

/// See the top of this file. Looked up, never gone through.
#[derive(Clone, Debug)]
pub struct Names {
    prompts: HashMap<Box<str>, PromptId>,
    nodes: HashMap<Box<str>, NodeId>,
    queues: HashMap<Box<str>, QueueId>,
    script: Arc<Script>,
}

impl Names {
    /// Of a script.
    pub fn of(script: &Arc<Script>) -> Names {
        let prompts = script.prompts.entries.iter().zip(0..).map(|(prompt, i)| ((*prompt.name).into(), PromptId(i)));
        let nodes = script.nodes.iter().zip(0..).map(|(node, i)| ((*node.name).into(), NodeId(i)));
        let queues = script.queues.iter().zip(0..).map(|(queue, i)| ((*queue.name).into(), QueueId(i)));
        Names { prompts: prompts.collect(), nodes: nodes.collect(), queues: queues.collect(), script: script.clone() }
    }

    /// The code of a language.
    pub fn language(&self, language: LanguageId) -> Option<&str> {
        self.script.languages.get(language.index()).map(|language| &*language.code)
    }

    /// The outcome of that name; one that this script does not have counts as an outcome of the centre's own: served.
    pub fn outcome(&self, word: &str) -> Outcome {
        let common = Outcome::COMMON.iter().find(|(name, _)| *name == word).map(|(_, outcome)| *outcome);
        let own =
            || self.script.outcomes.iter().zip(0..).find(|(name, _)| ***name == *word).map(|(_, i)| Outcome::Own(i));
        common.or_else(own).unwrap_or(Outcome::Own(u16::MAX))
    }

    /// What the telephone does to the caller of `call`, in the words her mind knows. `None`: nothing, or something this
    /// script does not know.
    pub fn command(&self, at: Instant, call: CallId, heard: &Heard<'_>) -> Option<Command> {
        Some(match heard.kind {
            Kind::Prompt => Command::Play(Play {
                call,
                version: ScriptVersion(1),
                node: *self.nodes.get(&*heard.node)?,
                prompt: *self.prompts.get(&*heard.id)?,
                language: LanguageId(0),
                args: Box::default(),
                begins: at + Duration::from_millis(heard.begins_ms),
                duration: Duration::from_millis(heard.duration_ms),
                barge_in: heard.barge_in,
            }),
            Kind::Stopped => Command::StopPlaying { call },
            Kind::Collecting => Command::Listen(Listen {
                call,
                node: *self.nodes.get(&*heard.node)?,
                min: heard.min,
                max: heard.max,
                terminator: heard.terminator.as_ref().and_then(|key| key.chars().next()).and_then(Key::from_char),
                secret: heard.secret,
                silence_at: at + Duration::from_millis(heard.silence_ms),
            }),
            Kind::Queued => Command::Waiting {
                call,
                queue: *self.queues.get(&*heard.queue)?,
                position: heard.position,
                expected: Duration::from_millis(heard.expected_ms),
            },
            // Which agent it is makes no difference to her.
            Kind::Agent => match heard.state? {
                AgentState::Connected => Command::Connect { call, agent: AgentId(0) },
                AgentState::Released => Command::Disconnect { call, agent: AgentId(0) },
                AgentState::Held => Command::Hold { call, held: true },
                AgentState::Resumed => Command::Hold { call, held: false },
                AgentState::Ringing | AgentState::NoAnswer => return None,
            },
            _ => return None,
        })
    }
}
