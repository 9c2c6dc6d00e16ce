//! The command line, with every mistake in it told at once: the library that reads it stops at the first.

use std::ffi::{OsStr, OsString};

use clap::{
    Error, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// More mistakes than anybody makes on one line.
const MOST: usize = 20;

/// Reads the command line. With mistakes in it, or a wish for help, the process tells and ends.
pub fn read<T: Parser>() -> T {
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut mistakes = match read_all(&args) {
        Ok(read) => return read,
        Err(mistakes) => mistakes,
    };
    let Some(last) = mistakes.pop() else { return T::parse() };
    for mistake in mistakes {
        anstream::eprint!("{}", without_advice(&mistake.render().ansi().to_string()));
    }
    last.exit()
}

/// The same, or all that is wrong: what was wrong is left out and the rest read again.
fn read_all<T: Parser>(args: &[OsString]) -> Result<T, Vec<Error>> {
    let (mut args, mut mistakes) = (args.to_vec(), Vec::new());
    loop {
        let error = match T::try_parse_from(&args) {
            Ok(read) if mistakes.is_empty() => return Ok(read),
            Ok(_) => return Err(mistakes),
            Err(error) => error,
        };
        // What is missing now may be what was left out, and a word too many the value of an option that is unknown. Help that
        // is reached only now would end a line with mistakes as if it had none.
        let follows = match error.kind() {
            ErrorKind::MissingRequiredArgument
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion => true,
            ErrorKind::UnknownArgument => !named(&error).is_some_and(|name| name.starts_with('-')),
            _ => false,
        };
        if follows && !mistakes.is_empty() {
            return Err(mistakes);
        }
        let rest = without(&args, &error);
        mistakes.push(error);
        match rest {
            Some(rest) if mistakes.len() < MOST => args = rest,
            _ => return Err(mistakes),
        }
    }
}

/// The argument an error is about, such as `--addr <ADDR>`.
fn named(error: &Error) -> Option<&str> {
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(name) => Some(name),
        _ => None,
    }
}

/// The arguments without the option that an error is about; `None` where it is about something else.
fn without(args: &[OsString], error: &Error) -> Option<Vec<OsString>> {
    let name = named(error)?.split_whitespace().next().filter(|name| name.starts_with("--"))?;
    let value = match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => match error.get(ContextKind::InvalidValue)? {
            ContextValue::String(value) => Some(value),
            _ => return None,
        },
        ErrorKind::UnknownArgument => None,
        _ => return None,
    };
    let joined = |arg: &OsStr| arg.to_str().and_then(|arg| arg.split_once('=')).is_some_and(|(first, _)| first == name);
    let at = args.iter().enumerate().position(|(i, arg)| match value {
        None => arg == name || joined(arg),
        Some(value) => {
            arg.to_str() == Some(&format!("{name}={value}"))
                || (arg == name && args.get(i + 1).is_some_and(|next| next == value.as_str()))
        }
    })?;
    let width = if value.is_some() && args[at] == name { 2 } else { 1 };
    let mut rest = args.to_vec();
    rest.drain(at..at + width);
    Some(rest)
}

/// What an error says, without the usage and the word about help that stand once, at the end.
fn without_advice(text: &str) -> String {
    let advice = |paragraph: &&str| paragraph.contains("Usage:") || paragraph.starts_with("For more information");
    let kept: Vec<&str> = text.trim_end().split("\n\n").filter(|paragraph| !advice(paragraph)).collect();
    kept.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser, Debug)]
    struct Cli {
        #[arg(long)]
        size: Option<u32>,
        #[arg(long)]
        seed: Option<u64>,
        #[arg(long)]
        json: bool,
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    }

    fn mistakes(line: &str) -> Vec<String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let mistakes = read_all::<Cli>(&args).expect_err(line);
        mistakes.iter().map(|error| without_advice(&error.to_string())).collect()
    }

    #[test]
    fn every_mistake_of_a_line_is_told_once() {
        let told = mistakes("hatif --size many --bogus --seed=x --json");
        assert_eq!(told.len(), 3, "{told:?}");
        for about in ["'--size <SIZE>'", "'--bogus'", "'--seed <SEED>'"] {
            assert_eq!(told.iter().filter(|said| said.contains(about)).count(), 1, "{about}: {told:?}");
        }
        assert!(told.iter().all(|said| !said.contains("Usage") && !said.contains("For more")), "{told:?}");
    }

    #[test]
    fn what_follows_from_a_mistake_is_none() {
        assert_eq!(mistakes("hatif --bogus value").len(), 1);
        assert!(mistakes("hatif --bogus --help").iter().all(|said| said.contains("--bogus")));
        assert_eq!(mistakes("hatif --json --csv").len(), 1, "which of them is meant is not known");
        assert_eq!(mistakes("hatif --size x --json --csv").len(), 2);
        assert_eq!(
            read_all::<Cli>(&["hatif".into(), "--size".into(), "3".into()]).map(|cli| cli.size).ok(),
            Some(Some(3))
        );
    }
}
