//! Standard draws: uniform, exponential, normal, gamma. Fast, and the same to the last bit on every machine.
//!
//! The samplers of `rand_distr` take their logarithms from `num-traits`, which takes them from the standard library as soon
//! as any crate of the build asks for that; the standard library's differ between machines in the last bit. So the
//! ziggurat is written here once more, with `libm` alone, and tested against theirs.

use std::sync::LazyLock;

use rand::Rng;

use crate::random::Stream;

/// Where the tail of the exponential begins, for 256 layers of equal area.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
/// Where the tail of the normal begins, for 256 layers of equal area.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

/// A uniform number, at least 0 and below 1, of 53 bits. Takes one number of the stream.
#[inline]
pub fn uniform(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A whole number below `n` (0 when `n` is 0), each with the same chance but for some 2^-32 of it. Takes one number of the
/// stream, always, so that the next draw does not depend on `n`.
#[inline]
pub fn below(n: u32, stream: &mut Stream) -> u32 {
    ((u128::from(stream.next_u64()) * u128::from(n)) >> 64) as u32
}

/// A number above 0 and below 1.
#[inline]
fn open(stream: &mut Stream) -> f64 {
    ((stream.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// Layers of equal area under a falling density, as Doornik lays them out ("An improved ziggurat method to generate normal
/// random samples", 2005): right edges, and the density there.
struct Ziggurat {
    edge: [f64; 257],
    height: [f64; 257],
}

impl Ziggurat {
    /// `area` of each layer, `tail`: where the lowest one's box ends, `density` and its inverse.
    fn new(area: f64, tail: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Ziggurat {
        let mut edge = [0.0; 257];
        edge[0] = area / density(tail);
        edge[1] = tail;
        for i in 2..256 {
            edge[i] = inverse(area / edge[i - 1] + density(edge[i - 1]));
        }
        Ziggurat { edge, height: edge.map(density) }
    }
}

fn exponential_density(x: f64) -> f64 {
    libm::exp(-x)
}

fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

static EXPONENTIAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    let area = (EXPONENTIAL_TAIL + 1.0) * libm::exp(-EXPONENTIAL_TAIL);
    Ziggurat::new(area, EXPONENTIAL_TAIL, exponential_density, |y| -libm::log(y))
});

static NORMAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    let beyond = (std::f64::consts::PI / 2.0).sqrt() * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
    let area = NORMAL_TAIL * normal_density(NORMAL_TAIL) + beyond;
    Ziggurat::new(area, NORMAL_TAIL, normal_density, |y| libm::sqrt(-2.0 * libm::log(y)))
});

/// An exponential number with mean 1.
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    let table = &*EXPONENTIAL;
    let bits = stream.next_u64();
    let layer = (bits & 0xff) as usize;
    let x = ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64) * table.edge[layer];
    if x < table.edge[layer + 1] { x } else { exponential_edge(layer, x, stream) }
}

/// What the fast path leaves over, one draw in ninety: the slanted edge of a layer, or the tail.
#[cold]
fn exponential_edge(mut layer: usize, mut x: f64, stream: &mut Stream) -> f64 {
    let table = &*EXPONENTIAL;
    loop {
        if layer == 0 {
            return EXPONENTIAL_TAIL - libm::log(open(stream));
        }
        if under(table, layer, stream) < exponential_density(x) {
            return x;
        }
        layer = (stream.next_u64() & 0xff) as usize;
        x = open(stream) * table.edge[layer];
        if x < table.edge[layer + 1] {
            return x;
        }
    }
}

/// A uniform height within a layer.
fn under(table: &Ziggurat, layer: usize, stream: &mut Stream) -> f64 {
    table.height[layer + 1] + (table.height[layer] - table.height[layer + 1]) * uniform(stream)
}

/// A normal number with mean 0 and standard deviation 1.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    let table = &*NORMAL;
    let bits = stream.next_u64();
    let layer = (bits & 0xff) as usize;
    let side = ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 51) as f64) - 1.0;
    let x = side * table.edge[layer];
    if x.abs() < table.edge[layer + 1] { x } else { normal_edge(layer, x, stream) }
}

#[cold]
fn normal_edge(mut layer: usize, mut x: f64, stream: &mut Stream) -> f64 {
    let table = &*NORMAL;
    loop {
        if layer == 0 {
            return normal_tail(stream).copysign(x);
        }
        if under(table, layer, stream) < normal_density(x) {
            return x;
        }
        layer = (stream.next_u64() & 0xff) as usize;
        x = (2.0 * open(stream) - 1.0) * table.edge[layer];
        if x.abs() < table.edge[layer + 1] {
            return x;
        }
    }
}

/// A normal number beyond the last layer (Marsaglia 1964).
fn normal_tail(stream: &mut Stream) -> f64 {
    loop {
        let beyond = -libm::log(open(stream)) / NORMAL_TAIL;
        if -2.0 * libm::log(open(stream)) > beyond * beyond {
            return NORMAL_TAIL + beyond;
        }
    }
}

/// What gamma draws of one shape share (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; shapes
/// below 1 by a power of a uniform number).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    d: f64,
    c: f64,
    /// One over the shape, for shapes below 1; else 0.
    boost: f64,
}

impl Gamma {
    /// `shape` above 0; the scale is 1, so that the mean is the shape.
    pub fn new(shape: f64) -> Gamma {
        let (raised, boost) = if shape < 1.0 { (shape + 1.0, 1.0 / shape) } else { (shape, 0.0) };
        let d = raised - 1.0 / 3.0;
        Gamma { d, c: 1.0 / libm::sqrt(9.0 * d), boost }
    }

    /// One draw.
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        let factor = if self.boost > 0.0 { libm::pow(open(stream), self.boost) } else { 1.0 };
        loop {
            let z = normal(stream);
            let root = 1.0 + self.c * z;
            if root <= 0.0 {
                continue;
            }
            let (v, u, z2) = (root * root * root, open(stream), z * z);
            if u < 1.0 - 0.0331 * z2 * z2 || libm::log(u) < 0.5 * z2 + self.d * (1.0 - v + libm::log(v)) {
                return self.d * v * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use statrs::distribution::{ContinuousCDF, Exp, Gamma as GammaLaw, Normal};

    use super::*;
    use crate::random::{Purpose, Seed};

    /// Share of draws below each of 19 quantiles against the exact one, within 4.5 standard errors; and the mean of theirs.
    fn agrees(what: &str, law: &impl ContinuousCDF<f64, f64>, mut draw: impl FnMut(&mut Stream) -> f64) {
        const N: usize = 200_000;
        let mut stream = Seed::new(11).stream(Purpose::Patience, 1);
        let drawn: Vec<f64> = (0..N).map(|_| draw(&mut stream)).collect();
        let quantiles = (1..20).map(|i| f64::from(i) / 20.0).chain([0.001, 0.0003, 0.999, 0.9997]);
        for p in quantiles {
            // Theirs is a search that ends a little beside the quantile; what is below where it ended is exact.
            let edge = law.inverse_cdf(p);
            let p = law.cdf(edge);
            let share = drawn.iter().filter(|x| **x < edge).count() as f64 / N as f64;
            let error = (p * (1.0 - p) / N as f64).sqrt();
            assert!((share - p).abs() < 4.5 * error, "{what}: {share} of the draws are below {edge}, not {p}");
        }
    }

    #[test]
    fn standard_draws_follow_their_laws() {
        agrees("exponential", &Exp::new(1.0).expect("a rate"), exponential);
        agrees("normal", &Normal::new(0.0, 1.0).expect("a deviation"), normal);
        for shape in [0.2, 0.7, 1.0, 2.5, 40.0] {
            let gamma = Gamma::new(shape);
            agrees("gamma", &GammaLaw::new(shape, 1.0).expect("a shape"), |stream| gamma.sample(stream));
        }
    }

    #[test]
    fn ready_made_samplers_pass_the_same_test() {
        agrees("exponential", &Exp::new(1.0).expect("a rate"), |stream| stream.sample(rand_distr::Exp1));
        agrees("normal", &Normal::new(0.0, 1.0).expect("a deviation"), |stream| {
            stream.sample(rand_distr::StandardNormal)
        });
    }

    #[test]
    fn draws_are_fixed_for_good() {
        let mut stream = Seed::new(5).stream(Purpose::Patience, 2);
        let drawn: Vec<u64> = (0..4)
            .flat_map(|_| [exponential(&mut stream), normal(&mut stream), Gamma::new(0.5).sample(&mut stream)])
            .map(f64::to_bits)
            .collect();
        let digest = drawn.iter().fold(0, |digest, bits| crate::random::mix(digest ^ bits));
        assert_eq!(digest, 0x1d14_1035_03aa_1f6e, "{digest:#x}");
    }

    #[test]
    fn whole_numbers_stay_below() {
        let mut stream = Seed::new(5).stream(Purpose::Person, 2);
        assert!((0..1000).all(|_| below(3, &mut stream) < 3));
        assert_eq!(below(0, &mut stream), 0);
    }
}
