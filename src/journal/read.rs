//! Reading a journal, whole or cut off.

use std::io::{self, BufRead};

use super::{
    error::ReplayError,
    line::{FORMAT, Header, Line},
};
use crate::time::Instant;

/// The longest line a journal has by far; a longer one is no journal's.
const MAX_LINE: u64 = 1 << 20;

/// What is wrong with a last line that has no end.
pub const CUT_OFF: &str = "it is cut off";

/// How a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// It was closed properly.
    Closed {
        /// Up to when everything had happened.
        end: Instant,
        /// Its room was used up; the run went on without it.
        full: bool,
    },
    /// It stops after a whole line: the run was cut off.
    Open,
    /// The part that should follow is not there.
    Without {
        /// Which, counted from 0: the first part, without a number in its name, is 0.
        part: u32,
    },
    /// A line cannot be read; what follows it is not looked at.
    Damaged {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads a journal line by line.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    line: u64,
    counts: (u64, u64),
    bytes: u64,
    id: String,
    part: u32,
    /// A part was announced that has not begun.
    announced: bool,
    tail: Option<Tail>,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub fn open(mut from: R) -> Result<(Header, Reader<R>), ReplayError> {
        let text = read_line(&mut from)?.ok_or_else(|| ReplayError::NotAJournal("it is empty".into()))?;
        let value: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|error| ReplayError::NotAJournal(format!("line 1 is no header ({error})")))?;
        match value.get("hatif_journal").and_then(serde_json::Value::as_u64) {
            None if value.get("part").is_some() => {
                let why = "it is a later part of one: name the first part, the file without a number at its end";
                return Err(ReplayError::NotAJournal(why.into()));
            }
            None => return Err(ReplayError::NotAJournal("line 1 has no `hatif_journal`".into())),
            Some(format) if format != u64::from(FORMAT) => return Err(ReplayError::Format(format)),
            Some(_) => {}
        }
        let header: Header = serde_json::from_value(value)
            .map_err(|error| ReplayError::NotAJournal(format!("line 1 is no header ({error})")))?;
        let (bytes, id) = (text.len() as u64, header.id.clone());
        Ok((header, Reader { from, line: 1, counts: (0, 0), bytes, id, part: 0, announced: false, tail: None }))
    }

    /// The next input or event; `None` at the end, which [`Reader::tail`] then tells.
    pub fn next_line(&mut self) -> Result<Option<Line>, ReplayError> {
        if self.tail.is_some() {
            return Ok(None);
        }
        self.line += 1;
        let Some(text) = read_line(&mut self.from)? else {
            if self.announced {
                self.tail = Some(Tail::Without { part: self.part + 1 });
                return Ok(None);
            }
            self.tail = Some(Tail::Open);
            return Ok(None);
        };
        if text.last() != Some(&b'\n') {
            return Ok(self.damaged(CUT_OFF.into()));
        }
        let line = serde_json::from_slice(&text);
        if let Ok(Line::More { .. } | Line::Part { .. }) = line {
            return self.turn_page(line, text.len() as u64);
        }
        if self.announced {
            return Ok(self.damaged(format!("part {} of the journal should begin here", self.part + 1)));
        }
        if line.is_ok() {
            self.bytes += text.len() as u64;
        }
        match line {
            Ok(Line::End { end, inputs, events, full }) => {
                if (inputs, events) != self.counts {
                    let (i, e) = self.counts;
                    let reason = format!("it counts {inputs} inputs and {events} events, but there are {i} and {e}");
                    return Ok(self.damaged(reason));
                }
                self.tail = Some(Tail::Closed { end, full });
                Ok(None)
            }
            Ok(line) => {
                match line {
                    Line::In { .. } => self.counts.0 += 1,
                    Line::Ev { .. } => self.counts.1 += 1,
                    _ => {}
                }
                Ok(Some(line))
            }
            Err(error) => Ok(self.damaged(format!("it cannot be read ({error})"))),
        }
    }

    /// The end of a part, or the beginning of the next.
    fn turn_page(&mut self, line: serde_json::Result<Line>, bytes: u64) -> Result<Option<Line>, ReplayError> {
        let next = self.part + 1;
        let fits = match line {
            Ok(Line::More { more }) => !self.announced && more == next,
            Ok(Line::Part { part, of }) => self.announced && part == next && of == self.id,
            _ => false,
        };
        if !fits {
            return Ok(self.damaged(format!("it is not of this journal's part {next}")));
        }
        self.bytes += bytes;
        self.part += u32::from(self.announced);
        self.announced = !self.announced;
        self.next_line()
    }

    /// How many bytes of whole, readable lines have been read, over all parts.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many parts have been begun.
    pub fn parts(&self) -> u32 {
        self.part + 1
    }

    /// The number of the line last read, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many inputs and events have been read.
    pub fn counts(&self) -> (u64, u64) {
        self.counts
    }

    /// How the journal ends, once it has been read to its end.
    pub fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    fn damaged(&mut self, reason: String) -> Option<Line> {
        self.tail = Some(Tail::Damaged { line: self.line, reason });
        None
    }
}

/// A line with its end; `None` at the end of the file. A line beyond [`MAX_LINE`] comes without its end.
fn read_line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    let mut limited = io::Read::take(&mut *from, MAX_LINE);
    let n = limited.read_until(b'\n', &mut text)?;
    Ok((n > 0).then_some(text))
}
