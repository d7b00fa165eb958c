use super::*;

const ONE: UtteranceId = UtteranceId(1);
const OPEN: Expectation = Expectation::Open;

/// The agent has fallen silent for a sound at one second.
fn ducked() -> Interjection {
    let mut interjection = Interjection::default();
    interjection.handle_ducked(ONE, Samples::from_ms(1_000));
    interjection
}

fn words(text: &str, to_ms: u64) -> Transcript {
    Transcript {
        text: text.into(),
        second_opinion: None,
        typed: false,
        from: Samples::from_ms(to_ms.saturating_sub(500)),
        to: Samples::from_ms(to_ms),
    }
}

const COMMIT: Order = Order::Commit { utterance: ONE };
const RESUME: Order = Order::Resume { utterance: ONE };

fn heard(interjection: &mut Interjection, text: &str, to_ms: u64) -> (Verdict, Option<Order>) {
    interjection.handle_words(Mono::from_millis(9), words(text, to_ms), OPEN)
}

#[test]
fn words_that_interrupted_nobody_are_a_turn() {
    let mut interjection = Interjection::default();
    let given = heard(&mut interjection, "uh-huh", 1_500);
    assert_eq!(given, (Verdict::Turn(words("uh-huh", 1_500)), None));
}

#[test]
fn a_word_that_may_still_change_takes_the_floor_and_its_turn_waits_for_the_voice_thread() {
    let mut interjection = ducked();
    assert_eq!(interjection.handle_partial("stop", OPEN), Some(COMMIT));
    assert_eq!(interjection.handle_partial("stop it", OPEN), None, "once");
    let given = heard(&mut interjection, "stop it", 1_800);
    assert_eq!(given, (Verdict::Kept, None));
    interjection.handle_barge_in();
    let kept = interjection.handle_decided(ONE).expect("they waited");
    assert_eq!(kept.1, words("stop it", 1_800));
    let given = heard(&mut interjection, "okay", 2_500);
    assert_eq!(given.0, Verdict::Turn(words("okay", 2_500)), "decided");
}

#[test]
fn the_words_of_a_turn_take_the_floor_though_nobody_heard_them_coming() {
    let mut interjection = ducked();
    assert_eq!(
        heard(&mut interjection, "no", 1_400),
        (Verdict::Kept, Some(COMMIT))
    );
    assert!(interjection.handle_decided(ONE).is_some());
}

#[test]
fn an_uh_huh_is_nobodys_turn_and_lets_the_agent_go_on() {
    let mut interjection = ducked();
    assert_eq!(interjection.handle_partial("uh-huh", OPEN), Some(RESUME));
    assert_eq!(
        heard(&mut interjection, "uh-huh", 1_400),
        (Verdict::Backchannel(words("uh-huh", 1_400)), Some(RESUME))
    );
}

#[test]
fn a_yes_that_was_asked_for_is_an_answer() {
    let mut interjection = ducked();
    let order = interjection.handle_partial("uh-huh", Expectation::YesNo);
    assert_eq!(order, Some(COMMIT));
}

#[test]
fn what_begins_like_an_uh_huh_may_become_a_turn() {
    let mut interjection = ducked();
    assert_eq!(interjection.handle_partial("okay", OPEN), Some(RESUME));
    assert_eq!(interjection.handle_partial("okay but", OPEN), Some(COMMIT));
}

#[test]
fn a_sound_without_words_lets_the_agent_go_on() {
    let mut interjection = ducked();
    assert_eq!(interjection.handle_partial("", OPEN), None);
    let order = interjection.handle_nothing(Samples::from_ms(1_700));
    assert_eq!(order, Some(RESUME));
    let given = heard(&mut interjection, "okay", 3_000);
    assert_eq!(given.0, Verdict::Turn(words("okay", 3_000)), "a later turn");
}

#[test]
fn what_was_said_before_the_sound_says_nothing_of_it() {
    let mut interjection = ducked();
    assert_eq!(interjection.handle_nothing(Samples::from_ms(900)), None);
    let given = heard(&mut interjection, "okay", 900);
    assert_eq!(given, (Verdict::Backchannel(words("okay", 900)), None));
    assert_eq!(interjection.handle_partial("wait", OPEN), Some(COMMIT));
}

#[test]
fn a_later_turn_is_not_taken_for_what_an_earlier_sound_was() {
    let mut interjection = ducked();
    interjection.handle_turn_started(Samples::from_ms(1_000));
    assert_eq!(interjection.handle_partial("uh-huh", OPEN), Some(RESUME));
    interjection.handle_turn_started(Samples::from_ms(4_000));
    let given = heard(&mut interjection, "okay", 4_500);
    assert_eq!(given.0, Verdict::Turn(words("okay", 4_500)));
}

#[test]
fn the_voice_thread_may_have_given_the_floor_before() {
    let mut interjection = ducked();
    interjection.handle_barge_in();
    assert_eq!(interjection.handle_partial("uh-huh", OPEN), None);
    let given = heard(&mut interjection, "uh-huh", 2_000);
    assert_eq!(given, (Verdict::Turn(words("uh-huh", 2_000)), None));
}

#[test]
fn two_turns_may_end_before_the_voice_thread_has_obeyed() {
    let mut interjection = ducked();
    heard(&mut interjection, "wait", 1_400);
    let second = heard(&mut interjection, "thursday", 2_400);
    assert_eq!(second.0, Verdict::Turn(words("thursday", 2_400)));
    assert!(interjection.handle_decided(UtteranceId(7)).is_none());
    let first = interjection.handle_decided(ONE).expect("kept");
    assert_eq!(first.1.text, "wait");
}
