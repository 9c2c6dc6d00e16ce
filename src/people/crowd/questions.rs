//! What she answers to a question: the one place where a caller makes up her mind.

use super::{
    manner::{About, comes_true},
    mind::{Ear, Mind},
};
use crate::{
    engine::output::Listen,
    id::PromptId,
    people::guide::{Guide, Place, PlaceKind, Proof, Step, Wanted},
    pii::Digits,
    random::{Purpose, mix},
    registry::access::birth_digits,
    script::{catalogue::ClaimKind, model::Key},
};

/// After going back so often in one call she asks for an adviser instead.
const MOST_BACKS: u8 = 3;

/// What she means to do about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Will {
    /// Stay on the line.
    Silence,
    /// Hang up, once what is being said has been heard.
    HangUp,
    /// Choose this option of the guide.
    Press(u32),
    /// Press a key, said as the how-manieth of how many.
    Key(Key, (u8, u8)),
    /// Key digits, and end them.
    Digits(Digits, Option<Key>),
}

impl Mind {
    /// What an `authenticate` node asks for, by what was said last, else by its length.
    pub(super) fn asked_proof(&self, kind: PlaceKind, digits: u8, said: PromptId, guide: &Guide) -> Option<Proof> {
        let PlaceKind::Authenticate { claim, .. } = kind else { return None };
        let fits = |proof: &Proof| match (proof, claim) {
            (Proof::Claim, ClaimKind::Number) => digits == 9,
            (Proof::Claim, ClaimKind::Reference) | (Proof::Birth, _) => digits == 8,
            (Proof::Code, _) => digits == 6,
            (Proof::Card, _) => digits == 4,
        };
        // After a handler's prompt the question is the one asked before.
        guide.asks_for(said).filter(fits).or(self.proof.filter(fits)).or(match digits {
            9 => Some(Proof::Claim),
            6 => Some(Proof::Code),
            4 => Some(Proof::Card),
            _ => Some(Proof::Birth),
        })
    }

    /// Makes up her mind about a question.
    pub(super) fn decide(&mut self, listen: &Listen, place: &Place, said: PromptId, ear: &Ear<'_>) -> Will {
        match place.kind {
            PlaceKind::Survey { first, count } => self.rate(ear, said, (first, count)),
            _ if self.talked => Will::HangUp,
            PlaceKind::Language { row } => {
                let (key, place, of) = ear.guide.language_key(row, ear.me.language);
                Will::Key(key, (place, of))
            }
            PlaceKind::Menu => self.choose(place, ear),
            PlaceKind::Collect(wanted) => self.turn_away(place, ear).unwrap_or_else(|| {
                let digits = self.known(wanted, (listen.min, listen.max), ear);
                Will::Digits(digits, ending(listen, place, digits))
            }),
            PlaceKind::Authenticate { claim, no_number } => {
                let aside = if self.proof == Some(Proof::Claim) { self.turn_away(place, ear) } else { None };
                aside.unwrap_or_else(|| self.prove(listen, place, (claim, no_number), ear))
            }
            PlaceKind::Confirm { yes, no } => match self.step(ear) {
                _ if self.miskeyed => Will::Key(no, (2, 2)),
                Step::Press { first, .. } => Will::Press(first),
                _ => Will::Key(yes, (1, 2)),
            },
            PlaceKind::Passing | PlaceKind::Queue { .. } | PlaceKind::Record { .. } => Will::Silence,
        }
    }

    fn step(&self, ear: &Ear<'_>) -> Step {
        self.goal.map_or(Step::Lost, |goal| ear.guide.step(self.node, goal))
    }

    fn choose(&mut self, place: &Place, ear: &Ear<'_>) -> Will {
        let step = self.step(ear);
        if !self.to_adviser && !ear.me.probe {
            let back_where_it_was_chosen = self.chose_last && !matches!(step, Step::Lost | Step::Wait);
            if (place.answers && self.chose) || back_where_it_was_chosen {
                return self.after_answer(ear);
            }
        }
        match step {
            Step::Press { first, count } => {
                Will::Press(first + (self.matter_number(ear) % u64::from(count.max(1))) as u32)
            }
            Step::Wait | Step::Enter => Will::Silence,
            Step::Lost => self.lost(place, ear),
        }
    }

    /// Which of several options that are equally near she takes: the same wherever she meets them.
    fn matter_number(&self, ear: &Ear<'_>) -> u64 {
        super::manner::number(ear.seed, Purpose::Intent, ear.me.lot, About::Option) >> 7
    }

    /// The machine has answered: she hangs up content, or wants to hear it from a person.
    fn after_answer(&mut self, ear: &Ear<'_>) -> Will {
        self.answered = true;
        let chance = ear.me.adviser_after.unwrap_or(ear.manner.adviser_after);
        if Mind::is_disposed(chance, About::AdviserAfter, ear)
            && let Some(will) = self.ask_for_adviser(ear)
        {
            self.answered = false;
            return will;
        }
        Will::HangUp
    }

    /// Turns to the way to an adviser, if there is one from here.
    fn ask_for_adviser(&mut self, ear: &Ear<'_>) -> Option<Will> {
        let goal = ear.guide.adviser(ear.me.intent);
        let Step::Press { first, .. } = ear.guide.step(self.node, goal) else { return None };
        (self.goal, self.to_adviser) = (Some(goal), true);
        Some(Will::Press(first))
    }

    /// Nothing here leads on: a call back if it is offered, the menu before, an adviser, or the end.
    fn lost(&mut self, place: &Place, ear: &Ear<'_>) -> Will {
        if ear.me.probe {
            return Will::HangUp;
        }
        if let Some(press) = place.callback {
            let chance = ear.manner.takes_callback;
            let takes = comes_true(chance, ear.seed, Purpose::Callback, ear.me.lot, About::TakesCallback);
            return if takes { Will::Press(press) } else { Will::HangUp };
        }
        if self.to_adviser {
            return Will::HangUp;
        }
        if let Some(will) = self.go_back(place) {
            return will;
        }
        if let (true, Step::Press { first, .. }) = (self.chose, ear.guide.step(self.node, ear.guide.matter(None))) {
            return Will::Press(first);
        }
        self.ask_for_adviser(ear).unwrap_or(Will::HangUp)
    }

    /// Who has come to the wrong place goes back to the menu before.
    fn go_back(&mut self, place: &Place) -> Option<Will> {
        let key = place.back.filter(|_| !self.chose && self.backs < MOST_BACKS)?;
        self.backs += 1;
        Some(Will::Key(key, (1, 1)))
    }

    /// What she does at an entry instead of keying it, if she is on the way to an adviser or in the wrong place.
    fn turn_away(&mut self, place: &Place, ear: &Ear<'_>) -> Option<Will> {
        match self.step(ear) {
            Step::Press { first, .. } => Some(Will::Press(first)),
            Step::Lost if !self.chose && !ear.me.probe => self.go_back(place),
            _ => None,
        }
    }

    /// What she keys to prove who she is.
    fn prove(&mut self, listen: &Listen, place: &Place, claim: (ClaimKind, bool), ear: &Ear<'_>) -> Will {
        let person = ear.me.person.and_then(|id| ear.registry?.person(id));
        let digits = match (self.proof, &person) {
            (Some(Proof::Claim | Proof::Birth), _) if ear.me.probe => Some(self.guess(listen.max, ear)),
            (Some(Proof::Claim), Some(person)) => ear.registry.and_then(|registry| match claim.0 {
                ClaimKind::Number => registry.number_of(person),
                ClaimKind::Reference => registry.reference_of(person),
            }),
            (Some(Proof::Birth), Some(person)) => Some(birth_digits(person).reveal()),
            (Some(Proof::Code), _) => Some(ear.me.code.reveal()).filter(|code| !code.is_empty()),
            (Some(Proof::Card), Some(person)) => Digits::from_number(person.card_tail().reveal().into(), 4),
            _ => None,
        };
        match digits {
            Some(digits) => Will::Digits(digits, ending(listen, place, digits)),
            // A code that never came: she waits for it.
            None if self.proof == Some(Proof::Code) => Will::Silence,
            None if claim.1 && self.proof == Some(Proof::Claim) => Will::Key(Key::STAR, (1, 1)),
            None => self.ask_for_adviser(ear).unwrap_or(Will::HangUp),
        }
    }

    /// What somebody keys who tries numbers: one after the other from where she began, and a birth date by guess.
    fn guess(&self, digits: u8, ear: &Ear<'_>) -> Digits {
        let bits = self.number(About::Number, ear);
        let value = match digits {
            9 => {
                let start = super::manner::number(ear.seed, Purpose::Keying, ear.me.lot, About::Number);
                (start + u64::from(ear.me.attempt) * 100 + u64::from(self.errors)) % 1_000_000_000
            }
            _ => day(bits),
        };
        Digits::from_number(value, digits.into()).unwrap_or_default()
    }

    /// What she keys where something else than proof is asked.
    fn known(&self, wanted: Wanted, (min, max): (u8, u8), ear: &Ear<'_>) -> Digits {
        let bits = super::manner::number(ear.seed, Purpose::Keying, ear.me.lot, About::Entry);
        let width = min.max(1);
        let value = match wanted {
            Wanted::Short if width <= 2 && max >= 2 => {
                let region = if ear.me.region > 0 { u64::from(ear.me.region) } else { 1 + bits % 12 };
                return Digits::from_number(region, 2).unwrap_or_default();
            }
            Wanted::Date => return Digits::from_number(day(bits), 8).unwrap_or_default(),
            Wanted::Time => return Digits::from_number(bits % 24 * 100 + mix(bits) % 60, 4).unwrap_or_default(),
            Wanted::Number if width == 1 => return Digits::from_number(1 + bits % 9, 1).unwrap_or_default(),
            _ => bits % 10_u64.pow(u32::from(width.min(15))),
        };
        Digits::from_number(value, usize::from(width.min(15))).unwrap_or_default()
    }

    /// What she says to a survey question, or that she has no time for it.
    fn rate(&self, ear: &Ear<'_>, said: PromptId, (first, count): (u16, u16)) -> Will {
        if !Mind::is_disposed(ear.manner.survey, About::Survey, ear) {
            return Will::HangUp;
        }
        let Some(asked) = ear.guide.question(first, count, said) else { return Will::Silence };
        let span = u64::from(asked.max.saturating_sub(asked.min)) + 1;
        let score = asked.min + (self.number(About::Survey, ear) % span) as u8;
        Key::from_char((b'0' + score.min(9)) as char).map_or(Will::Silence, |key| Will::Key(key, (1, 1)))
    }
}

/// The key that ends an entry, where it does not end by itself.
fn ending(listen: &Listen, place: &Place, digits: Digits) -> Option<Key> {
    listen.terminator.filter(|_| digits.len() < usize::from(listen.max) || place.terminator_waits)
}

/// Some day between 1950 and 1999, DDMMYYYY.
fn day(bits: u64) -> u64 {
    let (day, month, year) = (1 + bits % 28, 1 + mix(bits) % 12, 1950 + (bits >> 32) % 50);
    day * 1_000_000 + month * 10_000 + year
}
