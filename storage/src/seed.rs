//! The fictional people of demos and tests.
//!
//! The first two customers, their three vehicles and the one appointment are fixtures: outsiders rely
//! on their ids, so they are made first and in order. All numbers end in 555-01xx, which nobody has.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Zoned};

use crate::Store;
use crate::appointment::{BookingError, NewAppointment, Party};
use crate::customer::{Address, CreateCustomerError, Customer, CustomerId, NewCustomer, Phone};
use crate::error::StorageError;
use crate::location::Location;
use crate::service_history::ServiceRecord;
use crate::vehicle::{NewVehicle, Vehicle, VehicleId};

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
        service: "oil_change".into(),
        starts_at: start,
        ends_at: start + duration,
        bays: location.bays,
        notes: None,
        idempotency_key: APPOINTMENT_KEY.into(),
        booked_by: "seed".into(),
    };
    store.appointments.book(&new).await?;
    Ok(())
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("the numbers below are valid")
}

struct Person {
    phone: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    born: Date,
    street: &'static str,
    zip: &'static str,
    vehicles: &'static [Car],
}

struct Car {
    year: i16,
    make: &'static str,
    model: &'static str,
    /// Oldest first.
    visits: &'static [Visit],
}

struct Visit {
    on: Date,
    service: &'static str,
    mileage: i64,
}

const fn visit(on: Date, service: &'static str, mileage: i64) -> Visit {
    Visit {
        on,
        service,
        mileage,
    }
}

const PEOPLE: [Person; 6] = [
    Person {
        phone: "+12175550101",
        first_name: "John",
        last_name: "Carter",
        born: date(1985, 3, 14),
        street: "18 Elm Street",
        zip: "62704",
        vehicles: &[Car {
            year: 2021,
            make: "Honda",
            model: "Accord",
            visits: &[
                visit(date(2025, 10, 6), "oil_change", 31_240),
                visit(date(2026, 4, 20), "tire_rotation", 37_905),
            ],
        }],
    },
    Person {
        phone: "+12175550102",
        first_name: "Maria",
        last_name: "Lopez",
        born: date(1990, 7, 2),
        street: "402 Oak Avenue",
        zip: "62703",
        vehicles: &[
            Car {
                year: 2019,
                make: "Ford",
                model: "F-150",
                visits: &[visit(date(2026, 2, 11), "brake_service", 64_310)],
            },
            Car {
                year: 2020,
                make: "Toyota",
                model: "Camry",
                visits: &[visit(date(2026, 5, 18), "oil_change", 48_770)],
            },
        ],
    },
    Person {
        phone: "+12175550103",
        first_name: "Sue",
        last_name: "Bennett",
        born: date(1978, 11, 30),
        street: "9 Lincoln Road",
        zip: "62702",
        vehicles: &[Car {
            year: 2018,
            make: "Subaru",
            model: "Outback",
            visits: &[visit(date(2026, 8, 3), "inspection", 82_415)],
        }],
    },
    Person {
        phone: "+12175550104",
        first_name: "David",
        last_name: "Kim",
        born: date(1969, 1, 8),
        street: "77 Walnut Street",
        zip: "62704",
        vehicles: &[
            Car {
                year: 2022,
                make: "Hyundai",
                model: "Tucson",
                visits: &[],
            },
            Car {
                year: 2015,
                make: "Chevrolet",
                model: "Silverado",
                visits: &[
                    visit(date(2025, 12, 1), "general_maintenance", 101_880),
                    visit(date(2026, 6, 22), "engine_diagnostics", 107_020),
                ],
            },
        ],
    },
    Person {
        phone: "+12175550105",
        first_name: "Priya",
        last_name: "Patel",
        born: date(1995, 9, 21),
        street: "230 Maple Drive",
        zip: "62701",
        vehicles: &[Car {
            year: 2023,
            make: "Nissan",
            model: "Rogue",
            visits: &[visit(date(2026, 9, 14), "oil_change", 22_130)],
        }],
    },
    Person {
        phone: "+12175550106",
        first_name: "Robert",
        last_name: "Greene",
        born: date(1952, 6, 17),
        street: "5 Chestnut Lane",
        zip: "62707",
        vehicles: &[Car {
            year: 2016,
            make: "Jeep",
            model: "Grand Cherokee",
            visits: &[visit(date(2026, 3, 9), "brake_inspection", 90_555)],
        }],
    },
];

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
