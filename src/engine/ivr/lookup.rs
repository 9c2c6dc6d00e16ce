//! Asking services: a command out, a reply in.

use super::{CallState, Cause, Command, Fact, Next, Sink, Slot, Step, Turn, script_of};
use crate::{
    engine::call::Question,
    id::{CallId, RequestId},
    script::{
        Script,
        catalogue::{Query, Reply, Request},
        model::{NodeKind, Outcome},
    },
    time::Duration,
};

/// How long identity and code checks may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

impl<S: Sink> Turn<'_, S> {
    /// Asks the service of a `lookup` node.
    pub(super) fn look_up(&mut self, id: CallId, script: &Script) -> Option<Next> {
        let call = self.state.calls.get(id)?;
        let node = script.node(call.node);
        let NodeKind::Lookup { service, arguments, timeout, .. } = &node.kind else { return None };
        let (person, level) = (call.menus().person, call.menus().level);
        let arguments = arguments.iter().map(|argument| self.value(id, argument)).collect();
        self.play(id, script, &node.prompts);
        self.fact(Fact::ServiceAsked { call: id, service: *service });
        self.ask(id, Question::Lookup, Query::Lookup { service: *service, person, level, arguments }, *timeout);
        None
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask_check(&mut self, id: CallId, question: Question, query: Query) {
        self.ask(id, question, query, CHECK_TIMEOUT);
    }

    fn ask(&mut self, id: CallId, question: Question, query: Query, timeout: Duration) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let caller = call.caller;
        let menus = call.menus_mut();
        menus.requests += 1;
        let request = Request { id: RequestId(menus.requests), caller, query };
        self.transition(id, CallState::Ivr(Step::Asking { request: request.id, question }));
        self.arm(id, Slot::Step, self.state.now + timeout);
        self.command(Command::Ask { call: id, request });
    }

    /// A service answered: whether anybody waited for it.
    #[inline(never)]
    pub(in crate::engine) fn replied(&mut self, id: CallId, request: RequestId, reply: Reply) -> bool {
        let question = match self.state.calls.get(id).map(|call| &call.state) {
            Some(&CallState::Ivr(Step::Asking { request: asked, question })) if asked == request => question,
            _ => return false,
        };
        self.disarm(id, Slot::Step);
        if reply == Reply::Unavailable {
            self.service_failed(id, question);
            return true;
        }
        match question {
            Question::Lookup => self.looked_up(id, reply),
            check => self.checked(id, check, reply),
        }
        true
    }

    fn looked_up(&mut self, id: CallId, reply: Reply) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let NodeKind::Lookup { service, into, outcomes, .. } = &script.node(call.node).kind else { return };
        let Reply::Answer { outcome, results } = reply else {
            // A world that answers a lookup with a check's reply has refused it.
            self.service_failed(id, Question::Lookup);
            return;
        };
        for &set in service.entry().outcomes[outcome as usize].sets {
            if let Some(var) = into[set as usize] {
                *call.menus_mut().vars.get_mut(var) = results[set as usize].clone();
            }
        }
        self.fact(Fact::ServiceAnswered { call: id, service: *service, outcome: Some(outcome) });
        self.go(id, Next::Go(outcomes[outcome as usize]));
    }

    /// A service is down or too slow.
    pub(super) fn service_failed(&mut self, id: CallId, question: Question) {
        let Some(call) = self.state.calls.get(id) else { return };
        let script = self.script(call);
        let (node, left) = (script.node(call.node), call.gone.then(|| call.outcome_on_hangup()));
        if let NodeKind::Lookup { service, .. } = &node.kind
            && question == Question::Lookup
        {
            self.fact(Fact::ServiceAnswered { call: id, service: *service, outcome: None });
        }
        match (node.error, &node.kind) {
            (Some(error), _) => self.go(id, Next::Go(error)),
            (None, NodeKind::Authenticate(auth)) => self.go(id, Next::Go(auth.failed)),
            (None, _) => match left {
                Some(outcome) => self.end_call(id, outcome, Cause::CallerHungUp),
                None => self.end_call(id, Outcome::Failed, Cause::ScriptEnded),
            },
        }
    }
}
