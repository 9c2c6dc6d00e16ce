//! One hour of a random centre, from nothing but its number.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use hatif::{
    engine::{Command, Event, Fact, Input},
    id::{AgentId, CallId, GroupId, LanguageId, QueueId, ScriptVersion},
    people::population::Population,
    pii::CallerNumber,
    random::{Purpose, Seed, mix},
    record::cdr,
    registry::Registry,
    scenario::{Scenario, Shelf, Stage},
    script::{Script, Source, load, model::Key},
    time::{Duration, Instant},
    world::{Fault, Notice, World, WorldConfig},
};

use super::centre::{self, Lots};
use crate::support::watch::Watch;

/// The insured people of all hours; each hour changes a copy of its own.
static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let registry = Registry::generated(2_000, 1);
    let population = Some(Arc::new(Population::of(&registry)));
    Stage { registry: Arc::new(registry), population }
});

/// When hours begin: ordinary ones, before closing, before midnight, where the offset changes, before a feast.
const BEGINNINGS: [&str; 8] = [
    "2022-05-17T10:00:00",
    "2022-05-17T15:50:00",
    "2022-05-17T23:30:00",
    "2022-03-27T01:30:00",
    "2022-05-08T01:30:00",
    "2022-04-29T14:50:00",
    "2022-12-31T23:30:00",
    "2024-02-29T08:20:00",
];

/// What an hour came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub calls: u64,
    pub events: u64,
    /// Scripts that were published, and that were refused.
    pub published: u64,
    pub refused: u64,
    /// Mixed from every event when that was asked for: two tellings of an hour must agree.
    pub digest: u64,
    /// Centres that the checker refused before one was accepted.
    pub rejected: u64,
}

/// A random centre that is accepted, its files, and how many were not.
fn accepted(lots: &mut Lots, languages: usize) -> (Arc<Script>, Vec<(String, String)>, u64) {
    for rejected in 0..20 {
        let files = centre::files(lots, languages);
        if let Some(script) = load(&Source::from_files(files.clone())).script {
            return (script, files, rejected);
        }
    }
    panic!("twenty random centres in a row were refused");
}

/// Who calls and what goes wrong by plan.
fn scenario(lots: &mut Lots, languages: usize) -> String {
    let probe = if lots.percent(15) {
        "[demand.probe]\ncallers = \"probe\"\nrate = { calls = 30, per = \"1h\" }\n"
    } else {
        ""
    };
    let calls = lots.pick(&[5, 20, 40, 80]);
    let speak = ["fr = 1.0", "fr = 0.5, ar = 0.5", "fr = 0.4, ar = 0.3, en = 0.3"][languages - 1];
    let mut text = format!(
        "title = \"an hour\"\ncentre = \"c\"\nbegins = {}\nhorizon = \"1h\"\nregistry = {{ size = 2000 }}\n\
         [demand.people]\nrate = {{ calls = {calls}, per = \"1h\" }}\nlanguages = {{ {speak} }}\n\
         intents = {{ one = 0.5, two = 0.3, three = 0.2 }}\npersonas = {{ brisk = 0.6, odd = 0.4 }}\n\
         [demand.others]\ncallers = \"outside\"\nrate = {{ calls = 5, per = \"1h\" }}\nintents = {{ two = 1.0 }}\n{probe}\
         [persona.brisk]\npatience = {{ exponential = \"{}s\" }}\nhesitation = \"500ms\"\ntakes_callback = 0.5\nsurvey = 0.5\n\
         callback_after = {{ uniform = [\"1s\", \"40s\"] }}\nannounced = {{ balks_above = 1.0, stays_with = 0.7 }}\n\
         [persona.odd]\nlistening = \"all\"\nmistake = 0.3\nsilence = 0.2\ndigit_error = 0.2\nadviser_early = 0.3\nanswers_callback = 0.5\n\
         menu_patience = {{ exponential = \"90s\" }}\npatience = {{ uniform = [\"0s\", \"3m\"] }}\n\
         [redial]\nafter_abandon = {{ exponential = \"4m\" }}\nafter_failure = {{ exponential = \"1m\" }}\nattempts = {}\n",
        lots.pick(&BEGINNINGS),
        lots.between(5, 600),
        lots.between(1, 3),
    );
    for (name, what) in [
        ("a", "service = \"all\"\ndown = 0.5"),
        ("b", "service = \"all\"\nslow = \"4s\""),
        ("c", "sms = \"down\""),
        ("d", "absent = 0.7"),
        ("e", "register = 40"),
        ("f", "entry = \"main.adviser\""),
    ] {
        if lots.percent(30) {
            let (from, to) = (lots.between(1, 30), lots.between(31, 59));
            // Counted from the beginning, whatever hour of the day that is.
            let ends = if name == "e" { String::new() } else { format!("ends = \"+{to}\"\n") };
            text.push_str(&format!("[incident.{name}]\nat = \"+{from}\"\n{ends}{what}\n"));
        }
    }
    at_local_times(&text)
}

/// Writes `+N` as the local time N minutes after the beginning.
fn at_local_times(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("begins = ")).expect("a beginning");
    let begins: jiff::civil::DateTime = line.parse().expect("a local time");
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\"+") {
        let (minutes, after) = after.split_once('"').expect("a closing quote");
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        let span = jiff::Span::new().minutes(minutes.parse::<i64>().expect("minutes"));
        // Later by the wall clock; the year's odd hours may skip or repeat some of it.
        let at = begins.to_zoned(zone).expect("a time").checked_add(span).expect("a time").datetime();
        out.push_str(before);
        out.push_str(&format!("{at}"));
        rest = after;
    }
    out + rest
}

/// The world, all that is heard of it, and the intruder's calls.
struct Hour {
    lots: Lots,
    world: World,
    watch: Watch,
    fold: cdr::Fold,
    began_on: BTreeMap<CallId, ScriptVersion>,
    ended: BTreeSet<CallId>,
    last: Option<Event>,
    intruders: Vec<CallId>,
    told: Told,
    languages: usize,
    digested: bool,
}

/// Tells hour number `number` to its end and checks everything on the way.
pub fn tell(number: u64) -> Told {
    told(number, false)
}

/// The same with a digest of every event, which takes longer.
pub fn digested(number: u64) -> Told {
    told(number, true)
}

fn told(number: u64, digested: bool) -> Told {
    let seed = Seed::new(number);
    let mut lots = Lots(seed.stream(Purpose::Split, 0x59_65_61_72));
    let languages = 1 + lots.below(3);
    let (_, files, rejected) = accepted(&mut lots, languages);
    let mut given: BTreeMap<String, String> =
        files.iter().map(|(path, text)| (format!("c/{path}"), text.clone())).collect();
    given.insert("hour.toml".to_owned(), scenario(&mut lots, languages));
    let text = given["hour.toml"].clone();
    let scenario = Scenario::read(&Shelf::Given(given.into()), "hour.toml", &[], None)
        .unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(false)));
    let config = WorldConfig { check_laws: true, ..scenario.world(&STAGE, seed) };
    let mut hour = Hour {
        lots,
        world: World::new(config),
        watch: Watch::default(),
        fold: cdr::Fold::new(scenario.clock.clone()),
        began_on: BTreeMap::new(),
        ended: BTreeSet::new(),
        last: None,
        intruders: Vec::new(),
        told: Told { rejected, ..Told::default() },
        languages,
        digested,
    };
    let mut sources = vec![files];
    while hour.world.now() < Instant::from_secs(3_600) {
        let pause = hour.lots.pick(&[0, 700, 5_000, 30_000, 90_000, 200_000]);
        hour.world.advance_to(hour.world.now() + Duration::from_millis(pause));
        hour.listen();
        hour.disturb(&mut sources);
        hour.listen();
    }
    hour.end()
}

impl Hour {
    /// Something that nobody planned.
    fn disturb(&mut self, sources: &mut Vec<Vec<(String, String)>>) {
        match self.lots.below(20) {
            0 => self.publish(sources),
            1 => {
                let (down, lost) = (self.lots.pick(&[0.0, 0.0, 0.5]), self.lots.pick(&[0.0, 0.3]));
                let delay = Duration::from_millis(self.lots.pick(&[0, 0, 100, 6_000]));
                self.world.set_fault(Fault { delay, down, lost });
            }
            2..=4 => {
                let caller = self.lots.percent(70).then(|| CallerNumber::new("0600000042".parse().expect("digits")));
                let language = self.lots.percent(50).then(|| LanguageId(self.lots.below(4) as u8));
                self.intruders
                    .extend(self.world.inject(self.world.now(), Input::CallArrived { caller, language, origin: None }));
            }
            5..=12 => {
                for _ in 0..self.lots.between(1, 5) {
                    let key = Key::from_char(self.lots.pick(&['0', '1', '1', '2', '2', '3', '4', '5', '9', '*', '#']));
                    let call = self.intruder();
                    self.inject(Input::Dtmf { call, key: key.expect("a key") });
                }
            }
            13 => {
                let call = self.intruder();
                self.inject(Input::CallerHungUp { call });
            }
            14 => {
                let call = self.intruder();
                let input = self.lots.below(3);
                self.inject(
                    [Input::CallAborted { call }, Input::CallerAnswered { call }, Input::CallerUnreachable { call }]
                        [input]
                        .clone(),
                );
            }
            _ => self.meddle(),
        }
    }

    /// One of the calls that were injected, or one of anybody's.
    fn intruder(&mut self) -> CallId {
        match self.intruders.len() {
            0 => CallId(self.lots.between(0, 9)),
            n => self.intruders[n - 1 - self.lots.below(n.min(3))],
        }
    }

    fn inject(&mut self, input: Input) {
        self.world.inject(self.world.now(), input);
    }

    /// Somebody acts for an agent, simulated or not.
    fn meddle(&mut self) {
        let agent = AgentId(self.lots.below(14) as u32);
        let (group, queue) = (GroupId(self.lots.below(4) as u16), QueueId(self.lots.below(5) as u16));
        let inputs = [
            Input::AgentLoggedIn { agent, group },
            Input::AgentReady { agent },
            Input::AgentNotReady { agent },
            Input::AgentAnswered { agent },
            Input::AgentHeld { agent },
            Input::AgentResumed { agent },
            Input::AgentReleased { agent },
            Input::AgentTransferred { agent, queue },
            Input::AgentLoggedOut { agent },
        ];
        let which = self.lots.below(inputs.len());
        self.inject(inputs[which].clone());
    }

    /// Publishes another centre, the one there is with something changed, or one with something broken.
    fn publish(&mut self, sources: &mut Vec<Vec<(String, String)>>) {
        let mut files = sources[self.lots.below(sources.len())].clone();
        match self.lots.below(3) {
            0 => files = centre::files(&mut self.lots, self.languages),
            1 => {
                // As an editor saves half a file, or with a stretch lost.
                let which = self.lots.below(files.len());
                let text = &mut files[which].1;
                let mut at = self.lots.below(text.len() + 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                text.truncate(at);
            }
            _ => {
                // Another number here and there.
                let digit = self.lots.pick(&["1", "2", "3", "5"]);
                let which = self.lots.below(2);
                files[which].1 = files[which].1.replacen(digit, self.lots.pick(&["1", "4", "8"]), 3);
            }
        }
        let loaded = load(&Source::from_files(files.clone()));
        let before = self.world.engine().current_version();
        let taken = match loaded.script {
            Some(script) => self.world.publish(self.world.now(), script).is_ok(),
            None => {
                assert!(!loaded.diagnostics.is_empty(), "a centre is refused and nobody says why");
                false
            }
        };
        let after = self.world.engine().current_version();
        assert_eq!(
            after.0,
            before.0 + u32::from(taken),
            "a refused script changes nothing, an accepted one is the next"
        );
        if taken {
            self.told.published += 1;
            sources.push(files);
        } else {
            self.told.refused += 1;
        }
    }

    /// Takes in what the world tells.
    fn listen(&mut self) {
        while let Some(notice) = self.world.poll() {
            match notice {
                Notice::Event(event) => self.note(event),
                Notice::ToCaller(at, command) => {
                    assert!(!matches!(command, Command::Ask { .. }), "the world answers questions itself");
                    self.watch.hear(at, &command);
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, event: Event) {
        self.watch.notice(&event.fact);
        self.told.events += 1;
        assert_eq!(event.seq, self.told.events, "events are numbered without a gap");
        assert!(self.last.as_ref().is_none_or(|last| last.at <= event.at), "time runs back");
        match event.fact {
            Fact::CallArrived { call, version, .. } => {
                self.told.calls += 1;
                assert_eq!(self.began_on.insert(call, version), None, "{call} arrived twice");
            }
            Fact::CallEnded { call, .. } => assert!(self.ended.insert(call), "{call} ended twice"),
            _ => {}
        }
        if self.digested {
            // What a `Debug` print tells of an event is all there is to it.
            let text = format!("{event:?}");
            self.told.digest = text.bytes().fold(self.told.digest, |digest, byte| mix(digest ^ u64::from(byte)));
        }
        if let Some(record) = self.fold.apply(&event, self.world.versions()) {
            assert_eq!(Some(&record.version), self.began_on.get(&record.call), "{} changed versions", record.call);
        }
        self.last = Some(event);
    }

    /// Nobody calls any more; whoever is still there after ten minutes is sent home.
    fn end(mut self) -> Told {
        self.inject(Input::DrainBegan);
        self.world.advance_to(self.world.now() + Duration::from_mins(10));
        self.inject(Input::DrainEnded);
        self.listen();
        self.watch.end();
        let census = self.world.engine().census();
        let all = self.told.calls;
        assert_eq!((census.offered, census.ended, self.ended.len() as u64), (all, all, all), "calls are missing");
        assert_eq!(self.fold.in_progress(), 0, "records are still being written");
        self.told
    }
}
