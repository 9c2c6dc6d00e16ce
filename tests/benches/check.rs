//! How long the default centre takes to be read, resolved and checked. Goal: under 50 ms.

use criterion::{Criterion, criterion_group, criterion_main};
use hatif::script::{Source, load};

fn default_centre(c: &mut Criterion) {
    let source = Source::embedded();
    c.bench_function("check the default centre", |b| {
        b.iter(|| {
            let loaded = load(&source);
            assert!(loaded.script.is_some());
            loaded
        });
    });
}

criterion_group!(benches, default_centre);
criterion_main!(benches);
