//! The files of a centre, wherever they come from: a folder, the binary itself, or a test.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};

/// The greatest size of one file; a menu file is a few thousand bytes.
const MAX_FILE: u64 = 1 << 20;
/// The greatest size of all files together.
const MAX_TOTAL: u64 = 16 << 20;
/// The most files.
const MAX_FILES: usize = 2_000;

/// The folder `config/`, as the binary carries it.
#[derive(rust_embed::RustEmbed)]
#[folder = "config/"]
#[allow_missing = true]
struct Config;

/// Every file of the default configuration, by path inside `config/` (`centre/centre.toml`), in the order of paths.
pub fn embedded_files() -> Vec<(String, Vec<u8>)> {
    let file = |path: std::borrow::Cow<'static, str>| Some((path.to_string(), Config::get(&path)?.data.into_owned()));
    let mut files: Vec<_> = Config::iter().filter_map(file).collect();
    files.sort();
    files
}

/// The files of a centre: path inside the centre, with `/` between folders, and text; in the order of the paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    files: Vec<(Arc<str>, String)>,
}

/// Why the files of a centre cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refuses.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// A symbolic link leads out of the centre's folder.
    #[error("{} leads out of the centre's folder; copy the file into it", path.display())]
    Outside {
        /// The link.
        path: PathBuf,
    },
    /// Neither file nor folder. Reading a pipe would wait for whoever writes it, perhaps for ever.
    #[error("{} is not a file; remove it, or give it a name that is not a script's", path.display())]
    NotAFile {
        /// The pipe, socket or device.
        path: PathBuf,
    },
    /// Not UTF-8.
    #[error("{} is not UTF-8 text (byte {at}); save it as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that does not fit.
        at: usize,
    },
    /// Too great to be a script.
    #[error("{} is greater than {limit} bytes, which no script needs; remove what does not belong there", path.display())]
    TooGreat {
        /// The file or folder.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// Too many files to be a centre.
    #[error("{} holds more than {MAX_FILES} script files; is it a centre's folder?", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// A file where the folder should be.
    #[error("{} is a file; give the folder of the centre, the one that holds centre.toml", path.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
    /// There is no `centre.toml`.
    #[error("{} has no centre.toml; `hatif init DIR` writes a centre to begin with", path.display())]
    NoCentre {
        /// The folder.
        path: PathBuf,
    },
}

impl Source {
    /// Reads the `.toml` and `.ftl` files of a folder and its sub-folders. Links may not lead out of it.
    pub fn from_dir(dir: &Path) -> Result<Source, SourceError> {
        let dir = &Source::folder_of(dir).unwrap_or_else(|| dir.to_owned());
        let root = dir.canonicalize().map_err(|error| SourceError::Io { path: dir.to_owned(), error })?;
        if !root.is_dir() {
            return Err(SourceError::NoFolder { path: dir.to_owned() });
        }
        let mut reading = Reading { root: &root, shown: dir, files: Vec::new(), total: 0 };
        reading.folder(&root, "", 0)?;
        let source = Source::from_files(reading.files);
        if source.text("centre.toml").is_none() {
            return Err(SourceError::NoCentre { path: dir.to_owned() });
        }
        Ok(source)
    }

    /// The folder that holds `centre.toml`: `dir` itself, or `dir/centre` as `hatif init` lays it out, with the settings
    /// beside it. `None` when neither does.
    pub fn folder_of(dir: &Path) -> Option<PathBuf> {
        [dir.to_owned(), dir.join("centre")].into_iter().find(|folder| folder.join("centre.toml").is_file())
    }

    /// The default centre.
    pub fn embedded() -> Source {
        let script = |(path, data): (String, Vec<u8>)| {
            let inside = path.strip_prefix("centre/")?;
            let text = String::from_utf8_lossy(&data).into_owned();
            is_script(inside).then(|| (inside.to_owned(), text))
        };
        Source::from_files(embedded_files().into_iter().filter_map(script).collect())
    }

    /// The given files: path inside the centre, and text.
    pub fn from_files(files: Vec<(String, String)>) -> Source {
        let mut files: Vec<(Arc<str>, String)> = files.into_iter().map(|(path, text)| (path.into(), text)).collect();
        files.sort();
        Source { files }
    }

    /// Every file in the order of paths.
    pub fn files(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.files.iter().map(|(path, text)| (path, text.as_str()))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        let i = self.files.binary_search_by(|(p, _)| (**p).cmp(path)).ok()?;
        Some(&self.files[i].1)
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all files but the tests, in the order of their paths.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in self.files.iter().filter(|(path, _)| !path.starts_with("tests/")) {
            for part in [path.as_bytes(), text.as_bytes()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Sub-folders deeper than this are no part of a centre.
const MAX_DEPTH: usize = 8;

fn is_script(name: &str) -> bool {
    name.ends_with(".toml") || name.ends_with(".ftl")
}

struct Reading<'a> {
    root: &'a Path,
    shown: &'a Path,
    files: Vec<(String, String)>,
    total: u64,
}

impl Reading<'_> {
    fn folder(&mut self, folder: &Path, inside: &str, depth: usize) -> Result<(), SourceError> {
        let shown = self.shown.join(inside);
        let fail = |error| SourceError::Io { path: shown.clone(), error };
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if name.starts_with('.') {
                continue;
            }
            let path = if inside.is_empty() { name.clone() } else { format!("{inside}/{name}") };
            let real = entry.path().canonicalize().map_err(fail)?;
            let script = is_script(&name);
            if !real.starts_with(self.root) {
                if script || real.is_dir() {
                    return Err(SourceError::Outside { path: self.shown.join(path) });
                }
            } else if real.is_dir() {
                // A link to a folder above would be walked for ever.
                if depth < MAX_DEPTH && !folder.starts_with(&real) {
                    self.folder(&real, &path, depth + 1)?;
                }
            } else if script {
                self.file(&real, path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, real: &Path, path: String) -> Result<(), SourceError> {
        let shown = self.shown.join(&path);
        let fail = |error| SourceError::Io { path: shown.clone(), error };
        let metadata = fs::metadata(real).map_err(fail)?;
        if !metadata.is_file() {
            return Err(SourceError::NotAFile { path: shown });
        }
        let size = metadata.len();
        self.total += size;
        if size > MAX_FILE {
            return Err(SourceError::TooGreat { path: shown, limit: MAX_FILE });
        }
        if self.total > MAX_TOTAL {
            return Err(SourceError::TooGreat { path: self.shown.to_owned(), limit: MAX_TOTAL });
        }
        if self.files.len() >= MAX_FILES {
            return Err(SourceError::TooMany { path: self.shown.to_owned() });
        }
        let bytes = fs::read(real).map_err(fail)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| SourceError::NotText { path: shown, at: error.utf8_error().valid_up_to() })?;
        self.files.push((path, text));
        Ok(())
    }
}
