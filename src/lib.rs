//! # Hatif
//!
//! A contact centre that you can dial and that you can fast-forward. One menu script, one engine, one set of callers and
//! agents, run against the wall clock for people and programs that phone in, or as fast as the processor allows for
//! whoever tests and compares. The promise behind every choice: *what you simulate is what you dial*.
//!
//! In one sentence: a call centre is a pure function of (configuration, seed, timed inputs). Sockets and clocks belong to
//! the drivers, so that the same engine answers a live caller and runs through a day without one.
//!
//! # The house
//!
//! Each room states its purpose at its door; the table says what it may use of the others, and a test
//! (`tests/it/tidy.rs`) reads this very table and holds it against the imports.
//!
//! | room | purpose | may import |
//! | --- | --- | --- |
//! | [`time`] | instants, spans, dates, the run's local clock | |
//! | [`id`] | small numbers with types | |
//! | [`random`] | named, seeded streams of chance | |
//! | [`pii`] | personal data that print masked | |
//! | [`canary`] | faults planted for the tests to find, in builds for that alone | |
//! | [`agenda`] | what is still to happen, in order | canary time |
//! | [`script`] | the menu language: text as written → checked [`script::Script`] | time id pii |
//! | [`engine`] | the pure centre: IVR, ACD, timers, events, laws | canary agenda script time id pii random |
//! | [`record`] | folds over events: call records, totals, lines of text | engine script time id |
//! | [`journal`] | log of inputs and events, and its replay | engine script time id pii random |
//! | [`registry`] | the insured people and who may hear what about them | canary script time id pii random |
//! | [`people`] | synthetic agents and callers | engine registry script special time id pii random |
//! | [`world`] | engine, people, services and one calendar | agenda engine people registry script time id pii random |
//! | [`scenario`] | what a run is made of: TOML → checked [`scenario::Scenario`] | people world record registry script random time id |
//! | [`special`] | functions of the normal, Student's, the binomial and the gamma law | |
//! | [`stats`] | estimates with confidence intervals | special |
//! | [`theory`] | exact results of queueing theory, staffing by formula | special time |
//! | [`sim`] | driver 1: no clock at all; replications | world scenario people record stats registry engine script time id random |
//! | [`live`] | driver 2: tokio, sockets, the wall clock, the store | canary world people scenario record journal registry engine script time id pii random |
//! | [`report`] | what a run found: tables, HTML, JSON, CSV, Parquet | sim scenario record stats theory engine script time id |
//! | [`client`] | the telephone for people, programs and tests | live time |
//! | [`load`] | thousands of callers on sockets, and figures of what they met | client live people scenario report registry engine script time id pii random |
//! | [`dialogue`] | dialogue tests: what is pressed, what must be heard | client live world registry engine script time id pii random |
//! | [`config`] | `hatif.toml` → the rooms' own settings | live registry script time id |
//! | [`cli`] | the commands, one file each | config live sim report scenario theory stats dialogue load client journal record registry world people engine script time id pii random |
//!
//! ```text
//! cli ──► config ──► live ──┐                         ┌──► engine ──► script ──► time · id · pii
//!  │                 sim ───┴──► scenario ──► world ──┼──► people ──► engine (inputs, outputs, facts)
//!  │                                                  └──► registry
//!  │        live, sim ──► record · journal ──► engine (events)
//!  ├──► report ──► sim (what was found) ──► record · stats         report ──► theory
//!  ├──► load ──► client · people · scenario (the callers, on sockets)
//!  └──► dialogue ──► client ──► live::protocol (types)
//!              └───► world (virtual time)
//! ```
//!
//! `live` and `sim` never import each other; the engine knows no driver.
//!
//! # One call, live
//!
//! A `live` session reads a frame; the protocol's message becomes an [`engine::Input`] and goes through a bounded channel to
//! the pump, the one task that owns the [`world::World`], stamps the input and drains what follows. `CallArrived`: the
//! engine enters the script's entry node and says [`engine::Command::Play`]; the pump renders the prompt's text and puts it
//! into that call's outbox. A key is `Dtmf`; a menu choice leads to a `lookup` node, which is a command out
//! ([`engine::Command::Ask`]) and a reply in: the world asks the registry through its services. A `queue` node leads to
//! `CallQueued`; an agent with skill and language is ready, the hunt strategy picks, the agent's telephone rings, the
//! synthetic agent answers. Every step leaves a numbered [`engine::Event`]. `CallEnded` completes the call record; when the
//! record is on disk the caller is sent `ended`. Between inputs the pump sleeps until [`world::World::next_deadline`].
//!
//! # The same call, without a clock
//!
//! `sim` calls [`world::World::watch`] stretch by stretch until nobody is in a call. A birth of [`people::demand`] makes a caller:
//! somebody of the registry, with an intent, a language, a patience. Her mind hears what her telephone plays, asks the
//! [`people::guide`] of the script which key leads on, and the world keeps her next act in its calendar; a synthetic agent
//! answers, talks and works after the call. Each event goes straight into the [`record::tally`], whose sums over many
//! replications become estimates with intervals. Everything between is the code that answers sockets, and a test holds both
//! event logs against each other line by line: a story of scripted callers, and a whole scenario.
//!
//! # What is deliberately absent
//!
//! * From `engine`: clocks, tokio, I/O, text, the registry, patience, shifts. Ties are broken by written rules: an engine
//!   deadline fires before an input of the same instant, inputs in the order in which they came.
//! * From `script`: anything that runs. After loading there is no name left to look up, so the engine has no branch for an
//!   unknown one.
//! * From `people`: the engine's state. A synthetic person sees commands and facts like any other; which key leads where she
//!   knows from the published script, as somebody does who has called before.
//! * From `world`: clocks and sockets. It is `Clone`: a running centre can be copied and run ahead.
//! * From `record`: state of the engine. Records are folds over events and over nothing else.
//! * From every event, log line, record and journal: secret digits. They travel in [`pii`]'s types and print as `•`.

pub mod agenda;
pub mod canary;
pub mod cli;
pub mod client;
pub mod config;
pub mod dialogue;
pub mod engine;
pub mod id;
pub mod journal;
pub mod live;
pub mod load;
pub mod people;
pub mod pii;
pub mod random;
pub mod record;
pub mod registry;
pub mod report;
pub mod scenario;
pub mod script;
pub mod sim;
pub mod special;
pub mod stats;
pub mod theory;
pub mod time;
pub mod world;
