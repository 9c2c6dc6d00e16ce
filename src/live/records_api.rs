//! `GET /records` and `GET /refusals`: what is on the disk about the calls of a run, for whoever made them and counts them.
//!
//! Read on a connection of its own that cannot write, page by page: however long a run was, an answer is bounded. Nothing in
//! it is personal: a call's id, how it ended and when.

use std::path::{Path, PathBuf};

use axum::{
    Json,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use rusqlite::{Connection, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store::{self, StoreError};

/// Rows in an answer when the question names no `limit`.
pub const USUAL: u32 = 1_000;
/// The most rows in an answer.
pub const MOST: u32 = 10_000;

/// The answer of `GET /records`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPage {
    /// The run.
    pub run: i64,
    /// Records that are on the disk, by rising number of the call.
    pub records: Vec<RecordLine>,
    /// What to give as `after` for the next page; `null`: there is none yet.
    pub next: Option<u64>,
}

/// A call record, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordLine {
    /// The call's id, as the protocol told it.
    pub call: String,
    /// Its number within the run.
    pub number: u64,
    /// How it ended, in the script's view.
    pub outcome: String,
    /// By what it ended.
    pub cause: String,
    /// When it began, UTC by the centre's clock.
    pub started_utc: String,
    /// When it ended.
    pub ended_utc: String,
}

/// The answer of `GET /refusals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalPage {
    /// The run.
    pub run: i64,
    /// Refusals that are on the disk, by rising number.
    pub refusals: Vec<RefusalLine>,
    /// What to give as `after` for the next page; `null`: there is none yet.
    pub next: Option<u64>,
}

/// A call that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalLine {
    /// The refused call's id, as the protocol told it.
    pub call: String,
    /// Its number among the refusals of the run.
    pub number: u64,
    /// Why: one of the protocol's words.
    pub reason: String,
    /// How many refusals this line stands for: more than one where too many came at once to keep each.
    pub count: u64,
    /// When, UTC by the centre's clock.
    pub at_utc: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of which run.
    pub run: i64,
    /// Only rows of a higher number.
    pub after: u64,
    /// At most so many rows.
    pub limit: u32,
}

impl Question {
    /// Reads the part of an address behind `?`; `run` is the one meant when none is named.
    ///
    /// # Errors
    /// Every mistake, with what may stand there.
    pub fn read(query: Option<&str>, run: i64) -> Result<Question, Vec<String>> {
        let mut question = Question { run, after: 0, limit: USUAL };
        let mut mistakes = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let read = match name {
                "run" => value.parse().ok().filter(|run| *run > 0).map(|run| question.run = run),
                "after" => value.parse().ok().map(|after| question.after = after),
                "limit" => value.parse().ok().filter(|n| (1..=MOST).contains(n)).map(|limit| question.limit = limit),
                _ => {
                    mistakes.push("there is no such parameter; known are run, after, limit".to_owned());
                    continue;
                }
            };
            if read.is_none() {
                let may = match name {
                    "run" => "the number of a run, from 1".to_owned(),
                    "after" => "a call's number, from 0".to_owned(),
                    _ => format!("1 to {MOST}"),
                };
                mistakes.push(format!("`{name}` is {may}"));
            }
        }
        if mistakes.is_empty() { Ok(question) } else { Err(mistakes) }
    }
}

/// A page of records.
///
/// # Errors
/// The database cannot be read.
pub fn records(dir: &Path, question: Question) -> Result<RecordPage, StoreError> {
    let sql = "select id, number, outcome, cause, started_utc, ended_utc from calls \
               where run = ?1 and number > ?2 order by number limit ?3";
    let mut records = rows(dir, sql, question, |row| {
        Ok(RecordLine {
            call: row.get(0)?,
            number: row.get::<_, i64>(1)?.unsigned_abs(),
            outcome: row.get(2)?,
            cause: row.get(3)?,
            started_utc: row.get(4)?,
            ended_utc: row.get(5)?,
        })
    })?;
    let next = more(&mut records, question.limit).then(|| records.last().map(|last| last.number)).flatten();
    Ok(RecordPage { run: question.run, records, next })
}

/// A page of refusals.
///
/// # Errors
/// The database cannot be read.
pub fn refusals(dir: &Path, question: Question) -> Result<RefusalPage, StoreError> {
    let sql = "select run || '-r' || number, number, reason, times, at_utc from refusals \
               where run = ?1 and number > ?2 order by number limit ?3";
    let mut refusals = rows(dir, sql, question, |row| {
        Ok(RefusalLine {
            call: row.get(0)?,
            number: row.get::<_, i64>(1)?.unsigned_abs(),
            reason: row.get(2)?,
            count: row.get::<_, i64>(3)?.unsigned_abs(),
            at_utc: row.get(4)?,
        })
    })?;
    let next = more(&mut refusals, question.limit).then(|| refusals.last().map(|last| last.number)).flatten();
    Ok(RefusalPage { run: question.run, refusals, next })
}

/// Whether there was one more than was asked for; it is dropped.
fn more<T>(rows: &mut Vec<T>, limit: u32) -> bool {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    more
}

fn rows<T>(
    dir: &Path,
    sql: &str,
    Question { run, after, limit }: Question,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let db = store::open_to_read(dir)?;
    let select = |db: &Connection| -> rusqlite::Result<Vec<T>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        // One more than asked for tells whether there is a next page.
        db.prepare(sql)?.query_map(params![run, after, i64::from(limit) + 1], read)?.collect()
    };
    select(&db).map_err(|cause| StoreError::Sqlite { path: dir.to_owned(), cause })
}

/// Answers with a page, or with what is wrong with the question.
pub(super) async fn answer<T>(
    uri: &Uri,
    run: i64,
    dir: PathBuf,
    page: fn(&Path, Question) -> Result<T, StoreError>,
) -> Response
where
    T: Serialize + Send + 'static,
{
    let question = match Question::read(uri.query(), run) {
        Ok(question) => question,
        Err(mistakes) => return (StatusCode::BAD_REQUEST, mistakes.join("\n") + "\n").into_response(),
    };
    match tokio::task::spawn_blocking(move || page(&dir, question)).await {
        Ok(Ok(page)) => Json(page).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "records asked for cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the records cannot be read now; the server's log tells why\n")
                .into_response()
        }
        Err(_) => {
            let why = "reading the records failed; this is a fault of hatif, please report it\n";
            (StatusCode::INTERNAL_SERVER_ERROR, why).into_response()
        }
    }
}
