//! The end of a server, in order: calls drain, their records are written, connections close.

use std::sync::{Arc, atomic::Ordering};

use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Config, StopError,
    pump::{Errand, Status},
    reload::{self, Reloader},
    shutdown::Stop,
    store::Writer,
};
use crate::world::World;

pub(super) type Watching = Option<(notify::RecommendedWatcher, JoinHandle<()>)>;

pub(super) fn watch(reloader: &Arc<Reloader>) -> Watching {
    match reload::watch(reloader.clone()) {
        Ok(watched) => watched.map(|(watcher, task)| (watcher, tokio::spawn(task))),
        Err(error) => {
            tracing::warn!(%error, "the centre's folder cannot be watched; use POST /reload after a change");
            None
        }
    }
}

/// What the end of a server takes.
pub(super) struct Ending {
    pub(super) config: Config,
    pub(super) status: Arc<Status>,
    pub(super) stop: Stop,
    pub(super) closing: CancellationToken,
    pub(super) tracker: TaskTracker,
    pub(super) pump: mpsc::Sender<Errand>,
    pub(super) writer: Writer,
}

/// How long the last records may take before they count as lost.
const LAST_RECORDS: std::time::Duration = std::time::Duration::from_secs(10);
/// How long connections may take to close.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(5);

impl Ending {
    pub(super) async fn run(
        self,
        mut centre: JoinHandle<World>,
        door: JoinHandle<std::io::Result<()>>,
        watcher: Watching,
    ) -> Result<(), StopError> {
        let ended = self.drained(&mut centre).await;
        drop(self.pump);
        if let Some((watcher, task)) = watcher {
            drop(watcher);
            task.abort();
        }
        self.closing.cancel();
        self.tracker.close();
        // Those who do not let themselves be closed in time are cut off.
        let _ = tokio::time::timeout(LAST_WORDS, self.tracker.wait()).await;
        door.abort();
        let writer = self.writer;
        let broken = self.status.broken.load(Ordering::Relaxed);
        let world = ended.map_err(|error| error.to_string()).and_then(|world| match broken {
            true => {
                Err("what it held could not be trusted any more; every call was ended and has its record".to_owned())
            }
            false => Ok(world),
        });
        let world = world.map_err(StopError::Centre);
        let written = joined_blocking(tokio::task::spawn_blocking(move || writer.finish()).await);
        if let (Err(error), Err(_)) = (&world, &written) {
            tracing::error!(%error, "records are lost besides");
        }
        // Lost records first: they are why a centre ends whose writer did.
        written?;
        world?;
        Ok(())
    }

    /// Waits until a stop is asked for, lets calls drain, ends them, waits for their records. Each step has its limit: a
    /// centre that stands still for want of a disk takes no errand, not even that it end.
    async fn drained(&self, centre: &mut JoinHandle<World>) -> Result<World, tokio::task::JoinError> {
        tokio::select! {
            // It has not been asked to end: it failed.
            ended = &mut *centre => return ended,
            () = self.stop.drain.cancelled() => {}
        }
        tokio::select! {
            ended = &mut *centre => return ended,
            () = self.errand(Errand::Drain) => {}
            () = self.stop.now.cancelled() => {}
            () = tokio::time::sleep(self.config.drain.to_std()) => {}
        }
        // A disk that fails now has its last tries; what it does not take is lost, and the centre waits for it no longer.
        self.writer.hurry();
        for last in [Errand::EndDrain, Errand::Quit] {
            tokio::select! {
                ended = &mut *centre => return ended,
                () = self.errand(last) => {}
                () = tokio::time::sleep(LAST_RECORDS) => {}
            }
        }
        tracing::error!("the centre does not end by itself and is cut off; please report it");
        centre.abort();
        centre.await
    }

    /// Asks for something and waits for nothing more: only the pump's end goes on from here.
    async fn errand(&self, errand: Errand) {
        // The pump may have ended by itself; then there is nothing left to ask for.
        let _ = self.pump.send(errand).await;
        std::future::pending::<()>().await;
    }
}

fn joined_blocking<T>(result: Result<T, tokio::task::JoinError>) -> T {
    result.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
