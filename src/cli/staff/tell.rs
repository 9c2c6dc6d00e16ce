//! The answer of `hatif staff` as a table or as CSV.

use comfy_table::{CellAlignment, Table, presets};

use super::{Answer, asked::Asked};
use crate::{
    report::cell::defused,
    theory::{Formula, Target},
};

/// A table for people: one interval with all that each formula says, or a line an interval.
pub fn table(asked: &Asked, answers: &[Answer]) -> String {
    let table = match asked.intervals.as_slice() {
        [_] => one(asked, answers),
        _ => many(asked, answers),
    };
    let mut text = lines(&table) + "\n";
    for note in notes(asked) {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

/// A table as text, without blanks at the ends of lines.
pub fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn plain(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

fn align(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn one(asked: &Asked, answers: &[Answer]) -> Table {
    let rostered = asked.shrinkage > 0.0;
    let header = ["formula", "erlangs", "agents", "on the roster", "service level", "ASA", "unanswered", "occupancy"];
    let shown = |i: usize| rostered || i != 3;
    let pick = |cells: Vec<String>| cells.into_iter().enumerate().filter(|(i, _)| shown(*i)).map(|(_, cell)| cell);
    let mut table = plain(pick(header.map(str::to_owned).to_vec()).collect());
    for answer in answers {
        let cells = vec![
            answer.formula.clone(),
            format!("{:.2}", answer.erlangs),
            answer.agents.to_string(),
            answer.scheduled.to_string(),
            per_cent(answer.service_level),
            format!("{:.1} s", answer.asa),
            per_cent(answer.abandonment),
            per_cent(answer.occupancy),
        ];
        table.add_row(pick(cells).collect::<Vec<_>>());
    }
    align(&mut table);
    table
}

fn many(asked: &Asked, answers: &[Answer]) -> Table {
    let rostered = asked.shrinkage > 0.0;
    let mut header: Vec<String> = ["from", "calls", "AHT", "erlangs"].map(str::to_owned).to_vec();
    header.extend(asked.formulas.iter().map(ToString::to_string));
    if rostered {
        header.extend(asked.formulas.iter().map(|formula| format!("{formula}, on the roster")));
    }
    let mut table = plain(header);
    let wide = asked.formulas.len();
    for row in answers.chunks(wide) {
        let first = &row[0];
        let mut cells = vec![
            first.from.clone().unwrap_or_default(),
            format!("{:.6}", first.calls).trim_end_matches('0').trim_end_matches('.').to_owned(),
            format!("{:.0} s", first.aht),
            format!("{:.2}", first.erlangs),
        ];
        cells.extend(row.iter().map(|answer| answer.agents.to_string()));
        if rostered {
            cells.extend(row.iter().map(|answer| answer.scheduled.to_string()));
        }
        table.add_row(cells);
    }
    // Agent hours of the day: what a roster costs.
    let hours = |agents: &dyn Fn(&Answer) -> u32, formula: usize| {
        let sum: f64 = answers.iter().skip(formula).step_by(wide).map(|answer| f64::from(agents(answer))).sum();
        format!("{:.1}", sum * asked.per / 3600.0)
    };
    let mut cells = vec!["agent hours".to_owned(), String::new(), String::new(), String::new()];
    cells.extend((0..wide).map(|formula| hours(&|answer| answer.agents, formula)));
    if rostered {
        cells.extend((0..wide).map(|formula| hours(&|answer| answer.scheduled, formula)));
    }
    table.add_row(cells);
    align(&mut table);
    table
}

/// What the numbers are for, and what each formula takes for granted.
fn notes(asked: &Asked) -> Vec<String> {
    let target = match asked.target {
        Target::ServiceLevel { share, within } => format!("{} answered within {within} s", per_cent(share)),
        Target::Abandonment(share) => format!("at most {} leave unanswered", per_cent(share)),
        Target::Asa(time) => format!("an average speed of answer of at most {time} s"),
    };
    let mut notes = vec![format!("Target: {target}; intervals of {} min.", asked.per / 60.0)];
    if asked.shrinkage > 0.0 {
        notes.push(format!("On the roster: agents at work / (1 - {}), rounded up.", asked.shrinkage));
    }
    for formula in &asked.formulas {
        notes.push(match formula {
            Formula::B => "Erlang B: nobody waits; who finds no free agent is lost.".to_owned(),
            Formula::C => "Erlang C: everybody waits until answered; near full load it asks for too many.".to_owned(),
            Formula::A => {
                let patience = asked.patience.unwrap_or_default();
                format!("Erlang A: callers give up after {patience} s on average.")
            }
        });
    }
    notes
}

fn per_cent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// CSV with every number, a line for each interval and formula.
pub fn csv(answers: &[Answer]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for answer in answers {
        // The name of an interval is whatever stood in the file it came from.
        writer.serialize(Answer { from: answer.from.as_deref().map(defused), ..answer.clone() })?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
