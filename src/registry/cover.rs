//! When contributions fall due and rights to cover open.
//!
//! The rule: rights open on the first day of the month after the first due month, if it is paid. The first due month is
//! the category's, or the month of registration where that is later. Published for traders, artisans with accounts and
//! auto-entrepreneurs; assumed for the others, whose decrees came later.

use super::{person::Month, words::Category};
use crate::time::Date;

/// The first month for which anybody of `category` owes a contribution.
pub const fn category_due(category: Category) -> Month {
    match category {
        Category::Cpu | Category::Med | Category::Legal => Month::new(2021, 12),
        Category::Comc | Category::Artc | Category::Arch => Month::new(2022, 1),
        Category::Ae => Month::new(2022, 2),
        Category::Taxi | Category::Art | Category::Artist => Month::new(2022, 3),
        Category::Farm | Category::Other => Month::new(2022, 4),
    }
}

/// The first month for which somebody of `category` registered on `since` owes a contribution.
pub fn first_due(category: Category, since: Date) -> Month {
    category_due(category).max(Month::of(since))
}

/// The day on which rights open when the first contribution is paid in time.
pub fn opens(category: Category, since: Date) -> Date {
    first_due(category, since).next().first_day()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_open_the_month_after_the_first_due_month() {
        let day = |m, d| Date::from_ymd(2022, m, d).expect("a date");
        let december = Date::from_ymd(2021, 12, 6).expect("a date");
        assert_eq!(opens(Category::Cpu, december), day(1, 1));
        assert_eq!(opens(Category::Comc, december), day(2, 1));
        assert_eq!(opens(Category::Ae, december), day(3, 1));
        assert_eq!(opens(Category::Farm, day(3, 22)), day(5, 1));
        assert_eq!(opens(Category::Cpu, day(5, 17)), day(6, 1), "late registration, later rights");
    }
}
