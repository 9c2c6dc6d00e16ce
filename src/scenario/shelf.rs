//! Where the files of a scenario come from: the binary itself, a folder, or a test.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use crate::script::{Source, embedded_files};

/// The greatest size of a scenario's file or of a table beside it: 64 MB, a trace of some three million calls.
const MAX_FILE: u64 = 64 << 20;

/// What a centre's folder of scenarios is called.
pub(super) const SCENARIOS: &str = "scenarios";

/// A place where the files of a scenario stand. Paths in a scenario are meant from here.
#[derive(Clone, Debug)]
pub enum Shelf {
    /// `config/scenarios/` as the binary carries it.
    Embedded,
    /// A folder.
    Folder(PathBuf),
    /// Given texts, by path.
    Given(Arc<BTreeMap<String, String>>),
}

/// Every file of `config/scenarios/` that the binary carries, by path inside it.
fn embedded() -> impl Iterator<Item = (String, String)> {
    embedded_files().into_iter().filter_map(|(path, data)| {
        let inside = path.strip_prefix("scenarios/")?.to_owned();
        Some((inside, String::from_utf8_lossy(&data).into_owned()))
    })
}

impl Shelf {
    /// The names of the scenarios here, in the order of the alphabet.
    pub fn names(&self) -> Vec<String> {
        let name = |path: &str| path.strip_suffix(".toml").filter(|name| !name.contains('/')).map(str::to_owned);
        let mut names: Vec<String> = match self {
            Shelf::Embedded => embedded().filter_map(|(path, _)| name(&path)).collect(),
            Shelf::Given(files) => files.keys().filter_map(|path| name(path)).collect(),
            Shelf::Folder(folder) => {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                entries.filter_map(|entry| name(entry.file_name().to_str()?)).collect()
            }
        };
        names.sort();
        names
    }

    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn text(&self, path: &str) -> Result<String, String> {
        let absent = || "there is no such file".to_owned();
        match self {
            Shelf::Embedded => embedded().find(|(inside, _)| inside == path).map(|(_, text)| text).ok_or_else(absent),
            Shelf::Given(files) => files.get(path).cloned().ok_or_else(absent),
            Shelf::Folder(folder) => read(&within(folder, path)?),
        }
    }

    /// The files of a centre in a folder here.
    ///
    /// # Errors
    /// Why they cannot be read, in words.
    pub fn centre(&self, path: &str) -> Result<Source, String> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let inside = |(file, text): (String, String)| file.strip_prefix(&prefix).map(|file| (file.to_owned(), text));
        let files: Vec<(String, String)> = match self {
            Shelf::Folder(folder) => return Source::from_dir(&folder.join(path)).map_err(|error| error.to_string()),
            Shelf::Embedded => embedded().filter_map(inside).collect(),
            Shelf::Given(files) => {
                files.iter().map(|(file, text)| (file.clone(), text.clone())).filter_map(inside).collect()
            }
        };
        match files.iter().any(|(file, _)| file == "centre.toml") {
            true => Ok(Source::from_files(files)),
            false => Err(format!("{path} has no centre.toml")),
        }
    }

    /// The files of the centre that this folder of scenarios belongs to, as `hatif init` lays it out: the folder is called
    /// `scenarios`, and the one above it holds `centre.toml` or `centre/centre.toml`. `None`: it belongs to none.
    pub fn centre_around(&self) -> Option<Result<Source, String>> {
        let Shelf::Folder(folder) = self else { return None };
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let here = std::path::absolute(here).ok()?;
        let above = here.parent().filter(|_| here.file_name().is_some_and(|name| name == SCENARIOS))?;
        let centre = Source::folder_of(above)?;
        Some(Source::from_dir(&centre).map_err(|error| error.to_string()))
    }

    /// What a report calls a file here.
    pub fn shown(&self, path: &str) -> String {
        match self {
            Shelf::Embedded => format!("scenarios/{path}"),
            Shelf::Given(_) => path.to_owned(),
            Shelf::Folder(folder) if folder.as_os_str().is_empty() => path.to_owned(),
            Shelf::Folder(folder) => folder.join(path).display().to_string(),
        }
    }
}

/// A file of a folder or below it, and of nowhere else, not even by a link: a scenario may come from somebody who is not to
/// learn what stands in other files.
fn within(folder: &Path, path: &str) -> Result<PathBuf, String> {
    let outside = || "it is outside the scenario's folder; put it there, or below".to_owned();
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(path).components().all(inside) {
        return Err(outside());
    }
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let file = folder.join(path);
    match (here.canonicalize(), file.canonicalize()) {
        (Ok(here), Ok(real)) if !real.starts_with(&here) => Err(outside()),
        // What is not there is told by whoever reads.
        _ => Ok(file),
    }
}

/// Reads a file of text, of a size that is no accident.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    if metadata.len() > MAX_FILE {
        return Err(format!("it is greater than {MAX_FILE} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes)
        .map_err(|error| format!("it is not UTF-8 text (byte {}); save it as UTF-8", error.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads_files_of_its_own_folder_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = dir.path().join("own");
        std::fs::create_dir_all(own.join("tables")).expect("folders");
        for (path, text) in [("own/a.csv", "a"), ("own/tables/b.csv", "b"), ("secret", "s")] {
            std::fs::write(dir.path().join(path), text).expect("a file");
        }
        let shelf = Shelf::Folder(own.clone());
        let read = |path: &str| shelf.text(path);
        assert_eq!((read("a.csv"), read("./tables/b.csv")), (Ok("a".to_owned()), Ok("b".to_owned())));
        let outside = |path: &str| read(path).is_err_and(|why| why.contains("outside the scenario's folder"));
        let absolute = own.join("a.csv").display().to_string();
        assert!(outside("../secret") && outside("tables/../../secret") && outside(&absolute));
        assert!(read("c.csv").is_err_and(|why| !why.contains("outside")), "what is not there is not outside");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), own.join("link")).expect("a link");
            assert!(outside("link"));
        }
    }
}
