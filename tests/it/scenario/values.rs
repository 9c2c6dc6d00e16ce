//! What a correct scenario becomes.

use hatif::{
    people::{
        demand::rules::{Base, Volume, Whom},
        distribution::Distribution,
        persona::Listening,
        staffing::GroupStaffing,
    },
    scenario::{Override, Scenario},
    time::{Date, Duration, Instant, TimeOfDay},
    world::{Asked, Fault, incident::IncidentKind},
};

use super::{CALLS, good, read_with};

fn named(name: &str, overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().expect("key=value")).collect();
    Scenario::named(name, &overrides, None).unwrap_or_else(|problems| panic!("{problems}"))
}

fn staff(scenario: &Scenario) -> Vec<u32> {
    scenario.cast.staffing.groups.iter().map(GroupStaffing::size).collect()
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let scenario = good(CALLS);
    assert_eq!((scenario.seed, scenario.replications, scenario.batches), (1, 10, None));
    assert_eq!((scenario.finish, scenario.warm_up), (Duration::from_hours(2), Duration::ZERO));
    assert_eq!(scenario.registry, Some((3_200_000, 1)));
    assert_eq!(scenario.measures.threshold, Duration::from_secs(20));
    let cast = &scenario.cast;
    assert_eq!((cast.redial.attempts, &cast.redial.after_abandon), (1, &Distribution::Never));
    assert!(cast.staffing.groups.is_empty() && cast.staffing.handling.is_empty());
    assert_eq!(cast.personas[0].listening, Listening::All);
    assert_eq!(cast.demand.sources[0].personas.as_ref(), &[(0, 1.0)]);
    let Distribution::Mixture(parts) = &cast.personas[0].patience else { panic!("the default patience") };
    assert_eq!(parts.iter().map(|part| part.0).sum::<f64>(), 1.0);
}

#[test]
fn a_total_is_shared_among_groups_by_largest_remainder() {
    assert_eq!(staff(&named("ordinary_day", &[])), [26, 16, 10, 4, 12, 10, 2], "the centre's own eighty");
    let fewer = staff(&named("understaffed", &[]));
    assert_eq!(fewer.iter().sum::<u32>(), 65);
    // Quotas 21.125, 13, 8.125, 3.25, 9.75, 8.125, 1.625: the two left go to .75 and .625.
    assert_eq!(fewer, [21, 13, 8, 3, 10, 8, 2]);
    assert_eq!(staff(&named("ordinary_day", &["staffing.total=78"])).iter().sum::<u32>(), 78);
}

#[test]
fn a_headcount_by_the_hour_begins_at_midnight_and_is_scaled_as_a_whole() {
    let rest = format!(
        "[staffing]\ntotal = 40\n[staffing.group.ar_general]\nheadcount = {{ \"08:30\" = 13, \"12:00\" = 26 }}\n{CALLS}"
    );
    let scenario = good(&rest);
    let plan = &scenario.cast.staffing.groups[0].headcount;
    assert_eq!(plan.as_ref(), [(TimeOfDay(0), 0), (TimeOfDay(510), 7), (TimeOfDay(720), 13)]);
}

#[test]
fn weights_and_calls_outside_them_make_the_shares_of_a_day() {
    let rest = "[demand.a]\ncalls = 100\n[demand.a.shape.s]\nfrom = \"08:30\"\nweights = [3, 1]\noutside = [{ hours = \"20:15-21:00\", share = 0.2 }, { hours = \"23:30-24:00\", share = 0.1 }]\n";
    let scenario = good(rest);
    let Volume::Days(days) = &scenario.cast.demand.sources[0].volume else { panic!("by days") };
    let shape = &days.shapes[0].1.0;
    let close = |half: usize, share: f64| assert!((shape[half] - share).abs() < 1e-12, "{half}: {}", shape[half]);
    close(17, 0.525);
    close(18, 0.175);
    close(40, 0.2 / 3.0);
    close(41, 0.4 / 3.0);
    close(47, 0.1);
    assert!((shape.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn every_shipped_day_spreads_all_its_calls() {
    for name in Scenario::names() {
        for source in &named(&name, &[]).cast.demand.sources {
            let Volume::Days(days) = &source.volume else { continue };
            for (_, shape) in &days.shapes {
                assert!((shape.0.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{name}");
            }
        }
    }
}

#[test]
fn the_ordinary_day_calls_by_status_and_payment() {
    let scenario = named("ordinary_day", &[]);
    let source = &scenario.cast.demand.sources[0];
    let Volume::Days(days) = &source.volume else { panic!("by days") };
    let Base::PerThousand { rates, days_per_month } = &days.base else { panic!("by people") };
    assert_eq!((rates.len(), *days_per_month, days.day_cv), (6, 21.0, 0.15));
    assert!(matches!(source.people, Whom::Registry(_)));
    assert_eq!(source.adviser_after.len(), source.intents.len());
    assert_eq!(scenario.cast.personas.len(), 5);
    let elder = &scenario.cast.personas[1];
    assert_eq!(
        (&*elder.name, elder.survey),
        ("elder", 0.30),
        "what a persona does not say it takes from the one it is like"
    );
    let clock = &scenario.clock;
    assert_eq!(clock.local(Instant::ZERO), (Date::from_ymd(2022, 5, 17).expect("a date"), TimeOfDay(0)));
}

#[test]
fn the_campaign_has_89_days_one_of_them_short_and_registers_every_morning() {
    let scenario = named("campaign_phase2", &[]);
    assert_eq!(scenario.horizon, Duration::from_hours(89 * 24 - 1), "the clocks go forward on 8 May");
    let mornings: Vec<Instant> = scenario
        .incidents
        .iter()
        .filter(|incident| matches!(incident.kind, IncidentKind::Register { people: 1_900 }))
        .map(|incident| incident.at)
        .collect();
    assert_eq!(mornings.len(), 89);
    assert!(mornings.iter().all(|at| scenario.clock.local(*at).1 == TimeOfDay(420)));
}

#[test]
fn an_incident_ends_and_services_work_again() {
    let scenario = named("registry_slow", &[]);
    let told: Vec<(u64, &IncidentKind)> =
        scenario.incidents.iter().map(|incident| (incident.at.as_micros() / 3_600_000_000, &incident.kind)).collect();
    let slow = Fault::slow(Duration::from_secs(4));
    assert!(
        matches!(told[..], [
            (10, IncidentKind::Service { asked: None, fault: first }),
            (12, IncidentKind::Service { asked: None, fault: Fault::NONE }),
        ] if *first == slow),
        "{told:?}"
    );
    let rest = format!("[incident.i]\nat = \"10:00\"\nservice = [\"rights\", \"identity\"]\nlost = 0.5\n{CALLS}");
    let scenario = good(&rest);
    let asked: Vec<Option<Asked>> = scenario
        .incidents
        .iter()
        .filter_map(|incident| match incident.kind {
            IncidentKind::Service { asked, fault } => (fault.lost == 0.5 && fault.down == 0.0).then_some(asked),
            _ => None,
        })
        .collect();
    let rights = hatif::script::catalogue::Service::Rights;
    assert_eq!(asked, [Some(Asked::Service(rights)), Some(Asked::Identity)]);
}

#[test]
fn another_entry_and_a_changed_file_are_published_and_taken_back() {
    for name in ["ivr_outage", "bad_publish"] {
        let scenario = named(name, &[]);
        let scripts: Vec<_> = scenario
            .incidents
            .iter()
            .filter_map(|incident| match &incident.kind {
                IncidentKind::Publish(script) => Some(script),
                _ => None,
            })
            .collect();
        let [there, back] = scripts[..] else { panic!("{name}: there and back") };
        assert_ne!(there.digest, scenario.script.digest, "{name}");
        assert_eq!(back.digest, scenario.script.digest, "{name}");
    }
    let outage = named("ivr_outage", &[]);
    let IncidentKind::Publish(script) = &outage.incidents[0].kind else { panic!("a publication") };
    assert_eq!(&*script.node(script.entry).name, "adviser.start");
}

#[test]
fn set_reaches_the_scenario_its_parents_and_the_centre() {
    let changes = ["seed=9", "demand.factor=1.5", "demand.insured.factor=2", "patience.uniform=[\"1s\", \"2s\"]"];
    let scenario = named("ramadan_day", &changes);
    assert_eq!((scenario.seed, scenario.cast.demand.sources[0].factor), (9, 3.0));
    let uniform = Distribution::Uniform { from: Duration::from_secs(1), to: Duration::from_secs(2) };
    assert_eq!(scenario.cast.personas[0].patience, uniform);
    let scenario = named("ordinary_day", &["centre.queue.status.max_wait=5m", "centre.queue_defaults.ring=9s"]);
    let queue = &scenario.script.queues[0];
    assert_eq!((queue.max_wait, queue.ring), (Some(Duration::from_mins(5)), Duration::from_secs(9)));
    assert_ne!(scenario.script.digest, named("ordinary_day", &[]).script.digest);
}

#[test]
fn a_queue_without_agents_is_a_warning() {
    let text = format!(
        "{}{CALLS}[staffing.group.complaints]\nheadcount = 0\n[staffing.group.fr_general]\nheadcount = 0\n[staffing.group.zgh_general]\nheadcount = 0\n[staffing.group.en_desk]\nheadcount = 0\n",
        super::HEAD
    );
    let scenario = read_with(&text, &[], &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        scenario.warnings.as_ref(),
        ["no agent is planned for the queue `complaint`: nobody in it is ever answered", AIMLESS]
    );
}

const AIMLESS: &str = "source `all` has no intents: its callers want nothing and take the first options; give \
                       [demand.all.intents]";

#[test]
fn callers_who_want_nothing_are_a_warning() {
    let told = |text: String| {
        let scenario = read_with(&text, &[], &[]).unwrap_or_else(|problems| panic!("{problems}"));
        scenario.warnings
    };
    let calls = format!("{}[demand.all]\ncounts = {{ every = \"1h\", values = [3] }}\n", super::HEAD);
    assert_eq!(told(calls.clone()).as_ref(), [AIMLESS]);
    assert_eq!(told(calls + "intents = { payment = 1.0 }\n").len(), 0);
}

#[test]
fn what_is_no_setting_cannot_be_set() {
    for text in ["staffing.total", "=5", "a=", "a=1\nb=2", "a b=1"] {
        let error = text.parse::<Override>().expect_err(text).to_string();
        assert!(error.contains("write key=value, such as staffing.total=78"), "{error}");
    }
    let quoted: Override = "patience=5m".parse().expect("a text without quotes");
    assert_eq!(quoted.line(), "patience = \"5m\"");
}
