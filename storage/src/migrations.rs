//! The schema, embedded, and the way to it from any older one: one list for every database, so that
//! none lags behind.

use std::path::Path;

use crate::address::Address;
use crate::error::{OpenError, StorageError};
use crate::{postgres, sqlite};

/// One step of the schema. Versions rise; what has been released is never edited.
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) description: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

pub(crate) const MIGRATIONS: [Migration; 10] = [
    Migration {
        version: 1,
        description: "the book",
        sqlite: include_str!("../migrations/sqlite/0001_the_book.sql"),
        postgres: include_str!("../migrations/postgres/0001_the_book.sql"),
    },
    Migration {
        version: 2,
        description: "the network",
        sqlite: include_str!("../migrations/sqlite/0002_the_network.sql"),
        postgres: include_str!("../migrations/postgres/0002_the_network.sql"),
    },
    Migration {
        version: 3,
        description: "calendar outbox",
        sqlite: include_str!("../migrations/sqlite/0003_calendar_outbox.sql"),
        postgres: include_str!("../migrations/postgres/0003_calendar_outbox.sql"),
    },
    Migration {
        version: 4,
        description: "reminders",
        sqlite: include_str!("../migrations/sqlite/0004_reminders.sql"),
        postgres: include_str!("../migrations/postgres/0004_reminders.sql"),
    },
    Migration {
        version: 5,
        description: "verification",
        sqlite: include_str!("../migrations/sqlite/0005_verification.sql"),
        postgres: include_str!("../migrations/postgres/0005_verification.sql"),
    },
    Migration {
        version: 6,
        description: "namesakes",
        sqlite: include_str!("../migrations/sqlite/0006_namesakes.sql"),
        postgres: include_str!("../migrations/postgres/0006_namesakes.sql"),
    },
    Migration {
        version: 7,
        description: "nodes",
        sqlite: include_str!("../migrations/sqlite/0007_nodes.sql"),
        postgres: include_str!("../migrations/postgres/0007_nodes.sql"),
    },
    Migration {
        version: 8,
        description: "locations",
        sqlite: include_str!("../migrations/sqlite/0008_locations.sql"),
        postgres: include_str!("../migrations/postgres/0008_locations.sql"),
    },
    Migration {
        version: 9,
        description: "a booking",
        sqlite: include_str!("../migrations/sqlite/0009_a_booking.sql"),
        postgres: include_str!("../migrations/postgres/0009_a_booking.sql"),
    },
    Migration {
        version: 10,
        description: "asked texts",
        sqlite: include_str!("../migrations/sqlite/0010_asked_texts.sql"),
        postgres: include_str!("../migrations/postgres/0010_asked_texts.sql"),
    },
];

/// The newest version that this program knows.
pub(crate) const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// A step that a database lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub version: i64,
    pub description: &'static str,
}

/// What [`migrate`] would do to a database, without doing it: nothing is written, and a file that is
/// absent stays absent.
///
/// # Errors
/// Where the database cannot be read, or a newer version of Otto wrote it.
pub async fn pending(address: &Address) -> Result<Vec<Pending>, OpenError> {
    match address {
        Address::Sqlite(path) => Box::pin(sqlite::pending(path)).await,
        Address::Postgres(server) => Box::pin(postgres::pending(server)).await,
    }
}

/// Brings a database's schema up to date. Returns what was done. [`Store::open`](crate::Store::open)
/// does the same first thing.
///
/// # Errors
/// Where the database cannot be written, or a newer version of Otto wrote it; then nothing is
/// changed.
pub async fn migrate(address: &Address) -> Result<Vec<Pending>, OpenError> {
    // Where another process is faster, its work is reported as ours; the schema is the same.
    let before = pending(address).await?;
    crate::Store::open(address).await?.backend.close().await;
    Ok(before)
}

/// What is missing after these versions.
///
/// # Errors
/// [`TooNew`] where a version is newer than any that is known.
pub(crate) fn after(applied: &[i64]) -> Result<Vec<Pending>, TooNew> {
    if let Some(found) = applied
        .iter()
        .copied()
        .filter(|found| *found > NEWEST)
        .max()
    {
        return Err(TooNew { found });
    }
    let missing = MIGRATIONS
        .iter()
        .filter(|step| !applied.contains(&step.version));
    Ok(missing
        .map(|step| Pending {
            version: step.version,
            description: step.description,
        })
        .collect())
}

/// A schema from the future.
pub(crate) struct TooNew {
    pub(crate) found: i64,
}

impl TooNew {
    pub(crate) fn of(self, database: impl Into<String>) -> OpenError {
        OpenError::SchemaTooNew {
            database: database.into(),
            found: self.found,
            known: NEWEST,
        }
    }
}

/// The file as messages name it.
pub(crate) fn file(path: &Path) -> String {
    path.display().to_string()
}

/// A released step that is not what it was when it was applied.
pub(crate) fn edited(version: i64) -> StorageError {
    sqlx::migrate::MigrateError::VersionMismatch(version).into()
}
