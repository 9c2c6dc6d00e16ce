//! What was compared, and how it came out.

use std::fmt::Write;

use hatif::stats::Estimate;

use super::trial::{Answer, Kind, LEVEL, Trial};

/// One comparison.
pub struct Compared {
    pub family: &'static str,
    pub params: String,
    pub measure: String,
    pub kind: Kind,
    pub exact: f64,
    /// At 99.9 %.
    pub found: Estimate,
    pub inside: bool,
    /// Inside at a level at which all comparisons together are right with 99.9 %.
    pub inside_family: bool,
    /// Chance had enough of what is counted.
    pub seen: bool,
    pub calls: u64,
}

/// Every question of a trial with its answer; `comparisons` are those of the whole table.
pub fn compare(trial: &Trial, answer: &Answer, comparisons: usize) -> Vec<Compared> {
    let family_level = 1.0 - (1.0 - LEVEL) / comparisons as f64;
    let one = |(question, ratio)| {
        let (question, ratio): (&super::trial::Question, &hatif::stats::Ratio) = (question, ratio);
        let found = question.found(ratio, LEVEL);
        Compared {
            family: trial.family,
            params: trial.params.clone(),
            measure: question.measure.clone(),
            kind: question.kind,
            exact: question.exact,
            inside: question.is_inside(&found),
            inside_family: question.is_inside(&question.found(ratio, family_level)),
            seen: question.is_seen(answer.calls),
            found,
            calls: answer.calls,
        }
    };
    trial.questions.iter().zip(&answer.ratios).map(one).collect()
}

impl Compared {
    /// Half the interval's width over the exact value.
    pub fn relative(&self) -> f64 {
        self.found.half_width().map_or(f64::INFINITY, |half| half / self.exact.abs())
    }

    /// For people who must find out why.
    pub fn told(&self) -> String {
        format!("{} {} {}: {:?}, not {}", self.family, self.params, self.measure, self.found, self.exact)
    }
}

/// So many digits that a difference shows.
fn number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-4..1e5).contains(&size) => format!("{x:.4e}"),
        size => {
            let digits = (5 - libm::floor(libm::log10(size)) as i32 - 1).clamp(0, 8) as usize;
            format!("{x:.digits$}")
        }
    }
}

/// The rows as Markdown.
pub fn rows(compared: &[Compared]) -> String {
    let mut text = String::from(
        "| family | parameters | measure | exact | simulated | ± (99.9 %) | ± % | calls | inside? |\n\
         | --- | --- | --- | --: | --: | --: | --: | --: | --- |\n",
    );
    let mut before = String::new();
    for row in compared {
        let place = format!("{} | {}", row.family, row.params.replace('"', "").trim_matches(['{', '}']));
        let shown = if place == before { " | ".to_owned() } else { place.clone() };
        before = place;
        let inside = match (row.seen, row.inside, row.inside_family) {
            (false, ..) => "too rare",
            (_, true, _) => "yes",
            (_, false, true) => "no (yes for the whole table)",
            _ => "NO",
        };
        let half = row.found.half_width().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "| {shown} | {} | {} | {} | {} | {} | {} | {inside} |",
            row.measure,
            number(row.exact),
            row.found.value.map_or("-".to_owned(), number),
            number(half),
            if row.seen { format!("{:.2}", row.relative() * 100.0) } else { "-".to_owned() },
            grouped(row.calls),
        );
    }
    text
}

/// Counts of rows, by family and in all.
pub fn summary(compared: &[Compared], not_expressible: &[(&'static str, String)]) -> String {
    let mut text = String::from(
        "| family | comparisons | inside 99.9 % | outside 99.9 % | outside for the whole table | too rare | waits known to 1 % |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
    );
    let mut families: Vec<&str> = compared.iter().map(|row| row.family).collect();
    families.dedup();
    let mut line = |name: &str, rows: Vec<&Compared>| {
        let count = |pass: &dyn Fn(&Compared) -> bool| rows.iter().filter(|row| pass(row)).count();
        let waits = count(&|row| row.kind == Kind::Wait);
        let narrow = count(&|row| row.kind == Kind::Wait && row.relative() <= 0.01);
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {narrow} of {waits} |",
            rows.len(),
            count(&|row| row.seen && row.inside),
            count(&|row| row.seen && !row.inside),
            count(&|row| row.seen && !row.inside_family),
            count(&|row| !row.seen),
        );
    };
    for family in families {
        line(family, compared.iter().filter(|row| row.family == family).collect());
    }
    line("all", compared.iter().collect());
    text.push_str("\nRows of the oracles that no run can show:\n\n");
    for (family, what) in not_expressible {
        let _ = writeln!(text, "* {family}: {what}");
    }
    text
}

/// A count with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
