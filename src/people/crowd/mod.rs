//! The synthetic callers of a world: people with an intent, who hear what is said, key, wait, lose patience, call again.
//!
//! ```text
//! Birth ──born──► matter ──CallArrived──► on the telephone ──CallEnded──► settled, or calls again (attempt + 1)
//!                                          ▲      │
//!                                  DialBack└──────┴── a call back was promised
//! ```
//!
//! How to drive it: [`Crowd::born`] when a birth is due, [`Crowd::wake`] when a plan of [`Who::Synthetic`] is due. Where
//! the first input of the wishes is then an [`Input::CallArrived`], it is given to the engine at once and [`Crowd::dialled`]
//! told the id. Of the engine, [`Crowd::hear`] is told every command to a caller's telephone and [`Crowd::notice`] every
//! fact (of which it heeds `CallbackPromised` and `CallEnded` alone); of the services, [`Crowd::text_message`] every
//! one-time code sent.
//!
//! One call of one caller is a [`Mind`]; what outlasts the call is here. Nothing is kept of a matter that is over.

mod edition;
mod entry;
mod manner;
mod matter;
mod mind;
mod questions;
mod redial;
mod window;

use std::sync::Arc;

use self::{
    edition::{Edition, Names},
    manner::{About, comes_true, number, stream},
    matter::{Matter, State, number_of_probe, number_on_file, number_outside},
    redial::Redial,
    window::Window,
};
pub use self::{
    manner::Manner,
    mind::{Ear, Mind, Someone, caller_of},
};
use super::{
    Who, Wishes,
    caller::Act,
    cast::Cast,
    demand::{
        Birth,
        rules::{Source, Whom},
    },
};
use crate::{
    engine::{Command, Fact, Input, Origin},
    id::CallId,
    pii::{CallerNumber, Digits, Secret},
    random::{Purpose, Root, Seed, Stream, unit},
    registry::{Person, Registry},
    script::{Script, model::Key},
    time::{Duration, Instant, LocalClock},
};

/// The share of people outside the registry who call with their number withheld. An assumption: no figure is published.
const WITHHELD: f64 = 0.02;

/// All synthetic callers of a world. Memory is bounded by the matters in progress at a time, whatever has passed.
#[derive(Clone, Debug)]
pub struct Crowd {
    seed: Root,
    cast: Arc<Cast>,
    manners: Arc<[Manner]>,
    redial: Arc<Redial>,
    names: Arc<Names>,
    clock: LocalClock,
    /// The edition that [`Crowd::again`] begins with.
    first: Arc<Edition>,
    /// As published, the one that calls begin on last; those that no matter was last called about on are forgotten.
    editions: Vec<Option<Arc<Edition>>>,
    matters: Vec<Matter>,
    free: Vec<u32>,
    calls: Window,
}

/// The most keys of an entry.
const MOST_KEYS: usize = 16;

/// Keys in the midst of an entry, which are certain to be pressed, if nothing happens to the call.
#[derive(Clone, Copy, Debug)]
pub struct Keying {
    /// On which call.
    pub call: CallId,
    keys: [Key; MOST_KEYS],
    count: u8,
    /// The time between one key and the next; the first is pressed now.
    pub pace: Duration,
}

impl Keying {
    /// The keys, in order; at least two.
    pub fn keys(&self) -> &[Key] {
        &self.keys[..usize::from(self.count)]
    }
}

impl Crowd {
    /// Nobody yet. Intents, languages and personas of `cast` are those of `script`, on which calls begin.
    pub fn new(seed: Seed, cast: Arc<Cast>, script: &Arc<Script>, clock: &LocalClock) -> Crowd {
        let names = Names::of(script);
        let first = Arc::new(Edition::new(script, &names, clock));
        Crowd {
            seed: seed.root(),
            editions: vec![Some(first.clone())],
            first,
            manners: cast.personas.iter().map(Manner::new).collect(),
            redial: Arc::new(Redial::new(&cast.redial)),
            cast,
            names: Arc::new(names),
            clock: clock.clone(),
            matters: Vec::new(),
            free: Vec::new(),
            calls: Window::default(),
        }
    }

    /// The same people with other chance, nobody having called yet: for another replication. Cheaper than [`Crowd::new`].
    pub fn again(&self, seed: Seed) -> Crowd {
        Crowd {
            seed: seed.root(),
            editions: vec![Some(self.first.clone())],
            first: self.first.clone(),
            matters: Vec::new(),
            free: Vec::new(),
            calls: Window::default(),
            cast: self.cast.clone(),
            manners: self.manners.clone(),
            redial: self.redial.clone(),
            names: self.names.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Calls begin on this script from now on; intents and languages are found in it by name.
    pub fn publish(&mut self, script: &Arc<Script>) {
        let mut used = vec![false; self.editions.len()];
        let under_way = self.matters.iter().filter(|matter| matter.state != State::Free);
        under_way.for_each(|matter| used[matter.edition as usize] = true);
        for (edition, _) in self.editions.iter_mut().zip(used).filter(|(_, used)| !used) {
            *edition = None;
        }
        self.editions.push(Some(Arc::new(Edition::new(script, &self.names, &self.clock))));
    }

    /// The script that calls begin on.
    fn current(&self) -> &Edition {
        self.editions.last().and_then(Option::as_ref).unwrap_or(&self.first)
    }

    /// Somebody new calls: her slot, and her call as the first input of `wishes`. `registry` tells who she is.
    pub fn born(&mut self, _at: Instant, birth: &Birth, registry: Option<&Registry>, wishes: &mut Wishes) -> u32 {
        let matter = self.conceive(birth, registry);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.matters[slot as usize] = matter;
                slot
            }
            None => {
                self.matters.push(matter);
                (self.matters.len() - 1) as u32
            }
        };
        self.place_call(slot, wishes);
        slot
    }

    /// What is fixed about a caller at birth.
    fn conceive(&self, birth: &Birth, registry: Option<&Registry>) -> Matter {
        let Birth { lot, person, source, .. } = *birth;
        let source = self.cast.demand.sources.get(source as usize);
        let person = person.and_then(|id| registry?.person(id));
        let (intent, persona) = source.map_or((None, 0), |source| self.wants(source, lot));
        let language = self.speaks(source, person.as_ref(), lot);
        let number = self.number(source, person.as_ref(), lot);
        let probe = source.is_some_and(|source| matches!(source.people, Whom::Probe { .. }));
        let after = source.map_or(&[][..], |source| &source.adviser_after).iter().find(|of| Some(of.0.0) == intent);
        Matter {
            mind: Mind::idle(),
            me: Someone {
                lot,
                attempt: 0,
                call_lot: 0,
                intent: None,
                language: self.names.default_language(),
                person: person.as_ref().map(|person| person.id),
                region: person.as_ref().map_or(0, |person| person.region() as u8 + 1),
                code: Secret::default(),
                probe,
                adviser_after: after.map(|of| of.1),
            },
            call: None,
            number,
            intent,
            language,
            persona,
            edition: 0,
            state: State::Dialling,
            promises: 0,
            dialled_back: 0,
            settled: false,
            acts_at: Instant::NEVER,
            planned: Instant::NEVER,
        }
    }

    /// Her intent and persona.
    fn wants(&self, source: &Source, lot: u64) -> (Option<u16>, u16) {
        let alone = source.intents.len() <= 1 && source.personas.len() <= 1;
        let mut stream = (!alone).then(|| self.seed.stream(Purpose::Intent, lot));
        let intent = pick(source.intents.iter().map(|&(intent, share)| (intent.0, share)), stream.as_mut());
        let persona = pick(source.personas.iter().copied(), stream.as_mut());
        (intent, persona.unwrap_or(0).min(self.manners.len().saturating_sub(1) as u16))
    }

    fn speaks(&self, source: Option<&Source>, person: Option<&Person>, lot: u64) -> u8 {
        if let Some(person) = person {
            return self.names.spoken(person.language()).0;
        }
        let languages = source.map_or(&[][..], |source| &source.languages);
        let mut stream = (languages.len() > 1).then(|| self.seed.stream(Purpose::Language, lot));
        let spoken = pick(languages.iter().map(|&(language, share)| (language.0, share)), stream.as_mut());
        spoken.unwrap_or(self.names.default_language().0)
    }

    fn number(&self, source: Option<&Source>, person: Option<&Person>, lot: u64) -> Option<CallerNumber> {
        match (source.map(|source| &source.people), person) {
            (Some(Whom::Probe { telephones }), _) => Some(number_of_probe(lot % u64::from((*telephones).max(1)))),
            (_, Some(person)) => Some(number_on_file(person.id.0, person.phone_tail())),
            _ => {
                let bits = number(self.seed, Purpose::Birth, lot, About::Withheld);
                (unit(bits) >= WITHHELD).then(|| number_outside(bits))
            }
        }
    }

    /// Calls, for the first time or again.
    fn place_call(&mut self, slot: u32, wishes: &mut Wishes) {
        let edition = self.current();
        let matter = &self.matters[slot as usize];
        let (intent, language) = (edition.intent(matter.intent), edition.language(matter.language));
        // Where no menu asks for it, each language has a number of its own.
        let dialled = (!edition.guide.asks_for_language()).then_some(language);
        let edition = self.editions.len() - 1;
        let matter = &mut self.matters[slot as usize];
        (matter.edition, matter.state, matter.settled) = (edition as u32, State::Dialling, false);
        let me = &mut matter.me;
        me.next_attempt();
        (me.code, me.intent, me.language) = (Secret::default(), intent, language);
        let origin = Origin { lot: me.call_lot, attempt: me.attempt, intent, region: me.region };
        wishes.inputs.push(Input::CallArrived { caller: matter.number, language: dialled, origin: Some(origin) });
    }

    /// The call just placed by the caller in `slot` has this id; `None`: it was refused.
    pub fn dialled(&mut self, at: Instant, slot: u32, call: Option<CallId>, wishes: &mut Wishes) {
        let Some(matter) = self.matters.get_mut(slot as usize) else { return };
        match call {
            Some(call) => {
                self.calls.insert(call, slot, false);
                (matter.call, matter.state, matter.mind) = (Some(call), State::OnTelephone, Mind::dialled(at));
            }
            None => {
                matter.state = State::Idle;
                self.call_again(at, slot, false);
                self.plan(slot, wishes);
                self.release(slot);
            }
        }
    }

    /// A caller's telephone does something. Commands about calls that are not synthetic callers' are ignored.
    #[inline]
    pub fn hear(&mut self, at: Instant, command: &Command, registry: Option<&Registry>, wishes: &mut Wishes) {
        let call = match *command {
            Command::Play(ref play) => play.call,
            Command::Listen(ref listen) => listen.call,
            Command::StopPlaying { call } | Command::Waiting { call, .. } | Command::HangUp { call, .. } => call,
            Command::Connect { call, .. } | Command::Disconnect { call, .. } => call,
            Command::DialBack { call, .. } => return self.rings(at, call, wishes),
            Command::StopDialling { call } => return self.falls_silent(call, wishes),
            _ => return,
        };
        let Some((slot, _)) = self.calls.get(call) else { return };
        let matter = &mut self.matters[slot as usize];
        if matter.call != Some(call) || matter.state != State::OnTelephone {
            return;
        }
        // Most of what is said is heard, and changes nothing that she means to do.
        if let Command::StopPlaying { .. } = command {
            matter.mind.hear_silence(at);
            return;
        }
        let Some(edition) = &self.editions[matter.edition as usize] else { return };
        if let Command::Play(play) = command
            && matter.mind.only_hears(play, &edition.guide)
        {
            return;
        }
        self.think(at, slot, call, command, registry, wishes);
    }

    /// What she hears may change what she means to do.
    fn think(
        &mut self,
        at: Instant,
        slot: u32,
        call: CallId,
        command: &Command,
        registry: Option<&Registry>,
        wishes: &mut Wishes,
    ) {
        let matter = &mut self.matters[slot as usize];
        let Some(edition) = &self.editions[matter.edition as usize] else { return };
        let ear = Ear {
            guide: &edition.guide,
            manner: &self.manners[matter.persona as usize],
            seed: self.seed,
            me: &matter.me,
            registry,
        };
        if let Some(act) = matter.mind.hear(at, command, &ear) {
            wishes.inputs.push(input(call, act));
        }
        self.plan(slot, wishes);
    }

    /// Her telephone rings: a call back. Who is on the telephone is engaged; who does not answer lets it ring.
    fn rings(&mut self, at: Instant, call: CallId, wishes: &mut Wishes) {
        let Some((slot, _)) = self.calls.get(call) else { return };
        let matter = &mut self.matters[slot as usize];
        if matter.call.is_some() {
            wishes.inputs.push(Input::CallerUnreachable { call });
            return;
        }
        let manner = &self.manners[matter.persona as usize];
        matter.dialled_back = matter.dialled_back.saturating_add(1);
        let owner = matter.me.call_lot ^ u64::from(matter.dialled_back);
        if comes_true(manner.answers_callback, self.seed, Purpose::Callback, owner, About::AnswersCallback) {
            let mut stream = stream(self.seed, Purpose::Callback, owner, About::AnswersCallback);
            matter.acts_at = at + manner.callback_after.sample(&mut stream);
            matter.state = State::Ringing(call);
            self.plan(slot, wishes);
        }
    }

    fn falls_silent(&mut self, call: CallId, wishes: &mut Wishes) {
        let Some((slot, _)) = self.calls.get(call) else { return };
        let matter = &mut self.matters[slot as usize];
        if matter.state == State::Ringing(call) {
            matter.state = State::Idle;
            self.plan(slot, wishes);
        }
    }

    /// Something happened: of interest are [`Fact::CallbackPromised`] and [`Fact::CallEnded`].
    #[inline]
    pub fn notice(&mut self, at: Instant, fact: &Fact, wishes: &mut Wishes) {
        match *fact {
            Fact::CallbackPromised { call, callback, .. } => {
                if let Some((slot, _)) = self.calls.get(call) {
                    self.calls.insert(callback, slot, true);
                    let matter = &mut self.matters[slot as usize];
                    matter.promises = matter.promises.saturating_add(1);
                }
            }
            Fact::CallEnded { call, outcome, .. } => self.ended(at, call, outcome, wishes),
            _ => {}
        }
    }

    /// The plan of the caller in `slot` is due. When she calls again, her call is the first input of `wishes`.
    pub fn wake(&mut self, at: Instant, slot: u32, wishes: &mut Wishes) {
        let Some(matter) = self.matters.get_mut(slot as usize) else { return };
        matter.planned = Instant::NEVER;
        match (matter.state, matter.call) {
            (State::OnTelephone, Some(call)) => {
                wishes.inputs.extend(matter.mind.wake(at).map(|act| input(call, act)));
            }
            (State::Ringing(call), _) => {
                (matter.call, matter.state, matter.mind) = (Some(call), State::OnTelephone, Mind::picked_up(at));
                wishes.inputs.push(Input::CallerAnswered { call });
            }
            (State::CallsAgain, _) => self.place_call(slot, wishes),
            _ => {}
        }
        self.plan(slot, wishes);
    }

    /// What the caller in `slot`, whose plan is due, keys in the midst of an entry; `None`: she does something else.
    #[inline]
    pub fn keying(&self, at: Instant, slot: u32) -> Option<Keying> {
        let matter = self.matters.get(slot as usize)?;
        let call = matter.call.filter(|_| matter.state == State::OnTelephone)?;
        let (mut entry, pace) = matter.mind.keying(at)?;
        let mut keying = Keying { call, keys: [Key::ZERO; MOST_KEYS], count: 0, pace };
        while let Some(key) = entry.next() {
            keying.keys[usize::from(keying.count)] = key;
            keying.count += 1;
        }
        Some(keying)
    }

    /// She has pressed so many of these keys, at their times, or will have.
    pub fn has_keyed(&mut self, slot: u32, keys: u8, wishes: &mut Wishes) {
        let matter = &mut self.matters[slot as usize];
        matter.mind.has_keyed(keys);
        matter.planned = Instant::NEVER;
        self.plan(slot, wishes);
    }

    /// Whether a call is a synthetic caller's, and she is on the telephone.
    pub fn is_on(&self, call: CallId) -> bool {
        let slot = self.calls.get(call).map(|(slot, _)| slot);
        slot.is_some_and(|slot| self.matters[slot as usize].call == Some(call))
    }

    /// A one-time code reached the telephone of whoever makes this call.
    pub fn text_message(&mut self, call: CallId, code: Secret<Digits>) {
        if let Some((slot, _)) = self.calls.get(call) {
            self.matters[slot as usize].me.code = code;
        }
    }

    /// How many matters are in progress: callers on the telephone, those who will call again and those to be called back.
    pub fn matters(&self) -> usize {
        self.matters.len() - self.free.len()
    }

    /// Tells the world when the caller in `slot` wants to be woken, where that has changed.
    fn plan(&mut self, slot: u32, wishes: &mut Wishes) {
        let matter = &mut self.matters[slot as usize];
        let due = matter.due();
        if due == matter.planned {
            return;
        }
        matter.planned = due;
        match due < Instant::NEVER {
            true => wishes.wake(Who::Synthetic(slot), due),
            false => wishes.forget(Who::Synthetic(slot)),
        }
    }
}

fn input(call: CallId, act: Act) -> Input {
    match act {
        Act::Press(key) => Input::Dtmf { call, key },
        Act::HangUp => Input::CallerHungUp { call },
    }
}

/// One of several by their shares; takes a number of the stream where there is more than one.
fn pick<T: Copy>(mut shares: impl ExactSizeIterator<Item = (T, f64)>, stream: Option<&mut Stream>) -> Option<T> {
    use rand::Rng;
    let Some(stream) = stream.filter(|_| shares.len() > 1) else { return shares.next().map(|share| share.0) };
    let mut left = unit(stream.next_u64());
    let mut last = None;
    for (value, share) in shares {
        last = Some(value);
        left -= share;
        if left < 0.0 {
            break;
        }
    }
    last
}
