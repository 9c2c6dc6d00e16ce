//! A call without a screen: keys come as lines of standard input, what is heard goes out as lines.

use std::{collections::VecDeque, io::BufRead};

use tokio::sync::mpsc;

use super::{Args, styled};
use crate::{
    client::{Ending, Link, Phone, message_json},
    dialogue::Recorder,
    live::protocol::{ClientMessage, ServerMessage},
    script::model::Key,
    time::Instant,
};

/// Makes the call; how it ended.
pub(super) async fn run(args: &Args, recorder: &mut Recorder) -> anyhow::Result<Option<Ending>> {
    let mut link = Link::connect_with(&args.url, &args.access.access()).await?;
    let mut lines = read_lines();
    let mut call =
        PlainCall { args, recorder, phone: Phone::default(), waiting: VecDeque::new(), over: false, leaving: false };
    link.send(&ClientMessage::Dial { from: args.from.clone(), language: args.language.clone() }).await?;
    loop {
        while let Some(message) = call.next() {
            link.send(&message).await?;
        }
        tokio::select! {
            message = link.receive() => {
                if call.heard(&message?)? {
                    link.close().await;
                    return Ok(call.phone.ending);
                }
            }
            line = lines.recv(), if !call.over => call.typed(line),
        }
    }
}

/// Lines of standard input, until its end.
fn read_lines() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel(16);
    // Standard input can only be read by waiting for it, so a thread of its own waits.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receive
}

struct PlainCall<'a> {
    args: &'a Args,
    recorder: &'a mut Recorder,
    phone: Phone,
    /// Groups of keys that wait for the centre to listen.
    waiting: VecDeque<String>,
    /// Standard input is at its end.
    over: bool,
    /// The caller has hung up.
    leaving: bool,
}

impl PlainCall<'_> {
    fn typed(&mut self, line: Option<String>) {
        match line {
            Some(line) => self.waiting.extend(line.split_whitespace().map(str::to_owned)),
            None => self.over = true,
        }
    }

    /// What is to be sent now.
    fn next(&mut self) -> Option<ClientMessage> {
        let listens = self.phone.listening.is_some() || self.phone.place.is_some();
        let Some(word) = self.waiting.front() else {
            // Whoever has no more keys to press hangs up when asked for some.
            return if self.over && self.phone.listening.is_some() { self.hang_up() } else { None };
        };
        match &**word {
            "h" | "q" => {
                self.waiting.clear();
                self.hang_up()
            }
            "a" if self.phone.rings_for.is_some() => {
                self.waiting.pop_front();
                self.phone.rings_for = None;
                self.recorder.picked_up();
                Some(ClientMessage::Answer {})
            }
            "a" => None,
            keys if !keys.chars().all(|c| Key::from_char(c).is_some()) => {
                anstream::eprintln!("hatif: `{keys}` are not keys; type 0-9, * and #, h to hang up, a to pick up");
                self.waiting.pop_front();
                None
            }
            _ if listens => {
                let keys = self.waiting.pop_front()?;
                self.recorder.pressed(&keys);
                if !self.args.json {
                    anstream::println!("{}", self.args.view(styled()).pressed(&keys, self.phone.secret));
                }
                self.phone.pressed();
                Some(ClientMessage::Digits { keys })
            }
            _ => None,
        }
    }

    fn hang_up(&mut self) -> Option<ClientMessage> {
        if self.leaving || !self.phone.answered {
            return None;
        }
        self.leaving = true;
        self.recorder.hung_up();
        Some(ClientMessage::Hangup {})
    }

    /// Whether all is over.
    fn heard(&mut self, message: &ServerMessage) -> anyhow::Result<bool> {
        self.phone.hear(Instant::ZERO, message);
        self.recorder.heard(message);
        if self.args.json {
            anstream::println!("{}", message_json(message)?);
        } else {
            for line in self.args.view(styled()).lines(message) {
                anstream::println!("{line}");
            }
        }
        // Whoever was promised a call back, and has something left to say, stays to be called.
        let called_back = |ending: &Ending| ending.outcome == "callback" && !self.leaving && !self.waiting.is_empty();
        Ok(self.phone.ending.as_ref().is_some_and(|ending| !called_back(ending)))
    }
}
