//! A key at a menu: choices of one or more keys, and the global keys where the menu leaves them free.
//!
//! Confirmations and the choice of language are menus too, with choices of their own.

use super::{CallState, Fact, Next, Purpose, Sink, Slot, Step, Turn, script_of};
use crate::{
    engine::call::Phase,
    id::{CallId, NodeId},
    script::model::{Expr, GlobalAction, IntentId, Key, Node, NodeKind},
};

/// What the keys so far amount to at a menu.
enum Match {
    /// This choice, and none longer.
    Choice(usize),
    /// This choice, but a longer one is still possible.
    Ambiguous(usize),
    /// Nothing yet, but a choice is still possible.
    Prefix,
    /// No choice is possible.
    None,
}

impl<S: Sink> Turn<'_, S> {
    /// A key at a menu, a confirmation or the choice of language.
    pub(super) fn feed_menu(&mut self, id: CallId, key: Key, node: &Node) {
        let bound = self.match_menu(id, node, Some(key));
        let fresh = self.state.calls.get(id).is_some_and(|call| call.menus().entry.is_empty());
        match bound {
            Match::Choice(choice) => self.choose(id, node, choice),
            Match::Ambiguous(_) | Match::Prefix => {
                if let Some(call) = self.state.calls.get_mut(id) {
                    call.menus_mut().entry.push(key);
                }
                self.await_next(id, Purpose::Node, Phase::Inter, node);
            }
            Match::None if fresh && self.global(id, node, key) => {}
            Match::None if !fresh && key == Key::HASH => self.menu_ended(id, node),
            Match::None if !fresh && key == Key::STAR => self.cancel_entry(id, Purpose::Node, node),
            Match::None => {
                if key.digit().is_some() {
                    self.state.ahead.is_unbound();
                }
                if let Some(call) = self.state.calls.get_mut(id) {
                    call.menus_mut().entry.push(key);
                }
                self.escalate(id, false);
            }
        }
    }

    /// No further key comes: the choice that matches exactly, else a no-match.
    pub(super) fn menu_ended(&mut self, id: CallId, node: &Node) {
        match self.match_menu(id, node, None) {
            Match::Choice(choice) | Match::Ambiguous(choice) => self.choose(id, node, choice),
            Match::Prefix | Match::None => self.escalate(id, false),
        }
    }

    /// What the entry with `key` added amounts to, among the choices on offer now.
    fn match_menu(&self, id: CallId, node: &Node, key: Option<Key>) -> Match {
        let Some(call) = self.state.calls.get(id) else { return Match::None };
        let before = call.menus().entry;
        let len = before.len() + usize::from(key.is_some());
        let begins = |keys: &[Key]| match key {
            Some(key) => keys.get(before.len()) == Some(&key) && (before.is_empty() || before.begins(keys)),
            None => before.begins(keys),
        };
        let (mut exact, mut longer) = (None, false);
        let mut look = |place: usize, keys: &[Key], when: Option<&Expr>| {
            if begins(keys) && self.holds(id, when) {
                longer |= keys.len() > len;
                exact = exact.or((keys.len() == len).then_some(place));
            }
        };
        match &node.kind {
            NodeKind::Menu { choices } => {
                choices.iter().enumerate().for_each(|(i, choice)| look(i, &choice.keys, choice.when.as_ref()));
            }
            NodeKind::Confirm { yes_key, no_key, .. } => {
                look(0, std::slice::from_ref(yes_key), None);
                look(1, std::slice::from_ref(no_key), None);
            }
            NodeKind::Language { choices, .. } => {
                choices.iter().enumerate().for_each(|(i, (key, _))| look(i, std::slice::from_ref(key), None));
            }
            _ => {}
        }
        match (exact, longer) {
            (Some(choice), false) => Match::Choice(choice),
            (Some(choice), true) => Match::Ambiguous(choice),
            (None, true) => Match::Prefix,
            (None, false) => Match::None,
        }
    }

    fn choose(&mut self, id: CallId, node: &Node, choice: usize) {
        let (key, serves, to) = match &node.kind {
            NodeKind::Menu { choices } => (choices[choice].keys[0], choices[choice].serves, choices[choice].to),
            NodeKind::Confirm { yes_key, yes, .. } if choice == 0 => (*yes_key, None, *yes),
            NodeKind::Confirm { no_key, no, .. } => (*no_key, None, *no),
            NodeKind::Language { choices, to } => {
                self.set_language(id, choices[choice].1);
                (choices[choice].0, None, *to)
            }
            _ => return,
        };
        self.chosen(id, key, serves, to);
    }

    pub(super) fn chosen(&mut self, id: CallId, key: Key, serves: Option<IntentId>, to: NodeId) {
        self.forget_secret_keys(id);
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let node = call.node;
        call.menus_mut().handed_on = 0;
        call.menus_mut().entry.clear();
        self.fact(Fact::ChoiceMade { call: id, node, key, serves });
        self.go(id, Next::Go(to));
    }

    /// A global key, where the node leaves it free: whether it is one here.
    pub(super) fn global(&mut self, id: CallId, node: &Node, key: Key) -> bool {
        let Some((_, action)) = node.input.globals.iter().find(|(k, _)| *k == key) else { return false };
        match action {
            GlobalAction::Goto(to) => self.chosen(id, key, None, *to),
            GlobalAction::Repeat => self.repeat(id),
            GlobalAction::Back => self.back(id),
        }
        true
    }

    /// Plays the node again; counts begin anew.
    fn repeat(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        (call.no_input, call.no_match) = (0, 0);
        let node = call.node;
        let CallState::Ivr(Step::Listening { purpose, .. }) = call.state else { return };
        let script = script_of(self.versions, call);
        self.disarm(id, Slot::Step);
        self.fact(Fact::WentBack { call: id, node });
        self.listen(id, script, purpose, true);
    }

    /// Goes back to the menu or entry before this one; where there is none, plays this one again.
    fn back(&mut self, id: CallId) {
        self.forget_secret_keys(id);
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let here = call.node;
        while call.menus().history.last().is_some_and(|(node, _)| *node == here) {
            call.menus_mut().history.pop();
        }
        let Some((node, depth)) = call.menus_mut().history.pop() else {
            let depth = call.menus().frames.len();
            if script_of(self.versions, call).node(here).back_point {
                call.menus_mut().history.push((here, depth));
            }
            self.repeat(id);
            return;
        };
        call.menus_mut().frames.truncate(depth);
        self.disarm(id, Slot::Step);
        self.fact(Fact::WentBack { call: id, node });
        self.go(id, Next::Go(node));
    }
}
