//! The one task that owns the world and paces it.
//!
//! It sleeps until the world's next deadline or a demand, whichever is first. Each demand is stamped by the clock here and
//! nowhere else, so time never runs back; what was due before happens first, at its own instant, however late the task
//! woke. What the world tells goes to callers' outboxes, to the records and to whoever listens ([`Tap`]).

use std::{
    collections::{BTreeMap, VecDeque},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant as Wall, Sleep},
};

use super::{
    admission::{Admission, Applicant, Situation},
    agents::{Desks, message::AgentMessage},
    attend::Telephones,
    book::{Book, Turn},
    clock::{self, Clock},
    metrics::Snapshot,
    onlookers::Onlookers,
    protocol::{ErrorCode, Refusal, RefusalReason, ServerMessage},
    refusals::Unwritten,
    rescue, say,
    sessions::{Outgoing, SessionId, Sessions},
    store, trail,
};
use crate::{
    engine::Input,
    id::{CallId, ScriptVersion},
    pii::CallerNumber,
    record::cdr,
    registry::{Change, ChangeError},
    script::{Script, Versions, model::Key},
    time::Instant,
    world::{Notice, Verdict, World},
};

/// What is asked of the pump.
#[derive(Debug)]
pub enum Demand {
    /// A caller dials.
    Dial {
        /// Who.
        session: SessionId,
        /// Her number.
        from: Option<CallerNumber>,
        /// The code of the language to begin in.
        language: Option<String>,
        /// The address she counts for; `None`: no cap on addresses applies to her.
        address: Option<std::net::IpAddr>,
        /// When her message came in.
        sent: Wall,
    },
    /// A caller presses keys.
    Keys {
        /// Who.
        session: SessionId,
        /// Which.
        keys: Vec<Key>,
    },
    /// A caller hangs up, or lets a call back go.
    HangUp {
        /// Who.
        session: SessionId,
    },
    /// A caller picks up a call back.
    Answer {
        /// Who.
        session: SessionId,
    },
    /// A connection is to be the telephone of a number.
    Attend {
        /// Which.
        session: SessionId,
        /// Of what number.
        from: CallerNumber,
    },
    /// Serving a connection failed by a fault of this program.
    Failed {
        /// Whose.
        session: SessionId,
    },
    /// A person who works as an agent says something.
    Desk {
        /// Who.
        session: SessionId,
        /// What.
        message: AgentMessage,
    },
    /// A connection is gone.
    Left {
        /// Whose.
        session: SessionId,
    },
    /// Anything else that happens to the centre, from a program that holds the server.
    Inject {
        /// What.
        input: Input,
        /// Told the id of a call that arrived by it.
        done: Option<oneshot::Sender<Option<CallId>>>,
    },
    /// A person of the registry changes.
    Change {
        /// How.
        change: Change,
        /// Told once it is on the disk, or at once that it cannot be done.
        done: oneshot::Sender<Result<(), ChangeError>>,
    },
    /// A checked script becomes the version new calls begin on.
    Publish {
        /// The script.
        script: Arc<Script>,
        /// Told its number, or why it cannot follow the versions in force.
        done: oneshot::Sender<Result<ScriptVersion, String>>,
    },
    /// The same, unless the files of the version in force are those of the script.
    Reload {
        /// The script.
        script: Arc<Script>,
        /// Told its number (`None`: it is in force already), or why it cannot follow the versions in force.
        done: oneshot::Sender<Result<Option<ScriptVersion>, String>>,
    },
    /// Somebody wants to know how things are.
    Look {
        /// Told.
        done: oneshot::Sender<Box<Snapshot>>,
    },
    /// Somebody wants to hear of everything that happens from now on.
    Listen {
        /// So many messages may wait for her.
        room: usize,
        /// Told where they come.
        done: oneshot::Sender<mpsc::Receiver<Utf8Bytes>>,
    },
    /// No new calls from now on; the pump ends when the last one has.
    Drain,
    /// Calls still in progress end now.
    EndDrain,
    /// The pump ends now, whatever is still to be written.
    Quit,
}

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
    /// Calls in progress.
    pub calls: AtomicU64,
    /// Calls offered in this run.
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
    pub demands: mpsc::Receiver<Demand>,
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
    /// Whose input the world deals with just now.
    pub(super) in_hand: Option<CallId>,
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

/// So many demands are dealt with before those whom they concern are woken.
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
            in_hand: None,
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

    /// Runs until the last call that is not a synthetic caller's has ended after [`Demand::Drain`], until [`Demand::Quit`],
    /// until nobody is left who could demand anything, or until a fault left nothing to be trusted (`rescue.rs`). Gives the
    /// world back.
    pub async fn run(mut self) -> World {
        // Set anew when the world's next deadline is another, which it is not after most demands.
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
        let Parts { clock, demands, durable, .. } = &mut self.parts;
        tokio::select! {
            biased;
            durable = durable.recv() => match durable {
                Some(durable) => self.all_durable(durable),
                None => self.records_are_over(),
            },
            demand = demands.recv() => self.demanded(demand),
            () = alarm, if due.is_some() => {
                // Woken for a deadline, the run has come to it, whatever rounding says.
                let now = clock.now().max(due.unwrap_or_default());
                self.parts.world.advance_to(now);
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
            } else if let Ok(demand) = self.parts.demands.try_recv() {
                self.demanded(Some(demand));
            } else {
                return;
            }
            self.tell().await;
        }
        // There is more; those who were told something come first.
        self.settle();
        tokio::task::yield_now().await;
    }

    fn demanded(&mut self, demand: Option<Demand>) {
        match demand {
            Some(demand) => {
                self.parts.onlookers.taken();
                self.take(demand);
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
        // What is due before is another's affair than whose input this is.
        self.parts.world.advance_to(now);
        self.in_hand = rescue::call_of(&input);
        let call = self.parts.world.inject(now, input);
        self.in_hand = None;
        call
    }

    /// No call is taken from now on.
    pub(super) fn take_no_more(&mut self) {
        self.draining = true;
        self.parts.status.draining.store(true, Ordering::Relaxed);
    }

    fn take(&mut self, demand: Demand) {
        match demand {
            Demand::Dial { session, from, language, address, sent } => {
                self.dial(session, language.as_deref(), &Applicant { number: from, address, sent });
            }
            Demand::Keys { session, keys } => self.keys(session, &keys),
            Demand::HangUp { session } => self.hang_up(session),
            Demand::Answer { session } => self.answer(session),
            Demand::Attend { session, from } => self.attend(session, from),
            Demand::Failed { session } => self.failed(session),
            Demand::Desk { session, message } => self.desk_says(session, message),
            Demand::Left { session } => self.left(session),
            Demand::Inject { input, done } => {
                let call = self.inject(input);
                if let Some(done) = done {
                    // Whoever asked may have stopped listening.
                    let _ = done.send(call);
                }
            }
            Demand::Change { change, done } => self.change(change, done),
            Demand::Publish { script, done } => {
                let now = self.now();
                self.parts.world.advance_to(now);
                // Whoever asked may have stopped listening; it is published all the same.
                let _ = done.send(self.publish(now, script));
            }
            Demand::Reload { script, done } => {
                let now = self.now();
                // What is due before may be a script that the scenario publishes.
                self.parts.world.advance_to(now);
                let in_force = self.parts.world.versions().current().digest == script.digest;
                let _ = done.send(if in_force { Ok(None) } else { self.publish(now, script).map(Some) });
            }
            Demand::Look { done } => {
                let snapshot = self.guarded("a look at the figures", |pump| {
                    pump.parts.onlookers.prepare(&pump.parts.world);
                    pump.snapshot()
                });
                _ = snapshot.map(|snapshot| done.send(Box::new(snapshot)));
            }
            Demand::Listen { room, done } => {
                let heard = self.guarded("a new listener", |pump| pump.parts.onlookers.listen(room, &pump.parts.world));
                _ = heard.map(|heard| done.send(heard));
            }
            Demand::Drain => {
                self.take_no_more();
                self.inject(Input::DrainBegan);
            }
            Demand::EndDrain => {
                self.inject(Input::DrainEnded);
            }
            Demand::Quit => self.quit = true,
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
        self.parts.world.advance_to(now);
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

    fn refuse(&self, session: SessionId, code: ErrorCode, message: impl Into<String>, help: &str) {
        self.say(session, Refusal::new(code, message, help).into());
    }

    pub(super) fn say(&self, session: SessionId, message: ServerMessage) {
        self.parts.sessions.deliver(session, Outgoing::Message(message));
    }

    fn out_of_turn(&self, session: SessionId, what: &str) {
        let (state, help) = match self.book.turn(session) {
            None => ("there is no call", "send `dial` first"),
            Some(Turn::Ringing(_)) => ("the telephone rings", "send `answer` to pick up or `hangup` to let it be"),
            Some(Turn::Talking(_)) => ("there is a call", "send `digits` or `hangup`"),
            Some(Turn::Ending(_)) => ("the call is over", "wait for `ended`; then you may dial again"),
        };
        self.refuse(session, ErrorCode::OutOfTurn, format!("`{what}` does not fit: {state}"), help);
    }

    fn dial(&mut self, session: SessionId, language: Option<&str>, who: &Applicant) {
        if self.book.turn(session).is_some() {
            return self.out_of_turn(session, "dial");
        }
        let script = self.parts.world.versions().current().clone();
        let language = match language.map(|code| script.language_named(code).ok_or(code)).transpose() {
            Ok(language) => language,
            Err(_) => {
                let known: Vec<&str> = script.languages.iter().map(|language| &*language.code).collect();
                let help = format!("languages of this centre: {}", known.join(", "));
                return self.refuse(session, ErrorCode::BadField, "the centre has no such `language`", &help);
            }
        };
        let centre = Situation {
            calls: self.book.on_the_line(),
            draining: self.draining,
            records_failing: self.parts.failing.load(Ordering::Relaxed),
        };
        if let Err(reason) = self.parts.admission.judge(who, clock::wall(), centre) {
            return self.turn_away(session, reason);
        }
        let from = who.number;
        let Some(call) = self.inject(Input::CallArrived { caller: from, language, origin: None }) else {
            return self.turn_away(session, RefusalReason::Draining);
        };
        self.parts.admission.took(call, who);
        self.book.set(session, Turn::Talking(call));
        self.book.number(call, from);
        self.telephones.dialled(session, from);
        let id = store::public_id(self.parts.run, call);
        self.say(session, ServerMessage::Ringing { call: id.clone(), promised_in: None });
        let (version, language) = (self.parts.world.versions().number(), language.unwrap_or(script.default_language));
        self.say(session, self.answered(id, version, &script, language));
    }

    fn answered(
        &self,
        call: String,
        version: ScriptVersion,
        script: &Script,
        language: crate::id::LanguageId,
    ) -> ServerMessage {
        let time = self.parts.world.clock().timestamp(self.parts.world.now()).to_zoned(self.parts.zone.clone());
        let time = time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let time = format!("{time}[{}]", script.zone);
        ServerMessage::Answered { call, version: version.0, language: say::language(script, language), time }
    }

    fn keys(&mut self, session: SessionId, keys: &[Key]) {
        let Some(Turn::Talking(call)) = self.book.turn(session) else {
            return self.out_of_turn(session, "digits");
        };
        if tracing::enabled!(tracing::Level::DEBUG) {
            trail::of(self.parts.run, call).in_scope(|| tracing::debug!(count = keys.len(), "keys"));
        }
        for &key in keys {
            self.inject(Input::Dtmf { call, key });
        }
    }

    fn hang_up(&mut self, session: SessionId) {
        match self.book.turn(session) {
            Some(Turn::Talking(call)) => {
                self.book.set(session, Turn::Ending(call));
                self.inject(Input::CallerHungUp { call });
            }
            Some(Turn::Ringing(call)) => {
                self.book.free(session);
                self.inject(Input::CallerUnreachable { call });
            }
            Some(Turn::Ending(_)) | None => self.out_of_turn(session, "hangup"),
        }
    }

    fn answer(&mut self, session: SessionId) {
        let Some(Turn::Ringing(call)) = self.book.turn(session) else {
            return self.out_of_turn(session, "answer");
        };
        self.book.set(session, Turn::Talking(call));
        self.book.reached(call);
        if let Some(arrival) = self.book.arrival(call)
            && let Some(script) = self.parts.world.versions().script(arrival.version).cloned()
        {
            let id = store::public_id(self.parts.run, call);
            self.say(session, self.answered(id, arrival.version, &script, arrival.language));
        }
        self.inject(Input::CallerAnswered { call });
    }

    fn left(&mut self, session: SessionId) {
        self.desk_left(session);
        self.telephones.left(session);
        match self.book.free(session) {
            Some(Turn::Talking(call)) => {
                self.inject(Input::CallerHungUp { call });
            }
            Some(Turn::Ringing(call)) => {
                self.inject(Input::CallerUnreachable { call });
            }
            Some(Turn::Ending(_)) | None => {}
        }
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
        }
    }
}
