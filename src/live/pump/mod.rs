//! The one task that owns the world and paces it.
//!
//! It sleeps until the world's next deadline or an errand, whichever is first. Each errand is stamped by the clock here and
//! nowhere else, so time never runs back; what was due before happens first, at its own instant, however late the task
//! woke. What the world tells goes to callers' outboxes, to the records and to whoever listens ([`Tap`]).

mod callers;
mod errand;

use std::{
    collections::{BTreeMap, VecDeque},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant as Wall, Sleep},
};

use self::callers::Dial;
pub use self::errand::Errand;
use super::{
    admission::{Admission, Applicant},
    agents::Desks,
    attend::Telephones,
    book::Book,
    clock::Clock,
    onlookers::Onlookers,
    protocol::ServerMessage,
    refusals::Unwritten,
    rescue,
    sessions::{Outgoing, SessionId, Sessions},
    store,
};
use crate::{
    engine::Input,
    id::{CallId, ScriptVersion},
    record::cdr,
    registry::{Change, ChangeError},
    script::{Script, Versions},
    time::Instant,
    world::{Notice, Verdict, World},
};

/// Something that listens to what the world tells: a journal, a test.
pub trait Tap: Send {
    /// Takes note. Called in the order in which things happened.
    fn note(&mut self, notice: &Notice, versions: &Versions);

    /// Everything there was to tell is told, for now.
    fn settled(&mut self) {}

    /// A fault of this program: what is told from now on does not follow from what was told before.
    fn broke(&mut self) {}

    /// The run is over; everything up to `end` has happened.
    fn finish(&mut self, end: Instant) {
        let _ = end;
    }
}

/// What anybody may know of the centre without asking the pump.
#[derive(Debug, Default)]
pub struct Status {
    /// Calls in progress: those in which somebody is on the line, and synthetic callers'.
    pub calls: AtomicU64,
    /// Calls that arrived in this run, the centre's own to call somebody back among them.
    pub offered: AtomicU64,
    /// The current script version.
    pub version: AtomicU32,
    /// No new calls are taken.
    pub draining: AtomicBool,
    /// A fault of this program broke the centre; it is ending.
    pub broken: AtomicBool,
}

/// What a pump is made of.
pub struct Parts {
    /// The centre.
    pub world: World,
    /// Its pace.
    pub clock: Clock,
    /// The number of this run in the records.
    pub run: i64,
    /// The zone of the local times in records.
    pub zone: jiff::tz::TimeZone,
    /// Who is connected.
    pub sessions: Arc<Sessions>,
    /// What is asked of it.
    pub errands: mpsc::Receiver<Errand>,
    /// Where records go.
    pub jobs: store::Jobs,
    /// What was waited for and is on disk, as much together as became so together.
    pub durable: mpsc::UnboundedReceiver<Vec<store::Durable>>,
    /// Set while records cannot be written.
    pub failing: Arc<AtomicBool>,
    /// Who listens.
    pub taps: Vec<Box<dyn Tap>>,
    /// What others may see.
    pub status: Arc<Status>,
    /// Who counts and who watches.
    pub onlookers: Onlookers,
    /// Which dials become calls.
    pub admission: Admission,
}

/// See the top of this file.
pub struct Pump {
    pub(super) parts: Parts,
    pub(super) book: Book,
    pub(super) fold: cdr::Fold,
    /// What is said to whom once a record is durable; `None` where nobody is there to be told.
    pub(super) owed: BTreeMap<CallId, Option<(SessionId, ServerMessage)>>,
    draining: bool,
    quit: bool,
    /// The taps were told something and not yet that it is all for now.
    pub(super) told: bool,
    /// What the world deals with just now; whose affair that is it says itself.
    pub(super) moving: Moving,
    /// Whose dial the world is told just now.
    pub(super) dialling: Option<Dial>,
    /// A fault of this program is to have ended this call.
    pub(super) suspect: Option<CallId>,
    /// A fault of this program left nothing of the world to be trusted.
    pub(super) collapsed: bool,
    /// What has become durable and whoever waits for it was not told.
    kept: VecDeque<store::Durable>,
    /// Who is to be told once all that was written before is on the disk, by the number of the mark behind it.
    pub(super) awaiting: BTreeMap<u64, oneshot::Sender<Result<(), ChangeError>>>,
    /// How many marks were made, and how many of them were handed to the writer.
    pub(super) marks: (u64, u64),
    /// Records of calls that ended so.
    pub(super) left_over: VecDeque<store::Job>,
    pub(super) unwritten: Unwritten,
    /// Who rings for which number, and what is promised to whom.
    pub(super) telephones: Telephones,
    /// Which persons work as agents.
    pub(super) desks: Desks,
}

/// What the world deals with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Moving {
    /// Nothing: the pump itself is at work.
    #[default]
    Not,
    /// What is due.
    Due,
    /// An input.
    Input,
}

/// So many errands are dealt with before those whom they concern are woken.
const TOGETHER: usize = 64;

/// Waits for an instant, if there is one.
async fn at(when: Option<Wall>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

impl std::fmt::Debug for Pump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pump").field("run", &self.parts.run).field("calls", &self.fold.in_progress()).finish()
    }
}

impl Pump {
    /// A pump at rest.
    pub fn new(parts: Parts) -> Pump {
        let fold = cdr::Fold::new(parts.world.clock().clone());
        Pump {
            parts,
            book: Book::default(),
            fold,
            owed: BTreeMap::new(),
            draining: false,
            quit: false,
            told: false,
            moving: Moving::Not,
            dialling: None,
            suspect: None,
            collapsed: false,
            kept: VecDeque::new(),
            awaiting: BTreeMap::new(),
            marks: (0, 0),
            left_over: VecDeque::new(),
            unwritten: Unwritten::default(),
            telephones: Telephones::default(),
            desks: Desks::default(),
        }
    }

    /// A pump whose world was run ahead, with what is known of the calls in it.
    pub(super) fn taking_over(parts: Parts, book: Book) -> Pump {
        Pump { book, ..Pump::new(parts) }
    }

    /// Runs until the last call that is not a synthetic caller's has ended after [`Errand::Drain`], until [`Errand::Quit`],
    /// until nobody is left who could ask for anything, or until a fault left nothing to be trusted (`rescue.rs`). Gives the
    /// world back.
    pub async fn run(mut self) -> World {
        // Set anew when the world's next deadline is another, which it is not after most errands.
        let mut alarm = pin!(tokio::time::sleep_until(self.parts.clock.wall_of(self.parts.world.now())));
        loop {
            match AssertUnwindSafe(self.turn(alarm.as_mut())).catch_unwind().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) if self.rescue() => break,
                Err(_) => {}
            }
        }
        if self.close_suspects() || !self.left_over.is_empty() {
            self.write_left_over().await;
        }
        self.parts.sessions.ring();
        self.write_last_refusals().await;
        let end = self.parts.world.now();
        rescue::each(&mut self.parts.taps, |tap| tap.finish(end));
        self.parts.world
    }

    /// Tells what there is to tell, does what waits to be done, and the next thing. Whether to go on.
    async fn turn(&mut self, mut alarm: Pin<&mut Sleep>) -> bool {
        self.tell().await;
        if !self.kept.is_empty() {
            // A fault came between.
            self.tell_of_kept();
            self.tell().await;
        }
        self.catch_up().await;
        self.settle();
        if self.quit || (self.draining && self.book.awaited() == 0 && self.owed.is_empty() && self.awaiting.is_empty())
        {
            return false;
        }
        let due = self.parts.world.next_deadline().filter(|_| !self.collapsed);
        if let Some(wall) = due.map(|due| self.parts.clock.wall_of(due))
            && wall != alarm.deadline()
        {
            alarm.as_mut().reset(wall);
        }
        let refusals = self.unwritten.due();
        let Parts { clock, errands, durable, .. } = &mut self.parts;
        tokio::select! {
            biased;
            durable = durable.recv() => match durable {
                Some(durable) => self.all_durable(durable),
                None => self.records_are_over(),
            },
            errand = errands.recv() => self.errand_came(errand),
            () = alarm, if due.is_some() => {
                // Woken for a deadline, the run has come to it, whatever rounding says.
                let now = clock.now().max(due.unwrap_or_default());
                self.advance(now);
            }
            () = at(refusals) => self.write_refusals(),
        }
        true
    }

    /// Does what is already waiting, one after the other, and tells what comes of each.
    async fn catch_up(&mut self) {
        for _ in 0..TOGETHER {
            if self.quit {
                return;
            }
            if let Ok(durable) = self.parts.durable.try_recv() {
                self.all_durable(durable);
            } else if let Ok(errand) = self.parts.errands.try_recv() {
                self.errand_came(Some(errand));
            } else {
                return;
            }
            self.tell().await;
        }
        // There is more; those who were told something come first.
        self.settle();
        tokio::task::yield_now().await;
    }

    fn errand_came(&mut self, errand: Option<Errand>) {
        match errand {
            Some(errand) => {
                self.parts.onlookers.taken();
                self.take(errand);
            }
            None => self.quit = true,
        }
    }

    /// Whoever is told something is woken, whoever listens has heard all there is for now.
    fn settle(&mut self) {
        self.parts.sessions.ring();
        if std::mem::take(&mut self.told) {
            rescue::each(&mut self.parts.taps, |tap| tap.settled());
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.parts.clock.now().max(self.parts.world.now())
    }

    pub(super) fn inject(&mut self, input: Input) -> Option<CallId> {
        if self.collapsed {
            return None;
        }
        let now = self.now();
        // What is due before is another's affair than whose input this is: a fault in it must not cost the input.
        self.advance(now);
        self.inject_at(now, input)
    }

    /// The same, at an instant to which the world has come.
    pub(super) fn inject_at(&mut self, now: Instant, input: Input) -> Option<CallId> {
        if self.collapsed {
            return None;
        }
        self.moving = Moving::Input;
        let call = self.parts.world.inject(now, input);
        self.moving = Moving::Not;
        call
    }

    /// Lets everything happen that is due. A fault in it costs the call it strikes, and what else is due happens all the same.
    pub(super) fn advance(&mut self, now: Instant) {
        while !self.collapsed {
            self.moving = Moving::Due;
            let done = std::panic::catch_unwind(AssertUnwindSafe(|| self.parts.world.advance_to(now))).is_ok();
            if done {
                self.moving = Moving::Not;
                return;
            }
            self.rescue();
        }
    }

    /// No call is taken from now on.
    pub(super) fn take_no_more(&mut self) {
        self.draining = true;
        self.parts.status.draining.store(true, Ordering::Relaxed);
    }

    fn take(&mut self, errand: Errand) {
        match errand {
            Errand::Dial { session, from, language, address, sent } => {
                self.dial(session, language.as_deref(), &Applicant { number: from, address, sent });
            }
            Errand::Keys { session, keys } => self.keys(session, &keys),
            Errand::HangUp { session } => self.hang_up(session),
            Errand::Answer { session } => self.answer(session),
            Errand::Attend { session, from } => self.attend(session, from),
            Errand::Failed { session } => self.failed(session),
            Errand::Desk { session, message } => self.desk_says(session, message),
            Errand::Left { session } => self.left(session),
            Errand::Revoked { session } => self.revoked(session),
            Errand::Inject { input, done } => {
                let call = self.inject(input);
                if let Some(done) = done {
                    // Whoever asked may have stopped listening.
                    let _ = done.send(call);
                }
            }
            Errand::Change { change, done } => self.change(change, done),
            Errand::Publish { script, done } => {
                let now = self.now();
                self.advance(now);
                // Whoever asked may have stopped listening; it is published all the same.
                let _ = done.send(self.publish(now, script));
            }
            Errand::Reload { script, done } => {
                let now = self.now();
                // What is due before may be a script that the scenario publishes.
                self.advance(now);
                let in_force = self.parts.world.versions().current().digest == script.digest;
                let _ = done.send(if in_force { Ok(None) } else { self.publish(now, script).map(Some) });
            }
            Errand::Look { done } => {
                let snapshot = self.guarded("a look at the figures", |pump| {
                    pump.parts.onlookers.prepare(&pump.parts.world);
                    pump.snapshot()
                });
                _ = snapshot.map(|snapshot| done.send(Box::new(snapshot)));
            }
            Errand::Listen { room, done } => {
                let heard = self.guarded("a new listener", |pump| pump.parts.onlookers.listen(room, &pump.parts.world));
                _ = heard.map(|heard| done.send(heard));
            }
            Errand::Drain => {
                self.take_no_more();
                self.inject(Input::DrainBegan);
            }
            Errand::EndDrain => {
                self.inject(Input::DrainEnded);
            }
            Errand::Quit => self.quit = true,
        }
    }

    fn publish(&mut self, now: Instant, script: Arc<Script>) -> Result<ScriptVersion, String> {
        let published = self.guarded("the publishing of a script", |pump| pump.parts.world.publish(now, script));
        self.note_version();
        let fault = || Err("a fault of this program kept it from being published; please report it".to_owned());
        published.unwrap_or_else(fault)
    }

    /// Whoever asks for the version in force hears of the one the world has, whoever published it.
    pub(super) fn note_version(&self) {
        self.parts.status.version.store(self.parts.world.versions().number().0, Ordering::Relaxed);
    }

    fn change(&mut self, change: Change, done: oneshot::Sender<Result<(), ChangeError>>) {
        let result = self.guarded("a change of the registry", |pump| pump.parts.world.services_mut().apply(change));
        // The world tells of changes when it moves.
        let now = self.now();
        self.advance(now);
        match result {
            // A mark goes to the writer behind all that the world has told.
            Some(Ok(())) => {
                self.marks.0 += 1;
                self.awaiting.insert(self.marks.0, done);
            }
            Some(Err(error)) => _ = done.send(Err(error)),
            // Whoever asked for what failed hears that there is no answer.
            None => {}
        }
    }

    /// The writer has ended before the pump: no record can be written any more, so the run ends too. Whoever ends the server
    /// says what is lost.
    fn records_are_over(&mut self) {
        tracing::error!("call records are not written any more; the centre ends");
        self.take_no_more();
        self.parts.status.broken.store(true, Ordering::Relaxed);
        self.quit = true;
    }

    pub(super) fn say(&self, session: SessionId, message: ServerMessage) {
        self.parts.sessions.deliver(session, Outgoing::Message(message));
    }

    fn all_durable(&mut self, durable: Vec<store::Durable>) {
        self.kept.extend(durable);
        self.tell_of_kept();
    }

    fn tell_of_kept(&mut self) {
        // One by one, so that a fault at one leaves the others.
        while let Some(durable) = self.kept.pop_front() {
            match durable {
                store::Durable::Call(call) => self.durable(call),
                store::Durable::Verdict(Verdict { call, request, reply }) => {
                    self.inject(Input::Replied { call, request, reply });
                }
                // Whoever asked may have stopped listening.
                store::Durable::Mark(mark) => _ = self.awaiting.remove(&mark).map(|done| done.send(Ok(()))),
            }
        }
    }

    /// A record is on the disk: its caller is told that the call is over.
    pub(super) fn durable(&mut self, call: CallId) {
        if let Some(Some((session, ended))) = self.owed.remove(&call) {
            if self.book.turn(session).is_some_and(|turn| turn.call() == call) {
                self.book.free(session);
            }
            self.say(session, ended);
            self.line_is_free();
        }
    }
}
