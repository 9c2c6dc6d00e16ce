//! Callers who do nothing but signal: dial, press keys when asked, hang up. For measuring what the server can take.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use tokio::{sync::Notify, time::Instant as Wall};
use tokio_tungstenite::tungstenite::Message;

use super::{
    clock,
    hall::{Breach, FAR, Hall, breach, failed, refusal_of},
    heard::{Heard, Kind, call_id},
    latency::Measure,
    plan::Signalling,
    sockets::Socket,
};
use crate::client::Link;

/// The callers.
#[derive(Debug)]
pub struct Signallers {
    hall: Rc<Hall>,
    how: Signalling,
    /// The frames that press the entries.
    frames: Vec<Message>,
    /// Open connections without a call, the last used on top.
    idle: RefCell<Vec<Rc<Idle>>>,
}

/// A connection that waits for its next call.
#[derive(Debug, Default)]
struct Idle {
    /// When the call that it is to make was due.
    due: Cell<Option<Wall>>,
    bell: Notify,
    /// It closed while it waited.
    gone: Cell<bool>,
}

/// What a caller waits for, if for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// The centre owes an answer.
    Answer,
    /// Until the next entry is pressed.
    Pause,
    /// Until she hangs up.
    Hold,
}

impl Signallers {
    /// Callers who press the entries of `how`.
    pub fn new(hall: Rc<Hall>, how: Signalling) -> Signallers {
        let frame = |entry: &String| Message::text(format!(r#"{{"type":"digits","keys":"{entry}"}}"#));
        Signallers { frames: how.entries.iter().map(frame).collect(), hall, how, idle: RefCell::default() }
    }

    /// Somebody calls who was due at `due`.
    pub fn begin(self: &Rc<Self>, due: Wall) {
        while let Some(idle) = self.idle.borrow_mut().pop() {
            if !idle.gone.get() {
                idle.due.set(Some(due));
                idle.bell.notify_one();
                self.hall.tally.borrow_mut().begun();
                return;
            }
        }
        match self.hall.sockets.take() {
            Some(socket) => {
                self.hall.tally.borrow_mut().begun();
                tokio::task::spawn_local(self.clone().line(socket, due));
            }
            None => self.hall.tally.borrow_mut().calls.not_made += 1,
        }
    }

    /// A connection, with one call or one after the other.
    async fn line(self: Rc<Self>, socket: Socket, due: Wall) {
        // Boxed, so that a call does not carry the handshake's room to its end.
        let mut link = match Box::pin(self.hall.connect(&socket, due)).await {
            Ok(link) => link,
            Err(breach) => {
                self.hall.broke(&breach, None, due);
                return self.hall.tally.borrow_mut().over();
            }
        };
        // Dialled was to be when the call was due: that its connection took its time is the server's affair.
        let mut dial = due;
        loop {
            let mut call = Call::new(&self, dial);
            let ended = self.hall.until_over(call.run(&mut link)).await;
            if let Err(breach) = &ended {
                call.in_vain(breach);
                self.hall.broke(breach, call.id, dial);
            }
            self.hall.tally.borrow_mut().over();
            if ended.is_err() || !self.how.reuse || self.hall.hang_up.is_cancelled() {
                break;
            }
            match self.rest(&mut link).await {
                Some(due) => dial = due,
                None => break,
            }
        }
        link.close().await;
    }

    /// Waits for the next call; `None`: there is none, or the connection is gone.
    async fn rest(&self, link: &mut Link) -> Option<Wall> {
        let idle = Rc::new(Idle::default());
        self.idle.borrow_mut().push(idle.clone());
        loop {
            tokio::select! {
                biased;
                () = idle.bell.notified() => return idle.due.take(),
                () = self.hall.hang_up.cancelled() => return None,
                text = link.receive_text() => if text.is_err() {
                    idle.gone.set(true);
                    // A call may have been given to it in the same moment: then the call finds out that the line is dead.
                    return idle.due.take();
                },
            }
        }
    }
}

/// One call.
struct Call<'a> {
    of: &'a Signallers,
    /// When it was to be dialled; taken by the first answer.
    dial: Option<Wall>,
    /// The server's id.
    id: Option<(u64, u64)>,
    /// Entries pressed.
    pressed: usize,
    /// When the entry was to be pressed that the next prompt answers.
    key: Option<Wall>,
    /// When she was to hang up.
    hung_up: Option<Wall>,
    wait: Wait,
    until: Wall,
}

impl<'a> Call<'a> {
    fn new(of: &'a Signallers, dial: Wall) -> Call<'a> {
        let until = clock::wall() + of.hall.patience;
        Call { of, dial: Some(dial), id: None, pressed: 0, key: None, hung_up: None, wait: Wait::Answer, until }
    }

    /// Makes the call to its end.
    async fn run(&mut self, link: &mut Link) -> Result<(), Breach> {
        send(link, Message::text(r#"{"type":"dial"}"#)).await?;
        let sleep = tokio::time::sleep_until(self.until);
        tokio::pin!(sleep);
        let mut set = self.until;
        loop {
            if set != self.until {
                set = self.until;
                sleep.as_mut().reset(set);
            }
            tokio::select! {
                biased;
                text = link.receive_text() => {
                    let text = text.map_err(|error| breach(&error))?;
                    let heard = Heard::read(&text).ok_or_else(|| failed("not understood"))?;
                    if self.hear(link, &heard).await? {
                        return Ok(());
                    }
                }
                () = sleep.as_mut() => self.wake(link).await?,
                () = self.of.hall.hang_up.cancelled(), if self.hung_up.is_none() => self.hang_up(link, clock::wall()).await?,
            }
        }
    }

    /// The call broke: what was waited for did not come.
    fn in_vain(&self, breach: &Breach) {
        if let Breach::Failed(_) = breach {
            for (measure, due) in [(Measure::Dial, self.dial), (Measure::Key, self.key), (Measure::End, self.hung_up)] {
                self.of.hall.in_vain(measure, due);
            }
        }
    }

    /// What was waited for is due.
    async fn wake(&mut self, link: &mut Link) -> Result<(), Breach> {
        match self.wait {
            Wait::Answer if self.hung_up.is_some() => Err(failed("no `ended` in time")),
            Wait::Answer => Err(failed("no answer in time")),
            Wait::Pause => self.press(link, self.until).await,
            Wait::Hold => self.hang_up(link, self.until).await,
        }
    }

    /// Takes in a message; whether the call is over.
    async fn hear(&mut self, link: &mut Link, heard: &Heard<'_>) -> Result<bool, Breach> {
        match heard.kind {
            Kind::Ringing => self.id = call_id(&heard.call),
            Kind::Answered => self.of.hall.tally.borrow_mut().calls.answered += 1,
            Kind::Prompt => {
                if let Some(due) = self.dial.take() {
                    self.of.hall.note(Measure::Dial, due);
                }
                if let Some(due) = self.key.take() {
                    self.of.hall.note(Measure::Key, due);
                }
                self.answered(link).await?;
            }
            Kind::Collecting if self.pressed < self.of.frames.len() && self.hung_up.is_none() => {
                let due = clock::wall() + self.of.how.pause;
                match self.of.how.pause.is_zero() {
                    true => self.press(link, due).await?,
                    false => self.wait_for(Wait::Pause, due),
                }
            }
            Kind::Queued | Kind::Agent => {
                (self.dial, self.key) = (None, None);
                self.answered(link).await?;
            }
            Kind::Ended => {
                if let Some(due) = self.hung_up {
                    self.of.hall.note(Measure::End, due);
                }
                self.of.hall.tally.borrow_mut().finished(self.id, &heard.outcome, heard.is_cut_off());
                return Ok(true);
            }
            Kind::Refused => return Ok(self.refused(&heard.call, &heard.reason)),
            Kind::Error => return self.error(&heard.code),
            Kind::Stopped | Kind::Collecting | Kind::Sms | Kind::Other => {}
        }
        Ok(false)
    }

    fn refused(&mut self, id: &str, reason: &str) -> bool {
        if let Some(due) = self.dial {
            self.of.hall.note(Measure::Refusal, due);
        }
        self.of.hall.tally.borrow_mut().refused(id, reason);
        true
    }

    fn error(&mut self, code: &str) -> Result<bool, Breach> {
        match refusal_of(code) {
            Some(reason) if self.id.is_none() => Ok(self.refused("", reason)),
            // She hung up while the centre did; `ended` is on its way.
            _ if code == "out_of_turn" && self.hung_up.is_some() => Ok(false),
            _ => Err(Breach::Failed(format!("the centre says `{code}`"))),
        }
    }

    /// The centre says something: if all is pressed, she has her answer.
    async fn answered(&mut self, link: &mut Link) -> Result<(), Breach> {
        if self.hung_up.is_some() || self.wait == Wait::Pause {
            return Ok(());
        }
        if self.pressed < self.of.frames.len() {
            self.wait_for(Wait::Answer, clock::wall() + self.of.hall.patience);
            return Ok(());
        }
        match self.of.how.hold {
            _ if self.wait == Wait::Hold => {}
            Some(hold) if hold.is_zero() => self.hang_up(link, clock::wall()).await?,
            Some(hold) => self.wait_for(Wait::Hold, clock::wall() + hold),
            None => self.wait_for(Wait::Hold, clock::wall() + FAR),
        }
        Ok(())
    }

    fn wait_for(&mut self, wait: Wait, until: Wall) {
        (self.wait, self.until) = (wait, until);
    }

    /// Presses the next entry, which was to be pressed at `due`.
    async fn press(&mut self, link: &mut Link, due: Wall) -> Result<(), Breach> {
        let Some(frame) = self.of.frames.get(self.pressed) else { return Ok(()) };
        send(link, frame.clone()).await?;
        self.pressed += 1;
        self.key = Some(due);
        self.wait_for(Wait::Answer, clock::wall() + self.of.hall.patience);
        Ok(())
    }

    async fn hang_up(&mut self, link: &mut Link, due: Wall) -> Result<(), Breach> {
        send(link, Message::text(r#"{"type":"hangup"}"#)).await?;
        self.hung_up = Some(due);
        self.wait_for(Wait::Answer, clock::wall() + self.of.hall.patience);
        Ok(())
    }
}

async fn send(link: &mut Link, frame: Message) -> Result<(), Breach> {
    link.send_frame(frame).await.map_err(|error| breach(&error))
}
