//! Nodes that ask something outside the engine: authentication and lookups.

use std::sync::Arc;

use super::{
    super::{
        catalogue::{AccessLevel, ClaimKind, SERVICES, Service},
        diagnostic::nearest,
        model::{AuthPrompts, Authenticate, Expr, NodeKind, PromptUse},
        tree::{Entry, Table, Value as Text},
        value::Type,
    },
    Resolver, UNKNOWN,
    nodes::Here,
};
use crate::{id::PromptId, time::Duration};

impl<'a> Resolver<'a, '_> {
    pub(super) fn authenticate(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let claim = match table.text("claim").map(|(claim, _)| claim) {
            Some("reference") => ClaimKind::Reference,
            _ => ClaimKind::Number,
        };
        let ok = self.to(here, "ok");
        let failed = self.to(here, "failed");
        let no_number = table.get("no_number").map(|value| self.target_of(here, value));
        let prompts = self.auth_prompts(here, claim);
        Some(NodeKind::Authenticate(Box::new(Authenticate {
            level: if table.int("level")? >= 2 { AccessLevel::L2 } else { AccessLevel::L1 },
            claim,
            tries: table.int("tries").unwrap_or(3).clamp(1, 3) as u8,
            ok,
            failed,
            no_number,
            prompts: prompts?,
        })))
    }

    fn auth_prompts(&mut self, here: Here<'a>, claim: ClaimKind) -> Option<AuthPrompts> {
        static DEFAULTS: Table = Table { entries: Vec::new() };
        let table = here.table().table("prompts").unwrap_or(&DEFAULTS);
        let first = if claim == ClaimKind::Reference { "auth.ref" } else { "auth.num" };
        let claim = self.auth_uses(here, table.get("claim"), first);
        let birth = self.auth_uses(here, table.get("birth"), "auth.dob");
        let silent = table.bool("ok") == Some(false);
        let digits = Type::Digits;
        let code = self.auth_prompt(here, table, "code", "auth.otp", &[("tail", digits), ("min", Type::Number)]);
        let card = self.auth_prompt(here, table, "card", "auth.card", &[]);
        let ok = if silent { Some(None) } else { self.auth_prompt(here, table, "ok", "auth.ok", &[]).map(Some) };
        let bad = self.auth_prompt(here, table, "bad", "auth.bad", &[]);
        let locked = self.auth_prompt(here, table, "locked", "auth.lock", &[("delay", Type::Number)]);
        Some(AuthPrompts {
            claim: claim?,
            birth: birth?,
            code: code?,
            card: card?,
            ok: ok?,
            bad: bad?,
            locked: locked?,
        })
    }

    fn auth_uses(&mut self, here: Here<'a>, value: Option<&'a Text>, default: &str) -> Option<Box<[PromptUse]>> {
        if value.is_some() {
            return Some(self.prompts(value, here.flow(), &[]));
        }
        let prompt = self.prompt_named(default, here.flow(), here.text.name_span)?;
        Some([PromptUse { prompt, when: None, args: [].into() }].into())
    }

    /// A prompt whose slots the engine fills while it authenticates.
    fn auth_prompt(
        &mut self,
        here: Here<'a>,
        table: &'a Table,
        field: &str,
        default: &str,
        filled: &[(&str, Type)],
    ) -> Option<PromptId> {
        let (name, span) = table.text(field).unwrap_or((default, here.text.name_span));
        let prompt = self.prompt_named(name, here.flow(), span)?;
        let slots: Vec<Arc<str>> = self.out.prompts.slots(prompt).cloned().collect();
        for slot in slots {
            match filled.iter().find(|(name, _)| **name == *slot) {
                Some((_, kind)) => self.slot_type(prompt, &slot, *kind, here.flow(), span),
                None => {
                    let known: Vec<&str> = filled.iter().map(|(name, _)| *name).collect();
                    let help = match (nearest(&slot, known.iter().copied()), known.is_empty()) {
                        (Some(near), _) => format!("did you mean `{near}`?"),
                        (None, true) => "it may have no slots here".to_owned(),
                        (None, false) => format!("its slots here are: {}", known.join(", ")),
                    };
                    let message =
                        format!("nothing fills the slot `{slot}` of the prompt `{name}` while authenticating");
                    self.error("empty-slot", here.text.file, span, message).help = Some(help);
                }
            }
        }
        Some(prompt)
    }

    pub(super) fn lookup(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let (name, span) = table.text("service")?;
        let Some(service) = Service::named(name) else {
            let known = SERVICES.iter().map(|entry| entry.name);
            let help = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("services are: {}", known.collect::<Vec<_>>().join(", ")),
            };
            self.error("unknown-service", here.text.file, span, format!("there is no service `{name}`")).help =
                Some(help);
            return None;
        };
        let entry = service.entry();
        let arguments = self.lookup_arguments(here, service);
        let mut into = vec![None; entry.results.len()];
        for item in table.entries_of("into") {
            let known: Vec<&str> = entry.results.iter().map(|field| field.name).collect();
            let found = self.one_of(here, item, "result", name, &known);
            let variable = item.value.text().and_then(|v| self.variable(v, here.flow(), &item.value.span));
            if let (Some(i), Some(id)) = (found, variable) {
                self.same_type(entry.results[i].kind, id, here.flow(), &item.value.span);
                into[i] = Some(id);
            }
        }
        let known: Vec<&str> = entry.outcomes.iter().map(|outcome| outcome.name).collect();
        let mut outcomes = vec![None; known.len()];
        for item in table.entries_of("outcomes") {
            let to = self.target_of(here, &item.value);
            if let Some(i) = self.one_of(here, item, "outcome", name, &known) {
                outcomes[i] = Some(to);
            }
        }
        let missing: Vec<&str> =
            known.iter().zip(&outcomes).filter(|(_, to)| to.is_none()).map(|(name, _)| *name).collect();
        if let (false, Some(written)) = (missing.is_empty(), table.entry("outcomes")) {
            let message = format!("the service `{name}` can also answer {}", missing.join(", "));
            self.error("missing-outcome", here.text.file, &written.key_span, message).help =
                Some(format!("add {} = \"NODE\"", missing[0]));
        }
        Some(NodeKind::Lookup {
            service,
            arguments: arguments?,
            into: into.into(),
            outcomes: outcomes.into_iter().map(|to| to.unwrap_or(UNKNOWN)).collect(),
            timeout: table.duration("timeout").unwrap_or(Duration::from_secs(5)),
        })
    }

    /// The place of an entry's key among a service's names.
    fn one_of(&mut self, here: Here<'a>, item: &Entry, what: &str, service: &str, known: &[&str]) -> Option<usize> {
        let place = known.iter().position(|name| *name == item.key);
        if place.is_none() {
            let help = match nearest(&item.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has none".to_owned(),
                None => format!("there is: {}", known.join(", ")),
            };
            let code = match what {
                "outcome" => "unknown-outcome",
                "result" => "unknown-result",
                _ => "unknown-argument",
            };
            let message = format!("the service `{service}` has no {what} `{}`", item.key);
            self.error(code, here.text.file, &item.key_span, message).help = Some(help);
        }
        place
    }

    fn lookup_arguments(&mut self, here: Here<'a>, service: Service) -> Option<Box<[Expr]>> {
        let entry = service.entry();
        let known: Vec<&str> = entry.arguments.iter().map(|field| field.name).collect();
        let mut values = vec![None; known.len()];
        let mut faulty = false;
        for item in here.table().entries_of("with") {
            match self.one_of(here, item, "argument", entry.name, &known) {
                Some(i) => {
                    let kind = entry.arguments[i].kind;
                    values[i] = self.expression(&item.value, Some(kind), here.flow()).map(|(expr, _)| expr);
                    faulty |= values[i].is_none();
                }
                None => faulty = true,
            }
        }
        let missing: Vec<&str> =
            known.iter().zip(&values).filter(|(_, v)| v.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() && !faulty {
            let message = format!("the service `{}` must be told {}", entry.name, missing.join(", "));
            let (_, span) = here.table().text("service")?;
            self.error("missing-argument", here.text.file, span, message).help =
                Some(format!("add with = {{ {} = \"…\" }}", missing[0]));
        }
        values.into_iter().collect()
    }
}
