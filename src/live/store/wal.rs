//! The end of the database's log, read without opening the database: how much of it counts, and what a kill, a power cut
//! or a bad disk left behind it.
//!
//! SQLite writes a group as frames, one a page, the last one marked as the group's end; each carries a checksum over all
//! before it. When the log is opened again, everything behind the last whole group is dropped without a word. A caller was
//! told `ended` only after her group was whole and synced, so what a kill leaves there was never acknowledged; what a bad
//! disk damages may have been. So it is counted before it is gone.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Bytes before the first frame, and before each page.
const HEADER: usize = 32;
const FRAME: usize = 24;

/// What the log ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Bytes up to the end of the last whole group.
    pub kept: u64,
    /// Frames in whole groups.
    pub frames: u64,
    /// Whole groups.
    pub groups: u64,
    /// Bytes behind them that belong to groups that are not whole.
    pub cut_bytes: u64,
    /// Frames among those, a torn one included.
    pub cut_frames: u64,
    /// Among those, ends of groups that can still be recognised behind a damaged place: records in them may have been
    /// acknowledged. A kill leaves none; a power cut may leave one that was not; more mean a damaged disk.
    pub cut_groups: u64,
    /// The log's own header is damaged: nothing of it counts.
    pub headless: bool,
}

impl Tail {
    /// Whether something is behind the last whole group.
    pub fn is_cut(&self) -> bool {
        self.cut_bytes > 0
    }

    /// Whether what is lost may have been acknowledged.
    pub fn is_damaged(&self) -> bool {
        self.cut_groups > 0 || self.headless
    }
}

/// The log of a database.
pub fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Reads the log of a database; nothing to tell where there is none. The database must not be written meanwhile.
///
/// # Errors
/// The log cannot be read.
pub fn tail_of(database: &Path) -> io::Result<Tail> {
    match std::fs::read(log_of(database)) {
        Ok(log) => Ok(tail(&log)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tail::default()),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The running checksum of the format: two sums over words in the byte order that the log's first word names.
#[derive(Clone, Copy)]
struct Sum {
    sums: (u32, u32),
    big_endian: bool,
}

impl Sum {
    fn over(mut self, bytes: &[u8]) -> Sum {
        let read = |four: &[u8]| {
            let four = [four[0], four[1], four[2], four[3]];
            if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        for eight in bytes.chunks_exact(8) {
            self.sums.0 = self.sums.0.wrapping_add(read(&eight[..4])).wrapping_add(self.sums.1);
            self.sums.1 = self.sums.1.wrapping_add(read(&eight[4..])).wrapping_add(self.sums.0);
        }
        self
    }
}

/// What a log ends with.
pub fn tail(log: &[u8]) -> Tail {
    if log.is_empty() {
        return Tail::default();
    }
    let all = Tail { cut_bytes: log.len() as u64, cut_frames: 1, headless: true, ..Tail::default() };
    let page = word(log, 8) as usize;
    let magic = word(log, 0);
    if log.len() < HEADER || magic & !1 != 0x377f_0682 || !page.is_power_of_two() || !(512..=65_536).contains(&page) {
        return all;
    }
    let header = Sum { sums: (0, 0), big_endian: magic & 1 == 1 }.over(&log[..24]);
    if header.sums != (word(log, 24), word(log, 28)) {
        return all;
    }
    let salts = (word(log, 16), word(log, 20));
    let mut found = Tail { kept: HEADER as u64, ..Tail::default() };
    let (mut sum, mut whole, mut broken) = (header, 0, false);
    let mut behind = Tail::default();
    let is_own = |frame: &[u8]| frame.len() >= FRAME && salts == (word(frame, 8), word(frame, 12));
    let last_own = log[HEADER..].chunks(FRAME + page).rposition(is_own);
    for (place, frame) in log[HEADER..].chunks(FRAME + page).enumerate() {
        let start = HEADER + place * (FRAME + page);
        let ends_group = frame.len() >= 8 && word(frame, 4) > 0;
        if !broken && frame.len() == FRAME + page && salts == (word(frame, 8), word(frame, 12)) {
            let next = sum.over(&frame[..8]).over(&frame[FRAME..]);
            if next.sums == (word(frame, 16), word(frame, 20)) {
                (sum, whole) = (next, whole + 1);
                if ends_group {
                    found.kept = (start + FRAME + page) as u64;
                    found.frames = whole;
                    found.groups += 1;
                    behind = Tail::default();
                } else {
                    behind.cut_bytes += frame.len() as u64;
                    behind.cut_frames += 1;
                }
                continue;
            }
        }
        broken = true;
        if is_left_over(frame, salts) && last_own.is_none_or(|last| place > last) {
            // From here on the log holds an earlier generation that was copied into the database long ago. One of its frames
            // before a frame of this generation is a frame of this one whose salts are damaged.
            break;
        }
        behind.cut_bytes += frame.len() as u64;
        behind.cut_frames += 1;
        let recognised = frame.len() == FRAME + page && salts == (word(frame, 8), word(frame, 12));
        behind.cut_groups += u64::from(recognised && ends_group);
    }
    Tail { cut_bytes: behind.cut_bytes, cut_frames: behind.cut_frames, cut_groups: behind.cut_groups, ..found }
}

/// Whether a frame is of an earlier generation of the log: each generation counts its first salt up by one, and draws the second
/// anew.
fn is_left_over(frame: &[u8], salts: (u32, u32)) -> bool {
    let earlier = (1..1_000_000).contains(&salts.0.wrapping_sub(word(frame, 8)));
    frame.len() >= FRAME && earlier && salts.1 != word(frame, 12)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A database whose log holds ten groups, and where each of them ends.
    fn written(dir: &Path) -> (PathBuf, Connection, Vec<u64>) {
        let path = dir.join("a.db");
        let db = Connection::open(&path).expect("a database");
        db.pragma_update(None, "journal_mode", "wal").expect("a log");
        db.execute_batch("create table t (x text)").expect("a table");
        let mut ends = vec![];
        for n in 0..10 {
            db.execute("insert into t values (?)", ["x".repeat(500 * n)]).expect("a row");
            ends.push(std::fs::metadata(log_of(&path)).expect("a log").len());
        }
        (path, db, ends)
    }

    #[test]
    fn a_whole_log_is_kept_whole_and_a_cut_one_up_to_its_last_whole_group() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, db, ends) = written(dir.path());
        let log = std::fs::read(log_of(&path)).expect("a log");
        let whole = tail(&log);
        assert_eq!((whole.kept, whole.groups, whole.cut_bytes), (log.len() as u64, 11, 0), "{whole:?}");
        for cut in (HEADER..log.len()).step_by(97) {
            let found = tail(&log[..cut]);
            let kept = ends.iter().copied().filter(|end| *end <= cut as u64).max();
            let kept = kept.unwrap_or(found.kept).max(found.kept.min(ends[0]));
            assert_eq!(found.kept, kept, "cut at {cut}");
            assert_eq!(found.kept + found.cut_bytes, cut as u64);
            assert!(!found.is_damaged(), "a cut end is no damage: {found:?}");
        }
        drop(db);
    }

    #[test]
    fn a_changed_byte_is_damage_and_says_how_many_groups_follow() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, db, ends) = written(dir.path());
        let mut log = std::fs::read(log_of(&path)).expect("a log");
        let place = ends[6] as usize + FRAME + 100;
        log[place] ^= 1;
        let found = tail(&log);
        assert_eq!((found.kept, found.cut_groups), (ends[6], 3), "{found:?}");
        assert!(found.is_damaged());
        log[place] ^= 1;
        // Damaged so that it passes for a frame of an earlier generation: what follows it tells.
        let (first, second) = (ends[6] as usize + 8, ends[6] as usize + 15);
        let earlier = word(&log, first).wrapping_sub(1).to_be_bytes();
        log[first..first + 4].copy_from_slice(&earlier);
        log[second] ^= 1;
        let found = tail(&log);
        assert!(found.kept == ends[6] && found.is_damaged() && found.is_cut(), "{found:?}");
        log[9] ^= 1;
        assert!(tail(&log).headless);
        drop(db);
    }

    #[test]
    fn what_an_earlier_generation_left_is_no_damage() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, db, _) = written(dir.path());
        db.query_row("pragma wal_checkpoint(restart)", [], |row| row.get::<_, i64>(0)).expect("a checkpoint");
        db.execute("insert into t values ('new')", []).expect("a row");
        let found = tail_of(&path).expect("a log");
        assert_eq!((found.groups, found.is_cut(), found.is_damaged()), (1, false, false), "{found:?}");
    }
}
