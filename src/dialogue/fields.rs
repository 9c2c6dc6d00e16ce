//! Which fields a dialogue file may have.

use crate::{
    registry::margins::{MAX_SIZE, MIN_SIZE},
    script::shape::{Field, Record, Shape},
};

const fn need(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: true, about }
}
const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: false, about }
}

const PROMPT: Shape = Shape::Text("the id of a prompt");
const PROMPTS: Shape = Shape::Any(&[PROMPT, Shape::List(&PROMPT)]);
const TEXT: Shape = Shape::Any(&[Shape::Text("a text"), Shape::Map("languages", &Shape::Text("a text"))]);
const COUNT: Shape = Shape::Any(&[Shape::Int(0, 1_000_000), Shape::Text("a number or \">=1\"")]);
const MOMENT: Shape = Shape::Literal;
const YES_OR_TEXT: Shape = Shape::Any(&[Shape::Bool, Shape::Text("a name")]);

/// The words of `agents`.
pub(super) static DUTIES: [&str; 3] = ["ready", "busy", "none"];
const DUTY: Shape = Shape::Any(&[Shape::Word(&DUTIES), Shape::Map("agent groups", &Shape::Int(0, 10_000))]);

static FAULT: Record = Record {
    name: "a fault",
    fields: &[&[
        need("service", Shape::Text("a service"), "which service: one of the script language, identity, code or sms"),
        may("down", Shape::Bool, "it cannot be reached (default true, false with `slow`)"),
        may("slow", Shape::Duration, "every answer comes so late"),
    ]],
};

static EDIT: Record = Record {
    name: "an edit",
    fields: &[&[
        need("file", Shape::Text("a file of the centre"), "the path inside the centre, such as flows/main.toml"),
        need("replace", Shape::Text("the text to be replaced"), "what is replaced; it must stand in the file"),
        need("with", Shape::Literal, "what comes in its place"),
        may("refused", Shape::Bool, "the change must be refused by the checker"),
    ]],
};

static HABITS: Record = Record {
    name: "`agent` of a dialogue",
    fields: &[&[
        may("answers_after", Shape::Duration, "how long agents let it ring (default 4s)"),
        may("talks", Shape::Duration, "how long they talk (default 60s)"),
        may("ignores", Shape::Int(0, 1_000), "how many calls ring in vain before one is answered (default 0)"),
    ]],
};

static PERSON: Record = Record {
    name: "a person",
    fields: &[&[
        may("status", Shape::Text("a registration status"), "registration status"),
        may("category", Shape::Text("a category"), "professional category"),
        may("region", Shape::Text("a region"), "region, r01 to r12"),
        may("phone", Shape::Bool, "a phone is on file"),
        may("portal", Shape::Bool, "has a portal account"),
        may("spouse", Shape::Bool, "has declared a spouse"),
        may("children", COUNT, "declared children"),
        may("files", COUNT, "health-care files"),
        may("file_state", Shape::Text("the state of a file"), "state of the latest file"),
        may("paid", Shape::Bool, "the latest contribution is paid"),
        may("rights", Shape::Text("an outcome of the service"), "what the service `rights` answers"),
        may("contribution", Shape::Text("an outcome of the service"), "what the service `contribution` answers"),
        may("arrears", Shape::Text("an outcome of the service"), "what the service `arrears` answers"),
    ]],
};

/// Fields of `[defaults]` and of a dialogue.
static COMMON: [Field; 15] = [
    may("languages", Shape::List(&Shape::Text("a language")), "runs once in each of these"),
    may("begins_in", Shape::Text("a language or \"{lang}\""), "the language to dial with"),
    may("opening", Shape::List(&Shape::Record(&STEP)), "steps before the others"),
    may("at", MOMENT, "local time of the call"),
    may("from", Shape::Text("a number or \"withheld\""), "the calling number"),
    may("person", Shape::Record(&PERSON), "whom the caller is"),
    may("agents", DUTY, "who is on duty"),
    may("agent", Shape::Record(&HABITS), "how agents work"),
    may("ahead", Shape::Int(0, 200), "how many callers wait before"),
    may("fault", Shape::Any(&[Shape::Record(&FAULT), Shape::List(&Shape::Record(&FAULT))]), "services that fail"),
    may("never", Shape::List(&PROMPT), "prompts that must not be said"),
    may("strict", Shape::Bool, "every prompt said must be named"),
    may("patient", Shape::Bool, "the caller lets the centre finish before she presses"),
    may("people", Shape::Int(MIN_SIZE as i64, MAX_SIZE as i64), "how many people the registry has (default 20000)"),
    may("about", Shape::Text("a sentence"), "what it is for"),
];

/// The words that make a step, with the fields each may have besides.
pub(super) static VERBS: [(&str, &[&str]); 18] = [
    ("hear", &["text", "keep", "at", "within"]),
    ("hear_text", &["keep", "at", "within"]),
    ("press", &["now", "after", "gap", "within"]),
    ("silence", &["within"]),
    ("wait", &[]),
    ("until", &[]),
    ("queued", &["position", "expected", "within"]),
    ("agent", &["within"]),
    ("sms", &["within"]),
    ("hangup", &[]),
    ("ended", &["cause", "within"]),
    ("answer", &["within"]),
    ("dial", &[]),
    ("fault", &[]),
    ("edit", &[]),
    ("agents", &[]),
    ("free", &[]),
    ("does", &[]),
];

/// The states of an agent, by the word a step uses.
pub(super) static AGENT_STATES: [&str; 6] = ["ringing", "no_answer", "connected", "held", "resumed", "released"];

static STEP: Record = Record {
    name: "a step",
    fields: &[&[
        may("hear", PROMPTS, "prompts that must be said"),
        may("hear_text", TEXT, "words that must be said"),
        may("press", Shape::Text("keys in quotes, such as \"1\""), "keys to press"),
        may("silence", Shape::Any(&[Shape::Bool, Shape::Int(1, 100)]), "the centre waits in vain"),
        may("wait", Shape::Duration, "nothing is done for so long"),
        may("until", MOMENT, "nothing is done until then"),
        may("queued", YES_OR_TEXT, "the caller stands in a queue"),
        may("agent", Shape::Word(&AGENT_STATES), "what the agent does"),
        may(
            "sms",
            Shape::Any(&[Shape::Bool, Shape::Text("a text"), Shape::Map("languages", &Shape::Text("a text"))]),
            "a text message comes",
        ),
        may("hangup", Shape::Bool, "the caller hangs up"),
        may("ended", YES_OR_TEXT, "the call ends"),
        may("answer", Shape::Bool, "the call back rings; picks up or not"),
        may("dial", Shape::Bool, "dials again"),
        may("fault", Shape::Record(&FAULT), "a service fails or works again"),
        may("edit", Shape::Record(&EDIT), "the centre's files change"),
        may("agents", DUTY, "who is on duty from now on"),
        may("free", Shape::Any(&[Shape::Int(1, 10_000), Shape::Text("an agent group")]), "busy agents become ready"),
        may("does", Shape::Text("what the agent does"), "hold, resume, release, or transfer QUEUE"),
        may("text", TEXT, "what the prompt's text holds"),
        may("keep", Shape::Text("a name"), "the digits said become a word in braces"),
        may("at", Shape::Text("a node"), "the node that says it"),
        may("within", Shape::Duration, "how long it may take (default 10m)"),
        may("now", Shape::Bool, "presses whether or not the centre listens"),
        may("after", Shape::Duration, "so long after it could have been pressed"),
        may("gap", Shape::Duration, "from key to key"),
        may("position", COUNT, "place in the queue"),
        may("expected", Shape::Text("a length of time or \">=5m\""), "expected wait"),
        may("cause", Shape::Text("a cause"), "by what the call ends"),
    ]],
};

static DEFAULTS: Record = Record { name: "[defaults]", fields: &[&COMMON] };
static DIALOGUE: Record = Record {
    name: "a dialogue",
    fields: &[
        &[
            need("name", Shape::Text("a name"), "what the report calls it"),
            need("steps", Shape::List(&Shape::Record(&STEP)), "what happens, in order"),
        ],
        &COMMON,
    ],
};

/// A whole file.
pub(super) static FILE: Record = Record {
    name: "a dialogue file",
    fields: &[&[
        may("defaults", Shape::Record(&DEFAULTS), "fields for every dialogue of the file"),
        need("dialogue", Shape::List(&Shape::Record(&DIALOGUE)), "the dialogues"),
    ]],
};

/// Whether a step may have a field of this name beside its verb.
pub(super) fn is_modifier(name: &str) -> bool {
    VERBS.iter().all(|(verb, _)| *verb != name) && STEP.all().any(|field| field.name == name)
}
