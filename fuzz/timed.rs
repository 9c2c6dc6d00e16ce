//! No input may take longer than a tenth of a second.

use std::time::{Duration, Instant};

/// The most one input may take.
const MOST: Duration = Duration::from_millis(100);

/// Runs one input, and panics if it takes too long. Whoever shares the machine may slow one run down, and not five.
pub fn within(data: &[u8], run: fn(&[u8])) {
    let took = || {
        let began = Instant::now();
        run(data);
        began.elapsed()
    };
    if took() > MOST {
        let least = (0..4).map(|_| took()).min().unwrap_or_default();
        assert!(least <= MOST, "{} bytes took {least:?}", data.len());
    }
}
