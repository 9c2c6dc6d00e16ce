//! From what the engine says to what a caller is sent: ids become names and texts.

use super::protocol::{AgentState, Direction, ServerMessage};
use crate::{
    engine::output::{Listen, Play},
    id::{AgentId, LanguageId},
    script::Script,
    time::Instant,
};

/// The message for a prompt decided at `now`.
pub fn prompt(script: &Script, play: &Play, now: Instant) -> ServerMessage {
    ServerMessage::Prompt {
        id: script.prompts.get(play.prompt).name.to_string(),
        text: script.prompts.render(play.prompt, play.language, &play.args),
        language: language(script, play.language),
        direction: direction(script, play.language),
        node: script.node(play.node).name.to_string(),
        begins_ms: play.begins.since(now).as_millis(),
        duration_ms: play.duration.as_millis(),
        barge_in: play.barge_in,
    }
}

/// The message that keys are awaited.
pub fn collecting(script: &Script, listen: &Listen, now: Instant) -> ServerMessage {
    ServerMessage::Collecting {
        node: script.node(listen.node).name.to_string(),
        min: listen.min,
        max: listen.max,
        terminator: listen.terminator.map(|key| key.to_string()),
        secret: listen.secret,
        silence_ms: listen.silence_at.since(now).as_millis(),
    }
}

/// The message about an agent.
pub fn agent(state: AgentState, agent: AgentId) -> ServerMessage {
    ServerMessage::Agent { state, agent: format!("agent {}", agent.0) }
}

/// A language's code.
pub fn language(script: &Script, language: LanguageId) -> String {
    script.languages[language.index()].code.to_string()
}

fn direction(script: &Script, language: LanguageId) -> Direction {
    if script.languages[language.index()].right_to_left { Direction::Rtl } else { Direction::Ltr }
}
