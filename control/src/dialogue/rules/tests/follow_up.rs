//! Calls of ours after a visit: what its customer hears, and what is done about it.

use storage::appointment::AppointmentId;
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::Outcome;

use super::scene::{End, MARIA, Scene, at};
use crate::dialogue::{Input, Question, TransferReason};
use crate::tools::{ToolCall, ToolError, cancel_appointment, open_follow_up};

/// We call Maria about her oil change, two days after it.
async fn asks_maria() -> Scene {
    let mut call = before_the_call().await;
    call.input(Input::FollowingUp {
        appointment: AppointmentId(1),
    })
    .await;
    call
}

async fn before_the_call() -> Scene {
    let before = Scene::new(Some(MARIA)).await;
    let mut call = before.another_call_after(3 * 24 * 60, Some(MARIA));
    call.follow_up_on(1);
    call
}

#[tokio::test]
async fn whoever_is_content_is_thanked_and_left() {
    let mut call = asks_maria().await;
    call.hears("Hello Maria, this is Sophie, an automated assistant of Otto's Auto.");
    call.hears("your visit: an oil change for your Toyota Camry, on Tuesday, November 24.");
    call.hears("Was everything all right?");
    call.is_asked(Question::AllWell);
    call.says("yes everything was great").await;
    call.hears("I am glad to hear that. Thank you.");
    assert_eq!(call.ended, Some(End::HungUp));
    assert!(call.answered);
    assert_eq!(call.tools, ["open_follow_up"]);
}

#[tokio::test]
async fn a_complaint_hears_an_apology_and_goes_to_a_human() {
    for words in ["no", "it still makes a noise", "i want to make a complaint"] {
        let mut call = asks_maria().await;
        call.says(words).await;
        call.hears("I am sorry about that.");
        let complaint = End::Transferred(TransferReason::Complaint);
        assert_eq!(call.ended, Some(complaint), "{words}");
    }
}

#[tokio::test]
async fn whoever_wants_an_appointment_is_booked() {
    let mut call = asks_maria().await;
    call.says("it was fine and i need a brake inspection on monday at ten")
        .await;
    call.hears("I am glad to hear that.");
    call.is_asked(Question::WhichVehicle);
    call.says("the camry").await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    call.hears("You are booked: brake inspection, Monday, November 30 at 10 a.m.");
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].service, "brake_inspection");
    assert_eq!(booked[0].starts_at, at("2026-11-30T16:00:00Z"));
}

#[tokio::test]
async fn trouble_that_asks_for_a_time_gets_one_and_an_apology() {
    let mut call = asks_maria().await;
    call.says("it still leaks can i bring it in").await;
    call.hears("I am sorry about that.");
    assert_eq!(call.ended, None, "nobody is sent away who wants to come");
}

#[tokio::test]
async fn whoever_wants_no_more_calls_gets_none() {
    let mut call = asks_maria().await;
    call.says("stop calling me").await;
    call.hears("You will get no more calls or messages");
    assert_eq!(call.ended, Some(End::HungUp));
    let phone = Phone::parse(MARIA).expect("a valid number");
    let out = call.store.consents.is_opted_out(&phone, Channel::Voice);
    assert!(out.await.expect("readable"));
    assert_eq!(call.context.reminder_outcome(), Some(Outcome::OptedOut));
}

#[tokio::test]
async fn whoever_was_not_there_is_believed() {
    let mut call = asks_maria().await;
    call.says("i didn't come").await;
    call.hears("Then our book is wrong. I am sorry for the trouble.");
    call.is_asked(Question::Help);
}

#[tokio::test]
async fn somebody_else_is_told_nothing_more() {
    let mut call = asks_maria().await;
    call.says("no, i'm not maria").await;
    call.hears("I called you by mistake");
    call.hears_not("oil change");
    assert_eq!(call.ended, Some(End::HungUp));
    assert_eq!(call.context.customer(), None);
}

#[tokio::test]
async fn a_machine_gets_a_short_message_that_tells_nothing_of_the_visit() {
    let mut call = asks_maria().await;
    call.input(Input::Machine).await;
    call.hears("Hello Maria, this is Otto's Auto. Thank you for coming in.");
    call.hears("please call us at");
    call.hears_not("oil");
    call.is_asked(Question::None);
    assert_eq!(call.ended, Some(End::HungUp));
}

#[tokio::test]
async fn what_does_not_tell_is_asked_again() {
    let mut call = asks_maria().await;
    call.says("the weather").await;
    call.is_asked(Question::AllWell);
    call.says("hello who is this").await;
    call.hears("an automated assistant of Otto's Auto");
    call.is_asked(Question::AllWell);
}

#[tokio::test]
async fn a_visit_opens_nothing_else() {
    let mut call = asks_maria().await;
    let another = AppointmentId(2);
    let arguments = open_follow_up::Arguments {
        appointment_id: another,
    };
    let opened = call.run(ToolCall::OpenFollowUp(arguments)).await;
    assert_eq!(opened, Err(ToolError::NoSuchAppointment));
    let cancel = ToolCall::CancelAppointment(cancel_appointment::Arguments {
        appointment_id: another,
        reason: cancel_appointment::Reason::Other,
    });
    assert_eq!(call.run(cancel).await, Err(ToolError::NotVerified));
}

#[tokio::test]
async fn a_visit_that_was_cancelled_is_not_followed_up() {
    let mut call = before_the_call().await;
    let cancelled = call.store.appointments.cancel(AppointmentId(1), "other");
    cancelled.await.expect("it can be cancelled");
    let appointment = AppointmentId(1);
    call.input(Input::FollowingUp { appointment }).await;
    call.hears("I called you by mistake");
    assert_eq!(call.ended, Some(End::HungUp));
}
