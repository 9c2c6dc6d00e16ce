//! `hatif registry`: check, search, import and export the enrolment registry.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Subcommand;

use super::grouped;
use crate::{
    id::PersonId,
    pii::Digits,
    registry::{
        self, BadRow, Category, Config, FileState, Filter, ImportError, Person, Region, Registry, Source, Status,
        access, check, margins,
    },
};

/// Arguments of `hatif registry`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Generate a registry and compare every margin with the published figures; exit code 1 on a mismatch
    Check(Population),
    /// Find people by number, by reference, by index or by traits
    Find(Box<FindArgs>),
    /// Check a CSV file of people, report every bad row, and write the good file out
    Import(ImportArgs),
    /// Write the people as CSV, masked unless --reveal
    Export(ExportArgs),
}

/// Which registry is meant.
#[derive(clap::Args, Debug)]
struct Population {
    /// How many people to generate
    #[arg(long, default_value_t = margins::FULL_SIZE)]
    size: u32,
    /// Which population to generate
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Population {
    fn open(&self, file: Option<&PathBuf>) -> anyhow::Result<Registry> {
        let source = match file {
            Some(path) => Source::File { path: path.clone() },
            None => Source::Generated { size: self.size },
        };
        Ok(Registry::open(&Config { source, seed: self.seed, ..Config::default() })?)
    }
}

#[derive(clap::Args, Debug)]
struct FindArgs {
    /// Nine-digit registration numbers
    #[arg(value_name = "NUMBER", conflicts_with_all = ["reference", "index"])]
    numbers: Vec<Digits>,
    /// An eight-digit file reference, for people without a number
    #[arg(long, conflicts_with = "index")]
    reference: Option<Digits>,
    /// A person's index
    #[arg(long)]
    index: Option<u32>,
    /// Show number and birth date, so that a tester can dial as that person (they are synthetic)
    #[arg(long)]
    reveal: bool,
    /// registered, pending, under_review, other_cover or not_transmitted
    #[arg(long)]
    status: Option<Status>,
    /// A category, such as farm, ae, cpu or taxi
    #[arg(long)]
    category: Option<Category>,
    /// A region, r01 to r12
    #[arg(long)]
    region: Option<Region>,
    /// Only people who are paid up
    #[arg(long, conflicts_with = "unpaid")]
    paid: bool,
    /// Only people who are not paid up
    #[arg(long)]
    unpaid: bool,
    /// Only people with a phone on file
    #[arg(long, conflicts_with = "no_phone")]
    phone: bool,
    /// Only people without a phone on file
    #[arg(long)]
    no_phone: bool,
    /// Only people with a portal account
    #[arg(long, conflicts_with = "no_portal")]
    portal: bool,
    /// Only people without a portal account
    #[arg(long)]
    no_portal: bool,
    /// Only people with a declared spouse
    #[arg(long)]
    spouse: bool,
    /// Only people with so many declared children
    #[arg(long)]
    children: Option<u8>,
    /// Only people with so many health-care files
    #[arg(long)]
    files: Option<u8>,
    /// Only people whose latest health-care file is in this state
    #[arg(long)]
    file_state: Option<FileState>,
    /// Show at most so many people
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Search this CSV file instead of the generated people
    #[arg(long)]
    file: Option<PathBuf>,
    #[command(flatten)]
    population: Population,
}

#[derive(clap::Args, Debug)]
struct ImportArgs {
    /// The CSV file
    file: PathBuf,
    /// Leave bad rows out instead of refusing the file; they are listed
    #[arg(long)]
    skip_bad: bool,
    /// Write the imported people here, ready to be the registry file of a centre
    #[arg(long)]
    out: Option<PathBuf>,
    /// What dates of files and income bands are derived from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args, Debug)]
struct ExportArgs {
    /// The file to write; standard output when not given
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write at most so many people
    #[arg(long)]
    limit: Option<u32>,
    /// Write numbers, birth dates, card and phone digits in clear: needed for an import
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    population: Population,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Check(population) => run_check(&population),
        Command::Find(args) => run_find(&args),
        Command::Import(args) => run_import(&args),
        Command::Export(args) => run_export(&args),
    }
}

fn run_check(population: &Population) -> anyhow::Result<ExitCode> {
    let registry = population.open(None)?;
    let lines = check::check(registry.base());
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["margin", "", "expected", "found", "ok"]);
    let mut last = "";
    for line in &lines {
        let name = if line.table == last { "" } else { line.table };
        last = line.table;
        let verdict = if line.holds() { "ok" } else { "WRONG" };
        table.add_row([name, &line.entry, &grouped(line.expected), &grouped(line.found), verdict]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    anstream::println!("{table}");
    let wrong = lines.iter().filter(|line| !line.holds()).count();
    let size = registry.len();
    let bytes = registry.bytes_per_person();
    anstream::println!("\n{} people, {bytes:.1} bytes each; {} margins, {wrong} wrong", grouped(size), lines.len());
    if size != margins::FULL_SIZE {
        anstream::println!("margins are the published ones scaled to this size by largest remainder");
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_find(args: &FindArgs) -> anyhow::Result<ExitCode> {
    let registry = args.population.open(args.file.as_ref())?;
    let yes_no = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
    let filter = Filter {
        status: args.status,
        category: args.category,
        region: args.region,
        paid: yes_no(args.paid, args.unpaid),
        phone: yes_no(args.phone, args.no_phone),
        portal: yes_no(args.portal, args.no_portal),
        spouse: args.spouse.then_some(true),
        children: args.children,
        files: args.files,
        file_state: args.file_state,
    };
    let mut people: Vec<Person> = Vec::new();
    let mut take = |person: Option<Person>| people.extend(person.filter(|person| filter.passes(person)));
    match (args.reference, args.index) {
        _ if !args.numbers.is_empty() => registry.by_numbers(&args.numbers, |_, person| take(person)),
        (Some(reference), _) => take(registry.by_reference(reference)),
        (_, Some(index)) => take(registry.person(PersonId(index))),
        _ => people.extend(registry.find(&filter).take(args.limit)),
    }
    if people.is_empty() {
        anstream::eprintln!("hatif: nobody found among {} people", grouped(registry.len()));
        if args.numbers.iter().any(|number| number.len() != 9) {
            anstream::eprintln!("a registration number has nine digits; --reference takes eight, --index an index");
        }
        return Ok(ExitCode::FAILURE);
    }
    for person in &people {
        show(&registry, person, args.reveal);
    }
    Ok(ExitCode::SUCCESS)
}

/// One person, a line for each subject.
fn show(registry: &Registry, person: &Person, reveal: bool) {
    let code = |code: Digits| if reveal { code.to_string() } else { registry::mask_code(&code.to_string()) };
    let has = |flag: bool| if flag { "yes" } else { "no" };
    anstream::println!("{person}");
    match (registry.number_of(person), registry.reference_of(person)) {
        (Some(number), _) => anstream::println!("  number     {}", code(number)),
        (_, Some(reference)) => anstream::println!("  reference  {}", code(reference)),
        _ => {}
    }
    if reveal {
        let keys = access::birth_digits(person).reveal();
        anstream::println!("  born       {} (keys {keys})", person.birth().reveal());
    } else {
        anstream::println!("  born       ••••-••-••");
    }
    match (person.phone_tail(), reveal) {
        (Some(tail), _) => anstream::println!("  phone      ********{tail}"),
        (None, true) => anstream::println!("  phone      none; card ends in {:04}", person.card_tail().reveal()),
        (None, false) => anstream::println!("  phone      none"),
    }
    anstream::println!("  status     {}, {}, {}", person.status(), person.category(), person.region());
    anstream::println!("  language   {}", person.language());
    if let (Some(since), Some(opens)) = (person.since(), registry.rights_open(person)) {
        anstream::println!(
            "  registered {since}; rights open on {opens} if paid; paid up: {}",
            has(person.is_paid_up())
        );
        anstream::println!("  family     spouse: {}, children: {}", has(person.has_spouse()), person.children());
        anstream::println!("  portal     {}", has(person.has_portal()));
        for file in registry.files_of(person).iter().rev() {
            anstream::println!("  file       {}, lodged {}: {}", code(file.reference), file.lodged, file.state);
        }
    }
}

fn run_import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display();
    let file = File::open(&args.file).with_context(|| format!("cannot read {name}; check the path"))?;
    let imported = match registry::import(BufReader::new(file), args.seed, args.skip_bad) {
        Ok(imported) => imported,
        Err(ImportError::Rows(rows)) => {
            report(&rows);
            anstream::eprintln!(
                "hatif: {name}: {} bad rows; nothing was imported. Mend them, or leave them out with --skip-bad",
                rows.len()
            );
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => {
            anstream::eprintln!("hatif: {name}: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    report(&imported.skipped);
    let people = imported.registry.len();
    anstream::println!("{} people read, {} rows left out", grouped(people), imported.skipped.len());
    for &status in Status::ALL {
        let n = imported.registry.base().people().filter(|p| p.status() == status).count();
        anstream::println!("  {status:15} {}", grouped(n as u32));
    }
    match &args.out {
        Some(out) => {
            write_csv(&imported.registry, Some(out), true, None)?;
            anstream::println!(
                "serve them with a settings file that says: [registry] file = {:?}",
                out.display().to_string()
            );
        }
        None => {
            anstream::println!("nothing was written; --out FILE writes the people to a file that a centre can serve");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn report(rows: &[BadRow]) {
    for row in rows {
        anstream::eprintln!("{row}");
    }
}

fn run_export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let registry = args.population.open(None)?;
    write_csv(&registry, args.out.as_ref(), args.reveal, args.limit)?;
    Ok(ExitCode::SUCCESS)
}

fn write_csv(registry: &Registry, out: Option<&PathBuf>, reveal: bool, limit: Option<u32>) -> anyhow::Result<()> {
    match out {
        Some(path) => {
            let file = File::create(path)
                .with_context(|| format!("cannot write {}; check the folder and its permissions", path.display()))?;
            let mut writer = BufWriter::new(file);
            let n = registry::export(registry, &mut writer, reveal, limit)?;
            writer.flush().with_context(|| format!("cannot finish {}", path.display()))?;
            anstream::eprintln!("{} people written to {}", grouped(n), path.display());
        }
        None => match registry::export(registry, std::io::stdout().lock(), reveal, limit) {
            // Whoever reads the other end of a pipe may stop early.
            Err(error) if error.is_broken_pipe() => {}
            other => {
                other?;
            }
        },
    }
    Ok(())
}
