//! Writing a journal.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::line::{FORMAT, Header, Line, Recorded, RecordedKey};
use crate::{
    engine::{Event, Input},
    id::CallId,
    pii::{CallerNumber, Digits},
    random::Seed,
    script::{Script, model::Key},
    time::{Instant, LocalClock},
};

/// Replaces calling numbers by others that cannot be led back without the key; one number always by the same.
#[derive(Clone)]
pub struct Pseudonyms([u8; 32]);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(•)")
    }
}

impl Pseudonyms {
    /// Pseudonyms by a key. A live centre draws one per run and forgets it; a simulation may take any.
    pub fn new(key: [u8; 32]) -> Pseudonyms {
        Pseudonyms(key)
    }

    /// The pseudonym of a number: fifteen digits.
    pub fn of(&self, number: CallerNumber) -> Digits {
        // HMAC would guard against extending the message; a number and a key of fixed length leave nothing to extend.
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(number.reveal().to_string().as_bytes());
        hash.update(self.0);
        let digest = hash.finalize();
        let value = digest.iter().take(8).fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
        Digits::from_number(value % 1_000_000_000_000_000, Digits::MAX_LEN).unwrap_or_default()
    }

    /// What a journal with these pseudonyms is known by.
    fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(b"journal");
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Writes a journal line by line. The writer given should be buffered; [`Writer::flush`] when lines must be safe.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    pseudonyms: Pseudonyms,
    part: u32,
    inputs: u64,
    events: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a journal of a run that starts with `script`.
    pub fn begin(
        mut to: W,
        script: &Script,
        seed: Seed,
        clock: &LocalClock,
        pseudonyms: Pseudonyms,
    ) -> io::Result<Writer<W>> {
        let header = Header {
            hatif_journal: FORMAT,
            script: script.digest.to_string(),
            seed: seed.seed,
            replication: seed.replication,
            epoch_us: clock.unix_micros(Instant::ZERO),
            id: pseudonyms.id(),
        };
        write_line(&mut to, &header)?;
        Ok(Writer { to, pseudonyms, part: 0, inputs: 0, events: 0 })
    }

    /// Writes an input, as the world tells it (a secret digit is written as one in any case).
    pub fn input(&mut self, at: Instant, input: &Input, secret: bool) -> io::Result<()> {
        let input = Recorded::of(input, secret, |number| self.pseudonyms.of(number));
        self.inputs += 1;
        write_line(&mut self.to, &Line::In { at, input })
    }

    /// Writes that a key pressed ahead, of which its input did not say which it is, came to be used.
    pub fn used(&mut self, call: CallId, key: Key) -> io::Result<()> {
        write_line(&mut self.to, &Line::Used { used: call, key: RecordedKey::Clear(key) })
    }

    /// Goes on in another place: this part says that one more follows, and that begins by saying which it is.
    pub fn go_on(&mut self, next: W) -> io::Result<W> {
        write_line(&mut self.to, &Line::More { more: self.part + 1 })?;
        self.to.flush()?;
        self.part += 1;
        let before = std::mem::replace(&mut self.to, next);
        write_line(&mut self.to, &Line::Part { part: self.part, of: self.pseudonyms.id() })?;
        Ok(before)
    }

    /// Where it is written.
    pub fn place(&mut self) -> &mut W {
        &mut self.to
    }

    /// Ends without a word: the place as it is, what is buffered in it included.
    pub fn into_place(self) -> W {
        self.to
    }

    /// Which part is being written, counted from 0.
    pub fn part(&self) -> u32 {
        self.part
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.events += 1;
        write_line(&mut self.to, &Line::Ev { ev: event.clone() })
    }

    /// Hands what is buffered on to the operating system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Closes the journal: everything up to `end` has happened. Gives the writer back, flushed.
    pub fn finish(self, end: Instant) -> io::Result<W> {
        self.close(end, false)
    }

    /// The same for want of room, while the run goes on.
    pub fn finish_full(self, end: Instant) -> io::Result<W> {
        self.close(end, true)
    }

    fn close(mut self, end: Instant, full: bool) -> io::Result<W> {
        write_line(&mut self.to, &Line::End { end, inputs: self.inputs, events: self.events, full })?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// One value, one line.
fn write_line(to: &mut impl Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}
