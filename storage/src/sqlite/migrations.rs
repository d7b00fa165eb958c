//! The schema, embedded, and the way to it from any older one.

use std::path::Path;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr, SqlitePool};

use crate::error::{OpenError, StorageError};

/// Version, description, SQL. Versions rise; what has been released is never edited.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (
        1,
        "the book",
        include_str!("../../migrations/sqlite/0001_the_book.sql"),
    ),
    (
        2,
        "the network",
        include_str!("../../migrations/sqlite/0002_the_network.sql"),
    ),
];

/// Applies what is missing. Two processes that open one new file at once are serialised by the write
/// lock, so the second finds the work done.
pub(super) async fn run(path: &Path, writer: &SqlitePool) -> Result<(), OpenError> {
    let known = MIGRATIONS.iter().map(|(version, ..)| *version).max();
    apply(writer).await.map_err(|error| match error {
        StorageError::Migration(MigrateError::VersionMissing(found)) if Some(found) > known => {
            OpenError::SchemaTooNew {
                path: path.to_owned(),
                found,
                known: known.unwrap_or_default(),
            }
        }
        why => OpenError::Storage {
            path: path.to_owned(),
            why,
        },
    })
}

async fn apply(writer: &SqlitePool) -> Result<(), StorageError> {
    let migrations = MIGRATIONS.map(|(version, description, sql)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`: its future is not `Send` where it is given a transaction's connection.
    Migrator::with_migrations(migrations.into())
        .run_direct(None, &mut *transaction, false)
        .await?;
    transaction.commit().await?;
    Ok(())
}
