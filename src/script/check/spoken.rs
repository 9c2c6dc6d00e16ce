//! What is said: long prompts, texts and variables nobody uses, secrets that would be read out, dates that leave a gap.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        diagnostic::Diagnostic,
        graph,
        model::{Expr, NodeKind, PromptUse, Target},
        prompts::Prompt,
    },
    Checker,
    reads::{all_reads, leaves, queue_variable},
    word_in,
};
use crate::{
    id::{LanguageId, PromptId, VarId},
    time::Duration,
};

/// Callers remember little of what takes longer.
const MAX_PROMPT: Duration = Duration::from_secs(25);

impl Checker<'_, '_> {
    pub(super) fn spoken(&mut self) {
        self.long_prompts();
        self.validity();
        self.secrets();
        self.unused_prompts();
        self.unused_variables();
    }

    /// The first node that says each prompt by itself.
    fn sayers(&self) -> BTreeMap<PromptId, usize> {
        let mut sayers = BTreeMap::new();
        for (i, node) in self.nodes() {
            for prompt in graph::said(node) {
                sayers.entry(prompt).or_insert(i);
            }
        }
        sayers
    }

    fn long_prompts(&mut self) {
        let sayers = self.sayers();
        for (i, prompt) in self.script.prompts.entries.iter().enumerate() {
            let id = PromptId(i as u32);
            let longest = prompt.durations.iter().enumerate().max_by_key(|(l, time)| (**time, std::cmp::Reverse(*l)));
            let Some((language, &time)) = longest.filter(|(_, time)| **time > MAX_PROMPT) else { continue };
            let Some(place) = self.facts.prompts[i].clone() else { continue };
            let code = &self.script.languages[LanguageId(language as u8).index()].code;
            let seconds = time.as_secs();
            let message = format!(
                "`{}` takes about {seconds} s in {code}; callers remember little of what is longer than 25 s",
                prompt.name
            );
            let problem = Diagnostic::warning("long-prompt", &place.file, place.span, message)
                .help("shorten it, or offer the details as an option");
            match sayers.get(&id) {
                Some(&node) => self.push(node, problem),
                None => self.report(problem),
            };
        }
    }

    /// What is said outside a prompt's dates must itself be sayable then.
    fn validity(&mut self) {
        let script = self.script;
        let said: BTreeSet<PromptId> = script.nodes.iter().flat_map(directly_said).collect();
        for (id, place) in &self.facts.uses.prompts {
            let prompt = script.prompts.get(*id);
            if !said.contains(id) {
                continue; // only said instead of another
            }
            let Some(other) = prompt.otherwise.map(|other| script.prompts.get(other)) else { continue };
            if !covers(prompt, other) {
                let message = format!(
                    "on some days neither `{}` nor `{}`, which is said instead, is to be said",
                    prompt.name, other.name
                );
                let problem = Diagnostic::error("prompt-dates", &place.file, place.span.clone(), message)
                    .help("let the dates of one begin where those of the other end, in prompts/prompts.toml");
                self.problems.push(problem);
            }
        }
    }

    /// A secret entry must not be said, nor anything made of it.
    fn secrets(&mut self) {
        let script = self.script;
        let mut secret: BTreeMap<VarId, usize> = BTreeMap::new();
        for (i, node) in self.nodes() {
            if let NodeKind::Collect(collect) = &node.kind
                && collect.secret
            {
                secret.entry(collect.into).or_insert(i);
            }
        }
        loop {
            let before = secret.len();
            for node in &script.nodes {
                for (target, value) in assigned(&node.kind) {
                    let source = reads_any(&value, &secret);
                    if let Some(source) = source {
                        secret.entry(target).or_insert(source);
                    }
                }
            }
            if secret.len() == before {
                break;
            }
        }
        for (i, node) in self.nodes() {
            for used in spoken_uses(node) {
                let Some(source) = used.args.iter().find_map(|arg| reads_any(arg, &secret)) else { continue };
                let prompt = &script.prompts.get(used.prompt).name;
                let text = self.text(i);
                let span = text.table.entries.iter().find_map(|entry| word_in(&entry.value, prompt));
                let message =
                    format!("`{prompt}` would say what the caller entered in secret at `{}`", self.short(source));
                self.error("secret-spoken", i, span.unwrap_or_else(|| text.name_span.clone()), message).help =
                    Some("do not say it, or do not make the entry secret".to_owned());
            }
        }
    }

    fn unused_prompts(&mut self) {
        if self.facts.faulty.iter().any(|file| file.starts_with("flows/")) {
            return; // what could not be read may be what says them
        }
        // Words of sets are said by services' answers and shown on screens; which of them is not for a node to say.
        let word_of_set = |name: &str| {
            let Some((set, word)) = name.split_once('.') else { return false };
            let set = self.script.symbol_sets.iter().find(|known| *known.name == *set);
            set.is_some_and(|set| set.words.iter().any(|known| **known == *word))
        };
        let mut unused = Vec::new();
        for (i, prompt) in self.script.prompts.entries.iter().enumerate() {
            let said = self.facts.uses.prompts.contains_key(&PromptId(i as u32));
            if !said && !self.facts.referenced.contains(&*prompt.name) && !word_of_set(&prompt.name) {
                unused.extend(self.facts.prompts[i].clone().map(|place| (place, prompt.name.clone())));
            }
        }
        for (place, name) in unused {
            let problem =
                Diagnostic::warning("unused-prompt", &place.file, place.span, format!("no node says `{name}`"));
            self.report(problem).help = Some("use it, or remove it from every language".to_owned());
        }
    }

    fn unused_variables(&mut self) {
        let script = self.script;
        let mut read: BTreeSet<VarId> = BTreeSet::new();
        for node in &script.nodes {
            read.extend(queue_variable(&node.kind));
            if let NodeKind::Call { results, .. } = &node.kind {
                read.extend(results.iter().map(|(_, theirs)| *theirs));
            }
            for expr in all_reads(node) {
                leaves(expr, &mut |leaf| {
                    if let Expr::Var(id) = leaf {
                        read.insert(*id);
                    }
                });
            }
        }
        for (i, text) in self.facts.variables.iter().enumerate() {
            // A result nobody reads back may still be there for other centres' calls; a parameter nobody reads is a fault.
            // What could not be read in the same file may be what reads it.
            let unsure = self.facts.faulty.contains(&text.file)
                || text.file == self.facts.centre.path && !self.facts.faulty.is_empty();
            if text.hidden || text.result || unsure || read.contains(&VarId(i as u16)) {
                continue;
            }
            let name = script.variables[i].name.rsplit('.').next().unwrap_or_default();
            let message = format!("nothing reads the variable `{name}`");
            let problem = Diagnostic::warning("unused-variable", &text.file, text.span.clone(), message);
            self.report(problem).help = Some("use it, or remove it".to_owned());
        }
    }
}

/// Whether on every day one of the two is to be said.
fn covers(prompt: &Prompt, other: &Prompt) -> bool {
    let before = prompt.valid_from.is_none_or(|from| {
        // Before `from` the other is said: it must have begun long ago and last until then.
        other.valid_from.is_none() && other.valid_to.is_none_or(|to| to >= from)
    });
    let after =
        prompt.valid_to.is_none_or(|to| other.valid_to.is_none() && other.valid_from.is_none_or(|from| from <= to));
    before && after
}

/// Variables a node assigns, and what from.
fn assigned(kind: &NodeKind) -> Vec<(VarId, Expr)> {
    let of = |assignments: &[super::super::model::Assignment]| {
        let var = |assignment: &super::super::model::Assignment| match assignment.target {
            Target::Var(id) => Some((id, assignment.value.clone())),
            _ => None,
        };
        assignments.iter().filter_map(var).collect::<Vec<_>>()
    };
    match kind {
        NodeKind::Set { assignments, .. } => of(assignments),
        NodeKind::Return { values } => of(values),
        NodeKind::Call { with, results, .. } => {
            of(with).into_iter().chain(results.iter().map(|(own, theirs)| (*own, Expr::Var(*theirs)))).collect()
        }
        _ => Vec::new(),
    }
}

fn reads_any(expr: &Expr, vars: &BTreeMap<VarId, usize>) -> Option<usize> {
    let mut found = None;
    leaves(expr, &mut |leaf| {
        if let Expr::Var(id) = leaf {
            found = found.or(vars.get(id).copied());
        }
    });
    found
}

/// Ids of the prompts a node names, those that authenticate included.
fn directly_said(node: &super::super::model::Node) -> Vec<PromptId> {
    let mut ids: Vec<PromptId> = spoken_uses(node).into_iter().map(|used| used.prompt).collect();
    if let NodeKind::Authenticate(auth) = &node.kind {
        let prompts = &auth.prompts;
        ids.extend([prompts.code, prompts.card, prompts.bad, prompts.locked]);
        ids.extend(prompts.ok);
    }
    ids
}

/// Every prompt a node says, those of its handlers included.
fn spoken_uses(node: &super::super::model::Node) -> Vec<&PromptUse> {
    let mut uses: Vec<&PromptUse> = node.prompts.iter().collect();
    if graph::awaits_keys(&node.kind) {
        let steps = node.input.no_input.steps.iter().chain(&node.input.no_match.steps);
        uses.extend(steps.flat_map(|step| &step.prompts));
    }
    match &node.kind {
        NodeKind::Authenticate(auth) => uses.extend(auth.prompts.claim.iter().chain(&auth.prompts.birth)),
        NodeKind::Queue(queue) => uses.extend(queue.treatment.iter().flat_map(|step| &step.prompts)),
        NodeKind::Survey { questions, .. } => uses.extend(questions.iter().flat_map(|question| &question.prompts)),
        _ => {}
    }
    uses
}
