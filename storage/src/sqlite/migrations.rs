//! Brings a file's schema up to date.

use std::path::Path;

use sqlx::migrate::{MigrateError, Migration as Checksummed, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, SqlSafeStr};

use crate::error::{OpenError, StorageError};
use crate::limits;
use crate::migrations::{self, MIGRATIONS, NEWEST, Pending, TooNew, file};

const EXISTS: &str =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";

const APPLIED: &str = "SELECT version FROM _sqlx_migrations ORDER BY version";

/// What the schema lacks. Nothing is written: a file that is absent stays absent.
pub(crate) async fn pending(path: &Path) -> Result<Vec<Pending>, OpenError> {
    let found = if path.exists() {
        applied(path).await.map_err(|why| OpenError::Storage {
            database: file(path),
            why,
        })?
    } else {
        Vec::new()
    };
    migrations::after(&found).map_err(|newer| newer.of(file(path)))
}

async fn applied(path: &Path) -> Result<Vec<i64>, StorageError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(limits::BUSY_TIMEOUT);
    let mut file = SqliteConnection::connect_with(&options).await?;
    let exists: i64 = sqlx::query_scalar(EXISTS).fetch_one(&mut file).await?;
    let found = if exists == 0 {
        Vec::new()
    } else {
        sqlx::query_scalar(APPLIED).fetch_all(&mut file).await?
    };
    file.close().await?;
    Ok(found)
}

/// Applies what is missing. Two processes that open one new file at once are serialised by the write
/// lock, so the second finds the work done.
pub(super) async fn run(path: &Path, writer: &mut SqliteConnection) -> Result<(), OpenError> {
    apply(writer).await.map_err(|error| match error {
        StorageError::Migration(MigrateError::VersionMissing(found)) if found > NEWEST => {
            TooNew { found }.of(file(path))
        }
        why => OpenError::Storage {
            database: file(path),
            why,
        },
    })
}

async fn apply(writer: &mut SqliteConnection) -> Result<(), StorageError> {
    let steps = MIGRATIONS.iter().map(|step| {
        Checksummed::new(
            step.version,
            step.description.into(),
            MigrationType::Simple,
            step.sqlite.into_sql_str(),
            false,
        )
    });
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`: its future is not `Send` where it is given a transaction's connection.
    Migrator::with_migrations(steps.collect())
        .run_direct(None, &mut *transaction, false)
        .await?;
    transaction.commit().await?;
    Ok(())
}
