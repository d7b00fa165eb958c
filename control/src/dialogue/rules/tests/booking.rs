//! Booking: known callers, new ones, times that can and cannot be.

use storage::appointment::Status;
use storage::customer::CustomerId;
use storage::vehicle::{NewVehicle, VehicleId};

use super::scene::{End, JOHN, MARIA, Scene, at};
use crate::dialogue::{Brain as _, Question};
use crate::tools::Assurance;

#[tokio::test]
async fn a_known_caller_books_an_oil_change() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.hears("Hello John, thank you for calling Otto's Auto.");
    call.hears("an automated assistant");
    call.is_asked(Question::Help);
    call.says("i need an oil change").await;
    call.is_asked(Question::When);
    call.says("this saturday at nine").await;
    call.hears("That is an oil change, Saturday, November 28 at 9 a.m.");
    call.is_asked(Question::Confirm);
    assert!(
        call.booked().await.is_empty(),
        "nothing is written before a yes"
    );
    call.says("yes").await;
    call.hears("You are booked: oil change, Saturday, November 28 at 9 a.m.");
    call.is_asked(Question::AnythingElse);
    call.says("no thank you that is all").await;
    call.hears("Goodbye.");
    assert_eq!(call.ended, Some(End::HungUp));

    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].customer, CustomerId(1));
    assert_eq!(booked[0].vehicle, VehicleId(1));
    assert_eq!(booked[0].service, "oil_change");
    assert_eq!(booked[0].status, Status::Scheduled);
    assert_eq!(booked[0].starts_at, at("2026-11-28T15:00:00Z"));
    assert_eq!(booked[0].ends_at, at("2026-11-28T15:30:00Z"));
}

#[tokio::test]
async fn a_claimed_caller_hears_nothing_of_the_record() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    let mut heard = call.words();
    for words in ["i need an oil change", "saturday at nine", "yes"] {
        call.says(words).await;
        heard.push_str(&call.words());
    }
    assert_eq!(call.context.assurance(), Assurance::Claimed);
    for secret in ["Honda", "Accord", "2021", "Elm", "Carter", "1985"] {
        assert!(!heard.contains(secret), "{secret} in {heard:?}");
    }
}

#[tokio::test]
async fn everything_may_be_said_at_once() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i would like an oil change tomorrow at ten thirty in the morning please")
        .await;
    call.hears("tomorrow, Tuesday, November 24 at 10:30 a.m.");
    call.says("yes that is correct").await;
    assert_eq!(call.booked().await[0].starts_at, at("2026-11-24T16:30:00Z"));
}

#[tokio::test]
async fn the_truck_is_the_right_one_of_two_vehicles() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["my truck needs an oil change", "friday at nine a m"])
        .await;
    call.is_asked(Question::Confirm);
    call.hears("for your truck");
    call.says("yes").await;
    assert_eq!(call.booked().await[0].vehicle, VehicleId(2));
}

#[tokio::test]
async fn of_two_vehicles_it_is_asked_which_is_meant() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["i need a tire rotation", "friday at nine a m"])
        .await;
    call.is_asked(Question::WhichVehicle);
    call.hears_not("Ford");
    call.says("the first one").await;
    call.is_asked(Question::WhichVehicle);
    call.says("the toyota").await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    assert_eq!(call.booked().await[0].vehicle, VehicleId(3));
}

#[tokio::test]
async fn a_vehicle_not_on_file_is_added_with_its_booking() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["my truck needs an oil change", "friday at nine a m"])
        .await;
    call.is_asked(Question::Vehicle);
    call.says("twenty eighteen ford f one fifty").await;
    call.hears("for your 2018 Ford F-150");
    assert_eq!(call.vehicles(CustomerId(1)).await.len(), 1);
    call.says("yes").await;
    let vehicles = call.vehicles(CustomerId(1)).await;
    assert_eq!(vehicles.len(), 2);
    assert_eq!(call.booked().await[0].vehicle, vehicles[1].id);
}

#[tokio::test]
async fn whoever_has_brought_a_second_vehicle_is_asked_which_one_the_next_visit_is_for() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&[
        "my truck needs an oil change",
        "friday at nine a m",
        "twenty eighteen ford f one fifty",
        "yes",
        "i need new brakes next friday at nine",
    ])
    .await;
    call.is_asked(Question::WhichVehicle);
    call.says_in_turn(&["the truck", "yes"]).await;
    assert_eq!(call.booked().await.len(), 2);
}

#[tokio::test]
async fn a_vehicle_that_somebody_else_brought_meanwhile_is_asked_about_too() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    let truck = NewVehicle {
        year: 2018,
        make: "Ford".into(),
        model: "F-150".into(),
        vin: None,
    };
    let added = call.store.vehicles.add(CustomerId(1), &truck).await;
    added.expect("theirs");
    call.says_in_turn(&["i need an oil change", "friday at nine a m"])
        .await;
    call.is_asked(Question::WhichVehicle);
}

#[tokio::test]
async fn a_correction_of_the_day_keeps_the_hour() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at two p m"])
        .await;
    call.is_asked(Question::Confirm);
    call.says("no wednesday").await;
    call.hears("Wednesday, November 25 at 2 p.m.");
    call.is_asked(Question::Confirm);
    assert!(call.booked().await.is_empty());
    call.says("yes").await;
    assert_eq!(call.booked().await[0].starts_at, at("2026-11-25T20:00:00Z"));
}

#[tokio::test]
async fn a_no_asks_for_another_time_and_writes_nothing() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at two p m", "no"])
        .await;
    call.is_asked(Question::When);
    call.says("saturday at ten a m").await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    assert_eq!(call.booked().await[0].starts_at, at("2026-11-28T16:00:00Z"));
}

#[tokio::test]
async fn the_day_and_the_time_may_come_one_by_one() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "at ten"]).await;
    call.hears("What day");
    call.says("friday").await;
    call.hears("Friday, November 27 at 10 a.m.");
    call.is_asked(Question::Confirm);
}

#[tokio::test]
async fn a_day_alone_is_answered_with_times_to_choose_from() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday morning"])
        .await;
    call.hears("I have Friday, November 27 at 8 a.m.");
    call.is_asked(Question::When);
    call.says("the first one").await;
    call.hears("Friday, November 27 at 8 a.m.");
    call.is_asked(Question::Confirm);
}

#[tokio::test]
async fn the_earliest_is_offered_and_a_yes_takes_it() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "the earliest you have tomorrow"])
        .await;
    call.hears("tomorrow, Tuesday, November 24 at 8 a.m. Does that work for you?");
    call.says("that works").await;
    call.is_asked(Question::Confirm);
    assert!(call.booked().await.is_empty(), "choosing is not agreeing");
    call.says("yes please").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn impossible_times_are_refused_with_a_reason_and_alternatives() {
    for (service, wish, why) in [
        ("an oil change", "sunday at ten", "We are closed on Sunday"),
        ("an oil change", "thursday at ten", "for Thanksgiving Day"),
        (
            "an oil change",
            "friday at eight p m",
            "we are open from 8 a.m. to 6 p.m.",
        ),
        (
            "new brakes",
            "friday at five thirty p m",
            "takes an hour and a half, and we close at 6 p.m.",
        ),
        ("an oil change", "today at eight a m", "today"),
        ("an oil change", "today at nine thirty a m", "too soon"),
        (
            "an oil change",
            "friday at ten ten a m",
            "exactly that time",
        ),
    ] {
        let mut call = Scene::new(Some(JOHN)).await;
        call.opens().await;
        call.says_in_turn(&[&format!("i need {service}"), wish])
            .await;
        call.hears(why);
        call.hears("I have ");
        call.is_asked(Question::When);
        call.says("yes").await;
        assert!(call.booked().await.is_empty(), "{wish} was booked");
    }
}

#[tokio::test]
async fn a_taken_time_is_answered_with_the_nearest_free_ones() {
    let mut call = Scene::one_bay(Some(JOHN)).await;
    call.somebody_books("2026-11-27T20:00:00Z", 30).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at two p m"])
        .await;
    call.hears("already taken");
    call.hears("1:30 p.m.");
    call.hears("2:30 p.m.");
    call.says("two thirty").await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(
        booked.last().expect("booked").starts_at,
        at("2026-11-27T20:30:00Z")
    );
}

#[tokio::test]
async fn of_two_callers_for_one_slot_the_second_is_offered_others() {
    let mut first = Scene::one_bay(Some(JOHN)).await;
    let mut second = Scene::with(first.store.clone(), first.location.clone(), Some(MARIA));
    second.context =
        crate::tools::CallContext::new("CA0002", second.context.claimed_number().cloned());
    first.opens().await;
    second.opens().await;
    first
        .says_in_turn(&["i need an oil change", "friday at two p m"])
        .await;
    second
        .says_in_turn(&["my truck needs an oil change", "friday at two p m"])
        .await;
    first.is_asked(Question::Confirm);
    second.is_asked(Question::Confirm);
    first.says("yes").await;
    first.hears("You are booked");
    second.says("yes").await;
    second.hears("just taken");
    second.is_asked(Question::When);
    second.says("the second one").await;
    second.is_asked(Question::Confirm);
    second.says("yes").await;
    second.hears("You are booked");
    let booked = first.booked().await;
    assert_eq!(booked.len(), 2);
    assert!(booked[0].ends_at <= booked[1].starts_at || booked[1].ends_at <= booked[0].starts_at);
}

#[tokio::test]
async fn a_yes_to_a_time_that_was_not_heard_is_no_yes() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at two p m"])
        .await;
    call.interrupted_after("That is an oil");
    call.says("yes").await;
    call.is_asked(Question::Confirm);
    call.hears("2 p.m.");
    assert!(call.booked().await.is_empty());
    call.interrupted_after("That is an oil change, Friday, November 27 at 2 p.m. Shall");
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn two_bookings_in_one_call_are_two_rows() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    for (service, day) in [
        ("i need an oil change", "wednesday at nine a m"),
        ("i need a tire rotation", "friday at nine a m"),
    ] {
        call.says_in_turn(&[service, day, "yes"]).await;
        call.is_asked(Question::AnythingElse);
    }
    assert_eq!(call.booked().await.len(), 2);
}

#[tokio::test]
async fn services_in_one_breath_are_noted() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need an oil change and a tire rotation",
        "friday at nine a m",
        "yes",
    ])
    .await;
    let booked = call.booked().await;
    assert_eq!(booked[0].service, "oil_change");
    assert_eq!(
        booked[0].notes.as_deref(),
        Some("Also asked for: tire rotation.")
    );
}

#[tokio::test]
async fn nothing_but_a_yes_books() {
    for words in [
        "maybe",
        "i am not sure",
        "hello",
        "thank you",
        "how much is it",
        "no",
    ] {
        let mut call = Scene::new(Some(JOHN)).await;
        call.opens().await;
        call.says_in_turn(&["i need an oil change", "friday at nine a m"])
            .await;
        call.is_asked(Question::Confirm);
        call.says(words).await;
        assert_eq!(call.booked().await, [], "after {words:?}");
    }
}

#[tokio::test]
async fn what_is_offered_and_what_is_chosen_is_the_callers_to_decide_about_until_it_is_booked() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    let starts = |call: &Scene| {
        let offer = call.brain.deciding();
        offer.map_or(Vec::new(), |offer| {
            assert_eq!(offer.service, "oil_change");
            let starts = offer.starts.iter();
            starts
                .map(|at| at.strftime("%a %H:%M").to_string())
                .collect()
        })
    };
    assert!(starts(&call).is_empty());
    call.says("i need an oil change on friday").await;
    assert_eq!(starts(&call).len(), 3, "the three times that were named");
    call.says("nine o'clock").await;
    call.is_asked(Question::Confirm);
    assert_eq!(starts(&call), ["Fri 09:00"]);
    call.says("no, make it eleven").await;
    assert_eq!(starts(&call), ["Fri 11:00"], "and no longer nine");
    call.says("yes").await;
    assert!(starts(&call).is_empty(), "booked");
}
