//! Expected counts by the calendar: exact.

use super::*;

#[test]
fn local_half_hours_keep_their_shares_when_the_clock_changes() {
    let mut shape = [0.0; 48];
    // 02:00, 02:30, 03:00 and noon.
    (shape[4], shape[5], shape[6], shape[24]) = (0.1, 0.2, 0.3, 0.4);
    let shapes: Box<[_]> = [(DayRule::default(), DayShape(shape))].into();
    let source = by_days(Whom::Outside, Days { shapes, ..days(Base::Calls(1000.0)) });
    let expected = |demand: &Demand, minutes: u64| {
        let from = Instant::ZERO + Duration::from_mins(minutes);
        demand.expected(from, from + Duration::from_mins(30))
    };
    // Sunday 27 March: 03:00 becomes 02:00, so that the hour from 02:00 on comes twice; it has its share once.
    let march = clock("2022-03-26T23:00:00Z");
    let long = demand_at(&march, std::slice::from_ref(&source), Seed::new(1), hours(25));
    for (minutes, calls) in [(120, 50.0), (150, 100.0), (180, 50.0), (210, 100.0), (240, 300.0), (13 * 60, 400.0)] {
        near(expected(&long, minutes), calls);
    }
    near(long.expected(Instant::ZERO, Instant::NEVER), 1000.0);
    // Sunday 8 May: 02:00 becomes 03:00; the calls of the hour there is not come at the other times.
    let may = clock("2022-05-08T00:00:00Z");
    let short = demand_at(&may, std::slice::from_ref(&source), Seed::new(1), hours(23));
    near(expected(&short, 120), 300.0 / 0.7);
    near(expected(&short, 11 * 60), 400.0 / 0.7);
    near(short.expected(Instant::ZERO, Instant::NEVER), 1000.0);
    // And those who do call keep to it.
    let noon = |birth: &Birth| march.local(birth.at).1.hour() == 12;
    let born = births(long);
    let share = born.iter().filter(|birth| noon(birth)).count() as f64 / born.len() as f64;
    assert!((share - 0.4).abs() < 0.08, "{share}: five standard errors are 0.077");
}

#[test]
fn days_differ_by_weekday_month_date_and_holiday() {
    let factor = |name: &str, days: DayRule, factor: f64| Factor { name: name.into(), days, factor, people: EVERYBODY };
    let on = |weekdays| DayRule { weekdays: Some(weekdays), ..DayRule::default() };
    let from = Some(date(5, 4));
    let factors = [
        factor("weekday", on(0b001_1111), 1.2),
        factor("weekend", on(0b110_0000), 0.1),
        factor("begin", DayRule { first_days: Some(3), ..DayRule::default() }, 1.1),
        factor("press", DayRule { from, to: from, ..DayRule::default() }, 1.5),
    ];
    let closed_days = Some(ClosedDays { calendar: CalendarId(0), on: 0.05, after: 1.25 });
    let source = by_days(Whom::Outside, Days { factors: factors.into(), closed_days, ..days(Base::Calls(100.0)) });
    // From Saturday 30 April on; the feast is on 2 and 3 May. The clock goes forward on the 8th.
    let demand = demand_at(&clock("2022-04-30T00:00:00Z"), &[source], Seed::new(1), hours(24 * 7));
    for (day, calls) in [10.0, 11.0, 5.5, 5.5, 225.0, 120.0, 120.0].into_iter().enumerate() {
        near(on_day(&demand, day as u64), calls);
    }
}

#[test]
fn people_call_by_their_own_rates_and_factors() {
    let filter = |status| PeopleFilter { status: Some(status), ..EVERYBODY };
    let rates = [(filter(Status::Registered), 30.0), (PeopleFilter { region: Some(Region::R06), ..EVERYBODY }, 10.0)];
    let base = Base::PerThousand { rates: rates.into(), days_per_month: 20.0 };
    let taxi = PeopleFilter { category: Some(Category::Taxi), ..EVERYBODY };
    let factors = [Factor { name: "due".into(), days: DayRule::default(), factor: 1.8, people: taxi }];
    let all = births(demand(
        &[by_days(Whom::Registry(EVERYBODY), Days { factors: factors.clone().into(), ..days(base.clone()) })],
        hours(24 * 30),
    ));
    let (registry, population) = (registry(), population());
    let size = |filter| f64::from(population.size(&filter));
    let registered = size(filter(Status::Registered)) * 30.0;
    let here = PeopleFilter { region: Some(Region::R06), status: None, ..EVERYBODY };
    let both = PeopleFilter { status: Some(Status::Registered), ..here };
    let taxis = |f: PeopleFilter| size(PeopleFilter { category: Some(Category::Taxi), ..f });
    let unregistered = (size(here) - size(both)) * 10.0;
    let extra = 0.8 * (taxis(filter(Status::Registered)) * 30.0 + (taxis(here) - taxis(both)) * 10.0);
    let exact = (registered + unregistered + extra) / 1000.0 / 20.0;
    let rates: Box<[_]> = rates.into();
    let base = Base::PerThousand { rates, days_per_month: 20.0 };
    let one = demand(&[by_days(Whom::Registry(EVERYBODY), Days { factors: factors.into(), ..days(base) })], hours(24));
    near(on_day(&one, 0), exact);
    // Nobody else calls, and taxi drivers as often as they should.
    let people: Vec<_> =
        all.iter().map(|birth| registry.person(birth.person.expect("somebody")).expect("known")).collect();
    assert!(people.iter().all(|p| p.status() == Status::Registered || p.region() == Region::R06));
    let share = people.iter().filter(|p| p.category() == Category::Taxi).count() as f64 / people.len() as f64;
    let right = extra / 0.8 * 1.8 / (registered + unregistered + extra);
    assert!((share - right).abs() < 5.0 * (right * (1.0 - right) / people.len() as f64).sqrt(), "{share}, not {right}");
}

#[test]
fn a_bulk_notice_makes_its_share_call_within_its_days() {
    let pending = PeopleFilter { status: Some(Status::Pending), ..EVERYBODY };
    let spread: Box<[f64]> = [0.6, 0.25, 0.15].into();
    let notice = |size| BulkNotice { on: date(5, 17), people: pending, size, call_share: 0.05, spread: spread.clone() };
    let expected = |size, people| {
        let days = Days { notices: [notice(size)].into(), ..days(Base::Calls(10.0)) };
        let demand = demand(&[by_days(people, days)], hours(24 * 5));
        (0..5).map(|day| on_day(&demand, day)).collect::<Vec<_>>()
    };
    let notified = f64::from(population().size(&pending)) * 0.05;
    let right = [10.0, 10.0 + 0.6 * notified, 10.0 + 0.25 * notified, 10.0 + 0.15 * notified, 10.0];
    for (found, right) in expected(None, Whom::Registry(EVERYBODY)).into_iter().zip(right) {
        near(found, right);
    }
    near(expected(Some(200), Whom::Registry(EVERYBODY))[1], 10.0 + 0.6 * 0.05 * 200.0);
    near(expected(Some(u32::MAX), Whom::Registry(EVERYBODY))[1], right[1]);
    near(expected(Some(200), Whom::Outside)[1], 10.0);
}

#[test]
fn meetings_stir_their_regions() {
    let meetings = |factor| Meetings { count: 12, from: date(5, 16), to: date(5, 20), factor, days: 2 };
    let base = Base::Calls(1000.0);
    let expected = |meetings, people| {
        let demand = demand(&[by_days(people, Days { meetings, ..days(base.clone()) })], hours(24 * 10));
        (0..10).map(|day| on_day(&demand, day)).collect::<Vec<_>>()
    };
    let stirred = expected(Some(meetings(1.15)), Whom::Registry(EVERYBODY));
    near(stirred[0], 1000.0);
    assert!((1..7).all(|day| (1005.0..1150.0).contains(&stirred[day])), "{stirred:?}");
    near(stirred[7], 1000.0);
    assert!(expected(Some(meetings(1.15)), Whom::Outside).iter().all(|calls| (calls - 1000.0).abs() < 1e-9));
    let calm = expected(Some(meetings(1.0)), Whom::Registry(EVERYBODY));
    assert!(calm.iter().all(|calls| (calls - 1000.0).abs() < 1e-9), "{calm:?}");
}

#[test]
fn a_second_population_grows_on_its_ramp() {
    let base = Base::Population { size: 10_000, from: 8.0, to: 40.0, ramp_days: 4, days_per_month: 20.0 };
    let demand = demand(&[by_days(Whom::Outside, days(base))], hours(24 * 7));
    for (day, rate) in [8.0, 16.0, 24.0, 32.0, 40.0, 40.0, 40.0].into_iter().enumerate() {
        near(on_day(&demand, day as u64), 10.0 * rate / 20.0);
    }
}

#[test]
fn the_last_shape_whose_days_match_holds() {
    let mut morning = [0.0; 48];
    morning[20] = 1.0;
    let tuesdays = DayRule { weekdays: Some(0b10), ..DayRule::default() };
    let shapes: Box<[_]> = [(DayRule::default(), flat()), (tuesdays, DayShape(morning))].into();
    let demand = demand(&[by_days(Whom::Outside, Days { shapes, ..days(Base::Calls(480.0)) })], hours(48));
    let at = |hours: u64| {
        let from = Instant::ZERO + Duration::from_hours(hours);
        demand.expected(from, from + Duration::from_mins(30))
    };
    near(at(10), 10.0);
    near(at(24 + 10), 480.0);
    near(at(24 + 11), 0.0);
}

#[test]
fn a_run_that_begins_at_ten_has_the_rest_of_its_day() {
    let source = by_days(Whom::Outside, days(Base::Calls(2400.0)));
    let demand = demand_at(&clock("2022-05-17T09:00:00Z"), &[source], Seed::new(1), hours(10));
    near(demand.expected(Instant::ZERO, Instant::NEVER), 1000.0);
    near(demand.expected(Instant::from_secs(900), Instant::from_secs(1800)), 25.0);
    assert_eq!(demand.expected(Instant::from_secs(36_000), Instant::NEVER), 0.0, "nobody is born after the horizon");
}
