//! The end of the log of call records, cut off or changed at every place: what is behind the last whole group goes, and
//! nothing before it.

use std::{
    fs::{self, File},
    path::Path,
};

use hatif::{
    id::CallId,
    live::{
        Records,
        store::{self, CallRow, Durable, FILE, Job, Run, Store, wal},
    },
};
use tokio::sync::mpsc;

use super::life::{folder, full, tell};

/// The last bytes of the log that are attacked.
const END: usize = 64 * 1024;

/// A database with its log as a kill leaves them, and after how many bytes of log each call was acknowledged.
struct Remains {
    database: Vec<u8>,
    log: Vec<u8>,
    acknowledged: Vec<(usize, i64)>,
}

impl Remains {
    /// Of a run whose calls came one by one, each acknowledged before the next.
    fn of_a_run() -> Remains {
        let dir = folder();
        let store = Store::open(dir.path()).expect("a fresh folder");
        let run = Run { began: "a".into(), origin: "b".into(), speed: 1.0, seed: 1 };
        let run = store.begin_run(&run).expect("a run");
        let (durable, mut told) = mpsc::unbounded_channel();
        let config = Records { group_wait: hatif::time::Duration::ZERO, ..Records::default() };
        let writer = store.write_for(run, "r".into(), config, durable).expect("a thread");
        let (jobs, log) = (writer.sender(), wal::log_of(&dir.path().join(FILE)));
        let mut acknowledged = Vec::new();
        for number in 1..=30_u32 {
            // Of different lengths, so that groups are of different numbers of pages.
            let path = "main.menu ".repeat(number as usize * 37 % 900);
            let row = CallRow { call: CallId(number.into()), path, ..CallRow::default() };
            jobs.offer(Job::Call(Box::new(row))).expect("there is room");
            assert_eq!(told.blocking_recv(), Some(vec![Durable::Call(CallId(number.into()))]));
            acknowledged.push((fs::metadata(&log).expect("a log").len() as usize, number.into()));
        }
        let read = |path: &Path| fs::read(path).expect("a file");
        let remains = Remains { database: read(&dir.path().join(FILE)), log: read(&log), acknowledged };
        drop(jobs);
        writer.finish().expect("written");
        remains
    }

    /// Opens what is left with this log, and says which calls it holds.
    fn opened(&self, dir: &Path, log: &[u8]) -> (wal::Tail, Vec<i64>) {
        let database = dir.join(FILE);
        let write = |path: &Path, bytes: &[u8]| fs::write(path, bytes).expect("a file");
        write(&database, &self.database);
        write(&wal::log_of(&database), log);
        let tail = wal::tail_of(&database).expect("a log");
        drop(Store::open(dir).expect("what a kill leaves can be opened"));
        let db = store::open_to_read(dir).expect("records");
        let mut select = db.prepare("select number from calls order by number").expect("a query");
        let numbers = select.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("numbers");
        (tail, numbers)
    }

    /// The calls acknowledged when the log was so long.
    fn acknowledged_by(&self, length: usize) -> Vec<i64> {
        self.acknowledged.iter().filter(|(end, _)| *end <= length).map(|(_, number)| *number).collect()
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        let (len, step) = (self.log.len(), if full() { 1 } else { 512 });
        assert!(len > END + 1_024, "the log of this run is too short: {len}");
        // Not always the same byte of a page.
        (len - END..=len).step_by(step).map(move |place| (place + place / 4_096 * 7 % step).min(len))
    }
}

#[test]
fn a_log_cut_off_anywhere_opens_with_everything_acknowledged_before_the_cut() {
    let (remains, dir) = (Remains::of_a_run(), folder());
    let mut cuts = 0;
    for cut in remains.places() {
        let (tail, calls) = remains.opened(dir.path(), &remains.log[..cut]);
        assert_eq!(calls, remains.acknowledged_by(cut), "cut at {cut}");
        assert_eq!(tail.kept + tail.cut_bytes, cut as u64, "cut at {cut}: {tail:?}");
        assert!(!tail.is_damaged(), "cut at {cut}: {tail:?}");
        cuts += 1;
    }
    tell(&format!("{cuts} cuts"));
}

#[test]
fn a_log_with_one_bit_changed_anywhere_opens_with_everything_before_that_group_and_says_what_is_gone() {
    let (remains, dir) = (Remains::of_a_run(), folder());
    let mut log = remains.log.clone();
    let mut changes = 0;
    for place in remains.places().filter(|place| *place < remains.log.len()) {
        log[place] ^= 1 << (place % 8);
        let (tail, calls) = remains.opened(dir.path(), &log);
        log[place] ^= 1 << (place % 8);
        // The group that holds the byte begins where the last whole one before it ends.
        assert_eq!(calls, remains.acknowledged_by(place), "changed at {place}");
        assert!(tail.is_cut() && tail.kept as usize <= place, "changed at {place}: {tail:?}");
        let later = remains.acknowledged.iter().filter(|(end, _)| *end > place).count() as u64;
        // A byte that marks a group's end or the generation may cost the recognition of that one group.
        assert!(tail.cut_groups + 1 >= later, "changed at {place}: {tail:?}, {later} groups are gone");
        let aside = fs::read_dir(dir.path()).expect("a folder").filter_map(Result::ok);
        let aside: Vec<_> = aside.filter(|entry| entry.file_name().to_string_lossy().contains("damaged")).collect();
        assert_eq!(!aside.is_empty(), tail.is_damaged(), "changed at {place}");
        aside.iter().for_each(|entry| fs::remove_file(entry.path()).expect("a copy"));
        changes += 1;
    }
    tell(&format!("{changes} changed bits"));
}

#[test]
fn a_log_that_is_no_log_is_said_to_be_none() {
    let (remains, dir) = (Remains::of_a_run(), folder());
    let mut log = remains.log.clone();
    log[17] ^= 1;
    let (tail, calls) = remains.opened(dir.path(), &log);
    assert!(tail.headless && calls.is_empty(), "{tail:?} {calls:?}");
    File::create(wal::log_of(&dir.path().join(FILE))).expect("an empty log");
    assert!(!wal::tail_of(&dir.path().join(FILE)).expect("a log").is_cut());
}
