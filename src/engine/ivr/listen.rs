//! The digit collector: nine rules, and nothing else decides what a key means in the menus.
//!
//! 1. The first-digit timer starts when the last prompt ends; the first key cancels it and starts the inter-digit timer.
//! 2. After any key only inter-digit and terminator timers run; the greatest length ends the entry at once, unless a
//!    terminator is waited for.
//! 3. When the inter-digit timer ends, an entry long enough is accepted; a shorter one is a no-match, and its digits stay
//!    readable as `call.entry`. Silence is a no-input.
//! 4. The terminator ends the entry and is not part of it; alone it gives the empty entry, or itself where a menu binds it.
//! 5. An ambiguous prefix waits only while a longer choice is still possible.
//! 6. Keys pressed ahead are kept between inputs; a secret entry never reads them. An error clears them. What of a secret
//!    entry comes after it has failed is thrown away (`late`).
//! 7. No-input and no-match are counted per visit; of the handlers the one with the highest count not above the present
//!    one applies; a valid choice resets both.
//! 8. Global keys work only where the node does not bind the key, and never inside an entry; there `*` cancels the entry.
//! 9. All of it runs on the engine's time alone.

use super::{
    CallState, Command, Fact, Next, Purpose, Sink, Slot, Step, Turn, authenticate::digits_of, late::expect_late,
    script_of,
};
use crate::{
    engine::{
        call::{Call, Keys, Phase},
        output::Listen,
    },
    id::{CallId, LanguageId, NodeId},
    pii::Digits,
    script::{
        Script,
        model::{Collect, Escalation, Key, Node, NodeKind, PromptUse, Then},
        value::{Type, Value},
    },
    time::{Date, Duration, Instant, TimeOfDay},
};

/// Over how many nodes keys that fit nothing are handed on before they count as a no-match: handlers may lead in a circle.
const HANDED_ON: u8 = 8;

/// What an entry here looks like.
pub(super) struct Format {
    min: u8,
    pub(super) max: u8,
    pub(super) terminator: Option<Key>,
    pub(super) secret: bool,
}

impl Format {
    /// Whether `key` after so many others neither ends nor fills the entry.
    pub(super) fn goes_on(&self, key: Key, before: usize) -> bool {
        self.terminator != Some(key) && before + 1 < self.max.into()
    }
}

impl<S: Sink> Turn<'_, S> {
    /// Says the prompts of what is asked here (when `say`), then awaits keys.
    pub(super) fn listen(&mut self, id: CallId, script: &Script, purpose: Purpose, say: bool) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let node = script.node(call.node);
        let format = format_of(node, purpose);
        if format.secret {
            call.typed.clear();
        }
        call.menus_mut().entry.clear();
        if say {
            self.say_question(id, script, node, purpose);
        }
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let speaking_until = call.playing_until.max(self.state.now);
        let ahead = !call.typed.is_empty();
        let held = ahead && call.unstoppable_until > self.state.now;
        let silence_at = speaking_until + node.input.first_digit;
        let (phase, due) = if held { (Phase::Held, call.unstoppable_until) } else { (Phase::First, silence_at) };
        call.listen_unsaid = ahead && !held;
        call.state = CallState::Ivr(Step::Listening { purpose, phase });
        call.armed.arm(&mut self.state.timers, Slot::Step, id, due);
        if !call.listen_unsaid {
            let node = call.node;
            self.say_listening(id, node, format, silence_at);
        }
    }

    fn say_listening(&mut self, id: CallId, node: NodeId, format: Format, silence_at: Instant) {
        let Format { min, max, terminator, secret } = format;
        self.command(Command::Listen(Listen { call: id, node, min, max, terminator, secret, silence_at }));
    }

    fn say_question(&mut self, id: CallId, script: &Script, node: &Node, purpose: Purpose) {
        match (&node.kind, purpose) {
            (NodeKind::Authenticate(auth), Purpose::Claim) => self.play(id, script, &auth.prompts.claim),
            (NodeKind::Authenticate(auth), Purpose::Birth) => self.play(id, script, &auth.prompts.birth),
            (NodeKind::Authenticate(auth), Purpose::Code) => {
                let Some(call) = self.state.calls.get(id) else { return };
                let (tail, minutes) = call.menus().code_sent;
                let args = script.prompts.get(auth.prompts.code).slots.iter().map(|slot| match &*slot.name {
                    "tail" => Value::Digits(tail),
                    _ => Value::Number(minutes),
                });
                let args = args.collect();
                self.play_one(id, script, auth.prompts.code, args);
            }
            (NodeKind::Authenticate(auth), _) => self.play_one(id, script, auth.prompts.card, [].into()),
            (NodeKind::Survey { questions, .. }, Purpose::Survey(i)) => {
                if i == 0 {
                    self.play(id, script, &node.prompts);
                }
                self.play(id, script, &questions[i as usize].prompts);
            }
            (NodeKind::Language { choices, .. }, _) => self.say_in_each_language(id, script, node, choices),
            _ => self.say_unless_skipped(id, script, &node.prompts),
        }
    }

    /// A caller who has keyed ahead does not hear the question, unless it must be heard.
    fn say_unless_skipped(&mut self, id: CallId, script: &Script, prompts: &[PromptUse]) {
        let typed_ahead = self.state.calls.get(id).is_some_and(|call| !call.typed.is_empty());
        if !typed_ahead || !self.skippable(id, script, prompts) {
            self.play(id, script, prompts);
        }
    }

    fn say_in_each_language(&mut self, id: CallId, script: &Script, node: &Node, choices: &[(Key, LanguageId)]) {
        let Some(before) = self.state.calls.get(id).map(|call| call.language) else { return };
        for (_, language) in choices {
            if let Some(call) = self.state.calls.get_mut(id) {
                call.language = *language;
            }
            self.say_unless_skipped(id, script, &node.prompts);
        }
        if let Some(call) = self.state.calls.get_mut(id) {
            call.language = before;
        }
    }

    /// A key pressed while keys are awaited.
    pub(super) fn key_while_listening(&mut self, id: CallId, key: Key, phase: Phase) {
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return };
        if now < call.unstoppable_until {
            // What has to be heard out belongs to the question, so these are not keys pressed before it was asked: even a
            // secret entry takes them, once it has been heard.
            if script_of(self.versions, call).node(call.node).input.discard {
                return;
            }
            call.typed.push(key);
            self.state.ahead.stored = true;
            if phase == Phase::First {
                let (at, state) = (call.unstoppable_until, call.state);
                if let CallState::Ivr(Step::Listening { purpose, .. }) = state {
                    self.transition(id, CallState::Ivr(Step::Listening { purpose, phase: Phase::Held }));
                    self.arm(id, Slot::Step, at);
                }
            }
            return;
        }
        if call.playing_until > now {
            self.cut_prompt(id);
        }
        self.feed(id, key);
        self.use_typed(id);
    }

    /// Uses keys pressed ahead for as long as keys are awaited and may be used.
    #[inline]
    pub(super) fn use_typed(&mut self, id: CallId) {
        if self.state.calls.get(id).is_some_and(|call| call.listen_unsaid || !call.typed.is_empty()) {
            self.use_what_was_typed(id);
        }
    }

    fn use_what_was_typed(&mut self, id: CallId) {
        loop {
            let now = self.state.now;
            let Some(call) = self.state.calls.get_mut(id) else { return };
            let CallState::Ivr(Step::Listening { purpose, .. }) = call.state else { return };
            if now < call.unstoppable_until {
                return;
            }
            let Some(key) = call.typed.pop() else {
                if std::mem::take(&mut call.listen_unsaid) {
                    // The keys were not enough: the rest is awaited like any other.
                    let (node, script) = (call.node, script_of(self.versions, call));
                    let rules = script.node(node);
                    let first = call.playing_until.max(now) + rules.input.first_digit;
                    self.say_listening(id, node, format_of(rules, purpose), first);
                }
                return;
            };
            let key = self.told_or_given(id, key);
            self.cut_prompt(id);
            self.feed(id, key);
            self.state.ahead.done();
        }
    }

    /// A key pressed ahead is about to be used: told to the journal, or given by one, where it is not secret.
    fn told_or_given(&mut self, id: CallId, key: Key) -> Key {
        if !self.state.ahead.is_kept() {
            return key;
        }
        match self.state.calls.get(id) {
            Some(call) if !is_secret(call, script_of(self.versions, call)) => self.state.ahead.used(id, key),
            _ => key,
        }
    }

    /// One key of an entry.
    fn feed(&mut self, id: CallId, key: Key) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let CallState::Ivr(Step::Listening { purpose, phase }) = call.state else { return };
        let script = script_of(self.versions, call);
        let node = script.node(call.node);
        let fresh = call.menus().entry.is_empty();
        match (&node.kind, purpose) {
            (NodeKind::Collect(_) | NodeKind::Authenticate(_), _)
                if phase == Phase::Inter
                    && key.digit().is_some()
                    && format_of(node, purpose).goes_on(key, call.menus().entry.len()) =>
            {
                // One more digit in the midst of an entry, which most keys are: the next is awaited as before.
                call.menus_mut().entry.push(key);
                let due = self.state.now + node.input.inter_digit;
                call.armed.arm(&mut self.state.timers, Slot::Step, id, due);
            }
            (NodeKind::Collect(collect), Purpose::Node) => {
                if let Some((_, to)) = collect.keys.iter().find(|(k, _)| fresh && *k == key) {
                    self.chosen(id, key, None, *to);
                    return;
                }
                self.feed_digits(id, key, node, purpose, phase);
            }
            (NodeKind::Survey { .. }, Purpose::Survey(number)) => self.feed_survey(id, key, script, number),
            (NodeKind::Authenticate(auth), _) => match auth.no_number {
                Some(to) if fresh && key == Key::STAR && purpose == Purpose::Claim => self.chosen(id, key, None, to),
                _ => self.feed_digits(id, key, node, purpose, phase),
            },
            _ => self.feed_menu(id, key, node),
        }
    }

    /// A key of an entry of digits.
    fn feed_digits(&mut self, id: CallId, key: Key, node: &Node, purpose: Purpose, phase: Phase) {
        let format = format_of(node, purpose);
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let fresh = call.menus().entry.is_empty();
        if format.terminator == Some(key) {
            if call.menus().entry.len() >= format.min as usize {
                self.accept(id, node, purpose);
            } else {
                self.escalate(id, false);
            }
        } else if key.digit().is_some() {
            if phase == Phase::Terminator {
                // The entry was complete, and this is not its terminator: it belongs to what comes next.
                let mut next = Keys::default();
                next.push(key);
                call.typed.prepend(next);
                self.state.ahead.put_back();
                self.accept(id, node, purpose);
                return;
            }
            call.menus_mut().entry.push(key);
            let full = call.menus().entry.len() >= format.max as usize;
            let waits = format.terminator.is_some() && node.input.terminator_wait > Duration::ZERO;
            match (full, waits) {
                (true, false) => self.accept(id, node, purpose),
                (true, true) => self.await_next(id, purpose, Phase::Terminator, node),
                (false, _) => self.await_next(id, purpose, Phase::Inter, node),
            }
        } else if fresh {
            if !self.global(id, node, key) {
                self.escalate(id, false);
            }
        } else if key == Key::STAR {
            self.cancel_entry(id, purpose, node);
        } else {
            self.escalate(id, false);
        }
    }

    /// What was keyed so far is thrown away, and the first key is awaited anew.
    pub(super) fn cancel_entry(&mut self, id: CallId, purpose: Purpose, node: &Node) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.menus_mut().entry.clear();
        }
        self.await_next(id, purpose, Phase::First, node);
    }

    pub(super) fn await_next(&mut self, id: CallId, purpose: Purpose, phase: Phase, node: &Node) {
        let wait = match phase {
            Phase::Terminator => node.input.terminator_wait,
            Phase::Inter => node.input.inter_digit,
            Phase::First | Phase::Held => node.input.first_digit,
        };
        let Some(call) = self.state.calls.get_mut(id) else { return };
        call.state = CallState::Ivr(Step::Listening { purpose, phase });
        call.armed.arm(&mut self.state.timers, Slot::Step, id, self.state.now + wait);
    }

    /// An entry is complete.
    fn accept(&mut self, id: CallId, node: &Node, purpose: Purpose) {
        self.forget_secret_keys(id);
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let keyed = call.menus().entry.digits();
        let (count, node_id) = (call.menus().entry.len() as u8, call.node);
        call.menus_mut().handed_on = 0;
        if purpose != Purpose::Node {
            call.menus_mut().entry.clear();
            self.fact(Fact::EntryAccepted { call: id, node: node_id, digits: count });
            self.proof_keyed(id, purpose, keyed);
            return;
        }
        let NodeKind::Collect(collect) = &node.kind else { return };
        if !collect.secret {
            call.menus_mut().last_entry = keyed;
        }
        let before = std::mem::take(call.menus_mut().vars.get_mut(collect.into));
        let read = read_entry(collect, keyed);
        let readable = read.is_some();
        *call.menus_mut().vars.get_mut(collect.into) = read.unwrap_or_default();
        let valid = readable && self.holds(id, collect.valid.as_ref());
        let Some(call) = self.state.calls.get_mut(id) else { return };
        if !valid {
            *call.menus_mut().vars.get_mut(collect.into) = before;
            self.escalate(id, false);
            return;
        }
        call.menus_mut().entry.clear();
        self.fact(Fact::EntryAccepted { call: id, node: node_id, digits: count });
        self.go(id, Next::Go(collect.to));
    }

    /// A key at a survey question: an answer, a refusal, or neither.
    fn feed_survey(&mut self, id: CallId, key: Key, script: &Script, number: u8) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let node = call.node;
        let NodeKind::Survey { questions, to } = &script.node(node).kind else { return };
        let question = &questions[number as usize];
        match key.digit() {
            Some(score) if (question.min..=question.max).contains(&score) => {
                call.no_match = 0;
                self.disarm(id, Slot::Step);
                self.fact(Fact::SurveyAnswered { call: id, node, question: number, score });
                if let Some(next) = self.ask_survey(id, script, number + 1) {
                    self.go(id, next);
                }
            }
            _ if call.no_match == 0 && (key.digit().is_some() || key == Key::UNBOUND) => {
                self.state.ahead.is_unbound();
                call.no_match = 1;
                call.typed.clear();
                self.fact(Fact::NoMatch { call: id, node, count: 1, digits: 1 });
                self.listen(id, script, Purpose::Survey(number), true);
            }
            _ => {
                if key.digit().is_some() {
                    self.state.ahead.is_unbound();
                }
                self.disarm(id, Slot::Step);
                self.go(id, Next::Go(*to));
            }
        }
    }

    /// A timer of the collector came to its time.
    pub(super) fn listening_due(&mut self, id: CallId, purpose: Purpose, phase: Phase) {
        let Some(call) = self.state.calls.get(id) else { return };
        let script = script_of(self.versions, call);
        let node = script.node(call.node);
        match phase {
            Phase::Held => {
                let silence_at = call.playing_until.max(self.state.now) + node.input.first_digit;
                self.transition(id, CallState::Ivr(Step::Listening { purpose, phase: Phase::First }));
                self.arm(id, Slot::Step, silence_at);
                self.use_typed(id);
            }
            Phase::First => self.escalate(id, true),
            Phase::Terminator => self.accept(id, node, purpose),
            Phase::Inter => match (&node.kind, purpose) {
                (NodeKind::Menu { .. } | NodeKind::Confirm { .. } | NodeKind::Language { .. }, _) => {
                    self.menu_ended(id, node);
                }
                _ if call.menus().entry.len() >= format_of(node, purpose).min as usize => {
                    self.accept(id, node, purpose);
                }
                _ => self.escalate(id, false),
            },
        }
    }

    /// Silence, or keys that fit nothing: the handler for the present count.
    pub(super) fn escalate(&mut self, id: CallId, silence: bool) {
        self.disarm(id, Slot::Step);
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let CallState::Ivr(Step::Listening { purpose, .. }) = call.state else { return };
        let script = script_of(self.versions, call);
        let node_id = call.node;
        let node = script.node(node_id);
        let digits = call.menus().entry.len() as u8;
        let plain = !silence && !format_of(node, purpose).secret;
        if plain && let NodeKind::Collect(_) = node.kind {
            call.menus_mut().last_entry = call.menus().entry.digits();
        }
        if plain
            && call.menus().handed_on < HANDED_ON
            && let Some(to) = meant_for_next(node, call.no_match)
        {
            call.menus_mut().handed_on += 1;
            let keys = std::mem::take(&mut call.menus_mut().entry);
            call.typed.prepend(keys);
            self.go(id, Next::Go(to));
            return;
        }
        expect_late(call, node, purpose, digits, self.state.now);
        call.typed.clear();
        call.menus_mut().handed_on = 0;
        call.menus_mut().entry.clear();
        let count = if silence { &mut call.no_input } else { &mut call.no_match };
        *count = count.saturating_add(1);
        let count = *count;
        self.transition(id, CallState::Ivr(Step::Moving));
        self.fact(match silence {
            true => Fact::NoInput { call: id, node: node_id, count },
            false => Fact::NoMatch { call: id, node: node_id, count, digits },
        });
        if let NodeKind::Survey { to, .. } = node.kind {
            // Nobody is pressed to answer a survey.
            self.go(id, Next::Go(to));
            return;
        }
        let handlers = if silence { &node.input.no_input } else { &node.input.no_match };
        self.handle_escalation(id, script, handlers, count, purpose);
    }

    fn handle_escalation(&mut self, id: CallId, script: &Script, handlers: &Escalation, count: u8, purpose: Purpose) {
        let step = handlers.steps.iter().rev().find(|step| step.from <= count);
        let Some(step) = step else {
            self.listen(id, script, purpose, true);
            return;
        };
        self.play(id, script, &step.prompts);
        match step.then {
            Then::Replay => self.listen(id, script, purpose, true),
            Then::Listen => self.listen(id, script, purpose, false),
            Then::Goto(to) => self.go(id, Next::Go(to)),
        }
    }

    /// Keys pressed for a secret entry and not used by it go no further: what was keyed in secret answers no menu.
    pub(super) fn forget_secret_keys(&mut self, id: CallId) {
        if let Some(call) = self.state.calls.get_mut(id)
            && !call.typed.is_empty()
            && is_secret(call, script_of(self.versions, call))
        {
            call.typed.clear();
        }
    }
}

/// Whether what a call keys now is secret.
pub(in crate::engine) fn is_secret(call: &Call, script: &Script) -> bool {
    match call.state {
        CallState::Ivr(Step::Listening { purpose, .. }) => format_of(script.node(call.node), purpose).secret,
        _ => false,
    }
}

/// Where keys that fit nothing at `node` are taken on to, when its handler for the next no-match says so.
fn meant_for_next(node: &Node, no_matches: u8) -> Option<NodeId> {
    let step = node.input.no_match.steps.iter().rev().find(|step| step.from <= no_matches.saturating_add(1))?;
    match step.then {
        Then::Goto(to) if step.keep => Some(to),
        _ => None,
    }
}

/// What an entry for `purpose` at `node` looks like.
pub(super) fn format_of(node: &Node, purpose: Purpose) -> Format {
    match (&node.kind, purpose) {
        (NodeKind::Collect(collect), _) => {
            Format { min: collect.min, max: collect.max, terminator: collect.terminator, secret: collect.secret }
        }
        (NodeKind::Authenticate(auth), purpose) => {
            let digits = digits_of(purpose, auth);
            Format { min: digits, max: digits, terminator: Some(Key::HASH), secret: true }
        }
        (NodeKind::Menu { choices }, _) => {
            let longest = choices.iter().map(|choice| choice.keys.len()).max().unwrap_or(1);
            Format { min: 1, max: longest as u8, terminator: None, secret: false }
        }
        _ => Format { min: 1, max: 1, terminator: None, secret: false },
    }
}

/// The value of an entry, when it is one.
fn read_entry(collect: &Collect, keyed: Digits) -> Option<Value> {
    let number = keyed.as_number();
    Some(match collect.kind {
        Type::Number => Value::Number(number as i64),
        Type::Amount => Value::Amount(number as i64 * 100),
        Type::Date => Value::Date(read_date(keyed)?),
        Type::Time => {
            Value::Time(TimeOfDay::new((number / 100) as u16, (number % 100) as u16).filter(|_| keyed.len() == 4)?)
        }
        _ => Value::Digits(keyed),
    })
}

/// DDMMYYYY.
fn read_date(keyed: Digits) -> Option<Date> {
    let number = keyed.as_number();
    let (day, month, year) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    Date::from_ymd(year as i16, month as i8, day as i8).filter(|_| keyed.len() == 8)
}
