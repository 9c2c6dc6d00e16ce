//! Running a journal again: the recorded inputs into a fresh engine, its events against the recorded ones.

use std::{
    collections::{BTreeMap, VecDeque},
    io::BufRead,
    sync::Arc,
};

use super::{
    error::ReplayError,
    line::{Line, Recorded, RecordedKey},
    read::{Reader, Tail},
};
use crate::{
    engine::{Engine, Event, Fact, Input, Output},
    id::{CallId, ScriptVersion},
    random::Seed,
    script::{Script, Versions},
    time::{Instant, LocalClock},
};

/// The first place where the replay differs from the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The line of the journal; where the replay has more events than the record, the line after which.
    pub line: u64,
    /// The event recorded there.
    pub recorded: Option<Event>,
    /// The event the engine says now.
    pub replayed: Option<Event>,
}

/// What a replay found.
#[derive(Clone, Debug)]
pub struct ReplayReport {
    /// Inputs run again.
    pub inputs: u64,
    /// Events that were the same.
    pub events: u64,
    /// The first difference; nothing after it is compared.
    pub difference: Option<Difference>,
    /// Bytes of readable lines up to its end, or to what is damaged.
    pub bytes: u64,
    /// Parts read.
    pub parts: u32,
    /// How the journal ends. Only a closed one can show that no event is missing at the end.
    pub tail: Tail,
    /// The published versions, by which the events of a difference can be told.
    pub versions: Versions,
    /// On which version each call in progress at the end of the replay runs.
    pub calls: BTreeMap<CallId, ScriptVersion>,
}

struct Replay {
    engine: Engine,
    versions: Versions,
    /// Events the engine has said and the record not yet.
    said: VecDeque<Event>,
    same: u64,
    calls: BTreeMap<CallId, ScriptVersion>,
}

/// Runs a journal again. `scripts` are the versions the run used, in any order.
///
/// # Errors
/// [`ReplayError`] where the journal cannot be run at all; a difference or a damaged tail is no error but in the report.
pub fn replay(from: impl BufRead, scripts: &[Arc<Script>]) -> Result<ReplayReport, ReplayError> {
    let (header, mut reader) = Reader::open(from)?;
    let first = find(scripts, &header.script, 1)?;
    let zone = jiff::tz::TimeZone::get(&first.zone).map_err(|_| ReplayError::UnknownZone(first.zone.to_string()))?;
    let epoch = jiff::Timestamp::from_microsecond(header.epoch_us)
        .map_err(|error| ReplayError::NotAJournal(format!("its beginning is no time ({error})")))?;
    let seed = Seed { seed: header.seed, replication: header.replication };
    let clock = LocalClock::new(epoch, &zone);
    let mut replay = Replay {
        engine: Engine::new(first.clone(), clock, seed),
        versions: Versions::new(first),
        said: VecDeque::new(),
        same: 0,
        calls: BTreeMap::new(),
    };
    replay.drain();
    let difference = replay.run(&mut reader, scripts)?;
    let tail = reader.tail().cloned().unwrap_or(Tail::Open);
    let Replay { versions, calls, same, .. } = replay;
    let (inputs, bytes, parts) = (reader.counts().0, reader.bytes(), reader.parts());
    Ok(ReplayReport { inputs, events: same, difference, bytes, parts, tail, versions, calls })
}

impl Replay {
    fn run<R: BufRead>(
        &mut self,
        reader: &mut Reader<R>,
        scripts: &[Arc<Script>],
    ) -> Result<Option<Difference>, ReplayError> {
        while let Some(line) = reader.next_line()? {
            match line {
                Line::In { at, input } => {
                    // What was said before an input was recorded before it.
                    if let Some(extra) = self.said.pop_front() {
                        return Ok(Some(Difference { line: reader.line(), recorded: None, replayed: Some(extra) }));
                    }
                    self.input(at, input, reader.line(), scripts)?;
                }
                Line::Ev { ev } => {
                    let said = self.next_event(ev.at);
                    if said.as_ref() != Some(&ev) {
                        return Ok(Some(Difference { line: reader.line(), recorded: Some(ev), replayed: said }));
                    }
                    self.same += 1;
                    self.follow(&ev);
                }
                Line::Used { used, key } => {
                    if let RecordedKey::Clear(key) = key {
                        self.engine.give_used_key(used, key);
                    }
                }
                // The reader keeps these to itself.
                Line::More { .. } | Line::Part { .. } | Line::End { .. } => {}
            }
        }
        if let Some(&Tail::Closed { end, .. }) = reader.tail() {
            self.engine.advance(end);
            self.drain();
            if let Some(extra) = self.said.pop_front() {
                return Ok(Some(Difference { line: reader.line(), recorded: None, replayed: Some(extra) }));
            }
        }
        Ok(None)
    }

    /// Remembers on which version calls run.
    fn follow(&mut self, event: &Event) {
        match event.fact {
            Fact::CallArrived { call, version, .. } => {
                self.calls.insert(call, version);
            }
            Fact::CallEnded { call, .. } => {
                self.calls.remove(&call);
            }
            _ => {}
        }
    }

    fn input(&mut self, at: Instant, input: Recorded, line: u64, scripts: &[Arc<Script>]) -> Result<(), ReplayError> {
        let published = |digest: &str| find(scripts, digest, line);
        let input = input.input(published)?;
        if let Input::ScriptPublished { script } = &input
            && self.engine.can_publish(script).is_ok()
        {
            self.versions.publish(script.clone());
        }
        self.engine.handle(at, input);
        self.drain();
        Ok(())
    }

    /// The next event the engine says, let run up to `at` where it has said none.
    fn next_event(&mut self, at: Instant) -> Option<Event> {
        if self.said.is_empty() {
            self.engine.advance(at);
            self.drain();
        }
        self.said.pop_front()
    }

    fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Output::Event(event) => self.said.push_back(event),
                Output::Command(_) => {}
                Output::Timeout(_) => return,
            }
        }
    }
}

fn find(scripts: &[Arc<Script>], digest: &str, line: u64) -> Result<Arc<Script>, ReplayError> {
    scripts.iter().find(|script| *script.digest == *digest).cloned().ok_or_else(|| ReplayError::UnknownScript {
        line,
        digest: digest.to_owned(),
        given: scripts.iter().map(|script| script.digest.to_string()).collect::<Vec<_>>().join(", "),
    })
}
