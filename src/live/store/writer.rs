//! The thread that writes, in groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, ToSql, params};
use tokio::sync::mpsc;

use super::{CallRow, Job, Records, Store, public_id};
use crate::{id::CallId, world::services::audit::AuditEntry};

impl Store {
    /// Starts the writer. `durable` is told each call whose record is on disk.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn write_for(
        self,
        run: i64,
        registry: String,
        config: Records,
        durable: mpsc::UnboundedSender<CallId>,
    ) -> std::io::Result<Writer> {
        let (sender, jobs) = mpsc::channel(config.group.max(64) * 4);
        let failing = Arc::new(AtomicBool::new(false));
        let mut writing = Writing { store: self, run, registry, config, durable, failing: failing.clone() };
        let thread = std::thread::Builder::new().name("records".to_owned()).spawn(move || writing.run(jobs))?;
        Ok(Writer { sender, failing, thread })
    }
}

/// The handle of the writing thread.
#[derive(Debug)]
pub struct Writer {
    sender: mpsc::Sender<Job>,
    failing: Arc<AtomicBool>,
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
    pub fn sender(&self) -> mpsc::Sender<Job> {
        self.sender.clone()
    }

    /// Set while the last write failed: records wait in memory, and no new call should be taken.
    pub fn failing(&self) -> Arc<AtomicBool> {
        self.failing.clone()
    }

    /// Writes what is queued and ends. Every other sender must be gone, or this waits for it. Blocks.
    ///
    /// # Errors
    /// Records that could not be written.
    pub fn finish(self) -> Result<(), Lost> {
        drop(self.sender);
        match self.thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Writing {
    store: Store,
    run: i64,
    registry: String,
    config: Records,
    durable: mpsc::UnboundedSender<CallId>,
    failing: Arc<AtomicBool>,
}

/// Pause between tries when a write fails.
const RETRY: std::time::Duration = std::time::Duration::from_millis(500);
/// Tries after the server has begun to end.
const LAST_TRIES: u32 = 4;

impl Writing {
    fn run(&mut self, mut jobs: mpsc::Receiver<Job>) -> Result<(), Lost> {
        let mut group = Vec::new();
        while let Some(first) = jobs.blocking_recv() {
            group.push(first);
            std::thread::sleep(self.config.group_wait.to_std());
            while group.len() < self.config.group {
                match jobs.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            self.write_until_done(&group, &jobs)?;
            for job in group.drain(..) {
                if let Job::Call(row) = job {
                    // Nobody listens once the pump has ended; then nobody is left to be told.
                    let _ = self.durable.send(row.call);
                }
            }
        }
        Ok(())
    }

    fn write_until_done(&mut self, group: &[Job], jobs: &mpsc::Receiver<Job>) -> Result<(), Lost> {
        let mut last_tries = LAST_TRIES;
        loop {
            let Err(error) = self.write(group) else {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("call records are written again");
                }
                return Ok(());
            };
            if !self.failing.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "call records cannot be written; no new calls until they can");
            }
            if jobs.is_closed() || jobs.sender_strong_count() == 0 {
                last_tries -= 1;
                if last_tries == 0 {
                    let path = self.store.path.display().to_string();
                    return Err(Lost { records: group.len() + jobs.len(), path, reason: error.to_string() });
                }
            }
            std::thread::sleep(RETRY);
        }
    }

    fn write(&mut self, group: &[Job]) -> rusqlite::Result<()> {
        let transaction = self.store.db.transaction()?;
        for job in group {
            match job {
                Job::Call(row) => insert_call(&transaction, self.run, row)?,
                Job::Change { at_utc, change } => {
                    let sql = "insert into overlay_changes (run, registry, at_utc, change) values (?, ?, ?, ?)";
                    // A closed enum of numbers and words always becomes JSON.
                    let change = serde_json::to_string(change).unwrap_or_default();
                    transaction.prepare_cached(sql)?.execute(params![self.run, self.registry, at_utc, change])?;
                }
                Job::Audit { at_utc, entry } => insert_audit(&transaction, self.run, at_utc, entry)?,
            }
        }
        transaction.commit()
    }
}

fn insert_audit(db: &Connection, run: i64, at_utc: &str, entry: &AuditEntry) -> rusqlite::Result<()> {
    let sql =
        "insert into audit (run, call, at_utc, person, level, what, fields, access) values (?, ?, ?, ?, ?, ?, ?, ?)";
    let access = match serde_json::to_value(entry.access) {
        Ok(serde_json::Value::String(word)) => word,
        // A plain word; anything else would be a change of its type.
        _ => format!("{:?}", entry.access),
    };
    let (level, fields) = (format!("{:?}", entry.level), entry.fields.join(" "));
    let (call, person) = (public_id(run, entry.call), entry.person.map(|person| person.0));
    db.prepare_cached(sql)?.execute(params![run, call, at_utc, person, level, entry.what, fields, access])?;
    Ok(())
}

fn insert_call(db: &Connection, run: i64, row: &CallRow) -> rusqlite::Result<()> {
    let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let public = |call: Option<CallId>| call.map(|call| public_id(run, call));
    let values: [(&str, &dyn ToSql); 38] = [
        ("id", &public_id(run, row.call)),
        ("run", &run),
        ("number", &ms(row.call.0)),
        ("version", &row.version),
        ("digest", &row.digest),
        ("started", &row.started),
        ("answered", &row.answered),
        ("ended", &row.ended),
        ("started_utc", &row.started_utc),
        ("ended_utc", &row.ended_utc),
        ("duration_ms", &ms(row.duration_ms)),
        ("caller", &row.caller),
        ("language", &row.language),
        ("languages", &row.languages),
        ("outcome", &row.outcome),
        ("cause", &row.cause),
        ("node", &row.node),
        ("level", &row.level),
        ("person", &row.person),
        ("failed_checks", &row.failed_checks),
        ("intents", &row.intents),
        ("services", &row.services),
        ("path", &row.path),
        ("no_inputs", &row.no_inputs),
        ("no_matches", &row.no_matches),
        ("queue", &row.queue),
        ("waited_ms", &ms(row.waited_ms)),
        ("unanswered_rings", &row.unanswered_rings),
        ("agent", &row.agent),
        ("talked_ms", &ms(row.talked_ms)),
        ("held_ms", &ms(row.held_ms)),
        ("transfers", &row.transfers),
        ("survey", &row.survey),
        ("cases", &row.cases),
        ("message_ms", &row.message_ms.map(ms)),
        ("promised_in", &public(row.promised_in)),
        ("callback", &public(row.callback)),
        ("recording", &row.recording),
    ];
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!("insert into calls ({}) values ({marks})", names.join(", "));
    db.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values.iter().map(|(_, value)| value)))?;
    Ok(())
}
