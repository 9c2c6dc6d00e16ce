//! What of the logs is set, and which parts of the program are heard.

use tracing::{Level, metadata::ParseLevelError};
use tracing_subscriber::{EnvFilter, filter::ParseError};

/// How logs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// For people or for programs.
    pub format: LogFormat,
    /// A level, or a filter by module.
    pub level: String,
}

/// For whom logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line an event.
    #[default]
    Human,
    /// One JSON object an event.
    Json,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings { format: LogFormat::Human, level: "info".to_owned() }
    }
}

/// A text that does not say what is to be logged.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no log filter ({why}); write a level such as info, or info,hatif::live=debug")]
pub struct BadFilter {
    text: String,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    /// The library that reads filters counts characters where it cuts bytes, and panics.
    #[error("it has a character that is not ASCII")]
    NotAscii,
    #[error(transparent)]
    Level(#[from] ParseLevelError),
    #[error(transparent)]
    Directive(#[from] ParseError),
}

/// Reads which parts of the program are to be heard: a level (`error`, `warn`, `info`, `debug`, `trace` or `off`), or levels
/// by module, with commas between.
///
/// # Errors
/// Anything else.
pub fn filter(text: &str) -> Result<EnvFilter, BadFilter> {
    read(text).map_err(|why| BadFilter { text: text.to_owned(), why })
}

fn read(text: &str) -> Result<EnvFilter, Why> {
    if !text.is_ascii() {
        return Err(Why::NotAscii);
    }
    // A single word that is no level would be taken for the name of a part of the program, and nothing be logged.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text != "off" {
        text.parse::<Level>()?;
    }
    Ok(EnvFilter::try_new(text)?)
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn what_is_no_filter_is_refused_with_its_reason() {
        for fit in ["info", "off", "TRACE", "info,hatif::live=debug", "hatif[call{id}]=trace"] {
            assert!(filter(fit).is_ok(), "{fit}");
        }
        for (text, why) in [
            ("loud", "expected one of"),
            ("", "expected one of"),
            ("info,=,=", "invalid filter directive"),
            ("info,a[\u{fffd}\u{fffd}{", "not ASCII"),
        ] {
            let told = filter(text).expect_err(text).to_string();
            assert!(told.starts_with(&format!("`{text}` is no log filter")) && told.contains(why), "{told}");
        }
    }
}
