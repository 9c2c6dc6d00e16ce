//! kill -9 of a real server: at each sync and each write in turn, in the middle of a write, and at random under load.

use super::life::{Fault, Life, Told, crowd, folder, full, tell};

/// One life that is killed at the `at`-th write or sync of the records; what was acknowledged in it is in the records.
async fn killed_at(data: &std::path::Path, fault: Fault, group: usize, told: &Told, calls: usize) -> bool {
    let mut life = Life::grouping(data, group, &[], Some(fault));
    let killed = match life.addr {
        Some(addr) => crowd(addr, 4, calls.div_ceil(4), told).await,
        None => true,
    };
    life.kill();
    told.holds(data);
    killed
}

/// With so many calls in it a folder gives way to a new one: every life reads all its records anew.
const ENOUGH: usize = 10_000;

/// Each life begins where the last was killed, and is killed one write or sync later: while the database is laid out,
/// while the run is entered, in each of the first calls, in checkpoints.
async fn at_each(on: &'static str, what: &'static str, points: impl Iterator<Item = usize>, group: usize) {
    let (mut data, mut told) = (folder(), Told::default());
    let (mut kills, mut lives, mut ended) = (0, 0, 0);
    for at in points {
        if told.ended() > ENOUGH {
            ended += told.ended();
            (data, told) = (folder(), Told::default());
        }
        let fault = Fault { on, at, times: 1, what, file: "calls.db*" };
        // Each group of at most four calls leads to a write at least, so this many calls reach the point.
        kills += usize::from(killed_at(data.path(), fault, group, &told, 4 * at + 8).await);
        lives += 1;
    }
    ended += told.ended();
    tell(&format!("{lives} lives, {kills} killed at a {on} ({what}, groups of {group}), {ended} calls ended"));
    assert_eq!(kills, lives, "a life ended without its kill");
    assert!(ended > 0, "nobody was ever told `ended`");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_record_is_lost_by_a_kill_at_a_sync() {
    let points: Vec<usize> = if full() { (1..=2_000).collect() } else { (1..=10).chain([17, 40]).collect() };
    at_each("sync", "kill", points.iter().copied(), 1).await;
    let after = if full() { 1..=200 } else { 3..=6 };
    at_each("sync", "killed", after, 512).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_record_is_lost_by_a_kill_in_the_midst_of_a_write() {
    let points: Vec<usize> = if full() { (1..=600).collect() } else { vec![2, 5, 9, 14, 20, 35, 60, 110, 160] };
    at_each("write", "torn", points.into_iter(), 512).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_record_is_lost_by_a_kill_at_random_under_load() {
    let (data, told) = (folder(), Told::default());
    for round in 0..if full() { 200 } else { 5 } {
        let mut life = Life::begin(data.path(), &[], None);
        let addr = life.addr.expect("it starts again");
        let callers = tokio::spawn({
            let told = told.clone();
            async move { crowd(addr, 8, 10_000, &told).await }
        });
        // After some more acknowledged calls than in the round before; where in a write that falls is left to chance.
        let enough = told.ended() + 20 + 7 * round % 50;
        while told.ended() < enough {
            tokio::task::yield_now().await;
        }
        life.kill();
        callers.await.expect("no caller panics");
        told.holds(data.path());
    }
    tell(&format!("{} calls ended over random kills", told.ended()));
}
