//! What the world tells, told on: to callers, to the records, to the log.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
};

use futures_util::FutureExt;

use super::{
    book::{Arrival, Turn},
    protocol::{AgentState, ServerMessage},
    pump::{Parts, Pump},
    rescue, row, say,
    sessions::Outgoing,
    store::{self, Job},
    trail,
};
use crate::{
    canary::{Canary, canary},
    engine::{Command, Event, Fact, event::Cause},
    id::CallId,
    script::Script,
    time::Instant,
    world::{
        Notice,
        services::{ServiceChange, sms::Sms},
    },
};

impl Pump {
    /// Tells everything the world has to tell. Waits only for the writer of records, when the disk is slower than the
    /// calls.
    pub(super) async fn tell(&mut self) {
        self.write_left_over().await;
        while let Some(notice) = self.parts.world.poll() {
            self.told = true;
            rescue::note(&mut self.parts.taps, &notice, self.parts.world.versions());
            rescue::left_out("a figure", || self.parts.onlookers.note(&notice, &self.parts.world));
            if !self.desks.is_empty() && self.guarded("telling a desk", |pump| pump.tell_desks(&notice)).is_none() {
                self.lose_desk(&notice);
            }
            let job = match notice {
                Notice::Event(event) => self.event(&event),
                Notice::ToCaller(at, command) => {
                    self.command(at, command);
                    None
                }
                Notice::Sms(sms) => {
                    self.sms(&sms);
                    None
                }
                Notice::Access(change) => self.access_job(change),
                Notice::Promised { call, promised_in, promise } => self.promise_job(call, promised_in, promise),
                Notice::PromiseKept { call } => self.kept_job(call),
                Notice::Change(change) if self.is_of_synthetic(&change) => None,
                Notice::Audit(entry) if self.book.is_synthetic(entry.call) => None,
                Notice::Change(change) => Some(Job::Change { at_utc: self.utc(self.parts.world.now()), change }),
                Notice::Verdict(verdict) => Some(Job::Verdict(verdict)),
                Notice::Audit(entry) => Some(Job::Audit { at_utc: self.utc(entry.at), entry }),
                Notice::Refused { at, reason } => {
                    tracing::warn!(%at, reason, "a planned script was not published; the old one stays");
                    None
                }
                Notice::Input { .. } | Notice::KeyUsed { .. } => None,
            };
            if let Some(job) = job {
                self.write(job).await;
            }
        }
        if self.close_suspects() {
            self.write_left_over().await;
        }
        while self.marks.1 < self.marks.0 {
            self.marks.1 += 1;
            self.write(Job::Mark(self.marks.1)).await;
        }
        self.note_version();
        rescue::left_out("a figure", || self.parts.onlookers.settled(&self.parts.world));
        self.book.forget_ended();
        self.parts.status.calls.store((self.book.on_the_line() + self.book.synthetic()) as u64, Ordering::Relaxed);
    }

    async fn write(&mut self, job: Job) {
        let Parts { jobs, sessions, .. } = &self.parts;
        let mut sent = pin!(jobs.send(job));
        // While the writer is waited for, nobody else is to wait for what is said already.
        let sent = match sent.as_mut().now_or_never() {
            Some(sent) => sent,
            None => {
                sessions.ring();
                sent.await
            }
        };
        if sent.is_err() {
            tracing::error!("the writer of call records is gone; a record is lost");
        }
    }

    pub(super) async fn write_left_over(&mut self) {
        // One by one, so that a fault at one leaves the others.
        while let Some(job) = self.left_over.pop_front() {
            self.write(job).await;
        }
    }

    fn utc(&self, at: Instant) -> String {
        row::utc(self.parts.world.clock().timestamp(at))
    }

    /// Whether a change was made in a synthetic caller's call.
    fn is_of_synthetic(&self, change: &ServiceChange) -> bool {
        match change {
            ServiceChange::Registry(_) => false,
            ServiceChange::Complaint(complaint) => self.book.is_synthetic(complaint.call),
            ServiceChange::Case(case) => self.book.is_synthetic(case.call),
        }
    }

    /// What happened to a synthetic caller; false: it is somebody else's.
    fn synthetic_event(&mut self, event: &Event) -> bool {
        if let Fact::CallArrived { call, origin: Some(_), .. } = event.fact {
            self.book.synthetic_arrived(call);
            self.parts.status.offered.fetch_add(1, Ordering::Relaxed);
        }
        let Some(call) = event.fact.call().filter(|call| self.book.is_synthetic(*call)) else { return false };
        if let Fact::CallEnded { outcome, cause, .. } = event.fact {
            self.book.synthetic_ended(call);
            if tracing::enabled!(tracing::Level::DEBUG) {
                let _span = trail::of(self.parts.run, call).entered();
                tracing::debug!(?outcome, cause = row::word(cause), "a synthetic caller's call ended");
            }
        }
        true
    }

    pub(super) fn event(&mut self, event: &Event) -> Option<Job> {
        if self.synthetic_event(event) {
            return None;
        }
        let run = self.parts.run;
        match event.fact {
            Fact::CallArrived { call, version, language, promised_in, .. } => {
                self.book.arrived(call, Arrival { version, language });
                if promised_in.is_some() {
                    self.book.waits_away(call);
                }
                self.parts.status.offered.fetch_add(1, Ordering::Relaxed);
                let _span = trail::of(run, call).entered();
                tracing::info!(version = version.0, "offered");
            }
            Fact::LanguageSet { call, language } => self.book.speaks(call, language),
            Fact::AgentDidNotAnswer { call, agent } => self.say_to(call, say::agent(AgentState::NoAnswer, agent)),
            _ => {}
        }
        let cdr = self.fold.apply(event, self.parts.world.versions())?;
        let call = cdr.call;
        if cdr.cause == Cause::Drained && self.book.is_away(call) {
            // Nobody was called: the promise stays for the next run, and no record tells of a call there was not.
            self.book.ended(call);
            return None;
        }
        // Before the book forgets the call: whatever fails here, it is still known that a record is owed.
        #[cfg(test)]
        rescue::strike();
        let row = row::of(&cdr, self.book.number_of(call), &self.parts.zone);
        let row = self.telephones.named(row);
        let message = ServerMessage::Ended {
            call: store::public_id(run, call),
            cause: row::word(cdr.cause),
            outcome: cdr.outcome.clone(),
        };
        {
            let _span = trail::of(run, call).entered();
            let (outcome, cause, caller) = (&cdr.outcome, row::word(cdr.cause), row.caller.as_deref());
            tracing::info!(outcome, cause, caller, length = %cdr.duration, queue = cdr.queue, "ended");
        }
        self.parts.admission.ended(call);
        let (_, promised_to) = self.book.ended(call);
        if let Some(session) = self.book.line(call) {
            self.book.set(session, Turn::Ending(call));
        }
        // A call back that was never picked up ends unheard; its caller is told if she is there and free.
        let unheard = promised_to.filter(|&session| self.book.turn(session).is_none());
        self.owed.insert(call, self.book.line(call).or(unheard).map(|session| (session, message)));
        if canary(Canary::RecordAfterEnded) {
            self.durable(call);
        }
        Some(Job::Call(Box::new(row)))
    }

    /// The script a call runs on.
    fn script(&self, call: CallId) -> Option<Arc<Script>> {
        self.parts.world.versions().script(self.book.arrival(call)?.version).cloned()
    }

    fn say_to(&self, call: CallId, message: ServerMessage) {
        if let Some(session) = self.book.line(call) {
            self.say(session, message);
        }
    }

    fn command(&mut self, now: Instant, command: Command) {
        if let Command::Connect { call, .. } | Command::Promise { promised_in: call, .. } = command
            && self.book.is_synthetic(call)
        {
            return;
        }
        match command {
            Command::Play(play) => {
                let script = self.parts.world.versions().script(play.version).cloned();
                if let (Some(session), Some(script)) = (self.book.line(play.call), script) {
                    self.parts.sessions.deliver(session, Outgoing::Say { script, play, now });
                }
            }
            Command::StopPlaying { call } => self.say_to(call, ServerMessage::Stopped {}),
            Command::Listen(listen) => {
                if let Some(script) = self.script(listen.call) {
                    self.say_to(listen.call, say::collecting(&script, &listen, now));
                }
            }
            Command::Waiting { call, queue, position, expected } => {
                let queue = self.parts.world.versions().queue(queue);
                let queue = queue.map(|queue| queue.name.to_string()).unwrap_or_default();
                self.say_to(call, ServerMessage::Queued { queue, position, expected_ms: expected.as_millis() });
            }
            Command::Ring { call, agent } => self.say_to(call, say::agent(AgentState::Ringing, agent)),
            Command::Connect { call, agent } => {
                self.book.connected(call, agent);
                self.say_to(call, say::agent(AgentState::Connected, agent));
            }
            Command::Disconnect { call, agent } => self.say_to(call, say::agent(AgentState::Released, agent)),
            Command::Hold { call, held } => self.hold(call, held),
            Command::Promise { call, promised_in, caller } => self.book.promise(call, promised_in, caller),
            Command::DialBack { call, promised_in, caller } => self.dial_back(call, promised_in, caller),
            Command::StopDialling { call } => {
                self.telephones.stop_dialling(call);
                if let Some(session) = self.book.line(call)
                    && self.book.turn(session) == Some(Turn::Ringing(call))
                {
                    self.book.free(session);
                }
            }
            // An agent's telephone that stops is no news to the caller, the world has answered what was asked, and
            // `ended` follows once the record is durable.
            Command::StopRinging { .. } | Command::Ask { .. } | Command::HangUp { .. } => {}
        }
    }

    fn hold(&mut self, call: CallId, held: bool) {
        let state = if held { AgentState::Held } else { AgentState::Resumed };
        if let Some(agent) = self.book.agent(call) {
            self.say_to(call, say::agent(state, agent));
        }
    }

    fn sms(&mut self, sms: &Sms) {
        let Some(arrival) = self.book.arrival(sms.call) else { return };
        let Some(script) = self.script(sms.call) else { return };
        let message = say::sms(&script, arrival.language, sms);
        self.say_to(sms.call, message);
    }
}
