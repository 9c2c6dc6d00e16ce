//! x
use criterion as _;
use foldhash as _;
use hashbrown as _;
fn main() {}
