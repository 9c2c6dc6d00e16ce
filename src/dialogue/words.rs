//! Words in braces, and what they become.

use std::collections::BTreeMap;

/// Words that need no `keep`.
pub(super) const KNOWN: [&str; 13] = [
    "lang",
    "language",
    "number",
    "last3",
    "reference",
    "birth",
    "card",
    "tail",
    "wrong_number",
    "wrong_birth",
    "wrong_code",
    "wrong_card",
    "code",
];

/// What words in braces become in one run of a dialogue.
#[derive(Clone, Debug, Default)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// Gives a word its meaning.
    pub fn set(&mut self, word: &str, meaning: impl Into<String>) {
        self.0.insert(word.to_owned(), meaning.into());
    }

    /// The text with every word replaced, or the first word that has no meaning here.
    pub fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, word, after)) = next_word(rest) {
            out.push_str(before);
            out.push_str(self.0.get(word).ok_or_else(|| word.to_owned())?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// What stands before the first word in braces, the word, and what follows.
fn next_word(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (word, after) = rest.split_once('}')?;
    Some((before, word, after))
}

/// The words in braces of a text.
pub(super) fn in_braces(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((_, word, after)) = next_word(rest) {
        words.push(word);
        rest = after;
    }
    words
}

/// The characters of a text that stand in no braces.
pub(super) fn outside_braces(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut inside = false;
    text.chars().filter(move |c| match c {
        '{' => {
            inside = true;
            false
        }
        '}' if inside => {
            inside = false;
            false
        }
        _ => !inside,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_and_a_missing_one_is_named() {
        let mut words = Words::default();
        words.set("number", "000000042");
        assert_eq!(words.expand("{number}#").as_deref(), Ok("000000042#"));
        assert_eq!(words.expand("1{code}"), Err("code".to_owned()));
        assert_eq!(outside_braces("1{number}#").collect::<String>(), "1#");
        assert_eq!(in_braces("{a}-{b}"), ["a", "b"]);
    }
}
