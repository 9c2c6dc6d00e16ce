//! A call that follows `--keys` and `--expect`.

use std::process::ExitCode;

use super::{Args, code, save, styled};
use crate::{
    client::{Link, message_json, printable_lines},
    dialogue::{Broken, Dialogue, Pace, Passing, Recorder, Step, Talk, Verb, Words, drive, steps_of_keys},
    live::{
        clock::Clock,
        protocol::{ClientMessage, ServerMessage},
    },
};

/// Makes the call and says how it went.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let steps = steps(args)?;
    let dialogue = Dialogue::of_steps(steps, args.from.clone(), args.language.clone());
    let mut talk = Talk::new(&dialogue, Words::default(), None).map_err(anyhow::Error::msg)?;
    let mut recorder = Recorder::new(args.from.clone(), args.language.clone());
    let mut link = Link::connect_with(&args.url, &args.access.access()).await?;
    let clock = Clock::start(args.speed);
    let pace = Pace { now: &|| clock.now(), speed: args.speed };
    let view = args.view(styled());
    let mut secret = false;
    let result = drive(&mut link, &mut talk, pace, |passing| {
        note(&mut recorder, passing);
        match passing {
            Passing::Heard(message) => {
                if let ServerMessage::Collecting { secret: hidden, .. } = message {
                    secret = *hidden;
                }
                print(args, &view.lines(message), message);
            }
            Passing::Sent(ClientMessage::Digits { keys }) if !args.json => {
                anstream::println!("{}", view.pressed(keys, secret));
            }
            Passing::Sent(_) => {}
        }
    })
    .await;
    save(args, &recorder)?;
    match result {
        Ok(()) => {
            link.close().await;
            let expected = !args.expect.is_empty() || args.keys.as_ref().is_some_and(|keys| keys.contains("expect:"));
            Ok(if expected { ExitCode::SUCCESS } else { code(talk.phone().ending.as_ref()) })
        }
        Err(Broken::Failed(failure)) => {
            anstream::eprintln!("hatif: the call went otherwise\n{}", printable_lines(&failure.to_string()));
            Ok(ExitCode::from(1))
        }
        Err(Broken::Link(error)) => Err(error.into()),
    }
}

/// The steps of the command line; every mistake in them is reported.
fn steps(args: &Args) -> anyhow::Result<Vec<Step>> {
    let keys = args.keys.as_deref().unwrap_or_default();
    let mut steps = steps_of_keys(keys, args.timeout).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\nhatif: "))
    })?;
    let verb = Verb::Settle(args.expect.clone());
    steps.push(Step { line: 0, source: "the end of --keys".into(), verb, within: args.timeout });
    Ok(steps)
}

fn print(args: &Args, lines: &[String], message: &ServerMessage) {
    if args.json {
        match message_json(message) {
            Ok(line) => anstream::println!("{line}"),
            Err(error) => anstream::eprintln!("hatif: {error}"),
        }
        return;
    }
    for line in lines {
        anstream::println!("{line}");
    }
}

fn note(recorder: &mut Recorder, passing: Passing<'_>) {
    match passing {
        Passing::Heard(message) => recorder.heard(message),
        Passing::Sent(ClientMessage::Digits { keys }) => recorder.pressed(keys),
        Passing::Sent(ClientMessage::Hangup {}) => recorder.hung_up(),
        Passing::Sent(ClientMessage::Answer {}) => recorder.picked_up(),
        Passing::Sent(ClientMessage::Dial { .. } | ClientMessage::Attend { .. } | ClientMessage::Ping {}) => {}
    }
}
