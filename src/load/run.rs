//! A run: calls are begun as planned, watched to their end, and counted.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::{task::LocalSet, time::Instant as Wall};
use tokio_util::sync::CancellationToken;

use super::{
    arrivals::Schedule,
    births::{Births, People, PeopleError},
    centre::{self, Health},
    clock,
    hall::Hall,
    latency::Measure,
    line::Exchange,
    minds::Minds,
    pace::Pace,
    plan::{Arrivals, Callers, Plan},
    reconcile::Records,
    signalling::Signallers,
    sockets::{Room, Sockets},
    summary::{Frame, Summary},
    tally::Tally,
};
use crate::{client::Wiring, time::Instant};

/// What a run needs besides its plan.
#[derive(Debug)]
pub struct Setting {
    /// Where to call.
    pub url: String,
    /// What was asked for, in words.
    pub words: String,
    /// How connections are made.
    pub wiring: Wiring,
    /// The server, if it said who it is.
    pub server: Option<Health>,
    /// Who calls, where people do.
    pub people: Option<People>,
    /// What the system allows.
    pub room: Room,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Whole seconds since the beginning.
    pub seconds: u64,
    /// Calls are begun no more.
    pub draining: bool,
    /// Calls in progress.
    pub in_progress: u64,
    /// Calls due so far.
    pub due: u64,
    /// Finished so far.
    pub finished: u64,
    /// Finished in the last second.
    pub finished_now: u64,
    /// Refused so far.
    pub refused: u64,
    /// Failed so far.
    pub failed: u64,
    /// Not made so far.
    pub not_made: u64,
    /// 99th percentile of key to next prompt in the last second, milliseconds.
    pub key_p99_ms: Option<f64>,
}

/// Runs. `show` is told every second how far it has come; `stop` ends it early, with what was measured.
///
/// # Errors
/// Nobody is there to call.
pub fn run(
    plan: &Plan,
    setting: Setting,
    show: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Result<Summary, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, in_runtime(plan, setting, show, stop))
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system has no event queue for it.
    #[error("cannot start the load: {0}")]
    Runtime(#[from] std::io::Error),
    /// Beginning the calls failed.
    #[error("beginning the calls failed: {0}; this is a fault of hatif, please report it")]
    Starter(tokio::task::JoinError),
    /// Nobody calls.
    #[error(transparent)]
    People(#[from] PeopleError),
}

async fn in_runtime(
    plan: &Plan,
    setting: Setting,
    show: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Result<Summary, RunError> {
    let Setting { url, words, wiring, server, people, room } = setting;
    let hall = Rc::new(Hall {
        url: url.clone(),
        wiring: wiring.clone(),
        patience: plan.patience,
        tally: RefCell::default(),
        sockets: Sockets::new(room, plan.local.clone()),
        closing: CancellationToken::new(),
        hang_up: CancellationToken::new(),
        over: CancellationToken::new(),
    });
    let speed = server.as_ref().map_or(1.0, |server| server.speed);
    let began = clock::real_time();
    let (callers, from) = callers(plan, &hall, people, speed)?;
    let start = clock::wall();
    let starter = Starter { plan: plan.clone(), hall: hall.clone(), callers, start, from, speed };
    let mut starter = tokio::task::spawn_local(starter.run());
    let (begun_for, mut cut_short) = watch(plan, &hall, start, &starter, show, stop).await;
    give_up(&hall).await;
    // It has ended; if not as it should, what was measured is not what was asked for.
    (&mut starter).await.map_err(RunError::Starter)?;
    let took = clock::wall().saturating_duration_since(start);
    let mut tally = hall.tally.take();
    // The last second was not a whole one, and the calls in it count.
    tally.second();
    let records = match plan.reconcile {
        true => compared(&url, &wiring, &tally, stop).await,
        false => Records { why: Some("not asked for (--no-records)".to_owned()), ..Records::default() },
    };
    cut_short |= stop.load(Ordering::Relaxed);
    let frame = Frame { url, plan: words, began, begun_for, took, cut_short, server, room };
    Ok(Summary::new(frame, tally, records, &plan.fail_if))
}

/// Those who call, of either kind.
#[derive(Clone, Debug)]
enum Anybody {
    People(Rc<Exchange>),
    Signalling(Rc<Signallers>),
}

/// The callers, and at which instant of the centre they begin.
fn callers(plan: &Plan, hall: &Rc<Hall>, people: Option<People>, speed: f64) -> Result<(Anybody, Instant), RunError> {
    match (&plan.callers, people) {
        (Callers::Keys(how), _) => {
            let signallers = Signallers::new(hall.clone(), how.clone());
            Ok((Anybody::Signalling(Rc::new(signallers)), Instant::ZERO))
        }
        (Callers::People { scenario, .. }, None) => Err(PeopleError::Nobody(scenario.clone()).into()),
        (Callers::People { .. }, Some(people)) => {
            let (from, births) = (people.from, Births::new(&people, plan.seed)?);
            // The clock begins when everybody is known, which takes a while.
            let minds = Minds::new(people, plan.seed, Pace::new(clock::wall(), from, speed));
            let exchange = Rc::new(Exchange::new(hall.clone(), minds, births));
            tokio::task::spawn_local(exchange.clone().keep_time());
            Ok((Anybody::People(exchange), from))
        }
    }
}

/// Begins calls as planned.
struct Starter {
    plan: Plan,
    hall: Rc<Hall>,
    callers: Anybody,
    start: Wall,
    from: Instant,
    speed: f64,
}

impl Starter {
    async fn run(self) {
        let closing = self.hall.closing.clone();
        tokio::select! {
            () = self.begin_all() => {}
            () = closing.cancelled() => {}
        }
        // Nobody calls again either.
        closing.cancel();
    }

    async fn begin_all(&self) {
        match self.plan.arrivals {
            Arrivals::Rate(_) | Arrivals::Ramp { .. } => self.by_schedule().await,
            Arrivals::Scenario(speed) => self.by_scenario(speed.unwrap_or(self.speed)).await,
            Arrivals::Concurrent { calls, pace } => self.by_number(calls, pace).await,
        }
    }

    /// Whether a call due `after` the beginning is still within the plan.
    fn is_within(&self, after: Duration, made: u64) -> bool {
        self.plan.length.is_none_or(|length| after < length) && self.plan.calls.is_none_or(|calls| made < calls)
    }

    /// Waits until a call is due, and takes note of it.
    async fn until(&self, due: Wall) {
        tokio::time::sleep_until(due).await;
        self.hall.tally.borrow_mut().due();
        self.hall.note(Measure::Late, due);
    }

    fn begin(&self, due: Wall) {
        match &self.callers {
            Anybody::People(exchange) => exchange.begin(due),
            Anybody::Signalling(signallers) => signallers.begin(due),
        }
    }

    async fn by_schedule(&self) {
        let Some(mut schedule) = Schedule::new(&self.plan.arrivals, self.plan.seed) else { return };
        let mut made = 0;
        while let Some(after) = schedule.next_due().filter(|after| self.is_within(*after, made)) {
            // What is due beyond all time is never due.
            let Some(due) = self.start.checked_add(after) else { break };
            self.until(due).await;
            self.begin(due);
            made += 1;
        }
        self.until_the_end(made).await;
    }

    async fn by_scenario(&self, speed: f64) {
        let Anybody::People(exchange) = &self.callers else { return };
        let pace = Pace::new(self.start, self.from, speed);
        let mut made = 0;
        while let Some(birth) = exchange.next_birth() {
            let due = pace.wall_of(birth.at);
            if !self.is_within(due.saturating_duration_since(self.start), made) {
                break;
            }
            self.until(due).await;
            exchange.born(&birth, due);
            made += 1;
        }
        self.until_the_end(made).await;
    }

    /// Whoever calls again may do so until the time is up, or until there were as many calls as were asked for.
    async fn until_the_end(&self, made: u64) {
        let enough = self.plan.calls.is_some_and(|most| made >= most);
        if let Some(length) = self.plan.length.filter(|_| !enough) {
            tokio::time::sleep_until(self.start + length).await;
        }
    }

    /// One call for each that is missing, at most so many a second. Such calls are due when they are begun: a load that
    /// waits for calls to end is no open one.
    async fn by_number(&self, calls: usize, pace: f64) {
        let (mut made, mut next) = (0, self.start);
        // A pace at which the next call is due beyond all time begins none.
        let Ok(gap) = Duration::try_from_secs_f64(1.0 / pace) else { return };
        while let Some(due) = next.checked_add(gap) {
            next = due;
            tokio::time::sleep_until(next).await;
            let now = clock::wall();
            if !self.is_within(now.saturating_duration_since(self.start), made) {
                return;
            }
            if (self.hall.tally.borrow().in_progress as usize) < calls {
                self.until(next).await;
                self.begin(next);
                made += 1;
            } else {
                // What was not needed is not made up for later.
                next = next.max(now);
            }
        }
    }
}

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long calls that hang up because the run was ended early may take.
const LAST: Duration = Duration::from_secs(5);

/// Watches the run to its end: how long calls were begun, and whether it was ended early.
async fn watch(
    plan: &Plan,
    hall: &Hall,
    start: Wall,
    starter: &tokio::task::JoinHandle<()>,
    show: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> (Duration, bool) {
    let (mut begun_for, mut cut_short, mut over_at) = (None, false, None);
    let mut seconds = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = clock::wall();
        let elapsed = now.saturating_duration_since(start);
        if elapsed.as_secs() > seconds {
            hall.tally.borrow_mut().seconds(elapsed.as_secs() - seconds);
            seconds = elapsed.as_secs();
            show(&progress(&hall.tally.borrow(), seconds, begun_for.is_some()));
        }
        if stop.load(Ordering::Relaxed) && !cut_short {
            cut_short = true;
            hall.closing.cancel();
            hall.end_calls();
            over_at = Some(now + LAST);
        }
        if starter.is_finished() && begun_for.is_none() {
            begun_for = Some(elapsed);
            hall.closing.cancel();
        }
        let Some(begun_for) = begun_for else { continue };
        if hall.tally.borrow().in_progress == 0 || over_at.is_some_and(|over_at| now >= over_at) {
            hall.hang_up.cancel();
            return (begun_for, cut_short);
        }
        if over_at.is_none() && plan.drain.is_some_and(|drain| elapsed >= begun_for + drain) {
            hall.end_calls();
            over_at = Some(now + plan.patience + LAST);
        }
    }
}

/// How long the records may take where the run was ended early. A server that stands still is given up long before.
const LAST_RECORDS: Duration = Duration::from_secs(60);

/// What the records say, as far as the server gives them before the run is to end.
async fn compared(url: &str, wiring: &Wiring, tally: &Tally, stop: &AtomicBool) -> Records {
    let ended = async {
        if stop.load(Ordering::Relaxed) {
            return tokio::time::sleep(LAST_RECORDS).await;
        }
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        records = centre::reconcile(url, wiring, tally) => records,
        () = ended => Records {
            why: Some("the run was ended before the server had given its records".to_owned()),
            ..Records::of(tally)
        },
    }
}

/// Lets calls that are still in progress count as failed, each with its id, so that its record is looked for.
async fn give_up(hall: &Hall) {
    hall.over.cancel();
    let limit = clock::wall() + LAST;
    while hall.tally.borrow().in_progress > 0 && clock::wall() < limit {
        tokio::task::yield_now().await;
    }
}

fn progress(tally: &Tally, seconds: u64, draining: bool) -> Progress {
    let last = tally.rows.last().copied().unwrap_or_default();
    Progress {
        seconds,
        draining,
        in_progress: tally.in_progress,
        due: tally.calls.due,
        finished: tally.calls.finished,
        finished_now: last.finished,
        refused: tally.calls.refused,
        failed: tally.calls.failed,
        not_made: tally.calls.not_made,
        key_p99_ms: last.key_p99_ms,
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Progress { seconds, in_progress, due, finished, finished_now, refused, failed, not_made, .. } = self;
        write!(f, "{seconds} s: {in_progress} in progress, due {due}, finished {finished} ({finished_now}/s)")?;
        for (word, count) in [("refused", refused), ("failed", failed), ("not made", not_made)] {
            if *count > 0 {
                write!(f, ", {word} {count}")?;
            }
        }
        if let Some(p99) = self.key_p99_ms {
            write!(f, ", key p99 {p99:.1} ms")?;
        }
        if self.draining { write!(f, ", waiting for the last") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_ends_a_run_has_its_figures_though_the_server_gives_no_records() {
        // The system takes the connection and the request; nobody answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/call", silent.local_addr().expect("an address"));
        let (wiring, mut tally) = (Wiring::default(), Tally::default());
        tally.finished(Some((1, 1)), "contained", false);
        let stop = AtomicBool::new(true);
        let before = compared(&url, &wiring, &tally, &stop).await;
        assert!(before.calls == 1 && before.why.is_some(), "with why nothing was compared");
        let stop = AtomicBool::new(false);
        let ask_to_stop = async {
            tokio::time::sleep(LOOK).await;
            stop.store(true, Ordering::Relaxed);
        };
        let (records, ()) = tokio::join!(compared(&url, &wiring, &tally, &stop), ask_to_stop);
        assert!(records.calls == 1 && records.why.is_some_and(|said| said.contains("the run was ended before")));
    }
}
