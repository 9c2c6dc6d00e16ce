//! A small centre in which everything happens within minutes: every kind of node, three queues that overflow into each
//! other, agents who let it ring, calls back, a closing time. And worlds in which it runs.

use std::sync::{Arc, OnceLock};

use hatif::{
    random::Seed,
    registry::{Filter, Person, Registry, Status, access::birth_digits},
    script::{Script, Source, load},
    time::LocalClock,
    world::{World, WorldConfig, services},
};

const CENTRE: &str = r##"
[centre]
name = "busy"
zone = "Africa/Casablanca"
entry = "main.start"
default_language = "ar"
intents = ["status", "pay", "complaint"]
outcomes = ["informed"]

[languages]
ar = { rtl = true }
fr = {}
zgh = { fallback = "ar" }

[timers]
first_digit = "4s"
inter_digit = "2s"

[keys]
0 = "adviser.start"
9 = "repeat"
"*" = "back"

[no_input]
prompt = "err.in"
tries = 2
then = "adviser.start"
[no_match]
prompt = "err.bad"
tries = 2
then = "adviser.start"
[error]
then = "main.sorry"
[hangup]
then = "main.lost"

[vars]
topic = { type = "queue", initial = "status" }
ref = "digits"
answer_by = "date"
lost = { type = "number", initial = 0 }

[calendar.desk]
hours = { mon = ["08:30-16:30"], tue = ["08:30-16:30"], wed = ["08:30-16:30"], thu = ["08:30-16:30"], fri = ["08:30-16:30"] }

[skills]
names = ["status", "pay"]

[queue_defaults]
ring = "8s"
no_answer_pause = "15s"
wrap_up_limit = "30s"
handling = { mean = "45s", sigma = 0.9, after_call_share = 0.3, case_share = 0.4 }
callback = { ring = "10s", tries = 2, retry_after = "20s" }
service_level = { threshold = "20s", target = 0.8 }

[queue.status]
skills = { status = { min = 5, relax_after = "25s" } }
strategy = "STRATEGY"
max_wait = "3m"
ageing = "30s"
overflow = [{ after = "40s", to = "pay" }]

[queue.pay]
skills = { pay = 1 }
priority = 5
strategy = "STRATEGY"
max_length = 4
closed_when_unstaffed = true

[queue.office]
skills = { status = 1, pay = 1 }
strategy = "ring_all"
calendar = "desk"
no_answer_pause = "0s"
max_wait = "90s"

[group.arabic]
size = 2
skills = { status = 6, pay = 2 }
languages = ["ar"]
answer_after = "3s"
no_answer_share = 0.25
[group.french]
size = 2
skills = { status = 3, pay = 7 }
languages = ["fr", "ar"]
shift = "desk"
answer_after = "4s"
no_answer_share = 0.25
[group.amazigh]
size = 1
skills = { status = 9 }
languages = ["zgh"]
answer_after = "2s"
no_answer_share = 0.0
"##;

const MAIN: &str = r##"
[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "ar", 2 = "fr", 3 = "zgh" }
to = "notice"

[node.notice]
kind = "menu"
prompt = "notice"
choices = { 8 = "refuse" }
globals = false
timers = { first_digit = "1s" }
no_input = [{ from = 1, then = "share" }]
no_match = [{ from = 1, then = "share" }]
back = false

[node.refuse]
kind = "set"
set = { "call.recording" = "false" }
to = "share"

[node.share]
kind = "split"
parts = [{ share = 0.7, to = "menu" }, { share = 0.3, to = "rounds" }]

[node.rounds]
kind = "loop"
times = 2
body = "menu"
done = "menu"

[node.menu]
kind = "menu"
prompt = "menu"
choices = { 1 = { to = "enrol.start", serves = "status" }, 2 = { to = "pay", serves = "pay" }, 3 = { to = "complain", serves = "complaint" }, 4 = "follow", 5 = "office", 6 = "message", 7 = "promise", 8 = "office_open", 11 = "outside" }

[node.pay]
kind = "set"
set = { topic = "'pay'" }
to = "adviser.start"

[node.complain]
kind = "lookup"
service = "complaint_new"
into = { ref = "ref" }
outcomes = { lodged = "lodged" }
timeout = "3s"

[node.lodged]
kind = "say"
prompt = "lodged"
to = "menu"

[node.follow]
kind = "collect"
prompt = "which"
into = "ref"
min = 8
max = 8
keys = { "*" = "menu" }
to = "found"

[node.found]
kind = "lookup"
service = "complaint_status"
with = { ref = "ref" }
into = { answer_by = "answer_by" }
outcomes = { found = "right", unknown = "menu" }
timeout = "3s"

[node.right]
kind = "confirm"
prompt = "right"
yes = "menu"
no = "follow"

[node.office]
kind = "hours"
calendar = "desk"
open = "office_open"
closed = "sorry"

[node.office_open]
kind = "queue"
queue = "office"
answered = "adviser.ask"
full = "sorry"
closed = "sorry"
timeout = "sorry"
treatment = [{ after = "0s", every = "10s", prompt = "wait", keys = { 1 = "stay", 2 = { to = "menu" } } }]

[node.message]
kind = "record"
prompt = "message"
max = "20s"
finish = "#"
to = "menu"

[node.promise]
kind = "callback"
queue = { var = "topic" }
prompt = "promise"
to = "bye"
failed = "menu"

[node.outside]
kind = "transfer"
prompt = "outside"
destination = "head office"

[node.sorry]
kind = "say"
prompt = "sorry"
to = "failed"
[node.failed]
kind = "end"
outcome = "failed"
[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
[node.lost]
kind = "set"
set = { lost = "lost + 1" }
to = "gone"
[node.gone]
kind = "end"
outcome = "abandoned"
"##;

const ENROL: &str = r##"
[flow]
vars = { since = "date" }

[node.start]
kind = "authenticate"
level = 1
tries = 2
ok = "status"
failed = "adviser.start"
no_number = "main.menu"

[node.status]
kind = "lookup"
service = "registration"
into = { since = "since" }
outcomes = { registered = "registered", pending = "other", under_review = "other", other_cover = "other", not_transmitted = "other" }
timeout = "3s"

[node.registered]
kind = "say"
prompt = "enrolled"
to = "second"
[node.other]
kind = "say"
prompt = "not_enrolled"
to = "second"
[node.second]
kind = "authenticate"
level = 2
tries = 2
ok = "known"
failed = "main.menu"
[node.known]
kind = "end"
prompt = "bye"
outcome = "informed"
"##;

const ADVISER: &str = r##"
[node.start]
kind = "queue"
queue = { var = "topic" }
answered = "ask"
full = "main.sorry"
closed = "main.sorry"
timeout = "main.promise"
treatment = [
  { after = "0s", prompt = "wait" },
  { after = "10s", every = "15s", prompt = "place", keys = { 1 = "stay", 2 = { to = "main.promise" }, 3 = { language = "ar" }, 4 = { to = "main.menu" } } },
]

[node.ask]
kind = "survey"
questions = [{ name = "clear", prompt = "ask", min = 1, max = 5 }, { name = "kind", prompt = "ask", min = 1, max = 5 }]
to = "thanks"
[node.thanks]
kind = "end"
prompt = "bye"
outcome = "transferred"
"##;

const TEXTS: &str = "
hello = Hello.
notice = Recorded. Eight refuses.
menu = One to seven.
lodged = Your complaint is { $ref }.
which = Which?
right = By { $answer_by }?
wait = Wait.
place = You are number { $place }.
message = Speak.
promise = Between { $from } and { $to }.
outside = One moment.
sorry = Sorry.
bye = Bye.
ask = How was it?
enrolled = Since { $since }.
not_enrolled = Not yet.
err =
    .in = Nothing heard.
    .bad = Not that.
auth =
    .num = Number?
    .dob = Birth date?
    .otp = Code sent to { $tail }, valid { $min } minutes?
    .card = Card?
    .ok = Fine.
    .bad = No.
    .lock = Locked for { $delay } minutes.
month =
    .m01 = one
    .m02 = two
    .m03 = three
    .m04 = four
    .m05 = five
    .m06 = six
    .m07 = seven
    .m08 = eight
    .m09 = nine
    .m10 = ten
    .m11 = eleven
    .m12 = twelve
";

/// The files of the centre, its queues hunting by `strategy`.
pub fn source(strategy: &str) -> Source {
    let adviser =
        ADVISER.replace("prompt = \"place\"", "prompt = { id = \"place\", args = { place = \"queue.position\" } }");
    let main = MAIN.replace(
        "prompt = \"promise\"",
        "prompt = { id = \"promise\", args = { from = \"callback.from\", to = \"callback.to\" } }",
    );
    let files = [
        ("centre.toml", CENTRE.replace("STRATEGY", strategy)),
        ("flows/main.toml", main),
        ("flows/enrol.toml", ENROL.to_owned()),
        ("flows/adviser.toml", adviser),
        ("prompts/ar.ftl", TEXTS.to_owned()),
        ("prompts/fr.ftl", TEXTS.to_owned()),
        ("prompts/zgh.ftl", String::new()),
    ];
    Source::from_files(files.map(|(path, text)| (path.to_owned(), text)).into())
}

/// A changed edition, as an author would publish it in mid-run: queues and groups reordered, one of each dropped, one
/// new, sizes changed, the menu changed.
pub fn second_edition() -> Source {
    let centre = CENTRE
        .replace("STRATEGY", "longest_idle")
        .replace("[group.amazigh]\nsize = 1", "[group.riffian]\nsize = 2")
        .replace("[group.arabic]\nsize = 2", "[group.arabic]\nsize = 1")
        .replace("[group.french]\nsize = 2", "[group.french]\nsize = 3");
    let (head, groups) = centre.split_once("[queue.status]").expect("the queue is there");
    let (queues, groups) = groups.split_once("[group.arabic]").expect("the group is there");
    let moved = format!("{head}[queue.extra]\nskills = {{ pay = 1 }}\n\n[queue.status]{queues}[group.arabic]{groups}");
    let first = source("longest_idle");
    let main = first.text("flows/main.toml").expect("a flow").replace("7 = \"promise\"", "7 = \"extra\"");
    let extra = "\n[node.extra]\nkind = \"queue\"\nqueue = \"extra\"\nanswered = \"bye\"\nfull = \"promise\"\nclosed = \"promise\"\ntimeout = \"promise\"\n";
    let files = first.files().map(|(path, text)| match &**path {
        "centre.toml" => (path.to_string(), moved.clone()),
        "flows/main.toml" => (path.to_string(), main.clone() + extra),
        _ => (path.to_string(), text.to_owned()),
    });
    Source::from_files(files.collect())
}

/// A source that must be correct, as a script.
pub fn script(source: &Source) -> Arc<Script> {
    let loaded = load(source);
    let errors: Vec<_> = loaded.diagnostics.iter().map(|problem| format!("{problem:?}")).collect();
    loaded.script.unwrap_or_else(|| panic!("{}", errors.join("\n")))
}

/// The centre with a strategy, loaded once each.
pub fn busy(strategy: &str) -> Arc<Script> {
    const NAMES: [&str; 7] =
        ["longest_idle", "fewest_calls", "least_occupied", "round_robin", "top_down", "random", "skill_level"];
    static SCRIPTS: OnceLock<Vec<Arc<Script>>> = OnceLock::new();
    let scripts = SCRIPTS.get_or_init(|| NAMES.iter().map(|name| script(&source(name))).collect());
    scripts[NAMES.iter().position(|name| *name == strategy).expect("a strategy")].clone()
}

/// A Tuesday afternoon, half an hour before the desk closes.
pub fn clock() -> LocalClock {
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    LocalClock::new("2022-05-17T15:00:00Z".parse().expect("a timestamp"), &zone)
}

fn registry() -> Registry {
    static SMALL: OnceLock<Registry> = OnceLock::new();
    SMALL.get_or_init(|| Registry::generated(2_000, 1)).clone()
}

/// Services over two thousand people.
pub fn services(seed: Seed) -> services::Services {
    services::Services::new(Arc::new(registry()), services::Config::default(), seed)
}

/// What registered people key to be known, registration number and birth date, with pauses for what is said left out.
pub fn credentials() -> Vec<(String, String)> {
    let registry = registry();
    let filter = Filter { status: Some(Status::Registered), ..Filter::default() };
    let keys = |person: &Person| {
        let number = registry.number_of(person).expect("a registered person has one");
        (format!("{number}#"), birth_digits(person).reveal().to_string())
    };
    registry.find(&filter).take(5).map(|person| keys(&person)).collect()
}

/// A world of this centre that tells its inputs and checks its laws.
pub fn world(script: Arc<Script>, seed: u64, agents: bool) -> World {
    world_at(clock(), script, seed, agents)
}

/// The same on another day.
pub fn world_at(clock: LocalClock, script: Arc<Script>, seed: u64, agents: bool) -> World {
    let seed = Seed::new(seed);
    let config = WorldConfig::new(script, clock, seed, services(seed));
    World::new(WorldConfig { agents, tell_inputs: true, check_laws: true, ..config })
}
