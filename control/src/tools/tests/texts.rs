//! Text messages that are asked for: to whom, what, and how often.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use storage::asked_text::{State, Topic};
use storage::consent::Channel;
use storage::customer::Phone;

use super::{Answer, Call, CallContext, JOHN, Refusal, ToolError, booking};
use crate::reminders::messenger::{Delivery, Messenger};
use crate::tools::error::NotTexted;

const NOT_REACHED: &str = "+12175550106";

/// Keeps what is sent, and answers as it is told to.
#[derive(Debug)]
pub(crate) struct Outbox {
    sent: Mutex<Vec<(String, String)>>,
    answers: Mutex<Delivery>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            sent: Mutex::default(),
            answers: Mutex::new(Delivery::Sent),
        }
    }
}

impl Outbox {
    /// To whom, and what.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        self.sent.lock().expect("no panic").clone()
    }

    fn answers(&self, delivery: Delivery) {
        *self.answers.lock().expect("no panic") = delivery;
    }
}

#[async_trait]
impl Messenger for Outbox {
    /// Everybody but one.
    fn may_reach(&self, to: &Phone) -> bool {
        to.as_str() != NOT_REACHED
    }

    async fn send(&self, to: &Phone, body: String) -> Delivery {
        let sent = (to.as_str().to_owned(), body);
        self.sent.lock().expect("no panic").push(sent);
        *self.answers.lock().expect("no panic")
    }
}

impl Call {
    fn can_write(mut self) -> (Self, Arc<Outbox>) {
        let outbox = Arc::new(Outbox::default());
        self.toolbox = self.toolbox.clone().with_messenger(outbox.clone());
        (self, outbox)
    }

    async fn texts(&mut self, what: &str) -> Result<Answer, Refusal> {
        self.asks("send_sms", &json!({"what": what})).await
    }

    async fn states(&self) -> Vec<State> {
        let kept = self.store.asked_texts.of_call("CA0001").await;
        let kept = kept.expect("readable");
        kept.into_iter().map(|text| text.state).collect()
    }
}

fn not_texted(why: NotTexted) -> Result<Answer, Refusal> {
    Err(Refusal::Tool(ToolError::NotTexted(why)))
}

#[tokio::test]
async fn of_each_kind_one_is_sent_to_the_telephone_that_they_call_from() {
    let (mut call, outbox) = Call::begun().await.can_write();
    for _ in 0..3 {
        let sent = call.texts("address_and_hours").await;
        assert_eq!(sent, Ok(Answer::Texted(Topic::AddressAndHours)));
    }
    let refused = call.texts("appointment").await;
    assert_eq!(refused, Err(Refusal::Tool(ToolError::NobodyBound)));
    call.asks("book_appointment", &booking())
        .await
        .expect("booked");
    let sent = call.texts("appointment").await;
    assert_eq!(sent, Ok(Answer::Texted(Topic::Appointment)));
    let sent = outbox.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter().all(|(to, _)| to == JOHN),
        "though Ann gave another"
    );
    assert!(
        sent[1].1.contains("Ann, you are booked for oil change"),
        "{}",
        sent[1].1
    );
    assert_eq!(call.states().await, [State::Sent, State::Sent]);
}

#[tokio::test]
async fn what_is_on_record_is_written_to_a_verified_caller_alone() {
    let (mut call, outbox) = Call::claimed().await.can_write();
    let refused = call.texts("appointment").await;
    assert_eq!(refused, Err(Refusal::Tool(ToolError::NotVerified)));
    let (mut call, _) = Call::verified().await.can_write();
    let refused = call.texts("appointment").await;
    assert_eq!(refused, Err(Refusal::Tool(ToolError::NoSuchAppointment)));
    assert_eq!(outbox.sent(), []);
    call.context = CallContext::new("CA0001", None);
    let refused = call.texts("address_and_hours").await;
    assert_eq!(refused, not_texted(NotTexted::NoNumber));
}

#[tokio::test]
async fn what_the_network_refuses_may_be_asked_for_again_and_what_it_may_have_taken_may_not() {
    let (mut call, outbox) = Call::begun().await.can_write();
    outbox.answers(Delivery::Refused);
    let refused = call.texts("address_and_hours").await;
    assert_eq!(refused, not_texted(NotTexted::Refused));
    outbox.answers(Delivery::Unknown);
    for _ in 0..2 {
        let told = call.texts("address_and_hours").await;
        assert_eq!(told, Ok(Answer::Texted(Topic::AddressAndHours)));
    }
    assert_eq!(outbox.sent().len(), 2);
    assert_eq!(call.states().await, [State::Unknown]);
}

#[tokio::test]
async fn whoever_the_network_knows_to_have_opted_out_is_opted_out_here_too() {
    let (mut call, outbox) = Call::begun().await.can_write();
    outbox.answers(Delivery::OptedOut);
    for _ in 0..2 {
        let refused = call.texts("address_and_hours").await;
        assert_eq!(refused, not_texted(NotTexted::OptedOut));
    }
    assert_eq!(outbox.sent().len(), 1);
    let john = Phone::parse(JOHN).expect("a number");
    let out = call.store.consents.is_opted_out(&john, Channel::Sms).await;
    assert!(out.expect("readable"));
}

#[tokio::test]
async fn nobody_is_written_to_whom_we_may_not_reach_or_where_nothing_can_be_sent() {
    let mut call = Call::begun().await;
    let refused = call.texts("address_and_hours").await;
    assert_eq!(refused, not_texted(NotTexted::NotSetUp));
    let (mut call, outbox) = call.can_write();
    call.context = CallContext::new("CA0001", Phone::parse(NOT_REACHED).ok());
    let refused = call.texts("address_and_hours").await;
    assert_eq!(refused, not_texted(NotTexted::NotSetUp));
    call.is_refused(
        "send_sms",
        &json!({"what": "poem"}),
        "what: \"poem\" is none of ",
    )
    .await;
    call.is_refused(
        "send_sms",
        &json!({"what": "appointment", "body": "hi"}),
        "body: ",
    )
    .await;
    assert_eq!(outbox.sent(), []);
    assert_eq!(call.states().await, []);
}
