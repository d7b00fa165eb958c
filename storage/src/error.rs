//! What can go wrong between us and the database.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The database refused, failed or could not be reached. Refusals that belong to an operation
/// (a taken slot, an unknown id) are that operation's own error.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The transaction that several writers shared was not kept.
    #[error("database: {0}")]
    Commit(Arc<sqlx::Error>),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Whether it was done is not known; a booking can be repeated under its key.
    #[error("database: no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
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
        "database {database}: a newer version of otto wrote it (its schema is {found}, this otto \
         knows {known}); use that version, or another database"
    )]
    SchemaTooNew {
        database: String,
        found: i64,
        known: i64,
    },
    /// A file.
    #[error("database {database}: {why}")]
    Storage { database: String, why: StorageError },
    /// A server; its address without the password.
    #[error("database {server}: {why}")]
    Server {
        server: String,
        trouble: Trouble,
        why: StorageError,
    },
}

/// What kind of trouble a server makes: enough to name a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers at that address, or not in time.
    Unreachable,
    /// No agreement about encryption, or an untrusted certificate.
    Tls,
    /// The user or the password is wrong.
    Unauthorized,
    NoSuchDatabase,
    /// The user may not create tables there, or use those that are there.
    NotAllowed,
    /// The extension `btree_gist` is not there and cannot be installed by this user.
    NoBtreeGist,
    /// All of its connections are taken.
    Full,
    /// The schema there is not what any version of Otto left behind.
    Schema,
    Other,
}

impl StorageError {
    /// What kind of trouble this is, where a server makes it.
    pub(crate) fn trouble(&self) -> Trouble {
        match self {
            // What rustls says against a certificate comes as an error of the stream.
            Self::Database(sqlx::Error::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                Trouble::Tls
            }
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) | Self::TimedOut(_) => {
                Trouble::Unreachable
            }
            Self::Database(sqlx::Error::Tls(_)) => Trouble::Tls,
            Self::Database(sqlx::Error::Database(said)) => {
                by_code(said.code().as_deref().unwrap_or_default(), said.message())
            }
            Self::Migration(_) | Self::Corrupt { .. } => Trouble::Schema,
            Self::Database(_) | Self::Commit(_) => Trouble::Other,
        }
    }
}

/// By SQLSTATE.
fn by_code(code: &str, message: &str) -> Trouble {
    match code {
        // "no pg_hba.conf entry for …, no encryption" is about encryption as often as about users.
        "28000" if message.contains("no encryption") => Trouble::Tls,
        "28000" | "28P01" => Trouble::Unauthorized,
        "3D000" => Trouble::NoSuchDatabase,
        // Not allowed, not supported, no control file: whatever keeps an extension out.
        "42501" | "0A000" | "58P01" if message.contains("extension") => Trouble::NoBtreeGist,
        "42501" => Trouble::NotAllowed,
        "53300" => Trouble::Full,
        // A table is there already, or one is not: someone else's schema.
        "42P07" | "42P01" | "42703" => Trouble::Schema,
        // It is starting, or shutting down.
        "57P01" | "57P02" | "57P03" => Trouble::Unreachable,
        _ => Trouble::Other,
    }
}
