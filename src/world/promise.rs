//! Promises to call back, as they are kept over a restart: by names instead of numbers, in service time.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Ear, Notice, World};
use crate::{
    engine::{Fact, Input, Promised, event::Cause},
    id::{CallId, LanguageId},
    pii::CallerNumber,
    script::Script,
    time::{Duration, Instant},
};

/// A promise to call back, as whoever keeps it over a restart writes it. Displays masked; serialises the number in clear,
/// since nobody could be called otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Whom to call.
    #[serde(serialize_with = "clear", deserialize_with = "from_clear")]
    pub number: CallerNumber,
    /// The name of the queue.
    pub queue: String,
    /// The code of the language.
    pub language: String,
    /// Codes of other languages the caller accepts.
    pub accepted: Vec<String>,
    /// Since when she waits, in service time: who waits longer is called first.
    pub since: Duration,
    /// Of the queue and of the node by which she came to it.
    pub priority: i16,
    /// How often she was dialled already.
    pub attempts: u8,
    /// The name of the `queue` node that says what follows the conversation.
    pub node: Option<String>,
    /// She did not object to being recorded.
    pub recording: bool,
}

/// The one place where a calling number is written in clear.
fn clear<S: Serializer>(number: &CallerNumber, s: S) -> Result<S::Ok, S::Error> {
    number.reveal().serialize(s)
}

fn from_clear<'de, D: Deserializer<'de>>(d: D) -> Result<CallerNumber, D::Error> {
    Deserialize::deserialize(d).map(CallerNumber::new)
}

/// A promise that cannot stand in its queue again, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LostPromise {
    /// The centre has no such queue any more.
    #[error("the centre has no queue `{0}`")]
    Queue(String),
    /// It speaks no such language any more.
    #[error("the centre has no language `{0}`")]
    Language(String),
    /// No calls are taken.
    #[error("the centre takes no calls")]
    Closed,
}

impl World {
    /// Stands promises of earlier runs in their queues again, in the order given, each as a new call that keeps its place:
    /// since when it waits, among those of this run too. Told as [`Input::CallbackRestored`]. For each the id of its call.
    ///
    /// After [`super::services::Services::restore_access`], which says how service time goes on. A queue node that is no
    /// more, or from which nobody is called back any more, is done without: nothing is said after the conversation then.
    pub fn restore_promises(&mut self, now: Instant, promises: &[Promise]) -> Vec<Result<CallId, LostPromise>> {
        promises.iter().map(|promise| self.restore_promise(now, promise)).collect()
    }

    fn restore_promise(&mut self, now: Instant, promise: &Promise) -> Result<CallId, LostPromise> {
        let script = self.versions.current().clone();
        let language = |code: &String| script.language_named(code).ok_or_else(|| LostPromise::Language(code.clone()));
        let queue = script.queues.iter().any(|queue| *queue.name == *promise.queue);
        let queue = self.versions.queue_named(&promise.queue).filter(|_| queue);
        let promised = Promised {
            caller: promise.number,
            queue: queue.ok_or_else(|| LostPromise::Queue(promise.queue.clone()))?,
            language: language(&promise.language)?,
            accepted: promise.accepted.iter().map(language).collect::<Result<_, _>>()?,
            since: self.services.instant_of(promise.since),
            priority: promise.priority,
            attempts: promise.attempts,
            node: promise.node.as_deref().and_then(|name| queue_node(&script, name)),
            recording: promise.recording,
        };
        let call = self.inject(now, Input::CallbackRestored(Box::new(promised)));
        call.inspect(|call| _ = self.promised.insert(*call)).ok_or(LostPromise::Closed)
    }

    /// The promise that a call back keeps, as it stands now.
    pub fn promise(&self, call: CallId) -> Option<Promise> {
        let promised = self.engine.promise(call)?;
        let version = self.engine.version_of(call)?;
        let script = self.versions.script(version)?;
        let code = |language: LanguageId| script.languages[language.index()].code.to_string();
        Some(Promise {
            number: promised.caller,
            queue: self.versions.queue(promised.queue)?.name.to_string(),
            language: code(promised.language),
            accepted: promised.accepted.iter().copied().map(code).collect(),
            since: self.services.lived(promised.since),
            priority: promised.priority,
            attempts: promised.attempts,
            node: promised.node.map(|node| script.node(node).name.to_string()),
            recording: promised.recording,
        })
    }

    /// Tells of a promise that is new or was tried in vain: before the end of the call in which it was made, so that whoever
    /// keeps both in order never has the call without its promise.
    pub(super) fn tell_promise<E: Ear>(&mut self, call: CallId, promised_in: CallId, ear: &mut E) {
        if let Some(promise) = self.promise(call).filter(|_| E::ALL) {
            self.promised.insert(call);
            ear.tell_before_end(promised_in, || Notice::Promised { call, promised_in, promise });
        }
    }

    /// Tells what the engine said of promises, now that it can be asked how they stand.
    pub(super) fn follow_promises<E: Ear>(&mut self, ear: &mut E) {
        for news in std::mem::take(&mut self.promise_news) {
            match news {
                PromiseNews::Stands { call, promised_in } => self.tell_promise(call, promised_in, ear),
                PromiseNews::Over { call, for_good } => self.kept(call, for_good, ear),
            }
        }
    }

    /// A promise is kept or given up for good, told before the end of its call; not where the centre only closed.
    fn kept<E: Ear>(&mut self, call: CallId, for_good: bool, ear: &mut E) {
        if self.promised.remove(&call) && for_good {
            ear.tell_before_end(call, || Notice::PromiseKept { call });
        }
    }
}

/// What the engine said of a promise while it was busy.
#[derive(Clone, Copy, Debug)]
pub(super) enum PromiseNews {
    /// It is new, or was tried in vain.
    Stands {
        /// The call that keeps it.
        call: CallId,
        /// The call in which it was made.
        promised_in: CallId,
    },
    /// The call that was to keep it was answered or ended.
    Over {
        /// That call.
        call: CallId,
        /// There is nothing left to keep.
        for_good: bool,
    },
}

/// Notes what the engine says of promises.
pub(super) struct Follower<'a> {
    /// Promises stand.
    pub(super) any: bool,
    pub(super) news: &'a mut Vec<PromiseNews>,
}

impl Follower<'_> {
    pub(super) fn made(&mut self, call: CallId, promised_in: CallId) {
        self.news.push(PromiseNews::Stands { call, promised_in });
    }

    pub(super) fn fact(&mut self, fact: &Fact) {
        if !self.any && self.news.is_empty() {
            return;
        }
        let news = match *fact {
            Fact::CallbackMissed { call, .. } => PromiseNews::Stands { call, promised_in: CallId::EARLIER_RUN },
            Fact::CallAnswered { call, .. } => PromiseNews::Over { call, for_good: true },
            // Where the centre only closed, the promise stands.
            Fact::CallEnded { call, cause, .. } => PromiseNews::Over { call, for_good: cause != Cause::Drained },
            _ => return,
        };
        self.news.push(news);
    }
}

fn queue_node(script: &Script, name: &str) -> Option<crate::id::NodeId> {
    let place = script.nodes.iter().position(|node| *node.name == *name && node.calls_back());
    place.map(|place| crate::id::NodeId(place as u32))
}
