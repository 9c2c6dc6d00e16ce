//! What the numbered things of a run are called, over all the scripts published in it.

use std::sync::Arc;

use crate::{
    id::{NodeId, SkillId},
    script::{
        Script,
        model::{IntentId, Node},
    },
};

/// The names by which sums are numbered: those of the first script, followed by what later ones add.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Names {
    /// Queues, as the engine numbers them.
    pub queues: Vec<Arc<str>>,
    /// The skills each queue asks for.
    pub queue_skills: Vec<Vec<SkillId>>,
    /// Skills.
    pub skills: Vec<Arc<str>>,
    /// Languages.
    pub languages: Vec<Arc<str>>,
    /// Intents.
    pub intents: Vec<Arc<str>>,
    /// Nodes.
    pub nodes: Vec<Arc<str>>,
    /// For each node, whether silence is an answer there, as the newest script that has it says.
    pub(super) silence_answers: Vec<bool>,
    /// For each script after the first: the place here of each of its nodes and intents.
    later: Vec<Places>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Places {
    nodes: Vec<u32>,
    intents: Vec<u16>,
}

fn place(known: &mut Vec<Arc<str>>, name: &Arc<str>) -> usize {
    known.iter().position(|have| have == name).unwrap_or_else(|| {
        known.push(name.clone());
        known.len() - 1
    })
}

impl Names {
    /// The names of the first script.
    pub fn new(script: &Script) -> Names {
        let nodes = script.nodes.iter().map(|node| node.name.clone()).collect();
        let silence_answers = script.nodes.iter().map(Node::silence_is_answer).collect();
        let mut names = Names { nodes, silence_answers, intents: script.intents.to_vec(), ..Names::default() };
        names.publish_rest(script);
        names
    }

    /// Adds the names of the next script published, in the order of publication.
    pub fn publish(&mut self, script: &Script) {
        let mut places = Places::default();
        let mut by_name: std::collections::BTreeMap<Arc<str>, u32> =
            self.nodes.iter().enumerate().map(|(i, name)| (name.clone(), i as u32)).collect();
        for node in &script.nodes {
            let name = node.name.clone();
            let place = *by_name.entry(name.clone()).or_insert(self.nodes.len() as u32);
            if place as usize == self.nodes.len() {
                self.nodes.push(name);
                self.silence_answers.push(false);
            }
            self.silence_answers[place as usize] = node.silence_is_answer();
            places.nodes.push(place);
        }
        places.intents = script.intents.iter().map(|name| place(&mut self.intents, name) as u16).collect();
        self.later.push(places);
        self.publish_rest(script);
    }

    fn publish_rest(&mut self, script: &Script) {
        let skills: Vec<SkillId> =
            script.skills.iter().map(|name| SkillId(place(&mut self.skills, name) as u16)).collect();
        for queue in &script.queues {
            let i = place(&mut self.queues, &queue.name);
            self.queue_skills.resize(self.queues.len(), Vec::new());
            self.queue_skills[i] = queue.skills.iter().map(|need| skills[need.skill.index()]).collect();
        }
        for language in &script.languages {
            place(&mut self.languages, &language.code);
        }
    }

    /// The place of a node of a script version (the first is 1).
    #[inline]
    pub(super) fn node(&self, version: u32, node: NodeId) -> u32 {
        match version {
            0 | 1 => node.0,
            _ => {
                self.later_place(version).and_then(|places| places.nodes.get(node.index())).copied().unwrap_or(u32::MAX)
            }
        }
    }

    /// The place of an intent of a script version.
    #[inline]
    pub(super) fn intent(&self, version: u32, intent: IntentId) -> u16 {
        match version {
            0 | 1 => intent.0,
            _ => {
                let places = self.later_place(version);
                places.and_then(|places| places.intents.get(usize::from(intent.0))).copied().unwrap_or(u16::MAX)
            }
        }
    }

    fn later_place(&self, version: u32) -> Option<&Places> {
        self.later.get((version as usize).checked_sub(2)?)
    }
}
