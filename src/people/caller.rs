//! Scripted callers: a list of keys and hang-ups with their times, and what they do when they are called back.
//!
//! A script of this kind does not listen: it presses at its times whatever is said. That is what a test of two clocks or a
//! random story wants. Dialogues that wait for what is said are driven from outside, by what the world tells.

use std::collections::BTreeMap;

use super::{Who, Wishes};
use crate::{
    engine::{Command, Fact, Input},
    id::{CallId, LanguageId},
    pii::{CallerNumber, Digits},
    script::model::Key,
    time::{Duration, Instant},
};

/// Something a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Presses a key.
    Press(Key),
    /// Hangs up.
    HangUp,
}

/// What a caller does when the centre calls back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallbackHabit {
    /// Lets it ring.
    #[default]
    Ignores,
    /// Cannot be reached; the network says so after this long.
    Unreachable(Duration),
    /// Picks up after this long and then acts, at times counted from picking up.
    Answers(Duration, Vec<(Duration, Act)>),
}

/// A scripted caller.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// When she calls.
    pub calls_at: Instant,
    /// Her number; `None`: withheld.
    pub number: Option<CallerNumber>,
    /// The language to begin in, when not the centre's default.
    pub language: Option<LanguageId>,
    /// What she does, at times counted from the beginning of the call, in rising order.
    pub acts: Vec<(Duration, Act)>,
    /// What she does when called back.
    pub callback: CallbackHabit,
}

impl Caller {
    /// Somebody who calls at this instant, number withheld, and does nothing but listen.
    pub fn at(calls_at: Instant) -> Caller {
        Caller { calls_at, ..Caller::default() }
    }
    /// She calls from this number.
    pub fn from(mut self, number: Digits) -> Caller {
        self.number = Some(CallerNumber::new(number));
        self
    }
    /// The call begins in this language.
    pub fn speaking(mut self, language: LanguageId) -> Caller {
        self.language = Some(language);
        self
    }
    /// She presses `keys` one after the other, the first `after` what she did before (or after calling), then every
    /// `pace`. Characters that are no keys are left out.
    pub fn press(mut self, after: Duration, keys: &str, pace: Duration) -> Caller {
        let mut time = self.last() + after;
        for key in keys.chars().filter_map(Key::from_char) {
            self.acts.push((time, Act::Press(key)));
            time += pace;
        }
        self
    }
    /// She hangs up `after` what she did before (or after calling).
    pub fn hang_up(mut self, after: Duration) -> Caller {
        self.acts.push((self.last() + after, Act::HangUp));
        self
    }
    /// When called back, she does this.
    pub fn called_back(mut self, habit: CallbackHabit) -> Caller {
        self.callback = habit;
        self
    }
    fn last(&self) -> Duration {
        self.acts.last().map_or(Duration::ZERO, |act| act.0)
    }
}

/// All scripted callers of a world.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    people: Vec<Person>,
    /// Whose a call is: her own, or one in which she was called back.
    calls: BTreeMap<CallId, u32>,
}

#[derive(Clone, Debug)]
struct Person {
    caller: Caller,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Has not called yet.
    Waiting,
    /// On the telephone: which call, since when, acts done.
    Calling { call: CallId, since: Instant, done: usize },
    /// The call is over.
    Idle,
    /// Her telephone rings.
    Ringing { call: CallId },
    /// Picked up a call back: which call, since when, acts done.
    CalledBack { call: CallId, since: Instant, done: usize },
}

impl Callers {
    pub(super) fn add(&mut self, now: Instant, caller: Caller, wishes: &mut Wishes) {
        wishes.wake(Who::Caller(self.people.len() as u32), caller.calls_at.max(now));
        self.people.push(Person { caller, state: State::Waiting });
    }

    pub(super) fn dialled(&mut self, at: Instant, caller: u32, call: Option<CallId>, wishes: &mut Wishes) {
        let person = &mut self.people[caller as usize];
        person.state = match call {
            Some(call) => {
                self.calls.insert(call, caller);
                State::Calling { call, since: at, done: 0 }
            }
            None => State::Idle,
        };
        person.plan(caller, wishes);
    }

    /// A caller does the next thing on her list.
    pub(super) fn act(&mut self, at: Instant, caller: u32, wishes: &mut Wishes) {
        let person = &mut self.people[caller as usize];
        match &mut person.state {
            State::Idle => {}
            State::Waiting => wishes.inputs.push(Input::CallArrived {
                caller: person.caller.number,
                language: person.caller.language,
                origin: None,
            }),
            State::Ringing { call } => {
                let call = *call;
                match person.caller.callback {
                    CallbackHabit::Ignores => {}
                    CallbackHabit::Unreachable(_) => {
                        person.state = State::Idle;
                        wishes.inputs.push(Input::CallerUnreachable { call });
                    }
                    CallbackHabit::Answers(..) => {
                        person.state = State::CalledBack { call, since: at, done: 0 };
                        wishes.inputs.push(Input::CallerAnswered { call });
                        person.plan(caller, wishes);
                    }
                }
            }
            State::Calling { call, done, .. } | State::CalledBack { call, done, .. } => {
                let (call, now) = (*call, *done);
                *done += 1;
                match person.acts().get(now) {
                    Some((_, Act::Press(key))) => wishes.inputs.push(Input::Dtmf { call, key: *key }),
                    Some((_, Act::HangUp)) => wishes.inputs.push(Input::CallerHungUp { call }),
                    None => {}
                }
                person.plan(caller, wishes);
            }
        }
    }

    pub(super) fn hear(&mut self, at: Instant, command: &Command, wishes: &mut Wishes) {
        if self.people.is_empty() {
            return;
        }
        match *command {
            Command::DialBack { call, promised_in, .. } => {
                let Some(&caller) = self.calls.get(&promised_in).or_else(|| self.calls.get(&call)) else { return };
                let person = &mut self.people[caller as usize];
                let delay = match person.caller.callback {
                    CallbackHabit::Ignores => None,
                    CallbackHabit::Unreachable(delay) | CallbackHabit::Answers(delay, _) => Some(delay),
                };
                self.calls.insert(call, caller);
                // Whoever is still on the telephone is engaged.
                if matches!(person.state, State::Calling { .. } | State::CalledBack { .. }) {
                    wishes.inputs.push(Input::CallerUnreachable { call });
                } else if let Some(delay) = delay {
                    person.state = State::Ringing { call };
                    wishes.wake(Who::Caller(caller), at + delay);
                }
            }
            Command::StopDialling { call } => self.stop(call, wishes),
            _ => {}
        }
    }

    pub(super) fn notice(&mut self, fact: &Fact, wishes: &mut Wishes) {
        if self.people.is_empty() {
            return;
        }
        match *fact {
            Fact::CallbackPromised { call, callback, .. } => {
                if let Some(&caller) = self.calls.get(&call) {
                    self.calls.insert(callback, caller);
                }
            }
            Fact::CallEnded { call, .. } => {
                self.stop(call, wishes);
                self.calls.remove(&call);
            }
            _ => {}
        }
    }

    /// Nothing more is done about a call.
    fn stop(&mut self, call: CallId, wishes: &mut Wishes) {
        let Some(&caller) = self.calls.get(&call) else { return };
        let person = &mut self.people[caller as usize];
        if person.call() == Some(call) {
            person.state = State::Idle;
            wishes.forget(Who::Caller(caller));
        }
    }
}

impl Person {
    fn call(&self) -> Option<CallId> {
        match self.state {
            State::Waiting | State::Idle => None,
            State::Calling { call, .. } | State::Ringing { call } | State::CalledBack { call, .. } => Some(call),
        }
    }

    fn acts(&self) -> &[(Duration, Act)] {
        match (&self.state, &self.caller.callback) {
            (State::Calling { .. }, _) => &self.caller.acts,
            (State::CalledBack { .. }, CallbackHabit::Answers(_, acts)) => acts,
            _ => &[],
        }
    }

    /// Plans the next act of the call she is in.
    fn plan(&self, caller: u32, wishes: &mut Wishes) {
        let (State::Calling { since, done, .. } | State::CalledBack { since, done, .. }) = self.state else { return };
        if let Some(&(after, _)) = self.acts().get(done) {
            wishes.wake(Who::Caller(caller), since + after);
        }
    }
}
