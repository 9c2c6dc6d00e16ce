//! A persona made ready for many draws, and the chance a caller is born with.

use crate::{
    people::{
        distribution::Sampler,
        persona::{Announced, Listening, Persona},
    },
    random::{Purpose, Root, Stream, mix, unit},
};

/// A persona with its distributions made ready.
#[derive(Clone, Debug)]
pub struct Manner {
    pub(super) listening: Ready,
    pub(super) hesitation: Sampler,
    pub(super) between_keys: Sampler,
    pub(super) mistake: f64,
    pub(super) digit_error: f64,
    pub(super) silence: f64,
    pub(super) adviser_early: f64,
    pub(super) adviser_after: f64,
    pub(super) menu_patience: Sampler,
    pub(super) patience: Sampler,
    pub(super) announced: Announced,
    pub(super) takes_callback: f64,
    pub(super) answers_callback: f64,
    pub(super) callback_after: Sampler,
    pub(super) survey: f64,
}

/// [`Listening`], ready.
#[derive(Clone, Debug)]
pub(super) enum Ready {
    All,
    Option(f64),
    For(Sampler),
}

impl Manner {
    /// Makes a persona ready.
    pub fn new(persona: &Persona) -> Manner {
        Manner {
            listening: match &persona.listening {
                Listening::All => Ready::All,
                Listening::Option(chance) => Ready::Option(*chance),
                Listening::For(time) => Ready::For(Sampler::new(time)),
            },
            hesitation: Sampler::new(&persona.hesitation),
            between_keys: Sampler::new(&persona.between_keys),
            mistake: persona.mistake,
            digit_error: persona.digit_error,
            silence: persona.silence,
            adviser_early: persona.adviser_early,
            adviser_after: persona.adviser_after,
            menu_patience: Sampler::new(&persona.menu_patience),
            patience: Sampler::new(&persona.patience),
            announced: persona.announced,
            takes_callback: persona.takes_callback,
            answers_callback: persona.answers_callback,
            callback_after: Sampler::new(&persona.callback_after),
            survey: persona.survey,
        }
    }
}

/// What a caller's disposition is asked about. The number is part of the key of the chance, so entries are only appended.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum About {
    AdviserEarly = 1,
    AdviserAfter = 2,
    MenuPatience = 3,
    Survey = 4,
    TakesCallback = 5,
    TakesLanguage = 6,
    AnswersCallback = 7,
    Option = 8,
    Entry = 9,
    Number = 10,
    Withheld = 11,
}

/// The key of something about `owner`, whose own bits may all be in use.
fn about_of(owner: u64, about: About) -> u64 {
    mix(mix(owner) ^ ((about as u64) << 48))
}

/// A stream of `owner` about something.
pub(super) fn stream(seed: Root, purpose: Purpose, owner: u64, about: About) -> Stream {
    seed.stream(purpose, about_of(owner, about))
}

/// A number of `owner` about something: what is fixed about her without being kept.
pub(super) fn number(seed: Root, purpose: Purpose, owner: u64, about: About) -> u64 {
    mix(seed.key(purpose, about_of(owner, about)))
}

/// Whether it comes true for `owner`; draws nothing where it is sure.
pub(super) fn comes_true(chance: f64, seed: Root, purpose: Purpose, owner: u64, about: About) -> bool {
    chance > 0.0 && (chance >= 1.0 || unit(number(seed, purpose, owner, about)) < chance)
}
