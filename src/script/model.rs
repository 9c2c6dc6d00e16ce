//! The checked script: immutable, index-resolved, without a single name left to look up.
//!
//! A [`Script`] is one published version of a centre's whole configuration: menus, prompts, calendars, queues, skills and
//! agent groups. It is made by the loader and by nothing else; whoever holds one may rely on every index in it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, CalendarRules, Compiled},
    catalogue::{AccessLevel, ClaimKind, Service},
    prompts::Prompts,
    value::{SymbolSet, Type, Value},
};
use crate::{
    id::{CalendarId, GroupId, LanguageId, NodeId, PromptId, QueueId, SkillId, VarId},
    time::{Duration, LocalClock},
};

/// A set of the names of the script's queues, so that a flow can be told which queue to use; see [`SymbolSet`].
pub const QUEUE_SET: SymbolSet = SymbolSet(super::catalogue::SET_COUNT);
/// The codes of the script's languages.
pub const LANGUAGE_SET: SymbolSet = SymbolSet(QUEUE_SET.0 + 1);
/// The names of holidays in the script's calendars.
pub const HOLIDAY_SET: SymbolSet = SymbolSet(QUEUE_SET.0 + 2);
/// The names of periods with hours of their own (Ramadan) in the script's calendars.
pub const PERIOD_SET: SymbolSet = SymbolSet(QUEUE_SET.0 + 3);

/// One published version of a centre.
#[derive(Debug)]
pub struct Script {
    /// The centre's name, for logs and screens.
    pub name: Arc<str>,
    /// The first 16 hexadecimal digits of the SHA-256 of all source files in name order: names a version across restarts.
    pub digest: Arc<str>,
    /// The zone whose wall clock calendars and prompts follow.
    pub zone: Arc<str>,
    /// The node a new call enters.
    pub entry: NodeId,
    /// The languages, indexed by [`LanguageId`].
    pub languages: Box<[Language]>,
    /// The language of a call before it chooses one.
    pub default_language: LanguageId,
    /// Every node, indexed by [`NodeId`].
    pub nodes: Box<[Node]>,
    /// Every flow, in file order.
    pub flows: Box<[Flow]>,
    /// Every variable slot, indexed by [`VarId`]; a call starts with all of them at their initial value.
    pub variables: Box<[Variable]>,
    /// The closed sets of words, indexed by [`SymbolSet`]; the catalogue's first, then the four automatic ones, then own ones.
    pub symbol_sets: Box<[SymbolSetDef]>,
    /// What the options of menus are for, indexed by [`IntentId`].
    pub intents: Box<[Arc<str>]>,
    /// Outcomes of the script's own, indexed by [`Outcome::Own`].
    pub outcomes: Box<[Arc<str>]>,
    /// The texts, their slots, durations and validity dates.
    pub prompts: Prompts,
    /// Opening hours, indexed by [`CalendarId`].
    pub calendars: Box<[CalendarRules]>,
    /// The same, compiled; see [`Script::calendars_by`].
    pub compiled: Compiled,
    /// Names of skills, indexed by [`SkillId`].
    pub skills: Box<[Arc<str>]>,
    /// Queues, indexed by [`QueueId`] (the engine renumbers by name when a later version changes them).
    pub queues: Box<[Queue]>,
    /// Agent groups, indexed by [`GroupId`].
    pub groups: Box<[Group]>,
}

/// What a caller may want: the `serves` of a menu option. An index into [`Script::intents`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub u16);

/// A language of the centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// BCP 47 code: `ar`, `fr`, `zgh`, `en`.
    pub code: Arc<str>,
    /// Written right to left.
    pub right_to_left: bool,
    /// Whose prompts are played where this language has none (zgh falls back to ar).
    pub fallback: Option<LanguageId>,
}

/// A file of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The flow's name: the file's name without `.toml`.
    pub name: Arc<str>,
    /// Slots that a `call` node fills.
    pub params: Box<[VarId]>,
    /// Slots that a `call` node reads back.
    pub results: Box<[VarId]>,
}

/// A typed slot of a call. Each flow's variables have slots of their own; flows cannot call themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// `flow.name`, or `name` for a centre-wide variable.
    pub name: Arc<str>,
    /// What it may hold.
    pub kind: Type,
    /// What it holds when the call begins ([`Value::Unset`] unless declared).
    pub initial: Value,
}

/// A closed set of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSetDef {
    /// The set's name.
    pub name: Arc<str>,
    /// Its words.
    pub words: Box<[Arc<str>]>,
}

/// A step of the menu tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// `flow.node`.
    pub name: Arc<str>,
    /// What it does.
    pub kind: NodeKind,
    /// What the caller hears on entering; the meaning is the kind's.
    pub prompts: Box<[PromptUse]>,
    /// How keys are awaited here; unused by nodes without input.
    pub input: InputRules,
    /// Where the call goes when a service fails here; resolved from node, flow and centre scope.
    pub error: Option<NodeId>,
    /// What still runs when the caller hangs up here: a chain of nodes without prompts or input.
    pub hangup: Option<NodeId>,
    /// Whether `*` from a later node may come back here: menus and collecting nodes, unless they opt out.
    pub back_point: bool,
}

/// A prompt with the values of its slots.
#[derive(Clone, Debug)]
pub struct PromptUse {
    /// Which prompt.
    pub prompt: PromptId,
    /// Played only when this holds.
    pub when: Option<Expr>,
    /// One expression per slot, in the order of the prompt's slots.
    pub args: Box<[Expr]>,
}

/// How keys are awaited at a node.
#[derive(Clone, Debug)]
pub struct InputRules {
    /// From the end of the last prompt to the first key.
    pub first_digit: Duration,
    /// From key to key.
    pub inter_digit: Duration,
    /// After `max` digits, how long a terminator is waited for; zero: not at all.
    pub terminator_wait: Duration,
    /// Whether keys stop a prompt (each prompt must allow it too).
    pub barge_in: bool,
    /// Keys pressed during a prompt without barge-in are thrown away (else they are kept for the next input).
    pub discard: bool,
    /// Keys that work here besides the node's own.
    pub globals: Box<[(Key, GlobalAction)]>,
    /// What happens on silence, by count.
    pub no_input: Escalation,
    /// What happens on a key or entry that fits nothing, by count.
    pub no_match: Escalation,
}

/// What a global key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalAction {
    /// Go to a node.
    Goto(NodeId),
    /// Play the node's prompts again.
    Repeat,
    /// Go back to the previous menu or entry of the call.
    Back,
}

/// Handlers by count: of the steps whose `from` is not above the current count, the last applies.
#[derive(Clone, Debug, Default)]
pub struct Escalation {
    /// In rising order of `from`; the first has `from == 1`; the last must leave the node (the checker sees to it).
    pub steps: Box<[EscalationStep]>,
}

impl Escalation {
    /// Whether what is handled is an answer and no failure: from the first time it leads on to another node, and nothing is said.
    pub fn is_answer(&self) -> bool {
        self.steps.first().is_some_and(|step| step.prompts.is_empty() && matches!(step.then, Then::Goto(_)))
    }
}

impl Node {
    /// Whether silence here is an answer: its handler says so, or it is a survey, which nobody is pressed to answer.
    pub fn silence_is_answer(&self) -> bool {
        self.input.no_input.is_answer() || matches!(self.kind, NodeKind::Survey { .. })
    }
}

/// One step of an escalation.
#[derive(Clone, Debug)]
pub struct EscalationStep {
    /// The count from which it applies, at least 1.
    pub from: u8,
    /// Said first.
    pub prompts: Box<[PromptUse]>,
    /// What then.
    pub then: Then,
    /// The keys that fitted nothing here are no mistake: they are kept for the node that follows.
    pub keep: bool,
}

/// What follows a no-input or no-match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Play the node's prompts again and await keys.
    Replay,
    /// Await keys again without repeating the node's prompts.
    Listen,
    /// Leave.
    Goto(NodeId),
}

/// A key of a telephone: 0–9, then `*` (10) and `#` (11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(u8);

impl Key {
    /// The key 0.
    pub const ZERO: Key = Key(0);
    /// The star key.
    pub const STAR: Key = Key(10);
    /// The hash (pound, square) key.
    pub const HASH: Key = Key(11);

    /// A digit that nothing was bound to where it was pressed, whichever it was: in journals and runs from them. No script
    /// binds it.
    pub const UNBOUND: Key = Key(12);

    /// The key written `c`.
    pub const fn from_char(c: char) -> Option<Key> {
        match c {
            '0'..='9' => Some(Key(c as u8 - b'0')),
            '*' => Some(Key::STAR),
            '#' => Some(Key::HASH),
            _ => None,
        }
    }
    /// How the key is written.
    pub const fn as_char(self) -> char {
        match self.0 {
            10 => '*',
            11 => '#',
            12 => '?',
            n => (b'0' + n) as char,
        }
    }
    /// 0 to 11: the digits, then `*` and `#`; 12: [`Key::UNBOUND`].
    pub const fn number(self) -> u8 {
        self.0
    }
    /// The key with a number from 0 to 12.
    pub const fn from_number(number: u8) -> Option<Key> {
        if number < 13 { Some(Key(number)) } else { None }
    }
    /// 0 to 9 for a digit key.
    pub const fn digit(self) -> Option<u8> {
        if self.0 < 10 { Some(self.0) } else { None }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// What a node does. Fields named after outcomes hold where the call goes next.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Plays its prompts and goes on; keys pressed meanwhile are type-ahead.
    Say {
        /// Next.
        to: NodeId,
    },
    /// Plays its prompts and awaits one of its choices.
    Menu {
        /// What can be pressed.
        choices: Box<[Choice]>,
    },
    /// Awaits digits.
    Collect(Collect),
    /// Says back what was understood and asks yes or no.
    Confirm {
        /// The key for yes.
        yes_key: Key,
        /// Where yes leads.
        yes: NodeId,
        /// The key for no.
        no_key: Key,
        /// Where no leads.
        no: NodeId,
    },
    /// Brings the call to an access level, asking only for what is still missing.
    Authenticate(Box<Authenticate>),
    /// Asks a service and stores its results.
    Lookup {
        /// Which service.
        service: Service,
        /// One expression per argument.
        arguments: Box<[Expr]>,
        /// Where each result goes; `None` throws it away. Indexed like the catalogue's results.
        into: Box<[Option<VarId>]>,
        /// Where each outcome leads; indexed like the catalogue's outcomes.
        outcomes: Box<[NodeId]>,
        /// How long to wait for the service before it counts as unavailable.
        timeout: Duration,
    },
    /// Assigns variables, in order.
    Set {
        /// What is assigned.
        assignments: Box<[Assignment]>,
        /// Next.
        to: NodeId,
    },
    /// The first condition that holds.
    Branch {
        /// Conditions and where they lead.
        arms: Box<[(Expr, NodeId)]>,
        /// Where none holds.
        otherwise: NodeId,
    },
    /// By the value of an expression.
    Switch {
        /// What is looked at.
        on: Expr,
        /// Values and where they lead.
        cases: Box<[(Value, NodeId)]>,
        /// Any other value.
        otherwise: NodeId,
    },
    /// By opening hours; sets the `hours.*` values prompts can say.
    Hours {
        /// Whose hours.
        calendar: CalendarId,
        /// Within hours.
        open: NodeId,
        /// Outside hours, unless the following say otherwise.
        closed: NodeId,
        /// On a holiday.
        holiday: NodeId,
        /// Outside hours in a period with hours of its own: word of [`PERIOD_SET`] and target.
        periods: Box<[(u16, NodeId)]>,
    },
    /// Plays its prompts once in each offered language, awaits a choice and sets the language.
    Language {
        /// Keys and languages, in the order they are said.
        choices: Box<[(Key, LanguageId)]>,
        /// Next.
        to: NodeId,
    },
    /// Sends shares of calls different ways, by chance.
    Split {
        /// What its draws are keyed by: of its name, so that a change elsewhere sends nobody another way.
        key: u64,
        /// Cumulative shares in parts per million, rising to 1,000,000, and targets.
        parts: Box<[(u32, NodeId)]>,
    },
    /// Enters `body` up to `times` times a call, then `done`.
    Loop {
        /// How often, at least 1.
        times: u32,
        /// Counts the visits.
        counter: VarId,
        /// Entered while the counter is within `times`.
        body: NodeId,
        /// Entered after.
        done: NodeId,
    },
    /// Runs another flow and comes back.
    Call {
        /// Its entry node (`start`).
        entry: NodeId,
        /// Parameters: slots of the called flow and their values.
        with: Box<[Assignment]>,
        /// Results: slots of this flow, and the slots of the called flow they come from.
        results: Box<[(VarId, VarId)]>,
        /// Next, after the return.
        to: NodeId,
    },
    /// Ends the flow and goes back to the `call`.
    Return {
        /// What the results are set to.
        values: Box<[Assignment]>,
    },
    /// Goes elsewhere; for names that should stay.
    Goto {
        /// Where.
        to: NodeId,
    },
    /// Waits for an agent.
    Queue(Box<QueueNode>),
    /// Promises to call back, keeping the place in the queue when the call has one.
    Callback {
        /// Which queue, when the call does not stand in one.
        queue: QueueRef,
        /// After the prompts (`{from}`, `{to}` are [`Builtin::CallbackFrom`] and [`Builtin::CallbackTo`]).
        to: NodeId,
        /// When there is no number to call, or the queue takes no promise.
        failed: NodeId,
    },
    /// Hands the call to somebody outside the centre; it ends here as transferred.
    Transfer {
        /// The name of the destination, as the record shows it. Never a number.
        destination: Arc<str>,
    },
    /// Records a message.
    Record {
        /// The longest message.
        max: Duration,
        /// The key that ends it.
        finish: Key,
        /// Next.
        to: NodeId,
    },
    /// Asks questions answered by one key each; a refusal or silence skips the rest.
    Survey {
        /// The questions, in order.
        questions: Box<[Question]>,
        /// Next.
        to: NodeId,
    },
    /// Ends the call.
    End {
        /// As what.
        outcome: Outcome,
    },
}

impl Node {
    /// Whether calls back may begin here: see [`QueueNode::calls_back`].
    pub fn calls_back(&self) -> bool {
        matches!(&self.kind, NodeKind::Queue(queue) if queue.calls_back)
    }
}

impl NodeKind {
    /// Whether a node of this kind may follow a hang-up: it says and asks nothing, needs no sub-flow to return from, and
    /// goes on by itself.
    pub fn runs_without_caller(&self) -> bool {
        matches!(
            self,
            NodeKind::Set { .. }
                | NodeKind::Branch { .. }
                | NodeKind::Switch { .. }
                | NodeKind::Lookup { .. }
                | NodeKind::Hours { .. }
                | NodeKind::Split { .. }
                | NodeKind::Goto { .. }
                | NodeKind::End { .. }
        )
    }
}

/// An option of a menu.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The keys to press, one or more.
    pub keys: Box<[Key]>,
    /// Where it leads.
    pub to: NodeId,
    /// What it is for.
    pub serves: Option<IntentId>,
    /// Offered only when this holds.
    pub when: Option<Expr>,
}

/// Awaiting digits.
#[derive(Clone, Debug)]
pub struct Collect {
    /// Where the entry goes.
    pub into: VarId,
    /// How the digits are read: [`Type::Digits`], [`Type::Number`], [`Type::Amount`] (whole dirhams), [`Type::Date`]
    /// (DDMMYYYY) or [`Type::Time`] (HHMM). What cannot be read so is a no-match.
    pub kind: Type,
    /// The fewest digits that make an entry.
    pub min: u8,
    /// The most.
    pub max: u8,
    /// The key that ends the entry.
    pub terminator: Option<Key>,
    /// Printed nowhere; reads no type-ahead.
    pub secret: bool,
    /// Must hold of the entry, else it is a no-match.
    pub valid: Option<Expr>,
    /// Keys that, pressed first, leave the node instead.
    pub keys: Box<[(Key, NodeId)]>,
    /// Next.
    pub to: NodeId,
}

/// Bringing a call to an access level.
#[derive(Clone, Debug)]
pub struct Authenticate {
    /// The level wanted: L1 or L2.
    pub level: AccessLevel,
    /// What is asked first.
    pub claim: ClaimKind,
    /// How often each step may be tried in a call.
    pub tries: u8,
    /// The level is reached.
    pub ok: NodeId,
    /// Tries are used up, or the way is locked.
    pub failed: NodeId,
    /// Where `*` leads at the first question ("if you have no number"); `None`: it is a no-match.
    pub no_number: Option<NodeId>,
    /// The prompts of the steps.
    pub prompts: AuthPrompts,
}

/// What is said while authenticating.
#[derive(Clone, Debug)]
pub struct AuthPrompts {
    /// Asks for the number or reference.
    pub claim: Box<[PromptUse]>,
    /// Asks for the birth date.
    pub birth: Box<[PromptUse]>,
    /// Asks for the one-time code; slots `tail` (digits) and `min` (number).
    pub code: PromptId,
    /// Asks for the last four digits of the card.
    pub card: PromptId,
    /// It worked.
    pub ok: Option<PromptId>,
    /// It did not match; try again.
    pub bad: PromptId,
    /// Locked; slot `delay` (number of minutes).
    pub locked: PromptId,
}

/// Waiting for an agent.
#[derive(Clone, Debug)]
pub struct QueueNode {
    /// Which queue.
    pub queue: QueueRef,
    /// Added to the queue's priority for this call.
    pub priority: i8,
    /// What a waiting caller hears and may press.
    pub treatment: Box<[WaitStep]>,
    /// After the agent has ended the call (survey, say). The agent may also be hung up on, which ends the call.
    pub answered: NodeId,
    /// The queue is full.
    pub full: NodeId,
    /// The queue is closed, or nobody with the skill and language is on duty and `when_unstaffed` says so.
    pub closed: NodeId,
    /// The longest wait is over.
    pub timeout: NodeId,
    /// A call that entered this node last may be promised a call back, so that another call, which keeps nothing of the first
    /// but its queue and language, may go on from here.
    pub calls_back: bool,
}

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueRef {
    /// Always this one.
    Fixed(QueueId),
    /// The one a variable of [`QUEUE_SET`] names.
    Var(VarId),
}

/// Something said to a waiting caller.
#[derive(Clone, Debug)]
pub struct WaitStep {
    /// When, counted from entering the queue.
    pub after: Duration,
    /// Again each time this has passed; `None`: once.
    pub every: Option<Duration>,
    /// Only when this holds (`queue.expected >= 5`).
    pub when: Option<Expr>,
    /// What is said; music follows by itself.
    pub prompts: Box<[PromptUse]>,
    /// Keys that work from here until the next step speaks.
    pub keys: Box<[(Key, WaitAction)]>,
}

/// What a key does while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitAction {
    /// Go on waiting.
    Stay,
    /// Leave the queue for a node. A `callback` node keeps the place.
    Leave(NodeId),
    /// Also take an agent who speaks this language: consent to overflow. The place is kept.
    AcceptLanguage(LanguageId),
}

/// A survey question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its name in records.
    pub name: Arc<str>,
    /// What is asked.
    pub prompts: Box<[PromptUse]>,
    /// The lowest key that answers.
    pub min: u8,
    /// The highest.
    pub max: u8,
}

/// How a call ended, in the script's own view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller got what she came for without an agent.
    Contained,
    /// An agent took the call, or it went to somebody outside.
    Transferred,
    /// The caller hung up before she got it.
    Abandoned,
    /// The centre could not serve her.
    Failed,
    /// She was promised a call back.
    Callback,
    /// An outcome of the script's own, an index into [`Script::outcomes`].
    Own(u16),
}

impl Outcome {
    /// The outcomes every script has, with the words for them.
    pub const COMMON: [(&str, Outcome); 5] = [
        ("contained", Outcome::Contained),
        ("transferred", Outcome::Transferred),
        ("abandoned", Outcome::Abandoned),
        ("failed", Outcome::Failed),
        ("callback", Outcome::Callback),
    ];
}

/// A variable and what it is set to.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The slot.
    pub target: Target,
    /// The value.
    pub value: Expr,
}

/// What can be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A variable.
    Var(VarId),
    /// Whether this call may be recorded (`call.recording`).
    Recording,
    /// The language of the call (`call.language`).
    Language,
}

/// A typed expression; the checker has matched all types.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A literal.
    Const(Value),
    /// A variable.
    Var(VarId),
    /// Something the engine knows.
    Builtin(Builtin),
    /// Not.
    Not(Box<Expr>),
    /// Both; the second is looked at only if the first holds.
    And(Box<Expr>, Box<Expr>),
    /// Either; likewise.
    Or(Box<Expr>, Box<Expr>),
    /// A comparison of two values of one type.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Sum of two numbers or two amounts; saturates.
    Add(Box<Expr>, Box<Expr>),
    /// Difference; saturates.
    Sub(Box<Expr>, Box<Expr>),
}

/// How two values are compared. Symbols and booleans know only (in)equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// What the engine knows of a call, by the name scripts use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `call.language`: symbol of [`LANGUAGE_SET`].
    Language,
    /// `call.level`: number 0 to 2.
    Level,
    /// `call.recording`: bool, true until refused.
    Recording,
    /// `call.has_number`: bool, whether the calling number is known.
    HasNumber,
    /// `call.entry`: digits of the last accepted entry that was not secret.
    LastEntry,
    /// `queue.position`: number, 1 is next.
    Position,
    /// `queue.expected`: number, expected wait in whole minutes, rounded up, at least 1.
    Expected,
    /// `queue.waited`: number, minutes waited so far, rounded down.
    Waited,
    /// `queue.agents`: number, agents on duty who could take this call.
    Agents,
    /// `hours.opens`: time at which today's (or the next) opening begins; set by an `hours` node.
    Opens,
    /// `hours.closes`: time at which it ends.
    Closes,
    /// `hours.reopens`: date of the next opening.
    Reopens,
    /// `hours.holiday`: symbol of [`HOLIDAY_SET`]; set on the `holiday` way out.
    Holiday,
    /// `callback.from`: time from which the call back is expected; set at a `callback` node.
    CallbackFrom,
    /// `callback.to`: time until which.
    CallbackTo,
    /// `today`: date.
    Today,
}

/// A queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: Arc<str>,
    /// The skills an agent needs, with the lowest level (1 to 9) that will do.
    pub skills: Box<[SkillNeed]>,
    /// Greater is served first, -100 to 100.
    pub priority: i8,
    /// A waiting call gains one step of priority each time this passes; `None`: never.
    pub ageing: Option<Duration>,
    /// The longest wait; `None`: no limit.
    pub max_wait: Option<Duration>,
    /// The most calls that may wait; `None`: no limit.
    pub max_length: Option<u32>,
    /// Whom among the ready agents the call rings.
    pub strategy: Hunt,
    /// How long an agent's telephone rings before it counts as no answer.
    pub ring: Duration,
    /// How long an agent who did not answer is taken out; zero: not at all.
    pub no_answer_pause: Duration,
    /// Longest after-call work; the agent becomes ready by then at the latest. `None`: until the agent says so.
    pub wrap_up_limit: Option<Duration>,
    /// When calls are taken; `None`: always.
    pub calendar: Option<CalendarId>,
    /// Calls that have waited this long may also be taken by agents of that queue's skills; rising order.
    pub overflow: Box<[Overflow]>,
    /// A queue nobody on duty can serve turns calls away as closed (else they wait).
    pub closed_when_unstaffed: bool,
    /// Promises to call back: how long the telephone rings, how often it is tried, and the pause between.
    pub callback: CallbackRules,
    /// Answered within `threshold` is good; `target` is the share wanted, in parts per million.
    pub service_level: ServiceLevel,
    /// What simulated agents need for a call of this queue.
    pub handling: Handling,
}

/// A skill an agent must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkillNeed {
    /// Which.
    pub skill: SkillId,
    /// The lowest level that will do, 1 to 9.
    pub min_level: u8,
    /// After waiting this long any level will do; `None`: never.
    pub relax_after: Option<Duration>,
}

/// Widening of a queue after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// From which wait on.
    pub after: Duration,
    /// Whose agents may then also take the call.
    pub to: QueueId,
}

/// Rules for calling back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackRules {
    /// How long the caller's telephone rings.
    pub ring: Duration,
    /// How often she is tried.
    pub tries: u8,
    /// The pause between tries.
    pub retry_after: Duration,
}

/// A service-level target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    /// Answered within this long is good.
    pub threshold: Duration,
    /// Share wanted, parts per million.
    pub target_ppm: u32,
}

/// What simulated agents need for a call: lognormal talk and after-call work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handling {
    /// Mean of talk plus after-call work.
    pub mean: Duration,
    /// Standard deviation of the logarithm, of both parts.
    pub sigma: f64,
    /// The share of the mean that is after-call work, 0 to 1.
    pub after_call_share: f64,
    /// The share of calls after which the agent opens a back-office case, 0 to 1.
    pub case_share: f64,
}

/// How one of several ready agents is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hunt {
    /// Who has been ready longest.
    LongestIdle,
    /// Who has answered the fewest calls.
    FewestCalls,
    /// Who has been busy for the smallest share of the time logged in.
    LeastOccupied,
    /// In turn, after the one rung last.
    RoundRobin,
    /// In the order of the groups in `centre.toml`, then by number.
    TopDown,
    /// Any, with equal chance.
    Random,
    /// Everybody at once; the first to answer has the call.
    RingAll,
    /// The highest level of the queue's first skill; among equals who has been ready longest.
    SkillLevel,
}

/// A group of agents.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// How many agents.
    pub size: u32,
    /// What they can do, and how well (1 to 9).
    pub skills: Box<[(SkillId, u8)]>,
    /// What they speak.
    pub languages: Box<[LanguageId]>,
    /// When they work; `None`: always.
    pub shift: Option<CalendarId>,
    /// How long a simulated agent lets it ring before answering, on average.
    pub answer_after: Duration,
    /// The share of calls a simulated agent does not answer, 0 to 1.
    pub no_answer_share: f64,
}

impl Script {
    /// The calendars, compiled for a run that ticks as `clock` says; indexed by [`CalendarId`].
    pub fn calendars_by(&self, clock: &LocalClock) -> Box<[Arc<Calendar>]> {
        self.compiled.of(&self.calendars, clock, &self.zone)
    }

    /// The node `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
    /// The language with a code.
    pub fn language_named(&self, code: &str) -> Option<LanguageId> {
        self.languages.iter().position(|language| &*language.code == code).map(|i| LanguageId(i as u8))
    }
    /// The queue called `name`.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.queues.iter().position(|queue| &*queue.name == name).map(|i| QueueId(i as u16))
    }
    /// The group called `name`.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        self.groups.iter().position(|group| &*group.name == name).map(|i| GroupId(i as u16))
    }
    /// A word of a set, as text.
    pub fn word(&self, symbol: super::value::Symbol) -> &str {
        &self.symbol_sets[symbol.set.0 as usize].words[symbol.word as usize]
    }
    /// The name of an outcome.
    pub fn outcome_name(&self, outcome: Outcome) -> &str {
        match outcome {
            Outcome::Contained => "contained",
            Outcome::Transferred => "transferred",
            Outcome::Abandoned => "abandoned",
            Outcome::Failed => "failed",
            Outcome::Callback => "callback",
            Outcome::Own(i) => &self.outcomes[i as usize],
        }
    }
}
