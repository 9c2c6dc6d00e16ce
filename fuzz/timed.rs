//! No input may take longer than a tenth of a second.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The most one input may take, in time of the processor: others may be using the machine.
const MOST: Duration = Duration::from_millis(100);

/// Runs one input, and panics if it takes too long, twice.
pub fn within(data: &[u8], run: fn(&[u8])) {
    let took = || {
        let began = clock_gettime(ClockId::ThreadCPUTime);
        run(data);
        let ended = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(ended).unwrap_or_default() - Duration::try_from(began).unwrap_or_default()
    };
    if took() > MOST {
        let again = took();
        assert!(again <= MOST, "{} bytes took {again:?}", data.len());
    }
}
