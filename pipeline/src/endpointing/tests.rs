//! The table: which sign ends which turn.

use proptest::prelude::*;

use super::Expectation::{Open, Phone, YesNo};
use super::*;

/// Words that may change no more, in a pause of a caller like others.
fn said(text: &str, expectation: Expectation) -> Evidence<'_> {
    Evidence {
        expectation,
        text,
        settled: true,
        stable: true,
        voice: Voice::Pauses,
        slow: false,
    }
}

#[test]
fn an_answer_is_over_at_the_recognisers_end_and_half_a_number_is_not() {
    for (sign, text, expectation, verdict) in [
        (Sign::Endpoint, "yes", YesNo, Verdict::End),
        (Sign::Endpoint, "I need an oil change", Open, Verdict::End),
        (Sign::Endpoint, "I need an", Open, Verdict::Wait),
        (Sign::Endpoint, "five five five", Phone, Verdict::Wait),
        (Sign::Endpoint, "217 555 0142", Phone, Verdict::End),
        (Sign::TurnEnd, "I need an", Open, Verdict::End),
        (Sign::TurnEnd, "five five five", Phone, Verdict::Wait),
        (Sign::UtteranceEnd, "I need an", Open, Verdict::End),
        (Sign::UtteranceEnd, "five five five", Phone, Verdict::Wait),
        (Sign::Wordless, "five five five", Phone, Verdict::End),
        (Sign::EagerEnd, "I need an", Open, Verdict::Likely),
        (Sign::EagerEnd, "five five five", Phone, Verdict::Wait),
        (Sign::News, "217 555 0142", Phone, Verdict::Finish),
        (Sign::News, "five five five", Phone, Verdict::Wait),
        (Sign::Endpoint, "", Open, Verdict::Wait),
    ] {
        assert_eq!(
            judge(sign, &said(text, expectation)),
            verdict,
            "{sign:?} {text:?}"
        );
    }
}

#[test]
fn words_are_likely_whole_once_they_have_been_the_same_in_a_moment_of_silence() {
    let words = said("I need an oil change", Open);
    for (voice, stable, verdict) in [
        (Voice::Speaks, true, Verdict::Wait),
        (Voice::Falters, false, Verdict::Wait),
        (Voice::Falters, true, Verdict::Likely),
        (Voice::Pauses, false, Verdict::Finish),
        (Voice::GoesOn, true, Verdict::Wait),
    ] {
        let known = Evidence {
            voice,
            stable,
            ..words
        };
        assert_eq!(judge(Sign::News, &known), verdict, "{voice:?}");
    }
}

#[test]
fn a_slow_talker_is_waited_for_after_a_whole_sentence_but_not_after_a_yes() {
    let slow = |text, expectation| Evidence {
        slow: true,
        ..said(text, expectation)
    };
    let sentence = slow("I need an oil change", Open);
    assert_eq!(judge(Sign::Endpoint, &sentence), Verdict::Likely);
    assert_eq!(judge(Sign::News, &sentence), Verdict::Likely);
    assert_eq!(judge(Sign::Endpoint, &slow("yes", YesNo)), Verdict::End);
    assert_eq!(
        judge(Sign::Endpoint, &slow("217 555 0142", Phone)),
        Verdict::End
    );
}

proptest! {
    /// Whatever comes: nothing ends a turn without words or one that goes on, no end of the
    /// recogniser's cuts a number, and words that may change end nothing by silence.
    #[test]
    fn no_sign_cuts_a_number_or_a_caller_who_goes_on(
        text in "(five|two|217|yes|and|oil change| ){0,6}",
        sign in prop::sample::select(vec![
            Sign::Endpoint, Sign::TurnEnd, Sign::EagerEnd, Sign::UtteranceEnd, Sign::News,
        ]),
        voice in prop::sample::select(vec![
            Voice::GoesOn, Voice::Speaks, Voice::Falters, Voice::Pauses,
        ]),
        expectation in prop::sample::select(Expectation::ALL.to_vec()),
        (settled, stable, slow) in any::<(bool, bool, bool)>(),
    ) {
        let known = Evidence { expectation, text: &text, settled, stable, voice, slow };
        let verdict = judge(sign, &known);
        if text.is_empty() || voice == Voice::GoesOn {
            prop_assert_eq!(verdict, Verdict::Wait);
        }
        if expects_digits(expectation) && !is_complete(&text, expectation) {
            prop_assert_eq!(verdict, Verdict::Wait);
        }
        if verdict == Verdict::End {
            prop_assert!(settled || sign == Sign::UtteranceEnd);
        }
    }
}
