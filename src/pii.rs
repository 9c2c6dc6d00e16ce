//! Personal data in types that print masked, so that a log line cannot leak what it was not meant to say.

use std::fmt;

/// The number a call came from: at most 15 decimal digits (ITU-T E.164), leading zeros kept. Prints masked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallerNumber(Digits);

impl CallerNumber {
    /// Wraps the digits of a calling number.
    pub const fn new(digits: Digits) -> CallerNumber {
        CallerNumber(digits)
    }
    /// The digits in clear. For keys of lookups and limits only; never for output.
    pub const fn reveal(self) -> Digits {
        self.0
    }
}

impl fmt::Display for CallerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let keep = text.len().saturating_sub(2).max(text.len().min(1));
        write!(f, "{}{}", "*".repeat(keep), &text[keep..])
    }
}

impl fmt::Debug for CallerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Up to 15 decimal digits, leading zeros kept, in eight bytes. Prints in clear: wrap what is personal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Digits(u64);

impl Digits {
    /// The greatest number of digits.
    pub const MAX_LEN: usize = 15;
    /// No digits.
    pub const EMPTY: Digits = Digits(0);

    /// Adds one digit (0 to 9) at the end; `None` when full or not a digit.
    pub const fn push(self, digit: u8) -> Option<Digits> {
        let len = self.0 >> 60;
        if digit > 9 || len as usize >= Self::MAX_LEN {
            return None;
        }
        let value = (self.0 & VALUE) * 10 + digit as u64;
        Some(Digits(((len + 1) << 60) | value))
    }

    /// The number `value` written with `width` digits; `None` when it does not fit.
    pub fn from_number(value: u64, width: usize) -> Option<Digits> {
        let fits = (1..=Self::MAX_LEN).contains(&width) && value < 10_u64.pow(width as u32);
        fits.then_some(Digits(((width as u64) << 60) | value))
    }

    /// How many digits.
    pub const fn len(self) -> usize {
        (self.0 >> 60) as usize
    }
    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The digits read as a decimal number.
    pub const fn as_number(self) -> u64 {
        self.0 & VALUE
    }
    /// The digits read as a decimal number, when there are exactly `len` of them (one comparison: look-ups are hot).
    #[inline]
    pub const fn exactly(self, len: usize) -> Option<u64> {
        let value = self.0 ^ ((len as u64) << 60);
        if value <= VALUE { Some(value) } else { None }
    }
    /// The last `n` digits.
    pub fn tail(self, n: usize) -> Digits {
        let text = self.to_string();
        text[text.len().saturating_sub(n)..].parse().unwrap_or_default()
    }
}

/// Mask of the number below the length. 10^15 < 2^50, so it always fits.
const VALUE: u64 = (1 << 60) - 1;

impl std::str::FromStr for Digits {
    type Err = NotDigits;
    fn from_str(text: &str) -> Result<Digits, NotDigits> {
        let step = |digits: Digits, byte: u8| digits.push(byte.wrapping_sub(b'0'));
        text.bytes().try_fold(Digits::EMPTY, step).ok_or(NotDigits)
    }
}

/// The text was longer than 15 characters or held something else than 0–9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most 15 digits 0-9")]
pub struct NotDigits;

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len() {
            0 => Ok(()),
            len => write!(f, "{:0len$}", self.as_number()),
        }
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl serde::Serialize for Digits {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digits {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Digits, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Something that must never be printed: birth dates and one-time codes on their way to be checked.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Secret<T> {
        Secret(value)
    }
}

impl<T: Copy> Secret<T> {
    /// The value in clear, for the one comparison it is meant for.
    pub const fn reveal(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_stay() {
        let digits: Digits = "000000042".parse().expect("nine digits");
        assert_eq!((digits.len(), digits.as_number(), digits.to_string().as_str()), (9, 42, "000000042"));
        assert_eq!(digits.tail(3).to_string(), "042");
        assert_eq!((digits.exactly(9), digits.exactly(8), digits.exactly(11)), (Some(42), None, None));
        assert_eq!("12a".parse::<Digits>(), Err(NotDigits));
        assert_eq!("1234567890123456".parse::<Digits>(), Err(NotDigits));
    }

    #[test]
    fn personal_data_print_masked() {
        let number = CallerNumber::new("0600000042".parse().expect("ten digits"));
        assert_eq!(format!("{number} {number:?}"), "********42 ********42");
        assert_eq!(format!("{:?} {}", Secret::new(123), Secret::new("x")), "• •");
    }
}
