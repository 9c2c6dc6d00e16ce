//! The journal of a run: every input that reached the engine and every event that followed, as lines of JSON; and its replay.
//!
//! ```text
//! {"hatif_journal":2,"script":"9f…","seed":1,"replication":0,"epoch_us":1652778000000000,"id":"5c…"}
//! {"at":12500000,"in":{"dtmf":{"call":3,"key":1}}}
//! {"ev":{"seq":18,"at":12500000,"fact":{"choice_made":{…}}}}
//! {"at":12600000,"in":{"dtmf":{"call":3,"key":"•"}}}
//! {"used":3,"key":"2"}
//! {"more":1}                      a part ends, the next begins with {"part":1,"of":"5c…"}
//! {"end":3600000000,"inputs":211,"events":4102}
//! ```
//!
//! The replies of services are inputs too, so a replay needs no registry: the engine alone, given the same inputs, says the
//! same events. Digits keyed where a secret is asked, or where keys are thrown away, are written as `•` and replayed as 0. So
//! are digits pressed ahead, of which nobody knows yet whether a menu will take them or a secret entry drop them: which they
//! were is written when a menu has taken them (`used`), and never when none does. Calling numbers are replaced by pseudonyms
//! made with a key that is not in the file.
//!
//! Imports `engine`, `script`, `random` (the seed), `time`, `id` and `pii`. Never enters: the world, a clock, a socket, a path.

mod error;
mod line;
mod read;
mod replay;
mod write;

pub use error::ReplayError;
pub use line::{FORMAT, Header, Line, Recorded};
pub use read::{CUT_OFF, Reader, Tail};
pub use replay::{Difference, ReplayReport, replay};
pub use write::{Pseudonyms, Writer};
