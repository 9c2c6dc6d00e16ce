//! Manners: the map in `src/lib.rs` against the imports, and words that must not occur.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(path),
        }
    }
}

/// Every source file below a folder: its path in the repository, and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    files_below(&root().join(folder), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "rs"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(root()).expect("below the root").display().to_string(), text)
    };
    paths.into_iter().map(read).collect()
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    // Tests stand at a file's end, in a module of that name; what is for tests alone may stand anywhere before.
    let begin = ["mod tests {", "pub(super) mod tests {"].map(|begin| text.find(&format!("#[cfg(test)]\n{begin}")));
    let text = &text[..begin.into_iter().flatten().min().unwrap_or(text.len())];
    let line = |line: &str| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.to_owned() + "\n",
    };
    text.lines().map(line).collect()
}

/// The map: each room and what it may import, from the table in `src/lib.rs`.
fn map() -> BTreeMap<String, BTreeSet<String>> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    let row = |row: &str| {
        let (room, rest) = row.split_once("`]").expect("a room's name ends");
        let allowed = rest.split('|').nth(2).expect("a third column");
        (room.to_owned(), allowed.split_whitespace().map(str::to_owned).collect())
    };
    rows.map(row).collect()
}

/// The rooms a file uses: what follows `crate::`, alone or in braces.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(first_segments(list)),
            None => {
                rooms.insert(identifier(rest));
            }
        }
    }
    rooms.remove("");
    rooms
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The first segment of each path in a brace list that has just been opened.
fn first_segments(list: &str) -> Vec<String> {
    let (mut depth, mut fresh, mut found) = (0, true, Vec::new());
    for (i, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && depth == 0 && !c.is_whitespace() => {
                found.push(identifier(&list[i..]));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_reader_of_imports_reads_them() {
    let used =
        rooms_used("use crate::{\n    engine::{self, Input},\n    id::CallId,\n};\nfn f(x: crate::time::Instant) {}");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["engine", "id", "time"]);
}

#[test]
fn rooms_import_only_what_the_map_allows() {
    let map = map();
    assert!(map.len() > 12, "the table in src/lib.rs was not read");
    let mut breaches = Vec::new();
    for (path, text) in sources("src") {
        let room = path.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let Some(allowed) = map.get(room) else {
            breaches.push(format!("{path}: the room `{room}` is not on the map"));
            continue;
        };
        for used in rooms_used(&code(&text)) {
            if used != room && map.contains_key(&used) && !allowed.contains(&used) {
                breaches.push(format!("{path}: `{room}` may not import `{used}`"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_pure_rooms_know_no_runtime_no_clock_and_no_hash_order() {
    let banned =
        ["tokio", "std::fs", "std::net", "std::thread", "SystemTime", "HashMap", "HashSet", "DashMap", "println!"];
    let mut breaches = Vec::new();
    for room in ["src/engine", "src/people", "src/sim", "src/record"] {
        for (path, text) in sources(room) {
            let code = code(&text);
            let found = banned.iter().filter(|word| code.contains(**word));
            breaches.extend(found.map(|word| format!("{path}: {word}")));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn only_the_clocks_of_live_and_load_read_a_clock() {
    let reads = |code: &str| {
        code.contains("Instant::now(") || code.contains("SystemTime::now(") || code.contains("Timestamp::now(")
    };
    let places: Vec<String> =
        sources("src").into_iter().filter(|(_, text)| reads(&code(text))).map(|(path, _)| path).collect();
    assert_eq!(places, ["src/live/clock.rs", "src/load/clock.rs"]);
}

#[test]
fn no_test_sleeps_and_no_source_is_unfinished() {
    let mut breaches = Vec::new();
    for (path, text) in sources("tests").into_iter().filter(|(path, _)| path != "tests/it/tidy.rs") {
        // On a paused clock a sleep takes no time; it says when something happens.
        let sleeps = text.contains("time::sleep") && !text.contains("start_paused = true");
        if sleeps || text.contains("thread::sleep") {
            breaches.push(format!("{path} sleeps"));
        }
    }
    for (path, text) in sources("src") {
        for mark in ["TODO", "FIXME", "not built yet", "unimplemented!", "todo!"] {
            if text.contains(mark) {
                breaches.push(format!("{path} holds {mark}"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}
