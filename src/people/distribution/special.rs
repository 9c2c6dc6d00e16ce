//! The gamma law's functions, with `libm` alone: the standard library's logarithms differ between machines.

use std::f64::consts::SQRT_2;

/// The share of a standard normal law below `z`.
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The share of a gamma law of this shape and scale 1 above `x`: Q(shape, x), by its series below shape + 1 and by Lentz's
/// continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31). Good to about 1e-13.
pub fn gamma_above(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 { 1.0 - front * series(shape, x) } else { front * fraction(shape, x) }
}

/// The most terms; for shapes up to a million some thousands are needed.
const TERMS: u32 = 20_000;

fn series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut a) = (1.0 / shape, 1.0 / shape, shape);
    for _ in 0..TERMS {
        a += 1.0;
        term *= x / a;
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    sum
}

fn fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for i in 1..TERMS {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        let next = a * d + b;
        d = 1.0 / if next.abs() < TINY { TINY } else { next };
        let next = b + a / c;
        c = if next.abs() < TINY { TINY } else { next };
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// The `x` below which the share `p` of a gamma law of this shape and scale 1 lies: Newton's steps from the cube of Wilson
/// and Hilferty, within an interval that only shrinks. Relative error below 1e-10. `p` of 0 or less gives 0.
pub fn gamma_quantile(shape: f64, p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    let above = (1.0 - p).max(1e-300);
    let (mut low, mut high) = (0.0, shape.max(1.0));
    while gamma_above(shape, high) > above {
        low = high;
        high *= 2.0;
    }
    let log_gamma = libm::lgamma(shape);
    let mut x = wilson_hilferty(shape, p);
    for _ in 0..200 {
        if !(low < x && x < high) {
            x = 0.5 * (low + high);
        }
        let miss = gamma_above(shape, x) - above;
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
    use statrs::distribution::{ContinuousCDF, Gamma};

    use super::*;

    #[test]
    fn the_gamma_law_agrees_with_an_independent_one() {
        for shape in [0.3, 1.0, 4.0, 29.7, 400.0] {
            let law = Gamma::new(shape, 1.0).expect("a shape");
            for p in [0.0001, 0.01, 0.3, 0.5, 0.9, 0.9999] {
                let x = gamma_quantile(shape, p);
                assert!((law.cdf(x) - p).abs() < 1e-9, "shape {shape}, p {p}: {x}");
                assert!((gamma_above(shape, x) - (1.0 - p)).abs() < 1e-11, "shape {shape}, p {p}: {x}");
            }
        }
        assert_eq!((gamma_above(2.0, 0.0), gamma_above(2.0, f64::INFINITY), gamma_quantile(2.0, 0.0)), (1.0, 0.0, 0.0));
    }

    #[test]
    fn half_of_the_normal_law_is_below_zero() {
        assert_eq!(normal_below(0.0), 0.5);
        assert!((normal_below(1.959_963_984_540_054) - 0.975).abs() < 1e-14);
    }
}
