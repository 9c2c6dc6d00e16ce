//! Promised calls to connections, at the instants at which two things happen at once.

use std::sync::Arc;

use super::{
    book::{Book, Turn},
    faults::script,
    protocol::ServerMessage,
    pump::Pump,
    rescue::tests::pump_of,
    sessions::{Inbox, Outgoing, SessionId},
    store::KeptPromise,
};
use crate::{
    engine::Input,
    id::{AgentId, CallId, GroupId},
    pii::CallerNumber,
    random::Seed,
    registry::Registry,
    time::{Duration, LocalClock},
    world::{Promise, World, WorldConfig, services, services::Services},
};

fn number() -> CallerNumber {
    CallerNumber::new("0600000042".parse().expect("digits"))
}

/// A centre with an adviser, who is to call back a number that a connection attends.
fn centre() -> (Pump, Inbox) {
    let services = Services::new(Arc::new(Registry::generated(1_000, 1)), services::Config::default(), Seed::new(1));
    let config = WorldConfig::new(script(), LocalClock::utc(), Seed::new(1), services);
    let (_, mut pump, _) = pump_of(World::new(WorldConfig { agents: false, ..config }));
    let inbox = pump.parts.sessions.open().expect("there is room");
    pump.attend(inbox.id, number());
    let promise = Promise {
        number: number(),
        queue: "help".into(),
        language: "fr".into(),
        accepted: vec![],
        since: Duration::ZERO,
        priority: 0,
        attempts: 0,
        node: None,
        recording: true,
    };
    pump.restore_promises(&[KeptPromise { id: "0-2".into(), promised_in: "0-1".into(), promise }]);
    let (agent, group) = (AgentId(0), GroupId(0));
    pump.inject(Input::AgentLoggedIn { agent, group });
    pump.inject(Input::AgentReady { agent });
    (pump, inbox)
}

/// Lets time pass, with all that is due in it or, as where the pump is held up, with nothing.
async fn pass(pump: &mut Pump, time: Duration, held_up: bool) {
    tokio::time::advance(time.to_std()).await;
    if !held_up {
        let now = pump.now();
        pump.advance(now);
        pump.tell().await;
    }
}

/// The words of what the connection was told since the last time.
fn told(inbox: &Inbox) -> Vec<String> {
    let message = |outgoing| match outgoing {
        Outgoing::Message(ServerMessage::Error { message, .. }) => format!("error: {message}"),
        Outgoing::Message(message) => {
            let json = serde_json::to_value(&message).expect("JSON");
            json["type"].as_str().expect("a type").to_owned()
        }
        Outgoing::Say { .. } | Outgoing::ToDesk(_) => "prompt".to_owned(),
    };
    std::iter::from_fn(|| inbox.take()).map(message).collect()
}

/// How long a telephone rings, and from one try to the next.
fn rules() -> (Duration, Duration) {
    let rules = script().queues[0].callback;
    (rules.ring, rules.retry_after)
}

/// After a restart telephones have so long to find the centre.
const RETURN: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn who_picks_up_when_the_ringing_is_over_hears_so_and_is_called_again() {
    let ((mut pump, inbox), (ring, retry)) = (centre(), rules());
    pass(&mut pump, RETURN, false).await;
    assert_eq!(told(&inbox), ["attending", "ringing"]);
    pass(&mut pump, ring, true).await;
    pump.answer(inbox.id);
    pump.tell().await;
    assert_eq!(told(&inbox), ["error: `answer` does not fit: there is no call"]);
    pass(&mut pump, retry, false).await;
    assert_eq!(told(&inbox), ["ringing"], "the promise stands");
    pass(&mut pump, Duration::from_secs(1), true).await;
    pump.answer(inbox.id);
    pump.tell().await;
    assert_eq!(told(&inbox), ["answered", "agent"]);
}

#[tokio::test(start_paused = true)]
async fn whose_last_call_is_not_yet_on_the_disk_is_called_as_soon_as_it_is() {
    let ((mut pump, inbox), (ring, _)) = (centre(), rules());
    let over = CallId(77);
    pump.book.set(inbox.id, Turn::Ending(over));
    pass(&mut pump, RETURN, false).await;
    assert_eq!(told(&inbox), ["attending"], "she was not told that her call is over");
    let ended =
        ServerMessage::Ended { call: "1-77".into(), cause: "caller_hung_up".into(), outcome: "abandoned".into() };
    pump.owed.insert(over, Some((inbox.id, ended.clone())));
    pass(&mut pump, Duration::from_secs(1), false).await;
    pump.durable(over);
    pump.tell().await;
    assert_eq!(told(&inbox), ["ended", "ringing"]);
    pump.answer(inbox.id);
    pump.tell().await;
    assert_eq!(told(&inbox), ["answered", "agent"]);

    // A disk that takes longer than a telephone rings: no ringing comes late.
    let (mut pump, inbox) = centre();
    pump.book.set(inbox.id, Turn::Ending(over));
    pass(&mut pump, RETURN, false).await;
    pump.owed.insert(over, Some((inbox.id, ended)));
    pass(&mut pump, ring, true).await;
    pump.durable(over);
    pass(&mut pump, Duration::ZERO, false).await;
    assert!(!told(&inbox).contains(&"answered".to_owned()));
    assert_eq!(pump.book.turn(inbox.id), None, "the line is free again");
}

#[test]
fn what_was_promised_to_a_connection_is_no_synthetic_callers_though_it_is_gone() {
    let (mut book, [call, callback, another, of_nobody]) = (Book::default(), [1, 2, 3, 4].map(CallId));
    book.set(SessionId(1), Turn::Talking(call));
    book.free(SessionId(1));
    book.promise(callback, call, number());
    assert!(book.is_of_connection(callback) && book.promised_to(callback).is_none());
    book.ended(call);
    book.promise(another, callback, number());
    assert!(book.is_of_connection(another), "a call back may promise another");
    book.promise(of_nobody, CallId(9), number());
    assert!(!book.is_of_connection(of_nobody));
    book.ended(callback);
    assert!(!book.is_of_connection(callback), "nothing is kept of a call that is over");
}
