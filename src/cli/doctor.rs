//! `hatif doctor`: whether a folder of call records is sound, what is wrong with it, and what to do.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;

use crate::{
    journal::{Reader, Tail},
    live::store::{
        self, SCHEMA, StoreError,
        examine::{Findings, examine, repair},
    },
};

/// Arguments of `hatif doctor`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folder of the call records
    #[arg(default_value = "hatif-data")]
    dir: PathBuf,
    /// A journal, or a folder of journals, to be looked at too [default: the journals in the folder]
    #[arg(long, value_name = "PATH")]
    journal: Option<PathBuf>,
    /// Put in order what can be without loss: cut torn ends off, as the next start would; nothing else is touched
    #[arg(long)]
    repair: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// As it should be.
    Well,
    /// Worth knowing.
    Note,
    /// Something is wrong.
    Ill,
}

/// One thing found: how bad it is, what, and what to do.
struct Line(Grade, String, &'static str);

/// Less room than this is a note: a busy day's records.
const ROOM_MIB: u64 = 1_024;

/// Runs the command. 0: sound; 1: something is wrong; 2: it cannot be told.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    // First a look, so that a folder that holds no records does not get any.
    let mut found = examine(&args.dir)?;
    if args.repair {
        match repair(&args.dir) {
            Err(StoreError::InUse(dir)) => {
                anyhow::bail!("a server is running in {}; stop it, then repair", dir.display())
            }
            // What cannot be opened cannot be put in order; what to do then stands in the findings.
            Err(StoreError::Sqlite { .. }) if !found.unsound.is_empty() => {}
            result => result?,
        }
    }
    if args.repair {
        found = examine(&args.dir)?;
    }
    let mut lines = of_records(&args.dir, &found);
    for journal in journals(args.journal.as_deref().unwrap_or(&args.dir))? {
        lines.push(of_journal(&journal, args.repair && !found.in_use)?);
    }
    lines.extend(of_room(&args.dir));
    let worst = lines.iter().map(|line| line.0).max().unwrap_or(Grade::Well);
    for Line(grade, text, help) in &lines {
        let mark = match grade {
            Grade::Well => "ok  ",
            Grade::Note => "note",
            Grade::Ill => "BAD ",
        };
        anstream::println!("{mark}  {text}");
        if !help.is_empty() {
            anstream::println!("      {help}");
        }
    }
    Ok(if worst == Grade::Ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn of_records(dir: &Path, found: &Findings) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |grade, text: String, help| lines.push(Line(grade, text, help));
    match found.in_use {
        true => say(Grade::Well, format!("a server is running in {}", dir.display()), ""),
        false => say(Grade::Well, format!("no server is running in {}", dir.display()), ""),
    }
    if found.layout < SCHEMA {
        let text = format!("the database is of layout {}, this program writes {SCHEMA}", found.layout);
        say(
            Grade::Note,
            text,
            "the next start of `hatif serve`, or --repair, brings it up; keep a copy of the folder before",
        );
    }
    match found.unsound.as_slice() {
        [] => {
            let (calls, runs) = (several(found.calls, "call record"), several(found.runs, "run"));
            say(Grade::Well, format!("the database is sound: {calls} of {runs}"), "");
        }
        words => {
            let help = "stop the server, keep a copy of the folder, save what can be read with `sqlite3 calls.db .recover`, \
                        and begin a new folder with --data";
            say(Grade::Ill, format!("the database is damaged: {}", words.join("; ")), help);
        }
    }
    of_log(found, &mut say);
    match (found.doubled, found.strays) {
        (0, 0) => {}
        (doubled, strays) => {
            let text =
                format!("call records twice or under a wrong id: {doubled}; of runs that are not there: {strays}");
            say(Grade::Ill, text, "this is a fault of hatif, please report it; the records themselves can be read");
        }
    }
    if let [first, ..] = found.cut_off.as_slice() {
        let (n, last) = (found.cut_off.len(), found.cut_off.last().unwrap_or(first));
        let text = match n {
            1 => format!("run {first} has no end: a kill, a power cut or a full disk cut it off"),
            _ => format!(
                "{n} runs have no end (from run {first} to run {last}): a kill, a power cut or a full disk cut them off"
            ),
        };
        say(Grade::Note, text, "calls that were told `ended` are all there; those in progress then have no record");
    }
    if found.promises > 0 {
        say(
            Grade::Note,
            format!("promised call backs still to be made: {}", found.promises),
            "the next start makes them",
        );
    }
    lines
}

fn of_log(found: &Findings, say: &mut impl FnMut(Grade, String, &'static str)) {
    let Some(tail) = found.tail else { return };
    let (frames, bytes) = (tail.cut_frames, tail.cut_bytes);
    if tail.headless {
        let text = format!("the log's own beginning is damaged: none of its {bytes} bytes counts");
        say(
            Grade::Ill,
            text,
            "records of the last minutes before are lost; check the disk; the next start, or --repair, goes on without them and keeps a copy",
        );
    } else if tail.is_damaged() {
        let text = format!(
            "the log is damaged behind {}: {} ({bytes} bytes) cannot be used, {} among them",
            several(tail.groups, "whole group"),
            several(frames, "frame"),
            several(tail.cut_groups, "group")
        );
        say(
            Grade::Ill,
            text,
            "records in them are lost; check the disk; the next start, or --repair, cuts them off and keeps a copy",
        );
    } else if tail.is_cut() {
        let text = format!(
            "the log ends within a write: {} ({bytes} bytes) that nobody was told of",
            several(frames, "frame")
        );
        say(Grade::Note, text, "the next start, or --repair, cuts them off");
    } else if tail.groups > 0 {
        say(Grade::Well, format!("the log holds {}", several(tail.groups, "whole group")), "");
    }
}

/// The first parts of the journals at a place: a file, or those in a folder.
fn journals(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if place.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place).with_context(|| format!("cannot read {}", place.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", place.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "journal") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a journal to its end; cuts a torn last line off when asked to.
fn of_journal(first: &Path, cut: bool) -> anyhow::Result<Line> {
    let name = first.display();
    let (parts, length) = super::replay::parts(first)?;
    let mut reader = match Reader::open(BufReader::new(parts)) {
        Ok((_, reader)) => reader,
        Err(error) => return Ok(Line(Grade::Ill, format!("{name}: {error}"), "")),
    };
    while reader.next_line()?.is_some() {}
    let ((inputs, events), whole) = (reader.counts(), reader.bytes());
    let held = format!(
        "{name}: {}, {} in {}",
        several(inputs, "input"),
        several(events, "event"),
        several(u64::from(reader.parts()), "part")
    );
    Ok(match reader.tail() {
        Some(Tail::Closed { full: false, .. }) => Line(Grade::Well, held, ""),
        Some(Tail::Closed { full: true, .. }) => {
            let text = format!("{held}; it ends where its room was used up, and its run went on without it");
            Line(Grade::Note, text, "journal.total_mib gives it more")
        }
        Some(Tail::Without { part }) => {
            let text = format!("{held}; its part {part} (the file that ends in .{part}) is missing");
            Line(Grade::Ill, text, "put it back if it was moved; a replay ends before it")
        }
        Some(Tail::Damaged { line, reason }) => {
            let (lost, last) = (length.saturating_sub(whole), *line);
            // Only what is torn at the very end may be cut: behind a damaged line whole ones may follow.
            let torn = reason == crate::journal::CUT_OFF;
            if torn && cut {
                cut_end(first, reader.parts(), lost)?;
                return Ok(Line(Grade::Note, format!("{held}; {lost} bytes of a torn last line were cut off"), ""));
            }
            let text = format!("{held}, then line {last} is damaged: {reason}; {lost} bytes cannot be used");
            match torn {
                true => Line(Grade::Note, text, "--repair cuts the torn line off; a replay ends before it in any case"),
                false => Line(Grade::Ill, text, "a replay ends before it; check the disk"),
            }
        }
        _ => Line(Grade::Note, format!("{held}; it was not closed: its run was cut off, or still lasts"), ""),
    })
}

/// Takes `lost` bytes off the end of the last part.
fn cut_end(first: &Path, parts: u32, lost: u64) -> anyhow::Result<()> {
    let last = crate::live::recorder::part_of(first, parts - 1);
    let cut = || {
        let file = File::options().write(true).open(&last)?;
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub(lost))?;
        file.sync_all()
    };
    cut().with_context(|| format!("cannot cut {}", last.display()))
}

fn several(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How much room there is, where the system says so.
fn of_room(dir: &Path) -> Option<Line> {
    let output = std::process::Command::new("df").args(["-Pk"]).arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let free: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    let mib = free / 1_024;
    let records = std::fs::metadata(dir.join(store::FILE)).map(|file| file.len() >> 20).unwrap_or(0);
    let text = format!("{mib} MiB free on its disk; the database takes {records} MiB");
    Some(match mib < ROOM_MIB {
        true => Line(Grade::Note, text, "without room new calls are refused; make some"),
        false => Line(Grade::Well, text, ""),
    })
}
