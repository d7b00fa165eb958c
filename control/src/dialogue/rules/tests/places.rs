//! Two locations that share their customers.

use super::scene::{End, JOHN, MARIA, Scene, at};
use crate::dialogue::{Question, TransferReason};

#[tokio::test]
async fn a_caller_is_booked_at_the_other_location_by_its_own_hours_and_zone() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.hears("thank you for calling Otto's Auto");
    call.says("i need an oil change").await;
    call.says("can i come to the north shop instead").await;
    call.hears("All right, Otto's North, at 8 Lake Avenue in Lakeside.");
    call.is_asked(Question::When);
    call.says("saturday at nine").await;
    call.hears("closed");
    call.says("tuesday at seven thirty in the morning").await;
    call.hears(
        "That is an oil change at Otto's North, tomorrow, Tuesday, November 24 at 7:30 a.m.",
    );
    call.says("yes").await;
    call.hears("You are booked at Otto's North: oil change");
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].location, "north");
    assert_eq!(booked[0].starts_at, at("2026-11-24T07:30:00-05:00"));
    assert_eq!(booked[0].ends_at, at("2026-11-24T08:15:00-05:00"));
}

#[tokio::test]
async fn the_hours_of_the_other_location_are_told_without_a_booking() {
    let mut call = Scene::beside_another(None).await;
    call.opens().await;
    call.says("what are the hours of your north shop").await;
    call.hears("Monday to Friday we are open from 7:30 a.m. to 5:30 p.m.");
    call.hears("Saturday and Sunday we are closed.");
    assert!(call.answered);
    call.says("and the springfield one").await;
    call.hears("Saturday we are open from 9 a.m. to 3 p.m.");
}

#[tokio::test]
async fn a_time_that_was_named_is_looked_for_at_the_other_location() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.says("an oil change tomorrow at ten").await;
    call.is_asked(Question::Confirm);
    call.says("no make that your other location").await;
    call.hears("That is an oil change at Otto's North, tomorrow, Tuesday, November 24 at 10 a.m.");
    call.says("yes").await;
    assert_eq!(
        call.booked().await[0].starts_at,
        at("2026-11-24T10:00:00-05:00")
    );
}

#[tokio::test]
async fn a_service_that_is_not_done_there_is_asked_for_again() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.says("i need engine diagnostics").await;
    call.says("at the north location please").await;
    call.hears("They do not do that there.");
    call.is_asked(Question::Service);
}

#[tokio::test]
async fn a_full_bay_here_leaves_the_other_location_free() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.somebody_books("2026-11-24T10:00:00-05:00", 60).await;
    call.opens().await;
    call.says("an oil change tomorrow at nine").await;
    call.hears("already taken");
    call.says("what about the north shop").await;
    call.says("tomorrow at ten").await;
    call.says("yes").await;
    assert_eq!(
        call.booked().await.last().expect("booked").location,
        "north"
    );
}

#[tokio::test]
async fn an_appointment_is_moved_within_its_own_location() {
    let mut call = Scene::beside_another(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need to reschedule my appointment",
        "july second nineteen ninety",
    ])
    .await;
    call.is_asked(Question::When);
    call.says("can i come to the north shop").await;
    call.hears("I can move this one only within Otto's Auto.");
    call.is_asked(Question::When);
}

#[tokio::test]
async fn whoever_wants_a_human_gets_one_whatever_place_they_name() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    call.says("let me talk to a human at the north shop").await;
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}

#[tokio::test]
async fn a_question_about_the_other_location_in_the_middle_of_a_booking_is_answered() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    call.says("what are the hours at the north shop").await;
    call.hears("Monday to Friday we are open from 7:30 a.m. to 5:30 p.m.");
    call.is_asked(Question::When);
}

#[tokio::test]
async fn the_location_may_be_named_again_at_the_end() {
    let mut call = Scene::beside_another(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&[
        "an oil change at the north shop tomorrow at ten",
        "at the north shop",
        "the north shop",
        "north shop",
    ])
    .await;
    call.hears("That is an oil change at Otto's North");
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    assert_eq!(call.booked().await[0].location, "north");
}
