//! The callers of `people` at their telephones: their minds, who is on which line, and when they want to be woken.
//!
//! ```text
//! birth ──► Minds::born ──► a line dials ──ringing──► Minds::dialled
//! a frame ──► Minds::hear ──► mind ──► wishes ──► orders to lines, alarms
//! alarm due ──► Minds::wake ──► a key, a hang-up, or another call
//! ```
//!
//! They know no socket: they hand orders to [`Phone`]s and say who dials.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    rc::Rc,
};

use ahash::HashMap;
use tokio::{sync::Notify, time::Instant as Wall};

use super::{
    births::People,
    heard::{Heard, Kind},
    names::Names,
    pace::Pace,
};
use crate::{
    engine::{Command, Fact, Input, event::Cause},
    id::{CallId, NodeId, QueueId},
    people::{Who, Wishes, crowd::Crowd, demand::Birth},
    pii::{CallerNumber, Digits, Secret},
    random::Seed,
    registry::Registry,
    script::model::{Key, Outcome},
    time::Instant,
};

/// Something a caller does with her telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Presses a key.
    Press(Key),
    /// Hangs up, or lets it ring.
    HangUp,
    /// Picks up a call back.
    Answer,
}

/// A caller's telephone: what she is about to do with it, and when she meant to.
#[derive(Debug, Default)]
pub struct Phone {
    orders: RefCell<VecDeque<(Order, Wall)>>,
    /// Rung when there are orders.
    pub bell: Notify,
    /// The call she is on, or a promised one, as the minds number calls.
    pub call: Cell<Option<CallId>>,
}

impl Phone {
    /// The next thing she does.
    pub fn order(&self) -> Option<(Order, Wall)> {
        self.orders.borrow_mut().pop_front()
    }

    fn put(&self, order: Order, due: Wall) {
        self.orders.borrow_mut().push_back((order, due));
        self.bell.notify_one();
    }
}

/// Somebody who dials.
#[derive(Clone, Copy, Debug)]
pub struct Dialler {
    /// Her place in the crowd.
    pub slot: u32,
    /// Her number; `None`: withheld.
    pub number: Option<CallerNumber>,
    /// The language she asks for, by index.
    pub language: Option<crate::id::LanguageId>,
    /// When she meant to.
    pub due: Wall,
}

/// See the top of this file.
#[derive(Debug)]
pub struct Minds {
    crowd: Crowd,
    registry: Registry,
    names: Names,
    wishes: Wishes,
    pace: Pace,
    phones: HashMap<CallId, Rc<Phone>>,
    alarms: BinaryHeap<Reverse<(Instant, u32)>>,
    /// By slot: when its caller wants to be woken.
    planned: Vec<Instant>,
    last_call: u64,
}

impl Minds {
    /// Nobody on the telephone yet.
    pub fn new(people: People, seed: u64, pace: Pace) -> Minds {
        let People { scenario, registry, .. } = people;
        Minds {
            crowd: Crowd::new(Seed::new(seed), scenario.cast, &scenario.script, &scenario.clock),
            registry,
            names: Names::of(&scenario.script),
            wishes: Wishes::default(),
            pace,
            phones: HashMap::default(),
            alarms: BinaryHeap::new(),
            planned: Vec::new(),
            last_call: 0,
        }
    }

    /// The names of the menus.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Somebody calls who was due at `due`.
    pub fn born(&mut self, birth: &Birth, due: Wall) -> Option<Dialler> {
        let at = self.pace.at(due);
        let slot = self.crowd.born(at, birth, Some(&self.registry), &mut self.wishes);
        self.dialler(slot, due)
    }

    /// Takes the call that somebody wishes to make first of all.
    fn dialler(&mut self, slot: u32, due: Wall) -> Option<Dialler> {
        let Some(&Input::CallArrived { caller, language, .. }) = self.wishes.inputs.first() else { return None };
        self.wishes.inputs.remove(0);
        Some(Dialler { slot, number: caller, language, due })
    }

    /// Her call exists.
    pub fn dialled(&mut self, now: Wall, slot: u32, phone: &Rc<Phone>) -> CallId {
        let call = self.new_call();
        phone.call.set(Some(call));
        self.phones.insert(call, phone.clone());
        self.crowd.dialled(self.pace.at(now), slot, Some(call), &mut self.wishes);
        self.settle(now);
        call
    }

    /// Her call was not taken.
    pub fn turned_away(&mut self, now: Wall, slot: u32) {
        self.crowd.dialled(self.pace.at(now), slot, None, &mut self.wishes);
        self.settle(now);
    }

    fn new_call(&mut self) -> CallId {
        self.last_call += 1;
        CallId(self.last_call)
    }

    /// Her telephone does something.
    pub fn hear(&mut self, now: Wall, call: CallId, heard: &Heard<'_>) {
        if heard.kind == Kind::Sms {
            if let Some(code) = code(&heard.text) {
                self.crowd.text_message(call, code);
            }
            return;
        }
        let at = self.pace.at(now);
        if let Some(command) = self.names.command(at, call, heard) {
            self.crowd.hear(at, &command, Some(&self.registry), &mut self.wishes);
            self.settle(now);
        }
    }

    /// Her telephone rings for a promised call.
    pub fn rings(&mut self, now: Wall, call: CallId) {
        let caller = CallerNumber::new(Digits::default());
        let command = Command::DialBack { call, promised_in: call, caller };
        self.crowd.hear(self.pace.at(now), &command, Some(&self.registry), &mut self.wishes);
        self.settle(now);
    }

    /// A call is over. Gives the call back that was promised in it.
    pub fn ended(&mut self, now: Wall, call: CallId, outcome: &str) -> Option<CallId> {
        let outcome = self.names.outcome(outcome);
        let phone = self.phones.remove(&call);
        let promised = phone.filter(|_| outcome == Outcome::Callback).map(|phone| {
            let callback = self.new_call();
            self.notice(now, &Fact::CallbackPromised { call, callback, queue: QueueId(0) });
            phone.call.set(Some(callback));
            self.phones.insert(callback, phone);
            callback
        });
        self.notice(now, &Fact::CallEnded { call, outcome, cause: Cause::ScriptEnded, node: NodeId(0) });
        self.settle(now);
        promised
    }

    /// A call broke, or a promised one will not be waited for.
    pub fn broke(&mut self, now: Wall, call: CallId) {
        self.phones.remove(&call);
        let outcome = Outcome::Failed;
        self.notice(now, &Fact::CallEnded { call, outcome, cause: Cause::Aborted, node: NodeId(0) });
        self.settle(now);
    }

    fn notice(&mut self, now: Wall, fact: &Fact) {
        self.crowd.notice(self.pace.at(now), fact, &mut self.wishes);
    }

    /// When the next caller wants to be woken.
    pub fn next_alarm(&mut self) -> Option<Wall> {
        while let Some(Reverse((at, slot))) = self.alarms.peek().copied() {
            if self.planned.get(slot as usize) == Some(&at) {
                return Some(self.pace.wall_of(at));
            }
            self.alarms.pop();
        }
        None
    }

    /// Wakes the next caller, who meant to act at `due`. Whoever calls again is returned.
    pub fn wake(&mut self, due: Wall) -> Option<Dialler> {
        let Reverse((at, slot)) = self.alarms.pop()?;
        self.planned[slot as usize] = Instant::NEVER;
        self.crowd.wake(at, slot, &mut self.wishes);
        let dialler = self.dialler(slot, due);
        self.settle(due);
        dialler
    }

    /// Hands out what people wish; what they do, they meant to do at `due`.
    fn settle(&mut self, due: Wall) {
        for input in self.wishes.inputs.drain(..) {
            let (call, order) = match input {
                Input::Dtmf { call, key } => (call, Order::Press(key)),
                Input::CallerHungUp { call } | Input::CallerUnreachable { call } => (call, Order::HangUp),
                Input::CallerAnswered { call } => (call, Order::Answer),
                _ => continue,
            };
            if let Some(phone) = self.phones.get(&call) {
                phone.put(order, due);
            }
        }
        for plan in self.wishes.plans.drain(..) {
            let Who::Synthetic(slot) = plan.who else { continue };
            let place = slot as usize;
            if place >= self.planned.len() {
                self.planned.resize(place + 1, Instant::NEVER);
            }
            self.planned[place] = plan.at.unwrap_or(Instant::NEVER);
            if let Some(at) = plan.at {
                self.alarms.push(Reverse((at, slot)));
            }
        }
    }
}

/// The one-time code in a text message: its first run of four to eight digits.
fn code(text: &str) -> Option<Secret<Digits>> {
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    let digits: Digits = runs.find(|run| (4..=8).contains(&run.len()))?.parse().ok()?;
    Some(Secret::new(digits))
}
