//! A model that fails is heard as a sentence of the rules, and asked again at the next turn.

use super::scene::{Scene, breaks_off, runs, says};
use crate::dialogue::{Input, Question};
use pipeline::message::Expectation;

#[tokio::test]
async fn the_rules_answer_the_turn_that_the_model_does_not() {
    let mut scene = Scene::of_john([breaks_off("")]).await;
    scene.hears("I need an oil change.").await;
    assert_eq!(scene.question, Question::When, "{}", scene.words());
    assert_eq!(scene.expects, Expectation::When);
}

#[tokio::test]
async fn rules_whose_question_is_open_go_on_where_they_were() {
    let mut scene = Scene::of_john((0..4).map(|_| breaks_off(""))).await;
    scene.hears("I need an oil change.").await;
    scene.hears("Tomorrow at nine.").await;
    assert_eq!(scene.question, Question::Confirm, "{}", scene.words());
    scene.hears("Yes.").await;
    assert_eq!(scene.question, Question::AnythingElse, "{}", scene.words());
    assert_eq!(scene.appointments_of_john().await.len(), 1);
}

#[tokio::test]
async fn nothing_that_was_said_to_the_model_is_asked_again() {
    let mut scene = Scene::of_john([
        says("Sure, for which day?"),
        says("Thanks, at what time?"),
        breaks_off(""),
    ])
    .await;
    scene.hears("I need an oil change.").await;
    scene.hears("Tomorrow.").await;
    scene.hears("At nine a.m.").await;
    assert_eq!(scene.question, Question::Confirm, "{}", scene.words());
    let words = scene.words();
    assert!(
        words.contains("oil change") && words.contains("9 a.m."),
        "{words}"
    );
}

#[tokio::test]
async fn the_model_leads_again_as_soon_as_it_speaks() {
    let mut scene = Scene::of_john([
        breaks_off(""),
        says("Thanks, nine is free. Shall I book it?"),
    ])
    .await;
    scene.hears("I need an oil change.").await;
    let asked = scene.words();
    scene.hears("Tomorrow at nine.").await;
    assert_eq!(scene.said, ["Thanks, nine is free. Shall I book it?"]);
    assert!(
        scene.told().contains(&asked),
        "it knows what the rules said: {}",
        scene.told()
    );
}

#[tokio::test]
async fn words_that_were_begun_are_finished_by_the_rules() {
    let mut scene = Scene::of_john([breaks_off("Sure, I can help you with")]).await;
    scene.hears("I need an oil change.").await;
    assert_eq!(scene.said[0], "Sure,");
    assert_eq!(scene.said.len(), 2, "{:?}", scene.said);
    assert_eq!(scene.question, Question::When);
}

#[tokio::test]
async fn an_empty_answer_and_endless_tools_are_failures() {
    let mut scene = Scene::of_john([says("")]).await;
    scene.hears("I need an oil change.").await;
    assert_eq!(scene.question, Question::When);

    let look = || runs("", &[("find_vehicle", r#"{"described_as": ""}"#)]);
    let mut scene = Scene::of_john((0..7).map(|_| look())).await;
    scene.hears("I need an oil change.").await;
    assert_eq!(scene.requests.len(), 7);
    assert_eq!(scene.question, Question::When);
}

#[tokio::test]
async fn a_proof_that_was_given_is_not_asked_for_again() {
    let mut scene =
        Scene::of_john([says("Sure, what is your date of birth?"), breaks_off("")]).await;
    scene.hears("I need to cancel my appointment.").await;
    scene.hears("March fourteenth nineteen eighty five.").await;
    assert!(
        scene.tools.contains(&"verify_customer"),
        "{:?}",
        scene.tools
    );
    assert_ne!(scene.question, Question::DateOfBirth, "{}", scene.words());
}

#[tokio::test]
async fn a_late_answer_of_the_model_is_not_spoken() {
    let mut scene = Scene::of_john([breaks_off("")]).await;
    scene.hears("I need an oil change.").await;
    let late = says("Too late, sorry.").remove(0);
    scene.input(Input::Model(late)).await;
    assert!(scene.said.is_empty());
}

#[tokio::test]
async fn what_the_rules_have_booked_is_not_booked_again_when_the_model_fails_later() {
    let fails = || breaks_off("");
    let mut scene = Scene::of_john([
        fails(),
        fails(),
        fails(),
        says("You are welcome. Is there anything else?"),
        fails(),
    ])
    .await;
    for words in ["I need an oil change.", "Tomorrow at nine.", "Yes."] {
        scene.hears(words).await;
    }
    assert_eq!(scene.appointments_of_john().await.len(), 1);
    scene.hears("Thank you.").await;
    scene.hears("When do you open on Monday?").await;
    assert_ne!(scene.question, Question::Confirm, "{}", scene.words());
    assert!(scene.words().contains("8"), "{}", scene.words());
}

#[tokio::test]
async fn a_yes_or_a_no_to_the_model_loses_nothing_when_it_fails() {
    let shall_i = "Nine is free tomorrow. Shall I book your oil change?";
    for (asked, answer) in [
        (shall_i, "Yes."),
        ("Is it for the Honda?", "No."),
        ("Does nine work?", "No."),
    ] {
        let mut scene = Scene::of_john([says(asked), breaks_off("")]).await;
        scene.hears("I need an oil change tomorrow at nine.").await;
        scene.hears(answer).await;
        assert_eq!(scene.ended, None, "{asked} {answer}");
        assert!(
            scene.words().contains("oil change"),
            "{asked}: {}",
            scene.words()
        );
        assert_eq!(scene.appointments_of_john().await, []);
    }
    // A time that was refused is not offered again.
    let mut scene = Scene::of_john([says(shall_i), breaks_off("")]).await;
    scene.hears("I need an oil change tomorrow at nine.").await;
    scene.hears("No.").await;
    assert_eq!(scene.question, Question::When, "{}", scene.words());
}

#[tokio::test]
async fn rules_that_stand_by_outlive_an_interruption_and_a_word_of_a_dying_model() {
    let mut scene = Scene::of_john([
        breaks_off(""),
        breaks_off("Sure, let me"),
        breaks_off("Sure, and"),
    ])
    .await;
    scene.hears("I need an oil change.").await;
    scene.hears("Tomorrow at nine.").await;
    assert_eq!(scene.question, Question::Confirm, "{}", scene.words());
    scene.silent_answer("Yes.");
    let heard = String::new();
    scene.input(Input::Interrupted { heard }).await;
    scene.hears("Please.").await;
    assert_eq!(
        scene.appointments_of_john().await.len(),
        1,
        "{}",
        scene.words()
    );
}
