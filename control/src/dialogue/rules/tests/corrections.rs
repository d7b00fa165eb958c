//! Callers who say it in another order, change their mind, or name days as people do.

use super::scene::{JOHN, MARIA, Scene, at};
use crate::dialogue::Question;

async fn call_from(number: &str) -> Scene {
    let mut call = Scene::new(Some(number)).await;
    call.opens().await;
    call
}

#[tokio::test]
async fn a_day_behind_the_make_is_not_its_model() {
    let mut call = call_from(JOHN).await;
    call.says("i need an oil change for my honda tomorrow at ten")
        .await;
    call.hears("for your Honda, tomorrow");
}

#[tokio::test]
async fn after_a_no_only_what_changes_has_to_be_said() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["oil change tomorrow at two", "no"])
        .await;
    call.hears("What would you like to change?");
    call.says("at three").await;
    call.hears("tomorrow, Tuesday, November 24 at 3 p.m.");
    call.says_in_turn(&["no", "no"]).await;
    call.hears("I book nothing");
    call.is_asked(Question::AnythingElse);
    assert_eq!(call.booked().await, []);
}

#[tokio::test]
async fn another_service_may_ride_on_a_no() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["i need an oil change", "no i mean a tire rotation"])
        .await;
    call.says("tomorrow at two").await;
    call.hears("a tire rotation");
    call.says("no that's wrong it should be a brake inspection")
        .await;
    call.hears("a brake inspection, tomorrow, Tuesday, November 24 at 2 p.m.");
    call.says("yes").await;
    assert_eq!(call.booked().await[0].service, "brake_inspection");
}

#[tokio::test]
async fn another_vehicle_may_be_named_instead_of_a_yes() {
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&["i want a tire rotation for the truck", "tomorrow at two"])
        .await;
    call.says("no the toyota").await;
    call.hears("for your Toyota, tomorrow");
    call.says("yes for the toyota").await;
    assert_eq!(call.booked().await[0].vehicle.0, 3);
}

#[tokio::test]
async fn a_model_year_is_no_time_of_day() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&[
        "oil change tomorrow at ten",
        "twenty twenty two subaru outback",
    ])
    .await;
    call.hears("2022 Subaru Outback, tomorrow, Tuesday, November 24 at 10 a.m.");
}

#[tokio::test]
async fn a_weekday_after_an_offer_is_the_offered_one() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["i need an oil change", "next week", "tuesday at ten"])
        .await;
    call.hears("Tuesday, December 1 at 10 a.m.");
}

#[tokio::test]
async fn a_weekday_of_a_week_that_is_counted_is_of_that_week() {
    let mut call = call_from(JOHN).await;
    call.says("oil change in two weeks on tuesday at ten").await;
    call.hears("Tuesday, December 8 at 10 a.m.");
}

#[tokio::test]
async fn a_feast_is_a_day() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["i need an oil change", "what about thanksgiving"])
        .await;
    call.hears("closed on Thursday, November 26 for Thanksgiving Day");
}

#[tokio::test]
async fn the_same_time_next_week_is_that_of_the_appointment() {
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&[
        "move my appointment to the same time next week",
        "july second nineteen ninety",
    ])
    .await;
    call.hears("Tuesday, December 1 at 10 a.m.");
    call.says("yes").await;
    assert_eq!(
        call.appointment(1).await.starts_at,
        at("2026-12-01T16:00:00Z")
    );
}

#[tokio::test]
async fn the_same_time_next_week_is_a_week_on_where_the_appointment_is_next_week() {
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&[
        "move my appointment to next tuesday at ten",
        "july second nineteen ninety",
        "yes",
        "move my appointment to the same time next week",
    ])
    .await;
    call.hears("Tuesday, December 8 at 10 a.m. Shall I move it?");
}

#[tokio::test]
async fn the_same_time_on_another_day_keeps_the_hour() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&[
        "oil change on tuesday at eight",
        "no friday at the same time",
    ])
    .await;
    call.hears("Friday, November 27 at 8 a.m. Shall I book it?");
    call.says_in_turn(&["no", "wednesday at the same time"])
        .await;
    call.hears("Wednesday, November 25 at 8 a.m. Shall I book it?");
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&[
        "En español, por favor.",
        "un cambio de aceite el martes a las ocho",
        "el miércoles a la misma hora",
    ])
    .await;
    call.hears("el miércoles, 25 de noviembre, a las ocho de la mañana. ¿Se la reservo?");
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&[
        "move my appointment to tomorrow at three",
        "july second nineteen ninety",
        "no friday at the same time",
    ])
    .await;
    call.hears("Friday, November 27 at 3 p.m. Shall I move it?");
}

#[tokio::test]
async fn a_day_near_a_feast_is_that_day() {
    let mut call = call_from(JOHN).await;
    call.says("oil change on december twenty fourth at ten")
        .await;
    call.hears("December 24 at 10 a.m.");
    for (words, day) in [
        (
            "no new year's eve at ten",
            "Thursday, December 31 at 10 a.m.",
        ),
        (
            "no the day after christmas at ten",
            "Saturday, December 26 at 10 a.m.",
        ),
        (
            "no the last monday of december",
            "Monday, December 28 at 10 a.m.",
        ),
        (
            "no the day after thanksgiving",
            "Friday, November 27 at 10 a.m.",
        ),
    ] {
        call.says(words).await;
        call.hears(day);
    }
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&[
        "En español, por favor.",
        "un cambio de aceite el último lunes de diciembre a las diez",
    ])
    .await;
    call.hears("el lunes, 28 de diciembre, a las diez de la mañana");
    call.says("no, el día después de navidad").await;
    call.hears("el sábado, 26 de diciembre, a las diez de la mañana");
}

#[tokio::test]
async fn a_day_that_cannot_be_told_is_asked_for_and_no_earlier_one_stands() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&[
        "oil change on december twenty fourth at ten",
        "no the monday after christmas",
    ])
    .await;
    call.hears("I cannot tell which day that is.");
    call.is_asked(Question::When);
    call.says("december twenty eighth").await;
    call.hears("Monday, December 28 at 10 a.m. Shall I book it?");
}

#[tokio::test]
async fn who_cannot_come_wants_another_day_and_not_that_one() {
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&["i can't make it tomorrow", "july second nineteen ninety"])
        .await;
    call.hears("What day and time would you like to come in instead?");
    call.says("tomorrow at ten").await;
    call.hears("That is when it is now.");
}

#[tokio::test]
async fn not_knowing_when_is_answered_with_what_there_is() {
    for words in ["i don't know", "i don't know what do you have"] {
        let mut call = call_from(JOHN).await;
        call.says_in_turn(&["i need an oil change", words]).await;
        call.hears("I have today at 10:30 a.m.");
    }
}

#[tokio::test]
async fn a_yes_to_several_times_hears_them_again() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["oil change tomorrow", "yes"]).await;
    call.hears("8 a.m., 12:30 p.m., or 5:30 p.m. Which would you like?");
}

#[tokio::test]
async fn a_second_service_is_named_before_the_yes() {
    let mut call = call_from(JOHN).await;
    call.says("an oil change and a tire rotation tomorrow at ten")
        .await;
    call.hears("I will note that you also want a tire rotation.");
}

#[tokio::test]
async fn one_question_about_the_hours_may_follow_another() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["are you open on sunday", "what about saturday"])
        .await;
    call.hears("we are open from 9 a.m. to 3 p.m.");
    call.is_asked(Question::AnythingElse);
    call.says_in_turn(&["how much is a brake inspection", "how long does it take"])
        .await;
    call.hears("A brake inspection takes");
}

#[tokio::test]
async fn a_busy_vehicle_is_not_offered_the_same_time_again() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "oil change tomorrow at ten",
        "my name is maria lopez",
        "twenty twenty toyota camry",
        "two one seven five five five oh one oh two",
        "yes",
    ])
    .await;
    call.hears("that time was just taken");
    call.hears_not("10 a.m.");
}

#[tokio::test]
async fn a_birth_date_may_be_typed_before_anybody_offers_it() {
    let mut call = call_from(MARIA).await;
    call.says("when is my appointment").await;
    call.presses("07021990").await;
    call.hears("You have an oil change");
}

#[tokio::test]
async fn a_zero_and_nothing_more_is_still_a_human() {
    let mut call = call_from(MARIA).await;
    call.says("when is my appointment").await;
    call.presses("0").await;
    assert_eq!(call.ended, None);
    call.silence(crate::dialogue::Silence::Prompt).await;
    assert!(call.ended.is_some());
}

#[tokio::test]
async fn yes_to_nothing_leads_to_a_hint_and_then_to_a_human() {
    let mut call = call_from(JOHN).await;
    call.says("yes").await;
    call.hears("You can say, for example, I need an oil change");
    call.says_in_turn(&["yes", "yes"]).await;
    assert!(call.ended.is_some());
}

#[tokio::test]
async fn never_mind_goodbye_ends_the_call() {
    let mut call = call_from(JOHN).await;
    call.says("never mind goodbye").await;
    call.hears("Goodbye");
    assert!(call.ended.is_some());
}

#[tokio::test]
async fn whoever_wants_both_begins_with_one() {
    let mut call = call_from(MARIA).await;
    call.says("tire rotation on friday at ten").await;
    call.is_asked(Question::WhichVehicle);
    call.says("both of them").await;
    call.hears("I can only do one at a time. Which vehicle is it for?");
    call.says("the truck").await;
    call.hears("for your truck");
    call.says_in_turn(&[
        "yes",
        "cancel my appointments",
        "july second nineteen ninety",
    ])
    .await;
    call.is_asked(Question::WhichAppointment);
    for words in ["both", "cancel both", "all of them"] {
        call.says(words).await;
        call.hears("I can only do one at a time. Which one do you mean?");
    }
    call.says("the first one").await;
    call.is_asked(Question::Reason);
    let mut call = call_from(MARIA).await;
    call.says_in_turn(&[
        "En español, por favor.",
        "un cambio de aceite el viernes a las diez",
        "para los dos",
    ])
    .await;
    call.hears("Solo puedo hacer una cosa a la vez. ¿Para qué vehículo es?");
}

#[tokio::test]
async fn tires_are_a_service_of_their_own() {
    let mut call = call_from(JOHN).await;
    call.says_in_turn(&["En español, por favor.", "quiero una cita", "las llantas"])
        .await;
    call.is_asked(Question::When);
    call.says("mañana a las diez").await;
    call.hears("una rotación de llantas");
}
