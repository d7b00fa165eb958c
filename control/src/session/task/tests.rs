//! Whole calls at the level of commands and events, in virtual time.

mod ahead;
mod model;

use std::sync::Mutex;

use async_trait::async_trait;
use dsp::Samples;
use jiff::Zoned;
use pipeline::Mono;
use pipeline::message::{Expectation, Transcript, UtteranceId};
use pipeline::plane::CommandRefused;
use storage::StorageError;
use storage::call_log::{
    CallEvent, CallLog, CallLogs, CallSummary, NetworkStatus, NewCallLog, Outcome, Speaker,
};
use storage::customer::Phone;

use super::*;
use crate::dialogue::{Action, Input, Question, Silence, TransferReason};
use crate::session::Parties;
use crate::telephony::rest::RestError;

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

#[tokio::test]
async fn a_silent_caller_is_asked_after_fifteen_seconds_and_let_go_after_five_more() {
    let mut call = Call::begin(polite).await;
    let (greeting, _) = call.said().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    call.heard(greeting);
    let heard = Instant::now();
    let (prompt, text) = call.said().await;
    assert_eq!(text, "Are you still there?");
    assert_eq!(
        heard.elapsed().as_millis() / 10,
        1_500,
        "from the last word heard"
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    call.heard(prompt);
    let heard = Instant::now();
    let (goodbye, _) = call.said().await;
    assert_eq!(heard.elapsed().as_millis() / 10, 500);
    call.heard(goodbye);
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(ending, Some(Ending::HungUp));
}

#[tokio::test]
async fn an_answer_starts_the_patience_anew() {
    let mut call = Call::greeted(polite).await;
    let (prompt, _) = call.said().await;
    call.heard(prompt);
    call.says("yes i am");
    let (echo, _) = call.said().await;
    call.heard(echo);
    let heard = Instant::now();
    let (_, text) = call.said().await;
    assert_eq!(text, "Are you still there?");
    assert_eq!(heard.elapsed().as_secs(), 15);
}

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
async fn a_line_that_the_network_forgets_is_closed_by_us_but_never_one_that_goes_to_a_human() {
    // What the caller says, whether the network asks what now, and whether it must be told to end.
    for (said, asks, told) in [
        ("bye", false, true),
        ("bye", true, false),
        ("manager", false, false),
    ] {
        let mut call = Call::greeted(polite).await;
        call.says(said);
        let (last, _) = call.said().await;
        call.heard(last);
        call.hung_up().await;
        let (carrier, calls, sid) = (
            Arc::clone(&call.carrier),
            Arc::clone(&call.calls),
            call.sid.clone(),
        );
        call.event(EventKind::Ended {
            reason: EndReason::AgentHungUp,
        });
        assert!(call.sessions.finished(Duration::from_secs(60)).await);
        if asks {
            assert!(calls.ending(&sid).await.is_some());
        }
        tokio::time::sleep(limits::HANG_UP_WATCH * 2).await;
        let ended = carrier.0.lock().expect("no panic").clone();
        assert_eq!(ended == ["CA1"], told, "{said} {asks}: {ended:?}");
        tokio::time::resume();
    }
}

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
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance: goodbye });
    call.event(EventKind::BargeIn {
        utterance: goodbye,
        heard: Samples::from_ms(100),
        reaction: Duration::from_millis(30),
    });
    call.says("one more thing");
    let (_, text) = call.said().await;
    assert_eq!(text, "one more thing");
}

#[tokio::test]
async fn a_cough_over_the_good_bye_ends_the_call_all_the_same() {
    let mut call = Call::greeted(polite).await;
    call.says("bye");
    let (goodbye, _) = call.said().await;
    call.event(EventKind::UtteranceStarted { utterance: goodbye });
    call.event(EventKind::BargeIn {
        utterance: goodbye,
        heard: Samples::from_ms(100),
        reaction: Duration::from_millis(30),
    });
    let position = Samples::from_ms(2_000);
    call.event(EventKind::SpeechStarted { position });
    call.event(EventKind::SpeechEnded {
        position,
        silence: Samples::from_ms(500),
    });
    call.event(EventKind::NothingRecognised { position });
    call.hung_up().await;
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
async fn a_transfer_closes_the_stream_once_the_words_were_heard() {
    let mut call = Call::greeted(polite).await;
    call.says("manager");
    let (words, _) = call.said().await;
    call.heard(words);
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Transfer));
    assert_eq!(log.outcome, Outcome::Transferred);
    assert!(log.required_human_transfer);
}

#[tokio::test]
async fn every_ending_closes_the_log() {
    for (reason, outcome, ending) in [
        (EndReason::CallerHungUp, Outcome::Abandoned, Ending::HungUp),
        (EndReason::SocketLost, Outcome::Failed, Ending::Fault),
        (EndReason::SocketStalled, Outcome::Failed, Ending::Fault),
        (EndReason::ProtocolViolation, Outcome::Failed, Ending::Fault),
        (EndReason::Fault, Outcome::Failed, Ending::Fault),
        (EndReason::ShuttingDown, Outcome::Failed, Ending::Fault),
    ] {
        let mut call = Call::begin(polite).await;
        call.said().await;
        let (log, ended) = call.ended(reason).await;
        assert_eq!(log.outcome, outcome, "{reason:?}");
        assert_eq!(ended, Some(ending), "{reason:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn audio_that_ends_without_a_word_closes_the_log_too() {
    let mut call = Call::begin(polite).await;
    call.said().await;
    call.events = None;
    let (log, ending) = call.closed().await;
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(ending, Some(Ending::Fault));
}

#[tokio::test]
async fn a_panic_in_the_session_sends_its_caller_to_a_human() {
    let mut call = Call::begin(|input| match input {
        Input::Opened { .. } => vec![say("Hello there.")],
        _ => panic!("a bug"),
    })
    .await;
    let (greeting, _) = call.said().await;
    call.heard(greeting);
    call.says("anything");
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Fault));
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(log.transcript[0].text, "Hello there.");
}

#[tokio::test]
async fn lost_words_are_said_again_once_and_then_a_human_takes_over() {
    let mut call = Call::begin(polite).await;
    for again in [false, true] {
        let (utterance, text) = call.said().await;
        assert_eq!(text, "Hello there.", "again: {again}");
        call.event(EventKind::SpeechFailed {
            edge: pipeline::message::SpeechEdge::Tts,
            utterance: Some(utterance),
            reason: "the engine died".to_owned(),
        });
    }
    call.hung_up().await;
    let (_, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Fault));
}

#[tokio::test]
async fn a_synthesiser_that_says_nothing_is_not_waited_for() {
    let mut call = Call::begin(polite).await;
    call.said().await;
    let asked = Instant::now();
    call.said().await;
    assert_eq!(
        asked.elapsed().as_secs(),
        limits::FIRST_FRAME_DEADLINE.as_secs()
    );
}

#[tokio::test]
async fn a_recogniser_that_says_nothing_makes_us_ask_again() {
    let mut call = Call::greeted(polite).await;
    let position = Samples::from_ms(1_000);
    call.event(EventKind::SpeechStarted { position });
    call.event(EventKind::SpeechEnded {
        position,
        silence: Samples::from_ms(500),
    });
    let (_, text) = call.said().await;
    assert_eq!(text, "Sorry?");
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

/// Books at once, without a word.
fn books(input: &Input) -> Vec<Action> {
    use crate::tools::book_appointment::{Arguments, Party};
    use crate::tools::moment::Moment;
    use crate::tools::new_customer::{AddVehicle, CreateCustomer};
    match input {
        Input::Opened { .. } => vec![Action::RunTool {
            id: ToolId(1),
            call: ToolCall::BookAppointment(Arguments {
                party: Party::NewCustomer {
                    create_customer: CreateCustomer {
                        first_name: "Grace".to_owned(),
                        last_name: "Walker".to_owned(),
                        phone_number: "+12175550142".to_owned(),
                        email: None,
                    },
                    add_vehicle: AddVehicle {
                        year: 2019,
                        make: "Toyota".to_owned(),
                        model: "Camry".to_owned(),
                    },
                },
                service_type: "oil_change".to_owned(),
                scheduled_at: Moment::Local("2026-11-24T10:00".parse().expect("valid")),
                notes: None,
                duration_minutes: None,
                location: None,
                another: false,
            }),
        }],
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_booking_that_has_begun_is_finished_and_logged_although_the_caller_hangs_up() {
    let call = Call::begin(books).await;
    // The database works in real time.
    tokio::time::resume();
    let book = Arc::clone(&call.sessions.config.store.customers);
    // The hang-up is there before the tool has had a moment to run: nobody waits for its answer.
    let (log, ending) = call.ended(EndReason::CallerHungUp).await;
    assert_eq!(ending, Some(Ending::HungUp));
    assert_eq!(log.outcome, Outcome::Booked);
    assert!(log.appointment.is_some() && log.customer.is_some());
    assert_eq!(log.tools_used, ["book_appointment"]);
    let phone = Phone::parse("+12175550142").expect("valid");
    let customer = book.by_phone(&phone).await.expect("readable");
    assert_eq!(customer.map(|c| c.id), log.customer);
}
