//! A dialogue that asks a model: how its words leave, and what becomes of them when the caller goes
//! on, waits, or is not answered.

use std::sync::{Arc, Mutex};

use super::*;
use crate::llm::{self, Request};

/// Answers nothing by itself; the test does.
#[derive(Debug, Default)]
pub(super) struct Scripted(Mutex<Vec<mpsc::Sender<llm::Answer>>>);

impl Model for Scripted {
    fn ask(&self, _: Request) -> Answering {
        let (sender, answers) = mpsc::channel(16);
        self.0.lock().expect("no panic").push(sender);
        let task = tokio::spawn(std::future::pending::<()>());
        Answering::new(answers, task.abort_handle())
    }
}

impl Scripted {
    /// Where the newest question is answered, and how many there were.
    pub(super) fn asked(&self) -> (usize, mpsc::Sender<llm::Answer>) {
        let asked = self.0.lock().expect("no panic");
        (asked.len(), asked.last().expect("it was asked").clone())
    }

    /// Where the question of this number is answered, once it was asked.
    pub(super) async fn question(&self, number: usize) -> mpsc::Sender<llm::Answer> {
        while self.0.lock().expect("no panic").len() < number {
            tokio::task::yield_now().await;
        }
        self.asked().1
    }
}

pub(super) fn text(text: &str) -> llm::Answer {
    llm::Answer::Text(text.to_owned())
}

pub(super) fn finished() -> llm::Answer {
    llm::Answer::Finished {
        tool_calls: Vec::new(),
        cut: false,
        usage: None,
    }
}

pub(super) fn clause(text: &str, last: bool) -> Action {
    Action::Clause {
        text: text.to_owned(),
        question: Question::None,
        last,
    }
}

/// Says what the model writes, piece by piece.
fn asking(input: &Input) -> Vec<Action> {
    match input {
        Input::Opened { .. } => vec![say("Hello there.")],
        Input::Heard { .. } => vec![Action::Ask(Request {
            messages: Vec::new(),
            tools: Arc::new([]),
        })],
        Input::Model(llm::Answer::Text(text)) => vec![clause(text, false)],
        Input::Model(llm::Answer::Finished { .. }) => vec![clause("", true)],
        Input::Model(llm::Answer::Failed(_)) => vec![say("By the rules, then.")],
        Input::Interrupted { .. } => vec![Action::StopAsking],
        Input::Slow => vec![say("One moment, please.")],
        _ => Vec::new(),
    }
}

/// A call whose caller has heard the greeting and asked something.
async fn a_caller_asks() -> (Call, Arc<Scripted>) {
    let model = Arc::new(Scripted::default());
    let mut call = Call::begin_with(asking, Some(model.clone())).await;
    let (greeting, _) = call.said().await;
    call.heard(greeting);
    call.says("what does it cost");
    model.question(1).await;
    (call, model)
}

#[tokio::test]
async fn clauses_leave_as_they_are_written_and_are_one_utterance() {
    let (mut call, model) = a_caller_asks().await;
    let (_, answer) = model.asked();
    answer.send(text("Sure,")).await.expect("listens");
    let (first, words) = call.said().await;
    assert_eq!(words, "Sure,");
    answer.send(text("forty dollars.")).await.expect("listens");
    assert_eq!(call.said().await, (first, "forty dollars.".to_owned()));
    answer.send(finished()).await.expect("listens");
    assert_eq!(call.said().await, (first, String::new()));
    call.heard(first);
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    let said: Vec<&str> = log.transcript.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(
        said,
        ["Hello there.", "what does it cost", "Sure, forty dollars."]
    );
}

#[tokio::test]
async fn a_caller_who_waits_is_told_so_once_and_that_is_no_answer() {
    let (mut call, model) = a_caller_asks().await;
    let asked = Instant::now();
    let (filler, words) = call.said().await;
    assert_eq!(words, "One moment, please.");
    assert_eq!(
        asked.elapsed().as_millis() / 10,
        limits::SLOW_AFTER.as_millis() / 10
    );
    call.heard(filler);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(call.commands.try_recv().is_err(), "not told twice");
    let (_, answer) = model.asked();
    answer.send(text("Forty dollars.")).await.expect("listens");
    answer.send(finished()).await.expect("listens");
    let (id, _) = call.said().await;
    call.heard(id);
    let (log, _) = call.ended(EndReason::CallerHungUp).await;
    let turn = log.turns.last().expect("a turn was answered");
    assert!(turn.first_clause_ms.expect("it was") > 3_000.0, "{turn:?}");
}

#[tokio::test]
async fn a_caller_who_goes_on_is_asked_about_anew_and_hears_nothing_of_the_first_answer() {
    let (mut call, model) = a_caller_asks().await;
    let (_, first) = model.asked();
    first.send(text("Sure,")).await.expect("listens");
    let (early, _) = call.said().await;
    call.event(EventKind::SpeechStarted {
        position: Samples::from_ms(2_000),
    });
    tokio::task::yield_now().await;
    first.send(text("forty dollars.")).await.expect("listens");
    call.says("for a truck");
    let second = model.question(2).await;
    assert!(first.is_closed(), "the first is not asked any more");
    let mut retired = false;
    second.send(text("Fifty dollars.")).await.expect("listens");
    let words = loop {
        match call.command().await {
            Command::Retire { utterance } => retired |= utterance == early,
            Command::Say { text, .. } => break text,
            _ => {}
        }
    };
    assert_eq!(words, "Fifty dollars.");
    assert!(retired, "what was begun is not heard");
}

#[tokio::test]
async fn an_answer_waits_while_the_caller_makes_a_sound_and_is_said_if_it_was_no_word() {
    let (mut call, model) = a_caller_asks().await;
    let position = Samples::from_ms(2_000);
    call.event(EventKind::SpeechStarted { position });
    tokio::task::yield_now().await;
    let (_, answer) = model.asked();
    answer.send(text("Forty dollars.")).await.expect("listens");
    answer.send(finished()).await.expect("listens");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(call.commands.try_recv().is_err(), "one speaker at a time");
    call.event(EventKind::SpeechEnded {
        position,
        silence: Samples::from_ms(200),
    });
    call.event(EventKind::NothingRecognised { position });
    assert_eq!(call.said().await.1, "Forty dollars.");
    assert_eq!(model.asked().0, 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure_that_the_dialogue_hears_of() {
    let (mut call, model) = a_caller_asks().await;
    drop(std::mem::take(&mut *model.0.lock().expect("no panic")));
    assert_eq!(call.said().await.1, "By the rules, then.");
}

#[tokio::test]
async fn an_utterance_that_grows_is_ended_although_an_earlier_one_was_lost() {
    let (mut call, model) = a_caller_asks().await;
    let (filler, _) = call.said().await;
    let (_, answer) = model.asked();
    answer.send(text("Sure,")).await.expect("listens");
    let (growing, _) = call.said().await;
    call.event(EventKind::SpeechFailed {
        edge: pipeline::message::SpeechEdge::Tts,
        utterance: Some(filler),
        reason: "the engine died".to_owned(),
    });
    let (again, words) = call.said().await;
    assert_eq!(words, "One moment, please.");
    answer.send(finished()).await.expect("listens");
    assert_eq!(call.said().await, (growing, String::new()));
    call.heard(growing);
    call.heard(again);
    let heard = Instant::now();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(call.commands.try_recv().is_err(), "nothing is said twice");
    assert!(heard.elapsed() < limits::SILENCE_PROMPT);
}

#[tokio::test]
async fn a_goodbye_that_nobody_took_back_ends_the_call_though_the_recogniser_is_silent() {
    let mut call = Call::greeted(polite).await;
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance: goodbye });
    let position = Samples::from_ms(9_000);
    call.event(EventKind::SpeechStarted { position });
    call.event(EventKind::BargeIn {
        utterance: goodbye,
        heard: Samples::from_ms(400),
        reaction: Duration::from_millis(20),
    });
    call.event(EventKind::SpeechEnded {
        position,
        silence: Samples::from_ms(500),
    });
    let began = Instant::now();
    call.hung_up().await;
    assert!(began.elapsed() <= limits::TRANSCRIPT_DEADLINE + Duration::from_secs(1));
}

#[tokio::test]
async fn an_answer_to_the_first_words_waits_while_the_caller_goes_on() {
    let (mut call, model) = a_caller_asks().await;
    call.event(EventKind::SpeechStarted {
        position: Samples::from_ms(5_000),
    });
    call.event(EventKind::Transcript(Transcript {
        text: "for a truck".to_owned(),
        second_opinion: None,
        typed: false,
        from: Samples::from_ms(3_000),
        to: Samples::from_ms(4_000),
    }));
    let second = model.question(2).await;
    second.send(text("Fifty dollars.")).await.expect("listens");
    second.send(finished()).await.expect("listens");
    tokio::time::sleep(Duration::from_millis(300)).await;
    while let Ok(command) = call.commands.try_recv() {
        assert!(
            !matches!(command, Command::Say { .. }),
            "one speaker at a time"
        );
    }
}

#[tokio::test]
async fn of_two_utterances_in_the_air_the_one_that_was_cut_is_told() {
    fn told(input: &Input) -> Vec<Action> {
        match input {
            Input::Heard { text, .. } if text == "two" => vec![say("First."), say("Second thing.")],
            Input::Interrupted { heard } => vec![say(&format!("cut at {heard}"))],
            Input::Opened { .. } => vec![say("Hello there.")],
            _ => Vec::new(),
        }
    }
    let mut call = Call::greeted(told).await;
    call.says("two");
    let (first, _) = call.said().await;
    let (second, _) = call.said().await;
    let length = Samples::from_ms(1_000);
    for utterance in [first, second] {
        call.event(EventKind::ClauseSynthesised {
            utterance,
            clause: 0,
            samples: length,
        });
    }
    call.event(EventKind::Heard {
        utterance: first,
        samples: length,
    });
    call.event(EventKind::Heard {
        utterance: second,
        samples: Samples::from_ms(700),
    });
    call.says("and then");
    assert_eq!(call.said().await.1, "cut at Second");
}
