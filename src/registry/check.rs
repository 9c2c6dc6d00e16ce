//! The self-check: counts a generated population and compares every margin.

use super::{
    base::Base,
    generate::snapshot_day,
    margins::{Margins, group_of},
    person::Person,
    words::{Category, FileState, Region, Status},
};
use crate::time::Date;

/// One margin: what the registry must hold and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which table the margin belongs to.
    pub table: &'static str,
    /// The entry of the table.
    pub entry: String,
    /// What it must be.
    pub expected: u32,
    /// What was counted.
    pub found: u32,
}

impl Line {
    /// Whether the margin holds.
    pub fn holds(&self) -> bool {
        self.expected == self.found
    }
}

/// What one pass over the people counts.
#[derive(Default)]
struct Counts {
    statuses: [u32; 5],
    categories: [u32; 12],
    groups: [[u32; 4]; 4],
    regions: [[u32; 12]; 2],
    spouses: u32,
    children: u32,
    spouse_and_children: u32,
    children_of: [u32; 16],
    files: u32,
    holders: [u32; 8],
    file_states: [u32; 5],
    portal: u32,
    paid_up: u32,
    early: u32,
    by_snapshot: u32,
    phones: [u32; 2],
}

impl Counts {
    fn add(&mut self, person: &Person, early: Date, snapshot: Date) {
        let (status, category) = (person.status(), person.category());
        self.statuses[status as usize] += 1;
        if status != Status::Registered {
            self.groups[status as usize - 1][group_of(category)] += 1;
            return;
        }
        let other = usize::from(category != Category::Farm);
        self.categories[category as usize] += 1;
        self.regions[other][person.region() as usize] += 1;
        self.spouses += u32::from(person.has_spouse());
        self.children += u32::from(person.children());
        self.spouse_and_children += u32::from(person.has_spouse() && person.children() > 0);
        self.children_of[usize::from(person.children())] += 1;
        self.files += u32::from(person.file_count());
        self.holders[usize::from(person.file_count())] += 1;
        for state in (0..person.file_count()).filter_map(|n| person.file_state(n)) {
            self.file_states[state as usize] += 1;
        }
        self.portal += u32::from(person.has_portal());
        self.paid_up += u32::from(person.is_paid_up());
        self.early += u32::from(person.since().is_some_and(|since| since <= early));
        self.by_snapshot += u32::from(person.since().is_some_and(|since| since <= snapshot));
        self.phones[other] += u32::from(person.phone_tail().is_some());
    }
}

/// Every margin of a generated registry, in the order of the published tables. All of them should hold.
pub fn check(base: &Base) -> Vec<Line> {
    let margins = Margins::of(base.len());
    let snapshot = snapshot_day();
    let early = Date::from_ymd(2021, 12, 10).unwrap_or(snapshot);
    let mut counts = Counts::default();
    for person in base.people() {
        counts.add(&person, early, snapshot);
    }
    let mut lines = Vec::new();
    let mut line = |table, entry: &str, expected, found| {
        lines.push(Line { table, entry: entry.to_owned(), expected, found });
    };
    line("people", "all", margins.size, base.len());
    for (i, status) in Status::ALL.iter().enumerate() {
        line("status", status.word(), margins.statuses[i], counts.statuses[i]);
    }
    for (i, category) in Category::ALL.iter().enumerate().take(11) {
        line("registered by category", category.word(), margins.categories[i], counts.categories[i]);
    }
    line("registered on or before", "2021-12-10", margins.early, counts.early);
    line("registered on or before", "2022-04-01", margins.registered(), counts.by_snapshot);
    family(&margins, &counts, &mut line);
    files(&margins, &counts, &mut line);
    line("portal accounts", "all", margins.portal, counts.portal);
    line("paid up", "all", margins.paid_up, counts.paid_up);
    line("phone on file", "farm", margins.phones[0], counts.phones[0]);
    line("phone on file", "others", margins.phones[1], counts.phones[1]);
    for (i, region) in Region::ALL.iter().enumerate() {
        line("registered farmers by region", region.word(), margins.regions_farm[i], counts.regions[0][i]);
    }
    for (i, region) in Region::ALL.iter().enumerate() {
        line("registered others by region", region.word(), margins.regions_other[i], counts.regions[1][i]);
    }
    for (row, status) in Status::ALL[1..].iter().enumerate() {
        for (column, group) in ["farm", "trade, ae", "artisans", "others"].iter().enumerate() {
            let entry = format!("{status}: {group}");
            line("unregistered by group", &entry, margins.groups[row][column], counts.groups[row][column]);
        }
    }
    lines
}

fn family(margins: &Margins, counts: &Counts, line: &mut impl FnMut(&'static str, &str, u32, u32)) {
    line("family", "spouses", margins.spouses(), counts.spouses);
    line("family", "children", margins.children(), counts.children);
    line("family", "spouse and children", margins.families[0], counts.spouse_and_children);
    let beneficiaries = counts.statuses[0] + counts.spouses + counts.children;
    line("family", "beneficiaries", margins.beneficiaries(), beneficiaries);
    for (n, &expected) in (1..).zip(&margins.children_of) {
        line("families by children", &n.to_string(), expected, counts.children_of[n]);
    }
}

fn files(margins: &Margins, counts: &Counts, line: &mut impl FnMut(&'static str, &str, u32, u32)) {
    line("health-care files", "files", margins.files(), counts.files);
    line("health-care files", "people", margins.file_holders(), counts.holders[1..].iter().sum());
    for (n, &expected) in (1..).zip(&margins.files_of) {
        line("people by files", &n.to_string(), expected, counts.holders[n]);
    }
    for (i, state) in FileState::ALL.iter().enumerate() {
        line("files by state", state.word(), margins.file_states[i], counts.file_states[i]);
    }
}
