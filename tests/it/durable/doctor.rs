//! `hatif doctor`: what it says of a folder that is sound, that was cut off, that is torn, damaged, in use or none.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use hatif::live::store::{FILE, wal};

use super::life::{Life, Told, crowd, folder};

fn doctor(dir: &Path, options: &[&str]) -> (Option<i32>, String) {
    let output: Output =
        Command::new(env!("CARGO_BIN_EXE_hatif")).arg("doctor").arg(dir).args(options).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// A folder in which a server with a journal was killed after some calls.
async fn killed() -> tempfile::TempDir {
    let (data, told) = (folder(), Told::default());
    let journal = data.path().join("run-1.journal");
    let mut life = Life::begin(data.path(), &["--journal", journal.to_str().expect("a plain path")], None);
    let addr = life.addr.expect("it starts");
    crowd(addr, 2, 4, &told).await;
    let (code, said) = doctor(data.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("a server is running") && said.contains("8 call records of 1 runs"), "{said}");
    assert!(!said.contains("have no end"), "the run lasts: {said}");
    let (code, said) = doctor(data.path(), &["--repair"]);
    assert!(code == Some(2) && said.contains("stop it, then repair"), "{said}");
    life.kill();
    data
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_named_and_a_torn_end_is_cut_only_on_demand() {
    let data = killed().await;
    let log = wal::log_of(&data.path().join(FILE));
    let whole = fs::metadata(&log).expect("a log").len();
    fs::File::options().write(true).open(&log).and_then(|file| file.set_len(whole - 100)).expect("it is cut");
    let journal = data.path().join("run-1.journal");
    let length = fs::metadata(&journal).expect("a journal").len();
    fs::File::options().write(true).open(&journal).and_then(|file| file.set_len(length - 10)).expect("it is cut");
    let (code, said) = doctor(data.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 runs have no end") && said.contains("the log ends within a write"), "{said}");
    assert!(said.contains("it is cut off") && said.contains("run-1.journal: "), "{said}");
    assert_eq!(fs::metadata(&log).expect("a log").len(), whole - 100, "whoever only looks changes nothing");
    let (code, said) = doctor(data.path(), &["--repair"]);
    assert!(code == Some(0) && said.contains("of a torn last line were cut off"), "{said}");
    let (code, said) = doctor(data.path(), &[]);
    assert!(code == Some(0) && !said.contains("within a write") && !said.contains("is damaged"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_said_with_an_exit_code_and_a_way_out() {
    let data = killed().await;
    let (database, log) = (data.path().join(FILE), wal::log_of(&data.path().join(FILE)));
    let sound = fs::read(&log).expect("a log");
    let mut bytes = sound.clone();
    // Behind the first groups and before the last ones.
    let place = bytes.len() * 3 / 4;
    bytes[place] ^= 1;
    fs::write(&log, &bytes).expect("it is damaged");
    let (code, said) = doctor(data.path(), &[]);
    assert!(code == Some(1) && said.contains("the log is damaged behind") && said.contains("check the disk"), "{said}");
    let calls = Command::new(env!("CARGO_BIN_EXE_hatif")).arg("calls").arg("--data").arg(data.path()).output();
    let calls = calls.expect("it runs");
    let told = String::from_utf8_lossy(&calls.stderr);
    assert!(calls.status.success() && told.contains("is damaged") && told.contains("hatif doctor"), "{told}");
    assert_eq!(fs::read(&log).expect("a log"), bytes, "whoever only reads leaves the evidence");
    assert_eq!(doctor(data.path(), &[]), (code, said), "and what is said of it stays");
    let mut headless = sound.clone();
    headless[20] ^= 1;
    fs::write(&log, &headless).expect("it is damaged");
    let (code, said) = doctor(data.path(), &[]);
    assert!(code == Some(1) && said.contains("the log's own beginning is damaged"), "{said}");
    fs::write(&log, &sound).expect("it is whole again");
    assert_eq!(doctor(data.path(), &["--repair"]).0, Some(0));
    let mut bytes = fs::read(&database).expect("a database");
    let page = bytes.len() / 4_096 / 2 * 4_096;
    bytes[page..page + 4_096].fill(0xA5);
    fs::write(&database, bytes).expect("it is damaged");
    let (code, said) = doctor(data.path(), &[]);
    assert!(code == Some(1) && said.contains("the database is damaged") && said.contains(".recover"), "{said}");
}

#[test]
fn no_folder_of_records_is_no_answer() {
    let dir = folder();
    let (code, said) = doctor(dir.path(), &[]);
    assert!(code == Some(2) && said.contains("there are no call records"), "{said}");
    let (code, said) = doctor(dir.path(), &["--repair"]);
    assert!(code == Some(2) && said.contains("there are no call records"), "it makes none either: {said}");
    fs::write(dir.path().join(FILE), "not mine").expect("a file");
    let (code, said) = doctor(dir.path(), &[]);
    assert!(code == Some(2) && said.contains("is not a database of call records"), "{said}");
}
