//! Keys in the midst of an entry, of which nothing follows but that the next is awaited: whoever knows when each will be
//! pressed may have them taken all at once, and nobody can tell the difference.

use super::{
    CallState, Slot, Step,
    listen::{format_of, is_secret},
};
use crate::{
    engine::{
        call::{Call, Phase},
        timer::Timers,
    },
    script::{
        Script,
        model::{Key, NodeKind},
    },
    time::{Duration, Instant},
};

/// How many of these keys, the first pressed at `at` and the others `pace` apart, are certain to be taken into the entry in
/// hand with no more coming of it. What is due at or before `at` must have happened.
pub(in crate::engine) fn kept(call: &Call, script: &Script, at: Instant, keys: &[Key], pace: Duration) -> usize {
    let CallState::Ivr(Step::Listening { purpose, phase: Phase::Inter }) = call.state else { return 0 };
    let node = script.node(call.node);
    let is_entry = matches!(node.kind, NodeKind::Collect(_) | NodeKind::Authenticate(_));
    let is_quiet = call.typed.is_empty() && !call.listen_unsaid && call.playing_until.max(call.unstoppable_until) <= at;
    if call.menus().late.awaits(at) && !is_secret(call, script) {
        // The first of them come too late for another entry.
        return 0;
    }
    // At the instant of a deadline the deadline comes first.
    if !is_entry || !is_quiet || pace >= node.input.inter_digit {
        return 0;
    }
    let (format, before) = (format_of(node, purpose), call.menus().entry.len());
    let goes_on = |(i, key): &(usize, &Key)| key.digit().is_some() && format.goes_on(**key, before + i);
    keys.iter().enumerate().take_while(goes_on).count()
}

/// Takes keys of which [`kept`] is certain.
pub(in crate::engine) fn keep(
    call: &mut Call,
    script: &Script,
    timers: &mut Timers,
    at: Instant,
    keys: &[Key],
    pace: Duration,
) {
    let menus = call.menus_mut();
    keys.iter().for_each(|key| menus.entry.push(*key));
    let last = at + pace * (keys.len() as u64).saturating_sub(1);
    let due = last + script.node(call.node).input.inter_digit;
    call.armed.arm(timers, Slot::Step, call.id, due);
}
