//! Saying prompts: each begins when what is being said ends, and takes as long as the script says.

use crate::{
    engine::{Command, Fact, Sink, call::Call, output::Play, turn::Turn},
    id::{CallId, PromptId},
    script::{Script, model::PromptUse, value::Value},
    time::Duration,
};

impl<S: Sink> Turn<'_, S> {
    /// Says prompts to a caller, those whose conditions hold.
    pub(in crate::engine) fn play(&mut self, id: CallId, script: &Script, uses: &[PromptUse]) {
        for use_ in uses {
            if self.holds(id, use_.when.as_ref()) {
                let args: Box<[Value]> = match &*use_.args {
                    [] => Box::default(),
                    args => args.iter().map(|arg| self.value(id, arg)).collect(),
                };
                self.play_one(id, script, use_.prompt, args);
            }
        }
    }

    /// Says one prompt.
    pub(in crate::engine) fn play_one(&mut self, id: CallId, script: &Script, prompt: PromptId, args: Box<[Value]>) {
        let now = self.state.now;
        let (mut prompt, mut entry) = (prompt, script.prompts.get(prompt));
        if entry.otherwise.is_some() {
            prompt = script.prompts.on(prompt, self.state.clock.local(now).0);
            entry = script.prompts.get(prompt);
        }
        let Some(call) = self.state.calls.get_mut(id).filter(|call| !call.gone) else { return };
        let language = call.language;
        let duration = entry.durations.get(language.index()).copied().unwrap_or(Duration::ZERO);
        let barge_in = entry.barge_in && script.node(call.node).input.barge_in;
        let begins = call.playing_until.max(now);
        call.playing_until = begins + duration;
        if !barge_in {
            call.unstoppable_until = call.playing_until;
        }
        let (version, node) = (call.version_id(), call.node);
        self.fact(Fact::PromptPlayed { call: id, prompt, language });
        let play = Play { call: id, version, node, prompt, language, args, begins, duration, barge_in };
        self.command(Command::Play(play));
    }

    /// Stops what is being said because a key was pressed; what must be heard out is.
    pub(in crate::engine) fn cut_prompt(&mut self, id: CallId) {
        let now = self.state.now;
        let stoppable = |call: &&mut Call| call.playing_until > now && call.unstoppable_until <= now;
        let Some(call) = self.state.calls.get_mut(id).filter(stoppable) else { return };
        call.playing_until = now;
        self.fact(Fact::BargedIn { call: id });
        self.command(Command::StopPlaying { call: id });
    }

    /// Whether keys pressed ahead let the caller skip these prompts: none of them is one that must be heard.
    pub(in crate::engine) fn skippable(&self, id: CallId, script: &Script, uses: &[PromptUse]) -> bool {
        let Some(call) = self.state.calls.get(id) else { return true };
        let must_hear =
            |use_: &PromptUse| !script.prompts.get(use_.prompt).barge_in && self.holds(id, use_.when.as_ref());
        script.node(call.node).input.barge_in && !uses.iter().any(must_hear)
    }
}
