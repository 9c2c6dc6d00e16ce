//! Dialogues in virtual time: a small centre, a few callers, agents without whims, and no clock.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use jiff::tz::TimeZone;

use super::{
    duty::Roster,
    line::Line,
    model::{Deed, Dialogue, Duty, Edit, Faulty, Moment, ServiceFault, Verb},
    people::People,
    report::{Failure, Outcome, Run},
    talk::{Spoken, Talk, Todo},
    words::Words,
};
use crate::{
    engine::{Command, Input},
    id::{AgentId, GroupId},
    live::protocol::ClientMessage,
    pii::CallerNumber,
    random::Seed,
    script::{
        self, Script, Source,
        calendar::Calendar,
        diagnostic::Severity,
        model::{Group, Key, SkillNeed},
    },
    time::{Duration, Instant, LocalClock},
    world::{Asked, Fault, Notice, World, WorldConfig},
};

/// How long the centre is open before the call comes, so that agents are at their places.
const LEAD: Duration = Duration::from_secs(60);
/// A dialogue that takes longer than this does not come to an end.
const LONGEST: Duration = Duration::from_hours(72);
/// Nor does one that goes round so often.
const MOST_TURNS: u32 = 200_000;

/// Where dialogues are rehearsed: a centre and its people. Nothing that happens in one dialogue is known to the next.
pub struct Theatre {
    source: Source,
    script: Arc<Script>,
    zone: TimeZone,
    people: BTreeMap<u32, Arc<People>>,
    /// An empty centre for each number of people, day and time that was asked for.
    stages: BTreeMap<(u32, i64), Stage>,
}

/// A centre at some day and time, before anything happened.
#[derive(Clone)]
struct Stage {
    world: World,
    /// When shifts begin and end.
    calendars: Arc<[Calendar]>,
}

/// Why there can be no rehearsal.
#[derive(Debug, thiserror::Error)]
pub enum TheatreError {
    /// The centre has mistakes.
    #[error("the centre has {0} mistakes; `hatif check` shows them")]
    Faulty(usize),
    /// The script names no time zone that is known.
    #[error("no time zone `{0}` is known")]
    NoZone(String),
}

impl Theatre {
    /// A theatre for a centre.
    pub fn new(source: Source) -> Result<Theatre, TheatreError> {
        let loaded = script::load(&source);
        let errors = loaded.diagnostics.iter().filter(|problem| problem.severity == Severity::Error).count();
        let script = loaded.script.ok_or(TheatreError::Faulty(errors))?;
        let zone = TimeZone::get(&script.zone).map_err(|_| TheatreError::NoZone(script.zone.to_string()))?;
        Ok(Theatre { source, script, zone, people: BTreeMap::new(), stages: BTreeMap::new() })
    }

    /// The centre's script.
    pub fn script(&self) -> &Arc<Script> {
        &self.script
    }

    /// Runs a dialogue, once in each of its languages.
    pub fn run(&mut self, dialogue: &Dialogue) -> Vec<Run> {
        let languages: Vec<Option<&str>> = match &dialogue.languages[..] {
            [] => vec![None],
            codes => codes.iter().map(|code| Some(&**code)).collect(),
        };
        languages.into_iter().map(|language| self.run_in(dialogue, language)).collect()
    }

    fn run_in(&mut self, dialogue: &Dialogue, language: Option<&str>) -> Run {
        let name = language.map_or_else(|| dialogue.name.clone(), |code| format!("{} [{code}]", dialogue.name));
        let (result, took) = match self.prepare(dialogue, language) {
            Ok(mut play) => {
                let began = play.now;
                let result = match play.perform() {
                    Ok(()) => Outcome::Passed,
                    Err(failure) => Outcome::Failed(failure.counted_from(play.called_at)),
                };
                (result, Instant::ZERO + play.now.since(began))
            }
            Err(why) => {
                let failure = Failure::outside(Instant::ZERO, "that the dialogue can begin", why);
                (Outcome::Failed(failure), Instant::ZERO)
            }
        };
        Run { file: dialogue.file.clone(), line: dialogue.line, name, result, took }
    }

    fn prepare<'a>(&'a mut self, dialogue: &'a Dialogue, language: Option<&str>) -> Result<Play<'a>, String> {
        let size = dialogue.people.unwrap_or(People::FEW);
        let people = self.people.entry(size).or_insert_with(|| Arc::new(People::generated(size, People::SEED))).clone();
        let stage = self.stage(dialogue.at, size, &people).clone();
        let called_at = Instant::ZERO + LEAD;
        let mut words = words_of(&self.script, language);
        if let Some(wish) = &dialogue.person {
            let person = people.pick(wish, stage.world.clock(), called_at)?;
            people.tell(&person, &mut words);
            words.set("wrong_number", people.nobodys_number());
        } else if dialogue.uses("{wrong_number}") {
            words.set("wrong_number", people.nobodys_number());
        }
        let spoken = language.map(|code| spoken(&self.script, code));
        let mut play = Play {
            theatre: self,
            dialogue,
            source: None,
            world: stage.world,
            calendars: stage.calendars,
            duty: dialogue.duty.clone(),
            shifts_at: Instant::NEVER,
            roster: Roster::new(dialogue.habits),
            lines: Vec::new(),
            now: Instant::ZERO,
            called_at,
        };
        let meaningless = |word: String| format!("nothing fills `{{{word}}}`");
        for n in 0..dialogue.ahead {
            let mut ahead = dialogue.clone();
            ahead.from = Some(format!("06001{n:05}"));
            (ahead.strict, ahead.never) = (false, Vec::new());
            ahead.steps.retain(|step| !is_control(&step.verb));
            let talk = Talk::new(&ahead, words.clone(), spoken.clone()).map_err(meaningless)?;
            play.lines.push(Line::new(talk));
        }
        play.lines.push(Line::new(Talk::new(dialogue, words, spoken).map_err(meaningless)?));
        Ok(play)
    }

    /// The empty centre at a moment.
    fn stage(&mut self, at: Moment, size: u32, people: &People) -> &Stage {
        let timestamp = at.timestamp(&self.zone);
        let (script, zone) = (&self.script, &self.zone);
        self.stages.entry((size, timestamp.as_microsecond())).or_insert_with(|| {
            let origin = timestamp - jiff::SignedDuration::from_micros(LEAD.as_micros() as i64);
            let clock = LocalClock::new(origin, zone);
            let seed = Seed::new(1);
            let calendars = script.calendars.iter().map(|rules| rules.compile(&clock, zone)).collect();
            let mut config = WorldConfig::new(script.clone(), clock, seed, people.services(true));
            config.agents = false;
            Stage { world: World::new(config), calendars }
        })
    }
}

/// Whether a step is carried out by the runner.
fn is_control(verb: &Verb) -> bool {
    matches!(verb, Verb::Fault(_) | Verb::Edit(_) | Verb::Duty(_) | Verb::Free(_) | Verb::Does(_))
}

/// The words every run has.
pub(super) fn words_of(script: &Script, language: Option<&str>) -> Words {
    let mut words = Words::default();
    let code = language.unwrap_or(&script.languages[script.default_language.index()].code);
    words.set("lang", code);
    let key = script.language_named(code).and_then(|language| {
        script.nodes.iter().find_map(|node| match &node.kind {
            script::model::NodeKind::Language { choices, .. } => {
                choices.iter().find(|(_, choice)| *choice == language).map(|(key, _)| *key)
            }
            _ => None,
        })
    });
    if let Some(key) = key {
        words.set("language", key.to_string());
    }
    words
}

/// What may be spoken where `code` is chosen.
pub(super) fn spoken(script: &Script, code: &str) -> Spoken {
    let mut fallbacks = Vec::new();
    let mut next = script.language_named(code).and_then(|id| script.languages[id.index()].fallback);
    while let Some(id) = next.filter(|_| fallbacks.len() < script.languages.len()) {
        fallbacks.push(script.languages[id.index()].code.to_string());
        next = script.languages[id.index()].fallback;
    }
    Spoken { code: code.to_owned(), fallbacks }
}

/// One run of one dialogue.
struct Play<'a> {
    theatre: &'a Theatre,
    dialogue: &'a Dialogue,
    /// The centre's files, once they were changed.
    source: Option<Source>,
    world: World,
    calendars: Arc<[Calendar]>,
    /// Who is on duty now.
    duty: Duty,
    /// When the next shift begins or ends.
    shifts_at: Instant,
    roster: Roster,
    /// The callers ahead, then the one the dialogue is about.
    lines: Vec<Line>,
    now: Instant,
    called_at: Instant,
}

impl Play<'_> {
    fn perform(&mut self) -> Result<(), Box<Failure>> {
        for fault in &self.dialogue.faults {
            self.fault(fault);
        }
        self.now = Instant::ZERO + LEAD;
        self.world.advance_to(self.now);
        self.staff();
        let last = self.lines.len() - 1;
        self.drive(0..last)?;
        self.called_at = self.now;
        self.drive(last..last + 1)
    }

    /// Lets some callers go through their steps, side by side. Those ahead do so until they stand in a queue, and stay
    /// there.
    fn drive(&mut self, lines: Range<usize>) -> Result<(), Box<Failure>> {
        let end = self.now + LONGEST;
        let mut going: Vec<usize> = lines.clone().collect();
        for _ in 0..MOST_TURNS {
            let mut until = Instant::NEVER;
            let mut still = Vec::with_capacity(going.len());
            for line in going {
                if let Some(wait) = self.act(line)? {
                    until = until.min(wait);
                    still.push(line);
                }
            }
            going = still;
            if going.is_empty() {
                return Ok(());
            }
            if self.now > end {
                break;
            }
            let timer = self.world.next_deadline().unwrap_or(Instant::NEVER);
            self.advance(until.min(timer).min(self.roster.next()).min(self.shifts_at).max(self.now));
        }
        let talk = &self.lines[lines.start].talk;
        Err(talk.failure(self.now, "that the dialogue comes to an end", format!("it still went on after {LONGEST}")))
    }

    /// Lets one caller do all she does now: until when she waits, or nothing if she has no more to do.
    fn act(&mut self, line: usize) -> Result<Option<Instant>, Box<Failure>> {
        let main = line + 1 == self.lines.len();
        loop {
            self.hear_all();
            let phone = self.lines[line].talk.phone();
            if !main && (phone.place.is_some() || phone.with_agent()) {
                return Ok(None);
            }
            let next = self.lines[line].talk.next(self.now).map_err(|mut failure| {
                if !main {
                    failure.expected = format!("{}, for caller {} of those ahead", failure.expected, line + 1);
                }
                failure
            });
            match next? {
                Todo::Send(message) => self.send(line, &message),
                Todo::Control(verb) => self.control(line, &verb)?,
                Todo::Wait(until) => return Ok(Some(until)),
                Todo::Done if main => return Ok(None),
                Todo::Done => {
                    let talk = &self.lines[line].talk;
                    return Err(talk.failure(
                        self.now,
                        "that those ahead come into a queue",
                        "the steps lead into none",
                    ));
                }
            }
        }
    }

    /// Lets everything happen until then: first the centre's timers, then the agents' plans.
    fn advance(&mut self, until: Instant) {
        self.now = self.now.max(until);
        self.world.advance_to(self.now);
        self.hear_all();
        let inputs = self.roster.due(self.now);
        self.inject_all(inputs);
        if self.shifts_at == self.now {
            self.staff();
        }
    }

    /// Sees to it that whoever should be on duty now is.
    fn staff(&mut self) {
        let script = self.world.versions().current().clone();
        let (now, calendars) = (self.now, self.calendars.clone());
        let shift = |group: &Group| group.shift.and_then(|id| calendars.get(id.index()));
        let on_shift = |group: &Group| shift(group).is_none_or(|calendar| calendar.at(now).open);
        let present: Vec<u32> =
            script.groups.iter().map(|group| if on_shift(group) { group.size } else { 0 }).collect();
        let changes = script.groups.iter().filter_map(|group| shift(group)?.next_change(now));
        self.shifts_at = match self.duty {
            Duty::Ready | Duty::Busy => changes.min().unwrap_or(Instant::NEVER),
            Duty::Nobody | Duty::Exactly(_) => Instant::NEVER,
        };
        let inputs = self.roster.staff(&script, &self.duty, &present);
        self.inject_all(inputs);
    }

    fn inject_all(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            self.world.inject(self.now, input);
            self.hear_all();
        }
    }

    /// Tells everybody what the world has to tell.
    fn hear_all(&mut self) {
        while let Some(notice) = self.world.poll() {
            if let Notice::Event(event) = &notice {
                self.roster.notice(event);
            }
            let engaged = match &notice {
                Notice::ToCaller(_, Command::DialBack { call, .. }) => {
                    let free = self.lines.iter().any(|line| line.can_be_called_back(*call));
                    (!free).then_some(*call)
                }
                _ => None,
            };
            for line in &mut self.lines {
                line.notice(&notice, self.world.versions());
            }
            if let Some(call) = engaged {
                self.world.inject(self.now, Input::CallerUnreachable { call });
            }
        }
    }

    fn send(&mut self, line: usize, message: &ClientMessage) {
        match message {
            ClientMessage::Dial { from, language } => {
                let script = self.world.versions().current().clone();
                let caller = from.as_ref().and_then(|number| number.parse().ok()).map(CallerNumber::new);
                let language = language.as_ref().and_then(|code| script.language_named(code));
                let call = self.world.inject(self.now, Input::CallArrived { caller, language, origin: None });
                let time = self.world.clock().timestamp(self.now).to_zoned(self.theatre.zone.clone()).to_string();
                let version = self.world.versions().number();
                self.lines[line].dialled(
                    self.now,
                    call,
                    version,
                    language.unwrap_or(script.default_language),
                    &script,
                    time,
                );
            }
            ClientMessage::Digits { keys } => {
                for key in keys.chars().filter_map(Key::from_char) {
                    if let Some(call) = self.lines[line].call() {
                        self.world.inject(self.now, Input::Dtmf { call, key });
                        self.hear_all();
                    }
                }
            }
            ClientMessage::Hangup {} => {
                if let Some(call) = self.lines[line].call() {
                    self.world.inject(self.now, Input::CallerHungUp { call });
                }
            }
            ClientMessage::Answer {} => {
                let time = self.world.clock().timestamp(self.now).to_zoned(self.theatre.zone.clone()).to_string();
                if let Some(call) = self.lines[line].picked_up(self.now, self.world.versions(), time) {
                    self.world.inject(self.now, Input::CallerAnswered { call });
                }
            }
            // A rehearsed telephone is that of its number anyway.
            ClientMessage::Attend { .. } | ClientMessage::Ping {} => {}
        }
    }

    fn control(&mut self, line: usize, verb: &Verb) -> Result<(), Box<Failure>> {
        let refuse = |play: &Play<'_>, expected: &str, instead: String| {
            Err(play.lines[line].talk.failure(play.now, expected, instead))
        };
        match verb {
            Verb::Until(moment) => {
                let until = moment.instant(self.world.clock(), &self.theatre.zone);
                if until < self.now {
                    return refuse(self, "a time that is still to come", "it has passed".to_owned());
                }
                self.lines[line].talk.rest(until);
            }
            Verb::Fault(fault) => self.fault(fault),
            Verb::Edit(edit) => {
                if let Err(instead) = self.edit(edit) {
                    return refuse(self, "that the change can be made as the step says", instead);
                }
            }
            Verb::Duty(duty) => {
                self.duty.clone_from(duty);
                self.staff();
            }
            Verb::Free(free) => {
                let fit = self.fit_for(line);
                let inputs = self.roster.free(&self.theatre.script, free, &fit);
                if inputs.is_empty() {
                    return refuse(self, "a busy agent", "nobody is busy; write `agents = \"busy\"`".to_owned());
                }
                self.inject_all(inputs);
            }
            Verb::Does(deed) => match self.lines[line].agent() {
                Some(agent) => self.deed(agent, deed),
                None => return refuse(self, "an agent who talks to the caller", "there is none".to_owned()),
            },
            _ => {}
        }
        Ok(())
    }

    /// The groups who could take the call of a caller who waits; every group when she waits nowhere.
    fn fit_for(&self, line: usize) -> Vec<GroupId> {
        let script = self.world.versions().current();
        let (language, place) = (self.lines[line].language(), self.lines[line].talk.phone().place.as_ref());
        let queue = place.and_then(|place| script.queues.iter().find(|queue| *queue.name == *place.queue));
        let fits = |group: &Group| {
            let able = |need: &SkillNeed| {
                group.skills.iter().any(|(skill, level)| *skill == need.skill && *level >= need.min_level)
            };
            queue.is_none_or(|queue| group.languages.contains(&language) && queue.skills.iter().all(able))
        };
        (0u16..).zip(&script.groups).filter(|(_, group)| fits(group)).map(|(i, _)| GroupId(i)).collect()
    }

    fn deed(&mut self, agent: AgentId, deed: &Deed) {
        let input = self.roster.deed(self.now, agent, deed);
        let transferred = match deed {
            Deed::Transfer(queue) => {
                self.world.versions().queue_named(queue).map(|queue| Input::AgentTransferred { agent, queue })
            }
            _ => None,
        };
        self.inject_all(input.into_iter().chain(transferred).collect());
    }

    fn fault(&mut self, fault: &ServiceFault) {
        let asked = match fault.service {
            Faulty::Service(service) => Asked::Service(service),
            Faulty::Identity => Asked::Identity,
            Faulty::Code => Asked::Code,
            Faulty::Sms => {
                self.world.services_mut().set_sms_up(!fault.down);
                return;
            }
        };
        let down = if fault.down { Fault::DOWN } else { Fault::NONE };
        self.world.set_fault_of(asked, Fault { delay: fault.slow, ..down });
    }

    fn edit(&mut self, edit: &Edit) -> Result<(), String> {
        let source = self.source.as_ref().unwrap_or(&self.theatre.source);
        let text = source.text(&edit.file).ok_or_else(|| format!("the centre has no file `{}`", edit.file))?;
        if !text.contains(&edit.replace) {
            return Err(format!("`{}` does not stand in {}", edit.replace, edit.file));
        }
        let changed = text.replace(&edit.replace, &edit.with);
        let files = source.files().map(|(path, text)| {
            let text = if **path == *edit.file { changed.clone() } else { text.to_owned() };
            (path.to_string(), text)
        });
        let source = Source::from_files(files.collect());
        let loaded = script::load(&source);
        match (loaded.script, edit.refused) {
            (None, true) => Ok(()),
            (Some(_), true) => Err("the change was accepted".to_owned()),
            (None, false) => {
                let problems: Vec<&str> = loaded.diagnostics.iter().map(|problem| &*problem.message).collect();
                Err(format!("the change was refused: {}", problems.join("; ")))
            }
            (Some(script), false) => {
                self.world.publish(self.now, script).map_err(|why| format!("the change was refused: {why}"))?;
                self.source = Some(source);
                Ok(())
            }
        }
    }
}
