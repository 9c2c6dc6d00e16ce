//! The names a dialogue may use.

use super::model::Faulty;
use crate::{
    engine::event::Cause,
    live::row,
    registry::Status,
    script::{
        Script,
        catalogue::{self, SERVICES},
        model::Outcome,
    },
};

/// What a script names.
pub(super) struct Names<'a> {
    pub languages: Vec<&'a str>,
    pub prompts: Vec<&'a str>,
    pub nodes: Vec<&'a str>,
    pub groups: Vec<&'a str>,
    pub queues: Vec<String>,
    pub outcomes: Vec<String>,
}

impl<'a> Names<'a> {
    pub fn of(script: &'a Script) -> Names<'a> {
        let own = script.outcomes.iter().map(ToString::to_string);
        let outcomes = Outcome::COMMON.map(|(word, _)| word.to_owned());
        Names {
            languages: script.languages.iter().map(|language| &*language.code).collect(),
            prompts: script.prompts.entries.iter().map(|prompt| &*prompt.name).collect(),
            nodes: script.nodes.iter().map(|node| &*node.name).collect(),
            groups: script.groups.iter().map(|group| &*group.name).collect(),
            queues: script.queues.iter().map(|queue| queue.name.to_string()).collect(),
            outcomes: outcomes.into_iter().chain(own).collect(),
        }
    }
}

impl Names<'_> {
    /// What can be made to fail.
    pub fn faulty() -> Vec<&'static str> {
        SERVICES.iter().map(|entry| entry.name).chain(["identity", "code", "sms"]).collect()
    }

    pub fn faulty_named(name: &str) -> Option<Faulty> {
        match name {
            "identity" => Some(Faulty::Identity),
            "code" => Some(Faulty::Code),
            "sms" => Some(Faulty::Sms),
            name => catalogue::Service::named(name).map(Faulty::Service),
        }
    }

    /// The words for a property of a person.
    pub fn of_person(property: &str) -> Vec<&'static str> {
        let set = match property {
            "category" => catalogue::CATEGORY,
            "region" => catalogue::REGION,
            "file_state" => catalogue::FILE_STATE,
            _ => return Status::ALL.iter().map(|status| status.word()).collect(),
        };
        catalogue::SETS[set.0 as usize].words.to_vec()
    }

    /// By what a call can end, as records and the protocol say it.
    pub fn causes() -> Vec<String> {
        Cause::ALL.map(row::word).to_vec()
    }
}
