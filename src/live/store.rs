//! Call records, audit lines and registry changes on disk: one SQLite file, one thread that writes it in groups.
//!
//! What is queued while a group is being written becomes the next group, so the cost of making a write durable is shared by
//! all calls that end about then. A record counts as written when its transaction is on the disk; only then is its call
//! told `ended`.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use rand::{TryRng, rngs::SysRng};
use rusqlite::{Connection, OpenFlags, ToSql, params};
use tokio::sync::mpsc;

use super::config::Records;
use crate::{
    id::CallId,
    world::services::{ServiceChange, audit::AuditEntry},
};

/// The layout this program writes. A database of a later one is refused, one of an earlier one brought up to it.
pub const SCHEMA: i64 = 1;

/// What marks a SQLite file as ours: "HATF".
const APPLICATION: i64 = 0x4841_5446;

/// The name of the database in its folder.
const FILE: &str = "calls.db";

const CREATE: &str = "
create table meta (
    name text primary key,
    value text not null
) strict;
create table runs (
    id integer primary key autoincrement,
    began text not null,            -- when it really began, UTC
    origin text not null,           -- what time it was in the centre then
    speed real not null,
    seed integer not null,
    program text not null           -- version of hatif
) strict;
create table calls (
    id text primary key,            -- run-number: unique over restarts
    run integer not null references runs(id),
    number integer not null,        -- of the call within its run
    version integer not null,       -- of the script within its run
    digest text not null,           -- of the script's files, over all runs
    started text not null,          -- local, with offset; `answered` and `ended` too
    answered text,                  -- by an agent, first
    ended text not null,
    started_utc text not null,
    ended_utc text not null,
    duration_ms integer not null,
    caller text,                    -- masked; null when withheld
    language text not null,         -- at the end
    languages text not null,        -- all, in order; lists have spaces between
    outcome text not null,
    cause text not null,
    node text not null,             -- where it ended
    level text not null,            -- access level reached
    person integer,                 -- index in the registry, when proven
    failed_checks integer not null,
    intents text not null,          -- what the options chosen are for
    services text not null,         -- asked
    path text not null,             -- nodes entered
    no_inputs integer not null,
    no_matches integer not null,
    queue text,                     -- the last one waited in
    waited_ms integer not null,     -- in all queues
    unanswered_rings integer not null,
    agent integer,                  -- the last one talked to
    talked_ms integer not null,     -- holds included
    held_ms integer not null,
    transfers integer not null,
    survey text,                    -- question=answer
    cases text,                     -- back-office cases opened
    message_ms integer,             -- length of a message left
    promised_in text,               -- of a call back: the call in which it was promised
    callback text,                  -- the call back that was promised in it
    recording integer not null      -- 0 where the caller refused to be recorded
) strict;
create index calls_started on calls(started_utc);
create table overlay_changes (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    registry text not null,         -- of which registry; a change means nothing in another
    at_utc text not null,
    change text not null            -- JSON
) strict;
create table audit (
    id integer primary key autoincrement,
    run integer not null references runs(id),
    call text not null,
    at_utc text not null,
    person integer,                 -- index in the registry; null where a claim led to nobody
    level text not null,            -- that the call had reached
    what text not null,             -- the service asked, or identity, code, send_code
    fields text not null,           -- given, with spaces between
    access text not null            -- granted, refused, locked, below_level
) strict;
";

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or written.
    #[error("cannot use {path} for call records: {cause}; choose another folder with --data")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Another server writes there.
    #[error("another server keeps its call records in {0}; stop it, or choose another folder with --data")]
    InUse(PathBuf),
    /// The file is another program's.
    #[error("{0} is not a database of call records; move it away, or choose another folder with --data")]
    NotOurs(PathBuf),
    /// The file was written by a later version of this program.
    #[error(
        "{path} was written by a later version of hatif (layout {found}, this one knows {SCHEMA}); \
         use that version, or choose another folder with --data"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// There is no database yet.
    #[error("there are no call records in {0}; they are written by `hatif serve`; choose their folder with --data")]
    Missing(PathBuf),
    /// SQLite refuses.
    #[error("call records in {path}: {cause}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: rusqlite::Error,
    },
}

/// What is said about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// When it really begins, UTC.
    pub began: String,
    /// What time it is in the centre then.
    pub origin: String,
    /// Seconds of the centre per second.
    pub speed: f64,
    /// The root of all chance.
    pub seed: u64,
}

/// One call record, as it is written: names instead of numbers, personal data masked.
#[derive(Clone, Debug, PartialEq, Default)]
#[allow(missing_docs, reason = "the columns of the table `calls`, explained there")]
pub struct CallRow {
    pub call: CallId,
    pub version: u32,
    pub digest: String,
    pub started: String,
    pub answered: Option<String>,
    pub ended: String,
    pub started_utc: String,
    pub ended_utc: String,
    pub duration_ms: u64,
    pub caller: Option<String>,
    pub language: String,
    pub languages: String,
    pub outcome: String,
    pub cause: String,
    pub node: String,
    pub level: String,
    pub person: Option<u32>,
    pub failed_checks: u32,
    pub intents: String,
    pub services: String,
    pub path: String,
    pub no_inputs: u32,
    pub no_matches: u32,
    pub queue: Option<String>,
    pub waited_ms: u64,
    pub unanswered_rings: u32,
    pub agent: Option<u32>,
    pub talked_ms: u64,
    pub held_ms: u64,
    pub transfers: u32,
    pub survey: Option<String>,
    pub cases: Option<String>,
    pub message_ms: Option<u64>,
    pub promised_in: Option<CallId>,
    pub callback: Option<CallId>,
    pub recording: bool,
}

/// Something to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// A call record. Its call is named to the acknowledgement channel once it is durable.
    Call(Box<CallRow>),
    /// A registry change, to be made again at the next start.
    Change {
        /// When, UTC.
        at_utc: String,
        /// What.
        change: ServiceChange,
    },
    /// A read of personal data.
    Audit {
        /// When, UTC.
        at_utc: String,
        /// What.
        entry: AuditEntry,
    },
}

/// An open database that nobody writes yet.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
    /// Held as long as this server lives.
    _lock: File,
}

/// The id of a call over all runs.
pub fn public_id(run: i64, call: CallId) -> String {
    format!("{run}-{}", call.0)
}

impl Store {
    /// Opens the database in `dir`, making both when they are missing.
    ///
    /// # Errors
    /// The folder cannot be used, belongs to another running server, or holds something this program cannot write.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        let folder = |cause| StoreError::Folder { path: dir.to_owned(), cause };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let lock = File::create(dir.join("lock")).map_err(folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(dir.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(folder(cause)),
        }
        let path = dir.join(FILE);
        let db = Connection::open(&path).map_err(|cause| StoreError::Sqlite { path: path.clone(), cause })?;
        prepare(&db, &path, true)?;
        Ok(Store { db, path, _lock: lock })
    }

    /// Enters a run and gives its number.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn begin_run(&self, run: &Run) -> Result<i64, StoreError> {
        let sql = "insert into runs (began, origin, speed, seed, program) values (?, ?, ?, ?, ?)";
        let seed = run.seed as i64;
        self.db
            .execute(sql, params![run.began, run.origin, run.speed, seed, env!("CARGO_PKG_VERSION")])
            .map_err(|cause| self.error(cause))?;
        Ok(self.db.last_insert_rowid())
    }

    /// The number that one-time codes and references follow from: drawn once, kept as long as the records, told to nobody.
    ///
    /// # Errors
    /// The database cannot be written, or the operating system has no randomness.
    pub fn secret_seed(&self) -> Result<u64, StoreError> {
        let read = || -> rusqlite::Result<String> {
            let drawn =
                SysRng.try_next_u64().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            let insert = "insert into meta (name, value) values ('secret_seed', ?) on conflict do nothing";
            self.db.execute(insert, [drawn.to_string()])?;
            self.db.query_row("select value from meta where name = 'secret_seed'", [], |row| row.get(0))
        };
        let seed = read().map_err(|cause| self.error(cause))?;
        seed.parse().map_err(|_| StoreError::NotOurs(self.path.clone()))
    }

    /// The changes made to this registry in earlier runs, in order, and how many belong to other registries.
    ///
    /// # Errors
    /// The database cannot be read, or holds a change this program does not know.
    pub fn changes(&self, registry: &str) -> Result<(Vec<ServiceChange>, u64), StoreError> {
        let read = || {
            let mut select = self.db.prepare("select change from overlay_changes where registry = ? order by id")?;
            let rows = select.query_map([registry], |row| row.get::<_, String>(0))?;
            let changes = rows
                .map(|text| {
                    serde_json::from_str(&text?).map_err(|error| {
                        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
                    })
                })
                .collect::<Result<Vec<ServiceChange>, rusqlite::Error>>()?;
            let others = "select count(*) from overlay_changes where registry <> ?";
            let others = self.db.query_row(others, [registry], |row| row.get::<_, i64>(0))?;
            Ok((changes, others.unsigned_abs()))
        };
        read().map_err(|cause| self.error(cause))
    }

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

    fn error(&self, cause: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), cause }
    }
}

/// Opens the database in `dir` for reading.
///
/// # Errors
/// There is none, or this program cannot read it.
pub fn open_to_read(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE);
    if !path.is_file() {
        return Err(StoreError::Missing(dir.to_owned()));
    }
    // A reader of a database in WAL mode must be able to make the shared index, so it is opened for writing and told not to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db =
        Connection::open_with_flags(&path, flags).map_err(|cause| StoreError::Sqlite { path: path.clone(), cause })?;
    prepare(&db, &path, false)?;
    Ok(db)
}

/// Checks whose database it is and of which layout; lays out an empty one when it is to be written.
fn prepare(db: &Connection, path: &Path, write: bool) -> Result<(), StoreError> {
    let sqlite = |cause| StoreError::Sqlite { path: path.to_owned(), cause };
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let not_ours = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::NotOurs(path.to_owned()),
        _ => StoreError::Sqlite { path: path.to_owned(), cause: error },
    };
    db.busy_timeout(std::time::Duration::from_secs(5)).map_err(sqlite)?;
    let (application, found) = (number("application_id").map_err(not_ours)?, number("user_version").map_err(not_ours)?);
    let empty =
        db.query_row("select count(*) = 0 from sqlite_schema", [], |row| row.get::<_, bool>(0)).map_err(not_ours)?;
    if application != APPLICATION && !(application == 0 && empty) {
        return Err(StoreError::NotOurs(path.to_owned()));
    }
    if found > SCHEMA {
        return Err(StoreError::Newer { path: path.to_owned(), found });
    }
    if !write {
        return match found {
            0 => Err(StoreError::Missing(path.to_owned())),
            _ => db.pragma_update(None, "query_only", true).map_err(sqlite),
        };
    }
    // FULL: in WAL mode nothing less makes a commit survive a power cut.
    db.pragma_update(None, "journal_mode", "wal").map_err(sqlite)?;
    db.pragma_update(None, "synchronous", "full").map_err(sqlite)?;
    if found == 0 {
        let layout = format!(
            "begin immediate; pragma application_id = {APPLICATION}; pragma user_version = {SCHEMA}; {CREATE} commit;"
        );
        db.execute_batch(&layout).map_err(sqlite)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::PersonId, registry::Change};

    fn run() -> Run {
        Run { began: "2026-01-01T00:00:00Z".into(), origin: "2022-05-17T10:00:00+01:00".into(), speed: 1.0, seed: 1 }
    }

    fn write(dir: &Path, jobs: Vec<Job>) -> (i64, Vec<CallId>) {
        let store = Store::open(dir).expect("a fresh folder");
        let number = store.begin_run(&run()).expect("a run");
        let (durable, mut told) = mpsc::unbounded_channel();
        let writer = store.write_for(number, "r".into(), Records::default(), durable).expect("a thread");
        for job in jobs {
            writer.sender().blocking_send(job).expect("the writer lives");
        }
        writer.finish().expect("written");
        (number, std::iter::from_fn(|| told.try_recv().ok()).collect())
    }

    #[test]
    fn records_are_durable_when_told_and_their_ids_unique_over_runs() {
        let dir = tempfile::tempdir().expect("a folder");
        let call = |n| Job::Call(Box::new(CallRow { call: CallId(n), ..CallRow::default() }));
        let (first, told) = write(dir.path(), vec![call(1), call(2)]);
        assert_eq!(told, [CallId(1), CallId(2)]);
        let (second, _) = write(dir.path(), vec![call(1)]);
        assert_ne!(first, second);
        let db = open_to_read(dir.path()).expect("a database");
        let mut select = db.prepare("select id from calls order by id").expect("a query");
        let ids: Vec<String> =
            select.query_map([], |row| row.get(0)).expect("rows").map(|id| id.expect("text")).collect();
        assert_eq!(ids, ["1-1", "1-2", "2-1"]);
    }

    #[test]
    fn changes_of_the_same_registry_come_back_in_order() {
        let dir = tempfile::tempdir().expect("a folder");
        let change = |n| ServiceChange::Registry(Change::DeclareChild { person: PersonId(n) });
        let jobs = [3, 1, 2].map(|n| Job::Change { at_utc: String::new(), change: change(n) });
        write(dir.path(), jobs.into());
        let store = Store::open(dir.path()).expect("the folder again");
        assert_eq!(store.changes("r").expect("changes"), (vec![change(3), change(1), change(2)], 0));
        assert_eq!(store.changes("another").expect("changes"), (vec![], 3));
    }

    #[test]
    fn a_database_of_a_later_program_or_another_one_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), vec![]);
        let db = Connection::open(dir.path().join(FILE)).expect("the file");
        db.pragma_update(None, "user_version", SCHEMA + 1).expect("a pragma");
        drop(db);
        let error = Store::open(dir.path()).expect_err("too new").to_string();
        assert!(error.contains("later version of hatif (layout 2, this one knows 1)"), "{error}");
        std::fs::write(dir.path().join(FILE), "call me back").expect("a file");
        let error = Store::open(dir.path()).expect_err("not a database").to_string();
        assert!(error.contains("is not a database of call records"), "{error}");
        let error = open_to_read(&dir.path().join("nowhere")).expect_err("nothing there").to_string();
        assert!(error.contains("there are no call records"), "{error}");
    }

    #[test]
    fn two_servers_do_not_share_a_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let _first = Store::open(dir.path()).expect("a fresh folder");
        let error = Store::open(dir.path()).expect_err("in use").to_string();
        assert!(error.contains("another server"), "{error}");
    }
}
