//! A model that is asked before the caller's turn has ended: its answer is used or thrown away, and
//! nobody hears of it before the turn has.

use super::model::{Scripted, clause, finished, text};
use super::*;
use crate::llm::{self, Message, Request, ToolRequest};

/// Asks the model about everything, says what it writes, and does what it asks for.
fn thoughtful(input: &Input) -> Vec<Action> {
    match input {
        Input::Opened { .. } => vec![say("Hello there.")],
        Input::Heard { text, .. } => vec![Action::Ask(Request {
            messages: vec![Message::User(text.clone())],
            tools: Arc::new([]),
        })],
        Input::Model(llm::Answer::Text(text)) => vec![clause(text, false)],
        Input::Model(llm::Answer::Finished { tool_calls, .. }) if !tool_calls.is_empty() => {
            vec![clause("", true), say("The tool was asked for.")]
        }
        Input::Model(llm::Answer::Finished { .. }) => vec![clause("", true)],
        Input::Interrupted { .. } => vec![Action::StopAsking],
        _ => Vec::new(),
    }
}

const POSITION: Samples = Samples::from_ms(1_000);

/// Has just refused somebody.
#[derive(Debug)]
struct Limited(Arc<Scripted>);

impl Model for Limited {
    fn ask(&self, request: Request) -> Answering {
        self.0.ask(request)
    }

    fn strain(&self) -> llm::Strain {
        llm::Strain {
            hindered: Some(Duration::from_secs(1)),
            ..llm::Strain::default()
        }
    }
}

impl Call {
    /// A caller who has heard the greeting and begins to speak.
    async fn speaking() -> (Self, Arc<Scripted>) {
        let model = Arc::new(Scripted::default());
        (Self::speaking_to(model.clone()).await, model)
    }

    async fn speaking_to(model: Arc<dyn Model>) -> Self {
        let mut call = Self::begin_with(thoughtful, Some(model)).await;
        let (greeting, _) = call.said().await;
        call.heard(greeting);
        call.event(EventKind::SpeechStarted { position: POSITION });
        call
    }

    fn likely(&self, text: &str) {
        let text = text.to_owned();
        self.event(EventKind::LikelyEnd { text });
    }

    /// The turn that was begun ends with these words.
    fn turn_ends(&self, text: &str) {
        self.event(EventKind::SpeechEnded {
            position: POSITION,
            silence: Samples::from_ms(500),
        });
        self.event(EventKind::Transcript(Transcript {
            text: text.to_owned(),
            second_opinion: None,
            typed: false,
            from: POSITION,
            to: POSITION,
        }));
    }

    /// Nothing is said or done for a while.
    async fn keeps_quiet(&mut self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(self.commands.try_recv().ok(), None);
    }

    /// What is counted of thoughts.
    fn counted(&self) -> Vec<String> {
        let page = self.sessions.config.metrics.encode();
        let lines = page.lines();
        let lines = lines.filter(|line| line.starts_with("otto_speculation"));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn an_answer_that_was_thought_of_ahead_flows_when_the_turn_ends() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    let answer = model.question(1).await;
    answer.send(text("Sure,")).await.expect("listens");
    answer.send(text("forty dollars.")).await.expect("listens");
    call.keeps_quiet().await;
    call.turn_ends("What does it cost?");
    let (id, words) = call.said().await;
    assert_eq!(words, "Sure,");
    assert_eq!(call.said().await, (id, "forty dollars.".to_owned()));
    answer.send(finished()).await.expect("listens");
    assert_eq!(call.said().await, (id, String::new()));
    assert_eq!(model.asked().0, 1, "asked once");
    assert_eq!(
        call.counted(),
        [r#"otto_speculations_total{outcome="used"} 1"#]
    );
    call.heard(id);
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    let said: Vec<&str> = log.transcript.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(
        said,
        ["Hello there.", "What does it cost?", "Sure, forty dollars."]
    );
    let turn = log.turns.last().expect("a turn was answered");
    assert_eq!(turn.model_ms.map(f64::round), Some(0.0), "nobody waited");
}

#[tokio::test]
async fn other_words_throw_the_thought_away_and_are_asked_about() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    let first = model.question(1).await;
    first.send(text("Forty dollars.")).await.expect("listens");
    call.keeps_quiet().await;
    call.turn_ends("what does it cost for a truck");
    let second = model.question(2).await;
    assert!(first.is_closed(), "the first is not asked any more");
    second.send(text("Fifty dollars.")).await.expect("listens");
    assert_eq!(call.said().await.1, "Fifty dollars.");
    assert_eq!(
        call.counted(),
        [
            r#"otto_speculation_wasted_characters_total{kind="completion"} 14"#,
            r#"otto_speculation_wasted_characters_total{kind="prompt"} 17"#,
            r#"otto_speculations_total{outcome="discarded"} 1"#,
        ]
    );
}

#[tokio::test]
async fn a_caller_who_goes_on_stops_the_question() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    let answer = model.question(1).await;
    call.event(EventKind::WentOn);
    call.keeps_quiet().await;
    assert!(answer.is_closed());
    call.turn_ends("what does it cost");
    model.question(2).await;
}

#[tokio::test]
async fn a_tool_is_not_asked_for_before_the_turn_has_ended() {
    let (mut call, model) = Call::speaking().await;
    call.likely("yes");
    let answer = model.question(1).await;
    let wish = llm::Answer::Finished {
        tool_calls: vec![ToolRequest {
            id: "call_0".to_owned(),
            name: "book_appointment".to_owned(),
            arguments: "{}".to_owned(),
        }],
        cut: false,
        usage: None,
    };
    answer.send(wish).await.expect("listens");
    call.keeps_quiet().await;
    call.turn_ends("Yes.");
    assert_eq!(call.said().await.1, "The tool was asked for.");
    assert_eq!(model.asked().0, 1);
}

#[tokio::test]
async fn a_turn_costs_two_thoughts_at_most_and_the_next_one_has_its_own() {
    let (mut call, model) = Call::speaking().await;
    for words in ["a", "a b", "a b c", "a b c d"] {
        call.likely(words);
        call.keeps_quiet().await;
    }
    assert_eq!(model.asked().0, limits::EARLY_QUESTIONS);
    call.turn_ends("a b c d");
    let answer = model.question(3).await;
    answer.send(text("Sure.")).await.expect("listens");
    answer.send(finished()).await.expect("listens");
    let (id, _) = call.said().await;
    call.heard(id);
    call.event(EventKind::SpeechStarted { position: POSITION });
    call.likely("e");
    model.question(4).await;
}

#[tokio::test]
async fn the_same_words_are_thought_about_once() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    call.likely("What does it cost?");
    call.keeps_quiet().await;
    assert_eq!(model.asked().0, 1);
}

#[tokio::test]
async fn a_thought_that_fails_is_asked_again_in_its_time() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    let first = model.question(1).await;
    let failure = Failure {
        kind: VendorErrorKind::Failed,
        what: "no".to_owned(),
    };
    let failed = llm::Answer::Failed(failure);
    first.send(failed).await.expect("listens");
    call.keeps_quiet().await;
    call.turn_ends("what does it cost");
    let second = model.question(2).await;
    second.send(text("Forty dollars.")).await.expect("listens");
    assert_eq!(call.said().await.1, "Forty dollars.");
}

#[tokio::test]
async fn a_model_that_has_its_hands_full_is_asked_when_the_turn_has_ended_and_not_before() {
    let model = Arc::new(Scripted::default());
    let mut call = Call::speaking_to(Arc::new(Limited(model.clone()))).await;
    call.likely("what does it cost");
    call.keeps_quiet().await;
    assert_eq!(
        call.counted(),
        [r#"otto_speculations_total{outcome="shed"} 1"#]
    );
    call.turn_ends("what does it cost");
    let answer = model.question(1).await;
    answer.send(text("Forty dollars.")).await.expect("listens");
    assert_eq!(call.said().await.1, "Forty dollars.");
}

#[tokio::test]
async fn a_turn_without_words_leaves_nothing_of_a_thought() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    let answer = model.question(1).await;
    call.event(EventKind::SpeechEnded {
        position: POSITION,
        silence: Samples::from_ms(500),
    });
    call.event(EventKind::NothingRecognised { position: POSITION });
    call.keeps_quiet().await;
    assert!(answer.is_closed());
}

#[tokio::test]
async fn words_over_the_agent_are_thought_about_once_it_was_interrupted() {
    let (mut call, model) = Call::speaking().await;
    call.turn_ends("hello");
    let answer = model.question(1).await;
    answer
        .send(text("Good morning to you."))
        .await
        .expect("listens");
    answer.send(finished()).await.expect("listens");
    let (utterance, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance });
    call.event(EventKind::SpeechStarted { position: POSITION });
    call.likely("wait");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(model.asked().0, 1, "it may be nothing");
    call.event(EventKind::BargeIn {
        utterance,
        heard: Samples::from_ms(200),
        reaction: Duration::from_millis(20),
    });
    let thought = model.question(2).await;
    thought.send(text("Yes?")).await.expect("listens");
    call.turn_ends("Wait.");
    loop {
        if let (_, words) = call.said().await
            && words == "Yes?"
        {
            break;
        }
    }
    assert_eq!(model.asked().0, 2);
}

#[tokio::test]
async fn a_call_that_ends_while_it_is_thought_about_counts_the_thought() {
    let (mut call, model) = Call::speaking().await;
    call.likely("what does it cost");
    model.question(1).await;
    call.keeps_quiet().await;
    let metrics = Arc::clone(&call.sessions.config.metrics);
    call.ended(EndReason::CallerHungUp).await;
    let discarded = r#"otto_speculations_total{outcome="discarded"} 1"#;
    assert!(metrics.encode().contains(discarded));
}
