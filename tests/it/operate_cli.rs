//! What stands around the program: its help, manual pages, completions, the unit of systemd, the image.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use hatif::{config, live::Server};

use crate::support::wire;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hatif(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hatif")).args(args).env("HATIF_TOKEN", "x").output().expect("the program runs")
}

fn said(args: &[&str]) -> String {
    let output = hatif(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_help_tells_every_setting_with_its_default_and_its_reason() {
    let help = said(&["serve", "--help"]);
    // The terminal's width breaks lines anywhere.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = flat(&help);
    let settings = config::help::described();
    assert!(settings.len() > 40);
    for setting in settings {
        let (_, name) = setting.name.split_once('.').expect("a section");
        let line = match &setting.default {
            Some(default) => format!("{name} = {default} {}", setting.reason),
            None => {
                format!("{name} is not set; for instance {} {}", setting.example.unwrap_or_default(), setting.reason)
            }
        };
        assert!(help.contains(&flat(&line)), "the help does not say: {line}");
    }
    let short = said(&["serve", "-h"]);
    assert!(!short.contains("max_sessions =") && short.contains("--config"), "the short help stays short");
}

#[test]
fn every_command_has_a_manual_page_and_every_shell_its_completions() {
    let page = said(&["man"]);
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    let dir = tempfile::tempdir().expect("a folder");
    let told = said(&["man", "--dir", dir.path().to_str().expect("text")]);
    let pages: Vec<String> = fs::read_dir(dir.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(told.starts_with(&format!("{} manual pages", pages.len())), "{told}");
    for command in ["hatif", "hatif-serve", "hatif-call", "hatif-calls", "hatif-man", "hatif-status"] {
        assert!(pages.contains(&format!("{command}.1")), "{command} in {pages:?}");
    }
    let serve = fs::read_to_string(dir.path().join("hatif-serve.1")).expect("a page");
    assert!(serve.contains("max_sessions"), "the settings are in it");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        assert!(script.contains("serve") && script.contains("simulate"), "{shell}");
    }
    let wrong = hatif(&["completions", "cmd"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("bash"), "it tells which there are");
}

#[tokio::test]
async fn status_tells_how_a_running_centre_is() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(wire::config(data.path())).await.expect("it starts");
    let url = format!("http://{}", server.addr);
    let ask = async |args: Vec<String>| {
        tokio::task::spawn_blocking(move || hatif(&args.iter().map(String::as_str).collect::<Vec<_>>()))
            .await
            .expect("no panic")
    };
    let args = |more: &[&str]| ["status", &url].iter().chain(more).map(ToString::to_string).collect::<Vec<_>>();
    let mut caller = wire::Telephone::connect(server.addr).await;
    caller.dial().await;
    let output = ask(args(&[])).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 in the menus") && text.contains("1 connections"), "{text}");
    let output = ask(args(&["--ready"])).await;
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"ready\n"[..]));
    let output = ask(args(&["--json"])).await;
    let health: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&health["status"], &health["calls"]), (&"ok".into(), &1.into()));
    server.ask_to_stop();
    wire::until("it drains", async || ask(args(&["--ready"])).await.status.code() == Some(1)).await;
    caller.hang_up().await;
    server.finished().await.expect("all is written");
    let output = ask(args(&[])).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody answers"), "{output:?}");
}

/// A setting of a systemd unit.
fn of_unit<'a>(unit: &'a str, name: &str) -> &'a str {
    let line = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("the unit has no {name}"))
}

#[test]
fn the_unit_waits_longer_than_a_drain_and_leaves_room_for_every_connection() {
    let unit = fs::read_to_string(root().join("scripts/hatif.service")).expect("the unit");
    let live = hatif::live::Config::default();
    let patience: u64 = of_unit(&unit, "TimeoutStopSec").parse().expect("seconds");
    // Last records and last words come after the drain.
    assert!(patience > live.drain.as_secs() + 10 + 5, "{patience}");
    let files: usize = of_unit(&unit, "LimitNOFILE").parse().expect("a number");
    assert!(files > live.limits.max_connections + 1_000, "{files}");
    assert_eq!((of_unit(&unit, "NoNewPrivileges"), of_unit(&unit, "DynamicUser")), ("yes", "yes"));
    // What it runs is a command line of this program.
    let mut args: Vec<&str> = of_unit(&unit, "ExecStart").split_whitespace().skip(1).collect();
    let dir = tempfile::tempdir().expect("a folder");
    let missing = dir.path().join("none.toml");
    let at = args.iter().position(|arg| *arg == "--config").expect("it names its settings") + 1;
    args[at] = missing.to_str().expect("text");
    let output = hatif(&args);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read the settings file"), "{output:?}");
    verify(&unit, dir.path());
}

/// Asks systemd itself, where it is installed.
fn verify(unit: &str, dir: &Path) {
    let here =
        unit.replace("/usr/local/bin/hatif", env!("CARGO_BIN_EXE_hatif")).replace("Documentation=man:hatif(1)\n", "");
    let file = dir.join("hatif.service");
    fs::write(&file, here).expect("a file");
    let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&file).output() else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    let about: Vec<&str> = told.lines().filter(|line| line.contains("hatif.service")).collect();
    assert!(about.is_empty(), "systemd says: {about:#?}");
}

#[test]
fn the_image_copies_what_is_there_and_runs_a_command_line_of_this_program() {
    let file = fs::read_to_string(root().join("scripts/Containerfile")).expect("the file");
    for line in file.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--")) {
        let mut names: Vec<&str> = line.split_whitespace().collect();
        names.pop();
        for name in names {
            assert!(root().join(name).exists(), "{name} is not there");
        }
    }
    assert!(file.contains("\nUSER 10001\n"), "not as root");
    for line in file.lines().filter_map(|line| line.trim().strip_prefix("CMD ")) {
        let mut args: Vec<String> = serde_json::from_str(line).expect("a list of words");
        if args[0] == "hatif" {
            args.remove(0);
        }
        args.push("--help".into());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert!(said(&args).contains("Usage"), "{args:?}");
    }
}
