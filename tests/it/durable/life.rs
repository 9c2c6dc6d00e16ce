//! A real server that is killed or whose disk fails, the callers it has, and what its records say afterwards.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{SinkExt, StreamExt};
use hatif::live::{
    protocol::{SUBPROTOCOL, ServerMessage},
    store,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// Whether the long form of an attack was asked for.
pub fn full() -> bool {
    std::env::var("TORTURE_SCALE").is_ok_and(|scale| scale == "full")
}

/// What an attack has to tell; the short form keeps silent.
pub fn tell(line: &str) {
    if full() {
        use std::io::Write;
        // Nobody reads it: then nobody misses it.
        let _ = writeln!(std::io::stdout(), "told: {line}");
    }
}

/// A folder in memory where there is one: a kill spares what the system has taken over, so a slow disk adds nothing.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder")
}

/// The library of faults, built once.
fn faults() -> &'static Path {
    static BUILT: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
        let dir = tempfile::tempdir().expect("a folder");
        let library = dir.path().join("faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durable/faults.c");
        let built =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
        assert!(built.expect("the C compiler that builds SQLite is there").success());
        (dir, library)
    });
    &BUILT.1
}

/// A settings file under which a few callers may call as fast as they can; with at most `group` records a write.
pub fn settings(group: usize) -> PathBuf {
    static MADE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let path = MADE.path().join(format!("group-{group}-{}.toml", MADE_SO_FAR.fetch_add(1, Ordering::Relaxed)));
    let text = format!("[limits]\nmessages_per_second = 1000000\n[records]\ngroup = {group}\n");
    std::fs::write(&path, text).expect("a file");
    path
}

static MADE_SO_FAR: AtomicUsize = AtomicUsize::new(0);

/// Records a write at most, unless a test is about that.
const GROUP: usize = 512;

/// When the disk fails or the server is killed.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// `write`, `sync` or `any`.
    pub on: &'static str,
    /// Which of these, from 1 on.
    pub at: usize,
    /// How many in a row.
    pub times: usize,
    /// `kill`, `killed`, `torn`, `eio` or `enospc`.
    pub what: &'static str,
    /// Of which file.
    pub file: &'static str,
}

/// A running `hatif serve`; killed when the test is done with it.
pub struct Life {
    child: Child,
    /// Where it listens; `None`: it ended before it said so.
    pub addr: Option<std::net::SocketAddr>,
}

impl Life {
    /// A small empty centre over `data`.
    pub fn begin(data: &Path, options: &[&str], fault: Option<Fault>) -> Life {
        Life::grouping(data, GROUP, options, fault)
    }

    /// The same, with at most `group` records a write.
    pub fn grouping(data: &Path, group: usize, options: &[&str], fault: Option<Fault>) -> Life {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hatif"));
        command.args(["serve", "--empty", "--addr", "127.0.0.1:0", "--seed", "1", "--registry-size", "1000", "--data"]);
        command
            .arg(data)
            .arg("--config")
            .arg(settings(group))
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(Fault { on, at, times, what, file }) = fault {
            command.env("LD_PRELOAD", faults()).env("FAULT_FILE", file).env("FAULT_ON", on).env("FAULT_DO", what);
            command.env("FAULT_AT", at.to_string()).env("FAULT_TIMES", times.to_string());
        }
        Life::of(command)
    }

    /// Any command that serves and tells its address first.
    pub fn of(mut command: Command) -> Life {
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line or the end");
        let addr = line.split("ws://").nth(1).and_then(|rest| rest.trim().strip_suffix("/call"));
        Life { child, addr: addr.and_then(|addr| addr.parse().ok()) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Sends it SIGTERM.
    pub fn ask(&self) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits until it has ended, for a minute at most; its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        let began = hatif::live::clock::wall();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return status.code();
            }
            let waited = hatif::live::clock::since(began);
            assert!(waited < hatif::time::Duration::from_secs(60), "it does not end");
            std::thread::yield_now();
        }
    }

    /// Asks it to end, and waits until it has; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What callers were told.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Ids>>);

#[derive(Default)]
struct Ids {
    ringing: BTreeSet<String>,
    ended: BTreeSet<String>,
}

impl Told {
    /// How many calls were told `ended`.
    pub fn ended(&self) -> usize {
        self.0.lock().expect("nobody panics").ended.len()
    }

    fn hear(&self, message: &ServerMessage) -> bool {
        let mut ids = self.0.lock().expect("nobody panics");
        match message {
            ServerMessage::Ringing { call, .. } => assert!(ids.ringing.insert(call.clone()), "{call} was given twice"),
            ServerMessage::Ended { call, .. } => {
                assert!(ids.ended.insert(call.clone()), "{call} ended twice");
                return true;
            }
            _ => {}
        }
        false
    }

    /// Every call that was told `ended` has its record, and no record is of a call that nobody made.
    pub fn holds(&self, data: &Path) {
        let found = self.holds_at_least(data);
        let ids = self.0.lock().expect("nobody panics");
        // A call may have been taken whose `ringing` was killed on its way.
        assert!(found <= ids.ringing.len() + MAX_CALLERS, "records of calls that nobody made");
    }

    /// Every call that was told `ended` has its record, once. How many records there are.
    pub fn holds_at_least(&self, data: &Path) -> usize {
        let ids = self.0.lock().expect("nobody panics");
        let db = match store::open_to_read(data) {
            // Killed before there was anything to keep.
            Err(store::StoreError::Missing(_)) if ids.ended.is_empty() => return 0,
            db => db.expect("records"),
        };
        let mut select = db.prepare("select id, run || '-' || number from calls").expect("a query");
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let rows: Vec<(String, String)> =
            select.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows");
        let found: BTreeSet<&String> = rows.iter().map(|(id, _)| id).collect();
        assert_eq!(found.len(), rows.len(), "a record is there twice");
        assert!(rows.iter().all(|(id, number)| id == number), "a record is of another call");
        let lost: Vec<_> = ids.ended.iter().filter(|id| !found.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        found.len()
    }
}

/// More than any of these tests has callers at once, over all kills.
const MAX_CALLERS: usize = 64;

/// A telephone that notices when the server is gone.
pub struct Caller(WebSocketStream<TcpStream>);

/// The server is gone.
#[derive(Debug)]
pub struct GoneServer;

impl Caller {
    pub async fn connect(addr: std::net::SocketAddr) -> Result<Caller, GoneServer> {
        let stream = TcpStream::connect(addr).await.map_err(|_| GoneServer)?;
        let mut request = "ws://localhost/call".into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.map_err(|_| GoneServer)?;
        Ok(Caller(socket))
    }

    pub async fn say(&mut self, json: &str) -> Result<(), GoneServer> {
        self.0.send(Message::text(json)).await.map_err(|_| GoneServer)
    }

    pub async fn message(&mut self) -> Result<ServerMessage, GoneServer> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("a message")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return Err(GoneServer),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), next).await.expect("the server says something")
    }

    /// Dials and waits until the centre has answered, or refuses: then false.
    pub async fn dial(&mut self, told: &Told) -> Result<bool, GoneServer> {
        self.say(r#"{"type":"dial","language":"fr"}"#).await?;
        loop {
            let message = self.message().await?;
            told.hear(&message);
            match message {
                ServerMessage::Answered { .. } => return Ok(true),
                ServerMessage::Refused { .. } => return Ok(false),
                ServerMessage::Error { .. } => panic!("{message:?}"),
                _ => {}
            }
        }
    }

    /// Hangs up and waits for `ended`.
    pub async fn hang_up(&mut self, told: &Told) -> Result<(), GoneServer> {
        self.say(r#"{"type":"hangup"}"#).await?;
        while !told.hear(&self.message().await?) {}
        Ok(())
    }
}

/// `callers` telephones make `calls` calls each, one after another, until they have, are refused, or the server is gone;
/// whether it is.
pub async fn crowd(addr: std::net::SocketAddr, callers: usize, calls: usize, told: &Told) -> bool {
    let one = |told: Told| async move {
        let mut caller = Caller::connect(addr).await?;
        for _ in 0..calls {
            if !caller.dial(&told).await? {
                break;
            }
            caller.hang_up(&told).await?;
        }
        Ok::<(), GoneServer>(())
    };
    let all: Vec<_> = (0..callers).map(|_| tokio::spawn(one(told.clone()))).collect();
    let mut gone = false;
    for caller in all {
        gone |= caller.await.expect("no caller panics").is_err();
    }
    gone
}
