//! Functions that the formulas share, on `libm`, whose results are the same on every machine.

use std::f64::consts::{PI, SQRT_2};

/// The standard normal distribution function.
pub(super) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// The standard normal density.
pub(super) fn normal_pdf(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI)
}

/// The hazard rate of the standard normal distribution: density over what is left. Far out by its continued fraction
/// (Abramowitz and Stegun 26.2.14), where both vanish.
pub(super) fn normal_hazard(x: f64) -> f64 {
    match x < 10.0 {
        true => normal_pdf(x) / normal_cdf(-x),
        false => x + (1..=60).rev().map(f64::from).fold(0.0, |below, k| k / (x + below)),
    }
}

/// The share of a gamma distribution of this shape (above 0) and scale 1 that lies below `x`, and the share above, each
/// without loss by subtraction (series and continued fraction, Abramowitz and Stegun 6.5.29 and 6.5.31).
pub(super) fn gamma_shares(shape: f64, x: f64) -> (f64, f64) {
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
pub(super) fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        return libm::lgamma(k + 1.0) - (k + 0.5) * libm::log(k) + k - 0.5 * libm::log(2.0 * PI);
    }
    let k2 = k * k;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / k2) / k2) / k2) / k2) / k
}

/// The root of a function that is below zero first and not below it later, to the last bit, by halving.
pub(super) fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
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
    use super::*;

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
}
