//! Call records, audit lines and registry changes on disk: one SQLite file, one thread that writes it in groups.
//!
//! What is queued while a group is being written becomes the next group, so the cost of making a write durable is shared by
//! all calls that end about then. A record counts as written when its transaction is on the disk; only then is its call
//! told `ended`.

mod writer;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use rand::{TryRng, rngs::SysRng};
use rusqlite::{Connection, OpenFlags, params};

pub use writer::{Lost, Writer};

use super::config::Records;
use crate::{
    canary::{Canary, canary},
    id::CallId,
    world::services::{ServiceChange, audit::AuditEntry},
};

/// The layout this program writes. A database of a later one is refused, one of an earlier one brought up to it.
pub const SCHEMA: i64 = 1;

/// What marks a SQLite file as ours: "HATF".
const APPLICATION: i64 = 0x4841_5446;

/// The name of the database in its folder.
const FILE: &str = "calls.db";

/// The tables.
const CREATE: &str = include_str!("layout.sql");

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
    let synchronous = if canary(Canary::MissingSync) { "off" } else { "full" };
    db.pragma_update(None, "synchronous", synchronous).map_err(sqlite)?;
    if found == 0 {
        let layout = format!(
            "begin immediate; pragma application_id = {APPLICATION}; pragma user_version = {SCHEMA}; {CREATE} commit;"
        );
        db.execute_batch(&layout).map_err(sqlite)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

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
    fn every_commit_waits_for_the_disk() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("a fresh folder");
        let full = 2;
        assert_eq!(store.db.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)), Ok(full));
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
