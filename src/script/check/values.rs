//! What is known when a call is at a node, whatever way it came: the least access level, and which values are set.
//!
//! A flow of facts to a fixed point. Facts only grow along a call (a level is never lost, a value never unset), so after a
//! called flow the caller's own facts still hold, together with what every way through that flow brings.
//!
//! A call back is a call of its own that begins at a `queue` node: its facts flow from there, and know nothing of those of the
//! call in which it was promised.

use std::collections::BTreeSet;

use super::{
    super::{
        catalogue::AccessLevel,
        graph::{Edge, Way},
        model::{Builtin, Comparison, Expr, Node, NodeKind, PromptUse, QueueNode, QueueRef, Target},
        tree::Span,
        value::Value,
    },
    Checker, at, keys,
    reach::callee,
    reads::{Read, leaves, queue_variable, reads},
    word_in,
};

/// Facts about every way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    /// The least level.
    level: u8,
    /// What is set on every way: variables, then the groups of [`Known`].
    set: Vec<u64>,
}

/// Groups of what the engine knows only after certain nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// `call.entry`: after a `collect` that is not secret.
    Entry,
    /// `hours.opens` and so on: after an `hours` node.
    Hours,
    /// `hours.holiday`: on the `holiday` way out.
    Holiday,
    /// `callback.from`, `callback.to`: at a `callback` node and after it.
    Callback,
    /// `queue.position` and so on: at a `queue` node and after it.
    Queue,
}

fn known(builtin: Builtin) -> Option<Known> {
    match builtin {
        Builtin::LastEntry => Some(Known::Entry),
        Builtin::Opens | Builtin::Closes | Builtin::Reopens => Some(Known::Hours),
        Builtin::Holiday => Some(Known::Holiday),
        Builtin::CallbackFrom | Builtin::CallbackTo => Some(Known::Callback),
        Builtin::Position | Builtin::Expected | Builtin::Waited | Builtin::Agents => Some(Known::Queue),
        Builtin::Language | Builtin::Level | Builtin::Recording | Builtin::HasNumber | Builtin::Today => None,
    }
}

impl Known {
    fn advice(self) -> &'static str {
        match self {
            Known::Entry => "it is the digits of the last `collect` node that is not secret: put one before this",
            Known::Hours => "an `hours` node sets it: put one before this",
            Known::Holiday => "an `hours` node sets it on its way `holiday`: use it there only",
            Known::Callback => "a `callback` node sets it: use it in its prompt, or after its way `to`",
            Known::Queue => "it is known at a `queue` node and after it: use it in the treatment",
        }
    }
}

impl State {
    fn has(&self, bit: usize) -> bool {
        self.set[bit / 64] & (1 << (bit % 64)) != 0
    }
    fn add(&mut self, bit: usize) {
        self.set[bit / 64] |= 1 << (bit % 64);
    }
    /// What holds on both ways.
    fn meet(&mut self, other: &State) -> bool {
        let before = self.clone();
        self.level = self.level.min(other.level);
        self.set.iter_mut().zip(&other.set).for_each(|(a, b)| *a &= b);
        *self != before
    }
    /// What holds after both.
    fn join(&mut self, other: &State) {
        self.level = self.level.max(other.level);
        self.set.iter_mut().zip(&other.set).for_each(|(a, b)| *a |= b);
    }
}

impl Checker<'_, '_> {
    fn bit(&self, known: Known) -> usize {
        self.script.variables.len() + known as usize
    }

    /// Facts at the beginning of a call.
    fn initial(&self) -> State {
        let count = self.script.variables.len() + 5;
        let mut state = State { level: 0, set: vec![0; count.div_ceil(64)] };
        for (i, variable) in self.script.variables.iter().enumerate() {
            if variable.initial != Value::Unset || self.facts.variables[i].hidden {
                state.add(i);
            }
        }
        state
    }

    /// The facts at every node; `None` where no call comes.
    fn flow(&self) -> Vec<Option<State>> {
        let mut states: Vec<Option<State>> = vec![None; self.edges.len()];
        let Some(entry) = at(self.script.entry) else { return states };
        states[entry] = Some(self.initial());
        self.spread(states, BTreeSet::from([entry]))
    }

    /// The facts at every node to which calls back come; `None` where none does.
    fn flow_of_legs(&self) -> Vec<Option<State>> {
        let (mut states, mut open) = (vec![None; self.edges.len()], BTreeSet::new());
        for (node, queue) in self.legs() {
            self.leave(node, &self.leg(queue), &mut states, &mut open);
        }
        self.spread(states, open)
    }

    /// The `queue` nodes at which calls back may begin.
    fn legs(&self) -> impl Iterator<Item = (usize, &QueueNode)> {
        let script = self.script;
        script.nodes.iter().enumerate().filter_map(|(node, found)| match &found.kind {
            NodeKind::Queue(queue) if queue.calls_back => Some((node, &**queue)),
            _ => None,
        })
    }

    /// Facts where a call back begins: those of any call, and its queue.
    fn leg(&self, queue: &QueueNode) -> State {
        let mut state = self.initial();
        if let QueueRef::Var(id) = queue.queue {
            state.add(id.index());
        }
        state
    }

    /// Goes on from the nodes in `open` until nothing changes.
    fn spread(&self, mut states: Vec<Option<State>>, mut open: BTreeSet<usize>) -> Vec<Option<State>> {
        while let Some(node) = open.pop_first() {
            let Some(state) = states[node].clone() else { continue };
            self.leave(node, &state, &mut states, &mut open);
            if matches!(self.script.nodes[node].kind, NodeKind::Return { .. }) {
                open.extend(self.callers(node));
            }
        }
        states
    }

    /// Goes every way out of a node.
    fn leave(&self, node: usize, state: &State, states: &mut [Option<State>], open: &mut BTreeSet<usize>) {
        for edge in &self.edges[node] {
            let Some(to) = at(edge.to) else { continue };
            let Some(next) = self.along(node, edge, state, states) else { continue };
            let changed = match &mut states[to] {
                Some(known) => known.meet(&next),
                empty => {
                    *empty = Some(next);
                    true
                }
            };
            if changed {
                open.insert(to);
            }
        }
    }

    /// The nodes that call a flow which returns at `node`.
    fn callers(&self, node: usize) -> Vec<usize> {
        let returns_here = |kind: &NodeKind| {
            callee(kind).and_then(|entry| self.procedures.bodies.get(&entry)).is_some_and(|body| body.contains(&node))
        };
        self.nodes().filter(|(_, caller)| returns_here(&caller.kind)).map(|(i, _)| i).collect()
    }

    /// The facts after going a way; `None` while it is not known whether it can be gone.
    fn along(&self, node: usize, edge: &Edge, state: &State, states: &[Option<State>]) -> Option<State> {
        let mut next = state.clone();
        match (&self.script.nodes[node].kind, &edge.way) {
            (NodeKind::Collect(collect), Way::Entry(..)) => {
                next.add(collect.into.index());
                if !collect.secret {
                    next.add(self.bit(Known::Entry));
                }
            }
            (NodeKind::Authenticate(auth), Way::Identified) => next.level = next.level.max(auth.level as u8),
            (NodeKind::Lookup { service, into, .. }, Way::Answer(i)) => {
                let sets = service.entry().outcomes.get(*i as usize).map_or(&[][..], |outcome| outcome.sets);
                sets.iter().filter_map(|&s| into[s as usize]).for_each(|id| next.add(id.index()));
            }
            (NodeKind::Set { assignments, .. }, Way::Next) => {
                for assignment in assignments {
                    if let Target::Var(id) = assignment.target {
                        next.add(id.index());
                    }
                }
            }
            (NodeKind::Branch { arms, .. }, Way::Arm(_) | Way::Otherwise) => {
                let taken = if let Way::Arm(i) = edge.way { i } else { arms.len() };
                for (when, _) in &arms[..taken] {
                    next.level = next.level.max(implied(when, false));
                }
                if let Some((when, _)) = arms.get(taken) {
                    next.level = next.level.max(implied(when, true));
                }
            }
            (NodeKind::Switch { on: Expr::Builtin(Builtin::Level), cases, .. }, Way::Case(i)) => {
                if let Some((Value::Number(n), _)) = cases.get(*i) {
                    next.level = next.level.max((*n).clamp(0, 2) as u8);
                }
            }
            (NodeKind::Menu { choices }, Way::Keys(keys)) => {
                let when = choices.iter().find(|c| c.keys == *keys && c.to == edge.to).and_then(|c| c.when.as_ref());
                next.level = next.level.max(when.map_or(0, |when| implied(when, true)));
            }
            (NodeKind::Hours { .. }, way) if *way != Way::Hangup => {
                next.add(self.bit(Known::Hours));
                if *way == Way::Holiday {
                    next.add(self.bit(Known::Holiday));
                }
            }
            (NodeKind::Callback { .. }, Way::Promised) => next.add(self.bit(Known::Callback)),
            (NodeKind::Queue(_), _) => next.add(self.bit(Known::Queue)),
            (NodeKind::Call { entry, .. }, Way::Enter) => {
                // An argument that is missing has been reported at the call.
                let flow = self.facts.texts[entry.index()].flow;
                self.script.flows[flow].params.iter().for_each(|id| next.add(id.index()));
            }
            (NodeKind::Call { results, .. }, Way::Returned) => {
                next.join(&self.after_call(node, states)?);
                for (own, theirs) in results {
                    if next.has(theirs.index()) {
                        next.add(own.index());
                    }
                }
            }
            _ => {}
        }
        Some(next)
    }

    /// What holds at every return of the flow a node calls, the returned values included.
    fn after_call(&self, node: usize, states: &[Option<State>]) -> Option<State> {
        let body = self.procedures.bodies.get(&callee(&self.script.nodes[node].kind)?)?;
        let mut all: Option<State> = None;
        for &inner in body {
            let NodeKind::Return { values } = &self.script.nodes[inner].kind else { continue };
            let Some(mut state) = states[inner].clone() else { continue };
            for assignment in values {
                if let Target::Var(id) = assignment.target {
                    state.add(id.index());
                }
            }
            match &mut all {
                Some(all) => {
                    all.meet(&state);
                }
                none => *none = Some(state),
            }
        }
        all
    }

    /// Reports values read too early and personal data read without the caller being known.
    pub(super) fn values(&mut self) {
        let states = self.flow();
        let mut reported = vec![BTreeSet::new(); states.len()];
        for (i, node) in self.nodes() {
            let Some(state) = &states[i] else { continue };
            self.access(i, node, state);
            self.node(i, node, state, &mut reported[i], false);
        }
        self.results(&states);
        self.values_of_legs(&states, &mut reported);
    }

    /// The same for calls back, as far as it was not reported of the calls before.
    fn values_of_legs(&mut self, before: &[Option<State>], reported: &mut [BTreeSet<usize>]) {
        let states = self.flow_of_legs();
        let begin: Vec<(usize, State)> = self.legs().map(|(i, queue)| (i, self.leg(queue))).collect();
        for (i, state) in begin {
            let treatment = |read: &Read<'_>| read.also == Some(Known::Queue);
            for read in reads(&self.script.nodes[i]).iter().filter(|read| treatment(read)) {
                self.read(i, read, &state, &mut reported[i], true);
            }
        }
        for (i, node) in self.nodes() {
            let Some(state) = &states[i] else { continue };
            self.access_of_leg(i, node, state, before[i].as_ref());
            self.node(i, node, state, &mut reported[i], true);
        }
    }

    fn node(&mut self, i: usize, node: &Node, state: &State, reported: &mut BTreeSet<usize>, leg: bool) {
        for read in reads(node) {
            self.read(i, &read, state, reported, leg);
        }
        if let Some(id) = queue_variable(&node.kind) {
            let read = Read { expr: &Expr::Var(id), prompt: None, also: None, set: Vec::new() };
            self.read(i, &read, state, reported, leg);
        }
    }

    /// The name of a queue from which calls back come to a node.
    fn leg_to(&self, i: usize) -> String {
        let from = self.legs().map(|(queue, _)| queue).find(|&queue| queue == i || self.leads_to(queue, i));
        from.map_or_else(String::new, |queue| format!(" at `{}`", self.script.nodes[queue].name))
    }

    fn access_of_leg(&mut self, i: usize, node: &Node, state: &State, before: Option<&State>) {
        let NodeKind::Lookup { service, .. } = &node.kind else { return };
        let (entry, wanted) = (service.entry(), service.entry().level as u8);
        if state.level >= wanted || before.is_some_and(|before| before.level < wanted) {
            return;
        }
        let message = format!(
            "personal data are open to whoever picks up a call back: the service `{}` needs access level {wanted}, but a call back begins{} with level 0 and can get here with level {}",
            entry.name,
            self.leg_to(i),
            state.level
        );
        let span = self.field(i, "service");
        self.error("data-before-authentication", i, span, message).help =
            Some(format!("let every way here from `answered` pass an `authenticate` node with level = {wanted}"));
    }

    fn access(&mut self, i: usize, node: &Node, state: &State) {
        let NodeKind::Lookup { service, .. } = &node.kind else { return };
        let entry = service.entry();
        if state.level >= entry.level as u8 {
            return;
        }
        let wanted = entry.level;
        let message = format!(
            "personal data are open to callers who are not known: the service `{}` needs access level {}, but a call can get here with level {}",
            entry.name, wanted as u8, state.level
        );
        let lower = |node: usize, edge: &Edge| match (&self.script.nodes[node].kind, &edge.way) {
            (NodeKind::Authenticate(auth), Way::Identified) => auth.level < wanted,
            _ => true,
        };
        let ways = keys::shortest(self.script, &self.edges, &self.procedures, &lower);
        let span = self.field(i, "service");
        let level = if wanted == AccessLevel::L2 { 2 } else { 1 };
        let problem = self.error("data-before-authentication", i, span, message);
        problem.help = Some(format!("let every way here pass an `authenticate` node with level = {level}"));
        if let Some(steps) = &ways[i] {
            problem.reached_by = Some(steps.text());
        }
    }

    fn read(&mut self, i: usize, read: &Read<'_>, state: &State, reported: &mut BTreeSet<usize>, leg: bool) {
        let mut names: Vec<(usize, String, String)> = Vec::new();
        leaves(read.expr, &mut |leaf| match leaf {
            Expr::Var(id) if !state.has(id.index()) && !read.set.contains(id) => {
                let name = &self.script.variables[id.index()].name;
                let local = name.rsplit('.').next().unwrap_or(name).to_owned();
                let help = "give it an `initial` value, or set it on every way that leads here";
                names.push((id.index(), local, help.to_owned()));
            }
            Expr::Builtin(builtin) => {
                if let Some(group) = known(*builtin).filter(|g| !state.has(self.bit(*g)) && read.also != Some(*g)) {
                    let name = super::super::expr::builtin_name(*builtin).to_owned();
                    names.push((self.bit(group), name, group.advice().to_owned()));
                }
            }
            _ => {}
        });
        for (bit, name, help) in names {
            if !reported.insert(bit) {
                continue;
            }
            let span = self.place_of(i, &name, read.prompt);
            if leg {
                let message = format!(
                    "`{name}` is read here, but a call back can come here without its being set: it begins{} and keeps only the queue and the language of the call in which it was promised",
                    self.leg_to(i)
                );
                let help = help.replace("that leads here", "from `answered` that leads here");
                self.error("unset-variable", i, span, message).help = Some(help);
                continue;
            }
            let message = format!("`{name}` is read here, but a call can come here without its being set");
            let unset = |node: usize, edge: &Edge| !self.sets(node, edge, bit);
            let ways = keys::shortest(self.script, &self.edges, &self.procedures, &unset);
            let problem = self.error("unset-variable", i, span, message);
            problem.help = Some(help);
            if let Some(steps) = &ways[i] {
                problem.reached_by = Some(steps.text());
            }
        }
    }

    /// Whether going a way sets a fact by itself.
    fn sets(&self, node: usize, edge: &Edge, bit: usize) -> bool {
        let empty = State { level: 0, set: vec![0; (self.script.variables.len() + 5).div_ceil(64)] };
        edge.way != Way::Returned && self.along(node, edge, &empty, &[]).is_some_and(|state| state.has(bit))
    }

    /// Where a node reads a name: as a word in its own fields, else where it names the prompt whose slot is filled, else its
    /// own name (what is read stands in a handler of the flow or the centre).
    fn place_of(&self, i: usize, name: &str, prompt: Option<&PromptUse>) -> Span {
        let text = self.text(i);
        let fields = || text.table.entries.iter().filter(|entry| entry.key != "into" && entry.key != "kind");
        let prompts = || fields().filter(|entry| entry.key != "to");
        let own = prompts().find_map(|entry| word_in(&entry.value, name));
        let id = prompt.map(|used| &*self.script.prompts.get(used.prompt).name);
        own.or_else(|| prompts().find_map(|entry| word_in(&entry.value, id?))).unwrap_or_else(|| text.name_span.clone())
    }

    /// A result that a call reads must be set at every return of the flow.
    fn results(&mut self, states: &[Option<State>]) {
        let script = self.script;
        for (i, node) in self.nodes() {
            let (NodeKind::Call { results, entry, .. }, Some(_)) = (&node.kind, &states[i]) else { continue };
            let Some(after) = self.after_call(i, states) else { continue };
            for (_, theirs) in results.iter().filter(|(_, theirs)| !after.has(theirs.index())) {
                let name = script.variables[theirs.index()].name.rsplit('.').next().unwrap_or_default();
                let flow = &script.flows[self.text(entry.index()).flow].name;
                let message = format!("the flow `{flow}` can return without having set its result `{name}`");
                let text = self.text(i);
                let span =
                    text.table.get("results").and_then(|value| word_in(value, name)).unwrap_or(text.name_span.clone());
                self.error("unset-variable", i, span, message).help =
                    Some(format!("set it at every return: values = {{ {name} = … }}"));
            }
        }
    }
}

/// The least access level a condition proves when it has this truth.
fn implied(expr: &Expr, truth: bool) -> u8 {
    match expr {
        Expr::Not(inner) => implied(inner, !truth),
        Expr::And(l, r) if truth => implied(l, true).max(implied(r, true)),
        Expr::And(l, r) => implied(l, false).min(implied(r, false)),
        Expr::Or(l, r) if truth => implied(l, true).min(implied(r, true)),
        Expr::Or(l, r) => implied(l, false).max(implied(r, false)),
        Expr::Compare(op, l, r) => match (&**l, &**r) {
            (Expr::Builtin(Builtin::Level), Expr::Const(Value::Number(n))) => bound(*op, *n, truth),
            (Expr::Const(Value::Number(n)), Expr::Builtin(Builtin::Level)) => bound(turned(*op), *n, truth),
            _ => 0,
        },
        _ => 0,
    }
}

fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// The least level for which `level op n` has this truth.
fn bound(op: Comparison, n: i64, truth: bool) -> u8 {
    let holds = |level: i64| {
        let result = match op {
            Comparison::Equal => level == n,
            Comparison::NotEqual => level != n,
            Comparison::Less => level < n,
            Comparison::LessOrEqual => level <= n,
            Comparison::Greater => level > n,
            Comparison::GreaterOrEqual => level >= n,
        };
        result == truth
    };
    (0..=2).find(|level| holds(*level)).unwrap_or(2) as u8
}
