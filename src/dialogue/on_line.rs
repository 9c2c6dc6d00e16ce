//! Dialogues over a websocket, against a running centre and its clock.

use super::{
    model::Dialogue,
    people::People,
    rehearse::{spoken, words_of},
    report::{Failure, Outcome, Run},
    talk::{Talk, Todo},
};
use crate::{
    client::Link,
    script::Script,
    time::{Duration, Instant, LocalClock},
};

/// What dialogues over a websocket need.
pub struct OnLine<'a> {
    /// The centre's call socket.
    pub url: &'a str,
    /// The script it is thought to run: for the keys of languages.
    pub script: &'a Script,
    /// The people it is thought to know.
    pub people: &'a People,
    /// What time it is, counted from anywhere.
    pub clock: &'a (dyn Fn() -> Instant + Sync),
    /// The longest any step waits for the centre.
    pub patience: Duration,
}

/// Runs a dialogue, once in each of its languages.
pub async fn run_on_line(setup: &OnLine<'_>, dialogue: &Dialogue) -> Vec<Run> {
    let languages: Vec<Option<&str>> = match &dialogue.languages[..] {
        [] => vec![None],
        codes => codes.iter().map(|code| Some(&**code)).collect(),
    };
    let mut runs = Vec::new();
    for language in languages {
        let began = (setup.clock)();
        let result = match dialogue.needs_virtual_time.as_slice() {
            [] => match run_in(setup, dialogue, language).await {
                Ok(()) => Outcome::Passed,
                Err(failure) => Outcome::Failed(Box::new(failure.counted_from(began))),
            },
            needs => Outcome::Skipped(format!("`{}` cannot be had from a running centre", needs.join("`, `"))),
        };
        let name = language.map_or_else(|| dialogue.name.clone(), |code| format!("{} [{code}]", dialogue.name));
        let took = Instant::ZERO + (setup.clock)().since(began);
        runs.push(Run { file: dialogue.file.clone(), line: dialogue.line, name, result, took });
    }
    runs
}

async fn run_in(setup: &OnLine<'_>, dialogue: &Dialogue, language: Option<&str>) -> Result<(), Failure> {
    let outside = |why: String| Failure::outside((setup.clock)(), "that the dialogue can begin", why);
    let mut talk = talk(setup, dialogue, language).map_err(outside)?;
    let mut link = Link::connect(setup.url).await.map_err(|error| outside(error.to_string()))?;
    loop {
        let now = (setup.clock)();
        match talk.next(now)? {
            Todo::Send(message) => {
                let sent = link.send(&message).await;
                sent.map_err(|error| talk.failure(now, "a connection", error.to_string()))?;
            }
            Todo::Control(_) => {
                return Err(talk.failure(now, "a step that a running centre grants", "it needs virtual time"));
            }
            Todo::Done => {
                link.close().await;
                return Ok(());
            }
            Todo::Wait(until) => {
                let wait = until.since(now).to_std();
                match tokio::time::timeout(wait, link.receive()).await {
                    Ok(Ok(message)) => talk.hear((setup.clock)(), &message),
                    Ok(Err(error)) => return Err(talk.failure((setup.clock)(), "a connection", error.to_string())),
                    Err(_) => {}
                }
            }
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
