//! "I'm not John": the claim is dropped, and with it the name, the vehicles and the record.

use storage::customer::CustomerId;

use super::scene::{JOHN, MARIA, Scene};
use crate::dialogue::Question;
use crate::tools::lookup_customer::{self, Lookup};
use crate::tools::{Answer, Assurance, ToolCall, ToolError, get_upcoming_appointments};

#[tokio::test]
async fn who_is_not_whom_the_number_stands_for_is_a_stranger() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.hears("Hello John");
    call.says("no, I'm not John").await;
    call.hears("I am sorry, I mixed you up.");
    call.is_asked(Question::Help);
    assert_eq!(call.context.assurance(), Assurance::None);
    assert_eq!(call.context.customer(), None);

    // The number finds him no more, in this call.
    let again = ToolCall::LookupCustomer(lookup_customer::Arguments {
        phone_number: JOHN.to_owned(),
    });
    let found = call.run(again).await;
    assert_eq!(found, Ok(Answer::Customer(Lookup::NotFound)));
    let read = ToolCall::GetUpcomingAppointments(get_upcoming_appointments::Arguments {
        customer_id: CustomerId(1),
    });
    assert_eq!(call.run(read).await, Err(ToolError::NobodyBound));
}

#[tokio::test]
async fn a_stranger_at_a_customers_telephone_books_under_a_name_of_their_own() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i'm not john and i need an oil change").await;
    call.hears("mixed you up");
    call.hears_not("John");
    call.is_asked(Question::When);
    call.says("friday at three p m").await;
    call.is_asked(Question::Name);
    call.says("my name is anna bell").await;
    call.is_asked(Question::Vehicle);
    call.says("2021 honda accord").await;
    call.is_asked(Question::Phone);
    call.says("two one seven five five five oh one seven seven")
        .await;
    call.says("i would rather not").await;
    call.is_asked(Question::Confirm);
    call.hears("Anna Bell");
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    let anna = call.customer("+12175550177").await.expect("created");
    assert_eq!(booked[0].customer, anna.id);
    assert_eq!(
        call.vehicles(CustomerId(1)).await.len(),
        1,
        "John's are John's"
    );
}

#[tokio::test]
async fn a_denial_in_the_middle_of_a_booking_keeps_the_wish_and_drops_the_vehicle() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at three p m"])
        .await;
    call.is_asked(Question::Confirm);
    call.says("wait, this is not my account, i'm not john")
        .await;
    call.is_asked(Question::Name);
    assert_eq!(call.context.customer(), None);
    call.says("yes").await;
    assert!(call.booked().await.is_empty());
}

#[tokio::test]
async fn a_denial_while_proof_is_asked_for_reads_nothing() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says("i would like to reschedule my appointment").await;
    call.is_asked(Question::DateOfBirth);
    call.says("i'm not maria").await;
    call.is_asked(Question::Phone);
    call.says("two one seven five five five oh one oh two")
        .await;
    call.hears("I do not find an account");
    call.hears_not("oil change");
}

#[tokio::test]
async fn even_a_verified_caller_may_turn_out_to_be_somebody_else() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "july second nineteen ninety",
    ])
    .await;
    call.hears("You have an oil change");
    call.says("i am not maria, i am her sister").await;
    call.hears_not("oil change");
    assert_eq!(call.context.assurance(), Assurance::None);
    call.says("i need to cancel my appointment").await;
    call.is_asked(Question::Phone);
}
