//! Who calls, and with what: remembered, so that a greeting does not wait for the database.
//!
//! Decorators of the book's aggregates: those that read are answered from the tiers, those that write
//! tell them. Whoever uses the book does not know.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use storage::appointment::{
    Appointment, AppointmentId, Appointments, BookingError, Busy, ChangeError, NewAppointment,
    Party,
};
use storage::customer::{CreateCustomerError, Customer, CustomerId, Customers, NewCustomer, Phone};
use storage::vehicle::{NewVehicle, Vehicle, VehicleId, Vehicles};
use storage::{StorageError, Store};
use tokio::time::Instant;

use super::Shared;
use super::holds::HoldsInRedis;
use super::tiers::Tiers;
use crate::observe::Metrics;

struct Cache {
    customers: Tiers<Customer>,
    vehicles: Tiers<Vec<Vehicle>>,
    metrics: Arc<Metrics>,
}

/// The same book, whose customers are looked up in this process first, then in Redis.
#[must_use]
pub fn remembering(store: Store, shared: Option<&Shared>, metrics: Arc<Metrics>) -> Store {
    let cache = Arc::new(Cache {
        customers: Tiers::new("customer", shared.cloned()),
        vehicles: Tiers::new("vehicles", shared.cloned()),
        metrics,
    });
    Store {
        customers: Arc::new(Remembered {
            book: store.customers,
            cache: Arc::clone(&cache),
        }),
        vehicles: Arc::new(Remembered {
            book: store.vehicles,
            cache: Arc::clone(&cache),
        }),
        appointments: Arc::new(Remembered {
            book: store.appointments,
            cache,
        }),
        holds: match shared {
            Some(shared) => Arc::new(HoldsInRedis::new(shared.clone(), store.holds)),
            None => store.holds,
        },
        ..store
    }
}

/// An aggregate of the book, and what is remembered of it.
struct Remembered<B: ?Sized> {
    cache: Arc<Cache>,
    book: Arc<B>,
}

#[async_trait]
impl Customers for Remembered<dyn Customers> {
    async fn by_id(&self, id: CustomerId) -> Result<Option<Customer>, StorageError> {
        self.book.by_id(id).await
    }

    async fn by_phone(&self, phone: &Phone) -> Result<Option<Customer>, StorageError> {
        let asked = Instant::now();
        let read = self.book.by_phone(phone);
        let (found, tier) = self.cache.customers.get(phone.as_str(), read).await?;
        self.cache
            .metrics
            .redis()
            .customer_lookup(tier, asked.elapsed());
        Ok(found)
    }

    async fn by_name(
        &self,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Result<Vec<Customer>, StorageError> {
        self.book.by_name(first, last).await
    }

    async fn count(&self) -> Result<u64, StorageError> {
        self.book.count().await
    }

    async fn create(&self, customer: &NewCustomer) -> Result<Customer, CreateCustomerError> {
        let create = self.book.create(customer);
        let phone = customer.phone.as_str();
        self.cache.customers.written(phone, create).await
    }
}

#[async_trait]
impl Vehicles for Remembered<dyn Vehicles> {
    async fn by_id(&self, id: VehicleId) -> Result<Option<Vehicle>, StorageError> {
        self.book.by_id(id).await
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Vehicle>, StorageError> {
        let read = async {
            let all = self.book.of_customer(customer).await?;
            Ok(Some(all).filter(|all| !all.is_empty()))
        };
        let (all, _) = self.cache.vehicles.get(&owner(customer), read).await?;
        Ok(all.unwrap_or_default())
    }

    async fn add(
        &self,
        customer: CustomerId,
        vehicle: &NewVehicle,
    ) -> Result<Vehicle, StorageError> {
        let add = self.book.add(customer, vehicle);
        self.cache.vehicles.written(&owner(customer), add).await
    }
}

#[async_trait]
impl Appointments for Remembered<dyn Appointments> {
    async fn by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StorageError> {
        self.book.by_id(id).await
    }

    async fn upcoming(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StorageError> {
        self.book.upcoming(customer, now).await
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Appointment>, StorageError> {
        self.book.of_customer(customer).await
    }

    async fn busy(
        &self,
        location: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Busy>, StorageError> {
        self.book.busy(location, from, to).await
    }

    async fn locations(&self, now: Timestamp) -> Result<Vec<String>, StorageError> {
        self.book.locations(now).await
    }

    /// What is new to the book comes with a booking, too.
    async fn book(&self, appointment: &NewAppointment) -> Result<Appointment, BookingError> {
        let book = self.book.book(appointment);
        match &appointment.party {
            Party::Known { .. } => book.await,
            Party::NewVehicle { customer, .. } => {
                self.cache.vehicles.written(&owner(*customer), book).await
            }
            Party::NewCustomer { customer, .. } => {
                let phone = customer.phone.as_str();
                self.cache.customers.written(phone, book).await
            }
        }
    }

    async fn reschedule(
        &self,
        id: AppointmentId,
        starts_at: Timestamp,
        ends_at: Timestamp,
        bays: i64,
    ) -> Result<Appointment, ChangeError> {
        self.book.reschedule(id, starts_at, ends_at, bays).await
    }

    async fn cancel(&self, id: AppointmentId, reason: &str) -> Result<Appointment, ChangeError> {
        self.book.cancel(id, reason).await
    }

    async fn confirm(&self, id: AppointmentId) -> Result<Appointment, ChangeError> {
        self.book.confirm(id).await
    }
}

fn owner(customer: CustomerId) -> String {
    customer.0.to_string()
}
