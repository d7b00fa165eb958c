//! Who changed what: a line for every change, and none without one.

use storage::Store;
use storage::appointment::Party;
use storage::audit::{AuditLine, Change, by_call};
use storage::customer::CustomerId;

use super::scene::{BAYS, at, book, booked, booking, booking_by, person, regular, sedan};

pub(crate) async fn every_change_is_written_down_with_the_call_that_made_it(store: Store) {
    let newcomer = Party::NewCustomer {
        customer: person(101),
        vehicle: sedan(),
    };
    let wish = booking_by(newcomer, at(9, 0), at(10, 0));
    let made = by_call("CA1", store.appointments.book(&wish)).await;
    let made = made.expect("free");
    let moved = store
        .appointments
        .reschedule(made.id, at(11, 0), at(12, 0), BAYS);
    by_call("CA2", moved).await.expect("free");
    let confirmed = by_call("CA3", store.appointments.confirm(made.id)).await;
    confirmed.expect("still to come");
    let cancelled = store.appointments.cancel(made.id, "vehicle_sold");
    cancelled.await.expect("still to come");

    let lines = of_customer(&store, made.customer).await;
    let told: Vec<(Change, Option<&str>)> = lines
        .iter()
        .map(|line| (line.entry.change, line.call_sid.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Change::CustomerCreated, Some("CA1")),
            (Change::VehicleAdded, Some("CA1")),
            (Change::AppointmentBooked, Some("CA1")),
            (Change::AppointmentMoved, Some("CA2")),
            (Change::AppointmentConfirmed, Some("CA3")),
            (Change::AppointmentCancelled, None),
        ]
    );
    let [.., booked, moved, confirmed, cancelled] = lines.as_slice() else {
        panic!("six lines");
    };
    for line in [booked, moved, confirmed, cancelled] {
        assert_eq!(line.entry.appointment, Some(made.id));
        assert_eq!(line.entry.vehicle, Some(made.vehicle));
    }
    assert_eq!(moved.entry.detail["from"], "2026-11-24T09:00:00Z");
    assert_eq!(moved.entry.detail["to"], "2026-11-24T11:00:00Z");
    assert_eq!(cancelled.entry.detail["reason"], "vehicle_sold");
    let of_call = store.audit.of_call("CA1").await.expect("readable");
    assert_eq!(of_call, lines[..3]);
}

pub(crate) async fn what_was_refused_leaves_no_line(store: Store) {
    let mut regulars = Vec::new();
    for last_four in 101..=103 {
        let who = regular(&store, last_four).await;
        booked(&store, &who, at(9, 0), at(10, 0)).await;
        regulars.push(who);
    }
    let newcomer = Party::NewCustomer {
        customer: person(104),
        vehicle: sedan(),
    };
    let wish = booking_by(newcomer, at(9, 0), at(10, 0));
    let refused = by_call("CA1", store.appointments.book(&wish)).await;
    assert!(refused.is_err(), "every bay is taken");
    let first = &regulars[0];
    let before = of_customer(&store, first.0.id).await;
    let again = by_call("CA1", book(&store, first, at(9, 30), at(10, 30))).await;
    assert!(again.is_err(), "the vehicle is busy");
    assert_eq!(of_customer(&store, first.0.id).await, before);
    assert_eq!(store.audit.of_call("CA1").await.expect("readable"), []);
}

pub(crate) async fn a_repeated_booking_is_written_down_once(store: Store) {
    let who = regular(&store, 101).await;
    let wish = booking(&who, at(9, 0), at(10, 0));
    for call in ["CA1", "CA2"] {
        let made = by_call(call, store.appointments.book(&wish)).await;
        made.expect("free, or the same");
    }
    let lines = of_customer(&store, who.0.id).await;
    assert_eq!(lines.len(), 3, "customer, vehicle, appointment");
    assert_eq!(lines[2].call_sid.as_deref(), Some("CA1"));
}

async fn of_customer(store: &Store, customer: CustomerId) -> Vec<AuditLine> {
    store.audit.of_customer(customer).await.expect("readable")
}
