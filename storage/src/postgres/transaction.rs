//! One transaction on one connection of the pool, and how long anything may take.
//!
//! A transaction that is dropped before its end (a deadline passed, a caller gave up, an error in the
//! middle of the protocol) takes its connection with it: the server undoes what it began, and nobody
//! inherits a connection of which we do not know what it will say next.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres};

use crate::error::StorageError;
use crate::limits;

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
    /// It adds an appointment that starts then. Many may at once: they wait for each other only over
    /// one slot.
    Book(Timestamp),
    /// It moves an appointment, alone: of two that move at once, each may wait for the other.
    Move,
    /// It changes the schema, alone.
    Schema,
}

/// Names the lock between [`Mode::Book`] and [`Mode::Move`] among the database's advisory locks.
const BOOK_LOCK: i64 = 0x6f74_746f_626f_6f6b; // "ottobook"

/// Names the locks of the minutes at which bookings start. Those of one minute want the same bays: one
/// after the other, each sees what the one before it took, and none loses a bay and begins again.
/// That keeps them quick; that they exclude each other is the constraints' work.
const START_LOCKS: i32 = 0x6f74_746f; // "otto"

/// Names the lock of [`Mode::Schema`].
const SCHEMA_LOCK: i64 = 0x6f74_746f_7363_686d; // "ottoschm"

/// Must be ended; see the module.
pub(super) struct Transaction {
    connection: PoolConnection<Postgres>,
    /// Nothing is under way any more.
    over: bool,
}

impl Transaction {
    pub(super) async fn begin(pool: &PgPool, mode: Mode) -> Result<Self, StorageError> {
        let access = if mode == Mode::Read {
            "READ ONLY"
        } else {
            "READ WRITE"
        };
        let lock = match mode {
            Mode::Read | Mode::Write => String::new(),
            Mode::Book(start) => format!(
                "; SELECT pg_advisory_xact_lock_shared({BOOK_LOCK}), \
                 pg_advisory_xact_lock({START_LOCKS}, {})",
                start.as_second().div_euclid(60) as i32
            ),
            Mode::Move => format!("; SELECT pg_advisory_xact_lock({BOOK_LOCK})"),
            Mode::Schema => format!("; SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"),
        };
        // Not longer than we wait ourselves: what nobody waits for should not be done.
        let patience = match mode {
            Mode::Schema => limits::MIGRATION_DEADLINE.as_millis(),
            Mode::Read | Mode::Write | Mode::Book(_) | Mode::Move => {
                limits::POSTGRES_DEADLINE.as_millis()
            }
        };
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED {access}; \
             SET LOCAL statement_timeout = {patience}{lock}"
        );
        let begin: Arc<str> = begin.into();
        // Each that died while nobody used it makes room for a new one, which tells how the server is.
        let mut dead = 0;
        loop {
            let connection = pool.acquire().await?;
            let mut transaction = Self {
                connection,
                over: false,
            };
            // Numbers of ours, nothing else, went into it.
            let begin = sqlx::raw_sql(AssertSqlSafe(Arc::clone(&begin)));
            match transaction.connection.execute(begin).await {
                Ok(_) => return Ok(transaction),
                Err(error) if has_died(&error) && dead < limits::POSTGRES_CONNECTIONS => dead += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Keeps what was done where `result` is good, else undoes it.
    ///
    /// # Errors
    /// That of `result`; or why it could not be kept.
    pub(super) async fn end<T, E>(mut self, result: Result<T, E>) -> Result<T, E>
    where
        E: From<StorageError>,
    {
        let last = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        match self.connection.execute(sqlx::raw_sql(last)).await {
            Ok(_) => self.over = true,
            Err(error) if result.is_ok() => return Err(StorageError::from(error).into()),
            // The first error says more.
            Err(_) => {}
        }
        result
    }
}

/// The connection is gone: cut, or closed by the server, which may still have said so.
fn has_died(error: &sqlx::Error) -> bool {
    const OPERATOR_INTERVENTION: &str = "57P";
    let said = error.as_database_error().and_then(|said| said.code());
    matches!(error, sqlx::Error::Io(_))
        || said.is_some_and(|code| code.starts_with(OPERATOR_INTERVENTION))
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.over {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// An operation, or the end of patience with it.
pub(super) async fn within<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, E>
where
    E: From<StorageError>,
{
    let patience = limits::POSTGRES_DEADLINE;
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done,
        Err(_) => Err(StorageError::TimedOut(patience).into()),
    }
}
