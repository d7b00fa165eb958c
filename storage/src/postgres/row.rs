//! From columns to types and back. What cannot be read names its table, column and row.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Postgres, Row};

use crate::error::StorageError;

/// The first day of Postgres' calendar, and as far from today as anything in a book can be.
const EARLIEST: i64 = -210_866_803_200; // 4714-11-24 BC

/// One row of a named table.
pub(super) struct Columns<'r> {
    pub(super) table: &'static str,
    pub(super) id: i64,
    row: &'r PgRow,
}

impl<'r> Columns<'r> {
    pub(super) fn of(table: &'static str, row: &'r PgRow) -> Result<Self, StorageError> {
        Ok(Self {
            table,
            id: row.try_get("id")?,
            row,
        })
    }

    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, StorageError>
    where
        T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        Ok(self.row.try_get(column)?)
    }

    pub(super) fn instant(&self, column: &'static str) -> Result<Timestamp, StorageError> {
        let found: jiff_sqlx::Timestamp = self.get(column)?;
        Ok(whole_second(found.to_jiff()))
    }

    pub(super) fn date(&self, column: &'static str) -> Result<Option<Date>, StorageError> {
        let found: Option<jiff_sqlx::Date> = self.get(column)?;
        Ok(found.map(jiff_sqlx::Date::to_jiff))
    }

    /// A count that is never negative and small.
    pub(super) fn count(&self, column: &'static str) -> Result<Option<u32>, StorageError> {
        let found: Option<i64> = self.get(column)?;
        found
            .map(|found| u32::try_from(found).map_err(|_| self.corrupt(column, found)))
            .transpose()
    }

    /// A value of a closed set, as serde names it.
    pub(super) fn word<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StorageError> {
        let text: String = self.get(column)?;
        serde_json::from_value(Value::String(text.clone())).map_err(|_| self.corrupt(column, text))
    }

    /// A JSON document. It may quote callers, so what was found is not repeated.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StorageError> {
        let Json(found): Json<Value> = self.get(column)?;
        serde_json::from_value(found)
            .map_err(|error| self.corrupt(column, format!("{:?} error in JSON", error.classify())))
    }

    pub(super) fn corrupt(&self, column: &'static str, found: impl ToString) -> StorageError {
        StorageError::Corrupt {
            table: self.table,
            column,
            id: self.id,
            found: found.to_string(),
        }
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

/// A value of a closed set, by the name that [`Columns::word`] reads.
pub(super) fn word<T: Serialize>(value: T) -> Result<String, StorageError> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(sqlx::Error::Encode("not a word".into()).into()),
    }
}

/// The JSON document that [`Columns::json`] reads.
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
