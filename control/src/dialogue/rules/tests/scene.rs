//! A scene: a caller, the rule brain, the real tools, and a real book that vanishes afterwards.

use std::sync::Arc;

use jiff::Timestamp;
use pipeline::message::Expectation;
use storage::appointment::{Appointment, AppointmentId, NewAppointment, Party};
use storage::customer::{Customer, CustomerId, Phone};
use storage::vehicle::{Vehicle, VehicleId};
use storage::{Language, Location, Locations, Store};

use crate::clock::BusinessClock;
use crate::dialogue::{Action, Brain, Input, Question, RuleBrain, Silence, TransferReason};
use crate::nlu::{language, yes_no};
use crate::tools::tests::Outbox;
use crate::tools::{CallContext, Effect, ToolCall, ToolOutcome, Toolbox};

/// Monday 2026-11-23, 9 a.m. in Springfield.
pub(super) const NOW: &str = "2026-11-23T09:00:00-06:00";
pub(super) const JOHN: &str = "+12175550101";
pub(super) const MARIA: &str = "+12175550102";

/// Nobody waits for more of them without a word.
const TOOLS_IN_A_ROW: usize = 12;

pub(super) struct Scene {
    pub(super) store: Store,
    pub(super) location: Arc<Location>,
    pub(super) context: CallContext,
    pub(super) brain: RuleBrain,
    toolbox: Toolbox,
    /// What the last step said.
    pub(super) said: Vec<(String, Question)>,
    pub(super) ended: Option<End>,
    /// The last step answered a question of the caller's.
    pub(super) answered: bool,
    /// Names of the tools that were run, in order.
    pub(super) tools: Vec<&'static str>,
    /// The language that the caller is answered in.
    pub(super) language: Language,
    /// The question that stands.
    asked: Question,
    /// When the call is, on the shop's clock.
    now: Timestamp,
}

#[derive(Debug, PartialEq)]
pub(super) enum End {
    HungUp,
    Transferred(TransferReason),
}

impl Scene {
    /// The seeded book, the shipped location; the call has not begun.
    pub(super) async fn new(from: Option<&str>) -> Self {
        Self::at(Location::example(), from).await
    }

    /// A shop with one bay, so that every booking is felt.
    pub(super) async fn one_bay(from: Option<&str>) -> Self {
        Self::in_a_shop(|location| location.bays = 1, from).await
    }

    /// A shop that differs from the shipped one.
    pub(super) async fn in_a_shop(differs: impl FnOnce(&mut Location), from: Option<&str>) -> Self {
        let mut location = Location::example();
        differs(&mut location);
        Self::at(location, from).await
    }

    async fn at(location: Location, from: Option<&str>) -> Self {
        let store = Store::open_in_memory().await.expect("a book");
        let location = Arc::new(location);
        let now = location.local(now());
        storage::seed::seed(&store, &location, &now)
            .await
            .expect("seeds");
        Self::with(store, location, from)
    }

    /// A call to Otto's Auto, beside which there is Otto's North.
    pub(super) async fn beside_another(from: Option<&str>) -> Self {
        let mut call = Self::new(from).await;
        let north = include_str!("../../../../../storage/locations/ottos-north.toml");
        let north = Location::parse(north).expect("the second example is valid");
        let both = Locations::several(vec![Location::example(), north]).expect("two locations");
        let clock = BusinessClock::starting_at(now());
        call.toolbox = Toolbox::new(call.store.clone(), both.clone(), clock);
        call.brain = RuleBrain::new(call.location.clone()).among(both);
        call
    }

    /// Where somebody works through the waiting list.
    pub(super) fn with_waitlist(mut self) -> Self {
        self.toolbox = self.toolbox.clone().with_waitlist();
        self
    }

    /// Where text messages can be sent.
    pub(super) fn with_messenger(mut self) -> (Self, Arc<Outbox>) {
        let outbox = Arc::new(Outbox::default());
        self.toolbox = self.toolbox.clone().with_messenger(outbox.clone());
        (self, outbox)
    }

    /// Another call to the same shop.
    pub(super) fn with(store: Store, location: Arc<Location>, from: Option<&str>) -> Self {
        let clock = BusinessClock::starting_at(now());
        let number = from.map(|number| Phone::parse(number).expect("a valid number"));
        Self {
            toolbox: Toolbox::new(store.clone(), location.clone(), clock),
            brain: RuleBrain::new(location.clone()),
            context: CallContext::new("CA0001", number),
            store,
            location,
            said: Vec::new(),
            ended: None,
            answered: false,
            tools: Vec::new(),
            language: Language::English,
            asked: Question::None,
            now: now(),
        }
    }

    /// Another call to the same shop, right after this one.
    pub(super) fn another_call(&self, from: Option<&str>) -> Self {
        self.another_call_after(0, from)
    }

    /// Another call to the same shop, so many minutes later.
    pub(super) fn another_call_after(&self, minutes: i64, from: Option<&str>) -> Self {
        let mut call = Self::with(self.store.clone(), self.location.clone(), from);
        let later = now() + jiff::SignedDuration::from_mins(minutes);
        let clock = BusinessClock::starting_at(later);
        call.now = later;
        call.toolbox = Toolbox::new(self.store.clone(), self.location.clone(), clock);
        call
    }

    /// The call is one of ours, about this appointment.
    pub(super) fn remind_of(&mut self, appointment: i64) {
        let number = self.context.claimed_number().cloned();
        let context = CallContext::new(self.context.call_sid().to_owned(), number);
        self.context = context.reminding(AppointmentId(appointment));
    }

    /// The call is one of ours, about this visit.
    pub(super) fn follow_up_on(&mut self, appointment: i64) {
        let number = self.context.claimed_number().cloned();
        let context = CallContext::new(self.context.call_sid().to_owned(), number);
        self.context = context.following_up(AppointmentId(appointment));
    }

    /// The call begins.
    pub(super) async fn opens(&mut self) {
        let caller = self.context.claimed_number().cloned();
        self.input(Input::Opened { caller }).await;
    }

    /// The caller speaks.
    pub(super) async fn says(&mut self, words: &str) {
        self.input(Input::Heard {
            text: words.to_owned(),
            second_opinion: None,
        })
        .await;
    }

    /// The caller says this and then that, and so on.
    pub(super) async fn says_in_turn(&mut self, turns: &[&str]) {
        for words in turns {
            self.says(words).await;
        }
    }

    /// The caller speaks, and the two readings of it are these.
    pub(super) async fn mumbles(&mut self, reading: &str, other: &str) {
        self.input(Input::Heard {
            text: reading.to_owned(),
            second_opinion: Some(other.to_owned()),
        })
        .await;
    }

    pub(super) async fn silence(&mut self, silence: Silence) {
        self.input(Input::Silence(silence)).await;
    }

    pub(super) async fn presses(&mut self, keys: &str) {
        for key in keys.chars() {
            self.input(Input::Keypad(key)).await;
        }
    }

    pub(super) fn interrupted_after(&mut self, heard: &str) {
        let now = self.location.local(self.now);
        let heard = heard.to_owned();
        let actions = self.brain.handle(Input::Interrupted { heard }, &now);
        assert_eq!(actions, [], "nobody speaks over an interruption");
    }

    pub(super) async fn input(&mut self, input: Input) {
        let now = self.location.local(self.now);
        let agreed = self.asked == Question::Confirm && is_yes(self.language, &input);
        let mut inputs = std::collections::VecDeque::from([input]);
        self.said.clear();
        self.answered = false;
        let tools_before = self.tools.len();
        while let Some(input) = inputs.pop_front() {
            for action in self.brain.handle(input, &now) {
                match action {
                    Action::Say { text, question } => self.said.push((text, question)),
                    Action::Clause { .. }
                    | Action::Ask(_)
                    | Action::StopAsking
                    | Action::Abandon(_) => {
                        panic!("rules ask no model")
                    }
                    Action::RunTool { id, call } => {
                        // What these do is what the caller has just asked for.
                        let asked_for =
                            matches!(call, ToolCall::StopReminders(_) | ToolCall::SendSms(_));
                        let changes = !matches!(call.effect(), Effect::Read | Effect::ThisCall);
                        if changes && !asked_for {
                            assert!(agreed, "{} without a yes", call.name());
                        }
                        self.tools.push(call.name());
                        let run = &self.tools[tools_before..];
                        assert!(run.len() <= TOOLS_IN_A_ROW, "nothing is said: {run:?}");
                        let outcome = self.toolbox.run(&mut self.context, call).await;
                        inputs.push_back(Input::ToolFinished { id, outcome });
                    }
                    Action::Answered => self.answered = true,
                    Action::Message => {}
                    Action::Expect(_) => {}
                    Action::Speak(language) => self.language = language,
                    Action::HangUp => self.ended = Some(End::HungUp),
                    Action::Transfer { reason } => self.ended = Some(End::Transferred(reason)),
                }
            }
        }
        let asked = self.said.iter().rev().map(|(_, question)| *question);
        self.asked = asked
            .into_iter()
            .find(|question| *question != Question::None)
            .unwrap_or(self.asked);
    }

    /// Somebody asks for a tool without a dialogue.
    pub(super) async fn run(&mut self, call: ToolCall) -> ToolOutcome {
        self.toolbox.run(&mut self.context, call).await
    }

    pub(super) fn state(&self) -> &'static str {
        self.brain.state()
    }

    /// Everything said in the last step.
    pub(super) fn words(&self) -> String {
        let said: Vec<&str> = self.said.iter().map(|(text, _)| text.as_str()).collect();
        said.join(" ")
    }

    /// What the last words asked.
    pub(super) fn question(&self) -> Question {
        self.said.last().map_or(Question::None, |(_, q)| *q)
    }

    /// The last step said this, whatever else it said.
    #[track_caller]
    pub(super) fn hears(&self, words: &str) {
        let said = self.words();
        assert!(said.contains(words), "{words:?} is not in {said:?}");
    }

    #[track_caller]
    pub(super) fn hears_not(&self, words: &str) {
        let said = self.words();
        assert!(!said.contains(words), "{words:?} is in {said:?}");
    }

    #[track_caller]
    pub(super) fn is_asked(&self, question: Question) {
        assert_eq!(self.question(), question, "after {:?}", self.words());
    }

    pub(super) async fn appointment(&self, id: i64) -> Appointment {
        let found = self.store.appointments.by_id(AppointmentId(id)).await;
        found.expect("readable").expect("there is such a row")
    }

    /// Appointments that were not seeded.
    pub(super) async fn booked(&self) -> Vec<Appointment> {
        let mut booked = Vec::new();
        let mut id = 2;
        while let Some(found) = self
            .store
            .appointments
            .by_id(AppointmentId(id))
            .await
            .expect("readable")
        {
            booked.push(found);
            id += 1;
        }
        booked
    }

    pub(super) async fn customer(&self, phone: &str) -> Option<Customer> {
        let phone = Phone::parse(phone).expect("a valid number");
        self.store
            .customers
            .by_phone(&phone)
            .await
            .expect("readable")
    }

    pub(super) async fn vehicles(&self, customer: CustomerId) -> Vec<Vehicle> {
        self.store
            .vehicles
            .of_customer(customer)
            .await
            .expect("readable")
    }

    /// Somebody else takes a time, in every bay.
    pub(super) async fn somebody_books(&self, at: &str, minutes: i64) {
        let starts_at: Timestamp = at.parse().expect("an instant");
        for bay in 0..self.location.bays {
            let vehicle = 4 + bay;
            let owner = self
                .store
                .vehicles
                .by_id(VehicleId(vehicle))
                .await
                .expect("readable")
                .expect("seeded")
                .customer;
            let booking = NewAppointment {
                party: Party::Known {
                    customer: owner,
                    vehicle: VehicleId(vehicle),
                },
                location: "main".into(),
                service: "oil_change".to_owned(),
                starts_at,
                ends_at: starts_at + jiff::SignedDuration::from_mins(minutes),
                bays: self.location.bays,
                notes: None,
                idempotency_key: format!("somebody:{at}:{bay}"),
                booked_by: "test".to_owned(),
                booked_from: None,
            };
            self.store.appointments.book(&booking).await.expect("free");
        }
    }
}

pub(super) fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

/// An instant of the location's clock.
pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Whether the caller agrees, by word or by key.
fn is_yes(language: Language, input: &Input) -> bool {
    match input {
        Input::Heard { text, .. } => {
            let text = language::plain(language, Expectation::YesNo, text);
            yes_no::parse(&text).is_some_and(|reply| reply.answer == yes_no::Answer::Yes)
        }
        Input::Keypad(key) => *key == '1',
        _ => false,
    }
}
