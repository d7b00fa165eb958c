//! Any inputs, in any order: no panic, no dead end, no write without a yes.

use proptest::prelude::*;

use super::scene::{JOHN, MARIA, Scene};
use crate::dialogue::{Input, Silence};

/// What callers say, apt or not.
const WORDS: &[&str] = &[
    "i need an oil change",
    "my truck needs new brakes",
    "i would like to reschedule my appointment",
    "i need to cancel my appointment",
    "do i have an appointment",
    "friday at nine a m",
    "sunday",
    "the first one",
    "the earliest you have",
    "tomorrow afternoon",
    "yes",
    "no",
    "no wednesday",
    "okay",
    "july second nineteen ninety",
    "march fourteenth nineteen eighty five",
    "my name is sarah johnson",
    "sarah",
    "twenty nineteen toyota camry",
    "the truck",
    "two one seven five five five oh one seven seven",
    "two one seven five five five oh one oh two",
    "i sold the car",
    "what are your hours",
    "how much is an oil change",
    "what",
    "wait",
    "start over",
    "cancel that",
    "i would rather not",
    "thank you",
    "hello",
    "mumble mumble",
    "",
];

fn input() -> impl Strategy<Value = Input> {
    let heard = |text: &'static str, other: Option<&'static str>| Input::Heard {
        text: text.to_owned(),
        second_opinion: other.map(str::to_owned),
    };
    prop_oneof![
        12 => proptest::sample::select(WORDS).prop_map(move |text| heard(text, None)),
        6 => proptest::sample::select(&["yes", "no", "friday at nine a m"][..])
            .prop_map(move |text| heard(text, None)),
        1 => (proptest::sample::select(WORDS), proptest::sample::select(WORDS))
            .prop_map(move |(a, b)| heard(a, Some(b))),
        1 => "\\PC{0,30}".prop_map(|text| Input::Heard { text, second_opinion: None }),
        1 => Just(Input::Unclear),
        1 => Just(Input::Silence(Silence::Prompt)),
        1 => proptest::char::range('1', '9').prop_map(Input::Keypad),
        1 => "[a-zA-Z ]{0,20}".prop_map(|heard| Input::Interrupted { heard }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The scene itself refuses a write that no yes to a confirmation has asked for.
    #[test]
    fn whatever_is_said_ends_well(
        from in proptest::sample::select(&[None, Some(JOHN), Some(MARIA), Some("+12175550177")][..]),
        inputs in proptest::collection::vec(input(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut call = Scene::new(from).await;
            call.opens().await;
            for input in inputs {
                let answerable = !matches!(input, Input::Interrupted { .. } | Input::Keypad(_));
                call.input(input).await;
                if call.ended.is_some() {
                    break;
                }
                if answerable {
                    prop_assert!(!call.said.is_empty(), "dead air in {}", call.state());
                }
            }
            Ok(())
        })?;
    }
}
