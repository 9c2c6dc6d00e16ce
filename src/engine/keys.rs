//! Keys pressed and not yet used, or of the entry being keyed.

use crate::{pii::Digits, script::model::Key};

/// At most [`Keys::CAPACITY`] keys in order; what does not fit is lost. Four bits a key, the first lowest.
#[derive(Clone, Copy, Default, PartialEq, Hash)]
#[repr(C)]
pub(crate) struct Keys {
    /// First, since whether there are any is asked most often.
    len: u8,
    words: [u64; Keys::CAPACITY / WORD],
}

/// How many keys a word holds.
const WORD: usize = 16;

impl Keys {
    pub(crate) const CAPACITY: usize = 64;

    #[inline]
    pub(crate) fn push(&mut self, key: Key) {
        let len = self.len();
        if let Some(word) = self.words.get_mut(len / WORD) {
            *word |= u64::from(key.number()) << (4 * (len % WORD));
            self.len += 1;
        }
    }

    /// Puts keys before those that are there.
    pub(crate) fn prepend(&mut self, mut keys: Keys) {
        self.iter().for_each(|key| keys.push(key));
        *self = keys;
    }

    pub(crate) fn pop(&mut self) -> Option<Key> {
        let first = self.iter().next()?;
        for word in 0..self.words.len() {
            let next = self.words.get(word + 1).copied().unwrap_or(0);
            self.words[word] = (self.words[word] >> 4) | (next << (4 * (WORD - 1)));
        }
        self.len -= 1;
        Some(first)
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.len > 0 {
            *self = Keys::default();
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.into()
    }

    /// Whether `whole` begins with these keys.
    pub(crate) fn begins(&self, whole: &[Key]) -> bool {
        whole.len() >= self.len() && self.iter().eq(whole[..self.len()].iter().copied())
    }

    /// The digits among the keys, as far as they fit.
    pub(crate) fn digits(&self) -> Digits {
        let push = |digits: Digits, key: Key| key.digit().and_then(|d| digits.push(d)).unwrap_or(digits);
        self.iter().fold(Digits::EMPTY, push)
    }

    fn iter(&self) -> impl Iterator<Item = Key> + '_ {
        let number = |place: usize| (self.words[place / WORD] >> (4 * (place % WORD))) as u8 & 15;
        (0..self.len()).filter_map(move |place| Key::from_number(number(place)))
    }
}

impl std::fmt::Debug for Keys {
    /// How many: what is keyed may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Keys {
        let mut keys = Keys::default();
        text.chars().filter_map(Key::from_char).for_each(|key| keys.push(key));
        keys
    }

    fn text(mut keys: Keys) -> String {
        std::iter::from_fn(|| keys.pop()).map(Key::as_char).collect()
    }

    #[test]
    fn keys_come_out_in_the_order_they_went_in_and_the_sixty_fifth_is_lost() {
        let all = "0123456789*#".repeat(6);
        assert_eq!(text(keys(&all)), all[..Keys::CAPACITY]);
        let (mut later, before) = (keys(&all[..60]), keys("#*98"));
        later.prepend(before);
        assert_eq!(text(later), format!("#*98{}", &all[..60]));
        later.prepend(before);
        assert_eq!((later.len(), text(later)), (64, format!("#*98#*98{}", &all[..56])));
    }

    #[test]
    fn an_entry_is_compared_key_by_key_and_read_as_digits() {
        let whole: Vec<Key> = "10*".chars().filter_map(Key::from_char).collect();
        assert!(keys("").begins(&whole) && keys("10").begins(&whole) && keys("10*").begins(&whole));
        assert!(!keys("11").begins(&whole) && !keys("10*1").begins(&whole));
        assert_eq!(keys("04*2#").digits().to_string(), "042");
    }
}
