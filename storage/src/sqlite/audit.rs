//! The audit log in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{Database, row};
use crate::audit::{AuditLine, AuditLog, Entry, OF_CALL, OF_CUSTOMER, WRITE, call};
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::limits;
use crate::read::audit_line;

#[async_trait]
impl AuditLog for Database {
    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<AuditLine>, StorageError> {
        let rows = sqlx::query(OF_CUSTOMER)
            .bind(customer.0)
            .bind(limits::AUDIT_LINES)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(audit_line).collect()
    }

    async fn of_call(&self, call_sid: &str) -> Result<Vec<AuditLine>, StorageError> {
        let rows = sqlx::query(OF_CALL)
            .bind(call_sid)
            .bind(limits::AUDIT_LINES)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(audit_line).collect()
    }
}

/// Writes down a change, within its transaction.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    entry: &Entry,
) -> Result<(), StorageError> {
    sqlx::query(WRITE)
        .bind(call().as_deref())
        .bind(row::word(entry.change)?)
        .bind(entry.customer.0)
        .bind(entry.vehicle.map(|id| id.0))
        .bind(entry.appointment.map(|id| id.0))
        .bind(row::json(&entry.detail)?)
        .execute(connection)
        .await?;
    Ok(())
}
