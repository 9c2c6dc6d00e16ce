//! The journal of a run: every input that reached the engine and every event that followed, as lines of JSON; and its replay.
//!
//! ```text
//! {"hatif_journal":1,"script":"9f…","seed":1,"replication":0,"epoch_us":1652778000000000}
//! {"at":12500000,"in":{"dtmf":{"call":3,"key":1}}}
//! {"ev":{"seq":18,"at":12500000,"fact":{"choice_made":{…}}}}
//! {"end":3600000000,"inputs":211,"events":4102}
//! ```
//!
//! The replies of services are inputs too, so a replay needs no registry: the engine alone, given the same inputs, says the
//! same events. Digits keyed where a secret is asked, or where keys are thrown away, are written as `•` and replayed as 0; calling numbers are replaced by
//! pseudonyms made with a key that is not in the file.
//!
//! Imports `engine`, `script`, `random` (the seed), `time`, `id` and `pii`. Never enters: the world, a clock, a socket, a path.

mod error;
mod line;
mod read;
mod replay;
mod write;

pub use error::ReplayError;
pub use line::{FORMAT, Header, Line, Recorded};
pub use read::{Reader, Tail};
pub use replay::{Difference, ReplayReport, replay};
pub use write::{Pseudonyms, Writer};
