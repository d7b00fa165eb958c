//! What can go wrong between us and the database.

/// The database refused, failed or could not be reached. Refusals that belong to an operation
/// (a taken slot, an unknown id) are that operation's own error.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what no version of Otto writes.
    #[error("{table}.{column} of row {id} holds {found:?}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        id: i64,
        found: String,
    },
}
