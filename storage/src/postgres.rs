//! The book on a Postgres server.
//!
//! Made for a server behind a transaction pooler (PgBouncer and its like), where one statement's
//! connection need not be the next one's: every statement runs within a transaction, no prepared
//! statement has a name, nothing is set for longer than a transaction, and locks end with it. It
//! costs some round trips and spares a setting that is wrong in half of all installations.
//!
//! Whatever ends early costs its connection: see [`transaction`].

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
mod transaction;
mod vehicle;
mod verification;
mod waitlist;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgPoolOptions, PgRow};
use sqlx::{PgPool, Postgres};

use crate::address::PostgresAddress;
use crate::error::{OpenError, StorageError};
use crate::{Backend, Store, limits};
pub(crate) use migrations::pending;
use transaction::{Mode, Transaction, within};

/// One server; every aggregate of a [`Store`] is this one value.
struct Database {
    pool: PgPool,
}

type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// A statement without a name: through a pooler, the server may know another one by the same name.
fn sql<'q>(text: &'static str) -> Query<'q> {
    sqlx::query(text).persistent(false)
}

/// Connects, and brings the schema up to date.
pub(crate) async fn open(address: &PostgresAddress) -> Result<Store, OpenError> {
    let pool = connect(address, limits::POSTGRES_CONNECTIONS)
        .await
        .map_err(|why| failed(address, why))?;
    migrations::run(address, &pool).await?;
    let database = Arc::new(Database { pool });
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

/// A pool with one connection open: what cannot be reached, or does not let us in, shows now.
async fn connect(address: &PostgresAddress, connections: u32) -> Result<PgPool, StorageError> {
    let options = address
        .options()?
        .statement_cache_capacity(0)
        // Not every pooler passes this on, and we read numbers in binary.
        .extra_float_digits(None);
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("otto"),
    };
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limits::ACQUIRE_TIMEOUT)
        // Whether the server still answers shows when a transaction begins.
        .test_before_acquire(false)
        .idle_timeout(limits::POSTGRES_IDLE)
        .max_lifetime(limits::POSTGRES_CONNECTION_LIFE);
    // The pool tries again and again where nobody listens (the server may be starting); so the first
    // refusal is asked for here, where it can be told.
    sqlx::Connection::close(first_connection(&options).await?).await?;
    within(async { Ok(pool.connect_with(options).await?) }).await
}

async fn first_connection(
    options: &sqlx::postgres::PgConnectOptions,
) -> Result<sqlx::PgConnection, StorageError> {
    use sqlx::ConnectOptions as _;
    within(async { Ok(options.connect().await?) }).await
}

fn failed(address: &PostgresAddress, why: StorageError) -> OpenError {
    OpenError::Server {
        server: address.to_string(),
        trouble: why.trouble(),
        why,
    }
}

impl Database {
    async fn begin(&self, mode: Mode) -> Result<Transaction, StorageError> {
        Transaction::begin(&self.pool, mode).await
    }

    /// The one row of a query that only reads.
    async fn one<T>(
        &self,
        query: Query<'_>,
        read: fn(&PgRow) -> Result<T, StorageError>,
    ) -> Result<Option<T>, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Read).await?;
            let row = query.fetch_optional(&mut *transaction).await;
            let row = transaction.end(row.map_err(StorageError::from)).await?;
            row.as_ref().map(read).transpose()
        })
        .await
    }

    /// All rows of a query that only reads.
    async fn all<T>(
        &self,
        query: Query<'_>,
        read: fn(&PgRow) -> Result<T, StorageError>,
    ) -> Result<Vec<T>, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Read).await?;
            let rows = query.fetch_all(&mut *transaction).await;
            let rows = transaction.end(rows.map_err(StorageError::from)).await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    /// One statement that writes. Returns how many rows it touched.
    async fn run(&self, query: Query<'_>) -> Result<u64, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = query.execute(&mut *transaction).await;
            let done = transaction.end(done.map_err(StorageError::from)).await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

#[async_trait]
impl Backend for Database {
    async fn ping(&self) -> Result<(), StorageError> {
        let read = |row: &PgRow| -> Result<i32, StorageError> { Ok(sqlx::Row::try_get(row, 0)?) };
        self.one(sql("SELECT 1"), read).await?;
        Ok(())
    }

    async fn name(&self) -> Result<String, StorageError> {
        let read =
            |row: &PgRow| -> Result<String, StorageError> { Ok(sqlx::Row::try_get(row, 0)?) };
        let name = self.one(sql("SELECT id FROM book"), read).await?;
        // The row comes with the table.
        name.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    async fn close(&self) {
        // A connection whose server is gone may never say goodbye.
        drop(tokio::time::timeout(limits::POSTGRES_CLOSE, self.pool.close()).await);
    }
}
