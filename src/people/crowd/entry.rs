//! A few keys on their way to the telephone, one after the other.

use crate::{pii::Digits, script::model::Key};

/// At most 16 keys, packed, and how many of them were pressed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry {
    keys: u64,
    len: u8,
    pressed: u8,
}

impl std::fmt::Debug for Entry {
    /// The keys may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} keys", self.pressed, self.len)
    }
}

impl Entry {
    pub(super) fn push(&mut self, key: Key) {
        if self.len < 16 {
            let code = match key {
                Key::STAR => 10,
                Key::HASH => 11,
                key => u64::from(key.digit().unwrap_or_default()),
            };
            self.keys |= code << (4 * self.len);
            self.len += 1;
        }
    }

    pub(super) fn of(keys: &[Key]) -> Entry {
        let mut entry = Entry::default();
        keys.iter().for_each(|key| entry.push(*key));
        entry
    }

    /// Digits, each of which is wrong with the chance `error`; whether any is. `bits` gives a number for each place.
    pub(super) fn digits(digits: Digits, error: f64, bits: impl Fn(u64) -> u64) -> (Entry, bool) {
        let (mut entry, mut wrong) = (Entry::default(), false);
        let (mut number, len) = (digits.as_number(), digits.len());
        // The last digit comes out first.
        for place in (0..len).rev() {
            let right = number % 10;
            number /= 10;
            let draw = if error > 0.0 { bits(place as u64) } else { u64::MAX };
            let mistaken = crate::random::unit(draw) < error;
            let keyed = if mistaken { (right + 1 + draw % 9) % 10 } else { right };
            wrong |= mistaken;
            entry.keys |= keyed << (4 * place);
        }
        entry.len = len as u8;
        (entry, wrong)
    }

    pub(super) fn len(&self) -> u8 {
        self.len
    }

    pub(super) fn is_begun(&self) -> bool {
        self.pressed > 0
    }

    /// The next key; `None` when all were pressed.
    pub(super) fn next(&mut self) -> Option<Key> {
        if self.pressed >= self.len {
            return None;
        }
        let code = (self.keys >> (4 * self.pressed)) & 0xf;
        self.pressed += 1;
        Some(match code {
            10 => Key::STAR,
            11 => Key::HASH,
            digit => Key::from_char((b'0' + digit as u8) as char).unwrap_or(Key::ZERO),
        })
    }

    /// The keys still to be pressed, all but the last.
    pub(super) fn but_the_last(&self) -> Entry {
        let len = (self.len - self.pressed).saturating_sub(1);
        let kept = (1_u64 << (4 * u32::from(len))).wrapping_sub(1);
        Entry { keys: (self.keys >> (4 * self.pressed)) & kept, len, pressed: 0 }
    }

    /// So many keys were pressed.
    pub(super) fn skip(&mut self, keys: u8) {
        self.pressed = self.len.min(self.pressed + keys);
    }

    pub(super) fn is_done(&self) -> bool {
        self.pressed >= self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(mut entry: Entry) -> String {
        std::iter::from_fn(|| entry.next()).map(Key::as_char).collect()
    }

    #[test]
    fn keys_come_out_as_they_went_in_and_an_error_changes_a_digit() {
        let number: Digits = "001234567".parse().expect("digits");
        let (mut right, wrong) = Entry::digits(number, 0.0, |_| 0);
        right.push(Key::HASH);
        assert_eq!((pressed(right).as_str(), wrong), ("001234567#", false));
        let (mistaken, wrong) = Entry::digits(number, 0.5, |place| if place == 3 { 0 } else { u64::MAX });
        assert_eq!((pressed(mistaken).as_str(), wrong), ("001334567", true));
        let star = Entry::of(&[Key::STAR, Key::ZERO]);
        assert_eq!(pressed(star), "*0");
    }
}
