//! Whoever hears the engine while it speaks: people, services, and the ear of the driver.

use std::collections::BTreeMap;

use super::{
    Answer, Due, Notice,
    ear::Ear,
    fault::{Asked, Fate, Fault},
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
        catalogue::{Reply, Request},
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
    pub(super) ear: &'a mut E,
}

impl<E: Ear> Sink for Listener<'_, E> {
    #[inline(always)]
    fn event(&mut self, event: Event) {
        self.people.notice(self.at, &event.fact, self.wishes);
        if let Fact::CallEnded { call, .. } = event.fact {
            self.services.call_ended(call);
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
        self.ear.command(self.at, command);
    }
}

impl<E: Ear> Listener<'_, E> {
    /// Tells an input that the engine is about to be given, masked where it is a digit that is secret, or that nobody listens
    /// to: an impatient caller keys her number over a notice, or to an agent.
    pub(super) fn tell_input(&mut self, engine: &Engine, input: &Input) {
        let at = self.at;
        let hidden = |call| engine.listens_secretly(call) || engine.discards_keys(call, at);
        let (input, secret) = match *input {
            Input::Dtmf { call, key } if key.digit().is_some() && hidden(call) => {
                (Input::Dtmf { call, key: Key::ZERO }, true)
            }
            _ => (input.clone(), false),
        };
        self.ear.tell(|| Notice::Input { at, input, secret });
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
        let reply = match available {
            true => self.services.answer(self.at, self.clock, call, request),
            false => Reply::Unavailable,
        };
        if let Reply::CodeSent { .. } = reply
            && let Some(Sms { kind: SmsKind::Code, code: Some(code), .. }) = self.services.outbox().latest()
        {
            self.people.text_message(call, *code);
        }
        self.wishes.inputs.push(Input::Replied { call, request: request.id, reply });
    }
}
