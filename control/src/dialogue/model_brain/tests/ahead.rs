//! What is asked ahead of a turn is what is asked at its end, and changes nothing.

use super::scene::{NOW, Scene, says};
use crate::dialogue::{Brain, Input};
use crate::llm::{Message, Request};

impl Scene {
    /// What the model would be asked if the caller had said this.
    fn thinks_of(&self, words: &str) -> Option<Request> {
        let now = self.location.local(NOW.parse().expect("a time"));
        self.brain.speculate(words, &now)
    }
}

#[tokio::test]
async fn the_question_is_the_one_that_the_turn_asks() {
    let mut scene = Scene::of_john([says("Sure, when?"), says("At nine, then?")]).await;
    for words in ["I need an oil change.", "Tomorrow at nine."] {
        let early = scene.thinks_of(words);
        scene.hears(words).await;
        assert_eq!(early.as_ref(), scene.requests.last(), "{words}");
    }
}

#[tokio::test]
async fn a_thought_leaves_no_trace() {
    let mut scene = Scene::of_john([says("Sure.")]).await;
    for words in ["my card is stolen", "I am not John"] {
        scene.thinks_of(words);
    }
    scene.hears("An oil change, please.").await;
    let request = scene.requests.last().expect("it was asked");
    let told = |message: &&Message| match message {
        Message::User(words) => words.contains("stolen") || words.contains("not John"),
        _ => false,
    };
    assert_eq!(request.messages.iter().find(told), None);
}

#[tokio::test]
async fn how_a_recogniser_spells_makes_no_other_question_and_other_words_do() {
    let scene = Scene::of_john([]).await;
    let early = scene.thinks_of("i need an oil change").expect("asked");
    let same = scene.thinks_of("I need an oil change.").expect("asked");
    let other = scene.thinks_of("I need new tires.").expect("asked");
    assert!(early.asks_the_same_as(&same));
    assert!(!early.asks_the_same_as(&other));
}

#[tokio::test]
async fn what_is_acted_upon_at_once_is_not_thought_about() {
    let mut scene = Scene::of_john([says("Sure.")]).await;
    assert_eq!(scene.thinks_of("Stop calling me."), None);
    scene.silent_answer("I need an oil change.");
    assert_eq!(scene.thinks_of("And tires."), None, "it is being answered");
    let heard = String::new();
    scene.input(Input::Interrupted { heard }).await;
    assert!(scene.thinks_of("And tires.").is_some());
}
