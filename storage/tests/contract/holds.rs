//! Times that are held while callers decide: never more of them than there is room for.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use storage::Store;
use storage::hold::{Fence, Held, Wanted};
use storage::slots::Interval;
use tokio::task::JoinSet;

const SHOP: &str = "Otto's Auto";
const LIFE: Duration = Duration::from_secs(60);

pub(crate) async fn a_held_time_is_not_free_for_others(store: Store) {
    let nine = hour(9);
    assert_eq!(holds(&store, "CA1", &[(nine, 1)]).await.intervals, [nine]);
    assert_eq!(others(&store, "CA2").await, [nine]);
    assert_eq!(others(&store, "CA1").await, [], "their own");
    let elsewhere = store.holds.held("Another Shop", day(), "CA2").await;
    assert_eq!(elsewhere.expect("readable"), []);
    let ten = store.holds.held(SHOP, hour(10), "CA2").await;
    assert_eq!(
        ten.expect("readable"),
        [],
        "one may start when another ends"
    );
}

pub(crate) async fn as_many_hold_a_time_as_it_has_room_for(store: Store) {
    let nine = hour(9);
    for (call, held) in [("CA1", 1), ("CA2", 1), ("CA3", 0)] {
        let got = holds(&store, call, &[(nine, 2)]).await;
        assert_eq!(got.intervals.len(), held, "{call}");
    }
    let got = holds(&store, "CA3", &[(nine, 2), (hour(10), 1)]).await;
    assert_eq!(got.intervals, [hour(10)], "what there is room for");
    assert_eq!(holds(&store, "CA4", &[(nine, 0)]).await.intervals, []);
}

pub(crate) async fn a_change_of_mind_frees_what_was_held(store: Store) {
    holds(&store, "CA1", &[(hour(9), 1), (hour(11), 1)]).await;
    holds(&store, "CA1", &[(hour(14), 1)]).await;
    assert_eq!(others(&store, "CA2").await, [hour(14)]);
    holds(&store, "CA1", &[]).await;
    assert_eq!(others(&store, "CA2").await, []);
}

pub(crate) async fn who_decides_between_overlapping_times_takes_one_bay(store: Store) {
    let (nine, half_past) = (hour(9), between(9, 30, 10, 30));
    let got = holds(&store, "CA1", &[(nine, 2), (half_past, 2)]).await;
    assert_eq!(got.intervals, [nine, half_past]);
    assert_eq!(others(&store, "CA2").await, [between(9, 0, 10, 30)]);
    assert_eq!(holds(&store, "CA2", &[(nine, 2)]).await.intervals, [nine]);
}

pub(crate) async fn a_late_release_takes_nothing_newer_away(store: Store) {
    let first = holds(&store, "CA1", &[(hour(9), 1)]).await.fence;
    let second = holds(&store, "CA1", &[(hour(10), 1)]).await.fence;
    assert!(second > first);
    store.holds.release("CA1", first).await.expect("writable");
    assert_eq!(others(&store, "CA2").await, [hour(10)]);
    store
        .holds
        .release("CA2", Fence::LAST)
        .await
        .expect("writable");
    assert_eq!(others(&store, "CA2").await, [hour(10)], "somebody else's");
    store.holds.release("CA1", second).await.expect("writable");
    assert_eq!(others(&store, "CA2").await, []);
}

pub(crate) async fn a_hold_runs_out_by_itself(store: Store) {
    let nine = Wanted {
        interval: hour(9),
        room: 1,
    };
    let life = Duration::from_secs(1);
    let held = store.holds.hold(SHOP, "CA1", &[nine], life).await;
    assert_eq!(held.expect("writable").intervals, [hour(9)]);
    let patience = Instant::now() + Duration::from_secs(30);
    while !others(&store, "CA2").await.is_empty() {
        assert!(Instant::now() < patience, "it is held for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let got = holds(&store, "CA2", &[(hour(9), 1)]).await;
    assert_eq!(got.intervals, [hour(9)], "and is free again");
}

pub(crate) async fn racing_callers_hold_no_more_than_there_is_room_for(store: Store) {
    let mut race = JoinSet::new();
    for n in 0..40 {
        let store = store.clone();
        race.spawn(async move {
            let call = format!("CA{n}");
            let held = holds(&store, &call, &[(hour(9), 3), (hour(10), 1)]).await;
            held.intervals
        });
    }
    let held: Vec<Interval> = race.join_all().await.into_iter().flatten().collect();
    let count = |of: Interval| held.iter().filter(|held| **held == of).count();
    assert_eq!((count(hour(9)), count(hour(10))), (3, 1));
}

async fn holds(store: &Store, call: &str, wanted: &[(Interval, usize)]) -> Held {
    let wanted: Vec<Wanted> = wanted
        .iter()
        .map(|&(interval, room)| Wanted { interval, room })
        .collect();
    let held = store.holds.hold(SHOP, call, &wanted, LIFE).await;
    held.expect("writable")
}

/// What is held by others than this call.
pub(crate) async fn others(store: &Store, call: &str) -> Vec<Interval> {
    let held = store.holds.held(SHOP, day(), call).await;
    held.expect("readable")
}

fn day() -> Interval {
    between(0, 0, 23, 0)
}

fn hour(from: i64) -> Interval {
    between(from, 0, from + 1, 0)
}

fn between(hour: i64, minute: i64, to_hour: i64, to_minute: i64) -> Interval {
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse().expect("an instant");
    let at = |hour: i64, minute: i64| {
        let second = midnight.as_second() + hour * 3_600 + minute * 60;
        Timestamp::from_second(second).expect("an instant")
    };
    Interval {
        starts_at: at(hour, minute),
        ends_at: at(to_hour, to_minute),
    }
}
