//! What is owed, what was paid and whether rights are open, as plain facts about one person on one day.
//!
//! Amounts are synthetic: 6.37 % (the scheme's rate) of a flat monthly income, one of four per category, chosen from the
//! person's index. Who is paid up pays each month on a day of her own; who is not owes every month since the first due one,
//! or since she stopped. The registry is the state of 1 April 2022: an earlier day is answered as if it were that day's.

use crate::{
    registry::{Category, Month, Person, Registry},
    time::Date,
};

/// Flat monthly incomes in dirhams, four bands a category. Synthetic.
const fn incomes(category: Category) -> [i64; 4] {
    match category {
        Category::Farm => [800, 1_200, 2_000, 3_500],
        Category::Ae => [1_570, 2_040, 3_140, 4_700],
        Category::Cpu => [1_600, 2_600, 4_200, 6_800],
        Category::Art | Category::Artist => [1_300, 1_900, 2_900, 4_300],
        Category::Taxi | Category::Other => [1_500, 2_100, 2_900, 3_900],
        Category::Comc | Category::Artc => [2_900, 4_600, 7_400, 11_800],
        Category::Med | Category::Legal | Category::Arch => [3_900, 6_200, 9_900, 15_800],
    }
}

/// The monthly contribution of a category and band in centimes, rounded to whole dirhams.
pub const fn monthly(category: Category, band: u8) -> i64 {
    let income = incomes(category)[band as usize % 4];
    (income * 637 + 5_000) / 10_000 * 100
}

/// Somebody's account on one day. Only the registered have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The monthly contribution in centimes.
    pub monthly: i64,
    /// The first month for which a contribution is owed.
    pub first_due: Month,
    /// The day on which rights open if the first contribution is paid.
    pub opens: Date,
    /// Whether nothing is overdue.
    pub paid_up: bool,
    /// The day of the last payment, when there was one that covers the present.
    pub last_payment: Option<Date>,
    /// The first day of cover, when rights are open today.
    pub open_since: Option<Date>,
    /// The month whose contribution is to be paid next.
    pub period: Month,
    /// How many months before the present one are unpaid.
    pub months_owed: i64,
}

/// The account of `person` on `today`; `None` when she is not registered.
pub fn account(registry: &Registry, person: &Person, today: Date) -> Option<Account> {
    let (first_due, opens) = (registry.first_due(person)?, registry.rights_open(person)?);
    let present = Month::of(today);
    let paid_on = registry.paid_on(person.id);
    let last_payment = if person.is_paid_up() { last_payment(registry, person, first_due, today) } else { None };
    let owed_from = person.paid_through().map_or(first_due, |month| month.next().max(first_due));
    let months_owed = if person.is_paid_up() { 0 } else { i64::from(present.0 - owed_from.0).max(0) };
    Some(Account {
        monthly: monthly(person.category(), registry.income_band(person)),
        first_due,
        opens,
        paid_up: person.is_paid_up(),
        last_payment,
        // Who pays late is covered from the payment on.
        open_since: (person.is_paid_up() && today >= opens).then(|| paid_on.map_or(opens, |on| on.max(opens))),
        period: present.max(first_due),
        months_owed,
    })
}

/// The latest of the payments she makes by habit, and of the one made since the beginning.
fn last_payment(registry: &Registry, person: &Person, first_due: Month, today: Date) -> Option<Date> {
    let day_in = |month: Month| month.first_day().plus_days(registry.pay_day(person) - 1);
    let present = Month::of(today);
    let month = if day_in(present) <= today { present } else { Month(present.0 - 1) };
    let by_habit = (month >= first_due).then(|| day_in(month));
    by_habit.max(registry.paid_on(person.id).filter(|&on| on <= today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_auto_entrepreneur_band_is_a_hundred_dirhams_a_month() {
        assert_eq!(monthly(Category::Ae, 0), 10_000);
        assert_eq!(monthly(Category::Ae, 1), 13_000);
    }

    #[test]
    fn contributions_rise_with_the_band() {
        for &category in Category::ALL {
            let amounts: Vec<i64> = (0..4).map(|band| monthly(category, band)).collect();
            assert!(amounts.is_sorted_by(|a, b| a < b), "{category}: {amounts:?}");
        }
    }
}
