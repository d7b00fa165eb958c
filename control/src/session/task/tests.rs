//! Whole calls at the level of commands and events, in virtual time.

mod ahead;
mod ending;
mod goodbye;
mod model;
mod patience;
mod record;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use dsp::Samples;
use jiff::Zoned;
use pipeline::Mono;
use pipeline::message::{Expectation, Transcript, UtteranceId};
use pipeline::plane::CommandRefused;
use storage::call_log::{
    CallEvent, CallLog, CallLogs, CallSummary, NetworkStatus, NewCallLog, Outcome, Speaker,
};
use storage::customer::Phone;
use storage::{StorageError, Store};

use super::*;
use crate::clock::BusinessClock;
use crate::dialogue::{Action, Brain, Input, Question, Silence, ToolId, TransferReason};
use crate::llm::Model;
use crate::observe::Metrics;
use crate::session::{Calls, Carrier, Parties};
use crate::telephony::rest::RestError;
use crate::tools::ToolCall;

/// What the dialogue answers to what happens.
type Answers = fn(&Input) -> Vec<Action>;

struct Puppet(Answers);

impl Brain for Puppet {
    fn handle(&mut self, input: Input, _: &Zoned) -> Vec<Action> {
        (self.0)(&input)
    }

    fn speculate(&self, text: &str, _: &Zoned) -> Option<crate::llm::Request> {
        let heard = Input::Heard {
            text: text.to_owned(),
            second_opinion: None,
        };
        (self.0)(&heard)
            .into_iter()
            .find_map(|action| match action {
                Action::Ask(request) => Some(request),
                _ => None,
            })
    }

    fn thinks_again(&self) -> bool {
        true
    }

    fn state(&self) -> &'static str {
        "test"
    }
}

/// A call log in memory: SQLite's threads and a paused clock do not go together.
#[derive(Default)]
struct Logs(Mutex<Vec<(NewCallLog, Option<CallSummary>)>>);

#[async_trait]
impl CallLogs for Logs {
    async fn open(&self, call: &NewCallLog) -> Result<(), StorageError> {
        self.0.lock().expect("no panic").push((call.clone(), None));
        Ok(())
    }
    async fn close(&self, call: &NewCallLog, summary: &CallSummary) -> Result<(), StorageError> {
        let mut rows = self.0.lock().expect("no panic");
        rows.retain(|(known, _)| known.call_sid != call.call_sid);
        rows.push((call.clone(), Some(summary.clone())));
        Ok(())
    }
    async fn by_sid(&self, _: &str) -> Result<Option<CallLog>, StorageError> {
        Ok(None)
    }
    async fn recent(&self, _: u32) -> Result<Vec<CallLog>, StorageError> {
        Ok(Vec::new())
    }
    async fn network(
        &self,
        _: &NewCallLog,
        _: &NetworkStatus,
        _: &CallSummary,
    ) -> Result<(), StorageError> {
        Ok(())
    }
    async fn note(&self, _: &CallEvent) -> Result<(), StorageError> {
        Ok(())
    }
    async fn events(&self, _: &str) -> Result<Vec<CallEvent>, StorageError> {
        Ok(Vec::new())
    }
}

/// Which calls the telephone network was told to end.
#[derive(Default)]
struct Line(Mutex<Vec<String>>);

#[async_trait]
impl Carrier for Line {
    async fn hang_up(&self, call: &CallSid) -> Result<(), RestError> {
        let mut ended = self.0.lock().expect("no panic");
        ended.push(call.as_str().to_owned());
        Ok(())
    }
}

struct FakeMedia {
    commands: mpsc::UnboundedSender<Command>,
    events: mpsc::UnboundedReceiver<Event>,
}

#[async_trait]
impl Media for FakeMedia {
    fn send(&self, command: Command) -> Result<(), CommandRefused> {
        self.commands
            .send(command)
            .map_err(|_| CommandRefused::CallOver)
    }
    async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

/// A call seen from the data plane.
struct Call {
    commands: mpsc::UnboundedReceiver<Command>,
    events: Option<mpsc::UnboundedSender<Event>>,
    mono: Mono,
    began: Instant,
    calls: Arc<Calls>,
    sessions: Sessions,
    logs: Arc<Logs>,
    carrier: Arc<Line>,
    sid: CallSid,
}

impl Call {
    async fn begin(answers: Answers) -> Self {
        Self::begin_with(answers, None).await
    }

    /// A call whose caller has heard the greeting.
    async fn greeted(answers: Answers) -> Self {
        let mut call = Self::begin(answers).await;
        let (greeting, _) = call.said().await;
        call.heard(greeting);
        call
    }

    async fn begin_with(answers: Answers, model: Option<Arc<dyn Model>>) -> Self {
        let mut store = Store::open_in_memory().await.expect("a store");
        let logs = Arc::new(Logs::default());
        store.call_logs = logs.clone();
        tokio::time::pause();
        let calls = Arc::new(Calls::default());
        let carrier = Arc::new(Line::default());
        let sessions = Sessions::new(SessionsConfig {
            calls: Arc::clone(&calls),
            live: Arc::new(crate::nodes::CallsHere::new("test")),
            journal: Journal::start(&store),
            store,
            locations: Location::example().into(),
            clock: BusinessClock::starting_at("2026-11-23T15:00:00Z".parse().expect("valid")),
            metrics: Arc::new(Metrics::new(Arc::default())),
            brain: Arc::new(move |_| Box::new(Puppet(answers))),
            model,
            calls_at_most: 100,
            typed_speech: false,
            carrier: Some(carrier.clone()),
            unsaved: None,
            events: None,
        });
        let sid = CallSid::parse("CA1").expect("valid");
        let parties = Parties {
            from: Phone::parse("+12175550101").ok(),
            ..Parties::default()
        };
        calls
            .announce(&sid, parties, Instant::now())
            .expect("announced");
        let (commands_in, commands) = mpsc::unbounded_channel();
        let (events, events_out) = mpsc::unbounded_channel();
        let media = FakeMedia {
            commands: commands_in,
            events: events_out,
        };
        let call = Self {
            commands,
            events: Some(events),
            mono: Mono::now(),
            began: Instant::now(),
            calls: Arc::clone(&calls),
            sessions: sessions.clone(),
            logs,
            carrier,
            sid: sid.clone(),
        };
        sessions.start(calls.begin(&sid).expect("begun"), Box::new(media));
        call.event(EventKind::Started);
        call
    }

    fn event(&self, kind: EventKind) {
        let at = self.mono.plus(self.began.elapsed());
        let events = self.events.as_ref().expect("the call goes on");
        events.send(Event { at, kind }).expect("someone listens");
    }

    /// The next command; the clock runs until there is one.
    async fn command(&mut self) -> Command {
        self.commands.recv().await.expect("the session goes on")
    }

    /// The next words, skipping everything else.
    async fn said(&mut self) -> (UtteranceId, String) {
        loop {
            if let Command::Say {
                utterance, text, ..
            } = self.command().await
            {
                return (utterance, text);
            }
        }
    }

    async fn hung_up(&mut self) {
        while !matches!(self.command().await, Command::HangUp { .. }) {}
    }

    /// The caller hears an utterance to its end.
    fn heard(&self, utterance: UtteranceId) {
        let samples = Samples::from_ms(1_000);
        self.event(EventKind::UtteranceStarted { utterance });
        self.event(EventKind::ClauseSynthesised {
            utterance,
            clause: 0,
            samples,
        });
        self.event(EventKind::Heard { utterance, samples });
        self.event(EventKind::UtteranceFinished { utterance, samples });
    }

    /// The caller says something.
    fn says(&self, text: &str) {
        let position = Samples::from_ms(1_000);
        self.event(EventKind::SpeechStarted { position });
        self.event(EventKind::SpeechEnded {
            position,
            silence: Samples::from_ms(500),
        });
        self.event(EventKind::Transcript(Transcript {
            text: text.to_owned(),
            second_opinion: None,
            typed: false,
            from: position,
            to: position,
        }));
    }

    /// The data plane's last word, and the closed log.
    async fn ended(mut self, reason: EndReason) -> (CallSummary, Option<Ending>) {
        self.event(EventKind::Ended { reason });
        self.events = None;
        self.closed().await
    }

    async fn closed(self) -> (CallSummary, Option<Ending>) {
        assert!(self.sessions.finished(Duration::from_secs(60)).await);
        let rows = self.logs.0.lock().expect("no panic").clone();
        assert_eq!(rows.len(), 1, "one row for one call");
        let summary = rows[0].1.clone().expect("the log is closed");
        (summary, self.calls.ending(&self.sid).await)
    }
}

fn say(text: &str) -> Action {
    Action::Say {
        text: text.to_owned(),
        question: Question::Help,
    }
}

/// Greets, repeats, says good-bye to "bye", asks after a silence.
fn polite(input: &Input) -> Vec<Action> {
    match input {
        Input::Opened { .. } => vec![say("Hello there.")],
        Input::Heard { text, .. } if text == "bye" => vec![say("Good-bye."), Action::HangUp],
        Input::Heard { text, .. } if text == "hours" => {
            vec![say("Nine to five."), Action::Answered]
        }
        Input::Heard { text, .. } if text == "manager" => vec![
            say("One moment."),
            Action::Transfer {
                reason: TransferReason::Requested,
            },
        ],
        Input::Heard { text, .. } => vec![say(text)],
        Input::Unclear => vec![say("Sorry?")],
        Input::Silence(Silence::Prompt) => vec![say("Are you still there?")],
        Input::Silence(Silence::HangUp) => vec![say("Good-bye."), Action::HangUp],
        _ => Vec::new(),
    }
}
