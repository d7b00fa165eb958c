//! The audit log on Postgres.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::{Database, row, sql};
use crate::audit::{AuditLine, AuditLog, Entry, OF_CALL, OF_CUSTOMER, WRITE, call};
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::limits;
use crate::read::audit_line;

#[async_trait]
impl AuditLog for Database {
    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<AuditLine>, StorageError> {
        let query = sql(OF_CUSTOMER).bind(customer.0).bind(limits::AUDIT_LINES);
        self.all(query, audit_line).await
    }

    async fn of_call(&self, call_sid: &str) -> Result<Vec<AuditLine>, StorageError> {
        let query = sql(OF_CALL)
            .bind(row::text(call_sid))
            .bind(limits::AUDIT_LINES);
        self.all(query, audit_line).await
    }
}

/// Writes down a change, within its transaction.
pub(super) async fn write(
    connection: &mut PgConnection,
    entry: &Entry,
) -> Result<(), StorageError> {
    let call = call();
    sql(WRITE)
        .bind(call.as_deref().map(row::text))
        .bind(row::word(entry.change)?)
        .bind(entry.customer.0)
        .bind(entry.vehicle.map(|id| id.0))
        .bind(entry.appointment.map(|id| id.0))
        .bind(row::json(&entry.detail)?)
        .execute(connection)
        .await?;
    Ok(())
}
