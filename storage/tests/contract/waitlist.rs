//! The waiting list: who waits, what is offered to whom, and what becomes of it.

use jiff::civil::date;
use storage::Store;
use storage::customer::Customer;
use storage::vehicle::Vehicle;
use storage::waitlist::{NewWait, Offer, Wait, WaitState};

use super::scene::{at, regular};

fn wish(who: &(Customer, Vehicle)) -> NewWait {
    NewWait {
        customer: who.0.id,
        vehicle: who.1.id,
        location: "main".into(),
        service: "oil_change".into(),
        first_day: date(2026, 11, 24),
        last_day: date(2026, 11, 27),
    }
}

async fn waits(store: &Store, last_four: u16) -> Wait {
    let who = regular(store, last_four).await;
    store.waitlist.join(&wish(&who)).await.expect("joined")
}

/// Nine to ten, until eight.
fn offer() -> Offer {
    Offer {
        starts_at: at(9, 0),
        ends_at: at(10, 0),
        until: at(8, 0),
    }
}

async fn state(store: &Store, wait: &Wait) -> WaitState {
    let found = store.waitlist.wait(wait.id).await.expect("readable");
    found.expect("there").state
}

pub(crate) async fn whoever_came_first_waits_first(store: Store) {
    let first = waits(&store, 800).await;
    let second = waits(&store, 801).await;
    assert_eq!(first.state, WaitState::Waiting);
    assert_eq!(first.first_day, date(2026, 11, 24));
    let line = store.waitlist.waiting("main", None, 10).await;
    assert_eq!(line.expect("readable"), [first.clone(), second.clone()]);
    // And whoever comes after many is reached too.
    let one = store.waitlist.waiting("main", None, 1).await;
    assert_eq!(one.expect("readable"), std::slice::from_ref(&first));
    let next = store.waitlist.waiting("main", Some(first.id), 1).await;
    assert_eq!(next.expect("readable"), std::slice::from_ref(&second));
    let nobody = store.waitlist.waiting("main", Some(second.id), 1).await;
    assert_eq!(nobody.expect("readable"), []);
    let elsewhere = store.waitlist.waiting("north", None, 10).await;
    assert_eq!(elsewhere.expect("readable"), []);
}

pub(crate) async fn a_vehicle_waits_once_and_keeps_its_place(store: Store) {
    let who = regular(&store, 810).await;
    let first = store.waitlist.join(&wish(&who)).await.expect("joined");
    waits(&store, 811).await;
    let later = NewWait {
        last_day: date(2026, 12, 4),
        ..wish(&who)
    };
    let again = store.waitlist.join(&later).await.expect("joined");
    assert_eq!((again.id, again.last_day), (first.id, later.last_day));
    let line = store
        .waitlist
        .waiting("main", None, 10)
        .await
        .expect("readable");
    assert_eq!(line.len(), 2);
    assert_eq!(line[0].id, first.id);
    let stranger = regular(&store, 812).await;
    let anothers = NewWait {
        customer: stranger.0.id,
        ..wish(&who)
    };
    assert!(
        store.waitlist.join(&anothers).await.is_err(),
        "not their vehicle"
    );
}

pub(crate) async fn an_offer_stands_for_a_while_and_then_it_is_the_next_ones(store: Store) {
    let first = waits(&store, 820).await;
    let second = waits(&store, 821).await;
    let now = at(7, 0);
    let list = &store.waitlist;
    assert!(
        list.offer(first.id, &offer(), 1, now)
            .await
            .expect("written")
    );
    assert!(
        !list
            .offer(first.id, &offer(), 9, now)
            .await
            .expect("written"),
        "once"
    );
    assert_eq!(list.offers("main", now).await.expect("readable"), [offer()]);
    let theirs = list
        .offered_to(first.customer, now)
        .await
        .expect("readable");
    assert_eq!(theirs.expect("an offer").offer, Some(offer()));
    // One bay is free, and it is spoken for.
    assert!(
        !list
            .offer(second.id, &offer(), 1, now)
            .await
            .expect("written")
    );
    assert_eq!(list.expire(at(7, 59)).await.expect("written"), 0);
    assert_eq!(list.expire(at(8, 0)).await.expect("written"), 1);
    assert_eq!(state(&store, &first).await, WaitState::Expired);
    assert_eq!(
        list.offered_to(first.customer, now)
            .await
            .expect("readable"),
        None
    );
    let later = Offer {
        until: at(8, 30),
        ..offer()
    };
    assert!(
        list.offer(second.id, &later, 1, at(8, 0))
            .await
            .expect("written")
    );
}

pub(crate) async fn an_answer_counts_once(store: Store) {
    let wait = waits(&store, 830).await;
    let list = &store.waitlist;
    let early = list
        .close(wait.id, WaitState::Offered, WaitState::Booked)
        .await;
    assert!(!early.expect("written"), "nothing was offered");
    assert!(
        list.offer(wait.id, &offer(), 1, at(7, 0))
            .await
            .expect("written")
    );
    let answer = |to| list.close(wait.id, WaitState::Offered, to);
    let (yes, no) = tokio::join!(answer(WaitState::Booked), answer(WaitState::Declined));
    let (yes, no) = (yes.expect("written"), no.expect("written"));
    assert!(yes != no, "one of them");
    let settled = if yes {
        WaitState::Booked
    } else {
        WaitState::Declined
    };
    assert_eq!(state(&store, &wait).await, settled);
    assert_eq!(list.expire(at(9, 0)).await.expect("written"), 0);
}

pub(crate) async fn racing_offers_of_one_bay_are_one_offer(store: Store) {
    let mut line = Vec::new();
    for n in 0..8 {
        line.push(waits(&store, 840 + n).await);
    }
    let offers = line.iter().map(|wait| {
        let list = store.waitlist.clone();
        let id = wait.id;
        tokio::spawn(async move { list.offer(id, &offer(), 1, at(7, 0)).await })
    });
    let offers: Vec<_> = offers.collect();
    let mut made = 0;
    for offer in offers {
        made += usize::from(offer.await.expect("no panic").expect("written"));
    }
    assert_eq!(made, 1);
}
