//! Moving and cancelling, and what is read afterwards.

use storage::Store;
use storage::appointment::{AppointmentId, BookingError, ChangeError, Status};

use super::scene::{BAYS, at, book, booked, regular};

pub(crate) async fn a_moved_appointment_keeps_its_identity(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let moved = store
        .appointments
        .reschedule(made.id, at(14, 0), at(15, 0), BAYS)
        .await
        .expect("free");
    assert_eq!(moved.id, made.id);
    assert_eq!((moved.starts_at, moved.ends_at), (at(14, 0), at(15, 0)));
    let all = store.appointments.of_customer(ann.0.id).await;
    assert_eq!(all.expect("readable"), [moved]);
}

pub(crate) async fn an_appointment_does_not_stand_in_its_own_way(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    for (from, to) in [(at(9, 30), at(10, 30)), (at(9, 30), at(10, 30))] {
        let moved = store
            .appointments
            .reschedule(made.id, from, to, BAYS)
            .await
            .expect("only itself is there");
        assert_eq!((moved.starts_at, moved.bay), (from, made.bay));
    }
}

pub(crate) async fn a_move_changes_the_bay_only_where_its_own_is_taken(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let made = booked(&store, &ben, at(9, 0), at(10, 0)).await;
    assert_eq!(made.bay, 2);
    let moved = store
        .appointments
        .reschedule(made.id, at(11, 0), at(12, 0), BAYS)
        .await
        .expect("free");
    assert_eq!(
        moved.bay, 2,
        "bay 1 is free too, but there is no need to change"
    );

    let cat = regular(&store, 103).await;
    let later = booked(&store, &cat, at(13, 0), at(14, 0)).await;
    assert_eq!(later.bay, 1);
    let moved = store
        .appointments
        .reschedule(later.id, at(9, 0), at(10, 0), BAYS)
        .await
        .expect("bay 2 is free");
    assert_eq!(moved.bay, 2);
}

pub(crate) async fn a_move_to_a_full_slot_is_refused_and_changes_nothing(store: Store) {
    for caller in 101..=103 {
        let caller = regular(&store, caller).await;
        booked(&store, &caller, at(9, 0), at(10, 0)).await;
    }
    let late = regular(&store, 104).await;
    let made = booked(&store, &late, at(14, 0), at(15, 0)).await;
    let refused = store
        .appointments
        .reschedule(made.id, at(9, 30), at(10, 30), BAYS)
        .await;
    assert!(
        matches!(refused, Err(ChangeError::SlotTaken)),
        "{refused:?}"
    );
    let refused = store
        .appointments
        .reschedule(made.id, at(16, 0), at(16, 0), BAYS)
        .await;
    assert!(
        matches!(refused, Err(ChangeError::EmptyInterval)),
        "{refused:?}"
    );
    let still = store.appointments.by_id(made.id).await.expect("readable");
    assert_eq!(still, Some(made));
}

pub(crate) async fn a_move_onto_the_same_vehicles_other_appointment_is_refused(store: Store) {
    let ann = regular(&store, 101).await;
    booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let second = booked(&store, &ann, at(14, 0), at(15, 0)).await;
    let refused = store
        .appointments
        .reschedule(second.id, at(9, 30), at(10, 30), BAYS)
        .await;
    assert!(
        matches!(refused, Err(ChangeError::VehicleBusy)),
        "{refused:?}"
    );
}

pub(crate) async fn a_cancelled_appointment_frees_its_bay_and_its_vehicle(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let refused = book(&store, &ann, at(9, 0), at(10, 0)).await;
    assert!(
        matches!(refused, Err(BookingError::VehicleBusy)),
        "{refused:?}"
    );
    let cancelled = store
        .appointments
        .cancel(made.id, "schedule_conflict")
        .await
        .expect("it can be cancelled");
    assert_eq!(cancelled.id, made.id);
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!(
        cancelled.cancellation_reason.as_deref(),
        Some("schedule_conflict")
    );
    let busy = store.appointments.busy("main", at(0, 0), at(24, 0)).await;
    assert_eq!(busy.expect("readable"), []);
    assert_eq!(
        booked(&store, &ann, at(9, 0), at(10, 0)).await.bay,
        made.bay
    );
}

pub(crate) async fn a_cancelled_appointment_stays_cancelled(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let cancelled = store.appointments.cancel(made.id, "vehicle_sold").await;
    let cancelled = cancelled.expect("it can be cancelled");
    let again = store.appointments.cancel(made.id, "other").await;
    assert!(
        matches!(again, Err(ChangeError::AlreadyCancelled)),
        "{again:?}"
    );
    let moved = store
        .appointments
        .reschedule(made.id, at(14, 0), at(15, 0), BAYS)
        .await;
    assert!(
        matches!(moved, Err(ChangeError::AlreadyCancelled)),
        "{moved:?}"
    );
    let still = store.appointments.by_id(made.id).await.expect("readable");
    assert_eq!(still, Some(cancelled));
}

pub(crate) async fn a_confirmed_appointment_stays_until_it_is_moved_or_cancelled(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    for _ in 0..2 {
        let confirmed = store
            .appointments
            .confirm(made.id)
            .await
            .expect("it stands");
        assert_eq!(confirmed.status, Status::Confirmed);
    }
    let moved = store
        .appointments
        .reschedule(made.id, at(14, 0), at(15, 0), BAYS)
        .await
        .expect("free");
    assert_eq!(moved.status, Status::Scheduled, "it was confirmed for nine");
    let cancelled = store.appointments.cancel(made.id, "other").await;
    cancelled.expect("it can be cancelled");
    let refused = store.appointments.confirm(made.id).await;
    assert!(
        matches!(refused, Err(ChangeError::AlreadyCancelled)),
        "{refused:?}"
    );
}

pub(crate) async fn an_unknown_appointment_cannot_be_changed(store: Store) {
    let nothing = AppointmentId(99);
    let cancelled = store.appointments.cancel(nothing, "other").await;
    assert!(
        matches!(cancelled, Err(ChangeError::Unknown)),
        "{cancelled:?}"
    );
    let moved = store
        .appointments
        .reschedule(nothing, at(14, 0), at(15, 0), BAYS)
        .await;
    assert!(matches!(moved, Err(ChangeError::Unknown)), "{moved:?}");
    let confirmed = store.appointments.confirm(nothing).await;
    assert!(
        matches!(confirmed, Err(ChangeError::Unknown)),
        "{confirmed:?}"
    );
}

pub(crate) async fn upcoming_is_what_is_still_to_come_earliest_first(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    let late = booked(&store, &ann, at(16, 0), at(17, 0)).await;
    let early = booked(&store, &ann, at(12, 0), at(13, 0)).await;
    booked(&store, &ann, at(9, 0), at(10, 0)).await;
    booked(&store, &ben, at(14, 0), at(15, 0)).await;
    let dropped = booked(&store, &ann, at(14, 0), at(15, 0)).await;
    store
        .appointments
        .cancel(dropped.id, "other")
        .await
        .expect("it can be cancelled");
    let upcoming = store.appointments.upcoming(ann.0.id, at(12, 0)).await;
    assert_eq!(upcoming.expect("readable"), [early, late]);
}

pub(crate) async fn busy_is_what_overlaps_the_asked_time(store: Store) {
    let (ann, ben) = (regular(&store, 101).await, regular(&store, 102).await);
    let first = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let second = booked(&store, &ben, at(9, 30), at(11, 0)).await;
    let during = async |from, to| {
        let busy = store
            .appointments
            .busy("main", from, to)
            .await
            .expect("readable");
        busy.into_iter()
            .map(|busy| busy.appointment)
            .collect::<Vec<_>>()
    };
    assert_eq!(during(at(0, 0), at(24, 0)).await, [first.id, second.id]);
    assert_eq!(during(at(10, 0), at(11, 0)).await, [second.id]);
    assert_eq!(during(at(9, 0), at(9, 30)).await, [first.id]);
    assert_eq!(during(at(11, 0), at(12, 0)).await, []);
    assert_eq!(during(at(8, 0), at(9, 0)).await, []);
    let busy = store.appointments.busy(
        "main",
        at(11, 0) - jiff::SignedDuration::from_secs(1),
        at(12, 0),
    );
    let busy = busy.await.expect("readable");
    assert_eq!(
        (busy[0].bay, busy[0].starts_at, busy[0].ends_at),
        (2, at(9, 30), at(11, 0))
    );
}
