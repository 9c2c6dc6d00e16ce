//! What a terminal shows of a call: one message, one or more lines of text. Printing is the caller's.

use unicode_bidi::{BidiInfo, Level};

use crate::live::protocol::{AgentState, Direction, ServerMessage};

/// Right-to-left isolate.
const RLI: char = '\u{2067}';
/// Pop directional isolate.
const PDI: char = '\u{2069}';

/// How right-to-left text is put on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Bidi {
    /// In the order it is read, between isolates: a terminal that knows about directions shows it right.
    #[default]
    Logical,
    /// In the order it is seen, from left to right: for terminals that know nothing about directions.
    Visual,
}

/// How a call is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// How right-to-left text is written.
    pub bidi: Bidi,
    /// Prompts are shown with their ids.
    pub ids: bool,
    /// Colours and dim text are used.
    pub styled: bool,
}

/// A server's text as a terminal may be given it, on one line: a line end becomes a blank, and no other control character
/// stays, since those move the cursor, set the window's title, or worse.
pub fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(shown).collect()
}

/// The same for a text of several lines.
pub fn printable_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| printable(line.trim_end_matches('\n')) + if line.ends_with('\n') { "\n" } else { "" })
        .collect()
}

/// A message as one line of JSON that a terminal may be given: JSON itself leaves U+007F to U+009F as they are.
pub(crate) fn json(message: &ServerMessage) -> serde_json::Result<String> {
    let mut line = String::new();
    for c in serde_json::to_string(message)?.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    Ok(line)
}

/// What a line is about; a style each.
enum Tone {
    Heard,
    Aside,
    News,
    Trouble,
}

impl View {
    /// The lines that show a message; none when there is nothing to see.
    pub fn lines(&self, message: &ServerMessage) -> Vec<String> {
        let (tone, text) = match message {
            ServerMessage::Prompt { id, text, direction, .. } => {
                let text = self.text(&printable(text), *direction);
                let id =
                    if self.ids { self.style(&Tone::Aside, &printable(&format!("[{id}] "))) } else { String::new() };
                return vec![format!("  {id}{}", self.style(&Tone::Heard, &text))];
            }
            ServerMessage::Stopped {} | ServerMessage::Pong {} => return Vec::new(),
            ServerMessage::Sms { to_tail, text } => (Tone::News, format!("SMS to …{to_tail}: {text}")),
            ServerMessage::Error { .. } | ServerMessage::Refused { .. } => (Tone::Trouble, plain_line(message)),
            ServerMessage::Collecting { .. } => (Tone::Aside, plain_line(message)),
            _ => (Tone::News, plain_line(message)),
        };
        vec![self.style(&tone, &printable(&text))]
    }

    /// The line that shows keys the caller pressed.
    pub fn pressed(&self, keys: &str, secret: bool) -> String {
        self.style(&Tone::Aside, &format!("> {}", masked(keys, secret)))
    }

    /// A text with its direction made visible.
    pub fn text(&self, text: &str, direction: Direction) -> String {
        match (self.bidi, direction) {
            (Bidi::Logical, Direction::Ltr) => text.to_owned(),
            (Bidi::Logical, Direction::Rtl) => format!("{RLI}{text}{PDI}"),
            (Bidi::Visual, direction) => visual(text, direction),
        }
    }

    fn style(&self, tone: &Tone, text: &str) -> String {
        if !self.styled {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Heard => "1",
            Tone::Aside => "2",
            Tone::News => "36",
            Tone::Trouble => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Keys as they may be shown.
pub(crate) fn masked(keys: &str, secret: bool) -> String {
    let mask = |key: char| if secret && key.is_ascii_digit() { '•' } else { key };
    keys.chars().map(mask).collect()
}

/// A message as one plain line, for transcripts.
pub(crate) fn line(message: &ServerMessage) -> String {
    View { ids: true, ..View::default() }.lines(message).pop().unwrap_or_else(|| "-".to_owned())
}

fn plain_line(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Ringing { call, promised_in: None } => format!("-- ringing, call {call}"),
        ServerMessage::Ringing { promised_in: Some(earlier), .. } => {
            format!("-- your telephone rings: the call back promised in call {earlier}; a answers, h declines")
        }
        ServerMessage::Answered { version, language, time, .. } => {
            format!("-- answered at {time}, in {language}, script version {version}")
        }
        ServerMessage::Collecting { min, max, terminator, secret, .. } => {
            let many = match (min, max) {
                (_, 1) => "a key".to_owned(),
                (min, max) if min == max => format!("{max} keys"),
                (min, max) => format!("{min} to {max} keys"),
            };
            let end = terminator.as_ref().map_or_else(String::new, |key| format!(", then {key}"));
            format!("  ? {many}{end}{}", if *secret { " (not shown)" } else { "" })
        }
        ServerMessage::Queued { queue, position, expected_ms } => {
            let minutes = expected_ms.div_ceil(60_000);
            let wait = match minutes {
                0 => "no wait expected".to_owned(),
                1 => "about 1 minute".to_owned(),
                n => format!("about {n} minutes"),
            };
            format!("-- waiting for `{queue}`: place {position}, {wait}")
        }
        ServerMessage::Agent { state, agent } => format!("-- {agent} {}", agent_does(*state)),
        ServerMessage::Attending { tail } => format!("-- call backs for the number ending in {tail} ring here"),
        ServerMessage::Ended { call, cause, outcome } => format!("-- ended: {outcome} ({cause}), call {call}"),
        ServerMessage::Error { message, help, .. } | ServerMessage::Refused { message, help, .. } => {
            format!("-- the centre refuses: {message}; {help}")
        }
        ServerMessage::Prompt { .. }
        | ServerMessage::Stopped {}
        | ServerMessage::Sms { .. }
        | ServerMessage::Pong {} => String::new(),
    }
}

fn agent_does(state: AgentState) -> &'static str {
    match state {
        AgentState::Ringing => "is being rung",
        AgentState::NoAnswer => "did not answer; you keep your place",
        AgentState::Connected => "talks to you",
        AgentState::Held => "puts you on hold",
        AgentState::Resumed => "is back",
        AgentState::Released => "has hung up",
    }
}

/// A text in the order it is seen from left to right, without direction marks.
fn visual(text: &str, direction: Direction) -> String {
    let base = match direction {
        Direction::Ltr => Level::ltr(),
        Direction::Rtl => Level::rtl(),
    };
    let info = BidiInfo::new(text, Some(base));
    let mark = |c: &char| !matches!(*c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let lines = info.paragraphs.iter().map(|p| info.reorder_line(p, p.range.clone()).chars().filter(mark).collect());
    lines.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_keeps_its_order_between_isolates() {
        let view = View::default();
        assert_eq!(view.text("اضغطوا 1", Direction::Rtl), "\u{2067}اضغطوا 1\u{2069}");
        assert_eq!(view.text("press 1", Direction::Ltr), "press 1");
    }

    #[test]
    fn a_terminal_without_directions_gets_arabic_as_it_is_seen() {
        let view = View { bidi: Bidi::Visual, ..View::default() };
        // Seen from the left: the number in its own order, then the word backwards.
        assert_eq!(view.text("رقم \u{2068}042 117\u{2069}", Direction::Rtl), "042 117 مقر");
        assert_eq!(view.text("press \u{2068}1\u{2069}", Direction::Ltr), "press 1");
    }

    #[test]
    fn nothing_a_server_says_moves_the_terminal() {
        let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\rx\n-- ended";
        let say = |json: serde_json::Value| {
            let message: ServerMessage = serde_json::from_value(json).expect("a message");
            View { ids: true, ..View::default() }.lines(&message).concat()
        };
        let prompt = serde_json::json!({ "type": "prompt", "id": evil, "node": "n", "text": evil, "language": "en",
            "direction": "ltr", "begins_ms": 0, "duration_ms": 1, "barge_in": true });
        let sms = serde_json::json!({ "type": "sms", "to_tail": evil, "text": evil });
        let ended = serde_json::json!({ "type": "ended", "call": evil, "cause": evil, "outcome": evil });
        for line in [prompt, sms, ended].map(say) {
            assert!(line.contains("]0;owned2Jx -- ended") && !line.contains(char::is_control), "{line:?}");
        }
        assert_eq!(printable_lines("a\u{1b}\n\u{1b}b\n"), "a\nb\n");
        let sms = ServerMessage::Sms { to_tail: "12".into(), text: evil.into() };
        let line = json(&sms).expect("JSON");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert_eq!(serde_json::from_str::<ServerMessage>(&line).expect("the same"), sms);
    }

    #[test]
    fn secret_digits_are_shown_as_dots() {
        let view = View::default();
        assert_eq!(view.pressed("1234#", true), "> ••••#");
        assert_eq!(view.pressed("1234#", false), "> 1234#");
    }
}
