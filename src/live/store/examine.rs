//! Looking at a folder of call records without changing it: for whoever wants to know whether it is sound.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{FILE, SCHEMA, StoreError, is_damage, layout, lock, wal};

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// A server is running in it.
    pub in_use: bool,
    /// The layout of its database.
    pub layout: i64,
    /// The end of its log, where no server is running in it.
    pub tail: Option<wal::Tail>,
    /// What is wrong inside the database, in its own words; empty when it is sound.
    pub unsound: Vec<String>,
    /// Call records.
    pub calls: u64,
    /// Records whose id does not say their run and number, or that say the same ones as another.
    pub doubled: u64,
    /// Rows that name a run that is not there.
    pub strays: u64,
    /// Runs.
    pub runs: u64,
    /// Runs that were cut off: they have no end, and no server is running in the folder.
    pub cut_off: Vec<i64>,
    /// Call backs that are still to be made.
    pub promises: u64,
    /// How many seconds the centre has lived, over all runs.
    pub lived_s: u64,
}

/// Looks at the folder.
///
/// # Errors
/// There is no database or an empty one, it is another program's or of a later version, or it cannot be opened. That it is
/// damaged is a finding.
pub fn examine(dir: &Path) -> Result<Findings, StoreError> {
    let path = dir.join(FILE);
    if !path.is_file() {
        return Err(StoreError::Missing(dir.to_owned()));
    }
    let folder = |cause| StoreError::Folder { path: dir.to_owned(), cause };
    let in_use = lock::is_held(dir).map_err(folder)?;
    // A log that is being written has no end to speak of.
    let tail = (!in_use).then(|| wal::tail_of(&path)).transpose().map_err(folder)?;
    let sqlite = |cause| StoreError::Sqlite { path: path.clone(), cause };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&path, flags).map_err(sqlite)?;
    // Whoever only looks leaves the log as it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sqlite)?;
    let layout = match layout::marks(&db, &path) {
        Ok(marks) => marks.layout,
        // So damaged that it does not even say what it is.
        Err(StoreError::Sqlite { cause, .. }) if is_damage(&cause) => {
            let unsound = vec![cause.to_string()];
            return Ok(Findings { in_use, tail, layout: SCHEMA, unsound, ..Findings::default() });
        }
        Err(error) => return Err(error),
    };
    if layout == 0 {
        // All there was may have been in a log of which nothing counts any more.
        return match tail.filter(wal::Tail::is_cut) {
            Some(_) => Ok(Findings { in_use, tail, layout: SCHEMA, ..Findings::default() }),
            None => Err(StoreError::Empty(path)),
        };
    }
    db.pragma_update(None, "query_only", true).map_err(sqlite)?;
    let unsound = match integrity(&db) {
        Err(error) if is_damage(&error) => vec![error.to_string()],
        lines => lines.map_err(sqlite)?,
    };
    let mut found = Findings { in_use, layout, tail, unsound, ..Findings::default() };
    match count(&db, &mut found) {
        // A database that is not sound may refuse to be counted; that it is not sound has been said.
        Err(_) if !found.unsound.is_empty() => {}
        Err(error) if is_damage(&error) => found.unsound.push(error.to_string()),
        counted => counted.map_err(sqlite)?,
    }
    Ok(found)
}

/// The end of the log, where it is damaged and no server is running in the folder: records behind it cannot be read.
///
/// # Errors
/// The folder cannot be read.
pub fn damage(dir: &Path) -> Result<Option<wal::Tail>, StoreError> {
    let folder = |cause| StoreError::Folder { path: dir.to_owned(), cause };
    if lock::is_held(dir).map_err(folder)? {
        return Ok(None);
    }
    Ok(Some(wal::tail_of(&dir.join(FILE)).map_err(folder)?).filter(wal::Tail::is_damaged))
}

fn integrity(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = db.prepare("pragma integrity_check(20)")?;
    let lines: Vec<String> = match check.query_map([], |row| row.get(0))?.collect() {
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    };
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn count(db: &Connection, found: &mut Findings) -> rusqlite::Result<()> {
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    found.calls = number("select count(*) from calls")?;
    let distinct =
        number("select count(*) from (select distinct run, number from calls where id = run || '-' || number)")?;
    found.doubled = found.calls.saturating_sub(distinct);
    found.runs = number("select count(*) from runs")?;
    found.strays = number("select count(*) from calls where run not in (select id from runs)")?;
    if found.layout < SCHEMA {
        return Ok(());
    }
    found.promises = number("select count(*) from promises where settled_utc is null")?;
    found.lived_s =
        number("select coalesce((select cast(value as integer) from meta where name = 'lived_us'), 0)")? / 1_000_000;
    let mut cut = db.prepare("select id from runs where ended is null order by id")?;
    found.cut_off = cut.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if found.in_use {
        // The last one lasts.
        found.cut_off.pop();
    }
    Ok(())
}

/// Brings a folder into order, where nothing can be lost by it: a log that ends within a write is cut there and copied into
/// the database, as the next start would do. The log was set aside before if records in it may have been acknowledged.
///
/// # Errors
/// A server is running in the folder, or it cannot be opened.
pub fn repair(dir: &Path) -> Result<(), StoreError> {
    // Opening for writing does it all; closing copies the log into the database.
    super::Store::open(dir).map(drop)
}
