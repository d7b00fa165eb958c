//! From columns to types. What cannot be read names its table, column and row.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StorageError;

/// One row of a named table.
pub(super) struct Columns<'r> {
    pub(super) table: &'static str,
    pub(super) id: i64,
    row: &'r SqliteRow,
}

impl<'r> Columns<'r> {
    pub(super) fn of(table: &'static str, row: &'r SqliteRow) -> Result<Self, StorageError> {
        Ok(Self {
            table,
            id: row.try_get("id")?,
            row,
        })
    }

    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, StorageError>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        Ok(self.row.try_get(column)?)
    }

    pub(super) fn instant(&self, column: &'static str) -> Result<Timestamp, StorageError> {
        let second: i64 = self.get(column)?;
        Timestamp::from_second(second).map_err(|_| self.corrupt(column, second))
    }

    /// Dates may be dates of birth, so what was found is not repeated.
    pub(super) fn date(&self, column: &'static str) -> Result<Option<Date>, StorageError> {
        let text: Option<&str> = self.get(column)?;
        text.map(str::parse)
            .transpose()
            .map_err(|_| self.corrupt(column, "what is not a date"))
    }

    /// A value of a closed set, as serde names it.
    pub(super) fn word<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StorageError> {
        let text: String = self.get(column)?;
        serde_json::from_value(serde_json::Value::String(text.clone()))
            .map_err(|_| self.corrupt(column, text))
    }

    /// A JSON document. It may quote callers, so what was found is not repeated.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StorageError> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text)
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

/// A value of a closed set, by the name that [`Columns::word`] reads.
pub(super) fn word<T: Serialize>(value: T) -> Result<String, StorageError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(sqlx::Error::Encode("not a word".into()).into()),
    }
}

/// The JSON document that [`Columns::json`] reads.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()).into())
}
