//! The settings as `hatif serve --help` tells them, made from the shipped file, so that help, file and defaults are one.

use super::DEFAULTS;

/// A setting as the shipped file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its section and name, such as `server.idle`.
    pub name: String,
    /// Its default as written in the file; `None`: it is off unless it is set.
    pub default: Option<String>,
    /// How a value is written, where there is no default.
    pub example: Option<String>,
    /// What it is, what its bounds are and why the default is what it is.
    pub reason: String,
}

/// Every setting of the shipped file, in its order. A setting that is off by default stands there as a comment
/// `# name = example`.
pub fn described() -> Vec<Described> {
    let (mut section, mut reason, mut found) = (String::new(), Vec::new(), Vec::new());
    for line in DEFAULTS.lines() {
        let comment = line.strip_prefix("# ");
        let setting = comment.unwrap_or(line).split_once(" = ").filter(|(name, _)| is_name(name));
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            reason.clear();
        } else if let Some((name, value)) = setting {
            let value = Some(value.to_owned());
            let (default, example) = if comment.is_some() { (None, value) } else { (value, None) };
            found.push(Described { name: format!("{section}.{name}"), default, example, reason: reason.join(" ") });
            reason.clear();
        } else if let Some(comment) = comment {
            reason.push(comment.to_owned());
        } else {
            reason.clear();
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The settings as text for people. A reason is one line, set in: who prints it knows how wide the terminal is.
pub fn text() -> String {
    let mut text = String::from(
        "Settings, as `--config FILE` reads them (`hatif serve` has each of these unless it is told otherwise):\n",
    );
    let mut section = String::new();
    for setting in described() {
        let (of, name) = setting.name.split_once('.').unwrap_or(("", &setting.name));
        if of != section {
            section = of.to_owned();
            text += &format!("\n[{of}]\n");
        }
        text += &match (&setting.default, &setting.example) {
            (Some(default), _) => format!("  {name} = {default}\n"),
            (None, example) => {
                format!("  {name} is not set; for instance {}\n", example.as_deref().unwrap_or_default())
            }
        };
        text += &format!("      {}\n", setting.reason);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_file_is_read_with_its_reason() {
        let all = described();
        let idle = all.iter().find(|setting| setting.name == "limits.idle").expect("it is there");
        assert_eq!(idle.default.as_deref(), Some("\"2m\""));
        assert!(idle.reason.contains("is told `idle` and closed"), "{}", idle.reason);
        let journal = all.iter().find(|setting| setting.name == "journal.file").expect("it is there");
        assert_eq!((&journal.default, journal.example.as_deref()), (&None, Some("\"hatif.journal\"")));
        for setting in &all {
            assert!(setting.reason.len() > 15, "{} is not explained", setting.name);
        }
    }

    #[test]
    fn the_help_leaves_it_to_the_terminal_where_lines_are_broken() {
        let text = text();
        assert!(described().iter().all(|setting| text.contains(&format!("      {}\n", setting.reason))));
    }
}
