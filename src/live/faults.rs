//! What a fault costs, whatever the centre deals with when it shows: one call, with its record.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{clock, pump::Errand, rescue::tests::pump_of, sessions::SessionId};
use crate::{
    engine::planted::{self, Fault},
    random::Seed,
    registry::Registry,
    script::{Script, Source, load},
    time::{Duration, LocalClock},
    world::{self, World, WorldConfig, services, services::Services},
};

const CENTRE: &str = r#"
[centre]
name = "fault"
zone = "UTC"
entry = "main.start"
default_language = "fr"
[languages]
fr = {}
[no_input]
tries = 0
then = "main.desk"
[no_match]
tries = 0
then = "main.desk"
[error]
then = "main.desk"
[skills]
names = ["help"]
[queue.help]
skills = { help = 1 }
[group.desk]
size = 2
skills = { help = 5 }
languages = ["fr"]
"#;

/// A service is asked first; then there are advisers.
const FLOW: &str = r#"
[node.start]
kind = "lookup"
service = "portal_link"
outcomes = { sent = "desk", no_number = "desk" }
[node.desk]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"
treatment = [{ after = "1s", every = "5s", prompt = "hold" }]
[node.bye]
kind = "end"
outcome = "contained"
"#;

pub(super) fn script() -> Arc<Script> {
    let files = [("centre.toml", CENTRE), ("flows/main.toml", FLOW), ("prompts/fr.ftl", "hold = hold\n")];
    let loaded = load(&Source::from_files(files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec()));
    loaded.script.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

/// Two people call; the fault strikes one of them. How the two calls ended, in order.
async fn causes(fault: Fault, agents: bool, slow: bool) -> Vec<String> {
    let services = Services::new(Arc::new(Registry::generated(1_000, 1)), services::Config::default(), Seed::new(1));
    let config = WorldConfig::new(script(), LocalClock::utc(), Seed::new(1), services);
    let mut world = World::new(WorldConfig { agents, ..config });
    if slow {
        world.set_fault(world::Fault::slow(Duration::from_secs(3)));
    }
    let (errand, pump, rows) = pump_of(world);
    let pump = tokio::spawn(pump.run());
    let send = async |what: Errand| errand.send(what).await.expect("it listens");
    if fault == Fault::Offered {
        planted::plant(fault);
    }
    for session in [1, 2].map(SessionId) {
        let sent = clock::wall();
        send(Errand::Dial { session, from: None, language: None, address: None, sent }).await;
    }
    let (done, seen) = oneshot::channel();
    send(Errand::Look { done }).await;
    seen.await.expect("both have dialled");
    if fault != Fault::Offered {
        planted::plant(fault);
    }
    // What is due comes to light when somebody hangs up: that is done all the same.
    errand.try_send(Errand::HangUp { session: SessionId(2) }).expect("there is room");
    tokio::time::advance(std::time::Duration::from_secs(20)).await;
    send(Errand::HangUp { session: SessionId(1) }).await;
    send(Errand::HangUp { session: SessionId(2) }).await;
    let rows = tokio::task::spawn_blocking(move || {
        let next = || rows.recv_timeout(std::time::Duration::from_secs(20)).expect("every call has its record").cause;
        vec![next(), next()]
    });
    let mut causes = rows.await.expect("no panic");
    causes.sort();
    pump.abort();
    causes
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_an_arrival_costs_that_call() {
    assert_eq!(causes(Fault::Offered, false, false).await, ["aborted", "caller_hung_up"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_a_deadline_costs_its_call() {
    assert_eq!(causes(Fault::Deadline, false, false).await, ["aborted", "caller_hung_up"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_a_late_answer_costs_the_call_that_asked() {
    assert_eq!(causes(Fault::LateAnswer, false, true).await, ["aborted", "caller_hung_up"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_what_an_agent_does_costs_the_call_in_hand() {
    let causes = causes(Fault::PickUp, true, false).await;
    assert_eq!(causes.iter().filter(|cause| *cause == "aborted").count(), 1, "{causes:?}");
}
