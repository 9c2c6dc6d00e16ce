//! What is asked of the pump.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant as Wall,
};

use crate::{
    engine::Input,
    id::{CallId, ScriptVersion},
    live::{agents::message::AgentMessage, metrics::Snapshot, sessions::SessionId},
    pii::CallerNumber,
    registry::{Change, ChangeError},
    script::{Script, model::Key},
};

/// What is asked of the pump.
#[derive(Debug)]
pub enum Errand {
    /// A caller dials.
    Dial {
        /// Who.
        session: SessionId,
        /// Her number.
        from: Option<CallerNumber>,
        /// The code of the language to begin in.
        language: Option<String>,
        /// The address she counts for; `None`: no cap on addresses applies to her.
        address: Option<std::net::IpAddr>,
        /// When her message came in.
        sent: Wall,
    },
    /// A caller presses keys.
    Keys {
        /// Who.
        session: SessionId,
        /// Which.
        keys: Vec<Key>,
    },
    /// A caller hangs up, or lets a call back go.
    HangUp {
        /// Who.
        session: SessionId,
    },
    /// A caller picks up a call back.
    Answer {
        /// Who.
        session: SessionId,
    },
    /// A connection is to be the telephone of a number.
    Attend {
        /// Which.
        session: SessionId,
        /// Of what number.
        from: CallerNumber,
    },
    /// Serving a connection failed by a fault of this program.
    Failed {
        /// Whose.
        session: SessionId,
    },
    /// A person who works as an agent says something.
    Desk {
        /// Who.
        session: SessionId,
        /// What.
        message: AgentMessage,
    },
    /// What let a connection in is taken back; it is closed.
    Revoked {
        /// Whose.
        session: SessionId,
    },
    /// A connection is gone.
    Left {
        /// Whose.
        session: SessionId,
    },
    /// Anything else that happens to the centre, from a program that holds the server.
    Inject {
        /// What.
        input: Input,
        /// Told the id of a call that arrived by it.
        done: Option<oneshot::Sender<Option<CallId>>>,
    },
    /// A person of the registry changes.
    Change {
        /// How.
        change: Change,
        /// Told once it is on the disk, or at once that it cannot be done.
        done: oneshot::Sender<Result<(), ChangeError>>,
    },
    /// A checked script becomes the version new calls begin on.
    Publish {
        /// The script.
        script: Arc<Script>,
        /// Told its number, or why it cannot follow the versions in force.
        done: oneshot::Sender<Result<ScriptVersion, String>>,
    },
    /// The same, unless the files of the version in force are those of the script.
    Reload {
        /// The script.
        script: Arc<Script>,
        /// Told its number (`None`: it is in force already), or why it cannot follow the versions in force.
        done: oneshot::Sender<Result<Option<ScriptVersion>, String>>,
    },
    /// Somebody wants to know how things are.
    Look {
        /// Told.
        done: oneshot::Sender<Box<Snapshot>>,
    },
    /// Somebody wants to hear of everything that happens from now on.
    Listen {
        /// So many messages may wait for her.
        room: usize,
        /// Told where they come.
        done: oneshot::Sender<mpsc::Receiver<Utf8Bytes>>,
    },
    /// No new calls from now on; the pump ends when the last one has.
    Drain,
    /// Calls still in progress end now.
    EndDrain,
    /// The pump ends now, whatever is still to be written.
    Quit,
}
