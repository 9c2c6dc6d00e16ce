//! Whether two engines stand alike: for searches through all that can happen, which need not go on twice from the same state.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use super::{
    Engine,
    acd::agent::{Agent, AgentState, Wish},
    call::{Call, CallState, Place, Step},
    timer::Timer,
};
use crate::{
    id::{AgentId, CallId},
    random::mix,
    time::Instant,
};

/// What numbers stand for, whatever numbers they are.
struct Names {
    now: Instant,
    /// Calls in the order of their numbers: ties between them are broken by it.
    calls: BTreeMap<CallId, u64>,
    /// Agents by group and what they do.
    agents: BTreeMap<AgentId, u64>,
}

/// A hash whose value is the same on every machine and in every run.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        mix(self.0)
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0.rotate_left(7) ^ word);
    }
}

impl std::fmt::Write for Mixer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

impl Mixer {
    /// What a `Debug` print shows. For small things that hold neither numbers of calls nor instants.
    fn print(&mut self, thing: &impl std::fmt::Debug) {
        // Into a number, which takes everything.
        let _ = std::fmt::Write::write_fmt(self, format_args!("{thing:?};"));
    }
}

impl Names {
    fn call(&self, id: CallId) -> u64 {
        self.calls.get(&id).copied().unwrap_or(u64::MAX)
    }

    fn agent(&self, id: AgentId) -> u64 {
        self.agents.get(&id).copied().unwrap_or(u64::MAX)
    }

    /// How long until an instant; all that have passed are alike.
    fn until(&self, at: Instant) -> u64 {
        at.since(self.now).as_micros()
    }

    /// How long since an instant.
    fn since(&self, at: Instant) -> u64 {
        self.now.since(at).as_micros()
    }
}

impl Engine {
    /// A number that two engines share when nothing that is told to both from now on makes one do what the other does not:
    /// the instant, the numbers of calls, agents of a group and versions, and what has ended do not matter.
    ///
    /// Holds for centres whose queues hunt for the longest idle or ring all, and have no calendar; what is only announced (the
    /// expected wait) or only drawn by lot is not looked at. For tests.
    pub fn fingerprint(&self) -> u64 {
        let state = &self.state;
        let calls = state.calls.iter().enumerate().map(|(i, call)| (call.id, i as u64)).collect();
        let mut names = Names { now: state.now, calls, agents: BTreeMap::new() };
        let mut order: Vec<_> = state.acd.agents.iter().map(|agent| (self.standing(agent, &names), agent.id)).collect();
        order.sort_unstable();
        names.agents = order.iter().enumerate().map(|(i, (_, id))| (*id, i as u64)).collect();
        let mut to = Mixer::default();
        for (standing, _) in &order {
            to.write_u64(*standing);
        }
        for call in state.calls.iter() {
            self.call_into(call, &names, &mut to);
        }
        for (at, timer) in state.timers.pending() {
            to.write_u64(names.until(at));
            match *timer {
                Timer::Call(slot, call) => (slot as u64, names.call(call)).hash(&mut to),
                Timer::WrapUp(agent) => (10_u64, names.agent(agent)).hash(&mut to),
                Timer::Pause(agent) => (11_u64, names.agent(agent)).hash(&mut to),
                Timer::Opening(queue) => (12_u64, queue.index() as u64).hash(&mut to),
            }
        }
        self.current_script().digest.hash(&mut to);
        state.accepting.hash(&mut to);
        to.finish()
    }

    /// What an agent does, and how many became ready before.
    fn standing(&self, agent: &Agent, names: &Names) -> u64 {
        let mut to = Mixer::default();
        to.write_u64(agent.group.index() as u64);
        match agent.state {
            AgentState::LoggedOut => to.write_u64(0),
            AgentState::NotReady(why) => to.print(&why),
            AgentState::Ready => {
                let before = |other: &&Agent| other.state == AgentState::Ready && other.ready_order < agent.ready_order;
                to.write_u64(self.state.acd.agents.iter().filter(before).count() as u64 + 1);
            }
            AgentState::Ringing(call) => (20_u64, names.call(call)).hash(&mut to),
            AgentState::Reserved(call) => (21_u64, names.call(call)).hash(&mut to),
            AgentState::Talking(call) => (22_u64, names.call(call)).hash(&mut to),
            AgentState::AfterCall(call) => (23_u64, names.call(call)).hash(&mut to),
        }
        to.write_u64(match agent.wish {
            Wish::Ready => 0,
            Wish::NotReady => 1,
            Wish::LoggedOut => 2,
        });
        // Two whose deadlines differ are two, whatever else they have in common.
        let own = |timer: &Timer| matches!(timer, Timer::WrapUp(id) | Timer::Pause(id) if *id == agent.id);
        for (place, (at, _)) in self.state.timers.pending().into_iter().enumerate().filter(|(_, (_, t))| own(t)) {
            (names.until(at), place as u64).hash(&mut to);
        }
        to.print(&agent.queue);
        to.finish()
    }

    fn call_into(&self, call: &Call, names: &Names, to: &mut Mixer) {
        match call.state {
            CallState::Ivr(Step::Recording { since }) => (1_u64, since < names.now).hash(to),
            CallState::Ivr(step) => to.print(&step),
            CallState::Queued => to.write_u64(2),
            CallState::Ringing { agent } => (3_u64, names.agent(agent)).hash(to),
            CallState::Dialling { agent } => (4_u64, names.agent(agent)).hash(to),
            CallState::Talking { agent, .. } => (5_u64, names.agent(agent)).hash(to),
            CallState::Held { agent, .. } => (6_u64, names.agent(agent)).hash(to),
            CallState::Ended => to.write_u64(7),
        }
        call.others.iter().for_each(|agent| to.write_u64(names.agent(*agent)));
        self.versions[call.version].script.as_ref().map(|script| &script.digest).hash(to);
        to.print(&(call.node, call.queue_node, call.language, call.no_input, call.no_match));
        let menus = call.menus();
        to.print(&(call.answered, call.gone, call.promised, call.reached, call.listen_unsaid, menus.recording));
        to.print(&(menus.level, menus.person, &menus.frames, &menus.history));
        to.print(&(menus.handed_on, menus.requests, menus.tries));
        (names.until(call.playing_until), names.until(call.unstoppable_until)).hash(to);
        for keys in [&call.typed, &menus.entry] {
            to.print(&keys.digits().to_string());
            to.write_u64(keys.len() as u64);
        }
        call.promises.iter().for_each(|promise| to.write_u64(names.call(*promise)));
        call.promised_in.map(|before| names.call(before)).hash(to);
        (call.caller.is_some(), menus.vars.all().len()).hash(to);
        to.print(&menus.vars.all());
        for place in [&call.place, &menus.kept].into_iter().flatten() {
            place_into(place, names, to);
        }
        for step in &call.steps {
            step.map(|at| names.until(at)).hash(to);
        }
        to.write_u64(0xE0D);
    }
}

fn place_into(place: &Place, names: &Names, to: &mut Mixer) {
    to.print(&(place.queue, place.language, &place.accepted, place.priority, place.speaking, place.attempts));
    (place.parked, place.overdue).hash(to);
    (names.since(place.since), names.since(place.entered)).hash(to);
}
