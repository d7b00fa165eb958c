//! The book in one SQLite file.
//!
//! WAL: one connection that writes, lent to one writer after the other ([`writer`]), and a pool of
//! connections that only read. So a write never fails half-way for want of the lock, and readers never
//! wait for the writer. No writer awaits anything but the database.

mod appointment;
mod asked_text;
mod audit;
mod booking;
mod calendar;
mod call_log;
mod consent;
mod customer;
mod hold;
mod migrations;
mod reminder;
mod row;
mod service_history;
mod vehicle;
mod verification;
mod waitlist;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, SqlitePool};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::customer::name;
use crate::error::{OpenError, StorageError};
use crate::migrations::file;
use crate::{Backend, Store, limits};
pub(crate) use migrations::pending;
use writer::Writer;

/// One open file; every aggregate of a [`Store`] is this one value.
struct Database {
    writer: Writer,
    readers: SqlitePool,
    /// Where a database without a file of its own lives; removed with the last handle.
    _folder: Option<TempDir>,
}

/// Opens the file, creates it and its folder where absent, and brings its schema up to date.
pub(crate) async fn open(path: &Path) -> Result<Store, OpenError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|why| OpenError::Folder {
            path: folder.to_owned(),
            why,
        })?;
    }
    // A booking the caller was told about survives a power cut: sync at every commit.
    connect(path, SqliteSynchronous::Full, None).await
}

/// A database that vanishes with its last handle. It is a real file in a temporary folder, because
/// SQLite's own memory databases have no WAL and lock differently.
pub(crate) async fn open_temporary() -> Result<Store, OpenError> {
    let folder = TempDir::with_prefix("otto-").map_err(|why| OpenError::Folder {
        path: std::env::temp_dir(),
        why,
    })?;
    let path = folder.path().join("otto.db");
    connect(&path, SqliteSynchronous::Off, Some(folder)).await
}

async fn connect(
    path: &Path,
    synchronous: SqliteSynchronous,
    folder: Option<TempDir>,
) -> Result<Store, OpenError> {
    let failed = |why: StorageError| OpenError::Storage {
        database: file(path),
        why,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(limits::BUSY_TIMEOUT)
        .collation("NAME", name::compare);
    let write = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let mut writer = open_writer(&write)
        .await
        .map_err(|source| failed(source.into()))?;
    migrations::run(path, &mut writer).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(limits::READ_CONNECTIONS)
        .acquire_timeout(limits::ACQUIRE_TIMEOUT)
        // A file does not hang up.
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .map_err(|source| failed(source.into()))?;
    let database = Arc::new(Database {
        writer: Writer::new(writer),
        readers,
        _folder: folder,
    });
    Ok(Store {
        customers: database.clone(),
        vehicles: database.clone(),
        appointments: database.clone(),
        calendar: database.clone(),
        call_logs: database.clone(),
        service_history: database.clone(),
        verifications: database.clone(),
        audit: database.clone(),
        reminders: database.clone(),
        consents: database.clone(),
        holds: database.clone(),
        waitlist: database.clone(),
        asked_texts: database.clone(),
        backend: database,
    })
}

/// Turning a new file to WAL fails at once, whatever the busy timeout, where another process is
/// doing the same; so it is tried again for as long.
async fn open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let give_up = Instant::now() + limits::BUSY_TIMEOUT;
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(error) if is_busy(&error) && Instant::now() < give_up => {
                sleep(limits::OPEN_RETRY).await;
            }
            opened => return opened,
        }
    }
}

/// SQLITE_BUSY, in any of its extended forms.
fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: i32 = 5;
    error
        .as_database_error()
        .and_then(|refusal| refusal.code()?.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

impl Database {
    /// The way in which everything is written: see [`Writer::write`].
    async fn write<T, E: From<StorageError>>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.writer.write(work).await
    }
}

#[async_trait]
impl Backend for Database {
    async fn ping(&self) -> Result<(), StorageError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    async fn name(&self) -> Result<String, StorageError> {
        let name = sqlx::query_scalar("SELECT id FROM book")
            .fetch_one(&self.readers)
            .await?;
        Ok(name)
    }

    async fn close(&self) {
        self.readers.close().await;
        // The last connection to close folds the WAL back into the file.
        self.writer.close().await;
    }
}
