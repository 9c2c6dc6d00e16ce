//! A dialogue test as it is meant: every name checked, nothing left to look up but words in braces.

use std::{fmt, sync::Arc};

use crate::{
    live::protocol::AgentState,
    script::catalogue::Service,
    time::{Duration, Instant, LocalClock},
};

/// One dialogue of a file.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// Unique in its file.
    pub name: String,
    /// The file it stands in.
    pub file: Arc<str>,
    /// The line it begins on, from 1.
    pub line: u32,
    /// The languages it runs in, once each; empty: once, in the centre's default language.
    pub languages: Vec<String>,
    /// The language to dial with; may hold words in braces.
    pub begins_in: Option<String>,
    /// What happens, in order; the opening first.
    pub steps: Vec<Step>,
    /// When the call is made.
    pub at: Moment,
    /// The calling number, which may hold words in braces; `None`: withheld.
    pub from: Option<String>,
    /// Whom the caller is.
    pub person: Option<PersonWish>,
    /// Who is on duty.
    pub duty: Duty,
    /// How agents work.
    pub habits: Habits,
    /// How many callers have done the same before, up to the first queue.
    pub ahead: u32,
    /// Services that fail from the start.
    pub faults: Vec<ServiceFault>,
    /// Prompts that must not be said.
    pub never: Vec<String>,
    /// Every prompt said must be named.
    pub strict: bool,
    /// The caller lets the centre finish before she presses.
    pub patient: bool,
    /// How many people the registry has; `None`: few.
    pub people: Option<u32>,
    /// Fields that only virtual time can grant, as written.
    pub needs_virtual_time: Vec<&'static str>,
}

impl Dialogue {
    /// A dialogue of nothing but these steps.
    pub fn of_steps(steps: Vec<Step>, from: Option<String>, begins_in: Option<String>) -> Dialogue {
        Dialogue {
            name: String::new(),
            file: "".into(),
            line: 0,
            languages: Vec::new(),
            begins_in,
            steps,
            at: Moment::Exact(jiff::Timestamp::UNIX_EPOCH),
            from,
            person: None,
            duty: Duty::Ready,
            habits: Habits::default(),
            ahead: 0,
            faults: Vec::new(),
            never: Vec::new(),
            strict: false,
            patient: false,
            people: None,
            needs_virtual_time: Vec::new(),
        }
    }

    /// Whether a step presses or expects this text.
    pub fn uses(&self, text: &str) -> bool {
        self.steps.iter().any(|step| step.source.contains(text))
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line, from 1.
    pub line: u32,
    /// As written.
    pub source: Arc<str>,
    /// What it is.
    pub verb: Verb,
    /// The longest it waits for the centre.
    pub within: Duration,
}

/// What a step waits for or does. Texts may hold words in braces.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// These prompts are said, in this order.
    Hear(Hear),
    /// Keys are pressed.
    Press {
        /// Which.
        keys: String,
        /// Whether or not the centre listens.
        now: bool,
        /// So long after they could have been pressed.
        after: Duration,
        /// From key to key.
        gap: Duration,
    },
    /// The centre waits in vain so often.
    Silence(u32),
    /// Nothing is done for so long.
    Wait(Duration),
    /// Nothing is done until then.
    Until(Moment),
    /// The caller stands in a queue.
    Queued {
        /// In which; `None`: in any.
        queue: Option<String>,
        /// At which place.
        position: Option<Bound>,
        /// With which expected wait, in microseconds.
        expected: Option<Bound>,
    },
    /// The agent does this.
    Agent(AgentState),
    /// A text message comes, holding this.
    Sms(Option<Text>),
    /// The caller hangs up.
    Hangup,
    /// The call ends.
    Ended {
        /// As what; `None`: as anything.
        outcome: Option<String>,
        /// By what.
        cause: Option<String>,
    },
    /// The call back rings, and the caller picks up or does not.
    Answer(bool),
    /// The caller dials again.
    Dial,
    /// A service fails, or works again.
    Fault(ServiceFault),
    /// The centre's files change in mid-call.
    Edit(Edit),
    /// Who is on duty changes.
    Duty(Duty),
    /// Busy agents become ready.
    Free(Free),
    /// The talking agent does something.
    Does(Deed),
    /// The centre has nothing more to say for now, and all of this was said since the beginning, as id or as words. Not
    /// part of the file format: how a line of keys ends.
    Settle(Vec<String>),
}

/// What must be said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hear {
    /// Ids of prompts, in order; none: anything that fits the rest.
    pub prompts: Vec<String>,
    /// What the last one's text holds.
    pub text: Option<Text>,
    /// Under which word the digits of its first slot of digits are kept.
    pub keep: Option<String>,
    /// By which node.
    pub node: Option<String>,
    /// The prompt has this id, or its text holds this: for a word on a command line, which may be either.
    pub id_or_text: Option<String>,
}

/// A text, the same in all languages or one for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// The same in all.
    Same(String),
    /// By language code.
    ByLanguage(Vec<(String, String)>),
}

impl Text {
    /// The text in a language.
    pub fn in_language(&self, code: &str) -> Option<&str> {
        match self {
            Text::Same(text) => Some(text),
            Text::ByLanguage(texts) => texts.iter().find(|(language, _)| language == code).map(|(_, text)| &**text),
        }
    }
    /// Every text.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Text::Same(text) => (Some(&**text), &[][..]),
            Text::ByLanguage(texts) => (None, &texts[..]),
        };
        one.into_iter().chain(many.iter().map(|(_, text)| &**text))
    }
}

/// A number asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This and no other.
    Exactly(u64),
    /// This or more.
    AtLeast(u64),
    /// This or less.
    AtMost(u64),
}

impl Bound {
    /// Whether a number will do.
    pub fn allows(self, n: u64) -> bool {
        match self {
            Bound::Exactly(wanted) => n == wanted,
            Bound::AtLeast(least) => n >= least,
            Bound::AtMost(most) => n <= most,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Exactly(n) => write!(f, "{n}"),
            Bound::AtLeast(n) => write!(f, "at least {n}"),
            Bound::AtMost(n) => write!(f, "at most {n}"),
        }
    }
}

/// A point of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// By the centre's clock; where it occurs twice, the first.
    Local(jiff::civil::DateTime),
    /// With its offset.
    Exact(jiff::Timestamp),
}

impl Moment {
    /// Reads `2022-05-17T10:00`, with or without seconds and offset.
    pub fn parse(text: &str) -> Option<Moment> {
        let exact = text.parse().ok().map(Moment::Exact);
        // A date alone is no time of a call.
        exact.or_else(|| text.parse().ok().filter(|_| text.len() > 10).map(Moment::Local))
    }

    /// The moment in UTC.
    pub fn timestamp(self, zone: &jiff::tz::TimeZone) -> jiff::Timestamp {
        match self {
            Moment::Exact(timestamp) => timestamp,
            Moment::Local(local) => {
                zone.to_ambiguous_timestamp(local).compatible().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// The moment in a run.
    pub fn instant(self, clock: &LocalClock, zone: &jiff::tz::TimeZone) -> Instant {
        clock.instant_of(self.timestamp(zone).as_microsecond())
    }
}

/// Whom the caller must be; what is not asked for is left to chance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonWish {
    /// Registration status, a word of the registry.
    pub status: Option<String>,
    /// Professional category.
    pub category: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// A phone is on file.
    pub phone: Option<bool>,
    /// Has a portal account.
    pub portal: Option<bool>,
    /// Has declared a spouse.
    pub spouse: Option<bool>,
    /// Declared children.
    pub children: Option<Bound>,
    /// Health-care files.
    pub files: Option<Bound>,
    /// The latest file's state.
    pub file_state: Option<String>,
    /// The latest contribution is paid.
    pub paid: Option<bool>,
    /// What services answer on the day of the call: service and outcome.
    pub answers: Vec<(Service, String)>,
}

/// Who is on duty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Duty {
    /// Everybody whose shift it is, ready.
    #[default]
    Ready,
    /// Everybody whose shift it is; none takes calls.
    Busy,
    /// Nobody.
    Nobody,
    /// So many of these groups, ready.
    Exactly(Vec<(String, u32)>),
}

/// How the agents of a dialogue work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// How long they let it ring.
    pub answers_after: Duration,
    /// How long they talk.
    pub talks: Duration,
    /// How many calls ring in vain before one is answered.
    pub ignores: u32,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits { answers_after: Duration::from_secs(4), talks: Duration::from_secs(60), ignores: 0 }
    }
}

/// A service that fails or works again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFault {
    /// Which.
    pub service: Faulty,
    /// Every question is answered "unavailable".
    pub down: bool,
    /// Every answer comes so late.
    pub slow: Duration,
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Faulty {
    /// A service of the catalogue.
    Service(Service),
    /// The check of number and birth date.
    Identity,
    /// Sending and checking one-time codes.
    Code,
    /// Text messages: they cannot be sent, and the card is asked instead of a code.
    Sms,
}

/// A change of the centre's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Path inside the centre.
    pub file: String,
    /// What is replaced, everywhere it stands.
    pub replace: String,
    /// By what.
    pub with: String,
    /// The change must be refused.
    pub refused: bool,
}

/// Which busy agents become ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Free {
    /// So many.
    Some(u32),
    /// All of a group.
    Group(String),
}

/// What a talking agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Puts the caller on hold.
    Hold,
    /// Takes her off hold.
    Resume,
    /// Ends the conversation.
    Release,
    /// Passes her on to a queue.
    Transfer(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_occurs_twice_is_told_apart_by_its_offset() {
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        let utc = |text: &str| Moment::parse(text).expect(text).timestamp(&zone).to_string();
        assert_eq!(utc("2022-05-17T10:00"), "2022-05-17T09:00:00Z");
        assert_eq!(utc("2022-03-27T02:30"), "2022-03-27T01:30:00Z");
        assert_eq!(utc("2022-03-27T02:30+00:00"), "2022-03-27T02:30:00Z");
        assert_eq!(Moment::parse("2022-05-17"), None);
        assert_eq!(Moment::parse("10:00"), None);
    }
}
