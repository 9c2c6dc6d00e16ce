//! Two callers, two agents, two queues: whatever happens in whatever order, to a certain depth, the laws hold.
//!
//! Random stories find what takes long to come about; this finds what takes little, and leaves none of it out. Inputs that
//! no longer fit change nothing and are not gone on from. Nothing is merged here, as `every_state` does to go deeper.
//! Deeper with `HATIF_DEPTH=7`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hatif::time::Duration;

use crate::support::moves::{ACTS, Cast, Centre, DEEDS, Move, Rules};

const PAIR: Cast =
    Cast { agents: &[0, 1], acts: ACTS, callers: 2, deeds: DEEDS, waits: &[6, 20], next: false, publish: true };

/// Everything that can follow, `depth` moves deep, and after each last move the end.
fn explore(centre: &Centre, depth: u32, path: &mut Vec<Move>, told: &mut u64) {
    if depth == 0 {
        *told += 1;
        let mut end = centre.clone();
        end.wait(Duration::from_secs(300));
        end.closes();
        return;
    }
    for next in centre.moves() {
        path.push(next);
        let mut after = centre.clone();
        if after.does(next) {
            explore(&after, depth - 1, path, told);
        }
        path.pop();
    }
}

/// Tells all stories of a centre in which two callers stand at the menu and two agents are ready.
#[track_caller]
fn all_stories(rules: Rules) {
    let depth = std::env::var("HATIF_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(4);
    let centre = Centre::all_there(&PAIR, rules);
    let (mut path, mut told) = (Vec::new(), 0);
    let told_all = catch_unwind(AssertUnwindSafe(|| explore(&centre, depth, &mut path, &mut told)));
    assert!(told_all.is_ok(), "a law is broken after {path:?}");
    assert!(told > 10_000, "only {told} stories");
}

#[test]
fn the_laws_hold_in_every_order_when_the_longest_idle_is_rung() {
    all_stories(Rules { strategy: "longest_idle", pause: "3s", most: 1 });
}

#[test]
fn the_laws_hold_in_every_order_when_all_are_rung_without_a_pause() {
    all_stories(Rules { strategy: "ring_all", pause: "0s", most: 1 });
}
