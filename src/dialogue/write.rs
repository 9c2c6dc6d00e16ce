//! A call that was made becomes a dialogue test.

use std::fmt::Write as _;

use super::fields::AGENT_STATES;
use crate::{
    client::Phone,
    live::protocol::{AgentState, ServerMessage},
    registry::margins::FULL_SIZE,
    time::Instant,
};

/// Takes notes of a call.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    from: Option<String>,
    language: Option<String>,
    at: Option<String>,
    steps: Vec<String>,
    /// Prompts said since the last step.
    said: Vec<String>,
    /// Keys pressed since the last step, and whether the first came before the centre listened.
    keys: Option<(String, bool)>,
    phone: Phone,
    queue: Option<String>,
}

impl Recorder {
    /// Notes of a call from this number, begun in this language.
    pub fn new(from: Option<String>, language: Option<String>) -> Recorder {
        Recorder { from, language, ..Recorder::default() }
    }

    /// The centre said this.
    pub fn heard(&mut self, message: &ServerMessage) {
        if !matches!(message, ServerMessage::Stopped {} | ServerMessage::Pong {}) {
            self.flush_keys();
        }
        let goes_on = matches!(message, ServerMessage::Prompt { .. } | ServerMessage::Queued { .. });
        if goes_on && self.phone.listening.is_some() && self.phone.place.is_none() {
            // Nobody pressed anything, and the centre went on.
            self.step("silence = true");
        }
        self.phone.hear(Instant::ZERO, message);
        match message {
            ServerMessage::Answered { time, .. } if self.at.is_none() => {
                self.at = Some(time.split('[').next().unwrap_or_default().to_owned());
            }
            ServerMessage::Prompt { id, .. } => self.said.push(id.clone()),
            ServerMessage::Queued { queue, .. } if self.queue.as_ref() != Some(queue) => {
                self.queue = Some(queue.clone());
                self.step(&format!("queued = {}", quoted(queue)));
            }
            ServerMessage::Agent { state, .. } if *state != AgentState::Ringing => {
                let word = AGENT_STATES.into_iter().find(|word| super::read::agent_state(word) == Some(*state));
                self.step(&format!("agent = {}", quoted(word.unwrap_or_default())));
            }
            ServerMessage::Sms { .. } => self.step("sms = true"),
            ServerMessage::Ended { outcome, .. } => {
                self.queue = None;
                self.step(&format!("ended = {}", quoted(outcome)));
            }
            _ => {}
        }
    }

    /// The caller pressed keys. A one-time code is written as `{code}`, since the next call gets another.
    pub fn pressed(&mut self, keys: &str) {
        if let Some((so_far, _)) = &mut self.keys {
            so_far.push_str(keys);
            return;
        }
        self.flush();
        let at_once = self.phone.listening.is_none() && self.phone.place.is_none();
        self.keys = Some((keys.to_owned(), at_once));
        self.phone.pressed();
    }

    fn flush_keys(&mut self) {
        let Some((keys, at_once)) = self.keys.take() else { return };
        let written = match self.phone.code() {
            Some(code) if code == keys.trim_end_matches('#') => keys.replace(&code, "{code}"),
            _ => keys,
        };
        let at_once = if at_once { ", now = true" } else { "" };
        self.steps.push(format!("press = {}{at_once}", quoted(&written)));
    }

    /// The caller hung up.
    pub fn hung_up(&mut self) {
        self.step("hangup = true");
    }

    /// The caller picked up a call back.
    pub fn picked_up(&mut self) {
        self.step("answer = true");
    }

    /// The dialogue file.
    pub fn file(&self, name: &str) -> String {
        let mut out = String::from(
            "# A recorded call. It holds what was keyed, secret digits too, and the registry it was made with.\n\n",
        );
        let _ = writeln!(out, "[[dialogue]]\nname = {}", quoted(name));
        if let Some(at) = &self.at {
            let _ = writeln!(out, "at = {}", quoted(at));
        }
        let _ = writeln!(out, "from = {}", quoted(self.from.as_deref().unwrap_or("withheld")));
        if let Some(language) = &self.language {
            let _ = writeln!(out, "begins_in = {}", quoted(language));
        }
        let _ = writeln!(out, "people = {FULL_SIZE}\nsteps = [");
        let mut last = self.clone();
        last.flush_keys();
        last.flush();
        for step in &last.steps {
            let _ = writeln!(out, "  {{ {step} }},");
        }
        out.push_str("]\n");
        out
    }

    fn step(&mut self, step: &str) {
        self.flush_keys();
        self.flush();
        self.steps.push(step.to_owned());
    }

    fn flush(&mut self) {
        let said: Vec<String> = std::mem::take(&mut self.said).iter().map(|id| quoted(id)).collect();
        match &said[..] {
            [] => {}
            [one] => self.steps.push(format!("hear = {one}")),
            many => self.steps.push(format!("hear = [{}]", many.join(", "))),
        }
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
