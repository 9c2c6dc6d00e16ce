//! Whether two engines stand alike: for searches through all that can happen, which need not go on twice from the same state.
//!
//! What is looked at is all that decides what can follow, and of that only what differs: deadlines count from now and in
//! their order, an agent is her group and what she does, a call its place among the calls in progress. What is only
//! announced (the expected wait), counted or drawn by lot is left out; so is what is there twice for speed (lines, ready lists,
//! lengths), which [`Engine::audit`] holds against the rest.

use std::hash::{Hash, Hasher};

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

/// The fingerprint of an engine, to which whoever drives it may add what else belongs to a state.
pub struct Fingerprint {
    now: Instant,
    /// Calls in progress, in the order of their numbers: ties between them are broken by it.
    calls: Vec<CallId>,
    /// Agents by group and what they do.
    agents: Vec<AgentId>,
    to: Mixer,
}

/// A hash of two lanes whose value is the same on every machine and in every run.
#[derive(Default)]
struct Mixer(u64, u64);

/// An odd number for the second lane.
const ODD: u64 = 0xd6e8_feb8_6659_fd93;

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        mix(self.0)
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }
    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0.rotate_left(7) ^ word);
        self.1 = ((self.1 ^ word).wrapping_mul(ODD)).rotate_left(29);
        self.1 ^= self.1 >> 32;
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

fn place_among<T: PartialEq>(all: &[T], one: T) -> u64 {
    all.iter().position(|other| *other == one).map_or(u64::MAX, |place| place as u64)
}

impl Fingerprint {
    /// What a call is called here, whatever number it has; the greatest number for one that is over.
    pub fn call(&self, id: CallId) -> u64 {
        place_among(&self.calls, id)
    }

    /// What an agent is called here.
    pub fn agent(&self, id: AgentId) -> u64 {
        place_among(&self.agents, id)
    }

    /// How long until an instant, in microseconds; all that have passed are alike.
    pub fn until(&self, at: Instant) -> u64 {
        at.since(self.now).as_micros()
    }

    /// Adds something to the state.
    pub fn add(&mut self, thing: impl Hash) {
        thing.hash(&mut self.to);
    }

    /// The number that like states share. With 50 million states two that are not alike share one by chance once in 10^23 cases.
    pub fn number(&self) -> u128 {
        u128::from(mix(self.to.0)) << 64 | u128::from(mix(self.to.1))
    }

    /// How long since an instant.
    fn since(&self, at: Instant) -> u64 {
        self.now.since(at).as_micros()
    }
}

impl Engine {
    /// What two engines share when nothing that is told to both from now on makes one do what the other does not, but for
    /// names: the instant, the numbers of calls and versions, which agent of a group is which, and what has ended do not matter.
    ///
    /// Holds for centres whose queues hunt for the longest idle or ring all and have no calendar, and whose callers prove
    /// nothing. For tests.
    pub fn fingerprint(&self) -> Fingerprint {
        let state = &self.state;
        let calls = state.calls.iter().map(|call| call.id).collect();
        let mut print = Fingerprint { now: state.now, calls, agents: Vec::new(), to: Mixer::default() };
        let pending = state.timers.pending();
        let agents = &state.acd.agents;
        let mut order: Vec<_> = agents.iter().map(|agent| (self.standing(agent, &pending, &print), agent.id)).collect();
        order.sort_unstable();
        print.agents = order.iter().map(|(_, id)| *id).collect();
        order.iter().for_each(|(standing, _)| print.add(standing));
        for call in state.calls.iter() {
            self.call_into(call, &mut print);
        }
        for (at, timer) in pending {
            print.add(print.until(at));
            match *timer {
                Timer::Call(slot, call) => print.add((slot as u64, print.call(call))),
                Timer::WrapUp(agent) => print.add((10_u64, print.agent(agent))),
                Timer::Pause(agent) => print.add((11_u64, print.agent(agent))),
                Timer::Opening(queue) => print.add((12_u64, queue)),
            }
        }
        print.add(&self.current_script().digest);
        print.add(state.accepting);
        print
    }

    /// What an agent does, and how many became ready before.
    fn standing(&self, agent: &Agent, pending: &[(Instant, &Timer)], print: &Fingerprint) -> (u64, u64) {
        let mut to = Mixer::default();
        agent.group.hash(&mut to);
        match agent.state {
            // Who comes on duty begins anew.
            AgentState::LoggedOut => return (to.0, to.1),
            AgentState::NotReady(why) => (1_u64, why as u64).hash(&mut to),
            AgentState::Ready => {
                let before = |other: &&Agent| other.state == AgentState::Ready && other.ready_order < agent.ready_order;
                (2_u64, self.state.acd.agents.iter().filter(before).count()).hash(&mut to);
            }
            AgentState::Ringing(call) => (3_u64, print.call(call)).hash(&mut to),
            AgentState::Reserved(call) => (4_u64, print.call(call)).hash(&mut to),
            AgentState::Talking(call) => (5_u64, print.call(call)).hash(&mut to),
            AgentState::AfterCall(call) => (6_u64, print.call(call)).hash(&mut to),
        }
        to.write_u64(match agent.wish {
            Wish::Ready => 0,
            Wish::NotReady => 1,
            Wish::LoggedOut => 2,
        });
        // Two whose deadlines differ are two, whatever else they have in common.
        let own = |timer: &Timer| matches!(timer, Timer::WrapUp(id) | Timer::Pause(id) if *id == agent.id);
        for (place, (at, _)) in pending.iter().enumerate().filter(|(_, (_, timer))| own(timer)) {
            (print.until(*at), place).hash(&mut to);
        }
        agent.queue.hash(&mut to);
        (to.0, to.1)
    }

    fn call_into(&self, call: &Call, print: &mut Fingerprint) {
        match call.state {
            CallState::Ivr(Step::Recording { since }) => print.add((1_u64, since < print.now)),
            CallState::Ivr(step) => print.add((2_u64, step)),
            CallState::Queued => print.add(3_u64),
            CallState::Ringing { agent } => print.add((4_u64, print.agent(agent))),
            CallState::Dialling { agent } => print.add((5_u64, print.agent(agent))),
            CallState::Talking { agent, .. } => print.add((6_u64, print.agent(agent))),
            CallState::Held { agent, .. } => print.add((7_u64, print.agent(agent))),
            CallState::Ended => print.add(8_u64),
        }
        let rung: Vec<_> = call.others.iter().map(|agent| print.agent(*agent)).collect();
        print.add(rung);
        print.add(self.versions[call.version].script.as_ref().map(|script| &script.digest));
        print.add((call.node, call.queue_node, call.language, call.no_input, call.no_match));
        print.add((call.answered, call.gone, call.promised, call.reached, call.listen_unsaid));
        print.add((print.until(call.playing_until), print.until(call.unstoppable_until)));
        print.add(call.typed);
        self.number_into(call, print);
        let menus = call.menus();
        print.add((menus.recording, menus.level, menus.person, &menus.frames, &menus.history, menus.handed_on));
        print.add(menus.late.left(print.now));
        print.add((menus.requests, menus.tries, menus.entry, menus.last_entry, menus.vars.all()));
        for place in [&call.place, &menus.kept] {
            print.add(place.is_some());
            if let Some(place) = place {
                place_into(place, print);
            }
        }
        let steps: Vec<_> = call.steps.iter().map(|step| step.map(|at| print.until(at))).collect();
        print.add(steps);
    }

    /// Who is promised a call back: what is promised in the call, what it keeps, and what stands for its number.
    fn number_into(&self, call: &Call, print: &mut Fingerprint) {
        let promises: Vec<_> = call.promises.iter().map(|promise| print.call(*promise)).collect();
        print.add((promises, call.promised_in.map(|before| print.call(before))));
        let standing = call.telephone().map(|by| self.state.acd.promises.get(&by).map(|call| print.call(*call)));
        let first = self.state.calls.iter().position(|other| other.caller == call.caller);
        print.add((standing, first));
    }
}

fn place_into(place: &Place, print: &mut Fingerprint) {
    print.add((place.queue, place.language, &place.accepted, place.priority, place.speaking, place.attempts));
    print.add((place.parked, place.overdue, print.since(place.since)));
}
