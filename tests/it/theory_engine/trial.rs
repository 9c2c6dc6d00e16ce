//! A queue of theory, played by the engine: what is asked of it, how often it is played, and what that gives.

use std::{num::NonZeroUsize, ops::ControlFlow, sync::atomic::AtomicBool};

use hatif::{
    engine::{Event, Fact, event::LeftQueue},
    id::{AgentId, QueueId},
    random::Seed,
    record::{figures::Figures, tally::Length},
    scenario::{Override, Scenario, Stage},
    sim::{crew, play::Play, replicate::tally},
    stats::{Estimate, Fraction, Ratio},
    time::{Duration, Instant},
};

/// Replications of every trial at full length.
pub const REPLICATIONS: u32 = 40;

/// The level of an interval of one comparison.
pub const LEVEL: f64 = 0.999;

/// The seed of all trials; pilots have another.
pub const SEED: u64 = 20_221_122;

/// With fewer expected calls of the kind counted than this, chance has too few of them for a normal law.
const RARE: f64 = 100.0;

/// A model of theory with the questions asked of it.
pub struct Trial {
    pub family: &'static str,
    /// Its parameters, for people.
    pub params: String,
    /// The scenario, given how many seconds it is measured for.
    pub scenario: Box<dyn Fn(f64) -> Scenario>,
    /// Calls a second, on average.
    pub rate: f64,
    /// It is so much at rest that few calls say much, and part of `cargo test`.
    pub short: bool,
    pub questions: Vec<Question>,
}

/// A measure and what theory says of it.
pub struct Question {
    pub measure: String,
    pub exact: f64,
    /// What one replication says of it.
    pub of: Box<dyn Fn(&Seen) -> Fraction>,
    pub kind: Kind,
}

/// What a measure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mean wait: to be known to 1 % in the long run.
    Wait,
    /// A share of calls.
    Share,
    /// A mean that is neither.
    Mean,
    /// A mean whose root is asked for.
    Root,
}

/// What one replication shows.
pub struct Seen {
    /// All calls born after the warm-up.
    pub calls: Figures,
    /// By queue.
    pub queues: Vec<Figures>,
    /// Agents' time between warm-up and horizon.
    pub staff: Figures,
    /// The time between, seconds.
    pub seconds: f64,
    /// Calls waiting, integrated over it: call-seconds.
    pub waiting: f64,
    /// Waits that ended in it, by queue.
    pub lines: Vec<Waited>,
    /// By group of agents: conversations, integrated over it (agent-seconds), and how many agents are on duty.
    pub pools: Vec<Pool>,
    /// By interval: where it begins, calls born, time of agents at work, time measured (both in seconds).
    pub intervals: Vec<(Instant, u64, f64, f64)>,
}

/// Waits that ended, counted from the events alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waited {
    pub ended: u64,
    /// Answered without any wait.
    pub at_once: u64,
    /// Gone without any wait, all agents being busy.
    pub balked: u64,
    /// Waits of those answered, seconds.
    pub answered: f64,
    /// Of all who waited: sum of squares about what theory says is the mean.
    pub squares: f64,
    /// Who waited longer than a mark.
    pub over: u64,
}

/// A group of agents, who do nothing but talk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    pub agents: u32,
    pub talked: f64,
    talking: u32,
    since: Instant,
}

/// What events are held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The mean wait, seconds.
    pub mean: f64,
    /// A quantile of the wait, seconds.
    pub quantile: f64,
}

impl Seen {
    /// Of all queues.
    pub fn line(&self) -> Waited {
        self.lines.iter().fold(Waited::default(), |sum, line| Waited {
            ended: sum.ended + line.ended,
            at_once: sum.at_once + line.at_once,
            balked: sum.balked + line.balked,
            answered: sum.answered + line.answered,
            squares: sum.squares + line.squares,
            over: sum.over + line.over,
        })
    }
}

/// Plays one replication to its end.
fn play(scenario: &Scenario, stage: &Stage, seed: Seed, marks: Marks) -> Seen {
    let (from, to) = (Instant::ZERO + scenario.warm_up, Instant::ZERO + scenario.horizon);
    let (mut play, mut tally) = (Play::new(scenario, stage, seed), tally(scenario));
    let mut lines = vec![Waited::default(); scenario.script.queues.len()];
    let mut pools =
        Pools { from, to, group_of: Vec::new(), pools: vec![Pool::default(); scenario.script.groups.len()] };
    let mut at_horizon = None;
    while play.goes_on() {
        let stop = (play.now() < to).then_some(to);
        play.step(stop, &mut |event| {
            tally.event(event);
            pools.event(event);
            if from <= event.at && event.at < to {
                count(&mut lines, event, marks);
            }
        });
        if at_horizon.is_none() && play.now() >= to {
            at_horizon = Some(tally.cut(to));
        }
    }
    let mut sums = at_horizon.expect("the horizon is passed");
    let staff = sums.total();
    let busy = |figures: &Figures| (figures.agent_work() + figures.agent_beyond_shift()) as f64 / 1e6;
    let worked: Vec<f64> = sums.intervals.iter().map(|interval| busy(&interval.figures)).collect();
    let measured: Vec<f64> = sums.intervals.iter().map(|interval| interval.observed as f64 / 1e6).collect();
    let area = |length: &Length| length.area as f64 / 1e6;
    let waiting = sums.intervals.iter().flat_map(|interval| &interval.queues).map(area).sum();
    // Who was born before the horizon is counted to the end of the call.
    sums.merge(&tally.finish(play.now()));
    let intervals = sums.intervals.iter().zip(worked.iter().zip(&measured));
    Seen {
        calls: sums.total(),
        queues: sums.queues.iter().map(|queue| queue.figures).collect(),
        staff,
        seconds: measured.iter().sum(),
        waiting,
        lines,
        pools: pools.pools,
        intervals: intervals.map(|(i, (&worked, &time))| (i.start, i.figures.offered(), worked, time)).collect(),
    }
}

/// Who talks, between two instants.
struct Pools {
    from: Instant,
    to: Instant,
    group_of: Vec<usize>,
    pools: Vec<Pool>,
}

impl Pools {
    fn event(&mut self, event: &Event) {
        match event.fact {
            Fact::AgentLoggedIn { agent, group } => {
                self.group_of.resize(self.group_of.len().max(agent.index() + 1), 0);
                self.group_of[agent.index()] = group.index();
                self.pools[group.index()].agents += 1;
            }
            Fact::CallAnswered { agent, .. } => self.talks(event.at, agent, 1),
            Fact::CallReleased { agent, .. } => self.talks(event.at, agent, -1),
            _ => {}
        }
    }

    fn talks(&mut self, at: Instant, agent: AgentId, more: i32) {
        let at = at.clamp(self.from, self.to);
        let pool = &mut self.pools[self.group_of[agent.index()]];
        pool.talked += at.since(pool.since.max(self.from)).as_secs_f64() * f64::from(pool.talking);
        (pool.talking, pool.since) = (pool.talking.saturating_add_signed(more), at);
    }
}

fn count(lines: &mut [Waited], event: &Event, marks: Marks) {
    let mut ended = |queue: QueueId, waited: Duration, answered: bool| {
        let (line, seconds) = (&mut lines[queue.index()], waited.as_secs_f64());
        line.ended += 1;
        line.squares += (seconds - marks.mean) * (seconds - marks.mean);
        line.over += u64::from(seconds > marks.quantile);
        match answered {
            true => line.answered += seconds,
            false => line.balked += u64::from(waited == Duration::ZERO),
        }
        line.at_once += u64::from(answered && waited == Duration::ZERO);
    };
    match event.fact {
        Fact::CallAnswered { queue, waited, .. } => ended(queue, waited, true),
        Fact::CallLeftQueue { queue, waited, reason: LeftQueue::Abandoned, .. } => ended(queue, waited, false),
        _ => {}
    }
}

/// What replications say of each question.
pub struct Answer {
    pub ratios: Vec<Ratio>,
    /// Calls of all replications, the warm-up's apart.
    pub calls: u64,
}

impl Trial {
    /// Plays so many calls in so many replications, after the warm-ups.
    pub fn play(&self, (calls, replications): (f64, u32), seed: u64, threads: NonZeroUsize) -> Answer {
        let scenario = (self.scenario)(calls / f64::from(replications) / self.rate);
        let stage = Stage::of(&scenario);
        let mut ratios = vec![Ratio::default(); self.questions.len()];
        let mut played = 0;
        let marks = self.marks();
        let work = |replication| Some(play(&scenario, &stage, Seed { seed, replication }, marks));
        let take = |_, seen: Seen| {
            played += seen.calls.offered();
            for (ratio, question) in ratios.iter_mut().zip(&self.questions) {
                ratio.add((question.of)(&seen));
            }
            ControlFlow::Continue(())
        };
        let done = crew::in_order(threads, replications, &AtomicBool::new(false), work, take);
        assert!(done.is_ok(), "{} {}: a replication failed", self.family, self.params);
        Answer { ratios, calls: played }
    }

    /// What the questions hold events against.
    fn marks(&self) -> Marks {
        let find = |name: &str| self.questions.iter().find(|question| question.measure == name);
        let mean = ["asa", "asa_s", "mean_wait_s"].into_iter().find_map(find).map_or(0.0, |question| question.exact);
        let within = |question: &Question| {
            let (_, rest) = question.measure.split_once("within ")?;
            rest.trim_end_matches(" s)").parse().ok()
        };
        Marks { mean, quantile: self.questions.iter().find_map(within).unwrap_or(f64::INFINITY) }
    }
}

impl Question {
    /// What was found, with its interval at a level.
    pub fn found(&self, ratio: &Ratio, level: f64) -> Estimate {
        let found = ratio.estimate(level);
        let root = |value: Option<f64>| value.map(|value| libm::sqrt(f64::max(value, 0.0)));
        match self.kind {
            Kind::Root => Estimate { value: root(found.value), low: root(found.low), high: root(found.high), ..found },
            _ => found,
        }
    }

    /// Whether what theory says lies inside. Where every replication found the same to a millionth (agents who are never
    /// idle in an overload, waits that are all as long), theory's last billionth cannot be seen.
    pub fn is_inside(&self, found: &Estimate) -> bool {
        let near = |value: f64| (value - self.exact).abs() <= 1e-6 * self.exact.abs();
        found.contains(self.exact) || found.value.is_some_and(near)
    }

    /// Whether chance had enough calls of the kind counted to say anything.
    pub fn is_seen(&self, calls: u64) -> bool {
        let expected = self.exact.min(1.0 - self.exact) * calls as f64;
        self.kind != Kind::Share || expected >= RARE || self.exact >= 1.0 - 1e-9
    }
}

/// A scenario of the program with other settings.
pub fn set(name: &str, settings: &[String]) -> Scenario {
    let settings: Vec<Override> = settings.iter().map(|text| text.parse().expect("a setting")).collect();
    Scenario::named(name, &settings, None).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// A length of time as scenarios write it.
pub fn time(seconds: f64) -> String {
    format!("\"{}us\"", libm::round(seconds * 1e6) as u64)
}

/// The settings of a measured run.
pub fn measured(warm_up: f64, seconds: f64) -> [String; 2] {
    [format!("warm_up={}", time(warm_up)), format!("horizon={}", time(warm_up + seconds))]
}
