//! The small language of `hatif call --keys`: steps on one line.

use super::{
    model::{Hear, Step, Verb},
    words,
};
use crate::{live::protocol::AgentState, script::model::Key, time::Duration};

/// Something in `--keys` that is no step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{token}` in --keys is {why}")]
pub struct KeysError {
    /// The word.
    pub token: String,
    /// What is wrong with it, and what may stand there.
    pub why: String,
}

/// What may stand in `--keys`.
pub const KEYS_HELP: &str = "\
groups of keys, pressed one after the other when the centre listens: 1 1 000000042#
  {sms}        the digits of the code in the last text message
  wait:5s      wait so long       wait:agent  until an agent talks
  wait:queued  until in a queue   wait:ended  until the call is over
  silence      let the time to press a key run out
  expect:TEXT  the id of a prompt that must be said now, or words of it
  hangup       hang up            answer      pick up a call back";

/// The steps that `--keys` describes, or everything in it that is no step.
pub fn steps_of_keys(line: &str, within: Duration) -> Result<Vec<Step>, Vec<KeysError>> {
    let mut steps = Vec::new();
    let mut errors = Vec::new();
    for token in line.split_whitespace() {
        match verb(token) {
            Ok(verb) => steps.push(Step { line: 0, source: token.into(), verb, within }),
            Err(why) => errors.push(KeysError { token: token.to_owned(), why }),
        }
    }
    if errors.is_empty() { Ok(steps) } else { Err(errors) }
}

/// The step that waits for a prompt with this id or these words.
pub fn expectation(text: &str, within: Duration) -> Step {
    let hear = Hear { id_or_text: Some(text.to_owned()), ..Hear::default() };
    Step { line: 0, source: format!("expect {text}").into(), verb: Verb::Hear(hear), within }
}

fn verb(token: &str) -> Result<Verb, String> {
    if let Some(text) = token.strip_prefix("expect:") {
        return match expectation(text, Duration::ZERO).verb {
            verb if !text.is_empty() => Ok(verb),
            _ => Err("empty; write expect:main".to_owned()),
        };
    }
    if let Some(what) = token.strip_prefix("wait:") {
        return match what {
            "agent" => Ok(Verb::Agent(AgentState::Connected)),
            "queued" => Ok(Verb::Queued { queue: None, position: None, expected: None }),
            "ended" => Ok(Verb::Ended { outcome: None, cause: None }),
            length => length
                .parse()
                .map(Verb::Wait)
                .map_err(|_| "nothing to wait for; write wait:5s, wait:agent, wait:queued or wait:ended".to_owned()),
        };
    }
    match token {
        "hangup" => Ok(Verb::Hangup),
        "answer" => Ok(Verb::Answer(true)),
        "silence" => Ok(Verb::Silence(1)),
        keys => keys_of(keys),
    }
}

fn keys_of(token: &str) -> Result<Verb, String> {
    let keys = token.replace("{sms}", "{code}");
    if let Some(c) = words::outside_braces(&keys).find(|c| Key::from_char(*c).is_none()) {
        return Err(format!("not keys: `{c}` is on no telephone; keys are 0 to 9, * and #"));
    }
    if let Some(word) = words::in_braces(&keys).into_iter().find(|word| *word != "code") {
        return Err(format!("unknown: nothing fills `{{{word}}}`; only {{sms}} stands for digits here"));
    }
    Ok(Verb::Press { keys, now: false, after: Duration::ZERO, gap: Duration::ZERO })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_keys_becomes_steps() {
        let steps = steps_of_keys("1 000000042# {sms} wait:5s wait:agent expect:main hangup", Duration::from_secs(30));
        let verbs: Vec<Verb> = steps.expect("all of them are steps").into_iter().map(|step| step.verb).collect();
        assert_eq!(verbs.len(), 7);
        assert!(matches!(&verbs[1], Verb::Press { keys, .. } if keys == "000000042#"));
        assert!(matches!(&verbs[2], Verb::Press { keys, .. } if keys == "{code}"));
        assert_eq!(verbs[3], Verb::Wait(Duration::from_secs(5)));
        assert_eq!(verbs[4], Verb::Agent(AgentState::Connected));
        assert_eq!(verbs[6], Verb::Hangup);
    }

    #[test]
    fn every_word_that_is_no_step_is_reported() {
        let errors = steps_of_keys("1a wait:soon 1 {pin} expect:", Duration::ZERO).expect_err("four faults");
        assert_eq!(
            errors.iter().map(|error| &*error.token).collect::<Vec<_>>(),
            ["1a", "wait:soon", "{pin}", "expect:"]
        );
        assert!(errors[0].to_string().contains("`a` is on no telephone"), "{}", errors[0]);
    }
}
