//! What one can ask over HTTP beside calls, as an OpenAPI document made from the types.

use serde_json::{Map, Value, json};

use super::{
    docs,
    events::message::FeedMessage,
    records_api::{MOST, RecordPage, RefusalPage, USUAL},
};

/// The document.
pub(super) fn document() -> Value {
    let (records, refusals) = (docs::schema::<RecordPage>(""), docs::schema::<RefusalPage>(""));
    let mut schemas = Map::new();
    for (name, schema) in [("RecordPage", &records), ("RefusalPage", &refusals)] {
        for (part, of) in schema["$defs"].as_object().into_iter().flatten() {
            schemas.insert(part.clone(), docs::relocated(of));
        }
        let mut page = docs::relocated(schema);
        if let Some(page) = page.as_object_mut() {
            ["$defs", "$schema", "title"].iter().for_each(|key| _ = page.remove(*key));
        }
        schemas.insert(name.to_owned(), page);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hatif over HTTP",
            "version": "1",
            "description": "What a server tells beside its calls. Where tokens are in force each of these but `/live` and \
                `/ready` needs one, sent as `Authorization: Bearer TOKEN`.",
        },
        "servers": [{ "url": "http://127.0.0.1:7700" }],
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas,
        },
        "paths": {
            "/live": { "get": word("Whether the program answers", "live", "200 and the word `live`", None) },
            "/ready": { "get": word(
                "Whether a caller would be taken now",
                "ready",
                "200 and the word `ready`",
                Some("503 and a word: `draining`, `records_failing`, or `ended`"),
            ) },
            "/health": { "get": plain("How the server is", "health", "application/json") },
            "/metrics": { "get": plain("Figures for Prometheus", "metrics", "application/openmetrics-text") },
            "/records": { "get": page("Records of the calls of a run, in short", "records", "RecordPage") },
            "/refusals": { "get": page("Dials of a run that were refused", "refusals", "RefusalPage") },
            "/reload": { "post": reload() },
        },
    })
}

/// The schema of the event feed's messages.
pub(super) fn feed() -> Value {
    docs::schema::<FeedMessage>("What the event feed sends")
}

fn word(summary: &str, id: &str, yes: &str, no: Option<&str>) -> Value {
    let text = json!({ "text/plain": { "schema": { "type": "string" } } });
    let mut responses = json!({ "200": { "description": yes, "content": text } });
    if let Some(no) = no {
        responses["503"] = json!({ "description": no, "content": text });
    }
    json!({ "operationId": id, "summary": summary, "responses": responses })
}

fn plain(summary: &str, id: &str, kind: &str) -> Value {
    let mut content = Map::new();
    content.insert(kind.to_owned(), json!({}));
    json!({
        "operationId": id,
        "summary": summary,
        "security": [{ "token": [] }],
        "responses": { "200": { "description": summary, "content": content } },
    })
}

fn page(summary: &str, id: &str, schema: &str) -> Value {
    let parameter = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": about, "schema": schema });
    let whole = |least: u32| json!({ "type": "integer", "minimum": least });
    json!({
        "operationId": id,
        "summary": summary,
        "description": "Only what is on the disk, by rising number, page by page: give `next` as `after` until it is `null`.",
        "security": [{ "token": [] }],
        "parameters": [
            parameter("run", "Of which run; absent: of the present one", whole(1)),
            parameter("after", "Only rows of a higher number", whole(0)),
            parameter(
                "limit",
                "At most so many rows",
                json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL }),
            ),
        ],
        "responses": {
            "200": {
                "description": "A page",
                "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } },
            },
            "400": { "description": "Every mistake in the question, a line each" },
            "503": { "description": "The records cannot be read now" },
        },
    })
}

fn reload() -> Value {
    json!({
        "operationId": "reload",
        "summary": "Reads the centre's folder again and publishes it if nothing is wrong",
        "security": [{ "token": [] }],
        "responses": {
            "200": { "description": "`published` or `unchanged`" },
            "409": { "description": "The server runs the built-in centre" },
            "422": { "description": "`refused`, with the checker's report" },
            "503": { "description": "The server is ending" },
        },
    })
}
