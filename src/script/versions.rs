//! The published versions of a run, and the numbering of queues and agent groups that outlives them.
//!
//! A queue (or group) id of the engine is a place in the order in which names were first published; a later version that
//! drops, renames or reorders queues never renumbers the others. Whoever reads events resolves their ids here.

use std::sync::Arc;

use super::model::{Group, Queue, Script};
use crate::id::{GroupId, QueueId, ScriptVersion};

/// The scripts published in a run, as far as calls still run on them.
#[derive(Clone, Debug)]
pub struct Versions {
    /// By number; a version nobody asks for any more is forgotten.
    scripts: Vec<Option<Arc<Script>>>,
    queues: Vec<Queue>,
    groups: Vec<Group>,
}

impl Versions {
    /// A run that begins with `script` as version 1.
    pub fn new(script: Arc<Script>) -> Versions {
        let mut versions = Versions { scripts: Vec::new(), queues: Vec::new(), groups: Vec::new() };
        versions.publish(script);
        versions
    }

    /// Adds the next version and gives its number.
    pub fn publish(&mut self, script: Arc<Script>) -> ScriptVersion {
        for queue in &script.queues {
            match self.queues.iter_mut().find(|known| known.name == queue.name) {
                Some(known) => *known = queue.clone(),
                None => self.queues.push(queue.clone()),
            }
        }
        for group in &script.groups {
            match self.groups.iter_mut().find(|known| known.name == group.name) {
                Some(known) => *known = group.clone(),
                None => self.groups.push(group.clone()),
            }
        }
        self.scripts.push(Some(script));
        ScriptVersion(self.scripts.len() as u32)
    }

    /// Forgets the scripts of versions that `runs` denies, but for the latest two: what the last calls of the one before the
    /// current still told may not have been read yet.
    pub fn forget(&mut self, runs: impl Fn(ScriptVersion) -> bool) {
        let old = self.scripts.len().saturating_sub(2);
        for (i, script) in self.scripts[..old].iter_mut().enumerate() {
            if !runs(ScriptVersion(i as u32 + 1)) {
                *script = None;
            }
        }
    }

    /// The script of a version; `None` when there is none or it is forgotten.
    pub fn script(&self, version: ScriptVersion) -> Option<&Arc<Script>> {
        self.scripts.get((version.0 as usize).checked_sub(1)?)?.as_ref()
    }

    /// The script new calls begin on.
    pub fn current(&self) -> &Arc<Script> {
        let current = self.scripts.last().and_then(Option::as_ref);
        current.expect("the current version is never forgotten")
    }

    /// The number of [`Versions::current`].
    pub fn number(&self) -> ScriptVersion {
        ScriptVersion(self.scripts.len() as u32)
    }

    /// A queue of the engine, as the latest version that has it defines it.
    pub fn queue(&self, id: QueueId) -> Option<&Queue> {
        self.queues.get(id.index())
    }

    /// The engine's id of a queue.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.queues.iter().position(|queue| &*queue.name == name).map(|i| QueueId(i as u16))
    }

    /// A group of the engine, as the latest version that has it defines it.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(id.index())
    }

    /// The engine's id of a group.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        self.groups.iter().position(|group| &*group.name == name).map(|i| GroupId(i as u16))
    }
}
