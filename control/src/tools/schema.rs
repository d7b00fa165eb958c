//! JSON schemas of arguments that strict mode accepts: every member is required, nothing else is
//! allowed, and what may be left out is null.

use serde_json::{Map, Value, json};
use storage::{Location, Locations};

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
    ])
}

/// The members of a vehicle that is new to the book.
pub(super) fn vehicle() -> [(&'static str, Value); 3] {
    [
        ("year", number("Model year, such as 2021.")),
        ("make", text("Such as Honda.")),
        ("model", text("Such as Accord.")),
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

/// May be null.
pub(super) fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    schema
}
