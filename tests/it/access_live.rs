//! Lockouts and promised call backs of a server that is killed and started again: a real process, real sockets, records on
//! disk.

use std::{net::SocketAddr, path::Path};

use hatif::{
    client::{Call, Options},
    id::PersonId,
    live::{
        self, Server, ShowCodes,
        protocol::{AgentState, ServerMessage},
    },
    registry::{Person, Registry, access::birth_digits},
};

use crate::{
    live::{Process, hatif},
    routing::{FLOW, acd_with},
    support::wire::{Telephone, config, until, write_out},
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

#[test]
fn codes_are_shown_where_only_this_machine_can_dial() {
    let shown = |show: ShowCodes, addr: &str| show.on(addr.parse().expect("an address"));
    for (addr, here) in [("127.0.0.1:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true)].into_iter().chain([
        ("0.0.0.0:1", false),
        ("[::]:1", false),
        ("192.0.2.7:1", false),
    ]) {
        assert_eq!(shown(ShowCodes::default(), addr), here, "{addr}");
        assert!(shown(ShowCodes::Always, addr) && !shown(ShowCodes::Never, addr), "{addr}");
    }
}

#[tokio::test]
async fn where_codes_are_not_shown_none_is_sent_and_the_card_is_asked() {
    let registry = Registry::generated(2_000, 1);
    let people = (0..registry.len()).filter_map(|i| registry.person(PersonId(i)));
    let mut people = people.filter(|person| person.is_registered() && person.phone_tail().is_some());
    let person = people.find(|person| registry.number_of(person).is_some()).expect("there are hundreds");
    let number = registry.number_of(&person).expect("she has one");
    for show_codes in [ShowCodes::Loopback, ShowCodes::Never] {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = config(data.path());
        config.security.show_codes = show_codes;
        let server = Server::start(config).await.expect("it starts");
        let english = Options { language: Some("en".to_owned()), ..Options::from_number("0700000001") };
        let mut call = Call::dial(&format!("ws://{}/call", server.addr), &english).await.expect("an answer");
        let birth = birth_digits(&person).reveal();
        for keys in ["3", "1", &format!("{number}#"), &birth.to_string(), "3"] {
            call.press(keys).await.expect("the centre listens");
        }
        let (asked, shown) = match show_codes {
            ShowCodes::Never => ("auth.card", false),
            _ => ("auth.otp", true),
        };
        call.hear(asked).await.expect("she is asked for the second proof");
        if shown {
            call.sms().await.expect("the text of the code");
        }
        call.hang_up().await.expect("the line holds");
        call.ended().await.expect("the record is written");
        let texts = call.log().iter().any(|message| matches!(message, ServerMessage::Sms { .. }));
        assert_eq!(texts, shown, "{show_codes:?}");
        server.stop().await.expect("all is written");
    }
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
async fn promise(addr: SocketAddr, from: &str) -> String {
    let mut caller = Telephone::connect(addr).await;
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
    let first = promise(process.addr, "0700000001").await;
    let second = promise(process.addr, "0700000002").await;
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
    until("the other promise is given up", async || given_up().is_some()).await;
    let lost = given_up().expect("it was there");
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

/// A server whose centre promises, in this process; nobody answers unless `agents` do.
fn promising(data: &Path, dir: &Path, agents: bool) -> live::Config {
    let mut config = config(data);
    (config.centre, config.agents) = (Some(dir.to_owned()), agents);
    config
}

#[tokio::test]
async fn promises_keep_nobody_out_and_a_centre_that_stops_waits_for_none_of_them() {
    let (data, dir) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    centre(dir.path());
    let mut config = promising(data.path(), dir.path(), false);
    config.limits.max_calls = 1;
    let server = Server::start(config.clone()).await.expect("it starts");
    for from in ["0700000001", "0700000002", "0700000003"] {
        promise(server.addr, from).await;
    }
    let mut caller = Telephone::connect(server.addr).await;
    caller.dial().await;
    caller.hang_up().await;
    // One signal; nobody is in a call.
    let stopped = live::clock::wall();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    assert!(live::clock::since(stopped) < config.drain, "it waited for promises");
    assert_eq!(records(data.path()).len(), 4);
    // Once more, and now somebody is in a call when the time is up.
    let server = Server::start(config).await.expect("it starts");
    let mut caller = Telephone::connect(server.addr).await;
    caller.dial().await;
    server.ask_to_stop();
    server.ask_to_stop();
    caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    server.finished().await.expect("all is written");
    let records = records(data.path());
    assert_eq!(records.len(), 5, "nobody was called back, so no record tells of it: {records:#?}");
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    let open = "select count(*) from promises where settled_utc is null";
    assert_eq!(db.query_row(open, [], |row| row.get::<_, i64>(0)).expect("a count"), 3);
}

/// The promises on record by number: since when and how often tried, in the order in which they were written.
fn promises(data: &Path) -> Vec<(String, serde_json::Value)> {
    let db = rusqlite::Connection::open(data.join("calls.db")).expect("the records");
    let mut select = db.prepare("select id, promise from promises order by rowid").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).expect("rows");
    let read = |(id, text): (String, String)| (id, serde_json::from_str(&text).unwrap_or_default());
    rows.map(|row| read(row.expect("two texts"))).collect()
}

#[tokio::test]
async fn who_waited_longest_before_a_restart_is_called_first_and_a_try_in_vain_costs_no_place() {
    let (data, dir) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    centre(dir.path());
    let server = Server::start(promising(data.path(), dir.path(), false)).await.expect("it starts");
    promise(server.addr, "0700000001").await;
    promise(server.addr, "0700000002").await;
    server.stop().await.expect("all is written");
    // As if the second had been waiting before the first, which came back to her queue with a place of her own.
    let written = promises(data.path());
    let (first, second) = (written[0].1["since"].clone(), written[1].1["since"].clone());
    assert!(first.as_u64() < second.as_u64(), "{written:?}");
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    for ((id, promise), since) in written.into_iter().zip([second.clone(), first.clone()]) {
        let mut promise = promise;
        promise["since"] = since;
        db.execute("update promises set promise = ? where id = ?", [promise.to_string(), id]).expect("a row");
    }
    drop(db);
    let mut config = promising(data.path(), dir.path(), true);
    config.speed = 2.0;
    let server = Server::start(config).await.expect("it starts");
    let mut telephone = Telephone::connect(server.addr).await;
    telephone.say(r#"{"type":"attend","from":"0700000002"}"#).await;
    telephone.until(|message| matches!(message, ServerMessage::Ringing { .. })).await;
    // There is one agent: whoever attends no telephone is tried only after her, if she were the second.
    let tried =
        || promises(data.path()).into_iter().filter(|(_, promise)| promise["attempts"].as_u64() > Some(0)).count();
    assert_eq!(tried(), 0, "the first was called before the one who waited longer");
    telephone.say(r#"{"type":"hangup"}"#).await;
    until("both were tried in vain", async || tried() == 2).await;
    let since: Vec<_> = promises(data.path()).into_iter().map(|(_, promise)| promise["since"].clone()).collect();
    assert_eq!(since, [second, first], "they wait since then, however often they are tried");
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

/// How long after the last digit the answer to a claim is heard, in microseconds: printed for whoever wants to look.
#[tokio::test]
#[ignore = "prints times: scripts/torture indistinguishability"]
#[expect(clippy::print_stdout, reason = "a figure for whoever runs it")]
async fn answer_times() {
    let data = tempfile::tempdir().expect("a folder");
    let settings = data.path().join("hatif.toml");
    // The lock outlives the run, however slow the machine is.
    std::fs::write(&settings, "[access]\nclaim_locks = [\"24h\"]\n").expect("a file");
    let process = Process::serve(data.path(), &["--speed", "8", "--config", &settings.display().to_string()]);
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
            let began = live::clock::wall();
            call.press_now(birth).await.expect("the centre listens");
            call.hear("auth.bad").await.expect("an answer");
            times.entry(what).or_default().push(live::clock::since(began).0);
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
