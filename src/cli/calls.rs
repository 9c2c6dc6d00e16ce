//! `hatif calls`: call records as a table, JSON or CSV.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets};
use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};

use crate::{live::store, report::cell::defused};

/// Arguments of `hatif calls`.
#[derive(clap::Args, Debug, Default)]
pub struct Args {
    /// Folder of the call records
    #[arg(long, value_name = "DIR", default_value = "hatif-data")]
    data: PathBuf,
    /// Calls that began at this local time or later, such as 2022-05-17 or 2022-05-17T10:00
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    since: Option<String>,
    /// Calls that began before this local time
    #[arg(long, value_name = "TIME", value_parser = local_time)]
    until: Option<String>,
    /// Only calls with this outcome, such as contained, transferred, abandoned
    #[arg(long, value_name = "NAME")]
    outcome: Option<String>,
    /// Only calls ended by this cause, such as caller_hung_up
    #[arg(long, value_name = "NAME")]
    cause: Option<String>,
    /// Only calls that waited in this queue last
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Only calls that ended in this language, such as ar
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Only calls in which this was chosen
    #[arg(long, value_name = "NAME")]
    intent: Option<String>,
    /// Only calls of this script version (of its run)
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Only calls of this run of the server
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// At most so many, the latest [default: 50 for a table, else all]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How records are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Format {
    /// The main columns, aligned
    #[default]
    Table,
    /// One JSON array with every column
    Json,
    /// One JSON object a line
    Jsonl,
    /// CSV with every column; cells that a spreadsheet would take for a formula are defused
    Csv,
}

/// Records as read: column names, and one row of values a call.
struct Records {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let damage = store::examine::damage(&args.data)?;
    let db = store::open_to_read(&args.data)?;
    if damage.is_some() {
        let data = args.data.display();
        anstream::eprintln!(
            "hatif: the log of call records in {data} is damaged: what follows the damage is not shown; \
             `hatif doctor {data}` tells how much"
        );
    }
    let records = select(&db, &args).context("cannot read the call records")?;
    if records.rows.is_empty() {
        tell_unknown_names(&db, &args).context("cannot read the call records")?;
    }
    match &args.out {
        Some(path) => {
            let name = path.display();
            let file = std::fs::File::create(path).with_context(|| format!("cannot write {name}"))?;
            let mut out = io::BufWriter::new(file);
            write(&records, args.format, &mut out)
                .and_then(|()| out.flush())
                .with_context(|| format!("cannot write {name}"))?;
        }
        None => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            match write(&records, args.format, &mut out).and_then(|()| out.flush()) {
                // Whoever reads has seen enough (`hatif calls | head`).
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                result => result.context("cannot write to standard output")?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A local date, with or without a time, in the form of the records so that texts compare as times do.
fn local_time(text: &str) -> Result<String, String> {
    let time = text.parse::<jiff::civil::DateTime>().map_err(|_| {
        format!("`{text}` is not a local date or date and time; write one such as 2022-05-17 or 2022-05-17T10:00")
    })?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// Says which names a filter could have had, where it has one that no record has: an empty table alone hides a misspelling.
fn tell_unknown_names(db: &Connection, args: &Args) -> rusqlite::Result<()> {
    let filters =
        [("outcome", &args.outcome), ("cause", &args.cause), ("queue", &args.queue), ("language", &args.language)];
    for (column, wanted) in filters {
        let Some(wanted) = wanted else { continue };
        let sql = format!("select distinct {column} from calls where {column} <> '' order by 1");
        let mut statement = db.prepare(&sql)?;
        let known: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if !known.contains(wanted) {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            anstream::eprintln!("hatif: no record has the {column} `{wanted}`; on record: {known}");
        }
    }
    Ok(())
}

fn select(db: &Connection, args: &Args) -> rusqlite::Result<Records> {
    let mut conditions = vec!["true"];
    let mut values: Vec<Value> = Vec::new();
    let mut filter = |condition, value: Option<Value>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    filter("substr(started, 1, 19) >= ?", text(&args.since));
    filter("substr(started, 1, 19) < ?", text(&args.until));
    filter("outcome = ?", text(&args.outcome));
    filter("cause = ?", text(&args.cause));
    filter("queue = ?", text(&args.queue));
    filter("language = ?", text(&args.language));
    filter("instr(' ' || intents || ' ', ' ' || ? || ' ') > 0", text(&args.intent));
    filter("version = ?", args.version.map(|n| Value::Integer(n.into())));
    filter("run = ?", args.run.map(Value::Integer));
    let limit = args.limit.map_or(if args.format == Format::Table { 50 } else { -1 }, i64::from);
    values.push(Value::Integer(limit));
    let conditions = conditions.join(" and ");
    let sql = format!(
        "select * from (select * from calls where {conditions} order by run desc, number desc limit ?) \
         order by run, number"
    );
    let mut statement = db.prepare(&sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let rows = statement
        .query_map(rusqlite::params_from_iter(values), |row| (0..width).map(|i| row.get(i)).collect())?
        .collect::<Result<_, _>>()?;
    Ok(Records { columns, rows })
}

fn write(records: &Records, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table(records, out),
        Format::Csv => csv(records, out),
        Format::Jsonl => {
            for row in &records.rows {
                serde_json::to_writer(&mut *out, &object(records, row))?;
                writeln!(out)?;
            }
            Ok(())
        }
        Format::Json => {
            let rows: Vec<_> = records.rows.iter().map(|row| object(records, row)).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
    }
}

fn object(records: &Records, row: &[Value]) -> serde_json::Map<String, serde_json::Value> {
    let json = |value: &Value| match value {
        Value::Null | Value::Blob(_) => serde_json::Value::Null,
        Value::Integer(n) => (*n).into(),
        Value::Real(x) => (*x).into(),
        Value::Text(text) => text.as_str().into(),
    };
    records.columns.iter().cloned().zip(row.iter().map(json)).collect()
}

fn csv(records: &Records, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&records.columns)?;
    for row in &records.rows {
        writer.write_record(row.iter().map(|value| match value {
            Value::Text(text) => defused(text),
            other => plain(other),
        }))?;
    }
    writer.flush()
}

fn plain(value: &Value) -> String {
    match ValueRef::from(value) {
        ValueRef::Null | ValueRef::Blob(_) => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

/// The columns of the table, with their headings; lengths of time are shown as minutes and seconds.
const SHOWN: [(&str, &str); 10] = [
    ("id", "call"),
    ("started", "started"),
    ("duration_ms", "length"),
    ("language", "lang"),
    ("outcome", "outcome"),
    ("cause", "cause"),
    ("queue", "queue"),
    ("waited_ms", "waited"),
    ("agent", "agent"),
    ("talked_ms", "talked"),
];

fn table(records: &Records, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(SHOWN.map(|(_, heading)| heading));
    let place = |name| records.columns.iter().position(|column| column == name);
    let places = SHOWN.map(|(name, _)| place(name));
    for row in &records.rows {
        let cells = SHOWN.iter().zip(places).map(|((name, _), place)| {
            let value = place.map_or(&Value::Null, |i| &row[i]);
            match value {
                Value::Integer(ms) if name.ends_with("_ms") => minutes(*ms),
                Value::Text(text) if *name == "started" => text.chars().take(19).collect(),
                other => plain(other),
            }
        });
        table.add_row(cells);
    }
    for (i, (name, _)) in SHOWN.iter().enumerate() {
        if let (true, Some(column)) = (name.ends_with("_ms"), table.column_mut(i)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    let count = records.rows.len();
    writeln!(out, "\n{count} call{}", if count == 1 { "" } else { "s" })
}

fn minutes(ms: i64) -> String {
    let secs = (ms + 500) / 1_000;
    format!("{}:{:02}", secs / 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        let text = |text: &str| Value::Text(text.to_owned());
        Records {
            columns: ["id", "outcome", "duration_ms", "queue"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![text("1-1"), text("=1+1"), Value::Integer(61_000), Value::Null],
                vec![text("1-2"), text("a,\"b\""), Value::Integer(-5), text("adviser")],
            ],
        }
    }

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        write(&records(), format, &mut out).expect("memory takes it");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn csv_cells_that_look_like_formulas_are_defused() {
        assert_eq!(
            written(Format::Csv),
            "id,outcome,duration_ms,queue\n1-1,'=1+1,61000,\n1-2,\"a,\"\"b\"\"\",-5,adviser\n"
        );
    }

    #[test]
    fn json_is_an_array_or_a_line_a_call() {
        let array: serde_json::Value = serde_json::from_str(&written(Format::Json)).expect("JSON");
        assert_eq!((array[0]["queue"].is_null(), array[1]["queue"].as_str()), (true, Some("adviser")));
        assert_eq!(written(Format::Jsonl).lines().count(), 2);
    }

    #[test]
    fn a_table_shows_lengths_as_minutes_and_seconds() {
        let table = written(Format::Table);
        assert!(table.contains("1:01") && table.contains("2 calls"), "{table}");
    }

    #[test]
    fn a_day_means_its_beginning() {
        assert_eq!(local_time("2022-05-17").as_deref(), Ok("2022-05-17T00:00:00"));
        assert!(local_time("yesterday").expect_err("not a date").contains("2022-05-17T10:00"));
    }
}
