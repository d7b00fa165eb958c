//! What a row of Postgres gives, and what is written into one.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use crate::error::StorageError;
use crate::read::{BookRow, Unread};

/// The first day of Postgres' calendar, and as far from today as anything in a book can be.
const EARLIEST: i64 = -210_866_803_200; // 4714-11-24 BC

impl BookRow for PgRow {
    fn integer(&self, column: &str) -> Result<Option<i64>, Unread> {
        Ok(self.try_get(column)?)
    }

    fn small(&self, column: &str) -> Result<i16, Unread> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: &str) -> Result<Option<String>, Unread> {
        Ok(self.try_get(column)?)
    }

    fn flag(&self, column: &str) -> Result<bool, Unread> {
        Ok(self.try_get(column)?)
    }

    fn instant(&self, column: &str) -> Result<Option<Timestamp>, Unread> {
        let found: Option<jiff_sqlx::Timestamp> = self.try_get(column)?;
        Ok(found.map(|found| whole_second(found.to_jiff())))
    }

    fn date(&self, column: &str) -> Result<Option<Date>, Unread> {
        let found: Option<jiff_sqlx::Date> = self.try_get(column)?;
        Ok(found.map(jiff_sqlx::Date::to_jiff))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Unread> {
        let Json(found): Json<Value> = self.try_get(column)?;
        Ok(serde_json::from_value(found)?)
    }
}

/// An instant as it is written: in whole seconds, on Postgres' calendar.
pub(super) fn instant(at: Timestamp) -> jiff_sqlx::Timestamp {
    whole_second(at).to_sqlx()
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().max(EARLIEST)).unwrap_or(at)
}

pub(super) fn date(date: Date) -> jiff_sqlx::Date {
    date.to_sqlx()
}

/// Text as it is written. Postgres knows no NUL; peers do.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// [`text`] that may be absent.
pub(super) fn optional(value: Option<&String>) -> Option<Cow<'_, str>> {
    value.map(|value| text(value))
}

/// A value of a closed set, by the name that serde reads.
pub(super) fn word<T: Serialize>(value: T) -> Result<String, StorageError> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(sqlx::Error::Encode("not a word".into()).into()),
    }
}

/// A JSON document.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Json<Value>, StorageError> {
    let mut value =
        serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()))?;
    without_nul(&mut value);
    Ok(Json(value))
}

fn without_nul(value: &mut Value) {
    match value {
        Value::String(string) if string.contains('\0') => *string = text(string).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            if fields.keys().any(|key| key.contains('\0')) {
                let all = std::mem::take(fields).into_iter();
                *fields = all.map(|(key, v)| (text(&key).into_owned(), v)).collect();
            }
            fields.values_mut().for_each(without_nul);
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgres_cannot_hold_is_replaced_and_nothing_else() {
        assert_eq!(text("naïve 🛢"), "naïve 🛢");
        assert_eq!(text("a\0b"), "a\u{fffd}b");
        let Json(written) = json(&serde_json::json!({"a\0": ["b\0", 1, null]})).expect("JSON");
        assert_eq!(
            written,
            serde_json::json!({"a\u{fffd}": ["b\u{fffd}", 1, null]})
        );
    }

    #[test]
    fn instants_are_whole_seconds_of_postgres_calendar() {
        let at: Timestamp = "2026-11-24T09:00:00.9Z".parse().expect("an instant");
        assert_eq!(instant(at).to_jiff().to_string(), "2026-11-24T09:00:00Z");
        assert_eq!(instant(Timestamp::MIN).to_jiff().as_second(), EARLIEST);
    }
}
