//! Persons who work as agents: over real sockets, and in the pure world, where they come and go as they like.

use std::io::BufReader;

use futures_util::{SinkExt, StreamExt};
use hatif::{
    engine::{Fact, Input},
    id::{AgentId, CallId},
    journal::{Pseudonyms, Tail, Writer, replay},
    live::{
        Server,
        agents::message::{AgentMessage, DeskMessage, DeskState, LoginRefusal, SUBPROTOCOL},
        docs,
        protocol::{AgentState, ErrorCode, ServerMessage},
        tokens::{self, Scope},
    },
    random::Seed,
    registry::Registry,
    script::Source,
    time::{Duration, Instant, LocalClock},
    world::{
        Notice, World, WorldConfig,
        services::{self, Services},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{
    centre::{CENTRE, centre},
    http::{ask, upgrade},
    rig::published,
    wire::{Plug, Telephone, config, wired, write_out},
};

/// A centre where a call waits for the desk at once. `size` agents, and these lines for its queue.
fn straight_to_the_desk(size: u32, queue: &str) -> Source {
    let staff = CENTRE.replace("size = 2", &format!("size = {size}"));
    let staff = staff.replace("skills = { help = 1 }\n", &format!("skills = {{ help = 1 }}\n{queue}\n"));
    let flow = r#"
[node.start]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
"#;
    let staff = staff.replace("main.adviser", "main.start");
    centre(&[("centre.toml", &staff), ("flows/main.toml", flow)])
}

/// A person's desk that holds every message against the schemas.
struct Desk<S> {
    socket: WebSocketStream<S>,
    says: jsonschema::Validator,
    hears: jsonschema::Validator,
    text: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Desk<S> {
    async fn over(stream: S) -> Desk<S> {
        let mut request = "ws://localhost/agent".into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, response) = client_async(request, stream).await.expect("an upgrade");
        assert_eq!(response.headers()["sec-websocket-protocol"], SUBPROTOCOL);
        let validator = |schema| jsonschema::validator_for(&schema).expect("a schema");
        let (says, hears) = (validator(docs::schema::<AgentMessage>("")), validator(docs::schema::<DeskMessage>("")));
        Desk { socket, says, hears, text: String::new() }
    }

    async fn put(&mut self, json: &str) {
        self.text += &format!("→ {json}\n");
        self.socket.send(Message::text(json)).await.expect("the line holds");
    }

    async fn say(&mut self, json: &str) {
        assert!(self.says.is_valid(&serde_json::from_str(json).expect("JSON")), "{json} does not keep to the schema");
        self.put(json).await;
    }

    async fn next(&mut self) -> DeskMessage {
        let next = async {
            loop {
                match self.socket.next().await.expect("it goes on").expect("the line holds") {
                    Message::Text(text) => return text.to_string(),
                    Message::Ping(_) => {}
                    other => panic!("heard {other:?}"),
                }
            }
        };
        let text = tokio::time::timeout(std::time::Duration::from_hours(1_000), next).await.expect("something is said");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(self.hears.is_valid(&value), "{value} does not keep to the schema");
        self.text += &format!("← {text}\n");
        serde_json::from_value(value).expect("a message of the protocol")
    }

    /// The next message is this one.
    async fn hears(&mut self, message: DeskMessage) {
        assert_eq!(self.next().await, message, "after\n{}", self.text);
    }

    async fn state(&mut self, state: DeskState) {
        self.hears(DeskMessage::State { state }).await;
    }

    /// Sits down at a place that is free at once, and takes calls.
    async fn sits(&mut self, name: &str, agent: u32) {
        self.say(&format!(r#"{{"type":"login","agent":"{name}"}}"#)).await;
        let (group, state) = ("desk".to_owned(), DeskState::NotReady);
        self.hears(DeskMessage::LoggedIn { agent, group, state }).await;
        self.say(r#"{"type":"ready"}"#).await;
        self.state(DeskState::Ready).await;
    }

    async fn offered(&mut self, id: &str) {
        match self.next().await {
            DeskMessage::Offer { call, queue, language, from, .. } => {
                assert_eq!((call.as_str(), queue.as_str(), language.as_str()), (id, "help", "fr"));
                assert_eq!(from.as_deref(), Some("********42"), "masked");
            }
            other => panic!("heard {other:?} after\n{}", self.text),
        }
    }

    async fn out_of_turn(&mut self, json: &str) {
        self.say(json).await;
        match self.next().await {
            DeskMessage::Error { code: ErrorCode::OutOfTurn, help, .. } => assert!(!help.is_empty()),
            other => panic!("heard {other:?} after\n{}", self.text),
        }
    }
}

fn agent(state: AgentState) -> impl Fn(&ServerMessage) -> bool {
    move |message| matches!(message, ServerMessage::Agent { state: of, .. } if *of == state)
}

async fn ended(telephone: &mut Telephone<impl AsyncRead + AsyncWrite + Unpin>) -> String {
    match telephone.until(|message| matches!(message, ServerMessage::Ended { .. })).await {
        ServerMessage::Ended { cause, outcome, .. } => format!("{cause} {outcome}"),
        _ => unreachable!("only that passes"),
    }
}

#[tokio::test]
async fn a_person_takes_a_call_of_a_telephone_and_it_is_kept_as_any_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = straight_to_the_desk(1, "");
    write_out(&source, &dir.path().join("centre"));
    let mut config = config(&dir.path().join("data"));
    config.centre = Some(dir.path().join("centre"));
    let journal = dir.path().join("run.journal");
    config.journal.file = Some(journal.clone());
    let server = Server::start(config).await.expect("it starts");
    let mut desk = Desk::over(TcpStream::connect(server.addr).await.expect("it listens")).await;
    desk.out_of_turn(r#"{"type":"ready"}"#).await;
    desk.put(r#"{"type":"login","agnet":"0"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Error { code: ErrorCode::UnknownField, .. }));
    desk.say(r#"{"type":"login","agent":"claims/7"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Refused { reason: LoginRefusal::Unknown, .. }));
    desk.sits("desk", 0).await;
    desk.out_of_turn(r#"{"type":"accept"}"#).await;
    desk.out_of_turn(r#"{"type":"login","agent":"0"}"#).await;

    let mut other = Desk::over(TcpStream::connect(server.addr).await.expect("it listens")).await;
    for name in [r#""desk""#, r#""desk/1""#, r#""0""#, r#""agent 0""#, "0"] {
        other.say(&format!(r#"{{"type":"login","agent":{name}}}"#)).await;
        assert!(matches!(other.next().await, DeskMessage::Refused { reason: LoginRefusal::Taken, .. }), "{name}");
    }

    let mut telephone = Telephone::connect(server.addr).await;
    let (call, _) = telephone.dial().await;
    desk.offered(&call).await;
    telephone.until(agent(AgentState::Ringing)).await;
    desk.out_of_turn(r#"{"type":"wrapped_up"}"#).await;
    desk.say(r#"{"type":"accept"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Connected { queue, .. } if queue == "help"));
    telephone.until(agent(AgentState::Connected)).await;
    desk.say(r#"{"type":"hold"}"#).await;
    desk.hears(DeskMessage::Held { call: call.clone() }).await;
    telephone.until(agent(AgentState::Held)).await;
    desk.out_of_turn(r#"{"type":"hold"}"#).await;
    desk.say(r#"{"type":"resume"}"#).await;
    desk.hears(DeskMessage::Resumed { call: call.clone() }).await;
    desk.say(r#"{"type":"transfer","queue":"nowhere"}"#).await;
    assert!(
        matches!(desk.next().await, DeskMessage::Error { code: ErrorCode::BadField, help, .. } if help.contains("help"))
    );
    desk.say(r#"{"type":"hangup"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Released { call: of, .. } if of == call));
    desk.state(DeskState::AfterCall).await;
    telephone.until(agent(AgentState::Released)).await;
    assert_eq!(ended(&mut telephone).await, "script_ended contained");
    desk.say(r#"{"type":"not_ready","reason":"meal"}"#).await;
    desk.say(r#"{"type":"wrapped_up"}"#).await;
    desk.state(DeskState::NotReady).await;
    desk.say(r#"{"type":"ready"}"#).await;
    desk.state(DeskState::Ready).await;

    // The next caller leaves by herself.
    let (call, _) = telephone.dial().await;
    desk.offered(&call).await;
    desk.say(r#"{"type":"accept"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Connected { .. }));
    telephone.hang_up().await;
    assert!(matches!(desk.next().await, DeskMessage::CallerLeft { call: of, .. } if of == call));
    desk.state(DeskState::AfterCall).await;
    desk.say(r#"{"type":"wrapped_up"}"#).await;
    desk.state(DeskState::Ready).await;
    desk.say(r#"{"type":"logout"}"#).await;
    desk.hears(DeskMessage::LoggedOut { let_go: false }).await;
    // The place is free for whoever was refused.
    other.sits("desk", 0).await;
    drop((desk, other));
    server.stop().await.expect("all is written");

    let db = hatif::live::store::open_to_read(&dir.path().join("data")).expect("records");
    let mut rows =
        db.prepare("select cause, agent, answered is not null, queue from calls order by number").expect("a query");
    let rows: Vec<(String, u32, bool, String)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    let row = |cause: &str| (cause.to_owned(), 0, true, "help".to_owned());
    assert_eq!(rows, [row("script_ended"), row("caller_hung_up")]);
    let written = std::fs::read(&journal).expect("a journal");
    let report = replay(BufReader::new(&*written), &[published(&source)]).expect("a journal");
    assert_eq!(report.difference, None);
}

/// A server on a wire whose clock stands still while anybody is busy.
async fn still(dir: &std::path::Path, size: u32, queue: &str) -> (hatif::live::RunningServer, Plug) {
    write_out(&straight_to_the_desk(size, queue), &dir.join("centre"));
    let mut config = config(&dir.join("data"));
    config.centre = Some(dir.join("centre"));
    // Desks read when the test comes to it.
    config.limits.keepalive = Duration::from_hours(100_000);
    config.limits.write_timeout = Duration::from_hours(100_000);
    // Where nobody has anything to do but the disk, time goes on in small steps and not to the end of all patience.
    tokio::spawn(async {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
        loop {
            tick.tick().await;
        }
    });
    wired(config, 64 * 1024, vec![]).await
}

#[tokio::test(start_paused = true)]
async fn a_call_turned_down_goes_to_another_agent_or_waits_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, plug) = still(dir.path(), 2, "no_answer_pause = \"30s\"").await;
    let mut first = Desk::over(plug.stream().await).await;
    let mut second = Desk::over(plug.stream().await).await;
    first.sits("desk/1", 0).await;
    second.sits("desk/2", 1).await;
    let mut telephone = plug.telephone().await;
    let (call, _) = telephone.dial().await;
    // She has been ready longest.
    first.offered(&call).await;
    first.say(r#"{"type":"reject"}"#).await;
    first.hears(DeskMessage::Withdrawn { call: call.clone() }).await;
    first.state(DeskState::Paused).await;
    second.offered(&call).await;
    telephone.until(agent(AgentState::NoAnswer)).await;
    second.say(r#"{"type":"reject"}"#).await;
    second.hears(DeskMessage::Withdrawn { call: call.clone() }).await;
    second.state(DeskState::Paused).await;
    // Nobody is left: the call waits until the first one's pause is over.
    first.state(DeskState::Ready).await;
    first.offered(&call).await;
    // Let ring, it counts as not answered too.
    first.hears(DeskMessage::Withdrawn { call: call.clone() }).await;
    first.state(DeskState::Paused).await;
    second.state(DeskState::Ready).await;
    second.offered(&call).await;
    second.say(r#"{"type":"accept"}"#).await;
    assert!(matches!(second.next().await, DeskMessage::Connected { .. }));
    telephone.hang_up().await;
    server.stop().await.expect("all is written");
    let db = hatif::live::store::open_to_read(&dir.path().join("data")).expect("records");
    let row = db.query_row("select agent, unanswered_rings from calls", [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(row.expect("a record"), (1_u32, 3_u32));
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_ends_the_conversation_and_the_simulated_agent_works_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, plug) = still(dir.path(), 1, "").await;
    let mut desk = Desk::over(plug.stream().await).await;
    desk.sits("0", 0).await;
    let mut telephone = plug.telephone().await;
    let (call, _) = telephone.dial().await;
    desk.offered(&call).await;
    desk.say(r#"{"type":"accept"}"#).await;
    assert!(matches!(desk.next().await, DeskMessage::Connected { .. }));
    telephone.until(agent(AgentState::Connected)).await;
    drop(desk);
    // The call goes on where the script says, as if the agent had hung up.
    telephone.until(agent(AgentState::Released)).await;
    assert_eq!(ended(&mut telephone).await, "script_ended contained");
    // The simulated agent answers, and ends the conversation herself.
    telephone.dial().await;
    telephone.until(agent(AgentState::Connected)).await;

    // Whoever comes now waits until she is done with the call, and hears nothing of it.
    let mut desk = Desk::over(plug.stream().await).await;
    desk.say(r#"{"type":"login","agent":"desk"}"#).await;
    let state = DeskState::HandingOver;
    desk.hears(DeskMessage::LoggedIn { agent: 0, group: "desk".to_owned(), state }).await;
    desk.out_of_turn(r#"{"type":"hangup"}"#).await;
    telephone.until(agent(AgentState::Released)).await;
    desk.state(DeskState::NotReady).await;
    ended(&mut telephone).await;
    // A telephone that rings when the connection is lost rings on in vain; then the simulated agent is back.
    desk.say(r#"{"type":"ready"}"#).await;
    desk.state(DeskState::Ready).await;
    let (call, _) = telephone.dial().await;
    desk.offered(&call).await;
    drop(desk);
    telephone.until(agent(AgentState::NoAnswer)).await;
    telephone.until(agent(AgentState::Connected)).await;
    telephone.hang_up().await;
    server.stop().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn the_transcript_in_the_readme_is_a_real_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, plug) = still(dir.path(), 1, "").await;
    let mut desk = Desk::over(plug.stream().await).await;
    desk.sits("desk", 0).await;
    let mut telephone = plug.telephone().await;
    let (call, _) = telephone.dial().await;
    desk.offered(&call).await;
    desk.say(r#"{"type":"accept"}"#).await;
    desk.next().await;
    desk.say(r#"{"type":"not_ready","reason":"break"}"#).await;
    telephone.hang_up().await;
    desk.next().await;
    desk.state(DeskState::AfterCall).await;
    desk.say(r#"{"type":"wrapped_up"}"#).await;
    desk.state(DeskState::NotReady).await;
    desk.say(r#"{"type":"logout"}"#).await;
    desk.next().await;
    server.stop().await.expect("all is written");
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol/README.md");
    let readme = std::fs::read_to_string(readme).expect("a file");
    // How long they talked depends on how long the test took to read.
    let without_times = |text: &str| {
        let lines = text.lines().map(|line| line.split("_ms\":").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(
        without_times(&readme).contains(&without_times(&desk.text)),
        "docs/protocol/README.md lacks\n{}",
        desk.text
    );
}

#[tokio::test]
async fn a_desk_needs_the_scope_agent_and_its_own_subprotocol() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("tokens.toml");
    let scopes = [Scope::Call, Scope::Watch, Scope::Operate, Scope::Agent];
    let secrets = scopes.map(|scope| tokens::make(&file, scope.word(), &[scope]).expect("a token"));
    let mut config = config(&dir.path().join("data"));
    config.security.tokens = Some(file);
    let server = Server::start(config).await.expect("it starts");
    for (scope, secret) in scopes.iter().zip(&secrets) {
        let headers = format!("authorization: Bearer {secret}\r\nsec-websocket-protocol: {SUBPROTOCOL}\r\n");
        let (status, text) = ask(server.addr, &upgrade("/agent", &headers)).await;
        assert_eq!(status, if *scope == Scope::Agent { 101 } else { 403 }, "{scope:?}: {text}");
    }
    let headers = format!("authorization: Bearer {}\r\nsec-websocket-protocol: hatif.v1\r\n", secrets[3]);
    let (status, text) = ask(server.addr, &upgrade("/agent", &headers)).await;
    assert!(status == 400 && text.contains(SUBPROTOCOL), "{text}");
    server.stop().await.expect("all is written");
}

// --------------------------------------------------------------------------------------------------------- the pure world

/// Something like chance, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A centre in which persons come, work, make mistakes and go.
struct Bustle {
    world: World,
    journal: Option<Writer<Vec<u8>>>,
    arrived: Vec<CallId>,
    ended: u64,
    answered: u64,
    taken: [bool; 3],
}

impl Bustle {
    fn hear(&mut self) {
        let journal = self.journal.as_mut().expect("it is written until the end");
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Input { at, input, secret } => journal.input(at, &input, secret).expect("memory"),
                Notice::Event(event) => {
                    journal.event(&event).expect("memory");
                    match event.fact {
                        Fact::CallArrived { call, .. } => self.arrived.push(call),
                        Fact::CallEnded { .. } => self.ended += 1,
                        Fact::CallAnswered { .. } => self.answered += 1,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn something(&mut self, now: Instant, dice: &mut Dice) {
        let who = dice.below(3) as usize;
        let agent = AgentId(who as u32);
        match dice.below(16) {
            0 | 1 => {
                self.world.inject(now, Input::CallArrived { caller: None, language: None, origin: None });
            }
            2 if !self.arrived.is_empty() => {
                let call = self.arrived[dice.below(self.arrived.len() as u64) as usize];
                self.world.inject(now, Input::CallerHungUp { call });
            }
            3 => {
                let taken = self.world.take_over(now, &format!("desk/{}", who + 1));
                assert_eq!(taken.is_ok(), !self.taken[who], "a place has one person");
                self.taken[who] = true;
            }
            4 => {
                self.world.give_back(now, agent);
                self.taken[who] = false;
            }
            done if self.taken[who] => {
                let queue = self.world.engine().queue_named("help").expect("it exists");
                let input = match done {
                    5 | 6 => Input::AgentAnswered { agent },
                    7 => Input::AgentRejected { agent },
                    8 | 9 => Input::AgentReleased { agent },
                    10 | 11 => Input::AgentReady { agent },
                    12 => Input::AgentNotReady { agent },
                    13 => Input::AgentHeld { agent },
                    14 => Input::AgentResumed { agent },
                    _ => Input::AgentTransferred { agent, queue },
                };
                self.world.inject(now, input);
            }
            _ => self.world.advance_to(now),
        }
        self.hear();
    }
}

#[test]
fn persons_may_come_and_go_at_any_moment_and_no_caller_is_forgotten() {
    for seed in 0..24 {
        let strategy = ["longest_idle", "ring_all"][seed as usize % 2];
        let queue = format!("strategy = \"{strategy}\"\nno_answer_pause = \"{}s\"", seed % 3 * 10);
        let script = published(&straight_to_the_desk(3, &queue));
        let people = std::sync::Arc::new(Registry::generated(1_000, 1));
        let services = Services::new(people, services::Config::default(), Seed::new(1));
        let config = WorldConfig::new(script.clone(), LocalClock::utc(), Seed::new(seed), services);
        let world = World::new(WorldConfig { tell_inputs: true, check_laws: true, ..config });
        let journal = Writer::begin(Vec::new(), &script, Seed::new(seed), &LocalClock::utc(), Pseudonyms::new([3; 32]));
        let mut bustle = Bustle {
            world,
            journal: Some(journal.expect("memory")),
            arrived: Vec::new(),
            ended: 0,
            answered: 0,
            taken: [false; 3],
        };
        let (mut dice, mut now) = (Dice(seed), Instant::ZERO);
        for _ in 0..600 {
            now = now + Duration::from_millis(dice.below(15_000));
            bustle.something(now, &mut dice);
        }
        assert!(bustle.answered > 10, "{} answered of seed {seed}", bustle.answered);
        // Everybody goes home; the simulated agents see to those who wait.
        for agent in 0..3 {
            bustle.world.give_back(now, AgentId(agent));
            bustle.hear();
        }
        now = now + Duration::from_hours(6);
        bustle.world.advance_to(now);
        bustle.hear();
        assert_eq!(bustle.ended, bustle.arrived.len() as u64, "calls without an end, seed {seed}");
        let journal = bustle.journal.take().expect("it was written");
        let written = journal.finish(now).expect("memory");
        let report = replay(BufReader::new(&*written), std::slice::from_ref(&script)).expect("a journal");
        assert_eq!(report.difference, None, "seed {seed}");
        assert!(matches!(report.tail, Tail::Closed { .. }));
    }
}
