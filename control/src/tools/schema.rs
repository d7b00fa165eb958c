//! JSON schemas of arguments that strict mode accepts: every member is required, nothing else is
//! allowed, and what may be left out is null.

use serde_json::{Map, Value, json};
use storage::{Location, Locations};

use super::field::quoted;

pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": Map::from_iter(members.map(|(name, schema)| (name.to_owned(), schema))),
    })
}

pub(super) fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

/// A whole number.
pub(super) fn number(description: &str) -> Value {
    json!({"type": "integer", "description": description})
}

pub(super) fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Value {
    let values: Vec<&str> = values.into_iter().collect();
    json!({"type": "string", "enum": values})
}

/// Who is new to the book.
pub(super) fn new_customer() -> Value {
    object([
        ("first_name", text("As the caller said it.")),
        ("last_name", text("As the caller said it.")),
        ("phone_number", text("Ten digits.")),
        ("email", optional(text("Only if they gave one."))),
        (
            "date_of_birth",
            optional(text("1985-03-14; only if they gave it.")),
        ),
        ("address", optional(home())),
    ])
}

/// Where they live.
fn home() -> Value {
    object([
        ("street", text("House number and street.")),
        ("city", text("Such as Springfield.")),
        ("state", text("Two letters, such as IL.")),
        ("zip", text("Five digits.")),
    ])
}

/// The members of a vehicle that is new to the book.
pub(super) fn vehicle() -> [(&'static str, Value); 4] {
    [
        ("year", number("Model year, such as 2021.")),
        ("make", text("Such as Honda.")),
        ("model", text("Such as Accord.")),
        ("vin", optional(text("Only if they read it out."))),
    ]
}

/// Key of a service that the location offers, or one of the others.
pub(super) fn service(location: &Location, among: &Locations) -> Value {
    let mut keys: Vec<&str> = Vec::new();
    for location in std::iter::once(location).chain(among.beside(location).map(AsRef::as_ref)) {
        let new = |key: &&str| !keys.contains(key);
        let more: Vec<&str> = location
            .services
            .iter()
            .map(|s| &*s.key)
            .filter(new)
            .collect();
        keys.extend(more);
    }
    one_of(keys)
}

/// Key of a location; null is the one that the caller dialled.
pub(super) fn location(among: &Locations) -> Value {
    let keys = among.iter().map(|location| json!(location.key));
    let keys: Vec<Value> = keys.chain([Value::Null]).collect();
    json!({"type": ["string", "null"], "enum": keys, "description": "Null: where they called."})
}

/// Any number of these.
pub(super) fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

/// Yes, or nothing.
pub(super) fn flag(description: &str) -> Value {
    json!({"type": ["boolean", "null"], "description": description})
}

/// What of these arguments is not as the schema has it, by its name and with what to do about it:
/// the first fault. Members that are null have been left out.
pub(super) fn fault(arguments: &Value, schema: &Value) -> Option<String> {
    member("", arguments, schema)
}

fn member(name: &str, value: &Value, schema: &Value) -> Option<String> {
    let wrong = |wanted: &str| Some(format!("{name}: must be {wanted}; write it so"));
    match (kind(schema), value) {
        ("object", Value::Object(inner)) => members(name, inner, schema),
        ("object", _) if name.is_empty() => Some("arguments: must be an object".to_owned()),
        ("object", _) => wrong("an object"),
        ("array", Value::Array(items)) => {
            let mut items = items.iter();
            items.find_map(|item| member(name, item, &schema["items"]))
        }
        ("array", _) => wrong("a list"),
        ("string", Value::String(text)) => choice(name, text, schema),
        ("string", _) => wrong("text"),
        ("integer", _) if value.as_i64().is_none() => wrong("a whole number"),
        ("boolean", _) if !value.is_boolean() => wrong("true or false"),
        _ => None,
    }
}

fn members(name: &str, given: &Map<String, Value>, schema: &Value) -> Option<String> {
    let inside = |inner: &str| match name {
        "" => inner.to_owned(),
        outer => format!("{outer}.{inner}"),
    };
    let known = schema["properties"].as_object()?;
    if let Some(unknown) = given.keys().find(|key| !known.contains_key(*key)) {
        let unknown = inside(&quoted(unknown));
        return Some(format!(
            "{unknown}: there is no such argument; leave it out"
        ));
    }
    known.iter().find_map(|(key, schema)| match given.get(key) {
        Some(value) => member(&inside(key), value, schema),
        None if may_be_null(schema) => None,
        None => Some(format!(
            "{}: is missing; find it out and give it",
            inside(key)
        )),
    })
}

/// Of a text that must be one of several: that it is none.
fn choice(name: &str, text: &str, schema: &Value) -> Option<String> {
    let choices = schema["enum"].as_array()?;
    let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
    if choices.contains(&text) {
        return None;
    }
    let (text, choices) = (quoted(text), choices.join(", "));
    Some(format!(
        "{name}: {text:?} is none of {choices}; use one of these"
    ))
}

/// What a schema wants, where it is not null.
fn kind(schema: &Value) -> &str {
    let kinds = schema["type"].as_array();
    let kind = kinds
        .and_then(|kinds| kinds.first())
        .unwrap_or(&schema["type"]);
    kind.as_str().unwrap_or_default()
}

fn may_be_null(schema: &Value) -> bool {
    let kinds = schema["type"].as_array();
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

/// May be null.
pub(super) fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
    schema
}
