//! How long an agent takes: what a scenario says of a queue, or the script's lognormal times, drawn with the arithmetic of
//! `libm`, whose last bits are the same everywhere.

use std::sync::Arc;

use rand::RngExt;

use super::{distribution::Sampler, luck::Luck, staffing::HandlingRules};
use crate::{
    id::{LanguageId, SkillId},
    random::{Purpose, Seed, Stream},
    script::{Script, Versions, model::Handling},
    time::Duration,
};

/// No draw is longer than this many times the mean: a guard against a mistyped sigma, far beyond any real call.
const LONGEST: f64 = 1_000.0;

/// A lognormal time with this mean and this standard deviation of the logarithm. A mean of zero gives zero.
pub fn lognormal(mean: Duration, sigma: f64, stream: &mut Stream) -> Duration {
    let z = standard_normal(stream);
    if mean == Duration::ZERO {
        return Duration::ZERO;
    }
    // exp(mu + sigma z) with mu = ln(mean) - sigma²/2, the mean taken out as a factor.
    let factor = libm::exp(sigma * z - sigma * sigma / 2.0);
    Duration::from_secs_f64(mean.as_secs_f64() * factor.min(LONGEST))
}

/// The talk time of a call.
pub fn talk(handling: &Handling, stream: &mut Stream) -> Duration {
    lognormal(share(handling.mean, 1.0 - handling.after_call_share), handling.sigma, stream)
}

/// The after-call work of a call.
pub fn after_call_work(handling: &Handling, stream: &mut Stream) -> Duration {
    lognormal(share(handling.mean, handling.after_call_share), handling.sigma, stream)
}

/// A uniform number, at least 0 and below 1.
pub fn uniform(stream: &mut Stream) -> f64 {
    stream.random::<f64>()
}

fn share(whole: Duration, part: f64) -> Duration {
    Duration::from_secs_f64(whole.as_secs_f64() * part.clamp(0.0, 1.0))
}

/// One standard normal number by the method of Box and Muller; it always takes two draws, so that a stream stays in step.
fn standard_normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - uniform(stream)));
    radius * libm::cos(2.0 * std::f64::consts::PI * uniform(stream))
}

/// What one conversation takes of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Handled {
    pub(super) talk: Duration,
    /// After-call work.
    pub(super) work: Duration,
    /// The chance that a back-office case is opened.
    pub(super) case_share: f64,
}

/// The handle times of all queues.
#[derive(Clone, Debug, Default)]
pub(super) struct HandleTimes {
    /// What a scenario says, by the names of queues, which outlive versions.
    rules: Vec<(Arc<str>, Ready)>,
    /// The place in `rules` of each of the engine's queues.
    queues: Vec<Option<u32>>,
}

/// The rules of one queue, ready to be drawn from.
#[derive(Clone, Debug)]
struct Ready {
    talk: Sampler,
    work: Sampler,
    case_share: f64,
    by_language: Box<[(LanguageId, f64)]>,
    by_intent: Box<[(Arc<str>, f64)]>,
    per_level: f64,
}

impl HandleTimes {
    /// The rules of a scenario, read for `script`.
    pub(super) fn new(rules: &[HandlingRules], script: &Script) -> HandleTimes {
        let ready = |rules: &HandlingRules| {
            let queue = script.queues.get(rules.queue.index())?;
            let (talk, work) = (Sampler::new(&rules.talk), Sampler::new(&rules.after_call));
            let HandlingRules { case_share, per_level, .. } = *rules;
            Some((
                queue.name.clone(),
                Ready {
                    talk,
                    work,
                    case_share,
                    by_language: rules.by_language.clone(),
                    by_intent: rules.by_intent.clone(),
                    per_level,
                },
            ))
        };
        HandleTimes { rules: rules.iter().filter_map(ready).collect(), queues: Vec::new() }
    }

    /// Follows the queues of the versions published.
    pub(super) fn publish(&mut self, versions: &Versions) {
        for (i, (name, _)) in self.rules.iter().enumerate() {
            if let Some(queue) = versions.queue_named(name) {
                if self.queues.len() <= queue.index() {
                    self.queues.resize(queue.index() + 1, None);
                }
                self.queues[queue.index()] = Some(i as u32);
            }
        }
    }

    /// Draws what the `nth` conversation of a call takes an agent of these skills.
    pub(super) fn draw(
        &self,
        luck: &Luck,
        nth: u32,
        skills: &[(SkillId, u8)],
        versions: &Versions,
        seed: Seed,
    ) -> Handled {
        let (mut for_talk, mut for_work) =
            (luck.stream(seed, Purpose::HandleTime, nth), luck.stream(seed, Purpose::WrapUp, nth));
        let Some(queue) = luck.queue else { return UNKNOWN };
        let ready = self.queues.get(queue.index()).copied().flatten().map(|place| &self.rules[place as usize].1);
        let Some(ready) = ready else {
            let Some(queue) = versions.queue(queue) else { return UNKNOWN };
            let handling = &queue.handling;
            let (talk, work) = (talk(handling, &mut for_talk), after_call_work(handling, &mut for_work));
            return Handled { talk, work, case_share: handling.case_share };
        };
        let mut factor = 1.0;
        if let Some((_, of_language)) = ready.by_language.iter().find(|(language, _)| *language == luck.language) {
            factor *= of_language;
        }
        if !ready.by_intent.is_empty()
            && let Some((version, intent)) = luck.wants
            && let Some(name) = versions.script(version).and_then(|script| script.intents.get(usize::from(intent.0)))
            && let Some((_, of_intent)) = ready.by_intent.iter().find(|(known, _)| known == name)
        {
            factor *= of_intent;
        }
        if ready.per_level > 0.0 {
            let need = versions.queue(queue).and_then(|queue| queue.skills.first());
            let level = need.and_then(|need| skills.iter().find(|(skill, _)| *skill == need.skill)).map_or(9, |s| s.1);
            factor *= 1.0 + ready.per_level * f64::from(9_u8.saturating_sub(level));
        }
        let (talk, work) = (ready.talk.sample(&mut for_talk), ready.work.sample(&mut for_work));
        Handled { talk: stretched(talk, factor), work: stretched(work, factor), case_share: ready.case_share }
    }
}

/// Used where a call was connected without having been answered from a queue, which the engine does not do.
const UNKNOWN: Handled = Handled { talk: Duration::from_secs(240), work: Duration::from_secs(60), case_share: 0.0 };

fn stretched(time: Duration, factor: f64) -> Duration {
    if factor == 1.0 || time == Duration::MAX { time } else { Duration::from_secs_f64(time.as_secs_f64() * factor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Seed};

    /// Mean and standard deviation of the logarithm over 20,000 draws. The standard errors are sigma/141 = 0.0064 for the
    /// mean of the logarithm and sigma/200 = 0.0045 for its deviation; the bounds are four of them, so that a right sampler
    /// with another seed fails once in some ten thousand.
    #[test]
    fn draws_have_the_mean_and_spread_they_are_asked_for() {
        let (mean, sigma, n) = (Duration::from_secs(264), 0.9, 20_000);
        let logs: Vec<f64> = (0..n)
            .map(|call| lognormal(mean, sigma, &mut Seed::new(3).stream(Purpose::HandleTime, call)))
            .map(|time| libm::log(time.as_secs_f64()))
            .collect();
        let center = logs.iter().sum::<f64>() / n as f64;
        let spread = (logs.iter().map(|x| (x - center) * (x - center)).sum::<f64>() / n as f64).sqrt();
        assert!((center - (libm::log(264.0) - sigma * sigma / 2.0)).abs() < 0.026, "{center}");
        assert!((spread - sigma).abs() < 0.018, "{spread}");
    }

    #[test]
    fn talk_and_after_call_work_share_the_mean() {
        let handling = Handling { mean: Duration::from_secs(100), sigma: 0.0, after_call_share: 0.2, case_share: 0.0 };
        let mut stream = Seed::new(1).stream(Purpose::HandleTime, 1);
        assert_eq!(talk(&handling, &mut stream), Duration::from_secs(80));
        assert_eq!(after_call_work(&handling, &mut stream), Duration::from_secs(20));
        assert_eq!(lognormal(Duration::ZERO, 0.9, &mut stream), Duration::ZERO);
    }
}
