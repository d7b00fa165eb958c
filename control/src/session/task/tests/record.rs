//! What the log and the feed of a call hold: what was heard, how long it took, and nothing personal.

use super::*;

#[tokio::test]
async fn who_hears_the_answer_and_hangs_up_was_answered() {
    for (came_across, outcome) in [(true, Outcome::Answered), (false, Outcome::Abandoned)] {
        let mut call = Call::greeted(polite).await;
        call.says("hours");
        let (answer, _) = call.said().await;
        if came_across {
            call.heard(answer);
        }
        let (log, _) = call.ended(EndReason::CallerHungUp).await;
        assert_eq!(log.outcome, outcome, "heard: {came_across}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_answer_that_had_to_be_said_twice_is_an_answer() {
    let mut call = Call::greeted(polite).await;
    call.says("hours");
    let (lost, _) = call.said().await;
    call.event(EventKind::SpeechFailed {
        edge: pipeline::message::SpeechEdge::Tts,
        utterance: Some(lost),
        reason: "the engine died".to_owned(),
    });
    let (answer, text) = call.said().await;
    assert_eq!(text, "Nine to five.");
    call.heard(answer);
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    assert_eq!(log.outcome, Outcome::Answered);
    let lines: Vec<&str> = log.transcript.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(lines, ["Hello there.", "hours", "Nine to five."]);
}

#[tokio::test]
async fn what_was_not_heard_is_not_in_the_transcript() {
    let mut call = Call::begin(|input| match input {
        Input::Opened { .. } => vec![say("First sentence. Second sentence.")],
        _ => Vec::new(),
    })
    .await;
    let (utterance, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance });
    let second = Samples::from_ms(1_000);
    for clause in [0, 1] {
        call.event(EventKind::ClauseSynthesised {
            utterance,
            clause,
            samples: second,
        });
    }
    call.event(EventKind::BargeIn {
        utterance,
        heard: second,
        reaction: Duration::from_millis(30),
    });
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    assert_eq!(log.transcript.len(), 1);
    assert_eq!(log.transcript[0].text, "First sentence.");
    assert_eq!(log.transcript[0].speaker, Speaker::Agent);
}

#[tokio::test]
async fn a_turn_is_timed_from_the_end_of_speech_to_the_first_answer_heard() {
    let mut call = Call::greeted(polite).await;
    // Late enough in the process's life that the pause before it lies in it too.
    tokio::time::sleep(Duration::from_secs(1)).await;
    call.says("two words");
    let (answer, _) = call.said().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    call.heard(answer);
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    assert_eq!(log.turns.len(), 1);
    let turn = log.turns[0];
    assert_eq!(turn.endpoint_ms, Some(500.0));
    let heard = turn.first_heard_ms.expect("heard");
    assert!((600.0..620.0).contains(&heard), "{heard}");
}

#[tokio::test]
async fn a_date_of_birth_reaches_neither_feed_nor_log() {
    let mut call = Call::begin(|input| match input {
        Input::Opened { .. } => vec![Action::Expect(Expectation::DateOfBirth), say("When?")],
        _ => Vec::new(),
    })
    .await;
    let (question, _) = call.said().await;
    call.heard(question);
    call.says("march fourteenth nineteen eighty five");
    let feed = call.calls.feed(&call.sid).expect("a feed");
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    let lines: Vec<_> = futures_util::StreamExt::collect(feed.follow(0)).await;
    let all = format!("{lines:?} {log:?}");
    assert!(!all.contains("eighty"), "{all}");
    assert!(all.contains("[date of birth]"), "{all}");
}

#[tokio::test]
async fn the_feed_ends_with_how_the_call_ended() {
    let mut call = Call::begin(polite).await;
    call.said().await;
    let feed = call.calls.feed(&call.sid).expect("a feed");
    call.ended(EndReason::CallerHungUp).await;
    let lines: Vec<crate::feed::Numbered> = futures_util::StreamExt::collect(feed.follow(0)).await;
    assert!(matches!(lines[0].line.what, FeedEvent::Started { .. }));
    let last = &lines.last().expect("lines").line.what;
    assert!(matches!(
        last,
        FeedEvent::Ended {
            outcome: Outcome::Abandoned,
            ..
        }
    ));
}
