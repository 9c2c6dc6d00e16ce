//! From an event of the engine to the feed's words: names instead of numbers, and nothing personal.

use serde::Serialize;

use super::message::{Caller, NoPlace, Told};
use crate::{
    engine::{Event, Fact},
    id::{AgentId, CallId, LanguageId, QueueId},
    live::{row, store},
    script::{Versions, model::Outcome},
};

/// An event in the feed's words; `None` for those it does not tell: what callers hear and key.
pub(super) fn of(event: &Event, run: i64, versions: &Versions) -> Option<Told> {
    let words = Words { run, versions };
    words.of_call(&event.fact).or_else(|| words.of_agent(&event.fact))
}

struct Words<'a> {
    run: i64,
    versions: &'a Versions,
}

impl Words<'_> {
    fn call(&self, call: CallId) -> String {
        store::public_id(self.run, call)
    }

    fn queue(&self, queue: QueueId) -> String {
        self.versions.queue(queue).map_or_else(String::new, |queue| queue.name.to_string())
    }

    /// Languages keep their numbers over all versions of a run.
    fn language(&self, language: LanguageId) -> String {
        let known = self.versions.current().languages.get(language.index());
        known.map_or_else(String::new, |language| language.code.to_string())
    }

    fn of_call(&self, fact: &Fact) -> Option<Told> {
        let name = |AgentId(agent)| agent;
        Some(match *fact {
            Fact::CallArrived { call, language, promised_in, origin, .. } => Told::CallOffered {
                call: self.call(call),
                caller: if origin.is_some() { Caller::Synthetic } else { Caller::Person },
                language: self.language(language),
                promised_in: promised_in.map(|call| self.call(call)),
            },
            Fact::Authenticated { call, level, .. } => Told::CallAuthenticated { call: self.call(call), level },
            Fact::AuthenticationFailed { call, locked } => {
                Told::CallAuthenticationFailed { call: self.call(call), locked }
            }
            Fact::CallPresented { call, agent } => Told::CallRinging { call: self.call(call), agent: name(agent) },
            Fact::AgentDidNotAnswer { call, agent } => {
                Told::CallNotAnswered { call: self.call(call), agent: name(agent) }
            }
            Fact::CallAnswered { call, agent, queue, waited } => Told::CallAnswered {
                call: self.call(call),
                agent: name(agent),
                queue: self.queue(queue),
                waited_ms: waited.as_millis(),
            },
            Fact::CallHeld { call, agent } => Told::CallHeld { call: self.call(call), agent: name(agent) },
            Fact::CallResumed { call, agent } => Told::CallResumed { call: self.call(call), agent: name(agent) },
            Fact::CallReleased { call, agent, talked, by_caller } => Told::CallReleased {
                call: self.call(call),
                agent: name(agent),
                talked_ms: talked.as_millis(),
                by_caller,
            },
            Fact::CallTransferred { call, agent, queue } => {
                Told::CallTransferred { call: self.call(call), agent: name(agent), queue: self.queue(queue) }
            }
            Fact::CallHandedOut { call, .. } => Told::CallHandedOut { call: self.call(call) },
            Fact::CallEnded { call, outcome, cause, .. } => {
                let common = Outcome::COMMON.iter().find(|(_, known)| *known == outcome);
                let outcome = common.map_or("own", |(word, _)| word).to_owned();
                Told::CallEnded { call: self.call(call), outcome, cause: row::word(cause) }
            }
            Fact::CallRefused => Told::CallRefused {},
            _ => return self.of_waiting(fact),
        })
    }

    fn of_waiting(&self, fact: &Fact) -> Option<Told> {
        let not_queued =
            |call, queue, why| Told::CallNotQueued { call: self.call(call), queue: self.queue(queue), why };
        Some(match *fact {
            Fact::CallQueued { call, queue, language, .. } => {
                Told::CallQueued { call: self.call(call), queue: self.queue(queue), language: self.language(language) }
            }
            Fact::QueueFull { call, queue } => not_queued(call, queue, NoPlace::Full),
            Fact::QueueClosed { call, queue } => not_queued(call, queue, NoPlace::Closed),
            Fact::CallOverflowed { call, queue, to } => {
                Told::CallOverflowed { call: self.call(call), queue: self.queue(queue), to: self.queue(to) }
            }
            Fact::CallLeftQueue { call, queue, waited, reason } => Told::CallLeftQueue {
                call: self.call(call),
                queue: self.queue(queue),
                waited_ms: waited.as_millis(),
                reason: word(reason),
            },
            Fact::CallbackPromised { call, callback, queue } => Told::CallbackPromised {
                call: self.call(call),
                callback: self.call(callback),
                queue: self.queue(queue),
            },
            Fact::CallbackDialled { call, agent: AgentId(agent), attempt } => {
                Told::CallbackDialled { call: self.call(call), agent, attempt }
            }
            Fact::CallbackMissed { call, attempt } => Told::CallbackMissed { call: self.call(call), attempt },
            _ => return None,
        })
    }

    fn of_agent(&self, fact: &Fact) -> Option<Told> {
        Some(match *fact {
            Fact::ScriptPublished { version } => Told::ScriptPublished { version: version.0 },
            Fact::AgentLoggedIn { agent: AgentId(agent), group } => {
                let group = self.versions.group(group).map_or_else(String::new, |group| group.name.to_string());
                Told::AgentOnDuty { agent, group }
            }
            Fact::AgentLoggedOut { agent: AgentId(agent) } => Told::AgentOffDuty { agent },
            Fact::AgentReady { agent: AgentId(agent) } => Told::AgentReady { agent },
            Fact::AgentNotReady { agent: AgentId(agent), reason } => {
                Told::AgentNotReady { agent, reason: word(reason) }
            }
            Fact::AfterCallWorkBegan { agent: AgentId(agent) } => Told::AgentAfterCall { agent },
            _ => return None,
        })
    }
}

/// The word of a closed enum of words.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Only a change of its type would make it anything else.
        _ => String::new(),
    }
}
