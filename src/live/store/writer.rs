//! The thread that writes, in groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
};

use rusqlite::params;
use tokio::sync::{Semaphore, mpsc};

use super::{
    Records, Store,
    insert::insert,
    job::{Durable, Job, Kind},
    jobs::{Jobs, Queued},
    state::State,
};
use crate::{
    live::{clock, row},
    time::Duration,
};

impl Store {
    /// Starts the writer. `durable` is told, group by group, what was waited for and is on disk.
    ///
    /// # Errors
    /// No thread can be started, or the database cannot be read.
    pub fn write_for(
        self,
        run: i64,
        registry: String,
        config: Records,
        durable: mpsc::UnboundedSender<Vec<Durable>>,
    ) -> std::io::Result<Writer> {
        let lived = self.lived().map_err(std::io::Error::other)?;
        let state = Arc::new(State::new(config.waiting, lived));
        let (jobs, inlet) = Jobs::new(config.waiting, state.clone());
        let ending = Arc::new(AtomicBool::new(false));
        let (ending_too, of_thread) = (ending.clone(), state.clone());
        let path = self.path.display().to_string();
        let writing = Writing {
            run,
            registry,
            config,
            durable,
            lived,
            state: of_thread,
            ending: ending_too,
            room: inlet.room,
            store: self,
            to_empty: false,
            emptied: None,
        };
        let thread = std::thread::Builder::new().name("records".to_owned()).spawn(move || writing.run(inlet.jobs))?;
        Ok(Writer { jobs, state, ending, path, thread })
    }
}

/// The handle of the writing thread.
#[derive(Debug)]
pub struct Writer {
    jobs: Jobs,
    state: Arc<State>,
    ending: Arc<AtomicBool>,
    path: String,
    thread: JoinHandle<Result<(), Lost>>,
}

/// Records that could not be written before the server had to end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{records} records could not be written to {path}: {reason}; free space there or repair the disk")]
pub struct Lost {
    /// How many.
    pub records: usize,
    /// Where.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Writer {
    /// The way to the writer. It waits when the disk is slower than the calls.
    pub fn sender(&self) -> Jobs {
        self.jobs.clone()
    }

    /// How the writing goes.
    pub fn state(&self) -> Arc<State> {
        self.state.clone()
    }

    /// Set while no new call should be taken; see [`State::failing`].
    pub fn failing(&self) -> Arc<AtomicBool> {
        self.state.failing_flag()
    }

    /// From now on a write that fails is tried a few times more; then what waits counts as lost, and the writer ends. Whoever
    /// waits for room then waits no longer.
    pub fn hurry(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Writes what is queued, notes that the run has ended, and ends. Every other sender must be gone, or this waits for it.
    /// Blocks.
    ///
    /// # Errors
    /// Records that could not be written.
    pub fn finish(self) -> Result<(), Lost> {
        self.hurry();
        drop(self.jobs);
        let late = |state: &State| state.late() as usize;
        match self.thread.join() {
            Ok(result) => result.map_err(|lost| Lost { records: lost.records + late(&self.state), ..lost }),
            Err(_) => {
                let reason = "the thread that writes them failed, a fault of hatif (please report it)".to_owned();
                let records = self.state.waiting() as usize + late(&self.state);
                Err(Lost { records, path: self.path, reason })
            }
        }
    }
}

struct Writing {
    store: Store,
    run: i64,
    registry: String,
    config: Records,
    durable: mpsc::UnboundedSender<Vec<Durable>>,
    state: Arc<State>,
    ending: Arc<AtomicBool>,
    room: Arc<Semaphore>,
    /// Service time as last written.
    lived: Duration,
    /// The log holds what was since settled.
    to_empty: bool,
    /// When it was last tried to empty it.
    emptied: Option<tokio::time::Instant>,
}

impl Drop for Writing {
    /// However the thread ends, nobody waits for it any more.
    fn drop(&mut self) {
        self.state.over();
        self.room.close();
    }
}

#[cfg(test)]
static PLANTED: std::sync::Mutex<Option<std::path::PathBuf>> = std::sync::Mutex::new(None);

/// The writer of the records in this folder panics at its next group. For tests.
#[cfg(test)]
pub(in crate::live) fn plant(dir: &std::path::Path) {
    *PLANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(dir.to_owned());
}

#[cfg(test)]
fn strike(path: &std::path::Path) {
    let mut planted = PLANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let struck = planted.take_if(|dir| path.starts_with(dir)).is_some();
    drop(planted);
    assert!(!struck, "a planted fault");
}

/// Pause between tries when a write fails.
const RETRY: std::time::Duration = std::time::Duration::from_millis(250);
/// Tries after the server has begun to end.
const LAST_TRIES: u32 = 8;
/// How often service time is written when nothing else is: what a kill can take from a lock's past, never from its rest.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(10);
/// How often the log may be emptied, which waits for the disk.
const EMPTIED_EVERY: Duration = Duration::from_secs(1);

impl Writing {
    fn run(mut self, jobs: Receiver<Queued>) -> Result<(), Lost> {
        let mut group = Vec::new();
        loop {
            match jobs.recv_timeout(HEARTBEAT) {
                Ok(first) => group.push(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // One that is full with its first has nobody to wait for.
            if !group.is_empty() && self.config.group > 1 {
                std::thread::sleep(self.config.group_wait.to_std());
                group.extend(jobs.try_iter().take(self.config.group.saturating_sub(1)));
            }
            self.write_until_done(&group, &jobs, false)?;
            self.acknowledge(&mut group);
            self.empty_log();
        }
        self.write_until_done(&[], &jobs, true)
    }

    /// After a promise was settled: its number goes from the log too, at the latest a heartbeat later.
    fn empty_log(&mut self) {
        if !self.to_empty || self.emptied.is_some_and(|at| clock::since(at) < EMPTIED_EVERY) {
            return;
        }
        self.emptied = Some(clock::wall());
        match self.store.empty_log() {
            Ok(emptied) => self.to_empty = !emptied,
            Err(error) => tracing::warn!(%error, "the log of call records could not be emptied; it is tried again"),
        }
    }

    fn acknowledge(&mut self, group: &mut Vec<Queued>) {
        self.room.add_permits(group.len());
        let awaited = |(_, job)| match job {
            Job::Call(row) => Some(Durable::Call(row.call)),
            Job::Verdict(verdict) => Some(Durable::Verdict(verdict)),
            Job::Mark(mark) => Some(Durable::Mark(mark)),
            _ => None,
        };
        let durable: Vec<Durable> = group.drain(..).filter_map(awaited).collect();
        if !durable.is_empty() {
            // Nobody listens once the pump has ended; then nobody is left to be told.
            let _ = self.durable.send(durable);
        }
    }

    fn write_until_done(&mut self, group: &[Queued], jobs: &Receiver<Queued>, last: bool) -> Result<(), Lost> {
        if let Some((oldest, _)) = group.first() {
            self.state.taken(*oldest);
        }
        let mut last_tries = LAST_TRIES;
        loop {
            let began = clock::wall();
            let Err(error) = self.write(group, last) else {
                if self.state.reason().is_some() {
                    tracing::info!("call records are written again");
                }
                let mut kinds = [0; Kind::COUNT];
                group.iter().for_each(|(_, job)| kinds[job.kind() as usize] += 1);
                self.state.committed(&kinds, clock::since(began));
                self.to_empty |= group.iter().any(|(_, job)| matches!(job, Job::PromiseKept { .. }));
                return Ok(());
            };
            if self.state.failed(error.to_string()) {
                let waiting = self.state.waiting();
                tracing::error!(%error, waiting, "call records cannot be written; no new calls until they can");
            }
            if self.ending.load(Ordering::Relaxed) {
                last_tries -= 1;
                if last_tries == 0 {
                    let path = self.store.path.display().to_string();
                    let records = group.len() + jobs.try_iter().count();
                    return Err(Lost { records, path, reason: error.to_string() });
                }
            }
            std::thread::sleep(RETRY);
        }
    }

    fn write(&mut self, group: &[Queued], last: bool) -> rusqlite::Result<()> {
        #[cfg(test)]
        strike(&self.store.path);
        // Never back, whatever the clock of this run says.
        let lived = self.state.lived().max(self.lived);
        let transaction = self.store.db.transaction()?;
        for (_, job) in group {
            if !insert(&transaction, (self.run, &self.registry), job)? {
                self.state.came_twice();
                tracing::error!(
                    "a call record came twice and was left out; this is a fault of hatif, please report it"
                );
            }
        }
        let sql =
            "insert into meta (name, value) values ('lived_us', ?) on conflict do update set value = excluded.value";
        transaction.prepare_cached(sql)?.execute([lived.as_micros().to_string()])?;
        if last {
            let now = row::utc(clock::real_time());
            transaction.execute("update runs set ended = ? where id = ?", params![now, self.run])?;
        }
        transaction.commit()?;
        self.lived = lived;
        Ok(())
    }
}
