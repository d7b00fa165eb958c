//! New appointments.

use jiff::SignedDuration;
use storage::Store;
use storage::appointment::{BookingError, NewAppointment, Party, Status};
use storage::customer::CustomerId;

use super::scene::{BAYS, at, book, booked, booking, booking_by, person, regular, sedan, wagon};

pub(crate) async fn a_booking_takes_the_first_free_bay(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    assert_eq!(booked(&store, &ann, at(9, 0), at(10, 0)).await.bay, 1);
    assert_eq!(booked(&store, &ben, at(9, 30), at(10, 30)).await.bay, 2);
}

pub(crate) async fn a_booking_is_read_back_as_it_was_made(store: Store) {
    let ann = regular(&store, 101).await;
    let fraction = SignedDuration::from_millis(900);
    let wish = NewAppointment {
        notes: Some("waits in the lounge".into()),
        ..booking(&ann, at(9, 0) + fraction, at(9, 30) + fraction)
    };
    let made = store.appointments.book(&wish).await.expect("free");
    assert_eq!(made.customer, ann.0.id);
    assert_eq!(made.vehicle, ann.1.id);
    assert_eq!(made.service, "oil_change");
    assert_eq!((made.starts_at, made.ends_at), (at(9, 0), at(9, 30)));
    assert_eq!(made.status, Status::Scheduled);
    assert_eq!(made.cancellation_reason, None);
    assert_eq!(made.notes.as_deref(), Some("waits in the lounge"));
    let read = store.appointments.by_id(made.id).await.expect("readable");
    assert_eq!(read, Some(made));
}

pub(crate) async fn one_may_start_when_another_ends(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    booked(&store, &ann, at(9, 0), at(10, 0)).await;
    assert_eq!(booked(&store, &ben, at(10, 0), at(11, 0)).await.bay, 1);
    assert_eq!(booked(&store, &ben, at(8, 0), at(9, 0)).await.bay, 1);
    assert_eq!(booked(&store, &ann, at(10, 0), at(11, 0)).await.bay, 2);
}

pub(crate) async fn a_full_slot_is_refused(store: Store) {
    for caller in 101..=103 {
        let caller = regular(&store, caller).await;
        booked(&store, &caller, at(9, 0), at(10, 0)).await;
    }
    let late = regular(&store, 104).await;
    for (from, to) in [
        (at(9, 0), at(10, 0)),
        (at(9, 30), at(9, 45)),
        (at(8, 0), at(9, 1)),
        (at(9, 59), at(11, 0)),
        (at(8, 0), at(11, 0)),
    ] {
        let refused = book(&store, &late, from, to).await;
        assert!(
            matches!(refused, Err(BookingError::SlotTaken)),
            "{refused:?}"
        );
    }
}

pub(crate) async fn a_vehicle_cannot_be_in_two_bays_at_once(store: Store) {
    let ann = regular(&store, 101).await;
    booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let refused = book(&store, &ann, at(9, 30), at(10, 30)).await;
    assert!(
        matches!(refused, Err(BookingError::VehicleBusy)),
        "{refused:?}"
    );
    let other = store.vehicles.add(ann.0.id, &wagon()).await.expect("hers");
    assert_eq!(
        booked(&store, &(ann.0, other), at(9, 30), at(10, 30))
            .await
            .bay,
        2
    );
}

pub(crate) async fn one_key_is_one_booking(store: Store) {
    let ann = regular(&store, 101).await;
    let wish = booking(&ann, at(9, 0), at(10, 0));
    let first = store.appointments.book(&wish).await.expect("free");
    let again = store.appointments.book(&wish).await.expect("the same");
    assert_eq!(again, first);
    let all = store.appointments.of_customer(ann.0.id).await;
    assert_eq!(all.expect("readable"), [first]);
}

pub(crate) async fn a_key_whose_appointment_is_another_one_books_nothing(store: Store) {
    let ann = regular(&store, 101).await;
    let ben = regular(&store, 102).await;
    let wish = booking(&ann, at(9, 0), at(10, 0));
    let made = store.appointments.book(&wish).await.expect("free");
    let second_car = store.vehicles.add(ann.0.id, &wagon()).await.expect("hers");
    let newcomer = Party::NewCustomer {
        customer: person(142),
        vehicle: sedan(),
    };
    let others = [
        booking(&ann, at(11, 0), at(12, 0)),
        booking(&ben, at(9, 0), at(10, 0)),
        booking(&(ann.0.clone(), second_car), at(9, 0), at(10, 0)),
        booking_by(newcomer, at(11, 0), at(12, 0)),
        NewAppointment {
            service: "tire_rotation".into(),
            ..wish.clone()
        },
        NewAppointment {
            location: "north".into(),
            ..wish.clone()
        },
    ];
    for other in others {
        let repeated = NewAppointment {
            idempotency_key: wish.idempotency_key.clone(),
            ..other
        };
        let refused = store.appointments.book(&repeated).await;
        assert!(
            matches!(
                refused,
                Err(BookingError::KeyTaken | BookingError::VehicleBusy)
            ),
            "{repeated:?}: {refused:?}"
        );
    }
    assert_eq!(store.customers.count().await.expect("readable"), 2);
    let all = store.appointments.of_customer(ann.0.id).await;
    assert_eq!(all.expect("readable"), [made]);
}

pub(crate) async fn what_was_moved_or_cancelled_since_is_not_booked_again_under_its_key(
    store: Store,
) {
    let ann = regular(&store, 101).await;
    let wish = booking(&ann, at(9, 0), at(10, 0));
    let made = store.appointments.book(&wish).await.expect("free");
    let appointments = &store.appointments;
    let confirmed = appointments.confirm(made.id).await.expect("upcoming");
    let again = appointments.book(&wish).await.expect("the same");
    assert_eq!(again, confirmed);
    let moved = appointments.reschedule(made.id, at(11, 0), at(12, 0), BAYS);
    moved.await.expect("free");
    let refused = appointments.book(&wish).await;
    assert!(
        matches!(refused, Err(BookingError::KeyTaken)),
        "{refused:?}"
    );
    appointments
        .cancel(made.id, "other")
        .await
        .expect("upcoming");
    let refused = appointments.book(&wish).await;
    assert!(
        matches!(refused, Err(BookingError::KeyTaken)),
        "{refused:?}"
    );
    let all = appointments.of_customer(ann.0.id).await;
    assert_eq!(all.expect("readable").len(), 1);
}

pub(crate) async fn a_new_customer_comes_with_vehicle_and_appointment(store: Store) {
    let newcomer = Party::NewCustomer {
        customer: person(142),
        vehicle: sedan(),
    };
    let wish = booking_by(newcomer, at(9, 0), at(10, 0));
    let made = store.appointments.book(&wish).await.expect("free");
    let customer = store.customers.by_phone(&person(142).phone).await;
    let customer = customer.expect("readable").expect("created");
    assert_eq!(customer.id, made.customer);
    assert_eq!(customer.address, person(142).address);
    assert_eq!(customer.date_of_birth, person(142).date_of_birth);
    let vehicles = store.vehicles.of_customer(customer.id).await;
    let vehicles = vehicles.expect("readable");
    assert_eq!(vehicles.len(), 1);
    assert_eq!(vehicles[0].id, made.vehicle);
    // The answer to a repeated request is the first one's, not "the number is taken".
    assert_eq!(
        store.appointments.book(&wish).await.expect("the same"),
        made
    );
}

pub(crate) async fn a_failed_booking_leaves_nobody_behind(store: Store) {
    for caller in 101..=103 {
        let caller = regular(&store, caller).await;
        booked(&store, &caller, at(9, 0), at(10, 0)).await;
    }
    let newcomer = Party::NewCustomer {
        customer: person(142),
        vehicle: sedan(),
    };
    let refused = store
        .appointments
        .book(&booking_by(newcomer, at(9, 0), at(10, 0)))
        .await;
    assert!(
        matches!(refused, Err(BookingError::SlotTaken)),
        "{refused:?}"
    );
    assert_eq!(store.customers.count().await.expect("readable"), 3);

    let ann = CustomerId(1);
    let second_car = Party::NewVehicle {
        customer: ann,
        vehicle: wagon(),
    };
    let refused = store
        .appointments
        .book(&booking_by(second_car.clone(), at(9, 0), at(10, 0)))
        .await;
    assert!(
        matches!(refused, Err(BookingError::SlotTaken)),
        "{refused:?}"
    );
    assert_eq!(
        store
            .vehicles
            .of_customer(ann)
            .await
            .expect("readable")
            .len(),
        1
    );

    let wish = booking_by(second_car, at(10, 0), at(11, 0));
    store.appointments.book(&wish).await.expect("free");
    assert_eq!(
        store
            .vehicles
            .of_customer(ann)
            .await
            .expect("readable")
            .len(),
        2
    );
}

pub(crate) async fn a_number_that_someone_has_is_refused(store: Store) {
    regular(&store, 101).await;
    let twin = Party::NewCustomer {
        customer: person(101),
        vehicle: sedan(),
    };
    let refused = store
        .appointments
        .book(&booking_by(twin, at(9, 0), at(10, 0)))
        .await;
    assert!(
        matches!(refused, Err(BookingError::PhoneTaken)),
        "{refused:?}"
    );
    let busy = store.appointments.busy("main", at(0, 0), at(24, 0)).await;
    assert_eq!(busy.expect("readable"), []);
}

pub(crate) async fn someone_elses_vehicle_is_refused(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    let refused = book(&store, &(ann.0, ben.1), at(9, 0), at(10, 0)).await;
    assert!(
        matches!(refused, Err(BookingError::NotTheirVehicle)),
        "{refused:?}"
    );
}

pub(crate) async fn nobody_books_for_an_unknown_customer(store: Store) {
    let ann = regular(&store, 101).await;
    let unknown = CustomerId(99);
    for party in [
        Party::Known {
            customer: unknown,
            vehicle: ann.1.id,
        },
        Party::NewVehicle {
            customer: unknown,
            vehicle: sedan(),
        },
    ] {
        let refused = store
            .appointments
            .book(&booking_by(party, at(9, 0), at(10, 0)))
            .await;
        assert!(
            matches!(refused, Err(BookingError::UnknownCustomer)),
            "{refused:?}"
        );
    }
}

pub(crate) async fn an_appointment_takes_time(store: Store) {
    let ann = regular(&store, 101).await;
    let within_a_second = at(9, 0) + SignedDuration::from_millis(900);
    for end in [at(8, 0), at(9, 0), within_a_second] {
        let refused = book(&store, &ann, at(9, 0), end).await;
        assert!(
            matches!(refused, Err(BookingError::EmptyInterval)),
            "{refused:?}"
        );
    }
}

pub(crate) async fn no_bays_means_no_booking(store: Store) {
    let ann = regular(&store, 101).await;
    assert_eq!(booked(&store, &ann, at(9, 0), at(10, 0)).await.bay, 1);
    let ben = regular(&store, 102).await;
    let wish = NewAppointment {
        bays: 0,
        ..booking(&ben, at(9, 0), at(10, 0))
    };
    let refused = store.appointments.book(&wish).await;
    assert!(
        matches!(refused, Err(BookingError::SlotTaken)),
        "{refused:?}"
    );
}
