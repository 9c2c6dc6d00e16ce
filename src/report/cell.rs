//! Cells of CSV files that no spreadsheet takes for a formula.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` (or their wide forms), a tab or a line end. Such a text is
//! written after an apostrophe, which [`restored`] takes away again; numbers stay numbers.

/// What a cell must not begin with.
const ACTIVE: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The text of a cell that is safe to open.
pub fn defused(text: &str) -> String {
    match text.starts_with(ACTIVE) && text.parse::<f64>().is_err() {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// What [`defused`] made a cell of.
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.starts_with(ACTIVE)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_text_and_comes_back() {
        for text in ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "\nx", "＝1", "＋x", "－x", "＠x", "-", "=", "+212 600"]
        {
            let cell = defused(text);
            assert!(cell.starts_with('\''), "{text:?}");
            assert_eq!(restored(&cell), text);
        }
    }

    #[test]
    fn numbers_and_ordinary_texts_stay_as_they_are() {
        for text in ["", "-1", "-0.5", "+3", "1e-9", "-inf", "a-1", "09:00", "'quoted'", "x=1", "•••"] {
            assert_eq!((defused(text).as_str(), restored(text)), (text, text));
        }
    }
}
