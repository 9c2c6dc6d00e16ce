//! Logs, on standard error: for people or for programs. What is personal comes masked; see [`crate::pii`].

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::{filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::log::{self, LogFormat, LogSettings};

/// Begins to write logs.
///
/// # Errors
/// The filter cannot be read.
pub fn begin(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = log::filter(&settings.level)?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // A line that cannot be written (a full disk, a closed pipe) is left out. The library would complain on standard error
    // by a macro that panics where that fails too, and the centre would end for want of a log.
    let logs = tracing_subscriber::fmt().log_internal_errors(false);
    let logs = logs.with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    match settings.format {
        LogFormat::Human => logs.with_target(false).finish().with(filter_fn(is_fit)).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).finish().with(filter_fn(is_fit)).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("cannot begin to write logs: {error}"))
}

/// Whether a log line may be written, whatever was asked for. The libraries underneath know nothing of personal data: below
/// `info` they write frames out, with every number and code in clear.
fn is_fit(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target() == "hatif" || metadata.target().starts_with("hatif::");
    ours || *metadata.level() <= Level::INFO
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_not_written_out_however_much_is_asked_for() {
        let page = Page::default();
        let to = page.clone();
        let filter = tracing_subscriber::EnvFilter::new("trace,tungstenite::protocol=trace");
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(logs.with(filter_fn(is_fit)), || {
            tracing::trace!(target: "tungstenite::protocol", "Received message 096087725#");
            tracing::debug!(target: "hyper::proto", "096087725#");
            tracing::warn!(target: "hyper::proto", "a line broke");
            tracing::trace!(target: "hatif::live", "a key");
        });
        let text = String::from_utf8(page.0.lock().expect("nobody panics").clone()).expect("text");
        assert!(!text.contains("096087725"), "{text}");
        assert!(text.contains("a line broke") && text.contains("a key"), "{text}");
    }
}
