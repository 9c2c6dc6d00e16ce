//! The journal of a live run: what the world tells, written as it is told, in parts of bounded size.
//!
//! A journal is of use only from its beginning on, for a replay begins there. So when its room is used up, journals of
//! earlier runs go first, the oldest before the others; when there are none left, the journal of this run is closed in good
//! order and calls go on without it. A journal that cannot be written any more is cut back to its last whole line and given
//! up. Either is said in the log and in [`State`].

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use rand::{TryRng, rngs::SysRng};

use super::{config::Journal, pump::Tap};
use crate::{
    journal::{Pseudonyms, Writer},
    random::Seed,
    script::{Script, Versions},
    time::{Instant, LocalClock},
    world::Notice,
};

/// How the journal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Going {
    /// None is kept.
    Off,
    /// It is written.
    Written,
    /// Its room is used up: it is closed, and holds the run up to then.
    Full,
    /// It could not be written, or what happened did not follow from it any more (a fault of this program): it is given up, and
    /// holds the run up to then.
    Failed,
}

/// How the journal goes, for whoever wants to know.
#[derive(Debug, Default)]
pub struct State {
    going: AtomicU8,
    bytes: AtomicU64,
}

impl State {
    /// How it goes.
    pub fn going(&self) -> Going {
        match self.going.load(Ordering::Relaxed) {
            0 => Going::Off,
            1 => Going::Written,
            2 => Going::Full,
            _ => Going::Failed,
        }
    }

    /// How many bytes this run has written.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn set(&self, going: Going) {
        self.going.store(going as u8, Ordering::Relaxed);
    }
}

/// A file that is being written, and how much of it.
#[derive(Debug)]
struct Part {
    file: BufWriter<File>,
    path: PathBuf,
    bytes: u64,
    /// Up to where everything is whole lines that the system has taken.
    whole: u64,
}

impl Part {
    fn new(path: PathBuf) -> io::Result<Part> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Part { file: BufWriter::new(options.open(&path)?), path, bytes: 0, whole: 0 })
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a journal. A journal that cannot be written is given up with an error in the log; calls go on.
#[derive(Debug)]
pub struct Recorder {
    writer: Option<Writer<Part>>,
    /// The first part; the others are named after it.
    first: PathBuf,
    bounds: Journal,
    /// Bytes of parts of this run that are closed.
    closed: u64,
    /// Where the world has come to.
    now: Instant,
    state: Arc<State>,
}

/// A journal that cannot be begun.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot begin the journal {}: {cause}; give the name of a new file with --journal, or a folder with [journal] dir",
    path.display()
)]
pub struct RecorderError {
    path: PathBuf,
    cause: io::Error,
}

/// The name of a part of the journal whose first part is `first`.
pub fn part_of(first: &Path, part: u32) -> PathBuf {
    if part == 0 {
        return first.to_owned();
    }
    let mut name = first.as_os_str().to_owned();
    name.push(format!(".{part}"));
    name.into()
}

/// Beside a journal of an earlier run, the name of that of this run: `hatif.run-2.journal` beside `hatif.journal`.
fn of_run(first: &Path, run: i64) -> PathBuf {
    let mut name = first.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".run-{run}"));
    if let Some(extension) = first.extension() {
        name.push(".");
        name.push(extension);
    }
    first.with_file_name(name)
}

impl Recorder {
    /// Begins the journal of a run where `config` says; `None` where it says nothing.
    ///
    /// # Errors
    /// The file cannot be made, or the operating system has no randomness for the pseudonyms.
    pub fn begin(
        config: &Journal,
        run: i64,
        (script, seed, clock): (&Script, Seed, &LocalClock),
        state: Arc<State>,
    ) -> Result<Option<Recorder>, RecorderError> {
        let first = match (&config.file, &config.dir) {
            (Some(file), _) => file.clone(),
            (None, Some(dir)) => dir.join(format!("run-{run}.journal")),
            (None, None) => return Ok(None),
        };
        let error = |cause| RecorderError { path: first.clone(), cause };
        if let Some(dir) = &config.dir {
            fs::create_dir_all(dir).map_err(error)?;
        }
        let (first, part) = match Part::new(first.clone()) {
            // Whoever starts again after a kill must not lose the journal of it, nor be kept from starting by it.
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists && config.file.is_some() => {
                let beside = of_run(&first, run);
                let part = Part::new(beside.clone()).map_err(error)?;
                tracing::warn!(journal = %beside.display(), "{} is an earlier run's journal; this run's is beside it", first.display());
                (beside, part)
            }
            part => (first.clone(), part.map_err(error)?),
        };
        let mut key = [0; 32];
        // Drawn for this run and told to nobody, so that a number cannot be guessed from its pseudonym.
        SysRng.try_fill_bytes(&mut key).map_err(|cause| error(io::Error::other(cause)))?;
        let writer = Writer::begin(part, script, seed, clock, Pseudonyms::new(key)).map_err(error)?;
        state.set(Going::Written);
        let bounds = config.clone();
        let mut recorder = Recorder { writer: Some(writer), first, bounds, closed: 0, now: Instant::ZERO, state };
        recorder.make_room();
        Ok(Some(recorder))
    }

    fn write(&mut self, write: impl FnOnce(&mut Writer<Part>) -> io::Result<()>) {
        let Some(writer) = &mut self.writer else { return };
        if let Err(error) = write(writer) {
            self.give_up(&error);
        }
    }

    /// Leaves what is whole, so that a replay of it ends where the journal does.
    fn give_up(&mut self, error: &io::Error) {
        let Some(writer) = self.writer.take() else { return };
        let Part { file, path, whole, .. } = writer.into_place();
        // What is still in memory is not written: it would follow the cut.
        let (file, _) = file.into_parts();
        let journal = path.display();
        tracing::error!(%journal, %error, "the journal cannot be written; calls go on without it");
        if let Err(error) = file.set_len(whole) {
            tracing::warn!(%journal, %error, "the journal's last line is torn; a replay ends before it");
        }
        self.state.set(Going::Failed);
    }

    /// After each change: whole lines are handed on, a part that is long enough ends.
    fn settle(&mut self) {
        self.write(|writer| {
            writer.flush()?;
            let part = writer.place();
            part.whole = part.bytes;
            Ok(())
        });
        let Some(writer) = &mut self.writer else { return };
        let bytes = writer.place().bytes;
        self.state.bytes.store(self.closed + bytes, Ordering::Relaxed);
        if bytes < self.bounds.part {
            return;
        }
        if self.make_room() {
            let next = part_of(&self.first, writer_part(&self.writer) + 1);
            self.closed += bytes;
            self.write(|writer| Part::new(next).and_then(|part| writer.go_on(part)).map(drop));
        } else if let Some(writer) = self.writer.take() {
            let journal = self.first.display();
            tracing::warn!(%journal, bytes = self.closed + bytes, "the journal's room is used up: it ends here; calls go on");
            self.state.set(Going::Full);
            // Not all of the last instant need have happened.
            if let Err(error) = writer.finish_full(Instant(self.now.0.saturating_sub(1))) {
                tracing::error!(%journal, %error, "the journal cannot be closed");
            }
        }
    }

    /// Whether one more part fits, after journals of earlier runs have made room.
    fn make_room(&mut self) -> bool {
        let written = self.closed + self.writer.as_mut().map_or(0, |writer| writer.place().bytes);
        // Whoever wants no bound sets the largest number.
        let own = written.saturating_add(self.bounds.part);
        // A part ends with the line that fills it, so each is a little longer than it may be.
        let total = self.bounds.total.saturating_add(self.bounds.part / 16);
        let dir = self.bounds.dir.as_ref().filter(|_| self.bounds.file.is_none());
        // Where this run's own parts are too much, those of earlier runs would go for nothing.
        let Some(dir) = dir.filter(|_| own <= total) else { return own <= total };
        let mut earlier = earlier_parts(dir, &self.first);
        let mut kept: u64 = earlier.iter().map(|(_, _, bytes)| bytes).sum();
        while own.saturating_add(kept) > total
            && let Some(run) = earlier.first().map(|(run, _, _)| *run)
        {
            // A journal that has lost a part is worth nothing: all of its parts go.
            for (_, path, bytes) in earlier.extract_if(.., |(of, _, _)| *of == run) {
                kept -= bytes;
                let journal = path.display();
                match fs::remove_file(&path) {
                    Ok(()) => tracing::info!(%journal, "an old journal made room for this run's"),
                    Err(error) => tracing::warn!(%journal, %error, "an old journal cannot be removed"),
                }
            }
        }
        true
    }
}

fn writer_part(writer: &Option<Writer<Part>>) -> u32 {
    writer.as_ref().map_or(0, Writer::part)
}

/// Parts of journals of other runs in a folder: the run, the file and its length, in the order of the runs.
fn earlier_parts(dir: &Path, own: &Path) -> Vec<(i64, PathBuf, u64)> {
    let own = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (run, rest) = name.strip_prefix("run-")?.split_once(".journal")?;
        let of_part = rest.is_empty() || rest.strip_prefix('.').is_some_and(|part| part.parse::<u32>().is_ok());
        let run = run.parse().ok().filter(|_| of_part && !name.starts_with(&own))?;
        Some((run, entry.path(), entry.metadata().ok()?.len()))
    };
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut parts: Vec<_> = entries.filter_map(part).collect();
    parts.sort();
    parts
}

impl Tap for Recorder {
    fn note(&mut self, notice: &Notice, _: &Versions) {
        match notice {
            Notice::Event(event) => {
                self.now = self.now.max(event.at);
                self.write(|writer| writer.event(event));
            }
            Notice::Input { at, input, secret } => {
                self.now = self.now.max(*at);
                self.write(|writer| writer.input(*at, input, *secret));
            }
            Notice::KeyUsed { call, key } => self.write(|writer| writer.used(*call, *key)),
            _ => {}
        }
    }

    fn settled(&mut self) {
        self.settle();
    }

    fn broke(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let journal = self.first.display();
        tracing::warn!(%journal, "the journal ends before a fault of this program; calls go on without it");
        self.state.set(Going::Failed);
        // Not all of the last instant need have happened.
        if let Err(error) = writer.finish(Instant(self.now.0.saturating_sub(1))) {
            tracing::error!(%journal, %error, "the journal cannot be closed");
        }
    }

    fn finish(&mut self, end: Instant) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.finish(end)
        {
            tracing::error!(journal = %self.first.display(), %error, "the journal cannot be closed");
        }
    }
}
