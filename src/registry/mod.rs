//! The enrolment registry: 3.2 million insured people who do not exist, exact to every published total.
//!
//! ```text
//! generate ─┐                    ┌─ overlay (what changed, concurrent)
//! import  ──┴─► base (immutable) ┴─ Registry ──► query, access, check, export
//! ```
//!
//! A look-up reads the overlay, then the base. The base is shared by every copy of a [`Registry`]; a copy has an overlay
//! of its own, so that a copied world may try out a future.
//!
//! Imports `canary`, `time`, `id`, `random`, `pii`, and from the catalogue what a caller may claim to be known by. Never enters: a
//! clock, a socket, the engine, a name, a full card number, a diagnosis. What a caller may be told, and at which access
//! level, is decided in `world::services`; here are the facts.

use std::sync::Arc;

pub mod access;
mod base;
pub mod check;
mod code;
pub mod config;
pub mod cover;
mod export;
mod generate;
mod import;
pub mod margins;
mod overlay;
mod person;
mod query;
mod shuffle;
mod words;

pub use base::Base;
pub use config::{Config, Source};
pub use export::{COLUMNS, ExportError, export, mask_code};
pub use generate::snapshot_day;
pub use import::{BadRow, ImportError, Imported, import};
pub use overlay::{Change, ChangeError};
pub use person::{MAX_CHILDREN, MAX_FILES, Month, Person, Record};
pub use query::{AmoFile, Filter};
pub use shuffle::Shuffle;
pub use words::{Category, FileState, Language, Region, Sex, Status, UnknownWord};

use crate::id::PersonId;

/// The insured people. Share it behind an [`Arc`]; changes need no exclusive access. A clone shares the base and copies the
/// changes.
#[derive(Clone)]
pub struct Registry {
    base: Arc<Base>,
    overlay: overlay::Overlay,
}

/// A registry that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Settings out of their limits.
    #[error("{}", join(.0))]
    Settings(Vec<config::SettingError>),
    /// The file of people cannot be read.
    #[error("cannot read the registry file {path}: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file of people has mistakes.
    #[error("the registry file {path} has mistakes; nothing was imported:\n{error}")]
    Import {
        /// The file.
        path: String,
        /// All of them.
        error: ImportError,
    },
}

fn join(errors: &[config::SettingError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Registry {
    /// Opens the registry that `config` describes: generates it, or reads its file.
    pub fn open(config: &Config) -> Result<Registry, OpenError> {
        config.validate().map_err(OpenError::Settings)?;
        match &config.source {
            Source::Generated { size } => Ok(Registry::from_base(Base::generated(*size, config.seed))),
            Source::File { path } => {
                let name = path.display().to_string();
                let file =
                    std::fs::File::open(path).map_err(|source| OpenError::Read { path: name.clone(), source })?;
                let imported = import(std::io::BufReader::new(file), config.seed, false)
                    .map_err(|error| OpenError::Import { path: name, error })?;
                Ok(imported.registry)
            }
        }
    }

    /// A generated registry. `size` must lie between [`margins::MIN_SIZE`] and [`margins::MAX_SIZE`]; [`Registry::open`]
    /// checks that for you.
    pub fn generated(size: u32, seed: u64) -> Registry {
        Registry::from_base(Base::generated(size, seed))
    }

    fn from_base(base: Base) -> Registry {
        let overlay = overlay::Overlay::new(base.len());
        Registry { base: Arc::new(base), overlay }
    }

    /// How many people there are.
    pub fn len(&self) -> u32 {
        self.base.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.base.is_empty()
    }

    /// The people as they were at the beginning: what synthetic callers are drawn from.
    pub fn base(&self) -> &Arc<Base> {
        &self.base
    }

    /// How many people have changed since the beginning.
    pub fn changed(&self) -> usize {
        self.overlay.len()
    }

    /// Bytes a person, base, index and overlay together.
    pub fn bytes_per_person(&self) -> f64 {
        (self.base.bytes() + self.overlay.bytes()) as f64 / f64::from(self.len().max(1))
    }

    /// The person as she is now.
    #[inline]
    pub fn person(&self, id: PersonId) -> Option<Person> {
        self.base.person(id).map(|person| self.overlay.apply_to(person))
    }

    /// Makes a change, or says why not.
    pub fn apply(&self, change: &Change) -> Result<(), ChangeError> {
        let id = change.person();
        let base = self.base.person(id).ok_or(ChangeError::NoSuchPerson(id))?;
        self.overlay.change(base, change)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registry({} people, {} changed)", self.len(), self.changed())
    }
}
