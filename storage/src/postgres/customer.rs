//! Customers on Postgres.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, audit, sql};
use crate::audit::Entry;
use crate::customer::name;
use crate::customer::{CreateCustomerError, Customer, CustomerId, Customers, NewCustomer, Phone};
use crate::error::StorageError;
use crate::limits;
use crate::read::customer;

pub(super) const BY_ID: &str = "SELECT * FROM customers WHERE id = $1";

const BY_PHONE: &str = "SELECT * FROM customers WHERE phone = $1";

// The server lowers both sides, because what it takes for a letter depends on its locale. Sorted by
// bytes: which five of many are found must not.
const BY_NAME: &str = r#"SELECT * FROM customers
    WHERE ($1::text IS NULL OR lower(translate(first_name, $4, $5)) = lower(translate($1, $4, $5)))
      AND ($2::text IS NULL OR lower(translate(last_name, $4, $5)) = lower(translate($2, $4, $5)))
    ORDER BY last_name COLLATE "C", first_name COLLATE "C", id LIMIT $3"#;

const COUNT: &str = "SELECT count(*) FROM customers";

/// No row where the number is taken: an error would end the transaction.
const INSERT: &str = "INSERT INTO customers
    (phone, first_name, last_name, email, date_of_birth, street, city, state, zip)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (phone) DO NOTHING RETURNING *";

#[async_trait]
impl Customers for Database {
    async fn by_id(&self, id: CustomerId) -> Result<Option<Customer>, StorageError> {
        self.one(sql(BY_ID).bind(id.0), customer).await
    }

    async fn by_phone(&self, phone: &Phone) -> Result<Option<Customer>, StorageError> {
        self.one(sql(BY_PHONE).bind(phone.as_str()), customer).await
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
        let query = sql(BY_NAME)
            .bind(first.map(|name| row::text(name.trim())))
            .bind(last.map(|name| row::text(name.trim())))
            .bind(limits::NAME_MATCHES)
            .bind(name::ACCENTED)
            .bind(name::PLAIN);
        self.all(query, customer).await
    }

    async fn count(&self) -> Result<u64, StorageError> {
        let read = |row: &PgRow| -> Result<i64, StorageError> { Ok(sqlx::Row::try_get(row, 0)?) };
        let count = self.one(sql(COUNT), read).await?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    async fn create(&self, new: &NewCustomer) -> Result<Customer, CreateCustomerError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = insert(&mut transaction, new).await;
            transaction.end(done).await
        })
        .await
    }
}

/// Creates a customer within a transaction, which goes on where the number is taken.
pub(super) async fn insert(
    connection: &mut PgConnection,
    new: &NewCustomer,
) -> Result<Customer, CreateCustomerError> {
    let address = new.address.as_ref();
    let row = sql(INSERT)
        .bind(new.phone.as_str())
        .bind(row::text(&new.first_name))
        .bind(row::text(&new.last_name))
        .bind(row::optional(new.email.as_ref()))
        .bind(new.date_of_birth.map(row::date))
        .bind(row::optional(address.map(|address| &address.street)))
        .bind(row::optional(address.map(|address| &address.city)))
        .bind(row::optional(address.map(|address| &address.state)))
        .bind(row::optional(address.map(|address| &address.zip)))
        .fetch_optional(&mut *connection)
        .await
        .map_err(StorageError::from)?
        .ok_or(CreateCustomerError::PhoneTaken)?;
    let created = customer(&row)?;
    audit::write(connection, &Entry::created(created.id)).await?;
    Ok(created)
}
