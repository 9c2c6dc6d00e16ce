//! The protocol's documents, made from its types: JSON Schemas and an AsyncAPI document.
//!
//! They stand in `docs/protocol/`; a test makes them again and compares.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    MAX_FRAME,
    agents::message::{self as desk, AgentMessage, DeskMessage},
    events::message::{self, FeedMessage},
    openapi,
    protocol::{ClientMessage, SUBPROTOCOL, ServerMessage},
};

/// The documents: file name and text.
pub fn documents() -> Vec<(&'static str, String)> {
    vec![
        ("client.schema.json", pretty(&schema::<ClientMessage>("What a caller's telephone sends"))),
        ("server.schema.json", pretty(&schema::<ServerMessage>("What the centre sends"))),
        ("agent-client.schema.json", pretty(&schema::<AgentMessage>("What a person at an agent's desk sends"))),
        ("agent-server.schema.json", pretty(&schema::<DeskMessage>("What the centre sends to a desk"))),
        ("events.schema.json", pretty(&openapi::feed())),
        ("openapi.json", pretty(&openapi::document())),
        ("asyncapi.json", pretty(&asyncapi())),
    ]
}

fn pretty(value: &Value) -> String {
    // A value of JSON always becomes text.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The JSON Schema (draft 2020-12) of a message type.
pub fn schema<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = title.into();
    schema
}

/// One message type of an enum: its name, what it is, and its schema.
struct Kind {
    name: String,
    about: String,
    schema: Value,
}

/// The messages of a schema; `prefix` sets them apart from those of other channels with the same type.
fn kinds(schema: &Value, prefix: &str) -> Vec<Kind> {
    let variants = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = |variant: &Value| Kind {
        name: prefix.to_owned() + &text(&variant["properties"]["type"]["const"]),
        about: text(&variant["description"]),
        schema: relocated(variant),
    };
    variants.iter().map(kind).collect()
}

/// The schema with its references pointing to where AsyncAPI keeps shared schemas.
pub(super) fn relocated(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| match (key.as_str(), value.as_str()) {
                    ("$ref", Some(to)) => (key.clone(), to.replace("#/$defs/", "#/components/schemas/").into()),
                    _ => (key.clone(), relocated(value)),
                })
                .collect(),
        ),
        Value::Array(list) => list.iter().map(relocated).collect(),
        other => other.clone(),
    }
}

fn message(kind: &Kind) -> (String, Value) {
    let message = json!({
        "name": kind.name,
        "summary": kind.about,
        "contentType": "application/json",
        "payload": kind.schema,
    });
    (kind.name.clone(), message)
}

/// One way of one websocket, as AsyncAPI calls it: what is sent there, by whom.
struct Operation<'a> {
    name: &'a str,
    /// Seen from outside: what a client sends is received by the centre.
    action: &'a str,
    channel: &'a str,
    about: &'a str,
    kinds: &'a [Kind],
}

impl Operation<'_> {
    fn value(&self) -> (String, Value) {
        let channel = format!("#/channels/{}", self.channel);
        let messages: Vec<Value> =
            self.kinds.iter().map(|kind| json!({ "$ref": format!("{channel}/messages/{}", kind.name) })).collect();
        let value = json!({
            "action": self.action,
            "channel": { "$ref": channel },
            "summary": self.about,
            "messages": messages,
        });
        (self.name.to_owned(), value)
    }
}

fn asyncapi() -> Value {
    let (client, server) = (schema::<ClientMessage>(""), schema::<ServerMessage>(""));
    let feed = schema::<FeedMessage>("");
    let (agent, centre) = (schema::<AgentMessage>(""), schema::<DeskMessage>(""));
    let (sent, received, told) = (kinds(&client, ""), kinds(&server, ""), kinds(&feed, ""));
    let (says, hears) = (kinds(&agent, "agent."), kinds(&centre, "desk."));
    let operation = |name, action, channel, about, kinds| Operation { name, action, channel, about, kinds }.value();
    let operations: Map<String, Value> = [
        operation("telephoneSends", "send", "call", "What a caller's telephone sends", &sent),
        operation("telephoneReceives", "receive", "call", "What the centre sends", &received),
        operation("wallboardReceives", "receive", "events", "What the event feed sends", &told),
        operation("deskSends", "send", "agent", "What a person at an agent's desk sends", &says),
        operation("deskReceives", "receive", "agent", "What the centre sends to a desk", &hears),
    ]
    .into_iter()
    .collect();
    let calls = "One telephone. One call at a time; after `ended` one may dial again.";
    let events = "What happens in the centre, for a wallboard. Nothing is said to it.";
    let agents = "The desk of a person who works as an agent, in the place of a simulated one.";
    let channels = json!({
        "call": channel("/call", calls, sent.iter().chain(&received), SUBPROTOCOL),
        "events": channel("/events", events, told.iter(), message::SUBPROTOCOL),
        "agent": channel("/agent", agents, says.iter().chain(&hears), desk::SUBPROTOCOL),
    });
    let all = [&sent, &received, &told, &says, &hears];
    let messages: Map<String, Value> = all.into_iter().flatten().map(message).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": about(),
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:7700",
                "protocol": "ws",
                "description": "where `hatif serve` listens unless told otherwise",
            }
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": shared_schemas(&[&client, &server, &feed, &agent, &centre]) },
    })
}

fn about() -> Value {
    let description = format!(
        "Dial a contact centre over a websocket: one JSON object a text frame, at most {MAX_FRAME} bytes. \
         An unknown type or field is refused by name and the connection stays open."
    );
    json!({
        "title": "Hatif call protocol",
        "version": SUBPROTOCOL.trim_start_matches("hatif.v"),
        "description": description,
    })
}

/// What several messages have in common, each once.
fn shared_schemas(of: &[&Value]) -> Map<String, Value> {
    of.iter()
        .flat_map(|schema| schema["$defs"].as_object().into_iter().flatten())
        .map(|(name, value)| (name.clone(), relocated(value)))
        .collect()
}

/// A websocket of the server.
fn channel<'a>(address: &str, about: &str, kinds: impl Iterator<Item = &'a Kind>, subprotocol: &str) -> Value {
    let messages: Map<String, Value> = kinds
        .map(|kind| (kind.name.clone(), json!({ "$ref": format!("#/components/messages/{}", kind.name) })))
        .collect();
    json!({
        "address": address,
        "description": about,
        "messages": messages,
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": { "Sec-WebSocket-Protocol": { "const": subprotocol } },
                },
                "bindingVersion": "0.1.0",
            }
        },
    })
}
