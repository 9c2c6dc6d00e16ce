//! A call in a terminal: keys are pressed as they are typed.

use std::io::Write as _;

use crossterm::{
    event::{Event, KeyCode, KeyEventKind, KeyModifiers, read},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use tokio::sync::mpsc;

use super::{Args, styled};
use crate::{
    client::{Ending, Link, Phone, View},
    dialogue::Recorder,
    live::protocol::{ClientMessage, ServerMessage},
    script::model::Key,
    time::Instant,
};

/// Makes the call; how it ended.
pub(super) async fn run(args: &Args, recorder: &mut Recorder) -> anyhow::Result<Option<Ending>> {
    let mut link = Link::connect_with(&args.url, &args.access.access()).await?;
    link.send(&ClientMessage::Dial { from: args.from.clone(), language: args.language.clone() }).await?;
    let mut screen = Screen { view: args.view(styled()), typing: false };
    let mut phone = Phone::default();
    let raw = RawMode::on()?;
    let mut keys = read_keys();
    screen.line("keys 0-9 * # are pressed as typed; h hangs up");
    let result = loop {
        tokio::select! {
            message = link.receive() => {
                let message = match message {
                    Ok(message) => message,
                    Err(error) => break Err(error.into()),
                };
                phone.hear(Instant::ZERO, &message);
                recorder.heard(&message);
                screen.show(&message);
                let called_back = |ending: &Ending| ending.outcome == "callback";
                match &phone.ending {
                    Some(ending) if called_back(ending) => screen.line("-- stay to be called back, or press h to leave"),
                    Some(_) => break Ok(()),
                    None => {}
                }
            }
            key = keys.recv() => match typed(key, &mut phone, recorder, &mut screen) {
                Typed::Send(message) => {
                    if let Err(error) = link.send(&message).await {
                        break Err(error.into());
                    }
                }
                Typed::Leave => break Ok(()),
                Typed::Nothing => {}
            },
        }
    };
    screen.end_of_keys();
    drop(raw);
    link.close().await;
    result.map(|()| phone.ending)
}

enum Typed {
    Send(ClientMessage),
    Leave,
    Nothing,
}

fn typed(key: Option<KeyCode>, phone: &mut Phone, recorder: &mut Recorder, screen: &mut Screen) -> Typed {
    match key {
        Some(KeyCode::Char('h' | 'q') | KeyCode::Esc) | None => {
            if phone.answered || phone.rings_for.is_some() {
                recorder.hung_up();
                return Typed::Send(ClientMessage::Hangup {});
            }
            Typed::Leave
        }
        Some(KeyCode::Char('a')) if phone.rings_for.is_some() => {
            recorder.picked_up();
            Typed::Send(ClientMessage::Answer {})
        }
        Some(KeyCode::Char(c)) if phone.answered && Key::from_char(c).is_some() => {
            screen.key(c, phone.secret);
            recorder.pressed(&c.to_string());
            phone.pressed();
            Typed::Send(ClientMessage::Digits { keys: c.to_string() })
        }
        Some(_) => Typed::Nothing,
    }
}

/// Keys of the keyboard, as they are typed; Ctrl-C is `h`.
fn read_keys() -> mpsc::Receiver<KeyCode> {
    let (send, receive) = mpsc::channel(64);
    // A keyboard can only be read by waiting for it, so a thread of its own waits.
    std::thread::spawn(move || {
        while let Ok(event) = read() {
            let Event::Key(key) = event else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            let control = key.modifiers.contains(KeyModifiers::CONTROL);
            let code = match key.code {
                KeyCode::Char('c' | 'd') if control => KeyCode::Char('h'),
                code => code,
            };
            if send.blocking_send(code).is_err() {
                return;
            }
        }
    });
    receive
}

/// The keyboard gives keys one by one, without echo, while this lives.
struct RawMode;

impl RawMode {
    fn on() -> std::io::Result<RawMode> {
        enable_raw_mode().map(|()| RawMode)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // There is nobody left to tell if the terminal does not obey.
        let _ = disable_raw_mode();
    }
}

/// The terminal. In raw mode a new line does not return the carriage by itself.
struct Screen {
    view: View,
    /// The last line is one of keys, and may grow.
    typing: bool,
}

impl Screen {
    fn line(&mut self, line: &str) {
        self.end_of_keys();
        anstream::print!("{line}\r\n");
        let _ = anstream::stdout().flush();
    }

    fn show(&mut self, message: &ServerMessage) {
        for line in self.view.lines(message) {
            self.line(&line);
        }
    }

    fn key(&mut self, key: char, secret: bool) {
        if !self.typing {
            anstream::print!("> ");
        }
        self.typing = true;
        let shown = if secret && key.is_ascii_digit() { '•' } else { key };
        anstream::print!("{shown}");
        let _ = anstream::stdout().flush();
    }

    fn end_of_keys(&mut self) {
        if std::mem::take(&mut self.typing) {
            anstream::print!("\r\n");
        }
    }
}
