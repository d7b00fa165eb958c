//! What was booked in this call is its caller's to hear of and to change, and nothing else is.

use storage::appointment::Status;

use super::scene::{End, JOHN, MARIA, Scene, at};
use crate::dialogue::{Question, TransferReason};

const SUE: &str = "+12175550177";

/// Sue Miller is new, and has booked tomorrow at ten.
async fn sue_has_booked() -> Scene {
    let mut call = Scene::new(Some(SUE)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need an oil change tomorrow at ten",
        "sue",
        "miller",
        "twenty twenty honda civic",
        "i would rather not",
        "yes",
    ])
    .await;
    call.hears("You are booked");
    let sue = call.customer(SUE).await.expect("created");
    assert_eq!((&*sue.first_name, &*sue.last_name), ("Sue", "Miller"));
    call
}

#[tokio::test]
async fn a_new_customer_hears_of_the_booking_just_made() {
    let mut call = sue_has_booked().await;
    call.says("when is my appointment").await;
    call.hears("tomorrow, Tuesday, November 24 at 10 a.m.");
    call.is_asked(Question::AnythingElse);
}

#[tokio::test]
async fn a_new_customer_moves_and_cancels_the_booking_just_made() {
    let mut call = sue_has_booked().await;
    call.says("actually make that eleven").await;
    call.hears("I would move your oil change to tomorrow, Tuesday, November 24 at 11 a.m.");
    call.hears_not("You have");
    assert_eq!(
        call.appointment(2).await.starts_at,
        at("2026-11-24T16:00:00Z")
    );
    call.says("yes").await;
    assert_eq!(
        call.appointment(2).await.starts_at,
        at("2026-11-24T17:00:00Z")
    );
    call.says_in_turn(&["cancel that", "something came up", "yes"])
        .await;
    assert_eq!(call.appointment(2).await.status, Status::Cancelled);
    call.says("when is my appointment").await;
    assert_eq!(call.ended, Some(End::Transferred(TransferReason::Complex)));
}

#[tokio::test]
async fn a_new_customer_books_again_without_being_asked_again() {
    let mut call = sue_has_booked().await;
    call.says("i also need a tire rotation on friday at two")
        .await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(booked.len(), 2);
    assert_eq!(booked[0].customer, booked[1].customer);
    assert_eq!(booked[0].vehicle, booked[1].vehicle);
}

#[tokio::test]
async fn who_calls_again_and_cannot_be_verified_is_told_so() {
    let first = sue_has_booked().await;
    let mut call = Scene::with(first.store.clone(), first.location.clone(), Some(SUE));
    call.opens().await;
    call.hears("Hello Sue");
    call.says("when is my appointment").await;
    call.hears("I do not have enough on file for you");
    call.hears_not("November 24");
    assert_eq!(call.ended, Some(End::Transferred(TransferReason::Complex)));
}

#[tokio::test]
async fn a_known_customer_changes_what_was_just_booked_and_proves_for_the_rest() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["my truck needs a tire rotation", "friday at nine", "yes"])
        .await;
    call.says("can you move it to ten").await;
    call.hears("Friday, November 27 at 10 a.m.");
    call.says("yes").await;
    call.says("when is my appointment").await;
    call.is_asked(Question::DateOfBirth);
    call.hears_not("Camry");
}

#[tokio::test]
async fn nothing_is_pointed_at_before_anything_was_booked() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("move it to friday").await;
    call.is_asked(Question::DateOfBirth);
}
