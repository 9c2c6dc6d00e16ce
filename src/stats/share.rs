//! Shares of independent trials, such as days that met the target.

use super::Estimate;
use crate::special;

/// A share of independent trials with Wilson's score interval (Wilson 1927), which stays within 0 and 1 and is right also
/// when none or all succeeded. `successes` is at most `n`.
pub fn wilson(successes: u64, n: u64, level: f64) -> Estimate {
    if n == 0 {
        return Estimate::absent(level, 0);
    }
    let (trials, share) = (n as f64, successes as f64 / n as f64);
    let z = special::normal_quantile((1.0 + level) / 2.0);
    let z2 = z * z / trials;
    let middle = (share + z2 / 2.0) / (1.0 + z2);
    let half = z * libm::sqrt((share * (1.0 - share) + z2 / 4.0) / trials) / (1.0 + z2);
    // At the ends rounding would leave 0 and 1 by the last bit.
    let low = if successes == 0 { 0.0 } else { middle - half };
    let high = if successes == n { 1.0 } else { middle + half };
    Estimate { value: Some(share), low: Some(low), high: Some(high), level, n }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_ten_is_not_known_to_be_none_at_all() {
        let none = wilson(0, 10, 0.95);
        assert_eq!((none.value, none.low), (Some(0.0), Some(0.0)));
        assert!((none.high.expect("one") - 0.277_532_8).abs() < 1e-6);
        assert_eq!(wilson(10, 10, 0.95).high, Some(1.0));
        assert_eq!(wilson(0, 0, 0.95).value, None);
    }
}
