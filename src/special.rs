//! Special functions: of the normal, Student's, the binomial and the gamma law.
//!
//! On `libm` alone, whose results are the same on every machine, so that reports are the same to the byte; good to about
//! 1e-13 for the sizes that occur here. Imports nothing of the crate.

use std::f64::consts::{PI, SQRT_2};

/// The standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// The standard normal density.
pub fn normal_pdf(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI)
}

/// The hazard rate of the standard normal distribution: density over what is left. Far out by its continued fraction
/// (Abramowitz and Stegun 26.2.14), where both vanish.
pub fn normal_hazard(x: f64) -> f64 {
    match x < 10.0 {
        true => normal_pdf(x) / normal_cdf(-x),
        false => x + (1..=60).rev().map(f64::from).fold(0.0, |below, k| k / (x + below)),
    }
}

/// The share of a gamma distribution of this shape (above 0) and scale 1 that lies below `x`, and the share above, each
/// without loss by subtraction (series and continued fraction, Abramowitz and Stegun 6.5.29 and 6.5.31).
pub fn gamma_shares(shape: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-17 {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return (front * sum, 1.0 - front * sum);
    }
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut value = d;
    for k in (1..100_000).map(f64::from) {
        let a = -k * (k - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        value *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    (1.0 - front * value, front * value)
}

/// ln(k!) less Stirling's ½ ln(2πk) + k ln k - k, for whole k from 1 (Loader 2000).
pub fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        return libm::lgamma(k + 1.0) - (k + 0.5) * libm::log(k) + k - 0.5 * libm::log(2.0 * PI);
    }
    let k2 = k * k;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / k2) / k2) / k2) / k2) / k
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
        true => front * beta_fraction(a, b, x) / a,
        false => 1.0 - front * beta_fraction(b, a, 1.0 - x) / b,
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
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

/// The root of a function that is below zero first and not below it later, to the last bit, by halving.
pub fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
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

/// The `x` below which the share `p` of a gamma law of this shape and scale 1 lies: Newton's steps from the cube of Wilson
/// and Hilferty, within an interval that only shrinks. Relative error below 1e-10. `p` of 0 or less gives 0.
pub fn gamma_quantile(shape: f64, p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    let above = (1.0 - p).max(1e-300);
    let (mut low, mut high) = (0.0, shape.max(1.0));
    while gamma_shares(shape, high).1 > above {
        low = high;
        high *= 2.0;
    }
    let log_gamma = libm::lgamma(shape);
    let mut x = wilson_hilferty(shape, p);
    for _ in 0..200 {
        if !(low < x && x < high) {
            x = 0.5 * (low + high);
        }
        let miss = gamma_shares(shape, x).1 - above;
        (low, high) = if miss > 0.0 { (x, high) } else { (low, x) };
        let density = libm::exp((shape - 1.0) * libm::log(x) - x - log_gamma);
        let next = x + miss / density;
        if (next - x).abs() <= 1e-11 * x || high - low <= 1e-13 * high {
            break;
        }
        x = next;
    }
    x
}

/// Near the quantile, for shapes that are not small.
fn wilson_hilferty(shape: f64, p: f64) -> f64 {
    // The normal quantile to two digits (Abramowitz and Stegun 26.2.22); the steps that follow do the rest.
    let t = libm::sqrt(-2.0 * libm::log(p.min(1.0 - p).max(1e-300)));
    let z = (t - (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + 0.04481 * t))).copysign(p - 0.5);
    let ninth = 1.0 / (9.0 * shape);
    let root = 1.0 - ninth + z * libm::sqrt(ninth);
    shape * root * root * root
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Gamma, Normal, StudentsT};

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

    #[test]
    fn the_hazard_has_no_seam() {
        assert!((normal_hazard(10.0 - 1e-12) / normal_hazard(10.0) - 1.0).abs() < 1e-11);
        assert!((normal_hazard(0.0) - 0.797_884_560_802_865_4).abs() < 1e-15);
        assert!((normal_hazard(1000.0) - 1000.001).abs() < 1e-6);
    }

    #[test]
    fn gamma_shares_are_those_of_poisson_sums() {
        // P(gamma(3) ≤ 2) = 1 - e^-2 (1 + 2 + 2).
        let (below, above) = gamma_shares(3.0, 2.0);
        assert!((above - 5.0 * libm::exp(-2.0)).abs() < 1e-15 && (below + above - 1.0).abs() < 1e-15);
        let above = gamma_shares(3.0, 40.0).1;
        assert!((above / (841.0 * libm::exp(-40.0)) - 1.0).abs() < 1e-13);
        // P(gamma(1/2) ≤ x) = erf(√x).
        assert!((gamma_shares(0.5, 0.3).0 - libm::erf(libm::sqrt(0.3))).abs() < 1e-15);
    }

    #[test]
    fn stirling_has_no_seam() {
        let exact = libm::lgamma(17.0) - 16.5 * libm::log(16.0) + 16.0 - 0.5 * libm::log(2.0 * PI);
        assert!((stirling_error(16.0) - exact).abs() < 1e-13);
    }

    #[test]
    fn the_gamma_law_agrees_with_an_independent_one() {
        for shape in [0.3, 1.0, 4.0, 29.7, 400.0] {
            let law = Gamma::new(shape, 1.0).expect("a shape");
            for p in [0.0001, 0.01, 0.3, 0.5, 0.9, 0.9999] {
                let x = gamma_quantile(shape, p);
                assert!((law.cdf(x) - p).abs() < 1e-9, "shape {shape}, p {p}: {x}");
                assert!((gamma_shares(shape, x).1 - (1.0 - p)).abs() < 1e-11, "shape {shape}, p {p}: {x}");
            }
        }
        assert_eq!(
            (gamma_shares(2.0, 0.0).1, gamma_shares(2.0, f64::INFINITY).1, gamma_quantile(2.0, 0.0)),
            (1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn half_of_the_normal_law_is_below_zero() {
        assert_eq!(normal_cdf(0.0), 0.5);
        assert!((normal_cdf(1.959_963_984_540_054) - 0.975).abs() < 1e-14);
    }
}
