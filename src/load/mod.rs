//! The load: thousands of callers on real sockets, and honest figures of what they met.
//!
//! ```text
//! plan       what is asked, checked: when calls come, who calls, what fails the run
//! arrivals   when calls are due, fixed beforehand          births      whose they are
//! line       a caller of `people` on a connection          minds, names their minds, and what they hear
//! signalling callers who only press keys                   hall        what all calls share
//! tally      counts, the ledger of calls                   latency     histograms
//! reconcile  the ledger against the server's records       centre      the server asked over HTTP
//! summary    what came out: text, JSON                     page        the same as one HTML file
//! threshold  rules that fail a run                         run         all of it together
//! ```
//!
//! Arrivals are open: a call is due when the schedule says so, whatever became of those before, and every time is measured
//! from when the caller meant to act. So a server that stalls is charged with all the calls that came due meanwhile.
//!
//! The callers are those of the simulation: the same minds, persona, patience and keying, told by a socket instead of a world
//! what their telephone does. Everything runs on one thread; a call costs a task and a connection with small buffers.
//!
//! May import the client, the protocol's types, `people` and what they need, and `report` for charts. Never enters: the
//! engine's state, a world, printing. The room's one clock is `clock`.

pub mod arrivals;
pub mod births;
pub mod centre;
mod clock;
mod hall;
mod heard;
pub mod latency;
mod line;
mod minds;
mod names;
mod pace;
pub mod page;
pub mod plan;
pub mod reconcile;
pub mod run;
mod signalling;
pub mod sockets;
pub mod summary;
pub mod tally;
pub mod threshold;

pub use hall::is_hopeless;
pub use plan::{Asked, Mistakes, Plan};
pub use run::{Progress, Setting, run};
pub use summary::Summary;
