//! Calls of ours: what whoever answers hears, and what becomes of the appointment.

use storage::appointment::{AppointmentId, Status};
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::Outcome;

use super::scene::{End, MARIA, Scene, at};
use crate::dialogue::{Input, Question};
use crate::tools::{
    ToolCall, ToolError, cancel_appointment, get_upcoming_appointments, open_reminder,
};

/// We call Maria about her oil change.
async fn calls_maria() -> Scene {
    let mut call = Scene::new(Some(MARIA)).await;
    call.remind_of(1);
    call.input(Input::Reminding {
        appointment: AppointmentId(1),
    })
    .await;
    call
}

#[tokio::test]
async fn a_customer_who_will_come_is_confirmed() {
    let mut call = calls_maria().await;
    call.hears("Hello Maria, this is Sophie, an automated assistant of Otto's Auto.");
    call.hears("an oil change for your Toyota Camry, tomorrow, Tuesday, November 24 at 10 a.m.");
    call.is_asked(Question::Confirm);
    call.says("yes i will be there").await;
    call.hears("We will see you tomorrow");
    assert_eq!(call.ended, Some(End::HungUp));
    let row = call.appointment(1).await;
    assert_eq!(row.status, Status::Confirmed);
    assert_eq!(row.starts_at, at("2026-11-24T16:00:00Z"));
}

#[tokio::test]
async fn a_customer_who_cannot_come_is_offered_other_times_and_moved_without_proof() {
    let mut call = calls_maria().await;
    call.says("i can't make it later this week").await;
    call.is_asked(Question::When);
    call.hears("Which would you like?");
    call.says("friday at three p m").await;
    call.hears("I would move your oil change to Friday, November 27 at 3 p.m.");
    call.says("yes").await;
    call.hears("is now Friday, November 27 at 3 p.m.");
    let row = call.appointment(1).await;
    assert_eq!(row.starts_at, at("2026-11-27T21:00:00Z"));
    assert_eq!(row.status, Status::Scheduled);
    assert!(call.booked().await.is_empty(), "moved, not booked anew");
    // And once more, which needs no proof either.
    call.says("can you move it to eleven").await;
    call.hears("Friday, November 27 at 11 a.m.");
}

#[tokio::test]
async fn a_bare_no_is_asked_what_to_do() {
    let mut call = calls_maria().await;
    call.says("no").await;
    call.is_asked(Question::MoveOrCancel);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
    call.says("cancel it please").await;
    call.is_asked(Question::Reason);
    call.says("i sold the car").await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    call.hears("is cancelled");
    assert_eq!(call.appointment(1).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_no_to_both_leaves_the_appointment_as_it_is() {
    let mut call = calls_maria().await;
    call.says_in_turn(&["no", "no"]).await;
    call.hears("I will leave it as it is");
    let row = call.appointment(1).await;
    assert_eq!(row.status, Status::Scheduled);
    assert_eq!(row.starts_at, at("2026-11-24T16:00:00Z"));
}

#[tokio::test]
async fn a_hello_over_our_first_words_hears_them_again() {
    let mut call = calls_maria().await;
    call.interrupted_after("Hello Maria,");
    for words in ["hello", "who is this"] {
        call.says(words).await;
        call.hears("an automated assistant of Otto's Auto");
        call.is_asked(Question::Confirm);
    }
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn a_yes_before_the_time_was_heard_confirms_nothing() {
    let mut call = calls_maria().await;
    call.interrupted_after("Hello Maria, this is Sophie,");
    call.says("yes").await;
    call.hears("at 10 a.m.");
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
    call.says("yes").await;
    assert_eq!(call.appointment(1).await.status, Status::Confirmed);
}

#[tokio::test]
async fn whoever_wants_no_more_calls_gets_none_at_once_and_for_good() {
    let mut call = calls_maria().await;
    call.says("stop calling me").await;
    call.hears("You will get no more calls or messages");
    assert_eq!(call.ended, Some(End::HungUp));
    let phone = Phone::parse(MARIA).expect("a valid number");
    for channel in [Channel::Voice, Channel::Sms] {
        let out = call.store.consents.is_opted_out(&phone, channel).await;
        assert!(out.expect("readable"), "{channel:?}");
    }
    assert_eq!(call.context.reminder_outcome(), Some(Outcome::OptedOut));
    let row = call.appointment(1).await;
    assert_eq!(row.status, Status::Scheduled, "the visit itself stands");
}

#[tokio::test]
async fn a_stranger_who_wants_no_more_calls_is_heard_too() {
    let mut call = calls_maria().await;
    call.says("i'm not maria stop calling me").await;
    call.hears("You will get no more calls or messages");
    let phone = Phone::parse(MARIA).expect("a valid number");
    let out = call.store.consents.is_opted_out(&phone, Channel::Voice);
    assert!(out.await.expect("readable"));
}

#[tokio::test]
async fn what_else_the_call_achieves_does_not_hide_what_became_of_its_appointment() {
    let mut call = calls_maria().await;
    call.says_in_turn(&["cancel it please", "i sold the car", "yes"])
        .await;
    call.hears("is cancelled");
    call.says_in_turn(&[
        "i need an oil change for my other car",
        "friday at three p m",
    ])
    .await;
    assert_eq!(call.context.reminder_outcome(), Some(Outcome::Cancelled));
}

#[tokio::test]
async fn a_caller_too_may_want_no_more_calls() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says("please take me off your list").await;
    call.hears("You will get no more calls or messages");
    call.is_asked(Question::AnythingElse);
}

#[tokio::test]
async fn the_wrong_person_is_left_in_peace() {
    let mut call = calls_maria().await;
    call.says("you have the wrong number").await;
    call.hears("I called you by mistake");
    assert_eq!(call.ended, Some(End::HungUp));
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn whoever_answers_and_is_somebody_else_is_told_nothing_more_and_may_change_nothing() {
    let mut call = calls_maria().await;
    call.says("no, i'm not maria").await;
    call.hears("I called you by mistake");
    call.hears_not("oil change");
    assert_eq!(call.ended, Some(End::HungUp));
    assert_eq!(call.context.customer(), None);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn a_machine_gets_the_message_only() {
    let mut call = calls_maria().await;
    call.input(Input::Machine).await;
    call.hears("with a reminder of your appointment: an oil change for your Toyota Camry");
    call.hears("To move or cancel it, please call us at");
    call.is_asked(Question::None);
    assert_eq!(call.ended, Some(End::HungUp));
    // Its own voice, and the beep.
    call.says("yes please leave a message and cancel it").await;
    assert_eq!(call.words(), "");
    assert_eq!(call.tools, ["open_reminder"]);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn an_appointment_that_is_gone_by_now_is_not_reminded_of() {
    let mut call = Scene::new(Some(MARIA)).await;
    let cancelled = call.store.appointments.cancel(AppointmentId(1), "other");
    cancelled.await.expect("it can be cancelled");
    call.remind_of(1);
    let appointment = AppointmentId(1);
    call.input(Input::Reminding { appointment }).await;
    call.hears("I called you by mistake");
    call.hears_not("oil");
    assert_eq!(call.ended, Some(End::HungUp));
}

#[tokio::test]
async fn whoever_answers_may_touch_that_appointment_and_nothing_else() {
    let mut call = calls_maria().await;
    let customer_id = call.customer(MARIA).await.expect("seeded").id;
    let arguments = get_upcoming_appointments::Arguments { customer_id };
    let read = ToolCall::GetUpcomingAppointments(arguments);
    assert_eq!(call.run(read).await, Err(ToolError::NotVerified));
    let another = AppointmentId(2);
    let cancel = ToolCall::CancelAppointment(cancel_appointment::Arguments {
        appointment_id: another,
        reason: cancel_appointment::Reason::Other,
    });
    assert_eq!(call.run(cancel).await, Err(ToolError::NotVerified));
    let arguments = open_reminder::Arguments {
        appointment_id: another,
    };
    let open = call.run(ToolCall::OpenReminder(arguments)).await;
    assert_eq!(open, Err(ToolError::NoSuchAppointment));
}
