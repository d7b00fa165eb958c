//! The waiting list: who is put on it, and who is not.

use jiff::civil::date;
use storage::vehicle::VehicleId;
use storage::waitlist::WaitState;

use super::scene::{JOHN, MARIA, Scene, at};
use crate::dialogue::Question;

/// A shop with one bay, which is taken all Tuesday.
async fn full_on_tuesday(from: &str) -> Scene {
    let mut call = Scene::one_bay(Some(from)).await.with_waitlist();
    call.somebody_books("2026-11-24T08:00:00-06:00", 120).await;
    call.somebody_books("2026-11-24T10:30:00-06:00", 450).await;
    call.opens().await;
    call
}

#[tokio::test]
async fn a_caller_for_whom_nothing_is_free_is_put_on_the_list_by_a_yes() {
    let mut call = full_on_tuesday(JOHN).await;
    call.says("i need an oil change tomorrow at two").await;
    call.hears("already taken");
    call.is_asked(Question::When);
    call.says("no").await;
    call.hears("Shall I put you on the waiting list for tomorrow, Tuesday, November 24");
    call.is_asked(Question::Confirm);
    let list = call.store.waitlist.clone();
    assert_eq!(
        list.waiting("main", None, 9).await.expect("readable"),
        [],
        "not before a yes"
    );
    call.says("yes please").await;
    call.hears("You are on the waiting list for tomorrow, Tuesday, November 24.");
    call.hears("Nothing is booked yet");
    call.is_asked(Question::AnythingElse);
    let line = list.waiting("main", None, 9).await.expect("readable");
    assert_eq!(line.len(), 1);
    assert_eq!(line[0].vehicle, VehicleId(1));
    assert_eq!(line[0].service, "oil_change");
    assert_eq!(
        (line[0].first_day, line[0].last_day),
        (date(2026, 11, 24), date(2026, 11, 24))
    );
    assert_eq!(line[0].state, WaitState::Waiting);
}

#[tokio::test]
async fn whoever_does_not_want_to_wait_is_asked_for_another_time() {
    let mut call = full_on_tuesday(JOHN).await;
    call.says_in_turn(&["i need an oil change tomorrow at two", "no", "no thanks"])
        .await;
    call.is_asked(Question::When);
    call.says("wednesday at two").await;
    call.is_asked(Question::Confirm);
    assert_eq!(
        call.store
            .waitlist
            .waiting("main", None, 9)
            .await
            .expect("readable"),
        []
    );
}

#[tokio::test]
async fn another_day_said_instead_of_an_answer_counts() {
    let mut call = full_on_tuesday(JOHN).await;
    call.says_in_turn(&["i need an oil change tomorrow at two", "no"])
        .await;
    call.says("wednesday at two then").await;
    call.hears("Wednesday, November 25 at 2 p.m.");
    call.is_asked(Question::Confirm);
}

#[tokio::test]
async fn where_nobody_works_through_the_list_it_is_not_offered() {
    let mut call = Scene::one_bay(Some(JOHN)).await;
    call.somebody_books("2026-11-24T08:00:00-06:00", 120).await;
    call.somebody_books("2026-11-24T10:30:00-06:00", 450).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change tomorrow at two", "no"])
        .await;
    call.hears_not("waiting list");
}

#[tokio::test]
async fn a_time_that_is_offered_to_somebody_is_not_offered_to_another() {
    use storage::customer::CustomerId;
    use storage::waitlist::{NewWait, Offer};
    let mut call = Scene::one_bay(Some(MARIA)).await.with_waitlist();
    let wait = NewWait {
        customer: CustomerId(1),
        vehicle: VehicleId(1),
        location: "main".into(),
        service: "oil_change".into(),
        first_day: date(2026, 11, 25),
        last_day: date(2026, 11, 25),
    };
    let list = call.store.waitlist.clone();
    let wait = list.join(&wait).await.expect("joined");
    let offer = Offer {
        starts_at: at("2026-11-25T09:00:00-06:00"),
        ends_at: at("2026-11-25T09:30:00-06:00"),
        until: at("2026-11-23T09:30:00-06:00"),
    };
    let now = at("2026-11-23T09:00:00-06:00");
    assert!(list.offer(wait.id, &offer, 1, now).await.expect("written"));
    call.opens().await;
    call.says("a brake inspection for the truck on wednesday at nine")
        .await;
    call.hears("already taken");
}
