//! From a changed file to the next version, without dropping a call.
//!
//! A change is noticed by watching the centre's folder, or asked for by `POST /reload`. The folder is read and checked as a
//! whole; what is faulty is refused with the checker's report and the old version stays. Calls in progress end on the
//! version they began on, which is the engine's doing.

use std::{path::PathBuf, sync::Arc};

use notify::{RecursiveMode, Watcher};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{metrics::Metrics, pump::Errand};
use crate::script::{self, Script, Source, diagnostic::Severity};

/// A centre that was read and checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The script.
    pub script: Arc<Script>,
    /// The checker's warnings, as text; empty when there are none.
    pub warnings: String,
}

/// Why a centre cannot be used: the report, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Faulty(pub String);

/// Reads and checks the centre in `dir`, or the default one.
///
/// # Errors
/// Every problem that keeps it from being published.
pub fn read(dir: Option<&std::path::Path>) -> Result<Checked, Faulty> {
    let source = match dir {
        None => Source::embedded(),
        Some(dir) => Source::from_dir(dir).map_err(|error| Faulty(error.to_string()))?,
    };
    let loaded = script::load(&source);
    let report = |severity| {
        let of: Vec<_> = loaded.diagnostics.iter().filter(|problem| problem.severity == severity).cloned().collect();
        script::render_diagnostics(&source, &of, false)
    };
    match &loaded.script {
        Some(script) => Ok(Checked { script: script.clone(), warnings: report(Severity::Warning) }),
        None => Err(Faulty(report(Severity::Error))),
    }
}

/// What came of a reload.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Reloaded {
    /// New calls begin on this version.
    Published {
        /// Its number in this run.
        version: u32,
        /// The digest of its files.
        digest: String,
        /// The checker's warnings.
        #[serde(skip_serializing_if = "String::is_empty")]
        warnings: String,
    },
    /// The files are those of the current version.
    Unchanged {
        /// Its digest.
        digest: String,
    },
    /// The files are faulty; the old version stays.
    Refused {
        /// The checker's report.
        report: String,
    },
    /// The server runs the default centre, which has no files.
    NoFolder,
    /// The server is ending.
    Closing,
}

impl Reloaded {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Reloaded::Published { .. } => "published",
            Reloaded::Unchanged { .. } => "unchanged",
            Reloaded::Refused { .. } => "refused",
            Reloaded::NoFolder => "no_folder",
            Reloaded::Closing => "closing",
        }
    }
}

/// Reloads, one at a time. What is in force only the pump knows: a scenario publishes too.
#[derive(Debug)]
pub struct Reloader {
    dir: Option<PathBuf>,
    pump: mpsc::Sender<Errand>,
    /// Held from reading to publishing, so that what was read later is not published before.
    turn: Mutex<()>,
    metrics: Arc<Metrics>,
}

impl Reloader {
    /// A reloader of the centre in `dir`.
    pub fn new(dir: Option<PathBuf>, pump: mpsc::Sender<Errand>, metrics: Arc<Metrics>) -> Reloader {
        Reloader { dir, pump, turn: Mutex::new(()), metrics }
    }

    /// Reads, checks and, if nothing is wrong, publishes the centre's files. Once begun it goes on to its end, whether or not
    /// whoever asked still waits for the answer: half a reload is none that anybody could tell of.
    pub async fn reload(self: &Arc<Reloader>) -> Reloaded {
        let reloader = self.clone();
        let whole = tokio::spawn(async move {
            let reloaded = reloader.read_again().await;
            reloader.metrics.reloaded(reloaded.word());
            reloaded
        });
        // It ends without an answer only with the program.
        whole.await.unwrap_or(Reloaded::Closing)
    }

    async fn read_again(&self) -> Reloaded {
        let Some(dir) = self.dir.clone() else { return Reloaded::NoFolder };
        let _turn = self.turn.lock().await;
        let read = tokio::task::spawn_blocking(move || read(Some(&dir))).await;
        let checked = match read {
            Ok(Ok(checked)) => checked,
            Ok(Err(Faulty(report))) => {
                tracing::warn!("the centre's files are faulty; the old version stays\n{report}");
                return Reloaded::Refused { report };
            }
            Err(panic) => {
                let report = format!("the checker failed: {panic}; this is a fault of hatif, please report it");
                tracing::error!("{report}");
                return Reloaded::Refused { report };
            }
        };
        let digest = checked.script.digest.to_string();
        let (done, published) = oneshot::channel();
        let errand = Errand::Reload { script: checked.script, done };
        let version = match (self.pump.send(errand).await, published.await) {
            (Ok(()), Ok(Ok(Some(version)))) => version,
            (Ok(()), Ok(Ok(None))) => return Reloaded::Unchanged { digest },
            (Ok(()), Ok(Err(report))) => {
                tracing::warn!("the centre's files cannot be published; the old version stays\n{report}");
                return Reloaded::Refused { report };
            }
            _ => return Reloaded::Closing,
        };
        tracing::info!(version = version.0, digest, "new calls begin on a new version");
        Reloaded::Published { version: version.0, digest, warnings: checked.warnings }
    }
}

/// How long a folder must be quiet before it is read: editors write a file in several steps.
const QUIET: std::time::Duration = std::time::Duration::from_millis(150);

/// Watches the centre's folder and reloads when it has changed. Ends when the watcher fails or is dropped with the task.
///
/// # Errors
/// The operating system cannot watch the folder.
pub fn watch(
    reloader: Arc<Reloader>,
) -> notify::Result<Option<(notify::RecommendedWatcher, impl Future<Output = ()> + Send + 'static)>> {
    let Some(dir) = reloader.dir.clone() else { return Ok(None) };
    let (changed, mut changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
        Ok(event) if event.kind.is_access() => {}
        // A full channel already says that something changed.
        Ok(_) => drop(changed.try_send(())),
        Err(error) => tracing::warn!(%error, "watching the centre's folder; use POST /reload if a change is missed"),
    })?;
    watcher.watch(&dir, RecursiveMode::Recursive)?;
    let task = async move {
        let mut faulty = false;
        while changes.recv().await.is_some() {
            while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
            let reloaded = reloader.reload().await;
            // A new version is told of by itself.
            if faulty && matches!(reloaded, Reloaded::Unchanged { .. }) {
                tracing::info!("the centre's files are in order again, and are those of the version in force");
            }
            faulty = matches!(reloaded, Reloaded::Refused { .. });
        }
    };
    Ok(Some((watcher, task)))
}
