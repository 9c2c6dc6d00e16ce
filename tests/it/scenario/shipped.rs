//! The scenarios that come with the program.

use hatif::scenario::Scenario;

#[test]
fn every_scenario_is_read_without_a_mistake() {
    let names = Scenario::names();
    assert!(!names.is_empty(), "there are scenarios");
    for name in names {
        let read = Scenario::named(&name, &[], None);
        let scenario = read.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(scenario.warnings.as_ref(), &[] as &[String], "{name}");
        assert!(!scenario.cast.demand.sources.is_empty(), "{name}");
    }
}
