//! The published versions of a run, and the numbering of queues that outlives them.
//!
//! A queue id of the engine is a place in the order in which queue names were first published; a later version that drops,
//! renames or reorders queues never renumbers the others. Whoever reads events resolves their ids here.

use std::sync::Arc;

use super::model::{Queue, Script};
use crate::id::{QueueId, ScriptVersion};

/// Every script published so far in a run.
#[derive(Clone, Debug)]
pub struct Versions {
    scripts: Vec<Arc<Script>>,
    queues: Vec<Queue>,
}

impl Versions {
    /// A run that begins with `script` as version 1.
    pub fn new(script: Arc<Script>) -> Versions {
        let mut versions = Versions { scripts: Vec::new(), queues: Vec::new() };
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
        self.scripts.push(script);
        ScriptVersion(self.scripts.len() as u32)
    }

    /// The script of a version.
    pub fn script(&self, version: ScriptVersion) -> Option<&Arc<Script>> {
        self.scripts.get((version.0 as usize).checked_sub(1)?)
    }

    /// The script new calls begin on.
    pub fn current(&self) -> &Arc<Script> {
        self.scripts.last().expect("a run begins with a version")
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
}
