//! Bringing a call to an access level: claim, birth date, then a one-time code or the card's last digits.
//!
//! The steps and words are the same for a number nobody has and for a wrong birth date: both are one refusal, told only
//! after both were keyed. What is keyed here is secret throughout.

use super::{CallState, Fact, Next, Purpose, Sink, Step, Turn, script_of};
use crate::{
    engine::call::Question,
    id::{CallId, NodeId, PersonId},
    pii::{Digits, Secret},
    script::{
        Script,
        catalogue::{AccessLevel, ClaimKind, Query, Reply},
        model::{Authenticate, NodeKind},
        value::Value,
    },
};

/// Digits of each entry.
const NUMBER_DIGITS: u8 = 9;
const REFERENCE_DIGITS: u8 = 8;
const BIRTH_DIGITS: u8 = 8;
const CODE_DIGITS: u8 = 6;
const CARD_DIGITS: u8 = 4;

/// How many digits an entry for `purpose` has.
pub(super) fn digits_of(purpose: Purpose, auth: &Authenticate) -> u8 {
    match (purpose, auth.claim) {
        (Purpose::Claim, ClaimKind::Number) => NUMBER_DIGITS,
        (Purpose::Claim, ClaimKind::Reference) => REFERENCE_DIGITS,
        (Purpose::Birth, _) => BIRTH_DIGITS,
        (Purpose::Code, _) => CODE_DIGITS,
        _ => CARD_DIGITS,
    }
}

/// The `authenticate` data of the node a call is at.
fn auth_of(script: &Script, node: NodeId) -> &Authenticate {
    match &script.node(node).kind {
        NodeKind::Authenticate(auth) => auth,
        other => unreachable!("only an authenticate node asks for proof, not {other:?}"),
    }
}

impl<S: Sink> Turn<'_, S> {
    /// Enters an `authenticate` node: asks for what is still missing.
    pub(super) fn authenticate(&mut self, id: CallId, script: &Script) -> Option<Next> {
        let call = self.state.calls.get(id)?;
        let auth = auth_of(script, call.node);
        if call.menus().level >= auth.level {
            return Some(Next::Go(auth.ok));
        }
        let field = usize::from(call.menus().person.is_some());
        if call.menus().tries[field] >= auth.tries {
            return Some(Next::Go(auth.failed));
        }
        match call.menus().person {
            Some(person) => self.send_code(id, person),
            None => self.listen(id, script, Purpose::Claim, true),
        }
        None
    }

    fn send_code(&mut self, id: CallId, person: PersonId) {
        self.ask_check(id, Question::SendCode, Query::SendCode { person });
    }

    /// An entry at an `authenticate` node is complete.
    pub(super) fn proof_keyed(&mut self, id: CallId, purpose: Purpose, keyed: Digits) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let auth = auth_of(script, call.node);
        match purpose {
            Purpose::Claim => {
                call.menus_mut().claim = Some((auth.claim, keyed));
                self.listen(id, script, Purpose::Birth, true);
            }
            Purpose::Birth => {
                let Some((claim, digits)) = call.menus_mut().claim.take() else { return };
                let query = Query::CheckIdentity { claim, id: Secret::new(digits), birth: Secret::new(keyed) };
                self.ask_check(id, Question::Identity, query);
            }
            _ => {
                let Some(person) = call.menus().person else { return };
                self.ask_check(id, Question::CheckCode, Query::CheckCode { person, code: Secret::new(keyed) });
            }
        }
    }

    /// A check was answered.
    pub(super) fn checked(&mut self, id: CallId, question: Question, reply: Reply) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let auth = auth_of(script, call.node);
        match (question, reply) {
            (Question::Identity, Reply::Known(person)) => {
                call.menus_mut().person = Some(person);
                self.level_reached(id, script, AccessLevel::L1);
            }
            (Question::CheckCode, Reply::CodeRight) => self.level_reached(id, script, AccessLevel::L2),
            (Question::SendCode, Reply::CodeSent { tail, valid }) => {
                call.menus_mut().code_sent = (tail, valid.as_mins_ceil() as i64);
                self.fact(Fact::CodeSent { call: id });
                self.listen(id, script, Purpose::Code, true);
            }
            (Question::SendCode, Reply::NoPhone) => {
                call.menus_mut().code_sent = (Digits::EMPTY, 0);
                self.listen(id, script, Purpose::Card, true);
            }
            (_, Reply::Locked { delay }) => {
                self.expect_more(id, if question == Question::Identity { Purpose::Birth } else { Purpose::Code });
                self.fact(Fact::AuthenticationFailed { call: id, locked: true });
                let minutes = Value::Number(delay.as_mins_ceil() as i64);
                self.play_one(id, script, auth.prompts.locked, [minutes].into());
                self.go(id, Next::Go(auth.failed));
            }
            (Question::Identity, Reply::Refused) => self.refused(id, script, Purpose::Claim),
            (Question::CheckCode, Reply::Refused) => {
                let again = if call.menus().code_sent.1 > 0 { Purpose::Code } else { Purpose::Card };
                self.refused(id, script, again);
            }
            (question, _) => self.service_failed(id, question),
        }
    }

    fn level_reached(&mut self, id: CallId, script: &Script, level: AccessLevel) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        call.menus_mut().level = level;
        let auth = auth_of(script, call.node);
        let Some(person) = call.menus().person else { return };
        self.fact(Fact::Authenticated { call: id, person, level });
        if level < auth.level {
            self.send_code(id, person);
            return;
        }
        if let Some(ok) = auth.prompts.ok {
            self.play_one(id, script, ok, [].into());
        }
        self.go(id, Next::Go(auth.ok));
    }

    /// It did not match: once more from `again`, until the tries of this call are used up.
    fn refused(&mut self, id: CallId, script: &Script, again: Purpose) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let field = usize::from(again != Purpose::Claim);
        call.menus_mut().tries[field] += 1;
        call.typed.clear();
        let auth = auth_of(script, call.node);
        let last = call.menus().tries[field] >= auth.tries;
        self.transition(id, CallState::Ivr(Step::Moving));
        self.fact(Fact::AuthenticationFailed { call: id, locked: false });
        self.play_one(id, script, auth.prompts.bad, [].into());
        if last {
            self.expect_more(id, again);
            self.go(id, Next::Go(auth.failed));
        } else {
            self.listen(id, script, again, true);
        }
    }
}
