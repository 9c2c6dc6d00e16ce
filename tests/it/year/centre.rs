//! Random small centres that the checker accepts: menus, entries, questions, splits, loops, flows, services, queues, calls
//! back, messages and surveys, whichever way round.

use std::{collections::VecDeque, fmt::Write as _};

use hatif::random::Stream;
use rand::RngExt;

/// Draws.
pub struct Lots(pub Stream);

impl Lots {
    /// A number below `n`, which is at least 1.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.0.random_range(0..100) < share
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The queues every random centre has some of, so that one edition follows another's.
pub const QUEUES: [&str; 4] = ["pay", "care", "file", "late"];

const STRATEGIES: [&str; 8] =
    ["longest_idle", "fewest_calls", "least_occupied", "round_robin", "top_down", "random", "skill_level", "ring_all"];

/// What a centre looks like, as files. `languages`: how many it speaks, 1 to 3.
pub fn files(lots: &mut Lots, languages: usize) -> Vec<(String, String)> {
    let queues = 1 + lots.below(QUEUES.len());
    let flow = Flow::new(queues).written(lots);
    let sub = flow.contains("flow = \"sub\"").then(|| ("flows/sub.toml".to_owned(), SUB.to_owned()));
    let mut files =
        vec![("centre.toml".to_owned(), centre(lots, languages, queues)), ("flows/main.toml".to_owned(), flow)];
    files.extend(sub);
    for code in ["fr", "ar", "en"].iter().take(languages) {
        files.push((format!("prompts/{code}.ftl"), TEXTS.to_owned()));
    }
    files
}

const TEXTS: &str = "a = A few words to say.
b = Some more words than those before, so that they take a while to be heard.
c = Press a key.
n = There are { $n } of them.
place = You are number { $n }; about { $min } minutes.
promise = Called back between { $from } and { $to }.
bye = Goodbye.
auth =
    .num = Number
    .dob = Birth date
    .otp = Code sent to { $tail }, good for { $min } minutes
    .card = Card
    .ok = Known
    .bad = Not known
    .lock = Locked for { $delay } minutes
";

const SUB: &str = r#"
[flow]
params = { topic = "queue" }
results = { ok = "bool" }
[node.start]
kind = "confirm"
prompt = "a"
yes = "yes"
no = "queue"
[node.yes]
kind = "return"
values = { ok = true }
[node.queue]
kind = "queue"
queue = { var = "topic" }
answered = "no"
full = "no"
closed = "no"
timeout = "no"
[node.no]
kind = "return"
values = { ok = false }
"#;

fn centre(lots: &mut Lots, languages: usize, queues: usize) -> String {
    let codes = ["fr", "ar", "en"];
    let mut text = String::from(
        "[centre]\nname = \"random\"\nzone = \"Africa/Casablanca\"\nentry = \"main.n0\"\ndefault_language = \"fr\"\n\
         intents = [\"one\", \"two\", \"three\"]\noutcomes = [\"informed\"]\n[languages]\n",
    );
    codes.iter().take(languages).for_each(|code| writeln!(text, "{code} = {{}}").expect("memory"));
    let first = lots.between(3, 8);
    let inter = lots.between(1, 4);
    let _ = write!(
        text,
        "[timers]\nfirst_digit = \"{first}s\"\ninter_digit = \"{inter}s\"\n\
         [keys]\n0 = \"main.adviser\"\n9 = \"repeat\"\n\"*\" = \"back\"\n\
         [no_input]\nprompt = \"a\"\ntries = {}\nthen = \"main.adviser\"\n\
         [no_match]\nprompt = \"a\"\ntries = {}\nthen = \"main.adviser\"\n\
         [error]\nthen = \"main.adviser\"\n[hangup]\nthen = \"main.gone\"\n\
         [vars]\nn = {{ type = \"number\", initial = 0 }}\nd = {{ type = \"digits\", initial = \"7\" }}\n\
         b = {{ type = \"bool\", initial = false }}\ntopic = {{ type = \"queue\", initial = \"pay\" }}\n\
         [calendar.desk]\nhours = {{ {} }}\n",
        lots.below(3),
        lots.below(3),
        hours(lots),
    );
    let _ = writeln!(text, "[skills]\nnames = [\"pay\", \"care\", \"file\", \"late\"]");
    for queue in 0..queues {
        text.push_str(&of_queue(lots, queue, queues));
    }
    for group in 0..1 + lots.below(3) {
        text.push_str(&of_group(lots, group, languages, queues));
    }
    text
}

fn hours(lots: &mut Lots) -> String {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let spans = ["08:30-16:30", "00:00-24:00", "09:00-12:10", "10:20-10:40", "22:00-24:00"];
    let some: Vec<String> = days
        .iter()
        .filter(|day| **day == "tue" || lots.percent(70))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|day| format!("{day} = [\"{}\"]", lots.pick(&spans)))
        .collect();
    some.join(", ")
}

fn of_queue(lots: &mut Lots, queue: usize, queues: usize) -> String {
    let name = QUEUES[queue];
    let mut text = format!("[queue.{name}]\n");
    let skill = match lots.below(3) {
        0 => format!("{{ {name} = {{ min = {}, relax_after = \"{}s\" }} }}", lots.between(2, 9), lots.between(1, 90)),
        _ => format!("{{ {name} = 1 }}"),
    };
    let _ = write!(
        text,
        "skills = {skill}\nstrategy = \"{}\"\nring = \"{}s\"\nno_answer_pause = \"{}s\"\nmax_wait = \"{}s\"\npriority = {}\n\
         wrap_up_limit = \"{}s\"\nhandling = {{ mean = \"{}s\", sigma = 0.9, after_call_share = 0.2, case_share = 0.1 }}\n\
         callback = {{ ring = \"{}s\", tries = {}, retry_after = \"{}s\" }}\n",
        lots.pick(&STRATEGIES),
        lots.between(2, 20),
        lots.pick(&[0, 0, 3, 60]),
        lots.pick(&[5, 30, 120, 900]),
        lots.between(0, 20) as i64 - 10,
        lots.between(1, 120),
        lots.between(10, 300),
        lots.between(3, 30),
        lots.between(1, 3),
        lots.pick(&[1, 20, 300]),
    );
    if lots.percent(40) {
        let _ = writeln!(text, "max_length = {}", lots.between(1, 4));
    }
    if lots.percent(40) {
        let _ = writeln!(text, "ageing = \"{}s\"", lots.pick(&[1, 10, 60]));
    }
    if lots.percent(30) {
        let _ = writeln!(text, "calendar = \"desk\"");
    }
    if lots.percent(30) {
        let _ = writeln!(text, "closed_when_unstaffed = true");
    }
    let other = lots.below(queues);
    if lots.percent(40) && other != queue {
        let _ = writeln!(text, "overflow = [{{ after = \"{}s\", to = \"{}\" }}]", lots.between(0, 60), QUEUES[other]);
    }
    text
}

fn of_group(lots: &mut Lots, group: usize, languages: usize, queues: usize) -> String {
    // The first group can do everything, so that no queue is without anybody.
    let skills: Vec<String> = (0..queues)
        .filter(|_| group == 0 || lots.percent(60))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|queue| format!("{} = {}", QUEUES[queue], if group == 0 { 9 } else { lots.between(1, 9) }))
        .collect();
    let codes: Vec<String> = ["fr", "ar", "en"].iter().take(languages).map(|code| format!("\"{code}\"")).collect();
    let speaks = if group == 0 { codes.join(", ") } else { codes[lots.below(codes.len())].clone() };
    let skills = if skills.is_empty() { "pay = 1".to_owned() } else { skills.join(", ") };
    let mut text = format!(
        "[group.g{group}]\nsize = {}\nskills = {{ {skills} }}\nlanguages = [{speaks}]\nanswer_after = \"{}s\"\nno_answer_share = {}\n",
        lots.between(1, 4),
        lots.between(1, 9),
        lots.pick(&["0.0", "0.1", "0.5"]),
    );
    if group > 0 && lots.percent(40) {
        text.push_str("shift = \"desk\"\n");
    }
    text
}

/// A flow in the making: nodes that are named and not yet written.
struct Flow {
    queues: usize,
    text: String,
    named: usize,
    open: VecDeque<usize>,
    /// Nodes that wait for the caller, and to which others may therefore lead back.
    waiting: Vec<usize>,
    served: [bool; 3],
}

/// The most nodes of a random flow.
const NODES: usize = 14;

impl Flow {
    fn new(queues: usize) -> Flow {
        let (text, named, open) = (String::new(), 1, VecDeque::from([0]));
        Flow { queues, text, named, open, waiting: Vec::new(), served: [false; 3] }
    }

    fn written(mut self, lots: &mut Lots) -> String {
        while let Some(node) = self.open.pop_front() {
            self.node(lots, node);
        }
        self.endings(lots);
        self.text
    }

    /// A node that is still to be written, or one of those there always are.
    fn ahead(&mut self, lots: &mut Lots) -> String {
        if self.named < NODES && lots.percent(75) {
            self.named += 1;
            self.open.push_back(self.named - 1);
            return format!("n{}", self.named - 1);
        }
        lots.pick(&["adviser", "adviser", "bye", "promise"]).to_owned()
    }

    /// Anywhere: only from where the caller was waited for.
    fn anywhere(&mut self, lots: &mut Lots) -> String {
        match self.waiting.len() {
            0 => self.ahead(lots),
            n if lots.percent(25) => format!("n{}", self.waiting[lots.below(n)]),
            _ => self.ahead(lots),
        }
    }

    fn queue(&self, lots: &mut Lots) -> String {
        match lots.below(4) {
            0 => "{ var = \"topic\" }".to_owned(),
            _ => format!("\"{}\"", QUEUES[lots.below(self.queues)]),
        }
    }

    fn node(&mut self, lots: &mut Lots, node: usize) {
        let kind = if node == 0 { 0 } else { lots.below(16) };
        let text = match kind {
            0..=3 => self.menu(lots, node),
            4 | 5 => self.collect(lots, node),
            6 => {
                self.waiting.push(node);
                let (yes, no) = (self.anywhere(lots), self.anywhere(lots));
                format!("kind = \"confirm\"\nprompt = \"c\"\nyes = \"{yes}\"\nno = \"{no}\"\n")
            }
            7 => {
                let (left, right) = (self.ahead(lots), self.ahead(lots));
                format!(
                    "kind = \"split\"\nparts = [{{ share = 0.25, to = \"{left}\" }}, {{ share = 0.75, to = \"{right}\" }}]\n"
                )
            }
            8 => self.rounds(lots, node),
            9 => {
                let to = self.ahead(lots);
                format!(
                    "kind = \"call\"\nflow = \"sub\"\nwith = {{ topic = \"'{}'\" }}\nresults = {{ b = \"ok\" }}\nto = \"{to}\"\n",
                    QUEUES[lots.below(self.queues)]
                )
            }
            10 => self.question(lots),
            11 => {
                let (open, closed) = (self.ahead(lots), self.ahead(lots));
                format!("kind = \"hours\"\ncalendar = \"desk\"\nopen = \"{open}\"\nclosed = \"{closed}\"\n")
            }
            12 => {
                let (ok, failed) = (self.ahead(lots), self.ahead(lots));
                format!(
                    "kind = \"authenticate\"\nlevel = {}\ntries = 2\nok = \"{ok}\"\nfailed = \"{failed}\"\nno_number = \"adviser\"\n",
                    lots.between(1, 2)
                )
            }
            13 => {
                let to = self.ahead(lots);
                format!(
                    "kind = \"record\"\nprompt = \"a\"\nmax = \"{}s\"\nfinish = \"#\"\nto = \"{to}\"\n",
                    lots.between(1, 20)
                )
            }
            14 => self.queueing(lots),
            _ => {
                let to = self.ahead(lots);
                let prompt = lots.pick(&[
                    "\"b\"",
                    "{ id = \"n\", args = { n = \"n\" } }",
                    "[\"a\", { id = \"b\", when = \"b\" }]",
                ]);
                format!("kind = \"say\"\nprompt = {prompt}\nto = \"{to}\"\n")
            }
        };
        let _ = write!(self.text, "[node.n{node}]\n{text}");
    }

    fn menu(&mut self, lots: &mut Lots, node: usize) -> String {
        self.waiting.push(node);
        let mut choices = Vec::new();
        for key in 1..=1 + lots.below(4) {
            let to = self.anywhere(lots);
            let intent = lots.below(3);
            let serves = !std::mem::replace(&mut self.served[intent], true);
            let serves =
                if serves { format!(", serves = \"{}\"", ["one", "two", "three"][intent]) } else { String::new() };
            choices.push(format!("{key} = {{ to = \"{to}\"{serves} }}"));
        }
        let rest = lots.pick(&["", "barge_in = false\n", "timers = { first_digit = \"1s\" }\n", "globals = [\"0\"]\n"]);
        format!("kind = \"menu\"\nprompt = \"c\"\nchoices = {{ {} }}\n{rest}", choices.join(", "))
    }

    fn collect(&mut self, lots: &mut Lots, node: usize) -> String {
        self.waiting.push(node);
        let to = self.anywhere(lots);
        let max = lots.between(1, 6);
        let secret = lots.percent(20);
        format!(
            "kind = \"collect\"\nprompt = \"c\"\ninto = \"d\"\nmin = 1\nmax = {max}\nsecret = {secret}\nto = \"{to}\"\n"
        )
    }

    /// Round a few times by itself: a `loop` node, or a count that is looked at.
    fn rounds(&mut self, lots: &mut Lots, node: usize) -> String {
        let done = self.ahead(lots);
        if lots.percent(50) {
            let _ = write!(self.text, "[node.r{node}]\nkind = \"say\"\nprompt = \"a\"\nto = \"n{node}\"\n");
            return format!("kind = \"loop\"\ntimes = {}\nbody = \"r{node}\"\ndone = \"{done}\"\n", lots.between(1, 4));
        }
        let _ = write!(
            self.text,
            "[node.r{node}]\nkind = \"branch\"\nwhen = [{{ if = \"n < {}\", to = \"n{node}\" }}]\nelse = \"{done}\"\n",
            lots.between(1, 5)
        );
        format!("kind = \"set\"\nset = {{ n = \"n + 1\" }}\nto = \"r{node}\"\n")
    }

    fn question(&mut self, lots: &mut Lots) -> String {
        let to = self.ahead(lots);
        if lots.percent(50) {
            let condition = lots.pick(&[
                "call.has_number",
                "call.language == 'fr'",
                "n > 1 or b",
                "not b and d != '7'",
                "call.level >= 1",
            ]);
            let other = self.ahead(lots);
            return format!(
                "kind = \"branch\"\nwhen = [{{ if = \"{condition}\", to = \"{to}\" }}]\nelse = \"{other}\"\n"
            );
        }
        format!(
            "kind = \"lookup\"\nservice = \"complaint_new\"\ninto = {{ ref = \"d\" }}\noutcomes = {{ lodged = \"{to}\" }}\ntimeout = \"3s\"\n"
        )
    }

    fn queueing(&mut self, lots: &mut Lots) -> String {
        let timeout = lots.pick(&["promise", "bye", "message"]);
        let keys = lots.pick(&[
            "1 = \"stay\"",
            "1 = { to = \"promise\" }, 2 = \"stay\"",
            "1 = { language = \"fr\" }, 2 = { to = \"message\" }",
        ]);
        format!(
            "kind = \"queue\"\nqueue = {}\npriority = {}\nanswered = \"ask\"\nfull = \"message\"\nclosed = \"bye\"\n\
             timeout = \"{timeout}\"\ntreatment = [{{ after = \"0s\", prompt = \"a\" }}, {{ after = \"{}s\", every = \"{}s\", \
             prompt = {{ id = \"place\", args = {{ n = \"queue.position\", min = \"queue.expected\" }} }}, keys = {{ {keys} }} }}]\n",
            self.queue(lots),
            lots.below(3),
            lots.between(1, 20),
            lots.between(5, 40),
        )
    }

    /// What every centre has, so that every way ends and an adviser can be reached.
    fn endings(&mut self, lots: &mut Lots) {
        let adviser = self.queueing(lots);
        let promise = format!(
            "kind = \"callback\"\nqueue = {}\nprompt = \"promise\"\nto = \"bye\"\nfailed = \"bye\"\n",
            self.queue(lots)
        );
        let _ = write!(
            self.text,
            "[node.adviser]\n{adviser}[node.promise]\n{promise}\
             [node.message]\nkind = \"record\"\nprompt = \"a\"\nmax = \"10s\"\nfinish = \"#\"\nto = \"promise\"\n\
             [node.ask]\nkind = \"survey\"\nquestions = [{{ name = \"q\", prompt = \"c\", min = 1, max = 5 }}]\nto = \"bye\"\n\
             [node.gone]\nkind = \"end\"\noutcome = \"abandoned\"\n\
             [node.bye]\nkind = \"end\"\nprompt = \"bye\"\noutcome = \"informed\"\n"
        );
    }
}
