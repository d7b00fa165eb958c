//! Many callers at once. The database lets exactly as many in as there is room for.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use storage::Store;
use storage::appointment::{Appointment, BookingError, ChangeError, NewAppointment, Party};
use storage::slots::Interval;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::scene::{BAYS, at, booked, booking, booking_by, person, regular, sedan, wagon};

const CALLERS: u16 = 200;
const SLOTS: usize = 10;

/// As many callers as a town has on the first day of snow, and fifty hours of two bays.
pub(crate) async fn a_thousand_racing_callers_fill_a_hundred_slots_and_no_more(store: Store) {
    const BAYS: i64 = 2;
    const HOURS: u16 = 50;
    // A thousand who waited for a connection together would give up together, at one slow moment.
    let doors = Arc::new(Semaphore::new(usize::from(CALLERS)));
    let mut race = JoinSet::new();
    for caller in 0..1000_u16 {
        let who = regular(&store, 1000 + caller).await;
        let start = at(0, 0) + SignedDuration::from_hours(1) * i32::from(caller % HOURS);
        let wish = NewAppointment {
            bays: BAYS,
            ..booking(&who, start, start + SignedDuration::from_hours(1))
        };
        let (store, doors) = (store.clone(), Arc::clone(&doors));
        race.spawn(async move {
            let _inside = doors.acquire().await.expect("they stay open");
            store.appointments.book(&wish).await
        });
    }
    let mut made = Vec::new();
    let mut refused = 0;
    while let Some(done) = race.join_next().await {
        match done.expect("no panic") {
            Ok(appointment) => made.push(appointment),
            Err(BookingError::SlotTaken) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((made.len(), refused), (100, 900));
    assert_nothing_overlaps(&made);
    let busy = store.appointments.busy("main", at(0, 0), at(100, 0)).await;
    assert_eq!(busy.expect("readable").len(), 100);
}

pub(crate) async fn racing_callers_fill_every_bay_and_no_more(store: Store) {
    let made = race(&store, SignedDuration::from_hours(1)).await;
    assert_eq!(made.len(), SLOTS * BAYS as usize);
    assert_nothing_overlaps(&made);
}

pub(crate) async fn racing_callers_never_overlap_where_starts_are_closer_than_services_are_long(
    store: Store,
) {
    let made = race(&store, SignedDuration::from_mins(20)).await;
    assert_nothing_overlaps(&made);
    // Every start is full: one more of any of them finds no bay.
    let late = regular(&store, 999).await;
    for slot in 0..SLOTS {
        let start = at(8, 20 * slot as i64);
        let wish = booking(&late, start, start + SignedDuration::from_hours(1));
        let refused = store.appointments.book(&wish).await;
        assert!(
            matches!(refused, Err(BookingError::SlotTaken)),
            "{refused:?}"
        );
    }
}

pub(crate) async fn racing_calls_for_one_vehicle_book_it_once(store: Store) {
    let ann = regular(&store, 101).await;
    let mut race = JoinSet::new();
    for minute in 0..50 {
        let wish = booking(&ann, at(9, minute), at(10, minute));
        let store = store.clone();
        race.spawn(async move { store.appointments.book(&wish).await });
    }
    let mut made = 0;
    while let Some(done) = race.join_next().await {
        match done.expect("no panic") {
            Ok(_) => made += 1,
            Err(BookingError::VehicleBusy) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made, 1);
}

pub(crate) async fn racing_repeats_of_one_booking_are_one_booking(store: Store) {
    let newcomer = Party::NewCustomer {
        customer: person(142),
        vehicle: sedan(),
    };
    let wish = booking_by(newcomer, at(9, 0), at(10, 0));
    let mut race = JoinSet::new();
    for _ in 0..50 {
        let (store, wish) = (store.clone(), wish.clone());
        race.spawn(async move { store.appointments.book(&wish).await });
    }
    let answers = race.join_all().await;
    let first = answers[0].as_ref().expect("free");
    for answer in &answers {
        assert_eq!(answer.as_ref().expect("the same"), first);
    }
    assert_eq!(store.customers.count().await.expect("readable"), 1);
}

pub(crate) async fn racing_moves_into_one_slot_fill_every_bay_and_no_more(store: Store) {
    let mut race = JoinSet::new();
    for caller in 0..30_u16 {
        let who = regular(&store, 1000 + caller).await;
        let hour = 30 + i64::from(caller);
        let made = booked(&store, &who, at(hour, 0), at(hour + 1, 0)).await;
        let store = store.clone();
        race.spawn(async move {
            store
                .appointments
                .reschedule(made.id, at(9, 0), at(10, 0), BAYS)
                .await
        });
    }
    let mut moved = Vec::new();
    while let Some(done) = race.join_next().await {
        match done.expect("no panic") {
            Ok(appointment) => moved.push(appointment),
            Err(ChangeError::SlotTaken) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let mut bays: Vec<i64> = moved.iter().map(|appointment| appointment.bay).collect();
    bays.sort_unstable();
    assert_eq!(bays, (1..=BAYS).collect::<Vec<_>>());
}

pub(crate) async fn racing_newcomers_with_one_number_are_one_customer(store: Store) {
    let mut race = JoinSet::new();
    for hour in 8..18 {
        let newcomer = Party::NewCustomer {
            customer: person(142),
            vehicle: sedan(),
        };
        let wish = booking_by(newcomer, at(hour, 0), at(hour + 1, 0));
        let store = store.clone();
        race.spawn(async move { store.appointments.book(&wish).await });
    }
    let answers = race.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(store.customers.count().await.expect("readable"), 1);
    let busy = store.appointments.busy("main", at(0, 0), at(24, 0)).await;
    assert_eq!(busy.expect("readable").len(), 1);
}

pub(crate) async fn racing_bookings_and_moves_never_overlap(store: Store) {
    let mut race = JoinSet::new();
    for caller in 0..30_u16 {
        let who = regular(&store, 1000 + caller).await;
        let start = at(9, 0) + SignedDuration::from_mins(15) * i32::from(caller % 8);
        let end = start + SignedDuration::from_hours(1);
        let store = store.clone();
        if caller % 2 == 0 {
            let hour = 30 + i64::from(caller);
            let made = booked(&store, &who, at(hour, 0), at(hour + 1, 0)).await;
            race.spawn(async move {
                let moved = store.appointments.reschedule(made.id, start, end, BAYS);
                match moved.await {
                    Ok(_) | Err(ChangeError::SlotTaken) => {}
                    Err(error) => panic!("{error}"),
                }
            });
        } else {
            let wish = booking(&who, start, end);
            race.spawn(async move {
                match store.appointments.book(&wish).await {
                    Ok(_) | Err(BookingError::SlotTaken) => {}
                    Err(error) => panic!("{error}"),
                }
            });
        }
    }
    race.join_all().await;
    let mut kept = Vec::new();
    let busy = store.appointments.busy("main", at(0, 0), at(100, 0)).await;
    for taken in busy.expect("readable") {
        let appointment = store.appointments.by_id(taken.appointment).await;
        kept.push(appointment.expect("readable").expect("it takes a bay"));
    }
    assert!(kept.len() >= 15, "whoever could not move stays");
    assert_nothing_overlaps(&kept);
}

pub(crate) async fn a_racing_repeat_with_a_new_vehicle_leaves_one_vehicle(store: Store) {
    let ann = regular(&store, 101).await.0;
    let second_car = Party::NewVehicle {
        customer: ann.id,
        vehicle: wagon(),
    };
    let wish = booking_by(second_car, at(9, 0), at(10, 0));
    let mut race = JoinSet::new();
    for _ in 0..20 {
        let (store, wish) = (store.clone(), wish.clone());
        race.spawn(async move { store.appointments.book(&wish).await });
    }
    let answers = race.join_all().await;
    let first = answers[0].as_ref().expect("free");
    for answer in &answers {
        assert_eq!(answer.as_ref().expect("the same"), first);
    }
    let vehicles = store.vehicles.of_customer(ann.id).await;
    assert_eq!(vehicles.expect("readable").len(), 2);
}

/// All callers want an hour from one of the starts, `apart` from each other. Returns who got it.
async fn race(store: &Store, apart: SignedDuration) -> Vec<Appointment> {
    let mut wishes = Vec::new();
    for caller in 0..CALLERS {
        let who = regular(store, 1000 + caller).await;
        let start = at(8, 0) + apart * i32::from(caller % SLOTS as u16);
        wishes.push(booking(&who, start, start + SignedDuration::from_hours(1)));
    }
    let mut race = JoinSet::new();
    for wish in wishes {
        let store = store.clone();
        race.spawn(async move { store.appointments.book(&wish).await });
    }
    let mut made = Vec::new();
    while let Some(done) = race.join_next().await {
        match done.expect("no panic") {
            Ok(appointment) => made.push(appointment),
            Err(BookingError::SlotTaken) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let busy = store.appointments.busy("main", at(0, 0), at(24, 0)).await;
    assert_eq!(busy.expect("readable").len(), made.len());
    made
}

fn assert_nothing_overlaps(appointments: &[Appointment]) {
    let during = |starts_at: Timestamp, ends_at: Timestamp| Interval { starts_at, ends_at };
    for (i, a) in appointments.iter().enumerate() {
        for b in &appointments[i + 1..] {
            let apart = !during(a.starts_at, a.ends_at).overlaps(during(b.starts_at, b.ends_at));
            assert!(apart || a.bay != b.bay, "{a:?} and {b:?}");
        }
    }
}
