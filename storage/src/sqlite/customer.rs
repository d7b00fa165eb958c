//! Customers in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{Database, audit};
use crate::audit::Entry;
use crate::customer::{CreateCustomerError, Customer, CustomerId, Customers, NewCustomer, Phone};
use crate::error::StorageError;
use crate::limits;
use crate::read::customer;

pub(super) const BY_ID: &str = "SELECT * FROM customers WHERE id = $1";

const BY_PHONE: &str = "SELECT * FROM customers WHERE phone = $1";

/// `NAME` is ours: see [`crate::customer::name`].
const BY_NAME: &str = "SELECT * FROM customers
    WHERE ($1 IS NULL OR first_name = $1 COLLATE NAME)
      AND ($2 IS NULL OR last_name = $2 COLLATE NAME)
    ORDER BY last_name, first_name, id LIMIT $3";

const COUNT: &str = "SELECT count(*) FROM customers";

const INSERT: &str = "INSERT INTO customers
    (phone, first_name, last_name, email, date_of_birth, street, city, state, zip)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *";

#[async_trait]
impl Customers for Database {
    async fn by_id(&self, id: CustomerId) -> Result<Option<Customer>, StorageError> {
        let row = sqlx::query(BY_ID)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(customer).transpose()
    }

    async fn by_phone(&self, phone: &Phone) -> Result<Option<Customer>, StorageError> {
        let row = sqlx::query(BY_PHONE)
            .bind(phone.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(customer).transpose()
    }

    async fn by_name(
        &self,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Result<Vec<Customer>, StorageError> {
        let given = |name: &&str| !name.trim().is_empty();
        let (first, last) = (first.filter(given), last.filter(given));
        if first.is_none() && last.is_none() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(BY_NAME)
            .bind(first.map(str::trim))
            .bind(last.map(str::trim))
            .bind(limits::NAME_MATCHES)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(customer).collect()
    }

    async fn count(&self) -> Result<u64, StorageError> {
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&self.readers).await?;
        Ok(count.unsigned_abs())
    }

    async fn create(&self, new: &NewCustomer) -> Result<Customer, CreateCustomerError> {
        self.write(async |connection| {
            let customer = insert(connection, new).await?;
            Ok(customer)
        })
        .await
    }
}

/// Creates a customer within a transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewCustomer,
) -> Result<Customer, CreateCustomerError> {
    let address = new.address.as_ref();
    let row = sqlx::query(INSERT)
        .bind(new.phone.as_str())
        .bind(&new.first_name)
        .bind(&new.last_name)
        .bind(&new.email)
        .bind(new.date_of_birth.map(|date| date.to_string()))
        .bind(address.map(|address| &address.street))
        .bind(address.map(|address| &address.city))
        .bind(address.map(|address| &address.state))
        .bind(address.map(|address| &address.zip))
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| match &error {
            // The phone is the only thing about a customer that is unique.
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
                CreateCustomerError::PhoneTaken
            }
            _ => StorageError::from(error).into(),
        })?;
    let created = customer(&row)?;
    audit::write(connection, &Entry::created(created.id)).await?;
    Ok(created)
}

/// Whether there is such a customer, within a transaction.
pub(super) async fn exists(
    connection: &mut SqliteConnection,
    id: CustomerId,
) -> Result<bool, StorageError> {
    let row = sqlx::query(BY_ID)
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
