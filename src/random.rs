//! Named, seeded streams of chance.
//!
//! Every kind of chance draws from its own stream, keyed by (seed, replication, purpose, owner): what one caller's patience
//! is does not depend on who else called or on how calls are routed. The generator is PCG64-MCG, whose output is fixed for
//! good; the library's default generator may change between releases and is banned by `clippy.toml`.

use rand_pcg::Pcg64Mcg;

/// The generator of every stream.
pub type Stream = Pcg64Mcg;

/// What a stream is for. The number is part of the key, so entries are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// When callers call.
    Arrival = 1,
    /// What a caller wants.
    Intent = 2,
    /// Which language a caller speaks.
    Language = 3,
    /// How long a caller waits before hanging up.
    Patience = 4,
    /// How a caller presses keys.
    Keying = 5,
    /// How long an agent talks.
    HandleTime = 6,
    /// How long an agent works after the call.
    WrapUp = 7,
    /// How long an agent lets it ring, and whether the agent answers at all.
    Ring = 8,
    /// The random hunt strategy.
    Routing = 9,
    /// The `split` node.
    Split = 10,
    /// Whether and when a caller calls again.
    Redial = 11,
    /// What the registry holds.
    Registry = 12,
    /// One-time codes.
    OneTimeCode = 13,
    /// How a service outside the engine delays or fails.
    Fault = 14,
    /// Whether an agent opens a back-office case.
    Case = 15,
    /// References given to callers (complaints).
    Reference = 16,
    /// Whether a called-back person answers.
    Callback = 17,
    /// When agents start, break and stop.
    Shift = 18,
    /// Which person of the registry a caller is.
    Person = 19,
    /// How much busier or quieter than expected a day is.
    DayFactor = 20,
    /// How much busier or quieter than its day a half-hour is.
    HalfHourFactor = 21,
    /// What is fixed about a caller at birth: one stream by her lot, drawn from in a fixed order.
    Birth = 22,
    /// The key under which identity checks are kept over a restart.
    AccessMark = 23,
}

/// Mixes one word into a key (the finalizer of SplitMix64).
pub const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The word that [`mix`] made this of.
pub const fn unmix(mut x: u64) -> u64 {
    x ^= (x >> 31) ^ (x >> 62);
    // The inverses of the two factors modulo 2^64.
    x = x.wrapping_mul(0x3196_42b2_d24d_8ec3);
    x ^= (x >> 27) ^ (x >> 54);
    x = x.wrapping_mul(0x96de_1b17_3f11_9089);
    x ^= (x >> 30) ^ (x >> 60);
    x.wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

/// A number as a share, 0 to below 1.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// The root of all chance in one replication of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The user's number.
    pub seed: u64,
    /// Which replication; 0 when there is one.
    pub replication: u32,
}

impl Seed {
    /// The root of replication 0.
    pub const fn new(seed: u64) -> Seed {
        Seed { seed, replication: 0 }
    }

    /// The root in one word, for whoever makes many streams.
    pub const fn root(self) -> Root {
        Root(mix(mix(self.seed) ^ self.replication as u64))
    }

    /// The key of the stream of `owner` (a caller, call or agent index) for `purpose`.
    pub const fn key(self, purpose: Purpose, owner: u64) -> u64 {
        self.root().key(purpose, owner)
    }

    /// The stream of `owner` for `purpose`. Cheap: meant to be made where it is used and dropped.
    pub fn stream(self, purpose: Purpose, owner: u64) -> Stream {
        self.root().stream(purpose, owner)
    }
}

/// A [`Seed`], mixed: the same streams, each a little cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root(u64);

impl Root {
    /// As [`Seed::key`].
    #[inline]
    pub const fn key(self, purpose: Purpose, owner: u64) -> u64 {
        mix(self.0 ^ ((purpose as u64) << 56) ^ mix(owner))
    }

    /// As [`Seed::stream`].
    #[inline]
    pub fn stream(self, purpose: Purpose, owner: u64) -> Stream {
        let key = self.key(purpose, owner);
        Pcg64Mcg::new(((mix(key) as u128) << 64) | key as u128)
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn what_is_mixed_can_be_told_apart_again() {
        for x in (0..1_000).map(mix).chain([0, 1, u64::MAX, 1 << 63]) {
            assert_eq!((unmix(mix(x)), mix(unmix(x))), (x, x));
        }
    }

    #[test]
    fn streams_are_fixed_for_good() {
        let mut stream = Seed::new(1).stream(Purpose::Patience, 7);
        let first = stream.next_u64();
        assert_eq!(first, Seed::new(1).stream(Purpose::Patience, 7).next_u64());
        assert_ne!(first, Seed::new(1).stream(Purpose::Keying, 7).next_u64());
        assert_ne!(first, Seed::new(1).stream(Purpose::Patience, 8).next_u64());
        assert_ne!(first, Seed { seed: 1, replication: 1 }.stream(Purpose::Patience, 7).next_u64());
    }
}
