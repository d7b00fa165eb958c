//! A scene: a caller, a scripted model, the real tools, and a book that vanishes afterwards.

use std::collections::VecDeque;
use std::sync::Arc;

use pipeline::message::Expectation;
use pipeline::vendor::VendorErrorKind;
use storage::appointment::{Appointment, AppointmentId};
use storage::customer::{CustomerId, Phone};
use storage::{Language, Location, Store};

use crate::clock::BusinessClock;
use crate::dialogue::model_brain::{ModelBrain, Prompt};
use crate::dialogue::{Action, Brain, Input, Question, TransferReason};
use crate::llm::{Answer, Failure, Message, Request, ToolRequest};
use crate::tools::{CallContext, Toolbox};

/// Monday 2026-11-23, 9 a.m. in Springfield.
pub(super) const NOW: &str = "2026-11-23T09:00:00-06:00";
pub(super) const JOHN: &str = "+12175550101";
const MARIA: &str = "+12175550102";

/// Maria's, of tomorrow at ten.
pub(super) const HERS: AppointmentId = AppointmentId(1);

pub(super) struct Scene {
    pub(super) store: Store,
    pub(super) location: Arc<Location>,
    pub(super) brain: ModelBrain,
    pub(super) context: CallContext,
    toolbox: Toolbox,
    /// How the model answers, one entry for each time it is asked.
    script: VecDeque<Vec<Answer>>,
    /// What it was asked.
    pub(super) requests: Vec<Request>,
    /// What the last step said, an utterance each.
    pub(super) said: Vec<String>,
    pub(super) question: Question,
    pub(super) expects: Expectation,
    /// The language that the caller is answered in.
    pub(super) language: Language,
    pub(super) tools: Vec<&'static str>,
    pub(super) ended: Option<End>,
    pub(super) answered: bool,
    /// An utterance is growing.
    open: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum End {
    HungUp,
    Transferred(TransferReason),
}

/// An answer in words.
pub(super) fn says(text: &str) -> Vec<Answer> {
    let mut answer: Vec<Answer> = text
        .split_inclusive(' ')
        .map(|piece| Answer::Text(piece.to_owned()))
        .collect();
    answer.push(finished(&[]));
    answer
}

/// An answer that asks for tools, after these words.
pub(super) fn runs(text: &str, calls: &[(&str, &str)]) -> Vec<Answer> {
    let mut answer = says(text);
    answer.pop();
    answer.push(finished(calls));
    answer
}

/// An answer that ends before its end.
pub(super) fn breaks_off(text: &str) -> Vec<Answer> {
    let mut answer = says(text);
    answer.pop();
    answer.push(Answer::Failed(Failure {
        kind: VendorErrorKind::TimedOut,
        what: "nothing more came".to_owned(),
    }));
    answer
}

fn finished(calls: &[(&str, &str)]) -> Answer {
    let calls = calls
        .iter()
        .enumerate()
        .map(|(n, (name, arguments))| ToolRequest {
            id: format!("call_{n}"),
            name: (*name).to_owned(),
            arguments: (*arguments).to_owned(),
        });
    Answer::Finished {
        tool_calls: calls.collect(),
        cut: false,
        usage: None,
    }
}

impl Scene {
    /// A call from John, whom the rules have greeted. The model will answer like this.
    pub(super) async fn of_john(script: impl IntoIterator<Item = Vec<Answer>>) -> Self {
        Self::opens(Some(JOHN), script).await
    }

    pub(super) async fn opens(
        from: Option<&str>,
        script: impl IntoIterator<Item = Vec<Answer>>,
    ) -> Self {
        let mut scene = Self::before(from, script).await;
        let caller = scene.context.claimed_number().cloned();
        scene.input(Input::Opened { caller }).await;
        assert!(scene.requests.is_empty(), "the greeting waits for no model");
        scene
    }

    /// A call of ours to Maria, whom the rules have reminded of her oil change.
    pub(super) async fn reminds_maria(script: impl IntoIterator<Item = Vec<Answer>>) -> Self {
        let mut scene = Self::before(Some(MARIA), script).await;
        scene.context = scene.context.reminding(HERS);
        scene.input(Input::Reminding { appointment: HERS }).await;
        scene
    }

    /// Nobody has said anything.
    async fn before(from: Option<&str>, script: impl IntoIterator<Item = Vec<Answer>>) -> Self {
        let store = Store::open_in_memory().await.expect("a book");
        let location = Arc::new(Location::example());
        let now: jiff::Timestamp = NOW.parse().expect("a time");
        storage::seed::seed(&store, &location, &location.local(now))
            .await
            .expect("seeds");
        let number = from.map(|number| Phone::parse(number).expect("a number"));
        let clock = BusinessClock::starting_at(now);
        let prompt = Arc::new(Prompt::new(&location));
        Self {
            toolbox: Toolbox::new(store.clone(), location.clone(), clock),
            brain: ModelBrain::new(location.clone(), prompt),
            context: CallContext::new("CA0001", number),
            store,
            location,
            script: script.into_iter().collect(),
            requests: Vec::new(),
            said: Vec::new(),
            question: Question::None,
            expects: Expectation::Open,
            language: Language::English,
            tools: Vec::new(),
            ended: None,
            answered: false,
            open: false,
        }
    }

    /// The caller speaks.
    pub(super) async fn hears(&mut self, words: &str) {
        let text = words.to_owned();
        self.input(Input::Heard {
            text,
            second_opinion: None,
        })
        .await;
    }

    /// The caller speaks, and the model has not begun to answer.
    pub(super) fn silent_answer(&mut self, words: &str) {
        let now = self.location.local(NOW.parse().expect("a time"));
        let heard = Input::Heard {
            text: words.to_owned(),
            second_opinion: None,
        };
        for action in self.brain.handle(heard, &now) {
            if let Action::Ask(request) = action {
                self.requests.push(request);
            }
        }
    }

    pub(super) async fn input(&mut self, input: Input) {
        self.said.clear();
        self.question = Question::None;
        self.answered = false;
        let now = self.location.local(NOW.parse().expect("a time"));
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.brain.handle(input, &now) {
                match action {
                    Action::Say { text, question } => {
                        assert!(!self.open, "{text:?} is said into an utterance that grows");
                        self.said.push(text);
                        self.question = question;
                    }
                    Action::Clause {
                        text,
                        question,
                        last,
                    } => {
                        self.clause(&text, last);
                        self.question = question;
                    }
                    Action::Ask(request) => {
                        self.requests.push(request);
                        let answer = self
                            .script
                            .pop_front()
                            .expect("the model is asked once more");
                        inputs.retain(|input| !matches!(input, Input::Model(_)));
                        inputs.extend(answer.into_iter().map(Input::Model));
                    }
                    Action::StopAsking => {
                        inputs.retain(|input| !matches!(input, Input::Model(_)));
                    }
                    Action::Abandon(tool) => {
                        let is_its = |input: &Input| matches!(input, Input::ToolFinished { id, .. } if *id == tool);
                        inputs.retain(|input| !is_its(input));
                    }
                    Action::RunTool { id, call } => {
                        self.tools.push(call.name());
                        let outcome = self.toolbox.run(&mut self.context, call).await;
                        inputs.push_back(Input::ToolFinished { id, outcome });
                    }
                    Action::Answered => self.answered = true,
                    Action::Message => {}
                    Action::Expect(expects) => self.expects = expects,
                    Action::Speak(language) => self.language = language,
                    Action::HangUp => self.ended = Some(End::HungUp),
                    Action::Transfer { reason } => self.ended = Some(End::Transferred(reason)),
                }
            }
        }
        assert!(!self.open, "what was begun is not closed: {:?}", self.said);
    }

    fn clause(&mut self, text: &str, last: bool) {
        if !self.open && !text.is_empty() {
            self.said.push(String::new());
            self.open = true;
        }
        if let Some(said) = self.said.last_mut().filter(|_| self.open) {
            if !said.is_empty() && !text.is_empty() {
                said.push(' ');
            }
            said.push_str(text);
        }
        self.open &= !last;
    }

    /// Everything the last step said.
    pub(super) fn words(&self) -> String {
        self.said.join(" ")
    }

    /// What the model was told last of what a tool answered.
    pub(super) fn told_of_tool(&self) -> &str {
        let messages = &self.requests.last().expect("it was asked").messages;
        let results = messages.iter().rev().find_map(|message| match message {
            Message::Tool { content, .. } => Some(&**content),
            _ => None,
        });
        results.expect("a tool answered")
    }

    /// What the model was told last.
    pub(super) fn told(&self) -> String {
        let messages = &self.requests.last().expect("it was asked").messages;
        let text = messages.iter().skip(1).map(|message| match message {
            Message::System(text) => format!("system: {text}"),
            Message::User(text) => format!("caller: {text}"),
            Message::Assistant { text, .. } => format!("agent: {text}"),
            Message::Tool { content, .. } => format!("tool: {content}"),
        });
        text.collect::<Vec<_>>().join("\n")
    }

    pub(super) async fn appointments_of_john(&self) -> Vec<Appointment> {
        let phone = Phone::parse(JOHN).expect("a number");
        let john = self.store.customers.by_phone(&phone).await.expect("a book");
        let id: CustomerId = john.expect("seeded").id;
        let now = NOW.parse().expect("a time");
        self.store
            .appointments
            .upcoming(id, now)
            .await
            .expect("a book")
    }
}
