//! Who of a group is planned to work when: shift, headcount, shrinkage, absences, breaks.
//!
//! ```text
//! on duty = shift open  and  headcount of the local time > place in the group  and  not drawn absent today
//!           and  not kept away by an incident
//! ```
//!
//! Chance is keyed by the group's name and the agent's place in it, so that two designs with other headcounts elsewhere
//! meet the same absences here. Local times follow the run's clock; what they say is worked out anew at each change of
//! the offset from UTC.

use super::{
    handle_time::uniform,
    shift::{Duty, Shift},
    staffing::Break,
};
use crate::{
    id::key_of_name,
    random::{Purpose, Seed, mix},
    time::{Date, Duration, Instant, LocalClock, TimeOfDay},
};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Sets the draw of who is away in an incident apart from those of days.
const INCIDENT: u64 = 1 << 63;

/// The plan of one group.
#[derive(Clone, Debug)]
pub(super) struct Rota {
    pub(super) shift: Shift,
    /// How many work from each local time of day on, in rising order from 00:00; empty: all.
    pub(super) headcount: Box<[(TimeOfDay, u32)]>,
    pub(super) breaks: Box<[Break]>,
    /// Share of agents absent on a day.
    pub(super) shrinkage: f64,
    /// Share of agents kept away by an incident.
    pub(super) away: f64,
    /// What the group's chance is keyed by.
    pub(super) key: u64,
}

impl Rota {
    /// The plan of the group `name`: its shift, everybody, no breaks.
    pub(super) fn new(name: &str, shift: Shift) -> Rota {
        let key = mix(key_of_name(name));
        Rota { shift, headcount: Box::new([]), breaks: Box::new([]), shrinkage: 0.0, away: 0.0, key }
    }

    /// Whether the agent at `place` (from 0) of the group is planned at `at`, and when that has to be asked again.
    pub(super) fn at(&self, at: Instant, place: u32, seed: Seed, clock: &LocalClock) -> Duty {
        let Duty { mut on, mut until } = self.shift.at(at);
        let mut again = |instant: Instant| until = Some(until.map_or(instant, |until| until.min(instant)));
        if !self.headcount.is_empty() {
            let local = Local::of(at, clock);
            let now = self.headcount.iter().rposition(|&(from, _)| minutes(from) <= local.since_midnight);
            on &= now.is_none_or(|now| self.headcount[now].1 > place);
            // Only where the plan crosses her place does anything change for her.
            let planned = |count: u32| count > place;
            let first = self.headcount[0].1;
            let steps = self.headcount.windows(2).filter(|pair| planned(pair[0].1) != planned(pair[1].1));
            steps.for_each(|pair| again(local.next(minutes(pair[1].0))));
            if self.headcount.last().is_some_and(|last| planned(last.1) != planned(first)) {
                again(local.next(0));
            }
            clock.next_change(at).into_iter().for_each(&mut again);
        }
        if self.shrinkage > 0.0 {
            let local = Local::of(at, clock);
            on &= !self.is_drawn(self.shrinkage, place, local.date.0 as u32 as u64, seed);
            again(local.next(0));
            clock.next_change(at).into_iter().for_each(&mut again);
        }
        if self.away > 0.0 {
            on &= !self.is_drawn(self.away, place, INCIDENT, seed);
        }
        Duty { on, until }
    }

    /// The first break after `at` of the agent at `place` of a group of `size`: when it begins, and how long it lasts.
    /// The offset from UTC is taken as it is at `at`.
    pub(super) fn next_break(
        &self,
        at: Instant,
        place: u32,
        size: u32,
        clock: &LocalClock,
    ) -> Option<(Instant, Duration)> {
        let local = Local::of(at, clock);
        let begins = |rule: &Break| {
            let (from, to) = (minutes(rule.from), minutes(rule.to));
            let step = (to - from).max(0) / i64::from(size.max(2) - 1);
            (local.next(from + step * i64::from(place)), rule.length)
        };
        self.breaks.iter().map(begins).min()
    }

    /// Whether the agent at `place` is among a share of the group; who is among a smaller share is among a larger one.
    fn is_drawn(&self, share: f64, place: u32, of: u64, seed: Seed) -> bool {
        let owner = self.key ^ mix(of | u64::from(place) << 32);
        uniform(&mut seed.stream(Purpose::Shift, owner)) < share
    }
}

/// A local time, with what it takes to find others of the same offset.
struct Local {
    at: Instant,
    date: Date,
    /// Microseconds since local midnight.
    since_midnight: i64,
}

impl Local {
    fn of(at: Instant, clock: &LocalClock) -> Local {
        let local = clock.unix_micros(at) + i64::from(clock.offset_at(at)) * SECOND;
        Local { at, date: Date(local.div_euclid(DAY) as i32), since_midnight: local.rem_euclid(DAY) }
    }

    /// When it is next so many microseconds after local midnight, as long as the offset stays.
    fn next(&self, since_midnight: i64) -> Instant {
        let wait = (since_midnight - self.since_midnight).rem_euclid(DAY);
        self.at + Duration(if wait == 0 { DAY } else { wait } as u64)
    }
}

fn minutes(time: TimeOfDay) -> i64 {
    i64::from(time.0) * 60 * SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(hour: u16, minute: u16) -> TimeOfDay {
        TimeOfDay::new(hour, minute).expect("a time")
    }

    fn casablanca(origin: &str) -> LocalClock {
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        LocalClock::new(origin.parse().expect("a timestamp"), &zone)
    }

    /// Every instant at which the duty of a place changes, asked for only when the rota says so.
    fn changes(rota: &Rota, place: u32, clock: &LocalClock, days: u64) -> Vec<(String, bool)> {
        let (mut at, mut last, mut changes) = (Instant::ZERO, None, Vec::new());
        while at < Instant::ZERO + Duration::from_hours(24 * days) {
            let duty = rota.at(at, place, Seed::new(1), clock);
            if last != Some(duty.on) {
                let (date, time) = clock.local(at);
                changes.push((format!("{date} {time}"), duty.on));
                last = Some(duty.on);
            }
            let Some(until) = duty.until else { break };
            assert!(until > at, "asked again at the same instant");
            at = until;
        }
        changes
    }

    #[test]
    fn headcount_follows_local_time_over_a_change_of_offset() {
        // 27 March 2022, 03:00 becomes 02:00.
        let clock = casablanca("2022-03-26T00:00:00Z");
        let headcount = [(time(0, 0), 0), (time(8, 30), 2), (time(12, 0), 1), (time(16, 30), 0)].into();
        let rota = Rota { headcount, ..Rota::new("front", Shift::ALWAYS) };
        let expected =
            [("26 01:00", false), ("26 08:30", true), ("26 16:30", false), ("27 08:30", true), ("27 16:30", false)];
        let expected: Vec<_> = expected.iter().map(|&(when, on)| (format!("2022-03-{when}"), on)).collect();
        assert_eq!(changes(&rota, 0, &clock, 2), expected);
        let second: Vec<_> = changes(&rota, 1, &clock, 2).into_iter().map(|(when, _)| when).collect();
        assert_eq!(
            second,
            ["2022-03-26 01:00", "2022-03-26 08:30", "2022-03-26 12:00", "2022-03-27 08:30", "2022-03-27 12:00"]
        );
        assert_eq!(changes(&rota, 2, &clock, 2).len(), 1, "nobody planned a third");
    }

    /// 400 agents on 50 days: 20,000 draws with a share of 0.1, standard error 0.0021.
    #[test]
    fn shrinkage_draws_each_agent_each_day() {
        let clock = LocalClock::utc();
        let rota = Rota { shrinkage: 0.1, ..Rota::new("front", Shift::ALWAYS) };
        let on = |day: u64, place: u32| {
            rota.at(Instant::ZERO + Duration::from_hours(24 * day + 9), place, Seed::new(4), &clock).on
        };
        let away = |place: u32| (0..50).filter(|&day| !on(day, place)).count();
        let total: usize = (0..400).map(away).sum();
        assert!((total as f64 / 20_000.0 - 0.1).abs() < 0.01, "{total}");
        assert!((0..400).all(|place| away(place) < 25), "somebody is never there");
        let noon = rota.at(Instant::ZERO + Duration::from_hours(12), 7, Seed::new(4), &clock);
        assert_eq!(noon.until, Some(Instant::ZERO + Duration::from_hours(24)));
    }

    #[test]
    fn a_larger_absence_keeps_away_the_same_agents_and_more() {
        let away = |share: f64| {
            let rota = Rota { away: share, ..Rota::new("front", Shift::ALWAYS) };
            (0..200)
                .filter(|&place| !rota.at(Instant::ZERO, place, Seed::new(2), &LocalClock::utc()).on)
                .collect::<Vec<_>>()
        };
        let (few, many) = (away(0.3), away(0.6));
        assert!(few.iter().all(|place| many.contains(place)) && few.len() < many.len());
        assert_eq!((away(0.0).len(), away(1.0).len()), (0, 200));
    }

    #[test]
    fn breaks_of_a_group_follow_one_another() {
        let clock = LocalClock::utc();
        let lunch = Break { from: time(12, 0), to: time(14, 0), length: Duration::from_mins(30) };
        let rota = Rota { breaks: [lunch].into(), ..Rota::new("front", Shift::ALWAYS) };
        let begins = |place| rota.next_break(Instant::ZERO, place, 5, &clock).map(|(at, _)| at.0 / 60_000_000);
        assert_eq!([0, 1, 2, 4].map(begins), [Some(720), Some(750), Some(780), Some(840)]);
        // The next one is tomorrow's.
        let after = rota.next_break(Instant::ZERO + Duration::from_hours(12), 0, 5, &clock);
        assert_eq!(after, Some((Instant::ZERO + Duration::from_hours(36), Duration::from_mins(30))));
    }
}
