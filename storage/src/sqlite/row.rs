//! What a row of SQLite gives, and what is written into one. SQLite knows neither instants nor dates
//! nor documents: they are seconds and texts.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::StorageError;
use crate::read::{BookRow, Unread};

impl BookRow for SqliteRow {
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
        let second = self.integer(column)?;
        let instant = |second: i64| {
            Timestamp::from_second(second).map_err(|_| Unread::Corrupt(second.to_string()))
        };
        second.map(instant).transpose()
    }

    /// Dates may be dates of birth, so what was found is not repeated.
    fn date(&self, column: &str) -> Result<Option<Date>, Unread> {
        let text: Option<&str> = self.try_get(column)?;
        let date = text.map(str::parse).transpose();
        date.map_err(|_| Unread::Corrupt("what is not a date".to_owned()))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Unread> {
        let text: &str = self.try_get(column)?;
        Ok(serde_json::from_str(text)?)
    }
}

/// A value of a closed set, by the name that serde reads.
pub(super) fn word<T: Serialize>(value: T) -> Result<String, StorageError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) | Err(_) => Err(sqlx::Error::Encode("not a word".into()).into()),
    }
}

/// A JSON document.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()).into())
}
