//! Each kind of job as a row.

use std::sync::OnceLock;

use rusqlite::{Connection, ToSql, params};

use super::{
    job::{CallRow, Job, KeptPromise, RefusalRow},
    public_id,
};
use crate::{
    id::CallId,
    live::{clock, row},
    registry::access::change::AccessChange,
    world::services::audit::AuditEntry,
};

/// Writes one job of a run within the open transaction. False: it is a call record that is there already.
pub(super) fn insert(db: &Connection, (run, registry): (i64, &str), job: &Job) -> rusqlite::Result<bool> {
    match job {
        Job::Call(row) => return insert_call(db, run, row),
        Job::Change { at_utc, change } => {
            let sql = "insert into overlay_changes (run, registry, at_utc, change) values (?, ?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![run, registry, at_utc, json(change)])?;
        }
        Job::Audit { at_utc, entry } => insert_audit(db, run, at_utc, entry)?,
        Job::Refusal(row) => insert_refusal(db, run, row)?,
        Job::Access(change) => insert_access(db, run, change)?,
        Job::Promise(kept) => upsert_promise(db, run, kept)?,
        Job::PromiseKept { id } => settle(db, id)?,
        Job::Verdict(_) | Job::Mark(_) => {}
    }
    Ok(true)
}

/// A closed enum of numbers and words always becomes JSON.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn insert_refusal(db: &Connection, run: i64, row: &RefusalRow) -> rusqlite::Result<()> {
    let sql = "insert into refusals (run, number, at_utc, reason, times) values (?, ?, ?, ?, ?) on conflict do nothing";
    let (number, times) = (whole(row.number), whole(row.times));
    db.prepare_cached(sql)?.execute(params![run, number, row.at_utc, row.reason, times])?;
    Ok(())
}

fn insert_access(db: &Connection, run: i64, change: &AccessChange) -> rusqlite::Result<()> {
    let sql = "insert into access_changes (run, lived_us, change) values (?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![run, whole(change.at.as_micros()), json(change)])?;
    Ok(())
}

fn upsert_promise(db: &Connection, run: i64, kept: &KeptPromise) -> rusqlite::Result<()> {
    let sql = "insert into promises (id, run, at_utc, promised_in, promise) values (?, ?, ?, ?, ?)
               on conflict (id) do update set run = excluded.run, at_utc = excluded.at_utc, promise = excluded.promise";
    db.prepare_cached(sql)?.execute(params![kept.id, run, now(), kept.promised_in, json(&kept.promise)])?;
    Ok(())
}

/// Nobody is to be called for this promise any more, so that whom it was made to is forgotten.
fn settle(db: &Connection, id: &str) -> rusqlite::Result<()> {
    let sql = "update promises set settled_utc = ?, promise = '' where id = ?";
    db.prepare_cached(sql)?.execute(params![now(), id])?;
    Ok(())
}

fn now() -> String {
    row::utc(clock::real_time())
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

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Writes a call record. False: it is there already.
fn insert_call(db: &Connection, run: i64, row: &CallRow) -> rusqlite::Result<bool> {
    let public = |call: Option<CallId>| call.map(|call| public_id(run, call));
    let values: [(&str, &dyn ToSql); 38] = [
        ("id", &public_id(run, row.call)),
        ("run", &run),
        ("number", &whole(row.call.0)),
        ("version", &row.version),
        ("digest", &row.digest),
        ("started", &row.started),
        ("answered", &row.answered),
        ("ended", &row.ended),
        ("started_utc", &row.started_utc),
        ("ended_utc", &row.ended_utc),
        ("duration_ms", &whole(row.duration_ms)),
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
        ("waited_ms", &whole(row.waited_ms)),
        ("unanswered_rings", &row.unanswered_rings),
        ("agent", &row.agent),
        ("talked_ms", &whole(row.talked_ms)),
        ("held_ms", &whole(row.held_ms)),
        ("transfers", &row.transfers),
        ("survey", &row.survey),
        ("cases", &row.cases),
        ("message_ms", &row.message_ms.map(whole)),
        ("promised_in", &row.promised_earlier.clone().or_else(|| public(row.promised_in))),
        ("callback", &public(row.callback)),
        ("recording", &row.recording),
    ];
    static SQL: OnceLock<String> = OnceLock::new();
    let sql = SQL.get_or_init(|| {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let marks = vec!["?"; names.len()].join(", ");
        format!("insert into calls ({}) values ({marks}) on conflict do nothing", names.join(", "))
    });
    let written = db.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values.iter().map(|(_, value)| value)))?;
    Ok(written == 1)
}
