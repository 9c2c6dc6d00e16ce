//! Ten publishes a second under thousands of calls, a third of the edits broken: no call is dropped, each ends on the version
//! it began on, what is broken is refused with a report and changes nothing.
//!
//! Against the pure world, where a storm of edits that change nothing but a remark must leave every call exactly as it is
//! without one; and against a real server on real sockets. Longer with `HATIF_STORM` seconds: `scripts/torture reload`.

#![allow(clippy::print_stdout, reason = "the figure is what the command is run for")]

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, sync::Arc};

use hatif::{
    engine::{Event, Fact},
    id::{CallId, ScriptVersion},
    live::{Server, protocol::ServerMessage},
    people::Caller,
    record::{Cdr, cdr},
    script::{Source, load, render_diagnostics},
    time::{Duration, Instant},
    world::{Notice, World},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use crate::support::{
    busy::{busy, clock, source, world},
    centre::mini,
    watch::Watch,
    wire::{Telephone, config, write_out},
};

/// How long a storm lasts, in seconds.
fn seconds(default: u64) -> u64 {
    let asked = std::env::var("HATIF_STORM").ok();
    asked.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("HATIF_STORM={text} is not a number")))
}

/// Callers of all kinds, ten a second: they choose, they wait for an adviser, they hang up or say nothing at all.
fn callers(seconds: u64) -> impl Iterator<Item = Caller> {
    let s = Duration::from_secs;
    let pace = Duration::from_millis(350);
    (0..seconds * 10).map(move |n| {
        let at = Instant::ZERO + Duration::from_millis(100 * n + 37);
        let number = format!("06{n:08}").parse().expect("ten digits");
        let caller = Caller::at(at).from(number).press(s(1), ["1", "2", "3"][n as usize % 3], pace);
        let choice = ["0", "1", "2", "3", "5", "6", "7", "99", "*"][n as usize % 9];
        caller.press(s(4), choice, pace).hang_up(s(5 + 7 * n % 90))
    })
}

/// What a storm, or the calm, came to.
struct Told {
    /// What happened to calls and agents, without the numbers of events and versions.
    log: Vec<(Instant, Fact)>,
    records: Vec<Cdr>,
    published: u64,
    refused: u64,
}

/// The same fact whatever the version.
fn without_version(fact: Fact) -> Option<Fact> {
    match fact {
        Fact::ScriptPublished { .. } => None,
        Fact::CallArrived { call, language, has_number, promised_in, origin, .. } => {
            let version = ScriptVersion(0);
            Some(Fact::CallArrived { call, version, language, has_number, promised_in, origin })
        }
        fact => Some(fact),
    }
}

struct Storm {
    world: World,
    watch: Watch,
    fold: cdr::Fold,
    began_on: BTreeMap<CallId, ScriptVersion>,
    told: Told,
}

impl Storm {
    fn listen(&mut self) {
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Event(event) => self.note(event),
                Notice::ToCaller(at, command) => self.watch.hear(at, &command),
                _ => {}
            }
        }
    }

    fn note(&mut self, event: Event) {
        self.watch.notice(&event.fact);
        if let Fact::CallArrived { call, version, promised_in, .. } = event.fact {
            // A call back follows the flow of the call in which it was promised.
            let expected = match promised_in {
                Some(before) => self.began_on[&before],
                None => self.world.engine().current_version(),
            };
            assert_eq!(version, expected, "{call}");
            self.began_on.insert(call, version);
        }
        self.told.records.extend(self.fold.apply(&event, self.world.versions()));
        self.told.log.extend(without_version(event.fact).map(|fact| (event.at, fact)));
    }

    /// Publishes edit number `n` of the centre: every third is broken, the others hold another remark.
    fn publish(&mut self, n: u64) {
        let broken = n % 3 == 2;
        let edit = |(path, text): (&Arc<str>, &str)| {
            let text = match (broken, &**path) {
                (true, "flows/main.toml") if n.is_multiple_of(2) => text.replace("to = \"menu\"", "to = \"menü\""),
                (true, "centre.toml") => text[..text.len() / 2].to_owned(),
                (false, "centre.toml") => format!("{text}\n# edit {n}\n"),
                _ => text.to_owned(),
            };
            (path.to_string(), text)
        };
        let files = Source::from_files(source("longest_idle").files().map(edit).collect());
        let (loaded, before) = (load(&files), self.world.engine().current_version());
        match loaded.script {
            Some(script) => {
                assert!(!broken, "edit {n} is broken and was accepted");
                let version = self.world.publish(self.world.now(), script).expect("it can follow");
                assert_eq!(version.0, before.0 + 1);
                self.told.published += 1;
            }
            None => {
                assert!(broken, "edit {n} is sound and was refused: {:?}", loaded.diagnostics);
                let report = render_diagnostics(&files, &loaded.diagnostics, false);
                assert!(report.contains(".toml:"), "a report names the place: {report}");
                assert_eq!(self.world.engine().current_version(), before);
                self.told.refused += 1;
            }
        }
    }
}

/// So many seconds of calls, with ten edits in each or none at all.
fn tell(seconds: u64, storm: bool) -> Told {
    let told = Told { log: Vec::new(), records: Vec::new(), published: 0, refused: 0 };
    let fold = cdr::Fold::new(clock());
    let mut all = Storm {
        world: world(busy("longest_idle"), 1, true),
        watch: Watch::default(),
        fold,
        began_on: BTreeMap::new(),
        told,
    };
    callers(seconds).for_each(|caller| all.world.add_caller(caller));
    for tenth in 0..seconds * 10 {
        all.world.advance_to(Instant::ZERO + Duration::from_millis(100 * tenth));
        all.listen();
        if storm {
            all.publish(tenth);
            all.listen();
        }
    }
    // Long enough for everybody to have hung up, been served or been called back in vain.
    all.world.advance_to(all.world.now() + Duration::from_mins(60));
    all.listen();
    all.watch.end();
    let census = all.world.engine().census();
    assert_eq!((census.offered, all.told.records.len() as u64), (census.ended, census.ended), "{census:?}");
    for record in &all.told.records {
        assert_eq!(all.began_on[&record.call], record.version, "{} changed versions", record.call);
    }
    all.told
}

#[test]
fn a_storm_of_publishes_leaves_every_call_as_it_is_without_one() {
    let seconds = seconds(30);
    let (calm, storm) = (tell(seconds, false), tell(seconds, true));
    assert!(
        storm.published >= seconds * 6 && storm.refused >= seconds * 3,
        "{} and {}",
        storm.published,
        storm.refused
    );
    assert!(storm.records.len() as u64 >= seconds * 10, "{} calls", storm.records.len());
    let first = calm.log.iter().zip(&storm.log).find(|(calm, storm)| calm != storm);
    assert_eq!(first, None, "the storm changed what happens");
    assert_eq!(calm.log.len(), storm.log.len());
    println!(
        "figure: virtual: {} calls, {} publishes, {} refused, no call dropped or changed",
        storm.records.len(),
        storm.published,
        storm.refused
    );
}

const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "bye", 2 = "adviser" }
"#;

/// Asks a server to reload; the status and what it says.
async fn reload(addr: SocketAddr) -> (u16, serde_json::Value) {
    let mut stream = TcpStream::connect(addr).await.expect("the server listens");
    let request = "POST /reload HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

/// Calls one after the other until the storm is over: each call's number and the version it was told.
async fn keep_calling(addr: SocketAddr, over: watch::Receiver<bool>) -> Vec<(String, u32)> {
    let mut calls = Vec::new();
    let mut caller = Telephone::connect(addr).await;
    while !*over.borrow() || calls.is_empty() {
        let (call, version) = caller.dial().await;
        caller.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
        caller.say(r#"{"type":"digits","keys":"1"}"#).await;
        let ended = caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
        let whole =
            matches!(&ended, ServerMessage::Ended { outcome, call: id, .. } if outcome == "contained" && *id == call);
        assert!(whole, "{call} was dropped: {ended:?}");
        calls.push((call, version));
    }
    calls
}

/// Rewrites the centre's flow for edit `n`; whether it is broken.
fn rewrite(dir: &Path, good: &str, n: u64) -> bool {
    let broken = n % 3 == 2;
    let text = match broken {
        true => good.replace("2 = \"adviser\"", "2 = \"advisor\""),
        false => format!("{good}\n# edit {n}\n"),
    };
    // As editors save: never half a file where a reader may see it.
    let aside = dir.join("main.toml.new");
    fs::write(&aside, text).expect("a file");
    fs::rename(&aside, dir.join("flows/main.toml")).expect("it is put in place");
    broken
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_storm_of_publishes_drops_no_call() {
    let (data, centre) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&mini(FLOW), centre.path());
    let mut config = config(data.path());
    config.centre = Some(centre.path().to_owned());
    let server = Server::start(config).await.expect("it starts");
    let (storm, over) = watch::channel(false);
    let callers: Vec<_> = (0..20).map(|_| tokio::spawn(keep_calling(server.addr, over.clone()))).collect();
    let good = fs::read_to_string(centre.path().join("flows/main.toml")).expect("a file");
    let mut tenths = tokio::time::interval(std::time::Duration::from_millis(100));
    let (mut published, mut refused) = (0, 0);
    for n in 0..seconds(6) * 10 {
        tenths.tick().await;
        let broken = rewrite(centre.path(), &good, n);
        let (status, said) = reload(server.addr).await;
        let version = server.health().script_version;
        if broken {
            assert_eq!((status, &said["result"]), (422, &"refused".into()), "edit {n}");
            assert!(said["report"].as_str().is_some_and(|report| report.contains("advisor")), "{said}");
            refused += 1;
        } else {
            // The watcher of the folder may have been quicker; then there is nothing new to publish.
            assert_eq!(status, 200, "{said}");
            published += 1;
        }
        assert!(version as u64 <= n + 2, "more versions than edits");
    }
    storm.send(true).expect("somebody calls");
    let mut told = BTreeMap::new();
    for caller in callers {
        told.extend(caller.await.expect("no caller fails"));
    }
    server.stop().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let mut select = db.prepare("select id, version from calls").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let written: BTreeMap<String, u32> = rows.collect::<Result<_, _>>().expect("rows");
    assert_eq!(written, told, "each call has one record, on the version it began on");
    println!(
        "figure: live: {} calls, {published} publishes, {refused} refused, no call dropped, each on its own version",
        told.len()
    );
}
