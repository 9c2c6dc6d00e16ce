//! A call as a program makes it.

use std::fmt::Write as _;

use super::{
    link::{Access, Link, LinkError},
    phone::{Ending, Phone, Place},
};
use crate::{
    live::protocol::{AgentState, ClientMessage, ErrorCode, RefusalReason, ServerMessage},
    time::Instant,
};

/// How to dial.
#[derive(Clone, Debug)]
pub struct Options {
    /// The calling number; `None` withholds it.
    pub from: Option<String>,
    /// The language to begin in, instead of the centre's default.
    pub language: Option<String>,
    /// What the centre asks for before it lets one in.
    pub access: Access,
    /// The longest time each method waits for the centre. `None`: for ever, which suits tests whose clock stands still.
    pub patience: Option<std::time::Duration>,
}

impl Default for Options {
    /// A withheld number, the centre's language, and half a minute of patience.
    fn default() -> Options {
        Options {
            from: None,
            language: None,
            access: Access::default(),
            patience: Some(std::time::Duration::from_secs(30)),
        }
    }
}

impl Options {
    /// The default, from a number.
    pub fn from_number(number: &str) -> Options {
        Options { from: Some(number.to_owned()), ..Options::default() }
    }
}

/// Why a call did not go as the program wanted.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection (any more).
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The centre refused a message.
    #[error("the centre refuses: {message} ({code:?}); {help}")]
    Refused {
        /// Which mistake.
        code: ErrorCode,
        /// What was wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// The centre does not take the call.
    #[error("the centre does not take the call: {message} ({}); {help}", reason.word())]
    NotTaken {
        /// Why.
        reason: RefusalReason,
        /// The same in words.
        message: String,
        /// What to do.
        help: String,
    },
    /// What was waited for did not come in time.
    #[error("waited {} s in vain for {wanted}; heard so far:\n{heard}", patience.as_secs_f64())]
    TimedOut {
        /// What was waited for.
        wanted: String,
        /// How long.
        patience: std::time::Duration,
        /// What came instead, a line each.
        heard: String,
    },
    /// It cannot come any more: the call is over.
    #[error("{wanted} did not come: {instead}; heard so far:\n{heard}")]
    Missed {
        /// What was waited for.
        wanted: String,
        /// What came instead.
        instead: String,
        /// What came, a line each.
        heard: String,
    },
}

/// A prompt that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Its language.
    pub language: String,
    /// The node that said it.
    pub node: String,
}

/// A call in progress. Dropping it breaks the connection, which the centre takes for a hang-up.
pub struct Call {
    link: Link,
    phone: Phone,
    log: Vec<ServerMessage>,
    /// How much of the log `hear`, `agent` and `sms` have gone through.
    read: usize,
    patience: Option<std::time::Duration>,
}

impl Call {
    /// Connects, dials and waits until the centre answers.
    pub async fn dial(url: &str, options: &Options) -> Result<Call, CallError> {
        Call::on(Link::connect_with(url, &options.access).await?, options).await
    }

    /// Dials on an open connection and waits until the centre answers.
    pub async fn on(link: Link, options: &Options) -> Result<Call, CallError> {
        let mut call = Call { link, phone: Phone::default(), log: Vec::new(), read: 0, patience: options.patience };
        call.redial(options).await?;
        Ok(call)
    }

    /// Dials again on the same connection, after the last call ended.
    pub async fn redial(&mut self, options: &Options) -> Result<(), CallError> {
        let dial = ClientMessage::Dial { from: options.from.clone(), language: options.language.clone() };
        self.read = self.log.len();
        self.send(&dial).await?;
        self.wait("an answer", |phone, _| phone.answered.then_some(())).await
    }

    /// Sends a message as it is.
    pub async fn send(&mut self, message: &ClientMessage) -> Result<(), CallError> {
        Ok(self.link.send(message).await?)
    }

    /// The next message, whatever it is, without limit of time.
    pub async fn next(&mut self) -> Result<ServerMessage, CallError> {
        let message = self.link.receive().await?;
        self.phone.hear(Instant::ZERO, &message);
        self.log.push(message.clone());
        Ok(message)
    }

    /// Waits until the centre awaits keys, then presses.
    pub async fn press(&mut self, keys: &str) -> Result<(), CallError> {
        self.listening().await?;
        self.press_now(keys).await
    }

    /// Presses, whether or not the centre listens.
    pub async fn press_now(&mut self, keys: &str) -> Result<(), CallError> {
        self.read = self.log.len();
        self.phone.pressed();
        self.send(&ClientMessage::Digits { keys: keys.to_owned() }).await
    }

    /// Waits until the centre awaits keys (again, after the last that were pressed), or the caller stands in a queue.
    pub async fn listening(&mut self) -> Result<(), CallError> {
        self.wait("the centre to await keys", |phone, _| {
            (phone.listening.is_some() || phone.place.is_some()).then_some(())
        })
        .await
    }

    /// Waits until the prompt `id` is said, after what was heard or pressed last. Other prompts may come before it.
    pub async fn hear(&mut self, id: &str) -> Result<Said, CallError> {
        self.scan(&format!("the prompt `{id}`"), |message| said(message).filter(|said| said.id == id)).await
    }

    /// Waits until something is said that holds `text`, spaces and direction marks aside.
    pub async fn hear_text(&mut self, text: &str) -> Result<Said, CallError> {
        let wanted = plain(text);
        self.scan(&format!("the words `{text}`"), |message| {
            said(message).filter(|said| plain(&said.text).contains(&wanted))
        })
        .await
    }

    /// Waits until the caller stands in a queue.
    pub async fn queued(&mut self) -> Result<Place, CallError> {
        self.wait("a place in a queue", |phone, _| phone.place.clone()).await
    }

    /// Waits until the agent's part is this: an agent's telephone rings, caller and agent talk, …
    pub async fn agent(&mut self, wanted: AgentState) -> Result<String, CallError> {
        self.scan(&format!("an agent who is {wanted:?}"), |message| match message {
            ServerMessage::Agent { state, agent } if *state == wanted => Some(agent.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a text message.
    pub async fn sms(&mut self) -> Result<String, CallError> {
        self.scan("a text message", |message| match message {
            ServerMessage::Sms { text, .. } => Some(text.clone()),
            _ => None,
        })
        .await
    }

    /// Hangs up. Wait for [`Call::ended`] to be sure that the record is on disk.
    pub async fn hang_up(&mut self) -> Result<(), CallError> {
        self.send(&ClientMessage::Hangup {}).await
    }

    /// Waits until the telephone rings for a promised call back, and picks up.
    pub async fn answer(&mut self) -> Result<(), CallError> {
        self.wait("a call back", |phone, _| phone.rings_for.clone()).await?;
        self.send(&ClientMessage::Answer {}).await
    }

    /// Waits for the end of the call.
    pub async fn ended(&mut self) -> Result<Ending, CallError> {
        self.wait("the end of the call", |phone, _| phone.ending.clone()).await
    }

    /// Waits for an `error` of the centre and returns its code.
    pub async fn error(&mut self) -> Result<ErrorCode, CallError> {
        self.scan("an error", |message| match message {
            ServerMessage::Error { code, .. } => Some(*code),
            _ => None,
        })
        .await
    }

    /// What the caller knows.
    pub fn phone(&self) -> &Phone {
        &self.phone
    }

    /// Everything the centre sent on this connection.
    pub fn log(&self) -> &[ServerMessage] {
        &self.log
    }

    /// Gives the connection back.
    pub fn into_link(self) -> Link {
        self.link
    }

    /// Waits until `found` finds something in the messages not gone through yet, and goes past it.
    async fn scan<T>(&mut self, wanted: &str, found: impl Fn(&ServerMessage) -> Option<T>) -> Result<T, CallError> {
        let start = self.read;
        let hit = |_: &Phone, log: &[ServerMessage]| {
            log.iter().enumerate().skip(start).find_map(|(i, message)| found(message).map(|found| (i, found)))
        };
        let (i, found) = self.wait(wanted, hit).await?;
        self.read = i + 1;
        Ok(found)
    }

    /// Waits until `found` finds something.
    async fn wait<T>(
        &mut self,
        wanted: &str,
        found: impl Fn(&Phone, &[ServerMessage]) -> Option<T>,
    ) -> Result<T, CallError> {
        let Some(patience) = self.patience else { return self.wait_on(wanted, found).await };
        match tokio::time::timeout(patience, self.wait_on(wanted, found)).await {
            Ok(result) => result,
            Err(_) => Err(CallError::TimedOut { wanted: wanted.to_owned(), patience, heard: self.transcript() }),
        }
    }

    async fn wait_on<T>(
        &mut self,
        wanted: &str,
        found: impl Fn(&Phone, &[ServerMessage]) -> Option<T>,
    ) -> Result<T, CallError> {
        loop {
            if let Some(found) = found(&self.phone, &self.log) {
                return Ok(found);
            }
            let message = self.next().await?;
            if let Some(found) = found(&self.phone, &self.log) {
                return Ok(found);
            }
            match message {
                ServerMessage::Error { code, message, help } => {
                    return Err(CallError::Refused { code, message, help });
                }
                ServerMessage::Refused { reason, message, help, .. } => {
                    return Err(CallError::NotTaken { reason, message, help });
                }
                ServerMessage::Ended { outcome, cause, .. } if wanted != "a call back" => {
                    let instead = format!("the call ended ({outcome}, {cause})");
                    let heard = self.transcript();
                    return Err(CallError::Missed { wanted: wanted.to_owned(), instead, heard });
                }
                _ => {}
            }
        }
    }

    fn transcript(&self) -> String {
        self.log.iter().fold(String::new(), |mut lines, message| {
            let _ = writeln!(lines, "  {}", super::view::line(message));
            lines
        })
    }
}

fn said(message: &ServerMessage) -> Option<Said> {
    match message {
        ServerMessage::Prompt { id, text, language, node, .. } => {
            Some(Said { id: id.clone(), text: text.clone(), language: language.clone(), node: node.clone() })
        }
        _ => None,
    }
}

/// A text without spaces, direction marks and letter case: what two texts that sound the same have in common.
pub(crate) fn plain(text: &str) -> String {
    let mark =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_whitespace() && !mark(*c)).flat_map(char::to_lowercase).collect()
}
