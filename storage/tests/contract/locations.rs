//! Several locations in one book.

use storage::Store;
use storage::appointment::{BookingError, NewAppointment};

use super::scene::{BAYS, at, booking, regular};

fn north(booking: NewAppointment) -> NewAppointment {
    NewAppointment {
        location: "north".into(),
        bays: 1,
        ..booking
    }
}

pub(crate) async fn bays_are_a_locations_own(store: Store) {
    for caller in 0..BAYS {
        let who = regular(&store, 700 + u16::try_from(caller).expect("few")).await;
        let full = booking(&who, at(9, 0), at(10, 0));
        store.appointments.book(&full).await.expect("free");
    }
    let who = regular(&store, 710).await;
    let wish = booking(&who, at(9, 0), at(10, 0));
    let refused = store.appointments.book(&wish).await;
    assert!(matches!(refused, Err(BookingError::SlotTaken)));
    let there = store.appointments.book(&north(wish)).await.expect("free");
    assert_eq!((there.location.as_str(), there.bay), ("north", 1));
    let other = regular(&store, 711).await;
    let full = north(booking(&other, at(9, 30), at(10, 30)));
    let refused = store.appointments.book(&full).await;
    assert!(matches!(refused, Err(BookingError::SlotTaken)));

    let busy = |key: &'static str| {
        let appointments = store.appointments.clone();
        async move { appointments.busy(key, at(0, 0), at(24, 0)).await }
    };
    assert_eq!(busy("main").await.expect("readable").len(), 3);
    assert_eq!(busy("north").await.expect("readable").len(), 1);
    let keys = store.appointments.locations(at(0, 0)).await;
    assert_eq!(keys.expect("readable"), ["main", "north"]);
}

pub(crate) async fn a_vehicle_is_at_one_location_at_a_time(store: Store) {
    let who = regular(&store, 720).await;
    let here = booking(&who, at(9, 0), at(10, 0));
    store.appointments.book(&here).await.expect("free");
    let there = north(booking(&who, at(9, 30), at(10, 30)));
    let refused = store.appointments.book(&there).await;
    assert!(matches!(refused, Err(BookingError::VehicleBusy)));
    let after = north(booking(&who, at(10, 0), at(11, 0)));
    let after = store.appointments.book(&after).await.expect("free then");
    let moved = store
        .appointments
        .reschedule(after.id, at(9, 0), at(10, 0), 1);
    assert!(moved.await.is_err(), "the vehicle is elsewhere then");
}

pub(crate) async fn an_appointment_is_moved_among_its_own_locations_bays(store: Store) {
    let first = regular(&store, 730).await;
    let second = regular(&store, 731).await;
    let taken = booking(&first, at(9, 0), at(10, 0));
    store.appointments.book(&taken).await.expect("free");
    let there = north(booking(&second, at(13, 0), at(14, 0)));
    let there = store.appointments.book(&there).await.expect("free");
    let moved = store
        .appointments
        .reschedule(there.id, at(9, 0), at(10, 0), 1);
    let moved = moved
        .await
        .expect("the other location's bay is no obstacle");
    assert_eq!((moved.location.as_str(), moved.bay), ("north", 1));
}
