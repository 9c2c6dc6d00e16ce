//! Both ends of a wire without a wire: an engine, and a story told to it line by line.
//!
//! A story is a list of steps separated by `;` or line ends:
//!
//! ```text
//! call [NUMBER]        somebody calls; calls are 1, 2, … in order     wait 12s        time passes
//! 1 press 12#          call 1 keys these, all at once                 1 hang up
//! 1 pick up            the person of call back 1 answers              1 unreachable
//! a0 on [GROUP]        agent 0 logs in and is ready                   a0 off / ready / break / answer / release / hold / resume
//! a0 transfer QUEUE    agent 0 passes the caller on                   drain
//! ```

use std::{fmt::Write as _, sync::Arc};

use hatif::{
    engine::{Engine, Event, Input, Output},
    id::{AgentId, CallId, GroupId},
    pii::CallerNumber,
    random::Seed,
    record::Narrator,
    script::{Script, Source, Versions, load, model::Key},
    time::{Duration, Instant, LocalClock},
};

/// An engine under audit, its clock, and all it has said.
pub struct Rig {
    engine: Engine,
    now: Instant,
    versions: Versions,
    narrator: Narrator,
    /// Every event as a line.
    pub log: Vec<String>,
    /// Every event.
    pub events: Vec<Event>,
}

/// Loads a centre that has no faults.
pub fn published(source: &Source) -> Arc<Script> {
    let loaded = load(source);
    loaded.script.unwrap_or_else(|| panic!("the centre of a test has faults:\n{:#?}", loaded.diagnostics))
}

impl Rig {
    /// An engine that runs `source`, on a clock that begins at the Unix epoch in UTC.
    pub fn new(source: &Source) -> Rig {
        Rig::at(source, LocalClock::utc())
    }

    /// An engine that runs `source` on a clock of its own.
    pub fn at(source: &Source, clock: LocalClock) -> Rig {
        let script = published(source);
        let engine = Engine::new(script.clone(), clock, Seed::new(1)).audited();
        let versions = Versions::new(script);
        let mut rig = Rig {
            engine,
            now: Instant::ZERO,
            versions,
            narrator: Narrator::new(),
            log: Vec::new(),
            events: Vec::new(),
        };
        rig.drain();
        rig
    }

    fn drain(&mut self) {
        while let Some(event) = self.next_event() {
            self.log.push(self.narrator.tell(&event, &self.versions));
            self.events.push(event);
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.engine.poll() {
                Output::Event(event) => return Some(event),
                Output::Command(_) => {}
                Output::Timeout(_) => return None,
            }
        }
    }

    fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    /// Publishes a script.
    pub fn publish(&mut self, script: Arc<Script>) {
        self.versions.publish(script.clone());
        self.tell(Input::ScriptPublished { script });
    }

    /// Lets time pass, deadline by deadline.
    pub fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
        self.engine.advance(self.now);
        self.drain();
    }

    /// Tells the whole story.
    pub fn tell_story(&mut self, story: &str) {
        for step in story.split([';', '\n']).map(str::trim).filter(|step| !step.is_empty()) {
            let words: Vec<&str> = step.split_whitespace().collect();
            self.step(&words).unwrap_or_else(|| panic!("a story has no step `{step}`"));
        }
    }

    fn step(&mut self, words: &[&str]) -> Option<()> {
        match *words {
            ["call"] => self.tell(Input::CallArrived { caller: None, language: None, origin: None }),
            ["call", number] => {
                let caller = Some(CallerNumber::new(number.parse().ok()?));
                self.tell(Input::CallArrived { caller, language: None, origin: None });
            }
            ["call", number, language] => {
                let caller = Some(CallerNumber::new(number.parse().ok()?));
                let language = self.versions.current().language_named(language);
                self.tell(Input::CallArrived { caller, language: Some(language?), origin: None });
            }
            ["wait", span] => self.wait(span.parse().ok()?),
            ["drain"] => self.tell(Input::DrainBegan),
            [who, ..] if who.starts_with('a') => self.agent_step(AgentId(who[1..].parse().ok()?), &words[1..])?,
            [call, ..] => self.call_step(CallId(call.parse().ok()?), &words[1..])?,
            [] => return None,
        }
        Some(())
    }

    fn call_step(&mut self, call: CallId, words: &[&str]) -> Option<()> {
        match *words {
            ["press", keys] => {
                for key in keys.chars() {
                    self.tell(Input::Dtmf { call, key: Key::from_char(key)? });
                }
            }
            ["hang", "up"] => self.tell(Input::CallerHungUp { call }),
            ["pick", "up"] => self.tell(Input::CallerAnswered { call }),
            ["unreachable"] => self.tell(Input::CallerUnreachable { call }),
            _ => return None,
        }
        Some(())
    }

    fn agent_step(&mut self, agent: AgentId, words: &[&str]) -> Option<()> {
        let input = match *words {
            ["on"] | ["on", _] => {
                let group = words.get(1).map_or(Some(GroupId(0)), |name| self.versions.current().group_named(name))?;
                self.tell(Input::AgentLoggedIn { agent, group });
                Input::AgentReady { agent }
            }
            ["off"] => Input::AgentLoggedOut { agent },
            ["ready"] => Input::AgentReady { agent },
            ["break"] => Input::AgentNotReady { agent },
            ["answer"] => Input::AgentAnswered { agent },
            ["release"] => Input::AgentReleased { agent },
            ["hold"] => Input::AgentHeld { agent },
            ["resume"] => Input::AgentResumed { agent },
            ["transfer", queue] => Input::AgentTransferred { agent, queue: self.engine.queue_named(queue)? },
            _ => return None,
        };
        self.tell(input);
        Some(())
    }
}

/// Tells `story` to a centre and compares the lines of the log that tell what users rely on: everything but which nodes
/// were entered and which prompts were played.
#[track_caller]
pub fn check(source: &Source, story: &str, expect: &expect_test::Expect) {
    check_log(source, story, expect, |line| !line.contains(" entered ") && !line.contains(" heard "));
}

/// The same with the lines that `keep` keeps.
#[track_caller]
pub fn check_log(source: &Source, story: &str, expect: &expect_test::Expect, keep: impl Fn(&str) -> bool) {
    let mut rig = Rig::new(source);
    rig.tell_story(story);
    let mut log = String::new();
    for line in rig.log.iter().filter(|line| keep(line)).filter(|line| !line.contains("script 1 published")) {
        let _ = writeln!(log, "{line}");
    }
    expect.assert_eq(&log);
}
