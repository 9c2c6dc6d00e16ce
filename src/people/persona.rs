//! What kinds of callers there are: how they listen, key, wait and lose patience. Plain data, made by the scenario reader.

use super::distribution::Distribution;

/// A kind of caller. All shares and chances are 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// Its name.
    pub name: Box<str>,
    /// How much of a prompt is heard before acting.
    pub listening: Listening,
    /// From having heard enough to pressing the first key.
    pub hesitation: Distribution,
    /// Between the keys of an entry.
    pub between_keys: Distribution,
    /// Chance that a menu choice is answered with a wrong key.
    pub mistake: f64,
    /// Chance that a digit of a number is keyed wrong.
    pub digit_error: f64,
    /// Chance that a question is met with silence.
    pub silence: f64,
    /// Chance, drawn once a call, of asking for an adviser (key 0) at the first menu that offers it instead of looking for
    /// the matter.
    pub adviser_early: f64,
    /// Chance, drawn once a call, of asking for an adviser after the matter was answered by the machine: containment is
    /// what is left.
    pub adviser_after: f64,
    /// How long she stays in the menus before hanging up.
    pub menu_patience: Distribution,
    /// How long she waits in a queue before hanging up, drawn for each of her calls.
    pub patience: Distribution,
    /// What an announced wait does.
    pub announced: Announced,
    /// Chance of taking a call back that is offered.
    pub takes_callback: f64,
    /// Chance of picking up when called back.
    pub answers_callback: f64,
    /// How long her telephone rings before she picks up.
    pub callback_after: Distribution,
    /// Chance of answering a survey; others hang up.
    pub survey: f64,
}

/// How much of a prompt is heard before acting.
#[derive(Clone, Debug, PartialEq)]
pub enum Listening {
    /// All of it.
    All,
    /// This chance of interrupting once the wanted option was said (its place among the options, as a share of the
    /// prompt); else all of it.
    Option(f64),
    /// This long after keys are awaited, whatever is being said; a prompt that may not be interrupted is heard out.
    For(Distribution),
}

/// What an announced wait does to a waiting caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Announced {
    /// She hangs up at once when the announced wait is longer than this many times the patience she has left. Infinite:
    /// announcements change nothing.
    pub balks_above: f64,
    /// When she stays, the patience left is multiplied by this; at least 0. 1: no change.
    pub stays_with: f64,
}
