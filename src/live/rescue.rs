//! What becomes of calls when this program has a fault: a panic while the centre deals with something.
//!
//! **A fault in one call** (its arrival, its key, its hang-up, a deadline of it, an answer for it, what its agent does) costs
//! that call; the world says whose affair it dealt with ([`crate::world::World::serving`]). The engine is asked to abort it, and
//! then to check its laws ([`crate::engine::Engine::audit`]): who waits, who talks to whom, what is due. Where they hold,
//! the other calls go on; the call has its record, outcome `failed`, cause `aborted`. What others were to be told in that very
//! moment may be missing from their records. What was due besides happens all the same, and so does whatever was asked for when
//! it came to light.
//!
//! **Any other fault**, or laws that do not hold after it, leaves nothing to be trusted. Then every call ends with such a
//! record (a promised one for which nobody was called yet stays promised), the records are written, the callers told, and the program ends with an error, so that whoever watches over it
//! (a service manager) starts it anew. It does not go on with a new centre by itself: the start is the one well-tried way to
//! begin, and takes up what has to survive.
//!
//! What is about no call and changes nothing that calls need (a figure, a look, a new listener, a script that is to be published,
//! a change of the registry) is left out when it fails, as long as the laws hold.
//!
//! With the first such fault the journal ends: what follows does not follow from what it holds.
//!
//! A listener ([`super::pump::Tap`]) that panics is let go of and nothing else. A session that panics is one connection; its
//! call is aborted in the same way.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
};

use super::{
    book::{Arrival, Turn},
    pump::{Moving, Pump, Tap},
    sessions::SessionId,
    store,
};
use crate::{
    engine::{Event, Fact, Input, event::Cause},
    id::{CallId, NodeId},
    script::{Versions, model::Outcome},
    world::Notice,
};

/// Tells everybody who listens. Whoever panics at it hears no more.
pub(super) fn note(taps: &mut Vec<Box<dyn Tap>>, notice: &Notice, versions: &Versions) {
    each(taps, |tap| tap.note(notice, versions));
}

/// Does what is not needed for any call; a fault in it is said and nothing else.
pub(super) fn left_out(what: &str, act: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(act)).is_err() {
        tracing::error!(what, "a fault of this program: it is left out; please report it");
    }
}

/// Tells something to everybody who listens. Whoever panics at it hears no more.
pub(super) fn each(taps: &mut Vec<Box<dyn Tap>>, tell: impl Fn(&mut dyn Tap)) {
    taps.retain_mut(|tap| {
        let heard = catch_unwind(AssertUnwindSafe(|| tell(tap.as_mut()))).is_ok();
        if !heard {
            tracing::error!("a fault of this program: somebody who listens to what happens failed and is let go of");
        }
        heard
    });
}

impl Pump {
    /// After a panic. Whether it was the second in a place where there is nothing left to save.
    pub(super) fn rescue(&mut self) -> bool {
        if self.collapsed {
            return true;
        }
        let rescued = catch_unwind(AssertUnwindSafe(|| self.save()));
        rescued.unwrap_or_else(|_| {
            // Then every call still in the book ends when the pump next tells.
            self.take_no_more();
            self.parts.status.broken.store(true, Ordering::Relaxed);
            std::mem::replace(&mut self.collapsed, true)
        })
    }

    fn save(&mut self) -> bool {
        each(&mut self.parts.taps, |tap| tap.broke());
        let moving = std::mem::take(&mut self.moving);
        let dial = self.dialling.take_if(|_| moving == Moving::Input);
        let world = &self.parts.world;
        let serving = world.serving().filter(|_| moving != Moving::Not);
        let Some(call) = serving.filter(|call| world.engine().version_of(*call).is_some()) else {
            self.collapse("it was about no call");
            return false;
        };
        if let Some(dial) = dial {
            // Whoever dialled is to hear that her call is over.
            self.took(&dial, call);
        }
        self.parts.admission.call_failed();
        let id = store::public_id(self.parts.run, call);
        tracing::error!(call = %id, "a fault of this program ended a call; please report it");
        self.suspect = Some(call);
        match self.abort(call) {
            Ok(()) => {}
            Err(broken) => self.collapse(&broken),
        }
        false
    }

    /// Ends a call whatever state it is in, and lets the engine check its laws.
    fn abort(&mut self, call: CallId) -> Result<(), String> {
        let world = &mut self.parts.world;
        let aborted = catch_unwind(AssertUnwindSafe(|| {
            world.resume();
            // Before anything else that is due.
            world.inject(world.now(), Input::CallAborted { call });
            world.engine().audit()
        }));
        aborted.unwrap_or_else(|_| Err("ending the call failed too".to_owned()))
    }

    /// Does what is about no call. `None`: it failed, and nothing else did.
    pub(super) fn guarded<T>(&mut self, what: &str, act: impl FnOnce(&mut Pump) -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| act(self))).ok();
        if done.is_none() {
            tracing::error!(what, "a fault of this program: it is left out; please report it");
            each(&mut self.parts.taps, |tap| tap.broke());
            let world = &mut self.parts.world;
            let whole = catch_unwind(AssertUnwindSafe(|| {
                world.resume();
                match world.engine().current_version() == world.versions().number() {
                    true => world.engine().audit(),
                    false => Err("a script is half published".to_owned()),
                }
            }));
            if let Err(broken) = whole.unwrap_or_else(|_| Err("going on failed too".to_owned())) {
                self.collapse(&broken);
            }
        }
        done
    }

    /// Serving a connection failed: its call is aborted.
    pub(super) fn failed(&mut self, session: SessionId) {
        self.telephones.left(session);
        self.desk_left(session);
        let now = self.now();
        self.advance(now);
        if let Some(Turn::Talking(call) | Turn::Ringing(call)) = self.book.free(session)
            && !self.collapsed
        {
            self.parts.admission.call_failed();
            self.suspect = Some(call);
            if let Err(broken) = self.abort(call) {
                self.collapse(&broken);
            }
        }
    }

    /// The end of the suspect was told: it has a record. If it was not, it gets one now, as does every call that was told of
    /// when nothing could be trusted any more. Whether any does.
    pub(super) fn close_suspects(&mut self) -> bool {
        let suspects = match self.collapsed {
            true => self.book.calls(),
            false => self.suspect.take().into_iter().filter(|call| self.book.arrival(*call).is_some()).collect(),
        };
        suspects.iter().for_each(|call| self.end_in_the_books(*call));
        !suspects.is_empty()
    }

    /// Nothing the world says can be trusted any more: every call gets its record, and the pump ends. Promises are let go of when
    /// all that was told of them before is told on.
    fn collapse(&mut self, why: &str) {
        tracing::error!(
            why,
            calls = self.book.persons(),
            "a fault of this program broke the centre; every call ends and the program with it; please report it"
        );
        self.collapsed = true;
        self.take_no_more();
        self.parts.status.broken.store(true, Ordering::Relaxed);
        for call in self.book.calls() {
            if !self.is_only_promised(call) {
                if self.suspect != Some(call) {
                    self.parts.admission.call_failed();
                }
                self.end_in_the_books(call);
            }
        }
    }

    /// Whether a call is a promise that stays for the next run, as at any other end: nobody was called, so no record tells of it.
    fn is_only_promised(&self, call: CallId) -> bool {
        self.suspect != Some(call) && self.book.is_away(call)
    }

    /// Writes the record of a call without asking the world, from what was told of it so far.
    fn end_in_the_books(&mut self, call: CallId) {
        if self.collapsed && self.is_only_promised(call) {
            self.book.ended(call);
            return;
        }
        let fact = Fact::CallEnded { call, outcome: Outcome::Failed, cause: Cause::Aborted, node: NodeId(0) };
        let event = Event { seq: 0, at: self.parts.clock.now(), fact };
        let mut job = catch_unwind(AssertUnwindSafe(|| self.event(&event))).ok().flatten();
        if job.is_none() && self.book.arrival(call).is_some() {
            // What was known of it is lost: it gets a record that says no more than that it was.
            job = catch_unwind(AssertUnwindSafe(|| self.bare_record(call, &event))).ok().flatten();
        }
        if job.is_none() {
            let id = store::public_id(self.parts.run, call);
            self.book.ended(call);
            tracing::error!(call = %id, "a fault of this program left a call without a record; please report it");
        }
        self.left_over.extend(job);
        let (onlookers, world) = (&mut self.parts.onlookers, &self.parts.world);
        left_out("a figure", || onlookers.note(&Notice::Event(event), world));
    }

    fn bare_record(&mut self, call: CallId, end: &Event) -> Option<store::Job> {
        let Arrival { version, language } = self.book.arrival(call)?;
        let has_number = self.book.number_of(call).is_some();
        let fact = Fact::CallArrived { call, version, language, has_number, promised_in: None, origin: None };
        self.fold.apply(&Event { fact, ..end.clone() }, self.parts.world.versions());
        self.event(end)
    }
}

#[cfg(test)]
thread_local! {
    // So many ends of calls fail before their records are made.
    static PLANTED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Panics where a fault is planted for the record of a call.
#[cfg(test)]
pub(super) fn strike() {
    let left = PLANTED.get();
    PLANTED.set(left.saturating_sub(1));
    assert!(left == 0, "a planted fault");
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        client::{Call, Options},
        engine::planted,
        live::{Config, Records, RunningServer, Server, StopError, pump::Errand},
        registry,
        world::World,
    };

    async fn server(dir: &std::path::Path) -> (RunningServer, String) {
        let config = Config {
            addr: ([127, 0, 0, 1], 0).into(),
            registry: registry::Config::generated(2_000, 1),
            records: Records { dir: dir.to_owned(), ..Records::default() },
            ..Config::default()
        };
        let server = Server::start(config).await.expect("it starts");
        let url = format!("ws://{}/call", server.addr);
        (server, url)
    }

    /// An input that is about no call.
    fn on_duty() -> Input {
        Input::AgentLoggedIn { agent: crate::id::AgentId(0), group: crate::id::GroupId(0) }
    }

    fn endings(dir: &std::path::Path) -> Vec<(String, String)> {
        let db = store::open_to_read(dir).expect("records");
        let mut select = db.prepare("select outcome, cause from calls order by number").expect("a query");
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.map(|row| row.expect("two texts")).collect()
    }

    #[tokio::test]
    async fn a_fault_in_one_call_costs_that_call_and_no_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut struck = Call::dial(&url, &Options::default()).await.expect("an answer");
        let mut other = Call::dial(&url, &Options::default()).await.expect("an answer");
        planted::plant(planted::Fault::Star);
        struck.press_now("*").await.expect("the line holds");
        let ending = struck.ended().await.expect("an end");
        assert_eq!((&*ending.outcome, &*ending.cause), ("failed", "aborted"));
        struck.redial(&Options::default()).await.expect("the connection goes on");
        other.press_now("1").await.expect("the line holds");
        other.listening().await.expect("the other call goes on");
        other.hang_up().await.expect("the line holds");
        assert_eq!(other.ended().await.expect("an end").cause, "caller_hung_up");
        struck.hang_up().await.expect("the line holds");
        struck.ended().await.expect("an end");
        assert_eq!(server.counts().failed_calls.load(Ordering::Relaxed), 1);
        server.stop().await.expect("all is written");
        let endings = endings(dir.path());
        assert_eq!(endings.iter().filter(|(_, cause)| cause == "aborted").count(), 1, "{endings:?}");
        assert_eq!(endings.len(), 3, "{endings:?}");
    }

    #[tokio::test]
    async fn whoever_dialled_when_a_fault_struck_hears_that_her_call_is_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        planted::plant(planted::Fault::Offered);
        let mut struck = Call::dial(&url, &Options::default()).await.expect("an answer");
        assert_eq!(struck.ended().await.expect("an end").cause, "aborted");
        struck.redial(&Options::default()).await.expect("the connection goes on");
        struck.hang_up().await.expect("the line holds");
        assert_eq!(struck.ended().await.expect("an end").cause, "caller_hung_up");
        server.stop().await.expect("all is written");
        assert_eq!(endings(dir.path()).len(), 2);
    }

    #[tokio::test]
    async fn a_fault_outside_of_any_call_ends_every_call_with_a_record_and_the_server() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut calls = Vec::new();
        for _ in 0..3 {
            calls.push(Call::dial(&url, &Options::default()).await.expect("an answer"));
        }
        planted::plant(planted::Fault::Duty);
        let input = on_duty();
        server.pump().send(Errand::Inject { input, done: None }).await.expect("it listens");
        for mut call in calls {
            let ending = call.ended().await.expect("an end");
            assert_eq!((&*ending.outcome, &*ending.cause), ("failed", "aborted"));
        }
        let error = server.finished().await.expect_err("it failed");
        assert!(matches!(&error, StopError::Centre(why) if why.contains("has its record")), "{error}");
        assert!(endings(dir.path()).iter().filter(|(outcome, _)| outcome == "failed").count() >= 3);
    }

    #[tokio::test]
    async fn a_connection_whose_serving_fails_ends_its_call() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut call = Call::dial(&url, &Options::default()).await.expect("an answer");
        // As the place of a connection does when its task panics; the first connection of a run is the first session.
        let failed = Errand::Failed { session: SessionId(1) };
        server.pump().send(failed).await.expect("it listens");
        call.press_now("1").await.expect("the line holds");
        let written = async {
            while endings(dir.path()).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), written).await.expect("the record is written");
        assert_eq!(endings(dir.path()), [("failed".to_owned(), "aborted".to_owned())]);
        server.stop().await.expect("all is written");
    }

    struct Weak;

    impl Tap for Weak {
        fn note(&mut self, _: &Notice, _: &Versions) {
            panic!("a planted fault");
        }
    }

    #[tokio::test]
    async fn a_listener_that_fails_is_let_go_of() {
        let dir = tempfile::tempdir().expect("a folder");
        let config = Config {
            addr: ([127, 0, 0, 1], 0).into(),
            registry: registry::Config::generated(2_000, 1),
            records: Records { dir: dir.path().to_owned(), ..Records::default() },
            ..Config::default()
        };
        let door = crate::live::listener::Door::open(config.addr).expect("a port");
        let server = Server::start_on(config, door, vec![Box::new(Weak)]).await.expect("it starts");
        let mut call = Call::dial(&format!("ws://{}/call", server.addr), &Options::default()).await.expect("an answer");
        call.hang_up().await.expect("the line holds");
        assert_eq!(call.ended().await.expect("an end").cause, "caller_hung_up");
        server.stop().await.expect("all is written");
    }

    /// A server at twenty times the pace of life, with these listeners and this journal.
    async fn quick(
        dir: &std::path::Path,
        taps: Vec<Box<dyn Tap>>,
        journal: Option<std::path::PathBuf>,
    ) -> (RunningServer, String) {
        let config = Config {
            addr: ([127, 0, 0, 1], 0).into(),
            registry: registry::Config::generated(2_000, 1),
            records: Records { dir: dir.to_owned(), ..Records::default() },
            journal: crate::live::config::Journal { file: journal, ..Default::default() },
            speed: 20.0,
            ..Config::default()
        };
        let door = crate::live::listener::Door::open(config.addr).expect("a port");
        let server = Server::start_on(config, door, taps).await.expect("it starts");
        let url = format!("ws://{}/call", server.addr);
        (server, url)
    }

    #[tokio::test]
    async fn a_fault_in_an_answer_costs_that_call_and_the_centre_goes_on_taking_calls() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = quick(dir.path(), Vec::new(), None).await;
        let french = Options { language: Some("fr".to_owned()), ..Options::default() };
        let mut call = Call::dial(&url, &french).await.expect("an answer");
        for keys in ["2", "1", "096087725#"] {
            call.press(keys).await.expect("the centre listens");
        }
        call.hear("auth.dob").await.expect("it asks for the birth date");
        planted::plant(planted::Fault::Reply);
        call.press("29021948#").await.expect("the centre listens");
        assert_eq!(call.ended().await.expect("an end").cause, "aborted");
        // What stood in the place of the answer was once taken for a wish of its own: that the centre drain.
        call.redial(&french).await.expect("calls are still taken");
        call.hang_up().await.expect("the line holds");
        call.ended().await.expect("an end");
        server.stop().await.expect("all is written");
        assert_eq!(endings(dir.path()).len(), 2);
    }

    #[tokio::test]
    async fn a_second_fault_while_calls_are_saved_costs_no_record() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut calls = Vec::new();
        for _ in 0..3 {
            calls.push(Call::dial(&url, &Options::default()).await.expect("an answer"));
        }
        planted::plant(planted::Fault::Duty);
        PLANTED.set(1);
        let input = on_duty();
        server.pump().send(Errand::Inject { input, done: None }).await.expect("it listens");
        for mut call in calls {
            assert_eq!(call.ended().await.expect("an end").cause, "aborted");
        }
        assert_eq!(server.counts().failed_calls.load(Ordering::Relaxed), 3);
        server.finished().await.expect_err("it failed");
        assert_eq!(endings(dir.path()), vec![("failed".to_owned(), "aborted".to_owned()); 3]);
    }

    #[tokio::test]
    async fn a_writer_that_dies_ends_the_server_with_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut call = Call::dial(&url, &Options::default()).await.expect("an answer");
        store::plant(dir.path());
        call.hang_up().await.expect("the line holds");
        assert!(call.ended().await.is_err(), "a call was told that it has a record");
        let end = tokio::time::timeout(std::time::Duration::from_secs(60), server.finished());
        let error = end.await.expect("it ends by itself").expect_err("it failed");
        assert!(matches!(&error, StopError::Records(lost) if lost.records > 0), "{error}");
    }

    #[tokio::test]
    async fn the_journal_ends_before_a_fault_and_what_it_holds_can_be_run_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let journal = dir.path().join("journal");
        let (server, url) = quick(dir.path(), Vec::new(), Some(journal.clone())).await;
        let mut call = Call::dial(&url, &Options::default()).await.expect("an answer");
        call.press_now("1").await.expect("the line holds");
        call.listening().await.expect("the call goes on");
        planted::plant(planted::Fault::Star);
        call.press_now("*").await.expect("the line holds");
        assert_eq!(call.ended().await.expect("an end").cause, "aborted");
        call.redial(&Options::default()).await.expect("the connection goes on");
        call.hang_up().await.expect("the line holds");
        call.ended().await.expect("an end");
        server.stop().await.expect("all is written");
        let script = crate::live::reload::read(None).unwrap_or_else(|_| panic!("the centre is sound")).script;
        let from = std::io::BufReader::new(std::fs::File::open(journal).expect("a journal"));
        let report = crate::journal::replay(from, &[script]).expect("it can be run");
        assert!(report.difference.is_none() && report.inputs > 0);
        assert!(matches!(report.tail, crate::journal::Tail::Closed { .. }), "{:?}", report.tail);
    }

    /// What a desk hears next that is no ping.
    async fn heard<S>(desk: &mut tokio_tungstenite::WebSocketStream<S>) -> String
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        use futures_util::StreamExt;
        loop {
            match desk.next().await.expect("the line holds").expect("a frame") {
                tokio_tungstenite::tungstenite::Message::Text(text) => return text.to_string(),
                other => assert!(!other.is_close(), "{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_fault_in_telling_a_desk_costs_that_desk_its_place_and_no_call() {
        use futures_util::SinkExt;
        use tokio_tungstenite::tungstenite::Message;
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = server(dir.path()).await;
        let mut call = Call::dial(&url, &Options::default()).await.expect("an answer");
        let stream = tokio::net::TcpStream::connect(server.addr).await.expect("the server listens");
        let (mut desk, _) =
            tokio_tungstenite::client_async("ws://localhost/agent", stream).await.expect("a place for an agent");
        let login = Message::text(r#"{"type":"login","agent":"1"}"#);
        desk.send(login.clone()).await.expect("the line holds");
        while !heard(&mut desk).await.contains("not_ready") {}
        crate::live::agents::desk::planted::plant();
        desk.send(Message::text(r#"{"type":"ready"}"#)).await.expect("the line holds");
        while !heard(&mut desk).await.contains("logged_out") {}
        // The place is free again, and so are the calls.
        desk.send(login).await.expect("the line holds");
        while !heard(&mut desk).await.contains("logged_in") {}
        call.press_now("1").await.expect("the line holds");
        call.listening().await.expect("the call goes on");
        call.hang_up().await.expect("the line holds");
        assert_eq!(call.ended().await.expect("an end").cause, "caller_hung_up");
        server.stop().await.expect("all is written, and nothing broke");
        assert_eq!(endings(dir.path()).len(), 1);
    }

    struct Tired;

    impl Tap for Tired {
        fn note(&mut self, _: &Notice, _: &Versions) {}
        fn settled(&mut self) {
            panic!("a planted fault");
        }
    }

    #[tokio::test]
    async fn a_listener_that_fails_when_all_is_told_is_let_go_of_too() {
        let dir = tempfile::tempdir().expect("a folder");
        let (server, url) = quick(dir.path(), vec![Box::new(Tired)], None).await;
        let mut call = Call::dial(&url, &Options::default()).await.expect("an answer");
        call.hang_up().await.expect("the line holds");
        assert_eq!(call.ended().await.expect("an end").cause, "caller_hung_up");
        server.stop().await.expect("all is written");
    }

    /// A pump without a disk, whose records come one by one; somebody else's call ends five seconds after the start.
    fn pump() -> (tokio::sync::mpsc::Sender<Errand>, Pump, std::sync::mpsc::Receiver<store::CallRow>) {
        use crate::{
            people::Caller,
            random::Seed,
            time::{Duration, Instant, LocalClock},
            world::{WorldConfig, services, services::Services},
        };
        let script = crate::live::reload::read(None).unwrap_or_else(|_| panic!("the centre is sound")).script;
        let registry = registry::Registry::open(&registry::Config::generated(1_000, 1)).expect("people");
        let services = Services::new(std::sync::Arc::new(registry), services::Config::default(), Seed::new(1));
        let local = LocalClock::new(jiff::Timestamp::UNIX_EPOCH, &jiff::tz::TimeZone::UTC);
        let mut world = World::new(WorldConfig::new(script, local, Seed::new(1), services));
        world.add_caller(Caller::at(Instant::ZERO).hang_up(Duration::from_secs(5)));
        pump_of(world)
    }

    /// A pump of this world without a disk, whose records come one by one.
    pub(in crate::live) fn pump_of(
        world: World,
    ) -> (tokio::sync::mpsc::Sender<Errand>, Pump, std::sync::mpsc::Receiver<store::CallRow>) {
        use crate::live::{clock::Clock, pump::Parts, sessions::Sessions};
        let (errand, errands) = tokio::sync::mpsc::channel(16);
        let (jobs, written) = store::jobs::unwritten(1_000);
        let (acknowledge, durable) = tokio::sync::mpsc::unbounded_channel();
        let (tell, rows) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            while let Some(job) = written.next() {
                if let store::Job::Call(row) = job {
                    let call = row.call;
                    // The test may be over.
                    let _ = tell.send(*row);
                    let _ = acknowledge.send(vec![store::Durable::Call(call)]);
                }
            }
        });
        let parts = Parts {
            world,
            clock: Clock::start(1.0),
            run: 1,
            zone: jiff::tz::TimeZone::UTC,
            sessions: std::sync::Arc::new(Sessions::new(2, 64)),
            errands,
            jobs,
            durable,
            failing: std::sync::Arc::default(),
            taps: Vec::new(),
            status: std::sync::Arc::default(),
            onlookers: Default::default(),
            admission: Default::default(),
        };
        (errand, Pump::new(parts), rows)
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_did_just_before_a_fault_is_told_and_kept() {
        let (errand, pump, rows) = pump();
        let pump = tokio::spawn(pump.run());
        let session = SessionId(1);
        let sent = crate::live::clock::wall();
        let dial = Errand::Dial { session, from: None, language: None, address: None, sent };
        errand.send(dial).await.expect("it listens");
        let (done, seen) = tokio::sync::oneshot::channel();
        errand.send(Errand::Look { done }).await.expect("it listens");
        seen.await.expect("an answer");
        let star = crate::script::model::Key::from_char('*').expect("a key");
        planted::plant(planted::Fault::Star);
        // Before the pump is awake, the other's hanging up is due and the star is there.
        errand.try_send(Errand::Keys { session, keys: vec![star] }).expect("there is room");
        tokio::time::advance(std::time::Duration::from_secs(10)).await;
        // Virtual time stands still while another thread is waited for.
        let rows = tokio::task::spawn_blocking(move || {
            let next =
                || rows.recv_timeout(std::time::Duration::from_secs(20)).expect("every call has its record").cause;
            [next(), next()]
        });
        let mut causes = rows.await.expect("no panic");
        causes.sort();
        pump.abort();
        assert_eq!(causes, ["aborted", "caller_hung_up"]);
    }
}
