//! Whether a caller's connection is occupied: there is a call, or a call back is still to come. While it is, silence is no
//! reason to close it.

use super::protocol::{self, ServerMessage};

/// What a connection is told of calls, as far as it says whether it is occupied.
#[derive(Debug, Default)]
pub(super) struct Occupied {
    /// The call that rang last and has not ended.
    call: Option<Box<str>>,
    /// It is a call back.
    is_callback: bool,
    /// Call backs that were promised on this connection and are not over.
    promised: u32,
}

impl Occupied {
    /// Takes note of what is sent.
    pub(super) fn note(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Ringing { call, promised_in } => {
                self.call = Some(call.as_str().into());
                self.is_callback = promised_in.is_some();
            }
            ServerMessage::Ended { call, outcome, .. } => {
                let is_own = self.call.take_if(|own| **own == **call).is_some();
                // The end of a call that is not hers is that of a call back that she did not pick up: it may come while she is
                // in another call already, which goes on.
                if !is_own || self.is_callback {
                    self.promised = self.promised.saturating_sub(1);
                }
                if outcome == protocol::CALLBACK_OUTCOME {
                    self.promised = self.promised.saturating_add(1);
                }
            }
            _ => {}
        }
    }

    /// Whether it is.
    pub(super) fn is(&self) -> bool {
        self.call.is_some() || self.promised > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ringing(call: &str, promised_in: Option<&str>) -> ServerMessage {
        ServerMessage::Ringing { call: call.to_owned(), promised_in: promised_in.map(str::to_owned) }
    }

    fn ended(call: &str, outcome: &str) -> ServerMessage {
        ServerMessage::Ended { call: call.to_owned(), cause: "script_ended".to_owned(), outcome: outcome.to_owned() }
    }

    /// Whether a connection is occupied after each message.
    fn after(messages: &[ServerMessage]) -> Vec<bool> {
        let mut occupied = Occupied::default();
        let note = |message| {
            occupied.note(message);
            occupied.is()
        };
        messages.iter().map(note).collect()
    }

    #[test]
    fn a_call_occupies_and_its_end_frees() {
        assert_eq!(after(&[ringing("1-1", None), ended("1-1", "contained")]), [true, false]);
    }

    #[test]
    fn a_promise_occupies_until_the_call_back_is_over() {
        let called_back = [
            ringing("1-1", None),
            ended("1-1", protocol::CALLBACK_OUTCOME),
            ringing("1-2", Some("1-1")),
            ended("1-2", "transferred"),
        ];
        assert_eq!(after(&called_back), [true, true, true, false]);
        let between = [
            ringing("1-1", None),
            ended("1-1", protocol::CALLBACK_OUTCOME),
            ringing("1-3", None),
            ended("1-3", "contained"),
            ended("1-2", "failed"),
        ];
        assert_eq!(after(&between), [true, true, true, true, false], "the promise outlives other calls");
    }

    #[test]
    fn the_end_of_an_unheard_call_back_does_not_free_who_is_in_another_call() {
        let unheard = [
            ringing("1-1", None),
            ended("1-1", protocol::CALLBACK_OUTCOME),
            ringing("1-3", None),
            ended("1-2", "failed"),
            ended("1-3", "contained"),
        ];
        assert_eq!(after(&unheard), [true, true, true, true, false]);
        // One that an earlier run promised.
        let earlier = [ringing("2-3", None), ended("2-1", "failed"), ended("2-3", "contained")];
        assert_eq!(after(&earlier), [true, true, false]);
    }
}
