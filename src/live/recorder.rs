//! The journal of a live run: what the world tells, written as it is told.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use rand::{TryRng, rngs::SysRng};

use super::pump::Tap;
use crate::{
    journal::{Pseudonyms, Writer},
    random::Seed,
    script::{Script, Versions},
    time::{Instant, LocalClock},
    world::Notice,
};

/// Writes a journal. A journal that cannot be written is given up with an error in the log; calls go on.
pub struct Recorder<W: Write> {
    writer: Option<Writer<W>>,
    name: String,
}

impl Recorder<BufWriter<File>> {
    /// Begins a journal in a new file.
    ///
    /// # Errors
    /// The file exists already or cannot be made, or the operating system has no randomness for the pseudonyms.
    pub fn begin(path: &Path, script: &Script, seed: Seed, clock: &LocalClock) -> Result<Self, RecorderError> {
        let error = |cause| RecorderError { path: path.to_owned(), cause };
        let file = File::create_new(path).map_err(error)?;
        let mut key = [0; 32];
        // Drawn for this run and told to nobody, so that a number cannot be guessed from its pseudonym.
        SysRng.try_fill_bytes(&mut key).map_err(|cause| error(io::Error::other(cause)))?;
        Recorder::to(BufWriter::new(file), &path.display().to_string(), (script, seed, clock), Pseudonyms::new(key))
            .map_err(error)
    }
}

impl<W: Write> Recorder<W> {
    /// Begins a journal on a writer; `name` is what the log calls it.
    ///
    /// # Errors
    /// The writer refuses.
    pub fn to(
        to: W,
        name: &str,
        (script, seed, clock): (&Script, Seed, &LocalClock),
        pseudonyms: Pseudonyms,
    ) -> io::Result<Recorder<W>> {
        let writer = Writer::begin(to, script, seed, clock, pseudonyms)?;
        Ok(Recorder { writer: Some(writer), name: name.to_owned() })
    }

    fn write(&mut self, write: impl FnOnce(&mut Writer<W>) -> io::Result<()>) {
        let Some(writer) = &mut self.writer else { return };
        if let Err(error) = write(writer) {
            tracing::error!(journal = self.name, %error, "the journal cannot be written; this run goes on without it");
            self.writer = None;
        }
    }
}

/// A journal that cannot be begun.
#[derive(Debug, thiserror::Error)]
#[error("cannot begin the journal {}: {cause}; give the name of a new file with --journal", path.display())]
pub struct RecorderError {
    path: PathBuf,
    cause: io::Error,
}

impl<W: Write + Send> Tap for Recorder<W> {
    fn note(&mut self, notice: &Notice, _: &Versions) {
        match notice {
            Notice::Event(event) => self.write(|writer| writer.event(event)),
            Notice::Input { at, input, secret } => self.write(|writer| writer.input(*at, input, *secret)),
            _ => {}
        }
    }

    fn settled(&mut self) {
        self.write(Writer::flush);
    }

    fn finish(&mut self, end: Instant) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.finish(end)
        {
            tracing::error!(journal = self.name, %error, "the journal cannot be closed");
        }
    }
}
