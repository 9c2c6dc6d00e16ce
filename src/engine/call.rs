//! One call's life.
//!
//! ```text
//!              ┌────────────── a key leads elsewhere, longest wait, closed ───────────────┐
//!              ▼                                                                          │
//! arrives ──► Ivr ──► Queued ──► Ringing ──► Talking ◄──► Held                            │
//!              │         ▲ │        │           │                                         │
//!              │         │ └────────┼───────────┼─────────────────────────────────────────┘
//!              │         └──────────┘ no answer │
//!              │◄───────────────────────────────┘ the agent is done (survey), or passes on
//!              ▼
//!            Ended                A call back begins as Queued, is Dialling instead of Ringing, and goes on as above.
//! ```
//!
//! Each state carries exactly its own data. [`super::Engine::transition`] changes it, and nothing else does.

pub(crate) use super::{calls::Calls, keys::Keys, timer::Slot};
use super::{input::Origin, ivr::Late, timer::Armed, variables::Variables};
use crate::{
    id::{AgentId, CallId, LanguageId, NodeId, PersonId, QueueId, RequestId, ScriptVersion},
    pii::{CallerNumber, Digits},
    script::{
        Script,
        calendar::Hours,
        catalogue::{AccessLevel, ClaimKind},
        model::Outcome,
    },
    time::{Instant, TimeOfDay},
};

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CallState {
    /// In the menus.
    Ivr(Step),
    /// Waiting for an agent.
    Queued,
    /// This agent's telephone rings for it, and those of [`Call::others`].
    Ringing { agent: AgentId },
    /// The caller's telephone rings, to keep a promise; the agent is kept free.
    Dialling { agent: AgentId },
    /// With an agent.
    Talking { agent: AgentId, since: Instant },
    /// With an agent, on hold.
    Held { agent: AgentId, since: Instant },
    /// Over.
    Ended,
}

/// What a call in the menus waits for.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) enum Step {
    /// Nothing: it is on its way.
    Moving,
    /// The end of what is being said, then this.
    Saying(Next),
    /// Keys.
    Listening { purpose: Purpose, phase: Phase },
    /// A service's answer.
    Asking { request: RequestId, question: Question },
    /// The end of a message that is being recorded.
    Recording { since: Instant },
}

/// What follows when everything has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    /// A node.
    Go(NodeId),
    /// The end the current node states.
    Finish,
}

/// What keys are awaited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// The node itself: menu, collect, confirm, language.
    Node,
    /// The number or reference at an `authenticate` node.
    Claim,
    /// The birth date there.
    Birth,
    /// The one-time code there.
    Code,
    /// The last digits of the card there.
    Card,
    /// A question of a survey.
    Survey(u8),
}

/// Which timer runs while keys are awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// A prompt that no key stops is being said; keys are kept.
    Held,
    /// Before the first key.
    First,
    /// Between keys.
    Inter,
    /// All digits are there; the terminator may still come.
    Terminator,
}

/// What a service was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// A `lookup` node.
    Lookup,
    /// Number and birth date.
    Identity,
    /// Send a code.
    SendCode,
    /// Check a code.
    CheckCode,
}

/// The agents whose telephones ring for a call: one but for queues that ring all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) first: AgentId,
    pub(crate) others: Vec<AgentId>,
}

impl Rung {
    pub(crate) fn one(agent: AgentId) -> Rung {
        Rung { first: agent, others: Vec::new() }
    }
    /// `None` when there is nobody.
    pub(crate) fn all(agents: impl IntoIterator<Item = AgentId>) -> Option<Rung> {
        let mut agents = agents.into_iter();
        Some(Rung { first: agents.next()?, others: agents.collect() })
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = AgentId> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// Where a `call` node goes on after `return`.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) struct Frame {
    /// The `call` node.
    pub(crate) node: NodeId,
}

/// Standing in a queue: kept from entering until answered or left, ringing included.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) queue: QueueId,
    /// For an agent of which language.
    pub(crate) language: LanguageId,
    /// Other languages the caller accepts.
    pub(crate) accepted: Vec<LanguageId>,
    /// Since when the wait counts.
    pub(crate) since: Instant,
    /// The queue's priority and the node's.
    pub(crate) priority: i16,
    /// The key by which lines are ordered.
    pub(crate) rank: Rank,
    /// The step whose keys work now.
    pub(crate) speaking: Option<u16>,
    /// How often a call back was dialled.
    pub(crate) attempts: u8,
    /// Set aside until it is dialled again.
    pub(crate) parked: bool,
    /// Its longest wait ended while telephones rang for it.
    pub(crate) overdue: bool,
}

/// Order within a line: lower first. See [`super::acd::queue`].
pub(crate) type Rank = (i16, i64, CallId);

/// What only the menus need of a call.
#[derive(Clone, Debug)]
pub(crate) struct Menus {
    /// Of which version the variables are.
    version: usize,
    /// Something may have changed since it was made for that version.
    used: bool,
    pub(crate) level: AccessLevel,
    pub(crate) person: Option<PersonId>,
    pub(crate) recording: bool,
    pub(crate) vars: Variables,
    pub(crate) frames: Vec<Frame>,
    /// Menus and entries passed, with the depth of frames at each.
    pub(crate) history: Vec<(NodeId, usize)>,
    /// Over how many nodes the first of them were handed on, which fitted none.
    pub(crate) handed_on: u8,
    /// Keys of the entry being keyed.
    pub(crate) entry: Keys,
    /// The last entry that was not secret.
    pub(crate) last_entry: Digits,
    /// What was claimed at an `authenticate` node, until it is checked.
    pub(crate) claim: Option<(ClaimKind, Digits)>,
    /// The last two digits of the telephone a code was sent to, and the minutes it is valid, to be said again.
    pub(crate) code_sent: (Digits, i64),
    /// What may still come of a secret entry that failed.
    pub(crate) late: Late,
    /// Failed checks in this call: of identity, and of code or card.
    pub(crate) tries: [u8; 2],
    pub(crate) hours: Option<Hours>,
    pub(crate) promise: Option<(TimeOfDay, TimeOfDay)>,
    pub(crate) requests: u32,
    /// The place left for a `callback` node, which may keep it.
    pub(crate) kept: Option<Place>,
}

/// A call.
///
/// In the order in which it is laid out: what every event of a call looks at lies in the same few lines of the processor's
/// cache, since with ten thousand calls in progress most of each is far away. What only the menus need comes last, and is looked
/// at for a call that keys nothing neither when it begins nor when it ends.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) state: CallState,
    /// Index into the engine's versions.
    pub(crate) version: usize,
    pub(crate) node: NodeId,
    /// The `queue` node last entered: what follows the agent is said there.
    pub(crate) queue_node: Option<NodeId>,
    pub(crate) language: LanguageId,
    /// An agent has had it.
    pub(crate) answered: bool,
    /// The caller has gone; only a hang-up chain still runs.
    pub(crate) gone: bool,
    /// A promise to call back was made.
    pub(crate) promised: bool,
    /// A call back was picked up.
    pub(crate) reached: bool,
    /// That keys are awaited has not been said yet, since keys pressed ahead may answer at once.
    pub(crate) listen_unsaid: bool,
    pub(crate) no_input: u8,
    pub(crate) no_match: u8,
    pub(crate) playing_until: Instant,
    pub(crate) unstoppable_until: Instant,
    pub(crate) armed: Armed,
    /// Keys pressed ahead.
    pub(crate) typed: Keys,
    /// Calls back that were promised in it, and are not dialled before it has ended.
    pub(crate) promises: Vec<CallId>,
    /// The other agents whose telephones ring for it, in a queue that rings all.
    pub(crate) others: Vec<AgentId>,
    pub(crate) place: Option<Place>,
    pub(crate) promised_in: Option<CallId>,
    pub(crate) origin: Option<Origin>,
    /// How often agents were drawn for it by lot.
    pub(crate) hunts: u32,
    pub(crate) caller: Option<CallerNumber>,
    /// When each step of the treatment speaks next, while it stands in a queue.
    pub(crate) steps: Vec<Option<Instant>>,
    menus: Menus,
}

impl Menus {
    /// As a call has it at the entry of a script.
    fn new(version: usize, script: &Script) -> Menus {
        Menus {
            version,
            used: false,
            level: AccessLevel::L0,
            person: None,
            recording: true,
            vars: Variables::new(&script.variables),
            frames: Vec::new(),
            history: Vec::new(),
            handed_on: 0,
            entry: Keys::default(),
            last_entry: Digits::EMPTY,
            claim: None,
            code_sent: (Digits::EMPTY, 0),
            late: Late::default(),
            tries: [0; 2],
            hours: None,
            promise: None,
            requests: 0,
            kept: None,
        }
    }

    /// As new; lists use the same memory.
    fn begin_again(&mut self, of_version: usize, script: &Script) {
        let Menus {
            version,
            used,
            level,
            person,
            recording,
            vars,
            frames,
            history,
            handed_on,
            entry,
            last_entry,
            claim,
            code_sent,
            late,
            tries,
            hours,
            promise,
            requests,
            kept,
        } = self;
        match *version == of_version {
            true => vars.begin_again(&script.variables),
            false => *vars = Variables::new(&script.variables),
        }
        (*version, *used) = (of_version, false);
        *level = AccessLevel::L0;
        *person = None;
        *recording = true;
        frames.clear();
        history.clear();
        *handed_on = 0;
        entry.clear();
        *last_entry = Digits::EMPTY;
        *claim = None;
        *code_sent = (Digits::EMPTY, 0);
        *late = Late::default();
        *tries = [0; 2];
        *hours = None;
        *promise = None;
        *requests = 0;
        *kept = None;
    }
}

impl Call {
    /// A call at the entry of a script.
    pub(super) fn new(id: CallId, version: usize, script: &Script) -> Call {
        Call {
            id,
            version,
            promised_in: None,
            origin: None,
            hunts: 0,
            caller: None,
            state: CallState::Ivr(Step::Moving),
            others: Vec::new(),
            node: script.entry,
            language: script.default_language,
            typed: Keys::default(),
            listen_unsaid: false,
            playing_until: Instant::ZERO,
            unstoppable_until: Instant::ZERO,
            no_input: 0,
            no_match: 0,
            place: None,
            steps: Vec::new(),
            queue_node: None,
            armed: Armed::default(),
            answered: false,
            promises: Vec::new(),
            promised: false,
            gone: false,
            reached: false,
            menus: Menus::new(version, script),
        }
    }

    /// Makes a call that has ended a new one, whose lists use the same memory. Field by field: most are a byte or two.
    pub(super) fn begin_again(&mut self, new_id: CallId, of_version: usize, script: &Script) {
        let Call {
            id,
            version,
            promised_in,
            origin,
            hunts,
            caller,
            state,
            others,
            node,
            language,
            typed,
            listen_unsaid,
            playing_until,
            unstoppable_until,
            no_input,
            no_match,
            place,
            steps,
            queue_node,
            armed,
            answered,
            promises,
            promised,
            gone,
            reached,
            menus,
        } = self;
        (*id, *version) = (new_id, of_version);
        *promised_in = None;
        *origin = None;
        *hunts = 0;
        *caller = None;
        *state = CallState::Ivr(Step::Moving);
        others.clear();
        *node = script.entry;
        *language = script.default_language;
        typed.clear();
        *listen_unsaid = false;
        *playing_until = Instant::ZERO;
        *unstoppable_until = Instant::ZERO;
        *no_input = 0;
        *no_match = 0;
        *place = None;
        steps.clear();
        *queue_node = None;
        // They were disarmed when the call ended.
        debug_assert!(armed.is_empty());
        *answered = false;
        promises.clear();
        *promised = false;
        *gone = false;
        *reached = false;
        if menus.used || menus.version != of_version {
            menus.begin_again(of_version, script);
        }
    }

    /// What only the menus need, to be looked at.
    #[inline]
    pub(crate) fn menus(&self) -> &Menus {
        &self.menus
    }

    /// What only the menus need, to be changed.
    #[inline]
    pub(crate) fn menus_mut(&mut self) -> &mut Menus {
        self.menus.used = true;
        &mut self.menus
    }

    /// By what its caller can be promised a call: her number, and whether she is a synthetic caller.
    pub(crate) fn telephone(&self) -> Option<(CallerNumber, bool)> {
        Some((self.caller?, self.origin.is_some()))
    }

    /// A call back whose caller has not picked up.
    #[inline]
    pub(crate) fn caller_is_away(&self) -> bool {
        self.promised_in.is_some() && !self.reached
    }

    /// The agents whose telephones ring for it.
    pub(crate) fn rung(&self) -> Option<Rung> {
        match self.state {
            CallState::Ringing { agent } => Some(Rung { first: agent, others: self.others.clone() }),
            _ => None,
        }
    }

    /// What the call's chance is keyed by.
    #[inline]
    pub(crate) fn lot(&self) -> u64 {
        self.origin.map_or(self.id.0, |origin| origin.lot)
    }

    /// The version as events tell it.
    #[inline]
    pub(crate) fn version_id(&self) -> ScriptVersion {
        ScriptVersion(self.version as u32 + 1)
    }

    /// What the call counts as when the caller hangs up and the script says nothing else.
    #[inline]
    pub(crate) fn outcome_on_hangup(&self) -> Outcome {
        match (self.answered, self.promised) {
            (true, _) => Outcome::Transferred,
            (false, true) => Outcome::Callback,
            (false, false) => Outcome::Abandoned,
        }
    }
}
