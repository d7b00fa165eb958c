//! What the outbox towards a calendar holds, and who may carry it over.

use std::time::Duration;

use storage::Store;
use storage::appointment::{AppointmentId, Status};
use storage::calendar::{CalendarTask, EntryState, EventRef, Next, OutboxDepth};
use tokio::task::JoinSet;

use super::scene::{BAYS, at, book, booked, regular};

const LEASE: Duration = Duration::from_secs(60);
/// Over at once.
const NO_LEASE: Duration = Duration::ZERO;

pub(crate) async fn what_is_booked_is_in_the_outbox_once(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let refused = book(&store, &ann, at(9, 0), at(10, 0)).await;
    refused.expect_err("the vehicle is busy");
    assert_eq!(states(&store, made.id).await, [EntryState::Pending]);
    assert_eq!(
        depth(&store).await,
        (1, 0),
        "what is refused leaves no entry"
    );
    let task = claim(&store, LEASE).await.remove(0);
    assert_eq!((task.sequence, task.attempts), (1, 1));
    assert_eq!(task.booking.appointment, made);
    assert_eq!(task.booking.event, None);
    assert!(claim(&store, LEASE).await.is_empty(), "somebody has it");
}

pub(crate) async fn a_booking_repeated_under_its_key_is_no_second_entry(store: Store) {
    let ann = regular(&store, 101).await;
    let wish = super::scene::booking(&ann, at(9, 0), at(10, 0));
    let mut made = None;
    for _ in 0..3 {
        made = store.appointments.book(&wish).await.ok();
    }
    let made = made.expect("booked");
    assert_eq!(states(&store, made.id).await, [EntryState::Pending]);
    assert_eq!(
        claim(&store, LEASE).await[0].booking.key,
        wish.idempotency_key
    );
}

pub(crate) async fn the_newest_change_supersedes_what_nobody_has_begun(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    moved(&store, made.id, 11).await;
    store
        .appointments
        .cancel(made.id, "other")
        .await
        .expect("it can");
    use EntryState::{Pending, Superseded};
    assert_eq!(
        states(&store, made.id).await,
        [Superseded, Superseded, Pending]
    );
    let tasks = claim(&store, LEASE).await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].sequence, 3);
    assert_eq!(tasks[0].booking.appointment.status, Status::Cancelled);
}

pub(crate) async fn one_entry_of_a_booking_is_under_way_at_a_time(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let first = claim(&store, LEASE).await.remove(0);
    moved(&store, made.id, 11).await;
    assert!(
        claim(&store, LEASE).await.is_empty(),
        "the first is under way"
    );
    assert!(done(&store, &first, "v1").await);
    let second = claim(&store, LEASE).await.remove(0);
    assert_eq!(second.sequence, 2);
    assert_eq!(second.booking.appointment.starts_at, at(11, 0));
    let event = second.booking.event.clone().expect("kept");
    assert_eq!(
        (event.id.as_str(), event.etag.as_deref()),
        ("otto1", Some("v1"))
    );
    assert!(done(&store, &second, "v2").await);
    assert_eq!(depth(&store).await, (0, 0));
}

pub(crate) async fn a_failure_is_tried_again_unless_something_newer_waits(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let first = claim(&store, LEASE).await.remove(0);
    let again = Next::RetryAfter(Duration::ZERO);
    assert!(failed(&store, &first, again).await);
    let second = claim(&store, LEASE).await.remove(0);
    assert_eq!(second.attempts, 2);
    assert!(!failed(&store, &first, again).await, "that lease is over");
    assert!(!done(&store, &first, "v0").await, "that lease is over");
    moved(&store, made.id, 11).await;
    assert!(failed(&store, &second, again).await);
    use EntryState::{Pending, Superseded};
    assert_eq!(states(&store, made.id).await, [Superseded, Pending]);
    let third = claim(&store, LEASE).await.remove(0);
    assert!(failed(&store, &third, Next::RetryAfter(LEASE)).await);
    assert!(claim(&store, LEASE).await.is_empty(), "it is not due yet");
}

pub(crate) async fn a_lease_that_ran_out_frees_its_entry(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let dead = claim(&store, NO_LEASE).await.remove(0);
    let heir = claim(&store, NO_LEASE).await.remove(0);
    assert_eq!(heir.attempts, 2);
    assert!(!done(&store, &dead, "v1").await);
    moved(&store, made.id, 11).await;
    let newest = claim(&store, LEASE).await;
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0].sequence, 2, "the heir's lease was over as well");
    assert!(done(&store, &newest[0], "v2").await);
    use EntryState::{Done, Superseded};
    assert_eq!(states(&store, made.id).await, [Superseded, Done]);
}

pub(crate) async fn what_is_given_up_is_seen_until_the_booking_changes(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let task = claim(&store, LEASE).await.remove(0);
    assert!(failed(&store, &task, Next::GiveUp).await);
    assert_eq!(depth(&store).await, (0, 1));
    let letters = store.calendar.dead_letters().await.expect("readable");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].appointment, made.id);
    assert_eq!(
        letters[0].last_error.as_deref(),
        Some("the calendar failed")
    );
    assert!(claim(&store, LEASE).await.is_empty());
    store.calendar.enqueue(made.id).await.expect("writable");
    assert_eq!(depth(&store).await, (1, 0));
    assert_eq!(claim(&store, LEASE).await[0].sequence, 2);
}

pub(crate) async fn what_is_over_is_forgotten(store: Store) {
    let ann = regular(&store, 101).await;
    let early = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let late = booked(&store, &ann, at(30, 0), at(31, 0)).await;
    store
        .calendar
        .tidy(LEASE, at(20, 0))
        .await
        .expect("writable");
    assert_eq!(states(&store, early.id).await, [EntryState::Superseded]);
    assert_eq!(states(&store, late.id).await, [EntryState::Pending]);
    let bookings = store.calendar.bookings(at(20, 0)).await.expect("readable");
    assert_eq!(bookings.len(), 1);
    assert_eq!(bookings[0].appointment, late);
    assert!(bookings[0].underway);
}

pub(crate) async fn racing_workers_never_take_one_entry_twice(store: Store) {
    const BOOKINGS: i64 = 40;
    let ann = regular(&store, 101).await;
    for hour in 0..BOOKINGS {
        booked(&store, &ann, at(hour, 0), at(hour + 1, 0)).await;
    }
    let mut race = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        race.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let tasks = store.calendar.claim(LEASE, 3).await.expect("claimed");
                if tasks.is_empty() {
                    return mine;
                }
                mine.extend(tasks.into_iter().map(|task| task.booking.appointment.id.0));
            }
        });
    }
    let mut taken: Vec<i64> = race.join_all().await.concat();
    // Where one skips what another is taking, it may find nothing and go.
    taken.extend(
        claim(&store, LEASE)
            .await
            .iter()
            .map(|t| t.booking.appointment.id.0),
    );
    taken.sort_unstable();
    let count = taken.len();
    taken.dedup();
    assert_eq!((taken.len(), count), (BOOKINGS as usize, BOOKINGS as usize));
}

async fn claim(store: &Store, lease: Duration) -> Vec<CalendarTask> {
    store.calendar.claim(lease, 100).await.expect("claimed")
}

async fn done(store: &Store, task: &CalendarTask, etag: &str) -> bool {
    let event = EventRef {
        id: "otto1".into(),
        etag: Some(etag.into()),
    };
    let done = store.calendar.done(task, Some(&event)).await;
    done.expect("writable")
}

async fn failed(store: &Store, task: &CalendarTask, next: Next) -> bool {
    let failed = store.calendar.failed(task, "the calendar failed", next);
    failed.await.expect("writable")
}

async fn moved(store: &Store, id: AppointmentId, hour: i64) {
    let moved = store
        .appointments
        .reschedule(id, at(hour, 0), at(hour + 1, 0), BAYS);
    moved.await.expect("free");
}

async fn states(store: &Store, id: AppointmentId) -> Vec<EntryState> {
    let entries = store.calendar.entries(id).await.expect("readable");
    entries.iter().map(|entry| entry.state).collect()
}

async fn depth(store: &Store) -> (u64, u64) {
    let OutboxDepth { pending, dead } = store.calendar.depth().await.expect("readable");
    (pending, dead)
}
