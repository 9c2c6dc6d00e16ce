//! The centre that comes with the program.

use hatif::script::{Source, diagnostic::Severity, load};

#[test]
fn the_default_centre_has_no_errors_and_no_warnings() {
    let loaded = load(&Source::embedded());
    let severe: Vec<_> =
        loaded.diagnostics.iter().map(|d| format!("{:?} {} {}: {}", d.severity, d.code, d.file, d.message)).collect();
    assert_eq!(severe, Vec::<String>::new());
    assert!(loaded.diagnostics.iter().all(|d| d.severity != Severity::Error));
    let script = loaded.script.expect("a script without errors is published");
    assert_eq!(script.groups.iter().map(|group| group.size).sum::<u32>(), 80, "the advisers of an ordinary day");
    assert_eq!((script.queues.len(), script.skills.len(), script.intents.len()), (6, 6, 8));
}
