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
        let code = self.phone.code();
        let digits = keys.trim_end_matches('#');
        let written = match code {
            Some(code) if code == digits => keys.replace(&code, "{code}"),
            _ => keys.to_owned(),
        };
        let at_once = if self.phone.listening.is_none() && self.phone.place.is_none() { ", now = true" } else { "" };
        self.step(&format!("press = {}{at_once}", quoted(&written)));
        self.phone.pressed();
    }

    /// The caller let the time to press a key run out.
    pub fn silent(&mut self) {
        self.step("silence = true");
        self.phone.pressed();
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
        last.flush();
        for step in &last.steps {
            let _ = writeln!(out, "  {{ {step} }},");
        }
        out.push_str("]\n");
        out
    }

    fn step(&mut self, step: &str) {
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
