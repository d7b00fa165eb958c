//! Callers who are new to the book: who they are, and what proves it next time.

use jiff::civil::date;
use storage::Location;
use storage::appointment::Status;
use storage::customer::CustomerId;
use storage::location::Proof;
use storage::vehicle::VehicleId;

use super::scene::{Scene, at};
use crate::dialogue::Question;

/// Sue is new, and says all that a booking needs.
async fn sue_wants_an_oil_change(call: &mut Scene) {
    call.opens().await;
    call.says_in_turn(&[
        "oil change tomorrow at nine",
        "my name is sue miller",
        "twenty twenty honda civic",
    ])
    .await;
}

#[tokio::test]
async fn an_unknown_caller_is_created_together_with_the_booking() {
    let mut call = Scene::new(Some("+12175550177")).await;
    call.opens().await;
    call.hears("Hello, thank you for calling");
    call.says("hello i would like to schedule an oil change")
        .await;
    call.is_asked(Question::When);
    call.says("friday at two p m").await;
    call.is_asked(Question::Name);
    call.says("my name is sarah johnson").await;
    call.is_asked(Question::Vehicle);
    call.says("twenty nineteen toyota camry").await;
    call.hears("So that we can verify you next time, may I have your date of birth?");
    call.is_asked(Question::DateOfBirth);
    call.says("march fourteenth nineteen eighty five").await;
    call.is_asked(Question::Confirm);
    call.hears("Sarah Johnson, born March 14, 1985, at two one seven");
    call.hears("for your 2019 Toyota Camry");
    assert!(
        call.customer("+12175550177").await.is_none(),
        "nobody before a yes"
    );
    call.says("yes").await;
    call.is_asked(Question::AnythingElse);

    let sarah = call.customer("+12175550177").await.expect("created");
    assert_eq!(
        (sarah.first_name.as_str(), sarah.last_name.as_str()),
        ("Sarah", "Johnson")
    );
    assert_eq!(sarah.date_of_birth, Some(date(1985, 3, 14)));
    let vehicles = call.vehicles(sarah.id).await;
    assert_eq!(vehicles.len(), 1);
    assert_eq!(
        (vehicles[0].year, vehicles[0].model.as_str()),
        (2019, "Camry")
    );
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(
        (booked[0].customer, booked[0].vehicle),
        (sarah.id, vehicles[0].id)
    );
    assert_eq!(booked[0].starts_at, at("2026-11-27T20:00:00Z"));
    assert_eq!(call.context.customer(), Some(sarah.id));
}

#[tokio::test]
async fn a_new_customer_is_verified_on_the_next_call_by_what_they_said_on_the_first() {
    let sue = Some("+12175550177");
    let mut first = Scene::new(sue).await;
    sue_wants_an_oil_change(&mut first).await;
    first
        .says_in_turn(&["july second nineteen ninety", "yes"])
        .await;
    first.hears("You are booked");
    let mut next = first.another_call(sue);
    next.opens().await;
    next.hears("Hello Sue");
    next.says("i need to cancel my appointment").await;
    next.is_asked(Question::DateOfBirth);
    next.says("july third nineteen ninety").await;
    next.hears("that does not match our records");
    next.says("july second nineteen ninety").await;
    next.says_in_turn(&["something came up", "yes"]).await;
    next.hears("Your appointment is cancelled.");
    assert_eq!(next.appointment(2).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_date_of_birth_is_asked_for_once_and_need_not_be_said() {
    for answers in [
        &["no"][..],
        &["i would rather not"],
        &["no thank you"],
        &["i don't know"],
        &["why do you ask", "that is private"],
        &["yes", "okay"],
        &["march fourteenth", "two thousand and ninety nine"],
    ] {
        let mut call = Scene::new(Some("+12175550177")).await;
        sue_wants_an_oil_change(&mut call).await;
        call.is_asked(Question::DateOfBirth);
        call.says_in_turn(answers).await;
        call.hears("That is fine. Sue Miller, at");
        call.is_asked(Question::Confirm);
        call.says("yes").await;
        let sue = call.customer("+12175550177").await.expect("is in the book");
        assert_eq!(sue.date_of_birth, None, "{answers:?}");
    }
}

#[tokio::test]
async fn a_date_of_birth_is_not_asked_for_where_it_proves_nothing() {
    let by_address = |location: &mut Location| location.verification.proofs = vec![Proof::Address];
    let mut call = Scene::in_a_shop(by_address, Some("+12175550177")).await;
    sue_wants_an_oil_change(&mut call).await;
    call.is_asked(Question::Confirm);
}

#[tokio::test]
async fn a_withheld_number_is_asked_for_and_read_back() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need a tire rotation",
        "wednesday at ten a m",
        "james brown",
    ])
    .await;
    call.says("it is a twenty twenty ford focus").await;
    call.is_asked(Question::Phone);
    call.says_in_turn(&[
        "two one seven five five five oh one nine nine",
        "i would rather not",
    ])
    .await;
    call.hears("That is fine. James Brown, at two one seven, five five five, zero one nine nine.");
    call.says("yes").await;
    assert!(call.customer("+12175550199").await.is_some());
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn whoever_gives_or_calls_from_a_number_that_costs_extra_is_asked_for_another() {
    for (from, spoken) in [
        (None, "nine hundred five five five oh one nine nine"),
        (None, "eight seven six five five five oh one nine nine"),
        (Some("+18765550199"), ""),
    ] {
        let mut call = Scene::new(from).await;
        call.opens().await;
        call.says_in_turn(&[
            "i need a tire rotation",
            "wednesday at ten a m",
            "james brown",
            "it is a twenty twenty ford focus",
        ])
        .await;
        if from.is_none() {
            call.says(spoken).await;
        }
        call.hears("That is a number that we cannot call or write to.");
        call.is_asked(Question::Phone);
        call.says_in_turn(&[
            "two one seven five five five oh one nine nine",
            "i would rather not",
            "yes",
        ])
        .await;
        assert!(call.customer("+12175550199").await.is_some(), "{spoken}");
        assert_eq!(call.booked().await.len(), 1);
    }
}

#[tokio::test]
async fn a_spoken_number_of_the_callers_own_account_is_used() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need an oil change",
        "friday at nine a m",
        "john carter",
        "twenty twenty one honda accord",
        "two one seven five five five oh one oh one",
        "yes",
    ])
    .await;
    let booked = call.booked().await;
    assert_eq!(
        (booked[0].customer, booked[0].vehicle),
        (CustomerId(1), VehicleId(1))
    );
    assert_eq!(
        call.vehicles(CustomerId(1)).await.len(),
        1,
        "the car is known already"
    );
}

#[tokio::test]
async fn a_spoken_number_of_somebody_else_is_not_used() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need an oil change",
        "friday at nine a m",
        "sarah johnson",
        "twenty twenty one honda accord",
        "two one seven five five five oh one oh one",
    ])
    .await;
    call.is_asked(Question::Phone);
    call.hears_not("John");
    call.says_in_turn(&[
        "two one seven five five five oh one nine eight",
        "i would rather not",
        "yes",
    ])
    .await;
    let sarah = call.customer("+12175550198").await.expect("created");
    assert_eq!(call.booked().await[0].customer, sarah.id);
    assert_eq!(call.context.customer(), Some(sarah.id));
}

#[tokio::test]
async fn long_and_joined_names_are_written_as_they_are_said() {
    for (said, first, last) in [
        ("Mary Ann Van der Berg", "Mary", "Van Der Berg"),
        ("D'Angelo O'Neil-Smith", "D'Angelo", "O'Neil-Smith"),
        ("Jean-Luc Moreau", "Jean-Luc", "Moreau"),
    ] {
        let mut call = Scene::new(None).await;
        call.opens().await;
        call.says_in_turn(&[
            "oil change tomorrow at nine",
            said,
            "twenty twenty toyota camry",
            "two one seven five five five oh one nine nine",
            "i would rather not",
            "yes",
        ])
        .await;
        let customer = call.customer("+12175550199").await.expect("is in the book");
        assert_eq!(
            (customer.first_name, customer.last_name),
            (first.into(), last.into())
        );
    }
}
