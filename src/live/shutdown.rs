//! The end of a server: no new calls, those in progress drain, records are flushed.

use tokio_util::sync::CancellationToken;

/// How far the end has come. Each step includes those before it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new calls; those in progress go on for a while.
    pub drain: CancellationToken,
    /// Calls in progress end at once.
    pub now: CancellationToken,
}

impl Stop {
    /// Asks for one step more: first to drain, then to end at once.
    pub fn ask(&self) {
        if self.drain.is_cancelled() {
            self.now.cancel();
        } else {
            self.drain.cancel();
        }
    }
}

/// Turns each SIGINT and SIGTERM into one step. Runs until dropped.
///
/// # Errors
/// The operating system does not let signals be watched.
pub async fn on_signals(stop: Stop) -> std::io::Result<()> {
    let mut interrupt = Signal::interrupt()?;
    let mut terminate = Signal::terminate()?;
    loop {
        tokio::select! {
            () = interrupt.received() => {}
            () = terminate.received() => {}
        }
        stop.ask();
        match stop.now.is_cancelled() {
            false => tracing::info!("stopping: no new calls; calls in progress may go on; a second signal ends them"),
            true => tracing::info!("stopping at once"),
        }
    }
}

/// Has a write beyond the limit on file sizes fail, as one on a full disk does: left alone, the signal that comes with it
/// ends the process.
///
/// # Errors
/// The operating system does not let the signal be watched.
#[cfg(unix)]
pub fn outlive_full_files() -> std::io::Result<()> {
    let kind = tokio::signal::unix::SignalKind::from_raw(libc::SIGXFSZ);
    // What was watched once is never again met by the default, which is the end.
    tokio::signal::unix::signal(kind).map(drop)
}

/// There is no such signal.
#[cfg(not(unix))]
pub fn outlive_full_files() -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
struct Signal(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signal {
    fn interrupt() -> std::io::Result<Signal> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map(Signal)
    }
    fn terminate() -> std::io::Result<Signal> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map(Signal)
    }
    async fn received(&mut self) {
        self.0.recv().await;
    }
}

/// Elsewhere only Ctrl-C is known.
#[cfg(not(unix))]
struct Signal(bool);

#[cfg(not(unix))]
impl Signal {
    fn interrupt() -> std::io::Result<Signal> {
        Ok(Signal(true))
    }
    fn terminate() -> std::io::Result<Signal> {
        Ok(Signal(false))
    }
    async fn received(&mut self) {
        match self.0 && tokio::signal::ctrl_c().await.is_ok() {
            true => {}
            false => std::future::pending().await,
        }
    }
}
