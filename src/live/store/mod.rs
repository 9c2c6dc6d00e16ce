//! Call records, audit lines and registry changes on disk: one SQLite file, one thread that writes it in groups.
//!
//! What is queued while a group is being written becomes the next group, so the cost of making a write durable is shared by
//! all calls that end about then. A record counts as written when its transaction is on the disk; only then is its call
//! told `ended`.

pub mod examine;
mod insert;
pub mod job;
pub mod jobs;
mod layout;
mod lock;
pub mod state;
pub mod wal;
mod writer;

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
};

use rand::{TryRng, rngs::SysRng};
use rusqlite::{Connection, OpenFlags, config::DbConfig, params};

pub use job::{CallRow, Durable, Job, KeptPromise, RefusalRow};
pub use jobs::{Gone, Jobs};
pub use layout::SCHEMA;
pub use state::{State, Written};
#[cfg(test)]
pub(super) use writer::plant;
pub use writer::{Lost, Writer};

use self::lock::FolderLock;
use super::{clock, config::Records, row};
use crate::{
    id::CallId,
    registry::access::change::AccessChange,
    time::Duration,
    world::services::{
        ServiceChange,
        complaint::{Case, Complaint},
    },
};

/// The name of the database in its folder.
pub const FILE: &str = "calls.db";

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
    #[error(
        "there are no call records in {0}; they are written by `hatif serve` into its folder of records; name that one"
    )]
    Missing(PathBuf),
    /// The database has nothing in it.
    #[error(
        "{0} is empty: either no server has begun to write there, or its records are gone; \
         put a copy of it back, or let `hatif serve` begin it anew"
    )]
    Empty(PathBuf),
    /// SQLite refuses.
    #[error("call records in {}: {cause}{}", path.display(), way_out(path, cause))]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: rusqlite::Error,
    },
}

/// Whether SQLite says by this that the file is not what it was written as.
fn is_damage(cause: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(cause.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// What to do about a refusal of SQLite, where something can be said.
fn way_out(path: &Path, cause: &rusqlite::Error) -> String {
    let dir = if path.ends_with(FILE) { path.parent().unwrap_or(path) } else { path };
    match is_damage(cause) {
        true => format!("; run `hatif doctor {}`, which says what can be saved", dir.display()),
        false => String::new(),
    }
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

/// An open database that nobody writes yet.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
    /// Held as long as this server lives.
    _lock: FolderLock,
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
        let lock = FolderLock::take(dir).map_err(folder)?.ok_or_else(|| StoreError::InUse(dir.to_owned()))?;
        let path = dir.join(FILE);
        keep_what_is_cut(&path).map_err(folder)?;
        owned(&path).map_err(folder)?;
        let mut db = Connection::open(&path).map_err(|cause| StoreError::Sqlite { path: path.clone(), cause })?;
        layout::prepare(&mut db, &path)?;
        let store = Store { db, path, _lock: lock };
        if let Err(error) = store.empty_log() {
            tracing::warn!(%error, "the log of call records could not be emptied; it is tried again when it matters");
        }
        Ok(store)
    }

    /// Copies the log into the database and empties it: what was replaced there may still stand in the log. False: somebody
    /// reads just now, and it is to be tried again.
    ///
    /// # Errors
    /// The disk fails.
    fn empty_log(&self) -> rusqlite::Result<bool> {
        // Nobody who only reads is to hold up the writing.
        self.db.busy_timeout(std::time::Duration::ZERO)?;
        let busy = self.db.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, bool>(0));
        self.db.busy_timeout(layout::BUSY)?;
        busy.map(|busy| !busy)
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

    /// The changes made in earlier runs to this registry, in order, and how many were made to people of other registries. What
    /// was lodged while another was served is still lodged, by nobody who is known here.
    ///
    /// # Errors
    /// The database cannot be read, or holds a change this program does not know.
    pub fn changes(&self, registry: &str) -> Result<(Vec<ServiceChange>, u64), StoreError> {
        let read = || {
            let mut select = self.db.prepare("select registry = ?, change from overlay_changes order by id")?;
            let rows = select.query_map([registry], |row| Ok((row.get(0)?, from_json(&row.get::<_, String>(1)?)?)))?;
            let (mut changes, mut others) = (Vec::new(), 0);
            for row in rows {
                match row? {
                    (true, change) => changes.push(change),
                    (false, ServiceChange::Registry(_)) => others += 1,
                    (false, ServiceChange::Complaint(lodged)) => {
                        changes.push(ServiceChange::Complaint(Complaint { person: None, ..lodged }));
                    }
                    (false, ServiceChange::Case(opened)) => {
                        changes.push(ServiceChange::Case(Case { person: None, ..opened }));
                    }
                }
            }
            Ok((changes, others))
        };
        read().map_err(|cause| self.error(cause))
    }

    /// Service time: how long the centre has lived, summed over its runs. A kill can cost it some seconds, never add any.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn lived(&self) -> Result<Duration, StoreError> {
        // What happened in the last seconds before a kill may know of a later time than was written.
        let sql = "select max(
            coalesce((select cast(value as integer) from meta where name = 'lived_us'), 0),
            coalesce((select max(lived_us) from access_changes), 0))";
        let read = self.db.query_row(sql, [], |row| row.get::<_, i64>(0));
        read.map(|us| Duration::from_micros(us.unsigned_abs())).map_err(|cause| self.error(cause))
    }

    /// What identity checks left in earlier runs, in order. What is older than `memory` in service time counts for nothing
    /// any more and is forgotten for good.
    ///
    /// # Errors
    /// The database cannot be read or written, or holds what this program does not know.
    pub fn access(&self, memory: Duration) -> Result<Vec<AccessChange>, StoreError> {
        let since = self.lived()?.as_micros().saturating_sub(memory.as_micros());
        let read = || {
            let since = i64::try_from(since).unwrap_or(i64::MAX);
            self.db.execute("delete from access_changes where lived_us < ?", [since])?;
            let mut select = self.db.prepare("select change from access_changes order by id")?;
            let rows = select.query_map([], |row| from_json(&row.get::<_, String>(0)?))?;
            rows.collect::<Result<_, rusqlite::Error>>()
        };
        read().map_err(|cause| self.error(cause))
    }

    /// The call backs that earlier runs promised and that are still to be made, in the order in which they were promised.
    ///
    /// # Errors
    /// The database cannot be read, or holds a promise this program does not know.
    pub fn promises(&self) -> Result<Vec<KeptPromise>, StoreError> {
        let read = || {
            let sql = "select id, promised_in, promise from promises where settled_utc is null order by rowid";
            let mut select = self.db.prepare(sql)?;
            let rows = select.query_map([], |row| {
                let promise = from_json(&row.get::<_, String>(2)?)?;
                Ok(KeptPromise { id: row.get(0)?, promised_in: row.get(1)?, promise })
            })?;
            rows.collect::<Result<_, rusqlite::Error>>()
        };
        read().map_err(|cause| self.error(cause))
    }

    fn error(&self, cause: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), cause }
    }
}

/// A value as it was written.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
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
    let sqlite = |cause| StoreError::Sqlite { path: path.clone(), cause };
    let db = Connection::open_with_flags(&path, flags).map_err(sqlite)?;
    // Whoever only reads leaves the log as it is: what is damaged in it is for the next start to set aside, and to tell.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sqlite)?;
    match layout::marks(&db, &path)?.layout {
        0 => return Err(StoreError::Missing(path)),
        _ => db.pragma_update(None, "query_only", true).map_err(|cause| StoreError::Sqlite { path, cause })?,
    }
    Ok(db)
}

/// Tells what is behind the last whole group of the log, which goes as the database is opened; sets a copy aside where
/// records in it may have been acknowledged.
fn keep_what_is_cut(path: &Path) -> std::io::Result<()> {
    let tail = wal::tail_of(path)?;
    let (frames, bytes, groups) = (tail.cut_frames, tail.cut_bytes, tail.cut_groups);
    if tail.is_damaged() {
        let log = wal::log_of(path);
        let mut aside = log.clone().into_os_string();
        aside.push(format!(".damaged-{}", row::utc(clock::real_time()).replace([':', '.'], "-")));
        std::fs::copy(&log, &aside)?;
        let copy = Path::new(&aside).display();
        tracing::error!(
            frames, bytes, groups, kept = tail.groups, %copy,
            "the log of call records is damaged: what follows the damage is cut off, and records in it are lost; check the disk"
        );
    } else if tail.is_cut() {
        tracing::warn!(
            frames,
            bytes,
            "the log of call records ended within a write, as a kill leaves it: that was cut off, nobody had been told of it"
        );
    }
    Ok(())
}

/// Makes the database's file where there is none, for its owner alone: whom it is about is nobody else's business. SQLite
/// gives the files beside it the same rights.
fn owned(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::{id::PersonId, registry::Change, world::Promise};

    fn run() -> Run {
        Run { began: "2026-01-01T00:00:00Z".into(), origin: "2022-05-17T10:00:00+01:00".into(), speed: 1.0, seed: 1 }
    }

    fn write(dir: &Path, jobs: Vec<Job>) -> (i64, Vec<Durable>) {
        let store = Store::open(dir).expect("a fresh folder");
        let number = store.begin_run(&run()).expect("a run");
        let (durable, mut told) = mpsc::unbounded_channel();
        let writer = store.write_for(number, "r".into(), Records::default(), durable).expect("a thread");
        for job in jobs {
            writer.sender().offer(job).expect("the writer lives");
        }
        writer.finish().expect("written");
        (number, std::iter::from_fn(|| told.try_recv().ok()).flatten().collect())
    }

    #[test]
    fn records_are_durable_when_told_and_their_ids_unique_over_runs() {
        let dir = tempfile::tempdir().expect("a folder");
        let call = |n| Job::Call(Box::new(CallRow { call: CallId(n), ..CallRow::default() }));
        let (first, told) = write(dir.path(), vec![call(1), call(2)]);
        assert_eq!(told, [Durable::Call(CallId(1)), Durable::Call(CallId(2))]);
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
        let lodged = |person| {
            let complaint = Complaint { ordinal: 4, call: CallId(1), person, lodged: crate::time::Date(7) };
            ServiceChange::Complaint(complaint)
        };
        let of_somebody = lodged(Some(PersonId(5)));
        let changes = [change(3), change(1), of_somebody.clone(), change(2)];
        let jobs = changes.map(|change| Job::Change { at_utc: String::new(), change });
        write(dir.path(), jobs.into());
        let store = Store::open(dir.path()).expect("the folder again");
        assert_eq!(store.changes("r").expect("changes"), (vec![change(3), change(1), of_somebody, change(2)], 0));
        // What was lodged stays lodged, and its reference is not given again; by whom, another registry cannot tell.
        assert_eq!(store.changes("another").expect("changes"), (vec![lodged(None)], 3));
    }

    #[test]
    fn a_database_of_a_later_program_or_another_one_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), vec![]);
        let db = Connection::open(dir.path().join(FILE)).expect("the file");
        db.pragma_update(None, "user_version", SCHEMA + 1).expect("a pragma");
        drop(db);
        let error = Store::open(dir.path()).expect_err("too new").to_string();
        assert!(error.contains("later version of hatif (layout 3, this one knows 2)"), "{error}");
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

    /// A folder as the first layout left it: two calls and a change.
    fn of_layout_1(dir: &Path) {
        let db = Connection::open(dir.join(FILE)).expect("the file");
        db.execute_batch(include_str!("layout_1.sql")).expect("the layout of then");
        db.pragma_update(None, "application_id", layout::APPLICATION).expect("a pragma");
        db.pragma_update(None, "user_version", 1).expect("a pragma");
        let change = r#"{"of":"registry","change":"declare_child","person":7}"#;
        let kept = ServiceChange::Registry(Change::DeclareChild { person: PersonId(7) });
        assert_eq!(serde_json::from_str::<serde_json::Value>(change).ok(), serde_json::to_value(&kept).ok());
        let rows = format!(
            "insert into runs (began, origin, speed, seed, program) values ('a', 'b', 1, 1, '0.1.0');
             insert into overlay_changes (run, registry, at_utc, change) values (1, 'r', '', '{change}');"
        );
        db.execute_batch(&rows).expect("rows");
    }

    #[test]
    fn a_folder_of_the_first_layout_is_brought_up_to_this_one_and_loses_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        of_layout_1(dir.path());
        let refusal = RefusalRow { number: 1, at_utc: "x".into(), reason: "calls", times: 3 };
        let (run, _) = write(dir.path(), vec![Job::Refusal(refusal)]);
        assert_eq!(run, 2);
        let store = Store::open(dir.path()).expect("the folder again");
        let change = ServiceChange::Registry(Change::DeclareChild { person: PersonId(7) });
        assert_eq!(store.changes("r").expect("changes"), (vec![change], 0));
        let row = |sql: &str| store.db.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a row");
        assert_eq!(row("select times from refusals where run = 2 and number = 1"), 3);
        assert_eq!(
            row("select count(*) from runs where ended is null"),
            1,
            "the first layout does not say when it ended"
        );
    }

    #[test]
    fn service_time_adds_up_over_runs_and_never_goes_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let lived = |speed: f64| {
            let store = Store::open(dir.path()).expect("the folder");
            let before = store.lived().expect("a time");
            let number = store.begin_run(&run()).expect("a run");
            let (durable, _told) = mpsc::unbounded_channel();
            let writer = store.write_for(number, "r".into(), Records::default(), durable).expect("a thread");
            assert_eq!(writer.state().lived(), before, "it stands still until the doors open");
            let opens = crate::time::Instant::from_secs(3_600);
            writer.state().opened(clock::Clock::start_at(opens, speed), opens);
            writer.finish().expect("written");
            before
        };
        let times = [1_000.0, 0.001, 1_000.0, 1.0].map(lived);
        assert_eq!(times[0], Duration::ZERO);
        assert!(times.is_sorted() && times[3] < Duration::from_hours(1), "{times:?}");
        assert!(times[3] > times[2], "a run lived for some time: {times:?}");
    }

    #[test]
    fn what_checks_left_is_kept_as_long_as_it_matters() {
        let dir = tempfile::tempdir().expect("a folder");
        let change = |secs: u64| -> AccessChange {
            let mark = "00112233445566778899aabbccddeeff";
            let text = format!(r#"{{"at":{},"call":1,"of":"known","subject":"{mark}"}}"#, secs * 1_000_000);
            serde_json::from_str(&text).expect("a change")
        };
        let times = [10, 3_000, 4_000, 5_000];
        write(dir.path(), times.map(|secs| Job::Access(change(secs))).into());
        let store = Store::open(dir.path()).expect("the folder again");
        assert_eq!(store.lived().expect("a time"), Duration::from_secs(5_000), "it has lived as long as it knows of");
        let kept = |memory| store.access(Duration::from_secs(memory)).expect("changes");
        assert_eq!(kept(10_000), times.map(change));
        assert_eq!(kept(1_500), [change(4_000), change(5_000)]);
        assert_eq!(kept(10_000), [change(4_000), change(5_000)], "what counts for nothing is forgotten for good");
    }

    fn promise(number: &str, attempts: u8) -> KeptPromise {
        KeptPromise {
            id: "1-2".into(),
            promised_in: "1-1".into(),
            promise: Promise {
                number: number.parse().map(crate::pii::CallerNumber::new).expect("ten digits"),
                queue: "help".into(),
                language: "fr".into(),
                accepted: vec![],
                since: Duration::from_secs(7),
                priority: 0,
                attempts,
                node: None,
                recording: true,
            },
        }
    }

    #[test]
    fn a_promise_is_open_until_it_is_settled_and_then_names_nobody() {
        let dir = tempfile::tempdir().expect("a folder");
        let promise = |attempts| promise("0600000042", attempts);
        write(dir.path(), vec![Job::Promise(promise(0)), Job::Promise(promise(1))]);
        let open = |dir: &Path| Store::open(dir).expect("the folder").promises().expect("promises");
        assert_eq!(open(dir.path()), [promise(1)], "the later word counts");
        write(dir.path(), vec![Job::PromiseKept { id: "1-2".into() }]);
        assert_eq!(open(dir.path()), []);
        let db = open_to_read(dir.path()).expect("a database");
        let left: String = db.query_row("select promise from promises", [], |row| row.get(0)).expect("a row");
        assert_eq!(left, "");
    }

    #[test]
    fn a_settled_promise_leaves_no_digit_of_its_number_on_the_disk() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("a fresh folder");
        let number = store.begin_run(&run()).expect("a run");
        let (durable, mut told) = mpsc::unbounded_channel();
        let writer = store.write_for(number, "r".into(), Records::default(), durable).expect("a thread");
        let mut write = |job, mark| {
            for job in [job, Job::Mark(mark)] {
                writer.sender().offer(job).expect("the writer lives");
            }
            assert_eq!(told.blocking_recv(), Some(vec![Durable::Mark(mark)]));
        };
        let files = || [dir.path().join(FILE), wal::log_of(&dir.path().join(FILE))];
        let holds = || {
            let bytes = files().map(|file| std::fs::read(file).unwrap_or_default()).concat();
            bytes.windows(10).any(|bytes| bytes == b"0600000042")
        };
        // With another beside it, so that its page is not given up as a whole.
        let another = KeptPromise { id: "1-3".into(), ..promise("0600000043", 0) };
        write(Job::Promise(another), 1);
        write(Job::Promise(promise("0600000042", 0)), 2);
        write(Job::Promise(promise("0600000042", 1)), 3);
        assert!(holds(), "it is there while somebody is to be called");
        write(Job::PromiseKept { id: "1-2".into() }, 4);
        // The writer empties its log when it has told.
        let began = clock::wall();
        while holds() {
            assert!(clock::since(began) < Duration::from_mins(1), "a settled promise's number is still on the disk");
            std::thread::yield_now();
        }
        writer.finish().expect("written");
        assert!(!holds());
    }
}
