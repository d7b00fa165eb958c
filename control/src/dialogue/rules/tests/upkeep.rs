//! What a vehicle is due for: offered once, to whoever may hear of the record.

use storage::location::{Location, Recall};

use super::scene::{JOHN, Scene};
use crate::dialogue::Question;

async fn verified_john() -> Scene {
    verified(Scene::new(Some(JOHN)).await).await
}

async fn verified(mut call: Scene) -> Scene {
    call.opens().await;
    call.says_in_turn(&[
        "do i have an appointment",
        "march fourteenth nineteen eighty five",
    ])
    .await;
    call
}

#[tokio::test]
async fn a_recall_of_such_vehicles_comes_before_what_is_due() {
    let recalled = |location: &mut Location| {
        location.recalls.push(Recall {
            campaign: "26V-101".to_owned(),
            make: "Honda".to_owned(),
            models: vec!["Accord".to_owned()],
            years: 2020..=2022,
            concerns: "the fuel pump".to_owned(),
        });
    };
    let mut call = verified(Scene::in_a_shop(recalled, Some(JOHN)).await).await;
    call.says("i need a tire rotation on saturday at nine")
        .await;
    call.hears("Vehicles like yours have been recalled, for the fuel pump.");
    call.hears("We look after that at no cost.");
    call.hears_not("oil change");
    call.says("yes please").await;
    call.hears("I will note that you also want a recall repair.");
    call.says("yes").await;
    assert_eq!(
        call.booked().await[0].notes.as_deref(),
        Some("Also asked for: recall repair.")
    );
}

#[tokio::test]
async fn a_verified_caller_is_offered_what_is_due_and_it_is_noted() {
    let mut call = verified_john().await;
    call.says("i need a tire rotation on saturday at nine")
        .await;
    call.hears("By our records your last oil change was 13 months ago.");
    call.hears("Shall I note an oil change for this visit, too?");
    call.is_asked(Question::Confirm);
    call.says("yes please").await;
    call.hears("That is a tire rotation");
    call.hears("I will note that you also want an oil change.");
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(booked[0].service, "tire_rotation");
    assert_eq!(
        booked[0].notes.as_deref(),
        Some("Also asked for: oil change.")
    );
}

#[tokio::test]
async fn a_no_is_heard_once_and_nothing_is_offered_again() {
    let mut call = verified_john().await;
    call.says("i need a tire rotation on saturday at nine")
        .await;
    call.says("no thanks").await;
    call.hears("That is a tire rotation");
    call.hears_not("oil change");
    call.says("yes").await;
    call.says("i need a brake inspection on monday at ten")
        .await;
    call.hears("That is a brake inspection");
    call.hears_not("By our records");
    assert_eq!(call.booked().await[0].notes, None);
}

#[tokio::test]
async fn whoever_is_not_verified_hears_nothing_of_the_history() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i need a tire rotation on saturday at nine")
        .await;
    call.hears("That is a tire rotation");
    call.hears_not("By our records");
    assert!(!call.tools.contains(&"suggest_service"));
}

#[tokio::test]
async fn another_time_said_instead_of_an_answer_counts() {
    let mut call = verified_john().await;
    call.says("i need a tire rotation on saturday at nine")
        .await;
    call.is_asked(Question::Confirm);
    call.says("actually make it ten").await;
    call.hears("That is a tire rotation");
    call.hears("Saturday, November 28 at 10 a.m.");
    call.hears_not("By our records");
}
