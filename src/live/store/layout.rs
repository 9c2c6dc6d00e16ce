//! Whose database it is and of which layout, and bringing an earlier layout up to this one.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;
use crate::canary::{Canary, canary};

/// The layout this program writes. A database of a later one is refused, one of an earlier one brought up to it.
pub const SCHEMA: i64 = STEPS.len() as i64;

/// What leads from each layout to the next, from an empty file on.
const STEPS: [&str; 2] = [include_str!("layout_1.sql"), include_str!("layout_2.sql")];

/// What marks a SQLite file as ours: "HATF".
pub(super) const APPLICATION: i64 = 0x4841_5446;

/// How long a writer or reader waits for another one.
pub(super) const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Kibibytes of the file that the writer keeps in memory.
const CACHE_KIB: i64 = 1_024;

/// What a database says of itself.
pub(super) struct Marks {
    /// Its layout; 0: nothing is laid out yet.
    pub(super) layout: i64,
}

/// Reads whose database it is.
///
/// # Errors
/// It is another program's, or of a later layout.
pub(super) fn marks(db: &Connection, path: &Path) -> Result<Marks, StoreError> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let not_ours = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::NotOurs(path.to_owned()),
        _ => StoreError::Sqlite { path: path.to_owned(), cause: error },
    };
    db.busy_timeout(BUSY).map_err(not_ours)?;
    let (application, layout) =
        (number("application_id").map_err(not_ours)?, number("user_version").map_err(not_ours)?);
    let empty =
        db.query_row("select count(*) = 0 from sqlite_schema", [], |row| row.get::<_, bool>(0)).map_err(not_ours)?;
    if application != APPLICATION && !(application == 0 && empty) {
        return Err(StoreError::NotOurs(path.to_owned()));
    }
    if layout > SCHEMA {
        return Err(StoreError::Newer { path: path.to_owned(), found: layout });
    }
    Ok(Marks { layout })
}

/// Makes a database ready to be written: durable commits, and this program's layout, reached in one transaction.
pub(super) fn prepare(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let sqlite = |cause| StoreError::Sqlite { path: path.to_owned(), cause };
    let Marks { layout } = marks(db, path)?;
    // FULL: in WAL mode nothing less makes a commit survive a power cut.
    db.pragma_update(None, "journal_mode", "wal").map_err(sqlite)?;
    let synchronous = if canary(Canary::MissingSync) { "off" } else { "full" };
    db.pragma_update(None, "synchronous", synchronous).map_err(sqlite)?;
    // What is deleted or replaced leaves nothing of itself in the file: the number of whoever was called back is to be gone.
    db.pragma_update(None, "secure_delete", "on").map_err(sqlite)?;
    // Records are appended; what is to be kept of the file for that is little, and soon all there.
    db.pragma_update(None, "cache_size", -CACHE_KIB).map_err(sqlite)?;
    let missing = usize::try_from(layout).ok().and_then(|layout| STEPS.get(layout..)).unwrap_or_default();
    if !missing.is_empty() {
        let step = |db: &mut Connection| {
            let transaction = db.transaction()?;
            missing.iter().try_for_each(|step| transaction.execute_batch(step))?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            transaction.commit()
        };
        step(db).map_err(sqlite)?;
    }
    Ok(())
}
