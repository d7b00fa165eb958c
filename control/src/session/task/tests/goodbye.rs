//! A good-bye is heard to its end, and whoever has more to say may say it.

use super::*;

#[tokio::test]
async fn the_line_stays_open_until_the_good_bye_was_heard() {
    let mut call = Call::greeted(polite).await;
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance: goodbye });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(call.commands.try_recv().is_err(), "not hung up in mid-word");
    call.heard(goodbye);
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(
        log.outcome,
        Outcome::Abandoned,
        "nothing was asked or settled"
    );
    assert_eq!(ending, Some(Ending::HungUp));
    let lines: Vec<&str> = log.transcript.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(lines, ["Hello there.", "bye", "Good-bye."]);
}

#[tokio::test]
async fn words_that_arrive_before_the_good_bye_sounds_keep_the_line_open_too() {
    let mut call = Call::greeted(polite).await;
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.says("one more thing");
    let (more, _) = call.said().await;
    call.heard(goodbye);
    call.heard(more);
    let heard = Instant::now();
    let (_, text) = call.said().await;
    assert_eq!(text, "Are you still there?", "the line is open");
    assert_eq!(heard.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn words_spoken_over_the_good_bye_keep_the_line_open() {
    let mut call = Call::greeted(polite).await;
    interrupts_the_good_bye(&mut call).await;
    call.says("one more thing");
    let (_, text) = call.said().await;
    assert_eq!(text, "one more thing");
}

#[tokio::test]
async fn a_cough_over_the_good_bye_ends_the_call_all_the_same() {
    let mut call = Call::greeted(polite).await;
    interrupts_the_good_bye(&mut call).await;
    let position = Samples::from_ms(2_000);
    call.event(EventKind::SpeechStarted { position });
    call.stops_without_words(position);
    call.hung_up().await;
}

#[tokio::test]
async fn whoever_begins_to_speak_as_the_good_bye_ends_is_heard() {
    let mut call = Call::greeted(polite).await;
    call.begins_to_speak_as_the_good_bye_ends().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(call.commands.try_recv().is_err(), "the line is open");
    call.says("one more thing");
    let (_, text) = call.said().await;
    assert_eq!(text, "one more thing");
}

#[tokio::test]
async fn a_cough_as_the_good_bye_ends_ends_the_call_all_the_same() {
    let mut call = Call::greeted(polite).await;
    call.begins_to_speak_as_the_good_bye_ends().await;
    call.stops_without_words(Samples::from_ms(2_300));
    call.hung_up().await;
}

#[tokio::test]
async fn a_television_does_not_keep_the_line_open() {
    let mut call = Call::greeted(polite).await;
    let began = Instant::now();
    call.begins_to_speak_as_the_good_bye_ends().await;
    call.hung_up().await;
    let waited = began.elapsed().as_secs();
    assert_eq!(waited, limits::WORDLESS_TALK.as_secs());
}

impl Call {
    async fn begins_to_speak_as_the_good_bye_ends(&mut self) {
        self.says("bye");
        let (goodbye, _) = self.said().await;
        let position = Samples::from_ms(2_000);
        self.event(EventKind::SpeechStarted { position });
        self.heard(goodbye);
    }

    fn stops_without_words(&self, position: Samples) {
        let silence = Samples::from_ms(500);
        self.event(EventKind::SpeechEnded { position, silence });
        self.event(EventKind::NothingRecognised { position });
    }
}

async fn interrupts_the_good_bye(call: &mut Call) {
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance: goodbye });
    call.event(EventKind::BargeIn {
        utterance: goodbye,
        heard: Samples::from_ms(100),
        reaction: Duration::from_millis(30),
    });
}
