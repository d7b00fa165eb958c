//! JSON schemas of arguments that strict mode accepts: every member is required, nothing else is
//! allowed, and what may be left out is null.

use serde_json::{Map, Value, json};
use storage::Location;

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

/// Key of a service that the location offers.
pub(super) fn service(location: &Location) -> Value {
    one_of(location.services.iter().map(|service| &*service.key))
}

/// May be null.
pub(super) fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    schema
}
