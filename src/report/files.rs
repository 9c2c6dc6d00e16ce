//! What a run found, as files in a folder.

use std::{
    fs::{self, File},
    io::{self, BufWriter},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{calls::CallsFile, cell::defused, html, need, sweep_chart};
use crate::{
    record::row::CallRow,
    scenario::Scenario,
    script::Versions,
    sim::{
        compare::Comparison,
        summary::{Found, Summary},
        sweep::Sweep,
    },
    stats::Estimate,
    time::LocalClock,
};

/// The files that an output folder may hold: who finds only these there may write over them.
const OURS: [&str; 9] = [
    "summary.json",
    "intervals.csv",
    "report.html",
    "calls.parquet",
    "compare.json",
    "differences.csv",
    "sweep.json",
    "sweep.csv",
    "sweep.svg",
];

/// A folder that cannot be written to.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Something else is in it.
    #[error(
        "{folder} holds {file}, which no run wrote; nothing was written over: choose an empty or new folder, or that of an \
         earlier run"
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// What is in it.
        file: String,
    },
    /// It is no folder.
    #[error("{0} is a file; choose a folder")]
    NoFolder(PathBuf),
    /// The system says no.
    #[error("cannot write {path}: {source}; check the path and its permissions")]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes the folder ready to be written to: new, empty, or that of an earlier run. Called before a run, so that its hours are
/// not lost. Whether it was made.
///
/// # Errors
/// It holds something else, or cannot be made.
pub fn prepare(folder: &Path) -> Result<bool, OutputError> {
    let failed = |source| OutputError::Io { path: folder.to_owned(), source };
    if folder.is_file() {
        return Err(OutputError::NoFolder(folder.to_owned()));
    }
    let there = folder.is_dir();
    if there {
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let whole = file.strip_suffix(".part").unwrap_or(&file);
            if !OURS.contains(&whole) || entry.path().is_dir() {
                return Err(OutputError::Occupied { folder: folder.to_owned(), file });
            }
        }
    }
    fs::create_dir_all(folder).map_err(failed)?;
    Ok(!there)
}

/// Writes what a scenario's replications found: `report.html`, `summary.json` and `intervals.csv`.
///
/// # Errors
/// See [`prepare`].
pub fn write(folder: &Path, summary: &Summary, scenario: &Scenario) -> Result<(), OutputError> {
    prepare(folder)?;
    let need = html::Need {
        intervals: need::agents(&summary.intervals, summary, scenario),
        weekday: need::agents(&summary.weekday, summary, scenario),
        hours: scenario.measures.interval.as_secs_f64() / 3600.0,
    };
    put(folder, "report.html", &html::page(summary, &scenario.script, &need))?;
    json(folder, "summary.json", summary)?;
    put(folder, "intervals.csv", &intervals(summary))
}

/// `calls.parquet` being written; it has its name only once it is whole.
pub struct CallsOut {
    folder: PathBuf,
    file: CallsFile<BufWriter<File>>,
    failed: Option<io::Error>,
}

const CALLS: &str = "calls.parquet";

impl CallsOut {
    /// Begins the file in a folder that is ready.
    ///
    /// # Errors
    /// See [`prepare`].
    pub fn new(folder: &Path, clock: &LocalClock) -> Result<CallsOut, OutputError> {
        let failed = |source| OutputError::Io { path: folder.join(CALLS), source };
        let file = File::create(half(folder, CALLS)).map_err(failed)?;
        let file =
            CallsFile::new(BufWriter::new(file), clock.clone()).map_err(|error| failed(io::Error::other(error)))?;
        Ok(CallsOut { folder: folder.to_owned(), file, failed: None })
    }

    /// Adds the calls of a replication. A break: the disk does not take them, and a longer run would be of no use;
    /// [`CallsOut::finish`] says why.
    pub fn write(&mut self, replication: u32, rows: &[CallRow], versions: &Versions) -> ControlFlow<()> {
        match self.file.write(replication, rows, versions) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(io::Error::other(error));
                ControlFlow::Break(())
            }
        }
    }

    /// Throws the file away, leaving that of an earlier run where it is.
    pub fn discard(self) {
        let half = half(&self.folder, CALLS);
        drop(self);
        // What is left of it is of no use; the next run writes over it.
        let _ = fs::remove_file(half);
    }

    /// Ends the file.
    ///
    /// # Errors
    /// It could not be written; nothing is left of it.
    pub fn finish(self) -> Result<(), OutputError> {
        let (half, path) = (half(&self.folder, CALLS), self.folder.join(CALLS));
        let closed = self.file.close().map_err(io::Error::other);
        let done = self.failed.map_or(closed, Err).and_then(|()| fs::rename(&half, &path));
        done.map_err(|source| {
            // As in `put`.
            let _ = fs::remove_file(&half);
            OutputError::Io { path, source }
        })
    }
}

/// Writes a comparison: `compare.json` and `differences.csv`.
///
/// # Errors
/// See [`prepare`].
pub fn write_comparison(folder: &Path, found: &Comparison) -> Result<(), OutputError> {
    prepare(folder)?;
    json(folder, "compare.json", found)?;
    let mut rows = vec![strings(["measure", "unit", "a", "b", "difference", "low", "high", "pairs"])];
    for one in &found.differences {
        let d = &one.difference;
        let numbers = [one.a.value, one.b.value, d.value, d.low, d.high].map(number);
        let row = [one.name.to_owned(), one.unit.to_owned()].into_iter().chain(numbers).chain([d.n.to_string()]);
        rows.push(row.collect());
    }
    put(folder, "differences.csv", &csv(rows))
}

/// Writes a sweep: `sweep.json`, `sweep.csv` and `sweep.svg`.
///
/// # Errors
/// See [`prepare`].
pub fn write_sweep(folder: &Path, found: &Sweep) -> Result<(), OutputError> {
    prepare(folder)?;
    json(folder, "sweep.json", found)?;
    let mut heads: Vec<String> = found.axes.iter().map(|axis| axis.key.clone()).collect();
    heads.push("replications".to_owned());
    let mut rows = Vec::new();
    for point in &found.points {
        let mut row = point.at.clone();
        row.push(point.replications.to_string());
        row.extend(values(&point.measures));
        rows.push(row);
    }
    heads.extend(found.points.first().iter().flat_map(|point| columns(&point.measures)));
    rows.insert(0, heads);
    put(folder, "sweep.csv", &csv(rows))?;
    put(folder, "sweep.svg", &sweep_chart::sweep(found))
}

fn intervals(summary: &Summary) -> String {
    let mut heads = strings(["date", "time", "staff", "busy"]);
    heads.extend(summary.intervals.first().iter().flat_map(|interval| columns(&interval.measures)));
    let mut rows = vec![heads];
    for interval in &summary.intervals {
        let mut row = vec![interval.date.clone(), interval.time.clone()];
        row.extend([interval.staff.value, interval.busy.value].map(number));
        row.extend(values(&interval.measures));
        rows.push(row);
    }
    csv(rows)
}

/// The columns of measures: each with the ends of its interval.
fn columns(measures: &[Found]) -> Vec<String> {
    measures.iter().flat_map(|one| ["", "_low", "_high"].map(|end| format!("{}{end}", one.name))).collect()
}

fn values(measures: &[Found]) -> Vec<String> {
    let ends = |Estimate { value, low, high, .. }: Estimate| [value, low, high].map(number);
    measures.iter().flat_map(|one| ends(one.estimate)).collect()
}

/// A number with all its digits; nothing where there is none.
fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn csv(rows: Vec<Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        // Rows of the same length into memory: nothing can fail.
        let written = writer.write_record(row.iter().map(|cell| defused(cell)));
        debug_assert!(written.is_ok(), "{row:?}");
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn json(folder: &Path, name: &str, what: &impl Serialize) -> Result<(), OutputError> {
    let failed = |error: serde_json::Error| OutputError::Io { path: folder.join(name), source: error.into() };
    let text = serde_json::to_string_pretty(what).map_err(failed)?;
    put(folder, name, &(text + "\n"))
}

/// Writes a file whole or not at all.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), OutputError> {
    let path = folder.join(name);
    let half = half(folder, name);
    let done = fs::write(&half, text).and_then(|()| fs::rename(&half, &path));
    done.map_err(|source| {
        // What is left of it is of no use; that it may not be there at all is no second error.
        let _ = fs::remove_file(&half);
        OutputError::Io { path, source }
    })
}

/// The name of a file that is not whole yet.
fn half(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.part"))
}
