//! What it costs to measure a run while it is told: nanoseconds an event and a call, for the tally and the trace's number.

use std::{hint::black_box, sync::Arc};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hatif::{
    engine::{
        Event, Fact,
        event::{Cause, NotReady},
        input::Origin,
    },
    id::{AgentId, CallId, GroupId, LanguageId, NodeId, PromptId, QueueId, ScriptVersion},
    live::metrics::Fold,
    record::{Rows, Tally, TallyRules, TraceHash},
    script::{
        Source, Versions, load,
        model::{IntentId, Outcome},
    },
    time::{Duration, Instant, LocalClock},
};

/// Few enough for the events to stay in the processor's cache: in a run they are told as soon as they are made.
const CALLS: u64 = 1_000;

/// Calls of one queue, `agents` in progress at a time, each with `prompts` prompts besides.
fn story(agents: u64, prompts: u64) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |at: u64, fact: Fact| events.push(Event { seq: events.len() as u64 + 1, at: Instant(at), fact });
    for agent in (0..agents).map(|agent| AgentId(agent as u32)) {
        tell(0, Fact::AgentLoggedIn { agent, group: GroupId(0) });
        tell(0, Fact::AgentNotReady { agent, reason: NotReady::LoggedIn });
        tell(0, Fact::AgentReady { agent });
    }
    let queue = QueueId(0);
    for n in 0..CALLS + agents {
        // The call that began `agents` calls ago ends, and this one begins with its agent.
        let (now, agent) = (n * 500_000, AgentId((n % agents) as u32));
        if let Some(call) = n.checked_sub(agents).map(|old| CallId(old + 1)) {
            let talked = Duration::from_micros(agents * 500_000);
            tell(now, Fact::CallReleased { call, agent, talked, by_caller: false });
            tell(now, Fact::AfterCallWorkBegan { agent });
            let (outcome, cause) = (Outcome::Transferred, Cause::AgentReleased);
            tell(now, Fact::CallEnded { call, outcome, cause, node: NodeId(1) });
            tell(now, Fact::AgentReady { agent });
        }
        if n >= CALLS {
            continue;
        }
        let (call, language) = (CallId(n + 1), LanguageId((n % 2) as u8));
        let origin =
            Some(Origin { lot: n, attempt: 1, intent: Some(IntentId((n % 5) as u16)), region: (n % 13) as u8 });
        let version = ScriptVersion(1);
        tell(now, Fact::CallArrived { call, version, language, has_number: true, promised_in: None, origin });
        tell(now, Fact::NodeEntered { call, node: NodeId(0) });
        for _ in 0..prompts {
            tell(now, Fact::PromptPlayed { call, prompt: PromptId(1), language });
        }
        tell(now, Fact::CallQueued { call, queue, language, since: Instant(now) });
        tell(now + 100_000, Fact::CallPresented { call, agent });
        let waited = Duration::from_micros(100_000 + n % 17 * 1_000_000);
        tell(now + 100_000, Fact::CallAnswered { call, agent, queue, waited });
    }
    events
}

/// What the live server's counters add to it.
fn figures(c: &mut Criterion) {
    let versions = Versions::new(load(&Source::embedded()).script.expect("the default centre has no faults"));
    let events = story(50, 4);
    let mut group = c.benchmark_group("record");
    group.throughput(Throughput::Elements(CALLS));
    let mut fold = Fold::new(Arc::default());
    group.bench_function("figures/50 agents, 4 prompts", |b| {
        b.iter(|| events.iter().for_each(|event| fold.note(black_box(event), &versions)));
    });
    group.finish();
}

fn tally(c: &mut Criterion) {
    let script = load(&Source::embedded()).script.expect("the default centre has no faults");
    let mut group = c.benchmark_group("record");
    for (agents, prompts) in [(50, 0), (500, 0), (50, 20)] {
        let events = story(agents, prompts);
        let name = |what| BenchmarkId::new(what, format!("{agents} agents, {prompts} prompts"));
        group.throughput(Throughput::Elements(CALLS));
        group.bench_with_input(name("tally"), &events, |b, events| {
            let fresh = Tally::new(TallyRules::default(), &script, &LocalClock::utc());
            b.iter_batched_ref(
                || fresh.clone(),
                |tally| events.iter().for_each(|event| tally.event(black_box(event))),
                criterion::BatchSize::LargeInput,
            );
        });
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_with_input(name("trace"), &events, |b, events| {
            b.iter(|| {
                let mut hash = TraceHash::new();
                events.iter().for_each(|event| hash.event(black_box(event)));
                hash.value()
            });
        });
        group.throughput(Throughput::Elements(CALLS));
        group.bench_with_input(name("rows"), &events, |b, events| {
            b.iter(|| {
                let mut rows = Rows::new(false);
                events.iter().filter_map(|event| rows.event(black_box(event))).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, figures, tally);
criterion_main!(benches);
