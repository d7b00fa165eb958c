//! Brings a server's schema up to date. Its own few statements, not sqlx's `Migrator`: that one locks
//! for a session and names its statements, which a transaction pooler forbids. The table of what was
//! applied is sqlx's, so that its command line can read it.

use std::time::Instant;

use sqlx::migrate::{Migration as Checksummed, MigrationType};
use sqlx::{Executor as _, PgConnection, PgPool, Row as _, SqlSafeStr as _};

use super::transaction::{Mode, Transaction, within};
use super::{connect, failed, sql};
use crate::address::PostgresAddress;
use crate::error::{OpenError, StorageError};
use crate::migrations::{self, MIGRATIONS, Migration, Pending, TooNew};

const EXISTS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";

const APPLIED: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version        BIGINT PRIMARY KEY,
    description    TEXT NOT NULL,
    installed_on   TIMESTAMPTZ NOT NULL DEFAULT now(),
    success        BOOLEAN NOT NULL,
    checksum       BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)";

const NOTE: &str = "INSERT INTO _sqlx_migrations
    (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, $4)";

/// What the schema lacks. Nothing is written.
pub(crate) async fn pending(address: &PostgresAddress) -> Result<Vec<Pending>, OpenError> {
    let pool = connect(address, 1)
        .await
        .map_err(|why| failed(address, why))?;
    let found = within(missing(&pool)).await;
    pool.close().await;
    found.map_err(|refusal| refusal.of(address))
}

/// Applies what is missing, all of it or nothing. Processes that start at once do so one after
/// another, and the second finds the work done.
pub(super) async fn run(address: &PostgresAddress, pool: &PgPool) -> Result<(), OpenError> {
    // Mostly there is nothing to do, and then no right to change schemas is needed either.
    match within(missing(pool)).await {
        Ok(nothing) if nothing.is_empty() => Ok(()),
        Ok(_) => up_to_date(pool).await,
        Err(refusal) => Err(refusal),
    }
    .map_err(|refusal| refusal.of(address))
}

async fn missing(pool: &PgPool) -> Result<Vec<Pending>, Refusal> {
    let mut transaction = Transaction::begin(pool, Mode::Read).await?;
    let found = applied(&mut transaction).await;
    Ok(migrations::after(&transaction.end(found).await?)?)
}

async fn up_to_date(pool: &PgPool) -> Result<(), Refusal> {
    let mut transaction = Transaction::begin(pool, Mode::Schema).await?;
    let done = apply_all(&mut transaction).await;
    transaction.end(done).await
}

async fn apply_all(connection: &mut PgConnection) -> Result<(), Refusal> {
    let missing = migrations::after(&applied(connection).await?)?;
    for step in &MIGRATIONS {
        if missing.iter().any(|lacks| lacks.version == step.version) {
            apply(connection, step).await?;
        }
    }
    Ok(())
}

/// Why a schema is not brought up to date.
enum Refusal {
    TooNew(TooNew),
    Storage(StorageError),
}

impl Refusal {
    fn of(self, address: &PostgresAddress) -> OpenError {
        match self {
            Self::TooNew(newer) => newer.of(address.to_string()),
            Self::Storage(why) => failed(address, why),
        }
    }
}

impl From<TooNew> for Refusal {
    fn from(newer: TooNew) -> Self {
        Self::TooNew(newer)
    }
}

impl From<StorageError> for Refusal {
    fn from(why: StorageError) -> Self {
        Self::Storage(why)
    }
}

/// The versions that were applied; each must be the one that we know.
async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, StorageError> {
    let exists: bool = sql(EXISTS).fetch_one(&mut *connection).await?.try_get(0)?;
    if !exists {
        return Ok(Vec::new());
    }
    let rows = sql(APPLIED).fetch_all(connection).await?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        let version: i64 = row.try_get("version")?;
        let checksum: Vec<u8> = row.try_get("checksum")?;
        let known = MIGRATIONS.iter().find(|step| step.version == version);
        if known.is_some_and(|step| checksummed(step).checksum.as_ref() != checksum) {
            return Err(migrations::edited(version));
        }
        versions.push(version);
    }
    Ok(versions)
}

async fn apply(connection: &mut PgConnection, step: &Migration) -> Result<(), StorageError> {
    let begun = Instant::now();
    connection.execute(TABLE).await?;
    connection.execute(sqlx::raw_sql(step.postgres)).await?;
    sql(NOTE)
        .bind(step.version)
        .bind(step.description)
        .bind(checksummed(step).checksum.as_ref())
        .bind(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

fn checksummed(step: &Migration) -> Checksummed {
    Checksummed::new(
        step.version,
        step.description.into(),
        MigrationType::Simple,
        step.postgres.into_sql_str(),
        false,
    )
}
