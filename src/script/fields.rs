//! Which fields a centre's files may have: the one table behind the reader and the JSON Schema.

use super::shape::{Field, Record, Shape};

const fn need(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: true, about }
}
const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: false, about }
}

const NODE: Shape = Shape::Text("the name of a node");
const EXPRESSION: Shape = Shape::Text("an expression");
/// An expression, or a plain value of TOML.
const VALUE: Shape = Shape::Any(&[EXPRESSION, Shape::Literal]);
const NAME: Shape = Shape::Text("a name");
const PROMPT_ID: Shape = Shape::Text("the id of a prompt");
const VARIABLE: Shape = Shape::Text("the name of a variable");

static PROMPT_USE: Record = Record {
    name: "a prompt with arguments",
    fields: &[&[
        need("id", PROMPT_ID, "which prompt"),
        may("when", EXPRESSION, "said only when this holds"),
        may(
            "args",
            Shape::Map("slots", &EXPRESSION),
            "what fills the slots; a slot left out takes the variable of its name",
        ),
    ]],
};
const ONE_PROMPT: Shape = Shape::Any(&[PROMPT_ID, Shape::Record(&PROMPT_USE)]);
const PROMPT: Shape = Shape::Any(&[PROMPT_ID, Shape::Record(&PROMPT_USE), Shape::List(&ONE_PROMPT)]);

/// Handlers and timers, which a node, a flow and the centre may all have.
static TIMERS: Record = Record {
    name: "timers",
    fields: &[&[
        may("first_digit", Shape::Duration, "silence before the first key"),
        may("inter_digit", Shape::Duration, "silence between two keys"),
        may("terminator_wait", Shape::Duration, "after the last digit, how long # is waited for; 0s: not at all"),
    ]],
};
static HANDLER: Record = Record {
    name: "a handler",
    fields: &[&[
        may("prompt", PROMPT, "said each time"),
        may("tries", Shape::Int(0, 20), "how often the node is said again before `then` (default 2)"),
        need("then", NODE, "where the call goes after the last try"),
    ]],
};
static STEP: Record = Record {
    name: "a step of a handler",
    fields: &[&[
        need("from", Shape::Int(1, 100), "the count from which the step applies; 1 is the first time"),
        may("prompt", PROMPT, "said first"),
        may("replay", Shape::Bool, "say the node again (default true)"),
        may("then", NODE, "leave for this node instead"),
        may(
            "keep",
            Shape::Bool,
            "with `then` after a no-match: the keys are not a mistake but meant for that node (default false)",
        ),
    ]],
};
const ESCALATION: Shape = Shape::Any(&[Shape::Record(&HANDLER), Shape::List(&Shape::Record(&STEP))]);
static WAY_OUT: Record = Record { name: "a handler", fields: &[&[need("then", NODE, "where the call goes")]] };
const EXIT: Shape = Shape::Any(&[NODE, Shape::Record(&WAY_OUT)]);
static HANDLERS: [Field; 5] = [
    may("timers", Shape::Record(&TIMERS), "how long keys are waited for"),
    may("no_input", ESCALATION, "what happens on silence"),
    may("no_match", ESCALATION, "what happens on keys that fit nothing"),
    may("error", EXIT, "where the call goes when a service is unavailable"),
    may("hangup", EXIT, "what still runs when the caller hangs up: a chain of nodes that say and ask nothing"),
];

static CENTRE: Record = Record {
    name: "[centre]",
    fields: &[&[
        need("name", NAME, "the centre's name, for logs and screens"),
        need(
            "zone",
            Shape::Text("a time zone such as Africa/Casablanca"),
            "whose wall clock calendars and prompts follow",
        ),
        need("entry", NODE, "the node a new call enters, as flow.node"),
        need("default_language", Shape::Text("a language"), "the language before the caller chooses one"),
        may("intents", Shape::List(&NAME), "what menu options may serve"),
        may("outcomes", Shape::List(&NAME), "outcomes of the script's own"),
    ]],
};
static LANGUAGE: Record = Record {
    name: "a language",
    fields: &[&[
        may("rtl", Shape::Bool, "written from right to left"),
        may("fallback", Shape::Text("a language"), "whose texts are said where this language has none"),
    ]],
};
static VARIABLE_RECORD: Record = Record {
    name: "a variable",
    fields: &[&[
        need("type", Shape::Text("a type"), "bool number digits date amount time text, or the name of a symbol set"),
        may("initial", Shape::Literal, "what it holds when a call begins"),
    ]],
};
const VARIABLES: Shape =
    Shape::Map("variables", &Shape::Any(&[Shape::Text("a type"), Shape::Record(&VARIABLE_RECORD)]));
const SPANS: Shape = Shape::List(&Shape::Span);
static WEEK: Record = Record {
    name: "the hours of a week",
    fields: &[&[
        may("mon", SPANS, "Monday's open hours"),
        may("tue", SPANS, "Tuesday's open hours"),
        may("wed", SPANS, "Wednesday's open hours"),
        may("thu", SPANS, "Thursday's open hours"),
        may("fri", SPANS, "Friday's open hours"),
        may("sat", SPANS, "Saturday's open hours"),
        may("sun", SPANS, "Sunday's open hours"),
    ]],
};
static PERIOD: Record = Record {
    name: "a period",
    fields: &[&[
        need("name", NAME, "its name, a word of the set `period`"),
        need("from", Shape::Date, "the first day"),
        need("to", Shape::Date, "the last day"),
        need("hours", Shape::Record(&WEEK), "its open hours"),
    ]],
};
static HOLIDAY: Record = Record {
    name: "a holiday",
    fields: &[&[
        need("name", NAME, "its name, a word of the set `holiday`; said by the prompt holiday.NAME"),
        need("from", Shape::Date, "the first day"),
        may("to", Shape::Date, "the last day (default: the first)"),
    ]],
};
static CALENDAR: Record = Record {
    name: "a calendar",
    fields: &[&[
        need("hours", Shape::Record(&WEEK), "open hours of an ordinary week"),
        may("period", Shape::List(&Shape::Record(&PERIOD)), "periods with hours of their own"),
        may("holiday", Shape::List(&Shape::Record(&HOLIDAY)), "days closed all day"),
    ]],
};
static SKILLS: Record = Record {
    name: "[skills]",
    fields: &[&[need("names", Shape::List(&NAME), "the skills queues may ask for and groups may have")]],
};
static SKILL_NEED: Record = Record {
    name: "a skill asked for",
    fields: &[&[
        need("min", Shape::Int(1, 9), "the lowest level that will do"),
        may("relax_after", Shape::Duration, "after this wait any level will do"),
    ]],
};
static OVERFLOW: Record = Record {
    name: "an overflow",
    fields: &[&[
        need("after", Shape::Duration, "from which wait on"),
        need("to", Shape::Text("the name of a queue"), "whose agents may then also take the call"),
    ]],
};
static CALLBACK_RULES: Record = Record {
    name: "the rules for calling back",
    fields: &[&[
        may("ring", Shape::Duration, "how long the caller's telephone rings (default 25s)"),
        may("tries", Shape::Int(1, 20), "how often she is tried (default 3)"),
        may("retry_after", Shape::Duration, "the pause between tries (default 10m)"),
    ]],
};
static SERVICE_LEVEL: Record = Record {
    name: "a service level",
    fields: &[&[
        need("threshold", Shape::Duration, "answered within this long is good"),
        need("target", Shape::Number(0.0, 1.0), "the share wanted"),
    ]],
};
static HANDLING: Record = Record {
    name: "handling",
    fields: &[&[
        need("mean", Shape::Duration, "mean of talk and after-call work together"),
        may("sigma", Shape::Number(0.0, 3.0), "standard deviation of the logarithm (default 0.9)"),
        may("after_call_share", Shape::Number(0.0, 1.0), "the part of the mean that is after-call work (default 0.2)"),
        may("case_share", Shape::Number(0.0, 1.0), "the share of calls that open a back-office case (default 0)"),
    ]],
};
/// The hunt strategies, in the order of [`super::model::Hunt`].
pub static STRATEGIES: [&str; 8] =
    ["longest_idle", "fewest_calls", "least_occupied", "round_robin", "top_down", "random", "ring_all", "skill_level"];
static QUEUE: Record = Record {
    name: "a queue",
    fields: &[&[
        may(
            "skills",
            Shape::Map("skills", &Shape::Any(&[Shape::Int(1, 9), Shape::Record(&SKILL_NEED)])),
            "the skills an agent needs, with the lowest level that will do",
        ),
        may("priority", Shape::Int(-100, 100), "greater is served first (default 0)"),
        may("ageing", Shape::Duration, "a waiting call gains one step of priority each time this passes"),
        may("max_wait", Shape::Duration, "the longest wait"),
        may("max_length", Shape::Int(1, 1_000_000), "the most calls that may wait"),
        may("strategy", Shape::Word(&STRATEGIES), "whom among the ready agents the call rings (default longest_idle)"),
        may("ring", Shape::Duration, "how long an agent's telephone rings (default 20s)"),
        may("no_answer_pause", Shape::Duration, "how long an agent who did not answer is taken out (default 0s)"),
        may("wrap_up_limit", Shape::Duration, "the longest after-call work"),
        may("calendar", Shape::Text("the name of a calendar"), "when calls are taken (default: always)"),
        may("overflow", Shape::List(&Shape::Record(&OVERFLOW)), "whose agents help after a wait"),
        may("closed_when_unstaffed", Shape::Bool, "turn calls away as closed when nobody on duty can serve them"),
        may("callback", Shape::Record(&CALLBACK_RULES), "rules for calling back"),
        may("service_level", Shape::Record(&SERVICE_LEVEL), "the target (default 80 % within 20s)"),
        may("handling", Shape::Record(&HANDLING), "what simulated agents need for a call (default mean 330s)"),
    ]],
};
static GROUP: Record = Record {
    name: "a group of agents",
    fields: &[&[
        may("size", Shape::Int(0, 100_000), "how many agents"),
        may("skills", Shape::Map("skills", &Shape::Int(1, 9)), "what they can do and how well"),
        may("languages", Shape::List(&Shape::Text("a language")), "what they speak"),
        may("shift", Shape::Text("the name of a calendar"), "when they work (default: always)"),
        may("answer_after", Shape::Duration, "how long a simulated agent lets it ring (default 4s)"),
        may("no_answer_share", Shape::Number(0.0, 1.0), "the share of calls a simulated agent misses (default 0)"),
    ]],
};

/// `centre.toml`.
pub static CENTRE_FILE: Record = Record {
    name: "centre.toml",
    fields: &[
        &[
            need("centre", Shape::Record(&CENTRE), "name, zone, entry and default language"),
            need("languages", Shape::Map("languages", &Shape::Record(&LANGUAGE)), "the languages, in order"),
            may("keys", Shape::Map("keys", &NODE), "global keys: a node, or `repeat` or `back`"),
            may("vars", VARIABLES, "centre-wide variables"),
            may("symbols", Shape::Map("symbol sets", &Shape::List(&NAME)), "symbol sets of the script's own"),
            may(
                "terms",
                Shape::Map("terms", &Shape::Map("languages", &Shape::Text("a text"))),
                "words every prompt may use as a slot without an argument",
            ),
            may("calendar", Shape::Map("calendars", &Shape::Record(&CALENDAR)), "opening hours"),
            may("skills", Shape::Record(&SKILLS), "the skills"),
            may("queue_defaults", Shape::Record(&QUEUE), "what every queue takes unless it says otherwise"),
            may("queue", Shape::Map("queues", &Shape::Record(&QUEUE)), "the queues"),
            may("group_defaults", Shape::Record(&GROUP), "what every group takes unless it says otherwise"),
            may("group", Shape::Map("groups", &Shape::Record(&GROUP)), "the agent groups"),
        ],
        &HANDLERS,
    ],
};

static FLOW: Record = Record {
    name: "[flow]",
    fields: &[
        &[
            may("params", VARIABLES, "variables a `call` fills"),
            may("results", VARIABLES, "variables a `call` reads back"),
            may("vars", VARIABLES, "variables of the flow"),
        ],
        &HANDLERS,
    ],
};
/// `flows/NAME.toml`.
pub static FLOW_FILE: Record = Record {
    name: "a flow file",
    fields: &[&[
        may("flow", Shape::Record(&FLOW), "variables and handlers of the flow"),
        need("node", Shape::Map("nodes", &Shape::Node), "the nodes"),
    ]],
};

static PROMPT_SETTINGS: Record = Record {
    name: "the settings of a prompt",
    fields: &[&[
        may("barge_in", Shape::Bool, "whether a key stops it (default true)"),
        may("valid_from", Shape::Date, "said from this day on"),
        may("valid_to", Shape::Date, "not said from this day on"),
        may("otherwise", PROMPT_ID, "said outside these dates"),
        may(
            "seconds",
            Shape::Map("languages", &Shape::Number(0.0, 3600.0)),
            "measured length; else estimated from the text",
        ),
    ]],
};
/// What each entry of `prompts/prompts.toml` may be.
pub static PROMPT_ENTRY: Shape = Shape::Record(&PROMPT_SETTINGS);

static COMMON: [Field; 6] = [
    need("kind", Shape::Text("a kind of node"), "what the node does"),
    may("prompt", PROMPT, "what the caller hears on entering"),
    may("barge_in", Shape::Bool, "whether keys stop the prompt (default true)"),
    may("discard", Shape::Bool, "throw away keys pressed during a prompt that cannot be interrupted (default false)"),
    may(
        "globals",
        Shape::Any(&[Shape::Bool, Shape::List(&Shape::Key)]),
        "false: no global key works here; or the list of those that do",
    ),
    may("back", Shape::Bool, "whether * may come back to this node (default true for menus and entries)"),
];

/// `call.language = …` without quotes is, to TOML, a table in a table.
static OF_THE_CALL: Record = Record {
    name: "what can be set of a call",
    fields: &[&[
        may("language", VALUE, "the language of the call"),
        may("recording", VALUE, "whether the call may be recorded"),
    ]],
};

macro_rules! nodes {
    ($($kind:literal $name:literal [$($field:expr),* $(,)?];)*) => {
        /// The kinds of node and their fields.
        pub static NODES: &[(&str, &Record)] = &[$(
            ($kind, {
                static FIELDS: &[Field] = &[$($field),*];
                static RECORD: Record = Record { name: $name, fields: &[&COMMON, &HANDLERS, FIELDS] };
                &RECORD
            }),
        )*];
    };
}

static CHOICE: Record = Record {
    name: "a choice",
    fields: &[&[
        need("to", NODE, "where it leads"),
        may("serves", Shape::Text("an intent"), "what it is for, one of centre.intents"),
        may("when", EXPRESSION, "offered only when this holds"),
    ]],
};
static AUTH_PROMPTS: Record = Record {
    name: "the prompts of an authentication",
    fields: &[&[
        may("claim", PROMPT, "asks for the number or reference (default auth.num, or auth.ref)"),
        may("birth", PROMPT, "asks for the birth date (default auth.dob)"),
        may("code", PROMPT_ID, "asks for the one-time code (default auth.otp; slots tail, min)"),
        may("card", PROMPT_ID, "asks for the last four digits of the card (default auth.card)"),
        may("ok", Shape::Any(&[PROMPT_ID, Shape::Bool]), "it worked (default auth.ok); false: nothing is said"),
        may("bad", PROMPT_ID, "it did not match (default auth.bad)"),
        may("locked", PROMPT_ID, "locked for a while (default auth.lock; slot delay in minutes)"),
    ]],
};
static ARM: Record = Record {
    name: "an arm of a branch",
    fields: &[&[need("if", EXPRESSION, "the condition"), need("to", NODE, "where it leads")]],
};
static PART: Record = Record {
    name: "a part of a split",
    fields: &[&[need("share", Shape::Number(0.0, 1.0), "its share"), need("to", NODE, "where it leads")]],
};
static QUEUE_VARIABLE: Record =
    Record { name: "a queue chosen by a variable", fields: &[&[need("var", VARIABLE, "a variable of type queue")]] };
const QUEUE_REF: Shape = Shape::Any(&[Shape::Text("the name of a queue"), Shape::Record(&QUEUE_VARIABLE)]);
static WAIT_ACTION: Record = Record {
    name: "what a key does while waiting",
    fields: &[&[
        may("to", NODE, "leave the queue for this node"),
        may("language", Shape::Text("a language"), "also take an agent who speaks it"),
    ]],
};
static WAIT_STEP: Record = Record {
    name: "a step of the wait treatment",
    fields: &[&[
        may("after", Shape::Duration, "when, counted from entering the queue (default 0s)"),
        may("every", Shape::Duration, "again each time this has passed"),
        may("when", EXPRESSION, "only when this holds"),
        may("prompt", PROMPT, "what is said"),
        may(
            "keys",
            Shape::Map("keys", &Shape::Any(&[Shape::Word(&["stay"]), Shape::Record(&WAIT_ACTION)])),
            "keys that work from here until the next step speaks",
        ),
    ]],
};
static QUESTION: Record = Record {
    name: "a survey question",
    fields: &[&[
        need("name", NAME, "its name in records"),
        need("prompt", PROMPT, "what is asked"),
        may("min", Shape::Int(0, 9), "the lowest key that answers (default 1)"),
        may("max", Shape::Int(0, 9), "the highest (default 5)"),
    ]],
};

nodes! {
    "say" "a say node" [need("to", NODE, "the next node")];
    "menu" "a menu node" [
        need("choices", Shape::Map("keys", &Shape::Any(&[NODE, Shape::Record(&CHOICE)])), "what can be pressed"),
    ];
    "collect" "a collect node" [
        need("into", VARIABLE, "where the entry goes"),
        may("as", Shape::Word(&["digits", "number", "amount", "date", "time"]), "how it is read (default digits)"),
        may("min", Shape::Int(0, 15), "the fewest digits (default 1)"),
        may("max", Shape::Int(1, 15), "the most digits (default: as many as the type needs, else 15)"),
        may("terminator", Shape::Any(&[Shape::Word(&["#", "*", "none"])]), "the key that ends the entry (default #)"),
        may("secret", Shape::Bool, "written nowhere, reads no key pressed before its prompt"),
        may("valid", EXPRESSION, "must hold of the entry, else it is a no-match"),
        may("keys", Shape::Map("keys", &NODE), "keys that, pressed first, leave the node"),
        need("to", NODE, "the next node"),
    ];
    "confirm" "a confirm node" [
        need("yes", NODE, "where yes leads"),
        need("no", NODE, "where no leads"),
        may("yes_key", Shape::Key, "the key for yes (default 1)"),
        may("no_key", Shape::Key, "the key for no (default 2)"),
    ];
    "authenticate" "an authenticate node" [
        need("level", Shape::Int(1, 2), "the level wanted"),
        may("claim", Shape::Word(&["number", "reference"]), "what is asked first (default number)"),
        may("tries", Shape::Int(1, 3), "how often each step may be tried in a call, over all nodes (default 3)"),
        need("ok", NODE, "the level is reached"),
        need("failed", NODE, "tries are used up, or the way is locked"),
        may("no_number", NODE, "where * leads at the first question"),
        may("prompts", Shape::Record(&AUTH_PROMPTS), "the prompts of the steps"),
    ];
    "lookup" "a lookup node" [
        need("service", Shape::Text("the name of a service"), "which service"),
        may("with", Shape::Map("arguments", &EXPRESSION), "what it is asked with"),
        may("into", Shape::Map("results", &VARIABLE), "where results go"),
        need("outcomes", Shape::Map("outcomes", &NODE), "where each outcome leads"),
        may("timeout", Shape::Duration, "how long the service is waited for (default 5s)"),
    ];
    "set" "a set node" [
        need("set", Shape::Map("variables", &Shape::Any(&[EXPRESSION, Shape::Literal, Shape::Record(&OF_THE_CALL)])), "what is assigned"),
        need("to", NODE, "the next node"),
    ];
    "branch" "a branch node" [
        need("when", Shape::List(&Shape::Record(&ARM)), "conditions and where they lead; the first that holds counts"),
        need("else", NODE, "where none holds"),
    ];
    "switch" "a switch node" [
        need("on", EXPRESSION, "what is looked at"),
        need("cases", Shape::Map("values", &NODE), "values and where they lead"),
        may("else", NODE, "any other value; may be left out when every word has a case"),
    ];
    "hours" "an hours node" [
        need("calendar", Shape::Text("the name of a calendar"), "whose hours"),
        need("open", NODE, "within hours"),
        need("closed", NODE, "outside hours"),
        may("holiday", NODE, "on a holiday (default: closed)"),
        may("periods", Shape::Map("periods", &NODE), "outside hours in a period with hours of its own"),
    ];
    "language" "a language node" [
        need("choices", Shape::Map("keys", &Shape::Text("a language")), "keys and languages, in the order they are said"),
        need("to", NODE, "the next node"),
    ];
    "split" "a split node" [need("parts", Shape::List(&Shape::Record(&PART)), "shares, which sum to 1, and targets")];
    "loop" "a loop node" [
        need("times", Shape::Int(1, 1000), "how often `body` is entered in a call"),
        need("body", NODE, "entered while the count lasts"),
        need("done", NODE, "entered after"),
    ];
    "call" "a call node" [
        need("flow", Shape::Text("the name of a flow"), "the flow that runs, from its node `start`"),
        may("with", Shape::Map("parameters", &VALUE), "what its parameters are set to"),
        may("results", Shape::Map("variables", &Shape::Text("a result of the flow")), "variables and the results they take"),
        need("to", NODE, "the node after the return"),
    ];
    "return" "a return node" [
        may("values", Shape::Map("results", &VALUE), "what the results are set to"),
    ];
    "goto" "a goto node" [need("to", NODE, "where")];
    "queue" "a queue node" [
        need("queue", QUEUE_REF, "which queue"),
        may("priority", Shape::Int(-100, 100), "added to the queue's priority (default 0)"),
        may("treatment", Shape::List(&Shape::Record(&WAIT_STEP)), "what a waiting caller hears and may press"),
        need("answered", NODE, "after the agent has ended the conversation"),
        need("full", NODE, "the queue is full"),
        need("closed", NODE, "the queue is closed"),
        need("timeout", NODE, "the longest wait is over"),
    ];
    "callback" "a callback node" [
        need("queue", QUEUE_REF, "which queue, when the call does not stand in one"),
        need("to", NODE, "after the promise"),
        need("failed", NODE, "there is no number to call, or the queue takes no promise"),
    ];
    "transfer" "a transfer node" [need("destination", NAME, "the name of the destination, never a number")];
    "record" "a record node" [
        may("max", Shape::Duration, "the longest message (default 60s)"),
        may("finish", Shape::Key, "the key that ends it (default #)"),
        need("to", NODE, "the next node"),
    ];
    "survey" "a survey node" [
        need("questions", Shape::List(&Shape::Record(&QUESTION)), "the questions, in order"),
        need("to", NODE, "the next node"),
    ];
    "end" "an end node" [need("outcome", Shape::Text("an outcome"), "as what the call ends")];
}

/// The record of a kind of node.
pub fn node_record(kind: &str) -> Option<&'static Record> {
    NODES.iter().find(|(name, _)| *name == kind).map(|(_, record)| *record)
}
