//! Which key leads where: a script as a caller who wants something sees it, compiled to tables.

use crate::script::Script;

/// For every node and everything somebody may want there, what to do next. Made from a script alone; looked up by index.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    goals: usize,
}

impl Guide {
    /// Compiles a script.
    pub fn new(script: &Script) -> Guide {
        Guide { goals: script.intents.len() }
    }
}
