//! What the engine says after an input: commands to the world, facts, and when it wants to be woken.

use crate::{
    engine::event::{Cause, Event},
    id::{AgentId, CallId, LanguageId, NodeId, PromptId, QueueId, ScriptVersion},
    pii::CallerNumber,
    script::{catalogue::Request, model::Key, value::Value},
    time::{Duration, Instant},
};

/// One item of a drain; see the rule at the top of [`crate::engine`].
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Something the world must do.
    Command(Command),
    /// Something that happened.
    Event(Event),
    /// Nothing more to say until an input or this instant, whichever is first; `None`: nothing is pending.
    Timeout(Option<Instant>),
}

/// Who is told what the engine says, while it says it and in order: a list to be read later, or the world itself, for which
/// nothing is then kept, moved or looked at twice. What is told to it must not change the engine before the input is done with.
pub trait Sink {
    /// Something happened.
    fn event(&mut self, event: Event);

    /// Something the world must do.
    fn command(&mut self, command: Command);
}

impl Sink for Vec<Output> {
    fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    fn command(&mut self, command: Command) {
        self.push(Output::Command(command));
    }
}

/// Something the world must do, to a caller's or an agent's telephone or by asking a service.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Say a prompt to a caller, after what is already being said to her.
    Play(Play),
    /// Stop what is being said: a key was pressed.
    StopPlaying {
        /// To whom.
        call: CallId,
    },
    /// Keys are awaited from now on. Said once what precedes has been queued for playing.
    Listen(Listen),
    /// Ask a service; one [`crate::engine::Input::Replied`] is owed. A reply that comes too late is ignored.
    Ask {
        /// On whose behalf.
        call: CallId,
        /// What.
        request: Request,
    },
    /// The caller waits in a queue from now on, or her place or expected wait was told.
    Waiting {
        /// Who.
        call: CallId,
        /// Where.
        queue: QueueId,
        /// Her place; 1 is next.
        position: u32,
        /// How long it is expected to take.
        expected: Duration,
    },
    /// Ring an agent's telephone.
    Ring {
        /// For which call.
        call: CallId,
        /// Whose.
        agent: AgentId,
    },
    /// Stop ringing: no answer, somebody else answered, or the caller is gone.
    StopRinging {
        /// For which call.
        call: CallId,
        /// Whose.
        agent: AgentId,
    },
    /// Caller and agent talk from now on.
    Connect {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
    },
    /// The caller is on hold, or no longer.
    Hold {
        /// The caller.
        call: CallId,
        /// On hold now.
        held: bool,
    },
    /// The conversation is over, by the agent's doing or the caller's; the agent goes into after-call work.
    Disconnect {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
    },
    /// Ring the caller's telephone, to keep a promise; `CallerAnswered` or `CallerUnreachable` is owed.
    DialBack {
        /// The new call.
        call: CallId,
        /// The call in which it was promised.
        promised_in: CallId,
        /// Whom to ring.
        caller: CallerNumber,
    },
    /// Stop ringing the caller's telephone.
    StopDialling {
        /// The call back.
        call: CallId,
    },
    /// A call back was promised: whoever must remember promises over a restart does so now.
    Promise {
        /// The new call that stands in the queue.
        call: CallId,
        /// The call in which it was promised.
        promised_in: CallId,
        /// Whom to call.
        caller: CallerNumber,
    },
    /// The call is over; nothing more is said to it.
    HangUp {
        /// Which.
        call: CallId,
        /// Why.
        cause: Cause,
    },
}

/// A prompt for a caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// To whom.
    pub call: CallId,
    /// Of which script version prompt and language are.
    pub version: ScriptVersion,
    /// At which node.
    pub node: NodeId,
    /// What.
    pub prompt: PromptId,
    /// In which language.
    pub language: LanguageId,
    /// What fills its slots; empty when there are none.
    pub args: Box<[Value]>,
    /// When it begins: now, or when what is being said ends.
    pub begins: Instant,
    /// How long it takes.
    pub duration: Duration,
    /// A key stops it.
    pub barge_in: bool,
}

/// Keys are awaited.
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    /// From whom.
    pub call: CallId,
    /// At which node.
    pub node: NodeId,
    /// The fewest keys that make an entry.
    pub min: u8,
    /// The most.
    pub max: u8,
    /// What ends an entry early.
    pub terminator: Option<Key>,
    /// What is keyed here is secret.
    pub secret: bool,
    /// When silence counts as no input, if no key comes before.
    pub silence_at: Instant,
}
