//! One row a call, for files of calls (Parquet, CSV) and for comparing two runs caller by caller.
//!
//! Rows are plain numbers and ids: made fast and only when asked for. Names are put to the ids by whoever writes the file,
//! with [`crate::record::tally::Names`] or the scripts.

use serde::Serialize;

use super::window::Window;
use crate::{
    engine::{
        Event, Fact,
        event::{Cause, LeftQueue},
    },
    id::{AgentId, CallId, LanguageId, NodeId, QueueId, ScriptVersion},
    script::model::{IntentId, Outcome},
    time::{Duration, Instant},
};

/// The most nodes of a path that are kept.
pub const PATH_LIMIT: usize = 200;

/// What became of one call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallRow {
    /// The call.
    pub call: CallId,
    /// For a call back: the call in which it was promised.
    pub promised_in: Option<CallId>,
    /// The caller's lot: the same caller has the same in two runs that meet the same callers; `None`: nobody's synthetic.
    pub lot: Option<u64>,
    /// Which call for the same matter, from 1.
    pub attempt: u8,
    /// What the caller wanted, as her origin tells, else what the option chosen last is for; an intent of `version`.
    pub intent: Option<IntentId>,
    /// The caller's region, 1 to 12; 0: not known.
    pub region: u8,
    /// The script version it ran on.
    pub version: ScriptVersion,
    /// The language it ended in.
    pub language: LanguageId,
    /// When it arrived.
    pub arrived: Instant,
    /// When an agent first took it.
    pub answered: Option<Instant>,
    /// When it ended.
    pub ended: Instant,
    /// The queue it stood in last.
    pub queue: Option<QueueId>,
    /// The agent who took it last.
    pub agent: Option<AgentId>,
    /// All its waiting, ringing included; for a call back since its caller joined the queue in the call before.
    pub waited: Duration,
    /// All its talking, holds included.
    pub talked: Duration,
    /// All its time on hold.
    pub held: Duration,
    /// The expected wait it was told first.
    pub announced: Option<Duration>,
    /// How often an agent passed it on.
    pub transfers: u16,
    /// How often silence was counted.
    pub no_input: u16,
    /// How often an entry that fits nothing was counted.
    pub no_match: u16,
    /// Failed checks of identity or code.
    pub failed_checks: u16,
    /// Why it left a queue without an agent, the last time.
    pub left: Option<LeftQueue>,
    /// As what it ended.
    pub outcome: Outcome,
    /// By what it ended.
    pub cause: Cause,
    /// The node where it ended.
    pub last_node: NodeId,
    /// How many nodes it entered.
    pub steps: u32,
    /// The nodes it entered, in order, at most [`PATH_LIMIT`]; empty unless asked for.
    pub path: Vec<NodeId>,
}

/// Folds events into rows.
#[derive(Clone, Debug)]
pub struct Rows {
    paths: bool,
    calls: Window<Draft>,
}

#[derive(Clone, Debug)]
struct Draft {
    row: CallRow,
    intent_told: bool,
    held_since: Option<Instant>,
}

impl Rows {
    /// No calls yet. `paths`: keep the nodes each call enters.
    pub fn new(paths: bool) -> Rows {
        Rows { paths, calls: Window::default() }
    }

    /// Takes in one event, in order; a row exactly when it ends a call.
    pub fn event(&mut self, event: &Event) -> Option<CallRow> {
        let call = event.fact.call()?;
        if let Fact::CallArrived { version, language, promised_in, origin, .. } = event.fact {
            let row = CallRow {
                call,
                promised_in,
                lot: origin.map(|origin| origin.lot),
                attempt: origin.map_or(1, |origin| origin.attempt.max(1)),
                intent: origin.and_then(|origin| origin.intent),
                region: origin.map_or(0, |origin| origin.region),
                version,
                language,
                arrived: event.at,
                answered: None,
                ended: event.at,
                queue: None,
                agent: None,
                waited: Duration::ZERO,
                talked: Duration::ZERO,
                held: Duration::ZERO,
                announced: None,
                transfers: 0,
                no_input: 0,
                no_match: 0,
                failed_checks: 0,
                left: None,
                outcome: Outcome::Abandoned,
                cause: Cause::Aborted,
                last_node: NodeId(0),
                steps: 0,
                path: Vec::new(),
            };
            self.calls.insert(call, Draft { intent_told: row.intent.is_some(), row, held_since: None });
            return None;
        }
        let paths = self.paths;
        let draft = self.calls.get_mut(call)?;
        draft.take(event, paths);
        match event.fact {
            Fact::CallEnded { .. } => {
                let draft = self.calls.remove(call)?;
                let path = std::mem::take(&mut draft.row.path);
                Some(CallRow { path, ..draft.row.clone() })
            }
            _ => None,
        }
    }

    /// How many calls have arrived and not ended.
    pub fn in_progress(&self) -> usize {
        self.calls.len()
    }
}

impl Draft {
    fn take(&mut self, event: &Event, paths: bool) {
        let (at, row) = (event.at, &mut self.row);
        match event.fact {
            Fact::NodeEntered { node, .. } => {
                row.steps = row.steps.saturating_add(1);
                if paths && row.path.len() < PATH_LIMIT {
                    row.path.push(node);
                }
            }
            Fact::ChoiceMade { serves: Some(intent), .. } if !self.intent_told => row.intent = Some(intent),
            Fact::LanguageSet { language, .. } => row.language = language,
            Fact::NoInput { .. } => row.no_input = row.no_input.saturating_add(1),
            Fact::NoMatch { .. } => row.no_match = row.no_match.saturating_add(1),
            Fact::AuthenticationFailed { .. } => row.failed_checks = row.failed_checks.saturating_add(1),
            Fact::CallQueued { queue, .. } => row.queue = Some(queue),
            Fact::WaitAnnounced { expected, .. } => row.announced = row.announced.or(Some(expected)),
            Fact::CallLeftQueue { waited, reason, .. } => {
                row.waited += waited;
                row.left = Some(reason);
            }
            Fact::CallAnswered { agent, waited, .. } => {
                row.waited += waited;
                row.agent = Some(agent);
                row.answered = row.answered.or(Some(at));
            }
            Fact::CallHeld { .. } => self.held_since = Some(at),
            Fact::CallResumed { .. } => self.end_hold(at),
            Fact::CallReleased { talked, .. } => {
                row.talked += talked;
                self.end_hold(at);
            }
            Fact::CallTransferred { .. } => row.transfers = row.transfers.saturating_add(1),
            Fact::CallEnded { outcome, cause, node, .. } => {
                (row.ended, row.outcome, row.cause, row.last_node) = (at, outcome, cause, node);
            }
            _ => {}
        }
    }

    fn end_hold(&mut self, at: Instant) {
        if let Some(since) = self.held_since.take() {
            self.row.held += at.since(since);
        }
    }
}
