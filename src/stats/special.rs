//! The functions behind the intervals: normal, Student's t, binomial.
//!
//! Written on `libm`, whose results are the same on every machine; to about 1e-13 for the sizes that occur here.

/// The standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// The standard normal quantile of `p`, 0 < p < 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    // Between -39, where the function is the smallest number there is, and 0.
    root(-39.0, 0.0, |x| normal_cdf(x) - p)
}

/// The point that Student's t with these degrees of freedom (above 0) exceeds with probability `tail`, 0 < tail ≤ 0.5.
pub fn student_quantile(tail: f64, freedom: f64) -> f64 {
    // P(|T| > t) is the incomplete beta function at freedom / (freedom + t²) (Abramowitz and Stegun 26.7.1).
    let above = |t: f64| 0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t));
    let mut high = 2.0;
    while above(high) > tail && high < 1e300 {
        high *= 2.0;
    }
    root(0.0, high, |t| tail - above(t))
}

/// P(X ≤ k) for X binomial with n trials of probability `p`, 0 < p < 1.
pub fn binomial_cdf(k: i64, n: u64, p: f64) -> f64 {
    match k {
        k if k < 0 => 0.0,
        k if k as u64 >= n => 1.0,
        k => incomplete_beta(n as f64 - k as f64, k as f64 + 1.0, 1.0 - p),
    }
}

/// The regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 ≤ x ≤ 1, by its continued fraction (Abramowitz
/// and Stegun 26.5.8, evaluated as by Lentz), from the side on which that converges fast.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let log = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    let front = libm::exp(log);
    match x < (a + 1.0) / (a + b + 2.0) {
        true => front * fraction(a, b, x) / a,
        false => 1.0 - front * fraction(b, a, 1.0 - x) / b,
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    // It converges within some multiples of the root of the larger parameter.
    for m in (1..1_000_000).map(f64::from) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

/// The root of a rising function between two points, to the last bit, by halving.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        match f(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

    use super::*;

    #[test]
    fn quantiles_agree_with_another_library() {
        for freedom in [1.0, 2.0, 4.5, 9.0, 30.0, 1000.0] {
            let other = StudentsT::new(0.0, 1.0, freedom).expect("a distribution");
            for tail in [0.25, 0.05, 0.025, 0.005, 0.0005] {
                let t = student_quantile(tail, freedom);
                assert!((other.cdf(-t) - tail).abs() < 1e-11 * tail.max(1e-3), "{freedom} {tail}: {t}");
            }
        }
        let normal = Normal::new(0.0, 1.0).expect("a distribution");
        for p in [1e-9, 0.001, 0.3, 0.5, 0.975, 0.9995] {
            assert!((normal.cdf(normal_quantile(p)) - p).abs() < 1e-10 * p, "{p}");
        }
    }

    #[test]
    fn binomial_sums_agree_with_another_library() {
        for (n, p) in [(1, 0.5), (10, 0.1), (1000, 0.95)] {
            let other = Binomial::new(p, n).expect("a distribution");
            for k in 0..n {
                let sum = binomial_cdf(k as i64, n, p);
                assert!((sum - other.cdf(k)).abs() < 1e-11, "{n} {p} {k}: {sum}");
            }
        }
        assert_eq!((binomial_cdf(-1, 5, 0.5), binomial_cdf(5, 5, 0.5)), (0.0, 1.0));
    }
}
