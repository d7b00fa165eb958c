//! What a caller feels: one speaker at a time, nothing lost, a human when asked for.

use super::scene::{End, Scene, runs, says};
use crate::dialogue::{Input, ModelBrain, Question, Silence, TransferReason};

#[tokio::test]
async fn the_first_clause_leaves_before_the_sentence_is_written() {
    let mut scene =
        Scene::of_john([says("Sure, I can do that. When would you like to come in?")]).await;
    let now = scene
        .location
        .local(super::scene::NOW.parse().expect("a time"));
    scene.hears("Hello.").await;
    // The scene joins clauses; how they leave is seen at the brain itself.
    use crate::dialogue::{Action, Brain};
    use crate::llm::Answer;
    let heard = Input::Heard {
        text: "An oil change.".to_owned(),
        second_opinion: None,
    };
    scene.brain.handle(heard, &now);
    let first = scene
        .brain
        .handle(Input::Model(Answer::Text("Sure,".to_owned())), &now);
    assert_eq!(
        first,
        [Action::Clause {
            text: "Sure,".to_owned(),
            question: Question::None,
            last: false
        }]
    );
}

#[tokio::test]
async fn only_what_was_heard_is_remembered() {
    let mut scene =
        Scene::of_john([says("We open at eight. We close at six."), says("Sure.")]).await;
    scene.hears("When are you open?").await;
    assert!(scene.answered);
    let heard = "We open at eight.".to_owned();
    scene.input(Input::Interrupted { heard }).await;
    scene.hears("Thanks, and on Sunday?").await;
    assert!(
        scene.told().contains("agent: We open at eight.…"),
        "{}",
        scene.told()
    );
    assert!(
        !scene.told().contains("We close at six"),
        "{}",
        scene.told()
    );
}

#[tokio::test]
async fn a_caller_who_goes_on_is_answered_once_to_everything() {
    let mut scene = Scene::of_john([says("Sure, when?"), says("Sure, both. When?")]).await;
    scene.hears("I need an oil change").await;
    let heard = String::new();
    scene.input(Input::Interrupted { heard }).await;
    scene.hears("and a tire rotation").await;
    let told = scene.told();
    assert!(told.contains("caller: I need an oil change\n"), "{told}");
    assert!(told.contains("caller: and a tire rotation"), "{told}");
    assert!(!told.contains("Sure, when?"), "{told}");
}

#[tokio::test]
async fn whoever_wants_a_human_gets_one() {
    let human = r#"{"reason": "requested"}"#;
    let mut scene = Scene::of_john([runs("", &[("transfer_to_human", human)])]).await;
    scene.hears("Let me talk to a person.").await;
    assert_eq!(
        scene.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
    assert!(scene.words().contains("connect you"));

    let mut scene = Scene::of_john([says("Sure, when?")]).await;
    scene.hears("An oil change.").await;
    scene.input(Input::Keypad('0')).await;
    assert_eq!(
        scene.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}

#[tokio::test]
async fn a_number_can_be_typed() {
    let mut scene = Scene::opens(
        None,
        [says("Sure, what is your phone number?"), says("Thanks.")],
    )
    .await;
    scene.hears("An oil change.").await;
    for key in "2175550101".chars() {
        scene.input(Input::Keypad(key)).await;
    }
    assert!(
        scene.told().contains("caller: 2175550101"),
        "{}",
        scene.told()
    );
}

#[tokio::test]
async fn a_line_on_which_nobody_speaks_is_closed_and_words_that_nobody_understood_are_asked_again()
{
    let mut scene = Scene::of_john([says("Sure, when?")]).await;
    scene.hears("An oil change.").await;
    scene.input(Input::Unclear).await;
    assert!(scene.words().contains("did not catch"));
    scene.input(Input::Silence(Silence::Prompt)).await;
    assert_eq!(scene.question, Question::StillThere);
    scene.input(Input::Silence(Silence::HangUp)).await;
    assert_eq!(scene.ended, Some(End::HungUp));
}

#[tokio::test]
async fn a_goodbye_over_our_goodbye_needs_no_answer() {
    let mut scene = Scene::of_john([
        runs("Goodbye, John.", &[("end_call", "{}")]),
        says("Yes, we are open on Saturday."),
    ])
    .await;
    scene.hears("That was all.").await;
    scene.hears("Bye.").await;
    assert!(scene.said.is_empty(), "{}", scene.words());
    scene.hears("Wait, are you open on Saturday?").await;
    assert_eq!(scene.said, ["Yes, we are open on Saturday."]);
}

#[tokio::test]
async fn markup_is_never_heard() {
    let mut scene = Scene::of_john([says("**Sure**, that is `one` thing. 🚗 When?")]).await;
    scene.hears("An oil change.").await;
    assert_eq!(scene.said, ["Sure, that is one thing. When?"]);
}

#[tokio::test]
async fn the_rules_keep_their_own_question_after_a_human_did_not_answer() {
    let mut scene = Scene::of_john([]).await;
    scene.brain = ModelBrain::new(scene.location.clone(), scene.brain.prompt.clone());
    let caller = storage::customer::Phone::parse(super::scene::JOHN).ok();
    scene.input(Input::Returned { caller }).await;
    assert_eq!(scene.question, Question::Confirm, "{}", scene.words());
    scene.hears("Yes.").await;
    assert!(scene.words().contains("call you back"), "{}", scene.words());
    assert!(scene.requests.is_empty(), "no model is asked");
}

#[tokio::test]
async fn whoever_says_that_they_are_there_is_answered() {
    for words in ["Yes.", "Yes, I am still here.", "Okay.", "Yeah, sorry."] {
        let mut scene = Scene::of_john([says("Sure, when?"), says("Good. When, then?")]).await;
        scene.hears("An oil change.").await;
        scene.input(Input::Silence(Silence::Prompt)).await;
        scene.input(Input::Silence(Silence::HangUp)).await;
        scene.hears(words).await;
        assert_eq!(scene.said, ["Good. When, then?"], "{words}");
    }
}

#[tokio::test]
async fn whoever_was_promised_a_human_is_not_talked_out_of_it() {
    let human = r#"{"reason": "requested"}"#;
    let mut scene =
        Scene::of_john([runs("Sure, one moment.", &[("transfer_to_human", human)])]).await;
    scene.hears("Let me talk to a person.").await;
    assert_eq!(
        scene.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
    scene.hears("What is taking so long?").await;
    assert!(scene.said.is_empty() && scene.requests.len() == 1);
}

#[tokio::test]
async fn a_lone_zero_asks_for_a_human_even_where_a_birth_date_may_begin_with_it() {
    let mut scene = Scene::of_john([says("Sure, what is your date of birth?")]).await;
    scene.hears("Cancel my appointment.").await;
    scene.input(Input::Keypad('0')).await;
    assert_eq!(scene.ended, None);
    scene.input(Input::Silence(Silence::Prompt)).await;
    assert_eq!(
        scene.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}
