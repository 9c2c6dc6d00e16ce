//! Skills, queues and groups of agents.

use std::sync::Arc;

use super::{
    super::{
        model::{CallbackRules, Group, Handling, Hunt, Overflow, Queue, ServiceLevel, SkillNeed},
        tree::{Entry, Span, Table, Value},
    },
    Resolver,
};
use crate::{
    id::{QueueId, SkillId},
    time::Duration,
};

/// A table with another behind it: a queue with `[queue_defaults]`.
#[derive(Clone, Copy)]
struct Layered<'t> {
    own: &'t Table,
    defaults: Option<&'t Table>,
}

impl<'t> Layered<'t> {
    fn get(&self, key: &str) -> Option<&'t Value> {
        self.own.get(key).or_else(|| self.defaults?.get(key))
    }
    fn duration(&self, key: &str) -> Option<Duration> {
        self.get(key)?.text()?.parse().ok()
    }
    fn table(&self, key: &str) -> Option<&'t Table> {
        self.get(key)?.table()
    }
    fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.float()
    }
}

static NONE: Table = Table { entries: Vec::new() };

impl<'a> Resolver<'a, '_> {
    pub(super) fn staff(&mut self) {
        let root = &self.centre.root;
        for item in root.table("skills").map(|table| table.items_of("names")).unwrap_or_default() {
            let Some(name) = item.text() else { continue };
            if self.out.skills.iter().any(|known| **known == *name) {
                self.error(
                    "duplicate-name",
                    &self.centre.path,
                    &item.span,
                    format!("the skill `{name}` is named twice"),
                );
            } else {
                self.out.skills.push(name.into());
            }
        }
        let names: Vec<Arc<str>> = root.entries_of("queue").iter().map(|e| e.key.as_str().into()).collect();
        let defaults = root.table("queue_defaults");
        for (i, entry) in root.entries_of("queue").iter().enumerate() {
            // What is no table keeps its place, so that later queues keep their indices.
            let own = entry.value.table().unwrap_or(&NONE);
            let queue = self.queue(i, entry, Layered { own, defaults }, &names);
            self.out.queues.push(queue);
        }
        let defaults = root.table("group_defaults");
        for entry in root.entries_of("group") {
            let Some(own) = entry.value.table() else { continue };
            let group = self.group(entry, Layered { own, defaults });
            self.out.groups.push(group);
        }
    }

    fn skill(&mut self, name: &str, span: &Span) -> Option<SkillId> {
        let known = self.out.skills.clone();
        self.find("unknown-skill", "skill", name, &known, (&self.centre.path, span)).map(|i| SkillId(i as u16))
    }

    fn queue(&mut self, index: usize, entry: &'a Entry, fields: Layered<'a>, names: &[Arc<str>]) -> Queue {
        let path = &self.centre.path;
        let mut skills = Vec::new();
        for need in fields.table("skills").map_or(&[][..], |table| &table.entries) {
            let Some(skill) = self.skill(&need.key, &need.key_span) else { continue };
            let table = need.value.table();
            let min = need.value.int().or_else(|| table?.int("min")).unwrap_or(1);
            let relax_after = table.and_then(|table| table.duration("relax_after"));
            skills.push(SkillNeed { skill, min_level: min.clamp(1, 9) as u8, relax_after });
        }
        if skills.is_empty() && fields.get("skills").is_none_or(|s| s.table().is_some_and(|t| t.entries.is_empty())) {
            let message =
                format!("the queue `{}` asks for no skill, so that any agent would have to serve it", entry.key);
            self.error("missing-field", path, &entry.key_span, message).help =
                Some("write skills = { NAME = 1 } with one of [skills] names".to_owned());
        }
        let calendar = fields.get("calendar").and_then(|value| Some((value.text()?, &value.span)));
        Queue {
            name: entry.key.as_str().into(),
            skills: skills.into(),
            priority: fields.get("priority").and_then(Value::int).unwrap_or(0).clamp(-100, 100) as i8,
            ageing: fields.duration("ageing").filter(|d| *d > Duration::ZERO),
            max_wait: fields.duration("max_wait"),
            max_length: fields.get("max_length").and_then(Value::int).map(|n| n.clamp(1, 1_000_000) as u32),
            strategy: fields.get("strategy").and_then(Value::text).map_or(Hunt::LongestIdle, strategy),
            ring: fields.duration("ring").unwrap_or(Duration::from_secs(20)),
            no_answer_pause: fields.duration("no_answer_pause").unwrap_or(Duration::ZERO),
            wrap_up_limit: fields.duration("wrap_up_limit"),
            calendar: calendar.and_then(|(name, span)| self.calendar_named(name, (path, span))),
            overflow: self.overflow(index, fields, names),
            closed_when_unstaffed: matches!(
                fields.get("closed_when_unstaffed").map(|v| &v.kind),
                Some(super::super::tree::Kind::Bool(true))
            ),
            callback: callback_rules(fields),
            service_level: service_level(fields),
            handling: handling(fields),
        }
    }

    fn overflow(&mut self, index: usize, fields: Layered<'a>, names: &[Arc<str>]) -> Box<[Overflow]> {
        let mut steps: Vec<Overflow> = Vec::new();
        for item in fields.get("overflow").and_then(Value::list).unwrap_or_default() {
            let Some(table) = item.table() else { continue };
            let (Some(after), Some((to, span))) = (table.duration("after"), table.text("to")) else { continue };
            let Some(to) = self.find("unknown-queue", "queue", to, names, (&self.centre.path, span)) else { continue };
            if to == index {
                let message = "a queue cannot overflow into itself";
                self.error("bad-overflow", &self.centre.path, span, message).help =
                    Some("name another queue".to_owned());
            }
            steps.push(Overflow { after, to: QueueId(to as u16) });
        }
        steps.sort_by_key(|step| step.after);
        steps.into()
    }

    fn group(&mut self, entry: &'a Entry, fields: Layered<'a>) -> Group {
        let path = &self.centre.path;
        for field in ["size", "skills", "languages"] {
            if fields.get(field).is_none() {
                let message = format!("the group `{}` needs the field `{field}`", entry.key);
                self.error("missing-field", path, &entry.key_span, message).help =
                    Some("write it here, or in [group_defaults]".to_owned());
            }
        }
        let mut skills = Vec::new();
        for skill in fields.table("skills").map_or(&[][..], |table| &table.entries) {
            if let (Some(id), Some(level)) = (self.skill(&skill.key, &skill.key_span), skill.value.int()) {
                skills.push((id, level.clamp(1, 9) as u8));
            }
        }
        let mut languages = Vec::new();
        for item in fields.get("languages").and_then(Value::list).unwrap_or_default() {
            languages.extend(item.text().and_then(|code| self.language(code, path, &item.span)));
        }
        let shift = fields.get("shift").and_then(|value| Some((value.text()?, &value.span)));
        Group {
            name: entry.key.as_str().into(),
            size: fields.get("size").and_then(Value::int).unwrap_or(0).clamp(0, 100_000) as u32,
            skills: skills.into(),
            languages: languages.into(),
            shift: shift.and_then(|(name, span)| self.calendar_named(name, (path, span))),
            answer_after: fields.duration("answer_after").unwrap_or(Duration::from_secs(4)),
            no_answer_share: fields.float("no_answer_share").unwrap_or(0.0).clamp(0.0, 1.0),
        }
    }
}

fn callback_rules(fields: Layered<'_>) -> CallbackRules {
    let table = fields.table("callback");
    let duration = |key, default| table.and_then(|t| t.duration(key)).unwrap_or(default);
    CallbackRules {
        ring: duration("ring", Duration::from_secs(25)),
        tries: table.and_then(|t| t.int("tries")).unwrap_or(3).clamp(1, 20) as u8,
        retry_after: duration("retry_after", Duration::from_mins(10)),
    }
}

fn service_level(fields: Layered<'_>) -> ServiceLevel {
    let table = fields.table("service_level");
    let target = table.and_then(|t| t.float("target")).unwrap_or(0.8).clamp(0.0, 1.0);
    ServiceLevel {
        threshold: table.and_then(|t| t.duration("threshold")).unwrap_or(Duration::from_secs(20)),
        target_ppm: (target * 1e6).round() as u32,
    }
}

fn handling(fields: Layered<'_>) -> Handling {
    let table = fields.table("handling");
    let share = |key, default: f64| table.and_then(|t| t.float(key)).unwrap_or(default);
    Handling {
        mean: table.and_then(|t| t.duration("mean")).unwrap_or(Duration::from_secs(330)),
        sigma: share("sigma", 0.9).clamp(0.0, 3.0),
        after_call_share: share("after_call_share", 0.2).clamp(0.0, 1.0),
        case_share: share("case_share", 0.0).clamp(0.0, 1.0),
    }
}

/// The strategy called `name`; the reader has reported any other name.
fn strategy(name: &str) -> Hunt {
    match name {
        "fewest_calls" => Hunt::FewestCalls,
        "least_occupied" => Hunt::LeastOccupied,
        "round_robin" => Hunt::RoundRobin,
        "top_down" => Hunt::TopDown,
        "random" => Hunt::Random,
        "ring_all" => Hunt::RingAll,
        "skill_level" => Hunt::SkillLevel,
        _ => Hunt::LongestIdle,
    }
}
