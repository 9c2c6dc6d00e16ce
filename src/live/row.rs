//! From a call record as folded to one as written: words and local times, personal data masked.

use jiff::{Timestamp, tz::TimeZone};

use super::store::CallRow;
use crate::{engine::event::Cause, pii::CallerNumber, record::Cdr, time::Duration};

/// A moment in UTC, to the millisecond.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A moment in a zone, with its offset.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// A cause as the protocol and the records name it.
pub fn word(cause: Cause) -> String {
    match serde_json::to_value(cause) {
        Ok(serde_json::Value::String(word)) => word,
        // A cause is a plain word; anything else would be a change of its type.
        _ => format!("{cause:?}"),
    }
}

fn ms(time: Duration) -> u64 {
    time.as_millis()
}

/// The row of a record. Of the calling number only what a masked number shows is kept.
pub fn of(cdr: &Cdr, number: Option<CallerNumber>, zone: &TimeZone) -> CallRow {
    let some = |list: String| (!list.is_empty()).then_some(list);
    let survey: Vec<String> = cdr.survey.iter().map(|(question, score)| format!("{question}={score}")).collect();
    CallRow {
        call: cdr.call,
        version: cdr.version.0,
        digest: cdr.digest.clone(),
        started: local(cdr.started, zone),
        answered: cdr.answered.map(|at| local(at, zone)),
        ended: local(cdr.ended, zone),
        started_utc: utc(cdr.started),
        ended_utc: utc(cdr.ended),
        duration_ms: ms(cdr.duration),
        caller: number.map(|number| number.to_string()),
        language: cdr.languages.last().cloned().unwrap_or_default(),
        languages: cdr.languages.join(" "),
        outcome: cdr.outcome.clone(),
        cause: word(cdr.cause),
        node: cdr.last_node.clone(),
        level: format!("{:?}", cdr.level),
        person: cdr.person.map(|person| person.0),
        failed_checks: cdr.failed_checks,
        intents: cdr.intents.join(" "),
        services: cdr.services.join(" "),
        path: cdr.path.join(" "),
        no_inputs: cdr.no_inputs,
        no_matches: cdr.no_matches,
        queue: cdr.queue.clone(),
        waited_ms: ms(cdr.waited),
        unanswered_rings: cdr.unanswered_rings,
        agent: cdr.agent.map(|agent| agent.0),
        talked_ms: ms(cdr.talked),
        held_ms: ms(cdr.held),
        transfers: cdr.transfers,
        survey: some(survey.join(" ")),
        cases: some(cdr.cases.join(" ")),
        message_ms: cdr.message.map(ms),
        promised_in: cdr.promised_in,
        promised_earlier: None,
        callback: cdr.callback,
        recording: cdr.recording,
    }
}
