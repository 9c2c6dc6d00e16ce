//! What a centre's files may name: nothing outside its folder. And no cell of an export is a formula.

use std::path::Path;

use hatif::{
    registry::{Registry, export},
    script::{Source, SourceError, load},
};

use crate::{
    live::hatif,
    support::{centre::mini, wire::write_out},
};

const FLOW: &str = "[node.start]\nkind = \"menu\"\nprompt = \"hello\"\nchoices = { 1 = \"bye\", 2 = \"adviser\" }\n";

fn written() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write_out(&mini(FLOW), &dir.path().join("centre"));
    std::fs::write(dir.path().join("secret.toml"), "password = \"opensesame\"\n").expect("a file");
    std::fs::write(dir.path().join("secret.ftl"), "hello = opensesame\n").expect("a file");
    dir
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_centre_are_refused_and_never_read() {
    type Link = fn(&Path, &Path) -> std::io::Result<()>;
    let link: Link = |to, at| std::os::unix::fs::symlink(to, at);
    let cases: [(&str, &str); 5] = [
        ("../../secret.toml", "flows/more.toml"),
        ("../../secret.ftl", "prompts/more.ftl"),
        ("/etc", "flows/more"),
        ("../..", "flows/up"),
        ("../secret.toml", "centre.toml"),
    ];
    for (to, at) in cases {
        let dir = written();
        let at = dir.path().join("centre").join(at);
        let _ = std::fs::remove_file(&at);
        link(Path::new(to), &at).expect("a link");
        let error = Source::from_dir(&dir.path().join("centre")).expect_err(to);
        assert!(matches!(error, SourceError::Outside { .. }), "{to}: {error}");
        assert!(!error.to_string().contains("opensesame"), "{error}");
        let checked = hatif().arg("check").arg(dir.path().join("centre")).output().expect("it runs");
        assert!(!checked.status.success(), "{to}");
        let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
        assert!(said.contains("leads out of the centre's folder") && !said.contains("opensesame"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_within_the_centre_is_read_and_one_to_nothing_is_said() {
    let dir = written();
    let centre = dir.path().join("centre");
    std::os::unix::fs::symlink("main.toml", centre.join("flows/again.txt")).expect("a link");
    assert!(Source::from_dir(&centre).is_ok());
    std::os::unix::fs::symlink("nowhere.toml", centre.join("flows/nowhere.toml")).expect("a link");
    assert!(matches!(Source::from_dir(&centre), Err(SourceError::Io { .. })));
}

#[test]
fn a_name_with_a_path_in_it_is_a_name_nobody_has() {
    for name in [
        "../../secret",
        "/etc/passwd",
        "..\\\\..\\\\secret",
        "file:///etc/passwd",
        "../../secret.ftl",
        "~/.ssh/id",
        ".",
    ] {
        for (was, now) in [("prompt = \"hello\"", "prompt = \"NAME\""), ("1 = \"bye\"", "1 = \"NAME\"")] {
            let flow = FLOW.replace(was, &now.replace("NAME", name));
            let files = mini(FLOW).files().map(|(path, text)| (path.to_string(), text.to_owned())).collect::<Vec<_>>();
            let files = files.into_iter().map(|(path, text)| match path == "flows/main.toml" {
                true => (path, text.replace(FLOW, &flow)),
                false => (path, text),
            });
            let loaded = load(&Source::from_files(files.collect()));
            assert!(loaded.script.is_none(), "{name} is something: {:?}", loaded.diagnostics);
            let said = format!("{:?}", loaded.diagnostics);
            assert!(!said.contains("root:") && !said.contains("opensesame"), "{said}");
        }
    }
}

#[test]
fn no_cell_of_the_registry_is_a_formula() {
    let registry = Registry::generated(1_000, 1);
    for reveal in [true, false] {
        let mut out = Vec::new();
        export(&registry, &mut out, reveal, None).expect("memory takes everything");
        let mut reader = csv::Reader::from_reader(&*out);
        let active = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        for row in reader.records() {
            let row = row.expect("a row");
            assert!(row.iter().all(|cell| !active(cell)), "{row:?}");
        }
    }
}

#[test]
fn intervals_named_like_formulas_come_out_as_text_and_are_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("day.csv");
    std::fs::write(&path, "from,calls\n=cmd|' /C calc'!A0,10\n@SUM(1),10\n08:30,10\n'-quiet,10\n").expect("a file");
    let staff = |path: &Path| {
        let output = hatif()
            .args(["staff", "--aht", "330s", "--target", "80/20s", "--formula", "c", "--format", "csv", "--intervals"])
            .arg(path)
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let names = |csv: &str| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        reader.records().map(|row| row.expect("a row")[0].to_owned()).collect()
    };
    let first = staff(&path);
    assert_eq!(names(&first), ["'=cmd|' /C calc'!A0", "'@SUM(1)", "08:30", "'-quiet"]);
    // Its own output, with the columns that a list of intervals has, is read as what it was.
    let again: String = names(&first).iter().map(|name| format!("\"{name}\",10\n")).collect();
    std::fs::write(&path, format!("from,calls\n{again}")).expect("a file");
    assert_eq!(names(&staff(&path)), names(&first));
}
