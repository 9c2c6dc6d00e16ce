//! A verdict on an identity is on the disk before it is heard: whoever kills the centre when she hears it has used up her try.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use hatif::{
    client::{Call, Options},
    engine::{Fact, Input},
    id::{CallId, PersonId},
    journal::{Pseudonyms, Writer, replay},
    live::{protocol::ServerMessage, store},
    random::Seed,
    registry::{Person, Registry, access::birth_digits},
    script::{Script, model::Key},
    time::{Instant, LocalClock},
    world::{Notice, Verdict, World, WorldConfig, services, services::Services},
};

use super::life::{Fault, Life, folder};
use crate::support::{centre::mini, rig::published};

const WRONG: &str = "31121899";

/// Somebody of the registry of [`Life::begin`] to whom a code can be sent: number and birth date.
fn somebody() -> (String, String) {
    let registry = Registry::generated(1_000, 1);
    let mut people = (0..registry.len()).filter_map(|i| registry.person(PersonId(i))).filter(Person::is_registered);
    let person = people.find(|person| person.phone_tail().is_some() && registry.number_of(person).is_some());
    let person = person.expect("there are hundreds");
    let number = registry.number_of(&person).expect("she has one").to_string();
    (number, birth_digits(&person).reveal().to_string())
}

/// A server whose writer waits so long for company that an answer which did not wait for the disk would be far ahead of it.
fn slow(data: &Path) -> Life {
    let settings = data.join("slow.toml");
    std::fs::write(&settings, "[records]\ngroup_wait = \"100ms\"\n").expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hatif"));
    command.args([
        "serve",
        "--empty",
        "--addr",
        "127.0.0.1:0",
        "--seed",
        "1",
        "--registry-size",
        "1000",
        "--speed",
        "4",
    ]);
    command.arg("--config").arg(settings).arg("--data").arg(data).stdout(Stdio::piped()).stderr(Stdio::null());
    Life::of(command)
}

/// Calls and goes to where the number is asked.
async fn reach(life: &Life) -> Call {
    let url = format!("ws://{}/call", life.addr.expect("it starts"));
    let options = Options { language: Some("en".to_owned()), ..Options::default() };
    let mut call = Call::dial(&url, &options).await.expect("an answer");
    call.press("3").await.expect("the centre listens");
    call.hear("main").await.expect("the menu");
    call.press("1").await.expect("the centre listens");
    call
}

async fn claim(call: &mut Call, number: &str, birth: &str) {
    call.press(&format!("{number}#")).await.expect("it asks for the number");
    call.hear("auth.dob").await.expect("it asks for the birth date");
    call.press(birth).await.expect("the centre listens");
}

/// How many failed checks, and how many verdicts, are on the disk.
fn kept(data: &Path) -> (i64, i64) {
    let db = store::open_to_read(data).expect("records");
    let count = |sql: &str| db.query_row(sql, [], |row| row.get(0)).expect("a count");
    (
        count("select count(*) from access_changes where change like '%failed%'"),
        count("select count(*) from audit where what in ('identity', 'code') and access in ('refused', 'granted')"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_the_instant_a_verdict_is_heard_forgets_no_failed_check() {
    let data = folder();
    let (number, birth) = somebody();
    // Of a number that nobody has and of one that somebody has, three times each; then a wrong code of hers.
    for (failed, claimed) in ["000000001", &number, "000000002", &number].into_iter().enumerate() {
        let mut life = slow(data.path());
        let mut call = reach(&life).await;
        claim(&mut call, claimed, WRONG).await;
        call.hear("auth.bad").await.expect("it is told");
        life.kill();
        let failed = failed as i64 + 1;
        assert_eq!(kept(data.path()), (failed, failed), "{claimed}");
    }
    let mut life = slow(data.path());
    let mut call = reach(&life).await;
    claim(&mut call, &number, &birth).await;
    call.hear("file").await.expect("she is known");
    assert_eq!(kept(data.path()).1, 5, "a right one is kept before it is told too");
    call.press("3").await.expect("the centre listens");
    call.hear("auth.otp").await.expect("it asks for the code");
    call.sms().await.expect("a code is sent");
    let code = call.phone().code().expect("it has a code");
    let wrong: String = code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect();
    call.press(&wrong).await.expect("the centre listens");
    call.hear("auth.bad").await.expect("it is told");
    life.kill();
    assert_eq!(kept(data.path()), (5, 6), "the code's");
}

/// The prompts of the identity check that follow a claim, until the centre listens or ends the call.
async fn answer(life: &Life, number: &str, birth: &str) -> Vec<String> {
    let mut call = reach(life).await;
    claim(&mut call, number, birth).await;
    let heard = call.log().len();
    // Nothing was judged aloud: the way for a registry that does not answer is taken.
    let _ = call.listening().await;
    let prompts = call.log()[heard..].iter().filter_map(|message| match message {
        ServerMessage::Prompt { id, .. } => Some(id.clone()),
        _ => None,
    });
    prompts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_disk_that_fails_nobody_is_told_whether_she_was_right() {
    let (number, birth) = somebody();
    // The first sync that is not part of the start fails, and so does every later one.
    for at in 5..40 {
        let data = folder();
        let fault = Fault { on: "sync", at, times: 1_000_000, what: "eio", file: "calls.db*" };
        let life = Life::begin(data.path(), &["--speed", "8"], Some(fault));
        if life.addr.is_none() {
            continue;
        }
        let mut lives = Vec::new();
        for (number, birth) in [(&*number, &*birth), (&*number, WRONG), ("000000001", WRONG)] {
            let data = folder();
            let life = Life::begin(data.path(), &["--speed", "8"], Some(fault));
            lives.push((answer(&life, number, birth).await, life, data));
        }
        let said: Vec<_> = lives.iter().map(|(said, ..)| said).collect();
        assert!(!said[0].is_empty() && said.iter().all(|other| *other == said[0]), "{said:?}");
        assert!(said[0].iter().all(|prompt| !prompt.starts_with("auth.")), "{said:?}");
        return;
    }
    panic!("no start was spared");
}

/// One identity check in the pure world, with a journal of it.
struct Held {
    world: World,
    journal: Writer<Vec<u8>>,
    script: Arc<Script>,
    call: CallId,
    /// What was told, in words.
    told: Vec<&'static str>,
    verdicts: Vec<Verdict>,
}

impl Held {
    /// Somebody claims `number` with `birth` at three seconds.
    fn claims(number: &str, birth: &str) -> Held {
        let flow = "[node.start]\nkind = \"authenticate\"\nlevel = 1\nok = \"bye\"\nfailed = \"adviser\"\n";
        let script = published(&mini(flow));
        let registry = Arc::new(Registry::generated(1_000, 1));
        let services = Services::new(registry, services::Config::default(), Seed::new(1));
        let config = WorldConfig::new(script.clone(), LocalClock::utc(), Seed::new(1), services);
        let world = World::new(WorldConfig { agents: false, tell_inputs: true, hold_verdicts: true, ..config });
        let journal = Writer::begin(Vec::new(), &script, Seed::new(1), &LocalClock::utc(), Pseudonyms::new([1; 32]));
        let (journal, call) = (journal.expect("memory"), CallId(1));
        let mut held = Held { world, journal, script, call, told: Vec::new(), verdicts: Vec::new() };
        held.tell(1_000, Input::CallArrived { caller: None, language: None, origin: None });
        for (at, keys) in [(2_000, number), (3_000, birth)] {
            for key in keys.chars().chain(['#']).filter_map(Key::from_char) {
                held.tell(at, Input::Dtmf { call, key });
            }
        }
        held
    }

    fn tell(&mut self, at_ms: u64, input: Input) {
        self.world.inject(Instant(at_ms * 1_000), input);
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Event(event) => {
                    self.journal.event(&event).expect("memory");
                    match event.fact {
                        Fact::AuthenticationFailed { .. } => self.told.push("failed"),
                        Fact::Authenticated { .. } => self.told.push("known"),
                        Fact::CallEnded { .. } => self.told.push("ended"),
                        _ => {}
                    }
                }
                Notice::Input { at, input, secret } => self.journal.input(at, &input, secret).expect("memory"),
                Notice::KeyUsed { call, key } => self.journal.used(call, key).expect("memory"),
                Notice::Access(_) => self.told.push("to be kept"),
                Notice::Audit(_) => self.told.push("audit"),
                Notice::Verdict(verdict) => {
                    self.told.push("verdict");
                    self.verdicts.push(verdict);
                }
                _ => {}
            }
        }
    }

    /// The verdict is on the disk.
    fn release(&mut self, at_ms: u64) {
        for Verdict { call, request, reply } in std::mem::take(&mut self.verdicts) {
            self.tell(at_ms, Input::Replied { call, request, reply });
        }
    }

    /// The journal runs to the same events.
    fn replays(mut self) {
        let end = Instant::from_secs(120);
        self.world.advance_to(end);
        self.listen();
        let journal = self.journal.finish(end).expect("memory");
        let report = replay(std::io::BufReader::new(&journal[..]), &[self.script]).expect("a journal");
        assert_eq!((report.difference, self.call), (None, CallId(1)));
    }
}

#[test]
fn a_world_that_holds_verdicts_tells_first_what_is_to_be_kept_and_the_caller_when_it_is() {
    let (number, birth) = somebody();
    for (claimed, born, verdict) in
        [("000000001", WRONG, "failed"), (&*number, WRONG, "failed"), (&*number, &*birth, "known")]
    {
        let mut held = Held::claims(claimed, born);
        let before: &[&str] =
            if verdict == "known" { &["audit", "verdict"] } else { &["to be kept", "audit", "verdict"] };
        assert_eq!(held.told, before, "{claimed}");
        held.release(3_020);
        assert_eq!(held.told[before.len()..].first(), Some(&verdict), "{claimed}");
        held.replays();
    }
}

#[test]
fn a_verdict_that_is_never_kept_is_never_told_and_one_that_comes_too_late_changes_nothing() {
    let (number, birth) = somebody();
    let mut ways = Vec::new();
    for (claimed, born) in [("000000001", WRONG), (&*number, WRONG), (&*number, &*birth)] {
        let mut held = Held::claims(claimed, born);
        held.world.advance_to(Instant::from_secs(9));
        held.listen();
        let told = held.told.len();
        held.release(9_500);
        assert_eq!(held.told.len(), told, "{claimed}: {:?}", held.told);
        ways.push(held.told.iter().filter(|word| ["failed", "known", "ended"].contains(word)).count());
        held.replays();
    }
    assert!(ways.iter().all(|way| *way == ways[0]) && ways[0] <= 1, "{ways:?}");
}
