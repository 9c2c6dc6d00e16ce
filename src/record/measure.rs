//! The catalogue of measures: what each means, in which unit, of what it is a quotient.
//!
//! Every measure is numerator ÷ denominator, both sums over the same [`Figures`], so that one method (the delta method)
//! gives an interval for all of them alike; a plain count has no denominator and is a number a run (or a day, or a batch).
//!
//! The five service levels answer five different questions; a report must say which one it shows. `T` is the threshold, `S`
//! the bound of short abandons. *Calls offered to the queues* are those queued or turned away by a full queue.

use super::figures::Figures;

/// A measure.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Its name, as reports head the column and as `--precision` and JSON call it.
    pub name: &'static str,
    /// For people: a short heading.
    pub title: &'static str,
    /// In what it is told.
    pub unit: Unit,
    /// How it is computed, in words.
    pub formula: &'static str,
    /// Of what it is a share or mean; a run, for counts.
    pub per: &'static str,
    /// What is divided. Shares and counts: a count; times: seconds.
    pub numerator: fn(&Figures) -> f64,
    /// By what it is divided; `None`: a count or sum that stands for itself.
    pub denominator: Option<fn(&Figures) -> f64>,
    /// Whether more is better, where that can be said.
    pub better: Better,
}

/// In what a measure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of calls, or of things that happened to them.
    Count,
    /// Between 0 and 1.
    Share,
    /// Seconds.
    Seconds,
    /// Seconds that can be below zero: differences.
    SignedSeconds,
    /// A mean number a call.
    PerCall,
    /// Agents, as a mean over time (hours of agents for sums).
    AgentHours,
}

impl Unit {
    /// What a quantity in it is at least and at most, whatever an interval by the normal law says.
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Unit::Share => (0.0, 1.0),
            Unit::SignedSeconds => (f64::NEG_INFINITY, f64::INFINITY),
            Unit::Count | Unit::Seconds | Unit::PerCall | Unit::AgentHours => (0.0, f64::INFINITY),
        }
    }

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "calls",
            Unit::Share => "share",
            Unit::Seconds | Unit::SignedSeconds => "seconds",
            Unit::PerCall => "per call",
            Unit::AgentHours => "agent hours",
        }
    }
}

/// Whether more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// It depends.
    Neither,
}

impl Measure {
    /// The value over `figures`; `None` where the denominator is zero.
    pub fn value(&self, figures: &Figures) -> Option<f64> {
        let top = (self.numerator)(figures);
        match self.denominator {
            None => Some(top),
            Some(denominator) => {
                let bottom = denominator(figures);
                (bottom > 0.0).then(|| top / bottom)
            }
        }
    }
}

/// The measure of a name.
pub fn named(name: &str) -> Option<&'static Measure> {
    CATALOGUE.iter().find(|measure| measure.name == name)
}

const SECOND: f64 = 1e6;
const HOUR: f64 = 3.6e9;

macro_rules! catalogue {
    ($($name:ident $title:literal $unit:ident $better:ident $formula:literal, $per:literal,
        |$f:ident| $top:expr $(, / $bottom:expr)?;)*) => {
        /// The measures, in the order of reports.
        pub const CATALOGUE: &[Measure] = &[$(Measure {
            name: stringify!($name),
            title: $title,
            unit: Unit::$unit,
            formula: $formula,
            per: $per,
            numerator: |$f| $top,
            denominator: catalogue!(@ $f $($bottom)?),
            better: Better::$better,
        },)*];
    };
    (@ $f:ident) => { None };
    (@ $f:ident $bottom:expr) => { Some(|$f| $bottom) };
}

catalogue! {
    offered "offered" Count Neither "calls that arrived, call backs apart", "run", |f| f.offered() as f64;
    queued "queued" Count Neither "offered calls that stood in a queue", "run", |f| f.queued() as f64;
    answered "answered" Count Higher "offered calls an agent took", "run", |f| f.answered() as f64;
    abandoned_calls "hung up waiting" Count Lower
        "queued calls whose caller hung up unanswered", "run", |f| f.abandoned() as f64;
    left_for_callback "left to be called back" Count Neither
        "queued calls never answered whose caller took a promise to be called back", "run",
        |f| f.left_for_callback() as f64;
    left_otherwise "left otherwise" Count Lower
        "queued calls neither answered nor hung up nor left to be called back: by a key, after the longest wait, turned out by a closing queue, broken off, still waiting",
        "run", |f| f.queued().saturating_sub(f.answered() + f.abandoned() + f.left_for_callback()) as f64;
    service_level "service level" Share Higher
        "answered within T / offered to the queues", "calls queued or blocked",
        |f| f.answered_in_time() as f64, / f.sought() as f64;
    service_level_answered "service level of answered" Share Higher
        "answered within T / answered", "answered calls",
        |f| f.answered_in_time() as f64, / f.answered() as f64;
    service_level_less_short "service level less short abandons" Share Higher
        "answered within T / (offered to the queues - abandoned before S)", "calls queued or blocked, short abandons apart",
        |f| f.answered_in_time() as f64, / (f.sought() - f.abandoned_short()) as f64;
    service_level_short_good "service level, short abandons good" Share Higher
        "(answered within T + abandoned before S) / offered to the queues", "calls queued or blocked",
        |f| (f.answered_in_time() + f.abandoned_short()) as f64, / f.sought() as f64;
    service_level_late "service level of answered and long abandons" Share Higher
        "answered within T / (answered + abandoned after T)", "calls answered or abandoned after T",
        |f| f.answered_in_time() as f64, / (f.answered() + f.abandoned_late()) as f64;
    abandonment "abandoned" Share Lower
        "queued calls whose caller hung up unanswered / queued", "queued calls",
        |f| f.abandoned() as f64, / f.queued() as f64;
    short_abandons "abandoned before S" Share Neither
        "calls abandoned before S / queued", "queued calls",
        |f| f.abandoned_short() as f64, / f.queued() as f64;
    blocked "blocked" Share Lower
        "calls turned away by a full queue / (queued + blocked)", "calls queued or blocked",
        |f| f.blocked() as f64, / f.sought() as f64;
    asa "average speed of answer" Seconds Lower
        "waiting of answered calls, ringing included / answered", "answered calls",
        |f| f.wait_answered() as f64 / SECOND, / f.answered() as f64;
    wait "mean wait" Seconds Lower
        "waiting of all queued calls until answer or exit / queued", "queued calls",
        |f| f.waited() as f64 / SECOND, / f.queued() as f64;
    wait_abandoned "wait of abandoned" Seconds Neither
        "waiting of abandoned calls / abandoned", "abandoned calls",
        |f| f.wait_abandoned() as f64 / SECOND, / f.abandoned() as f64;
    aht "average handle time" Seconds Neither
        "(talk + hold + after-call work) / handled, call backs included", "handled calls",
        |f| (f.talk() + f.hold() + f.after_call()) as f64 / SECOND, / f.handled() as f64;
    talk "talk" Seconds Neither
        "talking, holds apart / handled", "handled calls",
        |f| f.talk() as f64 / SECOND, / f.handled() as f64;
    hold "hold" Seconds Lower
        "time on hold / handled", "handled calls",
        |f| f.hold() as f64 / SECOND, / f.handled() as f64;
    after_call "after-call work" Seconds Neither
        "after-call work / handled", "handled calls",
        |f| f.after_call() as f64 / SECOND, / f.handled() as f64;
    occupancy "occupancy" Share Neither
        "agents' work on shift / (work + ready)", "agents' time at work or ready, on shift",
        |f| f.agent_work() as f64 / HOUR, / (f.agent_work() + f.agent_ready()) as f64 / HOUR;
    occupancy_with_beyond "occupancy with work after shift end" Share Neither
        "agents' work, also after shift end / (that work + ready)", "agents' time at work or ready",
        |f| (f.agent_work() + f.agent_beyond_shift()) as f64 / HOUR,
        / (f.agent_work() + f.agent_beyond_shift() + f.agent_ready()) as f64 / HOUR;
    shrinkage "shrinkage on shift" Share Neither
        "agents' time away (breaks, set aside, not yet ready) / time on shift; who never came is not seen", "agents' time on shift",
        |f| f.agent_away() as f64 / HOUR, / f.agent_on_shift() as f64 / HOUR;
    staffed_hours "on shift" AgentHours Neither
        "agents' time on shift", "run", |f| f.agent_on_shift() as f64 / HOUR;
    beyond_shift_hours "after shift end" AgentHours Lower
        "agents' time finishing work in hand after they were to go", "run", |f| f.agent_beyond_shift() as f64 / HOUR;
    containment "containment" Share Higher
        "calls ended with outcome contained / offered", "offered calls",
        |f| f.contained() as f64, / f.offered() as f64;
    abandoned_in_menus "lost in the menus" Share Lower
        "calls whose caller hung up in the menus with nothing gained, not turned away by a full queue / offered",
        "offered calls",
        |f| f.abandoned_in_menus() as f64, / f.offered() as f64;
    failed "failed" Share Lower
        "calls ended with outcome failed / offered", "offered calls",
        |f| f.failed() as f64, / f.offered() as f64;
    menu_time "time in menus" Seconds Lower
        "time neither in a queue nor with an agent / offered", "offered calls",
        |f| f.menu_time() as f64 / SECOND, / f.offered() as f64;
    no_input "silences" PerCall Lower
        "times nothing was keyed where an answer was wanted (silence that leads on from the first time, unprompted, is an answer) / offered", "offered calls",
        |f| f.no_input() as f64, / f.offered() as f64;
    no_match "entries that fit nothing" PerCall Lower
        "times an entry fitted nothing / offered", "offered calls",
        |f| f.no_match() as f64, / f.offered() as f64;
    failed_checks "failed checks" Share Lower
        "calls with a failed check of identity or code / offered", "offered calls",
        |f| f.failed_checks() as f64, / f.offered() as f64;
    locked_out "locked out" Share Neither
        "calls with a check of identity or code that was refused because of a lock, or brought one about / offered",
        "offered calls",
        |f| f.locked_out() as f64, / f.offered() as f64;
    transfers "transfers" PerCall Lower
        "times an agent passed a caller on / handled", "handled calls",
        |f| f.transfers() as f64, / f.handled() as f64;
    redial_share "redials" Share Lower
        "calls for a matter called for before / offered", "offered calls",
        |f| f.redials() as f64, / f.offered() as f64;
    called_again "called again" Share Lower
        "matters called for again / matters", "matters",
        |f| f.called_again() as f64, / f.matters() as f64;
    first_contact_resolution "first-contact resolution" Share Higher
        "first calls for a matter that an agent took or that were contained / matters", "matters",
        |f| f.served_at_first() as f64, / f.matters() as f64;
    callbacks_promised "call backs promised" Count Neither
        "promises to call back", "run", |f| f.callbacks_promised() as f64;
    callbacks_reached "call backs answered" Count Higher
        "call backs whose person was reached and talked to an agent", "run", |f| f.callbacks_reached() as f64;
    callbacks_lost "call backs given up" Count Lower
        "call backs whose person was never reached, or that the centre broke off", "run",
        |f| f.callbacks_lost() as f64;
    callback_reach "call backs reached" Share Higher
        "call backs whose person was reached / (reached + given up); those still open are not in it", "call backs done with",
        |f| f.callbacks_reached() as f64, / (f.callbacks_reached() + f.callbacks_lost()) as f64;
    callbacks_open "call backs open" Count Lower
        "call backs neither reached nor given up when the run ended", "run",
        |f| f.callbacks_open() as f64;
    callback_wait "wait for call back" Seconds Lower
        "from joining the queue to the conversation / call backs reached; those given up or still open are not in it",
        "call backs reached",
        |f| f.callback_wait() as f64 / SECOND, / f.callbacks_reached() as f64;
    announced_error "error of announced waits" Seconds Lower
        "|announced wait - wait that followed|, summed / answered after an announcement", "answered announced waits",
        |f| (f.announced_over() + f.announced_under()) as f64 / SECOND, / f.announced() as f64;
    announced_bias "bias of announced waits" SignedSeconds Neither
        "announced wait - wait that followed, summed / answered after an announcement", "answered announced waits",
        |f| (f.announced_over() as f64 - f.announced_under() as f64) / SECOND, / f.announced() as f64;
    unanswered_rings "unanswered rings" PerCall Lower
        "telephones that rang and were not answered / handled", "handled calls",
        |f| f.rings_unanswered() as f64, / f.handled() as f64;
    cases "cases" PerCall Neither
        "back-office cases opened / handled", "handled calls",
        |f| f.cases() as f64, / f.handled() as f64;
}
