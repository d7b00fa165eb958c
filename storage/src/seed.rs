//! The fictional people of demos and tests.
//!
//! The first two customers, their three vehicles and the one appointment are fixtures: outsiders rely
//! on their ids, so they are made first and in order. All numbers end in 555-01xx, which nobody has.

mod people;

use jiff::{SignedDuration, Zoned};

use crate::Store;
use crate::appointment::{BookingError, NewAppointment, Party};
use crate::customer::{Address, CreateCustomerError, Customer, CustomerId, NewCustomer, Phone};
use crate::error::StorageError;
use crate::location::Location;
use crate::service_history::ServiceRecord;
use crate::vehicle::{NewVehicle, Vehicle, VehicleId};
use people::{Car, PEOPLE, Person};

/// The key of the appointment that is seeded; whatever became of it, it is never made again.
const APPOINTMENT_KEY: &str = "seed:1";

/// The hour, local time, at which the seeded appointment starts.
const APPOINTMENT_HOUR: i8 = 10;

/// How many people are seeded, with their vehicles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeded {
    pub customers: usize,
    pub vehicles: usize,
}

/// Fills an empty book. A book that was seeded before keeps everything as it is, and gets what an
/// interrupted seed left out.
///
/// # Errors
/// [`SeedError::NotEmpty`] where the book holds other people: seeds do not mix with customers.
pub async fn seed(store: &Store, location: &Location, now: &Zoned) -> Result<Seeded, SeedError> {
    if store.customers.count().await? > 0 {
        let first = store.customers.by_id(CustomerId(1)).await?;
        if first.is_none_or(|first| first.phone != phone(PEOPLE[0].phone)) {
            return Err(SeedError::NotEmpty);
        }
    }
    let mut seeded = Seeded {
        customers: 0,
        vehicles: 0,
    };
    for person in &PEOPLE {
        let customer = customer(store, person).await?;
        seeded.customers += 1;
        for car in person.vehicles {
            let vehicle = vehicle(store, customer.id, car).await?;
            history(store, vehicle.id, car).await?;
            seeded.vehicles += 1;
        }
    }
    appointment(store, location, now).await?;
    Ok(seeded)
}

async fn customer(store: &Store, person: &Person) -> Result<Customer, SeedError> {
    let phone = phone(person.phone);
    if let Some(known) = store.customers.by_phone(&phone).await? {
        return Ok(known);
    }
    let new = NewCustomer {
        phone,
        first_name: person.first_name.into(),
        last_name: person.last_name.into(),
        email: None,
        date_of_birth: Some(person.born),
        address: Some(Address {
            street: person.street.into(),
            city: "Springfield".into(),
            state: "IL".into(),
            zip: person.zip.into(),
        }),
    };
    Ok(store.customers.create(&new).await?)
}

async fn vehicle(store: &Store, owner: CustomerId, car: &Car) -> Result<Vehicle, SeedError> {
    let known = store.vehicles.of_customer(owner).await?;
    let same = |v: &Vehicle| v.year == car.year && v.make == car.make && v.model == car.model;
    if let Some(vehicle) = known.into_iter().find(same) {
        return Ok(vehicle);
    }
    let new = NewVehicle {
        year: car.year,
        make: car.make.into(),
        model: car.model.into(),
        vin: None,
    };
    Ok(store.vehicles.add(owner, &new).await?)
}

async fn history(store: &Store, vehicle: VehicleId, car: &Car) -> Result<(), SeedError> {
    let written = store.service_history.of_vehicle(vehicle).await?.len();
    for visit in car.visits.iter().skip(written) {
        let record = ServiceRecord {
            vehicle,
            appointment: None,
            performed_on: visit.on,
            service: visit.service.into(),
            mileage: Some(visit.mileage),
            notes: None,
        };
        store.service_history.add(&record).await?;
    }
    Ok(())
}

/// Maria Lopez brings her Camry for an oil change on the next day the location is open.
async fn appointment(store: &Store, location: &Location, now: &Zoned) -> Result<(), SeedError> {
    let today = location.local(now.timestamp()).date();
    let start = location
        .next_working_day(today)
        .and_then(|day| location.at(day.at(APPOINTMENT_HOUR, 0, 0, 0)))
        .ok_or(SeedError::NeverOpen)?
        .timestamp();
    let duration = location
        .service("oil_change")
        .map_or(SignedDuration::from_mins(30), |service| service.duration);
    let new = NewAppointment {
        party: Party::Known {
            customer: CustomerId(2),
            vehicle: VehicleId(3),
        },
        location: location.key.clone(),
        service: "oil_change".into(),
        starts_at: start,
        ends_at: start + duration,
        bays: location.bays,
        notes: None,
        idempotency_key: APPOINTMENT_KEY.into(),
        booked_by: "seed".into(),
        booked_from: Some(phone("217-555-0102")),
    };
    match store.appointments.book(&new).await {
        // Seeded on another day; what became of it since stays.
        Ok(_) | Err(BookingError::KeyTaken) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("the numbers below are valid")
}

/// Why a book cannot be seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("customers: the book already holds other people; seed an empty one")]
    NotEmpty,
    #[error("hours: the location is closed for as long as its book is open")]
    NeverOpen,
    #[error(transparent)]
    Customer(#[from] CreateCustomerError),
    #[error(transparent)]
    Booking(#[from] BookingError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}
