//! What can go wrong between us and the database.

use std::path::PathBuf;

/// The database refused, failed or could not be reached. Refusals that belong to an operation
/// (a taken slot, an unknown id) are that operation's own error.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what no version of Otto writes. `found` never holds personal data.
    #[error("{table}.{column} of row {id} holds {found:?}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        id: i64,
        found: String,
    },
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database folder {}: cannot be created: {why}", .path.display())]
    Folder { path: PathBuf, why: std::io::Error },
    #[error(
        "database {}: a newer version of otto wrote it (its schema is {found}, this otto knows \
         {known}); use that version, or another file",
        .path.display()
    )]
    SchemaTooNew {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("database {}: {why}", .path.display())]
    Storage { path: PathBuf, why: StorageError },
}
