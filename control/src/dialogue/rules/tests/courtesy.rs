//! Everything around the errands: questions, humans, silence, repair.

use super::scene::{End, JOHN, MARIA, Scene};
use crate::dialogue::{Input, Question, Silence, TransferReason};

#[tokio::test]
async fn hours_and_prices_are_told_without_any_tool() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says("what are your hours").await;
    call.hears("Monday to Friday we are open from 8 a.m. to 6 p.m.");
    call.hears("Saturday we are open from 9 a.m. to 3 p.m.");
    call.hears("Sunday we are closed.");
    call.is_asked(Question::AnythingElse);
    assert!(call.answered);
    call.says("how much is an oil change").await;
    assert!(call.answered);
    call.hears("An oil change is 40 to 80 dollars");
    call.says("are you open on saturday").await;
    call.hears("On Saturday, November 28 we are open from 9 a.m. to 3 p.m.");
    call.says("what are your hours on sunday").await;
    call.hears("We are closed on Sunday, November 29.");
    call.says("how long does an oil change take").await;
    call.hears("about 30 minutes");
    call.says("where are you located").await;
    call.hears("123 Main Street in Springfield");
    call.says("no thank you that is all").await;
    assert_eq!(call.ended, Some(End::HungUp));
    assert!(call.tools.is_empty());
    assert!(call.booked().await.is_empty());
}

#[tokio::test]
async fn a_question_on_the_way_does_not_lose_the_way() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "what are your hours on saturday"])
        .await;
    call.hears("9 a.m. to 3 p.m.");
    call.is_asked(Question::When);
    call.says_in_turn(&["saturday at nine", "how much is an oil change"])
        .await;
    call.is_asked(Question::Confirm);
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn who_asks_for_a_manager_gets_a_human() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i want to speak to a manager").await;
    call.hears("connect you");
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}

#[tokio::test]
async fn a_caller_named_sue_is_not_a_threat() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need an oil change",
        "friday at nine a m",
        "my name is sue walker",
    ])
    .await;
    assert_eq!(call.ended, None);
    call.is_asked(Question::Vehicle);
}

#[tokio::test]
async fn anger_and_complaints_reach_a_human() {
    for (words, reason) in [
        ("this is unacceptable", TransferReason::Upset),
        ("i want to make a complaint", TransferReason::Complaint),
        ("is that covered by the warranty", TransferReason::Complex),
    ] {
        let mut call = Scene::new(Some(JOHN)).await;
        call.opens().await;
        call.says(words).await;
        assert_eq!(call.ended, Some(End::Transferred(reason)), "{words}");
    }
}

#[tokio::test]
async fn zero_reaches_a_human_at_any_time() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    call.presses("0").await;
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}

#[tokio::test]
async fn one_and_two_are_yes_and_no() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at nine a m"])
        .await;
    call.presses("2").await;
    call.is_asked(Question::When);
    call.says("friday at ten a m").await;
    call.presses("1").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn what_repeats_the_last_words() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    let before = call.words();
    call.says("could you repeat that please").await;
    assert_eq!(call.words(), before);
    call.says("what").await;
    assert_eq!(call.words(), before);
}

#[tokio::test]
async fn hold_on_is_acknowledged_and_nothing_is_lost() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "hold on a second"])
        .await;
    call.hears("Take your time.");
    call.says("friday at nine a m").await;
    call.is_asked(Question::Confirm);
    call.says("stop").await;
    call.hears("Take your time.");
    call.says("wait").await;
    call.says("okay").await;
    call.is_asked(Question::Confirm);
    assert!(
        call.booked().await.is_empty(),
        "that okay only ended the wait"
    );
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn start_over_forgets_what_was_said() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at nine a m", "start over"])
        .await;
    call.is_asked(Question::Help);
    call.says("i need a tire rotation").await;
    call.is_asked(Question::When);
}

#[tokio::test]
async fn never_mind_drops_what_is_under_way() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at nine a m", "cancel that"])
        .await;
    call.is_asked(Question::AnythingElse);
    assert!(call.booked().await.is_empty());
}

#[tokio::test]
async fn goodbye_ends_the_call_at_any_time() {
    for before in [
        &[][..],
        &["i need an oil change"],
        &["i need an oil change", "friday at nine a m"],
    ] {
        let mut call = Scene::new(Some(JOHN)).await;
        call.opens().await;
        call.says_in_turn(before).await;
        call.says("goodbye").await;
        assert_eq!(call.ended, Some(End::HungUp));
        assert!(call.booked().await.is_empty());
    }
}

#[tokio::test]
async fn taking_care_of_brakes_is_no_goodbye() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("can you take care of my brakes").await;
    assert_eq!(call.ended, None);
    call.is_asked(Question::When);
}

#[tokio::test]
async fn silence_is_asked_about_and_then_ends_the_call() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.silence(Silence::Prompt).await;
    call.is_asked(Question::StillThere);
    assert_eq!(call.ended, None);
    call.silence(Silence::HangUp).await;
    assert_eq!(call.ended, Some(End::HungUp));
}

#[tokio::test]
async fn a_yes_to_are_you_still_there_books_nothing() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at nine a m"])
        .await;
    call.silence(Silence::Prompt).await;
    call.says("yes").await;
    call.is_asked(Question::Confirm);
    assert!(call.booked().await.is_empty());
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn two_readings_that_differ_are_asked_again_then_otherwise_then_by_a_human() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    call.mumbles("friday at nine a m", "friday at five").await;
    call.hears("Friday at two p.m.");
    call.is_asked(Question::When);
    call.mumbles("friday at nine a m", "friday at five").await;
    call.hears("press zero");
    call.mumbles("friday at nine a m", "friday at five").await;
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::NotUnderstood))
    );
}

#[tokio::test]
async fn two_readings_that_mean_the_same_are_one_answer() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.mumbles("i need an oil change", "i would like an oil change please")
        .await;
    call.is_asked(Question::When);
}

#[tokio::test]
async fn an_understood_turn_forgives_the_earlier_ones() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    for words in ["i need an oil change", "friday at nine a m"] {
        call.input(Input::Unclear).await;
        call.input(Input::Unclear).await;
        call.says(words).await;
    }
    assert_eq!(call.ended, None);
    call.is_asked(Question::Confirm);
}

#[tokio::test]
async fn an_unheard_question_is_asked_again_where_the_words_do_not_answer_it() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.interrupted_after("Hello Maria, thank");
    call.says("hello").await;
    call.is_asked(Question::Help);
    call.says("i need an oil change").await;
    call.interrupted_after("What day");
    call.says("friday at nine a m").await;
    call.is_asked(Question::WhichVehicle);
}

#[tokio::test]
async fn twelve_rounds_of_tools_are_all_answered() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("i need an oil change").await;
    for day in ["tuesday", "wednesday", "friday", "saturday"]
        .iter()
        .cycle()
        .take(12)
    {
        call.says(&format!("{day} morning")).await;
        call.is_asked(Question::When);
        call.hears("I have ");
    }
    assert!(call.tools.len() >= 12);
    call.says_in_turn(&["the first one", "yes", "no thank you that is all"])
        .await;
    call.hears("Goodbye.");
    assert_eq!(call.ended, Some(End::HungUp));
}

#[tokio::test]
async fn a_request_over_the_goodbye_opens_the_conversation_again() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("no thank you that is all").await;
    assert_eq!(call.ended.take(), Some(End::HungUp));
    call.says("wait one more thing").await;
    assert_eq!((call.state(), &call.ended), ("intent_detection", &None));
    assert!(!call.said.is_empty(), "nobody is left in silence");
    call.says("how much is an oil change").await;
    call.hears("40 to 80 dollars");
    call.says("no thank you").await;
    assert_eq!(call.ended.take(), Some(End::HungUp));
    call.says("i need an oil change").await;
    call.is_asked(Question::When);
}

#[tokio::test]
async fn words_that_are_not_understood_over_the_goodbye_are_asked_for_again() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("no thank you that is all").await;
    call.says("zoological bananas").await;
    assert_eq!(call.state(), "intent_detection");
    assert_ne!(call.question(), Question::None);
}

#[tokio::test]
async fn goodbyes_over_the_goodbye_are_left_alone() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("no thank you that is all").await;
    for words in ["bye", "thank you", "no thanks", "thank you goodbye"] {
        call.says(words).await;
        assert_eq!(call.said, [], "after {words:?}");
        assert_eq!(call.state(), "closing");
    }
}
