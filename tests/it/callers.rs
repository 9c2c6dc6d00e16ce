//! Synthetic callers: they find their way by what options are for, and err, wait, give up and call again like people.

use std::{collections::BTreeMap, sync::Arc};

use hatif::{
    engine::{Event, Fact, event::LeftQueue},
    id::{CallId, LanguageId},
    people::{
        cast::Cast,
        demand::rules::{DemandRules, PeopleFilter, RedialRules, Source, Volume, Whom},
        distribution::Distribution,
        guide::{Goal, Guide, Step},
        persona::{Announced, Listening, Persona},
        population::Population,
        staffing::StaffingRules,
    },
    random::Seed,
    registry::{Registry, Status},
    script::{
        Script, Source as Files, load,
        model::{IntentId, Outcome},
    },
    time::{Duration, Instant, LocalClock},
    world::{World, WorldConfig, services},
};

use crate::support::centre::{ENDINGS, centre};

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn fixed(millis: u64) -> Distribution {
    Distribution::Deterministic(Duration::from_millis(millis))
}

/// Somebody who listens to all, never errs and never gives up.
fn steady() -> Persona {
    Persona {
        name: "steady".into(),
        listening: Listening::All,
        hesitation: fixed(700),
        between_keys: fixed(300),
        mistake: 0.0,
        digit_error: 0.0,
        silence: 0.0,
        adviser_early: 0.0,
        adviser_after: 0.0,
        menu_patience: Distribution::Never,
        patience: Distribution::Never,
        announced: Announced { balks_above: f64::INFINITY, stays_with: 1.0 },
        takes_callback: 0.0,
        answers_callback: 1.0,
        callback_after: fixed(4_000),
        survey: 1.0,
    }
}

fn never_again() -> RedialRules {
    RedialRules {
        after_abandon: Distribution::Never,
        after_failure: Distribution::Never,
        attempts: 1,
        not_before: None,
    }
}

fn source(people: Whom, intent: Option<IntentId>, calls: u64, every: Duration) -> Source {
    Source {
        name: "callers".into(),
        people,
        volume: Volume::Trace((1..=calls).map(|n| Instant::ZERO + every * n).collect()),
        factor: 1.0,
        intents: intent.map(|intent| (intent, 1.0)).into_iter().collect(),
        adviser_after: [].into(),
        languages: [].into(),
        personas: [(0, 1.0)].into(),
    }
}

fn cast(sources: Vec<Source>, persona: Persona, redial: RedialRules) -> Cast {
    Cast {
        demand: DemandRules { sources: sources.into() },
        personas: [persona].into(),
        redial,
        staffing: StaffingRules::default(),
    }
}

fn default_centre() -> Arc<Script> {
    load(&Files::embedded()).script.expect("the default centre has no errors")
}

/// Tuesday 17 May 2022, from this UTC time on; the advisers are there from 07:30 to 15:30.
fn tuesday(time: &str) -> LocalClock {
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    LocalClock::new(format!("2022-05-17T{time}:00Z").parse().expect("a timestamp"), &zone)
}

/// Everything that happens until `until`, with every law of the engine checked.
fn run(script: &Arc<Script>, clock: LocalClock, cast: Cast, until: Instant) -> Vec<Event> {
    run_agents(script, clock, cast, until, true)
}

fn run_agents(script: &Arc<Script>, clock: LocalClock, cast: Cast, until: Instant, agents: bool) -> Vec<Event> {
    let registry = Arc::new(Registry::generated(20_000, 1));
    let seed = Seed::new(5);
    let services = services::Services::new(registry.clone(), services::Config::default(), seed);
    let config = WorldConfig::new(script.clone(), clock, seed, services);
    let population = Some(Arc::new(Population::of(&registry)));
    let cast = Some(Arc::new(cast));
    let mut world = World::new(WorldConfig { cast, population, agents, check_laws: true, ..config });
    let mut events = Vec::new();
    world.watch(until, &mut |event| events.push(event.clone()));
    events
}

/// The facts of each call, in order.
fn by_call(events: &[Event]) -> BTreeMap<CallId, Vec<&Event>> {
    let mut calls: BTreeMap<CallId, Vec<&Event>> = BTreeMap::new();
    for event in events {
        if let Some(call) = event.fact.call() {
            calls.entry(call).or_default().push(event);
        }
    }
    calls
}

fn outcome(call: &[&Event]) -> Option<Outcome> {
    call.iter().find_map(|event| match event.fact {
        Fact::CallEnded { outcome, .. } => Some(outcome),
        _ => None,
    })
}

fn chose(call: &[&Event], intent: IntentId) -> bool {
    call.iter().any(|event| matches!(event.fact, Fact::ChoiceMade { serves, .. } if serves == Some(intent)))
}

/// What happened to a call, for a failing test.
fn path(script: &Script, call: &[&Event]) -> String {
    let step = |event: &&Event| match &event.fact {
        Fact::NodeEntered { node, .. } => Some(script.node(*node).name.to_string()),
        Fact::PromptPlayed { .. } => None,
        fact => Some(format!("{fact:?}")),
    };
    call.iter().filter_map(step).collect::<Vec<_>>().join("\n  ")
}

#[test]
fn every_intent_reaches_its_answer_or_an_adviser_in_every_language() {
    let script = default_centre();
    let anybody = Whom::Registry(PeopleFilter { status: Some(Status::Registered), ..PeopleFilter::default() });
    let mut sources = Vec::new();
    for intent in (0..script.intents.len()).map(|i| IntentId(i as u16)) {
        sources.push(source(anybody.clone(), Some(intent), 30, s(60)));
        for language in (0..script.languages.len()).map(|l| LanguageId(l as u8)) {
            let outside = source(Whom::Outside, Some(intent), 3, s(500));
            sources.push(Source { languages: [(language, 1.0)].into(), ..outside });
        }
    }
    let events = run(&script, tuesday("09:00"), cast(sources, steady(), never_again()), Instant::from_secs(4 * 3_600));
    let calls = by_call(&events);
    assert_eq!(calls.len(), script.intents.len() * 42);
    let mut contained = vec![0; script.intents.len()];
    let mut languages = vec![0; script.languages.len()];
    for call in calls.values() {
        let Fact::CallArrived { origin: Some(origin), .. } = call[0].fact else { panic!("{:?}", call[0]) };
        let intent = origin.intent.expect("every caller wants something");
        let ended = outcome(call);
        let told = || format!("{}: {}", script.intents[intent.0 as usize], path(&script, call));
        assert!(matches!(ended, Some(Outcome::Contained | Outcome::Transferred)), "{}", told());
        // Who has no number cannot get at her file by herself.
        let asked = call.iter().any(|event| matches!(event.fact, Fact::CallQueued { .. }));
        assert!(chose(call, intent) || (origin.region == 0 && asked), "{}", told());
        assert!(!call.iter().any(|event| matches!(event.fact, Fact::NoInput { count, .. } if count > 1)), "{}", told());
        contained[intent.0 as usize] += usize::from(ended == Some(Outcome::Contained));
        for event in call {
            if let Fact::LanguageSet { language, .. } = event.fact {
                languages[language.index()] += 1;
            }
        }
    }
    assert!(events.iter().any(|event| matches!(event.fact, Fact::SurveyAnswered { question: 1, .. })));
    assert!(contained.iter().all(|n| *n >= 10), "{:?}: {contained:?}", script.intents);
    assert!(languages.iter().all(|n| *n >= 3 * script.intents.len()), "{languages:?}");
}

#[test]
fn who_mis_keys_errs_and_hesitates_still_gets_there() {
    let script = default_centre();
    let clumsy = Persona {
        listening: Listening::Option(0.7),
        hesitation: Distribution::Exponential { mean: s(1) },
        mistake: 0.15,
        digit_error: 0.02,
        silence: 0.1,
        ..steady()
    };
    let registered = Whom::Registry(PeopleFilter { status: Some(Status::Registered), ..PeopleFilter::default() });
    let sources =
        (0..script.intents.len()).map(|i| source(registered.clone(), Some(IntentId(i as u16)), 60, s(30))).collect();
    let events = run(&script, tuesday("09:00"), cast(sources, clumsy, never_again()), Instant::from_secs(3 * 3_600));
    let calls = by_call(&events);
    let mut reached = 0;
    for call in calls.values() {
        let Fact::CallArrived { origin: Some(origin), .. } = call[0].fact else { panic!("{:?}", call[0]) };
        assert!(outcome(call).is_some(), "still going on: {}", path(&script, call));
        let helped = matches!(outcome(call), Some(Outcome::Contained | Outcome::Transferred));
        reached += usize::from(
            helped && (chose(call, origin.intent.expect("an intent")) || outcome(call) == Some(Outcome::Transferred)),
        );
    }
    let slips = events.iter().filter(|event| matches!(event.fact, Fact::NoMatch { .. })).count();
    let silences = events.iter().filter(|event| matches!(event.fact, Fact::NoInput { .. })).count();
    assert!(slips > 40 && silences > 500, "{slips} slips, {silences} silences");
    assert!(reached * 100 >= calls.len() * 93, "{reached} of {}", calls.len());
}

/// One queue and nothing else: the centre of the textbook.
fn one_queue(treatment: &str) -> Arc<Script> {
    let keep = "[node.keep]\nkind = \"callback\"\nqueue = \"help\"\nto = \"promised\"\nfailed = \"bye\"\n\
                [node.promised]\nkind = \"end\"\noutcome = \"callback\"\n";
    let flow = format!(
        "[node.adviser]\nkind = \"queue\"\nqueue = \"help\"\nanswered = \"bye\"\nfull = \"bye\"\nclosed = \"bye\"\n\
         timeout = \"bye\"\n{treatment}\n[node.bye]\nkind = \"end\"\nprompt = \"bye\"\noutcome = \"contained\"\n{}",
        if treatment.contains("keep") { keep } else { "" }
    );
    let head = crate::support::centre::CENTRE.replace("main.start", "main.adviser");
    let texts = "place = Place { $n }\nbye = Bye\nerr-in = Nothing heard\nerr-bad = Not that\n";
    let texts = if treatment.is_empty() { texts.replace("place = Place { $n }\n", "") } else { texts.to_owned() };
    let files =
        [("centre.toml", &*head), ("flows/main.toml", &flow), ("prompts/fr.ftl", &texts), ("prompts/ar.ftl", &texts)];
    let loaded = load(&centre(&files));
    loaded.script.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

const OFFERS: &str = "treatment = [{ after = \"10s\", every = \"60s\", prompt = { id = \"place\", args = { n = \"queue.position\" } }, keys = { 1 = { to = \"keep\" } } }]";

fn outside(calls: u64, every: Duration) -> Vec<Source> {
    vec![source(Whom::Outside, None, calls, every)]
}

fn left(events: &[Event]) -> Vec<(CallId, Duration, LeftQueue)> {
    let left = |event: &Event| match event.fact {
        Fact::CallLeftQueue { call, waited, reason, .. } => Some((call, waited, reason)),
        _ => None,
    };
    events.iter().filter_map(left).collect()
}

#[test]
fn patience_ends_to_the_microsecond() {
    let patience = Duration::from_micros(37_123_457);
    let persona = Persona { patience: Distribution::Deterministic(patience), ..steady() };
    let script = one_queue("");
    let cast = cast(outside(5, s(7)), persona, never_again());
    let events = run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(1_000), false);
    let left = left(&events);
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|&(_, waited, reason)| waited == patience && reason == LeftQueue::Abandoned), "{left:?}");
}

/// Ninety seconds are all she has: sixty in the first queue, thirty in the second.
#[test]
fn patience_is_the_callers_and_not_the_queues() {
    let queue = |timeout: &str| {
        format!("kind = \"queue\"\nanswered = \"bye\"\nfull = \"bye\"\nclosed = \"bye\"\ntimeout = \"{timeout}\"\n")
    };
    let files = crate::support::centre::CENTRE.replace("[queue.help]\n", "[queue.help]\nmax_wait = \"60s\"\n")
        + "\n[queue.late]\nskills = { help = 1 }\n";
    let flow = format!(
        "entry = \"adviser\"\n[node.adviser]\n{}queue = \"help\"\n[node.second]\n{}queue = \"late\"\n\
         [node.start]\nkind = \"say\"\nprompt = \"hello\"\nto = \"adviser\"\n\
         [node.bye]\nkind = \"end\"\nprompt = \"bye\"\noutcome = \"contained\"\n",
        queue("second"),
        queue("bye"),
    )
    .replace("entry = \"adviser\"\n", "");
    let loaded = load(&centre(&[("centre.toml", &files), ("flows/main.toml", &flow)]));
    let script = loaded.script.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let persona = Persona { patience: fixed(90_000), ..steady() };
    let cast = cast(outside(3, s(10)), persona, never_again());
    let events = run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(600), false);
    let waits = left(&events);
    assert_eq!(waits.len(), 6, "{waits:?}");
    for (_, waited, why) in waits {
        match why {
            LeftQueue::TimedOut => assert_eq!(waited, s(60)),
            LeftQueue::Abandoned => assert_eq!(waited, s(30)),
            other => panic!("{other:?}"),
        }
    }
}

/// A node more elsewhere sends nobody another way.
#[test]
fn a_split_keeps_its_callers_apart_alike_in_an_edited_script() {
    let ways = |extra: &str| {
        let bye = |name: &str| format!("[node.{name}]\nkind = \"end\"\nprompt = \"{name}\"\noutcome = \"contained\"\n");
        let (more, first) = match extra {
            "" => (String::new(), "part"),
            extra => (format!("[node.{extra}]\nkind = \"say\"\nprompt = \"more\"\nto = \"part\"\n"), extra),
        };
        let flow = format!(
            "[node.start]\nkind = \"say\"\nprompt = \"hello\"\nto = \"{first}\"\n{more}[node.part]\nkind = \"split\"\n\
             parts = [{{ share = 0.5, to = \"one\" }}, {{ share = 0.4, to = \"two\" }}, {{ share = 0.1, to = \"adviser\" }}]\n{}{}[node.adviser]\nkind = \"queue\"\n\
             queue = \"help\"\nanswered = \"one\"\nfull = \"one\"\nclosed = \"one\"\ntimeout = \"one\"\n",
            bye("one"),
            bye("two"),
        );
        let loaded = load(&centre(&[("centre.toml", crate::support::centre::CENTRE), ("flows/main.toml", &flow)]));
        let script = loaded.script.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let cast = cast(outside(60, s(5)), steady(), never_again());
        let events = run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(600), false);
        let way = |event: &Event| match event.fact {
            Fact::NodeEntered { node, .. } => Some(script.node(node).name.to_string()),
            _ => None,
        };
        events.iter().filter_map(way).filter(|name| name.ends_with("one") || name.ends_with("two")).collect::<Vec<_>>()
    };
    let plain = ways("");
    assert!(plain.len() > 40, "{plain:?}");
    assert!(plain.iter().any(|way| way != &plain[0]));
    assert_eq!(ways("earlier"), plain);
}

#[test]
fn the_same_caller_has_the_same_patience_whoever_else_calls_and_works() {
    let script = one_queue("");
    let persona = Persona { patience: Distribution::Exponential { mean: s(30) }, ..steady() };
    let lots = |agents: bool, calls: u64| {
        let cast = cast(outside(calls, s(3)), persona.clone(), never_again());
        let events = run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(4_000), agents);
        let mut by_lot = BTreeMap::new();
        for call in by_call(&events).values() {
            let Fact::CallArrived { origin: Some(origin), .. } = call[0].fact else { panic!("{:?}", call[0]) };
            let facts: Vec<Event> = call.iter().map(|event| (*event).clone()).collect();
            by_lot.insert(origin.lot, (call[0].at, left(&facts).first().map(|left| left.1)));
        }
        by_lot
    };
    let (alone, served) = (lots(false, 200), lots(true, 400));
    let mut abandoned_in_both = 0;
    for (lot, (at, patience)) in &alone {
        let (at_too, waited) = served.get(lot).expect("the same people call");
        assert_eq!(at, at_too);
        if let Some(waited) = waited {
            assert_eq!(Some(*waited), *patience, "lot {lot}");
            abandoned_in_both += 1;
        }
    }
    assert!((10..200).contains(&abandoned_in_both), "{abandoned_in_both}");
}

#[test]
fn who_abandons_calls_again_as_the_same_person_until_she_gives_up() {
    let script = one_queue("");
    let persona = Persona { patience: fixed(20_000), ..steady() };
    let redial = RedialRules {
        after_abandon: fixed(600_000),
        after_failure: Distribution::Never,
        attempts: 3,
        not_before: None,
    };
    let cast = cast(outside(1, s(100)), persona, redial);
    let events = run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(10_000), false);
    let calls: Vec<_> = events
        .iter()
        .filter_map(|event| match event.fact {
            Fact::CallArrived { origin: Some(origin), .. } => Some((event.at, origin.attempt, origin.lot)),
            _ => None,
        })
        .collect();
    let times: Vec<_> = calls.iter().map(|call| (call.0.as_micros() / 1_000_000, call.1)).collect();
    assert_eq!(times, [(100, 1), (720, 2), (1_340, 3)]);
    assert!(calls[0].2 != calls[1].2 && calls[1].2 != calls[2].2, "{calls:?}");
}

#[test]
fn an_announced_wait_makes_her_leave_or_ask_to_be_called_back() {
    let script = one_queue(OFFERS);
    let told = |persona: Persona| {
        let cast = cast(outside(1, s(10)), persona, never_again());
        run_agents(&script, LocalClock::utc(), cast, Instant::from_secs(3_600), false)
    };
    let patient = Persona { patience: fixed(300_000), ..steady() };
    let stays = told(patient.clone());
    assert_eq!(left(&stays), [(CallId(1), s(300), LeftQueue::Abandoned)]);
    let balks = told(Persona { announced: Announced { balks_above: 0.1, stays_with: 1.0 }, ..patient.clone() });
    assert_eq!(left(&balks), [(CallId(1), s(10), LeftQueue::Abandoned)]);
    let loses_heart = told(Persona { announced: Announced { balks_above: 10.0, stays_with: 0.5 }, ..patient.clone() });
    let waited = left(&loses_heart)[0].1;
    assert!(waited > s(60) && waited < s(160), "{waited}");
    let accepts = told(Persona { takes_callback: 1.0, ..patient });
    assert_eq!(left(&accepts)[0].2, LeftQueue::Callback);
    assert!(accepts.iter().any(|event| matches!(event.fact, Fact::CallbackPromised { call: CallId(1), .. })));
}

#[test]
fn a_call_back_asked_for_at_night_is_answered_in_the_morning_or_let_ring() {
    let script = default_centre();
    let asks = Persona { adviser_early: 1.0, takes_callback: 1.0, ..steady() };
    let pay = script.intents.iter().position(|name| &**name == "payment").map(|i| IntentId(i as u16));
    let night = |persona: Persona, redial: RedialRules| {
        let sources = vec![source(Whom::Registry(PeopleFilter::default()), pay, 20, s(30))];
        run(&script, tuesday("20:00"), cast(sources, persona, redial), Instant::from_secs(24 * 3_600))
    };
    let events = night(asks.clone(), never_again());
    let calls = by_call(&events);
    assert_eq!(calls.len(), 40, "twenty calls and twenty calls back");
    for (id, call) in &calls {
        let back = matches!(call[0].fact, Fact::CallArrived { promised_in: Some(_), .. });
        let expected = if back { Outcome::Transferred } else { Outcome::Callback };
        assert_eq!(outcome(call), Some(expected), "{id}: {}", path(&script, call));
        let queue = call.iter().find_map(|event| match event.fact {
            Fact::CallQueued { queue, .. } => Some(script.queues[queue.index()].name.to_string()),
            _ => None,
        });
        assert!(!back || queue.as_deref() == Some("pay"), "asked about her matter: {queue:?}");
    }

    let redial = RedialRules { after_failure: fixed(60_000), attempts: 2, ..never_again() };
    let events = night(Persona { answers_callback: 0.0, ..asks }, redial);
    let unreached = |call: &Vec<&Event>| outcome(call) == Some(Outcome::Failed);
    assert!(by_call(&events).values().filter(|call| unreached(call)).count() >= 20);
    let again = events.iter().filter(
        |event| matches!(event.fact, Fact::CallArrived { promised_in: None, origin: Some(origin), .. } if origin.attempt == 2),
    );
    assert_eq!(again.count(), 20, "a call back that never reached her leaves the matter open");
}

#[test]
fn who_would_call_at_night_waits_for_the_morning() {
    let script = default_centre();
    let redial = RedialRules {
        after_abandon: fixed(3_600_000),
        after_failure: fixed(3_600_000),
        attempts: 2,
        not_before: hatif::time::TimeOfDay::new(9, 0),
    };
    let asks = Persona { adviser_early: 1.0, ..steady() };
    let sources = vec![source(Whom::Registry(PeopleFilter::default()), Some(IntentId(0)), 3, s(30))];
    let clock = tuesday("20:00");
    let events = run(&script, clock.clone(), cast(sources, asks, redial), Instant::from_secs(20 * 3_600));
    let again: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.fact, Fact::CallArrived { origin: Some(origin), .. } if origin.attempt == 2))
        .map(|event| clock.local(event.at).1)
        .collect();
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|time| time.hour() == 9), "{again:?}");
}

#[test]
fn files_are_opened_by_one_time_code() {
    let script = default_centre();
    let amo = script.intents.iter().position(|name| &**name == "amo_file").map(|i| IntentId(i as u16));
    let registered = PeopleFilter { status: Some(Status::Registered), ..PeopleFilter::default() };
    let sources = vec![source(Whom::Registry(registered), amo, 40, s(30))];
    let events = run(&script, tuesday("09:00"), cast(sources, steady(), never_again()), Instant::from_secs(3_600));
    let count = |is: fn(&Fact) -> bool| events.iter().filter(|event| is(&event.fact)).count();
    assert!(count(|fact| matches!(fact, Fact::CodeSent { .. })) > 20);
    let second = hatif::script::catalogue::AccessLevel::L2;
    let opened =
        events.iter().filter(|e| matches!(e.fact, Fact::Authenticated { level, .. } if level == second)).count();
    assert_eq!(opened, 40, "by code, or by card where there is no phone");
    assert_eq!(count(|fact| matches!(fact, Fact::AuthenticationFailed { .. })), 0);
}

#[test]
fn whoever_tries_numbers_is_locked_out_and_gets_in_nowhere() {
    let script = default_centre();
    let sources = vec![source(Whom::Probe { telephones: 3 }, None, 60, s(20))];
    let events = run(&script, tuesday("09:00"), cast(sources, steady(), never_again()), Instant::from_secs(3 * 3_600));
    let failed = |wanted: bool| {
        events
            .iter()
            .filter(|e| matches!(e.fact, Fact::AuthenticationFailed { locked, .. } if locked == wanted))
            .count()
    };
    assert!(failed(false) >= 30, "{}", failed(false));
    assert!(failed(true) >= 20, "{}", failed(true));
    assert!(!events.iter().any(|event| matches!(event.fact, Fact::Authenticated { .. })));
    assert!(by_call(&events).values().all(|call| outcome(call).is_some()));
}

#[test]
fn where_no_option_serves_anything_callers_go_along_the_first_choices() {
    let flow = "[node.start]\nkind = \"menu\"\nprompt = \"one\"\nchoices = { 2 = \"second\", 3 = \"bye\" }\n\
                [node.second]\nkind = \"menu\"\nprompt = \"two\"\nchoices = { 5 = \"bye\", 6 = \"start\" }\n";
    let flow = format!("{flow}{ENDINGS}");
    let loaded = load(&centre(&[("centre.toml", crate::support::centre::CENTRE), ("flows/main.toml", &flow)]));
    let script = loaded.script.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let cast = cast(outside(4, s(60)), steady(), never_again());
    let events = run(&script, LocalClock::utc(), cast, Instant::from_secs(1_000));
    for call in by_call(&events).values() {
        let keys: Vec<_> = call
            .iter()
            .filter_map(|event| match event.fact {
                Fact::ChoiceMade { key, .. } => Some(key.as_char()),
                _ => None,
            })
            .collect();
        assert_eq!((keys, outcome(call)), (vec!['2', '5'], Some(Outcome::Contained)));
    }
}

#[test]
fn a_busy_centre_with_every_kind_of_node_keeps_its_laws_and_forgets_its_callers() {
    let script = crate::support::busy::busy("longest_idle");
    let clumsy = Persona {
        listening: Listening::For(fixed(900)),
        hesitation: Distribution::Exponential { mean: Duration::from_millis(800) },
        mistake: 0.15,
        digit_error: 0.05,
        silence: 0.1,
        adviser_early: 0.2,
        adviser_after: 0.3,
        menu_patience: Distribution::Exponential { mean: s(200) },
        patience: Distribution::Exponential { mean: s(90) },
        announced: Announced { balks_above: 3.0, stays_with: 0.8 },
        takes_callback: 0.5,
        answers_callback: 0.6,
        survey: 0.5,
        ..steady()
    };
    let redial =
        RedialRules { after_abandon: fixed(120_000), after_failure: fixed(300_000), attempts: 3, not_before: None };
    let mut sources =
        vec![source(Whom::Outside, None, 60, s(19)), source(Whom::Probe { telephones: 2 }, None, 10, s(61))];
    for intent in (0..script.intents.len()).map(|i| IntentId(i as u16)) {
        sources.push(source(Whom::Registry(PeopleFilter::default()), Some(intent), 60, s(23)));
    }
    let registry = Arc::new(Registry::generated(2_000, 1));
    let seed = Seed::new(9);
    let services = services::Services::new(registry.clone(), services::Config::default(), seed);
    let config = WorldConfig::new(script, crate::support::busy::clock(), seed, services);
    let population = Some(Arc::new(Population::of(&registry)));
    let cast = Some(Arc::new(cast(sources, clumsy, redial)));
    let mut world = World::new(WorldConfig { cast, population, check_laws: true, ..config });
    let (mut arrived, mut ended) = (0, 0);
    world.watch(Instant::from_secs(20_000), &mut |event| match event.fact {
        Fact::CallArrived { .. } => arrived += 1,
        Fact::CallEnded { .. } => ended += 1,
        _ => {}
    });
    assert!(arrived > 250, "{arrived}");
    assert_eq!(
        (arrived, world.matters()),
        (ended, 0),
        "nobody is left on the telephone, and nothing is kept of those who were"
    );
}

#[test]
fn the_guide_reads_off_a_script_what_its_options_are_for() {
    let script = default_centre();
    let guide = Guide::new(&script);
    let intent = |name: &str| script.intents.iter().position(|own| &**own == name).map(|i| IntentId(i as u16));
    let node = |name: &str| {
        let place = script.nodes.iter().position(|node| &*node.name == name).expect("the node is there");
        hatif::id::NodeId(place as u32)
    };
    let keys = |name: &str, goal: Goal| match guide.step(node(name), goal) {
        Step::Press { first, count } => (first..first + u32::from(count))
            .map(|press| guide.keys(guide.press(press)).iter().map(|key| key.as_char()).collect::<String>())
            .collect::<Vec<_>>()
            .join(" "),
        other => format!("{other:?}"),
    };
    let told = [
        keys("notice.recording", guide.matter(intent("payment"))),
        keys("main.menu", guide.matter(intent("payment"))),
        keys("main.menu", guide.matter(intent("amo_file"))),
        keys("file.menu", guide.matter(intent("amo_file"))),
        keys("pay.menu", guide.matter(intent("payment"))),
        // Nobody follows a complaint whose reference she was never given.
        keys("complaint.menu", guide.matter(intent("complaint"))),
        keys("pay.menu", guide.matter(intent("family"))),
        keys("main.menu", guide.adviser(intent("amo_file"))),
        keys("adviser.choose", guide.adviser(intent("amo_file"))),
        keys("adviser.choose", guide.adviser(intent("portal"))),
        keys("pay.amount", guide.proof()),
    ];
    assert_eq!(told, ["Wait", "2", "1", "2", "1 2 3", "1", "Lost", "0", "3", "5", "Enter"]);
    assert!(guide.place(node("pay.payable")).answers && !guide.place(node("pay.menu")).answers);
    let offered = guide.place(node("adviser.full")).callback.map(|press| guide.keys(guide.press(press))[0].as_char());
    assert_eq!(offered, Some('1'));
}
