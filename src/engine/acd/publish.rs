//! Taking over the queues and groups of a newly published script. Both are matched by name: a reload never renumbers.

use std::sync::Arc;

use super::{
    Acd,
    queue::{GroupState, QueueState, Serve, served_lines},
};
use crate::{
    engine::{Sink, turn::Turn},
    id::{GroupId, QueueId},
    script::{Script, calendar::Calendar, model::Queue},
    time::Duration,
};

impl Acd {
    /// Takes over queues and groups; returns the engine's queue for each of the script's.
    pub(in crate::engine) fn adopt(&mut self, script: &Script, calendars: &[Arc<Calendar>]) -> Box<[QueueId]> {
        let map: Box<[QueueId]> =
            script.queues.iter().map(|queue| self.adopt_queue(script, queue, calendars)).collect();
        for group in &script.groups {
            match self.groups.iter_mut().find(|have| have.config.name == group.name) {
                Some(have) => have.config = group.clone(),
                None => self.groups.push(GroupState {
                    config: group.clone(),
                    serves: Vec::new(),
                    ready: Default::default(),
                    on_duty: 0,
                }),
            }
        }
        self.connect_lines(script, &map);
        map
    }

    fn adopt_queue(&mut self, script: &Script, queue: &Queue, calendars: &[Arc<Calendar>]) -> QueueId {
        let calendar = queue.calendar.map(|id| calendars[id.index()].clone());
        let known = self.queues.iter().position(|have| have.config.name == queue.name);
        let id = known.unwrap_or(self.queues.len());
        match self.queues.get_mut(id) {
            Some(have) => {
                // A changed priority or ageing applies to calls that enter from now on; those in line keep their rank.
                have.config = queue.clone();
                have.calendar = calendar;
                have.lines.resize_with(script.languages.len().max(have.lines.len()), Default::default);
            }
            None => self.queues.push(QueueState::new(queue.clone(), script.languages.len(), calendar)),
        }
        QueueId(id as u16)
    }

    /// Works out anew which groups take from which lines. Groups the script no longer has serve what they served.
    fn connect_lines(&mut self, script: &Script, map: &[QueueId]) {
        for (group, serves) in script.groups.iter().zip(served_lines(script)) {
            if let Some(have) = self.groups.iter_mut().find(|have| have.config.name == group.name) {
                have.serves = serves.iter().map(|s| Serve { queue: map[s.queue.index()], ..*s }).collect();
            }
        }
        for queue in &mut self.queues {
            queue.widest = Duration::ZERO;
            for line in &mut queue.lines {
                line.servers.clear();
                line.widest = Duration::ZERO;
            }
        }
        for (i, group) in self.groups.iter().enumerate() {
            for serve in &group.serves {
                let queue = &mut self.queues[serve.queue.index()];
                queue.widest = queue.widest.max(serve.after);
                let line = &mut queue.lines[serve.language.index()];
                line.servers.push((GroupId(i as u16), serve.after));
                line.widest = line.widest.max(serve.after);
            }
        }
        self.find_rivals();
    }
}

impl<S: Sink> Turn<'_, S> {
    /// After a publication every waiting call looks again for an agent, and for the instant at which more may take it: skills,
    /// overflow, hours and staff may have changed.
    pub(in crate::engine) fn look_again(&mut self) {
        let lines = self.state.acd.queues.iter().flat_map(|queue| &queue.lines);
        let mut waiting: Vec<_> = lines.flat_map(|line| line.waiting.iter()).copied().collect();
        waiting.sort_unstable_by_key(|&(class, at, id)| (class, at, id));
        waiting.dedup();
        for (_, _, id) in waiting {
            self.seek_agent(id);
        }
        let placed: Vec<_> = self.state.calls.iter().filter(|call| call.place.is_some()).map(|call| call.id).collect();
        for id in placed {
            self.keep_widening(id);
        }
        for queue in (0..self.state.acd.queues.len()).map(|i| QueueId(i as u16)) {
            self.forget_opening(queue);
            self.expect_opening(queue);
        }
        self.close_unstaffed();
    }
}
