//! Customers who book what they have booked already.

use super::scene::{JOHN, MARIA, Scene, at};
use crate::dialogue::Question;

#[tokio::test]
async fn what_was_booked_in_this_call_is_moved_rather_than_booked_twice() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["an oil change on friday at nine", "yes"])
        .await;
    call.says_in_turn(&["i need an oil change on saturday at ten", "yes"])
        .await;
    call.hears("You have an oil change");
    call.hears("I would move your oil change to Saturday, November 28 at 10 a.m.");
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1, "one appointment, moved");
    assert_eq!(booked[0].starts_at, at("2026-11-28T16:00:00Z"));
}

#[tokio::test]
async fn whoever_wants_both_has_both() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["an oil change on friday at nine", "yes"])
        .await;
    call.says_in_turn(&["i need an oil change on saturday at ten", "yes", "no"])
        .await;
    call.hears("This would be another one.");
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 2);
}

#[tokio::test]
async fn whoever_is_not_verified_hears_what_anybody_hears_whatever_is_booked() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["an oil change for my camry on friday at nine", "yes"])
        .await;
    call.hears("You are booked: oil change");
    call.hears_not("already");
    call.hears_not("tomorrow");
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn another_service_or_another_month_is_no_repetition() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["an oil change on friday at nine", "yes"])
        .await;
    call.says_in_turn(&["a tire rotation on saturday at ten", "yes"])
        .await;
    call.hears("You are booked: tire rotation");
    call.says_in_turn(&["an oil change on january twentieth at ten", "yes"])
        .await;
    call.hears("You are booked: oil change");
    assert_eq!(call.booked().await.len(), 3);
}

#[tokio::test]
async fn the_same_time_once_more_is_already_so() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["an oil change on friday at nine", "yes"])
        .await;
    call.says("an oil change on friday at nine").await;
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
}
