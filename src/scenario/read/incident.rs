//! What happens by plan, expanded to instants.

use std::sync::Arc;

use jiff::civil;

use super::{Reading, names, times::civil_moment};
use crate::{
    people::demand::rules::DayRule,
    scenario::{book::INCIDENTS, centre},
    script::{
        Script, Source,
        catalogue::{SERVICES, Service},
        tree::{Entry, Table, Value},
    },
    time::{Duration, Instant, TimeOfDay},
    world::{
        Asked, Fault,
        incident::{Incident, IncidentKind},
    },
};

/// Fields that belong to one kind of incident.
const BELONGS: [(&str, &str); 4] =
    [("slow", "service"), ("down", "service"), ("lost", "service"), ("groups", "absent")];

impl Reading {
    /// Every incident of the run, in order of time; those of one instant in the order of the text, ends before beginnings.
    pub(super) fn incidents(&mut self, root: &Table, horizon: Duration) -> Vec<Incident> {
        let mut all: Vec<(Instant, bool, IncidentKind)> = Vec::new();
        for entry in root.entries_of("incident") {
            let Some(table) = entry.value.table() else { continue };
            let times = self.occurrences(entry, table, horizon);
            let Some(kinds) = self.kinds(entry, table) else { continue };
            for (at, ends) in times {
                all.extend(kinds.iter().map(|(kind, _)| (at, true, kind.clone())));
                let reverse = ends.into_iter().flat_map(|ends| kinds.iter().map(move |(_, back)| (ends, back)));
                all.extend(reverse.filter_map(|(ends, back)| Some((ends, false, back.clone()?))));
            }
        }
        all.sort_by_key(|(at, begins, _)| (*at, *begins));
        all.into_iter().map(|(at, _, kind)| Incident { at, kind }).collect()
    }

    /// When it happens, and when each time it ends.
    fn occurrences(&mut self, entry: &Entry, table: &Table, horizon: Duration) -> Vec<(Instant, Option<Instant>)> {
        let Some(at) = table.get("at") else { return Vec::new() };
        let days = self.days(table);
        let end = Instant::ZERO + horizon;
        let found = match (at.time(), table.get("days")) {
            (None, days) => {
                if let Some(days) = days {
                    let message = "`at` is one moment; `days` would repeat it";
                    self.error("no-effect", &days.span, message, "give `at` as a time of day, or remove `days`");
                }
                let Some(moment) = self.moment_or_time(at) else { return Vec::new() };
                if self.is_before(moment) || self.instant(moment) > end {
                    let help = "choose a time between `begins` and the end of the run";
                    self.error("outside-run", &at.span, format!("{moment} is not within the run"), help);
                    return Vec::new();
                }
                let ends = table.get("ends").and_then(|value| self.end_of(value, moment.date()));
                vec![(moment, ends)]
            }
            (Some(time), repeated) => self.each_day(time, &days, repeated.is_some(), table, end),
        };
        if found.is_empty() {
            let help = "choose a time between `begins` and the end of the run";
            self.error("outside-run", &at.span, format!("`{}` never happens within the run", entry.key), help);
        }
        let mut times = Vec::new();
        for (at, ends) in found {
            let (at, ends) = (self.instant(at), ends.map(|ends| self.instant(ends)));
            if let (Some(ends), Some(value)) = (ends, table.get("ends"))
                && ends <= at
            {
                self.error("dates-out-of-order", &value.span, "it ends before it begins", "choose a later `ends`");
                break;
            }
            times.push((at, ends));
        }
        times
    }

    /// A time of day on the first day after the beginning, or on each day that the rule is about.
    fn each_day(
        &mut self,
        time: TimeOfDay,
        rule: &DayRule,
        repeated: bool,
        table: &Table,
        end: Instant,
    ) -> Vec<(civil::DateTime, Option<civil::DateTime>)> {
        let mut found = Vec::new();
        let mut date = self.clock.local(Instant::ZERO).0;
        let last = self.clock.local(end).0;
        while date <= last && (repeated || found.is_empty()) {
            let moment = date.civil().at(time.hour() as i8, time.minute() as i8, 0, 0);
            if rule.holds(date) && !self.is_before(moment) && self.instant(moment) <= end {
                let ends = table.get("ends").and_then(|value| self.end_of(value, date.civil()));
                found.push((moment, ends));
            }
            date = date.plus_days(1);
        }
        found
    }

    /// The end: a time of day of the same day, or a moment of its own.
    fn end_of(&mut self, value: &Value, day: civil::Date) -> Option<civil::DateTime> {
        match value.time() {
            Some(time) => Some(day.at(time.hour() as i8, time.minute() as i8, 0, 0)),
            None => civil_moment(value).or_else(|| self.moment(value)),
        }
    }

    /// What happens, and what undoes it.
    fn kinds(&mut self, entry: &Entry, table: &Table) -> Option<Vec<(IncidentKind, Option<IncidentKind>)>> {
        let mut given = table.entries.iter().filter(|field| INCIDENTS.contains(&field.key.as_str()));
        let Some(kind) = given.next() else {
            let help = format!("one of: {}", INCIDENTS.join(", "));
            self.error("missing-field", &entry.key_span, format!("`{}` does not say what happens", entry.key), help);
            return None;
        };
        if let Some(second) = given.next() {
            let message = format!("`{}` is {} and {} at once", entry.key, kind.key, second.key);
            self.error("two-at-once", &second.key_span, message, "make it an incident of its own");
        }
        for (field, of) in BELONGS {
            if let Some(stray) = table.entry(field).filter(|_| kind.key != of) {
                let message = format!("`{field}` says nothing about `{}`", kind.key);
                self.error("no-effect", &stray.key_span, message, format!("remove it, or write `{of}`"));
            }
        }
        match kind.key.as_str() {
            "service" => Some(self.service(table, &kind.value)),
            "sms" => {
                let up = kind.value.text() == Some("up");
                Some(vec![(IncidentKind::Sms(up), Some(IncidentKind::Sms(!up)))])
            }
            "publish" | "edit" | "entry" => {
                let script = self.edition(&kind.key, &kind.value)?;
                let back = self.script.clone().map(IncidentKind::Publish);
                Some(vec![(IncidentKind::Publish(script), back)])
            }
            "absent" => {
                let groups = self.absent_groups(table);
                let back = IncidentKind::Absent { groups: groups.clone(), share: 0.0 };
                Some(vec![(IncidentKind::Absent { groups, share: kind.value.float()? }, Some(back))])
            }
            _ => {
                if let Some(ends) = table.entry("ends") {
                    let help = "remove `ends`";
                    self.error("no-effect", &ends.key_span, "who is registered stays registered", help);
                }
                Some(vec![(IncidentKind::Register { people: kind.value.int()? as u32 }, None)])
            }
        }
    }

    fn service(&mut self, table: &Table, value: &Value) -> Vec<(IncidentKind, Option<IncidentKind>)> {
        let delay = table.duration("slow");
        let lost = table.float("lost");
        let down = table.float("down").unwrap_or(if delay.is_some() || lost.is_some() { 0.0 } else { 1.0 });
        let fault = Fault { delay: delay.unwrap_or(Duration::ZERO), down, lost: lost.unwrap_or(0.0) };
        if down + fault.lost > 1.0 {
            let message = "`down` and `lost` are shares of the same questions; together they are more than all";
            self.error("shares-sum", &value.span, message, "lower one of them");
        }
        let known: Vec<&str> = SERVICES.iter().map(|entry| entry.name).chain(["identity", "code", "all"]).collect();
        let mut kinds = Vec::new();
        for (name, span) in names(value) {
            if self.find("service", name, span, known.iter().copied()).is_none() {
                continue;
            }
            let asked = match name {
                "all" => None,
                "identity" => Some(Asked::Identity),
                "code" => Some(Asked::Code),
                name => Service::named(name).map(Asked::Service),
            };
            let back = IncidentKind::Service { asked, fault: Fault::NONE };
            kinds.push((IncidentKind::Service { asked, fault }, Some(back)));
        }
        kinds
    }

    fn absent_groups(&mut self, table: &Table) -> Box<[Box<str>]> {
        let Some(script) = self.script.clone() else { return Box::default() };
        let mut groups: Vec<Box<str>> = Vec::new();
        for (name, span) in table.get("groups").map(names).unwrap_or_default() {
            if self.find("group", name, span, script.groups.iter().map(|group| &*group.name)).is_some() {
                groups.push(name.into());
            }
        }
        groups.into()
    }

    /// The centre that is published: another one, the same with changes, or the same with another entry.
    fn edition(&mut self, key: &str, value: &Value) -> Option<Arc<Script>> {
        let loaded = match key {
            "publish" => {
                let shelf = self.book.shelf_of(&value.span);
                shelf.centre(value.text()?).and_then(|source| centre::load(&source))
            }
            "edit" => centre::load(&self.edited(value)?),
            _ => {
                let text = value.text()?;
                let script = self.script.clone()?;
                let known: Vec<&str> = script.nodes.iter().map(|node| &*node.name).collect();
                self.find("node", text, &value.span, known.into_iter())?;
                centre::with_entry(self.centre.as_ref()?, text)
            }
        };
        match loaded {
            Ok(script) => Some(script),
            Err(reason) => {
                let help = "`hatif check DIR` shows every fault in a centre";
                self.error("bad-centre", &value.span, format!("it cannot be published: {reason}"), help);
                None
            }
        }
    }

    /// The files of the centre with texts replaced.
    fn edited(&mut self, value: &Value) -> Option<Source> {
        let mut source = self.centre.clone()?;
        for item in value.list()? {
            let table = item.table()?;
            let text = |key: &str| table.text(key);
            let ((file, place), (old, old_place), (new, _)) = (text("file")?, text("replace")?, text("with")?);
            let files: Vec<String> = source.files().map(|(path, _)| path.to_string()).collect();
            self.find("file", file, place, files.iter().map(String::as_str))?;
            if !source.text(file).is_some_and(|text| text.contains(old)) {
                let message = format!("{file} does not hold `{old}`");
                self.error("no-effect", old_place, message, "copy the text from the file, spaces and all");
                return None;
            }
            source = centre::replaced(&source, file, |text| text.replacen(old, new, 1));
        }
        Some(source)
    }
}
