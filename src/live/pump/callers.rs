//! What callers do, as the pump does it for them: dial, press keys, hang up, pick up, go.

use std::sync::{Arc, atomic::Ordering};

use super::Pump;
use crate::{
    engine::Input,
    id::{CallId, LanguageId, ScriptVersion},
    live::{
        admission::{Applicant, Situation},
        book::Turn,
        clock,
        protocol::{ErrorCode, Refusal, RefusalReason, ServerMessage},
        say,
        sessions::SessionId,
        store, trail,
    },
    script::{Script, model::Key},
};

/// A dial that was admitted.
#[derive(Clone, Debug)]
pub(in crate::live) struct Dial {
    pub(in crate::live) session: SessionId,
    who: Applicant,
    language: LanguageId,
    script: Arc<Script>,
}

impl Pump {
    fn refuse(&self, session: SessionId, code: ErrorCode, message: impl Into<String>, help: &str) {
        self.say(session, Refusal::new(code, message, help).into());
    }

    fn out_of_turn(&self, session: SessionId, what: &str) {
        let (state, help) = match self.book.turn(session) {
            None => ("there is no call", "send `dial` first"),
            Some(Turn::Ringing(_)) => ("the telephone rings", "send `answer` to pick up or `hangup` to let it be"),
            Some(Turn::Talking(_)) => ("there is a call", "send `digits` or `hangup`"),
            Some(Turn::Ending(_)) => ("the call is over", "wait for `ended`; then you may dial again"),
        };
        self.refuse(session, ErrorCode::OutOfTurn, format!("`{what}` does not fit: {state}"), help);
    }

    pub(super) fn dial(&mut self, session: SessionId, language: Option<&str>, who: &Applicant) {
        if self.book.turn(session).is_some() {
            return self.out_of_turn(session, "dial");
        }
        let script = self.parts.world.versions().current().clone();
        let language = match language.map(|code| script.language_named(code).ok_or(code)).transpose() {
            Ok(language) => language,
            Err(_) => {
                let known: Vec<&str> = script.languages.iter().map(|language| &*language.code).collect();
                let help = format!("languages of this centre: {}", known.join(", "));
                return self.refuse(session, ErrorCode::BadField, "the centre has no such `language`", &help);
            }
        };
        let centre = Situation {
            calls: self.book.on_the_line(),
            draining: self.draining,
            records_failing: self.parts.failing.load(Ordering::Relaxed),
        };
        if let Err(reason) = self.parts.admission.judge(who, clock::wall(), centre) {
            return self.turn_away(session, reason);
        }
        let begins_in = language.unwrap_or(script.default_language);
        let dial = Dial { session, who: *who, language: begins_in, script };
        self.dialling = Some(dial.clone());
        let call = self.inject(Input::CallArrived { caller: who.number, language, origin: None });
        self.dialling = None;
        match call {
            Some(call) => self.took(&dial, call),
            None => self.turn_away(session, RefusalReason::Draining),
        }
    }

    /// A dial became a call.
    pub(in crate::live) fn took(&mut self, dial: &Dial, call: CallId) {
        let &Dial { session, ref who, language, ref script } = dial;
        self.parts.admission.took(call, who);
        self.book.set(session, Turn::Talking(call));
        self.book.number(call, who.number);
        self.telephones.dialled(session, who.number);
        let id = store::public_id(self.parts.run, call);
        self.say(session, ServerMessage::Ringing { call: id.clone(), promised_in: None });
        let version = self.parts.world.versions().number();
        self.say(session, self.answered(id, version, script, language));
    }

    fn answered(&self, call: String, version: ScriptVersion, script: &Script, language: LanguageId) -> ServerMessage {
        let time = self.parts.world.clock().timestamp(self.parts.world.now()).to_zoned(self.parts.zone.clone());
        let time = time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let time = format!("{time}[{}]", script.zone);
        ServerMessage::Answered { call, version: version.0, language: say::language(script, language), time }
    }

    pub(super) fn keys(&mut self, session: SessionId, keys: &[Key]) {
        let Some(Turn::Talking(call)) = self.book.turn(session) else {
            return self.out_of_turn(session, "digits");
        };
        if tracing::enabled!(tracing::Level::DEBUG) {
            trail::of(self.parts.run, call).in_scope(|| tracing::debug!(count = keys.len(), "keys"));
        }
        for &key in keys {
            self.inject(Input::Dtmf { call, key });
        }
    }

    pub(super) fn hang_up(&mut self, session: SessionId) {
        match self.book.turn(session) {
            Some(Turn::Talking(call)) => {
                self.book.set(session, Turn::Ending(call));
                self.inject(Input::CallerHungUp { call });
            }
            Some(Turn::Ringing(call)) => {
                self.book.free(session);
                self.inject(Input::CallerUnreachable { call });
            }
            Some(Turn::Ending(_)) | None => self.out_of_turn(session, "hangup"),
        }
    }

    pub(in crate::live) fn answer(&mut self, session: SessionId) {
        let Some(Turn::Ringing(call)) = self.book.turn(session) else {
            return self.out_of_turn(session, "answer");
        };
        // The time to pick up may be over, though nobody was told yet: what is due comes first, and nothing between it and her.
        let now = self.now();
        self.advance(now);
        if !self.parts.world.engine().is_dialling(call) {
            self.book.free(session);
            return self.out_of_turn(session, "answer");
        }
        self.book.set(session, Turn::Talking(call));
        self.book.reached(call);
        if let Some(arrival) = self.book.arrival(call)
            && let Some(script) = self.parts.world.versions().script(arrival.version).cloned()
        {
            let id = store::public_id(self.parts.run, call);
            self.say(session, self.answered(id, arrival.version, &script, arrival.language));
        }
        self.inject_at(now, Input::CallerAnswered { call });
    }

    /// Its call is ended by us, not by the caller.
    pub(super) fn revoked(&mut self, session: SessionId) {
        if let Some(Turn::Talking(call)) = self.book.turn(session) {
            self.book.free(session);
            self.inject(Input::CallAborted { call });
        }
        self.left(session);
    }

    pub(super) fn left(&mut self, session: SessionId) {
        self.desk_left(session);
        self.telephones.left(session);
        match self.book.free(session) {
            Some(Turn::Talking(call)) => {
                self.inject(Input::CallerHungUp { call });
            }
            Some(Turn::Ringing(call)) => {
                self.inject(Input::CallerUnreachable { call });
            }
            Some(Turn::Ending(_)) | None => {}
        }
    }
}
