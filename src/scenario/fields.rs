//! Which fields a scenario may have: the one table behind the reader, the JSON Schema and `docs/scenarios.md`.

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

/// No count, rate or factor of a real centre comes near it.
const MANY: f64 = 1e9;
const SHARE: Shape = Shape::Number(0.0, 1.0);
const FACTOR: Shape = Shape::Number(0.0, 1e6);
const CV: Shape = Shape::Number(0.0, 2.0);
const MOMENT: Shape = Shape::Literal;
const CLOCK_TIME: Shape = Shape::Text("a time of day such as \"08:30\"");
const NAME: Shape = Shape::Text("a name");
const FILE: Shape = Shape::Text("a file beside the scenario");
const SHARES: Shape = Shape::Map("shares", &SHARE);

/// `"30s"`, `"never"`, or a table with the kind of the distribution.
const TIME: Shape =
    Shape::Any(&[Shape::Text("a length of time such as \"30s\", or \"never\""), Shape::Record(&SPREAD)]);

/// A part of a mixture is no mixture itself.
const PART_TIME: Shape =
    Shape::Any(&[Shape::Text("a length of time such as \"30s\", or \"never\""), Shape::Record(&SIMPLE_SPREAD)]);
static SIMPLE: [Field; 7] = [
    may("exponential", Shape::Duration, "exponential with this mean"),
    may("lognormal", Shape::Record(&LOGNORMAL), "lognormal"),
    may("gamma", Shape::Record(&GAMMA), "gamma"),
    may("weibull", Shape::Record(&WEIBULL), "Weibull"),
    may("uniform", Shape::List(&Shape::Duration), "uniform between two times, [\"3s\", \"8s\"]"),
    may(
        "survival",
        Shape::List(&Shape::List(&Shape::Literal)),
        "points [time, share still there], straight between them; what is left after the last stays for ever",
    ),
    may("empirical", Shape::List(&Shape::Duration), "one of these observed times, each with the same chance"),
];
static SIMPLE_SPREAD: Record = Record { name: "a distribution in a mixture", fields: &[&SIMPLE] };
static SPREAD: Record = Record {
    name: "a distribution of times",
    fields: &[
        &SIMPLE,
        &[may("mixture", Shape::List(&Shape::Record(&PART)), "one of several distributions, by shares that sum to 1")],
    ],
};
static LOGNORMAL: Record = Record {
    name: "a lognormal distribution",
    fields: &[&[
        need("mean", Shape::Duration, "its mean, above 0s"),
        may("sigma", Shape::Number(0.0, 5.0), "standard deviation of the logarithm; this or cv"),
        may("cv", Shape::Number(0.0, 1e3), "standard deviation over mean; this or sigma"),
    ]],
};
static GAMMA: Record = Record {
    name: "a gamma distribution",
    fields: &[&[
        need("mean", Shape::Duration, "its mean, above 0s"),
        need("cv", Shape::Number(1e-3, 1e3), "standard deviation over mean"),
    ]],
};
static WEIBULL: Record = Record {
    name: "a Weibull distribution",
    fields: &[&[
        need("mean", Shape::Duration, "its mean, above 0s"),
        need("shape", Shape::Number(0.05, 100.0), "1 is exponential; below 1 the impatient go early"),
    ]],
};
static PART: Record = Record {
    name: "a part of a mixture",
    fields: &[&[need("share", SHARE, "its share"), need("of", PART_TIME, "its distribution")]],
};

static DAYS: Record = Record {
    name: "a rule about days",
    fields: &[&[
        may("on", Shape::Date, "this day alone"),
        may("from", Shape::Date, "from this day on"),
        may("to", Shape::Date, "to this day, included"),
        may("weekdays", Shape::List(&Shape::Word(&WEEKDAYS)), "on these weekdays"),
        may("first_days", Shape::Int(1, 31), "on the first so many days of each month"),
    ]],
};
/// The weekdays, Monday first.
pub(super) static WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Which people of the registry.
static WHO: [Field; 4] = [
    may("status", Shape::Text("a registration status"), "of this registration status (default: of all)"),
    may("paid", Shape::Bool, "whose contributions are (or are not) paid up (default: both)"),
    may("category", Shape::Text("a category"), "of this professional category (default: of all)"),
    may("region", Shape::Text("a region"), "of this region, r01 to r12 (default: of all)"),
];
static PEOPLE: Record = Record { name: "a choice of people", fields: &[&WHO] };

static RATE: Record = Record {
    name: "a rate of calls",
    fields: &[&[
        need("calls", Shape::Number(0.0, MANY), "how many calls are expected"),
        may("per", Shape::Duration, "in this time (default 1s)"),
    ]],
};
static PER_THOUSAND: Record = Record {
    name: "a rate of calls by people",
    fields: &[&WHO, &[need("calls", Shape::Number(0.0, 1e6), "calls of 1,000 such people in a month")]],
};
static POPULATION: Record = Record {
    name: "a population outside the registry",
    fields: &[&[
        need("size", Shape::Int(1, 100_000_000), "how many people"),
        need("from", Shape::Number(0.0, 1e6), "calls of 1,000 of them in a month when the run begins"),
        may(
            "to",
            Shape::Number(0.0, 1e6),
            "calls of 1,000 of them in a month at the end of the ramp (default: `from`)",
        ),
        may("ramp_days", Shape::Int(0, 36_500), "how many days the ramp takes (default 0)"),
    ]],
};
static EXPECTED: Record = Record {
    name: "expected counts",
    fields: &[&[
        may("every", Shape::Duration, "length of an interval (default 30m)"),
        may("values", Shape::List(&Shape::Number(0.0, MANY)), "expected calls in each interval from the beginning on"),
        may("file", FILE, "a CSV file with a column `calls`, one row an interval"),
        may("repeat", Shape::Bool, "begin anew after the last interval (default false)"),
    ]],
};
static COUNTS: Record = Record {
    name: "fixed counts",
    fields: &[&[
        may("every", Shape::Duration, "length of an interval (default 30m)"),
        may("values", Shape::List(&Shape::Int(0, 100_000_000)), "calls in each interval from the beginning on"),
        may("file", FILE, "a CSV file with a column `calls`, one row an interval"),
    ]],
};
static TRACE: Record = Record {
    name: "a trace",
    fields: &[&[
        may("times", Shape::List(&MOMENT), "the local times of the calls"),
        may("file", FILE, "a CSV file with a column `at`, one row a call"),
    ]],
};

static OUTSIDE: Record = Record {
    name: "calls outside the shape's half-hours",
    fields: &[&[
        need("hours", Shape::Span, "the hours over which they spread evenly"),
        need("share", SHARE, "their share of the day's calls"),
    ]],
};
static DAY_SHAPE: Record = Record {
    name: "the shape of a day",
    fields: &[&[
        may("days", Shape::Record(&DAYS), "on which days it holds (default: all); the last that holds counts"),
        may("from", CLOCK_TIME, "the first half-hour of `weights` (default 00:00)"),
        need(
            "weights",
            Shape::List(&Shape::Number(0.0, MANY)),
            "weights of the half-hours from `from` on, of any scale",
        ),
        may("outside", Shape::List(&Shape::Record(&OUTSIDE)), "calls at other hours"),
    ]],
};
static DAY_FACTOR: Record = Record {
    name: "a factor on days",
    fields: &[&[
        need("by", FACTOR, "what the expected calls are multiplied by"),
        may("days", Shape::Record(&DAYS), "on which days (default: all)"),
        may("people", Shape::Record(&PEOPLE), "for whom (default: everybody)"),
    ]],
};
static WEEK: Record = Record {
    name: "factors of the weekdays",
    fields: &[&[
        may("mon", FACTOR, "Monday's factor (default 1)"),
        may("tue", FACTOR, "Tuesday's factor (default 1)"),
        may("wed", FACTOR, "Wednesday's factor (default 1)"),
        may("thu", FACTOR, "Thursday's factor (default 1)"),
        may("fri", FACTOR, "Friday's factor (default 1)"),
        may("sat", FACTOR, "Saturday's factor (default 1)"),
        may("sun", FACTOR, "Sunday's factor (default 1)"),
    ]],
};
static CLOSED_DAYS: Record = Record {
    name: "what closed days do",
    fields: &[&[
        need("calendar", Shape::Text("the name of a calendar"), "the centre's calendar whose holidays count"),
        may("on", FACTOR, "stands for the weekday's factor on a holiday from Monday to Friday (default 0.1)"),
        may("after", FACTOR, "multiplies on the next open day (default 1.25)"),
    ]],
};
static NOTICE: Record = Record {
    name: "a bulk notice",
    fields: &[&[
        need("on", Shape::Date, "the day it is sent"),
        may("people", Shape::Record(&PEOPLE), "to whom (default: everybody)"),
        may("size", Shape::Int(1, 100_000_000), "to how many of them at most (default: all)"),
        may("call_share", SHARE, "the share who call (default 0.05)"),
        may(
            "spread",
            Shape::List(&SHARE),
            "how their calls spread over that day and the next (default 0.6, 0.25, 0.15)",
        ),
    ]],
};
static MEETINGS: Record = Record {
    name: "regional meetings",
    fields: &[&[
        need("count", Shape::Int(1, 100_000), "how many in all"),
        need("from", Shape::Date, "the first day"),
        need("to", Shape::Date, "the last day"),
        may("factor", FACTOR, "factor on the region's calls on the days after a meeting (default 1.15)"),
        may("days", Shape::Int(1, 60), "on how many days after it (default 2)"),
    ]],
};
static INTENT: Record = Record {
    name: "an intent",
    fields: &[&[
        need("share", SHARE, "the share of callers who want it"),
        may(
            "adviser_after",
            SHARE,
            "the chance of asking for an adviser all the same after the machine's answer (default: the persona's)",
        ),
    ]],
};
/// Who a source's callers are.
pub(super) static CALLERS: [&str; 3] = ["registry", "outside", "probe"];
static DEMAND: Record = Record {
    name: "a source of calls",
    fields: &[&[
        may(
            "callers",
            Shape::Word(&CALLERS),
            "registry: people of the registry; outside: others; probe: one who tries numbers out (default registry)",
        ),
        may("people", Shape::Record(&PEOPLE), "which people of the registry (default: everybody)"),
        may("telephones", Shape::Int(1, 1_000_000), "from how many numbers a probe calls (default 5)"),
        may("factor", FACTOR, "all expected counts are multiplied by it (default 1)"),
        may("rate", Shape::Record(&RATE), "volume: the same at all times"),
        may("calls", Shape::Number(0.0, MANY), "volume: calls of an ordinary day"),
        may(
            "per_thousand",
            Shape::Map("rates", &Shape::Record(&PER_THOUSAND)),
            "volume: by people; the first rate that fits a person holds",
        ),
        may("population", Shape::Record(&POPULATION), "volume: of people outside the registry"),
        may("expected", Shape::Record(&EXPECTED), "volume: expected counts by interval"),
        may("counts", Shape::Record(&COUNTS), "volume: exact counts by interval"),
        may("trace", Shape::Record(&TRACE), "volume: exact instants"),
        may("days_per_month", Shape::Number(1.0, 31.0), "ordinary days that make a month's calls (default 21)"),
        may("weekdays", Shape::Record(&WEEK), "factors of the weekdays"),
        may(
            "shape",
            Shape::Map("shapes", &Shape::Record(&DAY_SHAPE)),
            "how a day's calls spread over its half-hours (default: evenly)",
        ),
        may("factors", Shape::Map("factors", &Shape::Record(&DAY_FACTOR)), "factors on days; all that hold multiply"),
        may("closed_days", Shape::Record(&CLOSED_DAYS), "what holidays do"),
        may("notices", Shape::Map("notices", &Shape::Record(&NOTICE)), "bulk notices that make people call"),
        may("meetings", Shape::Record(&MEETINGS), "regional meetings that make a region call"),
        may("day_cv", CV, "coefficient of variation of each day's gamma factor (default 0)"),
        may("interval_cv", CV, "coefficient of variation of each half-hour's gamma factor (default 0)"),
        may(
            "interval_correlation",
            Shape::Number(0.0, 0.999),
            "correlation of neighbouring half-hours' factors (default 0)",
        ),
        may(
            "intents",
            Shape::Map("intents", &Shape::Any(&[SHARE, Shape::Record(&INTENT)])),
            "what they want: shares that sum to 1 (default: nothing in particular)",
        ),
        may(
            "languages",
            SHARES,
            "what they speak where the registry does not say it: shares that sum to 1 (default: the centre's default language)",
        ),
        may("personas", SHARES, "which kinds of callers they are: shares that sum to 1 (default: the first persona)"),
    ]],
};

static LISTENING: Record = Record {
    name: "a way of listening",
    fields: &[&[
        may("option", SHARE, "this chance of interrupting once the wanted option was said"),
        may("for", TIME, "so long after keys are awaited, whatever is being said"),
    ]],
};
static ANNOUNCED: Record = Record {
    name: "what an announced wait does",
    fields: &[&[
        may(
            "balks_above",
            Shape::Number(0.0, 1e6),
            "hangs up when the announced wait is longer than so many times the patience left (default: never)",
        ),
        may("stays_with", Shape::Number(0.0, 1e3), "who stays has so many times the patience left (default 1)"),
    ]],
};
static PERSONA: Record = Record {
    name: "a persona",
    fields: &[&[
        may("like", NAME, "takes what it does not say from this persona"),
        may(
            "listening",
            Shape::Any(&[Shape::Word(&["all"]), Shape::Record(&LISTENING)]),
            "how much of a prompt is heard (default all)",
        ),
        may("hesitation", TIME, "from having heard enough to the first key (default 1s)"),
        may("between_keys", TIME, "between the keys of an entry (default 500ms)"),
        may("mistake", SHARE, "chance that a choice is answered with a wrong key (default 0)"),
        may("digit_error", SHARE, "chance that a digit of a number is keyed wrong (default 0)"),
        may("silence", SHARE, "chance that a question is met with silence (default 0)"),
        may("adviser_early", SHARE, "chance of asking for an adviser at once (default 0)"),
        may("adviser_after", SHARE, "chance of asking for an adviser after the machine's answer (default 0)"),
        may("menu_patience", TIME, "how long she stays in the menus (default never hangs up)"),
        may("patience", TIME, "how long she waits in a queue (default: the scenario's `patience`)"),
        may("announced", Shape::Record(&ANNOUNCED), "what an announced wait does (default: nothing)"),
        may("takes_callback", SHARE, "chance of taking a call back that is offered (default 0)"),
        may("answers_callback", SHARE, "chance of picking up when called back (default 1)"),
        may("callback_after", TIME, "how long her telephone rings before she picks up (default 6s)"),
        may("survey", SHARE, "chance of answering a survey (default 0)"),
    ]],
};

static REDIAL: Record = Record {
    name: "[redial]",
    fields: &[&[
        may("after_abandon", TIME, "when who hung up without an answer calls again (default never)"),
        may("after_failure", TIME, "when who could not be served calls again (default never)"),
        may("attempts", Shape::Int(1, 100), "the most calls for one matter (default 1)"),
        may(
            "not_before",
            CLOCK_TIME,
            "while the centre is closed: not before this time of the next open day (default: at any time)",
        ),
    ]],
};

static BREAK: Record = Record {
    name: "a break",
    fields: &[&[
        need("from", CLOCK_TIME, "when the first agent goes"),
        need("to", CLOCK_TIME, "when the last agent goes"),
        need("length", Shape::Duration, "how long it lasts"),
    ]],
};
const HEADCOUNT: Shape = Shape::Int(0, 1_000_000);
static GROUP: Record = Record {
    name: "the staff of a group",
    fields: &[&[
        may(
            "headcount",
            Shape::Any(&[HEADCOUNT, Shape::Map("times", &HEADCOUNT)]),
            "how many agents are planned: one number, or { \"08:30\" = 20, \"12:00\" = 26 } (default: the centre's)",
        ),
        may("answer_after", TIME, "how long an agent lets it ring (default: the centre's)"),
        may("no_answer_share", SHARE, "share of calls not answered (default: the centre's)"),
    ]],
};
static STAFFING: Record = Record {
    name: "[staffing]",
    fields: &[&[
        may(
            "total",
            HEADCOUNT,
            "agents of all groups together: the groups' sizes are scaled to it by largest remainder (default: as they are)",
        ),
        may("shrinkage", Shape::Number(0.0, 0.99), "share of the planned agents who are absent on a day (default 0)"),
        may("break", Shape::Map("breaks", &Shape::Record(&BREAK)), "breaks of every agent on duty"),
        may("group", Shape::Map("groups", &Shape::Record(&GROUP)), "groups that differ from the centre's"),
    ]],
};
static HANDLING: Record = Record {
    name: "the handling of a queue's calls",
    fields: &[&[
        may("talk", TIME, "talking (default: the centre's)"),
        may("after_call", TIME, "after-call work (default: the centre's)"),
        may("case_share", SHARE, "share of calls that open a back-office case (default: the centre's)"),
        may("by_language", Shape::Map("languages", &FACTOR), "factors on both by the caller's language (default 1)"),
        may("by_intent", Shape::Map("intents", &FACTOR), "factors on both by what the caller wants (default 1)"),
        may(
            "per_level",
            Shape::Number(0.0, 1.0),
            "each level of skill below 9 makes both longer by this share (default 0)",
        ),
    ]],
};

static EDIT: Record = Record {
    name: "a change of a centre's file",
    fields: &[&[
        need("file", Shape::Text("a file of the centre"), "the path inside the centre, such as flows/main.toml"),
        need("replace", Shape::Text("the text to be replaced"), "what is replaced, where it first stands in the file"),
        need("with", Shape::Text("the new text"), "what comes in its place"),
    ]],
};
static INCIDENT: Record = Record {
    name: "an incident",
    fields: &[&[
        need("at", MOMENT, "when: a local date with time, or a time of day (of the first day, or of each of `days`)"),
        may("ends", MOMENT, "when it ends, written like `at` (default: not before the run does)"),
        may("days", Shape::Record(&DAYS), "on each of these days (with a time of day)"),
        may(
            "service",
            Shape::Any(&[NAME, Shape::List(&NAME)]),
            "a service misbehaves: its name, identity, code, or all",
        ),
        may("slow", Shape::Duration, "with `service`: answers come so much later (default 0s)"),
        may("down", SHARE, "with `service`: share answered with \"unavailable\" (default 1, with `slow` or `lost` 0)"),
        may("lost", SHARE, "with `service`: share never answered (default 0)"),
        may("sms", Shape::Word(&["down", "up"]), "text messages cannot (or can again) be sent"),
        may("publish", Shape::Text("a folder of a centre"), "this centre is published"),
        may("edit", Shape::List(&Shape::Record(&EDIT)), "this centre is published with these changes"),
        may("entry", Shape::Text("the name of a node"), "new calls begin at this node"),
        may("absent", SHARE, "this share of the planned agents stays away"),
        may("groups", Shape::List(&NAME), "with `absent`: of these groups (default: of all)"),
        may("register", Shape::Int(1, 10_000_000), "so many people whose registration was pending are registered"),
    ]],
};

static REGISTRY: Record = Record {
    name: "[registry]",
    fields: &[&[
        may("size", Shape::Int(MIN_SIZE as i64, MAX_SIZE as i64), "how many people it holds (default 3200000)"),
        may("seed", Shape::Int(0, i64::MAX), "which population is generated (default 1)"),
    ]],
};
static MEASURES: Record = Record {
    name: "[measures]",
    fields: &[&[
        may("threshold", Shape::Duration, "answered within this is good (default 20s)"),
        may("target", SHARE, "the share of calls that should be (default 0.8)"),
        may("short_abandon", Shape::Duration, "who hangs up in a queue before this has not really waited (default 5s)"),
        may("interval", Shape::Duration, "length of the intervals of the report (default 30m)"),
        may(
            "count_by",
            Shape::Word(&COUNT_BY),
            "in which interval a call counts: of its arrival, answer or exit (default arrival)",
        ),
    ]],
};
/// In the order of [`super::CountBy`].
pub(super) static COUNT_BY: [&str; 3] = ["arrival", "answer", "exit"];

/// A whole scenario.
pub(super) static SCENARIO: Record = Record {
    name: "a scenario",
    fields: &[&[
        need("title", Shape::Text("a line for people"), "one line for people"),
        may("like", Shape::Text("the name of a scenario"), "another scenario, of which this one changes what it says"),
        may(
            "centre",
            Shape::Text("the folder of a centre"),
            "the centre it runs on, a folder from here (default: for a file in the folder `scenarios` of a centre that centre, else the one in this program)",
        ),
        need("begins", MOMENT, "the local date and time at which the run begins"),
        may("horizon", Shape::Duration, "for how long callers call; this or `until`"),
        may("until", MOMENT, "to which local date and time callers call; this or `horizon`"),
        may("finish", Shape::Duration, "how long calls in progress may go on after that (default 2h)"),
        may("warm_up", Shape::Duration, "what happens before is not measured (default 0s)"),
        may(
            "batches",
            Shape::Int(2, 100_000),
            "cut the run after the warm-up into so many batches (default: the replications are the sample)",
        ),
        may("replications", Shape::Int(1, 1_000_000), "how many replications are run (default 10)"),
        may("seed", Shape::Int(0, i64::MAX), "the root of all chance (default 1)"),
        may(
            "registry",
            Shape::Record(&REGISTRY),
            "the enrolment registry (default: of full size where callers come from it)",
        ),
        may("measures", Shape::Record(&MEASURES), "what counts as good"),
        need(
            "demand",
            Shape::Map("sources of calls", &Shape::Any(&[FACTOR, Shape::Record(&DEMAND)])),
            "who calls and when, a table for each source; the number `demand.factor` multiplies all of them",
        ),
        may(
            "patience",
            TIME,
            "how long callers wait in a queue unless their persona says otherwise (default: 4 % are gone in 15s, the rest exponential with mean 50m)",
        ),
        may(
            "persona",
            Shape::Map("personas", &Shape::Record(&PERSONA)),
            "the kinds of callers (default: one, `default`)",
        ),
        may("redial", Shape::Record(&REDIAL), "who calls again"),
        may("staffing", Shape::Record(&STAFFING), "who works (default: the centre's groups)"),
        may("handling", Shape::Map("queues", &Shape::Record(&HANDLING)), "how long calls take (default: the centre's)"),
        may("incident", Shape::Map("incidents", &Shape::Record(&INCIDENT)), "what happens by plan"),
    ]],
};

/// Every record, for the documentation: the one of the whole file first.
pub(super) fn records() -> Vec<&'static Record> {
    let mut found = vec![&SCENARIO];
    let mut next = 0;
    while next < found.len() {
        for field in found[next].all() {
            collect(&field.shape, &mut found);
        }
        next += 1;
    }
    found
}

fn collect(shape: &'static Shape, found: &mut Vec<&'static Record>) {
    match shape {
        Shape::Record(record) if !found.iter().any(|known| std::ptr::eq(*known, *record)) => found.push(record),
        Shape::List(item) | Shape::Map(_, item) => collect(item, found),
        Shape::Any(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
        _ => {}
    }
}
