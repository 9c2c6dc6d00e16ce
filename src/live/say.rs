//! From what the engine says to what a caller is sent: ids become names and texts.

use super::protocol::{AgentState, Direction, ServerMessage};
use crate::{
    engine::output::{Listen, Play},
    id::{AgentId, LanguageId},
    script::{Script, catalogue, value::Value},
    time::Instant,
    world::services::sms::{Sms, SmsKind},
};

/// The message for a prompt decided at `now`.
pub fn prompt(script: &Script, play: &Play, now: Instant) -> ServerMessage {
    let text = script.prompts.render(play.prompt, play.language, &play.args);
    ServerMessage::Prompt {
        id: script.prompts.get(play.prompt).name.to_string(),
        direction: direction(script, play.language, &text),
        text,
        language: language(script, play.language),
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

/// A language that lacks a text speaks its fallback's, so the text decides where the language does not.
fn direction(script: &Script, language: LanguageId, text: &str) -> Direction {
    let arabic = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    let first = text.chars().find(|c| c.is_alphabetic());
    match script.languages[language.index()].right_to_left || first.is_some_and(arabic) {
        true => Direction::Rtl,
        false => Direction::Ltr,
    }
}

/// The message that shows a text message. Its wording is the script's prompt of [`catalogue::MESSAGES`] where there is one;
/// else its substance alone.
pub fn sms(script: &Script, language: LanguageId, sms: &Sms) -> ServerMessage {
    let (entry, substance) = match sms.kind {
        // A code is shown to be copied, not said: without groups.
        SmsKind::Code => (catalogue::SMS_CODE, sms.code.map(|code| code.reveal().to_string().into())),
        SmsKind::PortalLink => (catalogue::SMS_PORTAL_LINK, None),
        SmsKind::PortalReset => (catalogue::SMS_PORTAL_RESET, None),
        SmsKind::Address => (catalogue::SMS_ADDRESS, sms.place.clone()),
    };
    let args: Vec<Value> = substance.iter().cloned().map(Value::Text).collect();
    let prompt = script.prompts.named(entry.prompt).filter(|&id| script.prompts.get(id).slots.len() == args.len());
    let text = match (prompt, substance) {
        (Some(prompt), _) => script.prompts.render(prompt, language, &args),
        (None, Some(substance)) => substance.to_string(),
        (None, None) => entry.prompt.to_owned(),
    };
    let to = sms.to.to_string();
    let to_tail = to.chars().skip(to.chars().count().saturating_sub(2)).collect();
    ServerMessage::Sms { to_tail, text }
}
