//! `hatif staff --scenario`: the half-hours of a scenario's day by the formulas and by simulation.

use std::{fs, io::Write, path::Path, process::ExitCode};

use anyhow::{Context, bail, ensure};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::{Args, Format, asked, curve, day, need, tell::lines, why};
use crate::{
    cli::run,
    scenario::{Scenario, Stage},
    sim::{
        replicate::{Options, Runs},
        staff::{self, Aim, Found, Pilot, Plan, SLOTS, Sizer, Trial},
        summary, warn,
    },
    theory::{self, Formula, Target},
    time::Duration,
};

/// A half-hour.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// When it begins.
    pub from: String,
    /// Expected calls.
    pub calls: f64,
    /// Of them want an agent, when nobody has a reason to call again.
    pub want_agent: f64,
    /// Mean handle time, seconds.
    pub aht: f64,
    /// Work that arrives, in agents kept busy.
    pub erlangs: f64,
    /// Agents at work by Erlang B; absent where it knows nothing of the target. So the next two.
    pub erlang_b: Option<u32>,
    /// By Erlang C.
    pub erlang_c: Option<u32>,
    /// By Erlang A.
    pub erlang_a: Option<u32>,
    /// Agents planned, found by simulation; absences and breaks of the scenario are within.
    pub simulated: u32,
    /// Agents on the roster by Erlang A (without it, by C; without both, by B).
    pub formula_rostered: Option<u32>,
    /// Agents on the roster by simulation.
    pub simulated_rostered: u32,
    /// What the target's measure was with the simulated number.
    pub reached: Option<f64>,
    /// How far its interval reaches from it: half its width, unless one end is where the measure ends.
    pub half_width: Option<f64>,
    /// The target cannot be met, however many agents there are.
    pub hopeless: bool,
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The scenario.
    pub scenario: String,
    /// Its days that were sized.
    pub days: Vec<String>,
    /// What is aimed at, in words.
    pub target: String,
    /// The measure of the target.
    pub measure: &'static str,
    /// Share of paid time away from calls that the roster allows for.
    pub shrinkage: f64,
    /// The seed.
    pub seed: u64,
    /// Replications that each curve was tried on.
    pub replications: u32,
    /// Curves tried.
    pub trials: u32,
    /// Every half-hour meets the target.
    pub met: bool,
    /// No half-hour can spare an agent.
    pub minimal: bool,
    /// Cut short.
    pub partial: bool,
    /// The half-hours.
    pub half_hours: Vec<Row>,
    /// The target's measure over the day, in the search.
    pub reached: Option<f64>,
    /// The same on days that the search has not seen.
    pub proof: Option<crate::stats::Estimate>,
    /// Where the formula and the simulation differ, and why.
    pub differences: Vec<String>,
    /// What else to know.
    pub notes: Vec<String>,
    /// Settings of a scenario with this staff.
    pub settings: Vec<String>,
}

/// Runs the command.
pub fn answer(name: &str, args: Args) -> anyhow::Result<ExitCode> {
    let simulated = &args.simulated;
    let mut scenario = run::open(name, &simulated.set, simulated.centre.as_deref())?;
    let target = aim_at(&args, &mut scenario)?;
    if let Some(folder) =
        simulated.out.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty())
    {
        // Before minutes are spent on what could not be written.
        ensure!(folder.is_dir(), "cannot write {}: there is no such folder", folder.display());
    }
    let stage = Stage::of(&scenario);
    let days = staff::days(&scenario, &stage);
    let dates = day::chosen(&simulated.day, &days)?;
    let options = options(&args);
    let cancel = run::cancel_on_signals()?;
    let mut bar = run::Bar::new(simulated.quiet, false, "curves");
    let mut show = |progress| bar.show(progress);
    let aim = aim(&target);
    let mut sizer = Sizer::new(&scenario, &stage, (dates.clone(), aim), options, &cancel, &mut show);
    let Some(pilot) = sizer.pilot()? else {
        drop(bar);
        anstream::eprintln!("hatif: cut short before anything was found");
        return Ok(ExitCode::from(run::CUT_SHORT));
    };
    let case = Case::new(&sizer, &pilot, target, args.patience);
    let start = case.start(&scenario)?;
    let found = sizer.search(&pilot, &start)?;
    let proof = match found.met && !found.partial {
        true => sizer.prove(&found.plan)?,
        false => None,
    };
    let settings = curve::settings(sizer.mix(), &found.plan);
    let answer = Answer {
        scenario: name.to_owned(),
        days: dates.iter().map(ToString::to_string).collect(),
        target: told(&target),
        measure: aim.measure(),
        shrinkage: args.shrinkage.unwrap_or(scenario.cast.staffing.shrinkage),
        seed: simulated.seed.unwrap_or(scenario.seed),
        replications: options.most(&scenario),
        trials: found.trials,
        met: found.met && found.hopeless.is_empty(),
        minimal: found.minimal,
        partial: found.partial,
        half_hours: case.rows(&scenario, &found, args.shrinkage)?,
        reached: found.trial.as_ref().and_then(|trial| trial.whole.value),
        proof: proof.as_ref().map(|trial| trial.whole),
        differences: found.trial.as_ref().map_or_else(
            || Ok(Vec::new()),
            |trial| why::differences(&case, &scenario, sizer.spread(), &found, trial),
        )?,
        notes: notes(&scenario, &sizer, &case, &found, options.most(&scenario)),
        settings,
    };
    drop(bar);
    if let Some(file) = &simulated.out {
        let text = curve::file(simulated, name, &scenario, &answer.settings);
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    tell(&args, &answer)
}

fn options(args: &Args) -> Options {
    let cores = || std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    Options {
        runs: args.simulated.replications.map_or(Runs::Scenario, Runs::Count),
        seed: args.simulated.seed,
        threads: args.simulated.threads.unwrap_or_else(cores),
        trace: false,
    }
}

/// The target, written into the scenario's rules for measuring.
fn aim_at(args: &Args, scenario: &mut Scenario) -> anyhow::Result<Target> {
    let rules = &mut scenario.measures;
    let own = Target::ServiceLevel { share: rules.target, within: rules.threshold.as_secs_f64() };
    let target = args.wanted().unwrap_or(own);
    if let Target::ServiceLevel { share, within } = target {
        if !(share > 0.0 && share < 1.0) {
            bail!(
                "a service level of {} % cannot be staffed for; choose above 0 and below 100, such as --target 80/20s",
                share * 100.0
            );
        }
        rules.target = share;
        rules.threshold = Duration::from_secs_f64(within);
    }
    Ok(target)
}

fn aim(target: &Target) -> Aim {
    match *target {
        Target::ServiceLevel { share, .. } => Aim::ServiceLevel(share),
        Target::Abandonment(share) => Aim::Abandonment(share),
        Target::Asa(time) => Aim::Asa(time),
    }
}

fn told(target: &Target) -> String {
    match *target {
        Target::ServiceLevel { share, within } => format!("{:.1} % answered within {within} s", share * 100.0),
        Target::Abandonment(share) => format!("at most {:.1} % leave unanswered", share * 100.0),
        Target::Asa(time) => format!("an average speed of answer of at most {time} s"),
    }
}

/// What the pilot says that formulas can be asked about.
pub struct Case {
    /// What is to be reached.
    pub target: Target,
    /// Mean patience, seconds.
    pub patience: Option<f64>,
    /// Expected calls.
    pub expected: Vec<f64>,
    /// Calls that want an agent, a day.
    pub want: Vec<f64>,
    /// Mean handle times, seconds.
    pub aht: Vec<f64>,
    /// The formula that comes closest to the scenario: A, else C, else B.
    pub formula: Formula,
    /// What the pilot found.
    pub pilot: Trial,
    /// With so many agents.
    pub ample: u32,
}

impl Case {
    fn new(sizer: &Sizer<'_>, pilot: &Pilot, target: Target, patience: Option<f64>) -> Case {
        let patience = patience.or_else(|| sizer.patience().map(Duration::as_secs_f64)).filter(|time| *time > 0.0);
        let trial = &pilot.trial;
        let mean = |figures: &crate::record::figures::Figures| {
            let time = (figures.talk() + figures.hold() + figures.after_call()) as f64 / 1e6;
            (figures.handled() > 0).then(|| time / figures.handled() as f64)
        };
        let all = mean(&trial.total()).unwrap_or(0.0);
        let formulas = [Formula::A, Formula::C, Formula::B];
        let known = formulas.into_iter().find(|formula| asked::answers_to(*formula, &target, patience));
        Case {
            target,
            patience,
            expected: sizer.expected(),
            want: (0..SLOTS).map(|slot| trial.a_day(slot, crate::record::figures::Figures::sought)).collect(),
            aht: trial.slots.iter().map(|figures| mean(figures).unwrap_or(all)).collect(),
            formula: known.unwrap_or(Formula::B),
            pilot: trial.clone(),
            ample: pilot.agents,
        }
    }

    /// What a formula says of a half-hour.
    pub fn agents(&self, formula: Formula, slot: usize) -> anyhow::Result<Option<u32>> {
        if !asked::answers_to(formula, &self.target, self.patience) || self.aht[slot] <= 0.0 {
            return Ok(None);
        }
        need::agents(formula, self.want[slot], self.aht[slot], self.patience, &self.target).map(Some)
    }

    /// Where the search begins: the formula's numbers, with the scenario's own absences.
    fn start(&self, scenario: &Scenario) -> anyhow::Result<Plan> {
        let mut plan = [0; SLOTS];
        for (slot, agents) in plan.iter_mut().enumerate() {
            let at_work = self.agents(self.formula, slot)?.unwrap_or(1);
            *agents = theory::scheduled(at_work, scenario.cast.staffing.shrinkage)?;
        }
        Ok(plan)
    }

    fn rows(&self, scenario: &Scenario, found: &Found, shrinkage: Option<f64>) -> anyhow::Result<Vec<Row>> {
        let own = scenario.cast.staffing.shrinkage;
        let shrinkage = shrinkage.unwrap_or(own);
        let mut rows = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.expected[*slot] > 0.005 || found.open.contains(slot)) {
            let reached = found.trial.as_ref().map(|trial| trial.reached[slot]);
            let open = found.open.contains(&slot);
            let of = |formula| if open { self.agents(formula, slot) } else { Ok(None) };
            let close = of(self.formula)?;
            // What is planned holds the scenario's absences already.
            let at_work = f64::from(found.plan[slot]) * (1.0 - own) / (1.0 - shrinkage);
            rows.push(Row {
                from: staff::begins(slot).to_string(),
                calls: self.expected[slot],
                want_agent: self.want[slot],
                aht: self.aht[slot],
                erlangs: self.want[slot] * self.aht[slot] / need::HALF_HOUR,
                erlang_b: of(Formula::B)?,
                erlang_c: of(Formula::C)?,
                erlang_a: of(Formula::A)?,
                simulated: found.plan[slot],
                formula_rostered: close.map(|agents| theory::scheduled(agents, shrinkage)).transpose()?,
                simulated_rostered: libm::ceil(at_work * (1.0 - 1e-12)) as u32,
                reached: reached.filter(|_| open).and_then(|estimate| estimate.value),
                half_width: reached.filter(|_| open).and_then(|estimate| estimate.reach()),
                hopeless: found.hopeless.contains(&slot),
            });
        }
        Ok(rows)
    }
}

/// What the numbers are for, and what stands in the way.
fn notes(scenario: &Scenario, sizer: &Sizer<'_>, case: &Case, found: &Found, replications: u32) -> Vec<String> {
    // Here the scenario's own numbers do not count, so neither does what is missing in them when they are all zero.
    let unplanned = |text: &&String| !(sizer.mix().by_centre && text.starts_with("no agent is planned"));
    let mut notes: Vec<String> = scenario.warnings.iter().filter(unplanned).cloned().collect();
    let seeking: f64 = case.want.iter().sum();
    if case.expected.iter().sum::<f64>() == 0.0 && seeking == 0.0 {
        notes.push(
            "Nobody calls on these days, so nobody is needed; look at the demand, or choose another --day.".to_owned(),
        );
    } else if seeking == 0.0 {
        notes.push(
            "Nobody who calls on these days wants an agent (or finds a queue open), so nobody is needed.".to_owned(),
        );
    } else if found.open.is_empty() {
        notes.push(
            "Calls want an agent, but no group's shift is open then, so no headcount helps; look at the centre's shifts."
                .to_owned(),
        );
    }
    if sizer.mix().by_centre && seeking > 0.0 {
        notes.push("The scenario staffs nobody; the groups' proportions are the centre's.".to_owned());
    }
    let times =
        |slots: &[usize]| slots.iter().map(|slot| staff::begins(*slot).to_string()).collect::<Vec<_>>().join(", ");
    if !found.hopeless.is_empty() {
        notes.push(format!(
            "Not even {} agents meet the target at {}, so it is not staffing that is missing there: look at queues that \
             nobody can serve, at the rules of the queues and at ring times. These half-hours are left at the formula's number.",
            case.ample,
            times(&found.hopeless)
        ));
    }
    let outside: Vec<usize> = (0..SLOTS).filter(|slot| case.want[*slot] > 0.0 && !found.open.contains(slot)).collect();
    let warm: Vec<usize> = sizer.warm_up().into_iter().filter(|slot| !found.open.contains(slot)).collect();
    if let Some(slot) = warm.first().filter(|slot| found.plan[**slot] > 0) {
        notes.push(format!("The half-hours of the warm-up are not sized; they have {} agents.", found.plan[*slot]));
    }
    if !outside.is_empty() && !found.open.is_empty() {
        notes.push(format!(
            "Nobody's shift is open at {}; who calls then and queues is answered in the half-hour after.",
            times(&outside)
        ));
    }
    if let Some(trial) = &found.trial {
        let closed = |trial: &Trial| trial.total().turned_away_closed() as f64 / f64::from(trial.days.max(1));
        let more = closed(trial) - closed(&case.pilot);
        if more >= 1.0 {
            notes.push(format!(
                "{more:.0} calls a day find their queue closed because nobody of its skills and their language is planned at \
                 that time; they count as not served. Other proportions of the groups would help them."
            ));
        }
    }
    notes.extend(warn::few(replications).map(|warning| warning.text));
    if found.partial {
        notes.push("Cut short: these are the numbers that the search had come to.".to_owned());
    } else if !found.met && !found.open.is_empty() {
        notes.push("The search ended before every half-hour met the target; try more --replications.".to_owned());
    } else if !found.minimal && found.met {
        notes.push(format!("After {} curves some half-hour may still spare an agent.", found.trials));
    }
    notes
}

fn tell(args: &Args, answer: &Answer) -> anyhow::Result<ExitCode> {
    let text = match args.format {
        Format::Table => table(answer, args),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(answer).context("cannot write JSON")?),
        Format::Csv => csv(answer)?,
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    if answer.partial {
        anstream::eprintln!("hatif: cut short; the curve is what the search had come to");
        return Ok(ExitCode::from(run::CUT_SHORT));
    }
    Ok(ExitCode::SUCCESS)
}

fn csv(answer: &Answer) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &answer.half_hours {
        writer.serialize(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn table(answer: &Answer, args: &Args) -> String {
    let mut text = format!("{}: {}\n\n", answer.scenario, days_told(&answer.days));
    if !answer.half_hours.is_empty() {
        text.push_str(&format!("{}\n", lines(&half_hours(answer))));
    }
    text.push_str(&format!(
        "Target: {} in each half-hour, in the mean of {} replications",
        answer.target, answer.replications
    ));
    text.push_str(&match &answer.proof {
        Some(proof) => format!(
            ".\nOn as many days that the search has not seen: {} over the day{}.\n",
            proof.value.map_or_else(|| "nothing".to_owned(), |value| shown(answer, value)),
            proof.reach().map_or_else(String::new, |half| format!(" (± {})", shown(answer, half)))
        ),
        None => ".\n".to_owned(),
    });
    text.push_str(
        "Erlang B, C, A: agents at work. Simulated: agents planned, the scenario's breaks and absences included.\n",
    );
    for note in &answer.notes {
        text.push_str(&format!("! {note}\n"));
    }
    if !answer.differences.is_empty() {
        text.push_str("\nWhere the formula and the simulation differ, and why\n");
        answer.differences.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
    }
    if answer.half_hours.iter().any(|row| row.simulated > 0) {
        match &args.simulated.out {
            Some(file) => text.push_str(&format!("\nA scenario with this staff: hatif simulate {}\n", file.display())),
            None => {
                text.push_str("\nThis staff as settings of a scenario (lines before its first [table], or arguments of --set):\n\n");
                answer.settings.iter().for_each(|line| text.push_str(&format!("{line}\n")));
            }
        }
    }
    text
}

/// A few days by name, many by number.
fn days_told(days: &[String]) -> String {
    match days {
        [first, .., last] if days.len() > 5 => format!("{} days together, {first} to {last}", days.len()),
        [_, _, ..] => format!("{} together", days.join(", ")),
        _ => days.join(", "),
    }
}

fn shown(answer: &Answer, value: f64) -> String {
    let unit = crate::record::measure::named(answer.measure).map_or("", |measure| measure.unit.name());
    summary::shown(unit, value)
}

fn half_hours(answer: &Answer) -> Table {
    let rostered = answer.shrinkage > 0.0;
    let mut header = vec!["from", "calls", "want agent", "AHT", "erlangs", "B", "C", "A", "simulated"];
    if rostered {
        header.extend(["roster, formula", "roster, simulated"]);
    }
    header.push("reached");
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    let count = |agents: Option<u32>| agents.map_or_else(|| "-".to_owned(), |agents| agents.to_string());
    for row in &answer.half_hours {
        let mut cells = vec![
            row.from.clone(),
            format!("{:.1}", row.calls),
            format!("{:.1}", row.want_agent),
            format!("{:.0} s", row.aht),
            format!("{:.2}", row.erlangs),
            count(row.erlang_b),
            count(row.erlang_c),
            count(row.erlang_a),
            row.simulated.to_string(),
        ];
        if rostered {
            cells.extend([count(row.formula_rostered), row.simulated_rostered.to_string()]);
        }
        let half = row.half_width.map_or_else(String::new, |half| format!(" ± {}", shown(answer, half)));
        let flag = if row.hopeless { " !" } else { "" };
        cells.push(row.reached.map_or_else(|| "-".to_owned(), |value| format!("{}{half}{flag}", shown(answer, value))));
        table.add_row(cells);
    }
    let hours = |agents: &dyn Fn(&Row) -> Option<u32>| {
        let known: Vec<u32> = answer.half_hours.iter().filter_map(agents).collect();
        if known.is_empty() { "-".to_owned() } else { format!("{:.1}", f64::from(known.iter().sum::<u32>()) / 2.0) }
    };
    let mut cells = vec!["agent hours".to_owned()];
    let sum = |of: &dyn Fn(&Row) -> f64| format!("{:.0}", answer.half_hours.iter().map(of).sum::<f64>());
    cells.extend([sum(&|row| row.calls), sum(&|row| row.want_agent), String::new(), String::new()]);
    cells.extend([hours(&|row| row.erlang_b), hours(&|row| row.erlang_c), hours(&|row| row.erlang_a)]);
    cells.push(hours(&|row| Some(row.simulated)));
    if rostered {
        cells.extend([hours(&|row| row.formula_rostered), hours(&|row| Some(row.simulated_rostered))]);
    }
    cells.push(answer.reached.map_or_else(|| "-".to_owned(), |value| shown(answer, value)));
    table.add_row(cells);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
