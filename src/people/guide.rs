//! Which key leads where: a script as a caller who wants something sees it, compiled to tables.
//!
//! A caller does not know the menus; she hears the options and takes the one that is for her matter. The guide stands for
//! that understanding: for every node and every [`Goal`] it holds the next [`Step`] of the cheapest way (`search`), what a
//! node wants of her (`places`), and which keys are offered to who waits. It is made from a script alone, whatever that
//! script looks like: where no option `serves` anything, callers go along the first choices.

mod places;
mod search;

use crate::{
    id::{LanguageId, NodeId, PromptId},
    script::{
        Script,
        catalogue::ClaimKind,
        model::{IntentId, Key},
    },
};

/// For every node and everything somebody may want there, what to do next. Looked up by index; nothing is searched or
/// hashed at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    intents: usize,
    languages: usize,
    /// Node × goal.
    steps: Box<[Step]>,
    places: Box<[Place]>,
    presses: Box<[Press]>,
    keys: Box<[Key]>,
    /// Row of a language node × language.
    language_keys: Box<[(Key, u8, u8)]>,
    offers: Box<[Offer]>,
    questions: Box<[Asked]>,
    /// What an `authenticate` node asks for by each prompt.
    proofs: Box<[Option<Proof>]>,
    calendar: Option<crate::id::CalendarId>,
}

/// What somebody is after: a column of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal(u16);

/// What to do at a node to come nearer to a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// From here no way leads there.
    Lost,
    /// Stay on the line: silence leads on.
    Wait,
    /// Key what is asked for.
    Enter,
    /// Choose one of these options, which are equally near; see [`Guide::press`].
    Press {
        /// Index of the first.
        first: u32,
        /// How many there are, at least 1.
        count: u8,
    },
}

/// An option to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    from: u32,
    len: u8,
    /// The how-manieth option of the menu it is, from 1: when it is said.
    pub place: u8,
    /// How many options the menu has.
    pub of: u8,
    /// It is said to be for what she wants.
    pub serves: bool,
    /// After it no further choice is for what she wants: what follows is the answer.
    pub last: bool,
}

/// What a node wants of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its kind.
    pub kind: PlaceKind,
    /// Who hangs up here has got what she came for, as the script sees it: it has given its answer.
    pub answers: bool,
    /// The key that leads back to an earlier menu.
    pub back: Option<Key>,
    /// The option that asks for a call back, an index for [`Guide::press`].
    pub callback: Option<u32>,
    /// After the last digit the terminator is still waited for.
    pub terminator_waits: bool,
}

/// What kind of node a place is, to somebody on the telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// Nothing is asked.
    Passing,
    /// An option.
    Menu,
    /// Digits.
    Collect(Wanted),
    /// Yes or no.
    Confirm {
        /// The key for yes.
        yes: Key,
        /// The key for no.
        no: Key,
    },
    /// Proof of who she is.
    Authenticate {
        /// What is asked first.
        claim: ClaimKind,
        /// `*` helps those who have none.
        no_number: bool,
    },
    /// A language.
    Language {
        /// Its row in the table of language keys.
        row: u16,
    },
    /// To wait for an adviser.
    Queue {
        /// Index of its first offer.
        first: u16,
        /// How many it has.
        count: u16,
    },
    /// Answers to questions.
    Survey {
        /// Index of its first question.
        first: u16,
        /// How many it has.
        count: u16,
    },
    /// To speak a message.
    Record {
        /// The key that ends it.
        finish: Key,
    },
}

/// What digits are asked for at a `collect` node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A code of a few digits, such as the place she lives in.
    Short,
    /// A reference, which she may not have.
    Reference,
    /// A number or an amount.
    Number,
    /// A day, DDMMYYYY.
    Date,
    /// A time of day, HHMM.
    Time,
}

/// What an `authenticate` node asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The number or reference.
    Claim,
    /// The birth date.
    Birth,
    /// The one-time code.
    Code,
    /// The last digits of the card.
    Card,
}

/// A key offered to somebody who waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    prompt: PromptId,
    /// The key that takes it.
    pub key: Key,
    /// What it is.
    pub kind: OfferKind,
}

/// What is offered to somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    /// To be called back.
    Callback,
    /// An adviser who speaks another language.
    Language(LanguageId),
}

/// A survey question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    prompt: Option<PromptId>,
    /// The lowest key that answers.
    pub min: u8,
    /// The highest.
    pub max: u8,
}

impl Guide {
    /// Compiles a script.
    pub fn new(script: &Script) -> Guide {
        let mut guide = Guide {
            intents: script.intents.len(),
            languages: script.languages.len(),
            steps: [].into(),
            places: [].into(),
            presses: [].into(),
            keys: [].into(),
            language_keys: [].into(),
            offers: [].into(),
            questions: [].into(),
            proofs: places::proofs(script),
            calendar: places::calendar(script),
        };
        let mut presses = search::Presses::default();
        places::fill(&mut guide, script, &mut presses);
        guide.steps = search::steps(&guide, script, &mut presses);
        (guide.presses, guide.keys) = presses.finish();
        guide
    }

    fn goals(&self) -> usize {
        2 * (self.intents + 1) + 1
    }

    /// To get what an option for this intent gives; without an intent, to go along the first choices.
    pub fn matter(&self, intent: Option<IntentId>) -> Goal {
        Goal(intent.map_or(self.intents as u16, |intent| intent.0.min(self.intents as u16)))
    }

    /// To speak to an adviser, about this intent where the menus ask.
    pub fn adviser(&self, intent: Option<IntentId>) -> Goal {
        Goal(self.matter(intent).0 + self.intents as u16 + 1)
    }

    /// To be asked for a registration number.
    pub fn proof(&self) -> Goal {
        Goal(2 * (self.intents as u16 + 1))
    }

    /// What to do at a node to come nearer to a goal.
    #[inline]
    pub fn step(&self, node: NodeId, goal: Goal) -> Step {
        self.steps[node.index() * self.goals() + goal.0 as usize]
    }

    /// What a node wants.
    #[inline]
    pub fn place(&self, node: NodeId) -> &Place {
        &self.places[node.index()]
    }

    /// An option by its index.
    #[inline]
    pub fn press(&self, index: u32) -> &Press {
        &self.presses[index as usize]
    }

    /// The keys of an option.
    #[inline]
    pub fn keys(&self, press: &Press) -> &[Key] {
        &self.keys[press.from as usize..press.from as usize + press.len as usize]
    }

    /// Whether some menu asks callers for their language.
    pub fn asks_for_language(&self) -> bool {
        !self.language_keys.is_empty()
    }

    /// The key for a language (or for the one said in its stead, or else the first) at a language node, the how-manieth it
    /// is said, and of how many.
    #[inline]
    pub fn language_key(&self, row: u16, language: LanguageId) -> (Key, u8, u8) {
        self.language_keys[row as usize * self.languages + language.index().min(self.languages - 1)]
    }

    /// The offer a queue node makes by this prompt.
    #[inline]
    pub fn offer(&self, first: u16, count: u16, prompt: PromptId) -> Option<&Offer> {
        self.offers[first as usize..(first + count) as usize].iter().find(|offer| offer.prompt == prompt)
    }

    /// The question a survey node asks by this prompt; the first for a prompt that is none of its.
    pub fn question(&self, first: u16, count: u16, prompt: PromptId) -> Option<&Asked> {
        let questions = &self.questions[first as usize..(first + count) as usize];
        questions.iter().find(|asked| asked.prompt == Some(prompt)).or(questions.first())
    }

    /// What an `authenticate` node asks for, by the prompt last said.
    #[inline]
    pub fn asks_for(&self, prompt: PromptId) -> Option<Proof> {
        self.proofs.get(prompt.index()).copied().flatten()
    }

    /// Whose opening hours a caller takes for the centre's: those first asked about on the way in, else a queue's.
    pub fn calendar(&self) -> Option<crate::id::CalendarId> {
        self.calendar
    }
}
