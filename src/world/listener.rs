//! Whoever hears the engine while it speaks: people, services, and the ear of the driver.

use std::collections::BTreeMap;

use super::{
    Answer, Due, Notice, Verdict,
    ear::Ear,
    fault::{Asked, Fate, Fault},
    promise::Follower,
    services::{
        Services,
        sms::{Sms, SmsKind},
    },
};
use crate::{
    agenda::Agenda,
    engine::{Command, Engine, Event, Fact, Input, Sink},
    id::CallId,
    people::{People, Wishes},
    random::Seed,
    script::{
        Versions,
        catalogue::{Query, Reply, Request},
        model::Key,
    },
    time::{Instant, LocalClock},
};

/// All of the world but the engine and what only the world itself uses. What people wish and services answer waits in
/// `wishes` until the engine is done with its input.
pub(super) struct Listener<'a, E> {
    pub(super) at: Instant,
    pub(super) people: &'a mut People,
    pub(super) services: &'a mut Services,
    pub(super) versions: &'a Versions,
    pub(super) wishes: &'a mut Wishes,
    pub(super) calendar: &'a mut Agenda<Due>,
    pub(super) fault: &'a Fault,
    pub(super) faults: &'a BTreeMap<Asked, Fault>,
    pub(super) clock: &'a LocalClock,
    pub(super) seed: Seed,
    pub(super) promises: Follower<'a>,
    pub(super) hold_verdicts: bool,
    pub(super) send_codes: bool,
    pub(super) ear: &'a mut E,
}

/// Tells what services did.
pub(super) fn tell_news<E: Ear>(services: &mut Services, ear: &mut E) {
    services.drain_changes().into_iter().for_each(|change| ear.tell(|| Notice::Change(change)));
    services.drain_access().into_iter().for_each(|change| ear.tell(|| Notice::Access(change)));
    services.drain_audit().into_iter().for_each(|entry| ear.tell(|| Notice::Audit(entry)));
    services.drain_sms().into_iter().for_each(|sms| ear.tell(|| Notice::Sms(sms)));
}

impl<E: Ear> Sink for Listener<'_, E> {
    #[inline(always)]
    fn event(&mut self, event: Event) {
        self.people.notice(self.at, &event.fact, self.wishes);
        if let Fact::CallEnded { call, .. } = event.fact {
            self.services.call_ended(call);
            // What its call left is told before its end: whoever keeps both has the end last.
            if E::ALL && self.services.has_news() {
                tell_news(self.services, self.ear);
            }
        }
        if E::ALL {
            self.promises.fact(&event.fact);
        }
        self.ear.event(&event);
    }

    #[inline(always)]
    fn command(&mut self, command: Command) {
        if let Command::Ask { call, request } = command {
            self.ask(call, request);
            return;
        }
        self.people.hear(self.at, &command, self.services.registry(), self.versions, self.wishes);
        if E::ALL
            && let Command::Promise { call, promised_in, .. } = command
        {
            self.promises.made(call, promised_in);
        }
        self.ear.command(self.at, command);
    }
}

impl<E: Ear> Listener<'_, E> {
    /// Lets the engine have an input and tells it, masked where it is a digit that is secret, or that nobody listens to (an
    /// impatient caller keys her number over a notice, or to an agent), or that a secret entry may still throw away, or that
    /// was bound to nothing; then what the engine says to it.
    pub(super) fn tell_input(&mut self, engine: &mut Engine, input: Input) -> Option<CallId> {
        let at = self.at;
        let digit = match input {
            Input::Dtmf { call, key } if key.digit().is_some() => Some(call),
            _ => None,
        };
        let hidden = digit.is_some_and(|call| engine.listens_secretly(call) || engine.discards_keys(call, at));
        let mut told = input.clone();
        let call = engine.handle(at, input);
        self.tell_used_keys(engine);
        let secret = hidden || digit.is_some() && engine.kept_key();
        if let (true, Some(call)) = (secret, digit) {
            told = Input::Dtmf { call, key: Key::ZERO };
        }
        if let (true, false, Some(call)) = (engine.unbound_key(), secret, digit) {
            told = Input::Dtmf { call, key: Key::UNBOUND };
        }
        self.ear.tell(|| Notice::Input { at, input: told, secret });
        engine.tell(self);
        call
    }

    /// Lets everything happen that is due, and tells which keys pressed ahead came to be used by it.
    pub(super) fn tell_advance(&mut self, engine: &mut Engine) {
        engine.advance(self.at);
        self.tell_used_keys(engine);
        engine.tell(self);
    }

    fn tell_used_keys(&mut self, engine: &mut Engine) {
        for (call, key) in engine.take_used_keys() {
            self.ear.tell(|| Notice::KeyUsed { call, key });
        }
    }

    /// Puts a question to the services; what they answer is the next thing the engine is told, or waits in the calendar.
    #[inline(never)]
    fn ask(&mut self, call: CallId, request: Request) {
        let fault = self.faults.get(&Asked::by(&request.query)).copied().unwrap_or(*self.fault);
        let available = match fault.fate(self.seed, self.people.lot(call), request.id) {
            Fate::Lost => return,
            fate => fate == Fate::Answered,
        };
        if fault.delay.as_micros() > 0 {
            let answer = Answer { call, request, available };
            self.calendar.enter(self.at + fault.delay, Due::Answer(Box::new(answer)));
            return;
        }
        self.answer(call, &request, available);
    }

    /// Answers a question.
    pub(super) fn answer(&mut self, call: CallId, request: &Request, available: bool) {
        let reply = match request.query {
            _ if !available => Reply::Unavailable,
            Query::SendCode { person } if !self.send_codes && !self.people.is_on(call) => {
                self.services.ask_card(self.at, call, request.caller, person)
            }
            _ => self.services.answer(self.at, self.clock, call, request),
        };
        if let Reply::CodeSent { .. } = reply
            && let Some(Sms { kind: SmsKind::Code, code: Some(code), .. }) = self.services.outbox().latest()
        {
            self.people.text_message(call, *code);
        }
        let request_id = request.id;
        if E::ALL && self.hold_verdicts && available && request.query.is_check() && !self.people.is_on(call) {
            // What is to be kept of the check comes first.
            tell_news(self.services, self.ear);
            self.ear.tell(|| Notice::Verdict(Verdict { call, request: request_id, reply }));
            return;
        }
        self.wishes.inputs.push(Input::Replied { call, request: request_id, reply });
    }
}
