//! Dialogues over a websocket, against a running centre and its clock.

use super::{
    model::Dialogue,
    people::People,
    rehearse::{spoken, words_of},
    report::{Failure, Outcome, Run},
    talk::{Talk, Todo},
};
use crate::{
    client::{Access, Link, LinkError},
    live::protocol::{ClientMessage, ServerMessage},
    script::Script,
    time::{Duration, Instant, LocalClock},
};

/// What dialogues over a websocket need.
pub struct OnLine<'a> {
    /// The centre's call socket.
    pub url: &'a str,
    /// What it asks for of whoever calls.
    pub access: &'a Access,
    /// The script it is thought to run: for the keys of languages.
    pub script: &'a Script,
    /// The people it is thought to know.
    pub people: &'a People,
    /// How the centre's time goes.
    pub pace: Pace<'a>,
    /// The longest any step waits for the centre.
    pub patience: Duration,
}

/// How the centre's time goes, as far as a caller can know.
#[derive(Clone, Copy)]
pub struct Pace<'a> {
    /// What time it is by the centre's clock, counted from anywhere.
    pub now: &'a (dyn Fn() -> Instant + Sync),
    /// How much faster it goes than the wall's.
    pub speed: f64,
}

impl Pace<'_> {
    fn now(&self) -> Instant {
        (self.now)()
    }

    /// How long to wait by the wall clock until then.
    fn until(&self, until: Instant) -> std::time::Duration {
        let wait = until.since(self.now());
        // A microsecond more, so that rounding never wakes anybody early.
        Duration::from_secs_f64(wait.as_secs_f64() / self.speed).to_std() + std::time::Duration::from_micros(1)
    }
}

/// Runs a dialogue, once in each of its languages.
pub async fn run_on_line(setup: &OnLine<'_>, dialogue: &Dialogue) -> Vec<Run> {
    let languages: Vec<Option<&str>> = match &dialogue.languages[..] {
        [] => vec![None],
        codes => codes.iter().map(|code| Some(&**code)).collect(),
    };
    let mut runs = Vec::new();
    for language in languages {
        let began = setup.pace.now();
        let result = match dialogue.needs_virtual_time.as_slice() {
            [] => match run_in(setup, dialogue, language).await {
                Ok(()) => Outcome::Passed,
                Err(failure) => Outcome::Failed(failure.counted_from(began)),
            },
            needs => Outcome::Skipped(format!("`{}` cannot be had from a running centre", needs.join("`, `"))),
        };
        let name = language.map_or_else(|| dialogue.name.clone(), |code| format!("{} [{code}]", dialogue.name));
        let took = Instant::ZERO + setup.pace.now().since(began);
        runs.push(Run { file: dialogue.file.clone(), line: dialogue.line, name, result, took });
    }
    runs
}

async fn run_in(setup: &OnLine<'_>, dialogue: &Dialogue, language: Option<&str>) -> Result<(), Box<Failure>> {
    let outside = |why: String| Failure::outside(setup.pace.now(), "that the dialogue can begin", why);
    let mut talk = talk(setup, dialogue, language).map_err(outside)?;
    let mut link = Link::connect_with(setup.url, setup.access).await.map_err(|error| outside(error.to_string()))?;
    match drive(&mut link, &mut talk, setup.pace, |_| ()).await {
        Ok(()) => {
            link.close().await;
            Ok(())
        }
        Err(Broken::Failed(failure)) => Err(failure),
        Err(Broken::Link(error)) => Err(talk.failure(setup.pace.now(), "a connection", error.to_string())),
    }
}

/// What goes over the line.
#[derive(Clone, Copy, Debug)]
pub enum Passing<'a> {
    /// The centre said this.
    Heard(&'a ServerMessage),
    /// The caller sent this.
    Sent(&'a ClientMessage),
}

/// Why a talk broke off.
#[derive(Debug)]
pub enum Broken {
    /// The connection is gone.
    Link(LinkError),
    /// A step did not go as it should.
    Failed(Box<Failure>),
}

/// Lets a caller follow her steps over a connection; `told` is told everything that passes.
pub async fn drive(
    link: &mut Link,
    talk: &mut Talk,
    pace: Pace<'_>,
    mut told: impl FnMut(Passing<'_>),
) -> Result<(), Broken> {
    loop {
        let now = pace.now();
        match talk.next(now).map_err(Broken::Failed)? {
            Todo::Send(message) => {
                told(Passing::Sent(&message));
                link.send(&message).await.map_err(Broken::Link)?;
            }
            Todo::Control(_) => {
                let failure = talk.failure(now, "a step that a running centre grants", "it needs virtual time");
                return Err(Broken::Failed(failure));
            }
            Todo::Done => return Ok(()),
            Todo::Wait(until) => match tokio::time::timeout(pace.until(until), link.receive()).await {
                Ok(Ok(message)) => {
                    told(Passing::Heard(&message));
                    talk.hear(pace.now(), &message);
                }
                Ok(Err(error)) => return Err(Broken::Link(error)),
                Err(_) => {}
            },
        }
    }
}

fn talk(setup: &OnLine<'_>, dialogue: &Dialogue, language: Option<&str>) -> Result<Talk, String> {
    let mut dialogue = dialogue.clone();
    for step in &mut dialogue.steps {
        step.within = step.within.min(setup.patience);
    }
    let mut words = words_of(setup.script, language);
    if let Some(wish) = &dialogue.person {
        let zone = jiff::tz::TimeZone::get(&setup.script.zone).map_err(|error| error.to_string())?;
        let clock = LocalClock::new(dialogue.at.timestamp(&zone), &zone);
        let person = setup.people.pick(wish, &clock, Instant::ZERO)?;
        setup.people.tell(&person, &mut words);
    }
    if dialogue.uses("{wrong_number}") {
        words.set("wrong_number", setup.people.nobodys_number());
    }
    let spoken = language.map(|code| spoken(setup.script, code));
    Talk::new(&dialogue, words, spoken).map_err(|word| format!("nothing fills `{{{word}}}`"))
}
