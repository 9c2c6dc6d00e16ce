//! Standing in a queue: entering, treatment, keys, the longest wait, widening, closing, leaving.

use crate::{
    engine::{
        Command, Fact, Sink,
        call::{Call, CallState, Next, Place, Rung, Slot, Step},
        event::{Cause, LeftQueue},
        script_of,
        timer::Timer,
        turn::Turn,
    },
    id::{CallId, LanguageId, NodeId, QueueId},
    script::{
        Script,
        model::{Builtin, Expr, Key, NodeKind, PromptUse, QueueNode, WaitAction, WaitStep},
    },
    time::{Duration, Instant},
};

/// The queue node a call stands at.
fn queue_node(script: &Script, node: NodeId) -> Option<&QueueNode> {
    match &script.node(node).kind {
        NodeKind::Queue(queue) => Some(queue),
        _ => None,
    }
}

impl<S: Sink> Turn<'_, S> {
    /// Puts a call that came to a `queue` node in line; the node to go to instead when the queue does not take it.
    pub(in crate::engine) fn enter_queue(&mut self, id: CallId, queue: QueueId, node: &QueueNode) -> Option<NodeId> {
        let call = self.state.calls.get(id)?;
        let state = self.state.acd.queue(queue);
        let closed = !state.is_open(self.state.now)
            || (state.config.closed_when_unstaffed && !self.state.acd.is_staffed(queue, call.language));
        if closed {
            self.fact(Fact::QueueClosed { call: id, queue });
            return Some(node.closed);
        }
        if state.config.max_length.is_some_and(|max| state.length >= max) {
            self.fact(Fact::QueueFull { call: id, queue });
            return Some(node.full);
        }
        let priority = state.config.priority.saturating_add(node.priority).into();
        self.enqueue(id, queue, priority, self.state.now);
        None
    }

    /// Passes a call on to another queue, whatever its length and hours; the wait counts anew. Where nobody on duty may take
    /// it, it goes the way of a queue that closes.
    pub(super) fn requeue(&mut self, id: CallId, queue: QueueId) {
        let priority = self.state.acd.queue(queue).config.priority.into();
        self.enqueue(id, queue, priority, self.state.now);
        self.close_unstaffed();
    }

    /// Stands a call in line, its wait counting from `since`, and lets it look for an agent.
    pub(super) fn enqueue(&mut self, id: CallId, queue: QueueId, priority: i16, since: Instant) {
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let language = call.language;
        let rank = self.state.acd.queue(queue).rank(priority, since, id);
        let treatment = queue_node(script_of(self.versions, call), call.node).map_or(&[][..], |node| &node.treatment);
        let away = call.caller_is_away();
        call.steps.clear();
        if !away {
            call.steps.extend(treatment.iter().map(|step| Some(now + step.after)));
        }
        call.place = Some(Place {
            queue,
            language,
            accepted: Vec::new(),
            since,
            priority,
            rank,
            speaking: None,
            attempts: 0,
            parked: away,
            overdue: false,
        });
        // What was keyed before a wait does not answer what is asked after it.
        call.typed.clear();
        call.state = CallState::Queued;
        let state = self.state.acd.queue_mut(queue);
        state.length += 1;
        let max_wait = state.config.max_wait.filter(|_| !away);
        self.fact(Fact::CallQueued { call: id, queue, language, since });
        // Armed before anybody rings: a call that rings at once and in vain waits on, and its deadlines with it.
        if let Some(max_wait) = max_wait {
            self.arm(id, Slot::MaxWait, now + max_wait);
        }
        self.arm_widening(id);
        if away {
            self.arm_opening(queue);
        }
        if let Some(agents) = self.agents_for_call(id) {
            if !away {
                // She is told where she stands before she is told whom she is given.
                let (position, expected) = (1, Duration::ZERO);
                self.command(Command::Waiting { call: id, queue, position, expected });
            }
            // It stands in no line yet.
            self.present(id, agents);
            return;
        }
        self.join_lines(id);
        self.arm_treatment(id);
        if !away {
            self.prepare_outlook();
            let (position, expected) = self.outlook(id);
            self.command(Command::Waiting { call: id, queue, position, expected });
        }
    }

    /// Puts a call into the lines of its place.
    fn join_lines(&mut self, id: CallId) {
        let Some(place) = self.state.calls.get(id).and_then(|call| call.place.as_ref()) else { return };
        for language in place.languages() {
            self.state.acd.join(place.queue, language, place.rank);
        }
    }

    /// Takes a call out of the lines of its place, which it keeps.
    pub(super) fn leave_lines(&mut self, id: CallId) {
        let Some(place) = self.state.calls.get(id).and_then(|call| call.place.as_ref()) else { return };
        for language in place.languages() {
            self.state.acd.leave(place.queue, language, &place.rank);
        }
    }

    /// A call that rang in vain stands where it stood.
    pub(super) fn rejoin(&mut self, id: CallId) {
        self.transition(id, CallState::Queued);
        self.join_lines(id);
        self.arm_treatment(id);
    }

    /// Takes a call out of its queue for good. What it leaves is its place, with the length of the queue corrected.
    pub(in crate::engine) fn leave_queue(&mut self, id: CallId, reason: LeftQueue) -> Option<Place> {
        self.stop_ringing(id);
        self.leave_lines(id);
        self.promise_over(id);
        let now = self.state.now;
        let call = self.state.calls.get_mut(id)?;
        let place = call.place.take()?;
        let queue = self.state.acd.queue_mut(place.queue);
        queue.length -= 1;
        // A promise to call back keeps its place, and its work.
        if reason != LeftQueue::Callback {
            queue.learn_answered(false);
        }
        self.end_waiting_timers(id);
        self.transition(id, CallState::Ivr(Step::Moving));
        let waited = now.since(place.since);
        self.fact(Fact::CallLeftQueue { call: id, queue: place.queue, waited, reason });
        self.serve_ready();
        Some(place)
    }

    /// The telephones ringing for a call fall silent; their agents are ready again.
    fn stop_ringing(&mut self, id: CallId) {
        self.disarm(id, Slot::Ring);
        for agent in self.ringing_agents(id).iter().flat_map(Rung::iter) {
            self.command(Command::StopRinging { call: id, agent });
            self.free_unanswered(agent);
        }
        if let Some(&CallState::Dialling { agent }) = self.state.calls.get(id).map(|call| &call.state) {
            self.command(Command::StopDialling { call: id });
            self.free_unanswered(agent);
        }
    }

    pub(super) fn end_waiting_timers(&mut self, id: CallId) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.armed.end_waiting(&mut self.state.timers);
        }
    }

    /// The queue's next wider circle of agents, as a deadline.
    pub(super) fn arm_widening(&mut self, id: CallId) {
        match self.next_widening(id) {
            Some(at) => self.arm(id, Slot::Widen, at),
            None => self.disarm(id, Slot::Widen),
        }
    }

    /// The same after a publication. Armed anew it would come after what is due at the same instant, so that a publication
    /// which changes nothing would change that.
    pub(super) fn keep_widening(&mut self, id: CallId) {
        let armed = self.state.calls.get(id).and_then(|call| call.armed.due_at(&self.state.timers, Slot::Widen));
        if armed.is_none() || armed != self.next_widening(id) {
            self.arm_widening(id);
        }
    }

    /// When more agents may take a waiting call.
    fn next_widening(&self, id: CallId) -> Option<Instant> {
        let place = self.state.calls.get(id)?.place.as_ref()?;
        let waited = self.state.now.since(place.since);
        let queue = self.state.acd.queue(place.queue);
        if queue.widest <= waited {
            return None;
        }
        let lines = place.languages().map(|language| &queue.lines[language.index()]);
        let afters = lines.filter(|line| line.widest > waited).flat_map(|line| &line.servers);
        let next = afters.map(|&(_, after)| after).filter(|after| *after > waited).min();
        next.map(|after| place.since + after)
    }

    /// More agents may take a waiting call from now on.
    pub(in crate::engine) fn widened(&mut self, id: CallId) {
        let Some(place) = self.state.calls.get(id).and_then(|call| call.place.as_ref()) else { return };
        let (queue, waited) = (place.queue, self.state.now.since(place.since));
        let overflow = self.state.acd.queue(queue).config.overflow.iter().rev().find(|o| o.after <= waited);
        let to = overflow.map_or(queue, |overflow| overflow.to);
        self.fact(Fact::CallOverflowed { call: id, queue, to });
        self.seek_agent(id);
        self.arm_widening(id);
    }

    /// The next thing to be said to a waiting caller, as a deadline.
    fn arm_treatment(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get(id).filter(|call| call.place.is_some()) else { return };
        if let Some(at) = call.steps.iter().flatten().min().copied() {
            self.arm(id, Slot::Treatment, at.max(self.state.now));
        }
    }

    /// Says what is due to a waiting caller.
    pub(in crate::engine) fn treat(&mut self, id: CallId) {
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let waiting = call.state == CallState::Queued;
        let Some(queue_node) = queue_node(script, call.node).filter(|_| call.place.is_some()) else { return };
        let Some(due) = call.steps.iter().position(|at| at.is_some_and(|at| at <= now)) else { return };
        let step = &queue_node.treatment[due];
        call.steps[due] = step.every.filter(|every| *every > Duration::ZERO).map(|every| now + every);
        if waiting {
            self.treat_by(id, due as u16, step, script);
        }
        self.arm_treatment(id);
    }

    fn treat_by(&mut self, id: CallId, step_number: u16, step: &WaitStep, script: &Script) {
        let speak = |turn: &mut Self| {
            if turn.holds(id, step.when.as_ref()) {
                turn.speak(id, step_number, step, script);
            }
        };
        if step.when.as_ref().is_some_and(asks_outlook) || tells_outlook(&step.prompts) {
            self.with_outlook(id, speak);
        } else {
            speak(self);
        }
    }

    fn speak(&mut self, id: CallId, step_number: u16, step: &WaitStep, script: &Script) {
        if let Some(place) = self.state.calls.get_mut(id).and_then(|call| call.place.as_mut()) {
            place.speaking = Some(step_number);
        }
        if tells_outlook(&step.prompts) {
            let (position, expected) = self.outlook(id);
            self.fact(Fact::WaitAnnounced { call: id, position, expected });
            if let Some(queue) = self.state.calls.get(id).and_then(|call| call.place.as_ref()).map(|place| place.queue)
            {
                self.command(Command::Waiting { call: id, queue, position, expected });
            }
        }
        self.play(id, script, &step.prompts);
    }

    /// A key of a waiting caller: whether it means something now.
    pub(in crate::engine) fn key_while_waiting(&mut self, id: CallId, key: Key) -> bool {
        let Some(call) = self.state.calls.get(id) else { return false };
        let script = script_of(self.versions, call);
        let step = queue_node(script, call.node)
            .zip(call.place.as_ref().and_then(|place| place.speaking))
            .and_then(|(node, step)| node.treatment.get(step as usize));
        let action = step.and_then(|step| step.keys.iter().find(|(k, _)| *k == key)).map(|(_, action)| *action);
        let Some(action) = action else { return false };
        self.cut_prompt(id);
        match action {
            WaitAction::Stay => {}
            WaitAction::AcceptLanguage(language) => self.accept_language(id, language),
            WaitAction::Leave(node) => {
                let callback = matches!(script.node(node).kind, NodeKind::Callback { .. });
                let reason = if callback { LeftQueue::Callback } else { LeftQueue::Key };
                let place = self.leave_queue(id, reason);
                self.send_on(id, script, node, place);
            }
        }
        true
    }

    pub(super) fn accept_language(&mut self, id: CallId, language: LanguageId) {
        let Some(place) = self.state.calls.get_mut(id).and_then(|call| call.place.as_mut()) else { return };
        if place.language == language || place.accepted.contains(&language) {
            return;
        }
        place.accepted.push(language);
        self.fact(Fact::LanguageAccepted { call: id, language });
        self.join_lines(id);
        self.seek_agent(id);
        self.arm_widening(id);
    }

    /// The longest wait is over.
    pub(in crate::engine) fn wait_expired(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let node = queue_node(script, call.node);
        if let (CallState::Ringing { .. }, Some(place)) = (&call.state, &mut call.place) {
            // Somebody may be about to answer: the wait ends when the ringing has.
            place.overdue = true;
            return;
        }
        let place = self.leave_queue(id, LeftQueue::TimedOut);
        match node {
            Some(node) => self.send_on(id, script, node.timeout, place),
            None => self.end_waiting(id),
        }
    }

    /// Sends a call that left its queue on to a node; a `callback` node there keeps the place.
    fn send_on(&mut self, id: CallId, script: &Script, node: NodeId, place: Option<Place>) {
        let keeps = matches!(script.node(node).kind, NodeKind::Callback { .. });
        if let Some(call) = self.state.calls.get_mut(id)
            && (keeps || call.menus().kept.is_some())
        {
            call.menus_mut().kept = place.filter(|_| keeps);
        }
        self.go(id, Next::Go(node));
    }

    /// Ends a call back that was passed on to a queue and now leaves it: it never was at a node that says what follows.
    fn end_waiting(&mut self, id: CallId) {
        if let Some(outcome) = self.state.calls.get(id).map(Call::outcome_on_hangup) {
            self.end_call(id, outcome, Cause::ScriptEnded);
        }
    }

    /// Callers who wait in queues that are served by nobody on duty any more are sent on, where the queue says so.
    pub(super) fn close_unstaffed(&mut self) {
        let mut lost = Vec::new();
        for queue in self.state.acd.queues.iter().filter(|queue| queue.config.closed_when_unstaffed) {
            for rank in queue.lines.iter().flat_map(|line| line.waiting.iter()) {
                let call = self.state.calls.get(rank.2).filter(|call| !call.caller_is_away());
                let place = call.and_then(|call| call.place.as_ref());
                if place.is_some_and(|p| p.languages().all(|language| !self.state.acd.is_staffed(p.queue, language))) {
                    lost.push(rank.2);
                }
            }
        }
        lost.sort_unstable();
        lost.dedup();
        for id in lost {
            let Some(call) = self.state.calls.get(id) else { continue };
            let script = self.script(call);
            let node = queue_node(script, call.node);
            if let Some(place) = self.leave_queue(id, LeftQueue::Closed) {
                self.fact(Fact::QueueClosed { call: id, queue: place.queue });
                match node {
                    Some(node) => self.send_on(id, script, node.closed, Some(place)),
                    None => self.end_waiting(id),
                }
            }
        }
    }

    /// When a queue opens next, as a deadline, so that promises to call back become due then.
    pub(super) fn arm_opening(&mut self, queue: QueueId) {
        let now = self.state.now;
        let state = self.state.acd.queue_mut(queue);
        let Some(calendar) = state.calendar.as_ref().filter(|_| state.opening.is_none()) else { return };
        let hours = calendar.at(now);
        let at = if hours.open { calendar.at(hours.closes_at).opens_at } else { hours.opens_at };
        if at < Instant::NEVER {
            state.opening = Some(self.state.timers.enter(at, Timer::Opening(queue)));
        }
    }

    /// A queue opened: the calls back that stand in it look for agents.
    pub(in crate::engine) fn queue_opened(&mut self, queue: QueueId) {
        self.state.acd.queue_mut(queue).opening = None;
        let lines = &self.state.acd.queue(queue).lines;
        let mut due: Vec<_> = lines.iter().flat_map(|line| line.waiting.iter()).copied().collect();
        due.sort_unstable();
        for (_, _, id) in due {
            self.seek_agent(id);
        }
        self.expect_opening(queue);
    }

    /// Disarms a queue's next opening.
    pub(super) fn forget_opening(&mut self, queue: QueueId) {
        if let Some(ticket) = self.state.acd.queue_mut(queue).opening.take() {
            self.state.timers.cancel(ticket);
        }
    }

    /// Arms a queue's next opening when calls back stand in it.
    pub(super) fn expect_opening(&mut self, queue: QueueId) {
        let mut standing = self.state.acd.queue(queue).lines.iter().flat_map(|line| line.waiting.iter());
        let away = standing.any(|rank| self.state.calls.get(rank.2).is_some_and(Call::caller_is_away));
        drop(standing);
        if away {
            self.arm_opening(queue);
        }
    }
}

/// Whether place or expected wait are asked for.
fn asks_outlook(expr: &Expr) -> bool {
    match expr {
        Expr::Builtin(builtin) => matches!(builtin, Builtin::Position | Builtin::Expected),
        Expr::Const(_) | Expr::Var(_) => false,
        Expr::Not(inner) => asks_outlook(inner),
        Expr::Compare(_, left, right)
        | Expr::And(left, right)
        | Expr::Or(left, right)
        | Expr::Add(left, right)
        | Expr::Sub(left, right) => asks_outlook(left) || asks_outlook(right),
    }
}

/// Whether prompts say place or expected wait.
fn tells_outlook(prompts: &[PromptUse]) -> bool {
    let mut args = prompts.iter().flat_map(|use_| &use_.args);
    args.any(|arg| matches!(arg, Expr::Builtin(Builtin::Position | Builtin::Expected)))
}
