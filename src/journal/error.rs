//! What stands in the way of a replay.

use std::io;

use super::line::FORMAT;

/// Why a journal could not be run again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read the journal: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no journal: {0}; a journal is what `hatif serve --journal FILE` writes")]
    NotAJournal(String),
    /// It was written in another format.
    #[error("the journal has format {0}, this program reads format {format}; replay it with the release that wrote it",
        format = FORMAT)]
    Format(u64),
    /// A script the run used was not given.
    #[error(
        "line {line}: the run used a script with digest {digest}, which is not among those given ({given}); \
         name its folder with --centre (once for each version)"
    )]
    UnknownScript {
        /// Where in the journal.
        line: u64,
        /// Which.
        digest: String,
        /// The digests given.
        given: String,
    },
    /// The script's zone is not known here.
    #[error("the script's zone `{0}` is not known; correct `zone` in centre.toml")]
    UnknownZone(String),
}
