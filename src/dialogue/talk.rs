//! A caller who follows a dialogue: told what the centre says and what time it is, she says what she does next.
//!
//! Pure: no socket, no clock, no world. [`Talk::hear`] tells her a message, [`Talk::next`] asks what follows; the same
//! caller is driven in virtual time by `rehearse` and over a websocket by `on_line`.

use std::sync::Arc;

use super::{
    model::{Bound, Dialogue, Hear, Step, Text, Verb},
    people::another,
    report::Failure,
    words::{Words, in_braces},
};
use crate::{
    client::{Listening, Phone, masked, message_line, plain},
    live::protocol::{AgentState, ClientMessage, ServerMessage},
    time::{Duration, Instant},
};

/// After how long a patient caller presses, once all is said.
const BREATH: Duration = Duration::from_millis(300);
/// How long the end of a call is waited for once the steps are used up.
const FAREWELL: Duration = Duration::from_secs(10);

/// What the caller does next.
#[derive(Debug)]
pub enum Todo {
    /// Send this; then ask again.
    Send(ClientMessage),
    /// A step that somebody else must carry out; then ask again.
    Control(Verb),
    /// Wait for the centre, or until this instant.
    Wait(Instant),
    /// All steps are done.
    Done,
}

/// A prompt that was said.
#[derive(Clone, Debug)]
struct Said {
    id: String,
    text: String,
    language: String,
    node: String,
}

/// Where the present step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not begun.
    Fresh,
    /// Waits for the centre, at most until then.
    Waiting(Instant),
    /// Does nothing until then.
    Resting(Instant),
    /// Somebody else has carried it out.
    Carried,
}

/// The language that must be spoken from some step on.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The code of the language.
    pub code: String,
    /// Codes of the languages that may stand in for it.
    pub fallbacks: Vec<String>,
}

/// A caller in the midst of a dialogue.
#[derive(Clone, Debug)]
pub struct Talk {
    steps: Arc<[Step]>,
    at: usize,
    stage: Stage,
    /// Keys of the present `press` still to come.
    keys: Vec<char>,
    /// How many prompts of the present `hear`, or silences of the present `silence`, are done.
    done: usize,
    words: Words,
    spoken: Option<Spoken>,
    /// `spoken` holds from now on.
    language_chosen: bool,
    begins_in: Option<String>,
    from: Option<String>,
    never: Vec<String>,
    strict: bool,
    patient: bool,
    phone: Phone,
    said: Vec<Said>,
    /// How much of `said` lies behind.
    read: usize,
    /// How much was said before the last key.
    before_key: usize,
    agents: Vec<AgentState>,
    agents_read: usize,
    sms_read: usize,
    rings: u32,
    rings_read: u32,
    trail: Vec<(Instant, String)>,
    /// Where the trail of the last step that worked began.
    trail_from: usize,
    dialled: bool,
    /// She has hung up, and the end of the call is still to be told.
    hung_up: bool,
    /// What makes the dialogue fail whatever its step.
    trouble: Option<(String, String)>,
}

/// How a step went.
enum Progress {
    Passed,
    Send(ClientMessage),
    Control,
    Wait(Instant),
    Failed { expected: String, instead: String },
}

impl Talk {
    /// A caller who has not dialled yet.
    pub fn new(dialogue: &Dialogue, words: Words, spoken: Option<Spoken>) -> Result<Talk, String> {
        let expand = |text: &Option<String>| text.as_ref().map(|text| words.expand(text)).transpose();
        let begins_in = expand(&dialogue.begins_in)?;
        Ok(Talk {
            steps: dialogue.steps.clone().into(),
            at: 0,
            stage: Stage::Fresh,
            keys: Vec::new(),
            done: 0,
            language_chosen: begins_in.is_some(),
            from: expand(&dialogue.from)?,
            begins_in,
            words,
            spoken,
            never: dialogue.never.clone(),
            strict: dialogue.strict,
            patient: dialogue.patient,
            phone: Phone::default(),
            said: Vec::new(),
            read: 0,
            before_key: 0,
            agents: Vec::new(),
            agents_read: 0,
            sms_read: 0,
            rings: 0,
            rings_read: 0,
            trail: Vec::new(),
            trail_from: 0,
            dialled: false,
            hung_up: false,
            trouble: None,
        })
    }

    /// What the caller knows.
    pub fn phone(&self) -> &Phone {
        &self.phone
    }

    /// The step she is at; `None` when all are done.
    pub fn step(&self) -> Option<&Step> {
        self.steps.get(self.at)
    }

    /// Takes in what the centre said.
    pub fn hear(&mut self, now: Instant, message: &ServerMessage) {
        self.phone.hear(now, message);
        match message {
            ServerMessage::Prompt { id, text, language, node, .. } => {
                let said = Said { id: id.clone(), text: text.clone(), language: language.clone(), node: node.clone() };
                if self.never.contains(id) {
                    self.trouble = Some((format!("that `{id}` is never said"), format!("{node} said it: {text}")));
                }
                self.said.push(said);
            }
            ServerMessage::Agent { state, .. } => self.agents.push(*state),
            ServerMessage::Ended { .. } => self.hung_up = false,
            ServerMessage::Ringing { promised_in: Some(_), .. } => self.rings += 1,
            ServerMessage::Error { message, help, .. } | ServerMessage::Refused { message, help, .. } => {
                self.trouble = Some(("that the centre takes what it is sent".to_owned(), format!("{message}; {help}")));
            }
            _ => {}
        }
        if !matches!(message, ServerMessage::Stopped {} | ServerMessage::Pong {}) {
            self.trail.push((now, message_line(message)));
        }
    }

    /// What she does now. Ask again after each [`Todo::Send`] and [`Todo::Control`].
    pub fn next(&mut self, now: Instant) -> Result<Todo, Box<Failure>> {
        if !self.dialled {
            self.dialled = true;
            return Ok(Todo::Send(self.dial()));
        }
        loop {
            if let Some((expected, instead)) = self.trouble.take() {
                return Err(self.failure(now, expected, instead));
            }
            let Some(step) = self.steps.get(self.at).cloned() else { return Ok(self.farewell(now)) };
            match self.progress(now, &step) {
                Progress::Passed => self.pass(),
                Progress::Send(message) => return Ok(Todo::Send(message)),
                Progress::Control => {
                    self.trail.push((now, step.source.to_string()));
                    self.stage = Stage::Carried;
                    return Ok(Todo::Control(step.verb));
                }
                Progress::Wait(until) => return Ok(Todo::Wait(until)),
                Progress::Failed { expected, instead } => return Err(self.failure(now, expected, instead)),
            }
        }
    }

    /// She does nothing until then: how a control step that waits ends.
    pub fn rest(&mut self, until: Instant) {
        self.stage = Stage::Resting(until);
    }

    /// The failure of the present step.
    pub fn failure(&self, now: Instant, expected: impl Into<String>, instead: impl Into<String>) -> Box<Failure> {
        let step = self.steps.get(self.at);
        Box::new(Failure {
            step: step.map(|_| self.at + 1),
            line: step.map(|step| step.line),
            source: step.map(|step| step.source.to_string()),
            at: now,
            node: self.phone.node.clone(),
            expected: expected.into(),
            instead: instead.into(),
            trail: self.trail[self.trail_from.min(self.trail.len())..].to_vec(),
        })
    }

    fn dial(&self) -> ClientMessage {
        ClientMessage::Dial { from: self.from.clone(), language: self.begins_in.clone() }
    }

    fn pass(&mut self) {
        // The report begins with what followed the step before the failed one.
        self.trail_from = self.trail.len().saturating_sub(SHOWN);
        self.at += 1;
        self.done = 0;
        self.keys.clear();
        self.stage = Stage::Fresh;
    }

    /// All steps are used up: hangs up if the call still lasts.
    fn farewell(&mut self, now: Instant) -> Todo {
        match self.stage {
            _ if !self.phone.answered => Todo::Done,
            Stage::Waiting(until) if now >= until => Todo::Done,
            Stage::Waiting(until) => Todo::Wait(until),
            _ => {
                self.stage = Stage::Waiting(now + FAREWELL);
                match std::mem::replace(&mut self.hung_up, true) {
                    true => Todo::Wait(now + FAREWELL),
                    false => Todo::Send(ClientMessage::Hangup {}),
                }
            }
        }
    }

    fn progress(&mut self, now: Instant, step: &Step) -> Progress {
        if let Stage::Resting(until) = self.stage
            && now < until
        {
            return Progress::Wait(until);
        }
        let deadline = match self.stage {
            Stage::Waiting(deadline) => deadline,
            _ => now + step.within,
        };
        match &step.verb {
            Verb::Wait(length) => match self.stage {
                Stage::Resting(_) => Progress::Passed,
                _ => self.rest_for(now, *length),
            },
            Verb::Press { keys, now: at_once, after, gap } => {
                self.press(now, (keys, *at_once), (*after, *gap), deadline)
            }
            Verb::Silence(times) => self.silence(now, *times, deadline),
            Verb::Hear(hear) => self.listen_for(now, hear, deadline),
            Verb::Hangup if self.phone.answered => {
                self.hung_up = true;
                self.act(now, "hung up", ClientMessage::Hangup {})
            }
            Verb::Hangup if self.phone.ending.is_none() && now < deadline => {
                // Still on its way: one can hang up only what has been answered.
                self.stage = Stage::Waiting(deadline);
                Progress::Wait(deadline)
            }
            Verb::Hangup => failed("a call to hang up", self.what_is()),
            Verb::Dial if self.phone.answered => failed("that the call before had ended", self.what_is()),
            Verb::Dial => {
                self.dialled_again();
                let dial = self.dial();
                self.act(now, "dialled again", dial)
            }
            Verb::Until(_) if matches!(self.stage, Stage::Resting(_)) => Progress::Passed,
            _ if self.stage == Stage::Carried => Progress::Passed,
            Verb::Until(_) | Verb::Fault(_) | Verb::Edit(_) | Verb::Duty(_) | Verb::Free(_) | Verb::Does(_) => {
                Progress::Control
            }
            other => self.check(now, other, deadline),
        }
    }

    /// Steps that only wait for the centre to be in some state.
    fn check(&mut self, now: Instant, verb: &Verb, deadline: Instant) -> Progress {
        let (met, expected) = match verb {
            Verb::Queued { queue, position, expected } => (
                self.stands_in(queue.as_deref(), *position, *expected),
                queue_wanted(queue.as_deref(), *position, *expected),
            ),
            Verb::Agent(wanted) => {
                let place = self.agents[self.agents_read..].iter().position(|state| state == wanted);
                self.agents_read += place.map_or(0, |place| place + 1);
                (place.is_some(), format!("an agent {}", agent_wanted(*wanted)))
            }
            Verb::Sms(text) => (self.got_sms(text.as_ref()), "a text message".to_owned()),
            Verb::Ended { outcome, cause } => match self.has_ended(outcome.as_deref(), cause.as_deref()) {
                Ok(met) => (met, "the end of the call".to_owned()),
                Err(progress) => return progress,
            },
            Verb::Answer(picks_up) => return self.answer(now, *picks_up, deadline),
            Verb::Settle(wanted) => return self.settle(now, wanted, deadline),
            _ => (true, String::new()),
        };
        if met {
            return Progress::Passed;
        }
        self.wait_or_fail(now, deadline, expected, matches!(verb, Verb::Ended { .. }))
    }

    /// Waits on, unless it is certain that nothing will come. `after_end`: the end of the call is no reason to give up.
    fn wait_or_fail(&mut self, now: Instant, deadline: Instant, expected: String, after_end: bool) -> Progress {
        let over = self.phone.ending.is_some() && !after_end;
        if over || self.awaits_keys().is_some() || now >= deadline {
            let instead = self.what_is();
            return Progress::Failed { expected, instead };
        }
        self.stage = Stage::Waiting(deadline);
        Progress::Wait(deadline)
    }

    /// The centre awaits keys and says nothing more by itself.
    fn awaits_keys(&self) -> Option<&Listening> {
        self.phone.listening.as_ref().filter(|_| self.phone.place.is_none() && !self.phone.with_agent())
    }

    fn rest_for(&mut self, now: Instant, length: Duration) -> Progress {
        self.stage = Stage::Resting(now + length);
        Progress::Wait(now + length)
    }

    fn act(&mut self, now: Instant, what: &str, message: ClientMessage) -> Progress {
        self.trail.push((now, what.to_owned()));
        self.pass();
        Progress::Send(message)
    }

    fn dialled_again(&mut self) {
        self.read = self.said.len();
        self.before_key = self.said.len();
        self.agents_read = self.agents.len();
        self.phone.ending = None;
        self.language_chosen = self.begins_in.is_some();
    }

    fn press(&mut self, now: Instant, what: (&str, bool), pace: (Duration, Duration), deadline: Instant) -> Progress {
        let ((keys, at_once), (after, gap)) = (what, pace);
        if self.keys.is_empty() {
            let ready = matches!(self.stage, Stage::Resting(_));
            if !ready && !at_once && !self.may_press() {
                return self.wait_to_press(now, deadline);
            }
            if self.phone.ending.is_some() && !self.phone.answered {
                return failed("a call to press keys in", self.what_is());
            }
            if !ready && let Some(progress) = self.hold_back(now, at_once, after) {
                return progress;
            }
            if self.strict && self.read < self.said.len() {
                return self.unnamed(self.read);
            }
            match self.expand(keys) {
                Ok(expanded) => self.keys = expanded.chars().rev().collect(),
                Err(word) => return self.no_meaning(&word),
            }
            self.language_chosen |= in_braces(keys).contains(&"language");
        }
        self.send_keys(now, gap)
    }

    fn wait_to_press(&mut self, now: Instant, deadline: Instant) -> Progress {
        if self.phone.ending.is_some() || now >= deadline {
            return failed("that the centre awaits keys", self.what_is());
        }
        self.stage = Stage::Waiting(deadline);
        Progress::Wait(deadline)
    }

    /// How long to wait until a key is heard and, for a patient caller, until all is said.
    fn hold_back(&mut self, now: Instant, at_once: bool, after: Duration) -> Option<Progress> {
        let mut from = now;
        if !at_once {
            from = from.max(self.phone.deaf_until);
            if self.patient {
                from = from.max(self.phone.speaking_until + BREATH);
            }
        }
        let from = from + after;
        (from > now).then(|| {
            self.stage = Stage::Resting(from);
            Progress::Wait(from)
        })
    }

    /// Sends the next key, or all of them where no gap is asked for.
    fn send_keys(&mut self, now: Instant, gap: Duration) -> Progress {
        let secret = self.phone.secret;
        let keys: String = if gap == Duration::ZERO {
            std::mem::take(&mut self.keys).into_iter().rev().collect()
        } else {
            self.keys.pop().into_iter().collect()
        };
        self.trail.push((now, format!("pressed {}", masked(&keys, secret))));
        self.turn();
        if self.keys.is_empty() {
            self.pass();
        } else {
            self.stage = Stage::Resting(now + gap);
        }
        Progress::Send(ClientMessage::Digits { keys })
    }

    /// Whether the centre listens: it said so, or the caller stands in a queue and something new was said there.
    fn may_press(&self) -> bool {
        let in_queue = self.phone.place.is_some() && self.said.len() > self.before_key;
        self.phone.listening.is_some() || in_queue
    }

    fn silence(&mut self, now: Instant, times: u32, deadline: Instant) -> Progress {
        if matches!(self.stage, Stage::Resting(_)) {
            self.done += 1;
            self.stage = Stage::Fresh;
            if self.done as u32 >= times {
                return Progress::Passed;
            }
        }
        let Some(until) = self.awaits_keys().map(|listening| listening.silence_at) else {
            if self.phone.ending.is_some() || now >= deadline {
                return failed("that the centre awaits keys, in vain", self.what_is());
            }
            self.stage = Stage::Waiting(deadline);
            return Progress::Wait(deadline);
        };
        self.trail.push((now, "pressed nothing".to_owned()));
        self.turn();
        self.stage = Stage::Resting(until);
        Progress::Wait(until)
    }

    /// The caller has had her turn: what is said from now on follows it.
    fn turn(&mut self) {
        self.read = self.said.len();
        self.before_key = self.said.len();
        self.phone.pressed();
    }

    fn listen_for(&mut self, now: Instant, hear: &Hear, deadline: Instant) -> Progress {
        while self.read < self.said.len() {
            let said = self.said[self.read].clone();
            self.read += 1;
            match self.fits(hear, &said) {
                Ok(true) => {
                    self.done += 1;
                    if self.done >= hear.prompts.len().max(1) {
                        return self.keep(hear, &said);
                    }
                }
                Ok(false) if self.strict => return self.unnamed(self.read - 1),
                Ok(false) => {}
                Err(progress) => return progress,
            }
        }
        let expected = self.wanted(hear);
        self.wait_or_fail(now, deadline, expected, false)
    }

    /// Whether a prompt is the one waited for. An error when it is, but says the wrong thing.
    fn fits(&self, hear: &Hear, said: &Said) -> Result<bool, Progress> {
        let wanted = hear.prompts.get(self.done);
        let last = self.done + 1 >= hear.prompts.len();
        if wanted.is_some_and(|id| *id != said.id) || hear.node.as_ref().is_some_and(|node| *node != said.node) {
            return Ok(false);
        }
        if let Some(either) = &hear.id_or_text {
            return Ok(*either == said.id || plain(&said.text).contains(&plain(either)));
        }
        if let (true, Some(text)) = (last, &hear.text) {
            let expanded = self.text_here(text, &said.language).map_err(|word| self.no_meaning(&word))?;
            let holds = expanded.as_ref().is_none_or(|text| plain(&said.text).contains(&plain(text)));
            if !holds && wanted.is_some() {
                let expected = format!("`{}` with the words \"{}\"", said.id, expanded.unwrap_or_default());
                return Err(Progress::Failed { expected, instead: format!("it said: {}", said.text) });
            }
            if !holds {
                return Ok(false);
            }
        }
        if let (true, Some(spoken)) = (self.language_chosen, &self.spoken)
            && said.language != spoken.code
            && !spoken.fallbacks.contains(&said.language)
        {
            let expected = format!("`{}` in {}", said.id, spoken.code);
            return Err(Progress::Failed {
                expected,
                instead: format!("it was said in {}: {}", said.language, said.text),
            });
        }
        Ok(true)
    }

    fn keep(&mut self, hear: &Hear, said: &Said) -> Progress {
        if let Some(word) = &hear.keep {
            match first_digits(&said.text) {
                Some(digits) => self.words.set(word, digits),
                None => {
                    return failed(&format!("digits in a slot of `{}`", said.id), format!("it said: {}", said.text));
                }
            }
        }
        Progress::Passed
    }

    /// A text in the language of this run, words replaced; `None` where it has none for this language.
    fn text_here(&self, text: &Text, said_in: &str) -> Result<Option<String>, String> {
        let code = self.spoken.as_ref().map_or(said_in, |spoken| &spoken.code);
        text.in_language(code).map(|text| self.expand(text)).transpose()
    }

    fn expand(&self, text: &str) -> Result<String, String> {
        let mut words = self.words.clone();
        if let Some(code) = self.phone.code() {
            words.set("wrong_code", another(&code));
            words.set("code", code);
        }
        words.expand(text)
    }

    fn got_sms(&mut self, text: Option<&Text>) -> bool {
        let code = self.spoken.as_ref().map_or("", |spoken| &spoken.code).to_owned();
        let wanted = text.and_then(|text| text.in_language(&code)).and_then(|text| self.expand(text).ok());
        let fits = |sms: &String| wanted.as_ref().is_none_or(|text| plain(sms).contains(&plain(text)));
        let place = self.phone.sms[self.sms_read..].iter().position(fits);
        self.sms_read += place.map_or(0, |place| place + 1);
        place.is_some()
    }

    fn stands_in(&self, queue: Option<&str>, position: Option<Bound>, expected: Option<Bound>) -> bool {
        self.phone.place.as_ref().is_some_and(|place| {
            queue.is_none_or(|queue| queue == place.queue)
                && position.is_none_or(|bound| bound.allows(u64::from(place.position)))
                && expected.is_none_or(|bound| bound.allows(place.expected.as_micros()))
        })
    }

    fn has_ended(&self, outcome: Option<&str>, cause: Option<&str>) -> Result<bool, Progress> {
        let Some(ending) = &self.phone.ending else { return Ok(false) };
        let wanted = outcome.is_none_or(|outcome| outcome == ending.outcome);
        if wanted && cause.is_none_or(|cause| cause == ending.cause) {
            if self.strict && self.read < self.said.len() {
                return Err(self.unnamed(self.read));
            }
            return Ok(true);
        }
        let expected = match (outcome, cause) {
            (outcome, Some(cause)) => format!("that the call ends as {} by {cause}", outcome.unwrap_or("anything")),
            (outcome, None) => format!("that the call ends as {}", outcome.unwrap_or("anything")),
        };
        Err(Progress::Failed { expected, instead: self.what_is() })
    }

    fn answer(&mut self, now: Instant, picks_up: bool, deadline: Instant) -> Progress {
        if self.rings > self.rings_read && self.phone.rings_for.is_some() {
            self.rings_read = self.rings;
            return match picks_up {
                true => self.act(now, "picked up", ClientMessage::Answer {}),
                false => {
                    self.trail.push((now, "let it ring".to_owned()));
                    Progress::Passed
                }
            };
        }
        if now >= deadline || self.awaits_keys().is_some() {
            return failed("that the telephone rings for a call back", self.what_is());
        }
        self.stage = Stage::Waiting(deadline);
        Progress::Wait(deadline)
    }

    /// Waits until the centre has nothing more to say by itself, and all that is wanted was said.
    fn settle(&mut self, now: Instant, wanted: &[String], deadline: Instant) -> Progress {
        let missing = wanted.iter().find(|wanted| {
            !self.said.iter().any(|said| **wanted == said.id || plain(&said.text).contains(&plain(wanted)))
        });
        let quiet = match self.hung_up {
            true => self.phone.ending.is_some(),
            false => self.phone.ending.is_some() || self.awaits_keys().is_some(),
        };
        let at_rest = quiet || self.phone.place.is_some() || self.phone.with_agent();
        match missing {
            None if at_rest || now >= deadline => Progress::Passed,
            Some(missing) if quiet || now >= deadline => {
                failed(&format!("that `{missing}` is said, as a prompt's id or as words"), self.what_is())
            }
            _ => {
                self.stage = Stage::Waiting(deadline);
                Progress::Wait(deadline)
            }
        }
    }

    /// A strict dialogue met a prompt that no step names.
    fn unnamed(&self, place: usize) -> Progress {
        let said = &self.said[place];
        failed(
            "that every prompt is named by a step (strict)",
            format!("`{}` was said at {}: {}", said.id, said.node, said.text),
        )
    }

    fn no_meaning(&self, word: &str) -> Progress {
        let expected = format!("that something fills `{{{word}}}`");
        let somebody = self.words.expand("{birth}").is_ok();
        let instead = match word {
            "code" | "wrong_code" => "no text message with a code has come",
            "number" | "last3" if somebody => {
                "the person has no registration number; ask for `status = \"registered\"`"
            }
            "reference" if somebody => "the person is registered, and has a number instead",
            "tail" if somebody => "the person has no phone on file; ask for `phone = true`",
            "language" => "the centre's language menu has no key for this language",
            _ => "the dialogue asks for no person; add `person = { … }`",
        };
        failed(&expected, instead.to_owned())
    }

    fn wanted(&self, hear: &Hear) -> String {
        let what = match (hear.prompts.get(self.done), &hear.text) {
            (Some(id), _) => format!("the prompt `{id}`"),
            (None, Some(text)) => format!("the words \"{}\"", text.all().next().unwrap_or_default()),
            (None, None) => hear
                .id_or_text
                .as_ref()
                .map_or_else(|| "a prompt".to_owned(), |either| format!("a prompt `{either}` or with these words")),
        };
        hear.node.as_ref().map_or(what.clone(), |node| format!("{what} at {node}"))
    }

    /// What the caller is in the midst of, in words.
    fn what_is(&self) -> String {
        let phone = &self.phone;
        let said = phone.last_prompt.as_ref().map_or(String::new(), |id| format!(", after saying `{id}`"));
        if let Some(ending) = &phone.ending {
            return format!("the call ended as {} ({}){said}", ending.outcome, ending.cause);
        }
        if let Some(listening) = self.awaits_keys() {
            return format!("the centre awaits {listening}{said}");
        }
        if let Some(place) = &phone.place {
            return format!("the caller waits in `{}` at place {}{said}", place.queue, place.position);
        }
        match (&phone.agent, phone.answered) {
            (Some((agent, state)), _) => format!("{agent} {}{said}", agent_wanted(*state)),
            (None, true) => format!("the call is at {}{said}", phone.node.as_deref().unwrap_or("its beginning")),
            (None, false) => "the call has not been answered".to_owned(),
        }
    }
}

/// How many lines of what happened a report shows at most before the step that failed.
const SHOWN: usize = 6;

fn failed(expected: &str, instead: String) -> Progress {
    Progress::Failed { expected: expected.to_owned(), instead }
}

fn agent_wanted(state: AgentState) -> &'static str {
    match state {
        AgentState::Ringing => "is being rung",
        AgentState::NoAnswer => "does not answer",
        AgentState::Connected => "talks to the caller",
        AgentState::Held => "puts the caller on hold",
        AgentState::Resumed => "takes the caller off hold",
        AgentState::Released => "hangs up",
    }
}

fn queue_wanted(queue: Option<&str>, position: Option<Bound>, expected: Option<Bound>) -> String {
    let mut text = match queue {
        Some(queue) => format!("that the caller stands in the queue `{queue}`"),
        None => "that the caller stands in a queue".to_owned(),
    };
    if let Some(bound) = position {
        text += &format!(" at place {bound}");
    }
    if let Some(bound) = expected {
        let length = |n| Duration::from_micros(n).to_string();
        text += &match bound {
            Bound::Exactly(n) => format!(" with an expected wait of {}", length(n)),
            Bound::AtLeast(n) => format!(" with an expected wait of at least {}", length(n)),
            Bound::AtMost(n) => format!(" with an expected wait of at most {}", length(n)),
        };
    }
    text
}

/// The digits of the first slot that holds nothing else; slots stand between U+2068 and U+2069.
fn first_digits(text: &str) -> Option<String> {
    text.split('\u{2068}').skip(1).find_map(|rest| {
        let slot: String = rest.split('\u{2069}').next()?.chars().filter(|c| !c.is_whitespace()).collect();
        (!slot.is_empty() && slot.bytes().all(|byte| byte.is_ascii_digit())).then_some(slot)
    })
}
