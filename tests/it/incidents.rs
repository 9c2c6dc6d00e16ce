//! What happens to a centre by plan, and how its agents are planned: absences, breaks, handle times, faults, publications.

use std::{collections::BTreeMap, sync::Arc};

use hatif::{
    engine::{Event, Fact, event::NotReady},
    id::{AgentId, LanguageId, QueueId},
    people::{
        cast::Cast,
        distribution::Distribution,
        staffing::{Break, HandlingRules, StaffingRules},
    },
    scenario::Scenario,
    time::{Duration, Instant, TimeOfDay},
    world::{
        Fault, Notice, World,
        incident::{Incident, IncidentKind},
    },
};

use crate::support::day::{hour, scenario, watched, world};

/// A light day with these incidents.
fn day(incidents: impl IntoIterator<Item = (f64, IncidentKind)>) -> Scenario {
    let incidents: Vec<Incident> =
        incidents.into_iter().map(|(hours, kind)| Incident { at: hour(hours), kind }).collect();
    Scenario { incidents: incidents.into(), ..scenario(0.3) }
}

/// The same with other staffing.
fn staffed(mut scenario: Scenario, change: impl FnOnce(&mut StaffingRules)) -> Scenario {
    let mut cast = Cast::clone(&scenario.cast);
    change(&mut cast.staffing);
    scenario.cast = Arc::new(cast);
    scenario
}

fn count(events: &[Event], from: f64, to: f64, of: impl Fn(&Fact) -> bool) -> usize {
    events.iter().filter(|event| event.at >= hour(from) && event.at < hour(to) && of(&event.fact)).count()
}

#[test]
fn agents_kept_away_finish_their_call_and_come_back() {
    let absent = |share| IncidentKind::Absent { groups: [].into(), share };
    let scenario = staffed(day([(9.5, absent(1.0)), (10.5, absent(0.0))]), |staffing| {
        staffing.shrinkage = 0.0;
        staffing.breaks = [].into();
    });
    let events = watched(&mut world(&scenario, 3), hour(10.75));
    let out = |fact: &Fact| matches!(fact, Fact::AgentLoggedOut { .. });
    let came = |fact: &Fact| matches!(fact, Fact::AgentLoggedIn { .. });
    let staff = count(&events, 0.0, 9.5, came);
    assert!(staff > 50 && count(&events, 0.0, 9.5, out) == 0, "{staff}");
    assert_eq!((count(&events, 9.5, 10.5, out), count(&events, 9.5, 10.5, came)), (staff, 0));
    assert!(count(&events, 9.6, 10.5, out) > 0, "nobody finished a call");
    assert_eq!(count(&events, 10.5, 10.75, came), staff);
    assert_eq!(count(&events, 10.3, 10.5, |fact| matches!(fact, Fact::CallAnswered { .. })), 0);
}

#[test]
fn a_share_of_one_group_stays_away() {
    let name: Box<str> = (*scenario(1.0).script.groups[0].name).into();
    let absent = IncidentKind::Absent { groups: [name.clone()].into(), share: 0.5 };
    let scenario = day([(0.0, absent)]);
    let size = |scenario: &Scenario| {
        let planned = scenario.cast.staffing.groups.iter().find(|group| group.group == name);
        planned.map_or(scenario.script.groups[0].size, hatif::people::staffing::GroupStaffing::size)
    };
    let events = watched(&mut world(&staffed(scenario.clone(), |staffing| staffing.shrinkage = 0.0), 3), hour(9.5));
    let came = |group: u16| {
        let of = |event: &&Event| matches!(event.fact, Fact::AgentLoggedIn { group: of, .. } if of.0 == group);
        events.iter().filter(of).count() as f64
    };
    let (there, planned) = (came(0), f64::from(size(&scenario)));
    // Each stays away with chance a half: four standard deviations.
    assert!((there - planned / 2.0).abs() <= 4.0 * (planned / 4.0).sqrt() && there < planned, "{there} of {planned}");
}

#[test]
fn breaks_last_as_long_as_planned_and_spare_the_call_in_hand() {
    let time = |hour| TimeOfDay::new(hour, 0).expect("a time");
    let length = Duration::from_mins(20);
    let scenario = staffed(day([]), |staffing| {
        staffing.shrinkage = 0.0;
        staffing.breaks = [Break { from: time(9), to: time(11), length }].into();
    });
    let events = watched(&mut world(&scenario, 3), hour(12.0));
    let mut resting = BTreeMap::<AgentId, Instant>::new();
    let mut rests = BTreeMap::<AgentId, u32>::new();
    let (mut late, mut busy) = (0, BTreeMap::<AgentId, bool>::new());
    for event in &events {
        match event.fact {
            Fact::CallPresented { agent, .. } => {
                assert!(!resting.contains_key(&agent), "a telephone rings in a break: {event:?}");
                busy.insert(agent, true);
            }
            Fact::AgentNotReady { agent, reason: NotReady::Break } => {
                late += u32::from(busy.insert(agent, false) == Some(true));
                *rests.entry(agent).or_default() += 1;
                resting.insert(agent, event.at);
            }
            Fact::AgentReady { agent } => {
                busy.insert(agent, false);
                if let Some(since) = resting.remove(&agent) {
                    assert_eq!(event.at.since(since), length);
                }
            }
            _ => {}
        }
    }
    let staff = count(&events, 0.0, 9.0, |fact| matches!(fact, Fact::AgentLoggedIn { .. }));
    assert!(rests.len() == staff && staff > 50, "{} of {staff}", rests.len());
    assert!(rests.values().all(|rests| *rests == 1), "{rests:?}");
    assert!(late > 0, "nobody had a call in hand");
    assert!(resting.is_empty(), "somebody never came back: {resting:?}");
}

#[test]
fn handle_times_are_those_of_the_queue_by_language() {
    let (by_intent, plain) = handled(&[("payment", 2.0)]);
    assert!(plain.iter().all(|n| *n > 5) && by_intent.iter().any(|n| *n > 0), "{plain:?} {by_intent:?}");
    let (by_intent, plain) = handled(&[]);
    assert!(plain.iter().all(|n| *n > 5) && by_intent == [0, 0], "{plain:?} {by_intent:?}");
}

/// How many conversations took 200 and 300 seconds, and how many 100 and 150, where a queue's take 100, half as long again
/// in Arabic, and so many times as long for some intents. No other length is seen.
fn handled(intents: &[(&str, f64)]) -> ([u32; 2], [u32; 2]) {
    let intents: Box<[(Arc<str>, f64)]> = intents.iter().map(|&(name, by)| (name.into(), by)).collect();
    let rules = |queue| HandlingRules {
        queue: QueueId(queue),
        talk: Distribution::Deterministic(Duration::from_secs(100)),
        after_call: Distribution::Deterministic(Duration::from_secs(20)),
        case_share: 0.0,
        by_language: [(LanguageId(0), 1.5)].into(),
        by_intent: intents.clone(),
        per_level: 0.0,
    };
    let scenario = staffed(day([]), |staffing| {
        staffing.handling = (0..scenario(1.0).script.queues.len() as u16).map(rules).collect();
    });
    let events = watched(&mut world(&scenario, 3), hour(10.0));
    let mut seen = BTreeMap::<u64, u32>::new();
    for event in &events {
        if let Fact::CallReleased { talked, by_caller: false, .. } = event.fact {
            *seen.entry(talked.as_secs()).or_default() += 1;
        }
    }
    assert_eq!(count(&events, 0.0, 10.0, |fact| matches!(fact, Fact::CaseOpened { .. })), 0);
    let mut of = |secs: u64| seen.remove(&secs).unwrap_or(0);
    let found = ([of(200), of(300)], [of(100), of(150)]);
    assert!(seen.is_empty(), "{seen:?}");
    found
}

#[test]
fn services_fail_and_recover_as_planned() {
    let of_all = |fault| IncidentKind::Service { asked: None, fault };
    let scenario = day([(9.5, of_all(Fault::DOWN)), (10.0, of_all(Fault::NONE)), (9.0, IncidentKind::Sms(false))]);
    let mut incidents = scenario.incidents.to_vec();
    incidents.sort_by_key(|incident| incident.at);
    let events = watched(&mut world(&Scenario { incidents: incidents.into(), ..scenario }, 3), hour(10.5));
    let given = |fact: &Fact| matches!(fact, Fact::ServiceAnswered { outcome: Some(_), .. });
    let failed = |fact: &Fact| matches!(fact, Fact::ServiceAnswered { outcome: None, .. });
    let sent = |fact: &Fact| matches!(fact, Fact::CodeSent { .. });
    assert_eq!(count(&events, 9.5, 10.0, given), 0);
    assert!(count(&events, 0.0, 9.5, given) > 10 && count(&events, 10.0, 10.5, given) > 10);
    assert!(count(&events, 9.5, 10.0, failed) > 10);
    assert_eq!(count(&events, 9.0, 10.5, sent), 0, "a text message although there are none");
    let healthy = watched(&mut world(&day([]), 3), hour(10.5));
    assert!(count(&healthy, 9.0, 10.5, sent) > 0);
}

#[test]
fn a_publication_that_does_not_fit_is_told_and_the_old_script_stays() {
    let other = Scenario::named("erlang_a", &[], None).expect("a scenario of the program").script;
    let same = scenario(1.0).script;
    let scenario = day([(1.0, IncidentKind::Publish(other)), (2.0, IncidentKind::Publish(same))]);
    for watching in [true, false] {
        let mut world = world(&scenario, 3);
        let mut published = 0;
        match watching {
            true => {
                let heard = watched(&mut world, hour(3.0));
                published += count(&heard, 0.5, 3.0, |fact| matches!(fact, Fact::ScriptPublished { .. }));
            }
            false => world.advance_to(hour(3.0)),
        }
        let mut refused = Vec::new();
        while let Some(notice) = world.poll() {
            match notice {
                Notice::Refused { at, reason } => refused.push((at, reason)),
                Notice::Event(Event { at, fact: Fact::ScriptPublished { .. }, .. }) if at > hour(0.5) => published += 1,
                _ => {}
            }
        }
        let [(at, reason)] = &refused[..] else { panic!("{refused:?}") };
        assert!(*at == hour(1.0) && reason.contains("languages"), "{reason}");
        assert_eq!((published, world.versions().number().0), (1, 2));
    }
}

#[test]
fn people_are_registered_as_planned_in_this_world_alone() {
    let scenario = day([(0.5, IncidentKind::Register { people: 300 }), (1.0, IncidentKind::Register { people: 40 })]);
    let changed = |world: &World| world.services().registry().changed();
    let mut world = world(&scenario, 3);
    world.advance_to(hour(0.75));
    assert_eq!(changed(&world), 300);
    let mut copy = world.clone();
    copy.advance_to(hour(1.0));
    assert_eq!((changed(&copy), changed(&world)), (340, 300));
    while let Some(notice) = copy.poll() {
        assert!(!matches!(notice, Notice::Change(_)), "a plan is nothing to be stored: {notice:?}");
    }
}
