//! People, vehicles and times that the contract plays with.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use storage::Store;
use storage::appointment::{Appointment, BookingError, NewAppointment, Party};
use storage::customer::{Address, Customer, NewCustomer, Phone};
use storage::vehicle::{NewVehicle, Vehicle};

/// How many bays the contract's location has.
pub(crate) const BAYS: i64 = 3;

/// A time of one certain day.
pub(crate) fn at(hour: i64, minute: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse().expect("an instant");
    Timestamp::from_second(midnight.as_second() + hour * 3600 + minute * 60).expect("an instant")
}

/// The customer whose number ends in these four digits.
pub(crate) fn person(last_four: u16) -> NewCustomer {
    NewCustomer {
        phone: Phone::parse(&format!("217555{last_four:04}")).expect("a number"),
        first_name: "Grace".into(),
        last_name: format!("Hill{last_four}"),
        email: None,
        date_of_birth: Some(jiff::civil::date(1984, 2, 29)),
        address: Some(Address {
            street: "7 Pine Court".into(),
            city: "Springfield".into(),
            state: "IL".into(),
            zip: "62702".into(),
        }),
    }
}

pub(crate) fn sedan() -> NewVehicle {
    NewVehicle {
        year: 2020,
        make: "Toyota".into(),
        model: "Camry".into(),
        vin: None,
    }
}

/// Another vehicle than everybody's.
pub(crate) fn wagon() -> NewVehicle {
    NewVehicle {
        model: "Sienna".into(),
        ..sedan()
    }
}

/// A customer with one vehicle.
pub(crate) async fn regular(store: &Store, last_four: u16) -> (Customer, Vehicle) {
    let customer = store
        .customers
        .create(&person(last_four))
        .await
        .expect("the number is free");
    let vehicle = store
        .vehicles
        .add(customer.id, &sedan())
        .await
        .expect("the customer exists");
    (customer, vehicle)
}

/// A booking by someone known, under a key of its own.
pub(crate) fn booking(who: &(Customer, Vehicle), from: Timestamp, to: Timestamp) -> NewAppointment {
    let party = Party::Known {
        customer: who.0.id,
        vehicle: who.1.id,
    };
    NewAppointment {
        booked_from: Some(who.0.phone.clone()),
        ..booking_by(party, from, to)
    }
}

pub(crate) fn booking_by(party: Party, from: Timestamp, to: Timestamp) -> NewAppointment {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    NewAppointment {
        idempotency_key: format!("contract:{}", KEYS.fetch_add(1, Ordering::Relaxed)),
        party,
        location: "main".into(),
        service: "oil_change".into(),
        starts_at: from,
        ends_at: to,
        bays: BAYS,
        notes: None,
        booked_by: "contract".into(),
        booked_from: None,
    }
}

/// Books, and expects to be let.
pub(crate) async fn booked(
    store: &Store,
    who: &(Customer, Vehicle),
    from: Timestamp,
    to: Timestamp,
) -> Appointment {
    book(store, who, from, to).await.expect("the slot is free")
}

pub(crate) async fn book(
    store: &Store,
    who: &(Customer, Vehicle),
    from: Timestamp,
    to: Timestamp,
) -> Result<Appointment, BookingError> {
    store.appointments.book(&booking(who, from, to)).await
}
