//! One call of one caller: what she hears, and what she does about it.
//!
//! ```text
//!          ┌────────── Play, Listen at a menu ──────────┐
//!          ▼                                            │
//! dials ► Menus ──Waiting──► Queued ──Connect──► Talking ──Disconnect──► Menus (survey) …   hangs up ► Over
//! ```
//!
//! A mind is pure and small. It is told what the telephone does ([`Mind::hear`]) and what time it is ([`Mind::wake`]), and
//! answers with a key or by hanging up; [`Mind::due`] says when it wants to be woken. Whoever brings its commands, a world
//! or the far end of a socket, makes no difference.
//!
//! What she draws is keyed by her lot: her patience with waiting and her moods by the call, her keying by the how-manieth
//! question of the call it is. So another menu, queue or staffing meets the same caller as far as she gets the same way.

use super::{
    entry::Entry,
    manner::{About, Manner, Ready, comes_true, number, stream},
    questions::Will,
};
use crate::{
    engine::{
        Command,
        output::{Listen, Play},
    },
    id::{LanguageId, NodeId, PersonId, PromptId},
    people::{
        caller::Act,
        guide::{Goal, Guide, OfferKind, PlaceKind},
    },
    pii::{Digits, Secret},
    random::{Purpose, Root, Stream, mix, unit, unmix},
    registry::Registry,
    script::model::{IntentId, Key},
    time::{Duration, Instant},
};

/// After so many questions asked again in one call, she gives up.
pub(super) const MOST_ERRORS: u8 = 6;

/// Who calls, as far as it matters on the telephone.
#[derive(Clone, Copy, Debug)]
pub struct Someone {
    /// What her chance is keyed by.
    pub lot: u64,
    /// Which call for her matter it is, from 1.
    pub attempt: u8,
    /// What the chance of that call is keyed by.
    pub call_lot: u64,
    /// What she wants, of the intents of the guide's script.
    pub intent: Option<IntentId>,
    /// What she speaks, of the languages of that script.
    pub language: LanguageId,
    /// Who she is in the registry.
    pub person: Option<PersonId>,
    /// The region she lives in, 1 to 12; 0: not known.
    pub region: u8,
    /// The one-time code last sent to her; empty: none.
    pub code: Secret<Digits>,
    /// She tries registration numbers that are not hers.
    pub probe: bool,
    /// Chance of asking for an adviser after the machine's answer, where it is not her persona's.
    pub adviser_after: Option<f64>,
}

/// The caller's own number, from that of one of her calls.
pub fn caller_of(call_lot: u64, attempt: u8) -> u64 {
    unmix(unmix(call_lot) ^ (u64::from(attempt) << 56))
}

impl Someone {
    /// She calls, for the first time or again.
    pub(super) fn next_attempt(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
        // Mixed first: the bits of a lot tell its source, its day and its place, and what is put on them would meet another's.
        self.call_lot = mix(mix(self.lot) ^ (u64::from(self.attempt) << 56));
    }
}

/// What a mind needs of the world around it to hear and act.
#[derive(Clone, Copy)]
pub struct Ear<'a> {
    /// The menus as she understands them.
    pub guide: &'a Guide,
    /// Her persona.
    pub manner: &'a Manner,
    /// The root of her chance.
    pub seed: Root,
    /// Who she is.
    pub me: &'a Someone,
    /// Where her number and birth date stand; without, she has none.
    pub registry: Option<&'a Registry>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Over,
    Menus,
    Queued,
    Talking,
}

/// What she is about to do at [`Mind::act_at`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Plan {
    #[default]
    Nothing,
    Keys,
    HangUp,
}

/// One call of one caller. See the top of this file.
#[derive(Clone, Debug, Default)]
pub struct Mind {
    act_at: Instant,
    /// When she has had enough: of the menus, or of waiting.
    leave_at: Instant,
    /// What is left of her patience with the menus while she is not in them.
    menus_left: Duration,
    /// What is left of her patience with waiting while she stands in no queue; `None`: not drawn since she was last answered.
    patience_left: Option<Duration>,
    /// When the first prompt of the question in hand began.
    asked_at: Instant,
    speaking_until: Instant,
    unstoppable_until: Instant,
    entry: Entry,
    /// Between the keys of an entry.
    pace: Duration,
    prompt: PromptId,
    pub(super) node: NodeId,
    pub(super) goal: Option<Goal>,
    queue: u16,
    /// The how-manieth question of the call this is.
    question: u16,
    /// What is asked at an `authenticate` node.
    pub(super) proof: Option<crate::people::guide::Proof>,
    pub(super) errors: u8,
    pub(super) backs: u8,
    phase: Phase,
    plan: Plan,
    /// The next prompt begins a question.
    fresh: bool,
    begun: bool,
    /// She is on the way to an adviser, not to her matter.
    pub(super) to_adviser: bool,
    /// An option for her matter was chosen; it was the last.
    pub(super) chose: bool,
    pub(super) chose_last: bool,
    /// What the keys about to be pressed choose, as above.
    choosing: (bool, bool),
    /// She has what she came for.
    pub(super) answered: bool,
    /// She has spoken to an adviser.
    pub(super) talked: bool,
    /// The last entry was mis-keyed.
    pub(super) miskeyed: bool,
    accepted_language: bool,
}

impl Mind {
    /// She dials; her call begins now.
    pub fn dialled(at: Instant) -> Mind {
        Mind { phase: Phase::Menus, asked_at: at, fresh: true, ..Mind::idle() }
    }

    /// She picks up a call back.
    pub fn picked_up(at: Instant) -> Mind {
        Mind { phase: Phase::Talking, ..Mind::dialled(at) }
    }

    /// Not on the telephone.
    pub fn idle() -> Mind {
        Mind { act_at: Instant::NEVER, leave_at: Instant::NEVER, menus_left: Duration::MAX, ..Mind::default() }
    }

    /// Whether she has got what she came for, from the machine or from an adviser.
    pub fn is_served(&self) -> bool {
        self.answered
    }

    /// When she wants to be woken.
    pub fn due(&self) -> Option<Instant> {
        let at = match self.phase {
            Phase::Over | Phase::Talking => return None,
            Phase::Menus | Phase::Queued => self.act_at.min(self.leave_at),
        };
        (at < Instant::NEVER).then_some(at)
    }

    /// What is being said to her stops.
    #[inline]
    pub(super) fn hear_silence(&mut self, at: Instant) {
        self.speaking_until = at;
    }

    /// Takes in what is said, where that is all there is to it; false where she has more to think about.
    #[inline]
    pub(super) fn only_hears(&mut self, play: &Play, guide: &Guide) -> bool {
        let in_menus =
            self.phase == Phase::Menus && (self.leave_at < Instant::NEVER || self.menus_left == Duration::MAX);
        let only = in_menus && !matches!(guide.place(play.node).kind, PlaceKind::Record { .. });
        if only {
            self.take_in(play);
        }
        only
    }

    /// What is said and how long.
    #[inline]
    fn take_in(&mut self, play: &Play) {
        if std::mem::take(&mut self.fresh) {
            self.asked_at = play.begins;
        }
        self.speaking_until = play.begins + play.duration;
        if !play.barge_in {
            self.unstoppable_until = self.speaking_until;
        }
        self.prompt = play.prompt;
    }

    /// The keys that she presses from now on in the midst of an entry, all but the last, and the time between them; as far as
    /// she does not hang up before. Nothing but that they are keyed comes of them, as a rule.
    #[inline]
    pub(super) fn keying(&self, at: Instant) -> Option<(Entry, Duration)> {
        let keys = self.plan == Plan::Keys && self.act_at == at && self.entry.is_begun();
        if !keys || self.phase != Phase::Menus {
            return None;
        }
        let mut keys = self.entry.but_the_last();
        while keys.len() > 0 && at + self.pace * u64::from(keys.len() - 1) >= self.leave_at {
            keys = keys.but_the_last();
        }
        (keys.len() > 1).then_some((keys, self.pace))
    }

    /// She has pressed so many of the keys that [`Mind::keying`] told.
    pub(super) fn has_keyed(&mut self, keys: u8) {
        self.entry.skip(keys);
        self.act_at = self.act_at + self.pace * u64::from(keys);
    }

    /// Her telephone does something. What she does at once, if anything.
    pub fn hear(&mut self, at: Instant, command: &Command, ear: &Ear<'_>) -> Option<Act> {
        match command {
            Command::Play(play) => self.play(at, play, ear),
            Command::StopPlaying { .. } => self.speaking_until = at,
            Command::Listen(listen) => self.listen(at, listen, ear),
            Command::Waiting { queue, expected, .. } => return self.wait(at, queue.0, *expected, ear),
            Command::Connect { .. } => {
                self.leave_menus(at);
                self.phase = Phase::Talking;
                self.patience_left = None;
                (self.answered, self.talked) = (true, true);
            }
            Command::Disconnect { .. } => (self.phase, self.fresh) = (Phase::Menus, true),
            Command::HangUp { .. } => self.phase = Phase::Over,
            _ => {}
        }
        None
    }

    /// It is time for what she planned, or she has had enough.
    pub fn wake(&mut self, at: Instant) -> Option<Act> {
        if matches!(self.phase, Phase::Over | Phase::Talking) {
            return None;
        }
        if self.act_at <= at && self.plan == Plan::Keys {
            return self.press(at);
        }
        if self.act_at <= at || self.leave_at <= at {
            return Some(self.hang_up());
        }
        None
    }

    fn hang_up(&mut self) -> Act {
        self.phase = Phase::Over;
        Act::HangUp
    }

    fn press(&mut self, at: Instant) -> Option<Act> {
        if !self.entry.is_begun() {
            let (chose, last) = std::mem::take(&mut self.choosing);
            self.chose |= chose;
            self.chose_last |= last;
            self.fresh = true;
        }
        let key = self.entry.next();
        if self.entry.is_done() {
            (self.plan, self.act_at) = (Plan::Nothing, Instant::NEVER);
        } else {
            self.act_at = at + self.pace;
        }
        key.map(Act::Press)
    }

    fn play(&mut self, at: Instant, play: &Play, ear: &Ear<'_>) {
        self.take_in(play);
        match ear.guide.place(play.node).kind {
            PlaceKind::Queue { first, count } if self.phase == Phase::Queued => {
                self.consider_offer(at, (first, count), ear);
            }
            PlaceKind::Queue { .. } => {}
            kind => {
                self.return_to_menus(at);
                if let PlaceKind::Record { finish } = kind {
                    let mut stream = self.next_question(ear);
                    self.key_at(self.speaking_until + ear.manner.hesitation.sample(&mut stream), Entry::of(&[finish]));
                }
            }
        }
    }

    /// Keys are awaited: she makes up her mind.
    fn listen(&mut self, at: Instant, listen: &Listen, ear: &Ear<'_>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.begin(at, ear);
        }
        self.return_to_menus(at);
        let place = *ear.guide.place(listen.node);
        let proof = self.asked_proof(place.kind, listen.max, self.prompt, ear.guide);
        let again = self.node == listen.node && self.proof == proof && self.question > 0;
        if again && !matches!(place.kind, PlaceKind::Survey { .. }) {
            self.errors += 1;
        }
        (self.node, self.proof) = (listen.node, proof);
        let mut stream = self.next_question(ear);
        let will = match self.errors >= MOST_ERRORS {
            true => Will::HangUp,
            false => self.decide(listen, &place, self.prompt, ear),
        };
        self.intend(at, will, ear, &mut stream);
        self.fresh = true;
    }

    /// What is fixed about her for this call, on first being asked anything.
    fn begin(&mut self, at: Instant, ear: &Ear<'_>) {
        let (me, lot) = (ear.me, ear.me.call_lot);
        self.to_adviser =
            !me.probe && comes_true(ear.manner.adviser_early, ear.seed, Purpose::Keying, lot, About::AdviserEarly);
        self.goal = Some(match (me.probe, self.to_adviser) {
            (true, _) => ear.guide.proof(),
            (_, true) => ear.guide.adviser(me.intent),
            _ => ear.guide.matter(me.intent),
        });
        let mut stream = stream(ear.seed, Purpose::Keying, lot, About::MenuPatience);
        self.leave_at = at + ear.manner.menu_patience.sample(&mut stream);
    }

    /// The stream of what she does at the next question.
    fn next_question(&mut self, ear: &Ear<'_>) -> Stream {
        self.question = self.question.saturating_add(1);
        ear.seed.stream(Purpose::Keying, ear.me.call_lot ^ u64::from(self.question))
    }

    /// Plans what she will: when, and by which keys.
    fn intend(&mut self, at: Instant, will: Will, ear: &Ear<'_>, stream: &mut Stream) {
        use rand::Rng;
        (self.plan, self.act_at, self.choosing) = (Plan::Nothing, Instant::NEVER, (false, false));
        // One number for all that may go wrong, so that each question takes as many whatever is asked.
        let slips = stream.next_u64();
        let silent = ear.manner.silence > 0.0 && unit(slips << 32) < ear.manner.silence;
        let mistaken = ear.manner.mistake > 0.0 && unit(slips) < ear.manner.mistake;
        match will {
            Will::Silence => {}
            Will::HangUp => {
                let heard = self.speaking_until.max(at);
                self.plan = Plan::HangUp;
                self.act_at = heard + ear.manner.hesitation.sample(stream);
            }
            _ if silent => {}
            Will::Press(press) => {
                let press = *ear.guide.press(press);
                let when = self.moment(at, (press.place, press.of), ear, stream);
                let keys = ear.guide.keys(&press);
                match mistaken {
                    true => self.key_at(when, Entry::of(&[wrong_key(keys[0], slips)])),
                    false => {
                        self.choosing = (press.serves, press.last);
                        self.paced_keys_at(when, Entry::of(keys), ear, stream);
                    }
                }
            }
            Will::Key(key, place) => {
                let when = self.moment(at, place, ear, stream);
                self.key_at(when, Entry::of(&[if mistaken { wrong_key(key, slips) } else { key }]));
            }
            Will::Digits(digits, end) => {
                let when = self.moment(at, (1, 1), ear, stream);
                let bits = stream.next_u64();
                let (mut entry, wrong) =
                    Entry::digits(digits, ear.manner.digit_error, |place| mix(bits.wrapping_add(place)));
                self.miskeyed = wrong;
                end.into_iter().for_each(|key| entry.push(key));
                self.paced_keys_at(when, entry, ear, stream);
            }
        }
    }

    fn key_at(&mut self, at: Instant, entry: Entry) {
        (self.plan, self.act_at, self.entry) = (Plan::Keys, at, entry);
    }

    fn paced_keys_at(&mut self, at: Instant, entry: Entry, ear: &Ear<'_>, stream: &mut Stream) {
        if entry.len() > 1 {
            self.pace = ear.manner.between_keys.sample(stream);
        }
        self.key_at(at, entry);
    }

    /// When she presses the first key: having heard enough, and having hesitated. `place` is the how-manieth of how many
    /// options her own is.
    fn moment(&self, at: Instant, place: (u8, u8), ear: &Ear<'_>, stream: &mut Stream) -> Instant {
        use rand::Rng;
        let said = self.speaking_until.max(at);
        let interrupts = unit(stream.next_u64());
        let heard = match &ear.manner.listening {
            Ready::Option(chance) if interrupts < *chance => {
                let share = said.since(self.asked_at) * u64::from(place.0) / u64::from(place.1.max(1));
                self.asked_at + share
            }
            Ready::For(time) => at + time.sample(stream),
            _ => said,
        };
        heard.max(at).max(self.unstoppable_until) + ear.manner.hesitation.sample(stream)
    }

    /// She stands in a queue, or is told how long it will take.
    fn wait(&mut self, at: Instant, queue: u16, expected: Duration, ear: &Ear<'_>) -> Option<Act> {
        if self.phase == Phase::Queued && self.queue == queue {
            return self.told(at, expected, ear);
        }
        self.rest_patience(at);
        self.leave_menus(at);
        (self.phase, self.queue) = (Phase::Queued, queue);
        let draw = || ear.manner.patience.sample(&mut ear.seed.stream(Purpose::Patience, ear.me.call_lot));
        self.leave_at = at + self.patience_left.take().unwrap_or_else(draw);
        None
    }

    /// What an announced wait does to her.
    fn told(&mut self, at: Instant, expected: Duration, ear: &Ear<'_>) -> Option<Act> {
        if self.leave_at == Instant::NEVER {
            return None;
        }
        let announced = ear.manner.announced;
        let left = self.leave_at.since(at);
        if expected.as_secs_f64() > announced.balks_above * left.as_secs_f64() {
            return Some(self.hang_up());
        }
        if announced.stays_with != 1.0 {
            self.leave_at = at + Duration::from_secs_f64(left.as_secs_f64() * announced.stays_with);
        }
        None
    }

    /// Something is said while she waits, and perhaps offered.
    fn consider_offer(&mut self, at: Instant, (first, count): (u16, u16), ear: &Ear<'_>) {
        let Some(offer) = ear.guide.offer(first, count, self.prompt) else { return };
        let takes = |about| comes_true(ear.manner.takes_callback, ear.seed, Purpose::Callback, ear.me.lot, about);
        let wants = match offer.kind {
            OfferKind::Callback => takes(About::TakesCallback),
            OfferKind::Language(_) => !self.accepted_language && takes(About::TakesLanguage),
        };
        if wants {
            self.accepted_language |= matches!(offer.kind, OfferKind::Language(_));
            let mut stream = self.next_question(ear);
            let when = self.moment(at, (1, 1), ear, &mut stream);
            self.key_at(when, Entry::of(&[offer.key]));
        }
    }

    /// Her patience with waiting is hers, not the queue's: what is left of it when she comes out of a queue unanswered is all
    /// she has for the next one.
    fn rest_patience(&mut self, at: Instant) {
        if self.phase == Phase::Queued {
            self.patience_left = Some(self.leave_at.since(at));
        }
    }

    /// Her patience with the menus rests while she waits or talks.
    fn leave_menus(&mut self, at: Instant) {
        if self.phase == Phase::Menus && self.leave_at < Instant::NEVER {
            self.menus_left = self.leave_at.since(at);
        }
        (self.plan, self.act_at, self.leave_at) = (Plan::Nothing, Instant::NEVER, Instant::NEVER);
    }

    fn return_to_menus(&mut self, at: Instant) {
        if self.phase == Phase::Menus && self.leave_at < Instant::NEVER {
            return;
        }
        if self.phase == Phase::Queued {
            self.rest_patience(at);
            (self.plan, self.act_at) = (Plan::Nothing, Instant::NEVER);
        }
        self.phase = Phase::Menus;
        self.leave_at = at + self.menus_left;
    }

    /// Whether something about her call comes true.
    pub(super) fn is_disposed(chance: f64, about: About, ear: &Ear<'_>) -> bool {
        comes_true(chance, ear.seed, Purpose::Keying, ear.me.call_lot, about)
    }

    /// A number of this question.
    pub(super) fn number(&self, about: About, ear: &Ear<'_>) -> u64 {
        number(ear.seed, Purpose::Keying, ear.me.call_lot ^ u64::from(self.question), about)
    }
}

/// Another digit than the one meant.
fn wrong_key(meant: Key, bits: u64) -> Key {
    let digit = (u64::from(meant.digit().unwrap_or(0)) + 1 + (bits >> 7) % 9) % 10;
    Key::from_char((b'0' + digit as u8) as char).unwrap_or(Key::ZERO)
}
