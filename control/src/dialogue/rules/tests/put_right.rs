//! What callers say at "shall I book it?" beside a yes or a no: what is about the booking changes
//! it, and nothing else does.

use super::scene::{JOHN, MARIA, Scene, at};
use crate::dialogue::Question;

/// A stranger at the question, on Tuesday at nine.
async fn stranger() -> Scene {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "oil change tomorrow at nine",
        "my name is john smith",
        "twenty twenty toyota camry",
        "two one seven five five five oh one nine nine",
        "march fourteenth nineteen eighty five",
    ])
    .await;
    call.is_asked(Question::Confirm);
    call
}

/// The same in Spanish.
async fn stranger_in_spanish() -> Scene {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "En español, por favor.",
        "necesito un cambio de aceite mañana a las nueve",
        "me llamo Ana Ruiz",
        "un Toyota Camry del dos mil veinte",
        "dos uno siete, cinco cinco cinco, cero uno nueve nueve",
        "no, gracias",
    ])
    .await;
    call.is_asked(Question::Confirm);
    call
}

/// John at the question, on Tuesday at ten.
async fn john() -> Scene {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("oil change tomorrow at ten").await;
    call.is_asked(Question::Confirm);
    call
}

const NINE: &str = "2026-11-24T09:00:00-06:00";
const TEN: &str = "2026-11-24T10:00:00-06:00";

#[tokio::test]
async fn a_number_beside_a_yes_is_the_number_and_no_time() {
    let mut call = stranger().await;
    call.says("yes but my number is two one seven 555 0166")
        .await;
    call.hears("two one seven, five five five, zero one six six");
    call.hears("tomorrow, Tuesday, November 24 at 9 a.m.");
    assert_eq!(call.booked().await, []);
    call.says("yes").await;
    assert_eq!(call.booked().await[0].starts_at, at(NINE));
    assert!(call.customer("+12175550166").await.is_some());
    assert!(call.customer("+12175550199").await.is_none());
}

#[tokio::test]
async fn a_number_is_put_right_in_spanish() {
    let mut call = stranger_in_spanish().await;
    call.says("no, mi número es dos uno siete, cinco cinco cinco, cero uno seis seis")
        .await;
    call.hears("dos uno siete, cinco cinco cinco, cero uno seis seis");
    call.says("sí").await;
    assert_eq!(call.booked().await[0].starts_at, at(NINE));
    assert!(call.customer("+12175550166").await.is_some());
}

#[tokio::test]
async fn a_number_that_is_only_wrong_is_asked_for_again() {
    for words in ["the phone number is wrong", "no that's not my number"] {
        let mut call = stranger().await;
        call.says(words).await;
        call.is_asked(Question::Phone);
        call.says("two one seven five five five oh one six six")
            .await;
        call.hears("zero one six six");
        call.is_asked(Question::Confirm);
    }
    let mut call = stranger_in_spanish().await;
    call.says("el teléfono está mal").await;
    call.is_asked(Question::Phone);
}

#[tokio::test]
async fn a_number_is_put_right_after_a_no_too() {
    let mut call = stranger().await;
    call.says("no").await;
    call.hears("What would you like to change?");
    call.says("my number is two one seven five five five oh one six six")
        .await;
    call.hears("zero one six six");
    call.hears("at 9 a.m. Shall I book it?");
}

#[tokio::test]
async fn a_number_that_cannot_be_is_asked_for_again() {
    let mut call = stranger().await;
    call.says("no my number is one one one one one one one one one one")
        .await;
    call.is_asked(Question::Phone);
}

#[tokio::test]
async fn a_name_beside_the_answer_is_the_name() {
    for words in [
        "no my name is jane doe",
        "my name is jane doe",
        "yes but my name is jane doe not john smith",
    ] {
        let mut call = stranger().await;
        call.says(words).await;
        call.hears("Jane Doe");
        call.hears("at 9 a.m. Shall I book it?");
        assert_eq!(call.booked().await, []);
        call.says("yes").await;
        let customer = call.customer("+12175550199").await.expect("is in the book");
        assert_eq!(customer.last_name, "Doe");
    }
}

#[tokio::test]
async fn a_name_is_put_right_in_spanish() {
    let mut call = stranger_in_spanish().await;
    call.says("no, me llamo Ana Díaz").await;
    call.hears("Ana Díaz");
    call.says("sí").await;
    let customer = call.customer("+12175550199").await.expect("is in the book");
    assert_eq!(customer.last_name, "Díaz");
}

#[tokio::test]
async fn a_name_is_put_right_after_a_no_too() {
    let mut call = stranger().await;
    call.says_in_turn(&["no", "my name is anne bell"]).await;
    call.hears("Anne Bell");
    call.is_asked(Question::Confirm);
    call.says_in_turn(&["no", "the name is wrong"]).await;
    call.is_asked(Question::Name);
}

#[tokio::test]
async fn the_name_that_is_read_back_may_be_said_again() {
    let mut call = stranger().await;
    call.says("yes my name is john smith").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn whoever_has_an_account_books_under_it() {
    let mut call = john().await;
    call.says("no my name is jane doe").await;
    call.hears("What would you like to change?");
}

/// Misheard, it would keep them from being verified next time.
#[tokio::test]
async fn a_date_of_birth_is_read_back_and_put_right() {
    for words in [
        &["no i was born march fifth nineteen eighty five"][..],
        &[
            "the date of birth is wrong",
            "march fifth nineteen eighty five",
        ],
    ] {
        let mut call = stranger().await;
        call.hears("John Smith, born March 14, 1985, at two one seven");
        call.says_in_turn(words).await;
        call.hears("born March 5, 1985");
        call.hears("tomorrow, Tuesday, November 24 at 9 a.m. Shall I book it?");
        call.says("yes").await;
        let john = call.customer("+12175550199").await.expect("is in the book");
        assert_eq!(john.date_of_birth, Some(jiff::civil::date(1985, 3, 5)));
    }
}

#[tokio::test]
async fn when_somebody_leaves_or_arrives_is_no_time_to_come() {
    for words in [
        "yes i can be there by nine forty five",
        "yes i have to leave at twelve",
        "yes my son will bring it he was born in two thousand three",
    ] {
        let mut call = john().await;
        call.says(words).await;
        let booked = call.booked().await;
        assert_eq!(
            booked.first().map(|b| b.starts_at),
            Some(at(TEN)),
            "{words}"
        );
        assert!(call.words().contains("You are booked"), "{words}");
    }
}

#[tokio::test]
async fn a_question_at_the_question_moves_nothing() {
    for words in [
        "will it be done by noon",
        "do i need to stay for it or can i leave at twelve",
    ] {
        let mut call = john().await;
        call.says(words).await;
        call.hears("An oil change takes");
        call.says("yes").await;
        assert_eq!(call.booked().await[0].starts_at, at(TEN), "{words}");
    }
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&[
        "En español, por favor.",
        "un cambio de aceite mañana a las diez",
        "¿estará listo para las doce?",
    ])
    .await;
    call.hears("Un cambio de aceite");
    call.says("sí").await;
    assert_eq!(call.booked().await[0].starts_at, at(TEN));
}

#[tokio::test]
async fn nor_does_one_where_an_appointment_is_moved() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "move my appointment to tomorrow at three",
        "july second nineteen ninety",
    ])
    .await;
    call.hears("at 3 p.m. Shall I move it?");
    call.says("yes i can be there by two forty five").await;
    assert_eq!(
        call.appointment(1).await.starts_at,
        at("2026-11-24T15:00:00-06:00")
    );
}

#[tokio::test]
async fn the_year_of_a_vehicle_is_no_time() {
    let mut call = stranger().await;
    call.says("no it is a 2018 honda civic").await;
    call.hears("2018 Honda Civic, tomorrow, Tuesday, November 24 at 9 a.m.");
    call.says("no it's a twenty nineteen").await;
    call.hears("2019 Honda Civic, tomorrow, Tuesday, November 24 at 9 a.m.");
}

#[tokio::test]
async fn words_beside_a_year_are_no_vehicle() {
    let mut call = stranger().await;
    call.says("my son will bring it he was born in two thousand three")
        .await;
    call.hears("Please say yes or no.");
    call.says("yes").await;
    let customer = call.customer("+12175550199").await.expect("is in the book");
    let vehicles = call.vehicles(customer.id).await;
    assert_eq!(
        (vehicles[0].year, vehicles[0].model.as_str()),
        (2020, "Camry")
    );
}

#[tokio::test]
async fn a_make_that_we_do_not_know_is_taken_where_it_is_asked_for() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "oil change tomorrow at nine",
        "my name is john smith",
        "a 2009 saab nine three",
        "two one seven five five five oh one nine nine",
        "i would rather not",
    ])
    .await;
    call.hears("2009 Saab");
}

#[tokio::test]
async fn a_wrong_vehicle_or_service_is_asked_for_again() {
    let mut call = stranger().await;
    call.says("that is the wrong car").await;
    call.is_asked(Question::Vehicle);
    let mut call = john().await;
    call.says("no that's the wrong service").await;
    call.is_asked(Question::Service);
    call.says("a tire rotation").await;
    call.hears("a tire rotation");
    call.hears("at 10 a.m. Shall I book it?");
}

#[tokio::test]
async fn make_that_one_thirty_is_half_past_one() {
    for words in [
        "make that one thirty",
        "wait make that one thirty",
        "no make it one thirty",
        "actually one thirty",
    ] {
        let mut call = john().await;
        call.says(words).await;
        call.hears("at 1:30 p.m. Shall I book it?");
    }
}
