//! Callers without sockets: each keys one entry after another as soon as she has heard out what is said, over a world.

use std::collections::{BTreeMap, VecDeque};

use hatif::{
    engine::{Command, Fact, Input},
    id::{CallId, LanguageId},
    pii::CallerNumber,
    script::model::Key,
    time::{Duration, Instant},
    world::{Notice, World},
};

/// How long after the last word she keys.
const PACE: Duration = Duration::from_millis(400);

/// A call to be made.
#[derive(Clone, Debug)]
pub struct Dial {
    /// From which number.
    pub from: Option<CallerNumber>,
    /// In which language she begins.
    pub language: Option<LanguageId>,
    /// What she keys when asked, in order; nothing where the entry is empty. After the last she hangs up when asked again.
    pub entries: Vec<String>,
}

#[derive(Clone, Debug)]
enum Act {
    Dial(usize, Dial),
    Key(CallId, String),
    HangUp(CallId),
}

#[derive(Clone, Debug)]
struct Line {
    entries: VecDeque<String>,
    speaks_until: Instant,
}

/// A world and those who call it.
#[derive(Clone)]
pub struct Lines {
    pub world: World,
    acts: BTreeMap<(Instant, u64), Act>,
    made: u64,
    lines: BTreeMap<CallId, Line>,
    /// Which call each [`Dial`] became, by the order in which they were entered.
    pub calls: BTreeMap<CallId, usize>,
}

impl Lines {
    pub fn new(world: World) -> Lines {
        Lines { world, acts: BTreeMap::new(), made: 0, lines: BTreeMap::new(), calls: BTreeMap::new() }
    }

    fn plan(&mut self, at: Instant, act: Act) {
        self.made += 1;
        self.acts.insert((at, self.made), act);
    }

    /// Somebody will call; `nth` is what [`Lines::calls`] says of her call.
    pub fn dial(&mut self, at: Instant, nth: usize, dial: Dial) {
        self.plan(at, Act::Dial(nth, dial));
    }

    /// Lets happen what does until `until`, or until nobody calls any more; `hear` is told everything.
    pub fn run(&mut self, until: Instant, hear: &mut impl FnMut(&Notice)) {
        self.drain(hear);
        while !self.acts.is_empty() || !self.lines.is_empty() {
            let act = self.acts.first_key_value().map(|(&(at, _), _)| at);
            let next = [act, self.world.next_deadline()].into_iter().flatten().min();
            let Some(now) = next.filter(|&next| next <= until) else { break };
            self.world.advance_to(now);
            self.drain(hear);
            while let Some(entry) = self.acts.first_entry().filter(|entry| entry.key().0 <= now) {
                let act = entry.remove();
                self.act(now, act);
                self.drain(hear);
            }
        }
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Dial(nth, dial) => {
                let Dial { from: caller, language, entries } = dial;
                if let Some(call) = self.world.inject(now, Input::CallArrived { caller, language, origin: None }) {
                    self.calls.insert(call, nth);
                    self.lines.insert(call, Line { entries: entries.into(), speaks_until: now });
                }
            }
            Act::Key(call, keys) => {
                for key in keys.chars().filter_map(Key::from_char) {
                    self.world.inject(now, Input::Dtmf { call, key });
                }
            }
            Act::HangUp(call) => {
                self.world.inject(now, Input::CallerHungUp { call });
            }
        }
    }

    fn drain(&mut self, hear: &mut impl FnMut(&Notice)) {
        while let Some(notice) = self.world.poll() {
            hear(&notice);
            match &notice {
                Notice::ToCaller(_, Command::Play(play)) => {
                    if let Some(line) = self.lines.get_mut(&play.call) {
                        line.speaks_until = line.speaks_until.max(play.begins + play.duration);
                    }
                }
                Notice::ToCaller(now, Command::Listen(listen)) => {
                    let Some(line) = self.lines.get_mut(&listen.call) else { continue };
                    let at = line.speaks_until.max(*now) + PACE;
                    match line.entries.pop_front() {
                        Some(keys) if keys.is_empty() => {}
                        Some(keys) => self.plan(at, Act::Key(listen.call, keys)),
                        None => self.plan(at, Act::HangUp(listen.call)),
                    }
                }
                Notice::Event(event) => {
                    if let Fact::CallEnded { call, .. } = event.fact {
                        self.lines.remove(&call);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A calling number of ten digits.
pub fn number(n: u64) -> CallerNumber {
    CallerNumber::new(hatif::pii::Digits::from_number(600_000_000 + n, 10).expect("ten digits"))
}
