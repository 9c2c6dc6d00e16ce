//! Lockouts and promised call backs of a server that is killed and started again: a real process, real sockets, records on
//! disk.

use std::path::Path;

use hatif::{
    client::{Call, Options},
    id::PersonId,
    live::protocol::{AgentState, ServerMessage},
    registry::{Person, Registry, access::birth_digits},
};

use crate::{
    live::{Process, hatif},
    routing::{FLOW, acd_with},
    support::wire::{Telephone, write_out},
};

/// The number and the birth date of the `nth` registered person of the registry that [`Process::serve`] makes.
fn somebody(nth: usize) -> (String, String) {
    let registry = Registry::generated(2_000, 1);
    let people = (0..registry.len()).filter_map(|i| registry.person(PersonId(i))).filter(Person::is_registered);
    let person = people.filter(|person| registry.number_of(person).is_some()).nth(nth).expect("there are hundreds");
    let number = registry.number_of(&person).expect("she is registered").to_string();
    (number, birth_digits(&person).reveal().to_string())
}

/// Calls from `from` and goes to where the number is asked.
async fn reach(process: &Process, from: &str) -> Call {
    let url = format!("ws://{}/call", process.addr);
    let options = Options { language: Some("en".to_owned()), ..Options::from_number(from) };
    let mut call = Call::dial(&url, &options).await.expect("an answer");
    call.press("3").await.expect("the centre listens");
    call.hear("main").await.expect("the menu");
    call.press("1").await.expect("the centre listens");
    call
}

/// Calls from `from`, claims `number` with each birth date in turn, and hangs up; the prompt that answered each.
async fn claim(process: &Process, from: &str, number: &str, births: &[&str]) -> Vec<String> {
    let mut call = reach(process, from).await;
    let mut answers = Vec::new();
    for birth in births {
        call.press(&format!("{number}#")).await.expect("it asks for the number");
        call.hear("auth.dob").await.expect("it asks for the birth date");
        call.press(birth).await.expect("the centre listens");
        let heard = call.log().len();
        call.listening().await.expect("it goes on");
        let said = call.log()[heard..].iter().find_map(|message| match message {
            ServerMessage::Prompt { id, .. } if id.starts_with("auth.") => Some(id.clone()),
            _ => None,
        });
        answers.push(said.expect("it answers"));
    }
    call.hang_up().await.expect("the line holds");
    call.ended().await.expect("the record is written");
    answers
}

/// Ends a server as a power cut does.
fn kill(mut process: Process) {
    process.child.kill().expect("it runs");
    process.child.wait().expect("it ends");
}

const WRONG: &str = "31121899";

#[tokio::test]
async fn a_kill_opens_no_locked_number_and_no_locked_telephone() {
    let data = tempfile::tempdir().expect("a folder");
    let options = ["--speed", "8"];
    let ((number, birth), (other, other_birth)) = (somebody(0), somebody(1));
    let process = Process::serve(data.path(), &options);
    assert_eq!(claim(&process, "0700000001", &number, &[&birth]).await, ["auth.ok"], "before anything went wrong");
    assert_eq!(claim(&process, "0700000002", &number, &[WRONG; 3]).await, ["auth.bad"; 3]);
    kill(process);
    let process = Process::serve(data.path(), &options);
    assert_eq!(claim(&process, "0700000003", &number, &[WRONG, WRONG]).await, ["auth.bad"; 2]);
    kill(process);
    // Five failures in two runs: not even the right birth date now, and it sounds like a wrong one.
    let process = Process::serve(data.path(), &options);
    assert_eq!(claim(&process, "0700000004", &number, &[&birth]).await, ["auth.bad"]);
    assert_eq!(claim(&process, "0700000005", &other, &[&other_birth]).await, ["auth.ok"], "others are not locked out");
    // Ten failures of one telephone, over a kill.
    for nobody in ["000000001", "000000002"] {
        assert_eq!(claim(&process, "0700000009", nobody, &[WRONG; 3]).await, ["auth.bad"; 3]);
    }
    kill(process);
    let process = Process::serve(data.path(), &options);
    assert_eq!(claim(&process, "0700000009", "000000003", &[WRONG; 3]).await, ["auth.bad"; 3]);
    assert_eq!(claim(&process, "0700000009", "000000004", &[WRONG, WRONG]).await, ["auth.bad", "auth.lock"]);
    kill(process);
    let process = Process::serve(data.path(), &options);
    assert_eq!(claim(&process, "0700000009", &other, &[&other_birth]).await, ["auth.lock"]);
    assert_eq!(claim(&process, "0700000010", &other, &[&other_birth]).await, ["auth.ok"]);
    drop(process);
    // What the centre looked at stands in its audit: no more than the limits allow, and nobody's number in clear.
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    let refused = "select count(*) from audit where what = 'identity' and access = 'refused'";
    let judged: i64 = db.query_row(refused, [], |row| row.get(0)).expect("a count");
    assert_eq!(judged, 5 + 10);
    let mut kept = db.prepare("select change from access_changes").expect("a query");
    let kept: Vec<String> = kept.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("text")).collect();
    assert!(kept.len() >= 15, "{kept:?}");
    for personal in [number.as_str(), "0700000009", WRONG, "000000001"] {
        assert!(kept.iter().all(|change| !change.contains(personal)), "{personal}: {kept:?}");
    }
}

/// A centre whose third choice promises a call back, with one agent.
fn centre(dir: &Path) {
    let desk = "[queue.pay]\nskills = { pay = 1 }\ncallback = { ring = \"1m\", tries = 2, retry_after = \"2m\" }\n\
                [queue.vip]\nskills = { vip = 1 }\n\
                [group.desk]\nsize = 1\nskills = { pay = 5, vip = 5 }\nlanguages = [\"fr\", \"ar\"]\n";
    // Nobody answers the queue while the promises are made: the desk opens later.
    write_out(&acd_with(desk, FLOW), dir);
}

/// Dials from `from`, asks to be called back, and hears the call end.
async fn promise(process: &Process, from: &str) -> String {
    let mut caller = Telephone::connect(process.addr).await;
    caller.say(&format!(r#"{{"type":"dial","from":"{from}"}}"#)).await;
    caller.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
    caller.say(r#"{"type":"digits","keys":"3"}"#).await;
    match caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await {
        ServerMessage::Ended { call, .. } => call,
        _ => unreachable!("only that passes"),
    }
}

fn records(data: &Path) -> Vec<serde_json::Value> {
    let output = hatif().args(["calls", "--format", "json", "--data"]).arg(data).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn a_promise_made_before_a_kill_rings_the_telephone_that_attends_the_number() {
    let (data, dir) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    centre(dir.path());
    let dir = dir.path().to_str().expect("a plain path");
    // Without agents nobody is called back in the first run.
    let process = Process::serve(data.path(), &["--centre", dir, "--no-agents"]);
    let first = promise(&process, "0700000001").await;
    let second = promise(&process, "0700000002").await;
    kill(process);
    let process = Process::serve(data.path(), &["--centre", dir, "--speed", "20"]);
    let mut telephone = Telephone::connect(process.addr).await;
    telephone.say(r#"{"type":"attend","from":"0700000001"}"#).await;
    assert_eq!(telephone.message().await, ServerMessage::Attending { tail: "01".into() });
    let rings = telephone.until(|message| matches!(message, ServerMessage::Ringing { .. })).await;
    let ServerMessage::Ringing { call, promised_in: Some(promised_in) } = rings else { panic!("{rings:?}") };
    assert_eq!((promised_in.as_str(), call.starts_with("2-")), (first.as_str(), true), "{call}");
    telephone.say(r#"{"type":"answer"}"#).await;
    let connected =
        |message: &ServerMessage| matches!(message, ServerMessage::Agent { state: AgentState::Connected, .. });
    telephone.until(connected).await;
    telephone.hang_up().await;
    // Nobody attends the other number: it is tried as often as the queue says, and given up with a record.
    let given_up = || records(data.path()).into_iter().find(|record| record["cause"] == "callback_unreached");
    let lost = loop {
        if let Some(record) = given_up() {
            break record;
        }
    };
    assert_eq!(lost["promised_in"].as_str(), Some(second.as_str()), "{lost:#}");
    let kept = records(data.path()).into_iter().find(|record| record["id"] == call.as_str()).expect("its record");
    assert_eq!((kept["promised_in"].as_str(), kept["agent"].as_i64()), (Some(first.as_str()), Some(0)), "{kept:#}");
    kill(process);
    // Both are done with: nothing rings after one more restart, and no number is left in the records.
    let process = Process::serve(data.path(), &["--centre", dir, "--speed", "20"]);
    drop(process);
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    let open = "select count(*) from promises where settled_utc is null or promise <> ''";
    assert_eq!(db.query_row(open, [], |row| row.get::<_, i64>(0)).expect("a count"), 0);
    assert!(records(data.path()).iter().all(|record| !record["id"].as_str().is_some_and(|id| id.starts_with("3-"))));
}

/// How long after the last digit the answer to a claim is heard, in microseconds: printed for whoever wants to look.
#[tokio::test]
#[ignore = "prints times: scripts/torture indistinguishability"]
#[expect(clippy::print_stdout, reason = "a figure for whoever runs it")]
async fn answer_times() {
    let data = tempfile::tempdir().expect("a folder");
    let process = Process::serve(data.path(), &["--speed", "8"]);
    let (locked, locked_birth) = somebody(0);
    claim(&process, "0700000001", &locked, &[WRONG; 3]).await;
    claim(&process, "0700000002", &locked, &[WRONG; 2]).await;
    let mut times = std::collections::BTreeMap::<&str, Vec<u64>>::new();
    for i in 0..150 {
        let (number, _) = somebody(1 + i);
        let nobody = format!("{:09}", 1_000 + i);
        for (j, (what, number, birth)) in
            [("unknown", &nobody, WRONG), ("wrong", &number, WRONG), ("locked", &locked, locked_birth.as_str())]
                .into_iter()
                .enumerate()
        {
            let mut call = reach(&process, &format!("071{:07}", 3 * i + j)).await;
            call.press(&format!("{number}#")).await.expect("it asks for the number");
            call.hear("auth.dob").await.expect("it asks for the birth date");
            call.listening().await.expect("it listens");
            let began = hatif::live::clock::wall();
            call.press_now(birth).await.expect("the centre listens");
            call.hear("auth.bad").await.expect("an answer");
            times.entry(what).or_default().push(hatif::live::clock::since(began).0);
            call.hang_up().await.expect("the line holds");
        }
    }
    for (what, times) in &mut times {
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "times {what}: {} answers, p10 {} p50 {} p90 {} p99 {}",
            times.len(),
            at(0.1),
            at(0.5),
            at(0.9),
            at(0.99)
        );
    }
}
