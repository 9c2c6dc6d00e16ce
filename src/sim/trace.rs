//! A hash of everything that happened: two runs with the same hash told the same events.

use std::io::Write;

use sha2::{Digest, Sha256};

use crate::engine::Event;

/// Hashes events as the journal writes them, so that it depends neither on the machine nor on how numbers lie in memory.
#[derive(Clone, Debug)]
pub struct Trace(Hashing);

#[derive(Clone, Debug)]
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Default for Trace {
    fn default() -> Trace {
        Trace::new()
    }
}

impl Trace {
    /// Nothing happened yet.
    pub fn new() -> Trace {
        Trace(Hashing(Sha256::new()))
    }

    /// Adds an event.
    pub fn event(&mut self, event: &Event) {
        // Facts are plain data, and hashing does not fail.
        let written = serde_json::to_writer(&mut self.0, event);
        debug_assert!(written.is_ok(), "{event:?}");
        self.add("\n");
    }

    /// Adds text, such as another trace.
    pub fn add(&mut self, text: &str) {
        self.0.0.update(text);
    }

    /// The hash, as 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
