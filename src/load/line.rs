//! The lines of the people who call: a connection each, on which a mind's orders go out and what is heard comes in.

use std::{cell::RefCell, rc::Rc};

use tokio::{sync::Notify, time::Instant as Wall};
use tokio_tungstenite::tungstenite::Message;

use super::{
    births::Births,
    clock,
    hall::{Breach, FAR, Hall, breach, failed, refusal_of},
    heard::{Heard, Kind, call_id},
    latency::Measure,
    minds::{Dialler, Minds, Order, Phone},
    sockets::Socket,
};
use crate::{client::Link, id::CallId, live::protocol::CALLBACK_OUTCOME};

/// The callers.
#[derive(Debug)]
pub struct Exchange {
    hall: Rc<Hall>,
    minds: RefCell<Minds>,
    births: RefCell<Births>,
    /// Rung when an alarm may have become due earlier.
    alarm: Notify,
}

impl Exchange {
    /// Nobody on a line yet. [`Exchange::keep_time`] must run for people to do anything.
    pub fn new(hall: Rc<Hall>, minds: Minds, births: Births) -> Exchange {
        Exchange { hall, minds: RefCell::new(minds), births: RefCell::new(births), alarm: Notify::new() }
    }

    /// The next caller of the scenario and when she calls there.
    pub fn next_birth(&self) -> Option<crate::people::demand::Birth> {
        self.births.borrow_mut().following()
    }

    /// Somebody calls who was due at `due`.
    pub fn begin(self: &Rc<Self>, due: Wall) {
        let somebody = self.births.borrow_mut().somebody();
        if let Some(birth) = somebody {
            self.born(&birth, due);
        }
    }

    /// This very caller calls.
    pub fn born(self: &Rc<Self>, birth: &crate::people::demand::Birth, due: Wall) {
        let dialler = self.minds.borrow_mut().born(birth, due);
        if let Some(dialler) = dialler {
            self.dial(dialler);
        }
    }

    fn dial(self: &Rc<Self>, dialler: Dialler) {
        match self.hall.sockets.take() {
            Some(socket) => {
                self.hall.tally.borrow_mut().begun();
                tokio::task::spawn_local(self.clone().line(socket, dialler));
            }
            None => {
                self.hall.tally.borrow_mut().calls.not_made += 1;
                self.minds.borrow_mut().turned_away(clock::wall(), dialler.slot);
            }
        }
    }

    /// Wakes people when they want to be woken, as long as it is polled.
    pub async fn keep_time(self: Rc<Self>) {
        loop {
            let next = self.minds.borrow_mut().next_alarm();
            let due = match next {
                Some(due) if due <= clock::wall() => due,
                next => {
                    let until = next.unwrap_or_else(|| clock::wall() + FAR);
                    tokio::select! {
                        () = tokio::time::sleep_until(until) => {}
                        () = self.alarm.notified() => {}
                    }
                    continue;
                }
            };
            let again = self.minds.borrow_mut().wake(due);
            if let Some(dialler) = again {
                self.call_again(dialler);
            }
            // Others may act meanwhile, however many alarms are due.
            tokio::task::consume_budget().await;
        }
    }

    fn call_again(self: &Rc<Self>, dialler: Dialler) {
        if self.hall.closing.is_cancelled() {
            return;
        }
        self.hall.tally.borrow_mut().calls.again += 1;
        self.dial(dialler);
    }

    /// Lets the minds do something, and lets the clock look again.
    fn with_minds<T>(&self, act: impl FnOnce(&mut Minds) -> T) -> T {
        let done = act(&mut self.minds.borrow_mut());
        self.alarm.notify_one();
        done
    }

    async fn line(self: Rc<Self>, socket: Socket, dialler: Dialler) {
        // Boxed, so that a call does not carry the handshake's room to its end.
        let mut link = match Box::pin(self.hall.connect(&socket, dialler.due)).await {
            Ok(link) => link,
            Err(breach) => {
                self.hall.broke(&breach, None, dialler.due);
                self.hall.tally.borrow_mut().over();
                return self.with_minds(|minds| minds.turned_away(clock::wall(), dialler.slot));
            }
        };
        let mut line = Line::new(&self, dialler);
        let ended = self.hall.until_over(line.run(&mut link)).await;
        line.leave(ended.err().as_ref());
        link.close().await;
    }
}

/// One caller's line: her call, and the calls back that were promised in it.
struct Line<'a> {
    of: &'a Exchange,
    slot: u32,
    dialler: Dialler,
    phone: Rc<Phone>,
    /// When she was to dial, which is when the call was due; taken by the first answer.
    dial: Option<Wall>,
    /// A call is in progress and counted so.
    in_call: bool,
    /// The server's id of the call, and the one the minds know it by.
    id: Option<(u64, u64)>,
    call: Option<CallId>,
    /// She waits to be called back: then a broken line is no broken call.
    promised: bool,
    /// The keys that complete the entry in hand, the key that ends it, and how many were pressed.
    entry: Option<(u8, Option<char>, u8)>,
    key: Option<Wall>,
    hung_up: Option<Wall>,
    until: Wall,
}

impl<'a> Line<'a> {
    fn new(of: &'a Exchange, dialler: Dialler) -> Line<'a> {
        let now = clock::wall();
        Line {
            of,
            slot: dialler.slot,
            dialler,
            phone: Rc::default(),
            dial: Some(dialler.due),
            in_call: true,
            id: None,
            call: None,
            promised: false,
            entry: None,
            key: None,
            hung_up: None,
            until: now + of.hall.patience,
        }
    }

    /// What she sends first.
    fn dial_frame(&self) -> Message {
        let mut text = String::from(r#"{"type":"dial""#);
        if let Some(number) = self.dialler.number {
            text.push_str(&format!(r#","from":"{}""#, number.reveal()));
        }
        let minds = self.of.minds.borrow();
        if let Some(code) = self.dialler.language.and_then(|language| minds.names().language(language)) {
            text.push_str(&format!(r#","language":"{code}""#));
        }
        text.push('}');
        Message::text(text)
    }

    async fn run(&mut self, link: &mut Link) -> Result<(), Breach> {
        send(link, self.dial_frame()).await?;
        let phone = self.phone.clone();
        let sleep = tokio::time::sleep_until(self.until);
        tokio::pin!(sleep);
        let mut set = self.until;
        loop {
            if set != self.until {
                set = self.until;
                sleep.as_mut().reset(set);
            }
            tokio::select! {
                biased;
                text = link.receive_text() => {
                    let text = text.map_err(|error| breach(&error))?;
                    let heard = Heard::read(&text).ok_or_else(|| failed("not understood"))?;
                    if self.hear(&heard)? {
                        return Ok(());
                    }
                }
                () = phone.bell.notified() => while let Some((order, due)) = phone.order() {
                    self.act(link, order, due).await?;
                },
                () = sleep.as_mut() => return Err(failed(if self.hung_up.is_some() { "no `ended` in time" } else { "no answer in time" })),
                () = self.of.hall.hang_up.cancelled(), if self.hung_up.is_none() => {
                    if !self.in_call {
                        return Ok(());
                    }
                    self.act(link, Order::HangUp, clock::wall()).await?;
                }
            }
        }
    }

    async fn act(&mut self, link: &mut Link, order: Order, due: Wall) -> Result<(), Breach> {
        match order {
            Order::Press(key) if self.in_call && self.hung_up.is_none() => {
                self.pressed(key.as_char(), due);
                send(link, Message::text(format!(r#"{{"type":"digits","keys":"{key}"}}"#))).await
            }
            Order::HangUp if self.hung_up.is_none() => {
                if self.in_call {
                    self.hung_up = Some(due);
                    self.until = clock::wall() + self.of.hall.patience;
                }
                send(link, Message::text(r#"{"type":"hangup"}"#)).await
            }
            Order::Answer if self.promised => {
                (self.promised, self.in_call, self.dial) = (false, true, None);
                self.of.hall.tally.borrow_mut().called_back();
                send(link, Message::text(r#"{"type":"answer"}"#)).await
            }
            _ => Ok(()),
        }
    }

    /// Takes note of a key: if it completes the entry, the next prompt is its answer.
    fn pressed(&mut self, key: char, due: Wall) {
        let Some((most, terminator, pressed)) = &mut self.entry else { return };
        *pressed += 1;
        if *pressed >= *most || *terminator == Some(key) {
            (self.entry, self.key) = (None, Some(due));
        }
    }

    /// Takes in a message; whether there is nothing more to come.
    fn hear(&mut self, heard: &Heard<'_>) -> Result<bool, Breach> {
        let now = clock::wall();
        match heard.kind {
            Kind::Ringing => return self.rings(now, heard).map(|()| false),
            Kind::Answered if self.dial.is_some() => self.of.hall.tally.borrow_mut().calls.answered += 1,
            Kind::Prompt => {
                if let Some(due) = self.dial.take() {
                    self.of.hall.note(Measure::Dial, due);
                    self.settled_in(now);
                }
                if let Some(due) = self.key.take() {
                    self.of.hall.note(Measure::Key, due);
                }
            }
            Kind::Collecting => {
                (self.entry, self.key) =
                    (Some((heard.max, heard.terminator.as_ref().and_then(|key| key.chars().next()), 0)), None);
            }
            Kind::Queued | Kind::Agent => {
                (self.entry, self.key) = (None, None);
                if self.dial.take().is_some() {
                    self.settled_in(now);
                }
            }
            Kind::Ended => return Ok(self.ended(now, heard)),
            Kind::Refused => return Ok(self.refused(now, &heard.call, &heard.reason)),
            Kind::Error => return self.error(now, &heard.code),
            Kind::Answered | Kind::Stopped | Kind::Sms | Kind::Other => {}
        }
        if let Some(call) = self.call.filter(|_| self.in_call && self.hung_up.is_none()) {
            self.of.with_minds(|minds| minds.hear(now, call, heard));
        }
        Ok(false)
    }

    /// The centre has taken the call: from now on nothing is owed within a time.
    fn settled_in(&mut self, now: Wall) {
        if self.hung_up.is_none() {
            self.until = now + FAR;
        }
    }

    fn rings(&mut self, now: Wall, heard: &Heard<'_>) -> Result<(), Breach> {
        self.id = call_id(&heard.call);
        match (heard.promised_in.is_some(), self.call) {
            (true, Some(call)) => self.of.with_minds(|minds| minds.rings(now, call)),
            (true, None) => return Err(failed("rung for a call back that was not promised")),
            (false, _) => {
                let (slot, phone) = (self.slot, &self.phone);
                self.call = Some(self.of.with_minds(|minds| minds.dialled(now, slot, phone)));
            }
        }
        Ok(())
    }

    /// A call is over; whether nothing more is to come.
    fn ended(&mut self, now: Wall, heard: &Heard<'_>) -> bool {
        if let Some(due) = self.hung_up.take() {
            self.of.hall.note(Measure::End, due);
        }
        let mut tally = self.of.hall.tally.borrow_mut();
        if std::mem::take(&mut self.in_call) {
            tally.finished(self.id, &heard.outcome, heard.is_cut_off());
            tally.over();
        } else {
            tally.unheard(call_id(&heard.call), &heard.outcome);
        }
        drop(tally);
        (self.entry, self.key, self.dial, self.until) = (None, None, None, now + FAR);
        let Some(call) = self.call.take() else { return true };
        let known = heard.outcome == CALLBACK_OUTCOME;
        self.call = self.of.with_minds(|minds| minds.ended(now, call, &heard.outcome));
        self.promised = known && self.call.is_some();
        !self.promised || self.of.hall.hang_up.is_cancelled()
    }

    fn refused(&mut self, now: Wall, id: &str, reason: &str) -> bool {
        if let Some(due) = self.dial {
            self.of.hall.note(Measure::Refusal, due);
        }
        let mut tally = self.of.hall.tally.borrow_mut();
        tally.refused(id, reason);
        tally.over();
        drop(tally);
        self.in_call = false;
        let slot = self.slot;
        self.of.with_minds(|minds| minds.turned_away(now, slot));
        true
    }

    fn error(&mut self, now: Wall, code: &str) -> Result<bool, Breach> {
        match refusal_of(code) {
            Some(reason) if self.call.is_none() => Ok(self.refused(now, "", reason)),
            // What she did crossed what the centre did: the call ended, or the ringing stopped.
            _ if code == "out_of_turn" => Ok(false),
            _ => Err(Breach::Failed(format!("the centre says `{code}`"))),
        }
    }

    /// The line is given up.
    fn leave(&mut self, breach: Option<&Breach>) {
        let now = clock::wall();
        if self.in_call {
            let fallback = failed("left");
            for (measure, due) in [(Measure::Dial, self.dial), (Measure::Key, self.key), (Measure::End, self.hung_up)] {
                self.of.hall.in_vain(measure, due.filter(|_| !matches!(breach, Some(Breach::Turned(_)))));
            }
            self.of.hall.broke(breach.unwrap_or(&fallback), self.id, self.dialler.due);
            self.of.hall.tally.borrow_mut().over();
        }
        match self.call.take() {
            Some(call) => self.of.with_minds(|minds| minds.broke(now, call)),
            // It broke before there was a call.
            None if self.in_call => {
                let slot = self.slot;
                self.of.with_minds(|minds| minds.turned_away(now, slot));
            }
            None => {}
        }
    }
}

async fn send(link: &mut Link, frame: Message) -> Result<(), Breach> {
    link.send_frame(frame).await.map_err(|error| breach(&error))
}
