//! Planted people: callers whose numbers, birth dates, telephones and codes are known go through a whole run, and everything
//! that the run leaves is searched for them.
//!
//! Allowed, and documented: the last two digits of a telephone (records, logs at the end of a call, `sms` and `attending`),
//! the person's index in the registry (records, audit, events), and what a caller is told on her own line. The number of a
//! promise that is still to be kept stands in the records until it is; here every promise is settled before the search.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use hatif::{
    client::{Call, CallError, Options},
    id::PersonId,
    live::protocol::ServerMessage,
    registry::{Person, Registry, access::birth_digits},
};

use crate::live::hatif;

/// Somebody to be looked for.
#[derive(Clone, Debug)]
struct Planted {
    number: String,
    birth: String,
    telephone: String,
    has_phone: bool,
}

/// So many registered people of a registry of `size`, each with a telephone that occurs nowhere else.
fn people(size: u32, count: usize) -> Vec<Planted> {
    let registry = Registry::generated(size, 1);
    let all = (0..registry.len()).filter_map(|i| registry.person(PersonId(i))).filter(Person::is_registered);
    let plant = |(i, person): (usize, Person)| {
        Some(Planted {
            number: registry.number_of(&person)?.to_string(),
            birth: birth_digits(&person).reveal().to_string(),
            telephone: format!("07{:08}", 13_579_246 + 7_919 * i as u64),
            has_phone: person.phone_tail().is_some(),
        })
    };
    // The first is the one whom the server's greeting offers to try with, by design.
    all.skip(1).enumerate().filter_map(plant).take(count).collect()
}

/// What must be nowhere: each in the spellings in which a program or a person would write it.
fn needles(people: &[Planted], codes: &[String]) -> BTreeMap<String, String> {
    let mut needles = BTreeMap::new();
    for (i, person) in people.iter().enumerate() {
        let (day, month, year) = (&person.birth[..2], &person.birth[2..4], &person.birth[4..]);
        let short = |text: &str| text.trim_start_matches('0').to_owned();
        let mut plant = |what: &str, text: String| needles.insert(text, format!("{what} of person {i}"));
        plant("the number", person.number.clone());
        plant("the number", short(&person.number));
        plant("the telephone", person.telephone.clone());
        plant("the telephone", short(&person.telephone));
        plant("the telephone", format!("+212{}", short(&person.telephone)));
        plant("the telephone", format!("212{}", short(&person.telephone)));
        plant("the birth date", person.birth.clone());
        plant("the birth date", short(&person.birth));
        plant("the birth date", format!("{year}{month}{day}"));
        for between in ["-", "/", "."] {
            plant("the birth date", [day, month, year].join(between));
            plant("the birth date", [year, month, day].join(between));
            plant("the birth date", [&short(day), &short(month), year].map(str::to_owned).join(between));
            plant("the birth date", [year, &short(month), &short(day)].map(str::to_owned).join(between));
        }
    }
    needles.extend(codes.iter().map(|code| (code.clone(), "a one-time code".to_owned())));
    needles
}

/// The needles found in `bytes`: every run of digits, and every run of digits and the signs that dates are written with. A
/// fraction of a second after a time of day is no run: its six digits would meet a code by chance.
fn found(bytes: &[u8], needles: &BTreeMap<String, String>) -> Vec<String> {
    let mut hits = BTreeSet::new();
    let digits = |c: &u8| c.is_ascii_digit();
    let dated = |c: &u8| c.is_ascii_digit() || matches!(c, b'-' | b'/' | b'.' | b'+');
    let mut look = |run: &[u8], at: usize| {
        let fraction = at >= 4 && bytes[at - 1] == b'.' && bytes[at - 4] == b':';
        if let Ok(text) = std::str::from_utf8(run)
            && let Some(what) = needles.get(text).filter(|_| !fraction && !is_of_a_mark(bytes, at))
        {
            let around = &bytes[at.saturating_sub(60)..(at + 60).min(bytes.len())];
            hits.insert(format!("{what}: {}", String::from_utf8_lossy(around)));
        }
    };
    let mut at = 0;
    for run in bytes.split(|c| !dated(c)) {
        look(run, at);
        let mut inner = at;
        for piece in run.split(|c| !digits(c)) {
            look(without_year(piece, &bytes[inner + piece.len()..]), inner);
            inner += piece.len() + 1;
        }
        at += run.len() + 1;
    }
    hits.into_iter().collect()
}

/// Whether what begins at `at` is part of a mark, 32 hexadecimal digits of a keyed hash: of so many, some are by chance
/// somebody's birth date.
fn is_of_a_mark(bytes: &[u8], at: usize) -> bool {
    let is_hex = |byte: &&u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(*byte);
    let before = bytes[..at].iter().rev().take_while(is_hex).count();
    before + bytes[at..].iter().take_while(is_hex).count() == 32
}

/// In a file of records one field follows the other without a sign between: the digits before a UTC time are another's than
/// its year, or the call `1-16` and the year 2022 would be the code 162022.
fn without_year<'a>(digits: &'a [u8], after: &[u8]) -> &'a [u8] {
    let is_time =
        matches!(after, [b'-', a, b, b'-', c, d, b'T', ..] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()));
    if is_time { &digits[..digits.len().saturating_sub(4)] } else { digits }
}

/// The keys of a journal, by call, in the order in which they were pressed: a number keyed digit by digit is still one.
fn keyed(journal: &str) -> Vec<u8> {
    let mut calls: BTreeMap<u64, String> = BTreeMap::new();
    for line in journal.lines().filter(|line| line.contains("\"dtmf\"")) {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of a journal is JSON");
        let dtmf = &line["in"]["dtmf"];
        let key = dtmf["key"].as_str().expect("a key");
        calls.entry(dtmf["call"].as_u64().expect("a call")).or_default().push_str(key);
    }
    calls.into_values().collect::<Vec<_>>().join("\n").into_bytes()
}

/// A server with everything switched on that writes.
struct Centre {
    child: Child,
    addr: SocketAddr,
    said: std::thread::JoinHandle<Vec<u8>>,
    logs: std::thread::JoinHandle<Vec<u8>>,
}

fn reading(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe");
        bytes
    })
}

impl Centre {
    fn serve(data: &Path, size: u32, format: &str) -> Centre {
        let mut child = hatif()
            .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--speed", "8", "--registry-size", &size.to_string()])
            .args(["--log-format", format, "--journal"])
            .arg(data.join("run.journal"))
            .arg("--data")
            .arg(data)
            .env("HATIF_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let logs = reading(child.stderr.take().expect("a pipe"));
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it says where it listens");
        // In words or as JSON.
        let addr = line.split("ws://").nth(1).and_then(|rest| rest.split_once("/call")).expect("an address").0;
        let addr = addr.parse().expect("an address");
        Centre { child, addr, said: reading(stdout), logs }
    }

    /// What a path says, whatever the status.
    fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.addr).expect("the server listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the line holds");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        answer
    }

    fn stop(mut self) -> (Vec<u8>, Vec<u8>) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success() && self.child.wait().expect("it ends").success());
        (self.said.join().expect("no panic"), self.logs.join().expect("no panic"))
    }
}

/// Whatever a caller may do wrong or right with what identifies her. Gives the code she was sent.
async fn call(addr: SocketAddr, person: Planted, turn: usize) -> Result<Option<String>, CallError> {
    let options = Options { language: Some("en".to_owned()), ..Options::from_number(&person.telephone) };
    let mut call = Call::dial(&format!("ws://{addr}/call"), &options).await?;
    call.press("3").await?;
    call.hear("notice.rec").await?;
    if turn % 4 == 1 {
        // Impatient: over the notice, and once more ahead of the questions.
        call.press_now(&format!("{}{}", person.number, person.birth)).await?;
    }
    call.hear("main").await?;
    if turn % 4 == 2 {
        // Ahead of the questions: the entry of the number takes its own and drops the rest.
        call.press_now(&format!("1{}#{}", person.number, person.birth)).await?;
        call.hear("auth.dob").await?;
    } else {
        call.press("1").await?;
        call.hear("auth.num").await?;
        call.press(&format!("{}#", person.number)).await?;
        call.hear("auth.dob").await?;
    }
    if turn % 4 == 3 {
        // A slip of the finger: the number again where the birth date is asked, then all of it.
        call.press(&person.number).await?;
        call.hear("auth.num").await?;
        call.press(&format!("{}#", person.number)).await?;
        call.hear("auth.dob").await?;
    }
    // Said to the line, where it does not belong.
    for mistake in ["telephone", "number", "birth"] {
        let value = [("telephone", &person.telephone), ("number", &person.number), ("birth", &person.birth)];
        let value = value.into_iter().find(|(name, _)| *name == mistake).map(|(_, value)| value.clone());
        let unknown = hatif::live::protocol::ClientMessage::Digits { keys: format!("x{}", value.unwrap_or_default()) };
        call.send(&unknown).await?;
        call.error().await?;
    }
    call.press(&person.birth).await?;
    call.hear("file").await?;
    // The family: level 2.
    call.press("3").await?;
    let mut code = None;
    if person.has_phone {
        call.hear("auth.otp").await?;
        call.sms().await?;
        code = call.phone().code();
        if let Some(code) = &code {
            call.press(code).await?;
            call.hear("fam.sum").await?;
        }
    }
    if turn.is_multiple_of(3) {
        call.press_now("0").await?;
        call.listening().await?;
    }
    call.hang_up().await?;
    call.ended().await?;
    Ok(code)
}

/// A journal without the instants that its lines begin with: of so many microseconds one or two are also somebody's birth date.
fn without_instants(journal: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(journal.to_vec()).expect("text");
    let line = |line: &str| {
        let rest = line.strip_prefix("{\"at\":").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.unwrap_or(line).to_owned() + "\n"
    };
    text.lines().map(line).collect::<String>().into_bytes()
}

/// Every length of time in the records, in milliseconds.
fn lengths(data: &Path) -> BTreeSet<String> {
    let db = hatif::live::store::open_to_read(data).expect("records");
    let mut select =
        db.prepare("select duration_ms, waited_ms, talked_ms, held_ms, message_ms from calls").expect("a query");
    let row = |row: &rusqlite::Row<'_>| (0..5).map(|i| row.get::<_, Option<i64>>(i)).collect::<Result<Vec<_>, _>>();
    let rows: Vec<Vec<Option<i64>>> = select.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows");
    rows.into_iter().flatten().flatten().map(|length| length.to_string()).collect()
}

/// Runs everybody's calls, `at_once` at a time, and searches what is left. How many bytes were searched.
async fn search(size: u32, count: usize, format: &str) -> usize {
    let data = tempfile::tempdir().expect("a folder");
    let people = people(size, count);
    assert_eq!(people.len(), count);
    let centre = Centre::serve(data.path(), size, format);
    let mut codes = Vec::new();
    let at_once = 48;
    let (mut whole, mut cut_short) = (0, String::new());
    for (group, some) in people.chunks(at_once).enumerate() {
        let mut calls = tokio::task::JoinSet::new();
        for (i, person) in some.iter().enumerate() {
            calls.spawn(call(centre.addr, person.clone(), group * at_once + i));
        }
        while let Some(done) = calls.join_next().await {
            // A call that a slow machine cut short (the centre's timers run eight times as fast) has said its numbers too.
            match done.expect("no panic") {
                Ok(code) => {
                    codes.extend(code);
                    whole += 1;
                }
                Err(error) => cut_short = error.to_string(),
            }
        }
    }
    assert!(
        whole * 2 > count && codes.len() * 5 > count,
        "{whole} calls and {} codes of {count}: {cut_short}",
        codes.len()
    );
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    for path in ["/health", "/metrics", "/records?run=1&limit=1000", "/refusals?run=1", "/live", "/ready", "/none"] {
        places.push((path.to_owned(), centre.get(path)));
    }
    let (said, logs) = centre.stop();
    places.push(("standard output".to_owned(), said));
    assert!(logs.len() > 300 * count, "every call is told of: {} bytes", logs.len());
    places.push(("logs".to_owned(), logs));
    for entry in std::fs::read_dir(data.path()).expect("the folder") {
        let path = entry.expect("a file").path();
        let bytes = std::fs::read(&path).expect("a file");
        let bytes = if path.ends_with("run.journal") { without_instants(&bytes) } else { bytes };
        places.push((path.display().to_string(), bytes));
    }
    let journal = std::fs::read_to_string(data.path().join("run.journal")).expect("the journal");
    places.push(("keys of the journal".to_owned(), keyed(&journal)));
    for kind in ["table", "csv", "json", "jsonl"] {
        let output = hatif().args(["calls", "--format", kind, "--data"]).arg(data.path()).output().expect("it runs");
        places.push((format!("hatif calls --format {kind}"), output.stdout));
    }
    // Of a thousand codes of six digits one or two are also how many milliseconds some call took: those are not looked for.
    let lengths = lengths(data.path());
    let before = codes.len();
    codes.retain(|code| !lengths.contains(code));
    assert!(codes.len() * 20 > before * 19, "{before} codes, {} of them to be looked for", codes.len());
    let needles = needles(&people, &codes);
    let mut all = Vec::new();
    for (place, bytes) in &places {
        let hits = found(bytes, &needles);
        if !hits.is_empty() {
            all.push(format!("{} hits in {place}: {:#?}", hits.len(), &hits[..hits.len().min(5)]));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    // The search finds what is there.
    let one = &people[0];
    let leak = format!("x{{\"n\":\"{}\"}} born {}-{}", one.number, &one.birth[4..], "01");
    assert_eq!(found(leak.as_bytes(), &needles).len(), 1);
    places.iter().map(|(_, bytes)| bytes.len()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_calls_is_found_in_anything_the_centre_writes() {
    for format in ["human", "json"] {
        let searched = search(2_000, 24, format).await;
        assert!(searched > 100_000, "{searched}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: scripts/torture planted"]
#[expect(clippy::print_stdout, reason = "a figure for whoever runs it")]
async fn none_of_a_thousand_people_is_found_in_anything_the_centre_writes() {
    let searched = search(20_000, 1_000, "json").await;
    println!("figure: 1000 people, {searched} bytes of logs, journal, records, metrics and answers searched, 0 hits");
}

/// What is hostile in a text that somebody logs: line ends, escapes of a terminal, marks that turn the reading direction.
const HOSTILE: &str = "ha\\nFORGED call ended\\u001b[31m\\u202e\\u2066\\r\\u0007\\u2028";

#[tokio::test]
async fn nothing_a_caller_sends_writes_its_own_lines_into_the_log() {
    for format in ["human", "json"] {
        let data = tempfile::tempdir().expect("a folder");
        let centre = Centre::serve(data.path(), 2_000, format);
        let mut caller = crate::support::wire::Telephone::connect(centre.addr).await;
        for frame in [
            format!(r#"{{"type":"dial","language":"{HOSTILE}"}}"#),
            format!(r#"{{"type":"dial","from":"{HOSTILE}"}}"#),
            format!(r#"{{"type":"{HOSTILE}"}}"#),
            format!(r#"{{"type":"digits","{HOSTILE}":1}}"#),
            format!(r#"{{"type":"digits","keys":"{HOSTILE}"}}"#),
        ] {
            caller.say(&frame).await;
            let refusal = caller.message().await;
            assert!(matches!(refusal, ServerMessage::Error { .. }), "{refusal:?}");
        }
        // A path and headers of the same kind; a byte above 0x7f is allowed in a header.
        let mut stream = TcpStream::connect(centre.addr).expect("the server listens");
        let request = "GET /call%0aFORGED%1b[31m?%0d%0a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://x\u{202e}FORGED\r\n\
                       User-Agent: \u{9b}31mFORGED\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("the line holds");
        stream.read_to_end(&mut Vec::new()).expect("an answer");
        drop(caller);
        let (said, logs) = centre.stop();
        for text in [said, logs] {
            let text = String::from_utf8_lossy(&text).into_owned();
            for line in text.lines().filter(|line| line.contains("FORGED")) {
                assert!(!line.trim_start().starts_with("FORGED"), "{format}: a line of somebody else's: {line:?}");
            }
            let turned = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{7}' | '\u{9b}');
            let hostile = text.lines().find(|line| line.contains(turned) || line.contains("\u{1b}[31m"));
            assert_eq!(hostile, None, "{format}");
        }
    }
}
