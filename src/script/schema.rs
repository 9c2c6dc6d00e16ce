//! The JSON Schema of a centre's files, for editors: printed from the same tables that the reader holds files against.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    fields::{CENTRE_FILE, FLOW_FILE, NODES, PROMPT_ENTRY},
    shape::{Record, Shape},
};

/// One schema for every TOML file of a centre. `#/$defs/centre`, `#/$defs/flow` and `#/$defs/prompts` describe one kind of
/// file each, for editors that can be told which applies where.
pub fn json_schema() -> Value {
    let mut writer = Writer { defs: BTreeMap::new(), names: BTreeMap::new() };
    let centre = writer.record(&CENTRE_FILE);
    let flow = writer.record(&FLOW_FILE);
    let prompt = writer.shape(&PROMPT_ENTRY);
    let mut defs = writer.defs;
    defs.insert("centre".to_owned(), titled(centre, "centre.toml"));
    defs.insert("flow".to_owned(), titled(flow, "flows/NAME.toml"));
    let prompts = json!({ "title": "prompts/prompts.toml", "type": "object", "additionalProperties": prompt });
    defs.insert("prompts".to_owned(), prompts);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A centre of Hatif",
        "anyOf": [{ "$ref": "#/$defs/centre" }, { "$ref": "#/$defs/flow" }, { "$ref": "#/$defs/prompts" }],
        "$defs": defs,
    })
}

/// The schema of one kind of file that is one record.
pub(crate) fn record_schema(record: &'static Record, title: &str) -> Value {
    let mut writer = Writer { defs: BTreeMap::new(), names: BTreeMap::new() };
    let mut schema = titled(writer.record(record), title);
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        object.insert("$defs".to_owned(), json!(writer.defs));
    }
    schema
}

fn titled(mut schema: Value, title: &str) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!(title));
    }
    schema
}

struct Writer {
    defs: BTreeMap<String, Value>,
    /// The definition of each record already written, by the record's place in memory: records are static.
    names: BTreeMap<usize, String>,
}

impl Writer {
    fn shape(&mut self, shape: &'static Shape) -> Value {
        match shape {
            Shape::Bool => json!({ "type": "boolean" }),
            Shape::Int(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Shape::Number(min, max) => json!({ "type": "number", "minimum": min, "maximum": max }),
            Shape::Text(what) => json!({ "type": "string", "minLength": 1, "description": what }),
            Shape::Word(words) => json!({ "enum": words }),
            Shape::Duration => json!({
                "type": "string",
                "pattern": "^\\s*(\\d+(\\.\\d+)?\\s*(d|h|min|m|s|ms|us)\\s*)+$",
                "description": "a length of time such as 1m30s",
            }),
            Shape::Date => json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$" }),
            Shape::Span => json!({ "type": "string", "pattern": "^\\s*\\d{1,2}:\\d{2}\\s*-\\s*\\d{1,2}:\\d{2}\\s*$" }),
            Shape::Key => json!({
                "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 9 }, { "type": "string", "pattern": "^[0-9*#]$" }],
            }),
            Shape::Literal => json!({ "type": ["boolean", "integer", "number", "string"] }),
            Shape::List(item) => json!({ "type": "array", "items": self.shape(item) }),
            Shape::Map(keys, item) => {
                json!({ "type": "object", "additionalProperties": self.shape(item), "description": format!("by {keys}") })
            }
            Shape::Record(record) => self.reference(record),
            Shape::Any(shapes) => json!({ "anyOf": shapes.iter().map(|shape| self.shape(shape)).collect::<Vec<_>>() }),
            Shape::Node => self.node(),
        }
    }

    fn reference(&mut self, record: &'static Record) -> Value {
        let place = std::ptr::from_ref(record).addr();
        if let Some(name) = self.names.get(&place) {
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        let name = self.free_name(record.name);
        self.names.insert(place, name.clone());
        self.defs.insert(name.clone(), Value::Null);
        let schema = self.record(record);
        self.defs.insert(name.clone(), schema);
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    /// A name for a definition: the record's, without articles and signs, numbered where there are two.
    fn free_name(&self, name: &str) -> String {
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !matches!(*word, "" | "a" | "an" | "the")).collect();
        let base = words.join("_");
        let mut free = base.clone();
        let mut count = 2;
        while self.defs.contains_key(&free) || matches!(free.as_str(), "centre" | "flow" | "prompts") {
            free = format!("{base}_{count}");
            count += 1;
        }
        free
    }

    fn record(&mut self, record: &'static Record) -> Value {
        let mut properties = Map::new();
        for field in record.all() {
            let schema = self.shape(&field.shape);
            // Beside a reference, `description` is allowed and describes the field, not what it refers to.
            let mut schema = schema.as_object().cloned().unwrap_or_default();
            schema.insert("description".to_owned(), json!(field.about));
            properties.insert(field.name.to_owned(), Value::Object(schema));
        }
        let required: Vec<&str> = record.all().filter(|field| field.required).map(|field| field.name).collect();
        json!({
            "type": "object",
            "description": record.name,
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    fn node(&mut self) -> Value {
        let mut kinds = Vec::new();
        for (kind, record) in NODES {
            let reference = self.reference(record);
            if let Some(definition) = self.names.get(&std::ptr::from_ref(*record).addr()).cloned()
                && let Some(schema) = self.defs.get_mut(&definition)
            {
                schema["properties"]["kind"] = json!({ "const": kind });
            }
            kinds.push(reference);
        }
        json!({ "oneOf": kinds })
    }
}
